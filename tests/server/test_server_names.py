"""Names: what each stands for, and another name in its place, in one file and in several."""

import json
from pathlib import Path

import pytest

from cnnsum.lint.fix import applied
from cnnsum.model import load
from cnnsum.server.analysis import Analysis
from cnnsum.server.index import Index
from cnnsum.server.keras_index import KerasIndex
from cnnsum.server.rename import RenameError, places, renamed
from cnnsum.server.text import Text
from cnnsum.server.workspace import Workspace
from tests.thorough import THOROUGH, each, some

ROOT = Path(__file__).parent.parent.parent
SPECS = [path for path in sorted(ROOT.glob("specs/**/*.yaml")) if "blocks" not in path.name]

SPEC = """\
input: [H, W, 3]
symbols: {H: {min: 8}}
vars: {width: 16, twice: 2*width, skip: top, kernel: [3, H]}
layer_types:
  Scale:
    fields: {by: 1}
    input: [h, w, c]
    output: [h, w, by*c]
    weights: {gamma: [c, width]}
blocks:
  inner:
    args: {n: , wire: , word: relu}
    layers:
      - Conv2D: {filters: n, kernel_size: 1, activation: $word, name: first}
      - Add: {from: [$wire, $wire], name: sum}
      - Conv2D: {filters: n, kernel_size: 1, from: first}
    output: first
  outer:
    args: {n: 4, by: "n + width"}
    layers:
      - Conv2D: {filters: n, kernel_size: 1, name: top}
      - inner: {n: by if n > 2 else n, wire: top, name: used}
      - Conv2D: {filters: 3, kernel_size: 1, from: used.first}
layers:
  - Conv2D: {filters: width, kernel_size: 1, name: top, when: width > 3}
  - outer: {n: 2*width, name: outer_1, repeat: 2}
  - Conv2D: {filters: twice, kernel_size: 1, from: outer_1.0.used.first, name: picked}
  - Add: {from: [picked, picked], name: "both, of them"}
  - Add: {from: [$skip, $skip], name: 'plain'}
  - Scale: {by: width, name: scaled}
  - Conv2D: {share: top, from: input, name: again}
outputs: [picked, "both, of them", scaled, again]
"""


def index_of(text, path="<text>"):
    analysis = Analysis(text, path)
    assert analysis.model is not None
    return Index(analysis.language)


def stands(index, text, word, count=1):
    """The occurrence at the so-manieth place of a word."""
    at = -1
    for _ in range(count):
        at = text.index(word, at + 1)
    found = index.at(index.language.document, at)
    assert found is not None
    return found


def test_the_spec_of_these_tests_is_good():
    analysis = Analysis(SPEC, "<text>")
    assert [one for one in analysis.checked.findings if one.severity == "error"] == []


@each(
    ("word", "count", "places_of_it"),
    [
        ("width", 1, 8),
        ("twice", 1, 2),
        ("skip", 1, 3),
        ("H", 1, 3),
        ("inner", 1, 2),
        ("outer", 1, 2),
        ("picked", 1, 4),
        ("both, of them", 1, 2),
        ("Scale", 1, 2),
        ("word", 1, 2),
        ("wire", 1, 4),
        ("top", 1, 3),  # `skip` is `top`; `share: top`
        ("outer_1", 1, 2),
        ("scaled", 1, 2),
    ],
)
def test_a_name_is_found_everywhere(word, count, places_of_it):
    index = index_of(SPEC)
    one = stands(index, SPEC, word, count)
    found = places([index], one.key)
    assert len(found) == places_of_it, [SPEC[max(0, at.start - 20) : at.end + 5] for at, _ in found]
    for at, _ in found:
        assert SPEC[at.start : at.end] == word


def test_the_name_of_a_layer_in_a_block_is_not_that_of_one_outside():
    index = index_of(SPEC)
    in_block = index.at(index.language.document, SPEC.index("name: top}\n      - inner") + 7)
    outside = index.at(index.language.document, SPEC.index("name: top, when") + 7)
    assert in_block.key != outside.key
    assert len(places([index], in_block.key)) == 2  # its own, and `wire: top`


def test_arguments_of_a_block_and_of_another_are_two():
    index = index_of(SPEC)
    of_inner = index.at(index.language.document, SPEC.index("{n: , wire") + 1)
    of_outer = index.at(index.language.document, SPEC.index("{n: 4, by") + 1)
    assert of_inner.key != of_outer.key
    assert len(places([index], of_inner.key)) == 4
    assert len(places([index], of_outer.key)) == 6


