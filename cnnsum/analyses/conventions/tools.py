"""What other tools count: for every call their number, and each reason why it differs from cnnsum's MACs.

One function per convention. It is given one `Piece` of a layer at a time and yields what the tool adds to cnnsum's
MACs, or leaves out of them, with the reason: so ours and the differences always add up to theirs. A rule that is not
known yields UNKNOWN, and makes the sum unknown.

The rules were read from the tools' sources and measured: tests/peers/test_torch_conventions.py runs the tools on whole
networks. They hold in evaluation mode, per sample, for layers written as the modules of torch.nn (an activation as a
module of its own), sums and products of tensors with operators, and products of matrices with `torch.matmul`. Knows
layers by their pieces only; knows no format and no screen.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator

from cnnsum.analyses.conventions.keras_flops import keras_flops
from cnnsum.analyses.conventions.layer_pieces import pieces_of
from cnnsum.analyses.conventions.pieces import Piece
from cnnsum.dims import UNKNOWN, Dim, prod
from cnnsum.graph.infer import Call, Inference
from cnnsum.layers.base import LayerType
from cnnsum.layers.vocabulary import KERAS
from cnnsum.typed import NamedTuple


class Difference(NamedTuple):
    """What a tool counts more (or less, if negative) than cnnsum's MACs, and why."""

    reason: str
    amount: Dim


class Count(NamedTuple):
    """One call: cnnsum's MACs, the tool's number, and the differences between the two."""

    call: Call
    ours: Dim
    theirs: Dim
    differences: tuple[Difference, ...]


Rule = Callable[[Piece], "Iterator[tuple[str, Dim]]"]

_NOT_KNOWN = "not known to cnnsum"
_NO_MODULE = "torch.nn has no such module: how it is written decides"
_BIAS = "bias counted: 1 per output element"


def fvcore(piece: Piece) -> Iterator[tuple[str, Dim]]:
    """`fvcore.nn.FlopCountAnalysis(model, x).total()`.

    Counts operations of the traced program, not modules. Convolutions, linear layers, products of matrices: their MACs
    without the bias. Batch normalisation: 2 per element, 1 without weights; layer and group normalisation: 5, 4 without
    weights. Adaptive mean pooling of images: 1 per element read. Upsampling of images: 1 per output element (nearest),
    4 (bilinear). All else is skipped: fused attention and recurrent layers with their MACs, activations, other pooling.

    Source: fvcore/nn/flop_count.py and jit_handles.py.
    """
    kind, name = piece.kind, piece.name
    if kind == "unknown" or (kind == "recurrent" and not piece.module):
        yield _unknown(piece), UNKNOWN
    elif kind == "attention" and not piece.more["returns scores"]:
        yield "products of attention not counted: the fused operation has no rule", -piece.more["products"]
    elif kind == "recurrent":
        yield "recurrent layers not counted: the operation has no rule", -piece.macs
    elif kind == "normalization" and name != "rms":
        weights = piece.has_kernel
        each = (2 if weights else 1) if name == "batch" else (5 if weights else 4)
        yield f"{name} normalisation counted: {each} per element", each * piece.made
    elif kind == "adaptive" and name == "mean" and piece.axes == 2:
        yield "mean over the image counted: 1 per element read", piece.read
    elif kind == "upsampling" and piece.axes == 2 and name in {"nearest", "bilinear"}:
        each = 1 if name == "nearest" else 4
        yield f"{name} upsampling counted: {each} per output element", each * piece.made
    elif kind == "upsampling" and piece.axes == 2 and name == "area":
        yield "mean over the image counted: 1 per element read", piece.read


def torch(piece: Piece) -> Iterator[tuple[str, Dim]]:
    """Half of what `torch.utils.flop_counter.FlopCounterMode` counts: it counts two operations for each MAC.

    Has formulas for convolutions, products of matrices and fused attention, of the MACs without the bias, and for
    nothing else. Measured on the meta device, where no kernel of a certain machine takes the place of operations.

    Source: torch/utils/flop_counter.py.
    """
    if piece.kind == "unknown":
        yield _unknown(piece), UNKNOWN


