"""A sweep as plain records. Knows no format and no screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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


class Swept(NamedTuple):
    """A sweep: what is said of it as a whole, and its variants as they come, once.

    table: the names, the measures (`costs.MEASURES`), `status` and `why`.
    """

    head: Head
    table: Table

    def variants(self) -> Iterator[Variant]:
        """The variants one by one."""
        return (variant for part in self.table.parts for variant in variants_of(part, len(self.head.names)))


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
