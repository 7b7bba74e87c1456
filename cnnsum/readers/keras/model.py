"""One Keras model config -> Graph; nested models by recursion.

Knows the layout of Keras's JSON (what Keras 2 writes in another way is in `legacy`) and nothing of shapes: what the
file records of them is set aside in `Graph.beside` and `Graph.builds`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cnnsum.diagnostics import Diagnostic, DiagnosticList, Problem, UnusableError, did_you_mean
from cnnsum.dims import Dim, Symbol
from cnnsum.graph.model import (
    FLOAT32,
    MAX_LAYERS,
    POLICIES,
    Graph,
    InputSpec,
    Layer,
    Node,
    Place,
    Policy,
    Tensor,
    policy,
)
from cnnsum.layers.base import LayerType, all_types, find, is_mask
from cnnsum.layers.keras import NOT_POLICIES
from cnnsum.layers.vocabulary import KERAS_HUB
from cnnsum.readers.declare import declare, open_axes
from cnnsum.readers.how import How
from cnnsum.readers.keras import layers_of
from cnnsum.readers.keras.alike import keep, kind_of, known
from cnnsum.readers.keras.calls import flatten_call, is_of_one, references
from cnnsum.readers.keras.classes import hub_name, is_own_module, key_of, shown
from cnnsum.readers.keras.retired import OF_LAYERS, retired, telling, without
from cnnsum.readers.keras.values import fields_of, own_functions
from cnnsum.source import Document
from cnnsum.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnsum.layers.inner import Inner

Path = tuple[str | int, ...]

#: Layers that hold a program or a saved graph.
_CODE = frozenset(("Lambda", "TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper"))
_MODELS = ("Functional", "Model", "Sequential")
_WEIGHTLESS = frozenset(("Lambda",))
_RECURRENT = frozenset((*OF_LAYERS["time_major"], "CuDNNLSTM", "CuDNNGRU"))
_TF_OPERATIONS = frozenset(("TFOpLambda", "SlicingOpLambda"))
#: Fields that a note on what Keras 3 refuses lists.
_MOST_FIELDS = 4
#: Names of layers that a help lists.
_MOST_NAMES = 10


class ModelReader:
    """Reads the models of one file. `diagnostics` collects what is wrong, in all of them."""

    def __init__(self, document: Document, how: How) -> None:
        self.document = document
        self.how = how
        #: More than are shown: warnings that say the same become one.
        self.diagnostics = DiagnosticList(most=MAX_LAYERS)
        self.symbols: dict[str, Symbol] = {}
        self._batch: Symbol | None = None
        #: Layers of all models up to here.
        self._count = 0
        #: Names of layers that were reported already, so that references to them are not.
        self._lost: set[str] = set()
        #: The nested models whose calls are counted from 1, of the model that is being read.
        self._from_one: frozenset[str] = frozenset()
        #: Layers of types that are not known, with the number of the finding that says so: what they give is known
        #: from the file alone.
        self._foreign: dict[Layer, int] = {}
        self._policies: dict[str, Policy] = {}
        self._declared = frozenset(how.types.values())
        #: Whether what the file records of shapes and weights is read: it is compared, or a type of the caller's may
        #: need it.
        self.records = how.compared or bool(how.types)
        #: How many layers were named after their class, by that name.
        self._named: dict[str, int] = {}
        #: Fields of Keras 2 that Keras 3 refuses, by type and name, with the first layer that has them.
        self._retired: dict[tuple[str, str], Place] = {}
        #: Where the config of the layer stands that is being read.
        self._config: Path = ()
        self.objects = None
        if document.is_contained:
            from cnnsum.readers.keras.objects import Objects

            self.objects = Objects(self._policy)

    @property
    def lacks(self) -> bool:
        """Whether something is not known for want of what the file records, which was not read."""
        return bool(self._foreign) and not self.records

    # What `Reading` asks of a reader.

    def number(self, text: str) -> Any:
        """Keras files hold numbers, never expressions."""
        raise Problem("CFG102", f"must be a number, got {text!r}")

    def sublayer(self, raw: object) -> object:
        """The layer inside a wrapper such as TimeDistributed."""
        if not isinstance(raw, dict) or not isinstance(raw.get("class_name"), str):
            raise Problem("CFG102", "must be a layer")
        if self.objects is None:
            return self._inner(raw)
        return self.objects.inner(raw, lambda one: self._inner(raw, one))

    def _inner(self, raw: dict[str, Any], one: object = None) -> Inner:
        """A layer inside a wrapper; one: see `Inner.one`."""
        if _is_model(raw):
            from cnnsum.graph.inside import InnerModel

            return InnerModel(self.model(raw, self._path_of(raw)), raw["class_name"])
        type = self._type(raw)
        if type is None:
            raise Problem("UNK701", f"wraps a layer of an unknown type, `{shown(raw['class_name'])}`")
        config = raw.get("config")
        place = Place(self.document, self._config)
        config = self._modern(raw, key_of(raw), config, place) if isinstance(config, dict) else {}
        try:
            # A map of dtype policies knows it by a path through its wrapper, which is not followed here.
            config = self._with_quantization(type, config, None)
        except Problem as unknown:
            message = f"wraps a quantized {type.name}, whose weights are not known: {unknown}"
            raise Problem(unknown.code, message, ("config", "dtype")) from None
        fields, problems = type.bind(self._fields(type, config), self)
        for problem in problems:
            if problem.code != "CFG103":
                problem.field = ("config", *problem.field)
                raise problem
        self._say_own_functions(type, fields, place)
        from cnnsum.layers.inner import Inner

        dtype = config.get("dtype")
        variable = None if dtype is None else self._policy(dtype, Place(self.document, ())).variable
        trainable = type.parts or _is_true(config.get("trainable", True))
        return Inner(type, fields, str(config.get("name", "")), trainable, variable, one)

    def _path_of(self, raw: object) -> Path:
        """Where in the config of the layer that is being read a value of it stands."""
        value: Any = self.document.value
        for step in self._config:
            value = value[step]
        return next(((*self._config, key) for key, found in value.items() if found is raw), self._config)

    # Models.

    def model(self, value: dict[str, Any], path: Path) -> Graph:
        """The graph of one model config."""
        layers = layers_of(value["config"])
        assert layers is not None
        self._count += len(layers)
        if self._count > MAX_LAYERS:
            message = f"the model has more than {MAX_LAYERS:,} layers"
            raise UnusableError(Diagnostic("SPC039", message, self.document.span((*path, "config"), key=True)))
        inside: Path = (*path, "config")
        # Up to Keras 2.1 the config of a Sequential model is the bare list of its layers.
        config = value["config"] if isinstance(value["config"], dict) else {}
        if config:
            inside = (*inside, "layers")
        name = config.get("name", value.get("name"))
        graph = Graph(
            name if isinstance(name, str) else str(value["class_name"]).lower(),
            sequential=_is_sequential(value),
            # Keras writes a chain's own switch and never reads it back; those of its layers hold.
            trainable=_is_sequential(value) or _is_true(config.get("trainable", True)),
            symbols=self.symbols,
            place=Place(self.document, path),
            backend=self.how.backend,
        )
        graph.takes_any = "module" not in value
        graph.exported = True
        entries: list[tuple[Layer, dict[str, Any], Path]] = []
        names: dict[str, Layer] = {}
        called: set[str] = set()
        for index, raw in enumerate(layers):
            here = (*inside, index)
            layer = self._layer(raw, here)
            if layer is None:
                self._lost.add(_name(raw))
                continue
            # Calls refer to a layer by the name beside its config; what it is called is the config's.
            reference = raw.get("name")
            if not isinstance(reference, str):
                reference = layer.name
            if reference in names:
                self._error("GRF307", f"the name `{reference}` is used twice", here)
                continue
            if layer.name in called:
                self._error("GRF307", f"the name `{layer.name}` is used twice", here)
            called.add(layer.name)
            names[reference] = layer
            entries.append((layer, raw, here))
        graph.layers = [layer for layer, _, _ in entries]
        if graph.sequential:
            self._chain(graph, config, entries, path)
        else:
            self._connect(graph, config, entries, names, path)
        if graph.inputs and graph.inputs[0].layer.spec is not None:
            shape = graph.inputs[0].layer.spec.shape
            graph.batch = shape[0] if shape else None
        return graph

    def _chain(
        self, graph: Graph, config: dict[str, object], entries: list[tuple[Layer, dict[str, object], Path]], path: Path
    ) -> None:
        """Sequential: every layer reads the one before. Without an input layer, the first layer's
        `batch_input_shape`, the input of the model that it is, or `build_input_shape` declares the input.
        """
        if not entries or entries[0][0].spec is None:
            self._declare_input(graph, config, entries, path)
        previous = graph.inputs[0] if graph.inputs else None
        for layer, raw, here in entries:
            node = Node(layer, () if previous is None else (Tensor(previous),))
            if layer.spec is not None:
                graph.inputs.append(node)
            elif previous is not None:
                self._record_build(graph, raw, node, here)
                if layer.type is not None and layer.type.takes_list:
                    self._error("GRF303", f"{layer.name}: {layer.type.refusal_of_one()}", here)
            previous = node
        if previous is not None:
            graph.outputs = [Tensor(previous)]
        elif path:
            self._error("GRF308", f"the model `{graph.name}` has no layers", path)

    def _declare_input(
        self, graph: Graph, config: dict[str, Any], entries: list[tuple[Layer, dict[str, Any], Path]], path: Path
    ) -> None:
        where: Path | None = None
        if entries and isinstance(entries[0][1].get("config"), dict) and "batch_input_shape" in entries[0][1]["config"]:
            where = (*entries[0][2], "config", "batch_input_shape")
            raw = entries[0][1]["config"]["batch_input_shape"]
        elif isinstance(config.get("build_input_shape"), list):
            where = (*path, "config", "build_input_shape")
            raw = config["build_input_shape"]
        elif entries and entries[0][0].graph is not None:
            graph.adopt([node.layer.spec for node in entries[0][0].graph.inputs[:1] if node.layer.spec is not None])
        if where is not None:
            shape = self._shape(raw, where)
            if shape is not None:
                graph.adopt((InputSpec(shape, "float32"),), Place(self.document, where))

    def _connect(
        self,
        graph: Graph,
        config: dict[str, Any],
        entries: list[tuple[Layer, dict[str, Any], Path]],
        names: dict[str, Layer],
        path: Path,
    ) -> None:
        """Functional: make every call first, then its inputs, since a call may come before those it depends on."""
        legacy = False
        called: list[tuple[Layer, dict[str, Any], list[Any], Path]] = []
        for layer, raw, here in entries:
            if layer.spec is not None:
                Node(layer)
                continue
            calls = raw.get("inbound_nodes")
            if isinstance(calls, list):
                called.append((layer, raw, calls, here))
                for call in calls:
                    Node(layer)
                    # Keras 2 writes calls as lists.
                    legacy = legacy or isinstance(call, list)
            else:
                self._error("SPC041", f"`{layer.name}` has no list `inbound_nodes`", here)
                self._lost.add(layer.name)
        outer = self._from_one
        self._from_one = _counted_from_one(entries, names, config) if legacy else frozenset()
        for layer, raw, calls, here in called:
            for node, call in zip(layer.nodes, calls, strict=True):
                self._call(graph, node, call, names, (*here, "inbound_nodes", node.index))
            if layer.nodes:
                self._record_build(graph, raw, layer.nodes[0], here)
        for reference, here in references(config.get("input_layers"), (*path, "config", "input_layers")):
            tensor = self._tensor(reference, names, here)
            if tensor is None:
                continue
            if tensor.node.layer.spec is None:
                self._error("GRF310", f"`{reference[0]}` is not an input layer", here)
            elif tensor.node not in graph.inputs:
                graph.inputs.append(tensor.node)
        wanted = list(references(config.get("output_layers"), (*path, "config", "output_layers")))
        # Keras 3 counts the node that a Functional model makes when it is built, but among the outputs only.
        models = frozenset() if legacy else _functional(entries, names, [reference for reference, _ in wanted])
        for reference, here in wanted:
            name, index, output = reference
            if name in models:
                index = max(index - 1, 0)
            tensor = self._tensor((name, index, output), names, here)
            if tensor is not None:
                graph.outputs.append(tensor)
        self._from_one = outer
        if not wanted:
            self._error("GRF308", "the model has no outputs", (*path, "config", "output_layers"))

    def _call(self, graph: Graph, node: Node, call: Any, names: dict[str, Layer], here: Path) -> None:
        """Give a call its inputs. Where one cannot be found the layer's result is not known."""
        read = flatten_call
        if isinstance(call, list):
            from cnnsum.readers.keras.legacy import flatten_call as read
        layer = node.layer
        type = layer.type
        is_operation = type is not None and type.is_operation
        arguments = read(call, keep_constants=is_operation)
        if arguments is None:
            self._error("SPC041", f"`{layer.name}`: this call is not written as Keras writes it", here)
            layer.disable()
            return
        if type is not None and type.takes_list and is_of_one(call):
            self._error("GRF303", f"{layer.name}: {type.refusal_of_one()}", here)
        tensors, keywords, constants, options = arguments
        inputs: list[Tensor] = []
        for reference, shape, where in tensors:
            tensor = self._tensor(reference, names, here, where)
            if tensor is None:
                layer.disable()
                continue
            inputs.append(tensor)
            if shape is not None and self.records:
                graph.beside.append((tensor, shape, (*here, *where, "config", "shape")))
        node.inputs = tuple(inputs)
        if is_operation and layer.type is not None and "key" in layer.fields:
            # What stands between the brackets of `x[...]` is a positional argument, and not an input.
            constants, options = (), {"key": _key_of(call), **options}
        node.keywords = keywords
        if self._declared and layer.type is not None and layer.type in self._declared:
            # The patterns of a declaration have no names: what is given by name follows what is given by place.
            known = layer.type.schema.inputs
            if not all(name in known or is_mask(name) for name in keywords):
                _place(node)
        node.constants = constants
        if options:
            self._use_options(node, options, here)

    def _use_options(self, node: Node, options: dict[str, Any], here: Path) -> None:
        """Arguments of a call that are fields of the rule (`return_attention_scores`) become fields of the layer, or of
        the call alone where there are several.
        """
        layer = node.layer
        if layer.type is None:
            return
        known = layer.type.schema.fields
        read: dict[str, object] = {}
        for name, value in options.items():
            if name in known and value is not None:
                try:
                    read[name] = known[name].kind.read(value, self)
                except Problem as problem:
                    self._error(problem.code, f"{layer.name}: `{name}` {problem}", (*here, "kwargs", name))
        if len(layer.nodes) == 1:
            layer.fields = {**layer.fields, **read}
        else:
            node.options = read
        layer.key = (layer.type, *layer.fields.values())

    def _record_build(self, graph: Graph, raw: dict[str, object], node: Node, here: Path) -> None:
        """Note the input shape that `build_config` claims, where that is of use."""
        if not self.records:
            return
        build = raw.get("build_config")
        shape = build.get("input_shape") if isinstance(build, dict) else None
        if not isinstance(shape, list) or not node.inputs:
            return
        place = (*here, "build_config", "input_shape")
        kinds = set(map(type, shape))
        if kinds == {list}:
            for number, (tensor, one) in enumerate(zip(node.inputs, shape, strict=False)):
                graph.builds.append((tensor, tuple(one), (*place, number), node))
        elif list not in kinds and dict not in kinds:
            graph.builds.append((node.inputs[0], tuple(shape), place, node))

    # Layers.

    def _layer(self, raw: object, here: Path) -> Layer | None:
        if not isinstance(raw, dict) or not isinstance(raw.get("class_name"), str):
            self._error("SPC041", "this is not a layer: it has no `class_name`", here)
            return None
        config = raw.get("config")
        class_name = raw["class_name"]
        if class_name == "Sequential" and isinstance(config, list):
            config = {"name": raw.get("name"), "layers": config}
        if not isinstance(config, dict):
            self._error("SPC041", "this layer has no `config`", here)
            return None
        name = config["name"] if "name" in config else raw["name"] if "name" in raw else self._name_of(class_name)
        if not isinstance(name, str):
            self._error("SPC041", f"this {class_name} has no name", here)
            return None
        place = Place(self.document, here, (*here, "config"))
        if self.objects is None:
            layer = self._new(raw, config, name, here, place)
        else:
            layer = self.objects.layer(raw, name, place, lambda: self._new(raw, config, name, here, place))
        if not layer.trainable and layer.type is not None:
            layer.remade = layer.type.parts
        return layer

    def _new(self, raw: dict[str, Any], config: dict[str, Any], name: str, here: Path, place: Place) -> Layer:
        """A layer from its class and its config."""
        class_name = raw["class_name"]
        kind = None if self.how.types else kind_of(raw, config, self.how.dtype)
        read = known(kind, config)
        if read is not None:
            return read.layer(name, place)
        key = key_of(raw)
        if key == "InputLayer":
            return self._input(name, config, here, place)
        if _is_model(raw):
            graph = self.model(raw, here)
            return Layer(name, None, type_name=shown(class_name), place=place, trainable=graph.trainable, graph=graph)
        written = config if _is_settled(key, config) else None
        finding = len(self.diagnostics)
        type = self._type(raw)
        if type is not None and config.get("time_major") and key in _RECURRENT:
            span = place.document.span((*place.fields, "time_major"))
            message = f"`{class_name}` with `time_major`, whose first axis is time, is not known"
            self.diagnostics.append(Diagnostic("UNK701", message, span, "warning"))
            layer = Layer(name, None, type_name=type.name, place=place)
            self._foreign[layer] = finding
            return layer
        if type is None:
            self._unknown_type(class_name, key, raw, place)
        else:
            if "module" not in raw:
                from cnnsum.readers.keras.legacy import placed

                place = placed(key, config, place)
            config = self._modern(raw, key, config, place)
            try:
                config = self._with_quantization(type, config, name)
            except Problem as problem:
                span = place.document.span((*place.fields, "dtype"))
                message = f"`{name}` is quantized, and its weights are not known: {problem}"
                self.diagnostics.append(Diagnostic(problem.code, message, span, "warning"))
                layer = Layer(name, None, type_name=type.name, place=place)
                self._foreign[layer] = finding
                return layer
        outer, self._config = self._config, place.fields
        layer = declare(
            name,
            type,
            {} if type is None else self._fields(type, config),
            self,
            place,
            self.diagnostics,
            type_name=shown(class_name) if type is None else type.name,
            # What an operation such as Cast casts to is a field of it.
            policy=FLOAT32 if _has_dtype_field(type) else self._policy(config.get("dtype"), place),
            trainable=_is_true(config.get("trainable", True)),
            lenient=True,
        )
        self._config = outer
        if layer.type is None:
            self._foreign[layer] = finding
            layer.weightless = _is_weightless(class_name, key)
        else:
            self._say_own_functions(layer.type, layer.fields, place)
            if kind is not None and written is not None and len(self.diagnostics) == finding < MAX_LAYERS:
                keep(kind, written, layer)
        return layer

    def _name_of(self, class_name: str) -> str:
        """The name that Keras gives a layer of this class without one: the class's in snake case, numbered."""
        stem = snake_case(shown(class_name))
        count = self._named.get(stem, 0)
        self._named[stem] = count + 1
        return f"{stem}_{count}" if count else stem

    def _modern(self, raw: dict[str, object], key: str, config: dict[str, object], place: Place) -> dict[str, object]:
        """A layer's config with what Keras 2 had in another way as Keras 3 has it."""
        has_module = "module" in raw
        if not telling(key).isdisjoint(config):
            for field in retired(key, config, has_module=has_module):
                self._retired.setdefault((key, field), place)
            config = without(key, config)
        if has_module:
            return config
        from cnnsum.readers.keras.legacy import modern

        return modern(key, config, raw.get("inbound_nodes"))

    def _say_own_functions(self, type: LayerType, fields: Mapping[str, object], place: Place) -> None:
        """Say which activations are not known."""
        for field in own_functions(type, fields):
            name = str(fields[field])
            message = f"the activation `{shown(name)}` is not Keras's own: its work is not known"
            span = place.document.span((*place.fields, field))
            self.diagnostics.append(Diagnostic("UNK706", message, span, "warning"))

    def _with_quantization(self, type: LayerType, config: dict[str, object], path: str | None) -> dict[str, object]:
        """The config with a dtype that is a name, and with how the layer is quantized as a field.

        path: what a map of dtype policies knows the layer by. Raises Problem where its weights cannot be told.
        """
        dtype = config.get("dtype")
        if self.how.dtype is not None or _is_policy_name(dtype):
            return config
        from cnnsum.readers.keras.policies import read

        found = read(dtype, type, config, path)
        quantization = {} if found.quantization is None else {"quantization": found.quantization}
        return {**config, "dtype": found.policy, **quantization}

    def _unknown_type(self, class_name: str, key: str, raw: dict[str, Any], place: Place) -> None:
        """Say that a type is not known, and what the user can do."""
        span = place.document.span(place.path)
        if class_name in _CODE and key == class_name:
            help = "say what it gives with --layer-types, as a type called by the layer's name"
            message = f"a {class_name} layer is code, which cnnsum never runs: its result is not known"
            self.diagnostics.append(Diagnostic("SAF603", message, span, "warning", help))
            return
        help = "declare it: --layer-types FILE, or --plugin MODULE"
        if find(shown(class_name)) is not None:
            # A declaration of that name would be one of Keras's own type.
            help = "declare it under the layer's name: --layer-types FILE, or --plugin MODULE"
        elif key == class_name and isinstance(raw.get("module"), str) and is_own_module(raw["module"]):
            # A class of the file's author may be called anything: only Keras's own can be misspelt.
            near = did_you_mean(class_name, (known.name for known in all_types().values() if known.key == known.name))
            help = help if near is None else f"{near} Or {help}"
        own = "" if find(shown(class_name)) is None else ", which is not Keras's own"
        message = f"unknown layer type `{shown(class_name)}`{own}"
        self.diagnostics.append(Diagnostic("UNK701", message, span, "warning", help))

    def _type(self, raw: dict[str, Any]) -> LayerType | None:
        """The layer's type: Keras's, or one that the caller declares for its class, or for the layer alone."""
        found = find(key_of(raw))
        hub = None if found is not None else hub_name(key_of(raw))
        if found is None and self.how.types:
            config = raw.get("config")
            name = raw.get("name", config.get("name") if isinstance(config, dict) else None)
            types = self.how.types
            found = types.get(name) if isinstance(name, str) else None
            found = found or types.get(raw["class_name"]) or types.get(shown(raw["class_name"]))
        return found if found is not None or hub is None else KERAS_HUB.find(hub)

    def _fields(self, type: LayerType, config: dict[str, object]) -> dict[str, object]:
        """The fields for a type: of one that the caller declares, and of KerasHub's, whose versions differ, those that
        the declaration names.
        """
        if type in self._declared or type.vocabulary is KERAS_HUB:
            config = {name: value for name, value in config.items() if name in type.schema.fields}
        return fields_of(type, config)

    def _input(self, name: str, config: dict[str, object], here: Path, place: Place) -> Layer:
        key = "batch_shape" if "batch_shape" in config else "batch_input_shape"
        shape = self._shape(config.get(key), (*here, "config", key))
        if shape is None:
            self._lost.add(name)
            return Layer(name, None, type_name="InputLayer", place=place)
        dtype = config.get("dtype")
        spec = InputSpec(shape, dtype if isinstance(dtype, str) else self._policy(dtype, place).compute)
        return Layer(name, None, type_name="InputLayer", place=place, spec=spec)

    def _shape(self, raw: object, here: Path) -> tuple[Dim, ...] | None:
        """A declared shape, with symbols for its open axes; one symbol stands for the batch everywhere in the file."""
        if isinstance(raw, dict):  # TensorFlow's own ways to write one
            raw = raw.get("items")
        if not isinstance(raw, list) or not raw or not all(item is None or _is_size(item) for item in raw):
            help = "an axis of any size is `null`" if isinstance(raw, list) and "None" in raw else None
            self._error("SPC042", "an input shape must be a list of integers of at least 0 and nulls", here, help)
            return None
        batch = raw[0]
        if batch is None:
            if self._batch is None:
                shape = open_axes(tuple(raw), self.symbols)
                self._batch = self.symbols["N"]
                return shape
            batch = self._batch.dim
        return open_axes((batch, *raw[1:]), self.symbols)

    def _policy(self, raw: object, place: Place) -> Policy:
        """A dtype policy: a name, or the object that Keras writes for one. The caller's `dtype` goes before the
        file's.
        """
        if self.how.dtype is not None:
            name: object = self.how.dtype
        elif isinstance(raw, dict):
            config = raw.get("config")
            name = config.get("name") if isinstance(config, dict) else None
        else:
            name = raw
        if name in ("float32", None, "infer", "_infer"):
            return FLOAT32
        if not isinstance(name, str):
            self._error("SPC043", "this is not a dtype policy", (*place.fields, "dtype"))
            return FLOAT32
        found = self._policies.get(name)
        if found is None:
            refused = name in NOT_POLICIES and self.how.dtype is None
            if name not in POLICIES or refused:
                span = self.document.span((*place.fields, "dtype"))
                message = f"the dtype policy `{name}` is not known here, nor are the bytes of what has it"
                if refused:
                    message = f"Keras has no dtype policy `{name}`"
                help = None if refused else did_you_mean(name, POLICIES)
                self.diagnostics.append(Diagnostic("SPC043", message, span, "warning", help))
            found = self._policies[name] = policy(name)
        return found

    # References.

    def _tensor(
        self, reference: tuple[str, int, int], names: dict[str, Layer], here: Path, where: Path = ()
    ) -> Tensor | None:
        """What a reference means; it stands at the path `where` within `here`. None, and a finding, where that is
        nothing.
        """
        name, index, output = reference
        index -= name in self._from_one
        layer = names.get(name)
        if layer is not None and 0 <= index < len(layer.nodes) and output >= 0:
            return Tensor._make((layer.nodes[index], output))
        here = (*here, *where)
        if name in self._lost and (layer is None or not layer.nodes):
            return None
        if layer is None:
            help = None
            if self.diagnostics.wants_help("GRF302"):
                listed = ", ".join([*names][:_MOST_NAMES]) + (", ..." if len(names) > _MOST_NAMES else "")
                help = did_you_mean(name, names) or (f"the layers here are {listed}" if names else None)
            self._error("GRF302", f"there is no layer `{name}`", here, help)
            return None
        if not 0 <= index < len(layer.nodes):
            calls = len(layer.nodes)
            times = "once" if calls == 1 else f"{calls} times"
            self._error("GRF302", f"`{name}` is called {times}: there is no call {index}", here)
            return None
        self._error("GRF304", f"output {output} of `{name}` does not exist", here)
        return None

    def _error(self, code: str, message: str, path: Path, help: str | None = None) -> None:
        if self.diagnostics.has_room(code):
            self.diagnostics.append(Diagnostic(code, message, self.document.span(path), "error", help))

    # What the caller sets.

    def apply_overrides(self, graph: Graph) -> None:
        """Replace input shapes and give symbols values, as the caller asked; raises UnusableError for names that do
        not exist.
        """
        if self.how.inputs or self.how.settings or self.how.free:
            from cnnsum.readers.override import replace_inputs

            replace_inputs(graph, self.how)
            for nested in graph.models():
                nested.resized = True
                nested.beside.clear()
                nested.builds.clear()

    def finish(self, graph: Graph) -> list[Diagnostic]:
        """Every finding of the file; gives calls that no rule can tell of what the file records of them."""
        if self._retired:
            self._say_retired()
        if not self.diagnostics and not self._declared:
            return self.diagnostics
        from cnnsum.readers.keras.claims import claim, say

        recorded: dict[Layer, list[tuple[int | None, ...]]] = {}
        if self._foreign or self._declared:
            for nested in graph.models():
                recorded.update(claim(nested, self.document))
        return say(self.diagnostics, self._foreign, recorded)

    def _say_retired(self) -> None:
        listed = [f"`{field}` of {key}" for key, field in self._retired]
        more = len(listed) - _MOST_FIELDS
        if more > 0:
            listed = [*listed[:_MOST_FIELDS], f"{more} more"]
        shown = listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"
        message = f"Keras 3 refuses this file of an older Keras, for {shown}"
        (_, field), place = next(iter(self._retired.items()))
        span = place.document.span((*place.fields, field), key=True)
        help = "load it in the Keras that wrote it (tf-keras is Keras 2); the numbers here are of that"
        self.diagnostics.append(Diagnostic("SPC074", message, span, "note", help))


