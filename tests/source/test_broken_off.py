"""Files that are empty or cut off: each is named as what its name says, with what writes it again."""

from __future__ import annotations

from pathlib import Path

import pytest

import cnnsum
from cnnsum.diagnostics import SMALLEST_SPEC, UnusableError
from tests.thorough import each

KERAS = "`model.save('model.keras')`"
TORCH = '`torch.export.save(torch.export.export(model, inputs), "model.pt2")`'


def refused(path):
    with pytest.raises(UnusableError) as caught:
        cnnsum.load(path)
    (found,) = caught.value.diagnostics
    return found


@each(
    ("name", "what", "way"),
    [
        ("saved_model.pb", "part of a TensorFlow SavedModel", "`model.to_json()`"),
        ("keras_metadata.pb", "part of a TensorFlow SavedModel", "`model.to_json()`"),
        ("config.json", "the architecture in a Keras archive", KERAS),
        ("m.keras", "a Keras archive", KERAS),
        ("M.KERAS", "a Keras archive", KERAS),
        ("m.h5", "a model of Keras in HDF5", KERAS),
        ("m.pt2", "an exported program of PyTorch", TORCH),
        ("m.onnx", "an ONNX model", "the exporter"),
        ("m.tflite", "a TensorFlow Lite model", "the converter"),
        ("m.cfg", "a network of darknet", "fetch or copy"),
        ("m.prototxt", "a network of Caffe", "fetch or copy"),
    ],
)
def test_an_empty_file_is_what_its_name_says(tmp_path: Path, name: str, what: str, way: str) -> None:
    path = tmp_path / name
    for text in ("", "\n \n"):
        path.write_text(text, encoding="utf-8")
        found = refused(path)
        assert (found.code, found.message) == ("SPC004", f"the file is empty; by its name it would be {what}")
        assert found.help is not None
        assert way in found.help


def test_a_folder_with_an_empty_file_is_a_saved_model(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").touch()
    assert refused(tmp_path).message.endswith("it would be part of a TensorFlow SavedModel")


@each("name", ["m.yaml", "m.json", "m"])
def test_an_empty_file_of_another_name_may_be_a_spec(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    found = refused(tmp_path / name)
    assert (found.message, found.help) == ("the file is empty", SMALLEST_SPEC)


@each(
    ("source", "way"),
    [
        ("tests/source/hdf5/keras.h5", KERAS),
        ("tests/readers/pt2/static.pt2", TORCH),
        ("tests/readers/onnx/plain.onnx", "the exporter"),
        ("tests/readers/keras_json/archives/mha.keras", KERAS),
    ],
)
def test_what_is_cut_off_is_to_be_fetched_or_written_again(tmp_path: Path, source: str, way: str) -> None:
    data = Path(source).read_bytes()
    path = tmp_path / Path(source).name
    for part in (0.3, 0.7, 0.97):
        path.write_bytes(data[: int(len(data) * part)])
        found = refused(path)
        assert found.code == "SPC067"
        assert found.help is not None
        assert found.help.startswith("fetch or copy the file again, or write it again with ")
        assert way in found.help
