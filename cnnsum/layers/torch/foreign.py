"""Words of other libraries, and what each means in PyTorch's: the table that `cnnsum.layers.foreign` looks them up in.

The words are those of Keras, and a few of others; PyTorch's own where they belong to another layer. Keras's own table
(`cnnsum.layers.keras.foreign`) says what PyTorch's words mean there. Loaded for a word that is not known only. Knows
types by their names; no graph and no format.
"""

from __future__ import annotations

from collections.abc import Callable, Container

from cnnsum.diagnostics import Suggestion, folded
from cnnsum.layers.foreign import Word, bare, of_field, of_loss, suggest, without_module
from cnnsum.layers.foreign import text as _text
from cnnsum.layers.pairs import PAIRS


def _none(name: str, instead: str = "") -> Word:
    return Word(None, f"PyTorch has no layer for {name}{f': {instead}' if instead else ''}")


#: Layers that mean the same along one, two and three axes: `{}` is 1, 2 or 3.
_IN_EACH_RANK = {
    "convolution{}d": Word("Conv{}d"),
    "convolution{}dtranspose": Word("ConvTranspose{}d"),
    "deconv{}d": Word("ConvTranspose{}d"),
    "deconvolution{}d": Word("ConvTranspose{}d"),
    "avgpooling{}d": Word("AvgPool{}d"),
    "globalaveragepooling{}d": _text("`AdaptiveAvgPool{}d: 1`, then `Flatten`"),
    "globalavgpool{}d": _text("`AdaptiveAvgPool{}d: 1`, then `Flatten`"),
    "globalmaxpooling{}d": _text("`AdaptiveMaxPool{}d: 1`, then `Flatten`"),
    "globalmaxpool{}d": _text("`AdaptiveMaxPool{}d: 1`, then `Flatten`"),
    "batchnormalization{}d": Word("BatchNorm{}d"),
    "cropping{}d": _text("`ZeroPad{}d` with numbers below 0, which cut"),
    "upsampling{}d": Word("Upsample", "with a `scale_factor`"),
    "depthwiseconv{}d": _text("`Conv{}d` with as many `groups` as there are channels"),
    "separableconv{}d": _text("`Conv{}d` with as many `groups` as channels, then one with a `kernel_size` of 1"),
    "separableconvolution{}d": _text("`Conv{}d` with as many `groups` as channels, then one with a `kernel_size` of 1"),
    "locallyconnected{}d": _none("convolutions with kernels of their own at each place"),
    "convlstm{}d": _none("convolutional recurrence"),
}

_PREPROCESSING = (
    *("AugMix", "AutoContrast", "CategoryEncoding", "CenterCrop", "ContrastLimitedAdaptiveHistogramEqualization"),
    *("CutMix", "Discretization", "Equalization", "HashedCrossing", "Hashing", "IntegerLookup", "MaxNumBoundingBoxes"),
    *("MelSpectrogram", "MixUp", "Normalization", "Pipeline", "RandAugment", "RandomBrightness"),
    *("RandomColorDegeneration", "RandomColorJitter", "RandomContrast", "RandomCrop", "RandomElasticTransform"),
    *("RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale", "RandomHeight", "RandomHue"),
    *("RandomInvert", "RandomPerspective", "RandomPosterization", "RandomRotation", "RandomSaturation"),
    *("RandomSharpness", "RandomShear", "RandomTranslation", "RandomWidth", "RandomZoom", "Rescaling", "Resizing"),
    *("STFTSpectrogram", "Solarization", "StringLookup", "TextVectorization"),
)

_OF_BATCHES = "`BatchNorm2d` for images, `BatchNorm1d` for sequences and rows, `BatchNorm3d` for volumes"
_FUNCTION = "the function itself is a layer: `ReLU`, `Sigmoid`, `Tanh`, `GELU`, `SiLU`, `Softmax`, ..."
_LISTED = "write its layers one by one, or as a block"

