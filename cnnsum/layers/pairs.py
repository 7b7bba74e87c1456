"""What a layer type of Keras is in PyTorch, where both have one: the types, and the fields that mean the same.

The one table of both directions: suggestions for words of the other framework (`foreign`) and the translation of
networks read it. Fields that mean the same with other values (momentum, padding) are not here: the translation knows
them.
"""

from __future__ import annotations

from cnnsum.typed import NamedTuple


class Pair(NamedTuple):
    """A type of Keras, the type of PyTorch, and by Keras's field that of PyTorch with the same values.

    axes: of types that there is one of for each number of axes, that number; else 0.
    """

    keras: str
    torch: str
    fields: dict[str, str]
    axes: int = 0


_KERNEL = {"kernel_size": "kernel_size", "strides": "stride", "dilation_rate": "dilation", "use_bias": "bias"}
_POOL = {"pool_size": "kernel_size", "strides": "stride"}

#: With `{}` for the number of axes, 1, 2 or 3.
_IN_EACH_RANK: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("Conv{}D", "Conv{}d", {"filters": "out_channels", **_KERNEL, "groups": "groups"}),
    ("Conv{}DTranspose", "ConvTranspose{}d", {"filters": "out_channels", **_KERNEL}),
    ("MaxPooling{}D", "MaxPool{}d", _POOL),
    ("AveragePooling{}D", "AvgPool{}d", _POOL),
    ("AdaptiveMaxPooling{}D", "AdaptiveMaxPool{}d", {"output_size": "output_size"}),
    ("AdaptiveAveragePooling{}D", "AdaptiveAvgPool{}d", {"output_size": "output_size"}),
    ("SpatialDropout{}D", "Dropout{}d", {"rate": "p"}),
    ("ZeroPadding{}D", "ZeroPad{}d", {}),
    ("UpSampling{}D", "Upsample", {"size": "scale_factor"}),
    ("BatchNormalization", "BatchNorm{}d", {"epsilon": "eps"}),
)

PAIRS = (
    *(
        Pair(keras.format(axes), torch.format(axes), fields, axes)
        for keras, torch, fields in _IN_EACH_RANK
        for axes in (1, 2, 3)
    ),
    Pair("Dense", "Linear", {"units": "out_features", "use_bias": "bias"}),
    Pair("Embedding", "Embedding", {"input_dim": "num_embeddings", "output_dim": "embedding_dim"}),
    Pair("LayerNormalization", "LayerNorm", {"epsilon": "eps"}),
    Pair("GroupNormalization", "GroupNorm", {"groups": "num_groups", "epsilon": "eps"}),
    Pair("RMSNormalization", "RMSNorm", {"epsilon": "eps"}),
    Pair("Dropout", "Dropout", {"rate": "p"}),
    Pair("AlphaDropout", "AlphaDropout", {"rate": "p"}),
    Pair("LeakyReLU", "LeakyReLU", {"negative_slope": "negative_slope"}),
    Pair("ELU", "ELU", {"alpha": "alpha"}),
    Pair("PReLU", "PReLU", {}),
    Pair("Softmax", "Softmax", {}),
    Pair("Flatten", "Flatten", {}),
    Pair("Identity", "Identity", {}),
    Pair("Add", "add", {}),
    Pair("Subtract", "sub", {}),
    Pair("Multiply", "mul", {}),
    Pair("Maximum", "maximum", {}),
    Pair("Minimum", "minimum", {}),
    Pair("Concatenate", "cat", {}),
    Pair("Reshape", "reshape", {}),
    Pair("Permute", "permute", {}),
    Pair(
        "MultiHeadAttention", "MultiheadAttention", {"num_heads": "num_heads", "dropout": "dropout", "use_bias": "bias"}
    ),
    Pair("SimpleRNN", "RNN", {"units": "hidden_size", "use_bias": "bias"}),
    Pair("LSTM", "LSTM", {"units": "hidden_size", "use_bias": "bias"}),
    Pair("GRU", "GRU", {"units": "hidden_size", "use_bias": "bias"}),
)

#: By the type of Keras, and the number of axes where that decides (of batch normalisation).
OF_KERAS = {(one.keras, one.axes): one for one in PAIRS}
#: By the type of PyTorch, and the number of axes where that decides (of upsampling).
OF_TORCH = {(one.torch, one.axes): one for one in PAIRS}
