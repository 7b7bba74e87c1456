"""Every number that a rule tells is true: it is counted anew, position by position, or by building what is advised."""

import random
import re
from math import gcd, lcm

import pytest
from advising import advice_on, codes_of

from cnnsum.answers.summary.ask import summarize
from cnnsum.model import loads
from tests.thorough import each


def spec(shape, *items, top=""):
    return f"{top}input: {shape}\nlayers:\n" + "".join(f"  - {item}\n" for item in items)


def only(text, code):
    (found,) = advice_on(loads(text), code)
    return found


def numbers(text):
    return [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", re.sub("`[^`]*`", "", text))]


def totals(text):
    model = loads(text)
    assert [one for one in model.diagnostics if one.severity == "error"] == []
    return summarize(model, batch=1).totals


def last_shape(model):
    return model.inference.values[model.inference.outputs[0]].shape


# --- ARC415: one layer for two ----------------------------------------------------------------------------------------


def reached(kernels):
    """The positions that convolutions in a row see together along one axis: kernel, stride, dilation of each."""
    seen, jump = {0}, 1
    for size, stride, dilation in kernels:
        seen = {place + tap * dilation * jump for place in seen for tap in range(size)}
        jump *= stride
    return sorted(seen)


@each("seed", range(40))
def test_one_layer_has_the_weights_that_are_told(seed):
    draw = random.Random(seed)
    depth, first, second = (draw.choice([1, 3, 8, 16, 40]) for _ in range(3))
    kernels = []
    for _ in range(2):
        size = draw.choice([1, 2, 3, 5])
        stride = draw.choice([1, 1, 2])
        kernels.append((size, stride, draw.choice([1, 2, 3]) if stride == 1 else 1))
    items = [
        f"Conv2D: {{filters: {width}, kernel_size: {size}, strides: {stride}, dilation_rate: {dilation}}}"
        for width, (size, stride, dilation) in zip((first, second), kernels, strict=True)
    ]
    two = spec([40, 40, depth], *items)
    seen = reached(kernels)
    step = gcd(*seen) or 1  # a kernel has its positions at even distances
    size = (seen[-1] - seen[0]) // step + 1
    stride = kernels[0][1] * kernels[1][1]
    # Keras has no kernel that is both strided and dilated: only the weights and the size of the map are compared.
    one = spec([40, 40, depth], f"Conv2D: {{filters: {second}, kernel_size: {size}}}")
    own, merged = totals(two).params.total, totals(one).params.total
    found = advice_on(loads(two), "ARC415")
    assert bool(found) == (merged <= own)
    if found:
        assert numbers(found[0].message)[-2:] == [own, merged]
        if step == 1:
            built = loads(spec([40, 40, depth], f"Conv2D: [{second}, {size}, {stride}]"))
            assert last_shape(built) == last_shape(loads(two))


def test_a_matrix_for_a_convolution_and_a_dense():
    two = spec([10, 10, 3], "Conv2D: [32, 3]", "Flatten", "Dense: 5")
    found = only(two, "ARC415")
    assert numbers(found.message) == [
        totals(two).params.total,
        totals(spec([10, 10, 3], "Flatten", "Dense: 5")).params.total,
    ]


@each(
    "items",
    [
        # A 1x1 convolution that takes channels away, as residual dense networks fuse their features.
        ("Conv2D: {filters: 64, kernel_size: 1}", "Conv2D: {filters: 64, kernel_size: 3, padding: same}"),
        ("Conv2D: {filters: 128, kernel_size: 3}", "Conv2D: {filters: 128, kernel_size: 3}"),
        ("Conv2D: {filters: 128, kernel_size: [7, 1]}", "Conv2D: {filters: 128, kernel_size: [1, 7]}"),
        ("Dense: 8", "Dense: 128"),
        # Weights that are used again elsewhere stay.
        ("Dense: {units: 128, name: d}", "Dense: 128", "Dense: {share: d}"),
    ],
)
def test_two_layers_with_fewer_weights_than_one_are_left_alone(items):
    assert codes_of(spec([32, 32, 128], *items), "ARC415") == []


# --- ARC453: the tensor that makes the peak ---------------------------------------------------------------------------

WIDE = "Conv2D: {{filters: {}, kernel_size: 3, padding: same, activation: relu, name: wide}}"


@pytest.mark.parametrize(
    "after",
    [
        ["Conv2D: {filters: 4, kernel_size: 3, padding: same}"],
        # Alive to the end, as a long skip connection is: what else there is meanwhile counts.
        [
            "Conv2D: {filters: 2, kernel_size: 3, padding: same, name: a}",
            "Conv2D: {filters: 3, kernel_size: 3, padding: same, name: b}",
            "Conv2D: {filters: 2, kernel_size: 1, padding: same, from: wide, name: skip}",
            "Concatenate: {from: [skip, b, a]}",
        ],
    ],
)
def test_the_peak_without_the_tensor_is_what_a_thin_one_leaves(after):
    channels = 64
    text = spec([256, 256, 2], WIDE.format(channels), *after)
    found = only(text, "ARC453")
    with_it, without = map(float, re.findall(r"([\d.]+) MiB", found.message))
    assert with_it == round(totals(text).peak.bytes / 2**20, 1)
    thin = totals(spec([256, 256, 2], WIDE.format(1), *after)).peak.bytes / 2**20
    assert without <= thin + 0.05
    assert thin <= without + 256 * 256 * 4 / 2**20 + 0.05


OUTPUTS = """\
inputs: {x: [512, 512, 3]}
layers:
  - Conv2D: {filters: 32, kernel_size: 3, padding: same, activation: relu, name: a}
  - Conv2D: {filters: 4, kernel_size: 3, padding: same, activation: relu, name: b}
  - MaxPooling2D: {pool_size: 2, name: c}
outputs: [a, b, c]
"""


def test_an_output_is_no_tensor_that_could_be_smaller():
    assert codes_of(OUTPUTS, "ARC453") == []
    assert codes_of(OUTPUTS.replace("[a, b, c]", "[b, c]"), "ARC453") == ["ARC453"]


def test_what_is_alive_beside_a_tensor_counts():
    # Two large tensors at once: without the one there is still the other.
    text = spec(
        [256, 256, 2],
        WIDE.format(40),
        "Conv2D: {filters: 40, kernel_size: 3, padding: same, activation: relu, from: input, name: other}",
        "Add: {from: [wide, other]}",
        "GlobalAveragePooling2D",
    )
    assert codes_of(text, "ARC453") == []


# --- what kernels see -------------------------------------------------------------------------------------------------


def windows(length, size, stride, dilation, padding):
    """The positions that each output reads, by tap; those outside are padding."""
    span = dilation * (size - 1) + 1
    if padding == "valid":
        before, count = 0, (length - span) // stride + 1
    else:
        count = -(-length // stride)
        before = max((count - 1) * stride + span - length, 0) // 2
    return [[out * stride - before + dilation * tap for tap in range(size)] for out in range(count)]


@each("seed", range(60))
def test_weights_that_see_only_padding(seed):
    draw = random.Random(seed)
    lengths = [draw.randint(1, 9) for _ in range(2)]
    sizes = [draw.randint(1, 12) for _ in range(2)]
    dilations = [draw.choice([1, 1, 2]) for _ in range(2)]
    text = spec(
        [*lengths, 4], f"Conv2D: {{filters: 4, kernel_size: {sizes}, dilation_rate: {dilations}, padding: same}}"
    )
    used = []
    for length, size, dilation in zip(lengths, sizes, dilations, strict=True):
        places = windows(length, size, 1, dilation, "same")
        used.append(sum(any(0 <= row[tap] < length for row in places) for tap in range(size)))
    unseen = sizes[0] * sizes[1] - used[0] * used[1]
    found = advice_on(loads(text), "ARC433")
    assert bool(found) == bool(unseen)
    if found:
        axes = [axis for axis in (0, 1) if used[axis] < sizes[axis]]
        told = numbers(found[0].message)
        assert told[:2] == [unseen, sizes[0] * sizes[1]]
        assert told[2:] == [number for axis in axes for number in (lengths[axis], axis + 1)]


@each("seed", range(80))
def test_holes_of_dilated_kernels(seed):
    draw = random.Random(seed)
    kernels = [(draw.choice([2, 3, 5]), draw.choice([1, 2, 2, 3, 4])) for _ in range(draw.randint(2, 4))]
    stem = draw.choice([None, (3, 1), (5, 1), (3, 2)])  # kernel, stride
    items = [] if stem is None else [f"Conv1D: {{filters: 4, kernel_size: {stem[0]}, strides: {stem[1]}}}", "ReLU"]
    items += [f"Conv1D: {{filters: 4, kernel_size: {size}, dilation_rate: {rate}}}" for size, rate in kernels]
    seen, jump = {0}, 1
    for size, stride, dilation in [*([] if stem is None else [(*stem, 1)]), *[(s, 1, rate) for s, rate in kernels]]:
        seen = {place + tap * dilation * jump for place in seen for tap in range(size)}
        jump *= stride
    span = max(seen) + 1
    found = advice_on(loads(spec([400, 4], *items)), "ARC432")
    dilated = sum(rate > 1 for _, rate in kernels)
    if found:
        assert numbers(found[0].message)[-3:] == [1, len(seen), span]
    if len(seen) == span:
        assert found == []
    elif dilated > 1 and (stem is None or stem[1] == 1):
        assert len(found) == 1


TCN = """\
input: [4000, 32]
layers:
  - Conv1D: {filters: 32, kernel_size: 11, padding: same, activation: relu, name: d1}
  - Conv1D: {filters: 32, kernel_size: 11, padding: same, activation: relu, name: d2}
  - Add: {from: [d1, d2], name: skip}
  - Conv1D: {filters: 32, kernel_size: 11, dilation_rate: 4, padding: same, activation: relu, name: a}
  - Conv1D: {filters: 32, kernel_size: 11, dilation_rate: 4, padding: same, activation: relu, name: b}
  - Add: {from: [skip, b]}
"""


def test_kernels_before_a_merge_fill_holes_too():
    assert codes_of(TCN, "ARC432") == []
    assert codes_of(TCN.replace("kernel_size: 11, padding", "kernel_size: 1, padding"), "ARC432") == ["ARC432"]


@each("seed", range(60))
def test_samples_that_no_layer_reads(seed):
    draw = random.Random(seed)
    readers = [
        (draw.randint(1, 3), draw.choice([2, 3, 4]), draw.choice(["valid", "same"])) for _ in range(draw.randint(1, 2))
    ]
    items = ["ReLU: {name: x}"] + [
        f"Conv2D: {{filters: 4, kernel_size: [1, {size}], strides: [1, {stride}], padding: {padding}, from: x, "
        f"name: c{number}}}"
        for number, (size, stride, padding) in enumerate(readers)
    ]
    text = spec([4, 240, 4], *items, top=f"outputs: [{', '.join(f'c{at}' for at in range(len(readers)))}]\n")
    read = {place for reader in readers for row in windows(240, reader[0], reader[1], 1, reader[2]) for place in row}
    period = 1
    for _, stride, _ in readers:
        period = lcm(period, stride)
    middle = range(60, 60 + period)
    missed = sum(place not in read for place in middle)
    found = advice_on(loads(text), "ARC421")
    assert bool(found) == bool(missed)
    if found:
        assert numbers(found[0].message)[:3] == [period, 2, missed]


@each("seed", range(60))
def test_borders_and_shifts(seed):
    draw = random.Random(seed)
    length, size, stride = draw.randint(8, 40), draw.randint(1, 7), draw.randint(1, 4)
    padding = draw.choice(["valid", "same"])
    text = spec(
        [5, length, 4],
        f"Conv2D: {{filters: 4, kernel_size: [1, {size}], strides: [1, {stride}], padding: {padding}}}",
    )
    places = windows(length, size, stride, 1, padding)
    lost = length - 1 - places[-1][-1]
    before, after = -places[0][0], places[-1][-1] - (length - 1)
    found = advice_on(loads(text), "ARC422")
    assert bool(found) == (padding == "valid" and stride > 1 and lost > 0)
    if found:
        assert numbers(found[0].message) == [lost, length, 2]
    found = advice_on(loads(text), "ARC423")
    assert bool(found) == (padding == "same" and before + after > 0 and before != after)
    if found:
        assert numbers(found[0].message) == [2, before, after]


@each("kind", ["Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"])
@each(("size", "stride"), [(3, 2), (5, 3), (2, 3), (1, 2), (7, 4)])
def test_the_advised_kernel_overlaps_evenly(kind, size, stride):
    rank = int(kind[4])
    text = spec([4] * rank + [2], f"{kind}: {{filters: 2, kernel_size: {size}, strides: {stride}}}")
    found = only(text, "ARC431")
    counts = [sum((out - tap) % stride == 0 for tap in range(size)) for out in range(stride * 8, stride * 9)]
    assert len(set(counts)) > 1
    if 0 in counts:
        assert f"leave {counts.count(0)} of {stride} output positions" in found.message
    (advised,) = re.findall(r"a kernel of (\d+)", found.help)
    even = [sum((out - tap) % stride == 0 for tap in range(int(advised))) for out in range(stride * 8, stride * 9)]
    assert len(set(even)) == 1
    assert f"`UpSampling{rank}D`" in found.help
    assert codes_of(text.replace(f"kernel_size: {size}", f"kernel_size: {advised}"), "ARC431") == []


# --- weights ----------------------------------------------------------------------------------------------------------


def test_shares_of_all_parameters():
    text = spec([32, 32, 3], "Conv2D: [8, 3]", "Flatten", "Dense: {units: 200, name: big}", "Dense: 10")
    found = only(text, "ARC451")
    report = summarize(loads(text))
    (own,) = [row.params.total for row in report.rows if row.name == "big"]
    assert numbers(found.message) == [round(100 * own / report.totals.params.total), own]


@pytest.mark.parametrize("top", ["", "data_format: channels_first\n"])
def test_what_a_global_pooling_leaves(top):
    shape = "[3, 40, 40]" if top else "[40, 40, 3]"
    flat = spec(shape, "Conv2D: [8, 3]", "Flatten", "Dense: {units: 100, name: big}", top=top)
    pooled = flat.replace("Flatten", "GlobalAveragePooling2D")
    (left,) = [row.params.total for row in summarize(loads(pooled)).rows if row.name == "big"]
    assert f"which leaves {left:,} of them" in only(flat, "ARC451").help


def test_what_narrower_heads_cost():
    text = spec([50, 64], "Dense: {units: 64, name: x}", "MultiHeadAttention: {HEADS, name: m, from: [x, x]}")
    wide, narrow = (text.replace("HEADS", f"num_heads: 8, key_dim: {width}") for width in (64, 8))
    counts = [row.params.total for one in (narrow, wide) for row in summarize(loads(one)).rows if row.name == "m"]
    assert "`key_dim: 8` ({:,} weights in place of {:,})".format(*counts) in only(wide, "ARC455").help
    assert 7 < counts[1] / counts[0] < 8


def test_a_field_with_holes_is_an_upper_bound():
    dilated = "Conv2D: {filters: 4, kernel_size: 3, dilation_rate: 4}"
    text = spec([64, 64, 3], dilated, "GlobalAveragePooling2D", "Dense: 2")
    assert "a place sees at most 9 x 9 of 64 x 64 positions" in only(text, "ARC461").message


def test_channels_first_map_of_one_place_is_no_flattened_map():
    first = "data_format: channels_first\n"
    text = spec([64, 4, 4], "MaxPooling2D: 4", "Flatten", "Dense: 20000", top=first)
    assert codes_of(text, "ARC451") == []
    assert codes_of(text, "ARC452") == ["ARC452"]
    assert codes_of(spec([64, 4, 4], "ReLU", "MaxPooling2D: 2", "Flatten", "Dense: 20000", top=first), "ARC451")


def test_field_against_the_input_of_channels_first():
    # Behind a layer without a layout, too, sizes are those of space.
    text = spec(
        [3, 40, 20],
        "Rescaling: 0.5",
        "Conv2D: {filters: 4, kernel_size: [5, 3]}",
        "GlobalAveragePooling2D",
        "Dense: 2",
        top="data_format: channels_first\n",
    )
    assert only(text, "ARC461").message.endswith("sees 5 x 3 of 40 x 20 positions")


# --- what takes the place of layers -----------------------------------------------------------------------------------


@each(("pad", "crop"), [((2, 2), (1, 1)), ((1, 1), (1, 1)), ((1, 1), (3, 3)), ((3, 1), (1, 1)), ((2, 1), (1, 3))])
def test_the_difference_of_padding_and_cropping(pad, crop):
    text = spec([9, 4], f"ZeroPadding1D: {{padding: [{pad[0]}, {pad[1]}]}}", f"Cropping1D: {{cropping: {list(crop)}}}")
    help = only(text, "ARC441").help
    left = [p - c for p, c in zip(pad, crop, strict=True)]
    amounts = [int(number) for number in re.findall(r"-?\d+", help)]
    if not any(left):
        assert help == "leave both out: they do nothing"
    elif min(left) < 0 < max(left):
        assert amounts == left
    else:
        assert ("one padding" in help) == (max(left) > 0)
        assert amounts == ([abs(left[0])] if abs(left[0]) == abs(left[1]) else [abs(one) for one in left])


def test_cropping_before_padding_is_not_their_difference():
    help = only(spec([9, 4], "Cropping1D: 1", "ZeroPadding1D: 1"), "ARC441").help
    assert "difference" not in help


def test_rates_are_told_in_full():
    assert only(spec([8], "Dense: 4", "Dropout: 0.8125", "Dense: 2"), "ARC472").help.startswith("`rate: 0.1875`")
    twice = only(spec([8], "Dense: 4", "Dropout: 0.25", "Dropout: 0.25", "Dense: 2"), "ARC474")
    assert twice.help == "one dropout; of 0.4375, if both were meant"


def test_a_first_dropout_that_something_else_reads_is_none_of_two():
    text = spec([8], "Dropout: {rate: 0.5, name: d}", "Dropout: {rate: 0.5, name: e}", "Add: {from: [d, e]}")
    assert codes_of(text, "ARC474") == []


def test_one_place_that_keeps_its_axes_is_no_flatten():
    assert "Flatten" in only(spec([1, 1, 8], "GlobalAveragePooling2D"), "ARC445").help
    kept = only(spec([1, 1, 8], "GlobalAveragePooling2D: {keepdims: true}"), "ARC445")
    assert "Flatten" not in kept.help


@each(
    ("text", "code"),
    [
        (spec([4, 4, 8], "Conv2D: [8, 1]", "Flatten", "Reshape: {target_shape: [8, 16]}", "Dense: 2"), "ARC443"),
        (spec([10], "Dense: 10", "Flatten", "Dense: 2"), "ARC442"),
        (spec([4, 4, 8], "UpSampling2D: 1", "Conv2D: [8, 1]"), "ARC442"),
        (spec([4, 4, 8], "MaxPooling2D: {pool_size: 1}", "Conv2D: [8, 1]"), "ARC424"),
    ],
)
def test_a_layer_that_is_left_out_changes_no_shape_and_no_weight(text, code):
    found = only(text, code)
    line = found.span.line
    if code == "ARC443":
        line = found.related[0].span.line
    shorter = "".join(one for number, one in enumerate(text.splitlines(keepends=True), 1) if number != line)
    assert last_shape(loads(text)) == last_shape(loads(shorter))
    assert totals(text).params == totals(shorter).params


def test_other_bounds_of_a_relu_are_other_functions():
    text = spec([8], "Dense: {units: 4, activation: relu6}", "ReLU: {max_value: 20}", "Dense: 2")
    assert codes_of(text, "ARC411") == []
    assert codes_of(text.replace("20", "6"), "ARC411") == ["ARC411"]


def test_a_relu_that_something_else_reads_is_not_mended_away():
    text = spec(
        [8, 8, 4],
        "Conv2D: {filters: 4, kernel_size: 1, activation: relu, name: a}",
        "ReLU: {name: b}",
        "Concatenate: {from: [a, b]}",
    )
    assert only(text, "ARC411").mend is None
    alone = spec([8, 8, 4], "Conv2D: {filters: 4, kernel_size: 1, activation: relu}", "ReLU")
    assert only(alone, "ARC411").mend.safe