LAYERS: dict[str, Word] = {
    **{folded(one.keras): Word(one.torch) for one in PAIRS if folded(one.keras) != folded(one.torch)},
    **{
        word.format(rank): Word(meant.own and meant.own.format(rank), meant.says.format(rank))
        for word, meant in _IN_EACH_RANK.items()
        for rank in (1, 2, 3)
    },
    **dict.fromkeys(("dense", "fc", "fullyconnected", "innerproduct"), Word("Linear")),
    "einsumdense": _none("products by an equation", "`Linear` multiplies the last axis"),
    **dict.fromkeys(("activation", "activationlayer"), _text(_FUNCTION)),
    "swish": Word("SiLU"),
    "hardsilu": Word("Hardswish"),
    "thresholdedrelu": Word("Threshold"),
    **dict.fromkeys(("batchnormalization", "batchnorm", "bn"), _text(_OF_BATCHES)),
    **dict.fromkeys(("layernormalization", "ln"), Word("LayerNorm", "and takes the sizes of the last axes")),
    **dict.fromkeys(("groupnormalization", "gn"), Word("GroupNorm")),
    "rmsnormalization": Word("RMSNorm", "and takes the sizes of the last axes"),
    **dict.fromkeys(
        ("instancenorm", "instancenormalization"), _text("`InstanceNorm1d`, `InstanceNorm2d` or `InstanceNorm3d`")
    ),
    "unitnormalization": _none("vectors of length 1", "it is a function, `normalize`"),
    "spectralnormalization": _text("leave it out: `spectral_norm` changes a layer's weights, and not what it makes"),
    "crossmaplrn2d": Word("LocalResponseNorm"),
    "average": _text("`add`, then `div` by how many there are"),
    "dot": _text("`matmul`, or `CosineSimilarity` where it is normalised"),
    "repeatvector": _text("`unsqueeze`, then `expand`"),
    "upsampling": Word("Upsample"),
    "masking": _text("leave it out: a mask changes no number"),
    "activityregularization": _text("leave it out: it adds to the loss alone"),
    **dict.fromkeys(("gaussiannoise", "gaussiandropout"), _none("noise", "leave it out, it is for training alone")),
    "stochasticdepth": _none("the depth at random", "leave it out, it is for training alone"),
    "droppath": _none("the depth at random", "leave it out, it is for training alone"),
    "simplernncell": Word("RNNCell"),
    "cudnnlstm": Word("LSTM"),
    "cudnngru": Word("GRU"),
    "stackedrnncells": _text("`RNN`, `LSTM` or `GRU` with `num_layers`"),
    "bidirectional": _text("`bidirectional: true` in `RNN`, `LSTM` or `GRU`"),
    "timedistributed": _text("leave it out: `Linear` and `LayerNorm` work on the last axis of every step"),
    **dict.fromkeys(
        ("attention", "additiveattention", "groupqueryattention", "groupedqueryattention"),
        _none("attention of this kind", "`MultiheadAttention` has projections, and as many heads of all three"),
    ),
    "reversibleembedding": _none("a table that is used twice", "`Embedding`, and `Linear` for the way back"),
    **dict.fromkeys(("layerscale", "customscalelayer"), _none("a factor for each channel")),
    "randomfourierfeatures": _none("random features"),
    **dict.fromkeys(("modulelist", "moduledict", "parameterlist", "parameterdict"), _text(_LISTED)),
    "adaptivelogsoftmaxwithloss": _text(
        "it is a loss with weights of its own, whose work depends on the targets: leave it out, or write `Linear` and "
        "`LogSoftmax`, which give the same probabilities"
    ),
    **{folded(name): _none("preprocessing", "leave it to what loads the data") for name in _PREPROCESSING},
}

