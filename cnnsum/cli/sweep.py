"""`cnnsum show MODEL --sweep NAME=VALUES`: one line per variant of a model. Loaded for sweeps only."""

from __future__ import annotations

from functools import partial

import click

from cnnsum.answers import OptionError
from cnnsum.answers.summary.ask import policy_of
from cnnsum.answers.sweep.ask import Sweep
from cnnsum.answers.sweep.choosing import Choice
from cnnsum.answers.sweep.pieces import executor_of
from cnnsum.answers.sweep.records import Begun, Charted
from cnnsum.answers.variants.ranges import RangeError, swept
from cnnsum.answers.variants.reading import first_error, reading_of
from cnnsum.cli import progress
from cnnsum.cli.output import can_draw, say, standard_output
from cnnsum.render.style import printable
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    where: str | None,
    pareto: str | None,
    sort: str | None,
    top: int | None,
    chart: str | None,
    jobs: int | None,
    dask: str | None,
    **_looks: object,
) -> bool:
    """Print every variant; returns whether one of them is not a model at all, or none is accepted."""
    try:
        axes = [swept(text) for text in sweeps]
    except RangeError as error:
        raise click.BadParameter(str(error), param_hint="'--sweep'") from None
    how = how._replace(dtype=policy_of(precision, how.dtype))
    reading, found = reading_of(asked.read(model), how, batch, optimizer)
    sweep = Sweep(reading, axes, Choice(where, pareto, sort, top), executor=executor_of(jobs, dask))
    wrong = first_error(found)
    if wrong is not None and wrong.code.startswith(("SPC", "GRF")) and not sweep.has_vars:
        # No size mends it: one finding with its place, and not one line for each variant.
        asked.report(found.diagnostics, after_result=False)
        return True
    sweep.progress = partial(progress.count, what="variants")
    say_if_slow(sweep, asked)
    begun = Begun(sweep)
    try:
        if chart is None:
            asked.answer("sweep", format, begun)
        else:
            names = tuple(name.strip().removeprefix("-") for name in (pareto or "").split(",") if name)
            asked.answer("sweep chart", format, Charted(begun, chart, names, ascii=not can_draw(standard_output())))
    except OptionError as error:
        raise click.UsageError(error.sentence) from None
    finally:
        asked.report(one for one in found.diagnostics if one.severity != "error")
    if sweep.unsure and not asked.quiet:
        say(f"{sweep.unsure:,} left out: it is not known whether --where holds of them")
    return _failed(sweep, begun.shown)


def say_if_slow(sweep: Sweep, asked: Asked) -> None:
    """Say before it begins how a sweep would take less time, if it takes long."""
    if sweep.is_slow and not asked.quiet:
        say(f"{sweep.count:,} variants one by one; with NumPy in a hundredth of the time: pip install 'cnnsum[sweep]'")


def _failed(sweep: Sweep, shown: Mapping[str, str]) -> bool:
    """Whether the sweep fails; says why where no variant that is shown does."""
    bad = "error" if sweep.wrong else None if sweep.accepted else "illegal"
    if bad is None:
        return False
    if bad not in shown and bad in sweep.became:
        what = "an error among those that are left out" if bad == "error" else "no variant is accepted"
        say(f"{what}: {printable(sweep.became[bad])}")
    return True
