"""What the tests of files whose rows are translated have in common: mistakes by their places, files at random."""

from __future__ import annotations

from collections.abc import Iterable

import cnnsum


def assert_told(text: str, path: str, code: str, where: tuple[int, int], words: str) -> None:
    """A mistake is found: its code, its line and column, words of its message or its help."""
    try:
        found = [*cnnsum.loads(text, path).diagnostics]
    except cnnsum.UnusableError as error:
        found = [*error.diagnostics]
    told = [(one.code, one.span and (one.span.line, one.span.column), f"{one.message} {one.help}") for one in found]
    assert any(one[:2] == (code, where) and words in one[2] for one in told), told


def assert_read_or_refused(texts: Iterable[str], path: str, rows: int) -> None:
    """Files at random are networks of so many rows, or what is wrong with them has a place in the file."""
    read = 0
    for text in texts:
        model = cnnsum.loads(text, path)
        read += not model.wrong
        report = cnnsum.summarize(model)
        for found in model.diagnostics:
            assert found.span is not None, found
            assert found.span.path == path, str(found)
        assert len(report.rows) >= rows
    assert read > 10
