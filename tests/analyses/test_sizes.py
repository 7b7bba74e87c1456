"""Which sizes are accepted, and what is said of the conditions: hand-made networks with known answers."""

from __future__ import annotations

import pytest

import cnnsum
from cnnsum.analyses.sizes.conditions import Sizes, violated
from cnnsum.analyses.sizes.conditions import test_of as put_together
from cnnsum.answers import as_text, renderer
from cnnsum.dims import Expr, Symbol, substitute
from cnnsum.layers.facts import Need
from cnnsum.layers.requiring import holds
from cnnsum.model import Model

UPSAMPLED = """
input: [H, W, 3]
layers:
  - Conv2D: {filters: 3, kernel_size: 3, padding: same, strides: 2, name: down, from: input}
  - UpSampling2D: {size: 2, name: up}
  - Add: {from: [input, up], name: sum}
"""


def model(text: str, **options: object) -> Model:
    return cnnsum.loads(text, "model.yaml", **options)  # type: ignore[arg-type]


def conditions(sizes: Sizes) -> dict[str, str]:
    return {axis.symbol.name: axis.condition for axis in sizes.axes}


def test_what_keras_finds_out_at_run_time() -> None:
    # x + upsample2(conv_stride2(x)): equal for even sizes; at 1 the input is stretched to 2.
    found = model(UPSAMPLED).sizes
    assert conditions(found) == {"H": "H == 1 or H % 2 == 0", "W": "W == 1 or W % 2 == 0"}
    (forced,) = found.axes[0].forced_by
    assert (forced.layer.name, [maker.name for maker in forced.makers]) == ("sum", ["input_layer", "up"])
    assert forced.layer.place is not None
    assert forced.layer.place.span().line == 6


def test_what_the_kind_of_a_field_asks_is_a_condition_on_a_formula_in_it() -> None:
    text = """
input: [S, S, 3]
layers:
  - Conv2D: {filters: S//(S - 4), kernel_size: S - 20, padding: same}
  - UpSampling2D: {size: [S - 24, 2]}
  - ZeroPadding2D: {padding: S - 26}
  - Flatten
  - Dense: S - 28
"""
    sizes = model(text).sizes
    for size in range(1, 40):
        refused = violated(sizes.requirements, {"S": size})
        try:
            wrong = model(text, settings={"S": size}).wrong
        except cnnsum.UnusableError:
            wrong = True
        assert wrong == (refused is not None), size
    (rest,) = {need.need.right for need in sizes.requirements if str(need.need.left) == "S - 28"}
    assert rest == 1


def test_sizes_that_the_file_fixes_are_set_free() -> None:
    fixed = UPSAMPLED.replace("[H, W, 3]", "[64, 64, 3]")
    assert model(fixed).sizes.axes == ()
    found = model(fixed, free=("spatial",))
    assert conditions(found.sizes) == {"H": "H == 1 or H % 2 == 0", "W": "W == 1 or W % 2 == 0"}
    assert {name: said.size for name, said in found.graph.freed.items()} == {"H": 64, "W": 64}


def test_a_var_that_is_a_size_is_set_free_everywhere() -> None:
    text = """
    vars: {size: 64, half: size//2}
    input: [size, size, 3]
    layers:
      - Conv2D: [8, 3]
      - AveragePooling2D: {pool_size: half}
    """
    found = model(text, free=("spatial",)).sizes
    assert {axis.symbol.name for axis in found.axes} == {"size"}
    assert [axis.axis for axis in found.axes] == [1, 2]
    # size - 2 positions must hold a window of size//2: 3 - 2 >= 1 is the first.
    assert found.axes[0].condition == "size >= 3"


def test_channels_and_batch_when_asked() -> None:
    text = "{input: [8, 8, 6], layers: [{Conv2D: {filters: 4, kernel_size: 3, groups: 2}}]}"
    found = model(text, free=("spatial", "channels", "batch")).sizes
    assert conditions(found) == {"H": "H >= 3", "W": "W >= 3", "C": "C % 2 == 0 and C >= 2"}
    first = "{input: [6, 8, 9], data_format: channels_first, layers: [{Conv2D: {filters: 4, kernel_size: 3}}]}"
    opened = model(first, free=("spatial",)).graph
    assert {name: said.size for name, said in opened.freed.items()} == {"H": 8, "W": 9}


