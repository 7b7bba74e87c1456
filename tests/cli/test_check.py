"""`cnnsum check`: options, streams, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from calling import call

import cnnsum
from tests.thorough import each, some

SOUND = "input: [8, 8, 3]\nlayers: [Flatten]\n"
WARNED = "input: [8, 8, 3]\nlayers:\n  - Dense: 3\n  - Flatten: {from: input}\n"
BROKEN = "input: [8, 8, 3]\nlayers:\n  - Dnse: 3\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in (("sound.yaml", SOUND), ("warned.yaml", WARNED), ("broken.yaml", BROKEN), ("ci.yml", "on: push")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return tmp_path


def check(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
    """A run without advice on the architecture, which is not the matter here."""
    return tuple(call("check", "--ignore", "ARC", *arguments, stdin=stdin.encode()))  # type: ignore[return-value]


def test_text_and_the_summary_line() -> None:
    code, out, err = check()
    assert code == 1
    assert out == (
        "broken.yaml:3:5: UNK701 unknown layer type `Dnse`\n"
        "    3 |   - Dnse: 3\n"
        "      |     ^^^^\n"
        "  help: did you mean `Dense`?\n"
        "\n"
        "warned.yaml:3:5: GRF305 warning: `dense` is not used: no output depends on it\n"
        "    3 |   - Dense: 3\n"
        "      |     ^^^^^^^^\n"
    )
    assert err == "3 files, 1 error, 1 warning, 1 passed over\n"


@each(
    ("arguments", "code"),
    [
        (["sound.yaml"], 0),
        (["warned.yaml"], 0),
        (["warned.yaml", "--fail-on", "warning"], 1),
        (["warned.yaml", "--fail-on", "note"], 1),
        (["broken.yaml", "--exit-zero"], 0),
        (["broken.yaml", "--ignore", "UNK"], 0),
        (["broken.yaml", "--select", "CFG,SHP"], 0),
        (["broken.yaml", "--select", "CFG", "--select", "UNK701"], 1),
        (["gone.yaml"], 2),
        (["gone.yaml", "sound.yaml"], 2),
        (["gone.yaml", "--exit-zero"], 2),
        (["gone*.yaml", "."], 2),
        (["gone.yaml", "--diff"], 2),
        (["gone.yaml", "--fix"], 2),
        (["gone.yaml", "--add-ignores"], 2),
        (["gone.yaml", "--show-settings"], 2),
        (["ci.yml"], 1),
        (["ci.yml", "--models-only"], 0),
        (["--select", "CFX"], 2),
        (["--ignore", "UNK7O1"], 2),
        (["--fail-on", "never"], 2),
        (["--format", "xml"], 2),
        (["--jobs", "0"], 2),
        (["--statistics", "--format", "json"], 2),
        (["--watch", "-"], 2),
        (["sound.yaml", "--unsafe-fixes"], 2),
        (["sound.yaml", "--diff", "--unsafe-fixes"], 0),
        (["sound.yaml", "--diff", "--format", "json"], 2),
        (["sound.yaml", "--diff", "--budget", "params=1"], 2),
        (["sound.yaml", "--show-settings"], 0),
        (["sound.yaml", "--show-settings", "--format", "json"], 2),
        (["sound.yaml", "--show-settings", "--fix"], 2),
        (["sound.yaml", "--budget", "batch=3"], 2),
        (["sound.yaml", "--budget", "batch=3", "--budget", "params=5M"], 0),
        (["sound.yaml", "-o", "sound.yaml"], 2),
    ],
)
def test_exit_codes(arguments: list[str], code: int) -> None:
    assert check(*arguments)[0] == code
    assert Path("sound.yaml").read_text(encoding="utf-8") == SOUND


def test_an_unknown_code_has_the_nearest() -> None:
    assert check("--select", "UNK7O1") == (2, "", "SPC052 there is no code `UNK7O1`\n  help: did you mean `UNK701`?\n")


def test_standard_input() -> None:
    code, out, err = check("-", stdin=BROKEN)
    assert (code, err) == (1, "1 file, 1 error\n")
    assert out.startswith("<stdin>:3:5: UNK701 unknown layer type `Dnse`\n    3 |   - Dnse: 3\n")
    assert check("-", "sound.yaml", stdin=SOUND) == (0, "", "2 files, nothing found\n")
    assert check("-", stdin="input: [")[1].startswith("<stdin>:1:8: SPC009")


def test_concise_and_quiet() -> None:
    code, out, err = check("--format", "concise", "-q", "broken.yaml")
    assert (code, out, err) == (1, "broken.yaml:3:5: error: UNK701 unknown layer type `Dnse`\n", "")


def test_statistics() -> None:
    code, out, _ = check("--statistics")
    assert (code, out) == (1, "1  GRF305  layer that nothing uses\n1  UNK701  unknown layer type\n")


def test_an_output_file() -> None:
    assert check("--format", "json", "-o", "found.json")[:2] == (1, "")
    found = json.loads(Path("found.json").read_text(encoding="utf-8"))
    assert found["counts"] == {"error": 1, "warning": 1, "note": 0}
    assert check("-o", "no/such/folder")[0] == 2


def test_github_is_chosen_where_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert check("broken.yaml")[1].startswith("::error file=broken.yaml,line=3,")
    assert check("broken.yaml", "--format", "text")[1].startswith("broken.yaml:3:5: ")
    assert check("--statistics")[0] == 1


def test_colors_change_no_word() -> None:
    import re

    plain = check("broken.yaml")[1]
    colored = check("broken.yaml", "--color", "always")[1]
    assert "\x1b[" in colored
    assert re.sub("\x1b\\[[0-9;]*m", "", colored) == plain


def test_nothing_to_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    code, out, err = check("empty")
    assert (code, out) == (2, "")
    assert err.startswith("empty:1:1: SPC077 no model in `empty`\n")
    monkeypatch.chdir(tmp_path / "empty")
    assert check() == (0, "", "warning: no files: there is no model here\n")
    assert check(".")[0] == 2


def test_show_settings(here: Path) -> None:
    (here / "pyproject.toml").write_text(
        '[tool.cnnsum]\nselect = ["ALL"]\nignore = ["SHP201"]\nexclude = ["own.yaml"]\nbudget = {params = "5M"}\n'
        'per-file-ignores = {"own.yaml" = ["GRF"]}\nlayer-types = ["types.yaml"]\n',
        encoding="utf-8",
    )
    (here / "types.yaml").write_text("layer_types: {Same: }\n", encoding="utf-8")
    (here / "own.yaml").write_text("input: [3]\nlint: {ignore: [CFG]}\nlayers: [Flatten]\n", encoding="utf-8")
    code, out, err = call("check", "--show-settings", "own.yaml", "--fail-on", "note", "--ignore", "UNK")
    assert (code, err) == (0, "")
    assert out == (
        "own.yaml\n"
        "  configuration     pyproject.toml\n"
        "  select            ALL (pyproject.toml:2)\n"
        "  ignore            SHP201 (pyproject.toml:3), CFG (own.yaml:2), UNK (the command line)\n"
        "  per-file-ignores  GRF (pyproject.toml:6)\n"
        "  fail-on           note (the command line)\n"
        "  exclude           it is left out in folders (pyproject.toml)\n"
        "  budget            params (pyproject.toml:5)\n"
        "  layer-types       types.yaml (pyproject.toml:7)\n"
    )


LIST = """
import sys
sys.argv[0] = "cnnsum"
from cnnsum.cli import main
try:
    main()