#: Fields, and what they may be called here: the first of those that the layer has.
FIELDS: dict[str, tuple[str, ...]] = {
    "filters": ("out_channels",),
    "units": ("out_features", "hidden_size"),
    "outputunits": ("out_features",),
    "infeatures": ("in_channels", "input_size", "num_features"),
    "inchannels": ("in_features", "num_features", "num_channels", "input_size"),
    "outfeatures": ("out_channels", "hidden_size"),
    "outchannels": ("out_features", "hidden_size"),
    "hidden": ("hidden_size",),
    "hiddendim": ("hidden_size", "dim_feedforward"),
    "intermediatedim": ("dim_feedforward",),
    "kernel": ("kernel_size",),
    "k": ("kernel_size",),
    "poolsize": ("kernel_size",),
    "s": ("stride",),
    "strides": ("stride",),
    "dilationrate": ("dilation",),
    "usebias": ("bias",),
    "rate": ("p", "dropout"),
    "dropoutrate": ("p", "dropout"),
    "dropout": ("p",),
    "p": ("dropout", "padding"),
    "axis": ("dim",),
    "axes": ("dim",),
    "epsilon": ("eps", "layer_norm_eps"),
    "eps": ("layer_norm_eps",),
    "affine": ("elementwise_affine",),
    "elementwiseaffine": ("affine",),
    "groups": ("num_groups",),
    "inputdim": ("num_embeddings", "input_size", "in_features"),
    "outputdim": ("embedding_dim",),
    "interpolation": ("mode",),
    "scale": ("scale_factor",),
    "alpha": ("negative_slope",),
    "negativeslope": ("negative_slope",),
    "maxvalue": ("max_val",),
    "minvalue": ("min_val",),
    "theta": ("threshold",),
    "numheads": ("nhead",),
    "heads": ("num_heads", "nhead"),
    "nhead": ("num_heads",),
    "embeddim": ("d_model",),
    "dmodel": ("embed_dim",),
    "returnattentionscores": ("need_weights",),
    "targetshape": ("unflattened_size", "shape"),
    "cropping": ("padding",),
    "keepdims": ("keepdim",),
    "keepdim": ("keepdim",),
    "activation": ("nonlinearity",),
    "sharedaxes": ("num_parameters",),
    "layer": ("encoder_layer", "decoder_layer"),
}

_OUT = "leave it out: it changes no number"
#: Fields that no field of a layer stands for, and what to do.
NO_FIELDS: dict[str, str] = {
    "activation": "a layer of its own behind this one: `- ReLU`",
    "dataformat": "leave it out: layers of PyTorch have channels first",
    **dict.fromkeys(("inputshape", "batchinputshape", "batchshape"), "say it at the top of the spec: `input: [...]`"),
    "keydim": "leave it out: it is `embed_dim / num_heads`",
    "valuedim": "leave it out: it is `embed_dim / num_heads`",
    "returnsequences": "leave it out: the first output is the states of all steps, the second the last ones (`NAME:1`)",
    "returnstate": "leave it out: the last states are the second output (`NAME:1`), of LSTM also the third",
    "recurrentdropout": "leave it out: `dropout` here is between layers",
    "recurrentactivation": "leave it out: the gates have sigmoid",
    "resetafter": "leave it out: PyTorch resets after the product",
    **dict.fromkeys(("center", "scale"), "`affine` or `elementwise_affine` is for both weights"),
    "synchronized": "`SyncBatchNorm` is a layer of its own",
    "maskzero": "`padding_idx: 0`",
    **dict.fromkeys(("stateful", "unroll", "gobackwards", "implementation", "seed", "device", "inplace"), _OUT),
}

#: Values of fields that are a choice of words, of which a field has one: Keras's, NumPy's, and those of other fields.
VALUES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("zeros", "constant"), ("zeros", "constant")),
    **dict.fromkeys(("edge", "nearest", "replication"), ("replicate",)),
    "wrap": ("circular",),
    "mirror": ("reflect",),
    "reflection": ("reflect",),
    "cubic": ("bicubic",),
    **dict.fromkeys(("average", "avg", "ave"), ("mean",)),
}
_OF_WEIGHTS = ("initializer", "regularizer", "constraint")


def layer(name: str, known: Callable[[str], str | None]) -> Suggestion | None:
    """What a layer of another library is called here. known: the spelling here of a name in another case, or None."""
    own = without_module(name, known)
    if own is not None:
        return own
    key = folded(bare(name))
    meant = LAYERS.get(key)
    return suggest(name, meant or of_loss(key))


def value(name: str, words: Container[str]) -> Suggestion | None:
    """What a value of another library is called here, of a field that is a choice of these words."""
    own = next((word for word in VALUES.get(folded(name), ()) if word in words), None)
    return None if own is None else suggest(name, Word(own))


def field(name: str, fields: Container[str]) -> Suggestion | None:
    """What a field of another library is called here, in a layer with these fields."""
    key = folded(name)
    return of_field(name, fields, FIELDS, {key: _OUT} if key.endswith(_OF_WEIGHTS) else NO_FIELDS)
