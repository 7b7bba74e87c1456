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
YOLO = """\
nc: 7
scales:
  n: [0.33, 0.25, 1024]
backbone:
  - [-1, 1, Conv, [64, 3, 2]]
  - [-1, 3, C2f, [128, True]]
head:
  - [-1, 1, nn.Upsample, [None, 2, "nearest"]]
  - [[-1, 0], 1, Concat, [1]]
  - [[3], 1, Detect, [nc]]
"""
SPEC = """\
name: detector
input: [H, W, 3]
symbols:
  H: {min: 128}
vars: {width: 32}
blocks:
  unit:
    args: {filters: , k: 3}
    layers:
      - Conv2D: {filters: filters, kernel_size: k}
      - BatchNormalization
layers:
  - unit: {filters: 8}
  - Flatten
"""
MODELS |= {
    "rows, a bracket missing": YOLO.replace("True]]", "True]"),
    "rows, backbone misspelt": YOLO.replace("backbone", "backbnoe"),
    "rows, head misspelt": YOLO.replace("head", "haed"),
    "rows, both misspelt": YOLO.replace("backbone", "backbnoe").replace("head", "haed"),
    "rows in another case": YOLO.replace("backbone", "Backbone").replace("head", "Head"),
    "rows and a tab": YOLO.replace("  - [-1, 3", "\t- [-1, 3"),
    "rows and a quote": YOLO.replace('"nearest"', '"nearest'),
    "rows, cut off": YOLO[: YOLO.index("True")],
    "rows in lines, broken": "backbone:\n  - - -1\n    - 1\n    - Conv\n    - - 64\n      - 3\nhead: [\n",
    "rows with zeros behind": YOLO.encode() + bytes(600),
    "rows with a zero within": YOLO.replace("Conv", "Co\0nv").encode(),
    "a spec with zeros behind": SPEC.encode() + bytes(5000),
    "a spec of zeros in the end": SPEC[:150].encode() + bytes(len(SPEC) - 150),
    "a zero in a type": SPEC.replace("Flatten", "Fla\0tten").encode(),
    "a zero in the key": SPEC.replace("\nlayers", "\nlay\0ers").encode(),
    "cut off before its layers": SPEC[: SPEC.index("\nlayers")],
    "cut off within its blocks": SPEC[: SPEC.index("      - Batch")],
    "cut off within a block's list": SPEC[: SPEC.index(", kernel_size")],
    "cut off before its blocks": SPEC[: SPEC.index("blocks")],
    "cut off behind its input": "name: detector\ninput: [224, 224, 3]\n",
    "cut off behind what it includes": "name: detector\ninclude: blocks.yaml\ninput: [224, 224, 3]\n",
    "rows, cut off before them": YOLO[: YOLO.index("backbone")],
    "rows, cut off within their scales": YOLO[: YOLO.index(", 1024")],
    "Caffe, with zeros and worse": b'name: "x"\ninput: "d\0ta"\nlayer { n\x1cme: "c" type: "Convol\x02tion" }\n',
    "Caffe on one line": 'name: "x" input: "d" layer { name: "c" type: "ReLU" }',
    "Caffe with other brackets": 'name: "x" input: "d"\nlayer < name: "c" type: "ReLU" >\n',
    "Caffe, its braces on lines of their own": 'name: "x"\ninput: "d"\nlayer\n{\nname: "c" type: "ReLU" }',
    "Caffe on one line, cut off": 'name: "x" input: "d" layer { name: "c" type: "Re',
    "blocks misspelt, and no layers": SPEC[: SPEC.index("\nlayers")].replace("blocks", "blokcs"),
    "Keras, cut off in its first layer": '{"class_name": "Functional", "config": {"name": "m", "layers": [{"class',
    "Keras in JavaScript, cut off": '{"modelTopology": {"keras_version": "2.4", "model_config": {"class_n',
    "an exported program, cut off": '{"graph_module": {"graph": {"inputs": [',
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
    "composed containers": "services:\n  web:\n    image: nginx\n    ports: ['80:80']\n  db: {image: x}\n",
    "composed containers, broken": "services:\n  web:\n    image: nginx\n    ports: ['80:80'\n  layers: {x: 1}\n",
    "a workflow with inputs": (
        "on:\n  workflow_dispatch:\n    inputs: {level: {type: choice, options: [a, b]}}\n"
        "jobs:\n  a: {runs-on: x, defaults: {run: {shell: sh}}, steps: [{uses: x, with: {layers: 3}}]}\n"
    ),
    "a cluster": (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, labels: {a: b}}\n"
        "spec: {replicas: 3, template: {spec: {containers: [{name: c, image: d, args: ['--layers=3']}]}}}\n"
    ),
    "a cluster, broken": "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: layers, input: 3}\n",
    "a dataset": "path: ../datasets\ntrain: images/train\nval: images/val\nnc: 2\nnames: [cat, dog]\n",
    "a dataset, broken": "path: ../datasets\ntrain: images/train\nnc: 2\nnames: [cat, dog\n",
    "a dataset of numbers": "nc: 2\nrows:\n  - [0, 1, cat]\n  - [1, 1, dog]\n",
    "a training": "task: detect\nmodel: yolov8n.yaml\ndata: coco8.yaml\nepochs: 100\nbackbone: null\nlr0: 0.01\n",
    "an object of Hydra": "model:\n  _target_: src.Net\n  input: [3, 32, 32]\n  layers: [64, 128]\n",
    "defaults of Hydra": "defaults:\n  - model: resnet\n  - _self_\nmodel: {num_layers: 3, input_size: [3, 4]}\n",
    "a detector's configuration": (
        "model:\n  backbone: {type: ResNet, depth: 50}\n  head: {type: FPN, in_channels: [256, 512]}\nrows: [[1, 2]]\n"
    ),
    "the same, broken": "model:\n  backbone: {type: ResNet, depth: 50\n  head: {type: FPN, layers: [1]\n",
    "hooks": "repos:\n  - repo: local\n    hooks: [{id: x, name: y, entry: z, language: system}]\n",
    "an environment": "name: x\nchannels: [defaults]\ndependencies: [python=3.11, pip]\n",
    "a page of documents": "site_name: x\nnav: [Home: index.md]\nplugins: [search]\n",
    "an interface": "openapi: 3.0.0\npaths: {/x: {get: {parameters: [{in: query, name: layers}]}}}\n",
    "a playbook": "- hosts: all\n  vars: {a: 1}\n  tasks: [{name: x, input: 3}]\n",
    "a dag": "vars: {a: 1}\nparams: {layers: 3}\nstages: {train: {cmd: python, deps: [x], outs: [y]}}\n",
    "bytes of another format": b"\x08\x07\x12\x07pytorch:\x00\x01layers: input: Conv2D\x00",
    "zeros": bytes(600),
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
