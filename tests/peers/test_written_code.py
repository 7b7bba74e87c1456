"""`cnnsum convert --to torch`: what is written runs in PyTorch, with the shapes, parameters and buffers of the file."""

from __future__ import annotations

import math
from pathlib import Path
from random import Random
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch_rows import FUNCTIONS, ROWS  # noqa: E402 - needs PyTorch

import cnnsum  # noqa: E402 - as above
from cnnsum.diagnostics import UnusableError  # noqa: E402 - as above
from cnnsum.writers import write  # noqa: E402 - as above
from tests.writers.networks import NETWORKS  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

SPECS = Path(__file__).parents[2] / "specs"
BATCH = 2


def module_of(text: str) -> Any:
    """The network of a written module, made: the last of its classes."""
    space: dict[str, Any] = {}
    exec(compile(text, "written.py", "exec"), space)
    name = [line for line in text.splitlines() if line.startswith("class ")][-1].split()[1].split("(")[0]
    return space[name]()


def shapes_of(result: Any) -> list[tuple[int, ...]]:
    if isinstance(result, (tuple, list)):
        return [shape for one in result for shape in shapes_of(one)]
    return [tuple(result.shape)]


def check(model: cnnsum.Model, below: int = 2) -> Any:
    """Hold what is written of a model to what is known of it."""
    assert not model.wrong, model.errors
    text, _ = write(model.graph, model.inference, "torch")
    module = module_of(text).eval()
    totals = cnnsum.summarize(model).totals
    assert sum(one.numel() for one in module.parameters()) == totals.params.total, text
    trained = sum(one.numel() for one in module.parameters() if one.requires_grad)
    assert trained == totals.params.trainable, text
    assert sum(one.numel() for one in module.buffers()) == totals.buffers.total, text
    inputs = []
    for node in model.graph.inputs:
        shape, dtype = node.layer.spec
        shape = (BATCH, *shape[1:])
        whole = dtype.startswith(("int", "uint"))
        inputs.append(torch.randint(0, below, shape) if whole else torch.randn(shape))
    with torch.no_grad():
        found = shapes_of(module(*inputs))
    ours = [model.inference.values[one].shape for one in model.inference.outputs]
    assert found == [(BATCH, *shape[1:]) for shape in ours], text
    return module


@pytest.mark.parametrize("path", sorted(SPECS.glob("torch/*.yaml")), ids=lambda path: path.stem)
def test_the_gallery(path: Path) -> None:
    model = cnnsum.load(str(path))
    sizes = [str(dim) for node in model.graph.inputs for dim in node.layer.spec.shape[1:] if not isinstance(dim, int)]
    model = cnnsum.load(str(path), settings=dict.fromkeys(sizes, 64) or None)
    if "layer_types" in model.document.value:
        with pytest.raises(UnusableError, match="layer type of the spec's own"):
            write(model.graph, model.inference, "torch")
    else:
        check(model)


@pytest.mark.parametrize("path", sorted(SPECS.glob("torch/*.yaml")), ids=lambda path: path.stem)
def test_the_gallery_exported_and_written_again(path: Path, tmp_path: Path) -> None:
    """From a spec to code, to a program, and to a spec again: the same network."""
    model = cnnsum.load(str(path))
    sizes = [str(dim) for node in model.graph.inputs for dim in node.layer.spec.shape[1:] if not isinstance(dim, int)]
    model = cnnsum.load(str(path), settings=dict.fromkeys(sizes, 64) or None)
    if "layer_types" in model.document.value:
        pytest.skip("it has layers that are not modules of PyTorch")
    module = module_of(write(model.graph, model.inference, "torch")[0]).eval()
    drawn = [(node.layer.spec.dtype, (BATCH, *node.layer.spec.shape[1:])) for node in model.graph.inputs]
    given = tuple(torch.randint(0, 2, shape) if "int" in dtype else torch.randn(shape) for dtype, shape in drawn)
    torch.export.save(torch.export.export(module, given), tmp_path / "program.pt2")
    program = cnnsum.load(tmp_path / "program.pt2")
    text, _ = write(program.graph, program.inference, "yaml")
    again = cnnsum.loads(text)
    assert not again.diagnostics
    one, other = (cnnsum.summarize(each, batch=BATCH).totals for each in (again, program))
    for name in ("params", "buffers", "macs", "flops"):
        assert getattr(one, name) == getattr(other, name), name
    # Calls of a spec have no order of their own, on which the most at any moment depends.
    for name in ("weights", "gradients", "optimizer"):
        assert getattr(one.training, name) == getattr(other.training, name), name
    # The program was exported for inference, in which statistics are the running ones, and none is kept of a batch.
    statistics = [kept.shape for call in again.inference.calls for kept in call.facts.kept if not kept.batched]
    assert one.training.saved == other.training.saved + 4 * sum(math.prod(shape) for shape in statistics)
    # And of that the module that is written has the same state.
    twice = module_of(write(again.graph, again.inference, "torch")[0])
    assert [tuple(one.shape) for one in twice.state_dict().values()] == [
        tuple(one.shape) for one in module.state_dict().values()
    ]


def spec_of(name: str, fields: dict[str, Any], shapes: Any, dtype: str = "float32") -> cnnsum.Model:
    import json

    names = [f"in{number}" for number in range(len(shapes))]
    inputs = {one: {"shape": list(shape[1:]), "dtype": dtype} for one, shape in zip(names, shapes, strict=True)}
    item: dict[str, Any] = {name: {**fields, "from": names, "name": "it"}}
    spec = {"framework": "torch", "inputs": inputs, "layers": [item]}
    model = cnnsum.loads(json.dumps(spec))
    if not model.wrong:
        count = len(model.inference.output_of(model.graph.outputs[0].node))
        spec["outputs"] = [f"it:{number}" for number in range(count)]
        model = cnnsum.loads(json.dumps(spec))
    return model


@pytest.mark.parametrize("name", [*ROWS, *FUNCTIONS])
def test_type(name: str) -> None:
    """Every module and function that the tables draw, in a network of its own."""
    tried = 0
    for seed in range(30):
        case = (ROWS.get(name) or FUNCTIONS[name])(Random(f"{name} {seed}"))
        model = spec_of(name, case.fields, case.inputs)
        if model.wrong or any(not shape or shape[0] != BATCH for shape in case.inputs):
            continue
        outputs = [model.inference.values[one].shape for one in model.inference.outputs]
        if any(not shape or shape[0] != model.inference.values[0].shape[0] for shape in outputs):
            continue  # another number of samples than went in
        tried += 1
        try:
            check(model, case.below or 2)
        except UnusableError as error:
            pytest.fail(str([one.message for one in error.diagnostics]))
        if tried == 6:
            break


@pytest.mark.parametrize("name", NETWORKS)
def test_by_hand(name: str) -> None:
    check(cnnsum.loads("framework: torch\n" + NETWORKS[name]))
