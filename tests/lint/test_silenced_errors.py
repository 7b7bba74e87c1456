"""An error that is ignored, not selected or silenced by a comment opens no gate: budgets, baselines and advice."""

from __future__ import annotations

from pathlib import Path

import pytest

import cnnsum
from cnnsum.lint.budget import baseline
from cnnsum.lint.run import baseline_of, run
from tests.cli.calling import call
from tests.thorough import each

# 3,072 inputs times 1,000, and 1,000 biases: 3,073,000 parameters are known.
UNKNOWN = "input: [32, 32, 3]\nlayers:\n  - Flatten\n  - Dense: 1000\n  - Ours: 3{comment}\n  - Dense: 10\n"
SILENT = UNKNOWN.format(comment="  # cnnsum: ignore[UNK701] our own")
LOUD = UNKNOWN.format(comment="")
WAYS: dict[str, tuple[str, dict[str, list[str]]]] = {
    "by a comment": (SILENT, {}),
    "ignored": (LOUD, {"ignore": ["UNK"]}),
    "not selected": (LOUD, {"select": ["BUD"]}),
    "by the spec": (f"lint: {{ignore: [UNK701]}}\n{LOUD}", {}),
    "by the spec's selection": (f"lint: {{select: [BUD, ARC]}}\n{LOUD}", {}),
    "one code alone": (LOUD, {"select": ["BUD501", "BUD504"]}),
}
ONLY_KNOWN = ("peak", "training", "depth", "stride")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(text: str, **options: object) -> list[str]:
    Path("m.yaml").write_text(text, encoding="utf-8")
    report = run(["m.yaml"], **options)  # type: ignore[arg-type]  # as `run` has them
    return [f"{one.code} {one.message}" for one in report.findings() if one.severity == "error"]


def codes(text: str, **options: object) -> list[str]:
    return [one.partition(" ")[0] for one in found(text, **options)]


@each("way", WAYS)
def test_the_part_that_is_known_is_over_the_budget(way: str, here: Path) -> None:
    text, options = WAYS[way]
    expected = ["BUD501 params: at least 3,073,000 is over the budget of 1K by at least 3,072,000"]
    assert found(f"{text}budget: {{params: 1K}}\n", **options) == expected
    assert codes(text, **options, budget={"macs": "1M", "weights": "1MiB"}) == ["BUD501"] * 2


@each("way", WAYS)
def test_what_is_not_known_is_within_no_budget(way: str, here: Path) -> None:
    text, options = WAYS[way]
    (message,) = found(f"{text}budget: {{params: 5M}}\n", **options)
    assert message == (
        "BUD502 params: not known, and so not within the budget of 5M: nothing is known of `ours`, `dense_1`"
    )
    for key in ONLY_KNOWN:
        assert codes(f"{text}budget: {{{key}: 1}}\n", **options) == ["BUD502"], key
    assert codes(f"{text}budget: {{receptive_field: 1}}\n", **options) == ["BUD502"]
    no_budget = {**options, "ignore": [*options.get("ignore", ()), "BUD"]}
    assert codes(f"{text}budget: {{params: 5M}}\n", **no_budget) == []


def test_the_help_names_the_error_that_is_not_shown(here: Path) -> None:
    Path("m.yaml").write_text(f"{SILENT}budget: {{params: 5M}}\n", encoding="utf-8")
    (one,) = run(["m.yaml"]).findings()
    assert one.help == (
        "what is wrong with the file is silenced, and leaves it open: UNK701 in line 5 (unknown layer type `Ours`)"
    )


def test_beside_an_error_that_is_shown_nothing_is_told_twice(here: Path) -> None:
    assert codes(f"{LOUD}budget: {{params: 5M, peak: 1}}\n") == ["UNK701"]
    assert codes(f"{LOUD}budget: {{params: 1K, peak: 1}}\n") == ["UNK701", "BUD501"]


