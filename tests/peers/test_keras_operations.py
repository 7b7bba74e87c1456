"""Operations of `keras.ops` in a graph against real Keras, by its JSON: shapes and dtypes of what they give."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "numpy")

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cnnsum

keras = pytest.importorskip("keras")

from keras import Input, Model, ops  # noqa: E402 - the import above is what skips

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]

EXAMPLES = int(os.environ.get("CNNSUM_EXAMPLES", "1"))


def agree(make: Callable[..., Any], *shapes: tuple[int | None, ...], dtype: str = "float32") -> None:
    keras.backend.clear_session()
    inputs = [Input(shape, dtype=dtype) for shape in shapes]
    made = make(*inputs)
    theirs = list(made) if isinstance(made, (list, tuple)) else [made]
    read = cnnsum.loads(Model(inputs, theirs).to_json())
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
    "top_k": (lambda x: ops.top_k(x, 3)[0], [(9,)]),
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
    "broadcast": (lambda x, y: x + ops.tile(y, (1, 4, 1)), [(4, 8), (1, 8)]),
}


@pytest.mark.parametrize("name", CASES)
def test_operations(name: str) -> None:
    make, shapes = CASES[name]
    agree(make, *shapes)


@pytest.mark.parametrize("name", ["one_hot", "multi_hot", "bitwise_not", "bitwise_and"])
def test_operations_on_whole_numbers(name: str) -> None:
    made = {
        "one_hot": lambda x: ops.one_hot(x, 5),
        "multi_hot": lambda x: ops.multi_hot(x, 5),
        "bitwise_not": ops.bitwise_not,
        "bitwise_and": lambda x: ops.bitwise_and(x, np.ones(3, "int32")),
    }
    agree(made[name], (3,), dtype="int32")
