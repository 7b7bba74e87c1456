"""Inference over graphs: the flat program, names, memo, dtypes, failures."""

from __future__ import annotations

from typing import Any

import pytest

from cnnsum.dims import UNKNOWN, Symbol
from cnnsum.graph.infer import Inference, infer
from cnnsum.graph.model import FLOAT32, Constant, Graph, InputSpec, Layer, Node, Policy, Tensor, policy
from cnnsum.graph.promotion import promote
from cnnsum.layers.base import find
from cnnsum.layers.keras import core
from tests.thorough import each

N = Symbol("N", anonymous=True).dim


class Net:
    """A graph under construction: `net("Dense", x, units=3)` makes a layer and its call."""

    def __init__(self, *shapes: tuple[Any, ...]) -> None:
        self.inputs = [
            Node(Layer(f"x{n}", None, type_name="InputLayer", spec=InputSpec((N, *shape), "float32")))
            for n, shape in enumerate(shapes)
        ]
        self.layers = [node.layer for node in self.inputs]

    def __call__(
        self, type: str, *inputs: Node | Tensor, name: str = "", policy: Policy = FLOAT32, **fields: Any
    ) -> Node:
        found = find(type)
        bound = {}
        if found is not None:
            bound = {field.name: fields.get(field.name, field.default) for field in found.schema.fields.values()}
        layer = Layer(name or f"l{len(self.layers)}", found, bound, type_name=type, policy=policy)
        self.layers.append(layer)
        return self.again(layer, *inputs)

    def again(self, layer: Layer, *inputs: Node | Tensor, keywords: tuple[str, ...] = ()) -> Node:
        return Node(layer, tuple(one if isinstance(one, Tensor) else Tensor(one) for one in inputs), keywords)

    def graph(self, *outputs: Node | Tensor) -> Graph:
        made = [one if isinstance(one, Tensor) else Tensor(one) for one in outputs]
        return Graph("net", inputs=self.inputs, outputs=made, layers=self.layers, batch=N)

    def infer(self, *outputs: Node | Tensor) -> Inference:
        return infer(self.graph(*outputs))


def found(inference: Inference) -> list[str]:
    return [f"{one.code} {one.message}" for one in inference.diagnostics]


def test_values_and_calls() -> None:
    net = Net((8,), (4,))
    a = net("Dense", net.inputs[0], units=4, name="a")
    both = net("Add", a, net.inputs[1], name="both")
    result = net.infer(both)
    assert [call.layer.name for call in result.calls] == ["a", "both"]
    assert [result.values[number].shape for number in result.inputs] == [(N, 8), (N, 4)]
    assert result.output_of(both) == [((N, 4), "float32")]
    assert [call.layer for call in result.calls_of(a)] == [a.layer]
    assert result.calls[1].inputs == (*result.calls[0].outputs, result.inputs[1])
    assert result.outputs == result.calls[1].outputs


def test_equal_calls_are_inferred_once(monkeypatch: pytest.MonkeyPatch) -> None:
    net = Net((8,))
    node: Node = net.inputs[0]
    for _ in range(5):
        node = net("Dense", node, units=8)
    dense = find("Dense")
    assert dense is not None
    times = []

    def counted(*args: Any, **fields: Any) -> Any:
        times.append(args)
        return core.Dense(*args, **fields)

    dense.schema  # noqa: B018 - is read from the rule itself
    monkeypatch.setattr(dense, "rule", counted)
    result = net.infer(node)
    assert len(times) == 1
    assert len({id(call.facts) for call in result.calls}) == 1
    # Another field, another policy, another shape: the fields make the first of these new facts, the others do not.
    other = net("Dense", net("Dense", node, units=8, policy=policy("float16")), units=9)
    result = net.infer(other)
    assert len(times) == 3
    assert [value.dtype for call in result.calls[-2:] for value in [result.values[call.outputs[0]]]] == [
        "float16", "float32"
    ]  # fmt: skip


def test_failure_has_no_cascade() -> None:
    net = Net((8,))
    bad = net("Conv2D", net.inputs[0], filters=3, kernel_size=(3, 3), name="bad")
    after = net("Dense", net("ReLU", bad), units=3)
    good = net("Dense", net.inputs[0], units=2)
    result = net.infer(net("Add", after, good))
    assert len(found(result)) == 1
    assert found(result)[0].startswith("SHP204 bad: ")
    assert [call.facts.status for call in result.calls].count("unknown") == 4
    assert result.output_of(good)[0].shape == (N, 2)


def test_shared_layer_fails_once() -> None:
    net = Net((8,))
    bad = net("Conv2D", net.inputs[0], filters=3, kernel_size=(3, 3))
    again = net.again(bad.layer, net.inputs[0])
    assert len(found(net.infer(net("Add", bad, again)))) == 1


