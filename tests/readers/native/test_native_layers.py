"""One item of `layers`: the ways to write it, its name, and what can be wrong with it."""

from __future__ import annotations

from tests.readers.native.spec_reading import alike, fields, found, good, names, spec
from tests.thorough import each

START = "input: [32, 32, 3]\nlayers:\n"


def layers(*items: str) -> str:
    return START + "".join(f"  - {item}\n" for item in items)


def test_the_example_of_the_language():
    graph = good("""
        name: horses_or_humans
        input: [100, 100, 3]            # without the batch axis
        layers:
          - Conv2D: {filters: 32, kernel_size: 3, activation: relu}
          - MaxPooling2D: 2             # positional, in the documented order of the fields
          - Conv2D: [64, 3]
          - Flatten                     # a bare name: defaults only
          - Dense: {units: 1, activation: sigmoid, name: score}
    """)
    assert graph.name == "horses_or_humans"
    assert graph.sequential
    assert names(graph) == ["conv2d", "max_pooling2d", "conv2d_1", "flatten", "score"]
    assert graph.layers[0].name == "input_layer"
    assert graph.layers[0].spec.shape[1:] == (100, 100, 3)
    assert graph.layers[0].spec.dtype == "float32"


@each(
    ("short", "long"),
    [
        ("Flatten", "Flatten: {}"),
        ("Flatten:", "Flatten: {}"),
        ("MaxPooling2D: 2", "MaxPooling2D: {pool_size: 2}"),
        ("MaxPooling2D: [2, 1]", "MaxPooling2D: {pool_size: 2, strides: 1}"),
        ("MaxPooling2D: [[2, 1]]", "MaxPooling2D: {pool_size: [2, 1]}"),
        ("Conv2D: [64, [3, 5]]", "Conv2D: {filters: 64, kernel_size: [3, 5]}"),
        ("MaxPool2D: 2", "MaxPooling2D: {pool_size: 2}"),
        ("Activation: relu", "Activation: {activation: relu}"),
        ("Dense: 2 + 3", "Dense: {units: 5}"),
    ],
)
def test_short_and_long_ways_to_write_a_layer(short, long):
    assert alike(good(layers(short))) == alike(good(layers(long)))


def test_yaml_and_json_are_the_same():
    text = layers("Conv2D: {filters: 2*4, kernel_size: 3, name: a}", "Flatten", "Dense: 3")
    json = (
        '{"input": [32, 32, 3], "layers": [{"Conv2D": {"filters": "2*4", "kernel_size": 3, "name": "a"}}, '
        '"Flatten", {"Dense": 3}]}'
    )
    assert alike(good(text)) == alike(good(json))


def test_automatic_names_are_those_of_keras_and_leave_out_the_given_ones():
    graph = good(layers("ReLU", "ReLU: {name: re_lu_1}", "ReLU", "LeakyReLU", "MaxPool2D: 1"))
    assert names(graph) == ["re_lu", "re_lu_1", "re_lu_2", "leaky_re_lu", "max_pooling2d"]


def test_equal_values_of_other_types_are_not_mixed_up():
    """1, 1.0 and true are equal in Python, and only one of them is a number of filters."""
    text = layers("Conv2D: {filters: 1, kernel_size: 1}", "Conv2D: {filters: true, kernel_size: 1}")
    assert found(text) == ["4:23-27 CFG102 `filters` must be a positive integer, got true"]


