"""Models within the model: `Sequential` and `Functional` as items of `layers`."""

# ruff: noqa: E501 -- messages stand here in one piece, as they are shown

from __future__ import annotations

import pytest

import cnnsum
from cnnsum.diagnostics import SMALLEST_SPEC
from cnnsum.graph.infer import infer
from tests.readers.native.spec_reading import found, good, names, shapes, spec, wiring
from tests.thorough import each


def test_a_chain_is_one_layer_with_a_graph():
    graph = good("""
        input: [32, 32, 3]
        layers:
          - Sequential:
              name: stem
              layers: [{Conv2D: [8, 3]}, {MaxPooling2D: 2}]
          - Flatten
    """)
    assert names(graph) == ["stem", "flatten"]
    assert graph.sequential
    stem = graph.layers[1].graph
    assert stem.name == "stem"
    assert stem.sequential
    assert names(stem) == ["conv2d", "max_pooling2d"]
    assert shapes(graph) == ["(N, 1800)"]


def test_names_inside_are_its_own_and_sizes_those_of_the_file():
    graph = good("""
        inputs: {image: [S, S, 3]}
        vars: {width: 8}
        blocks: {conv: {args: {f: width}, layers: [{Conv2D: {filters: f, kernel_size: 3, padding: same}}, ReLU]}}
        layers:
          - conv: {name: first}
          - Functional:
              name: body
              inputs: {x: [S, S, width]}
              layers:
                - conv: {f: 2*width, name: first}
                - Conv2D: {filters: width, kernel_size: 1, name: second}
                - Add: {from: [x, second]}
          - Dense: {units: width, name: second}
    """)
    body = next(layer for layer in graph.layers if layer.name == "body")
    assert names(body.graph) == ["first.conv2d", "first.re_lu", "second", "add"]
    assert wiring(body.graph)["add"] == ["x, second"]
    assert body.graph.inputs[0].layer.spec.shape == (graph.batch, graph.symbols["S"].dim, graph.symbols["S"].dim, 8)
    assert shapes(graph) == ["(N, S, S, 8)"]


def test_a_model_that_is_called_twice_has_its_weights_once():
    model = cnnsum.loads("""
inputs: {left: [20, 20, 3], right: [20, 20, 3]}
layers:
  - Sequential: {name: eye, from: left, layers: [{Conv2D: [8, 3]}, GlobalAveragePooling2D]}
  - Sequential: {share: eye, from: right, name: other}
  - Subtract: {from: [eye, other]}
""")
    assert model.diagnostics == ()
    assert cnnsum.summarize(model).totals.params.total == 3 * 3 * 3 * 8 + 8


def test_copies_of_a_model_have_weights_of_their_own():
    model = cnnsum.loads("""
input: [8]
layers:
  - Sequential: {repeat: 3, name: mlp, layers: [{Dense: 16}, {Dense: 8, }]}
""")
    report = cnnsum.summarize(model)
    assert [row.name for row in report.rows] == ["mlp.0", "mlp.1", "mlp.2"]
    assert report.totals.params.total == 3 * (8 * 16 + 16 + 16 * 8 + 8)


def test_models_in_models_and_blocks():
    graph = good("""
        input: [8]
        blocks:
          unit:
            args: {n: 4}
            layers:
              - Sequential: {layers: [{Dense: n}, {Sequential: {layers: [{Dense: 2*n}]}}]}
        layers:
          - unit: {n: 3, name: a}
          - unit: {name: b}
    """)
    assert names(graph) == ["a.sequential", "b.sequential"]
    assert shapes(graph) == ["(N, 8)"]
    inner = graph.layers[1].graph
    assert names(inner) == ["dense", "sequential"]


def test_what_is_frozen_outside_is_frozen_inside():
    report = cnnsum.summarize(
        cnnsum.loads("""
input: [8]
layers:
  - Sequential: {trainable: false, dtype: float16, layers: [{Dense: 16}]}
  - Dense: 1
""")
    )
    assert report.totals.params.non_trainable == 8 * 16 + 16
    (inner,) = report.rows[0].rows
    assert inner.outputs[0].dtype == "float16"


def test_other_inputs_reach_the_models_inside():
    text = """
input: [32, 32, 3]
layers:
  - Functional: {name: body, inputs: {x: [32, 32, 3]}, layers: [{Conv2D: {filters: 8, kernel_size: 3}}]}
"""
    report = cnnsum.summarize(cnnsum.loads(text, inputs={"": (64, 64, 3)}))
    assert report.rows[-1].rows[-1].outputs[0].shape[1:] == (62, 62, 8)


