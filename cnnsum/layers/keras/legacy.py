"""Layers that Keras 2 had and Keras 3 has not, with the counts of Keras 2 (its weights' own shapes)."""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim, prod
from cnnsum.layers.arithmetic.functions import activated
from cnnsum.layers.arithmetic.slide import Sliding, arrange, first_spatial_axis, known_channels, slide
from cnnsum.layers.base import layer
from cnnsum.layers.facts import EVERYTHING, Facts, Kept, Shape, Weight, show_shape, size
from cnnsum.layers.keras.fields import KERNEL, Activation, DataFormat, Padding
from cnnsum.layers.keras.images import Stretch
from cnnsum.layers.keras.recurrent import GRU, LSTM
from cnnsum.layers.kinds import Flag, Kind, One, Pair, PlainInt, Pos, Reading, Real, choice, wrong
from cnnsum.layers.requiring import require_known, require_rank
from cnnsum.typed import Annotated


def _read_implementation(value: object, _reading: Reading) -> int:
    if value not in (1, 2, 3) or isinstance(value, bool):
        raise wrong("1, 2 or 3", value)
    return int(value)


Implementation = Annotated[int, Kind("1, 2 or 3", _read_implementation)]
Scaling = Annotated[
    str, choice("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic")
]


@layer
def ThresholdedReLU(x: Shape, *, theta: Real = 1.0) -> Facts:
    """`x` above `theta`, 0 below; the shape stays.

    No weights. Operations: 2 per element, a comparison and a product. Backpropagation keeps the output.
    """
    if isinstance(theta, (int, float)) and theta < 0:
        raise Problem("CFG108", f"`theta` must be a number of at least 0, got {theta}", "theta")
    return Facts(x, ops=2 * size(x), keeps_output=True, alias="inplace")


_RECURRENT = "time_major unroll zero_output_for_mask input_dim input_length implementation num_constants"


@layer(weights="kernel recurrent bias", ignored=_RECURRENT)
def CuDNNLSTM(
    x: Shape,
    initial_state: Shape | None = None,
    initial_carry: Shape | None = None,
    *,
    units: Pos,
    unit_forget_bias: Flag = True,
    return_sequences: Flag = False,
    return_state: Flag = False,
    go_backwards: Flag = False,
    stateful: Flag = False,
) -> Facts:
    """An LSTM as cuDNN computes it: with a bias for the input and one for the state. `(T, D)` to `(units)`.

    Weights: kernel `D x 4*units`, recurrent_kernel `units x 4*units`, bias `8*units`. MACs:
    `4 * T * (D + units) * units`. Operations per step and unit: those of LSTM, and 4 for the second biases.
    Backpropagation keeps what it keeps of LSTM.
    """
    facts = LSTM(
        x,
        initial_state,
        initial_carry,
        units=units,
        return_sequences=return_sequences,
        return_state=return_state,
    )
    return _with_two_biases(facts, x, 4 * units)


@layer(weights="kernel recurrent bias", ignored=_RECURRENT)
def CuDNNGRU(
    x: Shape,
    initial_state: Shape | None = None,
    *,
    units: Pos,
    return_sequences: Flag = False,
    return_state: Flag = False,
    go_backwards: Flag = False,
    stateful: Flag = False,
) -> Facts:
    """A GRU as cuDNN computes it: with a bias for the input and one for the state. `(T, D)` to `(units)`.

    Weights: kernel `D x 3*units`, recurrent_kernel `units x 3*units`, bias `6*units`. MACs:
    `3 * T * (D + units) * units`. Operations: those of GRU, whose two rows of biases these are. Backpropagation keeps
    what it keeps of GRU.
    """
    facts = GRU(x, initial_state, units=units, return_sequences=return_sequences, return_state=return_state)
    facts.weights = (*facts.weights[:2], Weight("bias", (6 * units,)))
    return facts


def _with_two_biases(facts: Facts, x: Shape, gates: Dim) -> Facts:
    facts.weights = (*facts.weights[:2], Weight("bias", (2 * gates,)))
    facts.ops = facts.ops + x[1] * gates
    return facts


def _locally_connected(
    x: Shape, sliding: Sliding, filters: Dim, implementation: int, activation: str | None, use_bias: bool
) -> Facts:
    what = sliding.what
    if implementation == 1 and sliding.padding != "valid":
        message = f"{what} pads in implementation 2 and 3 only, got padding: {sliding.padding}"
        raise Problem("CFG102", message, "padding")
    lengths, window = slide(x, sliding)
    depth = known_channels(x, sliding.layout, what)
    first = first_spatial_axis(sliding.layout)
    sizes = x[first : first + len(lengths)]
    for dim in sizes:
        require_known(dim, x, what)
    out = arrange(x[0], lengths, filters, sliding.layout)
    each = prod(sliding.kernel) * depth
    macs = prod(lengths) * filters * each
    if implementation == 1:
        kernel: Shape = (prod(lengths), each, filters)
    elif implementation == 2:
        kernel = (*arrange(1, sizes, depth, sliding.layout)[1:], *out[1:])
        macs = prod(kernel)
    else:
        macs = _connections(x, sliding, sizes, lengths) * depth * filters
        kernel = (macs,)
    bias = (Weight("bias", (*lengths, filters)),) if use_bias else ()
    return activated(
        out,
        activation=activation,
        weights=(Weight("kernel", kernel), *bias),
        macs=macs,
        ops=size(out) if use_bias else 0,
        keeps_input="weights",
        window=window,
    )


