"""The fields of layers against Keras: its signatures, the values that it refuses, and what is written of them."""

from __future__ import annotations

import inspect
import json
from typing import Any

import pytest
from keras_loading import loads

from cnnsum.layers.base import REQUIRED, LayerType, all_types
from cnnsum.layers.kinds import PlainReading
from cnnsum.writers import write
from cnnsum.writers.keras import EXPORTED
from cnnsum.writers.values import plain

keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402 - needs Keras

pytestmark = pytest.mark.filterwarnings("ignore")

TYPES = {known.key: known for known in all_types().values() if not known.is_operation}
IMAGES = {
    key: known for key, known in TYPES.items() if known.rule.__module__.endswith((".augmentation", ".colours"))
} | {"Resizing": TYPES["Resizing"], "CenterCrop": TYPES["CenterCrop"]}
#: What every layer has, and what readers see to.
OF_EVERY_LAYER = {"name", "dtype", "trainable", "activity_regularizer", "autocast"}


def name_of(known: LayerType) -> str:
    """What Keras exports a class as."""
    return EXPORTED.get(known.name, known.name)


def signature_of(known: LayerType) -> dict[str, Any]:
    """The fields of a class of Keras with their defaults; those of weights' initializers and the like are left out."""
    made = getattr(layers, name_of(known))
    return {
        name: REQUIRED if one.default is one.empty else one.default
        for name, one in [*inspect.signature(made.__init__).parameters.items()][1:]
        if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        and name not in OF_EVERY_LAYER
        and not name.endswith(("_initializer", "_regularizer", "_constraint"))
    }


#: What no field says: arrays, and how a layer is quantized, which is a text here.
NOT_FIELDS = {"weights", "quantization_config", "gptq_unpacked_column_size"}
#: What classes hand on to the one that they are made of, or is an argument of a call or a policy.
HANDED_ON = {
    **{key: {"data_format", "bounding_box_format"} for key in IMAGES},
    **{key: {"zero_output_for_mask"} for key in ("SimpleRNN", "LSTM", "GRU")},
    "LayerNormalization": {"rms_scaling"},
    **{f"ConvLSTM{axes}D": {"unroll", "zero_output_for_mask"} for axes in (1, 2, 3)},
    **{f"Conv{axes}D": {"lora_rank", "lora_alpha"} for axes in (1, 2, 3)},
    "AdditiveAttention": {"seed"},
    "ReversibleEmbedding": {"lora_rank", "lora_alpha", "reverse"},
}
OF_CALLS = {"quantization", "return_attention_scores", "use_causal_mask"}
OTHER_DEFAULTS = {("CategoryEncoding", "num_tokens")}  # Keras refuses null, its default


@pytest.mark.parametrize(
    "key", sorted(key for key, known in TYPES.items() if known.name == key and hasattr(layers, name_of(known)))
)
def test_fields_are_those_of_keras(key: str) -> None:
    known, theirs = TYPES[key], signature_of(TYPES[key])
    ours = {name: field.default for name, field in known.schema.fields.items()}
    assert theirs.keys() - ours.keys() <= NOT_FIELDS
    assert ours.keys() - theirs.keys() - OF_CALLS <= HANDED_ON.get(key, set())
    theirs = {name: default for name, default in theirs.items() if name in ours and (key, name) not in OTHER_DEFAULTS}
    for name, default in theirs.items():
        if ours[name] is not default:
            assert ours[name] == known.schema.fields[name].kind.read(plain(default, repr), PlainReading())
    needed = [name for name, default in theirs.items() if default is REQUIRED]
    assert [name for name, default in ours.items() if default is REQUIRED and name in theirs] == needed


#: Values of fields that Keras looks at when it makes the layer.
CHECKED = ("factor", "scale", "sigma", "fill_mode", "interpolation", "kernel_size")
VALUES: tuple[Any, ...] = (
    *(0, 0.5, 1, 3, 4, 9, 8.5, -0.5, -1, -2, "x", "reflect", "mirror", "nearest", "bilinear", {}, [], [0.5]),
    *([0.25, 0.5], [0.5, 0.25], [-0.5, 0.25], [-2, -1.5], [2, 8], [0.5, 1.5], [9, 10], [3, 5], [3, 4], ["x", 1]),
)


def rest_of(key: str, but: str) -> dict[str, Any]:
    """What a layer needs besides one field."""
    needed: dict[str, Any] = {"height": 5, "width": 6, "max_number": 3, "layers": []}
    needed |= {"factor": 1 if key == "RandomPosterization" else 0.5, "height_factor": 0.5, "width_factor": 0.5}
    return {
        name: needed[name]
        for name, field in TYPES[key].schema.fields.items()
        if field.default is REQUIRED and name != but
    }


