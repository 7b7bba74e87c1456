"""How a kernel moves, in plain numbers: what rules about positions count with.

Formulas are left out: where a size is not known, nothing is said.
"""

from __future__ import annotations

from functools import lru_cache

from cnnsum.dims import Dim
from cnnsum.graph.infer import Call
from cnnsum.layers.facts import Reach, Shape, Window
from cnnsum.typed import NamedTuple


class Step(NamedTuple):
    """A `Window` whose sizes are all known."""

    size: int
    stride: int
    dilation: int
    before: int
    up: int

    @property
    def span(self) -> int:
        """Positions from the first to the last that one output position sees."""
        return self.dilation * (self.size - 1) + 1


class Axis(NamedTuple):
    """A spatial axis of a call: its number, its positions before and after, and how the kernel moves along it."""

    number: int
    length: int
    out: int
    step: Step


@lru_cache(1 << 10)
def step_of(window: Window) -> Step | None:
    """The window in numbers, or None where it depends on a symbol."""
    size, stride, dilation, before, up = window
    if (
        isinstance(size, int)
        and isinstance(stride, int)
        and isinstance(dilation, int)
        and isinstance(before, int)
        and isinstance(up, int)
    ):
        return Step(size, stride, dilation, before, up)
    return None


def steps_of(call: Call) -> tuple[Step, ...] | None:
    """The windows of a call in numbers; None where it has none, or one depends on a symbol."""
    return _steps(call.facts.window)


@lru_cache(1 << 10)
def _steps(windows: Reach) -> tuple[Step, ...] | None:
    if not isinstance(windows, tuple):
        return None
    found = [step for step in map(step_of, windows) if step is not None]
    return tuple(found) if len(found) == len(windows) else None


@lru_cache(1 << 10)
def leaps(windows: Reach) -> bool:
    """Whether windows that are known move by more than one position along an axis."""
    return any(step.stride != 1 for step in _steps(windows) or ())


@lru_cache(1 << 10)
def is_dilated(windows: Reach) -> bool:
    """Whether windows that are known leave positions out along an axis."""
    return any(step.dilation != 1 and step.size != 1 for step in _steps(windows) or ())


def axes_between(before: Shape | None, after: Shape | None, space: range, windows: Reach) -> tuple[Axis, ...]:
    """The axes of space whose sizes before and after a kernel are known, and how it moves along them."""
    if not isinstance(windows, tuple) or before is None or after is None or len(before) != len(after):
        return ()
    along = slice(space.start, space.stop)
    return _axes(space.start, before[along], after[along], windows)


@lru_cache(1 << 10)
def _axes(first: int, lengths: tuple[Dim, ...], outs: tuple[Dim, ...], windows: tuple[Window, ...]) -> tuple[Axis, ...]:
    if len(lengths) != len(windows):
        return ()
    found: list[Axis] = []
    for place, (length, out, window) in enumerate(zip(lengths, outs, windows, strict=True), first):
        step = step_of(window)
        if isinstance(length, int) and isinstance(out, int) and step is not None:
            found.append(Axis(place, length, out, step))
    return tuple(found)
