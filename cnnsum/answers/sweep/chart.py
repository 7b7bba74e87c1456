"""Charts of sweeps for a terminal: a curve as bars, a map in shades, the front as points. Sees plain records only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnnsum.answers.sweep.chart_data import Curve, Front, Map, Scale, drawn
from cnnsum.answers.sweep.records import Charted
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
    filled,
    row_of,
    shortened,
    ticks,
)
from cnnsum.render.style import printable
from cnnsum.render.wrap import cell_length

#: The colours of the shades of a map, the least first.
_SHADES = ("color(195)", "color(117)", "color(39)", "color(26)", "color(18)")


def lines(charted: Charted, width: int) -> Iterator[Line]:
    """The chart as lines of styled spans. Raises OptionError where there is none."""
    found = drawn(charted.swept, charted.what, charted.pareto)
    ink = Ink(ascii=charted.ascii)
    room = min(max(width, LEAST_WIDTH), MOST_WIDTH)
    yield [(shortened(f" {printable(found.title)}", room, ink), "bold")]
    yield []
    if isinstance(found, Curve):
        yield from _curve(found, room, ink)
    elif isinstance(found, Map):
        yield from _map(found, room, ink)
    else:
        yield from _front(found, room, ink)


def _labels(scale: Scale, most: int) -> dict[int, str]:
    """The texts beside an axis, by the row that they stand in."""
    found = {row_of(tick, most): scale.shown(tick) for tick in ticks(most, 5, 2 if scale.is_memory else 10)}
    found.pop(HEIGHT - 2, None)  # too near to the largest
    found[HEIGHT - 1] = scale.shown(most)
    return found


def _merged(places: int, room: int) -> list[range]:
    """Which places each column stands for: as wide as there is room for, or several in a column."""
    count = min(places, room)
    return [range(at * places // count, (at + 1) * places // count) for at in range(count)]


def _curve(curve: Curve, width: int, ink: Ink) -> Iterator[Line]:
    known = [value for value in curve.values if value is not None]
    most = max(known, default=0)
    labels = _labels(curve.scale, most)
    margin = max(map(len, labels.values())) + 2
    columns = _merged(len(curve.values), width - margin - 2)
    wide = min(max((width - margin - 2) // len(columns), 1), 8)
    bars = [max((one for at in column if (one := curve.values[at]) is not None), default=None) for column in columns]
    parts = len(ink.rising) - 1
    for row in range(HEIGHT - 1, -1, -1):
        label = labels.get(row, "")
        line: Line = [(f" {label:>{margin - 2}} ", ""), (ink.tick if label else ink.side, AXIS)]
        for value in bars:
            if value is None:
                add(line, ("x" if not row else " ") * wide, AXIS)
                continue
            part = filled(value, most, row, ink)
            add(line, (ink.used if part == parts else ink.rising[part]) * wide, MOST if value == most else BAR)
        yield line
    yield from _floor([curve.along.shown(curve.places[column[0]]) for column in columns], wide, margin, ink, "0")
    yield [(f"{'':{margin + 1}}{printable(curve.along.title)}", "")]
    if len(known) < len(curve.values):
        yield [(f"{'':{margin + 1}}x: not accepted", "")]


def _floor(texts: Sequence[str], wide: int, margin: int, ink: Ink, zero: str = "") -> Iterator[Line]:
    """The axis below, with the texts of some columns; zero: what stands beside it."""
    length = len(texts) * wide
    gap = max(length // 6, max(map(cell_length, texts)) + 2, wide)
    axis = [ink.floor] * length
    below = ""
    for place in range(0, length, -(-gap // wide) * wide):
        axis[min(place + wide // 2, length - 1)] = ink.mark
        below = below.ljust(place + wide // 2) + printable(texts[place // wide])
    yield [(f"{zero:>{margin - 1}} ", ""), (ink.corner + "".join(axis), AXIS)]
    yield [(f"{'':{margin + 1}}{below}", AXIS)]


def _map(found: Map, width: int, ink: Ink) -> Iterator[Line]:
    known = [value for row in found.values for value in row if value is not None]
    low, high = min(known, default=0), max(known, default=0)
    names = [printable(found.down.shown(row)) for row in found.rows]
    margin = max(map(cell_length, names)) + 2
    columns = _merged(len(found.columns), width - margin - 2)
    wide = min(max((width - margin - 2) // len(columns), 1), 8)
    yield [(f"{'':{margin + 1}}{printable(found.down.title)} down, {printable(found.along.title)} along", "")]
    for group in _merged(len(found.rows), 2 * HEIGHT):
        name = names[group[0]]
        line: Line = [(f" {'':{margin - 2 - cell_length(name)}}{name} ", ""), (ink.side, AXIS)]
        for column in columns:
            cells = [value for y in group for x in column if (value := found.values[y][x]) is not None]
            shade = _shade(max(cells), low, high) if cells else None
            if shade is None:
                add(line, "x" * wide, AXIS)
            else:
                add(line, ink.shades[shade] * wide, _SHADES[shade])
        yield line
    yield from _floor([found.along.shown(found.columns[column[0]]) for column in columns], wide, margin, ink)
    legend: Line = []
    for shade in sorted({_shade(value, low, high) for value in known}):
        start = low - -(high - low) * shade // len(_SHADES)  # the least that has this shade
        mark = (ink.shades[shade] * 2, _SHADES[shade])
        legend += [("   " if legend else " ", ""), mark, (f" {found.scale.shown(start)}", "")]
    yield legend
    if len(known) < len(found.rows) * len(found.columns):
        yield [(" x: not accepted", "")]


def _shade(value: int, low: int, high: int) -> int:
    return min((value - low) * len(_SHADES) // (high - low), len(_SHADES) - 1) if high > low else len(_SHADES) - 1


def _front(front: Front, width: int, ink: Ink) -> Iterator[Line]:
    most = max(y for _, y, _ in front.points)
    labels = _labels(front.down, int(most))
    margin = max(map(len, labels.values())) + 2
    room = width - margin - 2
    xs = [x for x, _, _ in front.points]
    grid: dict[tuple[int, int], str] = {}
    for x, y, _ in front.points:
        grid[row_of(int(y), int(most)), _place(x, xs, room)] = ink.point
    for row in range(HEIGHT - 1, -1, -1):
        label = labels.get(row, "")
        line: Line = [(f" {label:>{margin - 2}} ", ""), (ink.tick if label else ink.side, AXIS)]
        add(line, "".join([grid.get((row, column), " ") for column in range(room)]).rstrip(), MOST)
        yield line
    yield [(f"{'0':>{margin - 1}} ", ""), (ink.corner + ink.floor * room, AXIS)]
    least, largest = front.along.shown(min(xs)), front.along.shown(max(xs))
    yield [(f"{'':{margin + 1}}{least}{'':{max(room - len(least) - len(largest), 1)}}{largest}", AXIS)]
    yield [(f"{'':{margin + 1}}{printable(front.along.title)}", "")]


def _place(x: float, xs: Sequence[float], room: int) -> int:
    low, high = min(xs), max(xs)
    return int((x - low) * (room - 1) // (high - low)) if high > low else 0
