"""The rows of a report: what each layer is, gives, holds and costs. Knows no totals, no format and no screen."""

from __future__ import annotations

from cnnsum.analyses.counting import Counter, cost_of
from cnnsum.analyses.memory.activations import Keeping, saved, value_bytes
from cnnsum.analyses.params import NO_WEIGHTS
from cnnsum.analyses.params import Params as ParamsOf
from cnnsum.answers.summary.records import (
    Connection,
    Fields,
    Inside,
    LayerMemory,
    Params,
    Read,
    ReceptiveField,
    Row,
    TensorRecord,
    WeightRecord,
    Window,
)
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.graph.infer import Call, Inference
from cnnsum.graph.model import Layer, Node, Tensor
from cnnsum.typed import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnnsum.analyses.field.fields import Axis, Field
    from cnnsum.layers.facts import Status


class _Numbers(NamedTuple):
    """What a layer's row says of all its calls together."""

    outputs: tuple[TensorRecord, ...]
    weights: tuple[WeightRecord, ...]
    params: Params
    macs: Dim
    flops: Dim
    weight_bytes: Dim
    output_bytes: Dim
    status: Status


class _Declared(NamedTuple):
    """What the fields of a layer say, where that was asked for and its type is known."""

    config: Fields | None = None
    window: Window | None = None


