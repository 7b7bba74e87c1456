"""Sets of legal sizes, against plain Python sets and against formulas tried at every size."""

from __future__ import annotations

import os
import random
from math import lcm

import pytest
from formulas import DIMS, SYMBOLS, calculate, trees
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnnsum.dims import UNKNOWN, Symbol, ceil_div, evaluate, maximum, minimum, prod, substitute
from cnnsum.dims.sets import LONGEST_PERIOD, PeriodError, SizeSet, intersection
from cnnsum.dims.solving import MAX_PERIOD, period_of, solve
from tests.thorough import each

EXAMPLES = int(os.environ.get("CNNSUM_EXAMPLES", "60"))
FAR = 2000
H = Symbol("H").dim

RESIDUES = st.integers(1, 24).flatmap(
    lambda period: st.tuples(st.just(period), st.frozensets(st.integers(0, period - 1), max_size=period))
)
STEPS = st.one_of(
    st.tuples(st.just("repeat"), RESIDUES, st.integers(1, 400)),
    st.tuples(st.just("of"), st.frozensets(st.integers(1, 60), max_size=8)),
    st.tuples(st.just("between"), st.integers(-3, 500), st.integers(-3, 500)),
    st.tuples(st.just("at_least"), st.integers(-3, 500)),
    st.tuples(st.just("multiples"), st.integers(1, 64), st.integers(0, 300)),
)
TREES = st.recursive(
    STEPS,
    lambda inner: st.tuples(st.sampled_from(["and", "or", "sub"]), inner, inner) | st.tuples(st.just("not"), inner),
    max_leaves=5,
)


def both(tree):
    """The set that the tree stands for, and its members up to FAR, each calculated in its own way."""
    kind, *rest = tree
    numbers = range(1, FAR + 1)
    if kind == "repeat":
        (period, residues), start = rest
        return SizeSet((), start, period, residues), {n for n in numbers if n >= start and n % period in residues}
    if kind == "of":
        return SizeSet.of(rest[0]), set(rest[0])
    if kind == "between":
        return SizeSet.between(*rest), {n for n in numbers if rest[0] <= n <= rest[1]}
    if kind == "at_least":
        return SizeSet.at_least(rest[0]), {n for n in numbers if n >= rest[0]}
    if kind == "multiples":
        return SizeSet.multiples(*rest), {n for n in numbers if n % rest[0] == 0 and n >= rest[1]}
    sides = [both(one) for one in rest]
    if kind == "not":
        return ~sides[0][0], set(numbers) - sides[0][1]
    (a, x), (b, y) = sides
    if kind == "and":
        return a & b, x & y
    return (a | b, x | y) if kind == "or" else (a - b, x - y)


def members(sizes):
    return {n for n in range(1, FAR + 1) if n in sizes}


@settings(max_examples=EXAMPLES)
@given(TREES)
def test_every_operation_has_the_members_it_should(tree):
    sizes, expected = both(tree)
    assert members(sizes) == expected
    assert set(sizes.within(1, FAR)) == expected
    assume(sizes.start + sizes.period <= FAR)  # then all there is to it is in sight
    assert sizes.is_empty == (not expected)
    assert sizes.least == min(expected, default=None)
    assert sizes.is_finite == (not any(n >= sizes.start for n in expected))
    assert sizes.greatest == (max(expected, default=None) if sizes.is_finite else None)


@settings(max_examples=EXAMPLES)
@given(TREES, st.integers(0, FAR), st.integers(0, FAR))
def test_members_near_and_between_numbers(tree, a, b):
    sizes, expected = both(tree)
    assert sizes.nearest_below(a) == max((n for n in expected if n <= a), default=None)
    above = min((n for n in expected if n >= a), default=None)
    if above is not None:
        assert sizes.nearest_above(a) == above
    else:
        found = sizes.nearest_above(a)
        assert found is None or found > FAR
    assert list(sizes.within(a, b)) == sorted(n for n in expected if a <= n <= b)


@settings(max_examples=EXAMPLES)
@given(TREES, TREES)
def test_subsets(one, other):
    (a, x), (b, y) = both(one), both(other)
    assume(lcm(a.period, b.period) + max(a.start, b.start) < FAR)
    assert (a <= b) == (x <= y)
    assert (a == b) == (x == y)


