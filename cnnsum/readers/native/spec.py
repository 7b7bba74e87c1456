"""A whole spec: its keys in the order in which they depend on each other, and the graph that comes out.

Every problem is collected; only a file without any layers cannot be used at all.
"""

from __future__ import annotations

from collections.abc import Mapping

from cnnsum import dims
from cnnsum.diagnostics import (
    SMALLEST_SPEC,
    Diagnostic,
    Problem,
    Suggestion,
    UnusableError,
    did_you_mean,
    nearest,
)
from cnnsum.dims import Dim, Symbol
from cnnsum.graph.model import FLOAT32, Graph, Layer, Node, Place, Policy, Tensor, policy
from cnnsum.graph.names import Names
from cnnsum.graph.promotion import PYTORCH
from cnnsum.layers.base import LayerType
from cnnsum.layers.kinds import show
from cnnsum.layers.vocabulary import KERAS, VOCABULARIES, Vocabulary
from cnnsum.readers.how import How
from cnnsum.readers.native.entry import Entry, Types, is_input
from cnnsum.readers.native.expand import Expander
from cnnsum.readers.native.faults import Findings, Path, Site
from cnnsum.readers.native.fields import Defaults, policy_of, read_defaults
from cnnsum.readers.native.inputs import Declared, Sizes, declared_inputs, declared_symbols
from cnnsum.readers.native.keys import Frame
from cnnsum.readers.native.limit import Room, survey, within_limit
from cnnsum.readers.native.scope import Cell, Scope
from cnnsum.readers.native.wires import names_in
from cnnsum.source import Document
from cnnsum.typed import Any

KEYS = (
    *("name", "input", "inputs", "outputs", "layers", "symbols", "vars", "blocks", "defaults", "data_format"),
    *("dtype", "trainable", "layer_types", "include", "budget", "lint", "framework"),
)
_DATA_FORMATS = ("channels_last", "channels_first")


