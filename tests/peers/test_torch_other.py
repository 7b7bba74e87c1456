"""Embeddings, comparisons of two inputs, windows as columns and the rarer kinds of pooling, against PyTorch."""

from __future__ import annotations

import random
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - needs PyTorch
from torch_modules import elements, held, kept, ours, run, saved, shapes_of, weights  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

CASES = 120


def made(name: str, fields: dict[str, Any]) -> Any:
    try:
        return getattr(nn, name)(**fields)
    except (ValueError, AssertionError):
        return None


def same(name: str, fields: dict[str, Any], *inputs: Any, own: tuple[int, ...] | None = None, **more: Any) -> bool:
    """Whether both refuse; else shapes, weights and what is kept must be the same.

    own: the bytes of the inputs, where they are not of float32.
    """
    module = made(name, fields)
    theirs = None if module is None else run(module, *inputs, **more)
    if theirs is not None and any(0 in shape for shape in shapes_of(theirs)):
        theirs = None  # PyTorch hands on a tensor without elements, which no later layer can take
    shapes = [tuple(one.shape) for one in inputs]
    facts = ours(name, {**fields, **more}, *shapes)
    assert (facts is None) == (theirs is None), (name, fields, shapes)
    if facts is None:
        return True
    assert list(facts.outputs) == shapes_of(theirs), (name, fields, shapes)
    assert weights(facts) == held(module)
    total = kept(facts, *shapes)
    if own is not None and facts.keeps_input:
        total += sum(own) - sum(elements(shape) * 4 for shape in shapes)
    assert total == saved(module, *inputs, **more), (name, fields, shapes)
    return False


def wanting(shape: tuple[int, ...]) -> Any:
    return torch.randn(shape, requires_grad=True)


def test_embeddings() -> None:
    refused = 0
    for seed in range(CASES):
        draw = random.Random(seed)
        rows = draw.randint(1, 6)
        fields = {
            "num_embeddings": rows,
            "embedding_dim": draw.randint(1, 5),
            "padding_idx": draw.choice((None, None, 0, 3, -1, -4)),
            "scale_grad_by_freq": draw.random() < 0.3,
        }
        shape = tuple(draw.randint(1, 4) for _ in range(draw.randint(1, 3)))
        indices = torch.randint(0, rows, shape)
        refused += same("Embedding", fields, indices, own=(indices.numel() * 8,))
        fields["mode"] = draw.choice(("sum", "mean", "max"))
        if len(shape) != 1:  # one list takes offsets, and is of no batch
            refused += same("EmbeddingBag", fields, indices, own=(indices.numel() * 8,))
    assert 0 < refused < CASES


def test_factors_of_rows() -> None:
    for mode in ("sum", "mean"):
        fields = {"num_embeddings": 5, "embedding_dim": 3, "mode": mode}
        indices, factors = torch.randint(0, 5, (2, 4)), torch.rand(2, 4)
        module = nn.EmbeddingBag(**fields)
        theirs = run(module, indices, per_sample_weights=factors)
        facts = ours("EmbeddingBag", fields, (2, 4), (2, 4), keywords=("per_sample_weights",))
        assert (facts is None) == (theirs is None) == (mode == "mean")
        if facts is not None:
            expected = saved(module, indices, per_sample_weights=factors)
            assert kept(facts) + 2 * 4 * (8 + 4) == expected


def test_bilinear() -> None:
    refused = 0
    for seed in range(CASES):
        draw = random.Random(seed)
        one, two = draw.randint(1, 4), draw.randint(1, 4)
        fields = {
            "in1_features": one,
            "in2_features": two,
            "out_features": draw.randint(1, 4),
            "bias": draw.random() < 0.5,
        }
        lead = tuple(draw.randint(1, 3) for _ in range(draw.randint(1, 3)))
        other = lead if draw.random() < 0.8 else tuple(draw.randint(1, 3) for _ in lead)
        first, second = wanting((*lead, one)), wanting((*other, two if draw.random() < 0.8 else 3))
        refused += same("Bilinear", fields, first, second)
    assert 0 < refused < CASES


@pytest.mark.parametrize("name", ["CosineSimilarity", "PairwiseDistance"])
def test_two_inputs(name: str) -> None:
    refused = 0
    for seed in range(CASES):
        draw = random.Random(seed)
        rank = draw.randint(2, 4)
        shape = tuple(draw.randint(2, 3) for _ in range(rank))
        other = tuple(draw.choice((dim, dim, dim, dim, 1, 4)) for dim in shape)
        fields: dict[str, Any] = {"dim": draw.randint(-2, 3)}
        if name == "PairwiseDistance":
            fields = {"p": draw.choice((1.0, 2.0, 3.0, 0.5, float("inf"))), "keepdim": draw.random() < 0.5}
        refused += same(name, fields, wanting(shape), wanting(other))
    assert 0 < refused < CASES * 3 // 4


