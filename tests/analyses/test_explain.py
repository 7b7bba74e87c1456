"""Explanations: every formula gives the engine's number, and every layer type says why."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from drawing import TYPES
from explain_samples import SAMPLES
from explaining import Told, evaluate, found
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import cnnsum
from cnnsum.answers.explain.reasons import reasons
from cnnsum.answers.explain.steps import Step
from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN
from cnnsum.layers.base import all_types
from tests.thorough import THOROUGH, each, in_batches, some

SPECS = Path(__file__).resolve().parent.parent.parent / "specs"
EXAMPLES = int(os.environ.get("CNNSUM_EXAMPLES", "40" if THOROUGH else "20"))
KEYS = sorted({layer_type.key for layer_type in all_types().values()})


def explained(text: str, layer: str | None = None, **options: Any) -> cnnsum.Explanation:
    return cnnsum.explain(cnnsum.loads(text), layer, **options)


def only(text: str, layer: str, **options: Any) -> dict[str, Step]:
    (found,) = explained(text, layer, **options).layers
    return {step.measure: step for step in found.steps}


def line(step: Step) -> str:
    return f"{step.with_numbers} = {step.value:,}"


# --- the three examples that the command was asked for ----------------------------------------------------------------

SEED = (SPECS / "horses_or_humans.yaml").read_text(encoding="utf-8")


def test_a_convolution_as_a_teacher_writes_it() -> None:
    steps = only(SEED, "conv2d")
    assert line(steps["parameters"]) == "(3 * 3 * 3 + 1) * 32 = 896"
    assert steps["parameters"].formula == "(kernel_h * kernel_w * C + 1) * filters"
    assert line(steps["output height"]) == "floor((100 - 3)/1) + 1 = 98"
    assert steps["output height"].formula == "floor((H - kernel_h)/stride_h) + 1"
    assert line(steps["MACs"]) == "98 * 98 * 32 * 3 * 3 * 3 = 8,297,856"
    assert line(steps["FLOPs"]) == "2 * 8297856 + 614656 = 17,210,368"
    assert line(steps["weight memory"]) == "896 * 4 = 3,584"
    assert line(steps["output memory"]) == "98 * 98 * 32 * 4 = 1,229,312"
    assert line(steps["receptive field height"]) == "1 + 1 * (3 - 1) = 3"
    assert "does not depend on its size" in steps["parameters"].why


def test_a_dilation_of_1_is_left_out_in_the_words_of_each_framework() -> None:
    """It was left out of Keras's layers alone, whose fields had their names in the engine."""
    steps = only("{framework: torch, input: [3, 9, 9], layers: [Conv2d: {out_channels: 8, kernel_size: 3}]}", "*")
    assert steps["receptive field height"].formula == "size_before + stride_before * (kernel_h - 1)"


def test_a_dense_layer_stays_a_sum() -> None:
    step = only(SEED, "dense")["parameters"]
    assert (step.formula, line(step)) == ("features * units + units", "4096 * 512 + 512 = 2,097,664")


def test_same_padding_rounds_up() -> None:
    steps = only(
        "{input: [224, 224, 3], layers: [Conv2D: {filters: 8, kernel_size: 3, strides: 2, padding: same}]}", "*"
    )
    assert line(steps["output height"]) == "ceil(224/2) = 112"
    assert steps["output height"].formula == "ceil(H/stride_h)"
    assert line(steps["receptive stride height"]) == "1 * 2 = 2"


# --- every layer type -------------------------------------------------------------------------------------------------


def sample(key: str) -> Told:
    layer_type = found(key)
    shapes, fields = SAMPLES.get(key) or SAMPLES[layer_type.name]
    return Told(layer_type, shapes, fields)


def check(told: Told) -> list[Step]:
    """Formula and numbers of all steps give the step's value; returns the steps."""
    steps, names = told.steps()
    for step in steps:
        if step.formula is not None:
            assert step.with_numbers is not None
            assert evaluate(step.with_numbers) == step.value, step
        if step.formula is not None and "/" not in " ".join(weight.name for weight in told.facts.weights):
            assert evaluate(step.formula, names) == step.value, step
    return steps


@in_batches(KEYS)
def test_the_rule_tells_its_own_formulas(key: str) -> None:
    """No type falls back to bare numbers; those without arithmetic are written in the file as they are."""
    told = sample(key)
    assert told.run is not None
    steps = check(told)
    bare = {step.measure for step in steps if step.formula is None and step.value not in (0, 1)}
    assert bare == BARE.get(key, set())


