"""Every row of every architecture file of Ultralytics, at every scale, against the modules that it builds itself.

Needs `ultralytics` without its dependencies (`pip install --no-deps`); what it imports of torchvision, which
does not install beside a CPU build of PyTorch, is stood in for: nothing of it is used to build a network.
Its counter of operations, `ultralytics-thop`, is a package of the name of another counter: ULTRALYTICS_THOP
may say in which folder it is.
"""

from __future__ import annotations

import importlib.machinery
import importlib.metadata
import json
import math
import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.peers

pytest.importorskip("torch")
if importlib.util.find_spec("ultralytics") is None:
    pytest.skip("ultralytics is not installed", allow_module_level=True)

#: The networks that are run at every size, and their scales.
_RUN = (
    ("v8/yolov8.yaml", "n"),
    ("11/yolo11.yaml", "n"),
    ("v3/yolov3-tiny.yaml", ""),
    ("v10/yolov10n.yaml", "n"),
    ("v9/yolov9t.yaml", ""),
)
_STOOD_IN = ("", ".transforms", ".ops", ".transforms.functional", ".models", ".datasets")


def _stand_in() -> None:
    """Modules of torchvision that give a class for any name."""

    def anything(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})

    for name in _STOOD_IN:
        module = types.ModuleType(f"torchvision{name}")
        module.__spec__ = importlib.machinery.ModuleSpec(f"torchvision{name}", None)
        module.__dict__.update(__version__="0.28.0", __path__=[], __file__="stand_in.py", __getattr__=anything)
        sys.modules[f"torchvision{name}"] = module
    version = importlib.metadata.version
    importlib.metadata.version = lambda name: "0.28.0" if name == "torchvision" else version(name)


def _truth(folder: str) -> None:
    """Print the parameters of every row of every file and scale, as JSON."""
    os.environ["YOLO_CONFIG_DIR"] = folder
    os.environ["YOLO_OFFLINE"] = "true"
    if importlib.util.find_spec("torchvision") is None:
        _stand_in()
    from copy import deepcopy

    import torch
    from ultralytics.nn import tasks
    from ultralytics.utils import LOGGER

    LOGGER.disabled = True
    # Shapes alone: no number of a weight is made.
    torch.set_default_device("meta")
    found = {}
    for path in sorted(Path(tasks.__file__).parents[1].glob("cfg/models/*/*.yaml")):
        read = tasks.yaml_model_load(path)
        for scale in list(read.get("scales") or {}) or [""]:
            if "TorchVision" in path.read_text(encoding="utf-8"):
                continue
            rows, _ = tasks.parse_model({**deepcopy(read), "scale": scale}, ch=read.get("channels", 3), verbose=False)
            found[f"{path}|{scale}"] = [row.np for row in rows]
    sys.stdout.write(json.dumps(found) + "\n")


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[int]]:
    folder = tmp_path_factory.mktemp("ultralytics")
    here = str(Path(__file__).parent)
    program = f"import sys; sys.path.insert(0, {here!r}); import test_ultralytics as t; t._truth({str(folder)!r})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    found: dict[str, list[int]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_every_row_of_every_file_has_the_parameters_that_are_built(truth: dict[str, list[int]]):
    import cnnsum

    wrong = []
    for key, rows in truth.items():
        path, _, scale = key.partition("|")
        model = cnnsum.load(path, settings={"scale": scale} if scale else None)
        assert not model.wrong, (key, model.errors)
        by_name = {row.name: row.params.total for row in cnnsum.summarize(model, details=False).rows}
        found = [by_name[str(number)] for number in range(len(rows))]
        if found != rows:
            wrong.append((key, [pair for pair in zip(rows, found, strict=True) if pair[0] != pair[1]]))
    assert not wrong
    assert len(truth) >= 240


def test_every_file_is_accepted_by_the_schema(truth: dict[str, list[int]]):
    import jsonschema
    import yaml

    from cnnsum.answers.schema.architecture import architecture_schema

    validator = jsonschema.Draft202012Validator(architecture_schema())
    paths = [*Path(next(iter(truth)).partition("|")[0]).parents[1].glob("*/*.yaml")]
    assert len(paths) >= 60
    for path in paths:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert not [*validator.iter_errors(value)], path.name


def _operations(folder: str) -> None:
    """Print the GFLOPs that Ultralytics itself reports of the first scale of every file, as JSON."""
    os.environ["YOLO_CONFIG_DIR"] = folder
    os.environ["YOLO_OFFLINE"] = "true"
    if importlib.util.find_spec("torchvision") is None:
        _stand_in()
    import torch
    from ultralytics.nn import tasks
    from ultralytics.utils import LOGGER
    from ultralytics.utils.torch_utils import get_flops

    LOGGER.disabled = True
    for name in dir(torch.nn.init):
        if name.endswith("_") and not name.startswith("_"):
            setattr(torch.nn.init, name, lambda tensor, *_, **__: tensor)
    found = {}
    for path in sorted(Path(tasks.__file__).parents[1].glob("cfg/models/*/*.yaml")):
        read = tasks.yaml_model_load(path)
        text = path.read_text(encoding="utf-8")
        if "TorchVision" in text:
            continue
        task = tasks.guess_model_task(read)
        kind = next((kind for word, kind in _MODELS.items() if word in text), _TASKS.get(task, "DetectionModel"))
        scale = next(iter(read.get("scales") or {}), "")
        model = getattr(tasks, kind)({**read, "scale": scale}, ch=read.get("channels", 3), verbose=False)
        found[f"{path}|{scale}"] = get_flops(model, 224 if task == "classify" else 640)
    sys.stdout.write(json.dumps(found) + "\n")


