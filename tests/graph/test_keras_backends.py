"""What differs between Keras's backends: 64 bits where dtypes are promoted, and integers that Keras makes itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cnnsum
from cnnsum.graph.promotion import BACKENDS, dtype_of_result, promote
from tests.cli.calling import call
from tests.thorough import each

SPECS = Path(__file__).parent.parent.parent / "specs"


@each("backend", BACKENDS)
def test_the_count_of_a_normalization(backend: str) -> None:
    """Alone, in a wrapper, and in a model within the model."""
    own = "Normalization"
    for layers in ([own], [{"TimeDistributed": {"layer": own}}], [{"Sequential": {"layers": [own]}}]):
        model = cnnsum.loads(json.dumps({"input": [4, 4, 3], "layers": layers}), keras_backend=backend)
        assert not model.diagnostics
        assert cnnsum.summarize(model).totals.weights.total == 6 * 4 + (8 if backend == "tensorflow" else 4)


def test_efficientnet() -> None:
    path = str(SPECS / "efficientnet_b0.yaml")
    assert " Total params: 5,330,571 (20.33 MB)\n" in call(path).out
    assert " Non-trainable params: 42,023 (164.16 KB)\n" in call(path).out
    assert " Non-trainable params: 42,023 (164.15 KB)\n" in call(path, "--keras-backend", "jax").out


def test_promotion() -> None:
    for backend in BACKENDS:
        wide = backend == "tensorflow"
        assert promote(["int64", "int32"], backend) == ("int64" if wide else "int32")
        assert promote(["float64", "float32"], backend) == ("float64" if wide else "float32")
        assert promote(["uint64"], backend) == "uint32"
        assert promote(["int64", "float"], backend) == "float32"
        assert promote(["bool", "int"], backend) == "int32"
        assert dtype_of_result("sum", ["uint8"], backend) == ("int32" if backend == "torch" else "uint32")


def test_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"`keras_backend` must be .* got 'tensorflw' .did you mean `tensorflow`"):
        cnnsum.loads("{input: [4], layers: [Flatten]}", keras_backend="tensorflw")
    monkeypatch.chdir(tmp_path)
    text = "input: [4, 4, 3]\nlayers: [Normalization]\nbudget: {weights: 28}\n"
    Path("net.yaml").write_text(text, encoding="utf-8")
    assert call("check", "net.yaml", "--keras-backend", "jacks").code == 2
    # 7 numbers of 4 bytes, but for the count on TensorFlow.
    assert call("check", "net.yaml").code == 1
    assert call("check", "net.yaml", "--keras-backend", "jax").code == 0
    Path("cnnsum.toml").write_text('keras-backend = "torch"\n', encoding="utf-8")
    assert call("check", "net.yaml").code == 0
    assert "keras-backend" in call("check", "net.yaml", "--show-settings").out
    assert call("check", "net.yaml", "--keras-backend", "tensorflow").code == 1
    Path("cnnsum.toml").write_text('keras-backend = "trch"\n', encoding="utf-8")
    assert "`keras-backend` must be one of tensorflow, jax, torch, numpy" in call("check", "net.yaml").out
