"""Charts for a terminal: the memory of inference call by call, and bars of parameters or MACs.

A chart is lines of styled spans, as a table is. In colours and without them it has the same characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnnsum.answers.summary.chart_data import Bar, Point, bars, points, ticks
from cnnsum.answers.summary.options import Options
from cnnsum.answers.summary.records import Report
from cnnsum.render import units
from cnnsum.render.style import NUMBER, printable
from cnnsum.render.wrap import Span, cell_length, join

_MOST_WIDTH = 200
_LEAST_WIDTH = 60
_HEIGHT = 16
#: The colour of bars.
BAR = "color(33)"
_USED, _WAITING, _SCRATCH, _PEAK = BAR, "color(66)", "color(214)", "bold color(203)"
_AXIS = "color(244)"
_GROWING, _GROWING_ASCII = " ▏▎▍▌▋▊▉█", " -=#"
_NAME = 28  # cells of a bar's name, at most: a third of a narrow screen

_Line = list[Span]


class _Ink:
    """The characters to draw with."""

    def __init__(self, *, ascii: bool) -> None:
        self.rising = " .:#" if ascii else " ▁▂▃▄▅▆▇█"
        self.ascii = ascii
        self.used = "#" if ascii else "█"
        self.waiting = ":" if ascii else "▒"
        self.scratch = "+" if ascii else "░"
        self.peak = "v" if ascii else "▼"
        self.tick, self.side, self.corner = ("+", "|", "+") if ascii else ("┤", "│", "└")
        self.floor, self.mark = ("-", "+") if ascii else ("─", "┴")
        self.more = "~" if ascii else "…"


def chunks(report: Report, options: Options) -> Iterator[str]:
    """Return the chart as text. Raises OptionError where its numbers are open or not known."""
    return iter(("".join(f"{join(tuple(line)).rstrip()}\n" for line in styled_lines(report, options)),))


def styled_lines(report: Report, options: Options) -> Iterator[_Line]:
    """Yield the chart's lines as spans. Raises OptionError where the numbers are open or not known."""
    width = min(max(options.width or options.terminal, _LEAST_WIDTH), _MOST_WIDTH)
    ink = _Ink(ascii=options.ascii)
    if options.chart == "memory":
        return iter(_memory(report, points(report.plan), width, ink))
    return iter(_bars(report, options.chart or "", width, ink))


# The memory of inference.