#: The classes of the models: by a word of the file, else by its task.
_MODELS = {"RTDETR": "RTDETRDetectionModel", "YOLOESeg": "YOLOESegModel", "YOLOE": "YOLOEModel", "World": "WorldModel"}
_TASKS = {
    "segment": "SegmentationModel",
    "pose": "PoseModel",
    "obb": "OBBModel",
    "classify": "ClassificationModel",
    "semantic": "SemanticSegmentationModel",
    "depth": "DepthModel",
}


def _counted(model: Any) -> int:
    """The operations that Ultralytics counts, from ours: MACs, and what its counter adds for modules beside them."""
    total = 0
    for call in model.inference.calls:
        facts, kind = call.facts, call.layer.type_name
        inputs = [model.inference.values[number].shape[1:] for number in call.inputs]
        total += facts.macs * facts.repeats
        if kind in ("BatchNorm2d", "LayerNorm"):
            total += 4 * math.prod(inputs[0])
        elif kind == "AdaptiveAvgPool2d":
            total += math.prod(inputs[0]) + math.prod(facts.outputs[0][1:])
        elif kind == "MultiheadAttention":
            # An exponential, a sum and a division for each score, but for the first sum.
            queries, keys = inputs[0][0], inputs[1][0]
            total += call.layer.fields["num_heads"] * queries * (3 * keys - 1)
    return 2 * total


def test_operations_are_those_of_its_own_report(tmp_path: Path):
    import cnnsum

    counter = os.environ.get("ULTRALYTICS_THOP")
    if not counter and importlib.metadata.packages_distributions().get("thop") != ["ultralytics-thop"]:
        pytest.skip("Ultralytics' own counter, ultralytics-thop, is not installed, or not as `thop`")
    here = str(Path(__file__).parent)
    call = f"t._operations({str(tmp_path)!r})"
    program = f"import sys; sys.path.insert(0, {here!r}); import test_ultralytics as t; {call}"
    path = os.pathsep.join(filter(None, (counter, os.environ.get("PYTHONPATH"))))
    environment = os.environ | {"PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    wrong = []
    for key, reported in json.loads(done.stdout.splitlines()[-1]).items():
        path, _, scale = key.partition("|")
        counted = _counted(cnnsum.load(path, settings={"scale": scale} if scale else None)) / 1e9
        if abs(counted - reported) > 0.05:
            wrong.append((key, reported, counted))
    assert not wrong


def test_sizes_are_those_that_run(truth: dict[str, list[int]], tmp_path: Path):
    """Five networks without their heads, run at each size of an axis, against `sizes`."""
    import yaml

    import cnnsum

    folder = Path(next(iter(truth)).partition("|")[0]).parents[1]
    program = (
        "import sys; sys.path.insert(0, {here!r}); import test_ultralytics as t; t._stand_in(); import os; "
        "os.environ['YOLO_CONFIG_DIR'] = {folder!r}; t._run({path!r}, {scale!r})"
    )
    for name, scale in _RUN:
        value = yaml.safe_load((folder / name).read_text(encoding="utf-8"))
        value["head"] = value["head"][:-1]
        path = tmp_path / "cut.yaml"
        path.write_text(yaml.safe_dump(value), encoding="utf-8")
        text = program.format(here=str(Path(__file__).parent), folder=str(tmp_path), path=str(path), scale=scale)
        done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
        runs = json.loads(done.stdout.splitlines()[-1])
        settings = {"scale": scale} if scale else None
        (axis, _) = cnnsum.sizes(cnnsum.load(str(path), settings=settings), range=(1, 64)).axes
        assert [*(axis.legal or ())] == runs, name


def _run(path: str, scale: str) -> None:
    """Print the heights from 1 to 64 at which a network runs, 64 wide."""
    import torch
    from ultralytics.nn import tasks
    from ultralytics.utils import LOGGER

    LOGGER.disabled = True
    read = tasks.yaml_model_load(path)
    # Shapes alone: nothing is computed, and what does not fit is refused as it is anywhere.
    torch.set_default_device("meta")
    rows, _ = tasks.parse_model({**read, "scale": scale}, ch=3, verbose=False)
    rows.eval()
    runs = []
    for height in range(1, 65):
        found: list[Any] = []
        x = torch.zeros(1, 3, height, 64)
        try:
            with torch.no_grad():
                for row in rows:
                    if row.f != -1:
                        x = found[row.f] if isinstance(row.f, int) else [x if j == -1 else found[j] for j in row.f]
                    x = row(x)
                    found.append(x)
        except RuntimeError:
            continue
        runs.append(height)
    sys.stdout.write(json.dumps(runs) + "\n")
