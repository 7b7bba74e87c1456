"""A layer made of others: what each of its parts weighs, costs and keeps, added up. Names no layer type."""

from __future__ import annotations

from cnnsum.dims import Dim
from cnnsum.layers.arithmetic.functions import function, work
from cnnsum.layers.facts import NOT_FOLLOWED, Facts, Kept, Reach, Shape, Status, Use, Weight, size


class Parts:
    """Parts in the order in which they run; the weights are in the order in which they are held.

    A part that has no name holds its weights as if they were the layer's own.
    """

    def __init__(self) -> None:
        self._weights: list[Weight] = []
        self._kept: list[Kept] = []
        self._scratch: list[Shape] = []
        self._macs: Dim = 0
        self._ops: Dim = 0
        self._status: Status = "exact"

    def add(self, name: str, facts: Facts, *inputs: Shape) -> Shape:
        """Run a part, and give its first output. inputs: those made inside the layer, which are kept if it needs them.

        An input that is not named here is one of the layer's own: the layer says itself that it is kept.
        """
        self._weights += [one._replace(name=f"{name}.{one.name}") if name else one for one in facts.weights]
        self._kept += [one._replace(name=f"{name}: {one.name}" if name else one.name) for one in facts.kept]
        if facts.keeps_input:
            use: Use = "weights" if facts.keeps_input == "weights" else ""
            self._kept += [Kept(f"input of {name}", x, use=use) for x in inputs]
        (out, *_) = facts.outputs
        assert out is not None
        if facts.keeps_output:
            self._kept.append(Kept(f"output of {name}", out))
        self._scratch += facts.scratch
        self._macs = self._macs + facts.macs
        self._ops = self._ops + facts.ops
        if facts.status != "exact":
            self._status = facts.status
        return out

    def drop(self, x: Shape, rate: float) -> Shape:
        """Dropout, which keeps its mask alone."""
        if rate > 0:
            self._kept.append(Kept("mask of dropout", x, "bool"))
        return x

    def activate(self, x: Shape, name: str) -> Shape:
        """An activation. What its gradient is made of is kept, be it the input or the output."""
        self._ops = self._ops + work(name, size(x))
        if keeps := function(name).keeps:
            self._kept.append(Kept(f"{keeps} of {name}", x))
        return x

    def sum(self, x: Shape) -> Shape:
        """The sum with another tensor of the same shape."""
        self._ops = self._ops + size(x)
        return x

    def keep(self, name: str, x: Shape, *, for_weights: bool = False) -> None:
        """Keep a tensor that is made between the parts."""
        self._kept.append(Kept(name, x, use="weights" if for_weights else ""))

    def facts(self, *outputs: Shape, keeps_input: bool = False, window: Reach = NOT_FOLLOWED) -> Facts:
        """All of it as one layer."""
        return Facts(
            *outputs,
            weights=tuple(self._weights),
            macs=self._macs,
            ops=self._ops,
            kept=tuple(self._kept),
            keeps_input=keeps_input,
            scratch=tuple(self._scratch),
            window=window,
            status=self._status,
        )
