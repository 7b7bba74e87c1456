"""The library's surface: a file to a `Model`, a `Model` to a `Report`."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from cnnsum import __version__
from cnnsum.answers.summary.records import Report, Source
from cnnsum.diagnostics import Diagnostic, UnusableError, did_you_mean
from cnnsum.dims import Dim, Expr, symbols_of
from cnnsum.graph.infer import Inference, infer
from cnnsum.graph.model import Graph
from cnnsum.readers import NO_OVERRIDES, Overrides, read
from cnnsum.source import Document, read_text
from cnnsum.source import read as read_document

if TYPE_CHECKING:
    from cnnsum.analyses.sizes.solving import Sizes
    from cnnsum.answers.conventions.ask import ConventionReport
    from cnnsum.answers.explain.ask import Explanation
    from cnnsum.answers.plan.ask import Plan
    from cnnsum.layers.base import LayerType

Shape = tuple["int | str | None", ...]

#: Of an input that may have its channels before its places: more axes than this, and at most so many channels.
_RANK = 2
_FEW = 4


class Model:
    """A model that was read and inferred.

    graph: its layers. format: the name of the reader. types: those that were declared outside of the file. inference:
    what every layer's rule said.
    """

    __slots__ = ("_sizes", "document", "format", "graph", "inference", "types")

    def __init__(self, document: Document, graph: Graph, format: str, types: Mapping[str, LayerType]) -> None:
        self.document = document
        self.graph = graph
        self.format = format
        self.types = types
        self.inference: Inference = infer(graph)
        if graph.recorded or graph.builds or any(layer.graph is not None for layer in graph.layers):
            from cnnsum.graph.compare import compare

            self.inference.diagnostics.extend(compare(graph, self.inference))
        if graph.recorded_weights:
            from cnnsum.graph.compare import compare_weights

            self.inference.diagnostics.extend(compare_weights(graph, self.inference))
        if document.weights is not None:
            from cnnsum.graph.stored import compare_stored

            self.inference.diagnostics.extend(compare_stored(self.inference))
        self._sizes: Sizes | None = None
        if self.inference.needs:
            self.inference.diagnostics.extend(self.sizes.diagnostics)

    @property
    def sizes(self) -> Sizes:
        """The sizes that the network accepts on the open axes of its inputs, and the layers that decide it."""
        if self._sizes is None:
            from cnnsum.analyses.sizes.solving import sizes_of

            self._sizes = sizes_of(self.graph, self.inference)
        return self._sizes

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything that was found wrong with the model."""
        return (*self.graph.diagnostics, *self.inference.diagnostics)

    def __repr__(self) -> str:
        return f"Model({self.graph.name!r}, {len(self.graph.layers)} layers)"


def load(
    path: str | os.PathLike[str],
    *,
    inputs: Mapping[str, Shape] | Shape | None = None,
    settings: Mapping[str, Any] | None = None,
    dtype: str | None = None,
    format: str | None = None,
    free: Collection[str] = (),
    layer_types: Iterable[str] = (),
    plugins: Iterable[str] = (),
    keras_backend: str = "tensorflow",
) -> Model:
    """Read a model file; "-" is standard input.

    inputs: other shapes for its inputs, without the batch axis, by name or one for the only input; a text is a symbol.
    settings: values of vars and symbols. dtype: the dtype policy of layers that name none. format: "cnnsum" or "keras",
    where it is not to be found out from the content. free: which sizes of the inputs become symbols where the file
    fixes them: "spatial" (H, W, D, T), "channels" (C), "batch" (N); "declared" for what a spec declares of its symbols.
    layer_types: paths of files that declare layer types. plugins: names of Python modules, or paths of files, that do;
    they are run. keras_backend: "tensorflow", "jax", "torch" or "numpy", whose integers and floats of 64 bits differ.

    Raises UnusableError, which holds diagnostics, where the file cannot be read or is no model. What is wrong inside
    a model is in `Model.diagnostics`.
    """
    types = read_types(layer_types, plugins)
    return from_document(read_document(os.fspath(path)), inputs, settings, dtype, format, free, types, keras_backend)


