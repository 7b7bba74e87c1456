"""Which input positions an output sees, position by position along one axis: the span without its gaps.

Behind a layer that enlarges, outputs do not all see alike: what repeats is a whole period of them. So a period is
followed, one set of positions per output: a span, and its gaps as the bits of one number, 0 where there are none, as
nearly everywhere. Sliding a kernel over a set with gaps is a few shifts. What this costs does not grow with the number
of layers before, only with the size of sets with gaps, which has a limit as all sets have; beyond it, and where a
symbol decides what falls on what, the answer is None. Knows no layer and no graph.
"""

from __future__ import annotations

from math import gcd, lcm

from cnnsum.dims import Dim
from cnnsum.layers.facts import Window
from cnnsum.typed import NamedTuple

#: Bits of all sets of an axis together, outputs of a period, and taps of all of them, up to which sets are followed.
_MAX_BITS = 1 << 18
_MAX_PERIOD = 1 << 9
_MAX_TAPS = 1 << 14


class Positions(NamedTuple):
    """What one output sees: the `span` positions from `first` on, without `first + n` for each bit `n` of `gaps`;
    nothing at all where `span` is 0. The first and the last are seen.
    """

    first: Dim
    span: int
    gaps: int = 0

    @property
    def bits(self) -> int:
        """A bit for each position that is seen, the first of them the lowest."""
        return (1 << self.span) - 1 ^ self.gaps

    @property
    def number(self) -> int:
        """How many positions are seen."""
        return self.span - self.gaps.bit_count() if self.gaps else self.span


def _of_bits(first: Dim, bits: int) -> Positions:
    span = bits.bit_length()
    return Positions(first, span, (1 << span) - 1 ^ bits)


class Seen(NamedTuple):
    """What every output sees: output `turn * len(outputs) + n` what `outputs[n]` sees, moved by `turn * step`."""

    step: Dim
    outputs: tuple[Positions, ...]

    @property
    def size(self) -> int:
        """Positions from the first to the last, of the output that sees furthest."""
        outputs = self.outputs
        return outputs[0].span if len(outputs) == 1 else max([one.span for one in outputs])

    @property
    def most(self) -> int:
        """Positions that are seen, of the output that sees most."""
        outputs = self.outputs
        return outputs[0].number if len(outputs) == 1 else max([one.number for one in outputs])


#: An input sees itself.
ITSELF = Seen(1, (Positions(0, 1),))


def through(seen: Seen | None, window: Window) -> Seen | None:
    """What a window sees of values that see this.

    >>> through(through(ITSELF, Window(3, stride=2)), Window(2, dilation=4))
    Seen(step=2, outputs=(Positions(first=0, span=11, gaps=248),))
    >>> bin(248)  # between two taps, 4 * 2 positions apart, of three positions each
    '0b11111000'
    """
    if seen is None:
        return None
    size, stride, dilation, before, up = window
    if not (isinstance(size, int) and isinstance(stride, int) and isinstance(dilation, int) and isinstance(up, int)):
        return None
    if len(seen.outputs) > 1 or up > 1:
        return _through_period(seen, size, stride, dilation, before, up)
    step = seen.step
    (one,) = seen.outputs
    if size > 1:
        if not isinstance(step, int) or one.span + (size - 1) * dilation * step > _MAX_BITS:
            return None
        one = _spread(one, size, dilation * step)
    return Seen(step * stride, (Positions(one.first - before * step, one.span, one.gaps),))


def _through_period(seen: Seen, size: int, stride: int, dilation: int, before: Dim, up: int) -> Seen | None:
    """The same, where outputs differ: which tap falls on which of them, and which between them, must be known."""
    step, outputs = seen
    if not isinstance(step, int) or not isinstance(before, int):
        return None
    old = len(outputs)
    period = up * old // gcd(up * old, stride)
    # Taps fall on positions of the enlarged input; every `up`th of those is a value.
    apart = up // gcd(dilation, up)
    if period > _MAX_PERIOD or period * (size // apart + 1) > _MAX_TAPS:
        return None
    made = []
    for output in range(period):
        low = output * stride - before
        taps = [low + dilation * tap for tap in range(min(apart, size)) if (low + dilation * tap) % up == 0]
        found: Positions | None = Positions(0, 0)
        if taps:
            reached = range(taps[0] // up, (low + dilation * (size - 1)) // up + 1, dilation * apart // up)
            found = together([_moved(outputs[value % old], value // old * step) for value in reached])
        if found is None:
            return None
        made.append(found)
    if sum([one.span for one in made]) > _MAX_BITS:
        return None
    return Seen(step * (period * stride // (up * old)), tuple(made))


def merge(arms: list[Seen | None]) -> Seen | None:
    """What values see that are made of several at the same place, all of them with the same stride."""
    known = [arm for arm in arms if arm is not None]
    if len(known) < len(arms):
        return None
    period = lcm(*[len(arm.outputs) for arm in known])
    if period > _MAX_PERIOD:
        return None
    made = []
    for output in range(period):
        positions = []
        for step, outputs in known:
            turn, place = divmod(output, len(outputs))
            positions.append(_moved(outputs[place], turn * step) if turn else outputs[place])
        found = together(positions)
        if found is None:
            return None
        made.append(found)
    if sum([one.span for one in made]) > _MAX_BITS:
        return None
    return Seen(known[0].step * (period // len(known[0].outputs)), tuple(made))


def together(sets: list[Positions]) -> Positions | None:
    """The positions in any of the sets; None where a symbol decides how they lie to each other."""
    result = Positions(0, 0)
    for one in sets:
        if not one.span or one == result:
            continue
        if not result.span:
            result = one
            continue
        ahead = one.first - result.first
        if not isinstance(ahead, int) or abs(ahead) > _MAX_BITS:
            return None
        low, high, ahead = (result, one, ahead) if ahead >= 0 else (one, result, -ahead)
        if not low.gaps and not high.gaps and ahead <= low.span:
            result = Positions(low.first, max(low.span, ahead + high.span))
        elif not low.gaps and ahead + high.span <= low.span:
            result = low
        else:
            result = _of_bits(low.first, low.bits | high.bits << ahead)
    return result


def _moved(positions: Positions, by: Dim) -> Positions:
    return Positions(positions.first + by, positions.span, positions.gaps)


def _spread(positions: Positions, count: int, apart: int) -> Positions:
    """The positions, and the same again `apart` further, `count` times in all."""
    if not positions.gaps and apart <= positions.span:
        return Positions(positions.first, positions.span + (count - 1) * apart)
    bits = positions.bits
    made = 1
    while made < count:
        more = min(made, count - made)
        bits |= bits << more * apart
        made += more
    return _of_bits(positions.first, bits)
