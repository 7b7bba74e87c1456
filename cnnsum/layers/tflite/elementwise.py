"""Elementwise operators of TensorFlow Lite: a line of a table declares each. Inputs are broadcast as NumPy does it.

Numbers that a program computes from sizes are followed through those that have an operation on them.
"""

from __future__ import annotations

from cnnsum.layers.arithmetic import contents
from cnnsum.layers.arithmetic.broadcast import broadcast, in_place
from cnnsum.layers.arithmetic.contents import Operation, combined, is_float, together
from cnnsum.layers.arithmetic.elementwise import followed, of_one, of_two
from cnnsum.layers.arithmetic.functions import FUNCTIONS, elementwise
from cnnsum.layers.arithmetic.programs import stretched
from cnnsum.layers.base import Rule, layer, named
from cnnsum.layers.facts import Facts, Kept, Shape, seen_along, size
from cnnsum.layers.kinds import Text
from cnnsum.layers.requiring import require_broadcast
from cnnsum.layers.tflite.fields import PREFIX, Fused, fused, lengths_in

#: Operators on one tensor: operations per element, what backpropagation keeps, the dtype of the output ("" for the
#: input's), what they do with numbers.
UNARY: dict[str, tuple[int, str, str, Operation | None]] = {
    **dict.fromkeys(("COS", "SIN", "LOG"), (1, "input", "", None)),
    "EXP": (1, "output", "", None),
    "SQRT": (1, "output", "", None),
    "RSQRT": (2, "output", "", None),
    "SQUARE": (1, "input", "", lambda a: contents.times(a, a)),
    "ABS": (1, "input", "", contents.absolute),
    "NEG": (1, "", "", contents.negative),
    "SIGN": (1, "", "", contents.sign),
    "FLOOR": (1, "", "", contents.floor),
    "CEIL": (1, "", "", contents.ceil),
    "ROUND": (1, "", "", contents.nearest),
    "LOGICAL_NOT": (1, "", "bool", contents.opposite),
    "ZEROS_LIKE": (0, "", "", lambda _a: 0),
}

#: Operators on two tensors: operations per element, what is kept, the dtype of the output, what they do with numbers.
BINARY: dict[str, tuple[int, str, str, Operation | None]] = {
    "MAXIMUM": (1, "inputs", "", contents.largest),
    "MINIMUM": (1, "inputs", "", contents.smallest),
    "POW": (1, "inputs", "", contents.power),
    "ATAN2": (1, "inputs", "", None),
    "SQUARED_DIFFERENCE": (2, "inputs", "", None),
    "FLOOR_MOD": (1, "", "", contents.remainder),
    "LOGICAL_AND": (1, "", "bool", contents.both),
    "LOGICAL_OR": (1, "", "bool", contents.either),
    "BITWISE_XOR": (1, "", "", None),
    "RIGHT_SHIFT": (1, "", "", None),
    "EQUAL": (1, "", "bool", contents.same),
    "NOT_EQUAL": (1, "", "bool", lambda a, b: contents.opposite(contents.same(a, b))),
    "LESS": (1, "", "bool", contents.below),
    "GREATER": (1, "", "bool", lambda a, b: contents.below(b, a)),
    "LESS_EQUAL": (1, "", "bool", lambda a, b: contents.opposite(contents.below(b, a))),
    "GREATER_EQUAL": (1, "", "bool", lambda a, b: contents.opposite(contents.below(a, b))),
}

#: The same with an activation afterwards.
FUSED: dict[str, tuple[str, Operation]] = {
    "ADD": ("", contents.plus),
    "SUB": ("", contents.minus),
    "MUL": ("factors", contents.times),
}

