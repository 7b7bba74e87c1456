"""Symbols, `vars`, expressions, `$name`."""

# ruff: noqa: E501 -- messages stand here in one piece, as they are shown

from __future__ import annotations

from tests.readers.native.spec_reading import fields, found, good, shapes
from tests.thorough import each

IMAGE = "input: [32, 32, 3]\n"


def conv(given: str, head: str = "", name: str = "conv2d") -> str:
    return f"{head}{IMAGE}layers:\n  - Conv2D: {given}\n"


@each(
    ("written", "value"),
    [
        ("4*width", 256),
        ("width", 64),
        ("$width", 64),
        ("half + 1", 33),
        ('"divisible(0.35*width, 8)"', 24),
        ("width if deep else 3", 64),
        ("3 if act == 'tanh' else 4", 4),
        ("2**5 // 3", 10),
        ("'7'", 7),
    ],
)
def test_numbers_are_expressions(written, value):
    head = "vars: {width: 64, half: width / 2, deep: true, act: relu}\n"
    graph = good(conv(f"{{filters: {written}, kernel_size: 1}}", head))
    assert fields(graph, "conv2d", "filters") == value


def test_whole_values_of_any_type():
    head = "vars: {act: relu, sizes: [3, k2], k2: 5, bias: false, again: $act, pad: same}\n"
    given = "{filters: 1, kernel_size: $sizes, activation: $again, use_bias: $bias, padding: $pad}"
    graph = good(conv(given, head))
    assert fields(graph, "conv2d", "kernel_size", "activation", "use_bias", "padding") == (
        (3, 5),
        "relu",
        False,
        "same",
    )
    assert type(fields(graph, "conv2d", "activation")) is str
    graph = good(conv("[4, $sizes]", head))
    assert fields(graph, "conv2d", "kernel_size") == (3, 5)


def test_true_and_false_may_be_expressions():
    head = "vars: {deep: true, n: 3}\n"
    assert fields(good(conv("{filters: 1, kernel_size: 1, use_bias: not deep}", head)), "conv2d", "use_bias") is False
    assert fields(good(conv("{filters: 1, kernel_size: 1, use_bias: n > 2}", head)), "conv2d", "use_bias") is True


