"""Files whose rows are translated into a spec in PyTorch's words, which the reader of specs then reads.

Finds for each place in the spec the place in the file that it was made from, so that every finding stands where its
author wrote. Knows no format: a reader says what its rows are and what they become.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cache

from cnnsum.diagnostics import Diagnostic, Span
from cnnsum.graph.model import Graph, Place
from cnnsum.readers.how import How
from cnnsum.readers.native.faults import Findings, Path, Site
from cnnsum.readers.native.spec import Spec
from cnnsum.source import Document
from cnnsum.source import read as read_document
from cnnsum.typed import Any, NamedTuple


class Row(NamedTuple):
    """A row of a file, which is one layer of the spec, and where what it says stands.

    name: of the layer. kind: what the file calls it. path: the row; `type`, `source`, `fields`: what it is, what it
    reads, all that it says. names: places of fields of the layers that it becomes, by their names; under "" the place
    for what is wrong with the row as a whole, where that is not the row's own. label: what it is called, if that is no
    name of a spec.
    """

    name: str
    kind: str
    path: Path
    type: Path
    source: Path
    fields: Path
    names: Mapping[str, Path]
    label: str = ""

    @property
    def block(self) -> str:
        """The block that is written for it, where one is."""
        return f"{self.kind}_{self.name.rpartition(' ')[2]}"


class Translated(Document):
    """The spec that a file was made into: its places are those of the file.

    blocks: the places of blocks that were written for this file. inputs: where the shapes of inputs stand.
    """

    __slots__ = ("_blocks", "_inputs", "_origin", "_rows")

    def __init__(
        self,
        origin: Document,
        value: dict[str, object],
        rows: list[Row],
        blocks: Mapping[str, Path],
        inputs: Path = (),
    ) -> None:
        for slot in Document.__slots__:
            setattr(self, slot, getattr(origin, slot))
        self.value = value
        self.diagnostics = []
        self._origin = origin
        self._rows = rows
        self._blocks = blocks
        self._inputs = inputs

    def span(self, path: Path = (), *, key: bool = False) -> Span:  # noqa: ARG002 - keys are the spec's
        """The place in the file of a value in the spec."""
        return self._origin.span(self._there(path))

    def offsets(self, path: Path = (), *, key: bool = False) -> tuple[int, int]:  # noqa: ARG002
        """Where that begins and ends."""
        return self._origin.offsets(self._there(path))

    def _there(self, path: Path) -> Path:
        if path[:1] == ("inputs",):
            return self._inputs
        if len(path) > 1 and path[0] == "blocks":
            row = next((row for row in self._rows if path[1] == row.block), None)
            if row is None:
                return self._blocks.get(str(path[1]), ())
            # `layers`, the number of a layer, its type, a field.
            return row.names.get(str(path[5]), row.path) if len(path) > 5 else row.path
        if len(path) < 2 or path[0] != "layers" or not isinstance(path[1], int) or path[1] >= len(self._rows):
            return ()
        row = self._rows[path[1]]
        if len(path) < 3:
            return row.path
        if len(path) < 4:
            return row.type
        return row.source if path[3] == "from" else row.names.get(str(path[3]), row.path)


class RowPlace(Place):
    """The place of a layer that a row became: that of the row, and of what the row says of the layer's fields."""

    __slots__ = ("_names",)

    def __init__(self, document: Document, row: Row) -> None:
        super().__init__(document, row.path)
        self._names = row.names

    def span(self, field: tuple[str | int, ...] = (), *, key: bool = False) -> Span:
        """The place of the row, or of what it says of a field."""
        place = self._names.get(str(field[0]) if field else "") or self._names.get("", self.path)
        return self.document.span(place, key=key)


class _RowFindings(Findings):
    """Findings, of which those in a module's block stand at the row that uses it."""

    __slots__ = ("_spec",)

    def __init__(self, spec: RowSpec) -> None:
        super().__init__()
        self._spec = spec

    def add(self, code: str, message: str, where: Site | Span | None, **more: Any) -> None:
        """Report something at a place."""
        span = where.span() if isinstance(where, Site) else where
        if span is not None and span.path == self._spec.modules.path:
            message, span = self._spec.at_row(message)
        super().add(code, message, span, **more)