def torchinfo(piece: Piece) -> Iterator[tuple[str, Dim]]:
    """`torchinfo.summary(model, ...).total_mult_adds`.

    Counts parameters, not operations, of modules without children: those of a module whose class name contains "Conv"
    once for every position of its output; of a recurrent layer once per step; of every other module once per sample,
    however many positions it is used at. Biases are parameters as any. Whatever has no parameters of its own counts
    nothing; nor does a module that holds another, as nn.MultiheadAttention does.

    Source: torchinfo/layer_info.py (`calculate_macs`) and model_statistics.py.
    """
    kind = piece.kind
    if kind == "unknown" or not piece.module:
        yield _unknown(piece), UNKNOWN
    elif kind == "convolution":
        yield _BIAS, piece.bias * piece.positions
    elif kind == "transposed":
        yield _AT_OUTPUT, piece.kernel * piece.positions - piece.macs
        yield _BIAS, piece.bias * piece.positions
    elif kind == "linear":
        yield "linear layers counted once per parameter, not per position", piece.kernel - piece.macs
        yield "bias counted: once per parameter", piece.bias
    elif kind == "product":
        yield "products of two tensors not counted: they are not modules", -piece.macs
    elif kind == "attention":
        yield "attention not counted: nn.MultiheadAttention holds a module, and only the innermost count", -piece.macs
    elif kind == "recurrent":
        yield "two biases of a recurrent layer counted, once per step", 2 * piece.bias * piece.positions
    elif kind == "normalization":
        yield "normalisation counted: once per parameter", piece.kernel + piece.bias
    elif kind == "embedding":
        yield "embedding counted: once per parameter", piece.kernel
    elif kind == "activation" and piece.name == "prelu":
        yield "PReLU counted: once per parameter", piece.kernel


def thop(piece: Piece) -> Iterator[tuple[str, Dim]]:
    """`thop.profile(model, (x,))[0]`.

    Hooks modules of the classes that it lists. Convolutions and linear layers: MACs without the bias, transposed
    convolutions with output positions in place of input positions. Batch, layer and instance normalisation: 4 per
    element, 2 without weights. Mean pooling: 1 per output element; adaptive mean pooling: 1 per element read and 1 per
    output element. Softmax as a module: 3 per element less 1 per row; PReLU 1 per element; upsampling 1 per output
    element (nearest), 5 (linear), 11 (bilinear), 259 (bicubic). Recurrent layers: MACs, both biases, and 1 (RNN), 7
    (GRU) or 8 (LSTM) per unit and step. Everything else, attention and functions among them, counts nothing.

    Source: thop/profile.py, vision/basic_hooks.py, vision/calc_func.py, rnn_hooks.py.
    """
    kind, name = piece.kind, piece.name
    if kind == "unknown" or not piece.module:
        yield _unknown(piece), UNKNOWN
    elif kind == "transposed":
        yield _AT_OUTPUT, piece.kernel * piece.positions - piece.macs
    elif kind == "product":
        yield "products of two tensors not counted: they are not modules", -piece.macs
    elif kind == "attention":
        yield "attention not counted: nn.MultiheadAttention has no rule", -piece.macs
    elif kind == "recurrent":
        yield from _gates(piece, {"simple recurrence": 1, "gru": 7, "lstm": 8})
    elif kind == "normalization" and name in {"batch", "instance", "layer"}:
        each = 4 if piece.has_kernel else 2
        yield f"{name} normalisation counted: {each} per element", each * piece.made
    elif kind == "pooling" and name == "mean":
        yield "mean pooling counted: 1 per output element", piece.made
    elif kind == "adaptive" and name == "mean":
        yield "adaptive mean pooling counted: 1 per element read and 1 per output element", piece.read + piece.made
    elif kind == "activation" and name == "softmax" and not piece.function:
        yield "softmax counted: 3 per element, less 1 per row", 3 * piece.made - piece.more["rows"]
    elif kind == "activation" and name == "prelu":
        yield "PReLU counted: 1 per element", piece.made
    elif kind == "upsampling" and not piece.function:
        each = {"nearest": 1, "linear": 5, "bilinear": 11, "bicubic": 259}.get(name, 0)
        yield f"{name} upsampling counted: {each} per output element", each * piece.made