@each(
    ("head", "given", "problems"),
    [
        (
            "vars: {width: 3}\n",
            "[2*widht, 1]",
            ["4:16-21 SPC026 the name `widht` is not known here | did you mean `width`?"],
        ),
        (
            "vars: {width: 3}\n",
            '["2*widht", 1]',
            ["4:17-22 SPC026 the name `widht` is not known here | did you mean `width`?"],
        ),
        (
            "",
            "{filters: 3, kernel_size: [1, x + 1]}",
            ["3:43-44 SPC026 the name `x` is not known here | declare it in `vars`"],
        ),
        ("", "[3 +, 1]", ["3:17-18 SPC025 expected a number, a name or `(`, found the end"]),
        ("", "[2 x, 1]", ["3:16-17 SPC025 expected an operator, found `x`"]),
        ("", "[0b11, 1]", ["3:14-18 SPC025 `0b11` is neither a number nor a name | write 3"]),
        ("", "[2x, 1]", ["3:14-16 SPC025 `2x` is neither a number nor a name | a product is written 2*x"]),
        (
            "",
            "[index, 1]",
            [
                "3:14-19 SPC026 the name `index` is not known here | `index` counts the copies of a layer or block with `repeat`"
            ],
        ),
        ("", "[2.5, 1]", ["3:14-17 CFG102 `filters` must be a positive integer, got 2.5"]),
        (
            "",
            "['5/2', 1]",
            [
                "3:14-19 CFG102 `filters` must be a positive integer, got 2.5 | round it: `round(...)`, `floor(...)` or `divisible(..., 8)`"
            ],
        ),
        (
            "vars: {a: [1, 2]}\n",
            "[a, 1]",
            ["4:14-15 SPC023 `a` is a list, no number | write `$a` where the whole value is meant"],
        ),
        ("vars: {a: }\n", "[a, 1]", ["4:14-15 SPC023 `a` is null, no number"]),
        ("vars: {a: b + 1, b: 2*a}\n", "[a, b]", ["1:11-16 SPC024 `a` depends on itself"]),
        ("vars: {a: $a}\n", "[$a, 1]", ["1:11-13 SPC024 `a` depends on itself"]),
        (
            "vars: {a: widht + 1, width: 2}\n",
            "[a, 1]",
            ["1:11-16 SPC026 the name `widht` is not known here | did you mean `width`?"],
        ),
        (
            "vars: {a: widht, width: 2}\n",
            "[2*a, 1]",
            ["1:11-16 SPC026 the name `widht` is not known here | did you mean `width`?"],
        ),
        (
            "vars: {act: rely}\n",
            "{filters: 1, kernel_size: 1, activation: $act}",
            ["1:13-17 CFG102 `activation` must be the name of an activation, got 'rely' | did you mean `relu`?"],
        ),
        (
            "vars: {act: relu}\n",
            "{filters: 1, kernel_size: 1, activation: $axt}",
            ["4:55-58 SPC026 the name `axt` is not known here | the names here are act"],
        ),
        (
            "vars: {act: relu}\n",
            "{filters: 1, kernel_size: 1, use_bias: $act}",
            ["1:13-17 SPC026 the name `relu` is not known here | the names here are act"],
        ),
        ("vars: [a]\n", "[1, 1]", ["1:7-10 SPC022 `vars` is a mapping of names to values, not ['a']"]),
        (
            "vars: {2a: 1, index: 3, if: 3}\n",
            "[1, 1]",
            [
                "1:8-10 SPC029 `2a` cannot be the name of a var",
                "1:15-20 SPC029 `index` cannot be the name of a var",
                "1:25-27 SPC029 `if` cannot be the name of a var",
            ],
        ),
    ],
)
def test_what_is_wrong_with_expressions(head, given, problems):
    assert found(conv(given, head)) == problems


def test_a_variable_that_nobody_needs_as_a_number_may_be_any_text():
    good("vars: {title: a text of its own, list: [1, {a: b}]}\n" + IMAGE + "layers: [Flatten]\n")


def test_long_chains_of_vars():
    count = 3000
    chain = "".join(f"  v{index}: v{index - 1} + 1\n" for index in range(1, count))
    graph = good(f"vars:\n  v0: 1\n{chain}{IMAGE}layers:\n  - Dense: v{count - 1}\n")
    assert fields(graph, "dense", "units") == count
    back = "".join(f"  v{index}: v{index + 1} + 1\n" for index in range(count))
    (problem,) = found(f"vars:\n{back}  v{count}: 1\n{IMAGE}layers:\n  - Dense: v0\n") or [""]
    assert "SPC025 this expression depends on too long a chain of others" in problem


# --- symbols ----------------------------------------------------------------------------------------------------------


def test_symbols_in_shapes_and_formulas():
    graph = good("""
        input: [H, W, 3]
        symbols: {H: {min: 32, multiple_of: 32}, k: {}, unused: }
        layers:
          - Conv2D: {filters: 16*k, kernel_size: 3, padding: same}
          - AveragePooling2D: [[H//32, 1]]
    """)
    assert shapes(graph) == ["(N, 32, W, 16*k)"]
    assert {name: (symbol.minimum, symbol.multiple_of) for name, symbol in graph.symbols.items()} == {
        "H": (32, 32),
        "W": (1, 1),
        "k": (1, 1),
        "unused": (1, 1),
        "N": (1, 1),
    }


def test_formulas_open_axes_and_vars_in_shapes():
    graph = good("vars: {size: 2*8}\ninput: [size, 2*H, null]\nlayers: [ReLU]\n")
    assert [str(size) for size in graph.layers[0].spec.shape] == ["N", "16", "2*H", str(graph.layers[0].spec.shape[3])]
    assert [symbol.anonymous for symbol in graph.symbols.values()] == [False, True, True]
    assert shapes(good("input: []\nlayers: [ReLU]\n")) == ["(N,)"]


