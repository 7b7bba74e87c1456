"""What variants of a model cost, and what fits into a limit: plain records for `fit` and for sweeps.

Knows no format and no screen. Costs are numbers, None where they are not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cnnsum.dims import Dim

#: What a variant costs, by name, in the order of `Cost`.
MEASURES = ("params", "macs", "flops", "weights", "peak", "inference", "training")


class Costs(NamedTuple):
    """What a model costs. weights, peak, inference and training are bytes; inference is weights and peak together."""

    params: Any
    macs: Any
    flops: Any
    weights: Any
    peak: Any
    inference: Any
    training: Any


class Outcome(NamedTuple):
    """What became of a variant: its costs, or why there are none.

    status: "legal", "illegal" (a layer does not accept the sizes) or "error" (the model is wrong).
    why: the layer and what it needs, or the first error with its code.
    """

    status: str
    costs: Costs | None
    why: str = ""


class Limit(NamedTuple):
    """What is limited: the option's name, the measure it is on (one of MEASURES), and the most that it may be."""

    name: str
    measure: str
    most: int


class Fit(NamedTuple):
    """The answer.

    names: what is varied together. value: the largest value; None where nothing is within the limits, or `unlimited`.
    costs: at that value. next: the next larger value, with what became of it. binding: the limits that it breaks; of
    no value within the limits, those that the least value breaks.
    unlimited: whether no limit has any effect. below: a smaller value that is not within the limits, though `value` is.
    method: "formula", or "inference" where values were tried. proved: whether no larger value is within the limits, for
    sure. tried: values that were inferred. formulas: of the limited measures, by option, where there are any.
    step: between values. file: the file's value. whole: whether the var has a whole number in the file, and nobody said
    that decimals are none of its values.
    """

    names: tuple[str, ...]
    value: Any
    costs: Costs | None
    next: Any
    next_outcome: Outcome | None
    binding: tuple[Limit, ...]
    unlimited: bool
    below: Any
    method: str
    proved: bool
    tried: int
    formulas: Mapping[str, Dim]
    step: Any
    file: Any
    whole: bool = False


class Variant(NamedTuple):
    """One variant of a sweep: the values of its names, and what became of it."""

    values: tuple[Any, ...]
    outcome: Outcome
