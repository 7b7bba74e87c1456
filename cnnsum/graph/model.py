"""The layer graph: layers, their calls, and the tensors between them.

A `Graph` is what every reader makes and what inference reads; it holds no inferred shape and no number. A layer that
is called several times (a shared layer) is one `Layer` with several `Node`s; a nested model is a `Layer` with a graph
of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from cnnsum.diagnostics import Diagnostic, Related, Span
from cnnsum.dims import Dim, Expr, Symbol, symbols_of
from cnnsum.layers.base import LayerType, is_mask
from cnnsum.layers.facts import Layout, Shape, Weight
from cnnsum.layers.inner import freezes
from cnnsum.layers.kinds import DTYPES
from cnnsum.layers.vocabulary import KERAS, Vocabulary
from cnnsum.source import Document
from cnnsum.typed import TYPE_CHECKING, Literal, NamedTuple, NoReturn

if TYPE_CHECKING:
    from cnnsum.graph.order import Order

#: Layers of a network, nested models and uses of blocks included, after everything is expanded.
MAX_LAYERS = 100_000
#: Axes of a tensor, the batch included (NumPy and PyTorch have 64).
MAX_RANK = 64
#: No size is as large: frameworks count in 64 bits.
MAX_DIM = 2**63
#: What PyTorch counts batches in.
COUNTS = "int64"

#: The fields of what has none of its own, as most calls: one mapping for all of them.
NOTHING: Mapping[str, NoReturn] = MappingProxyType({})


class Place:
    """Where a layer stands in a file.

    `path` leads to the layer, `fields` to the value that holds its fields. `positional` names the fields of a list of
    values in its order; for a single value it is the one name; for a mapping it is None.
    """

    __slots__ = ("document", "fields", "path", "positional")

    def __init__(
        self,
        document: Document,
        path: tuple[str | int, ...],
        fields: tuple[str | int, ...] | None = None,
        positional: tuple[str, ...] | str | None = None,
    ) -> None:
        self.document = document
        self.path = path
        self.fields = path if fields is None else fields
        self.positional = positional

    @property
    def written(self) -> tuple[Related, ...]:
        """Where the author's own code makes the layer, for files that tell it."""
        return ()

    def span(self, field: tuple[str | int, ...] = (), *, key: bool = False) -> Span:
        """The place of the layer, or of the value at a path inside its fields (or of that value's key)."""
        if not field:
            return self.document.span(self.path)
        if isinstance(self.positional, tuple):
            if field[0] in self.positional:
                return self.document.span((*self.fields, self.positional.index(str(field[0])), *field[1:]))
            return self.document.span(self.path)
        if self.positional is not None:
            return self.document.span(self.fields)
        if not key:
            return self.document.span((*self.fields, *field))
        return self.document.span((*self.fields, *field), key=True)


class Policy(NamedTuple):
    """A dtype policy: the dtype that a layer computes in, and that of its variables."""

    compute: str = "float32"
    variable: str = "float32"


FLOAT32 = Policy()

POLICIES = ("mixed_float16", "mixed_bfloat16", *DTYPES)

#: Names that stand for two dtypes; any other policy name is one dtype for both.
_MIXED = {"mixed_float16": Policy("float16", "float32"), "mixed_bfloat16": Policy("bfloat16", "float32")}


def policy(name: str) -> Policy:
    """The policy of that name.

    >>> policy("mixed_float16")
    Policy(compute='float16', variable='float32')
    >>> policy("float64")
    Policy(compute='float64', variable='float64')
    """
    return _MIXED.get(name) or Policy(name, name)


class InputSpec(NamedTuple):
    """What an input layer declares: its shape with the batch axis first, and its dtype."""

    shape: Shape
    dtype: str


#: The field of a type that says where the channels are, "" for none: it is asked for at each layer.
_LAYOUTS: dict[LayerType, str] = {}


