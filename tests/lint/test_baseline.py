"""Baselines: what has grown since, and by how much it may."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cnnsum
from cnnsum.diagnostics import UnusableError
from cnnsum.lint.budget import baseline
from tests.cli.calling import call
from tests.thorough import each

# Dense 10 on 9 inputs: 100 parameters, 90 MACs; Dense 11: 110 and 99.
BEFORE = "input: [9]\nlayers: [Dense: 10]\n"
AFTER = "input: [9]\nlayers: [Dense: 11]\n"


def grown(path: Path, *allowed: str, text: str = AFTER, name: str = "a.yaml") -> list[str]:
    found = baseline.findings(cnnsum.loads(text, name), baseline.read(str(path)), baseline.increases(allowed))
    return [f"{one.code} {one.message.partition(',')[0].partition(' more than')[0]}" for one in found]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "base.json"
    models = {"./a.yaml": BEFORE, "b/c.yaml": AFTER}
    entries = {name: baseline.entry_of(cnnsum.loads(text, name)) for name, text in models.items()}
    path.write_text(baseline.text(entries), encoding="utf-8")
    return path


def test_what_is_written_is_read(written: Path) -> None:
    value = json.loads(written.read_text(encoding="utf-8"))
    assert value["schema"] == "cnnsum.baseline/1"
    assert value["models"]["a.yaml"]["params"] == 100
    found = baseline.read(str(written))
    assert [*found.entries] == ["a.yaml", "b/c.yaml"]
    assert found.of("b/./c.yaml") == found.entries["b/c.yaml"]
    assert found.of("c.yaml") is None


def test_nothing_may_grow(written: Path) -> None:
    assert grown(written, "params", "macs") == ["BUD504 params: 110 is 10 (10.0%)", "BUD504 macs: 99 is 9 (10.0%)"]
    assert {line.split(":")[0] for line in grown(written)} == {
        f"BUD504 {key}" for key in ("params", "trainable", "macs", "flops", "weights", "peak", "training")
    }
    assert grown(written, text=BEFORE) == []
    assert grown(written, name="new.yaml") == []
    assert grown(written, text=BEFORE, name="b/c.yaml") == []


def test_the_message(written: Path) -> None:
    model = cnnsum.loads(AFTER, "a.yaml")
    (found,) = baseline.findings(model, baseline.read(str(written)), baseline.increases(["weights=2%"]))
    assert str(found).startswith("a.yaml:1:1: BUD504 weights: 440 B is 40 B (10.0%) more than in ")
    assert found.message.endswith("base.json, which has 400 B, and may grow by 2%")


def test_what_may_grow(written: Path) -> None:
    assert grown(written, "params=10%") == []
    assert grown(written, "params=9.99%") == ["BUD504 params: 110 is 10 (10.0%)"]
    assert grown(written, "params=10", "weights=40B") == []
    assert grown(written, "params=9", "weights=39") == [
        "BUD504 params: 110 is 10 (10.0%)",
        "BUD504 weights: 440 B is 40 B (10.0%)",
    ]


@each(
    ("text", "message"),
    [
        ("parms=2%", "there is no measure `parms` .did you mean `params`"),
        ("params=x%", "`x%` is not a percentage"),
        ("params=-2%", "`-2%` is not a percentage"),
        ("params=2MB", "no unit `MB` of counts"),
        ("peak=2M", "can be 2MiB"),
        ("stride=2", "there is no measure `stride`"),
    ],
)
def test_what_is_no_increase(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        baseline.increase(text)


def test_the_report_of_one_model(tmp_path: Path) -> None:
    """A report holds for the one model that is checked, at the batch that it was made for."""
    path = tmp_path / "report.json"
    path.write_text(call("-", "--format", "json", "--batch", "4", stdin=BEFORE.encode()).out, encoding="utf-8")
    assert grown(path, text=BEFORE, name="elsewhere.yaml") == []
    assert grown(path, "peak") == [f"BUD504 peak: {4 * (9 + 11) * 4} B is 16 B (5.3%)"]


def test_formulas_are_compared_as_formulas(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    text = "input: [H, W, 3]\nlayers: [Conv2D: [8, 3]]\n"
    path.write_text(call("-", "--format", "json", stdin=text.encode()).out, encoding="utf-8")
    assert grown(path, text=text) == []
    assert grown(path, text=text.replace("[8, 3]", "[7, 3]")) == []
    wider = text.replace("[8, 3]", "[9, 3]")
    assert grown(path, "macs=12.5%", text=wider) == []
    (found,) = baseline.findings(cnnsum.loads(wider), baseline.read(str(path)), baseline.increases(["macs"]))
    assert found.message == (
        f"macs: 243*(H - 2)*(W - 2) is more than 216*(H - 2)*(W - 2) in {path} from H = 3 and W = 3 on"
    )
    # With 100,000 more it is too much from (H-2)*(W-2)*27 > 100,000 on: 61 x 61 x 27 is 100,467.
    (found,) = baseline.findings(cnnsum.loads(wider), baseline.read(str(path)), baseline.increases(["macs=100K"]))
    assert found.message.endswith("from H = 63 and W = 63 on, and may grow by 100K")
    assert [line[:6] for line in grown(path, "macs", text=text.replace("H, W", "T, U"))] == ["BUD502"]


def test_what_is_not_known_has_not_grown(tmp_path: Path) -> None:
    """A model passes against its own baseline; where a measure was asked for by name, it cannot be held."""
    path = tmp_path / "report.json"
    text = "input: [8]\nlayers: [{Dense: 4}, Mystery, {Dense: 2}]\n"
    path.write_text(call("-", "--format", "json", stdin=text.encode()).out, encoding="utf-8")
    every = {"params", "trainable", "macs", "flops", "weights", "peak", "training"}

    def held(spec: str, *named: str) -> set[tuple[str, str]]:
        found = baseline.findings(cnnsum.loads(spec), baseline.read(str(path)), baseline.increases(named))
        assert {one.code for one in found} <= {"BUD502"}
        return {(one.message.partition(":")[0], one.severity) for one in found}

    assert held(text) == {(key, "warning") for key in every}
    assert held(text, "macs", "peak=1MiB") == {("macs", "error"), ("peak", "error")}
    # What is known by now is more than nothing that was known.
    assert held(text.replace("Mystery", "ReLU")) == {(key, "error") for key in every}
    path.write_text(call("-", "--format", "json", stdin=BEFORE.encode()).out, encoding="utf-8")
    assert held(text) == {(key, "error") for key in every}


def test_a_model_that_stands_twice(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(
        '{"schema": "cnnsum.baseline/1", "models": {"a": {"params": 1}, "a": {"params": 9}}}', encoding="utf-8"
    )
    with pytest.raises(UnusableError) as raised:
        baseline.read(str(path))
    assert [one.code for one in raised.value.diagnostics] == ["SPC015"]


@each("text", ["{}", "[]", '{"schema": "cnnsum.baseline/1"}', '{"totals": 3}', BEFORE])
def test_what_is_no_baseline(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnusableError) as raised:
        baseline.read(str(path))
    assert raised.value.diagnostics[0].code == "SPC049"


@each(
    "folder, paths, at",
    [
        (".", ["m/b.yaml"], "b.json"),
        (".", ["./m/../m/b.yaml"], "b.json"),
        (".", ["{here}/m/b.yaml"], "b.json"),
        (".", ["{here}/m"], "{here}/b.json"),
        ("m", ["b.yaml"], "../b.json"),
        ("m", [], "../b.json"),
    ],
)
def test_a_file_is_the_same_however_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, paths: list[str], at: str
) -> None:
    """Named in another way it was taken for a new model, and passed."""
    (tmp_path / "m").mkdir()
    monkeypatch.chdir(tmp_path)
    Path("m/b.yaml").write_text(BEFORE, encoding="utf-8")
    call("check", "m", "--ignore", "ARC", "--write-baseline", "b.json")
    Path("m/b.yaml").write_text(AFTER, encoding="utf-8")
    monkeypatch.chdir(tmp_path / folder)
    named = [path.format(here=tmp_path) for path in paths]
    done = call("check", *named, "--ignore", "ARC", "--baseline", at.format(here=tmp_path))
    assert done.code == 1
    assert "BUD504 params: 110 is 10 (10.0%) more than in" in done.out
