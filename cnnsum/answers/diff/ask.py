"""What is different between two models, as plain records: layers, numbers, legal sizes, and the weights that still fit.

Takes graphs and their reports; knows no format and no screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cnnsum.analyses.sizes.conditions import Sizes
from cnnsum.answers.diff.matching import Item, items, matched, meant
from cnnsum.answers.diff.weights import load, weights_of
from cnnsum.answers.summary.measured import measured
from cnnsum.answers.summary.records import Connection, Report, Shape
from cnnsum.diagnostics import UnusableError
from cnnsum.dims import UNKNOWN, Dim, prod
from cnnsum.graph.model import Graph, Policy
from cnnsum.layers.inner import Inner
from cnnsum.typed import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnnsum.model import Model


class Side(NamedTuple):
    """One of the two models. sizes: what it accepts once its sizes are set free; None where that is not known."""

    graph: Graph
    report: Report
    sizes: Sizes | None


class Delta(NamedTuple):
    """A measure of both models; UNKNOWN where it is not known."""

    measure: str
    old: Dim
    new: Dim


class LayerNote(NamedTuple):
    """A layer that one of the models has: its name, type, parameters and output shape."""

    name: str
    type: str
    params: Dim
    output: Shape | None


class Change(NamedTuple):
    """A layer that both models have, and what is different.

    name, new_name: in the two models. fields: the field, its old and its new value, as texts; also `type`, `dtype`,
    `trainable` and `from`, its inputs. output, params, macs: old and new. Where `fields` is empty, the layer itself is
    as it was and other layers have changed what it is given.
    """

    name: str
    new_name: str
    type: str
    fields: tuple[tuple[str, str, str], ...]
    output: tuple[Shape | None, Shape | None]
    params: tuple[Dim, Dim]
    macs: tuple[Dim, Dim]


class WeightNote(NamedTuple):
    """A weight by the name of its layer and its own, and its shape in either model; None where that has none."""

    layer: str
    weight: str
    old: Shape | None
    new: Shape | None


class Fitting(NamedTuple):
    """What Keras loads of a checkpoint of the old model into the new one, weight by weight, by layer and weight.

    format: of the checkpoint, one of `given.CHECKPOINTS`. fit: how many weights are loaded; fit_params: their elements;
    total, total_params: of the new model. reshaped: in whose place the checkpoint has another shape. skipped: of the
    right shape, and not loaded, since the number of weights of their layer or a weight before them is another. missing:
    that have no place in the checkpoint. left_over: that stand in no place of the new model.
    renamed: pairs of layers that are the same but for the name, and whose weights have the same shapes, where a format
    goes by names. unknown: layers of the new model of whose weights nothing is known; they are in none of the numbers.
    refused: why Keras loads nothing at all, where it does not.
    """

    format: str
    fit: int
    fit_params: Dim
    total: int
    total_params: Dim
    reshaped: tuple[WeightNote, ...]
    skipped: tuple[WeightNote, ...]
    missing: tuple[WeightNote, ...]
    left_over: tuple[WeightNote, ...]
    renamed: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]
    refused: str = ""


class SizeDelta(NamedTuple):
    """The condition on one axis of an input in both models; None where that has no such axis, or it is not known.

    known: whether what the two models accept is known at all.
    """

    symbol: str
    old: str | None
    new: str | None
    known: tuple[bool, bool]


class Diff(NamedTuple):
    """Two models: the names, layers that were added, removed and changed, and so on.

    renamed: layers that are the same but for the name. affected: layers that are as they were, but whose shapes or
    numbers are not. same: how many layers are as they were, whatever their name. reports: of both, for
    pictures.
    """

    names: tuple[str, str]
    paths: tuple[str, str]
    layers: tuple[int, int]
    batches: tuple[Dim, Dim]
    optimizer: str
    totals: tuple[Delta, ...]
    added: tuple[LayerNote, ...]
    removed: tuple[LayerNote, ...]
    changed: tuple[Change, ...]
    affected: tuple[Change, ...]
    renamed: tuple[tuple[str, str], ...]
    same: int
    sizes: tuple[SizeDelta, ...]
    weights: Fitting
    reports: tuple[Report, Report]

    def _repr_html_(self) -> str:
        """The text, as a notebook shows it."""
        from cnnsum.answers import as_text
        from cnnsum.render.notebook import framed

        return framed(as_text("diff", self, 100))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is different but, maybe, the models' names."""
        layers = self.added or self.removed or self.changed or self.affected or self.renamed
        return (
            not layers
            and all(alike(one.old, one.new) for one in self.totals)
            and all(one.old == one.new for one in self.sizes)
        )


