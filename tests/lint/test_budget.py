"""Budgets: what is measured, from which size on it is too much, and what is wrong with a budget itself.

The depths are the names that the networks have in the papers; other numbers are worked out by hand.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import cnnsum
from cnnsum.analyses.depth import depth
from cnnsum.diagnostics import Diagnostic, Span
from cnnsum.dims import UNKNOWN
from cnnsum.lint.budget.judging import config_faults, findings
from cnnsum.lint.run import run
from tests.thorough import each

SPECS = Path(cnnsum.__file__).parent.parent / "specs"
# 3*3*3*8 + 8 = 224 parameters; on 8 x 8: 6*6*216 = 7,776 MACs.
SMALL = "input: [8, 8, 3]\nlayers:\n  - Conv2D: [8, 3]\n"


def held(budget: str, rest: str = SMALL, **more: object) -> list[Diagnostic]:
    return findings(cnnsum.loads(f"budget: {budget}\n{rest}", "m.yaml"), **more)  # type: ignore[arg-type]


def said(budget: str, rest: str = SMALL) -> list[str]:
    return [str(found).removeprefix("m.yaml:") for found in held(budget, rest)]


def test_every_measure_at_its_number_and_one_below() -> None:
    """Weights: 224 x 4 bytes. Peak: input and output, (192 + 288) x 4. Training with SGD: weights and gradients, the
    input that is kept, and twice the output: it and the loss of it.
    """
    exact = "params: 224, trainable: 224, macs: 7776, weights: 896, peak: 1920, depth: 1, stride: 1, receptive_field: 3"
    assert said(f"{{{exact}, optimizer: sgd, training: {896 + 896 + 768 + 2304}}}") == []
    found = said(
        "{params: 223, trainable: 223, macs: 7775, weights: 895, peak: 1919, depth: 0, stride: 0, receptive_field: 4, "
        f"optimizer: sgd, training: {896 + 896 + 768 + 2304 - 1}}}"
    )
    assert [line.split(" ", 2)[1] for line in found] == ["BUD501"] * 9
    assert [line.split(" ", 2)[2].partition(":")[0] for line in found] == [
        *("params", "trainable", "macs", "weights", "peak", "depth", "stride", "receptive_field", "training")
    ]


def test_the_message_the_place_and_the_help() -> None:
    (found,) = held("{params: 0.2K}")
    assert found.span == Span("m.yaml", 1, 10, 1, 16)
    assert found.severity == "error"
    assert found.message == "params: 224 is over the budget of 0.2K by 24 (12.0%)"
    assert found.help == "most are in `conv2d` (224, 100%)"
    (found,) = held("\n  peak: 1.5KiB")
    assert found.span == Span("m.yaml", 2, 3, 2, 7)
    assert found.message == "peak: 1.88 KiB (1,920 B) is over the budget of 1.5KiB by 384 B (25.0%)"
    assert found.help == "it is at `conv2d`, with `conv2d` (1.12 KiB, 60.0%), `input` (768 B, 40.0%) alive"
    (found,) = held("{receptive_field: 5}")
    assert found.message == "receptive_field: 3 is below the least of 5 by 2 (40.0%)"


def test_the_batch_and_the_optimizer_count() -> None:
    assert len(held("{peak: 1920, batch: 2}")) == 1
    assert held("{peak: 3840, batch: 2}") == []
    assert len(held("{peak: 1920}", batch=2)) == 1
    assert held("{peak: 1920, batch: 1}", batch=2) == []
    assert held("{training: 4864}", optimizer="sgd") == []
    assert [found.message.partition(" is ")[0] for found in held("{training: 4864}")] == [
        "training: 6.50 KiB (6,656 B)"
    ]


@each(
    ("name", "layers"),
    [
        *(("vgg16", 16), ("vgg19", 19), ("resnet18", 18), ("resnet34", 34), ("resnet50", 50), ("resnet101", 101)),
        *(("resnet152", 152), ("densenet121", 121), ("alexnet", 8), ("lenet5", 5), ("mobilenet_v1", 28)),
    ],
)
def test_depths_are_those_in_the_names(name: str, layers: int) -> None:
    assert depth(cnnsum.load(SPECS / f"{name}.yaml").inference) == layers


def test_depth_counts_calls_on_the_longest_path() -> None:
    text = (
        "{input: [4], layers: [Dense: {units: 4, name: d}, Dense: {share: d, name: e}, BatchNormalization,"
        " Dense: {units: 4, from: input, name: f}, Add: {from: [batch_normalization, f]}]}"
    )
    assert depth(cnnsum.loads(text).inference) == 2
    assert depth(cnnsum.loads("{input: [4], layers: [Nothing]}").inference) is UNKNOWN


def test_formulas_say_from_which_size_on() -> None:
    """216 MACs for each place that the kernel has: (H-2)*(W-2)*216 is 10,000 x 216 at 102 x 102."""
    open_sizes = SMALL.replace("8, 8, 3", "H, W, 3")
    assert said("{macs: 2160K}", open_sizes) == [
        "1:10: BUD501 macs: exceeded from H = W = 103 on, where 2,203,416 is over the budget of 2160K by 43,416 (2.0%)"
    ]
    assert said("{macs: 2160000, over: {H: 3:102, W: 3:102}}", open_sizes) == []
    assert said("{macs: 2160000, over: {H: '3:103', W: [3, 102]}}", open_sizes) == [
        "1:10: BUD501 macs: 2,181,600 at H = 103 and W = 102 is over the budget of 2,160,000 by 21,600 (1.0%)"
    ]
    assert said("{macs: 2160000, over: {H: 3:205, W: 3:205}}", open_sizes) == [
        (
            "1:10: BUD501 macs: 8,901,144 at H = W = 205 is over the budget of 2,160,000 by 6,741,144 (312%); "
            "exceeded from H = W = 103 on"
        )
    ]
    assert said("{params: 224, receptive_field: 3}", open_sizes) == []


def test_declared_sizes_count() -> None:
    open_sizes = "symbols: {H: {min: 32, multiple_of: 32}}\n" + SMALL.replace("8, 8, 3", "H, 102, 3")
    assert said("{macs: 2160K}", open_sizes) == [
        "1:10: BUD501 macs: exceeded from H = 128 on, where 2,721,600 is over the budget of 2160K by 561,600 (26.0%)"
    ]


def test_sizes_of_the_file_are_set_free() -> None:
    assert said("{macs: 7776, over: {H: 3:8}}") == []
    assert said("{macs: 7776, over: {H: 3:9}}") == [
        "1:10: BUD501 macs: exceeded from H = 9 on, where 9,072 is over the budget of 7,776 by 1,296 (16.7%)"
    ]
    assert said("{macs: 7776, over: {T: 3:9}}") == ["1:29: BUD503 the model has no symbol `T`"]


def test_a_range_without_any_accepted_size() -> None:
    """A window of 3 on 1 or 2 samples."""
    assert said("{macs: 7776, over: {H: 1:2}}") == ["1:10: BUD502 macs: the network accepts no size of H in the range"]


@each("name", ["unet", "resnet18", "squeezenet"])
@each("measure", ["peak", "training", "macs"])
def test_real_networks_break_where_they_break_with_numbers(name: str, measure: str) -> None:
    """The first size that is too much is so by inference with numbers, and the accepted one before it is not."""
    from cnnsum.answers.summary.measured import measured

    model = cnnsum.load(SPECS / f"{name}.yaml", free=("spatial",))
    limit = 3 * 10**9 if measure == "macs" else 700 << 20 if measure == "training" else 20 << 20
    budget = {measure: limit}
    if name != "unet":
        budget[measure] = {"macs": 2 * 10**9, "training": 300 << 20, "peak": 20 << 20}[measure]
    (found,) = findings(model, budget, None)
    text = found.message.partition("H = W = ")[2].partition(" ")[0]
    first = int(text.replace(",", ""))

    def at(size: int) -> int:
        there = cnnsum.load(SPECS / f"{name}.yaml", free=("spatial",), settings={"H": size, "W": size})
        value = measured(cnnsum.summarize(there).totals)[measure]
        assert isinstance(value, int)
        return value

    before = first - (16 if name == "unet" else 1)
    assert at(before) <= budget[measure] < at(first)


def test_stride_is_the_most_before_any_enlarging() -> None:
    rest = "input: [32, 32, 3]\nlayers:\n  - Conv2D: [4, 3, 4]\n  - UpSampling2D: 4\n"
    assert said("{stride: 4, receptive_field: 3}", rest) == []
    assert said("{stride: 3}", rest) == ["1:10: BUD501 stride: 4 is over the budget of 3 by 1 (33.3%)"]


def test_axes_that_differ() -> None:
    rest = "input: [32, 32, 3]\nlayers:\n  - Conv2D: {filters: 4, kernel_size: [3, 5]}\n"
    assert said("{receptive_field: [3, 5]}", rest) == []
    assert said("{receptive_field: 5}", rest) == [
        "1:10: BUD501 receptive_field along axis 1: 3 is below the least of 5 by 2 (40.0%)"
    ]
    assert said("{receptive_field: [3, 3, 3]}", rest) == [
        "1:10: BUD503 `receptive_field` is given for 3 axes, and the network has 2"
    ]
    # A dense layer on a vector, and what is behind a global pooling, sees everything.
    assert said("{receptive_field: 99, stride: 1}", "input: [9]\nlayers: [Dense: 3]\n") == []
    assert said("{receptive_field: 99}", f"{rest}  - GlobalAveragePooling2D\n") == []


def test_what_is_not_known_fails() -> None:
    text = (
        '{"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": ['
        '{"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "i"}},'
        '{"module": "mine", "class_name": "Mine", "config": {"name": "own"}}]}}'
    )
    model = cnnsum.loads(text, "m.json")
    found = findings(model, {"params": 5, "peak": "1GiB", "depth": 9, "stride": 9}, {"params": Span("c", 3, 1, 3, 7)})
    assert [one.code for one in found] == ["BUD502"] * 4
    assert found[0].message == (
        "m.json: params: not known, and so not within the budget of 5: nothing is known of `own`"
    )
    assert found[0].span == Span("c", 3, 1, 3, 7)
    # Nobody says how large the sizes may be, and the formula rises and falls.
    wave = "input: [H, W, 3]\nlayers:\n  - Conv2D: {filters: 1 + H % 3 * (W % 3), kernel_size: 1}\n"
    assert [line.partition(":")[0] for line in said("{params: 1}", wave)] == ["1"]


@each(
    ("budget", "expected"),
    [
        ("{parms: 5M}", "1:10: BUD503 a budget has no key `parms`"),
        ("{params: lots}", "1:18: BUD503 `params`: `lots` is not a count: write 5M, 1.5G or 25000"),
        ("{params: -5}", "1:18: BUD503 `params`: `-5` is not a limit: write a number, 5M or 1.5G"),
        ("{params: true}", "1:18: BUD503 `params`: `true` is not a limit: write a number, 5M or 1.5G"),
        ("{params: }", "1:18: BUD503 `params`: nothing is not a limit: write a number, 5M or 1.5G"),
        ("{params: [5]}", "1:18: BUD503 `params`: a list is not a limit: write a number, 5M or 1.5G"),
        (
            "{params: 5MB}",
            "1:18: BUD503 `params`: `5MB`: there is no unit `MB` of counts (they are K, M, G, T, P, E, Z, Y, R, Q)",
        ),
        ("{peak: 1.5}", "1:16: BUD503 `peak`: `1.5` is not a limit: write a number of bytes, 100MiB or 100MB"),
        (
            "{peak: 1G}",
            "1:16: BUD503 `peak`: `1G` can be 1GiB (1,073,741,824 bytes) or 1GB (1,000,000,000): write which",
        ),
        ("{depth: 5M}", "1:17: BUD503 `depth`: `5M` is not a limit: write a number of layers"),
        ("{stride: {}}", "1:18: BUD503 `stride`: a mapping is not a limit: write a number of input positions"),
        ("{batch: 0}", "1:17: BUD503 `batch` is a number of samples, got `0`"),
        ("{batch: 3}", "1:1: BUD503 this budget has no limit"),
        ("{over: {H: 9}, optimizer: adam}", "1:1: BUD503 this budget has no limit"),
        ("{optimizer: adm}", "1:21: BUD503 unknown optimizer `adm`"),
        ("{over: 5}", "1:16: BUD503 `over` is a mapping of symbols to their sizes, got `5`"),
        ("{over: {H: 9:3}}", "1:20: BUD503 `H`: `9:3` is not a range of sizes"),
        ("{over: {H: [3]}}", "1:20: BUD503 `H`: a list is not a range of sizes"),
        ("{params: 1.0e+300}", "1:18: BUD503 `params`: `1e+300` is not a limit: write a number, 5M or 1.5G"),
        ("{params: 99E}", "1:18: BUD503 `params`: `99E` is not a limit: no network is as large"),
        ("{over: {H: 0:5}}", "1:20: BUD503 `H`: `0:5` is not a range of sizes"),
    ],
)
def test_malformed_entries(budget: str, expected: str) -> None:
    assert said(budget) == [expected]


def test_the_nearest_key_is_named() -> None:
    assert [found.help for found in held("{parms: 5M, over: {H: 9:3}, optimizer: adm}")] == [
        "did you mean `params`?",
        "write the least and the largest, as in 32:512, or one size",
        "did you mean `adam`?",
    ]


def test_a_budget_of_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each model is held to it, at the place of its key; what is malformed in it is told once."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "b.yaml").write_text("budget: {params: 300}\n" + SMALL.replace("[8, 3]", "[80, 3]"), encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.cnnsum.budget]\nmacs = "7K"\nparams = "1K"\npeek = 3\n', encoding="utf-8"
    )
    found = [str(one) for one in run(["."], ignore=["ARC"]).findings()]
    assert found == [
        "pyproject.toml:2:1: BUD501 a.yaml: macs: 7,776 is over the budget of 7K by 776 (11.1%)",
        "b.yaml:1:10: BUD501 params: 2,240 is over the budget of 300 by 1,940 (647%)",
        "pyproject.toml:2:1: BUD501 b.yaml: macs: 77,760 is over the budget of 7K by 70,760 (1,011%)",
        "pyproject.toml:3:1: BUD501 b.yaml: params: 2,240 is over the budget of 1K by 1,240 (124%)",
        "pyproject.toml:4:1: BUD503 a budget has no key `peek`",
    ]
    places = {"": Span("x.toml", 1, 1, 1, 9), "peak": Span("x.toml", 2, 1, 2, 5)}
    assert config_faults({"peak": "3"}, places) == []
    assert [str(one) for one in config_faults({"peak": "x", "parms": 3}, places)] == [
        "x.toml:2:1: BUD503 `peak`: `x` is not an amount of memory: write 8GiB, 512MB or a number of bytes",
        "x.toml:1:1: BUD503 a budget has no key `parms`",
    ]


def test_a_suppression_silences_it(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(f"budget: {{params: 3}}  # cnnsum: ignore[BUD501] for now\n{SMALL}", encoding="utf-8")
    assert run([str(path)], ignore=["ARC"]).findings() == []
