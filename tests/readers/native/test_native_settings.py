"""What the caller sets from outside, and what holds for the whole network: dtype, trainable, defaults."""

# ruff: noqa: E501 -- messages stand here in one piece, as they are shown

from __future__ import annotations

import pytest

from cnnsum.diagnostics import SMALLEST_SPEC, UnusableError
from tests.readers.native.spec_reading import fields, found, good, names, shapes, spec
from tests.thorough import each

SIZED = """
    input: [H, W, 3]
    symbols: {H: {min: 32, multiple_of: 32}, k: {}}
    vars: {width: 8, twice: 2*width, act: relu}
    layers:
      - Conv2D: {filters: twice*k, kernel_size: H//32, padding: same, activation: $act}
"""


@each(
    ("overrides", "shape"),
    [
        ({}, "(N, H, W, 16*k)"),
        ({"settings": {"H": 64}}, "(N, 64, W, 16*k)"),
        ({"settings": {"H": "64", "k": 2, "width": 4}}, "(N, 64, W, 16)"),
        ({"settings": {"width": "k"}}, "(N, H, W, 2*k**2)"),
        ({"settings": {"twice": 3, "k": "W"}}, "(N, H, W, 3*W)"),
        ({"inputs": {"": (64, 32, 3)}}, "(N, 64, 32, 16*k)"),
        ({"inputs": {"input": (64, 32, 3)}}, "(N, 64, 32, 16*k)"),
        ({"inputs": {"input_layer": (64, 32, 3)}}, "(N, 64, 32, 16*k)"),
        ({"inputs": {"": ("A", "W", 3)}}, "(N, A, W, 16*k)"),
        ({"inputs": {"": (64, 64, 3)}, "settings": {"H": 64}}, "(N, 64, 64, 16*k)"),
    ],
)
def test_values_from_outside(overrides, shape):
    assert shapes(good(SIZED, **overrides)) == [shape]


def test_formulas_see_the_sizes_of_a_replaced_shape():
    graph = good(SIZED, inputs={"": (96, 32, 3)})
    assert fields(graph, "conv2d", "kernel_size") == (3, 3)
    assert "H" not in graph.symbols
    text = "vars: {size: 8}\ninput: [size, size, 3]\nlayers: [{Dense: size}]\n"
    assert shapes(good(text, inputs={"": (16, 16, 3)})) == ["(N, 16, 16, 16)"]
    text = "inputs: {a: [H, 3], b: [H, 4]}\nlayers: [{Concatenate: {from: [a, b]}}]\n"
    assert shapes(good(text, inputs={"a": (9, 3)})) == ["(N, 9, 7)"]


def test_an_open_axis_and_a_missing_input():
    graph = good(SIZED, inputs={"": (64, None, 3)})
    assert sorted(symbol.name for symbol in graph.symbols.values() if symbol.anonymous) == ["N", "W2"]
    assert shapes(good("layers: [Flatten]\n", inputs={"": (4, 5)})) == ["(N, 20)"]


@each(
    ("overrides", "problems"),
    [
        ({"settings": {"widht": 3}}, ["SPC051 the model has no var or symbol `widht` | did you mean `width`?"]),
        ({"settings": {"xyz": 3}}, ["SPC051 the model has no var or symbol `xyz` | it has width, twice, act, H, k, W"]),
        ({"settings": {"H": 100}}, ["SPC052 --set H=100: `H` must be a multiple of 32"]),
        ({"settings": {"H": 16}}, ["SPC052 --set H=16: `H` must be at least 32"]),
        ({"settings": {"k": 0}}, ["SPC052 --set k=0: a size must be a positive integer, got 0"]),
        ({"settings": {"k": "2*"}}, ["SPC052 --set k=2*: expected a number, a name or `(`, found the end"]),
        (
            {"settings": {"width": "x"}},
            ["SPC026 --set width=x: the name `x` is not known here | the names here are width, twice, act, H, k, W"],
        ),
        (
            {"settings": {"act": "rely"}},
            [
                "CFG102 --set act=rely: `activation` must be the name of an activation, got 'rely' | did you mean `relu`?"
            ],
        ),
        ({"inputs": {"image": (1,)}}, ["SPC050 the model has no input `image` | its input is `input`"]),
        (
            {"inputs": {"": (64, 0, 3)}},
            ["SPC052 `W` is 0 in the shape of `input`: a size must be a positive integer, got 0"],
        ),
        (
            {"inputs": {"": (64, 32, -3)}},
            ["SPC052 the shape of `input`: a size must be a positive integer, a symbol or null, got -3"],
        ),
        ({"inputs": {"": (65, 32, 3)}}, ["SPC052 `H` is 65 in the shape of `input`: `H` must be a multiple of 32"]),
        (
            {"inputs": {"": (64, 32, 3)}, "settings": {"H": 32}},
            ["SPC052 `H` is 64 in the shape of `input`, but --set H=32"],
        ),
    ],
)
def test_what_cannot_be_set(overrides, problems):
    assert found(SIZED, **overrides) == problems
    with pytest.raises(UnusableError):
        spec(SIZED, **overrides)


