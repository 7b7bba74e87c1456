"""A model: a document that was read as a graph, and what inference found in it. Every question begins with one."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping

from cnnsum.diagnostics import Diagnostic, UnusableError
from cnnsum.dims import symbols_of
from cnnsum.graph.infer import Inference, infer
from cnnsum.readers import AS_WRITTEN, How, read
from cnnsum.source import Document, read_text
from cnnsum.source import read as read_document
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.analyses.sizes.conditions import Sizes
    from cnnsum.dims.sets import SizeSet
    from cnnsum.layers.base import LayerType

Shape = tuple["int | str | None", ...]
#: Layers of a network that is read again for the help of an error; of larger ones each reading takes seconds.
_MOST_READ_TWICE = 4_000


class Model:
    """A model that was read and inferred.

    graph: its layers. format: the name of the reader. how: how it was read. inference: what every layer's rule said.
    """

    __slots__ = ("_sizes", "document", "format", "graph", "how", "inference")

    def __init__(self, document: Document, how: How = AS_WRITTEN) -> None:
        """Read the model in a document; raises UnusableError where it holds none."""
        graph, self.format = read(document, how)
        self.inference: Inference = infer(graph)
        if graph.set_aside and self.inference.unknown:
            # What no rule tells may be told by what the file records.
            graph, _ = read(document, how._replace(compared=True))
            self.inference = infer(graph)
        self.document = document
        self.graph = graph
        self.how = how
        if how.compared:
            self._compare_recorded()
        if graph.dtyped:
            from cnnsum.graph.compare import compare_dtypes

            self.inference.diagnostics.extend(compare_dtypes(self.inference))
        self._sizes: Sizes | None = None
        if self.inference.needs or graph.claims:
            self.inference.diagnostics.extend(self.sizes.diagnostics)
        if not how.free and self.wrong:
            self._name_sizes_that_fit()

    def _compare_recorded(self) -> None:
        """Warn of what the file records otherwise than it is: shapes, weights, what comments say."""
        graph, inference = self.graph, self.inference
        if graph.recorded or graph.beside or graph.builds or any(layer.graph is not None for layer in graph.layers):
            from cnnsum.graph.compare import compare

            inference.diagnostics.extend(compare(graph, inference))
        if graph.said:
            from cnnsum.graph.compare import compare_said

            inference.diagnostics.extend(compare_said(graph, inference))
        if graph.recorded_weights:
            from cnnsum.graph.compare import compare_weights

            inference.diagnostics.extend(compare_weights(graph, inference))
        if self.document.weights is not None:
            from cnnsum.graph.stored import compare_stored

            inference.diagnostics.extend(compare_stored(inference))

    def _name_sizes_that_fit(self) -> None:
        """Give errors of shapes that do not go together the nearest sizes at which they do, as their mend."""
        from cnnsum.analyses.sizes.fitting import OF_SIZES, sizes_that_fit

        found = self.inference.diagnostics
        places = [at for at, one in enumerate(found) if one.code in OF_SIZES and one.help is None]
        if not places:
            return
        help = None
        if not self.wrong_at_all and len(self.graph.layers) <= _MOST_READ_TWICE:
            try:
                free = self.again(self.how.freeing("spatial"))
            except UnusableError:
                return
            help = None if free.wrong else sizes_that_fit(free.sizes)
        for at in places:
            found[at] = found[at]._replace(help=help or self._of_arms(found[at]))

    def _of_arms(self, found: Diagnostic) -> str | None:
        """The mend of a merge that fits at no size of the input, by the layers before it."""
        from cnnsum.analyses.sizes.arms import mend_of_arms

        for call in self.inference.calls:
            if len(call.inputs) < 2 or call.facts.status != "unknown":
                continue
            if found.message.startswith(f"{call.layer.name}:"):
                return mend_of_arms(self.inference, call)
        return None

    @property
    def sizes(self) -> Sizes:
        """The sizes that the network accepts on the open axes of its inputs, and the layers that decide it."""
        if self._sizes is None:
            from cnnsum.analyses.sizes.solving import sizes_of

            self._sizes = sizes_of(self.graph, self.inference)
        return self._sizes

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that are errors."""
        return tuple([found for found in self.diagnostics if found.severity == "error"])

    @property
    def wrong(self) -> bool:
        """Whether one of the diagnostics is an error."""
        return bool(self.errors)

    @property
    def wrong_at_all(self) -> bool:
        """Whether one of them is not an error of sizes (`Diagnostic.is_of_sizes`), so that it is there at all sizes."""
        return any(not found.is_of_sizes for found in self.errors)

    def again(self, how: How) -> Model:
        """The same document read in another way; raises UnusableError."""
        return Model(self.document, how)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything that was found wrong with the model."""
        return (*self.graph.diagnostics, *self.inference.diagnostics)

    def samples(self, batch: int | None = None) -> int:
        """The batch that memory is counted for: `batch`, or the file's, or the least that the network accepts.

        That is 1 for nearly every network; one that cuts the batch into halves needs 2. Raises UnusableError where the
        network does not accept `batch`.
        """
        fixed = self._fixed_batch(batch)
        if batch is not None:
            self._say_recorded(batch)
        if fixed is not None or not self.inference.needs or self.graph.batch is None:
            return batch or fixed or 1
        symbols = symbols_of(self.graph.batch)
        if all(symbols.isdisjoint(one.symbols) for one in self.sizes.requirements):
            return batch or 1
        if batch is not None:
            refused = self.sizes.refused(self.graph.batch, batch)
            if refused is not None:
                message = f"a batch of {batch} is not accepted: `{refused.layer.name}` needs {refused.condition}"
                raise UnusableError(Diagnostic("SPC055", message, help=refused.need.reason))
            return batch
        least = [axis.legal.least for axis in self.sizes.axes if axis.symbol in symbols]
        return next((size for size in least if size is not None), 1)

    def recorded(self, name: str) -> tuple[SizeSet, str] | None:
        """The values that an exported program records of a size, or of the "batch", and their condition.

        None where PyTorch, which holds the program to them, refuses none.
        """
        symbol = self.graph.symbols.get(name)
        if symbol is None and name == "batch" and self.graph.batch is not None:
            symbol = next(iter(symbols_of(self.graph.batch)), None)
        if symbol is None or not self.graph.claims:
            return None
        from cnnsum.analyses.sizes.findings import held_to

        held = held_to(symbol, self.graph)
        return None if held is None else (held, held.condition(name))

    def _say_recorded(self, batch: int) -> None:
        """Say of a batch that the file does not record it, though the network accepts it."""
        found = self.recorded("batch")
        if found is not None and batch not in found[0]:
            message = f"the file records {found[1]}, and not a batch of {batch:,}: PyTorch refuses to run it at that"
            help = "export it with `dynamic_shapes` that allow it"
            said = Diagnostic("SHP227", message, self.document.span(("range_constraints",)), "warning", help)
            if said not in self.inference.diagnostics:
                self.inference.diagnostics.append(said)

    def _fixed_batch(self, batch: int | None) -> int | None:
        """The batch that the file fixes; raises UnusableError where `batch` contradicts it, or is not a batch."""
        fixed = self.graph.batch if isinstance(self.graph.batch, int) else None
        if batch is not None and (batch < 1 or (fixed is not None and batch != fixed)):
            message = f"the file fixes the batch at {fixed}" if fixed is not None else "a batch is at least 1"
            raise UnusableError(Diagnostic("SPC055", f"{message}, got {batch}"))
        return fixed

    def __repr__(self) -> str:
        return f"Model({self.graph.name!r}, {len(self.graph.layers)} layers)"


def load(
    path: str | os.PathLike[str],
    *,
    inputs: Mapping[str, Shape] | Shape | None = None,
    settings: Mapping[str, object] | None = None,
    dtype: str | None = None,
    format: str | None = None,
    free: Collection[str] = (),
    layer_types: Iterable[str] = (),
    plugins: Iterable[str] = (),
    keras_backend: str = "tensorflow",
) -> Model:
    """Read a model file; "-" is standard input.

    inputs: other shapes for its inputs, without the batch axis, by name or one for the only input; a text is a symbol.
    settings: values of vars and symbols. dtype: the dtype policy of layers that name none. format: one of
    `cnnsum.readers.FORMATS`, where it is not to be found out from the content. free: which sizes of the inputs become
    symbols where the file fixes them: "spatial" (H, W, D, T), "channels" (C), "batch" (N); "declared" for what a spec
    declares of its symbols.
    layer_types: paths of files that declare layer types. plugins: names of Python modules, or paths of files, that do;
    they are run. keras_backend: "tensorflow", "jax", "torch" or "numpy", whose integers and floats of 64 bits differ.

    Raises UnusableError, which holds diagnostics, where the file cannot be read or is not a model. What is wrong inside
    a model is in `Model.diagnostics`.
    """
    how = _how(inputs, settings, dtype, format, free, layer_types, plugins, keras_backend)
    return Model(read_document(os.fspath(path)), how)


def loads(
    text: str,
    path: str = "<text>",
    *,
    inputs: Mapping[str, Shape] | Shape | None = None,
    settings: Mapping[str, object] | None = None,
    dtype: str | None = None,
    format: str | None = None,
    free: Collection[str] = (),
    layer_types: Iterable[str] = (),
    plugins: Iterable[str] = (),
    keras_backend: str = "tensorflow",
) -> Model:
    """Read a model from a text, as `load` does from a file; `path` is what diagnostics call it."""
    how = _how(inputs, settings, dtype, format, free, layer_types, plugins, keras_backend)
    return Model(read_text(text, path), how)


def _how(
    inputs: Mapping[str, Shape] | Shape | None,
    settings: Mapping[str, object] | None,
    dtype: str | None,
    format: str | None,
    free: Collection[str],
    layer_types: Iterable[str],
    plugins: Iterable[str],
    keras_backend: str,
) -> How:
    """The arguments of `load` as one record; raises UnusableError for layer types that are wrong."""
    shapes = inputs if isinstance(inputs, Mapping) else {} if inputs is None else {"": inputs}
    types = read_types(layer_types, plugins)
    return How(shapes, settings or {}, dtype, frozenset(free), types, keras_backend, format)


def read_types(files: Iterable[str], plugins: Iterable[str]) -> Mapping[str, LayerType]:
    """The layer types that files and plugins declare, by name; raises UnusableError where one of them is wrong."""
    if not files and not plugins:
        return {}
    from cnnsum.readers.types import types_of

    return types_of(tuple(files), tuple(plugins))
