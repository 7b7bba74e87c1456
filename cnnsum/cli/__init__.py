"""The command line: `cnnsum MODEL` and its commands. One file per command; each imports what it needs when it runs."""

from __future__ import annotations

import os
import sys

import click

#: Commands, in the order in which --help lists them; each is the `command` of the module of its name.
_COMMANDS = ("show", "check", "diff", "sizes", "explain", "fit", "convert", "schema", "layers", "rule")

_OWN_OPTIONS = frozenset(("-h", "--help", "--version"))


class _Commands(click.Group):
    """Finds commands on demand; a first argument that is not a command is a model to show."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        from importlib import import_module

        command: click.Command = import_module(f"cnnsum.cli.{name}").command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args:
            from cnnsum.cli.output import say

            say(ctx.get_help())
            ctx.exit(2)
        if args[0] not in _COMMANDS and args[0] not in _OWN_OPTIONS:
            _refuse_misspelt(ctx, args)
            args = ["show", *args]
        return super().parse_args(ctx, args)


def _refuse_misspelt(ctx: click.Context, args: list[str]) -> None:
    """Raise UsageError where the first argument was meant as a command: no file has that name, nor could one."""
    word = args[0]
    if not word.replace("-", "").isalpha() or word.startswith("-") or os.path.lexists(word):
        return
    from cnnsum.diagnostics import nearest

    near = nearest(word, _COMMANDS)
    if near is None and (len(args) < 2 or args[1].startswith("-")):
        return  # a file that is missing, which its reader says better
    choices = f"did you mean `{near}`?" if near else f"the commands are {', '.join(_COMMANDS)}"
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
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version, help="Show the version."
)
def cli() -> None:
    """Know a neural network from its file.

    `cnnsum MODEL` prints the summary of a model: a spec in cnnsum's own language or a Keras 3 model in JSON, as a
    file or, with -, from standard input. `cnnsum show --help` lists the options that go with it.
    """


def main() -> None:
    """Run the command line and exit.

    Exit codes: 0 done, 1 the model has errors, 2 the call or the file cannot be used, 130 interrupted.
    """
    try:
        if "_CNNSUM_COMPLETE" in os.environ:  # a shell asks for completions, which only this call of click's answers
            cli.main(prog_name="cnnsum")
        code = _run(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        code = 0
    except OSError as error:
        code = _fail(f"the output cannot be written: {error.strerror or error}")
    except MemoryError:
        code = _fail("this takes more memory than there is")
    except Exception as error:  # noqa: BLE001 - whatever the fault in cnnsum, its user gets a sentence
        code = _fail(_fault(error))
    _give_up_broken_streams()
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    """Run the command that the arguments name; its exit code."""
    try:
        with cli.make_context("cnnsum", arguments) as ctx:
            cli.invoke(ctx)
        code = 0
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.ClickException as error:
        from io import StringIO

        from cnnsum.cli.output import say
        from cnnsum.ink import harmless

        vars(error)["message"] = harmless(error.message)  # it may quote a name of a file
        shown = StringIO()
        error.show(shown)
        say(shown.getvalue().removesuffix("\n"))
        code = 2
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        pass  # the code says what the command found, whether or not all of it was read
    return code


def _fail(message: str) -> int:
    """Say why nothing came of the call, where that can be said; the exit code."""
    from cnnsum.cli.output import say

    say(f"Error: {message}")
    return 2


def _fault(error: Exception) -> str:
    """What to say of an error that no part foresaw."""
    if isinstance(error, RecursionError):
        return "the model is nested too deep"
    from traceback import extract_tb

    if "CNNSUM_TRACEBACK" in os.environ:
        raise error
    frame = extract_tb(error.__traceback__)[-1]
    place = f"{os.path.basename(frame.filename)}:{frame.lineno}"
    return (
        f"a fault in cnnsum itself: {type(error).__name__}: {error} ({place}). Please report it with the file at hand; "
        f"CNNSUM_TRACEBACK=1 shows where it came from"
    )


def _give_up_broken_streams() -> None:
    """Send to nowhere what is left for a stream that cannot be written, or Python complains of it when it ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
