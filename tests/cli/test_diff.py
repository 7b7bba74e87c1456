"""`cnnsum diff`: layers, numbers, sizes and weights that differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import call
from tests.thorough import each

SPECS = Path(__file__).parent.parent.parent / "specs"

OLD = """\
name: net
input: [32, 32, 3]
layers:
  - Conv2D: {filters: 8, kernel_size: 3, name: first}
  - MaxPooling2D: 2
  - Conv2D: {filters: 16, kernel_size: 3, name: second}
  - ReLU
  - GlobalAveragePooling2D
  - Dense: {units: 10, name: top}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.yaml").write_text(OLD, encoding="utf-8")
    return tmp_path


def diff(here: Path, *changes: tuple[str, str], old: str = "old.yaml", options: tuple[str, ...] = ()) -> dict[str, Any]:
    """The differences that some replacements in the text make."""
    text = OLD
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (here / "new.yaml").write_text(text, encoding="utf-8")
    done = call("diff", old, "new.yaml", "--format", "json", *options)
    assert (done.code, done.err) == (0, "")
    found: dict[str, Any] = json.loads(done.out)
    return found


#: 23 weights. What Keras 3.15 loads of it into its changed sisters was measured.
WHOLE = """
input: [8, 8, 3]
layers:
  - Conv2D: {filters: 8, kernel_size: 3, padding: same, use_bias: true, name: c1}
  - BatchNormalization: {name: bn}
  - DepthwiseConv2D: {kernel_size: 3, padding: same, name: dw}
  - Conv2D: {filters: 8, kernel_size: 3, padding: same, name: c2}
  - Reshape: {target_shape: [64, 8], name: flat}
  - MultiHeadAttention: {num_heads: 2, key_dim: 4, use_bias: true, from: [flat, flat], name: mha}
  - LSTM: {units: 4, name: lstm}
  - Dense: {units: 5, name: out}
"""
LAYER = ("use_bias: true, name: c1", "use_bias: false, name: c1")
PARTS = ("use_bias: true, from", "use_bias: false, from")


@pytest.mark.parametrize(
    ("change", "format", "fit", "total"),
    [
        (LAYER, "keras", 21, 22),
        (LAYER, "h5-by-name", 21, 22),
        (LAYER, "h5", 0, 22),
        (PARTS, "keras", 15, 19),
        # One group of eight in place of four: two of them have the shape of what stands in their place now.
        (PARTS, "h5-by-name", 15, 19),
        (PARTS, "h5", 0, 19),
    ],
)
def test_a_layer_with_another_number_of_weights(
    here: Path, change: tuple[str, str], format: str, fit: int, total: int
) -> None:
    (here / "old.yaml").write_text(WHOLE, encoding="utf-8")
    (here / "new.yaml").write_text(WHOLE.replace(*change), encoding="utf-8")
    done = call("diff", "old.yaml", "new.yaml", "--format", "json", "--weights-format", format)
    weights = json.loads(done.out)["weights"]
    assert (weights["format"], weights["fit"], weights["total"]) == (format, fit, total)
    assert bool(weights["refused"]) == (format == "h5")
    said = call("diff", "old.yaml", "new.yaml", "--weights-format", format).out
    assert ("Keras refuses it: layer " in said) == (format == "h5")


def test_nothing_is_different(here: Path) -> None:
    found = diff(here)
    assert found["schema"] == "cnnsum.diff/1"
    assert found["layers"] == {"added": [], "removed": [], "changed": [], "affected": [], "renamed": [], "same": 6}
    assert all(one["change"] == 0 for one in found["totals"].values())
    assert (found["weights"]["fit"], found["weights"]["total"]) == (6, 6)
    out = call("diff", "old.yaml", "new.yaml").out
    assert " No difference: 6 layers are the same.\n" in out
    assert max(map(len, out.splitlines())) <= 80
    words = " ".join(out.split())
    assert "all weights of the new model are loaded from a .weights.h5 of the old one (by the order of each " in words


