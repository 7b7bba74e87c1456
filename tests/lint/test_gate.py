"""A gate in CI is not open by mistake: what was to be checked is checked, or it is said that it was not."""

from __future__ import annotations

import json
import os
from pathlib import Path
from zipfile import ZipFile

import pytest
from calling import call

import cnnsum
from cnnsum.lint.run import run

GOOD = "input: [8, 8, 3]\nlayers:\n  - Flatten\n  - Dense: 2\n"
HDF5 = Path(__file__).parents[1] / "source" / "hdf5"
OTHER = "on: push\njobs: {}\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_ACTIONS", "")
    return tmp_path


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def codes(*paths: str, **options: object) -> list[str]:
    report = run(paths, ignore=["ARC"], **options)  # type: ignore[arg-type]  # as `run` has them
    return [f"{file.path}:{one.code}" for file in report.files for one in file.findings]


def test_misspelt_layers_in_a_folder(here: Path) -> None:
    write(here, a_yaml="input: [64, 64, 3]\nLayers:\n  - Conv2D: [8, 3]\n")
    write(here, b_yaml="inputs: {a: [64, 64, 3]}\nlayrs:\n  - Conv2D: [8, 3]\n", c_yaml=OTHER)
    code, out, err = call("check", ".", "--format", "concise")
    assert code == 1
    assert "a.yaml:2:1: error: SPC030 a spec has no key `Layers`" in out
    assert "b.yaml:2:1: error: SPC030 a spec has no key `layrs`" in out
    assert err.endswith(", 1 passed over\n")


def test_what_was_passed_over_is_listed(here: Path) -> None:
    write(here, a_yaml=GOOD, b_yaml=OTHER, c_json='{"schema": "cnnsum.report/1", "layers": []}')
    write(here, d_yaml="blocks:\n  unit: {layers: [Flatten]}\n", e_yaml="layers: {x: 1\n")
    (here / "f.h5").write_bytes((HDF5 / "soft.h5").read_bytes())
    (here / "g.yaml").symlink_to(here / "nowhere")
    (here / "h.yaml").symlink_to(here / "h.yaml")
    code, out, err = call("check", ".", "-v")
    assert (code, out) == (0, "")
    assert err.splitlines() == [
        "b.yaml: passed over: it has no `layers`, nor what is spelled like it",
        "c.json: passed over: a report of cnnsum",
        "d.yaml: passed over: it declares blocks or layer types for other files",
        err.splitlines()[3],
        err.splitlines()[4],
        "g.yaml: passed over: a link that leads nowhere",
        "h.yaml: passed over: a link that leads nowhere",
        "1 file, nothing found, 7 passed over",
    ]
    assert err.splitlines()[3].startswith(
        "e.yaml: passed over: it cannot be read, and nothing in it looks like a model: "
    )
    assert err.splitlines()[4].startswith("f.h5: passed over: it cannot be read")
    assert call("check", ".", "-q").err == ""


def zipped(path: Path, **members: str) -> None:
    with ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("_json", ".json"), text)


def test_what_is_a_model_by_its_name_is_not_passed_over(here: Path) -> None:
    write(here, ok_yaml=GOOD)
    (here / "empty.h5").write_bytes(b"")
    (here / "zeros.hdf5").write_bytes(bytes(5000))
    (here / "zeros.keras").write_bytes(bytes(5000))
    (here / "cut.h5").write_bytes((HDF5 / "keras.h5").read_bytes()[:200])
    (here / "pointer.h5").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 3\n")
    zipped(here / "list.keras", config_json="[]")
    zipped(here / "adam.keras", config_json='{"class_name": "Adam", "config": {}}')
    zipped(here / "none.keras", metadata_json="{}")
    (here / "sound.weights.h5").write_bytes((HDF5 / "soft.h5").read_bytes())
    found = codes(".")
    assert found[:3] == ["adam.keras:SPC040", "cut.h5:SPC067", "empty.h5:SPC004"]
    assert found[3:5] == ["list.keras:SPC060", "none.keras:SPC068"]
    assert [one.partition(":")[0] for one in found[5:]] == ["pointer.h5", "zeros.hdf5", "zeros.keras"]
    assert call("check", ".").err.endswith("9 files, 8 errors, 1 passed over\n")


