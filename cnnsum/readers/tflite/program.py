"""The operators of a TensorFlow Lite file -> the layers and calls of a Graph.

An operator is a layer with one call. Its tensors are inputs, in the order of the operator; weights among them are
inputs too, and the first operator that uses one owns it. The first graph of a file is the model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from cnnsum.counted import counted
from cnnsum.diagnostics import Diagnostic, UnusableError
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.dims.expr import Expr
from cnnsum.graph.model import (
    MAX_LAYERS,
    MAX_RANK,
    Claim,
    Constant,
    Graph,
    InputSpec,
    Layer,
    Node,
    Place,
    Policy,
    Recorded,
    Tensor,
)
from cnnsum.graph.names import Names
from cnnsum.graph.promotion import PYTORCH
from cnnsum.layers.base import LayerType
from cnnsum.layers.facts import Weight
from cnnsum.layers.kinds import PlainReading
from cnnsum.layers.tflite.dtypes import DTYPES
from cnnsum.layers.tflite.fields import PREFIX
from cnnsum.layers.vocabulary import TFLITE
from cnnsum.readers.declare import AXES, declare, fresh
from cnnsum.readers.how import How
from cnnsum.readers.programs import free_name, give_outputs, own_the_rest, resize, say_unknown, slots, unpacked
from cnnsum.readers.tflite.operators import CUSTOM, OPERATORS
from cnnsum.source import Document
from cnnsum.tuples import NamedTuple

Path = tuple[str | int, ...]

#: The version of the schema that files have (`TFLITE_SCHEMA_VERSION`).
_VERSION = 3
_FLOATS = ("float32", "float16", "bfloat16", "float64")
#: Operators that give no more numbers than they are given, and those that are given a length.
_ON_SIZES = frozenset(
    (
        *("ADD", "SUB", "MUL", "DIV", "FLOOR_DIV", "FLOOR_MOD", "MAXIMUM", "MINIMUM", "NEG", "ABS", "SQUARE", "SIGN"),
        *("FLOOR", "CEIL", "ROUND", "POW", "EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"),
        *("LOGICAL_NOT", "LOGICAL_AND", "LOGICAL_OR", "SELECT", "SELECT_V2", "CAST", "GATHER", "SLICE"),
        *("STRIDED_SLICE", "CONCATENATION", "PACK", "UNPACK", "SPLIT", "SPLIT_V", "SQUEEZE", "EXPAND_DIMS"),
        *("RESHAPE", "TRANSPOSE", "REDUCE_PROD", "SUM", "REDUCE_MAX", "REDUCE_MIN"),
    )
)
_ON_NUMBERS = _ON_SIZES.union(("FILL", "RANGE", "BROADCAST_TO", "TILE"))


#: Where the options of operators that run other graphs of the file have these.
_RUNS = {
    "IF": ("then_subgraph_index", "else_subgraph_index"),
    "WHILE": ("cond_subgraph_index", "body_subgraph_index"),
}


class _Held(NamedTuple):
    """A tensor of the file. sizes: None for one that it leaves open. numbers: what is in it, where that is short.

    has_data: whether the file has its content. weight: the weight that it is, whoever reads it; None for others.
    """

    name: str
    sizes: tuple[int | None, ...]
    dtype: str
    numbers: tuple[int | float, ...] | None
    has_data: bool
    weight: Weight | None
    is_variable: bool

    @property
    def shape(self) -> tuple[Dim, ...]:
        """Its sizes as a shape."""
        return tuple([UNKNOWN if size is None else size for size in self.sizes])


class ProgramReader:
    """Reads one file."""

    def __init__(self, document: Document, how: How) -> None:
        self.document = document
        self.how = how
        self.model: dict[str, Any] = document.value
        graphs = self.model.get("subgraphs") or [{}]
        self.main: dict[str, Any] = graphs[0]
        self.path: Path = ("subgraphs", 0)
        self.graph = Graph(
            self.main.get("name") or "graph", place=Place(document, ()), backend=PYTORCH, vocabulary=TFLITE
        )
        self.graph.program = self.graph.exported = True
        self.names = Names()
        self.tensors: dict[int, Tensor] = {}
        self.owners: dict[int, Layer] = {}
        self.used: set[int] = set()
        #: Graphs whose weights are counted with the operator that runs them; and buffers that are counted.
        self.run: set[int] = set()
        self.counted = {one.get("buffer", 0) for one in self.main.get("tensors") or []}
        self.unknown: Counter[str] = Counter()
        self.first_unknown: dict[str, Path] = {}

    def read(self) -> Graph:
        """The graph; raises UnusableError where the file has none that can be followed."""
        version = self.model.get("version", 0)
        if version != _VERSION:
            raise self._malformed(f"the file is of version {version} of the schema, and not of {_VERSION}", ())
        operators = self.main.get("operators") or []
        if not operators:
            raise self._malformed("the graph has no operators", self.path)
        if len(operators) > MAX_LAYERS:
            message = f"the graph has {len(operators):,} operators; the limit is {MAX_LAYERS:,}"
            raise UnusableError(Diagnostic("SPC039", message, self.document.span(self.path)))
        self.graph.diagnostics.extend(self.document.diagnostics)
        self._say_other_graphs()
        self._read_inputs()
        for at, operator in enumerate(operators):
            self._read_operator(operator, (*self.path, "operators", at))
        self._own_the_rest()
        self._read_outputs()
        say_unknown(self.graph, self.document, self.unknown, list(self.first_unknown.values()))
        resize(self.graph, self.how)
        return self.graph

    def _malformed(self, message: str, path: Path) -> UnusableError:
        return UnusableError(Diagnostic("SPC079", message, self.document.span(path)))

    def _say_other_graphs(self) -> None:
        others = (self.model.get("subgraphs") or [{}])[1:]
        if others:
            count = counted(len(others), "more graph")
            message = f"the file has {count}, of which no shape is inferred and no work known: the first is the model"
            span = self.document.span(("subgraphs", 1))
            self.graph.diagnostics.append(Diagnostic("UNK707", message, span, "warning"))

    # --- tensors ------------------------------------------------------------------------------------------------------

    @cached_property
    def held(self) -> list[_Held]:
        """The tensors of the graph, by number."""
        buffers = self.model.get("buffers") or []
        return [self._tensor(one, buffers, at) for at, one in enumerate(self.main.get("tensors") or [])]

    def _tensor(self, one: dict[str, Any], buffers: list[dict[str, Any]], at: int) -> _Held:
        shape = one.get("shape") or []
        signature = one.get("shape_signature") or []
        sizes = signature if len(signature) == len(shape) else shape
        if len(shape) > MAX_RANK:
            raise self._malformed(f"a tensor has {len(shape):,} axes", (*self.path, "tensors", at))
        number = one.get("buffer", 0)
        buffer = buffers[number] if 0 < number < len(buffers) else {}
        data = buffer.get("data", b"")
        # Contents may stand behind the tables, in files that are larger than their offsets can say.
        has_data = data is None or bool(data) or (buffer.get("offset", 0) > 1 and buffer.get("size", 0) > 0)
        found = _Held(
            one.get("name") or "",
            tuple([size if size >= 0 else None for size in sizes]),
            DTYPES.get(one.get("type", 0), "?"),
            None,
            has_data,
            None,
            bool(one.get("is_variable")),
        )
        if not has_data and 0 not in found.sizes:
            return found
        exact = tuple([max(size, 0) for size in shape])
        found = found._replace(sizes=exact, has_data=True)
        if "sparsity" not in one:
            found = found._replace(numbers=unpacked(data or b"", exact, found.dtype))
        is_quantized = bool((one.get("quantization") or {}).get("scale")) and found.dtype in (
            "int8",
            "uint8",
            "int16",
            "int4",
        )
        if exact and (found.dtype in _FLOATS or is_quantized):
            found = found._replace(weight=self._weight_of(found))
        return found

    def _weight_of(self, held: _Held) -> Weight:
        """The weight that a tensor is. Nothing trains whole numbers."""
        return Weight(held.name or "tensor", held.shape, held.dtype in _FLOATS, held.dtype)

    def _at(self, number: int, path: Path) -> _Held:
        if not 0 <= number < len(self.held):
            raise self._malformed(f"there is no tensor {number}: the graph has {len(self.held):,}", path)
        return self.held[number]

    def _read_inputs(self) -> None:
        batch: Dim | None = None
        for number in dict.fromkeys(self.main.get("inputs") or []):
            held = self._at(number, self.path)
            path = (*self.path, "tensors", number)
            names = ("N", *AXES.get(len(held.sizes), ()), "C")
            sizes: list[Dim] = []
            for axis, size in enumerate(held.sizes):
                if size is not None:
                    sizes.append(size)
                elif axis == 0 and batch is not None:
                    sizes.append(batch)
                else:
                    stem = (
                        names[axis]
                        if axis < len(names) and len(held.sizes) in AXES
                        else "N"
                        if axis == 0
                        else f"D{axis}"
                    )
                    sizes.append(fresh(stem, self.graph.symbols).dim)
                    batch = sizes[0] if axis == 0 else batch
            layer = Layer(
                free_name(self.names, held.name or "input", "input"),
                None,
                type_name="InputLayer",
                spec=InputSpec(tuple(sizes), held.dtype),
                place=Place(self.document, path),
            )
            node = Node(layer)
            self.tensors[number] = Tensor(node)
            self.graph.layers.append(layer)
            self.graph.inputs.append(node)
        firsts = [node.layer.spec.shape[0] for node in self.graph.inputs if node.layer.spec and node.layer.spec.shape]
        # A batch that is open is one before any number is.
        self.graph.batch = next((one for one in firsts if isinstance(one, Expr)), firsts[0] if firsts else None)

    # --- operators ----------------------------------------------------------------------------------------------------

    def _key(self, operator: dict[str, Any], path: Path) -> tuple[str, str]:
        """The key of an operator's type, and what it is called."""
        codes = self.model.get("operator_codes") or []
        index = operator.get("opcode_index", 0)
        if index >= len(codes):
            raise self._malformed(f"there is no kind of operator {index}: the file has {len(codes):,}", path)
        code = codes[index]
        # The older field has 8 bits; newer files have the number in both where it fits.
        number = max(code.get("deprecated_builtin_code", 0), code.get("builtin_code", 0))
        name = OPERATORS[number] if 0 <= number < len(OPERATORS) else f"operator {number}"
        if name == CUSTOM:
            own = code.get("custom_code") or "?"
            return f"{CUSTOM}.{own}", own
        return f"{PREFIX}.{name}", name

    def _read_operator(self, operator: dict[str, Any], path: Path) -> None:
        outputs = operator.get("outputs") or []
        results = [self._at(number, path) for number in outputs]
        if not results:
            return
        key, shown = self._key(operator, path)
        type = TFLITE.find(key)
        if type is None:
            self.unknown[shown] += 1
            self.first_unknown.setdefault(shown, path)
        known = {} if type is None else type.schema.fields
        options = operator.get("builtin_options") or {}
        fields = {name: value for name, value in options.items() if name in known}
        if "dtype" in known:
            fields["dtype"] = results[0].dtype
        name, block = self._named(results[0].name, shown)
        compute = results[0].dtype if results[0].dtype in _FLOATS else "float32"
        layer = declare(
            name,
            type,
            fields,
            PlainReading(),
            Place(self.document, path),
            self.graph.diagnostics,
            type_name=shown,
            policy=Policy(compute, compute),
            block=block,
        )
        inputs, constants, keywords = self._inputs(type, operator, layer, path)
        if shown in _RUNS:
            layer.owned = (*(layer.owned or ()), *self._weights_within(shown, options))
        layer.counts_sizes = self._counts_sizes(shown, inputs, constants, layer)
        layer.key = (*layer.key, layer.owned, compute)
        call = Node(layer, tuple(inputs), keywords)
        call.constants = tuple(constants)
        call.claim = Claim(tuple([one.shape for one in results]), results[0].dtype)
        self.graph.layers.append(layer)
        for at, (number, result) in enumerate(zip(outputs, results, strict=True)):
            self.tensors[number] = tensor = Tensor(call, at)
            self.graph.recorded.append(Recorded(tensor, result.sizes, (*self.path, "tensors", number)))

    def _inputs(
        self, type: LayerType | None, operator: dict[str, Any], layer: Layer, path: Path
    ) -> tuple[list[Tensor], list[Constant], tuple[str, ...]]:
        """The tensors of a call, those that are held among them as constants, and the keywords of the last ones.

        The layer gets the weights that nobody owns yet, and borrows the others.
        """
        numbers = [None if number == -1 else number for number in operator.get("inputs") or []]
        given, keywords = slots(type, numbers)
        known = () if type is None else type.schema.inputs
        inputs: list[Tensor] = []
        constants: list[Constant] = []
        owned: list[Weight] = []
        borrowed: list[tuple[Layer, Weight]] = []
        for index, (at, number) in enumerate(given):
            tensor = self.tensors.get(number)
            if tensor is not None:
                inputs.append(tensor)
                continue
            held = self._at(number, path)
            # What is not known may work in tensors that nothing has made.
            if type is not None and not held.has_data and not held.is_variable:
                raise self._malformed(f"the tensor `{held.name}` is used before anything makes it", path)
            self.used.add(number)
            config: dict[str, Any] = {"dtype": held.dtype}
            if held.numbers is not None:
                config["value"] = list(held.numbers)
            constants.append(Constant(index, held.shape, {"config": config}))
            is_said = type is not None and at < len(known) and known[at] in type.settings
            weight = None if is_said else held.weight
            is_named = type is not None and at < len(known) and known[at] in type.weights
            if weight is None and is_named and held.has_data and held.sizes:
                weight = self._weight_of(held)
            if weight is not None:
                owner = self.owners.get(number)
                if owner is None:
                    self.owners[number] = layer
                    owned.append(weight)
                elif owner is not layer:
                    borrowed.append((owner, weight))
        layer.owned = tuple(owned)
        layer.borrows = tuple(borrowed)
        return inputs, constants, keywords

    def _weights_within(self, shown: str, options: dict[str, Any]) -> Iterator[Weight]:
        """The weights in the graphs that an operator runs, and in those that they run, each once in the file."""
        graphs = self.model.get("subgraphs") or []
        waiting = [options.get(name, 0) for name in _RUNS[shown]]
        while waiting:
            number = waiting.pop()
            if not 0 < number < len(graphs) or number in self.run:
                continue
            self.run.add(number)
            for operator in graphs[number].get("operators") or []:
                _, name = self._key(operator, ("subgraphs", number))
                inner = operator.get("builtin_options") or {}
                waiting += [inner.get(one, 0) for one in _RUNS.get(name, ())]
            buffers = self.model.get("buffers") or []
            for at, one in enumerate(graphs[number].get("tensors") or []):
                held = self._tensor(one, buffers, at)
                if held.weight is not None and one.get("buffer", 0) not in self.counted:
                    self.counted.add(one.get("buffer", 0))
                    yield held.weight

    def _counts_sizes(self, shown: str, inputs: list[Tensor], constants: list[Constant], layer: Layer) -> bool:
        """Whether an operator gives nothing but numbers that are computed from sizes."""
        if layer.type is None or layer.owned or layer.borrows:
            return False
        if shown in ("SHAPE", "RANK"):
            return True
        if shown not in (_ON_SIZES if inputs else _ON_NUMBERS):
            return False
        return all(tensor.node.layer.counts_sizes for tensor in inputs) and all(
            "value" in one.value["config"] for one in constants
        )

    def _named(self, tensor: str, type: str) -> tuple[str, tuple[str, ...]]:
        """The name of a layer and the blocks that it stands in, by the file's name of what it gives.

        A converter that makes one operator of several joins the names of what these gave: `relu;bias;conv`.
        """
        name = tensor.partition(";")[0]
        if not name:
            return self.names.automatic(type), ()
        return free_name(self.names, name, type), tuple([part for part in name.split("/")[:-1] if part])

    # --- the end ------------------------------------------------------------------------------------------------------

    def _own_the_rest(self) -> None:
        rest = [
            held.weight
            for number, held in enumerate(self.held)
            if held.weight is not None and number not in self.used and number not in self.tensors
        ]
        own_the_rest(self.graph, rest)

    def _read_outputs(self) -> None:
        numbers = self.main.get("outputs") or []
        for number in numbers:
            self._at(number, self.path)
        give_outputs(self.graph, map(self.tensors.get, numbers), next(reversed(self.tensors.values()), None))
