"""Receptive fields of small chains and graphs, worked by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

import cnnsum
from cnnsum.dims import substitute
from cnnsum.report import FORMATS, render


def fields(layers: list[Any], shape: Any = (64, 64, 3), **keys: Any) -> dict[str, tuple[Any, ...]]:
    """Size, stride and offset along the first spatial axis, by layer."""
    model = cnnsum.loads(json.dumps({"input": list(shape), "layers": layers, **keys}))
    assert [str(found) for found in model.diagnostics] == []
    report = cnnsum.summarize(model)
    assert all("".join(render(report, format)) for format in FORMATS)
    found = {}
    for row in report.rows:
        field = row.receptive_field
        found[row.name] = None if field is None else (field.size[0], field.stride[0], field.offset[0])
    return found  # type: ignore[return-value]  # no symbols here: all are numbers


def conv(size: int, name: str, **keys: Any) -> Any:
    return {"Conv2D": {"filters": 2, "kernel_size": size, "name": name, **keys}}


def test_chain() -> None:
    found = fields(
        [conv(3, "a"), {"MaxPooling2D": {"name": "p"}}, conv(3, "b"), {"ReLU": {"name": "r"}}, conv(5, "c", strides=2)]
    )
    assert found["a"] == (3, 1, 0)
    assert found["p"] == (4, 2, 0)
    # Three outputs of the pooling: 4 + 2 * 2.
    assert found["b"] == found["r"] == (8, 2, 0)
    assert found["c"] == (16, 4, 0)


def test_padding_moves_the_field() -> None:
    found = fields(
        [conv(3, "a", padding="same"), conv(3, "b", padding="same", strides=2), conv(5, "c", padding="same")]
    )
    assert found["a"] == (3, 1, -1)
    # Of an even size with stride 2, `same` pads at the end only.
    assert found["b"] == (5, 2, -1)
    assert found["c"] == (5 + 4 * 2, 2, -1 - 2 * 2)


def test_dilation() -> None:
    assert fields([conv(3, "a", dilation_rate=4)])["a"] == (9, 1, 0)


def test_padding_and_cropping_layers() -> None:
    found = fields(
        [{"ZeroPadding2D": {"padding": 3, "name": "z"}}, conv(7, "a"), {"Cropping2D": {"cropping": 2, "name": "k"}}]
    )
    assert found["z"] == (1, 1, -3)
    assert found["a"] == (7, 1, -3)
    assert found["k"] == (7, 1, -1)


def test_vgg16_to_its_last_convolution() -> None:
    layers: list[Any] = []
    for stage, count in enumerate((2, 2, 3, 3, 3)):
        layers += [conv(3, f"c{stage}.{n}", padding="same") for n in range(count)]
        layers.append({"MaxPooling2D": {"name": f"p{stage}"}})
    found = fields(layers)
    # The numbers that are known of VGG-16: 196 before and 212 after the last pooling.
    assert found["c4.2"][:2] == (196, 16)
    assert found["p4"][:2] == (212, 32)


def test_upsampling_makes_smaller_steps() -> None:
    found = fields([conv(3, "a", strides=2), {"UpSampling2D": {"size": 2, "name": "u"}}, conv(3, "b", padding="same")])
    assert found["a"] == (3, 2, 0)
    # Outputs 0 and 1 of `u` are both output 0 of `a`, which sees 0 to 2. Seen from output 1 that is one before it, so
    # what holds for all outputs `i` is: from `i - 1` to `i + 2`.
    assert found["u"] == (4, 1, -1)
    assert found["b"] == (6, 1, -2)


def test_transposed_convolution() -> None:
    found = fields(
        [{"Conv2DTranspose": {"filters": 2, "kernel_size": 4, "strides": 2, "padding": "same", "name": "t"}}]
    )
    assert found["t"][1] == 0.5
    assert isinstance(found["t"][0], int)
    assert isinstance(found["t"][2], int)


def test_union_of_paths() -> None:
    layers = [
        conv(3, "a", padding="same"),
        conv(7, "b", padding="same", **{"from": "input"}),
        {"Add": {"from": ["a", "b"], "name": "sum"}},
        {"Add": {"from": ["sum", "a"], "name": "again"}},
    ]
    assert fields(layers)["sum"] == fields(layers)["again"] == (7, 1, -3)


def test_union_of_different_steps() -> None:
    layers = [
        {"UpSampling2D": {"size": 2, "name": "up"}},
        {"UpSampling2D": {"size": 3, "name": "more", "from": "input"}},
        {"Cropping2D": {"cropping": [[0, 64], [0, 64]], "name": "cut", "from": "more"}},
        {"Add": {"from": ["up", "cut"], "name": "sum"}},
    ]
    assert fields(layers)["sum"][:2] == (1, 0.5)


def test_layers_that_see_everything() -> None:
    found = fields(
        [
            conv(3, "a"),
            {"GlobalAveragePooling2D": {"keepdims": True, "name": "g"}},
            {"Multiply": {"from": ["a", "g"], "name": "m"}},
        ]
    )
    assert found["g"] == found["m"] == (None, None, None)
    assert fields([conv(3, "a"), {"Flatten": {"name": "f"}}])["f"] == (None, None, None)


def test_inputs_without_spatial_axes_have_none() -> None:
    assert fields([{"Dense": {"units": 3, "name": "d"}}], (8,))["d"] is None


@pytest.mark.parametrize("height", [9, 10, 31, 64])
def test_symbolic_sizes(height: int) -> None:
    layers = [
        conv(3, "a", padding="same", strides=2),
        conv(3, "b", padding="same", strides=3),
        {"Conv2DTranspose": {"filters": 2, "kernel_size": 3, "strides": 2, "name": "t"}},
        {"UpSampling2D": {"name": "u"}},
        conv(3, "c", padding="same"),
    ]
    symbolic, static = fields(layers, ("H", 64, 3)), fields(layers, (height, 64, 3))
    for name in "ab":
        put = tuple(one if isinstance(one, int) else substitute(one, {"H": height}) for one in symbolic[name])
        assert put == static[name]
    for name in "tuc":
        for one, other in zip(symbolic[name][::2], static[name][::2], strict=True):
            assert (one if isinstance(one, int) else substitute(one, {"H": height})) == other