def test_a_keras_model_whose_class_name_is_broken_is_not_passed_over(here: Path) -> None:
    layers = '"config": {"layers": [{"class_name": "Dense", "config": {"units": 3}}]}'
    write(here, ok_yaml=GOOD, none_json=f'{{"class_name": null, {layers}}}', gone_json=f"{{{layers}}}")
    write(here, other_json='{"config": {"layers": [3], "class_name": "x"}}')
    assert codes(".") == ["gone.json:SPC040", "none.json:SPC040"]


@pytest.mark.parametrize("text", ["[tool.cnnsum\nbudget = {}\n", "tool.cnnsum budget = 3\n", "[tool cnnsum}\n"])
def test_a_broken_header_of_the_configuration(here: Path, text: str) -> None:
    write(here, ok_yaml=GOOD)
    (here / "pyproject.toml").write_text(text)
    code, out, _ = call("check", ".", "--format", "concise")
    assert code == 1
    assert "SPC049 the configuration is not TOML" in out
    (here / "pyproject.toml").write_text('[project]\ndependencies = ["other"]\n[tool.other\n')
    assert call("check", ".").code == 0


def test_a_folder_without_a_model_cannot_be_checked(here: Path) -> None:
    write(here, models__a_yaml=GOOD.replace("Dense", "Dnse"), empty__b_yaml=OTHER)
    code, out, err = call("check", "models", "empty", "--verbose", "--write-baseline", "base.json")
    assert (code, out) == (2, "")
    assert err.startswith("empty/b.yaml: passed over: it has no `layers`")
    assert "SPC077 no model in `empty`" in err
    assert not (here / "base.json").exists()
    write(here, models__a_yaml=GOOD)
    assert call("check", "models").code == 0
    assert call("check", ".").code == 0
    # A pattern that matches nothing cannot be meant.
    assert call("check", "models/*.yaml").code == 0
    assert call("check", "gone/*.yaml").code == 2
    assert call("check", "empty/*.yaml").code == 1
    # The hook of pre-commit is given whatever has changed.
    assert call("check", "--models-only", "empty/b.yaml").code == 0
    assert call("check", "--models-only", "empty").code == 2
    assert call("check", "--models-only", "models").code == 0
    assert [one.code for one in cnnsum.check("empty")] == ["SPC077"]
    assert cnnsum.check("models", ignore=["ARC"]) == []


def test_excluding_everything_is_said(here: Path) -> None:
    write(here, models__a_yaml=GOOD, cnnsum_toml='exclude = ["models/"]\n')
    assert call("check", ".").code == 2
    write(here, cnnsum_toml="", models___gitignore="*.yaml\n")
    assert call("check", "models").code == 2
    assert call("check", "models/a.yaml").code == 0


def test_models_of_the_configuration(here: Path) -> None:
    write(here, cnnsum_toml='models = ["nets/", "*.spec", "/one.txt"]\n')
    write(here, nets__a_yaml="on: push\n", nets__b_txt=GOOD, x__c_spec=GOOD, one_txt=GOOD, two_txt=GOOD)
    report = run(["."], ignore=["ARC"])
    assert [file.path for file in report.files] == ["nets/a.yaml", "nets/b.txt", "one.txt", "x/c.spec"]
    assert [one.code for one in report.findings()] == ["SPC060"]
    # An emptied file is a broken model, not none.
    write(here, nets__a_yaml="", nets__b_txt="layrs: 3\n")
    assert codes(".") == ["nets/a.yaml:SPC004", "nets/b.txt:SPC060"]


def test_a_pattern_of_the_configuration_that_matches_nothing(here: Path) -> None:
    write(here, cnnsum_toml='models = ["nets/*.yaml", "a.yaml"]\n', a_yaml=GOOD, networks__b_yaml=GOOD)
    code, out, _ = call("check", ".", "--format", "concise")
    assert code == 1
    assert out == "cnnsum.toml:1:11: error: SPC049 `models`: there is no file `nets/*.yaml`\n"
    # What was not looked through is not missed.
    assert call("check", "networks").code == 0
    assert call("check", "a.yaml").code == 0
    (here / "networks").rename(here / "nets")
    assert call("check", ".").code == 0


def test_a_file_that_the_configuration_names_is_checked_though_it_is_ignored(here: Path) -> None:
    write(here, cnnsum_toml='models = ["build/net.json"]\n', build__net_json="{}", a_yaml=GOOD, _gitignore="build/\n")
    assert codes(".") == ["build/net.json:SPC040"] or codes(".")[0].startswith("build/net.json:")
    (here / "build" / "net.json").unlink()
    assert codes(".") == ["cnnsum.toml:SPC049"]


