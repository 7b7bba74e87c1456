"""`from`, `inputs`, `outputs`, `share`: how layers are connected, and which graphs are chains."""

# ruff: noqa: E501 -- messages stand here in one piece, as they are shown

from __future__ import annotations

import cnnsum
from cnnsum.graph.infer import infer
from tests.readers.native.spec_reading import found, good, names, shapes, spec, wiring
from tests.thorough import each

CHAIN = "input: [8]\nlayers:\n"
TWO = "inputs: {a: [8], b: [8]}\nlayers:\n"


def test_the_example_of_the_language():
    graph = good("""
        inputs: {image: [H, W, 3], mask: {shape: [H, W, 1], dtype: uint8}}
        layers:
          - Conv2D: {filters: 16, kernel_size: 3, padding: same, from: image, name: stem}
          - Concatenate: {from: [stem, mask]}
    """)
    assert wiring(graph) == {"stem": ["image"], "concatenate": ["stem, mask"]}
    assert [(node.layer.name, node.layer.spec.dtype) for node in graph.inputs] == [
        ("image", "float32"),
        ("mask", "uint8"),
    ]
    assert graph.name == "functional"
    assert not graph.sequential
    assert sorted(graph.symbols) == ["H", "N", "W"]
    assert graph.symbols["N"].anonymous
    assert graph.batch == graph.symbols["N"].dim
    assert shapes(graph) == ["(N, H, W, 17)"]


@each(
    ("layers", "chain"),
    [
        ("- Dense: 3\n- ReLU", True),
        ("- Dense: {units: 3, name: a}\n- ReLU: {from: a}", True),
        ("- Dense: {units: 3, from: input}\n- ReLU", True),
        ("- Dense: {units: 3, when: false}\n- ReLU", True),
        ("- Dense: 3\n- ReLU\noutputs: re_lu", True),
        ("- Dense: 3\n- ReLU\noutputs: [re_lu]", True),
        ("- Dense: 3\n- ReLU\noutputs: [dense, re_lu]", False),
        ("- Dense: {units: 8, name: a}\n- Add: {from: [a, input]}", False),
        ("- Dense: {units: 8, name: a}\n- Dense: {share: a}", False),
        ("- LSTM: {units: 8, return_state: true, name: a}\n- Dense: {units: 2, from: 'a:1'}", False),
        ("- LSTM: {units: 8, return_state: true, name: a}\n- Dense: {units: 2, from: 'a:0'}", True),
    ],
)
def test_which_specs_are_sequential(layers, chain):
    graph = good(f"input: [8, 8]\nlayers:\n{layers}\n")
    assert graph.sequential is chain
    assert graph.name == ("sequential" if chain else "functional")


def test_inputs_with_names_make_a_functional_model():
    graph = good("inputs: {image: [8]}\nlayers: [{Dense: 3}]\n")
    assert not graph.sequential
    assert [layer.name for layer in graph.layers] == ["image", "dense"]
    assert wiring(good("inputs: {image: [8]}\nlayers: [{Dense: {units: 3, from: input}}]\n")) == {"dense": ["image"]}


def test_the_input_of_a_functional_model_has_the_name_that_keras_gives():
    graph = good(CHAIN + "- Dense: {units: 8, name: a}\n- Add: {from: [a, input]}\n")
    assert [layer.name for layer in graph.layers] == ["input_layer", "a", "add"]
    assert wiring(graph)["add"] == ["a, input_layer"]
    graph = good(CHAIN + "- Dense: {units: 8, name: input_layer}\n- Add: {from: [input_layer, input]}\n")
    assert [layer.name for layer in graph.layers] == ["input_layer_1", "input_layer", "add"]


def test_names_forwards_automatic_names_and_outputs_by_number():
    graph = good(
        "input: [8, 8]\nlayers:\n"
        "- Dense: {units: 8, from: later, name: first}\n"
        "- LSTM: {units: 8, return_sequences: true, return_state: true, from: input, name: later}\n"
        "- Dense: {units: 8, from: 'later:1'}\n"
        "- Add: {from: [first, dense, lstm_2:0]}\n"
        "- Add: {from: [lstm_2, first]}\n"
        "- LSTM: {units: 8, return_sequences: true, from: first, name: lstm_2}\n"
        "outputs: [add, add_1, lstm_2]\n"
    )
    assert wiring(graph) == {
        "first": ["later"],
        "later": ["input_layer"],
        "dense": ["later:1"],
        "add": ["first, dense, lstm_2"],
        "add_1": ["lstm_2, first"],
        "lstm_2": ["first"],
    }
    assert [(one.node.layer.name, one.index) for one in graph.outputs] == [("add", 0), ("add_1", 0), ("lstm_2", 0)]


