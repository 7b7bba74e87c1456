"""The lines above a network: its totals, and the sizes that its inputs may have."""

from __future__ import annotations

from cnnsum.analyses.counting import cost_of
from cnnsum.analyses.params import Params
from cnnsum.answers.sizes.ask import sizes
from cnnsum.diagnostics import UnusableError
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.render import units
from cnnsum.server.analysis import Analysis
from cnnsum.typed import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cnnsum.model import Model

Lens = Literal["totals", "sizes"]


def lenses(analysis: Analysis) -> list[Lens]:
    """The lines that a text has; what they say is worked out when they are shown."""
    return ["totals", "sizes"] if analysis.model is not None else []


def said(analysis: Analysis, lens: Lens) -> str:
    """What a line says."""
    model = analysis.model
    if model is None:
        return "not known: the text cannot be read"
    if model.wrong:
        return "not known: there are errors" if lens == "totals" else "sizes are not known: there are errors"
    return _totals(model) if lens == "totals" else _sizes(model)


def _totals(model: Model) -> str:
    params = Params(model.inference.calls, trainable=model.graph.trainable).total.parameters
    macs = cost_of(model.inference.calls).macs
    return f"{units.exact(params)} params \N{MIDDLE DOT} {_count(macs)} MACs per sample"


def _count(number: Dim) -> str:
    if number is UNKNOWN:
        return "?"
    return units.count(number) if isinstance(number, int) else str(number)


def _sizes(model: Model) -> str:
    try:
        answer = sizes(model)
    except UnusableError as error:
        return error.diagnostics[0].message
    conditions = dict.fromkeys(axis.record.condition for axis in answer.axes if axis.record.condition)
    if not answer.axes:
        return "no size is open"
    what = " and ".join(conditions) or "any size"
    return f"accepts {what}" + (" at least" if answer.blind else "")
