"""Elementwise operations on tensors: every declared one, constants, and the few with fields."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cnnsum.dims import UNKNOWN
from cnnsum.layers.base import all_types, find
from cnnsum.layers.facts import EVERYTHING, Kept
from cnnsum.layers.keras import OPERATIONS
from cnnsum.layers.keras.operations import _BINARY, _FUNCTIONS, _UNARY, _UNARY_OF_MATH, CORE, MATH, NN, NUMPY
from tests.layers.applying import NAMES, N, apply, put, refusal
from tests.thorough import each

H, C = NAMES["H"], NAMES["C"]


def test_an_operation_is_shown_by_its_name_alone():
    found = find("keras.src.ops.numpy.TrueDivide")
    assert found is not None
    assert (found.key, found.name, found.weights) == ("keras.src.ops.numpy.TrueDivide", "TrueDivide", ())
    assert found.doc.startswith("`x1 / x2`, element by element")


def test_only_operations_have_dotted_keys():
    for key, declared in all_types().items():
        assert ("." in key) == (declared.rule.__module__.rsplit(".")[-1] in OPERATIONS), key
        assert declared.doc, key


@each("name", [*_UNARY, *_UNARY_OF_MATH])
def test_operations_on_one_tensor(name):
    formula, ops, keeps, dtype = {**_UNARY, **_UNARY_OF_MATH}[name]
    facts = apply((MATH if name in _UNARY_OF_MATH else NUMPY) + name, (N, 4, 5))
    assert formula
    assert facts.outputs == ((N, 4, 5),)
    assert (facts.ops, facts.macs, facts.weights, facts.dtype) == (20 * ops, 0, (), dtype or "input")
    assert (facts.keeps_input, facts.keeps_output) == (keeps == "input", keeps == "output")


@each("name", _BINARY)
def test_operations_on_two_tensors(name):
    _, keeps, dtype = _BINARY[name]
    facts = apply(NUMPY + name, (N, 4, 5), (N, 1, 5))
    assert facts.outputs == ((N, 4, 5),)
    assert (facts.ops % 20, facts.dtype) == (0, dtype or "input")
    assert facts.keeps_input == ("factors" if name == "Multiply" else bool(keeps))
    assert facts.alias == ("inplace" if dtype in {"", "float", "number"} else "")


@each(
    ("name", "shapes", "keeps", "alias"),
    [
        ("Multiply", [(N, 4), ()], False, "inplace"),
        ("Multiply", [(), (N, 4)], False, "inplace"),
        ("Multiply", [(N, 4, 5), (5,)], False, "inplace"),
        ("Multiply", [(N, 4), (N, 4)], "factors", "inplace"),
        ("TrueDivide", [(N, 4), ()], False, "inplace"),
        ("TrueDivide", [(), (N, 4)], True, "inplace"),
        ("Power", [(N, 4), ()], True, "inplace"),
        ("Maximum", [(N, 4), ()], True, "inplace"),
        ("Add", [(), (N, 4)], False, "inplace"),
    ],
)
def test_constants_need_no_gradient(name, shapes, keeps, alias):
    facts = apply(NUMPY + name, *shapes)
    assert (facts.outputs[0], facts.ops) == (max(shapes, key=len), 20 if len(facts.outputs[0]) == 3 else 4)
    assert (facts.keeps_input, facts.alias) == (keeps, alias)


@each("name", _FUNCTIONS)
def test_functions_as_operations(name):
    facts = apply(NN + name, (N, 4, 5))
    layer = apply("Activation", (N, 4, 5), activation=_FUNCTIONS[name][0])
    assert put(layer) | {"dtype": "input"} == put(facts)


def test_operations_with_fields():
    assert apply(NN + "Gelu", (N, 4), approximate=False).ops == 20
    assert apply(NN + "Gelu", (N, 4)).ops == 32
    assert apply(NN + "Softmax", (N, 4, 5), axis=-1).window is None
    assert apply(NN + "Softmax", (N, 4, 5), axis=1).window == EVERYTHING
    assert apply(NN + "Sparsemax", (N, 4)).ops is UNKNOWN
    assert apply("keras.src.activations.activations.ReLU", (N, 4), max_value=6.0).ops == 8
    assert apply("keras.src.activations.activations.Mish", (N, 4)).ops == 20
    assert apply(CORE + "Cast", (N, 4), dtype="float16").dtype == "float16"
    facts = apply(NUMPY + "Where", (N, 4, 1), (N, 4, 5), ())
    assert (facts.outputs, facts.ops, facts.kept) == (((N, 4, 5),), 20, (Kept("condition", (N, 4, 1), "bool"),))


def test_shapes_that_do_not_fit():
    problem = refusal(NUMPY + "Add", (N, 4, 5), (4,))
    assert (problem.code, str(problem)) == (
        "SHP202",
        "Add needs inputs of equal or broadcastable shapes, got (N, 4, 5) and (4,) (inputs 1 and 2, axis 2: 5 and 4)",
    )


@given(st.sampled_from(["Add", "Multiply", "Maximum", "Greater"]), st.integers(1, 9), st.integers(2, 9))
def test_formulas_give_the_numbers(name, height, channels):
    formula = apply(NUMPY + name, (N, H, C), (N, 1, C))
    numbers = apply(NUMPY + name, (N, height, channels), (N, 1, channels))
    assert put(formula, H=height, C=channels) == put(numbers)
