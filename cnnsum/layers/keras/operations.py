"""Elementwise operations on tensors: what `x + y`, `x * 2.0` or `ops.sqrt(x)` leaves in a Keras file.

An operation is found under its module and class, as the file has them: `keras.src.ops.numpy.Add`. Its inputs are
the call's tensors and constants in order: a number is an input of the shape (), an array (`__tensor__`) one of its
own shape, which has no batch axis. So inputs are broadcast as numpy does it, and an input of lower rank than the result
is taken for a constant: it needs no gradient, and what is kept only for that is not counted.

One line of a table declares one operation. Operations on axes (sums, reshaping) are in `tensors`.
"""

from __future__ import annotations

from cnnsum.layers.arithmetic.broadcast import broadcast, constant, in_place
from cnnsum.layers.arithmetic.functions import FUNCTIONS, elementwise
from cnnsum.layers.base import Role, Rule, layer
from cnnsum.layers.facts import Facts, Gradient, KeepsInput, Kept, Shape, size
from cnnsum.layers.keras import activation
from cnnsum.layers.kinds import Dtype, Flag, Real

NUMPY = "keras.src.ops.numpy."
NN = "keras.src.ops.nn."
MATH = "keras.src.ops.math."
CORE = "keras.src.ops.core."
ACTIVATIONS = "keras.src.activations.activations."

#: Operations on one tensor: name -> formula, operations per element, what backpropagation keeps, dtype of the output
#: ("" for the input's, "float" for the input's made
#: floating-point).
_UNARY = {
    "Abs": ("abs(x)", 1, "input", ""),
    "Absolute": ("abs(x)", 1, "input", ""),
    "Angle": ("the angle of x in the complex plane", 1, "input", "float"),
    "Arccos": ("arccos(x)", 1, "input", "float"),
    "Arccosh": ("arccosh(x)", 1, "input", "float"),
    "Arcsin": ("arcsin(x)", 1, "input", "float"),
    "Arcsinh": ("arcsinh(x)", 1, "input", "float"),
    "Arctan": ("arctan(x)", 1, "input", "float"),
    "Arctanh": ("arctanh(x)", 1, "input", "float"),
    "BitwiseInvert": ("every bit turned", 1, "", ""),
    "BitwiseNot": ("every bit turned", 1, "", ""),
    "Cbrt": ("the cube root of x", 1, "output", "float"),
    "Ceil": ("the next whole number above", 1, "", "float"),
    "Clip": ("min(max(x, x_min), x_max)", 2, "output", "number"),
    "Conj": ("the complex conjugate of x", 1, "", ""),
    "Conjugate": ("the complex conjugate of x", 1, "", ""),
    "Copy": ("x", 0, "", ""),
    "Cos": ("cos(x)", 1, "input", "float"),
    "Cosh": ("cosh(x)", 1, "input", "float"),
    "Deg2rad": ("x * pi / 180", 1, "", "float"),
    "Exp": ("exp(x)", 1, "output", "own float"),
    "Exp2": ("2**x", 1, "output", "own float"),
    "Expm1": ("exp(x) - 1", 1, "output", "own float"),
    "Fabs": ("abs(x)", 1, "input", "own float"),
    "Floor": ("the next whole number below", 1, "", "float"),
    "I0": ("the modified Bessel function of x", 1, "input", "float"),
    "Isfinite": ("whether x is finite", 1, "", "bool"),
    "Isinf": ("whether x is infinite", 1, "", "bool"),
    "Isnan": ("whether x is not a number", 1, "", "bool"),
    "Isneginf": ("whether x is negative infinity", 1, "", "bool"),
    "Isposinf": ("whether x is positive infinity", 1, "", "bool"),
    "Isreal": ("whether x is real", 1, "", "bool"),
    "Log": ("log(x)", 1, "input", "float"),
    "Log10": ("log(x) to the base 10", 1, "input", "float"),
    "Log1p": ("log(1 + x)", 1, "input", "float"),
    "Log2": ("log(x) to the base 2", 1, "input", "float"),
    "LogicalNot": ("not x", 1, "", "bool"),
    "NanToNum": ("x, and numbers in place of what is not a number", 1, "", ""),
    "Negative": ("-x", 1, "", ""),
    "Rad2deg": ("x * 180 / pi", 1, "", "float"),
    "Real": ("the real part of x", 0, "", ""),
    "Reciprocal": ("1 / x", 1, "output", "float"),
    "Round": ("x rounded", 1, "", ""),
    "Sign": ("-1, 0 or 1", 1, "", ""),
    "Signbit": ("whether the sign is minus", 1, "", "bool"),
    "Sin": ("sin(x)", 1, "input", "float"),
    "Sinc": ("sin(pi * x) / (pi * x)", 3, "input", "float"),
    "Sinh": ("sinh(x)", 1, "input", "float"),
    "Sqrt": ("sqrt(x)", 1, "output", "float"),
    "Square": ("x * x", 1, "input", "own number"),
    "Tan": ("tan(x)", 1, "output", "float"),
    "Tanh": ("tanh(x)", 1, "output", "float"),
    "Trunc": ("x without its fraction", 1, "", ""),
}
_UNARY_OF_MATH = {
    "Rsqrt": ("1 / sqrt(x)", 2, "output", "float"),
    "Erf": ("erf(x)", 1, "input", "float"),
    "Erfinv": ("the inverse of erf", 1, "output", "float"),
    "Erfc": ("1 - erf(x)", 1, "input", "float"),
}
#: Fields of these operations that no number depends on.
_UNARY_FIELDS = {"Clip": "x_min x_max", "Round": "decimals", "NanToNum": "nan posinf neginf"}

