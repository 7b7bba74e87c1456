"""`cnnsum sizes MODEL`: which input sizes a network accepts, and which layers decide it."""

from __future__ import annotations

import click

from cnnsum.answers.given import FREED, MOST_LISTED, named
from cnnsum.cli.asked import Asked
from cnnsum.cli.formats import format_for, format_option
from cnnsum.cli.frame import question
from cnnsum.cli.options import OneModel
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.readers.how import How

    _Type = click.ParamType[object]
else:
    _Type = click.ParamType

_MOST_DIGITS = 12


def _size(text: str) -> int | None:
    """The positive integer that a text is."""
    text = text.strip()
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= _MOST_DIGITS and int(text) else None


class RangeOption(_Type):
    """`LO:HI`, both included."""

    name = "LO:HI"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:
        """The two sizes."""
        if not isinstance(value, str):
            return value
        low, separator, high = value.partition(":")
        first, last = _size(low), _size(high)
        if not separator or first is None or last is None or first > last:
            self.fail(f"`{value}` is not a range of sizes: write the least and the largest, as in 1:512", param, ctx)
        if last - first >= MOST_LISTED:
            self.fail(f"`{value}` has more than {MOST_LISTED:,} sizes", param, ctx)
        return first, last


class TestsOption(_Type):
    """`224,640` for all sizes of an image, `H=224` for one, or `H=W=224` for some."""

    name = "SIZES"
    __test__ = False  # no test for pytest, whatever its name

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:
        """Pairs of a symbol, "" for all, and a size."""
        if not isinstance(value, str):
            return value
        result = []
        for item in value.split(","):
            names, text = named(item.strip())
            size = _size(text)
            if size is None:
                self.fail(f"`{item.strip()}` is not a size: write 224 or H=224", param, ctx)
            result += [(name, size) for name in names or ("",)]
        return tuple(result)


@click.command(name="sizes", cls=OneModel)
@click.argument("model")
@click.option("--list", "listed", type=RangeOption(), help="List the accepted sizes between two.")
@click.option("--test", "tests", type=TestsOption(), multiple=True, help="Test sizes: exit code 1 if one is refused.")
@click.option("--keep", is_flag=True, help="Keep the sizes that the file fixes.")
@click.option(
    "--free",
    "more",
    type=click.Choice(FREED),
    multiple=True,
    help="Set these axes free, too.  [default: image sizes and sequence lengths]",
)
@format_option("sizes")
@question
def command(
    asked: Asked,
    *,
    model: str,
    how: How,
    listed: tuple[int, int] | None,
    tests: tuple[tuple[tuple[str, int], ...], ...],
    keep: bool,
    more: tuple[str, ...],
    format: str,
) -> bool:
    """Print which sizes each axis of the inputs may have, and the layers that decide it.

    Sizes that the file fixes are set free first, and named H and W, D, H and W, or T; a var that is a size is set free
    by its own name. --set H=224 gives one of them a value again.
    """
    from cnnsum.answers.sizes.ask import answer
    from cnnsum.model import Model

    format = format_for("sizes", asked.output, format)
    found = Model(asked.read(model), how if keep else how.freeing("spatial", "declared", *more))
    result = answer(found, range=listed, tests=[dict([pair]) for pairs in tests for pair in pairs], kept=keep)
    try:
        asked.answer("sizes", format, result)
    finally:
        asked.report(found.diagnostics)
    return found.wrong or any(one.refused_by is not None for one in result.tested)
