"""What the caller sets on a graph that has been read: other input shapes, and values of symbols.

For formats whose files hold no expressions; a spec is read with the new sizes from the start. Knows no file format.
"""

from __future__ import annotations

from cnnsum.diagnostics import Diagnostic, UnusableError, did_you_mean
from cnnsum.dims import UNKNOWN, Dim, Expr, Symbol, Unknown, substitute
from cnnsum.graph.model import Graph, InputSpec, Node
from cnnsum.layers.facts import Shape
from cnnsum.readers.declare import open_axes, size_from_outside
from cnnsum.readers.how import How


def choose_input(names: list[str], wanted: str) -> str:
    """The input that `-i` means: the named one, or the only one where no name is given; raises UnusableError."""
    if wanted in names:
        return wanted
    if not wanted and len(names) == 1:
        return names[0]
    listed = ", ".join(names) or "none"
    if not wanted:
        message = f"the model has {len(names)} inputs: say which with NAME=SHAPE (it has {listed})"
        raise UnusableError(Diagnostic("SPC050", message))
    help = did_you_mean(wanted, names) or (f"its inputs are {listed}" if len(names) > 1 else f"its input is `{listed}`")
    raise UnusableError(Diagnostic("SPC050", f"the model has no input `{wanted}`", help=help))


def replace_inputs(graph: Graph, how: How) -> None:
    """Give the graph's inputs the shapes of the caller, then put values for symbols.

    Raises UnusableError for an input or a symbol that does not exist.
    """
    by_name = {node.layer.name: node for node in graph.inputs}
    before = [_spec(node).shape for node in graph.inputs]
    for wanted, shape in how.inputs.items():
        if not by_name and not wanted:
            batch = Symbol("N", anonymous=True)
            graph.symbols[batch.name] = batch
            graph.adopt((InputSpec(_shape(batch.dim, shape, graph.symbols), "float32"),))
            graph.batch = batch.dim
            continue
        node = by_name[choose_input(list(by_name), wanted)]
        spec = _spec(node)
        node.layer.spec = InputSpec(_shape_within(graph, spec.shape, shape), spec.dtype)
    if how.free:
        from cnnsum.readers.free import open_inputs

        open_inputs(graph, how.free, before)
    values: dict[str, Dim] = {}
    for name, value in how.settings.items():
        if name not in graph.symbols:
            help = did_you_mean(name, graph.symbols) or "only the symbols of its input shapes can be set"
            raise UnusableError(Diagnostic("SPC051", f"the model has no symbol `{name}`", help=help))
        values[name] = size_from_outside(name, value)
    if values:
        for node in graph.inputs:
            spec = _spec(node)
            node.layer.spec = InputSpec(tuple(substitute(dim, values) for dim in spec.shape), spec.dtype)
    for node, sizes in zip(graph.inputs, before, strict=False):
        _follow(graph, sizes, _spec(node).shape)


def _follow(graph: Graph, before: Shape, after: Shape) -> None:
    """Let recorded shapes that are formulas of an input's sizes have what these became."""
    became: dict[str, Dim] = {}
    for old, new in zip(before, after, strict=False):
        if isinstance(old, Expr) and old is not new and str(old) in graph.symbols:
            became[str(old)] = new
    if became:
        for layer in graph.layers:
            for node in layer.nodes:
                if node.claim is not None:
                    shapes = [one and tuple([_put(dim, became) for dim in one]) for one in node.claim.outputs]
                    node.claim = node.claim._replace(outputs=tuple(shapes))


def _put(dim: Dim, became: dict[str, Dim]) -> Dim:
    try:
        return dim if isinstance(dim, Unknown) else substitute(dim, became)
    except ZeroDivisionError:  # a part of the size, of which nothing is left at this one
        return UNKNOWN


def _spec(node: Node) -> InputSpec:
    assert node.layer.spec is not None, "the inputs of a graph are calls of input layers"
    return node.layer.spec


def _shape_within(graph: Graph, before: Shape, shape: tuple[int | str | None, ...]) -> Shape:
    """The shape that an input gets, with the axis of the samples where it was; the whole one where none holds any."""
    if graph.samples == (0, 0) and (before[:1] == (graph.batch,) or graph.batch not in before):
        return _shape(before[0] if before else None, shape, graph.symbols)
    from cnnsum.readers.free import samples_axis

    axis = samples_axis(graph, before)
    sizes = list(_shape(0, shape, graph.symbols)[1:])
    return tuple(sizes if axis is None else [*sizes[:axis], before[axis], *sizes[axis:]])


def _shape(batch: Dim | None, shape: tuple[int | str | None, ...], symbols: dict[str, Symbol]) -> tuple[Dim, ...]:
    dims: list[Dim | None] = [batch]
    for item in shape:
        if isinstance(item, str):
            dims.append(symbols.setdefault(item, Symbol(item)).dim)
        else:
            dims.append(item)
    return open_axes(tuple(dims), symbols)
