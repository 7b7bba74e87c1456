"""What backpropagation keeps for each layer, tensor by tensor, with the layer that each is counted with.

The rule of what is kept is that of `memory.Keeping`; here its sums are taken apart. A layer whose parts do not add up
to the sum that the analysis found is given without its parts.
"""

from __future__ import annotations

from cnnsum.analyses.counting import Counter
from cnnsum.analyses.memory.activations import Keeping
from cnnsum.answers.explain.steps import Step, Writer, tensor_bytes
from cnnsum.answers.explain.symbols import Retold
from cnnsum.answers.explain.tracing import named
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.graph.infer import Inference
from cnnsum.graph.model import Layer
from cnnsum.graph.promotion import FLOATS
from cnnsum.layers.facts import Shape
from cnnsum.typed import Literal, NamedTuple

KeptKind = Literal["input", "copy", "output", "kept"]


class KeptTensor(NamedTuple):
    """A tensor that a call keeps: an "input", a "copy" of one, an "output", or the "kept" tensor at a place; `step` is
    the call.

    counted_with: the layer that kept it first, None where that is this call.
    """

    kind: KeptKind
    place: int
    step: int
    dtype: str
    bytes: Dim
    counted_with: Layer | None


def kept_by_layer(
    inference: Inference, keeping: Keeping, sizes: list[Dim], counter: Counter
) -> dict[Layer, list[KeptTensor]]:
    """What each layer keeps, in the order in which its calls run."""
    first: dict[object, Layer] = {}
    found: dict[Layer, list[KeptTensor]] = {}
    for step, call in enumerate(inference.calls):
        if not keeping.active[step]:
            continue
        facts, layer = call.facts, call.layer
        compute = layer.policy.compute
        trains = keeping.trains[step]
        kept = found.setdefault(layer, [])

        def add(kind: KeptKind, place: int, key: object, dtype: str, size: Dim) -> None:
            with_layer = first.get(key)
            first.setdefault(key, layer)  # noqa: B023 - called in this turn of the loop only
            kept.append(KeptTensor(kind, place, step, dtype, size, with_layer))  # noqa: B023

        copies = keeping.kept_copies(step)
        for copy in copies:
            add("copy", copy.at, (step, "copy", copy.at), copy.dtype, copy.bytes)
        instead = [copy.at for copy in copies]
        for at in keeping.kept_inputs(step):
            if at in instead:
                continue
            number = call.inputs[at]
            origin = keeping.storage[number]
            if origin in keeping.held:
                continue
            shape, dtype = inference.values[number]
            if dtype != compute and dtype in FLOATS and layer.casts:
                key = (origin, compute, step, at) if layer.autocast else (origin, compute)
                add("input", at, key, compute, counter.bytes(shape, compute))
            else:
                add("input", at, origin, dtype, sizes[origin])
        if facts.keeps_output and (facts.keeps_output != "weights" or trains):
            for at, number in facts.kept_outputs([*enumerate(call.outputs)]):
                origin = keeping.storage[number]
                add("output", at, origin, inference.values[number].dtype, sizes[origin])
        given = not layer.autocast or any(keeping.wanted[number] for number in call.inputs)
        for at, item in enumerate(facts.kept):
            if (trains or item.use != "weights") and (given or item.use != "inputs"):
                dtype = item.dtype or compute
                add("kept", at, (step, at), dtype, counter.bytes(item.shape, dtype))
    return found


def kept_step(
    layer: Layer,
    kept: list[KeptTensor],
    value: Dim,
    step: int,
    run: Retold | None,
    inference: Inference,
    batch: Dim,
    symbol: Dim | None,
    why: str,
) -> Step:
    """The step of what a layer keeps; `step` is its last call, which `run` is of."""
    measure = "saved for backward"
    own = [item for item in kept if item.counted_with is None]
    total: Dim = 0
    for item in own:
        total = total + item.bytes
    notes = [why, _here(own, inference), *_elsewhere(kept, layer)]
    if not kept and value is not UNKNOWN and inference.calls[step].facts.status != "unknown":
        facts = inference.calls[step].facts
        if facts.keeps_input or facts.keeps_output or facts.kept:
            notes.append("Here nothing: training changes nothing that would need it.")
    reason = " ".join(note for note in notes if note)
    groups: dict[int, list[KeptTensor]] = {}
    for item in own:
        groups.setdefault(item.step, []).append(item)
    made: Dim = 0
    if run is None or len({tuple([(item.kind, item.place) for item in group]) for group in groups.values()}) > 1:
        made = UNKNOWN
    else:
        for item in groups.get(step, []):
            made = made + _traced(item, run, inference, batch, symbol)
        if len(groups) > 1:
            made = made * named("calls", len(groups))
    if total is UNKNOWN or value is UNKNOWN or total != value:
        return Step(measure, None, None, value, "bytes", reason)
    return Writer({} if run is None else run.names).step(measure, made, value, "bytes", reason)


def _traced(item: KeptTensor, run: Retold, inference: Inference, batch: Dim, symbol: Dim | None) -> Dim:
    """Bytes of a kept tensor on named sizes."""
    shape: Shape | None
    if item.kind == "kept":
        shape = run.facts.kept[item.place].shape
    elif item.kind == "output":
        shape = run.facts.outputs[item.place]
    elif item.kind == "copy":
        strides = run.facts.strides
        called = inference.calls[item.step].facts.strides
        if strides is None or called is None:
            return UNKNOWN
        places = [place for place, one in enumerate(called.operands) if item.place in (~place, one.at)]
        read = strides.read[places[0]] if places else None
        shape = None if read is None else read.target
    else:
        number = inference.calls[item.step].inputs[item.place]
        wanted = inference.values[number].shape
        # Constants stand among the shapes of the call, but not among its inputs.
        shape = next((one for one in run.shapes[item.place :] if one is not None and one == wanted), None)
    return UNKNOWN if shape is None else tensor_bytes(shape, item.dtype, batch, symbol)


def _here(own: list[KeptTensor], inference: Inference) -> str:
    """Which tensors are counted with the layer."""
    names = []
    for item in own:
        found = inference.calls[item.step].facts.kept
        if item.kind == "copy":
            names.append("a copy of what it multiplies" if item.place < 0 else "a copy of its input")
        else:
            names.append(f"its {item.kind}" if item.kind != "kept" else f"the {found[item.place].name}")
    listed = list(dict.fromkeys(names))
    copied = any(item.kind == "copy" for item in own)
    return f"Here: {', '.join(listed)}." if len(listed) > 1 or copied else ""


def _elsewhere(kept: list[KeptTensor], layer: Layer) -> list[str]:
    """Sentences on the tensors that other layers keep already."""
    owners: dict[str, list[str]] = {}
    for item in kept:
        if item.counted_with is not None and item.counted_with is not layer:
            owners.setdefault(item.counted_with.name, []).append(item.kind)
    return [
        f"Its {' and '.join(dict.fromkeys(found))} is counted with `{owner}`, which keeps it too."
        for owner, found in owners.items()
    ]
