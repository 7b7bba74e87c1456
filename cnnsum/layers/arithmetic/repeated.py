"""What stands at the border of a graph that runs again and again, where one run stands for all. Names no layer type.

If every state has the same shape after a run as before it, every run does to shapes what the first one does: the
numbers in a state are not known, so that no shape depends on them. If one has not, nothing is known of the end. None
of these is an operation of its own, and none costs anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnnsum.dims import equal
from cnnsum.layers.facts import Facts, Shape


def state_of(x: Shape) -> Facts:
    """What the first run is given, as any run is: the numbers in it are not known."""
    return Facts(x, alias="view", dtype="first")


def are_kept(pairs: Sequence[Shape]) -> bool:
    """Whether each state, before and after a run, keeps its shape; in a damaged file one may have no end."""
    return len(pairs) % 2 == 0 and all(
        len(before) == len(after) and all(equal(*pair) is True for pair in zip(before, after, strict=True))
        for before, after in zip(pairs[::2], pairs[1::2], strict=True)
    )


def result_of(pairs: Sequence[Shape]) -> Facts:
    """The first of several states after all runs; pairs: each before and after a run."""
    return Facts(pairs[0] if pairs and are_kept(pairs) else None, alias="view", dtype="first")
