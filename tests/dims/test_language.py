"""The expressions of the spec language: values, messages with their places, and limits."""

from __future__ import annotations

import operator
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnsum.dims import (
    UNKNOWN,
    ExpressionError,
    Symbol,
    UnknownNameError,
    ceil_div,
    evaluate,
    is_name,
    maximum,
    parse_dim,
    substitute,
    values,
)
from tests.thorough import each, examples

H = Symbol("H").dim
K = Symbol("k").dim
NAMES = {
    "H": H, "k": K, "width": 64, "half": 0.5, "deep": True, "act": "relu", "lost": UNKNOWN, "pair": [1, 2],
    "none": None, "strides": 2, "block": {},
}  # fmt: skip


@each(
    ("text", "value"),
    [
        ("7", 7),
        ("4*width", 256),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000),
        ("2 + 3*4", 14),
        ("(2 + 3)*4", 20),
        ("10 - 3 - 2", 5),
        ("2**3**2", 512),
        ("-2**2", -4),
        ("2**-1", 0.5),
        ("-7//2", -4),
        ("-7 % 3", 2),
        ("7/2", 3.5),
        ("6/2", 3),
        ("7/2*2", 7),
        ("1/3 + 1/3 + 1/3", 1),
        ("7/2 - 1", 2.5),
        ("- -3", 3),
        ("width*half", 32),
        ("7.5//2", 3),
        ("0.29*100", 29),
        ("0.1 + 0.2", 0.3),
        ("1.1*1.1*100", 121),
        ("0.7*10 == 7", True),
        ("ceil(1.2*5)", 6),
        ("floor(0.57*100)", 57),
        ("2**0.5", 2**0.5),
        ("1e-300*1e300", 1.0),
        ("7.5 % 2", 1.5),
        ("4**(1/2)", 2.0),
        ("(1/2)**2", 0.25),
        ("true", True),
        ("False", False),
        ("1 < 2 and 2 <= 2 and not 3 > 4", True),
        ("1 == 2 or 3 != 3", False),
        ("1/2 < 0.75 and 1/2 == 0.5 and 1/3 < 1/2", True),
        ('act == "relu"', True),
        ("act != 'gelu'", True),
        ("act == 3", False),
        ("deep == true", True),
        ("deep == 1", False),
        ("1 if deep else 2", 1),
        ("1 if not deep else 2 if width > 3 else 3", 2),
        ("1/0 if false else 3", 3),
        ("false and 1/0 == 1", False),
        ("true or missing", True),
        ("min(3, 1, 2)", 1),
        ("max(3, 3.5)", 3.5),
        ("max(7/2, 3)", 3.5),
        ("ceil(7/2)", 4),
        ("floor(-7/2)", -4),
        ("ceil(2.1)", 3),
        ("ceil(9007199254740993/2)", 4503599627370497),
        ("round(5/2)", 2),
        ("round(7/2)", 4),
        ("round(2.5)", 2),
        ("round(3)", 3),
        ("divisible(37, 8)", 40),
        ("divisible(3, 8)", 8),
        ("divisible(width*0.35, 8)", 24),
        ("divisible(11, 8)", 16),
        ("H//32", H // 32),
        ("H/2*2", H),
        ("ceil(H/32) - 1", ceil_div(H, 32) - 1),
        ("floor((H + 2*1 - 3)/2 + 1)", (H - 1) // 2 + 1),
        ("2*H % 3", 2 * H % 3),
        ("H**2", H * H),
        ("max(H, 7)", maximum(H, 7)),
        ("H*k/k", H),
        ("ceil(H/k)", ceil_div(H, k := K)),
        ("(H/2)//3", H // 6),
        ("H >= 1", True),
        ("H < 1", False),
        ("7 in {3, 7}", True),
        ("7 not in {3, 7}", False),
        ("7 % 4 in {0, 1 + 2} and 7 >= 5", True),
        ("not 7 in {3}", True),
        ("1 if 2 in {3} else 0", 0),
        ("H + 1 in {H, H + 1}", True),
        ("H == H + 1", False),
        ("lost + 1", UNKNOWN),
        ("ceil(lost/2)", UNKNOWN),
        ("0.5*lost", UNKNOWN),
        ("max(lost, 1)", UNKNOWN),
        ("2**63", 2**63),
    ],
)
def test_values(text, value):
    result = evaluate(text, NAMES)
    assert type(result) is type(value)
    assert result is value or result == value


@settings(max_examples=examples(200), deadline=None)
@given(st.integers(1, 300), st.integers(1, 20))
def test_rounding_of_formulas_is_that_of_numbers(h, by):
    for name in ("ceil", "floor", "round"):
        formula = parse_dim(f"{name}(H/{by} + 1)")
        assert evaluate(str(formula), {"H": h}) == evaluate(f"{name}(H/{by} + 1)", {"H": h})
        assert evaluate(f"{name}({h}/{by})", {}) == evaluate(f"{name}(h/{by})", {"h": h})


LEAVES = st.integers(0, 20).map(str) | st.sampled_from(["a", "b"])
TEXTS = st.recursive(
    LEAVES,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["+", "-", "*", "//", "%"]), inner).map(" ".join)
        | inner.map(lambda text: f"({text})")
        | inner.map(lambda text: f"-{text}")
        | st.tuples(inner, st.sampled_from(["<", "<=", "==", "!="]), inner, inner, inner).map(
            lambda p: f"({p[3]} if ({p[0]}) {p[1]} ({p[2]}) else {p[4]})"
        )
        | st.tuples(inner, inner).map(lambda p: f"max({p[0]}, {p[1]})")
    ),
    max_leaves=8,
)