class Spec:
    """Reads one document."""

    def __init__(self, document: Document, how: How) -> None:
        self.document = document
        self.value: dict[str, Any] = document.value
        self.how = how
        self.findings = Findings()
        self.findings.diagnostics.extend(document.diagnostics)
        self.types = Types(how.types, vocabulary_of(self.value))
        self.cells: dict[str, Any] = {}
        self.scope = Scope(self.cells)
        self.blocks: list[Any] = []
        self.room = Room()
        self.sizes: Sizes | None = None
        self.symbols: dict[str, Symbol] = {}
        self.batch: Dim | None = None
        self.expander: Expander
        #: Where the model stands in the document.
        self.path: Path = ()

    def site(self, *path: str | int, key: bool = False) -> Site:
        """A place in the model."""
        return Site(self.document, (*self.path, *path), key)

    def read(self) -> Graph:
        """The graph; raises UnusableError where no layers are left, or the caller sets what the file does not have."""
        self._check_keys()
        items = self._layers()
        files = [self.document, *self._included()]
        self._read_vars(files)
        sizes = self._read_sizes()
        top_policy = self._policy()
        defaults = self._read_types(files)
        given, several = survey(items, self.types.blocks)
        expander = Expander(self.types, self.findings, self.scope, defaults, Names(given), self._nested)
        inputs, self.symbols = sizes.read(self.scope, top_policy.variable)
        frame = Frame(self.scope, "", (), top_policy, trainable=self._trainable())
        nodes = self._make_inputs(inputs, expander, frame)
        if not within_limit(items, several, self.site("layers"), self.types, self.scope, self.findings, self.room):
            raise self._unusable()
        self.expander = expander
        self.batch = next((node.layer.spec.shape[0] for node in nodes if node.layer.spec is not None), None)
        expander.top_level(items, self.site("layers"), frame)
        failed = any(found.severity == "error" for found in self.findings.diagnostics)
        # Without an error, every layer was left out on purpose.
        if failed and items and all(layer.type_name in ("InputLayer", "?") for layer in expander.layers):
            raise self._unusable()
        for block in self.blocks:
            if block.document is self.document and block.name not in expander.used:
                from cnnsum.readers.native.blocks import check_unused

                check_unused(block, self.findings)
        outputs = self._outputs(expander, frame)
        expander.wires.finish()
        expander.close()
        graph = self._graph(expander, nodes, outputs, frame)
        graph.included = tuple(files[1:])
        if self.how.inputs or self.how.settings or self.how.free:
            for model in graph.models():
                model.resized = True
        return graph

    def declared_types(self) -> tuple[dict[str, LayerType], tuple[Document, ...]]:
        """The layer types that the file declares, or includes, for use in other files, and the files that it includes;
        `findings` has what is wrong.
        """
        included = tuple(self._included())
        files = [self.document, *included]
        self._read_vars(files)
        self._read_types(files)
        return {name: type for name, type in self.types.own.items() if type is not None}, included

    def _unusable(self) -> UnusableError:
        """Everything found so far, for a spec of which no network is left."""
        found = self.findings.diagnostics
        own = found[0].span is not None and found[0].span.path == self.document.path
        return UnusableError(*found, line=self.document.line if own else None)

    # --- the keys at the top ------------------------------------------------------------------------------------------

    def _check_keys(self) -> None:
        no_text = {found.span for found in self.document.diagnostics if found.code == "SPC016"}
        for key in self.value:
            if key not in KEYS and not (no_text and self.site(key, key=True).span() in no_text):
                from cnnsum.layers.keras.foreign import key as meant

                help = did_you_mean(key, KEYS, meant, self.value) or f"a spec has {', '.join(KEYS)}"
                self.findings.add("SPC030", f"a spec has no key `{key}`", self.site(key, key=True), help=help)
        name = self.value.get("name")
        if name is not None and (not isinstance(name, str) or not name):
            self.findings.add("CFG102", f"`name` must be a text, got {show(name)}", self.site("name"))
        framework = self.value.get("framework")
        word = framework if isinstance(framework, str) else ""
        if framework is not None and word not in VOCABULARIES:
            other = _FRAMEWORKS.get(word.lower())
            written = f"write `framework: {other}`" if other else None
            message = f"`framework` must be one of {', '.join(VOCABULARIES)}, got {show(framework)}"
            self.findings.add("CFG102", message, self.site("framework"), help=written)
        for key in ("budget", "lint"):
            given = self.value.get(key)
            if given is not None and not isinstance(given, dict):
                self.findings.add("SPC022", f"`{key}` is a mapping, not {show(given)}", self.site(key))

    def _layers(self) -> list[object]:
        items = self.value.get("layers")
        if isinstance(items, list):
            if not items:
                self.findings.add("SPC031", "`layers` is empty", self.site("layers"), help=SMALLEST_SPEC)
            return items
        if "layers" in self.value:
            help = "begin each layer with `- `" if isinstance(items, dict) else SMALLEST_SPEC if items is None else None
            message = f"`layers` is a list of layers, not {show(items)}"
            raise UnusableError(Diagnostic("SPC022", message, self.site("layers").span(), "error", help))
        if "blocks" in self.value and "input" not in self.value and "inputs" not in self.value:
            message = "this file declares blocks and no network: it has no `input` and no `layers`"
            help = "bring its blocks into a spec with `include:`"
        else:
            message, help = "the spec has no `layers`", SMALLEST_SPEC
        found = [one for one in self.findings.diagnostics if one.severity == "error"]
        # Where the key is there with a slip, that is the mistake, and not that it is missing.
        if not any(isinstance(one.help, Suggestion) and one.help.only == "layers" for one in found):
            found.append(Diagnostic("SPC031", message, self.site().span(), "error", help))
        raise UnusableError(*found)

    def _included(self) -> list[Document]:
        if "include" not in self.value:
            return []
        from cnnsum.readers.native.include import included

        documents, complete = included(self.document, self.findings)
        self.types.incomplete = not complete
        return documents

    def _read_vars(self, files: list[Document]) -> None:
        """Vars of included files first: the file itself may give them other values."""
        texts = False
        for document in reversed(files):
            raw = document.value.get("vars")
            site = Site(document, ("vars",))
            if raw is None:
                continue
            if not isinstance(raw, dict):
                self.findings.add("SPC022", f"`vars` is a mapping of names to values, not {show(raw)}", site)
                continue
            for name, value in raw.items():
                here = Site(document, ("vars", name))
                if not dims.is_name(name) or name == "index":
                    self.findings.add("SPC029", f"`{name}` cannot be the name of a var", here._replace(key=True))
                    continue
                self.cells[name] = Cell(value, self.scope, here)
                texts = texts or isinstance(value, str)
        self._texts = texts

    def _read_sizes(self) -> Sizes:
        declared = declared_inputs(self.value, self.site(), self.findings)
        if not declared and "input" not in self.value and "inputs" not in self.value:
            misspelt = any(key not in KEYS and nearest(key, KEYS) in ("input", "inputs") for key in self.value)
            layers = self.value.get("layers")
            written = any(is_input(item) for item in layers) if isinstance(layers, list) else False
            if self.how.inputs or misspelt or written:
                declared = [Declared("input", None, None, self.site(), self.site())]
            else:
                help = "`input: [height, width, channels]`, without the batch axis, or `inputs:` for several"
                self.findings.add("SPC031", "the spec has no `input`", self.site(), help=help)
        symbols = declared_symbols(self.value.get("symbols"), self.document, self.cells, self.findings)
        self.sizes = sizes = Sizes(declared, symbols, self.cells, self.how, self.findings)
        if self.how.free:
            from cnnsum.readers.native.freeing import free

            free(sizes, self.how.free, channels_first=self._channels_first())
        sizes.settle()
        sizes.fill(self.cells, self.scope)
        if self._texts:
            # In their order, so that a long chain of vars is not evaluated from its end, one within the other.
            for name in [*self.cells]:
                try:
                    self.scope[name]
                except Problem:
                    continue
        return sizes

    def _policy(self) -> Policy:
        if self.how.dtype is not None:
            return policy(self.how.dtype)
        wanted = self.value.get("dtype")
        if wanted is None:
            return FLOAT32
        try:
            return policy_of(wanted, self.scope)
        except Problem as problem:
            self.findings.problem(problem, self.site("dtype"))
            return policy("float32")

    def _channels_first(self) -> bool:
        """Whether the spec says anywhere at its top that channels come before the axes of an image."""
        if self.types.vocabulary.channels_first:
            return True
        defaults = self.value.get("defaults")
        given = (
            [fields.get("data_format") for fields in defaults.values() if isinstance(fields, dict)]
            if isinstance(defaults, dict)
            else []
        )
        return "channels_first" in (self.value.get("data_format"), *given)

    def _trainable(self) -> bool:
        wanted = self.value.get("trainable", True)
        if not isinstance(wanted, bool):
            message = f"`trainable` must be true or false, got {show(wanted)}"
            self.findings.add("CFG102", message, self.site("trainable"))
            return True
        return wanted

    def _read_types(self, files: list[Document]) -> dict[Document, Defaults]:
        """Layer types, blocks and defaults of all files, in the order in which they need each other."""
        data_format = self.value.get("data_format")
        if data_format is not None and data_format not in _DATA_FORMATS:
            message = f"`data_format` must be channels_last or channels_first, got {show(data_format)}"
            from cnnsum.layers.keras.foreign import value as meant

            help = None
            if isinstance(data_format, str):
                help = did_you_mean(data_format, _DATA_FORMATS, lambda word: meant(word, _DATA_FORMATS))
            self.findings.add("CFG102", message, self.site("data_format"), help=help)
            data_format = None
        elif data_format is not None and self.types.vocabulary.channels_first:
            message = f"`data_format` is a word of Keras: layers of {self.types.vocabulary.title} have channels first"
            self.findings.add("CFG103", message, self.site("data_format", key=True), help="leave it out")
            data_format = None
        for document in files:
            if _lacks_declarations(document.value):
                self.types.incomplete = True
            if document.value.get("layer_types") is not None:
                from cnnsum.readers.native.own_types import declare as declare_types

                declare_types(document, self.types, self.scope, self.findings)
        for document in files:
            if document.value.get("blocks") is not None:
                from cnnsum.readers.native.blocks import declare as declare_blocks

                self.blocks += declare_blocks(document, ("blocks",), self.types, self.findings)
        result = {}
        for document in files:
            result[document] = Defaults(data_format)
            given = document.value.get("defaults")
            if given is not None:
                read_defaults(given, Site(document, ("defaults",)), result, self.types, self.scope, self.findings)
        if self.blocks:
            from cnnsum.readers.native.blocks import link

            link(self.blocks, self.types, self.findings)
        return result

    def _nested(self, entry: Entry, frame: Frame, name: str) -> Graph | None:
        from cnnsum.readers.native.nested import read_nested

        return read_nested(self, entry, frame, name)

    # --- from layers to a graph ---------------------------------------------------------------------------------------

    def _make_inputs(self, inputs: list[Any], expander: Expander, frame: Frame) -> list[Node]:
        """Input layers, and the names that stand for them; an input that is not known is a layer that is not known."""
        nodes = []
        single = "inputs" not in self.value
        for declared, spec in inputs:
            name = declared.own if single else declared.name
            if name is None:
                name = expander.names.automatic("InputLayer")
            expander.names.taken.add(name)
            path = (*self.path, "input") if single else (*self.path, "inputs", declared.name)
            place = Place(self.document, path)
            node = Node(Layer(name, None, type_name="InputLayer", place=place, policy=frame.policy, spec=spec))
            expander.layers.append(node.layer)
            expander.results[name] = node
            nodes.append(node)
        if not nodes:
            nodes.append(Node(Layer("input_layer", None, type_name="InputLayer", place=Place(self.document, ()))))
            expander.layers.append(nodes[0].layer)
        if len(nodes) == 1:
            frame.current = (Tensor(nodes[0]),)
            expander.results.setdefault("input", frame.current)
        return [node for node in nodes if node.layer.spec is not None]

    def _outputs(self, expander: Expander, frame: Frame) -> Any:
        wanted = self.value.get("outputs")
        if wanted is None:
            return [(frame.current, None)]
        site = self.site("outputs")
        expander.wires.bent = True
        listed = names_in(wanted, site)
        if not listed or not all(isinstance(name, str) and name for name, _ in listed):
            message = f"`outputs` must be the name of a layer, or a list of names, got {show(wanted)}"
            self.findings.add("CFG102", message, site)
            return [(frame.current, None)]
        return [(expander.wires.find(name, "", where), where) for name, where in listed]

    def _graph(self, expander: Expander, nodes: list[Node], outputs: Any, frame: Frame) -> Graph:
        layers = expander.layers
        ends: list[Tensor] = []
        for items, _ in outputs:
            ends.extend(expander.wires.resolve(items)[0])
        if not ends:
            # What the outputs name does not exist, which was reported.
            ends = [Tensor(layers[-1].nodes[-1])]
        complete = len(nodes) == sum(layer.type_name == "InputLayer" for layer in layers[: len(nodes) + 1])
        sequential = complete and "inputs" not in self.value and (not expander.wires.bent or _is_chain(layers, ends))
        name = self.value.get("name")
        graph = Graph(
            name if isinstance(name, str) and name else "sequential" if sequential else "functional",
            inputs=nodes,
            outputs=ends,
            layers=layers,
            sequential=sequential,
            trainable=frame.trainable,
            batch=self.batch,
            symbols=self.symbols,
            place=Place(self.document, self.path),
            backend=self.how.backend if self.types.vocabulary is KERAS else PYTORCH,
            vocabulary=self.types.vocabulary,
        )
        graph.blocks = expander.blocks
        graph.freed = self.sizes.freed if self.sizes is not None else {}
        if isinstance(self.value.get("symbols"), dict):
            graph.declared = {name: Place(self.document, ("symbols", name)) for name in self.value["symbols"]}
        self._check_inputs_used(graph)
        graph.diagnostics = self.findings.diagnostics
        return graph

    def _check_inputs_used(self, graph: Graph) -> None:
        if graph.sequential or any(found.severity == "error" for found in self.findings.diagnostics):
            return
        used = {tensor.node for layer in graph.layers for node in layer.nodes for tensor in node.inputs}
        used.update(tensor.node for tensor in graph.outputs)
        for node in graph.inputs:
            if node not in used and node.layer.place is not None:
                message = f"input `{node.layer.name}` is not used: no layer starts from it"
                span = node.layer.place.document.span(node.layer.place.path, key=True)
                self.findings.add("GRF309", message, span, severity="warning")


