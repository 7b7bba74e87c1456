"""`cnnsum list`: one line a model, whatever format it is in, and whatever is wrong with it."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from calling import call

import cnnsum
from cnnsum.answers.choosing import Condition, Order
from cnnsum.diagnostics import UnusableError
from cnnsum.executors import Died
from cnnsum.executors.processes import Processes
from cnnsum.source import arrays

ROOT = Path(cnnsum.__file__).resolve().parent.parent
#: Parameters as Keras's documentation and the papers' code publish them.
PUBLISHED = {
    "resnet50": 25_636_712,
    "mobilenet_v1": 4_253_864,
    "mobilenet_v2": 3_538_984,
    "vgg16": 138_357_544,
    "densenet121": 8_062_504,
    "xception": 22_910_480,
    "squeezenet": 1_235_496,
}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with models in four formats, one that is wrong, one that is cut off, and what is not a model."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "small.yaml").write_text("{name: small, input: [8], layers: [Dense: 4]}\n", encoding="utf-8")
    shutil.copy(ROOT / "tests" / "readers" / "pt2" / "dynamic.pt2", tmp_path / "program.pt2")
    small = cnnsum.loads("{input: [16, 16, 3], layers: [Conv2D: [4, 3], Flatten, Dense: 2]}")
    (tmp_path / "keras.json").write_text(cnnsum.convert(small, "keras").text, encoding="utf-8")
    (tmp_path / "open.yaml").write_text("{input: [H, 8, 3], layers: [Conv2D: [4, 3]]}\n", encoding="utf-8")
    (tmp_path / "wrong.yaml").write_text("input: [4, 4, 3]\nlayers:\n  - Conv2D: [4, 9]\n", encoding="utf-8")
    (tmp_path / "broken.yaml").write_text("input: [4]\nlayers:\n\t- Dense: 4\n", encoding="utf-8")
    (tmp_path / "data.json").write_text('{"a": [1, 2, 3]}\n', encoding="utf-8")
    return tmp_path


def records(*arguments: str) -> tuple[int, list[dict[str, object]], str]:
    code, out, err = call("list", *arguments, "--format", "jsonl")
    return code, [json.loads(line) for line in out.splitlines()], err


def test_a_hub(hub: Path) -> None:
    code, found, err = records(".")
    assert code == 1
    assert [(one["path"], one["format"], one["status"]) for one in found] == [
        ("broken.yaml", "", "error"),
        ("keras.json", "keras", "ok"),
        ("open.yaml", "cnnsum", "open"),
        ("program.pt2", "torch", "open"),
        ("sub/small.yaml", "cnnsum", "ok"),
        ("wrong.yaml", "cnnsum", "error"),
    ]
    by_path = {str(one["path"]): one for one in found}
    assert str(by_path["broken.yaml"]["why"]).startswith("3:1: SPC")
    assert str(by_path["wrong.yaml"]["why"]).startswith("3:")
    assert by_path["open.yaml"]["why"] == "depends on H"
    assert by_path["open.yaml"]["params"] == 3 * 3 * 3 * 4 + 4
    # 8 * 4 + 4 parameters of float32; the input and the output of the one layer live together.
    small = by_path["sub/small.yaml"]
    assert [small[name] for name in ("params", "trainable", "macs", "weights", "peak")] == [36, 36, 32, 144, 48]
    assert (small["name"], small["inputs"], small["outputs"]) == ("small", "(None, 8)", "(None, 4)")
    assert "2 files with errors" in err


def test_numbers_are_those_of_the_report_and_the_published_ones() -> None:
    for found in cnnsum.list_models([str(ROOT / "specs" / f"{name}.yaml") for name in PUBLISHED], batch=3):
        assert found.params == PUBLISHED[found.name], found.path
        totals = cnnsum.summarize(cnnsum.load(found.path), batch=3).totals
        assert (found.params, found.trainable, found.macs) == (*totals.params[:2], totals.macs)
        assert (found.weights, found.peak) == (totals.weights.total, totals.peak.bytes)
        assert found.training == totals.training.total


def test_what_a_file_records_is_read_where_a_number_depends_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shapes and weights that a file records beside its layers are compared for findings alone, and take longer than
    all else; of a layer that is not known they are all that is known.
    """
    readers = ROOT / "tests" / "readers"
    paths = [str(path) for path in sorted(readers.rglob("*")) if path.suffix in (".h5", ".keras", ".json", ".pt2")]
    found = list(cnnsum.list_models(paths))
    assert [one._replace(findings=None) for one in cnnsum.list_models(paths, more=["findings"])] == found
    by_name = {Path(one.path).name: one for one in found}
    assert (by_name["containers.keras"].params, by_name["containers.keras"].status) == (319, "partial")

    monkeypatch.setattr(arrays, "tree", lambda *_: pytest.fail("the weights were read"))
    paths = [one.path for one in found if one.path.endswith(".keras") and one.status == "ok"]
    assert paths
    assert {one.status for one in cnnsum.list_models(paths)} == {"ok"}


