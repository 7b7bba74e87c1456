"""The standard's own node tests: shapes and dtypes of all outputs that the shapes of the inputs decide."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("onnx")

import onnx
import onnx.backend.test
from onnx_cases import verdicts

import cnnsum

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "onnx.md"


def test_every_case(tmp_path: Path) -> None:
    found = [(case.name, verdict) for case, verdict in verdicts(tmp_path)]
    counts = Counter(verdict for _, verdict in found)
    others = {"agrees", "by data", "no tensor", "undecided"}
    assert [one for one in found if one[1] not in others] == []
    assert counts["agrees"] >= 0.95 * (counts["agrees"] + counts["undecided"])
    agree, undecided = counts["agrees"], counts["undecided"]
    said = f"{len(found):,} cases, {agree:,} agree in every shape and dtype, {undecided} are not decided"
    assert said in " ".join(PAGE.read_text(encoding="utf-8").split())


def test_models_of_older_versions() -> None:
    """What PyTorch and Caffe2 were held to, with stored outputs; and networks whose weights are numbers repeated."""
    folder = Path(onnx.backend.test.__file__).parent / "data"
    found = Counter[str]()
    for path in sorted(folder.glob("*/*/model.onnx")):
        model = cnnsum.load(path)
        assert not model.errors, path
        expected = []
        for at in range(len(model.graph.outputs)):
            tensor = onnx.TensorProto()
            tensor.ParseFromString((path.parent / "test_data_set_0" / f"output_{at}.pb").read_bytes())
            expected.append(tuple(tensor.dims))
        shapes = [one.shape for one in cnnsum.summarize(model).outputs]
        found["agrees" if shapes == expected else "others"] += 1
    assert found == {"agrees": 140}


PUBLISHED = {"resnet50": 4.089, "vgg19": 19.632, "squeezenet": 0.349}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_networks(name: str) -> None:
    """MACs, in thousands of millions, are those that torchvision states for the same networks."""
    folder = Path(onnx.backend.test.__file__).parent / "data" / "light"
    report = cnnsum.summarize(cnnsum.load(folder / f"light_{name}.onnx"))
    assert round(report.totals.macs / 1e9, 3) == PUBLISHED[name]
    assert not report.diagnostics
