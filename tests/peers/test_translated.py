"""From Keras's words to PyTorch's and back: written, run, given the same weights, both give the same numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
keras = pytest.importorskip("keras")

import numpy as np  # noqa: E402 - comes with Keras
from test_written_code import module_of, shapes_of  # noqa: E402 - needs PyTorch

import cnnsum  # noqa: E402 - as above
from cnnsum.diagnostics import UnusableError  # noqa: E402 - as above
from cnnsum.writers import write  # noqa: E402 - as above
from tests.writers.keras_networks import NETWORKS  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

SPECS = Path(__file__).parents[2] / "specs"
BATCH = 2


def built(text: str) -> Any:
    space: dict[str, Any] = {}
    exec(compile(text, "written.py", "exec"), space)
    return space["build_model"]()


def leaves(module: Any) -> list[Any]:
    """The modules with weights of their own, in the order in which they are made; attention as one."""
    found = []
    for child in module.children():
        if isinstance(child, torch.nn.MultiheadAttention) or not list(child.children()):
            found += [child] if child.state_dict() else []
        else:
            found += leaves(child)
    return found


def keras_leaves(layers: Any) -> list[Any]:
    found = []
    for layer in layers:
        if isinstance(layer, keras.Model):
            found += keras_leaves(layer.layers)
        elif layer.weights:
            found.append(layer)
    return found


def copied(layer: Any, modules: list[Any], shape: Any = None) -> None:
    """Give the weights of a layer of Keras to the module that has such weights; shape: of what was flattened before it.

    Equal arrays are equal numbers, so that it does not matter which of several modules of one form is taken.
    """
    for place in range(len(modules)):
        rest = modules[place:]
        try:
            _copied(layer, rest, shape)
        except (RuntimeError, ValueError, KeyError, AssertionError):
            continue
        modules[place:] = rest
        return
    raise AssertionError(f"no module for {layer.name}")


def _copied(layer: Any, modules: list[Any], shape: Any = None) -> None:
    values = [np.asarray(value) for value in layer.get_weights()]
    kind = type(layer).__name__
    module = modules.pop(0)
    state = {name: value.numpy().copy() for name, value in module.state_dict().items()}
    if kind in ("DepthwiseConv2D", "SeparableConv2D"):
        depthwise = values.pop(0)
        state["weight"] = depthwise.transpose(2, 3, 0, 1).reshape(-1, 1, *depthwise.shape[:2])
        if kind == "SeparableConv2D":
            fill(module, state)
            module = modules.pop(0)
            state = {"weight": values.pop(0).transpose(3, 2, 0, 1)}
        if values:
            state["bias"] = values[0]
    elif kind.startswith("Conv"):
        count = values[0].ndim
        state["weight"] = values[0].transpose(count - 1, count - 2, *range(count - 2))
        if len(values) > 1:
            state["bias"] = values[1]
    elif kind in ("Dense", "TimeDistributed"):
        kernel = values[0]
        if shape is not None:
            kernel = kernel.reshape(*shape, -1)
            kernel = np.moveaxis(kernel, len(shape) - 1, 0).reshape(-1, kernel.shape[-1])
        state["weight"] = kernel.T
        if len(values) > 1:
            state["bias"] = values[1]
    elif kind == "MultiHeadAttention":
        query, bq, key, bk, value, bv, out, bo = values
        depth = query.shape[0]
        state["in_proj_weight"] = np.concatenate([one.reshape(depth, -1).T for one in (query, key, value)])
        state["in_proj_bias"] = np.concatenate([one.reshape(-1) for one in (bq, bk, bv)])
        state["out_proj.weight"] = out.reshape(-1, depth).T
        state["out_proj.bias"] = bo
    elif kind in ("GRU", "LSTM", "SimpleRNN", "Bidirectional"):
        gated = layer.forward_layer if kind == "Bidirectional" else layer

        def gates(matrix: Any) -> Any:
            if type(gated).__name__ != "GRU":
                return matrix
            z, r, h = np.split(matrix, 3, axis=-1)  # Keras has them in this order, PyTorch as r, z, n
            return np.concatenate([r, z, h], axis=-1)

        ways = ["", "_reverse"] if kind == "Bidirectional" else [""]
        for number, way in enumerate(ways):
            each = len(values) // len(ways)
            kernel, recurrent, *biases = values[number * each : (number + 1) * each]
            state[f"weight_ih_l0{way}"], state[f"weight_hh_l0{way}"] = gates(kernel).T, gates(recurrent).T
            for bias in biases:
                state[f"bias_ih_l0{way}"], state[f"bias_hh_l0{way}"] = gates(bias[0]), gates(bias[1])
    else:  # normalisation, tables, slopes: the same arrays in the same order
        names = [name for name in state if name != "num_batches_tracked"]
        assert len(names) == len(values), (kind, names)
        for name, value in zip(names, values, strict=True):
            state[name] = value.reshape(state[name].shape)
    fill(module, state)


def fill(module: Any, state: dict[str, Any]) -> None:
    module.load_state_dict({name: torch.tensor(np.ascontiguousarray(value)) for name, value in state.items()})


#: By the network, what is flattened before its first Dense: channels last.
FLATTENED = {"same": (1, 2, 6), "shared": (13, 13, 4)}


def inputs_of(model: cnnsum.Model, chance: Any) -> list[Any]:
    found = []
    for node in model.graph.inputs:
        shape = (BATCH, *node.layer.spec.shape[1:])
        whole = node.layer.spec.dtype.startswith("int")
        found.append(chance.integers(0, 5, shape) if whole else chance.standard_normal(shape).astype("float32"))
    return found


def moved(value: Any, shape: Any) -> Any:
    """A tensor of Keras as PyTorch's network has it, whose channels may be first."""
    return value if tuple(value.shape) == tuple(shape) else np.moveaxis(value, -1, 1)


