"""Charts of sweeps as pictures: a curve, a map, or the front of `--pareto`. Sees plain records only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cnnsum.answers.sweep.chart_data import Curve, Front, Map, Scale, drawn
from cnnsum.answers.sweep.records import Charted
from cnnsum.render.charts import ticks
from cnnsum.render.svg import WIDTH, document, name, spot, text

_LEFT, _TOP, _RIGHT, _FLOOR, _BELOW = 112, 72, 24, 400, 64
_TEXTS = 8  # along an axis, at most


def chunks(charted: Charted) -> Iterator[str]:
    """The picture. Raises OptionError where there is none."""
    found = drawn(charted.swept, charted.what, charted.pareto)
    if isinstance(found, Curve):
        parts = _curve(found)
    elif isinstance(found, Map):
        parts = _map(found)
    else:
        parts = _front(found)
    return iter((document(WIDTH, _FLOOR + _BELOW, found.title, parts),))


def _x(share: float) -> str:
    return spot(_LEFT + share * (WIDTH - _LEFT - _RIGHT))


def _y(share: float) -> str:
    return spot(_FLOOR - share * (_FLOOR - _TOP))


def _share(value: float, most: float) -> float:
    return float(value) / float(most) if most else 0.0


def _upwards(scale: Scale, most: int) -> Iterator[str]:
    """The axis at the side, with a line for each of its texts."""
    for tick in (0, *ticks(most, 5, 2 if scale.is_memory else 10)):
        place = _y(_share(tick, most))
        yield f'<path class="{"grid" if tick else "axis"}" d="M{_LEFT} {place}H{WIDTH - _RIGHT}"/>'
        label = text(scale.shown(tick)) if tick else "0"
        yield f'<text class="small right" x="{_LEFT - 8}" y="{place}" dy=".35em">{label}</text>'


def _below(texts: Sequence[str], title: str, where: Callable[[int], float]) -> Iterator[str]:
    """Some texts below the axis, and what they are."""
    for at in range(0, len(texts), max(1, -(-len(texts) // _TEXTS))):
        yield f'<text class="small middle" x="{_x(where(at))}" y="{_FLOOR + 20}">{name(texts[at], 14)}</text>'
    yield f'<text class="middle" x="{_x(0.5)}" y="{_FLOOR + 44}">{name(title, 60)}</text>'


def _curve(curve: Curve) -> Iterator[str]:
    most = max((value for value in curve.values if value is not None), default=0)
    count = len(curve.values)

    def where(at: int) -> float:
        return (at + 0.5) / count

    yield from _upwards(curve.scale, most)
    path, broken = "", True
    for at, value in enumerate(curve.values):
        if value is not None:
            path += f"{'M' if broken else 'L'}{_x(where(at))} {_y(_share(value, most))}"
        broken = value is None
    yield f'<path d="{path}" fill="none" stroke="#3b82c4" stroke-width="2"/>'
    for at, value in enumerate(curve.values):
        told = "not accepted" if value is None else curve.scale.shown(value)
        told = text(f"{curve.along.title} = {curve.along.shown(curve.places[at])}: {told}")
        if value is not None and count <= _DOTS:
            yield f'<circle class="used" cx="{_x(where(at))}" cy="{_y(_share(value, most))}" r="3"/>'
        yield _pointed(at / count, 1 / count, told)
    yield from _below([curve.along.shown(place) for place in curve.places], curve.along.title, where)


_DOTS = 60  # points of a curve that are marked, at most


def _pointed(left: float, wide: float, told: str) -> str:
    """A part of the picture that tells of itself when the pointer is on it."""
    width = spot(wide * (WIDTH - _LEFT - _RIGHT))
    return (
        f'<rect class="part" x="{_x(left)}" y="{_TOP}" width="{width}" height="{_FLOOR - _TOP}">'
        f"<title>{told}</title></rect>"
    )


def _map(found: Map) -> Iterator[str]:
    known = [value for row in found.values for value in row if value is not None]
    low, high = min(known, default=0), max(known, default=0)
    wide, tall = 1 / len(found.columns), 1 / len(found.rows)
    width, height = spot(wide * (WIDTH - _LEFT - _RIGHT)), spot(tall * (_FLOOR - _TOP))
    for y, row in enumerate(found.values):
        for x, value in enumerate(row):
            told = text(
                f"{found.down.title} = {found.down.shown(found.rows[y])}, "
                f"{found.along.title} = {found.along.shown(found.columns[x])}: "
                f"{'not accepted' if value is None else found.scale.shown(value)}"
            )
            shade = 0.0 if value is None else 0.08 + 0.92 * (_share(value - low, high - low) if high > low else 1)
            yield (
                f'<rect class="used" fill-opacity="{spot(shade)}" x="{_x(x * wide)}" y="{_y(1 - y * tall)}" '
                f'width="{width}" height="{height}"><title>{told}</title></rect>'
            )
    step = max(1, -(-len(found.rows) // (2 * _TEXTS)))
    for y in range(0, len(found.rows), step):
        label = name(found.down.shown(found.rows[y]), 12)
        place = _y(1 - (y + 0.5) * tall)
        yield f'<text class="small right" x="{_LEFT - 8}" y="{place}" dy=".35em">{label}</text>'
    legend = found.scale.shown(high)
    legend = f"{found.scale.shown(low)} (light) to {legend} (dark)" if high > low else f"{legend} wherever accepted"
    yield f'<text class="small" x="24" y="{_TOP - 12}">{name(found.down.title, 20)} down; {text(legend)}</text>'
    texts = [found.along.shown(column) for column in found.columns]
    yield from _below(texts, found.along.title, lambda at: (at + 0.5) * wide)


def _front(front: Front) -> Iterator[str]:
    most_x, most_y = max(x for x, _, _ in front.points), max(y for _, y, _ in front.points)
    yield from _upwards(front.down, int(most_y))
    path = "".join(
        f"{'H' + _x(_share(x, most_x)) if at else 'M' + _x(_share(x, most_x)) + ' '}"
        f"{'V' if at else ''}{_y(_share(y, most_y))}"
        for at, (x, y, _) in enumerate(front.points)
    )
    yield f'<path class="axis" d="{path}"/>'
    for x, y, told in front.points:
        title = text(f"{told}: {front.along.shown(x)}, {front.down.shown(y)}")
        yield (
            f'<circle class="peak" cx="{_x(_share(x, most_x))}" cy="{_y(_share(y, most_y))}" r="4">'
            f"<title>{title}</title></circle>"
        )
    marks = [0, *ticks(int(most_x), 5, 2 if front.along.is_memory else 10)] if most_x >= 1 else [0]
    texts = [front.along.shown(mark) if mark else "0" for mark in marks]
    yield from _below(texts, front.along.title, lambda at: _share(marks[at], most_x))
    yield f'<text class="small" x="24" y="{_TOP - 12}">{name(front.down.title, 40)}</text>'
