"""What charts show, before anything is drawn: bars per layer or group of layers, and the scale of an axis.

Knows rows, and no characters or pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cnnsum.answers import OptionError
from cnnsum.answers.measures import MEASURES
from cnnsum.answers.plan.ask import Plan
from cnnsum.answers.summary.alike import keys
from cnnsum.answers.summary.records import Report, Row
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.typed import NamedTuple

#: Bars of a chart, at most: more layers are put into groups.
MOST_BARS = 40

#: Fewer groups than that say too little.
_LEAST_GROUPS = 4


class Bar(NamedTuple):
    """One bar: a layer, or the group of layers between two; `amount` None where it is not known."""

    name: str
    amount: int | None
    layers: int


class Bars(NamedTuple):
    """A chart of bars. left_out: layers that have nothing to show; exact: the total is known."""

    title: str
    bars: tuple[Bar, ...]
    total: int
    exact: bool
    left_out: int


def bars(report: Report, measure: str) -> Bars:
    """The bars of a measure, "params" or "macs"; layers with none are left out.

    Raises OptionError where a number depends on sizes that are open, and for a measure that is not drawn.
    """
    if measure not in ("params", "macs"):
        raise OptionError(f"there is no chart of {measure!r}: choose from memory, params, macs")
    value: Callable[[Row], Dim] = (lambda row: row.params.total) if measure == "params" else lambda row: row.macs
    title = MEASURES[measure].heading
    amounts = [value(row) for row in report.rows]
    if any(not isinstance(one, int) and one is not UNKNOWN for one in amounts):
        raise OptionError(f"the {title} depend on sizes that are open", "give them with --input or --set")
    shown = [
        (row, one if isinstance(one, int) else None)
        for row, one in zip(report.rows, amounts, strict=True)
        if one is UNKNOWN or one != 0
    ]
    return Bars(
        f"{title} of {report.name}",
        tuple(_bar(name, group) for name, group in _groups(report.rows, shown)),
        sum(one for one in amounts if isinstance(one, int)),
        UNKNOWN not in amounts,
        len(report.rows) - len(shown),
    )


_Shown = tuple[Row, "int | None"]
_Group = tuple[str, Sequence[_Shown]]


def _bar(name: str, group: Sequence[_Shown]) -> Bar:
    known = [amount for _, amount in group if amount is not None]
    return Bar(name, sum(known) if known else None, len(group))


def _groups(rows: Sequence[Row], shown: Sequence[_Shown]) -> list[_Group]:
    """Every layer for itself, or, where that is too many, what belongs together: a block, names that begin alike, what
    lies between two narrow places of the graph, or simply neighbours.
    """
    if len(shown) <= MOST_BARS:
        return [(row.name, [(row, amount)]) for row, amount in shown]
    number = {row.name: at for at, row in enumerate(rows)}
    reads = [[number[one.layer] for one in row.connections if one.layer in number] for row in rows]
    deepest = max(len(row.block) for row, _ in shown)
    ways: list[Callable[[Row], str]] = [_in_block(depth) for depth in range(deepest, 0, -1)]
    names = [row.name for row in rows]
    ways += [_by_name(dict(zip(names, key, strict=True))) for key in keys(names, reads)]
    for way in ways:
        groups = _runs(shown, way)
        if _LEAST_GROUPS <= len(groups) <= MOST_BARS:
            return groups
    size = -(-len(shown) // MOST_BARS)
    return [(f"from {shown[at][0].name}", shown[at : at + size]) for at in range(0, len(shown), size)]


def _in_block(depth: int) -> Callable[[Row], str]:
    return lambda row: ".".join(row.block[:depth]) or row.name


def _by_name(key: Mapping[str, str]) -> Callable[[Row], str]:
    return lambda row: key[row.name]


def _runs(shown: Sequence[_Shown], key: Callable[[Row], str]) -> list[_Group]:
    """Neighbours with the same key."""
    groups: list[tuple[str, list[_Shown]]] = []
    for one in shown:
        name = key(one[0])
        if groups and groups[-1][0] == name:
            groups[-1][1].append(one)
        else:
            groups.append((name, [one]))
    return [(name if len(group) > 1 else group[0][0].name, group) for name, group in groups]


class Point(NamedTuple):
    """Live bytes while a call runs: what it reads and makes, what waits for a later call, and its inner tensors."""

    layer: str
    used: int
    waiting: int
    scratch: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.used + self.waiting + self.scratch


def points(plan: Plan | None) -> list[Point]:
    """The points of a plan's timeline.

    Raises OptionError where they are not numbers.
    """
    if plan is None or plan.peak is UNKNOWN:
        raise OptionError("the memory of this model is not known, so that there is nothing to draw")
    found = []
    for one in plan.timeline:
        during, waiting, scratch = one.during, one.waiting, one.scratch
        if not (isinstance(during, int) and isinstance(waiting, int) and isinstance(scratch, int)):
            raise OptionError("the memory depends on sizes that are open", "give them with --input, --set or --batch")
        found.append(Point(one.layer, during - waiting - scratch, waiting, scratch))
    if not found:
        raise OptionError("the model has no layers, so that there is nothing to draw")
    return found