def is_made(key: str, fields: dict[str, Any]) -> bool:
    try:
        getattr(layers, key)(**fields)
    except Exception:  # noqa: BLE001 - whatever Keras says of it
        return False
    return True


@pytest.mark.parametrize("key", sorted(IMAGES.keys() - {"Resizing"}))
def test_values_are_refused_as_by_keras(key: str) -> None:
    known = TYPES[key]
    wrong = []
    for name in known.schema.fields:
        for value in VALUES if name.endswith(CHECKED) else ():
            fields = {**rest_of(key, name), name: value}
            _, problems = known.bind(fields, PlainReading())
            made = is_made(key, fields)
            # Keras takes nothing for 0, and kernels of no whole size, which no image can be blurred with.
            excused = made and (value in ([], {}) or name == "kernel_size")
            if bool(problems) == made and not excused:
                wrong.append((name, value, [str(one) for one in problems]))
    assert wrong == []


def test_a_list_that_keras_writes_for_a_number_is_the_number() -> None:
    """Keras writes `[-0.5, 0.5]` for a shear of 0.5, and does not read it."""
    assert not is_made("RandomShear", {"x_factor": [-0.5, 0.5]})
    fields, problems = TYPES["RandomShear"].bind({"x_factor": [-0.5, 0.5]}, PlainReading())
    assert (fields["x_factor"], problems) == (0.5, [])


#: Of every field a value that is not the default.
OTHER: dict[str, Any] = {
    "value_range": [0, 1],
    "num_chains": 2,
    "chain_depth": 4,
    "num_ops": 3,
    "alpha": 0.5,
    "all_ops": False,
    "interpolation": "nearest",
    "fill_mode": "constant",
    "fill_value": 0.25,
    "seed": 7,
    "mode": "vertical",
    "kernel_size": [3, 5],
    "bins": 64,
    "clip_limit": 2.5,
    "tile_grid_size": [4, 2],
    "bounding_box_format": "xywh",
    "data_format": "channels_last",
    "scale": 0.75,
    "sigma": [0.25, 0.5],
    "height": 5,
    "width": 6,
    "crop_to_aspect_ratio": True,
    "antialias": True,
}


def other(key: str) -> dict[str, Any]:
    """Another value than the default for every field of a layer."""
    found: dict[str, Any] = {}
    for name in TYPES[key].schema.fields:
        if name == "pad_to_aspect_ratio":
            continue
        found[name] = OTHER.get(name, 0.25)
    if key == "RandomPosterization":
        found["factor"] = [2, 5]
    elif key == "Resizing":
        found |= {"fill_value": 0.5}
    return found


def config_of(layer: Any) -> dict[str, Any]:
    config = json.loads(json.dumps(layer.get_config()))
    return {name: value for name, value in config.items() if name not in ("name", "dtype", "trainable")}


#: Of which Keras 3.15 cannot write a model: it gives the input itself; what takes no images; a list of layers.
NOT_WRITTEN = {"Equalization", "MaxNumBoundingBoxes", "Pipeline"}


@pytest.mark.parametrize("key", sorted(IMAGES.keys() - NOT_WRITTEN))
def test_every_field_is_written(key: str) -> None:
    """As code, as a Keras file and as a spec; from a spec, and from a file of Keras."""
    fields = other(key)
    made = getattr(layers, key)(**fields)
    wanted = config_of(made)
    spec = loads(json.dumps({"input": [16, 12, 3], "layers": [{key: fields}]}))
    inputs = keras.Input((16, 12, 3))
    file = loads(keras.Model(inputs, made(inputs)).to_json())
    for model in (spec, file):
        assert not model.diagnostics
        again = loads(write(model.graph, model.inference, "yaml")[0])
        for read in (model, again):
            space: dict[str, Any] = {}
            exec(write(read.graph, read.inference, "keras-py")[0], space)
            assert config_of(space["build_model"]().layers[-1]) == wanted
        for read in (model, again) if key != "RandomShear" else (spec, again):  # see above
            text, _ = write(read.graph, read.inference, "keras")
            assert config_of(keras.models.model_from_json(text).layers[-1]) == wanted


