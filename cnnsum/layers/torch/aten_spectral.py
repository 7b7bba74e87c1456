"""Operations of exported programs on spectra and complex numbers, and those of linear algebra.

What a Fourier transform or a solver computes is not known in operations: totals are then lower bounds. Keys as in
`aten_elementwise`.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim, at_least, prod
from cnnsum.layers.arithmetic.axes import places_of
from cnnsum.layers.arithmetic.broadcast import broadcast
from cnnsum.layers.base import Rule, layer, named
from cnnsum.layers.facts import NOT_FOLLOWED, Facts, Kept, Shape, show_shape, size
from cnnsum.layers.kinds import Axes, Dtype, Flag, Ints, Nat, PlainInt, PlainPos
from cnnsum.layers.requiring import axis_of, require_axes, require_equal
from cnnsum.layers.strides import UNFOLLOWED, Read, Strides

#: Transforms, by what follows `fft_`: what the last of their axes becomes, and the dtype ("complex", or "real").
TRANSFORMS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("fft", "ifft"), ("", "complex")),
    "rfft": ("half", "complex"),
    "ihfft": ("half", "complex"),
    "irfft": ("whole", "real"),
    "hfft": ("whole", "real"),
}


def _half(length: Dim) -> Dim:
    return length // 2 + 1


def _transform(name: str, kind: str, dtype: str, axes: int | None) -> Rule:
    def rule(x: Shape, *, n: Nat | None = None, s: Ints | None = None, dim: Axes | None = None) -> Facts:
        require_axes(x, axes or 1, name)
        sizes = (n,) if n is not None else s
        if dim is not None:
            places = places_of(x, dim, name, "dim")
        else:
            count = axes or (len(x) if sizes is None else len(sizes))
            if count > len(x):
                raise Problem("CFG102", f"{name} needs an axis for each length, got {show_shape(x)} for {count}", "s")
            places = tuple(range(len(x) - count, len(x)))
        if sizes is not None and len(sizes) != len(places):
            raise Problem("CFG102", f"{name} needs as many lengths as axes, got {list(sizes)}", "s")
        out = list(x)
        for index, place in enumerate(places):
            given = None if sizes is None or sizes[index] == -1 else sizes[index]
            length = x[place] if given is None else given
            if place == places[-1] and kind == "half":
                length = _half(length)
            elif place == places[-1] and kind == "whole" and given is None:
                length = 2 * (length - 1)
            out[place] = length
        facts = Facts(tuple(out), ops=UNKNOWN, dtype=dtype, window=NOT_FOLLOWED)
        if kind == "half":
            _keep_read(facts, x, places, sizes)
        return facts

    also = " Backpropagation keeps what it is of, for its size." if kind == "half" else ""
    return named(rule, name, f"The Fourier transform {name}. Its operations are not known.{also}")


def _keep_read(facts: Facts, x: Shape, places: tuple[int, ...], sizes: Sequence[Dim] | None) -> None:
    """Say that a transform of real numbers keeps what it is of: its input, or a copy that is longer along axes."""
    given = [(x[at], length) for at, length in zip(places, sizes or places, strict=True) if sizes and length != -1]
    if all(at_least(own, length) is True for own, length in given):
        facts.keeps_input = True  # a part of it is a view
        return
    read = list(x)
    for place, length in zip(places, sizes or (), strict=True):
        read[place] = x[place] if length == -1 else length
    facts.kept = (Kept("padded input", tuple(read)),)


for _name, _how in TRANSFORMS.items():
    for _end, _axes in (("", 1), ("2", 2), ("n", None)):
        _title = f"fft_{_name}{_end}"
        layer(key=f"aten.{_title}", name=_title)(_transform(_title, *_how, _axes))


def _last(x: Shape, dim: Axes, what: str) -> int:
    """The last of the axes that are transformed."""
    places = places_of(x, dim, what, "dim")
    if not places:
        raise Problem("CFG102", f"{what} needs an axis, got none", "dim")
    return places[-1]


@layer(key="aten._fft_c2c")
def fft_c2c(x: Shape) -> Facts:
    """A Fourier transform of complex numbers. Its operations are not known."""
    return Facts(x, ops=UNKNOWN, dtype="input", window=NOT_FOLLOWED)


@layer(key="aten._fft_r2c")
def fft_r2c(x: Shape, *, dim: Axes, onesided: Flag = True) -> Facts:
    """A Fourier transform of real numbers, of whose last axis half is enough. Its operations are not known.
    Backpropagation keeps the input, for its size.
    """
    out = list(x)
    if onesided:
        place = _last(x, dim, "_fft_r2c")
        out[place] = _half(x[place])
    return Facts(tuple(out), ops=UNKNOWN, keeps_input=True, dtype="complex", window=NOT_FOLLOWED)


@layer(key="aten._fft_c2r")
def fft_c2r(x: Shape, *, dim: Axes, last_dim_size: Nat) -> Facts:
    """A Fourier transform to real numbers, so many along the last axis. Its operations are not known."""
    place = _last(x, dim, "_fft_c2r")
    return Facts((*x[:place], last_dim_size, *x[place + 1 :]), ops=UNKNOWN, dtype="real", window=NOT_FOLLOWED)


@layer(key="aten.fft_fftshift", aliases="aten.fft_ifftshift")
def shifted(x: Shape) -> Facts:
    """The halves of axes exchanged."""
    return Facts(x, dtype="input", window=NOT_FOLLOWED)


@layer(key="aten.fft_fftfreq")
def frequencies(*, n: Nat, dtype: Dtype | None = None) -> Facts:
    """The frequencies of a transform of that length. Has no gradient."""
    return Facts((n,), gradient="none", dtype=dtype or "float32")


@layer(key="aten.fft_rfftfreq")
def frequencies_of_half(*, n: Nat, dtype: Dtype | None = None) -> Facts:
    """The frequencies of a transform of real numbers of that length. Has no gradient."""
    return Facts((_half(n),), gradient="none", dtype=dtype or "float32")


@layer(key="aten.stft")
def stft(
    x: Shape,
    window: Shape | None = None,
    *,
    n_fft: PlainPos,
    hop_length: PlainPos | None = None,
    center: Flag = False,
    onesided: Flag = True,
    return_complex: Flag = True,
) -> Facts:
    """Fourier transforms of pieces of a signal: `(..., T)` becomes `(..., frequencies, frames)`. Backpropagation keeps
    the pieces, which have storage of their own where they are weighted.
    """
    require_axes(x, 1, "stft")
    hop = n_fft // 4 if hop_length is None else hop_length
    if hop == 0:
        raise Problem("CFG101", f"stft with n_fft {n_fft} needs a `hop_length`: a quarter of that is 0", "n_fft")
    length = x[-1] + 2 * (n_fft // 2) if center else x[-1]
    frames = (length - n_fft) // hop + 1
    out = (*x[:-1], _half(n_fft) if onesided else n_fft, frames)
    return Facts(
        out if return_complex else (*out, 2),
        ops=UNKNOWN,
        keeps_input=((0,),) if window is None else False,
        kept=() if window is None else (Kept("pieces", (*x[:-1], frames, n_fft)),),
        dtype="complex" if return_complex else "input",
        window=NOT_FOLLOWED,
        strides=UNFOLLOWED,
    )


@layer(
    key="aten.hann_window", aliases="aten.hamming_window aten.blackman_window aten.bartlett_window aten.kaiser_window"
)
def window_of(*, window_length: Nat, dtype: Dtype | None = None) -> Facts:
    """The weights of a piece of a signal. Has no gradient."""
    return Facts((window_length,), gradient="none", dtype=dtype or "float32")


@layer(key="aten.view_as_complex", aliases="aten.view_as_complex_copy")
def view_as_complex(x: Shape) -> Facts:
    """Pairs along the last axis as complex numbers: `(..., 2)` becomes `(...)`."""
    require_axes(x, 1, "view_as_complex")
    require_equal(x[-1], 2, f"view_as_complex needs pairs on the last axis, got {show_shape(x)}")
    return Facts(x[:-1], alias="view", dtype="complex")


@layer(key="aten.view_as_real", aliases="aten.view_as_real_copy")
def view_as_real(x: Shape) -> Facts:
    """Complex numbers as pairs: `(...)` becomes `(..., 2)`."""
    return Facts((*x, 2), alias="view", dtype="real")


@layer(key="aten.real", aliases="aten.imag")
def real(x: Shape) -> Facts:
    """The real or the imaginary part."""
    return Facts(x, alias="view", dtype="real")


@layer(key="aten.conj", aliases="aten._conj aten.resolve_neg")
def conj(x: Shape) -> Facts:
    """The conjugate. The output is the input's storage."""
    return Facts(x, alias="view", dtype="input")


