"""`cnnsum explain MODEL [LAYER]`: the arithmetic of every number, with the numbers put in."""

from __future__ import annotations

import click

from cnnsum.answers.given import EXPLAINED
from cnnsum.cli.asked import Asked
from cnnsum.cli.formats import format_for, format_option
from cnnsum.cli.frame import question
from cnnsum.cli.options import batch_option
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.readers.how import How


@click.command(name="explain")
@click.argument("model")
@click.argument("layers", nargs=-1, metavar="[LAYER]...")
@click.option("--only", type=click.Choice(EXPLAINED), multiple=True, help="Explain these numbers alone.")
@format_option("explain")
@click.option("--convention", metavar="NAME", help="How another tool's MACs differ from ours: fvcore, torchinfo, ….")
@batch_option
@question
def command(
    asked: Asked,
    *,
    model: str,
    layers: tuple[str, ...],
    only: tuple[str, ...],
    how: How,
    batch: int | None,
    convention: str | None,
    format: str,
) -> bool:
    """Explain each layer of MODEL: how its shape, parameters, work, memory and receptive field come about.

    LAYER chooses layers by name (* and ? stand for any letters, and a layer of a nested model is model/layer), by type
    (Conv2D), or by a number that is one of theirs (18496). Each number has its general formula, the formula with the
    numbers put in, and the reason. Layers that repeat an earlier one are referred to it.
    """
    from cnnsum.model import Model

    format = format_for("explain", asked.output, format)
    if convention is not None and layers:
        raise click.UsageError("--convention is about the whole model: leave LAYER out")
    found = Model(asked.read(model), how)
    answer: object
    if convention is None:
        from cnnsum.answers.explain.ask import explain

        topic = "explain"
        try:
            answer = explain(found, layers or None, batch=batch, only=only)
        except LookupError as error:
            raise click.UsageError(str(error.args[0])) from None
    else:
        from cnnsum.answers.conventions.ask import reconcile

        topic = "conventions"
        answer = reconcile(found, convention, batch=batch)
    try:
        asked.answer(topic, format, answer)
    finally:
        asked.report(found.diagnostics)
    return found.wrong
