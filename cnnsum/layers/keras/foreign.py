"""Words of other libraries, and what each means in Keras's: the table that `cnnsum.layers.foreign` looks them up in.

The words are those of PyTorch (`torch.nn`, its functions and fields), TensorFlow 1 and 2, timm, Ultralytics, Darknet,
Caffe. Whether one is Keras's own in another case is asked before; the nearest spelling of a word that stands here is
never what was meant. Loaded for a word that is not known only. Knows types by their names; no graph and no format.
"""

from __future__ import annotations

from collections.abc import Callable, Container

from cnnsum.diagnostics import Suggestion, folded
from cnnsum.layers.arithmetic.functions import FUNCTIONS
from cnnsum.layers.foreign import Word, bare, of_field, of_loss, suggest, without_module
from cnnsum.layers.foreign import text as _text


def _one(keras: str, note: str = "") -> Word:
    return Word(keras, note)


def _none(name: str, instead: str = "") -> Word:
    return Word(None, f"Keras has no {name}{f': {instead}' if instead else ''}")


_BLOCK = "write it as a block of layers"

#: Layers that mean the same in one, two and three dimensions: `{}` is 1, 2 or 3.
_IN_EACH_RANK = {
    "dropout{}d": "SpatialDropout{}D",
    "featuredropout{}d": "SpatialDropout{}D",
    "lazyconv{}d": "Conv{}D",
    "convtranspose{}d": "Conv{}DTranspose",
    "lazyconvtranspose{}d": "Conv{}DTranspose",
    "convtransposed{}d": "Conv{}DTranspose",
    "transposedconv{}d": "Conv{}DTranspose",
    "conv{}dtransposed": "Conv{}DTranspose",
    "transposeconv{}d": "Conv{}DTranspose",
    "transpose{}d": "Conv{}DTranspose",
    "deconv{}d": "Conv{}DTranspose",
    "deconvolution{}d": "Conv{}DTranspose",
    "deconvolution{}dtranspose": "Conv{}DTranspose",
    "averagepool{}d": "AveragePooling{}D",
    "avgpooling{}d": "AveragePooling{}D",
    "meanpool{}d": "AveragePooling{}D",
    "meanpooling{}d": "AveragePooling{}D",
    "adaptiveavgpool{}d": "AdaptiveAveragePooling{}D",
    "adaptivemaxpool{}d": "AdaptiveMaxPooling{}D",
    "globalavgpooling{}d": "GlobalAveragePooling{}D",
    "globalaveragepool{}d": "GlobalAveragePooling{}D",
    "globalmeanpool{}d": "GlobalAveragePooling{}D",
    "gap{}d": "GlobalAveragePooling{}D",
    "gmp{}d": "GlobalMaxPooling{}D",
    "zeropad{}d": "ZeroPadding{}D",
    "upsample{}d": "UpSampling{}D",
    "upsamplingnearest{}d": "UpSampling{}D",
    "crop{}d": "Cropping{}D",
    "dwconv{}d": "DepthwiseConv{}D",
    "depthwiseconvolution{}d": "DepthwiseConv{}D",
    "depthwise{}d": "DepthwiseConv{}D",
    "sepconv{}d": "SeparableConv{}D",
    "separable{}d": "SeparableConv{}D",
    "depthwiseseparableconv{}d": "SeparableConv{}D",
    "batchnorm{}d": "BatchNormalization",
    "batchnormalization{}d": "BatchNormalization",
    "lazybatchnorm{}d": "BatchNormalization",
    "batchnormact{}d": "BatchNormalization",
    "layernorm{}d": "LayerNormalization",
    "groupnorm{}d": "GroupNormalization",
}


