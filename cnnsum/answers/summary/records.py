"""The report: what cnnsum found out about one model, as plain data.

Renderers see only these records. The records know nothing of formats, screens, layer rules or graphs. A number
is an `int`, or a formula (`Expr`) where it depends on a symbol, or `UNKNOWN`; it is never 0 for want of
knowledge. Bytes and elements are exact counts, not rounded units.
"""

from __future__ import annotations

from cnnsum.diagnostics import Diagnostic
from cnnsum.dims import Dim, Symbol
from cnnsum.layers.facts import Need, Status
from cnnsum.typed import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnnsum.analyses.memory.liveness import Story
    from cnnsum.answers.conventions.ask import ConventionReport
    from cnnsum.answers.page.records import Page
    from cnnsum.answers.plan.ask import Plan

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
    """One weight of a layer. trainable: None where that is not known, and it is counted as trainable."""

    name: str
    shape: Shape
    dtype: str
    trainable: bool | None


class Params(NamedTuple):
    """Elements of weights; `total = trainable + non_trainable`; buffers are not parameters."""

    total: Dim
    trainable: Dim
    non_trainable: Dim


class LayerMemory(NamedTuple):
    """Bytes that belong to one layer: its weights, its outputs, and what backpropagation keeps for it."""

    weights: Dim
    output: Dim
    saved: Dim


class ReceptiveField(NamedTuple):
    """Per spatial axis, in input positions; None where the layer sees all of the input, UNKNOWN where it is not known
    what it sees (a part of an axis, axes that are joined), and where paths of different strides have met.

    Strides are fractions of a position, as floats, behind a layer that enlarges.
    aligned: whether all paths look at the same place of the input, along every axis; None where that depends on
        symbols, and where the layer sees all or it is not known what.
    exact: whether an output sees every position of its size, along every axis; else the size is an upper bound. None
        where the layer sees all, and where it is not known what.
    """

    size: tuple[Dim | None, ...]
    stride: tuple[Dim | float | None, ...]
    offset: tuple[Dim | float | None, ...]
    aligned: bool | None = None
    exact: bool | None = None


class Connection(NamedTuple):
    """One input of a row, as Keras prints it: `layer[node_index][tensor_index]`."""

    layer: str
    node_index: int
    tensor_index: int


class Read(NamedTuple):
    """A tensor that a layer reads: the layer of the same model that gives it, which of its outputs it is, and what it
    is, None where that is not known. An input layer that a summary does not list gives tensors, too.
    """

    layer: str
    output: int
    tensor: TensorRecord | None


class Inside(NamedTuple):
    """The graph of a nested model, on its own inputs.

    rows: of all that runs in it, operations that Keras does not list included. inputs: the names of its input layers,
    in the order in which a call gives them. outputs: the tensors that it gives.
    """

    rows: tuple[Row, ...]
    inputs: tuple[str, ...]
    outputs: tuple[Read, ...]


class Fields(NamedTuple):
    """Fields by name, in their order: numbers, texts, formulas, tuples and `Fields` of them."""

    pairs: tuple[tuple[str, object], ...]


class Window(NamedTuple):
    """How a layer's kernel moves, by axis, and the function that it applies to its result; None where it has none.

    padding: a word, or numbers by axis.
    """

    kernel: tuple[Dim, ...] | None
    strides: tuple[Dim, ...] | None
    padding: object
    groups: Dim | None
    dilation: tuple[Dim, ...] | None
    activation: str | None


