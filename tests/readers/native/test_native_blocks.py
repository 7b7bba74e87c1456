"""Blocks, `repeat`, `when`: what they expand to and what it is called."""

# ruff: noqa: E501 -- messages stand here in one piece, as they are shown

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.readers.native.spec_reading import alike, fields, found, good, names, shapes, spec, wiring
from tests.thorough import each

BOTTLENECK = """
vars: {width: 64, classes: 1000}
input: [32, 32, 64]
blocks:
  bottleneck:
    args: {filters: , strides: 1, project: false}      # no value: required
    layers:
      - Conv2D: {filters: 4*filters, kernel_size: 1, strides: strides, from: input, when: project, name: shortcut}
      - Conv2D: {filters: filters, kernel_size: 1, strides: strides, from: input}
      - ReLU
      - Conv2D: {filters: 4*filters, kernel_size: 1, name: expand}
      - Add: {from: [expand, shortcut]}
layers:
"""


def test_the_example_of_the_language():
    graph = good(
        BOTTLENECK + "  - bottleneck: {filters: width, project: true, name: stage1.0}\n"
        "  - bottleneck: {filters: width, repeat: 2}\n"
    )
    assert names(graph) == [
        "stage1.0.shortcut",
        "stage1.0.conv2d",
        "stage1.0.re_lu",
        "stage1.0.expand",
        "stage1.0.add",
        "bottleneck.0.conv2d",
        "bottleneck.0.re_lu",
        "bottleneck.0.expand",
        "bottleneck.0.add",
        "bottleneck.1.conv2d",
        "bottleneck.1.re_lu",
        "bottleneck.1.expand",
        "bottleneck.1.add",
    ]
    wires = wiring(graph)
    assert wires["stage1.0.shortcut"] == wires["stage1.0.conv2d"] == ["input_layer"]
    assert wires["stage1.0.add"] == ["stage1.0.expand, stage1.0.shortcut"]
    # Where the projection is left out the shortcut is the block's input.
    assert wires["bottleneck.0.add"] == ["bottleneck.0.expand, stage1.0.add"]
    assert wires["bottleneck.1.add"] == ["bottleneck.1.expand, bottleneck.0.add"]
    assert [layer.block for layer in graph.layers if layer.type_name == "Add"] == [
        ("stage1", "0"),
        ("bottleneck", "0"),
        ("bottleneck", "1"),
    ]


def test_an_expanded_block_is_the_same_as_its_layers_written_by_hand():
    block = BOTTLENECK + "  - bottleneck: {filters: width, project: true}\n  - bottleneck: [2*width // 2]\n"
    hand = """
        input: [32, 32, 64]
        layers:
          - Conv2D: {filters: 256, kernel_size: 1, name: shortcut}
          - Conv2D: {filters: 64, kernel_size: 1, from: input}
          - ReLU
          - Conv2D: {filters: 256, kernel_size: 1, name: expand}
          - Add: {from: [expand, shortcut]}
          - Conv2D: {filters: 64, kernel_size: 1}
          - ReLU
          - Conv2D: {filters: 256, kernel_size: 1}
          - Add: {from: [conv2d_2, add]}
    """
    assert alike(good(block)) == alike(good(hand))


@each(
    ("use", "wanted"),
    [
        ("b: {units: 3}", (3, "relu", 6)),
        ("b: 3", (3, "relu", 6)),
        ("b: [3]", (3, "relu", 6)),
        ("b: [3, gelu, 5]", (3, "gelu", 5)),
        ("b: {units: 2*width, act: $act}", (16, "tanh", 32)),
        ("b: {units: width, act: null, next: units + 1}", None),
        ("b: {units: 3, next: $width, act: gelu}", (3, "gelu", 8)),
    ],
)
def test_arguments(use, wanted):
    text = f"""
        input: [4]
        vars: {{width: 8, act: tanh}}
        blocks:
          b:
            args: {{units: , act: relu, next: 2*units}}
            layers:
              - Dense: {{units: units, activation: $act}}
              - Dense: next
        layers:
          - {use}
    """
    if wanted is None:
        # An argument is read with the names where it is given, not those of the block.
        assert found(text) == ["10:40-45 SPC026 the name `units` is not known here | the names here are width, act"]
        return
    graph = good(text)
    got = (*fields(graph, "b.dense", "units", "activation"), fields(graph, "b.dense_1", "units"))
    assert got == wanted


