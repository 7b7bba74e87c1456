"""isl, the integer set library, as the oracle for sets of solutions: the whole infinite set, not a sample of it."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnnsum.dims import Symbol, ceil_div
from cnnsum.dims.sets import SizeSet
from cnnsum.dims.solving import solve

isl = pytest.importorskip("islpy")

from test_dims_isl import ours, theirs, trees  # noqa: E402 - after isl is known to be there

from tests.thorough import examples  # noqa: E402 - as above

EXAMPLES = int(os.environ.get("CNNSUM_EXAMPLES", "300"))
CONDITIONS = {
    "==": "{0} = {1}",
    ">=": "{0} >= {1}",
    "broadcast": "{0} = {1} or {0} = 1 or {1} = 1",
    "%": "{0} mod {1} = 0",
}


def as_isl(sizes: SizeSet) -> Any:
    """A set in isl's notation, from its stretches."""
    parts = [
        f"{low} <= H <= {high} and H mod {pattern.period} = {residue}"
        for low, high, pattern in sizes.finite
        for residue in range(pattern.period)
        if pattern.bits >> residue & 1
    ]
    parts += [f"H >= {sizes.start} and H mod {sizes.period} = {residue}" for residue in sizes.residues]
    return isl.Set("{ [H] : " + (" or ".join(f"({part})" for part in parts) or "false") + " }")


def wanted(condition: str) -> Any:
    return isl.Set("{ [H] : H >= 1 and (" + condition + ") }")


def translated(condition: str) -> str:
    """A condition of the spec language in isl's notation."""
    for word, sign, joint in ((" not in ", "!=", " and "), (" in ", "=", " or ")):
        condition = re.sub(
            r"(H % \d+|\(H \+ \d+\) % \d+|H)" + word + r"\{([^}]*)\}",
            lambda m, sign=sign, joint=joint: (
                "(" + joint.join(f"{m[1]} {sign} {number}" for number in m[2].split(", ")) + ")"
            ),
            condition,
        )
    return condition.replace("==", "=").replace("%", "mod")


@settings(max_examples=EXAMPLES, deadline=None)
@given(trees(["H"]), trees(["H"]), st.sampled_from(["==", ">=", "broadcast"]))
def test_solutions(left: Any, right: Any, relation: str) -> None:
    solved = solve(relation, ours(left), ours(right))
    assert solved is not None
    assert as_isl(solved).is_equal(wanted(CONDITIONS[relation].format(theirs(left), theirs(right))))


@settings(max_examples=EXAMPLES, deadline=None)
@given(trees(["H"]), st.integers(2, 12))
def test_multiples(left: Any, right: int) -> None:
    solved = solve("%", ours(left), right)
    assert solved is not None
    assert as_isl(solved).is_equal(wanted(CONDITIONS["%"].format(theirs(left), right)))


@settings(max_examples=EXAMPLES, deadline=None)
@given(trees(["H"]), trees(["H"]), trees(["H"]), trees(["H"]))
def test_algebra(a: Any, b: Any, c: Any, d: Any) -> None:
    first, second = solve(">=", ours(a), ours(b)), solve("==", ours(c), ours(d))
    assert first is not None
    assert second is not None
    assert as_isl(first & second).is_equal(as_isl(first).intersect(as_isl(second)))
    assert as_isl(first | second).is_equal(as_isl(first).union(as_isl(second)))
    assert as_isl(first - second).is_equal(as_isl(first).subtract(as_isl(second)))
    assert (first <= second) == as_isl(first).is_subset(as_isl(second))
    assert (first == second) == as_isl(first).is_equal(as_isl(second))


@settings(max_examples=EXAMPLES, deadline=None)
@given(trees(["H"]), trees(["H"]), trees(["H"]), trees(["H"]), st.sampled_from(["&", "|", "-"]))
def test_conditions(a: Any, b: Any, c: Any, d: Any, sign: str) -> None:
    first, second = solve(">=", ours(a), ours(b)), solve("==", ours(c), ours(d))
    assert first is not None
    assert second is not None
    sizes = {"&": lambda: first & second, "|": lambda: first | second, "-": lambda: first - second}[sign]()
    assert as_isl(sizes).is_equal(wanted(translated(sizes.condition("H"))))


# A few of these take isl many seconds.
@settings(max_examples=examples(EXAMPLES), deadline=None)
@given(
    st.integers(1, 12),
    st.integers(0, 200),
    st.integers(-40, 40),
    st.tuples(*[st.integers(2, 64)] * 2),
    st.tuples(*[st.integers(-6, 6)] * 3),
    st.sampled_from(["==", ">="]),
)
def test_symbols_with_facts_and_far_thresholds(
    step: int, least: int, far: int, by: tuple[int, int], factors: tuple[int, int, int], relation: str
) -> None:
    symbol = Symbol("H", multiple_of=step, minimum=least).dim
    (m, n), (p, q, r) = by, factors
    left, right = p * (symbol // m) + q * ceil_div(symbol, n), r * symbol + 37 * far
    assume(not isinstance(left - right, int))  # then nothing is said of the symbol
    solved = solve(relation, left, right)
    assert solved is not None
    condition = CONDITIONS[relation].format(f"{p}*floor(H/{m}) + {q}*ceil(H/{n})", f"{r}*H + {37 * far}")
    truth = wanted(f"H >= {least} and H mod {step} = 0 and {condition}")
    assert as_isl(solved).is_equal(truth)
    assert wanted(translated(solved.condition("H"))).is_equal(truth)
