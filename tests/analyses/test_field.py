"""Receptive fields of small chains and graphs, worked by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cnnsum
from cnnsum.analyses.field.fields import Axis, misaligned_merges, receptive_fields
from cnnsum.answers.summary.rendering import OF_A_REPORT, render
from cnnsum.dims import UNKNOWN, substitute
from tests.thorough import each

SPECS = Path(__file__).resolve().parent.parent.parent / "specs"


def fields(layers: list[Any], shape: Any = (64, 64, 3), **keys: Any) -> dict[str, tuple[Any, ...]]:
    """Size, stride and offset along the first spatial axis, by layer."""
    model = cnnsum.loads(json.dumps({"input": list(shape), "layers": layers, **keys}))
    assert [str(found) for found in model.diagnostics] == []
    report = cnnsum.summarize(model)
    assert all("".join(render(report, format)) for format in OF_A_REPORT)
    found = {}
    for row in report.rows:
        field = row.receptive_field
        found[row.name] = None if field is None else (field.size[0], field.stride[0], field.offset[0])
    return found  # type: ignore[return-value]  # no symbols here: all are numbers


def conv(size: int, name: str, **keys: Any) -> Any:
    return {"Conv2D": {"filters": 2, "kernel_size": size, "name": name, **keys}}


def test_a_look_up_in_all_elements_is_no_merge() -> None:
    layers: list[Any] = [
        {"AveragePooling2D": {"pool_size": 2, "name": "half"}},
        {"keras.src.ops.numpy.Reshape": {"from": ["input"], "newshape": [-1], "name": "row"}},
        {"keras.src.ops.numpy.TakeAlongAxis": {"from": ["half", "row"], "axis": None, "name": "taken"}},
    ]
    model = load(layers, (8, 8, 3))
    assert misaligned_merges(model.inference) == []
    assert [layer.name for layer in cnnsum.explain(model).layers] == ["input_layer", "half", "row", "taken"]


def test_chain() -> None:
    found = fields(
        [conv(3, "a"), {"MaxPooling2D": {"name": "p"}}, conv(3, "b"), {"ReLU": {"name": "r"}}, conv(5, "c", strides=2)]
    )
    assert found["a"] == (3, 1, 0)
    assert found["p"] == (4, 2, 0)
    # Three outputs of the pooling: 4 + 2 * 2.
    assert found["b"] == found["r"] == (8, 2, 0)
    assert found["c"] == (16, 4, 0)


def test_padding_moves_the_field() -> None:
    found = fields(
        [conv(3, "a", padding="same"), conv(3, "b", padding="same", strides=2), conv(5, "c", padding="same")]
    )
    assert found["a"] == (3, 1, -1)
    # Of an even size with stride 2, `same` pads at the end only.
    assert found["b"] == (5, 2, -1)
    assert found["c"] == (5 + 4 * 2, 2, -1 - 2 * 2)


def test_dilation() -> None:
    assert fields([conv(3, "a", dilation_rate=4)])["a"] == (9, 1, 0)


def test_padding_and_cropping_layers() -> None:
    found = fields(
        [{"ZeroPadding2D": {"padding": 3, "name": "z"}}, conv(7, "a"), {"Cropping2D": {"cropping": 2, "name": "k"}}]
    )
    assert found["z"] == (1, 1, -3)
    assert found["a"] == (7, 1, -3)
    assert found["k"] == (7, 1, -1)


def test_vgg16_to_its_last_convolution() -> None:
    layers: list[Any] = []
    for stage, count in enumerate((2, 2, 3, 3, 3)):
        layers += [conv(3, f"c{stage}.{n}", padding="same") for n in range(count)]
        layers.append({"MaxPooling2D": {"name": f"p{stage}"}})
    found = fields(layers)
    # The numbers that are known of VGG-16: 196 before and 212 after the last pooling.
    assert found["c4.2"][:2] == (196, 16)
    assert found["p4"][:2] == (212, 32)


def test_upsampling_makes_smaller_steps() -> None:
    found = fields([conv(3, "a", strides=2), {"UpSampling2D": {"size": 2, "name": "u"}}, conv(3, "b", padding="same")])
    assert found["a"] == (3, 2, 0)
    # Outputs 0 and 1 of `u` are both output 0 of `a`, which sees 0 to 2.
    assert found["u"] == (3, 1, 0)
    # Output 0 of `b` sees outputs -1 and 0 of `a`, output 1 sees 0 and 1: each time one and a half.
    assert found["b"] == (5, 1, -2)


def test_transposed_convolution() -> None:
    found = fields(
        [{"Conv2DTranspose": {"filters": 2, "kernel_size": 4, "strides": 2, "padding": "same", "name": "t"}}]
    )
    # An even output sees the position at its own place and the one before, an odd one that and the one behind.
    assert found["t"] == (2, 0.5, -1)


def test_union_of_paths() -> None:
    layers = [
        conv(3, "a", padding="same"),
        conv(7, "b", padding="same", **{"from": "input"}),
        {"Add": {"from": ["a", "b"], "name": "sum"}},
        {"Add": {"from": ["sum", "a"], "name": "again"}},
    ]
    assert fields(layers)["sum"] == fields(layers)["again"] == (7, 1, -3)


def axes(layers: list[Any], shape: Any = (64, 3), name: str = "") -> Axis:
    """The first spatial axis of what a layer sees, or the last layer."""
    inference = load(layers, shape).inference
    (*_, last) = [call for call in inference.calls if not name or call.layer.name == name]
    field = receptive_fields(inference)[last.outputs[0]]
    assert field is not None
    return field[0]


def load(layers: list[Any], shape: Any = (64, 3)) -> cnnsum.Model:
    model = cnnsum.loads(json.dumps({"input": list(shape), "layers": layers}))
    assert [str(found) for found in model.diagnostics] == []
    return model


def conv1(size: int, **keys: Any) -> Any:
    return {"Conv1D": {"filters": 3, "kernel_size": size, **keys}}


def apart(layers: list[Any], shape: Any = (64, 3)) -> list[tuple[str, tuple[Any, ...]]]:
    """The merges that are not aligned: each by its name, with how far its inputs are apart."""
    return [(found.call.layer.name, found.shifts) for found in misaligned_merges(load(layers, shape).inference)]


def test_union_of_different_steps() -> None:
    layers = [
        {"UpSampling2D": {"size": 2, "name": "up"}},
        {"UpSampling2D": {"size": 3, "name": "more", "from": "input"}},
        {"Cropping2D": {"cropping": [[0, 64], [0, 64]], "name": "cut", "from": "more"}},
        {"Add": {"from": ["up", "cut"], "name": "sum"}},
        conv(3, "on"),
        {"Add": {"from": ["on", "on"], "name": "twice"}},
    ]
    # Output 0 of each sees position 0; the last one of `up` sees 63, and that of `cut` 42.
    found = fields(layers)
    assert found["sum"] == found["on"] == found["twice"] == (UNKNOWN, UNKNOWN, UNKNOWN)
    (merge,) = misaligned_merges(load(layers, (64, 64, 3)).inference)
    assert merge.call.layer.name == "sum"
    assert [arm.strides for arm in merge.arms] == [(0.5, 0.5), (1 / 3, 1 / 3)]
    assert merge.shifts == (UNKNOWN, UNKNOWN)
    (*_, row) = cnnsum.summarize(load(layers, (64, 64, 3))).rows
    assert row.receptive_field == ((UNKNOWN, UNKNOWN),) * 3 + (False, False)


def shortcut(length: Any, *order: str) -> tuple[list[Any], tuple[Any, int]]:
    """A block as in ResNet, padded as in TensorFlow: of an even length nothing is padded before the kernel of 3."""
    order = order or ("a", "b")
    branches = [
        conv1(1, strides=2, name="a"),
        conv1(3, strides=2, padding="same", name="b", **{"from": "input"}),
    ]
    return [*branches, {"Add": {"from": [*order], "name": "sum"}}, conv1(3, name="on")], (length, 3)


def test_paths_that_do_not_line_up() -> None:
    # `a` sees 2i, `b` sees 2i, 2i + 1 and 2i + 2.
    (found,) = misaligned_merges(load(*shortcut(64)).inference)
    assert (found.call.layer.name, found.shifts) == ("sum", (1,))
    assert [(arm.strides, arm.centres) for arm in found.arms] == [((2,), (0,)), ((2,), (1,))]
    on = axes(*shortcut(64))
    assert (on.aligned, on.size, on.offset, on.exact) == (False, 7, 0, True)


def test_explained_at_the_merge() -> None:
    (told,) = [layer for layer in cnnsum.explain(load(*shortcut(64))).layers if layer.name == "sum"]
    (step,) = [step for step in told.steps if step.measure.startswith("receptive field")]
    assert (step.measure, step.value) == ("receptive field length", 3)
    assert "do not line up: the centres of what they see are 1 apart" in step.why
    for length in (63, "H"):
        (told,) = [layer for layer in cnnsum.explain(load(*shortcut(length))).layers if layer.name == "sum"]
        assert not any(step.measure.startswith("receptive field") for step in told.steps)


def test_paths_that_line_up_for_odd_lengths() -> None:
    assert apart(*shortcut(63)) == []
    on = axes(*shortcut(63))
    assert (on.aligned, on.size, on.offset, on.exact) == (True, 7, -1, True)
    # Of a length that is open, nothing is said for certain.
    assert apart(*shortcut("H")) == []


@each("order", [("a", "b"), ("b", "a")])
@each("length", [63, 64])
def test_paths_of_an_open_length(length: int, order: tuple[str, ...]) -> None:
    on = axes(*shortcut("H", *order))
    assert (on.aligned, on.exact) == (None, False)
    put = [one if isinstance(one, int) else substitute(one, {"H": length}) for one in (on.size, on.offset)]
    assert put == [7, {63: -1, 64: 0}[length]]


def test_a_path_may_have_parts_of_its_own() -> None:
    layers = [conv1(1, strides=3, name="a"), {"UpSampling1D": {"size": 2}}, conv1(1, strides=2, name="b")]
    for arms in (["a", "b"], ["b", "a"]):
        found = axes([*layers, {"Add": {"from": arms}}])
        assert (found.size, found.jump, found.offset, found.aligned) == (1, 3, 0, True)


def test_strides_that_a_symbol_decides() -> None:
    layers = [
        {"AdaptiveAveragePooling1D": {"output_size": 4, "name": "a"}},
        {"AveragePooling1D": {"pool_size": 3, "name": "b", "from": "input"}},
        {"Add": {"from": ["a", "b"]}},
    ]
    # `a` has the stride H: that of `b` for H = 3 alone, where both are 4 long and the sum can be made.
    assert apart(layers, ("4*H", 3)) == []
    found = axes(layers, ("4*H", 3))
    assert (found.size, found.jump, found.aligned, found.exact) == (UNKNOWN, UNKNOWN, None, False)


def test_once_apart_is_apart() -> None:
    layers, shape = shortcut(64)
    for arms in (["sum", "b"], ["b", "sum"]):
        # Both are centred at 2i + 1.
        again = [*layers[:3], {"Concatenate": {"from": arms, "name": "again"}}]
        assert apart(again, shape) == [("sum", (1,))]
        assert axes(again, shape).aligned is False


def test_the_outermost_of_several_paths() -> None:
    cut = [{"Cropping1D": {"cropping": [n, 6 - n], "name": f"c{n}", "from": "input"}} for n in (3, 0, 5)]
    merge = {"Concatenate": {"from": ["c3", "c0", "c5"], "name": "all"}}
    assert apart([*cut, merge]) == [("all", (5,))]
    assert axes([*cut, merge]).exact is False  # 0, 3 and 5, and nothing between them


def test_half_a_sample_counts() -> None:
    layers = [conv1(2, padding="same", name="even"), {"Add": {"from": ["input", "even"], "name": "sum"}}]
    assert apart(layers) == [("sum", (0.5,))]


def test_down_and_up_again_lines_up() -> None:
    for up in (
        {"UpSampling1D": {"size": 2, "name": "up"}},
        {"Conv1DTranspose": {"filters": 3, "kernel_size": 2, "strides": 2, "name": "up"}},
        {"Conv1DTranspose": {"filters": 3, "kernel_size": 4, "strides": 2, "padding": "same", "name": "up"}},
    ):
        down = [conv1(3, padding="same", name="x"), {"MaxPooling1D": {"pool_size": 2}}]
        assert apart([*down, up, {"Concatenate": {"from": ["x", "up"]}}]) == []


def test_two_inputs_have_no_places_in_common() -> None:
    model = cnnsum.loads(
        "inputs: {left: [64, 3], right: [64, 3]}\n"
        "layers:\n"
        "  - Cropping1D: {cropping: [4, 0], from: left, name: a}\n"
        "  - Cropping1D: {cropping: [0, 4], from: right, name: b}\n"
        "  - Add: {from: [a, b]}\n"
    )
    assert model.diagnostics == ()
    assert misaligned_merges(model.inference) == []


@each(
    ("layers", "size", "seen"),
    [
        ([conv1(3, dilation_rate=2)], 5, 3),
        ([conv1(3, dilation_rate=2), conv1(2)], 6, 6),
        ([conv1(1, strides=3), conv1(2)], 4, 2),
        ([conv1(3, padding="same", dilation_rate=d) for d in (1, 2, 5)], 17, 17),
        # F. Yu, V. Koltun, T. Funkhouser, "Dilated Residual Networks", 2017: a grid where the rates have a factor.
        ([conv1(3, padding="same", dilation_rate=d) for d in (2, 2, 2)], 13, 7),
    ],
)
def test_gaps(layers: list[Any], size: int, seen: int) -> None:
    found = axes(layers)
    assert found.seen is not None
    assert (found.size, found.seen.most, found.exact) == (size, seen, size == seen)


def test_outputs_that_see_nothing() -> None:
    spread = {"Conv1DTranspose": {"filters": 3, "kernel_size": 1, "strides": 4}}
    # The kernel falls on every fourth output; these are the ones behind it.
    found = axes([spread, {"Cropping1D": {"cropping": [1, 0]}}, conv1(1, strides=4)])
    assert (found.size, found.jump, found.exact, found.centre) == (0, 1, True, 0.25)


def test_what_is_too_large_to_be_followed_is_a_bound() -> None:
    found = axes([{"UpSampling1D": {"size": 600}}, conv1(3)])
    # All outputs but every 600th see one position, or two.
    assert (found.size, found.exact) == (2, False)
    assert found.jump == 1 / 600
    assert (axes([conv1(3, dilation_rate=600000)], (2000000, 3)).size) == 1200001


def test_what_is_stretched_sees_everything() -> None:
    layers = [
        conv(3, "x", padding="same"),
        {"AveragePooling2D": {"pool_size": 64, "name": "mean"}},
        {"Multiply": {"from": ["x", "mean"], "name": "gate"}},
        conv(1, "one", **{"from": "x"}),
        {"Add": {"from": ["one", "x"], "name": "channels"}},
        {"Concatenate": {"from": ["x", "one"], "axis": 1, "name": "below"}},
    ]
    layers[3]["Conv2D"]["filters"] = 1
    found = fields(layers[:5], outputs=["gate", "channels"])
    assert found["mean"] == (66, 64, -1)
    assert found["gate"] == (None, None, None)
    assert found["channels"] == (3, 1, -1)
    layers[3]["Conv2D"]["filters"] = 2
    assert fields(layers, outputs=["gate", "channels", "below"])["below"] == (UNKNOWN, UNKNOWN, UNKNOWN)
    layers = [
        {"AveragePooling2D": {"pool_size": [1, 16], "name": "x"}},
        {"AdaptiveAveragePooling2D": {"output_size": [1, 4], "name": "mean", "from": "input"}},
        {"Multiply": {"from": ["x", "mean"], "name": "gate"}},
    ]
    assert fields(layers, ("H", 64, 3))["gate"] == (None, None, None)
    symbolic = fields(
        [conv(3, "x", padding="same"), conv(1, "y"), {"Add": {"from": ["x", "y"], "name": "sum"}}], ("H", "W", 3)
    )
    assert symbolic["sum"] == (3, 1, -1)


def test_channels_may_come_first() -> None:
    first = {"data_format": "channels_first"}
    layers = [
        conv(3, "x", padding="same", **first),
        {"Conv2D": {"filters": 1, "kernel_size": 5, "padding": "same", "name": "one", "from": "x", **first}},
        {"Multiply": {"from": ["one", "x"], "name": "gate"}},
        {"Concatenate": {"from": ["x", "one"], "axis": 1, "name": "deeper"}},
        {"Concatenate": {"from": ["x", "x"], "axis": 3, "name": "wider"}},
    ]
    found = fields(layers, (3, 64, 64), outputs=["gate", "deeper", "wider"])
    assert found["gate"] == found["deeper"] == (7, 1, -3)
    assert found["wider"] == (UNKNOWN, UNKNOWN, UNKNOWN)


@each(
    ("name", "size", "stride", "padding"),
    # By the authors of "Computing Receptive Fields of Convolutional Neural Networks": github.com/google-research/
    # receptive_field. The padding is that of their own versions, which AlexNet and ResNet do not share.
    [
        ("alexnet", 195, 32, None),
        ("vgg16", 212, 32, 90),
        ("mobilenet_v1", 315, 32, 126),
        ("inception_v3", 1311, 32, 618),
        ("resnet50", 483, 32, None),
        ("resnet101", 1027, 32, None),
        ("resnet152", 1507, 32, None),
    ],
)
def test_published_networks(name: str, size: int, stride: int, padding: int | None) -> None:
    inference = cnnsum.load(str(SPECS / f"{name}.yaml")).inference
    found = [field for field in receptive_fields(inference) if field]
    for at in (0, 1):
        widest = max([field[at] for field in found], key=lambda axis: int(axis.size))  # type: ignore[call-overload]
        assert (widest.size, widest.jump, widest.aligned, widest.exact) == (size, stride, True, True)
        assert padding in (None, -int(widest.offset))  # type: ignore[call-overload]
    assert misaligned_merges(inference) == []


def test_layers_that_see_everything() -> None:
    found = fields(
        [
            conv(3, "a"),
            {"GlobalAveragePooling2D": {"keepdims": True, "name": "g"}},
            {"Multiply": {"from": ["a", "g"], "name": "m"}},
        ]
    )
    assert found["g"] == found["m"] == (None, None, None)
    assert fields([conv(3, "a"), {"Flatten": {"name": "f"}}])["f"] == (None, None, None)


def test_inputs_without_spatial_axes_have_none() -> None:
    assert fields([{"Dense": {"units": 3, "name": "d"}}], (8,))["d"] is None


@each("height", [9, 10, 31, 64])
def test_symbolic_sizes(height: int) -> None:
    layers = [
        conv(3, "a", padding="same", strides=2),
        conv(3, "b", padding="same", strides=3),
        {"Conv2DTranspose": {"filters": 2, "kernel_size": 3, "strides": 2, "name": "t"}},
        {"UpSampling2D": {"name": "u"}},
        conv(3, "c", padding="same"),
    ]
    symbolic, static = fields(layers, ("H", 64, 3)), fields(layers, (height, 64, 3))
    for name in "ab":
        put = tuple(one if isinstance(one, int) else substitute(one, {"H": height}) for one in symbolic[name])
        assert put == static[name]
    for name in "tuc":
        for one, other in zip(symbolic[name][::2], static[name][::2], strict=True):
            assert (one if isinstance(one, int) else substitute(one, {"H": height})) == other


MIXED = [
    ("turned", ["Permute: [[2, 1]]"], None),
    ("turned, and back", ["Permute: [[2, 1]]", "Permute: [[2, 1]]"], 3),
    ("element by element in between", ["Permute: [[2, 1]]", "ReLU: {}", "Permute: [[2, 1]]"], 3),
    ("a mixer", ["Permute: [[2, 1]]", "Dense: 12", "Permute: [[2, 1]]"], None),
    ("rows in between", ["Permute: [[2, 1]]", "LayerNormalization: {}", "Permute: [[2, 1]]"], None),
    ("along the steps", ["LayerNormalization: {axis: 1}"], None),
    ("along the channels", ["LayerNormalization: {}"], 3),
    ("channels split", ["Reshape: [[12, 3, 4]]"], 3),
    ("and joined", ["Reshape: [[12, 3, 4]]", "Reshape: [[12, 12]]"], 3),
    ("other steps", ["Reshape: [[6, 24]]"], UNKNOWN),
    ("a row", ["Flatten: {}"], None),
    ("in one order", ["Permute: [[1, 2]]"], 3),
]


@each(("name", "lines", "size"), MIXED)
@each("steps", ["12", "20"])
def test_axes_that_change_places(name: str, lines: list[str], size: Any, steps: str) -> None:
    if "Reshape" in lines[0] and steps != "12":
        return
    spec = [f"input: [{steps}, 12]", "layers:", "- Conv1D: {filters: 12, kernel_size: 3, padding: same}"]
    model = cnnsum.loads("\n".join([*spec, *(f"- {line}" for line in lines)]))
    row = cnnsum.summarize(model).rows[-1]
    assert row.receptive_field is not None
    found = row.receptive_field.size[0]
    assert found is size or found == size
    if size is UNKNOWN:
        assert row.receptive_field.exact is None


@each(
    ("spec", "sizes"),
    [
        (
            "framework: torch\ninput: [2, 24, 30]\nlayers:\n- Conv2d: [2, 2, [3, 5]]\n- permute: [[0, 1, 3, 2]]\n",
            (5, 3),
        ),
        ("input: [24, 30, 2]\nlayers:\n- Conv2D: [2, [3, 5]]\n- Permute: [[2, 1, 3]]\n", (5, 3)),
        # Channels are exchanged with an axis of space: what a place consists of is another axis then.
        ("input: [24, 30, 2]\nlayers:\n- Conv2D: [2, [3, 5]]\n- Permute: [[1, 3, 2]]\n", (UNKNOWN, UNKNOWN)),
    ],
)
def test_axes_of_space_change_places(spec: str, sizes: Any) -> None:
    field = cnnsum.summarize(cnnsum.loads(spec)).rows[-1].receptive_field
    assert field is not None
    assert field.size == sizes


def test_axes_of_one_name_change_places_too() -> None:
    spec = "{input: [T, 8], layers: [Conv1D: {filters: 12, kernel_size: 3, padding: same}, Permute: [[2, 1]]]}"
    assert [row.receptive_field.size for row in cnnsum.summarize(cnnsum.loads(spec)).rows[-2:]] == [(3,), (None,)]


@each(("axes", "size"), [("[2, 1]", None), ("[2, 2]", None), ("[1, 1]", None)])
def test_a_product_of_two_sequences_sees_all_of_one(axes: str, size: Any) -> None:
    spec = f"""
    input: [12, 12]
    layers:
    - Conv1D: {{filters: 12, kernel_size: 3, padding: same, name: a}}
    - Conv1D: {{filters: 12, kernel_size: 3, padding: same, name: b, from: input}}
    - Dot: {{axes: {axes}, from: [a, b]}}
    """
    assert cnnsum.summarize(cnnsum.loads(spec)).rows[-1].receptive_field.size == (size,)


def test_strides_that_no_float_holds() -> None:
    """A third of 1e360 positions is a number that is not known exactly; nothing fails over it."""
    pool = {"MaxPooling2D": {"pool_size": 10**18, "padding": "same"}}
    report = cnnsum.summarize(load([*[pool] * 20, {"UpSampling2D": {"size": 3, "name": "up"}}], ("H", "W", 3)))
    assert all("".join(render(report, format)) for format in OF_A_REPORT)
    (row,) = [row for row in report.rows if row.name == "up"]
    assert row.receptive_field is not None
    assert row.receptive_field.stride[0] is UNKNOWN
