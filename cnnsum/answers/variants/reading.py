"""Variants of a model: which of its names can be varied, and what the model costs at some of their values.

Where the sizes and the batch can be left open, a model is read once and its formulas are evaluated; vars that are no
sizes are read anew for each value. For `fit` and for sweeps.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from math import lcm

from cnnsum.analyses.sizes.closed import ClosedForm
from cnnsum.analyses.training.optimizers import OPTIMIZERS
from cnnsum.answers.summary.ask import known_optimizer
from cnnsum.answers.summary.build import totals_of
from cnnsum.answers.variants.costs import MEASURES, Costs, Outcome
from cnnsum.diagnostics import Diagnostic, UnusableError, did_you_mean
from cnnsum.dims import UNKNOWN, Dim, Expr, Symbol, Unknown, at_least, symbols_of
from cnnsum.executors.garbage import collect
from cnnsum.model import Model
from cnnsum.typed import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnnsum.analyses.sizes.maxima import Maxima
    from cnnsum.answers.summary.records import Totals
    from cnnsum.dims.varying import Family
    from cnnsum.readers.how import How
    from cnnsum.source import Document


class Reading(NamedTuple):
    """How a model is read, and what is asked of its variants."""

    document: Document
    how: How
    batch: int | None
    optimizer: str

    @classmethod
    def of(cls, document: Document, how: How, batch: int | None, optimizer: str) -> Reading:
        """The same with the optimizer's name as it was given; raises AskedError for an unknown one."""
        return cls(document, how, batch, known_optimizer(optimizer))

    def model(self, settings: Mapping[str, object], free: Sequence[str] = ()) -> Model:
        """The model with more settings; raises UnusableError."""
        collect(held=True)  # there may be many variants
        return Model(self.document, self.how.setting(settings).freeing(*free))

    @property
    def optimizer_title(self) -> str:
        """What the optimizer is called in print."""
        return OPTIMIZERS[self.optimizer].title


def reading_of(
    document: Document,
    how: How,
    batch: int | None,
    optimizer: str,
) -> tuple[Reading, Model]:
    """How a model is read, and the model as the file has it; raises UnusableError."""
    reading = Reading.of(document, how, batch, optimizer)
    try:
        return reading, reading.model({})
    except UnusableError as error:
        if error.diagnostics[0].code != "SPC051":
            raise
        return reading, reading.model({}, ("spatial",))  # --set names a size that the file fixes


