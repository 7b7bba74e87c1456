"""What files of Keras 2 write in another way than those of Keras 3: calls, names and fields.

Turns each into what Keras 3 has in its place; resolves nothing. HDF5 files of Keras 3 are a mixture of both.
"""

from __future__ import annotations

from cnnsum.diagnostics import Span
from cnnsum.graph.model import Constant, Place
from cnnsum.layers.base import find
from cnnsum.readers.keras.calls import Arguments, Path, Reference, Tensors, constant_shape
from cnnsum.typed import Any

#: Fields of Keras 2 (and of its layers in TensorFlow and TF.js) that change neither shapes nor weights.
RETIRED = frozenset(
    (
        *("batch_input_shape", "input_dtype", "input_shape", "input_length", "batch_size"),
        *("implementation", "time_major", "ragged", "sparse", "dynamic", "experimental_autocast"),
        *("virtual_batch_size", "adjustment", "fused", "momentum_initializer"),
        *("query_shape", "key_shape", "value_shape", "causal", "noise_seed", "zero_output_for_mask"),
        *("fast_memory", "return_seq", "weights", "optional"),
    )
)

#: Layers whose name changed.
RENAMED = {
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "SyncBatchNormalization": "BatchNormalization",
    "LSTMV2": "LSTM",
    "GRUV2": "GRU",
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "TimeDistributedDense": "Dense",
    "Deconvolution2D": "Conv2DTranspose",
    "Deconvolution3D": "Conv3DTranspose",
}

#: Fields whose name changed, by layer.
_FIELDS = {
    "LeakyReLU": {"alpha": "negative_slope"},
    "Dropout": {"p": "rate"},
    "GaussianNoise": {"sigma": "stddev"},
}

#: Fields whose default changed, with the one that Keras 2 had where a file leaves them out.
_DEFAULTS: dict[str, dict[str, object]] = {"GRU": {"reset_after": False}}