@layer(key="aten.angle")
def angle(x: Shape) -> Facts:
    """The angle of a complex number. Operations: 1 per element. Backpropagation keeps the input."""
    return Facts(x, ops=size(x), keeps_input=True, dtype="real")


@layer(key="aten.complex")
def complex_of(real: Shape, imag: Shape) -> Facts:
    """Complex numbers of their parts. Operations: 1 per element. Backpropagation keeps parts with a gradient."""
    out = broadcast((real, imag), "complex")
    return Facts(out, ops=size(out), keeps_input=((0,), (1,)), dtype="complex")


@layer(key="aten.polar")
def polar(abs: Shape, angle: Shape) -> Facts:
    """Complex numbers of length and angle. Operations: 1 per element. Backpropagation keeps the output."""
    out = broadcast((abs, angle), "polar")
    return Facts(out, ops=size(out), keeps_output=True, dtype="complex")


# --- linear algebra ---------------------------------------------------------------------------------------------------


@layer(
    key="aten.linalg_inv",
    aliases="aten.inverse aten.cholesky aten.linalg_cholesky aten.matrix_power aten.linalg_matrix_power",
)
def of_square(x: Shape) -> Facts:
    """A matrix made of a square one. Its operations are not known. Backpropagation keeps the output."""
    _square(x, "a square matrix")
    return Facts(x, macs=UNKNOWN, ops=UNKNOWN, keeps_output=True, dtype="input", window=NOT_FOLLOWED)