def test_the_arguments_of_inner_blocks_are_formulas_of_the_outer_ones():
    graph = good("""
        input: [4]
        blocks:
          inner: {args: {units: , act: relu}, layers: [{Dense: {units: units + 1, activation: $act}}]}
          outer: {args: {units: , act: }, layers: [{inner: {units: 2*units, act: $act, name: i}}, {Dense: units}]}
        layers:
          - outer: {units: 5, act: gelu, name: o}
    """)
    assert fields(graph, "o.i.dense", "units", "activation") == (11, "gelu")
    assert fields(graph, "o.dense", "units") == 5
    assert graph.layers[1].block == ("o", "i")
    assert graph.sequential


def test_repeat_and_index():
    graph = good("""
        input: [4]
        blocks:
          b:
            args: {units: 10}
            layers:
              - Dense: units + index
              - Dense: {units: 100*index + 1, repeat: 2, name: d}
        layers:
          - b: {repeat: 2, units: 20 + index}
          - b
          - Dense: {units: 1 + index, repeat: 2}
          - Dense: {units: 3, repeat: 1, name: once}
          - Dense: {units: 3, repeat: 0, name: never}
    """)
    units = {layer.name: layer.fields["units"] for layer in graph.layers[1:]}
    assert units == {
        "b.0.dense": 20,
        "b.0.d.0": 1,
        "b.0.d.1": 101,
        "b.1.dense": 22,
        "b.1.d.0": 1,
        "b.1.d.1": 101,
        "b_1.dense": 10,
        "b_1.d.0": 1,
        "b_1.d.1": 101,
        "dense.0": 1,
        "dense.1": 2,
        "once.0": 3,
    }
    assert graph.layers[2].block == ("b", "0")


def test_names_of_repeated_layers_and_of_layers_in_blocks():
    graph = good("""
        input: [4, 4]
        blocks:
          b: {layers: [{Dense: {units: 4, name: d}}, {LSTM: {units: 4, return_sequences: true, return_state: true}}], output: lstm}
          c: {layers: [{b: {name: x}}, {Dense: {units: 4, from: "x:1"}}, {Dense: {units: 4, from: x.d}}], output: dense}
        layers:
          - b: {repeat: 2, name: s}
          - Dense: {units: 4, repeat: 2, name: q}
          - Add: {from: [s, s.0, s.0.d, q, q.0, s.1.lstm]}
          - Dense: {units: 4, from: "s:2"}
          - c: {name: y, from: s}
        outputs: [add, dense, y, y.x.d, y.dense_1]
    """)
    wires = wiring(graph)
    assert wires["add"] == ["s.1.lstm, s.0.lstm, s.0.d, q.1, q.0, s.1.lstm"]
    assert wires["dense"] == ["s.1.lstm:2"]
    assert wires["y.dense"] == ["y.x.lstm:1"]
    assert [one.node.layer.name for one in graph.outputs] == ["add", "dense", "y.dense", "y.x.d", "y.dense_1"]


def test_layers_that_are_left_out():
    graph = good(
        """
        input: [8]
        vars: {deep: false}
        blocks:
          b:
            args: {p: }
            layers:
              - Dense: {units: 8, when: p, from: input}
              - ReLU: {when: p, name: shortcut}
              - Dense: {units: 8, from: input, name: main}
              - Add: {from: [main, shortcut]}
        layers:
          - b: {p: deep, name: x}
          - b: {p: not deep, name: y}
          - b: {p: true, when: deep, name: z}
          - Add: {from: [x, y], when: deep}
          - Dense: {units: 8, repeat: 3, when: index != 1, name: d}
          - Add: {from: [x, y, z, d, d.1, add]}
    """.replace(", add]", "]")
    )
    wires = wiring(graph)
    assert wires["x.add"] == ["x.main, input_layer"]
    assert wires["y.add"] == ["y.main, y.shortcut"]
    # `z` stands for its input, which is `y`; the first Add is left out and stands for `x`, its first input.
    assert wires["d.0"] == ["x.add"]
    assert wires["d.2"] == ["d.0"]
    assert wires["add"] == ["x.add, y.add, y.add, d.2, d.0"]


