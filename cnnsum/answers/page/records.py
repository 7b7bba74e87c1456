"""What a page holds, as plain values: a report whose sizes are open, the picture, and what else is shown.

Knows no format: how it is written down is `data`'s, how it is shown the front end's.
"""

from __future__ import annotations

from collections.abc import Mapping

from cnnsum.typed import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnnsum.analyses.memory.liveness import Story
    from cnnsum.answers.explain.explaining import Explained
    from cnnsum.answers.picture.records import Picture
    from cnnsum.answers.summary.records import Report, TrainingMemory
    from cnnsum.diagnostics import Diagnostic


#: The numbers from a first to a last one (None: without end) that have one of some remainders, by a divisor.
Stretch = tuple[int, int | None, int, tuple[int, ...]]


class Field(NamedTuple):
    """A size that can be chosen on the page: the batch, or a symbol of an input.

    name: its label. symbol: its name in formulas. value: what it is at first. minimum, multiple_of: what is declared of
    it. what: where it stands. condition: what the network accepts, in the spec language; "" where that is everything.
    given: whether the file or the caller says the value; it is an example where neither does. legal: the sizes that all
    conditions on this size alone accept; None where that is everything, or too much to be written down.
    """

    name: str
    symbol: str
    value: int
    minimum: int
    multiple_of: int
    what: str
    condition: str
    given: bool
    legal: tuple[Stretch, ...] | None = None


class Changes(NamedTuple):
    """What is different between two models, on the page of both: `report` and `picture` are then of the two together.

    names: of the two. totals: of each measure its title, the old and the new number, and the change, as texts. notes:
    what these are for. layers, sizes, weights: what is said of each. marks: "added", "removed", "changed", "affected"
    or "renamed", by the id of a layer. details: what is different about a layer, by its id.
    """

    names: tuple[str, str]
    totals: tuple[tuple[str, str, str, str], ...]
    notes: str
    layers: str
    sizes: tuple[str, ...]
    weights: tuple[str, ...]
    marks: Mapping[str, str]
    details: Mapping[str, tuple[str, ...]]


class Page(NamedTuple):
    """A model as its page has it.

    report: its numbers are formulas over the symbols of `fields`. explained: every layer's arithmetic. story: the
    lifetimes that the peak follows from; None where that is not known. findings: what `check` says. source: the
    text of the file; None where it is not text that one reads. notes: what is to be said of the page itself.
    changes: against another model, where the page is of both. lines: of a picture for which columns were chosen,
    what each box says, by its id: first its name, or "" where that is not to be said. batches: whether shapes in a
    picture have their batch. training: the memory of training at the first values of the fields, where the report does
    not tell it there.
    """

    report: Report
    picture: Picture
    fields: tuple[Field, ...] = ()
    explained: tuple[Explained, ...] = ()
    story: Story | None = None
    findings: tuple[Diagnostic, ...] = ()
    source: str | None = None
    notes: tuple[str, ...] = ()
    changes: Changes | None = None
    lines: Mapping[str, tuple[str, ...]] | None = None
    batches: bool = False
    training: TrainingMemory | None = None
