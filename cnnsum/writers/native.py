"""A graph in the spec language: every layer on a line of its own, with the fields that are not the defaults.

Repeated structure is not folded into blocks. What no number depends on (initializers, regularizers) is left out.
"""

from __future__ import annotations

import json
from collections.abc import Collection

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, Expr, is_anonymous
from cnnsum.graph.model import FLOAT32, POLICIES, Graph, Layer, Node, Policy, Tensor
from cnnsum.graph.names import Names
from cnnsum.layers.base import REQUIRED, Field, LayerType, is_mask
from cnnsum.layers.inner import Inner, freezes, held_by
from cnnsum.layers.kinds import INPUT_DTYPES, Anything, kind_in
from cnnsum.layers.vocabulary import KERAS, VOCABULARIES
from cnnsum.readers.native.entry import SPECIAL
from cnnsum.typed import NoReturn
from cnnsum.writers.refusals import Refusals
from cnnsum.writers.values import held_policy, policy_name, raw_fields, shortest

_ANYTHING = kind_in(Anything)
_FORBIDDEN = str.maketrans(dict.fromkeys(":/$", "_"))
Item = dict[str, dict[str, object]]


def text_of(graph: Graph, to: str, refusals: Refusals) -> str:
    """The text of a spec, in YAML or JSON."""
    spec = _Writer(graph, refusals).spec()
    if graph.compile_config:
        refusals.warn_of_optimizer(graph, "a spec says nothing of training")
    if to == "json":
        return json.dumps(spec, indent=1, ensure_ascii=False) + "\n"
    from cnnsum.writers.yaml_text import dump

    return dump(spec)


class _NeedsReaderError(Exception):
    """Formulas and layers are read by a reader of the language; they are written as it reads them."""


class _NoReader:
    """Lends kinds nothing."""

    def number(self, text: str) -> NoReturn:  # noqa: ARG002 - as readers have it
        """Raise: a formula was written."""
        raise _NeedsReaderError

    def sublayer(self, raw: object) -> object:  # noqa: ARG002
        """Raise: a layer was written."""
        raise _NeedsReaderError


