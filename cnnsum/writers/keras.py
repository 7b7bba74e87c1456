"""A graph as Keras 3 writes it (`model.to_json()`): `keras.models.model_from_json` reads it.

What came from a Keras 3 file keeps its config; of older files, initializers are left out. The shapes that Keras records
beside every tensor are the inferred ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from cnnsum.dims import Dim
from cnnsum.graph.infer import Inference, Value
from cnnsum.graph.model import FLOAT32, Graph, Layer, Node, Policy, Tensor
from cnnsum.layers.base import COMMON, LayerType, find
from cnnsum.layers.inner import Inner
from cnnsum.layers.keras import NOT_POLICIES
from cnnsum.layers.keras.fields import CELLS
from cnnsum.writers.keras_states import STATES, has_states, of_call, on_states, takes_list
from cnnsum.writers.refusals import Refusals
from cnnsum.writers.values import has_formula, held_policy, plain, policy_name, raw_fields

Json = dict[str, object]

#: Layers with inputs of their own names that Keras calls on one list of them.
ON_LISTS = frozenset(("Subtract", "Dot", "Attention", "AdditiveAttention"))
_OPERATIONS_ON_LISTS = frozenset(("Concatenate", "Stack", "Hstack", "Vstack", "Dstack"))
#: Fields of ours that are arguments of a call in Keras.
OF_CALLS = frozenset(("return_attention_scores", "use_causal_mask", "reverse", "key"))
#: Classes that Keras exports, and finds, under another name.
EXPORTED = {"GroupedQueryAttention": "GroupQueryAttention"}
#: What Keras has in older files too, and no number depends on.
_KEPT = ("_regularizer", "_constraint")
#: What a spec may say beside the fields of a layer, and Keras has too; other names are those of older files.
_UNREAD = ("_initializer", *_KEPT)
#: What no name has on every backend: a slash on none, a dot where PyTorch has the weights.
_REFUSED = str.maketrans("./", "__")


def _unread(layer: Layer, type: LayerType) -> Json:
    """What a spec gives of names that are accepted and not read, and Keras has: initializers, fields of operations."""
    place = layer.place
    if place is None or place.positional is not None:
        return {}
    value = place.document.at(place.fields)
    if not isinstance(value, dict) or raw_fields(layer):
        return {}
    names = type.schema.ignored - COMMON
    return {
        name: given
        for name, given in value.items()
        if name in names and (type.is_operation or name.endswith(_UNREAD)) and _is_literal(given)
    }


def _is_literal(value: object) -> bool:
    """Whether a value of a spec is not a formula and stands for no other."""
    if isinstance(value, list):
        return all(map(_is_literal, value))
    return isinstance(value, (bool, int, float)) or (isinstance(value, str) and value.isidentifier())


class KerasWriter:
    """Writes one graph, nested models included."""

    def __init__(self, inference: Inference, refusals: Refusals) -> None:
        self.inference = inference
        self.refusals = refusals
        #: Whether shapes that the file records may not hold any more.
        self.resized = False
        #: By the call, which one of its layer's calls it is of those that are written.
        self.places: dict[Node, int] = {}
        #: The models that are written as chains, of those that have been so far.
        self.chains: set[Graph] = set()
        #: What layers are called there that have a name of another kind here.
        self.names: dict[Layer, str] = {}

    def text(self, graph: Graph) -> str:
        """The text of the file."""
        self.resized = graph.resized
        model = self._model(graph, self.inference)
        if graph.is_built_without and graph.compile_config:
            where = "Keras would build it here with the variables that it does not have after an HDF5 file"
            self.refusals.warn_of_optimizer(graph, where)
        elif graph.compile_config:
            model["compile_config"] = graph.compile_config
        self.refusals.warn_of_names(self.names)
        return json.dumps(model, indent=1) + "\n"

    def _name_layers(self, graph: Graph) -> None:
        taken = {layer.name for layer in graph.layers}
        for layer in graph.layers:
            name = layer.name.translate(_REFUSED)
            if name != layer.name:
                while name in taken:
                    name += "_"
                taken.add(name)
                self.names[layer] = name

    def _name(self, layer: Layer) -> str:
        return self.names.get(layer, layer.name)

    def _model(self, graph: Graph, inference: Inference, name: str | None = None) -> Json:
        layers = []
        self._name_layers(graph)
        is_chain = _is_chain(graph, inference)
        if is_chain:
            self.chains.add(graph)
        if graph.sequential and not is_chain and not graph.inputs:
            message = (
                f"`{graph.name}`: Keras has no chain with operations, or with layers of several outputs, and no input"
            )
            self.refusals.refuse(graph.layers[0], message)
        kept = self._kept(graph)
        for layer, nodes in kept.items():
            entry = self._layer(layer, inference)
            if not is_chain:
                entry["name"] = self._name(layer)
                entry["inbound_nodes"] = [self._call(node, inference) for node in nodes if layer.spec is None]
            layers.append(entry)
        config: Json = {
            "name": graph.name.translate(_REFUSED) if name is None else name,
            "trainable": graph.trainable,
            "layers": layers,
        }
        module, kind = ("keras", "Sequential") if is_chain else ("keras.src.models.functional", "Functional")
        if not is_chain:
            ends = {
                "input_layers": [[*self._key(Tensor(node))] for node in graph.inputs],
                "output_layers": [self._reference(tensor) for tensor in graph.outputs],
            }
            written = self._config(graph)
            names: dict[tuple[object, object], list[object]] = {
                (self._name_beside(layer), node.index + self._is_built(layer)): [*self._reference(Tensor(node))[:2]]
                for layer, nodes in kept.items()
                for node in nodes
                if written
            }
            for key, listed in ends.items():
                # Keras calls a model as these are nested: on a tensor, on a list, on a mapping.
                alone = listed[0] if len(listed) == 1 else listed
                config[key] = _renamed(written[key], names) if key in written else alone
        return {"module": module, "class_name": kind, "config": config, "registered_name": kind}

    @staticmethod
    def _config(graph: Graph) -> Json:
        """The config of a model in a file of Keras 3."""
        value = None if graph.place is None else graph.place.document.at(graph.place.path)
        if not isinstance(value, dict) or "module" not in value:
            return {}
        config: Json = value["config"]
        return config

    def _kept(self, graph: Graph) -> dict[Layer, list[Node]]:
        """The layers that are written, and their calls. What no output depends on is in no model that Keras has.

        Keras builds a model from its outputs and forgets the rest, of which it would need shapes that nobody knows.
        """
        self.refusals.warn_of_unused(graph)
        order = graph.order()
        run, unused = set(order.nodes), set(order.unused)
        kept = {layer: [node for node in layer.nodes if node in run] for layer in graph.layers if layer not in unused}
        for nodes in kept.values():
            self.places.update((node, place) for place, node in enumerate(nodes))
        return kept

    def _key(self, tensor: Tensor) -> tuple[str, int, int]:
        """Where a tensor comes from: the layer, which one of its calls that are written, which output."""
        return self._name(tensor.node.layer), self.places[tensor.node], tensor.index

    def _reference(self, tensor: Tensor) -> list[object]:
        """An output of the model. Keras counts the call that a Functional model makes when it is built, here only."""
        name, place, index = self._key(tensor)
        return [name, place + self._is_built(tensor.node.layer), index]

    def _is_built(self, layer: Layer) -> bool:
        """Whether Keras calls a layer when it builds it: a Functional model."""
        return layer.graph is not None and layer.graph not in self.chains

    # --- layers -------------------------------------------------------------------------------------------------------

    def _layer(self, layer: Layer, inference: Inference) -> Json:
        if layer.graph is not None:
            inner = inference.nested.get(layer)
            return self._model(layer.graph, inner if inner is not None else inference, self._name(layer))
        if layer.spec is not None:
            config: Json = {"batch_shape": _shape(layer.spec.shape), "dtype": layer.spec.dtype, "sparse": False}
            return _object("InputLayer", {**config, "ragged": False, "name": self._name(layer)})
        type = layer.type
        raw = raw_fields(layer)
        modern = self._modern(layer)
        if modern is not None:
            return {**modern, "config": {**raw, "name": self.names[layer]} if layer in self.names else dict(raw)}
        if type is None or find(type.key) is not type or type.rule.__module__.endswith(".applications"):
            self.refusals.refuse(layer, f"`{layer.name}` is not a layer of Keras: `{layer.type_name}`")
            return {}
        if type.name in CELLS and not all(map(has_states, layer.nodes)):
            self.refusals.refuse(layer, f"`{layer.name}`: {on_states(type)}")
        if any(map(has_formula, layer.fields.values())):
            names = [name for name, value in layer.fields.items() if has_formula(value)]
            message = f"`{layer.name}`: formulas have no place in a Keras file ({', '.join(names)})"
            self.refusals.refuse(layer, message, "give the symbol a value with --set")
        elif self._weights_are_open(layer, inference):
            message = f"`{layer.name}`: a size of its weights is a formula, and Keras needs a number"
            self.refusals.refuse(layer, message, "give the symbol a value with --set")
        config = {"name": self._name(layer), **self._fields(type, layer.fields, layer.policy)}
        config.update((name, value) for name, value in raw.items() if name.endswith(_KEPT) and value is not None)
        config.update(_unread(layer, type))
        if layer.is_operation:
            module, _, name = type.key.rpartition(".")
            return {"module": module, "class_name": name, "config": config, "registered_name": name}
        self.refusals.warn_of_switch(layer, type)
        if type.weights or not layer.trainable:
            config["trainable"] = layer.trainable  # some classes without weights do not know the word
        how, name = config.pop("quantization", None), policy_name(layer.policy)
        if how is None and name in NOT_POLICIES:
            self.refusals.refuse(layer, f"`{layer.name}`: Keras has no dtype policy `{name}`")
        if how == "int8" and layer.policy.compute == "float16":
            self.refusals.refuse(layer, f"`{layer.name}`: Keras has no int8 with computation in float16")
        config["dtype"] = name if how is None else _quantized(how, name)
        return _object(EXPORTED.get(type.name, type.name), config)

    @staticmethod
    def _weights_are_open(layer: Layer, inference: Inference) -> bool:
        first = layer.nodes[0] if layer.nodes else None
        # The layers of a model that is called on others than it was inferred on have no calls here.
        if first is None or first.position not in range(len(inference.made_by)):
            return False
        weights = [weight for call in inference.calls_of(first) if call.layer is layer for weight in call.facts.weights]
        return any(has_formula(weight.shape) for weight in weights)

    def _modern(self, layer: Layer) -> Json | None:
        """Module, class and registered name of a layer from a file of Keras 3."""
        if layer.place is None or not raw_fields(layer):
            return None
        value = layer.place.document.at(layer.place.path)
        if "module" not in value:
            return None
        found = {key: value.get(key) for key in ("module", "class_name", "registered_name")}
        if not self.resized and "build_config" in value:
            found["build_config"] = value["build_config"]  # what follows a layer that is not known is read from it
        return found

    def _fields(self, type: LayerType, fields: Mapping[str, object], policy: Policy) -> Json:
        # All of them: some classes of Keras miss what is not there.
        found = {}
        for name, value in fields.items():
            if name not in OF_CALLS:
                spelled = type.schema.fields[name].kind.spelled(value)
                found[name] = plain(spelled, lambda inner: self._inner(inner, policy))
        if found.get("data_format", "") is None:
            found["data_format"] = "channels_last"  # null is whatever Keras is set to where the file is read
        return found

    def _inner(self, inner: Inner, policy: Policy) -> Json:
        """A layer that one of this policy holds. Keras asks each for its own: that around it does not reach it."""
        graph = getattr(inner, "graph", None)
        if graph is not None:
            from cnnsum.graph.infer import infer

            return self._model(graph, infer(graph))
        name = {"name": inner.name.translate(_REFUSED)} if inner.name else {}
        held = held_policy(inner, policy)
        config: Json = {**name, "trainable": inner.trainable, **self._fields(inner.type, inner.fields, held)}
        how = config.pop("quantization", None)
        if how is not None:
            config["dtype"] = _quantized(how, policy_name(held))
        elif held != FLOAT32:
            config["dtype"] = policy_name(held)
        return _object(inner.type.name, config)

    # --- calls --------------------------------------------------------------------------------------------------------

    def _call(self, node: Node, inference: Inference) -> object:
        layer = node.layer
        raw = self._raw_call(node)
        if isinstance(raw, dict):
            made: dict[tuple[object, ...], Tensor] = {}
            for tensor in node.inputs:  # a call may name a layer by the name beside its config, where they differ
                made[tensor.node.layer.name, tensor.node.index, tensor.index] = tensor
            for tensor in node.inputs:
                made.setdefault((self._name_beside(tensor.node.layer), tensor.node.index, tensor.index), tensor)
            return self._with_shapes(raw, made, inference)
        tensors: list[object] = [self._tensor(tensor, inference) for tensor in node.inputs]
        kwargs: Json = {}
        if node.keywords and layer.type is not None:
            inputs = layer.type.schema.inputs
            named = dict(zip((*inputs[: len(tensors) - len(node.keywords)], *node.keywords), tensors, strict=True))
            tensors = []
            # As many as can be are given by place: what we call an input need not be Keras's word for it.
            while len(tensors) < len(inputs) and inputs[len(tensors)] in named:
                tensors.append(named.pop(inputs[len(tensors)]))
            kwargs = named
        for constant in node.constants:
            value = constant.value
            if isinstance(value, list):
                value = {"class_name": "__numpy__", "config": {"value": value, "dtype": "float32"}}
            tensors.insert(constant.index, value)
        for name in OF_CALLS.intersection(layer.fields):
            value = layer.fields[name]
            if isinstance(value, tuple):
                tensors.append([_index(item) for item in value])
            elif value:
                kwargs[name] = True
        if layer.graph is not None and len(tensors) > 1:
            return {"args": [tensors], "kwargs": kwargs}  # Keras calls a model on one thing, here a list
        type = layer.type
        if type is not None and (type.name in ON_LISTS or takes_list(type)):
            alone = layer.is_operation and type.name not in _OPERATIONS_ON_LISTS
            return {"args": tensors if alone else [tensors], "kwargs": kwargs}
        if type is not None and len(tensors) > 1 and type.name in (*STATES, *CELLS):
            first, *rest = tensors
            held = of_call(type, layer.fields, rest, list)
            if type.name not in CELLS:
                kwargs["initial_state"] = held
            tensors = [first, held] if type.name in CELLS else [first]
        return {"args": tensors, "kwargs": kwargs}

    @staticmethod
    def _name_beside(layer: Layer) -> str:
        """The name that a layer of a Keras file has beside its config."""
        place = layer.place
        value = None if place is None or place.positional is not None else place.document.at(place.path)
        name = value.get("name") if isinstance(value, dict) else None
        return name if isinstance(name, str) else layer.name

    @staticmethod
    def _raw_call(node: Node) -> object:
        """The call as the file of Keras 3 has it."""
        place = node.layer.place
        if place is None or place.positional is not None:
            return None
        value = place.document.at(place.path)
        calls = value.get("inbound_nodes") if isinstance(value, dict) else None
        return calls[node.index] if isinstance(calls, list) and node.index < len(calls) else None

    def _with_shapes(self, raw: object, inputs: dict[tuple[object, ...], Tensor], inference: Inference) -> object:
        if isinstance(raw, list):
            return [self._with_shapes(item, inputs, inference) for item in raw]
        if not isinstance(raw, dict):
            return raw
        if raw.get("class_name") == "__keras_tensor__":
            tensor = inputs.get(tuple(raw["config"]["keras_history"]))
            return raw if tensor is None else self._tensor(tensor, inference)
        return {key: self._with_shapes(item, inputs, inference) for key, item in raw.items()}

    def _tensor(self, tensor: Tensor, inference: Inference) -> Json:
        values: list[Value] = inference.output_of(tensor.node) if tensor.node.position >= 0 else []
        value = values[tensor.index] if tensor.index < len(values) else Value(None, "float32")
        config = {
            "shape": None if value.shape is None else _shape(value.shape),
            "dtype": value.dtype,
            "keras_history": [*self._key(tensor)],
        }
        return {"class_name": "__keras_tensor__", "config": config}


def _is_chain(graph: Graph, inference: Inference) -> bool:
    """Whether a model can be one of Keras's chains, which hold layers and no operations, each called on one tensor.

    Keras hands all that a layer gives on to the next, and all that the last one gives is what the chain gives.
    """
    types = [layer.type for layer in graph.layers if layer.type is not None]
    if not graph.sequential or any(type.is_operation or type.takes_list for type in types):
        return False
    value = None if graph.place is None else graph.place.document.at(graph.place.path)
    if isinstance(value, dict) and "class_name" in value:
        return True  # it was one
    made_by = inference.made_by
    nodes = [node for layer in graph.layers for node in layer.nodes if node.position in range(len(made_by))]
    several = [node for node in nodes if len(made_by[node.position][0]) > 1]
    return all(graph.outputs == [Tensor(node, at) for at in range(len(made_by[node.position][0]))] for node in several)


def _renamed(ends: object, names: Mapping[tuple[object, object], list[object]]) -> object:
    """The ends of a model as its file nests them, each layer by the name, and the call, that it is written with."""
    if isinstance(ends, dict):
        return {key: _renamed(item, names) for key, item in ends.items()}
    if not isinstance(ends, list):
        return ends
    if len(ends) == 3 and isinstance(ends[0], str) and type(ends[1]) is int:  # else they are listed around it
        return [*names.get((ends[0], ends[1]), ends[:2]), *ends[2:]]
    return [_renamed(item, names) for item in ends]


def _index(item: object) -> object:
    """A part of a slice's key as Keras writes it."""
    if isinstance(item, tuple):
        return {"class_name": "__slice__", "config": dict(zip(("start", "stop", "step"), item, strict=True))}
    return {"class_name": "__ellipsis__", "config": {}} if item == "..." else item


def _object(name: str, config: Json) -> Json:
    return {"module": "keras.layers", "class_name": name, "config": config, "registered_name": None}


def _quantized(how: object, source: str) -> object:
    """The dtype policy of Keras that says how a layer is quantized: a text, if that can say it."""
    mode, _, length = str(how).partition("/")
    if mode == "float8" and length:
        config = {"mode": mode, "source_name": source, "amax_history_length": int(length)}
        return {**_object("QuantizedFloat8DTypePolicy", config), "module": "keras.dtype_policies"}
    return f"{how}_from_{source}"


def _shape(shape: tuple[Dim, ...]) -> list[int | None]:
    return [dim if isinstance(dim, int) else None for dim in shape]
