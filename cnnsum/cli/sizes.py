"""`cnnsum sizes MODEL`: which input sizes a network accepts, and which layers decide it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnnsum.cli.formats import format_option
from cnnsum.cli.options import How, model_options

if TYPE_CHECKING:
    from cnnsum.cli.output import Sources
    from cnnsum.model import Model

    _Type = click.ParamType[Any]
else:
    _Type = click.ParamType

_MOST_DIGITS = 12
_MOST_LISTED = 1_000_000


def _size(text: str) -> int | None:
    """The positive integer that a text is."""
    text = text.strip()
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= _MOST_DIGITS and int(text) else None


class RangeOption(_Type):
    """`LO:HI`, both included."""

    name = "LO:HI"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The two sizes."""
        if not isinstance(value, str):
            return value
        low, separator, high = value.partition(":")
        first, last = _size(low), _size(high)
        if not separator or first is None or last is None or first > last:
            self.fail(f"`{value}` is no range of sizes: write the least and the largest, as in 1:512", param, ctx)
        if last - first >= _MOST_LISTED:
            self.fail(f"`{value}` has more than {_MOST_LISTED:,} sizes", param, ctx)
        return first, last


class TestsOption(_Type):
    """`224,640` for all sizes of an image, or `H=224` for one."""

    name = "SIZES"
    __test__ = False  # no test for pytest, whatever its name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Pairs of a symbol, "" for all, and a size."""
        if not isinstance(value, str):
            return value
        result = []
        for item in value.split(","):
            name, separator, text = item.strip().rpartition("=")
            size = _size(text)
            if size is None or (separator and not name.isidentifier()):
                self.fail(f"`{item.strip()}` is no size: write 224 or H=224", param, ctx)
            result.append((name, size))
        return tuple(result)


@click.command(name="sizes", short_help="Which input sizes a model accepts, and why.")
@click.argument("model")
@click.option("--list", "listed", type=RangeOption(), help="List the sizes between two that are accepted.")
@click.option("--test", "tests", type=TestsOption(), multiple=True, help="Test sizes: exit code 1 if one is refused.")
@click.option("--keep", is_flag=True, help="Keep the sizes that the file fixes.")
@click.option(
    "--free",
    "more",
    type=click.Choice(("channels", "batch")),
    multiple=True,
    help="Set these axes free, too.  [default: image sizes and sequence lengths]",
)
@format_option("sizes")
@model_options
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Print which sizes each axis of the inputs may have, and the layers that decide it.

    Sizes that the file fixes are set free first, and named H and W, D, H and W, or T; a var that is a size is set free
    by its own name. --set H=224 gives one of them a value again.
    """
    from cnnsum.cli.output import Sources, report_diagnostics
    from cnnsum.diagnostics import UnusableError

    sources = Sources()
    try:
        failed = _sizes(sources, **given)
    except UnusableError as error:
        if error.line is not None and error.diagnostics[0].span is not None:
            sources.add(error.diagnostics[0].span.path, error.line)
        report_diagnostics(error.diagnostics, sources, color=given["color"])
        ctx.exit(2)
    ctx.exit(1 if failed else 0)


def _sizes(
    sources: Sources,
    *,
    model: str,
    how: How,
    batch: int | None,
    listed: tuple[int, int] | None,
    tests: tuple[tuple[tuple[str, int], ...], ...],
    keep: bool,
    more: tuple[str, ...],
    format: str,
    output: str | None,
    color: str,
    quiet: bool,
    verbose: bool,
) -> bool:
    """Read, solve, print; returns whether the model has errors, or a tested size is refused."""
    from cnnsum.answers.sizes.ask import answer
    from cnnsum.answers.sizes.formats import lines, text
    from cnnsum.cli.output import report_diagnostics, write_result
    from cnnsum.source import read

    del batch  # sizes are the same for every batch
    document = read(model)
    sources.add(document.path, document.line)
    free = () if keep else ("spatial", "declared", *more)
    found = how.model(document, free)
    kinds = _kinds(found)
    asked = [pair for pairs in tests for pair in pairs]
    _refuse_unknown(asked, kinds)
    wrong = any(diagnostic.severity == "error" for diagnostic in found.diagnostics)
    result = answer(
        found.graph.name,
        found.sizes,
        kinds=kinds,
        range=listed,
        tests=asked,
        faulty=wrong,
        kept=keep,
        unknown=found.inference.unknown,
    )
    try:
        if format == "json":
            write_result(output, model, color, plain=lambda: (text(result),), format=format)
        else:
            write_result(output, model, color, styled=lambda width: lines(result, width))
    finally:
        report_diagnostics(
            found.diagnostics, sources, color=color, quiet=quiet, verbose=verbose, after_result=output is None
        )
    return wrong or any(one.refused_by is not None for one in result.tested)


def _kinds(found: Model) -> dict[str, str]:
    """What each open axis of the inputs is: an image's size or a sequence's length, channels, or the batch."""
    kinds: dict[str, str] = {}
    for axis in found.sizes.axes:
        said = axis.said
        kinds[axis.symbol.name] = said.kind if said is not None else "batch" if axis.axis == 0 else "spatial"
    return kinds


def _refuse_unknown(tests: list[tuple[str, int]], kinds: dict[str, str]) -> None:
    """Raise UnusableError for a tested symbol that the model does not have, or a size that is for none."""
    from cnnsum.diagnostics import Diagnostic, UnusableError, did_you_mean

    for name, _ in tests:
        if name and name not in kinds:
            help = did_you_mean(name, kinds) or f"its symbols are {', '.join(kinds) or 'none'}"
            raise UnusableError(Diagnostic("SPC051", f"the model has no symbol `{name}`", help=help))
        if not name and "spatial" not in kinds.values():
            help = f"say which: {', '.join(f'{kind}=…' for kind in kinds)}" if kinds else "no size is open"
            raise UnusableError(Diagnostic("SPC051", "the model has no open image size or sequence length", help=help))
