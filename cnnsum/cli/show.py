"""`cnnsum show MODEL`, which is also `cnnsum MODEL`: the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnnsum.cli.formats import format_option, options_given, refuse_others
from cnnsum.cli.frame import Asked, question
from cnnsum.cli.options import NumberOption

if TYPE_CHECKING:
    from cnnsum.answers.summary.rendering import Options, Report
    from cnnsum.readers.how import How

CHARTS = ("memory", "params", "macs")


@click.command(name="show", short_help="The summary of a model (the default command).")
@click.argument("model")
@format_option("show")
@click.option("--keras", is_flag=True, help="Print Keras's part only, as model.summary() does.")
@click.option("--columns", metavar="NAMES", help="Choose columns (layer,output,macs) or add some (+macs,+flops).")
@click.option("--width", type=NumberOption(1, 10_000), help="Width of the table, Keras's line_length.")
@click.option("--depth", type=NumberOption(0, 1_000), help="Fold blocks deeper than N into one row each.")
@click.option("--expand-nested", is_flag=True, help="Show the layers of nested models.")
@click.option("--show-trainable", is_flag=True, help="Show which layers are trainable.")
@click.option(
    "--layer-range", nargs=2, metavar="A B", help="Show the layers from A to B (names or regular expressions)."
)
@click.option("--train", is_flag=True, help="Itemise the memory of training.")
@click.option("--optimizer", default="adam", metavar="NAME", help="Optimizer of training memory.  [default: adam]")
@click.option("--precision", metavar="NAME", help="Precision of training (mixed_bfloat16): the --dtype of all layers.")
@click.option(
    "--checkpoint",
    metavar="LAYERS",
    help="Keep the activations of these layers only (a,b,c), and compute the others again; or auto.",
)
@click.option("--plan", is_flag=True, help="Plan the memory of inference: the peak, an arena, the best order.")
@click.option("--chart", type=click.Choice(CHARTS), help="Draw a chart in place of the summary.")
@click.option("--convention", metavar="NAME", help="Print the MACs of another tool, too: fvcore, torchinfo, ...")
@click.option("--symbolic", is_flag=True, help="Print formulas in place of None; the batch is a symbol, too.")
@click.option(
    "--sweep",
    "sweeps",
    multiple=True,
    metavar="NAME=VALUES",
    help="One line per variant: width=0.25:2:0.25, H=W=128,224 or batch=1:64.",
)
@question
def command(asked: Asked, *, sweeps: tuple[str, ...], **given: Any) -> bool:
    """Print the summary of MODEL, a file or - for standard input.

    Keras's own summary comes first; then work and memory. Diagnostics go to standard error.
    """
    refuse_others("show", given["format"], options_given(click.get_current_context()))
    if sweeps:
        from cnnsum.cli.sweep import run

        return run(asked, sweeps, **given)
    return _show(asked, **given)


def _show(
    asked: Asked,
    *,
    model: str,
    how: How,
    batch: int | None,
    optimizer: str,
    precision: str | None,
    checkpoint: str | None,
    convention: str | None,
    plan: bool,
    format: str,
    **looks: Any,
) -> bool:
    """Read, infer, render; returns whether the model has errors."""
    from cnnsum.answers.summary.ask import mistaken_layout, policy_of, summarize
    from cnnsum.model import Model

    found = Model(asked.read(model), how._replace(dtype=policy_of(precision, how.dtype)))
    details = format == "json" or looks["columns"] is not None
    report = summarize(
        found,
        batch=batch,
        symbolic=looks["symbolic"],
        optimizer=optimizer,
        checkpoint=_names(checkpoint),
        details=details,
        step=looks["train"],
    )
    report.diagnostics = (*report.diagnostics, *mistaken_layout(found))
    if plan or looks["chart"] == "memory":
        from cnnsum.answers.plan.ask import plan as plan_of

        report.plan = plan_of(found, report, order=plan)
    if convention is not None:
        from cnnsum.answers.conventions.ask import reconcile

        report.convention = reconcile(found, convention, batch=report.batch)
    try:
        _write(report, format, asked.output, asked.color, verbose=asked.verbose, **looks)
    finally:
        asked.report(report.diagnostics)  # below the summary, which may be longer than the screen
    return found.wrong


def _names(text: str | None) -> list[str] | None:
    """The names in a list with commas, None for no list."""
    return None if text is None else [name for name in map(str.strip, text.split(",")) if name]


def _write(report: Report, format: str, output: str | None, color: str, **looks: Any) -> None:
    """Render the report and write it where it is wanted. A reader who has seen enough ends it early."""
    from cnnsum.answers.summary.rendering import OptionError, render, styled_lines
    from cnnsum.cli.output import (
        can_draw,
        delivering,
        standard_output,
        wants_color,
        write_colored,
        write_file,
        write_plain,
    )

    try:
        with delivering(output):
            if output is not None:
                write_file(output, render(report, format, _options(ascii=False, **looks)), format)
                return
            stream = standard_output()
            options = _options(ascii=not can_draw(stream), **looks)
            if format == "table" and wants_color(color, stream):
                write_colored(styled_lines(report, options), stream)
            else:
                write_plain(render(report, format, options), stream, format)
            stream.flush()
    except OptionError as error:
        raise click.UsageError(error.message + (f" ({error.help})" if error.help else "")) from None


def _options(*, keras: bool, ascii: bool, **looks: Any) -> Options:
    from cnnsum.answers.summary.rendering import Options
    from cnnsum.cli.output import terminal_columns

    return Options(terminal=terminal_columns(), keras_only=keras, ascii=ascii, **looks)
