"""`cnnsum show MODEL`, which is also `cnnsum MODEL`: the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnnsum.cli.formats import format_option, refuse_others
from cnnsum.cli.options import How, NumberOption, model_options

if TYPE_CHECKING:
    from cnnsum.answers.summary import Options, Report
    from cnnsum.cli.output import Sources

CHARTS = ("memory", "params", "macs")


@click.command(name="show", short_help="The summary of a model (the default command).")
@click.argument("model")
@format_option("show")
@click.option("--keras", is_flag=True, help="Keras's part alone, as model.summary() prints it.")
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
@click.option("--precision", metavar="NAME", help="Precision of training, as mixed_bfloat16: the --dtype of all of it.")
@click.option(
    "--checkpoint",
    metavar="LAYERS",
    help="Keep activations of these layers only (a,b,c), and run the rest again; or auto.",
)
@click.option("--plan", is_flag=True, help="Plan the memory of inference: the peak, an arena, the best order.")
@click.option("--chart", type=click.Choice(CHARTS), help="Draw a chart in place of the summary.")
@click.option("--convention", metavar="NAME", help="Also the MACs as another tool counts them: fvcore, torchinfo, ...")
@click.option("--symbolic", is_flag=True, help="Print formulas in place of None; the batch is a symbol, too.")
@click.option(
    "--sweep",
    "sweeps",
    multiple=True,
    metavar="NAME=VALUES",
    help="One line per variant: width=0.25:2:0.25, H=W=128,224 or batch=1:64.",
)
@model_options
@click.pass_context
def command(ctx: click.Context, /, sweeps: tuple[str, ...], **given: Any) -> None:
    """Print the summary of MODEL, a file or - for standard input.

    Keras's own summary comes first; then work and memory. Diagnostics go to standard error.
    """
    from cnnsum.cli.output import Sources, report_diagnostics
    from cnnsum.diagnostics import UnusableError

    refuse_others("show", given["format"], _options_given(ctx))
    sources = Sources()
    try:
        if sweeps:
            from cnnsum.cli.sweep import run

            errors = run(sources, sweeps, **given)
        else:
            errors = _show(sources, **given)
    except UnusableError as error:
        if error.line is not None and error.diagnostics[0].span is not None:
            sources.add(error.diagnostics[0].span.path, error.line)
        report_diagnostics(error.diagnostics, sources, color=given["color"])
        ctx.exit(2)
    ctx.exit(1 if errors else 0)


def _options_given(ctx: click.Context) -> list[str]:
    """The options on the command line, each by its long name."""
    return [
        max(param.opts, key=len)
        for param in ctx.command.params
        if param.name is not None and ctx.get_parameter_source(param.name) is click.core.ParameterSource.COMMANDLINE
    ]


def _show(
    sources: Sources,
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
    output: str | None,
    color: str,
    quiet: bool,
    verbose: bool,
    **looks: Any,
) -> bool:
    """Read, infer, render; returns whether the model has errors."""
    from cnnsum.cli.output import refuse_own_source, report_diagnostics
    from cnnsum.model import mistaken_layout, policy_of, reconcile, summarize
    from cnnsum.model import plan as plan_memory
    from cnnsum.source import read

    if output == "-":
        output = None
    if output is not None:
        refuse_own_source(model, output)
    how = how._replace(dtype=policy_of(precision, how.dtype))
    document = read(model)
    sources.add(document.path, document.line)
    found = how.model(document)
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
        report.plan = plan_memory(found, report, order=plan)
    if convention is not None:
        report.convention = reconcile(found, convention, batch=report.batch)
    try:
        _write(report, format, output, color, verbose=verbose, **looks)
    finally:
        # Below the summary, which may be longer than the screen.
        report_diagnostics(
            report.diagnostics, sources, color=color, quiet=quiet, verbose=verbose, after_result=output is None
        )
    return any(diagnostic.severity == "error" for diagnostic in report.diagnostics)


def _names(text: str | None) -> list[str] | None:
    """The names in a list with commas, None for no list."""
    return None if text is None else [name for name in map(str.strip, text.split(",")) if name]


def _write(report: Report, format: str, output: str | None, color: str, **looks: Any) -> None:
    """Render the report and write it where it is wanted. A reader who has seen enough ends it early."""
    from cnnsum.answers.summary import OptionError, render, styled_lines
    from cnnsum.cli.output import can_draw, standard_output, wants_color, write_colored, write_file, write_plain

    try:
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
    except BrokenPipeError:
        return
    except OSError as error:
        if output is None:
            raise
        raise click.ClickException(f"cannot write '{output}': {error.strerror or error}") from None


def _options(*, keras: bool, ascii: bool, **looks: Any) -> Options:
    from cnnsum.answers.summary import Options
    from cnnsum.cli.output import terminal_columns

    return Options(terminal=terminal_columns(), keras_only=keras, ascii=ascii, **looks)
