"""What a check of many files found, as plain data: what all renderers of findings draw from.

Knows no format and no rule; `cnnsum.lint` makes these records.
"""

from __future__ import annotations

from collections.abc import Callable

from cnnsum.counted import counted
from cnnsum.diagnostics import Diagnostic, Span
from cnnsum.typed import NamedTuple

#: The severities, worst first.
SEVERITIES = ("error", "warning", "note")


class Replacement(NamedTuple):
    """What mends a finding: the text to put in place of what stands at a span; safe as `diagnostics.Mend` has it."""

    span: Span
    text: str
    safe: bool


class CheckedFile(NamedTuple):
    """A file and what was found in it, in the order of places.

    path: as diagnostics call it. suppressed: how many findings a comment in the file silences. failing: how many of
    the findings fail the run. mends: of findings that can be mended, by their number. fail_on: the least severity that
    fails the run.
    """

    path: str
    findings: tuple[Diagnostic, ...]
    suppressed: int = 0
    failing: int = 0
    mends: dict[int, Replacement] = {}  # noqa: RUF012 - never changed
    fail_on: str = "error"

    def fails(self, found: Diagnostic) -> bool:
        """Whether a finding fails the run."""
        return SEVERITIES.index(found.severity) <= SEVERITIES.index(self.fail_on)


class CheckReport(list[Diagnostic]):
    """A run of `check`, as its formats are given it: a list of what was found, in the order of files and places.

    files: in the order of their paths. line_of: the text of a line of a file by path and number, None where it is not
    at hand. passed: the files that were looked at in folders, and are not models. missing: of each folder that was
    named and holds no model, what is said; it stands before the findings of the files. explain: whether what codes mean
    is to be told with the findings.
    """

    def __init__(
        self,
        version: str,
        files: tuple[CheckedFile, ...],
        line_of: Callable[[str, int], str | None],
        passed: tuple[str, ...] = (),
        missing: tuple[Diagnostic, ...] = (),
        *,
        explain: bool = False,
    ) -> None:
        self.version = version
        self.files = files
        self.line_of = line_of
        self.passed = passed
        self.missing = missing
        self.explain = explain
        super().__init__([*missing, *self.findings()])

    def findings(self) -> list[Diagnostic]:
        """All findings of all files, in order."""
        return [finding for file in self.files for finding in file.findings]

    def counts(self) -> dict[str, int]:
        """How many findings there are of each severity, worst first; 0 for those that do not occur."""
        found = self.findings()
        return {severity: sum(one.severity == severity for one in found) for severity in SEVERITIES}

    def summary(self) -> str:
        """The run in a line: "12 files, 3 errors, 1 warning, 5 passed over"."""
        counts = [(count, severity) for severity, count in self.counts().items() if count]
        counts.insert(0, (len(self.files), "file"))
        suppressed = sum(file.suppressed for file in self.files)
        words = [counted(count, what) for count, what in counts]
        if len(counts) == 1:
            words.append("nothing found")
        if suppressed:
            words.append(f"{suppressed:,} suppressed")
        if self.passed:
            words.append(f"{len(self.passed):,} passed over")
        return ", ".join(words)

    def _repr_html_(self) -> str:
        """The findings, as a notebook shows them."""
        from cnnsum.render.diagnose import render
        from cnnsum.render.notebook import framed

        return framed("\n".join(render(self, lambda _path, _number: None, 100)) or "No findings.")