@layer(key="aten.matrix_exp", aliases="aten.linalg_matrix_exp")
def exponential_of_matrix(x: Shape) -> Facts:
    """The exponential of a square matrix. Its operations are not known. Backpropagation keeps the input."""
    _square(x, "matrix_exp")
    return Facts(x, macs=UNKNOWN, ops=UNKNOWN, keeps_input=True, dtype="input", window=NOT_FOLLOWED)


@layer(key="aten.cholesky_inverse")
def inverse_of_factor(x: Shape) -> Facts:
    """The inverse of a matrix by its factor. Its operations are not known. Backpropagation keeps input and output."""
    _square(x, "cholesky_inverse")
    return Facts(x, macs=UNKNOWN, ops=UNKNOWN, keeps_input=True, keeps_output=True, dtype="input", window=NOT_FOLLOWED)


@layer(key="aten.linalg_pinv", aliases="aten.pinverse")
def pseudo_inverse(x: Shape) -> Facts:
    """The pseudo-inverse of a matrix. Its operations are not known. Backpropagation keeps input and output."""
    require_axes(x, 2, "pinv")
    out = (*x[:-2], x[-1], x[-2])
    return Facts(
        out, macs=UNKNOWN, ops=UNKNOWN, keeps_input=True, keeps_output=True, dtype="input", window=NOT_FOLLOWED
    )


def _factors(x: Shape) -> tuple[Kept, Kept]:
    """The triangular factors of a matrix, in one, and the rows that were exchanged for them."""
    return Kept("triangular factors", x), Kept("pivots", x[:-1], "int32")


@layer(key="aten.linalg_det", aliases="aten.det")
def determinant(x: Shape) -> Facts:
    """The determinant of a matrix. Its operations are not known. Backpropagation keeps input, output and factors."""
    _square(x, "det")
    return Facts(
        x[:-2],
        macs=UNKNOWN,
        ops=UNKNOWN,
        keeps_input=True,
        keeps_output=True,
        kept=_factors(x),
        dtype="input",
        window=NOT_FOLLOWED,
    )


@layer(key="aten.logdet")
def logarithm_of_determinant(x: Shape) -> Facts:
    """The logarithm of the determinant of a matrix. Its operations are not known. Backpropagation keeps the input, its
    factors, the sign, and where that is negative.
    """
    _square(x, "logdet")
    kept = (*_factors(x), Kept("sign", x[:-2]), Kept("negative", x[:-2], "bool"))
    return Facts(x[:-2], macs=UNKNOWN, ops=UNKNOWN, keeps_input=True, kept=kept, dtype="input", window=NOT_FOLLOWED)


