"""The variants of a sweep, one by one: what the model costs at each combination of values.

Sizes, the batch, and whole vars that the spec can do without are left open: their variants are evaluated on the
formulas of the network. All else is read and inferred once per value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from math import gcd, prod
from typing import TYPE_CHECKING, Any, NamedTuple

from cnnsum.answers.given import MOST_SAMPLES
from cnnsum.answers.variants.costs import Costs, Outcome, Variant
from cnnsum.answers.variants.ranges import Grid, Varied, spread
from cnnsum.answers.variants.reading import Closed, Names, NotClosedError, Reading, inferred, known_optimizer
from cnnsum.diagnostics import Diagnostic, UnusableError

if TYPE_CHECKING:
    from cnnsum.model import Model

#: Variants of a sweep, at most.
MOST_VARIANTS = 100_000
#: Values of a whole var from which on it is tried to leave it open; for fewer, inference is as quick and sure.
_LEAST_OPEN = 8
_MOST_DIGITS = 15


def sweep(
    model: Model,
    values: Mapping[str, Iterable[Any]],
    *,
    batch: int | None = None,
    optimizer: str = "adam",
) -> Sweep:
    """What a model costs at each combination of values: an iterable of `Variant`, of which `names` says the order.

    values: by name: "batch", a size ("H", or "H=W" for both) or a var; a range, or any values.

    Raises UnusableError for what cannot be varied, and for too many variants.
    """
    axes = [Varied(tuple(names.split("=")), spread(found)) for names, found in values.items()]
    return Sweep(Reading(model.document, model.how, batch, known_optimizer(optimizer)), axes)


class _Inner(NamedTuple):
    """The axes that are left open, and their names in order."""

    axes: tuple[Varied, ...]
    names: tuple[str, ...]

    def points(self) -> Iterator[tuple[Any, ...]]:
        """The values of the names at each combination; the last axis varies fastest."""
        repeats = [len(axis.names) for axis in self.axes]
        if all(count == 1 for count in repeats):
            yield from product(*map(_values, self.axes))
            return
        for point in product(*map(_values, self.axes)):
            yield tuple([value for value, count in zip(point, repeats, strict=True) for _ in range(count)])


class Sweep:
    """The variants of a model; raises UnusableError for what cannot be varied, and for too many variants.

    names: in the order of their values in a variant: those that are read anew for each value come first, and vary
    slowest.
    """

    def __init__(self, reading: Reading, axes: Sequence[Varied]) -> None:
        wanted = [name for axis in axes for name in axis.names]
        twice = next((name for name in wanted if wanted.count(name) > 1), None)
        if twice is not None:
            raise _refused(f"`{twice}` is swept twice")
        self.count = prod(len(_values(axis)) for axis in axes)
        if self.count > MOST_VARIANTS:
            message = f"the sweep has {self.count:,} variants, and at most {MOST_VARIANTS:,} are swept"
            raise UnusableError(Diagnostic("SPC058", message, None, "error", "give larger steps"))
        self._known = Names(reading, wanted)
        if sum(self._known.kind(name) == "batch" for name in wanted) > 1:
            raise _refused("the batch is swept twice")
        for axis in axes:
            self._check(axis)
        self._known.require({name: _values(axis)[0] for axis in axes for name in axis.names})
        slow = [axis for axis in axes if any(self._known.kind(name) == "var" for name in axis.names)]
        opened = self._opened(slow, [axis for axis in axes if axis not in slow])
        self._slow = tuple(axis for axis in slow if axis not in opened)
        fast = tuple(axis for axis in axes if axis not in self._slow)
        self._inner = _Inner(fast, tuple(name for axis in fast for name in axis.names))
        self.axes = (*self._slow, *fast)
        self.names = tuple(name for axis in self.axes for name in axis.names)

    @property
    def has_vars(self) -> bool:
        """Whether anything but sizes and the batch is varied."""
        return any(self._known.kind(name) == "var" for name in self.names)

    @property
    def batch_names(self) -> frozenset[str]:
        """What the batch is called."""
        return self._known.batch

    def _check(self, axis: Varied) -> None:
        """Sizes are whole numbers, and a batch is not larger than anything."""
        for name in axis.names:
            kind = self._known.kind(name)
            if kind == "var":
                continue
            values = _values(axis)
            ends = [values[0], values[-1], values[min(1, len(values) - 1)]] if isinstance(values, Grid) else values
            for value in ends:
                if type(value) is not int or value < 1 or len(str(value)) > _MOST_DIGITS:
                    what = "the batch" if kind == "batch" else f"`{name}` is a size: it"
                    raise _refused(f"{what} must be a positive whole number, not {value}")
                if kind == "batch" and value > MOST_SAMPLES:
                    raise _refused(f"the batch is at most {MOST_SAMPLES:,}")

    def _opened(self, slow: list[Varied], fast: list[Varied]) -> list[Varied]:
        """The axes of whole vars for which the formulas hold, as far as their ends show."""
        found = [
            axis
            for axis in slow
            if len(axis.names) == 1
            and len(_values(axis)) >= _LEAST_OPEN
            and isinstance(axis.values, Grid)
            and axis.values.step.denominator == axis.values.first.denominator == 1
            and axis.values.first >= 1
        ]
        if not found:
            return []
        settings = {name: _values(axis)[0] for axis in slow if axis not in found for name in axis.names}
        names = [name for axis in (*found, *fast) for name in axis.names]
        try:
            form = Closed(self._known, names, settings, _ranges(found)).form()
        except (NotClosedError, UnusableError):
            return []
        if not form.is_known:
            return []
        firsts = [_values(axis)[0] for axis in fast for _ in axis.names]
        for corner in product(*((_values(axis)[0], _values(axis)[-1]) for axis in found)):
            point = (*corner, *firsts)
            outcome = inferred(self._known, {**settings, **dict(zip(names, point, strict=True))})
            refused = form.refusal(point) is not None
            if refused != (outcome.status != "legal"):
                return []
            costs = None if refused else form(point)
            if costs is not None and outcome.costs is not None and costs != tuple(outcome.costs):
                return []
        return found

    def __iter__(self) -> Iterator[Variant]:
        slow_names = [name for axis in self._slow for name in axis.names]
        first = True
        for point in product(*map(_values, self._slow)):
            values = tuple([value for value, axis in zip(point, self._slow, strict=True) for _ in axis.names])
            settings = dict(zip(slow_names, values, strict=True))
            try:
                outcomes = self._outcomes(settings)
                for inner, outcome in outcomes:
                    yield Variant((*values, *inner), outcome)
                    first = False
            except UnusableError as error:
                if first:
                    raise
                found = error.diagnostics[0]
                wrong = Outcome("error", None, f"{found.code} {found.message}")
                for inner in self._inner.points():
                    yield Variant((*values, *inner), wrong)

    def _outcomes(self, settings: Mapping[str, Any]) -> Iterator[tuple[tuple[Any, ...], Outcome]]:
        """What becomes of each combination of the open names, with the others set."""
        names = self._inner.names
        if not names:
            yield (), inferred(self._known, settings)
            return
        try:
            ranges = _ranges([axis for axis in self._inner.axes if self._known.kind(axis.names[0]) == "var"])
            closed = Closed(self._known, names, settings, ranges)
            form = closed.form()
            solved = form.is_known or bool(closed.unknown)
        except NotClosedError as error:
            if error.found is not None and not error.found.code.startswith(("SHP", "UNK")):
                wrong = Outcome("error", None, f"{error.found.code} {error.found.message}")
                for point in self._inner.points():
                    yield point, wrong
                return
            solved = False
        if not solved:
            for point in self._inner.points():
                yield point, inferred(self._known, {**settings, **dict(zip(names, point, strict=True))})
            return
        refusal = form.refusal
        for point in self._inner.points():
            why = refusal(point)
            if why is not None:
                yield point, Outcome("illegal", None, why)
                continue
            costs = form(point)
            if costs is None:
                yield point, inferred(self._known, {**settings, **dict(zip(names, point, strict=True))})
            else:
                yield point, Outcome("legal", Costs(*costs))


def _values(axis: Varied) -> Sequence[Any]:
    assert axis.values is not None, "a sweep has values"
    return axis.values


def _ranges(axes: Sequence[Varied]) -> dict[str, tuple[int, int]]:
    """The least value of each open var, and what all its values are multiples of."""
    result = {}
    for axis in axes:
        assert isinstance(axis.values, Grid)
        least, step = int(axis.values.first), int(axis.values.step)
        result[axis.names[0]] = least, gcd(least, step)
    return result


def _refused(message: str) -> UnusableError:
    return UnusableError(Diagnostic("SPC057", message))
