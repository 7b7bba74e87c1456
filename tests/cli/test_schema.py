"""`cnnsum schema`: a sound schema, which accepts what is a spec and refuses what a schema can see to be none."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
from calling import call

import cnnsum
from cnnsum.answers.schema.ask import language_schema
from cnnsum.diagnostics import Problem, UnusableError
from cnnsum.layers.vocabulary import KERAS, VOCABULARIES
from cnnsum.source import read
from tests.thorough import each, some

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests" / "corpus"
SCHEMA = language_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

#: What a schema sees wherever it stands: keys, types and forms of values. What depends on other values (shapes, names
#: of layers, expressions) it cannot, and a field of a layer only where the layer's type is written as Keras writes it.
SEEN = frozenset(
    (
        *("CFG103", "GRF304", "GRF307", "SAF602", "SPC016", "SPC020", "SPC023", "SPC027", "SPC028", "SPC029"),
        *("SPC030", "SPC034", "SPC037", "SPC038"),
    )
)


def specs(folder: Path) -> list[Path]:
    found = []
    for path in sorted(folder.iterdir()):
        if path.suffix in {".yaml", ".json"}:
            try:
                value = read(str(path)).value
            except UnusableError:
                continue
            if isinstance(value, dict) and "class_name" not in value:
                found.append(path)
    return found


def errors(value: Any) -> list[str]:
    return [f"{list(one.path)}: {one.message[:200]}" for one in VALIDATOR.iter_errors(value)]


def test_the_schema_is_one() -> None:
    """To check every definition takes seconds: those of the language, and of the fields of some types."""
    defs = SCHEMA["$defs"]
    fields = [name for name in defs if name.endswith(".fields")]
    passed_over = {*fields, *(name.removesuffix(".fields") for name in fields)} - {*some(fields, 10)}
    checked = {**SCHEMA, "$defs": {name: one for name, one in defs.items() if name not in passed_over}}
    jsonschema.Draft202012Validator.check_schema(checked)
    references = set(re.findall(r'"#/\$defs/([^"/]+)', json.dumps(SCHEMA)))
    assert references <= defs.keys()


@each(
    "path",
    [*specs(ROOT / "specs"), *specs(ROOT / "specs" / "torch"), *specs(CORPUS / "ok")],
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_specs_are_accepted(path: Path) -> None:
    assert errors(read(str(path)).value) == []


def test_the_specs_in_the_pages_are_accepted() -> None:
    """Every whole spec among the examples of the language's page."""
    import yaml

    text = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    seen = 0
    for block in re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        value = yaml.safe_load(block)
        sound = isinstance(value, dict) and "layers" in value and "include" not in value
        if sound and not any(found.severity == "error" for found in cnnsum.loads(block).diagnostics):
            seen += 1
            assert errors(value) == [], block
    assert seen > 10


def test_what_a_schema_can_see_is_refused() -> None:
    accepted: dict[str, list[str]] = {}
    refused = 0
    for path in specs(CORPUS / "err"):
        expected = (path.parent / f"{path.name}.txt").read_text(encoding="utf-8")
        codes = set(re.findall(r"^\S+:\d+:\d+: ([A-Z]{3}\d{3}) (?!warning)", expected, re.MULTILINE))
        if errors(read(str(path)).value):
            refused += 1
        elif codes & SEEN:
            accepted[path.name] = sorted(codes & SEEN)
    assert refused >= 55
    # A type in small letters may be a block's name, whose fields nobody knows.
    assert accepted == {"case.yaml": ["CFG103"]} or list(accepted.values()) == [["CFG103"]], accepted


@each(
    "spec",
    [
        {"input": [8], "layers": [{"Dense": {"units": -3}}]},
        {"input": [8], "layers": [{"Dense": {"units": 3, "activation": "softmx"}}]},
        {"input": [8], "layers": [{"Conv2D": {"filters": 3}}]},
        {"input": [8], "layers": [{"Dense": {"units": 3, "unit": 4}}]},
        {"input": [0], "layers": ["Flatten"]},
        {"input": [8]},
        {"layer": []},
        {"input": [8], "layers": ["Flatten"], "budget": {"pram": 3}},
        {"framework": "pytorch", "input": [8], "layers": ["Flatten"]},
        {"framework": "torch", "input": [3, 8, 8], "layers": [{"Conv2d": {"out_channel": 3, "kernel_size": 3}}]},
        {"framework": "torch", "input": [3, 8, 8], "layers": [{"Conv2d": {"out_channels": 3}}]},
        {"framework": "torch", "input": [3, 8, 8], "layers": [{"MaxPool2d": {"kernel_size": [2, 2, 2]}}]},
        {"framework": "torch", "input": [3, 8, 8], "layers": ["Conv2D"]},
        {"framework": "torch", "input": [3, 8, 8], "layers": [{"LazyConv2d": [3, 8, 1, 0, 1, 1, True, "same"]}]},
        {"framework": "torch", "input": [8], "blocks": {"b": {"layers": [{"Linear": {"units": 3}}]}}, "layers": ["b"]},
        {
            "framework": "torch",
            "input": [8],
            "defaults": {"Linear": {"use_bias": False}},
            "layers": [{"Linear": [8, 3]}],
        },
        {"framework": "torch", "input": [4, 8], "layers": [{"LSTM": {"hidden_size": 3, "batch_first": False}}]},
        {"input": [3, 8, 8], "layers": [{"Conv2d": [3, 8, 3]}]},
        {"input": [4], "defaults": {"Sequential": {"trainable": False}}, "layers": [{"Dense": 3}]},
        {"input": [4, 8], "layers": [{"TimeDistributed": {"layer": "Dense"}}]},
        {"input": [4, 8], "layers": [{"Bidirectional": "LSTM"}]},
        {"input": [4, 8], "layers": [{"RNN": {"cell": [{"LSTMCell": 3}, "GRUCell"]}}]},
        {"input": [4, 8], "layers": [{"TimeDistributed": {"layer": {"TimeDistributed": [{"Dense": {}}]}}}]},
    ],
)
def test_mistakes_are_seen(spec: Any) -> None:
    assert errors(spec)


