"""What a layer's rule says about one call of the layer: `Facts`, the only thing that analyses read.

Knows dims and nothing else: no files, no graphs, no batch size. A shape is a tuple of dims, batch axis first.
Work is counted per call of the given shapes with the first axis left out, so it is work per sample where that is the
batch; where it is not (windows of an image folded into it, the steps of a sequence) inference makes it so.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnnsum.dims import UNKNOWN, Dim, is_anonymous, prod
from cnnsum.typed import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias, TypeVar

if TYPE_CHECKING:
    from cnnsum.dims.values import Operand
    from cnnsum.layers.strides import Strides

Shape = tuple[Dim, ...]
T = TypeVar("T")

# Words with a meaning: mypy holds the rules to them, and `readers.guarded` those of plugins. `Facts` and its parts say
# what each of them stands for.
Alias = Literal["", "view", "bypass", "inplace"]
Gradient = Literal["", "same", "parts", "none"]
KeepsInput = bool | Literal["weights", "factors", "rest"] | tuple[tuple[int, ...], ...]
KeepsOutput = bool | Literal["weights", "rest", "first"]
Use = Literal["", "weights", "inputs", "activation"]
Seen = Literal["everything", "not followed"]
Status = Literal["exact", "bound", "unknown"]
Layout = Literal["channels_last", "channels_first"]
Relation = Literal["==", ">=", "%", "broadcast"]


#: The numbers in a tensor, row by row: whole ones, floats, fractions of formulas, truth values; UNKNOWN among them.
Content: TypeAlias = "tuple[Operand, ...]"


class Constant(tuple[Dim, ...]):  # noqa: SLOT001 - a tuple can have no slots of its own
    """The shape of an input whose numbers a rule reads (`LayerType.reads`), with these numbers, row by row.

    They are those of a constant, or what the program computed from sizes (`Facts.contents`). within: the least and the
    greatest of them, where no more is known (`Facts.within`).
    """

    numbers: Content = ()
    within: tuple[Dim, Dim] | None = None
    dtype: str = ""


def within(x: Shape | None) -> tuple[Dim, Dim] | None:
    """The least and the greatest of the numbers in a tensor, where that is known of it (`Facts.within`)."""
    return x.within if isinstance(x, Constant) else None


class Weight(NamedTuple):
    """A weight: `dtype` None means the layer's variable dtype, "int" the integer that Keras's backend makes of it.

    cast: whether a layer that computes in another dtype than its variables have casts it for each use; normalisations
        do not.
    buffer: whether it is not a parameter, but state that is stored with them (PyTorch's buffers): never trained, and
        counted apart.
    read: whether any operation reads it where gradients are asked for; else it has none.
    place: which input of its layer's call it is, -1 for none, or where that is not known.
    one: what it is one with, where a file says that: weights with an equal one are one tensor, whichever layers have
        them; a layer and the name of a weight stand for that layer's own.
    """

    name: str
    shape: Shape
    trainable: bool = True
    dtype: str | None = None
    cast: bool = True
    buffer: bool = False
    read: bool = True
    place: int = -1
    one: tuple[object, str] | None = None


class Kept(NamedTuple):
    """A tensor that backpropagation keeps, other than an input or an output of the layer.

    `dtype` None means the layer's compute dtype. The shape begins with the batch axis, except where `batched` is False:
    a tensor that all samples share (the statistics of a batch). `use` is "weights" for a tensor that only the gradients
    of the layer's weights are made of: frozen, the layer does not keep it; "inputs" for one that only the gradients of
    inputs are made of; "activation" for one that is for the layer's
    activation alone, whose gradient comes before all else.
    """

    name: str
    shape: Shape
    dtype: str | None = None
    batched: bool = True
    use: Use = ""


class Window(NamedTuple):
    """How one output position along one spatial axis sees input positions.

    Output `i` reads inputs `i * stride - before + dilation * j` for `j` in `0 .. size - 1`, in an input whose positions
    are first spread `up` apart (transposed convolution, upsampling).
    """

    size: Dim
    stride: Dim = 1
    dilation: Dim = 1
    before: Dim = 0
    up: Dim = 1


#: `Facts.window` of a layer whose every output sees the whole input along all spatial axes.
EVERYTHING: Final = "everything"

#: `Facts.window` of a layer whose outputs see what nobody follows: other positions than their own, and not all of them.
NOT_FOLLOWED: Final = "not followed"


class Turn:
    """`Facts.window` of a layer that puts the axes in another order: which axis of the input each axis is, from 0."""

    __slots__ = ("order",)

    def __init__(self, order: tuple[int, ...]) -> None:
        self.order = order

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Turn) and self.order == other.order

    def __hash__(self) -> int:
        return hash(self.order)


#: How far outputs see, as `Facts.window` says it.
Reach = tuple[Window, ...] | Turn | Seen | None


def turned(order: tuple[int, ...]) -> Turn | None:
    """What a layer that puts the axes in this order sees; None where it leaves them as they are."""
    return None if order == tuple(range(len(order))) else Turn(order)


def seen_along(x: tuple[Dim, ...], places: tuple[int, ...], layout: Layout | None = None) -> Seen | None:
    """What an output sees that is made of all elements along these axes of `x`, whose channels are where the layout
    says, or the last axis.

    >>> seen_along((1, 8, 8, 3), (3,)), seen_along((1, 8, 8, 3), (1, 2)), seen_along((1, 8, 8, 3), (1,))
    (None, 'everything', 'not followed')
    >>> seen_along((1, 3, 8, 8), (3,), "channels_first"), seen_along((1, 3, 8, 8), (1,), "channels_first")
    ('not followed', None)
    """
    spatial = set(range(2, len(x)) if layout == "channels_first" else range(1, len(x) - 1))
    if spatial.isdisjoint(places):
        return None if 0 not in places else NOT_FOLLOWED
    return EVERYTHING if spatial.issubset(places) else NOT_FOLLOWED


class Facts:
    """What one call of a layer gives, holds, costs and keeps.

    outputs: a shape per output.
    weights: the layer's weights, in Keras's order.
    macs: multiply-accumulates per sample (convolutions, products of matrices).
    ops: elementwise operations per sample (bias, normalisation, activation, pooling, addition).
    rows: what `macs` and `ops` have left out: None for the size of the first output's first axis, 1 for nothing (a sum
        over the first axis).
    repeats: how often a sample needs what the rule counted, put in by inference: `macs` and `ops` are that many times
        the rule's own.
    keeps_input, keeps_output: whether backpropagation needs all the inputs, or the outputs; "weights" where only the
        gradients of the layer's weights do, "factors" where each input is needed for the gradients of the others, and
        "rest" for all but the first (the indices of maxima), "first" for that alone. Or for each input those whose
        gradients need it: of a quotient `((1,), (0, 1))`. Inference counts them as the inputs that the call has,
        weights as `~place`.
    kept: further tensors that it needs.
    alias: "" for outputs with storage of their own; "view" where the output is the input's storage; "bypass" where
        that is so in inference, and training makes a new tensor (dropout, noise); "inplace" where the output may be
        written over an input of its shape and dtype, if nothing else reads that.
    gradient: how the gradients of the inputs are made from that of the output: "" each a tensor of its own; "same" it
        is that of every input of the output's shape; "parts" they are parts of it; "none" the layer has no gradient.
    activated: whether the last step is an activation, through which the gradient passes as a tensor of its own.
    scratch: shapes of inner tensors alive while the layer runs, in the compute dtype.
    window: per spatial axis how far an output sees; None for a layer that works position by position; a Turn for one
        that puts the axes in another order; EVERYTHING; NOT_FOLLOWED.
    dtype: of the outputs: None for the layer's compute dtype, or a name, or how the inputs' give it, as
        `cnnsum.graph.promotion.dtype_of_result` says: "input" for their promoted one, "float" for the same made
        floating-point (a division of integers), and more.
    rest: the dtype of all outputs but the first, where it is another (the indices of `TopK`), or that of each of them.
    contents: the numbers in each output, where the rule knows them; None where it does not.
    within: the least and the greatest of the whole numbers in the first output, of which both are in it: of a range
        that is as long as an axis. Inference hands it on to views of all elements.
    claimed: whether an output is known by the file's word alone, put in by inference.
    strides: how outputs lie in memory, and in what form inputs are kept, where the framework has views that do not lie
        row by row; None where nothing is said of it.
    needs: what could not be decided about symbolic dims; filled by the caller of the rule.
    status: "exact", "bound" or "unknown".
    """

    __slots__ = (
        "activated",
        "alias",
        "claimed",
        "contents",
        "dtype",
        "gradient",
        "keeps_input",
        "keeps_output",
        "kept",
        "macs",
        "needs",
        "ops",
        "outputs",
        "repeats",
        "rest",
        "rows",
        "scratch",
        "status",
        "strides",
        "weights",
        "window",
        "within",
    )

    def __init__(
        self,
        *outputs: Shape | None,
        weights: tuple[Weight, ...] = (),
        macs: Dim = 0,
        ops: Dim = 0,
        keeps_input: KeepsInput = False,
        keeps_output: KeepsOutput = False,
        kept: tuple[Kept, ...] = (),
        alias: Alias = "",
        gradient: Gradient = "",
        activated: bool = False,
        scratch: tuple[Shape, ...] = (),
        window: Reach = None,
        dtype: str | None = None,
        rest: str | tuple[str, ...] | None = None,
        rows: Dim | None = None,
        contents: tuple[Content | None, ...] = (),
        status: Status = "exact",
        strides: Strides | None = None,
    ) -> None:
        self.outputs = outputs
        self.rows = rows
        self.repeats: Dim = 1
        self.rest = rest
        self.contents = contents
        self.claimed = False
        self.weights = weights
        self.macs = macs
        self.ops = ops
        self.keeps_input = keeps_input
        self.keeps_output = keeps_output
        self.kept = kept
        self.alias = alias
        self.gradient = gradient
        self.activated = activated
        self.scratch = scratch
        self.window = window
        self.dtype = dtype
        self.status = status
        self.strides = strides
        self.within: tuple[Dim, Dim] | None = None
        self.needs: tuple[Need, ...] = ()

    def kept_outputs(self, outputs: Sequence[T]) -> Sequence[T]:
        """Those of a call's outputs that backpropagation needs, if it needs any."""
        if self.keeps_output == "first":
            return outputs[:1]
        return outputs[1:] if self.keeps_output == "rest" else outputs

    @property
    def has_known_weights(self) -> bool:
        """Whether the shape of every weight is known: of a layer of which nothing else is, the file may have them."""
        return not any(dim is UNKNOWN for weight in self.weights for dim in weight.shape)


