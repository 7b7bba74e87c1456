"""A sample call of every layer type: input shapes without the batch axis, and fields."""

from __future__ import annotations

from typing import Any

IMAGE, SEQUENCE, VECTOR, VOLUME = (32, 24, 6), (10, 6), (12,), (8, 7, 6, 4)
BY_AXES = {1: SEQUENCE, 2: IMAGE, 3: VOLUME}
LSTM: dict[str, Any] = {"type": "LSTM", "units": 5}

Sample = tuple[list[tuple[int, ...]], dict[str, Any]]


class Constant(tuple[int, ...]):
    """The shape of an input that has no batch axis: numbers that stand in the file."""

    __slots__ = ()


ONE, ROWS, MATRIX = Constant(), Constant((5,)), (4, 4)

SAMPLES: dict[str, Sample] = {
    "Dense": ([VECTOR], {"units": 7, "activation": "relu"}),
    "EinsumDense": ([SEQUENCE], {"equation": "abc,cd->abd", "output_shape": [None, 7], "bias_axes": "d"}),
    "Embedding": ([(10,)], {"input_dim": 50, "output_dim": 8}),
    "BatchNormalization": ([IMAGE], {}),
    "LayerNormalization": ([SEQUENCE], {}),
    "GroupNormalization": ([IMAGE], {"groups": 3}),
    "RMSNormalization": ([SEQUENCE], {}),
    "UnitNormalization": ([SEQUENCE], {}),
    "Normalization": ([IMAGE], {}),
    "Rescaling": ([IMAGE], {"scale": 0.5, "offset": 1.0}),
    "Activation": ([IMAGE], {"activation": "silu"}),
    "Softmax": ([SEQUENCE], {}),
    "PReLU": ([IMAGE], {"shared_axes": [1, 2]}),
    "Flatten": ([IMAGE], {}),
    "Reshape": ([IMAGE], {"target_shape": [-1, 6]}),
    "Permute": ([SEQUENCE], {"dims": [2, 1]}),
    "RepeatVector": ([VECTOR], {"n": 4}),
    "UpSampling1D": ([SEQUENCE], {"size": 3}),
    "UpSampling2D": ([IMAGE], {"interpolation": "bilinear"}),
    "UpSampling3D": ([VOLUME], {}),
    "Resizing": ([IMAGE], {"height": 5, "width": 4}),
    "CenterCrop": ([IMAGE], {"height": 5, "width": 4}),
    "Subtract": ([IMAGE, IMAGE], {}),
    "Multiply": ([IMAGE, (1, 1, 6)], {}),
    "Concatenate": ([IMAGE, (32, 24, 2)], {}),
    "Dot": ([SEQUENCE, (9, 6)], {"axes": 2}),
    "GaussianNoise": ([IMAGE], {"stddev": 0.1}),
    "ActivityRegularization": ([IMAGE], {"l1": 0.1}),
    "LayerScale": ([IMAGE], {"init_values": 1e-6, "projection_dim": 6}),
    "CustomScaleLayer": ([IMAGE, IMAGE], {"scale": 0.1}),
    "StochasticDepth": ([IMAGE], {"drop_path_rate": 0.1}),
    "MultiHeadAttention": ([SEQUENCE, (12, 8)], {"num_heads": 2, "key_dim": 5}),
    "GroupedQueryAttention": (
        [SEQUENCE, (12, 6)],
        {"head_dim": 5, "num_query_heads": 4, "num_key_value_heads": 2},
    ),
    "Attention": ([SEQUENCE, (12, 6)], {"use_scale": True}),
    "AdditiveAttention": ([SEQUENCE, (12, 6)], {}),
    "TimeDistributed": ([(10, *IMAGE)], {"layer": {"type": "Conv2D", "filters": 3, "kernel_size": 2}}),
    "Bidirectional": ([SEQUENCE], {"layer": LSTM}),
    "SpectralNormalization": ([IMAGE], {"layer": {"type": "Conv2D", "filters": 3, "kernel_size": 2}}),
    "RNN": ([SEQUENCE], {"cell": {"type": "LSTMCell", "units": 5}, "return_sequences": True}),
    "StackedRNNCells": ([VECTOR], {"cells": [{"type": "GRUCell", "units": 5}, {"type": "SimpleRNNCell", "units": 4}]}),
    **dict.fromkeys(("SimpleRNNCell", "LSTMCell", "GRUCell"), ([VECTOR], {"units": 5})),
    **{
        f"ConvLSTM{axes}D": ([(5, *BY_AXES[axes])], {"filters": 4, "kernel_size": 3, "padding": "same"})
        for axes in (1, 2, 3)
    },
    "Masking": ([SEQUENCE], {}),
    "ReversibleEmbedding": ([(10, 8)], {"input_dim": 50, "output_dim": 8, "reverse": True}),
    "CategoryEncoding": ([VECTOR], {"num_tokens": 7}),
    "Discretization": ([VECTOR], {"num_bins": 4}),
    "Hashing": ([VECTOR], {"num_bins": 9, "output_mode": "one_hot"}),
    "HashedCrossing": ([(1,), (1,)], {"num_bins": 9}),
    **dict.fromkeys(
        ("IntegerLookup", "StringLookup"),
        ([VECTOR], {"max_tokens": 20, "pad_to_max_tokens": True, "output_mode": "multi_hot"}),
    ),
    "TextVectorization": ([(1,)], {"output_sequence_length": 12}),
    "ThresholdedReLU": ([IMAGE], {}),
    **dict.fromkeys(("CuDNNLSTM", "CuDNNGRU"), ([SEQUENCE], {"units": 5, "return_sequences": True})),
    "LocallyConnected1D": ([SEQUENCE], {"filters": 4, "kernel_size": 3}),
    "LocallyConnected2D": ([IMAGE], {"filters": 4, "kernel_size": 3, "strides": 2}),
    "RandomFourierFeatures": ([VECTOR], {"output_dim": 7}),
    **dict.fromkeys(("RandomHeight", "RandomWidth"), ([IMAGE], {"factor": [-0.25, 0.5], "interpolation": "area"})),
    **dict.fromkeys(("RandomBrightness", "RandomRotation"), ([IMAGE], {"factor": [-0.25, 0.5], "seed": 7})),
    **dict.fromkeys(("RandomColorDegeneration", "RandomContrast", "RandomHue"), ([IMAGE], {"factor": 0.25})),
    **dict.fromkeys(("RandomSaturation", "RandomSharpness"), ([IMAGE], {"factor": 0.25, "value_range": [0, 1]})),
    "RandomPosterization": ([IMAGE], {"factor": 4}),
    "RandomTranslation": ([IMAGE], {"height_factor": 0.25, "width_factor": [-0.5, 0.25], "fill_mode": "wrap"}),
    "RandomZoom": ([IMAGE], {"height_factor": -0.25, "interpolation": "nearest"}),
    "RandomCrop": ([IMAGE], {"height": 5, "width": 4}),
    "Pipeline": ([IMAGE], {"layers": [{"type": "RandomFlip"}, {"type": "Rescaling", "scale": 0.5}]}),
    "MaxNumBoundingBoxes": ([(9, 4)], {"max_number": 5}),
    "STFTSpectrogram": ([(400, 2)], {"frame_length": 64}),
    "MelSpectrogram": ([(16000,)], {"fft_length": 64}),
    "GetItem": ([IMAGE], {"key": [{"start": None, "stop": None, "step": None}, {"start": 1, "stop": None, "step": 2}]}),
    "TakeAlongAxis": ([SEQUENCE, (3, 6)], {"axis": 1}),
    "Tile": ([SEQUENCE], {"repeats": [1, 2, 3]}),
    "Moveaxis": ([IMAGE], {"source": 1, "destination": 3}),
    "Unstack": ([(3, 6)], {"axis": 1}),
    "OneHot": ([(10,)], {"num_classes": 5}),
    "MultiHot": ([(10,)], {"num_classes": 5}),
    "TopK": ([VECTOR], {"k": 3}),
    "Diff": ([SEQUENCE], {"axis": 1}),
    "Diagonal": ([(4, 6)], {"axis1": 1, "axis2": 2}),
    "DepthToSpace": ([(4, 4, 8)], {"block_size": 2}),
    "SpaceToDepth": ([(4, 6, 8)], {"block_size": 2}),
    "Einsum": ([SEQUENCE, (6, 9)], {"subscripts": "bij,bjk->bik"}),
    "Hstack": ([SEQUENCE, (4, 6)], {}),
    "Vstack": ([SEQUENCE, SEQUENCE], {}),
    "MaxPool": ([IMAGE], {"pool_size": 2}),
    "AveragePool": ([IMAGE], {"pool_size": 2}),
    "Resize": ([IMAGE], {"size": [5, 4]}),
    "ExtractPatches": ([IMAGE], {"size": [2, 3]}),
    "PadImages": ([IMAGE], {"top_padding": 1, "left_padding": 2, "bottom_padding": 1, "right_padding": 0}),
    "CropImages": ([IMAGE], {"top_cropping": 1, "left_cropping": 2, "bottom_cropping": 1, "right_cropping": 0}),
    "DotProductAttention": ([(7, 2, 4), (9, 2, 4), (9, 2, 4)], {}),
    "LayerNorm": ([SEQUENCE], {}),
    "RMSNorm": ([SEQUENCE], {}),
    "Norm": ([SEQUENCE], {"axis": -1}),
    "Moments": ([IMAGE], {"axes": [1, 2]}),
    "Where": ([IMAGE, IMAGE, IMAGE], {}),
    "Cast": ([IMAGE], {"dtype": "float16"}),
    "keras.src.ops.numpy.Reshape": ([IMAGE], {"newshape": [-1, 768, 6]}),
    "keras.src.ops.numpy.Concatenate": ([IMAGE, (32, 24, 2)], {"axis": -1}),
    "Transpose": ([SEQUENCE], {"axes": [0, 2, 1]}),
    "Swapaxes": ([SEQUENCE], {"axis1": 1, "axis2": 2}),
    "ExpandDims": ([SEQUENCE], {"axis": 1}),
    "Squeeze": ([(10, 1)], {"axis": 2}),
    "Stack": ([IMAGE, IMAGE], {"axis": 1}),
    "Split": ([IMAGE], {"indices_or_sections": 3, "axis": -1}),
    "Pad": ([SEQUENCE], {"pad_width": [[0, 0], [1, 2], [0, 0]]}),
    "Repeat": ([SEQUENCE], {"repeats": 3, "axis": 1}),
    "Matmul": ([SEQUENCE, (6, 9)], {}),
    **dict.fromkeys(("Quantile", "Percentile", "Nanquantile", "Nanpercentile"), ([IMAGE, ONE], {"axis": 1})),
    "Trapezoid": ([IMAGE], {"axis": 1}),
    "Trace": ([(4, 6, 3)], {"axis1": 1, "axis2": 2, "offset": 1}),
    "Digitize": ([IMAGE, ROWS], {}),
    "IsIn": ([IMAGE, ROWS], {}),
    "Append": ([SEQUENCE, (4, 6)], {"axis": 1}),
    "Dstack": ([SEQUENCE, (10, 2)], {}),
    "Hsplit": ([SEQUENCE], {"indices_or_sections": 2}),
    "Dsplit": ([SEQUENCE], {"indices_or_sections": [1, 4]}),
    "ArraySplit": ([SEQUENCE], {"indices_or_sections": 3, "axis": 1}),
    "Take": ([SEQUENCE, ROWS], {"axis": 1}),
    "Rot90": ([SEQUENCE], {"axes": [1, 2]}),
    "Slice": ([SEQUENCE, ROWS], {"shape": [1, 4, 3]}),
    "SliceUpdate": ([SEQUENCE, ROWS, (4, 6)], {}),
    "ConvertToTensor": ([SEQUENCE], {"dtype": "float16"}),
    "Cross": ([(10, 3), (10, 3)], {}),
    "keras.src.ops.numpy.Dot": ([SEQUENCE, Constant((6, 9))], {}),
    "keras.src.ops.numpy.Average": ([IMAGE], {"axis": 1}),
    **dict.fromkeys(("Cholesky", "CholeskyInverse", "Inv", "Det", "Logdet", "Eigh", "SVD"), ([MATRIX], {})),
    **dict.fromkeys(("Solve", "SolveTriangular"), ([MATRIX, (4, 2)], {})),
    "Qr": ([(5, 3)], {}),
    **dict.fromkeys(("FFT", "FFT2", "IFFT2"), ([SEQUENCE, SEQUENCE], {})),
    "RFFT": ([SEQUENCE], {}),
    "IRFFT": ([SEQUENCE, SEQUENCE], {}),
    "ExtractSequences": ([(20,)], {"sequence_length": 5, "sequence_stride": 2}),
    "CDist": ([SEQUENCE, (7, 6)], {}),
    "InTopK": ([(), VECTOR], {"k": 2}),
    "BinaryCrossentropy": ([VECTOR, VECTOR], {}),
    "CategoricalCrossentropy": ([VECTOR, VECTOR], {}),
    "BatchNorm": ([IMAGE, Constant((6,)), Constant((6,))], {"axis": -1}),
    "Unfold": ([(3, 12, 9)], {"kernel_size": [3, 2], "padding": 1}),
    "AffineTransform": ([IMAGE, (8,)], {}),
    "PerspectiveTransform": ([IMAGE, (4, 2), (4, 2)], {}),
    "GaussianBlur": ([IMAGE], {"kernel_size": [3, 5]}),
    **dict.fromkeys(("Cumsum", "Cumprod", "Nancumsum", "Nancumprod"), ([IMAGE], {"axis": 1})),
    **dict.fromkeys(("Add", "Average", "Maximum", "Minimum"), ([IMAGE, IMAGE, IMAGE], {})),
    **dict.fromkeys(("Dropout", "AlphaDropout", "GaussianDropout"), ([IMAGE], {"rate": 0.5})),
    **{f"SpatialDropout{axes}D": ([BY_AXES[axes]], {"rate": 0.5}) for axes in (1, 2, 3)},
    **dict.fromkeys(("SimpleRNN", "LSTM", "GRU"), ([SEQUENCE], {"units": 5, "return_sequences": True})),
    **{
        f"Conv{axes}D{what}": ([BY_AXES[axes]], {"filters": 5, "kernel_size": 3, "strides": 2, "activation": "relu"})
        for axes in (1, 2, 3)
        for what in ("", "Transpose")
    },
    **{
        f"{kind}Conv{axes}D": ([BY_AXES[axes]], {"kernel_size": 3, "padding": "same", **more})
        for axes in (1, 2)
        for kind, more in (("Depthwise", {"depth_multiplier": 2}), ("Separable", {"filters": 5}))
    },
    **{
        f"{kind}Pooling{axes}D": ([BY_AXES[axes]], {"pool_size": 2})
        for axes in (1, 2, 3)
        for kind in ("Max", "Average")
    },
    **{
        f"Adaptive{kind}Pooling{axes}D": ([BY_AXES[axes]], {"output_size": 2})
        for axes in (1, 2, 3)
        for kind in ("Max", "Average")
    },
    **{f"{kind}{axes}D": ([BY_AXES[axes]], {}) for axes in (1, 2, 3) for kind in ("ZeroPadding", "Cropping")},
    **dict.fromkeys(
        (
            *("All", "Amax", "Amin", "Any", "Max", "Mean", "Min", "Prod", "Std", "Sum", "Var", "Logsumexp"),
            *("Argmax", "Argmin", "Median", "Nanmax", "Nanmean", "Nanmin", "Nansum", "Ptp"),
            *("CountNonzero", "Nanargmax", "Nanargmin", "Nanmedian", "Nanprod", "Nanstd", "Nanvar"),
        ),
        ([IMAGE], {"axis": 1, "keepdims": True}),
    ),
}

