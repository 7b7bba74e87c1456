"""Weights beside a Keras config: what they tell of layers that are not known, and what is said where they differ.

The archives are Keras's own; tests/peers/test_keras_weights.py compares many more with Keras.
"""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import cnnsum
from cnnsum.answers.summary.rendering import render
from cnnsum.dims import UNKNOWN
from cnnsum.readers.keras import read_keras
from cnnsum.readers.keras.weights import _trainable
from cnnsum.source import containers, read_text
from cnnsum.source.arrays import Array, Group
from tests.thorough import each, some

ARCHIVES = Path(__file__).parent / "archives"


def report(path: Path, **options: Any) -> Any:
    return cnnsum.summarize(cnnsum.load(path, **options))


def rewritten(
    source: Path, target: Path, method: int = zipfile.ZIP_STORED, change: Any = None, config: Any = None
) -> Path:
    """A copy of an archive: compressed, with other bytes of weights, or with another config."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", method) as new:
        for info in old.infolist():
            data = old.read(info)
            if info.filename == "model.weights.h5" and change is not None:
                data = change(data)
            if info.filename == "config.json" and config is not None:
                data = json.dumps(config(json.loads(data))).encode()
            if data is not None:
                new.writestr(info.filename, data)
    return target


CONTAINERS = [ARCHIVES / "containers.keras", ARCHIVES / "containers.h5"]


@pytest.mark.parametrize("path", CONTAINERS, ids=lambda path: path.suffix)
def test_sublayers_in_lists_and_mappings(path: Path) -> None:
    found = report(path)
    by_name = {row.name: row for row in found.rows}
    assert by_name["containers"].params == (270, 246, 24)
    assert found.totals.params == (42 + 270 + 7, 42 + 246 + 7, 24)
    assert found.totals.weights.total == 4 * 319
    assert by_name["containers"].status == "unknown"
    assert by_name["containers"].macs is UNKNOWN
    assert (found.totals.unknown, found.totals.stored) == (("containers",), ("containers",))
    assert len(by_name["containers"].weights) == 20
    # Whether a weight of a layer trains that nothing is known of is only known where it does not.
    assert [weight.trainable for weight in by_name["containers"].weights].count(None) == 16
    assert [weight.trainable for weight in by_name["containers"].weights].count(False) == 4
    text = "".join(render(found, "table"))
    assert "Only weights known, and taken to train: 1 layer\n   containers\n" in text
    assert "in no sum" not in text
    assert '"trainable": null' in "".join(render(found, "json"))


@each(
    ("name", "layer", "count"),
    [
        ("mha", "multi_head_attention", 68),
        ("reshape", "reshape", 0),
        ("groupnorm", "group_normalization", 1),
        ("attention", "attention", 42),
        ("attention_seq", "attention_1", 42),
    ],
)
def test_an_archive_with_a_layer_of_the_authors_own(name: str, layer: str, count: int) -> None:
    found = report(ARCHIVES / f"{name}.keras")
    (row,) = (row for row in found.rows if row.name == layer)
    assert row.params == (count, count, 0)
    assert found.totals.params.total == count
    assert found.totals.macs is UNKNOWN


@each("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_weights_that_are_compressed(tmp_path: Path, method: int, monkeypatch: pytest.MonkeyPatch) -> None:
    path = rewritten(CONTAINERS[0], tmp_path / "x.keras", method)
    assert report(path).totals.params.total == 319
    monkeypatch.setattr(containers, "MAX_UNPACKED", 2**15)
    model = cnnsum.load(path)
    assert cnnsum.summarize(model).totals.params.total is UNKNOWN
    (said,) = (found for found in model.diagnostics if found.code == "SPC067")
    assert said.severity == "warning"
    assert "`model.weights.h5` is compressed and has more than 0 MiB: it is not read" in said.message


def test_weights_that_are_damaged(tmp_path: Path) -> None:
    def cut(data: bytes) -> bytes:
        return data[:-100]

    def broken(data: bytes) -> bytes:
        at = data.index(b"TREE", data.index(b"TREE") + 1)
        return data[:at] + b"FREE" + data[at + 4 :]

    def other(data: bytes) -> bytes:
        return b"weights of another kind"

    for change, message in (
        (cut, "it is cut off"),
        (broken, "a node of a B-tree does not begin with TREE"),
        (other, "does not begin with"),
    ):
        model = cnnsum.load(rewritten(CONTAINERS[0], tmp_path / "x.keras", change=change))
        found = cnnsum.summarize(model)
        assert {row.name: row.params.total for row in found.rows}["containers"] is UNKNOWN
        (said,) = (one for one in model.diagnostics if one.code == "SPC067")
        assert said.severity == "warning"
        if change is not other:
            assert "`model.weights.h5` is damaged: at byte " in said.message
            assert message in said.message


def test_weights_that_are_missing(tmp_path: Path) -> None:
    model = cnnsum.load(rewritten(CONTAINERS[0], tmp_path / "x.keras", change=lambda _: None))
    assert cnnsum.summarize(model).totals.params.total is UNKNOWN
    assert [found.code for found in model.diagnostics] == ["UNK701"]


def test_every_changed_byte_is_a_number_or_a_message(tmp_path: Path) -> None:
    with zipfile.ZipFile(CONTAINERS[0]) as archive:
        sound = archive.read("model.weights.h5")
    for at in some(range(8, len(sound), 131), 3):
        data = sound[:at] + bytes([sound[at] ^ 0x15]) + sound[at + 1 :]
        archive_bytes = io.BytesIO()
        with zipfile.ZipFile(archive_bytes, "w") as new:
            new.writestr("config.json", "{}")
            new.writestr("model.weights.h5", data)
        found = containers.contents_of(
            archive_bytes, b"PK\x03\x04", "x.keras", again=partial(nullcontext, archive_bytes)
        )
        assert found is not None
        assert found.weights is not None
        weights = found.weights()
        assert weights is not None
        assert (weights.root is None) == bool(weights.problem)


def test_a_known_layer_is_never_copied(tmp_path: Path) -> None:
    def wider(config: Any) -> Any:
        config["config"]["layers"][-1]["config"]["units"] = 5
        return config

    model = cnnsum.load(rewritten(CONTAINERS[0], tmp_path / "x.keras", config=wider))
    found = cnnsum.summarize(model)
    assert found.rows[-1].params.total == 35
    (said,) = (one for one in model.diagnostics if one.code == "SHP225")
    assert said.severity == "warning"
    name = found.rows[-1].name
    assert said.message == (
        f"the file holds weights of (6, 1) and (1,) for `{name}`, which has weights of (6, 5) and (5,)"
    )
    assert said.span is not None


def test_a_declared_layer_is_compared_too(tmp_path: Path) -> None:
    types = tmp_path / "types.yaml"
    declared = "layer_types: {Containers: {input: [n], output: [n], weights: {kernel: [n, n]}}}"
    types.write_text(declared)
    model = cnnsum.load(CONTAINERS[0], layer_types=[types])
    assert [found.code for found in model.diagnostics] == ["SHP225"]
    assert "and 16 more for `containers`, which has weights of (6, 6)" in model.diagnostics[0].message


def test_at_other_sizes_the_file_says_nothing() -> None:
    assert report(CONTAINERS[0], inputs=(6,)).totals.params.total is UNKNOWN


def test_a_frozen_layer_and_a_frozen_model(tmp_path: Path) -> None:
    def layer(config: Any) -> Any:
        (own,) = (one for one in config["config"]["layers"] if one["class_name"] == "Containers")
        own["config"]["trainable"] = False
        return config

    def model(config: Any) -> Any:
        config["config"]["trainable"] = False
        return config

    found = report(rewritten(CONTAINERS[0], tmp_path / "a.keras", config=layer))
    assert found.totals.params == (319, 49, 270)
    assert all(weight.trainable is False for row in found.rows if row.name == "containers" for weight in row.weights)
    assert report(rewritten(CONTAINERS[0], tmp_path / "b.keras", config=model)).totals.params == (319, 0, 319)


def own_chain(*layers: dict[str, Any]) -> Any:
    """A chain of 5 features, in which Keras records the shapes that layers with weights were built on."""
    first = {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, 5], "name": "in"}}
    config = {"name": "chain", "layers": [first, *layers]}
    return cnnsum.loads(json.dumps({"module": "keras", "class_name": "Sequential", "config": config}))


def made(class_name: str, module: str = "keras.layers", build: Any = None, **fields: Any) -> dict[str, Any]:
    found = {"module": module, "class_name": class_name, "config": {"name": class_name.lower(), **fields}}
    return found if build is None else {**found, "build_config": {"input_shape": build}}


def test_a_shape_goes_back_through_layers_that_keep_it() -> None:
    model = own_chain(
        made("Own", "mine"), made("ReLU"), made("Dropout", rate=0.5), made("Dense", units=2, build=[None, 7])
    )
    rows = cnnsum.summarize(model).rows
    assert [str(row.outputs[0].shape[1:]) for row in rows] == ["(7,)", "(7,)", "(7,)", "(2,)"]
    model = own_chain(made("Own", "mine"), made("Flatten"), made("Dense", units=2, build=[None, 7]))
    assert cnnsum.summarize(model).rows[0].outputs[0].shape is None


def with_weights(model: dict[str, Any], groups: dict[str, Any]) -> Any:
    """A model beside groups of weights as older files have them; a tuple is the shape of an array."""
    document = read_text(json.dumps(model), "x.keras")

    def group(value: dict[str, Any]) -> Group:
        found = Group()
        for name, one in value.items():
            if isinstance(one, tuple):
                found.arrays[name] = Array(one, "float32")
            else:
                found.groups[name] = group(one)
        return found

    document.weights = containers.Weights(group(groups))
    return read_keras(document)


def chain(*classes: str) -> dict[str, Any]:
    layers = [made(name, "mine" if name.startswith("Own") else "keras.layers") for name in classes]
    for number, layer in enumerate(layers):
        layer["config"]["name"] = f"layer{number}"
    return {"module": "keras", "class_name": "Sequential", "config": {"name": "chain", "layers": layers}}


def stored(graph: Any) -> list[list[Any] | None]:
    return [None if one.stored is None else [weight.shape for weight in one.stored] for one in graph.layers]


def test_groups_of_files_without_names() -> None:
    """Up to Keras 3.4: no group for a layer without weights, whose number is left out all the same."""
    model = chain("Own", "OwnDrop", "Own", "OwnDrop", "Own")
    kept = {"own": {"vars": {"0": (2,)}}, "own_2": {"d": {"vars": {"0": (3, 4), "1": (4,)}}}}
    found = with_weights(model, {"layers": kept})
    assert stored(found) == [[(2,)], [], [], [], [(3, 4), (4,)]]
    # A generator of random numbers is not a weight.
    kept = {"own": {"seed_generator": {"vars": {"0": (2,)}}, "vars": {}}}
    (group,) = (one for one in (with_weights(chain("Own"), {"layers": kept}),))
    assert stored(group) == [[(2,)]]  # of floating-point numbers it is one


def test_groups_of_keras_2_13() -> None:
    """There a layer with weights stands twice in the list, and the number of the second is left out."""
    model = chain("Own", "OwnDrop", "Own", "Own")
    kept = {"own_4": {"vars": {"0": (7,)}}, "own": {"vars": {"0": (2,)}}, "own_drop": {}, "own_2": {"vars": {}}}
    found = with_weights(model, {"_layer_checkpoint_dependencies": kept})
    assert stored(found) == [[(2,)], [], [], [(7,)]]
    del kept["own_2"]
    found = with_weights(model, {"_layer_checkpoint_dependencies": kept})
    assert stored(found) == [None, [], None, None]


def test_which_weights_train() -> None:
    vector, matrix, count = Array((4,), "float32"), Array((4, 4), "float32"), Array((), "int64")
    assert _trainable(("batch_normalization_3",), [vector] * 4) == [True, True, False, False]
    assert _trainable(("norm", "batch_normalization"), [vector] * 3) == [True, False, False]
    assert _trainable(("batch_normalization",), [vector] * 2) == [False, False]
    assert _trainable(("conv1_bn",), [vector] * 4) == [True, True, False, False]
    assert _trainable(("time_mix",), [vector] * 4) == [True] * 4
    assert _trainable(("norm",), [vector] * 2) == [True, True]
    assert _trainable(("bn",), [matrix] * 4) == [True] * 4
    assert _trainable(("rescale",), [vector, vector, count]) == [False] * 3
