"""Weights of layers that others hold against Keras: their dtypes and which of them train, whoever says so."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import prod
from typing import Any

import pytest

keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402 - needs Keras

from cnnsum import convert, loads, summarize  # noqa: E402 - as above
from tests.thorough import each  # noqa: E402 - as above

BYTES = {"float16": 2, "bfloat16": 2, "float32": 4, "float64": 8}
#: The numpy backend has no orthogonal numbers of 16 bits.
ZEROS = {"recurrent_initializer": "zeros"}
Make = Callable[[dict[str, Any], dict[str, Any]], Any]

#: By name: a layer with arguments for itself and for the layer in it, and a shape.
HOLDING: dict[str, tuple[Make, tuple[int, ...]]] = {
    "every step": (lambda own, inner: layers.TimeDistributed(layers.Dense(3, **inner), **own), (4, 5)),
    "a normalised step": (
        lambda own, inner: layers.TimeDistributed(layers.SpectralNormalization(layers.Dense(3, **inner)), **own),
        (4, 5),
    ),
    "statistics": (lambda own, inner: layers.TimeDistributed(layers.BatchNormalization(**inner), **own), (4, 5)),
    "a model": (
        lambda own, inner: layers.TimeDistributed(keras.Sequential([layers.Dense(3, **inner)]), **own),
        (4, 5),
    ),
    "spectral": (lambda own, inner: layers.SpectralNormalization(layers.Conv2D(3, 2, **inner), **own), (5, 5, 2)),
    "both ways": (
        lambda own, inner: layers.Bidirectional(layers.LSTM(3, **ZEROS, **inner), **own),
        (4, 5),
    ),
    "a cell": (lambda own, inner: layers.RNN(layers.GRUCell(3, **ZEROS, **inner), **own), (4, 5)),
    "cells": (
        lambda own, inner: layers.RNN([layers.GRUCell(3, **ZEROS, **inner), layers.LSTMCell(2, **ZEROS)], **own),
        (4, 5),
    ),
    "cells both ways": (
        lambda own, inner: layers.Bidirectional(layers.RNN(layers.LSTMCell(3, **ZEROS, **inner), **own)),
        (4, 5),
    ),
}


def agree(name: str, own: dict[str, Any], inner: dict[str, Any]) -> None:
    make, shape = HOLDING[name]
    inputs = keras.Input(shape)
    model = keras.Model(inputs, make(own, inner)(inputs))
    report = summarize(loads(model.to_json()))
    assert not report.diagnostics
    total = sum(prod(one.shape) * BYTES[one.dtype] for one in model.weights)
    trained = sum(prod(one.shape) for one in model.trainable_weights)
    assert (report.totals.weights.total, report.totals.params.trainable) == (total, trained)
    assert report.outputs[0].dtype == model.outputs[0].dtype


@each("name", list(HOLDING))
@each(("own", "inner"), list(product((None, "float16", "mixed_float16", "float64"), repeat=2)))
def test_dtypes(name: str, own: str | None, inner: str | None) -> None:
    agree(name, {"dtype": own} if own else {}, {"dtype": inner} if inner else {})


@each("name", list(HOLDING))
@each(("own", "inner"), list(product((True, False), repeat=2)))
def test_switches(name: str, own: bool, inner: bool) -> None:
    agree(name, {} if own else {"trainable": False}, {} if inner else {"trainable": False})


@each("name", [name for name in HOLDING if name not in ("both ways", "a cell", "cells", "cells both ways")])
@each(("own", "inner"), list(product((None, "float16", "mixed_float16", "float64"), repeat=2)))
def test_written_for_keras_again(name: str, own: str | None, inner: str | None) -> None:
    make, shape = HOLDING[name]
    inputs = keras.Input(shape)
    model = keras.Model(inputs, make({"dtype": own} if own else {}, {"dtype": inner} if inner else {})(inputs))
    read = loads(model.to_json())
    again = [keras.models.model_from_json(convert(read, "keras").text)]
    if name != "a model":  # which is not written in code
        names: dict[str, Any] = {}
        exec(convert(read, "keras-py").text, names)
        again.append(names["build_model"]())
    for written in again:
        assert sizes(written) == sizes(model)


def sizes(model: Any) -> list[tuple[int, str]]:
    return sorted((prod(one.shape), one.dtype) for one in model.weights)


#: Layers of a spec that hold others, on steps.
WRITTEN = (
    "Bidirectional: {layer: {LSTM: 2}}",
    "Bidirectional: {layer: {LSTM: 2}, backward_layer: {GRU: {units: 2, go_backwards: true}}}",
    "Bidirectional: {layer: {RNN: {cell: {GRUCell: 2}}}}",
    "TimeDistributed: {layer: {Dense: 2}}",
    "TimeDistributed: {layer: {SpectralNormalization: {layer: {Dense: 2}}}}",
    "TimeDistributed: {layer: {Sequential: {layers: [{Dense: 3}, {Dense: 2}]}}}",
    "RNN: {cell: {LSTMCell: 2}}",
    "RNN: {cell: [{LSTMCell: 2}, {GRUCell: 3}]}",
    "RNN: {cell: {StackedRNNCells: {cells: [{LSTMCell: 2}]}}}",
    "SpectralNormalization: {layer: {Dense: 2}}",
)
#: Where a spec freezes one: what stands around it, and whether there is another that trains.
FROZEN = {
    "block": ("blocks: {{b: {{layers: [{{{0}}}]}}}}\nlayers: [b: {{trainable: false}}]", False),
    "spec": ("trainable: false\nlayers: [{{{0}}}]", False),
    "chain": ("layers: [Sequential: {{trainable: false, layers: [{{{0}}}]}}]", False),
    "model": ("layers: [Functional: {{trainable: false, inputs: {{q: [10, 4]}}, layers: [{{{0}}}]}}]", False),
    "one use of a block": (
        "blocks: {{b: {{layers: [{{{0}}}]}}}}\n"  # noqa: ISC004 - one text
        "layers: [b: {{name: u}}, b: {{name: v, from: input, trainable: false}}]\noutputs: [u, v]",
        True,
    ),
}


@each("layer", WRITTEN)
@each("around", list(FROZEN))
def test_what_a_spec_freezes_is_frozen_wherever_it_is_written(layer: str, around: str) -> None:
    text, trains = FROZEN[around]
    model = loads("input: [10, 4]\n" + text.format(layer))
    params = summarize(model).totals.params
    alone = summarize(loads(f"input: [10, 4]\nlayers: [{{{layer}}}]")).totals.params.trainable
    assert params.trainable == (alone if trains else 0)
    keras_text = convert(model, "keras").text
    written = [keras.models.model_from_json(keras_text)]
    if "Sequential: {layers" not in layer:  # a held model is not written in code
        names: dict[str, Any] = {}
        exec(convert(model, "keras-py").text, names)
        written.append(names["build_model"]())
    assert [sum(prod(one.shape) for one in again.trainable_weights) for again in written] == [params.trainable] * len(
        written
    )
    for spec in (convert(model, "yaml").text, convert(loads(keras_text), "yaml").text):
        assert summarize(loads(spec)).totals.params == params


@each("layer", WRITTEN)
def test_the_own_switch_of_a_wrapper_does_not_reach_what_it_holds(layer: str) -> None:
    """So Keras makes it of `trainable=False`."""
    head, fields = layer[:-1].split(": {", 1)
    alone = summarize(loads(f"input: [10, 4]\nlayers: [{{{layer}}}]")).totals.params
    model = loads(f"input: [10, 4]\nlayers: [{{{head}: {{{fields}, trainable: false}}}}]")
    assert summarize(model).totals.params == alone
    made = keras.models.model_from_json(convert(model, "keras").text)
    assert sum(prod(one.shape) for one in made.trainable_weights) == alone.trainable


#: Layers whose switch may not reach what Keras makes in them, with the shape of the input and what each is called on.
OFF: dict[str, tuple[Callable[[bool], Any], tuple[int, ...], Callable[[Any], Any]]] = {
    "MultiHeadAttention": (lambda on: layers.MultiHeadAttention(2, 4, trainable=on), (5, 8), lambda x: (x, x)),
    "GroupQueryAttention": (lambda on: layers.GroupQueryAttention(8, 4, 2, trainable=on), (5, 8), lambda x: (x, x)),
    "Attention": (lambda on: layers.Attention(use_scale=True, trainable=on), (5, 8), lambda x: ([x, x],)),
    "ConvLSTM1D": (lambda on: layers.ConvLSTM1D(3, 3, trainable=on), (4, 8, 2), lambda x: (x,)),
    "ConvLSTM2D": (lambda on: layers.ConvLSTM2D(3, 3, trainable=on), (4, 8, 8, 2), lambda x: (x,)),
    "LSTM": (lambda on: layers.LSTM(3, trainable=on), (5, 8), lambda x: (x,)),
    "GRU": (lambda on: layers.GRU(3, trainable=on), (5, 8), lambda x: (x,)),
    "SeparableConv1D": (lambda on: layers.SeparableConv1D(3, 2, trainable=on), (5, 8), lambda x: (x,)),
    "PReLU": (lambda on: layers.PReLU(trainable=on), (5, 8), lambda x: (x,)),
}


@each("name, on, frozen", product(OFF, (True, False), (True, False)))
def test_a_switch_that_does_not_reach_the_layers_within(name: str, on: bool, frozen: bool) -> None:
    """As it is once Keras has loaded the file; in a model that is frozen, and in one that is not."""
    make, shape, given = OFF[name]
    inner = keras.Input(shape)
    held = keras.Model(inner, make(on)(*given(inner)))
    outer = keras.Input(shape)
    whole = keras.Model(outer, held(outer))
    config = whole.to_json()
    if frozen:
        config = config.replace(
            f'"name": "{held.name}", "trainable": true', f'"name": "{held.name}", "trainable": false'
        )
    loaded = keras.models.model_from_json(config)
    assert (not loaded.get_layer(held.name).trainable) == frozen
    model = loads(config)
    trained = summarize(model).totals.params.trainable
    assert trained == sum(prod(one.shape) for one in loaded.trainable_weights)
    assert summarize(loads(convert(model, "yaml").text)).totals.params.trainable == trained
