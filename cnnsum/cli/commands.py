"""The commands as click has them: which there are, and what is said of a call that is wrong.

Knows no model: a command is loaded when it is called.
"""

from __future__ import annotations

import os
import sys

import click

from cnnsum.cli.names import COMMANDS

_OWN_OPTIONS = frozenset(("-h", "--help", "-V", "--version"))


class _Commands(click.Group):
    """Finds commands on demand; a first argument that is not a command is a model to show."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        from importlib import import_module

        command: click.Command = import_module(f"cnnsum.cli.{name}").command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args:
            from cnnsum.cli.output import say

            say(ctx.get_help())
            ctx.exit(2)
        if args[0] not in COMMANDS and args[0] not in _OWN_OPTIONS:
            _refuse_misspelt(ctx, args)
            args = ["show", *args]
        return super().parse_args(ctx, args)


def _refuse_misspelt(ctx: click.Context, args: list[str]) -> None:
    """Raise UsageError where the first argument was meant as a command: no file has that name, nor could one."""
    word = args[0]
    if not word.replace("-", "").isalpha() or word.startswith("-") or os.path.lexists(word):
        return
    if word == "help":
        raise click.UsageError("there is no command and no file `help`: write `cnnsum --help`", ctx)
    from cnnsum.diagnostics import nearest

    near = nearest(word, COMMANDS)
    if near is None and (len(args) < 2 or args[1].startswith("-")):
        return  # a file that is missing, which its reader says better
    choices = f"did you mean `{near}`?" if near else f"the commands are {', '.join(COMMANDS)}"
    raise click.UsageError(f"there is no command and no file `{word}` ({choices})", ctx)


def _print_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from cnnsum import __version__

        click.echo(f"cnnsum {__version__}")
        ctx.exit()


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    subcommand_metavar="MODEL | COMMAND [ARGS]...",
)
@click.option(
    *("-V", "--version"),
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Show the version.",
)
def cli() -> None:
    """Know a neural network from its file.

    `cnnsum MODEL` prints the summary of a model: a spec in cnnsum's own language, a file that Keras wrote, or a
    program that PyTorch exported (.pt2); with -, from standard input. `cnnsum show --help` lists the options that go
    with it.
    """


def run(arguments: list[str]) -> int:
    """Run the command that the arguments name; its exit code."""
    try:
        with cli.make_context("cnnsum", [*arguments]) as ctx:  # click takes from the list
            cli.invoke(ctx)
    except click.exceptions.Exit as stop:
        if sys.stdout is None and not _OWN_OPTIONS.isdisjoint(arguments):  # click prints a help to nobody
            from cnnsum.cli.output import say

            say("Error: the output cannot be written: standard output is closed")
            return 2
        return stop.exit_code
    except click.ClickException as error:
        return _said(error)
    return 0


def refuse(command: str, model: str, message: str) -> int:
    """Say that a command cannot do what it was called for, as click says it of a wrong call; the exit code."""
    outer = cli.make_context("cnnsum", [command, model])
    found = cli.get_command(outer, command)
    assert found is not None
    return _said(click.UsageError(message, found.make_context(command, [model], parent=outer)))


def _said(error: click.ClickException) -> int:
    from io import StringIO

    from cnnsum.cli.output import say
    from cnnsum.ink import harmless

    vars(error)["message"] = harmless(error.message)  # it may quote a name of a file
    shown = StringIO()
    error.show(shown)
    say(shown.getvalue().removesuffix("\n"))
    return 2