@settings(max_examples=examples(300), deadline=None)
@given(TEXTS)
def test_precedence_is_that_of_python(text):
    names = {"a": 3, "b": 7}
    try:
        expected = eval(text, {"__builtins__": {"max": max}}, names)
    except ZeroDivisionError:
        with pytest.raises(ExpressionError, match=r"^division by zero$"):
            evaluate(text, names)
    else:
        assert evaluate(text, names) == expected


@settings(max_examples=examples(300), deadline=None)
@given(st.text("0123456789Ha.eE+-*/%<>=!(){}\"', ifelsandorotmxceilbdvy", max_size=30))
def test_any_text_has_a_value_or_an_error_with_a_place(text):
    error = attempt(text)
    if error is not None:
        assert 0 <= error.start <= error.end <= len(text)
        assert error.message


def attempt(text):
    try:
        evaluate(text, NAMES | {"a": 3})
    except ExpressionError as error:
        return error
    return None


ERRORS = [
    ("", "the expression is empty", "", None),
    ("  ", "the expression is empty", "  ", None),
    ("1 +", "expected a number, a name or `(`, found the end", "", None),
    ("1 2", "expected an operator, found `2`", "2", "commas stand between values: 1, 2"),
    ("(1", "expected `)`, found the end", "", None),
    ("1)", "expected an operator, found `)`", ")", None),
    ("1 if deep", "expected `else`, found the end", "", None),
    ("+3", "expected a number, a name or `(`, found `+`", "+", None),
    ("a = 3", "the character '=' has no place here", "=", "to compare, write =="),
    ("width^2", "the character '^' has no place here", "^", "a power is written **"),
    ("$width", "the character '$' has no place here", "$", "inside an expression a name stands without $"),
    ("[1, 2]", "the character '[' has no place here", "[",
     "an expression is one number; a list is written outside of it"),
    ('act == "relu', "the character '\"' has no place here", '"', "the text has no closing quote"),
    ("5M", "`5M` is neither a number nor a name", "5M", "write 5000000; a product is written 5*M"),
    ("2 + 3k", "`3k` is neither a number nor a name", "3k", "write 3000; a product is written 3*k"),
    ("1 < 2 < 3", "a comparison has two sides", "<", "write `a < b and b < c`"),
    ("1 in 2", "`in` is followed by numbers in braces", "2", "write the numbers in braces: `x in {1, 2}`"),
    ("1 in {}", "expected a number, a name or `(`, found `}`", "}", None),
    ("1 in {2", "expected `}`, found the end", "", None),
    ("1 in {2} in {3}", "a comparison has two sides", "in", "write `a < b and b < c`"),
    ("1 not 2", "expected `in`, found `2`", "2", None),
    ("{1}", "expected a number, a name or `(`, found `{`", "{", "braces stand only after `in`: `x in {1, 2}`"),
    ("sqrt(2)", "there is no function `sqrt`", "sqrt", "the functions are ceil, divisible, floor, max, min, round"),
    ("1 + min()", "min takes one or more arguments, not 0", "min()", None),
    ("ceil(1, 2)", "ceil takes 1 argument, not 2", "ceil(1, 2)", None),
    ("divisible(8)", "divisible takes 2 arguments, not 1", "divisible(8)", None),
    ("divisible(8, 0)", "divisible(x, by) needs a whole number of 1 or more for `by`, not 0", "divisible(8, 0)", None),
    ("1 + 7/0", "division by zero", "7/0", None),
    ("7//0", "division by zero", "7//0", None),
    ("7 % 0", "division by zero", "7 % 0", None),
    ("7.5/0", "division by zero", "7.5/0", None),
    ("H % 0", "division by zero", "H % 0", None),
    ("H//(k - k)", "division by zero", "H//(k - k)", None),
    ("0**-1", "division by zero", "0**-1", None),
    ("0.0**-1", "division by zero", "0.0**-1", None),
    ("(0 - 8)**0.5", "the negative number -8 has no power 0.5", "(0 - 8)**0.5", None),
    ("9**9**9", "the result is larger than 2**63", "9**9**9", None),
    ("2*9223372036854775807", "the result is larger than 2**63", "2*9223372036854775807", None),
    ("9223372036854775807*H*2", "the result is larger than 2**63", "9223372036854775807*H*2", None),
    ("10**19", "the result is larger than 2**63", "10**19", None),
    ("99999999999999999999", "the number 99999999999999999999 is too large", "99999999999999999999", None),
    ("1e999", "the number 1e999 is too large", "1e999", None),
    ("1" * 41, "the number has more than 40 digits", "1" * 41, None),
    ("1e308*10", "the result is too large for a floating-point number", "1e308*10", None),
    ("10.0**400", "the result is larger than 2**63", "10.0**400", None),
    ("H**65", "the exponent 65 is too large: a formula takes exponents up to 64", "H**65", None),
    ("2**H", "the exponent H is a formula", "2**H", "an exponent must be a number"),
    ("(H + k)**30*(H - k)**40", "the formula becomes too large", "(H + k)**30*(H - k)**40", None),
    ("width + pair", "`pair` is a list, not a number", "pair", None),
    ("none", "`none` is empty, not a number", "none", None),
    ("block", "`block` is a mapping, not a number", "block", None),
    ("act*2", 'a number is needed here, not the text "relu"', "act*2", None),
    ("deep + 1", "a number is needed here, not true", "deep + 1", None),
    ("-deep", "a number is needed here, not true", "-deep", None),
    ("act < 3", 'a number is needed here, not the text "relu"', "act < 3", None),
    ("1 if width else 2", "a condition must be true or false, not a number", "width", "compare: `x != 0`"),
    ("not act", 'a condition must be true or false, not the text "relu"', "act", "compare: `x != 0`"),
    ("H*0.5", "H/2 is not always a whole number", "H*0.5", "use ceil(H/2) or floor(H/2)"),
    ("H/2", "H/2 is not always a whole number", "H/2", "use ceil(H/2) or floor(H/2)"),
    (
        "max(H/2, 1)",
        "max(H, 2)/2 is not always a whole number",
        "max(H/2, 1)",
        "use ceil(max(H, 2)/2) or floor(max(H, 2)/2)",
    ),
    ("max(H/k, 1)", "a fraction by a formula cannot be compared", "max(H/k, 1)", "use ceil or floor on it first"),
    (
        "max(H/2, 1e-300)",
        "the formula H/2 is exact and cannot be calculated with the decimal number 1e-300",
        "max(H/2, 1e-300)",
        "write the number as a fraction of whole numbers, as in 3*H/4",
    ),
    (
        "(6*H + 2)/4",
        "(3*H + 1)/2 is not always a whole number",
        "(6*H + 2)/4",
        "use ceil((3*H + 1)/2) or floor((3*H + 1)/2)",
    ),
    ("1 if H < 3 else 2", "whether H < 3 depends on H", "H < 3", "give it a value with --set H=..."),
    ("3 >= H", "whether 3 >= H depends on H", "3 >= H", "give it a value with --set H=..."),
    ("H*2 == k", "whether 2*H == k depends on H and k", "H*2 == k", "give them values with --set H=... --set k=..."),
    ("H/2 != 3", "whether H/2 != 3 depends on H", "H/2 != 3", "give it a value with --set H=..."),
    ("lost > 1", "the comparison is with a size that is not known", "lost > 1", None),
    ("divisible(H, 8)", "divisible(H, 8) is not a single formula", "divisible(H, 8)", "give it a value with --set H=..."),  # noqa: E501
]  # fmt: skip


