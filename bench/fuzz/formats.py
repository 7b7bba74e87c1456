"""A network in each format that cnnsum reads, as plain values, texts or bytes, in the many ways that each allows."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from random import Random
from typing import Any

import yaml

from bench.fuzz.nets import Inner, Net, Node
from cnnsum.layers.vocabulary import KERAS

Json = dict[str, Any]
HERE = Path(__file__).resolve().parent
#: What stands in the stored HDF5 files in the place of the architecture.
MARK = b"@" * 6000


# --- the spec language ------------------------------------------------------------------------------------------------


def spec(net: Net, chance: Random) -> tuple[Json, dict[str, Json]]:
    """A spec, and other files that it includes by their names."""
    chain = net.chain
    value: Json = {"name": "net"} if chance.random() < 0.3 else {}
    if net.vocabulary is not KERAS:
        value["framework"] = net.vocabulary.name
    if len(net.inputs) == 1 and chance.random() < 0.9:
        ((name, (shape, dtype)),) = net.inputs.items()
        value["input"] = list(shape) if dtype == "float32" else {"shape": list(shape), "dtype": dtype}
        names = {name: "input"}
    else:
        value["inputs"] = {name: {"shape": list(shape), "dtype": dtype} for name, (shape, dtype) in net.inputs.items()}
        names = {}
    layers: list[Any] = [_item(node, names, net, number, chance) for number, node in enumerate(net.nodes)]
    value["layers"] = layers
    if not chain or chance.random() < 0.1:
        value["outputs"] = list(net.outputs)
    parts: dict[str, Json] = {}
    for change in (_with_vars, _with_symbols, _with_block, _with_repeat, _with_settings, _with_own_type):
        if chance.random() < 0.3:
            change(value, chance)
    if "blocks" in value and chance.random() < 0.3:
        parts["parts.yaml"] = {"blocks": value.pop("blocks")}
        value["include"] = "parts.yaml"
    if chance.random() < 0.3:
        value = dict(chance.sample(list(value.items()), len(value)))
    return value, parts


def _item(node: Node, names: dict[str, str], net: Net, number: int, chance: Random) -> Any:
    fields = {name: _plain(value) for name, value in node.fields.items()}
    before = net.nodes[number - 1].name if number else next(iter(net.inputs))
    if node.share is not None:
        fields = {"share": node.share}
    if node.reads != [before] or (len(net.inputs) > 1 and not number):
        reads = [names.get(name, name) for name in node.reads]
        fields["from"] = reads[0] if len(reads) == 1 else reads
    elif len(fields) == 1 and chance.random() < 0.3 and not isinstance(next(iter(fields.values())), (dict, list)):
        type = net.vocabulary.find(node.type)
        if type is None or next(iter(type.schema.fields), "") in fields or chance.random() < 0.1:
            return {node.type: next(iter(fields.values()))}  # the first field by place, or another one
    if not net.chain or chance.random() < 0.3:
        fields["name"] = node.name
    return {node.type: fields} if fields else node.type


def _plain(value: Any) -> Any:
    if isinstance(value, Inner):
        return {value.type: value.fields} if value.fields else value.type
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _numbers(value: Json) -> list[tuple[Json, str]]:
    """Fields of layers that are positive numbers."""
    found = []
    for item in value["layers"]:
        for fields in item.values() if isinstance(item, dict) else ():
            if isinstance(fields, dict):
                numbers = [name for name, field in fields.items() if type(field) is int and field > 0]
                found += [(fields, name) for name in numbers]
    return found


def _with_vars(value: Json, chance: Random) -> None:
    for count, (fields, name) in enumerate(chance.sample(found := _numbers(value), min(3, len(found)))):
        number = fields[name]
        value.setdefault("vars", {})[f"v{count}"] = number
        fields[name] = chance.choice(
            (f"v{count}", f"${count}" if chance.random() < 0.05 else f"$v{count}", f"v{count} + 1", f"2*v{count}//2",
             f"{number} if v{count} > 1 else 2", f"max(1, v{count} - 1)", f"divisible(1.5*v{count}, 8)", f"v{count}**2",
             f"round(v{count} / 2 + 1)", f"v{count} in {{1, 2}}", f"ceil(v{count} * 0.3)")
        )  # fmt: skip


def _with_symbols(value: Json, chance: Random) -> None:
    shape = value.get("input")
    if not isinstance(shape, list) or len(shape) < 2:
        return
    names = [*"HWD"[: len(shape) - 1]]
    for axis, name in enumerate(names):
        if chance.random() < 0.8:
            shape[axis] = chance.choice((name, name, name, None, f"2*{name}", names[0], "H + 1"))
    used = [name for name in names if name in shape]
    if used and chance.random() < 0.4:
        facts = [{}, {"min": 8}, {"multiple_of": 8}, {"min": 32, "multiple_of": 16}, None]
        value["symbols"] = {name: chance.choice(facts) for name in used}
    if chance.random() < 0.2:
        value.setdefault("symbols", {})["k"] = {}
        for fields, name in _numbers(value)[:2]:
            fields[name] = f"{fields[name]}*k"


def _with_block(value: Json, chance: Random) -> None:
    """A run of layers that read one another becomes a block, used once or repeatedly."""
    layers = value["layers"]
    start = chance.randrange(len(layers))
    end = chance.randint(start + 1, min(len(layers), start + 4))
    chosen = layers[start:end]
    if any(
        isinstance(item, dict) and any(set(_keys(item)) & {"from", "share", "name"} for _ in (0,)) for item in chosen
    ):
        return
    args: Json = {}
    numbers = _numbers({"layers": chosen})
    for count, (fields, name) in enumerate(numbers[:2]):
        args[f"a{count}"] = fields[name]
        fields[name] = chance.choice((f"a{count}", f"$a{count}", f"a{count} + index", f"a{count} * 1"))
    use: Json = {name: number + chance.randrange(2) for name, number in args.items()}
    block: Json = {"layers": chosen}
    if args:
        block["args"] = {name: number if chance.random() < 0.5 else None for name, number in args.items()}
    if chance.random() < 0.3:
        use["repeat"] = chance.choice((0, 1, 2, 5))
    if chance.random() < 0.2:
        use["when"] = chance.choice((True, False, "1 > 0", "a0 > 1" if args else False))
    if chance.random() < 0.2:
        use["trainable"] = False
    value.setdefault("blocks", {})["piece"] = block
    layers[start:end] = [{"piece": use} if use else "piece"]


def _keys(item: Any) -> list[str]:
    return (
        [key for fields in item.values() if isinstance(fields, dict) for key in fields]
        if isinstance(item, dict)
        else []
    )


def _with_repeat(value: Json, chance: Random) -> None:
    for item in chance.sample(value["layers"], min(2, len(value["layers"]))):
        for fields in item.values() if isinstance(item, dict) else ():
            if isinstance(fields, dict):
                word = chance.choice(("repeat", "repeat", "when", "trainable", "dtype"))
                values = {
                    "repeat": (0, 1, 2, 3, 12, "index + 2", "1 + 1", 10**7),
                    "when": (True, False, "index == 0"),
                    "trainable": (False, True, "1 < 2"),
                    "dtype": ("float16", "mixed_bfloat16", "int8"),
                }
                fields[word] = chance.choice(values[word])


def _with_settings(value: Json, chance: Random) -> None:
    key, choices = chance.choice(
        (
            ("dtype", ("mixed_float16", "float64", "bfloat16")),
            ("data_format", ("channels_first", "channels_last")),
            ("trainable", (False, True)),
            (
                "defaults",
                (
                    {"Conv2D": {"padding": "same"}},
                    {"Dense": {"use_bias": False}},
                    {"Conv2D": {"padding": "x"}},
                    {"Conv2d": {"bias": False}},
                ),
            ),
            ("budget", ({"params": "1k"}, {"peak": "1MiB", "macs": 10}, {"params": 1, "H": "8:64"}, {"train": 3})),
            ("lint", ({"ignore": ["ARC"]}, {"select": ["SHP", "CFG103"]}, {"ignore": "ALL"})),
        )
    )
    if key != "data_format" or "framework" not in value:
        value[key] = chance.choice(choices)


def _with_own_type(value: Json, chance: Random) -> None:
    declared = {
        "fields": {"units": None, "scale": 1.0},
        "input": ["...", "c"],
        "output": ["...", "units"],
        "weights": {"w": ["c", "units"], "b": {"shape": ["units"], "trainable": False}},
        "macs": "size(output) * c",
    }
    for key in chance.sample(list(declared), chance.randrange(3)):
        del declared[key]
    value["layer_types"] = {"Own": declared}
    value["layers"].insert(
        chance.randint(0, len(value["layers"])), {"Own": {"units": chance.choice((1, 4, "c", None))}}
    )


def yaml_text(value: Any, chance: Random) -> str:
    """YAML as a person or a program writes it, sometimes with comments that a mend has to keep."""
    flow = chance.choice((False, None, None, True))
    try:
        text = str(yaml.dump(_in_order(value), Dumper=yaml.CSafeDumper, default_flow_style=flow, width=200,
                             allow_unicode=True, sort_keys=False))  # fmt: skip
    except RecursionError:
        text, flow = json.dumps(value), True  # which is YAML as well
    if chance.random() < 0.3:
        lines = text.split("\n")
        for number in range(chance.randint(1, 4)):
            at = chance.randrange(len(lines))
            if lines[at].strip() and not flow:
                lines[at] += f"  # note {number}."
        text = "\n".join(lines)
    if chance.random() < 0.05:
        text = chance.choice(("\ufeff", "# head\n", "---\n", "%YAML 1.1\n---\n")) + text
    if chance.random() < 0.05:
        text = text.replace("\n", "\r\n")
    return text


def _in_order(value: Any) -> Any:
    """The same without objects that stand at two places, which would become anchors, and halves of characters."""
    if isinstance(value, dict):
        return {_in_order(key): _in_order(item) for key, item in value.items()}
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return [_in_order(item) for item in value] if isinstance(value, (list, tuple)) else value


# --- Keras 3 ----------------------------------------------------------------------------------------------------------


def _object(module: str, kind: str, config: Json) -> Json:
    return {"module": module, "class_name": kind, "config": config, "registered_name": None}


def _keras_value(value: Any) -> Any:
    if isinstance(value, Inner):
        return _object("keras.layers", value.type, {"name": "inner", **value.fields})
    return [_keras_value(item) for item in value] if isinstance(value, list) else value


def _config(node: Node, chance: Random) -> Json:
    config: Json = {"name": node.name}
    if chance.random() < 0.7:
        config["trainable"] = chance.random() < 0.9
    if chance.random() < 0.3:
        policy = chance.choice(("float32", "float32", "mixed_float16"))
        config["dtype"] = chance.choice((policy, _object("keras", "DTypePolicy", {"name": policy})))
    config.update((name, _keras_value(value)) for name, value in node.fields.items())
    if chance.random() < 0.2:
        config["kernel_initializer"] = _object("keras.initializers", "GlorotUniform", {"seed": None})
    return config


def keras(net: Net, chance: Random) -> Json:
    """The model as Keras 3 writes it."""
    calls: dict[str, tuple[str, int]] = {}
    entries: dict[str, Json] = {}
    layers: list[Json] = []
    opened = {
        name: [None if chance.random() < 0.2 and axis < len(shape) - 1 else size for axis, size in enumerate(shape)]
        for name, (shape, _dtype) in net.inputs.items()
    }
    for name, (_shape, dtype) in net.inputs.items():
        config = {"batch_shape": [None, *opened[name]], "dtype": dtype, "sparse": False, "name": name}
        layers.append({**_object("keras.layers", "InputLayer", config), "name": name, "inbound_nodes": []})
        calls[name] = (name, 0)
    for node in net.nodes:
        owner = node.share or node.name
        tensors = [_tensor(net, one, calls[one]) for one in node.reads]
        listed = len(tensors) > 1 and "." not in node.type and not node.type.endswith("Attention")
        inbound = {"args": [tensors] if listed else tensors, "kwargs": {}}
        if len(tensors) > 1 and chance.random() < 0.1:
            inbound = {"args": tensors[:1], "kwargs": {"value": tensors[1]}}
        if chance.random() < 0.1:
            inbound["kwargs"]["training"] = chance.choice((False, True, None))
        if node.share is not None:
            calls[node.name] = (owner, len(entries[owner]["inbound_nodes"]))
            entries[owner]["inbound_nodes"].append(inbound)
            continue
        calls[node.name] = (owner, 0)
        kind = node.type.rpartition(".")[2]
        entry = {**_object(node.module, kind, _config(node, chance)), "name": node.name, "inbound_nodes": [inbound]}
        shape = net.shapes[node.reads[0]]
        if shape is not None and chance.random() < 0.5:
            entry["build_config"] = {"input_shape": [None, *shape]}
        if chance.random() < 0.03:
            entry["module"], entry["registered_name"] = chance.choice(((None, "Own>Layer"), ("mine", "Layer")))
        entries[node.name] = entry
        layers.append(entry)
    if net.chain and chance.random() < 0.6:
        for layer in layers:
            layer.pop("inbound_nodes", None)
        config = {
            "name": "chain",
            "trainable": True,
            "layers": layers,
            "build_input_shape": [None, *next(iter(opened.values()))],
        }
        model = _object("keras", "Sequential", config)
    else:
        outputs = [[*calls[name], 0] for name in net.outputs]
        config = {"name": "net", "trainable": True, "layers": layers,
                  "input_layers": [[name, 0, 0] for name in net.inputs], "output_layers": outputs}  # fmt: skip
        if len(outputs) == 1 and chance.random() < 0.5:
            config["output_layers"] = outputs[0]
        model = _object("keras.src.models.functional", "Functional", config)
    if chance.random() < 0.2:
        optimizer = chance.choice(("Adam", "SGD", "RMSprop", "Adafactor", "Muon", "Own"))
        model["compile_config"] = {
            "optimizer": _object(
                "keras.optimizers", optimizer, {"name": optimizer.lower(), "momentum": chance.choice((0, 0.9))}
            ),
            "loss": "mse",
        }
    return model


def _tensor(net: Net, name: str, call: tuple[str, int]) -> Json:
    shape = net.shapes[name]
    config: Json = {"dtype": "float32", "keras_history": [*call, 0]}
    if shape is not None:
        config["shape"] = [None, *shape]
    return {"class_name": "__keras_tensor__", "config": config}


# --- Keras 2 and TF.js ------------------------------------------------------------------------------------------------


#: Names of Keras 2, and what Keras 1 had for them.
_OLDEST = {
    "filters": "nb_filter",
    "padding": "border_mode",
    "strides": "subsample",
    "use_bias": "bias",
    "data_format": "dim_ordering",
    "units": "output_dim",
    "recurrent_activation": "inner_activation",
}


def keras_1(net: Net, chance: Random) -> Json:
    """The model with the names of Keras 1, as far as its layers had others."""
    value = keras_2(net, chance)
    config = value["config"]
    for layer in config["layers"] if isinstance(config, dict) else config:
        said = layer["config"]
        if not isinstance(said, dict) or layer["class_name"] in ("InputLayer", "Embedding"):
            continue
        if layer["class_name"] in ("Add", "Multiply", "Average", "Maximum", "Concatenate") and chance.random() < 0.8:
            mode = {"Add": "sum", "Multiply": "mul", "Average": "ave", "Maximum": "max"}.get(
                layer["class_name"], "concat"
            )
            layer["class_name"] = "Merge"
            layer["config"] = {"name": said["name"], "mode": mode, "concat_axis": said.get("axis", -1), "dot_axes": -1}
            continue
        for name, oldest in _OLDEST.items():
            if name in said and chance.random() < 0.9:
                said[oldest] = said.pop(name)
        if isinstance(said.get("kernel_size"), list) and len(said["kernel_size"]) == 2:
            said["nb_row"], said["nb_col"] = said.pop("kernel_size")
        if said.get("dim_ordering") in ("channels_first", "channels_last"):
            said["dim_ordering"] = "th" if said["dim_ordering"] == "channels_first" else "tf"
        layer["class_name"] = {"Conv2D": "Convolution2D", "Conv1D": "Convolution1D"}.get(
            layer["class_name"], layer["class_name"]
        )
    return {**value, "keras_version": "1.2.2"}


def keras_2(net: Net, chance: Random) -> Json:
    """The model as Keras 2 writes it."""
    layers: list[Json] = []
    calls: dict[str, tuple[str, int]] = {}
    entries: dict[str, Json] = {}
    for name, (shape, dtype) in net.inputs.items():
        config = {"batch_input_shape": [None, *shape], "dtype": dtype, "sparse": False, "ragged": False, "name": name}
        layers.append({"class_name": "InputLayer", "config": config, "name": name, "inbound_nodes": []})
        calls[name] = (name, 0)
    for node in net.nodes:
        inbound = [[*calls[one], 0, {}] for one in node.reads]
        if node.share is not None:
            calls[node.name] = (node.share, len(entries[node.share]["inbound_nodes"]))
            entries[node.share]["inbound_nodes"].append(inbound)
            continue
        calls[node.name] = (node.name, 0)
        config = {"name": node.name, "trainable": True, "dtype": "float32"}
        config.update((name, _old_value(value)) for name, value in node.fields.items())
        kind = node.type.rpartition(".")[2]
        entry = {"class_name": kind, "config": config, "name": node.name, "inbound_nodes": [inbound]}
        entries[node.name] = entry
        layers.append(entry)
    head = {"keras_version": chance.choice(("2.1.6", "2.4.0", "2.15.0")), "backend": "tensorflow"}
    if net.chain and chance.random() < 0.6:
        if chance.random() < 0.5:
            first = layers.pop(0)
            if layers:
                layers[0]["config"]["batch_input_shape"] = first["config"]["batch_input_shape"]
        for layer in layers:
            layer.pop("inbound_nodes")
            layer.pop("name")
        listed = chance.random() < 0.2
        return {"class_name": "Sequential", "config": layers if listed else {"name": "chain", "layers": layers}, **head}
    config = {"name": "net", "layers": layers, "input_layers": [[name, 0, 0] for name in net.inputs],
              "output_layers": [[*calls[name], 0] for name in net.outputs]}  # fmt: skip
    return {"class_name": chance.choice(("Model", "Functional")), "config": config, **head}


def saved_model(net: Net, chance: Random) -> Json:
    """The JSON at the root of a SavedModel, in which tuples are marked."""
    found = keras_2(net, chance)
    for layer in found["config"]["layers"] if isinstance(found["config"], dict) else ():
        for key, value in layer["config"].items():
            if isinstance(value, list) and chance.random() < 0.7:
                layer["config"][key] = {"class_name": "__tuple__", "items": value}
    return {"name": "net", "must_restore_from_config": False, "is_graph_network": True, **found}


def _old_value(value: Any) -> Any:
    if isinstance(value, Inner):
        return {"class_name": value.type, "config": {"name": "inner", **value.fields}}
    return [_old_value(item) for item in value] if isinstance(value, list) else value


def tfjs(net: Net, chance: Random) -> Json:
    """A model.json of TensorFlow.js, with the shapes of some weights."""
    model = keras_2(net, chance)
    head = {key: model.pop(key) for key in ("keras_version", "backend")}
    weights = [
        {"name": f"{node.name}/{chance.choice(('kernel', 'bias', 'gamma', 'depthwise_kernel'))}", "dtype": "float32",
         "shape": [chance.randint(1, 8) for _ in range(chance.choice((1, 2, 4)))]}
        for node in net.nodes
        if chance.random() < 0.3
    ]  # fmt: skip
    manifest = [{"paths": ["group1-shard1of1.bin"], "weights": weights}]
    return {"format": "layers-model", "modelTopology": {**head, "model_config": model}, "weightsManifest": manifest}


# --- containers -------------------------------------------------------------------------------------------------------


def archive(text: bytes, chance: Random) -> bytes:
    """A .keras archive around an architecture."""
    made = io.BytesIO()
    method = chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
    with zipfile.ZipFile(made, "w", method) as file:
        members = {
            "metadata.json": b'{"keras_version": "3.15.1", "date_saved": "2026-01-01@00:00:00"}',
            "config.json": text,
        }
        if chance.random() < 0.7:
            members["model.weights.h5"] = hdf5_file("weights")
        for name, data in members.items():
            # The moment is fixed, so that a run gives the same bytes every time.
            file.writestr(
                zipfile.ZipInfo(chance.choice(("", "", "", "net/")) + name, (2026, 1, 1, 0, 0, 0)), data, method
            )
    return made.getvalue()


_stored: dict[str, bytes] = {}


def hdf5_file(name: str) -> bytes:
    """A stored HDF5 file, which h5py wrote."""
    if name not in _stored:
        _stored[name] = (HERE / "data" / f"{name}.h5").read_bytes()
    return _stored[name]


def hdf5(text: bytes, chance: Random) -> bytes:
    """An HDF5 file around an architecture. A text that is too long for the place is cut off."""
    data = hdf5_file(chance.choice(("old_heap", "old_heap", "old_fixed", "new_heap")))
    return data.replace(MARK, text[: len(MARK)].ljust(len(MARK)))


def compact(value: Any) -> bytes:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":")).encode("utf-8", "surrogatepass")
