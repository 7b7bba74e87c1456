"""What is a model among the YAML and JSON of a repository, and what is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cnnsum.lint.checking import check_file

KERAS = {"class_name": "Sequential", "config": {"name": "s", "layers": []}}
MODELS = {
    "a spec": "input: [8, 8, 3]\nlayers: [Flatten]\n",
    "in JSON": '{"input": [4], "layers": ["Flatten"]}',
    "without its input": "layers:\n  - Conv2D: [8, 3]\n",
    "with a misspelt layer": "inputs: {a: [3]}\nlayers:\n  - Dnse: 3\n",
    "layers that are no list": "input: [3]\nlayers: {Dense: 3}\n",
    "a syntax error": "input: [3]\nlayers:\n  - Dense: [3\n  - Flatten\n",
    "not UTF-8": b"input: [3]\nlayers:\n  - Dense: \xff\n",
    "a tag": "input: [3]\nlayers:\n  - !!python/object:os.system {}\n",
    "UTF-16": "input: [3]\nlayers: [Flatten]\n".encode("utf-16"),
    "Keras": json.dumps(KERAS),
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
    "an optimizer": '{"class_name": "Adam", "config": {"learning_rate": 0.1}}',
    "a tokenizer": '{"class_name": "Tokenizer", "config": {"num_words": 3}}',
    "blocks for others": "blocks:\n  unit: {layers: [Flatten]}\n",
    "binary": b"layers\x00input",
    "a notebook": json.dumps({"cells": [{"source": ["input: [3]\nlayers:\n"]}], "nbformat": 4}),
}


def checked(folder: Path, text: str | bytes, *, sought: bool) -> list[str] | None:
    path = folder / "file.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = check_file(str(path), sought=sought)
    return None if found is None else [one.code for one in found.findings]


@pytest.mark.parametrize("what", MODELS)
def test_models_are_found_in_folders(what: str, tmp_path: Path) -> None:
    found = checked(tmp_path, MODELS[what], sought=True)
    assert found is not None
    assert found == checked(tmp_path, MODELS[what], sought=False)


@pytest.mark.parametrize("what", OTHERS)
def test_others_are_passed_over_in_folders_and_findings_where_they_are_named(what: str, tmp_path: Path) -> None:
    assert checked(tmp_path, OTHERS[what], sought=True) is None
    assert checked(tmp_path, OTHERS[what], sought=False)


def test_the_gallery_is_found() -> None:
    specs = Path(__file__).parent.parent.parent / "specs"
    passed_over = [path.name for path in specs.glob("*.yaml") if check_file(str(path), sought=True) is None]
    assert passed_over == ["resnet_blocks.yaml"]  # blocks, which others include