def ultralytics(piece: Piece) -> Iterator[tuple[str, Dim]]:
    """Half of the GFLOPs that Ultralytics reports of a network of its own (8.4.190, by its fork of thop, 2.2.3).

    MACs of all products, those of attention among them; batch and layer normalisation 4 per element; adaptive mean
    pooling 1 per element read and 1 per output element; the softmax of nn.MultiheadAttention 3 per score less 1 per
    row. All else that its networks have counts nothing: pooling and upsampling are functions there, or free.

    Source: the report itself (tests/peers/test_ultralytics.py).
    """
    kind, name = piece.kind, piece.name
    if kind in {"unknown", "recurrent"}:
        yield _unknown(piece), UNKNOWN
    elif kind == "normalization" and name in {"batch", "layer"}:
        yield f"{name} normalisation counted: 4 per element", 4 * piece.made
    elif kind == "adaptive" and name == "mean":
        yield "adaptive mean pooling counted: 1 per element read and 1 per output element", piece.read + piece.made
    elif kind == "attention":
        scores, keys = piece.more["scores"], piece.more["key length"]
        yield "softmax of attention counted: 3 per score, less 1 per row", 3 * scores - scores // keys


def ultralytics_by_modules(piece: Piece) -> Iterator[tuple[str, Dim]]:
    """What Ultralytics reported before its counter saw functions: the same without products of two tensors."""
    if piece.kind in {"product", "attention"}:
        yield "products of two tensors not counted: they are not modules", -piece.macs
    else:
        yield from ultralytics(piece)


def ptflops(piece: Piece) -> Iterator[tuple[str, Dim]]:
    """`ptflops.get_model_complexity_info(model, size, as_strings=False)[0]`.

    Hooks modules of the classes that it lists, and replaces functions of torch.nn.functional while it runs; what is in
    both lists is counted twice. Convolutions and linear layers: MACs and 1 per output element for the bias. Batch and
    group normalisation: 2 per element, 1 without weights; layer normalisation 1. Pooling: 1 per element read, twice.
    Pooling by a norm: what it calls, 1 per element read and 2 per output element. ReLU, ELU, PReLU, GELU 1 per element,
    twice; ReLU6, LeakyReLU, SiLU, softmax once. Upsampling 1 per output element, twice. Attention: MACs, 1 per element
    of the query, its biases, 1 per score. Recurrent layers: MACs, both biases, and 1 (RNN), 7 (GRU) or 10 (LSTM) per
    unit and step.

    Source: ptflops/pytorch_ops.py and pytorch_engine.py (its default backend).
    """
    kind, name = piece.kind, piece.name
    if kind == "unknown" or not piece.module:
        yield _unknown(piece), UNKNOWN
    elif kind in {"convolution", "transposed", "linear"}:
        yield _BIAS, piece.bias * piece.positions
    elif kind == "attention":
        yield from _ptflops_attention(piece)
    elif kind == "recurrent":
        yield from _gates(piece, {"simple recurrence": 1, "gru": 7, "lstm": 10})
    elif kind == "normalization" and name != "rms":
        each = 2 if name != "layer" and piece.has_kernel else 1
        yield f"{name} normalisation counted: {each} per element", each * piece.made
    elif kind == "pooling" and name == "norm":
        yield "mean pooling within counted: 1 per element read, as a function", piece.read
        yield "ReLU within and a factor counted: 1 per output element each, as functions", 2 * piece.made
    elif kind in {"pooling", "adaptive"}:
        yield "pooling counted: 2 per element read, as a module and again as a function", 2 * piece.read
    elif kind == "activation":
        each = (_AS_FUNCTION if piece.function else _AS_MODULE).get(name, 0)
        again = ", as a module and again as a function" if each == 2 else ""
        yield f"{name} counted: {each} per element{again}", each * piece.made
    elif kind == "upsampling":
        yield from _ptflops_upsampling(piece)


