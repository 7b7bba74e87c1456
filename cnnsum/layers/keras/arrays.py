"""Rarer operations: quantiles, joining and cutting, linear algebra, Fourier transforms, losses, changes of images.

Found and called as `operations` says. None has weights. The work of what is iterated inside (decompositions of
matrices) is not known, and such a call says so.
"""

from __future__ import annotations

from cnnsum.counted import counted
from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim, minimum, prod
from cnnsum.layers.arithmetic.axes import flat, places_of, require_outputs, without, work_along
from cnnsum.layers.arithmetic.broadcast import broadcast, joined
from cnnsum.layers.base import Rule, layer
from cnnsum.layers.facts import NOT_FOLLOWED, Constant, Facts, Gradient, Shape, show_shape, size
from cnnsum.layers.keras.indexing import diagonal
from cnnsum.layers.keras.operations import CORE, MATH, NN, NUMPY
from cnnsum.layers.keras.tensors import split
from cnnsum.layers.kinds import (
    Axes,
    Cuts,
    Dtype,
    Flag,
    Ints,
    Nat,
    NatPair,
    Pair,
    PairList,
    PlainInt,
    PlainPos,
    Pos,
    choice,
)
from cnnsum.layers.requiring import require_at_least, require_equal, require_indices
from cnnsum.typed import Annotated

LINALG = "keras.src.ops.linalg."
IMAGE = "keras.src.ops.image."


def _made(
    *outputs: Shape,
    ops: Dim = 0,
    dtype: str = "input",
    keeps: bool = False,
    macs: Dim = 0,
    rows: Dim | None = None,
) -> Facts:
    gradient: Gradient = "none" if dtype in ("int32", "bool") else ""
    return Facts(
        *outputs,
        ops=ops,
        macs=macs,
        rows=rows,
        dtype=dtype,
        keeps_input=keeps,
        gradient=gradient,
        window=NOT_FOLLOWED,
    )


# --- numbers along an axis --------------------------------------------------------------------------------------------


def _quantile(name: str) -> Rule:
    def rule(x: Shape, q: Shape, *, axis: Axes | None = None, keepdims: Flag = False) -> Facts:
        out = (*q[:1], *without(x, places_of(x, axis, name), keepdims=keepdims))
        ops, rows = work_along(x, out, 1)
        return _made(out, ops=ops, rows=rows, dtype="float", keeps=True)

    rule.__doc__ = (
        "Gives the number below which a part of the elements along `axis` lies.\n\n"
        "No weights. Operations: 1 per element of the input. Backpropagation keeps the input.\n"
    )
    return rule


for _name in ("Quantile", "Percentile", "Nanquantile", "Nanpercentile"):
    layer(key=NUMPY + _name, name=_name, ignored="method")(_quantile(_name))


@layer(key=NUMPY + "Trapezoid", name="Trapezoid", ignored="x dx")
def _trapezoid(y: Shape, *, axis: PlainInt = -1) -> Facts:
    """The integral along an axis by the trapezoidal rule. No weights. Operations: 3 per element. Nothing kept."""
    out = without(y, places_of(y, (axis,), "Trapezoid"), keepdims=False)
    ops, rows = work_along(y, out, 3)
    return _made(out, ops=ops, rows=rows, dtype="float")


@layer(key=NUMPY + "Trace", name="Trace")
def _trace(x: Shape, *, offset: PlainInt = 0, axis1: PlainInt = 0, axis2: PlainInt = 1) -> Facts:
    """The sum of the diagonal of two axes, which are left out.

    No weights. Operations: 1 per element of the diagonal. Nothing kept.
    """
    out, length = diagonal(x, offset, axis1, axis2, "Trace")
    return _made(out, ops=size(out) * length, dtype="own sum")


@layer(key=NUMPY + "Digitize", name="Digitize")
def _digitize(x: Shape, bins: Shape) -> Facts:
    """The index of the bin of each element; the shape stays.

    No weights. Operations: 1 per element and bin. Has no gradient.
    """
    return _made(x, ops=size(x) * prod(bins), dtype="int32")


@layer(key=NUMPY + "IsIn", name="IsIn", ignored="assume_unique invert")
def _is_in(x1: Shape, x2: Shape) -> Facts:
    """Whether each element is one of the second input's. No weights. Operations: 1 per pair. Has no gradient."""
    return _made(x1, ops=size(x1) * prod(x2), dtype="bool")


# --- joining, cutting, picking ----------------------------------------------------------------------------------------


