"""Random networks that are sound for the most part, of all layer types; no format yet.

Sizes are followed as far as it is easy, so that a network goes on after most layers; what is followed wrongly makes a
network that is refused, which is a case as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any, NamedTuple

from cnnsum.layers.base import REQUIRED, Field, LayerType
from cnnsum.layers.vocabulary import KERAS, Vocabulary

Shape = tuple[int, ...]


@dataclass
class Node:
    """One call of a new layer. type: the key of its type; reads: names of the layers that it reads."""

    name: str
    type: str
    fields: dict[str, Any]
    reads: list[str]
    share: str | None = None

    @property
    def module(self) -> str:
        """The module that Keras has the class in."""
        return self.type.rpartition(".")[0] or "keras.layers"


@dataclass
class Net:
    """A network. vocabulary: whose types it has. inputs: shapes without the batch axis, and dtypes."""

    vocabulary: Vocabulary = KERAS
    inputs: dict[str, tuple[Shape, str]] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    shapes: dict[str, Shape | None] = field(default_factory=dict)

    @property
    def chain(self) -> bool:
        """Whether every layer reads the one before it, and nothing is shared."""
        before = next(iter(self.inputs))
        for node in self.nodes:
            if node.reads != [before] or node.share is not None:
                return False
            before = node.name
        return len(self.inputs) == 1


@cache
def layer_types(vocabulary: Vocabulary = KERAS) -> dict[str, LayerType]:
    """Every type of cnnsum by its key, in an order that does not depend on what was loaded before."""
    found = {type.key: type for type in vocabulary.all_types().values() if type.rule.__module__.startswith("cnnsum.")}
    return dict(sorted(found.items()))


ACTIVATIONS = ("linear", "relu", "tanh", "softmax", "gelu", "sigmoid", None)
_INNER: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Dense", {"units": 3}),
    ("Conv2D", {"filters": 2, "kernel_size": 1}),
    ("LSTM", {"units": 2}),
    ("GRU", {"units": 2, "return_sequences": True}),
    ("Dropout", {"rate": 0.1}),
    ("LSTMCell", {"units": 3}),
    ("Flatten", {}),
)


class Inner:
    """A layer in a field of another: every format writes it in its own way."""

    def __init__(self, type: str, fields: dict[str, Any]) -> None:
        self.type = type
        self.fields = fields


def value_of(spec: Field, chance: Random) -> Any:
    """A value that the kind of a field takes for good, for the most part."""
    kind = spec.kind
    expects = kind.expects
    if spec.optional and chance.random() < 0.2:
        return None
    if kind.choices:
        return chance.choice(kind.choices)
    few = chance.randint(1, 4)
    if expects == "true or false":
        return chance.random() < 0.5
    if "activation" in expects:
        return chance.choice(ACTIVATIONS)
    if expects.startswith("a layer"):
        inner = Inner(*chance.choice(_INNER))
        return [inner] if "list" in expects and chance.random() < 0.3 else inner
    if expects == "a list of layers":
        return [Inner(*chance.choice(_INNER)) for _ in range(few % 3 + 1)]
    if "from 0 to 1" in expects:
        return chance.choice((0, 0.1, 0.5, 1))
    if "quantization" in expects:
        return chance.choice(("int8", "int4", "float8", "int4/128", "gptq/4/128"))
    if expects == "a text":
        return chance.choice(("abc,cd->abd", "a", "ij,jk->ik", "...x,xy->...y"))
    if expects == "any value":
        return chance.choice((None, 1, 0.5, True, "x", [1, 2], {"a": 1}))
    if expects == "a number":
        return chance.choice((0, 1, 0.5, -1.5, 1e-3))
    low = 0 if "at least 0" in expects else -2 if "axis" in expects or expects == "an integer" else 1
    number = chance.randint(low, 4)
    lists = {"two": 2, "three": 3, "pair": 2}
    count = next((size for word, size in lists.items() if word in expects), few if "list" in expects else 0)
    if count and (expects.startswith("a list") or chance.random() < 0.4):
        return [chance.randint(low, 4) for _ in range(count)]
    return number


def fields_of(type: LayerType, chance: Random, much: float = 0.3) -> dict[str, Any]:
    """Fields of a type: those that it needs, and some of the others."""
    return {
        name: value_of(spec, chance)
        for name, spec in type.schema.fields.items()
        if spec.default is REQUIRED or chance.random() < much
    }


# --- layers whose sizes are followed ----------------------------------------------------------------------------------

Step = tuple[str, dict[str, Any], "Shape | None"]


def _window(size: int, kernel: int, stride: int, padding: str) -> int:
    return -(-size // stride) if padding == "same" else -(-(size - kernel + 1) // stride)


def _convolution(shape: Shape, chance: Random) -> Step:
    rank = len(shape) - 1
    kernel, stride = chance.choice((1, 1, 2, 3, 3, 5)), chance.choice((1, 1, 1, 2, 3))
    padding = chance.choice(("same", "same", "valid"))
    fields: dict[str, Any] = {"kernel_size": kernel, "strides": stride, "padding": padding}
    if chance.random() < 0.2:
        fields["kernel_size"] = [kernel] * rank
    if chance.random() < 0.3:
        fields["activation"] = chance.choice(ACTIVATIONS)
    if chance.random() < 0.3:
        fields["use_bias"] = chance.random() < 0.5
    kind = chance.choice(("Conv", "Conv", "Conv", "DepthwiseConv", "SeparableConv", "ConvTranspose"))
    if rank == 3 and kind != "ConvTranspose":
        kind = "Conv"
    filters = chance.choice((1, 2, 4, 8, 16))
    if kind == "DepthwiseConv":
        filters = shape[-1]
    else:
        fields["filters"] = filters
    if kind == "Conv" and chance.random() < 0.15:
        fields["groups"] = chance.choice((1, 2, shape[-1]))
    if kind == "ConvTranspose":
        sizes = [size * stride if padding == "same" else (size - 1) * stride + kernel for size in shape[:-1]]
        return f"Conv{rank}DTranspose", fields, (*sizes, filters)
    sizes = [_window(size, kernel, stride, padding) for size in shape[:-1]]
    return f"{kind}{rank}D", fields, (*sizes, filters)


def _pooling(shape: Shape, chance: Random) -> Step:
    rank, size = len(shape) - 1, chance.choice((1, 2, 2, 3))
    padding = chance.choice(("valid", "same"))
    fields: dict[str, Any] = {"pool_size": size, "padding": padding}
    sizes = [_window(one, size, size, padding) for one in shape[:-1]]
    return f"{chance.choice(('Max', 'Average'))}Pooling{rank}D", fields, (*sizes, shape[-1])


def _collapse(shape: Shape, chance: Random) -> Step:
    rank = len(shape) - 1
    if chance.random() < 0.5:
        total = 1
        for size in shape:
            total *= size
        return "Flatten", {}, (total,)
    return f"Global{chance.choice(('Max', 'Average'))}Pooling{rank}D", {}, (shape[-1],)


def _same(shape: Shape, chance: Random) -> Step:
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("BatchNormalization", {}),
        ("LayerNormalization", {}),
        ("Dropout", {"rate": 0.25}),
        ("ReLU", {}),
        ("ReLU", {"max_value": 6}),
        ("LeakyReLU", {"negative_slope": 0.2}),
        ("PReLU", {}),
        ("Activation", {"activation": chance.choice(ACTIVATIONS[:-1])}),
        ("Identity", {}),
        ("Rescaling", {"scale": 0.5}),
    ]
    return *chance.choice(kinds), shape


def _dense(shape: Shape, chance: Random) -> Step:
    units = chance.choice((1, 2, 3, 8, 10))
    fields: dict[str, Any] = {"units": units}
    if chance.random() < 0.5:
        fields["activation"] = chance.choice(ACTIVATIONS)
    return "Dense", fields, (*shape[:-1], units)


def _reshape(shape: Shape, chance: Random) -> Step:
    total = 1
    for size in shape:
        total *= size
    match chance.randrange(4):
        case 0:
            return "Reshape", {"target_shape": [total // shape[-1], shape[-1]]}, (total // shape[-1], shape[-1])
        case 1:
            return "Reshape", {"target_shape": [-1, shape[-1]]}, (total // shape[-1], shape[-1])
        case 2:
            order = list(range(1, len(shape) + 1))
            chance.shuffle(order)
            return "Permute", {"dims": order}, tuple(shape[axis - 1] for axis in order)
        case _:
            return "Reshape", {"target_shape": [1, total]}, (1, total)


def _border(shape: Shape, chance: Random) -> Step:
    rank, amount = len(shape) - 1, chance.choice((1, 2))
    match chance.randrange(3):
        case 0:
            return f"ZeroPadding{rank}D", {"padding": amount}, (*(size + 2 * amount for size in shape[:-1]), shape[-1])
        case 1:
            sizes = (*(size - 2 * amount for size in shape[:-1]), shape[-1])
            return f"Cropping{rank}D", {"cropping": amount}, sizes
        case _:
            return f"UpSampling{rank}D", {"size": amount}, (*(size * amount for size in shape[:-1]), shape[-1])


def _sequence(shape: Shape, chance: Random) -> Step:
    units, steps = chance.choice((1, 3, 8)), chance.random() < 0.6
    kind = chance.choice(("LSTM", "GRU", "SimpleRNN"))
    fields: dict[str, Any] = {"units": units, "return_sequences": steps}
    return kind, fields, (shape[0], units) if steps else (units,)


def _vector(shape: Shape, chance: Random) -> Step:
    times = chance.choice((1, 2, 5))
    return "RepeatVector", {"n": times}, (times, *shape)


class Words(NamedTuple):
    """What networks are made of: the types of a framework, and those whose sizes are followed.

    steps: by the rank of what a layer reads, without the batch. same: for other ranks. merge: joins the last tensor
    with another, and says whether it did. stays: a type with one input that any network may have.
    """

    vocabulary: Vocabulary
    steps: dict[int, tuple[Callable[[Shape, Random], Step], ...]]
    same: Callable[[Shape, Random], Step]
    merge: Callable[[Net, str, Shape, str, Random], bool]
    stays: str = "Identity"


_STEPS: dict[int, tuple[Callable[[Shape, Random], Step], ...]] = {
    1: (_dense, _dense, _same, _vector, _reshape),
    2: (_convolution, _pooling, _sequence, _sequence, _dense, _same, _collapse, _border, _reshape),
    3: (_convolution, _convolution, _convolution, _pooling, _same, _same, _border, _collapse, _reshape, _dense),
    4: (_convolution, _pooling, _same, _border, _collapse),
}


def _merge(made: Net, last: str, shape: Shape, name: str, chance: Random) -> bool:
    """Merge the last tensor with another, attend over it, or call an earlier layer again."""
    equal = [other for other, one in made.shapes.items() if one == shape]
    kind = chance.choice(("Add", "Multiply", "Concatenate", "attention", "share", "operation", "Dot"))
    if kind == "attention" and len(shape) == 2:
        fields = {"num_heads": 2, "key_dim": chance.choice((2, 4))}
        others = [one for one, size in made.shapes.items() if size is not None and len(size) == 2]
        reads = [last, chance.choice(others), *chance.choices(others, k=chance.randrange(2))]
        type = chance.choice(("MultiHeadAttention", "Attention", "AdditiveAttention"))
        made.nodes.append(Node(name, type, fields if type == "MultiHeadAttention" else {}, reads))
        made.shapes[name] = shape if type == "MultiHeadAttention" else None
        return True
    if kind == "share":
        called = [node for node in made.nodes if node.share is None and made.shapes[node.reads[0]] == shape]
        called = [node for node in called if len(node.reads) == 1 and "." not in node.type]
        if called:
            node = chance.choice(called)
            made.nodes.append(Node(name, node.type, {}, [last], share=node.name))
            made.shapes[name] = made.shapes[node.name]
            return True
    if kind == "operation":
        operation = f"keras.src.ops.numpy.{chance.choice(('Add', 'Multiply', 'Subtract', 'Maximum'))}"
        made.nodes.append(Node(name, operation, {}, [last, chance.choice(equal)]))
        made.shapes[name] = shape
        return True
    if kind in ("Add", "Multiply"):
        reads = [last, *chance.choices(equal, k=chance.randint(1, 2))]
        broadcast = [one for one, size in made.shapes.items() if size and len(size) < len(shape)]
        if broadcast and chance.random() < 0.1:
            reads[-1] = chance.choice(broadcast)
        made.nodes.append(Node(name, kind, {}, reads))
        made.shapes[name] = shape
        return True
    if kind == "Concatenate":
        others = [one for one, size in made.shapes.items() if size is not None and size[:-1] == shape[:-1]]
        reads = [last, *chance.choices(others, k=chance.randint(1, 2))]
        made.nodes.append(Node(name, kind, {}, reads))
        made.shapes[name] = (*shape[:-1], sum((made.shapes[one] or (0,))[-1] for one in reads))
        return True
    return False


KERAS_WORDS = Words(KERAS, _STEPS, _same, _merge)


def net(chance: Random, most: int = 14, *, wild: float = 0.12, words: Words = KERAS_WORDS) -> Net:
    """A random network of up to `most` layers; `wild` is the part of layers that are of any type at all."""
    made = Net(words.vocabulary)
    rank = chance.choice((1, 2, 3, 3, 3, 3, 4))
    sizes = chance.choice(((8, 8, 8), (9, 12, 5), (32, 32, 32), (21, 21, 21), (64, 48, 32)))
    for number in range(1 if chance.random() < 0.8 else 2):
        channels = chance.choice((1, 3, 4, 8))
        shape = (channels, *sizes[: rank - 1]) if words.vocabulary.channels_first else (*sizes[: rank - 1], channels)
        dtype = "float32" if chance.random() < 0.95 else chance.choice(("float16", "int32", "bool", "uint8"))
        made.inputs[f"image{number or ''}"] = (shape, dtype)
        made.shapes[f"image{number or ''}"] = shape
    branches = chance.random() < 0.5 or len(made.inputs) > 1
    last = next(iter(made.inputs))
    for number in range(chance.randint(1, most)):
        if branches and chance.random() < 0.2:
            last = chance.choice(list(made.shapes))
        last = _add(made, last, number, chance, words, branches=branches, wild=wild)
    read = {name for node in made.nodes for name in node.reads}
    made.outputs = [node.name for node in made.nodes if node.name not in read] if branches else [last]
    if branches and chance.random() < 0.1:
        made.outputs = [chance.choice(made.nodes).name]
    return made


def _add(made: Net, last: str, number: int, chance: Random, words: Words, *, branches: bool, wild: float) -> str:
    shape = made.shapes[last]
    if shape is not None and any(size < 1 for size in shape):
        shape = None
    name = f"n{number}"
    if branches and shape is not None and chance.random() < 0.25:
        merged = words.merge(made, last, shape, name, chance)
        if merged:
            return name
    if shape is None or chance.random() < wild:
        type = chance.choice(list(layer_types(words.vocabulary).values()))
        schema = type.schema
        most = max(schema.least, min(3, schema.most if schema.most is not None else 3))
        reads = [last, *chance.choices(list(made.shapes), k=max(0, chance.randint(schema.least, most) - 1))]
        if not branches and len(reads) > 1:
            type, reads = layer_types(words.vocabulary)[words.stays], [last]
        made.nodes.append(Node(name, type.key, fields_of(type, chance), reads))
        made.shapes[name] = None
        return name
    kind, fields, after = chance.choice(words.steps.get(len(shape), (words.same,)))(shape, chance)
    made.nodes.append(Node(name, kind, fields, [last]))
    made.shapes[name] = after
    return name