def _is_sequential(value: dict[str, Any]) -> bool:
    """Whether a model is a chain; a subclass of Keras's models is what its config looks like."""
    name = value["class_name"]
    return name == "Sequential" or (name not in _MODELS and "output_layers" not in value["config"])


def _is_model(raw: dict[str, object]) -> bool:
    """Whether a layer is a model; a subclass of Keras's models is what its config looks like."""
    config = raw.get("config")
    if raw["class_name"] == "Sequential" and isinstance(config, list):
        return True
    if not isinstance(config, dict) or not isinstance(config.get("layers"), list):
        return False
    # Only Keras's models write what they were built on beside their layers: a layer of somebody else's may hold layers.
    return raw["class_name"] in _MODELS or "output_layers" in config or "build_input_shape" in config


def _key_of(call: object) -> object:
    """The key of `x[key]` in a call of Keras 3, or of Keras 2, which calls it `slice_spec`."""
    if isinstance(call, dict):
        args = call.get("args", [])
        return call["kwargs"]["key"] if "key" in call.get("kwargs", {}) else args[1] if len(args) > 1 else None
    while isinstance(call, list) and call and isinstance(call[0], list):
        call = call[0]
    options = call[3] if isinstance(call, list) and len(call) > 3 and isinstance(call[3], dict) else {}
    return options.get("slice_spec")


