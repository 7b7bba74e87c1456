"""What stands in the cells of a layer's row, as Keras words it: plain text, or spans with Keras's colours.

Knows rows, not tables: no widths, no wrapping, no boxes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cnnsum.answers.summary.records import Row, Shape, TensorRecord
from cnnsum.counted import counted
from cnnsum.dims import UNKNOWN, Dim, is_anonymous
from cnnsum.render.style import NO, NONE, NUMBER, TYPE, YES, printable
from cnnsum.render.units import exact, in_table
from cnnsum.render.wrap import Cell, Span


class Block(Row):
    """A row that stands for the layers of a folded block, which are its `rows`."""

    __slots__ = ()


class TextCells:
    """The cells of Keras's columns as plain text. `level` counts how deep in nested models a row is.

    format: of the model. In one of Keras an axis of a size that is not known is what Keras leaves open.
    """

    def __init__(self, *, symbolic: bool = False, format: str = "cnnsum") -> None:
        self._symbolic = symbolic
        self._unknown = "None" if format in ("keras", "savedmodel") else str(UNKNOWN)
        #: Outputs and what is shown of them, by their identity: rows of layers that repeat each other share them.
        self._shapes: dict[int, tuple[tuple[TensorRecord, ...], Cell]] = {}
        self._types: dict[str, str] = {}
        #: The names of layers as they are shown, where they stand in the cells of other rows, too.
        self._names: dict[str, str] = {}

    def layer(self, row: Row, level: int = 0) -> Cell:
        """Return the layer's name and type: `conv2d (Conv2D)`."""
        return f"{self.name(row, level)} ({self.type(row)})"

    def name(self, row: Row, level: int = 0) -> str:
        """Return the layer's name alone."""
        shown = self._names[row.name] = printable(row.name)
        return f"{'   ' * level}└ {shown}" if level else shown

    def type(self, row: Row) -> str:
        """Return the layer's type; a folded block also says how many layers it stands for."""
        if type(row) is Block:
            return f"Block, {counted(len(row.rows), 'layer')}"
        text = self._types.get(row.type)
        if text is None:
            text = self._types[row.type] = printable(row.type)
        return text

    def output(self, row: Row) -> Cell:
        """Return the shapes of the outputs: `(None, 98, 98, 32)`, several in brackets, `?` where not known."""
        if not row.built or not row.outputs:
            return "?"
        found = self._shapes.get(id(row.outputs))
        if found is None:
            found = self._shapes[id(row.outputs)] = row.outputs, self._shapes_of(row.outputs)
        return found[1]

    def params(self, row: Row) -> Cell:
        """Return the number of parameters: `896`, `0 (unbuilt)`, a formula, or `?`."""
        if not row.built:
            return "0 (unbuilt)"
        return exact(row.params.total)

    def connected(self, row: Row, level: int = 0) -> Cell:
        """Return the inputs: `conv2d[0][0], add[0][0]`; Keras prints `-` for an input and in nested models."""
        if level or not row.connections:
            return "-"
        found: list[str] = []
        for layer, node, tensor in row.connections:
            found.append(f"{self._names.get(layer) or printable(layer)}[{node}][{tensor}]")
        return ", ".join(found)

    def trainable(self, row: Row) -> Cell:
        """Return Y or N, or `-` for a layer without weights."""
        if not has_weights(row):
            return "-"
        return "Y" if row.trainable else "N"

    def number(self, value: Dim) -> Cell:
        """Return any other number."""
        return in_table(value)

    def _shapes_of(self, outputs: tuple[TensorRecord, ...]) -> Cell:
        texts = [self.shape(output.shape) for output in outputs]
        return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"

    def shape(self, shape: Shape | None) -> str:
        """Return one shape: `(None, 98, 98, 32)`, or `?`."""
        return "?" if shape is None else f"({', '.join([self._dim(dim) for dim in shape])})"

    def _dim(self, dim: Dim) -> str:
        if dim is UNKNOWN:
            return self._unknown
        if type(dim) is int or self._symbolic or not is_anonymous(dim):
            return str(dim)
        return "None"


class StyledCells(TextCells):
    """The same cells with Keras's colours. The text of every cell is that of `TextCells`."""

    def layer(self, row: Row, level: int = 0) -> Cell:
        """Return the layer's name, and its type in colour."""
        return ((f"{self.name(row, level)} (", ""), (self.type(row), TYPE), (")", ""))

    def params(self, row: Row) -> Cell:
        """Return the number of parameters in colour."""
        if not row.built:
            return (("0", NUMBER), (" (unbuilt)", ""))
        return ((exact(row.params.total), NUMBER),)

    def connected(self, row: Row, level: int = 0) -> Cell:
        """Return the inputs, their indices in colour."""
        if level or not row.connections:
            return "-"
        spans: list[Span] = []
        separator = ""
        for layer, node, tensor in row.connections:
            spans += (
                (f"{separator}{printable(layer)}[", ""),
                (str(node), NUMBER),
                ("][", ""),
                (str(tensor), NUMBER),
                ("]", ""),
            )
            separator = ", "
        return tuple(spans)

    def trainable(self, row: Row) -> Cell:
        """Return Y, N or `-` in bold."""
        if not has_weights(row):
            return (("-", "bold"),)
        return (("Y", YES),) if row.trainable else (("N", NO),)

    def number(self, value: Dim) -> Cell:
        """Return any other number in colour."""
        return ((in_table(value), NUMBER),)

    def _shapes_of(self, outputs: tuple[TensorRecord, ...]) -> Cell:
        if len(outputs) == 1:
            return tuple(self._shape_spans(outputs[0].shape))
        spans: list[Span] = [("[", "")]
        for index, output in enumerate(outputs):
            if index:
                spans.append((", ", ""))
            spans += self._shape_spans(output.shape)
        spans.append(("]", ""))
        return tuple(spans)

    def _shape_spans(self, shape: Shape | None) -> list[Span]:
        if shape is None:
            return [("?", "")]
        spans: list[Span] = [("(", "")]
        for index, dim in enumerate(shape):
            if index:
                spans.append((", ", ""))
            text = self._dim(dim)
            spans.append((text, NONE if text == "None" else NUMBER))
        spans.append((")", ""))
        return spans


def has_weights(row: Row) -> bool:
    """Whether Keras's `layer.weights` is not empty, here or in a nested model."""
    if row.weights:
        return True
    total = row.params.total
    if row.rows:
        return any(map(has_weights, row.rows))
    return total is not UNKNOWN and total != 0


def known_sum(rows: Iterable[Row], measure: Callable[[Row], Dim]) -> Dim:
    """Add up a measure where it is known, in nested models too: a lower bound where it is not."""
    total: Dim = 0
    for row in rows:
        value = measure(row)
        total += known_sum(row.rows, measure) if value is UNKNOWN else value
    return total
