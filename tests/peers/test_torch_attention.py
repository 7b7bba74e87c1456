"""Attention and transformers against PyTorch: shapes, names and shapes of weights, products, what is kept."""

from __future__ import annotations

import random
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - needs PyTorch
from torch_modules import held, kept, ours, products, run, saved, shapes_of, weights  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

CASES = 150


def made(name: str, fields: dict[str, Any]) -> Any:
    """A module that takes the batch first, as specs do."""
    try:
        return getattr(nn, name)(**fields, batch_first=True)
    except (AssertionError, ValueError):
        return None


def heads(draw: random.Random) -> tuple[int, int]:
    """A depth and heads that mostly divide it."""
    count = draw.randint(1, 4)
    return (count * draw.randint(1, 4) if draw.random() < 0.9 else 7), count


def test_attention() -> None:
    refused = 0
    for seed in range(CASES):
        draw = random.Random(seed)
        depth, count = heads(draw)
        fields: dict[str, Any] = {
            "embed_dim": depth,
            "num_heads": count,
            "dropout": draw.choice((0.0, 0.0, 0.4)),
            "bias": draw.random() < 0.7,
            "add_bias_kv": draw.random() < 0.3,
            "add_zero_attn": draw.random() < 0.3,
            "kdim": draw.choice((None, None, 3, depth)),
            "vdim": draw.choice((None, None, 5, depth)),
        }
        more = {"need_weights": draw.random() < 0.6, "average_attn_weights": draw.random() < 0.5}
        batch, length, positions = 2, draw.randint(2, 5), draw.randint(2, 5)
        query = (batch, length, depth if draw.random() < 0.9 else depth + 1)
        key = (batch, positions, fields["kdim"] or depth)
        value = (batch, positions + (draw.random() < 0.1), fields["vdim"] or depth)
        if draw.random() < 0.3:
            key = value = query
        elif draw.random() < 0.3:
            value = key
        facts, module = (
            ours("MultiheadAttention", {**fields, **more}, query, key, value),
            made("MultiheadAttention", fields),
        )
        # Inputs of one shape are one tensor, as we take them to be.
        tensors = {shape: torch.randn(shape) for shape in (query, key, value)}
        inputs = [tensors[shape] for shape in (query, key, value)]
        theirs = None if module is None else run(module, *inputs, **more)
        assert (facts is None) == (theirs is None), (fields, query, key, value)
        if facts is None:
            refused += 1
            continue
        assert list(facts.outputs) == shapes_of(theirs), (fields, more)
        assert weights(facts) == held(module)
        assert facts.macs * batch == products(module, *inputs, **more), (fields, query, key, value)
        same = (fields["kdim"] or depth) == (fields["vdim"] or depth) == depth
        if same or len(tensors) == 3:
            # Beside a matrix for each, one tensor is read into three copies all the same.
            assert kept(facts) == saved(module, *inputs, **more), (fields, more, query, key, value)
    assert 0 < refused < CASES // 2


def test_masks() -> None:
    module = nn.MultiheadAttention(8, 2, batch_first=True)
    fields = {"embed_dim": 8, "num_heads": 2}
    query, key = (3, 4, 8), (3, 5, 8)
    refused = 0
    for padding in (None, (3, 5), (3, 4), (1, 5)):
        for mask in (None, (4, 5), (6, 4, 5), (3, 4, 5), (5, 4)):
            given = {
                name: torch.zeros(shape, dtype=torch.bool)
                for name, shape in (("key_padding_mask", padding), ("attn_mask", mask))
                if shape is not None
            }
            theirs = run(module, torch.zeros(query), torch.zeros(key), torch.zeros(key), **given)
            shapes = [shape for shape in (padding, mask) if shape is not None]
            facts = ours("MultiheadAttention", fields, query, key, key, *shapes, keywords=tuple(given))
            assert (facts is None) == (theirs is None), (padding, mask)
            refused += facts is None
    assert refused == 14


def layer_fields(draw: random.Random) -> tuple[dict[str, Any], int]:
    depth, count = heads(draw)
    fields = {
        "d_model": depth,
        "nhead": count,
        "dim_feedforward": draw.randint(1, 9),
        "dropout": draw.choice((0.0, 0.3)),
        "activation": draw.choice(("relu", "gelu")),
        "norm_first": draw.random() < 0.5,
        "bias": draw.random() < 0.7,
    }
    return fields, depth


