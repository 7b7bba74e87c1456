"""Architectures in archives: .keras and .h5 files, sound and damaged; only the config is read."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

import cnnsum
from cnnsum.diagnostics import UnusableError
from cnnsum.source import containers
from tests.thorough import each

MODEL = {
    "class_name": "Sequential",
    "module": "keras",
    "config": {
        "name": "net",
        "layers": [
            {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, 8], "name": "in"}},
            {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 3}},
        ],
    },
}
CONFIG = json.dumps(MODEL)


def archive(path: Path, method: int = zipfile.ZIP_DEFLATED, **members: bytes | str) -> Path:
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in members.items():
            file.writestr(name.replace("__", "/").replace("_json", ".json").replace("_h5", ".h5"), data)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(UnusableError) as error:
        cnnsum.load(path)
    (found,) = error.value.diagnostics
    return str(found)


@each("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive(tmp_path: Path, method: int) -> None:
    path = archive(tmp_path / "model.keras", method, metadata_json="{}", config_json=CONFIG, weights_h5=b"\0" * 999)
    assert cnnsum.summarize(cnnsum.load(path)).totals.params.total == 27


def test_an_archive_with_a_folder(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", net__config_json=CONFIG, net__weights_h5=b"")
    assert cnnsum.load(path).graph.name == "net"
    path = archive(tmp_path / "b.zip", a__config_json=CONFIG, b__config_json=CONFIG)
    assert refusal(path) == f"SPC068 `{path}` holds several models: a/config.json, b/config.json"


def test_an_archive_through_a_pipe(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    data = archive(tmp_path / "model.keras", config_json=CONFIG).read_bytes()
    monkeypatch.setattr("sys.stdin", type("Stream", (), {"buffer": Pipe(data)}))
    assert cnnsum.load("-").graph.name == "net"


def test_a_fault_in_an_archive_has_a_place(tmp_path: Path) -> None:
    path = archive(tmp_path / "model.keras", config_json=CONFIG.replace('"units": 3', '"units": -3'))
    (found,) = cnnsum.load(path).diagnostics
    assert found.code == "CFG102"
    assert found.span is not None
    assert (found.span.path, found.span.column) == (str(path), CONFIG.index("3}}]") + 1)


@each(
    ("members", "message"),
    [
        ({"metadata_json": "{}"}, "is an archive without `config.json`"),
        ({"model__data.pkl": b"x"}, "is a PyTorch file: pickled objects and weights"),
        ({"net__saved_model.pb": b"x"}, "is a TensorFlow SavedModel, whose graph is not one of layers"),
        ({"model.weights_h5": b"x"}, "is an archive of weights without an architecture"),
        ({}, "is an archive without `config.json`"),
    ],
)
def test_archives_without_an_architecture(tmp_path: Path, members: dict[str, Any], message: str) -> None:
    path = archive(tmp_path / "m.zip", **members)
    if not members:
        assert "SPC005" in refusal(path)  # an empty archive begins otherwise
    else:
        assert refusal(path) == f"SPC068 `{path}` {message}"


def test_a_config_that_is_no_json(tmp_path: Path) -> None:
    assert "SPC060" in refusal(archive(tmp_path / "a.keras", config_json="hello"))
    assert "SPC009" in refusal(archive(tmp_path / "b.keras", config_json=CONFIG[:50]))
    assert "SPC005" in refusal(archive(tmp_path / "c.keras", config_json=b"PK\x03\x04"))
    assert "is damaged: `config.json` in it is empty" in refusal(archive(tmp_path / "d.keras", config_json=b""))


def test_damaged_archives(tmp_path: Path) -> None:
    data = archive(tmp_path / "m.keras", config_json=CONFIG * 20).read_bytes()
    path = tmp_path / "damaged.keras"
    for cut in range(4, len(data), 7):
        path.write_bytes(data[:cut])
        assert (
            refusal(path)
            == f"SPC067 the archive `{path}` is damaged: it ends without the list of what is in it: it is cut off"
        )
    for at in range(0, len(data), 3):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        with contextlib.suppress(UnusableError):
            cnnsum.load(path)


def test_bombs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MAX_CONFIG", 2**20)
    path = archive(tmp_path / "bomb.keras", config_json=b" " * 2**24)
    assert path.stat().st_size < 2**15
    assert refusal(path) == f"SPC067 `config.json` in `{path}` is too large: more than 1 MiB"
    # An entry that says that it is small.
    data = path.read_bytes().replace((2**24).to_bytes(4, "little"), (99).to_bytes(4, "little"))
    path.write_bytes(data)
    assert refusal(path).startswith("SPC067 ")
    monkeypatch.setattr(containers, "MAX_DIRECTORY", 100)
    path = archive(tmp_path / "many.keras", **{f"a{number}": b"" for number in range(50)}, config_json=CONFIG)
    assert refusal(path) == f"SPC067 the archive `{path}` has too many entries"


def test_an_encrypted_archive(tmp_path: Path) -> None:
    path = archive(tmp_path / "m.keras", zipfile.ZIP_STORED, config_json=CONFIG)
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    path.write_bytes(data)
    assert "is encrypted" in refusal(path)


# HDF5; the reader itself is tested in tests/source/test_hdf5.py.

SAMPLE = (Path(__file__).parent.parent.parent / "source" / "hdf5" / "keras.h5").read_bytes()


def test_hdf5(tmp_path: Path) -> None:
    path = tmp_path / "net.h5"
    path.write_bytes(SAMPLE)
    model = cnnsum.load(path)
    assert not model.diagnostics
    assert cnnsum.summarize(model).totals.params.total == 10


def test_hdf5_without_an_architecture(tmp_path: Path) -> None:
    path = tmp_path / "w.h5"
    path.write_bytes(SAMPLE.replace(b"model_config\0", b"model_gonfig\0"))
    assert refusal(path) == f"SPC068 `{path}` holds weights without an architecture: it has no `model_config`"


def test_hdf5_through_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    monkeypatch.setattr("sys.stdin", type("Stream", (), {"buffer": Pipe(SAMPLE)}))
    assert cnnsum.load("-").graph.name == "s"


def test_hdf5_that_is_damaged_among_others(tmp_path: Path) -> None:
    """One changed byte once ended the process, and `check` with it."""
    import subprocess
    import sys

    (tmp_path / "good.h5").write_bytes(SAMPLE)
    at = SAMPLE.index(b"TREE")
    (tmp_path / "bad.h5").write_bytes(SAMPLE[: at + 4] + b"\1" + SAMPLE[at + 5 :])
    at = SAMPLE.index(b"model_config\0") + 17
    (tmp_path / "worse.h5").write_bytes(SAMPLE[:at] + bytes([SAMPLE[at] ^ 1]) + SAMPLE[at + 1 :])
    command = [sys.executable, "-m", "cnnsum", "check", "good.h5", "bad.h5", "worse.h5", "--format", "concise"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 1
    assert "`worse.h5`, at byte" in run.stdout + run.stderr
    assert "fault in cnnsum" not in run.stdout + run.stderr
