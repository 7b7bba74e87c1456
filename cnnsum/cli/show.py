"""`cnnsum show MODEL`, which is also `cnnsum MODEL`: the summary."""

from __future__ import annotations

import sys
from typing import Any

import click

from cnnsum.cli.options import model_options

FORMATS = ("table", "json", "csv", "markdown")


@click.command(name="show", short_help="The summary of a model (the default command).")
@click.argument("model")
@click.option("--format", "format", type=click.Choice(FORMATS), default="table", help="[default: table]")
@click.option("--keras", is_flag=True, help="Keras's part alone, as model.summary() prints it.")
@click.option("--columns", metavar="NAMES", help="Choose columns (name,output,macs) or add some (+macs,+flops).")
@click.option("--width", type=click.IntRange(min=1), metavar="N", help="Width of the table, Keras's line_length.")
@click.option("--depth", type=click.IntRange(min=0), metavar="N", help="Fold blocks deeper than N into one row each.")
@click.option("--expand-nested", is_flag=True, help="Show the layers of nested models.")
@click.option("--show-trainable", is_flag=True, help="Show which layers are trainable.")
@click.option(
    "--layer-range", nargs=2, metavar="A B", help="Show the layers from A to B (names or regular expressions)."
)
@click.option("--train", is_flag=True, help="Itemise the memory of training.")
@click.option("--optimizer", default="adam", metavar="NAME", help="Optimizer of training memory.  [default: adam]")
@click.option("--symbolic", is_flag=True, help="Print formulas in place of None.")
@model_options
@click.pass_context
def command(
    ctx: click.Context, model: str, output: str | None, color: str, quiet: bool, verbose: bool, **given: Any
) -> None:
    """Print the summary of MODEL, a file or - for standard input.

    Keras's own summary comes first; then work and memory. Diagnostics go to standard error.
    """
    from cnnsum.cli.output import Sources, report_diagnostics
    from cnnsum.diagnostics import UnusableError

    documents: list[Any] = []
    try:
        errors = _show(model, output, color, given, documents, quiet=quiet, verbose=verbose)
    except UnusableError as error:
        report_diagnostics(error.diagnostics, Sources(documents), color=color)
        ctx.exit(2)
    ctx.exit(1 if errors else 0)


def _show(
    path: str,
    output: str | None,
    color: str,
    given: dict[str, Any],
    documents: list[Any],
    *,
    quiet: bool,
    verbose: bool,
) -> bool:
    """Read, infer, render; returns whether the model has errors."""
    from cnnsum.cli.output import Sources, report_diagnostics, terminal_columns, wants_color, write_colored
    from cnnsum.model import load, summarize
    from cnnsum.report import OptionError, Options, render, styled_lines

    model = load(
        path,
        inputs=dict(given["inputs"]),
        settings=dict(given["settings"]),
        dtype=given["dtype"],
        format=given["source_format"],
    )
    documents.append(model.document)
    options = Options(
        width=given["width"],
        terminal=terminal_columns(),
        keras_only=given["keras"],
        expand_nested=given["expand_nested"],
        show_trainable=given["show_trainable"],
        layer_range=given["layer_range"],
        columns=given["columns"],
        depth=given["depth"],
        symbolic=given["symbolic"],
        train=given["train"],
        ascii=not _can_draw(),
    )
    format = given["format"]
    details = format == "json" or (given["columns"] is not None)
    report = summarize(model, batch=given["batch"], optimizer=given["optimizer"], details=details)
    report_diagnostics(report.diagnostics, Sources(documents), color=color, quiet=quiet, verbose=verbose)
    try:
        if output is None and format == "table" and wants_color(color, sys.stdout):
            write_colored(styled_lines(report, options), sys.stdout)
        else:
            _write(output, render(report, format, options))
    except OptionError as error:
        raise click.UsageError(error.message + (f" ({error.help})" if error.help else "")) from None
    return any(diagnostic.severity == "error" for diagnostic in report.diagnostics)


def _write(output: str | None, chunks: Any) -> None:
    from cnnsum.cli.output import write_file, write_plain

    if output is None:
        write_plain(chunks, sys.stdout)
        return
    try:
        write_file(output, chunks)
    except OSError as error:
        raise click.FileError(output, error.strerror or str(error)) from None


def _can_draw() -> bool:
    """Whether standard output can show the lines of a box."""
    try:
        "┏".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