def compare(
    name: str, fields: dict[str, Any], module: nn.Module | None, *shapes: tuple[int, ...], norm_first: bool
) -> bool:
    """Whether both refuse; else all must be the same."""
    facts = ours(name, fields, *shapes)
    inputs = [torch.randn(shape) for shape in shapes]
    theirs = None if module is None else run(module, *inputs)
    assert (facts is None) == (theirs is None), (name, fields, shapes)
    if facts is None:
        return True
    assert list(facts.outputs) == shapes_of(theirs), (name, fields, shapes)
    assert weights(facts) == held(module)
    assert facts.macs * shapes[0][0] == products(module, *inputs), (name, fields, shapes)
    # A memory is read into copies, whatever comes first in a decoder.
    own = shapes if name == "Transformer" else shapes[:1]
    assert facts.keeps_input == norm_first
    assert kept(facts, *own) == saved(module, *inputs), (name, fields, shapes)
    return False


@pytest.mark.parametrize("name", ["TransformerEncoderLayer", "TransformerDecoderLayer"])
def test_layers(name: str) -> None:
    refused = 0
    for seed in range(CASES // 2):
        draw = random.Random(f"{name}{seed}")
        fields, depth = layer_fields(draw)
        target = (2, draw.randint(2, 5), depth if draw.random() < 0.9 else 3)
        memory = (2, draw.randint(2, 5), depth if draw.random() < 0.9 else 3)
        shapes = (target, memory) if "Decoder" in name else (target,)
        refused += compare(name, fields, made(name, fields), *shapes, norm_first=fields["norm_first"])
    assert 0 < refused < CASES // 4


@pytest.mark.parametrize("which", ["Encoder", "Decoder"])
def test_several_layers(which: str) -> None:
    refused = 0
    for seed in range(CASES // 5):
        draw = random.Random(f"{which}{seed}")
        fields, depth = layer_fields(draw)
        count = draw.randint(1, 3)
        target, memory = (2, draw.randint(2, 4), depth), (2, draw.randint(2, 4), depth)
        inner = made(f"Transformer{which}Layer", fields)
        held_in = f"{which.lower()}_layer"
        written = {held_in: {f"Transformer{which}Layer": fields}, "num_layers": count}
        norm = nn.LayerNorm(depth) if draw.random() < 0.5 else None
        if norm is not None:
            written["norm"] = {"LayerNorm": {"normalized_shape": depth}}
        module = None if inner is None else getattr(nn, f"Transformer{which}")(inner, count, norm)
        shapes = (target, memory) if which == "Decoder" else (target,)
        refused += compare(f"Transformer{which}", written, module, *shapes, norm_first=fields["norm_first"])
    assert 0 < refused < CASES // 10


def test_transformer() -> None:
    refused = 0
    for seed in range(CASES // 5):
        draw = random.Random(seed)
        fields, depth = layer_fields(draw)
        fields |= {"num_encoder_layers": draw.randint(1, 2), "num_decoder_layers": draw.randint(1, 2)}
        source, target = (2, draw.randint(2, 4), depth), (2, draw.randint(2, 4), depth)
        refused += compare(
            "Transformer", fields, made("Transformer", fields), source, target, norm_first=fields["norm_first"]
        )
    assert 0 < refused < CASES // 10


def test_own_encoder() -> None:
    layer = {"d_model": 8, "nhead": 2, "dim_feedforward": 5}
    module = nn.Transformer(
        **layer,
        custom_encoder=nn.TransformerEncoder(nn.TransformerEncoderLayer(**layer, batch_first=True), 2),
        num_decoder_layers=1,
        batch_first=True,
    )
    written = {"TransformerEncoder": {"encoder_layer": {"TransformerEncoderLayer": layer}, "num_layers": 2}}
    fields = {**layer, "custom_encoder": written, "num_decoder_layers": 1}
    assert not compare("Transformer", fields, module, (2, 3, 8), (2, 4, 8), norm_first=False)
