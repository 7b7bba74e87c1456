r"""Suppressions in comments of YAML: `# cnnsum: ignore[GRF305]` at the end of the line that it is for.

Knows texts and codes, no findings: `checking` puts the two together.

>>> found = suppressions("layers:\n  - Dense: 8192  # cnnsum: ignore[GRF305] used elsewhere\n")
>>> [(one.line, [code.text for code in one.codes]) for one in found]
[(2, ['GRF305'])]
"""

from __future__ import annotations

import re
from bisect import bisect_right

from cnnsum.diagnostics import CODES, MAX_HELPED, did_you_mean, nearest
from cnnsum.source.lines import Lines
from cnnsum.typed import NamedTuple

# The words that others use for it: a comment that begins with one is meant as a suppression.
_MEANT = ("ignore", "noqa", "disable", "suppress", "silence", "skip", "allow", "off")
# As a text: it is compiled where a file mentions cnnsum at all.
_COMMENT = r"(?m)(?:^|(?<=[ \t\r]))#[ \t]*cnnsum:[ \t]*([^\r\n]*)"
_HELP = "write `# cnnsum: ignore[CODE]`, or several codes with commas between"


class Code(NamedTuple):
    """A code in a suppression; `column` counts from 1."""

    text: str
    column: int


class Fault(NamedTuple):
    """What is wrong with a suppression, from `column` up to, and without, `end`."""

    message: str
    help: str | None
    column: int
    end: int


class Suppression(NamedTuple):
    """One comment. alone: whether nothing else stands on its line."""

    line: int
    codes: tuple[Code, ...]
    faults: tuple[Fault, ...]
    alone: bool


def suppressions(text: str) -> list[Suppression]:
    """The suppressions in a YAML text, none where it is not YAML."""
    if "cnnsum:" not in text:
        return []
    matches = [match for match in re.finditer(_COMMENT, text) if _meant(match[1])]
    if not matches:
        return []
    values = _values(text)
    if values is None:
        return []
    lines = Lines(text)
    starts = [start for start, _ in values]
    found: list[Suppression] = []
    count = 0
    for match in matches:
        before = bisect_right(starts, match.start()) - 1
        if before < 0 or match.start() >= values[before][1]:
            found.append(_read(lines, match, suggest=count < MAX_HELPED))
            count += len(found[-1].faults)
    return found


def _meant(words: str) -> bool:
    """Whether a comment is a suppression, or meant as one: "# cnnsum: a spec" is neither."""
    first = re.match(r"[A-Za-z]+", words)
    return first is not None and nearest(first.group(), _MEANT) is not None


def _values(text: str) -> list[tuple[int, int]] | None:
    """Where the scalars of a YAML text stand: a `#` within one begins no comment. None if the text cannot be read."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = []
    try:
        for token in yaml.scan(text, Loader=loader):
            if isinstance(token, yaml.ScalarToken):
                start = token.start_mark.index
                if token.style in ("|", ">"):  # whose first line may end with a comment
                    start = text.find("\n", start) % (len(text) + 1)
                found.append((start, token.end_mark.index))
    except yaml.YAMLError:
        return None
    return found


def _read(lines: Lines, match: re.Match[str], *, suggest: bool) -> Suppression:
    line, column = lines.position(match.start())
    alone = not lines.line(line)[: column - 1].strip()
    start = match.start() - column + 1
    end = match.start(1) + len(match[1].rstrip()) - start + 1
    written = re.match(r"ignore\[([^\]\n]*)\](?!\S)", match[1])
    if written is None:
        return Suppression(line, (), (Fault("a suppression that cannot be read", _HELP, column, end),), alone)
    codes: list[Code] = []
    faults: list[Fault] = []
    at = match.start(1) + written.start(1) - start + 1
    for word in written[1].split(","):
        name = word.strip()
        place = at + len(word) - len(word.lstrip())
        at += len(word) + 1
        if name in CODES:
            codes.append(Code(name, place))
        elif name:
            near = did_you_mean(name, CODES) if suggest and len(faults) < MAX_HELPED else None
            help = near or "a suppression names whole codes, as in `ignore[SHP201]`"
            faults.append(Fault(f"there is no code `{name}`", help, place, place + len(name)))
    if not codes and not faults:
        faults.append(Fault("a suppression without a code", _HELP, column, end))
    return Suppression(line, tuple(codes), tuple(faults), alone)