# --- what holds for the whole network -----------------------------------------------------------------------------------


def policies(text: str, **overrides: object) -> dict[str, tuple[str, str]]:
    return {layer.name: tuple(layer.policy) for layer in good(text, **overrides).layers if layer.spec is None}


def test_dtypes():
    text = """
        dtype: mixed_float16
        input: [4]
        defaults: {ReLU: {dtype: float64}}
        blocks:
          b: {layers: [{Dense: 3}, {Dense: {units: 3, dtype: bfloat16}}]}
        layers:
          - Dense: 3
          - ReLU
          - ReLU: {dtype: float16}
          - b: {dtype: float64}
    """
    expected = {
        "dense": ("float16", "float32"),
        "re_lu": ("float64", "float64"),
        "re_lu_1": ("float16", "float16"),
        "b.dense": ("float64", "float64"),
        "b.dense_1": ("bfloat16", "bfloat16"),
    }
    assert policies(text) == expected
    assert policies(text, dtype="float32") == {**expected, "dense": ("float32", "float32")}
    assert good(text).layers[0].spec.dtype == "float32"
    assert good("dtype: float64\ninput: [4]\nlayers: [ReLU]\n").layers[0].spec.dtype == "float64"


def test_trainable():
    text = """
        input: [4]
        defaults: {BatchNormalization: {trainable: false}}
        vars: {frozen: true}
        blocks:
          b: {layers: [{Dense: 3}, {Dense: {units: 3, trainable: true}}]}
        layers:
          - Dense: {units: 3, trainable: not frozen}
          - BatchNormalization
          - BatchNormalization: {trainable: true}
          - b: {trainable: false}
          - b
    """
    graph = good(text)
    assert graph.trainable
    assert {layer.name: layer.trainable for layer in graph.layers[1:]} == {
        "dense": False,
        "batch_normalization": False,
        "batch_normalization_1": True,
        "b.dense": False,
        "b.dense_1": False,
        "b_1.dense": True,
        "b_1.dense_1": True,
    }
    graph = good("trainable: false\ninput: [4]\nlayers: [{Dense: {units: 3, trainable: true}}]\n")
    assert (graph.trainable, graph.layers[1].trainable) == (False, False)


def test_the_dtype_of_a_block_counts_before_defaults():
    """And so does that of a model around a layer."""
    text = """
        input: [4, 5]
        dtype: bfloat16
        defaults: {Dense: {dtype: float64}}
        blocks:
          b: {layers: [Dense: 3, TimeDistributed: {layer: {Dense: 3}}, ReLU: ]}
          outer: {layers: [b]}
        layers:
          - b
          - b: {dtype: float16}
          - outer: {dtype: float32}
          - b: {name: last}
    """
    graph = good(text)
    of = {layer.name: layer for layer in graph.layers}
    for block, dtype in (("b", None), ("b_1", "float16"), ("outer.b", "float32"), ("last", None)):
        assert of[f"{block}.dense"].policy.variable == (dtype or "float64"), block
        assert of[f"{block}.time_distributed"].fields["layer"].dtype == (None if dtype else "float64"), block
        assert of[f"{block}.re_lu"].policy.variable == (dtype or "bfloat16"), block
    nested = "input: [4]\ndefaults: {Dense: {dtype: float64}}\nlayers: [{Sequential: {layers: [Dense: 3]%s}}]\n"
    for more, dtype in (("", "float64"), (", dtype: float16", "float16")):
        (_, model) = good(nested % more).layers
        assert model.graph.layers[-1].policy.variable == dtype


def test_defaults_and_data_format():
    graph = good("""
        input: [3, 9, 9]
        data_format: channels_first
        defaults:
          Conv2D: {padding: same, use_bias: false, filters: 2*width, activation: $act}
          MaxPool2D: {pool_size: 3}
        vars: {width: 8, act: relu}
        blocks:
          b: {args: {width: 100}, layers: [{Conv2D: {kernel_size: 3, use_bias: true}}]}
        layers:
          - Conv2D: {kernel_size: 3, padding: valid}
          - b
          - MaxPooling2D
    """)
    assert fields(graph, "conv2d", "padding", "use_bias", "filters", "activation") == ("valid", False, 16, "relu")
    # The defaults' own names are those of the file, not of the block.
    assert fields(graph, "b.conv2d", "padding", "use_bias", "filters") == ("same", True, 16)
    assert shapes(graph) == ["(N, 16, 2, 2)"]


