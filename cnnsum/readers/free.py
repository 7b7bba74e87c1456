"""Setting the sizes of inputs free: numbers that a file fixes become symbols, so that others can be asked about.

Loaded when a caller asks for it. Knows axes and names, and no file format.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cnnsum.dims import Dim, Expr, Symbol, symbols_of
from cnnsum.graph.model import AxisKind, Freed, Graph, InputSpec
from cnnsum.layers.facts import Shape
from cnnsum.readers.declare import AXES

#: What can be set free: sizes of images and lengths of sequences, channels, the batch, and what a spec declares of its
#: symbols (`min`, `multiple_of`).
KINDS = ("spatial", "channels", "batch", "declared")


def kind_of(axis: int, rank: int, dtype: str, *, channels_first: bool) -> AxisKind:
    """What an axis of an input is, counted with the batch axis: "batch", "spatial" or "channels".

    The axis of a list of whole numbers is a sequence (of words, say), that of any other vector its channels.
    """
    if axis == 0:
        return "batch"
    return _kind_of_other(axis, rank, dtype, 1 if channels_first else rank - 1)


def _kind_of_other(axis: int, rank: int, dtype: str, channels: int) -> AxisKind:
    """What an axis is that does not hold the samples."""
    if rank == 2:
        return "spatial" if "int" in dtype else "channels"
    return "channels" if axis == channels else "spatial"


def stem_of(axis: int, rank: int, kind: AxisKind, *, channels_first: bool) -> str:
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


def open_inputs(graph: Graph, free: frozenset[str], before: Sequence[Shape] = ()) -> None:
    """Set the sizes of a graph's inputs free, after it was read.

    before: the shapes that the file gives them. Where it has a symbol for what the caller gives one number, this symbol
    is set free.
    """
    is_first = _is_channels_first(graph)
    replaced = _replaced(graph, before)
    for number, node in enumerate(graph.inputs):
        own = before[number] if number < len(before) else ()
        spec = node.layer.spec
        if spec is None:
            continue
        rank = len(spec.shape)
        samples = samples_axis(graph, spec.shape)
        # Of three axes one is the sequence: the one that holds no channels. More are taken for those of images.
        channels = 1 if is_first else rank - 1
        if rank == 3:
            channels = graph.channels.get(number, channels)
        names = iter(AXES.get(rank, ()))
        shape: list[Dim] = []
        for axis, dim in enumerate(spec.shape):
            kind: AxisKind = "batch" if axis == samples else _kind_of_other(axis, rank, spec.dtype, channels)
            stem = {"batch": "N", "channels": "C"}.get(kind) or ("T" if rank == 2 else next(names, f"D{axis}"))
            if not isinstance(dim, int) or kind not in free:
                shape.append(dim)
                continue
            symbol = replaced.get(own[axis]) if len(own) == rank else None
            name = "N" if kind == "batch" and "N" in graph.freed else None
            if symbol is not None:
                name = symbol.name
            elif name is None:
                name = name_for(stem, graph.symbols)
            graph.symbols[name] = Symbol(name) if symbol is None else symbol
            graph.freed[name] = Freed(dim, kind=kind)
            shape.append(graph.symbols[name].dim)
        node.layer.spec = InputSpec(tuple(shape), spec.dtype)
        if graph.samples is not None and number == graph.samples[0] and samples is not None:
            graph.batch = shape[samples]


def samples_axis(graph: Graph, shape: Shape) -> int | None:
    """The axis of an input of this shape that holds the samples; None where none does."""
    if graph.samples is None:
        return None
    axis = graph.samples[1]
    if isinstance(graph.batch, Expr) and graph.batch in shape and shape[axis : axis + 1] != (graph.batch,):
        return shape.index(graph.batch)  # its symbol says where they are in this input
    if axis and not (axis < len(shape) and shape[axis] == graph.batch):
        return 0 if shape and shape[0] == graph.batch else None
    return axis if shape else None


def _replaced(graph: Graph, before: Sequence[Shape]) -> dict[Dim, Symbol]:
    """The symbols of the file in place of which the caller gives one number, wherever they stand in its inputs."""
    given: dict[Dim, set[Dim]] = {}
    for node, own in zip(graph.inputs, before, strict=False):
        shape = () if node.layer.spec is None else node.layer.spec.shape
        for old, new in zip(own, shape, strict=False):
            if isinstance(old, Expr):
                given.setdefault(old, set()).add(new)
    alone: dict[Dim, Symbol] = {one.dim: one for one in graph.symbols.values()}
    return {
        old: alone[old]
        for old, new in given.items()
        if old in alone
        and len(new) == 1
        and all(isinstance(one, int) for one in new)
        and not any(alone[old] in symbols_of(other) for other in given if other != old)
    }


def _is_channels_first(graph: Graph) -> bool:
    """The layout of a graph's images, which its layers tell."""
    return any(layer.layout == "channels_first" for layer in graph.layers)
