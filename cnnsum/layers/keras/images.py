"""What layers that change images have in common: kinds of their fields, and what those do that act in training only.

The kinds say how far a change goes at most, and how what is uncovered is filled. The ranges are those that Keras asks
for where it makes the layer. Knows no layer.
"""

from __future__ import annotations

from math import inf

from cnnsum.dims import Dim
from cnnsum.layers.base import Rule
from cnnsum.layers.facts import Facts, Shape
from cnnsum.layers.kinds import Kind, Reading, choice, items, real, wrong
from cnnsum.typed import Annotated, TypeVar

R = TypeVar("R", bound=Rule)

#: A number, which stands for the range around 0 or from 0 to it, or both ends of a range.
Ends = float | tuple[float, float]


def _range(low: float, high: float, *, each: bool = False, open_below: bool = False, mirrored: bool = False) -> Kind:
    """How far a change goes at most. each: whether both ends must be in the range, which else need only meet it.

    open_below: whether `low` itself is too low. mirrored: whether a list of a number and its negative is the number,
    which Keras writes for it and does not take again.
    """
    if high == inf:
        words = f"a number of at least {low:g}"
    else:
        words = f"a number above {low:g}, up to {high:g}" if open_below else f"a number from {low:g} to {high:g}"
    expects = f"{words}, or a list of two"

    def fits(number: float) -> bool:
        return low <= number <= high and not (open_below and number == low)

    def read(value: object, reading: Reading) -> Ends:
        if not isinstance(value, (list, tuple)):
            number = real(value, reading)
            if not fits(number):
                raise wrong(expects, number)
            return number
        first, last = items(value, reading, real, expects, 2)
        if mirrored and first == -last and last >= 0:
            return read(last, reading)
        if not ((fits(first) and fits(last)) if each else (first <= high and last >= low)):
            raise wrong(expects, value)
        return first, last

    return Kind(expects, read)


def _share(value: object, reading: Reading) -> float:
    number = real(value, reading)
    if not 0 <= number <= 1:
        raise wrong("a number from 0 to 1", number)
    return number


_VALUES = "a list of two numbers"


def _values(value: object, reading: Reading) -> tuple[float, float]:
    low, high = items(value, reading, real, _VALUES, 2)
    return low, high


_ODD = "an odd positive integer, or a list of two"


def _odds(value: object, reading: Reading) -> tuple[Dim, Dim]:
    def one(value: object, reading: Reading) -> int:
        number = real(value, reading)
        if number < 1 or number % 2 != 1:
            raise wrong("an odd positive integer", number)
        return int(number)

    if isinstance(value, (list, tuple)):
        first, last = items(value, reading, one, _ODD, 2)
        return first, last
    length = one(value, reading)
    return length, length


_FILLING = "a number, or a list of three"


def _filling(value: object, reading: Reading) -> float | tuple[float, ...]:
    return items(value, reading, real, _FILLING, 3) if isinstance(value, (list, tuple)) else real(value, reading)


Factor = Annotated[Ends, _range(-1, 1)]
Part = Annotated[Ends, _range(0, 1)]
Bits = Annotated[Ends, _range(1, 8)]
Shift = Annotated[Ends, _range(-1, 1, each=True)]
Zoom = Annotated[Ends, _range(-1, 1, each=True, open_below=True)]
Slant = Annotated[Ends, _range(0, 1, each=True, mirrored=True)]
Within = Annotated[Ends, _range(0, 1, each=True)]
Stretch = Annotated[Ends, _range(-1, inf, each=True)]
Share = Annotated[float, Kind("a number from 0 to 1", _share)]
ValueRange = Annotated[tuple[float, float], Kind(_VALUES, _values)]
Odds = Annotated[tuple[Dim, Dim], Kind(_ODD, _odds)]
Filling = Annotated[float | tuple[float, ...], Kind(_FILLING, _filling)]
FillMode = Annotated[str, choice("reflect", "wrap", "constant", "nearest")]
ElasticFillMode = Annotated[str, choice("reflect", "wrap", "constant", "nearest", "mirror")]
FlipMode = Annotated[str, choice("horizontal", "vertical", "horizontal_and_vertical")]
Interpolation = Annotated[str, choice("nearest", "bilinear")]


def in_training(rule: R) -> R:
    """A rule of a layer that acts in training only, which its documentation goes on to say behind what the layer does.

    >>> def Flip(x): "Flip the image."
    >>> print(in_training(Flip).__doc__.splitlines()[0])
    Flip the image, in training only; the shape stays.
    """
    rule.__doc__ = f"""{(rule.__doc__ or "").removesuffix(".")}, in training only; the shape stays.

    No weights, no operations at inference: the output is the input. Backpropagation keeps nothing, as there is nothing
    to train before it.
    """
    return rule


def unchanged(x: Shape, dtype: str | None = None) -> Facts:
    """What such a layer gives at inference."""
    return Facts(x, alias="bypass", gradient="same", dtype=dtype)
