"""`cnnsum show MODEL --sweep NAME=VALUES`: one line per variant of a model. Loaded for sweeps only."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from cnnsum.answers.summary.ask import policy_of
from cnnsum.answers.sweep.ask import Sweep
from cnnsum.answers.sweep.records import Head, Swept
from cnnsum.answers.variants.ranges import RangeError, swept
from cnnsum.answers.variants.reading import first_error, reading_of

if TYPE_CHECKING:
    from cnnsum.answers.variants.costs import Variant
    from cnnsum.cli.asked import Asked
    from cnnsum.readers.how import How


def run(
    asked: Asked,
    sweeps: tuple[str, ...],
    *,
    model: str,
    how: How,
    batch: int | None,
    precision: str | None,
    optimizer: str,
    format: str,
    **others: Any,
) -> bool:
    """Print every variant; returns whether one of them is not a model at all, or none is accepted."""
    for name, value in others.items():
        if value:
            raise click.UsageError(f"--sweep does not go with --{name.replace('_only', '').replace('_', '-')}")
    try:
        axes = [swept(text) for text in sweeps]
    except RangeError as error:
        raise click.BadParameter(str(error), param_hint="'--sweep'") from None
    how = how._replace(dtype=policy_of(precision, how.dtype))
    reading, found = reading_of(asked.read(model), how, batch, optimizer)
    sweep = Sweep(reading, axes)
    wrong = first_error(found)
    if wrong is not None and wrong.code.startswith(("SPC", "GRF")) and not sweep.has_vars:
        # No size mends it: one finding with its place, and not one line for each variant.
        asked.report(found.diagnostics, after_result=False)
        return True
    batched = any(name in sweep.batch_names for name in sweep.names)
    fixed = found.graph.batch if isinstance(found.graph.batch, int) else None
    head = Head(
        found.graph.name,
        sweep.names,
        tuple((axis.names, axis.values or ()) for axis in sweep.axes),
        sweep.count,
        None if batched else batch or fixed or 1,
        reading.optimizer_title,
    )
    seen = _Seen()
    # The first variant is made before anything is written: what is wrong with all of them is found with it.
    variants = seen.of(iter(sweep))
    first = next(variants)
    every = chain((first,), variants)
    try:
        asked.answer("sweep", format, Swept(head, every))
    finally:
        asked.report(one for one in found.diagnostics if one.severity != "error")
    return seen.wrong or not seen.accepted


class _Seen:
    """What kinds of variants have come by."""

    def __init__(self) -> None:
        self.accepted = False
        self.wrong = False

    def of(self, variants: Iterator[Variant]) -> Iterator[Variant]:
        for variant in variants:
            status = variant.outcome.status
            self.accepted = self.accepted or status == "legal"
            self.wrong = self.wrong or status == "error"
            yield variant
