"""`--symbolic`: formulas in place of None, the batch a symbol, long formulas on several lines."""

from __future__ import annotations

import json

from cnnsum.dims import parse_dim
from tests.cli.calling import call
from tests.thorough import each

OPEN = b"{input: [null, null, 3], layers: [Conv2D: [8, 3], MaxPooling2D: 2]}"


def block(text):
    """What is said of each number, by its label: lines of one formula joined again."""
    found = {}
    label = ""
    for line in text.partition(" Work per sample")[2].splitlines():
        if line.startswith("   ") and line[3:4] != " ":
            label, _, rest = line.strip().partition(" ")
            found[label] = rest.strip()
        elif line.startswith("     ") and label:
            found[label] += f" {line.strip()}"
    return found


def test_memory_is_a_formula_in_the_batch():
    done = call("-", "--symbolic", stdin=OPEN)
    assert (done.code, done.err) == (0, "")
    assert "Memory for a batch of N" in done.out
    assert "(N, H - 2, W - 2, 8)" in done.out
    said = block(done.out)
    assert said["MACs"] == "216*(H - 2)*(W - 2)"
    # The input and the map of the convolution, 4 bytes a number: 4*N*(3*H*W + 8*(H - 2)*(W - 2)).
    assert said["peak"] == "4*N*(11*H*W - 16*H - 16*W + 32) B"
    assert said["weights"].startswith("896 B")


def test_a_batch_that_is_given_is_a_number():
    said = block(call("-", "--symbolic", "--batch", "2", stdin=OPEN).out)
    assert parse_dim(said["peak"].removesuffix(" B")) == parse_dim("8*(3*H*W + 8*(H - 2)*(W - 2))")
    assert "N" not in said["training"].replace("None", "")


def test_without_it_nothing_changes():
    done = call("-", stdin=OPEN)
    assert "Memory for a batch of 1" in done.out
    assert "depends on the size of the input" in done.out
    document = json.loads(call("-", "--format", "json", stdin=OPEN).out)
    assert document["model"]["batch"] == 1
    assert document["inputs"][0]["shape"] == [None, None, None, 3]


def test_json_has_the_names():
    document = json.loads(call("-", "--symbolic", "--format", "json", stdin=OPEN).out)
    assert document["model"]["batch"] == "N"
    assert document["inputs"][0]["shape"] == ["N", "H", "W", 3]
    shape = document["layers"][-1]["outputs"][0]["shape"]
    assert [parse_dim(dim) for dim in shape[:3]] == [parse_dim(dim) for dim in ("N", "(H - 2)//2", "(W - 2)//2")]
    assert document["totals"]["memory"]["peak"] == "4*N*(11*H*W - 16*H - 16*W + 32)"


def test_values_for_axes_without_a_name():
    done = call("-", "--set", "H=34", "--set", "W=66", stdin=OPEN)
    assert (done.code, done.err) == (0, "")
    assert "(None, 32, 64, 8)" in done.out
    assert "SPC051 the model has no var or symbol `h`" in call("-", "--set", "h=34", stdin=OPEN).err
    assert "SPC052" in call("-", "--set", "H=0", stdin=OPEN).err
    assert "SPC051" in call("-", "--set", "N=3", stdin=OPEN).err


@each("spec", ["resnet50", "mobilenet_v2", "inception_v3", "unet", "densenet121"])
def test_long_formulas_are_whole(spec):
    """Each line fits, and the lines together are a formula."""
    done = call(f"specs/{spec}.yaml", "--input", "H,W,3", "--symbolic")
    assert done.code == 0
    lines = done.out.partition(" Work per sample")[2].splitlines()
    assert max(map(len, lines)) <= 100
    said = block(done.out)
    for label in ("MACs", "FLOPs", "outputs", "peak", "training"):
        names = {symbol.name for symbol in parse_dim(said[label].removesuffix(" B")).symbols}
        assert names == ({"H", "W"} if label.endswith(("MACs", "FLOPs")) else {"H", "N", "W"})


def test_columns_of_formulas():
    done = call("-", "--symbolic", "--columns", "layer,macs,output_memory", "--width", "60", stdin=OPEN)
    assert done.code == 0
    assert max(map(len, done.out.partition(" Total params")[0].splitlines())) <= 60
    joined = "".join(done.out.split())
    assert "216*(H-2)*" in joined
