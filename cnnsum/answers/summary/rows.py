"""Which rows a report shows: the layers of a range, folded blocks, opened models. Knows no table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnnsum.answers import OptionError
from cnnsum.answers.summary.options import Options
from cnnsum.answers.summary.records import Report, Row
from cnnsum.render.style import printable


def shown_rows(report: Report, options: Options) -> Iterator[tuple[Row, int]]:
    """Yield the rows that the options choose, and how deep in nested models each is."""
    rows = select(report.rows, options.layer_range)
    if options.depth is not None:
        from cnnsum.answers.summary.fold import fold

        rows = fold(rows, options.depth)
    return _leveled(rows, expand=options.expand_nested)


def select(rows: Sequence[Row], layer_range: tuple[str, str] | None) -> Sequence[Row]:
    """Return the rows from the first that matches one pattern to the last that matches the other, as Keras does.

    Patterns are regular expressions, as `regular` has them, matched from the start of the name. Raises OptionError if
    either matches no row.
    """
    if layer_range is None:
        return rows
    from cnnsum.regular import Regular, RegularError

    found: list[list[int]] = []
    for pattern in layer_range:
        try:
            starts = Regular(pattern).starts
        except RegularError as error:
            raise OptionError(f"layer range: {pattern!r} is not a regular expression: {error}") from None
        found.append([index for index, row in enumerate(rows) if starts(row.name)])
    first, last = found
    if not first or not last:
        message = f"Passed layer_names do not match the layer names in the model. Received: {layer_range}"
        raise OptionError(message, _known_names(rows, layer_range[1] if first else layer_range[0]))
    if min(first) > max(last):
        return rows[min(last) : max(first) + 1]
    return rows[min(first) : max(last) + 1]


def _known_names(rows: Sequence[Row], pattern: str) -> str | None:
    """The layer that a pattern without a match was meant for, or the first and last there are."""
    from cnnsum.diagnostics import did_you_mean

    if not rows:
        return None
    near = did_you_mean(pattern, [row.name for row in rows])
    return near or f"they go from {printable(rows[0].name)} to {printable(rows[-1].name)}"


def _leveled(rows: Sequence[Row], *, expand: bool, level: int = 0) -> Iterator[tuple[Row, int]]:
    """Yield the rows and, where wanted, those of nested models below their model."""
    for row in rows:
        yield row, level
        if expand and (row.rows or row.held):
            yield from _leveled(row.rows or row.held, expand=True, level=level + 1)
