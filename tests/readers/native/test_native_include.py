"""`include`: what comes from other files, and which files may be read at all."""

# ruff: noqa: E501 -- messages stand here in one piece, as they are shown

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cnnsum.diagnostics import UnusableError
from cnnsum.graph.model import Graph
from cnnsum.readers.how import How
from cnnsum.readers.native import read_native
from cnnsum.source import read
from tests.readers.native.spec_reading import fields, found, names
from tests.thorough import each

MAIN = "include: {}\ninput: [8]\nlayers:\n  - b: 3\n"
BLOCK = "blocks:\n  b: {args: {n: }, layers: [{Dense: n}]}\n"


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path = path.with_suffix(".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def load(folder: Path, name: str = "main.yaml", **overrides: object) -> Graph:
    return read_native(read(str(folder / name)), How(**overrides))


def problems(folder: Path) -> list[str]:
    """File, place, code and message of all that is wrong."""
    result = []
    for one in load(folder).diagnostics:
        assert one.span is not None
        place = f"{Path(one.span.path).relative_to(folder)}:{one.span.line}:{one.span.column}"
        result.append(f"{place} {one.code} {one.message}" + (f" | {one.help}" if one.help else ""))
    return result


def test_blocks_types_and_vars_come_in(tmp_path):
    write(
        tmp_path,
        main="include: [sub/one.yaml, two.yaml]\nvars: {width: 5}\ninput: [8]\nlayers:\n  - b: width\n  - c\n  - Own\n",
        sub__one=BLOCK,
        two="vars: {width: 3, deep: 2*width}\nlayer_types: {Own: {}}\nblocks: {c: {layers: [{Dense: deep}]}}\n"
        "input: [1]\nlayers: [Flatten]\n",
    )
    graph = load(tmp_path)
    assert graph.diagnostics == []
    assert names(graph) == ["b.dense", "c.dense", "own"]
    assert fields(graph, "b.dense", "units") == 5
    # A var of the including file counts more, for the formulas of the included file too.
    assert fields(graph, "c.dense", "units") == 10
    assert fields(load(tmp_path, settings={"deep": 7}), "c.dense", "units") == 7


def test_defaults_are_of_the_file_that_they_stand_in(tmp_path):
    write(
        tmp_path,
        main="include: lib.yaml\ndefaults: {Dense: {use_bias: false}}\ninput: [8]\nlayers:\n  - b: 3\n  - Dense: 4\n",
        lib="defaults: {Dense: {activation: relu}}\n" + BLOCK,
    )
    graph = load(tmp_path)
    assert fields(graph, "b.dense", "use_bias", "activation") == (True, "relu")
    assert fields(graph, "dense", "use_bias", "activation") == (False, None)


def test_included_files_may_include_others_each_once(tmp_path):
    write(
        tmp_path,
        main="include: [sub/one.yaml, sub/two.yaml]\ninput: [8]\nlayers:\n  - b: 3\n  - c\n",
        sub__one="include: two.yaml\nblocks: {c: {layers: [{b: 4}]}}\n",
        sub__two=BLOCK,
    )
    assert load(tmp_path).diagnostics == []
    assert names(load(tmp_path)) == ["b.dense", "c.b.dense"]


def test_what_is_wrong_in_an_included_file_is_shown_there(tmp_path):
    write(
        tmp_path,
        main=MAIN.format("lib.yaml"),
        lib="blocks:\n  b: {args: {n: }, layers: [{Dense: n + m}, {Densse: 3}]}\nblock: 3\n",
    )
    assert problems(tmp_path) == [
        "lib.yaml:3:1 SPC030 a spec has no key `block` | did you mean `blocks`?",
        "lib.yaml:2:46 UNK701 unknown layer type `Densse` | did you mean `Dense`?",
        "lib.yaml:2:41 SPC026 the name `m` is not known here | the names here are n, index",
    ]


def test_a_file_that_cannot_be_read_is_reported_with_the_place_that_names_it(tmp_path):
    write(tmp_path, main=MAIN.format("lib.yaml"), lib="blocks: [\n")
    graph = load(tmp_path)
    (first, *_) = graph.diagnostics
    assert first.span is not None
    assert Path(first.span.path).name == "lib.yaml"
    assert first.related[-1].message == "it is included here"
    assert first.related[-1].span.line == 1


def test_two_blocks_of_one_name(tmp_path):
    write(tmp_path, main=MAIN.format("lib.yaml") + BLOCK, lib=BLOCK)
    (problem,) = problems(tmp_path)
    assert problem == "lib.yaml:2:3 SPC028 there is a block `b` already"


def test_files_that_include_each_other(tmp_path):
    write(
        tmp_path,
        main=MAIN.format("one.yaml"),
        one="include: two.yaml\n" + BLOCK,
        two="include: one.yaml\nblocks: {c: {layers: [ReLU]}}\n",
    )
    assert problems(tmp_path) == ["two.yaml:1:10 SPC061 `one.yaml` includes itself: one.yaml -> two.yaml -> one.yaml"]
    write(tmp_path, main="include: main.yaml\ninput: [3]\nlayers: [ReLU]\n")
    assert problems(tmp_path) == ["main.yaml:1:10 SPC061 `main.yaml` includes itself: main.yaml -> main.yaml"]


def test_a_long_chain_of_includes(tmp_path):
    for index in range(30):
        write(tmp_path, **{f"f{index}": f"include: f{index + 1}.yaml\nblocks: {{x{index}: {{layers: [ReLU]}}}}\n"})
    write(tmp_path, main="include: f0.yaml\ninput: [3]\nlayers: [ReLU]\n")
    assert problems(tmp_path) == ["f19.yaml:1:10 SPC061 files include files more than 20 deep"]


@each(
    ("written", "problem"),
    [
        ("../lib.yaml", "main.yaml:1:10 SAF602 `../lib.yaml` leaves the folder of this file | name a file in the folder of this one, or below it"),
        ("sub/../../lib.yaml", "main.yaml:1:10 SAF602 `sub/../../lib.yaml` leaves the folder of this file | name a file in the folder of this one, or below it"),
        ("/etc/passwd", "main.yaml:1:10 SAF602 `/etc/passwd` is not a relative path | name a file in the folder of this one, or below it"),
        ("~/lib.yaml", "main.yaml:1:10 SAF602 `~/lib.yaml` is not a relative path | name a file in the folder of this one, or below it"),
        ("'C:\\lib.yaml'", "main.yaml:1:10 SAF602 `C:\\lib.yaml` is not a relative path | name a file in the folder of this one, or below it"),
        ("lbi.yaml", "main.yaml:1:10 SPC063 `lbi.yaml` does not exist | did you mean `lib.yaml`?"),
        ("sub", "main.yaml:1:10 SPC063 `sub` is a folder | name a file in it"),
        ("link.yaml", "main.yaml:1:10 SAF602 `link.yaml` is a link that leaves the folder of this file | name a file in the folder of this one, or below it"),
        ("folder/lib.yaml", "main.yaml:1:10 SAF602 `folder/lib.yaml` is a link that leaves the folder of this file | name a file in the folder of this one, or below it"),
        ("pipe", "main.yaml:1:10 SPC063 `pipe` is not a file | name a file of declarations"),
        ("3", "main.yaml:1:10 SPC022 `include` is a path, or a list of paths, not 3"),
        ("[lib.yaml, 3]", "main.yaml:1:21 SPC022 `include` is a path, or a list of paths, not 3"),
        ("plain.yaml", "main.yaml:1:10 SPC064 `plain.yaml` has no `blocks` and no `layer_types` to bring in"),
        ("list.yaml", "main.yaml:1:10 SPC064 `list.yaml` has no `blocks` and no `layer_types` to bring in"),
    ],
)  # fmt: skip
def test_which_files_may_be_included(tmp_path, written, problem):
    home = tmp_path / "home"
    (home / "sub").mkdir(parents=True)
    write(tmp_path, lib=BLOCK)
    write(home, lib=BLOCK, plain="input: [3]\nlayers: [ReLU]\n", list="[1, 2]\n")
    (home / "link.yaml").symlink_to(tmp_path / "lib.yaml")
    (home / "folder").symlink_to(tmp_path)
    os.mkfifo(home / "pipe")
    write(home, main=f"include: {written}\ninput: [8]\nlayers: [ReLU]\n")
    assert problems(home) == [problem]


def test_a_link_within_the_folder_is_followed(tmp_path):
    write(tmp_path, lib=BLOCK, main=MAIN.format("link.yaml"))
    (tmp_path / "link.yaml").symlink_to(tmp_path / "lib.yaml")
    assert load(tmp_path).diagnostics == []


def test_the_folder_of_the_spec_is_that_which_it_is_named_in(tmp_path, monkeypatch):
    write(tmp_path, a__main=MAIN.format("lib.yaml"), a__lib=BLOCK)
    monkeypatch.chdir(tmp_path / "a")
    assert read_native(read("main.yaml")).diagnostics == []
    monkeypatch.chdir(tmp_path)
    assert read_native(read("a/main.yaml")).diagnostics == []


def test_a_spec_without_a_file_includes_nothing():
    text = "include: lib.yaml\ninput: [8]\nlayers: [ReLU]\n"
    help = "write it to a file beside the one that it includes, and name that"
    said = f"1:10-18 SPC062 `include` needs a spec in a file, and this one is <stdin> | {help}"
    assert found(text, path="<stdin>") == [said]


def test_a_file_of_blocks_is_no_network(tmp_path):
    write(tmp_path, main=BLOCK)
    with pytest.raises(UnusableError, match="this file declares blocks and no network"):
        load(tmp_path)


@each(
    ("path", "problem"),
    [
        ("gone.yaml", "SPC063 `gone.yaml` does not exist | it is looked for from the folder of this file"),
        (
            "../gone.yaml",
            "SAF602 `../gone.yaml` leaves the folder of this file | name a file in the folder of this one, or below it",
        ),
        ("main.yaml", "SPC061 `main.yaml` includes itself: main.yaml -> main.yaml"),
        ("3", "SPC022 `include` is a path, or a list of paths, not 3"),
        (
            "misspelt.yaml",
            "SPC064 `misspelt.yaml` has no `blocks` and no `layer_types` to bring in | did you mean `blocks`?",
        ),
    ],
)
def test_what_a_failed_include_would_have_brought_is_not_reported(tmp_path, path, problem):
    layers = """
input: [8]
defaults: {Own: {x: 1}}
layers:
  - conv
  - conv: {name: c, repeat: 2}
  - TimeDistributed: {layer: Own}
  - Dense: {units: 4, from: c.dense}
  - Dense: {units: 4, from: conv.dense}
"""
    write(tmp_path, main=f"include: {path}{layers}", misspelt="block: {conv: {layers: [Flatten]}}\n")
    assert problems(tmp_path) == [f"main.yaml:1:10 {problem}"]
