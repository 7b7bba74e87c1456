"""Words of other libraries, and what each means in PyTorch's: for messages and "did you mean".

Keras's own table (`cnnsum.layers.keras.foreign`) says what PyTorch's words mean there. Loaded for a word that is not
known only. Knows types by their names; no graph and no format.
"""

from __future__ import annotations

from collections.abc import Callable, Container

from cnnsum.diagnostics import Suggestion, folded

#: Layers of Keras; `{}` is 1, 2 or 3.
_IN_EACH_RANK = {
    "convolution{}d": "Conv{}d",
    "conv{}dtranspose": "ConvTranspose{}d",
    "maxpooling{}d": "MaxPool{}d",
    "averagepooling{}d": "AvgPool{}d",
    "avgpooling{}d": "AvgPool{}d",
    "globalaveragepooling{}d": "AdaptiveAvgPool{}d",
    "globalmaxpooling{}d": "AdaptiveMaxPool{}d",
    "batchnormalization{}d": "BatchNorm{}d",
    "spatialdropout{}d": "Dropout{}d",
    "zeropadding{}d": "ZeroPad{}d",
}
_LAYERS = {
    "dense": "Linear",
    "fc": "Linear",
    "layernormalization": "LayerNorm",
    "groupnormalization": "GroupNorm",
    "concatenate": "cat",
    "concat": "cat",
    "multiply": "mul",
    "reshape": "reshape",
    "simplernn": "RNN",
    "multiheadattention": "MultiheadAttention",
    **{word.format(rank): torch.format(rank) for word, torch in _IN_EACH_RANK.items() for rank in (1, 2, 3)},
}
_FIELDS = {
    "filters": "out_channels",
    "units": "out_features",
    "strides": "stride",
    "dilationrate": "dilation",
    "usebias": "bias",
    "poolsize": "kernel_size",
    "rate": "p",
    "axis": "dim",
    "epsilon": "eps",
    "inputdim": "num_embeddings",
    "outputdim": "embedding_dim",
    "interpolation": "mode",
    "alpha": "negative_slope",
    "numheads": "num_heads",
}


def layer(name: str, known: Callable[[str], str | None]) -> Suggestion | None:
    """What a layer of another library is called here. known: the spelling here of a name in another case, or None."""
    word = name.rpartition(".")[2]
    if word != name and (own := known(word)) is not None:
        return Suggestion(f"write `{own}`, without the module", name, own, safe=False)
    if folded(word).endswith("loss"):
        return Suggestion("a loss is no layer of the network, but of its training: leave it out", name, None)
    meant = _LAYERS.get(folded(word))
    return None if meant is None else Suggestion(f"it is called `{meant}` here", name, meant, safe=False)


def field(name: str, fields: Container[str]) -> Suggestion | None:
    """What a field of another library is called here, in a layer with these fields."""
    meant = _FIELDS.get(folded(name))
    return Suggestion(f"it is called `{meant}` here", name, meant, safe=False) if meant in fields else None
