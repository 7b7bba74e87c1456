"""Values of names as the command line writes them: `H=W=128:512:32`, `width=0.25,0.5,1`, `deep=true,false`.

Decimals are exact: a range is counted in fractions, so that 0.1:0.7:0.1 has seven values and ends with 0.7.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from cnnsum.typed import TYPE_CHECKING, NamedTuple, overload

if TYPE_CHECKING:
    from fractions import Fraction

_MOST_DIGITS = 15
_NUMBER = re.compile(rf"-?(\d{{1,{_MOST_DIGITS}}}(\.\d{{0,{_MOST_DIGITS}}})?|\.\d{{1,{_MOST_DIGITS}}})", re.ASCII)
#: A number with too many of them.
_LONG = re.compile(rf"-?(\d{{{_MOST_DIGITS + 1},}}(\.\d*)?|\d*\.\d{{{_MOST_DIGITS + 1},}})", re.ASCII)
#: Characters of a call that a message repeats.
_SHOWN = 60


class RangeError(ValueError):
    """A text that does not give names with values; the message says what to write."""


class Grid(Sequence[float]):
    """The numbers from `first` to `last`, both included, in steps; made one by one."""

    __slots__ = ("first", "last", "step")

    def __init__(self, first: Fraction, last: Fraction, step: Fraction) -> None:
        self.first = first
        self.last = last
        self.step = step

    def __len__(self) -> int:
        return int((self.last - self.first) / self.step) + 1

    @overload
    def __getitem__(self, index: int) -> float: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[float, ...]: ...
    def __getitem__(self, index: int | slice) -> float | tuple[float, ...]:
        if isinstance(index, slice):
            return tuple([self[at] for at in range(*index.indices(len(self)))])
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return plain(self.first + self.step * (index % len(self)))

    def __iter__(self) -> Iterator[float]:
        return (plain(self.first + self.step * index) for index in range(len(self)))


class Varied(NamedTuple):
    """Names that are varied together, and their values; None where only the names are given."""

    names: tuple[str, ...]
    values: Sequence[object] | None

    def __str__(self) -> str:
        return "=".join(self.names)


def shown(text: str) -> str:
    """A text of a call as a message repeats it."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def plain(number: Fraction) -> int | float:
    """The number as a setting takes it: whole, or the nearest decimal."""
    return number.numerator if number.denominator == 1 else float(number)


def type_of(values: Sequence[object]) -> type:
    """The type of all values, `object` where there are several; whole numbers are decimals among decimals."""
    if isinstance(values, Grid):
        return int if values.first.denominator == values.step.denominator == 1 else float
    found = {type(value) for value in values}
    return float if found == {int, float} else found.pop() if len(found) == 1 else object


def spread(values: Iterable[object]) -> Sequence[object]:
    """Values of one name as a sweep takes them: numbers in equal steps stay a range."""
    if isinstance(values, range) and values and values.step > 0:
        from fractions import Fraction

        return Grid(Fraction(values.start), Fraction(values[-1]), Fraction(values.step))
    return tuple(values)


def varied(text: str) -> Varied:
    """What `--vary` says: names, with a range where one is given. Raises RangeError.

    >>> varied("H=W"), varied("width=0.5:1:0.25").names, [*varied("width=0.5:1:0.25").values]
    (Varied(names=('H', 'W'), values=None), ('width',), [0.5, 0.75, 1])
    """
    *names, last = text.split("=")
    if last.strip().isidentifier():
        return Varied(_names([*names, last], text), None)
    return swept(text)


def swept(text: str) -> Varied:
    """What `--sweep` says: names with their values. Raises RangeError.

    >>> swept("H=W=128:512:128").names, [*swept("H=W=128:512:128").values], swept("deep=true,false").values
    (('H', 'W'), [128, 256, 384, 512], (True, False))
    """
    *names, last = text.split("=")
    if not names:
        raise RangeError(f"`{shown(text)}` has no values: write NAME=A:B:STEP or NAME=a,b,c")
    return Varied(_names(names, text), _range(last, text) if ":" in last else _list(last, text))


def _names(names: list[str], text: str) -> tuple[str, ...]:
    found = tuple(name.strip() for name in names)
    for name in found:
        if not name.isidentifier():
            raise RangeError(f"`{shown(text)}`: `{shown(name)}` is not a name")
    if len(set(found)) < len(found):
        raise RangeError(f"`{shown(text)}` has a name twice")
    return found


def _range(values: str, text: str) -> Grid:
    from fractions import Fraction  # which takes longer to load than the rest of this module

    parts = values.split(":")
    numbers = [Fraction(part.strip()) if _NUMBER.fullmatch(part.strip()) else None for part in parts]
    if len(parts) not in (2, 3) or None in numbers:
        if any(_LONG.fullmatch(part.strip()) for part in parts):
            limit = f"at most {_MOST_DIGITS} digits before its point, and behind it"
            raise RangeError(f"`{shown(text)}`: a number of a range has {limit}")
        raise RangeError(
            f"`{shown(text)}`: `{shown(values)}` is not a range: write FIRST:LAST or FIRST:LAST:STEP, as in 32:512:32"
        )
    first, last, step = [*numbers, Fraction(1)][:3]
    assert first is not None
    assert last is not None
    assert step is not None
    if step <= 0:
        raise RangeError(f"`{shown(text)}`: the step must be more than 0")
    if last < first:
        raise RangeError(f"`{shown(text)}`: the range ends before it begins")
    return Grid(first, last, step)


def _list(values: str, text: str) -> tuple[object, ...]:
    from cnnsum.answers.given import is_not_finite, setting

    texts = [value.strip() for value in values.split(",")]
    if "" in texts:
        raise RangeError(f"`{shown(text)}` has an empty value")
    for one in texts:
        if is_not_finite(one):
            raise RangeError(f"`{shown(text)}`: `{shown(one)}` is not a finite number")
    return tuple(map(setting, texts))
