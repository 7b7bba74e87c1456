"""Which formats of the registry each command prints, with which options, and the usage error of what is not there.

Knows names of commands, options and formats; nothing of what is printed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import click

from cnnsum.answers import FORMATS as REGISTERED

#: The formats of each command, the default first; and, where an option makes it print something else, of that.
FORMATS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "show": {
        "": tuple(REGISTERED["summary"]),
        "--chart": tuple(REGISTERED["chart"]),
        "--sweep": tuple(REGISTERED["sweep"]),
    },
    "check": {
        "": tuple(format for format in REGISTERED["check"] if format != "statistics"),
        "--statistics": ("text", "concise"),
    },
    "explain": {"": tuple(REGISTERED["explain"]), "--convention": tuple(REGISTERED["conventions"])},
    "diff": {"": tuple(REGISTERED["diff"])},
    "sizes": {"": tuple(REGISTERED["sizes"])},
    "fit": {"": tuple(REGISTERED["fit"])},
    "rule": {"": ("text", "markdown", "json")},
}

#: Options of a command that only some formats of its plain result follow; every format follows the others.
FOLLOWED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "show": {
        "--keras": ("table",),
        "--width": ("table",),
        "--show-trainable": ("table",),
        "--columns": ("table", "csv", "markdown"),
        "--depth": ("table", "csv", "markdown"),
        "--expand-nested": ("table", "csv", "markdown"),
        "--layer-range": ("table", "csv", "markdown"),
        "--plan": ("table", "json"),
        "--convention": ("table", "json"),
    },
}

#: Options of a command that make it print something else, and the others that have no place there.
WITHOUT: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "show": {
        "--chart": (
            *("--train", "--plan", "--convention", "--keras", "--columns", "--depth", "--expand-nested"),
            *("--show-trainable", "--layer-range", "--checkpoint"),
        ),
        "--keras": ("--train", "--plan", "--convention"),
    },
    "check": {
        "--show-settings": (
            *("--format", "--statistics", "--budget", "--baseline", "--max-increase", "--write-baseline", "--fix"),
            *("--diff", "--unsafe-fixes", "--watch", "--jobs", "--exit-zero"),
        ),
        "--diff": (
            *("--format", "--statistics", "--budget", "--baseline", "--max-increase", "--write-baseline", "--jobs"),
            "--fail-on",
        ),
    },
}

#: Options of a command that say more of others, one of which must be there.
OF: Mapping[str, Mapping[str, tuple[str, ...]]] = {"check": {"--unsafe-fixes": ("--fix", "--diff")}}


def format_option(command: str, help: str | None = None) -> Callable[[Any], Any]:
    """The option `--format` of a command, which takes every format that it prints in some way.

    help: where the default depends on something; the option is then None where it is not given.
    """
    formats = [*dict.fromkeys(format for printed in FORMATS[command].values() for format in printed)]
    default = None if help else formats[0]
    told = help or f"What to print.  [default: {default}]"
    return click.option("--format", "format", type=click.Choice(formats), default=default, help=told)


def options_given(ctx: click.Context) -> list[str]:
    """The options on the command line, each by its long name."""
    return [
        max(param.opts, key=len)
        for param in ctx.command.params
        if param.name is not None and ctx.get_parameter_source(param.name) is click.core.ParameterSource.COMMANDLINE
    ]


def refuse_others(command: str, format: str, given: Collection[str]) -> None:
    """Raise UsageError where a format has not what was asked for by these options."""
    printed = FORMATS[command]
    for mode, others in WITHOUT.get(command, {}).items():
        for option in given:
            if mode in given and option in others:
                raise click.UsageError(f"{mode} does not go with {option}")
    for option, others in OF.get(command, {}).items():
        if option in given and not any(other in given for other in others):
            raise click.UsageError(f"{option} goes with {' or '.join(others)}")
    modes = [option for option in given if option in printed]
    for option in modes:
        _require(option, format, printed[option])
    if modes:
        return
    if format not in printed[""]:
        having = " or ".join(option for option, formats in printed.items() if format in formats)
        raise click.UsageError(f"--format {format} goes with {having}")
    followed = FOLLOWED.get(command, {})
    for option in given:
        _require(option, format, followed.get(option, (format,)))


def _require(option: str, format: str, formats: tuple[str, ...]) -> None:
    if format not in formats:
        listed = " or ".join(filter(None, (", ".join(formats[:-1]), formats[-1])))
        raise click.UsageError(f"{option} goes with --format {listed}, not with {format}")
