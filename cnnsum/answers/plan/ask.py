"""The plan of inference memory as plain records: the timeline, the storages with their places, and the best order.

Takes what the analyses found and gives names to it; knows no format and no screen. It is made when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable

from cnnsum.analyses.counting import Counter
from cnnsum.analyses.memory.activations import value_bytes
from cnnsum.analyses.memory.timeline import Timeline, timeline
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.typed import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from cnnsum.graph.infer import Inference
    from cnnsum.graph.model import Graph

if TYPE_CHECKING:
    from cnnsum.answers.summary.records import Report
    from cnnsum.model import Model


class Moment(NamedTuple):
    """One call, and the live bytes before it, while it runs, and after it.

    path: the nested models that it runs in. waiting: of the bytes while it runs, those that it neither reads nor makes:
    they are there for a later call. scratch: those of its inner tensors.
    """

    layer: str
    path: tuple[str, ...]
    before: Dim
    during: Dim
    after: Dim
    waiting: Dim
    scratch: Dim


class Held(NamedTuple):
    """A storage: the layer that it was made for, and the layers whose outputs are in it, one after the other.

    first: the call that makes it, -1 for an input of the model. last: the last call that needs it; the number of calls
    for what lives to the end. offset: where it begins in the arena; None where there is no arena.
    """

    name: str
    holds: tuple[str, ...]
    bytes: Dim
    first: int
    last: int
    offset: int | None


class Inner(NamedTuple):
    """An inner tensor of a call, which is there only while that runs."""

    call: int
    bytes: Dim
    offset: int | None


class Alive(NamedTuple):
    """A tensor that is alive at the peak: the layer that it was made for, and the one whose output is in it by then."""

    name: str
    holds: str
    bytes: Dim


class ArenaPlan(NamedTuple):
    """One piece of memory for all tensors; `lower_bound` is the peak, which it cannot be smaller than.

    by: the sequence in which the tensors were placed: "size", "breadth", "duration" or "step".
    """

    bytes: int
    lower_bound: int
    by: str


class BestOrderPlan(NamedTuple):
    """The order of execution with the smallest peak.

    status: "exact", or "bound" where the search was given up: `peak` is then the best that was found, and `lower_bound`
    what no order goes below. saves: bytes against the order of execution. arena: bytes of an arena in this order.
    calls: by their places in the order of execution. layers: the same by their names.
    """

    status: Literal["exact", "bound"]
    peak: int
    lower_bound: int
    saves: int
    arena: int
    calls: tuple[int, ...]
    layers: tuple[str, ...]


class Plan(NamedTuple):
    """The memory of inference, call by call. Numbers are bytes.

    peak: the largest number of live bytes; layer and call: where it is, None where it is a formula or not known.
    alive: the tensors there. arena, best_order: None where sizes are not numbers.
    """

    peak: Dim
    layer: str | None
    call: int | None
    alive: tuple[Alive, ...]
    inner: Dim
    timeline: tuple[Moment, ...]
    storages: tuple[Held, ...]
    scratch: tuple[Inner, ...]
    arena: ArenaPlan | None
    best_order: BestOrderPlan | None


def plan(model: Model, report: Report | None = None, *, batch: int | None = None, order: bool = True) -> Plan:
    """The memory of inference, call by call: what lives when, an arena, and the order that needs the least.

    report: of the same model, whose batch is taken; without it, batch: as for `summarize`. order: also the arena, and
    the best order of execution.
    """
    if report is not None and batch is not None:
        raise ValueError("plan(): the batch is that of the report: leave one of the two out")
    from cnnsum.answers.summary.ask import require_own, summarize

    if report is None:
        report = summarize(model, batch=batch, details=False)
    else:
        require_own("plan", model, report)
    inference = model.inference
    if inference.needs:
        from cnnsum.analyses.sizes.settled import settled

        inference = settled(inference, model.sizes)
    return _plan_of(model.graph, inference, report.batch, report.totals.peak.bytes, order=order)


def _plan_of(graph: Graph, inference: Inference, batch: Dim, peak: Dim, *, order: bool = True) -> Plan:
    """The plan of a graph's inference.

    peak: the number that the report has, which may be a formula. order: also the arena and the best order.
    """
    if peak is UNKNOWN or not inference.inputs:
        return Plan(UNKNOWN, None, None, (), UNKNOWN, (), (), (), None, None)
    counter = Counter(graph.batch, batch)
    sizes = value_bytes(inference, counter)
    found = timeline(inference, sizes, counter)
    names = _names(graph, inference)
    arena = offsets = best = None
    if order:
        from cnnsum.analyses.memory.arena import buffers, plan
        from cnnsum.analyses.memory.ordering import best_order

        needed = buffers(found)
        if needed is not None:
            placed = plan(needed)
            offsets = placed.offsets
            arena = ArenaPlan(placed.bytes, placed.lower_bound, placed.by)
        cheapest = best_order(inference, sizes, counter)
        if cheapest is not None and arena is not None:
            other = buffers(timeline(inference, sizes, counter, cheapest.order))
            assert other is not None
            best = BestOrderPlan(
                cheapest.status,
                cheapest.bytes,
                cheapest.lower_bound,
                arena.lower_bound - cheapest.bytes,
                plan(other).bytes,
                cheapest.order,
                tuple([inference.calls[number].layer.name for number in cheapest.order]),
            )
    most = found.peak
    at = most[1] if most is not None else None
    return Plan(
        peak,
        None if at is None or at < 0 else found.steps[at].call.layer.name,
        at,
        () if at is None else _alive(found, at, inference, names),
        _sum(found.steps[at].scratch) if at is not None and at >= 0 else 0,
        _moments(found),
        tuple(
            Held(
                names[one.values[0]],
                tuple([names[number] for number in one.values]),
                one.bytes,
                one.first,
                one.last,
                None if offsets is None else offsets[place],
            )
            for place, one in enumerate(found.storages)
        ),
        tuple(_inner(found, offsets)),
        arena,
        best,
    )


def _moments(found: Timeline) -> tuple[Moment, ...]:
    owner = {number: storage for storage in found.storages for number in storage.values}
    moments: list[Moment] = []
    for step in found.steps:
        used = {
            owner[value].values[0]: owner[value].bytes
            for value in (*step.call.inputs, *step.call.outputs)
            if value in owner
        }
        scratch = _sum(step.scratch)
        waiting = UNKNOWN if step.during is UNKNOWN else step.during - scratch - _sum(used.values())
        path = tuple([layer.name for layer in step.call.path])
        moments.append(Moment(step.call.layer.name, path, step.before, step.during, step.after, waiting, scratch))
    return tuple(moments)


def _inner(found: Timeline, offsets: tuple[int, ...] | None) -> list[Inner]:
    """The inner tensors of all calls; in the arena they come behind the storages."""
    result: list[Inner] = []
    for number, step in enumerate(found.steps):
        for size in step.scratch:
            place = len(found.storages) + len(result)
            result.append(Inner(number, size, None if offsets is None else offsets[place]))
    return result


def _alive(found: Timeline, at: int, inference: Inference, names: dict[int, str]) -> tuple[Alive, ...]:
    """The storages alive at a call, the largest first, and what is in them once it has run."""
    made = {number: step for step, call in enumerate(inference.calls) for number in call.outputs}
    result: list[Alive] = []
    for storage in found.alive(at):
        now = [number for number in storage.values if made.get(number, -1) <= at]
        result.append(Alive(names[storage.values[0]], names[now[-1]], storage.bytes))
    return tuple(sorted(result, key=lambda one: -one.bytes if isinstance(one.bytes, int) else 0))


def _names(graph: Graph, inference: Inference) -> dict[int, str]:
    """What every value is called: its layer's name; `lstm:1` is the second output, `dense[1]` is of the second call."""
    names = {n: node.layer.name for node, n in zip(graph.inputs, inference.inputs, strict=False)}
    times: dict[str, int] = {}
    for call in inference.calls:
        name = call.layer.name
        before = times[name] = times.get(name, -1) + 1
        for index, number in enumerate(call.outputs):
            names[number] = f"{name}[{before}]" if before else name
            if index:
                names[number] += f":{index}"
    return names


def _sum(sizes: Iterable[Dim]) -> Dim:
    total: Dim = 0
    for size in sizes:
        total = total + size
    return total
