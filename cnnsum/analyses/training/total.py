"""Training memory: weights, gradients, optimizer slots, what backpropagation keeps, and what comes and goes in a step.

Works on the flat program of an inference; the numbers are bytes at one batch size. The definitions are in
docs/measures.md. What a step costs with checkpoints, and from moment to moment, is in `step`.
"""

from __future__ import annotations

from collections.abc import Collection

from cnnsum.analyses.counting import Counter, bytes_of
from cnnsum.analyses.memory.activations import Keeping
from cnnsum.analyses.memory.liveness import Largest, largest_formula
from cnnsum.analyses.params import Params, each_once
from cnnsum.analyses.training.alive import Lives, forward, gradients, largest, losses
from cnnsum.analyses.training.optimizers import Optimizer
from cnnsum.dims import Dim, prod
from cnnsum.graph.infer import Call, Inference
from cnnsum.graph.model import Layer
from cnnsum.graph.promotion import FLOATS
from cnnsum.layers.facts import Shape, Weight
from cnnsum.layers.vocabulary import TORCH
from cnnsum.typed import NamedTuple

#: Dtype policies that `--precision` takes.
PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16", "bfloat16")


class Checkpoints(NamedTuple):
    """The layers that end a segment, all whose outputs are kept between segments, how many segments there are, and the
    MACs per sample of what the backward pass runs again.
    """

    layers: tuple[str, ...]
    kept: tuple[str, ...]
    segments: int
    extra_macs: Dim


class Training(NamedTuple):
    """Bytes of one training step; `total` is the sum of the six items.

    weights: what the layers compute with. master_weights: the variables behind them, where those are of another dtype.
    gradients: of the trainable weights that a gradient comes to. optimizer: its slots. saved: kept from the forward
    pass to the backward pass.
    transient: the most that any moment of the step holds beyond all this, in the forward pass, the loss or the backward
    pass. peak_step: the most at any moment of the step: never more than the total, and less where not all items are at
    their largest at the same time.
    """

    total: Dim
    weights: Dim
    gradients: Dim
    optimizer: Dim
    saved: Dim
    transient: Dim
    master_weights: Dim
    peak_step: Dim | None = None
    checkpoint: Checkpoints | None = None


def training(
    inference: Inference,
    keeping: Keeping,
    sizes: list[Dim],
    counter: Counter,
    params: Params,
    saved: Dim,
    optimizer: Optimizer,
    checkpoint: Collection[str] | None = None,
    *,
    step: bool = False,
    of_formulas: Largest = largest_formula,
) -> Training:
    """The memory of a training step with an optimizer; gradients and slots have the dtype of the variables.

    saved: what is kept without checkpoints. checkpoint: names of layers that end a segment, or "auto"; each must be
    among `checkpoint.places`. step: also `peak_step`, which takes as long as all the rest. of_formulas:
    finds the largest, as for `liveness.peak`.
    """
    variables = params.total.bytes
    gradients_of_weights = params.total.gradient_bytes
    slotted = gradients_of_weights
    for layer, _, _ in each_once(inference.calls, shares=params.shares):
        if layer not in keeping.moved:
            own = params.counted[layer].gradient_bytes
            gradients_of_weights = gradients_of_weights - own
            if not _has_slots(layer, keeping):
                slotted = slotted - own
    copies, master = _casts(inference, params)
    weights = variables - master + copies
    slots = optimizer.slots * slotted if not optimizer.rule else _slots(inference, keeping, params, optimizer)
    peak: Dim | None = None
    checkpoints: Checkpoints | None = None
    if step or checkpoint is not None:
        from cnnsum.analyses.training.checkpoint import cuts_at, names_of
        from cnnsum.analyses.training.step import step as run

        cuts = () if checkpoint is None else cuts_at(inference, keeping, sizes, checkpoint)
        found = run(inference, keeping, sizes, counter, params, cuts, of_formulas)
        peak = weights + master + slots + found.peak
        saved, held = found.saved, found.transient
        if checkpoint is not None:
            checkpoints = Checkpoints(
                names_of(inference, cuts, checkpoint), found.kept, len(cuts) + 1, found.extra_macs
            )
    else:
        held = transient(inference, keeping, sizes, counter, of_formulas)
    total = weights + gradients_of_weights + slots + saved + held + master
    return Training(total, weights, gradients_of_weights, slots, saved, held, master, peak, checkpoints)


def _casts(inference: Inference, params: Params) -> tuple[Dim, Dim]:
    """Bytes of the copies in the compute dtype that layers of a mixed policy compute with, and of their variables."""
    copies: Dim = 0
    variables: Dim = 0
    if all(compute == variable for compute, variable in {call.layer.policy for call in inference.calls}):
        return copies, variables
    for layer, _, weights in each_once(inference.calls, shares=params.shares):
        compute, variable = layer.policy
        if compute == variable:
            continue
        for weight in weights:
            if weight.cast and (weight.dtype or variable) in FLOATS and (weight.dtype or variable) != compute:
                elements = prod(weight.shape)
                copies = copies + bytes_of(elements, compute)
                variables = variables + bytes_of(elements, weight.dtype or variable)
    return copies, variables


def _has_slots(layer: Layer, keeping: Keeping) -> bool:
    """Whether an optimizer has slots for the weights of a layer that are trained.

    PyTorch's makes them when a weight first has a gradient; Keras's, before the first step, for whatever is trainable.
    """
    is_pytorchs = layer.owned is not None or (layer.type is not None and layer.type.vocabulary is TORCH)
    return layer in keeping.moved or not is_pytorchs


def _slots(inference: Inference, keeping: Keeping, params: Params, optimizer: Optimizer) -> Dim:
    """Bytes of the slots of an optimizer whose slots depend on the shapes of the weights."""
    total: Dim = 0
    for layer, step, weights in each_once(inference.calls, shares=params.shares):
        if not params.trainable or layer.freezes or not _has_slots(layer, keeping):
            continue
        for weight in weights:
            if weight.trainable and weight.read:
                shape = _as_torch(weight, inference.calls[step]) if optimizer.is_torch else weight.shape
                is_embedding = "embedding" in layer.name.lower() or "embedding" in weight.name
                elements = optimizer.elements(shape, is_embedding=is_embedding)
                total = total + bytes_of(elements, weight.dtype or layer.policy.variable)
    return total


def _as_torch(weight: Weight, call: Call) -> Shape:
    """The shape that torch.nn gives a weight: the axes of a convolution's kernel come behind those of its channels."""
    window = call.facts.window
    if not isinstance(window, tuple) or len(weight.shape) != len(window) + 2:
        return weight.shape
    *lengths, seen, made = weight.shape
    is_depthwise = call.layer.type is not None and call.layer.type.role == "depthwise convolution"
    if is_depthwise or "depthwise" in weight.name:
        seen, made = 1, seen * made
    return (made, seen, *lengths)


def transient(
    inference: Inference,
    keeping: Keeping,
    sizes: list[Dim],
    counter: Counter,
    of_formulas: Largest = largest_formula,
) -> Dim:
    """The most bytes alive at any moment of a step beyond weights, their gradients and what the backward pass needs.

    In the forward pass that is what nothing keeps: outputs that a later call still reads, and inner tensors. Where no
    gradient passes, as in a frozen part, it may be more than the backward pass ever holds.
    """
    *moments, after = forward(inference, keeping, sizes, counter, Lives(inference, keeping), keeping.all.tensors)
    moments += losses(inference, keeping, sizes, after)
    moments += [held for _, held in gradients(inference, keeping, sizes, counter)]
    return largest(moments, of_formulas)
