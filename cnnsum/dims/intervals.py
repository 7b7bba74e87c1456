"""Bounds of products, powers and quotients, from the bounds of their parts: sound, not always the tightest."""

from __future__ import annotations

from cnnsum.typed import TypeAlias

Interval: TypeAlias = tuple[int | None, int | None]  # least and greatest; None: no bound is known


def product_interval(a: Interval, b: Interval) -> Interval:
    """Bounds of a product, from those of two independent factors."""
    # An unbounded side counts as infinite, and 0 times it is 0: the bound 0 is reached, infinity is not.
    corners = [_product_corner(a, i, b, j) for i in (0, 1) for j in (0, 1)]
    low = min(corners)
    high = max(corners)
    return (None if low[0] < 0 else low[1]), (None if high[0] > 0 else high[1])


def _product_corner(a: Interval, i: int, b: Interval, j: int) -> tuple[int, int]:
    x, y = a[i], b[j]
    if x == 0 or y == 0:
        return 0, 0
    if x is not None and y is not None:
        return 0, x * y
    sign_x = (1 if i else -1) if x is None else (1 if x > 0 else -1)
    sign_y = (1 if j else -1) if y is None else (1 if y > 0 else -1)
    return sign_x * sign_y, 0


def power_interval(a: Interval, power: int) -> Interval:
    """Bounds of a power, whose factors are the same number."""
    low, high = a
    if power % 2 or (low is not None and low >= 0):
        return (None if low is None else low**power), (None if high is None else high**power)
    if high is not None and high <= 0:
        return high**power, None if low is None else low**power
    return 0, None if low is None or high is None else max(low**power, high**power)


def quotient_interval(a: Interval, b: Interval) -> Interval:
    """Bounds of `a // b` for independent a and b; no bounds where b may be 0 or negative."""
    if b[0] is None or b[0] <= 0:
        return None, None
    return _quotient_bound(a[0], b, towards=0), _quotient_bound(a[1], b, towards=1)


def _quotient_bound(a: int | None, b: Interval, *, towards: int) -> int | None:
    if a is None:
        return None
    # The smallest quotient of a positive a is by the largest b; the largest is by the smallest.
    divisor = b[1 - towards] if a >= 0 else b[towards]
    if divisor is None:
        return 0 if a >= 0 else -1
    return a // divisor
