"""What stands at the border of a graph that runs again and again (`Loop`, `Scan`), where one run stands for all; and
a part of a tensor that is split into a sequence.

None of these is an operation of its own, and none costs anything (`cnnsum.layers.arithmetic.repeated`).
"""

from __future__ import annotations

from cnnsum.dims import UNKNOWN, Dim, Expr, maximum
from cnnsum.layers.arithmetic.contents import content_of
from cnnsum.layers.arithmetic.programs import sliced
from cnnsum.layers.arithmetic.repeated import are_kept, result_of, state_of
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Sentence, Shape, show_shape
from cnnsum.layers.kinds import PlainInt, PlainPos
from cnnsum.layers.onnx.fields import DOMAIN, Switch
from cnnsum.layers.requiring import axis_of, require_at_least, require_equal


@layer(key=f"{DOMAIN}.Loop.number", name="Loop.number")
def run_number() -> Facts:
    """Which run of a `Loop` it is."""
    return Facts((), gradient="none", dtype="int64")


@layer(key=f"{DOMAIN}.Loop.state", name="Loop.state")
def state(x: Shape) -> Facts:
    """What the first run of a `Loop` or `Scan` is given, as any run is: the numbers in it are not known."""
    return state_of(x)


@layer(key=f"{DOMAIN}.Loop.result", name="Loop.result")
def result(*states: Shape) -> Facts:
    """The first of several states after all runs of a `Loop` or `Scan`; states: each before and after a run."""
    return result_of(states)


@layer(key=f"{DOMAIN}.Loop.stack", name="Loop.stack", reads=True)
def stacked(
    element: Shape, *others: Shape, axis: PlainInt, counted: Switch = False, along: PlainInt | None = None
) -> Facts:
    """What all runs of a `Loop` or `Scan` give, along a new axis. others: what tells how many there are, and states."""
    length: Dim = UNKNOWN
    if others and (counted or along is not None):
        source, others = others[0], others[1:]
        found = content_of(source) if counted else (source[axis_of(source, along or 0, "Scan")],)
        length = found[0] if found and isinstance(found[0], (int, Expr)) else UNKNOWN
        length = maximum(length, 0) if length is not UNKNOWN else length
    if not are_kept(others):
        return Facts(None, dtype="first")
    place = axis_of((*element, length), axis, "Scan")
    return Facts((*element[:place], length, *element[place:]), dtype="first")


@layer(key=f"{DOMAIN}.Scan.slice", name="Scan.slice")
def part(x: Shape, first: Shape, *, axis: PlainInt, first_axis: PlainInt) -> Facts:
    """What a run of a `Scan` is given of a tensor that is taken apart along an axis, as long as that of the first."""
    place, other = axis_of(x, axis, "Scan"), axis_of(first, first_axis, "Scan")
    reason = f"Scan needs inputs of one length, got {show_shape(first)} and {show_shape(x)}"
    require_equal(first[other], x[place], reason, inputs=(1, 0))
    return Facts((*x[:place], *x[place + 1 :]), alias="view", dtype="first")


@layer(key=f"{DOMAIN}.SequenceAt.part", name="SequenceAt.part", reads=True)
def member(x: Shape, *, axis: PlainInt, length: PlainPos, place: PlainInt) -> Facts:
    """A tensor of the sequence that a tensor is split into, in parts of one length along an axis: the last may be
    shorter, and there is none behind it.
    """
    at, start = axis_of(x, axis, "SplitToSequence"), place * length
    reason = Sentence(f"SequenceAt asks for part {place}, from 0, of parts of {length} along axis {at} of {{}}", (x,))
    require_at_least(x[at], start + 1, reason)
    return sliced("SequenceAt", x, (at,), (start,), (start + length,), (1,))


@layer(key=f"{DOMAIN}.Optional", name="Optional", aliases=f"{DOMAIN}.OptionalGetElement", ignored="type")
def optional(x: Shape) -> Facts:
    """What may be there or not, where it is a tensor that is there: the input as it is."""
    return Facts(x, alias="view", dtype="first")


@layer(key=f"{DOMAIN}.OptionalHasElement", name="OptionalHasElement")
def is_there(x: Shape | None = None) -> Facts:
    """Whether there is anything."""
    return Facts((), gradient="none", dtype="bool")
