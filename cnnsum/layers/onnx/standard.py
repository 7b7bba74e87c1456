"""What the standard says of its operations beside what they compute: which versions have them, and which dtypes go
together.

The table is made from the `onnx` package; nothing else here knows an operation by its name. What a version narrows is
not in it: inputs may be what they may be in the newest version that has the operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

#: The letters that the table has for kinds of dtypes.
_KINDS = {
    "f": "floating-point",
    "i": "of whole numbers",
    "b": "bool",
    "s": "string",
    "c": "complex",
    "o": "no tensor",
}


@cache
def _since() -> dict[str, int]:
    return {name: version for version, names in _SINCE.items() for name in names.split()}


def not_in(name: str, version: int) -> str:
    """Why that version of the operations has none of this name; "" where it has, or the name is not the standard's.

    >>> not_in("Gelu", 13), not_in("Upsample", 10), not_in("Relu", 13)
    ('it came with version 20', 'version 10 took it out', '')
    """
    since, until = _since().get(name, 0), _UNTIL.get(name)
    if version < since:
        return f"it came with version {since}"
    return f"version {until} took it out" if until is not None and version >= until else ""


def mistaken_dtypes(name: str, dtypes: Sequence[str]) -> str:
    """What is wrong with the dtypes of the inputs of an operation; "" where nothing is. "?" and "" may be any.

    >>> mistaken_dtypes("Conv", ("int64", "float32"))
    'input 0 is int64 and must be floating-point'
    >>> mistaken_dtypes("Add", ("float32", "int64"))
    'inputs 0 and 1 must be of one dtype, and are float32 and int64'
    >>> mistaken_dtypes("Add", ("?", "int64"))
    ''
    """
    wanted = _INPUTS.get(name, "").split()
    first: dict[str, int] = {}
    for at, dtype in enumerate(dtypes):
        if at >= len(wanted) and not (wanted and wanted[-1].endswith("+")):
            break
        families, _, variable = wanted[min(at, len(wanted) - 1)].rstrip("+").partition(":")
        if dtype in ("", "?"):
            continue
        if _kind(dtype) not in families:
            return f"input {at} is {dtype} and must be {' or '.join(_KINDS[one] for one in families)}"
        if variable:
            before = first.setdefault(variable, at)
            if dtypes[before] != dtype:
                return f"inputs {before} and {at} must be of one dtype, and are {dtypes[before]} and {dtype}"
    return ""


def _kind(dtype: str) -> str:
    return "f" if "float" in dtype else "i" if "int" in dtype else dtype[0]


# --- made by bench/onnx/standard_table.py

NEWEST = 28

_SINCE = {
    1: (
        "Abs Add And ArgMax ArgMin AveragePool BatchNormalization Cast Ceil Clip Concat Constant Conv "
        "ConvTranspose DepthToSpace Div Dropout Elu Equal Exp Flatten Floor GRU Gather Gemm GlobalAveragePool "
        "GlobalLpPool GlobalMaxPool Greater HardSigmoid Hardmax Identity If InstanceNormalization LRN LSTM "
        "LeakyRelu Less Log LogSoftmax Loop LpNormalization LpPool MatMul Max MaxPool MaxRoiPool Mean Min Mul "
        "Neg Not Or PRelu Pad Pow RNN RandomNormal RandomNormalLike RandomUniform RandomUniformLike "
        "Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd "
        "ReduceSum ReduceSumSquare Relu Reshape Selu Shape Sigmoid Size Slice Softmax Softplus Softsign "
        "SpaceToDepth Split Sqrt Squeeze Sub Sum Tanh Tile TopK Transpose Unsqueeze Upsample Xor"
    ),
    7: "Acos Asin Atan Cos Multinomial Sin Tan",
    8: "Expand Scan",
    9: (
        "Acosh Asinh Atanh Compress ConstantOfShape Cosh Erf EyeLike IsNaN MaxUnpool "
        "MeanVarianceNormalization NonZero OneHot Scatter Shrink Sign Sinh TfIdfVectorizer Where"
    ),
    10: (
        "ConvInteger DequantizeLinear IsInf MatMulInteger Mod NonMaxSuppression QLinearConv QLinearMatMul "
        "QuantizeLinear Resize ReverseSequence RoiAlign StringNormalizer ThresholdedRelu"
    ),
    11: (
        "BitShift ConcatFromSequence CumSum Det DynamicQuantizeLinear GatherElements GatherND Range Round "
        "ScatterElements ScatterND SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert "
        "SequenceLength SplitToSequence Unique"
    ),
    12: "Celu Einsum GreaterOrEqual LessOrEqual NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss",
    14: "HardSwish Trilu",
    15: "Bernoulli CastLike Optional OptionalGetElement OptionalHasElement",
    16: "GridSample",
    17: "BlackmanWindow DFT HammingWindow HannWindow LayerNormalization MelWeightMatrix STFT SequenceMap",
    18: "BitwiseAnd BitwiseNot BitwiseOr BitwiseXor CenterCropPad Col2Im Mish",
    19: "DeformConv",
    20: "AffineGrid Gelu ImageDecoder RegexFullMatch StringConcat StringSplit",
    21: "GroupNormalization",
    23: "Attention RMSNormalization RotaryEmbedding",
    24: "Swish TensorScatter",
    26: "BitCast CumProd",
    27: "CausalConvWithState LinearAttention",
    28: "SwiGLU",
}

_UNTIL = {"Scatter": 11, "Upsample": 10}

_INPUTS = {
    "Abs": "fi",
    "Acos": "f",
    "Acosh": "f",
    "Add": "fi:T fi:T",
    "AffineGrid": "f i",
    "And": "b:T b:T",
    "ArgMax": "fi",
    "ArgMin": "fi",
    "Asin": "f",
    "Asinh": "f",
    "Atan": "f",
    "Atanh": "f",
    "Attention": "f:T1 f:T1 f:T2 bfi f:T1 f:T2 i",
    "AveragePool": "f",
    "BatchNormalization": "f f:T1 f:T1 f:T2 f:T2",
    "Bernoulli": "f",
    "BitCast": "bcfi",
    "BitShift": "i:T i:T",
    "BitwiseAnd": "i:T i:T",
    "BitwiseNot": "i",
    "BitwiseOr": "i:T i:T",
    "BitwiseXor": "i:T i:T",
    "BlackmanWindow": "i",
    "Cast": "bfis",
    "CastLike": "bfis bfis",
    "CausalConvWithState": "f:T f:T f:T f:T",
    "Ceil": "f",
    "Celu": "f",
    "CenterCropPad": "bcfis i",
    "Clip": "fi:T fi:T fi:T",
    "Col2Im": "bcfis i i",
    "Compress": "bcfis b",
    "Concat": "bcfis:T+",
    "ConcatFromSequence": "o",
    "ConstantOfShape": "i",
    "Conv": "f:T f:T f:T",
    "ConvInteger": "i:T1 i:T2 i:T1 i:T2",
    "ConvTranspose": "f:T f:T f:T",
    "Cos": "f",
    "Cosh": "f",
    "CumProd": "fi i",
    "CumSum": "fi i",
    "DFT": "f i i",
    "DeformConv": "f:T f:T f:T f:T f:T",
    "DepthToSpace": "bcfis",
    "DequantizeLinear": "fi:T1 f fi:T1",
    "Det": "f",
    "Div": "fi:T fi:T",
    "Dropout": "f f b",
    "DynamicQuantizeLinear": "f",
    "Einsum": "fi:T+",
    "Elu": "f",
    "Equal": "bfis:T bfis:T",
    "Erf": "f",
    "Exp": "f",
    "Expand": "bcfis i",
    "EyeLike": "bfi",
    "Flatten": "bcfis",
    "Floor": "f",
    "GRU": "f:T f:T f:T f:T i f:T",
    "Gather": "bcfis i",
    "GatherElements": "bcfis i",
    "GatherND": "bcfis i",
    "Gelu": "f",
    "Gemm": "fi:T fi:T fi:T",
    "GlobalAveragePool": "f",
    "GlobalLpPool": "f",
    "GlobalMaxPool": "f",
    "Greater": "fi:T fi:T",
    "GreaterOrEqual": "fi:T fi:T",
    "GridSample": "bcfis f",
    "GroupNormalization": "f:T f:T f:T",
    "HammingWindow": "i",
    "HannWindow": "i",
    "HardSigmoid": "f",
    "HardSwish": "f",
    "Hardmax": "f",
    "Identity": "bcfios",
    "If": "b",
    "ImageDecoder": "i",
    "InstanceNormalization": "f:T f:T f:T",
    "IsInf": "f",
    "IsNaN": "f",
    "LRN": "f",
    "LSTM": "f:T f:T f:T f:T i f:T f:T f:T",
    "LayerNormalization": "f:T f:T f:T",
    "LeakyRelu": "f",
    "Less": "fi:T fi:T",
    "LessOrEqual": "fi:T fi:T",
    "LinearAttention": "f:T f:T f:T f f:T f:T",
    "Log": "f",
    "LogSoftmax": "f",
    "Loop": "i b",
    "LpNormalization": "f",
    "LpPool": "f",
    "MatMul": "fi:T fi:T",
    "MatMulInteger": "i:T1 i:T2 i:T1 i:T2",
    "Max": "fi:T+",
    "MaxPool": "fi",
    "MaxRoiPool": "f:T f:T",
    "MaxUnpool": "f i:T2 i:T2",
    "Mean": "f:T+",
    "MeanVarianceNormalization": "f",
    "MelWeightMatrix": "i:T1 i:T1 i:T1 f:T2 f:T2",
    "Min": "fi:T+",
    "Mish": "f",
    "Mod": "fi:T fi:T",
    "Mul": "fi:T fi:T",
    "Multinomial": "f",
    "Neg": "fi",
    "NegativeLogLikelihoodLoss": "f:T i f:T",
    "NonMaxSuppression": "f f i f f",
    "NonZero": "bcfis",
    "Not": "b",
    "OneHot": "fi fi bcfis",
    "Optional": "bcfios",
    "OptionalGetElement": "bcfios",
    "OptionalHasElement": "bcfios",
    "Or": "b:T b:T",
    "PRelu": "fi:T fi:T",
    "Pad": "bcfis:T i bcfis:T i",
    "Pow": "fi fi",
    "QLinearConv": "i:T1 f i:T1 i:T2 f i:T2 f i i",
    "QLinearMatMul": "fi:T1 f:TS fi:T1 fi:T2 f:TS fi:T2 f:TS fi",
    "QuantizeLinear": "fi fi fi",
    "RMSNormalization": "f f",
    "RNN": "f:T f:T f:T f:T i f:T",
    "RandomNormalLike": "bcfis",
    "RandomUniformLike": "bcfis",
    "Range": "fi:T fi:T fi:T",
    "Reciprocal": "f",
    "ReduceL1": "fi i",
    "ReduceL2": "fi i",
    "ReduceLogSum": "f i",
    "ReduceLogSumExp": "f i",
    "ReduceMax": "bfi i",
    "ReduceMean": "fi i",
    "ReduceMin": "bfi i",
    "ReduceProd": "fi i",
    "ReduceSum": "fi i",
    "ReduceSumSquare": "fi i",
    "RegexFullMatch": "s",
    "Relu": "fi",
    "Reshape": "bcfis i",
    "Resize": "bcfis f f i",
    "ReverseSequence": "bcfis i",
    "RoiAlign": "f:T1 f:T1 i",
    "RotaryEmbedding": "f:T f:T f:T i",
    "Round": "f",
    "STFT": "f:T1 i:T2 f:T1 i:T2",
    "Scatter": "bcfis:T i bcfis:T",
    "ScatterElements": "bcfis:T i bcfis:T",
    "ScatterND": "bcfis:T i bcfis:T",
    "Selu": "f",
    "SequenceAt": "o i",
    "SequenceConstruct": "bcfis:T+",
    "SequenceErase": "o i",
    "SequenceInsert": "o bcfis i",
    "SequenceLength": "o",
    "SequenceMap": "o",
    "Shape": "bcfis",
    "Shrink": "fi",
    "Sigmoid": "f",
    "Sign": "fi",
    "Sin": "f",
    "Sinh": "f",
    "Size": "bcfis",
    "Slice": "bcfis i:Tind i:Tind i:Tind i:Tind",
    "Softmax": "f",
    "SoftmaxCrossEntropyLoss": "f:T i f:T",
    "Softplus": "f",
    "Softsign": "f",
    "SpaceToDepth": "bcfis",
    "Split": "bcfis i",
    "SplitToSequence": "bcfis i",
    "Sqrt": "f",
    "Squeeze": "bcfis i",
    "StringConcat": "s:T s:T",
    "StringNormalizer": "s",
    "StringSplit": "s",
    "Sub": "fi:T fi:T",
    "Sum": "f:T+",
    "SwiGLU": "f:T f:T",
    "Swish": "f",
    "Tan": "f",
    "Tanh": "f",
    "TensorScatter": "bcfis:T bcfis:T i",
    "TfIdfVectorizer": "is",
    "ThresholdedRelu": "f",
    "Tile": "bcfis i",
    "TopK": "fi i",
    "Transpose": "bcfis",
    "Trilu": "bcfis i",
    "Unique": "bcfis",
    "Unsqueeze": "bcfis i",
    "Upsample": "bcfis f",
    "Where": "b bcfis:T bcfis:T",
    "Xor": "b:T b:T",
}