def _ranked() -> dict[str, Word]:
    found = {}
    for word, keras in _IN_EACH_RANK.items():
        for rank in (1, 2, 3):
            name = keras.format(rank)
            if rank == 3 and keras.startswith(("Depthwise", "Separable")):
                found[word.format(rank)] = _none(f"{name}", "`Conv3D` with `groups`")
            else:
                found[word.format(rank)] = _one(name)
    for rank in (1, 2, 3):
        instance = _text("`GroupNormalization: {groups: -1}`, which normalises every channel by itself")
        found |= dict.fromkeys((f"instancenorm{rank}d", f"instancenormalization{rank}d"), instance)
        either = _text(f"`GlobalAveragePooling{rank}D` or `GlobalMaxPooling{rank}D`: say which")
        found |= dict.fromkeys((f"globalpool{rank}d", f"globalpooling{rank}d"), either)
        found[f"selectadaptivepool{rank}d"] = either
        either = _text(f"`AveragePooling{rank}D` or `MaxPooling{rank}D`: say which")
        found |= dict.fromkeys((f"pool{rank}d", f"pooling{rank}d"), either)
        for kind in ("reflectionpad", "replicationpad", "circularpad", "constantpad"):
            found[f"{kind}{rank}d"] = _text(
                f"`ZeroPadding{rank}D`, if zeros will do: Keras has no layer for other borders"
            )
        for kind in ("lppool", "fractionalmaxpool", "maxunpool"):
            found[f"{kind}{rank}d"] = _none(f"pooling of this kind ({kind}{rank}d)")
    for kind in ("bilinear", "bicubic"):
        found[f"upsampling{kind}2d"] = _text(f"`UpSampling2D: {{interpolation: {kind}}}`")
    return found


