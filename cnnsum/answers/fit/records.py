"""The answer of `cnnsum fit`, as plain records. Knows no format and no screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cnnsum.answers.variants.costs import Costs, Outcome
from cnnsum.dims import Dim


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
    that it takes no decimals.
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


class Answer(NamedTuple):
    """What is printed: the name of the model, what was found within which limits, and the optimizer's title."""

    model: str
    fit: Fit
    limits: tuple[Limit, ...]
    optimizer: str