@each(
    ("layers", "problems"),
    [
        (
            "- Sequential",
            ["3:3-13 SPC031 the Sequential has no `layers` | `Sequential: {input: [...], layers: [...]}`"],
        ),
        ("- Sequential: {layers: []}", [f"3:24-26 SPC031 `layers` is empty | {SMALLEST_SPEC}"]),
        ("- Sequential: {layers: 3}", ["3:24-25 SPC022 `layers` is a list of layers, not 3"]),
        (
            "- Functional: {layers: [ReLU]}",
            [
                "3:3-13 SPC031 the Functional has no `input` | `input: [height, width, channels]`, without the batch axis, or `inputs:` for several"
            ],
        ),
        (
            "- Sequential: {layers: [ReLU], vars: {a: 1}}",
            [
                "3:32-36 SPC030 a model has no key `vars` | it has input, inputs, outputs, layers, and what every layer may have"
            ],
        ),
        (
            "- Sequential: {layers: [{Dense: {units: 3, name: a}}, ReLU, {Add: {from: [a, re_lu]}}]}",
            [
                "3:3-13 SPC073 a Sequential is a chain of layers, each reading the one before: this one is a Functional | write `Functional`, with `input` or `inputs`"
            ],
        ),
        (
            "- Functional: {input: [Q], layers: [ReLU]}",
            ["3:24-25 SPC026 the name `Q` is not known here | declare it in `vars`"],
        ),
        (
            "- Dense: {units: 8, name: a}\n- Functional: {input: [8], layers: [{Add: {from: [a, input]}}]}",
            ["4:51-52 GRF302 there is no layer `a` | the names here are input, add"],
        ),
        (
            "- Sequential: {name: s, layers: [ReLU]}\n- ReLU: {from: s.re_lu}",
            [
                "4:16-23 GRF302 there is no layer `s.re_lu` | what is in `s`, a model of its own, is not in sight here; `s` is what it gives"
            ],
        ),
        (
            "- Sequential: {name: s, layers: [ReLU]}\n- Functional: {share: s}",
            ["4:23-24 SPC037 `s` is a Sequential, and cannot be shared as Functional"],
        ),
        (
            "- Sequential: {name: s, layers: [ReLU]}\n- Dense: {share: s}",
            ["4:18-19 SPC037 `s` is a Sequential, and cannot be shared as Dense"],
        ),
        ("- Sequential: {layers: [Denze]}", ["3:25-30 UNK701 unknown layer type `Denze` | did you mean `Dense`?"]),
    ],
)
def test_what_is_wrong_with_a_model(layers, problems):
    assert found("input: [8]\nlayers:\n" + layers) == problems


def test_a_block_that_contains_itself_through_a_model():
    assert found("""
        input: [8]
        blocks: {b: {layers: [{Sequential: {layers: [b]}}]}}
        layers: [b]
    """) == ["2:23-50 SPC032 block `b` contains itself: b -> b"]


def test_models_count_against_the_limit_of_layers(monkeypatch):
    monkeypatch.setattr("cnnsum.readers.native.limit.MAX_LAYERS", 1000)
    layers = "- Sequential: {repeat: 1000, layers: [{Dense: {units: 1, repeat: 2000}}]}"
    assert found("input: [8]\nlayers:\n" + layers) == ["3:39-72 SPC039 this makes the network larger than 1,000 layers"]


def test_a_model_called_on_what_it_cannot_take():
    graph = spec("""
        input: [8]
        layers:
          - Functional: {inputs: {a: [8], b: [8]}, layers: [{Add: {from: [a, b]}}]}
    """)
    assert [str(one.message) for one in infer(graph).diagnostics] == ["functional: Functional takes 2 inputs, got 1"]


def test_a_model_for_every_time_step():
    model = cnnsum.loads("""
input: [10, 32, 32, 3]
vars: {width: 8}
layers:
  - TimeDistributed:
      layer:
        Sequential:
          layers: [{Conv2D: {filters: width, kernel_size: 3}}, BatchNormalization, GlobalAveragePooling2D]
  - LSTM: 4
""")
    assert model.diagnostics == ()
    report = cnnsum.summarize(model)
    (steps, _) = report.rows
    assert steps.outputs[0].shape[1:] == (10, 8)
    assert (steps.params.trainable, steps.params.non_trainable) == (3 * 3 * 3 * 8 + 8 + 2 * 8, 2 * 8)
    assert steps.macs == 10 * 30 * 30 * 8 * 27


def test_a_model_for_every_time_step_with_an_input_that_it_cannot_take():
    graph = spec("""
        input: [10, 32]
        layers:
          - TimeDistributed: {layer: {Sequential: {layers: [{Conv2D: [8, 3]}]}}}
    """)
    (one,) = infer(graph).diagnostics
    assert one.code == "SHP204"


@pytest.mark.parametrize(
    ("layer", "problems"),
    [
        ("{Sequential: {layers: [Denze]}}", ["3:53-58 UNK701 unknown layer type `Denze` | did you mean `Dense`?"]),
        (
            "{Sequential: {from: x, layers: [ReLU]}}",
            ["3:30-69 CFG102 `layer` (Sequential): `from` cannot stand in a wrapped layer"],
        ),
    ],
)
def test_what_is_wrong_with_a_model_in_a_field(layer, problems):
    assert found("input: [4, 8]\nlayers:\n  - TimeDistributed: {layer: " + layer + "}") == problems
