"""Elementwise operations of exported programs (`aten.relu`, `aten.add`): a line of a table declares each.

Keys are `aten.` and the name of the operation, without its overload and without the `_` of one that works in place. The
inputs are the tensors of the call in the order of the schema, parameters included; a number has the shape (). Each has
the shape that PyTorch's broadcasting gives, with the batch one axis of all.
"""

from __future__ import annotations

from cnnsum.layers.arithmetic.broadcast import broadcast, in_place
from cnnsum.layers.arithmetic.functions import FUNCTIONS, elementwise
from cnnsum.layers.base import Rule, layer, named
from cnnsum.layers.facts import Facts, Gradient, KeepsInput, Kept, Shape, size, within
from cnnsum.layers.kinds import Dtype, Flag, PlainInt, Real, Text
from cnnsum.layers.requiring import axis_of, require_axes, require_multiple
from cnnsum.layers.strides import AS_FIRST, CONTIGUOUS, ELEMENTS, ROWS, UNFOLLOWED, Strides

#: What makes a tensor of the shape of another, through which no gradient goes.
LIKE = ("zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "randint_like")

#: Operations on one tensor: operations per element, what backpropagation keeps ("both": input and output), the dtype of
#: the output ("" for the input's, "float" for the same made floating-point).
UNARY: dict[str, tuple[int, str, str]] = {
    **dict.fromkeys(("cos", "sin", "log", "log1p", "log2", "log10", "erf", "cosh", "sinh"), (1, "input", "float")),
    **dict.fromkeys(("acos", "asin", "atan", "arctan", "lgamma", "digamma"), (1, "input", "float")),
    **dict.fromkeys(("acosh", "asinh", "atanh", "arccos", "arcsin", "arccosh"), (1, "input", "float")),
    **dict.fromkeys(("arcsinh", "arctanh", "erfc", "erfinv", "sinc", "special_erfcx"), (1, "input", "float")),
    **dict.fromkeys(("special_ndtr", "special_log_ndtr", "special_entr", "i0", "special_i0e"), (2, "input", "float")),
    **dict.fromkeys(("deg2rad", "rad2deg"), (1, "", "float")),
    **dict.fromkeys(("signbit", "isneginf", "isposinf", "isreal"), (1, "", "bool")),
    "sgn": (1, "both", ""),
    "fix": (1, "", ""),
    "logcumsumexp": (4, "both", ""),
    **dict.fromkeys(("exp", "expm1", "exp2", "sqrt", "reciprocal", "tan"), (1, "output", "float")),
    "rsqrt": (2, "output", "float"),
    **dict.fromkeys(("abs", "absolute"), (1, "input", "real")),
    "square": (1, "input", ""),
    **dict.fromkeys(("neg", "negative", "sign", "floor", "ceil", "round", "trunc", "frac"), (1, "", "")),
    **dict.fromkeys(("bitwise_not",), (1, "", "")),
    **dict.fromkeys(("logical_not", "isnan", "isinf", "isfinite"), (1, "", "bool")),
    **dict.fromkeys(("hardtanh", "relu6", "threshold"), (2, "input", "")),
    **dict.fromkeys(("softshrink", "hardshrink"), (3, "input", "")),
    "nan_to_num": (1, "input", ""),
    "cumsum": (1, "", "sum"),
    "cumprod": (1, "both", "sum"),
    "tril": (0, "", ""),
    "triu": (0, "", ""),
    **dict.fromkeys(LIKE, (0, "", "")),
    **dict.fromkeys(("zero", "bernoulli", "exponential", "log_normal", "uniform", "normal"), (0, "", "")),
    **dict.fromkeys(("fill_diagonal", "geometric", "cauchy"), (0, "", "")),
    "renorm": (3, "input", ""),
    "logit": (3, "input", "float"),
}

#: Those of them that look along axes: their outputs need not lie as their inputs do.
ALONG = ("cumsum", "cumprod", "logcumsumexp", "tril", "triu")

#: Operations on two tensors, or a tensor and a number: operations per element, what is kept (a word of KEPT; "both":
#: the output, too, where there are two tensors; "own and output": it too, and of the inputs those with a gradient), the
#: dtype of the output.
BINARY: dict[str, tuple[int, str, str]] = {
    **dict.fromkeys(("add", "sub", "rsub", "subtract"), (1, "", "input")),
    **dict.fromkeys(("mul", "multiply"), (1, "factors", "input")),
    **dict.fromkeys(("div", "divide", "true_divide"), (1, "divided", "float")),
    **dict.fromkeys(("floor_divide", "remainder", "fmod"), (1, "", "input")),
    "pow": (1, "both", "input"),
    **dict.fromkeys(("logaddexp", "logaddexp2"), (1, "inputs", "input")),
    **dict.fromkeys(("atan2", "xlogy"), (1, "inputs", "float")),
    **dict.fromkeys(("maximum", "minimum", "fmax", "fmin"), (1, "inputs", "input")),
    **dict.fromkeys(("copysign", "arctan2", "special_xlogy", "special_xlog1py"), (1, "inputs", "float")),
    **dict.fromkeys(("heaviside", "gcd", "lcm", "nextafter"), (1, "", "input")),
    "ldexp": (2, "inputs", "float"),
    "float_power": (1, "both", "float64"),
    **dict.fromkeys(("greater", "greater_equal", "less", "less_equal", "not_equal"), (1, "", "bool")),
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge", "isclose"), (1, "", "bool")),
    **dict.fromkeys(("logical_and", "logical_or", "logical_xor"), (1, "", "bool")),
    **dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor", "__and__", "__or__", "__xor__"), (1, "", "input")),
    **dict.fromkeys(("bitwise_left_shift", "bitwise_right_shift", "__lshift__", "__rshift__"), (1, "", "input")),
    "lerp": (3, "mixed", "input"),
    "hypot": (3, "own and output", "input"),
}

#: Activations, by the function that they are.
ACTIVATIONS = {
    **{name: name for name in ("relu", "sigmoid", "tanh", "gelu", "silu", "elu", "selu", "celu", "mish", "softplus")},
    "leaky_relu": "leaky_relu",
    "hardsigmoid": "hard_sigmoid",
    "hardswish": "hard_silu",
    "log_sigmoid": "log_sigmoid",
}

#: Those of which the gradient is made from the input, and from the output where they work in place.
BENT = ("leaky_relu", "elu", "selu", "celu")

#: What gives its input as it is, in its own storage or, the second, in another.
SAME = ("alias", "detach", "lift", "lift_fresh", "resolve_conj", "positive", "requires_grad", "data")
DETACHED = ("detach", "detach_copy", "data")  # without its gradient
COPIES = ("lift_fresh_copy", "detach_copy", "alias_copy", "pin_memory", "_conj_physical")


#: What is kept of the inputs, as `Facts.keeps_input` says it.
KEPT: dict[str, KeepsInput] = {
    "": False,
    "inputs": True,
    "both": True,
    "factors": "factors",
    "divided": ((1,), (0, 1)),
    "mixed": ((2,), (2,), (0, 1)),
    "own and output": ((0,), (1,)),
}


def _unary(name: str, ops: int, keeps: str, dtype: str) -> Rule:
    given = dtype
    gradient: Gradient = "none" if name in LIKE else ""

    def rule(x: Shape, *, dtype: Dtype | None = None) -> Facts:
        return Facts(
            x,
            ops=ops * size(x),
            keeps_input=keeps in ("input", "both"),
            keeps_output=keeps in ("output", "both"),
            alias="inplace" if name not in LIKE else "",
            gradient=gradient,
            dtype=dtype or given or "input",
            strides=None if name in ALONG else ELEMENTS,
        )

    return named(rule, name, f"`{name}` of each element. Operations: {ops} per element.")


def _binary(name: str, ops: int, keeps: str, dtype: str) -> Rule:
    def rule(
        x: Shape, other: Shape = (), third: Shape = (), *, rounding_mode: Text | None = None, alpha: Real = 1
    ) -> Facts:
        shapes = (x, other, third)
        out = broadcast(shapes, name)
        kept = KEPT[keeps] if other or keeps != "factors" else False
        given = "input" if rounding_mode is not None else dtype
        gradient: Gradient = "same" if name == "add" and alpha == 1 else ""
        each = ops if alpha == 1 else ops + 1
        both = keeps == "own and output" or (keeps == "both" and bool(other))
        return Facts(
            out,
            ops=each * size(out),
            keeps_input=kept,
            keeps_output=both,
            alias=in_place(shapes, out),
            gradient=gradient,
            dtype=given,
            strides=ELEMENTS,
        )

    return named(rule, name, f"`{name}` of two tensors, broadcast. Operations: {ops} per element.")


def _activation(name: str, function: str) -> Rule:
    def rule(x: Shape) -> Facts:
        facts = elementwise(x, function)
        # These two are functions of whole numbers, too.
        facts.dtype = "float" if function in ("sigmoid", "tanh") else "input"
        facts.strides = ELEMENTS
        return facts

    return named(rule, name, f"The activation {function}. Operations: {FUNCTIONS[function].ops} per element.")


def _bent(name: str) -> Rule:
    def rule(x: Shape, *, inplace: Flag = False) -> Facts:
        facts = elementwise(x, name, "output" if inplace else "input")
        facts.strides = ELEMENTS
        return facts

    return named(rule, name, f"The activation {name}. Operations: {FUNCTIONS[name].ops} per element.")


def _same(name: str, *, view: bool) -> Rule:
    gradient: Gradient = "none" if name in DETACHED else ""

    strides = AS_FIRST if view else ELEMENTS

    def rule(x: Shape) -> Facts:
        return Facts(x, alias="view" if view else "", gradient=gradient, dtype="input", strides=strides)

    return named(rule, name, "Give the input as it is. No weights.")


def _copied_as(memory_format: str | None) -> Strides:
    """How a copy lies in memory: as its input, if nothing else is asked for."""
    if memory_format in (None, "preserve_format"):
        return ELEMENTS
    return ROWS if memory_format == "contiguous_format" else UNFOLLOWED


@layer(key="aten.contiguous")
def contiguous(x: Shape, *, memory_format: Text | None = None) -> Facts:
    """Give the input as it is, or a copy that lies in memory row by row where it does not. No weights."""
    strides = CONTIGUOUS if memory_format in (None, "contiguous_format") else UNFOLLOWED
    return Facts(x, alias="view", dtype="input", strides=strides)


@layer(key="aten.clone")
def clone(x: Shape, *, memory_format: Text | None = None) -> Facts:
    """A copy of the input. No weights."""
    return Facts(x, dtype="input", strides=_copied_as(memory_format))


for _name, _how in UNARY.items():
    layer(key=f"aten.{_name}", name=_name)(_unary(_name, *_how))
for _name, _how in BINARY.items():
    layer(key=f"aten.{_name}", name=_name)(_binary(_name, *_how))
for _name, _function in ACTIVATIONS.items():
    _made = _bent(_name) if _name in BENT else _activation(_name, _function)
    layer(key=f"aten.{_name}", name=_name, function=_function)(_made)
for _name in SAME:
    layer(key=f"aten.{_name}", name=_name)(_same(_name, view=True))
for _name in COPIES:
    layer(key=f"aten.{_name}", name=_name)(_same(_name, view=False))


@layer(key="aten.to", aliases="aten._to_copy aten.type_as", reads=True)
def to(x: Shape, other: Shape | None = None, *, dtype: Dtype | None = None, memory_format: Text | None = None) -> Facts:
    """The input in another dtype, or on another device. Nothing kept."""
    given = dtype or ("values" if other is not None else "input")
    facts = Facts(x, dtype=given, strides=_copied_as(memory_format))
    facts.within = within(x)
    return facts


def _dropped(x: Shape, kept: Kept, p: float, *, train: bool) -> Facts:
    if not train or p == 0:
        return Facts(x, alias="view", dtype="input", strides=AS_FIRST)
    return Facts(x, ops=2 * size(x), kept=(kept,), alias="bypass", dtype="input", strides=ELEMENTS)


@layer(key="aten.dropout", aliases="aten.native_dropout")
def dropout(x: Shape, *, p: Real = 0.5, train: Flag = True) -> Facts:
    """In training, set elements to zero at random; else the input as it is. Backpropagation keeps the mask."""
    return _dropped(x, Kept("mask", x, "bool"), p, train=train)


@layer(key="aten.alpha_dropout")
def alpha_dropout(x: Shape, *, p: Real = 0.5, train: Flag = True) -> Facts:
    """Dropout that keeps mean and variance. Backpropagation keeps a factor per element."""
    return _dropped(x, Kept("factors", x), p, train=train)


@layer(key="aten.feature_dropout", aliases="aten.feature_alpha_dropout")
def feature_dropout(x: Shape, *, p: Real = 0.5, train: Flag = True) -> Facts:
    """Dropout of whole channels. Backpropagation keeps a factor per channel of each sample."""
    require_axes(x, 2, "dropout of channels")
    return _dropped(x, Kept("factors", (*x[:2], *[1 for _ in x[2:]])), p, train=train)


@layer(key="aten.rrelu")
def rrelu(x: Shape) -> Facts:
    """The activation rrelu. Operations: 2 per element. Backpropagation keeps the input, and the slopes that it drew."""
    return Facts(x, ops=2 * size(x), keeps_input=True, kept=(Kept("slopes", x),), alias="inplace", dtype="input")


@layer(key="aten.rrelu_with_noise_functional")
def rrelu_with_noise(x: Shape, noise: Shape) -> Facts:
    """The activation rrelu, and the slopes that it drew. Operations: 2 per element. Backpropagation keeps both."""
    return Facts(x, noise, ops=2 * size(x), keeps_input=True, dtype="first")


@layer(key="aten.softmax", aliases="aten._softmax aten.log_softmax aten._log_softmax aten._safe_softmax")
def softmax(x: Shape, *, dim: PlainInt, dtype: Dtype | None = None) -> Facts:
    """Positive numbers along an axis, whose sum is 1. Operations: 5 per element. Backpropagation keeps the output."""
    axis_of(x, dim, "softmax", "dim")
    return Facts(x, ops=5 * size(x), keeps_output=True, dtype=dtype or "input", strides=ROWS)


@layer(key="aten.clamp", aliases="aten.clamp_min aten.clamp_max aten.clip")
def clamp(x: Shape, min: Shape = (), max: Shape = ()) -> Facts:
    """Elements within bounds, numbers or tensors. Operations: 2 per element. Backpropagation keeps the inputs."""
    out = broadcast((x, min, max), "clamp")
    alias = in_place((x, min, max), out)
    return Facts(out, ops=2 * size(out), keeps_input=True, alias=alias, dtype="input", strides=ELEMENTS)


@layer(key="aten.glu")
def glu(x: Shape, *, dim: PlainInt = -1) -> Facts:
    """The first half of an axis, times sigmoid of the second. Operations: 4 per element. Backpropagation keeps the
    input.
    """
    axis = axis_of(x, dim, "glu", "dim")
    require_multiple(x[axis], 2, f"glu needs an even size on axis {axis}", field="dim")
    out = (*x[:axis], x[axis] // 2, *x[axis + 1 :])
    return Facts(out, ops=4 * size(out), keeps_input=True, dtype="input")


@layer(key="aten.prelu", aliases="aten._prelu_kernel")
def prelu(x: Shape, weight: Shape) -> Facts:
    """`x`, or `weight * x` where it is negative. Operations: 2 per element. Backpropagation keeps the input."""
    return Facts(x, ops=2 * size(x), keeps_input=True, dtype="first", strides=ELEMENTS)


@layer(key="aten.where")
def where(condition: Shape, x: Shape = (), other: Shape = ()) -> Facts:
    """Elements of one tensor or another, as a condition says. Operations: 1 per element. Backpropagation keeps the
    condition.
    """
    shapes = (condition, x, other)
    out = broadcast(shapes, "where")
    return Facts(out, ops=size(out), keeps_input=((1, 2), (), ()), dtype="values", strides=ELEMENTS)


@layer(key="aten.masked_fill")
def masked_fill(x: Shape, mask: Shape, value: Shape = ()) -> Facts:
    """A number in place of the elements where a mask is true. Operations: 1 per element. Backpropagation keeps the
    mask.
    """
    out = broadcast((x, mask), "masked_fill")
    kept = Kept("mask", mask, "bool", batched=len(mask) == len(x))
    return Facts(out, ops=size(out), kept=(kept,), dtype="first")


@layer(key="aten.addcmul", aliases="aten.addcdiv")
def addcmul(added: Shape, first: Shape, second: Shape) -> Facts:
    """A tensor and the product of two others. Operations: 2 per element. Backpropagation keeps the factors."""
    out = broadcast((added, first, second), "addcmul")
    return Facts(out, ops=2 * size(out), keeps_input=((), (2,), (1,)), dtype="input", strides=ELEMENTS)
