"""Every number of every layer explained: the formula, the formula with the numbers put in, and why.

Formulas come from the layers' own rules (`symbols`), sentences from their documentation (`reasons`),
values from the analyses that the report is made of. Where a formula would not give the analyses' value, it is left out
and the value stands alone; what is not known says so. Knows no format and no screen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from cnnsum.analyses.counting import Counter, cost_of
from cnnsum.analyses.field.fields import union
from cnnsum.answers.explain.kept import kept_step
from cnnsum.answers.explain.reasons import WHAT, reasons
from cnnsum.answers.explain.scope import NoLayerError, Scope, chosen, unknown
from cnnsum.answers.explain.steps import (
    Step,
    Writer,
    field_steps,
    flops_step,
    merge_steps,
    output_steps,
    summed,
    tensor_bytes,
    trainable_steps,
    weight_bytes,
    weight_steps,
    work_steps,
)
from cnnsum.answers.explain.symbols import Retold, is_size, retell
from cnnsum.answers.explain.tracing import named
from cnnsum.counted import counted
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.graph.infer import Call, Inference, with_constants, without_masks
from cnnsum.graph.model import Graph, Layer, Node
from cnnsum.layers.arithmetic.functions import function
from cnnsum.layers.base import find, is_mask
from cnnsum.layers.facts import Shape, Status
from cnnsum.layers.inner import Inner
from cnnsum.layers.kinds import show
from cnnsum.typed import NamedTuple


class Explained(NamedTuple):
    """One layer, explained.

    what: what the layer does, in a sentence. inputs, outputs: shapes of its last call. settings: fields that are no
    sizes and not what they are by default. symbols: the names in the formulas, with their values. note: what else is to
    be said of it. like: an earlier layer of which all is true that is true of this one, but for steps of its own place
    in the network (`own_steps`). layers: those of a nested model.
    """

    name: str
    type: str
    place: tuple[int, int] | None
    what: str
    inputs: tuple[Shape | None, ...]
    outputs: tuple[Shape | None, ...]
    settings: tuple[tuple[str, str], ...]
    symbols: tuple[tuple[str, Dim], ...]
    steps: tuple[Step, ...]
    status: Status
    note: str = ""
    like: str = ""
    own_steps: tuple[Step, ...] = ()
    layers: tuple[Explained, ...] = ()


#: Layers that are explained in one answer, those of nested models included.
MAX_EXPLAINED = 2_000


def explain(
    graph: Graph,
    inference: Inference,
    layers: Sequence[str] = (),
    batch: Dim = 1,
    only: Collection[str] = (),
) -> tuple[tuple[Explained, ...], int]:
    """The layers of a graph explained: all of them, or those that `layers` choose. The second item is the number of
    those past the first `MAX_EXPLAINED`, which are left out.

    layers: names (`conv*`; an exact name wins, then that of a block or a module, which stands for its layers), else
    types (`Conv2D`), else numbers, which choose the layers that have one among theirs, and its arithmetic alone. only:
    topics, the arithmetic of which is wanted; all where there are none. Layers of nested models are found by their own
    name and as `model/layer`. Raises NoLayerError.
    """
    builder = _Builder(graph.batch, batch)
    scope = Scope(inference, builder.counter, trainable=graph.trainable)
    if not layers:
        found = builder.rows([(scope, one) for one in scope.layers(nested=False)])
        return tuple(_about(found, only)), builder.more
    wanted: dict[int, tuple[Scope, Layer]] = {}
    numbers: set[int] = set()
    for text in layers:
        named_so = chosen(scope, text)
        number = _number(text)
        if not named_so and number is None:
            raise unknown(scope, text)
        if not named_so and number is not None:
            numbers.add(number)
        wanted.update({id(one): (inside, one) for inside, one in named_so})
    found = builder.rows(wanted.values())
    if numbers:
        found += _with_numbers(scope, graph, batch, numbers)
    return tuple(_about(found, only)), builder.more


_MOST_DIGITS = 30  # of a number that a layer may have


#: What may be explained alone, and how the measures of each begin.
TOPICS: Mapping[str, tuple[str, ...]] = {
    "shapes": ("output ",),
    "parameters": ("parameters", "trainable", "non-trainable"),
    "macs": ("MACs", "operations", "FLOPs"),
    "memory": ("weight memory", "output memory", "saved"),
    "field": ("receptive",),
}


def _about(layers: list[Explained], only: Collection[str]) -> list[Explained]:
    """The layers with the steps of some topics alone."""
    if not only:
        return layers

    def kept(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        return tuple([step for step in steps if _topic(step.measure) in only])

    return [
        one._replace(steps=kept(one.steps), own_steps=kept(one.own_steps), layers=tuple(_about(list(one.layers), only)))
        for one in layers
    ]


def _topic(measure: str) -> str:
    if measure == "output memory":
        return "memory"
    return next((name for name, begins in TOPICS.items() if measure.startswith(begins)), "")


def _number(text: str) -> int | None:
    """The number that a text is, with or without commas between thousands."""
    digits = text.replace(",", "").replace("_", "")
    return int(digits) if digits.isdecimal() and digits.isascii() and len(digits) <= _MOST_DIGITS else None


def _with_numbers(scope: Scope, graph: Graph, batch: Dim, numbers: set[int]) -> list[Explained]:
    """The layers that have one of these numbers, with its arithmetic alone; raises NoLayerError for one that none has.

    A layer that repeats another has the other's numbers, and they are told again.
    """
    found: list[Explained] = []
    missing = set(numbers)
    builder = _Builder(graph.batch, batch)
    for _, inside, layer in scope.everything(""):
        row = builder.row(inside, layer)
        steps = tuple([step for step in row.steps if isinstance(step.value, int) and step.value in numbers])
        if steps and len(found) < MAX_EXPLAINED:
            missing -= {step.value for step in steps if isinstance(step.value, int)}
            found.append(row._replace(steps=steps, own_steps=(), layers=(), like=""))
    if missing:
        number = min(missing)
        raise NoLayerError(f"{number:,}", "no layer has that name, that type, or that number among its own")
    return found


class _Builder:
    """Explains layers up to `MAX_EXPLAINED`, and finds those that repeat an earlier one.

    more: the number of layers that were left out.
    """

    def __init__(self, symbol: Dim | None, batch: Dim) -> None:
        self.counter = Counter(symbol, batch)
        self.more = 0
        self._room = MAX_EXPLAINED
        self._first: dict[Explained, Explained] = {}
        # Most layers of a long network do what others do: each such thing is told and worked out once.
        self._told: dict[object, Retold | None] = {}
        self._worked: dict[object, tuple[dict[str, Dim], tuple[Step, ...]]] = {}

    def rows(self, wanted: Iterable[tuple[Scope, Layer]]) -> list[Explained]:
        """The layers explained, as far as there is room."""
        found = []
        for scope, layer in wanted:
            if self._room:
                self._room -= 1
                found.append(self.row(scope, layer))
            else:
                self.more += scope.count(layer)
        return found

    def row(self, scope: Scope, layer: Layer) -> Explained:
        """One layer explained."""
        nodes = scope.nodes(layer)
        place = None
        if layer.place is not None:
            span = layer.place.span()
            place = span.line, span.column
        base = Explained(layer.name, layer.type_name, place, "", (), (), (), (), (), "exact")
        if nodes:
            base = base._replace(
                inputs=tuple([scope.inference.values[number].shape for number in _inputs(scope.inference, nodes[-1])]),
                outputs=tuple([value.shape for value in scope.inference.output_of(nodes[-1])]),
            )
        if layer.spec is not None:
            return base._replace(
                what="An input of the model.", outputs=(layer.spec.shape,), note="It has no weights and does no work."
            )
        if not nodes:
            return base._replace(status="unknown", note="not known: the layer is not called on anything")
        if layer.graph is not None:
            return self._model(scope, layer, nodes, base)
        return self._layer(scope, layer, nodes, base)

    def _layer(self, scope: Scope, layer: Layer, nodes: list[Node], base: Explained) -> Explained:
        inference = scope.inference
        calls = [inference.calls_of(node)[0] for node in nodes]
        last = calls[-1]
        type = layer.type
        if type is None or any(call.facts.status == "unknown" for call in calls):
            return base._replace(status="unknown", note=f"not known: {_why_unknown(inference, layer, last)}")
        why = dict(reasons(type, _used(layer)))
        why["operations"] = f"{why.get('operations', '')} {_activation(layer)}".strip()
        run = self._retold(scope, layer, nodes[-1], last)
        own = _own_steps(scope, layer, calls, run, why.get("kept", ""))
        symbols, shared_steps = self._shared(scope, layer, calls, run, why)
        steps = [*shared_steps, *own]
        found = base._replace(
            what=why[WHAT],
            settings=_settings(layer),
            symbols=_in_order(symbols),
            steps=tuple(steps),
            status="bound" if any(call.facts.status == "bound" for call in calls) else "exact",
            note=_calls_note(calls),
        )
        if found.status == "bound":
            found = found._replace(note=f"{found.note} The numbers are upper bounds.".strip())
        shared = found._replace(name="", place=None, steps=tuple(steps[: len(steps) - len(own)]))
        first = self._first.setdefault(shared, found)
        if first is not found:
            differing = tuple([step for step in own if step not in first.steps])
            found = found._replace(like=first.name, own_steps=differing)
        return found

    def _shared(
        self, scope: Scope, layer: Layer, calls: list[Call], run: Retold | None, why: dict[str, str]
    ) -> tuple[dict[str, Dim], tuple[Step, ...]]:
        """The symbols and the steps that layers have in common which do the same, wherever they stand."""
        weights = scope.params.by_layer[layer]
        made = tuple([scope.sizes[number] for call in calls for number in call.outputs])
        facts = tuple([id(call.facts) for call in calls])
        frozen = not scope.trainable or layer.freezes
        key = (layer.key, id(run), facts, layer.policy, weights, made, frozen)
        found = self._worked.get(key)
        if found is None:
            writer = Writer({} if run is None else run.names)
            steps = tuple(self._steps(scope, layer, calls, run, writer, why))
            found = self._worked[key] = writer.symbols, steps
        return found

    def _retold(self, scope: Scope, layer: Layer, node: Node, call: Call) -> Retold | None:
        """The call on named sizes."""
        inference = scope.inference
        assert layer.type is not None
        tensors = with_constants(call.inputs, node)
        shapes: tuple[Shape | None, ...] = tuple([inference.values[number].shape for number in call.inputs])
        for index, shape, _ in node.constants:
            shapes = (*shapes[:index], shape, *shapes[index:])
        keywords = node.keywords
        if any(map(is_mask, keywords)):
            kept, keywords = without_masks(layer.type, shapes, keywords)
            # Masks come last, and shapes that are kept keep their tensors.
            if len(kept) < len(shapes):
                shapes, tensors = kept, tensors[: len(kept)]
        images = (*[number in scope.images for number in tensors], *[one in scope.images for one in call.outputs[:1]])
        twice = tuple([tensors.index(tensor) for tensor in tensors])
        key = (layer.key, shapes, keywords, twice, tuple([tensor < 0 for tensor in tensors]), id(call.facts), images)
        if key not in self._told:
            self._told[key] = retell(layer.type, layer.fields, shapes, keywords, tensors, call.facts, images)
        return self._told[key]

    def _steps(
        self, scope: Scope, layer: Layer, calls: list[Call], run: Retold | None, writer: Writer, why: dict[str, str]
    ) -> Iterator[Step]:
        last = calls[-1]
        facts = last.facts
        weights = scope.params.by_layer[layer]
        total = weights.parameters
        if run is not None:
            yield from output_steps(writer, run, facts, why.get("lengths", ""))
            yield from weight_steps(writer, run, facts, total, why.get("weights", ""))
        else:
            yield Step("parameters", None, None, total, "parameters", why.get("weights", ""))
        frozen = not scope.trainable or layer.freezes
        yield from trainable_steps(facts.weights, weights.trainable, weights.non_trainable, frozen=frozen)
        cost = cost_of(calls)
        if run is None:
            yield Step("MACs", None, None, cost.macs, "MACs", why.get("macs", ""))
            yield Step("operations", None, None, cost.ops, "operations", why.get("operations", ""))
        elif len(calls) == 1:
            yield from work_steps(writer, run, facts, why)
        else:
            yield from _work_of_calls(writer, run, calls, why)
        if _some(cost.macs) or _some(cost.ops):
            yield flops_step(cost.macs, cost.ops)
        yield _weight_memory(layer, facts_weights=weight_bytes(facts, layer.policy.variable), value=weights.bytes)
        yield self._output_memory(scope, calls, run, writer)

    def _output_memory(self, scope: Scope, calls: list[Call], run: Retold | None, writer: Writer) -> Step:
        values = scope.inference.values
        last = calls[-1]
        total: Dim = 0
        for call in calls:
            for number in call.outputs:
                total = total + scope.sizes[number]
        made: Dim = 0 if run is not None else UNKNOWN
        for shape, number in zip(run.facts.outputs if run is not None else (), last.outputs, strict=False):
            made = made + tensor_bytes(shape or (), values[number].dtype, self.counter.batch, self.counter.symbol)
        if len(calls) > 1:
            made = made * named("calls", len(calls))
        dtypes = dict.fromkeys(values[number].dtype for number in last.outputs)
        why = f"The elements of the output, in {' and '.join(dtypes)}"
        if last.facts.alias == "view":
            why += "; they are the input's own storage, so that nothing new is held"
        elif last.facts.alias == "bypass":
            why += "; in inference they are the input's own storage"
        return writer.step("output memory", made, total, "bytes", f"{why}.")

    def _model(self, scope: Scope, layer: Layer, nodes: list[Node], base: Explained) -> Explained:
        inference = scope.inference
        inner = scope.nested(layer)
        inside = [] if inner is None else inner.layers(nested=True)
        rows = [] if inner is None else self.rows([(inner, one) for one in inside])
        calls = [call for node in nodes for call in inference.calls_of(node)]
        weights = scope.params.of(calls)
        cost = cost_of(calls)
        outputs: Dim = 0
        for node in nodes:
            for number in inference.made_by[node.position][0]:
                outputs = outputs + scope.sizes[number]
        kept: Dim = 0
        for owner in dict.fromkeys(call.layer for call in calls):
            kept = kept + scope.saved.get(owner, 0)
        steps = [
            _sum_of(rows, Step("parameters", None, None, weights.parameters, "parameters")),
            _sum_of(rows, Step("MACs", None, None, cost.macs, "MACs")),
            _sum_of(rows, Step("operations", None, None, cost.ops, "operations")),
            flops_step(cost.macs, cost.ops),
            _sum_of(rows, Step("weight memory", None, None, weights.bytes, "bytes")),
            Step("output memory", None, None, outputs, "bytes", "What the model gives to the layers after it."),
            _sum_of(rows, Step("saved for backward", None, None, kept, "bytes")),
        ]
        note = f"Called {len(nodes):,} times; work is the sum of all calls." if len(nodes) > 1 else ""
        unknown = any(call.facts.status == "unknown" for call in calls)
        return base._replace(
            what=f"A model of {counted(len(inside), 'layer')}.",
            steps=tuple(steps),
            layers=tuple(rows),
            note=note,
            status="unknown" if unknown else "exact",
        )


def _used(layer: Layer) -> frozenset[str]:
    """The fields of a layer that are set to something: neither null nor switched off."""
    return frozenset([name for name, value in layer.fields.items() if value is not None and value is not False])


def _own_steps(scope: Scope, layer: Layer, calls: list[Call], run: Retold | None, why: str) -> list[Step]:
    """Steps that depend on the layer's place in the network."""
    last = calls[-1]
    steps = [
        kept_step(
            layer,
            scope.kept.get(layer, []),
            scope.saved.get(layer, 0),
            scope.step_of[id(last)],
            run,
            scope.inference,
            scope.counter.batch,
            scope.counter.symbol,
            why,
        )
    ]
    seen = union([scope.fields[number] for number in last.inputs])
    window = last.facts.window
    if window is not None and seen:
        steps += field_steps(run, window, seen, scope.fields[last.outputs[0]])
    if id(last) in scope.misaligned:
        steps += merge_steps(run, scope.misaligned[id(last)], scope.fields[last.outputs[0]] or ())
    return steps


