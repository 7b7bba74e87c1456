"""What each code means: what is found, why it matters, how it is mended, an example that fails and one that passes.

The one place of this documentation, for `cnnsum rule`, `check --explain`, the pages and SARIF. Advice (ARC) is documented
by the docstrings of its rules; all other families have a module of text here, which is loaded when it is asked for.
Knows no model and no screen.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from cnnsum.diagnostics import CODES
from cnnsum.typed import NamedTuple

#: The families of codes, and what each is about.
FAMILIES = {
    "SPC": "File and language",
    "CFG": "Fields of a layer",
    "SHP": "Shapes",
    "GRF": "The graph",
    "ARC": "Advice on the architecture",
    "BUD": "Budgets",
    "SAF": "Safety",
    "UNK": "Not supported",
}
#: An example that begins so is a call and not the text of a model.
CALL = "$ "
#: Letters of a beginning, at least: those of a family.
_LEAST = 3


class Code(NamedTuple):
    """What a code means.

    severity: of advice, which has one; else "". theme: of advice, what the rule is about. mend: how it is mended; "" of
    advice, whose findings say it. bad, good: an example that fails, and one that passes: the text of a model, or a call in
    a folder that has a model `net.yaml`; "" where there is none.
    """

    code: str
    title: str
    what: str
    why: str
    mend: str
    bad: str
    good: str
    severity: str = ""
    theme: str = ""

    @property
    def family(self) -> str:
        """The letters that the code begins with."""
        return self.code[:3]


class Told(NamedTuple):
    """Codes, as the formats of the reference are given them. in_full: whether each was asked for alone."""

    codes: tuple[Code, ...]
    in_full: bool


def told(beginnings: Iterable[str] = ()) -> Told:
    """The codes that begin with one of some texts of three letters or more, in any case; all of them for none.

    Raises LookupError for a text with which no code begins, which is its argument.
    """
    found: list[str] = []
    texts = [*beginnings]
    for text in texts:
        begun = [code for code in CODES if len(text) >= _LEAST and code.startswith(text.upper())]
        if not begun:
            raise LookupError(text)
        found += begun
    codes = meanings(tuple(dict.fromkeys(found if texts else CODES)))
    return Told(tuple(codes), len(codes) == len(texts))


def meaning(code: str) -> Code:
    """What a code means; raises KeyError for one that there is not."""
    if code.startswith("ARC"):
        from cnnsum.rules.base import all_rules

        rule = all_rules()[code]
        said = rule.documentation
        return Code(code, rule.title, said.what, said.why, "", said.bad, said.good, rule.severity, rule.theme)
    if code not in CODES:
        raise KeyError(code)
    return _of_family(code[:3])[code]


def meanings(codes: tuple[str, ...] = tuple(CODES)) -> list[Code]:
    """What codes mean, in the order in which they are given."""
    return [meaning(code) for code in codes]


_read: dict[str, dict[str, Code]] = {}


def _of_family(family: str) -> dict[str, Code]:
    if family not in _read:
        text: str = import_module(f"cnnsum.codes.{family.lower()}").TEXT
        parts = (part.partition("\n") for part in f"\n{text.strip()}".split("\n## ")[1:])
        _read[family] = {code: _taken_apart(code, body.strip("\n")) for code, _, body in parts}
    return _read[family]


def _taken_apart(code: str, body: str) -> Code:
    """The parts of a text.

    >>> gap = chr(10) * 2
    >>> parts = ("Nothing.", "Why: A.", "Mend: B.", "Fails:", "    x: 1", "Passes:", "    x: 2")
    >>> found = _taken_apart("SPC004", gap.join(parts))
    >>> found.what, found.why, found.mend, found.bad.strip(), found.good.strip()
    ('Nothing.', 'A.', 'B.', 'x: 1', 'x: 2')
    """
    what, _, rest = body.partition("\n\nWhy: ")
    why, _, rest = rest.partition("\n\nMend: ")
    mend, _, rest = rest.partition("\n\nFails:\n\n")
    bad, _, good = rest.partition("\n\nPasses:\n\n")
    return Code(code, CODES[code], *map(_prose, (what, why, mend)), *map(_example, (bad, good)))


def _prose(text: str) -> str:
    return " ".join(text.split())


def _example(text: str) -> str:
    from textwrap import dedent

    return dedent(text).strip("\n") + "\n" if text.strip() else ""
