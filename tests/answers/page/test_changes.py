"""The page of a diff: both graphs in one, each layer there once, and marked as the differences say."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from typing import Any

import cnnsum
from cnnsum.answers import renderer
from cnnsum.answers.diff.drawn import page
from cnnsum.answers.page.data import document

OLD = """
name: old
input: [32, 32, 3]
layers:
  - Conv2D: {filters: 8, kernel_size: 3, name: first}
  - ReLU: {name: act}
  - MaxPooling2D: {pool_size: 2, name: pool}
  - Conv2D: {filters: 8, kernel_size: 3, name: second}
  - Flatten
  - Dense: {units: 10, name: head}
"""
NEW = """
name: new
input: [32, 32, 3]
layers:
  - Conv2D: {filters: 16, kernel_size: 3, name: first}
  - ReLU: {name: act}
  - Conv2D: {filters: 8, kernel_size: 3, name: second}
  - Dropout: {rate: 0.5, name: drop}
  - Flatten
  - Dense: {units: 10, name: head}
"""


def found() -> dict[str, Any]:
    return document(page(cnnsum.diff(cnnsum.loads(OLD, "old.yaml"), cnnsum.loads(NEW, "new.yaml"))))


def names(data: dict[str, Any]) -> list[str]:
    return [row["name"] for row in data["rows"]]


def test_every_layer_of_both_is_there_once_and_marked():
    data = found()
    marks = {names(data)[int(row)]: mark for row, mark in data["changes"]["marks"].items()}
    assert marks == {
        "first": "changed",
        "act": "affected",
        "pool": "removed",
        "second": "affected",
        "drop": "added",
        "flatten": "affected",
        "head": "affected",
    }
    assert sorted(names(data)) == sorted(["input_layer", *marks])
    details = {names(data)[int(row)]: texts for row, texts in data["changes"]["details"].items()}
    assert details["first"][0] == "filters 8 -> 16"


def test_what_is_gone_keeps_its_edges_beside_the_new_ones():
    data = found()
    rows = names(data)
    edges = {(rows[one["source"]], rows[one["target"]]) for one in data["edges"]}
    assert {("act", "pool"), ("pool", "second"), ("act", "second"), ("second", "drop"), ("drop", "flatten")} <= edges


def test_names_that_stand_for_another_layer_now_are_kept_apart():
    old = "{input: [8], layers: [{Dense: {units: 4, name: a}}, {Dense: {units: 4, name: b}}]}"
    new = "{input: [8], layers: [{Dense: {units: 4, name: a}}, {LayerNormalization: {name: c}}, {ReLU: {name: d}}]}"
    data = document(page(cnnsum.diff(cnnsum.loads(old), cnnsum.loads(new))))
    assert len(set(names(data))) == len(names(data))
    assert "b" in names(data)


def test_formats_are_whole_documents():
    result = cnnsum.diff(cnnsum.load("specs/resnet18.yaml"), cnnsum.load("specs/resnet34.yaml"))
    html = "".join(renderer("diff", "html")(result))
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    changes = json.loads(data)["changes"]
    assert changes["names"] == ["resnet18", "resnet34"]
    assert set(changes["marks"].values()) >= {"added"}
    drawn = "".join(renderer("diff", "svg")(result))
    root = ET.fromstring(drawn)
    assert any("added" in (one.get("class") or "").split() for one in root.iter())


def test_nothing_different_is_a_page_without_marks():
    model = cnnsum.load("specs/unet.yaml")
    data = document(page(cnnsum.diff(model, cnnsum.load("specs/unet.yaml"))))
    assert data["changes"]["marks"] == data["changes"]["details"] == {}
