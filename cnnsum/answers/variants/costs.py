"""What variants of a model cost: plain records for `fit` and for sweeps.

Knows no format and no screen. Costs are numbers, None where they are not known.
"""

from __future__ import annotations

from cnnsum.typed import Literal, NamedTuple

#: What a variant costs, by name, in the order of `Cost`.
MEASURES = ("params", "macs", "flops", "weights", "peak", "inference", "training")

#: What became of a variant, behind its costs.
BECAME = ("status", "why")


class Costs(NamedTuple):
    """What a model costs. weights, peak, inference and training are bytes; inference is weights and peak together."""

    params: int | None
    macs: int | None
    flops: int | None
    weights: int | None
    peak: int | None
    inference: int | None
    training: int | None


class Outcome(NamedTuple):
    """What became of a variant: its costs, or why there are none.

    status: "legal", "illegal" (a layer does not accept the sizes) or "error" (the model is wrong).
    why: the layer and what it needs, or the first error with its code.
    """

    status: Literal["legal", "illegal", "error"]
    costs: Costs | None
    why: str = ""


class Variant(NamedTuple):
    """One variant of a sweep: the values of its names, and what became of it."""

    values: tuple[object, ...]
    outcome: Outcome