def _inputs(inference: Inference, node: Node) -> tuple[int, ...]:
    return tuple(
        [
            inference.made_by[made_in.position][0][index]
            for made_in, index in node.inputs
            if index < len(inference.made_by[made_in.position][0])
        ]
    )


def _work_of_calls(writer: Writer, run: Retold, calls: list[Call], why: dict[str, str]) -> Iterator[Step]:
    """Work of several calls: as often as the layer is called where all do the same, else the sum."""
    last = calls[-1].facts
    for measure, about, made, values in (
        ("MACs", "macs", run.facts.macs, [call.facts.macs for call in calls]),
        ("operations", "operations", run.facts.ops, [call.facts.ops for call in calls]),
    ):
        total: Dim = 0
        for value in values:
            total = total + value
        reason = why.get(about, "")
        if all(call.facts is last or value == values[-1] for call, value in zip(calls, values, strict=True)):
            yield writer.step(measure, made * named("calls", len(calls)), total, measure, reason)
        else:
            numbers = " + ".join(map(str, values))
            yield Step(measure, None, numbers, total, measure, f"The sum of the calls. {reason}".strip())


def _calls_note(calls: list[Call]) -> str:
    if len(calls) == 1:
        return ""
    return f"Called {len(calls):,} times with the same weights; shapes are those of the last call."