#: Types that need no fields, on one image: activations, operations on every element, global pooling.
PLAIN = (
    *("Abs", "Arccos", "Arccosh", "Arcsin", "Arcsinh", "Arctanh", "BitwiseInvert", "BitwiseNot", "Cbrt", "Deg2rad"),
    *("I0", "Isneginf", "Isposinf", "Isreal", "NanToNum", "Rad2deg", "Signbit", "Sinc", "Erfinv", "Glu", "Sort"),
    *("Argsort", "Tril", "Triu", "Fliplr", "FullLike", "EmptyLike", "RGBToGrayscale"),
    *("Identity", "ReLU", "LeakyReLU", "ELU", "Absolute", "Arctan", "Ceil", "Clip", "Copy", "Cos", "Cosh", "Exp"),
    *("Exp2", "Expm1", "Floor", "Isfinite", "Isinf", "Isnan", "Log", "Log10", "Log1p", "Log2", "LogicalNot"),
    *("Negative", "OnesLike", "Reciprocal", "Round", "Sign", "Sin", "Sinh", "Sqrt", "Square", "Tan", "Tanh", "Trunc"),
    *("ZerosLike", "Rsqrt", "Erf", "Erfc", "Celu", "Elu", "HardShrink", "HardSigmoid", "HardSilu", "HardTanh"),
    *("LeakyRelu", "LogSigmoid", "Relu", "Relu6", "Selu", "Sigmoid", "Silu", "SoftShrink", "Softplus", "Softsign"),
    *("SparsePlus", "SparseSigmoid", "Squareplus", "TanhShrink", "Threshold", "LogSoftmax", "Sparsemax", "Mish"),
    *("AugMix", "CutMix", "MixUp", "RandAugment", "RandomColorJitter", "RandomElasticTransform", "RandomErasing"),
    *("RandomFlip", "RandomGaussianBlur", "RandomGrayscale", "RandomInvert", "RandomPerspective", "RandomShear"),
    *("Solarization", "AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization", "Equalization"),
    *("StopGradient", "Gelu", "Normalize", "Flip", "Roll", "Angle", "Conj"),
    *("Conjugate", "Fabs", "Real", "RGBToHSV", "HSVToRGB", "ElasticTransform"),
)
#: Operations on two images.
PAIRS = (
    *("BitwiseAnd", "BitwiseOr", "BitwiseXor", "Fmax", "Fmin", "Fmod", "Heaviside", "Hypot", "Logaddexp2"),
    *("keras.src.ops.numpy.Add", "Arctan2", "Divide", "DivideNoNan", "Equal", "FloorDivide", "Greater"),
    *("GreaterEqual", "Less", "LessEqual", "Logaddexp", "LogicalAnd", "LogicalOr", "LogicalXor"),
    *("keras.src.ops.numpy.Maximum", "keras.src.ops.numpy.Minimum", "Mod", "keras.src.ops.numpy.Multiply"),
    *("NotEqual", "Power", "keras.src.ops.numpy.Subtract", "TrueDivide"),
    *("BitwiseLeftShift", "BitwiseRightShift", "Gcd", "Lcm", "Ldexp", "LeftShift", "Nextafter", "RightShift"),
)
SAMPLES |= dict.fromkeys(PLAIN, ([IMAGE], {}))
SAMPLES |= dict.fromkeys(PAIRS, ([IMAGE, IMAGE], {}))
SAMPLES |= {f"Global{kind}Pooling{axes}D": ([BY_AXES[axes]], {}) for axes in (1, 2, 3) for kind in ("Max", "Average")}