class Row:
    """One row of the summary: one layer, however often it is called.

    `outputs` are those of the layer's last call, as Keras prints them. `rows` are the layers of a nested model,
    and `held` those in a layer that Keras opens as one (Pipeline): they are shown where models are, and count nowhere.
    `place` is the line and the column where its file declares the layer, and `end` where that ends.
    `built` is false for a layer that never met an input, whose shapes and weights are therefore not known.
    `trainable` is the layer's own switch. `module` is the path and the class of a module that a framework brings, of
    which the layer is one operation. `status` is "exact", "bound" or "unknown".

    `connections` are what Keras prints, of the rows as they are listed. `reads` are all tensors that the layer's calls
    read, one call after the other, wherever Keras prints nothing (in nested models) or a fold renames them, too; and
    `inside` is the graph of a nested model. `config` are the layer's fields, defaults filled in, and `window` those
    that say how a kernel moves. All four are there where details are.
    """

    __slots__ = (
        "block",
        "built",
        "config",
        "connections",
        "end",
        "flops",
        "held",
        "inside",
        "macs",
        "memory",
        "module",
        "name",
        "outputs",
        "params",
        "place",
        "reads",
        "receptive_field",
        "rows",
        "status",
        "trainable",
        "type",
        "weights",
        "window",
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
        status: Status = "exact",
        built: bool = True,
        trainable: bool = True,
        rows: tuple[Row, ...] = (),
        held: tuple[Row, ...] = (),
        module: tuple[tuple[str, ...], str] | None = None,
        reads: tuple[Read, ...] = (),
        inside: Inside | None = None,
        end: tuple[int, int] | None = None,
        config: Fields | None = None,
        window: Window | None = None,
    ) -> None:
        self.name = name
        self.module = module
        self.reads = reads
        self.inside = inside
        self.end = end
        self.config = config
        self.window = window
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
        self.held = held


class WeightsMemory(NamedTuple):
    """Bytes of all weights, split as `Params` is, but that the total has those of buffers, too."""

    total: Dim
    trainable: Dim
    non_trainable: Dim


class Buffers(NamedTuple):
    """State that is stored with the weights and is not a parameter, as PyTorch has it: elements and bytes."""

    total: Dim = 0
    bytes: Dim = 0


class Checkpoint(NamedTuple):
    """Activation checkpoints: the layers that end a segment, all whose outputs are kept between segments, and the MACs
    per sample of what the backward pass runs again.
    """

    layers: tuple[str, ...]
    kept: tuple[str, ...]
    segments: int
    extra_macs: Dim


class TrainingMemory(NamedTuple):
    """Bytes that one training step needs, itemised; `total` is the sum of the items.

    peak_step: the most at any moment of the step, which may be less or more, None where it was not asked for.
    less_where: as of `Peak`, for `total`, `transient` and `peak_step`.
    where_equal: the same at the sizes at which every condition that two be equal, or one of them 1, is met by equal
    ones; None where that tells no more.
    """

    total: Dim
    weights: Dim
    gradients: Dim
    optimizer: Dim
    saved: Dim
    transient: Dim
    master_weights: Dim = 0
    peak_step: Dim | None = None
    checkpoint: Checkpoint | None = None
    less_where: tuple[tuple[Dim, Dim], ...] = ()
    where_equal: TrainingMemory | None = None


class Peak(NamedTuple):
    """The largest number of live bytes in inference, the layer that runs then, and the tensors alive (name, bytes).

    less_where: pairs of formulas; where the two of a pair are equal, `bytes` is a bound and no more than that. story:
    where sizes are open, what gives the peak once they have numbers; it is in no format.
    """

    bytes: Dim
    layer: str | None
    alive: tuple[tuple[str, Dim], ...]
    less_where: tuple[tuple[Dim, Dim], ...] = ()
    story: Story | None = None


class OptimizerRecord(NamedTuple):
    """The optimizer that a Keras file was compiled with: its name, elements and bytes of its variables.

    at_least: elements that are known, where not all are.
    """

    name: str
    params: Dim
    bytes: Dim
    at_least: Dim


class Totals(NamedTuple):
    """Sums over the whole model. Where `unknown` names layers, every sum they belong in is UNKNOWN or "at least".

    optimizer: the one that training memory is for. compiled: the one that the file was compiled with, whose variables
    Keras adds to the total of a summary; they are in none of these sums.
    stored: those among them of which the weights are known, because the file holds them.
    """

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
    compiled: OptimizerRecord | None = None
    stored: tuple[str, ...] = ()
    buffers: Buffers = Buffers()


class Forcing(NamedTuple):
    """A layer that decides which sizes are accepted, and what it needs.

    path, line, column: where it stands, None where that is not known. condition: in the spec language. makers: the
    layers whose outputs must fit together, where there are several. layers: how many layers need the same.
    """

    layer: str
    path: str | None
    line: int | None
    column: int | None
    condition: str
    reason: str
    makers: tuple[str, ...]
    layers: int


class SizeRecord(NamedTuple):
    """What one axis of one input must fulfil: a condition in the spec language and the layers that force it.

    because: the same as `forced_by`, a sentence each. exact: whether the condition was solved; where it was not, what
    it says holds all the same, and what is left over stands in it as it is.
    """

    symbol: str
    input: str
    axis: int
    condition: str
    because: tuple[str, ...]
    exact: bool = True
    forced_by: tuple[Forcing, ...] = ()


