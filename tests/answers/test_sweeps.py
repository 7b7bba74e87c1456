"""Sweeps in arrays: each variant is what it is alone, whichever variants are read together with it."""

from __future__ import annotations

import random
from importlib.util import find_spec
from itertools import product
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

import cnnsum
from cnnsum.answers.pareto import Front
from cnnsum.answers.sweep import in_arrays, pieces, readings
from cnnsum.answers.variants import reading
from cnnsum.answers.variants.reading import inferred
from tests.thorough import each, examples

#: Vars that make other numbers, other layers, and nothing at all; sizes that are not accepted; an error at some values.
SPEC = """
vars: {alpha: 1, depth: 2, groups: 1, act: relu, deep: false, rate: 0.5, k: 3}
input: [H, W, 3]
blocks:
  unit:
    args: {filters: 8}
    layers:
      - Conv2D: {filters: "divisible(alpha * filters, 4)", kernel_size: k, padding: same, groups: groups}
      - BatchNormalization
      - Activation: {activation: $act}
layers:
  - Conv2D: {filters: floor(alpha * 12), kernel_size: 3, strides: 2}
  - unit: {filters: floor(12 * alpha), repeat: depth}
  - Conv2D: {filters: 5 if alpha > 0.6 else 7, kernel_size: 3, when: deep}
  - Dropout: rate
  - Conv2D: {filters: "max(1, floor(alpha * 40) - 9)", kernel_size: 1}
  - MaxPooling2D: {pool_size: 2}
  - GlobalAveragePooling2D
  - Dense: floor(alpha * 10)
"""

VALUES = {
    "alpha": st.lists(st.sampled_from([0.05, 0.25, 0.29, 0.5, 0.58, 0.75, 1, 1.5, 2]), min_size=1, max_size=6),
    "depth": st.just([1, 2, 3]),
    "groups": st.just([1, 2, 4]),
    "act": st.just(["relu", "gelu"]),
    "deep": st.just([True, False]),
    "rate": st.just([0.1, 0.2, 0.5]),
    "k": st.just([1, 3, 5]),
    "H": st.lists(st.integers(2, 40), min_size=1, max_size=4),
    "H=W": st.just(range(4, 30, 5)),
    "depth=batch": st.just([1, 2, 3]),
    "k=W": st.just([3, 5, 7]),
    "batch": st.lists(st.integers(1, 9), min_size=1, max_size=3),
}


@st.composite
def sweeps(draw):
    chosen: dict[str, str] = {}
    for axis in draw(st.lists(st.sampled_from([*VALUES]), min_size=1, max_size=3)):
        if not any(name in chosen for name in axis.split("=")):
            chosen.update(dict.fromkeys(axis.split("="), axis))
    return {axis: draw(VALUES[axis]) for axis in dict.fromkeys(chosen.values())}


def alone(sweep, values):
    return inferred(sweep._known, dict(zip(sweep.names, values, strict=True)))


@settings(max_examples=examples(60), deadline=None)
@given(sweeps(), st.integers(1, 40), st.randoms(use_true_random=False))
def test_each_variant_is_what_it_is_alone(values, points, chance):
    settings = {name: 20 for name in "HW" if not any(name in axis.split("=") for axis in values)}
    model = cnnsum.loads(SPEC, settings=settings)
    sweep = cnnsum.sweep(model, values)
    # Blocks of any size, and few variants together.
    with mock.patch.object(in_arrays, "POINTS", points), mock.patch.object(in_arrays, "TOGETHER", 7):
        variants = [*sweep]
    assert [variant.values for variant in variants] == [
        (*slow, *fast) for slow, fast in product([*sweep._slow.points()], [*sweep._fast.points()])
    ]
    for found, outcome in chance.sample(variants, min(len(variants), 4)):
        one = alone(sweep, found)
        assert (outcome.status, outcome.costs) == (one.status, one.costs), found


def test_arrays_are_what_there_is_without_them():
    model = cnnsum.loads(SPEC, settings={"W": 24})
    values = {"alpha": [0.05, 0.29, 0.5, 1, 1.5], "depth": [1, 2], "H": [3, 4, 17, 30], "batch": [1, 5]}
    arrays = [*cnnsum.sweep(model, values)]
    with mock.patch.object(pieces, "has_arrays", return_value=False):
        assert [*cnnsum.sweep(model, values)] == arrays
    assert {variant.outcome.status for variant in arrays} == {"legal", "illegal", "error"}


def test_variants_that_differ_in_numbers_are_read_once():
    model = cnnsum.load("specs/mobilenet_v1.yaml")
    with mock.patch.object(readings, "inferred", side_effect=readings.inferred) as asked:
        variants = [*cnnsum.sweep(model, {"alpha": [k / 100 for k in range(50, 150)], "H=W": range(32, 330, 3)})]
    assert len(variants) == 10_000
    assert all(variant.outcome.status == "legal" for variant in variants)
    assert asked.call_count < 10