@each(
    ("items", "problems"),
    [
        (["Conv2d: [3, 3]"], ["3:5-11 UNK701 unknown layer type `Conv2d` | did you mean `Conv2D`?"]),
        (["flaten"], ["3:5-11 UNK701 unknown layer type `flaten` | did you mean `Flatten`?"]),
        (["Xyzzy"], ["3:5-10 UNK701 unknown layer type `Xyzzy` | `cnnsum layers` lists the types"]),
        (
            ["Conv2D: {filters: 3, kernal_size: 3}"],
            ["3:26-37 CFG103 Conv2D has no field `kernal_size` | did you mean `kernel_size`?"],
        ),
        (["Dense"], ["3:5-10 CFG101 Dense needs `units` | `units` is a positive integer"]),
        (["Dense: {units: -3}"], ["3:20-22 CFG102 `units` must be a positive integer, got -3"]),
        (["Dense: -3"], ["3:12-14 CFG102 `units` must be a positive integer, got -3"]),
        (
            ["Conv2D: [3, [3, 0]]"],
            ["3:21-22 CFG102 `kernel_size` must be a positive integer, got 0"],
        ),
        (
            ["Conv2D: {filters: 0, kernel_size: [3], padding: sme}"],
            [
                "3:23-24 CFG102 `filters` must be a positive integer, got 0",
                "3:39-42 CFG102 `kernel_size` must be a positive integer, or a list of two, got [3]",
                "3:53-56 CFG102 `padding` must be one of valid, same, got 'sme' | did you mean `same`?",
            ],
        ),
        (["Add: 3"], ["3:5-11 CFG104 Add got a value but it has no fields"]),
        (["Dropout: [1, 2, 3, 4, 5]"], ["3:5-29 CFG104 Dropout got 5 values but it has 3: rate, noise_shape, seed"]),
        (
            ["7"],
            ["3:5-6 SPC027 a layer is the name of its type, or a mapping of it to its fields, not 7"],
        ),
        (
            ["{}"],
            ["3:5-7 SPC027 a layer is the name of its type, or a mapping of it to its fields, not empty"],
        ),
        (
            ["Flatten: {}\n    Dense: 3"],
            [
                (
                    "4:5-10 SPC027 an item of the list is one layer, and this one has 2 keys: Flatten, Dense"
                    " | begin each layer with `- `"
                )
            ],
        ),
        (
            ["Dense:\n    units: 3"],
            ["4:5-10 SPC027 `units` stands beside `Dense` | write it in `Dense`, that is, indented below it"],
        ),
        (
            ["type: Dense\n    units: 3"],
            [
                (
                    "3:5-9 SPC027 a layer is not written with the key `type`"
                    " | a layer is its type with its fields: `Dense: {...}`"
                )
            ],
        ),
        (
            ["Input: {shape: [3]}", "Flatten"],
            [
                (
                    "3:5-10 SPC027 an input is declared by the key `input`, not by a layer"
                    " | `input: [3]` beside `layers`, or `inputs:` for several"
                )
            ],
        ),
        (
            ["Conv2D: {filters: divisible(20, 8), kernel_size: 3}"],
            [
                (
                    "3:23-35 SPC034 a comma ends the value here: an expression that holds one stands in quotes"
                    ' | `filters: "divisible(20, 8)"`'
                )
            ],
        ),
        (
            ["Conv2D: [4, (3, 3), max(1, 2)]", "MaxPooling2D: [(2, 2)]"],
            [
                "3:17-19 SPC034 a list stands in square brackets | `[3, 3]`",
                (
                    "3:25-30 SPC034 a comma ends the value here: an expression that holds one stands in quotes"
                    ' | `"max(1, 2)"`'
                ),
                "4:20-22 SPC034 a list stands in square brackets | `[2, 2]`",
            ],
        ),
        (
            ["Conv2D: {filters: 4, kernel_size: (3, 3), strides: max(1, 2)}"],
            [
                "3:39-41 SPC034 a list stands in square brackets | `kernel_size: [3, 3]`",
                (
                    "3:56-61 SPC034 a comma ends the value here: an expression that holds one stands in quotes"
                    ' | `strides: "max(1, 2)"`'
                ),
            ],
        ),
        (["ReLU: {name: 3}"], ["3:18-19 CFG102 `name` must be a text, got 3"]),
        (
            ["ReLU: {name: a/b}"],
            ["3:18-21 SPC029 `a/b` cannot be a name | `:` picks an output, `/` and `$` have no place in a name"],
        ),
        (["ReLU: {name: ''}"], ["3:18-20 SPC029 a name cannot be empty"]),
        (
            ["ReLU: {name: input}"],
            ["3:18-23 SPC029 no layer can be called `input`: it is the name of what the layers start from"],
        ),
        (["ReLU: {when: 3}"], ["3:18-19 CFG102 `when` must be true or false, got 3"]),
        (["ReLU: {trainable: 1}"], ["3:23-24 CFG102 `trainable` must be true or false, got 1"]),
        (
            ["ReLU: {dtype: float31}"],
            [
                (
                    "3:19-26 CFG102 `dtype` must be the name of a dtype or of a policy, got 'float31'"
                    " | did you mean `float32` or `float16`?"
                )
            ],
        ),
    ],
)
def test_what_is_wrong_with_an_item(items, problems):
    assert found(layers(*items)) == problems