def _square(x: Shape, what: str) -> None:
    require_axes(x, 2, what)
    require_equal(x[-1], x[-2], f"{what} needs as many rows as columns, got {show_shape(x)}")


@layer(key="aten.linalg_solve")
def solve(x: Shape, other: Shape) -> Facts:
    """The solution of a system of equations. Its operations are not known. Backpropagation keeps the matrix, its
    factors, and the solution.
    """
    _square(x, "solve")
    return Facts(
        other,
        macs=UNKNOWN,
        ops=UNKNOWN,
        keeps_input=((0, 1), ()),
        keeps_output=True,
        kept=_factors(x),
        dtype="input",
        window=NOT_FOLLOWED,
    )


@layer(key="aten.trace")
def trace(x: Shape) -> Facts:
    """The sum of the diagonal of a matrix. Operations: 1 per element of it."""
    if len(x) != 2:
        raise Problem("SHP204", f"trace needs a matrix, got {show_shape(x)}")
    return Facts((), ops=x[0], rows=1, dtype="sum")


@layer(key="aten.tensordot")
def tensordot(x: Shape, other: Shape, *, dims_self: Axes, dims_other: Axes) -> Facts:
    """Products summed over pairs of axes. MACs: each output element is a sum over them. Backpropagation keeps both."""
    own = places_of(x, dims_self, "tensordot", "dims_self")
    its = places_of(other, dims_other, "tensordot", "dims_other")
    if len(own) != len(its):
        raise Problem("CFG116", "tensordot needs as many axes of both", "dims_other")
    for first, second in zip(own, its, strict=True):
        reason = f"tensordot needs axes of the same sizes, got {show_shape(x)} and {show_shape(other)}"
        require_equal(x[first], other[second], reason)
    left = [at for at in range(len(x)) if at not in own]
    right = [at for at in range(len(other)) if at not in its]
    out = (*[x[at] for at in left], *[other[at] for at in right])
    depth = prod([x[at] for at in own])
    whole = len(out) > 1
    macs = (size(out) if whole else prod(out)) * depth
    # A product of two matrices (`tensordot` in `aten/src/ATen/native/Linear.cpp`).
    strides = Strides("rows", (_as_matrix(x, left, own), _as_matrix(other, its, right)))
    return Facts(out, macs=macs, keeps_input="factors", dtype="input", rows=None if whole else 1, strides=strides)


def _as_matrix(x: Shape, rows: Sequence[int], columns: Sequence[int]) -> Read:
    """Some axes made the rows of a matrix, the others its columns."""
    axes = (*rows, *columns)
    shape = tuple([x[at] for at in axes])
    return Read(axes, shape, (prod(shape[: len(rows)]), prod(shape[len(rows) :])))


@layer(key="aten.inner")
def inner(x: Shape, other: Shape) -> Facts:
    """Products summed over the last axes of both. MACs: each output element is a sum over them."""
    if not x or not other:
        out = broadcast((x, other), "inner")
        return Facts(out, ops=size(out), keeps_input="factors", dtype="input")
    return tensordot(x, other, dims_self=(-1,), dims_other=(-1,))


@layer(key="aten.vdot")
def vdot(x: Shape, other: Shape) -> Facts:
    """The sum of the products of two vectors. MACs: 1 per element."""
    return tensordot(x, other, dims_self=(0,), dims_other=(0,))


@layer(key="aten.linalg_vecdot")
def vecdot(x: Shape, other: Shape, *, dim: PlainInt = -1) -> Facts:
    """The sums of products along an axis. Operations: 2 per element. Backpropagation keeps both."""
    both = broadcast((x, other), "linalg_vecdot")
    axis = axis_of(both, dim, "linalg_vecdot", "dim")
    out = (*both[:axis], *both[axis + 1 :])
    return Facts(out, ops=2 * size((1, *both)), keeps_input="factors", dtype="input", rows=1)


@layer(key="aten.kron")
def kron(x: Shape, other: Shape) -> Facts:
    """Each element of a tensor times another tensor. Operations: 1 per element of the output."""
    rank = max(len(x), len(other))
    pairs = zip((*(1,) * (rank - len(x)), *x), (*(1,) * (rank - len(other)), *other), strict=True)
    out = tuple([own * its for own, its in pairs])
    return Facts(out, ops=size((1, *out)), keeps_input="factors", dtype="input", rows=1)
