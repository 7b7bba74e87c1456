"""The commands as click has them: which there are, and what is said of a call that is wrong.

Knows no model: a command is loaded when it is called.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING  # which click has loaded

import click

from cnnsum.cli.names import COMMANDS, COMPLETE

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_WIDEST = 100  # columns of a help
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
        command.short_help = COMMANDS[name]
        if COMPLETE in os.environ:  # a shell asks, and nobody else needs to know what it may be told
            from cnnsum.cli.completing import attach

            attach(command)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands and options, and files, which are models to show: they come first, as bash forgets what it was given
        before.
        """
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type="file"), *super().shell_complete(ctx, incomplete)]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if ctx.resilient_parsing and (not args or args[0] in _OWN_OPTIONS):
            return super().parse_args(ctx, args)  # a shell asks what may follow
        if not args:
            from cnnsum.cli.output import say

            say(ctx.get_help())
            ctx.exit(2)
        if args[0] == "--no-pager" and args[1:] and args[1] in COMMANDS:  # where git has it
            args = [args[1], args[0], *args[2:]]
        if args[0] not in COMMANDS and args[0] not in _OWN_OPTIONS:
            if not ctx.resilient_parsing:
                _refuse_misspelt(ctx, args)
            args = ["show", *args]
        return super().parse_args(ctx, args)


def find_command(name: str, ctx: click.Context) -> click.Command:
    """The command of a name; raises UsageError where there is none."""
    found = cli.get_command(ctx, name)
    if found is None:
        from cnnsum.diagnostics import did_you_mean

        near = did_you_mean(name, COMMANDS) or f"the commands are {', '.join(COMMANDS)}"
        raise click.UsageError(f"there is no command `{name}` ({near})", ctx)
    return found


def _refuse_misspelt(ctx: click.Context, args: list[str]) -> None:
    """Raise UsageError where the first argument was meant as a command: no file has that name, nor could one."""
    word = args[0]
    if not word.replace("-", "").isalpha() or word.startswith("-") or os.path.lexists(word):
        return
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
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": _WIDEST},
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

    `cnnsum MODEL` prints the summary of a model: a spec in cnnsum's own language, a file that Keras wrote, a program
    that PyTorch exported (.pt2), a file of ONNX, TensorFlow Lite, Ultralytics, darknet or Caffe; with -, from standard
    input. `cnnsum show --help` lists the options that go with it.
    """


def run(arguments: list[str]) -> int:
    """Run the command that the arguments name; its exit code."""
    try:
        with cli.make_context("cnnsum", [*arguments], terminal_width=_help_width()) as ctx:  # click takes from the list
            cli.invoke(ctx)
    except click.exceptions.Exit as stop:
        if sys.stdout is None and not _OWN_OPTIONS.isdisjoint(arguments):  # click prints a help to nobody
            from cnnsum.cli.output import say

            say("Error: the output cannot be written: standard output is closed")
            return 2
        return stop.exit_code
    except click.ClickException as error:
        return say_error(error)
    return 0


def _help_width() -> int:
    """What click takes for the width of its texts, without shutil, which loads what unpacks archives."""
    from cnnsum.cli.terminal import terminal_columns

    return max(min(terminal_columns(), _WIDEST) - 2, 50)


def refuse(command: str, model: str, message: str) -> int:
    """Say that a command cannot do what it was called for, as click says it of a wrong call; the exit code."""
    outer = cli.make_context("cnnsum", [command, model])
    found = cli.get_command(outer, command)
    assert found is not None
    return say_error(click.UsageError(message, found.make_context(command, [model], parent=outer)))


def say_error(error: click.ClickException) -> int:
    """Say what is wrong with a call; the exit code."""
    from io import StringIO

    from cnnsum.cli.output import say
    from cnnsum.ink import harmless

    vars(error)["message"] = harmless(error.message)  # it may quote a name of a file
    shown = StringIO()
    error.show(shown)
    say(shown.getvalue().removesuffix("\n"))
    return 2