def equal_numbers(name: str, network: Any, module: Any, model: cnnsum.Model, *, seed: int = 1) -> None:
    chance = np.random.default_rng(seed)

    def drawn(one: Any) -> Any:
        """Numbers that are the same for every array of this name and shape."""
        own = np.random.default_rng([seed, *one.shape, *one.path.rpartition("/")[2].encode()])
        found = own.standard_normal(one.shape)
        return np.abs(found) * 0.3 + 0.1 if "variance" in one.path else found * 0.4

    shape = FLATTENED.get(name)
    modules = leaves(module)
    for layer in keras_leaves(network.layers):
        layer.set_weights([drawn(one) for one in layer.weights])
        is_dense = type(layer).__name__ == "Dense"
        copied(layer, modules, shape if is_dense else None)
        if is_dense:
            shape = None
    assert not modules
    given = inputs_of(model, chance)
    theirs = network(given if len(given) > 1 else given[0], training=False)
    theirs = theirs if isinstance(theirs, (list, tuple)) else [theirs]
    first = [np.moveaxis(one, -1, 1) if moves else one for one, moves in zip(given, module.moved, strict=True)]
    with torch.no_grad():
        found = module(*[torch.tensor(np.ascontiguousarray(one)) for one in first])
    found = found if isinstance(found, tuple) else (found,)
    for ours, wanted_ in zip(found, theirs, strict=True):
        expected = moved(np.asarray(wanted_), ours.shape)
        np.testing.assert_allclose(ours.numpy(), expected, atol=1e-4, rtol=1e-4)


def module_for(model: cnnsum.Model) -> tuple[Any, str]:
    """The written module, with what is known of where the channels of its inputs are."""
    from cnnsum.layers.vocabulary import TORCH
    from cnnsum.writers.refusals import Refusals
    from cnnsum.writers.translation import translated

    text, _ = write(model.graph, model.inference, "torch")
    module = module_of(text).eval()
    graph, _, _ = translated(model.graph, model.inference, TORCH, Refusals())
    pairs = zip(graph.inputs, model.graph.inputs, strict=True)
    module.moved = [new.layer.spec.shape != old.layer.spec.shape for new, old in pairs]
    return module, text


