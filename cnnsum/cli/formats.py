"""Which formats of the registry each command prints, with which options, and the usage error of what is not there.

Knows names of commands, options and formats; nothing of what is printed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping

import click

from cnnsum.answers import FORMATS as REGISTERED
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.cli.options import F

#: The formats of each command, the default first; and, where an option makes it print something else, of that.
FORMATS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "show": {
        "": tuple(REGISTERED["summary"]),
        "--chart": tuple(REGISTERED["chart"]),
        "--sweep": tuple(REGISTERED["sweep"]),
        "--sweep with --chart": tuple(REGISTERED["sweep chart"]),
    },
    "check": {
        "": tuple(format for format in REGISTERED["check"] if format != "statistics"),
        "--statistics": ("text", "concise"),
    },
    "list": {"": tuple(REGISTERED["list"])},
    "explain": {"": tuple(REGISTERED["explain"]), "--convention": tuple(REGISTERED["conventions"])},
    "diff": {"": tuple(REGISTERED["diff"])},
    "sizes": {"": tuple(REGISTERED["sizes"])},
    "fit": {"": tuple(REGISTERED["fit"])},
    "rule": {"": tuple(REGISTERED["rules"])},
}

#: Options of a command that only some formats of its plain result follow; every format follows the others. How a model
#: is read holds for all, also where nothing of it is shown.
FOLLOWED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "show": {
        "--train": ("table", "json", "html"),
        "--optimizer": ("table", "json", "markdown", "html"),
        "--checkpoint": ("table", "json", "markdown", "html"),
        "--keras": ("table",),
        "--open": ("html",),
        "--width": ("table",),
        "--style": ("table",),
        "--show-trainable": ("table",),
        "--columns": ("table", "csv", "markdown", "svg", "mermaid", "dot"),
        "--depth": ("table", "csv", "markdown", "svg", "html", "mermaid", "dot"),
        "--expand-nested": ("table", "csv", "markdown"),
        "--layer-range": ("table", "csv", "markdown"),
        "--plan": ("table", "json"),
        "--convention": ("table", "json"),
    },
    "check": {"--explain": ("text",)},
    "diff": {
        "--batch": tuple(format for format in REGISTERED["diff"] if format != "svg"),
        "--optimizer": tuple(format for format in REGISTERED["diff"] if format != "svg"),
    },
}

_QUIET = {"--quiet": ("--verbose",)}

#: Options of a command that make it print something else, and the others that have no place there. An option with one
#: of its choices (`--chart params`) is one of them, too.
WITHOUT: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "show": {
        **_QUIET,
        "--chart": (
            *("--train", "--plan", "--convention", "--keras", "--columns", "--depth", "--expand-nested"),
            *("--show-trainable", "--layer-range", "--checkpoint", "--style", "--open"),
        ),
        "--chart memory": ("--optimizer",),
        "--chart params": ("--batch", "--symbolic", "--optimizer"),
        "--chart macs": ("--batch", "--symbolic", "--optimizer"),
        "--sweep": (
            *("--train", "--plan", "--convention", "--keras", "--columns", "--depth", "--expand-nested"),
            *("--show-trainable", "--layer-range", "--checkpoint", "--style", "--symbolic", "--open", "--width"),
        ),
        "--keras": ("--train", "--plan", "--convention", "--optimizer", "--checkpoint", "--batch"),
        "--watch": ("--open",),
    },
    "explain": {**_QUIET, "--convention": ("--only",)},
    "diff": _QUIET,
    "sizes": {**_QUIET, "--keep": ("--free",)},
    "fit": {**_QUIET, "--inference": ("--optimizer",)},
    "convert": _QUIET,
    "check": {
        "--show-settings": (
            *("--format", "--statistics", "--budget", "--baseline", "--max-increase", "--write-baseline", "--fix"),
            *("--diff", "--unsafe-fixes", "--add-ignores", "--watch", "--jobs", "--dask", "--exit-zero", "--explain"),
            *("--models-only", "--force-exclude", "--keras-backend", "--layer-types", "--plugin"),
            *("--quiet", "--verbose"),
        ),
        "--add-ignores": (
            *("--format", "--statistics", "--write-baseline", "--diff", "--explain", "--output", "--exit-zero"),
            *("--fail-on", "--verbose"),
        ),
        "--diff": (
            *("--format", "--statistics", "--budget", "--baseline", "--max-increase", "--write-baseline", "--jobs"),
            *("--dask", "--fail-on", "--fix", "--explain", "--models-only", "--keras-backend", "--verbose"),
        ),
        "--statistics": ("--explain",),
        "--watch": ("--exit-zero",),
    },
}

#: Options of a command that say more of others, one of which must be there.
OF: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "show": dict.fromkeys(("--where", "--pareto", "--sort", "--top", "--jobs", "--dask"), ("--sweep",)),
    "check": {"--unsafe-fixes": ("--fix", "--diff"), "--max-increase": ("--baseline",)},
    "fit": {
        "--inference": ("--memory",),
        **dict.fromkeys(("--optimizer", "--batch"), ("--memory", "--maximize")),
    },
}


def format_option(command: str, help: str | None = None) -> Callable[[F], F]:
    """The option `--format` of a command, which takes every format that it prints in some way.

    help: where the default depends on something; the option is then None where it is not given.
    """
    formats = [*dict.fromkeys(format for printed in FORMATS[command].values() for format in printed)]
    default = None if help else formats[0]
    told = help
    if told is None:
        # The first way to print that has what the plain one has not.
        ways = FORMATS[command].items()
        elsewhere = {way: [one for one in printed if one not in FORMATS[command][""]] for way, printed in ways}
        only = next((f" {' and '.join(found)}: {way} only." for way, found in elsewhere.items() if found), "")
        told = f"What to print.{only}  [default: {default}]"
    return click.option("--format", "format", type=click.Choice(formats), default=default, help=told)


#: The format that the name of a file asks for.
SUFFIXES: Mapping[str, str] = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".svg": "svg",
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".dot": "dot",
    ".gv": "dot",
    ".sarif": "sarif",
}

#: Formats that are JSON themselves, so that a file of theirs may be named as JSON is.
_IN_JSON = frozenset(("sarif", "gitlab"))


def format_for(command: str, output: str | None, format: str | None, default: str | None = None) -> str:
    """The format of a call: the one that was chosen, else that of the file's name, else the default.

    default: of a command whose option `--format` has none. Raises UsageError where the two contradict, where the
    command has no such format, or where an option of the call has no effect on what is printed.
    """
    given = options_given(click.get_current_context())
    found = _format_for(command, output, format, default, chosen="--format" in given)
    refuse_others(command, found, given)
    return found


def _format_for(command: str, output: str | None, format: str | None, default: str | None, *, chosen: bool) -> str:
    asked = SUFFIXES.get(os.path.splitext(output or "")[1].lower())
    fits = format == asked or (asked == "json" and format in _IN_JSON)
    if asked is None or (chosen and fits):
        if default is not None and not chosen:
            return default
        assert format is not None, "it was chosen, or has a default"
        return format
    if chosen:
        raise click.UsageError(
            f"--format {format} and the name '{output}' contradict: leave --format out, or {_other()}"
        )
    if not any(asked in formats for formats in FORMATS[command].values()):
        formats = [*dict.fromkeys(one for printed in FORMATS[command].values() for one in printed)]
        message = f"'{output}' asks for {asked}, which {command} does not write: its formats are {', '.join(formats)}"
        raise click.UsageError(f"{message}; {_other()}")
    return asked


#: How a file's name may end, by the kind of text that is written into it; a name that ends as none of these is free.
_ENDINGS: Mapping[str, tuple[str, ...]] = {
    "yaml": (".yaml", ".yml"),
    "json": (".json",),
    "keras": (".json",),
    "torch": (".py",),
    "keras-py": (".py",),
}


def require_name(output: str | None, written: str) -> None:
    """Raise UsageError where the name of a file is that of another kind of text than what is written into it."""
    from cnnsum.lint.files import SUFFIXES as READ

    stem, ending = os.path.splitext(output or "")
    known = {*SUFFIXES, *READ, *(one for endings in _ENDINGS.values() for one in endings)}
    if ending.lower() in known and ending.lower() not in _ENDINGS[written]:
        raise click.UsageError(f"'{output}' is not a name for {written}: call it '{stem}{_ENDINGS[written][0]}'")


def _other() -> str:
    return "give the file another name"


def options_given(ctx: click.Context) -> list[str]:
    """The options on the command line, each by its long name; of several choices also with the one that was made."""
    found = []
    for param in ctx.command.params:
        if param.name and ctx.get_parameter_source(param.name) is click.core.ParameterSource.COMMANDLINE:
            name = max(param.opts, key=len)
            found.append(name)
            if isinstance(param.type, click.Choice):
                found.append(f"{name} {ctx.params.get(param.name)}")
    return found


def refuse_others(command: str, format: str, given: Collection[str]) -> None:
    """Raise UsageError where an option of these has no effect, beside another or in a format."""
    printed = FORMATS.get(command, {"": (format,)})
    for mode, others in WITHOUT.get(command, {}).items():
        for option in given:
            if mode in given and option in others:
                raise click.UsageError(f"{mode} does not go with {option}")
    for option, others in OF.get(command, {}).items():
        if option in given and not any(other in given for other in others):
            raise click.UsageError(f"{option} goes with {' or '.join(others)}")
    both = next((mode for mode in printed if " with " in mode and {*mode.split(" with ")} <= {*given}), None)
    modes = [both] if both is not None else [option for option in given if option in printed]
    for option in modes:
        more = next((one for one in printed if one.startswith(f"{option} with ") and format in printed[one]), None)
        if more is not None and format not in printed[option]:
            both = more.replace(" with ", " and ")
            alone = _listed(printed[option])
            raise click.UsageError(f"--format {format} goes with {both}; {option} alone goes with --format {alone}")
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
        raise click.UsageError(f"{option} goes with --format {_listed(formats)}, not with {format}")


def _listed(formats: tuple[str, ...]) -> str:
    return " or ".join(filter(None, (", ".join(formats[:-1]), formats[-1])))
