"""Variants of a model: which of its names can be varied, and what the model costs at some of their values.

Where the sizes and the batch can be left open, a model is read once and its formulas are evaluated; vars that are no
sizes are read anew for each value. For `fit` and for sweeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import lcm
from typing import TYPE_CHECKING

from cnnsum.analyses.sizes.closed import ClosedForm
from cnnsum.analyses.training.optimizers import OPTIMIZERS
from cnnsum.answers.summary.build import totals_of
from cnnsum.answers.variants.costs import Costs, Outcome
from cnnsum.diagnostics import Diagnostic, UnusableError, did_you_mean
from cnnsum.dims import Dim, Expr, Symbol, Unknown, at_least, symbols_of
from cnnsum.executors.garbage import collect
from cnnsum.model import Model
from cnnsum.tuples import NamedTuple

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
    reading = Reading(document, how, batch, known_optimizer(optimizer))
    try:
        return reading, reading.model({})
    except UnusableError as error:
        if error.diagnostics[0].code != "SPC051":
            raise
        return reading, reading.model({}, ("spatial",))  # --set names a size that the file fixes


def known_optimizer(name: str) -> str:
    """The optimizer's name as the table has it; raises UnusableError for an unknown one."""
    optimizer = name.lower()
    if optimizer not in OPTIMIZERS:
        help = did_you_mean(optimizer, OPTIMIZERS) or f"choose from {', '.join(OPTIMIZERS)}"
        raise UnusableError(Diagnostic("SPC054", f"unknown optimizer `{optimizer}`", None, "error", help))
    return optimizer


class Names:
    """What can be varied in a model, and what each name is.

    batch: the names of the batch. sizes: the open sizes, also those that the file fixes. Any other name is a var.
    """

    def __init__(self, reading: Reading, wanted: Sequence[str]) -> None:
        self.reading = reading
        for name in wanted:
            if name in reading.how.settings:
                raise UnusableError(Diagnostic("SPC057", f"`{name}` is varied: leave --set {name}=… out"))
        if reading.how.inputs:
            _require_open(reading, wanted)
        model = reading.model({}, ("spatial",))
        graph = model.graph
        batch = {symbol.name for symbol in symbols_of(graph.batch)} if isinstance(graph.batch, Expr) else set()
        self.batch = frozenset(("batch", "N", *batch)) - {name for name in graph.symbols if name not in batch}
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
            (symbol,) = symbols_of(reading.model({}, ("batch",)).graph.batch)  # type: ignore[arg-type]  # it was freed
            self.batch_symbol = symbol.name
        self.free = tuple(["spatial"] * self.sized + ["batch"] * self.batched)

    def kind(self, name: str) -> str:
        """What a name is: "batch", "size" or "var"."""
        return "batch" if name in self.batch else "size" if name in self.sizes else "var"

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
        sizes = [str(dim) for dim in node.layer.spec.shape[1:]]
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
    """The first error of a model, by its place."""
    return min(model.errors, key=lambda found: (found.span is None, found.span or ()), default=None)


def put_in(values: Mapping[str, object], names: Names) -> tuple[dict[str, object], int | None]:
    """Values of names as settings, and the batch among them. Sizes that the file fixes and nobody varies stay so."""
    settings = {name: value for name, value in values.items() if names.kind(name) != "batch"}
    batch = next((value for name, value in values.items() if names.kind(name) == "batch"), names.reading.batch)
    assert batch is None or isinstance(batch, int), "whoever varies it has checked that"
    if names.sized:
        fixed = {name: size for name, size in names.fixed.items() if name not in names.reading.how.settings}
        settings = {**fixed, **settings}
    return settings, batch


def inferred(names: Names, values: Mapping[str, object]) -> Outcome:
    """A variant by inference; raises UnusableError for a name that the model does not have."""
    settings, batch = put_in(values, names)
    if names.batch_symbol is not None and batch is not None:
        settings[names.batch_symbol] = batch
    try:
        model = names.reading.model(settings, names.free)
    except UnusableError as error:
        found = error.diagnostics[0]
        if found.code == "SPC051":
            raise _unknown_in(names, values, error) from None
        return Outcome("error", None, f"{found.code} {found.message}")
    wrong = first_error(model)
    if wrong is not None:
        return Outcome("illegal" if wrong.code.startswith("SHP") else "error", None, f"{wrong.code} {wrong.message}")
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
    left = sorted({symbol.name for cost in costs for symbol in symbols_of(cost)})
    if left:
        raise UnusableError(
            Diagnostic(
                "SPC057",
                f"{' and '.join(left)} {'are' if len(left) > 1 else 'is'} open",
                help=f"give it a value: --set {left[0]}=…",
            )
        )
    return Outcome("legal", Costs(*[cost if isinstance(cost, int) else None for cost in costs]))


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
            counted = graph.batch
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
        formulas = [*self.costs, *(dim for pair in self.less_where for dim in pair)]
        known = set(self.symbols.values())
        if self.maxima is not None and family is not None:
            known.update(self.maxima.of, family.symbols)
            formulas += [dim for dims in self.maxima.of.values() for dim in dims]
        left = {symbol for formula in formulas for symbol in symbols_of(formula)} - known
        if left:
            listed = sorted(symbol.name for symbol in left)
            raise UnusableError(
                Diagnostic(
                    "SPC057",
                    f"{' and '.join(listed)} {'are' if len(listed) > 1 else 'is'} open",
                    help=f"give it a value: --set {listed[0]}=…",
                )
            )

    @property
    def is_known(self) -> bool:
        """Whether every cost is known."""
        return not any(isinstance(cost, Unknown) for cost in self.costs)

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