#: Numbers without a formula: those that stand in a field or in constants as they are, what Python counts of a slice,
#: and the work of what is iterated inside, which is not known.
WORK = {"operations"}
BARE = {
    "keras.src.ops.numpy.GetItem": {"output height", "output width", "output channels"},
    "Reshape": {"output channels"},
    "keras.src.ops.image.Resize": {"output height", "output width"},
    "keras.src.ops.numpy.Reshape": {"output length", "output channels"},
    "keras.src.ops.numpy.Stack": {"output depth"},
    "RandomHeight": {*WORK, "output height"},
    "RandomWidth": {*WORK, "output width"},
    "keras.src.ops.nn.Sparsemax": WORK,
    "keras.src.ops.numpy.Take": {"output length"},
    "keras.src.ops.core.Slice": {"output length", "output channels"},
    "keras.src.ops.numpy.Dsplit": {"output 2 channels"},
    **dict.fromkeys(
        (f"keras.src.ops.math.{name}" for name in ("FFT", "FFT2", "IFFT2", "RFFT", "IRFFT", "Logdet")), WORK
    ),
    **dict.fromkeys(
        (
            f"keras.src.ops.linalg.{name}"
            for name in ("Cholesky", "CholeskyInverse", "Det", "Eigh", "Inv", "Qr", "SVD", "Solve", "SolveTriangular")
        ),
        WORK,
    ),
}


def test_the_samples_are_all_types_and_no_others() -> None:
    names = {layer_type.name for layer_type in all_types().values()}
    assert all(key in SAMPLES or found(key).name in SAMPLES for key in KEYS)
    assert set(SAMPLES) <= set(KEYS) | names


@in_batches(KEYS)
def test_every_type_says_why(key: str) -> None:
    told = sample(key)
    why = reasons(told.type)
    facts = told.facts
    assert why["what"].endswith(".")
    assert why["weights"]
    assert "macs" in why or facts.macs == 0
    assert "operations" in why or (facts.ops is not UNKNOWN and facts.ops == 0)
    assert "kept" in why or not (facts.keeps_input or facts.keeps_output or facts.kept)
    moved = any(shape != told.shapes[0] for shape in facts.outputs) and isinstance(facts.window, tuple)
    assert "lengths" in why or "(" in why["what"] or not moved


