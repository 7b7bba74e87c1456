"""How a kernel moves, in plain numbers: what rules about samples count with.

Formulas are left out: where a size is not known, nothing is said.
"""

from __future__ import annotations

from functools import lru_cache

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
        """Samples from the first to the last that one output sample sees."""
        return self.dilation * (self.size - 1) + 1


class Axis(NamedTuple):
    """A spatial axis of a call: its number, its samples before and after, and how the kernel moves along it."""

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
    windows = call.facts.window
    if not isinstance(windows, tuple):
        return None
    found = [step for step in map(step_of, windows) if step is not None]
    return tuple(found) if len(found) == len(windows) else None


def axes_between(before: Shape | None, after: Shape | None, space: range, windows: Reach) -> list[Axis]:
    """The axes of space whose sizes before and after a kernel are known, and how it moves along them."""
    if not isinstance(windows, tuple) or before is None or after is None or len(before) != len(after):
        return []
    if len(space) != len(windows):
        return []
    found: list[Axis] = []
    for place, window in zip(space, windows, strict=True):
        length, out, step = before[place], after[place], step_of(window)
        if isinstance(length, int) and isinstance(out, int) and step is not None:
            found.append(Axis(place, length, out, step))
    return found
