"""Configuration: where it is found, what it says, and where it is broken."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cnnsum.lint.config import Config, Configs
from cnnsum.lint.settings import Choice, Said, Settings


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def of(folder: Path) -> Config:
    config = Configs().of(str(folder))
    assert config is not None
    return config


def faults(here: Path, text: str) -> list[str]:
    write(here, "cnnsum.toml", text)
    return [f"{one}{'' if one.help is None else f' ({one.help})'}" for one in of(here).faults]


def settings(path: Path, called: Choice = Choice(), fail_on: str | None = None) -> Settings:  # noqa: B008
    return Configs().settings(str(path), called, fail_on)


def test_the_nearest_above_counts(here: Path) -> None:
    write(here, "pyproject.toml", '[tool.cnnsum]\nignore = ["SHP"]\n')
    write(here / "a", "pyproject.toml", '[project]\nname = "cnnsum-user"\n')
    write(here / "a" / "b", "cnnsum.toml", 'ignore = ["CFG"]\n')
    write(here / "a" / "b", "pyproject.toml", '[tool.cnnsum]\nignore = ["GRF"]\n')
    (here / "a" / "b" / "c").mkdir()
    configs = Configs()
    assert configs.of(str(here / "a")) is configs.of(str(here))
    assert configs.of(str(here / "a" / "b" / "c")) is configs.of(str(here / "a" / "b"))
    names = [os.path.join("a", "b", "cnnsum.toml"), "pyproject.toml"]
    assert sorted(config.path for config in configs.used()) == names
    assert of(here).choice.ignore == (Said("SHP", "pyproject.toml:2"),)
    assert of(here / "a" / "b" / "c").choice.ignore == (Said("CFG", f"{names[0]}:1"),)


def test_none_at_all(here: Path) -> None:
    write(here, "pyproject.toml", "[tool.other]\nkey = 1\n")
    config = Configs().of(str(here))
    assert config is None or not str(config.folder).startswith(str(here))


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        ("[tool.cnnsum]\n", True),
        ('[tool . "cnnsum" ]\n', True),
        ("[tool]\ncnnsum = {ignore = []}\n", True),
        ("[tool]\ncnnsum.ignore = []\n", True),
        ("[tool.cnnsum.per-file-ignores]\n", True),
        ("tool = {cnnsum={}}\n", True),
        ('[project]\nname = "cnnsum"\ndependencies = ["cnnsum==1.0", "cnnsum>2", "cnnsum"]\n', False),
        ('[project.scripts]\ncnnsum = "a:b"\n', False),
        ("[tool.other]\ncnnsum = [\n", True),  # broken, and perhaps meant for us
        ("[tool.other]\nbroken = [\n", False),
    ],
)
def test_which_pyproject_speaks_of_us(here: Path, text: str, ours: bool) -> None:
    write(here, "pyproject.toml", text)
    config = Configs().of(str(here))
    assert (config is not None and config.folder == str(here)) == ours


def test_all_keys(here: Path) -> None:
    write(
        here,
        "pyproject.toml",
        """[tool.cnnsum]
select = [
  "SHP",   # shapes
  "GRF301",
]
ignore = ["SHP201"]
fail-on = "warning"
exclude = ["old/", "*.draft.yaml"]

[tool.cnnsum.per-file-ignores]
"legacy/*.yaml" = ["GRF"]