def test_columns() -> None:
    refused = 0
    for seed in range(CASES):
        draw = random.Random(seed)

        def pair(low: int, high: int) -> tuple[int, int]:
            return (draw.randint(low, high), draw.randint(low, high))  # noqa: B023 - called at once

        fields = {"kernel_size": pair(1, 3), "dilation": pair(1, 2), "padding": pair(0, 2), "stride": pair(1, 3)}
        size = pair(1, 6)
        image = wanting((2, 3, *size))
        refused += same("Unfold", fields, image)
        columns = run(nn.Unfold(**fields), image)
        shape = (2, 3 * fields["kernel_size"][0] * fields["kernel_size"][1], draw.randint(1, 9))
        if columns is not None and draw.random() < 0.7:
            shape = tuple(columns.shape)
        refused += same("Fold", {"output_size": size, **fields}, wanting(shape))
    assert 0 < refused < CASES


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_pooling_by_a_norm(axes: int) -> None:
    refused = 0
    for seed in range(CASES):
        draw = random.Random(seed)
        kernel = tuple(draw.randint(1, 3) for _ in range(axes))
        fields: dict[str, Any] = {
            "norm_type": draw.choice((1.0, 2.0, 3.0, float("inf"))),
            "kernel_size": kernel if axes > 1 else kernel[0],
            "stride": draw.choice((None, 1, 2, 3)),
            "ceil_mode": draw.random() < 0.5,
        }
        shape = (2, 3, *[draw.randint(1, 6) for _ in range(axes)])
        refused += same(f"LPPool{axes}d", fields, wanting(shape).abs())
    assert 0 < refused < CASES * 3 // 4


@pytest.mark.parametrize("axes", [2, 3])
def test_pooling_at_random_places(axes: int) -> None:
    refused = 0
    for seed in range(CASES):
        draw = random.Random(seed)
        kernel = tuple(draw.randint(1, 3) for _ in range(axes))
        fields: dict[str, Any] = {"kernel_size": kernel, "return_indices": draw.random() < 0.3}
        if draw.random() < 0.6:
            fields["output_size"] = tuple(draw.randint(1, 4) for _ in kernel)
        if "output_size" not in fields or draw.random() < 0.1:
            fields["output_ratio"] = tuple(draw.choice((0.3, 0.5, 0.7, 0.9)) for _ in kernel)
        shape = (2, 3, *[draw.randint(2, 8) for _ in range(axes)])
        x = wanting(shape)
        refused += same(f"FractionalMaxPool{axes}d", fields, x)
    assert 0 < refused < CASES * 3 // 4


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_unpooling(axes: int) -> None:
    refused = 0
    for seed in range(CASES):
        draw = random.Random(seed)
        kernel, stride = draw.randint(1, 3), draw.randint(1, 3)
        fields = {"kernel_size": kernel, "stride": stride, "padding": draw.randint(0, kernel // 2)}
        x = torch.randn((2, 3, *[draw.randint(3, 7) for _ in range(axes)]))
        pooled, indices = getattr(nn, f"MaxPool{axes}d")(**fields, return_indices=True)(x)
        usual = [(length - 1) * stride - 2 * fields["padding"] + kernel for length in pooled.shape[2:]]
        size = tuple(length + draw.choice((0, 0, 1, -1, 3)) for length in usual)
        module = getattr(nn, f"MaxUnpool{axes}d")(**fields)
        pooled = pooled.detach().requires_grad_()
        # The indices may be none of a smaller output: they are checked by what is in them, which no shape tells.
        theirs = run(module, pooled, torch.zeros_like(indices), output_size=size)
        if theirs is not None and 0 in theirs.shape:
            theirs = None
        facts = ours(f"MaxUnpool{axes}d", {**fields, "output_size": size}, tuple(pooled.shape), tuple(indices.shape))
        assert (facts and list(facts.outputs)) == (None if theirs is None else shapes_of(theirs)), (fields, size, usual)
        if facts is None:
            refused += 1
            continue
        shapes = tuple(pooled.shape), tuple(indices.shape)
        facts = ours(f"MaxUnpool{axes}d", fields, *shapes)
        if min(usual) > 0:
            assert facts is not None
            assert facts.outputs[0] == (2, 3, *usual)
            assert kept(facts, *shapes) == saved(module, pooled, torch.zeros_like(indices))
    assert 0 < refused < CASES
