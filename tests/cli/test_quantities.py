"""Quantities and ranges as people write them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnsum.answers.variants.ranges import RangeError, swept, varied
from cnnsum.render.quantities import BYTES, COUNTS, QuantityError, count, memory
from tests.thorough import each


@each(
    ("text", "size"),
    [
        ("8GiB", 8 << 30),
        ("8 gib", 8 << 30),
        ("8GB", 8 * 10**9),
        ("0.5KiB", 512),
        ("1_024 B", 1024),
        ("4,096", 4096),
        ("1.25MB", 1_250_000),
        ("2EiB", 2 << 60),
        ("1.5QiB", 3 << 99),
        ("3 RB", 3 * 10**27),
    ],
)
def test_memory(text, size):
    assert memory(text) == size


@each(("text", "number"), [("5M", 5_000_000), ("1.5g", 1_500_000_000), ("7", 7), (".25K", 250), ("2Y", 2 * 10**24)])
def test_counts(text, number):
    assert count(text) == number


@each(
    ("read", "text", "message"),
    [
        (memory, "8G", "8GiB .8,589,934,592 bytes. or 8GB"),
        (memory, "8Gbit", "there is no unit of memory `Gbit`"),
        (memory, "0.3KiB", "not a whole number: it is 307.2"),
        (memory, "0GiB", "a limit is more than 0"),
        (memory, "lots", "not an amount of memory"),
        (memory, "-1GiB", "not an amount of memory"),
        (memory, "1e9", "there is no unit of memory `e`|not an amount"),
        (memory, "9" * 50, "not an amount of memory"),
        (memory, "٣GiB", "not an amount of memory"),
        (count, "5MB", "there is no unit `MB` of counts"),
        (count, "1.5", "not a whole number"),
        (count, "", "not a count"),
    ],
)
def test_what_is_no_quantity(read, text, message):
    with pytest.raises(QuantityError, match=message):
        read(text)


@given(st.integers(1, 10**6), st.sampled_from(sorted(BYTES)))
def test_every_unit_of_memory(number, unit):
    assert memory(f"{number}{unit}") == number * BYTES[unit] == memory(f"{number:,} {unit.lower()}")


@given(st.integers(1, 10**6), st.sampled_from(sorted(COUNTS)))
def test_every_unit_of_counts(number, unit):
    assert count(f"{number}{unit}") == number * COUNTS[unit]


@given(st.integers(0, 1000), st.integers(1, 500), st.integers(0, 60), st.sampled_from([1, 10, 100]))
def test_ranges_are_exact(first, step, steps, scale):
    """As many values as counted, and the last is the one that was written, whatever a float makes of it."""
    last = first + step * steps
    text = ":".join(
        f"{number // scale}.{number % scale:0{len(str(scale)) - 1}d}" if scale > 1 else str(number)
        for number in (first, last, step)
    )
    values = swept(f"x={text}").values
    assert len(values) == len([*values]) == steps + 1
    assert [Fraction(value).limit_denominator(scale) for value in values] == [
        Fraction(first + step * index, scale) for index in range(steps + 1)
    ]
    assert values[0] == first / scale
    assert values[-1] == last / scale


def test_names_and_values():
    assert varied("batch") == (("batch",), None)
    assert varied("H = W") == (("H", "W"), None)
    assert [*swept("width=0.1:0.7:0.1").values] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
    assert [*swept("H=W=8:20:8").values] == [8, 16]
    assert [*swept("n=3:5").values] == [3, 4, 5]
    assert swept("act=relu,gelu").values == ("relu", "gelu")
    assert swept("deep=true, false").values == (True, False)


@each(
    ("text", "message"),
    [
        ("H", "has no values"),
        ("H=", "empty value"),
        ("H=1,,2", "empty value"),
        ("H=1:2:0", "more than 0"),
        ("H=1:2:-1", "more than 0"),
        ("H=5:2", "ends before it begins"),
        ("H=1:x", "is not a range"),
        ("H=1:2:3:4", "is not a range"),
        ("2H=1:2", "`2H` is not a name"),
        ("H=H=1:2", "a name twice"),
        ("H=1e3:2e3", "is not a range"),
    ],
)
def test_what_is_no_range(text, message):
    with pytest.raises(RangeError, match=message):
        swept(text)