def loads(
    text: str,
    path: str = "<text>",
    *,
    inputs: Mapping[str, Shape] | Shape | None = None,
    settings: Mapping[str, Any] | None = None,
    dtype: str | None = None,
    format: str | None = None,
    free: Collection[str] = (),
    layer_types: Iterable[str] = (),
    plugins: Iterable[str] = (),
    keras_backend: str = "tensorflow",
) -> Model:
    """Read a model from a text, as `load` does from a file; `path` is what diagnostics call it."""
    types = read_types(layer_types, plugins)
    return from_document(read_text(text, path), inputs, settings, dtype, format, free, types, keras_backend)


def read_types(files: Iterable[str], plugins: Iterable[str]) -> Mapping[str, LayerType]:
    """The layer types that files and plugins declare, by name; raises UnusableError where one of them is wrong."""
    if not files and not plugins:
        return {}
    from cnnsum.readers.types import types_of

    return types_of(tuple(files), tuple(plugins))


def from_document(
    document: Document,
    inputs: Mapping[str, Shape] | Shape | None = None,
    settings: Mapping[str, Any] | None = None,
    dtype: str | None = None,
    format: str | None = None,
    free: Collection[str] = (),
    types: Mapping[str, LayerType] = NO_OVERRIDES.types,
    keras_backend: str = NO_OVERRIDES.backend,
) -> Model:
    """The model in a text that was read, as `load` gives it. types: as `read_types` gives them."""
    shapes: Mapping[str, Shape] = inputs if isinstance(inputs, Mapping) else {} if inputs is None else {"": inputs}
    overrides = Overrides(shapes, {} if settings is None else settings, dtype, frozenset(free), types, keras_backend)
    graph, found = read(document, overrides, format)
    return Model(document, graph, found, types)


def mistaken_layout(model: Model) -> list[Diagnostic]:
    """The advice that is given wherever a model is shown, errors or not: its input has the channels first (ARC447).

    Rules are loaded only where an input might be meant.
    """
    for node in model.graph.inputs:
        shape = node.layer.spec.shape if node.layer.spec is not None else ()
        first, last = (shape[1], shape[-1]) if len(shape) > _RANK else (0, 0)
        if isinstance(first, int) and isinstance(last, int) and 0 < first <= _FEW < last:
            from cnnsum.rules import advise
            from cnnsum.rules.base import Subject

            subject = Subject(
                model.graph, model.inference, lambda: model.sizes, model.document, lambda code: code == "ARC447"
            )
            return advise(subject)
    return []


def policy_of(precision: str | None, dtype: str | None = None) -> str | None:
    """The dtype policy that a precision of training stands for: the `dtype` of `load`, of which it is another name.

    Raises UnusableError for an unknown precision, or where both are given and are not the same.
    """
    if precision is None:
        return dtype
    from cnnsum.analyses.training.total import PRECISIONS

    if precision not in PRECISIONS:
        raise UnusableError(_unknown("SPC046", "precision", precision, PRECISIONS))
    if dtype not in (None, precision):
        message = f"the precision `{precision}` contradicts the dtype `{dtype}`"
        raise UnusableError(Diagnostic("SPC052", message, help="give one of the two: a precision is a dtype policy"))
    return precision


def summarize(
    model: Model,
    *,
    batch: int | None = None,
    symbolic: bool = False,
    optimizer: str = "adam",
    checkpoint: Collection[str] | None = None,
    details: bool = True,
    step: bool = False,
) -> Report:
    """The report of a model.

    batch: samples that memory is estimated for (default: what the file fixes, else the least that is accepted, mostly
    1). symbolic: leave the batch a symbol where neither the caller nor the file gives it, so that memory is a formula
    in it. optimizer: the one that training memory is estimated for. checkpoint: names of layers between which training
    keeps nothing but runs the forward pass again, "auto" to choose them. details: whether the report also holds places
    and receptive fields, and the peak of a training step moment by moment; step: that alone.

    Raises UnusableError for an unknown optimizer or layer, or for a batch that contradicts the file's.
    """
    from cnnsum.analyses.training.optimizers import OPTIMIZERS
    from cnnsum.answers.summary.build import build  # a check makes no report

    optimizer = optimizer.lower()
    if optimizer not in OPTIMIZERS:
        raise UnusableError(_unknown("SPC054", "optimizer", optimizer, OPTIMIZERS))
    if checkpoint is not None:
        _check_checkpoint(model, checkpoint)
    graph = model.graph
    samples = _samples(model, batch)
    document = model.document
    return build(
        graph,
        model.inference,
        Source(document.path, model.format, document.sha256 if details else ""),
        __version__,
        batch=graph.batch if symbolic and batch is None and graph.batch is not None else samples,
        optimizer=optimizer,
        checkpoint=checkpoint,
        sizes=model.sizes if model.inference.needs else None,
        details=details,
        step=step,
    )


