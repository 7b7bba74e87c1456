"""Layers that hold a layer: for every time step, or for both directions of time."""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.layers.arithmetic.broadcast import merged
from cnnsum.layers.base import layer
from cnnsum.layers.facts import (
    EVERYTHING,
    NOT_FOLLOWED,
    Facts,
    Kept,
    Reach,
    Shape,
    Turn,
    Use,
    Weight,
    Window,
    show_shape,
    size,
)
from cnnsum.layers.inner import Inner, within
from cnnsum.layers.kinds import Pos, Sublayer, choice
from cnnsum.typed import Annotated

MergeMode = Annotated[str, choice("concat", "sum", "mul", "ave")]

#: Operations per output element of putting two directions together.
_MERGING = {"concat": 0, "sum": 1, "mul": 1, "ave": 2, None: 0}


#: Fields that a layer needs for Keras to make two directions of it: the first tells them apart, the others they share.
_SHARED = ("stateful", "return_sequences", "return_state")
_OF_DIRECTIONS = {"go_backwards", *_SHARED}


# Weights of these types are those of their inner layer: "layer" stands for them here.
@layer(role="time distributed", weights="layer")
def TimeDistributed(x: Shape, *, layer: Sublayer) -> Facts:
    """Apply `layer` to every time step alone: `(T, ...)` to `(T, ...)`, with the same weights for all steps.

    Weights: the layer's: every step uses the same ones. MACs: the layer's, once per time step. Operations: the layer's,
    once per time step. Backpropagation keeps what the layer keeps, once per time step.
    """
    if len(x) < 3:
        raise Problem(
            "SHP204", f"TimeDistributed needs an input of rank 3 or more (batch axis included), got {show_shape(x)}"
        )
    batch, steps = x[0], x[1]
    try:
        facts: Facts = layer.apply((batch, *x[2:]))
    except Problem as problem:
        raise within(problem, "layer") from None
    outputs = [None if shape is None else (shape[0], steps, *shape[1:]) for shape in facts.outputs]
    kept = [
        Kept(name, (shape[0], steps, *shape[1:]) if batched else (steps, *shape), dtype, batched, use)
        for name, shape, dtype, batched, use in facts.kept
    ]
    window = facts.window
    return Facts(
        *outputs,
        weights=facts.weights,
        macs=facts.macs * steps,
        ops=facts.ops * steps,
        keeps_input=facts.keeps_input,
        keeps_output=facts.keeps_output,
        kept=tuple(kept),
        alias=facts.alias if facts.alias in {"view", "bypass"} else "",
        gradient=facts.gradient,
        activated=facts.activated,
        scratch=facts.scratch,
        window=_stepwise(window, x),
        status=facts.status,
    )


def _settle(fields: dict[str, object]) -> None:
    """Take away what Keras writes into every file, and says nothing.

    A layer for the way back that differs from the other by its direction alone is the one that Keras makes by itself.
    Whether masked outputs are 0 follows from `return_sequences` here, whatever a file says.
    """
    for name in ("layer", "backward_layer"):
        inner = fields[name]
        if isinstance(inner, Inner) and inner.fields.get("zero_output_for_mask"):
            fields[name] = inner.with_fields(zero_output_for_mask=False)
    forward, backward = fields["layer"], fields["backward_layer"]
    if not isinstance(forward, Inner) or not isinstance(backward, Inner):
        return
    if (forward.type, forward.trainable, forward.dtype) != (backward.type, backward.trainable, backward.dtype):
        return
    if forward.fields.get("go_backwards") is False and {**forward.fields, "go_backwards": True} == backward.fields:
        fields["backward_layer"] = None
        stem = forward.name.removeprefix("forward_")
        if backward.name == f"backward_{stem}":
            # What it was called before it became two.
            fields["layer"] = Inner(forward.type, forward.fields, stem, forward.trainable, forward.dtype, forward.one)