def _functional(
    entries: list[tuple[Layer, dict[str, object], Path]], names: dict[str, Layer], wanted: list[tuple[str, int, int]]
) -> frozenset[str]:
    """The layers that are Functional models for Keras 3: those that show their layers, and classes of others that do
    not, of which an output is that of the call after the last.
    """
    found = {name for name, layer in names.items() if layer.graph is not None and not layer.graph.sequential}
    beyond = {name for name, index, _ in wanted if name in names and index == len(names[name].nodes)} - found
    if beyond:
        own = {layer.name for layer, raw, _ in entries if is_own_module(str(raw.get("module")))}
        found |= beyond - own
    return frozenset(found)


def _counted_from_one(
    entries: list[tuple[Layer, dict[str, object], Path]], names: dict[str, Layer], config: dict[str, object]
) -> frozenset[str]:
    """The nested models, in a file of Keras 2, whose calls are counted from 1.

    Keras 2 counts the node that a model makes when it is built with an input, and leaves it out of the file
    (`_should_skip_first_node` of its functional.py). It writes no call that nothing reads: a model whose call 0 nothing
    refers to is counted from 1.
    """
    from cnnsum.readers.keras.legacy import flatten_call

    used: dict[str, set[int]] = {name: set() for name, layer in names.items() if layer.graph is not None}
    if not used:
        return frozenset()
    found = [reference for reference, _ in references(config.get("output_layers"), ())]
    for _, raw, _ in entries:
        calls = raw.get("inbound_nodes")
        for call in calls if isinstance(calls, list) else ():
            arguments = flatten_call(call, keep_constants=False) if isinstance(call, list) else None
            found += [reference for reference, _, _ in arguments[0]] if arguments is not None else []
    for name, index, _ in found:
        if name in used:
            used[name].add(index)
    return frozenset(name for name, indexes in used.items() if indexes and 0 not in indexes)


