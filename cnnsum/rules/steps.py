"""How a kernel moves, in plain numbers: what rules about samples count with.

Formulas are left out: where a size is not known, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.graph.infer import Call
from cnnsum.layers.facts import Window
from cnnsum.rules.kinds import axes_of_space
from cnnsum.rules.network import Network
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


def axes_of(network: Network, call: Call) -> list[Axis]:
    """The spatial axes of a call whose sizes are known."""
    return list(_axes(network, call))


def _axes(network: Network, call: Call) -> Iterator[Axis]:
    windows = call.facts.window
    before, after = network.input_shape(call), network.output_shape(call)
    if not isinstance(windows, tuple) or before is None or after is None or len(before) != len(after):
        return
    places = axes_of_space(call, len(before))
    if len(places) != len(windows):
        return
    for place, window in zip(places, windows, strict=True):
        length, out, step = before[place], after[place], step_of(window)
        if isinstance(length, int) and isinstance(out, int) and step is not None:
            yield Axis(place, length, out, step)
