"""`cnnsum diff OLD NEW`: what is different between two models, and which weights still fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnnsum.cli.formats import format_option
from cnnsum.cli.options import How, model_options

if TYPE_CHECKING:
    from cnnsum.answers.diff.ask import Side
    from cnnsum.cli.output import Sources
    from cnnsum.diagnostics import Diagnostic
    from cnnsum.model import Model
    from cnnsum.source import Document


@click.command(name="diff", short_help="What is different between two models.")
@click.argument("old")
@click.argument("new")
@click.option("--optimizer", default="adam", metavar="NAME", help="Optimizer of training memory.  [default: adam]")
@format_option("diff")
@click.option(
    "--weights-format",
    type=click.Choice(("keras", "h5", "h5-by-name")),
    default="keras",
    help="Checkpoints that weights are loaded from: .weights.h5, or legacy .h5.  [default: keras]",
)
@model_options
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Print what is different between two models: layers, numbers, legal sizes, and the weights that still fit.

    Layers are the same by name, then by what they do. -v lists all of them. The exit code is 0 whatever the differences
    are; 1 where one of the models has errors.
    """
    from cnnsum.cli.output import Sources, report_diagnostics
    from cnnsum.diagnostics import UnusableError

    sources = Sources()
    try:
        faulty = _diff(sources, **given)
    except UnusableError as error:
        if error.line is not None and error.diagnostics[0].span is not None:
            sources.add(error.diagnostics[0].span.path, error.line)
        report_diagnostics(error.diagnostics, sources, color=given["color"])
        ctx.exit(2)
    ctx.exit(1 if faulty else 0)


def _diff(
    sources: Sources,
    *,
    old: str,
    new: str,
    how: How,
    batch: int | None,
    optimizer: str,
    format: str,
    weights_format: str,
    output: str | None,
    color: str,
    quiet: bool,
    verbose: bool,
) -> bool:
    """Read both, compare, print; returns whether one of them has errors."""
    if old == new == "-":
        raise click.UsageError("only one of the models can be standard input")
    from cnnsum.answers.diff.ask import Side, diff
    from cnnsum.answers.diff.formats import lines, markdown_chunks, text
    from cnnsum.cli.output import refuse_own_source, report_diagnostics, write_result
    from cnnsum.diagnostics import UnusableError
    from cnnsum.model import summarize
    from cnnsum.source import read

    if output is not None and output != "-":
        refuse_own_source(new, output)

    def side(document: Document) -> tuple[Side, Model]:
        model = how.model(document)
        report = summarize(model, batch=batch, optimizer=optimizer, details=False)
        try:
            freed = how.model(document, ("spatial", "declared"))
        except UnusableError:
            return Side(model.graph, report, None), model
        wrong = any(one.severity == "error" for one in freed.diagnostics)
        return Side(model.graph, report, None if wrong else freed.sizes), model

    sides: list[Side] = []
    diagnostics: list[Diagnostic] = []
    for path in (old, new):
        document = read(path)
        sources.add(document.path, document.line)
        found, model = side(document)
        sides.append(found)
        diagnostics += model.diagnostics
    result = diff(sides[0], sides[1], weights_format)
    try:
        if format == "json":
            write_result(output, old, color, plain=lambda: (text(result),), format=format)
        elif format == "markdown":
            write_result(output, old, color, plain=lambda: markdown_chunks(result), format=format)
        else:
            write_result(output, old, color, styled=lambda _width: lines(result, verbose=verbose))
    finally:
        report_diagnostics(
            dict.fromkeys(diagnostics), sources, color=color, quiet=quiet, verbose=verbose, after_result=output is None
        )
    return any(one.severity == "error" for one in diagnostics)
