"""`cnnsum help [COMMAND]`: what `cnnsum COMMAND --help` prints."""

from __future__ import annotations

import click

from cnnsum.cli.options import no_pager


@click.command(name="help")
@click.argument("name", metavar="[COMMAND]", required=False)
@no_pager
@click.pass_context
def command(ctx: click.Context, name: str | None, pager: bool) -> None:
    """Print how a command is called, with all its options."""
    from cnnsum.cli.commands import cli, find_command
    from cnnsum.cli.output import write_result

    text = ctx.find_root().get_help()
    if name is not None:
        found = find_command(name, ctx)
        with click.Context(found, info_name=name, parent=click.Context(cli, info_name="cnnsum")) as inner:
            text = found.get_help(inner)
    write_result(None, "never", plain=lambda: (text, "\n"), pager=pager)