except SystemExit:
    pass
print(*sorted(sys.modules))
"""


def test_one_file_loads_little() -> None:
    """Start-up is most of the time of a single check."""
    done = subprocess.run(
        [sys.executable, "-c", LIST, "check", "-q", "sound.yaml"],
        env={**os.environ, "PYTHONPATH": str(Path(cnnsum.__file__).parent.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert not loaded & {"rich", "multiprocessing", "tomllib", "tomli", "json", "glob", "hashlib"}
    assert not loaded & {
        "cnnsum.answers.summary.build",
        "cnnsum.answers.summary.table",
        "cnnsum.lint.looking",
        "cnnsum.cli.watching",
    }
    assert not {name for name in loaded if name.startswith("cnnsum.lint.report.")} - {
        "cnnsum.lint.report.findings",
        "cnnsum.lint.report.text_format",
    }


def test_watching_ends_with_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    from cnnsum.cli import watching

    pauses = 0

    def pause(_seconds: float) -> None:
        nonlocal pauses
        pauses += 1
        if pauses == 2:
            raise KeyboardInterrupt
        Path("sound.yaml").write_text(BROKEN, encoding="utf-8")

    monkeypatch.setattr(watching.time, "sleep", pause)
    code, out, err = check("--watch", "--format", "concise", "sound.yaml")
    assert code == 130
    assert out == "sound.yaml:3:5: error: UNK701 unknown layer type `Dnse`\n"
    assert err == "1 file, nothing found\n1 file, 1 error\n"


@each(
    ("format", "first"),
    [(form, at) for at, form in enumerate(["text", "concise", "json", "sarif", "github", "gitlab", "junit"])],
)
def test_every_format_of_the_whole_corpus(format: str, first: int) -> None:
    """Nothing in the corpus breaks a format; JSON and XML can be read again."""
    import xml.etree.ElementTree as ET

    corpus = Path(__file__).parent.parent / "corpus" / "err"
    files = some([str(path) for path in sorted(corpus.iterdir()) if path.suffix != ".txt"], 3, first)
    code, out, err = check("--format", format, *files)
    assert code == 1
    assert err.startswith(f"{len(files)} files, ")
    if format in ("json", "sarif", "gitlab"):
        assert json.loads(out)
    elif format == "junit":
        assert len(ET.fromstring(out.encode())) == len(files)


# Baselines.

NETWORK = "input: [8, 8, 3]\nlayers:\n  - Conv2D: {filters: FILTERS, kernel_size: 3}\n  - Flatten\n  - Dense: 4\n"


def write(path: Path, filters: int) -> None:
    path.write_text(NETWORK.replace("FILTERS", str(filters)), encoding="utf-8")


@pytest.fixture(name="baseline")
def _baseline(tmp_path: Path) -> list[str]:
    folder = tmp_path / "models"
    folder.mkdir()
    write(folder / "a.yaml", 4)
    write(folder / "b.yaml", 5)
    assert check("models", "--write-baseline", "baseline.json")[0] == 0
    return ["models", "--baseline", "baseline.json"]


def test_nothing_is_written_where_one_of_two_files_has_no_place(baseline: list[str], tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    places = [("no/out.txt", "new.json"), ("out.txt", "no/new.json"), ("models", "new.json")]
    places += [(name, "new.json") for name in ("", ".", "no/", "..")]
    for output, new in places:
        code, out, err = check("models", "-o", output, "--write-baseline", new)
        assert (code, out) == (2, "")
        assert "cannot write" in err
    assert sorted(tmp_path.iterdir()) == before


def test_what_has_not_grown_passes(baseline: list[str], tmp_path: Path) -> None:
    assert check(*baseline)[0] == 0
    write(tmp_path / "models" / "a.yaml", 3)  # less
    write(tmp_path / "models" / "new.yaml", 50)  # not in it
    assert check(*baseline)[:2] == (0, "")


def test_what_has_grown_does_not(baseline: list[str], tmp_path: Path) -> None:
    write(tmp_path / "models" / "a.yaml", 5)
    code, out, _ = check(*baseline, "--format", "json", "--jobs", "2")
    assert code == 1
    (first, second) = json.loads(out)["files"]
    assert second["findings"] == []
    assert {found["code"] for found in first["findings"]} == {"BUD504"}
    # 4 more weights a filter than (3 * 3 * 3 + 1), and 4 * 36 in the Dense.
    before, after = 4 * 28 + (4 * 36 + 1) * 4, 5 * 28 + (5 * 36 + 1) * 4
    grown = f"params: {after} is {after - before} (24.9%) more than in baseline.json, which has {before}"
    assert grown in [found["message"] for found in first["findings"]]


def test_what_may_grow(baseline: list[str], tmp_path: Path) -> None:
    write(tmp_path / "models" / "a.yaml", 5)
    assert check(*baseline, "--max-increase", "params=25%")[0] == 0
    assert check(*baseline, "--max-increase", "params=24%")[0] == 1
    assert check(*baseline, "--max-increase", "peak=1KiB")[0] == 0


def test_calls_that_cannot_be(baseline: list[str]) -> None:
    assert check("models", "--max-increase", "params=1%")[0] == 2
    assert "did you mean `params`?" in check(*baseline, "--max-increase", "prams=1%")[2]
    assert "SPC049 this file is not a baseline" in check("models", "--baseline", "sound.yaml")[2]
    assert "SPC001" in check("models", "--baseline", "gone.json")[2]


def test_limits_of_the_call() -> None:
    code, out, _ = check("sound.yaml", "--budget", "params=5M", "--budget", "peak=100")
    assert code == 1
    assert out.startswith("sound.yaml:1:1: BUD501 peak: 768 B is over the budget of 100 B by 668 B (668%)\n")
    assert check("sound.yaml", "--budget", "params=5M")[0] == 0
    assert "did you mean `params`?" in check("sound.yaml", "--budget", "prams=5M")[2]
    assert check("sound.yaml", "--budget", "params")[0] == 2
    assert check("sound.yaml", "--budget", "params=lots")[0] == 2


def test_a_batch_of_the_call_is_for_limits_of_the_configuration(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.yaml").write_text("input: [8]\nlayers: [Dense: 3]\n", encoding="utf-8")
    config = tmp_path / "cnnsum.toml"
    config.write_text('budget = {peak = "44"}\n', encoding="utf-8")
    assert call("check", "m.yaml").code == 0
    assert "BUD501" in call("check", "m.yaml", "--budget", "batch=2").out
    config.write_text("budget = {batch = 2}\n", encoding="utf-8")
    assert "cnnsum.toml:1:1: BUD503 this budget has no limit" in call("check", "m.yaml").out
    assert call("check", "m.yaml", "--budget", "peak=88").code == 0
    assert call("check", "m.yaml", "--budget", "peak=87").code == 1


def test_a_path_at_which_there_is_nothing_writes_nothing(tmp_path) -> None:
    report = tmp_path / "report.json"
    code, out, err = check("gone.yaml", "broken.yaml", "borken.yaml", "-o", str(report))
    assert (code, out, report.exists()) == (2, "", False)
    assert "SPC001 there is no file `gone.yaml`\n" in err
    assert "SPC001 there is no file `borken.yaml`\n" in err
    assert "did you mean" in err


def test_every_finding_has_a_place() -> None:
    os.mkfifo("pipe.yaml")
    code, out, _ = check("pipe.yaml", "--format", "json")
    assert code == 1
    (finding,) = json.loads(out)["files"][0]["findings"]
    assert (finding["code"], finding["path"], finding["line"], finding["column"]) == ("SPC002", "pipe.yaml", 1, 1)


@each("options", [["-o"], ["--write-baseline"], ["--diff", "-o"], ["--fix", "-o"], ["--show-settings", "-o"]])
@each("file", ["m.yaml", "cnnsum.toml"])
def test_a_result_is_not_written_over_what_was_found(tmp_path, monkeypatch, options, file):
    monkeypatch.chdir(tmp_path)
    texts = {"m.yaml": "input: [8]\nlayers: [Dense: 3]\n", "cnnsum.toml": 'ignore = ["ARC"]\n', "out.json": "{}\n"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = call("check", ".", *options, file)
    assert done.code == 2
    assert f"'{file}' is one of the files that are read" in done.err
    assert {name: (tmp_path / name).read_text(encoding="utf-8") for name in texts} == texts
    # What holds no model is a result of before.
    assert call("check", ".", *options, "out.json").code != 2


def test_a_result_is_not_written_over_what_was_read_on_the_way(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    write = {
        "m.yaml": "include: inc.yaml\ninput: [8]\nlayers: [b]\n",
        "inc.yaml": "blocks: {b: {layers: [Dense: 2]}}\n",
    }
    for name, text in write.items():
        Path(name).write_text(text, encoding="utf-8")
    calls = [["m.yaml"], ["explain", "m.yaml"], ["sizes", "m.yaml"], ["convert", "m.yaml", "--to", "yaml"]]
    for arguments in ([*one, "-o", "inc.yaml"] for one in (*calls, ["check", "m.yaml"])):
        result = call(*arguments)
        assert result.code == 2, arguments
        assert "'inc.yaml' is one of the files that are read" in result.err
    assert call("check", "m.yaml", "--write-baseline", "inc.yaml").code == 2
    assert call("check", "m.yaml", "--write-baseline", "z.json", "-o", "z.json").code == 2
    assert Path("inc.yaml").read_text(encoding="utf-8") == write["inc.yaml"]


def test_a_model_with_errors_keeps_its_line_of_the_baseline(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.yaml").write_text("{input: [8], layers: [Dense: 2]}", encoding="utf-8")
    assert call("check", "m.yaml", "--write-baseline", "b.json", "--ignore", "ARC").code == 0
    before = Path("b.json").read_text(encoding="utf-8")
    Path("m.yaml").write_text("{input: [8], layers: [Dens: 2]}", encoding="utf-8")
    assert call("check", "m.yaml", "--baseline", "b.json", "--write-baseline", "b.json").code == 1
    assert Path("b.json").read_text(encoding="utf-8") == before


def test_what_codes_mean_stands_below_the_first_finding_of_each(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("n.yaml").write_text("input: [9]\nlayers:\n  - Dense: {unit: 2}\n  - Dense: {unit: 3}\n", encoding="utf-8")
    code, out, _ = call("check", "--explain", "n.yaml")
    assert code == 1
    assert out.count("  A field that a layer does not have.\n") == 1
    assert out.count("  How to mend it: The nearest name,") == 1
    code, _, err = call("check", "--explain", "--format", "json", "n.yaml")
    assert (code, "--explain goes with --format text" in err) == (2, True)


def test_comments_that_silence_what_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (
        "input: [32, 32, 3]\r\nlayers:\r\n"
        "  - Conv2D: {filters: 8, kernel_size: 3, activation: relu}   \r\n"
        "  - Conv2D: [8, 3, 3] # a stride\r\n"
        "  - Dense: {units: 1, activation: softmax}  # cnnsum: ignore[ARC417] here\r\n"
    )
    Path("n.yaml").write_bytes(text.encode())
    found = json.loads(call("check", "--format", "json", "n.yaml").out)
    assert {one["code"] for one in found["files"][0]["findings"]} >= {"ARC413", "ARC426"}
    code, out, err = call("check", "--add-ignores", "n.yaml")
    assert (code, out) == (0, "")
    assert err.startswith("silenced ")
    changed = Path("n.yaml").read_bytes().decode()
    assert changed.count("\r\n") == changed.count("\n") == 5
    assert "# a stride  # cnnsum: ignore[ARC426" in changed
    assert "# cnnsum: ignore[ARC417, ARC415, ARC413] here" in changed
    assert call("check", "--fail-on", "note", "n.yaml").code == 0
    assert call("check", "--add-ignores", "n.yaml").err == "silenced 0 findings in comments\n"
    assert Path("n.yaml").read_bytes().decode() == changed


def test_where_no_comment_can_stand(tmp_path, monkeypatch):
    """JSON has no comments, and in a text of several lines one would be a part of it."""
    monkeypatch.chdir(tmp_path)
    Path("n.json").write_text('{"input": [9], "layers": [{"Dense": {"unit": 2}}]}', encoding="utf-8")
    text = 'input: [9]\nlayers:\n  - Dense:\n      "uni\\\n       t": 2\n'
    Path("n.yaml").write_text(text, encoding="utf-8")
    assert call("check", "--add-ignores", "n.json", "n.yaml").err.endswith("stand where no comment can\n")
    assert Path("n.yaml").read_text(encoding="utf-8") == text
    assert call("check", "--add-ignores", "-", stdin=b"input: [4]").code == 2


def test_a_report_and_a_baseline_are_two_texts(tmp_path, monkeypatch):
    from calling import call as whole

    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.yaml").write_text("input: [4]\nlayers: [{Dense: 2}]\n", encoding="utf-8")
    found = whole("check", "m.yaml", "--format", "sarif", "--write-baseline", "-")
    assert (found.code, found.out) == (2, "")
    assert "would be one text: give one of them a file" in found.err