def _fixed_batch(graph: Graph, batch: int | None) -> int | None:
    """The batch that the file fixes; raises UnusableError where `batch` contradicts it, or is none."""
    fixed = graph.batch if isinstance(graph.batch, int) else None
    if batch is not None and (batch < 1 or (fixed is not None and batch != fixed)):
        message = f"the file fixes the batch at {fixed}" if fixed is not None else "a batch is at least 1"
        raise UnusableError(Diagnostic("SPC055", f"{message}, got {batch}"))
    return fixed


def _samples(model: Model, batch: int | None) -> int:
    """The batch that memory is counted for: `batch`, or what the file fixes, or the least that the network accepts.

    That is 1 for nearly every network; one that cuts the batch into halves needs 2. Raises UnusableError where the
    network does not accept `batch`.
    """
    fixed = _fixed_batch(model.graph, batch)
    if fixed is not None or not model.inference.needs or model.graph.batch is None:
        return batch or fixed or 1
    symbols = symbols_of(model.graph.batch)
    if all(symbols.isdisjoint(one.symbols) for one in model.sizes.requirements):
        return batch or 1
    from cnnsum.answers.summary.build import refused_batch

    if batch is not None:
        refused = refused_batch(model.graph.batch, batch, model.sizes)
        if refused is not None:
            message = f"a batch of {batch} is not accepted: `{refused.layer.name}` needs {refused.condition}"
            raise UnusableError(Diagnostic("SPC055", message, help=refused.need.reason))
        return batch
    least = [axis.legal.least for axis in model.sizes.axes if axis.symbol in symbols]
    return next((size for size in least if size is not None), 1)


def _check_checkpoint(model: Model, wanted: Collection[str]) -> None:
    from cnnsum.analyses.training.checkpoint import AUTO, places

    known = places(model.inference)
    for name in wanted:
        if name not in known and name != AUTO:
            raise UnusableError(_unknown("SPC047", "checkpoint layer", name, (*known, AUTO), most=8))


def _unknown(code: str, what: str, name: str, choices: Iterable[str], most: int = 99) -> Diagnostic:
    """A name that is none of the choices: the nearest of them, and all, or the first few of very many."""
    known = list(choices)
    near = did_you_mean(name, known)
    listed = ", ".join(known if len(known) <= most else [*known[: most - 1], "...", known[-1]])
    help = f"{near} Or choose from {listed}" if near else f"choose from {listed}"
    return Diagnostic(code, f"unknown {what} `{name}`", help=help)


def reconcile(model: Model, convention: str, *, batch: Dim | None = None) -> ConventionReport:
    """The number that another tool gives for a model (fvcore, torchinfo, thop, ptflops, keras-flops, torch), and why.

    batch: that of a report of the model, on which the work per sample depends in a few networks; by default that of
    `summarize`. Raises UnusableError for an unknown convention.
    """
    from cnnsum.answers.conventions import ask as conventions

    samples = batch if isinstance(batch, Expr) else _samples(model, batch if isinstance(batch, int) else None)
    return conventions.reconcile(model.graph, model.inference, convention, samples)


def plan(model: Model, report: Report, *, order: bool = True) -> Plan:
    """The memory of inference, call by call, at the batch of a report of the model.

    order: also the arena, and the best order of execution.
    """
    from cnnsum.answers.plan.ask import plan_of

    inference = model.inference
    if inference.needs:
        from cnnsum.analyses.sizes.settled import settled

        inference = settled(inference, model.sizes)
    return plan_of(model.graph, inference, report.batch, report.totals.peak.bytes, order=order)


def explain(model: Model, layer: str | None = None, *, batch: int | None = None) -> Explanation:
    """How every number of a model's layers comes about: general formula, the numbers put in, and why.

    layer: the name of one, or a pattern such as "conv*"; None for all. batch: as for `summarize`.

    Raises LookupError where no layer has that name, UnusableError for a batch that contradicts the file's.
    """
    from cnnsum.answers.explain.ask import Explanation
    from cnnsum.answers.explain.explaining import explain as explained

    samples = _samples(model, batch)
    return Explanation(model.graph.name, samples, explained(model.graph, model.inference, layer, samples))
