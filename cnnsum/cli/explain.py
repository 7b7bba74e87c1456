"""`cnnsum explain MODEL [LAYER]`: the arithmetic of every number, with the numbers put in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnnsum.cli.formats import format_option, refuse_others
from cnnsum.cli.options import How, model_options

if TYPE_CHECKING:
    from cnnsum.cli.output import Sources
    from cnnsum.model import Model


@click.command(name="explain", short_help="Each number's formula, with the numbers put in.")
@click.argument("model")
@click.argument("layer", required=False)
@format_option("explain")
@click.option("--convention", metavar="NAME", help="The way from our MACs to another tool's: fvcore, torchinfo, ….")
@model_options
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Explain each layer of MODEL: how its shape, parameters, work, memory and receptive field come about.

    LAYER chooses layers by name; * and ? stand for any letters, and a layer of a nested model is model/layer. Each
    number has its general formula, the formula with the numbers put in, and the reason. Layers that repeat an earlier
    one are referred to it.
    """
    from cnnsum.cli.output import Sources, report_diagnostics
    from cnnsum.diagnostics import UnusableError

    sources = Sources()
    try:
        errors = _explain(sources, **given)
    except UnusableError as error:
        if error.line is not None and error.diagnostics[0].span is not None:
            sources.add(error.diagnostics[0].span.path, error.line)
        report_diagnostics(error.diagnostics, sources, color=given["color"])
        ctx.exit(2)
    ctx.exit(1 if errors else 0)


def _explain(
    sources: Sources,
    *,
    model: str,
    layer: str | None,
    how: How,
    batch: int | None,
    convention: str | None,
    format: str,
    output: str | None,
    color: str,
    quiet: bool,
    verbose: bool,
) -> bool:
    """Read, explain, print; returns whether the model has errors."""
    from cnnsum.cli.output import report_diagnostics, write_result
    from cnnsum.source import read

    refuse_others("explain", format, () if convention is None else ("--convention",))
    document = read(model)
    sources.add(document.path, document.line)
    found = how.model(document)
    if convention is None:
        renderers = _arithmetic(found, layer, batch, format)
    elif layer is not None:
        raise click.UsageError("--convention is about the whole model: leave LAYER out")
    else:
        renderers = _reconciliation(found, convention, batch, format)
    try:
        write_result(output, model, color, format=format, **renderers)
    finally:
        report_diagnostics(
            found.diagnostics, sources, color=color, quiet=quiet, verbose=verbose, after_result=output is None
        )
    return any(diagnostic.severity == "error" for diagnostic in found.diagnostics)


def _arithmetic(found: Model, layer: str | None, batch: int | None, format: str) -> dict[str, Any]:
    """What writes the explanation of the layers: arguments of `write_result`."""
    from cnnsum.answers.explain import data as explain_formats
    from cnnsum.answers.explain import text as explain_text
    from cnnsum.model import explain

    try:
        explanation = explain(found, layer, batch=batch)
    except LookupError as error:
        raise click.UsageError(str(error.args[0])) from None
    if format == "json":
        return {"plain": lambda: explain_formats.json_chunks(explanation)}
    if format == "markdown":
        return {"plain": lambda: explain_formats.markdown_chunks(explanation)}
    return {"styled": lambda width: explain_text.lines(explanation, width)}


def _reconciliation(found: Model, convention: str, batch: int | None, format: str) -> dict[str, Any]:
    """What writes the way from our count to another tool's. Raises UnusableError for a tool that is not known."""
    from cnnsum.answers.conventions import formats as convention_formats
    from cnnsum.model import reconcile

    result = reconcile(found, convention, batch=batch)
    if format == "json":
        return {"plain": lambda: (convention_formats.text(result),)}
    return {"styled": lambda width: convention_formats.lines(result, width)}
