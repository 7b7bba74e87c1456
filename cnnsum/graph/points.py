"""Sizes at which two formulas are tried: those of them that the network accepts.

A claim of a file ("this axis is `H`, too") need not be provable to be true, as it is meant for the sizes that the
network runs at alone. It is false where it is at one of these.
"""

from __future__ import annotations

from cnnsum.dims import Dim, equal, substitute, symbols_of
from cnnsum.graph.infer import Inference
from cnnsum.layers.requiring import holds

#: Sizes that most conditions hold at: multiples of all that strides and windows are made of, and some between these.
_SIZES = (5040, 5041, 5042, 5047)


class Points:
    """The points of one network. They are made when they are first asked for."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._accepted: list[dict[str, int]] | None = None

    def agree(self, left: Dim, right: Dim) -> bool:
        """Whether two sizes are one at every point that the network accepts; true where it accepts none of them."""
        if left == right or equal(left, right):
            return True
        if self._accepted is None:
            self._accepted = self._points()
        return all(substitute(left, point) == substitute(right, point) for point in self._accepted)

    def _points(self) -> list[dict[str, int]]:
        """Sizes for all symbols, the same for all and others for each, at which every condition holds."""
        needs = [one.need for one in self._inference.needs]
        dims = [dim for number in self._inference.inputs for dim in self._inference.values[number].shape or ()]
        names = sorted({symbol.name for dim in dims for symbol in symbols_of(dim)})
        found = []
        for size in _SIZES:
            for step in (0, 5040):
                point = {name: size + step * at for at, name in enumerate(names)}
                if all(holds(need, point) for need in needs):
                    found.append(point)
        return found