def test_a_network_with_errors_is_read_once_for_all_batches():
    model = cnnsum.loads("input: [4, 4, 3]\nlayers: [Flatten, Reshape: [7]]\n")
    for patched in (True, False):
        with (
            mock.patch.object(pieces, "has_arrays", return_value=patched),
            mock.patch.object(reading, "Model", side_effect=reading.Model) as read,
        ):
            variants = [*cnnsum.sweep(model, {"batch": range(1, 60)})]
        assert {variant.outcome.status for variant in variants} == {"illegal"}
        assert read.call_count < 8


@each(
    "layers",
    [
        "[Reshape: [7]]",
        "[Cropping2D: {cropping: [[0, 0], [3, 2]]}]",
        "[Conv2D: {filters: 4, kernel_size: 9}]",
        "[Conv1D: {filters: 4, kernel_size: 1}]",
        "[RepeatVector: 3]",
        "[Conv2D: {filters: 4, kernel_size: 1, groups: 2}]",
        "[{Conv2D: {filters: 4, kernel_size: 1, strides: [1, 2], name: a}}, Concatenate: {from: [input_layer, a]}]",
        "[{Conv2D: {filters: 3, kernel_size: 1, strides: [1, 3], name: a}}, Add: {from: [input_layer, a]}]",
    ],
)
def test_an_error_that_all_open_sizes_have_is_found_once(layers):
    model = cnnsum.loads(f"input: [H, 5, 3]\nlayers: {layers}\n")
    for patched in (True, False):
        with (
            mock.patch.object(pieces, "has_arrays", return_value=patched),
            mock.patch.object(reading, "Model", side_effect=reading.Model) as read,
        ):
            variants = [*cnnsum.sweep(model, {"H": range(1, 60)})]
        assert read.call_count < 8
        for found in (variants[0], variants[7], variants[-1]):
            one = inferred(
                reading.Names(reading.Reading(model.document, model.how, None, "adam"), ["H"]), {"H": found.values[0]}
            )
            assert found.outcome.status == one.status == "illegal"


def test_an_error_that_all_sizes_have_goes_before_one_of_sizes():
    model = cnnsum.loads("input: [H, 4, 3]\nlayers: [Reshape: [7], Dense: {units: many}]\n")
    with mock.patch.object(reading, "Model", side_effect=reading.Model) as read:
        variants = [*cnnsum.sweep(model, {"H": range(1, 60)})]
    assert {variant.outcome.status for variant in variants} == {"error"}
    assert read.call_count < 8
    assert inferred(reading.Names(reading.Reading(model.document, model.how, None, "adam"), ["H"]), {"H": 3}) == (
        variants[0].outcome
    )


def test_numbers_beyond_64_bits():
    model = cnnsum.load("specs/mobilenet_v1.yaml")
    values = {"H=W": [10**6, 10**9, 10**12], "batch": [1, 10**9]}
    sweep = cnnsum.sweep(model, values)
    for variant in sweep:
        assert variant.outcome == alone(sweep, variant.values)
    assert variant.outcome.costs.training > 2**64


# --- which are kept ---------------------------------------------------------------------------------------------------

CHANCE = random.Random(3)


@each("text", ["a", "-b", "a,b", "a,-c", "a,b,c", "-a,b,-c", "a,b,c,d"])
def test_the_best_by_brute_force(text):
    names = ["a", "b", "c", "d"]
    for count, most, few in ((1, 5, 128), (60, 4, 128), (60, 10**20, 128), (80, 4, 1), (120, 60, 3)):
        columns = [[CHANCE.randrange(most) for _ in range(count)] for _ in names]
        if few < 128:  # where each gives up what another has, nearly all are on the front
            columns[2] = [2 * most - a - b for a, b in zip(*columns[:2], strict=True)]
        front = Front(text, names)
        signs = [-1 if name.startswith("-") else 1 for name in text.split(",")]
        chosen = [columns[names.index(name)] for name in front.names]
        points = [[sign * number for sign, number in zip(signs, row, strict=True)] for row in zip(*chosen, strict=True)]
        wanted = [
            place
            for place, one in enumerate(points)
            if not any(other != one and all(a <= b for a, b in zip(other, one, strict=True)) for other in points)
        ]
        with mock.patch("cnnsum.answers.pareto._FEW", few):
            assert front.best(chosen) == wanted
        with mock.patch("cnnsum.answers.pareto.find_spec", return_value=None):
            assert front.best(chosen) == wanted


def test_choices_follow_one_another():
    model = cnnsum.load("specs/mobilenet_v1.yaml")
    values = {"alpha": [0.25, 0.5, 0.75, 1, 1.25], "H=W": range(64, 225, 32), "batch": [1, 2]}
    every = [(*v.values, *v.outcome.costs) for v in cnnsum.sweep(model, values)]
    names = [*cnnsum.sweep(model, values).columns]
    small = [row for row in every if row[names.index("params")] < 3_000_000 and row[names.index("batch")] == 2]
    peak, macs = names.index("peak"), names.index("macs")
    best = [row for row in small if not any(o[macs] >= row[macs] and o[peak] <= row[peak] and o != row for o in small)]
    found = cnnsum.sweep(model, values, where="params < 3M and batch == 2", pareto="peak,-macs", sort="-macs", top=3)
    wanted = sorted(best, key=lambda row: -row[macs])[:3]
    assert [(*v.values, *v.outcome.costs) for v in found] == wanted
    assert len(best) > 3