@pytest.mark.parametrize("name", NETWORKS)
def test_the_same_numbers(name: str) -> None:
    """Of a network in Keras's words: what is written of it in Keras and in PyTorch, with the same weights."""
    model = cnnsum.loads(NETWORKS[name])
    assert not model.wrong, model.errors
    code, _ = write(model.graph, model.inference, "keras-py")
    network = built(code)
    totals = cnnsum.summarize(model).totals
    assert network.count_params() == totals.params.total, code
    module, text = module_for(model)
    statistics = sum(one.numel() for key, one in module.named_buffers() if "num_batches" not in key)
    assert sum(one.numel() for one in module.parameters()) + statistics == totals.params.total, text
    if name == "first":
        return  # Keras does not run this layout on a CPU
    equal_numbers(name, network, module, model)


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_gallery(path: Path) -> None:
    """Shapes and parameters of every network of the gallery that has no words of its own, in both."""
    if "\nlayers:" not in path.read_text(encoding="utf-8"):
        pytest.skip("blocks for others")
    model = cnnsum.load(str(path), settings={"H": 64, "W": 64} if path.stem == "fcn" else None)
    totals = cnnsum.summarize(model).totals
    shapes = [model.inference.values[one].shape[1:] for one in model.inference.outputs]
    if "layer_types" not in model.document.value:
        network = built(write(model.graph, model.inference, "keras-py")[0])
        assert network.count_params() == totals.params.total
        assert [tuple(one.shape[1:]) for one in network.outputs] == shapes
    if path.stem in REFUSED:
        with pytest.raises(UnusableError):
            write(model.graph, model.inference, "torch")
        return
    module, _ = module_for(model)
    statistics = sum(one.numel() for key, one in module.named_buffers() if "num_batches" not in key)
    assert sum(one.numel() for one in module.parameters()) + statistics == totals.params.total
    inputs = []
    for moves_, node in zip(module.moved, model.graph.inputs, strict=True):
        shape = (1, *node.layer.spec.shape[1:])
        inputs.append(torch.zeros((1, shape[-1], *shape[1:-1]) if moves_ else shape))
    with torch.no_grad():
        found = [one[1:] for one in shapes_of(module(*inputs))]
    assert [sorted(one) for one in found] == [sorted(one) for one in shapes]


#: Networks that PyTorch has no words for, or none that do exactly the same.
REFUSED = {"convnext_tiny", "efficientnet_b0", "inception_v3", "siamese", "vit_b16"}


#: Networks in PyTorch's words; what is written of them in Keras has its channels last.
OF_TORCH = {
    "convolutions": """
input: [3, 12, 10]
layers:
  - Conv2d: {out_channels: 4, kernel_size: 3, stride: 2, padding: 1, bias: false}
  - BatchNorm2d
  - ReLU
  - MaxPool2d: {kernel_size: 3, stride: 2, padding: 1}
  - Conv2d: {out_channels: 6, kernel_size: [3, 1], padding: [1, 0], dilation: 1}
  - SiLU: {name: wide}
  - Conv2d: {out_channels: 6, kernel_size: 3, padding: 1, groups: 6, name: deep}
  - add: {from: [deep, wide]}
  - ConvTranspose2d: {out_channels: 4, kernel_size: 4, stride: 2, padding: 1}
  - GroupNorm: {num_groups: 2}
  - Upsample: {scale_factor: 2, mode: bilinear}
  - AvgPool2d: 2
  - Softmax: {dim: 1}
""",
    "classifier": """
input: [4, 6, 6]
layers:
  - Conv2d: {out_channels: 5, kernel_size: 3, padding: same}
  - GELU
  - permute: {dims: [0, 2, 3, 1]}
  - LayerNorm: {normalized_shape: 5}
  - Linear: {out_features: 3}
  - Hardswish
  - permute: {dims: [0, 3, 1, 2]}
  - AdaptiveAvgPool2d: 1
  - Flatten
  - Dropout: 0.2
  - Linear: {out_features: 2}
""",
}


@pytest.mark.parametrize("name", OF_TORCH)
def test_the_same_numbers_from_pytorch(name: str) -> None:
    model = cnnsum.loads("framework: torch\n" + OF_TORCH[name])
    assert not model.wrong, model.errors
    text, _ = write(model.graph, model.inference, "torch")
    module = module_of(text).eval()
    code, _ = write(model.graph, model.inference, "keras-py")
    network = built(code)
    module.moved = [True]
    shape = (*model.graph.inputs[0].layer.spec.shape[2:], model.graph.inputs[0].layer.spec.shape[1])
    last = cnnsum.loads(f"input: {list(shape)}\nlayers: [ReLU]")
    equal_numbers(name, network, module, last)