def test_two_ways_of_which_one_is_kept_may_have_one_name():
    text = """
        input: [8]
        vars: {{wide: {}}}
        layers:
          - Dense: {{units: 8, name: a, when: wide}}
          - Dense: {{units: 4, name: a, when: not wide}}
          - Dense: {{units: 2, from: a}}
    """
    assert names(good(text.format("true"))) == ["a", "dense"]
    assert fields(good(text.format("true")), "a", "units") == 8
    assert fields(good(text.format("false")), "a", "units") == 4
    assert wiring(good(text.format("false")))["dense"] == ["a"]


def test_several_tensors_into_a_block():
    graph = good("""
        inputs: {p: [8], q: [8]}
        blocks:
          both: {layers: [{Add: {from: input}}, {Dense: {units: 8, from: "input:1"}}, {Add: {from: [dense, add]}}]}
          one: {layers: [{Dense: {units: 8, from: "input:0"}}, {both: {from: [dense, input]}}]}
          skip: {args: {other: }, layers: [{Dense: 8}, {Add: {from: [dense, $other]}}, {one: {from: $other}}, {Add: {from: [add, one]}}]}
        layers:
          - both: {from: [p, q], name: x}
          - one: {from: [p, q], name: y}
          - skip: {other: x, name: z}
          - skip: {other: [x.dense], name: w}
    """)
    wires = wiring(graph)
    assert wires["x.add"] == ["p, q"]
    assert wires["x.dense"] == ["q"]
    assert wires["y.dense"] == ["p"]
    assert wires["y.both.add"] == ["y.dense, p, q"]
    assert wires["z.add"] == ["z.dense, x.add_1"]
    assert wires["z.one.dense"] == ["x.add_1"]
    assert wires["w.add"] == ["w.dense, x.dense"]


def test_output_of_a_block():
    text = """
        input: [8]
        blocks:
          b: {{layers: [{{Dense: {{units: 3, name: a}}}}, {{Dense: {{units: 4, name: c}}}}], output: {}}}
        layers: [{{b: {{name: x}}}}, {{Dense: 1}}, {{Dense: {{units: 1, from: x.c}}}}]
        outputs: [dense, dense_1]
    """
    assert wiring(good(text.format("a")))["dense"] == ["x.a"]
    assert wiring(good(text.format("input")))["dense"] == ["input_layer"]
    assert found(text.format("d")) == ["3:85-86 GRF302 there is no layer `d` | the names here are input, a, c"]


BODY = "      - Dense: 3\n"


