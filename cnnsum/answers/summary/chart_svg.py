"""Charts as pictures: SVG that stands alone, light or dark as the reader's screen is.

Written by hand and without scripts; a browser shows the name and the number of what the pointer is on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cnnsum.answers.summary.chart import memory_title
from cnnsum.answers.summary.chart_data import Bar, Bars, Point, bars, points
from cnnsum.answers.summary.charted import Charted
from cnnsum.answers.summary.options import USUAL, Options
from cnnsum.answers.summary.records import Report
from cnnsum.render import units
from cnnsum.render.charts import ticks
from cnnsum.render.svg import WIDTH, document, name, spot, text


def chunks(charted: Charted, _options: Options = USUAL) -> Iterator[str]:
    """Return the picture of the chart. Raises OptionError where its numbers are not numbers."""
    report, what = charted
    return iter((_memory(report, points(report.plan)) if what == "memory" else _bars(bars(report, what)),))


# The memory of inference.

_LEFT, _TOP, _RIGHT, _FLOOR, _BELOW = 92, 88, 24, 380, 92


def _memory(report: Report, steps: Sequence[Point]) -> str:
    return document(WIDTH, _FLOOR + _BELOW, memory_title(report), _timeline(steps))


def _timeline(steps: Sequence[Point]) -> Iterator[str]:
    most = max(point.total for point in steps) or 1
    wide = (WIDTH - _LEFT - _RIGHT) / len(steps)

    def x(step: float) -> str:
        return spot(_LEFT + step * wide)

    def y(size: float) -> str:
        return spot(_FLOOR - size * (_FLOOR - _TOP) / most)

    for tick in (0, *ticks(most, 5)):
        yield f'<path class="{"grid" if tick else "axis"}" d="M{_LEFT} {y(tick)}H{WIDTH - _RIGHT}"/>'
        label = units.memory(tick).replace(".00 ", " ") if tick else "0"
        yield f'<text class="small right" x="{_LEFT - 8}" y="{y(tick)}" dy=".35em">{label}</text>'
    layers: tuple[tuple[str, Callable[[Point], int]], ...] = (
        ("scratch", lambda point: point.total),
        ("used", lambda point: point.waiting + point.used),
        ("waiting", lambda point: point.waiting),
    )
    for kind, height in layers:
        if kind == "used" or any(getattr(point, kind) for point in steps):
            yield f'<path class="{kind}" d="{_area([height(point) for point in steps], x, y)}"/>'
    at = max(range(len(steps)), key=lambda number: (steps[number].total, -number))
    middle = _LEFT + (at + 0.5) * wide
    side = "" if middle < WIDTH / 2 else "right"
    shift = 8 if middle < WIDTH / 2 else -8
    place = f"call {at + 1:,} of {len(steps):,}"
    yield f'<path class="mark" d="M{spot(middle)} {_TOP - 14}V{_FLOOR}"/>'
    yield f'<circle class="peak" cx="{spot(middle)}" cy="{y(steps[at].total)}" r="4"/>'
    yield (
        f'<text class="peak {side}" x="{spot(middle + shift)}" y="{_TOP - 12}">peak {units.memory(steps[at].total)}'
        f" at {name(steps[at].layer, 60)}, {place}</text>"
    )
    for number, point in enumerate(steps):
        told = f"{number + 1:,}. {text(point.layer)}: {units.memory(point.total)}"
        yield (
            f'<rect class="part" x="{x(number)}" y="{_TOP}" width="{spot(wide)}" height="{_FLOOR - _TOP}">'
            f"<title>{told}</title></rect>"
        )
    count = min(6, len(steps))
    for index in range(count):
        step = index * len(steps) // count
        yield f'<path class="axis" d="M{x(step + 0.5)} {_FLOOR}v5"/>'
        yield f'<text class="small" x="{x(step)}" y="{_FLOOR + 20}">{step + 1:,}</text>'
        yield f'<text class="small" x="{x(step)}" y="{_FLOOR + 36}">{name(steps[step].layer, 18)}</text>'
    yield from _legend(steps)


def _area(heights: Sequence[int], x: Callable[[float], str], y: Callable[[float], str]) -> str:
    """The path around steps of these heights; neighbours of one height are one line."""
    path = f"M{x(0)} {y(0)}"
    before = None
    for number, height in enumerate(heights):
        if height != before:
            path += f"H{x(number)}V{y(height)}"
            before = height
    return f"{path}H{x(len(heights))}V{y(0)}Z"


def _legend(steps: Sequence[Point]) -> Iterator[str]:
    place = _LEFT
    for kind, words in (
        ("used", "read and made by the call"),
        ("waiting", "waiting for a later one"),
        ("scratch", "inside the layer"),
    ):
        if kind == "used" or any(getattr(point, kind) for point in steps):
            yield f'<rect class="{kind}" x="{place}" y="{_FLOOR + 58}" width="12" height="12" rx="2"/>'
            yield f'<text x="{place + 18}" y="{_FLOOR + 68}">{words}</text>'
            place += 40 + 7 * len(words)


# Bars.

_LINE, _NAMES, _HEAD = 24, 260, 60


def _bars(found: Bars) -> str:
    exact = units.exact(found.total)
    title = f"{found.title}: {exact if found.exact else f'at least {exact}'}"
    height = _HEAD + _LINE * max(len(found.bars), 1) + (56 if found.left_out else 24)
    return document(WIDTH, height, title, _lines(found, height))


def _lines(found: Bars, height: int) -> Iterator[str]:
    most = max([one.amount or 0 for one in found.bars], default=0) or 1
    room = WIDTH - _NAMES - 170
    for index, one in enumerate(found.bars):
        y = _HEAD + index * _LINE
        amount = one.amount or 0
        length = max(amount * room / most, 1.5) if amount else 0
        kind = "peak" if amount == most else "used"
        yield f'<text class="right" x="{_NAMES - 12}" y="{y + 15}">{name(_label(one), 36)}</text>'
        yield f'<rect class="{kind}" x="{_NAMES}" y="{y + 2}" width="{spot(length)}" height="{_LINE - 6}" rx="2"/>'
        yield f'<text class="small" x="{spot(_NAMES + length + 8)}" y="{y + 15}">{_amount(one, found.total)}</text>'
    if found.left_out and found.bars:
        several = "s have" if found.left_out > 1 else " has"
        yield f'<text class="small" x="{_NAMES}" y="{height - 22}">{found.left_out:,} more layer{several} none</text>'
    if not found.bars:
        yield f'<text x="24" y="{_HEAD + 15}">none of the layers has any</text>'


def _label(one: Bar) -> str:
    return f"{one.name} ({one.layers:,})" if one.layers > 1 else one.name


def _amount(one: Bar, total: int) -> str:
    if one.amount is None:
        return "not known"
    share = f", {100 * one.amount / total:.1f}%" if total else ""
    return units.count(one.amount) + share