def test_a_symbol_may_be_called_as_the_batch():
    graph = good("input: [N, 3]\nlayers: [ReLU]\n")
    assert sorted((symbol.name, symbol.anonymous) for symbol in graph.symbols.values()) == [("N", False), ("N2", True)]


@each(
    ("head", "problems"),
    [
        ("input: 784", ["1:8-11 SPC022 a shape is a list of sizes, without the batch axis, not 784 | write `[784]`"]),
        ("input: ", ["1:7-7 SPC022 a shape is a list of sizes, without the batch axis, not null"]),
        ("input: {image: [3]}", ["1:9-14 SPC030 an input has no key `image` | several inputs, or one with a name, stand below `inputs:`"]),
        ("input: {dtype: uint8}", ["1:1-6 SPC031 input `input` has no `shape`"]),
        ("input: {shape: [3], dtyp: uint8}", ["1:21-25 SPC030 an input has no key `dtyp` | did you mean `dtype`?"]),
        ("input: {shape: [3], dtype: uint7}", ["1:28-33 CFG102 `dtype` must be the name of a dtype, got 'uint7' | did you mean `uint8` or `uint4`?"]),
        ("input: [None, 3]", ["1:9-13 CFG102 `None` is not a size | a size that is left open is `null`; the axis of the batch is left out"]),
        ("input: [0, -1, 2.5, true, {}]", [
            "1:9-10 CFG102 a size must be a positive integer, a symbol or null, got 0",
            "1:12-14 CFG102 a size must be a positive integer, a symbol or null, got -1",
            "1:16-19 CFG102 a size must be a positive integer, a symbol or null, got 2.5",
            "1:21-25 CFG102 a size must be a positive integer, a symbol or null, got true",
            "1:27-29 CFG102 a size must be a positive integer, a symbol or null, got a mapping",
        ]),
        ("input: [a b]", ["1:11-12 SPC025 expected an operator, found `b` | commas stand between values: a, b"]),
        ("inputs: [3]", ["1:9-12 SPC022 `inputs` is a mapping of names to shapes, not [3] | `input: [height, width, channels]` is for a single input"]),
        ("inputs: {}", ["1:9-11 SPC022 `inputs` is a mapping of names to shapes, not empty"]),
        ("inputs: {a/b: [3]}", ["1:10-13 SPC029 `a/b` cannot be the name of an input"]),
        ("input: [3]\ninputs: {a: [3]}", ["2:1-7 SPC038 a spec has `input` for its only input, or `inputs` for several, not both"]),
        ("input: [H]\nsymbols: {H: {mn: 3, min: 0, multiple_of: x}}", [
            "2:15-17 SPC030 a symbol has no key `mn` | remove it: `min` is given already",
            "2:27-28 CFG102 `min` must be a positive integer, got 0",
            "2:43-44 CFG102 `multiple_of` must be a positive integer, got 'x'",
        ]),
        ("input: [H]\nsymbols: 3", ["2:10-11 SPC022 `symbols` is a mapping of names to what is known of them, not 3 | write `symbols: {H: {min: 32, multiple_of: 8}}`"]),
        ("input: [H]\nsymbols: {H: 3, 2x: }", [
            "2:14-15 SPC022 what is known of a symbol is a mapping with `min` and `multiple_of`, not 3 | for any multiple of it, write `H: {multiple_of: 3}`; for it alone, `vars: {H: 3}`",
            "2:17-19 SPC029 `2x` cannot be the name of a symbol",
        ]),
        ("input: [3]\nvars: {k: 1}\nsymbols: {k: }", ["3:11-12 SPC028 `k` is a var: it cannot be a symbol too"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_inputs_and_symbols(head, problems):
    assert found(f"{head}\nlayers: [ReLU]\n") == problems