def unknown_facts(*outputs: Shape | None, weightless: bool = False, dtype: str | None = None) -> Facts:
    """The facts of a layer that failed, is not supported, or whose input is not known.

    outputs, dtype: what it gives all the same, as far as that is known. `weightless` says that the layer's type has no
    weights at all, so that its count is known to be 0.
    """
    weights = () if weightless else (Weight("?", (UNKNOWN,)),)
    return Facts(*outputs or (None,), weights=weights, macs=UNKNOWN, ops=UNKNOWN, dtype=dtype, status="unknown")


class Sentence(NamedTuple):
    """A text with sizes and shapes in it, which are written when it is asked for: of formulas that is long work to do
    for nothing.

    text: with `{}` for each of the parts. parts: shapes, sizes and texts.
    """

    text: str
    parts: tuple[Shape | Dim | str, ...]

    def __str__(self) -> str:
        return self.text.format(*map(_show, self.parts))


class Need(NamedTuple):
    """A condition on symbolic dims that could not be decided: the network is legal only where it holds.

    relation: "==" (left equals right), ">=" (left is at least right), "%" (left is a multiple of right), "broadcast"
    (left equals right, or one of the two is 1).
    asks: what needs it, in words. field: of the layer, where it is the field that makes the condition. inputs: the
    inputs of the call whose dims are left and right, where there are several.
    """

    relation: Relation
    left: Dim
    right: Dim
    asks: str | Sentence
    field: str = ""
    inputs: tuple[int, ...] = ()

    @property
    def reason(self) -> str:
        """What needs it, written out."""
        return str(self.asks)


def size(shape: Shape) -> Dim:
    """Elements of a shape per sample: the product of all dims but the first."""
    return prod(shape[1:])


def less(count: Dim, taken: Dim) -> Dim:
    """A count less another, and not below 0 where both are numbers: an axis may have no elements."""
    left = count - taken
    return max(left, 0) if isinstance(left, int) else left


def show_shape(x: Shape) -> str:
    """A shape as messages write it: `(None, 32, 32, 3)`.

    >>> show_shape((2, 3))
    '(2, 3)'
    """
    return "(" + ", ".join(map(_show_dim, x)) + ("," if len(x) == 1 else "") + ")"


def with_shape(text: str, got: Shape) -> Sentence:
    """What is needed, and the shape that there is instead."""
    return Sentence("{}, got {}", (text, got))


def _show(part: Shape | Dim | str) -> str:
    if isinstance(part, tuple):
        return show_shape(part)
    if isinstance(part, str):
        return part
    return "None" if is_anonymous(part) else str(part)  # by itself also what follows from an open axis is None


def _show_dim(dim: Dim) -> str:
    """A size as messages write it: an open axis is None, what follows from one is its formula."""
    text = str(dim)
    return "None" if text.isidentifier() and is_anonymous(dim) else text
