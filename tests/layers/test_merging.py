"""Layers that merge tensors, and the broadcasting that they share."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cnnsum.dims import UNKNOWN, Symbol, maximum
from cnnsum.layers.arithmetic.broadcast import broadcast, joined, merged
from cnnsum.layers.facts import Kept
from tests.layers.applying import NAMES, N, apply, holds, put, refusal
from tests.thorough import each

H, W, C, T = NAMES["H"], NAMES["W"], NAMES["C"], NAMES["T"]
OPEN = Symbol("open", anonymous=True).dim


@each(
    ("name", "count", "each", "keeps"),
    [
        ("Add", 3, 2, False),
        ("Subtract", 2, 1, False),
        ("Multiply", 3, 2, "factors"),
        ("Multiply", 1, 0, False),
        ("Average", 3, 3, False),
        ("Maximum", 2, 1, True),
        ("Minimum", 3, 2, True),
    ],
)
def test_elementwise(name, count, each, keeps):
    facts = apply(name, *[(N, 4, 5)] * count)
    assert facts.outputs == ((N, 4, 5),)
    assert (facts.weights, facts.macs, facts.ops) == ((), 0, 20 * each)
    assert (facts.keeps_input, facts.keeps_output, facts.kept, facts.alias) == (keeps, False, (), "inplace")


def test_only_an_input_of_the_outputs_shape_is_written_over():
    assert apply("Multiply", (N, 8, 8, 3), (N, 1, 1, 3)).alias == "inplace"
    assert apply("Multiply", (N, 1, 1, 3), (N, 8, 8, 3)).alias == "inplace"
    assert apply("Multiply", (N, 1, 8, 3), (N, 8, 1, 3)).alias == ""


@each(
    ("shapes", "out"),
    [
        ([(N, 4, 1), (N, 1, 5)], (N, 4, 5)),
        ([(N, 5), (N, 4, 5)], (N, 4, 5)),
        ([(N,), (N, 4, 5)], (N, 4, 5)),
        ([(N, OPEN, 5), (N, 4, 5)], (N, maximum(OPEN, 4), 5)),  # Keras prints None
        ([(N, OPEN, 5), (N, 1, 5)], (N, OPEN, 5)),
        ([(N, UNKNOWN, 5), (N, 4, 1)], (N, UNKNOWN, 5)),
        ([(N, H, 5), (N, 4, 5)], (N, 4, 5)),
        ([(N, H, 5), (N, 1, 5)], (N, H, 5)),
        ([(N, 2 * (H // 2), 5), (N, H, 5)], (N, H, 5)),
    ],
)
def test_merging_broadcasts_all_but_the_batch(shapes, out):
    assert apply("Add", *shapes).outputs == (out,)
    assert merged(shapes[::-1], "Add") == out


def test_what_cannot_be_decided_is_a_condition():
    (need,) = apply("Add", (N, 2 * (H // 2), 4), (N, H, 4)).needs
    assert need[:3] == ("broadcast", 2 * (H // 2), H)
    assert need.inputs == (0, 1)
    assert need.reason == (
        "Add needs inputs of equal or broadcastable shapes, got (N, 2*(H//2), 4) and (N, H, 4) "
        "(inputs 1 and 2, axis 1: 2*(H//2) and H)"
    )
    assert holds(need, H=6)
    assert holds(need, H=1)  # stretched
    assert not holds(need, H=7)
    (need,) = apply("Add", (N, 2 * (H // 2) + 2, 4), (N, H + 2, 4)).needs
    assert need.relation == "=="  # neither can be 1
    assert apply("Add", (N, H, 4), (N, H, 4)).needs == ()


def test_operations_broadcast_as_numpy_does():
    assert broadcast([(N, 4, 5), ()], "Add") == (N, 4, 5)
    assert broadcast([(), (N, 4, 5)], "Add") == (N, 4, 5)
    assert broadcast([(N, 4, 5), (5,)], "Add") == (N, 4, 5)
    assert broadcast([(1, 4, 1), (N, 1, 5)], "Add") == (N, 4, 5)
    assert broadcast([(N, OPEN, 5), (N, 4, 5)], "Add") == (N, 4, 5)
    assert broadcast([(8 * N, 5), (N, 5)], "Add") == (8 * N, 5)  # for a batch of 1, which is stretched


def test_concatenate():
    facts = apply("Concatenate", (N, 4, 5), (N, 4, 2), (N, 4, C))
    assert facts.outputs == ((N, 4, C + 7),)
    assert (facts.weights, facts.macs, facts.ops, facts.kept) == ((), 0, 0, ())
    assert (facts.keeps_input, facts.keeps_output, facts.alias) == (False, False, "")
    assert apply("Concatenate", (N, 4, 5), (N, 3, 5), axis=1).outputs == ((N, 7, 5),)
    assert apply("Concatenate", (N, 4, 5)).outputs == ((N, 4, 5),)


def test_concatenate_keeps_the_first_inputs_open_axes():
    assert joined([(N, OPEN, 5), (N, 4, 5)], 2, "Concatenate") == (N, OPEN, 10)
    assert joined([(N, 4, 5), (N, OPEN, 5)], 2, "Concatenate") == (N, 4, 10)
    assert joined([(N, 2 * (H // 2), 5), (N, H, 5)], 2, "Concatenate") == (N, H, 10)
    assert joined([(N, OPEN, 5), (N, 4, UNKNOWN)], 2, "Concatenate")[2] is UNKNOWN
    problem = refusal("Concatenate", (N, OPEN, 5), (N, 4, 5), (N, 3, 5))
    assert str(problem).endswith("(input 3, axis 1: 4 and 3)")


def test_dot():
    facts = apply("Dot", (N, 8, 4), (N, 4, 3), axes=[2, 1])
    assert (facts.outputs, facts.macs, facts.ops, facts.keeps_input) == (((N, 8, 3),), 96, 0, "factors")
    assert apply("Dot", (N, 4), (N, 4), axes=1).outputs == ((N, 1),)
    assert apply("Dot", (N, 4), (N, 4), axes=-1).macs == 4
    facts = apply("Dot", (N, 8, 4), (N, 4), axes=-1, normalize=True)
    assert (facts.outputs, facts.ops, facts.keeps_input) == (((N, 8),), 3 * 36, False)
    assert facts.kept == (
        Kept("first input, scaled", (N, 8, 4)),
        Kept("lengths of the first input", (N, 8)),
        Kept("second input, scaled", (N, 4)),
        Kept("lengths of the second input", (N,)),
    )


@each(
    ("name", "shapes", "fields", "code", "message"),
    [
        (
            "Add",
            [(N, 8, 16), (N, 8, 16), (N, 8, 32)],
            {},
            "SHP202",
            (
                "Add needs inputs of equal or broadcastable shapes, got (N, 8, 16) and (N, 8, 32) "
                "(inputs 1 and 3, axis 2: 16 and 32)"
            ),
        ),
        (
            "Multiply",
            [(N, 8, 1), (N, 8, 16), (N, 7, 1)],
            {},
            "SHP202",
            (
                "Multiply needs inputs of equal or broadcastable shapes, got (N, 8, 1) and (N, 7, 1) "
                "(inputs 1 and 3, axis 1: 8 and 7)"
            ),
        ),
        (
            "Add",
            [(N, 8, 1), (N, 8, 16), (N, 3)],
            {},
            "SHP202",
            (
                "Add needs inputs of equal or broadcastable shapes, got (N, 8, 16) and (N, 3) "
                "(inputs 2 and 3, axis 2: 16 and 3)"
            ),
        ),
        (
            "Concatenate",
            [(N, 7, 7, 3), (N, 8, 8, 3)],
            {},
            "SHP207",
            (
                "Concatenate needs inputs of equal shapes except along axis 3, got (N, 7, 7, 3) and (N, 8, 8, 3) "
                "(input 2, axis 1: 7 and 8)"
            ),
        ),
        (
            "Concatenate",
            [(N, 7, 3), (N, 3)],
            {},
            "SHP207",
            (
                "Concatenate needs inputs of equal shapes except along axis 2, got (N, 7, 3) and (N, 3) "
                "(input 2, ranks 3 and 2)"
            ),
        ),
        ("Concatenate", [(N, 7), (N, 7)], {"axis": 2}, "SHP205", "Concatenate: (N, 7) has no axis 2"),
        (
            "Concatenate",
            [(N, 7), (2 * N, 7)],
            {"axis": 1},
            "SHP207",
            (
                "Concatenate needs inputs of equal shapes except along axis 1, got (N, 7) and (2*N, 7) "
                "(input 2, axis 0: N and 2*N)"
            ),
        ),
        (
            "Dot",
            [(N, 8, 4), (N, 8, 3)],
            {"axes": 2},
            "SHP202",
            "Dot needs equal sizes on axis 2 of (N, 8, 4) and axis 2 of (N, 8, 3), got 4 and 3",
        ),
        ("Dot", [(N, 4), (N, 4)], {"axes": 0}, "SHP205", "Dot: input 1 (N, 4) has no axis 0 to sum along"),
        ("Dot", [(N, 4), (N, 4)], {"axes": [1, 1, 1]}, "CFG109", "`axes` must be an axis or a list of two, got 3"),
        ("Subtract", [(N, 4)], {}, "GRF303", "Subtract takes 2 inputs, got 1"),
        ("Add", [], {}, "GRF303", "Add takes at least 1 input, got 0"),
    ],
)
def test_what_is_refused(name, shapes, fields, code, message):
    problem = refusal(name, *shapes, **fields)
    assert (problem.code, str(problem)) == (code, message)


@given(st.sampled_from(["Add", "Multiply", "Average", "Maximum"]), st.integers(1, 9), st.integers(1, 9))
def test_formulas_give_the_numbers(name, height, channels):
    formula = apply(name, (N, H, H, C), (N, 1, 1, C), (N, H, H, C))
    numbers = apply(name, (N, height, height, channels), (N, 1, 1, channels), (N, height, height, channels))
    if height == channels == 1:
        return  # all inputs are alike: the first may be written over
    assert put(formula, H=height, C=channels) == put(numbers)
