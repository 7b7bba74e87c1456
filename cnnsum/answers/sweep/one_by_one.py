"""The variants of a sweep one by one, without arrays: what there is where NumPy is not.

Over sizes and the batch the formulas of the network are evaluated; all else is read and inferred once per value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cnnsum.answers.rows import Part, parts_of
from cnnsum.answers.sweep.space import Space, whole
from cnnsum.answers.variants.costs import MEASURES, Costs, Outcome
from cnnsum.answers.variants.reading import Closed, Names, NotClosedError, inferred, refused
from cnnsum.diagnostics import UnusableError
from cnnsum.typed import TypeAlias

#: A variant and what became of it.
_Told: TypeAlias = tuple[tuple[object, ...], Outcome]

#: What stands for the costs of a variant that has none.
_NONE = (None,) * len(MEASURES)


def parts(known: Names, slow: Space, fast: Space, *, first: bool = True) -> Iterator[Part]:
    """The variants column by column: values, costs, status and why. slow: vars; fast: sizes and the batch.

    first: whether a sweep begins with them: raises UnusableError where the first of them cannot be read.
    """
    rows = (
        (*values, *(_NONE if outcome.costs is None else outcome.costs), outcome.status, outcome.why)
        for values, outcome in _variants(known, slow, fast, first=first)
    )
    return parts_of(rows, len(slow.names) + len(fast.names) + len(MEASURES) + 2)


def _variants(known: Names, slow: Space, fast: Space, *, first: bool) -> Iterator[_Told]:
    for values in slow.points():
        settings = dict(zip(slow.names, values, strict=True))
        try:
            for inner, outcome in _outcomes(known, settings, fast):
                yield (*values, *inner), outcome
                first = False
        except UnusableError as error:
            if first:
                raise
            wrong = error_of(error)
            for inner in fast.points():
                yield (*values, *inner), wrong


def sets_batch(known: Names, slow: Iterable[str]) -> bool:
    """Whether the batch is varied together with a var (`width=batch=1:8`), so that no formula has it open."""
    return any(known.kind(name) == "batch" for name in slow)


def error_of(error: UnusableError) -> Outcome:
    """What became of variants that cannot be read."""
    found = error.diagnostics[0]
    return Outcome("error", None, f"{found.code} {found.message}")


def wrong_at_all(error: NotClosedError) -> Outcome | None:
    """What became of all sizes, where the error is one that all of them have."""
    found = error.found
    if found is None or (found.is_of_sizes and not found.fits_no_size):
        return None
    return refused(found)


def _outcomes(known: Names, settings: Mapping[str, object], fast: Space) -> Iterator[_Told]:
    """What becomes of each combination of the open names, with the others set."""
    names = fast.names
    if not names:
        yield (), inferred(known, settings)
        return

    def at(point: tuple[object, ...]) -> Outcome:
        return inferred(known, {**settings, **dict(zip(names, point, strict=True))})

    if sets_batch(known, settings):
        yield from ((point, at(point)) for point in fast.points())
        return
    wrong: Outcome | None = None
    try:
        closed = Closed(known, names, settings, {})
        form = closed.form()
        solved = closed.is_known or bool(closed.unknown)
    except NotClosedError as error:
        wrong = wrong_at_all(error)
        solved = False
    for point in fast.points():
        if not solved:
            yield point, wrong or at(point)
            continue
        sizes = whole(point)
        why = form.refusal(sizes)
        if why is not None:
            yield point, Outcome("illegal", None, why)
            continue
        costs = form(sizes)
        yield point, at(point) if costs is None else Outcome("legal", Costs(*costs))
