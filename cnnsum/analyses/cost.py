"""Work: multiply-accumulates and elementwise operations per sample; a layer called twice works twice."""

from __future__ import annotations

from cnnsum.dims import Dim
from cnnsum.graph.infer import Call
from cnnsum.typed import NamedTuple


class Cost(NamedTuple):
    """Per sample. FLOPs are twice the MACs plus the elementwise operations."""

    macs: Dim
    ops: Dim

    @property
    def flops(self) -> Dim:
        """Floating-point operations."""
        return 2 * self.macs + self.ops


def cost_of(calls: list[Call]) -> Cost:
    """The work of some calls together."""
    if len(calls) == 1:
        facts = calls[0].facts
        return Cost(facts.macs, facts.ops)
    macs: Dim = 0
    ops: Dim = 0
    for call in calls:
        macs = macs + call.facts.macs
        ops = ops + call.facts.ops
    return Cost(macs, ops)