class Names:
    """What can be varied in a model, and what each name is.

    title: the model's name. batch: the names of the batch; samples: the number that the file fixes it to. sizes: the
    open sizes, also those that the file fixes. Any other name is a var. asked: the measures that are asked about. No
    other need be a number: where it depends on a size that stays open, it is not known.
    """

    def __init__(self, reading: Reading, wanted: Sequence[str], asked: Collection[str] = MEASURES) -> None:
        self.reading = reading
        self.asked = frozenset(asked)
        for name in wanted:
            if name in reading.how.settings:
                raise UnusableError(Diagnostic("SPC057", f"`{name}` is varied: leave --set {name}=… out"))
        if reading.how.inputs:
            _require_open(reading, wanted)
        model = reading.model({}, ("spatial",))
        graph = model.graph
        self.title = graph.name
        self.samples = graph.batch if isinstance(graph.batch, int) else None
        batch = {symbol.name for symbol in symbols_of(graph.batch)} if isinstance(graph.batch, Expr) else set()
        others = {name for name in graph.symbols if name not in batch}
        if "N" in _vars_of(reading.document):
            others.add("N")  # which is what cnnsum calls the batch, where a file has no word for it
        self.batch = frozenset(("batch", "N", *batch)) - others
        self.sizes = {name: symbol for name, symbol in graph.symbols.items() if name not in batch}
        #: The file's sizes of symbols that it fixes.
        self.fixed = {name: freed.size for name, freed in graph.freed.items() if freed.size is not None}
        #: Whether sizes that the file fixes must be set free: they are varied, or set to something else.
        self.sized = any(name in self.sizes for name in wanted) or any(
            name in graph.freed for name in reading.how.settings
        )
        self.batched = any(name in self.batch for name in wanted)
        if self.batched and reading.batch is not None:
            raise UnusableError(Diagnostic("SPC057", "the batch is varied: leave --batch out"))
        if self.batched and graph.batch is None:
            raise UnusableError(
                Diagnostic("SPC057", "the batch cannot be varied: the model has no input that is known")
            )
        #: The symbol that stands for a batch that the file fixes, once that is set free.
        self.batch_symbol: str | None = None
        if self.batched and isinstance(graph.batch, int):
            freed = reading.model({}, ("batch",)).graph.batch
            if not isinstance(freed, Expr):
                message = "the batch cannot be varied: no axis of this file can be set free for it"
                raise UnusableError(Diagnostic("SPC057", message))
            (symbol,) = symbols_of(freed)
            self.batch_symbol = symbol.name
        self.free = tuple(["spatial"] * self.sized + ["batch"] * self.batched)
        self._last: tuple[object, Model] | None = None

    def kind(self, name: str) -> str:
        """What a name is: "batch", "size" or "var"."""
        return "batch" if name in self.batch else "size" if name in self.sizes else "var"

    def model(self, settings: Mapping[str, object]) -> Model:
        """The model with values of all names but the batch, unless the file fixes that; raises UnusableError.

        The last model is kept: where the batch alone is varied, and no formula holds, it is the same for all of them.
        """
        key = [(name, value, value.__class__) for name, value in settings.items()]
        if self._last is None or self._last[0] != key:
            self._last = None  # let it go before the next is read
            self._last = key, self.reading.model(settings, self.free)
        return self._last[1]

    def require(self, values: Mapping[str, object]) -> None:
        """Raise UnusableError for a name that is nothing that can be varied; values: some of each name."""
        settings = {name: value for name, value in values.items() if self.kind(name) == "var"}
        if not settings:
            return
        try:
            self.reading.model(settings, self.free)
        except UnusableError as error:
            if error.diagnostics[0].code == "SPC051":
                raise _unknown_in(self, settings, error) from None

    def file_value(self, name: str) -> object:
        """The value of a var in the file, None where there is none."""
        found = self.reading.document.value.get("vars") if isinstance(self.reading.document.value, dict) else None
        return found.get(name) if isinstance(found, dict) else None

    def unknown(self, name: str) -> UnusableError:
        """The error for a name that is nothing that can be varied."""
        known = ["batch", *self.sizes, *_vars_of(self.reading.document)]
        help = did_you_mean(name, known) or f"what can be varied is {', '.join(known[:12])}"
        return UnusableError(Diagnostic("SPC057", f"the model has no size or var `{name}`", help=help))


def _require_open(reading: Reading, wanted: Sequence[str]) -> None:
    """Raise UnusableError for a size that is varied, and that a shape from outside (`-i`) fixes."""
    from cnnsum.readers.free import samples_axis

    try:
        graph = reading._replace(how=reading.how._replace(inputs={})).model({}, ("spatial",)).graph
    except UnusableError:
        return  # its inputs are known by these shapes alone
    for node in graph.inputs:
        shape = next((shape for name, shape in reading.how.inputs.items() if name in ("", node.layer.name)), None)
        if shape is None and len(graph.inputs) == 1:
            shape = next(iter(reading.how.inputs.values()))
        if shape is None or node.layer.spec is None:
            continue
        samples = samples_axis(graph, node.layer.spec.shape)
        sizes = [str(dim) for axis, dim in enumerate(node.layer.spec.shape) if axis != samples]
        if len(sizes) != len(shape):
            continue
        said = [*zip(sizes, shape, strict=True)]
        fixed = next(((name, size) for name, size in said if name in wanted and isinstance(size, int)), None)
        if fixed is not None:
            left = ",".join(name if name in wanted else "" if size is None else str(size) for name, size in said)
            message = f"`{fixed[0]}` is varied, and -i says {fixed[1]}"
            raise UnusableError(Diagnostic("SPC057", message, help=f"leave it open there, too: -i {left}"))


def _vars_of(document: Document) -> list[str]:
    """The vars of a spec."""
    found = document.value.get("vars") if isinstance(document.value, dict) else None
    return [name for name in found if isinstance(name, str)] if isinstance(found, dict) else []


def costs_of(totals: Totals) -> tuple[Dim, ...]:
    """The costs in the totals of a report, in the order of `Costs`: numbers, formulas, or UNKNOWN."""
    weights, peak = totals.weights.total, totals.peak.bytes
    return totals.params.total, totals.macs, totals.flops, weights, peak, weights + peak, totals.training.total


def first_error(model: Model) -> Diagnostic | None:
    """The first error of a model, by its place: of those that other sizes would have too, if there are any."""
    return min(model.errors, key=lambda found: (found.is_of_sizes, found.span is None, found.span or ()), default=None)