def test_the_same_in_several_processes(hub: Path) -> None:
    one = call("list", ".", "--jobs", "1", "--format", "csv")
    assert call("list", ".", "--jobs", "3", "--format", "csv").out == one.out


def test_a_process_that_dies_is_a_line(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(_self, work, jobs):
        return (Died("it was killed by SIGKILL") if at == 1 else work(job) for at, job in enumerate(jobs))

    monkeypatch.setattr(Processes, "map", dead)
    code, found, _ = records(".", "--jobs", "2")
    assert code == 1
    # Of files that were found in folders nobody knows by then whether they are models.
    assert [str(one["why"])[:23] for one in found if "SIGKILL" in str(one["why"])] == ["1:1: SPC075 the process"]


def test_formats_agree(hub: Path) -> None:
    _, lines, _ = records(".")
    whole = json.loads(call("list", ".", "--format", "json").out)
    assert whole["schema"] == "cnnsum.list/1"
    assert whole["models"] == lines
    rows = list(csv.DictReader(io.StringIO(call("list", ".", "--format", "csv").out)))
    assert [{name: str(value) if value is not None else "" for name, value in one.items()} for one in lines] == rows
    table = call("list", ".").out.splitlines()
    assert len(table) == 1 + len(lines)
    assert [line.split()[0] for line in table[1:]] == [one["path"] for one in lines]
    markdown = call("list", ".", "--format", "markdown").out.splitlines()
    assert len(markdown) == 2 + len(lines)


def test_sizes_and_findings_where_they_are_asked_for(hub: Path) -> None:
    (hub / "halves.yaml").write_text(
        "input: [32, 32, 3]\nlayers:\n  - Conv2D: {filters: 8, kernel_size: 3, padding: same, name: a}\n"
        "  - MaxPooling2D: 2\n  - UpSampling2D: 2\n  - Concatenate: {from: [a, up_sampling2d]}\n",
        encoding="utf-8",
    )
    _, found, _ = records(".", "--columns", "path,sizes,findings")
    by_path = {one["path"]: one for one in found}
    assert by_path["halves.yaml"]["sizes"] == "H % 2 == 0 and H >= 2; W % 2 == 0 and W >= 2"
    assert by_path["broken.yaml"] == {"path": "broken.yaml", "sizes": "", "findings": None}
    checked = call("check", ".", "--format", "concise").out.splitlines()
    for one in ("halves.yaml", "wrong.yaml", "open.yaml"):
        assert by_path[one]["findings"] == sum(line.startswith(f"{one}:") for line in checked)
    assert by_path["wrong.yaml"]["findings"]
    _, found, _ = records(".", "--where", "findings > 0", "--columns", "path")
    assert {"path": "wrong.yaml"} in found
    assert all("findings" not in one for one in records(".")[1])


def test_where_sort_top(hub: Path) -> None:
    code, found, err = records(".", "--where", "params > 40", "--sort", "-params")
    assert code == 1  # files fail that are not listed, too
    assert [one["path"] for one in found] == ["program.pt2", "keras.json", "open.yaml"]
    assert "2 left out: it is not known" in err
    _, found, _ = records(".", "--where", 'status == "error"', "--columns", "path,why")
    assert [[*one] for one in found] == [["path", "why"]] * 2
    _, found, _ = records(".", "--sort", "macs")
    assert [one["macs"] for one in found][-4:] == [None] * 4
    _, found, _ = records(".", "--sort", "-macs", "--top", "2")
    assert [one["path"] for one in found] == ["keras.json", "sub/small.yaml"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--where", "parms < 5"], "there is no `parms`"),
        (["--where", "format == torch"], 'there is no `torch`\n  help: a text stands in quotes: `"torch"`'),
        (["--where", "params < 5Q"], "`5Q` is neither a number nor a name"),
        (["--where", "params"], "it is neither true nor false"),
        (["--where", "name < 5"], "a number is needed here"),
        (["--sort", "-size"], "there is no `size` to sort by"),
        (["--columns", "path,size"], "there is no column `size`"),
        (["--top", "0"], "not a whole number from 1"),
        (["--optimizer", "zzz"], "SPC054"),
        (["--batch", "x"], "not a whole number"),
    ],
)
def test_calls_that_cannot_be_meant(hub: Path, arguments: list[str], told: str) -> None:
    code, out, err = call("list", ".", *arguments)
    assert (code, out) == (2, "")
    assert told in err


