"""The compact style of the table: one line a layer and no box, as wide as the terminal at most.

The same columns, cells and totals as Keras's table; what does not fit is cut, numbers last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnnsum.answers.summary.cells import TextCells
from cnnsum.answers.summary.options import Options
from cnnsum.answers.summary.records import Report
from cnnsum.render.grid import HEADER_STYLE, Column
from cnnsum.render.wrap import Cell, Span, cell_length, join

_GAP = 2
_LEAST = 8  # a column of text is not cut below this
_CHAIN = "layer,output,params,macs"
_GRAPH = f"{_CHAIN},connected"


def lines(report: Report, options: Options, cells: TextCells) -> Iterator[list[Span]]:
    """Yield a line of headers and one for each row, as spans."""
    from cnnsum.answers.summary import columns

    chosen = _copy(options, options.columns or (_GRAPH if report.connected else _CHAIN))
    _, layout, rows = columns.table(report, chosen, cells)
    widths = _fitted(layout, rows, options.width or options.terminal)
    yield _line([(((one.header, HEADER_STYLE),)) for one in layout], layout, widths, ascii=options.ascii)
    for row in rows:
        yield _line(row, layout, widths, ascii=options.ascii)


def _copy(options: Options, columns: str) -> Options:
    """The options with these columns, and room for all that is in them."""
    copy = Options()
    for name in Options.__slots__:
        setattr(copy, name, getattr(options, name))
    copy.columns = columns
    copy.width, copy.terminal = None, _ENDLESS
    return copy


_ENDLESS = 1_000_000


def _fitted(layout: Sequence[Column], rows: Sequence[Sequence[Cell]], room: int) -> list[int]:
    """The width of each column: of its content, the widest columns of text cut until all fit."""
    widths = [
        max([cell_length(one.header), *(cell_length(join(row[index])) for row in rows)])
        for index, one in enumerate(layout)
    ]
    texts = [index for index, one in enumerate(layout) if one.justify != "right"]
    excess = sum(widths) + _GAP * (len(widths) - 1) - room
    while excess > 0:
        wide = [index for index in texts if widths[index] > _LEAST]
        if not wide:
            break
        widest = max(wide, key=widths.__getitem__)
        widths[widest] -= 1
        excess -= 1
    return widths


def _line(cells: Sequence[Cell], layout: Sequence[Column], widths: list[int], *, ascii: bool) -> list[Span]:
    line: list[Span] = []
    last = len(cells) - 1
    for index, (cell, column, width) in enumerate(zip(cells, layout, widths, strict=True)):
        spans = _cut(((cell, ""),) if isinstance(cell, str) else cell, width, ascii=ascii)
        space = " " * (width - cell_length(join(tuple(spans))))
        if column.justify == "right":
            line.append((space, ""))
            line += spans
        else:
            line += spans
            if index < last:
                line.append((space, ""))
        if index < last:
            line.append((" " * _GAP, ""))
    return line


def _cut(spans: Sequence[Span], width: int, *, ascii: bool) -> list[Span]:
    """The spans that fit, with a mark where something is left out."""
    if cell_length(join(tuple(spans))) <= width:
        return list(spans)
    mark = "~" if ascii else "\N{HORIZONTAL ELLIPSIS}"
    left = width - 1
    found: list[Span] = []
    for text, style in spans:
        kept = ""
        for letter in text:
            size = cell_length(letter)
            if size > left:
                return [*found, (kept + mark, style)]
            kept += letter
            left -= size
        found.append((kept, style))
    return found