@pytest.mark.parametrize("name", sorted(TYPES))
@settings(max_examples=max(EXAMPLES // 4, 5))
@given(data=st.data())
def test_any_fields_have_formulas_that_hold(name: str, data: st.DataObject) -> None:
    fields, shape = data.draw(TYPES[name](name))
    try:
        told = Told(found(name), [tuple(7 if dim is None else dim for dim in shape)], fields)
    except Problem:
        assume(False)
    assert told.run is not None
    check(told)


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_a_formula_is_general(data: st.DataObject) -> None:
    """The formula of one call, with the numbers of another, is the engine's number of the other."""
    name = data.draw(st.sampled_from(["Conv2D", "MaxPooling2D", "DepthwiseConv2D", "SeparableConv2D"]))
    padding = data.draw(st.sampled_from(["valid", "same"]))

    def call() -> Told:
        size = st.integers(2, 5)
        fields = {"padding": padding, "strides": data.draw(st.lists(size, min_size=2, max_size=2))}
        fields["pool_size" if "Pool" in name else "kernel_size"] = data.draw(st.lists(size, min_size=2, max_size=2))
        fields |= {"filters": data.draw(size)} if name in {"Conv2D", "SeparableConv2D"} else {}
        return Told(found(name), [tuple(data.draw(st.integers(5, 40)) for _ in range(3))], fields)

    (first, _), (second, names) = call().steps(), call().steps()
    for one, other in zip(first, second, strict=True):
        assert (one.measure, one.formula) == (other.measure, other.formula)
        if one.formula is not None:
            assert evaluate(one.formula, names) == other.value


# --- explanation and report -------------------------------------------------------------------------------------------

MEASURES = {
    "parameters": lambda row: row.params.total,
    "MACs": lambda row: row.macs,
    "FLOPs": lambda row: row.flops,
    "weight memory": lambda row: row.memory.weights,
    "output memory": lambda row: row.memory.output,
    "saved for backward": lambda row: row.memory.saved,
}


def agree(layers: Any, rows: Any) -> int:
    """Every value is the report's, and printed arithmetic gives it; returns how many were looked at."""
    count = 0
    for layer, row in zip(layers, rows, strict=True):
        steps = {step.measure: step for step in layer.steps}
        for measure, of in MEASURES.items():
            if measure in steps:
                assert steps[measure].value == of(row), (layer.name, measure)
                count += 1
        for step in layer.steps:
            if step.with_numbers is not None and isinstance(step.value, int):
                assert evaluate(step.with_numbers) == step.value, (layer.name, step)
        saved = steps.get("saved for backward")
        if saved is not None and saved.value != 0 and not layer.layers:
            assert saved.formula is not None, layer.name
        seen = [step.value for step in layer.steps if step.measure.startswith("receptive field ")]
        assert not seen or seen == list(row.receptive_field.size)
        count += agree(layer.layers, row.rows)
    return count


#: Networks only, and of those that differ in depth alone one.
NETWORKS = [
    path
    for path in sorted(SPECS.glob("*.yaml"))
    if "\ninput" in path.read_text(encoding="utf-8") and path.stem not in {"resnet34", "resnet101", "resnet152"}
]


@each("path", some(NETWORKS, 3), ids=lambda path: path.stem)
def test_the_gallery_is_explained_as_it_is_reported(path: Path) -> None:
    model = cnnsum.load(path)
    batch = 2
    assert agree(cnnsum.explain(model, batch=batch).layers, cnnsum.summarize(model, batch=batch).rows) > 20


# --- single cases -----------------------------------------------------------------------------------------------------


def test_several_inputs_have_names_of_their_own() -> None:
    told = Told(found("Concatenate"), [(8, 8, 3), (8, 8, 5)], {})
    (step,) = [step for step in told.steps()[0] if step.measure == "output channels"]
    assert (step.formula, step.with_numbers) == ("C_1 + C_2", "3 + 5")
    told = Told(found("Add"), [(8, 8, 3), (8, 8, 3)], {})
    (step,) = [step for step in told.steps()[0] if step.measure == "operations"]
    assert step.formula == "H * W * C"
    told = Told(found("MultiHeadAttention"), [(9, 6), (7, 4)], {"num_heads": 2, "key_dim": 3})
    assert {"T_query", "T_value", "C_query", "C_value"} <= set(told.steps()[1])


def test_batch_normalization_is_split() -> None:
    steps = only("{input: [8, 8, 3], layers: [BatchNormalization]}", "*")
    assert line(steps["parameters"]) == "4 * 3 = 12"
    assert line(steps["trainable parameters"]) == "3 + 3 = 6"
    assert steps["non-trainable parameters"].formula == "moving_mean + moving_variance"


def test_a_frozen_layer_says_so() -> None:
    steps = only("{input: [4], layers: [Dense: {units: 3, trainable: false}]}", "dense")
    assert (steps["non-trainable parameters"].value, steps["saved for backward"].value) == (15, 0)
    assert "frozen" in steps["non-trainable parameters"].why


def test_the_batch_is_a_factor_of_memory() -> None:
    steps = only("{input: [4], layers: [Dense: 3]}", "dense", batch=32)
    assert steps["output memory"].formula == "batch * units * 4"
    assert line(steps["output memory"]) == "32 * 3 * 4 = 384"


def test_open_sizes_are_put_in_as_formulas() -> None:
    first = "{filters: 8, kernel_size: 3, padding: same, strides: 2}"
    text = f"{{input: [H, null, 3], layers: [Conv2D: {first}, Conv2D: [4, 3]]}}"
    steps = only(text, "conv2d")
    assert (steps["output height"].with_numbers, str(steps["output height"].value)) == ("ceil(H/2)", "ceil(H/2)")
    assert steps["MACs"].with_numbers == "ceil(H/2) * ceil(W/2) * 8 * 3 * 3 * 3"
    steps = only(text, "conv2d_1")
    assert steps["output height"].with_numbers == "floor((ceil(H/2) - 3)/1) + 1"


def test_equal_layers_are_told_once() -> None:
    """What depends on the place in the network is told again where it is not the same."""
    layers = "[ReLU, Conv2D: [4, 1], ReLU, Conv2D: [4, 1], Conv2D: [4, 3], ZeroPadding2D: 1, Conv2D: [4, 3]]"
    explanation = explained(f"{{input: [8, 8, 4], layers: {layers}}}")
    told = {layer.name: layer for layer in explanation.layers}
    likes = {name: layer.like for name, layer in told.items() if layer.like}
    assert likes == {"re_lu_1": "re_lu", "conv2d_1": "conv2d", "conv2d_3": "conv2d_2"}
    assert [step.measure for step in told["re_lu_1"].own_steps] == ["saved for backward"]
    own = {step.measure for step in told["conv2d_3"].own_steps}
    assert own == {"receptive field height", "receptive field width"}
    assert told["conv2d_3"].steps[0].measure == "output height"


def test_a_shared_layer_works_at_every_call() -> None:
    explanation = cnnsum.explain(cnnsum.load(SPECS / "siamese.yaml"), "one.conv2d")
    steps = {step.measure: step for step in explanation.layers[0].steps}
    assert steps["MACs"].formula is not None
    assert steps["MACs"].formula.endswith(" * calls")
    assert line(steps["parameters"]) == "(10 * 10 * 1 + 1) * 64 = 6,464"
    assert "Called 2 times" in explanation.layers[0].note


def nested() -> str:
    def layer(kind: str, name: str, **config: Any) -> dict[str, Any]:
        return {"module": "keras.layers", "class_name": kind, "config": {"name": name, **config}}

    inner = {
        "module": "keras",
        "class_name": "Sequential",
        "config": {
            "name": "inner",
            "layers": [
                layer("InputLayer", "i", batch_shape=[None, 4]),
                layer("Dense", "d", units=3),
                layer("Dense", "e", units=3),
            ],
        },
    }
    source = layer("InputLayer", "input", batch_shape=[None, 4])
    return json.dumps(
        {"module": "keras", "class_name": "Sequential", "config": {"name": "m", "layers": [source, inner]}}
    )


def test_a_nested_model_lists_its_layers() -> None:
    (model,) = explained(nested()).layers
    assert [inner.name for inner in model.layers] == ["d", "e"]
    steps = {step.measure: step for step in model.steps}
    assert line(steps["parameters"]) == "15 + 12 = 27"
    assert explained(nested(), "inner/e").layers == explained(nested(), "e").layers


def test_what_is_not_known_is_no_zero() -> None:
    explanation = explained("{input: [8, 8, 3], layers: [Foo, {Conv2D: [4, 3]}, {Conv2D: {filters: 3}}]}")
    notes = {layer.name: layer.note for layer in explanation.layers}
    assert notes["foo"] == "not known: the type `Foo` is not supported"
    assert notes["conv2d"] == "not known: the shape of its input is not known"
    assert notes["conv2d_1"] == "not known: its fields are wrong, or its class is not Keras's own"
    assert all(not layer.steps and layer.status == "unknown" for layer in explanation.layers)
    step = only("{input: [8], layers: [Activation: sparsemax]}", "activation")["operations"]
    assert (step.value, step.formula) == (UNKNOWN, None)


def test_layers_are_chosen_by_name_or_pattern() -> None:
    model = cnnsum.load(SPECS / "horses_or_humans.yaml")
    assert [layer.name for layer in cnnsum.explain(model, "dense").layers] == ["dense"]
    assert [layer.name for layer in cnnsum.explain(model, "dense*").layers] == ["dense", "dense_1", "dense_2"]
    with pytest.raises(LookupError, match="did you mean `conv2d`"):
        cnnsum.explain(model, "conv2d_9")
    with pytest.raises(LookupError, match="the layers are conv2d, max_pooling2d,"):
        cnnsum.explain(model, "?")
    with pytest.raises(ValueError, match="`batch` must be a whole number from 1"):
        cnnsum.explain(model, batch=0)


def test_it_prints_itself() -> None:
    text = str(explained(SEED, "dense"))
    assert text.startswith("sequential: 1 layer explained; memory for a batch of 1\n")
    assert "= 4096 * 512 + 512 = 2,097,664" in text
    assert repr(explained(SEED)) == "Explanation('sequential', 12 layers)"


def test_every_name_in_a_formula_has_its_value_in_json() -> None:
    from cnnsum.answers.explain.data import document

    spec = "{input: [100, 3], layers: [Conv1D: [8, 3, 2], Conv1D: {filters: 4, kernel_size: 5, name: second}]}"
    layers = document(cnnsum.explain(cnnsum.loads(spec)))["layers"]
    seen = set()
    for layer in layers:
        for step in layer["steps"]:
            names = set(re.findall(r"[^\W\d]\w*", step["formula"] or "")) - {"ceil", "floor", "max", "min"}
            if step["symbols"]:
                assert set(step["symbols"]) == names
                seen |= names
    assert {"T_out", "size_before", "stride_before", "kernel_size", "MACs"} <= seen


def test_channels_are_called_so_where_they_come_first():
    """In PyTorch's words: behind the batch for what slides over images, last for what works on features."""
    names = {}
    for spec in ("unet", "wavenet", "vit_b16", "convnext_tiny"):
        for row in cnnsum.explain(cnnsum.load(f"specs/torch/{spec}.yaml")).layers:
            found = dict(row.symbols)
            shape = row.inputs[0] if row.inputs else None
            if shape is None or row.type not in ("Conv1d", "Conv2d", "BatchNorm2d", "MaxPool2d", "Linear"):
                continue
            names.setdefault(row.type, set()).add(len(shape))
            channels = shape[-1] if row.type == "Linear" else shape[1]
            name = "features" if len(shape) == 2 else "C"
            assert found.get(name, channels) == channels, (spec, row.name, found)
    assert {name: sorted(ranks) for name, ranks in names.items()}["Conv1d"] == [3]
    assert {"Conv2d", "BatchNorm2d", "MaxPool2d", "Linear"} <= names.keys()
