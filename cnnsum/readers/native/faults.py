"""What is wrong with a spec, and where: problems that know their own place, and the list that collects them.

A value may stand far from where it turns out to be wrong: an argument of a block is read where the block uses it, but
the mistake is in the line that gave it. Such a problem carries its site along. Knows nothing of the language itself.
"""

from __future__ import annotations

from cnnsum.diagnostics import Diagnostic, DiagnosticList, Problem, Related, Severity, Span, UnusableError
from cnnsum.source import Document
from cnnsum.typed import NamedTuple

Path = tuple[str | int, ...]


class Site(NamedTuple):
    """A value in a document; `key` means its key."""

    document: Document
    path: Path
    key: bool = False

    def span(self) -> Span:
        """Where it stands."""
        return self.document.span(self.path, key=self.key)

    def below(self, *steps: str | int, key: bool = False) -> Site:
        """A value in this one, or that value's key."""
        return Site(self.document, (*self.path, *steps), key)


class Outside(NamedTuple):
    """A value that is not in the file: `text` is how the caller wrote it, "--set width=64"."""

    text: str


class Fault(Problem):
    """A problem of an expression. `start` and `end` are its place in `text`.

    `site` is where the text stands; None means that it is the field's own value.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        help: str | None = None,
        site: Site | Outside | None = None,
        text: str = "",
        start: int = 0,
        end: int = 0,
    ) -> None:
        super().__init__(code, message, help=help)
        self.site = site
        self.text = text
        self.start = start
        self.end = end

    def copy(self) -> Fault:
        """The same fault, to be raised again: whoever catches one may add to its field."""
        return Fault(
            self.code,
            self.message,
            help=self.help,
            site=self.site,
            text=self.text,
            start=self.start,
            end=self.end,
        )


class ReportedError(Problem):
    """Raised for a value whose own problem is in the list already: nothing more is said about what needs it."""

    def __init__(self) -> None:
        super().__init__("", "")


def narrow(document: Document, span: Span, text: str, start: int, end: int) -> Span:
    """The part of a scalar's place that `text[start:end]` takes; all of it where the text is not written as it is."""
    if not text or span.line != span.end_line:
        return span
    written = document.line(span.line)[span.column - 1 : span.end_column - 1]
    if written == text:
        first = span.column
    elif len(written) > 1 and written[0] in "\"'" and written[1:-1] == text:
        first = span.column + 1
    else:
        return span
    # An error at the end of the text still needs a character to point at.
    return Span(span.path, span.line, first + start, span.line, max(first + end, first + start + 1))


class Findings:
    """Diagnostics, each one once: a block that is used fifty times has its mistake reported once."""

    __slots__ = ("_seen", "diagnostics")

    def __init__(self) -> None:
        self.diagnostics = DiagnosticList()
        self._seen: set[object] = set()

    def add(
        self,
        code: str,
        message: str,
        where: Site | Span | None,
        *,
        help: str | None = None,
        severity: Severity = "error",
        related: tuple[Related, ...] = (),
    ) -> None:
        """Report something at a place."""
        if not self.diagnostics.has_room(code, severity):
            return  # and no place is looked for
        span = where.span() if isinstance(where, Site) else where
        seen = (code, message, span)
        if seen not in self._seen:
            self._seen.add(seen)
            self.diagnostics.append(Diagnostic(code, message, span, severity, help, related))

    def problem(self, problem: Problem, site: Site | Outside, related: tuple[Related, ...] = ()) -> None:
        """Report a problem of the value at `site`, or at the problem's own site.

        Raises UnusableError for a value from outside: then the call is wrong, not the file.
        """
        if isinstance(problem, ReportedError):
            return
        span: Span | None
        if isinstance(problem, Fault) and problem.site is not None:
            site = problem.site
            related = ()
        if isinstance(site, Outside):
            raise UnusableError(Diagnostic(problem.code, f"{site.text}: {problem.message}", help=problem.help))
        if not self.diagnostics.has_room(problem.code):
            return
        if isinstance(problem, Fault):
            span = narrow(site.document, site.span(), problem.text, problem.start, problem.end)
        else:
            span = site.span()
        self.add(problem.code, problem.message, span, help=problem.help, related=related)