def test_sizes_that_are_open(here: Path) -> None:
    """216 MACs at each of (H-2)*(W-2) places: beyond 1,000,000 there is a size, and within 5 x 5 there is none."""
    text = "input: [H, W, 3]\nlayers:\n  - Conv2D: [8, 3]\n  - Ours  # cnnsum: ignore[UNK701]\n"
    (message,) = found(f"{text}budget: {{macs: 1M}}\n")
    assert message.startswith("BUD501 macs: at least 1,")
    assert codes(f"{text}budget: {{macs: 1M, over: {{H: 3:5, W: 3:5}}}}\n") == ["BUD502"]


#: What a reader leaves out: the sums over the rest seem whole.
LEFT_OUT = {
    "an included file that is missing": ("include: [gone.yaml]\ninput: [4]\nlayers: [Dense: 2]\n", "SPC063"),
    "a doubled key": ("input: [4]\nlayers: [Dense: 2]\nlayers: [Dense: 3]\n", "SPC015"),
    "a number of repetitions": ("input: [4]\nlayers: [{Dense: 2, repeat: -1}]\n", "CFG102"),
}


@each("what", LEFT_OUT)
def test_what_a_reader_leaves_out_is_in_no_sum(what: str, here: Path) -> None:
    text, code = LEFT_OUT[what]
    assert code in codes(text), codes(text)
    every = [*dict.fromkeys(codes(text))]
    assert codes(text, ignore=every) == []
    for key in ("params", "peak", "depth"):
        assert codes(f"{text}budget: {{{key}: 9000}}\n", ignore=every) == ["BUD502"], key
    if what != "a number of repetitions":  # how many, nobody knows
        assert codes(f"{text}budget: {{params: 1}}\n", ignore=every) == ["BUD501"]


#: Texts of which no model is read at all.
NOTHING = {
    "a bracket": "input: [4\nlayers: [Dense: 2]\nbudget: {params: 5M}\n",
    "no layers": "budget: {params: 5M}\nname: x\n",
    "empty layers": "budget: {params: 5M}\ninput: [4]\nlayers: []\n",
    "a tab": "budget: {params: 5M}\ninput: [4]\nlayers:\n\t- Flatten\n",
}


@each("what", NOTHING)
def test_a_file_of_which_nothing_is_known(what: str, here: Path) -> None:
    text = NOTHING[what]
    shown = codes(text)
    assert shown
    assert all(code.startswith("SPC") for code in shown)
    # A selection does not hide it, and is enough: who ignores it is told of the budget.
    for chosen in ("BUD", "ARC", "SHP201"):
        assert codes(text, select=[chosen]) == shown
    assert codes(text, ignore=["SPC"]) == ["BUD502"]
    assert codes(text, ignore=["SPC", "BUD"]) == []
    without = text.replace("budget: {params: 5M}\n", "")
    assert codes(without, ignore=["SPC"]) == []
    assert codes(without, ignore=["SPC"], budget={"params": "5M"}) == ["BUD502"]


def test_a_budget_that_is_not_a_mapping(here: Path) -> None:
    text = "input: [4]\nlayers: [Dense: 2]\nbudget: [params, 1K]\n"
    assert codes(text) == ["SPC022"]
    assert codes(text, ignore=["SPC022"]) == ["BUD502"]


# --- baselines --------------------------------------------------------------------------------------------------------

BEFORE = "input: [9]\nlayers:\n  - Dense: 10\n  - Dense: 5\n"
WORSE = {
    "an unknown layer": BEFORE.replace("Dense: 5", "Ours: 5"),
    "a wrong value": BEFORE.replace("Dense: 5", "Dense: -5"),
    "a syntax error": BEFORE.replace("[9]", "[9"),
    "no layers": "input: [9]\nlayers: []\n",
    "not a model": "a: 1\n",
}


@pytest.fixture
def held(here: Path) -> baseline.Baseline:
    Path("m.yaml").write_text(BEFORE, encoding="utf-8")
    Path("base.json").write_text(baseline_of(run(["m.yaml"])), encoding="utf-8")
    return baseline.read("base.json")


