"""Another tool's number beside cnnsum's, as plain records: `reconcile` makes them from an inference.

Knows how rows are named and how differences are summed up; what a tool counts is in
`cnnsum.analyses.conventions.tools`.
"""

from __future__ import annotations

from cnnsum.analyses.conventions.tools import CONVENTIONS, Convention, Difference, count
from cnnsum.analyses.counting import Counter
from cnnsum.diagnostics import AskedError, Diagnostic, did_you_mean
from cnnsum.dims import UNKNOWN, Dim, Expr
from cnnsum.typed import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnnsum.model import Model


class ConventionRow(NamedTuple):
    """One layer, all its calls together: cnnsum's MACs, the tool's number, and what makes them differ.

    name: with the names of the nested models that it stands in, outermost first: `encoder/dense`.
    """

    name: str
    type: str
    ours: Dim
    theirs: Dim
    differences: tuple[Difference, ...]


class Reason(NamedTuple):
    """Why the tool counts otherwise: by how much in all, and by how much for each of the layers."""

    reason: str
    amount: Dim
    rows: tuple[tuple[str, Dim], ...]


class ConventionReport(NamedTuple):
    """A tool's number for a model, reconciled with cnnsum's: `ours` and the amounts of `reasons` add up to `theirs`.

    Where a number is not known, neither is the sum; `known` is then the sum of the tool's numbers for the layers whose
    number is known. name: of the convention. tool: with the version whose rule this is. unit: what its number is
    called. says: what it prints itself, where that differs. notes: what else is to be known of such networks.
    """

    model: str
    name: str
    tool: str
    unit: str
    ours: Dim
    theirs: Dim
    known: Dim
    rows: tuple[ConventionRow, ...]
    reasons: tuple[Reason, ...]
    says: str
    notes: tuple[str, ...]


def _convention_of(name: str) -> Convention:
    """The convention of that name; raises AskedError where there is none."""
    found = CONVENTIONS.get(name.lower())
    if found is None:
        help = f"choose from {', '.join(CONVENTIONS)}"
        near = did_you_mean(name, CONVENTIONS)
        raise AskedError(
            "convention",
            Diagnostic("SPC059", f"unknown convention `{name}`", help=help if near is None else f"{near} Or {help}"),
        )
    return found


def reconcile(model: Model, convention: str, *, batch: Dim | None = None) -> ConventionReport:
    """The number that another tool gives for a model (fvcore, torchinfo, thop, ptflops, keras-flops, torch), and why.

    batch: that of a report of the model, on which the work per sample depends in a few networks; by default that of
    `summarize`.

    Raises AskedError for an unknown convention. Of a model with errors, and of one that never met an input, the
    sums are not known: what its parts add up to is not what it will be.
    """
    graph, inference = model.graph, model.inference
    chosen = _convention_of(convention)
    counts, notes = count(inference, chosen)
    rows: dict[str, ConventionRow] = {}
    samples = batch if isinstance(batch, Expr) else model.samples(batch if isinstance(batch, int) else None)
    fill = Counter(graph.batch, samples).fill
    for call, *numbers, reasons_of_call in counts:
        ours, theirs = map(fill, numbers)
        differences = tuple([one._replace(amount=fill(one.amount)) for one in reasons_of_call])
        key = "/".join([layer.name for layer in (*call.path, call.layer)])
        row = rows.get(key)
        if row is None:
            rows[key] = ConventionRow(key, call.layer.type_name, ours, theirs, differences)
        else:
            rows[key] = ConventionRow(
                key, row.type, row.ours + ours, row.theirs + theirs, _merged((*row.differences, *differences))
            )
    by_reason: dict[str, list[tuple[str, Dim]]] = {}
    total_ours: Dim = 0
    total_theirs: Dim = 0
    known: Dim = 0
    for row in rows.values():
        total_ours = total_ours + row.ours
        total_theirs = total_theirs + row.theirs
        if row.theirs is not UNKNOWN:
            known = known + row.theirs
        for reason, amount in row.differences:
            by_reason.setdefault(reason, []).append((row.name, amount))
    reasons = []
    for reason, of_rows in by_reason.items():
        total: Dim = 0
        for _, amount in of_rows:
            total = total + amount
        if total is UNKNOWN or total != 0:
            reasons.append(Reason(reason, total, tuple(of_rows)))
    if model.wrong or not inference.inputs:
        total_ours = total_theirs = UNKNOWN
    return ConventionReport(
        graph.name,
        chosen.name,
        chosen.tool,
        chosen.unit,
        total_ours,
        total_theirs,
        known,
        tuple(rows.values()),
        tuple(reasons),
        chosen.says,
        notes,
    )


def _merged(differences: tuple[Difference, ...]) -> tuple[Difference, ...]:
    """The differences of several calls, those of one reason added up."""
    sums: dict[str, Dim] = {}
    for reason, amount in differences:
        sums[reason] = sums.get(reason, 0) + amount
    return tuple([Difference(*found) for found in sums.items()])
