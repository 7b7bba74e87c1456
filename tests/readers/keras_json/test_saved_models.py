"""SavedModel folders of Keras 2: the layers in `keras_metadata.pb`, or in `saved_model.pb` of Keras before 2.5.

The messages are written here by the numbers of the fields in saved_metadata.proto and saved_object_graph.proto.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import cnnsum
from bench.fuzz.wire import field, varint
from cnnsum.diagnostics import UnusableError
from tests.cli.calling import call
from tests.thorough import each


def made(*items: Any) -> dict[str, Any]:
    """A tuple, as Keras writes it in these files alone."""
    return {"class_name": "__tuple__", "items": list(items)}


def layer(kind: str, name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": kind, "config": {"name": name, "trainable": True, "dtype": "float32", **config}}


CHAIN = {
    "name": "chain",
    "trainable": True,
    "must_restore_from_config": False,
    "class_name": "Sequential",
    "config": {
        "name": "chain",
        "layers": [
            layer("InputLayer", "in", batch_input_shape=made(None, 28, 28, 1), sparse=False, ragged=False),
            layer("Conv2D", "conv", filters=32, kernel_size=made(3, 3), strides=made(1, 1), padding="valid"),
            layer("MaxPooling2D", "pool", pool_size=made(2, 2), strides=made(2, 2), padding="valid"),
            layer("Flatten", "flat", data_format="channels_last"),
            layer("Dense", "out", units=10, activation="softmax", use_bias=True),
        ],
    },
    "is_graph_network": True,
    "keras_version": "2.10.0",
    "backend": "tensorflow",
    "training_config": {"optimizer_config": {"class_name": "Adam", "config": {"learning_rate": 0.001}}},
}
#: (3*3*1 + 1)*32, and (13*13*32 + 1)*10.
COUNT = 320 + 54_090


def node(path: str, identifier: str, value: Any, number: int = 0) -> bytes:
    """A SavedObject of saved_metadata.proto: node_id 2 (0 is not written), node_path 3, identifier 4, metadata 5."""
    text = json.dumps(value).encode()
    start = varint(2 << 3) + varint(number) if number else b""
    version = field(6, varint(1 << 3) + varint(1))
    return start + field(3, path.encode()) + field(4, identifier.encode()) + field(5, text) + version


def metadata(root: Any, identifier: str = "_tf_keras_sequential") -> bytes:
    """A `keras_metadata.pb`, with a node for a layer before and behind the root."""
    other = node("root.layer-0", "_tf_keras_layer", {"class_name": "Conv2D"}, 2)
    return field(1, node("root", identifier, root)) + field(1, other)


def program(root: Any) -> bytes:
    """A `saved_model.pb` of TensorFlow 2.0 to 2.4: the JSON is the first object's, beside a graph of functions."""
    user = (
        field(1, b"_tf_keras_sequential") + field(2, varint(1 << 3) + varint(1)) + field(3, json.dumps(root).encode())
    )
    child = field(1, varint(1 << 3) + varint(1) + field(2, b"layer-0"))
    objects = field(1, child + field(4, user)) + field(1, field(6, b"")) + field(2, b"\x0a\x01f")
    graph = field(1, b"\x22\x05serve") + field(2, field(1, field(1, b"Placeholder"))) + field(7, objects)
    return varint(1 << 3) + varint(1) + field(2, graph)


def folder(where: Path, **files: bytes) -> Path:
    where.mkdir()
    for name, data in files.items():
        (where / f"{name}.pb").write_bytes(data)
    (where / "variables").mkdir()
    return where


def test_a_folder_its_files_and_a_pipe(tmp_path: Path) -> None:
    new = folder(tmp_path / "new", keras_metadata=metadata(CHAIN), saved_model=program({}))
    old = folder(tmp_path / "old", saved_model=program(CHAIN))
    for path in (new, new / "keras_metadata.pb", old, old / "saved_model.pb"):
        report = cnnsum.summarize(cnnsum.load(path))
        assert report.totals.params.total == COUNT, path
        assert report.source.format == "savedmodel"
        assert [row.name for row in report.rows] == ["conv", "pool", "flat", "out"]
    shown = call(str(new))
    assert shown.code == 0
    # As the summary of Keras 2: without the optimizer's variables.
    assert f"Total params: {COUNT:,} (212.54 KB)" in shown.out
    assert call("check", str(tmp_path)).code == 0
    assert call("convert", str(new), "--to", "yaml").code == 0


def test_a_folder_of_another_program_is_named(tmp_path: Path) -> None:
    one = folder(tmp_path / "one", saved_model=program({}).replace(b"_tf_keras", b"_tf_other"))
    found = call(str(one))
    assert found.code == 2
    assert "is a TensorFlow SavedModel, whose graph is not one of layers" in found.err


def test_a_model_that_is_a_class_says_so(tmp_path: Path) -> None:
    root = {"class_name": "Net", "config": {"layer was saved without config": True}, "must_restore_from_config": False}
    found = call(str(folder(tmp_path / "one", keras_metadata=metadata(root, "_tf_keras_model"))))
    assert found.code == 2
    assert "SPC040 `Net` is not a Sequential or Functional model" in found.err
    # What it holds is said all the same, and how to write what can be read.
    nodes = field(1, node("root", "_tf_keras_model", root, 1))
    owned = [("net/conv/kernel:0", (3, 3, 3, 16)), ("net/conv/bias:0", (16,))]
    whole = folder(tmp_path / "two", keras_metadata=nodes, saved_model=variables(("net", owned)))
    said = call(str(whole)).err
    assert "`Net` is not a Sequential or Functional model; its weights are 448 numbers in 2 tensors" in said
    assert "keras.Model(b.input, b.output).to_json()" in said


