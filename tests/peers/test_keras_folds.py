"""Networks that fold axes into the batch, move it, cut it or sum over it: Keras runs them, and tells every shape.

Every tensor that Keras makes of a batch has the shape that cnnsum's formula gives for that batch; where all layers are
convolutions, dense layers and products, the work per sample is the work of the batch by the number of samples.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from keras_loading import loads  # noqa: E402 - needs Keras

import cnnsum  # noqa: E402
from cnnsum.dims import substitute  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")

layers, ops = keras.layers, keras.ops


def windows(x: Any) -> Any:
    """Swin's: partition into windows, attention within each, back again."""
    y = ops.reshape(x, (-1, 2, 2, 3, 2, 5))
    y = ops.transpose(y, (0, 1, 3, 2, 4, 5))
    y = ops.reshape(y, (-1, 4, 5))
    z = layers.Dense(15)(y)
    q, k, v = ops.split(z, 3, axis=-1)
    y = ops.matmul(ops.softmax(ops.matmul(q, ops.transpose(k, (0, 2, 1)))), v)
    y = ops.reshape(y, (-1, 2, 3, 2, 2, 5))
    y = ops.transpose(y, (0, 1, 3, 2, 4, 5))
    return ops.add(x, ops.reshape(y, (-1, 4, 6, 5)))


def shifted(x: Any) -> Any:
    """Windows of an image that is rolled, with a mask for each window."""
    y = ops.roll(x, (-1, -1), axis=(1, 2))
    y = ops.reshape(y, (-1, 2, 2, 3, 2, 5))
    y = ops.reshape(ops.transpose(y, (0, 1, 3, 2, 4, 5)), (-1, 4, 5))
    y = layers.LayerNormalization()(y)
    y = ops.add(ops.reshape(y, (-1, 6, 4, 5)), np.ones((1, 6, 4, 5), "float32"))
    return layers.Dense(3)(ops.reshape(y, (-1, 4, 5)))


NETWORKS = {
    "windows": ((4, 6, 5), windows),
    "shifted": ((4, 6, 5), shifted),
    "time": ((8, 6, 6, 3), lambda x: ops.reshape(layers.Conv2D(4, 3)(ops.reshape(x, (-1, 6, 6, 3))), (-1, 8, 4, 4, 4))),
    "pixels": ((6, 6, 3), lambda x: layers.Dense(2)(ops.reshape(x, (-1, 3)))),
    "everything": ((6, 3), lambda x: ops.reshape(x, (-1,))),
    "numbers": ((6,), lambda x: ops.reshape(layers.Embedding(10, 4)(ops.reshape(x, (-1, 2))), (-1, 3, 2, 4))),
    "time first": ((7, 5), lambda x: ops.transpose(layers.Dense(4)(ops.transpose(x, (1, 0, 2))), (1, 0, 2))),
    "swapped": ((7, 5), lambda x: ops.swapaxes(layers.Dense(4)(ops.swapaxes(x, 0, 1)), 0, 1)),
    "moved": ((7, 5), lambda x: ops.moveaxis(ops.sum(ops.moveaxis(x, 0, -1), axis=0), -1, 0)),
    "turned": ((7, 5), lambda x: ops.matmul(np.ones((2, 7), "float32"), ops.transpose(x, (0, 1, 2)))),
    "first sum": ((7, 5), lambda x: layers.Dense(4)(ops.sum(ops.transpose(x, (1, 0, 2)), axis=0))),
    "over": ((7, 5), lambda x: ops.subtract(x, ops.mean(x, axis=0, keepdims=True))),
    "normalised": ((7, 5), lambda x: ops.divide(x, ops.std(x, axis=(0, 1), keepdims=True))),
    "doubled": ((6, 6, 3), lambda x: layers.Conv2D(2, 3)(ops.concatenate([x, x], axis=0))),
    "doubled by a layer": ((7, 5), lambda x: layers.Dense(2)(layers.Concatenate(axis=0)([x, x]))),
    "two halves": ((6, 6, 3), lambda x: layers.Conv2D(2, 3)(ops.add(*ops.split(x, 2, axis=0)))),
    "stacked": ((7, 5), lambda x: layers.Dense(2)(ops.stack([x, x], axis=0))),
    "unstacked": ((7, 5), lambda x: ops.add(*ops.unstack(ops.stack([x, x]), 2, axis=0))),
    "repeated": ((7, 5), lambda x: layers.Dense(2)(ops.repeat(x, 3, axis=0))),
    "tiled": ((7, 5), lambda x: layers.Dense(2)(ops.tile(x, (3, 1, 1)))),
    "tiled beyond": ((7, 5), lambda x: layers.Dense(2)(ops.tile(x, (3, 1, 1, 1)))),
    "wider": ((7, 5), lambda x: ops.squeeze(layers.Dense(2)(ops.expand_dims(x, 0)), 0)),
    "padded": ((7, 5), lambda x: ops.pad(x, [[1, 0], [0, 0], [0, 0]])),
    "cut": ((7, 5), lambda x: x[1:, :]),
    "picked": ((7, 5), lambda x: x[0]),
    "turned round": ((7, 5), lambda x: ops.flip(x, axis=0)),
    "sorted": ((7, 5), lambda x: ops.sort(x, axis=0)),
    "running": ((7, 5), lambda x: ops.cumsum(x, axis=0)),
    "differences": ((7, 5), lambda x: ops.diff(x, axis=0)),
    "einsum": ((7, 5), lambda x: ops.einsum("btc,ck->tbk", x, np.ones((5, 3), "float32"))),
    "products of samples": ((7, 5), lambda x: ops.einsum("btc,dtc->bd", x, x)),
    "dot": ((7, 5), lambda x: ops.dot(x, np.ones((5, 4), "float32"))),
    "steps": (
        (8, 6, 6, 3),
        lambda x: layers.TimeDistributed(layers.Conv2D(2, 3))(ops.reshape(x, (-1, 4, 6, 6, 3))),
    ),
    "recurrent": ((6, 8, 5), lambda x: layers.LSTM(4)(ops.reshape(x, (-1, 8, 5)))),
    "attention": ((6, 8, 5), lambda x: ops.reshape(attended(ops.reshape(x, (-1, 8, 5))), (-1, 6, 8, 5))),
    "pooled": ((4, 8, 8, 3), lambda x: layers.GlobalAveragePooling2D()(ops.reshape(x, (-1, 8, 8, 3)))),
    "blocks": (
        (8, 8, 3),
        lambda x: layers.Conv2D(2, 3)(
            ops.reshape(ops.transpose(ops.reshape(x, (-1, 4, 2, 4, 2, 3)), (2, 4, 0, 1, 3, 5)), (-1, 4, 4, 3))
        ),
    ),
    "quantiles": ((7, 5), lambda x: ops.quantile(x, [0.1, 0.9], axis=1)),
    "all of it": ((7, 5), ops.max),
}