def alike(old: object, new: object) -> bool:
    """Whether two numbers or shapes are the same, or nothing is known of either; UNKNOWN itself equals nothing."""
    return old is new or old == new


def diff(
    old: Model, new: Model, *, batch: int | None = None, optimizer: str = "adam", weights_format: str = "keras"
) -> Diff:
    """What is different between two models: layers, numbers, legal sizes, and the weights that still fit.

    batch, optimizer: those that memory is compared for. weights_format: of checkpoints: "keras", "h5" or "h5-by-name".

    Raises UnusableError for an unknown optimizer, or a batch that one of the models contradicts.
    """
    return compared(_side(old, batch, optimizer), _side(new, batch, optimizer), weights_format)


def _side(model: Model, batch: int | None, optimizer: str) -> Side:
    from cnnsum.answers.summary.ask import summarize

    report = summarize(model, batch=batch, optimizer=optimizer, details=False)
    if model.wrong_at_all:
        return Side(model.graph, report, None)
    try:
        freed = model.again(model.how.freeing("spatial", "declared"))
    except UnusableError:
        return Side(model.graph, report, None)
    return Side(model.graph, report, None if freed.wrong else freed.sizes)


def compared(old: Side, new: Side, weights_format: str = "keras") -> Diff:
    """What is different between two models. weights_format: of checkpoints, one of `given.CHECKPOINTS`."""
    before, after = [*items(old.graph, old.report.rows)], [*items(new.graph, new.report.rows)]
    pairs = matched(before, after)
    names = {one.name: other.name for one, other in pairs}
    kept = set(names.values())
    sources = _input_names(old.graph, new.graph) | names | _nested_names(old.graph, names)
    news = frozenset(sources.values())
    found = [change for one, other in pairs if (change := _change(one, other, sources, news)) is not None]
    reports = old.report, new.report
    return Diff(
        names=(old.report.name, new.report.name),
        paths=(old.report.source.path, new.report.source.path),
        layers=(len(before), len(after)),
        batches=(old.report.batch, new.report.batch),
        optimizer=new.report.totals.optimizer,
        totals=tuple(_deltas(*[measured(report.totals) for report in reports])),
        added=tuple([_note(one) for one in after if one.name not in kept]),
        removed=tuple([_note(one) for one in before if one.name not in names]),
        changed=tuple([change for change in found if change.fields]),
        affected=tuple([change for change in found if not change.fields]),
        renamed=tuple([pair for pair in names.items() if pair[0] != pair[1]]),
        same=len(pairs) - len(found),
        sizes=tuple(_sizes(old.sizes, new.sizes)),
        weights=_fitting(
            old, new, weights_format, tuple([item.name for item in after if item.row.params.total is UNKNOWN]), pairs
        ),
        reports=reports,
    )


def _input_names(old: Graph, new: Graph) -> dict[str, str]:
    """Names of inputs, which have no item where they are not layers of the file: by name, the others in their order."""
    before, after = ([node.layer.name for node in graph.inputs] for graph in (old, new))
    alone = [name for name in before if name not in after], [name for name in after if name not in before]
    others = zip(*alone, strict=True) if len(alone[0]) == len(alone[1]) else ()
    return {**{name: name for name in before if name in after}, **dict(others)}


def _nested_names(graph: Graph, names: Mapping[str, str]) -> dict[str, str]:
    """Names of nested models, which have no item of their own: each is called as its layers' new names begin."""
    found: dict[str, str] = {}
    for layer in graph.layers:
        if layer.graph is not None:
            inside = next((new for old, new in names.items() if old.startswith(f"{layer.name}/")), None)
            if inside is not None:
                found[layer.name] = inside.partition("/")[0]
    return found


def _deltas(old: Mapping[str, Dim], new: Mapping[str, Dim]) -> Iterable[Delta]:
    return [Delta(key, old[key], new[key]) for key in old]


def _note(item: Item) -> LayerNote:
    return LayerNote(item.name, item.layer.type_name, item.row.params.total, _output(item))


def _output(item: Item) -> Shape | None:
    return item.row.outputs[0].shape if item.row.outputs else None


# --- layers -----------------------------------------------------------------------------------------------------------


def _change(old: Item, new: Item, sources: Mapping[str, str], news: frozenset[str]) -> Change | None:
    fields = _fields(old, new, sources, news)
    output = _output(old), _output(new)
    params = old.row.params.total, new.row.params.total
    macs = old.row.macs, new.row.macs
    if not fields and all(alike(*pair) for pair in (output, params, macs)):
        return None
    return Change(old.name, new.name, new.layer.type_name, tuple(fields), output, params, macs)