class Layer:
    """A layer as declared: its type, its fields, its place.

    type: None where the type is not supported or its fields are wrong; `type_name` is what the file calls it.
    key: equal for layers that do the same to the same shapes; hashable. Such layers may share it, and their fields.
    spec: of an input layer, else None. graph: of a nested model, else None.
    weightless: of a layer without a type, whether it is known to have no weights (a Lambda, an operation).
    module: the path and the class of a module that a framework brings, where the layer is one operation of several in
    it. trainable: the layer's own switch. block: the names of the blocks that it stands in, outermost first.
    stored: the weights that the file holds for it; None where that is not known. owned: the weights that are inputs of
    its calls, and counted with it, where the file has them so; None where the layer's rule tells its weights.
    borrows: further weights that its calls read, each with the layer that owns it.
    one: the layer before it in the file, or what stands for one in a wrapper, that it is one object with, and shares
    its weights with: it stands in two models, and has its calls in each by themselves. None for one of its own.
    times: how often a program runs it each time that it comes by: the product of these, each a number, one in a tensor
    or the size of an axis.
    remade: whether it is made anew from a file, and its switch does not reach the layers that are made in it
    (`LayerType.parts`).
    detached: whether it runs where no gradient is asked for. autocast: whether an operation casts its floating-point
    inputs, weights too, to what it computes in. counts_sizes: whether all that it gives is numbers that
    are computed from sizes, so that it is a part of the program and no layer of the network.
    """

    __slots__ = (
        "autocast",
        "block",
        "borrows",
        "counts_sizes",
        "detached",
        "fields",
        "graph",
        "key",
        "module",
        "name",
        "nodes",
        "one",
        "owned",
        "place",
        "policy",
        "remade",
        "spec",
        "stored",
        "times",
        "trainable",
        "type",
        "type_name",
        "weightless",
    )

    def __init__(
        self,
        name: str,
        type: LayerType | None,
        fields: Mapping[str, object] | None = None,
        *,
        key: tuple[object, ...] | None = None,
        type_name: str | None = None,
        place: Place | None = None,
        policy: Policy = FLOAT32,
        trainable: bool = True,
        block: tuple[str, ...] = (),
        spec: InputSpec | None = None,
        graph: Graph | None = None,
        weightless: bool = False,
    ) -> None:
        self.name = name
        self.type = type
        self.fields: Mapping[str, object] = NOTHING if fields is None else fields
        self.type_name = type_name if type_name is not None else type.name if type is not None else "?"
        self.place = place
        self.policy = policy
        self.trainable = trainable
        self.block = block
        self.spec = spec
        self.graph = graph
        self.weightless = weightless
        self.key = (type, *self.fields.values()) if key is None else key
        self.stored: tuple[Weight, ...] | None = None
        self.owned: tuple[Weight, ...] | None = None
        self.borrows: tuple[tuple[Layer, Weight], ...] = ()
        self.one: object = None
        self.module: tuple[tuple[str, ...], str] | None = None
        self.times: tuple[Dim | Tensor | SizeOf, ...] = ()
        self.detached = False
        self.autocast = False
        self.remade = False
        self.counts_sizes = False
        self.nodes: list[Node] = []

    def disable(self) -> None:
        """Make what the layer gives unknown, where its calls cannot be followed."""
        self.type = self.graph = None
        self.key = (None,)

    @property
    def freezes(self) -> bool:
        """Whether the layer's own switch keeps its weights from training: see `cnnsum.layers.inner.freezes`."""
        return self.is_off and freezes(self.type, self.fields)

    @property
    def is_off(self) -> bool:
        """Whether its own switch is off, and reaches weights that are its own."""
        return not self.trainable and not self.remade

    @property
    def layout(self) -> Layout | None:
        """Where it takes the channels of its input to be; None for a layer that does not say."""
        type = self.type
        if type is None:
            return None
        if type.vocabulary.channels_first:
            return "channels_first"
        field = _LAYOUTS.get(type)
        if field is None:
            from cnnsum.layers.meanings import field_with

            field = _LAYOUTS[type] = field_with(type, "layout") or ""
        if field not in self.fields:
            return None
        return "channels_first" if self.fields[field] == "channels_first" else "channels_last"

    @property
    def casts(self) -> bool:
        """Whether it casts floating-point inputs to what it computes in: layers do, and operations where they are told
        to.
        """
        return self.autocast or not self.is_operation

    @property
    def is_operation(self) -> bool:
        """Whether this is an operation on tensors (`x + y`) and not a Keras layer."""
        return self.type is not None and self.type.is_operation

    def __repr__(self) -> str:
        return f"Layer({self.name!r}, {self.type_name})"


class Tensor(NamedTuple):
    """One output of one call."""

    node: Node
    index: int = 0  # type: ignore[assignment]  # hides tuple.index, which nobody wants of a tensor


