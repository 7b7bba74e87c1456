"""Lay out a table with lines between its rows, exactly as rich does it with `Table(width=…, show_lines=True)`.

A pure function from columns and rows to lines, as plain text or as styled spans. It knows nothing of what the table
is about. Keras draws its summary with rich, so the tests hold this file to `rich.table.Table` on random input.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from operator import getitem

from cnnsum.render.wrap import Cell, Span, broken, join, place, wrap_spans
from cnnsum.typed import NamedTuple

#: The style of a column's header.
HEADER_STYLE = "bold"
_PADDING = 2  # one space on either side of a cell


class Column(NamedTuple):
    """A column: its header, "left", "right" or "center", and the cells wanted for its text, padding not counted."""

    header: str
    justify: str
    width: int


#: The characters of one kind of line: left end, filling, crossing, right end.
Rule = tuple[str, str, str, str]


class Box(NamedTuple):
    """The lines of a table."""

    top: Rule
    head: Rule
    head_row: Rule
    body: Rule
    row: Rule
    bottom: Rule


HEAVY_HEAD = Box(
    top=("┏", "━", "┳", "┓"),
    head=("┃", " ", "┃", "┃"),
    head_row=("┡", "━", "╇", "┩"),
    body=("│", " ", "│", "│"),
    row=("├", "─", "┼", "┤"),
    bottom=("└", "─", "┴", "┘"),
)
#: Where the screen cannot show box drawing characters.
ASCII = Box(
    top=("+", "-", "-", "+"),
    head=("|", " ", "|", "|"),
    head_row=("|", "-", "+", "|"),
    body=("|", " ", "|", "|"),
    row=("|", "-", "+", "|"),
    bottom=("+", "-", "-", "+"),
)


def plain(
    columns: Sequence[Column], rows: Iterable[Sequence[Cell]], width: int, box: Box = HEAVY_HEAD
) -> Iterator[str]:
    r"""Yield the lines of a table `width` cells wide as plain text, styles left out.

    >>> print(*plain([Column("Layer", "left", 9), Column("#", "right", 5)], [["conv", "1,792"]], 20), sep="\n")
    ┏━━━━━━━━━━━┳━━━━━━┓
    ┃ Layer     ┃    # ┃
    ┡━━━━━━━━━━━╇━━━━━━┩
    │ conv      │ 1,7… │
    └───────────┴──────┘
    """
    widths = column_widths([column.width for column in columns], width)
    fitted = [_PlainCells(cells, column.justify) for cells, column in zip(widths, columns, strict=True)]
    yield _rule(box.top, widths)
    header = [cells[column.header] for cells, column in zip(fitted, columns, strict=True)]
    yield from _plain_row(header, fitted, box.head, from_bottom=True)
    yield _rule(box.head_row, widths)
    separator = _rule(box.row, widths)
    left, _, cross, right = box.body
    filled_up = f"{left}{cross.join([column.filling for column in fitted])}{right}".__mod__
    between = False
    for row in rows:
        if between:
            yield separator
        between = True
        cells = list(map(getitem, fitted, row))
        if tuple in map(type, cells):
            yield from _plain_row(cells, fitted, box.body)
        else:
            yield from map(filled_up, zip_longest(*cells, fillvalue=""))
    yield _rule(box.bottom, widths)


def styled(
    columns: Sequence[Column], rows: Iterable[Sequence[Cell]], width: int, box: Box = HEAVY_HEAD
) -> Iterator[list[Span]]:
    """Yield the lines of a table `width` cells wide as spans; the header is bold. Neighbours may have one style."""
    widths = column_widths([column.width for column in columns], width)
    fitted = [_StyledCells(cells, column.justify) for cells, column in zip(widths, columns, strict=True)]
    yield [(_rule(box.top, widths), "")]
    header = [_in_bold(cells[column.header]) for cells, column in zip(fitted, columns, strict=True)]
    yield from _styled_row(header, widths, box.head, HEADER_STYLE, from_bottom=True)
    yield [(_rule(box.head_row, widths), "")]
    separator = _rule(box.row, widths)
    between = False
    for row in rows:
        if between:
            yield [(separator, "")]
        between = True
        cells = [column[cell] for column, cell in zip(fitted, row, strict=True)]
        yield from _styled_row(cells, widths, box.body, "")
    yield [(_rule(box.bottom, widths), "")]


def column_widths(wanted: Sequence[int], width: int) -> list[int]:
    """Return the cells that each column takes, padding included, in a table of `width` cells with its lines.

    rich adds the padding to the wanted widths, takes what is too much from all columns evenly, and gives what is left
    over in proportion.

    >>> column_widths([34, 26, 16], 76)
    [33, 24, 15]
    """
    available = max(0, width - len(wanted) - 1)
    widths = [min(cells + _PADDING, available) or 1 for cells in wanted]
    total = sum(widths)
    if total > available:
        reduced = _reduce(total - available, widths)
        total = sum(reduced)
        widths = [min(cells + _PADDING, most) for cells, most in zip(wanted, reduced, strict=True)]
    if total < available:
        widths = [cells + more for cells, more in zip(widths, _distribute(available - total, widths), strict=True)]
    return widths


def _reduce(excess: int, widths: Sequence[int]) -> list[int]:
    """Take `excess` cells from the widths evenly, a column never giving more than it has."""
    shares = sum(1 for cells in widths if cells)
    reduced: list[int] = []
    for cells in widths:
        taken = min(cells, round(excess / shares)) if cells else 0
        excess -= taken
        shares -= bool(cells)
        reduced.append(cells - taken)
    return reduced


def _distribute(spare: int, widths: Sequence[int]) -> list[int]:
    """Divide `spare` cells in proportion to the widths, rounding up from the left."""
    remaining = sum(widths)
    given: list[int] = []
    for cells in widths:
        more = max(0, -(-cells * spare // remaining)) if remaining > 0 else spare
        remaining -= cells
        spare -= more
        given.append(more)
    return given


#: The lines of a cell as text: a list where a format fills them up to the width of their column, a tuple where they
#: are as wide as it is, padding included.
_Lines = list[str] | tuple[str, ...]


class _PlainCells(dict[Cell, _Lines]):
    """The cells of one column, each wrapped once. `filling` is the format that fills up a line, as `%` takes it."""

    __slots__ = ("_inner", "_justify", "blank", "filling")

    def __init__(self, width: int, justify: str) -> None:
        self._inner = width - _PADDING
        self._justify = justify
        self.blank = " " * width
        self.filling = f" %{'' if justify == 'right' else '-'}{max(self._inner, 0)}s "

    def __missing__(self, cell: Cell) -> _Lines:
        lines: _Lines | None
        if self._inner < 1:  # rich draws nothing where there is no room
            lines = (self.blank,)
        else:
            lines = broken(cell, self._inner) if isinstance(cell, str) else None
            if lines is None:
                spans = ((cell, ""),) if isinstance(cell, str) else cell
                lines = tuple([f" {join(tuple(line))} " for line in wrap_spans(spans, self._inner, self._justify)])
            elif self._justify == "center":  # which no format does
                lines = [place(line, self._inner, self._justify) for line in lines]
        self[cell] = lines
        return lines

    def exact(self, lines: _Lines) -> tuple[str, ...]:
        """The lines as wide as the column."""
        if isinstance(lines, tuple):
            return lines
        return tuple([f" {place(line, self._inner, self._justify)} " for line in lines])


class _StyledCells(dict[Cell, "list[list[Span]]"]):
    """The cells of one column, wrapped once, as lines of spans with their padding."""

    __slots__ = ("_justify", "_width")

    def __init__(self, width: int, justify: str) -> None:
        self._width = width
        self._justify = justify

    def __missing__(self, cell: Cell) -> list[list[Span]]:
        inner = self._width - _PADDING
        if inner < 1:
            fitted: list[list[Span]] = []
        else:
            spans = ((cell, ""),) if isinstance(cell, str) else cell
            fitted = [[(" ", ""), *line, (" ", "")] for line in wrap_spans(spans, inner, self._justify)]
        self[cell] = fitted
        return fitted


def _rule(characters: Rule, widths: Sequence[int]) -> str:
    left, line, cross, right = characters
    return f"{left}{cross.join([line * cells for cells in widths])}{right}"


def _plain_row(
    cells: Sequence[_Lines], columns: Sequence[_PlainCells], characters: Rule, *, from_bottom: bool = False
) -> Iterator[str]:
    """Yield the lines of one row, whatever its characters; a header's cells stand at the bottom."""
    left, _, cross, right = characters
    height = max(map(len, cells))
    filled: list[tuple[str, ...]] = []
    for lines, column in zip(cells, columns, strict=True):
        blank = (column.blank,) * (height - len(lines))
        filled.append(blank + column.exact(lines) if from_bottom else column.exact(lines) + blank)
    for line in zip(*filled, strict=True):
        yield f"{left}{cross.join(line)}{right}"


def _styled_row(
    cells: Sequence[list[list[Span]]], widths: Sequence[int], characters: Rule, style: str, *, from_bottom: bool = False
) -> Iterator[list[Span]]:
    left, _, cross, right = characters
    height = max(map(len, cells))
    if not height:  # no cell has room for text: a line without style
        height, style = 1, ""
    filled: list[list[list[Span]]] = []
    for lines, cells_wide in zip(cells, widths, strict=True):
        blank = [[(" " * cells_wide, style)]] * (height - len(lines))
        filled.append(blank + lines if from_bottom else lines + blank)
    for parts in zip(*filled, strict=True):
        line = [(left, "")]
        for index, part in enumerate(parts):
            if index:
                line.append((cross, ""))
            line += part
        line.append((right, ""))
        yield line


def _in_bold(lines: list[list[Span]]) -> list[list[Span]]:
    return [[(text, HEADER_STYLE) for text, _ in line] for line in lines]