class Condition(NamedTuple):
    """What a layer needs of the symbols: the network is legal only where it holds."""

    layer: str
    need: Need


class Source(NamedTuple):
    """Where the model came from: `format` is the reader's name ("cnnsum", "keras")."""

    path: str
    format: str
    sha256: str


class Report:
    """Everything that is known of one model at one batch size.

    `connected` says that the graph is not a chain, so that a summary needs a "Connected to" column.
    `batch` is the number of samples that memory figures are for, or the batch's symbol; MACs and FLOPs are per sample.
    `symbols` are those that `evaluate` takes values for; `conditions` are what the layers need of them. `of_batch`:
    the names of the symbols that stand for the batch.
    `convention` is another tool's number, `plan` the plan of inference memory and `page` what else its page shows,
    where they were asked for.
    """

    __slots__ = (
        "batch",
        "conditions",
        "connected",
        "convention",
        "diagnostics",
        "dtype",
        "inputs",
        "name",
        "of_batch",
        "outputs",
        "page",
        "plan",
        "rows",
        "sizes",
        "source",
        "symbols",
        "totals",
        "version",
    )

    def __init__(
        self,
        *,
        name: str,
        version: str,
        source: Source,
        batch: Dim,
        dtype: str,
        connected: bool,
        inputs: tuple[InputRecord, ...],
        outputs: tuple[InputRecord, ...],
        rows: tuple[Row, ...],
        totals: Totals,
        sizes: tuple[SizeRecord, ...] = (),
        diagnostics: tuple[Diagnostic, ...] = (),
        symbols: tuple[Symbol, ...] = (),
        conditions: tuple[Condition, ...] = (),
        of_batch: frozenset[str] = frozenset(),
    ) -> None:
        self.name = name
        self.of_batch = of_batch
        self.version = version
        self.source = source
        self.batch = batch
        self.dtype = dtype
        self.connected = connected
        self.convention: ConventionReport | None = None
        self.page: Page | None = None
        self.plan: Plan | None = None
        self.inputs = inputs
        self.outputs = outputs
        self.rows = rows
        self.totals = totals
        self.sizes = sizes
        self.diagnostics = diagnostics
        self.symbols = symbols
        self.conditions = conditions

    def evaluate(self, **values: int) -> Report:
        """The same report with numbers in place of symbols: what inference at these sizes finds, without inferring.

        Symbols are called as the report prints them, the batch too where it has no number: `evaluate(H=224, N=32)`.
        Those that are not given stay. The batch axis of a shape stays open, as in every report.

        Raises ValueError for a size that the network does not accept, naming the layer and what it needs; for a size
        that is not a positive whole number, or contradicts what is declared of its symbol; and for a name that is not
        a symbol.

        >>> import cnnsum
        >>> model = cnnsum.loads("{input: [H, W, 3], layers: [Conv2D: [8, 3], MaxPooling2D: 2]}")
        >>> report = cnnsum.summarize(model)
        >>> report.totals.macs, report.evaluate(H=32, W=32).totals.macs
        (216*(H - 2)*(W - 2), 194400)
        >>> report.evaluate(H=3)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ValueError: H=3 is not accepted: `max_pooling2d` needs H >= 4 (MaxPooling2D with pool_size 2 needs ...)
        """
        from cnnsum.answers.summary.evaluate import evaluated

        return evaluated(self, values)

    def __str__(self) -> str:
        from cnnsum.answers import renderer
        from cnnsum.ink import inked

        return "".join(inked(renderer("summary", "table")(self))).rstrip("\n")

    def __repr__(self) -> str:
        return f"Report({self.name!r}, {len(self.rows)} rows)"

    def _repr_html_(self) -> str:
        """The table and charts, as a notebook shows them."""
        from cnnsum.answers import OptionError, renderer
        from cnnsum.answers.summary.charted import Charted
        from cnnsum.render.notebook import framed

        pictures = []
        for chart, title in (("params", "Parameters by layer"), ("macs", "MACs by layer")):
            try:
                drawn = "".join(renderer("chart", "svg")(Charted(self, chart)))
            except OptionError:  # sizes are open, or nothing is known
                continue
            pictures.append((title, drawn))
        return framed(str(self), *pictures)
