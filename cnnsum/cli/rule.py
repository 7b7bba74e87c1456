"""`cnnsum rule [CODE]`: the reference of codes: what each finding means, why it matters and how it is mended."""

from __future__ import annotations

import click

from cnnsum.cli.formats import format_for, format_option
from cnnsum.cli.options import no_pager

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
    from cnnsum.cli.asked import Asked
    from cnnsum.cli.output import room_of
    from cnnsum.codes import told

    format = format_for("rule", output, format)
    try:
        answer = told(codes)
    except LookupError as error:
        from cnnsum.lint.codes import fault

        (text,) = error.args
        wrong = fault(text)
        help = None if wrong is None else wrong[1]
        raise click.UsageError(f"there is no code `{text}`" + (f" ({help})" if help else "")) from None
    looks = {"width": min(room_of(output) or _WIDEST, _WIDEST)} if format == "text" else {}
    Asked(output=output, color="never", pager=pager).answer("rules", format, answer, **looks)
