"""`cnnsum show MODEL`, which is also `cnnsum MODEL`: the summary."""

from __future__ import annotations

from typing import Any

import click

from cnnsum.answers import OptionError
from cnnsum.cli.asked import Asked
from cnnsum.cli.formats import format_option, options_given, refuse_others
from cnnsum.cli.frame import question
from cnnsum.cli.options import NumberOption, OneModel
from cnnsum.cli.summary import summary

CHARTS = ("memory", "params", "macs")


@click.command(name="show", cls=OneModel, short_help="The summary of a model (the default command).")
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
    try:
        return summary(asked, **given)
    except OptionError as error:
        raise click.UsageError(error.sentence) from None
