"""`cnnsum MODEL --plan` and `--chart`: what is printed, where, and the exit code."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from calling import call

from cnnsum.answers import json_schema
from tests.thorough import each

SPECS = Path(__file__).resolve().parent.parent.parent / "specs"
SEED = "horses_or_humans.yaml"


@pytest.fixture(autouse=True)
def _in_gallery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SPECS)
    for name in ("COLUMNS", "NO_COLOR", "CNNSUM_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)


def section(*arguments: str, stdin: bytes = b"") -> list[str]:
    """The lines of the plan, which stand below a summary that is the same without it."""
    code, out, err = call(*arguments, stdin=stdin)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    start = lines.index(" Inference memory plan")
    end = next(
        (n for n in range(start + 1, len(lines)) if re.match(r" \S", lines[n]) and lines[n] != " Best order"), None
    )
    plain = call(*[one for one in arguments if one not in ("--plan", "-v")], stdin=stdin).out.splitlines()
    assert lines[:start] + ([] if end is None else lines[end:]) == plain
    return lines[start + 1 : end]


@functools.cache
def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(json_schema("report"))
    return jsonschema.Draft202012Validator(json_schema("report"))


def plan_of(*arguments: str, stdin: bytes = b"") -> dict[str, Any]:
    code, out, err = call(*arguments, "--plan", "--format", "json", stdin=stdin)
    assert (code, err) == (0, "")
    document = json.loads(out)
    validator().validate(document)
    found: dict[str, Any] = document["totals"]["memory"]["plan"]
    assert found["peak"]["bytes"] == document["totals"]["memory"]["peak"]
    return found


def test_the_plan_by_hand() -> None:
    # 8 -> 100 -> 100 (ReLU in place) -> 4 numbers: most where the first layer runs.
    spec = (
        b"{input: [8], layers: [{Dense: {units: 100, name: wide}}, {ReLU: {name: r}}, {Dense: {units: 4, name: end}}]}"
    )
    assert section("-", "--plan", stdin=spec) == [
        "   peak                 432 B    at wide, call 1 of 3:",
        "                        400 B    wide",
        "                         32 B    input_layer",
        "   arena                432 B    for 3 tensors: no more than the peak",
        "   best order           432 B    is the order of execution",
    ]
    found = plan_of("-", stdin=spec)
    assert found["timeline"] == [
        {"layer": "wide", "path": [], "before": 32, "during": 432, "after": 400, "waiting": 0, "scratch": 0},
        {"layer": "r", "path": [], "before": 400, "during": 400, "after": 400, "waiting": 0, "scratch": 0},
        {"layer": "end", "path": [], "before": 400, "during": 416, "after": 16, "waiting": 0, "scratch": 0},
    ]
    assert found["storages"] == [
        {"name": "input_layer", "holds": ["input_layer"], "bytes": 32, "first": -1, "last": 0, "offset": 400},
        {"name": "wide", "holds": ["wide", "r"], "bytes": 400, "first": 0, "last": 2, "offset": 0},
        {"name": "end", "holds": ["end"], "bytes": 16, "first": 2, "last": 3, "offset": 400},
    ]
    assert found["best_order"]["calls"] == [0, 1, 2]


def test_the_best_order_is_named_where_it_is_another() -> None:
    lines = section("siamese.yaml", "--plan")
    # Two towers of shared layers: one after the other needs room for one of them.
    assert "   best order          2.85 MiB  saves 2.21 MiB (43.6%)" in lines
    assert not any("Best order" in line for line in lines)
    verbose = section("siamese.yaml", "--plan", "-v")
    assert verbose[: len(lines)] == lines
    assert verbose[len(lines)] == " Best order"
    names = " ".join(verbose[len(lines) + 1 :]).replace(",", "").split()
    found = plan_of("siamese.yaml")["best_order"]
    assert names == found["layers"]
    assert sorted(found["calls"]) == list(range(21))
    assert (found["status"], found["peak"]) == ("exact", found["lower_bound"])


def test_branches_may_run_in_another_order_than_they_are_listed_in() -> None:
    """As Keras has both: the summary lists d2 before d3, and the model calls d3 before d2."""
    spec = b"""{input: [5], outputs: [d2, d3], layers: [
        {Dense: {units: 10, from: input, name: d0}}, {Dense: {units: 50, from: d0, name: d1}},
        {Dense: {units: 50, from: d1, name: d2}}, {Dense: {units: 50, from: input, name: d3}}]}"""
    document = json.loads(call("-", "--format", "json", "--plan", stdin=spec).out)
    plan = document["totals"]["memory"]["plan"]
    assert [layer["name"] for layer in document["layers"]] == ["input_layer", "d0", "d1", "d2", "d3"]
    ran = [moment["layer"] for moment in plan["timeline"]]
    assert ran == ["d0", "d1", "d3", "d2"]
    assert {one["name"]: one["first"] for one in plan["storages"]} == {
        "input_layer": -1,
        **{name: number for number, name in enumerate(ran)},
    }
    best = plan["best_order"]
    assert [ran[number] for number in best["calls"]] == best["layers"] == ["d0", "d1", "d2", "d3"]
    assert best["saves"] == 180
    # What is best may be what is listed, though it does not run so.
    assert not any("listed" in line for line in section("-", "--plan", "-v", stdin=spec))


def test_second_calls_and_second_outputs_have_names_of_their_own() -> None:
    held = {one["name"] for one in plan_of("siamese.yaml")["storages"]}
    assert {"one.conv2d", "one.conv2d[1]"} <= held
    spec = b"{input: [4, 2], layers: [{LSTM: {units: 3, return_state: true, name: l}}]}"
    assert {"l", "l:1", "l:2"} <= {one["name"] for one in plan_of("-", stdin=spec)["storages"]}


@each("name", ["densenet121.yaml", "vit_b16.yaml", "unet.yaml", SEED])
def test_no_two_tensors_overlap(name: str) -> None:
    found = plan_of(name)
    used = [(one["first"], one["last"], one["offset"], one["bytes"]) for one in found["storages"]]
    used += [(one["call"], one["call"], one["offset"], one["bytes"]) for one in found["scratch"]]
    for n, (first, last, offset, size) in enumerate(used):
        assert offset + size <= found["arena"]["bytes"]
        for other_first, other_last, other, other_size in used[:n]:
            if first <= other_last and other_first <= last:
                assert offset + size <= other or other + other_size <= offset
    assert found["arena"]["lower_bound"] == found["peak"]["bytes"]


def test_a_batch_and_a_dtype() -> None:
    one = plan_of("unet.yaml")
    four = plan_of("unet.yaml", "--batch", "4")
    half = plan_of("unet.yaml", "--dtype", "float16")
    assert four["arena"]["bytes"] == 4 * one["arena"]["bytes"] == 8 * half["arena"]["bytes"]
    assert plan_of("unet.yaml", "--dtype", "int4")["peak"]["bytes"] * 8 == one["peak"]["bytes"]


def test_open_sizes() -> None:
    (line,) = section("fcn.yaml", "--plan")
    assert line.split("  ")[-1].strip() == "depends on open sizes: give them with --input or --batch"
    assert section("lenet5.yaml", "--plan", "--symbolic") == [line]
    found = plan_of("fcn.yaml")
    assert (found["arena"], found["best_order"], found["peak"]["call"]) == (None, None, None)
    assert found["timeline"][0]["before"] == "12*H*W"
    assert all(one["offset"] is None for one in found["storages"])


def test_errors() -> None:
    spec = b"{input: [8], layers: [{Conv2D: [4, 3]}]}"
    code, out, _ = call("-", "--plan", stdin=spec)
    assert code == 1
    assert out.endswith("   peak            not known\n") or "   peak            not known\n" in out
    code, out, err = call("-", "--chart", "memory", stdin=spec)
    assert (code, out) == (2, "")
    assert "SHP" in err or "not known" in err


def test_without_plan_there_is_none() -> None:
    assert "plan" not in json.loads(call(SEED, "--format", "json").out)["totals"]["memory"]


# --- charts -----------------------------------------------------------------------------------------------------------


@each("chart", ["memory", "params", "macs"])
def test_a_chart_takes_the_place_of_the_summary(chart: str) -> None:
    code, out, err = call(SEED, "--chart", chart)
    assert (code, err) == (0, "")
    assert "sequential" in out.splitlines()[0]
    assert "┏" not in out
    assert "█" in out
    assert call(SEED, "--chart", chart, encoding="ascii").out.isascii()
    colored = call(SEED, "--chart", chart, "--color", "always").out
    assert "\x1b[" in colored
    assert [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", colored).splitlines()] == out.splitlines()


def test_the_peak_is_marked() -> None:
    out = call("unet.yaml", "--chart", "memory").out
    assert "peak 64.00 MiB at concatenate_3, call 60 of 67 ▼" in out


def test_pictures(tmp_path: Path) -> None:
    target = tmp_path / "memory.svg"
    assert call("unet.yaml", "--chart", "memory", "--format", "svg", "-o", str(target)) == (0, "", "")
    assert target.read_text(encoding="utf-8") == call("unet.yaml", "--chart", "memory", "--format", "svg").out
    assert target.read_text(encoding="utf-8").startswith("<svg ")


@each(
    ("arguments", "message"),
    [
        ((SEED, "--chart", "macs", "--format", "json"), "--chart goes with --format table or svg, not with json"),
        ((SEED, "--chart", "nothing"), "'nothing' is not one of"),
        (("fcn.yaml", "--chart", "memory"), "the memory depends on sizes that are open"),
    ],
)
def test_what_cannot_be_drawn(arguments: tuple[str, ...], message: str) -> None:
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_a_search_that_was_given_up_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnnsum.analyses.memory.ordering.MOST_CALLS", 20)
    assert section("siamese.yaml", "--plan")[-1] == (
        "     at least         86.13 KiB  in any order; the search was given up"
    )
    found = plan_of("siamese.yaml")["best_order"]
    # The inputs alone: two images of 105 x 105 in float32.
    assert (found["status"], found["lower_bound"], found["saves"]) == ("bound", 2 * 105 * 105 * 4, 0)


def test_sweeps_have_no_plan() -> None:
    code, out, err = call(SEED, "--sweep", "batch=1:2", "--plan")
    assert (code, out) == (2, "")
    assert "--sweep does not go with --plan" in err