def test_nested_models_are_counted_from_1(tmp_path: Path) -> None:
    """Keras 2 counts the node that a model makes when it is built with an input, and does not write it."""
    base = {**CHAIN, "config": {**CHAIN["config"], "name": "base"}}  # type: ignore[dict-item]
    layers = [
        {**layer("InputLayer", "x", batch_input_shape=made(None, 28, 28, 1)), "name": "x", "inbound_nodes": []},
        {"class_name": "Sequential", "config": base["config"], "name": "base", "inbound_nodes": [[["x", 0, 0, {}]]]},
        {**layer("Dense", "d", units=2), "name": "d", "inbound_nodes": [[["base", 1, 0, {}]]]},
    ]
    ends = {"input_layers": [["x", 0, 0]], "output_layers": [["d", 0, 0]]}
    root = {**CHAIN, "class_name": "Functional", "config": {"name": "whole", "layers": layers, **ends}}
    path = folder(tmp_path / "one", keras_metadata=metadata(root, "_tf_keras_network"))
    report = cnnsum.summarize(cnnsum.load(path))
    assert report.totals.params.total == COUNT + 22
    # Called twice, of which both are outputs; and counted from 0, as a model is that was built when it was called.
    twice = [[["x", 0, 0, {}]], [["x", 0, 0, {}]]]
    for outputs in ([["base", 1, 0], ["base", 2, 0]], [["base", 0, 0], ["base", 1, 0]]):
        config = {"name": "whole", "layers": [layers[0], {**layers[1], "inbound_nodes": twice}], **ends}
        config["output_layers"] = outputs
        again = cnnsum.loads(json.dumps({**root, "config": config}))
        assert not again.diagnostics
        assert len(cnnsum.summarize(again).outputs) == 2


@each("data", [metadata(CHAIN), program(CHAIN)])
def test_a_damaged_file_ends_in_a_finding(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.pb"
    step = 17
    for cut in range(0, len(data), step):
        for broken in (data[:cut], data[:cut] + bytes((data[cut] ^ 0xFF,)) + data[cut + 1 :]):
            path.write_bytes(broken)
            # Any other error ends the test.
            with suppress(UnusableError):
                cnnsum.summarize(cnnsum.load(path))


def test_a_text_that_begins_with_a_line_is_a_text(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("\n\x0a# _tf_keras_\ninput: [4]\nlayers: [{Dense: 2}]\n", encoding="utf-8")
    assert cnnsum.load(path).format == "cnnsum"


def test_a_damaged_message_is_said_at_its_byte(tmp_path: Path) -> None:
    path = tmp_path / "m.pb"
    path.write_bytes(metadata(CHAIN)[:-1])
    with pytest.raises(UnusableError, match="the SavedModel is damaged: at byte"):
        cnnsum.load(path)


def variables(*owners: tuple[str, list[tuple[str, tuple[int, ...]]]]) -> bytes:
    """A `saved_model.pb` whose layers have variables: an object each for the layer, its list, and each variable."""
    objects: list[bytes] = [b""]
    for _, owned in owners:
        listed = b"".join(field(1, varint(1 << 3) + varint(len(objects) + 2 + at)) for at in range(len(owned)))
        objects.append(field(1, varint(1 << 3) + varint(len(objects) + 1) + field(2, b"variables")))
        objects.append(listed)
        for name, shape in owned:
            dims = b"".join(field(2, varint(1 << 3) + varint(size)) for size in shape)
            objects.append(field(7, varint(1 << 3) + varint(1) + field(2, dims) + field(6, name.encode())))
    graph = field(7, b"".join(field(1, one) for one in objects))
    return varint(1 << 3) + varint(1) + field(2, graph)


def test_variables_are_the_weights_of_layers_that_are_not_known(tmp_path: Path) -> None:
    own = {"class_name": "Filterbank", "config": {"name": "bank", "layer was saved without config": True}}
    layers = [CHAIN["config"]["layers"][0], own, layer("Flatten", "flat")]  # type: ignore[index]
    root = {**CHAIN, "config": {"name": "chain", "layers": layers}}
    nodes = field(1, node("root", "_tf_keras_sequential", root))
    nodes += field(1, node("root.layer_with_weights-0", "_tf_keras_layer", {"name": "bank", **own}, 1))
    owned = [("bank/kernel", (40, 128)), ("bank/bias", (128,))]
    path = folder(tmp_path / "one", keras_metadata=nodes, saved_model=variables(("bank", owned)))
    report = cnnsum.summarize(cnnsum.load(path))
    assert report.totals.params.total == 40 * 128 + 128
    assert [(weight.name, weight.shape) for weight in report.rows[0].weights] == owned
    # Two variables of one name cannot be told apart, and what is damaged is said: the layer's weights are not known.
    for program_of in (variables(("bank", [("w", (2,)), ("w", (3,))])), variables(("bank", owned))[:-3]):
        (path / "saved_model.pb").write_bytes(program_of)
        model = cnnsum.load(path)
        assert str(cnnsum.summarize(model).totals.params.total) == "?"
    assert any("`saved_model.pb` is damaged: at byte" in one.message for one in model.diagnostics)
