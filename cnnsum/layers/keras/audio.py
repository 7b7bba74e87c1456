"""Layers that make spectrograms of waves."""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, at_least, prod
from cnnsum.layers.arithmetic.slide import Sliding, arrange, channels, slide
from cnnsum.layers.base import layer
from cnnsum.layers.facts import NOT_FOLLOWED, Facts, Shape, Weight, show_shape, size
from cnnsum.layers.keras.fields import KERNEL, DataFormat, Padding
from cnnsum.layers.kinds import Flag, Kind, Pos, Reading, Real, choice, items, real, show
from cnnsum.layers.requiring import require_known, require_rank
from cnnsum.typed import Annotated

Mode = Annotated[str, choice("log", "magnitude", "psd", "real", "imag", "angle", "stft")]

Scaled = Annotated[str, choice("density", "spectrum")]


def _taper(value: object, reading: Reading) -> str | tuple[float, ...]:
    return value if isinstance(value, str) else items(value, reading, real, _TAPER)


_TAPER = "the name of a window, as hann, or a list of numbers"
Taper = Annotated[str | tuple[float, ...], Kind(_TAPER, _taper)]

#: Operations per output element besides the products: of the two parts, what the mode makes of them.
_OPS = {"log": 5, "magnitude": 4, "psd": 4, "real": 0, "imag": 0, "angle": 1, "stft": 0}


def _next_power_of_two(frame_length: Dim) -> int:
    """What Keras takes for `fft_length` where none is given; raises Problem where `frame_length` is not known."""
    if not isinstance(frame_length, int):
        message = f"`fft_length` must be given where `frame_length` is not known, got {show(frame_length)}"
        help = "where it is not given, it is the next power of two, which no formula says"
        raise Problem("UNK704", message, "frame_length", help=help)
    return 1 << (frame_length - 1).bit_length()


@layer
def STFTSpectrogram(
    x: Shape,
    *,
    mode: Mode = "log",
    frame_length: Pos = 256,
    frame_step: Pos | None = None,
    fft_length: Pos | None = None,
    padding: Padding = "valid",
    expand_dims: Flag = False,
    data_format: DataFormat | None = None,
    window: Taper | None = "hann",
    periodic: Flag = False,
    scaling: Scaled | None = "density",
) -> Facts:
    """The short-time Fourier transform of waves, as convolutions: `(T, C)` becomes `(frames, C * bins)`.

    `bins = fft_length // 2 + 1`; frames are `frame_length` long and `frame_step` apart (half of it where not given).
    `fft_length` is the next power of two from `frame_length` on where it is not given.
    `mode: stft` gives the real and the imaginary part, `real` and `imag` one of them, each other mode one number of
    both. `expand_dims` gives `(frames, bins, C)`, with twice the bins for `stft`.

    Weights: real_kernel and imag_kernel, each `frame_length x 1 x bins`. MACs: `frames * bins * frame_length` per
    channel and part. Operations: per output element what the mode makes of both parts. Backpropagation keeps the input,
    and both parts where the mode combines them.
    """
    require_rank(x, 3, "STFTSpectrogram")
    if frame_step is not None and at_least(frame_length, frame_step) is False:
        raise Problem("CFG102", f"`frame_step` must be at most `frame_length` {show(frame_length)}", "frame_step")
    if fft_length is not None and at_least(fft_length, frame_length) is False:
        raise Problem("CFG102", f"`fft_length` must be at least `frame_length` {show(frame_length)}", "fft_length")
    if frame_step is None and frame_length == 1:
        raise Problem(
            "CFG102", "`frame_step` must be given for a `frame_length` of 1, half of which is 0", "frame_length"
        )
    step = frame_step if frame_step is not None else frame_length // 2
    bins = (fft_length if fft_length is not None else _next_power_of_two(frame_length)) // 2 + 1
    depth = channels(x, data_format)
    require_known(depth, x, "STFTSpectrogram")
    sliding = Sliding(
        "STFTSpectrogram", (frame_length,), (step,), (1,), padding, data_format, KERNEL._replace(kernel="frame_length")
    )
    (frames,), (seen,) = slide(x, sliding)
    both = 2 if mode == "stft" else 1
    parts = 1 if mode in ("real", "imag") else 2
    weights = {"real": ("real",), "imag": ("imag",)}.get(mode, ("real", "imag"))
    out: Shape
    if expand_dims:
        first = data_format == "channels_first"
        out = (x[0], depth, frames, both * bins) if first else (x[0], frames, both * bins, depth)
    else:
        out = arrange(x[0], (frames,), both * depth * bins, data_format)
    return Facts(
        out,
        weights=tuple([Weight(f"{part}_kernel", (frame_length, 1, bins)) for part in weights]),
        macs=parts * frames * bins * frame_length * depth,
        ops=_OPS[mode] * size(out),
        keeps_input="weights",
        scratch=((x[0], frames, bins * depth),) * (parts if mode not in ("real", "imag", "stft") else 0),
        window=NOT_FOLLOWED if expand_dims else (seen,),
        status="exact" if mode in ("real", "imag", "stft") else "bound",
    )


@layer
def MelSpectrogram(
    x: Shape,
    *,
    fft_length: Pos = 2048,
    sequence_stride: Pos = 512,
    sequence_length: Pos | None = None,
    num_mel_bins: Pos = 128,
    power_to_db: Flag = True,
    window: Taper = "hann",
    sampling_rate: Real = 16000,
    min_freq: Real = 20.0,
    max_freq: Real | None = None,
    top_db: Real | None = 80.0,
    mag_exp: Real = 2.0,
    min_power: Real = 1e-10,
    ref_power: Real = 1.0,
) -> Facts:
    """The spectrogram of a wave on the mel scale: `(T)` becomes `(num_mel_bins, frames)`.

    Keras declares `(T + sequence_stride + 1) // sequence_stride` frames. MACs: the product of the
    `fft_length // 2 + 1` bins of each frame with the matrix that makes mel bins of them. Operations:
    `5 * n * log2(n) / 2` per frame for the Fourier transform of n numbers, bounded by the next power of two, and 3 per
    output element for decibels. No weights. Backpropagation keeps nothing: nothing before it is trained.
    """
    if len(x) not in (1, 2, 3):
        reason = f"MelSpectrogram needs an input of rank 1 to 3 (batch axis included), got {show_shape(x)}"
        raise Problem("SHP204", reason)
    if sequence_length is not None and at_least(fft_length, sequence_length) is False:
        message = f"`sequence_length` must be at most `fft_length` {show(fft_length)}"
        raise Problem("CFG102", message, "sequence_length")
    frames = (x[-1] + sequence_stride + 1) // sequence_stride
    out = (*x[:-1], num_mel_bins, frames)
    rows: Dim = frames * x[1] if len(x) == 3 else frames
    bins = fft_length // 2 + 1
    transform: Dim = 0
    if isinstance(fft_length, int):
        transform = 5 * fft_length * max(fft_length - 1, 1).bit_length() // 2
    return Facts(
        out,
        macs=rows * bins * num_mel_bins,
        ops=rows * (transform + 2 * bins) + (3 * (size(out) if len(x) > 1 else prod(out)) if power_to_db else 0),
        rows=1 if len(x) == 1 else None,  # of a single signal the frames are counted whole
        window=NOT_FOLLOWED,
        status="bound",
    )