def test_a_wider_layer(here: Path) -> None:
    """8 -> 12 filters: 3*3*3*4 + 4 = 112 more parameters, and 3*3*4*16 = 576 in the layer that reads them."""
    found = diff(here, ("filters: 8", "filters: 12"))
    (changed,) = found["layers"]["changed"]
    assert changed["name"] == changed["new_name"] == "first"
    assert changed["fields"] == {"filters": {"old": "8", "new": "12"}}
    assert changed["params"] == {"old": 224, "new": 336}
    assert changed["output"] == {"old": [None, 30, 30, 8], "new": [None, 30, 30, 12]}
    assert [one["name"] for one in found["layers"]["affected"]] == ["max_pooling2d", "second"]
    assert found["layers"]["affected"][1]["params"] == {"old": 1168, "new": 1744}
    assert found["layers"]["same"] == 3
    assert found["totals"]["params"] == {"old": 1562, "new": 2250, "change": 112 + 576}
    weights = found["weights"]
    assert weights["reshaped"] == [
        {"layer": "first", "weight": "kernel", "old": [3, 3, 3, 8], "new": [3, 3, 3, 12]},
        {"layer": "first", "weight": "bias", "old": [8], "new": [12]},
        {"layer": "second", "weight": "kernel", "old": [3, 3, 8, 16], "new": [3, 3, 12, 16]},
    ]
    # The bias of `second` is as it was, but Keras stops at the first weight of a layer that does not fit.
    assert weights["skipped"] == [{"layer": "second", "weight": "bias", "old": [16], "new": [16]}]
    assert (weights["fit"], weights["fit_params"], weights["total_params"]) == (2, 170, 2250)
    weights = diff(here, ("filters: 8", "filters: 12"), options=("--weights-format", "h5-by-name"))["weights"]
    assert (weights["fit"], weights["fit_params"], weights["skipped"]) == (3, 16 + 170, [])


def test_a_layer_is_put_in(here: Path) -> None:
    """What reads it now has no other declaration than before."""
    found = diff(here, ("  - ReLU\n", "  - BatchNormalization\n  - ReLU\n"))
    layers = found["layers"]
    assert [one["name"] for one in layers["added"]] == ["batch_normalization"]
    assert layers["added"][0]["params"] == 64
    assert not layers["changed"] + layers["affected"] + layers["removed"] + layers["renamed"]
    assert [one["weight"] for one in found["weights"]["missing"]] == ["gamma", "beta", "moving_mean", "moving_variance"]


def test_a_layer_is_taken_out_and_one_renamed(here: Path) -> None:
    found = diff(here, ("  - ReLU\n", ""), ("name: second", "name: other"))
    layers = found["layers"]
    assert [one["name"] for one in layers["removed"]] == ["re_lu"]
    assert layers["renamed"] == [{"old": "second", "new": "other"}]
    assert not layers["changed"] + layers["affected"]
    # By class and order the name is nothing.
    assert (found["weights"]["renamed"], found["weights"]["fit"]) == ([], 6)
    changes = ("  - ReLU\n", ""), ("name: second", "name: other")
    by_name = diff(here, *changes, options=("--weights-format", "h5-by-name"))
    assert by_name["weights"]["renamed"] == [{"old": "second", "new": "other"}]
    assert by_name["weights"]["fit"] == 4
    assert [one["layer"] for one in by_name["weights"]["left_over"]] == ["second", "second"]
    said = call("diff", "old.yaml", "new.yaml", "--weights-format", "h5-by-name").out
    assert "those of 1 layer would fit under the old name" in said


@pytest.mark.parametrize(
    ("before", "after", "field", "values"),
    [
        ("name: first", "name: first, padding: same", "padding", ("valid", "same")),
        ("name: first", "name: first, trainable: false", "trainable", ("true", "false")),
        ("name: first", "name: first, dtype: float16", "dtype", ("float32", "float16")),
        ("name: first", "name: first, activation: relu", "activation", ("null", "relu")),
        ("name: first", "name: first, strides: [2, 1]", "strides", ("[1, 1]", "[2, 1]")),
    ],
)
def test_fields(here: Path, before: str, after: str, field: str, values: tuple[str, str]) -> None:
    (changed,) = diff(here, (before, after))["layers"]["changed"]
    assert changed["name"] == "first"
    assert changed["fields"] == {field: {"old": values[0], "new": values[1]}}


