"""What a chart of a sweep shows, before anything is drawn: a curve for one axis, a map for two, or the front of
`--pareto`. Knows records, and no characters or pictures.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnnsum.answers import OptionError
from cnnsum.answers.measures import MEASURES as EVERY
from cnnsum.answers.rows import Row, numbers_of, plain_columns
from cnnsum.answers.sweep.records import Swept
from cnnsum.answers.variants.costs import MEASURES
from cnnsum.typed import NamedTuple

#: What may be drawn: a measure, or the front.
DRAWN = (*MEASURES, "pareto")
#: Variants that are drawn, at most.
MOST_DRAWN = 100_000


class Scale(NamedTuple):
    """What numbers of a column are called, and how they are written."""

    name: str
    title: str

    @property
    def is_memory(self) -> bool:
        """Whether they are bytes."""
        return self.name in MEASURES and EVERY[self.name].is_memory

    def shown(self, number: object) -> str:
        """A number as an axis has it, without the zeros of a round one."""
        if isinstance(number, bool) or not isinstance(number, int):
            return str(number)
        if self.name not in MEASURES:
            return f"{number:,}"
        return EVERY[self.name].short(number).replace(".00 ", " ").removesuffix(".00")


class Curve(NamedTuple):
    """One measure along one axis: a value for each of its places, None where the variant is not accepted."""

    title: str
    scale: Scale
    along: Scale
    places: Sequence[object]
    values: Sequence[int | None]


class Map(NamedTuple):
    """One measure over two axes: rows of values, a row for each place down."""

    title: str
    scale: Scale
    down: Scale
    along: Scale
    rows: Sequence[object]
    columns: Sequence[object]
    values: Sequence[Sequence[int | None]]


class Front(NamedTuple):
    """Variants that none is better than: their two measures, and what they are called."""

    title: str
    down: Scale
    along: Scale
    points: Sequence[tuple[float, float, str]]


def drawn(swept: Swept, what: str, pareto: Sequence[str]) -> Curve | Map | Front:
    """What is drawn of a sweep: a measure over its axes, or, of "pareto", the names that were compared.

    Raises OptionError where there is no picture of it.
    """
    names = [*swept.table.columns]
    rows: list[Row] = []
    for part in swept.table.parts:
        rows += [*zip(*plain_columns(part), strict=True)]
        if len(rows) > MOST_DRAWN:
            raise OptionError(f"a chart has at most {MOST_DRAWN:,} variants", "give larger steps, or --top, --pareto")
    if not rows:
        raise OptionError("there is no variant to draw")
    if what == "pareto":
        return _front(swept, rows, names, pareto)
    scale = Scale(what, EVERY[what].heading)
    title = f"{scale.title} of {swept.head.model}"
    at = names.index(what)
    axes = [(Scale("=".join(axis), "=".join(axis)), names.index(axis[0])) for axis, _ in swept.head.columns]
    if len(axes) == 1:
        ((along, place),) = axes
        return Curve(title, scale, along, [row[place] for row in rows], [_number(row[at]) for row in rows])
    if len(axes) > 2:
        raise OptionError("a chart is of one axis or two", "sweep fewer names, or draw the front: --pareto A,B")
    (down, first), (along, second) = axes
    found = {(row[first], row[second]): _number(row[at]) for row in rows}
    ys, xs = (tuple(dict.fromkeys(row[one] for row in rows)) for one in (first, second))
    return Map(title, scale, down, along, ys, xs, [[found.get((y, x)) for x in xs] for y in ys])


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, int) else None


def _front(swept: Swept, rows: Sequence[Row], names: Sequence[str], pareto: Sequence[str]) -> Front:
    if len(pareto) != 2:
        raise OptionError("--chart pareto draws two measures", "name them: --pareto params,macs")
    along, down = (Scale(name, EVERY[name].heading if name in MEASURES else name) for name in pareto)
    count = len(swept.head.names)
    xs, ys = (numbers_of([row[names.index(scale.name)] for row in rows]) for scale in (along, down))
    called = [
        ", ".join(f"{name} = {value}" for name, value in zip(swept.head.names, row[:count], strict=True))
        for row in rows
    ]
    points = [*zip(xs, ys, called, strict=True)]
    title = f"{down.title} against {along.title} of {swept.head.model}: the best {len(points):,}"
    return Front(title, down, along, sorted(points, key=lambda point: point[:2]))
