"""The answer of `cnnsum fit` as text and as JSON, `cnnsum.fit/1`. Sees the plain records and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cnnsum.answers.fit.records import Answer, Fit, Limit
from cnnsum.answers.variants.costs import Costs
from cnnsum.render import units
from cnnsum.render.style import NUMBER, printable
from cnnsum.render.wrap import Span

SCHEMA = "cnnsum.fit/1"

_LABEL = 22
_NUMBER = 10
_Line = list[Span]

_TITLES = {
    "params": "parameters",
    "macs": "MACs per sample",
    "flops": "FLOPs per sample",
    "inference": "memory of inference",
    "training": "memory of training",
}
_COUNTS = ("params", "macs", "flops")


def lines(answer: Answer, _width: int) -> Iterator[_Line]:
    """The answer as lines of styled spans."""
    model, found, limits, optimizer = answer
    name = printable("=".join(found.names))
    yield [(f'Model: "{printable(model)}"', "bold")]
    yield []
    if found.costs is not None:
        file = f"  (in the file {found.file:,})" if found.file is not None else ""
        yield [(f" {name} = ", "bold"), (f"{found.value:,}", f"bold {NUMBER}"), (file, "")]
        yield from _costs(found.costs, limits, optimizer)
        if found.unlimited:
            last = " No larger value is accepted or was asked for: the limits have no effect."
            yield [(last, "")]
    elif found.unlimited:
        yield [(f" No limit has an effect on {name}:", "bold")]
        for limit in limits:
            formula = found.formulas.get(limit.name)
            text = units.exact(formula) if formula is not None else "within the limit"
            yield [(f"   {_TITLES[limit.measure]:<{_LABEL}}", ""), (text, NUMBER), (f"  whatever {name} is", "")]
    else:
        yield [(" Nothing is within the limits.", "bold")]
    outcome = found.next_outcome
    if outcome is not None and outcome.costs is not None and found.binding:
        yield []
        what = "The next larger" if found.costs is not None else "The least"
        yield [(f" {what} that is accepted, {name} = {found.next:,}, breaks", ""), (_and_names(found.binding), "")]
        yield from _costs(outcome.costs, found.binding, optimizer)
    yield []
    if found.below is not None:
        yield [(f" Not all smaller values are within the limits: {name} = {found.below:,} is not.", "")]
    yield [(f" {_method(found)}", "")]
    if found.whole and found.costs is None:
        text = f" Only whole values were considered, as the file's is; --vary {name}=0.01:2:0.01 considers decimals."
        yield [(text, "")]


def _costs(costs: Costs, limits: tuple[Limit, ...], optimizer: str) -> Iterator[_Line]:
    for limit in limits:
        amount = costs._asdict()[limit.measure]
        shown = units.count if limit.measure in _COUNTS else units.memory
        number, _, unit = shown(amount).partition(" ")
        most = shown(limit.most)
        apart = shown(abs(limit.most - amount))
        sign = f"of {most}" if amount <= limit.most else f"over {most}"
        note = f", {apart} {'left' if amount <= limit.most else 'too much'}" if amount != limit.most else ""
        note += f", with {optimizer}" if limit.measure == "training" else ""
        yield [
            (f"   {_TITLES[limit.measure]:<{_LABEL}}", ""),
            (f"{number:>{_NUMBER}}", NUMBER),
            (f" {unit:<3}  {sign}{note}", ""),
        ]


def _and_names(limits: tuple[Limit, ...]) -> str:
    names = [f"--{limit.name}" for limit in limits]
    return f" {' and '.join(names)}:"


def _method(found: Fit) -> str:
    tried = f"{found.tried:,} value{'s' * (found.tried != 1)}"
    if found.method == "formula":
        return f"Solved on the formulas of the network; {tried} inferred to check it."
    step = f" in steps of {found.step}"
    if found.proved:
        return f"All values{step} were inferred, {found.tried:,} of them."
    return f"Searched{step}: {tried} inferred. Costs are taken to rise with it, as they did there."


def document(answer: Answer) -> dict[str, Any]:
    """The answer as plain dictionaries and lists."""
    model, found, limits, optimizer = answer
    return {
        "schema": SCHEMA,
        "model": model,
        "optimizer": optimizer,
        "vary": list(found.names),
        "status": "unlimited" if found.unlimited else "found" if found.costs is not None else "nothing",
        "value": found.value,
        "file": found.file,
        "costs": _costs_object(found.costs),
        "limits": [
            {
                "name": limit.name,
                "measure": limit.measure,
                "most": limit.most,
                "binding": any(limit.name == one.name for one in found.binding),
                "formula": units.plain_number(found.formulas[limit.name]) if limit.name in found.formulas else None,
            }
            for limit in limits
        ],
        "next": None
        if found.next is None or found.next_outcome is None
        else {"value": found.next, "costs": _costs_object(found.next_outcome.costs)},
        "below": found.below,
        "method": found.method,
        "proved": found.proved,
        "inferred": found.tried,
        "step": found.step,
    }


def _costs_object(costs: Costs | None) -> dict[str, Any] | None:
    return None if costs is None else costs._asdict()


def json_chunks(answer: Answer) -> Iterator[str]:
    """The answer as JSON."""
    yield json.dumps(document(answer), indent=1, ensure_ascii=True) + "\n"