def test_inputs_of_a_layer_by_name():
    graph = good(
        "inputs: {x: [4, 8], y: [6, 8]}\nlayers:\n"
        "- MultiHeadAttention: {num_heads: 2, key_dim: 4, from: {query: x, value: y}}\n"
    )
    node = graph.layers[2].nodes[0]
    assert node.keywords == ("query", "value")
    assert shapes(graph) == ["(N, 4, 8)"]
    text = (
        "input: [4, 8]\nlayers:\n- MultiHeadAttention: {num_heads: 2, key_dim: 4, from: {query: input, valu: input}}\n"
    )
    assert found(text) == ["3:71-75 GRF304 MultiHeadAttention has no input `valu` | did you mean `value`?"]


@each(
    ("text", "problems"),
    [
        (
            CHAIN + "- Dense: {units: 3, from: dence}\n- ReLU: {name: dense_7}\n",
            ["3:27-32 GRF302 there is no layer `dence` | did you mean `dense`?"],
        ),
        (
            CHAIN + "- Dense: 3\n- Add: {from: [xx, yy]}\n",
            [
                "4:16-18 GRF302 there is no layer `xx` | the names here are input, dense, add",
                "4:20-22 GRF302 there is no layer `yy` | the names here are input, dense, add",
            ],
        ),
        (
            CHAIN + "- Dense: {units: 3, from: 3}\n",
            [
                (
                    "3:27-28 CFG102 `from` must be the name of a layer, or a list of names, got 3 | layers have names, "
                    "also automatic ones, and are not counted: `from: conv2d_1`"
                )
            ],
        ),
        (
            CHAIN + "- Dense: {units: 3, from: []}\n",
            ["3:27-29 CFG102 `from` must be the name of a layer, or a list of names, got []"],
        ),
        (
            CHAIN + "- Dense: {units: 3, name: a}\n- Dense: {units: 3, name: a}\n",
            [
                "4:27-28 GRF307 the name `a` is used twice | call one of the two `a_2`, or nothing: layers get names by themselves"
            ],
        ),
        (
            CHAIN + "- Dense: {units: 3, name: a, from: b}\n- Dense: {units: 3, name: b}\n- ReLU: {from: input}\n",
            [
                "3:36-37 GRF301 `a` depends on itself: a <- b <- a | let one of them read a layer that needs none of the others"
            ],
        ),
        (
            CHAIN + "- Dense: {units: 3, name: a, from: a}\n",
            [
                "3:36-37 GRF301 `a` depends on itself: a <- a | let one of them read a layer that needs none of the others"
            ],
        ),
        (
            CHAIN + "- ReLU: {name: a, from: b, when: false}\n- ReLU: {name: b, from: a, when: false}\n- ReLU\n",
            ["3:25-26 GRF301 `b` depends on itself | name a layer that needs none of this"],
        ),
        (
            TWO + "- Dense: 3\n- Add: {from: [a, b]}\n",
            [
                (
                    "3:3-8 GRF303 this layer comes first and the model has several inputs: say with `from` what it starts from"
                    " | its inputs are a, b"
                )
            ],
        ),
        (
            TWO + "- Add: {from: [a, input]}\n",
            ["3:19-24 GRF302 there is no layer `input` | the model has several inputs: a, b"],
        ),
        (TWO + "- ReLU: {from: a}\n", ["1:18-19 GRF309 warning: input `b` is not used: no layer starts from it"]),
        (CHAIN + "- ReLU\noutputs: relu\n", ["4:10-14 GRF302 there is no layer `relu` | did you mean `re_lu`?"]),
        (
            CHAIN + "- ReLU\noutputs: [re_lu, 3]\n",
            ["4:10-20 CFG102 `outputs` must be the name of a layer, or a list of names, got ['re_lu', 3]"],
        ),
        (
            CHAIN + "- ReLU\noutputs: []\n",
            ["4:10-12 CFG102 `outputs` must be the name of a layer, or a list of names, got []"],
        ),
    ],
)
def test_what_is_wrong_with_connections(text, problems):
    assert found(text) == problems


def test_the_first_use_of_a_name_is_shown():
    graph = spec(CHAIN + "- Dense: {units: 3, name: a}\n- Dense: {units: 3, name: a}\n")
    (twice,) = graph.diagnostics
    (first,) = twice.related
    assert (first.span.line, first.span.column, first.message) == (3, 27, "the first `a` is here")


def test_a_call_without_its_input_fails_alone():
    """What cannot be connected yields nothing known, and nothing that follows is reported again."""
    graph = spec(CHAIN + "- Dense: {units: 3, from: nowhere, name: a}\n- ReLU\n- Add: {from: [a, re_lu]}\n")
    assert [found.code for found in graph.diagnostics] == ["GRF302"]
    inference = infer(graph)
    assert inference.diagnostics == []
    assert shapes(graph) == ["None"]