def test_another_type_under_the_same_name(here: Path) -> None:
    found = diff(here, ("Conv2D: {filters: 16", "SeparableConv2D: {filters: 16"))
    (changed,) = found["layers"]["changed"]
    assert changed["fields"] == {"type": {"old": "Conv2D", "new": "SeparableConv2D"}}


def test_other_inputs(here: Path) -> None:
    """Two arms that change places: only the wiring is different."""
    head = "input: [8, 8, 3]\nlayers:\n  - Conv2D: {filters: 4, kernel_size: 1, name: a}\n"
    head += "  - Conv2D: {filters: 4, kernel_size: 1, name: b, from: input}\n"
    (here / "one.yaml").write_text(f"{head}  - Subtract: {{from: [a, b], name: c}}\n", encoding="utf-8")
    (here / "two.yaml").write_text(f"{head}  - Subtract: {{from: [b, a], name: c}}\n", encoding="utf-8")
    found = json.loads(call("diff", "one.yaml", "two.yaml", "--format", "json").out)
    (changed,) = found["layers"]["changed"]
    assert changed["fields"] == {"from": {"old": "a, b", "new": "b, a"}}


def test_legal_sizes(here: Path) -> None:
    """Two 3 x 3 windows and a pooling of 2 need 8; with another pooling of 2 they need 10."""
    found = diff(here, ("  - ReLU\n", "  - ReLU\n  - MaxPooling2D: 2\n"))
    assert found["sizes"] == [
        {"symbol": "H", "old": "H >= 8", "new": "H >= 10"},
        {"symbol": "W", "old": "W >= 8", "new": "W >= 10"},
    ]
    assert "   H  H >= 8 -> H >= 10\n" in call("diff", "old.yaml", "new.yaml").out


def test_formulas(here: Path) -> None:
    found = json.loads(call("diff", "old.yaml", "old.yaml", "-i", "H,W,3", "--format", "json").out)
    assert found["totals"]["macs"]["change"] == 0
    assert isinstance(found["totals"]["macs"]["old"], str)
    out = call("diff", "old.yaml", "old.yaml", "-i", "H,W,3").out
    assert "\n weight memory         6,248 B, as before\n" in out


def test_text(here: Path) -> None:
    diff(here, ("name: net", "name: wider"), ("units: 10", "units: 20"), ("  - MaxPooling2D: 2\n", ""))
    done = call("diff", "old.yaml", "new.yaml", "--color", "never")
    lines = done.out.splitlines()
    assert lines[0] == "net -> wider"
    assert lines[2].split() == ["net", "wider"]
    assert " parameters                1,562      1,732  +170 (+10.9%)" in lines
    assert (
        " Layers  6 -> 5: 1 removed, 1 changed, 2 with other shapes or numbers because of that, 2 as before"
    ) in lines
    assert "   - max_pooling2d  MaxPooling2D, no parameters, output (15, 15, 8)" in lines
    assert "   ~ top  Dense: units 10 -> 20; output (10) -> (20); parameters 170 -> 340" in lines
    assert "     top/kernel (16, 10) -> (16, 20)" in lines
    assert "\x1b[" in call("diff", "old.yaml", "new.yaml", "--color", "always").out


def test_markdown(here: Path) -> None:
    diff(here, ("name: net", "name: a_b|c"), ("  - ReLU\n", "  - ReLU\n" * 20))
    out = call("diff", "old.yaml", "new.yaml", "--format", "markdown").out
    assert out.startswith("### net → a_b\\|c\n\n|  | net | a_b\\|c | change |\n| --- | ---: | ---: | ---: |\n")
    assert "\n<details><summary>19 added</summary>\n\n```diff\n+ re_lu" in out
    assert out.count("<details>") == out.count("</details>") == 1