@each(
    ("block", "use", "problems"),
    [
        ("args: {n: }\n    layers: [{Dense: n}]", "b", [
            "6:5-6 CFG101 block `b` needs `n`",
        ]),
        ("args: {n: }\n    layers: [{Dense: n}]", "b: {m: 3}", [
            "6:5-6 CFG101 block `b` needs `n`",
            "6:9-10 CFG103 block `b` has no argument `m` | its arguments are n",
        ]),
        ("args: {units: 3}\n    layers: [{Dense: units}]", "b: {unit: 3}", ["6:9-13 CFG103 block `b` has no argument `unit` | did you mean `units`?"]),
        ("layers: [{Dense: 3}]", "b: {unit: 3}", ["5:9-13 CFG103 block `b` has no argument `unit` | it has no arguments: declare it there, `args: {unit: }`"]),
        ("args: {n: 1}\n    layers: [{Dense: n}]", "b: [1, 2]", ["6:5-14 CFG104 `b` got 2 values but it has 1: n"]),
        ("args: {n: 1}\n    layers: [{Dense: 2*n}]", "b: -3", ["4:22-25 CFG102 `units` must be a positive integer, got -6"]),
        ("args: {n: 1}\n    layers: [{Dense: 2*n}]", "b: widht", ["6:8-13 SPC026 the name `widht` is not known here | declare it in `vars`"]),
        ("args: {n: m, m: n}\n    layers: [{Dense: n}]", "b", ["3:15-16 SPC024 `n` depends on itself"]),
        ("args: {act: rely}\n    layers: [{Dense: {units: 3, activation: $act}}]", "b", ["3:17-21 CFG102 `activation` must be the name of an activation, got 'rely' | did you mean `relu`?"]),
        ("layers: [{Dense: {units: 3, from: outside}}]", "b", ["3:39-46 GRF302 there is no layer `outside` | the names here are input, dense"]),
        ("layers: [{Dense: {units: 3, from: q}}]", "Dense: {units: 3, name: q}\n  - b", ["3:39-40 GRF302 there is no layer `q` | a block sees its own layers and `input`; what else it needs is given to it by an argument or by `from`"]),
        ("layers: []", "b", ["3:13-15 SPC022 the `layers` of block `b` are empty"]),
        ("output: x", "b", ["2:3-4 SPC031 block `b` has no `layers`"]),
        ("layer: [ReLU]", "b", ["2:3-4 SPC031 block `b` has no `layers`", "3:5-10 SPC030 a block has no key `layer` | did you mean `layers`?"]),
        ("args: 3\n    layers: [ReLU]", "b", ["3:11-12 SPC022 `args` is a mapping of names to defaults, not 3"]),
        ("args: {name: 1, index: 2, 2x: 3}\n    layers: [ReLU]", "b", [
            "3:12-16 SPC029 an argument cannot be called `name`, which is a key of every layer",
            "3:21-26 SPC029 an argument cannot be called `index`, which counts the copies of a `repeat`",
            "3:31-33 SPC029 an argument cannot be called `2x`: letters, digits and `_` make a name",
        ]),
        ("layers: [ReLU]\n    output: 3", "b", ["4:13-14 SPC022 `output` is the name of a layer of the block, or a list of such names, not 3"]),
        ("layers: [ReLU]\n    output: []", "b", ["4:13-15 SPC022 `output` is the name of a layer of the block, or a list of such names, not []"]),
        ("layers: [ReLU]\n    output: [re_lu, q]", "b", ["4:21-22 GRF302 there is no layer `q` | the names here are input, re_lu"]),
        ("layers: [{b: {}}]", "b", ["3:14-21 SPC032 block `b` contains itself: b -> b"]),
        ("layers: [c]\n  c: {layers: [{Dense: 3}, d]}\n  d: {layers: [b]}", "b", ["5:16-17 SPC032 block `b` contains itself: b -> c -> d -> b"]),
        ("layers: [ReLU]", "b: {from: {x: input}}", ["5:15-25 SPC036 block `b` takes its inputs in their order: a list of names"]),
        ("layers: [ReLU]", "b: {repeat: -1}", ["5:17-19 CFG102 `repeat` must be an integer of at least 0, got -1"]),
        ("layers: [ReLU]", "b: {repeat: 1.5}", ["5:17-20 CFG102 `repeat` must be an integer of at least 0, got 1.5"]),
        ("layers: [ReLU]", "b: {repeat: many}", ["5:17-21 SPC026 the name `many` is not known here | declare it in `vars`"]),
        ("layers: [ReLU]", "b: {repeat: true}", ["5:17-21 CFG102 `repeat` must be an integer of at least 0, got true"]),
        ("layers: [{Dense: {units: 0}}]", "ReLU", ["3:30-31 CFG102 `units` must be a positive integer, got 0"]),
        ("layers: [{Dense: {unit: 3}}, {Dense: {units: n, use_bias: 3}}]", "ReLU", [
            "3:23-27 CFG103 Dense has no field `unit` | did you mean `units`?",
            "3:63-64 CFG102 `use_bias` must be true or false, got 3",
        ]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_blocks(block, use, problems):
    text = f"blocks:\n  b:\n    {block}\nlayers:\n  - {use}\ninput: [8]\n"
    assert found(text) == problems


@each(
    ("blocks", "problems"),
    [
        ("3", ["1:9-10 SPC022 `blocks` is a mapping of names to blocks, not 3"]),
        ("{b: 3}", ["1:13-14 SPC022 a block is a mapping with `layers`, not 3"]),
        (
            "{b: [ReLU]}",
            ["1:13-19 SPC022 a block is a mapping with `layers`, not ['ReLU'] | `layers:` below the name of the block"],
        ),
        ("{Dense: {layers: [ReLU]}}", ["1:10-15 SPC028 `Dense` is a layer type of Keras: give the block another name"]),
        (
            "{a b: {layers: [ReLU]}}",
            ["1:10-13 SPC029 `a b` cannot be the name of a block: letters, digits and `_` can"],
        ),
    ],
)
def test_what_is_wrong_with_declarations(blocks, problems):
    assert found(f"blocks: {blocks}\ninput: [8]\nlayers: [ReLU]\n") == problems


def test_a_mistake_in_a_block_is_reported_once_and_with_its_use():
    text = """
        input: [8]
        blocks:
          b: {args: {n: }, layers: [{Dense: n - 4}, {Densse: n}]}
        layers:
          - b: {n: 5}
          - b: {n: 4, repeat: 3}
          - b: {n: 3}
    """
    graph = spec(text)
    assert found(text) == [
        "3:37-42 CFG102 `units` must be a positive integer, got -1",
        "3:37-42 CFG102 `units` must be a positive integer, got 0",
        "3:46-52 UNK701 unknown layer type `Densse` | did you mean `Dense`?",
    ]
    related = {str(one.message): one.related[0] for one in graph.diagnostics if one.related}
    zero = related["`units` must be a positive integer, got 0"]
    assert (zero.span.line, zero.span.column, zero.message) == (6, 5, "in this use of `b`")


def test_a_failed_block_is_one_layer_that_is_not_known():
    graph = spec(
        "blocks: {b: {layers: []}}\ninput: [8]\nlayers: [{b: {name: x}}, {Dense: 3}, {Dense: {units: 3, from: x}}]\n"
    )
    assert names(graph) == ["x", "dense", "dense_1"]
    assert (graph.layers[1].type, graph.layers[1].type_name) == (None, "b")


# --- for any network ----------------------------------------------------------------------------------------------------

layer_texts = st.sampled_from(
    [
        "Dense: {units: n}",
        "Dense: {units: 2*n, when: p}",
        "ReLU",
        "Dense: {units: 4, repeat: 2}",
        "Dense: {units: n + index, repeat: r, when: index < 1}",
        "Activation: {activation: $act, from: input}",
    ]
)


@given(st.lists(layer_texts, min_size=1, max_size=6), st.integers(1, 9), st.integers(0, 3), st.booleans())
def test_a_block_is_its_layers_with_the_arguments_put_in(body, n, r, p):
    """The same layers, in a block with arguments and in the file with vars."""
    values = f"n: {n}, r: {r}, p: {str(p).lower()}, act: gelu"
    items = "".join(f"      - {one}\n" for one in body)
    block = f"input: [4]\nblocks:\n  b:\n    args: {{n: , r: , p: , act: }}\n    layers:\n{items}layers:\n  - b: {{{values}}}\n"
    file = f"input: [4]\nvars: {{{values}}}\nlayers:\n{items}"
    one, other = spec(block), spec(file)
    assert one.diagnostics == other.diagnostics == []
    assert alike(one) == alike(other)
    assert shapes(one) == shapes(other)


@given(st.integers(0, 5), st.integers(0, 5))
def test_nested_repeats_multiply(outer, inner):
    text = f"input: [4]\nblocks: {{b: {{layers: [{{Dense: {{units: 4, repeat: {inner}}}}}]}}}}\nlayers:\n  - b: {{repeat: {outer}}}\n"
    graph = spec(text)
    assert len(names(graph)) == outer * inner
    assert len(set(names(graph))) == outer * inner
