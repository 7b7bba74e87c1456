"""The three answers: sound always, and exact for one symbol."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings

from cnnsum.dims import Symbol, at_least, bounds, ceil_div, divides, equal, maximum, minimum, substitute
from cnnsum.dims import pieces as residue_classes
from cnnsum.dims.pieces import extremes, nonnegative, pieces, value_at, zeros
from tests.dims.formulas import DIMS, calculate, trees
from tests.thorough import each, examples

H = Symbol("H").dim
W = Symbol("W").dim
K = Symbol("K", minimum=3).dim
Z = Symbol("Z", minimum=0).dim
M = Symbol("M", minimum=8, multiple_of=8).dim
SIZES = {"H": range(1, 200), "W": range(200), "M": range(8, 400, 8)}


def truth(answers):
    answers = set(answers)
    return answers.pop() if len(answers) == 1 else None


@settings(max_examples=examples(150), deadline=None)
@given(trees(("H",), size=5), trees(("H",), size=4))
def test_one_symbol_by_brute_force(tree, other):
    a, b = calculate(tree, DIMS), calculate(other, DIMS)
    values = [(calculate(tree, {"H": h}), calculate(other, {"H": h})) for h in SIZES["H"]]
    for answer, seen in (
        (equal(a, b), truth(x == y for x, y in values)),
        (at_least(a, b), truth(x >= y for x, y in values)),
        (divides(3, a), truth(x % 3 == 0 for x, _ in values)),
    ):
        # Beyond the sizes looked at, an answer may change to None, but to nothing else.
        assert answer is seen or (answer is None and seen is not None and sees_further(a - b if b != a else a))
    low, high = bounds(a)
    assert low is None or low == min(x for x, _ in values) or sees_further(a)
    assert high is None or high == max(x for x, _ in values) or sees_further(a)


def sees_further(dim):
    """Whether something about the formula first happens beyond the sizes that brute force looks at."""
    exact = pieces(dim)
    if exact is None:
        return False
    far = 200
    return exact.period > 20 or any(
        run[0] * exact.period > far - exact.period or (run[1] or 0) * exact.period > far - 2 * exact.period
        for piece in exact.pieces
        for sign in (1, -1)
        for run in nonnegative(tuple(sign * c for c in piece.coefficients), piece.start, piece.stop)
    )


@settings(max_examples=80, deadline=None)
@given(trees(("H", "W", "M"), size=6), trees(("H", "W", "M"), size=4))
def test_several_symbols_are_sound(tree, other):
    a, b = calculate(tree, DIMS), calculate(other, DIMS)
    points = [dict(zip("HWM", p, strict=True)) for p in product(range(1, 9), range(8), range(8, 41, 8))]
    values = [(calculate(tree, point), calculate(other, point)) for point in points]
    for answer, seen in (
        (equal(a, b), truth(x == y for x, y in values)),
        (at_least(a, b), truth(x >= y for x, y in values)),
        (divides(3, a), truth(x % 3 == 0 for x, _ in values)),
    ):
        assert answer in (None, seen)
    low, high = bounds(a)
    assert low is None or low <= min(x for x, _ in values)
    assert high is None or high >= max(x for x, _ in values)


@each(
    ("a", "b", "answer"),
    [
        (2 * (H // 2), H, None),
        (2 * (H // 2), 2 * H + 1, False),
        (H // 2 + ceil_div(H, 2), H, True),
        (H // 4 + (H + 1) // 4 + (H + 2) // 4 + (H + 3) // 4, H, True),
        (H // 3 + W // 2, W // 2 + H // 3, True),
        (H // 3 + (H + 1) // 3 + (H + 2) // 3 + W, H + W, True),
        (2 * H + 4 * W, 7, False),
        (H + W, 1, False),
        (H + W, 2, None),
        (H * W, W * H, True),
        (maximum(H, W) + minimum(H, W), H + W, None),
        ((H - 1) * (H - 1), 4, None),
        (H * H + 1, 0, False),
        (maximum(H, 5) - 5, maximum(H - 5, 0), True),
        (K, maximum(Z, 100), None),
        (W * (H // 3 + (H + 1) // 3 + (H + 2) // 3), H * W, True),
        (W * (H // 3 + (H + 1) // 3 + (H + 2) // 3), H * W + 1, False),
        (W * (H // 3 + (H + 1) // 3 + (H + 2) // 3), H * W + H - 1, None),
        (3, 3, True),
        (3, 4, False),
    ],
)
def test_equal(a, b, answer):
    assert equal(a, b) is answer
    assert equal(b, a) is answer


@each(
    ("a", "b", "answer"),
    [
        (H, 1, True),
        (H, 2, None),
        (0, H, False),
        (H, H // 2, True),
        (H // 2, H, False),
        (H + W, H // 2 + W // 3, True),
        (H * W, W, True),
        (H * W, (H // 2) * W, True),
        (ceil_div(H, 2) * 2, H, True),
        (ceil_div(H, 2) * 2 + W, H + W, True),
        (H * H, 2 * H - 1, True),
        (H * H, 2 * H, None),
        (maximum(H, W), H, True),
        (minimum(H, W), H + 1, False),
        (3, 3, True),
    ],
)
def test_at_least(a, b, answer):
    assert at_least(a, b) is answer


@each(
    ("a", "b", "answer"),
    [
        (H, K * M, None),  # 1 is below 24, and H has no end
        (H * W - 3 * W, 10**12, None),
        (1000, ceil_div(K // 2, M), None),  # of 3 and 8 it is 1, of 10**6 and 8 it is 62,500
        (K, maximum(W, 100), None),
        ((H - H * Z) // 8, K, None),  # 3 at 24 and 0, -12 at 24 and 5
        (H * (H // 4), (H - K) // 8, True),  # below 4 both are 0 or less; from 4 on the left is H or more
        (H * K + K * K, 9, True),
        (H * K + K * K, 13, None),  # 12 at the least
    ],
)
def test_at_least_of_several_symbols(a, b, answer):
    assert at_least(a, b) is answer


def test_powers_of_what_has_two_ends():
    between = minimum(maximum(H - W, -2), 3)
    assert bounds(between**2) == (0, 9)
    assert at_least(9, between**2) is True


def test_products_with_what_is_negative():
    below = maximum(-W, -9)  # from -9 to -1
    assert bounds(H * below) == (None, -1)
    assert at_least(-1, H * below) is True
    assert at_least(H * below, -100) is None
    assert bounds(below * minimum(H, 4)) == (-36, -1)
    assert bounds(below * maximum(-K, -5)) == (3, 45)


def test_a_quotient_with_one_value_is_that_value():
    between = maximum(minimum(Z, 7), minimum(W, 5))
    assert [between // 8, (between + 16) // 8, (-between - 1) // 8, minimum(Z, 7) // 2 // 8] == [0, 2, -1, 0]
    assert str(between // 7) != "0"  # 1 at 7


def test_remainders_and_chains_by_formulas():
    assert divides(maximum(Z, 100), K) is None
    assert equal(3, -1 % K) is None  # it is K - 1
    assert -1 % K == K - 1
    assert (K // M) // 2 == K // (2 * M)
    assert [substitute((K // M) // 2 + 5, {"K": k, "M": 8}) for k in (15, 16, 47, 48)] == [5, 6, 7, 8]


@each(
    ("n", "d", "answer"),
    [
        (2, 2 * H, True),
        (2, H, None),
        (2, 2 * H + 1, False),
        (2, H * (H + 1), True),
        (6, H * (H + 1) * (H + 2), True),
        (4, H * H + 2, False),
        (32, Symbol("M", multiple_of=32).dim, True),
        (H, H * W, True),
        (H, H * W + H, True),
        (H, W, None),
        (0, 0, True),
        (0, 3, False),
        (3, 12, True),
    ],
)
def test_divides(n, d, answer):
    assert divides(n, d) is answer


def test_bounds():
    assert bounds(5) == (5, 5)
    assert bounds(H) == (1, None)
    assert bounds(-H) == (None, -1)
    assert bounds(H % 7) == (0, 6)
    assert bounds(H // 2 * 2 - H) == (-1, 0)
    assert bounds(10 * H - H * H) == (None, 25)
    assert bounds(minimum(H, 9) + H % 2) == (2, 10)
    assert bounds(H % 2 + W % 3) == (0, 3)
    assert bounds(H * W) == (1, None)


def test_nonnegative_runs():
    assert nonnegative((), 0, None) == [(0, None)]
    assert nonnegative((-1,), 0, None) == []
    assert nonnegative((-5, 2), 0, None) == [(3, None)]
    assert nonnegative((5, -2), 0, None) == [(0, 3)]
    assert nonnegative((11, -7, 1), 0, 4) == [(0, 3)]
    assert nonnegative((-6, 11, -6, 1), -5, 9) == [(1, 9)]
    assert zeros((-6, 11, -6, 1), 0, None) == [(1, 4)]
    assert zeros((10**30, 0, -1), 0, None) == [(10**15, 10**15 + 1)]


@settings(max_examples=examples(200), deadline=None)
@given(trees(("H",), size=4, extremes=False))
def test_runs_by_brute_force(tree):
    exact = pieces(calculate(tree, DIMS))
    if exact is None:
        return
    for piece in exact.pieces[:8]:
        values = {t: value_at(piece.coefficients, t) for t in range(piece.start, piece.start + 40)}
        runs = nonnegative(piece.coefficients, piece.start, piece.start + 40)
        assert {t for t, value in values.items() if value >= 0} == {t for a, b in runs for t in range(a, b)}
        assert extremes(piece.coefficients, piece.start, piece.start + 40) == (
            min(values.values()),
            max(values.values()),
        )
        for t, value in values.items():
            assert calculate(tree, {"H": piece.residue + exact.period * t}) == value


def test_every_value_is_in_one_piece():
    exact = pieces(maximum(H // 3, 7 - H))
    assert exact is not None
    for h in range(1, 60):
        found = [
            value_at(piece.coefficients, t)
            for piece in exact.pieces
            for t in [(h - piece.residue) // exact.period]
            if (h - piece.residue) % exact.period == 0 and piece.start <= t and (piece.stop is None or t < piece.stop)
        ]
        assert found == [max(h // 3, 7 - h)]


def test_too_many_classes_are_not_looked_at():
    assert pieces(H // 5000) is None
    assert equal(H // 5000 + (H + 1) // 4999, W) is None
    assert pieces(H // 2, max_period=1) is None
    assert pieces(H // W) is None


def test_the_first_pieces_that_differ_decide(monkeypatch):
    asked = []
    real = residue_classes._class
    monkeypatch.setattr(residue_classes, "_class", lambda *given: asked.append(given) or real(*given))
    for number in (1_009, 4_093):
        assert divides(number, 8 * Symbol("H", minimum=number + 1).dim) is None
        width = Symbol("W", minimum=number + 1).dim
        assert equal(number * (width // number), width) is None
    assert len(asked) <= 4 * 3
    assert divides(1_009, 1_009 * Symbol("H").dim) is True