def test_a_cycle_leaves_the_rest_readable():
    graph = spec(
        CHAIN + "- Add: {from: [input, b], name: a}\n- Dense: {units: 3, name: b}\n- Dense: {units: 3, from: input}\n"
    )
    assert [found.code for found in graph.diagnostics] == ["GRF301"]
    assert infer(graph).diagnostics == []
    assert shapes(graph) == ["(N, 3)"]


def test_long_cycles_and_long_chains_forwards():
    """Neither takes recursion."""
    count = 5000
    items = "".join(f"- ReLU: {{name: a{index}, from: a{index + 1}}}\n" for index in range(count))
    graph = spec(CHAIN + items + f"- ReLU: {{name: a{count}, from: input}}\noutputs: a0\n")
    assert graph.diagnostics == []
    (problem,) = found(CHAIN + items + f"- ReLU: {{name: a{count}, from: a0}}\n")
    assert "GRF301" in problem
    assert "`a0` depends on itself: a0 <- a1 <- a2 <- a3 <- ... <- " in problem
    left_out = "".join(f"- ReLU: {{name: a{index}, from: a{index + 1}, when: false}}\n" for index in range(150))
    graph = spec(CHAIN + left_out + "- ReLU: {name: a150, from: input}\n- ReLU: {from: a0}\n")
    assert wiring(graph)["re_lu"] == ["a150"]


# --- share ------------------------------------------------------------------------------------------------------------


def test_a_shared_layer_is_one_layer_with_two_calls():
    graph = good(
        TWO + "- Dense: {units: 3, from: a, name: one}\n- Dense: {share: one, from: b, name: two}\n"
        "- Add: {from: [one, two]}\n"
    )
    assert wiring(graph) == {"one": ["a", "b"], "add": ["one, one"]}
    assert [(one.node.layer.name, one.node.index) for one in graph.layers[3].nodes[0].inputs] == [
        ("one", 0),
        ("one", 1),
    ]


def test_a_shared_layer_follows_the_layer_before_and_takes_no_name():
    graph = good("input: [3]\nlayers:\n- Dense: {units: 3, name: one}\n- ReLU\n- Dense: {share: one}\n- Dense: 3\n")
    assert wiring(graph) == {"one": ["input_layer", "re_lu"], "re_lu": ["one"], "dense": ["one"]}


def test_a_shared_layer_repeated():
    graph = good("input: [3]\nlayers:\n- Dense: {units: 3, name: one}\n- Dense: {share: one, repeat: 3, name: again}\n")
    assert wiring(graph) == {"one": ["input_layer", "one", "one", "one"]}


TOWER = """
inputs: {left: [16, 8], right: [16, 8]}
blocks:
  inner: {args: {n: }, layers: [{Dense: n}, {Dense: {units: n, name: last}}]}
  tower:
    args: {n: 2}
    layers:
      - Dense: {units: n, name: first}
      - inner: {n: n + index, repeat: 2, name: deep}
      - Dense: {share: first, from: input}
      - inner: {share: deep.0, from: input}
layers:
"""


def test_a_shared_block_shares_every_layer_in_it():
    graph = spec(
        TOWER + "  - tower: {from: left, n: 8, name: one}\n  - tower: {from: right, share: one, name: two}\n"
        "  - tower: {from: right, share: two, name: three}\n  - Add: {from: [one, two, three]}\n"
    )
    assert graph.diagnostics == []
    assert names(graph) == [
        "one.first",
        "one.deep.0.dense",
        "one.deep.0.last",
        "one.deep.1.dense",
        "one.deep.1.last",
        "add",
    ]
    wires = wiring(graph)
    assert wires["one.first"] == ["left", "left", "right", "right", "right", "right"]
    assert wires["one.deep.0.dense"] == ["one.first", "left", "one.first", "right", "one.first", "right"]
    assert wires["add"] == ["one.deep.0.last, one.deep.0.last, one.deep.0.last"]
    assert graph.layers[-1].nodes[0].inputs[2].node.index == 5


def test_copies_are_shared_copy_by_copy():
    graph = good(
        TOWER + "  - inner: {n: 8, from: left, repeat: 2, name: one}\n"
        "  - inner: {share: one, from: right, repeat: 2, name: two}\n  - Add: {from: [one, two]}\n"
    )
    assert wiring(graph)["one.1.dense"] == ["one.0.last", "one.0.last"]
    graph = good(
        "input: [8]\nlayers:\n- Dense: {units: 8, repeat: 2, name: d}\n- Dense: {share: d, repeat: 2}\n- Dense: {share: d.1}\n"
    )
    assert wiring(graph) == {"d.0": ["input_layer", "d.1"], "d.1": ["d.0", "d.0", "d.1"]}


