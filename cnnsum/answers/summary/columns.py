"""The columns that `--columns` chooses from: what each holds, in a table and in a file format.

Knows rows and cells; the boxes are `grid`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from cnnsum.answers import OptionError
from cnnsum.answers.summary.cells import StyledCells, TextCells, has_weights
from cnnsum.answers.summary.options import Options
from cnnsum.answers.summary.records import Report, Row
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.render import units
from cnnsum.render.grid import Column
from cnnsum.render.style import NUMBER
from cnnsum.render.wrap import Cell, cell_length, join
from cnnsum.typed import NamedTuple

#: What a file format holds: text, an exact integer, a share; None where it is not known.
Value = str | int | float | None

_KERAS = ("layer", "output", "params")
_LEAST_TEXT = 12  # a column of text is not squeezed below this, one of numbers not at all
_LONG_WORD = 30  # longer words are cut before the table grows wider than the screen


class ColumnKind(NamedTuple):
    """A column: its header in a table, whether it holds numbers, its cell in a table, its value in a file format."""

    header: str
    is_number: bool
    cell: Callable[[TextCells, Row, int, Report], Cell]
    value: Callable[[TextCells, Row, Report], Value]


def _count(measure: Callable[[Row], Dim]) -> tuple[Callable[..., Cell], Callable[..., Value]]:
    return (
        lambda cells, row, _level, _report: cells.number(measure(row)),
        lambda _cells, row, _report: units.plain_number(measure(row)),
    )


def _bytes(measure: Callable[[Row], Dim]) -> tuple[Callable[..., Cell], Callable[..., Value]]:
    return (
        lambda cells, row, _level, _report: _in_ink(cells, units.memory(measure(row))),
        lambda _cells, row, _report: units.plain_number(measure(row)),
    )


def _text(text: Callable[[TextCells, Row], str]) -> tuple[Callable[..., Cell], Callable[..., Value]]:
    return (
        lambda cells, row, _level, _report: text(cells, row),
        lambda cells, row, _report: _known(text(cells, row)),
    )


def _known(text: str) -> str | None:
    """What a table shows as a dash or a question mark is left empty in a file."""
    return None if text in ("-", "?") else text


def _dtypes(_cells: TextCells, row: Row) -> str:
    return ", ".join(dict.fromkeys(output.dtype for output in row.outputs)) or "-"


def _field(_cells: TextCells, row: Row) -> str:
    """The receptive field as `7x7 / 2x2`: size, and stride where it is not 1."""
    field = row.receptive_field
    if field is None:
        return "-"
    if all(size is UNKNOWN for size in field.size):
        return "?"
    size = "x".join("all" if size is None else str(size) for size in field.size)
    if all(stride is None or (type(stride) is int and stride == 1) for stride in field.stride):
        return size
    if all(stride is UNKNOWN for stride in field.stride):
        return f"{size} / ?"
    return f"{size} / {'x'.join(map(str, field.stride))}"


def _of_window(name: str) -> Callable[[TextCells, Row], str]:
    """A field of the kernel that moves, `3x3` for numbers by axis."""

    def text(_cells: TextCells, row: Row) -> str:
        value = None if row.window is None else getattr(row.window, name)
        return "-" if value is None else _by_axis(value)

    return text


def _by_axis(value: object) -> str:
    if not isinstance(value, tuple):
        return str(value)
    if any(isinstance(one, tuple) for one in value):
        return "x".join(":".join(map(str, one)) if isinstance(one, tuple) else str(one) for one in value)
    return "x".join(map(str, value))


def _share(row: Row, report: Report) -> float | None:
    """The percentage of the model's parameters that are this row's."""
    own, total = row.params.total, report.totals.params.total
    if not isinstance(own, int) or not isinstance(total, int):
        return None
    return 100 * own / total if total else 0.0


def _share_cell(cells: TextCells, row: Row, _level: int, report: Report) -> Cell:
    share = _share(row, report)
    return "?" if share is None else _in_ink(cells, f"{share:.1f}%")


def _in_ink(cells: TextCells, text: str) -> Cell:
    return ((text, NUMBER),) if isinstance(cells, StyledCells) else text


#: What the columns of bars show: the longest bar is the largest row's.
_BARS: dict[str, Callable[[Row], Dim]] = {
    "params_bar": lambda row: row.params.total,
    "macs_bar": lambda row: row.macs,
    "memory_bar": lambda row: row.memory.output,
}
_BAR = 10  # cells of the longest bar


def _bar_kind(header: str) -> ColumnKind:
    """A column of bars; `scale_bars` draws them, and a file format has no use for them."""
    return ColumnKind(header, False, lambda *_: "", lambda *_: None)


def scale_bars(names: Sequence[str], draw: list[Callable[..., Cell]], rows: Iterable[Row], *, ascii: bool) -> None:
    """Put functions that draw bars to the scale of the rows that are shown into the places of the columns of bars."""
    for index, name in enumerate(names):
        if name in _BARS:
            amounts = [_BARS[name](row) for row in rows]
            most = max([amount for amount in amounts if isinstance(amount, int)], default=0)
            draw[index] = _bar_cell(_BARS[name], most, ascii=ascii)


def _bar_cell(measure: Callable[[Row], Dim], most: int, *, ascii: bool) -> Callable[..., Cell]:
    from cnnsum.render.charts import BAR, bar

    def cell(cells: TextCells, row: Row, _level: int, _report: Report) -> Cell:
        amount = measure(row)
        if not isinstance(amount, int):
            return "?"
        text = bar(amount, most, _BAR, ascii=ascii)
        return ((text, BAR),) if text and isinstance(cells, StyledCells) else text

    return cell


def _trainable_value(_cells: TextCells, row: Row, _report: Report) -> Value:
    return None if not has_weights(row) else "true" if row.trainable else "false"


COLUMNS: dict[str, ColumnKind] = {
    "layer": ColumnKind(
        "Layer (type)", False, lambda c, row, level, _: c.layer(row, level), lambda c, row, _: c.name(row)
    ),
    "type": ColumnKind("Type", False, *_text(lambda cells, row: cells.type(row))),
    "block": ColumnKind("Block", False, *_text(lambda _, row: ".".join(row.block) or "-")),
    "output": ColumnKind(
        "Output Shape", False, lambda c, row, _level, _: c.output(row), lambda c, row, _: _known(join(c.output(row)))
    ),
    "params": ColumnKind(
        "Param #",
        True,
        lambda c, row, _level, _: c.params(row),
        lambda _c, row, _: units.plain_number(row.params.total),
    ),
    "share": ColumnKind("Params %", True, _share_cell, lambda _c, row, report: _share(row, report)),
    "params_bar": _bar_kind("Params"),
    "macs": ColumnKind("MACs", True, *_count(lambda row: row.macs)),
    "macs_bar": _bar_kind("MACs"),
    "flops": ColumnKind("FLOPs", True, *_count(lambda row: row.flops)),
    "output_memory": ColumnKind("Output size", True, *_bytes(lambda row: row.memory.output)),
    "memory_bar": _bar_kind("Output size"),
    "weights_memory": ColumnKind("Weight size", True, *_bytes(lambda row: row.memory.weights)),
    "saved_memory": ColumnKind("Saved size", True, *_bytes(lambda row: row.memory.saved)),
    "kernel": ColumnKind("Kernel", False, *_text(_of_window("kernel"))),
    "strides": ColumnKind("Strides", False, *_text(_of_window("strides"))),
    "padding": ColumnKind("Padding", False, *_text(_of_window("padding"))),
    "groups": ColumnKind("Groups", True, *_text(_of_window("groups"))),
    "dilation": ColumnKind("Dilation", False, *_text(_of_window("dilation"))),
    "activation": ColumnKind("Activation", False, *_text(_of_window("activation"))),
    "receptive_field": ColumnKind("Receptive field", False, *_text(_field)),
    "dtype": ColumnKind("Dtype", False, *_text(_dtypes)),
    "connected": ColumnKind(
        "Connected to",
        False,
        lambda c, row, level, _: c.connected(row, level),
        lambda c, row, _: _known(join(c.connected(row))),
    ),
    "trainable": ColumnKind("Trainable", False, lambda c, row, _level, _: c.trainable(row), _trainable_value),
}


def parse_columns(text: str, report: Report) -> list[str]:
    """Return the names of columns that `text` chooses: `layer,macs` those, `+macs,+flops` these beside Keras's.

    Raises OptionError for a name that no column has, with the nearest that is.
    """
    names: list[str] = []
    if text.strip().startswith("+"):
        names += _KERAS
        if report.connected:
            names.append("connected")
    for part in text.split(","):
        name = part.strip().removeprefix("+").strip()
        if name not in COLUMNS:
            from cnnsum.diagnostics import did_you_mean

            raise OptionError(
                f"there is no column {name!r}: choose from {', '.join(COLUMNS)}", did_you_mean(name, COLUMNS)
            )
        if name not in names:
            names.append(name)
    return names


def table(report: Report, options: Options, cells: TextCells) -> tuple[int, list[Column], list[list[Cell]]]:
    """Return the width of the table, its columns (header, justify, width), and the cells of its rows.

    Columns are as wide as their content. Where that is more than there is room for, columns of text and of formulas
    wrap, the widest first; numbers are never cut short unless a width was asked for.
    """
    names = parse_columns(",".join(_KERAS) if options.columns is None else options.columns, report)
    if options.show_trainable and "trainable" not in names:
        names.append("trainable")
    from cnnsum.answers.summary.rows import shown_rows

    kinds = [COLUMNS[name] for name in names]
    headers = [kind.header for kind in kinds]
    draw = [kind.cell for kind in kinds]
    if "type" in names and "layer" in names:
        headers[names.index("layer")] = "Layer"
        draw[names.index("layer")] = lambda cells, row, level, _: cells.name(row, level)
    shown = [*shown_rows(report, options)]
    scale_bars(names, draw, [row for row, _ in shown], ascii=options.ascii)
    rows = [[cell(cells, row, level, report) for cell in draw] for row, level in shown]
    widths = [len(header) for header in headers]
    words = [0] * len(kinds)
    rigid = [kind.is_number for kind in kinds]
    for index in range(len(kinds)):
        texts = {join(row[index]) for row in rows}
        widths[index] = max([widths[index], *map(cell_length, texts)])
        rigid[index] = rigid[index] and not any("*" in text for text in texts)
        words[index] = max([cell_length(word) for text in texts for word in text.split()], default=0)
    borders = 3 * len(kinds) + 1
    room = (options.width or options.terminal - 4) - borders
    # First to the longest word, then, if it must be, through the words.
    for least in ([min(word, _LONG_WORD) for word in words], [0] * len(kinds)):
        floors = [
            width if fixed else max(floor, _LEAST_TEXT)
            for width, fixed, floor in zip(widths, rigid, least, strict=True)
        ]
        _squeeze(widths, floors, room)
    justify = ["right" if kind.is_number else "center" if kind.header == "Trainable" else "left" for kind in kinds]
    width = options.width or sum(widths) + borders
    return width, [Column(*parts) for parts in zip(headers, justify, widths, strict=True)], rows


def _squeeze(widths: list[int], floors: list[int], room: int) -> None:
    """Narrow the widest columns that are above their floor until the widths fit into `room` cells, if they can."""
    excess = sum(widths) - room
    while excess > 0:
        loose = [index for index, floor in enumerate(floors) if widths[index] > floor]
        if not loose:
            return
        widest = max(loose, key=widths.__getitem__)
        next_widest = max([widths[index] for index in loose if widths[index] < widths[widest]], default=0)
        step = max(1, min(excess, widths[widest] - max(next_widest, floors[widest])))
        widths[widest] -= step
        excess -= step
