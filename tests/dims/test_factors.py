"""Equations of products that are taken apart: held to all values of small symbols."""

from __future__ import annotations

from functools import reduce
from itertools import product
from operator import mul

from hypothesis import given, settings
from hypothesis import strategies as st

from cnnsum.dims import Dim, Expr, Symbol, substitute
from cnnsum.dims.factors import apart, without_common

NAMES = "HWD"


def factors_of(symbol: Dim) -> st.SearchStrategy[Dim]:
    """Formulas of one symbol, as sizes are."""
    small = st.integers(1, 5)
    shifted = st.integers(-2, 3).map(lambda shift: symbol + shift)
    floors = st.builds(lambda of, by: of // by, shifted, small)
    whole = st.builds(lambda of, by: by * (of // by), shifted, small)
    powers = st.builds(lambda of, by: of * (symbol // by), shifted, small)
    return st.one_of(shifted, floors, whole, powers, st.just(1), st.builds(lambda n: symbol % n, st.integers(2, 4)))


@st.composite
def equations(draw: st.DrawFn) -> tuple[Dim, Dim]:
    """Two products of factors of the same symbols, some of which hold two symbols."""
    symbols = [
        Symbol(name, minimum=draw(st.sampled_from((1, 1, 3))), multiple_of=draw(st.sampled_from((1, 1, 2)))).dim
        for name in NAMES[: draw(st.integers(2, 3))]
    ]
    if draw(st.booleans()):
        symbols[-2:] = [symbols[-2] * symbols[-1]]
    sides: list[Dim] = []
    for _ in range(2):
        parts = [draw(st.integers(1, 12)), *[draw(factors_of(symbol)) for symbol in symbols]]
        sides.append(reduce(mul, parts))
    return sides[0], sides[1]


def points(*dims: Dim, most: int) -> list[dict[str, int]]:
    """All values of the symbols up to one."""
    symbols = sorted({one for dim in dims if isinstance(dim, Expr) for one in dim.symbols}, key=lambda one: one.name)
    values = [[n for n in range(1, most + 1) if n >= one.minimum and n % one.multiple_of == 0] for one in symbols]
    return [dict(zip([one.name for one in symbols], point, strict=True)) for point in product(*values)]


def holds(left: Dim, right: Dim, at: dict[str, int]) -> bool:
    return bool(substitute(left, at) == substitute(right, at))


@given(equations())
@settings(deadline=None, max_examples=300)
def test_the_parts_hold_together_just_where_the_equation_does(equation: tuple[Dim, Dim]) -> None:
    left, right = equation
    parts = apart(left, right)
    if parts is not None:
        for at in points(left, right, most=12 if "D" in str((left, right)) else 30):
            assert holds(left, right, at) == all(holds(a, b, at) for a, b in parts), (at, parts)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(2, 7)), min_size=2, max_size=3), st.booleans())
@settings(deadline=None, max_examples=60)
def test_windows_are_always_taken_apart(windows: list[tuple[int, int]], up: bool) -> None:
    symbols = [Symbol(name).dim for name in NAMES[: len(windows)]]
    left: Dim = 1
    right: Dim = 1
    for symbol, (pad, size) in zip(symbols, windows, strict=True):
        padded = symbol + pad
        left = left * padded
        right = right * (size * ((padded + size - 1 if up else padded) // size))
    parts = apart(left, right)
    assert parts is not None
    assert len(parts) == len(windows)
    for at in points(left, right, most=9):
        assert holds(left, right, at) == all(holds(a, b, at) for a, b in parts)


def test_what_is_no_product_of_such_factors_is_left_together() -> None:
    height, width = Symbol("H").dim, Symbol("W").dim
    for left, right in (
        (height * width, 16 * (height * width // 16)),  # 4 and 4, or 2 and 8
        (height * width, width * width),
        (height * width, 12 * (height // 3) * (width // 5)),  # of other sizes for large ones: 15
        (height * (width // 2), 2 * (height // 2) * width // 2),
        (height * width, 16 * (height // 2) * (width // 8) + 1),
        (2 * (height // 2) * width, height * 2 * (width // 2)),  # above for some, below for others
    ):
        assert apart(left, right) is None


def test_a_common_factor_that_may_be_0_stays() -> None:
    height, width = Symbol("H").dim, Symbol("W").dim
    assert without_common(height * width, 8 * height) == (width, 8)
    assert without_common((height // 2) * width, 8 * (height // 2)) == ((height // 2) * width, 8 * (height // 2))
    assert without_common(height * width + height, height * height) == (width + 1, height)
