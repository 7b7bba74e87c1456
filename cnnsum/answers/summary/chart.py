"""Charts for a terminal: the memory of inference call by call, and bars of parameters or MACs.

A chart is lines of styled spans, as a table is. In colours and without them it has the same characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnnsum.answers.summary.chart_data import Bar, Point, bars, points
from cnnsum.answers.summary.charted import Charted
from cnnsum.answers.summary.options import USUAL, Options
from cnnsum.answers.summary.records import Report
from cnnsum.render import units
from cnnsum.render.charts import (
    AXIS,
    BAR,
    HEIGHT,
    LEAST_WIDTH,
    MOST,
    MOST_WIDTH,
    Ink,
    Line,
    add,
    bar,
    filled,
    middle,
    row_of,
    shortened,
    ticks,
)
from cnnsum.render.style import NUMBER, printable
from cnnsum.render.wrap import Span, cell_length, join

_WAITING, _SCRATCH = "color(66)", "color(166)"
_NAME = 28  # cells of a bar's name, at most: a third of a narrow screen


def chunks(charted: Charted, options: Options = USUAL) -> Iterator[str]:
    """Return the chart as text. Raises OptionError where its numbers are open or not known."""
    return iter(("".join(f"{join(tuple(line)).rstrip()}\n" for line in styled_lines(charted, options)),))


def styled_lines(charted: Charted, options: Options) -> Iterator[Line]:
    """Yield the chart's lines as spans. Raises OptionError where the numbers are open or not known."""
    width = min(max(options.width or options.terminal, LEAST_WIDTH), MOST_WIDTH)
    ink = Ink(ascii=options.ascii)
    report, what = charted
    if what == "memory":
        return iter(_memory(report, points(report.plan), width, ink))
    return iter(_bars(report, what, width, ink))


# The memory of inference.


def _memory(report: Report, steps: Sequence[Point], width: int, ink: Ink) -> list[Line]:
    most = max(point.total for point in steps)
    at = next(number for number, point in enumerate(steps) if point.total == most)
    labels = {row_of(tick, most): _round(tick) for tick in ticks(most, 5)}
    labels.pop(HEIGHT - 2, None)  # too near to the peak
    labels[HEIGHT - 1] = _round(most)
    margin = max(map(len, labels.values())) + 2
    room = width - margin - 2
    columns = _columns(steps, room)
    wide = max(room // len(steps), 1) if len(steps) <= room else 1
    wide = min(wide, 8)
    mark = next(column for column, (first, last, _) in enumerate(columns) if first <= at <= last) * wide + wide // 2
    lines: list[Line] = [
        [(shortened(f" {memory_title(report)}", width, ink), "bold")],
        [],
        _peak_line(steps[at], at, len(steps), mark, margin, room, ink),
    ]
    for row in range(HEIGHT - 1, -1, -1):
        label = labels.get(row, "")
        line: Line = [(f" {label:>{margin - 2}} ", ""), (ink.tick if label else ink.side, AXIS)]
        for _, _, point in columns:
            character, style = _cell(point, row, most, ink)
            add(line, character * wide, style)
        lines.append(line)
    lines += _floor(steps, columns, wide, margin, room, ink)
    return [*lines, [], *_legend(steps, width, ink)]


def _round(size: int) -> str:
    """Bytes without the zeros of a round number."""
    return units.memory(size).replace(".00 ", " ")


def _columns(steps: Sequence[Point], room: int) -> list[tuple[int, int, Point]]:
    """First and last call of every column, and the one of them that needs most."""
    count = min(len(steps), room)
    result = []
    for column in range(count):
        first, end = column * len(steps) // count, (column + 1) * len(steps) // count
        result.append((first, end - 1, max(steps[first:end], key=lambda point: point.total)))
    return result


def _cell(point: Point, row: int, most: int, ink: Ink) -> Span:
    """The character of a column in a row: what waits is lowest, then what is used, then inner tensors."""
    part, parts = filled(point.total, most, row, ink), len(ink.rising) - 1
    if not part:
        return " ", ""
    # What most of the filled part of the cell is: in integers, which have no largest.
    middle, scale = (2 * row * parts + part) * most, 2 * parts * HEIGHT
    if middle <= point.waiting * scale:
        kind, style = ink.waiting, _WAITING
    elif middle <= (point.waiting + point.used) * scale:
        kind, style = ink.used, BAR
    else:
        kind, style = ink.scratch, _SCRATCH
    return (kind if part == parts else ink.rising[part]), style


def _peak_line(point: Point, at: int, count: int, mark: int, margin: int, room: int, ink: Ink) -> Line:
    """The mark above the peak, and beside it what and where it is."""
    start, end = f"peak {units.memory(point.total)} at ", f", call {at + 1:,} of {count:,}"
    left, right = mark - 1, room - mark - 2
    text = printable(point.layer)
    text = f"{start}{middle(text, max(left, right) - len(start) - len(end), ink)}{end}"
    before = " " * (margin + 1)
    if cell_length(text) <= right:
        return [(before + " " * mark, ""), (f"{ink.peak} {text}", MOST)]
    return [(before + " " * max(left - cell_length(text), 0), ""), (f"{text} {ink.peak}", MOST)]


def _floor(
    steps: Sequence[Point], columns: Sequence[tuple[int, int, Point]], wide: int, margin: int, room: int, ink: Ink
) -> list[Line]:
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
        names = names.ljust(place) + middle(printable(steps[call].layer), max(end - place, 1), ink)
        numbers = numbers.ljust(place) + f"{call + 1:,}"
    before = " " * (margin + 1)
    return [
        [(f"{0:>{margin - 1}} ", ""), (ink.corner + "".join(axis), AXIS)],
        [(before + numbers, AXIS)],
        [(before + names, "")],
    ]


def _legend(steps: Sequence[Point], width: int, ink: Ink) -> list[Line]:
    parts: list[Line] = [[(ink.used, BAR), (" read and made by the call", "")]]
    if any(point.waiting for point in steps):
        parts.append([(ink.waiting, _WAITING), (" waiting for a later one", "")])
    if any(point.scratch for point in steps):
        parts.append([(ink.scratch, _SCRATCH), (" inside the layer", "")])
    lines: list[Line] = []
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


def _bars(report: Report, measure: str, width: int, ink: Ink) -> list[Line]:
    found = bars(report, measure)
    total = units.exact(found.total) if found.exact else f"at least {units.exact(found.total)}"
    lines: list[Line] = [
        [(shortened(f" {printable(found.title)}: ", width - 30, ink), "bold"), (total, NUMBER)],
        [],
    ]
    most = max([one.amount or 0 for one in found.bars], default=0)
    texts = ["?" if one.amount is None else units.count(one.amount) for one in found.bars]
    shares = [_share(one, found.total) for one in found.bars]
    name = min(max([cell_length(_label(one)) for one in found.bars], default=0), max(width // 3, _NAME))
    number, share = max(map(len, texts), default=0), max(map(len, shares), default=0)
    room = max(width - name - number - share - 8, 8)
    for one, text, part in zip(found.bars, texts, shares, strict=True):
        label = middle(_label(one), name, ink)
        style = MOST if one.amount == most else BAR
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
