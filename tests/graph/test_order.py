"""The order of layers and calls is Keras's, here written again as plainly as its definition."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnsum.graph.model import Graph, InputSpec, Layer, Node, Tensor
from cnnsum.graph.order import CycleError
from cnnsum.layers.base import find
from tests.thorough import examples


def source(name: str) -> Node:
    return Node(Layer(name, None, type_name="InputLayer", spec=InputSpec((1, 4), "float32")))


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Random graphs with shared layers, several inputs and outputs, and layers that lead nowhere."""
    inputs = [source(f"in{n}") for n in range(draw(st.integers(1, 3)))]
    layers = [Layer(f"layer{n}", find("Concatenate")) for n in range(draw(st.integers(1, 6)))]
    nodes = list(inputs)
    for _ in range(draw(st.integers(1, 12))):
        layer = draw(st.sampled_from(layers))
        chosen = draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=3))
        nodes.append(Node(layer, tuple(map(Tensor, chosen))))
    outputs = draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=3))
    return Graph("g", inputs=inputs, outputs=map(Tensor, outputs), layers=[*(node.layer for node in inputs), *layers])


def depth_first(graph: Graph) -> tuple[list[Node], list[Layer]]:
    """Calls as a walk back from the outputs finishes them, and layers as it meets them."""
    finished: list[Node] = []
    met: list[Layer] = []

    def visit(node: Node) -> None:
        if node in finished:
            return
        if node.layer not in met:
            met.append(node.layer)
        for tensor in node.inputs:
            visit(tensor.node)
        finished.append(node)

    for output in graph.outputs:
        visit(output.node)
    return finished, met


@given(graphs())
@settings(max_examples=examples(300), deadline=None)
def test_order_is_that_of_the_definition(graph: Graph) -> None:
    finished, met = depth_first(graph)
    depth = dict.fromkeys(finished, 0)
    of_layer: dict[Layer, int] = {}
    # From the outputs to the inputs: one more than the deepest reader, no less than other calls of the layer so far.
    for node in reversed(finished):
        readers = [depth[reader] + 1 for reader in finished if node in [tensor.node for tensor in reader.inputs]]
        depth[node] = max([0, *readers, of_layer.get(node.layer, 0)])
        of_layer[node.layer] = depth[node]
    for node in graph.inputs:
        if node.layer not in of_layer:
            of_layer[node.layer] = depth[node] = 0
    rank = {layer: met.index(layer) if layer in met else -1 for layer in of_layer}
    order = graph.order()
    assert order.layers == sorted(of_layer, key=lambda layer: (-of_layer[layer], rank[layer]))
    assert {id(node) for node in order.nodes} == {id(node) for node in depth}
    assert [depth[node] for node in order.nodes] == sorted(depth.values(), reverse=True)
    assert order.unused == [layer for layer in graph.layers if layer not in of_layer]
    assert [node.position for node in order.nodes] == list(range(len(order.nodes)))
    for node in order.nodes:
        assert all(tensor.node.position < node.position for tensor in node.inputs)
    chain = sorted(depth.values()) == list(range(len(depth)))
    chain = chain and len(of_layer) == len(depth) and all(len(node.inputs) <= 1 for node in depth)
    assert order.connected is not chain


def test_sequential_is_as_it_stands() -> None:
    first = source("x")
    layers = [first.layer, *(Layer(f"d{n}", find("Dense")) for n in range(3))]
    previous = first
    for layer in layers[1:]:
        previous = Node(layer, (Tensor(previous),))
    graph = Graph("s", inputs=[first], outputs=[Tensor(previous)], layers=layers, sequential=True)
    order = graph.order()
    assert order.layers == layers[1:]
    assert [node.layer for node in order.nodes] == layers
    assert not order.connected


def test_cycle_names_its_layers() -> None:
    x = source("x")
    layers = [Layer(name, find("Concatenate")) for name in "abcd"]
    nodes = [Node(layer) for layer in layers]
    nodes[0].inputs = (Tensor(x), Tensor(nodes[2]))
    for node, before in zip(nodes[1:], nodes, strict=False):
        node.inputs = (Tensor(before),)
    with pytest.raises(CycleError) as caught:
        Graph("g", inputs=[x], outputs=[Tensor(nodes[3])], layers=[x.layer, *layers]).order()
    assert str(caught.value) == "`c` depends on itself: c <- b <- a <- c"
    assert caught.value.code == "GRF301"
    assert caught.value.node is nodes[2]


def test_long_cycle_is_shortened() -> None:
    nodes = [Node(Layer(f"n{n}", find("ReLU"))) for n in range(20)]
    for node, before in zip(nodes, [nodes[-1], *nodes], strict=False):
        node.inputs = (Tensor(before),)
    with pytest.raises(CycleError) as caught:
        Graph("g", outputs=[Tensor(nodes[0])]).order()
    assert str(caught.value) == "`n0` depends on itself: n0 <- n19 <- n18 <- n17 <- ... <- n2 <- n1 <- n0"


def test_layer_that_reads_itself() -> None:
    node = Node(Layer("a", find("ReLU")))
    node.inputs = (Tensor(node),)
    with pytest.raises(CycleError, match="`a` depends on itself: a <- a"):
        Graph("g", outputs=[Tensor(node)]).order()


def test_depth_is_no_matter_of_recursion() -> None:
    node = first = source("x")
    layers = [first.layer]
    for n in range(3 * sys.getrecursionlimit()):
        layers.append(Layer(f"r{n}", find("ReLU")))
        node = Node(layers[-1], (Tensor(node),))
    order = Graph("g", inputs=[first], outputs=[Tensor(node)], layers=layers).order()
    assert order.layers == layers