SHARE = (
    "input: [8]\nblocks:\n  b: {args: {n: 8}, layers: [{Dense: n}]}\n  c: {layers: [{Dense: 8}]}\nlayers:\n"
    "- Dense: {units: 8, name: d}\n- b: {name: u}\n- b: {name: r, repeat: 2}\n- Dense: {units: 8, repeat: 2, name: q}\n- "
)


@each(
    ("item", "problem"),
    [
        ("Conv2D: {share: d}", "10:19-20 SPC037 `d` is a Dense, and cannot be shared as Conv2D"),
        (
            "Dense: {share: dd}",
            "10:18-20 GRF302 there is no layer `dd` above this one | what is shared stands before what shares it",
        ),
        ("Dense: {share: 3}", "10:18-19 CFG102 `share` must be the name of a layer, got 3"),
        (
            "Dense: {share: d, units: 8}",
            "10:21-26 SPC037 `units` stands with `share`: what is shared is as `d` says | remove `units`",
        ),
        (
            "Dense: {share: d, trainable: false}",
            "10:21-30 SPC037 `trainable` stands with `share`: what is shared is as `d` says | remove `trainable`",
        ),
        ("Dense: {share: u}", "10:18-19 SPC037 `u` is a use of block `b`, and cannot be shared as Dense"),
        ("b: {share: d}", "10:14-15 SPC037 `d` is a Dense, and cannot be shared as block `b`"),
        ("c: {share: u}", "10:14-15 SPC037 `u` is a use of block `b`, not of `c`"),
        (
            "Dense: {share: input}",
            "10:18-23 SPC037 `input` is not a layer of the network, and cannot be shared as Dense",
        ),
        ("b: {share: r}", "10:14-15 SPC037 `r` has 2 copies: share one of them (`r.0`), or all with `repeat: 2`"),
        ("Dense: {share: q}", "10:18-19 SPC037 `q` has 2 copies: share one of them (`q.0`), or all with `repeat: 2`"),
        (
            "Dense: {share: q, repeat: 3}",
            "10:18-19 SPC037 `q` has 2 copies: share one of them (`q.0`), or all with `repeat: 2`",
        ),
    ],
)
def test_what_cannot_be_shared(item, problem):
    assert found(SHARE + item + "\n") == [problem]


MERGES = ("Add", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")


@each("merge", MERGES)
@each("source", ["", "from: a"])
def test_a_merge_takes_a_list_as_keras_does(merge: str, source: str) -> None:
    (said,) = found(CHAIN + f"- Dense: {{units: 4, name: a}}\n- {merge}: {{{source}}}\n")
    message = f"GRF303 {merge} takes a list of tensors, got one that is in none"
    assert said.endswith(f" {message} | name what comes together: `from: [a, b]`")


@each("merge", MERGES)
def test_a_merge_of_a_list_of_one_is_a_merge(merge: str) -> None:
    graph = good(CHAIN + f"- Dense: {{units: 4, name: a}}\n- {merge}: {{from: [a]}}\n")
    assert shapes(graph)[-1] == "(N, 4)"


def test_a_merge_of_what_a_block_is_given() -> None:
    blocks = "blocks: {sum: {layers: [{Add: {from: input}}]}}\n" + CHAIN + "- Dense: {units: 4, name: a}\n"
    good(blocks + "- sum: {from: [a, a]}\n")
    assert "GRF303" in found(blocks + "- sum\n")[0]


def test_a_merge_of_one_in_the_words_of_pytorch() -> None:
    text = "framework: torch\ninput: [8]\nlayers:\n- Linear: {out_features: 4, name: a}\n- "
    for word in ("cat", "stack"):
        (said,) = found(text + word + ": {from: a}\n")
        assert f"GRF303 {word} takes a list" in said
    good(text + "cat: {from: [a]}\n")


def test_an_output_of_what_reads_itself_is_told() -> None:
    """`layer:1`, which is no block's layer but an output of the last copy, was looked up without end."""
    blocks = "blocks: {b: {args: {last: }, layers: [ReLU: {from: next, when: not last, name: next}]}}\n"
    layers = "input: [4]\nlayers: [b: {last: index == 2, repeat: 3, name: layer}, ReLU: {from: 'layer:1'}]\n"
    assert {found.code for found in cnnsum.loads(blocks + layers).errors} == {"GRF301"}


def test_a_long_chain_of_names_of_layers_that_are_left_out() -> None:
    """Each name was looked up within the one before: 500 of them were too deep for Python."""
    layers = "".join(f"  - ReLU: {{name: l{at}, from: l{at + 1}, when: false}}\n" for at in range(2_000))
    text = f"input: [4]\nlayers:\n{layers}  - ReLU: {{name: l2000, from: input}}\n  - Add: {{from: [l0, input]}}\n"
    model = cnnsum.loads(text)
    assert not model.errors
    assert [one.node.layer.name for one in model.graph.layers[-1].nodes[0].inputs] == ["l2000", "input_layer"]
