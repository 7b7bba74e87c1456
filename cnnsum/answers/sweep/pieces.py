"""A sweep in pieces, which other processes and machines can tell of: parts of its grid, in the order of its variants.

Of what comes by, each piece keeps what the choice among all can still want, so that little is sent. Knows where work is
done by `cnnsum.executors` alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec

from cnnsum.answers.rows import Part
from cnnsum.answers.sweep.choosing import Choice, Kept
from cnnsum.answers.sweep.records import became
from cnnsum.answers.sweep.space import Space, values_of
from cnnsum.answers.variants.ranges import Grid, Varied
from cnnsum.answers.variants.reading import Names
from cnnsum.diagnostics import Diagnostic, UnusableError
from cnnsum.executors import Died, Executor
from cnnsum.typed import NamedTuple

#: Variants of a piece, at most. What is read of the network is read again for each piece.
PIECE = 1 << 18


class Piece(NamedTuple):
    """A part of the grid. first: whether the sweep begins with it: where its first variant cannot be read, none can."""

    known: Names
    slow: Space
    fast: Space
    columns: Mapping[str, type]
    choice: Choice
    first: bool


class Told(NamedTuple):
    """What came of a piece: what is kept of it, how many variants there were, what became of them (with the first
    reason of each), and how many were left out because a condition could not be told. error: why nothing can be told.
    """

    parts: tuple[Part, ...]
    variants: int = 0
    seen: Mapping[str, str] = {}
    unsure: int = 0
    error: UnusableError | None = None


def told(piece: Piece) -> Told:
    """The variants of a piece; raises nothing."""
    count, seen = 0, dict[str, str]()
    status = len(piece.columns) - 2

    def watched() -> Iterator[Part]:
        nonlocal count
        for part in parts(piece.known, piece.slow, piece.fast, first=piece.first):
            count += len(part[status])
            became(part, status, seen)
            yield part

    kept = Kept(_within(piece.choice), piece.columns)
    try:
        found = tuple(kept.of(watched()))
    except UnusableError as error:
        return Told((), error=error)
    return Told(found, count, seen, kept.unsure)


def _within(choice: Choice) -> Choice:
    """What a piece can choose by itself: the first of those that are best within it may not be best of all."""
    return choice._replace(sort=None, top=None) if choice.pareto is not None else choice


def pieces(known: Names, slow: Space, fast: Space, columns: Mapping[str, type], choice: Choice) -> list[Piece]:
    """All variants, in pieces whose order is theirs."""
    split = len(slow.axes)
    axes = (*slow.axes, *fast.axes)
    found: list[Piece] = []
    for places in Space(axes).blocks(PIECE):
        cut = tuple([_cut(axis, some) for axis, some in zip(axes, places, strict=True)])
        found.append(Piece(known, Space(cut[:split]), Space(cut[split:]), columns, choice, not found))
    return found


def _cut(axis: Varied, places: range) -> Varied:
    """An axis with the values at some places alone."""
    values = values_of(axis)
    if isinstance(values, Grid):
        first = values.first + values.step * places.start
        return Varied(axis.names, Grid(first, values.first + values.step * (places.stop - 1), values.step))
    return Varied(axis.names, values[places.start : places.stop])


def outcomes(executor: Executor, work: Sequence[Piece]) -> Iterator[Told]:
    """What came of each piece, in their order. Raises UnusableError where one of them cannot be told of."""
    for number, one in enumerate(executor.map(told, work), 1):
        if isinstance(one, Died):
            message = f"part {number:,} of {len(work):,} of the sweep ended without an answer: {one.why}"
            raise UnusableError(Diagnostic("SPC075", message, None, "error", "give its processes more memory"))
        if one.error is not None:
            raise one.error
        yield one


def parts(known: Names, slow: Space, fast: Space, *, first: bool = True) -> Iterator[Part]:
    """The variants of a grid in this process: in arrays, or one by one where there is no NumPy. first: as there."""
    if has_arrays():
        from cnnsum.answers.sweep.in_arrays import parts as found
    else:
        from cnnsum.answers.sweep.one_by_one import parts as found
    return found(known, slow, fast, first=first)


def has_arrays() -> bool:
    """Whether NumPy is there."""
    return find_spec("numpy") is not None


def executor_of(jobs: int | None, dask: str | None) -> Executor | None:
    """Where a sweep is told of: on a cluster, in so many processes, or, as None, in this one."""
    if dask is not None:
        from cnnsum.executors.cluster import Cluster

        return Cluster(dask, count=jobs)
    if jobs is None or jobs < 2:
        return None
    from cnnsum.executors.processes import Processes

    return Processes(jobs)