#: Activations, by the function that they are.
ACTIVATIONS = {
    "RELU": "relu",
    "RELU6": "relu6",
    "RELU_N1_TO_1": "hard_tanh",
    "RELU_0_TO_1": "hard_tanh",
    "LOGISTIC": "sigmoid",
    "TANH": "tanh",
    "ELU": "elu",
    "HARD_SWISH": "hard_silu",
    "GELU": "gelu",
    "LEAKY_RELU": "leaky_relu",
}


def _unary(name: str, ops: int, keeps: str, dtype: str, operation: Operation | None) -> Rule:
    def rule(x: Shape) -> Facts:
        return of_one(x, ops, keeps, dtype, followed(operation, x))

    return named(rule, name, f"`{name}` of each element. Operations: {ops} per element.")


def _binary(name: str, ops: int, keeps: str, dtype: str, operation: Operation | None) -> Rule:
    def rule(x: Shape, other: Shape) -> Facts:
        return of_two(name, x, other, ops, keeps, dtype, followed(operation, x, other))

    return named(rule, name, f"`{name}` of two tensors, broadcast. Operations: {ops} per element.")


def _fused(name: str, keeps: str, operation: Operation) -> Rule:
    def rule(x: Shape, other: Shape, *, fused_activation_function: Fused = "linear") -> Facts:
        return fused(of_two(name, x, other, 1, keeps, "", followed(operation, x, other)), fused_activation_function)

    return named(rule, name, f"`{name}` of two tensors, broadcast. Operations: 1 per element, and the activation's.")


def _activation(name: str, function: str) -> Rule:
    def rule(x: Shape) -> Facts:
        facts = elementwise(x, function)
        facts.dtype = "first"
        return facts

    return named(rule, name, f"The activation {function}. Operations: {FUNCTIONS[function].ops} per element.")


for _name, _how in UNARY.items():
    layer(key=f"{PREFIX}.{_name}", name=_name, reads=_how[3] is not None)(_unary(_name, *_how))
for _name, _of in BINARY.items():
    layer(key=f"{PREFIX}.{_name}", name=_name, reads=_of[3] is not None)(_binary(_name, *_of))
for _name, _with in FUSED.items():
    layer(key=f"{PREFIX}.{_name}", name=_name, reads=True)(_fused(_name, *_with))
for _name, _function in ACTIVATIONS.items():
    layer(key=f"{PREFIX}.{_name}", name=_name, function=_function)(_activation(_name, _function))


@layer(key=f"{PREFIX}.DIV", name="DIV", reads=True)
def divide(x: Shape, other: Shape, *, fused_activation_function: Fused = "linear") -> Facts:
    """The quotient of two tensors, broadcast; of whole numbers without what is left. Operations: 1 per element."""
    operation = contents.over if is_float(x) else contents.divided
    return fused(of_two("DIV", x, other, 1, "inputs", "", followed(operation, x, other)), fused_activation_function)


@layer(key=f"{PREFIX}.FLOOR_DIV", name="FLOOR_DIV", reads=True)
def divide_down(x: Shape, other: Shape) -> Facts:
    """The quotient of two tensors, broadcast, rounded down. Operations: 1 per element."""
    operation = None if is_float(x) else lambda a, b: contents.floor(contents.over(a, b))
    return of_two("FLOOR_DIV", x, other, 1, "", "", followed(operation, x, other))


@layer(key=f"{PREFIX}.ADD_N", name="ADD_N")
def add_all(*tensors: Shape) -> Facts:
    """The sum of tensors of one shape. Operations: 1 per element and further tensor."""
    out = broadcast(tensors, "ADD_N")
    return Facts(out, ops=(len(tensors) - 1) * size(out), alias=in_place(tensors, out), dtype="first")


@layer(key=f"{PREFIX}.PRELU", name="PRELU", weights="alpha", function="prelu")
def prelu(x: Shape, alpha: Shape) -> Facts:
    """Each element, or its product with a slope where it is below 0; broadcast. Operations: 2 per element."""
    return of_two("PRELU", x, alpha, 2, "inputs", "")