def _in_order(symbols: dict[str, Dim]) -> tuple[tuple[str, Dim], ...]:
    """The axes of the inputs first, in the order of a shape, then what the fields say, axes side by side."""
    axes = ("T", "D", "H", "W", "C", "features")
    first = {stem: at for at, stem in reversed(list(enumerate([name.rpartition("_")[0] or name for name in symbols])))}

    def place(name: str) -> tuple[int, int]:
        stem = name.partition("_")[0]
        return (axes.index(stem), 0) if stem in axes else (len(axes), first[name.rpartition("_")[0] or name])

    return tuple([(name, symbols[name]) for name in sorted(symbols, key=place)])


def _weight_memory(layer: Layer, facts_weights: tuple[str, str] | None, value: Dim) -> Step:
    formula, numbers = facts_weights or (None, None)
    owned = dict.fromkeys(one.dtype or layer.policy.variable for one in layer.owned or ())
    held = " and ".join(owned) or layer.policy.variable
    why = f"Weights are held in {held}." if facts_weights else ""
    return Step("weight memory", formula, numbers, value, "bytes", why)


def _some(value: Dim) -> bool:
    return not isinstance(value, int) or value > 0


def _sum_of(rows: list[Explained], step: Step) -> Step:
    """The step as a sum over the layers of a nested model, where it is one."""
    parts = [found for row in rows for found in row.steps if found.measure == step.measure and found.value != 0]
    total: Dim = 0
    for part in parts:
        total = total + (UNKNOWN if part.value is None else part.value)
    step = step._replace(why="The sum over its layers.")
    if len(parts) < 2 or len(parts) > 8 or total is UNKNOWN or step.value is UNKNOWN or total != step.value:
        return step
    return summed(step, parts, None)