class Claim(NamedTuple):
    """What a file says that a call gives: a shape per output, None where it says nothing of that one, and the dtype."""

    outputs: tuple[Shape | None, ...]
    dtype: str | None = None


class Constant(NamedTuple):
    """An input that is not a tensor of the graph: its place among the inputs, its shape, its value in the file."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody wants of a constant
    shape: Shape
    value: object

    @property
    def numbers(self) -> tuple[int | float, ...]:
        """Its numbers, row by row; what is not a number is left out."""
        value = self.value
        if isinstance(value, dict):
            config = value.get("config")
            value = config.get("value") if isinstance(config, dict) else None
        found: list[int | float] = []
        rest = [value]
        while rest:
            one = rest.pop()
            if isinstance(one, list):
                rest += reversed(one)
            elif isinstance(one, (int, float)):
                found.append(one)
        return tuple(found)

    @property
    def dtype(self) -> str:
        """Its own, of an array; else "bool", "int" or "float", which are weak as Python's numbers are."""
        value = self.value
        if isinstance(value, dict):
            config = value.get("config")
            config = config if isinstance(config, dict) else {}
            if isinstance(config.get("dtype"), str):
                return str(config["dtype"])
            value = config.get("value")
        while isinstance(value, list) and value:
            value = value[0]
        return type(value).__name__ if isinstance(value, (bool, int)) else "float"


class SizeOf(NamedTuple):
    """The size of an axis of a tensor, wherever a field of a call is computed from it."""

    tensor: Tensor
    axis: int


class Computed(NamedTuple):
    """A number that a program computes from sizes: an operation (`OPERATIONS_ON_SIZES` in `infer`) and its numbers."""

    operation: str
    numbers: tuple[Computed | SizeOf | int, ...]


#: A number in a field of a call that may be computed from sizes of tensors, and fields that have such numbers.
FromSizes = Computed | SizeOf | int
FieldsFromSizes = Mapping[str, FromSizes | tuple[FromSizes, ...]]


class Node:
    """One call of a layer. `keywords` name the last of its inputs, where they were given by name.

    claim: what the file says that it gives; where no rule tells, what follows is inferred from that.

    constants: inputs that are not tensors of the graph (the 2 of `x * 2`).
    options: fields of the layer that this call gives other values. computed: those whose values are computed from sizes
    of tensors: a number, or a tuple of them, with `SizeOf` and `Computed` among them. index: which call of its layer
    this is.
    position: its place in `Graph.order().nodes`, set there.
    """

    __slots__ = ("claim", "computed", "constants", "index", "inputs", "keywords", "layer", "options", "position")

    def __init__(self, layer: Layer, inputs: tuple[Tensor, ...] = (), keywords: tuple[str, ...] = ()) -> None:
        self.layer = layer
        self.inputs = inputs
        self.keywords = keywords
        self.constants: tuple[Constant, ...] = ()
        self.options: Mapping[str, object] = NOTHING
        self.computed: FieldsFromSizes = NOTHING
        self.claim: Claim | None = None
        self.index = len(layer.nodes)
        self.position = -1
        layer.nodes.append(self)

    @property
    def arguments(self) -> tuple[Tensor, ...]:
        """Its inputs without masks, which are the last of those given by name: what a nested model is called on."""
        return self.inputs[: len(self.inputs) - sum(map(is_mask, self.keywords))]

    @property
    def needs(self) -> tuple[Tensor, ...]:
        """The tensors that it cannot run without: its inputs, and those whose sizes its fields are computed from."""
        if not self.computed:
            return self.inputs
        found = list(self.inputs)
        rest: list[object] = list(self.computed.values())
        while rest:
            one = rest.pop()
            if isinstance(one, SizeOf):
                found.append(one.tensor)
            elif isinstance(one, Computed):
                rest += one.numbers
            elif isinstance(one, tuple):
                rest += one
        return tuple(found)

    def __repr__(self) -> str:
        return f"Node({self.layer.name}[{self.index}])"


class Recorded(NamedTuple):
    """A shape that the file claims for a tensor, None for an axis that it leaves open, and the path where it says
    so. of: the call that it was an input of, where the file says it of that. formulas: by axis, those of the inputs'
    symbols that the file has for what it leaves open. dtype: what the file claims of that; None for nothing.
    """

    tensor: Tensor
    shape: tuple[int | None, ...]
    path: tuple[str | int, ...]
    of: Node | None = None
    formulas: tuple[tuple[int, Expr], ...] = ()
    dtype: str | None = None

    @property
    def is_shape(self) -> bool:
        """Whether it can be one: files are written by hand too."""
        return all(dim is None or (type(dim) is int and dim >= 0) for dim in self.shape)


