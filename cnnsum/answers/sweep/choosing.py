"""Which variants of a sweep are kept: `--where`, then `--pareto`, then `--sort` and `--top`, part by part.

What is kept is bounded, whatever comes by. Knows columns and values; no model and no format.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from cnnsum.answers.choosing import Condition, Order, chosen
from cnnsum.answers.pareto import Front
from cnnsum.answers.rows import Part, Row, numbers_of, parts_of, plain_columns
from cnnsum.diagnostics import Diagnostic, UnusableError
from cnnsum.typed import NamedTuple

#: Variants that are held at a time, at most.
MOST_KEPT = 1_000_000


class Choice(NamedTuple):
    """What was asked for, as it was written."""

    where: str | None = None
    pareto: str | None = None
    sort: str | None = None
    top: int | None = None

    @property
    def bounds(self) -> bool:
        """Whether it bounds what is kept of any number of variants."""
        return self.top is not None or self.pareto is not None


class Kept:
    """A choice among variants with these columns, each with the type of its values.

    The last columns are `costs.BECAME`: a variant that is not accepted is on no front, and last in an order.

    unsure: variants that were left out because a condition could not be told. Raises UnusableError for what is no
    condition, or names no column.
    """

    def __init__(self, choice: Choice, columns: Mapping[str, type]) -> None:
        self._columns, self._kinds = [*columns], [*columns.values()]
        self._status = self._columns.index("status")
        kinds = {name: str if kind in (str, object, bool) else int for name, kind in columns.items()}
        numbers = [name for name, kind in columns.items() if kind in (int, float)]
        self._where = None if choice.where is None else Condition(choice.where, kinds)
        self._front = None if choice.pareto is None else Front(choice.pareto, numbers)
        self._order = None if choice.sort is None else Order(choice.sort, columns)
        self._top = choice.top
        self.unsure = 0

    def of(self, parts: Iterator[Part]) -> Iterator[Part]:
        """The variants that are kept, in their order."""
        self.unsure = 0
        if self._where is not None:
            parts = map(self._fulfilling, parts)
        if self._front is not None:
            parts = iter([self._best(parts, self._front)])
        if self._order is None and self._top is None:
            return parts
        rows: Iterator[Row] = chain.from_iterable(map(_rows, parts))
        at = None if self._order is None else self._columns.index(self._order.name)
        is_mixed = at is not None and not issubclass(self._kinds[at], (int, float, str))
        if at is not None and self._top is None:
            rows = _bounded(rows)

        def values(row: Row) -> dict[str, object]:
            if at is None:
                return {}
            if at < self._status and not self._is_accepted(row):
                return {self._columns[at]: None}  # by what became of them, all are sorted
            return {self._columns[at]: _comparable(row[at]) if is_mixed else row[at]}

        first: Iterator[Row] = chosen(rows, values, self._order, self._top)
        return parts_of(first, len(self._columns))

    def _is_accepted(self, row: Row) -> bool:
        return row[self._status] == "legal"

    def _fulfilling(self, part: Part) -> Part:
        assert self._where is not None, "it is asked for"
        columns = plain_columns(part)
        used = [name for name in self._columns if name in self._where.names]
        asked = zip(*[map(_simple, columns[self._columns.index(name)]) for name in used], strict=True)
        known: dict[Row, bool | None] = {}
        holds: list[bool] = []
        for values in asked:
            found = known.get(values, known)
            if found is known:
                found = known[values] = self._where(dict(zip(used, values, strict=True)))
            self.unsure += found is None
            holds.append(bool(found))
        return [[value for value, held in zip(column, holds, strict=True) if held] for column in columns]

    def _best(self, parts: Iterator[Part], front: Front) -> Part:
        at = [self._columns.index(name) for name in front.names]
        kept: list[Row] = []
        best = 0  # how many of these, from the first, are known to be on the front of all so far
        for part in parts:
            rows = filter(self._is_accepted, _rows(part))
            kept += [row for row in rows if all(row[place] is not None for place in at)]
            if len(kept) >= 2 * best:  # a front that grows is not looked through again for each part
                kept = _on_front(kept, front, at)
                best = len(kept)
        kept = _on_front(kept, front, at)
        return [*zip(*kept, strict=True)] if kept else [[] for _ in self._columns]


def _on_front(rows: list[Row], front: Front, at: list[int]) -> list[Row]:
    """The rows that none is better than, by the columns at these places. Raises UnusableError for too many."""
    found = [rows[place] for place in front.best([numbers_of([row[one] for row in rows]) for one in at])]
    if len(found) > MOST_KEPT:
        raise _too_many("so many variants are such that none is better", "name fewer measures")
    return found


def _rows(part: Part) -> Iterator[Row]:
    return zip(*plain_columns(part), strict=True)


def _simple(value: object) -> object:
    """A value as conditions and orders know it: a list, or what else is no number and no text, as it is written."""
    return value if value is None or isinstance(value, (int, float, str)) else str(value)


def _comparable(value: object) -> object:
    """A value beside others of its column, which may be of other types: numbers come before texts."""
    found = _simple(value)
    return None if found is None else (isinstance(found, str), found)


def _bounded(rows: Iterator[Row]) -> Iterator[Row]:
    for number, row in enumerate(rows):
        if number == MOST_KEPT:
            raise _too_many("all variants are held to be sorted", "keep the first of them: --top 100")
        yield row


def _too_many(what: str, help: str) -> UnusableError:
    return UnusableError(Diagnostic("SPC058", f"{what}, and at most {MOST_KEPT:,} are held", None, "error", help))