def test_lengths_of_sequences() -> None:
    words = "{input: {shape: [50], dtype: int32}, layers: [{Embedding: [100, 8]}, {Conv1D: [4, 5]}]}"
    assert conditions(model(words, free=("spatial",)).sizes) == {"T": "T >= 5"}


def test_weights_that_fit_one_size_only() -> None:
    text = "{input: [8, 8, 3], layers: [{Conv2D: [4, 3]}, Flatten, {Dense: 10}]}"
    found = model(text, free=("spatial",)).sizes
    assert [[layer.name for layer in axis.resized] for axis in found.axes] == [["dense"], ["dense"]]


def test_relations_are_solved_with_the_other_sizes_given() -> None:
    text = """
    input: [H, W, 3]
    layers:
      - Permute: {dims: [2, 1, 3], from: input, name: turned}
      - Concatenate: {from: [input, turned]}
    """
    found = model(text).sizes
    assert conditions(found) == {"H": "H == W", "W": "H == W"}
    height = found.axes[0]
    assert found.accepted(height, {"W": 7}, 1, 20) == ((7,), None)
    assert found.nearest(height, {"W": 7}, 5) == (False, None, 7, None, None)
    assert violated(found.requirements, {"H": 5, "W": 7}) is not None
    assert violated(found.requirements, {"H": 7, "W": 7}) is None


def test_a_fixed_number_of_elements() -> None:
    text = "{input: [H, W, 1], layers: [{Reshape: {target_shape: [12]}}]}"
    found = model(text).sizes
    assert [
        height for height in range(1, 20) if list(found.accepted(found.axes[0], {"W": 3}, height, height).sizes)
    ] == [4]
    assert found.accepted(found.axes[0], {"W": 5}, 1, 100) == ((), None)


def test_only_what_matters_is_named() -> None:
    text = "{input: [H, 9, 3], layers: [{Conv2D: [4, 3]}, {Conv2D: [4, 5]}, {MaxPooling2D: 2}, {Conv2D: [4, 1]}]}"
    (height,) = model(text).sizes.axes
    assert height.condition == "H >= 8"
    assert [one.layer.name for one in height.forced_by] == ["max_pooling2d"]


CONTRADICTION = """
input: [H, 8, 3]
layers:
  - Conv2D: {filters: 3, kernel_size: 3, padding: same, strides: [2, 1], name: down, from: input}
  - UpSampling2D: {size: [2, 1], name: up}
  - Concatenate: {from: [input, up], name: even}
  - Cropping2D: {cropping: [[1, 0], [0, 0]], from: up, name: cropped}
  - Concatenate: {from: [input, cropped], name: odd}
  - GlobalAveragePooling2D: {from: even, name: a}
  - GlobalAveragePooling2D: {from: odd, name: b}
  - Concatenate: {from: [a, b]}
"""


def test_a_contradiction_names_both_layers() -> None:
    (found,) = [one for one in model(CONTRADICTION).diagnostics if one.severity == "error"]
    assert found.code == "SHP222"
    assert found.message == "no size of H is accepted: `even` needs H % 2 == 0 and H >= 2, `odd` needs H % 2 == 1"
    assert found.span is not None
    assert [found.span.line, *[related.span.line for related in found.related]] == [6, 8]


def test_a_contradiction_names_the_two_of_many() -> None:
    """Conditions that either of the two goes with are not to blame, wherever they stand."""
    more = "".join(f"  - AveragePooling2D: {{pool_size: [{n}, 1], from: odd, name: p{n}}}\n" for n in (5, 7))
    text = CONTRADICTION.replace("  - Concatenate: {from: [a, b]}", more + "  - Concatenate: {from: [a, b], name: c}")
    (found,) = [one for one in model(text + "outputs: [c, p5, p7]").diagnostics if one.severity == "error"]
    assert found.message == "no size of H is accepted: `even` needs H % 2 == 0 and H >= 2, `odd` needs H % 2 == 1"


