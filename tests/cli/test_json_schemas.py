"""What cnnsum writes as JSON is what `cnnsum schema NAME` says: all of it, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from calling import call

from cnnsum.answers import FORMATS, SCHEMAS, OptionError, json_schema
from tests.thorough import each

ROOT = Path(__file__).resolve().parents[2]
LAX = "{name: lax, input: [H, W, 3], layers: [Conv2D: [8, 3], Dense: {units: 4, name: out}]}"
#: A merge that needs even sizes: a file that fixes an odd one, and one that declares more than is accepted.
ODD = "{input: [33, 32, 3], layers: [MaxPooling2D, UpSampling2D, {Add: {from: [input, up_sampling2d]}}]}"
DECLARED = (
    "{input: [H, 32, 3], symbols: {H: {min: 5, multiple_of: 3}}, layers: [MaxPooling2D, UpSampling2D, {Add: {from: "
    "[input, up_sampling2d]}}]}"
)
#: A reshape, up to which a search for other sizes is given up.
FAR = (
    "{inputs: {a: [64, 4], b: [S, 4]}, layers: [{Add: {from: [a, b]}}, {AveragePooling1D: {pool_size: 2, padding: "
    "same}}, {Reshape: {target_shape: [1, 128]}}]}"
)
PARTIAL = "{input: [8], layers: [{Dense: 3}, {Foo: 2}]}"
NESTED = "{input: [8, 8, 3], layers: [{Model: {name: inner, layers: [{Conv2D: [4, 3]}, ReLU]}}, Flatten, {Dense: 2}]}"
BAD = (
    "input: [8, 8, 3]\nlayers:\n  - Conv2d: [4, 3]\n  - BatchNormalization\n  - Add: {from: [conv2d, input]}\n"
    "  - Dense: x # cnnsum: ignore\n"
)
RESNET = "specs/resnet18.yaml"
UNET = "specs/unet.yaml"

#: By schema, calls whose answers have all that it describes. A text in braces stands for a file with this text.
CALLS: dict[str, list[tuple[str, ...]]] = {
    "report": [
        (UNET, "--convention", "fvcore"),
        (PARTIAL,),
        (NESTED, "--plan"),
        ("tests/readers/pt2/static.pt2",),
        (LAX, "--symbolic"),
        ("specs/lenet5.yaml", "--plan", "--checkpoint", "auto"),
        ("tests/readers/keras_json/files/compiled.json",),
    ],
    "sizes": [
        ("sizes", UNET, "--test", "224,250", "--list", "200:260"),
        ("sizes", ODD),
        ("sizes", FAR, "--list", "1:5000"),
        ("sizes", DECLARED),
        ("sizes", "tests/readers/pt2/dynamic.pt2"),
        ("sizes", "tests/readers/pt2/limited.pt2"),
    ],
    "fit": [
        ("fit", "specs/lenet5.yaml", "--memory", "1GiB"),
        ("fit", "specs/mobilenet_v1.yaml", "--vary", "alpha", "--params", "2M"),
        ("fit", UNET, "--params", "1"),
        ("fit", "tests/readers/pt2/limited.pt2", "--vary", "H", "--memory", "1GiB"),
    ],
    "best": [
        ("fit", UNET, "--vary", "H=W=32:64", "--vary", "batch=1:3", "--maximize", "H", "--memory", memory)
        for memory in ("1GiB", "1MiB")
    ]
    + [("fit", "tests/readers/pt2/limited.pt2", "--vary", "H=1:64", "--maximize", "H", "--memory", "1GiB")],
    "sweep": [("specs/mobilenet_v1.yaml", "--sweep", "alpha=0.25,1"), (UNET, "--sweep", "H=W=250,256")],
    "list": [
        ("list", "specs/lenet5.yaml", PARTIAL, "{layers: [Foo: {bar: ]}"),
        ("list", UNET, "--columns", "path,macs"),
        ("list", UNET, "--columns", "sizes,findings"),
    ],
    "explain": [("explain", "specs/lenet5.yaml"), ("explain", NESTED), ("explain", PARTIAL)],
    "convention": [
        ("explain", "specs/vgg16.yaml", "--convention", "torchinfo"),
        ("explain", PARTIAL, "--convention", "thop"),
    ],
    "diff": [
        ("diff", RESNET, "specs/resnet34.yaml"),
        ("diff", UNET, "specs/fcn.yaml"),
        ("diff", LAX, PARTIAL),
    ],
    "check": [("check", BAD, "specs/alexnet.yaml")],
    "baseline": [],
    "rules": [("rule",)],
}


def answers(name: str, folder: Path) -> Iterator[Any]:
    for number, words in enumerate(CALLS[name]):
        given = []
        for place, word in enumerate(words):
            if word.startswith("{") or "\n" in word:
                path = folder / f"{number}_{place}.yaml"
                path.write_text(word, encoding="utf-8")
                given.append(str(path))
            else:
                given.append(word)
        done = call(*given, "--format", "json")
        assert done.out, (words, done.err)
        yield json.loads(done.out)
    if name == "baseline":
        path = folder / "baseline.json"
        call("check", "specs/lenet5.yaml", UNET, "--write-baseline", str(path), "-q")
        yield json.loads(path.read_text(encoding="utf-8"))


def closed(part: Any) -> Any:
    """The schema without room for what it does not describe."""
    if isinstance(part, list):
        return [closed(item) for item in part]
    if not isinstance(part, dict):
        return part
    inner = {key: closed(value) for key, value in part.items()}
    return {**inner, "additionalProperties": False} if "properties" in part and "type" in part else inner


def described(part: Any) -> set[str]:
    """The names of all fields in a schema."""
    if isinstance(part, list):
        return {name for item in part for name in described(item)}
    if not isinstance(part, dict):
        return set()
    own = part["properties"] if isinstance(part.get("properties"), dict) and "type" in part else {}
    return {*own, *(name for value in part.values() for name in described(value))}


def named(value: Any) -> set[str]:
    """The names of all fields in an answer."""
    if isinstance(value, list):
        return {name for item in value for name in named(item)}
    if not isinstance(value, dict):
        return set()
    return {*value, *(name for item in value.values() for name in named(item))}


@each("name", SCHEMAS)
def test_answers_are_what_the_schema_says(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    schema = json_schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(closed(schema))
    seen: set[str] = set()
    for answer in answers(name, tmp_path):
        assert answer["schema"] == schema["properties"]["schema"]["const"] == f"cnnsum.{name}/1"
        found = [f"{list(one.path)}: {one.message[:200]}" for one in validator.iter_errors(answer)]
        assert not found
        seen |= named(answer)
    assert described(schema) - seen == set()


def test_what_is_not_an_answer_is_refused() -> None:
    """A schema that accepts anything would pass all the others."""
    for name in SCHEMAS:
        validator = jsonschema.Draft202012Validator(json_schema(name))
        assert not validator.is_valid({})
        assert not validator.is_valid({"schema": f"cnnsum.{name}/1"})


def test_every_format_in_json_has_a_schema() -> None:
    """By the name of its question, but for two."""
    others = {"summary": "report", "conventions": "convention"}
    assert {others.get(one, one) for one, formats in FORMATS.items() if "json" in formats} < SCHEMAS.keys()


def test_the_command(tmp_path: Path) -> None:
    for name in SCHEMAS:
        assert json.loads(call("schema", name).out) == json_schema(name)
        assert f" {name}" in " ".join(call("schema", "--help").out.split())
    assert json.loads(call("schema", "spec").out)["title"] == json.loads(call("schema").out)["title"]
    wrong = call("schema", "sises")
    assert wrong.code == 2
    assert "'sizes'" in wrong.err or "`sizes`" in wrong.err
    with pytest.raises(OptionError) as raised:
        json_schema("sises")
    assert raised.value.help == "did you mean `sizes`?"


def test_the_page_names_every_schema() -> None:
    page = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    for name in SCHEMAS:
        assert f"`cnnsum.{name}/1`" in page