class RowBuilder:
    """Makes rows; repeated layers share the records of their tensors and weights."""

    def __init__(
        self,
        inference: Inference,
        counter: Counter,
        sizes: list[Dim],
        params: ParamsOf,
        kept: dict[Layer, Dim],
        *,
        details: bool,
    ) -> None:
        self.inference = inference
        self.counter = counter
        self.sizes = sizes
        self.params = params
        self.kept = kept
        self.details = details
        self.fields: list[Field] = []
        if details:
            from cnnsum.analyses.field.fields import receptive_fields

            self.fields = receptive_fields(inference)
        self._shared: dict[tuple[int, int, int, bool], _Numbers] = {}
        self._memory: dict[tuple[Dim, ...], LayerMemory] = {}
        self._tensors: dict[int, TensorRecord] = {}
        self._declarations: dict[tuple[int, int], _Declared] = {}
        #: By the identity of the fields that they are of, which `fields` keeps.
        self._seen: dict[int, ReceptiveField] = {}
        self._claimed = _claimed(inference)

    def rows(self, *, nested: bool = False) -> list[Row]:
        """One row per layer, in Keras's order; none for what only computes sizes."""
        order = self.inference.order
        used = set(order.nodes) if order.connected else None
        return [self.row(layer, used, nested=nested) for layer in order.layers if not layer.counts_sizes]

    def row(self, layer: Layer, used: set[Node] | None, *, nested: bool) -> Row:
        """The row of one layer: the outputs of its last call, the work of all its calls."""
        if not self.inference.inputs:
            return self._unbuilt(layer)
        nodes = layer.nodes
        if used is not None and len(nodes) > 1:  # one that is listed has a call in use
            nodes = [node for node in nodes if node in used]
        outputs, weights, params, macs, flops, weight_bytes, output_bytes, status = self._numbers(layer, nodes)
        row = Row(
            layer.name,
            layer.type_name,
            outputs=outputs,
            weights=weights,
            params=params,
            macs=macs,
            flops=flops,
            memory=self._bytes(weight_bytes, output_bytes, self._saved(layer, nodes)),
            connections=() if nested else self._connections(nodes),
            block=layer.block,
            status=status,
            built=bool(nodes),
            trainable=layer.trainable,
            module=layer.module,
        )
        if layer.graph is not None:
            row.rows, row.inside = self._nested(layer)
        elif "layers" in layer.fields and nodes:
            row.held = self._held(layer, nodes[-1])
        if self.details:
            row.place, row.end = self._place(layer)
            row.receptive_field = self._field(nodes)
            row.reads = self._reads(nodes)
            row.config, row.window = self._declared(layer)
        return row

    def _unbuilt(self, layer: Layer) -> Row:
        """The row of a layer in a model that has not met an input: nothing is known but its name."""
        weightless = layer.weightless if layer.type is None else not layer.type.weights
        count: Dim = 0 if weightless else UNKNOWN
        rows, inside = self._nested(layer)
        place, end = self._place(layer)
        declared = self._declared(layer)
        return Row(
            layer.name,
            layer.type_name,
            outputs=(),
            params=Params(count, count, count),
            macs=UNKNOWN,
            flops=UNKNOWN,
            memory=LayerMemory(count, UNKNOWN, UNKNOWN),
            block=layer.block,
            place=place,
            end=end,
            status="unknown",
            built=weightless and layer.type is not None and layer.type.built,
            trainable=layer.trainable,
            rows=rows,
            reads=self._reads(layer.nodes) if self.details else (),
            inside=inside,
            config=declared.config,
            window=declared.window,
        )

    def _declared(self, layer: Layer) -> _Declared:
        """What the fields of a layer say; layers that repeat each other share it."""
        if not self.details:
            return _Declared()
        from cnnsum.answers.summary.config import config_of, window_of

        key = (id(layer.type), id(layer.fields))
        found = self._declarations.get(key)
        if found is None:
            found = self._declarations[key] = _Declared(config_of(layer), window_of(layer))
        return found

    def _numbers(self, layer: Layer, nodes: list[Node]) -> _Numbers:
        """The numbers of a layer's calls together; layers that repeat each other share them."""
        if len(nodes) == 1:
            made, start, end = self.inference.made_by[nodes[0].position]
            if end - start == 1 and layer.graph is None:
                call = self.inference.calls[start]
                weights = self.params.by_layer[layer]
                claimed = not self._claimed.isdisjoint(call.inputs)
                key = (id(call.facts), id(weights), id(self.inference.values[made[0]]), claimed)
                found = self._shared.get(key)
                if found is None:
                    found = self._shared[key] = self._count(layer, nodes)
                return found
        return self._count(layer, nodes)

    def _count(self, layer: Layer, nodes: list[Node]) -> _Numbers:
        inference = self.inference
        calls: list[Call] = []
        output_bytes: Dim = 0
        for node in nodes:
            made, start, end = inference.made_by[node.position]
            calls += inference.calls[start:end]
            if layer.spec is None:
                for number in made:
                    output_bytes = output_bytes + self.sizes[number]
        weights = self.params.of(calls) if calls else NO_WEIGHTS
        cost = cost_of(calls)
        return _Numbers(
            tuple(TensorRecord(*value) for value in inference.output_of(nodes[-1])) if nodes else (),
            self._weights(calls) if layer.graph is None else (),
            Params(weights.parameters, weights.trainable, weights.non_trainable),
            self.counter.fill(cost.macs),
            self.counter.fill(cost.flops),
            weights.bytes,
            output_bytes,
            _status(calls, self._claimed),
        )

    def _bytes(self, *of: Dim) -> LayerMemory:
        """The record of the bytes of a layer's weights, of its outputs and of what is saved for it."""
        found = self._memory.get(of)
        if found is None:
            found = self._memory[of] = LayerMemory(*of)
        return found

    def _saved(self, layer: Layer, nodes: list[Node]) -> Dim:
        if layer.graph is None:
            return self.kept.get(layer, 0)
        total: Dim = 0
        for owner in dict.fromkeys(call.layer for node in nodes for call in self.inference.calls_of(node)):
            total = total + self.kept.get(owner, 0)
        return total

    def _nested(self, layer: Layer) -> tuple[tuple[Row, ...], Inside | None]:
        """The rows of a nested model as Keras lists them, which is without its operations; and its graph."""
        inner = None if layer.graph is None else self.inference.nested.get(layer)
        if layer.graph is None or inner is None:
            return (), None
        builder = self._builder(inner, details=self.details)
        rows = builder.rows(nested=True)
        hidden = {one.name for one in inner.order.layers if one.is_operation}
        listed = tuple([row for row in rows if row.name not in hidden] if hidden else rows)
        if not self.details:
            return listed, None
        inputs = tuple([node.layer.name for node in layer.graph.inputs])
        return listed, Inside(tuple(rows), inputs, tuple(map(builder.read, layer.graph.outputs)))

    def _held(self, layer: Layer, node: Node) -> tuple[Row, ...]:
        """The rows of layers in the field `layers`: Keras's summary opens whatever has some under that name."""
        held = layer.fields["layers"]
        made, start, _ = self.inference.made_by[node.position]
        read = self.inference.calls[start].inputs if made else ()
        if not isinstance(held, tuple) or not read:  # what reads an array alone is not opened
            return ()
        value = self.inference.values[read[0]]
        if value.shape is None:
            return ()
        from cnnsum.graph.infer import infer
        from cnnsum.graph.inside import chain

        return tuple(self._builder(infer(chain(layer, held, value)), details=False).rows(nested=True))

    def _builder(self, inner: Inference, *, details: bool) -> RowBuilder:
        """What makes the rows of a network within this one."""
        sizes = value_bytes(inner, self.counter)
        params = ParamsOf(inner.calls, trainable=self.params.trainable)
        kept, _ = saved(inner, Keeping(inner, sizes, self.counter, params.by_layer))
        return RowBuilder(inner, self.counter, sizes, params, kept, details=details)

    def read(self, tensor: Tensor) -> Read:
        """A tensor of this graph as who reads it knows it."""
        node, output = tensor
        return Read(node.layer.name, output, self._tensor(node, output))

    def _reads(self, nodes: list[Node]) -> tuple[Read, ...]:
        """What the calls read. That of a nested model are its inputs alone, the same number of them in every call."""
        return tuple(
            [
                self.read(tensor)
                for node in nodes
                for tensor in (node.inputs if node.layer.graph is None else node.arguments)
                if not tensor.node.layer.counts_sizes
            ]
        )

    def _tensor(self, node: Node, output: int) -> TensorRecord | None:
        """What a call gives, each once; None where its shape is not known, or of a call that does not run."""
        made_by = self.inference.made_by
        if not 0 <= node.position < len(made_by):
            return None
        made = made_by[node.position][0]
        if output >= len(made):
            return None
        value = self.inference.values[made[output]]
        found = self._tensors.get(made[output])
        if found is None and value.shape is not None:
            found = self._tensors[made[output]] = TensorRecord(*value)
        return found

    def _weights(self, calls: list[Call]) -> tuple[WeightRecord, ...]:
        if not calls or not calls[0].facts.weights:
            return ()
        layer, facts = calls[0].layer, calls[0].facts
        is_unknown = facts.status == "unknown"
        if is_unknown and not facts.has_known_weights:
            return ()
        trains = self.params.trainable and not layer.freezes
        return tuple(
            WeightRecord(
                weight.name,
                weight.shape,
                weight.dtype or layer.policy.variable,
                # What trains of a layer that nothing is known of is not said anywhere.
                None if is_unknown and trains and weight.trainable else weight.trainable and trains,
            )
            for weight in facts.weights
        )

    def _connections(self, nodes: list[Node]) -> tuple[Connection, ...]:
        found: list[Connection] = []
        for node in nodes:
            for made_in, index in node.inputs:
                layer = made_in.layer
                if not layer.counts_sizes:
                    found.append(Connection._make((layer.name, made_in.index, index)))
        return tuple(found)

    def _place(self, layer: Layer) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
        """Where the file declares a layer, and where that ends."""
        if layer.place is None or not self.details:
            return None, None
        span = layer.place.span()
        return (span.line, span.column), (span.end_line, span.end_column)

    def _field(self, nodes: list[Node]) -> ReceptiveField | None:
        if not nodes:
            return None
        number = self.inference.made_by[nodes[-1].position][0][0]
        seen = self.fields[number]
        shape = self.inference.values[number].shape
        if seen is None:
            axes = max(len(shape) - 2, 1) if shape is not None else 1
            return ReceptiveField((None,) * axes, (None,) * axes, (None,) * axes)
        if not seen:
            return None
        found = self._seen.get(id(seen))
        if found is None:
            found = self._seen[id(seen)] = _field_of(seen)
        return found


