"""The nodes of an ONNX file -> the layers and calls of a Graph.

A node is a layer with one call. Its tensors are inputs, in the order of the operation; weights among them are inputs
too, and the first node that uses one owns it. What a `Constant` holds is a constant of the calls that use it.
"""

from __future__ import annotations

import re
from collections import Counter

from cnnsum.diagnostics import Diagnostic, UnusableError, did_you_mean
from cnnsum.dims import UNKNOWN, Dim, Symbol, evaluate, is_name
from cnnsum.dims.expr import Expr
from cnnsum.dims.tokens import ExpressionError
from cnnsum.graph.model import (
    MAX_LAYERS,
    Claim,
    Constant,
    Graph,
    InputSpec,
    Layer,
    Node,
    Place,
    Policy,
    Recorded,
    SizeOf,
    Tensor,
)
from cnnsum.graph.names import Names
from cnnsum.graph.promotion import PYTORCH
from cnnsum.layers.base import LayerType
from cnnsum.layers.facts import Shape
from cnnsum.layers.kinds import PlainReading
from cnnsum.layers.onnx.fields import WITHOUT_SHAPE
from cnnsum.layers.vocabulary import ONNX
from cnnsum.readers.declare import AXES, declare, fresh
from cnnsum.readers.free import name_for
from cnnsum.readers.how import How
from cnnsum.readers.onnx.advice import Advice
from cnnsum.readers.onnx.flows import FLOWS
from cnnsum.readers.onnx.makers import Makers
from cnnsum.readers.onnx.numbers import Numbers
from cnnsum.readers.onnx.parts import Held, Known, Step
from cnnsum.readers.onnx.sequences import Sequences
from cnnsum.readers.onnx.steps import Steps, TooManyError, versions_of
from cnnsum.readers.onnx.values import (
    MalformedError,
    TensorValue,
    attribute_of,
    recorded_of,
    recorded_of_branches,
    tensor_of,
)
from cnnsum.readers.onnx.weights import FLOATS, Owners, is_weight, named, plain_weight
from cnnsum.readers.programs import (
    OnSizes,
    free_name,
    give_outputs,
    malformed,
    own_the_rest,
    resize,
    say_unknown,
    slots,
)
from cnnsum.readers.samples import place_samples
from cnnsum.source import Document
from cnnsum.typed import Any

Path = tuple[str | int, ...]

#: What exporters call the first axis of a batch.
_BATCH = re.compile(r"n|b|bs|.*batch.*", re.IGNORECASE)
#: What PyTorch calls sizes that nobody named, and what tf2onnx and `onnx.shape_inference` do.
_MADE_UP = re.compile(r"[su]\d+|unk__\d+")
#: Attributes of `Constant` that hold numbers, and the dtype that they have.
_CONSTANTS = {"value_int": "int64", "value_ints": "int64", "value_float": "float32", "value_floats": "float32"}
_LONGEST_FORMULA = 200
_ON_SIZES = OnSizes(
    sizes=frozenset(("Shape", "Size")),
    kept=frozenset(
        (
            *("Add", "Sub", "Mul", "Div", "Mod", "Neg", "Abs", "Floor", "Ceil", "Round", "Sign", "Pow", "Sqrt", "Clip"),
            *("Max", "Min", "Sum", "Not", "And", "Or", "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"),
            *("Where", "Cast", "Identity", "Gather", "Slice", "Concat", "Split", "Squeeze", "Unsqueeze", "Reshape"),
            "SequenceAt.part",
            *("Flatten", "Transpose", "ReduceProd", "ReduceSum", "ReduceMax", "ReduceMin"),
            *("ScatterND", "ScatterElements"),
        )
    ),
    to_length=frozenset(("ConstantOfShape", "Range", "Expand", "Tile")),
)


