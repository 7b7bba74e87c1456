"""The frame of a command that answers a question about a model: it reads, answers, writes, and ends with a code.

Knows options, streams and exit codes; not what is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from cnnsum.cli.options import how_of, model_options

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cnnsum.diagnostics import Diagnostic
    from cnnsum.source import Document


class Asked:
    """A question as it was asked on the command line: where its answer goes, and the files that it is about.

    output: a file, or None for standard output. color: "auto", "always" or "never".
    """

    def __init__(self, *, output: str | None, color: str, quiet: bool, verbose: bool) -> None:
        self.output = None if output == "-" else output
        self.color = color
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
        document = read(path)
        self.sources.add(document.path, document.line)
        return document

    def answer(self, question: str, format: str, answer: Any, **looks: Any) -> None:
        """Write an answer in a format of its question, as `cnnsum.answers` has them."""
        from cnnsum.answers import STYLED, renderer
        from cnnsum.cli.output import write_result

        made = renderer(question, format)
        if format in STYLED:
            write_result(self.output, self.color, styled=lambda width: made(answer, width, **looks))
        else:
            write_result(self.output, self.color, plain=lambda: made(answer), format=format)

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


def question(command: Callable[..., bool]) -> Callable[..., None]:
    """Make what click calls of a function that answers: it gets `asked`, `how` the model is read, and its own options.

    The function returns whether something is wrong, which is exit code 1. What cannot be used at all ends in 2.
    """

    @click.pass_context
    @wraps(command)
    def outer(ctx: click.Context, /, **given: Any) -> None:
        asked = Asked(**{name: given.pop(name) for name in ("output", "color", "quiet", "verbose")})
        from cnnsum.diagnostics import UnusableError

        try:
            failed = command(asked, how=how_of(given), **given)
        except UnusableError as error:
            from cnnsum.cli.output import report_diagnostics

            if error.line is not None and error.diagnostics[0].span is not None:
                asked.sources.add(error.diagnostics[0].span.path, error.line)
            report_diagnostics(error.diagnostics, asked.sources, color=asked.color)
            ctx.exit(2)
        ctx.exit(1 if failed else 0)

    return model_options(outer)