#: Layers. What is only an activation there, as a layer, is made of `ACTIVATIONS`.
LAYERS: dict[str, Word] = {
    **_ranked(),
    "convolutional": _one("Conv2D"),
    **dict.fromkeys(("linear", "lazylinear", "fc", "fullyconnected", "innerproduct", "connected"), _one("Dense")),
    **dict.fromkeys(("batchnorm", "bn", "syncbatchnorm", "bnorm"), _one("BatchNormalization")),
    **dict.fromkeys(("layernorm", "ln"), _one("LayerNormalization")),
    **dict.fromkeys(("groupnorm", "gn"), _one("GroupNormalization")),
    "rmsnorm": _one("RMSNormalization"),
    "weightnorm": _none("layer that normalises weights so", "`SpectralNormalization` divides by their largest gain"),
    "spectralnorm": _one("SpectralNormalization"),
    **dict.fromkeys(
        ("instancenorm", "instancenormalization"),
        _text("`GroupNormalization: {groups: -1}`, which normalises every channel by itself"),
    ),
    **dict.fromkeys(("localresponsenorm", "lrn", "localresponsenormalization"), _none("local response normalisation")),
    **dict.fromkeys(("conv", "convolution"), _text("`Conv1D`, `Conv2D` or `Conv3D`: say which")),
    **dict.fromkeys(
        ("convbn", "convbnact", "convbnrelu", "convnormact", "convbnsilu"),
        _text("a block of `Conv2D: {use_bias: false}`, `BatchNormalization` and the activation"),
    ),
    **dict.fromkeys(("dwconv", "depthwiseconv", "depthwise"), _one("DepthwiseConv2D")),
    **dict.fromkeys(("sepconv", "separableconv"), _one("SeparableConv2D")),
    **dict.fromkeys(
        ("convtranspose", "deconv", "deconvolution", "deconvolutional", "transposedconv"), _one("Conv2DTranspose")
    ),
    **dict.fromkeys(
        ("avgpool", "averagepool", "averagepooling", "avgpooling"),
        _text("`AveragePooling1D`, `AveragePooling2D` or `AveragePooling3D`: say which"),
    ),
    **dict.fromkeys(("maxpool", "maxpooling"), _text("`MaxPooling1D`, `MaxPooling2D` or `MaxPooling3D`: say which")),
    **dict.fromkeys(
        ("globalavgpool", "globalaveragepool", "globalaveragepooling", "gap"), _one("GlobalAveragePooling2D")
    ),
    **dict.fromkeys(("globalmaxpool", "globalmaxpooling", "gmp"), _one("GlobalMaxPooling2D")),
    **dict.fromkeys(
        ("globalpool", "globalpooling"), _text("`GlobalAveragePooling2D` or `GlobalMaxPooling2D`: say which")
    ),
    **dict.fromkeys(("pool", "pooling"), _text("`AveragePooling2D` or `MaxPooling2D`: say which")),
    **dict.fromkeys(("adaptiveavgpool",), _one("AdaptiveAveragePooling2D")),
    **dict.fromkeys(("adaptivemaxpool",), _one("AdaptiveMaxPooling2D")),
    **dict.fromkeys(
        ("spatialdropout", "channeldropout", "featuredropout"),
        _text("`SpatialDropout1D`, `SpatialDropout2D` or `SpatialDropout3D`: say which"),
    ),
    **dict.fromkeys(
        ("featurealphadropout",), _none("alpha dropout of whole channels", "`AlphaDropout` drops elements")
    ),
    **dict.fromkeys(("droppath", "dropconnect", "stochdepth"), _one("StochasticDepth")),
    "dropblock": _none("DropBlock"),
    "dropblock2d": _none("DropBlock"),
    **dict.fromkeys(("concat", "cat", "merge", "concatenation", "concatlayer", "route"), _one("Concatenate")),
    **dict.fromkeys(("shortcut", "residual", "eltwise", "elementwiseadd", "sum", "plus", "addition"), _one("Add")),
    **dict.fromkeys(("mul", "prod", "product", "elementwisemultiply", "multiplication"), _one("Multiply")),
    **dict.fromkeys(("sub", "minus", "subtraction"), _one("Subtract")),
    **dict.fromkeys(("mean", "avg"), _one("Average", "of its inputs")),
    "max": _one("Maximum", "of its inputs"),
    "min": _one("Minimum", "of its inputs"),
    **dict.fromkeys(("upsample", "upsampling", "interpolate", "unpool"), _one("UpSampling2D")),
    **dict.fromkeys(("resize", "resizebilinear"), _one("Resizing")),
    **dict.fromkeys(("zeropad", "pad", "padding"), _one("ZeroPadding2D")),
    **dict.fromkeys(("crop", "cropping"), _one("Cropping2D")),
    **dict.fromkeys(
        ("pixelshuffle", "depthtospace"), _none("layer for this", "a `Reshape`, a `Permute` and a `Reshape`")
    ),
    **dict.fromkeys(
        ("pixelunshuffle", "spacetodepth", "reorg", "focus"),
        _none("layer for this", "a `Reshape`, a `Permute` and a `Reshape`"),
    ),
    "channelshuffle": _none("layer for this", "a `Reshape`, a `Permute` and a `Reshape`"),
    **dict.fromkeys(("view", "unflatten", "rearrange"), _one("Reshape")),
    **dict.fromkeys(("transpose", "swapaxes"), _one("Permute")),
    **dict.fromkeys(("squeeze", "unsqueeze", "expanddims"), _text("a `Reshape` to the shape that is meant")),
    **dict.fromkeys(("fold", "unfold"), _none("layer for this")),
    "embeddingbag": _text("an `Embedding` and a `GlobalAveragePooling1D`"),
    "rnncell": _one("SimpleRNNCell"),
    "bilstm": _text("`Bidirectional: {layer: {LSTM: UNITS}}`"),
    "bigru": _text("`Bidirectional: {layer: {GRU: UNITS}}`"),
    **dict.fromkeys(("mha", "selfattention", "multiheadselfattention"), _one("MultiHeadAttention")),
    **dict.fromkeys(("noop", "passthrough", "skip"), _one("Identity")),
    **dict.fromkeys(
        ("bilinear", "cosinesimilarity", "pairwisedistance", "adaptivelogsoftmaxwithloss", "blurpool", "blurpool2d"),
        _none("layer for this"),
    ),
    **dict.fromkeys(
        (
            *("transformerencoderlayer", "transformerdecoderlayer", "transformerencoder", "transformer", "patchembed"),
            *("squeezeexcite", "squeezeexcitation", "se", "selayer", "semodule", "cbam", "eca"),
            *("basicblock", "bottleneck", "residualblock", "resblock", "invertedresidual", "denseblock"),
            *("c2f", "c3", "c3k2", "sppf", "spp", "c2psa"),
        ),
        _none("layer for this", _BLOCK),
    ),
    "softmax2d": _text("`Softmax`, which is of the last axis, the channels"),
    "softmin": _none("softmin", "a `Softmax` of the negated scores"),
    "rrelu": _none("ReLU of random slope", "`LeakyReLU` has a fixed one, `PReLU` learns it"),
    "threshold": _text("`ReLU: {threshold: ...}`, or `Activation: threshold`"),
    **dict.fromkeys(("lrelu", "leaky"), _one("LeakyReLU", "its slope is 0.3 unless it is given")),
    "relu6": _text("`ReLU: {max_value: 6}` or `Activation: relu6`"),
    "relun1to1": _text("`Activation: hard_tanh`"),
    "logits": _text("`Dense` without an activation"),
    **dict.fromkeys(
        ("yolo", "region", "detection", "detect"), _none("layer that decodes boxes", "its head is a `Conv2D`")
    ),
    "scale": _text("a `BatchNormalization` takes it in, which Caffe has in two layers"),
    "power": _text("`Rescaling: {scale: ..., offset: ...}`"),
    "reorg3d": _none("layer for this", "a `Reshape`, a `Permute` and a `Reshape`"),
    "input": _text("the shape stands in the key `input` of the spec"),
    "sequential": _text("its layers stand in `layers` one by one, or in a block of their own"),
}

