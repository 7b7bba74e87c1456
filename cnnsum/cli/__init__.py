"""The command line: `cnnsum MODEL` and its commands. One file per command; each imports what it needs when it runs."""

from __future__ import annotations

import sys

import click

#: Commands by name, each with the module that has it as `command`.
_COMMANDS = {"show": "cnnsum.cli.show", "layers": "cnnsum.cli.layers"}

_OWN_OPTIONS = frozenset(("-h", "--help", "--version"))


class _Commands(click.Group):
    """Finds commands on demand; a first argument that is no command is a model to show."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        module = _COMMANDS.get(name)
        if module is None:
            return None
        from importlib import import_module

        command: click.Command = import_module(module).command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in _COMMANDS and args[0] not in _OWN_OPTIONS:
            args = ["show", *args]
        return super().parse_args(ctx, args)


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
    file or, with -, from standard input. Run `cnnsum show --help` for its options.
    """


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 the model has errors, 2 the call or the file cannot be used."""
    import gc

    # A run is short and makes no garbage to speak of, but many objects that the collector would walk again and again.
    gc.disable()
    try:
        code = cli.main(standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        code = 2
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except BrokenPipeError:
        code = 0
        _discard_output()
    except OSError as error:
        click.echo(f"Error: the output cannot be written: {error.strerror or error}", err=True)
        code = 2
        _discard_output()
    sys.exit(code)


def _discard_output() -> None:
    """Let Python flush what is left of standard output to nowhere when it ends."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
