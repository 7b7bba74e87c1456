"""The plan of inference memory as lines below the summary, and as the object `totals.memory.plan` of the JSON report.

Sees the plain records and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.answers.plan.ask import BestOrderPlan, Plan
from cnnsum.counted import counted
from cnnsum.dims import UNKNOWN
from cnnsum.render import units
from cnnsum.render.style import printable
from cnnsum.render.wrap import Span, cell_length

_MOST_ALIVE = 12  # lines of tensors alive at the peak
_ORDER_INDENT = "     "
_NOTE = 43  # cells of a note
_NOW = ", now "


def sections(plan: Plan, *, verbose: bool) -> Iterator[tuple[str, int | None, str]]:
    """What is said of a plan: a label, bytes where there are any, and a note. `verbose` names all tensors."""
    if plan.peak is UNKNOWN:
        yield "  peak", None, "not known"
        return
    if plan.call is None:
        if not isinstance(plan.peak, int):
            yield "  peak", None, "depends on open sizes: give them with --input or --batch"
        return
    if not isinstance(plan.peak, int):
        return
    yield "  peak", plan.peak, _where(plan)
    shown = plan.alive if verbose or len(plan.alive) <= _MOST_ALIVE + 1 else plan.alive[:_MOST_ALIVE]
    for one in shown:
        note = _fitted(one.name, _NOTE)
        if one.holds != one.name:
            room = _NOTE - len(_NOW)
            second = _fitted(one.holds, max(room - cell_length(printable(one.name)), room // 2))
            note = f"{_fitted(one.name, room - cell_length(second))}{_NOW}{second}"
        if isinstance(one.bytes, int):
            yield "", one.bytes, note
    rest = [one.bytes for one in plan.alive[len(shown) :] if isinstance(one.bytes, int)]
    if rest:
        yield "", sum(rest), counted(len(rest), "more tensor")
    if isinstance(plan.inner, int) and plan.inner:
        yield "", plan.inner, "inside the layer"
    if plan.arena is not None:
        count = len(plan.storages) + len(plan.scratch)
        above = _above(plan.arena.bytes, plan.arena.lower_bound)
        yield "  arena", plan.arena.bytes, f"for {counted(count, 'tensor')}: {above}"
    if plan.best_order is not None:
        yield from _best(plan.best_order)


def _where(plan: Plan) -> str:
    if plan.layer is None or plan.call is None:
        return "before the first call:"
    place = f"call {plan.call + 1:,} of {len(plan.timeline):,}"
    return f"at {_fitted(plan.layer, _NOTE - len(place) - 6)}, {place}:"


def _best(best: BestOrderPlan) -> Iterator[tuple[str, int | None, str]]:
    proved = best.status == "exact"
    if best.saves:
        saved = f"saves {units.memory(best.saves)} ({_percent(best.saves, best.peak + best.saves)})"
        yield "  best order", best.peak, saved if proved else f"{saved}, the best that was found"
        yield "    its arena", best.arena, _above(best.arena, best.peak)
    elif proved:
        yield "  best order", best.peak, "is the order of execution"
    if not proved:
        yield "    at least", best.lower_bound, "in any order; the search was given up"


def order_lines(plan: Plan, width: int) -> Iterator[list[Span]]:
    """The best order in lines of names, where it needs less than the order of execution."""
    best = plan.best_order
    if best is None or not best.saves:
        return
    yield [(" Best order", "bold")]
    line = ""
    for index, layer in enumerate(best.layers):
        name = printable(layer) + ("," if index + 1 < len(best.layers) else "")
        if line and cell_length(line) + cell_length(name) + 1 > width - len(_ORDER_INDENT):
            yield [(f"{_ORDER_INDENT}{line}", "")]
            line = name
        else:
            line = f"{line} {name}" if line else name
    yield [(f"{_ORDER_INDENT}{line}", "")]


def _above(arena: int, peak: int) -> str:
    return f"{_percent(arena - peak, peak)} above the peak" if arena > peak else "no more than the peak"


def _fitted(name: str, width: int) -> str:
    """A name in so many cells: of a longer one both ends, for layers' names often differ at the end."""
    text = printable(name)
    if cell_length(text) <= width or len(text) != cell_length(text) or width < 5:
        return text
    tail = (width - 1) * 2 // 3
    return f"{text[: width - 1 - tail]}…{text[-tail:]}"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "0.0%"


def document(plan: Plan) -> dict[str, object]:
    """The plan as plain dictionaries and lists."""
    number = units.plain_number
    best = plan.best_order
    return {
        "peak": {
            "bytes": number(plan.peak),
            "layer": plan.layer,
            "call": plan.call,
            "alive": [{"name": one.name, "holds": one.holds, "bytes": number(one.bytes)} for one in plan.alive],
            "scratch": number(plan.inner),
        },
        "timeline": [
            {
                "layer": one.layer,
                "path": list(one.path),
                "before": number(one.before),
                "during": number(one.during),
                "after": number(one.after),
                "waiting": number(one.waiting),
                "scratch": number(one.scratch),
            }
            for one in plan.timeline
        ],
        "storages": [
            {
                "name": one.name,
                "holds": list(one.holds),
                "bytes": number(one.bytes),
                "first": one.first,
                "last": one.last,
                "offset": one.offset,
            }
            for one in plan.storages
        ],
        "scratch": [{"call": one.call, "bytes": number(one.bytes), "offset": one.offset} for one in plan.scratch],
        "arena": None if plan.arena is None else plan.arena._asdict(),
        "best_order": None
        if best is None
        else {**best._asdict(), "calls": list(best.calls), "layers": list(best.layers)},
    }
