"""What readers of programs have in common, whose weights are tensors of the file: numbers in them, weights that nothing
reads, operations that nobody knows, other sizes of the inputs.

Knows no format.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod

from cnnsum.diagnostics import Diagnostic, UnusableError
from cnnsum.graph.model import Graph, InputSpec, Layer, Tensor
from cnnsum.graph.names import Names
from cnnsum.layers.base import LayerType
from cnnsum.layers.facts import Weight
from cnnsum.readers.how import How
from cnnsum.readers.override import replace_inputs
from cnnsum.source import Document
from cnnsum.typed import NamedTuple, TypeVar

S = TypeVar("S")

#: Numbers of a tensor that are followed.
MOST_NUMBERS = 64
#: Tensors that a message names.
_MOST_SHOWN = 3

#: How the bytes of a tensor hold numbers of each dtype.
_PACKED = {
    "float32": "f",
    "float64": "d",
    "float16": "e",
    "bfloat16": "H",
    "int8": "b",
    "int16": "h",
    "int32": "i",
    "int64": "q",
    "uint8": "B",
    "uint16": "H",
    "uint32": "I",
    "uint64": "Q",
    "bool": "?",
}


class OnSizes(NamedTuple):
    """Operations that a program computes sizes with.

    sizes: those that give the sizes of a tensor. kept: those that give no more numbers than they are given. to_length:
    those that are given a length, which count where it is not computed.
    """

    sizes: frozenset[str]
    kept: frozenset[str]
    to_length: frozenset[str]

    def counted(self, name: str, layer: Layer, inputs: Sequence[Tensor], known: Callable[[], bool]) -> bool:
        """Whether a call gives nothing but numbers that are computed from sizes. known: whether the numbers of all its
        constants are.
        """
        if layer.type is None or layer.owned or layer.borrows:
            return False
        if name in self.sizes:
            return True
        if name not in self.kept and (inputs or name not in self.to_length):
            return False
        return all(tensor.node.layer.counts_sizes for tensor in inputs) and known()


def malformed(document: Document, message: str, path: tuple[str | int, ...]) -> UnusableError:
    """The error for a file that is not as its format has it."""
    return UnusableError(Diagnostic("SPC079", message, document.span(path)))


def is_packed(dtype: str) -> bool:
    """Whether numbers of that dtype can be read."""
    return dtype in _PACKED


def unpacked(raw: bytes, shape: tuple[int, ...], dtype: str) -> tuple[int | float, ...] | None:
    """The numbers of a tensor, row by row, the lowest byte of each first; None where they are too many, or no such."""
    count, code = prod(shape), _PACKED.get(dtype)
    if count > MOST_NUMBERS or code is None or len(raw) != count * struct.calcsize(code):
        return None
    found: tuple[int | float, ...] = struct.unpack(f"<{count}{code}", raw)
    if dtype == "bfloat16":  # the upper half of a float32
        return tuple([struct.unpack("<f", struct.pack("<I", int(one) << 16))[0] for one in found])
    return tuple(map(short, found)) if dtype == "float32" else found


def short(number: float) -> float:
    """The shortest decimal number that is this one in 32 bits, which is what somebody wrote.

    >>> short(0.699999988079071)
    0.7
    """
    for digits in range(6, 9):
        found = float(f"{number:.{digits}g}")
        try:
            if struct.unpack("<f", struct.pack("<f", found))[0] == number:
                return found
        except OverflowError:
            break
    return number


def slots(type: LayerType | None, inputs: Iterable[S | None]) -> tuple[list[tuple[int, S]], tuple[str, ...]]:
    """The inputs of a call that are there, each with its place, and the keywords of the last ones.

    None stands for one that is left out: what follows it is given by name, where the type has as many inputs.
    """
    known = () if type is None else type.schema.inputs
    many = type is None or type.schema.most is None
    placed: list[tuple[int, S]] = []
    named: list[tuple[int, S]] = []
    gap = False
    for at, one in enumerate(inputs):
        if one is None:
            gap = True
        elif gap and not many and at < len(known):
            named.append((at, one))
        else:
            placed.append((at, one))
    return placed + named, tuple([known[at] for at, _ in named])


def free_name(names: Names, name: str, type: str) -> str:
    """The name, or the name with the first number that makes it new."""
    if name in names.taken:
        return names.automatic(type, f"{name}/")
    names.taken.add(name)
    return name


def give_outputs(graph: Graph, tensors: Iterable[Tensor | None], last: Tensor | None) -> None:
    """Name what a program gives; the last that it makes where it says nothing of that. Such a call has a row."""
    for found in tensors:
        if found is not None:
            graph.outputs.append(found)
            found.node.layer.counts_sizes = False
    if not graph.outputs and last is not None:
        graph.outputs.append(last)


def own_the_rest(graph: Graph, weights: Sequence[Weight]) -> None:
    """Give weights that no operation reads to the last layer: they are in the file all the same."""
    last = next((layer for layer in reversed(graph.layers) if layer.spec is None), None)
    if last is not None and weights:
        last.owned = (*(last.owned or ()), *[one._replace(read=False) for one in weights])
        last.key = (*last.key, last.owned)


def nothing_reads(names: Sequence[str]) -> str:
    """That nothing reads some tensors of a file, the first of which are named.

    >>> nothing_reads(["a", "b", "c", "d"])
    'nothing reads `a`, `b`, `c` and 1 more'
    """
    more = len(names) - _MOST_SHOWN
    shown = ", ".join([f"`{name}`" for name in names[:_MOST_SHOWN]])
    return f"nothing reads {shown}" + (f" and {more:,} more" if more > 0 else "")


def say_unknown(
    graph: Graph, document: Document, counts: Mapping[str, int], first: Sequence[tuple[str | int, ...]]
) -> None:
    """Warn of each operation without a rule, once. counts: how often each is met; first: the path of its first one."""
    for (shown, count), path in zip(counts.items(), first, strict=True):
        times = "" if count == 1 else f" ({count:,} times)"
        message = f"unknown operation `{shown}`{times}; what it gives is taken from the file, its work is not known"
        graph.diagnostics.append(Diagnostic("UNK701", message, document.span(path), "warning"))


def resize(graph: Graph, how: How) -> None:
    """Do what the caller asks of sizes. What the file records of others then counts for nothing."""
    before = [node.layer.spec for node in graph.inputs]
    replace_inputs(graph, how)
    if not (how.inputs or how.settings or how.free):
        return
    graph.resized = True
    graph.recorded.clear()
    if all(_goes_on(old, node.layer.spec) for old, node in zip(before, graph.inputs, strict=False)):
        return
    for layer in graph.layers:
        for call in layer.nodes:
            if call.claim is not None:
                call.claim = call.claim._replace(outputs=(None,) * len(call.claim.outputs))


def _goes_on(old: InputSpec | None, new: InputSpec | None) -> bool:
    """Whether an input has the sizes that the file fixes, whatever those became that it leaves open."""
    if old is None or new is None or len(old.shape) != len(new.shape):
        return old is new
    return all(a == b for a, b in zip(old.shape, new.shape, strict=True) if isinstance(a, int))
