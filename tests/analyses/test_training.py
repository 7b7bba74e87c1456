"""Training memory: the items by hand, the step against a simulation, checkpoints, precisions, optimizers."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training_simulation import Simulation

import cnnsum
from cnnsum.analyses.training.alive import Pool, largest
from cnnsum.analyses.training.checkpoint import places
from cnnsum.analyses.training.optimizers import OPTIMIZERS
from cnnsum.analyses.training.total import PRECISIONS
from cnnsum.answers.summary.ask import policy_of
from cnnsum.answers.summary.records import TrainingMemory
from cnnsum.diagnostics import UnusableError
from cnnsum.dims import UNKNOWN, Expr, substitute
from cnnsum.model import Model
from tests.thorough import each, examples

EXAMPLES = int(os.environ.get("CNNSUM_EXAMPLES", "1"))


def load(layers: list[Any], shape: Any = (8,), dtype: str | None = None, **keys: Any) -> Model:
    model = cnnsum.loads(json.dumps({"input": list(shape), "layers": layers, **keys}), dtype=dtype)
    assert [str(found) for found in model.diagnostics if found.severity == "error"] == []
    return model


def trained(
    layers: list[Any],
    shape: Any = (8,),
    *,
    batch: int = 1,
    dtype: str | None = None,
    optimizer: str = "sgd",
    **keys: Any,
) -> TrainingMemory:
    model = load(layers, shape, dtype, **keys)
    return cnnsum.summarize(model, batch=batch, optimizer=optimizer, step=True).totals.training


def dense(units: int, **fields: Any) -> Any:
    return {"Dense": {"units": units, **fields}}


# The items, by hand.


def test_items_of_a_chain() -> None:
    found = trained([dense(100), dense(50)], batch=2, optimizer="adam")
    weights = (8 * 100 + 100 + 100 * 50 + 50) * 4
    assert (found.weights, found.gradients, found.optimizer, found.master_weights) == (weights, weights, 2 * weights, 0)
    assert found.saved == 2 * (8 + 100) * 4
    # Behind the second layer its output's gradient and its input's; the first layer's input needs none.
    assert found.transient == 2 * (100 + 50) * 4
    assert found.total == 4 * weights + found.saved + found.transient


def test_peak_of_a_chain() -> None:
    found = trained([dense(100), dense(50)], batch=2)
    first, second = (8 * 100 + 100) * 4, (100 * 50 + 50) * 4
    at_second = 2 * (8 + 100) * 4 + 2 * (100 + 50) * 4 + second
    at_first = 2 * 8 * 4 + 2 * 100 * 4 + first + second
    assert found.weights == first + second
    assert found.peak_step == first + second + max(at_second, at_first, first + second)


def test_an_activation_inside_a_layer_is_a_step_of_its_own() -> None:
    apart = trained([dense(100), "ReLU", dense(10), "ReLU"])
    inside = trained([dense(100, activation="relu"), dense(10, activation="relu")])
    assert apart.transient == inside.transient == 2 * 100 * 4
    assert apart.peak_step == inside.peak_step


def test_an_addition_makes_no_gradients() -> None:
    layers = [
        dense(100, name="a"),
        dense(100, name="b", **{"from": "a"}),
        {"Add": {"from": ["a", "b"], "name": "sum"}},
    ]
    # That of the sum is that of `a` and of `b`; the gradient that `b` hands to `a` is then added to what `a` has.
    assert trained(layers).transient == 2 * 400
    # A product's are two new ones, and `b` makes a third: 300 and the output's are gone by then.
    layers[-1] = {"Multiply": {"from": ["a", "b"], "name": "product"}}
    assert trained(layers).transient == 3 * 400


def test_nothing_is_held_for_what_does_not_train() -> None:
    found = trained([dense(1000, trainable=False), dense(10)], optimizer="adam")
    assert found.gradients == (1000 * 10 + 10) * 4
    assert found.saved == 1000 * 4
    # The output, and as much again for the loss.
    assert found.transient == 2 * 10 * 4
    nothing = trained([dense(1000, trainable=False)])
    assert (nothing.gradients, nothing.saved) == (0, 0)
    # The forward pass still runs.
    assert nothing.transient == (8 + 1000) * 4
    assert nothing.peak_step == nothing.total == nothing.weights + (8 + 1000) * 4  # type: ignore[operator]


def test_the_forward_pass_of_a_frozen_part_is_in_the_total() -> None:
    convolution = {"Conv2D": {"filters": 8, "kernel_size": 3, "trainable": False}}
    found = trained([convolution, convolution, "GlobalAveragePooling2D", dense(2)], (64, 64, 3), optimizer="adam")
    # In the second convolution its input and its output; nothing is kept of them.
    assert found.transient == (62 * 62 * 8 + 60 * 60 * 8) * 4
    assert found.saved == 8 * 4
    assert found.total >= found.peak_step  # type: ignore[operator]  # numbers


def test_frozen_layers_hand_gradients_on() -> None:
    rest = [dense(4, name="head", trainable=False)]
    assert trained([dense(100), dense(50, trainable=False), *rest]).saved == 8 * 4
    assert trained([dense(100), dense(50, trainable=False, activation="relu"), *rest]).saved == (8 + 50) * 4
    # Frozen, a batch normalisation is a product and a sum.
    norm = {"BatchNormalization": {"trainable": False}}
    assert trained([dense(100), norm, *rest]).saved == 8 * 4
    assert trained([dense(100), "BatchNormalization", *rest]).saved == (8 + 100 + 2 * 100) * 4
    # A layer normalisation is not, whoever trains.
    norm = {"LayerNormalization": {"trainable": False}}
    assert trained([dense(100), norm, *rest]).saved == (8 + 100 + 2) * 4


def test_what_no_gradient_passes() -> None:
    layers = [
        dense(100, name="a"),
        dense(100, name="frozen", trainable=False, **{"from": "input"}),
        {"Multiply": {"from": ["a", "frozen"]}},
    ]
    # Of the two factors only the one that the other's gradient is made of.
    assert trained(layers).saved == (8 + 100) * 4


def test_a_shared_matrix_has_its_gradients_three_times() -> None:
    layers = [dense(100, name="a"), {"Dense": {"share": "a"}}]
    # At the first call: the gradient of its output, the matrix's and the bias's new ones beside those of the second
    # call (which are in `gradients`), and the sum of the two matrices, which is made apart.
    assert trained(layers, (100,)).transient == (100 + 2 * 100 * 100 + 100) * 4
    # Two layers instead: the gradients of the second one's output and input.
    assert trained([dense(100), dense(100)], (100,)).transient == 2 * 100 * 4
    # A scale and an offset are added in place.
    layers = [dense(100), {"BatchNormalization": {"name": "n"}}, {"BatchNormalization": {"share": "n"}}]
    assert trained(layers, (100,)).transient == (2 * 100 + 2 * 100) * 4


def test_an_outer_product_has_two_gradients_of_its_own_size() -> None:
    layers = [
        dense(30, name="a"),
        {"Reshape": {"target_shape": [30, 1], "name": "column"}},
        dense(20, name="b", **{"from": "input"}),
        {"Reshape": {"target_shape": [1, 20], "name": "row"}},
        {"Multiply": {"from": ["column", "row"]}},
    ]
    # The gradient of the product, two products of that size, and the first of them summed.
    assert trained(layers).transient == (3 * 600 + 30) * 4


def test_attention_reads_a_repeated_input_once() -> None:
    def found(*read: str) -> TrainingMemory:
        frozen = dense(4, name="f", trainable=False, **{"from": "input"})
        attention = {"MultiHeadAttention": {"num_heads": 2, "key_dim": 5, "from": [*read]}}
        return trained([dense(4, name="a"), frozen, attention], (3, 6), outputs=["multi_head_attention", "f"])

    # The gradient of `a` is made once, whatever it is read as; that of what is frozen is not made.
    assert found("a", "a").transient == found("a", "f").transient == found("a", "a", "a").transient


def test_a_frozen_wrapper_keeps_what_its_layer_keeps() -> None:
    def wrapped(*, trainable: bool) -> Any:
        return {"TimeDistributed": {"layer": {"Dense": {"units": 5, "trainable": trainable}}}}

    assert trained([dense(4), wrapped(trainable=True)], (3, 6)).saved == (18 + 12) * 4
    assert trained([dense(4), wrapped(trainable=False)], (3, 6)).saved == 18 * 4


def test_frozen_recurrent_layers_and_attention() -> None:
    def lstm(**keys: Any) -> Any:
        return {"LSTM": {"units": 5, "return_sequences": True, **keys}}

    each = 3 * 5 * 4
    # Gates, carries and their tanh; states and the input are for the kernels.
    assert trained([dense(4), lstm(trainable=False)], (3, 6)).saved == 18 * 4 + 6 * each
    assert trained([dense(4), lstm()], (3, 6)).saved == 18 * 4 + 3 * 4 * 4 + 7 * each

    def attention(**keys: Any) -> Any:
        return {"MultiHeadAttention": {"num_heads": 2, "key_dim": 5, "from": ["a", "a"], **keys}}

    inner = (3 * 3 * 10 + 2 * 9) * 4  # queries, keys, values; scores
    assert trained([dense(4, name="a"), attention(trainable=False)], (3, 6)).saved == 18 * 4 + inner
    assert trained([dense(4, name="a"), attention()], (3, 6)).saved == 18 * 4 + inner + 12 * 4 + 3 * 10 * 4


def test_unknown_layers_make_it_unknown() -> None:
    model = cnnsum.loads(json.dumps({"input": [8], "layers": [dense(3), "Nothing", dense(2)]}))
    found = cnnsum.summarize(model, step=True).totals.training
    assert found.total is found.transient is found.saved is found.peak_step is UNKNOWN


def test_several_outputs() -> None:
    layers = [
        {"Conv2D": {"filters": 8, "kernel_size": 1, "from": "input", "name": "a"}},
        {"Conv2D": {"filters": 8, "kernel_size": 1, "from": "input", "name": "b"}},
        {"Concatenate": {"from": ["a", "b"], "name": "c"}},
    ]
    # PyTorch's 425,996 are this and three numbers: the losses of the outputs, which are held till their sum is made.
    found = trained(layers, (32, 32, 4), batch=2, outputs=["a", "b", "c"])
    assert found.peak_step - found.weights == 425_984  # type: ignore[operator]


# Against the simulation.

KINDS = (
    *("Dense", "ReLU", "Dropout", "Reshape", "Add", "Concatenate", "LSTM", "BatchNormalization", "Multiply", "GELU"),
    *("share", "stretched", "outer", "attention"),
)


@st.composite
def programs(draw: st.DrawFn) -> dict[str, Any]:
    """Networks with branches, frozen and shared layers, views, factors that are stretched, attention over anything."""
    layers: list[Any] = []
    pool = [("input", 8), ("other", 12)]
    owners: list[tuple[str, str, int, int]] = []  # of weights: type, name, and the widths that it reads and gives
    frozen = draw(st.sampled_from((0, 0, 3, 8)))  # the layers before that one train nothing, as a backbone
    for number in range(draw(st.integers(1, 10))):
        kind, name = draw(st.sampled_from(KINDS)), f"l{number}"
        source, width = draw(st.sampled_from(pool[-4:]))
        given_width = width
        fields: dict[str, Any] = {"name": name, "from": source}
        alike = [one for one, wide in pool if wide == width]
        shareable = [owner for owner in owners if owner[2] == width]
        if kind == "share" and not shareable:
            kind = "Dense"
        if (number < frozen or draw(st.integers(0, 4)) == 0) and kind != "share":
            fields["trainable"] = False
        if kind == "Dense":
            fields["units"] = width = draw(st.sampled_from((4, 8, 12)))
            fields["activation"] = draw(st.sampled_from(("linear", "relu", "gelu")))
        elif kind == "GELU":
            kind, fields["activation"] = "Activation", "gelu"
        elif kind == "Dropout":
            fields["rate"] = 0.5
        elif kind == "Reshape":
            fields["target_shape"] = [-1]
        elif kind in {"Add", "Multiply", "Concatenate"}:
            fields["from"] = [source, draw(st.sampled_from(alike))]
            width *= 2 if kind == "Concatenate" else 1
        elif kind == "LSTM":
            layers.append({"Reshape": {"name": f"{name}r", "from": source, "target_shape": [-1, 2]}})
            fields |= {"from": f"{name}r", "units": 6, "return_state": True}
            width = 6
            pool.append((f"{name}:1", 6))
        elif kind == "share":
            kind, fields["share"], _, width = draw(st.sampled_from(shareable))
        elif kind == "stretched":
            kind = draw(st.sampled_from(("Multiply", "Add")))
            layers.append({"Dense": {"name": f"{name}c", "from": source, "units": 1}})
            fields["from"] = draw(st.permutations([source, f"{name}c"]))
        elif kind == "outer":
            other, wide = draw(st.sampled_from([one for one in pool if one[1] <= 12]))
            if width > 12:
                source, width = other, wide
            layers.append({"Reshape": {"name": f"{name}c", "from": source, "target_shape": [width, 1]}})
            layers.append({"Reshape": {"name": f"{name}r", "from": other, "target_shape": [1, wide]}})
            layers.append({"Multiply": {"name": f"{name}p", "from": draw(st.permutations([f"{name}c", f"{name}r"]))}})
            kind, fields = "Reshape", {"name": name, "from": f"{name}p", "target_shape": [-1]}
            width *= wide
        elif kind == "attention":
            layers.append({"Reshape": {"name": f"{name}q", "from": source, "target_shape": [-1, 2]}})
            layers.append(
                {"Reshape": {"name": f"{name}v", "from": draw(st.sampled_from(alike)), "target_shape": [-1, 2]}}
            )
            kind = draw(st.sampled_from(("MultiHeadAttention", "MultiHeadAttention", "Attention")))
            # Query, value and key: often one tensor for two of them, or for all.
            chosen = draw(st.sampled_from(("qq", "qv", "qqq", "qqv", "qvq", "qvv")))
            fields |= {"name": f"{name}a", "from": [f"{name}{letter}" for letter in chosen]}
            if kind == "MultiHeadAttention":
                fields |= {"num_heads": 2, "key_dim": draw(st.sampled_from((1, 3)))}
            layers.append({kind: fields})
            kind, fields = "Reshape", {"name": name, "from": f"{name}a", "target_shape": [-1]}
        layers.append({kind: fields})
        pool.append((name, width))
        if kind in {"Dense", "BatchNormalization"} and "share" not in fields:
            owners.append((kind, name, given_width, width))
    outputs = draw(st.lists(st.sampled_from(pool[2:][-3:]), min_size=1, max_size=3, unique=True))
    return {"inputs": {"input": [8], "other": [12]}, "layers": layers, "outputs": [name for name, _ in outputs]}


@given(programs(), st.integers(1, 3), st.data())
@settings(max_examples=examples(250 * EXAMPLES), deadline=None)
def test_step_is_that_of_the_simulation(program: dict[str, Any], batch: int, data: st.DataObject) -> None:
    model = cnnsum.loads(json.dumps(program))
    assert [str(found) for found in model.diagnostics if found.severity == "error"] == []
    names = [*places(model.inference)]
    chosen = data.draw(st.lists(st.sampled_from(names), max_size=3, unique=True))
    calls = model.inference.calls
    ends = tuple(at for at, call in enumerate(calls) if call.layer.name in chosen and at + 1 < len(calls))
    found = cnnsum.summarize(model, batch=batch, optimizer="sgd", checkpoint=chosen, step=True).totals
    expected = Simulation(model, batch, ends).run()
    assert isinstance(found.training.peak_step, int)
    assert isinstance(found.training.weights, int)
    assert found.training.saved == expected.saved
    assert found.training.transient == expected.transient
    assert found.training.peak_step - found.training.weights == expected.peak
    plain = cnnsum.summarize(model, batch=batch, details=False).totals
    alone = Simulation(model, batch).run()
    assert (plain.saved, plain.training.transient) == (alone.saved, alone.transient)
    assert plain.training.peak_step is None
    # The parts of a total are not all at their largest at once: it is never less than any moment of the step takes.
    for totals in (found, plain):
        training = totals.training
        peak = expected.peak if totals is found else alone.peak
        assert training.total == sum(training[1:7])  # type: ignore[arg-type]  # numbers
        assert training.total >= training.weights + peak  # type: ignore[operator]  # numbers


# Formulas.


@each("checkpoint", [None, ["pool"], ["auto"]])
def test_symbolic_sizes(checkpoint: list[str] | None) -> None:
    layers = [
        {"Conv2D": {"filters": 16, "kernel_size": 3, "padding": "same", "activation": "relu"}},
        "BatchNormalization",
        {"MaxPooling2D": {"pool_size": 2, "padding": "same", "name": "pool"}},
        {"Conv2D": {"filters": 32, "kernel_size": 3, "padding": "same", "activation": "relu"}},
        {"Conv2D": {"filters": 4, "kernel_size": 3}},
    ]

    def found(height: int | str, width: int | str) -> TrainingMemory:
        model = load(layers, (height, width, 3))
        return cnnsum.summarize(model, batch=2, checkpoint=checkpoint, step=True).totals.training

    symbolic = found("H", "W")
    for height, width in ((5, 8), (16, 16), (33, 7), (224, 224)):
        static = found(height, width)
        for formula, number in zip(symbolic[:8], static[:8], strict=True):
            assert substitute(formula, {"H": height, "W": width}) == number  # type: ignore[arg-type]
    assert isinstance(symbolic.transient, Expr)


# Checkpoints.


def checkpointed(layers: list[Any], *names: str, shape: Any = (8,)) -> TrainingMemory:
    return cnnsum.summarize(load(layers, shape), optimizer="sgd", checkpoint=names, step=True).totals.training


def test_a_gradient_is_added_in_place_where_it_is_alone() -> None:
    for references, sizes, third in [
        ((1, 1), (8, 8), False),
        ((1, 2), (8, 8), False),
        ((2, 1), (8, 8), False),
        ((2, 2), (8, 8), True),  # others refer to both
        ((1, 1), (24, 24), True),  # both are parts of larger ones
        ((1, 2), (24, 8), True),
        ((2, 1), (24, 8), False),
    ]:
        pool = Pool()
        for count, size in zip(references, sizes, strict=True):
            buffer = pool.take(size)
            for _ in range(count - 1):
                pool.share(buffer)
            took = pool.add(0, buffer, 8)
        assert took == third
        assert pool.held == sum(sizes) + 8 if third else max(sum(sizes) - 8, 8 * max(references))


def test_a_nested_model_ends_with_its_last_call() -> None:
    inner: dict[str, Any] = {"name": "inner", "layers": [{"Dense": {"units": 8, "name": n}} for n in ("p", "q", "r")]}
    layers: list[Any] = [{"Sequential": inner}, {"Dense": {"units": 8, "name": "between"}}]
    assert places(load(layers).inference) == {"p": [0], "q": [1], "r": [2], "inner": [2], "between": [3]}


def test_a_checkpoint_by_hand() -> None:
    layers = [dense(100, name="a"), dense(50, name="b"), dense(80, name="c"), dense(20, name="d")]
    found = checkpointed(layers, "b")
    # Kept: the input, which is read again, and b; then what c and d keep, which is b and c.
    assert found.saved == (8 + 50 + 80) * 4
    # c and d as they are: gradients of c and d, then of b and c. Then a is made again, for the gradient of b.
    assert found.transient == max(80 + 20, 50 + 80, 100 + 50 + 100) * 4
    assert found.checkpoint == (("b",), ("b",), 2, 8 * 100 + 100 * 50)


def test_what_goes_past_a_checkpoint_is_kept_too() -> None:
    layers = [
        dense(10, name="a"),
        dense(10, name="b"),
        dense(10, name="c"),
        {"Add": {"from": ["a", "c"]}},
        dense(10, name="d"),
    ]
    found = checkpointed(layers, "b", "c")
    assert found.checkpoint is not None
    assert found.checkpoint.kept == ("b",)
    # The last segment adds a, which it does not keep; the segment of c reads b.
    assert found.saved == (8 + 10 + 10) * 4
    assert found.checkpoint.segments == 3


def test_a_frozen_segment_is_not_run_again() -> None:
    layers = [dense(100, name="a", trainable=False), dense(50, name="b"), dense(20, name="c")]
    found = checkpointed(layers, "a")
    assert (found.saved, found.checkpoint) == (trained(layers).saved, (("a",), ("a",), 2, 0))


def test_the_square_root_rule() -> None:
    layers = [dense(64, name=f"l{number}") for number in range(36)]
    found = checkpointed(layers, "auto", shape=(64,))
    assert found.checkpoint is not None
    # 36 equal layers: six segments, which keep six outputs and inside one more each.
    assert found.checkpoint.segments == 6
    assert found.checkpoint.layers == ("l5", "l11", "l17", "l23", "l29")
    plain = trained(layers, (64,))
    assert plain.saved == 36 * 256
    assert found.saved == (1 + 5 + 5) * 256  # the input, the checkpoints, and the inputs inside the last segment
    assert found.checkpoint.extra_macs == 30 * 64 * 64
    assert found.total < plain.total  # type: ignore[operator]  # numbers


def test_automatic_checkpoints_keep_one_tensor_each() -> None:
    layers: list[Any] = [dense(32, name="out0")]
    for n in range(1, 13):
        layers += [dense(32, name=f"a{n}"), dense(32, name=f"b{n}", activation="relu")]
        layers.append({"Add": {"from": [f"out{n - 1}", f"b{n}"], "name": f"out{n}"}})
    found = checkpointed(layers, "auto").checkpoint
    assert found is not None
    assert found.layers == found.kept
    assert all(name.startswith("out") for name in found.layers)
    assert len(found.layers) > 1


def test_automatic_checkpoints_where_nothing_is_won() -> None:
    layers = [dense(8)]
    assert checkpointed(layers, "auto").checkpoint == ((), (), 1, 0)


def test_unknown_checkpoint() -> None:
    model = load([dense(3, name="alpha"), dense(3, name="beta")])
    with pytest.raises(UnusableError) as error:
        cnnsum.summarize(model, checkpoint=["alpa"])
    (found,) = error.value.diagnostics
    assert (found.code, found.message) == ("SPC047", "unknown checkpoint layer `alpa`")
    assert found.help == "did you mean `alpha`? Or choose from alpha, beta, auto"


# Precision.


def test_mixed_precision() -> None:
    layers = [dense(16, name="a"), "BatchNormalization", dense(4, name="b")]
    single, mixed = (trained(layers, dtype=dtype, optimizer="adam") for dtype in ("float32", "mixed_float16"))
    kernels = 8 * 16 + 16 + 16 * 4 + 4
    assert single.weights == mixed.master_weights + 4 * 16 * 4 == (kernels + 4 * 16) * 4  # type: ignore[operator]
    # Copies of two bytes to compute with; a normalisation computes with its own variables.
    assert (mixed.weights, mixed.master_weights) == (2 * kernels + 4 * 4 * 16, 4 * kernels)
    assert (mixed.gradients, mixed.optimizer) == (single.gradients, single.optimizer)
    # The input is cast before it is kept; statistics stay in float32.
    assert single.saved == (8 + 16 + 16 + 2 * 16) * 4
    assert mixed.saved == (8 + 16 + 16) * 2 + 2 * 16 * 4
    assert (single.transient, mixed.transient) == (2 * 16 * 4, 2 * 16 * 2)
    # When the backward pass is over, all that lasts is there with all gradients.
    lasts = mixed.weights + mixed.master_weights + mixed.optimizer + mixed.gradients
    assert lasts <= mixed.peak_step <= mixed.total


def test_half_precision() -> None:
    layers = [dense(16), dense(4)]
    single, half = (trained(layers, dtype=dtype, optimizer="adam") for dtype in ("float32", "bfloat16"))
    assert [2 * amount for amount in half[:6]] == [*single[:6]]  # type: ignore[operator]
    assert half.master_weights == 0


def test_precision_is_a_name_of_the_dtype_policy() -> None:
    assert [policy_of(name) for name in PRECISIONS] == [*PRECISIONS]
    assert (policy_of(None), policy_of(None, "int8")) == (None, "int8")
    assert policy_of("bfloat16", "bfloat16") == "bfloat16"
    with pytest.raises(UnusableError, match="SPC046 unknown precision `mixed_flot16`"):
        policy_of("mixed_flot16")
    with pytest.raises(UnusableError, match="SPC052 the precision `float32` contradicts the dtype `mixed_float16`"):
        policy_of("float32", "mixed_float16")


# Optimizers. Those of Keras are built in tests/peers/test_optimizers.py.


def test_slots() -> None:
    layers = [{"Embedding": {"input_dim": 50, "output_dim": 8}}, {"LSTM": 4}, dense(10)]
    model = load(layers, ({"shape": [3], "dtype": "int32"},)[0]["shape"])
    shapes = [(50, 8), (8, 16), (4, 16), (16,), (4, 10), (10,)]
    elements = sum(rows * (columns[0] if columns else 1) for rows, *columns in shapes)

    def slots(name: str) -> Any:
        return cnnsum.summarize(model, optimizer=name, details=False).totals.training.optimizer

    for name, optimizer in OPTIMIZERS.items():
        if not optimizer.rule:
            assert slots(name) == 4 * optimizer.slots * elements
    # One sum per row and one per column of every matrix; vectors whole. Keras has a whole slot for matrices, too.
    sums = 58 + 24 + 20 + 14
    assert slots("torch.adafactor") == 4 * (sums + 16 + 10)
    assert slots("adafactor") == 4 * (sums + elements)
    # One for a matrix, two for an embedding and for vectors.
    assert slots("muon") == 4 * (2 * 400 + 128 + 64 + 2 * 16 + 40 + 2 * 10)


def test_frozen_layers_have_no_slots() -> None:
    layers = [dense(100, trainable=False), dense(10)]
    assert trained(layers, optimizer="torch.adafactor").optimizer == 4 * (110 + 10)
    assert trained(layers, optimizer="adafactor").optimizer == 4 * (110 + 1010)
    assert trained(layers, optimizer="adafactor", trainable=False).optimizer == 0


def test_the_page_names_every_optimizer() -> None:
    page = (Path(__file__).parents[2] / "docs" / "measures.md").read_text(encoding="utf-8")
    for name in OPTIMIZERS:
        assert re.search(rf"[ `]{re.escape(name)}[,` :]", page), name


def test_the_largest_of_no_amounts_is_nothing():
    assert largest([], dict) == 0
    assert largest([0], dict) == 0
    assert largest([3, 7, 5], dict) == 7
