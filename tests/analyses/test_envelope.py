"""The largest of many formulas: always the largest, and as few of them as needed."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnnsum
from cnnsum.analyses.sizes import envelope
from cnnsum.analyses.sizes.envelope import MOST_KEPT, known_of, largest_of
from cnnsum.dims import UNKNOWN, Symbol, ceil_div, substitute
from tests.thorough import each

N, H, W = Symbol("N"), Symbol("H"), Symbol("W")


def halved(symbol, times):
    """What is left of an axis after some layers with stride 2."""
    size = symbol.dim
    for _ in range(times):
        size = ceil_div(size, 2)
    return size


@st.composite
def activations(draw, symbols=(H, W)):
    """Bytes as networks have them: maps of halved axes, some with a border, added up."""
    total = 0
    for _ in range(draw(st.integers(1, 3))):
        term = draw(st.integers(1, 64))
        for symbol in symbols:
            term = term * (halved(symbol, draw(st.integers(0, 3))) + draw(st.integers(0, 2)))
        total = total + term
    return total


@settings(max_examples=60)
@given(st.lists(activations(), min_size=1, max_size=8), st.integers(1, 40), st.integers(1, 8))
def test_it_is_the_largest_at_every_known_size(dims, minimum, step):
    minimum = -(-minimum // step) * step
    known = {"H": Symbol("H", minimum=minimum, multiple_of=step), "W": Symbol("W")}
    most, place = largest_of(dims, known)
    if most is UNKNOWN:
        return
    assert place is None or most == dims[place]
    for h, w in itertools.product(range(minimum, minimum + 9 * step, step), (1, 2, 3, 7, 8, 9, 31)):
        values = {"H": h, "W": w}
        assert substitute(most, values) == max(substitute(dim, values) for dim in dims)


@settings(max_examples=60)
@given(st.lists(activations(), min_size=2, max_size=8), st.integers(1, 40), st.integers(1, 8))
def test_what_is_covered_at_sight_is_reached_at_every_known_size(dims, minimum, step):
    minimum = -(-minimum // step) * step
    known = {"H": Symbol("H", minimum=minimum, multiple_of=step)}
    left = envelope.not_covered(dims, known)
    assert left
    for h, w in itertools.product(range(minimum, minimum + 9 * step, step), (1, 2, 3, 7, 8, 9, 31)):
        values = {"H": h, "W": w}
        assert max(substitute(dim, values) for dim in left) == max(substitute(dim, values) for dim in dims)


def test_thousands_of_layers_that_shrink_are_not_proved_one_by_one(monkeypatch):
    asked = []
    monkeypatch.setattr(envelope, "_kept", lambda dims, *_: asked.append(dims) or dims)
    sizes = [N.dim * (4 * (H.dim - 2 * k) * (W.dim - 2 * k) + 3 * (H.dim - 2 * k + 2)) for k in range(1, 3_000)]
    known = {"H": Symbol("H", minimum=6_001), "W": Symbol("W", minimum=6_001)}
    assert largest_of(sizes, known) == (sizes[0], 0)
    assert asked == [sizes[:1]]
    asked.clear()
    # Halved axes are counted in their halves.
    assert largest_of([size // 3 for size in (H.dim // 2 * (9 * W.dim - 9 * k) for k in range(50))], known)[1] == 0
    assert [len(dims) for dims in asked] == [1]


def test_of_moments_that_are_means_of_two_the_two_are_left():
    """A backward pass drops tensors one by one while gradients come up, in turn for layers of two sizes."""
    even = [(100 + 32 * k) * H.dim + 100 * (4_000 - k) for k in range(0, 4_000, 2)]
    odd = [(99 + 32 * k) * H.dim + 100 * (4_000 - k) for k in range(1, 4_000, 2)]
    assert envelope.not_covered([*even, *odd], {}) == [even[0], even[-1], odd[-1]]
    assert str(largest_of([*even, *odd], {})[0]) == f"max({even[0]}, {even[-1]}, {odd[-1]})"


def test_what_all_are_multiples_of_is_written_once():
    a, b = 3 * N.dim * H.dim, 100 * N.dim
    most, place = largest_of([a, b, 2 * N.dim], {})
    assert str(most) == "N*max(3*H, 100)"
    assert place is None
    assert largest_of([a, 2 * N.dim], {}) == (a, 0)


def test_known_sizes_leave_out_more():
    dims = [H.dim * H.dim, 40 * H.dim, 1_000]
    assert largest_of(dims, {})[1] is None
    assert largest_of(dims, {"H": Symbol("H", minimum=40)}) == (dims[0], 0)


def test_products_of_smaller_maps_are_covered():
    """ceil(H/4)*ceil(W/4) is never below ceil(H/8)*ceil(W/8), from 1 x 1 on."""
    large, small = halved(H, 2) * halved(W, 2), halved(H, 3) * halved(W, 3)
    assert largest_of([small, large], {}) == (large, 1)


def test_what_needs_no_proof_is_seen_without(monkeypatch):
    monkeypatch.setattr(envelope, "_MOST_PROOFS", 0)
    large, small = halved(H, 2) * halved(W, 2), halved(H, 3) * halved(W, 3)
    assert largest_of([small, large], {}) == (large, 1)  # atom by atom
    assert largest_of([small + 1, large], {})[1] is None  # at 1 x 1 it is not so
    line, area = H.dim + W.dim - 1, H.dim * W.dim
    assert largest_of([line, area], {}) == (area, 1)  # the area less the line is (H - 1)*(W - 1)
    assert largest_of([line + 1, area], {})[1] is None  # at 1 x 1


@each(
    ("two", "least"),
    [
        # At all sizes that are looked at before anything is proved the first is the larger one.
        (lambda h, _: (100 * (h // 100) + 41, h), 1),
        (lambda h, w: (2 * (h - 1) * (w - 1) + 1_000, h - 1), 1),
        (lambda h, w: (2 * (h - 1) * (w - 1) + 1_000, w - 1), 1),
        # A least value counts as often as its coefficient.
        (lambda h, _: (h, 7), 5),
        (lambda h, w: (h * w, 26), 5),
        (lambda h, _: (3 * h * h, 76), 5),
    ],
)
def test_neither_is_the_larger_everywhere(two, least):
    known = {name: Symbol(name, minimum=least) for name in "HW"}
    most, place = largest_of(two(H.dim, W.dim), known)
    assert place is None
    for h, w in itertools.product((*range(least, 12), 99, 100, 1_500), repeat=2):
        assert substitute(most, {"H": h, "W": w}) == max(two(h, w))


def test_numbers_and_what_is_not_known():
    assert largest_of([3, 9, 9, 2], {}) == (9, 1)
    assert largest_of([H.dim, UNKNOWN], {}) == (UNKNOWN, None)


def test_too_many_are_no_answer():
    lines = [(n + 1) * H.dim + ((MOST_KEPT + 1) ** 2 - n**2) * 1_000 for n in range(MOST_KEPT + 1)]
    assert largest_of(lines, {}) == (UNKNOWN, None)
    assert largest_of(lines[:MOST_KEPT], {})[0] is not UNKNOWN
    above = 100 * (H.dim // 2) + 10_000_000  # it reaches them all
    assert largest_of([*lines, above], {}) == (above, len(lines))


@pytest.mark.parametrize(
    ("spec", "peak"),
    [
        ("unet", "1024*H*N*W"),
        # 149 x 149 x 32 in, 147 x 147 x 32 out, and the same again for 64 channels: by hand, from the network's table.
        ("inception_v3", "384*((H - 5)//2)*N*((W - 5)//2)"),
    ],
)
def test_peaks_of_the_gallery(spec, peak):
    model = cnnsum.load(f"specs/{spec}.yaml", inputs=("H", "W", 3))
    report = cnnsum.summarize(model, symbolic=True, details=False)
    assert str(report.totals.peak.bytes) == peak
    assert known_of(model.sizes)["H"].minimum == {"unet": 16, "inception_v3": 75}[spec]
