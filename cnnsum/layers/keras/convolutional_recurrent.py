"""Long short-term memory whose products are convolutions: a sequence of rows, images or volumes.

All read `(T, spatial, C)` and give the state after the last step, with `return_sequences` that of every step, with
`return_state` also the last state and carry. The input is convolved with the layer's padding and strides, the state
with `same` padding and stride 1, so that it keeps its size.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, prod
from cnnsum.layers.arithmetic.functions import function, work
from cnnsum.layers.arithmetic.slide import Sizes, Sliding, arrange, known_channels, slide
from cnnsum.layers.base import layer
from cnnsum.layers.facts import EVERYTHING, Facts, Kept, Shape, Weight, show_shape
from cnnsum.layers.keras.convolution import ONE_OF_THE_TWO
from cnnsum.layers.keras.fields import KERNEL, Activation, DataFormat, Padding
from cnnsum.layers.kinds import Flag, One, Pair, PlainInt, Pos, Real, Triple
from cnnsum.layers.requiring import require_equal

_IGNORED = "input_dim"


def _convolve(
    x: Shape,
    states: tuple[Shape | None, Shape | None],
    sliding: Sliding,
    filters: Dim,
    *,
    activation: str | None,
    recurrent_activation: str | None,
    use_bias: bool,
    return_sequences: bool,
    return_state: bool,
) -> Facts:
    what, kernel_size, data_format = sliding.what, sliding.kernel, sliding.layout
    axes = len(kernel_size)
    if len(x) != axes + 3:
        raise Problem("SHP204", f"{what} needs an input of rank {axes + 3} (batch axis included), got {show_shape(x)}")
    batch, steps = x[0], x[1]
    frame = (batch, *x[2:])
    depth = known_channels(frame, data_format, what)
    lengths, _ = slide(frame, sliding)
    state = arrange(batch, lengths, filters, data_format)
    for given in states:
        if given is not None:
            reason = f"{what} needs initial states of the shape {show_shape(state)}, got {show_shape(given)}"
            if len(given) != len(state):
                raise Problem("SHP204", reason)
            for have, need in zip(given[1:], state[1:], strict=True):
                require_equal(have, need, reason)
    sequence = (batch, steps, *state[1:])
    taps: Dim = prod(kernel_size)
    places: Dim = prod(lengths)
    elements = places * filters
    weights = [
        Weight("kernel", (*kernel_size, depth, 4 * filters)),
        Weight("recurrent_kernel", (*kernel_size, filters, 4 * filters)),
    ]
    if use_bias:
        weights.append(Weight("bias", (4 * filters,)))
    gates = arrange(batch, lengths, 4 * filters, data_format)
    kept = [Kept("gates", (batch, steps, *gates[1:])), Kept("carries", sequence), Kept("activated carries", sequence)]
    for name, times in ((recurrent_activation, 3), (activation, 1)):
        if function(name).keeps == "input":
            inner = arrange(batch, lengths, times * filters, data_format)
            kept.append(Kept("pre-activations", (batch, steps, *inner[1:])))
    if not return_sequences:
        kept.append(Kept("states", sequence, use="weights"))
    per_step = elements * (4 + 4 * use_bias + 4)
    per_step = per_step + work(recurrent_activation, 3 * elements) + work(activation, 2 * elements)
    return Facts(
        sequence if return_sequences else state,
        *((state, state) if return_state else ()),
        weights=tuple(weights),
        macs=steps * (places * taps * 4 * filters * (depth + filters)),
        ops=steps * per_step,
        keeps_input="weights",
        keeps_output="weights" if return_sequences else False,
        kept=tuple(kept),
        scratch=(gates,),
        window=EVERYTHING,
    )


def _checked(strides: Sizes, dilation_rate: Sizes, what: str) -> None:
    if any(stride != 1 for stride in strides) and any(rate != 1 for rate in dilation_rate):
        message = f"{what} cannot have both strides and dilation_rate above 1"
        raise Problem("CFG111", message, "strides", help=ONE_OF_THE_TWO)


@layer(weights="kernel recurrent bias", parts=True, ignored=_IGNORED)
def ConvLSTM1D(
    x: Shape,
    initial_state: Shape | None = None,
    initial_carry: Shape | None = None,
    *,
    filters: Pos,
    kernel_size: One,
    strides: One = (1,),
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
    dilation_rate: One = (1,),
    activation: Activation | None = "tanh",
    recurrent_activation: Activation | None = "sigmoid",
    use_bias: Flag = True,
    unit_forget_bias: Flag = True,
    dropout: Real = 0.0,
    recurrent_dropout: Real = 0.0,
    return_sequences: Flag = False,
    return_state: Flag = False,
    go_backwards: Flag = False,
    stateful: Flag = False,
    seed: PlainInt | None = None,
    unroll: Flag = False,
    zero_output_for_mask: Flag = False,
) -> Facts:
    """LSTM over a sequence of rows, with convolutions in place of products: `(T, L, C)` becomes `(L', filters)`.

    Weights: kernel `k x C x 4*filters`, recurrent_kernel `k x filters x 4*filters`, bias `4*filters`. MACs:
    `T * L' * k * 4 * filters * (C + filters)`. Operations per step and state element: 4, the biases (4), 3 recurrent
    activations, 2 activations, and 4 for carry and state. Backpropagation keeps the input, and per step the four gates,
    the carry, its activation, and the state.
    """
    _checked(strides, dilation_rate, "ConvLSTM1D")
    return _convolve(
        x,
        (initial_state, initial_carry),
        Sliding("ConvLSTM1D", kernel_size, strides, dilation_rate, padding, data_format, KERNEL),
        filters,
        activation=activation,
        recurrent_activation=recurrent_activation,
        use_bias=use_bias,
        return_sequences=return_sequences,
        return_state=return_state,
    )


@layer(weights="kernel recurrent bias", parts=True, ignored=_IGNORED)
def ConvLSTM2D(
    x: Shape,
    initial_state: Shape | None = None,
    initial_carry: Shape | None = None,
    *,
    filters: Pos,
    kernel_size: Pair,
    strides: Pair = (1, 1),
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
    dilation_rate: Pair = (1, 1),
    activation: Activation | None = "tanh",
    recurrent_activation: Activation | None = "sigmoid",
    use_bias: Flag = True,
    unit_forget_bias: Flag = True,
    dropout: Real = 0.0,
    recurrent_dropout: Real = 0.0,
    return_sequences: Flag = False,
    return_state: Flag = False,
    go_backwards: Flag = False,
    stateful: Flag = False,
    seed: PlainInt | None = None,
    unroll: Flag = False,
    zero_output_for_mask: Flag = False,
) -> Facts:
    """LSTM over a sequence of images, with convolutions in place of products: `(T, H, W, C)` becomes
    `(H', W', filters)`.

    Weights: kernel `kh x kw x C x 4*filters`, recurrent_kernel `kh x kw x filters x 4*filters`, bias `4*filters`. MACs:
    `T * H' * W' * kh * kw * 4 * filters * (C + filters)`. Operations per step and state element: 4, the biases (4), 3
    recurrent activations, 2 activations, and 4 for carry and state. Backpropagation keeps the input, and per step the
    four gates, the carry, its activation, and the state.
    """
    _checked(strides, dilation_rate, "ConvLSTM2D")
    return _convolve(
        x,
        (initial_state, initial_carry),
        Sliding("ConvLSTM2D", kernel_size, strides, dilation_rate, padding, data_format, KERNEL),
        filters,
        activation=activation,
        recurrent_activation=recurrent_activation,
        use_bias=use_bias,
        return_sequences=return_sequences,
        return_state=return_state,
    )


@layer(weights="kernel recurrent bias", parts=True, ignored=_IGNORED)
def ConvLSTM3D(
    x: Shape,
    initial_state: Shape | None = None,
    initial_carry: Shape | None = None,
    *,
    filters: Pos,
    kernel_size: Triple,
    strides: Triple = (1, 1, 1),
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
    dilation_rate: Triple = (1, 1, 1),
    activation: Activation | None = "tanh",
    recurrent_activation: Activation | None = "sigmoid",
    use_bias: Flag = True,
    unit_forget_bias: Flag = True,
    dropout: Real = 0.0,
    recurrent_dropout: Real = 0.0,
    return_sequences: Flag = False,
    return_state: Flag = False,
    go_backwards: Flag = False,
    stateful: Flag = False,
    seed: PlainInt | None = None,
    unroll: Flag = False,
    zero_output_for_mask: Flag = False,
) -> Facts:
    """LSTM over a sequence of volumes, with convolutions in place of products: `(T, D, H, W, C)` becomes
    `(D', H', W', filters)`.

    Weights: kernel `kd x kh x kw x C x 4*filters`, recurrent_kernel `kd x kh x kw x filters x 4*filters`, bias
    `4*filters`. MACs: `T * D' * H' * W' * kd * kh * kw * 4 * filters * (C + filters)`. Operations per step and state
    element: 4, the biases (4), 3 recurrent activations, 2 activations, and 4 for carry and state. Backpropagation keeps
    the input, and per step the four gates, the carry, its activation, and the state.
    """
    _checked(strides, dilation_rate, "ConvLSTM3D")
    return _convolve(
        x,
        (initial_state, initial_carry),
        Sliding("ConvLSTM3D", kernel_size, strides, dilation_rate, padding, data_format, KERNEL),
        filters,
        activation=activation,
        recurrent_activation=recurrent_activation,
        use_bias=use_bias,
        return_sequences=return_sequences,
        return_state=return_state,
    )
