"""What the YAML parser complains of, in plain words. Imported only once something is wrong.

The parser names the rule of its grammar that failed. The person who wrote the file wants to know what to change, so
the text around the place is looked at too. Both of PyYAML's parsers, in C and in Python, are understood; a complaint
that is not known here is passed on as it is.
"""

from __future__ import annotations

import re

import yaml
from yaml.reader import ReaderError

from cnnsum.source.findings import Finding, shown, too_deep

_NOT_PRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST_LINE = 10_000
_LONGEST_TAIL = 30
_LONGEST_ASSIGNED = 100
_CLOSERS = {"{": "}", "[": "]"}
_INDENT_HELP = "values of one list or mapping start in the same column"


def explain(error: yaml.YAMLError, text: str) -> tuple[Finding, int | None]:
    """The finding for an error of the parser, and the offset at which the text is not YAML; None where it may be."""
    if isinstance(error, ReaderError):
        match = _NOT_PRINTABLE.search(text)
        at = match.start() if match else 0
        message = f"a control character (U+{ord(text[at]):04X}) cannot stand in YAML"
        return Finding("SPC021", message, at, at + 1, help="remove it, or write it as an escape in double quotes"), at
    assert isinstance(error, yaml.MarkedYAMLError)
    problem = error.problem or "not YAML"
    context = error.context or ""
    mark = error.problem_mark or error.context_mark
    at = min(mark.index, len(text)) if mark else 0
    opened = min(error.context_mark.index, len(text)) if error.context_mark else at
    if "nesting depth" in problem:
        # libyaml from 0.2.6 on looks ahead no deeper than 1,000 levels, and so may stop before our own limit is met.
        return too_deep(at), None
    at_end = not text[at:].strip()
    return _finding(problem, context, text, at, opened, at_end=at_end), at


def _finding(problem: str, context: str, text: str, at: int, opened: int, *, at_end: bool) -> Finding:
    here = text[at : at + 1]
    before = text[_line_start(text, at) : at]
    starts_line = not before.strip()

    def bad(message: str, help: str | None = None, *, start: int = at, code: str = "SPC008") -> Finding:
        return Finding(code, message, start, min(start + 1, len(text)), help)

    if "flow" in context:
        if text[opened : opened + 1] not in _CLOSERS:  # the parser names the value that it waits for
            opened = _innermost(text, at)
        closer = _CLOSERS.get(text[opened : opened + 1], "}")
        what = "list" if closer == "]" else "mapping"
        if at_end:
            help = _close(text, opened, closer)
            return bad(f"this {what} is never closed: `{closer}` is missing", help, start=opened, code="SPC009")
        if here and here in "]}" and here != closer:
            finding = bad(f"`{here}` closes a {what} that `{text[opened]}` opens", f"close it with `{closer}`")
            return finding._replace(related=(opened, opened + 1, "it is opened here"))
        apart = "\n" in text[opened:at]
        mend = _close(text, opened, closer) if apart else _of_comma(before)
        if here == ",":
            return bad("a value is missing before this comma", "leave one of the two commas out")
        if "node" in context:
            finding = bad(f"a value is missing before this `{here}`", "write one, or quote what is meant as a text")
        else:
            finding = bad(f"expected `,` or `{closer}` in this {what}", mend)
        return finding._replace(related=(opened, opened + 1, "it is opened here"))
    if "quoted scalar" in context and "unexpected" in problem:
        help = _other_quote(text, opened) or _close(text, opened, text[opened : opened + 1])
        return bad("this quote is never closed", help, start=opened, code="SPC009")
    if "quoted scalar" in context:
        return bad("a backslash that starts no escape of YAML", r"write a backslash as \\, or use single quotes")
    if here == "\t" or "tab character" in problem:
        return bad("a tab: YAML indents with spaces", "replace the tab by spaces")
    if "mapping values are not allowed" in problem:
        cut = re.search(r"[\s{,-](\w+):[{\[\"']", " " + before)
        if cut is not None:
            opener = cut.group()[-1]
            closer = _CLOSERS.get(opener, opener)
            example = f"write `{cut[1]}: {opener}...{closer}`"
            start = at - len(before) + cut.start(1) - 1
            return bad(f"a space is missing after `{cut[1]}:`", example, start=start)._replace(
                end=start + len(cut[1]) + 1
            )
        bare = re.match(r"[\s-]*(\w+)[ \t]+([{\[])", before)
        if bare is not None:
            help = f"write `{bare[1]}: {bare[2]}...{_CLOSERS[bare[2]]}`"
            return bad(f"a `:` is missing after `{bare[1]}`", help, start=at - len(before) + bare.start(1))
        if re.search(r":\s", before):
            return bad("a second `:` on one line", "write the inner mapping in braces, or the text in quotes")
        word = _word(text, at)
        above = text[: _line_start(text, at)].rstrip().rpartition("\n")[2]
        if word - _line_start(text, at) > len(above) - len(above.lstrip(" -")):
            return bad("this key is indented deeper than the line above it allows", _INDENT_HELP, start=word)
        advice = "write a space after the `:` of the line above" if re.search(r":\S", above) else _with_colon(above)
        return bad("no key can follow here: the line above is not complete", advice, start=word)
    if "could not find expected ':'" in problem:
        line = re.match(r"[^\n\r]*", text[opened : opened + 200])
        name = line.group().rstrip() if line else ""
        if re.match(r"-\w", name):
            return bad("a space is missing after `-`", f"write `- {name[1:]}`, as every item of a list", start=opened)
        mend = _with_colon(name) or (f"write `{name}:`" if name.isidentifier() else None)
        finding = bad(f"{shown(name)} is not a key: it has no `:`", mend, start=opened)
        return finding._replace(end=opened + max(len(name), 1))
    if "cannot start any token" in problem:
        sign = "a backquote" if here == "`" else shown(here)
        return bad(f"{sign} cannot start a value", "write the text in quotes")
    if "expected node content" in problem or "expected the node content" in problem:
        return bad(f"a value is missing before `{here}`" if here else "a value is missing")
    if "sequence entries are not allowed" in problem:
        return bad("a list cannot start on this line", "start it on a line of its own, or write it in [ ]")
    if "expected <document start>" in problem or "expected '<document start>'" in problem:
        if here and here in "]}":
            return bad(f"`{here}` closes nothing")
        return bad("more text after the end of the value", _INDENT_HELP if starts_line else None)
    if "block" in context and ("expected key" in problem or "expected '-'" in problem or "<block end>" in problem):
        return _block(text, at, opened, bad, starts_line=starts_line, mapping="mapping" in context)
    if "alias" in context or "anchor" in context:
        return bad("a `*` or `&` without a name", "write a text that starts with it in quotes", start=opened)
    if "tag" in context or "tag" in problem:
        return bad("a `!` that starts no tag", "write a text that starts with it in quotes", start=opened)
    if "directive" in context:
        return bad("a line that starts with `%` is a directive, and this one is not known", start=opened)
    if "incompatible YAML" in problem:
        return bad("a version of YAML that is not known", "leave the line out")
    if "block scalar" in context:
        return bad("text on the line that starts a block of text", "start the text on the next line")
    return bad(problem)