@settings(max_examples=EXAMPLES)
@given(TREES, st.integers(1, 4), st.integers(0, 300))
def test_equal_sets_are_equal_objects_however_they_were_made(tree, times, later):
    sizes, expected = both(tree)
    start = sizes.start + later
    period = times * sizes.period
    assume(start + period <= FAR)
    again = SizeSet(
        [(n, n) for n in expected if n < start],
        start,
        period,
        [n for n in range(start, start + period) if n in expected],
    )
    pieces = SizeSet.of(n for n in expected if n < start) | (sizes & SizeSet.at_least(start))
    for other in (again, pieces, ~~sizes, (sizes - again) | again):
        assert other == sizes
        assert hash(other) == hash(sizes)
        assert other.condition("H") == sizes.condition("H")
        assert (other.start, other.period, other.residues) == (sizes.start, sizes.period, sizes.residues)


@settings(max_examples=EXAMPLES)
@given(TREES)
def test_start_and_period_are_the_least(tree):
    sizes, expected = both(tree)
    top = sizes.start + 2 * sizes.period
    assume(top + sizes.period <= FAR)
    if sizes.start > 1:
        n = sizes.start - 1
        assert (n in expected) != (n % sizes.period in sizes.residues)
    for period in range(1, sizes.period):
        if sizes.period % period == 0:
            assert any((n in expected) != (n + period in expected) for n in range(sizes.start, top))


@settings(max_examples=EXAMPLES)
@given(TREES)
def test_the_condition_says_the_same(tree):
    sizes, expected = both(tree)
    text = sizes.condition("H")
    if len(text) <= 10_000:
        assert {n for n in range(1, FAR + 1) if evaluate(text, {"H": n}) is True} == expected


