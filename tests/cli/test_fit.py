"""`cnnsum fit`: the answer is within the limits and the next larger value is not, by inference and by hand."""

from __future__ import annotations

import json
from pathlib import Path
from unittest import mock

import pytest

import cnnsum
from cnnsum.answers.sweep import pieces
from cnnsum.dims import UNKNOWN
from tests.cli.calling import call
from tests.thorough import each


def sequential(shape, type, **config):
    """A Keras file with one layer."""
    layers = [
        {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": shape, "name": "i"}},
        {"module": "keras.layers", "class_name": type, "config": config},
    ]
    model = {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": layers}}
    return json.dumps(model).encode()


def fit(*arguments, stdin=b""):
    done = call("fit", *arguments, "--format", "json", stdin=stdin)
    assert done.err == "", done.err
    return done.code, json.loads(done.out)


def spec(text):
    return text.encode()


DENSE = spec("{vars: {units: 10, scale: 0.5, deep: true}, input: [32], layers: [Dense: units, Dense: 4]}")


def test_a_batch_by_hand():
    """32 inputs, Dense 10, Dense 4: 374 parameters. Training with SGD: 8 bytes for each, and per sample the two inputs
    that are kept (42 numbers), with 14 numbers of gradients at most alive at once.
    """
    report = cnnsum.summarize(cnnsum.loads(DENSE.decode()), optimizer="sgd", symbolic=True)
    per_sample = report.totals.training.total - 8 * 374
    assert str(per_sample) == f"{4 * (32 + 10 + 14)}*N"
    limit = 8 * 374 + 100 * 4 * 56
    code, found = fit("-", "--memory", str(limit), "--optimizer", "sgd", stdin=DENSE)
    assert (code, found["value"], found["costs"]["training"]) == (0, 100, limit)
    assert found["next"]["costs"]["training"] == limit + 224
    assert fit("-", "--memory", str(limit - 1), "--optimizer", "sgd", stdin=DENSE)[1]["value"] == 99


def test_memory_of_training_covers_the_forward_pass_of_a_frozen_network():
    """What nothing keeps still has to be made: the second convolution reads and writes 64 x 64 x 8 numbers each."""
    frozen = spec(
        "{input: [64, 64, 3], layers: [Conv2D: {filters: 8, kernel_size: 1, trainable: false}, "
        "Conv2D: {filters: 8, kernel_size: 1, trainable: false}, GlobalAveragePooling2D, Dense: 2]}"
    )
    training, inference = (fit("-", "--memory", "64MiB", *more, stdin=frozen)[1] for more in ((), ("--inference",)))
    assert inference["value"] == (64 * 2**20 - 4 * (32 + 72 + 18)) // (4 * 64 * 64 * 16)
    # A step needs the same, and for the 18 weights that train a gradient and two slots each; 8 numbers are saved.
    assert training["value"] == (64 * 2**20 - 4 * (32 + 72 + 4 * 18)) // (4 * (64 * 64 * 16 + 8))
    assert training["limits"][0]["binding"]
    said = call("fit", "-", "--memory", "64MiB", stdin=frozen).out
    assert "breaks --memory" in said


def test_parameters_by_hand():
    """units: 33*units + 4*units + 4 parameters."""
    code, found = fit("-", "--params", "1000", "--vary", "units", stdin=DENSE)
    assert (code, found["value"], found["costs"]["params"], found["method"]) == (0, 26, 37 * 26 + 4, "formula")
    assert found["limits"] == [
        {"name": "params", "measure": "params", "most": 1000, "binding": True, "formula": "37*units + 4"}
    ]
    assert fit("-", "--params", "40", "--vary", "units", stdin=DENSE)[0] == 1


@each(
    ("name", "limits", "vary"),
    [
        ("specs/unet.yaml", {"memory": 4 << 30, "macs": 10**11}, "H=W"),
        ("specs/mobilenet_v1.yaml", {"memory": 1 << 30}, "batch"),
        ("specs/resnet18.yaml", {"macs": 3 * 10**9}, "H"),
        ("specs/m5_audio.yaml", {"flops": 10**8}, "T"),
        ("specs/m5_audio.yaml", {"params": 10**6}, "width"),
    ],
)
def test_the_answer_is_the_largest(name, limits, vary):
    """Inference at the answer keeps all limits, and at every legal value soon after it breaks one."""
    arguments = [word for limit, most in limits.items() for word in (f"--{limit}", str(most))]
    code, found = fit(name, *arguments, "--vary", vary)
    assert code == 0
    value, following = found["value"], found["next"]["value"]
    kinds = {"memory": "training"}
    for size in (value, following, following + 1, following + 16, 2 * following):
        batch = size if vary == "batch" else None
        settings = {} if vary == "batch" else dict.fromkeys(vary.split("="), size)
        free = ("spatial",) if vary[0] in "HT" else ()
        fixed = {"H": 256, "W": 256} if "unet" in name else {"H": 224, "W": 224} if "resnet" in name else {}
        model = cnnsum.load(name, settings={**(fixed if free else {}), **settings}, free=free)
        totals = cnnsum.summarize(model, batch=batch, details=False).totals
        costs = {"training": totals.training.total, "params": totals.params.total}
        costs.update(macs=totals.macs, flops=totals.flops)
        if totals.macs is UNKNOWN:
            assert size not in {value, following}
            continue
        kept = all(costs[kinds.get(limit, limit)] <= most for limit, most in limits.items())
        assert kept == (size == value), size
        if size == value:
            assert found["costs"]["macs"] == totals.macs
    if vary == "H=W":
        assert (following - value, value % 16) == (16, 0)


def test_inference_is_weights_and_peak():
    _, found = fit("specs/unet.yaml", "--memory", "1GiB", "--inference")
    assert found["costs"]["inference"] == found["costs"]["weights"] + found["costs"]["peak"] <= 1 << 30
    assert found["limits"][0]["measure"] == "inference"


def test_which_limit_binds():
    _, found = fit("specs/unet.yaml", "--memory", "100GiB", "--macs", "100G", "--params", "40M", "--vary", "H=W")
    assert [limit["name"] for limit in found["limits"] if limit["binding"]] == ["macs"]


def test_nothing_limits():
    done = call("fit", "specs/unet.yaml", "--params", "40M")
    assert done.code == 0
    assert "No limit has an effect on batch:" in done.out
    assert "31,049,409  whatever batch is" in done.out
    code, found = fit("specs/unet.yaml", "--memory", "100GiB", "--vary", "H", "--most", "300")
    assert (code, found["status"], found["value"]) == (0, "unlimited", 288)


def test_a_limit_that_is_reached_only_by_what_nobody_looks_at():
    """224 bytes per sample: the limit is beyond 2^48 samples, and there is no largest batch to name."""
    code, found = fit("-", "--memory", "1000000000GiB", "--optimizer", "sgd", stdin=DENSE)
    assert (code, found["status"], found["value"], found["looked_up_to"]) == (0, "unlimited", None, 1 << 48)
    said = call("fit", "-", "--memory", "1000000000GiB", "--optimizer", "sgd", stdin=DENSE).out
    assert "No limit is reached up to batch = 281,474,976,710,656" in said
    assert "224*N + 2992\n" in said
    assert "whatever" not in said


def test_a_search_without_an_end_names_no_largest_value_where_no_limit_is_reached():
    rounded = spec("{vars: {w: 0.5}, input: [8], layers: [Dense: 'round(8*w)']}")
    code, found = fit("-", "--params", "1000P", "--vary", "w", stdin=rounded)
    last = 0.01 * 2**24 + 0.01
    assert (code, found["status"], found["value"], found["costs"]) == (0, "unlimited", None, None)
    assert abs(found["looked_up_to"] - last) < 1e-6
    assert (
        "No limit is reached up to w = 167,772.17"
        in call("fit", "-", "--params", "1000P", "--vary", "w", stdin=rounded).out
    )


def test_a_search_without_an_effect():
    dropped = spec("{vars: {p: 0.5}, input: [8], layers: [Dropout: p]}")
    _, found = fit("-", "--params", "1", "--vary", "p", stdin=dropped)
    assert (found["status"], found["value"], found["looked_up_to"]) == ("unlimited", None, None)
    assert "Costs were the same at all of them." in call("fit", "-", "--params", "1", "--vary", "p", stdin=dropped).out


@each(
    ("arguments", "said"),
    [
        (("--most", "10"), "Nothing that was asked for is accepted; the next that is, is H=W = 16."),
        (("--least", "17", "--most", "30"), "Nothing that was asked for is accepted; the next that is, is H=W = 32."),
        (("--least", "17", "--most", "30", "--params", "1"), "Nothing is within the limits."),
    ],
)
def test_why_there_is_no_answer(arguments, said):
    done = call("fit", "specs/unet.yaml", "--memory", "8GiB", "--vary", "H=W", *arguments)
    assert done.code == 1
    assert said in done.out


def test_nothing_that_was_looked_at_is_accepted():
    dropped = spec("{vars: {p: 0.5}, input: [8], layers: [Dropout: p]}")
    done = call("fit", "-", "--params", "1", "--vary", "p", "--least", "2", stdin=dropped)
    assert (done.code, "Nothing that was looked at is accepted." in done.out) == (1, True)


def test_nothing_fits():
    code, found = fit("specs/unet.yaml", "--memory", "10MiB", "--vary", "H=W")
    assert (code, found["status"], found["value"], found["next"]["value"]) == (1, "nothing", None, 16)


WAVE = spec("{vars: {w: 4}, input: [8, 8, 4], layers: [Conv2D: ['(w - 10)**2 + 4', 1], Conv2D: [4, 1]]}")


def test_what_does_not_only_rise():
    """(w - 10)**2 + 4 filters of 9 parameters each, and 4: 220 at 16, 40 at 10, and 652 at 1 + 1."""
    code, found = fit("-", "--params", "400", "--vary", "w", stdin=WAVE)
    assert (code, found["value"], found["costs"]["params"], found["below"]) == (0, 16, 9 * 40 + 4, 1)
    assert "Not all smaller values" in call("fit", "-", "--params", "400", "--vary", "w", stdin=WAVE).out


TENTH = spec("{vars: {w: 0.5}, input: [8], layers: [Dense: 'round(8*w)', Dense: 'round(100*(w - 1)**2) + 1']}")


def test_a_decimal_is_searched():
    code, found = fit("-", "--params", "80", "--vary", "w=0.1:0.9:0.1", stdin=TENTH)
    assert (code, found["method"], found["step"]) == (0, "inference", 0.1)
    totals = {}
    for tenths in range(1, 10):
        model = cnnsum.loads(TENTH.decode(), settings={"w": tenths / 10})
        totals[tenths / 10] = cnnsum.summarize(model).totals.params.total
    assert found["value"] == max(w for w, params in totals.items() if params is not UNKNOWN and params <= 80)


def test_a_search_that_may_miss_is_refused():
    text = spec("{vars: {w: 4}, input: [8, 8, 4], layers: [Conv2D: ['abs(w)', 1]]}").replace(
        b"abs(w)", b"w if w < 9 else 1"
    )
    done = call("fit", "-", "--params", "30", "--vary", "w", stdin=text)
    assert done.code == 2
    assert "SPC057 what is limited does not only rise with `w`" in done.err
    code, found = fit("-", "--params", "30", "--vary", "w=1:20", stdin=text)
    assert (code, found["value"], found["below"], found["proved"]) == (0, 20, 7, True)


@each(
    ("arguments", "message"),
    [
        (["specs/unet.yaml"], "say what is limited"),
        (["specs/unet.yaml", "--params", "1M", "--inference"], "--inference goes with --memory"),
        (["specs/unet.yaml", "--memory", "8G"], "write which"),
        (["specs/unet.yaml", "--memory", "8GiB", "--vary", "h"], "no size or var `h`"),
        (["specs/unet.yaml", "--memory", "8GiB", "--batch", "2"], "leave --batch out"),
        (["specs/unet.yaml", "--memory", "8GiB", "--vary", "H", "--set", "H=64"], "leave --set H=… out"),
        (["specs/unet.yaml", "--memory", "8GiB", "--vary", "H", "--least", "9", "--most", "3"], "larger than --most"),
        (["specs/unet.yaml", "--memory", "8GiB", "--vary", "H=0.5:4:0.5"], "positive whole numbers"),
        (["specs/unet.yaml", "--memory", "8GiB", "--vary", "H=1:4", "--most", "3"], "leave --least and --most out"),
        (["specs/unet.yaml", "--memory", "8GiB", "--optimizer", "adams"], "unknown optimizer"),
        (["specs/mobilenet_v1.yaml", "--memory", "8GiB", "--vary", "alpha=classes"], "only sizes"),
        (["specs/fcn.yaml", "--memory", "8GiB"], "H and W are open"),
        (["missing.yaml", "--memory", "8GiB"], "SPC001"),
    ],
)
def test_calls_that_cannot_be_answered(arguments, message):
    done = call("fit", *arguments)
    assert done.code == 2
    assert message in done.err
    assert done.out == ""


def test_a_model_with_errors():
    done = call("fit", "-", "--memory", "1GiB", stdin=spec("{input: [8, 8, 3], layers: [Conv2D: [4, 9]]}"))
    assert (done.code, done.out) == (1, "")
    assert "SHP201" in done.err


def test_what_nothing_is_known_of():
    keras = sequential([None, 8], "Mystery", name="m")
    done = call("fit", "-", "--memory", "1GiB", stdin=keras)
    assert done.code == 2
    assert "the training memory of this network is not known" in done.err


@each(
    ("limit", "what"),
    [("--params", "number of parameters"), ("--macs", "number of MACs"), ("--flops", "number of FLOPs")],
)
def test_which_number_is_not_known(limit, what):
    done = call("fit", "-", limit, "1G", stdin=sequential([None, 8], "Mystery", name="m"))
    assert f"the {what} of this network is not known" in done.err


def test_what_is_varied_is_said_once():
    done = call(
        "fit", "-", "--memory", "1GiB", "--vary", "H", "--vary", "batch", stdin=spec("{input: [8], layers: [Dense: 1]}")
    )
    assert done.code == 2
    assert "--maximize says which variant is wanted" in done.err


def test_bounds_of_many_digits():
    model = spec("{input: [8], layers: [Dense: 1]}")
    done = call("fit", "-", "--memory", "1GiB", "--most", "9" * 13, stdin=model)
    assert (done.code, done.err.splitlines()[-1].rpartition(": ")[2]) == (
        2,
        "a number of more than 12 digits is not looked at",
    )


def test_a_file_that_fixes_the_batch():
    keras = sequential([7, 8], "Dense", name="d", units=4)
    _, found = fit("-", "--memory", str(4 * 36 + 50 * 48), "--inference", stdin=keras)
    assert (found["value"], found["costs"]["peak"]) == (50, 50 * 48)


def test_an_open_size_on_which_only_what_is_in_place_depends(tmp_path: Path) -> None:
    """Nothing is known of the costs, and yet whether a sum is written in place depends on H."""
    path = tmp_path / "m.yaml"
    path.write_text(
        "input: [H, 48, 1]\nlayers:\n  - MaxPooling2D: 2\n  - AveragePooling2D: {pool_size: 1, name: b}\n"
        "  - Multiply: {from: [b, max_pooling2d]}\n  - MaxPooling2D: {pool_size: 1, padding: same}\n"
        "  - Add: {from: [max_pooling2d_1, multiply]}\n",
        encoding="utf-8",
    )
    result = call("fit", str(path), "--flops", "100", "--vary", "batch")
    assert result.code == 2
    assert "SPC057 H is open" in result.err


def test_a_size_that_the_file_fixes_too_small_is_found(tmp_path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text("{input: [8, 8, 3], layers: [Conv2D: [4, 9], Flatten, Dense: 2]}", encoding="utf-8")
    found = call("fit", str(path), "--params", "10K", "--vary", "H=W", "--format", "json")
    assert (found.code, json.loads(found.out)["value"]) == (0, 41)
    refused = call("fit", str(path), "--params", "10K")
    assert (refused.code, refused.out) == (1, "")
    assert "SHP201" in refused.err


def test_decimals_that_are_asked_for_are_looked_at(tmp_path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("{vars: {a: 1}, input: [4], layers: [Dense: '8*a']}", encoding="utf-8")
    found = call("fit", str(path), "--params", "30", "--vary", "a", "--least", "0.5", "--most", "2", "--format", "json")
    assert (found.code, json.loads(found.out)["value"]) == (0, 0.75)


def test_the_best_of_several_names_by_brute_force():
    values = {"alpha": [0.25, 0.5, 0.75, 1], "H=W": range(64, 225, 32), "batch": [1, 2, 3]}
    model = cnnsum.load("specs/mobilenet_v1.yaml")
    fits = [v for v in cnnsum.sweep(model, values) if v.outcome.costs.training <= 64 * 2**20]
    wanted = max(fits, key=lambda variant: variant.outcome.costs.macs)
    vary = ["--vary", "alpha=0.25:1:0.25", "--vary", "H=W=64:224:32", "--vary", "batch=1:3"]
    code, found = fit("specs/mobilenet_v1.yaml", *vary, "--maximize", "macs", "--memory", "64MiB")
    assert (code, tuple(found["values"].values())) == (0, wanted.values)
    assert found["costs"] == wanted.outcome.costs._asdict()
    assert (found["variants"], found["within"]) == (4 * 6 * 3, len(fits))
    ranges = ["alpha=0.25:1:0.25", "H=W=64:224:32", "batch=1:3"]
    best = cnnsum.fit(model, memory=64 * 2**20, vary=ranges, maximize="macs")
    assert best.values == wanted.values
    # A name may be what is wanted, and nothing may be within the limits.
    code, found = fit("specs/mobilenet_v1.yaml", *vary, "--maximize", "batch", "--macs", "10M")
    assert (code, [*found["values"].values()]) == (0, [0.25, 64, 64, 3])
    code, found = fit("specs/mobilenet_v1.yaml", *vary, "--maximize", "macs", "--params", "1K")
    assert (code, found["status"], found["limits"][0]["least"]) == (1, "nothing", 475_544)


@each("name", ["params", "macs", "flops", "weights", "peak", "inference", "training", "status", "why"])
def test_what_is_varied_may_be_called_as_a_measure_is(name):
    def best(called, maximize):
        text = f"{{input: [8, 8, 3], vars: {{{called}: 3}}, layers: [Conv2D: [{called}, 3]]}}".encode()
        vary = ["--vary", f"{called}=1:9", "--vary", "batch=1:3"]
        return fit("-", *vary, "--maximize", maximize, "--params", "100", "--memory", "8KiB", stdin=text)

    for wanted in {"flops", "batch", "peak"} - {name}:
        code, there = best("ww", wanted)
        _, found = best(name, wanted)
        assert (code, there["accepted"], there["status"]) == (0, 27, "found")
        del there["vary"], found["vary"]
        assert there.pop("values") == {("ww" if key == name else key): one for key, one in found.pop("values").items()}
        assert found == there
    text = f"{{input: [8, 8, 3], vars: {{{name}: 3}}, layers: [Conv2D: [{name}, 3]]}}"
    vary = ["--vary", f"{name}=1:9", "--vary", "batch=1:3", "--params", "100", "--maximize", name]
    done = call("fit", "-", *vary, stdin=text.encode())
    if name in ("status", "why"):
        assert (done.code, f" {name} = 3" in done.out) == (0, True)
        return
    assert (done.code, done.out) == (2, "")
    assert f"`{name}` is a measure, and what is varied" in done.err
    with pytest.raises(ValueError, match="`maximize` must be"):
        cnnsum.fit(cnnsum.loads(text), vary=[f"{name}=1:9", "batch=1:3"], params=100, maximize=name)


def test_names_without_values_are_varied_up_to_four_times_what_the_file_has():
    code, found = fit("-", "--vary", "units", "--vary", "scale", "--maximize", "units", "--params", "374", stdin=DENSE)
    assert (code, found["values"]["units"], found["variants"]) == (0, 10, 40 * 40)


@each(
    ("arguments", "message"),
    [
        (["--vary", "H=W", "--vary", "batch"], "--maximize says which variant is wanted"),
        (["--vary", "H=W", "--maximize", "macs", "--least", "3"], "leave --least and --most out"),
        (["--vary", "H=W=32:64:32", "--maximize", "mac"], "no number `mac` to maximize"),
        (["--vary", "H=W=32:64", "--vary", "H=3:4", "--maximize", "macs"], "swept twice"),
    ],
)
def test_several_names_that_cannot_be(arguments, message):
    done = call("fit", "specs/unet.yaml", "--memory", "8GiB", *arguments)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_options_that_only_memory_follows():
    for option, value in (("--optimizer", "sgd"), ("--batch", "2")):
        done = call("fit", "specs/unet.yaml", "--vary", "H=W", "--macs", "1G", option, value)
        assert (done.code, f"{option} goes with --memory or --maximize" in done.err) == (2, True)
    done = call("fit", "specs/unet.yaml", "--memory", "8GiB", "--inference", "--optimizer", "sgd")
    assert (done.code, "--inference does not go with --optimizer" in done.err) == (2, True)


def test_what_is_maximized_stands_below_what_is_limited():
    done = call("fit", "-", "--vary", "units=1:1", "--maximize", "macs", "--params", "374", stdin=DENSE)
    limited, best, _, seen = done.out.splitlines()[-4:]
    # Amounts end in one column.
    assert (limited[:33].split(), best[:33].split()) == (["parameters", "41"], ["macs", "36"])
    assert (len(limited[:33].rstrip()), len(best)) == (33, 33)
    assert seen == " 1 variant was looked at: 1 is accepted, 1 within the limits."


OPEN = b"""
input: [H, W, 3]
symbols: {H: {multiple_of: 8}}
vars: {width: 4, deep: 2}
layers:
  - Conv2D: {filters: width, kernel_size: 3, strides: 2, padding: same}
  - Conv2D: {filters: 2*width, kernel_size: 3, padding: same, repeat: deep}
  - GlobalAveragePooling2D
  - Dense: 1
"""


def test_sizes_stay_open_where_no_limit_depends_on_them():
    def params(width, deep=2):
        return 28 * width + 2 * width * (9 * width + 1) + (deep - 1) * 2 * width * (18 * width + 1) + 2 * width + 1

    code, found = fit("-", "--vary", "width", "--params", "20k", stdin=OPEN)
    value = found["value"]
    assert params(value) <= 20_000 < params(value + 1)
    assert (code, found["method"], found["costs"]["params"]) == (0, "formula", params(value))
    assert {name for name, cost in found["costs"].items() if cost is None} == {
        *("macs", "flops", "peak", "inference", "training")
    }
    # A size that is varied, with another that stays open and is refused at some values.
    code, found = fit("-", "--vary", "W", "--params", "20k", stdin=OPEN)
    assert (code, found["status"]) == (0, "unlimited")
    # Of several, in arrays and without them.
    vary = ["--vary", "width=1:9", "--vary", "deep=1:4", "--maximize", "params", "--params", "5k"]
    wanted = max(
        (params(width, deep), width, deep)
        for width in range(1, 10)
        for deep in range(1, 5)
        if params(width, deep) <= 5_000
    )
    for arrays in (True, False):
        with mock.patch.object(pieces, "has_arrays", return_value=arrays):
            code, found = fit("-", *vary, stdin=OPEN)
        assert (code, found["costs"]["params"], *found["values"].values()) == (0, *wanted)
        assert found["costs"]["macs"] is None


@each(
    ("arguments", "said"),
    [
        (("width", "--macs", "1M"), "H and W are open\n  help: give them values: --set H=… --set W=…"),
        (("width=1:9", "--memory", "1MiB", "--set", "W=8"), "H is open\n  help: give it a value: --set H=…"),
        (("W", "--flops", "1M", "--params", "3k"), "H is open\n  help: give it a value: --set H=…"),
        (("width=1:9", "--params", "1M", "--maximize", "macs"), "H and W are open\n  help: give them values"),
    ],
)
def test_sizes_that_a_limit_depends_on_must_be_given(arguments, said):
    for arrays in (True, False):
        with mock.patch.object(pieces, "has_arrays", return_value=arrays):
            done = call("fit", "-", "--vary", *arguments, stdin=OPEN)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith(f"SPC057 {said}")


def test_an_error_that_every_size_has_is_told_and_no_range_asked_for():
    text = spec("input: [H, 32, 3]\nlayers:\n  - Conv2D: {filters: 4, kernel_size: 40}\n")
    done = call("fit", "-", "--memory", "1GiB", "--vary", "H", stdin=text)
    assert done.code == 2
    assert done.err.startswith("<stdin>:3:5: SHP201 conv2d: Conv2D with kernel_size 40 needs at least 40 positions")
    assert "--least" not in done.err


DEEP = spec(
    "{vars: {n: 2}, input: [8, 8, 4], layers: [Conv2D: [4, 1], Conv2D: {filters: 4, kernel_size: 1, repeat: n}]}"
)


def test_a_number_of_repetitions_may_be_none_and_is_no_decimal():
    """A convolution has 20 parameters. `n = 1` was said to be the least, and decimals, which none is, to be a way."""
    code, found = fit("-", "--vary", "n", "--params", "30", stdin=DEEP)
    assert (code, found["value"], found["next"]["value"]) == (0, 0, 1)
    for most in ((), ("--most", "5")):
        done = call("fit", "-", "--vary", "n", "--params", "10", *most, stdin=DEEP)
        assert done.code == 1
        assert "The least that is accepted, n = 0, breaks --params" in done.out
        assert "decimals" not in done.out
    done = call("fit", "-", "--vary", "n", "--params", "30", "--least", "1", stdin=DEEP)
    assert "The least that is accepted, n = 1" in done.out
    alpha = spec("{vars: {alpha: 1}, input: [8], layers: [Dense: 'round(8*alpha)']}")
    done = call("fit", "-", "--vary", "alpha", "--params", "20", stdin=alpha)
    assert "--vary alpha=0.01:2:0.01 considers decimals" in done.out
