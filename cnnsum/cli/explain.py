"""`cnnsum explain MODEL [LAYER]`: the arithmetic of every number, with the numbers put in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnnsum.cli.asked import Asked
from cnnsum.cli.formats import format_option, refuse_others
from cnnsum.cli.frame import question

if TYPE_CHECKING:
    from cnnsum.readers.how import How


@click.command(name="explain", short_help="Each number's formula, with the numbers put in.")
@click.argument("model")
@click.argument("layer", required=False)
@format_option("explain")
@click.option("--convention", metavar="NAME", help="How another tool's MACs differ from ours: fvcore, torchinfo, ….")
@question
def command(
    asked: Asked,
    *,
    model: str,
    layer: str | None,
    how: How,
    batch: int | None,
    convention: str | None,
    format: str,
) -> bool:
    """Explain each layer of MODEL: how its shape, parameters, work, memory and receptive field come about.

    LAYER chooses layers by name; * and ? stand for any letters, and a layer of a nested model is model/layer. Each
    number has its general formula, the formula with the numbers put in, and the reason. Layers that repeat an earlier
    one are referred to it.
    """
    from cnnsum.model import Model

    refuse_others("explain", format, () if convention is None else ("--convention",))
    if convention is not None and layer is not None:
        raise click.UsageError("--convention is about the whole model: leave LAYER out")
    found = Model(asked.read(model), how)
    answer: Any
    if convention is None:
        from cnnsum.answers.explain.ask import explain

        topic = "explain"
        try:
            answer = explain(found, layer, batch=batch)
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