_AT_OUTPUT = "transposed convolutions counted at output positions, not at input positions"

#: How often ptflops counts an element of an activation: written as a module, and written as a function.
_AS_MODULE = {
    "relu": 2,
    "elu": 2,
    "prelu": 2,
    "gelu": 2,
    "relu6": 1,
    "leaky_relu": 1,
    "silu": 1,
    "swish": 1,
    "softmax": 1,
}
_AS_FUNCTION = dict.fromkeys(("relu", "elu", "prelu", "gelu", "relu6", "silu", "swish", "softmax"), 1)


def _ptflops_attention(piece: Piece) -> Iterator[tuple[str, Dim]]:
    """Its formula for nn.MultiheadAttention, of which the projections take key and value to their own depths."""
    more = piece.more
    queries, keys = more["query length"], more["key length"]
    depth, key_depth, value_depth = piece.depth, more["key depth"], more["value depth"]
    if key_depth != depth or value_depth != depth:
        yield "attention over keys or values of another depth: the formula was not measured", UNKNOWN
        return
    yield "scaled queries of attention counted: 1 per element", queries * depth
    biases = (queries + 2 * keys if piece.has_bias else 0) + queries
    yield "biases of attention counted: 1 per projected element", biases * depth
    yield "softmax of attention counted: 1 per score", more["scores"]
    if more["returns scores"]:
        yield "products and softmax of attention counted again, as functions", more["products"] + more["scores"]


def _ptflops_upsampling(piece: Piece) -> Iterator[tuple[str, Dim]]:
    """A nn.Upsample, but none of the classes of one mode, and the function, which goes by the factor where one is given
    and not by the length, which is rounded down.
    """
    twice = not piece.function and not piece.more["has a class of its own"]
    by_function = piece.made if piece.scale is None else _scaled(piece, piece.scale)
    if by_function is not UNKNOWN and by_function == piece.made:
        each, again = (2, ", as a module and again as a function") if twice else (1, "")
        yield f"upsampling counted: {each} per output element{again}", each * piece.made
    else:
        if twice:
            yield "upsampling counted: 1 per output element, as a module", piece.made
        yield "upsampling counted: 1 per element read and factor, as a function", by_function
    if piece.name == "area":
        yield "mean pooling within counted: 1 per element read, as a function", piece.read


def _scaled(piece: Piece, scale: float | tuple[float, ...]) -> Dim:
    """The elements read times the factors, of which ptflops cuts off the fractions of each where there are several."""
    if isinstance(scale, tuple):
        return piece.read * prod([int(factor) for factor in scale])
    factor = scale**piece.axes
    if isinstance(piece.read, int):
        return int(piece.read * factor)
    return piece.read * int(factor) if factor == int(factor) else UNKNOWN


def _gates(piece: Piece, each: dict[str, int]) -> Iterator[tuple[str, Dim]]:
    """What goes with the products of a recurrent layer: its gates and states, and both biases of torch.nn."""
    per_unit = each[piece.name]
    what = "RNN" if piece.name == "simple recurrence" else piece.name.upper()
    yield (
        f"gates and states of {what} counted: {per_unit} per unit and step",
        (per_unit * piece.more["units"] * piece.positions),
    )
    yield "two biases of a recurrent layer counted, once per step", 2 * piece.bias * piece.positions


def _unknown(piece: Piece) -> str:
    return _NOT_KNOWN if piece.module else _NO_MODULE


class Convention(NamedTuple):
    """A tool whose numbers can be reproduced.

    tool: with the version that was measured. unit: what its number is called. says: what it prints itself, where that
    differs. vocabularies: of the frameworks whose networks it counts. rule: yields the differences of a piece. notes:
    what else is to be known, each for networks that have a piece of that kind and (if not "") name.
    """

    name: str
    tool: str
    unit: str
    rule: Rule
    says: str = ""
    vocabularies: tuple[str, ...] = ("keras", "torch")
    notes: tuple[tuple[str, str, str], ...] = ()


