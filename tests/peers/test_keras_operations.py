"""Operations of `keras.ops` in a graph against real Keras, by its JSON: shapes and dtypes of what they give."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keras_loading import loads

import cnnsum
from cnnsum.layers.base import all_types

keras = pytest.importorskip("keras")

from keras import Input, Model, ops  # noqa: E402 - needs Keras

pytestmark = pytest.mark.filterwarnings("ignore")

#: The keys of all operations that are known here.
OPERATIONS = sorted(key for key in all_types() if key.startswith("keras.src.ops."))
EXAMPLES = int(os.environ.get("CNNSUM_EXAMPLES", "1"))


def agree(make: Callable[..., Any], *shapes: tuple[int | None, ...], dtype: str = "float32") -> None:
    keras.backend.clear_session()
    inputs = [Input(shape, dtype=dtype) for shape in shapes]
    made = make(*inputs)
    theirs = list(made) if isinstance(made, (list, tuple)) else [made]
    read = loads(Model(inputs, theirs).to_json())
    assert [str(found) for found in read.diagnostics] == []
    outputs = cnnsum.summarize(read).outputs
    mine = [(tuple(d if isinstance(d, int) else None for d in one.shape or ()), one.dtype) for one in outputs]
    assert mine == [(tuple(one.shape), one.dtype) for one in theirs]


indices = st.integers(-3, 2) | st.none()
slices = st.builds(slice, indices, indices, st.sampled_from([None, 1, 2, 3, -1]))


@given(st.lists(slices | st.integers(-3, 2), max_size=3), st.booleans(), st.booleans())
@settings(
    max_examples=60 * EXAMPLES, deadline=None, derandomize=EXAMPLES == 1, suppress_health_check=[HealthCheck.too_slow]
)
def test_brackets(key: list[Any], new: bool, dots: bool) -> None:
    items: list[Any] = [slice(None), *key]
    if new:
        items.insert(1, None)
    if dots and len(key) < 3:
        items.append(...)
    agree(lambda x: x[tuple(items)], (7, 3, 5))


@given(st.sampled_from([(9, 8, 3), (None, 8, 3)]), st.integers(0, 12), st.integers(1, 3))
@settings(max_examples=30 * EXAMPLES, deadline=None, derandomize=EXAMPLES == 1)
def test_brackets_of_open_sizes(shape: tuple[int | None, ...], start: int, step: int) -> None:
    agree(lambda x: x[:, start::step], shape)
    agree(lambda x: x[:, :start], (9, 8, 3))
    agree(lambda x: x[:, ::-1, -1], shape)


CASES: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]]]] = {
    "einsum": (lambda x, y: ops.einsum("bij,bjk->bik", x, y), [(3, 4), (4, 5)]),
    "einsum of one": (lambda x: ops.einsum("bij->bi", x), [(3, 4)]),
    "tile": (lambda x: ops.tile(x, (1, 2, 3)), [(3, 4)]),
    "tile the last": (lambda x: ops.tile(x, 2), [(3, 4)]),
    "resize": (lambda x: ops.image.resize(x, (8, 9)), [(4, 5, 3)]),
    "moveaxis": (lambda x: ops.moveaxis(x, 1, 3), [(4, 5, 3)]),
    "moveaxis of two": (lambda x: ops.moveaxis(x, (1, 2), (3, 1)), [(4, 5, 3)]),
    "top_k": (lambda x: ops.top_k(x, 3), [(9,)]),
    "unstack": (lambda x: ops.unstack(x, axis=1), [(3, 4)]),
    "attention": (ops.dot_product_attention, [(7, 2, 4), (9, 2, 4), (9, 2, 4)]),
    "max_pool": (lambda x: ops.max_pool(x, 2, 2), [(9, 9, 3)]),
    "average_pool": (lambda x: ops.average_pool(x, 3, 2, padding="same"), [(9, 9, 3)]),
    "pool of a row": (lambda x: ops.max_pool(x, 3), [(9, 3)]),
    "depth_to_space": (lambda x: ops.depth_to_space(x, 2), [(4, 4, 8)]),
    "space_to_depth": (lambda x: ops.space_to_depth(x, 2), [(4, 6, 8)]),
    "norm": (lambda x: ops.norm(x, axis=-1), [(4, 8)]),
    "layer_normalization": (ops.layer_normalization, [(4, 8)]),
    "rms_normalization": (ops.rms_normalization, [(4, 8)]),
    "glu": (ops.glu, [(4, 8)]),
    "sort": (ops.sort, [(4, 8)]),
    "argsort": (ops.argsort, [(4, 8)]),
    "tril": (ops.tril, [(4, 8)]),
    "cumprod": (lambda x: ops.cumprod(x, axis=1), [(4, 8)]),
    "diff": (lambda x: ops.diff(x, n=2, axis=1), [(4, 8)]),
    "median": (lambda x: ops.median(x, axis=1), [(4, 8)]),
    "nanmax": (lambda x: ops.nanmax(x, axis=1), [(4, 8)]),
    "take_along_axis": (lambda x: ops.take_along_axis(x, ops.argsort(x, axis=1), axis=1), [(3, 4)]),
    "extract_patches": (lambda x: ops.image.extract_patches(x, (2, 3)), [(8, 9, 3)]),
    "rgb_to_grayscale": (ops.image.rgb_to_grayscale, [(8, 8, 3)]),
    "moments": (lambda x: ops.moments(x, axes=[1, 2]), [(4, 8, 3)]),
    "full_like": (lambda x: ops.full_like(x, 2.0), [(4, 8)]),
    "hypot": (ops.hypot, [(4, 8), (4, 1)]),
    "vstack": (lambda x, y: ops.vstack([x, y]), [(4, 8), (4, 8)]),
    "hstack": (lambda x, y: ops.hstack([x, y]), [(4, 8), (3, 8)]),
    "diagonal": (lambda x: ops.diagonal(x, offset=1, axis1=1, axis2=2), [(4, 8)]),
    "pad_images": (lambda x: ops.image.pad_images(x, 1, 2, target_height=10, target_width=11), [(4, 3, 3)]),
    "crop_images": (lambda x: ops.image.crop_images(x, 1, 1, 2, 1), [(4, 5, 3)]),
    "erfinv": (ops.erfinv, [(4,)]),
    "sinc": (ops.sinc, [(4,)]),
    "arcsinh": (ops.arcsinh, [(4,)]),
    "deg2rad": (ops.deg2rad, [(4,)]),
    "nan_to_num": (ops.nan_to_num, [(4,)]),
    "signbit": (ops.signbit, [(4,)]),
    "isreal": (ops.isreal, [(4,)]),
    "fmod": (ops.fmod, [(4, 8), (4, 8)]),
    "clip": (lambda x: ops.clip(x, 0.0, 1.0), [(4, 8)]),
    "repeat": (lambda x: ops.repeat(x, 2, axis=1), [(4, 8)]),
    "roll": (lambda x: ops.roll(x, 1, axis=1), [(4, 8)]),
    "split": (lambda x: ops.split(x, 2, axis=1), [(4, 8)]),
    "swapaxes": (lambda x: ops.swapaxes(x, 1, 2), [(4, 8)]),
    "pad": (lambda x: ops.pad(x, ((0, 0), (1, 1), (2, 0))), [(4, 8)]),
    "threshold": (lambda x: ops.threshold(x, 0.5, 0.0), [(4, 8)]),
    "saturate_cast": (lambda x: ops.saturate_cast(x, "uint8"), [(4, 8)]),
    "cholesky_inverse": (ops.cholesky_inverse, [(4, 4)]),
    "ifft2": (lambda x, y: ops.ifft2((x, y)), [(4, 8), (4, 8)]),
    "brackets": (lambda x: x[:, 1:], [(4, 8)]),
    "codes": (lambda x: ops.one_hot(ops.argmax(x, axis=-1), 5), [(4, 8)]),
    "affine_transform": (lambda x: ops.image.affine_transform(x, np.ones(8, "float32")), [(8, 8, 3)]),
    "angle": (ops.angle, [(4, 8)]),
    "conj": (ops.conj, [(4, 8)]),
    "fabs": (ops.fabs, [(4, 8)]),
    "real": (ops.real, [(4, 8)]),
    "ldexp": (lambda x: ops.ldexp(x, ops.argsort(x)), [(4, 8)]),
    "nextafter": (ops.nextafter, [(4, 8), (1, 8)]),
    "average": (lambda x: ops.average(x, axis=1), [(4, 8)]),
    "count_nonzero": (lambda x: ops.count_nonzero(x, axis=2), [(4, 8)]),
    "nanmedian": (lambda x: ops.nanmedian(x, axis=1), [(4, 8)]),
    "nanprod": (lambda x: ops.nanprod(x, axis=1), [(4, 8)]),
    "nanstd": (lambda x: ops.nanstd(x, axis=1, keepdims=True), [(4, 8)]),
    "nanvar": (lambda x: ops.nanvar(x, axis=1), [(4, 8)]),
    "nanargmax": (lambda x: ops.nanargmax(x, axis=1), [(4, 8)]),
    "nancumsum": (lambda x: ops.nancumsum(x, axis=1), [(4, 8)]),
    "quantile": (lambda x: ops.quantile(x, 0.5, axis=1), [(4, 8)]),
    "percentile": (lambda x: ops.percentile(x, 50.0, axis=[1, 2], keepdims=True), [(4, 8)]),
    "trapezoid": (lambda x: ops.trapezoid(x, axis=1), [(4, 8)]),
    "trace": (lambda x: ops.trace(x, axis1=1, axis2=2), [(4, 8, 3)]),
    "digitize": (lambda x: ops.digitize(x, np.array([0.0, 1.0])), [(4, 8)]),
    "isin": (lambda x: ops.isin(x, [1.0, 2.0]), [(4, 8)]),
    "append": (lambda x, y: ops.append(x, y, axis=1), [(4, 8), (3, 8)]),
    "dstack": (lambda x, y: ops.dstack([x, y]), [(4, 8), (4, 8)]),
    "hsplit": (lambda x: ops.hsplit(x, 2), [(4, 8)]),
    "dsplit": (lambda x: ops.dsplit(x, 4), [(4, 8)]),
    "array_split": (lambda x: ops.array_split(x, 3, axis=2), [(4, 8)]),
    "take": (lambda x: ops.take(x, [0, 2, 1], axis=2), [(4, 8)]),
    "take one": (lambda x: ops.take(x, 1, axis=1), [(4, 8)]),
    "rot90": (lambda x: ops.rot90(x, axes=(1, 2)), [(4, 8, 3)]),
    "slice_update": (lambda x, y: ops.slice_update(x, [0, 1, 2], y), [(4, 8), (2, 3)]),
    "convert_to_tensor": (lambda x: ops.convert_to_tensor(x, dtype="float16"), [(4, 8)]),
    "cross": (ops.cross, [(4, 3), (4, 3)]),
    "dot": (lambda x: ops.dot(x, np.ones((8, 5), "float32")), [(4, 8)]),
    "cholesky": (ops.cholesky, [(4, 4)]),
    "inv": (ops.inv, [(3, 4, 4)]),
    "det": (ops.det, [(4, 4)]),
    "logdet": (ops.logdet, [(4, 4)]),
    "solve": (ops.solve, [(4, 4), (4, 2)]),
    "solve_triangular": (ops.solve_triangular, [(4, 4), (4, 2)]),
    "qr": (ops.qr, [(4, 6)]),
    "qr, complete": (lambda x: ops.qr(x, mode="complete"), [(6, 4)]),
    "eigh": (ops.eigh, [(4, 4)]),
    "svd": (ops.svd, [(4, 6)]),
    "svd, reduced": (lambda x: ops.svd(x, full_matrices=False), [(4, 6)]),
    "singular values": (lambda x: ops.svd(x, compute_uv=False), [(4, 6)]),
    "fft": (lambda x, y: ops.fft((x, y)), [(4, 8), (4, 8)]),
    "fft2": (lambda x, y: ops.fft2((x, y)), [(4, 8), (4, 8)]),
    "rfft": (ops.rfft, [(4, 9)]),
    "rfft of a length": (lambda x: ops.rfft(x, fft_length=16), [(4, 9)]),
    "irfft": (lambda x, y: ops.irfft((x, y)), [(4, 9), (4, 9)]),
    "extract_sequences": (lambda x: ops.extract_sequences(x, 4, 3), [(4, 15)]),
    "cdist": (lambda x, y: ops.math.CDist()(x, y) if hasattr(ops, "math") else ops.cdist(x, y), [(4, 8), (5, 8)]),
    "in_top_k": (lambda x: ops.in_top_k(ops.argmax(x, axis=-1), x, 2), [(8,)]),
    "binary_crossentropy": (ops.binary_crossentropy, [(4, 8), (4, 8)]),
    "categorical_crossentropy": (ops.categorical_crossentropy, [(4, 8), (4, 8)]),
    "unfold": (lambda x: ops.unfold(x, 3, padding=1, stride=2), [(3, 9, 9)]),
    "rgb_to_hsv": (ops.image.rgb_to_hsv, [(8, 8, 3)]),
    "hsv_to_rgb": (ops.image.hsv_to_rgb, [(8, 8, 3)]),
    "gaussian_blur": (ops.image.gaussian_blur, [(8, 8, 3)]),
    "elastic_transform": (ops.image.elastic_transform, [(8, 8, 3)]),
    "broadcast": (lambda x, y: x + ops.tile(y, (1, 4, 1)), [(4, 8), (1, 8)]),
}


@pytest.mark.parametrize("name", CASES)
def test_operations(name: str) -> None:
    make, shapes = CASES[name]
    agree(make, *shapes)


#: Keras does not look at the shapes of these before they run, and then fails.
CANNOT_RUN = ("Logdet", "DotProductAttention")


def with_defaults(key: str) -> tuple[Any, list[Any]] | None:
    """A model of one operation with no fields, and its inputs; None where Keras needs some, or other inputs."""
    module, _, name = key.rpartition(".")
    made = getattr(importlib.import_module(module), name, None)
    for dtype in ("float32", "int32"):
        for count in (1, 2, 3):
            keras.backend.clear_session()
            inputs = [Input((4, 8), dtype=dtype) for _ in range(count)]
            try:
                outputs = made()(*inputs)
                model = Model(inputs, outputs)
                model.to_json()
            except Exception:  # noqa: BLE001 - whatever Keras raises, it does not take these
                continue
            return model, list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    return None


@pytest.mark.parametrize("key", OPERATIONS)
def test_operations_with_their_defaults(key: str) -> None:
    found = with_defaults(key)
    if found is None or key.rpartition(".")[2] in CANNOT_RUN:
        pytest.skip("needs fields or other inputs")
    model, theirs = found
    read = loads(model.to_json())
    assert [str(one) for one in read.diagnostics] == []
    mine = [
        (tuple(d if isinstance(d, int) else None for d in one.shape or ()), one.dtype)
        for one in cnnsum.summarize(read).outputs
    ]
    assert mine == [(tuple(one.shape), one.dtype) for one in theirs]


@pytest.mark.parametrize("name", ["one_hot", "multi_hot", "bitwise_not", "bitwise_and"])
def test_operations_on_whole_numbers(name: str) -> None:
    made = {
        "one_hot": lambda x: ops.one_hot(x, 5),
        "multi_hot": lambda x: ops.multi_hot(x, 5),
        "bitwise_not": ops.bitwise_not,
        "bitwise_and": lambda x: ops.bitwise_and(x, np.ones(3, "int32")),
    }
    agree(made[name], (3,), dtype="int32")
