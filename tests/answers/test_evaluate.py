"""Values for symbols: evaluation gives what inference at these sizes finds, and so does the documented evaluator."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import cnnsum
from cnnsum.answers.conventions.ask import reconcile
from cnnsum.answers.summary import json_format
from cnnsum.answers.summary.rendering import Options, render
from cnnsum.dims import UNKNOWN
from tests.thorough import each, some

ROOT = Path(__file__).parents[2]
SIZES = [(1, 1), (2, 3), (14, 14), (33, 47), (64, 96), (224, 224)]
SPECS = ["inception_v3", "fcn", "mobilenet_v1", "vit_b16", "resnet18", "unet", "squeezenet", "convnext_tiny"]


def numbers(value, path=""):
    """Every number, text and null of a JSON report, by its path; what is not about costs left out."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in {"diagnostics", "sizes", "source", "peak_step"}:
                yield from numbers(item, f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from numbers(item, f"{path}.{index}")
    else:
        yield path, value


def errors(model):
    return [found for found in model.diagnostics if found.severity == "error"]


@each("spec", some(SPECS, 2, 1))
def test_evaluation_is_inference(spec):
    path = f"{ROOT}/specs/{spec}.yaml"
    free = cnnsum.summarize(cnnsum.load(path, inputs=("H", "W", 3)), symbolic=True)
    accepted = 0
    for h, w in SIZES:
        model = cnnsum.load(path, inputs=(h, w, 3))
        if errors(model):
            with pytest.raises(ValueError, match=r"is not accepted: `.*` needs "):
                free.evaluate(H=h, W=w, N=3)
            continue
        accepted += 1
        wanted = dict(numbers(json_format.document(cnnsum.summarize(model, batch=3))))
        found = dict(numbers(json_format.document(free.evaluate(H=h, W=w, N=3))))
        assert found == wanted
        two = free.evaluate(W=w).evaluate(N=3).evaluate(H=h)
        assert dict(numbers(json_format.document(two))) == wanted
    assert accepted


#: One layer of two channels that changes the sizes, each in its own way.
STEPS = st.sampled_from(
    [
        *(
            f"Conv2D: {{filters: 2, kernel_size: {kernel}, strides: {stride}, padding: {padding}}}"
            for kernel in (1, 2, 3)
            for stride in (1, 2)
            for padding in ("valid", "same")
        ),
        *(
            f"Conv2DTranspose: {{filters: 2, kernel_size: {kernel}, strides: 2, padding: {padding}}}"
            for kernel in (2, 3)
            for padding in ("valid", "same")
        ),
        "MaxPooling2D: {pool_size: 2}",
        "AveragePooling2D: {pool_size: 3, strides: 2, padding: same}",
        "UpSampling2D: {size: 2}",
        "ZeroPadding2D: {padding: [[0, 1], [0, 1]]}",
        "Cropping2D: {cropping: [[1, 0], [1, 0]]}",
        "ReLU: {}",
        "BatchNormalization: {}",
        "Dropout: {rate: 0.5}",
    ]
)
MERGES = st.sampled_from(["Add", "Multiply", "Maximum", "Subtract", "Concatenate"])


@st.composite
def merging_graphs(draw):
    """Specs in which tensors of several sizes meet: the sizes are equal under the merge's own condition only."""
    made = ["input"]
    lines = ["input: [H, W, 2]", "layers:"]
    for at in range(draw(st.integers(2, 7))):
        if len(made) > 2 and draw(st.booleans()):
            one, other = draw(st.sampled_from(made)), draw(st.sampled_from(made))
            kind = draw(MERGES)
            if kind == "Concatenate":
                lines.append(f"- Concatenate: {{from: [{one}, {other}], name: c{at}}}")
                lines.append(f"- Conv2D: {{filters: 2, kernel_size: 1, name: n{at}}}")
            else:
                lines.append(f"- {kind}: {{from: [{one}, {other}], name: n{at}}}")
        else:
            name, _, fields = draw(STEPS).partition(": {")
            start = draw(st.sampled_from(made[-2:]))
            rest = fields.removesuffix("}")
            lines.append(f"- {name}: {{{rest}{', ' if rest else ''}from: {start}, name: n{at}}}")
        made.append(f"n{at}")
    return "\n".join(lines)


ODD = """input: [H, W, 2]
layers:
- Conv2D: {filters: 2, kernel_size: 3, strides: 2}
- Conv2DTranspose: {filters: 2, kernel_size: 3, strides: 2}
- Add: {from: [conv2d_transpose, input]}
"""


@settings(max_examples=25, deadline=None)
@given(merging_graphs(), st.integers(1, 40), st.integers(1, 40))
def test_evaluation_is_inference_also_where_sizes_meet(spec, h, w):
    free = cnnsum.loads(spec)
    assume(not errors(free))
    report = cnnsum.summarize(free, symbolic=True)
    accepted = 0
    for height, width in ((h, w), (h, h), (2 * h + 1, 2 * h + 1), (4 * h, 4 * w), (1, 1), (2, 2)):
        model = cnnsum.loads(spec, inputs=(height, width, 2))
        if errors(model):
            with pytest.raises(ValueError, match=r"is not accepted: `.*` needs "):
                report.evaluate(H=height, W=width, N=2)
            continue
        accepted += 1
        fixed, evaluated = cnnsum.summarize(model, batch=2), report.evaluate(H=height, W=width, N=2)
        # Also where several calls need equally much, and where a layer writes in place at these sizes only.
        # Where two tensors of one size could be written over, the two may name another of them.
        ours, theirs = evaluated.totals.peak, fixed.totals.peak
        assert (ours.bytes, ours.layer) == (theirs.bytes, theirs.layer)
        assert sorted(size for _, size in ours.alive) == sorted(size for _, size in theirs.alive)
        wanted, found = (dict(numbers(json_format.document(one))) for one in (fixed, evaluated))
        assert found.keys() == wanted.keys()
        for path, value in found.items():
            # Where a size may be 1 or may not, and is stretched or is not, memory is said to be unknown. Receptive
            # fields of open sizes are followed less far, and say so.
            unsure = value is None and path.startswith(".totals.memory")
            if not unsure and ".receptive_field" not in path:
                assert (path, value) == (path, wanted[path])


def test_sizes_that_are_equal_under_the_condition_of_a_merge_only():
    report = cnnsum.summarize(cnnsum.loads(ODD), symbolic=True)
    for size, peak, training in ((21, 7856, 12600), (33, 19472, 29400), (65, 75792, 110808)):
        totals = report.evaluate(H=size, W=size, N=1).totals
        assert (totals.peak.bytes, totals.training.total) == (peak, training)
        fixed = cnnsum.summarize(cnnsum.loads(ODD, inputs=(size, size, 2))).totals
        assert (fixed.peak.bytes, fixed.training.total) == (peak, training)


def test_sizes_that_are_equal_unless_one_of_them_is_1():
    half = "{Conv2D: {filters: 2, kernel_size: 3, strides: 2, padding: same, name: %s}}"
    merged = "{UpSampling2D: 2}, {Add: {from: [a, up_sampling2d]}}, {Conv2D: [2, 1]}"
    layers = f"[{half % 'a'}, {half % 'b'}, {merged}]"
    free = cnnsum.summarize(cnnsum.loads(f"{{input: [H, W, 2], layers: {layers}}}"), symbolic=True)
    for height, width in ((64, 64), (63, 8), (1, 1), (2, 2), (1, 64), (64, 2)):
        fixed = cnnsum.summarize(cnnsum.loads(f"{{input: [{height}, {width}, 2], layers: {layers}}}"), batch=2)
        whole = free.evaluate(H=height, W=width, N=2)
        assert whole.totals.training[:8] == fixed.totals.training[:8]
        # In two steps, of which the first may decide that something is broadcast.
        assert free.evaluate(W=width).evaluate(H=height, N=2).totals.training[0] in (whole.totals.training[0], UNKNOWN)


def test_what_is_stretched_at_some_sizes_only():
    half = "AveragePooling2D: {pool_size: 3, strides: 2, padding: same, name: half}"
    spec = f"{{input: [H, W, 2], layers: [{half}, Multiply: {{from: [half, input]}}]}}"
    report = cnnsum.summarize(cnnsum.loads(spec), symbolic=True)
    assert report.evaluate(H=2, W=2, N=1).totals.peak.bytes == 8 * (4 + 1 + 4)
    # There the product is written over the pooled maps, which are of its size.
    one = cnnsum.summarize(cnnsum.loads(spec, inputs=(1, 1, 2))).totals
    there = report.evaluate(H=1, W=1, N=1).totals
    assert (there.peak, there.training[:8]) == (one.peak, one.training[:8])


def documented():
    """The evaluator of docs/json.md."""
    (code,) = re.findall(
        r"^```python\n(.*?)^```$", (ROOT / "docs" / "json.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    names = {}
    exec(compile(code, "json.md", "exec"), names)
    return names["evaluate"]


@pytest.mark.parametrize("spec", some(["unet", "inception_v3", "horses_or_humans", "mobilenet_v1"], 2))
def test_the_documented_evaluator(spec):
    evaluate = documented()
    report = cnnsum.summarize(cnnsum.load(f"{ROOT}/specs/{spec}.yaml", inputs=("H", "W", 3)), symbolic=True)
    text = "".join(render(report, "json", Options(symbolic=True)))
    document = json.loads(text)
    values = {"H": 224, "W": 240, "N": 5}
    assert all(evaluate(size["condition"], values) is True for size in document["sizes"])
    found = {
        path: evaluate(value, values) if isinstance(value, str) and looks_open(path) else value
        for path, value in numbers(document)
    }
    # Shapes have the batch as a name here, which `Report.evaluate` leaves open.
    wanted = json_format.document(report.evaluate(**values), symbolic=True)
    wanted = {path: 5 if value == "N" else value for path, value in numbers(wanted)}
    assert found == wanted
    if document["sizes"]:
        assert evaluate(document["sizes"][0]["condition"], {"H": 1, "W": 1}) is False


def looks_open(path):
    """Whether a path leads to a number, and not to a name."""
    return re.search(r"\.(params|macs|flops|memory|receptive_field|shape|batch)(\.|$)", path) is not None


def test_conditions_in_all_their_forms():
    evaluate = documented()
    for text, value, wanted in (
        ("H % 16 == 0 and H >= 16", 48, True),
        ("H in {5, 7} or H >= 11 and H != 13", 13, False),
        ("H % 8 not in {1, 2}", 17, False),
        ("false", 1, False),
        ("max(ceil(3*H/2), 2**H) - floor(H/2)", 3, 7),
        ("-H//4", 3, -1),
    ):
        assert evaluate(text, {"H": value}) == wanted


def small(**keys):
    spec = "{input: [H, W, 3], layers: [Conv2D: [8, 3], MaxPooling2D: 2]}"
    return cnnsum.summarize(cnnsum.loads(keys.pop("spec", spec)), **keys)


def test_what_cannot_be_evaluated():
    report = small(symbolic=True)
    with pytest.raises(ValueError, match=r"^the report has no symbol `h` \(did you mean `H`\?\)$"):
        report.evaluate(h=3)
    with pytest.raises(ValueError, match=r"^H is a size: it must be a positive whole number, not 2\.5$"):
        report.evaluate(H=2.5)
    with pytest.raises(ValueError, match="positive whole number, not 0"):
        report.evaluate(H=0)
    with pytest.raises(ValueError, match="not True"):
        report.evaluate(H=True)
    with pytest.raises(ValueError, match=r"^W=3 is not accepted: `max_pooling2d` needs W >= 4 \("):
        report.evaluate(H=9, W=3)
    with pytest.raises(ValueError, match=r"for a batch of 1: .*symbolic=True"):
        small().evaluate(N=4)


def test_declared_facts_are_kept():
    report = small(spec="{symbols: {H: {min: 32, multiple_of: 8}}, input: [H, 8, 3], layers: [Conv2D: [8, 3]]}")
    assert report.evaluate(H=40).totals.macs == 38 * 6 * 27 * 8
    with pytest.raises(ValueError, match="H must be a multiple of 8, not 41"):
        report.evaluate(H=41)
    with pytest.raises(ValueError, match="H must be at least 32, not 24"):
        report.evaluate(H=24)


def test_some_symbols_stay():
    report = small(symbolic=True).evaluate(W=34)
    assert str(report.totals.macs) == "6912*(H - 2)"
    assert report.batch == report.evaluate(H=5).batch != 1
    assert [size.symbol for size in report.sizes] == ["H"]
    assert {symbol.name for symbol in report.symbols} == {"H", "N"}
    assert report.evaluate(N=2, H=34).totals.outputs == 2 * 4 * 8 * (32 * 32 + 16 * 16)


def test_relations_become_conditions_on_what_is_left():
    layers = "[{Permute: {dims: [2, 1, 3], name: turned}}, {Concatenate: {from: [input, turned]}}]"
    spec = f"{{input: [H, W, 3], layers: {layers}}}"
    report = cnnsum.summarize(cnnsum.loads(spec), symbolic=True)
    (record,) = report.evaluate(W=17).sizes
    assert (record.symbol, record.condition) == ("H", "H == 17")
    assert report.evaluate(W=17, H=17).sizes == ()
    with pytest.raises(ValueError, match="H=16, W=17 is not accepted: `concatenate` needs"):
        report.evaluate(W=17, H=16)


def test_a_peak_that_is_less_at_some_sizes():
    """At 1 x 1 the gate is as large as the map, so that the product is written over it: the map is needed later."""
    spec = (
        "{input: [H, H, 8], layers: [{Conv2D: [8, 1], name: map}, {GlobalAveragePooling2D: {keepdims: true}},"
        "{Conv2D: [8, 1], name: gate}, {Multiply: {from: [map, gate], name: scaled}}, {Add: {from: [map, scaled]}}]}"
    )
    spec = spec.replace("{Conv2D: [8, 1], name: map}", "{Conv2D: {filters: 8, kernel_size: 1, name: map}}")
    spec = spec.replace("{Conv2D: [8, 1], name: gate}", "{Conv2D: {filters: 8, kernel_size: 1, name: gate}}")
    model = cnnsum.loads(spec)
    assert not errors(model)
    report = cnnsum.summarize(model)
    for size in (1, 2, 3, 10):
        static = cnnsum.summarize(cnnsum.loads(spec.replace("H, H", f"{size}, {size}")))
        assert report.evaluate(H=size).totals.peak == static.totals.peak


def test_work_that_grows_with_the_batch_is_that_of_the_batch_that_was_asked_for():
    """Each sample's row is multiplied with the matrices of all: 64 more products for every sample."""
    spec = (
        "{input: [4, 2, 8], layers: [{Reshape: {target_shape: [-1, 8], name: rows, from: input}},"
        "{keras.src.ops.numpy.Mean: {axis: 1, keepdims: false, name: mean, from: rows}},"
        "{keras.src.ops.numpy.Matmul: {name: product, from: [mean, rows]}}]}"
    )
    model = cnnsum.loads(spec)
    assert str(cnnsum.summarize(model, symbolic=True).totals.macs) == "64*N"
    for batch in (1, 3):
        report = cnnsum.summarize(model, batch=batch)
        assert report.totals.macs == report.rows[-1].macs == 64 * batch
        assert report.totals.flops == 128 * batch + 64  # the mean reads 64 numbers
        assert report.totals == cnnsum.summarize(model, symbolic=True).evaluate(N=batch).totals
        assert reconcile(model, "torch", batch=batch).ours == 64 * batch
