"""The table format: Keras's summary, then, after a blank line, cnnsum's own estimates."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

from cnnsum.answers.summary import keras_table as keras
from cnnsum.answers.summary.options import USUAL, Options
from cnnsum.answers.summary.records import Report
from cnnsum.render.wrap import Span, fitted, join

#: Few enough for their text to take the memory that the one before took.
_LINES_PER_CHUNK = 500


def chunks(report: Report, options: Options = USUAL) -> Iterator[str]:
    """Yield the table as plain text, hundreds of lines at a time. Raises OptionError at the first chunk's making."""
    lines = plain_lines(report, options)
    first = list(islice(lines, _LINES_PER_CHUNK))
    return _joined(first, lines)


def plain_lines(report: Report, options: Options) -> Iterator[str]:
    """Return an iterator over the lines without line ends."""
    lines = keras.summary(report, options)
    return lines if options.keras_only else chain(lines, _plain_block(report, options))


def _plain_block(report: Report, options: Options) -> Iterator[str]:
    from cnnsum.answers.summary.block import block

    yield ""
    for line in block(report, symbolic=options.symbolic, train=options.train, verbose=options.verbose):
        yield from map(join, map(tuple, fitted(line, keras.screen(options))))


def styled_lines(report: Report, options: Options) -> Iterator[list[Span]]:
    """Yield the same lines as spans with the colours of a terminal."""
    yield from keras.styled_summary(report, options)
    if not options.keras_only:
        from cnnsum.answers.summary.block import block

        yield []
        for line in block(report, symbolic=options.symbolic, train=options.train, verbose=options.verbose):
            yield from fitted(line, keras.screen(options))


def _joined(first: list[str], rest: Iterator[str]) -> Iterator[str]:
    batch = first
    while batch:
        batch.append("")
        yield "\n".join(batch)
        batch = list(islice(rest, _LINES_PER_CHUNK))