@each(("text", "message", "place", "help"), ERRORS, ids=[text[:30] for text, *_ in ERRORS])
def test_errors(text, message, place, help):
    with pytest.raises(ExpressionError) as caught:
        evaluate(text, NAMES)
    error = caught.value
    assert (error.message, text[error.start : error.end], error.help) == (message, place, help)
    assert str(error) == message


@each("by", range(1, 9))
def test_halves_are_rounded_to_the_even_number(by):
    rounded = evaluate(f"round((3*h - 7)/{by})", {"h": H})
    assert [substitute(rounded, {"H": h}) for h in range(1, 60)] == [
        round(Fraction(3 * h - 7, by)) for h in range(1, 60)
    ]


def test_fractions_and_decimals_in_turn():
    assert [evaluate(text, {}) for text in ("3 - 1/2", "1/2 - 3", "1/2.5", "2.5 - 1/2")] == [2.5, -2.5, 0.4, 2.0]
    assert values.over(1.0, 2.5) == 0.4
    with pytest.raises(values.OperationError, match="division by zero"):
        values.over(1.0, 0.0)
    with pytest.raises(ExpressionError, match="a fraction by a formula cannot be compared"):
        evaluate("1/n < 2", {"n": Symbol("n").dim})


def test_unknown_name():
    with pytest.raises(UnknownNameError) as caught:
        evaluate("2*widht", NAMES)
    error = caught.value
    assert (error.name, error.start, error.end) == ("widht", 2, 7)
    assert error.message == "the name `widht` is not known here"