@layer(key=NUMPY + "Append", name="Append")
def _append(x1: Shape, x2: Shape, *, axis: PlainInt | None = None) -> Facts:
    """Put two inputs end to end along `axis`. No weights, no operations, nothing kept."""
    if axis is None:
        return _made((prod(x1) + prod(x2),))
    return _made(joined((x1, x2), axis, "Append"))


@layer(key=NUMPY + "Dstack", name="Dstack")
def _dstack(*xs: Shape) -> Facts:
    """Put the inputs end to end along the second axis after the batch. No weights, no operations, nothing kept."""
    full = [x if len(x) > 2 else (1,) * (2 - len(x)) + (*x, 1) for x in xs]
    return _made(joined(full, 2, "Dstack"))


def _cut(name: str, place: int) -> Rule:
    def rule(x: Shape, *, indices_or_sections: Cuts) -> Facts:
        if len(x) <= place:
            raise Problem("SHP205", f"{name}: {show_shape(x)} has no axis {place}")
        return split(x, indices_or_sections=indices_or_sections, axis=place)

    rule.__doc__ = f"`Split` along axis {place}. No weights, no work, nothing kept.\n"
    return rule


layer(key=NUMPY + "Hsplit", name="Hsplit")(_cut("Hsplit", 1))
layer(key=NUMPY + "Dsplit", name="Dsplit")(_cut("Dsplit", 2))


