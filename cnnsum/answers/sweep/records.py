"""A sweep as plain records. Knows no format and no screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from cnnsum.answers.rows import Part, Table, plain_columns
from cnnsum.answers.variants.costs import Costs, Outcome, Variant
from cnnsum.typed import NamedTuple


class Head(NamedTuple):
    """What is said of a sweep as a whole.

    columns: names that have one value stand in one column of a table; with the longest of their values.
    batch: samples that memory is for, None where the batch is swept.
    """

    model: str
    names: tuple[str, ...]
    columns: tuple[tuple[tuple[str, ...], Sequence[object]], ...]
    variants: int
    batch: int | None
    optimizer: str


class Swept:
    """A sweep, as its formats are given it: what is said of it as a whole, and its variants as they come.

    columns: the names, the measures (`costs.MEASURES`), `status` and `why`, with the types of their values.
    """

    head: Head
    columns: Mapping[str, type]

    def parts(self) -> Iterator[Part]:
        """The variants column by column, some at a time."""
        raise NotImplementedError

    @property
    def table(self) -> Table:
        """The variants as a table, which can be read once."""
        return Table(self.columns, self.parts())

    def variants(self) -> Iterator[Variant]:
        """The variants one by one."""
        return (variant for part in self.table.parts for variant in variants_of(part, len(self.head.names)))


class Begun(Swept):
    """A sweep whose first variants are made already, so that what is wrong with all of them is found before anything is
    written. It can be read once.

    shown: each status that came so far, with the reason of the first variant that has it.
    """

    def __init__(self, sweep: Swept) -> None:
        self.head = sweep.head
        self.columns = sweep.columns
        self.shown: dict[str, str] = {}
        parts = self._noted(sweep.parts())
        first = next(parts, None)
        self._parts: Iterable[Part] = parts if first is None else chain((first,), parts)

    def parts(self) -> Iterator[Part]:
        """What is left of the variants."""
        return iter(self._parts)

    def _noted(self, parts: Iterator[Part]) -> Iterator[Part]:
        for part in parts:
            became(part, len(self.columns) - 2, self.shown)
            yield part


def became(part: Part, status: int, known: dict[str, str]) -> None:
    """Keep of each status in a part why the first variant has it. status: its column, with `why` behind it."""
    statuses = part[status]
    for one in set(statuses) - known.keys():
        known[one] = str(part[status + 1][next(at for at, other in enumerate(statuses) if other == one)])


class Charted(NamedTuple):
    """A sweep as a chart. what: a measure, or "pareto" for the front; pareto: the names that were compared."""

    swept: Swept
    what: str
    pareto: tuple[str, ...] = ()
    ascii: bool = False


def variants_of(part: Part, names: int) -> Iterator[Variant]:
    """The records of a part as variants, whose values stand in the first columns."""
    for row in zip(*plain_columns(part), strict=True):
        *costs, status, why = row[names:]
        yield Variant(row[:names], Outcome(status, Costs(*costs) if status == "legal" else None, why))
