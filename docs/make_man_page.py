"""Writes docs/cnnsum.1, the page of `man cnnsum`, which the wheel brings to share/man: every command with its options.

python docs/make_man_page.py

All of it comes from the commands' own help and from the table of variables in docs/terminal.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from inspect import cleandoc
from pathlib import Path

import click

from cnnsum import __version__
from cnnsum.cli.commands import cli

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "cnnsum.1"

#: Options that stand in at least so many commands are told once.
_COMMON = 4
_CODES = {
    "0": "done; warnings do not change it",
    "1": "the model has errors, or what was asked does not hold",
    "2": "the call or the file cannot be used",
    "130": "interrupted",
}


def page() -> str:
    """The text of the page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    with click.Context(cli, info_name="cnnsum") as ctx:
        commands = {name: command for name in cli.list_commands(ctx) if (command := cli.get_command(ctx, name))}
    seen = Counter(_told(option) for command in commands.values() for option in _options(command))
    common = {told for told, count in seen.items() if count >= _COMMON}
    yield f'.TH CNNSUM 1 "" "cnnsum {__version__}" "User Commands"'
    yield from (".SH NAME", r"cnnsum \- know a neural network from its file")
    yield from (".SH SYNOPSIS", r"\fBcnnsum\fR \fIMODEL\fR [\fIOPTION\fR]...", ".br")
    yield r"\fBcnnsum\fR \fICOMMAND\fR [\fIARGUMENT\fR]..."
    yield ".SH DESCRIPTION"
    yield from _prose(cli.help or "")
    yield ".SH COMMANDS"
    for name, command in commands.items():
        yield from _command(name, command, common)
    yield from (".SH OPTIONS OF SEVERAL COMMANDS",)
    for told in seen:
        if told in common:
            yield from _tagged(*told)
    yield ".SH EXIT STATUS"
    for code, meaning in _CODES.items():
        yield from _tagged(_bold(code), meaning)
    yield ".SH ENVIRONMENT"
    for variable, meaning in _variables():
        yield from _tagged(_bold(variable), meaning)


def _command(name: str, command: click.Command, common: Iterable[tuple[str, str]]) -> Iterator[str]:
    arguments = " ".join(_metavar(one) for one in command.params if isinstance(one, click.Argument))
    yield f'.SS "cnnsum {name} {_escaped(arguments)}"'
    yield from _prose(command.help or "")
    for option in _options(command):
        if (told := _told(option)) not in common:
            yield from _tagged(*told)


def _options(command: click.Command) -> list[click.Option]:
    return [one for one in command.params if isinstance(one, click.Option) and not one.hidden]


def _told(option: click.Option) -> tuple[str, str]:
    """How an option is written, and what it is for."""
    names = ", ".join(_bold(name) for name in sorted(option.opts, key=len))
    return names if option.is_flag else rf"{names} \fI{_escaped(_metavar(option))}\fR", option.help or ""


def _metavar(param: click.Parameter) -> str:
    if param.metavar is not None:
        return param.metavar
    if isinstance(param.type, click.Choice):
        return "|".join(param.type.choices)
    name = (param.name or "") if isinstance(param, click.Argument) else param.type.name
    return name.upper() if param.required or isinstance(param, click.Option) else f"[{name.upper()}]"


def _variables() -> list[tuple[str, str]]:
    """The environment, from the table of docs/terminal.md."""
    text = (DOCS / "terminal.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `([A-Z_]+)` \| (.+) \|$", text, re.MULTILINE)


# --- roff -------------------------------------------------------------------------------------------------------------


def _prose(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(cleandoc(text).split("\n\n")):
        if number:
            yield ".PP"
        yield _line(" ".join(paragraph.split()))


def _tagged(tag: str, text: str) -> Iterator[str]:
    yield from (".TP", tag, _line(" ".join(text.split())))


def _line(text: str) -> str:
    """A line of text, in which what stands in backquotes is bold."""
    line = "".join(_bold(piece) if number % 2 else _escaped(piece) for number, piece in enumerate(text.split("`")))
    return rf"\&{line}" if line.startswith((".", "'")) else line


def _bold(word: str) -> str:
    return rf"\fB{_escaped(word)}\fR"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\e").replace("-", r"\-").replace("…", "...").replace('"', r"\(dq").replace("'", r"\(aq")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
