"""Receptive fields through exchanged axes: the gradient of all that stands at one place, over PyTorch.

A sequence of 12 steps of 12 channels goes through a convolution of 3, with random positive weights, and then through
layers that turn axes and look along them; the gradient of one place in the middle is zero where it does not look.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import cnnsum
from cnnsum.dims import UNKNOWN

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402, N812 - as everybody calls it

STEPS = 12


def turn(x: Any) -> Any:
    return x.transpose(1, 2)


def dense(x: Any) -> Any:
    return x @ torch.rand(x.shape[-1], STEPS, dtype=x.dtype)


def rows(x: Any) -> Any:
    return F.layer_norm(x, x.shape[-1:])


LAYERS: dict[str, tuple[list[str], Callable[[Any], Any]]] = {
    "nothing": (["ReLU: {}"], lambda x: x),
    "turned": (["Permute: [[2, 1]]"], turn),
    "turned back": (["Permute: [[2, 1]]", "ReLU: {}", "Permute: [[2, 1]]"], lambda x: turn(turn(x))),
    "a mixer": (["Permute: [[2, 1]]", "Dense: 12", "Permute: [[2, 1]]"], lambda x: turn(dense(turn(x)))),
    "rows": (["Permute: [[2, 1]]", "LayerNormalization: {}", "Permute: [[2, 1]]"], lambda x: turn(rows(turn(x)))),
    "channels": (["LayerNormalization: {}"], rows),
    "softmax of channels": (["Softmax: {}"], lambda x: x.softmax(-1) * torch.rand(STEPS, dtype=x.dtype)),
    "softmax of steps": (["Softmax: {axis: 1}"], lambda x: x.softmax(1)),
    "channels split": (["Reshape: [[12, 3, 4]]", "Reshape: [[12, 12]]"], lambda x: x),
    "one row": (["Flatten: {}"], lambda x: x.flatten(1)[:, None]),
    "dot of channels": (["Dot: {axes: [2, 2], from: [conv1d, conv1d]}"], lambda x: x @ turn(x)),
    "dot of steps": (["Dot: {axes: [1, 1], from: [conv1d, conv1d]}"], lambda x: turn(x) @ x),
    "dot of both": (["Dot: {axes: [2, 1], from: [conv1d, conv1d]}"], lambda x: x @ x),
    "attention": (["Attention: {from: [conv1d, conv1d]}"], lambda x: (x @ turn(x) / 1000).softmax(-1) @ x),
    "pooled": (["GlobalAveragePooling1D: {}"], lambda x: x.mean(1, keepdim=True)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_reach_what_is_said_to_be_seen(name: str) -> None:
    lines, run = LAYERS[name]
    spec = [f"input: [{STEPS}, 12]", "layers:", "- Conv1D: {filters: 12, kernel_size: 3, padding: same}"]
    report = cnnsum.summarize(cnnsum.loads("\n".join([*spec, *(f"- {line}" for line in lines)])))
    field = report.rows[-1].receptive_field
    size = None if field is None else field.size[0]
    assert size is not UNKNOWN

    torch.manual_seed(7)
    x = torch.rand(1, STEPS, 12, dtype=torch.float64, requires_grad=True)
    kernel = torch.rand(12, 12, 3, dtype=torch.float64)
    y = run(turn(F.conv1d(turn(x), kernel, padding=1)))
    place = y.shape[1] // 2
    weights = torch.rand(y.shape[2], dtype=torch.float64)
    (y[0, place] * weights).sum().backward()
    seen = [step for step in range(STEPS) if x.grad[0, step].abs().max() > 1e-12]
    assert len(seen) == (STEPS if size is None else size)


EXCHANGED = {
    "torch": (
        "framework: torch\ninput: [2, 24, 30]\nlayers:\n  - Conv2d: [2, 2, [3, 5]]\n  - permute: [[0, 1, 3, 2]]\n"
        "  - Conv2d: {out_channels: 2, kernel_size: [3, 1], stride: [2, 1]}\n"
    ),
    "keras": (
        "input: [24, 30, 2]\nlayers:\n  - Conv2D: [2, [3, 5]]\n  - Permute: [[2, 1, 3]]\n"
        "  - Conv2D: {filters: 2, kernel_size: [3, 1], strides: [2, 1]}\n"
    ),
}


@pytest.mark.parametrize("words", EXCHANGED)
def test_height_and_width_exchanged(words: str) -> None:
    """Each axis of the output sees along the axis of the input that it was."""
    field = cnnsum.summarize(cnnsum.loads(EXCHANGED[words])).rows[-1].receptive_field
    torch.manual_seed(7)
    x = torch.rand(1, 2, 24, 30, dtype=torch.float64, requires_grad=True)
    first, second = (torch.rand(2, 2, *size, dtype=torch.float64) for size in ((3, 5), (3, 1)))
    y = F.conv2d(F.conv2d(x, first).transpose(2, 3), second, stride=(2, 1))
    y[0, 0, y.shape[2] // 2, y.shape[3] // 2].backward()
    seen = x.grad[0].abs().amax(0) > 0
    height, width = int(seen.any(1).sum()), int(seen.any(0).sum())
    assert field is not None
    assert field.size == (width, height) == (7, 3)