#: Operations on two tensors: name -> formula, what is kept, dtype. Kept is "inputs" for a gradient that is computed
#: from the inputs; "tensors" where it is computed from the other input, so that nothing is kept if one is a constant;
#: "divisor" where nothing is kept if the second is a constant.
_BINARY = {
    "Add": ("x1 + x2", "", ""),
    "BitwiseAnd": ("the bits that both have", "", ""),
    "BitwiseLeftShift": ("x1 * 2**x2", "", ""),
    "BitwiseOr": ("the bits that either has", "", ""),
    "BitwiseRightShift": ("x1 // 2**x2", "", ""),
    "BitwiseXor": ("the bits that one of the two has", "", ""),
    "Fmax": ("the larger, numbers before what is not a number", "inputs", ""),
    "Fmin": ("the smaller, numbers before what is not a number", "inputs", ""),
    "Fmod": ("the remainder with the sign of x1", "divisor", "number"),
    "Heaviside": ("0, x2 or 1 by the sign of x1", "inputs", "float"),
    "Hypot": ("sqrt(x1 * x1 + x2 * x2)", "inputs", "float"),
    "Logaddexp2": ("log2(2**x1 + 2**x2)", "inputs", "float"),
    "Arctan2": ("arctan(x1 / x2)", "inputs", "float"),
    "Divide": ("x1 / x2", "divisor", "float"),
    "DivideNoNan": ("x1 / x2, 0 where x2 is 0", "divisor", "float"),
    "Equal": ("x1 == x2", "", "bool"),
    "FloorDivide": ("x1 // x2", "", ""),
    "Gcd": ("the greatest common divisor", "", ""),
    "Greater": ("x1 > x2", "", "bool"),
    "GreaterEqual": ("x1 >= x2", "", "bool"),
    "Lcm": ("the least common multiple", "", ""),
    "Ldexp": ("x1 * 2**x2", "inputs", "float"),
    "LeftShift": ("x1 * 2**x2", "", ""),
    "Less": ("x1 < x2", "", "bool"),
    "LessEqual": ("x1 <= x2", "", "bool"),
    "Logaddexp": ("log(exp(x1) + exp(x2))", "inputs", "float"),
    "LogicalAnd": ("x1 and x2", "", "bool"),
    "LogicalOr": ("x1 or x2", "", "bool"),
    "LogicalXor": ("either x1 or x2", "", "bool"),
    "Maximum": ("max(x1, x2)", "inputs", ""),
    "Minimum": ("min(x1, x2)", "inputs", ""),
    "Mod": ("x1 % x2", "divisor", "number"),
    "Multiply": ("x1 * x2", "tensors", ""),
    "Nextafter": ("the next number from x1 towards x2", "", "float"),
    "NotEqual": ("x1 != x2", "", "bool"),
    "Power": ("x1 ** x2", "inputs", ""),
    "RightShift": ("x1 // 2**x2", "", ""),
    "Subtract": ("x1 - x2", "", ""),
    "TrueDivide": ("x1 / x2", "divisor", "float"),
}
#: Other operations per element than one.
_BINARY_OPS = {"Arctan2": 2, "Logaddexp": 4}

