"""`layer_types`: layer types that a file declares by patterns."""

# ruff: noqa: E501 -- messages stand here in one piece, as they are shown

from __future__ import annotations

import cnnsum
from cnnsum.analyses.sizes.conditions import violated
from cnnsum.dims import Symbol
from cnnsum.graph.infer import infer
from cnnsum.layers.facts import NOT_FOLLOWED, Facts
from tests.readers.native.spec_reading import fields, found, good, names, shapes, spec
from tests.thorough import each


def own(declaration: str, *items: str, head: str = "input: [8, 8, 3]") -> str:
    return f"{head}\nlayer_types:\n  Own: {declaration}\nlayers:\n" + "".join(f"  - {item}\n" for item in items)


def facts(text: str) -> Facts:
    """Of the last layer."""
    return infer(good(text)).calls[-1].facts


def test_work_by_the_size_of_an_output_that_is_as_the_input_with_open_axes():
    found = facts(own("{input: [null, ..., c], macs: size(output), elementwise: c}", "Own"))
    assert (found.macs, found.ops) == (8 * 8 * 3, 3)
    assert facts(own("{input: [_, null, c], macs: size(output)}", "Own", head="input: [H, W, 3]")).macs == (
        3 * Symbol("H").dim * Symbol("W").dim
    )


def weights(text: str) -> list[tuple[object, ...]]:
    return [tuple(weight)[:4] for weight in facts(text).weights]


def test_the_example_of_the_language():
    graph = good("""
        input: [H, W, 96]
        layer_types:
          LayerScale:
            fields: {projection_dim: , init_values: 1.0e-6}
            input:  [..., c]
            output: [..., c]
            weights: {gamma: [projection_dim]}
            elementwise: size(output)
        layers:
          - LayerScale: {projection_dim: 96}
          - LayerScale: [96, 1.0e-5]
          - LayerScale: 96
    """)
    assert names(graph) == ["layer_scale", "layer_scale_1", "layer_scale_2"]
    assert [layer.type_name for layer in graph.layers[1:]] == ["LayerScale"] * 3
    assert fields(graph, "layer_scale_1", "projection_dim", "init_values") == (96, 1e-5)
    inference = infer(graph)
    height, width = Symbol("H").dim, Symbol("W").dim
    assert shapes(graph) == ["(N, H, W, 96)"]
    for call in inference.calls:
        (gamma,) = call.facts.weights
        assert (gamma.name, gamma.shape, gamma.trainable, gamma.dtype) == ("gamma", (96,), True, None)
        assert call.facts.ops == 96 * height * width
        assert call.facts.macs == 0


@each(
    ("declaration", "item", "shape", "expected"),
    [
        ("{}", "Own", "(N, 8, 8, 3)", []),
        ("", "Own", "(N, 8, 8, 3)", []),
        ("{input: [h, w, c], output: [h*w, c]}", "Own", "(N, 64, 3)", []),
        ("{input: [a, a, 3], output: [a // 2 + 1, 4]}", "Own", "(N, 5, 4)", []),
        ("{input: [..., c], output: [..., 2*c, 1]}", "Own", "(N, 8, 8, 6, 1)", []),
        ("{input: [null, ..., c]}", "Own", "(N, 8, 8, 3)", []),
        ("{input: [..., null]}", "Own", "(N, 8, 8, 3)", []),
        ("{input: [_, _, _]}", "Own", "(N, 8, 8, 3)", []),
        ("{input: [..., 8, _]}", "Own", "(N, 8, 8, 3)", []),
        ("{input: [h, ..., c], output: [c, ..., h]}", "Own", "(N, 3, 8, 8)", []),
        ("{input: [h, w, _], output: [h, 5]}", "Own", "(N, 8, 5)", []),
        ("{input: [h, w, null], output: [w]}", "Own", "(N, 8)", []),
        ("{input: [h, w, c], output: []}", "Own", "(N,)", []),
        ("{input: [h, w, 2 + 1]}", "Own", "(N, 8, 8, 3)", []),
        ("{output: [..., 1]}", "Own", "(N, 8, 8, 3, 1)", []),
        (
            "{fields: {n: , k: 2*size}, input: [..., c], output: [..., n], weights: {a: [c, n], b: [k], s: [], t: 7}}",
            "Own: 5",
            "(N, 8, 8, 5)",
            [("a", (3, 5), True, None), ("b", (20,), True, None), ("s", (), True, None), ("t", (7,), True, None)],
        ),
        (
            "{weights: {m: {shape: [..., 2], trainable: false, dtype: int8}}}",
            "Own",
            "(N, 8, 8, 3)",
            [("m", (8, 8, 3, 2), False, "int8")],
        ),
    ],
)
def test_patterns(declaration, item, shape, expected):
    text = own(declaration, item, head="vars: {size: 10}\ninput: [8, 8, 3]")
    assert shapes(good(text)) == [shape]
    assert weights(text) == expected


