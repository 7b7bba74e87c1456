"""`cnnsum rule [CODE]`: the reference of codes: what each finding means, why it matters and how it is mended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from cnnsum.cli.formats import format_for, format_option
from cnnsum.cli.options import no_pager
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.codes import Code

#: Columns that lines are written for where there are more, or nobody knows how many.
_WIDEST = 80


@click.command(name="rule")
@click.argument("codes", nargs=-1, metavar="[CODE]...")
@format_option("rule")
@click.option("-o", "--output", metavar="FILE", help="Write to FILE instead of standard output.")
@no_pager
def command(codes: tuple[str, ...], format: str, output: str | None, pager: bool) -> None:
    """Print all codes, or what one means, why it matters, how it is mended, and examples that fail and pass.

    CODE is a code, or the beginning of some: ARC, SHP20.
    """
    from cnnsum.cli.output import room_of, write_result
    from cnnsum.codes import meanings
    from cnnsum.diagnostics import CODES

    format = format_for("rule", output, format)
    chosen = [one for code in codes for one in _beginning(code, CODES)] if codes else list(CODES)
    found = meanings(tuple(dict.fromkeys(chosen)))
    width = min(room_of(output) or _WIDEST, _WIDEST)

    def plain() -> Iterator[str]:
        from cnnsum.codes import reference

        lines: Iterable[str]
        if format == "json":
            import json

            records = [reference.record(one) for one in _mended(found)]
            lines = [json.dumps({"schema": "cnnsum.rules/1", "rules": records}, indent=2, ensure_ascii=False)]
        elif format == "markdown":
            lines = reference.markdown(_mended(found))
        elif len(found) == len(codes):
            lines = _apart(list(reference.text(one, width)) for one in _mended(found))
        else:
            lines = reference.listing(found, width)
        for line in lines:
            yield line + "\n"

    write_result(output, "never", plain=plain, format=format, pager=pager)


def _mended(codes: list[Code]) -> list[Code]:
    """The codes with what mends each, which of advice is what its rule says of its example."""
    from cnnsum.codes.advice import with_mend

    return [with_mend(one) for one in codes]


def _apart(texts: Iterable[list[str]]) -> Iterator[str]:
    for number, lines in enumerate(texts):
        if number:
            yield ""
            yield ""
        yield from lines


def _beginning(text: str, codes: Iterable[str]) -> list[str]:
    """The codes that begin with a text; raises UsageError where there are none."""
    found = [code for code in codes if len(text) >= 3 and code.startswith(text.upper())]
    if not found:
        from cnnsum.lint.codes import fault

        wrong = fault(text)
        help = None if wrong is None else wrong[1]
        raise click.UsageError(f"there is no code `{text}`" + (f" ({help})" if help else ""))
    return found
