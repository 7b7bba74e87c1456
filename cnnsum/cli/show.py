"""`cnnsum show MODEL`, which is also `cnnsum MODEL`: the summary."""

from __future__ import annotations

import click

from cnnsum.answers import OptionError
from cnnsum.cli.asked import Asked
from cnnsum.cli.formats import format_for, format_option, options_given
from cnnsum.cli.frame import question
from cnnsum.cli.options import NumberOption, OneModel, batch_option, spreading_options
from cnnsum.cli.summary import summary
from cnnsum.typed import Any

CHARTS = ("memory", "params", "macs")
_OF_VARIANTS = (*CHARTS[1:], "flops", "weights", "peak", "inference", "training", "pareto")
#: What chooses among the variants of a sweep.
_OF_SWEEPS = ("where", "pareto", "sort", "top", "jobs", "dask")


@click.command(name="show", cls=OneModel)
@click.argument("model")
@format_option("show")
@click.option("--keras", is_flag=True, help="Print Keras's part only, as model.summary() does.")
@click.option(
    "--columns",
    metavar="NAMES",
    help="Choose columns (layer,output,macs) or add some (+macs,+flops).",
)
@click.option("--width", type=NumberOption(1, 10_000), help="Width of the table, Keras's line_length.")
@click.option(
    "--style",
    type=click.Choice(("keras", "compact")),
    help="compact: one line a layer, as wide as the terminal.  [default: keras]",
)
@click.option("--depth", type=NumberOption(0, 1_000), help="Fold blocks deeper than N into one row each.")
@click.option("--expand-nested", is_flag=True, help="Show the layers of nested models.")
@click.option("--show-trainable", is_flag=True, help="Show which layers are trainable.")
@click.option(
    "--layer-range", nargs=2, metavar="A B", help="Show the layers from A to B (names or regular expressions)."
)
@click.option("--train", is_flag=True, help="Itemise the memory of training.")
@click.option(
    "--optimizer",
    default="adam",
    metavar="NAME",
    help="Optimizer of training memory.  [default: adam]",
)
@click.option("--precision", metavar="NAME", help="Precision of training (mixed_bfloat16): the --dtype of all layers.")
@click.option(
    "--checkpoint",
    metavar="LAYERS",
    help="Keep the activations of these layers only (a,b,c), and compute the others again; or auto.",
)
@click.option("--plan", is_flag=True, help="Plan the memory of inference: the peak, an arena, the best order.")
@click.option(
    "--chart",
    type=click.Choice((*CHARTS, *_OF_VARIANTS[2:])),
    help="Draw a chart in place of the summary (memory, params, macs) or of the table of a sweep (a measure, pareto).",
)
@click.option("--convention", metavar="NAME", help="Print the MACs of another tool, too: fvcore, torchinfo, ...")
@click.option("--open", "show_page", is_flag=True, help="Write the page of --format html and open it in the browser.")
@click.option("--symbolic", is_flag=True, help="Print formulas in place of None; the batch is a symbol, too.")
@click.option(
    "--sweep",
    "sweeps",
    multiple=True,
    metavar="NAME=VALUES",
    help="One line per variant: width=0.25:2:0.25, H=W=128,224 or batch=1:64.",
)
@click.option("--where", metavar="CONDITION", help='With --sweep: these only: "params < 5M and peak < 8MiB".')
@click.option(
    "--pareto", metavar="NAMES", help="With --sweep: the best only: params,macs,-batch (-: larger is better)."
)
@click.option(
    "--sort", metavar="NAME", help="With --sweep: sort by a column, the least first; -macs the largest first."
)
@click.option("--top", type=NumberOption(1, 10**9), metavar="N", help="With --sweep: the first N only.")
@spreading_options("With --sweep: ", "1")
@batch_option
@question
def command(asked: Asked, *, sweeps: tuple[str, ...], show_page: bool, **given: Any) -> bool:
    """Print the summary of MODEL, a file or - for standard input.

    Keras's own summary comes first; then work and memory. Diagnostics go to standard error.
    """
    asked_for = options_given(click.get_current_context())
    if show_page and "--format" not in asked_for:
        given["format"] = "html"
    given["format"] = format_for("show", asked.output, given["format"])
    if sweeps:
        from cnnsum.cli.sweep import run

        if given["chart"] not in (None, *_OF_VARIANTS):
            raise click.UsageError(f"--sweep goes with --chart {', '.join(_OF_VARIANTS)}, not with {given['chart']}")

        return run(asked, sweeps, **given)
    if given["chart"] not in (None, *CHARTS):
        raise click.UsageError(f"--chart {given['chart']} goes with --sweep: of one model it draws {', '.join(CHARTS)}")
    for option in _OF_SWEEPS:
        del given[option]
    if show_page:
        from cnnsum.cli.opening import page_file, show

        asked.output = asked.output or page_file(given["model"])
    try:
        wrong = summary(asked, **given)
    except OptionError as error:
        raise click.UsageError(error.sentence) from None
    if show_page and asked.output is not None:
        show(asked.output)
    return wrong
