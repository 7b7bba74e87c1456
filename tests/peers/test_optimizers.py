"""The slots of optimizers, against those that Keras builds and those that PyTorch has after a step."""

from __future__ import annotations

from typing import Any

import pytest
from keras_loading import loads

import cnnsum
from cnnsum.analyses.training.optimizers import OPTIMIZERS, Trained, of_keras, variables

keras = pytest.importorskip("keras")
torch = pytest.importorskip("torch")

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

#: Convolutions of every kind, matrices, vectors, and an embedding; spatial shape, channels and the layers.
NETS: dict[str, tuple[tuple[int, ...], list[dict[str, Any]]]] = {
    "conv1d": ((20, 3), [{"Conv1D": {"filters": 6, "kernel_size": 5}}, {"DepthwiseConv1D": {"kernel_size": 3}}]),
    "conv2d": (
        (16, 18, 3),
        [
            {"Conv2D": {"filters": 8, "kernel_size": [3, 5]}},
            {"BatchNormalization": {}},
            {"DepthwiseConv2D": {"kernel_size": 3, "depth_multiplier": 2}},
            {"Conv2D": {"filters": 4, "kernel_size": 1, "groups": 2, "use_bias": False}},
            {"Conv2DTranspose": {"filters": 6, "kernel_size": [2, 3]}},
            {"GlobalAveragePooling2D": {}},
            {"Dense": {"units": 10}},
        ],
    ),
    "conv3d": (
        (6, 7, 8, 2),
        [{"Conv3D": {"filters": 3, "kernel_size": [2, 3, 4]}}, {"Flatten": {}}, {"Dense": {"units": 1}}],
    ),
    "words": ((7,), [{"Embedding": {"input_dim": 50, "output_dim": 8}}, {"LSTM": {"units": 4}}]),
    "large": ((300,), [{"Dense": {"units": 700}}, {"LayerNormalization": {}}, {"Dense": {"units": 900}}]),
}
KERAS: dict[str, tuple[str, dict[str, Any]]] = {
    "adam": ("Adam", {}),
    "adamw": ("AdamW", {}),
    "amsgrad": ("Adam", {"amsgrad": True}),
    "nadam": ("Nadam", {}),
    "adamax": ("Adamax", {}),
    "sgd": ("SGD", {}),
    "momentum": ("SGD", {"momentum": 0.9}),
    "rmsprop": ("RMSprop", {}),
    "rmsprop_momentum": ("RMSprop", {"momentum": 0.9}),
    "rmsprop_centered": ("RMSprop", {"centered": True}),
    "adagrad": ("Adagrad", {}),
    "adadelta": ("Adadelta", {}),
    "adafactor": ("Adafactor", {}),
    "ftrl": ("Ftrl", {}),
    "lamb": ("Lamb", {}),
    "lion": ("Lion", {}),
    "muon": ("Muon", {}),
    "schedule_free_adamw": ("ScheduleFreeAdamW", {}),
}
TORCH: dict[str, tuple[str, dict[str, Any]]] = {
    "torch.adam": ("Adam", {}),
    "torch.adamw": ("AdamW", {}),
    "torch.amsgrad": ("Adam", {"amsgrad": True}),
    "torch.nadam": ("NAdam", {}),
    "torch.radam": ("RAdam", {}),
    "torch.adamax": ("Adamax", {}),
    "torch.sgd": ("SGD", {}),
    "torch.momentum": ("SGD", {"momentum": 0.9}),
    "torch.asgd": ("ASGD", {}),
    "torch.rprop": ("Rprop", {}),
    "torch.rmsprop": ("RMSprop", {}),
    "torch.rmsprop_momentum": ("RMSprop", {"momentum": 0.9}),
    "torch.rmsprop_centered": ("RMSprop", {"centered": True}),
    "torch.adagrad": ("Adagrad", {}),
    "torch.adadelta": ("Adadelta", {}),
    "torch.adafactor": ("Adafactor", {}),
}


def of_cnnsum(net: str, optimizer: str) -> Any:
    import json

    shape, layers = NETS[net]
    model = loads(json.dumps({"input": list(shape), "layers": layers}))
    return cnnsum.summarize(model, optimizer=optimizer, details=False).totals.training.optimizer


def of_keras_layers(net: str) -> Any:
    shape, layers = NETS[net]
    made = [getattr(keras.layers, name)(**fields) for one in layers for name, fields in one.items()]
    return keras.Sequential([keras.Input(shape), *made])


def torch_parameters(model: Any) -> list[Any]:
    """The trainable weights of a Keras model as torch.nn has them."""
    found = []
    for layer in model.layers:
        for weight in layer.trainable_weights:
            shape = tuple(weight.shape)
            if len(shape) > 2:
                *lengths, seen, made = shape
                shape = (seen * made, 1, *lengths) if "Depthwise" in type(layer).__name__ else (made, seen, *lengths)
            found.append(torch.nn.Parameter(torch.ones(shape)))
    return found


def test_every_optimizer_is_verified() -> None:
    assert {*KERAS, *TORCH} == set(OPTIMIZERS)


@pytest.mark.parametrize("net", NETS)
def test_kerass_optimizers(net: str) -> None:
    model = of_keras_layers(net)
    weights = [Trained(tuple(one.shape), one.dtype, "embedding" in one.path) for one in model.trainable_variables]
    for name, (class_name, arguments) in KERAS.items():
        for more in ({}, {"use_ema": True}, {"gradient_accumulation_steps": 2}):
            optimizer = getattr(keras.optimizers, class_name)(**arguments, **more)
            optimizer.build(model.trainable_variables)
            ours = of_keras(class_name, optimizer.get_config())
            assert ours is not None
            elements = sum(int(keras.ops.size(one)) for one in optimizer.variables)
            nbytes = sum(one.value.nbytes for one in optimizer.variables)
            assert variables(ours, weights, "numpy") == (elements, nbytes), (name, more)
            if not more:
                assert ours == OPTIMIZERS[name]._replace(title=ours.title)
                scalars = [one for one in optimizer.variables if one.shape == ()]
                assert of_cnnsum(net, name) == nbytes - 4 * len(scalars), name


def test_a_schedule_is_no_variable() -> None:
    model = of_keras_layers("large")
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 100, 0.9)
    optimizer = keras.optimizers.Adam(schedule)
    optimizer.build(model.trainable_variables)
    ours = of_keras("Adam", keras.optimizers.serialize(optimizer)["config"])
    assert ours is not None
    weights = [Trained(tuple(one.shape), one.dtype) for one in model.trainable_variables]
    assert variables(ours, weights, "numpy")[0] == sum(int(keras.ops.size(one)) for one in optimizer.variables)


@pytest.mark.parametrize("name", TORCH)
def test_pytorchs_optimizers(name: str) -> None:
    class_name, arguments = TORCH[name]
    for net in NETS:
        parameters = torch_parameters(of_keras_layers(net))
        optimizer = getattr(torch.optim, class_name)(parameters, lr=0.1, **arguments)
        for one in parameters:
            one.grad = torch.ones_like(one)
        optimizer.step()
        state = [one for held in optimizer.state.values() for one in held.values() if isinstance(one, torch.Tensor)]
        # Single numbers (the count of steps) are not counted; ASGD has three of them.
        scalars = {"step", "mu_product", "eta", "mu"}
        held = sum(
            one.nbytes
            for of_one in optimizer.state.values()
            for key, one in of_one.items()
            if isinstance(one, torch.Tensor) and key not in scalars
        )
        assert state or name == "torch.sgd"
        assert of_cnnsum(net, name) == held, (net, name)