def test_several_inputs_and_outputs():
    head = "inputs: {a: [5, 4], b: [7, 4]}"
    text = own(
        "{input: [[n, d], [m, d]], output: [[n + m, d], [d]], macs: n*m*d, elementwise: size(input) + size(output)}",
        "Own: {from: [a, b]}",
        "Flatten: {from: 'own:1'}",
        "Add: {from: [own, own]}",
        head=head + "\noutputs: [own, flatten, add]",
    )
    assert shapes(good(text)) == ["(N, 12, 4)", "(N, 4)", "(N, 12, 4)"]
    found_facts = infer(good(text)).calls[0].facts
    assert (found_facts.macs, found_facts.ops) == (140, 48 + 52)
    text = own("{input: [[n, d], [m, d]]}", "Own: {from: [a]}", head=head)
    (problem,) = [one for one in infer(spec(text)).diagnostics if one.severity == "error"]
    assert str(problem) == "m.yaml:5:5: GRF303 own: Own takes 2 inputs, got 1"


def test_what_it_costs_and_keeps():
    text = own("{fields: {n: 2}, macs: n*size(input), elementwise: 3*size( output )}", "Own")
    assert (facts(text).macs, facts(text).ops, facts(text).keeps_input) == (2 * 192, 3 * 192, True)
    assert facts(own("{}", "Own")).keeps_input is False
    assert facts(own("{}", "Own")).window is None
    assert facts(own("{input: [n, d, c], output: [n + 1, d, c]}", "Own")).window == NOT_FOLLOWED


def test_formulas_of_symbols():
    text = own(
        '{input: [h, w, c], output: ["max(h, w) // 2", c], weights: {k: [h // 4]}}', "Own", head="input: [H, W, 3]"
    )
    assert shapes(good(text)) == ["(N, max(H, W)//2, 3)"]


def test_fields_hold_numbers_where_a_formula_needs_one_and_anything_elsewhere():
    text = own("{fields: {n: , mode: up, table: [1, 2]}, output: [n]}", "Own: {n: 2*k, mode: $m, table: {a: [1]}}",
               head="vars: {k: 4, m: down}\ninput: [3]")  # fmt: skip
    assert fields(good(text), "own", "n", "mode", "table") == (8, "down", (("a", (1,)),))
    assert shapes(good(text)) == ["(N, 8)"]


def test_an_own_type_in_blocks_defaults_and_wrappers():
    graph = good("""
        input: [4, 4]
        layer_types: {Own: {fields: {n: , m: 1}, input: [d], output: [n + m]}}
        defaults: {Own: {n: 6}}
        blocks: {b: {args: {k: }, layers: [{TimeDistributed: {layer: {Own: {n: k}}}}, {TimeDistributed: {layer: {Own: {n: 3, m: 2}}}}]}}
        layers:
          - b: 9
          - Flatten
          - Own
    """)
    assert shapes(graph) == ["(N, 7)"]