#: Activations, and what is not an activation.
ACTIVATIONS: dict[str, Word] = {
    "lrelu": _one("leaky_relu", "of slope 0.2; another one takes a layer `LeakyReLU`"),
    "leaky": _one("leaky_relu", "of slope 0.2; another one takes a layer `LeakyReLU`"),
    "prelu": _text("`PReLU` has weights: a layer of its own, `- PReLU`, behind this one"),
    "rrelu": _none("ReLU of random slope", "`leaky_relu` has a fixed one"),
    "crelu": _none("ReLU of both signs", "a `Concatenate`"),
    "brelu": _text("`relu6`, or a layer `ReLU` with `max_value`"),
    **dict.fromkeys(("relun", "clippedrelu", "cappedrelu"), _text("`relu6`, or a layer `ReLU` with `max_value`")),
    "relun1to1": _one("hard_tanh"),
    **dict.fromkeys(("thresholdedrelu", "thresholdrelu"), _text("a layer `ReLU` with `threshold`")),
    **dict.fromkeys(("relu2", "relusquared", "squaredrelu"), _none("square of a ReLU")),
    "relu1": _text("a layer `ReLU` with `max_value: 1`"),
    **dict.fromkeys(("hsigmoid", "sigmoidhard"), _one("hard_sigmoid")),
    **dict.fromkeys(("hswish", "swishhard"), _one("hard_silu")),
    **dict.fromkeys(("htanh", "hardtan", "tanhhard"), _one("hard_tanh")),
    **dict.fromkeys(("hmish", "hardmish"), _none("hard mish")),
    **dict.fromkeys(("geluexact", "geluerf"), _one("gelu")),
    **dict.fromkeys(
        ("gelunew", "gelutanh", "quickgelu", "gelufast", "geluapprox", "approximategelu"),
        _one("gelu", "computed exactly"),
    ),
    **dict.fromkeys(("geglu", "swiglu", "reglu"), _none("gate of this kind", "`glu` has a sigmoid for its gate")),
    **dict.fromkeys(("logistic", "sigm", "sig"), _one("sigmoid")),
    **dict.fromkeys(("identity", "none", "id", "noop", "null"), _one("linear")),
    **dict.fromkeys(("exp", "exponent"), _one("exponential")),
    **dict.fromkeys(
        ("softmax2d", "spatialsoftmax"),
        _text("`softmax` is of the last axis; another one takes a layer `Softmax` with `axis`"),
    ),
    **dict.fromkeys(("logsm", "lsm"), _one("log_softmax")),
    **dict.fromkeys(
        ("maxout", "sin", "sine", "siren", "cos", "snake", "erf", "softmin", "isrlu", "isru", "bentidentity"),
        _none("activation of this kind"),
    ),
    **dict.fromkeys(
        ("ramp", "loggy", "relie", "lhtan", "plse", "stair", "normalizechannels"), _none("activation of this kind")
    ),
    **dict.fromkeys(
        ("lisht", "aconc", "metaaconc", "smelu", "phish", "hardelish", "elish"), _none("activation of this kind")
    ),
    "logit": _one("linear"),
    "swish1": _one("silu"),
}

_FUNCTIONS = {folded(one): one for one in FUNCTIONS}