def _connections(x: Shape, sliding: Sliding, sizes: Shape, lengths: Shape) -> int:
    """Pairs of an input and an output place that a kernel joins: padding is joined to nothing."""
    found = 1
    for kernel, stride, length, out in zip(sliding.kernel, sliding.strides, sizes, lengths, strict=True):
        if not (
            isinstance(kernel, int) and isinstance(stride, int) and isinstance(length, int) and isinstance(out, int)
        ):
            message = f"{sliding.what} in implementation 3 has a weight for each pair of places, got {show_shape(x)}"
            raise Problem("UNK704", message)
        before = kernel // 2 if sliding.padding == "same" else 0
        starts = [place * stride - before for place in range(out)]
        found *= sum(min(length, start + kernel) - max(0, start) for start in starts)
    return found


@layer(weights="kernel bias")
def LocallyConnected1D(
    x: Shape,
    *,
    filters: Pos,
    kernel_size: One,
    strides: One = (1,),
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
    activation: Activation | None = None,
    use_bias: Flag = True,
    implementation: Implementation = 1,
) -> Facts:
    """A Conv1D with kernels of its own for every place: `(T, C)` becomes `(T', filters)`.

    Lengths as in Conv1D. Weights: bias `T' x filters`, and a kernel by the `implementation`: 1: `T' x kernel_size*C x
    filters`; 2: `T x C x T' x filters`, most of which is masked; 3: one for each pair of an input and an output that
    the kernels join. MACs: one for each of the weights of the kernel. Bias: one addition per output element.
    Backpropagation keeps the input.
    """
    sliding = Sliding("LocallyConnected1D", kernel_size, strides, (1,), padding, data_format, KERNEL)
    return _locally_connected(x, sliding, filters, implementation, activation, use_bias)


@layer(weights="kernel bias")
def LocallyConnected2D(
    x: Shape,
    *,
    filters: Pos,
    kernel_size: Pair,
    strides: Pair = (1, 1),
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
    activation: Activation | None = None,
    use_bias: Flag = True,
    implementation: Implementation = 1,
) -> Facts:
    """A Conv2D with kernels of its own for every place: `(H, W, C)` becomes `(H', W', filters)`.

    Lengths as in Conv2D. Weights: bias `H' x W' x filters`, and a kernel by the `implementation`: 1: `H'*W' x
    kernel_size*C x filters`; 2: `H x W x C x H' x W' x filters`, most of which is masked; 3: one for each pair of an
    input and an output that the kernels join. MACs: one for each of the weights of the kernel. Bias: one addition per
    output element. Backpropagation keeps the input.
    """
    sliding = Sliding("LocallyConnected2D", kernel_size, strides, (1, 1), padding, data_format, KERNEL)
    return _locally_connected(x, sliding, filters, implementation, activation, use_bias)


@layer(weights="kernel")
def RandomFourierFeatures(x: Shape, *, output_dim: Pos, scale: Real | None = None) -> Facts:
    """Multiply by a fixed random matrix and take the cosine: `(D)` becomes `(output_dim)`.

    Weights: unscaled_kernel `D x output_dim` and bias `output_dim`, which are not trained, and kernel_scale, one number
    that is. MACs: `D * output_dim`. Operations: 2 per output element, the bias and the cosine. Backpropagation keeps
    the input, and what the cosine is taken of.
    """
    require_rank(x, 2, "RandomFourierFeatures")
    require_known(x[1], x, "RandomFourierFeatures")
    out = (x[0], output_dim)
    return Facts(
        out,
        weights=(
            Weight("unscaled_kernel", (x[1], output_dim), trainable=False, dtype="float32"),
            Weight("bias", (output_dim,), trainable=False, dtype="float32"),
            Weight("kernel_scale", (1,), dtype="float32"),
        ),
        macs=x[1] * output_dim,
        ops=2 * size(out),
        keeps_input="weights",
        kept=(Kept("angles", out),),
        dtype="float32",
    )


def _stretched(x: Shape, axis: int, what: str) -> Facts:
    if len(x) not in (3, 4):
        require_rank(x, (3, 4), what)
    place = len(x) - 3 + axis
    return Facts((*x[:place], UNKNOWN, *x[place + 1 :]), ops=UNKNOWN, window=EVERYTHING, status="unknown")


@layer
def RandomHeight(
    x: Shape, *, factor: Stretch, interpolation: Scaling = "bilinear", seed: PlainInt | None = None
) -> Facts:
    """Stretch an image by a random factor along its height, in training: `(H, W, C)` becomes `(?, W, C)`.

    No weights. Operations: not known, for they depend on the factor. Backpropagation: not known.
    """
    return _stretched(x, 0, "RandomHeight")


@layer
def RandomWidth(
    x: Shape, *, factor: Stretch, interpolation: Scaling = "bilinear", seed: PlainInt | None = None
) -> Facts:
    """Stretch an image by a random factor along its width, in training: `(H, W, C)` becomes `(H, ?, C)`.

    No weights. Operations: not known, for they depend on the factor. Backpropagation: not known.
    """
    return _stretched(x, 1, "RandomWidth")