CONVENTIONS = {
    found.name: found
    for found in (
        Convention(
            "fvcore",
            "fvcore 0.1.5",
            "MACs",
            fvcore,
            says="fvcore calls this number FLOPs",
            notes=(("attention", "", "under torch.no_grad() fvcore skips nn.MultiheadAttention as a whole"),),
        ),
        Convention("torchinfo", "torchinfo 1.8.0", "MACs", torchinfo),
        Convention("thop", "thop 0.1.1", "MACs", thop),
        Convention(
            "ptflops",
            "ptflops 0.7.5",
            "MACs",
            ptflops,
            notes=(
                (
                    "attention",
                    "",
                    "the activation inside nn.TransformerEncoderLayer is a function that ptflops does not see",
                ),
            ),
        ),
        Convention("keras-flops", "keras-flops 0.1.2 (TensorFlow 2.5)", "FLOPs", keras_flops, vocabularies=("keras",)),
        Convention(
            "torch",
            "PyTorch 2.13 (FlopCounterMode)",
            "MACs",
            torch,
            says="FlopCounterMode prints twice this number: it counts FLOPs",
            notes=(
                ("attention", "", "on a CPU the products of attention are missing: its fused kernel has no formula"),
                ("recurrent", "lstm", "on a CPU an LSTM counts 0: its fused kernel has no formula"),
            ),
        ),
    )
}
#: Those by which comments in files were counted, the ones that can be asked for included.
COUNTERS = {
    **CONVENTIONS,
    "ultralytics": Convention("ultralytics", "Ultralytics 8.4.190", "MACs", ultralytics, vocabularies=("torch",)),
    "ultralytics by modules": Convention(
        "ultralytics by modules", "Ultralytics before", "MACs", ultralytics_by_modules, vocabularies=("torch",)
    ),
}
#: Those that see modules, and no functions.
_OF_MODULES = frozenset(("torchinfo", "thop", "ptflops", "ultralytics by modules"))


def _is_of_program(type: LayerType) -> bool:
    """Whether a type is an operation of a file's program, of which the modules that made it cannot be told."""
    return type.is_operation and type.vocabulary is not KERAS


def count(inference: Inference, convention: Convention) -> tuple[list[Count], tuple[str, ...]]:
    """The tool's number for every call, and the notes that concern this network."""
    counts: list[Count] = []
    kinds: set[tuple[str, str]] = set()
    for call in inference.calls:
        differences: dict[str, Dim] = {}
        type = call.layer.type
        if type is not None and _is_of_program(type):
            title = type.vocabulary.title
            reason = f"{convention.name} counts networks in Python: what it says of operations of {title} is not known"
            differences[reason] = UNKNOWN
        elif type is not None and type.vocabulary.name not in convention.vocabularies:
            differences[f"{convention.name} counts no networks of {type.vocabulary.title}"] = UNKNOWN
        for piece in pieces_of(call, inference.values) if not differences else ():
            kinds.add((piece.kind, piece.name))
            for reason, amount in convention.rule(piece):
                if amount is UNKNOWN or amount != 0:
                    differences[reason] = differences.get(reason, 0) + amount * piece.times
        theirs = call.facts.macs
        for amount in differences.values():
            theirs = theirs + amount
        counts.append(
            Count(call, call.facts.macs, theirs, tuple([Difference(*found) for found in differences.items()]))
        )
    notes = [note for kind, name, note in convention.notes if any(k == kind and name in {"", n} for k, n in kinds)]
    return counts, tuple(notes)


def total(inference: Inference, name: str, own: Container[str]) -> Dim:
    """The number of one of `COUNTERS` for all of a network.

    own: layers that stand for what a program does in functions, by their types, as a reader declares them. Tools that
    count modules alone count of these the ones that are a module: they have weights, and read one tensor.
    """
    found: Dim = 0
    for one in count(inference, COUNTERS[name])[0]:
        theirs = one.theirs
        if one.call.layer.type_name in own:
            is_module = bool(one.call.facts.weights) and len(one.call.inputs) == 1
            theirs = one.ours if is_module or name not in _OF_MODULES else 0
        found = found + theirs
    return found
