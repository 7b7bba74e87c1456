"""The worst moment of a step of networks with several outputs, against PyTorch, to the byte: by hand and at random."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

import torch_memory  # noqa: E402 - needs PyTorch
from torch_memory import measures  # noqa: E402 - as above

import cnnsum  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

#: The loss of each output, their sum, and its gradient.
SCALARS = 64


def difference(layers: list[Any], outputs: list[str], shape: tuple[int, ...], batch: int) -> int:
    model = cnnsum.loads(json.dumps({"input": list(shape), "layers": layers, "outputs": outputs}))
    assert [str(found) for found in model.diagnostics if found.severity == "error"] == []
    training = cnnsum.summarize(model, batch=batch, optimizer="sgd", step=True).totals.training
    measured = measures.peak(torch_memory.network(model), batch)
    assert isinstance(measured, int)
    return measured - (training.peak_step - training.weights)  # type: ignore[operator]  # numbers


def conv(filters: int, source: str, name: str, **keys: Any) -> Any:
    return {"Conv2D": {"filters": filters, "kernel_size": 1, "from": source, "name": name, **keys}}


def of(kind: str, name: str, *sources: str, **keys: Any) -> Any:
    return {kind: {"from": list(sources) if len(sources) > 1 else sources[0], "name": name, **keys}}


A, B = conv(8, "input", "a"), conv(8, "input", "b")
BOTH = of("Concatenate", "c", "a", "b")
NETS: dict[str, tuple[list[Any], list[str]]] = {
    "parts and the whole": ([A, B, BOTH], ["a", "b", "c"]),
    "the whole alone, and further": ([A, B, BOTH, conv(4, "c", "d")], ["c", "d"]),
    "a part, and further": ([A, B, BOTH, conv(4, "c", "d")], ["a", "d"]),
    "of no use to each other": ([A, conv(16, "input", "b"), conv(4, "input", "c")], ["a", "b", "c"]),
    "backwards": ([A, conv(16, "input", "b"), conv(4, "input", "c")], ["c", "b", "a"]),
    "feeding each other": ([A, conv(16, "a", "b"), conv(4, "b", "c")], ["a", "b", "c"]),
    "with activations": (
        [conv(8, "input", "a", activation="relu"), conv(16, "a", "b", activation="sigmoid")],
        ["a", "b"],
    ),
    "with one that keeps its input": ([conv(8, "input", "a", activation="gelu"), conv(16, "a", "b")], ["a", "b"]),
    "normalised": ([A, of("BatchNormalization", "n", "a"), of("ReLU", "r", "n")], ["a", "n", "r"]),
    "pooled": ([A, of("MaxPooling2D", "p", "a", pool_size=2), conv(64, "p", "c")], ["a", "p", "c"]),
    "a sum and what is added": ([A, B, of("Add", "s", "a", "b")], ["s", "a", "b"]),
    "twice the same": ([A, of("Add", "s", "a", "a")], ["a", "s"]),
    "a product and a factor": ([A, B, of("Multiply", "m", "a", "b")], ["a", "m"]),
    "a view": ([A, of("Flatten", "f", "a")], ["a", "f"]),
    "a view of what goes on": ([A, of("Flatten", "f", "a"), conv(4, "a", "b")], ["f", "b"]),
    "the very same": ([A, of("Activation", "i", "a", activation="linear")], ["a", "i"]),
    "one output twice": ([A], ["a", "a"]),
    "two heads": (
        [A, of("GlobalAveragePooling2D", "g", "a"), of("Dense", "d", "g", units=10), of("Dense", "e", "g", units=1000)],
        ["d", "e"],
    ),
    "one that does not train": ([conv(8, "input", "a", trainable=False), conv(4, "a", "c")], ["a", "c"]),
    "one that is the input": ([A], ["a", "input"]),
    "a layer that no output needs": ([A, conv(16, "input", "z")], ["a"]),
}


@pytest.mark.parametrize("name", NETS)
def test_several_outputs(name: str) -> None:
    assert 0 <= difference(*NETS[name], (32, 32, 4), 2) <= SCALARS


@st.composite
def programs(draw: st.DrawFn) -> tuple[list[Any], list[str]]:
    layers: list[Any] = [conv(4, "input", "s")]
    pool = [("s", 4)]
    for number in range(draw(st.integers(1, 9))):
        kind = draw(
            st.sampled_from(("conv", "conv", "ReLU", "BatchNormalization", "Add", "Concatenate", "Multiply", "fn"))
        )
        name = f"l{number}"
        source, width = draw(st.sampled_from(pool[-4:]))
        if kind == "conv":
            width = draw(st.sampled_from((4, 8, 12)))
            layers.append(conv(width, source, name, activation=draw(st.sampled_from(("linear", "relu", "sigmoid")))))
        elif kind == "fn":
            layers.append(of("Activation", name, source, activation=draw(st.sampled_from(("linear", "gelu", "tanh")))))
        elif kind in {"ReLU", "BatchNormalization"}:
            layers.append(of(kind, name, source))
        else:
            layers.append(of(kind, name, source, draw(st.sampled_from([one for one, wide in pool if wide == width]))))
            width *= 2 if kind == "Concatenate" else 1
        pool.append((name, width))
    outputs = draw(st.lists(st.sampled_from(pool[1:][-4:]), min_size=1, max_size=3, unique=True))
    return layers, [name for name, _ in outputs]


@given(programs())
@settings(max_examples=100)
def test_several_outputs_of_random_networks(program: tuple[list[Any], list[str]]) -> None:
    assert 0 <= difference(*program, (4, 4, 4), 64) <= SCALARS
