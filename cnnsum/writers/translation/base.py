"""A graph in the words of another framework: what both directions have in common.

A layer becomes one layer or several, each call of it a call of these; names, blocks, places and the switch that freezes
are kept. Knows the vocabularies, and no type of either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, Expr, Unknown
from cnnsum.graph.infer import Inference
from cnnsum.graph.model import BlockUse, Graph, InputSpec, Layer, Node, Policy, Tensor
from cnnsum.graph.names import Names
from cnnsum.layers.facts import Shape
from cnnsum.layers.vocabulary import Vocabulary
from cnnsum.typed import NamedTuple, NoReturn
from cnnsum.writers.code.names import is_automatic
from cnnsum.writers.code.units import Known, ordered
from cnnsum.writers.refusals import Refusals

#: Names that writers look at, for the layers of which something is to be said.
Notes = dict[Layer, str]


#: Activations that do not mind the order of what they are given.
_BY_ELEMENT = ("relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "sigmoid", "tanh")


class Moved(NamedTuple):
    """A tensor of the new graph, and whether its channels stand elsewhere than in the old one: first, and not last."""

    tensor: Tensor
    moved: bool = False


class _NoReading:
    """Lends kinds nothing: values are plain."""

    def number(self, text: str) -> NoReturn:
        """Raise: no text is a number here."""
        raise Problem("CFG102", f"is a text, {text!r}")

    def sublayer(self, raw: object) -> object:  # noqa: ARG002 - as readers have it
        """Raise: no layer is written here."""
        raise Problem("CFG102", "is a layer")


class CannotError(Exception):
    """A layer has no words in the other vocabulary; help: what to do instead."""

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.help = help


class Call:
    """One call that is translated: its layer, what it reads, and how its new layers are made."""

    def __init__(self, translator: Translator, node: Node, inputs: Sequence[Moved], place: Standing) -> None:
        self.translator = translator
        self.node = node
        self.layer = node.layer
        self.fields = node.layer.fields
        self.inputs = list(inputs)
        self._place = place
        found = translator.known.call(node)
        self.shapes: tuple[Shape | None, ...] = () if found is None else translator.known.shapes(found.inputs)
        self.outputs: tuple[Shape | None, ...] = () if found is None else translator.known.shapes(found.outputs)
        #: The dtype of its first output, where a call gives any.
        self.dtype = translator.known.values[found.outputs[0]].dtype if found is not None and found.outputs else None

    def shape(self, number: int = 0) -> Shape:
        """The shape of an input, as the old graph has it."""
        shape = self.shapes[number] if number < len(self.shapes) else None
        if shape is None:
            raise CannotError("the shape of its input is not known")
        return shape

    # Fields by what stands in them, which their kinds have seen to.

    def sizes(self, name: str) -> tuple[Dim, ...]:
        """A field with a number for each axis; () for null."""
        value = self.fields[name]
        assert value is None or isinstance(value, tuple)
        return value or ()

    def axes(self, name: str) -> tuple[int, ...]:
        """A field with plain numbers; () for null."""
        value = self.fields[name]
        assert value is None or isinstance(value, tuple)
        return value or ()

    def pads(self, name: str) -> tuple[tuple[Dim, Dim], ...]:
        """A field with the numbers before and after each axis."""
        value = self.fields[name]
        assert isinstance(value, tuple)
        return value

    def size(self, name: str) -> Dim:
        """A field with one number, which may be a formula."""
        value = self.fields[name]
        assert isinstance(value, (int, Expr, Unknown))
        return value

    def axis(self, name: str) -> int:
        """A field with a plain whole number."""
        value = self.fields[name]
        assert isinstance(value, int)
        return value

    def number(self, name: str) -> float:
        """A field with a plain number."""
        value = self.fields[name]
        assert isinstance(value, (int, float))
        return value

    def word(self, name: str) -> str:
        """A field with a text."""
        value = self.fields[name]
        assert isinstance(value, str)
        return value

    def made(
        self,
        key: str,
        fields: Mapping[str, object],
        *inputs: Tensor,
        suffix: str = "",
        keywords: tuple[str, ...] = (),
        last: bool = False,
    ) -> Tensor:
        """A call of a new layer. suffix: tells the layers of one old layer apart; "" is the one that has its weights.

        last: whether it gives the result, whose name is the old layer's where that was given by hand.
        """
        return self.translator.made(self, self._place, key, fields, inputs, suffix, keywords, last=last)

    def note(self, tensor: Tensor, text: str) -> None:
        """Say something of a new layer."""
        self.translator.notes[tensor.node.layer] = text


class Standing(NamedTuple):
    """Where a call stands: the names of the models around it, and what their tensors became."""

    path: tuple[str, ...]
    made: dict[Tensor, Moved]


class Translator:
    """Translates one graph. `rules` has, by the key of a type, who translates a call of it."""

    def __init__(
        self, graph: Graph, inference: Inference, refusals: Refusals, vocabulary: Vocabulary, rules: Mapping[str, Rule]
    ) -> None:
        self.graph = graph
        self.inference = inference
        self.refusals = refusals
        self.vocabulary = vocabulary
        self.rules = rules
        self.known = Known(inference)
        self.notes: Notes = {}
        self.layers: list[Layer] = []
        self.blocks: dict[tuple[str, ...], BlockUse] = dict(graph.blocks)
        #: Inputs with their axes exchanged: by the tensor, where its channels are then, and the block.
        self.exchanged: dict[tuple[Tensor, bool, tuple[str, ...]], Tensor] = {}
        self._readers: dict[Node, list[Node]] = {}
        self._ends: set[Node] = set()
        for model in graph.models():
            self._ends.update(tensor.node for tensor in model.outputs)
            for layer in model.layers:
                for node in layer.nodes:
                    for tensor in node.inputs:
                        self._readers.setdefault(tensor.node, []).append(node)
        self._cache: dict[tuple[Layer, str, str, str], Layer] = {}
        self._weighted: dict[tuple[Layer, str], Layer] = {}
        self._names = Names({layer.name for model in graph.models() for layer in model.layers if _is_given(layer)})
        self._stems: dict[tuple[str, str, str], str] = {}

    # --- the graph ----------------------------------------------------------------------------------------------------

    def translated(self) -> Graph:
        """The new graph; what cannot be translated is refused, and then the graph must not be used."""
        graph = self.graph
        made: dict[Tensor, Moved] = {}
        inputs = []
        for node in graph.inputs:
            old = node.layer
            assert old.spec is not None
            moved = self.moves_input(node)
            shape = self.moved_shape(old.spec.shape) if moved else old.spec.shape
            new = Layer(
                old.name, None, type_name=old.type_name, place=old.place, policy=old.policy,
                spec=InputSpec(shape, old.spec.dtype),
            )  # fmt: skip
            self.layers.append(new)
            inputs.append(Node(new))
            made[Tensor(node)] = Moved(Tensor(inputs[-1]), moved)
        if not inputs:
            raise CannotError("the model has no input shape, and without one no layer can be translated")
        self._run(graph, made, ())
        outputs = [made[tensor].tensor for tensor in graph.outputs if tensor in made]
        found = Graph(
            graph.name,
            inputs=inputs,
            outputs=outputs,
            layers=self.layers,
            sequential=graph.sequential and _is_chain(self.layers, outputs),
            trainable=graph.trainable,
            batch=graph.batch,
            symbols=graph.symbols,
            place=graph.place,
            backend=graph.backend,
            vocabulary=self.vocabulary,
        )
        found.blocks = self.blocks
        found.samples = graph.samples
        found.declared = graph.declared
        return found

    def moves_input(self, node: Node) -> bool:
        """Whether the channels of an input of the network move."""
        raise NotImplementedError

    def moved_shape(self, shape: Shape) -> Shape:
        """A shape with its channels elsewhere."""
        raise NotImplementedError

    def policy(self, call: Call) -> Policy:
        """The dtype policy of the new layers of a call."""
        return call.layer.policy

    def readers_of(self, tensor: Tensor) -> list[Node]:
        """The calls of layers that read a tensor, those in models within the model too."""
        found = []
        for node in self._readers.get(tensor.node, ()):
            inner = node.layer.graph
            if inner is None:
                found += [node] if tensor in node.inputs else []
            elif inner.inputs:
                places = [place for place, one in enumerate(node.inputs) if one == tensor]
                for place in places:
                    found += self.readers_of(Tensor(inner.inputs[min(place, len(inner.inputs) - 1)]))
            elif inner.layers:
                found += inner.layers[0].nodes[:1]
        return found

    def outputs_read(self, node: Node) -> set[int]:
        """The outputs of a call that anyone reads."""
        found = {one.index for reader in self._readers.get(node, ()) for one in reader.inputs if one.node is node}
        ends = {one.index for model in self.graph.models() for one in model.outputs if one.node is node}
        return found | ends

    def leads_to_products(self, node: Node, depth: int = 20) -> bool:
        """Whether all that reads what a call gives multiplies it with a matrix, after steps element by element."""
        readers = self._readers.get(node, ())
        if not readers or node in self._ends or not depth:
            return False
        for reader in readers:
            type = reader.layer.type
            if type is None:
                return False
            by_element = type.role in ("dropout", "identity") or (
                type.role == "activation" and type.function in _BY_ELEMENT
            )
            if type.role != "dense" and not (by_element and self.leads_to_products(reader, depth - 1)):
                return False
        return True

    def _run(self, graph: Graph, made: dict[Tensor, Moved], path: tuple[str, ...]) -> None:
        self.refusals.warn_of_unused(graph)
        run = set(graph.order().nodes)
        nodes = [node for one in graph.layers if one.spec is None for node in one.nodes if node in run]
        before: Tensor | None = None
        for node in ordered(nodes):
            sources = list(node.inputs)
            if not sources and graph.sequential and before is None and not graph.inputs:
                inputs = [*made.values()][:1]
            else:
                inputs = [made[tensor] for tensor in sources if tensor in made]
                if len(inputs) < len(sources):
                    continue  # what it reads was refused
            before = Tensor(node)
            place = Standing(path, made)
            if node.layer.graph is not None:
                self._open(node, inputs, place)
                continue
            results = self._call(node, inputs, place)
            made.update({Tensor(node, index): result for index, result in enumerate(results)})

    def _open(self, node: Node, inputs: list[Moved], place: Standing) -> None:
        """The layers of a model within the model, as those of a block of its name."""
        layer = node.layer
        assert layer.graph is not None
        path = (*place.path, *layer.block, *layer.name.split("."))
        self.blocks.setdefault(path, BlockUse(layer.name.rpartition(".")[2], dict))
        self.blocks.update({(*path, *own): use for own, use in layer.graph.blocks.items()})
        inner: dict[Tensor, Moved] = dict(zip(map(Tensor, layer.graph.inputs), inputs, strict=False))
        if not layer.graph.inputs:
            inner[Tensor(Node(Layer("input", None)))] = inputs[0]
        self._run(layer.graph, inner, path)
        for index, tensor in enumerate(layer.graph.outputs):
            if tensor in inner:
                place.made[Tensor(node, index)] = inner[tensor]

    def _call(self, node: Node, inputs: list[Moved], place: Standing) -> list[Moved]:
        layer = node.layer
        try:
            found = self._rule(node)(Call(self, node, inputs, place))
        except CannotError as error:
            message = str(error)
            message = f"`{layer.name}` {message}" if message.startswith("is of") else f"`{layer.name}`: {message}"
            self.refusals.refuse(layer, message, error.help)
            return []
        except Problem as problem:
            self.refusals.refuse(layer, f"`{layer.name}`: {problem}", problem.help)
            return []
        return found if isinstance(found, list) else [found]

    def _rule(self, node: Node) -> Rule:
        layer = node.layer
        type = layer.type
        if type is None:
            raise CannotError(f"is of an unknown type, `{layer.type_name}`")
        rule = self.rules.get(type.key)
        if rule is None or self.graph.vocabulary.find(type.key) is not type:
            raise CannotError(f"{type.name} has no layer of {self.vocabulary.title} that does exactly the same")
        if node.options or node.computed:
            raise CannotError("one of its calls has fields of its own")
        if node.constants and not layer.is_operation:
            raise CannotError("a constant beside its tensors is not an input of a layer there")
        return rule

    # --- new layers ---------------------------------------------------------------------------------------------------

    def made(
        self,
        call: Call,
        place: Standing,
        key: str,
        fields: Mapping[str, object],
        inputs: Sequence[Tensor],
        suffix: str,
        keywords: tuple[str, ...],
        *,
        last: bool,
    ) -> Tensor:
        """A call of a new layer, which is made by the first call of the old one."""
        old = call.layer
        cached = (old, suffix, key, repr(sorted(fields.items())))
        layer = self._cache.get(cached)
        if layer is None:
            type = self.vocabulary.find(key)
            assert type is not None, key
            bound, problems = type.bind(fields, _NoReading())
            if problems:
                raise problems[0]
            if type.weights and (old, suffix) in self._weighted:
                raise CannotError("its calls need padding of different sizes, and weights of one layer")
            layer = Layer(
                self._name(old, place, type.name, last=last),
                type,
                bound,
                place=old.place,
                policy=self.policy(call),
                trainable=not old.is_off,
                block=(*place.path, *old.block),
            )
            self.layers.append(layer)
            self._cache[cached] = layer
            if type.weights:
                self._weighted[old, suffix] = layer
        return Tensor(Node(layer, tuple(inputs), keywords))

    def _name(self, old: Layer, place: Standing, type_name: str, *, last: bool) -> str:
        path = (*place.path, *old.block)
        prefix = ".".join(path) + "." if path else ""
        inside = ".".join(place.path) + "." if place.path else ""
        full = inside + old.name
        local = full.removeprefix(prefix)
        stem, dot, number = local.rpartition(".")
        copied = bool(dot) and number.isdigit()
        stem = stem if copied else local
        old_type = old.type.name if old.type is not None else old.type_name
        if not is_automatic(stem, old_type) and last:
            return full
        if not copied:
            return self._names.automatic(type_name, prefix)
        known = (prefix, stem, type_name)
        if known not in self._stems:
            self._stems[known] = self._names.automatic(type_name, prefix)
        name = f"{self._stems[known]}.{number}"
        if name in self._names.taken:
            return self._names.automatic(type_name, prefix)
        self._names.taken.add(name)
        return name


Rule = Callable[[Call], Moved | list[Moved]]


def _is_chain(layers: Sequence[Layer], outputs: Sequence[Tensor]) -> bool:
    """Whether each layer is called once, on the result of the one before it."""
    nodes = [layer.nodes[0] for layer in layers if len(layer.nodes) == 1]
    chained = all(node.inputs == (Tensor(before),) for before, node in pairwise(nodes))
    return chained and len(nodes) == len(layers) and list(outputs) == [Tensor(nodes[-1])]


def _is_given(layer: Layer) -> bool:
    """Whether a layer keeps its name: it says more than its type and a number."""
    stem, dot, number = layer.name[len(".".join(layer.block)) :].lstrip(".").rpartition(".")
    local = stem if dot and number.isdigit() else number
    return layer.spec is not None or not is_automatic(local, layer.type.name if layer.type else layer.type_name)