#: What else frameworks are called.
_FRAMEWORKS = {"keras": "keras", "tensorflow": "keras", "tf": "keras", "torch": "torch", "pytorch": "torch"}


def vocabulary_of(spec: Mapping[str, object]) -> Vocabulary:
    """The vocabulary that a spec names; Keras's where it names none, or none that there is."""
    framework = spec.get("framework")
    if not isinstance(framework, str):
        return KERAS
    # One that is called otherwise is reported, and the layers are read as they were meant.
    return VOCABULARIES.get(_FRAMEWORKS.get(framework.lower(), framework), KERAS)


def _lacks_declarations(value: dict[str, Any]) -> bool:
    """Whether a key that would declare blocks or types is misspelt, or holds what it cannot; either is reported."""
    for key, given in value.items():
        if key in KEYS:
            wrong = key in ("blocks", "layer_types") and given is not None and not isinstance(given, dict)
        else:
            near = nearest(key, KEYS) if isinstance(given, (dict, list, str)) else None
            wrong = near in (("blocks", "layer_types") if isinstance(given, dict) else ("include",))
        if wrong:
            return True
    return False


def _is_chain(layers: list[Layer], outputs: list[Tensor]) -> bool:
    """Whether each layer is called once, on the output of the one before, and the last gives the only output."""
    before: Node | None = None
    for layer in layers:
        if len(layer.nodes) != 1:
            return False
        (node,) = layer.nodes
        if before is not None and (len(node.inputs) != 1 or node.keywords or node.inputs[0] != (before, 0)):
            return False
        before = node
    return len(outputs) == 1 and outputs[0] == (before, 0)