def put_in(values: Mapping[str, object], names: Names) -> tuple[dict[str, object], int | None]:
    """Values of names as settings, and the batch among them. Sizes that the file fixes and nobody varies stay so."""
    settings = {name: value for name, value in values.items() if names.kind(name) != "batch"}
    batch = next((value for name, value in values.items() if names.kind(name) == "batch"), names.reading.batch)
    assert batch is None or isinstance(batch, int), "whoever varies it has checked that"
    if names.sized:
        fixed = {name: size for name, size in names.fixed.items() if name not in names.reading.how.settings}
        settings = {**fixed, **settings}
    return settings, batch


def refused(wrong: Diagnostic) -> Outcome:
    """What becomes of a variant with an error."""
    return Outcome("illegal" if wrong.code.startswith("SHP") else "error", None, f"{wrong.code} {wrong.message}")


def inferred(names: Names, values: Mapping[str, object]) -> Outcome:
    """A variant by inference; raises UnusableError for a name that the model does not have."""
    settings, batch = put_in(values, names)
    if names.batch_symbol is not None and batch is not None:
        settings[names.batch_symbol] = batch
    try:
        model = names.model(settings)
    except UnusableError as error:
        found = error.diagnostics[0]
        if found.code == "SPC051":
            raise _unknown_in(names, values, error) from None
        return Outcome("error", None, f"{found.code} {found.message}")
    wrong = first_error(model)
    if wrong is not None:
        return refused(wrong)
    fixed = model.graph.batch if isinstance(model.graph.batch, int) else None
    costs = costs_of(
        totals_of(
            model.graph,
            model.inference,
            batch=batch or fixed or 1,
            optimizer=names.reading.optimizer,
            sizes=model.sizes if model.inference.needs else None,
        )
    )
    _require_numbers(names, costs, symbols_of)
    return Outcome("legal", Costs(*[cost if isinstance(cost, int) else None for cost in costs]))


def _require_numbers(names: Names, costs: Sequence[Dim], left_in: Callable[[Dim], Collection[Symbol]]) -> None:
    """Raise UnusableError where a cost that is asked about depends on a size that stays open (`left_in`)."""
    asked = [cost for measure, cost in zip(MEASURES, costs, strict=True) if measure in names.asked]
    left = sorted({symbol.name for cost in asked for symbol in left_in(cost)})
    if left:
        what = "give it a value" if len(left) == 1 else "give them values"
        raise UnusableError(
            Diagnostic(
                "SPC057",
                f"{' and '.join(left)} {'are' if len(left) > 1 else 'is'} open",
                help=f"{what}: {' '.join([f'--set {name}=…' for name in left])}",
            )
        )


def _unknown_in(names: Names, varied: Iterable[str], error: UnusableError) -> UnusableError:
    """The error for the name among the varied ones that the reader did not find, or else the reader's own."""
    for name in varied if error.diagnostics[0].code == "SPC051" else ():
        if names.kind(name) == "var" and f"`{name}`" in error.diagnostics[0].message:
            return names.unknown(name)
    return error


