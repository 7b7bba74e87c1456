"""Keras's `model.summary()`, byte for byte: the title, the table, and the lines of parameters.

The layout follows `keras.src.utils.summary_utils.print_summary` of Keras 3; the table itself is `grid`'s. Knows
reports and nothing of how they are made. Where the numbers are not all known the lines of totals say "at least".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from cnnsum.answers import OptionError
from cnnsum.answers.summary.cells import StyledCells, TextCells, known_sum
from cnnsum.answers.summary.options import Options
from cnnsum.answers.summary.records import Report
from cnnsum.answers.summary.rows import shown_rows
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.render import grid
from cnnsum.render.style import NUMBER, printable
from cnnsum.render.units import exact, keras_memory
from cnnsum.render.wrap import Cell, Span, fold_spans, join

_CHAIN = (0.45, 0.80, 1.0)
_GRAPH = (0.3, 0.56, 0.74, 1.0)
_LEAST_COLUMN = 4
_OPTIMIZER = 3  # the number of its line of parameters
_BUFFERS = 4


def summary(report: Report, options: Options) -> Iterator[str]:
    """Return an iterator over the lines of the summary as plain text, without line ends.

    Raises OptionError, in Keras's words, if the columns do not fit the width or the layer range names no layers.
    """
    cells = TextCells(symbolic=options.symbolic, format=report.source.format)
    if options.style == "compact":
        from cnnsum.answers.summary import compact

        body: Iterator[str] = (join(tuple(line)).rstrip() for line in compact.lines(report, options, cells))
    else:
        width, columns, rows = _table(report, options, cells)
        body = grid.plain(columns, rows, width, _box(options))
    return chain(_folded([_title(report)], options), body, _folded(_totals(report), options))


def styled_summary(report: Report, options: Options) -> Iterator[list[Span]]:
    """Yield the same lines as spans with Keras's colours, for a terminal."""
    cells = StyledCells(symbolic=options.symbolic, format=report.source.format)
    if options.style == "compact":
        from cnnsum.answers.summary import compact

        body = compact.lines(report, options, cells)
    else:
        width, columns, rows = _table(report, options, cells)
        body = grid.styled(columns, rows, width, _box(options))
    yield from fold_spans(_title(report), screen(options))
    yield from body
    for spans in _totals(report):
        yield from fold_spans(spans, screen(options))


def _folded(paragraphs: Iterable[tuple[Span, ...]], options: Options) -> Iterator[str]:
    """Yield the lines of paragraphs as plain text."""
    for spans in paragraphs:
        for line in fold_spans(spans, screen(options)):
            yield join(tuple(line))


def line_length(report: Report, options: Options) -> int:
    """Return the width of the table: the one chosen, or Keras's own, at most the terminal's less 4."""
    if options.width:
        return options.width
    length = 108 if report.connected else 88
    if options.show_trainable:
        length += 12
    return min(length, options.terminal - 4)


def _table(
    report: Report, options: Options, cells: TextCells
) -> tuple[int, list[grid.Column], Iterable[Sequence[Cell]]]:
    """The table's width, columns and rows: Keras's, or those that were chosen in their place."""
    if options.columns is not None:
        from cnnsum.answers.summary import columns

        return columns.table(report, options, cells)
    width, layout = _layout(report, options)
    return width, layout, _rows(report, options, cells)


def _layout(report: Report, options: Options) -> tuple[int, list[grid.Column]]:
    """The table's width and its columns."""
    headers = ["Layer (type)", "Output Shape", "Param #"]
    justify = ["left", "left", "right"]
    if report.connected:
        headers.append("Connected to")
        justify.append("left")
    positions: Sequence[float] = options.positions or (_GRAPH if report.connected else _CHAIN)
    if options.show_trainable:
        headers.append("Trainable")
        justify.append("center")
        positions = [position * 0.90 for position in positions] + [1.0]
    if len(positions) != len(headers):
        raise OptionError(f"positions: {len(headers)} columns need {len(headers)} positions, not {len(positions)}")
    length = line_length(report, options)
    widths: list[int] = []
    end = 0
    for position in positions:
        width = int(position * length) - end
        if width < _LEAST_COLUMN:
            raise OptionError("Insufficient console width to print summary.", "choose one with --width, as 88")
        widths.append(width)
        end += width
    return length, [grid.Column(*parts) for parts in zip(headers, justify, widths, strict=True)]


def _rows(report: Report, options: Options, cells: TextCells) -> Iterator[list[Cell]]:
    layer, output, params, connected = cells.layer, cells.output, cells.params, cells.connected
    with_connections, with_trainable = report.connected, options.show_trainable
    for row, level in shown_rows(report, options):
        fields = [layer(row, level), output(row), params(row)]
        if with_connections:
            fields.append(connected(row, level))
        if with_trainable:
            fields.append(cells.trainable(row))
        yield fields


def _title(report: Report) -> tuple[Span, ...]:
    return ((f'Model: "{printable(report.name)}"', "bold"),)


def _totals(report: Report) -> Iterator[tuple[Span, ...]]:
    """The lines of parameters. Keras adds those of the optimizer to the total, where the file has one."""
    params, weights, compiled = report.totals.params, report.totals.weights, report.totals.compiled
    buffers = report.totals.buffers
    own = (0, 0) if compiled is None else (compiled.params, compiled.bytes)
    lines: list[tuple[str, Dim, Dim, int]] = [
        (" Total params: ", params.total + own[0], weights.total - buffers.bytes + own[1], 0),
        (" Trainable params: ", params.trainable, weights.trainable, 1),
        (" Non-trainable params: ", params.non_trainable, weights.non_trainable, 2),
    ]
    if buffers.total != 0:
        lines.append((" Buffers: ", *buffers, _BUFFERS))
    if compiled is not None:
        lines.append((" Optimizer params: ", *own, _OPTIMIZER))
    for title, count, size, index in lines:
        if count is UNKNOWN and not report.inputs and report.rows:
            # The layers have not met an input, so they have no weights yet, and none is what Keras counts.
            yield (title, "bold"), ("0", NUMBER), (" (0.00 B)", "")
        elif count is UNKNOWN:
            known = _known_params(report, index)
            if known == 0:
                yield (title, "bold"), ("not known", "")
            else:
                yield (title, "bold"), ("at least ", ""), (exact(known), NUMBER)
        elif isinstance(count, int):
            yield (title, "bold"), (exact(count), NUMBER), (f" ({keras_memory(size)})", "")
        else:
            yield (title, "bold"), (exact(count), NUMBER)


def _known_params(report: Report, index: int) -> Dim:
    of_optimizer: Dim = 0 if report.totals.compiled is None else report.totals.compiled.at_least
    if index == _OPTIMIZER:
        return of_optimizer
    if index == _BUFFERS:
        return 0  # rows do not tell them
    known = known_sum(report.rows, lambda row: row.params[index])
    return known + of_optimizer if index == 0 else known


def screen(options: Options) -> int:
    """The columns of the screen: at least as wide as a table of a chosen width, which Keras would crop."""
    return max(options.terminal, options.width or 0)


def _box(options: Options) -> grid.Box:
    return grid.ASCII if options.ascii else grid.HEAVY_HEAD