def _rows(name: str, ops: int) -> Rule:
    def rule(x: Shape) -> Facts:
        window = seen_along(x, (len(x) - 1,)) if x else None
        return Facts(x, ops=ops * size(x), keeps_output=True, dtype="first", window=window)

    return named(rule, name, f"`{name}` along the last axis. Operations: {ops} per element.")


for _name, _ops in (("SOFTMAX", 5), ("LOG_SOFTMAX", 5)):
    layer(key=f"{PREFIX}.{_name}", name=_name)(_rows(_name, _ops))


@layer(key=f"{PREFIX}.L2_NORMALIZATION", name="L2_NORMALIZATION")
def l2_normalization(x: Shape, *, fused_activation_function: Fused = "linear") -> Facts:
    """Divide by the norm along the last axis. Operations: 3 per element. Backpropagation keeps the input."""
    return fused(Facts(x, ops=3 * size(x), keeps_input=True, dtype="first"), fused_activation_function)


# --- other dtypes -----------------------------------------------------------------------------------------------------


@layer(key=f"{PREFIX}.CAST", name="CAST", reads=True)
def cast(x: Shape, *, dtype: Text = "first") -> Facts:
    """The input in another dtype, which is that of the output in the file."""
    content = contents.content_of(x)
    if content is not None and "int" in dtype:
        content = combined(contents.cut_off, x)
    elif content is not None and dtype == "bool":
        content = combined(lambda one: contents.opposite(contents.same(one, 0)), x)
    elif content is not None and not is_float(x):
        content = combined(lambda one: int(one) if isinstance(one, bool) else one, x)
    return Facts(x, dtype=dtype, contents=together(content))


@layer(key=f"{PREFIX}.QUANTIZE", name="QUANTIZE")
def quantize(x: Shape, *, dtype: Text = "first") -> Facts:
    """Whole numbers for numbers, by the scale of the output. Operations: 4 per element."""
    return Facts(x, ops=4 * size(x), gradient="none", dtype=dtype)


@layer(key=f"{PREFIX}.DEQUANTIZE", name="DEQUANTIZE", weights="x")
def dequantize(x: Shape, *, dtype: Text = "float32") -> Facts:
    """Numbers for whole ones, or for those of 16 bits. Operations: 2 per element."""
    return Facts(x, ops=2 * size(x), gradient="none", dtype=dtype)


@layer(key=f"{PREFIX}.FAKE_QUANT", name="FAKE_QUANT")
def fake_quant(x: Shape) -> Facts:
    """Each number made the nearest that whole ones can stand for. Operations: 6 per element."""
    return Facts(x, ops=6 * size(x), keeps_input=True, dtype="first")


# --- a choice ---------------------------------------------------------------------------------------------------------


@layer(key=f"{PREFIX}.SELECT", name="SELECT", aliases=f"{PREFIX}.SELECT_V2", reads=True)
def select(condition: Shape, x: Shape, other: Shape) -> Facts:
    """Elements of one tensor or another, as a condition says, broadcast. Operations: 1 per element. Backpropagation
    keeps the condition.
    """
    shapes = (condition, x, other)
    if len(condition) == 1 and len(x) > 1 and x == other:
        reason = "SELECT needs a condition for each sample"
        require_broadcast(condition[0], x[0], reason, inputs=(0, 1))
        out = x
    else:
        out = broadcast(shapes, "SELECT")
    kept = (Kept("condition", condition, "bool", batched=len(condition) == len(out)),)
    content = combined(contents.chosen, *shapes)
    return Facts(out, ops=size(out), kept=kept, dtype="of 1", contents=together(content))


@layer(key=f"{PREFIX}.BROADCAST_TO", name="BROADCAST_TO", reads=True)
def broadcast_to(x: Shape, shape: Shape) -> Facts:
    """Stretched to a shape."""
    return stretched("BROADCAST_TO", x, lengths_in(shape, "BROADCAST_TO"))