#: Fields, with what they may be called here: the first of them that the layer has.
FIELDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("outchannels", "outplanes", "outchs", "nfilters", "nbfilter", "numfilters", "channels", "numoutput"),
        ("filters", "units"),
    ),
    **dict.fromkeys(
        ("numoutputs", "outfeatures", "outputdimension", "numunits", "nunits", "output"), ("units", "filters")
    ),
    **dict.fromkeys(("hiddensize", "numhidden", "hiddendim"), ("units",)),
    **dict.fromkeys(("kernel", "ksize", "kernelsizes", "kernelshape", "filtersize"), ("kernel_size", "pool_size")),
    **dict.fromkeys(("kernelsize", "poolsize", "window", "windowsize", "size"), ("pool_size", "kernel_size")),
    **dict.fromkeys(("stride", "subsample"), ("strides",)),
    **dict.fromkeys(("dilation", "dilations", "rates", "atrousrate"), ("dilation_rate",)),
    **dict.fromkeys(("numgroups", "group"), ("groups",)),
    **dict.fromkeys(("bias", "hasbias", "biased"), ("use_bias",)),
    "eps": ("epsilon",),
    **dict.fromkeys(("p", "dropprob", "dropoutrate", "dropoutprob", "dropprobability"), ("rate", "dropout")),
    **dict.fromkeys(("dim", "axes", "normalizedshape", "dims"), ("axis", "dims")),
    **dict.fromkeys(("act", "actlayer", "activationfn", "nonlinearity", "activationfunction"), ("activation",)),
    **dict.fromkeys(("scalefactor", "upscalefactor", "factor"), ("size", "scale")),
    **dict.fromkeys(("mode", "interpolationmode"), ("interpolation",)),
    **dict.fromkeys(("numembeddings", "vocabsize"), ("input_dim",)),
    **dict.fromkeys(("embeddingdim", "embeddim", "embeddingsize"), ("output_dim", "key_dim")),
    **dict.fromkeys(("nheads", "nhead", "heads"), ("num_heads",)),
    **dict.fromkeys(("headdim", "headsize", "kdim"), ("key_dim",)),
    "vdim": ("value_dim",),
    "outputpadding": ("output_padding",),
    "bordermode": ("padding",),
    **dict.fromkeys(("shape", "targetsize", "newshape"), ("target_shape",)),
    **dict.fromkeys(("returnseq", "returnsequence"), ("return_sequences",)),
    "returnstates": ("return_state",),
    "outputsize": ("output_size",),
    "leakiness": ("negative_slope",),
    **dict.fromkeys(("slope",), ("negative_slope",)),
    **dict.fromkeys(("format", "dataformats"), ("data_format",)),
}

#: Fields that have nothing to stand for them here, and why.
NO_FIELDS: dict[str, str] = {
    "pad": "`padding: same` for a pad of half the kernel, else a layer `ZeroPadding2D` before this one",
    **dict.fromkeys(("batchnormalize", "batchnorm", "bn", "norm"), "a layer `BatchNormalization` behind this one"),
    **dict.fromkeys(
        ("inchannels", "infeatures", "inplanes", "inchs", "numfeatures", "numchannels", "inputsize", "inputchannels"),
        "leave it out: it follows from the input",
    ),
    **dict.fromkeys(("inplace", "device"), "leave it out: it changes no number"),
    "batchfirst": "leave it out: the batch is always first",
    **dict.fromkeys(("startdim", "enddim"), "leave it out: all axes but the batch become one"),
    "bidirectional": "a layer `Bidirectional` around it",
    "numlayers": "one layer for each, `repeat` writes several",
    "paddingmode": "borders are padded with zeros: another padding takes a layer before",
    "trackrunningstats": "leave it out: moving statistics are always kept",
    **dict.fromkeys(("affine", "elementwiseaffine"), "`center` and `scale`"),
    "ceilmode": "`padding: same` keeps the last window",
    "countincludepad": "leave it out: padding is never counted in a mean",
    "returnindices": "leave it out: pooling gives no indices",
    "aligncorners": "leave it out: corners of pixels are aligned",
    **dict.fromkeys(("nbrow", "nbcol"), "`kernel_size: [rows, columns]`, in the place of both"),
    "numparameters": "leave it out; `shared_axes: [1, 2]` has one slope for each channel of a picture",
    "keepprob": "`rate` is the part that is dropped: 1 less this",
    **dict.fromkeys(
        ("inputshape", "batchinputshape", "inputdim"), "the shape of the input stands in the key `input` of the spec"
    ),
    "weights": "leave it out: a spec holds no weights",
    "alpha": "`negative_slope`, of `LeakyReLU`",
}

