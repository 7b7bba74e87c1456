"""The reference of codes: one, those of a family, or all of them, as text, Markdown and JSON (`cnnsum.rules/1`).

`docs/rules.md` is the Markdown of advice, `docs/codes.md` that of all codes. Knows no model and no screen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from textwrap import wrap

from cnnsum.codes import CALL, FAMILIES, Code, Told, meaning

SCHEMA = "cnnsum.rules/1"

_ADVICE = """\
# Rules of advice

`cnnsum check` says what is legal and most likely not meant. Each rule has a code; `# cnnsum: ignore[CODE]` at the end
of a line silences it there, `lint: {ignore: [CODE]}` in the whole file. A warning is most likely a mistake; a note is a
fact that is worth knowing, and may be wanted. Copies of a block are one finding, and where a size is not known nothing
is said that depends on it. `cnnsum rule CODE` prints one of these sections; `cnnsum rule ARC --format markdown` has made
this page."""

_ALL = """\
# Codes

Every finding has a code: here is what each means, why it matters, how it is mended, an example that fails and one that
passes. Examples are the text of a model, or a call in a folder that has a model `net.yaml`. `cnnsum rule CODE` prints one
of these sections, `cnnsum check --explain` prints them below findings; `cnnsum rule --format markdown` has made this
page. [diagnostics.md](diagnostics.md) says how findings look, [rules.md](rules.md) has the sections of advice."""


def text_chunks(told: Told, width: int = 80) -> Iterator[str]:
    """Codes in full, with two empty lines between them, or one line each, in lines of that many letters."""
    if not told.in_full:
        yield from _ended(_listing(told.codes, width))
        return
    for number, code in enumerate(_mended(told.codes)):
        yield "\n\n" if number else ""
        yield from _ended(_text(code, width))


def markdown_chunks(told: Told) -> Iterator[str]:
    """The page of the codes: with tables of contents where there are several, a section each."""
    return _ended(markdown(_mended(told.codes)))


def json_chunks(told: Told) -> Iterator[str]:
    """One object, with a record for each code."""
    records = [_record(one) for one in _mended(told.codes)]
    yield json.dumps({"schema": SCHEMA, "rules": records}, indent=2, ensure_ascii=False) + "\n"


def _mended(codes: Iterable[Code]) -> list[Code]:
    """The codes with what mends each, which of advice is what its rule says of its example."""
    from cnnsum.codes.advice import with_mend

    return [with_mend(one) for one in codes]


def _ended(lines: Iterable[str]) -> Iterator[str]:
    return (f"{line}\n" for line in lines)


def _listing(codes: Sequence[Code], width: int) -> Iterator[str]:
    """The codes by family, and advice by theme, one line each where there is room."""
    for title, members in _groups(codes):
        yield f"{title}:"
        for one in members:
            severity = f"{one.severity:<7}  " if one.severity else ""
            yield from _below(f"  {one.code}  {severity}", one.title, width)


def _below(start: str, text: str, width: int) -> list[str]:
    """A text behind what it begins with; what has no room in the line stands below the text's beginning."""
    return wrap(text, width, initial_indent=start, subsequent_indent=" " * len(start), break_on_hyphens=False) or [
        start.rstrip()
    ]


def _groups(codes: Sequence[Code]) -> Iterator[tuple[str, list[Code]]]:
    """Codes under the titles of their families; those of advice under the themes of their rules."""
    for family, title in FAMILIES.items():
        members = [one for one in codes if one.family == family]
        if family == "ARC" and members:
            from cnnsum.rules.base import THEMES

            for theme, words in THEMES.items():
                themed = [one for one in members if one.theme == theme]
                if themed:
                    yield words, themed
        elif members:
            yield title, members


def _text(code: Code, width: int) -> Iterator[str]:
    """One code, with its examples, in lines of at most that many letters where no example is longer."""
    yield from _below(f"{code.code}  ", code.title + (f"  ({code.severity})" if code.severity else ""), width)
    yield from prose(code, width)
    for title, example in (("This fails:", code.bad), ("This passes:", code.good)):
        if example:
            yield ""
            yield title
            yield ""
            for line in example.rstrip("\n").split("\n"):
                yield f"    {line}"