def all_names(index):
    """An occurrence of each name that can be changed."""
    found = {}
    for one in index.found:
        if not any(other.automatic for other in index.of(one.key)) and one.key[0] != "file":
            found.setdefault(one.key, one)
    return list(found.values())


def test_every_name_can_be_changed_and_changed_back():
    index = index_of(SPEC)
    names = all_names(index)
    assert len(names) > 25
    for one in names:
        new = "zz_new"
        edits = renamed([index], one, new)
        (text,) = [applied(SPEC, edits) for edits in edits.values()]
        again = index_of(text)
        same = next(other for other in all_names(again) if other.key[-1] == new)
        assert len(again.of(same.key)) == len(index.of(one.key))
        (back,) = renamed([again], same, one.key[-1]).values()
        # Quotes that the new name does not need are gone, or there are some.
        assert applied(text, back).replace('"', "").replace("'", "") == SPEC.replace('"', "").replace("'", "")


@each("path", some(SPECS, 3))
def test_names_of_real_specs_can_be_changed(path):
    text = path.read_text(encoding="utf-8")
    index = index_of(text, str(path))
    names = all_names(index)
    for one in names if THOROUGH else names[:: max(1, len(names) // 6)]:
        assert renamed([index], one, "zz_new")


@each("new", ["a b", "with # sign", "true", "1e3", "'", '"', "\u00fc", "a, b", "[x]", "- x", "x y"])
def test_any_name_that_a_layer_may_have_is_written_so_that_it_is_read(new):
    for text in (SPEC, json.dumps(Analysis(SPEC, "<text>").document.value, indent=1)):
        index = index_of(text)
        one = stands(index, text, "picked")
        (edits,) = renamed([index], one, new).values()
        again = Analysis(applied(text, edits), "<text>")
        assert again.document.value["outputs"][0] == new
        assert [found for found in again.checked.findings if found.severity == "error"] == []


@each(
    ("word", "new", "why"),
    [
        ("picked", "scaled", "there is a layer"),
        ("picked", "a:b", "cannot be the name"),
        ("picked", "input", "cannot be the name"),
        ("picked", "picked", "already"),
        ("width", "twice", "already"),
        ("width", "H", "already"),
        ("width", "by", "already"),
        ("width", "2x", "letters, digits"),
        ("inner", "outer", "already"),
        ("inner", "Dense", "a layer type"),
        ("wire", "name", "cannot be a name"),
        ("wire", "width", "already"),
    ],
)
def test_a_name_that_would_change_something_else_is_refused(word, new, why):
    index = index_of(SPEC)
    with pytest.raises(RenameError, match=why):
        renamed([index], stands(index, SPEC, word), new)


def test_an_automatic_name_is_not_changed():
    text = "input: [8, 8, 3]\nlayers:\n  - Conv2D: [3, 1]\n  - Add: {from: [conv2d, input]}\n"
    index = index_of(text)
    with pytest.raises(RenameError, match="automatic"):
        renamed([index], stands(index, text, "conv2d"), "x")
    assert [one.place() for one in index.of(stands(index, text, "conv2d").key) if one.defines] == [
        (text.index("Conv2D"), text.index("Conv2D") + 6)
    ]


def test_names_after_a_block_follow_it():
    text = "input: [3]\nblocks: {pair: {layers: [Flatten]}}\nlayers: [pair, pair, {Add: {from: [pair, pair_1]}}]\n"
    index = index_of(text)
    (edits,) = renamed([index], stands(index, text, "pair"), "zz_new").values()
    assert applied(text, edits) == text.replace("pair", "zz_new")


def test_a_name_that_takes_an_automatic_one_is_refused():
    """`conv2d_1` would be free, and then another layer's."""
    text = (
        "input: [8, 8, 3]\nlayers:\n  - Dense: {units: 3, name: conv2d_1}\n  - Conv2D: [3, 1]\n  - Conv2D: [3, 1]\n"
        "  - Add: {from: [conv2d_1, conv2d_2]}\n"
    )
    index = index_of(text)
    with pytest.raises(RenameError, match="another network"):
        renamed([index], stands(index, text, "conv2d_1"), "x")


# --- several files ----------------------------------------------------------------------------------------------------

PARTS = """\
vars: {act: relu}
blocks:
  conv:
    args: {filters: }
    layers:
      - Conv2D: {filters: filters, kernel_size: 3, padding: same, name: c}
      - Activation: $act
"""
USER = """\
include: PATH
vars: {act: gelu}
input: [8, 8, 3]
layers:
  - conv: {filters: 4, name: x}
  - Add: {from: [x, x.c]}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "parts.yaml").write_text(PARTS, encoding="utf-8")
    (tmp_path / "a.yaml").write_text(USER.replace("PATH", "below/parts.yaml"), encoding="utf-8")
    (tmp_path / "below" / "b.yaml").write_text(USER.replace("PATH", "parts.yaml"), encoding="utf-8")
    (tmp_path / "other.yaml").write_text("vars: {act: 3}\n" + USER.replace("PATH", "none.yaml"), encoding="utf-8")
    return tmp_path


@each(("word", "files", "count"), [("conv", 3, 3), ("act", 3, 4), ("filters", 3, 4), ("c", 3, 3)])
def test_a_name_is_changed_in_all_files_that_share_it(word, files, count, folder):
    for opened in ("below/parts.yaml", "a.yaml"):
        workspace = Workspace(folders=(str(folder),))
        path = str(folder / opened)
        text = (folder / opened).read_text(encoding="utf-8")
        one = workspace.set(path, Text(text))
        try:
            at = {"conv": text.index("conv:"), "act": text.index("act:"), "filters": text.index("filters:")}
            at["c"] = text.index("name: c") + 6 if "name: c" in text else text.index("x.c") + 2
            name = workspace.occurrence(one, at[word])
            edits = renamed(workspace.indexes(one, name.key), name, "zz_new")
            assert len(edits) == files
            assert sum(map(len, edits.values())) == count
            for changed, found in edits.items():
                old = Path(changed).read_text(encoding="utf-8")
                Path(changed).write_text(applied(old, found), encoding="utf-8")
            workspace.close(path)
            for user in ("a.yaml", "below/b.yaml"):
                assert load(str(folder / user)).errors == ()
        finally:
            workspace.close(path)
            for name, content in (("below/parts.yaml", PARTS), ("a.yaml", USER.replace("PATH", "below/parts.yaml"))):
                (folder / name).write_text(content, encoding="utf-8")
            (folder / "below/b.yaml").write_text(USER.replace("PATH", "parts.yaml"), encoding="utf-8")


def test_a_file_that_is_not_saved_is_read_as_it_stands(folder):
    workspace = Workspace(folders=(str(folder),))
    parts, user = str(folder / "below/parts.yaml"), str(folder / "a.yaml")
    try:
        workspace.set(user, Text(USER.replace("PATH", "below/parts.yaml")))
        assert workspace.open[user].analysis.errors.findings == ()
        workspace.set(parts, Text(PARTS.replace("filters: filters", "filters: filtres")))
        assert [one.code for one in workspace.open[user].analysis.errors.findings] == ["SPC026"]
        workspace.close(parts)
        assert workspace.open[user].analysis.errors.findings == ()
    finally:
        for path in (parts, user):
            workspace.close(path)


# --- Keras ------------------------------------------------------------------------------------------------------------


def test_names_of_keras_files_lead_to_their_layers():
    for name in ("keras_2.json", "keras_3.json"):
        path = ROOT / "tests/corpus/ok" / name
        text = path.read_text(encoding="utf-8")
        document = Analysis(text, str(path)).document
        index = KerasIndex(document)
        defined = [one for one in index.found if one.defines]
        assert len(defined) > 1
        for one in defined:
            start, end = one.place()
            assert text[start:end] == one.key[-1]
            assert index.at(document, start) == one


OF_PATTERNS = """\
vars: {depth: 3}
input: [side, side, 3]
layer_types:
  Half:
    fields: {by: 2, tall: 8}
    input: [tall, side, depth]
    output: ["tall//by", "side//by", depth]
layers: [Half, {Dense: depth}]
"""


@each(("word", "count", "places_of_it"), [("depth", 1, 4), ("tall", 1, 3), ("side", 1, 2)])
def test_values_in_a_pattern_are_found_and_names_of_its_own_are_not(word, count, places_of_it):
    index = index_of(OF_PATTERNS)
    assert len(places([index], stands(index, OF_PATTERNS, word, count).key)) == places_of_it