class _Writer:
    """Writes one graph, and models in it by others of its kind. `names` has what each call of a layer is called."""

    def __init__(self, graph: Graph, refusals: Refusals, *, is_nested: bool = False) -> None:
        self.graph = graph
        self.refusals = refusals
        self.is_nested = is_nested
        #: The policy of most layers, and whether all are frozen by a word above them.
        self.usual = FLOAT32
        self.frozen = False
        self.names: dict[Node, str] = {}

    def spec(self) -> dict[str, object]:
        """The model as plain data, a file's whole content."""
        vocabulary = self.graph.vocabulary
        framework = {} if vocabulary is KERAS else {"framework": vocabulary.name}
        symbols = {
            name: {key: value for key, value in (("min", one.minimum), ("multiple_of", one.multiple_of)) if value != 1}
            for name, one in self.graph.symbols.items()
            if name in self.graph.declared
        }
        declared: dict[str, object] = {"symbols": symbols} if symbols else {}
        used = {layer.type_name for layer in self.graph.layers}
        types = {name: said for name, said in self.graph.own_types.items() if name in used}
        if types:
            declared["layer_types"] = types
        name = {"name": self.graph.name} if self.graph.name else {}
        return {**name, **framework, **self.model(FLOAT32, frozen=False), **declared}

    def model(self, around: Policy, *, frozen: bool) -> dict[str, object]:
        """The keys of the model but its name; around, frozen: the policy and the switch that hold without a word."""
        graph = self.graph
        self._name_calls()
        layers = [layer for layer in graph.layers if layer.spec is None]
        policies = [layer.policy for layer in layers if _has_policy(layer)]
        self.usual = usual = max(dict.fromkeys(policies), key=policies.count, default=around)
        result: dict[str, object] = self._inputs()
        if usual != around:
            result["dtype"] = policy_name(usual)
        # In a file of Keras, layers of a frozen model within the model may train; nothing thaws them in a spec.
        off = not graph.trainable and not (self.is_nested and _thawed(graph))
        if off and not frozen:
            result["trainable"] = False
        self.frozen = frozen = frozen or off
        items: list[tuple[Item, Node]] = []
        entrance = graph.inputs[0] if len(graph.inputs) == 1 else None
        before: Node | None = entrance
        for layer in layers:
            for node in layer.nodes:
                items.append((self._item(layer, node, before), node))
                before = node
        for item, node in items:
            ((_, fields),) = item.items()
            self._refuse_unless_known(node.layer, policy_name(node.layer.policy), POLICIES)
            if node.layer.policy != usual and "share" not in fields and _has_policy(node.layer):
                fields["dtype"] = policy_name(node.layer.policy)
            if node.layer.is_off and not frozen and node.layer.graph is None and "share" not in fields:
                fields["trainable"] = False
        self._leave_out_names([item for item, _ in items])
        result["layers"] = [_short(item) for item, _ in items]
        if [*graph.outputs] != [Tensor(before)] if before is not None else graph.outputs:
            outputs = [self._reference(tensor) for tensor in graph.outputs]
            result["outputs"] = outputs[0] if len(outputs) == 1 else outputs
        return result

    # --- names --------------------------------------------------------------------------------------------------------

    def _name_calls(self) -> None:
        taken = {layer.name for layer in self.graph.layers}
        for layer in self.graph.layers:
            name = layer.name.translate(_FORBIDDEN).strip()
            if name == "input" and layer.spec is None:
                name = "input_"
            if name != layer.name or not name:
                while name in taken or not name:
                    name += "_"
                taken.add(name)
                said = f"`{layer.name}`" if layer.name else "an empty text"
                self.refusals.warn(layer, f"{said} is not a name in a spec: it is called `{name}` there")
            for node in layer.nodes:
                call = name
                while node.index and call in taken:
                    call = f"{name}_call_{node.index + 1}" if call == name else f"{call}_"
                taken.add(call)
                self.names[node] = call

    def _leave_out_names(self, items: list[Item]) -> None:
        """Leave out the names that the reader gives of itself. Which those are depends on those that are written."""
        entries = [(type_name, fields) for item in items for type_name, fields in item.items()]
        written = {str(fields["name"]) for _, fields in entries if "share" in fields}
        while True:
            # The reader's name for the input of a chain that names none is the first that it gives.
            names = Names({*written, *(self.names[node] for node in self.graph.inputs)})
            wrong = set()
            for type_name, fields in entries:
                if fields["name"] in written:
                    continue
                found = self.graph.vocabulary.find(type_name)
                if names.automatic(type_name if found is None else found.name) != fields["name"]:
                    wrong.add(str(fields["name"]))
            if not wrong:
                break
            written |= wrong
        for _, fields in entries:
            if fields["name"] not in written:
                del fields["name"]

    def _reference(self, tensor: Tensor) -> str:
        name = self.names[tensor.node]
        return f"{name}:{tensor.index}" if tensor.index else name

    # --- inputs -------------------------------------------------------------------------------------------------------

    def _inputs(self) -> dict[str, object]:
        graph = self.graph
        written: dict[str, object] = {}
        for node in graph.inputs:
            spec = node.layer.spec
            assert spec is not None
            shape = [_size(dim) for dim in spec.shape[1:]]
            if graph.samples != (0, 0) and not self.is_nested:
                message = "the first axis of an input of a spec is the batch, and here it is not"
                self.refusals.refuse(node.layer, message, "export it with the batch first")
            if 0 in spec.shape:
                self.refusals.refuse(node.layer, f"`{node.layer.name}`: a spec has no axes without elements, of size 0")
            self._refuse_unless_known(node.layer, spec.dtype, INPUT_DTYPES)
            more: dict[str, object] = {} if spec.dtype == self.usual.variable else {"dtype": spec.dtype}
            if spec.shape and isinstance(spec.shape[0], int) and not self.is_nested:
                more["batch"] = spec.shape[0]
            written[self.names[node]] = {"shape": shape, **more} if more else shape
        if all(layer.spec is not None for layer in graph.layers):
            whole = Layer(graph.name, None, place=graph.place)
            self.refusals.refuse(whole, f"`{graph.name}` has no layers, and a spec has some")
        elif not written and not self.is_nested:
            message = "the model has no input shape, and a spec needs one"
            self.refusals.refuse(graph.layers[0], message, "give one with -i")
        if not graph.sequential:
            return {"inputs": written}
        # A chain within the model that is listed at what it is called on says nothing of that itself.
        open = self.is_nested and (graph.resized or not written)
        if open:
            return {}
        (name, only), *_ = (*written.items(), ("input_layer", []))
        if name == "input_layer":  # which it is called without a word
            return {"input": only}
        return {"input": {**(only if isinstance(only, dict) else {"shape": only}), "name": name}}

    def _refuse_unless_known(self, layer: Layer, dtype: str, known: Collection[str]) -> None:
        if dtype not in known:
            self.refusals.refuse(layer, f"`{layer.name}`: a spec has no dtype `{dtype}`")

    # --- layers -------------------------------------------------------------------------------------------------------

    def _item(self, layer: Layer, node: Node, before: Node | None) -> Item:
        fields: dict[str, object] = {}
        type = layer.type
        if layer.graph is not None:
            if node.index:
                fields["share"] = self.names[layer.nodes[0]]
            else:
                inner = _Writer(layer.graph, self.refusals, is_nested=True)
                fields = inner.model(self.usual, frozen=self.frozen)
        elif type is None:
            self.refusals.refuse(layer, f"`{layer.name}` is of an unknown type, `{layer.type_name}`")
        elif type.vocabulary is not self.graph.vocabulary and type.vocabulary.name not in VOCABULARIES:
            message = (
                f"`{layer.name}` is a layer of {type.vocabulary.title}, `{type.name}`, which no spec has words for"
            )
            self.refusals.refuse(layer, message)
        elif node.index:
            self._warn_of_foreign(layer, type)
            fields["share"] = self.names[layer.nodes[0]]
        else:
            self._warn_of_foreign(layer, type)
            fields = self._fields(layer, type)
        if node.options:
            listed = ", ".join(node.options)
            self.refusals.refuse(layer, f"one call of `{layer.name}` has {listed} of its own, which a spec cannot say")
        source = self._source(node, before)
        if source is not None:
            fields["from"] = source
        fields["name"] = self.names[node]
        return {type.key if type is not None and layer.is_operation else layer.type_name: fields}

    def _warn_of_foreign(self, layer: Layer, type: LayerType) -> None:
        if self.graph.vocabulary.find(type.key) is None and type.key not in self.graph.own_types:
            self.refusals.warn_of_foreign(layer, type)

    def _constant(self, value: object, layer: Layer) -> object:
        """A number, or lists of them; Keras writes an array as a mapping that holds them."""
        if isinstance(value, dict) and isinstance(value.get("config"), dict):
            value = value["config"].get("value")
        if isinstance(value, bool) or not isinstance(value, (int, float, list)) or not layer.is_operation:
            self.refusals.refuse(layer, f"`{layer.name}` has a constant that a spec has no words for")
        return value

    def _fields(self, layer: Layer, type: LayerType) -> dict[str, object]:
        raw = raw_fields(layer)
        written: dict[str, object] = {}
        for name, field in type.schema.fields.items():
            value = layer.fields[name]
            if _is_default(value, field):
                continue
            if name in SPECIAL and name != "dtype":
                self.refusals.refuse(layer, f"`{layer.name}`: its field `{name}` is a word of the language")
            found = raw[name] if field.kind is _ANYTHING and name in raw else self._value(value, field)
            self._refuse_unless_read(found, field, layer)
            for held in value if isinstance(value, tuple) else (value,):
                if isinstance(held, Inner) and held_policy(held, layer.policy) != layer.policy:
                    message = f"`{layer.name}`: a spec has no word for the dtype of what it holds, {held.dtype}"
                    self.refusals.warn(layer, message)
            written[name] = found
        return written

    def _refuse_unless_read(self, written: object, field: Field, layer: Layer) -> None:
        """A Keras file may hold what no spec may, as the name of a function that is registered elsewhere."""
        if written is None:
            return
        try:
            field.kind.read(written, _NoReader())
        except Problem as problem:
            self.refusals.refuse(layer, f"`{layer.name}`: in a spec `{field.name}` {problem.message}")
        except _NeedsReaderError:
            pass

    def _value(self, value: object, field: Field) -> object:
        return shortest(value, field, self._inner)

    def _inner(self, inner: Inner) -> object:
        graph = getattr(inner, "graph", None)
        if graph is not None:
            named = {"name": inner.name} if inner.name else {}
            model = _Writer(graph, self.refusals, is_nested=True).model(self.usual, frozen=self.frozen)
            return {inner.type.name: {**named, **model}}
        fields = {
            name: self._value(value, inner.type.schema.fields[name])
            for name, value in inner.fields.items()
            if not _is_default(value, inner.type.schema.fields[name])
        }
        if inner.name:
            fields["name"] = inner.name
        if not inner.trainable and not self.frozen:
            fields["trainable"] = False
        return {inner.type.name: fields} if fields else inner.type.name

    def _source(self, node: Node, before: Node | None) -> object:
        """What `from` says; None where it is the layer before."""
        type = node.layer.type
        listed: list[object] = [self._reference(tensor) for tensor in node.inputs]
        usual = () if before is None else (Tensor(before),)
        if type is not None and type.takes_list:
            for constant in node.constants:
                listed.insert(constant.index, self._constant(constant.value, node.layer))
            return listed
        if not node.keywords and not node.constants and node.inputs == usual and (before or self.is_nested):
            return None
        if node.keywords and type is not None:
            placed = len(listed) - len(node.keywords)
            names = (*type.schema.inputs[:placed], *node.keywords)
            masks = () if node.layer.is_operation else tuple(filter(is_mask, names))
            lost = [name for name in names if name not in type.schema.inputs and name not in masks]
            for name in lost:
                message = f"`{node.layer.name}` is given a `{name}`, which a spec has no word for"
                self.refusals.refuse(node.layer, message)
            return dict(zip(names, listed, strict=True))
        for constant in node.constants:
            listed.insert(constant.index, self._constant(constant.value, node.layer))
        return listed[0] if len(listed) == 1 else listed