def test_all_problems_in_one_run_and_nothing_twice():
    text = layers("Conv2D: [0, 3]", "Conv2d: [3, 3]", "ReLU", "Dense: {units: x}", "Add: {from: [relu, conv2d]}")
    assert found(text) == [
        "3:14-15 CFG102 `filters` must be a positive integer, got 0",
        "4:5-11 UNK701 unknown layer type `Conv2d` | did you mean `Conv2D`?",
        "6:20-21 SPC026 the name `x` is not known here | declare it in `vars`",
        "7:18-22 GRF302 there is no layer `relu` | did you mean `re_lu`?",
    ]


def test_a_failed_layer_stands_in_the_graph_with_its_name_and_no_type():
    graph = spec(layers("Conv2D: {filters: 0, kernel_size: 3, name: a}", "ReLU: {from: a}"))
    assert names(graph) == ["a", "re_lu"]
    assert graph.layers[1].type is None
    assert graph.layers[1].type_name == "Conv2D"


def test_wrapped_layers():
    start = "input: [16, 8]\nlayers:\n"
    graph = good(
        start + "  - TimeDistributed: {layer: {Dense: 10}}\n"
        "  - Bidirectional: {layer: {LSTM: {units: 2*2, name: inside}}}\n"
    )
    assert names(graph) == ["time_distributed", "bidirectional"]
    inner = fields(graph, "time_distributed", "layer")
    assert (inner.type.name, inner.fields["units"], inner.name, inner.trainable) == ("Dense", 10, "", True)
    inner = fields(graph, "bidirectional", "layer")
    assert (inner.type.name, inner.fields["units"], inner.name) == ("LSTM", 4, "inside")


@each(
    ("inner", "problem"),
    [
        ("{Dense: -1}", "3:38-40 CFG102 `layer` (Dense): `units` must be a positive integer, got -1"),
        ("{Dense: {units: -1}}", "3:46-48 CFG102 `layer` (Dense): `units` must be a positive integer, got -1"),
        ("{Dense: {units: n}}", "3:46-47 SPC026 the name `n` is not known here | declare it in `vars`"),
        ("{Densse: 1}", "3:31-37 UNK701 unknown layer type `Densse` | did you mean `Dense`?"),
        ("{Dense: {unit: 1}}", "3:39-43 CFG103 Dense has no field `unit` | did you mean `units`?"),
        ("{Dense: {units: 1, from: a}}", "3:55-56 CFG102 `layer` (Dense): `from` cannot stand in a wrapped layer"),
        ("3", "3:30-31 CFG102 `layer` must be a layer: the name of its type, or a mapping of it to its fields, got 3"),
    ],
)
def test_what_is_wrong_with_a_wrapped_layer(inner, problem):
    start = "input: [16, 8]\nlayers:\n"
    assert found(start + f"  - TimeDistributed: {{layer: {inner}}}\n") == [problem]


