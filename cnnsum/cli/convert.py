"""`cnnsum convert MODEL --to keras|yaml|json`: the same network in another format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnnsum.cli.options import How, model_options

if TYPE_CHECKING:
    from cnnsum.cli.output import Sources

FORMATS = ("keras", "yaml", "json")


@click.command(name="convert", short_help="The same network in another format.")
@click.argument("model")
@click.option(
    "--to",
    type=click.Choice(FORMATS),
    required=True,
    help="keras: JSON for keras.models.model_from_json; yaml, json: cnnsum's own language.",
)
@model_options
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Print MODEL as Keras 3 writes it, or as a spec.

    A spec says what shapes and numbers depend on: initializers and the like are left out. Reading it back gives the
    same report. What the format has no words for is an error (exit code 1), and then nothing is written.
    """
    from cnnsum.cli.output import Sources, report_diagnostics
    from cnnsum.diagnostics import UnusableError

    sources = Sources()
    try:
        failed = _convert(sources, **given)
    except UnusableError as error:
        if error.line is not None and error.diagnostics[0].span is not None:
            sources.add(error.diagnostics[0].span.path, error.line)
        report_diagnostics(error.diagnostics, sources, color=given["color"])
        ctx.exit(2)
    ctx.exit(1 if failed else 0)


def _convert(
    sources: Sources,
    *,
    model: str,
    to: str,
    how: How,
    batch: int | None,
    output: str | None,
    color: str,
    quiet: bool,
    verbose: bool,
) -> bool:
    """Read, write; returns whether there was something that cannot be written."""
    from cnnsum.cli.output import refuse_own_source, report_diagnostics, write_result
    from cnnsum.diagnostics import UnusableError
    from cnnsum.source import read
    from cnnsum.writers import copied, write

    del batch  # no format that is written here has one
    if output is not None and output != "-":
        refuse_own_source(model, output)
    document = read(model)
    sources.add(document.path, document.line)
    found = how.model(document)
    diagnostics = list(found.diagnostics)
    wrong = any(one.severity == "error" for one in diagnostics)
    if not wrong and found.format == "cnnsum" and to != "keras":
        if how.inputs or how.settings or how.dtype is not None:
            raise click.UsageError("a spec is copied as it stands: -i, --set and --dtype have no place here")
        write_result(output, model, color, plain=lambda: (copied(document.value, to),), format=to)
    elif not wrong:
        try:
            text, more = write(found.graph, found.inference, to)
        except UnusableError as error:
            wrong = True
            diagnostics += error.diagnostics
        else:
            diagnostics += more
            write_result(output, model, color, plain=lambda: (text,), format=to)
    report_diagnostics(
        diagnostics, sources, color=color, quiet=quiet, verbose=verbose, after_result=output is None and not wrong
    )
    return wrong
