"""A network as rules look at it: where channels are, found for all values at once."""

import pytest

from cnnsum.model import loads
from cnnsum.rules import network as looked_at
from cnnsum.rules.base import Subject


def network_of(text):
    model = loads(text)
    subject = Subject(model.graph, model.inference, lambda: model.sizes, model.document, lambda _code: True)
    return looked_at.Network(subject)


def channels_first(text):
    """By the layer that makes it: whether the channels of a value are its axis 1."""
    network = network_of(text)
    return {call.layer.name: network.is_channels_first(call.outputs[0]) for call in network.calls}


def test_the_nearest_layer_with_a_format_tells_where_channels_are():
    found = channels_first("""
    input: [3, 20, 20]
    layers:
      - Conv2D: {filters: 4, kernel_size: 3, data_format: channels_first, name: first}
      - ReLU: {name: kept}
      - Add: {from: [kept, first], name: sum}
      - Permute: {dims: [2, 3, 1], name: turned}
      - ReLU: {name: unsaid}
      - Conv2D: {filters: 4, kernel_size: 3, name: last}
      - ReLU: {name: after}
    """)
    assert [name for name, first in found.items() if first] == ["first", "kept", "sum"]


@pytest.mark.parametrize("first", ["ReLU: {", "Conv1D: {filters: 8, kernel_size: 1, data_format: channels_first, "])
def test_where_channels_are_takes_time_by_the_connections_alone(first: str, monkeypatch: pytest.MonkeyPatch):
    n = 60
    merges = "".join(f"\n- Add: {{from: [{', '.join(f'a{j}' for j in range(i))}], name: a{i}}}" for i in range(2, n))
    network = network_of(f"input: [8, 3]\nlayers:\n- {first}name: a0}}\n- ReLU: {{name: a1}}{merges}\n")
    asked = []
    real = looked_at.role_of
    monkeypatch.setattr(looked_at, "role_of", lambda layer: asked.append(layer) or real(layer))
    connections = sum(len(call.inputs) + len(call.outputs) for call in network.calls)
    for call in network.calls:
        assert network.is_channels_first(call.outputs[0]) == ("channels_first" in first)
    assert len(asked) <= 2 * connections
