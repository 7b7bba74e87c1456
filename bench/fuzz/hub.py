"""Random models of KerasHub's layers, as Keras 3 writes them: chains of any of them, with numbers that go together."""

from __future__ import annotations

from random import Random
from typing import Any

from bench.fuzz.formats import Json
from bench.fuzz.nets import Inner, fields_of, layer_types
from cnnsum.layers.base import LayerType
from cnnsum.layers.vocabulary import KERAS_HUB

#: What inputs are by their names, where they are not sequences or images as the first one is.
_MASKS = ("mask", "indices", "token_ids", "labels", "mask_positions", "index")
#: Fields whose numbers have to go together, with such that do.
_FITTING = {
    "hidden_dim": (8,),
    "hidden_size": (8,),
    "project_dim": (8,),
    "embed_dim": (8,),
    "embedding_dim": (8,),
    "num_heads": (2, 4),
    "heads": (2,),
    "num_attention_heads": (2,),
    "num_query_heads": (4,),
    "num_key_value_heads": (1, 2),
    "head_dim": (4,),
    "head_size": (4,),
    "key_value_dim": (4,),
    "input_filters": (8,),
    "infilters": (8,),
    "filters": (8, 16),
    "output_filters": (8, 16),
    "sequence_length": (16, 99),
    "max_sequence_length": (16,),
    "image_size": (16, [16, 16]),
    "patch_size": (4, 8),
    "img_size": (64,),
    "window_size": (0, 2, 3),
    "input_size": ([16, 16],),
    "bucket_size": (3,),
    "expansion": (8, 20),
    "squeeze_excite_ratio": (None, 0.25),
    "pooling": (None, "gap", "map"),
    "intermediate_activation": ("gelu", "quick_gelu"),
    "layer_index": (None, 0, 1),
}


def _plain(value: Any) -> Any:
    return None if isinstance(value, Inner) else value


def _fields(type: LayerType, chance: Random) -> Json:
    found = {name: _plain(value) for name, value in fields_of(type, chance, 0.4).items()}
    for name in type.schema.fields:
        if name in _FITTING and (name in found or chance.random() < 0.5):
            found[name] = chance.choice(_FITTING[name])
    return found


def _object(module: str, kind: str, config: Json) -> Json:
    return {"module": module, "class_name": kind, "config": config, "registered_name": None}


def _tensor(name: str, shape: list[int | None], at: int = 0) -> Json:
    return {"class_name": "__keras_tensor__", "config": {"shape": shape, "keras_history": [name, 0, at]}}


def _takes(type: LayerType, rank: int) -> bool:
    """Whether a type's documentation speaks of what a first input of that rank (1: tokens, 2: rows, 3: images) is."""
    return any(word in type.doc for word in (("`(T)`",), ("(T, D)", "row"), ("(H, W",))[rank - 1])


def model(chance: Random) -> Json:
    """The model."""
    types = layer_types(KERAS_HUB)
    first = chance.choice(((6, 8), (6, 8), (16, 8), (16, 16, 8), (16, 16, 3), (9,)))
    shape: list[int | None] = [None, *(None if chance.random() < 0.1 else size for size in first)]
    layers: list[Json] = []

    def given(name: str, shape: list[int | None], dtype: str) -> Json:
        config = {"batch_shape": shape, "dtype": dtype, "name": name}
        layers.append({**_object("keras.layers", "InputLayer", config), "name": name, "inbound_nodes": []})
        return _tensor(name, shape)

    last = given("given", shape, "float32" if len(first) > 1 else "int32")
    for number in range(chance.choice((1, 1, 1, 2, 3))):
        fitting = [key for key, type in types.items() if _takes(type, len(first))]
        type = types[chance.choice(fitting if chance.random() < 0.8 else list(types))]
        name = f"layer_{number}"
        kwargs: Json = {}
        for one in type.schema.inputs[1:]:
            if chance.random() < (0.3 if len(type.schema.inputs) > 2 else 0.8):
                is_mask = any(word in one for word in _MASKS)
                sizes = [shape[0], shape[1] if len(shape) > 1 else 3] if is_mask else shape
                kwargs[one] = given(f"{one}_{number}", sizes, "bool" if is_mask else "float32")
        module = chance.choice(("keras_hub.src.layers", "keras_hub.src.models", "keras_nlp.src.layers"))
        entry = {**_object(module, type.name, {"name": name, **_fields(type, chance)}), "name": name}
        if chance.random() < 0.2:
            entry |= {"module": None, "registered_name": f"keras_hub>{type.name}"}
        entry["inbound_nodes"] = [{"args": [last], "kwargs": kwargs}]
        layers.append(entry)
        last = _tensor(name, shape, 1 if chance.random() < 0.05 else 0)
    output = [last["config"]["keras_history"][0], chance.choice((0, 0, 0, 0, 0, 1)), 0]
    config = {
        "name": "hub",
        "layers": layers,
        "input_layers": [[one["name"], 0, 0] for one in layers if one["class_name"] == "InputLayer"],
        "output_layers": [output],
    }
    return _object("keras.src.models.functional", "Functional", config)