@each(
    ("declaration", "item", "problems"),
    [
        ("3", "ReLU", ["3:8-9 SPC022 a layer type is a mapping with `input`, `output` and `weights`, not 3"]),
        ("{inpt: [c]}", "ReLU", ["3:9-13 SPC030 a layer type has no key `inpt` | did you mean `input`?"]),
        ("{fields: 3}", "ReLU", ["3:17-18 SPC022 `fields` is a mapping of names to defaults, not 3"]),
        ("{fields: {name: 3, 2x: 1}}", "ReLU", ["3:18-22 SPC029 a field cannot be called `name`", "3:27-29 SPC029 a field cannot be called `2x`"]),
        ("{input: 3}", "ReLU", ["3:16-17 SPC022 a pattern is a list of sizes and names, like [..., c], not 3"]),
        ("{input: [..., c, ...]}", "ReLU", ["3:25-28 SPC065 a pattern has one `...` at most"]),
        ("{input: [0, -1, 2.5]}", "ReLU", [
            "3:17-18 CFG102 a size of `input` must be a positive integer or an expression, got 0",
            "3:20-22 CFG102 a size of `input` must be a positive integer or an expression, got -1",
            "3:24-27 CFG102 a size of `input` must be a positive integer or an expression, got 2.5",
        ]),
        ("{input: [c], output: [..., c]}", "ReLU", ["3:29-37 SPC065 `...` stands in the output but not in the input"]),
        ("{input: [chan], output: [chn]}", "ReLU", ["3:33-36 SPC026 the name `chn` is not known here | did you mean `chan`?"]),
        ("{input: [c], output: [c +]}", "ReLU", ["3:33-34 SPC025 expected a number, a name or `(`, found the end"]),
        ("{input: [c], weights: {k: [d]}}", "ReLU", ["3:35-36 SPC026 the name `d` is not known here | the names here are c"]),
        ("{weights: 3}", "ReLU", ["3:18-19 SPC022 `weights` is a mapping of names to shapes, not 3"]),
        ("{weights: {k: true}}", "ReLU", ["3:22-26 SPC022 the shape of a weight is a list of sizes, not true"]),
        ("{weights: {k: {shap: [1]}}}", "ReLU", ["3:19-20 SPC031 weight `k` has no `shape`", "3:23-27 SPC030 a weight has no key `shap` | did you mean `shape`?"]),
        ("{weights: {k: {shape: [1], trainable: 3, dtype: int9}}}", "ReLU", [
            "3:46-47 CFG102 `trainable` must be true or false, got 3",
            "3:56-60 CFG102 `dtype` must be the name of a dtype, got 'int9' | did you mean `int8` or `int4`?",
        ]),
        ("{macs: -1}", "ReLU", ["3:15-17 CFG102 `macs` must be an integer of at least 0 or an expression, got -1"]),
        ("{macs: size(outpt)}", "ReLU", ["3:15-19 SPC025 `size` is `size(input)` or `size(output)`"]),
        ("{output: [size(input)]}", "ReLU", ["3:18-22 SPC025 `size(...)` stands in `macs` and `elementwise`"]),
        ("{fields: {n: abc}, output: [n]}", "ReLU", ["3:21-24 SPC026 the name `abc` is not known here | declare it in `vars`"]),
        ("{fields: {n: 1}, output: [n]}", "Own: {m: 2}", ["5:11-12 CFG103 Own has no field `m` | its fields are n"]),
        ("{fields: {n: }, output: [n]}", "Own", ["5:5-8 CFG101 Own needs `n` | `n` is a number"]),
        ("{fields: {n: }, output: [n]}", "Own: x", ["5:10-11 SPC026 the name `x` is not known here | declare it in `vars`"]),
        ("{fields: {n: }, output: [n]}", "Own: true", ["5:10-14 CFG102 `n` must be a number, got true"]),
        ("{}", "Own: 3", ["5:5-11 CFG104 Own got a value but it has no fields"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_declarations(declaration, item, problems):
    assert found(own(declaration, item)) == problems


@each(
    ("types", "problems"),
    [
        ("3", ["1:14-15 SPC022 `layer_types` is a mapping of names to declarations, not 3"]),
        ("{Dense: {}}", ["1:15-20 SPC028 `Dense` is a layer type of Keras: give your own another name"]),
        ("{MaxPool2D: {}}", ["1:15-24 SPC028 `MaxPool2D` is a layer type of Keras: give your own another name"]),
        ("{a b: {}}", ["1:15-18 SPC029 `a b` cannot be the name of a layer type"]),
    ],
)
def test_names_of_types(types, problems):
    assert found(f"layer_types: {types}\ninput: [3]\nlayers: [ReLU]\n") == problems


@each(
    ("declaration", "item", "problem"),
    [
        ("{input: [n, d]}", "Own", "m.yaml:5:5: SHP204 own: Own needs an input of shape (None, n, d), got (None, 8, 8, 3)"),
        ("{input: [..., a, b, c, d]}", "Own", "m.yaml:5:5: SHP204 own: Own needs an input of shape (None, ..., a, b, c, d), got (None, 8, 8, 3)"),
        ("{input: [..., 4]}", "Own", "m.yaml:5:5: SHP202 own: Own needs an input of shape (None, ..., 4), got (None, 8, 8, 3)"),
        ("{input: [n, d, d]}", "Own", "m.yaml:5:5: SHP202 own: Own needs an input of shape (None, n, d, d), got (None, 8, 8, 3), where d is 8"),
        ("{fields: {n: }, input: [..., n]}", "Own: 5", "m.yaml:5:5: SHP202 own: Own needs an input of shape (None, ..., n), got (None, 8, 8, 3), where n is 5"),
        ("{input: [..., c], output: [c - 3]}", "Own", "m.yaml:5:5: SHP214 own: Own: `c - 3` is 0, and a size is 1 or more"),
        ("{input: [..., c], output: [c / 2]}", "Own", "m.yaml:5:5: SHP214 own: Own: `c / 2` is 1.5, no integer"),
    ],
)  # fmt: skip
def test_inputs_that_do_not_match(declaration, item, problem):
    graph = spec(own(declaration, item))
    assert graph.diagnostics == []
    assert [str(one) for one in infer(graph).diagnostics] == [problem]


def test_a_wrong_declaration_is_not_reported_again_where_it_is_used():
    text = own("{inpt: [c]}", "Own: {a: 3}", "Own", "Flatten")
    assert found(text) == ["3:9-13 SPC030 a layer type has no key `inpt` | did you mean `input`?"]
    assert names(spec(text)) == ["own", "own_1", "flatten"]


def test_a_wrong_size_says_what_it_is_of():
    text = "input: [4]\nlayer_types:\n  Y: {weights: {w: -3, v: {shape: [0]}}, elementwise: -2}\nlayers: [Y]\n"
    assert found(text) == [
        "3:20-22 CFG102 a size of weight `w` must be a positive integer or an expression, got -3",
        "3:36-37 CFG102 a size of weight `v` must be a positive integer or an expression, got 0",
        "3:55-57 CFG102 `elementwise` must be an integer of at least 0 or an expression, got -2",
    ]


@each(
    ("keeps", "kept"),
    [("", 4), ("keeps: inputs", 4), ("keeps: outputs", 6), ("keeps: both", 10), ("keeps: nothing", 0)],
)
def test_what_backpropagation_keeps(keeps: str, kept: int) -> None:
    text = f"""\
input: [3]
layer_types:
  Own:
    input: [n]
    output: [6]
    elementwise: n
    {keeps}
layers: [{{Dense: 4}}, Own]
"""
    model = cnnsum.loads(text)
    assert [str(found) for found in model.diagnostics] == []
    # Beside what the Dense keeps: its input.
    assert cnnsum.summarize(model).totals.saved == 4 * (3 + kept)


def test_a_word_that_is_none_of_them() -> None:
    text = "input: [3]\nlayer_types:\n  Own: {keeps: output}\nlayers: [Own]\n"
    (found, *_) = cnnsum.loads(text).diagnostics
    assert (found.code, found.help, found.span and found.span.column) == ("CFG102", "did you mean `outputs`?", 16)


def accepted(declaration: str, most: int) -> set[tuple[int, int]]:
    """The sizes up to one that a network of one layer is read with, by inference at each."""
    text = own(declaration, "Own")
    found = set()
    for h in range(1, most + 1):
        for w in range(1, most + 1):
            model = cnnsum.loads(text, inputs=(h, w, 3))
            if not model.wrong:
                found.add((h, w))
            else:
                assert {one.code for one in model.errors} <= {"SHP202", "SHP214"}, model.errors
    return found


@each(
    ("declaration", "heights"),
    [
        ("{fields: {size: 4}, input: [H, W, C], output: [H/size, W/size, 8]}", "H % 4 == 0 and H >= 4"),
        ("{input: [h, w, c], weights: {k: [h/4]}}", "H % 4 == 0 and H >= 4"),
        ("{input: [h, w, c], weights: {k: [c, h*w/6]}}", "(H*W) % 6 == 0"),
        ("{input: [h, w, c], macs: h*3/2 + 1}", "H % 2 == 0 and H >= 2"),
        ("{input: [h, w, c], elementwise: size(input)/8}", "(3*H*W) % 8 == 0"),
        ("{input: [h, w, c], macs: h - 3}", "H >= 3"),
        ("{input: [h, w, c], output: ['max(h/2, 4)', c]}", "H <= 7 or H % 2 == 0"),
        ("{input: [h, w, c], output: ['min(h/2, w/3) + 1/3', c]}", "(min(3*H, 2*W) + 2) % 6 == 0"),
        ("{input: [h, w, c], output: ['h//(w - 4)', c]}", "H//(W - 4) >= 1"),
        ("{input: [h, w, c], output: ['h/(w - 4)', c]}", "H % (W - 4) == 0 and H//(W - 4) >= 1"),
        ("{input: [h, w, c], output: ['w*(h - 4)//(h - 4)', c]}", "H <= 3 or H >= 5"),
        ("{input: [h, w, c], output: ['w*(h//2)//(h//2)', c]}", "H >= 2"),
        ("{input: [h, w, c], output: [6/h, c]}", "H <= 6 and 6 % H == 0"),
        ("{input: [h/2, h, c], output: [h]}", "W//2 == H"),
    ],
)  # fmt: skip
def test_what_a_pattern_needs_of_open_sizes_is_a_condition(declaration, heights):
    most = 13
    text = own(declaration, "Own", head="input: [8, 8, 3]")
    free = cnnsum.loads(text, free=["spatial"])
    assert not free.wrong
    by_inference = accepted(declaration, most)
    by_conditions = {
        (h, w)
        for h in range(1, most + 1)
        for w in range(1, most + 1)
        if violated(free.sizes.requirements, {"H": h, "W": w}) is None
    }
    assert by_conditions == by_inference
    (axis, _) = cnnsum.sizes(free).axes
    assert axis.record.condition == heights


def test_what_refuses_every_size_and_what_cannot_be_told_are_two_errors():
    for size in ("(2*h + 1)/2", "h - h", "5 - 5*w"):
        free = cnnsum.loads(own(f"{{input: [h, w, c], output: ['{size}']}}", "Own"), free=["spatial"])
        assert [one.code for one in free.errors] == ["SHP214"]
        assert {axis.record.condition for axis in cnnsum.sizes(free).axes} == {"no size"}
    for size in ("4 if h > 5 else 8", "2**w", "max(h/w, 2)"):
        free = cnnsum.loads(own(f"{{input: [h, w, c], output: ['{size}']}}", "Own"), free=["spatial"])
        assert [one.code for one in free.errors] == ["UNK704"]
        assert not cnnsum.loads(own(f"{{input: [h, w, c], output: ['{size}']}}", "Own")).errors


def test_a_size_that_does_not_come_out_even_names_those_that_do():
    text = own("{fields: {size: 4}, input: [H, W, C], output: [H/size, W/size]}", "Own", head="input: [33, 32, 3]")
    (found,) = cnnsum.loads(text).errors
    assert (found.code, found.help) == (
        "SHP214",
        "it fits with 32 or 36 in place of 33 on axis 1 of `input_layer`: `cnnsum sizes` says why",
    )


def test_a_declared_multiple_of_is_enough():
    head = "symbols: {h: {multiple_of: 16}, w: {multiple_of: 16}}\ninput: [h, w, 3]"
    text = own("{fields: {size: 4}, input: [H, W, C], output: [H/size, W/size, 8]}", "Own", head=head)
    assert shapes(good(text)) == ["(N, h//4, w//4, 8)"]
    report = cnnsum.sizes(cnnsum.loads(text), test=36)
    assert [axis.record.condition for axis in report.axes] == ["h % 4 == 0 and h >= 4", "w % 4 == 0 and w >= 4"]
    assert (report.faulty, report.tested[0].refused_by) == (False, None)
