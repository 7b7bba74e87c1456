"""What is a model among the YAML and JSON of a repository, and what is not."""

from __future__ import annotations

import json
from pathlib import Path

from cnnsum.lint.checking import check_file
from tests.thorough import each

KERAS = {"class_name": "Sequential", "config": {"name": "s", "layers": []}}
MODELS = {
    "a spec": "input: [8, 8, 3]\nlayers: [Flatten]\n",
    "in JSON": '{"input": [4], "layers": ["Flatten"]}',
    "without its input": "layers:\n  - Conv2D: [8, 3]\n",
    "with a misspelt layer": "inputs: {a: [3]}\nlayers:\n  - Dnse: 3\n",
    "layers that are not list": "input: [3]\nlayers: {Dense: 3}\n",
    "a syntax error": "input: [3]\nlayers:\n  - Dense: [3\n  - Flatten\n",
    "not UTF-8": b"input: [3]\nlayers:\n  - Dense: \xff\n",
    "a tag": "input: [3]\nlayers:\n  - !!python/object:os.system {}\n",
    "UTF-16": "input: [3]\nlayers: [Flatten]\n".encode("utf-16"),
    "layers in another case": "input: [64, 64, 3]\nLayers:\n  - Conv2D: [8, 3]\n",
    "layers misspelt": "inputs: {a: [64, 64, 3]}\nlayrs:\n  - Conv2D: [8, 3]\n",
    "letters exchanged": "input: [64, 64, 3]\nlaeyrs:\n  - Dnse: 8\n",
    "layer": "input: [64, 64, 3]\nlayer:\n  - Conv2D: [8, 3]\n",
    "both keys misspelt": "imput: [3]\nlayrs: [{Dense: 3}]\n",
    "layers under another name": "input: [3]\nnetwork_parts:\n  - Dense: 3\n  - Flatten: {}\n",
    "layers under another name, one misspelt": "input: [3]\nstack:\n  - Dense: 3\n  - Flatten\n  - Dnse: 3\n",
    "no layers at all": "input: [64, 64, 3]\n",
    "layers that are empty": "input: [64, 64, 3]\nlayers:\n",
    "an empty list": "input: [64, 64, 3]\nlayers: []\n",
    "blocks and an input": "input: [8, 8, 3]\nblocks: {unit: {layers: [Flatten]}}\n",
    "a budget and an input": "input: [8, 8, 3]\nbudget: {params: 5M}\n",
    "below another key": "model:\n  input: [3]\n  layers:\n    - Dense: 3\n",
    "a tab before an item": "input: [64, 64, 3]\nlayers:\n\t- Conv2D: [8, 3]\n",
    "a tab before the key": "input: [64, 64, 3]\n\tlayers:\n  - Conv2D: [8, 3]\n",
    "a tab and a misspelt key": "input: [64, 64, 3]\n\tlayrs:\n  - Conv2D: [8, 3]\n",
    "a tab and no input": "\tlayers:\n  - Conv2D: [8, 3]\n",
    "broken JSON": '{"input": [4], "layers": ["Flatten"}',
    "broken JSON, misspelt": '{"inputs": {"x": [4]}, "Layers": ["Flatten"}',
    "a mark of byte order": "\ufeffinput: [8]\nlayrs: [Flatten]\n",
    "UTF-16, misspelt": "input: [3]\nlayrs: [{Dense: 3}]\n".encode("utf-16"),
    "UTF-16, broken": "input: [3]\nlayers: [{Dense: 3}\n".encode("utf-16-le"),
    "Windows": "input: [3]\r\nLayers:\r\n  - Dense: 3\r\n",
    "old Macs": "input: [3]\rLayers:\r  - Dense: 3\r",
    "Keras": json.dumps(KERAS),
    "Ultralytics": "nc: 2\nbackbone:\n  - [-1, 1, Conv, [8, 3, 2]]\nhead:\n  - [-1, 1, Detct, [nc]]\n",
    "Keras in a wrapper": json.dumps({"modelTopology": {"model_config": KERAS}}),
    "Keras, cut off": json.dumps({"class_name": "Functional", "config": {"layers": [1]}}, indent=1)[:-9],
}
OTHERS = {
    "empty": "",
    "a workflow": "on: push\njobs:\n  test: {runs-on: ubuntu-latest, steps: [{run: make}]}\n",
    "an action": "name: x\ninputs: {path: {required: true}}\nruns: {using: composite, steps: []}\n",
    "a map style": '{"version": 8, "sources": {}, "layers": [{"id": "water", "type": "fill"}]}',
    "image layers": "layers:\n  - base\n  - app\n",
    "a package": '{"name": "x", "scripts": {"layers": "echo"}}',
    "a list": "- layers: 3\n",
    "two documents": "layers: 3\n---\nb: 1\n",
    "a broken workflow": "on: [push\njobs: {layers\n",
    "a report of ours": '{"schema": "cnnsum.report/1", "inputs": [], "layers": []}',
    "a schema": '{"type": "object", "properties": {"layers": {"type": "array"}, "input": {}}}',
    "inputs of an action, and labels": "inputs: {x: {default: 3}}\nlabels: [bug]\n",
    "players": "players:\n  - name: a\n",
    "words": "input: [a.txt]\nsteps: [Add, Dot, Flatten]\n",
    "transforms": "transforms:\n  - Resize: 3\n",
    "an example": '{"input": [1, 2, 3], "output": [6]}',
    "an example alone": '{"input": [1, 2, 3]}',
    "a served model": '{"name": "x", "inputs": [{"shape": [1, 3], "data": [1]}], "outputs": []}',
    "a file name": "input: [a.txt, b.txt]\n",
    "a broken workflow with inputs": "on:\n  workflow_call:\n    inputs: {x: {type: string}\njobs: {}\n",
    "an optimizer": '{"class_name": "Adam", "config": {"learning_rate": 0.1}}',
    "a tokenizer": '{"class_name": "Tokenizer", "config": {"num_words": 3}}',
    "blocks for others": "blocks:\n  unit: {layers: [Flatten]}\n",
    "binary": b"layers\x00input",
    "a backbone by its name": "backbone: resnet50\nhead: [[1, 2, 3]]\n",
    "a notebook": json.dumps({"cells": [{"source": ["input: [3]\nlayers:\n"]}], "nbformat": 4}),
}


def checked(folder: Path, text: str | bytes, *, sought: bool) -> list[str] | None:
    path = folder / "file.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = check_file(str(path), sought=sought)
    return None if found is None else [one.code for one in found.findings]


@each("what", MODELS)
def test_models_are_found_in_folders(what: str, tmp_path: Path) -> None:
    found = checked(tmp_path, MODELS[what], sought=True)
    assert found is not None
    assert found == checked(tmp_path, MODELS[what], sought=False)


@each("what", OTHERS)
def test_others_are_passed_over_in_folders_and_findings_where_they_are_named(what: str, tmp_path: Path) -> None:
    assert checked(tmp_path, OTHERS[what], sought=True) is None
    assert checked(tmp_path, OTHERS[what], sought=False)


def test_the_gallery_is_found() -> None:
    specs = Path(__file__).parent.parent.parent / "specs"
    passed_over = [path.name for path in specs.glob("*.yaml") if check_file(str(path), sought=True) is None]
    assert passed_over == ["resnet_blocks.yaml"]  # blocks, which others include
