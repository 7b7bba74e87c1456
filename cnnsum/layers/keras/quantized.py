"""What Keras holds in place of a layer's table of weights once the layer is quantized.

How a layer is quantized is one text, in the words of Keras's dtype policies: `int8`, `int4`, `int4/128`, `float8`,
`gptq/4/128`, `awq/4/128`. The rules of the few types that can be quantized call `dense`, `einsum`, `projection` or
`embeddings` with the weights of the plain layer. Loaded only for a layer that is quantized.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, at_least, ceil_div, prod
from cnnsum.layers.facts import Kept, Shape, Weight
from cnnsum.layers.kinds import wrong
from cnnsum.typed import NamedTuple

EXPECTS = "a way of quantization: int8, int4, int4/BLOCK, float8, float8/HISTORY, gptq/BITS/GROUP or awq/4/GROUP"

#: What Keras's policy of float8 takes for the length of its histories where it says nothing.
HISTORY = 1024

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_BITS = {"gptq": (2, 3, 4, 8), "awq": (4,)}


class Scheme(NamedTuple):
    """How a layer is quantized: Keras's mode, the bits of an element, the rows that share a scale (-1 for all of them).

    With float8, `group` is the length of the histories.
    """

    mode: str
    bits: int
    group: int

    def __str__(self) -> str:
        """In the words of a policy, each way written in one way only.

        >>> [str(scheme(text)) for text in ("int4/-1", "int4/64", "float8/1024", "gptq/4/-1")]
        ['int4', 'int4/64', 'float8', 'gptq/4/-1']
        """
        if self.mode in _BITS:
            return f"{self.mode}/{self.bits}/{self.group}"
        usual = {"int8": self.group, "int4": -1, "float8": HISTORY}[self.mode]
        return self.mode if self.group == usual else f"{self.mode}/{self.group}"


def scheme(text: object) -> Scheme:
    """The way of quantization that a text names; raises Problem where there is no such.

    >>> scheme("gptq/8/-1")
    Scheme(mode='gptq', bits=8, group=-1)
    """
    mode, *numbers = text.split("/") if isinstance(text, str) else ("",)
    try:
        values = [int(number) for number in numbers]
    except ValueError:
        raise wrong(EXPECTS, text) from None
    match mode, values:
        case "int8", []:
            return Scheme(mode, 8, -1)
        case "int4", [] | [-1]:
            return Scheme(mode, 4, -1)
        case "float8", []:
            return Scheme(mode, 8, HISTORY)
        case "int4" | "float8", [group] if group > 0:
            return Scheme(mode, int(mode[-1]), group)
        case "gptq" | "awq", [bits, group] if bits in _BITS[mode] and (group > 0 or group == -1):
            return Scheme(mode, bits, group)
    raise wrong(EXPECTS, text)


def check(what: str, how: Scheme, *, lora: bool = False, equation: str = "") -> None:
    """Raise Problem where Keras itself cannot build a layer of this type that is so quantized."""
    if what.endswith("Embedding") and how.mode not in ("int8", "int4"):
        raise _refusal(f"Keras has no {what} in {how.mode}, only in int8 and int4")
    if lora and how.mode in _BITS:
        raise _refusal(f"Keras cannot build a {what} in {how.mode} that has a lora_rank")
    if what == "EinsumDense" and how.mode != "float8":
        if "..." in equation:
            raise _refusal(f"Keras cannot build an EinsumDense in {how.mode} whose equation has `...`")
        kernel = equation.partition("->")[0].partition(",")[2]
        if how.mode in _BITS and len(kernel.strip()) not in (2, 3):
            raise _refusal(f"Keras cannot build an EinsumDense in {how.mode} but with a kernel of 2 or 3 axes")


def _refusal(message: str) -> Problem:
    return Problem("UNK705", message, "quantization")


def dense(plain: tuple[Weight, ...], text: str, *, lora: bool) -> tuple[Weight, ...]:
    """The weights of a quantized Dense; `plain` are those that it has without, here and below."""
    check("Dense", scheme(text), lora=lora)
    rows, columns = plain[0].shape
    return _kernel(plain, scheme(text), rows, columns, (columns,))


def _kernel(
    plain: tuple[Weight, ...], how: Scheme, rows: Dim, columns: Dim, scale: Shape, zero: str = "kernel_zero"
) -> tuple[Weight, ...]:
    """The weights of a layer that multiplies by a kernel, the first of `plain`: those that are trained come first.

    rows, columns: of the kernel as a matrix, `rows` being summed over. scale: the shape of the scales in int8. zero:
    what the zero points of gptq and awq are called.
    """
    if how.mode == "float8":
        return (*_histories(how.group), *plain)
    groups = 1 if how.group == -1 else ceil_div(rows, how.group)
    held: list[Weight]
    if how.mode == "int8":
        held = [_frozen("kernel", plain[0].shape, "int8"), _frozen("kernel_scale", scale)]
    elif how.mode == "int4":
        held = [_frozen("kernel", (rows, ceil_div(columns, 2)), "int8")]
        held += _scales("kernel", (columns,) if how.group == -1 else (groups, columns), how, rows)
    else:
        held = [
            _frozen("kernel", (ceil_div(columns, 2) if how.bits == 4 else columns, rows), "uint8"),
            _frozen("kernel_scale", (columns, groups)),
            _frozen(zero, (columns, groups), "uint8"),
            *([_frozen("awq_scales", (rows,))] if how.mode == "awq" else ()),
            _frozen("g_idx", (rows,), "float32"),
        ]
    return (*plain[1:], *held)


def embeddings(what: str, plain: tuple[Weight, ...], text: str, *, reverse: bool = False) -> tuple[Weight, ...]:
    """The weights of a quantized table of embeddings, along whose rows the groups lie.

    reverse: whether there is a table of its own for the way back.
    """
    how = scheme(text)
    check(what, how)
    inputs, outputs = plain[0].shape
    if how.mode == "int8":
        held = [_frozen("embeddings", (inputs, outputs), "int8"), _frozen("embeddings_scale", (inputs,))]
    else:
        groups = ceil_div(outputs, how.group)
        outputs = ceil_div(outputs, 2)
        held = [_frozen("embeddings", (inputs, outputs), "int8")]
        held += _scales("embeddings", (inputs,) if how.group == -1 else (inputs, groups), how, plain[0].shape[1])
    if reverse:
        held.append(_frozen("reverse_embeddings", (outputs, inputs), "int8"))
        held.append(_frozen("reverse_embeddings_scale", (inputs,) if how.group == -1 else (groups, inputs)))
        if how.group != -1:
            # Of the variable dtype, where those of the first table are int8.
            held.append(_frozen("reverse_embeddings_zero", (groups, inputs)))
    return (*plain[1:], *held)


def _frozen(name: str, shape: Shape, dtype: str | None = None) -> Weight:
    return Weight(name, shape, trainable=False, dtype=dtype)


def _scales(name: str, shape: Shape, how: Scheme, summed: Dim) -> list[Weight]:
    """The scales of int4; with groups also zero points, and which group each row belongs to."""
    scales = [_frozen(f"{name}_scale", shape)]
    if how.group != -1:
        scales += [_frozen(f"{name}_zero", shape, "int8"), _frozen("g_idx", (summed,), "float32")]
    return scales


def _histories(length: int) -> list[Weight]:
    """What float8 remembers to scale by. Keras lists it as trained: a step writes over it with its "gradient"."""
    return [
        Weight(f"{of}_{name}", shape, dtype="float32", cast=False)
        for of in ("inputs", "kernel", "outputs_grad")
        for name, shape in (("scale", ()), ("amax_history", (length,)))
    ]


def factors(text: str, rank: Dim | None, products: Dim, out: Shape) -> tuple[Dim, tuple[Kept, ...]]:
    """What the factors of LoRA cost and keep where they are multiplied with what a sample brings: in int8 and int4, as
    nothing can be added to a table of integers.

    products: MACs for a rank of 1. out: the shape of the layer's output.
    """
    if rank is None or scheme(text).mode not in ("int8", "int4"):
        return 0, ()
    return rank * products, (Kept("product with the first factor", (*out[:-1], rank), use="weights"),)


def einsum(equation: str, plain: tuple[Weight, ...], text: str, *, lora: bool) -> tuple[Weight, ...]:
    """The weights of a quantized EinsumDense."""
    how = scheme(text)
    check("EinsumDense", how, lora=lora, equation=equation)
    inputs, _, result = equation.replace("...", "").partition("->")
    letters, _, kernel = inputs.partition(",")
    return Einsum(letters, kernel, result, plain[0].shape).weights(plain, how)


def projection(plain: tuple[Weight, ...], text: str, free: int, bound: int) -> tuple[Weight, ...]:
    """The weights of a quantized EinsumDense inside an attention layer: it puts new axes in the place of the last
    `bound` ones, after `free` others.
    """
    how = scheme(text)
    before, summed, made = (
        _LETTERS[:free],
        _LETTERS[free:][:bound],
        _LETTERS[free + bound :][: len(plain[0].shape) - bound],
    )
    check("EinsumDense", how, equation=f"{before}{summed},{summed}{made}->{before}{made}")
    return Einsum(before + summed, summed + made, before + made, plain[0].shape).weights(plain, how)


class Einsum(NamedTuple):
    """The letters of an einsum equation, and the shape of its kernel."""

    letters: str
    kernel: str
    result: str
    shape: Shape

    def weights(self, plain: tuple[Weight, ...], how: Scheme) -> tuple[Weight, ...]:
        """The weights of a layer that is so quantized and multiplies as the equation says."""
        if how.mode in _BITS:
            rows, columns = self._halves()
            return _kernel(plain, how, rows, columns, (), "zero_point")
        pairs = list(zip(self.kernel, self.shape, strict=True))
        rows = prod([dim for letter, dim in pairs if letter not in self.result])
        columns = prod([dim for letter, dim in pairs if letter in self.result])
        return _kernel(plain, how, rows, columns, self._scale())

    def _halves(self) -> tuple[Dim, Dim]:
        """Rows and columns as gptq and awq take them: not by the equation, but by which axis is the longest."""
        if len(self.shape) == 2:
            return self.shape[0], self.shape[1]
        first, second, third = self.shape
        longest = [at_least(first, other) for other in (second, third)]
        if False in longest:
            return first * second, third
        if None in longest:
            raise _refusal("which axis of the kernel is the longest, and so its rows, depends on symbols")
        return first, second * third

    def _scale(self) -> Shape:
        """The shape of the scales in int8: that of the kernel, turned and stretched to lie along the output.

        Step by step as Keras goes, whose way with axes that find no place gives shapes that no formula would.
        """
        reduced = [axis for axis, letter in enumerate(self.kernel) if letter not in self.result]
        free = [axis for axis, letter in enumerate(self.result) if letter not in self.kernel]
        order = [self.kernel.index(letter) for letter in self.result if letter in self.kernel]
        gone: list[int] = []
        place = self._last_place()
        for axis in reduced:
            if free:
                place = free.pop(0)
            else:
                gone.append(axis)
            order.insert(place, axis)
        turned: list[Dim] = [1 if axis in reduced else self.shape[axis] for axis in order]
        for axis in free:
            turned.insert(axis, 1)
        for axis in reversed(gone):
            del turned[axis]
        return tuple(turned)

    def _last_place(self) -> int:
        """Where Keras puts an axis that is summed over and finds no place: where it last put one of the input's."""
        free = [axis for axis, letter in enumerate(self.result) if letter not in self.letters]
        summed = sum(letter not in self.result for letter in self.letters)
        return free[min(summed, len(free)) - 1] if summed and free else self.result.find(self.kernel[-1])