#: Of these not all work is shared out among the samples: some is done once, or once for every pair of samples.
WITHOUT_A_SHARE = {"over", "normalised", "products of samples", "padded", "cut", "picked", "differences", "all of it"}


def attended(x: Any) -> Any:
    return layers.MultiHeadAttention(2, 4)(x, x)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("samples", [2, 6])
def test_shapes_are_those_that_keras_makes(name: str, samples: int) -> None:
    keras.utils.clear_session()
    shape, network = NETWORKS[name]
    x = keras.Input(shape, dtype="int32" if name == "numbers" else "float32")
    model = keras.Model(x, network(x))
    made = [one.output for one in model.operations[1:]]
    every = keras.Model(x, made)
    theirs = [np.shape(one) for one in _flat(every(np.zeros((samples, *shape), x.dtype)))]

    read = loads(model.to_json())
    assert [str(one) for one in read.diagnostics] == []
    (symbol,) = read.graph.batch.symbols
    calls = read.inference.calls
    mine = [read.inference.values[number].shape for call in calls for number in call.outputs]
    assert [tuple(substitute(dim, {symbol.name: samples}) for dim in one) for one in mine] == theirs
    if name not in WITHOUT_A_SHARE:
        assert {call.facts.status for call in calls} == {"exact"}
        work = cnnsum.summarize(read).totals
        assert (type(work.macs), type(work.flops)) == (int, int)
    # The same file with the batch fixed has the same work for each sample, and the same bytes in all.
    text = model.to_json().replace('"batch_shape": [null', f'"batch_shape": [{samples}')
    fixed = cnnsum.summarize(loads(text))
    symbolic = cnnsum.summarize(read, batch=samples)
    assert fixed.totals.outputs == symbolic.totals.outputs
    assert fixed.totals.peak.bytes == symbolic.totals.peak.bytes
    assert fixed.totals.training.total == symbolic.totals.training.total
    if name not in WITHOUT_A_SHARE:
        assert (fixed.totals.macs, fixed.totals.flops) == (symbolic.totals.macs, symbolic.totals.flops)


def _flat(outputs: Any) -> list[Any]:
    if isinstance(outputs, (list, tuple)):
        return [one for output in outputs for one in _flat(output)]
    return [outputs]


def test_work_is_that_of_the_same_network_without_the_fold() -> None:
    """A convolution on every picture of a film, by TimeDistributed and by folding time into the batch."""
    keras.utils.clear_session()
    x = keras.Input((8, 6, 6, 3))
    steps = keras.Model(x, layers.TimeDistributed(layers.Conv2D(4, 3, activation="relu"))(x))
    y = keras.Input((8, 6, 6, 3))
    z = layers.Conv2D(4, 3, activation="relu")(ops.reshape(y, (-1, 6, 6, 3)))
    folded = keras.Model(y, ops.reshape(z, (-1, 8, 4, 4, 4)))
    one, other = (cnnsum.summarize(loads(model.to_json())).totals for model in (steps, folded))
    assert (one.macs, one.flops, one.params) == (other.macs, other.flops, other.params)
    assert one.macs == 8 * 16 * 4 * 27