@each("arrays", [True, False])
def test_what_is_not_accepted_is_on_no_front_and_last_when_it_is_sorted(arrays):
    model = cnnsum.load("specs/unet.yaml")

    def sizes(values=(8, 256, 250, 272), **choice):
        return [v.values[0] for v in cnnsum.sweep(model, {"H=W": values}, **choice)]

    found = find_spec("numpy") if arrays else None
    with (
        mock.patch.object(pieces, "has_arrays", return_value=arrays),
        mock.patch("cnnsum.answers.pareto.find_spec", return_value=found),
    ):
        assert sizes(pareto="H") == sizes(pareto="-H,W", top=1) == sizes(sort="H", top=1) == [256]
        assert sizes(pareto="-H") == [272]
        assert sizes(pareto="H,-macs") == [256, 272]
        assert sizes(sort="H") == [256, 272, 8, 250]
        assert sizes(sort="-H") == [272, 256, 8, 250]
        assert sizes(sort="status") == [8, 250, 256, 272]
        assert sizes(sort="-status") == [256, 272, 8, 250]
        assert sizes(sort="H", where="H < 256") == [8, 250]
        assert sizes((8, 250), pareto="H") == []
        # What is an error is not accepted either.
        wide = cnnsum.load("specs/mobilenet_v1.yaml")
        for choice, wanted in (({"pareto": "alpha"}, [0.25]), ({"sort": "alpha"}, [0.25, 1, 0])):
            assert [v.values[0] for v in cnnsum.sweep(wide, {"alpha": [0, 1, 0.25]}, **choice)] == wanted


def test_values_of_several_types_are_sorted_and_compared():
    model = cnnsum.loads("{input: [8, 3], vars: {x: 1}, layers: [Dense: 2]}")

    def values(given, **choice):
        return [v.values[0] for v in cnnsum.sweep(model, {"x": given}, **choice)]

    assert values([2, "relu", True, "elu"], sort="x") == [True, 2, "elu", "relu"]
    assert values([2, "relu", True, "elu"], sort="-x", top=2) == ["relu", "elu"]
    assert values([[3], None, 2, [1]], sort="x") == [2, [1], [3], None]
    assert values([{"b": 1}, {"a": 1}], sort="x") == [{"a": 1}, {"b": 1}]
    assert values([[3], 2], where="x == 2") == [2]


@each("shape", ["[8, 8, 3]", "[H, 8, 3]"])
def test_a_var_called_n_is_no_batch(shape):
    """cnnsum calls the batch N where a file has no word for it, and a file may have another use for the letter."""
    text = f"{{input: {shape}, vars: {{N: 3, k: 1}}, layers: [Conv2D: [N * k, 3], Conv2D: [2, 3]]}}"
    model = cnnsum.loads(text)
    values = {"N": [1, 2, 5], "batch": [1, 3], **({"H": [8, 9]} if "H" in shape else {})}
    sweep = cnnsum.sweep(model, values)
    found = [*sweep]
    for one in found:
        settings = dict(zip(sweep.names, one.values, strict=True))
        batch = settings.pop("batch")
        totals = cnnsum.summarize(cnnsum.loads(text, settings=settings), batch=batch).totals
        costs = one.outcome.costs
        wanted = (totals.params.total, totals.peak.bytes, totals.training.total)
        assert (costs.params, costs.peak, costs.training) == wanted
    with mock.patch.object(pieces, "has_arrays", return_value=False):
        assert [*cnnsum.sweep(model, values)] == found
    assert cnnsum.sweep(model, {"N": [1]} | ({"H": [8]} if "H" in shape else {})).head.batch == 1
    if "H" not in shape:
        assert cnnsum.fit(model, params=150, vary="N").value == 3
        assert cnnsum.fit(model, memory=10**5, vary=["N=1:4", "batch=1:2"], maximize="N").values[0] == 4
    # Without such a var it is the batch, as before.
    other = cnnsum.loads("{input: [8, 3], vars: {k: 2}, layers: [Dense: k]}")
    assert [v.outcome for v in cnnsum.sweep(other, {"N": [1, 4]})] == [
        v.outcome for v in cnnsum.sweep(other, {"batch": [1, 4]})
    ]


def test_a_trillion_variants_are_looked_at_as_far_as_need_be():
    model = cnnsum.load("specs/mobilenet_v1.yaml")
    sweep = cnnsum.sweep(model, {"batch": range(1, 1_000_001), "H=W": range(32, 1_000_032)}, where="macs > 1G", top=2)
    assert sweep.count == 10**12
    (first, second) = sweep
    assert (first.values, second.values) == ((1, 289, 289), (1, 290, 290))
    assert first.outcome == alone(sweep, first.values)