def test_equal_sizes_are_one_in_conditions_and_formulas() -> None:
    text = """
    input: [H, W, 3]
    layers:
      - UpSampling2D: {size: 2, name: up}
      - Permute: {dims: [2, 1, 3], name: turned}
      - Concatenate: {from: [up, turned], name: both}
      - Conv2D: [8, 3]
    """
    found = model(text)
    assert [one.condition for one in found.sizes.requirements if len(one.symbols) == 2] == ["H == W"]
    peak = cnnsum.summarize(found, batch=2).totals.peak.bytes
    # Of 2 H x 2 H and 2 samples of 4 bytes: 3 + 3 + 6 channels while both are laid side by side, then 6 of them and 8
    # of 2 H - 2.
    by_hand = [max(8 * 4 * h * h * 12, 8 * 4 * h * h * 6 + 8 * (2 * h - 2) ** 2 * 8) for h in (3, 9, 20)]
    assert [substitute(peak, {"H": h}) for h in (3, 9, 20)] == by_hand
    assert isinstance(peak, Expr)
    assert {one.name for one in peak.symbols} == {"H"}


def test_a_relation_that_excludes_what_the_rest_accepts() -> None:
    text = """
    input: [H, W, 3]
    layers:
      - Conv2D: {filters: 3, kernel_size: 3, padding: same, strides: [2, 1], from: input}
      - UpSampling2D: {size: [2, 1], name: up}
      - Concatenate: {from: [input, up], name: even}
      - Cropping2D: {cropping: [[1, 0], [0, 0]], from: up}
      - Permute: {dims: [2, 1, 3], name: turned}
      - Concatenate: {from: [input, input], axis: 2, name: doubled}
      - Conv2D: {filters: 3, kernel_size: 1, name: d, from: doubled}
    outputs: [even, d, turned]
    """
    assert not [one for one in model(text).diagnostics if one.severity == "error"]


@pytest.mark.parametrize(("size", "exact"), [(4_096, True), (5_000, False)])
def test_periods_past_the_cap_are_bounds(size: int, exact: bool) -> None:
    text = f"""
    input: [H, 4, 3]
    layers:
      - AveragePooling2D: {{pool_size: [{size}, 1], from: input}}
      - UpSampling2D: {{size: [{size}, 1], name: up}}
      - Concatenate: {{from: [input, up], name: both}}
    """
    found = model(text)
    (height,) = found.sizes.axes
    assert height.exact is exact
    assert [one.code for one in found.diagnostics] == ([] if exact else ["SHP223"])
    assert found.sizes.accepted(height, {}, 1, 3 * size) == ((size, 2 * size, 3 * size), None)
    assert found.sizes.nearest(height, {}, size + 1) == (False, size, 2 * size, None, None)
    assert found.sizes.nearest(height, {}, size) == (True, None, 2 * size, None, None)
    if exact:
        assert height.condition == f"H % {size} == 0 and H >= {size}"
    else:
        assert height.condition == f"H >= {size} and H == {size}*(H//{size})"


FAR = """
input: [H, W, 3]
layers:
  - AveragePooling2D: {pool_size: 2, padding: same, repeat: 12}
  - Reshape: {target_shape: [-1, 2304]}
"""


def test_the_nearest_size_is_not_looked_for_without_end() -> None:
    sizes = model(FAR).sizes
    height, _width = sizes.axes
    # H above 767 * 4096 would do, which is far above; below 64 all are tried.
    assert sizes.nearest(height, {"W": 48}, 64) == (False, None, None, None, 64 + 2**15)
    assert sizes.accepted(height, {"W": 48}, 1, 100_000) == ((), None)
    found = sizes.nearest(height, {"W": 48}, 767 * 4096)
    assert found == (False, None, 767 * 4096 + 1, 767 * 4096 - 2**15, None)


OPEN = """
inputs: {a: [T, 4], b: [S, 4]}
layers:
  - Add: {from: [a, b]}
  - AveragePooling1D: {pool_size: 2, padding: same}
  - Reshape: {target_shape: [1, 128]}
"""


def test_fewer_sizes_are_tried_where_other_symbols_are_left() -> None:
    sizes = model(OPEN).sizes
    axis = sizes.axes[0]
    assert len(axis.relations) == 2
    found = sizes.nearest(axis, {}, 64)
    assert (found.accepted, found.below, found.above, found.below_to) == (True, 63, None, None)
    assert found.above_to == 64 + 2**9 // 2
    listed = sizes.accepted(axis, {}, 1, 100_000)
    assert listed.sizes == tuple(range(1, 65))
    assert listed.to is not None
    assert 2**11 <= listed.to < 2**12
    # With the other size known nothing is left: the search comes to its end, or is a longer one.
    assert sizes.nearest(axis, {"S": 64}, 64) == (True, 1, None, None, None)