@each(
    ("head", "problems"),
    [
        ("defaults: 3", ["1:11-12 SPC022 `defaults` is a mapping of layer types to fields, not 3"]),
        ("defaults: {Dense: 3}", ["1:19-20 SPC022 the defaults of Dense are a mapping of fields, not 3"]),
        ("defaults: {Dence: {units: 3}}", ["1:12-17 UNK701 unknown layer type `Dence` | did you mean `Dense`?"]),
        ("defaults: {Dense: {unit: 3}}", ["1:20-24 CFG103 Dense has no field `unit` | did you mean `units`?"]),
        ("defaults: {Dense: {units: -3}}", ["1:27-29 CFG102 `units` must be a positive integer, got -3"]),
        ("defaults: {Dense: {units: x}}", ["1:27-28 SPC026 the name `x` is not known here | declare it in `vars`"]),
        (
            "defaults: {Conv2D: {kernel_size: [3, 0]}}",
            ["1:38-39 CFG102 `kernel_size` must be a positive integer, got 0"],
        ),
        ("defaults: {Dense: {name: x}}", ["1:20-24 SPC035 `name` belongs to one layer and has no default"]),
        (
            "defaults: {b: {x: 1}}\nblocks: {b: {layers: [ReLU]}}",
            ["1:12-13 SPC035 `b` is a block: the defaults of its arguments stand in its `args`"],
        ),
        (
            "defaults: {Sequential: {trainable: false}}",
            [
                "1:12-22 SPC035 `Sequential` is a model, which has no defaults | what its layers have by default stands under their types; `trainable` and `dtype` stand in each model"
            ],
        ),
        (
            "defaults: {Functional: }",
            [
                "1:12-22 SPC035 `Functional` is a model, which has no defaults | what its layers have by default stands under their types; `trainable` and `dtype` stand in each model"
            ],
        ),
        (
            "defaults: {Input: {shape: [3]}}",
            [
                "1:12-17 SPC035 `Input` is no layer here: an input has no defaults | its `shape` and `dtype` stand in `input`, or in each of `inputs`"
            ],
        ),
        (
            "data_format: channels_frist",
            [
                "1:14-28 CFG102 `data_format` must be channels_last or channels_first, got 'channels_frist' | did you mean `channels_first`?"
            ],
        ),
        (
            "dtype: mixed_float61",
            [
                "1:8-21 CFG102 `dtype` must be the name of a dtype or of a policy, got 'mixed_float61' | did you mean `mixed_float16`?"
            ],
        ),
        ("trainable: maybe", ["1:12-17 CFG102 `trainable` must be true or false, got 'maybe'"]),
        ("name: 3", ["1:7-8 CFG102 `name` must be a text, got 3"]),
        ("budget: 3", ["1:9-10 SPC022 `budget` is a mapping, not 3"]),
        ("lint: [x]", ["1:7-10 SPC022 `lint` is a mapping, not ['x']"]),
        ("layer: [x]", ["1:1-6 SPC030 a spec has no key `layer` | remove it: `layers` is given already"]),
        ("output: x", ["1:1-7 SPC030 a spec has no key `output` | did you mean `outputs`?"]),
    ],
)
def test_what_is_wrong_with_the_keys_of_a_spec(head, problems):
    assert found(f"{head}\ninput: [4]\nlayers: [{{Dense: {{units: 2}}}}]\n") == problems


def test_wrong_defaults_are_reported_once_and_not_at_the_layers():
    head = "defaults: {Conv2D: {filters: 0, kernel_size: 3}}\ninput: [32, 32, 3]\n"
    text = head + "layers:\n  - Conv2D\n  - Conv2D\n  - Conv2D: {filters: 3}\n"
    assert found(text) == ["1:30-31 CFG102 `filters` must be a positive integer, got 0"]
    graph = spec(text)
    assert [layer.type is None for layer in graph.layers[1:]] == [True, True, False]


def test_budget_and_lint_are_kept_for_others():
    good("budget: {params: 5M}\nlint: {ignore: [ARC402]}\ninput: [3]\nlayers: [ReLU]\n")