#: Activation functions as operations: class name -> name in `functions`, fields that no number depends on.
_FUNCTIONS = {
    "Celu": ("celu", "alpha"),
    "Elu": ("elu", "alpha"),
    "HardShrink": ("hard_shrink", "threshold"),
    "HardSigmoid": ("hard_sigmoid", ""),
    "HardSilu": ("hard_silu", ""),
    "HardTanh": ("hard_tanh", ""),
    "LeakyRelu": ("leaky_relu", "negative_slope"),
    "LogSigmoid": ("log_sigmoid", ""),
    "Relu": ("relu", ""),
    "Relu6": ("relu6", ""),
    "Selu": ("selu", ""),
    "Sigmoid": ("sigmoid", ""),
    "Silu": ("silu", ""),
    "SoftShrink": ("soft_shrink", "threshold"),
    "Softplus": ("softplus", ""),
    "Softsign": ("softsign", ""),
    "SparsePlus": ("sparse_plus", ""),
    "SparseSigmoid": ("sparse_sigmoid", ""),
    "Squareplus": ("squareplus", "b"),
    "TanhShrink": ("tanh_shrink", ""),
    "Threshold": ("threshold", "threshold default_value"),
}

_KEEPS = {
    "": "nothing",
    "input": "the input",
    "output": "the output",
    "inputs": "the inputs",
    "tensors": "the inputs, unless one is a constant",
    "divisor": "the inputs, unless the second is a constant",
}


#: What some operations are to others; the rest is nothing that anybody asks for.
_ROLES: dict[str, Role] = {
    "Add": "add",
    "Subtract": "subtract",
    "Multiply": "multiply",
    "Divide": "divide",
    "TrueDivide": "divide",
    "Maximum": "maximum",
    "Minimum": "minimum",
}

#: Dtypes of an output that may be written over the input: it is of the same width in all but odd cases.
_IN_PLACE = frozenset(("", "float", "number", "own float", "own number"))


def doc(what: str, ops: object, keeps: str) -> str:
    """The docstring of an operation: what it does, its work per output element, and what it keeps, one of `_KEEPS`."""
    return f"{what}\n\nNo weights. Operations: {ops} per output element. Backpropagation keeps {_KEEPS[keeps]}.\n"


def _unary(formula: str, ops: int, keeps: str, dtype: str, gradient: Gradient = "") -> Rule:
    def rule(x: Shape) -> Facts:
        return Facts(
            x,
            ops=ops * size(x),
            keeps_input=keeps == "input",
            keeps_output=keeps == "output",
            alias="inplace" if dtype in _IN_PLACE else "",
            gradient=gradient,
            dtype=dtype or "input",
        )

    rule.__doc__ = doc(f"`{formula}`, element by element; the shape stays.", ops, keeps)
    return rule


def _binary(name: str, formula: str, keeps: str, dtype: str) -> Rule:
    ops = _BINARY_OPS.get(name, 1)

    def rule(x1: Shape, x2: Shape) -> Facts:
        out = broadcast((x1, x2), name)
        kept: KeepsInput
        if keeps == "tensors":
            kept = False if constant(x1, out) or constant(x2, out) else "factors"
        elif keeps == "divisor":
            kept = not constant(x2, out)
        else:
            kept = keeps == "inputs"
        return Facts(
            out,
            ops=ops * size(out),
            keeps_input=kept,
            alias=in_place((x1, x2), out) if dtype in _IN_PLACE else "",
            gradient="same" if name == "Add" else "",
            dtype=dtype or "input",
        )

    rule.__doc__ = doc(f"`{formula}`, element by element; the inputs are broadcast as numpy does it.", ops, keeps)
    return rule