def _field_of(seen: tuple[Axis, ...]) -> ReceptiveField:
    """A field as a record. Along the axes of a square, which are one in most networks, it is the same."""
    from cnnsum.analyses.field.fields import aligned_all, is_known

    first = seen[0]
    count = len(seen)
    one = count > 1 and all(axis is first for axis in seen)
    axes = seen[:1] if one else seen
    aligned = aligned_all(axes)
    times = count if one else 1
    return ReceptiveField(
        tuple([axis.size for axis in axes]) * times,
        tuple([axis.jump for axis in axes]) * times,
        tuple([axis.offset for axis in axes]) * times,
        aligned,
        all(axis.exact for axis in axes) if is_known(axes) or aligned is False else None,
    )


def _claimed(inference: Inference) -> set[int]:
    """The values that follow from what a layer gives whose result is known by the file's word alone."""
    claimed: set[int] = set()
    for call in inference.calls:
        said = call.facts.claimed or (call.facts.status == "unknown" and call.facts.outputs[0] is not None)
        if said or (claimed and not claimed.isdisjoint(call.inputs)):
            claimed.update(call.outputs)
    return claimed


def _status(calls: list[Call], claimed: set[int]) -> Status:
    worst: Status = "exact"
    for call in calls:
        if call.facts.status == "unknown":
            return "unknown"
        if call.facts.status == "bound" or (claimed and not claimed.isdisjoint(call.inputs)):
            worst = "bound"
    return worst
