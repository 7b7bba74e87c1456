"""The limits that docs/limits.md states are those that hold."""

from __future__ import annotations

import io
import json
import re
import zipfile
from importlib import import_module
from pathlib import Path

import pytest

import cnnsum
from cnnsum import UnusableError
from cnnsum.diagnostics import MAX_MESSAGE, MAX_OF_CODE, Diagnostic, DiagnosticList
from cnnsum.graph.model import MAX_LAYERS
from cnnsum.source.findings import MAX_VALUES

PAGE = (Path(__file__).parent.parent / "docs" / "limits.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([\d,]+)( MiB)? \| (.*?) \| `([\w.]+)` \| (.*?) \|$", PAGE, re.MULTILINE)


def test_every_row_of_the_page_is_read():
    assert len(ROWS) == len(re.findall(r"^\| [\d]", PAGE, re.MULTILINE)) >= 20


@pytest.mark.parametrize(("value", "unit", "what", "name", "past"), ROWS, ids=[row[3] for row in ROWS])
def test_a_limit_is_what_the_page_says(value, unit, what, name, past):
    module, _, constant = name.rpartition(".")
    assert getattr(import_module(module), constant) == int(value.replace(",", "")) * (2**20 if unit else 1)


# --- findings ---------------------------------------------------------------------------------------------------------


def test_findings_of_a_code_are_bounded_and_the_bound_is_said():
    found = DiagnosticList()
    found.extend(Diagnostic("UNK701", f"number {number}", None, "warning") for number in range(MAX_OF_CODE))
    assert len(found) == MAX_OF_CODE
    assert found.has_room("UNK701", "warning")
    found += [Diagnostic("UNK701", "one more", None, "warning")] * 10_000
    found.append(Diagnostic("SPC041", "an error is not lost behind warnings"))
    assert len(found) == MAX_OF_CODE + 2
    assert not found.has_room("UNK701", "warning")
    assert (
        found[MAX_OF_CODE].message
        == f"there are more findings of UNK701, which are not listed: at most {MAX_OF_CODE} of a code are"
    )
    assert found[MAX_OF_CODE].severity == "warning"
    assert found[-1].code == "SPC041"


def test_messages_are_bounded():
    found = DiagnosticList([Diagnostic("SPC041", "x" * 10**6, help="y" * 10**6)])
    assert len(found[0].message) == len(found[0].help or "") == MAX_MESSAGE + 3


LAYERS = {
    "nameless": {"class_name": "Dense", "config": {}},
    "of unknown types": {"class_name": "Foo", "config": {"name": "a"}},
    "empty": {},
}


@pytest.mark.parametrize("kind", LAYERS)
def test_many_broken_layers_of_a_keras_file(kind):
    model = {"class_name": "Sequential", "config": {"name": "m", "layers": [LAYERS[kind]] * 5_000}}
    found = cnnsum.loads(json.dumps(model)).diagnostics
    assert MAX_OF_CODE < len(found) <= 2 * MAX_OF_CODE + 5
    assert any("there are more findings of" in one.message for one in found)


def test_many_broken_layers_of_a_spec():
    found = cnnsum.loads("input: [4]\nlayers:\n" + "".join(f"  - Nothing{n}: 3\n" for n in range(3_000))).diagnostics
    assert len([one for one in found if one.code == "UNK701"]) == MAX_OF_CODE + 1


# --- values and layers ------------------------------------------------------------------------------------------------


def archive(text: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("config.json", text)
    return file.getvalue()


def listed(items: str) -> str:
    return f'{{"class_name":"Sequential","config":{{"name":"m","layers":[{items}]}}}}'


BOMBS = {
    "layers": (listed(",".join(["{}"] * 400_000)), "SPC039", f"more than {MAX_LAYERS:,} layers"),
    "values": (listed(",".join(["0"] * (MAX_VALUES + 1))), "SPC007", f"more than {MAX_VALUES:,} values"),
    "keys": ("{" + ",".join(['"a":0'] * (MAX_VALUES + 1)) + "}", "SPC007", f"more than {MAX_VALUES:,} values"),
    "lists": ("[" + ",".join(["[]"] * MAX_VALUES) + "]", "SPC007", f"more than {MAX_VALUES:,} values"),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_bombs(kind, tmp_path):
    text, code, message = BOMBS[kind]
    path = tmp_path / "bomb.keras"
    path.write_bytes(archive(text))
    assert path.stat().st_size < 20_000
    with pytest.raises(UnusableError) as caught:
        cnnsum.load(path)
    (found,) = caught.value.diagnostics
    assert (found.code, message in found.message) == (code, True)


def test_commas_in_texts_are_no_values():
    found = cnnsum.loads(json.dumps({"input": [4], "layers": ["ReLU"], "name": "," * (MAX_VALUES + 1)}))
    assert not found.diagnostics


@pytest.mark.parametrize("repeat", [MAX_LAYERS, 10**6, 10**18, 10**30])
def test_layers_of_a_spec(repeat):
    text = f"input: [4]\nlayers: [ReLU, {{Dense: {{units: 4, repeat: {repeat}}}}}]"
    with pytest.raises(UnusableError) as caught:
        cnnsum.loads(text)
    (found,) = caught.value.diagnostics
    assert (found.code, found.message) == ("SPC039", f"this makes the network larger than {MAX_LAYERS:,} layers")
