"""The boxes that a file itself gives: layers in blocks, in modules and in nested models, and what flows between them.

Knows rows and what they read; not which boxes are too many, nor how they are drawn. Nothing here recurses: a file may
nest a thousand deep.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cnnsum.answers.picture.records import Kind
from cnnsum.answers.summary.records import InputRecord, LayerMemory, Params, Read, Report, Row, TensorRecord
from cnnsum.typed import NamedTuple


class Knot:
    """A box in the making. row: of a layer or a nested model its own, of any other group None.

    path: what comes before the names of its boxes. boxes: those in a group; None for a layer.
    """

    __slots__ = ("around", "boxes", "folded", "id", "kind", "layers", "level", "name", "path", "row", "title", "wanted")

    def __init__(
        self, name: str, title: str, kind: Kind, around: Knot | None, row: Row | None = None, wanted: str | None = None
    ) -> None:
        self.name = name
        self.title = title
        self.kind = kind
        self.around = around
        self.row = row
        self.wanted = name if wanted is None else wanted
        self.id = self.wanted
        self.boxes: list[Knot] | None = None
        self.layers = 1
        self.level = 0
        self.folded = False


class Flow(NamedTuple):
    """A tensor on its way from layer to layer."""

    source: Knot
    target: Knot
    tensor: TensorRecord | None


class Tree(NamedTuple):
    """All boxes within a nameless one, and what flows; left_out: tensors from what is nowhere listed."""

    root: Knot
    flows: list[Flow]
    left_out: int


class _Model:
    """A model, and where its layers are in the picture; `row` and `outer` of a nested one are its own in its model."""

    __slots__ = ("box", "inputs", "layers", "models", "outer", "outputs", "prefix", "row", "rows")

    def __init__(
        self,
        box: Knot,
        rows: Sequence[Row],
        inputs: Sequence[str],
        outputs: Sequence[Read],
        prefix: str,
        outer: _Model | None = None,
        row: Row | None = None,
    ) -> None:
        self.box = box
        self.rows = [*_operations(rows)]
        self.inputs = {name: number for number, name in enumerate(inputs)}
        self.outputs = outputs
        self.prefix = prefix
        self.outer = outer
        self.row = row
        self.layers: dict[str, Knot] = {}
        self.models: dict[str, _Model] = {}


def tree(report: Report) -> Tree:
    """The boxes of a report, as its file has them."""
    root = Knot("", "", "model", None)
    root.boxes = []
    rows = [*_unlisted_inputs(report), *report.rows]
    whole = _Model(root, rows, [one.name for one in report.inputs], (), "")
    models = [whole]
    for model in models:  # which grows
        _place(model, models)
    flows: list[Flow] = []
    seen: set[tuple[str | int, ...]] = set()
    left_out = 0
    for model in models:
        for row in model.rows:
            target = model.layers.get(row.name)
            if target is None:
                continue
            if row.name in model.inputs and model.outer is not None:
                found, missing = _given(model, row.name)
            else:
                found, missing = _sources([(model, read) for read in _reads(model, row)])
            left_out += missing
            for source, read in found:
                key = (id(source), id(target), read.output, id(read.tensor))
                if key not in seen:
                    seen.add(key)
                    flows.append(Flow(source, target, read.tensor))
    _dissolve(models, flows)
    _unwrap(root)
    return Tree(root, flows, left_out)


def _unlisted_inputs(report: Report) -> list[Row]:
    """Rows of the inputs that a summary does not list, as of a Sequential model."""
    listed = {row.name for row in report.rows}
    return [_input(record) for record in report.inputs if record.name not in listed]


def _input(record: InputRecord) -> Row:
    tensor = TensorRecord(record.shape, record.dtype)
    none = LayerMemory(0, 0, 0)
    params = Params(0, 0, 0)
    return Row(record.name, "InputLayer", outputs=(tensor,), params=params, macs=0, flops=0, memory=none)


def _operations(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows, those of a module's operations in place of that of the module."""
    for row in rows:
        if row.inside is None and row.rows and row.rows[0].module is not None:
            yield from row.rows
        else:
            yield row


def _reads(model: _Model, row: Row) -> Sequence[Read]:
    """What a row reads; of a report without details what it prints of that."""
    if row.reads or not row.connections:
        return row.reads
    found = []
    for one in row.connections:
        layer = model.layers.get(one.layer)
        outputs = () if layer is None or layer.row is None else layer.row.outputs
        tensor = outputs[one.tensor_index] if one.tensor_index < len(outputs) else None
        found.append(Read(one.layer, one.tensor_index, None if tensor is None or tensor.shape is None else tensor))
    return found