@layer(key=NUMPY + "ArraySplit", name="ArraySplit")
def _array_split(x: Shape, *, indices_or_sections: PlainPos, axis: PlainInt = 0) -> Facts:
    """Cut an axis into sections, the first of which are longer by one if need be. No weights, no work, nothing kept."""
    (place,) = places_of(x, (axis,), "ArraySplit")
    require_outputs(indices_or_sections, "ArraySplit", "indices_or_sections")
    last = indices_or_sections - 1
    lengths = [(x[place] + last - index) // indices_or_sections for index in range(indices_or_sections)]
    return _made(*[(*x[:place], piece, *x[place + 1 :]) for piece in lengths])


@layer(key=NUMPY + "Take", name="Take", reads=True)
def _take(x: Shape, indices: Shape, *, axis: PlainInt | None = None) -> Facts:
    """Pick elements along an axis by indices, whose axes take its place; without an axis, of all elements in a row.

    No weights, no work.
    """
    if axis is None:
        x = flat(x)
    (place,) = places_of(x, (axis or 0,), "Take")
    require_indices(indices, x, place, "Take")
    return _made((*x[:place], *indices, *x[place + 1 :]), dtype="first")


@layer(key=NUMPY + "Rot90", name="Rot90", ignored="k")
def _rot90(array: Shape, *, axes: Axes = (0, 1), k: PlainInt = 1) -> Facts:
    """Turn the plane of two axes by a quarter, `k` times. No weights, no work, nothing kept."""
    places = places_of(array, axes, "Rot90", "axes")
    if len(places) != 2 or places[0] == places[1]:
        raise Problem("SHP205", f"Rot90 needs two axes, got {list(axes)}", "axes")
    first, second = places
    out = list(array)
    if k % 2:
        out[first], out[second] = array[second], array[first]
    return _made(tuple(out))


def _require_part(x: Shape, starts: Shape, part: Shape, what: str) -> None:
    """A part of this shape, from these constant places on, must lie within x."""
    if len(part) != len(x):
        raise Problem("SHP207", f"{what} needs a part of as many axes, got {show_shape(x)} and {show_shape(part)}")
    for axis, (length, start) in enumerate(zip(part, _starts(x, starts), strict=True)):
        begin = 0 if start is None else start
        reason = f"{what} of {length} elements from {begin} on needs more on axis {axis}, got {show_shape(x)}"
        require_at_least(x[axis], begin + (0 if length == -1 else length), reason)


def _starts(x: Shape, starts: Shape) -> list[int | None]:
    """Where a part begins on each axis, None where that is not known."""
    numbers = starts.numbers if isinstance(starts, Constant) else ()
    known = [int(one) if isinstance(one, int) and one >= 0 else None for one in numbers]
    return [known[axis] if axis < len(known) else None for axis in range(len(x))]


@layer(key=CORE + "Slice", name="Slice", reads=True)
def _slice(inputs: Shape, start_indices: Shape, *, shape: Ints) -> Facts:
    """The part of an input that begins at the second and has this shape; -1 is all that is left of an axis.

    No weights, no operations, nothing kept.
    """
    _require_part(inputs, start_indices, shape, "Slice")
    rest = [
        UNKNOWN if start is None else dim - start
        for dim, start in zip(inputs, _starts(inputs, start_indices), strict=True)
    ]
    out = tuple([left if length == -1 else length for length, left in zip(shape, rest, strict=True)])
    return _made(out, dtype="first")


@layer(key=CORE + "SliceUpdate", name="SliceUpdate", reads=True)
def _slice_update(inputs: Shape, start_indices: Shape, updates: Shape) -> Facts:
    """The first input with a part of it replaced; the shape stays. No weights, no operations, nothing kept."""
    _require_part(inputs, start_indices, updates, "SliceUpdate")
    return _made(inputs, dtype="first")


@layer(key=CORE + "ConvertToTensor", name="ConvertToTensor", ignored="sparse ragged")
def _convert(x: Shape, *, dtype: Dtype | None = None) -> Facts:
    """The same numbers, in another dtype if one is given. No weights, no operations, nothing kept."""
    return Facts(x, dtype=dtype or "input")


@layer(key=NUMPY + "Cross", name="Cross", ignored="axisa axisb axisc")
def _cross(x1: Shape, x2: Shape, *, axis: PlainInt | None = None) -> Facts:
    """The cross product of vectors of 3 along the last axis.

    No weights. Operations: 3 per output element. Backpropagation keeps the inputs.
    """
    if axis not in (None, -1, len(x1) - 1) or x1[-1:] != (3,) or x2[-1:] != (3,):
        raise Problem("UNK704", f"Cross of {show_shape(x1)} and {show_shape(x2)} is not supported")
    out = broadcast((x1, x2), "Cross")
    return _made(out, ops=3 * size(out), keeps=True)


@layer(key=NUMPY + "Dot", name="Dot")
def _dot(x1: Shape, x2: Shape) -> Facts:
    """The product of all rows of the one with all columns of the other: `(..., D)` and `(..., D, K)` become `(..., ...,
    K)`, and with a vector `(D)` `(...)`.

    No weights. MACs: `D` per output element. Backpropagation keeps the inputs, unless the second is a constant matrix
    or vector.
    """
    if not x1 or not x2:
        out = x1 or x2
        return _made(out, ops=size(out))
    at = max(len(x2) - 2, 0)
    depth = require_equal(x1[-1], x2[at], f"Dot needs equal sizes, got {show_shape(x1)} and {show_shape(x2)}")
    out = (*x1[:-1], *x2[:at], *x2[at + 1 :])
    return _made(out, macs=size(out) * depth, keeps=len(x2) > 2)


# --- linear algebra, whose work depends on the method -----------------------------------------------------------------


def _square(x: Shape, what: str) -> Dim:
    if len(x) < 3:
        raise Problem("SHP204", f"{what} needs matrices, got {show_shape(x)}")
    return require_equal(x[-2], x[-1], f"{what} needs square matrices, got {show_shape(x)}")


def _decomposed(*outputs: Shape, dtype: str = "input") -> Facts:
    return Facts(*outputs, ops=UNKNOWN, keeps_output=True, dtype=dtype, window=NOT_FOLLOWED)


_WORK = "No weights. Operations: not known, they depend on the method. Backpropagation keeps the output."


def _of_matrix(name: str, what: str, shape: str) -> Rule:
    def rule(x: Shape) -> Facts:
        _square(x, name)
        return _decomposed(x if shape == "same" else x[:-2])

    rule.__doc__ = f"{what} of square matrices.\n\n{_WORK}\n"
    return rule


for _key, _what, _shape, _ignored in (
    (LINALG + "Cholesky", "The Cholesky factor", "same", "upper"),
    (LINALG + "CholeskyInverse", "The inverse by the Cholesky factor", "same", "upper"),
    (LINALG + "Inv", "The inverse", "same", ""),
    (LINALG + "Det", "The determinant", "left out", ""),
    (MATH + "Logdet", "The logarithm of the determinant", "left out", ""),
):
    _own = _key.rpartition(".")[2]
    layer(key=_key, name=_own, ignored=_ignored)(_of_matrix(_own, _what, _shape))


def _solve(name: str) -> Rule:
    def rule(a: Shape, b: Shape) -> Facts:
        _square(a, name)
        return _decomposed(b)

    rule.__doc__ = f"The solution x of `a x = b`, in the shape of b.\n\n{_WORK}\n"
    return rule


layer(key=LINALG + "Solve", name="Solve")(_solve("Solve"))
layer(key=LINALG + "SolveTriangular", name="SolveTriangular", ignored="lower")(_solve("SolveTriangular"))


QrMode = Annotated[str, choice("reduced", "complete")]


@layer(key=LINALG + "Qr", name="Qr")
def _qr(x: Shape, *, mode: QrMode = "reduced") -> Facts:
    """The factors Q and R of matrices (rows, columns): (rows, n) and (n, columns), n the smaller of the two.

    No weights. Operations: not known, they depend on the method. Backpropagation keeps the outputs.
    """
    if len(x) < 3:
        raise Problem("SHP204", f"Qr needs matrices, got {show_shape(x)}")
    rows, columns = x[-2:]
    inner = minimum(rows, columns) if mode == "reduced" else rows
    return _decomposed((*x[:-2], rows, inner), (*x[:-2], inner, columns))


@layer(key=LINALG + "Eigh", name="Eigh")
def _eigh(x: Shape) -> Facts:
    """The eigenvalues and eigenvectors of symmetric matrices (n, n): (n) and (n, n).

    No weights. Operations: not known, they depend on the method. Backpropagation keeps the outputs.
    """
    _square(x, "Eigh")
    return _decomposed(x[:-1], x)


@layer(key=LINALG + "SVD", name="SVD")
def _svd(x: Shape, *, full_matrices: Flag = True, compute_uv: Flag = True) -> Facts:
    """The singular values of matrices (rows, columns), and the vectors on their two sides.

    No weights. Operations: not known, they depend on the method. Backpropagation keeps the outputs.
    """
    if len(x) < 3:
        raise Problem("SHP204", f"SVD needs matrices, got {show_shape(x)}")
    lead, (rows, columns) = x[:-2], x[-2:]
    least = minimum(rows, columns)
    if not compute_uv:
        return _decomposed((*lead, least))
    left, right = (rows, columns) if full_matrices else (least, least)
    return _decomposed((*lead, rows, left), (*lead, least), (*lead, right, columns))


# --- Fourier ----------------------------------------------------------------------------------------------------------


def _fourier(name: str) -> Rule:
    def rule(real: Shape, imaginary: Shape) -> Facts:
        out = broadcast((real, imaginary), name)
        return Facts(out, out, ops=UNKNOWN, dtype="input", window=NOT_FOLLOWED)

    rule.__doc__ = (
        "The Fourier transform of complex numbers, given and made as two tensors; the shape stays.\n\n"
        "No weights. Operations: not known, they depend on the method. Nothing kept.\n"
    )
    return rule


for _name in ("FFT", "FFT2", "IFFT2"):
    layer(key=MATH + _name, name=_name)(_fourier(_name))


@layer(key=MATH + "RFFT", name="RFFT")
def _rfft(x: Shape, *, fft_length: Pos | None = None) -> Facts:
    """The Fourier transform of rows of real numbers: real and imaginary parts of `n // 2 + 1` frequencies.

    No weights. Operations: not known, they depend on the method. Nothing kept.
    """
    count = (x[-1] if fft_length is None else fft_length) // 2 + 1
    return Facts((*x[:-1], count), (*x[:-1], count), ops=UNKNOWN, dtype="input", window=NOT_FOLLOWED)


@layer(key=MATH + "IRFFT", name="IRFFT")
def _irfft(real: Shape, imaginary: Shape, *, fft_length: Pos | None = None) -> Facts:
    """Rows of `2 * (n - 1)` real numbers from their `n` frequencies (or of `fft_length`).

    No weights. Operations: not known, they depend on the method. Nothing kept.
    """
    out = broadcast((real, imaginary), "IRFFT")
    count = 2 * (out[-1] - 1) if fft_length is None else fft_length
    return Facts((*out[:-1], count), ops=UNKNOWN, dtype="input", window=NOT_FOLLOWED)


@layer(key=MATH + "ExtractSequences", name="ExtractSequences")
def _extract_sequences(x: Shape, *, sequence_length: Nat, sequence_stride: Pos) -> Facts:
    """Cut rows into sequences that overlap: `(..., T)` becomes `(..., frames, sequence_length)`.

    No weights, no operations, nothing kept.
    """
    require_at_least(x[-1], sequence_length, f"ExtractSequences needs {sequence_length} elements, got {show_shape(x)}")
    frames = (x[-1] - sequence_length) // sequence_stride + 1
    return _made((*x[:-1], frames, sequence_length))


# --- losses and images ------------------------------------------------------------------------------------------------


@layer(key=MATH + "CDist", name="CDist")
def _cdist(x: Shape, y: Shape) -> Facts:
    """Distances of all pairs of rows: `(..., P, D)` and `(..., R, D)` become `(..., P, R)`.

    No weights. Operations: 3 per pair of numbers. Backpropagation keeps the inputs.
    """
    if len(x) < 2 or len(y) < 2:
        raise Problem("SHP204", f"CDist needs inputs of rank 2 or more, got {show_shape(x)} and {show_shape(y)}")
    depth = require_equal(x[-1], y[-1], f"CDist needs rows of equal size, got {show_shape(x)} and {show_shape(y)}")
    out = (*broadcast((x[:-2], y[:-2]), "CDist"), x[-2], y[-2])
    return _made(out, ops=3 * size(out) * depth, keeps=True)


@layer(key=MATH + "InTopK", name="InTopK", ignored="k")
def _in_top_k(targets: Shape, predictions: Shape) -> Facts:
    """Whether each target is among the k best predictions.

    No weights. Operations: 1 per prediction. Has no gradient.
    """
    return _made(targets, ops=size(predictions), dtype="bool")


@layer(key=NN + "BinaryCrossentropy", name="BinaryCrossentropy", ignored="from_logits")
def _binary_crossentropy(target: Shape, output: Shape) -> Facts:
    """The loss of each element. No weights. Operations: 6 per element. Backpropagation keeps the inputs."""
    out = broadcast((target, output), "BinaryCrossentropy")
    return _made(out, ops=6 * size(out), keeps=True)


@layer(key=NN + "CategoricalCrossentropy", name="CategoricalCrossentropy", ignored="from_logits")
def _categorical_crossentropy(target: Shape, output: Shape, *, axis: Axes | None = (-1,)) -> Facts:
    """The loss along an axis, which is left out. No weights. Operations: 3 per element. Backpropagation keeps the
    inputs.
    """
    out = broadcast((target, output), "CategoricalCrossentropy")
    places = places_of(out, axis, "CategoricalCrossentropy")
    return _made(without(out, places, keepdims=False), ops=3 * size(out), keeps=True)


@layer(key=NN + "BatchNorm", name="BatchNorm", ignored="axis epsilon")
def _batch_norm(x: Shape, mean: Shape, variance: Shape, offset: Shape = (), scale: Shape = ()) -> Facts:
    """Normalise by a mean and a variance that are given; the shape stays.

    No weights. Operations: 4 per element. Backpropagation keeps the input.
    """
    return _made(x, ops=4 * size(x), keeps=True, dtype="first")


@layer(key=NN + "Unfold", name="Unfold")
def _unfold(
    x: Shape, *, kernel_size: Pair, dilation: Pair = (1, 1), padding: NatPair = (0, 0), stride: Pair = (1, 1)
) -> Facts:
    """The patches of an image as columns: `(C, H, W)` becomes `(C*kh*kw, patches)`. No weights, no work."""
    if len(x) != 4:
        raise Problem("SHP204", f"Unfold needs images with the channels first, got {show_shape(x)}")
    counts: list[Dim] = []
    for dim, kernel, step, apart, pad in zip(x[2:], kernel_size, stride, dilation, padding, strict=True):
        reach = (kernel - 1) * apart + 1
        require_at_least(
            dim + 2 * pad, reach, f"Unfold needs {counted(reach, 'position')} on each axis, got {show_shape(x)}"
        )
        counts.append((dim + 2 * pad - reach) // step + 1)
    return _made((x[0], x[1] * kernel_size[0] * kernel_size[1], counts[0] * counts[1]))


def _image(what: str, ops: int) -> Rule:
    def rule(images: Shape, *others: Shape) -> Facts:
        return _made(images, ops=ops * size(images))

    rule.__doc__ = f"{what}; the shape stays.\n\nNo weights. Operations: about {ops} per element. Nothing kept.\n"
    return rule


for _name, _what, _ops, _ignored in (
    ("RGBToHSV", "Colours as hue, saturation and value", 8, "data_format"),
    ("HSVToRGB", "Colours from hue, saturation and value", 8, "data_format"),
    ("AffineTransform", "Images moved, turned and sheared", 8, "interpolation fill_mode fill_value data_format"),
    ("PerspectiveTransform", "Images seen from another place", 8, "interpolation fill_value data_format"),
    ("ElasticTransform", "Images bent", 8, "alpha sigma interpolation fill_mode fill_value seed data_format"),
):
    layer(key=IMAGE + _name, name=_name, ignored=_ignored)(_image(_what, _ops))


@layer(key=IMAGE + "GaussianBlur", name="GaussianBlur", ignored="sigma data_format")
def _gaussian_blur(images: Shape, *, kernel_size: PairList = (3, 3)) -> Facts:
    """Images blurred by a kernel of each channel; the shape stays.

    No weights. MACs: the kernel's size per element. Nothing kept.
    """
    return _made(images, macs=size(images) * kernel_size[0] * kernel_size[1])