@layer(role="bidirectional", weights="layer", ignored="weights", settle=_settle)
def Bidirectional(
    x: Shape,
    *states: Shape,
    layer: Sublayer,
    merge_mode: MergeMode | None = "concat",
    backward_layer: Sublayer | None = None,
) -> Facts:
    """Run a recurrent layer over the sequence forwards, and another backwards, and merge what they give.

    `backward_layer` is `layer` with `go_backwards` where it is not given. `merge_mode`: "concat" puts the outputs side
    by side on the last axis, "sum", "mul" and "ave" combine them element by element, null leaves them as two outputs.
    With `return_state`, the states of the forward layer follow, then those of the backward layer. Of initial states
    one half is for each direction.

    Weights: those of both layers: each direction learns its own. MACs: those of both layers. Operations: those of both
    layers, and per output element 1 for "sum" and "mul", 2 for "ave". Backpropagation keeps what both layers keep;
    "mul" also both outputs.
    """
    backward = layer.with_fields(go_backwards=True) if backward_layer is None else backward_layer
    for which, inner in (("layer", layer), ("backward_layer", backward)):
        if not inner.fields.keys() >= _OF_DIRECTIONS:
            raise Problem("CFG121", f"Bidirectional needs a recurrent layer, got {inner.type.name}", which)
    _check_pair(layer, backward)
    if len(states) % 2:
        raise Problem("GRF303", f"Bidirectional needs as many initial states for each direction, got {len(states)}")
    half = len(states) // 2
    forwards = _run(layer, "layer", x, states[:half])
    backwards = _run(backward, "backward_layer", x, states[half:])
    first, second = forwards.outputs[0], backwards.outputs[0]
    outputs: tuple[Shape | None, ...]
    kept = [Kept(f"forward {own.name}", *own[1:]) for own in forwards.kept]
    kept += [Kept(f"backward {own.name}", *own[1:]) for own in backwards.kept]
    assert first is not None
    assert second is not None
    if merge_mode is None:
        outputs = (first, second)
    else:
        if merge_mode == "concat":
            outputs = ((*first[:-1], first[-1] + second[-1]),)
        else:
            outputs = (merged((first, second), f"Bidirectional with merge_mode {merge_mode}"),)
        # Outputs of the directions are inside: what needs them keeps them as tensors of its own.
        if forwards.keeps_output or merge_mode == "mul":
            kept.append(Kept("forward output", first, use=_use(forwards, merge_mode)))
        if backwards.keeps_output or merge_mode == "mul":
            kept.append(Kept("backward output", second, use=_use(backwards, merge_mode)))
    return Facts(
        *outputs,
        *forwards.outputs[1:],
        *backwards.outputs[1:],
        weights=(*_named(forwards, layer, "forward_"), *_named(backwards, backward, "backward_")),
        macs=forwards.macs + backwards.macs,
        ops=forwards.ops + backwards.ops + _MERGING[merge_mode] * size(outputs[0] or ()),
        keeps_input=forwards.keeps_input or backwards.keeps_input,
        keeps_output=(forwards.keeps_output or backwards.keeps_output) if merge_mode is None else False,
        kept=tuple(kept),
        scratch=(first, second, *forwards.scratch),
        window=EVERYTHING,
    )


def _stepwise(window: Reach, x: Shape) -> Reach:
    """What a layer sees that works on each step by itself."""
    if isinstance(window, tuple):
        return (Window(1), *window)
    if isinstance(window, Turn):
        return Turn((0, 1, *[axis + 1 for axis in window.order[1:]]))
    if window == EVERYTHING:
        return None if len(x) == 3 else NOT_FOLLOWED
    return window


@layer(weights="layer")
def SpectralNormalization(x: Shape, *, layer: Sublayer, power_iterations: Pos = 1) -> Facts:
    """Apply `layer` with its kernel divided by the kernel's largest singular value, of which an estimate is kept:
    `(...)` becomes what `layer` makes of it.

    Weights: the layer's, and vector_u, one number per output channel of the kernel (not trained): the estimate's state.
    MACs: the layer's. Operations: the layer's; the estimate is made in training only. Backpropagation keeps what the
    layer keeps, and the normalised kernel.
    """
    if layer.fields.get("quantization") is not None:
        raise Problem("UNK705", "SpectralNormalization of a quantized layer: Keras has no kernel to divide", "layer")
    facts = _run(layer, "layer", x, ())
    kernel = next((own for own in facts.weights if own.name in ("kernel", "embeddings")), None)
    if kernel is None:
        raise Problem("CFG102", f"SpectralNormalization needs a layer with a kernel, got {layer.type.name}", "layer")
    weights: list[Weight] = []
    for own in facts.weights:
        weights.append(own._replace(name=f"{layer.name or layer.type.name.lower()}/{own.name}"))
        if own is kernel:
            weights.append(Weight("vector_u", (1, kernel.shape[-1]), trainable=False, dtype=kernel.dtype))
    facts.weights = tuple(weights)
    facts.kept = (*facts.kept, Kept("normalised kernel", kernel.shape, batched=False))
    return facts


def _use(facts: Facts, merge_mode: str | None) -> Use:
    """What a direction's output is kept for, inside the layer: see `Kept.use`."""
    return "weights" if facts.keeps_output == "weights" and merge_mode != "mul" else ""


def _run(inner: Inner, field: str, x: Shape, states: tuple[Shape, ...]) -> Facts:
    try:
        return inner.apply(x, *states)
    except Problem as problem:
        raise within(problem, field) from None


def _check_pair(forward: Inner, backward: Inner) -> None:
    if forward.fields["go_backwards"] == backward.fields["go_backwards"]:
        raise Problem(
            "CFG121",
            "Bidirectional needs layers with different `go_backwards`, "
            f"got {str(forward.fields['go_backwards']).lower()} for both",
            "layer",
        )
    for field in _SHARED:
        if forward.fields[field] != backward.fields[field]:
            raise Problem(
                "CFG121",
                f"Bidirectional needs layers with the same `{field}`, "
                f"got {str(forward.fields[field]).lower()} and {str(backward.fields[field]).lower()}",
                "backward_layer",
            )


def _named(facts: Facts, inner: Inner, prefix: str) -> list[Weight]:
    name = inner.name or inner.type.name.lower()
    path = prefix + name.removeprefix(prefix)
    # Keras makes copies of what it is given: they are one with nothing else.
    return [own._replace(name=f"{path}/{own.name}", one=None) for own in facts.weights]