def test_what_is_wrong_with_models_of_the_configuration(here: Path) -> None:
    write(here, cnnsum_toml='models = "nets"\n', a_yaml=GOOD)
    assert codes(".") == ["cnnsum.toml:SPC049"]


BASELINE = "--baseline=base.json"


@pytest.fixture
def kept(here: Path) -> Path:
    write(here, nets__a_yaml=GOOD, nets__b_yaml=GOOD)
    assert call("check", "nets", "--write-baseline", "base.json").code == 0
    assert call("check", "nets", BASELINE) == (0, "", "2 files, nothing found\n")
    return here


def test_a_model_of_the_baseline_that_is_gone(kept: Path) -> None:
    (kept / "nets" / "b.yaml").rename(kept / "nets" / "c.yaml")
    code, out, _ = call("check", "nets", BASELINE, "--format", "concise")
    assert code == 1
    assert out == "base.json:1:1: error: BUD505 the baseline has a model `nets/b.yaml`, and there is no such file\n"
    assert call("check", "nets/*.yaml", BASELINE).code == 1
    # Another file is not asked about it.
    assert call("check", "nets/a.yaml", BASELINE).code == 0
    assert call("check", "nets", "--write-baseline", "base.json").code == 0
    assert call("check", "nets", BASELINE).code == 0


@pytest.mark.parametrize("text", ["", "layrs: [Flatten]\n", "a: 1\n", "on: push\n", "\tlay: [\n", "[1, 2"])
def test_a_model_of_the_baseline_is_one_whatever_it_holds_now(text: str, kept: Path) -> None:
    (kept / "nets" / "b.yaml").write_text(text, encoding="utf-8")
    assert call("check", "nets", BASELINE).code == 1
    assert call("check", ".", BASELINE).code == 1


def test_a_model_of_the_baseline_that_is_ignored_now(kept: Path) -> None:
    write(kept, _gitignore="b.yaml\n")
    (kept / "nets" / "b.yaml").write_text("layrs: 3\n", encoding="utf-8")
    assert call("check", ".", BASELINE).code == 1
    # Whoever excludes it has said so.
    write(kept, cnnsum_toml='exclude = ["b.yaml"]\n')
    assert call("check", ".", BASELINE).code == 0


@pytest.mark.skipif(os.name == "nt", reason="links")
def test_a_model_of_the_baseline_that_is_a_link_to_nothing(kept: Path) -> None:
    (kept / "nets" / "b.yaml").unlink()
    (kept / "nets" / "b.yaml").symlink_to(kept / "nowhere")
    assert call("check", "nets", BASELINE).code == 1


def test_a_folder_that_cannot_be_read(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(here, a_yaml=GOOD, x__b_yaml=GOOD)
    scandir = os.scandir

    def refuse(path: str) -> object:
        if os.path.basename(path) == "x":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert codes(".") == ["x:SPC003"]
    assert call("check", ".").code == 1


def test_archives_in_folders(here: Path) -> None:
    import zipfile

    with zipfile.ZipFile(here / "good.keras", "w") as archive:
        layers = [
            {"class_name": "InputLayer", "config": {"batch_shape": [None, 3], "name": "i"}},
            {"class_name": "Dense", "config": {"name": "d", "units": 2}},
        ]
        model = {"class_name": "Sequential", "config": {"name": "s", "layers": layers}}
        archive.writestr("config.json", json.dumps(model))
    with zipfile.ZipFile(here / "weights.zip.h5", "w") as archive:
        archive.writestr("a.npy", "")
    (here / "broken.keras").write_bytes(b"PK\x03\x04" + bytes(50))
    (here / "empty.keras").write_bytes(b"")
    report = run(["."], ignore=["ARC"])
    assert [(file.path, [one.code for one in file.findings]) for file in report.files] == [
        ("broken.keras", ["SPC067"]),
        ("empty.keras", ["SPC004"]),
        ("good.keras", []),
    ]
    assert report.passed == ("weights.zip.h5",)


def test_a_folder_without_a_model_is_no_gate_for_mends_either(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "settings.yaml").write_text("a: 1\n")
    (tmp_path / "sound").mkdir()
    (tmp_path / "sound" / "net.yaml").write_text("input: [4]\nlayers: [dense: 2]\n")
    for folder in ("empty", "others"):
        for option in ("--diff", "--fix", "--add-ignores"):
            code, _, err = call("check", option, "sound", folder)
            assert (code, f"SPC077 no model in `{folder}`" in err) == (2, True), option
    assert call("check", "--diff", "sound").code == 0