def _has_policy(layer: Layer) -> bool:
    """Whether a layer has a dtype policy of its own: not a model, nor an operation whose field the word is."""
    return layer.graph is None and (layer.type is None or "dtype" not in layer.type.schema.fields)


def _thawed(graph: Graph) -> bool:
    """Whether a layer of the model, of models in it, or that one of them holds, trains by its own word."""
    return any(
        _trains(layer) if layer.graph is None else _thawed(layer.graph) for layer in graph.layers if not layer.spec
    )


def _trains(layer: Layer | Inner) -> bool:
    graph = getattr(layer, "graph", None)
    if graph is not None:
        return _thawed(graph)
    off = layer.is_off if isinstance(layer, Layer) else not layer.trainable
    return not off or (not freezes(layer.type, layer.fields) and any(map(_trains, held_by(layer.fields))))


def _short(item: Item) -> str | Item:
    ((type_name, fields),) = item.items()
    return item if fields else type_name


def _is_default(value: object, field: Field) -> bool:
    default = field.default
    if default is None:
        return field.kind.means(value) == field.kind.null
    return default is not REQUIRED and type(value) is type(default) and bool(value == default)


def _size(dim: Dim) -> object:
    return None if isinstance(dim, Expr) and is_anonymous(dim) else str(dim) if isinstance(dim, Expr) else dim
