"""Operations of ONNX that networks seldom hold: signals, texts, what may be there or not, steps of training."""

from __future__ import annotations

from cnnsum.counted import counted
from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.layers.arithmetic.broadcast import broadcast
from cnnsum.layers.arithmetic.contents import whole
from cnnsum.layers.base import Rule, layer, named
from cnnsum.layers.facts import NOT_FOLLOWED, Facts, Shape
from cnnsum.layers.kinds import Ints, PlainInt
from cnnsum.layers.onnx.fields import DOMAIN, Code, Switch
from cnnsum.layers.requiring import axis_of, require_rank


def _first(x: Shape | None) -> Dim:
    """The only number of a tensor, where it is a plain one."""
    found = whole(x)
    return found[0] if found else UNKNOWN


@layer(key=f"{DOMAIN}.DFT", name="DFT", reads=True)
def dft(
    x: Shape,
    dft_length: Shape | None = None,
    axis_input: Shape | None = None,
    *,
    axis: PlainInt | None = None,
    inverse: Switch = False,
    onesided: Switch = False,
    opset: PlainInt = 99,
) -> Facts:
    """The discrete Fourier transform along an axis, real and imaginary parts as the last axis. Work not known."""
    at = _first(axis_input) if axis_input is not None else axis if axis is not None else (-2 if opset >= 20 else 1)
    if not isinstance(at, int):
        return Facts(tuple([UNKNOWN] * (len(x) - 1) + [2]), ops=UNKNOWN, dtype="first", window=NOT_FOLLOWED)
    place = axis_of(x, at, "DFT")
    length = x[place] if dft_length is None else _first(dft_length)
    last: Dim = 2
    if onesided and inverse:
        length, last = (length if dft_length is not None else 2 * (length - 1)), 1
    elif onesided:
        length = length // 2 + 1
    out = (*x[:place], length, *x[place + 1 : -1], last)
    return Facts(out, ops=UNKNOWN, keeps_input=True, dtype="first", window=NOT_FOLLOWED)


@layer(key=f"{DOMAIN}.STFT", name="STFT", reads=True)
def stft(
    x: Shape,
    frame_step: Shape,
    window: Shape | None = None,
    frame_length: Shape | None = None,
    *,
    onesided: Switch = True,
) -> Facts:
    """The Fourier transform of frames of a signal: `(N, T, 1)` becomes `(N, frames, bins, 2)`. Work not known."""
    require_rank(x, (2, 3), "STFT")
    length: Dim = _first(frame_length) if frame_length is not None else window[0] if window else UNKNOWN
    step = _first(frame_step)
    frames = UNKNOWN if UNKNOWN in (length, step) else (x[1] - length) // step + 1
    bins = length // 2 + 1 if onesided else length
    return Facts((x[0], frames, bins, 2), ops=UNKNOWN, keeps_input=True, dtype="first", window=NOT_FOLLOWED)


@layer(
    key=f"{DOMAIN}.MelWeightMatrix",
    name="MelWeightMatrix",
    reads=True,
    settings="num_mel_bins dft_length sample_rate lower_edge_hertz upper_edge_hertz",
)
def mel_weights(
    num_mel_bins: Shape,
    dft_length: Shape,
    sample_rate: Shape,
    lower_edge_hertz: Shape,
    upper_edge_hertz: Shape,
    *,
    output_datatype: Code = "float32",
) -> Facts:
    """The matrix that sums bins of a spectrum to those of mel. Has no gradient."""
    return Facts((_first(dft_length) // 2 + 1, _first(num_mel_bins)), gradient="none", dtype=output_datatype)


@layer(key=f"{DOMAIN}.StringConcat", name="StringConcat")
def joined_texts(x: Shape, other: Shape) -> Facts:
    """Texts put together, broadcast."""
    return Facts(broadcast((x, other), "StringConcat"), gradient="none", dtype="first")


@layer(key=f"{DOMAIN}.RegexFullMatch", name="RegexFullMatch")
def matched_texts(x: Shape) -> Facts:
    """Whether each text is one of a pattern."""
    return Facts(x, gradient="none", dtype="bool")


@layer(key=f"{DOMAIN}.TfIdfVectorizer", name="TfIdfVectorizer")
def counted_words(x: Shape, *, ngram_indexes: Ints) -> Facts:
    """How often each of a list of words, or rows of words, is there: `(N, T)` becomes `(N, words)`."""
    count: Dim = UNKNOWN
    if ngram_indexes and all(isinstance(one, int) for one in ngram_indexes):
        count = 1 + max(one for one in ngram_indexes if isinstance(one, int))
    return Facts((*x[:-1], count), gradient="none", dtype="float32", window=NOT_FOLLOWED)


def _step(name: str, states: int) -> Rule:
    def rule(rate: Shape, count: Shape, *tensors: Shape) -> Facts:
        kept = len(tensors) // (2 + states)
        if not kept:
            raise Problem("GRF303", f"{name} needs weights, gradients and states")
        out = (*tensors[:kept], *tensors[2 * kept :])
        return Facts(*out, ops=UNKNOWN, gradient="none", dtype="of 2")

    return named(
        rule, name, f"A step of {name}: new weights and {counted(states, 'state')} for each. Its work is not known."
    )


for _name, _states in (("Momentum", 1), ("Adagrad", 1), ("Adam", 2)):
    layer(key=f"ai.onnx.preview.training.{_name}", name=_name)(_step(_name, _states))


@layer(key=f"{DOMAIN}.CausalConvWithState", name="CausalConvWithState")
def causal_conv(
    x: Shape, weight: Shape, bias: Shape | None = None, past_state: Shape | None = None, *, outputs: PlainInt = 1
) -> Facts:
    """A convolution of each channel by itself over a sequence, of which the last positions are handed on.

    MACs: the kernel's size per element. Bias: one addition per element.
    """
    require_rank(x, 3, "CausalConvWithState")
    require_rank(weight, 3, "the weight of CausalConvWithState")
    elements = x[1] * x[2]
    out: tuple[Shape, ...] = (x, (x[0], x[1], weight[2] - 1))
    return Facts(
        *out[: max(outputs, 1)],
        macs=elements * weight[2],
        ops=elements if bias is not None else 0,
        keeps_input=True,
        window=NOT_FOLLOWED,
        dtype="first",
    )


@layer(key=f"{DOMAIN}.LinearAttention", name="LinearAttention")
def linear_attention(
    query: Shape,
    key: Shape,
    value: Shape,
    past_state: Shape | None = None,
    decay: Shape | None = None,
    beta: Shape | None = None,
    *,
    q_num_heads: PlainInt,
    kv_num_heads: PlainInt,
    outputs: PlainInt = 1,
) -> Facts:
    """Attention by a state for each head: `(N, T, heads * E)` becomes `(N, T, heads * Ev)`, and the state after the
    last step. Its work depends on how it is cut into chunks, and is not known.
    """
    for one in (query, key, value):
        require_rank(one, 3, "LinearAttention")
    depth, width = key[2] // max(kv_num_heads, 1), value[2] // max(kv_num_heads, 1)
    out: tuple[Shape, ...] = ((*query[:2], q_num_heads * width), (query[0], kv_num_heads, depth, width))
    return Facts(
        *out[: max(outputs, 1)], macs=UNKNOWN, ops=UNKNOWN, keeps_input=True, window=NOT_FOLLOWED, dtype="first"
    )