def _place(model: _Model, models: list[_Model]) -> None:
    """Make the boxes of a model's rows and of the groups that they stand in; nested models come behind."""
    groups: dict[tuple[str, ...], Knot] = {(): model.box}
    titles = {row.module[0]: row.module[1] for row in model.rows if row.module is not None}
    for row in model.rows:
        path = row.block if row.module is None else row.module[0]
        around = groups.get(path)
        if around is None:
            around = _group(path, groups, titles, model.prefix)
        start = f"{'.'.join(path)}."
        name = row.name[len(start) :] if path and row.name.startswith(start) else row.name
        inside = row.inside
        if inside is None or not inside.rows:
            kind: Kind = "input" if row.name in model.inputs and not row.connections else "layer"
            knot = Knot(name, row.type, kind, around, row, model.prefix + row.name)
            model.layers[row.name] = knot
        else:
            knot = Knot(name, row.type, "model", around, row, model.prefix + row.name)
            knot.boxes = []
            inner = _Model(knot, *inside, f"{model.prefix}{row.name}/", model, row)
            model.models[row.name] = inner
            models.append(inner)
        assert around.boxes is not None
        around.boxes.append(knot)


def _group(
    path: tuple[str, ...], groups: dict[tuple[str, ...], Knot], titles: dict[tuple[str, ...], str], prefix: str
) -> Knot:
    """The box of a path of blocks, and those around it where they are not there yet."""
    length = next(length for length in range(len(path) - 1, -1, -1) if path[:length] in groups)
    around = groups[path[:length]]
    for count in range(length + 1, len(path) + 1):
        own = path[:count]
        title = titles.get(own)
        knot = Knot(
            own[-1],
            "Block" if title is None else title,
            "block" if title is None else "module",
            around,
            None,
            prefix + ".".join(own),
        )
        knot.boxes = []
        assert around.boxes is not None
        around.boxes.append(knot)
        around = groups[own] = knot
    return around


def _given(model: _Model, name: str) -> tuple[list[tuple[Knot, Read]], int]:
    """What comes into an input of a nested model from outside, in all of its calls."""
    return _sources([*_outside(model, name)])


def _outside(model: _Model, name: str) -> Iterator[tuple[_Model, Read]]:
    assert model.outer is not None
    assert model.row is not None
    reads = _reads(model.outer, model.row)
    count = len(model.inputs)
    if len(reads) % count == 0:  # else it is called on what it does not take
        yield from ((model.outer, read) for read in reads[model.inputs[name] :: count])


def _sources(reads: list[tuple[_Model, Read]]) -> tuple[list[tuple[Knot, Read]], int]:
    """The layers that give the tensors, also out of nested models and through their inputs; and how many are missing.

    Each with what it is as it was read first: at an output of a nested model the sizes are those of the call.
    """
    found: list[tuple[Knot, Read]] = []
    missing = 0
    seen: set[tuple[int, str, int]] = set()
    waiting = [(model, read, read.tensor) for model, read in reversed(reads)]
    while waiting:
        model, read, tensor = waiting.pop()
        layer = model.layers.get(read.layer)
        if layer is not None:
            found.append((layer, Read(read.layer, read.output, tensor)))
            continue
        inner = model.models.get(read.layer)
        key = (id(model), read.layer, read.output)
        if inner is not None and read.output < len(inner.outputs) and key not in seen:
            seen.add(key)
            waiting.append((inner, inner.outputs[read.output], tensor))
        elif inner is None and model.outer is not None and read.layer in model.inputs and key not in seen:
            seen.add(key)
            waiting += [(outer, one, one.tensor) for outer, one in reversed([*_outside(model, read.layer)])]
        else:
            missing += key not in seen
    return found, missing


def _dissolve(models: Iterable[_Model], flows: Iterable[Flow]) -> None:
    """Put the operations of a module that is called at several places where they are: in one box they would be a knot
    in the graph.
    """
    modules = {
        id(knot.around): knot.around
        for model in models
        for knot in model.layers.values()
        if knot.around is not None and knot.around.kind == "module"
    }
    if not modules:
        return
    parts: dict[int, int] = {}
    for one in modules.values():
        parts[id(one)] = len(one.boxes or ())
    joined: dict[int, int] = {}

    def root(one: int) -> int:
        while joined.get(one, one) != one:
            joined[one] = joined.get(joined[one], joined[one])
            one = joined[one]
        return one

    for source, target, _ in flows:
        if source.around is target.around and id(source.around) in parts:
            first, second = root(id(source)), root(id(target))
            if first != second:
                joined[first] = second
                parts[id(source.around)] -= 1
    changed = {}
    for number, one in modules.items():
        if parts[number] > 1 and one.around is not None:
            for knot in one.boxes or ():
                knot.around = one.around
                knot.name = f"{one.name}.{knot.name}"
            changed[id(one.around)] = one.around
    for around in changed.values():
        around.boxes = [
            inner
            for knot in around.boxes or ()
            for inner in ((knot.boxes or ()) if parts.get(id(knot), 0) > 1 else (knot,))
        ]


def _unwrap(root: Knot) -> None:
    """Put what stands alone in a group in the place of the group, under both names: a box in a box says nothing."""
    waiting = [root]
    for knot in waiting:
        boxes = knot.boxes or []
        for at, inner in enumerate(boxes):
            found = inner
            while found.kind in ("block", "module") and found.boxes and len(found.boxes) == 1:
                (only,) = found.boxes
                only.name = f"{found.name}.{only.name}"
                only.around = knot
                boxes[at] = found = only
            if found.boxes:
                waiting.append(found)