SEQUENCE, IMAGE = [6, 4], [16, 12, 3]
#: Fields that no number depends on, of layers that Keras makes without TensorFlow, on an input.
UNCOUNTED: dict[str, tuple[list[int], dict[str, Any]]] = {
    **{key: (SEQUENCE, {"rate": 0.5, "seed": 7}) for key in ("Dropout", "AlphaDropout", "GaussianDropout")},
    "GaussianNoise": (SEQUENCE, {"stddev": 0.5, "seed": 7}),
    "SpatialDropout1D": (SEQUENCE, {"rate": 0.5, "seed": 7}),
    "SpatialDropout2D": (IMAGE, {"rate": 0.5, "seed": 7}),
    "SpatialDropout3D": ([2, *IMAGE], {"rate": 0.5, "seed": 7}),
    "SimpleRNN": (SEQUENCE, {"units": 3, "seed": 7, "zero_output_for_mask": True}),
    **{key: (SEQUENCE, {"units": 3, "seed": 7, "zero_output_for_mask": True}) for key in ("LSTM", "GRU")},
    "ConvLSTM1D": (IMAGE, {"filters": 2, "kernel_size": 3, "seed": 7, "zero_output_for_mask": True}),
    "Dense": (SEQUENCE, {"units": 3, "lora_rank": 2, "lora_alpha": 8}),
    "EinsumDense": ([4], {"equation": "ab,bc->ac", "output_shape": [3], "lora_rank": 2, "lora_alpha": 8}),
    "Embedding": ([4], {"input_dim": 5, "output_dim": 3, "mask_zero": True, "lora_rank": 2, "lora_alpha": 8}),
    "ReversibleEmbedding": ([4], {"input_dim": 5, "output_dim": 3, "mask_zero": True, "reverse_dtype": "float64"}),
    "Conv1D": (SEQUENCE, {"filters": 3, "kernel_size": 2, "lora_rank": 2, "lora_alpha": 8}),
    "CategoryEncoding": ([4], {"num_tokens": 5, "sparse": False}),
    "Discretization": ([4], {"bin_boundaries": [0.0, 1.0], "epsilon": 0.5}),
    "STFTSpectrogram": ([400, 2], {"frame_length": 64, "window": "hamming", "periodic": True, "scaling": "spectrum"}),
    "MelSpectrogram": (
        [4000],
        {
            "fft_length": 512,
            "window": "hamming",
            "sampling_rate": 8000,
            "min_freq": 10.0,
            "max_freq": 3000.0,
            "top_db": 40.0,
            "mag_exp": 1.0,
            "min_power": 0.5,
            "ref_power": 0.25,
        },
    ),
}


@pytest.mark.parametrize("key", sorted(UNCOUNTED))
def test_fields_that_change_no_number_are_written(key: str) -> None:
    shape, fields = UNCOUNTED[key]
    made = getattr(layers, key)(**fields)
    made(keras.Input(shape))  # some forget their `lora_alpha` there
    wanted = {name: value for name, value in config_of(made).items() if name in fields}
    model = loads(json.dumps({"input": shape, "layers": [{key: fields}]}))
    assert not model.diagnostics
    again = loads(write(model.graph, model.inference, "yaml")[0])
    for read in (model, again):
        space: dict[str, Any] = {}
        exec(write(read.graph, read.inference, "keras-py")[0], space)
        assert wanted.items() <= config_of(space["build_model"]().layers[-1]).items()
        text, _ = write(read.graph, read.inference, "keras")
        assert wanted.items() <= config_of(keras.models.model_from_json(text).layers[-1]).items()


@pytest.mark.parametrize("mode", ["concat", "sum", None])
@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.LSTM(3, return_sequences=True, name="steps"),
        lambda: layers.RNN([layers.GRUCell(3), layers.LSTMCell(2)]),
        lambda: layers.ConvLSTM1D(3, 2),
    ],
    ids=["LSTM", "RNN", "ConvLSTM1D"],
)
def test_the_way_back_that_keras_makes_is_no_field(make: Any, mode: str | None) -> None:
    made = layers.Bidirectional(make(), merge_mode=mode)
    inputs = keras.Input((6, 5, 4) if isinstance(made.forward_layer, layers.ConvLSTM1D) else (6, 4))
    model = loads(keras.Model(inputs, made(inputs)).to_json())
    assert not model.diagnostics
    layer = model.graph.layers[-1]
    assert layer.fields["backward_layer"] is None
    (call,) = [call for call in model.inference.calls if call.layer is layer]
    assert [tuple(one.shape) for one in call.facts.weights] == [tuple(one.shape) for one in made.weights]
    paths = [one.path.split("/") for one in made.weights]
    assert [one.name.split("/")[0] for one in call.facts.weights] == [path[1] for path in paths]
    again = loads(write(model.graph, model.inference, "yaml")[0])
    text, _ = write(again.graph, again.inference, "keras")
    found, wanted = config_of(keras.models.model_from_json(text).layers[-1]), config_of(made)
    for which in ("layer", "backward_layer"):
        assert found[which]["class_name"] == wanted[which]["class_name"]
        assert found[which]["config"]["name"] == wanted[which]["config"]["name"]