class RowSpec(Spec):
    """Reads the spec that a file was made into, with the blocks and types of `modules` beside its own."""

    def __init__(self, document: Translated, how: How, origin: Document, rows: list[Row], modules: Document) -> None:
        super().__init__(document, how)
        self.modules = modules
        self.findings = _RowFindings(self)
        self._origin = origin
        self._rows = rows

    def read(self) -> Graph:
        """The graph, which knows the types of `modules` and those made for the file, so that it can be written."""
        graph = super().read()
        graph.own_types = {**self.modules.value.get("layer_types", {}), **(self.value.get("layer_types") or {})}
        return graph

    def at_row(self, message: str) -> tuple[str, Span]:
        """A message about a module's block, and the row that is being read."""
        made = self.expander.results if hasattr(self, "expander") else {}
        row = next((one for one in self._rows if one.name not in made), None)
        if row is None:
            return message, self._origin.span(())
        return f"row {row.label or row.name}, {row.kind}: {message}", self._origin.span(row.fields)

    def _included(self) -> list[Document]:
        own = self.value["blocks"]
        blocks = self.modules.value.get("blocks", {})
        return [with_value(self.modules, "blocks", {name: one for name, one in blocks.items() if name not in own})]


@cache
def beside(module: str, name: str) -> Document:
    """The blocks and types that a reader brings, in a file beside its module."""
    return read_document(os.path.join(os.path.dirname(module), name))


def graph_of(
    document: Document,
    value: dict[str, Any],
    rows: list[Row],
    modules: Document,
    how: How,
    *,
    blocks: Mapping[str, Path] | None = None,
    inputs: Path = (),
) -> Graph:
    """The graph of the spec that a file was made into, told by its rows. blocks, inputs: as of `Translated`."""
    made = Translated(document, value, rows, blocks or {}, inputs)
    graph = RowSpec(made, how, document, rows, modules).read()
    _as_rows(graph, rows, document)
    return graph


def with_value(document: Document, key: str, value: Any) -> Document:
    """The document with another value at its top."""
    copied = object.__new__(Document)
    for slot in Document.__slots__:
        setattr(copied, slot, getattr(document, slot))
    copied.value = {**document.value, key: value}
    return copied


def with_channels(shape: Any, channels: int) -> Any:
    """The shape of a picture; where it has no channels, as one says 640,640, those of the file are put in."""
    return (channels, *shape) if len(shape) == 2 else shape


def retell(graph: Graph, told: Iterable[Diagnostic]) -> None:
    """What the reader of specs says of types that it does not know is told in the words of the file."""
    by_place = {one.span: one for one in told}
    for number, found in enumerate(graph.diagnostics):
        if found.code == "UNK701" and found.span in by_place:
            graph.diagnostics[number] = by_place[found.span]


def _as_rows(graph: Graph, rows: Iterable[Row], document: Document) -> None:
    """Make each layer part of its row: that is what is shown, and where findings stand. Every row runs, read or not."""
    graph.modular = True
    # In the order of the file, which is not that of calls where a layer is called again.
    graph.program = all(len(layer.nodes) < 2 for layer in graph.layers)
    by_name = {row.name: row for row in rows}
    for layer in graph.layers:
        row = by_name.get(layer.block[0] if layer.block else layer.name)
        if row is not None:
            layer.place = RowPlace(document, row)
            if layer.block:
                layer.module = ((row.label or row.name,), row.kind)
            elif layer.type is None:
                layer.type_name = row.kind
            if row.label:
                layer.name = row.label + layer.name.removeprefix(row.name)
    graph.blocks = {
        path: use._replace(name=by_name[path[0]].kind, place=RowPlace(document, by_name[path[0]]))
        if len(path) == 1 and path[0] in by_name
        else use._replace(place=None)
        for path, use in graph.blocks.items()
    }