def test_programs_and_formulas_say_the_same_of_a_size() -> None:
    for text, given in ((FAR, {"W": 48}), (OPEN, {"S": 63}), (OPEN, {"S": 1}), (UPSAMPLED, {"W": 6})):
        sizes = model(text).sizes
        axis = sizes.axes[0]
        name = axis.symbol.name
        wanted = [size for size in range(1, 130) if violated(sizes.requirements, {**given, name: size}) is None]
        assert list(sizes.accepted(axis, given, 1, 129).sizes) == wanted


def test_declared_facts_hold_or_not() -> None:
    text = "symbols: {H: {min: 64, multiple_of: 4}}" + UPSAMPLED
    assert model(text).diagnostics == ()
    (height, _) = model(text, free=("declared",)).sizes.axes
    assert height.declared == ("H % 4 == 0 and H >= 64", None)
    odd = model("symbols: {H: {min: 63, multiple_of: 3}}" + UPSAMPLED)
    (found,) = odd.diagnostics
    assert (found.code, found.severity, found.span.line if found.span else 0) == ("SHP224", "warning", 1)
    assert found.message.startswith(
        "`H` is declared as H % 3 == 0 and H >= 63, but 63 is not accepted: `sum` needs H % "
    )


def test_a_condition_put_together_once_is_the_condition():
    """Against its meaning in words, worked out for each size; and the slower way says the same."""
    height = Symbol("H").dim
    sides = [height, height // 2, 3 * height - 4, 5, 1]
    meanings = {
        "==": lambda left, right: left == right,
        ">=": lambda left, right: left >= right,
        "%": lambda left, right: right * (left // right) == left,
        "broadcast": lambda left, right: len({left, right} - {1}) < 2,
    }
    numbers = {side: (lambda size, side=side: eval(str(side), {"H": size})) for side in map(str, sides)}
    for relation, meaning in meanings.items():
        for left in sides:
            for right in sides:
                need = Need(relation, left, right, "")
                told = put_together(need, "H")
                if told is None:
                    assert not any(isinstance(side, Expr) for side in (left, right))
                    continue
                for size in range(4, 30):  # from where on no side is below 1
                    wanted = meaning(numbers[str(left)](size), numbers[str(right)](size))
                    assert told(size) == wanted == holds(need, {"H": size}), (relation, left, right, size)
    assert put_together(Need("==", height, Symbol("W").dim, ""), "H") is None


@pytest.mark.parametrize(
    ("input", "layer", "condition"),
    [
        ("[T, 4]", "keras.src.ops.numpy.GetItem: {key: ':, 11'}", "T >= 12"),
        ("[T]", "keras.src.ops.math.TopK: {k: 7}", "T >= 7"),
    ],
)
def test_what_is_picked_by_its_number_must_be_there(input: str, layer: str, condition: str) -> None:
    found = cnnsum.sizes(cnnsum.loads(f"input: {input}\nlayers:\n  - {layer}\n"))
    assert [axis.record.condition for axis in found.axes] == [condition]


@pytest.mark.parametrize(
    ("shape", "target", "conditions_of"),
    [
        ("[H, W, 8]", "[H//4, 4, W//4, 4, 8]", {"H": "H % 4 == 0 and H >= 4", "W": "W % 4 == 0 and W >= 4"}),
        ("[D, H, W]", "[D//2, 2, H//3, 3, W, 1]", {"D": "D % 2 == 0 and D >= 2", "H": "H % 3 == 0 and H >= 3"}),
        ("[S, S, 8]", "[S//4, 4, S//4, 4, 8]", {"S": "S % 4 == 0 and S >= 4"}),
        ("[H, W]", "[H//2, 2, W//6, 3, 2]", {"H": "H % 2 == 0 and H >= 2", "W": "W % 6 == 0 and W >= 6"}),
    ],
)
def test_windows_are_solved_axis_by_axis(shape: str, target: str, conditions_of: dict[str, str]) -> None:
    text = f"input: {shape}\nlayers: [Reshape: [{target}]]\n"
    found = model(text)
    assert {name: text for name, text in conditions(found.sizes).items() if "%" in text} == conditions_of
    assert all(axis.exact and not axis.relations for axis in found.sizes.axes)
    names = [name for name in shape.strip("[]").split(", ") if name.isalpha()]
    for size in range(1, 14):
        for other in (3, 6, 12):
            at = {name: size if index == 0 else other for index, name in enumerate(names)}
            at = dict.fromkeys(names, size) if len(set(names)) == 1 else at
            assert (violated(found.sizes.requirements, at) is None) == (not model(text, settings=at).wrong), at


def test_an_equation_that_others_make_shorter_is_solved() -> None:
    # H % 4 == 0 comes from the first; so the second is W == 8, whatever H is.
    text = """
    input: [H, W, 3]
    layers:
      - Reshape: {target_shape: [H//4, 4, W, 3], from: input}
      - Reshape: {target_shape: [4*(H//4), 8, 3], from: input, name: other}
    """
    found = model(text)
    assert conditions(found.sizes) == {"H": "H % 4 == 0 and H >= 4", "W": "W == 8"}
    assert model(text, settings={"H": 8, "W": 8}).wrong is False
    # Without the first nothing makes it so.
    alone = model(text.replace("- Reshape: {target_shape: [H//4, 4, W, 3], from: input}", "- Activation: relu"))
    assert conditions(alone.sizes)["W"] == "H*W == 32*(H//4)"


def test_what_is_not_solved_is_marked() -> None:
    text = "input: [H, W, 3]\nlayers: [Reshape: [[-1, 5]]]\n"
    report = cnnsum.sizes(model(text))
    assert [axis.related for axis in report.axes] == [("W",), ("H",)]
    assert [axis.record.exact for axis in report.axes] == [True, True]
    assert "a relation: solved with --set W=..." in as_text("sizes", report)
    height = cnnsum.sizes(model(text, settings={"W": 2})).axes[0]
    assert (height.record.condition, height.related) == ("H % 5 == 0 and H >= 5", ())
    divided = model("input: [S, 3]\nlayers: [Dense: {units: 64 // (S - 4)}]\n")
    (axis, *_) = cnnsum.sizes(divided).axes
    assert (axis.record.exact, axis.related) == (False, ())
    (said,) = divided.sizes.diagnostics
    assert "divides by a formula, and is not solved" in said.message


DECIDED = """
input: [32, 32, 3]
layer_types:
  Own: {input: [h, w, c], output: ["h - 8 if h > 16 else h - 4", w, c]}
layers: [Own]
"""


@pytest.mark.parametrize(
    ("text", "size", "expected", "why"),
    [
        (DECIDED, 3, "own", "Own: `h - 8 if h > 16 else h - 4` is -1, and a size is 1 or more"),
        (
            "vars: {size: 64}\ninput: [size, 8, 3]\nlayers: [Conv2D: [size/4, 3]]\n",
            33,
            "",
            "`filters` must be a positive",
        ),
    ],
)
def test_what_an_error_hides_of_open_sizes_is_not_known(text: str, size: int, expected: str, why: str) -> None:
    found = model(text)
    assert not found.wrong
    name = "size" if "size:" in text else "H"
    report = cnnsum.sizes(found, test={name: size}, range=(size, size + 3))
    axis = report.axes[0]
    assert report.faulty
    assert (axis.record.exact, axis.accepted, axis.below, axis.above) == (False, True, None, None)
    (tested,) = report.tested
    assert tested.refused_by is not None
    assert (tested.refused_by.layer, tested.refused_by.reason.startswith(why)) == (expected, True)
    assert axis.legal is not None
    assert size not in axis.legal
    assert axis.legal == tuple(
        n for n in range(size, size + 4) if not model(text, settings=None, inputs=(n, 8, 3)).wrong
    )
    shown = as_text("sizes", report)
    assert "accepts     not known: an error hides it" in shown
    assert "accepted; no other was tried" in shown
    assert ">= 1" not in shown.split("Tested")[0]
    assert '"status": "unknown"' in "".join(renderer("sizes", "json")(report))


def test_an_error_that_no_size_mends_leaves_what_is_known() -> None:
    text = UPSAMPLED.replace("[H, W, 3]", "[64, 64, 3]") + "  - Dense: {unit: 3}\n"
    axis = cnnsum.sizes(model(text)).axes[0]
    assert (axis.record.condition, axis.accepted, axis.below, axis.above) == ("H == 1 or H % 2 == 0", True, 62, 66)
