"""The largest of many formulas without a proof: a symbol stands for it, and is calculated where there are numbers.

For programs that evaluate a network at very many sizes, where a hundred formulas are calculated sooner than compared.
Knows formulas, and nothing of what they count.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnnsum.analyses.sizes.envelope import common_of, without
from cnnsum.dims import UNKNOWN, Dim, Symbol, Unknown, prod


class Maxima:
    """What finds the largest of formulas, as `liveness.Largest`: it gives a symbol for it.

    of: the formulas, one of which is the largest, by the symbol.

    >>> maxima = Maxima()
    >>> H, N = Symbol("H").dim, Symbol("N").dim
    >>> most, _ = maxima([N * H, 7 * N, N * H // N])
    >>> str(most), [*maxima.of.values()]
    ('largest 0', [(H*N, 7*N, H)])
    """

    def __init__(self) -> None:
        self.of: dict[Symbol, tuple[Dim, ...]] = {}

    def __call__(self, dims: Sequence[Dim]) -> tuple[Dim, int | None]:
        """A formula for the largest of bytes, which are never negative; which it is is not known."""
        if any(isinstance(dim, Unknown) for dim in dims):
            return UNKNOWN, None
        common = common_of(dims)
        # No name in a file has a space.
        symbol = Symbol(f"largest {len(self.of)}", minimum=0)
        self.of[symbol] = tuple(dict.fromkeys([without(dim, common) for dim in dims]))
        return symbol.dim * prod(one.dim // one.multiple_of for one in common), None
