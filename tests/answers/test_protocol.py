"""One protocol for all answers: what a function of the library gives is what the formats of its question are given, and
what they write is what the command line prints.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

import pytest
from calling import call

import cnnsum
from cnnsum.answers import BINARY, FORMATS, OptionError, as_text, renderer, renderer_of_bytes
from cnnsum.answers.layers.ask import layers
from cnnsum.answers.listing.ask import Models
from cnnsum.answers.summary.charted import Charted
from cnnsum.answers.sweep.ask import Sweep
from cnnsum.answers.sweep.records import Charted as SweepCharted
from cnnsum.codes import told
from cnnsum.ink import inked
from tests.thorough import each

MODEL = "model.yaml"
OLD = "old.yaml"
LARGE = 10**6


def summary(format: str) -> object:
    """The report, which a format that draws its page is given with it."""
    model = cnnsum.load(MODEL)
    report = cnnsum.summarize(model, details=format not in ("table", "csv", "markdown"))
    if format == "html":
        report.page = cnnsum.page(model, report, findings=cnnsum.check(MODEL))
    return report


def sweep() -> Sweep:
    return cnnsum.sweep(cnnsum.load(MODEL), {"batch": [1, 2, 4]})


#: Of each question of the registry: the answer as the library gives it, and the call that prints the same.
ASKED: dict[str, tuple[Callable[[str], object], list[str]]] = {
    "summary": (summary, ["show", MODEL]),
    "chart": (lambda _: Charted(cnnsum.summarize(cnnsum.load(MODEL)), "macs"), [MODEL, "--chart", "macs"]),
    "sizes": (lambda _: cnnsum.sizes(cnnsum.load(MODEL), test=9), ["sizes", MODEL, "--test", "9"]),
    "fit": (lambda _: cnnsum.fit(cnnsum.load(MODEL), memory=LARGE), ["fit", MODEL, "--memory", str(LARGE)]),
    "best": (
        lambda _: cnnsum.fit(cnnsum.load(MODEL), memory=LARGE, vary=["batch=1:9", "H=W=8:20"], maximize="macs"),
        ["fit", MODEL, "--memory", str(LARGE), *("--vary", "batch=1:9", "--vary", "H=W=8:20"), "--maximize", "macs"],
    ),
    "sweep": (lambda _: sweep(), [MODEL, "--sweep", "batch=1,2,4"]),
    "sweep chart": (lambda _: SweepCharted(sweep(), "peak"), [MODEL, "--sweep", "batch=1,2,4", "--chart", "peak"]),
    "list": (lambda _: cnnsum.list_models([MODEL, OLD], sort="-params"), ["list", MODEL, OLD, "--sort", "-params"]),
    "explain": (lambda _: cnnsum.explain(cnnsum.load(MODEL), "conv2d"), ["explain", MODEL, "conv2d"]),
    "conventions": (
        lambda _: cnnsum.reconcile(cnnsum.load(MODEL), "fvcore"),
        ["explain", MODEL, "--convention", "fvcore"],
    ),
    "diff": (lambda _: cnnsum.diff(cnnsum.load(OLD), cnnsum.load(MODEL)), ["diff", OLD, MODEL]),
    "check": (lambda _: cnnsum.check([MODEL, OLD]), ["check", MODEL, OLD]),
    "layers": (lambda _: layers("Dropout"), ["layers", "Dropout"]),
    "rules": (lambda _: told(["ARC401", "SHP201"]), ["rule", "ARC401", "SHP201"]),
}
#: What the command line says in place of `--format` and the name.
CALLED: dict[tuple[str, str], list[str]] = {("check", "statistics"): ["--statistics"], ("layers", "text"): []}


@pytest.fixture(autouse=True)
def _models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    layers = "[{Conv2D: [4, 3]}, Flatten, {Dense: {units: 3, activation: relu}}, Dense: 2]"
    Path(MODEL).write_text(f"{{input: [8, 8, 3], layers: {layers}}}", encoding="utf-8")
    Path(OLD).write_text(f"{{input: [8, 8, 3], layers: {layers.replace('4, 3', '5, 3')}}}", encoding="utf-8")


def test_every_question_is_asked() -> None:
    assert ASKED.keys() == FORMATS.keys()


@each("question,format", [(question, format) for question, formats in FORMATS.items() for format in formats])
def test_a_format_of_an_answer_is_what_the_command_prints(question: str, format: str, tmp_path: Path) -> None:
    answered, called = ASKED[question]
    words = [*called, *CALLED.get((question, format), ("--format", format))]
    if format in BINARY:
        if find_spec("pyarrow") is not None:
            call(*words, "-o", str(tmp_path / "written"))
            found = b"".join(renderer_of_bytes(question, format)(answered(format)))
            assert found == (tmp_path / "written").read_bytes()
        return
    written = "".join(inked(renderer(question, format)(answered(format)), format))
    assert written
    assert written == call(*words).out


@each("question", [question for question, formats in FORMATS.items() if "text" in formats])
def test_an_answer_as_text(question: str) -> None:
    answered, called = ASKED[question]
    assert (
        as_text(question, answered("text")) + "\n"
        == call(*called, *CALLED.get((question, "text"), ("--format", "text"))).out
    )


def test_a_walk_over_an_answer_is_no_last_one() -> None:
    """What comes as it is made can be written in one format after the other."""
    for question in ("sweep", "list"):
        answer = ASKED[question][0]("")
        assert len({"".join(renderer(question, "csv")(answer)) for _ in range(2)}) == 1
        assert isinstance(answer, Sweep | Models)
        assert len([*chain(answer, answer)]) == 2 * len([*answer]) > 0


def test_what_the_library_does_not_say_is_asked_for() -> None:
    report = cnnsum.summarize(cnnsum.load(MODEL))
    with pytest.raises(OptionError, match="there is no chart of 'peak': choose from memory, params, macs"):
        "".join(renderer("chart", "table")(Charted(report, "peak")))
    with pytest.raises(OptionError) as raised:
        "".join(renderer("summary", "html")(report))
    assert "report.page = cnnsum.page(model, report)" in raised.value.sentence


def test_columns_of_a_list_are_those_that_are_written() -> None:
    models = cnnsum.list_models(MODEL, columns=["path", "findings"])
    assert (
        "".join(renderer("list", "csv")(models))
        == call("list", MODEL, "--columns", "path,findings", "--format", "csv").out
    )
    assert [found.findings for found in models] == [len(cnnsum.check(MODEL))]
