"""One formula, one object, one text: however a size was put together."""

from __future__ import annotations

import operator
from functools import reduce
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from cnnsum.dims import Symbol, ceil_div, parse_dim
from tests.dims.formulas import DIMS, calculate, trees
from tests.thorough import each, examples

H = Symbol("H").dim
W = Symbol("W").dim
SYMBOLS = [Symbol("H"), Symbol("H", multiple_of=32), Symbol("H", minimum=33), Symbol("n", anonymous=True)]

WINDOWS = st.tuples(st.integers(1, 11), st.integers(1, 5), st.integers(0, 5))  # kernel, stride, padding on both sides
CHAINS = st.lists(WINDOWS, min_size=1, max_size=6)


def slide(length, window):
    kernel, stride, padding = window
    return (length + 2 * padding - kernel) // stride + 1


def composite(windows):
    """The one window that a chain of windows is: its reach, its stride, and its padding in all."""
    reach, jump, added = 1, 1, 0
    for kernel, stride, padding in windows:
        reach += (kernel - 1) * jump
        added += 2 * padding * jump
        jump *= stride
    return reach, jump, added


def same(*dims):
    assert all(dim == dims[0] for dim in dims)
    assert len(set(map(hash, dims))) == 1
    assert len(set(map(str, dims))) == 1


@settings(max_examples=examples(300), deadline=None)
@given(CHAINS, st.sampled_from(SYMBOLS))
def test_a_chain_of_windows_is_one_window(windows, symbol):
    reach, jump, added = composite(windows)
    once = (symbol.dim + added - reach) // jump + 1
    same(reduce(slide, windows, symbol.dim), once)


@settings(max_examples=examples(200), deadline=None)
@given(CHAINS, st.integers(0, 6), st.sampled_from(SYMBOLS))
def test_where_a_chain_is_cut_does_not_matter(windows, cut, symbol):
    before = reduce(slide, windows[:cut], symbol.dim)
    reach, jump, added = composite(windows[cut:])
    same(reduce(slide, windows, symbol.dim), (before + added - reach) // jump + 1)


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=5), st.sampled_from(SYMBOLS), st.data())
def test_strides_of_same_padding_multiply_in_any_order(strides, symbol, data):
    product = reduce(lambda a, b: a * b, strides)
    shuffled = data.draw(st.permutations(strides))
    same(ceil_div(symbol.dim, product), *(reduce(ceil_div, order, symbol.dim) for order in (strides, shuffled)))
    same(symbol.dim // product, *(reduce(lambda x, n: x // n, order, symbol.dim) for order in (strides, shuffled)))


@settings(max_examples=examples(150), deadline=None)
@given(CHAINS, CHAINS, st.integers(1, 9), st.permutations(range(3)))
def test_products_of_sizes_in_any_order_and_grouping(down, across, channels, order):
    height, width = reduce(slide, down, H), reduce(slide, across, W)
    a, b, c = (((height, width, channels))[i] for i in order)
    same(height * width * channels, (a * b) * c, a * (b * c), c * (b * a))
    same(a * (b + c), a * b + a * c, (c + b) * a, a * c + b * a)
    same((a + b) * (a + c), a * a + a * c + b * a + b * c)


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(CHAINS, min_size=2, max_size=4), st.data())
def test_sums_of_sizes_in_any_order(chains, data):
    sizes = [factor * reduce(slide, chain, H) * W for factor, chain in enumerate(chains, 1)]
    shuffled = data.draw(st.permutations(sizes))
    total = sum(sizes[1:], sizes[0])
    same(total, sum(shuffled[1:], shuffled[0]), sum(reversed(sizes), 0))
    same(total - sizes[0], sum(sizes[1:], 0))


@settings(max_examples=examples(300), deadline=None)
@given(trees(extremes=False, size=5), trees(extremes=False, size=4), trees(extremes=False, size=4))
def test_sums_and_products_of_any_formulas(first, second, third):
    a, b, c = (calculate(tree, DIMS) for tree in (first, second, third))
    same(a + b + c, *(x + (y + z) for x, y, z in permutations((a, b, c))))
    same(a - b, -(b - a), a + -b, -b + a, a + b * -1)
    same((a + b) - b, a)
    same(3 * (a + b), 3 * a + b * 3)


POLYNOMIALS = st.lists(st.tuples(st.integers(-12, 12), st.lists(st.sampled_from("HWM"), max_size=2)), max_size=4)


@settings(max_examples=examples(300), deadline=None)
@given(POLYNOMIALS, st.integers(1, 8), st.integers(1, 6), st.integers(-9, 9))
def test_nested_floors_of_polynomials(terms, first, second, shift):
    a = sum(reduce(operator.mul, (DIMS[name] for name in names), factor) for factor, names in terms)
    same(a // first // second, a // (first * second), a // second // first)
    same((a // first + shift) // second, (a + first * shift) // (first * second))
    same(ceil_div(ceil_div(a, first), second), ceil_div(a, first * second))
    same((second * a) // (second * first), (second * a + second - 1) // (second * first), a // first)
    same(a // first + shift * H, (a + shift * first * H) // first)
    same(-(a // first), ceil_div(-a, first))
    same(a // -first, -a // first, -ceil_div(a, first))


@each(
    ("text", "others"),
    [
        ("ceil(H/4)", ["ceil(ceil(H/2)/2)", "(H + 3)//4", "(H - 1)//4 + 1", "-(-H//4)", "((H + 1)//2 + 1)//2"]),
        ("(H - 5)//4 + 1", ["((H - 3)//2 + 1 - 2)//2 + 1"]),
        ("H*W + 3*H + 2*W + 6", ["(H + 2)*(W + 3)", "(W + 3)*(2 + H)", "6 + W*2 + H*(3 + W)"]),
        ("H//6", ["H//2//3", "H//3//2", "2*H//12"]),
    ],
)
def test_texts_by_hand(text, others):
    same(parse_dim(text), *map(parse_dim, others))