SPACE = "a space is missing after"
SQUARE = "a list of fields stands in square brackets"


@each(
    ("item", "problem"),
    [
        ("Conv2D: 8, 3", f"5:13-17 SPC022 {SQUARE} | write `[8, 3]`"),
        ("Conv2D: (8, 3)", f"5:13-19 SPC022 {SQUARE} | write `[8, 3]`"),
        ("Conv2D: max(3, 4), 3", f"5:13-25 SPC022 {SQUARE} | a formula that holds a comma stands in quotes"),
        ("b: 8, 3", f"5:8-12 SPC022 {SQUARE} | write `[8, 3]`"),
        ("Conv2D: {8, 3}", "5:13-19 SPC016 a list stands in square brackets | write `[8, 3]`"),
        ("Conv2D: {8, [3, 3],}", "5:13-25 SPC016 a list stands in square brackets | write `[8, [3, 3]]`"),
        ("Conv2D: {3, 3}", "5:13-19 SPC016 a list stands in square brackets | write `[3, 3]`"),
        (
            "Conv2D: {filters: 8, kernel_size: 3, 5}",
            (
                "5:42-43 SPC016 a key must be text, and `5` is not | "
                "write it in quotes, or as `name: value` if it is the value of a field"
            ),
        ),
        ("Conv2D:{filters: 8}", f"5:5-20 SPC008 {SPACE} `Conv2D:` | write `Conv2D: {{...}}`"),
        ("Conv2D:{filters: 8, kernel_size: 3}", f"5:5-12 SPC008 {SPACE} `Conv2D:` | write `Conv2D: {{...}}`"),
        ("Conv2D:[8, 3]", f"5:5-18 SPC008 {SPACE} `Conv2D:` | write `Conv2D: [8, 3]`"),
        ("b:8", f"5:5-8 SPC008 {SPACE} `b:` | write `b: 8`"),
        ("Conv2D: {filters:8, kernel_size: 3}", f"5:14-23 SPC008 {SPACE} `filters:` | write `filters: 8`"),
        ("Conv2D: {filters: 8, kernel_size: 3, name:x}", f"5:42-48 SPC008 {SPACE} `name:` | write `name: x`"),
        ("b: {n:8}", f"5:9-12 SPC008 {SPACE} `n:` | write `n: 8`"),
        (
            "{Dense: 5, name: x}",
            (
                "5:16-20 SPC027 an item of the list is one layer, and this one has 2 keys: Dense, name"
                " | write `name` inside `Dense`: `Dense: {units: 5, name: x}`"
            ),
        ),
        (
            '{name: x, Conv2D: [8], kernel_size: 3, from: ["input:0"], use_bias: false}',
            (
                "5:6-10 SPC027 an item of the list is one layer, and this one has 5 keys: name, Conv2D, kernel_size,"
                " from, use_bias | write `name`, `kernel_size`, `from` and `use_bias` inside `Conv2D`:"
                ' `Conv2D: {filters: 8, name: x, kernel_size: 3, from: ["input:0"], use_bias: false}`'
            ),
        ),
        (
            "{Dense: 5, Flatten: }",
            (
                "5:16-23 SPC027 an item of the list is one layer, and this one has 2 keys: Dense, Flatten"
                " | begin each layer with `- `"
            ),
        ),
    ],
)
def test_slips_of_the_pen(item, problem):
    text = f"input: [28, 28, 3]\nblocks:\n  b: {{args: {{n: }}, layers: [Flatten]}}\nlayers:\n  - {item}\n  - ReLU\n"
    assert found(text) == [problem]


def test_an_equation_is_no_list():
    good('input: [4, 6]\nlayers:\n  - EinsumDense: ["abc,cd->abd", [null, 8]]\n')
    assert "SPC022" not in str(found('input: [4, 6]\nlayers:\n  - EinsumDense: "abc,cd->abd"\n'))
