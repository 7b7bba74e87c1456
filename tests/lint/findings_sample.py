"""A report of findings written by hand: every severity, places within a line and over several, none at all, and texts
that each format has to escape in its own way."""

from __future__ import annotations

from cnnsum.diagnostics import Diagnostic, Related, Span
from cnnsum.lint.report.findings import CheckedFile, CheckReport, Replacement

TEXTS = {
    "specs/net.yaml": [
        "input: [8, 8, 3]",
        "layers:",
        "  - Conv2D: {filters: 8, kernal: 3}",
        "  - Add: {from: [a, b]}",
        "  - Dense:",
        "      units: 4",
        "",
    ],
    "odd, 100%/a & <b>.yaml": ["x: é\u202e"],
}


def line_of(path: str, number: int) -> str | None:
    lines = TEXTS.get(path)
    return None if lines is None else lines[number - 1] if number <= len(lines) else ""


def span(path: str, line: int, column: int, end_line: int, end_column: int) -> Span:
    return Span(path, line, column, end_line, end_column)


#: What mends the first finding of the net.
MENDS = {0: Replacement(Span("specs/net.yaml", 3, 26, 3, 32), "kernel_size", safe=True)}


def report() -> CheckReport:
    net, odd = TEXTS
    unknown = Diagnostic(
        "CFG103",
        "Conv2D has no field `kernal`",
        span(net, 3, 26, 3, 32),
        help="did you mean `kernel_size`?",
    )
    unequal = Diagnostic(
        "SHP202",
        "Add needs equal shapes",
        span(net, 4, 5, 4, 24),
        related=(Related(span(net, 3, 5, 3, 35), "`a` gives (None, 6, 6, 8)"),),
    )
    unused = Diagnostic("GRF305", "`dense` is not used", span(net, 5, 5, 6, 15), "warning")
    missing = Diagnostic("SPC001", "there is no file `gone.yaml`")
    escapes = Diagnostic(
        "SPC021",
        "100% <odd> & \"quoted\", 'it': \x1b[31m\r\nnext",
        span(odd, 1, 4, 1, 6),
        "note",
        "a, b: c\x00",
    )
    return CheckReport(
        "1.2.3",
        (
            CheckedFile("gone.yaml", (missing,), failing=1),
            CheckedFile(odd, (escapes,)),
            CheckedFile(net, (unknown, unequal, unused), suppressed=2, failing=2, mends=MENDS),
            CheckedFile("specs/sound.yaml", ()),
        ),
        line_of,
    )