#: The first fields of a `Recorded`, which is made of them where the shape is wrong: a file of Keras has one for each
#: input of each call, and plain tuples are made in a fifth of the time.
ShapeBeside = tuple[Tensor, tuple[int | None, ...], tuple[str | int, ...]]
ShapeBuiltOn = tuple[Tensor, tuple[int | None, ...], tuple[str | int, ...], Node | None]


class Said(NamedTuple):
    """What a comment of the file says of a layer: its output is so many times smaller than the picture. what: in whose
    words (`P3/8`). place: where it stands.
    """

    layer: Layer
    factor: int
    what: str
    place: Span


class SaidTotal(NamedTuple):
    """What a comment of the file says of the whole network. number: as it is written. counters: the tools by which its
    GFLOPs may have been counted; none where it is a number of parameters. place: where it stands.
    """

    number: str
    counters: tuple[str, ...]
    place: Span


class RecordedWeight(NamedTuple):
    """A weight that the file claims, by the layer's and its own name ("dense/kernel"), and the path of its shape."""

    name: str
    shape: tuple[int, ...]
    path: tuple[str | int, ...]


#: What an axis of an input is.
AxisKind = Literal["spatial", "channels", "batch"]


class Freed(NamedTuple):
    """What a file says of a symbol that was set free: the size that it fixes, or what it declares of the symbol."""

    size: int | None = None
    minimum: int = 1
    multiple_of: int = 1
    kind: AxisKind = "spatial"


class SizeClaim(NamedTuple):
    """A condition on sizes of the inputs that a file records, at a path in it: `left == right`, `!=` or `>=`.

    is_held: whether the framework refuses to run the model where it does not hold.
    """

    left: Dim
    relation: str
    right: Dim
    path: tuple[str | int, ...]
    is_held: bool = True


class BlockUse(NamedTuple):
    """A use of a block: the name of the block, and what its arguments are there, as far as they are plain values.

    place: of the item that uses it; None where no item does. result: what the use gives, once the graph is made.
    """

    name: str
    arguments: Callable[[], Mapping[str, object]]
    place: Place | None = None
    result: Callable[[], tuple[Tensor, ...]] = tuple


