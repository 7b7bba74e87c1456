"""The report: what cnnsum found out about one model, as plain data.

Renderers see only these records. The records know nothing of formats, screens, layer rules or graphs. A number
is an `int`, or a formula (`Expr`) where it depends on a symbol, or `UNKNOWN`; it is never 0 for want of
knowledge. Bytes and elements are exact counts, not rounded units.
"""

from __future__ import annotations

from typing import NamedTuple

from cnnsum.diagnostics import Diagnostic
from cnnsum.dims import Dim

Shape = tuple[Dim, ...]


class TensorRecord(NamedTuple):
    """A tensor: its shape with the batch axis first (None if even the rank is unknown), and its dtype."""

    shape: Shape | None
    dtype: str


class InputRecord(NamedTuple):
    """A named input or output of the model."""

    name: str
    shape: Shape | None
    dtype: str


class WeightRecord(NamedTuple):
    """One weight of a layer."""

    name: str
    shape: Shape
    dtype: str
    trainable: bool


class Params(NamedTuple):
    """Elements of weights; `total = trainable + non_trainable`."""

    total: Dim
    trainable: Dim
    non_trainable: Dim


class LayerMemory(NamedTuple):
    """Bytes that belong to one layer: its weights, its outputs, and what backpropagation keeps for it."""

    weights: Dim
    output: Dim
    saved: Dim


class ReceptiveField(NamedTuple):
    """Per spatial axis, in input samples; None where the layer sees all of the input.

    Stride and offset are fractions of a sample, as floats, behind a layer that enlarges.
    """

    size: tuple[Dim | None, ...]
    stride: tuple[Dim | float | None, ...]
    offset: tuple[Dim | float | None, ...]


class Connection(NamedTuple):
    """One input of a row, as Keras prints it: `layer[node_index][tensor_index]`."""

    layer: str
    node_index: int
    tensor_index: int


class Row:
    """One row of the summary: one layer, however often it is called.

    `outputs` are those of the layer's last call, as Keras prints them. `rows` are the layers of a nested model.
    `built` is false for a layer that never met an input, whose shapes and weights are therefore not known.
    `trainable` is the layer's own switch. `status` is "exact", "bound" or "unknown".
    """

    __slots__ = (
        "block",
        "built",
        "connections",
        "flops",
        "macs",
        "memory",
        "name",
        "outputs",
        "params",
        "place",
        "receptive_field",
        "rows",
        "status",
        "trainable",
        "type",
        "weights",
    )

    def __init__(
        self,
        name: str,
        type: str,
        *,
        outputs: tuple[TensorRecord, ...],
        weights: tuple[WeightRecord, ...] = (),
        params: Params,
        macs: Dim,
        flops: Dim,
        memory: LayerMemory,
        connections: tuple[Connection, ...] = (),
        block: tuple[str, ...] = (),
        place: tuple[int, int] | None = None,
        receptive_field: ReceptiveField | None = None,
        status: str = "exact",
        built: bool = True,
        trainable: bool = True,
        rows: tuple[Row, ...] = (),
    ) -> None:
        self.name = name
        self.type = type
        self.outputs = outputs
        self.weights = weights
        self.params = params
        self.macs = macs
        self.flops = flops
        self.memory = memory
        self.connections = connections
        self.block = block
        self.place = place
        self.receptive_field = receptive_field
        self.status = status
        self.built = built
        self.trainable = trainable
        self.rows = rows


class WeightsMemory(NamedTuple):
    """Bytes of all weights, split as `Params` is."""

    total: Dim
    trainable: Dim
    non_trainable: Dim


class TrainingMemory(NamedTuple):
    """Bytes that one training step needs, itemised; `total` is their sum."""

    total: Dim
    weights: Dim
    gradients: Dim
    optimizer: Dim
    saved: Dim
    transient: Dim


class Peak(NamedTuple):
    """The largest number of live bytes in inference, the layer that runs then, and the tensors alive (name, bytes)."""

    bytes: Dim
    layer: str | None
    alive: tuple[tuple[str, Dim], ...]


class Totals(NamedTuple):
    """Sums over the whole model. Where `unknown` names layers, every sum they belong in is UNKNOWN or "at least"."""

    params: Params
    macs: Dim
    flops: Dim
    weights: WeightsMemory
    outputs: Dim
    saved: Dim
    peak: Peak
    training: TrainingMemory
    optimizer: str
    unknown: tuple[str, ...]


class SizeRecord(NamedTuple):
    """What one axis of one input must fulfil: a condition in the spec language and the layers that force it."""

    symbol: str
    input: str
    axis: int
    condition: str
    because: tuple[str, ...]


class Source(NamedTuple):
    """Where the model came from: `format` is the reader's name ("cnnsum", "keras")."""

    path: str
    format: str
    sha256: str


class Report:
    """Everything that is known of one model at one batch size.

    `connected` says that the graph is no chain, so that a summary needs a "Connected to" column.
    `batch` is the number of samples that memory figures are for; MACs and FLOPs are per sample.
    """

    __slots__ = (
        "batch",
        "connected",
        "diagnostics",
        "dtype",
        "inputs",
        "name",
        "outputs",
        "rows",
        "sizes",
        "source",
        "totals",
        "version",
    )

    def __init__(
        self,
        *,
        name: str,
        version: str,
        source: Source,
        batch: int,
        dtype: str,
        connected: bool,
        inputs: tuple[InputRecord, ...],
        outputs: tuple[InputRecord, ...],
        rows: tuple[Row, ...],
        totals: Totals,
        sizes: tuple[SizeRecord, ...] = (),
        diagnostics: tuple[Diagnostic, ...] = (),
    ) -> None:
        self.name = name
        self.version = version
        self.source = source
        self.batch = batch
        self.dtype = dtype
        self.connected = connected
        self.inputs = inputs
        self.outputs = outputs
        self.rows = rows
        self.totals = totals
        self.sizes = sizes
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        from cnnsum.report import render

        return "".join(render(self)).rstrip("\n")

    def __repr__(self) -> str:
        return f"Report({self.name!r}, {len(self.rows)} rows)"

    def _repr_html_(self) -> str:
        """The table, as a notebook shows it."""
        from html import escape

        return f'<pre style="line-height: 1.2">{escape(str(self))}</pre>'