#: Values of fields that are a choice of words (padding, data format, interpolation), and dtypes.
VALUES: dict[str, Word] = {
    "nchw": _one("channels_first"),
    "ncw": _one("channels_first"),
    "ncdhw": _one("channels_first"),
    "nhwc": _one("channels_last"),
    "nwc": _one("channels_last"),
    "ndhwc": _one("channels_last"),
    **dict.fromkeys(("th", "theano"), _one("channels_first")),
    **dict.fromkeys(("tf", "tensorflow"), _one("channels_last")),
    "full": _text("a `ZeroPadding` of the kernel less 1 before the layer, and `padding: valid`"),
    **dict.fromkeys(("zeros", "constant"), _text("borders are padded with zeros: `same` or `valid` says by how much")),
    **dict.fromkeys(("reflect", "replicate", "circular", "symmetric"), _none("padding of this kind")),
    **dict.fromkeys(("none", "no"), _one("valid")),
    **dict.fromkeys(("linear", "trilinear"), _one("bilinear")),
    "cubic": _one("bicubic"),
    "area": _none("interpolation of this kind"),
    "nearestexact": _one("nearest"),
}

#: Dtypes and policies.
DTYPES: dict[str, Word] = {
    **dict.fromkeys(("half", "fp16", "f16", "float16t"), _one("float16")),
    **dict.fromkeys(("float", "fp32", "f32", "single"), _one("float32")),
    **dict.fromkeys(("double", "fp64", "f64"), _one("float64")),
    **dict.fromkeys(("bf16", "bfloat", "brain"), _one("bfloat16")),
    **dict.fromkeys(("int", "integer"), _one("int32")),
    "long": _one("int64"),
    "short": _one("int16"),
    **dict.fromkeys(("byte",), _one("uint8")),
    **dict.fromkeys(("mixed", "amp", "mixedprecision", "mixedfp16"), _one("mixed_float16")),
    "mixedbf16": _one("mixed_bfloat16"),
}

_TRAINING = "leave it out: a spec says what a network is, and not how it is trained"

#: Keys at the top of a spec.
KEYS: dict[str, Word] = {
    **dict.fromkeys(("batch", "batchsize"), _text("leave it out: `--batch 32` says what memory is for")),
    "optimizer": _text(f"{_TRAINING}; `--optimizer sgd` says what memory is for"),
    **dict.fromkeys(
        ("loss", "metrics", "epochs", "lr", "learningrate", "scheduler", "seed", "dataset", "data", "compile"),
        _text(_TRAINING),
    ),
    **dict.fromkeys(("inputshape", "inputsize", "inputdim", "imgsize", "imagesize"), _one("input")),
    **dict.fromkeys(("variables", "constants", "parameters", "params"), _one("vars")),
    **dict.fromkeys(("modules", "functions", "macros"), _one("blocks")),
    **dict.fromkeys(("imports", "import"), _one("include")),
    **dict.fromkeys(
        ("model", "network", "net", "architecture"), _text("`input` and `layers` stand at the top of the file")
    ),
    **dict.fromkeys(("backbone", "head", "neck"), _text("all layers stand in one list, `layers`")),
}


def layer(name: str, known: Callable[[str], str | None]) -> Suggestion | None:
    """What a layer of another library is called here. known: Keras's spelling of a name in another case, or None."""
    own = without_module(name, known)
    if own is not None:
        return own
    key = folded(bare(name))
    if key in LAYERS:
        return suggest(name, LAYERS[key])
    if key in _FUNCTIONS:
        return Suggestion(f"it is an activation here: `Activation: {_FUNCTIONS[key]}`", name, None)
    meant = ACTIVATIONS.get(key)
    if meant is not None and meant.own:
        return Suggestion(f"it is an activation here: `Activation: {meant.own}`", name, None)
    return suggest(name, meant or of_loss(key))


def activation(name: str) -> Suggestion | None:
    """What an activation of another library is called here."""
    own = without_module(name, lambda word: _FUNCTIONS.get(folded(word)))
    return own or suggest(name, ACTIVATIONS.get(folded(bare(name))))


def field(name: str, fields: Container[str]) -> Suggestion | None:
    """What a field of another library is called here, in a layer with these fields."""
    return of_field(name, fields, FIELDS, NO_FIELDS)


def value(name: str, words: Container[str]) -> Suggestion | None:
    """What a value of another library is called here, of a field that is a choice of these words."""
    meant = VALUES.get(folded(name))
    return suggest(name, meant) if meant is None or meant.own is None or meant.own in words else None


def dtype(name: str) -> Suggestion | None:
    """What a dtype of another library is called here."""
    return suggest(name, DTYPES.get(folded(bare(name))))


def key(name: str) -> Suggestion | None:
    """What a key of a spec is called that others call so."""
    return suggest(name, KEYS.get(folded(name)))
