"""The reference of rules, made of their docstrings: one rule or all of them, as text, Markdown or JSON.

`docs/rules.md` is what `markdown` gives for all rules. Knows no model and no screen.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from cnnsum.rules.base import THEMES, Rule

_HEAD = """\
# Rules of advice

`cnnsum check` says what is legal and most likely not meant. Each rule has a code; `# cnnsum: ignore[CODE]` at the end
of a line silences it there, `lint: {ignore: [CODE]}` in the whole file. A warning is most likely a mistake; a note is a
fact that is worth knowing, and may be wanted. Copies of a block are one finding, and where a size is not known nothing
is said that depends on it. `cnnsum rule CODE` prints one of these sections; `cnnsum rule --format markdown` has made
this page."""


def listing(rules: list[Rule]) -> Iterator[str]:
    """The rules by theme, one line each."""
    for theme, title in THEMES.items():
        members = [rule for rule in rules if rule.theme == theme]
        if members:
            yield f"{title}:"
            for rule in members:
                yield f"  {rule.code}  {rule.severity:<7}  {rule.title}"


def text(rule: Rule) -> Iterator[str]:
    """One rule, with its examples, in lines of at most 80 letters where no example is longer."""
    what, why, bad, good = rule.documentation
    yield f"{rule.code}  {rule.title}  ({rule.severity})"
    for prose in (what, why):
        yield ""
        yield from wrap(" ".join(prose.split()), 80, break_on_hyphens=False)
    for title, spec in (("This fails:", bad), ("This passes:", good)):
        yield ""
        yield title
        yield ""
        for line in spec.rstrip("\n").split("\n"):
            yield f"    {line}"


def markdown(rules: list[Rule]) -> Iterator[str]:
    """The page of some rules: with a contents table where there are several, a section each."""
    if len(rules) == 1:
        yield from _section(rules[0], 1)
        return
    yield from _HEAD.split("\n")
    yield ""
    yield "| rule | severity | what |"
    yield "|---|---|---|"
    for rule in rules:
        yield f"| [{rule.code}](#{_anchor(rule)}) | {rule.severity} | {rule.title} |"
    for theme, title in THEMES.items():
        members = [rule for rule in rules if rule.theme == theme]
        if members:
            yield ""
            yield f"## {title}"
            for rule in members:
                yield ""
                yield from _section(rule, 3)


def _anchor(rule: Rule) -> str:
    heading = f"{rule.code} {rule.title}".lower()
    return "".join(letter for letter in heading if letter.isalnum() or letter in " -_").replace(" ", "-")


def _section(rule: Rule, level: int) -> Iterator[str]:
    what, why, bad, good = rule.documentation
    yield f"{'#' * level} {rule.code} {rule.title}"
    yield ""
    yield f"*{rule.severity.capitalize()}.* {what}"
    yield ""
    yield why
    for title, spec in (("Fails", bad), ("Passes", good)):
        language = "json" if spec.startswith("{") else "yaml"
        yield ""
        yield f"{title}:"
        yield ""
        yield f"```{language}"
        yield from spec.rstrip("\n").split("\n")
        yield "```"


def record(rule: Rule) -> dict[str, Any]:
    """One rule as plain data."""
    what, why, bad, good = rule.documentation
    return {
        "code": rule.code,
        "title": rule.title,
        "severity": rule.severity,
        "theme": rule.theme,
        "what": " ".join(what.split()),
        "why": " ".join(why.split()),
        "fails": bad,
        "passes": good,
    }
