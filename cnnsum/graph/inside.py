"""A model that a layer such as `TimeDistributed` holds in a field: a layer whose rule is the inference of its graph.

Loaded for files that have one. Knows no file format.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnnsum.counted import counted
from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, prod
from cnnsum.graph.infer import Call, Inference, Value, fixed_inputs, infer
from cnnsum.graph.model import Graph, InputSpec, Layer, Node, Policy, Tensor
from cnnsum.graph.names import Names
from cnnsum.layers.base import LayerType
from cnnsum.layers.facts import NOT_FOLLOWED, Facts, Kept, Shape, Weight, unknown_facts
from cnnsum.layers.inner import Inner
from cnnsum.layers.requiring import put_back, set_aside


class InnerModel(Inner):
    """A wrapped model. It is equal to itself only."""

    __slots__ = ("graph",)

    def __init__(self, graph: Graph, type_name: str) -> None:
        def rule(*shapes: Shape) -> Facts:
            return _facts(graph, shapes)

        super().__init__(LayerType(rule, type_name, type_name, ("weights",), (), ()), {}, graph.name)
        self.graph = graph

    __hash__ = Inner.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def frozen(self) -> Inner:
        """The model itself: what froze its layers is known where it is read."""
        return self

    def with_fields(self, **fields: object) -> Inner:  # noqa: ARG002 - a model has none
        """The model itself: it has no fields."""
        return self


def chain(layer: Layer, held: Sequence[Inner], value: Value) -> Graph:
    """The layers that a layer holds, one after another, as a model of their own on what the layer is called on."""
    assert value.shape is not None
    source = Node(Layer("input", None, type_name="InputLayer", spec=InputSpec(value.shape, value.dtype)))
    layers: list[Layer] = []
    last = source
    names = Names()
    for inner in held:
        graph = inner.graph if isinstance(inner, InnerModel) else None
        policy = layer.policy if inner.dtype is None else Policy(layer.policy.compute, inner.dtype)
        made = Layer(
            inner.name or names.automatic(inner.type.name),
            None if graph is not None else inner.type,
            inner.fields,
            type_name=inner.type.name,
            policy=policy,
            trainable=inner.trainable and layer.trainable,
            graph=graph,
        )
        last = Node(made, (Tensor(last),))
        layers.append(made)
    outputs = [Tensor(last)]
    return Graph(layer.name, inputs=[source], outputs=outputs, layers=[source.layer, *layers], sequential=True)


def _facts(graph: Graph, shapes: tuple[Shape, ...]) -> Facts:
    """What one call of the model gives, holds, costs and keeps; raises Problem where it cannot be called on these."""
    if graph.sequential and not graph.inputs:
        graph.adopt([InputSpec(shape, "float32") for shape in shapes[:1]])
    specs = [node.layer.spec for node in graph.inputs if node.layer.spec is not None]
    if len(specs) != len(shapes):
        raise Problem("GRF303", f"the model takes {counted(len(specs), 'input')}, got {len(shapes)}")
    needs = fixed_inputs(graph, shapes)
    # The rules inside collect conditions of their own, which are those of the wrapper's call too.
    outer = set_aside()
    try:
        result = infer(graph, tuple([Value(shape, spec.dtype) for shape, spec in zip(shapes, specs, strict=True)]))
    finally:
        put_back(outer)
    for found in result.diagnostics:
        if found.severity == "error":
            raise Problem(found.code, found.message, help=found.help)
    put_back([*outer, *needs, *(one.need for one in result.needs)])
    outputs = [result.values[number] for number in result.outputs]
    calls = result.calls
    if any(call.facts.status == "unknown" for call in calls):
        facts = unknown_facts(*(value.shape for value in outputs))
        facts.weights = _weights(calls)
        return facts
    macs: Dim = 0
    ops: Dim = 0
    for call in calls:
        macs = macs + call.facts.macs
        ops = ops + call.facts.ops
    bound = any(call.facts.status == "bound" for call in calls)
    return Facts(
        *[value.shape for value in outputs],
        weights=_weights(calls),
        macs=macs,
        ops=ops,
        keeps_input=any(_keeps(call) and not set(result.inputs).isdisjoint(call.inputs) for call in calls),
        kept=_kept(result),
        scratch=_scratch(result),
        window=None if all(call.facts.window is None for call in calls) else NOT_FOLLOWED,
        dtype=outputs[0].dtype if outputs else None,
        status="bound" if bound else "exact",
    )


def _weights(calls: list[Call]) -> tuple[Weight, ...]:
    """The weights of all layers, those of a shared one once."""
    found: dict[object, Weight] = {}
    for call in calls:
        layer = call.layer
        for own in call.facts.weights:
            found.setdefault(
                (layer, own.name),
                own._replace(
                    name="/".join([*(one.name for one in call.path), layer.name, own.name]),
                    trainable=own.trainable and not layer.freezes,
                    dtype=own.dtype or layer.policy.variable,
                    one=own.one or (layer, own.name),
                ),
            )
    return tuple(found.values())


def _keeps(call: Call) -> bool:
    keeps = call.facts.keeps_input
    return bool(keeps) and not (keeps == "weights" and call.layer.freezes)


def _kept(result: Inference) -> tuple[Kept, ...]:
    """What backpropagation keeps of the tensors between the layers, each once, and what the layers keep themselves."""
    kept: list[Kept] = []
    seen = set(result.inputs)
    for call in result.calls:
        name = call.layer.name
        facts = call.facts
        wanted = [
            *(call.inputs[facts.keeps_input == "rest" :] if _keeps(call) else ()),
            *(facts.kept_outputs(call.outputs) if facts.keeps_output else ()),
        ]
        for number in wanted:
            if number < 0 or number in seen:
                continue
            seen.add(number)
            shape, dtype = result.values[number]
            if shape is not None:
                kept.append(Kept(f"tensor of {name}", shape, dtype))
        kept += [
            Kept(f"{name} {own.name}", own.shape, own.dtype or call.layer.policy.compute, own.batched, own.use)
            for own in call.facts.kept
        ]
    return tuple(kept)


def _scratch(result: Inference) -> tuple[Shape, ...]:
    """The tensors between the layers that are alive where they take the most (of formulas, at the first call)."""
    last = {number: index for index, call in enumerate(result.calls) for number in call.inputs}
    outside = {*result.inputs, *result.outputs}
    alive: dict[int, tuple[Shape, Dim]] = {}
    best: tuple[Dim, tuple[Shape, ...]] = 0, ()
    for index, call in enumerate(result.calls):
        for number in call.outputs:
            shape = result.values[number].shape
            if number not in outside and shape is not None and call.facts.alias not in ("view", "bypass"):
                alive[number] = shape, prod(shape[1:])
        taken = sum((count for _, count in alive.values()), 0)
        if not best[1] or (isinstance(taken, int) and isinstance(best[0], int) and taken > best[0]):
            best = taken, tuple([shape for shape, _ in alive.values()])
        for number in call.inputs:
            if last[number] == index:
                alive.pop(number, None)
    return best[1]