[tool.cnnsum.budget]
params = "5M"
""",
    )
    config = of(here)
    assert config.faults == ()
    assert config.choice.select == (Said("SHP", "pyproject.toml:3"), Said("GRF301", "pyproject.toml:4"))
    assert config.excludes(str(here / "x" / "old"), folder=True)
    assert config.excludes(str(here / "a.draft.yaml"), folder=False)
    assert not config.excludes(str(here / "a.yaml"), folder=False)
    found = settings(here / "legacy" / "a.yaml")
    assert found.silenced == (Said("GRF", "pyproject.toml:11"),)
    assert (found.fail_on, dict(found.origins)) == ("warning", {"fail-on": "pyproject.toml:7"})
    assert found.budget == {"params": "5M"}
    assert found.budget_places is not None
    places = {key: f"{span.path}:{span.line}:{span.column}" for key, span in found.budget_places.items()}
    assert places == {"": "pyproject.toml:13:2", "params": "pyproject.toml:14:1"}
    assert settings(here / "a.yaml").silenced == ()
    assert settings(here / "a.yaml", fail_on="note").fail_on == "note"


def test_the_same_as_cnnsum_toml(here: Path) -> None:
    write(here, "cnnsum.toml", 'per-file-ignores = { "a.yaml" = ["GRF"] }\nfail-on = "note"\n')
    assert settings(here / "a.yaml").silenced == (Said("GRF", "cnnsum.toml:1"),)
    assert settings(here / "x" / "a.yaml").silenced == (Said("GRF", "cnnsum.toml:1"),)
    assert settings(here / "b.yaml").fail_on == "note"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('ingore = ["SHP"]\n', "cnnsum.toml:1:1: SPC049 unknown key `ingore` (did you mean `ignore`?)"),
        ('\nignore = ["SHPP201"]\n', "cnnsum.toml:2:11: SPC049 there is no code `SHPP201` (did you mean `SHP201`?)"),
        (
            'ignore = [\n  "SHP",\n  "CFGG",\n]\n',
            "cnnsum.toml:3:3: SPC049 there is no code `CFGG` (did you mean `CFG`?)",
        ),
        ("ignore = true\n", "cnnsum.toml:1:1: SPC049 `ignore` must be a list of texts"),
        ("exclude = [1]\n", "cnnsum.toml:1:1: SPC049 `exclude` must be a list of texts"),
        (
            'fail-on = "warnings"\n',
            "cnnsum.toml:1:1: SPC049 `fail-on` must be one of error, warning, note (did you mean `warning`?)",
        ),
        ("fail-on = 3\n", "cnnsum.toml:1:1: SPC049 `fail-on` must be one of error, warning, note"),
        (
            '[per-file-ignores]\n"a.yaml" = ["XYZ"]\n',
            "cnnsum.toml:2:13: SPC049 there is no code `XYZ` (a code, or the beginning of one: ",
        ),
        ("budget = 3\n", "cnnsum.toml:1:1: SPC049 `budget` must be a table"),
        ("select = [\n", "cnnsum.toml:2:1: SPC049 the configuration is not TOML: "),
        ("a = 1\nb == 2\n", "cnnsum.toml:2:4: SPC049 the configuration is not TOML: Invalid value"),
        ("a = 1\na = 2\n", "cnnsum.toml:2:6: SPC049 the configuration is not TOML: Cannot overwrite a value"),
    ],
)
def test_what_is_broken_names_its_line(here: Path, text: str, said: str) -> None:
    (found,) = faults(here, text)
    assert found.startswith(said)
    assert found == said or said.endswith((": ", "TOML: "))


def test_broken_in_a_pyproject(here: Path) -> None:
    write(here, "pyproject.toml", '[project]\nname = "x"\n[tool.cnnsum]\nfail_on = "error"\n')
    (fault,) = of(here).faults
    assert str(fault) == "pyproject.toml:4:1: SPC049 unknown key `fail_on`"
    assert fault.help == "did you mean `fail-on`?"
    write(here, "pyproject.toml", "[tool]\ncnnsum = 3\n")
    (fault,) = of(here).faults
    assert str(fault) == "pyproject.toml:2:1: SPC049 `cnnsum` must be a table"
    (here / "pyproject.toml").write_bytes(b"[tool.cnnsum]\n# \xff\n")
    (fault,) = of(here).faults
    assert str(fault) == "pyproject.toml:2:1: SPC049 the configuration is not UTF-8"


def test_what_is_sound_holds_beside_what_is_broken(here: Path) -> None:
    write(here, "cnnsum.toml", 'ignore = ["SHP", "NO"]\nfail-on = "never"\nselect = ["ALL"]\n')
    config = of(here)
    assert len(config.faults) == 2
    assert config.choice == Choice((Said("ALL", "cnnsum.toml:3"),), (Said("SHP", "cnnsum.toml:1"),))
    assert config.fail_on is None


def test_places_in_braces(here: Path) -> None:
    write(here, "cnnsum.toml", 'budget = {params = "5M", "macs" = 1}\nper-file-ignores = { "a.yaml" = ["NO"] }\n')
    places = of(here).budget_places
    assert places is not None
    assert [(span.line, span.column, span.end_column) for span in places.values()] == [
        (1, 1, 7),
        (1, 11, 17),
        (1, 26, 32),
    ]
    (fault,) = of(here).faults
    assert str(fault).startswith("cnnsum.toml:2:34: SPC049 there is no code `NO`")


def test_a_byte_order_mark_and_windows_ends(here: Path) -> None:
    (here / "cnnsum.toml").write_bytes(b"\xef\xbb\xbfignore = [\r\n  'SHP']\r\n")
    assert of(here).faults == ()
    assert of(here).choice.ignore == (Said("SHP", "cnnsum.toml:2"),)


TYPES = "layer_types: {Same: }\n"


def test_layer_types_are_relative_to_the_configuration(here: Path) -> None:
    write(here, "types.yaml", TYPES)
    write(here / "a", "other.yaml", "layer_types: {Other: }\n")
    write(here / "a", "cnnsum.toml", 'layer-types = [\n  "../types.yaml",\n  "other.yaml",\n]\n')
    assert of(here / "a").faults == ()
    names = ("types.yaml", os.path.join("a", "other.yaml"))
    assert Configs().settings("a/x.yaml", Choice(), None).layer_types == names
    assert Configs().settings("x.yaml", Choice(), None).layer_types == ()


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ('"gone.yaml"', "cnnsum.toml:1:32: SPC049 `layer-types`: SPC001 there is no file `gone.yaml`"),
        (
            '"empty.yaml"',
            "cnnsum.toml:1:32: SPC049 `layer-types`: empty.yaml:1:1: SPC064 `empty.yaml` declares no layer",
        ),
        ('"twice.yaml"', "cnnsum.toml:1:32: SPC049 `layer-types`: SPC028 the layer type `Same` is declared twice: "),
        ("3", "cnnsum.toml:1:1: SPC049 `layer-types` must be a list of texts"),
    ],
)
def test_layer_types_that_cannot_be_used(here: Path, texts: str, said: str) -> None:
    write(here, "types.yaml", TYPES)
    write(here, "twice.yaml", TYPES)
    write(here, "empty.yaml", "input: [3]\n")
    (found,) = faults(here, f'layer-types = ["types.yaml",   {texts}]\n')
    assert found.startswith(said)
    assert Configs().settings("x.yaml", Choice(), None).layer_types == (() if texts == "3" else ("types.yaml",))