def prose(code: Code, width: int = 80) -> Iterator[str]:
    """What a code means without its examples: paragraphs with an empty line before each."""
    for words in (code.what, code.why, code.mend and f"How to mend it: {code.mend}"):
        if words:
            yield ""
            yield from wrap(" ".join(words.split()), width, break_on_hyphens=False)


def markdown(codes: list[Code]) -> Iterator[str]:
    """The page of some codes: with tables of contents where there are several, a section each."""
    if len(codes) == 1:
        yield from _section(codes[0], 1)
    elif all(one.severity for one in codes):
        yield from _page_of_advice(codes)
    else:
        yield from _page(codes)


def _page_of_advice(codes: list[Code]) -> Iterator[str]:
    yield from _ADVICE.split("\n")
    yield ""
    yield "| rule | severity | what |"
    yield "|---|---|---|"
    for one in codes:
        yield f"| [{one.code}](#{_anchor(one)}) | {one.severity} | {one.title} |"
    for title, members in _groups(codes):
        yield ""
        yield f"## {title}"
        for one in members:
            yield ""
            yield from _section(one, 3)


def _page(codes: list[Code]) -> Iterator[str]:
    yield from _ALL.split("\n")
    for family, title in FAMILIES.items():
        members = [one for one in codes if one.family == family]
        if not members:
            continue
        page = "rules.md" if family == "ARC" else ""
        yield ""
        yield f"## {title} ({family})"
        yield ""
        yield "| code | what |"
        yield "|---|---|"
        for one in members:
            yield f"| [{one.code}]({page}#{_anchor(one)}) | {one.title} |"
        for one in members if family != "ARC" else ():
            yield ""
            yield from _section(one, 3)


def _anchor(code: Code) -> str:
    heading = f"{code.code} {code.title}".lower()
    return "".join(letter for letter in heading if letter.isalnum() or letter in " -_").replace(" ", "-")


@cache
def documents() -> str | None:
    """The address of the site of the documents, as the installed package states it: `Documentation` among the addresses
    of pyproject.toml. None where it states none.
    """
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        stated = metadata("cnnsum").get_all("Project-URL") or []
    except PackageNotFoundError:  # it runs from its folder
        return None
    addresses = dict(one.split(", ", 1) for one in stated if ", " in one)
    return addresses.get("Documentation")


def address(code: str) -> str | None:
    """Where the section of a code stands on the site of the documents; None where there is no such site."""
    site = documents()
    if site is None:
        return None
    said = meaning(code)
    page = "rules" if said.family == "ARC" else "codes"
    return f"{site.rstrip('/')}/{page}.html#{_anchor(said)}"


def _section(code: Code, level: int) -> Iterator[str]:
    yield f"{'#' * level} {code.code} {code.title}"
    yield ""
    yield f"*{code.severity.capitalize()}.* {code.what}" if code.severity else code.what
    for words in (code.why, code.mend and f"How to mend it: {code.mend}"):
        if words:
            yield ""
            yield words
    for title, example in (("Fails", code.bad), ("Passes", code.good)):
        if example:
            yield ""
            yield f"{title}:"
            yield ""
            yield f"```{_language(example)}"
            yield from example.rstrip("\n").split("\n")
            yield "```"


def _language(example: str) -> str:
    return "sh" if example.startswith(CALL) else "json" if example.startswith("{") else "yaml"


def _record(code: Code) -> dict[str, object]:
    """One code as plain data."""
    return {
        "code": code.code,
        "title": code.title,
        "severity": code.severity or None,
        "family": code.family,
        "theme": code.theme or None,
        "what": " ".join(code.what.split()),
        "why": " ".join(code.why.split()),
        "mend": code.mend or None,
        "fails": code.bad or None,
        "passes": code.good or None,
    }