def test_long_lists_are_cut(here: Path) -> None:
    diff(here, ("  - ReLU\n", "  - ReLU\n" * 40))
    assert "     ... and 27 more added (-v lists them)\n" in call("diff", "old.yaml", "new.yaml").out
    assert call("diff", "old.yaml", "new.yaml", "-v").out.count("   + re_lu") == 39


@pytest.mark.usefixtures("here")
def test_nested_models_are_opened() -> None:
    def dense(units: int) -> dict[str, Any]:
        config = {"name": "d", "units": units}
        return {"module": "keras.layers", "class_name": "Dense", "config": config}

    def sequential(name: str, *layers: dict[str, Any]) -> dict[str, Any]:
        source = {
            "module": "keras.layers",
            "class_name": "InputLayer",
            "config": {"batch_shape": [None, 4], "name": f"{name}_in"},
        }
        return {"module": "keras", "class_name": "Sequential", "config": {"name": name, "layers": [source, *layers]}}

    Path("old.json").write_text(json.dumps(sequential("outer", sequential("inner", dense(3)))), encoding="utf-8")
    Path("new.json").write_text(json.dumps(sequential("outer", sequential("inner", dense(5)))), encoding="utf-8")
    found = json.loads(call("diff", "old.json", "new.json", "--format", "json").out)
    (changed,) = found["layers"]["changed"]
    assert changed["name"] == "inner/d"
    assert changed["fields"] == {"units": {"old": "3", "new": "5"}}
    assert [one["layer"] for one in found["weights"]["reshaped"]] == ["inner/d", "inner/d"]


def test_exit_codes(here: Path) -> None:
    (here / "bad.yaml").write_text(OLD.replace("kernel_size: 3, name: second", "kernel_size: 99"), encoding="utf-8")
    done = call("diff", "old.yaml", "bad.yaml")
    assert done.code == 1
    assert done.err.startswith("bad.yaml:6:5: SHP201")
    assert "\n parameters                1,562  not known\n" in done.out
    assert "   H  H >= 8 -> H >= 200\n" in done.out  # two less, halved, must be 99
    assert "nothing is known of the weights of 2 layers of the new model" in done.out
    done = call("diff", "bad.yaml", "bad.yaml")
    assert "0 as before" not in done.out
    assert done.err.count("SHP201") == 1
    assert call("diff", "old.yaml", "gone.yaml").code == 2
    assert call("diff", "gone.yaml", "old.yaml").code == 2
    assert call("diff", "-", "-").code == 2
    assert call("diff", "old.yaml").code == 2
    assert call("diff", "old.yaml", "old.yaml", "-o", "old.yaml").code == 2
    assert call("diff", "old.yaml", "old.yaml", "--optimizer", "nothing").code == 2
    assert (here / "old.yaml").read_text(encoding="utf-8") == OLD
    assert call("diff", "old.yaml", "-", stdin=OLD.encode()).code == 0


def test_resnets() -> None:
    """ResNet-50 and ResNet-101 differ by 17 bottlenecks in the fourth stage. Parameters: Keras's applications."""
    done = call("diff", str(SPECS / "resnet50.yaml"), str(SPECS / "resnet101.yaml"), "--format", "json")
    found = json.loads(done.out)
    assert found["totals"]["params"] == {"old": 25_636_712, "new": 44_707_176, "change": 19_070_464}
    layers = found["layers"]
    assert len(layers["added"]) == 17 * 11
    assert {one["name"].split(".")[0] for one in layers["added"]} == {"conv4"}
    assert not layers["removed"] + layers["changed"] + layers["affected"] + layers["renamed"]
    # By name all 320 that ResNet-50 has; by class and order the ones behind the new bottlenecks come out of step.
    assert found["weights"]["fit"] == 260
    path = str(SPECS / "resnet50.yaml"), str(SPECS / "resnet101.yaml"), "--format", "json"
    assert json.loads(call("diff", *path, "--weights-format", "h5-by-name").out)["weights"]["fit"] == 320
    assert found["weights"]["left_over"] == []


