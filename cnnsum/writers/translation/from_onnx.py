"""From operations of ONNX to modules of `torch.nn` and functions, for those who look for layers and their roles.

As far as shapes and weights go, a node becomes what an author would have written; numbers that no shape depends on are
left at their defaults, so that a network cannot be written down like this. What has no such word stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable

from cnnsum.dims import Dim
from cnnsum.graph.model import Tensor
from cnnsum.layers.facts import Shape
from cnnsum.writers.translation.base import Call, CannotError, Moved, Rule
from cnnsum.writers.translation.from_program import held_by, made_as, of_rank, weightless, weights_of

RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Declare who translates calls of these operations."""

    def declare(function: Rule) -> Rule:
        RULES.update({f"ai.onnx.{name}": function for name in names})
        return function

    return declare


def _numbers(call: Call, field: str, axes: int, default: int = 1) -> list[Dim]:
    """A number for each axis."""
    return list(call.sizes(field) or (default,) * axes)


def _padding(call: Call, axes: int) -> object:
    """The padding as a module has it: one number for both sides of an axis, or a word."""
    word, pads = call.word("auto_pad"), call.sizes("pads")
    if word.startswith("SAME"):
        if any(step != 1 for step in _numbers(call, "strides", axes)):
            raise CannotError("no module pads to the size of the output, divided by a stride")
        return "same"
    sides = list(pads) if pads and word != "VALID" else [0] * 2 * axes
    if sides[:axes] != sides[axes:]:
        raise CannotError("it pads one side more than the other")
    return sides[:axes]


def _shape_of(call: Call, name: str) -> Shape:
    """The shape of a weight; raises CannotError where the program computes it."""
    found = held_by(call).get(name)
    if found is None:
        raise CannotError(f"its {name} is computed by the program, and no module's")
    return found.shape


# --- modules with weights ---------------------------------------------------------------------------------------------


@rule("Conv", "ConvTranspose")
def _convolution(call: Call) -> Moved:
    held = weights_of(call)
    weight = _shape_of(call, "weight")
    axes, groups = len(weight) - 2, call.size("group")
    transposed = call.layer.type_name == "ConvTranspose"
    if transposed and call.fields["output_shape"]:
        raise CannotError("no module is told the shape of its output")
    fields: dict[str, object] = {
        "out_channels": weight[1] * groups if transposed else weight[0],
        "kernel_size": list(weight[2:]),
        "stride": _numbers(call, "strides", axes),
        "padding": _padding(call, axes),
        "dilation": _numbers(call, "dilations", axes),
        "groups": groups,
        "bias": "bias" in held,
    }
    if transposed:
        fields["output_padding"] = _numbers(call, "output_padding", axes, 0)
    return made_as(call, of_rank(call, "ConvTranspose" if transposed else "Conv"), fields)


@rule("Gemm")
def _gemm(call: Call) -> Moved:
    held = weights_of(call)
    weight = _shape_of(call, "other")
    if call.fields["transA"]:
        raise CannotError("it turns its input")
    features = weight[0] if call.fields["transB"] else weight[1]
    return made_as(call, "Linear", {"out_features": features, "bias": len(held) > 1})


@rule("MatMul")
def _matmul(call: Call) -> Moved:
    if not call.node.constants:
        return made_as(call, "matmul", {})
    weight = _shape_of(call, "other")
    if len(call.inputs) != 1 or len(weight) != 2:
        raise CannotError("its matrix is not a weight of a module")
    return made_as(call, "Linear", {"out_features": weight[1], "bias": False})


@rule("BatchNormalization", "InstanceNormalization")
def _normalized(call: Call) -> Moved:
    if len(call.inputs) != 1:
        raise CannotError("its weights are computed by the program, and no module's")
    if call.layer.type_name == "InstanceNormalization":
        return made_as(call, of_rank(call, "InstanceNorm"), {"affine": True})
    return made_as(call, "BatchNorm1d" if len(call.shape()) == 2 else of_rank(call, "BatchNorm"), {})


@rule("LayerNormalization")
def _layer_norm(call: Call) -> Moved:
    held = weights_of(call)
    return made_as(call, "LayerNorm", {"normalized_shape": list(_shape_of(call, "scale")), "bias": "bias" in held})


@rule("GroupNormalization")
def _group_norm(call: Call) -> Moved:
    weights_of(call)
    return made_as(call, "GroupNorm", {"num_groups": call.fields["num_groups"]})


@rule("Gather")
def _embedding(call: Call) -> Moved:
    held = [one.shape for one in held_by(call).values()]
    table = held[0] if len(held) == 1 else ()  # indices may be held, too
    if len(table) != 2 or call.fields["axis"] != 0 or not call.layer.owned:
        raise CannotError("it picks from what is not a table of vectors")
    return made_as(call, "Embedding", {"num_embeddings": table[0], "embedding_dim": table[1]})


# --- modules without weights, and functions ---------------------------------------------------------------------------


def _plainly(name: str) -> Rule:
    def translate(call: Call) -> Moved:
        weightless(call)
        return made_as(call, name, {})

    return translate


