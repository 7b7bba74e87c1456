"""`cnnsum diff OLD NEW`: what is different between two models, and which weights still fit."""

from __future__ import annotations

import click

from cnnsum.answers.given import CHECKPOINTS
from cnnsum.cli.asked import Asked
from cnnsum.cli.formats import format_for, format_option
from cnnsum.cli.frame import question
from cnnsum.cli.options import batch_option
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.readers.how import How


@click.command(name="diff")
@click.argument("old")
@click.argument("new")
@click.option(
    "--optimizer",
    default="adam",
    metavar="NAME",
    help="Optimizer of training memory.  [default: adam]",
)
@format_option("diff")
@click.option(
    "--weights-format",
    type=click.Choice(CHECKPOINTS),
    default="keras",
    help="Checkpoints that weights are loaded from: .weights.h5, or legacy .h5.  [default: keras]",
)
@batch_option
@question
def command(
    asked: Asked,
    *,
    old: str,
    new: str,
    how: How,
    batch: int | None,
    optimizer: str,
    format: str,
    weights_format: str,
) -> bool:
    """Print what is different between two models: layers, numbers, legal sizes, and the weights that still fit.

    Layers are matched by name, then by what they do. -v lists all of them. The exit code is 0 whatever the differences
    are; 1 where one of the models has errors.
    """
    format = format_for("diff", asked.output, format)
    if old == new == "-":
        raise click.UsageError("only one of the models can be standard input")
    from cnnsum.answers.diff.ask import diff
    from cnnsum.cli.output import room_of
    from cnnsum.model import Model

    models = [Model(asked.read(path), how) for path in (old, new)]
    result = diff(*models, batch=batch, optimizer=optimizer, weights_format=weights_format)
    looks = {"verbose": asked.verbose, "room": room_of(asked.output)} if format == "text" else {}
    try:
        asked.answer("diff", format, result, **looks)
    finally:
        asked.report(dict.fromkeys(one for model in models for one in model.diagnostics))
    return any(model.wrong for model in models)
