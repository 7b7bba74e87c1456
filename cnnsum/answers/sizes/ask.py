"""What a network accepts, as plain records: for the report, and for the answer of `cnnsum sizes`.

Takes the conditions of `cnnsum.analyses.sizes`; knows no format and no screen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from cnnsum.analyses.sizes.conditions import Axis, Requirement, Sizes, violated
from cnnsum.answers.summary.records import Forcing, SizeRecord
from cnnsum.diagnostics import Diagnostic, UnusableError, did_you_mean
from cnnsum.typed import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnnsum.model import Model


#: Sizes of a list that are inferred one by one, fewer of a large network: so many layers in all, and 4 sizes at least.
_MOST_INFERRED, _MOST_LAYERS, _LEAST_INFERRED = 64, 4_000, 4


class Tested(NamedTuple):
    """One size that was asked about: accepted, or refused by a layer."""

    name: str
    refused_by: Forcing | None


class AxisReport(NamedTuple):
    """One axis of an input.

    size: what the file fixes, None for an open axis. accepted: whether the network accepts that. below, above: the
    nearest other sizes that it accepts; below_to, above_to: the last size that was tried, where that search was given
    up. declared: what the file declares of the symbol, with whether all of that is accepted, and a size that is not.
    given: sizes of other symbols that the relations were solved with. legal: the sizes in the range that was asked
    for; legal_to: the last that was looked at, where that was given up. resized: layers whose weights fit one size.
    recorded: what an exported program records of the symbol, where that differs: the condition, the least of these
    sizes that is not accepted, and those that are accepted and that PyTorch refuses. formula: what the axis is of the
    symbol, where it is not the symbol itself: `4*H`. related: other symbols, without a size, that conditions relate it
    to: what they leave of it is not solved.
    """

    record: SizeRecord
    size: int | None
    accepted: bool | None
    below: int | None
    above: int | None
    declared: tuple[str, int | None] | None
    given: tuple[tuple[str, int], ...]
    legal: tuple[int, ...] | None
    resized: tuple[str, ...]
    below_to: int | None = None
    above_to: int | None = None
    legal_to: int | None = None
    recorded: tuple[str, int | None, str | None] | None = None
    formula: str | None = None
    related: tuple[str, ...] = ()


class SizesReport(NamedTuple):
    """The answer of `cnnsum sizes`: every axis, and the sizes that were tested.

    faulty: whether the model has errors, and unknown: the layers that are not known; what those hide is not counted.
    kept: whether the sizes of the file were kept. batch: what an exported program records of its batch, which PyTorch
    holds it to.
    """

    model: str
    axes: tuple[AxisReport, ...]
    tested: tuple[Tested, ...]
    range: tuple[int, int] | None
    faulty: bool
    kept: bool
    unknown: tuple[str, ...] = ()
    batch: str | None = None

    def _repr_html_(self) -> str:
        """The text, as a notebook shows it."""
        from cnnsum.answers import as_text
        from cnnsum.render.notebook import framed

        return framed(as_text("sizes", self, 100))

    @property
    def blind(self) -> bool:
        """Whether there may be conditions that nothing here knows of."""
        return self.faulty or bool(self.unknown)


def records(sizes: Sizes) -> tuple[SizeRecord, ...]:
    """One record per symbol that some layer has a condition on, at the first axis that has it."""
    result: dict[str, SizeRecord] = {}
    for axis in sizes.axes:
        if axis.symbol.name not in result and (axis.forced_by or axis.relations or axis.unsolved):
            result[axis.symbol.name] = record(axis)
    return tuple(result.values())


def record(axis: Axis) -> SizeRecord:
    """The condition of one axis, and the layers that force it."""
    forced = tuple(map(forcing, (*axis.forced_by, *axis.unsolved, *axis.relations)))
    because = tuple(f"{one.layer}: {one.condition}: {one.reason}" for one in forced)
    return SizeRecord(axis.symbol.name, axis.input, axis.axis, axis.condition, because, axis.exact, forced)


def forcing(requirement: Requirement) -> Forcing:
    """A requirement with its place."""
    layer = requirement.layer
    span = None if layer.place is None else layer.place.span()
    return Forcing(
        layer.name,
        None if span is None else span.path,
        None if span is None else span.line,
        None if span is None else span.column,
        requirement.condition,
        requirement.need.reason,
        tuple(maker.name for maker in requirement.makers),
        requirement.layers,
    )


def _forcing_of(error: Diagnostic) -> Forcing:
    """An error that is there at all sizes as what refuses each of them."""
    layer, _, reason = error.message.partition(": ")
    path, line, column = (None, None, None) if error.span is None else error.span[:3]
    return Forcing(layer, path, line, column, "what no size gives", reason, (), 1)


class _Inferred:
    """Sizes put into a network that has an error with open ones: an error may hide what it needs, and with numbers
    there may be none. An error that is there with numbers, too, says nothing of them.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._errors = {(one.code, one.message) for one in model.errors}
        #: By sizes: all axes are asked about those of the file.
        self._found: dict[frozenset[tuple[str, int]], tuple[Diagnostic, ...]] = {}

    def refusal(self, values: Mapping[str, int]) -> Forcing | None:
        """The error that there is at these sizes, as what refuses them."""
        own = next((one for one in self._at(values) if (one.code, one.message) not in self._errors), None)
        if own is None:
            return None
        by = _forcing_of(own)._replace(condition="another size")
        if any(layer.name == by.layer for layer in self._model.graph.layers):
            return by
        return by._replace(layer="", reason=own.message)  # of a field, at its place

    def _at(self, values: Mapping[str, int]) -> tuple[Diagnostic, ...]:
        """The errors that there are at these sizes, each sizes inferred once."""
        key = frozenset(values.items())
        if key not in self._found:
            how = self._model.how
            try:
                found = self._model.again(how._replace(settings={**how.settings, **values})).errors
            except UnusableError as error:
                found = tuple([one for one in error.diagnostics if one.severity == "error"])
            self._found[key] = found
        return self._found[key]

    def axis(self, axis: AxisReport, said: Mapping[str, int], range: tuple[int, int] | None) -> AxisReport:
        """The axis with the size of the file, and those that are listed, put to the test. No other is looked for, but
        where the error is the same at the file's sizes.
        """
        symbol, size = axis.record.symbol, axis.size
        most = max(_LEAST_INFERRED, min(_MOST_INFERRED, _MOST_LAYERS // max(1, len(self._model.graph.layers))))
        legal: list[int] = []
        last = axis.legal_to
        for at, one in enumerate(axis.legal or ()):
            if at == most:
                last = one - 1
                break
            if self.refusal({**said, symbol: one}) is None:
                legal.append(one)
        axis = axis._replace(legal=None if range is None else tuple(legal), legal_to=last)
        if {(one.code, one.message) for one in self._at(said)} == self._errors:
            return axis
        accepted = axis.accepted and self.refusal(said) is None
        return axis._replace(accepted=accepted, below=None, above=None, below_to=size, above_to=size)


def _of_none(axis: AxisReport, by: Forcing) -> AxisReport:
    """An axis of a network that accepts no size."""
    record = axis.record
    because = f"{by.layer}: {by.condition}: {by.reason}"
    return axis._replace(
        record=record._replace(
            condition="no size", because=(*record.because, because), forced_by=(*record.forced_by, by)
        ),
        accepted=None if axis.size is None else False,
        below=None,
        above=None,
        below_to=None,
        above_to=None,
        legal=None if axis.legal is None else (),
        legal_to=None,
    )


def sizes(
    model: Model,
    *,
    range: tuple[int, int] | None = None,
    test: Mapping[str, int] | int | None = None,
    free: Collection[str] = (),
    keep: bool = False,
) -> SizesReport:
    """Which sizes each axis of the inputs may have, and the layers that decide it.

    Sizes that the file fixes are set free first, and named H and W, D, H and W, or T. range: list the accepted sizes
    between two, both included. test: a size for every image axis, or sizes by name, tested together; `tested` says
    what refuses them. free: "channels" and "batch" set these free, too. keep: leave the sizes that the file fixes as
    they are.

    Raises UnusableError for a size of a name that the model does not have.
    """
    found = model if keep else model.again(model.how.freeing("spatial", "declared", *free))
    tests = [] if test is None else [{"": test}] if isinstance(test, int) else [test]
    return answer(found, range=range, tests=tests, kept=keep)


def answer(
    model: Model,
    *,
    range: tuple[int, int] | None = None,
    tests: Sequence[Mapping[str, int]] = (),
    kept: bool = False,
) -> SizesReport:
    """The answer about a model that was read with the sizes free that it is about.

    range: list the sizes between two, both included. tests: sizes to be tested together, by symbol, "" for all spatial
    ones at once. kept: see `SizesReport`.

    Raises UnusableError for a test of a symbol that the model does not have, or that is for none.
    """
    sizes = model.sizes
    kinds = _kinds(sizes, model)
    _refuse_unknown([name for test in tests for name in test], kinds)
    said = {axis.symbol.name: axis.said.size for axis in sizes.axes if axis.said is not None and axis.said.size}
    faulty, unknown = model.wrong, model.inference.unknown
    axes = [
        _axis(axis, sizes, said, range, blind=faulty or bool(unknown))._replace(formula=_formula(axis, model))
        for axis in sizes.axes
    ]
    tested = [_tested(sizes, said, kinds, test) for test in tests]
    at_all = next((_forcing_of(one) for one in model.errors if one.fits_no_size), None)
    if faulty and at_all is None:
        inferred = _Inferred(model)
        axes = [inferred.axis(axis, said, range) for axis in axes]
        tested = [
            one if one.refused_by else one._replace(refused_by=inferred.refusal(_values(said, kinds, test)))
            for one, test in zip(tested, tests, strict=True)
        ]
    if at_all is not None:
        axes = [_of_none(axis, at_all) for axis in axes]
        tested = [one._replace(refused_by=one.refused_by or at_all) for one in tested]
    return SizesReport(
        model.graph.name,
        tuple(axes),
        tuple(tested),
        range,
        faulty,
        kept,
        unknown,
        _batch(model),
    )


def _formula(axis: Axis, model: Model) -> str | None:
    """What the axis is of its symbol, where it is not the symbol itself."""
    for node in model.graph.inputs:
        spec = node.layer.spec
        if node.layer.name == axis.input and spec is not None and axis.axis < len(spec.shape):
            text = str(spec.shape[axis.axis])
            return None if text == axis.symbol.name else text
    return None


def _batch(model: Model) -> str | None:
    """What the file holds the batch to."""
    found = model.recorded("batch")
    return None if found is None else found[1]


def _kinds(sizes: Sizes, model: Model) -> dict[str, str]:
    """What each open axis of the inputs is: an image's size or a sequence's length, channels, or the batch."""
    kinds: dict[str, str] = {}
    for axis in sizes.axes:
        said = axis.said
        is_batch = model.graph.holds_samples(axis.axis, axis.symbol)
        kinds[axis.symbol.name] = said.kind if said is not None else "batch" if is_batch else "spatial"
    return kinds


def _refuse_unknown(names: Iterable[str], kinds: dict[str, str]) -> None:
    """Raise UnusableError for a tested symbol that the model does not have, or a size that is for none."""
    for name in names:
        if name and name not in kinds:
            help = did_you_mean(name, kinds) or f"its symbols are {', '.join(kinds) or 'none'}"
            raise UnusableError(Diagnostic("SPC051", f"the model has no symbol `{name}`", help=help))
        if not name and "spatial" not in kinds.values():
            help = f"say which: {', '.join(f'{kind}=…' for kind in kinds)}" if kinds else "no size is open"
            raise UnusableError(Diagnostic("SPC051", "the model has no open image size or sequence length", help=help))


def _axis(
    axis: Axis, sizes: Sizes, said: Mapping[str, int], range: tuple[int, int] | None, *, blind: bool
) -> AxisReport:
    symbol = axis.symbol.name
    others = {other.name for one in axis.relations for other in one.symbols if other.name != symbol}
    given = {other: said[other] for other in sorted(others) if other in said}
    size = said.get(symbol)
    tried, related = sizes.unsolved(axis, given)
    near = None if size is None else sizes.nearest(axis, given, size)
    listed = None if range is None else sizes.accepted(axis, given, *range)
    return AxisReport(
        record(axis)._replace(exact=axis.exact and not blind and not tried),
        size,
        None if near is None else near.accepted,
        None if near is None else near.below,
        None if near is None else near.above,
        axis.declared,
        tuple(given.items()),
        None if listed is None else listed.sizes,
        tuple(layer.name for layer in axis.resized),
        None if near is None else near.below_to,
        None if near is None else near.above_to,
        None if listed is None else listed.to,
        axis.recorded,
        related=tuple(sorted(related)),
    )


def _tested(sizes: Sizes, said: Mapping[str, int], kinds: Mapping[str, str], test: Mapping[str, int]) -> Tested:
    refused = violated(sizes.requirements, _values(said, kinds, test))
    name = ",".join(f"{symbol}={size}" if symbol else str(size) for symbol, size in test.items())
    return Tested(name, None if refused is None else forcing(refused))


def _values(said: Mapping[str, int], kinds: Mapping[str, str], test: Mapping[str, int]) -> dict[str, int]:
    """The sizes of a test, and those of the file for all others."""
    values = dict(said)
    for symbol, size in test.items():
        values.update({symbol: size} if symbol else {name: size for name, kind in kinds.items() if kind == "spatial"})
    return values