@each("what", WORSE)
def test_what_is_not_known_any_more_fails(what: str, held: baseline.Baseline) -> None:
    text = WORSE[what]
    options = {"baseline": held, "increases": baseline.increases([])}
    assert codes(text, **options)
    for chosen in ("BUD", "BUD504"):
        assert codes(text, select=[chosen], **options), chosen
    silenced = codes(text, ignore=["SPC", "CFG", "UNK"], **options)
    assert set(silenced) == {"BUD502"}
    # It keeps the line that it had.
    report = run(["m.yaml"], ignore=["SPC"])
    if what in ("a syntax error", "not a model"):
        assert baseline_of(report, before=held) == Path("base.json").read_text()


def test_what_has_grown_by_its_known_part(held: baseline.Baseline) -> None:
    """Dense 100 on 9 inputs: 1,000 parameters, where there were 100 and 55."""
    text = WORSE["an unknown layer"].replace("Dense: 10", "Dense: 100")
    options = {"baseline": held, "increases": baseline.increases(["params", "peak"])}
    expected = "BUD504 params: at least 1,000 is 845 more than in base.json, which has 155"
    assert found(text, select=["BUD504"], **options)[-1] == expected
    assert codes(text, select=["BUD504"], **options) == ["BUD502", "BUD504"]
    assert codes(text, **options) == ["BUD504", "UNK701"]


def test_the_commands_of_the_tutorial(held: baseline.Baseline) -> None:
    for text in WORSE.values():
        Path("m.yaml").write_text(text, encoding="utf-8")
        assert call("check", "m.yaml", "--baseline", "base.json", "--select", "BUD504").code == 1
        assert call("check", ".", "--baseline", "base.json", "--select", "BUD").code == 1


def test_a_limit_of_the_call_is_judged_whatever_is_selected(held: baseline.Baseline) -> None:
    more = BEFORE.replace("Dense: 5", "Dense: 6")
    limit = {"budget": {"params": "100"}}
    against = {"baseline": held, "increases": baseline.increases(["params"])}
    for chosen in ("SHP", "BUD503", "ARC402"):
        assert codes(more, select=[chosen], **limit) == ["BUD501"], chosen
        assert codes(more, select=[chosen], **against) == ["BUD504"], chosen
        assert codes(WORSE["an unknown layer"], select=[chosen], **against) == ["BUD502"], chosen
        for ignored in ("BUD", "BUD5"):
            assert codes(more, select=[chosen], ignore=[ignored], **limit, **against) == [], chosen
    assert codes(more, select=["BUD504"], **limit, **against) == ["BUD501", "BUD504"]


# --- advice -----------------------------------------------------------------------------------------------------------

ADVISED = """\
input: [32, 32, 3]
layers:
  - Conv2D: {filters: 16, kernel_size: 3}
  - BatchNormalization
  - ReLU
  - ReLU
  - Flatten
  - Dense: {units: 10, activation: softmx}
"""


def test_advice_on_what_is_known_beside_an_error_that_is_silenced(here: Path) -> None:
    def advice(text: str, **options: object) -> list[str]:
        Path("m.yaml").write_text(text, encoding="utf-8")
        return [one.code for one in run(["m.yaml"], **options).findings()]  # type: ignore[arg-type]

    assert advice(ADVISED) == ["CFG102"]
    assert advice(ADVISED.replace("softmx}", "softmx}  # cnnsum: ignore[CFG102] known")) == ["ARC401", "ARC411"]
    assert advice(ADVISED, ignore=["CFG102"]) == ["ARC401", "ARC411"]
    assert advice(ADVISED, select=["ARC"]) == ["ARC401", "ARC411"]
    # What is read in part only may use what nothing else uses.
    unused = f"vars: {{classes: 3}}\n{ADVISED}".replace("10,", "classes,")
    assert advice(unused, select=["ARC"]) == ["ARC401", "ARC411"]


def test_the_page_has_the_same_advice() -> None:
    from cnnsum.lint.checking import findings_of

    text = ADVISED.replace("softmx}", "softmx}  # cnnsum: ignore[CFG102] known")
    assert [one.code for one in findings_of(cnnsum.loads(text))] == ["ARC401", "ARC411"]