@each(
    "text",
    [
        "(" * 101 + "1" + ")" * 101,
        "-" * 101 + "1",
        "not " * 101 + "true",
        "1 if true else " * 101 + "2",
        "2**" * 101 + "1",
        "max(" * 101 + "1" + ")" * 101,
    ],
)
def test_nesting_is_bounded(text):
    with pytest.raises(ExpressionError, match=r"^the expression is nested deeper than 100 levels$"):
        evaluate(text, {})


def test_long_chains_are_not_deep():
    assert evaluate("+".join(["1"] * 4000), {}) == 4000
    assert evaluate(" and ".join(["true"] * 1000), {}) is True
    with pytest.raises(ExpressionError, match=r"^the expression is longer than 10,000 characters$"):
        evaluate("1" + "+1" * 5000, {})


def test_only_one_arm_is_evaluated():
    class Names(dict):
        def __missing__(self, name):
            pytest.fail(f"{name} was looked up")

    assert evaluate("a if c else b", Names(a=1, c=True)) == 1
    assert evaluate("a if c else b", Names(b=2, c=False)) == 2
    assert evaluate("c or b", Names(c=True)) is True


def test_parse_dim():
    assert parse_dim("2*(H//2) + n") == 2 * (H // 2) + Symbol("n").dim
    assert parse_dim("7") == 7
    assert parse_dim("?") is UNKNOWN
    assert parse_dim("H//32*32", {"H": Symbol("H", multiple_of=32)}) == Symbol("H", multiple_of=32).dim
    for text, what in (("1.5", "1.5"), ("true", "true"), ('"x"', 'the text "x"')):
        with pytest.raises(ExpressionError, match=rf"^a size is a whole number, not {what}$"):
            parse_dim(text)
    with pytest.raises(ExpressionError, match=r"^H/2 is not always a whole number$"):
        parse_dim("H/2")


def test_is_name():
    for text in ("H", "width_2", "_x", "min"):
        assert is_name(text)
    for text in ("", "2x", "a.b", "a b", "and", "true", "H\n", "gr\u00f6\u00dfe"):
        assert not is_name(text)


def test_texts_are_parsed_once():
    from cnnsum.dims import language

    evaluate("width + 12345", NAMES)
    before = language._parse.cache_info().hits
    evaluate("width + 12345", {"width": 1})
    assert language._parse.cache_info().hits == before + 1


def test_the_language_is_loaded_on_demand():
    import subprocess
    import sys

    code = """
import sys, cnnsum.dims as dims
dims.ceil_div(7, 2), dims.Symbol("H").dim + 1, dims.equal(3, 3)
print(*sorted(name[12:] for name in sys.modules if name.startswith("cnnsum.dims.")))
dims.evaluate("1", {})
"""
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert loaded.split() == ["expr", "intervals", "making", "questions"]
    with pytest.raises(AttributeError, match=r"^module 'cnnsum.dims' has no attribute 'missing'$"):
        operator.attrgetter("missing")(__import__("cnnsum.dims").dims)
