"""Elementwise operations of ONNX: a line of a table declares each. Inputs are broadcast as NumPy does it.

Numbers that a program computes from sizes are followed through those that have an operation on them.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim
from cnnsum.dims.values import Operand
from cnnsum.layers.arithmetic import contents
from cnnsum.layers.arithmetic.broadcast import broadcast, in_place
from cnnsum.layers.arithmetic.contents import Operation, combined, is_float, together
from cnnsum.layers.arithmetic.elementwise import followed, of_one, of_two
from cnnsum.layers.arithmetic.functions import FUNCTIONS, elementwise
from cnnsum.layers.base import Rule, layer, named
from cnnsum.layers.facts import Facts, KeepsInput, Kept, Shape, show_shape, size, within
from cnnsum.layers.kinds import PlainInt, Real, Text
from cnnsum.layers.onnx.fields import DOMAIN, Code, Switch
from cnnsum.layers.requiring import axis_of

#: Operations on one tensor: operations per element, what backpropagation keeps, the dtype of the output ("" for the
#: input's), what they do with numbers.
UNARY: dict[str, tuple[int, str, str, Operation | None]] = {
    **dict.fromkeys(("Cos", "Sin", "Log", "Erf", "Cosh", "Sinh", "Acos", "Asin", "Atan"), (1, "input", "", None)),
    **dict.fromkeys(("Acosh", "Asinh", "Atanh"), (1, "input", "", None)),
    **dict.fromkeys(("Exp", "Reciprocal", "Tan"), (1, "output", "", None)),
    "Sqrt": (1, "output", "", None),
    "Abs": (1, "input", "", contents.absolute),
    "Neg": (1, "", "", contents.negative),
    "Sign": (1, "", "", contents.sign),
    "Floor": (1, "", "", contents.floor),
    "Ceil": (1, "", "", contents.ceil),
    "Round": (1, "", "", contents.nearest),
    "BitwiseNot": (1, "", "", None),
    "Not": (1, "", "bool", contents.opposite),
    **dict.fromkeys(("IsNaN", "IsInf"), (1, "", "bool", None)),
    "Shrink": (3, "input", "", None),
    "ThresholdedRelu": (1, "input", "", None),
    "Swish": (4, "input", "", None),
}

#: Operations on two tensors: operations per element, what is kept, the dtype of the output, what they do with numbers.
BINARY: dict[str, tuple[int, str, str, Operation | None]] = {
    "Add": (1, "", "", contents.plus),
    "Sub": (1, "", "", contents.minus),
    "Mul": (1, "factors", "", contents.times),
    "Pow": (1, "inputs", "", contents.power),
    "PRelu": (2, "inputs", "", None),
    "BitShift": (1, "", "", None),
    **dict.fromkeys(("BitwiseAnd", "BitwiseOr", "BitwiseXor"), (1, "", "", None)),
    "And": (1, "", "bool", contents.both),
    "Or": (1, "", "bool", contents.either),
    "Xor": (1, "", "bool", None),
    "Equal": (1, "", "bool", contents.same),
    "Less": (1, "", "bool", contents.below),
    "Greater": (1, "", "bool", lambda a, b: contents.below(b, a)),
    "LessOrEqual": (1, "", "bool", lambda a, b: contents.opposite(contents.below(b, a))),
    "GreaterOrEqual": (1, "", "bool", lambda a, b: contents.opposite(contents.below(a, b))),
}


def _sum(first: Operand, *others: Operand) -> Operand:
    for one in others:
        first = contents.plus(first, one)
    return first


#: Operations on any number of tensors: whether each input is needed for the gradient.
VARIADIC: dict[str, tuple[KeepsInput, Operation | None]] = {
    "Sum": (False, _sum),
    "Mean": (False, None),
    "Max": (True, contents.largest),
    "Min": (True, contents.smallest),
}

#: Activations, by the function that they are.
ACTIVATIONS = {
    "Relu": "relu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "LeakyRelu": "leaky_relu",
    "Elu": "elu",
    "Selu": "selu",
    "Celu": "celu",
    "Gelu": "gelu",
    "Mish": "mish",
    "HardSigmoid": "hard_sigmoid",
    "HardSwish": "hard_silu",
    "Softplus": "softplus",
    "Softsign": "softsign",
}


def _unary(name: str, ops: int, keeps: str, dtype: str, operation: Operation | None) -> Rule:
    def rule(x: Shape) -> Facts:
        return of_one(x, ops, keeps, dtype, followed(operation, x))

    return named(rule, name, f"`{name}` of each element. Operations: {ops} per element.")


def aligned(x: Shape, other: Shape, axis: int | None, opset: int, stretched: bool, what: str) -> Shape:
    """The second input as NumPy would need it: before version 7 it stands at an axis, or at the end."""
    if opset >= 7 or not stretched or axis is None or len(other) >= len(x):
        return other
    at = axis_of(x, axis, what) if x else 0
    after = len(x) - at - len(other)
    if after < 0:
        raise Problem("SHP204", f"{what}: {show_shape(other)} has no room at axis {axis} of {show_shape(x)}", "axis")
    return (*other, *(1,) * after)


def _binary(name: str, ops: int, keeps: str, dtype: str, operation: Operation | None) -> Rule:
    def rule(
        x: Shape, other: Shape, *, axis: PlainInt | None = None, broadcast: Switch = False, opset: PlainInt = 99
    ) -> Facts:
        content = followed(operation, x, other)
        if name == "PRelu" and len(other) == 1:
            broadcast, axis = True, 1  # before version 7 slopes were those of channels
        return of_two(name, x, aligned(x, other, axis, opset, broadcast, name), ops, keeps, dtype, content)

    return named(rule, name, f"`{name}` of two tensors, broadcast. Operations: {ops} per element.")


def _variadic(name: str, keeps: KeepsInput, operation: Operation | None) -> Rule:
    def rule(*tensors: Shape) -> Facts:
        out = broadcast(tensors, name)
        content = followed(operation, *tensors)
        ops = (len(tensors) - 1 + (name == "Mean")) * size(out)
        return Facts(out, ops=ops, keeps_input=keeps, alias=in_place(tensors, out), dtype="first", contents=content)

    return named(rule, name, f"`{name}` of tensors, broadcast. Operations: 1 per element and further tensor.")


def _activation(name: str, function: str) -> Rule:
    def rule(x: Shape) -> Facts:
        facts = elementwise(x, function)
        facts.dtype = "first"
        if function == "relu":
            facts.contents = together(combined(lambda one: contents.largest(one, 0), x))
        return facts

    return named(rule, name, f"The activation {function}. Operations: {FUNCTIONS[function].ops} per element.")


for _name, _how in UNARY.items():
    layer(key=f"{DOMAIN}.{_name}", name=_name, reads=_how[3] is not None)(_unary(_name, *_how))
for _name, _of in BINARY.items():
    layer(key=f"{DOMAIN}.{_name}", name=_name, reads=_of[3] is not None)(_binary(_name, *_of))
for _name, _all in VARIADIC.items():
    layer(key=f"{DOMAIN}.{_name}", name=_name, reads=_all[1] is not None)(_variadic(_name, *_all))
for _name, _function in ACTIVATIONS.items():
    layer(key=f"{DOMAIN}.{_name}", name=_name, reads=_function == "relu", function=_function)(
        _activation(_name, _function)
    )


@layer(key=f"{DOMAIN}.Div", name="Div", reads=True)
def divide(
    x: Shape, other: Shape, *, axis: PlainInt | None = None, broadcast: Switch = False, opset: PlainInt = 99
) -> Facts:
    """The quotient of two tensors, broadcast; of whole numbers without what is left. Operations: 1 per element."""
    content = combined(contents.over if is_float(x) else contents.divided, x, other)
    other = aligned(x, other, axis, opset, broadcast, "Div")
    return of_two("Div", x, other, 1, "inputs", "", together(content))


@layer(key=f"{DOMAIN}.Mod", name="Mod", reads=True)
def remainder(x: Shape, other: Shape, *, fmod: Switch = False) -> Facts:
    """What is left of a division. Operations: 1 per element."""
    content = None if fmod else combined(contents.remainder, x, other)
    return of_two("Mod", x, other, 1, "", "", together(content))


@layer(key=f"{DOMAIN}.Identity", name="Identity", reads=True)
def identity(x: Shape) -> Facts:
    """The input as it is."""
    return Facts(x, alias="view", dtype="first", contents=together(contents.content_of(x)))


@layer(key=f"{DOMAIN}.Cast", name="Cast", reads=True)
def cast(x: Shape, *, to: Code) -> Facts:
    """The input in another dtype. Nothing kept."""
    content = contents.content_of(x)
    if content is not None and not is_float(x) and "float" in to:
        content = combined(lambda one: int(one) if isinstance(one, bool) else one, x)
    elif content is not None and "int" in to:
        content = combined(contents.cut_off, x)
    elif to == "bool":
        content = combined(lambda one: contents.opposite(contents.same(one, 0)), x)
    facts = Facts(x, dtype=to, contents=together(content))
    facts.within = within(x) if "int" in to or "float" in to else None
    return facts


@layer(key=f"{DOMAIN}.CastLike", name="CastLike", settings="like")
def cast_like(x: Shape, like: Shape) -> Facts:
    """The input in the dtype of another tensor. Nothing kept."""
    return Facts(x, dtype="of 1")


@layer(key=f"{DOMAIN}.Clip", name="Clip", reads=True, settings="min max")
def clip(x: Shape, min: Shape | None = None, max: Shape | None = None) -> Facts:
    """Elements within bounds. Operations: 2 per element. Backpropagation keeps the input."""
    bounds = [one for one in (min, max) if one is not None]
    content = None
    if min is not None and max is not None:
        content = combined(lambda one, low, high: contents.smallest(contents.largest(one, low), high), x, *bounds)
    elif bounds:
        content = combined(contents.smallest if min is None else contents.largest, x, *bounds)
    return Facts(x, ops=2 * size(x), keeps_input=True, alias="inplace", dtype="first", contents=together(content))


@layer(key=f"{DOMAIN}.Where", name="Where", reads=True)
def where(condition: Shape, x: Shape, other: Shape) -> Facts:
    """Elements of one tensor or another, as a condition says. Operations: 1 per element. Backpropagation keeps the
    condition.
    """
    shapes = (condition, x, other)
    out = broadcast(shapes, "Where")
    content = combined(contents.chosen, *shapes)
    kept = (Kept("condition", condition, "bool", batched=len(condition) == len(out)),)
    return Facts(out, ops=size(out), kept=kept, dtype="of 1", contents=together(content))


@layer(key=f"{DOMAIN}.Dropout", name="Dropout", settings="ratio training_mode")
def dropout(
    x: Shape,
    ratio: Shape | None = None,
    training_mode: Shape | None = None,
    *,
    outputs: PlainInt = 1,
    opset: PlainInt = 99,
) -> Facts:
    """The input as it is, as a program that is run has it; a mask of what was dropped as a second output."""
    outs = (x,) * (2 if outputs > 1 else 1)
    return Facts(*outs, alias="view", dtype="first", rest="bool" if opset >= 10 else None)


@layer(key=f"{DOMAIN}.Bernoulli", name="Bernoulli")
def drawn(x: Shape, *, dtype: Code | None = None) -> Facts:
    """Random numbers in the shape of the input. Has no gradient."""
    return Facts(x, gradient="none", dtype=dtype or "first")


@layer(key=f"{DOMAIN}.RandomNormalLike", name="RandomNormalLike", aliases=f"{DOMAIN}.RandomUniformLike")
def drawn_like(x: Shape, *, dtype: Code | None = None) -> Facts:
    """Random numbers in the shape of the input. Has no gradient."""
    return Facts(x, gradient="none", dtype=dtype or "first")


@layer(key=f"{DOMAIN}.EyeLike", name="EyeLike")
def eye(x: Shape, *, dtype: Code | None = None) -> Facts:
    """Ones on a diagonal, in the shape of the input. Has no gradient."""
    return Facts(x, gradient="none", dtype=dtype or "first")


@layer(key=f"{DOMAIN}.BitCast", name="BitCast")
def bit_cast(x: Shape, *, to: Code) -> Facts:
    """The bits of the input as another dtype of the same width."""
    return Facts(x, dtype=to)


@layer(key="com.microsoft.QuickGelu", name="QuickGelu")
def quick_gelu(x: Shape, *, alpha: Real = 1.702) -> Facts:
    """`x * sigmoid(alpha * x)`. Operations: 5 per element. Backpropagation keeps the input."""
    return Facts(x, ops=5 * size(x), keeps_input=True, alias="inplace", dtype="first")


@layer(key="com.microsoft.FastGelu", name="FastGelu", aliases="com.microsoft.BiasGelu")
def fast_gelu(x: Shape, bias: Shape | None = None) -> Facts:
    """The activation gelu, of the input and a bias. Operations: 5 per element, one more for a bias."""
    count: Dim = (5 if bias is None else 6) * size(x)
    return Facts(x, ops=count, keeps_input=True, dtype="first")


@layer(key="com.microsoft.Gelu", name="Gelu")
def gelu(x: Shape, *, approximate: Text = "none") -> Facts:
    """The activation gelu. Operations: 5 per element. Backpropagation keeps the input."""
    facts = elementwise(x, "gelu")
    facts.dtype = "first"
    return facts
