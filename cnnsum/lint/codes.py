"""Which codes are reported: selections and ignored codes, as texts that codes begin with.

Knows the list of codes; no file and no configuration.
"""

from __future__ import annotations

from collections.abc import Iterable

from cnnsum.diagnostics import CODES, did_you_mean
from cnnsum.typed import NamedTuple

#: Stands for every code.
ALL = "ALL"
_LEAST = 3  # the letters of a family


class Selection(NamedTuple):
    """What is wanted and what is not, each as codes or their beginnings; `select` is None for everything.

    >>> found = Selection(("ARC", "SHP201"), ("ARC4", "SHP"))
    >>> found.reports("SHP201"), found.reports("SHP202"), found.reports("ARC402"), found.reports("CFG101")
    (True, False, False, False)
    """

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()

    def reports(self, code: str) -> bool:
        """Whether findings of a code are reported: the longer of the texts that it begins with decides."""
        wanted = 0 if self.select is None else _longest(code, self.select)
        if wanted is None:
            return False
        unwanted = _longest(code, self.ignore)
        return unwanted is None or unwanted < wanted

    def ignores(self, code: str) -> bool:
        """Whether findings of a code are ignored, which is more than that nothing selects them.

        >>> Selection(("ARC",), ("SPC",)).ignores("SPC008"), Selection(("ARC",)).ignores("SPC008")
        (True, False)
        """
        return _longest(code, self.ignore) is not None and not self.reports(code)


def _longest(code: str, texts: Iterable[str]) -> int | None:
    return max(
        (0 if text == ALL else len(text) for text in texts if text == ALL or code.startswith(text)), default=None
    )


def fault(text: str, *, suggest: bool = True) -> tuple[str, str | None] | None:
    """What is wrong with a text that should be a code or the beginning of some, with help; None where it is one.

    suggest: whether to look for the code that was meant.
    """
    if text == ALL or (len(text) >= _LEAST and any(code.startswith(text) for code in CODES)):
        return None
    families = dict.fromkeys(code[:_LEAST] for code in CODES)
    near = did_you_mean(text, [*CODES, *families]) if suggest else None
    return f"there is no code `{text}`", near or f"a code, or the beginning of one: {', '.join(families)}, or {ALL}"
