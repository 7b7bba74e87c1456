"""Operations on the axes of tensors."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cnnsum.layers.facts import NOT_FOLLOWED
from cnnsum.layers.keras.operations import MATH, NN, NUMPY
from cnnsum.layers.keras.tensors import _REDUCTIONS
from tests.layers.applying import NAMES, N, apply, put, refusal
from tests.thorough import each

H, C = NAMES["H"], NAMES["C"]


@each("name", _REDUCTIONS)
def test_reductions(name):
    _, (each, less), keeps, dtype = _REDUCTIONS[name]
    facts = apply(NUMPY + name, (N, 4, 5, 6), axis=[1, -1])
    assert facts.outputs == ((N, 5),)
    assert (facts.ops, facts.window, facts.dtype) == (each * 120 - less * 5, NOT_FOLLOWED, dtype or "input")
    assert (facts.keeps_input, facts.keeps_output) == (bool(keeps), keeps == "both")
    facts = apply(NUMPY + name, (N, 4, 5), axis=-1, keepdims=True)
    assert (facts.outputs, facts.window) == (((N, 4, 1),), None)


def test_arguments_and_logsumexp():
    facts = apply(NUMPY + "Argmax", (N, 4, 5), axis=-1)
    assert (facts.outputs, facts.ops, facts.dtype) == (((N, 4),), 16, "int32")
    assert apply(MATH + "Logsumexp", (N, 4, 5), axis=1).ops == 80
    assert apply(NN + "Normalize", (N, 4, 5)).kept[0].shape == (N, 4)


def test_products_of_matrices():
    facts = apply(NUMPY + "Matmul", (N, H, 4), (N, 4, 5))
    assert (facts.outputs, facts.macs, facts.ops, facts.keeps_input) == (((N, H, 5),), 20 * H, 0, "factors")
    facts = apply(NUMPY + "Matmul", (N, 3, H, 4), (4, 5))
    assert (facts.outputs, facts.macs, facts.keeps_input) == (((N, 3, H, 5),), 60 * H, False)
    facts = apply(NUMPY + "Matmul", (N, H, 4), (4,))
    assert (facts.outputs, facts.macs, facts.keeps_input) == (((N, H),), 4 * H, False)
    facts = apply(NUMPY + "Matmul", (3,), (N, 3, 5))
    assert (facts.outputs, facts.macs, facts.keeps_input) == (((N, 5),), 15, False)


def test_means_with_weights():
    assert apply(NUMPY + "Average", (N, 4, 3), axis=1).outputs == ((N, 3),)
    facts = apply(NUMPY + "Average", (N, 4, 3), (4,), axis=1)
    assert (facts.outputs, facts.ops, facts.dtype) == (((N, 3),), 36, "float")
    assert apply(NUMPY + "Average", (N, 4, 3), (N, 4, 3), axis=1).outputs == ((N, 3),)


@each(
    ("name", "shapes", "fields", "outputs"),
    [
        ("Reshape", [(N, 4, 3)], {"newshape": [-1, 12]}, [(N, 12)]),
        ("Reshape", [(N, H, 4)], {"newshape": [-1, "H", 2, 2]}, [(N, H, 2, 2)]),
        ("Transpose", [(N, 4, 3)], {"axes": [0, 2, 1]}, [(N, 3, 4)]),
        ("Swapaxes", [(N, 4, 3)], {"axis1": 1, "axis2": -1}, [(N, 3, 4)]),
        ("ExpandDims", [(N, 4, 3)], {"axis": -1}, [(N, 4, 3, 1)]),
        ("ExpandDims", [(N, 4)], {"axis": [1, 3]}, [(N, 1, 4, 1)]),
        ("Squeeze", [(N, 1, 4, 1)], {}, [(N, 4)]),
        ("Squeeze", [(N, 1, 4, 1)], {"axis": 1}, [(N, 4, 1)]),
        ("Concatenate", [(N, 4), (N, 3)], {"axis": -1}, [(N, 7)]),
        ("Stack", [(N, 4), (N, 4), (N, 4)], {"axis": 1}, [(N, 3, 4)]),
        ("Stack", [(N, 4), (N, 4)], {"axis": -1}, [(N, 4, 2)]),
        ("Split", [(N, 6)], {"indices_or_sections": 3, "axis": -1}, [(N, 2)] * 3),
        ("Split", [(N, 6)], {"indices_or_sections": [1, 4], "axis": 1}, [(N, 1), (N, 3), (N, 2)]),
        ("Pad", [(N, H, 3)], {"pad_width": [[0, 0], [1, 2], [0, 0]]}, [(N, H + 3, 3)]),
        ("Repeat", [(N, H, 3)], {"repeats": 2, "axis": 1}, [(N, 2 * H, 3)]),
        ("Flip", [(N, H, 3)], {"axis": 1}, [(N, H, 3)]),
        ("Cumsum", [(N, H, 3)], {"axis": 1}, [(N, H, 3)]),
    ],
)
def test_moving_elements(name, shapes, fields, outputs):
    facts = apply(NUMPY + name, *shapes, **fields)
    assert facts.outputs == tuple(outputs)
    assert (facts.macs, facts.weights, facts.kept, facts.keeps_input) == (0, (), (), False)
    assert facts.ops == (3 * H if name == "Cumsum" else 0)


@each(
    ("name", "shapes", "fields", "code", "message"),
    [
        ("Sum", [(N, 4)], {"axis": 2}, "SHP205", "Sum: (N, 4) has no axis 2"),
        (
            "Matmul",
            [(N, 4, 3), (N, 4, 3)],
            {},
            "SHP202",
            "Matmul needs as many columns in (N, 4, 3) as rows in (N, 4, 3), got 3 and 4",
        ),
        ("Matmul", [(N, 4), ()], {}, "SHP204", "Matmul needs inputs of rank 1 or more, got (N, 4) and ()"),
        (
            "Average",
            [(N, 4, 3), (3,)],
            {"axis": 1},
            "SHP202",
            "Average needs weights of (N, 4, 3) or (4,), got (3,)",
        ),
        ("Transpose", [(N, 4)], {"axes": [0, 0]}, "SHP205", "Transpose needs each axis of (N, 4) once, got [0, 0]"),
        ("Squeeze", [(N, 4)], {"axis": 1}, "SHP202", "Squeeze needs size 1 on axis 1, got (N, 4)"),
        ("ExpandDims", [(N, 4)], {"axis": 3}, "SHP205", "ExpandDims: a result of rank 3 has no axis 3"),
        ("Stack", [(N, 4)], {"axis": 3}, "SHP205", "Stack: a result of rank 3 has no axis 3"),
        (
            "Split",
            [(N, 5)],
            {"indices_or_sections": 2, "axis": 1},
            "SHP203",
            "Split needs 2 sections of equal size on axis 1, got (N, 5)",
        ),
        (
            "Split",
            [(N, 5)],
            {"indices_or_sections": [2, 6], "axis": 1},
            "SHP201",
            "Split at [2, 6] needs 6 elements on axis 1, got (N, 5)",
        ),
        ("Pad", [(N, 5)], {"pad_width": [[0, 0]] * 3}, "CFG102", "`pad_width` must be a pair for each axis of (N, 5)"),
    ],
)
def test_what_is_refused(name, shapes, fields, code, message):
    problem = refusal(NUMPY + name, *shapes, **fields)
    assert (problem.code, str(problem)) == (code, message)


@given(st.sampled_from(["Mean", "Max", "Sum", "Var"]), st.integers(1, 9), st.integers(1, 9))
def test_formulas_give_the_numbers(name, height, channels):
    formula = apply(NUMPY + name, (N, H, C), axis=1)
    assert put(formula, H=height, C=channels) == put(apply(NUMPY + name, (N, height, channels), axis=1))


@each(
    ("name", "shapes", "fields", "out"),
    [
        ("Reshape", [(N, 8, 6, 3)], {"newshape": [-1, 6, 3]}, (8 * N, 6, 3)),
        ("Reshape", [(8 * N, 6, 3)], {"newshape": [-1, 8, 6, 3]}, (N, 8, 6, 3)),
        ("Reshape", [(N, 4, 4, 3)], {"newshape": [-1, 2, 2, 2, 2, 3]}, (N, 2, 2, 2, 2, 3)),
        ("Reshape", [(N, 6)], {"newshape": [-1]}, (6 * N,)),
        ("Reshape", [(N, 6)], {"newshape": [6, -1]}, (6, N)),
        ("Transpose", [(N, 4, 5)], {"axes": [1, 0, 2]}, (4, N, 5)),
        ("Transpose", [(N, 4, 5)], {}, (5, 4, N)),
        ("Swapaxes", [(N, 4, 5)], {"axis1": 0, "axis2": -1}, (5, 4, N)),
        ("Moveaxis", [(N, 4, 5)], {"source": [0], "destination": [-1]}, (4, 5, N)),
        ("ExpandDims", [(N, 4)], {"axis": 0}, (1, N, 4)),
        ("Squeeze", [(1, N, 4)], {"axis": 0}, (N, 4)),
        ("Squeeze", [(1, N, 1)], {}, (N,)),
        ("Stack", [(N, 4), (N, 4)], {}, (2, N, 4)),
        ("Concatenate", [(N, 4), (N, 4)], {}, (2 * N, 4)),
        ("Append", [(N, 4), (3, 4)], {"axis": 0}, (N + 3, 4)),
        ("Append", [(N, 4), (3,)], {}, (4 * N + 3,)),
        ("Repeat", [(N, 4)], {"repeats": 3, "axis": 0}, (3 * N, 4)),
        ("Repeat", [(N, 4)], {"repeats": 3}, (12 * N,)),
        ("Tile", [(N, 4)], {"repeats": [2, 1]}, (2 * N, 4)),
        ("Tile", [(N, 4)], {"repeats": [3, 1, 1]}, (3, N, 4)),
        ("Pad", [(N, 5)], {"pad_width": 1}, (N + 2, 7)),
        ("GetItem", [(N, 5)], {"key": [0]}, (5,)),
        ("Mean", [(N, 5)], {"axis": 0}, (5,)),
        ("Mean", [(N, 5)], {}, ()),
        ("Matmul", [(N, 5), (5,)], {}, (N,)),
        ("Matmul", [(3,), (3, 5)], {}, (5,)),
        ("Dot", [(N, 5), (3, 5, 2)], {}, (N, 3, 2)),
        ("Sort", [(N, 5)], {"axis": None}, (5 * N,)),
        ("Cumsum", [(N, 5)], {}, (5 * N,)),
        ("Take", [(N, 5), (2, 3)], {}, (2, 3)),
        ("Take", [(N, 5), (2,)], {"axis": 0}, (2, 5)),
        ("TakeAlongAxis", [(N, 5), (2,)], {}, (2,)),
        ("Quantile", [(N, 5), (3,)], {"axis": -1}, (3, N)),
        ("Dstack", [(N,), (N,)], {}, (1, N, 2)),
    ],
)
def test_the_first_axis_is_an_axis_like_the_others(name, shapes, fields, out):
    assert apply(f"keras.src.ops.numpy.{name}", *shapes, **fields).outputs == (out,)
