"""What layers that are made of others cost and keep: the sum of their parts, no more and no less."""

from __future__ import annotations

from itertools import product

from applying import N, apply, refusal
from torch_applying import apply as apply_torch

from cnnsum.layers.arithmetic.composed import Parts
from cnnsum.layers.arithmetic.functions import function
from cnnsum.layers.facts import Facts, Kept, Weight
from tests.thorough import each

X, Y = (N, 5), (N, 7)


def kept_by(facts: Facts) -> dict[str, tuple[object, str, str]]:
    return {one.name: (one.shape, one.dtype, one.use) for one in facts.kept}


@each(("keeps_input", "use"), [(True, ""), ("weights", "weights"), (False, None)])
@each("keeps_output", [False, True])
def test_parts_keep_what_each_of_them_keeps(keeps_input: object, use: str | None, *, keeps_output: bool) -> None:
    parts = Parts()
    part = Facts(Y, kept=(Kept("own", X),), keeps_input=keeps_input, keeps_output=keeps_output)  # type: ignore[arg-type]
    assert parts.add("a", part, X) == Y
    kept = kept_by(parts.facts(Y))
    expected = {"a: own", *(["input of a"] if keeps_input else []), *(["output of a"] if keeps_output else [])}
    assert set(kept) == expected
    if use is not None:
        assert (kept["input of a"][0], kept["input of a"][2]) == (X, use)
    if keeps_output:
        assert kept["output of a"][0] == Y


def test_a_part_that_is_given_an_input_of_the_layer_keeps_nothing_of_it() -> None:
    parts = Parts()
    parts.add("a", Facts(Y, keeps_input=True))
    assert parts.facts(Y).kept == ()


@each("order", [*product(("exact", "bound"), repeat=2)])
def test_parts_add_up(order: tuple[str, str]) -> None:
    parts = Parts()
    for name, (number, status) in zip(("a", ""), enumerate(order, 1), strict=True):
        weight = Weight("kernel", (number,))
        part = Facts(Y, weights=(weight,), macs=number, ops=10 * number, scratch=((number,),), status=status)  # type: ignore[arg-type]
        parts.add(name, part)
    whole = parts.facts(Y)
    assert (whole.macs, whole.ops, whole.scratch) == (3, 30, ((1,), (2,)))
    assert [one.name for one in whole.weights] == ["a.kernel", "kernel"]
    assert whole.status == ("exact" if set(order) == {"exact"} else "bound")


@each("rate", [0, 0.5])
def test_a_dropout_within_a_layer_keeps_a_mask_where_it_drops(rate: float) -> None:
    parts = Parts()
    assert parts.drop(X, rate) == X
    assert [(one.shape, one.dtype) for one in parts.facts(X).kept] == ([(X, "bool")] if rate else [])


@each("name", ["relu", "gelu", "tanh", "linear"])
def test_an_activation_within_a_layer_keeps_what_its_gradient_is_made_of(name: str) -> None:
    parts = Parts()
    assert parts.activate(X, name) == X
    facts = parts.facts(X)
    assert [one.name for one in facts.kept] == ([f"{function(name).keeps} of {name}"] if function(name).keeps else [])
    assert facts.ops == apply("Activation", X, activation=name).ops


MASKS = ("query_mask", "value_mask", "key_mask", "attention_mask")
LENGTHS = {"query_mask": (5,), "value_mask": (6,), "key_mask": (6,), "attention_mask": (5, 6)}


@each("name", MASKS)
def test_a_mask_is_as_long_as_what_it_masks_or_of_one(name: str) -> None:
    """Queries of 5, values and keys of 6."""
    query, value = (N, 5, 8), (N, 6, 8)
    whole = LENGTHS[name]
    for at, length in enumerate(whole):
        for own in (1, length):
            mask = (N, *whole[:at], own, *whole[at + 1 :])
            apply("MultiHeadAttention", query, value, mask, keywords=(name,), num_heads=2, key_dim=4)
        for own in (2, length + 1, 11 - length):
            mask = (N, *whole[:at], own, *whole[at + 1 :])
            found = refusal("MultiHeadAttention", query, value, mask, keywords=(name,), num_heads=2, key_dim=4)
            assert name in found.message


@each("type", ["LSTM", "GRU", "RNN"])
@each("bidirectional", [False, True])
def test_a_stack_keeps_a_mask_between_layers_where_it_drops(type: str, *, bidirectional: bool) -> None:
    fields = {"hidden_size": 4, "batch_first": True, "bidirectional": bidirectional}
    width = 8 if bidirectional else 4
    for layers, dropout in product((1, 2, 3), (0.0, 0.3)):
        facts = apply_torch(type, (N, 7, 3), num_layers=layers, dropout=dropout, **fields)
        masks = [one for one in facts.kept if one.dtype == "bool"]
        assert [one.shape for one in masks] == [(N, 7, width)] * (layers - 1 if dropout else 0)


@each(("kernel", "dilation"), [(1, 1), (5, 1), (5, 4), (2, 7)])
def test_a_causal_convolution_keeps_its_padded_input_in_place_of_its_input(kernel: int, dilation: int) -> None:
    fields = {"filters": 3, "kernel_size": kernel, "dilation_rate": dilation}
    facts = apply("Conv1D", (N, 40, 8), padding="causal", **fields)
    if kernel > 1:
        longer = 40 + (kernel - 1) * dilation
        assert [one.shape for one in facts.kept] == [(N, longer, 8)]
        assert facts.keeps_input is False
    plain = apply("Conv1D", (N, 40, 8), padding="valid", **fields)
    assert (plain.kept, plain.keeps_input) == ((), True)