def _place(node: Node) -> None:
    """Give a call by place what it is given by name, but for masks."""
    split = len(node.inputs) - len(node.keywords)
    named = list(zip(node.keywords, node.inputs[split:], strict=True))
    masks = [(name, tensor) for name, tensor in named if is_mask(name)]
    placed = [tensor for name, tensor in named if not is_mask(name)]
    node.inputs = (*node.inputs[:split], *placed, *(tensor for _, tensor in masks))
    node.keywords = tuple([name for name, _ in masks])


def _is_settled(key: str, config: dict[str, object]) -> bool:
    """Whether nothing but its class and its config says what a layer is: not its name in a map of dtype policies, nor
    what Keras 2 had in another way.
    """
    return telling(key).isdisjoint(config) and _is_policy_name(config.get("dtype"))


def _has_dtype_field(type: LayerType | None) -> bool:
    return type is not None and "dtype" in type.schema.fields


def _is_weightless(class_name: str, key: str) -> bool:
    """Whether what is not known has no weights all the same: a function, or an operation."""
    return key in _WEIGHTLESS or key.startswith(("keras.src.ops.", "tf.")) or class_name in _TF_OPERATIONS


def _is_true(value: object) -> bool:
    """Whether Python takes a value for true, as Keras does."""
    return bool(value)


def snake_case(name: str) -> str:
    """The name of a class as Keras makes the names of layers from it.

    >>> snake_case("MyConv2DBlock"), snake_case("RMSNorm")
    ('my_conv2d_block', 'rms_norm')
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _name(raw: object) -> str:
    """What a layer that cannot be read is called, as far as that can be told."""
    name = raw.get("name") if isinstance(raw, dict) else None
    return name if isinstance(name, str) else ""


def _is_policy_name(dtype: object) -> bool:
    """Whether a dtype policy is a name, or the object for a name: not a quantized one, nor a map of several."""
    if isinstance(dtype, dict):
        kind = dtype.get("class_name")
        return not isinstance(kind, str) or "DTypePolicy" not in kind or kind in {"DTypePolicy", "FloatDTypePolicy"}
    return not isinstance(dtype, str) or "_from_" not in dtype


def _is_size(value: object) -> bool:
    """Whether a value is the size of an axis, which may have no elements, as in Keras."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
