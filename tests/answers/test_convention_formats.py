"""A reconciliation as text and as JSON."""

from __future__ import annotations

import json

from conventions_specs import ENCODER, LSTM

import cnnsum
from cnnsum.answers.conventions.ask import ConventionReport, reconcile
from cnnsum.answers.conventions.formats import document, json_chunks, lines
from cnnsum.dims import UNKNOWN


def drawn(report: ConventionReport, width: int = 80) -> list[str]:
    return ["".join(part for part, _ in line) for line in lines(report, width)]


def numbers(found: list[str]) -> list[int]:
    """The column of numbers, the total last."""
    words = [line.split()[0] for line in found if line.split()]
    return [int(word.replace(",", "")) for word in words if word.lstrip("+-").replace(",", "").isdecimal()]


def test_a_sum_with_its_reasons() -> None:
    found = drawn(reconcile(cnnsum.loads(ENCODER), "fvcore"))
    assert found == [
        'Model: "functional"',
        "",
        "    1,703,936  MACs per sample",
        "     -131,072  products of attention not counted: the fused operation has no",
        "               rule",
        "                 attention",
        "      +20,480  layer normalisation counted: 5 per element",
        "                 norm1, norm2",
        " ------------",
        "    1,593,344  MACs as fvcore 0.1.5 counts",
        "",
        " Note: fvcore calls this number FLOPs.",
        "",
        " Note: under torch.no_grad() fvcore skips nn.MultiheadAttention as a whole.",
    ]


def test_the_printed_numbers_add_up() -> None:
    for convention in ("fvcore", "torchinfo", "thop", "ptflops", "keras-flops", "torch"):
        *summands, total = numbers(drawn(reconcile(cnnsum.loads(ENCODER), convention)))
        assert sum(summands) == total


def test_lines_fit_the_width() -> None:
    names = "".join(f"- Dense: {{units: 4, name: {'a_rather_long_name_' * 3}{index}}}\n" for index in range(40))
    report = reconcile(cnnsum.loads(f"input: [5, 6]\nlayers:\n{names}"), "torchinfo")
    for width in (60, 80, 100):
        found = drawn(report, width)
        assert all(len(line) <= width for line in found)
        assert sum("and 3" in line and line.endswith("more") for line in found) == 2


def test_what_is_not_known() -> None:
    spec = "{input: [5, 6], layers: [{EinsumDense: {equation: 'abc,cd->abd', output_shape: [null, 4]}}, {Dense: 2}]}"
    report = reconcile(cnnsum.loads(spec), "torchinfo")
    found = drawn(report)
    assert "            ?  torch.nn has no such module: how it is written decides" in found
    assert found[-2:] == [
        "            ?  MACs as torchinfo 1.8.0 counts",
        "               at least 10: the sum of what is known",
    ]
    assert document(report)["theirs"] is None
    assert document(report)["known"] == 10


def test_formulas_say_how_to_settle_them() -> None:
    report = reconcile(cnnsum.loads("{input: [H, W, 3], layers: [{Conv2D: [2, 3]}]}"), "torchinfo")
    assert report.theirs is not UNKNOWN
    found = drawn(report)
    assert any(str(report.theirs) in line for line in found)
    assert " Note: the numbers depend on the size of the input: give it with --input." in found


def test_json_has_every_layer() -> None:
    report = reconcile(cnnsum.loads(LSTM), "fvcore")
    loaded = json.loads("".join(json_chunks(report)))
    assert loaded == document(report)
    assert loaded["schema"] == "cnnsum.convention/1"
    assert (loaded["ours"], loaded["theirs"], loaded["unit"]) == (44_800, 1_792, "MACs")
    assert [layer["name"] for layer in loaded["layers"]] == ["lstm", "dense"]
    assert loaded["layers"][0]["theirs"] == 0
    (reason,) = loaded["reasons"]
    assert (reason["amount"], reason["layers"]) == (1_792 - 44_800, ["lstm"])
    assert sum(layer["theirs"] for layer in loaded["layers"]) == loaded["theirs"]