def test_sums_that_rise_and_fall_are_solved_as_tried():
    draw = random.Random(2)
    of = {"H": Symbol("H"), "K": Symbol("K", minimum=3), "M": Symbol("M", minimum=4, multiple_of=4)}
    for number in range(200):
        name, symbol = draw.choice([*of.items()])
        steps = [(draw.choice((-5, -3, -2, -1, 1, 2, 3, 4)), draw.choice((1, 2, 3, 4, 6))) for _ in range(3)]
        if not number % 8:
            steps = [(1, 2), (-1, 3)]  # one more in six
        level, relation = draw.randint(-6, 40), draw.choice(("==", ">="))
        sizes = solve(relation, sum(factor * (symbol.dim // step) for factor, step in steps), level)
        assert sizes is not None
        for n in range(symbol.minimum, 300):
            if n % symbol.multiple_of == 0:
                value = sum(factor * (n // step) for factor, step in steps)
                assert (n in sizes) == (value == level if relation == "==" else value >= level), (name, steps, level)


def test_conditions_of_residues_that_split_say_the_same():
    """What skips over strided layers leave: residues of two periods at once, less a few, from some size on."""
    draw = random.Random(3)
    for _ in range(120):
        period = draw.choice((8, 12, 24, 36, 60))
        divisors = [n for n in range(2, period) if period % n == 0]
        folds = [(n, draw.sample(range(n), draw.randint(1, n))) for n in draw.sample(divisors, draw.randint(1, 2))]
        bits = [r for r in range(period) if all(r % n in allowed for n, allowed in folds)]
        bits = sorted({*bits} - {*draw.sample(range(period), draw.choice((0, 0, 1, 2, 3)))})
        start = draw.choice((1, 1, 2, 5, period + 1))
        few = draw.sample(range(1, period + 2), draw.choice((0, 0, 1, 2)))
        sizes = SizeSet((), start, period, bits) | SizeSet.of(few)
        expected = {n for n in range(1, 200) if (n >= start and n % period in bits) or n in few}
        text = sizes.condition("H")
        assert {n for n in range(1, 200) if text != "false" and evaluate(text, {"H": n}) is True} == expected, text


@each(
    ("sizes", "text"),
    [
        (SizeSet.of([2]) | SizeSet((), 3, 2, [1]), "H == 2 or H % 2 == 1 and H >= 3"),
        (SizeSet.everything(), "H >= 1"),
        (SizeSet.of([]), "false"),
        (SizeSet.at_least(75), "H >= 75"),
        (SizeSet.multiples(32), "H % 32 == 0 and H >= 32"),
        (SizeSet((), 9, 4, [0, 3]), "H % 4 in {0, 3} and H >= 11"),
        (SizeSet((), 9, 32, range(8)), "H % 32 < 8 and H >= 32"),
        (SizeSet((), 1, 8, range(3, 8)), "H % 8 >= 3 and H >= 3"),
        (SizeSet((), 1, 16, set(range(16)) - {3}), "H % 16 != 3"),
        (SizeSet((), 1, 64, range(20, 44)), "H % 64 >= 20 and H % 64 <= 43 and H >= 20"),
        (SizeSet.between(193, 224), "H >= 193 and H <= 224"),
        (SizeSet.between(1, 224), "H <= 224"),
        (SizeSet.of([224]), "H == 224"),
        (SizeSet.of([5, 7]), "H in {5, 7}"),
        (SizeSet.of([3, 5]) | SizeSet.multiples(4, 12), "H in {3, 5} or H % 4 == 0 and H >= 12"),
        (SizeSet.at_least(7) - SizeSet.of([9]), "H >= 7 and H != 9"),
        (SizeSet.at_least(7) - SizeSet.of([9, 12]), "H >= 7 and H not in {9, 12}"),
        (SizeSet.of([1]) | SizeSet.multiples(32), "H == 1 or H % 32 == 0"),
        (SizeSet.between(5, 100) - SizeSet.of([50]), "H >= 5 and H <= 100 and H != 50"),
        (SizeSet.multiples(2) & SizeSet.between(1, 10**9), "H % 2 == 0 and H >= 2 and H <= 1000000000"),
        (SizeSet.multiples(32) & SizeSet.between(1, 1000), "H % 32 == 0 and H >= 32 and H <= 992"),
        (SizeSet((), 1, 64, [0, 1, 2, 3, 60, 61, 62, 63]), "(H + 4) % 64 < 8"),
    ],
)
def test_conditions_read_well(sizes, text):
    assert sizes.condition("H") == text


def test_conditions_of_two_periods_name_both():
    sizes = SizeSet((), 1, 32, range(8)) & SizeSet((), 1, 27, [0, 5, 6, 7, 20])
    assert sizes.condition("size") == "size % 27 in {0, 5, 6, 7, 20} and size % 32 < 8 and size >= 5"


def test_what_all_members_are_multiples_of():
    assert SizeSet.multiples(12).multiple_of == 12
    assert (SizeSet.multiples(12) | SizeSet.multiples(18)).multiple_of == 6
    assert (SizeSet.of([8]) | SizeSet.multiples(12)).multiple_of == 4
    assert (SizeSet.multiples(6) & SizeSet.between(1, 10**9)).multiple_of == 6
    assert SizeSet.of([]).multiple_of == 0


def test_large_sets_stay_small():
    large = SizeSet.multiples(2) & SizeSet.between(1, 10**9)
    assert len(large.finite) == 1
    assert large.greatest == 10**9
    assert large == ~(~SizeSet.multiples(2) | SizeSet.at_least(10**9 + 1))
    assert hash(large) == hash(SizeSet.between(1, 10**9) - ~SizeSet.multiples(2))
    assert next(large.within(10**8 + 1, 10**9)) == 10**8 + 2
    mixed = large & ~SizeSet.multiples(3)
    assert mixed.nearest_below(10**8) == 10**8
    assert mixed.condition("H") == "H % 6 in {2, 4} and H >= 2 and H <= 1000000000"
    assert mixed <= large
    assert not large <= mixed
    window = SizeSet((), 10**6, 4096, range(7)) | SizeSet.multiples(2) & SizeSet.between(1, 10**6)
    assert window.condition("H") == "H % 2 == 0 and H >= 2 and H <= 1000000 or H % 4096 < 7 and H >= 1003520"


def test_members_of_a_stretch_alone_decide_what_is_a_part():
    assert SizeSet.of([4]) <= SizeSet.multiples(2)
    assert not SizeSet.of([4, 5]) <= SizeSet.multiples(2)
    assert SizeSet.multiples(2) & SizeSet.between(1, 10**6) <= ~SizeSet.multiples(10**6 + 1)
    assert not SizeSet.multiples(2) & SizeSet.between(1, 3 * 10**6) <= ~SizeSet.multiples(10**6 + 1)


def test_too_long_a_period_is_an_error_not_a_wrong_answer():
    a, b = SizeSet((), 1, 4096, [1]), SizeSet((), 1, 6561, [1])
    with pytest.raises(PeriodError, match=r"^the period 26,873,856 is above 1,048,576$"):
        a & b
    with pytest.raises(PeriodError):
        SizeSet.multiples(LONGEST_PERIOD + 1)
    # Whether one is part of the other needs no common period.
    assert not a <= b
    assert SizeSet((), 1, 4096, [1]) <= ~SizeSet((), 1, 2 * 6561, [0])
    assert intersection([a, SizeSet.multiples(5), SizeSet.everything()]).least == 4 * 4096 + 1


# --- solving ----------------------------------------------------------------------------------------------------------


def holds(relation, left, right):
    if relation == "==":
        return left == right
    if relation == ">=":
        return left >= right
    if relation == "%":
        return left == 0 if right == 0 else left % right == 0
    return left == right or 1 in (left, right)


@settings(max_examples=EXAMPLES)
@given(
    st.sampled_from("HWM"),
    st.data(),
    st.sampled_from(["==", ">=", "%", "broadcast"]),
)
def test_solved_as_tried_at_every_size(name, data, relation):
    one, other = data.draw(trees([name])), data.draw(trees([name]))
    left, right = calculate(one, DIMS), calculate(other, DIMS)
    found = solve(relation, left, right)
    if found is None:
        assert relation == "%" or left is UNKNOWN or right is UNKNOWN
        return
    symbol = SYMBOLS[name]
    constant = isinstance(left, int) and isinstance(right, int)
    for n in range(1, 500):
        if n % symbol.multiple_of == 0 and n >= symbol.minimum:
            values = {name: n}
            assert (n in found) == holds(relation, calculate(one, values), calculate(other, values)), n
        else:
            assert (n in found) == (constant and not found.is_empty)


def test_needs_of_real_networks():
    # Keras MobileNet-like chains: five convolutions with stride 2 and five upsamplings by 2.
    down = H
    for _ in range(5):
        down = ceil_div(down, 2)
    assert solve("==", 32 * down, H) == SizeSet.multiples(32)
    assert solve(">=", (H - 75) // 2 + 1, 1) == SizeSet.at_least(75)
    assert solve("==", down, 7) == SizeSet.between(193, 224)
    assert solve("==", down * down * 512, 25088) == SizeSet.between(193, 224)
    assert solve("broadcast", H // 2, 3) == SizeSet.of([2, 3, 6, 7])
    assert solve("%", 3 * H, 64) == SizeSet.multiples(64)


def test_what_only_rises_has_no_cap():
    assert solve(">=", H // 10_000, 3) == SizeSet.at_least(30_000)
    assert solve("==", H // 10_000 + H // 7_777, 3) == SizeSet.between(15_554, 19_999)
    assert solve(">=", 5, H // 10_000) == SizeSet.between(1, 59_999)
    assert solve(">=", H // 2**70, 2**70) == SizeSet.at_least(2**140)
    assert solve(">=", minimum(H // 2**90, 5), 5) == SizeSet.at_least(5 * 2**90)
    assert solve(">=", minimum(H // 2**90, 5), 6) == SizeSet.of([])
    assert solve("==", maximum(H, 2**80) - 2**80, 0) == SizeSet.between(1, 2**80)
    assert solve("==", 97 // H, H // 7) == SizeSet.between(25, 27)
    assert solve(">=", prod([H, H, H // 9_999]), 1) == SizeSet.at_least(9_999)


def test_the_symbols_own_facts_are_part_of_the_set():
    third = Symbol("H", multiple_of=3, minimum=63).dim
    assert solve("==", 2 * (third // 2), third) == SizeSet.multiples(6, 63)
    assert solve(">=", third, 1) == SizeSet.multiples(3, 63)
    assert solve(">=", 100, third) == SizeSet.multiples(3) & SizeSet.between(63, 100)
    assert solve("==", third, third) == SizeSet.multiples(3, 63)
    assert solve("%", third, 3) == SizeSet.multiples(3, 63)
    assert solve("==", Symbol("W", minimum=0).dim, 0) == SizeSet.of([])


def test_what_is_not_solved():
    w = Symbol("W").dim
    assert solve("==", H, w) is None
    assert solve("==", H + w, w + 3) is None
    assert solve("==", UNKNOWN, H) is None
    assert solve("broadcast", H, UNKNOWN) is None
    assert solve("==", 5000 * (H // 5000), H) is None
    assert period_of(5000 * (H // 5000), H) == 5000 > MAX_PERIOD
    assert solve("==", 4096 * (H // 4096), H) == SizeSet.multiples(4096)
    assert solve("==", H % (H // 3 + 1), 1) is None
    assert period_of(H % (H // 3 + 1), 1) is None
    assert period_of(w // 7, H) is None
    assert solve("==", 3, 3) == SizeSet.everything()
    assert solve("%", 7, 2) == SizeSet.of([])


@each("growth", [0, 1, -1])
def test_thresholds_far_away_with_a_long_period(growth):
    difference = growth * (H // 4096) * 4096 + 300 * (H % 4096) - growth * 10**7
    found = solve(">=", difference, 0)
    assert found is not None
    for n in [*range(1, 3000), *range(8_000_000, 8_000_000 + 20_000, 7), *range(10**7 - 9000, 10**7 + 9000)]:
        assert (n in found) == (substitute(difference, {"H": n}) >= 0)
