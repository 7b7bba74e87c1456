"""Counting elements and bytes of tensors at a batch size, and the work of calls per sample.

A batch is a symbol in every shape; here it gets its number. All counts are exact, or formulas, or UNKNOWN.
"""

from __future__ import annotations

from cnnsum.dims import UNKNOWN, Dim, Expr, ceil_div, prod, substitute
from cnnsum.layers.facts import Facts, Shape
from cnnsum.typed import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnnsum.graph.infer import Call

#: Bits per element; `bool` takes a byte, as it does in every framework.
BITS = {
    "float64": 64,
    "float32": 32,
    "float16": 16,
    "bfloat16": 16,
    "float8_e4m3fn": 8,
    "float8_e5m2": 8,
    "int64": 64,
    "int32": 32,
    "int16": 16,
    "int8": 8,
    "int4": 4,
    "uint64": 64,
    "uint32": 32,
    "uint16": 16,
    "uint8": 8,
    "uint4": 4,
    "bool": 8,
    "complex64": 64,
    "complex128": 128,
}


def bytes_of(elements: Dim, dtype: str) -> Dim:
    """Bytes of that many elements, packed; UNKNOWN for a dtype of no fixed size.

    >>> bytes_of(3, "float32"), bytes_of(3, "int4")
    (12, 2)
    """
    bits = BITS.get(dtype)
    if bits is None:
        return UNKNOWN
    return elements * (bits // 8) if bits % 8 == 0 else ceil_div(elements * bits, 8)


class Counter:
    """Counts at one batch size. `symbol` is the batch's symbol in the shapes, or the number that the file fixes.

    `batch` is a number, or the symbol itself, where the counts are to be formulas in it.
    """

    __slots__ = ("_inner", "batch", "symbol")

    def __init__(self, symbol: Dim | None, batch: Dim) -> None:
        self.symbol = symbol
        self.batch = batch
        self._inner: dict[tuple[Facts, str], Dim] = {}

    def elements(self, shape: Shape | None) -> Dim:
        """Elements of a tensor of this shape, with the batch put in."""
        if shape is None:
            return UNKNOWN
        if not shape:
            return 1
        rest = prod(shape[1:])
        if shape[0] == self.symbol and isinstance(rest, int):
            return rest * self.batch
        return self.fill(shape[0] * rest)

    def fill(self, dim: Dim) -> Dim:
        """A count with the batch put in."""
        if isinstance(dim, Expr) and isinstance(self.symbol, Expr):
            return substitute(dim, {str(self.symbol): self.batch})
        return dim

    def bytes(self, shape: Shape | None, dtype: str) -> Dim:
        """Bytes of a tensor of this shape and dtype, with the batch put in."""
        return bytes_of(self.elements(shape), dtype)

    def inner(self, facts: Facts, dtype: str) -> Dim:
        """Bytes of the tensors inside a call that computes in this dtype; counted once for calls that share facts."""
        found = self._inner.get((facts, dtype))
        if found is None:
            found = 0
            for shape in facts.scratch:
                found = found + self.bytes(shape, dtype)
            self._inner[facts, dtype] = found
        return found


class Cost(NamedTuple):
    """Work per sample, of each call of a layer. FLOPs are twice the MACs plus the elementwise operations."""

    macs: Dim
    ops: Dim

    @property
    def flops(self) -> Dim:
        """Floating-point operations."""
        return 2 * self.macs + self.ops


def cost_of(calls: list[Call]) -> Cost:
    """The work of some calls together."""
    if len(calls) == 1:
        facts = calls[0].facts
        return Cost(facts.macs, facts.ops)
    macs: Dim = 0
    ops: Dim = 0
    for call in calls:
        macs = macs + call.facts.macs
        ops = ops + call.facts.ops
    return Cost(macs, ops)
