"""JSON text to plain values; the place of a value is looked up only when somebody asks for it.

`json.loads` does the reading. What it leaves open (equal keys, depth, long numbers) is asked of the whole text by
a few fast passes; only where one of them finds something does a slow walk over the tokens say what and where.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from cnnsum.source.findings import (
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_FINDINGS,
    MAX_VALUES,
    BadTextError,
    Finding,
    duplicate_key,
    long_number,
    not_finite,
    shown,
    too_deep,
    too_many,
)
from cnnsum.typed import Any, NoReturn

_SPACE = re.compile(r"[ \t\n\r]*")
# Patterns as texts: they are compiled when something is wrong, which costs more than reading a small file.
_MARK = r'(?s)"[^"\\]*(?:\\.[^"\\]*)*"|[][{},:]|-?\d[\d.eE+-]*|NaN|-?Infinity'
_SURROGATE = (
    r"(?<!\\)(?:\\\\)*(\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|"
    r"(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2})"
)
# Every so many bytes are looked at to rule out a long number: one would show three digits in a row, all written alike.
_SAMPLE = MAX_DIGITS // 3
_DIGITS_ALIKE = bytes.maketrans(b"0123456789", b"0000000000")

# What is left of a text when all but its structure is deleted; both kinds of brackets become one.
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'[]{}":,'))
_ONE_BRACKET = bytes.maketrans(b"{}", b"[]")

_decode_at = json.JSONDecoder().raw_decode


def load(text: str, data: bytes) -> tuple[Any, JsonPlaces, list[Finding]]:
    """The value of a JSON text, the places of its parts, and what is odd about it. `data` is the text in UTF-8.

    Raises `BadTextError`; its `offset` is set when the text is not JSON, and None when it is JSON beyond a limit.
    """
    keys_written, deep, values = _structure(data)
    if deep:
        raise BadTextError(too_deep(_place_of_depth(text)))
    if values > MAX_VALUES:
        raise BadTextError(too_many(0))
    keys_read = 0
    constants: list[str] = []

    def count(members: dict[str, Any]) -> dict[str, Any]:
        nonlocal keys_read
        keys_read += len(members)
        return members

    def constant(name: str) -> float:
        constants.append(name)
        return float(name)

    digits = b"000" in data[::_SAMPLE].translate(_DIGITS_ALIKE) and _has_long_number(text)
    try:
        value = json.loads(
            text,
            object_hook=count,
            parse_constant=constant,
            # Not read as an integer: that takes time, and Python has a limit of its own.
            parse_int=_short_int if digits else None,
        )
    except json.JSONDecodeError as error:
        _explain(text, error)
    except RecursionError:
        # Only where the caller has all but used up the stack.
        raise BadTextError(too_deep(0)) from None
    findings = []
    if digits or constants or keys_read != keys_written:
        findings = list(_walk(text))
        fatal = [finding for finding in findings if finding.code == "SPC017"]
        if fatal:
            raise BadTextError(*fatal)
    if "\\" in text and ("\\ud" in text or "\\uD" in text):
        _refuse_surrogates(text)
    return value, JsonPlaces(text), findings


class JsonPlaces:
    """Finds places by walking the text along a path; siblings are skipped by the decoder, which is written in C.

    Where a container's children start is kept, so asking for every layer's place costs one pass over the text per
    level; what else is asked of a child is read there again.
    """

    __slots__ = ("_kept", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        #: By the path of a container: where the key or item of each child starts.
        self._kept: dict[tuple[str | int, ...], dict[str, int] | list[int]] = {}

    def find(self, path: tuple[str | int, ...], *, key: bool = False) -> tuple[int, int]:
        """Start and end of the value at `path`, of its key, or of the nearest ancestor that exists."""
        while path:
            siblings, last = self._children(path[:-1]), path[-1]
            start = _child(siblings, last)
            if start is not None:
                if isinstance(siblings, list) and isinstance(last, int):
                    return start, self._end_of_item(siblings, last)
                end = _decode_at(self._text, start)[1]
                if key:
                    return start, end
                start = _value_after(self._text, end)
                return start, _decode_at(self._text, start)[1]
            path, key = path[:-1], False
        return self._root()

    def _end_of_item(self, starts: list[int], at: int) -> int:
        """Where an item of a list ends: before the comma between it and the next; the last is read again."""
        text, start = self._text, starts[at]
        if at + 1 == len(starts):
            return _decode_at(text, start)[1]
        end = text.rindex(",", start, starts[at + 1])
        while text[end - 1] in " \t\n\r":
            end -= 1
        return end

    def path_at(self, offset: int) -> tuple[tuple[str | int, ...], bool]:
        """The path of the innermost value, or key, that takes the character at `offset`, and whether it is the key."""
        from bisect import bisect_right

        path: tuple[str | int, ...] = ()
        while True:
            children = self._children(path)
            listed = list(children.items()) if isinstance(children, dict) else list(enumerate(children))
            # Children stand in their order, but for keys that stand there twice.
            at = bisect_right(listed, offset, key=lambda child: child[1]) - 1
            if at < 0:
                return path, False
            step, start = listed[at]
            if isinstance(step, str):
                end = _decode_at(self._text, start)[1]
                if start <= offset <= end:
                    return (*path, step), True
                start = _value_after(self._text, end)
            end = _decode_at(self._text, start)[1]
            if not start <= offset <= end:
                return path, False
            path = (*path, step)

    def _root(self) -> tuple[int, int]:
        start = _skip(self._text, 0)
        return start, len(self._text.rstrip(" \t\n\r"))

    def _children(self, path: tuple[str | int, ...]) -> dict[str, int] | list[int]:
        found = self._kept.get(path)
        if found is None:
            if path:
                start = _child(self._children(path[:-1]), path[-1])
                if start is not None and isinstance(path[-1], str):
                    start = _value_after(self._text, _decode_at(self._text, start)[1])
            else:
                start = self._root()[0]
            found = self._kept[path] = [] if start is None else _children_at(self._text, start)
        return found


def _child(children: dict[str, int] | list[int], step: str | int) -> int | None:
    if isinstance(children, dict):
        return children.get(step) if isinstance(step, str) else None
    return children[step] if isinstance(step, int) and 0 <= step < len(children) else None


def _value_after(text: str, key_end: int) -> int:
    """The start of the value whose key ends here."""
    return _skip(text, _skip(text, key_end) + 1)


def _children_at(text: str, at: int) -> dict[str, int] | list[int]:
    """Where the keys of a mapping, by key, or the items of a list start."""
    named: dict[str, int] = {}
    items: list[int] = []
    opener = text[at]
    if opener not in "[{":
        return items
    at = _skip(text, at + 1)
    while text[at] not in "]}":
        if opener == "{":
            key, end = _decode_at(text, at)
            named[key] = at
            _, at = _decode_at(text, _value_after(text, end))
        else:
            items.append(at)
            _, at = _decode_at(text, at)
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return named if opener == "{" else items


def _skip(text: str, at: int) -> int:
    """The offset of the next character that is not white space."""
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]  # the pattern matches everywhere


def _structure(data: bytes) -> tuple[int, bool, int]:
    """How many keys a sound JSON text holds, equal ones counted each, whether it is nested too deep, and how many
    values it holds at most.

    Strings are made to vanish: of each only the two quotes are left, and what a pair of neighbouring quotes leaves
    when it goes still stands within as many quotes as before. Mostly all quotes are such pairs, and need not go. Then
    every pass takes away one level of brackets.
    """
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    structure = data.translate(_ONE_BRACKET, _NOT_STRUCTURE)
    if 2 * structure.count(b'""') != structure.count(b'"'):
        structure = re.sub(rb'"[^"]*"', b"", structure.replace(b'""', b""))
    keys = structure.count(b":")
    values = len(structure) + 1
    if values > MAX_VALUES:
        # Each value stands after a comma or is the first of its container; a container is a value itself.
        values = 1 + structure.count(b",") + structure.count(b"[")
    structure = structure.translate(None, b'":,')
    for _ in range(MAX_DEPTH):
        inner = len(structure)
        structure = structure.replace(b"[]", b"")
        if len(structure) == inner:
            break
    # What is left are levels too many or, in a text that is not JSON, brackets without a partner.
    return keys, b"[]" in structure or structure.count(b"[") > MAX_DEPTH, values


def _place_of_depth(text: str) -> int:
    depth = 0
    for match in re.finditer(_MARK, text):
        bracket = match.group()
        if bracket in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                return match.start()
        elif bracket in "]}":
            depth -= 1
    return 0


def _has_long_number(text: str) -> bool:
    return re.search(rf"(?<![0-9])[0-9]{{{MAX_DIGITS + 1}}}", text) is not None


def _short_int(digits: str) -> int:
    return int(digits) if len(digits.lstrip("-")) <= MAX_DIGITS else 0


def _walk(text: str) -> Iterator[Finding]:
    """All equal keys, long numbers and constants of a sound JSON text, by its tokens."""
    levels: list[dict[str, tuple[int, int]] | None] = []
    string: tuple[int, int] | None = None
    found = 0
    for match in re.finditer(_MARK, text):
        token = match.group()
        first = token[0]
        start, end = match.span()
        finding = None
        if first == '"':
            string = (start, end)
            continue
        if first == ":":
            keys = levels[-1]
            assert string is not None
            assert keys is not None
            key: str = json.loads(text[string[0] : string[1]])
            if key in keys:
                finding = duplicate_key(key, *string, keys[key])
            else:
                keys[key] = string
        elif first in "[{":
            levels.append({} if first == "{" else None)
        elif first in "]}":
            levels.pop()
        elif token.isdigit() or (first == "-" and token[1:].isdigit()):
            if end - start - (first == "-") > MAX_DIGITS:
                finding = long_number(start + (first == "-"), end)
        elif token.endswith(("N", "y")):
            finding = not_finite(token, start, end)
        if finding is not None:
            yield finding
            found += 1
            if found >= MAX_FINDINGS:
                return


def _refuse_surrogates(text: str) -> None:
    """Half a character can be written as an escape, but no output can hold it."""
    match = re.search(_SURROGATE, text)
    if match is not None:
        start, end = match.span(1)
        raise BadTextError(
            Finding("SPC021", f"{shown(text[start:end])} is half of a character, without its other half", start, end)
        )


def comment_at(text: str, at: int, path: str) -> Finding | None:
    """The finding for a comment at which the reading of a JSON text stopped; None where there is none.

    In YAML, `8 // 2` is an expression and may stand in a text that starts as JSON does: unless the file is called
    `.json`, what could be one is taken for one.
    """
    at = _skip(text, at)
    comment = re.compile(r"(?s)/\*.*?(?:\*/|\Z)|//[^\r\n]*").match(text, at)
    if comment is None:
        return None
    before = text[:at].rstrip(" \t")
    operands = re.search(r"[\w)]\Z", before) and re.match(r"//[ \t]*(?:\d|\(|\w+[ \t]*(?:[,\]}]|\Z))", comment.group())
    if operands and not path.lower().endswith(".json"):
        return None
    return Finding("SPC008", "JSON has no comments", at, comment.end(), help="remove it, or write YAML with `#`")


def _unclosed(text: str) -> str:
    """The brackets that close what a text leaves open."""
    closing: list[str] = []
    for sign in re.findall(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text):
        if sign in "[{":
            closing.append("]" if sign == "[" else "}")
        elif sign in "]}" and closing:
            closing.pop()
    return "".join(reversed(closing))


def _explain(text: str, error: json.JSONDecodeError) -> NoReturn:
    """Raise the error again in plain words, the same from every version of Python."""
    at = error.pos
    reason = error.msg
    here = text[at : at + 1]
    advice = None
    code = "SPC008"
    start, end = at, at + 1
    before = len(text[:at].rstrip(" \t\n\r"))
    if reason.startswith("Unterminated string"):
        code, message, at = "SPC009", "the text ends within this string", len(text)
        end = start + 1
    elif _skip(text, at) == len(text):
        code, message = "SPC009", "the text ends too early: a list or mapping is not closed"
        advice = f"write `{_unclosed(text)}` at the end, if nothing else is missing"
        start, end, at = before, before, len(text)
    elif reason.startswith("Extra data"):
        message = "more text after the end of the JSON value"
        advice = "a file holds one model"
    elif reason.startswith("Illegal trailing comma") or (here and here in "]}" and text[before - 1 : before] == ","):
        if here != ",":
            at = start = before - 1
            end = start + 1
        message = "a comma before a closing bracket"
        advice = "remove the comma"
    elif reason.startswith("Expecting property name"):
        message = "expected a key in double quotes"
        advice = 'JSON has keys as in `"input": [64, 64, 3]`'
    elif reason.startswith("Expecting ':'"):
        message = "expected `:` after the key"
        advice = "write `:` before this"
    elif reason.startswith("Expecting ','"):
        message = "expected `,` or a closing bracket"
        advice = "write a comma before this" if here in '"{[' or here.isalnum() else None
    elif reason.startswith("Invalid control character"):
        code, message = "SPC021", f"a control character (U+{ord(here):04X}) in a string"
        advice = r"write a line break as \n and a tab as \t"
    elif reason.startswith("Invalid"):
        message = "a backslash that starts no escape of JSON"
        advice = r"write a backslash as \\"
    else:
        message = "expected a value"
    raise BadTextError(Finding(code, message, start, end, help=advice), offset=at) from None