def test_wide_models_are_quick() -> None:
    """A thousand layers, all of them other ones, take a table of a million cells; it must not be walked."""
    import time

    from cnnsum.answers.diff.matching import common

    start = time.perf_counter()
    assert len(common([*range(3_000)], [*range(2_999, -1, -1)])) == 1
    assert time.perf_counter() - start < 1


def test_a_number_that_is_not_equal_to_itself_is_no_change(here: Path) -> None:
    (here / "nan.json").write_text(
        '{"class_name": "Sequential", "config": {"layers": '
        '[{"class_name": "ReLU", "config": {"negative_slope": NaN}}]}}',
        encoding="utf-8",
    )
    found = json.loads(call("diff", "nan.json", "nan.json", "--format", "json").out)
    assert found["layers"]["changed"] == []


def test_layers_that_changed_places_have_other_sources(here: Path) -> None:
    """The first of them reads the input in one network alone: it was told to have changed because of a later layer."""
    layers = ["Conv2D: {filters: 8, kernel_size: 3, name: a}", "Conv2D: {filters: 16, kernel_size: 3, name: b}"]
    for path, order in (("old.yaml", layers), ("new.yaml", layers[::-1])):
        listed = "".join(f"  - {one}\n" for one in (*order, "Flatten: {name: flat}", "Dense: {units: 10, name: out}"))
        (here / path).write_text(f"input: [32, 32, 3]\nlayers:\n{listed}", encoding="utf-8")
    found = json.loads(call("diff", "old.yaml", "new.yaml", "--format", "json").out)["layers"]
    assert {one["name"]: one["fields"] for one in found["changed"]} == {
        "a": {"from": {"old": "input_layer", "new": "b"}},
        "b": {"from": {"old": "a", "new": "input_layer"}},
        "flat": {"from": {"old": "b", "new": "a"}},
    }
    assert [one["name"] for one in found["affected"]] == ["out"]


def test_inputs_are_known_by_name_and_else_by_their_order(here: Path) -> None:
    layers = "Dense: {units: 4, name: d, from: %s}, Dense: {units: 4, name: e, from: %s}"
    spec = "{inputs: {%s: [8], %s: [8]}, layers: [" + layers + "], outputs: [d, e]}"
    (here / "old.yaml").write_text(spec % ("x", "y", "x", "y"), encoding="utf-8")
    for names, changed in ((("y", "x", "x", "y"), []), (("x", "y", "y", "x"), ["d", "e"]), (("x", "z", "x", "z"), [])):
        (here / "new.yaml").write_text(spec % names, encoding="utf-8")
        found = json.loads(call("diff", "old.yaml", "new.yaml", "--format", "json").out)["layers"]
        assert [one["name"] for one in found["changed"]] == changed, names


@each("said", ["activation: linear", "data_format: channels_last"])
def test_what_null_and_a_word_say_alike_is_no_change(here: Path, said: str) -> None:
    """A Keras file writes the word, and a spec leaves it out; in a layer that another holds, too."""
    spec = (
        "input: [4, 9, 9, 3]\nlayers:\n  - TimeDistributed: {layer: {Conv2D: {filters: 8, kernel_size: 3}}}\n"
        "  - Conv3D: {filters: 8, kernel_size: 3, name: c}\n"
    )
    (here / "old.yaml").write_text(spec, encoding="utf-8")
    (here / "new.yaml").write_text(spec.replace("kernel_size: 3", f"kernel_size: 3, {said}"), encoding="utf-8")
    found = json.loads(call("diff", "old.yaml", "new.yaml", "--format", "json").out)["layers"]
    assert (found["changed"], found["same"]) == ([], 2)
    (here / "new.yaml").write_text(spec.replace("name: c", "name: c, activation: relu"), encoding="utf-8")
    (changed,) = json.loads(call("diff", "old.yaml", "new.yaml", "--format", "json").out)["layers"]["changed"]
    assert changed["fields"] == {"activation": {"old": "null", "new": "relu"}}
