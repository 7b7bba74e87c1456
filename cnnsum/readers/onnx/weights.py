"""Which node of an ONNX file has which of the tensors that the file holds for its weight.

A floating-point tensor with axes is a parameter, and so is a whole one that stands for such. The first node that
reads one owns it, the others borrow it. What only says what a node does (the scales of a `Resize`, the bounds of a
`Clip`), by itself or through nodes whose numbers end there, is not one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cnnsum.graph.model import Layer
from cnnsum.layers.base import LayerType
from cnnsum.layers.facts import Weight
from cnnsum.readers.onnx.values import TensorValue
from cnnsum.typed import NamedTuple

FLOATS = ("float64", "float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2")
#: What weights are quantized to.
_SMALL = frozenset(("int8", "uint8", "int4", "uint4", "int2", "uint2"))
#: Inputs that training does not change, though they are weights: those of moving statistics.
_STATISTICS = {"ai.onnx.BatchNormalization": (3, 4)}


def named(name: str) -> str:
    """The name that the file has for a tensor, without what tells calls of a function apart."""
    return name.partition("\0")[0]


def is_weight(value: TensorValue) -> bool:
    """Whether a tensor is a weight whoever reads it, and no constant."""
    return bool(value.shape) and value.dtype in FLOATS


def plain_weight(name: str, value: TensorValue) -> Weight | None:
    """That weight; None for a constant."""
    return Weight(named(name), value.shape, True, value.dtype) if is_weight(value) else None


class _Taken(NamedTuple):
    """A weight that a node reads, under the name that the file has for it."""

    layer: Layer
    source: str
    weight: Weight


class _Read(NamedTuple):
    """A node that reads what another makes. says: whether that only says what it does."""

    reader: Layer
    says: bool


class Owners:
    """Who reads what, as the nodes are read; who owns what, when all are."""

    def __init__(self) -> None:
        #: Names of the tensors of the file that some node reads.
        self.read: set[str] = set()
        self._taken: list[_Taken] = []
        self._reads: dict[Layer, list[_Read]] = {}

    def gives(self, maker: Layer, reader: Layer, type: LayerType | None, at: int) -> None:
        """Note that a node reads what another makes, as the input at that place."""
        self._reads.setdefault(maker, []).append(_Read(reader, _only_says(type, at)))

    def takes(self, layer: Layer, source: str, value: TensorValue, type: LayerType | None, at: int) -> bool:
        """Note that a node reads a tensor of the file; whether that is a weight."""
        self.read.add(source)
        weight = _weight(source, value, type, at)
        if weight is not None:
            self._taken.append(_Taken(layer, source, weight))
        return weight is not None

    def holds(self, layer: Layer, weight: Weight) -> None:
        """Note a weight that a node has in itself."""
        self._taken.append(_Taken(layer, f"{weight.name}\0{len(self._taken)}", weight))

    def assign(self, layers: Sequence[Layer], outputs: Iterable[Layer]) -> None:
        """Give each weight to the first layer that reads it, and lend it to the others."""
        settled = self._settled(layers, set(outputs))
        owners: dict[str, Layer] = {}
        for layer, source, weight in self._taken:
            if layer in settled:
                continue
            owner = owners.get(source)
            if owner is None:
                owners[source] = layer
                layer.owned = (*(layer.owned or ()), weight)
            elif owner is not layer:
                layer.borrows = (*layer.borrows, (owner, weight))

    def _settled(self, layers: Sequence[Layer], outputs: set[Layer]) -> set[Layer]:
        """The nodes whose numbers end in what others do."""
        found: set[Layer] = set()
        for layer in reversed(layers):
            reads = self._reads.get(layer, ())
            if reads and layer not in outputs and all(one.says or one.reader in found for one in reads):
                found.add(layer)
        return found


def _only_says(type: LayerType | None, at: int) -> bool:
    """Whether the input at that place is not data of the operation, but says what it does."""
    return type is not None and at < len(type.schema.inputs) and type.schema.inputs[at] in type.settings


def _weight(source: str, value: TensorValue, type: LayerType | None, at: int) -> Weight | None:
    """The weight that a tensor of the file is for who reads it as the input at that place.

    Types name their weights where these may be whole; nothing trains those, nor their scales.
    """
    if _only_says(type, at):
        return None
    found = plain_weight(source, value)
    if found is not None:
        is_fixed = type is not None and (at in _STATISTICS.get(type.key, ()) or bool(type.weights))
        return found._replace(trainable=not is_fixed)
    if type is None:
        # Of what is not known, a matrix of few bits is one.
        stands_for = len(value.shape) > 1 and value.dtype in _SMALL
    else:
        stands_for = at < len(type.schema.inputs) and type.schema.inputs[at] in type.weights
    return Weight(named(source), value.shape, False, value.dtype) if value.shape and stands_for else None
