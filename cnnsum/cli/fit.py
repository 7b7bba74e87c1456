"""`cnnsum fit MODEL`: the largest batch, size or var that is within limits."""

from __future__ import annotations

from functools import partial

import click

from cnnsum.cli import progress
from cnnsum.cli.asked import Asked
from cnnsum.cli.formats import format_for, format_option
from cnnsum.cli.frame import question
from cnnsum.cli.options import OneModel, batch_option
from cnnsum.cli.quantities import QuantityOption
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction

    from cnnsum.answers.fit.records import Limit
    from cnnsum.answers.variants.ranges import Varied
    from cnnsum.answers.variants.reading import Reading
    from cnnsum.model import Model
    from cnnsum.readers.how import How

    _Type = click.ParamType[object]
else:
    _Type = click.ParamType

_DIGITS = 12


class BoundOption(_Type):
    """A number from 0 on, decimals exact."""

    name = "N"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:
        """The number as a fraction."""
        if not isinstance(value, str):
            return value
        whole, _, decimals = value.partition(".")
        if not (whole + decimals).isdecimal() or not value.isascii():
            self.fail(f"`{value}` is not a number from 0 on", param, ctx)
        if len(value) > _DIGITS:
            self.fail(f"a number of more than {_DIGITS} digits is not looked at", param, ctx)
        from fractions import Fraction

        return Fraction(value.removesuffix("."))


class VariedOption(_Type):
    """Names, with their values where they are given."""

    name = "NAME[=RANGE]"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:
        """The names and the values."""
        if not isinstance(value, str):
            return value
        from cnnsum.answers.variants.ranges import RangeError, varied

        try:
            return varied(value)
        except RangeError as error:
            self.fail(str(error), param, ctx)


@click.command(name="fit", cls=OneModel)
@click.argument("model")
@click.option("--memory", type=QuantityOption(memory=True), help="The most memory of a training step: 8GiB, 8GB.")
@click.option("--inference", is_flag=True, help="Apply --memory to inference: weights and peak.")
@click.option("--params", type=QuantityOption(), help="The most parameters: 5M.")
@click.option("--macs", type=QuantityOption(), help="The most multiply-accumulates per sample: 1G.")
@click.option("--flops", type=QuantityOption(), help="The most floating-point operations per sample.")
@click.option(
    "--vary",
    "varied",
    type=VariedOption(),
    multiple=True,
    default=("batch",),
    help="What to vary: batch, a size (H, W, or H=W for both), or a var, also with its values (width=0.1:4:0.05); "
    "several with --maximize.  [default: batch]",
)
@click.option("--maximize", metavar="NAME", help="Of what the most is wanted: macs, or a name that is varied.")
@click.option("--least", type=BoundOption(), help="The smallest value to try.")
@click.option("--most", type=BoundOption(), help="The largest value to try.")
@click.option(
    "--optimizer",
    default="adam",
    metavar="NAME",
    help="Optimizer of training memory.  [default: adam]",
)
@format_option("fit")
@batch_option
@question
def command(
    asked: Asked,
    *,
    model: str,
    varied: tuple[Varied, ...],
    maximize: str | None,
    how: How,
    batch: int | None,
    optimizer: str,
    least: Fraction | None,
    most: Fraction | None,
    format: str,
    inference: bool,
    **limited: int | None,
) -> bool:
    """Print the largest batch, size or var with which MODEL is within all limits.

    Sizes are those that the network accepts; those that the file fixes are set free. The exit code is 1 where nothing
    is within the limits.
    """
    from cnnsum.answers.fit.ask import Request, largest, limits_of, sound
    from cnnsum.answers.variants.reading import reading_of

    format = format_for("fit", asked.output, format)
    limits = limits_of(inference=inference, **limited)
    if not limits:
        raise click.UsageError("say what is limited: --memory 8GiB, --params 5M, --macs 1G or --flops 2G")
    bounded = least is not None or most is not None
    if len(varied) > 1 and maximize is None:
        raise click.UsageError("of several names --maximize says which variant is wanted: --maximize macs")
    if bounded and (maximize is not None or varied[0].values is not None):
        raise click.UsageError("--vary says from where to where already: leave --least and --most out")
    if least is not None and most is not None and least > most:
        raise click.UsageError("--least is larger than --most")
    reading, found_model = reading_of(asked.read(model), how, batch, optimizer)
    fitted = sound(found_model, [name for axis in varied for name in axis.names])
    if fitted is None:
        asked.report(found_model.diagnostics, after_result=False)
        return True
    if maximize is not None:
        return _best(asked, reading, fitted, varied, limits, maximize, format)
    found = largest(reading, Request(limits, varied[0], least, most))
    try:
        asked.answer("fit", format, found)
    finally:
        asked.report(fitted.diagnostics)
    return found.costs is None and not found.unlimited


def _best(
    asked: Asked,
    reading: Reading,
    model: Model,
    varied: tuple[Varied, ...],
    limits: tuple[Limit, ...],
    maximize: str,
    format: str,
) -> bool:
    """Print the best of several names; whether nothing is within the limits."""
    from cnnsum.answers.fit.several import best
    from cnnsum.cli.sweep import say_if_slow

    progressing = partial(progress.count, what="variants")
    found = best(reading, varied, limits, maximize, progressing, partial(say_if_slow, asked=asked))
    try:
        asked.answer("best", format, found)
    finally:
        asked.report(model.diagnostics)
    return found.values is None
