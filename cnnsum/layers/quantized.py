"""What Keras holds in place of a layer's table of weights once the layer is quantized.

How a layer is quantized is one text, in the words of Keras's dtype policies: `int8`, `int4`, `int4/128`, `float8`,
`gptq/4/128`, `awq/4/128`. The rules of the few types that can be quantized call `of_kernel` or `of_embeddings` with the
weights of the plain layer. Loaded only for a layer that is quantized.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, at_least, ceil_div, prod
from cnnsum.layers.facts import Shape, Weight
from cnnsum.layers.kinds import wrong

EXPECTS = "a way of quantization: int8, int4, int4/BLOCK, float8, float8/HISTORY, gptq/BITS/GROUP or awq/4/GROUP"

#: What Keras's policy of float8 takes for the length of its histories where it says nothing.
HISTORY = 1024

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


def scheme(text: Any) -> Scheme:
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


def check(what: str, how: Scheme, *, lora: bool, equation: str = "") -> None:
    """Raise Problem where Keras itself cannot build a layer of this type that is so quantized."""
    if what.endswith("Embedding") and how.mode not in ("int8", "int4"):
        raise _refusal(f"Keras has no {what} in {how.mode}, only in int8 and int4")
    if lora and how.mode in _BITS:
        raise _refusal(f"Keras cannot build a {what} in {how.mode} that has a lora_rank")
    if what == "EinsumDense" and how.mode != "float8":
        if "..." in equation:
            raise _refusal(f"Keras cannot build an EinsumDense in {how.mode} whose equation has `...`")
        axes = len(equation.partition("->")[0].partition(",")[2].strip())
        if how.mode in _BITS and axes not in (2, 3):
            raise _refusal(f"Keras quantizes an EinsumDense to {how.mode} only if its kernel has 2 or 3 axes, got {axes}")


def _refusal(message: str) -> Problem:
    return Problem("UNK705", message, "quantization")


def of_kernel(
    what: str,
    plain: tuple[Weight, ...],
    text: str,
    rows: Dim,
    columns: Dim,
    scale: Shape = (),
    zero: str = "kernel_zero",
) -> tuple[Weight, ...]:
    """The weights of a quantized layer that multiplies by a kernel.

    plain: those of the layer as it is without: the kernel, and what else is trained. rows, columns: of the kernel as a
    matrix, `rows` being summed over. scale: the shape of the scales in int8, if not one per column. zero: what Keras
    calls the zero points of gptq and awq.
    """
    how = scheme(text)
    kernel = plain[0]
    if how.mode == "float8":
        return (*_histories(how.group), *plain)
    groups = 1 if how.group == -1 else ceil_div(rows, how.group)
    held: list[Weight]
    if how.mode == "int8":
        held = [_frozen("kernel", kernel.shape, "int8"), _frozen("kernel_scale", scale or (columns,))]
    elif how.mode == "int4":
        held = [_frozen("kernel", (rows, ceil_div(columns, 2)), "int8")]
        held += _scales("kernel", (columns,) if how.group == -1 else (groups, columns), how, rows)
    else:
        packed = ceil_div(columns, 2) if how.bits == 4 else columns
        held = [
            _frozen("kernel", (packed, rows), "uint8"),
            _frozen("kernel_scale", (columns, groups)),
            _frozen(zero, (columns, groups), "uint8"),
            *([_frozen("awq_scales", (rows,))] if how.mode == "awq" else ()),
            _frozen("g_idx", (rows,), "float32"),
        ]
    return (*plain[1:], *held)


def of_embeddings(what: str, plain: tuple[Weight, ...], text: str, *, reverse: bool = False) -> tuple[Weight, ...]:
    """The weights of a quantized table of embeddings, in whose rows the groups lie; `reverse` for one that also has a
    table of its own for the way back.
    """
    how = scheme(text)
    input_dim, output_dim = plain[0].shape
    groups = 1 if how.group == -1 else ceil_div(output_dim, how.group)
    if how.mode == "int8":
        held = [_frozen("embeddings", (input_dim, output_dim), "int8"), _frozen("embeddings_scale", (input_dim,))]
        back = (output_dim, input_dim)
    else:
        held = [_frozen("embeddings", (input_dim, ceil_div(output_dim, 2)), "int8")]
        held += _scales("embeddings", (input_dim,) if how.group == -1 else (input_dim, groups), how, output_dim)
        back = (ceil_div(output_dim, 2), input_dim)
    if reverse:
        shape: Shape = (input_dim,) if how.group == -1 else (groups, input_dim)
        held += [_frozen("reverse_embeddings", back, "int8"), _frozen("reverse_embeddings_scale", shape)]
        if how.group != -1:
            held.append(_frozen("reverse_embeddings_zero", shape))  # of the variable dtype, unlike those of the table
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


def multiplies_factors(text: str) -> bool:
    """Whether the factors of LoRA are multiplied with the inputs: a table of integers cannot be added to."""
    return scheme(text).mode in ("int8", "int4")


class Einsum(NamedTuple):
    """An einsum equation and the shape of its kernel: what EinsumDense makes of them when it is quantized."""

    letters: str
    kernel: str
    result: str
    shape: Shape

    def quantize(self, what: str, plain: tuple[Weight, ...], text: str) -> tuple[Weight, ...]:
        """The weights of the quantized layer."""
        how = scheme(text)
        if how.mode in _BITS:
            rows, columns = self._halves(what)
            return of_kernel(what, plain, text, rows, columns, zero="zero_point")
        pairs = list(zip(self.kernel, self.shape, strict=True))
        rows = prod([dim for letter, dim in pairs if letter not in self.result])
        columns = prod([dim for letter, dim in pairs if letter in self.result])
        return of_kernel(what, plain, text, rows, columns, self._scale() if how.mode == "int8" else ())

    def _halves(self, what: str) -> tuple[Dim, Dim]:
        """Rows and columns as gptq and awq take them: not by the equation, but by which axis is the longest."""
        if len(self.shape) == 2:
            return self.shape[0], self.shape[1]
        first, second, third = self.shape
        longest = [at_least(first, other) for other in (second, third)]
        if False in longest:
            return first * second, third
        if None in longest:
            raise _refusal(f"{what}: which axis of the kernel is the longest, and so its rows, depends on symbols")
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