def _function(name: str) -> Rule:
    step = FUNCTIONS[name]

    def rule(x: Shape) -> Facts:
        return _as_operation(elementwise(x, name))

    rule.__doc__ = doc(f"The activation function `{name}`, element by element; the shape stays.", step.ops, step.keeps)
    return rule


def _as_operation(facts: Facts) -> Facts:
    """Operations have no dtype policy: they give the dtype of their inputs."""
    facts.dtype = "input"
    return facts


for _name, _row in _UNARY.items():
    _own = "tanh" if _name == "Tanh" else ""
    layer(
        key=NUMPY + _name,
        name=_name,
        ignored=_UNARY_FIELDS.get(_name, ""),
        role="activation" if _own else "",
        function=_own,
    )(_unary(*_row))
for _name, _row in _UNARY_OF_MATH.items():
    layer(key=MATH + _name, name=_name)(_unary(*_row))
for _name, _row3 in _BINARY.items():
    layer(key=NUMPY + _name, name=_name, role=_ROLES.get(_name, ""))(_binary(_name, *_row3))
for _name, (_own, _fields) in _FUNCTIONS.items():
    layer(key=NN + _name, name=_name, ignored=_fields, role="activation", function=_own)(_function(_own))
layer(key=ACTIVATIONS + "Mish", name="Mish", role="activation", function="mish")(_function("mish"))
layer(key=CORE + "StopGradient", name="StopGradient")(_unary("x, as a constant", 0, "", "", "none"))


@layer(key=ACTIVATIONS + "ReLU", name="ReLU", role="activation", function="relu")
def _relu(x: Shape, *, negative_slope: Real = 0.0, max_value: Real | None = None, threshold: Real = 0.0) -> Facts:
    """The layer `ReLU` as an operation; the shape stays.

    No weights. Operations: 1 per element, and one more for each of: a `max_value`, a `negative_slope`, and a
    `threshold` under a slope. Backpropagation keeps the output.
    """
    return _as_operation(activation.bent(x, max_value, negative_slope, threshold))


@layer(key=NN + "Gelu", name="Gelu")
def _gelu(x: Shape, *, approximate: Flag = True) -> Facts:
    """`0.5 * x * (1 + erf(x / sqrt(2)))`, element by element; the shape stays.

    No weights. Operations: 5 per element; 8 with `approximate`, which is
    `0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))`. Backpropagation keeps the input.
    """
    return Facts(x, ops=(8 if approximate else 5) * size(x), keeps_input=True, alias="inplace", dtype="input")


@layer(key=NUMPY + "Where", name="Where")
def _where(condition: Shape, x1: Shape, x2: Shape) -> Facts:
    """`x1` where the condition holds, `x2` elsewhere; the inputs are broadcast as numpy does it.

    No weights. Operations: 1 per output element. Backpropagation keeps the condition, one byte an element.
    """
    out = broadcast((condition, x1, x2), "Where")
    kept = (Kept("condition", condition, "bool", batched=len(condition) == len(out)),)
    return Facts(out, ops=size(out), kept=kept, dtype="values")


def _filled(value: str) -> Rule:
    def rule(x: Shape, *, dtype: Dtype | None = None) -> Facts:
        return Facts(x, dtype=dtype or "input", alias="" if dtype else "inplace")

    rule.__doc__ = doc(f"`{value}` in place of every element, in a dtype of choice; the shape stays.", 0, "")
    return rule


layer(key=NUMPY + "OnesLike", name="OnesLike")(_filled("1"))
layer(key=NUMPY + "ZerosLike", name="ZerosLike")(_filled("0"))


@layer(key=CORE + "Cast", name="Cast", aliases=CORE + "SaturateCast")
def _cast(x: Shape, *, dtype: Dtype | None) -> Facts:
    """The same numbers in another dtype; the shape stays.

    No weights, no operations. Backpropagation keeps nothing.
    """
    return Facts(x, dtype=dtype or "input")