for _name, _module in (
    *(("Relu", "ReLU"), ("Sigmoid", "Sigmoid"), ("Tanh", "Tanh"), ("LeakyRelu", "LeakyReLU"), ("Elu", "ELU")),
    *(("Selu", "SELU"), ("Gelu", "GELU"), ("Mish", "Mish"), ("HardSigmoid", "Hardsigmoid"), ("HardSwish", "Hardswish")),
    *(("Softplus", "Softplus"), ("Softsign", "Softsign"), ("Swish", "SiLU")),
    *(("Add", "add"), ("Sub", "sub"), ("Mul", "mul"), ("Div", "div")),
):
    rule(_name)(_plainly(_module))


@rule("Clip")
def _clip(call: Call) -> Moved:
    bounds = {name: one.numbers for name, one in held_by(call).items()}
    if bounds != {"min": (0.0,), "max": (6.0,)}:
        raise CannotError("its bounds are those of no module")
    return made_as(call, "ReLU6", {})


@rule("Softmax", "LogSoftmax")
def _softmax(call: Call) -> Moved:
    axis = call.fields["axis"]
    if call.axis("opset") < 13 and isinstance(axis, int) and axis % len(call.shape()) != len(call.shape()) - 1:
        raise CannotError("before version 13 it is over all axes from one on")
    return made_as(call, call.layer.type_name, {"dim": -1 if axis is None else axis})


@rule("MaxPool", "AveragePool")
def _pooled(call: Call) -> Moved:
    axes = len(call.sizes("kernel_shape"))
    largest = call.layer.type_name == "MaxPool"
    fields = {
        "kernel_size": list(call.sizes("kernel_shape")),
        "stride": _numbers(call, "strides", axes),
        "padding": _padding(call, axes),
        "ceil_mode": call.fields["ceil_mode"],
    }
    spread = _numbers(call, "dilations", axes)
    if largest:
        fields["dilation"] = spread
    elif any(one != 1 for one in spread):
        raise CannotError("no module takes the mean of values that lie apart")
    if fields["padding"] == "same":
        raise CannotError("no pooling of a module pads to the size of its output")
    return made_as(call, of_rank(call, "MaxPool" if largest else "AvgPool"), fields)


@rule("GlobalAveragePool", "GlobalMaxPool")
def _whole(call: Call) -> Moved:
    name = of_rank(call, "AdaptiveMaxPool" if call.layer.type_name == "GlobalMaxPool" else "AdaptiveAvgPool")
    return made_as(call, name, {"output_size": 1})


@rule("Flatten")
def _flattened(call: Call) -> Moved:
    if call.fields["axis"] != 1:
        raise CannotError("it makes a matrix of other axes")
    return made_as(call, "Flatten", {})


@rule("Reshape")
def _reshaped(call: Call) -> Moved:
    wanted = [one.numbers for one in held_by(call).values()]
    if len(call.inputs) != 1 or len(wanted) != 1 or 0 in wanted[0]:
        raise CannotError("its shape is computed by the program")
    return made_as(call, "reshape", {"shape": list(wanted[0])})


@rule("Transpose")
def _transposed(call: Call) -> Moved:
    order = call.axes("perm") or tuple(reversed(range(len(call.shape()))))
    return made_as(call, "permute", {"dims": list(order)})


@rule("Concat")
def _joined(call: Call) -> Moved:
    weightless(call)
    return made_as(call, "cat", {"dim": call.fields["axis"]})


@rule("Pad")
def _padded(call: Call) -> Moved:
    held = held_by(call)
    amounts = held["amounts"].numbers if "amounts" in held else call.sizes("pads")
    rank = len(call.shape())
    if len(amounts) != 2 * rank or "axes" in held:
        raise CannotError("how much it pads is computed by the program")
    sides = [(amounts[axis], amounts[axis + rank]) for axis in reversed(range(rank))]
    while len(sides) > 1 and sides[-1] == (0, 0):
        sides.pop()
    modes = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}
    return made_as(call, "pad", {"pad": [one for pair in sides for one in pair], "mode": modes[call.word("mode")]})


@rule("Resize", "Upsample")
def _resized(call: Call) -> Moved:
    held = held_by(call)
    scales = next(
        (held[name].numbers for name in ("scales", "factors", "roi") if name in held and held[name].shape), ()
    )
    rank = len(call.shape())
    if len(scales) != rank or scales[:2] != (1.0, 1.0) or rank not in (3, 4, 5):
        raise CannotError("it is not an enlargement by factors")
    smooth = {3: "linear", 4: "bilinear", 5: "trilinear"}[rank]
    modes = {"nearest": "nearest", "linear": smooth, "bilinear": smooth, "cubic": "bicubic"}
    factors = [int(one) if float(one).is_integer() else one for one in scales[2:]]
    return made_as(call, "Upsample", {"mode": modes[call.word("mode")], "scale_factor": factors})


@rule("Dropout", "Identity")
def _same(call: Call) -> Moved:
    """What gives its input gives it to whoever reads this one."""
    if len(call.inputs) != 1 or len(call.outputs) != 1:
        raise CannotError("it gives more than its input")
    return call.inputs[0]


@rule("Split")
def _split(call: Call) -> list[Moved]:
    if len(call.inputs) != 1:
        raise CannotError("its lengths are computed by the program")
    axis = call.axis("axis")
    lengths = [out[axis] for out in call.outputs if out is not None]
    made = made_as(call, "split", {"split_size_or_sections": lengths, "dim": axis})
    return [Moved(Tensor(made.tensor.node, at)) for at in range(len(call.outputs))]
