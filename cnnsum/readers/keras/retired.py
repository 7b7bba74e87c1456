"""Fields that layers of Keras 2 write and that those of Keras 3 refuse, by layer.

They change neither shapes nor weights. Which they are is held to Keras 3 itself (tests/peers/test_keras_retired.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from cnnsum.typed import Any

#: Of any layer. In files without modules Keras 3 takes the first for the input of the model.
OF_ALL = ("batch_input_shape", "input_dtype", "batch_size", "dynamic", "experimental_autocast")

_CONVOLUTIONAL_RECURRENT = ("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
_RECURRENT = ("RNN", "SimpleRNN", "LSTM", "GRU", *_CONVOLUTIONAL_RECURRENT)
_SEPARABLE = ("SeparableConv1D", "SeparableConv2D")
_NO_KERNEL = (*_SEPARABLE, "DepthwiseConv1D", "DepthwiseConv2D")
_TRANSPOSED = ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
_SPATIAL_DROPOUT = ("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D")

OF_LAYERS: Mapping[str, frozenset[str]] = {
    field: frozenset(layers)
    for fields, layers in (
        (("time_major",), _RECURRENT),
        (("implementation",), ("RNN", "SimpleRNN", "SimpleRNNCell", *_CONVOLUTIONAL_RECURRENT)),
        (("query_shape", "key_shape", "value_shape"), ("MultiHeadAttention",)),
        (("causal",), ("Attention", "AdditiveAttention")),
        (("groups",), (*_NO_KERNEL, *_TRANSPOSED)),
        (("kernel_initializer", "kernel_regularizer", "kernel_constraint"), _NO_KERNEL),
        (("fused", "virtual_batch_size", "adjustment"), ("BatchNormalization",)),
        (("noise_shape",), _SPATIAL_DROPOUT),
        (("trainable",), (*_SPATIAL_DROPOUT, "Discretization")),
        (("num_constants",), (*_RECURRENT, "Bidirectional")),
    )
    for field in fields
}

#: Those that layers of Keras 3 have, too; nothing is said of them where a layer has no other.
_SHARED = frozenset(("trainable", "kernel_initializer", "kernel_regularizer", "kernel_constraint"))


@lru_cache(256)
def telling(layer: str) -> frozenset[str]:
    """The fields by which a config of this layer is known as one that Keras 3 refuses, to tell at a glance that it has
    none.

    >>> "groups" in telling("DepthwiseConv2D"), "groups" in telling("Conv2D"), "dynamic" in telling("Conv2D")
    (True, False, True)
    """
    return frozenset((*OF_ALL, *(field for field, layers in OF_LAYERS.items() if layer in layers))) - _SHARED


def retired(layer: str, config: Mapping[str, object], *, has_module: bool) -> Iterator[str]:
    """The fields of a layer's config that Keras 3 refuses. has_module: whether the file names the module of the class.

    >>> list(retired("DepthwiseConv2D", {"name": "a", "groups": 1, "kernel_size": 3}, has_module=True))
    ['groups']
    """
    for field in config:
        if field in OF_ALL:
            if has_module or field != "batch_input_shape":
                yield field
        elif layer in OF_LAYERS.get(field, ()):
            yield field


def without(layer: str, config: Mapping[str, object]) -> dict[str, Any]:
    """A config without the fields that Keras 3 refuses."""
    return {
        field: value
        for field, value in config.items()
        if field == "trainable" or not (field in OF_ALL or layer in OF_LAYERS.get(field, ()))
    }