@each(
    "layer",
    [
        {"nn.Conv2d": {"out_channels": 3, "kernel_size": 3}},
        {"Conv2d": [3, 8, [3, 5], 1, "same"]},
        {"Conv2d": ["n", 8, "2*k + 1"]},
        {"LazyConv2d": [8, [3, 5], 1, "same"]},
        {"permute": {"dims": [0, 2, 3, 1]}},
        {"aten.relu": {}},
        {"TransformerEncoder": {"encoder_layer": {"TransformerEncoderLayer": [64, 4]}, "num_layers": 2}},
        {"Sequential": {"layers": [{"Conv2d": [3, 8, 3]}, "ReLU"]}},
    ],
)
def test_words_of_pytorch_are_accepted(layer: Any) -> None:
    assert errors({"framework": "torch", "input": [3, 8, 8], "layers": [layer]}) == []


@each(
    "spec",
    [
        {
            "defaults": {"LSTM": {"units": 7}},
            "layers": [{"Bidirectional": {"layer": "LSTM"}}, {"Bidirectional": "LSTM"}],
        },
        {"defaults": {"LSTM": {"units": 7}}, "layers": [{"Bidirectional": {"layer": {"LSTM": {"use_bias": False}}}}]},
        {"defaults": {"GRUCell": {"units": 7}}, "layers": [{"RNN": {"cell": ["GRUCell", {"LSTMCell": 3}]}}]},
        {"defaults": {"TimeDistributed": {"layer": {"Dense": 3}}}, "layers": ["TimeDistributed"]},
    ],
)
def test_what_defaults_give_held_layers_they_need_not_say(spec: Any) -> None:
    assert errors({"input": [4, 8], **spec}) == []


def test_every_layer_type_and_field_is_in_it() -> None:
    for vocabulary in VOCABULARIES.values():
        prefix = "" if vocabulary is KERAS else f"{vocabulary.name}."
        for key, layer_type in vocabulary.all_types().items():
            if "." not in key and not layer_type.rule.__module__.endswith(".applications"):
                fields = SCHEMA["$defs"][f"{prefix}{layer_type.name}.fields"]["properties"]
                assert fields.keys() >= layer_type.schema.fields.keys(), key


class NoNames:
    """A reading of fields in which no name is known and no layer stands."""

    def number(self, text: str) -> Any:
        raise Problem("SPC025", text)

    def sublayer(self, raw: object) -> Any:
        raise Problem("CFG102", str(raw))


#: Of every form that a field may have.
VALUES = (
    *(0, 1, 2, 7, -1, -3, 0.5, 1.5, True, False, "same", "valid", "causal", "relu", "mean", "zeros", "int8"),
    *([], [0], [1], [1, 2], [1, 2, 3], [0, 0], [-1, 2], [0.5, 0.5], [1, 2, 3, 4], [1] * 6, [None, 2], [[1, 2], [3, 4]]),
)


def test_what_a_kind_reads_the_schema_accepts() -> None:
    """The table of kinds in the schema is as wide as the kinds themselves, of every framework."""
    validators: dict[str, Any] = {}
    seen = 0
    for vocabulary in VOCABULARIES.values():
        prefix = "" if vocabulary is KERAS else f"{vocabulary.name}."
        for layer_type in {id(one): one for one in vocabulary.all_types().values()}.values():
            if "." in layer_type.key or layer_type.rule.__module__.endswith(".applications"):
                continue
            for field in layer_type.schema.fields.values():
                schema = SCHEMA["$defs"][f"{prefix}{layer_type.name}.fields"]["properties"][field.name]
                bare = {key: value for key, value in schema.items() if key not in ("description", "default")}
                text = f"{field.kind.expects} {json.dumps(bare)}"
                if text in validators:
                    continue
                whole = {**bare, "$defs": SCHEMA["$defs"]}
                validators[text] = validator = jsonschema.Draft202012Validator(whole)
                for value in VALUES:
                    try:
                        field.kind.read(value, NoNames())
                    except Problem:
                        continue
                    seen += 1
                    assert validator.is_valid(value), (layer_type.key, field.name, value)
    assert seen > 400


def test_the_command(tmp_path: Path) -> None:
    code, out, err = call("schema")
    assert (code, err) == (0, "")
    assert json.loads(out) == json.loads(json.dumps(SCHEMA))
    path = tmp_path / "schema.json"
    assert call("schema", "-o", str(path)).code == 0
    assert path.read_text(encoding="utf-8") == out


def test_it_is_the_same_whatever_order_sets_have() -> None:
    def printed(seed: str) -> bytes:
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])}
        command = [sys.executable, "-m", "cnnsum", "schema"]
        return subprocess.run(command, env=environment, capture_output=True, check=True, timeout=60).stdout

    assert printed("1") == printed("2") == printed("3")


def test_ultralytics_is_the_schema_of_architecture_files() -> None:
    from cnnsum.answers.schema.architecture import architecture_schema

    code, out, err = call("schema", "ultralytics")
    assert (code, err) == (0, "")
    assert json.loads(out) == architecture_schema()
