"""A question as it was asked: its files are read, its answer is written, and it ends with a code.

Knows streams and exit codes; neither options nor what is asked.
"""

from __future__ import annotations

from collections.abc import Callable

from cnnsum.cli import progress
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cnnsum.diagnostics import Diagnostic
    from cnnsum.source import Document


class Asked:
    """A question as it was asked on the command line: where its answer goes, and the files that it is about.

    output: a file, or None for standard output. color: "auto", "always" or "never". pager: whether what is longer than
    the screen is read in one.
    """

    def __init__(
        self,
        *,
        output: str | None = None,
        color: str = "auto",
        pager: bool = True,
        quiet: bool = False,
        verbose: bool = False,
    ) -> None:
        self.output = None if output == "-" else output
        self.color = color
        self.pager = pager
        self.quiet = quiet
        self.verbose = verbose
        from cnnsum.cli.output import Sources

        self.sources = Sources()

    def read(self, path: str) -> Document:
        """The text of a model file, whose lines diagnostics may show. Refuses to write the answer over it."""
        from cnnsum.cli.output import refuse_own_source
        from cnnsum.source import read

        if self.output is not None:
            refuse_own_source(path, self.output)
        progress.begin("working" if path == "-" else f"working on {path}", quiet=self.quiet)
        document = read(path)
        self.sources.add(document.path, document.line)
        return document

    def answer(self, question: str, format: str, answer: object, **looks: object) -> None:
        """Write an answer in a format of its question, as `cnnsum.answers` has them."""
        from cnnsum.answers import BINARY, has_lines, renderer, renderer_of_bytes, renderer_of_lines
        from cnnsum.cli.output import write_bytes, write_result

        if has_lines(question, format):
            lines = renderer_of_lines(question, format)
            write_result(self.output, self.color, styled=lambda width: lines(answer, width, **looks), pager=self.pager)
        elif format in BINARY:
            write_bytes(self.output, renderer_of_bytes(question, format)(answer))
        else:
            made = renderer(question, format)
            write_result(self.output, self.color, plain=lambda: made(answer, **looks), format=format, pager=self.pager)

    def report(self, found: Iterable[Diagnostic], *, after_result: bool | None = None) -> None:
        """Write diagnostics to standard error, below a result that went to standard output."""
        from cnnsum.cli.output import report_diagnostics

        report_diagnostics(
            found,
            self.sources,
            color=self.color,
            quiet=self.quiet,
            verbose=self.verbose,
            after_result=self.output is None if after_result is None else after_result,
        )

    def code(self, answered: Callable[[], bool]) -> int:
        """The exit code of answering, which says whether something is wrong: 1 then. What cannot be used ends in 2."""
        from cnnsum.diagnostics import UnusableError

        try:
            return 1 if answered() else 0
        except UnusableError as error:
            from cnnsum.cli.output import report_diagnostics

            if error.line is not None and error.diagnostics[0].span is not None:
                self.sources.add(error.diagnostics[0].span.path, error.line)
            report_diagnostics(error.diagnostics, self.sources, color=self.color)
            return 2
        finally:
            progress.end()
