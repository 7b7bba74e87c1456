"""The operators of a TensorFlow Lite file -> the layers and calls of a Graph.

An operator is a layer with one call. Its tensors are inputs, in the order of the operator; weights among them are
inputs too, and the first operator that uses one owns it. The first graph of a file is the model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property

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
from cnnsum.readers.programs import (
    OnSizes,
    free_name,
    give_outputs,
    malformed,
    own_the_rest,
    resize,
    say_unknown,
    slots,
    unpacked,
)
from cnnsum.readers.tflite.operators import CUSTOM, OPERATORS
from cnnsum.readers.tflite.runs import Graphs, runs_of
from cnnsum.source import Document
from cnnsum.typed import Any, NamedTuple

Path = tuple[str | int, ...]

#: The version of the schema that files have (`TFLITE_SCHEMA_VERSION`).
_VERSION = 3
_FLOATS = ("float32", "float16", "bfloat16", "float64")
_ON_SIZES = OnSizes(
    sizes=frozenset(("SHAPE", "RANK")),
    kept=frozenset(
        (
            *("ADD", "SUB", "MUL", "DIV", "FLOOR_DIV", "FLOOR_MOD", "MAXIMUM", "MINIMUM", "NEG", "ABS", "SQUARE"),
            "SIGN",
            *("FLOOR", "CEIL", "ROUND", "POW", "EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"),
            *("LOGICAL_NOT", "LOGICAL_AND", "LOGICAL_OR", "SELECT", "SELECT_V2", "CAST", "GATHER", "SLICE"),
            *("STRIDED_SLICE", "CONCATENATION", "PACK", "UNPACK", "SPLIT", "SPLIT_V", "SQUEEZE", "EXPAND_DIMS"),
            *("RESHAPE", "TRANSPOSE", "REDUCE_PROD", "SUM", "REDUCE_MAX", "REDUCE_MIN"),
        )
    ),
    to_length=frozenset(("FILL", "RANGE", "BROADCAST_TO", "TILE")),
)


#: Operators that a file's loops may open into, and states that one has: each result asks for all of them.
_MOST_INNER, _MOST_STATES = 4_000, 64

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
        #: Graphs whose operators stand in the place of the one that runs them, and how often those just read run.
        self.opened: set[int] = set()
        self.times: tuple[Dim, ...] = ()
        self._budget = _MOST_INNER
        #: By buffer, the graph in which a layer owns it as a weight, and the layer.
        self.by_buffer: dict[int, tuple[Path, Layer]] = {}

    def read(self) -> Graph:
        """The graph; raises UnusableError where the file has none that can be followed."""
        version = self.model.get("version", 0)
        if version != _VERSION:
            raise malformed(self.document, f"the file is of version {version} of the schema, and not of {_VERSION}", ())
        operators = self.main.get("operators") or []
        if not operators:
            raise malformed(self.document, "the graph has no operators", self.path)
        if len(operators) > MAX_LAYERS:
            message = f"the graph has {len(operators):,} operators; the limit is {MAX_LAYERS:,}"
            raise UnusableError(Diagnostic("SPC039", message, self.document.span(self.path)))
        self.graph.diagnostics.extend(self.document.diagnostics)
        self._read_inputs()
        for at, operator in enumerate(operators):
            self._read_operator(operator, (*self.path, "operators", at))
        self._say_other_graphs()
        self._own_the_rest()
        self._read_outputs()
        say_unknown(self.graph, self.document, self.unknown, list(self.first_unknown.values()))
        resize(self.graph, self.how)
        return self.graph

    def _say_other_graphs(self) -> None:
        others = [at for at in range(1, len(self.model.get("subgraphs") or [])) if at not in self.opened]
        if others:
            count = counted(len(others), "more graph")
            message = f"the file has {count}, of which no shape is inferred and no work known: the first is the model"
            span = self.document.span(("subgraphs", others[0]))
            self.graph.diagnostics.insert(0, Diagnostic("UNK707", message, span, "warning"))

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
            raise malformed(self.document, f"a tensor has {len(shape):,} axes", (*self.path, "tensors", at))
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
            raise malformed(self.document, f"there is no tensor {number}: the graph has {len(self.held):,}", path)
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
            raise malformed(self.document, f"there is no kind of operator {index}: the file has {len(codes):,}", path)
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
        if shown == "WHILE" and self._read_while(operator, path):
            return
        type = TFLITE.find(key)
        if type is None:
            self.unknown[shown] += 1
            self.first_unknown.setdefault(shown, path)
        known = {} if type is None else type.schema.fields
        options = operator.get("builtin_options") or {}
        fields = {name: value for name, value in options.items() if name in known}
        if "dtype" in known:
            fields["dtype"] = results[0].dtype
        layer = self._layer(type, shown, fields, results[0], shown, path)
        inputs, constants, keywords = self._inputs(type, operator, layer, path)
        if shown in _RUNS:
            layer.owned = (*(layer.owned or ()), *self._weights_within(shown, options))
        layer.times = self.times
        layer.counts_sizes = self._counts_sizes(shown, inputs, constants, layer)
        layer.key = (*layer.key, layer.owned, layer.policy.compute)
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
                raise malformed(self.document, f"the tensor `{held.name}` is used before anything makes it", path)
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
                owner = self._owner(number)
                if owner is None:
                    self._owns(layer, number)
                    owned.append(weight)
                elif owner is not layer:
                    borrowed.append((owner, weight))
        layer.owned = tuple(owned)
        layer.borrows = tuple(borrowed)
        return inputs, constants, keywords

    def _buffer(self, number: int) -> int:
        buffer: int = (self.main.get("tensors") or [])[number].get("buffer", 0)
        return buffer

    def _owner(self, number: int) -> Layer | None:
        """The layer whose weight a tensor is: by its number, or in another graph of the file by its buffer."""
        found = self.owners.get(number)
        if found is None:
            path, layer = self.by_buffer.get(self._buffer(number), (self.path, None))
            return None if path == self.path else layer
        return found

    def _owns(self, layer: Layer, number: int) -> None:
        self.owners[number] = layer
        buffer = self._buffer(number)
        if buffer > 0:
            self.by_buffer.setdefault(buffer, (self.path, layer))

    # --- graphs that run again and again ------------------------------------------------------------------------------

    def _read_while(self, operator: dict[str, Any], path: Path) -> bool:
        """Put the operators of a `WHILE` in its place, for one run that stands for all; False where that cannot be."""
        options = operator.get("builtin_options") or {}
        condition, body = (options.get(name, 0) for name in _RUNS["WHILE"])
        graphs = self.model.get("subgraphs") or []
        given, made = operator.get("inputs") or [], operator.get("outputs") or []
        if not all(0 < one < len(graphs) and one not in self.opened for one in (condition, body)):
            return False
        inner = graphs[body]
        many = [len(one or []) for one in (given, made, inner.get("inputs"), inner.get("outputs"))]
        operators = inner.get("operators") or []
        if not 0 < many[0] == min(many) == max(many) <= _MOST_STATES or not 0 < len(operators) <= self._budget:
            return False
        if any(not 0 <= number < len(self.held) for number in (*given, *made)):
            return False
        known = Graphs(graphs, lambda one: self._key(dict(one), path)[1], self._number_in)
        # What decides how often it runs is work that is not counted: it must be as good as none.
        if not _ON_SIZES.kept.issuperset(known.names(condition)):
            return False
        here = next(at for at, one in enumerate(graphs) if one is self.main)
        runs = runs_of(known, condition, body, [self._number_in(here, number) for number in given])
        within = inner.get("tensors") or []
        if not all(0 <= number < len(within) for number in (*inner["inputs"], *inner["outputs"])):
            return False
        buffers = self.model.get("buffers") or []
        self._budget -= len(operators)
        self.opened |= {condition, body}
        named = [self._tensor(within[number], buffers, number) for number in inner["inputs"]]
        states = [self._border("state", (number,), (), one, path) for number, one in zip(given, named, strict=True)]
        ends = self._read_body(body, states, UNKNOWN if runs is None else runs)
        for at, number in enumerate(made):
            pairs = [(states[one], ends[one]) for one in (at, *(one for one in range(len(made)) if one != at))]
            tensors = tuple([one for pair in pairs for one in pair])
            self.tensors[number] = self._border("result", (), tensors, self.held[number], path)
            self.graph.recorded.append(
                Recorded(self.tensors[number], self.held[number].sizes, (*self.path, "tensors", number))
            )
        return True

    def _read_body(self, body: int, states: list[Tensor], runs: Dim) -> list[Tensor]:
        """The tensors at the end of a run."""
        outer = (self.main, self.path, self.tensors, self.owners, self.used, self.times)
        held = self.__dict__.pop("held", None)
        self.main, self.path = (self.model.get("subgraphs") or [])[body], ("subgraphs", body)
        self.times = (*self.times, runs)
        self.tensors, self.owners, self.used = dict(zip(self.main["inputs"], states, strict=True)), {}, set()
        try:
            for at, operator in enumerate(self.main["operators"]):
                self._read_operator(operator, (*self.path, "operators", at))
            ends = []
            for number in self.main["outputs"]:
                self._at(number, self.path)
                found = self.tensors.get(number)
                # A state may become a number that the file holds.
                ends.append(
                    self._border("state", (number,), (), self.held[number], self.path) if found is None else found
                )
            return ends
        finally:
            self.main, self.path, self.tensors, self.owners, self.used, self.times = outer
            self.__dict__["held"] = held

    def _border(
        self, what: str, numbers: tuple[int, ...], tensors: tuple[Tensor, ...], held: _Held, path: Path
    ) -> Tensor:
        """What stands at the border of such a graph, on tensors of this one, by their numbers, or on others."""
        shown = f"WHILE.{what}"
        type = TFLITE.find(f"{PREFIX}.{shown}")
        layer = self._layer(type, shown, {}, held, what, path)
        inputs, constants, keywords = self._inputs(type, {"inputs": list(numbers)}, layer, path)
        layer.key = (*layer.key, layer.owned, layer.policy.compute)
        call = Node(layer, (*inputs, *tensors), keywords)
        call.constants = tuple(constants)
        self.graph.layers.append(layer)
        return Tensor(call, 0)

    def _number_in(self, graph: int, tensor: int) -> float | None:
        """The single number that a graph holds in a tensor."""
        tensors = (self.model.get("subgraphs") or [])[graph].get("tensors") or []
        if not 0 <= tensor < len(tensors):
            return None
        numbers = self._tensor(tensors[tensor], self.model.get("buffers") or [], tensor).numbers
        return numbers[0] if numbers is not None and len(numbers) == 1 else None

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

        def known() -> bool:
            return all(isinstance(one.value, dict) and "value" in one.value["config"] for one in constants)

        return _ON_SIZES.counted(shown, layer, inputs, known)

    def _layer(
        self, type: LayerType | None, shown: str, fields: dict[str, Any], gives: _Held, stem: str, path: Path
    ) -> Layer:
        """A layer that is named for what it gives, else numbered behind a stem; it computes in floats that it gives."""
        name, block = self._named(gives.name, stem)
        compute = gives.dtype if gives.dtype in _FLOATS else "float32"
        return declare(
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
            if held.weight is not None
            and number not in self.used
            and number not in self.tensors
            and self._owner(number) is None
        ]
        own_the_rest(self.graph, rest)

    def _read_outputs(self) -> None:
        numbers = self.main.get("outputs") or []
        for number in numbers:
            self._at(number, self.path)
        give_outputs(self.graph, map(self.tensors.get, numbers), next(reversed(self.tensors.values()), None))