def _block(text: str, at: int, opened: int, bad: object, *, starts_line: bool, mapping: bool) -> Finding:
    """The finding for something within an indented list or mapping that does not belong to it."""
    assert callable(bad)
    finding: Finding
    what = "mapping" if mapping else "list"
    if text[at] in "]}":
        finding = bad(f"`{text[at]}` closes nothing")
        return finding
    if not starts_line:
        finding = bad("text after the end of a value", "quote the whole text")
        return finding
    column = at - _line_start(text, at)
    if column != opened - _line_start(text, opened):
        finding = bad("this line is indented like no line above it", _INDENT_HELP)
    elif mapping:
        finding = bad("a list item among the keys of a mapping" if text[at] == "-" else "expected a key")
    else:
        finding = bad("a line without `-` among the items of a list", "start the item with `- `")
    return finding._replace(related=(opened, opened + 1, f"the {what} starts here"))


def _innermost(text: str, at: int) -> int:
    """Where the innermost list or mapping in brackets begins that is open at a place; that place where none is."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    opened: list[int] = []
    try:
        for token in yaml.scan(text[:at], Loader=loader):
            if isinstance(token, yaml.FlowSequenceStartToken | yaml.FlowMappingStartToken):
                opened.append(token.start_mark.index)
            elif isinstance(token, yaml.FlowSequenceEndToken | yaml.FlowMappingEndToken):
                opened.pop()
    except (yaml.YAMLError, IndexError):
        pass  # what comes before was read once
    return opened[-1] if opened else at


def _close(text: str, opened: int, closer: str) -> str:
    """Where what was opened and never closed most likely ends: at the end of its line, before a comment."""
    line = re.match(r"[^\n\r]*", text[opened : opened + _LONGEST_LINE])
    written = re.sub(r"\s#.*", "", line.group() if line else "").rstrip(" ,")
    shown = written if len(written) <= _LONGEST_TAIL else f"...{written[-_LONGEST_TAIL:]}"
    number = text.count("\n", 0, opened) + 1
    return f"write `{closer}` at the end of line {number}: `{shown}{closer}`"


def _with_colon(line: str) -> str | None:
    """How a line is written that assigns as programs do: `input = [64, 64, 3]`."""
    assigned = re.fullmatch(r"\s*(\w+)\s*=\s*(\S.*)", line)
    return f"write `{assigned[1]}: {assigned[2]}`" if assigned and len(line) <= _LONGEST_ASSIGNED else None


def _other_quote(text: str, opened: int) -> str | None:
    """What to say of a word that begins with one quote and ends with the other."""
    word = re.match(r"(['\"])([\w .-]*)(?!\1)['\"]", text[opened : opened + _LONGEST_ASSIGNED])
    return f"a text ends with the quote that it begins with: `{word[1]}{word[2]}{word[1]}`" if word else None


def _of_comma(before: str) -> str | None:
    """What to do where a comma is missing, or another sign stands in its place."""
    other = re.search(r";[ \t]*(\w+)[ \t]*$", before)
    return f"write a comma in the place of the `;` before `{other[1]}`" if other else _with_comma(before)


def _with_comma(before: str) -> str | None:
    """Where a comma is missing before a key, by the line up to its colon: `{filters: 8 kernel_size`."""
    last = re.search(r"[^\s,:{\[]+[ \t]+(\w+)[ \t]*$", before)
    return f"a comma is missing before `{last[1]}`" if last else None


def _line_start(text: str, at: int) -> int:
    return max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1


def _word(text: str, at: int) -> int:
    """The start of the line's first word, for a place before `at` that ends a key."""
    start = _line_start(text, at)
    while start < at and text[start] in " -":
        start += 1
    return start
