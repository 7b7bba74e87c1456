"""Kinds of fields that hold PyTorch's words, and what every declaration asks of an input. Others are in `layers.kinds`.

PyTorch's modules take channels first, pads as numbers of positions, and may be told the channels that they will meet:
those may be left out of a spec, since they follow from the input, and are checked where they are given.
"""

from __future__ import annotations

from math import prod

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim
from cnnsum.layers.arithmetic.slide import Sizes, Words
from cnnsum.layers.facts import Facts, Kept, Shape, show_shape
from cnnsum.layers.kinds import Kind, Reading, choice, flag, integer, items, real, wrong
from cnnsum.layers.requiring import require_equal, require_known
from cnnsum.typed import Annotated, Literal

Pads = tuple[tuple[Dim, Dim], ...]
Word = Literal["same", "valid"]
_WORDS: dict[object, Word] = {"same": "same", "valid": "valid"}

#: What messages say of layers that slide a kernel.
KERNEL = Words("kernel_size", "dilation", "a `padding` makes the input larger")

PaddingMode = Annotated[
    Literal["zeros", "reflect", "replicate", "circular"], choice("zeros", "reflect", "replicate", "circular")
]


def _padding(count: int) -> Kind:
    """Positions at both ends of each axis, or one of the words "valid" and "same"."""
    expects = {
        1: "an integer of at least 0, same, or valid",
        2: "an integer of at least 0, a list of two, same, or valid",
        3: "an integer of at least 0, a list of three, same, or valid",
    }[count]

    def read(value: object, reading: Reading) -> Word | Pads:
        if isinstance(value, str) and value in _WORDS:
            return _WORDS[value]
        return _read_pads(value, reading, expects, count)

    return Kind(expects, read, spell=_spelled)


def _read_pads(value: object, reading: Reading, expects: str, count: int) -> Pads:
    def one(value: object, reading: Reading) -> Dim:
        return integer(value, reading, "an integer of at least 0", 0)

    if isinstance(value, (list, tuple)):
        amounts = items(value, reading, one, expects, count)
    else:
        amounts = (integer(value, reading, expects, 0),) * count
    return tuple([(amount, amount) for amount in amounts])


def _spelled(value: Word | Pads) -> Word | Dim | list[Dim]:
    """Pads as a spec says them: one number where all axes have the same."""
    if isinstance(value, str):
        return value
    amounts = [before for before, _ in value]
    return amounts[0] if all(amount == amounts[0] for amount in amounts) else amounts


def _read_amounts(value: object, reading: Reading) -> Word | tuple[Dim, ...]:
    if isinstance(value, str) and value in _WORDS:
        return _WORDS[value]
    expects = "a list of integers of at least 0, same, or valid"
    return items(value, reading, lambda one, reading: integer(one, reading, expects, 0), expects)


#: The padding of operations, which have a list of one for all axes.
Amounts = Annotated[Word | tuple[Dim, ...], Kind("a list of integers of at least 0, same, or valid", _read_amounts)]
Padding1 = Annotated[Word | Pads, _padding(1)]
Padding2 = Annotated[Word | Pads, _padding(2)]
Padding3 = Annotated[Word | Pads, _padding(3)]


def _pads_only(count: int) -> Kind:
    """Positions at both ends of each axis, of pooling, which has no words for them."""
    expects = _padding(count).expects.removesuffix(", same, or valid").replace("0, a", "0, or a")

    def read(value: object, reading: Reading) -> Pads:
        if isinstance(value, str) and value in _WORDS:
            raise wrong(expects, value)
        return _read_pads(value, reading, expects, count)

    return Kind(expects, read, spell=_spelled)


Pads1 = Annotated[Pads, _pads_only(1)]
Pads2 = Annotated[Pads, _pads_only(2)]
Pads3 = Annotated[Pads, _pads_only(3)]


def _batch_first(value: object, reading: Reading) -> bool:
    if not flag(value, reading):
        help = "leave `batch_first` out, or put `batch_first=True` into the code"
        raise Problem("CFG102", "must be true: inputs of a spec have the batch axis first, got false", help=help)
    return True


#: False by default in PyTorch, where the sequence then comes before the batch: no input of a spec is so.
BatchFirst = Annotated[bool, Kind("true", _batch_first)]


def _read_shape(value: object, reading: Reading) -> Shape:
    """Sizes of axes; one number is one axis."""

    def one(item: object, reading: Reading) -> Dim:
        return integer(item, reading, "a positive integer", 1)

    if isinstance(value, (list, tuple)):
        if not value:
            raise wrong(_SHAPE, value)
        return items(value, reading, one, _SHAPE)
    return (integer(value, reading, _SHAPE, 1),)


_SHAPE = "a positive integer, or a list of them"
Lengths = Annotated[Shape, Kind(_SHAPE, _read_shape)]


def _number(value: object, reading: Reading) -> Dim | float:
    return real(value, reading) if isinstance(value, float) else integer(value, reading, "a number")


#: A whole number or another, where that decides about the dtype of what is made of it.
Number = Annotated[Dim | float, Kind("a number", _number)]


#: The rank of a batch of sequences; what has more axes is a map, which a layer of the last axis alone seldom means.
_OF_SEQUENCES = 3


def given_channels(x: Shape, axis: int, given: Dim | None, what: str, field: str) -> Dim:
    """The size of the axis that weights span, which must be the one that the layer was told, if it was."""
    if not -len(x) <= axis < len(x):
        raise Problem("SHP204", f"{what} needs an input of more axes, got {show_shape(x)}")
    size = x[axis]
    if given is not None:
        reason = f"{what} was made for {field} {given}, got {show_shape(x)}"
        help = f"leave `{field}` out: it follows from the input"
        if isinstance(size, int) and isinstance(given, int) and size != given:
            help = f"`{field}: {size}`, or leave it out: it follows from the input"
            if axis == 1 and len(x) > 2 and x[-1] == given:
                sizes = ", ".join(map(str, (given, *x[1:-1])))
                help = f"channels are the first axis of an input here: [{sizes}]?"
            elif axis == -1 and len(x) > _OF_SEQUENCES and all(isinstance(one, int) for one in x[1:]):
                help = f"a `Flatten` before it makes one axis of all: `{field}: {prod(x[1:])}`"
        size = require_equal(size, given, reason, help=help, field=field)
    require_known(size, x, what)
    return size


def over(sizes: tuple[Dim, ...], axes: int, what: str, field: str) -> tuple[Dim, ...]:
    """A number for each axis; PyTorch takes a list of one for all of them."""
    if len(sizes) == 1:
        return sizes * axes
    if len(sizes) != axes:
        raise Problem("CFG102", f"`{field}` of {what} must be {axes} numbers, got {list(sizes)}", field)
    return sizes


def copy_for_same(x: Shape, facts: Facts, kernel: Sizes, dilation: Sizes) -> None:
    """Say of a convolution with `padding: same` what it keeps where spans are even: the zero that is more on one side
    than on the other is put behind a copy.
    """
    if facts.kept:
        over = [(size - 1) * spread % 2 for size, spread in zip(kernel, dilation, strict=True)]
        longer = tuple([length + more for length, more in zip(x[2:], over, strict=True)])
        facts.kept = (Kept("padded input", (*x[:2], *longer)),)
