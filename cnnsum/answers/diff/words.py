"""What is said of the differences between two models, in every format that people read.

Sees the plain records and nothing else; knows no format.
"""

from __future__ import annotations

from cnnsum.answers.diff.ask import Change, Delta, Diff, Fitting, WeightNote, alike
from cnnsum.answers.summary.measured import MEASURES, percent
from cnnsum.answers.summary.records import Shape
from cnnsum.counted import counted
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.render import units
from cnnsum.render.style import printable


def shape(shape: Shape | None) -> str:
    """A shape with its batch left out, which is the same in both models."""
    return "?" if shape is None else f"({', '.join(map(str, shape[1:]))})"


def whole(shape: Shape | None) -> str:
    """A shape with all of its axes."""
    return "?" if shape is None else f"({', '.join(map(str, shape))})"


def amount(measure: str, number: Dim) -> str:
    """A number of a measure, exactly."""
    return "not known" if number is UNKNOWN else MEASURES[measure].exact(number)


def change(delta: Delta) -> str:
    """How much more or less: "+1,000 (+2.5%)"."""
    if delta.old is UNKNOWN or delta.new is UNKNOWN:
        return "not known" if delta.old is delta.new else ""
    if delta.old == delta.new:
        return "same"
    difference = delta.new - delta.old
    if not isinstance(difference, int):
        return "" if difference is UNKNOWN else f"{difference}"
    sign = "+" if difference > 0 else "-"
    rate = percent(abs(difference), delta.old) if isinstance(delta.old, int) else ""
    if rate.startswith("<"):
        return f"{sign}{MEASURES[delta.measure].exact(abs(difference))} ({rate})"
    return f"{sign}{MEASURES[delta.measure].exact(abs(difference))}{f' ({sign}{rate})' if rate else ''}"


def parameters(number: Dim) -> str:
    """How many parameters there are."""
    if number == 0:
        return "no parameters"
    return "parameters not known" if number is UNKNOWN else f"{units.exact(number)} parameters"


def details(change: Change) -> list[str]:
    """What is different about a layer, a part each."""
    found = [f"{field} {old} -> {new}" for field, old, new in change.fields]
    if not alike(*change.output):
        found.append(f"output {shape(change.output[0])} -> {shape(change.output[1])}")
    if not alike(*change.params):
        found.append(f"parameters {units.exact(change.params[0])} -> {units.exact(change.params[1])}")
    if not found:
        found.append(f"MACs {units.exact(change.macs[0])} -> {units.exact(change.macs[1])}")
    return found


def layer_counts(found: Diff) -> str:
    """How many layers are added, removed, and so on."""
    counts = [
        (len(found.added), "added"),
        (len(found.removed), "removed"),
        (len(found.changed), "changed"),
        (len(found.affected), "with other shapes or numbers because of that"),
        (len(found.renamed), "renamed"),
    ]
    said = [f"{count:,} {what}" for count, what in counts if count]
    return ", ".join([*said, f"{found.same:,} as before"])


def titles(found: Diff) -> tuple[str, str]:
    """What the two models are called: by their names, or by their files where those are the same."""
    old, new = map(printable, found.names)
    if old != new:
        return old, new
    old, new = map(printable, found.paths)
    return (old, new) if old != new else ("old", "new")


#: What a checkpoint of the old model is called, by its format.
_CHECKPOINTS = {
    "keras": "a .weights.h5 of the old one (by the order of each class)",
    "h5": "a legacy .h5 of the old one (by the order of layers)",
    "h5-by-name": "a legacy .h5 of the old one (by name)",
}


def weights_said(found: Diff) -> list[str]:
    """What a checkpoint of the old model is for the new one."""
    fitting = found.weights
    unknown = len(fitting.unknown)
    layers = f"{unknown:,} layer{'s' * (unknown != 1)}"
    not_known = [f"nothing is known of the weights of {layers} of the new model"] if unknown else []
    if not fitting.total:
        return not_known or ["the new model has no weights"]
    rate = ""
    if isinstance(fitting.fit_params, int) and isinstance(fitting.total_params, int):
        known = "the parameters that are known" if unknown else "its parameters"
        rate = f", {percent(fitting.fit_params, fitting.total_params)} of {known}"
    fit = "all" if fitting.fit == fitting.total else f"{fitting.fit:,} of {fitting.total:,}"
    if unknown:
        # All that is known is not all.
        fit = f"{fitting.fit:,} of {fitting.total:,} known"
    if not fitting.fit:
        fit, rate = "none of the", ""
    said = [f"{fit} weights of the new model are loaded from {_CHECKPOINTS[fitting.format]}{rate}"]
    if fitting.refused:
        said.append(f"Keras refuses it: {fitting.refused}")
    parts = (
        (fitting.reshaped, "in it with another shape"),
        (fitting.skipped, "left out with a layer whose other weights do not fit"),
        (fitting.missing, "not in it"),
        (fitting.left_over, "in it, and no longer needed"),
    )
    said += [f"{counted(len(notes), 'is', 'are')} {what}" for notes, what in parts if notes]
    if fitting.renamed:
        said.append(f"those of {counted(len(fitting.renamed), 'layer')} would fit under the old name")
    return said + not_known


def unfit(fitting: Fitting) -> tuple[WeightNote, ...]:
    """The weights of the new model that are not loaded."""
    return (*fitting.reshaped, *fitting.skipped, *fitting.missing)


def size_rows(found: Diff) -> list[tuple[str, str, bool]]:
    """Each symbol, what it must fulfil, and whether that is as before."""
    rows = []
    for one in found.sizes:
        if one.old == one.new:
            rows.append((one.symbol, f"{one.new}, as before", True))
        else:
            missing = ["no such size" if known else "not known" for known in one.known]
            rows.append((one.symbol, f"{one.old or missing[0]} -> {one.new or missing[1]}", False))
    return rows


def notes(found: Diff) -> str:
    """What memory is estimated for."""
    old, new = map(units.exact, found.batches)
    batch = f"a batch of {new}" if old == new else f"batches of {old} and {new}"
    return f"Memory for {batch}; training with {found.optimizer}; MACs and FLOPs per sample."
