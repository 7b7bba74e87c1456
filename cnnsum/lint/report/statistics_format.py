"""How often each code was found, the most frequent first."""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.diagnostics import CODES
from cnnsum.lint.report.findings import CheckReport


def render(report: CheckReport) -> Iterator[str]:
    """One line for each code: how often, the code, its title."""
    counts: dict[str, int] = {}
    for found in report.findings():
        counts[found.code] = counts.get(found.code, 0) + 1
    width = len(f"{max(counts.values(), default=0):,}")
    for code, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"{count:>{width},}  {code}  {CODES[code]}\n"
