"""Layer types as text: the list of them, or the documentation and the fields of some. Sees plain records alone."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from cnnsum.answers.layers.ask import Described, Reference

_NAME, _SUMMARY = 24, 92
#: A line is broken into no less than that.
_LEAST = 20


def chunks(answer: Reference, _width: int = 80, room: int | None = None) -> Iterator[str]:
    """The answer as lines. room: columns of the terminal, None for as many as a line takes. Lines of the list are cut
    there, and those of documentation broken between words.
    """
    for line in _lines(answer):
        if room is None or len(line) <= room:
            yield f"{line}\n"
        elif answer.word is None:
            yield f"{line.rstrip('…')[: room - 1]}…\n"
        else:
            indent = " " * (len(line) - len(line.lstrip()))
            for part in wrap(line, max(room, _LEAST), subsequent_indent=indent, break_on_hyphens=False):
                yield f"{part}\n"


def _lines(answer: Reference) -> Iterator[str]:
    for family in answer.families:
        yield f"{family.name}{f', {family.framework}' if family.framework else ''}:"
        for name, summary in family.types:
            yield f"  {name:<{_NAME}} {summary if len(summary) <= _SUMMARY else summary[: _SUMMARY - 1] + '…'}"
    is_first = True
    for described in answer.found:
        yield from () if is_first else ("",)
        is_first = False
        if described.framework:
            yield from (described.framework, "")
        yield from _of_type(described)
    for framework, says, type in answer.meant:
        yield from () if is_first else ("",)
        is_first = False
        yield f"`{answer.word}` in the words of {framework}: {says}"
        if type is not None:
            yield ""
            yield from _of_type(type)


def _of_type(type: Described) -> Iterator[str]:
    yield type.name + (f"  (also {', '.join(type.aliases)})" if type.aliases else "")
    yield ""
    yield from type.doc.split("\n")
    if type.inputs is not None:
        yield ""
        yield f"Inputs: {', '.join(type.inputs) or 'none'}"
    if type.fields:
        yield ""
        yield "Fields, in their order:" if type.inputs is None else "Attributes:"
        width = max(len(field.name) for field in type.fields)
        for name, expects, default in type.fields:
            yield f"  {name:<{width}}  {expects}; {'required' if default is None else f'default {default}'}"
