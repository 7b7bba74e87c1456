"""The order in which Keras lists a model's layers and runs its calls.

Keras sorts by depth, the longest way to an output, and within one depth by the moment at which a walk back from the
outputs meets a layer. The same order here makes the rows equal to Keras's and gives memory figures an order to hold
for. Knows no shapes.
"""

from __future__ import annotations

from collections.abc import Iterable

from cnnsum.diagnostics import Problem
from cnnsum.typed import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnnsum.graph.model import Graph, Layer, Node


class CycleError(Problem):
    """The graph has a cycle; `node` is a call on it."""

    def __init__(self, node: Node, path: list[Node]) -> None:
        names = [step.layer.name for step in path]
        start = names.index(node.layer.name) if node.layer.name in names else 0
        loop = [*names[start:], node.layer.name]
        if len(loop) > 8:
            loop = [*loop[:4], "...", *loop[-3:]]
        help = "let one of them read a layer that needs none of the others"
        super().__init__("GRF301", f"`{node.layer.name}` depends on itself: {' <- '.join(loop)}", help=help)
        self.node = node


class Order(NamedTuple):
    """layers: one per row of the summary. nodes: every call, each after those that it depends on.

    unused: layers that no output depends on; they are in neither list. connected: whether the graph is not a chain, so
    that Keras's summary shows how it is connected.
    """

    layers: list[Layer]
    nodes: list[Node]
    unused: list[Layer]
    connected: bool


def order(graph: Graph) -> Order:
    """Sort the graph as Keras does, or leave it as a program has it; raises CycleError. Sets `Node.position`."""
    if graph.sequential:
        nodes = [node for layer in graph.layers for node in layer.nodes]
        _number(nodes)
        return Order([layer for layer in graph.layers if layer.spec is None], nodes, [], connected=False)
    if graph.program:
        nodes = [node for layer in graph.layers for node in layer.nodes]
        _number(nodes)
        return Order(list(graph.layers), nodes, [], connected=True)
    finished, first_seen = _walk(output.node for output in graph.outputs)
    depth_of_node, depth_of_layer = _depths(finished)
    for node in graph.inputs:
        if node.layer not in depth_of_layer:
            depth_of_layer[node.layer] = 0
            first_seen[node.layer] = -1
            depth_of_node[node] = 0
    # sorted() is stable: layers of one depth stay in the order in which the walk met them, and calls in the order in
    # which it finished them, last first, as in Keras.
    layers = sorted(depth_of_layer, key=first_seen.__getitem__)
    layers.sort(key=depth_of_layer.__getitem__, reverse=True)
    nodes = sorted(depth_of_node, key=depth_of_node.__getitem__, reverse=True)
    _number(nodes)
    unused = [layer for layer in graph.layers if layer not in depth_of_layer]
    depths = set(depth_of_node.values())
    connected = len(depths) < len(nodes) or any(len(node.inputs) > 1 for node in nodes) or len(layers) < len(nodes)
    return Order(layers, nodes, unused, connected)


def calls_without_use(graph: Graph) -> list[Node]:
    """The calls that no output depends on, each after those that it depends on; raises CycleError."""
    nodes = [node for layer in graph.layers for node in layer.nodes if node.position < 0]
    finished, _ = _walk(nodes)
    return [node for node in finished if node.position < 0]


def dead_ends(graph: Graph, unused: list[Layer]) -> list[Layer]:
    """The unused layers that nothing reads at all: those before them are unused for their sake."""
    if not unused:
        return []
    read = {tensor.node.layer for layer in graph.layers for node in layer.nodes for tensor in node.needs}
    return [layer for layer in unused if layer not in read]


def _number(nodes: list[Node]) -> None:
    for position, node in enumerate(nodes):
        node.position = position


def _walk(ends: Iterable[Node]) -> tuple[list[Node], dict[Layer, int]]:
    """Depth first from calls to the inputs, without recursion.

    Returns the calls in the order in which they were finished (each after all that it depends on), and for each layer
    when it was first met.
    """
    finished: list[Node] = []
    first_seen: dict[Layer, int] = {}
    #: Whether a call that was met is finished, and not on the path.
    done: dict[Node, bool] = {}
    for end in ends:
        if end in done:
            continue
        path = [end]
        done[end] = False
        first_seen.setdefault(end.layer, len(first_seen))
        waiting = [iter(end.needs)]
        while path:
            for node, _ in waiting[-1]:
                if node not in done:
                    first_seen.setdefault(node.layer, len(first_seen))
                    path.append(node)
                    done[node] = False
                    waiting.append(iter(node.needs))
                    break
                if not done[node]:
                    raise CycleError(node, path)
            else:
                waiting.pop()
                node = path.pop()
                done[node] = True
                finished.append(node)
    return finished, first_seen


def _depths(finished: list[Node]) -> tuple[dict[Node, int], dict[Layer, int]]:
    """For each call, and each layer, the longest way to an output; the calls of one layer share the largest so far."""
    of_node: dict[Node, int] = {}
    of_layer: dict[Layer, int] = {}
    for node in reversed(finished):
        depth = of_node.get(node, 0)
        if depth < of_layer.get(node.layer, 0):
            depth = of_layer[node.layer]
        of_layer[node.layer] = of_node[node] = depth
        for before, _ in node.needs:
            if of_node.get(before, 0) <= depth:
                of_node[before] = depth + 1
    return of_node, of_layer
