"""The answer of `cnnsum fit`, as plain records. Knows no format and no screen."""

from __future__ import annotations

from collections.abc import Mapping

from cnnsum.answers.variants.costs import Costs, Outcome
from cnnsum.dims import Dim
from cnnsum.typed import NamedTuple


class Limit(NamedTuple):
    """What is limited: the option's name, the measure it is on (one of MEASURES), and the most that it may be."""

    name: str
    measure: str
    most: int


class Fit(NamedTuple):
    """The answer.

    model: its name. limits: all that were given. optimizer: its title. names: what is varied together. value: the
    largest value; None where nothing is within the limits, or `unlimited`. costs: at that value. next: the next larger
    value, with what became of it. binding: the limits that it breaks; of no value within the limits, those that the
    least value breaks. unlimited: whether no limit has any effect. below: a smaller value that is not within the
    limits, though `value` is. method: "formula", or "inference" where values were tried. proved: whether no larger
    value is within the limits, for sure. tried: values that were inferred. formulas: of the limited measures, by
    option, where there are any. looked_up_to: the last value that was looked at, where no limit is reached up to it,
    one may be beyond, and nobody asked to end there; `value` is None then. step: between values. file: the file's
    value. whole: whether only whole numbers were looked at, as the var has one in the file, none is within the limits,
    and decimals are accepted, too. recorded: what an exported program records of what is varied; PyTorch refuses other
    values, which were left out.
    """

    model: str
    limits: tuple[Limit, ...]
    optimizer: str
    names: tuple[str, ...]
    value: float | None
    costs: Costs | None
    next: float | None
    next_outcome: Outcome | None
    binding: tuple[Limit, ...]
    unlimited: bool
    below: float | None
    method: str
    proved: bool
    tried: int
    formulas: Mapping[str, Dim]
    step: float
    file: object
    whole: bool = False
    looked_up_to: float | None = None
    recorded: str | None = None


class Best(NamedTuple):
    """The best of several names varied at once.

    model: its name. optimizer: its title. axes: names that are varied together, each with each. maximized: the measure,
    or the names, of which the most is wanted. values: of all names, None where nothing is within the limits; costs: of
    that variant. variants: how many were looked at, of which so many are accepted, and so many of these within the
    limits. least: of each limited measure the least that any variant has. recorded: as of `Fit`.
    """

    model: str
    optimizer: str
    axes: tuple[tuple[str, ...], ...]
    maximized: tuple[str, ...]
    values: tuple[object, ...] | None
    costs: Costs | None
    limits: tuple[Limit, ...]
    variants: int
    accepted: int
    within: int
    least: tuple[int | None, ...]
    recorded: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in the order of `values`."""
        return tuple([name for axis in self.axes for name in axis])
