"""The answer of `cnnsum fit` as text and as JSON, `cnnsum.fit/1`. Sees the plain records and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from cnnsum.answers.fit.records import Fit, Limit
from cnnsum.answers.measures import MEASURES
from cnnsum.answers.variants.costs import Costs
from cnnsum.counted import counted
from cnnsum.render import units
from cnnsum.render.style import NUMBER, printable
from cnnsum.render.wrap import Span

SCHEMA = "cnnsum.fit/1"

_LABEL = 20
_AMOUNT = 10
_Line = list[Span]


def lines(found: Fit, _width: int) -> Iterator[_Line]:
    """The answer as lines of styled spans."""
    limits, optimizer = found.limits, found.optimizer
    name = printable("=".join(found.names))
    yield [(f'Model: "{printable(found.model)}"', "bold")]
    yield []
    if found.costs is not None:
        file = f"  (in the file {units.value(found.file)})" if found.file is not None else ""
        yield [(f" {name} = ", "bold"), (units.value(found.value), f"bold {NUMBER}"), (file, "")]
        yield from costs_within(found.costs, limits, optimizer)
        if found.unlimited:
            last = " No larger value is accepted or was asked for: the limits have no effect."
            yield [(last, "")]
    elif found.unlimited:
        yield from _unlimited(found, limits, name)
    elif found.binding:
        yield [(" Nothing is within the limits.", "bold")]
    elif found.next is not None:
        text = f" Nothing that was asked for is accepted; the next that is, is {name} = {units.value(found.next)}."
        yield [(text, "bold")]
    else:
        yield [(" Nothing that was looked at is accepted.", "bold")]
    outcome = found.next_outcome
    if outcome is not None and outcome.costs is not None and found.binding:
        yield []
        what = "The next larger" if found.costs is not None else "The least"
        text = f" {what} that is accepted, {name} = {units.value(found.next)}, breaks"
        yield [(text, ""), (_and_names(found.binding), "")]
        yield from costs_within(outcome.costs, found.binding, optimizer)
    yield from refused(found.recorded)
    yield []
    if found.below is not None:
        yield [(f" Not all smaller values are within the limits: {name} = {units.value(found.below)} is not.", "")]
    yield [(f" {_method(found)}", "")]
    if found.whole:
        text = f" Only whole values were considered, as the file's is; --vary {name}=0.01:2:0.01 considers decimals."
        yield [(text, "")]


def refused(recorded: str | None) -> Iterator[_Line]:
    """What an exported program records, and what follows from that."""
    if recorded is not None:
        yield [(f" The program records {printable(recorded)}: PyTorch refuses to run it at other values.", "")]


def _unlimited(found: Fit, limits: tuple[Limit, ...], name: str) -> Iterator[_Line]:
    """What holds whatever is chosen, or as far as was looked."""
    if found.looked_up_to is None:
        yield [(f" No limit has an effect on {name}:", "bold")]
        scope = f"  whatever {name} is"
    else:
        last = units.value(found.looked_up_to)
        yield [(f" No limit is reached up to {name} = {last}, beyond which nothing was looked at:", "bold")]
        scope = ""
    for limit in limits:
        formula = found.formulas.get(limit.name)
        text = units.exact(formula) if formula is not None else "within the limit"
        yield [(f"   {MEASURES[limit.measure].full:<{_LABEL}}", ""), (text, NUMBER), (scope, "")]


def costs_within(costs: Costs, limits: tuple[Limit, ...], optimizer: str) -> Iterator[_Line]:
    """What is limited, and how much of it is left, or too much."""
    for limit in limits:
        amount = costs._asdict()[limit.measure]
        shown = _shown_as(limit.measure)
        most = shown(limit.most)
        apart = shown(abs(limit.most - amount))
        note = f"of {most}" if amount <= limit.most else f"over {most} by {apart}"
        note += f", {apart} left" if amount < limit.most else ""
        note += f", with {optimizer}" if limit.measure == "training" else ""
        yield cost(MEASURES[limit.measure].full, limit.measure, amount, note)


def cost(title: str, measure: str, amount: int, note: str) -> _Line:
    """A cost in a line of its own: in a column for all of them, with its unit, and what is to be said of it."""
    number, _, unit = _shown_as(measure)(amount).partition(" ")
    return [(f"   {title:<{_LABEL}}", ""), (f"{number:>{_AMOUNT}}", NUMBER), (f" {unit:<3}  {note}".rstrip(), "")]


def _shown_as(measure: str) -> Callable[[int], str]:
    return MEASURES[measure].short


def _and_names(limits: tuple[Limit, ...]) -> str:
    names = [f"--{limit.name}" for limit in limits]
    return f" {' and '.join(names)}:"


def _method(found: Fit) -> str:
    tried = counted(found.tried, "value")
    if found.method == "formula":
        return f"Solved on the formulas of the network; {tried} inferred to check it."
    step = f" in steps of {found.step}"
    if found.proved:
        return f"All values{step} were inferred, {found.tried:,} of them."
    searched = f"Searched{step}: {tried} inferred."
    if found.value is found.next is found.looked_up_to is None:
        return f"{searched} Costs were the same at all of them." if found.unlimited else searched
    return f"{searched} Costs are taken to rise with it, as they did there."


def document(found: Fit) -> dict[str, object]:
    """The answer as plain dictionaries and lists."""
    return {
        "schema": SCHEMA,
        "model": found.model,
        "optimizer": found.optimizer,
        "vary": list(found.names),
        "status": "unlimited" if found.unlimited else "found" if found.costs is not None else "nothing",
        "value": found.value,
        "file": found.file,
        "costs": costs_object(found.costs),
        "limits": [
            {
                "name": limit.name,
                "measure": limit.measure,
                "most": limit.most,
                "binding": any(limit.name == one.name for one in found.binding),
                "formula": units.plain_number(found.formulas[limit.name]) if limit.name in found.formulas else None,
            }
            for limit in found.limits
        ],
        "next": None
        if found.next is None or found.next_outcome is None
        else {"value": found.next, "costs": costs_object(found.next_outcome.costs)},
        "below": found.below,
        "method": found.method,
        "proved": found.proved,
        "inferred": found.tried,
        "step": found.step,
        "looked_up_to": found.looked_up_to,
        **({} if found.recorded is None else {"recorded": found.recorded}),
    }


def costs_object(costs: Costs | None) -> dict[str, object] | None:
    """Costs by the names of the measures."""
    return None if costs is None else costs._asdict()


def json_chunks(found: Fit) -> Iterator[str]:
    """The answer as JSON."""
    yield json.dumps(document(found), indent=1, ensure_ascii=True) + "\n"
