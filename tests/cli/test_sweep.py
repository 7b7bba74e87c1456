"""`--sweep`: every variant is what inference finds at its values."""

from __future__ import annotations

import csv
import io
import json
import os
import random
from pathlib import Path
from unittest import mock

import pytest

import cnnsum
from bench.fuzz import wire
from cnnsum.answers.sweep import ask, pieces
from cnnsum.answers.sweep.ask import Sweep
from cnnsum.answers.variants.costs import Costs
from cnnsum.answers.variants.ranges import swept
from cnnsum.answers.variants.reading import inferred, reading_of
from cnnsum.diagnostics import UnusableError
from cnnsum.readers.how import How
from cnnsum.source import read
from cnnsum.source.onnx import SCHEMA
from tests.cli.calling import call
from tests.thorough import each

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


@each(
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


@each(
    ("arguments", "message"),
    [
        (["--sweep", "H"], "has no values"),
        (["--sweep", "H=1,2", "--sweep", "H=3"], "swept twice"),
        (["--sweep", "batch=1,2", "--sweep", "N=3"], "swept twice"),
        (["--sweep", "H=1.5,2"], "positive whole number, not 1.5"),
        (["--sweep", "batch=0:3"], "positive whole number, not 0"),
        (["--sweep", "wide=1:3"], "no size or var `wide`"),
        (["--sweep", "H=1:1000000", "--sweep", "W=1:1000000"], "has 1,000,000,000,000 variants"),
        (["--sweep", "H=32,64", "--top", "3", "--sort", "wide"], "no `wide` to sort by"),
        (["--sweep", "H=32,64", "--where", "params"], "is not a condition"),
        (["--sweep", "H=32,64", "--pareto", "status"], "no number `status`"),
        (["--sweep", "H=32,64", "--pareto", "macs,-macs"], "named twice"),
        (["--top", "3"], "--top goes with --sweep"),
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


@each("values", [{"nope": [1]}, {"H": range(3, 5), "nope": [1, 2]}, {"H=nope": [3]}, {"nope": range(20)}])
def test_a_name_that_there_is_not_is_refused_at_the_call(values):
    model = cnnsum.loads("{vars: {w: 2}, input: [H, 3], layers: [Dense: w]}")
    with pytest.raises(UnusableError, match="no size or var `nope`"):
        cnnsum.sweep(model, values)
    # A value that breaks the spec is a variant that cannot be.
    _, wrong = cnnsum.sweep(model, {"H": [3], "w": [2, "relu"]})
    assert wrong.outcome.status == "error"


@each("name", [*Costs._fields, "status", "why"])
def test_a_name_that_is_a_columns_is_refused_and_said_how_to_mend(name):
    spec = f"{{input: [8, 8, 3], vars: {{{name}: 3}}, layers: [Conv2D: [{name}, 3]]}}"
    for text, axis in ((spec, name), (f"{{input: [{name}, 8, 3], layers: [Conv2D: [4, 3]]}}", f"{name}=batch")):
        for looks in ("table", "csv", "jsonl", "json", "markdown"):
            done = call("-", "--sweep", f"{axis}=3,4", "--format", looks, stdin=text.encode())
            assert (done.code, done.out) == (2, "")
            assert f"`{name}` cannot be swept: a column" in done.err
            assert f"`{name}_`" in done.err
        with pytest.raises(UnusableError, match="cannot be swept"):
            cnnsum.sweep(cnnsum.loads(text), {axis: [3, 4]})
        renamed = text.replace(name, f"{name}_")
        sweep = cnnsum.sweep(cnnsum.loads(renamed), {axis.replace(name, f"{name}_"): [3, 4]})
        assert [len(sweep.columns)] == [*map(len, sweep.parts())][:1]
    done = call("specs/unet.yaml", "--sweep", f"{name}=3,4")
    assert f"no size or var `{name}`" in done.err


def test_a_batch_that_is_called_as_a_column_is_swept_as_the_batch(tmp_path):
    dims = [{"dim_param": "params"}, {"dim_value": 3}]
    graph = {
        "node": [{"op_type": "Relu", "input": ["x"], "output": ["y"]}],
        "input": [{"name": "x", "type": {"tensor_type": {"elem_type": 1, "shape": {"dim": dims}}}}],
        "output": [{"name": "y"}],
    }
    path = tmp_path / "m.onnx"
    path.write_bytes(
        wire.encode({"ir_version": 10, "graph": graph, "opset_import": [{"version": 21}]}, SCHEMA, "Model")
    )
    assert "sweep `batch`" in call(str(path), "--sweep", "params=3,4").err
    done = call(str(path), "--sweep", "batch=3,4", "--format", "csv")
    assert [line.split(",")[0] for line in done.out.splitlines()] == ["batch", "3", "4"]


def test_open_sizes_must_be_given():
    done = call("specs/fcn.yaml", "--sweep", "H=160,320")
    assert done.code == 2
    assert "W is open" in done.err
    assert call("specs/fcn.yaml", "--sweep", "H=160,320", "--set", "W=160").code == 0


@each(
    "arguments",
    [
        "specs/mobilenet_v1.yaml --sweep alpha=0.5:1:0.1 --set H=64 --set W=64",
        "specs/unet.yaml --sweep batch=1:40",
        "fit specs/mobilenet_v1.yaml --vary alpha=0.5:1:0.1 --vary H=W=64 --maximize macs --params 2M",
    ],
)
def test_without_numpy_a_long_sweep_says_so_before_it_begins(arguments):
    where = "alpha" if "alpha" in arguments else "batch"
    few = mock.patch.multiple(ask, _MANY=20, _MANY_READ=4)
    with few, mock.patch.object(pieces, "has_arrays", return_value=False):
        done = call(*arguments.split())
        quiet = call(*arguments.split(), "--quiet")
    mend = f"{40 if where == 'batch' else 6} variants one by one; with NumPy in a hundredth of the time: "
    assert (done.code, done.err) == (0, f"{mend}pip install 'cnnsum[sweep]'\n")
    assert (quiet.out, quiet.err) == (done.out, "")
    with few:
        assert call(*arguments.split()) == quiet


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
    assert "--format svg goes with --sweep and --chart; --sweep alone goes with --format table, json, csv," in found.err


CONV = """\
input: [H, W, 3]
vars: {w: 8}
layers:
  - Conv2D: {filters: w, kernel_size: 3}
  - GlobalAveragePooling2D
"""


@pytest.fixture
def conv(tmp_path: Path) -> str:
    (tmp_path / "conv.yaml").write_text(CONV)
    return str(tmp_path / "conv.yaml")


@each("jobs", [(), ("--jobs", "2")])
def test_what_makes_a_sweep_fail_is_said_where_it_is_not_shown(tmp_path: Path, jobs: tuple[str, ...]) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(CONV.replace("kernel_size", "kernal_size"))
    call_of = (str(path), "--sweep", "w=8,16", "--set", "H=8", "--set", "W=8", *jobs)
    reason = "an error among those that are left out: CFG103 Conv2D has no field `kernal_size`\n"
    for choice in (("--where", "params < 1M"), ("--where", "params < 1M", "-q"), ("--pareto", "params,macs")):
        result = call(*call_of, *choice)
        assert (result.code, result.err.endswith(reason)) == (1, True), choice
    shown = call(*call_of)
    assert (shown.code, shown.err, shown.out.count("CFG103")) == (1, "", 2)


def test_a_sweep_of_which_nothing_is_accepted_says_why(conv: str) -> None:
    result = call(conv, "--sweep", "H=W=1,2", "--where", "params < 1M")
    assert (result.code, result.err.splitlines()[1:]) == (1, ["no variant is accepted: `conv2d` needs H >= 3"])
    assert call(conv, "--sweep", "H=W=1,2").err == ""


@each(
    ("values", "said"),
    [
        ("batch=1e24", "the batch is at most 1,000,000,000, not 1e+24"),
        ("batch=99999999999999999999999999", "the batch is at most 1,000,000,000, not 1e+26"),
        ("batch=1e10", "the batch is at most 1,000,000,000, not 10,000,000,000"),
        ("H=W=1e20", "`H` is a size: it is at most 999,999,999,999,999, not 1e+20"),
        ("H=W=1e3", "must be a positive whole number, not a decimal\n  help: write 1000"),
        ("H=W=0.5", "`H` is a size: it must be a positive whole number, not 0.5"),
        ("batch=true", "the batch must be a positive whole number, not true"),
        ("batch=1:99999999999999999999", "a number of a range has at most 15 digits before its point, and behind it"),
        (f"batch={'9' * 300}:4", f"`batch={'9' * 54}...`: a number of a range has at most 15 digits"),
        ("w=nan", "`w=nan`: `nan` is not a finite number"),
        ("w=1,-inf", "`w=1,-inf`: `-inf` is not a finite number"),
        ("w=1e999", "`w=1e999`: `1e999` is not a finite number"),
    ],
)
def test_numbers_that_cannot_be_swept_are_named_with_their_limit(conv: str, values: str, said: str) -> None:
    result = call(conv, "--sweep", values)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert len(result.err) < 400


def test_what_a_sweep_gives_is_not_said_to_be_set(conv: str) -> None:
    sizes = ("--set", "H=8", "--set", "W=8")
    assert "SPC026 w=relu: the name `relu`" in call(conv, "--sweep", "w=relu", *sizes).out
    assert "SPC026 --set w=relu: the name `relu`" in call(conv, "--set", "w=relu", *sizes).err
    assert "`w=nan`: `nan` is not a finite number" in call(conv, "--set", "w=nan", *sizes).err


def test_numbers_of_a_table_are_those_of_people(conv: str) -> None:
    printed = call(conv, "--sweep", "w=1e10,2.5", "--set", "H=8", "--set", "W=8").out
    assert "\n 10,000,000,000  " in printed
    assert "\n            2.5  " in printed
    assert printed.splitlines()[1].startswith(" 2 variants;")
    assert call(conv, "--sweep", "w=8", "--set", "H=8", "--set", "W=8").out.splitlines()[1].startswith(" 1 variant;")
    assert call(conv, "--sweep", "H=W=1", "--format", "markdown").out.splitlines()[0].endswith("| training | why |")


@each("text", [CONV, CONV.replace("H, W", "32, 32")])
def test_a_size_that_is_given_and_varied(tmp_path: Path, text: str) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(text)
    for words in (("--sweep", "H=8,16"), ("--sweep", "H=8", "--sweep", "w=8")):
        result = call(str(path), "-i", "64,48,3", *words)
        assert (result.code, result.out) == (2, "")
        assert result.err == "SPC057 `H` is varied, and -i says 64\n  help: leave it open there, too: -i H,48,3\n"
        assert call(str(path), "-i", "H,48,3", *words).code == 0
    assert call(str(path), "-i", "64,48,3", "--sweep", "w=8,16", "--sweep", "batch=1,2").code == 0
    assert "`W` is varied, and -i says 48" in call("fit", str(path), "-i", "64,48,3", "--vary", "W", "--macs", "1G").err
