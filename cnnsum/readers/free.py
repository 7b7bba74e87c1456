"""Setting the sizes of inputs free: numbers that a file fixes become symbols, so that others can be asked about.

Loaded when a caller asks for it. Knows axes and names, and no file format.
"""

from __future__ import annotations

from collections.abc import Collection

from cnnsum.dims import Dim, Symbol
from cnnsum.graph.model import Freed, Graph, InputSpec
from cnnsum.readers.declare import AXES

#: What can be set free: sizes of images and lengths of sequences, channels, the batch, and what a spec declares of its
#: symbols (`min`, `multiple_of`).
KINDS = ("spatial", "channels", "batch", "declared")


def kind_of(axis: int, rank: int, dtype: str, *, channels_first: bool) -> str:
    """What an axis of an input is, counted with the batch axis: "batch", "spatial" or "channels".

    The axis of a list of whole numbers is a sequence (of words, say), that of any other vector its channels.
    """
    if axis == 0:
        return "batch"
    if rank == 2:
        return "spatial" if "int" in dtype else "channels"
    return "channels" if axis == (1 if channels_first else rank - 1) else "spatial"


def stem_of(axis: int, rank: int, kind: str, *, channels_first: bool) -> str:
    """What an axis is called: N, C, and H and W, D, H and W, or T by the number of spatial axes."""
    if kind != "spatial":
        return "N" if kind == "batch" else "C"
    if rank == 2:
        return "T"
    names = AXES.get(rank, ())
    index = axis - 2 if channels_first else axis - 1
    return names[index] if index < len(names) else f"D{axis}"


def name_for(stem: str, taken: Collection[str]) -> str:
    """The stem, or the stem with the first number that makes it new."""
    name, count = stem, 1
    while name in taken:
        count += 1
        name = f"{stem}{count}"
    return name


def open_inputs(graph: Graph, free: frozenset[str]) -> None:
    """Set the sizes of a graph's inputs free, after it was read."""
    channels_first = _is_channels_first(graph)
    for node in graph.inputs:
        spec = node.layer.spec
        if spec is None:
            continue
        rank = len(spec.shape)
        shape: list[Dim] = []
        for axis, dim in enumerate(spec.shape):
            kind = kind_of(axis, rank, spec.dtype, channels_first=channels_first)
            if not isinstance(dim, int) or kind not in free:
                shape.append(dim)
                continue
            name = "N" if kind == "batch" and "N" in graph.freed else None
            if name is None:
                name = name_for(stem_of(axis, rank, kind, channels_first=channels_first), graph.symbols)
            graph.symbols[name] = Symbol(name)
            graph.freed[name] = Freed(dim, kind=kind)
            shape.append(graph.symbols[name].dim)
        node.layer.spec = InputSpec(tuple(shape), spec.dtype)
        if node is graph.inputs[0] and shape:
            graph.batch = shape[0]


def _is_channels_first(graph: Graph) -> bool:
    """The layout of a graph's images, which its layers tell."""
    return any(layer.layout == "channels_first" for layer in graph.layers)