class ProgramReader:
    """Reads one file."""

    def __init__(self, document: Document, how: How, samples: int = 0) -> None:
        """samples: the axis of the inputs that holds the samples, as far as names of sizes go."""
        self.document = document
        self.how = how
        self.samples = samples
        self.model: dict[str, Any] = document.value
        self.main: dict[str, Any] = self.model.get("graph") or {}
        self.graph = Graph(
            self.main.get("name") or "graph", place=Place(document, ()), backend=PYTORCH, vocabulary=ONNX
        )
        self.graph.program = self.graph.exported = self.graph.dtyped = True
        self.names = Names()
        self.tensors: dict[str, Tensor] = {}
        self.held: dict[str, TensorValue] = {}
        #: Other names of tensors that the file holds.
        self.aliases: dict[str, str] = {}
        self.symbols: dict[str, Dim] = {}
        self.owners = Owners()
        #: Where tensors of the graph itself stand.
        self.initial: dict[str, Path] = {}
        self.unknown: Counter[str] = Counter()
        self.first_unknown: dict[str, Path] = {}
        #: The dtype of the first weight.
        self.compute = ""
        #: Names of tensors that were defined, and of those that the file holds and nobody can read.
        self.defined: set[str] = set()
        self.broken: set[str] = set()
        self.makers = Makers(self.main.get("node") or [])
        self.numbers = Numbers(self.graph, how)

    def read(self) -> Graph:
        """The graph; raises UnusableError where the file has none that can be followed."""
        if not self.main.get("node"):
            raise malformed(self.document, "the graph has no nodes", ("graph",))
        self.graph.diagnostics.extend(self.document.diagnostics)
        versions = versions_of(self.model.get("opset_import") or [])
        if "ai.onnx" not in versions and self.model.get("ir_version", 0) >= 3:
            message = "the file does not say which version of the operations it has: the newest is taken"
            self.graph.diagnostics.append(Diagnostic("SPC081", message, self.document.span(("graph",)), "warning"))
        self.advice = Advice(versions, self._remark)
        for at, one in enumerate(self.main.get("initializer") or []):
            path: Path = ("graph", "initializer", at)
            self._define(one.get("name") or "", path)
            self.initial[one.get("name") or ""] = path
            self._hold(one.get("name") or "", one, path)
        for at, one in enumerate(self.main.get("sparse_initializer") or []):
            self._hold_sparse(one, ("graph", "sparse_initializer", at))
        self._read_inputs()
        self.recorded = {
            one.get("name") or "": (recorded_of(one), ("graph", part, at))
            for part in ("value_info", "output")
            for at, one in enumerate(self.main.get(part) or [])
        }
        sequences = Sequences(self._number, lambda name: self.held.get(self.aliases.get(name, name)))
        steps = Steps(self.model, Known(self._condition, self._number, sequences.members))
        try:
            for step in steps.of(self.main, ("graph",)):
                if isinstance(step, Held):
                    self._hold(step.name, step.tensor, step.path)
                    continue
                for one in step.outputs:
                    self._define(one, step.path)
                parts = sequences.of(step)
                for part in (*sequences.opened(step), step) if parts is None else parts:
                    if isinstance(part, Held):
                        self._hold(part.name, part.tensor, part.path)
                    else:
                        self._read_step(part)
        except TooManyError:
            message = f"the graph has more than {MAX_LAYERS:,} nodes with those of its functions"
            raise UnusableError(Diagnostic("SPC039", message, self.document.span(("graph",)))) from None
        self.advice.end()
        self._read_outputs(sequences)
        self.owners.assign(self.graph.layers, [tensor.node.layer for tensor in self.graph.outputs])
        for layer in self.graph.layers:
            layer.key = (*layer.key, layer.owned, layer.policy.compute)
        self._own_the_rest()
        say_unknown(self.graph, self.document, self.unknown, list(self.first_unknown.values()))
        axis = place_samples(self.graph, FLOWS, self.samples, has_names=bool(self.graph.symbols))
        if axis is not None:
            return ProgramReader(self.document, self.how, axis).read()
        resize(self.graph, self.how)
        return self.graph

    # --- what is wrong with the file ----------------------------------------------------------------------------------

    def _fault(self, code: str, message: str, path: Path, help: str | None = None) -> None:
        """Say what is wrong, and go on: a file may have more faults."""
        self.graph.diagnostics.append(Diagnostic(code, message, self.document.span(path), "error", help))

    def _remark(self, code: str, message: str, path: Path, help: str) -> None:
        """Say what is not a fault, and better otherwise."""
        self.graph.remarks.append(Diagnostic(code, message, self.document.span(path), "warning", help))

    def _define(self, name: str, path: Path) -> None:
        """Note where a tensor comes from; one name is for one tensor."""
        if name in self.defined:
            self._fault(
                "GRF307", f"the tensor `{named(name)}` is defined twice", path, "every tensor has a name of its own"
            )
        elif name:
            self.defined.add(name)

    def _missing(self, step: Step, name: str) -> Tensor:
        """A tensor of which nothing is known in the place of one that is not there, which is said once."""
        if name not in self.broken:
            at = step.path[2] if len(step.path) == 3 and step.path[0] == "graph" else -1
            found = self.makers.why_missing(named(name), step.name or step.type, int(at))
            self._fault(found.code, found.message, step.path, found.help)
        place = Place(self.document, step.path)
        layer = Layer(named(name), None, type_name="?", weightless=True, place=place)
        node = Node(layer)
        node.claim = Claim((None,), "?")
        self.graph.layers.append(layer)
        self.tensors[name] = Tensor(node)
        return self.tensors[name]

    # --- tensors that come from outside -------------------------------------------------------------------------------

    def _hold(self, name: str, message: dict[str, Any], path: Path) -> None:
        value = self._read_tensor(name, message, path)
        if value is None:
            self.broken.add(name)
        else:
            self._keep(name, value)

    def _hold_sparse(self, message: dict[str, Any], path: Path) -> None:
        values = message.get("values") or {}
        whole = {"dims": message.get("dims"), "data_type": values.get("data_type")}
        self._hold(values.get("name") or "", whole, path)

    def _read_tensor(self, name: str, message: dict[str, Any], path: Path) -> TensorValue | None:
        """The tensor of a message; None for one that is malformed, which is said."""
        try:
            return tensor_of(message)
        except MalformedError as error:
            self._fault("SPC079", f"`{name}`: {error}", path)
            return None

    def _keep(self, name: str, value: TensorValue) -> None:
        if not self.compute and is_weight(value):
            self.compute = value.dtype
        self.held[name] = value

    def _read_inputs(self) -> None:
        for at, one in enumerate(self.main.get("input") or []):
            name = one.get("name") or ""
            if name in self.held:
                continue  # up to IR version 3 every weight is an input, too
            said = recorded_of(one)
            path = ("graph", "input", at)
            spec = None
            if said.sizes is not None:
                shape = tuple([self._input_size(size, axis, len(said.sizes)) for axis, size in enumerate(said.sizes)])
                spec = InputSpec(shape, said.dtype or "float32")
            self._define(name, path)
            self.names.taken.add(name)
            layer = Layer(name, None, type_name="InputLayer", spec=spec, place=Place(self.document, path))
            node = Node(layer)
            self.tensors[name] = Tensor(node)
            self.graph.layers.append(layer)
            if spec is None:
                layer.weightless = True
                node.claim = Claim((None,), said.dtype or "?")
                message = f"the file does not say the shape of its input `{name}`: what follows from it is not known"
                self.graph.diagnostics.append(Diagnostic("GRF312", message, self.document.span(path), "warning"))
            else:
                self.graph.inputs.append(node)
        firsts = [node.layer.spec.shape[0] for node in self.graph.inputs if node.layer.spec and node.layer.spec.shape]
        # A batch that is open is one before any number is.
        self.graph.batch = next((one for one in firsts if isinstance(one, Expr)), firsts[0] if firsts else None)

    def _input_size(self, size: int | str | None, axis: int, rank: int) -> Dim:
        """A size of an input: a number, or a symbol that gets its name here."""
        if isinstance(size, int):
            return size
        if size is not None and size in self.symbols:
            return self.symbols[size]
        is_made_up = size is not None and _MADE_UP.fullmatch(size) is not None
        if axis == self.samples and (size is None or is_made_up or _BATCH.fullmatch(size)):
            if size is None and self.graph.batch is not None:
                return self.graph.batch
            found = fresh("N", self.graph.symbols).dim
            if size is None:
                self.graph.batch = found
        elif size is None:
            found = fresh(self._stem(axis, rank), self.graph.symbols).dim
        else:
            stem = re.sub(r"\W", "_", size, flags=re.ASCII)[:40]
            stem = stem if is_name(stem) and not is_made_up else self._stem(axis, rank)
            symbol = Symbol(name_for(stem, self.graph.symbols))
            self.graph.symbols[symbol.name] = symbol
            found = symbol.dim
        if size is not None:
            self.symbols[size] = found
        return found

    def _stem(self, axis: int, rank: int) -> str:
        """What an axis is called that the file has no name for."""
        if self.samples != 0:
            return "T" if rank < 4 and axis < 2 else f"D{axis}"
        names = ("N", "C", *AXES.get(rank, ())) if rank > 2 else ("N", "T")
        return names[axis] if axis < len(names) else f"D{axis}"

    def _said(self, step: Step, at: int) -> tuple[Shape | None, str | None]:
        """The shape and the dtype that the file records of an output of a node; of an `If`, of both its branches."""
        found = self.recorded.get(step.outputs[at])
        said = None if found is None else found[0]
        if (said is None or said.sizes is None) and (step.domain, step.type) == ("ai.onnx", "If"):
            said = recorded_of_branches(step.attributes, at) or said
        if said is None or said.sizes is None:
            return None, None if said is None else said.dtype
        return tuple([self._size(size) for size in said.sizes]), said.dtype

    def _size(self, size: int | str | None) -> Dim:
        """A recorded size: a number, a symbol of an input, or a formula of such."""
        if isinstance(size, int):
            return size
        if size is None:
            return UNKNOWN
        if size in self.symbols:
            return self.symbols[size]
        if len(size) > _LONGEST_FORMULA or not any(name in size for name in self.symbols):
            return UNKNOWN
        try:
            found = evaluate(size, self.symbols)
        except (ExpressionError, ValueError):
            return UNKNOWN
        return found if isinstance(found, (int, Expr)) and not isinstance(found, bool) else UNKNOWN

    # --- nodes --------------------------------------------------------------------------------------------------------

    def _known(self, name: str) -> tuple[int | float, ...] | None:
        """The numbers in a tensor, where they are known."""
        held = self.held.get(self.aliases.get(name, name))
        if held is not None:
            return held.numbers
        tensor = self.tensors.get(name)
        return None if tensor is None else self.numbers.of(tensor)

    def _condition(self, name: str) -> bool | None:
        """Whether a tensor is true, where that is known."""
        numbers = self._known(name)
        return bool(numbers[0]) if numbers else None

    def _number(self, name: str) -> int | None:
        """The number that a tensor is, where it is one whole number that is known."""
        numbers = self._known(name)
        return int(numbers[0]) if numbers is not None and len(numbers) == 1 and type(numbers[0]) is int else None

    def _counted(self, counted_by: tuple[str, int | None] | None) -> Dim | Tensor | SizeOf:
        """How often a node runs that stands in a graph which does so again and again."""
        if counted_by is None:
            return UNKNOWN
        name, axis = counted_by
        held = self.held.get(self.aliases.get(name, name))
        if held is None:
            tensor = self.tensors.get(name)
            return UNKNOWN if tensor is None else tensor if axis is None else SizeOf(tensor, axis)
        if axis is None:
            return held.numbers[0] if held.numbers and type(held.numbers[0]) is int else UNKNOWN
        return held.shape[axis] if -len(held.shape) <= axis < len(held.shape) else UNKNOWN

    def _read_step(self, step: Step) -> None:
        if not any(step.outputs):
            return
        if step.domain == "ai.onnx" and step.type == "Constant" and self._read_constant(step):
            return
        if (step.domain, step.type) == ("ai.onnx", "Identity") and len(step.inputs) == 1:
            source = self.aliases.get(step.inputs[0], step.inputs[0])
            if source in self.held:
                self.aliases[step.outputs[0]] = source
                return
        self.advice.meet(step)
        self._declare(step, f"{step.domain}.{step.type}")

    def _declare(self, step: Step, key: str) -> None:
        """The layer of a node, and its call."""
        type = ONNX.find(key)
        if type is not None:
            known = (*type.schema.fields, *type.schema.inputs, *type.ignored)
            more = next((name for name in step.attributes if name not in known and name not in WITHOUT_SHAPE), None)
            if more is not None:
                type, key = None, f"{key}` with `{more}"
        if type is None:
            shown = key.removeprefix("ai.onnx.") if step.domain == "ai.onnx" else key
            self.unknown[shown] += 1
            self.first_unknown.setdefault(shown, step.path)
        fields = self._fields(type, step)
        name, block = self._named(step)
        compute = self._compute(step)
        layer = declare(
            name,
            type,
            fields,
            PlainReading(),
            Place(self.document, step.path),
            self.graph.diagnostics,
            type_name=step.type or "?",
            policy=Policy(compute, compute),
            block=block,
        )
        inputs, constants, keywords = self._inputs(type, step, layer)
        layer.counts_sizes = self._counts_sizes(step, inputs, layer)
        layer.times = tuple([self._counted(one) for one in step.times])
        call = Node(layer, tuple(inputs), keywords)
        call.constants = tuple(constants)
        said = [self._said(step, at) for at in range(len(step.outputs))]
        call.claim = Claim(tuple([shape for shape, _ in said]), said[0][1] or "?")
        self.graph.layers.append(layer)
        for at, one in enumerate(step.outputs):
            if one:
                self.tensors[one] = tensor = Tensor(call, at)
                self._record(tensor, one)

    def _record(self, tensor: Tensor, name: str) -> None:
        found = self.recorded.get(name)
        if found is not None and found[0].sizes is not None:
            sizes = [self._size(size) for size in found[0].sizes]
            shape = tuple([size if isinstance(size, int) else None for size in sizes])
            formulas = tuple([(axis, size) for axis, size in enumerate(sizes) if isinstance(size, Expr)])
            self.graph.recorded.append(Recorded(tensor, shape, found[1], None, formulas, found[0].dtype))

    def _read_constant(self, step: Step) -> bool:
        """Whether a `Constant` holds a tensor of numbers, which is then kept."""
        (name, *_) = step.outputs
        attributes = {key: attribute_of(one) for key, one in step.attributes.items()}
        if isinstance(attributes.get("value"), dict):
            self._hold(name, attributes["value"], step.path)
            return True
        for key, dtype in _CONSTANTS.items():
            found = attributes.get(key)
            if isinstance(found, (int, float)):
                self._keep(name, TensorValue((), dtype, (found,)))
                return True
            if isinstance(found, list):
                self._keep(name, TensorValue((len(found),), dtype, tuple(found)))
                return True
        if isinstance(step.attributes.get("sparse_value"), dict):
            self._hold_sparse(step.attributes["sparse_value"].get("sparse_tensor") or {}, step.path)
            return True
        return False

    def _fields(self, type: LayerType | None, step: Step) -> dict[str, Any]:
        """The fields that the type reads: its attributes, the version of the operation, how many outputs it has."""
        known = {} if type is None else type.schema.fields
        fields: dict[str, Any] = {}
        for name, one in step.attributes.items():
            value = attribute_of(one) if name in known else None
            if isinstance(value, dict):  # a tensor
                tensor = self._read_tensor(step.name or step.type, value, step.path)
                value = None if tensor is None else list(tensor.numbers or ())
                if "dtype" in known and tensor is not None:
                    fields["dtype"] = tensor.dtype
            if value is not None:
                fields[name] = value
        if "opset" in known and step.opset:
            fields["opset"] = step.opset
        if "outputs" in known:
            fields["outputs"] = len(step.outputs)
        return fields

    def _compute(self, step: Step) -> str:
        """The dtype that a node computes in: that of its weights, or of all."""
        for name in step.inputs:
            held = self.held.get(self.aliases.get(name, name))
            if held is not None and is_weight(held) and held.dtype in FLOATS[:4]:
                return held.dtype
        return self.compute or "float32"

    def _inputs(
        self, type: LayerType | None, step: Step, layer: Layer
    ) -> tuple[list[Tensor], list[Constant], tuple[str, ...]]:
        """The tensors of a call, those that are held among them as constants, and the keywords of the last ones."""
        given, keywords = slots(type, [name or None for name in step.inputs])
        inputs: list[Tensor] = []
        constants: list[Constant] = []
        layer.owned = ()
        for index, (at, name) in enumerate(given):
            tensor = self.tensors.get(name)
            if tensor is not None:
                inputs.append(tensor)
                self.owners.gives(tensor.node.layer, layer, type, at)
                continue
            source = self.aliases.get(name, name)
            held = self.held.get(source)
            if held is None:
                inputs.append(self._missing(step, name))
                continue
            config: dict[str, object] = {"dtype": held.dtype}
            if held.numbers is not None:
                config["value"] = list(held.numbers)
            constants.append(Constant(index, held.shape, {"config": config}))
            self.owners.takes(layer, source, held, type, at)
        self._hold_inner(step, layer)
        return inputs, constants, keywords

    def _hold_inner(self, step: Step, layer: Layer) -> None:
        """Give a node the weights that graphs within it hold, whether or not it is known which of these run."""
        waiting = [attribute_of(one) for one in step.attributes.values() if "g" in one]
        while waiting:
            graph = waiting.pop()
            if not isinstance(graph, dict):
                continue
            for one in graph.get("initializer") or []:
                name = one.get("name") or ""
                value = self._read_tensor(name, one, step.path)
                weight = None if value is None else plain_weight(name, value)
                if weight is not None:
                    self.owners.holds(layer, weight)
            for node in graph.get("node") or []:
                waiting += [attribute_of(one) for one in node.get("attribute") or [] if "g" in one]

    def _counts_sizes(self, step: Step, inputs: list[Tensor], layer: Layer) -> bool:
        """Whether a node gives nothing but numbers that are computed from sizes."""

        def known() -> bool:
            held = [self.held.get(self.aliases.get(name, name)) for name in step.inputs if name]
            return all(one is None or one.numbers is not None for one in held)

        return step.domain == "ai.onnx" and _ON_SIZES.counted(step.type, layer, inputs, known)

    def _named(self, step: Step) -> tuple[str, tuple[str, ...]]:
        """The name of a layer and the blocks that it stands in, by the file's name of the node."""
        if step.scopes:
            scopes = re.findall(r"'([^']*)'", step.scopes)
            block = tuple(scopes[-2].split(".")) if len(scopes) > 1 and scopes[-2] else ()
        else:
            parts = [part for part in step.name.split("/") if part]
            block = ()
            before = ""
            for part in parts[:-1]:
                inner = part.removeprefix(before + ".") if before else part
                block += tuple(inner.split("."))
                before = part
        name = step.name or self.names.automatic(step.type or "node")
        if not step.name:
            return name, block
        return free_name(self.names, name, step.type or "node"), block

    # --- the end ------------------------------------------------------------------------------------------------------

    def _own_the_rest(self) -> None:
        rest = {name: path for name, path in self.initial.items() if name in self.held and name not in self.owners.read}
        self.advice.unread(rest)
        weights = [plain_weight(name, self.held[name]) for name in rest]
        own_the_rest(self.graph, [one for one in weights if one is not None])

    def _read_outputs(self, sequences: Sequences) -> None:
        found: list[Tensor | None] = []
        for at, one in enumerate(self.main.get("output") or []):
            name, path = one.get("name") or "", ("graph", "output", at)
            if name not in self.tensors and self.aliases.get(name, name) in self.held:
                # A tensor of the file, handed out as it is.
                step = Step("Identity", "ai.onnx", "", (name,), (name,), {}, 0, path)
                self._declare(step, f"{step.domain}.{step.type}")
            elif name in self.defined and name not in self.tensors:
                found += map(self.tensors.get, sequences.members(name) or ())
                continue
            elif name not in self.defined:
                self._fault("GRF302", f"nothing makes the output `{name}`", path, did_you_mean(name, self.tensors))
            found.append(self.tensors.get(name))
        give_outputs(self.graph, found, next(reversed(self.tensors.values()), None))