def test_unknown_weights_and_no_weights() -> None:
    net = Net((8,))
    lost = net("Nothing", net.inputs[0])
    relu = net("ReLU", lost)
    result = net.infer(net("Dense", relu, units=3))
    lost_facts, relu_facts, dense_facts = (call.facts for call in result.calls)
    assert [weight.shape for weight in lost_facts.weights] == [(UNKNOWN,)]
    assert relu_facts.weights == ()
    assert dense_facts.weights
    assert all(call.facts.macs is UNKNOWN for call in result.calls)


def test_output_that_does_not_exist() -> None:
    net = Net((8,))
    a = net("Dense", net.inputs[0], units=4, name="a")
    b = net("ReLU", Tensor(a, 2), name="b")
    assert found(net.infer(b)) == ["GRF304 b: output 2 of `a` does not exist: it has 1 output"]
    net = Net((8,))
    lost = net("Nothing", net.inputs[0])
    assert found(net.infer(net("ReLU", Tensor(lost, 2)))) == []


def test_keywords_and_masks() -> None:
    net = Net((5, 8), (7, 8), (5,))
    x, y, mask = net.inputs
    attend = net("MultiHeadAttention", x, y, num_heads=2, key_dim=3)
    net.again(attend.layer, y, x, keywords=("value", "query"))
    first, second = attend.layer.nodes
    result = net.infer(first, second)
    assert found(result) == []
    assert result.output_of(second) == [((N, 5, 8), "float32")]
    lstm = net("LSTM", x, units=3)
    masked = net.again(lstm.layer, x, mask, keywords=("mask",))
    pooled = net.again(net("ReLU", x).layer, x, mask, keywords=("mask",))
    assert found(net.infer(first, second, masked, pooled)) == []
    wrong = net.again(lstm.layer, x, mask, keywords=("nonsense",))
    assert "GRF304" in {text[:6] for text in found(net.infer(wrong))}


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        (("query", "key"), "GRF303 m: MultiHeadAttention needs its input `value`"),
        (("query",), "GRF303 m: MultiHeadAttention is given its input `query` twice, by place and by name"),
    ],
)
def test_inputs_by_name_that_do_not_fit(keywords: tuple[str, ...], message: str) -> None:
    net = Net((5, 8))
    x = net.inputs[0]
    node = net("MultiHeadAttention", x, x, num_heads=2, key_dim=3, name="m")
    node.keywords = keywords
    assert found(net.infer(node)) == [message]


def test_constants_take_their_place() -> None:
    net = Net((3,))
    node = net("keras.src.ops.numpy.Matmul", net.inputs[0])
    node.constants = (Constant(1, (3, 7), [[1] * 7] * 3),)
    assert net.infer(node).output_of(node) == [((N, 7), "float32")]
    node.constants = (Constant(0, (5, N), None),)
    assert net.infer(node).output_of(node) == [((5, 3), "float32")]


def test_dtypes() -> None:
    net = Net((8,))
    half = net("Dense", net.inputs[0], units=8, policy=policy("mixed_float16"))
    total = net("keras.src.ops.numpy.Add", half, net.inputs[0])
    flat = net("Flatten", half)
    result = net.infer(total, flat)
    assert [result.output_of(node)[0].dtype for node in (half, total, flat)] == ["float16", "float32", "float32"]


@each(
    ("dtypes", "result"),
    [
        (["int8"], "int8"),
        (["bool", "bool"], "bool"),
        (["bool", "uint8"], "uint8"),
        (["int32", "int8", "int64"], "int32"),
        (["uint8", "uint16"], "uint16"),
        (["uint8", "int8"], "int16"),
        (["uint16", "int32"], "int32"),
        (["uint32", "int8"], "int32"),
        (["int64", "float16"], "float16"),
        (["bfloat16", "float16"], "float32"),
        (["bfloat16", "float16", "float64"], "float32"),
        (["uint8", "int"], "uint8"),
        (["int8", "float"], "float32"),
        (["bfloat16", "float"], "bfloat16"),
        (["bool", "int"], "int32"),
        (["int", "float"], "float32"),
        (["float32", "complex64"], "complex64"),
        (["float32", "?"], "?"),
        (["bfloat16", "float32"], "float32"),
    ],
)
def test_promotion(dtypes: list[str], result: str) -> None:
    assert promote(dtypes, "jax") == promote(dtypes[::-1], "jax") == result


def test_needs_are_kept_with_their_layers() -> None:
    height = Symbol("H").dim
    net = Net((height, 8, 3))
    pooled = net("Conv2D", net.inputs[0], filters=4, kernel_size=(5, 5), name="c")
    result = net.infer(pooled)
    assert [(found.layer.name, found.need.relation, found.need.field) for found in result.needs] == [
        ("c", ">=", "kernel_size")
    ]
    assert result.needs[0].inputs == result.inputs