def _memory(report: Report, steps: Sequence[Point], width: int, ink: _Ink) -> list[_Line]:
    most = max(point.total for point in steps)
    at = next(number for number, point in enumerate(steps) if point.total == most)
    labels = {_row(tick, most): _round(tick) for tick in ticks(most, 5)}
    labels.pop(_HEIGHT - 2, None)  # too near to the peak
    labels[_HEIGHT - 1] = _round(most)
    margin = max(map(len, labels.values())) + 2
    room = width - margin - 2
    columns = _columns(steps, room)
    wide = max(room // len(steps), 1) if len(steps) <= room else 1
    wide = min(wide, 8)
    mark = next(column for column, (first, last, _) in enumerate(columns) if first <= at <= last) * wide + wide // 2
    lines: list[_Line] = [
        [(_shortened(f" {memory_title(report)}", width, ink), "bold")],
        [],
        _peak_line(steps[at], at, len(steps), mark, margin, room, ink),
    ]
    for row in range(_HEIGHT - 1, -1, -1):
        label = labels.get(row, "")
        line: _Line = [(f" {label:>{margin - 2}} ", ""), (ink.tick if label else ink.side, _AXIS)]
        for _, _, point in columns:
            character, style = _cell(point, row, most, ink)
            _add(line, character * wide, style)
        lines.append(line)
    lines += _floor(steps, columns, wide, margin, room, ink)
    return [*lines, [], *_legend(steps, width, ink)]


def _round(size: int) -> str:
    """Bytes without the zeros of a round number."""
    return units.memory(size).replace(".00 ", " ")


def _row(size: int, most: int) -> int:
    """The row of the chart that the end of a bar of this size falls into."""
    return max(-(-size * _HEIGHT // most) - 1, 0) if most else 0


def _columns(steps: Sequence[Point], room: int) -> list[tuple[int, int, Point]]:
    """First and last call of every column, and the one of them that needs most."""
    count = min(len(steps), room)
    result = []
    for column in range(count):
        first, end = column * len(steps) // count, (column + 1) * len(steps) // count
        result.append((first, end - 1, max(steps[first:end], key=lambda point: point.total)))
    return result


def _cell(point: Point, row: int, most: int, ink: _Ink) -> Span:
    """The character of a column in a row: what waits is lowest, then what is used, then inner tensors."""
    if not most:
        return " ", ""
    parts = len(ink.rising) - 1
    filled = min(max(round(point.total * _HEIGHT * parts / most) - row * parts, 0), parts)
    if not filled:
        if row or not point.total:
            return " ", ""
        filled = 1  # a little is not nothing
    # What most of the filled part of the cell is: in integers, which have no largest.
    middle, scale = (2 * row * parts + filled) * most, 2 * parts * _HEIGHT
    if middle <= point.waiting * scale:
        kind, style = ink.waiting, _WAITING
    elif middle <= (point.waiting + point.used) * scale:
        kind, style = ink.used, _USED
    else:
        kind, style = ink.scratch, _SCRATCH
    return (kind if filled == parts else ink.rising[filled]), style


def _peak_line(point: Point, at: int, count: int, mark: int, margin: int, room: int, ink: _Ink) -> _Line:
    """The mark above the peak, and beside it what and where it is."""
    start, end = f"peak {units.memory(point.total)} at ", f", call {at + 1:,} of {count:,}"
    left, right = mark - 1, room - mark - 2
    text = printable(point.layer)
    text = f"{start}{_middle(text, max(left, right) - len(start) - len(end), ink)}{end}"
    before = " " * (margin + 1)
    if cell_length(text) <= right:
        return [(before + " " * mark, ""), (f"{ink.peak} {text}", _PEAK)]
    return [(before + " " * max(left - cell_length(text), 0), ""), (f"{text} {ink.peak}", _PEAK)]


def _floor(
    steps: Sequence[Point], columns: Sequence[tuple[int, int, Point]], wide: int, margin: int, room: int, ink: _Ink
) -> list[_Line]:
    """The axis below, and the names of some calls with their numbers."""
    length = len(columns) * wide
    gap = max(room // 6, 16)
    places = [*range(0, max(length - gap // 2, 1), gap)]
    axis = [ink.floor] * length
    numbers = names = ""
    for index, place in enumerate(places):
        axis[min(place + wide // 2, length - 1)] = ink.mark
        call = columns[place // wide][0]
        end = places[index + 1] - 2 if index + 1 < len(places) else room - 1
        names = names.ljust(place) + _middle(printable(steps[call].layer), max(end - place, 1), ink)
        numbers = numbers.ljust(place) + f"{call + 1:,}"
    before = " " * (margin + 1)
    return [
        [(f"{0:>{margin - 1}} ", ""), (ink.corner + "".join(axis), _AXIS)],
        [(before + numbers, _AXIS)],
        [(before + names, "")],
    ]


def _legend(steps: Sequence[Point], width: int, ink: _Ink) -> list[_Line]:
    parts: list[_Line] = [[(ink.used, _USED), (" read and made by the call", "")]]
    if any(point.waiting for point in steps):
        parts.append([(ink.waiting, _WAITING), (" waiting for a later one", "")])
    if any(point.scratch for point in steps):
        parts.append([(ink.scratch, _SCRATCH), (" inside the layer", "")])
    lines: list[_Line] = []
    for part in parts:
        if lines and len(join((*lines[-1], *part))) + 3 <= width:
            lines[-1] += [("   ", ""), *part]
        else:
            lines.append([(" ", ""), *part])
    return lines


def memory_title(report: Report) -> str:
    """What the chart of the memory is called."""
    return f"Memory of {printable(report.name)} call by call, for a batch of {units.exact(report.batch)}"


# Bars.


def _bars(report: Report, measure: str, width: int, ink: _Ink) -> list[_Line]:
    found = bars(report, measure)
    total = units.exact(found.total) if found.exact else f"at least {units.exact(found.total)}"
    lines: list[_Line] = [
        [(_shortened(f" {printable(found.title)}: ", width - 30, ink), "bold"), (total, NUMBER)],
        [],
    ]
    most = max([one.amount or 0 for one in found.bars], default=0)
    texts = ["?" if one.amount is None else units.count(one.amount) for one in found.bars]
    shares = [_share(one, found.total) for one in found.bars]
    name = min(max([cell_length(_label(one)) for one in found.bars], default=0), max(width // 3, _NAME))
    number, share = max(map(len, texts), default=0), max(map(len, shares), default=0)
    room = max(width - name - number - share - 8, 8)
    for one, text, part in zip(found.bars, texts, shares, strict=True):
        label = _middle(_label(one), name, ink)
        style = _PEAK if one.amount == most else _USED
        lines.append(
            [
                (f" {label}{' ' * (name - cell_length(label))}  ", ""),
                (f"{text:>{number}}", NUMBER),
                (f"  {part:>{share}}  ", ""),
                (bar(one.amount or 0, most, room, ascii=ink.ascii), style),
            ]
        )
    if not found.bars:
        lines.append([(" none of the layers has any", "")])
    elif found.left_out:
        several = "s have" if found.left_out > 1 else " has"
        lines += [[], [(f" {found.left_out:,} more layer{several} none", "")]]
    return lines


def _label(one: Bar) -> str:
    name = printable(one.name)
    return f"{name} ({one.layers:,})" if one.layers > 1 else name


def _share(one: Bar, total: int) -> str:
    return "" if one.amount is None else f"{100 * one.amount / total:.1f}%" if total else "0.0%"


def bar(amount: int, most: int, room: int, *, ascii: bool) -> str:
    """A bar to the scale of the largest amount, which takes all the room; a little is not nothing.

    >>> bar(5, 10, 4, ascii=True), bar(1, 1000, 4, ascii=True)
    ('##', '-')
    """
    if not most or not amount:
        return ""
    glyphs = _GROWING_ASCII if ascii else _GROWING
    parts = len(glyphs) - 1
    length = max(round(amount * room * parts / most), 1)
    return glyphs[parts] * (length // parts) + (glyphs[length % parts] if length % parts else "")


# Text.


def _add(line: _Line, text: str, style: str) -> None:
    """Add to the last span where it has the same style: thousands of spans are slow to write."""
    if line[-1][1] == style:
        line[-1] = (line[-1][0] + text, style)
    else:
        line.append((text, style))


def _shortened(text: str, width: int, ink: _Ink) -> str:
    if cell_length(text) <= width:
        return text
    while text and cell_length(text) >= width:
        text = text[:-1]
    return text + ink.more if width > 0 else ""


def _middle(text: str, width: int, ink: _Ink) -> str:
    """Of a text that is too long, both ends."""
    if cell_length(text) <= width:
        return text
    if len(text) != cell_length(text):
        return _shortened(text, width, ink)
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}{ink.more}{text[len(text) - tail :]}"