def _activation(layer: Layer) -> str:
    """What the activation adds to the operations."""
    activation = layer.fields.get("activation")
    ops = function(activation).ops if isinstance(activation, str) else None
    if not ops or (layer.type is not None and layer.type.role == "activation"):
        return ""
    return f"Activation `{activation}`: {ops} operation{'s' * (ops != 1)} per element."


def _settings(layer: Layer) -> tuple[tuple[str, str], ...]:
    """Fields that are not sizes and not left at their default; the padding always, for it decides the lengths."""
    assert layer.type is not None
    found = []
    for name, value in layer.fields.items():
        field = layer.type.schema.fields[name]
        if isinstance(value, Inner):
            found.append((name, value.type.name))
        elif is_size(field.kind) or value is None or value == "channels_last":
            continue
        elif isinstance(value, (bool, int, float, str, tuple)) and (value != field.default or name == "padding"):
            found.append((name, value if isinstance(value, str) else show(value)))
    return tuple(found)


def _why_unknown(inference: Inference, layer: Layer, call: Call) -> str:
    if layer.type is None:
        return (
            "its fields are wrong, or its class is not Keras's own"
            if find(layer.type_name)
            else f"the type `{layer.type_name}` is not supported"
        )
    if any(inference.values[number].shape is None for number in call.inputs):
        return "the shape of its input is not known"
    return "it cannot be applied to these shapes"
