"""Training memory: weights, gradients, optimizer slots, and what backpropagation keeps."""

from __future__ import annotations

from typing import NamedTuple

from cnnsum.analyses.params import Weights
from cnnsum.dims import Dim


class Optimizer(NamedTuple):
    """An optimizer: its title, and how many slots it keeps per trainable parameter."""

    title: str
    slots: int


#: By the name that `--optimizer` takes.
OPTIMIZERS = {
    "adam": Optimizer("Adam", 2),
    "adamw": Optimizer("AdamW", 2),
    "nadam": Optimizer("Nadam", 2),
    "adamax": Optimizer("Adamax", 2),
    "sgd": Optimizer("SGD", 0),
    "momentum": Optimizer("SGD with momentum", 1),
    "rmsprop": Optimizer("RMSprop", 1),
    "adagrad": Optimizer("Adagrad", 1),
    "lion": Optimizer("Lion", 1),
}


class Training(NamedTuple):
    """Bytes of one training step; `total` is the sum of the items.

    The gradients of activations, which the backward pass holds for a moment, are not estimated and not in the total.
    """

    total: Dim
    weights: Dim
    gradients: Dim
    optimizer: Dim
    saved: Dim


def training(weights: Weights, saved: Dim, optimizer: Optimizer) -> Training:
    """The memory of a training step with an optimizer; gradients and slots have the dtype of the variables."""
    held = weights.trainable_bytes + weights.non_trainable_bytes
    gradients = weights.trainable_bytes
    slots = optimizer.slots * gradients
    return Training(held + gradients + slots + saved, held, gradients, slots, saved)
