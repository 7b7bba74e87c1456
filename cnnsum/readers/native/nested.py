"""A model within the model: `Sequential: {layers: [...]}` or `Functional: {inputs: ..., layers: [...]}`.

It is read as a spec is, with names of layers of its own; vars, symbols, blocks, types and defaults are those of the
file. Loaded for specs that have one.
"""

from __future__ import annotations

from cnnsum.diagnostics import UnusableError, did_you_mean
from cnnsum.graph.model import Graph, Layer, Node, Tensor
from cnnsum.graph.names import Names
from cnnsum.readers.how import AS_WRITTEN
from cnnsum.readers.native.entry import Entry
from cnnsum.readers.native.expand import Expander
from cnnsum.readers.native.inputs import Sizes, declared_inputs
from cnnsum.readers.native.keys import Frame
from cnnsum.readers.native.limit import survey, within_limit
from cnnsum.readers.native.spec import Spec
from cnnsum.typed import Any

_KEYS = ("input", "inputs", "outputs", "layers")


def read_nested(outer: Spec, entry: Entry, frame: Frame, name: str) -> Graph | None:
    """The model that an entry of `outer` holds; None where nothing is left of it, which is reported.

    frame: an empty one with the names in sight, the policy and the switch that hold for the model.
    """
    if outer.room.left < 0:
        return None
    nested = _Nested(outer, entry)
    try:
        return nested.model(entry, frame, name)
    except UnusableError as error:
        known = nested.findings.diagnostics
        known.extend([one for one in error.diagnostics if one not in known])
        return None


class _Nested(Spec):
    """Reads one model within the model `outer`, whose findings, types and symbols it shares."""

    def __init__(self, outer: Spec, entry: Entry) -> None:
        super().__init__(entry.document, AS_WRITTEN)
        self.value = dict(entry.raw)
        self.path = entry.fields
        self.findings = outer.findings
        self.types = outer.types
        self.room = outer.room
        self.symbols = outer.symbols
        self.batch = outer.batch
        self.outer = outer.expander

    def model(self, entry: Entry, frame: Frame, name: str) -> Graph | None:
        """The graph; raises UnusableError where there are no layers."""
        self._check_keys()
        items = self._layers()
        given, several = survey(items, self.types.blocks)
        if not within_limit(items, several, self.site("layers"), self.types, frame.scope, self.findings, self.room):
            return None
        outer = self.outer
        expander = Expander(self.types, self.findings, outer.top, outer.defaults, Names(given), self._nested)
        self.expander = expander
        chain = entry.type_name == "Sequential"
        nodes: list[Node] = []
        start: Node | None = None
        if chain and "input" not in self.value and "inputs" not in self.value:
            # It starts at whatever it is called on.
            start = Node(Layer("input", None))
            frame.current = expander.results["input"] = (Tensor(start),)
        else:
            nodes = self._make_inputs(self._inputs(entry, frame), expander, frame)
        expander.top_level(items, self.site("layers"), frame)
        outer.used |= expander.used
        outputs = self._outputs(expander, frame)
        expander.wires.finish()
        expander.close()
        graph = self._graph(expander, nodes, outputs, frame)
        graph.name = name
        if start is not None:
            for node in start_calls(graph, start):
                node.inputs = ()
        if chain and not graph.sequential:
            message = "a Sequential is a chain of layers, each reading the one before: this one is a Functional"
            self.findings.add("SPC073", message, entry.head, help="write `Functional`, with `input` or `inputs`")
            return None
        graph.sequential = chain
        return graph

    def _inputs(self, entry: Entry, frame: Frame) -> list[Any]:
        """Its inputs with their sizes, whose names are those of the file."""
        declared = declared_inputs(self.value, self.site(), self.findings)
        if not declared and "input" not in self.value and "inputs" not in self.value:
            help = "`input: [height, width, channels]`, without the batch axis, or `inputs:` for several"
            self.findings.add("SPC031", f"the {entry.type_name} has no `input`", entry.head, help=help)
        sizes = Sizes(declared, {}, dict.fromkeys(frame.scope), AS_WRITTEN, self.findings)
        self.sizes = sizes
        inputs, _ = sizes.read(frame.scope, frame.policy.variable, self.symbols, self.batch)
        return inputs

    def _check_keys(self) -> None:
        for key in self.value:
            if key not in _KEYS:
                help = (
                    did_you_mean(key, _KEYS, given=self.value)
                    or f"it has {', '.join(_KEYS)}, and what every layer may have"
                )
                self.findings.add("SPC030", f"a model has no key `{key}`", self.site(key, key=True), help=help)


def start_calls(graph: Graph, start: Node) -> list[Node]:
    """The calls that read what a chain without an input starts from."""
    return [node for layer in graph.layers for node in layer.nodes if (start, 0) in node.inputs]