class Closed:
    """A model with its sizes, its batch and some vars left open: evaluated at many values of them.

    settings: of the names that are not open. ranges: the least value of each open var, and what all are multiples of.
    family: the variants of other vars, which are read together; the largest of many formulas is then a symbol, too
    (`maxima`), and all is as the first of them has it, but for what is `left_out`.

    symbols: what is open, by name, without the symbols of the family. doubtful: sizes that may be below 1, where
    numbers would be an error.

    Raises UnusableError where the model cannot be read, NotClosedError where there are no formulas for it.
    """

    def __init__(
        self,
        names: Names,
        open_names: Sequence[str],
        settings: Mapping[str, object],
        ranges: Mapping[str, tuple[int, int]],
        family: Family | None = None,
    ) -> None:
        reading = names.reading
        self.family = family
        self.maxima: Maxima | None = None
        if family is not None:
            from cnnsum.analyses.sizes.maxima import Maxima

            self.maxima = Maxima()
        self.names = names
        self._vars = {
            name: Symbol(name, minimum=ranges[name][0], multiple_of=ranges[name][1])
            for name in open_names
            if names.kind(name) == "var"
        }
        given, batch = put_in(settings, names)
        for name in open_names:
            given.pop(name, None)
        given.update((name, symbol.dim) for name, symbol in self._vars.items())
        if family is not None:
            given.update(family.values)
        try:
            model = self.model = reading.model(given, names.free)
        except UnusableError as error:
            raise _unknown_in(names, [*settings, *open_names], error) from None
        wrong = first_error(model)
        if wrong is not None:
            raise NotClosedError(wrong)
        graph = model.graph
        counted: Dim = graph.batch if names.batched and graph.batch is not None else batch or 1
        if isinstance(graph.batch, int):
            counted = graph.batch or 1
        sizes = model.sizes if model.inference.needs else None
        totals = totals_of(
            graph, model.inference, batch=counted, optimizer=reading.optimizer, sizes=sizes, largest=self.maxima
        )
        self.costs = costs_of(totals)
        self.less_where = tuple(dict.fromkeys((*totals.peak.less_where, *totals.training.less_where)))
        self.requirements = () if sizes is None else sizes.requirements
        self.unknown = totals.unknown
        self.doubtful = self._doubtful([*self._vars.values(), *(family.symbols if family is not None else ())])
        if self.doubtful and family is None:
            raise NotClosedError(None)  # inference with numbers would find an error
        self.symbols: dict[str, Symbol] = {}
        for name in open_names:
            if names.kind(name) == "batch":
                if isinstance(graph.batch, Expr):
                    (self.symbols[name],) = symbols_of(graph.batch)
            else:
                self.symbols[name] = self._vars.get(name) or graph.symbols[name]
        self._leave_open(set(self.symbols.values()).union(family.symbols if family is not None else ()))

    def _leave_open(self, known: set[Symbol]) -> None:
        """Take out what depends on other symbols. Raises UnusableError where that is asked about."""
        largest = self.maxima.of if self.maxima is not None else {}
        formulas = [*self.costs, *self.doubtful, *(dim for pair in self.less_where for dim in pair)]
        formulas += [dim for dims in largest.values() for dim in dims]
        formulas += [side for one in self.requirements for side in (one.need.left, one.need.right)]
        if not set().union(*map(symbols_of, formulas)) - known - largest.keys():
            return

        def left_in(dim: Dim) -> set[Symbol]:
            found = set[Symbol]()
            for symbol in symbols_of(dim) - known:
                found.update(*map(left_in, largest[symbol])) if symbol in largest else found.add(symbol)
            return found

        _require_numbers(self.names, self.costs, left_in)
        self.costs = tuple([UNKNOWN if left_in(cost) else cost for cost in self.costs])
        self.less_where = tuple([pair for pair in self.less_where if not left_in(pair[0]) | left_in(pair[1])])
        self.requirements = tuple([one for one in self.requirements if not one.symbols - known])
        self.doubtful = [UNKNOWN if left_in(dim) else dim for dim in self.doubtful]
        if self.maxima is not None:
            self.maxima.of = {one: dims for one, dims in largest.items() if not any(map(left_in, dims))}

    @property
    def is_known(self) -> bool:
        """Whether every cost that is asked about is known."""
        asked = [cost for measure, cost in zip(MEASURES, self.costs, strict=True) if measure in self.names.asked]
        return not any(isinstance(cost, Unknown) for cost in asked)

    def _doubtful(self, variable: Sequence[Symbol]) -> list[Dim]:
        """The formulas of vars that may make a size smaller than 1."""
        if not variable:
            return []
        found: dict[Dim, None] = {}
        for value in self.model.inference.values:
            found.update(dict.fromkeys(value.shape or ()))
        for call in self.model.inference.calls:
            for weight in call.facts.weights:
                found.update(dict.fromkeys(weight.shape))
        known = set(variable)
        return [dim for dim in found if symbols_of(dim) & known and at_least(dim, 1) is not True]

    def form(self) -> ClosedForm:
        """The formulas and conditions, to be evaluated at values of the open names, in their order."""
        return ClosedForm(self.costs, [*self.symbols.values()], self.requirements, {}, self.less_where)

    def merged(self) -> ClosedForm:
        """The same where all open names have one value; raises NotClosedError where none of them is anywhere."""
        if not self.symbols:  # as where a file does not say what its batch is
            raise NotClosedError(None)
        first, *others = self.symbols.values()
        if not others:
            return self.form()
        least = max(symbol.minimum for symbol in (first, *others))
        step = lcm(*(symbol.multiple_of for symbol in (first, *others)))
        one = Symbol(first.name, minimum=least, multiple_of=step)
        given = dict.fromkeys((symbol.name for symbol in (first, *others)), one.dim)
        return ClosedForm(self.costs, [one], self.requirements, given, self.less_where)


class NotClosedError(Exception):
    """There are no formulas for all values; with the error that inference found with symbols, if it was one."""

    def __init__(self, found: Diagnostic | None) -> None:
        super().__init__()
        self.found = found