class Graph:
    """A model: its inputs, outputs and layers.

    sequential: a Keras Sequential model, which is shown without its input layer. program: whether the layers stand in
    the order in which they run, each used or not, as an exported program has them. exported: whether a framework wrote
    the file, so that somewhere there are weights that fit it.
    inputs: the calls of its input layers; none where the file gives no input shape.
    layers: in the order of the file. symbols: that its input shapes mention, batch and anonymous ones included.
    blocks: the uses of blocks, each by the path that its layers have in `Layer.block`.
    freed: by the name of the symbol, what the file says of sizes that the caller set free. declared: where the file
    declares what is known of a symbol. vocabulary: that of the framework in whose words it is. backend: the backend of
    Keras that decides dtypes where they differ. counts: what is counted in of what normalisations have seen.
    compile_config: what the file says of the model's training; empty where that is nothing. is_built_without: whether
    Keras builds the optimizer without the weights that it trains, as it does for an HDF5 file.
    remarks: what the reader has noticed that is not a fault: `check` tells it. dtyped: whether nothing casts tensors to
    the dtypes that operations take.
    recorded, recorded_weights: shapes that the file claims; claims: conditions on the sizes of its inputs.
    set_aside: whether its reader has left them aside, and with them the weights that the file holds.
    shared: layers that have weights of a layer of another model in it, or before it, since the file says that they are
    one object, or hold one.
    beside: those that stand beside the inputs of calls. builds: shapes that layers were built on, each as one of the
    tensor that the first call reads, `Recorded.of`.
    included: the files that it includes, read. diagnostics: what its reader found.
    """

    __slots__ = (
        "_order",
        "backend",
        "batch",
        "beside",
        "blocks",
        "builds",
        "channels",
        "claims",
        "compile_config",
        "counts",
        "declared",
        "diagnostics",
        "dtyped",
        "exported",
        "freed",
        "included",
        "inputs",
        "is_built_without",
        "layers",
        "modular",
        "name",
        "outputs",
        "own_types",
        "place",
        "program",
        "recorded",
        "recorded_weights",
        "remarks",
        "resized",
        "said",
        "said_totals",
        "samples",
        "sequential",
        "set_aside",
        "shared",
        "symbols",
        "takes_any",
        "trainable",
        "vocabulary",
    )

    def __init__(
        self,
        name: str,
        *,
        inputs: Iterable[Node] = (),
        outputs: Iterable[Tensor] = (),
        layers: Iterable[Layer] = (),
        sequential: bool = False,
        trainable: bool = True,
        batch: Dim | None = None,
        symbols: dict[str, Symbol] | None = None,
        place: Place | None = None,
        backend: str = "tensorflow",
        vocabulary: Vocabulary = KERAS,
    ) -> None:
        self.name = name
        self.vocabulary = vocabulary
        self.backend = backend
        self.counts = COUNTS
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.layers = list(layers)
        self.sequential = sequential
        self.trainable = trainable
        self.batch = batch
        #: Where the samples are, of a program: an input and its axis; None where no axis holds any, and the whole call
        #: is one sample.
        self.samples: tuple[int, int] | None = (0, 0)
        #: The axis of an input that holds its channels, by the number of the input, where operations say it.
        self.channels: Mapping[int, int] = {}
        self.symbols = {} if symbols is None else symbols
        self.place = place
        self.program = False
        self.dtyped = False
        #: Whether layers are operations of modules, `Layer.module`, each of which is listed as one.
        self.modular = False
        self.exported = False
        self.blocks: Mapping[tuple[str, ...], BlockUse] = {}
        self.freed: dict[str, Freed] = {}
        self.declared: dict[str, Place] = {}
        self.included: tuple[Document, ...] = ()
        self.recorded: list[Recorded] = []
        self.beside: list[ShapeBeside] = []
        self.builds: list[ShapeBuiltOn] = []
        self.set_aside = False
        self.shared: tuple[Layer, ...] = ()
        self.claims: tuple[SizeClaim, ...] = ()
        #: Whether a model within another can be called on other sizes than its inputs declare, as in Keras 2.
        self.takes_any = False
        self.compile_config: Mapping[str, object] = {}
        self.is_built_without = False
        self.recorded_weights: list[RecordedWeight] = []
        #: What comments say of layers, and of the whole, which is compared and otherwise not used.
        self.said: list[Said] = []
        self.said_totals: list[SaidTotal] = []
        #: Layer types that its reader declares in the spec language, by name, for whoever writes it as a spec.
        self.own_types: Mapping[str, object] = {}
        self.diagnostics: list[Diagnostic] = []
        self.remarks: list[Diagnostic] = []
        #: Whether the input sizes were replaced from outside, so that nested models are listed at the sizes they are
        #: called on.
        self.resized = False
        self._order: Order | None = None

    def holds_samples(self, axis: int, symbol: Symbol) -> bool:
        """Whether an axis of an input, of a size with this symbol, is that of the batch."""
        if self.samples == (0, 0):
            return axis == 0
        return self.samples is not None and self.batch is not None and symbol in symbols_of(self.batch)

    def adopt(self, specs: Iterable[InputSpec], place: Place | None = None) -> None:
        """Give a Sequential model that declares no input shape those of its first call, or those said at a place."""
        # The calls of the layers may still be to come.
        first = self.layers[0].nodes[0] if self.layers and self.layers[0].nodes else None
        for spec in specs:
            own = InputSpec(spec.shape, spec.dtype)
            source = Node(Layer("input", None, type_name="InputLayer", spec=own, place=place))
            self.inputs.append(source)
            self.layers.insert(0, source.layer)
            if first is not None:
                first.inputs = (Tensor(source),)
        self._order = None

    def models(self) -> Iterator[Graph]:
        """This model and all within it."""
        yield self
        for layer in self.layers:
            if layer.graph is not None:
                yield from layer.graph.models()

    def take_apart(self) -> None:
        """Let go of all calls, once nobody asks any more. Layers and calls hold one another, which keeps a graph in
        memory until a garbage collector finds it.
        """
        for graph in self.models():
            for layer in graph.layers:
                layer.nodes = []

    def order(self) -> Order:
        """The order in which Keras lists and runs the graph; see `cnnsum.graph.order.Order`."""
        if self._order is None:
            from cnnsum.graph.order import order

            self._order = order(self)
        return self._order
