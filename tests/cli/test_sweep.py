"""`--sweep`: every variant is what inference finds at its values."""

from __future__ import annotations

import csv
import io
import json
import os
import random
from pathlib import Path

import pytest

import cnnsum
from cnnsum.answers.sweep.ask import Sweep
from cnnsum.answers.variants.ranges import swept
from cnnsum.answers.variants.reading import inferred, reading_of
from cnnsum.diagnostics import UnusableError
from cnnsum.readers.how import How
from cnnsum.source import read
from tests.cli.calling import call

EXAMPLES = int(os.environ.get("CNNSUM_EXAMPLES", "100"))


def sequential(shape, type, **config):
    """A Keras file with one layer."""
    layers = [
        {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": shape, "name": "i"}},
        {"module": "keras.layers", "class_name": type, "config": config},
    ]
    model = {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": layers}}
    return json.dumps(model).encode()


def sweep_of(path, *sweeps):
    reading, _ = reading_of(read(path), How(), None, "adam")
    return Sweep(reading, [swept(text) for text in sweeps])


@pytest.mark.parametrize(
    ("path", "sweeps"),
    [
        ("specs/mobilenet_v1.yaml", ["alpha=0.25:1:0.25", "H=1:200:7", "W=1:150:11", "batch=1,3"]),
        ("specs/unet.yaml", ["H=W=8:200:4", "batch=1:4"]),
        ("specs/m5_audio.yaml", ["width=1:64:3", "T=2000:9000:333"]),
        ("specs/vit_b16.yaml", ["width=64:640:64", "heads=1:4", "depth=1:2", "H=16:90:16"]),
        ("specs/inception_v3.yaml", ["H=60:200:7", "W=70:150:11"]),
    ],
)
def test_formulas_are_inference(path, sweeps):
    sweep = sweep_of(path, *sweeps)
    variants = list(sweep)
    assert len(variants) == sweep.count
    assert len({variant.values for variant in variants}) == sweep.count
    chosen = random.Random(str(sweeps)).sample(variants, min(len(variants), max(4, EXAMPLES // 12)))
    for values, outcome in chosen:
        alone = inferred(sweep._known, dict(zip(sweep.names, values, strict=True)))
        assert (outcome.status, outcome.costs) == (alone.status, alone.costs), values


def test_a_variant_is_the_summary_with_its_values():
    """By the other road: --set and --batch of the summary."""
    done = call("specs/mobilenet_v1.yaml", "--sweep", "alpha=0.5,1", "--sweep", "batch=1,8", "--format", "json")
    assert (done.code, done.err) == (0, "")
    document = json.loads(done.out)
    assert (document["schema"], document["names"], document["count"]) == ("cnnsum.sweep/1", ["alpha", "batch"], 4)
    for variant in document["variants"]:
        model = cnnsum.load("specs/mobilenet_v1.yaml", settings={"alpha": variant["values"]["alpha"]})
        totals = cnnsum.summarize(model, batch=variant["values"]["batch"]).totals
        assert variant["status"] == "legal"
        assert variant["params"] == totals.params.total
        assert variant["macs"] == totals.macs
        assert variant["peak"] == totals.peak.bytes
        assert variant["inference"] == totals.peak.bytes + totals.weights.total
        assert variant["training"] == totals.training.total


def test_sizes_that_are_not_accepted():
    done = call("specs/unet.yaml", "--sweep", "H=240,248", "--format", "csv")
    assert done.code == 0
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [row["status"] for row in rows] == ["legal", "illegal"]
    assert rows[1]["params"] == ""
    assert "needs H % 16" in rows[1]["why"]
    assert call("specs/unet.yaml", "--sweep", "H=248,249").code == 1


def test_values_that_break_the_spec():
    done = call("specs/mobilenet_v1.yaml", "--sweep", "alpha=0,1", "--sweep", "H=W=32:64:32")
    assert done.code == 1
    assert done.out.count("error: CFG102 `filters` must be a positive integer, got 0") == 2
    assert done.out.count("4.25 M") == 2


def test_the_order_of_variants():
    """What is read anew for each value varies slowest, whatever the order of the options."""
    done = call("specs/mobilenet_v1.yaml", "--sweep", "H=64,96", "--sweep", "alpha=0.5,1", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [(row["alpha"], row["H"]) for row in rows] == [("0.5", "64"), ("0.5", "96"), ("1", "64"), ("1", "96")]


def test_words_and_flags():
    layers = "[{Conv2D: [4, 3]}, {Activation: $act}, {Conv2D: {filters: 4, kernel_size: 3, when: deep}}]"
    text = f"{{vars: {{act: relu, deep: true}}, input: [8, 8, 3], layers: {layers}}}".encode()
    done = call("-", "--sweep", "act=relu,gelu", "--sweep", "deep=true,false", "--format", "markdown", stdin=text)
    assert done.code == 0
    assert [line.split("|")[1:4] for line in done.out.splitlines()[2:]] == [
        [" relu ", " true ", " 260 "],
        [" relu ", " false ", " 112 "],
        [" gelu ", " true ", " 260 "],
        [" gelu ", " false ", " 112 "],
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sweep", "H"], "has no values"),
        (["--sweep", "H=1,2", "--sweep", "H=3"], "swept twice"),
        (["--sweep", "batch=1,2", "--sweep", "N=3"], "swept twice"),
        (["--sweep", "H=1.5,2"], "positive whole number, not 1.5"),
        (["--sweep", "batch=0:3"], "positive whole number, not 0"),
        (["--sweep", "wide=1:3"], "no size or var `wide`"),
        (["--sweep", "H=1:9999999", "--sweep", "W=1:99"], "SPC058"),
        (["--sweep", "H=32,64", "--keras"], "does not go with --keras"),
        (["--sweep", "H=32,64", "--set", "H=32"], "leave --set H=… out"),
        (["--sweep", "batch=1,2", "--batch", "3"], "leave --batch out"),
    ],
)
def test_sweeps_that_cannot_be(arguments, message):
    done = call("specs/unet.yaml", *arguments)
    assert done.code == 2
    assert message in done.err
    assert done.out == ""


@pytest.mark.parametrize(
    "values", [{"nope": [1]}, {"H": range(3, 5), "nope": [1, 2]}, {"H=nope": [3]}, {"nope": range(20)}]
)
def test_a_name_that_there_is_not_is_refused_at_the_call(values):
    model = cnnsum.loads("{vars: {w: 2}, input: [H, 3], layers: [Dense: w]}")
    with pytest.raises(UnusableError, match="no size or var `nope`"):
        cnnsum.sweep(model, values)
    # A value that breaks the spec is a variant that cannot be.
    _, wrong = cnnsum.sweep(model, {"H": [3], "w": [2, "relu"]})
    assert wrong.outcome.status == "error"


def test_open_sizes_must_be_given():
    done = call("specs/fcn.yaml", "--sweep", "H=160,320")
    assert done.code == 2
    assert "W is open" in done.err
    assert call("specs/fcn.yaml", "--sweep", "H=160,320", "--set", "W=160").code == 0


def test_a_sweep_is_written_to_a_file(tmp_path):
    path = tmp_path / "out.csv"
    done = call("specs/unet.yaml", "--sweep", "batch=1:2000", "--format", "csv", "-o", str(path))
    assert (done.code, done.out) == (0, "")
    lines = path.read_text().splitlines()
    assert len(lines) == 2001
    assert lines[-1].startswith("2000,")


def test_a_file_that_fixes_the_batch():
    keras = sequential([7, 8], "Dense", name="d", units=4)
    done = call("-", "--sweep", "batch=1,7,50", "--format", "csv", stdin=keras)
    assert [row["peak"] for row in csv.DictReader(io.StringIO(done.out))] == ["48", "336", "2400"]


def test_a_format_that_it_does_not_have(tmp_path: Path) -> None:
    drawn = tmp_path / "drawn.svg"
    found = call("specs/lenet5.yaml", "--sweep", "batch=1:3", "--format", "svg", "-o", str(drawn))
    assert (found.code, found.out, drawn.exists()) == (2, "", False)
    assert "--sweep goes with --format table, json, csv or markdown, not with svg" in found.err