@each(
    ("text", "problems"),
    [
        ("input: [3]\n", [f"1:1-11 SPC031 the spec has no `layers` | {SMALLEST_SPEC}"]),
        ("input: [3]\nlayer: [ReLU]\n", [
            "2:1-6 SPC030 a spec has no key `layer` | did you mean `layers`?",
        ]),
        ("input: [3]\nlayers: {ReLU: }\n", ["2:9-17 SPC022 `layers` is a list of layers, not a mapping | begin each layer with `- `"]),
        ("input: [3]\nlayers:\n", [f"2:8-8 SPC022 `layers` is a list of layers, not null | {SMALLEST_SPEC}"]),
        ("blocks: {b: {layers: [ReLU]}}\n", [
            ("1:1-30 SPC031 this file declares blocks and no network: it has no `input` and no `layers`"
            " | bring its blocks into a spec with `include:`")
        ]),
        ("[1, 2]\n", ["1:1-7 SPC031 a spec is a mapping with `input` and `layers`"]),
    ],
)  # fmt: skip
def test_a_file_without_layers_cannot_be_used(text, problems):
    assert found(text) == problems
    with pytest.raises(UnusableError):
        spec(text)


def test_a_spec_without_input_or_layers_is_read_all_the_same():
    assert found("layers: [{Dense: 0}]\n") == [
        (
            "1:1-21 SPC031 the spec has no `input`"
            " | `input: [height, width, channels]`, without the batch axis, or `inputs:` for several"
        ),
        "1:18-19 CFG102 `units` must be a positive integer, got 0",
    ]
    assert found("input: [3]\nlayers: []\n") == [f"2:9-11 SPC031 `layers` is empty | {SMALLEST_SPEC}"]


@each(
    ("line", "problems"),
    [
        ("block: {own: {layers: [Flatten]}}", ["1:1-6 SPC030 a spec has no key `block` | did you mean `blocks`?"]),
        ("layer_type: {own: {}}", ["1:1-11 SPC030 a spec has no key `layer_type` | did you mean `layer_types`?"]),
        ("includes: own.yaml", ["1:1-9 SPC030 a spec has no key `includes` | did you mean `include`?"]),
        ("blocks: [own]", ["1:9-14 SPC022 `blocks` is a mapping of names to blocks, not ['own']"]),
        (
            "inptu: [3]",
            [
                "1:1-6 SPC030 a spec has no key `inptu` | remove it: `input` is given already",
                "4:5-8 UNK701 unknown layer type `own` | `cnnsum layers` lists the types",
            ],
        ),
    ],
)
def test_what_a_misspelt_key_would_have_declared_is_not_reported(line, problems):
    assert found(f"{line}\ninput: [4]\nlayers:\n  - own\n  - Dense: 3\n") == problems


@each(
    ("layers", "problems"),
    [
        ("[Flatten, {Dense: {units: 3, repeat: 2000000}}]", ["SPC039"]),
        ("[3]", ["SPC027"]),
        ("[{Input: [3]}]", ["SPC027"]),
    ],
)
def test_a_spec_of_which_no_layer_is_left_is_unusable(layers, problems):
    with pytest.raises(UnusableError) as raised:
        spec(f"name: 7\ninput: [4]\nlayers: {layers}\n")
    assert [one.code for one in raised.value.diagnostics] == ["CFG102", *problems]
    assert raised.value.line is not None
    assert raised.value.line(2) == "input: [4]"


def test_layers_that_are_left_out_on_purpose_are_no_fault():
    assert names(good("input: [4]\nlayers:\n  - Dense: {units: 3, when: false}\n")) == []


@each(
    ("shape", "message"),
    [
        ((8, 9, 3), "the shape of `input` has 9 where the file has `2*H`, which is 16 for `H` = 8"),
        ((8, 16, 3), None),
        (("K", 16, 3), None),
        ((8, None, 3), None),
        ((None, 9, 3), None),
        ((8, 16, 3, 1), None),
    ],
)
def test_a_replaced_size_agrees_with_the_formula_of_the_file(shape, message):
    text = "input: [H, 2*H, 3]\nlayers: [Flatten]\n"
    assert found(text, inputs={"": shape}) == ([] if message is None else [f"SPC052 {message}"])


def test_one_symbol_with_two_sizes():
    text = "input: [H, H]\nlayers: [Flatten]\n"
    assert found(text, inputs={"": (8, 9)}) == ["SPC052 `H` is both 8 and 9 in the shape of `input`"]
    text = "inputs: {a: [H], b: [H]}\nlayers: [{Add: {from: [a, b]}}]\n"
    assert found(text, inputs={"a": (8,), "b": (9,)}) == [
        "SPC052 `H` is 9 in the shape of `b`, but `H` is 8 in the shape of `a`"
    ]


def test_a_number_of_copies_that_is_not_decided():
    text = "input: [8]\nsymbols: {n: {}}\nlayers:\n  - Dense: {units: 3, repeat: n}\n"
    assert found(text) == [
        "4:31-32 CFG102 `repeat` must be an integer of at least 0, got n | give it a value with --set n=..."
    ]
    assert len(names(good(text, settings={"n": 3}))) == 3