#: Layers of Keras 1, under the names of Keras 2 and those that are left; other classes may have such fields for
#: themselves.
_CLASSES_OF_KERAS_1 = frozenset(
    (
        *("Dense", "Activation", "Dropout", "Flatten", "Reshape", "Permute", "RepeatVector", "Masking", "Embedding"),
        *("SimpleRNN", "LSTM", "GRU", "BatchNormalization", "GaussianNoise", "GaussianDropout", "SpatialDropout1D"),
        *("SpatialDropout2D", "SpatialDropout3D", "LeakyReLU", "PReLU", "ELU", "ThresholdedReLU", "TimeDistributed"),
        *("Bidirectional", "Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "Conv3DTranspose", "SeparableConv2D"),
        *("Convolution1D", "Convolution2D", "Convolution3D", "SeparableConvolution2D", "LocallyConnected1D"),
        *("LocallyConnected2D", "UpSampling1D", "UpSampling2D", "UpSampling3D", "ZeroPadding1D", "ZeroPadding2D"),
        *("ZeroPadding3D", "Cropping1D", "Cropping2D", "Cropping3D"),
        *[f"{which}Pooling{axes}D" for which in ("Max", "Average", "GlobalMax", "GlobalAverage") for axes in (1, 2, 3)],
    )
)
#: Fields of Keras 1, and what they are called since.
_OF_KERAS_1 = {
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "border_mode": "padding",
    "subsample": "strides",
    "subsample_length": "strides",
    "atrous_rate": "dilation_rate",
    "bias": "use_bias",
    "dim_ordering": "data_format",
    "pool_length": "pool_size",
    "stride": "strides",
    "length": "size",
    "p": "rate",
    "sigma": "stddev",
    "inner_activation": "recurrent_activation",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
}
#: Those that say how weights begin and are kept small, and how the backend computes.
_DROPPED = frozenset(
    (
        *("init", "inner_init", "forget_bias_init", "beta_init", "gamma_init", "consume_less", "output_shape"),
        *("input_dim", "mode_type"),
        *("W_regularizer", "b_regularizer", "U_regularizer", "beta_regularizer", "gamma_regularizer"),
        *("W_constraint", "b_constraint", "U_constraint", "mode"),
    )
)
#: The sizes of a kernel, axis by axis.
_KERNEL = ("nb_row", "nb_col", "kernel_dim1", "kernel_dim2", "kernel_dim3")
_ORDERINGS = {"th": "channels_first", "tf": "channels_last"}
#: The layers of Keras 2 that were one, `Merge`, by its `mode`.
_MERGES = {
    "sum": "Add",
    "mul": "Multiply",
    "ave": "Average",
    "max": "Maximum",
    "concat": "Concatenate",
    "dot": "Dot",
    "cos": "Dot",
}

#: Operations that Keras 2 writes as a `TFOpLambda` layer, by what the layer calls, and the operation of Keras 3.
_MODULES = tuple(f"keras.src.ops.{name}" for name in ("numpy", "nn", "core", "math", "image", "einops"))
_NUMPY, _NN, _CORE, _MATH = (f"keras.src.ops.{name}" for name in ("numpy", "nn", "core", "math"))
_OPERATIONS = {
    **{
        function: f"{_NUMPY}.{name}"
        for names, name in (
            (("__operators__.add", "math.add", "add", "math.add_v2", "add_v2"), "Add"),
            (("__operators__.subtract", "math.subtract", "subtract", "__operators__.sub"), "Subtract"),
            (("__operators__.multiply", "math.multiply", "multiply", "__operators__.mul"), "Multiply"),
            (("__operators__.truediv", "math.truediv", "math.divide", "realdiv", "compat.v1.div"), "TrueDivide"),
            (("__operators__.floordiv", "math.floordiv"), "FloorDivide"),
            (("__operators__.pow", "math.pow"), "Power"),
            (("__operators__.neg", "math.negative"), "Negative"),
            (("math.maximum", "maximum"), "Maximum"),
            (("math.minimum", "minimum"), "Minimum"),
            (("math.abs", "abs"), "Absolute"),
            (("math.exp", "exp"), "Exp"),
            (("math.log",), "Log"),
            (("math.sqrt", "sqrt"), "Sqrt"),
            (("math.square", "square"), "Square"),
            (("math.tanh", "nn.tanh", "tanh"), "Tanh"),
            (("math.reduce_mean", "reduce_mean", "keras.backend.mean"), "Mean"),
            (("math.reduce_sum", "reduce_sum", "keras.backend.sum"), "Sum"),
            (("math.reduce_max", "reduce_max", "keras.backend.max"), "Max"),
            (("math.reduce_min", "reduce_min"), "Min"),
            (("math.argmax", "argmax"), "Argmax"),
            (("math.argmin", "argmin"), "Argmin"),
            (("math.reduce_prod", "reduce_prod"), "Prod"),
            (("math.reduce_std",), "Std"),
            (("math.reduce_variance",), "Var"),
            (("math.cumsum", "cumsum"), "Cumsum"),
            (("math.sin", "sin"), "Sin"),
            (("math.cos", "cos"), "Cos"),
            (("math.sign", "sign"), "Sign"),
            (("math.floor", "floor"), "Floor"),
            (("math.ceil", "ceil"), "Ceil"),
            (("math.round", "round"), "Round"),
            (("math.reciprocal", "reciprocal"), "Reciprocal"),
            (("math.log1p",), "Log1p"),
            (("math.expm1",), "Expm1"),
            (("__operators__.gt", "math.greater", "greater"), "Greater"),
            (("__operators__.ge", "math.greater_equal", "greater_equal"), "GreaterEqual"),
            (("__operators__.lt", "math.less", "less"), "Less"),
            (("__operators__.le", "math.less_equal", "less_equal"), "LessEqual"),
            (("__operators__.eq", "math.equal", "equal"), "Equal"),
            (("__operators__.ne", "math.not_equal", "not_equal"), "NotEqual"),
            (("math.logical_and", "logical_and"), "LogicalAnd"),
            (("math.logical_or", "logical_or"), "LogicalOr"),
            (("math.logical_not", "logical_not"), "LogicalNot"),
            (("clip_by_value", "keras.backend.clip"), "Clip"),
            (("zeros_like",), "ZerosLike"),
            (("ones_like",), "OnesLike"),
            (("concat", "keras.backend.concatenate"), "Concatenate"),
            (("stack",), "Stack"),
            (("expand_dims", "keras.backend.expand_dims"), "ExpandDims"),
            (("squeeze", "compat.v1.squeeze", "keras.backend.squeeze"), "Squeeze"),
            (("reshape", "keras.backend.reshape"), "Reshape"),
            (("transpose", "compat.v1.transpose"), "Transpose"),
            (("linalg.matmul", "matmul"), "Matmul"),
        )
        for function in names
    },
    **{
        function: f"{_NN}.{name}"
        for names, name in (
            (("nn.relu", "keras.activations.relu", "keras.backend.relu"), "Relu"),
            (("nn.relu6",), "Relu6"),
            (("nn.leaky_relu",), "LeakyRelu"),
            (("nn.elu",), "Elu"),
            (("nn.selu",), "Selu"),
            (("nn.silu", "nn.swish"), "Silu"),
            (("nn.gelu",), "Gelu"),
            (("math.sigmoid", "nn.sigmoid", "sigmoid"), "Sigmoid"),
            (("math.softplus", "nn.softplus"), "Softplus"),
            (("nn.softmax", "nn.softmax_v2"), "Softmax"),
            (("nn.log_softmax",), "LogSoftmax"),
        )
        for function in names
    },
    "__operators__.getitem": f"{_NUMPY}.GetItem",
    "image.resize": "keras.src.ops.image.Resize",
    "tile": f"{_NUMPY}.Tile",
    "einsum": f"{_NUMPY}.Einsum",
    "one_hot": f"{_NN}.OneHot",
    "cast": f"{_CORE}.Cast",
    "stop_gradient": f"{_CORE}.StopGradient",
    "math.rsqrt": f"{_MATH}.Rsqrt",
    "math.erf": f"{_MATH}.Erf",
}

#: Arguments by name that Keras 3 has under another one; None where Keras 3 takes them by place.
_ARGUMENTS: dict[str, str | None] = {
    **dict.fromkeys(("x", "y", "a", "b", "t", "input", "tensor", "values", "features", "logits", "images"), None),
    "slice_spec": "key",
    "clip_value_min": "x_min",
    "min_value": "x_min",
    "clip_value_max": "x_max",
    "max_value": "x_max",
    "method": "interpolation",
    "perm": "axes",
    "keep_dims": "keepdims",
    "shape": "newshape",
}


def key_of(class_name: str, config: object) -> str:
    """The key of a layer type, of which the file names only the class; that of an operation where it is one."""
    if not isinstance(config, dict):
        return class_name
    if class_name == "Merge" and "layers" not in config:
        mode = config.get("mode")
        return _MERGES.get(mode, class_name) if isinstance(mode, str) else class_name
    if class_name in ("TFOpLambda", "SlicingOpLambda"):
        function = config.get("function")
        return _OPERATIONS.get(function, f"tf.{function}") if isinstance(function, str) else class_name
    if "trainable" not in config and "name" in config and class_name != "InputLayer":
        # Every layer says whether it is trainable, and no operation does.
        for module in _MODULES:
            if find(f"{module}.{class_name}") is not None:
                return f"{module}.{class_name}"
    return RENAMED.get(class_name, class_name)


def modern(class_name: str, config: dict[str, object], calls: object = None) -> dict[str, object]:
    """A layer's config with the fields of Keras 3. `calls`: its inbound nodes, which hold the fields of an operation.

    >>> modern("LeakyReLU", {"name": "a", "alpha": 0.1, "batch_input_shape": [None, 4]})
    {'name': 'a', 'negative_slope': 0.1}
    """
    names = _FIELDS.get(class_name, {})
    if "." in class_name and "function" in config:
        call = flatten_call(calls[0], keep_constants=True) if isinstance(calls, list) and calls else None
        return {"name": config.get("name"), **({} if call is None else call[-1])}
    config = _of_keras_1(class_name, config)
    found = {names.get(key, key): _plain(value) for key, value in config.items() if key not in RETIRED}
    for key, value in _DEFAULTS.get(class_name, {}).items():
        found.setdefault(key, value)
    axis = found.get("axis")
    if class_name == "BatchNormalization" and isinstance(axis, list) and len(axis) == 1:
        found["axis"] = axis[0]
    if class_name == "Dropout" and found.get("noise_shape") == []:
        del found["noise_shape"]
    return found


def _plain(value: Any) -> Any:
    """A tuple as TensorFlow's encoder writes it, as a list."""
    if isinstance(value, dict) and value.get("class_name") in ("__tuple__", "TensorShape"):
        return value.get("items")
    return value


class RenamedPlace(Place):
    """The place of a layer whose fields stand in the file under older names."""

    __slots__ = ("_older",)

    def __init__(self, place: Place, older: dict[str, str]) -> None:
        super().__init__(place.document, place.path, place.fields, place.positional)
        self._older = older

    def span(self, field: tuple[str | int, ...] = (), *, key: bool = False) -> Span:
        """The place of the layer, or of a field under its older name."""
        if field:
            field = (self._older.get(str(field[0]), field[0]), *field[1:])
        return super().span(field, key=key)


def placed(class_name: str, config: dict[str, object], place: Place) -> Place:
    """The place of a layer, which knows the names that fields have in the file."""
    older = {_OF_KERAS_1[key]: key for key in config if key in _OF_KERAS_1}
    if "output_dim" in config and class_name != "Embedding":
        older["units"] = "output_dim"
    kernel = [key for key in _KERNEL if key in config]
    if kernel:
        older["kernel_size"] = kernel[0]
    return RenamedPlace(place, older) if older and class_name in _CLASSES_OF_KERAS_1 else place


def _of_keras_1(class_name: str, config: dict[str, object]) -> dict[str, object]:
    """A layer's config of Keras 1 with the fields of Keras 2; any other as it is.

    >>> _of_keras_1("Conv2D", {"nb_filter": 8, "nb_row": 3, "nb_col": 5, "init": "uniform", "dim_ordering": "th"})
    {'filters': 8, 'data_format': 'channels_first', 'kernel_size': [3, 5]}
    """
    if "mode" in config and class_name in _MERGES.values():
        found = {"name": config.get("name")}
        if class_name == "Concatenate":
            return {**found, "axis": config.get("concat_axis", -1)}
        if class_name == "Dot":
            axes = config.get("dot_axes", -1)
            pair = axes if isinstance(axes, list) else [axes, axes]
            pair = [one[0] if isinstance(one, list) and len(one) == 1 else one for one in pair]
            return {**found, "axes": pair, "normalize": config["mode"] == "cos"}
        return found
    if class_name not in _CLASSES_OF_KERAS_1:
        return config
    found = {}
    table = class_name == "Embedding"
    for key, value in config.items():
        if (key in _DROPPED and not (table and key == "input_dim")) or (table and key == "dropout"):
            continue
        if key == "dim_ordering":
            if isinstance(value, str) and value in _ORDERINGS:
                found["data_format"] = _ORDERINGS[value]
        elif key == "output_dim" and not table:
            found["units"] = value
        elif key not in _KERNEL:
            found[_OF_KERAS_1.get(key, key)] = value
    kernel = [config[key] for key in _KERNEL if key in config]
    return {**found, "kernel_size": kernel} if kernel else found


def flatten_call(call: Any, *, keep_constants: bool) -> Arguments | None:
    """The arguments of a call, as `calls.flatten_call` gives them; None where it is not written as Keras 2 writes it.

    A call is a reference (`["conv", 0, 0, {...}]`), a list of them, or a mapping by name; the last item of a reference
    holds the other arguments, in which a list of a name and two numbers is a tensor again.
    """
    tensors: Tensors = []
    constants: list[Constant] = []
    options: dict[str, Any] = {}
    kwargs: dict[str, Any] = {}
    where: Path = ()

    def add(value: Any, path: Path) -> bool:
        nonlocal where
        if isinstance(value, dict):
            return all(add(item, (*path, key)) for key, item in value.items())
        if not _is_reference(value):
            return isinstance(value, list) and all(add(item, (*path, number)) for number, item in enumerate(value))
        if value[0] == "_CONSTANT_VALUE":
            shape = constant_shape(value[2])
            if shape is not None:
                constants.append(Constant(len(tensors) + len(constants), shape, value[2]))
        else:
            tensors.append(((value[0], value[1], value[2]), None, path))
        if len(value) == 4 and isinstance(value[3], dict) and value[3]:
            kwargs.update(value[3])
            where = (*path, 3)
        return True

    if not add(call, ()):
        return None
    named: list[str] = []
    for name, value in kwargs.items():
        if _is_tensor(value):
            reference: Reference = (value[0], value[1], value[2])
            tensors.append((reference, None, (*where, name)))
            if not keep_constants:
                named.append(name)
        elif isinstance(value, list) and value and all(map(_is_tensor, value)):
            for number, item in enumerate(value):
                tensors.append(((item[0], item[1], item[2]), None, (*where, name, number)))
        elif keep_constants and name in _ARGUMENTS and _ARGUMENTS[name] is None:
            shape = constant_shape(value)
            if shape is not None:
                constants.append(Constant(len(tensors) + len(constants), shape, value))
        elif name not in ("name", "training", "mask"):
            options[(_ARGUMENTS.get(name) or name) if keep_constants else name] = _plain(value)
    return tensors, tuple(named), tuple(constants), options


def _is_reference(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and type(value[1]) is int
        and (type(value[2]) is int or value[0] == "_CONSTANT_VALUE")
    )


def _is_tensor(value: Any) -> bool:
    return _is_reference(value) and len(value) == 3 and value[0] != "_CONSTANT_VALUE"