def _fields(old: Item, new: Item, sources: Mapping[str, str], news: frozenset[str]) -> list[tuple[str, str, str]]:
    """What is declared differently: the type, its fields, how it is read."""
    a, b = old.layer, new.layer
    found = []
    if a.type_name != b.type_name:
        found.append(("type", a.type_name, b.type_name))
    if a.type_name == b.type_name or set(a.fields) == set(b.fields):
        for name in dict.fromkeys((*a.fields, *b.fields)):
            left, right = a.fields.get(name), b.fields.get(name)
            if shown(meant(a.type, name, left)) != shown(meant(b.type, name, right)):
                found.append((name, shown(left), shown(right)))
    if a.policy != b.policy:
        found.append(("dtype", _policy(a.policy), _policy(b.policy)))
    if a.trainable != b.trainable:
        found.append(("trainable", shown(a.trainable), shown(b.trainable)))
    if a.spec is not None and b.spec is not None and a.spec.dtype != b.spec.dtype:
        found.append(("dtype", a.spec.dtype, b.spec.dtype))
    inputs, present = [_source(one) for one in old.row.connections], [_source(one) for one in new.row.connections]
    before = [(sources.get(_prefix(old) + name), index) for name, index in inputs]
    after = [(_prefix(new) + name, index) for name, index in present]
    known = {name for name, _ in before}
    # Where a layer was put in or taken out before this one, that says it all.
    if before != after and None not in known and all(name in news for name, _ in after):
        found.append(("from", _listed(inputs), _listed(present)))
    return found


def _prefix(item: Item) -> str:
    """The names of the nested models that a layer is in."""
    return item.name[: -len(item.row.name)]


def _source(connection: Connection) -> tuple[str, int]:
    return connection.layer, connection.tensor_index


def _listed(inputs: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{name}:{index}" if index else name for name, index in inputs) or "nothing"


def _policy(policy: Policy) -> str:
    same = policy.compute == policy.variable
    return policy.compute if same else f"{policy.compute} with variables in {policy.variable}"


def shown(value: object) -> str:
    """A value of a field, as a spec has it.

    >>> shown(None), shown((3, 3)), shown(True), shown("relu")
    ('null', '[3, 3]', 'true', 'relu')
    """
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(shown, value))}]"
    if isinstance(value, Inner):
        return f"{value.type.key}({', '.join(f'{name}: {shown(one)}' for name, one in value.fields.items())})"
    return str(value)


# --- sizes ------------------------------------------------------------------------------------------------------------


def _sizes(old: Sizes | None, new: Sizes | None) -> list[SizeDelta]:
    before = {} if old is None else {axis.symbol.name: axis.condition for axis in old.axes}
    after = {} if new is None else {axis.symbol.name: axis.condition for axis in new.axes}
    known = old is not None, new is not None
    return [SizeDelta(name, before.get(name), after.get(name), known) for name in dict.fromkeys((*before, *after))]


# --- weights ----------------------------------------------------------------------------------------------------------


def _fitting(
    old: Side, new: Side, format: str, unknown: tuple[str, ...], pairs: Sequence[tuple[Item, Item]]
) -> Fitting:
    found = load((old.graph, old.report.rows), (new.graph, new.report.rows), format)
    before, after = (
        {
            held.key: held.shape
            for item in items(side.graph, side.report.rows)
            for held in weights_of(item.row, item.name[: -len(item.row.name)])
            if held.shape is not None
        }
        for side in (old, new)
    )
    fit = [shape for key, shape in after.items() if key in found.loaded]
    reshaped, skipped, missing = [], [], []
    for key, shape in after.items():
        there = found.places.get(key)
        if key in found.loaded or found.refused:
            continue
        if there is None or there.shape is None:
            missing.append(WeightNote(*key, None, shape))
        elif there.shape != shape:
            reshaped.append(WeightNote(*key, there.shape, shape))
        else:
            skipped.append(WeightNote(*key, there.shape, shape))
    used = {there.key for there in found.places.values() if there is not None}
    left_over = [WeightNote(*key, shape, None) for key, shape in before.items() if key not in used]
    return Fitting(
        format=format,
        fit=len(fit),
        fit_params=_elements(fit),
        total=len(after),
        total_params=_elements(after.values()),
        reshaped=tuple(reshaped),
        skipped=tuple(skipped),
        missing=tuple(missing),
        left_over=() if found.refused else tuple(left_over),
        renamed=tuple(
            [
                (one.name, other.name)
                for one, other in pairs
                if format == "h5-by-name"
                and one.name != other.name
                and one.row.weights
                and [weight.shape for weight in one.row.weights] == [weight.shape for weight in other.row.weights]
            ]
        ),
        unknown=unknown,
        refused=found.refused,
    )


def _elements(shapes: Iterable[Shape]) -> Dim:
    total: Dim = 0
    for shape in shapes:
        total = total + prod(shape)
    return total