def test_folders_without_models_and_results_over_models(hub: Path) -> None:
    (hub / "empty").mkdir()
    code, found, _ = records("sub", "empty")
    assert (code, [one["path"] for one in found]) == (1, ["sub/small.yaml", "empty"])
    assert found[1]["why"] == "SPC077 no model in `empty`"
    code, out, err = call("list", "sub", "nosuch.yaml", "keras.jsn")
    assert (code, out) == (2, "")
    assert "SPC001 there is no file `nosuch.yaml`" in err
    assert "SPC001 there is no file `keras.jsn`\n  help: did you mean `keras.json`?" in err
    assert call("list", ".", "-o", "keras.json").code == 2
    (hub / "cnnsum.toml").write_text("nosuch = 1\n", encoding="utf-8")
    code, out, err = call("list", ".")
    assert (code, out) == (2, "")
    assert "nosuch" in err


def test_what_the_configuration_says_holds(hub: Path) -> None:
    (hub / "cnnsum.toml").write_text('exclude = ["sub/", "*.json"]\n', encoding="utf-8")
    _, found, _ = records(".")
    assert [one["path"] for one in found] == ["broken.yaml", "open.yaml", "program.pt2", "wrong.yaml"]


def test_conditions_and_orders_by_themselves() -> None:
    names = {"params": int, "macs": int, "name": str}
    small = Condition("params < 1.5K and name != '2M' and macs < 1MiB", names)
    assert small({"params": 1499, "macs": 2**20 - 1, "name": "x"})
    assert not small({"params": 1500, "macs": 0, "name": "x"})
    assert not small({"params": 1, "macs": 0, "name": "2M"})
    ratio = Condition("macs / params > 2 or name == 'x'", names)
    assert ratio({"params": 0, "macs": 5, "name": "x"}) is None  # nobody knows what a division by 0 is
    assert ratio({"params": 2, "macs": 5, "name": "y"}) is True
    with pytest.raises(UnusableError):
        Condition("params > 5 or nosuch > 5", names)
    rows = [{"n": 3, "i": 0}, {"n": None, "i": 1}, {"n": 3, "i": 2}, {"n": 1, "i": 3}]
    for top in (None, 4):
        assert [row["i"] for row in Order("n", ["n"]).sorted(rows, dict, top)] == [3, 0, 2, 1]
        assert [row["i"] for row in Order("-n", ["n"]).sorted(rows, dict, top)] == [0, 2, 3, 1]
    assert [row["i"] for row in Order("-n", ["n"]).sorted(rows, dict, 1)] == [0]


@pytest.mark.parametrize(("room", "left_out"), [(200, []), (80, ["weights"]), (60, ["weights", "format", "peak"])])
def test_a_narrow_terminal(room: int, left_out: list[str], hub: Path) -> None:
    """Lines do not break: what says least is left out and named, and reasons stand below."""
    from cnnsum.answers.listing.ask import list_models
    from cnnsum.answers.listing.formats import lines
    from cnnsum.answers.listing.records import Listing

    (hub / "sub" / "of_a_rather_long_name.yaml").write_text("{input: [8], layers: [Dense: 4]}\n", encoding="utf-8")
    models = list_models(["."])
    said = ["".join(text for text, _ in line) for line in lines(Listing(None, None, "Adam", models), 80, room)]
    assert max(map(len, said)) <= room
    titles = said[0].lower().split()
    assert [name for name in ("weights", "format", "peak") if name not in titles] == left_out
    assert said[-1] == f" Without room in {room} columns: {', '.join(left_out)}" or not left_out
    below = [said[number + 1] for number, line in enumerate(said) if line.startswith("open.yaml")]
    assert below[0].startswith("    open: depends on H") == (room < 200)
    chosen = lines(Listing(("path", "weights", "params", "macs", "peak", "why"), None, "Adam", models), 80, room)
    assert len("".join(text for text, _ in next(chosen))) > 60  # what was asked for is there
