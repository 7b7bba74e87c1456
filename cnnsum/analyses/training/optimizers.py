"""What an optimizer keeps for every weight that it trains: the one table of optimizers, of Keras and of PyTorch.

Knows shapes of weights and nothing of networks. The definitions are in docs/measures.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cnnsum.analyses.counting import bytes_of
from cnnsum.dims import Dim, prod
from cnnsum.layers.facts import Shape
from cnnsum.typed import NamedTuple


class Optimizer(NamedTuple):
    """An optimizer: its title, and its slots for a weight.

    slots: tensors as large as the weight.
    rule: "factored" where a weight with two axes or more has a sum per row and one per column besides; "factored alone"
    where it has these in place of the others; "matrices" where what is not a matrix, or is an embedding, has a slot
    more.
    scalars: single numbers that Keras keeps beside the count of steps: the learning rate, and what is its own.
    is_torch: whether it is PyTorch's, which lays out the kernels of convolutions in its own way.
    """

    title: str
    slots: int
    rule: str = ""
    scalars: int = 1
    is_torch: bool = False

    def elements(self, shape: Shape, *, is_embedding: bool = False) -> Dim:
        """Elements of all slots of one weight, whose shape is as the optimizer's framework has it.

        >>> OPTIMIZERS["adafactor"].elements((3, 3, 16, 32)), OPTIMIZERS["adafactor"].elements((32,))
        (5040, 32)
        >>> OPTIMIZERS["torch.adafactor"].elements((32, 16, 3, 3)), OPTIMIZERS["torch.adafactor"].elements((32,))
        (3072, 32)
        >>> OPTIMIZERS["muon"].elements((10, 20)), OPTIMIZERS["muon"].elements((10, 20), is_embedding=True)
        (200, 400)
        """
        found = self.slots * prod(shape)
        if self.rule.startswith("factored") and len(shape) >= 2:
            # Shazeer and Stern, "Adafactor", 2018; the matrices are those of the last two axes.
            *outer, rows, columns = shape
            sums = prod(outer) * (rows + columns)
            return sums if self.rule == "factored alone" else found + sums
        if self.rule == "matrices" and (len(shape) != 2 or is_embedding):
            found = found + prod(shape)
        return found


def _torch(title: str, slots: int, rule: str = "") -> Optimizer:
    return Optimizer(f"{title} (PyTorch)", slots, rule, 1, True)  # by place, which is faster: every summary loads these


#: By the name that `--optimizer` takes: Keras's, and PyTorch's under `torch.`.
OPTIMIZERS = {
    "adam": Optimizer("Adam", 2),
    "adamw": Optimizer("AdamW", 2),
    "amsgrad": Optimizer("Adam (amsgrad)", 3),
    "nadam": Optimizer("Nadam", 2, scalars=2),
    "adamax": Optimizer("Adamax", 2),
    "sgd": Optimizer("SGD", 0),
    "momentum": Optimizer("SGD with momentum", 1),
    "rmsprop": Optimizer("RMSprop", 1),
    "rmsprop_momentum": Optimizer("RMSprop with momentum", 2),
    "rmsprop_centered": Optimizer("RMSprop (centered)", 2),
    "adagrad": Optimizer("Adagrad", 1),
    "adadelta": Optimizer("Adadelta", 2),
    "adafactor": Optimizer("Adafactor", 1, "factored"),
    "ftrl": Optimizer("FTRL", 2),
    "lamb": Optimizer("LAMB", 2),
    "lion": Optimizer("Lion", 1),
    "muon": Optimizer("Muon", 1, "matrices"),
    "schedule_free_adamw": Optimizer("schedule-free AdamW", 2),
    "torch.adam": _torch("Adam", 2),
    "torch.adamw": _torch("AdamW", 2),
    "torch.amsgrad": _torch("Adam with amsgrad", 3),
    "torch.nadam": _torch("NAdam", 2),
    "torch.radam": _torch("RAdam", 2),
    "torch.adamax": _torch("Adamax", 2),
    "torch.sgd": _torch("SGD", 0),
    "torch.momentum": _torch("SGD with momentum", 1),
    "torch.asgd": _torch("ASGD", 1),
    "torch.rprop": _torch("Rprop", 2),
    "torch.rmsprop": _torch("RMSprop", 1),
    "torch.rmsprop_momentum": _torch("RMSprop with momentum", 2),
    "torch.rmsprop_centered": _torch("RMSprop, centered", 2),
    "torch.adagrad": _torch("Adagrad", 1),
    "torch.adadelta": _torch("Adadelta", 2),
    "torch.adafactor": _torch("Adafactor", 1, "factored alone"),
}

#: Keras's classes, and the names of their optimizers where no argument turns them into others.
_CLASSES = {
    "Adam": "adam",
    "AdamW": "adamw",
    "Nadam": "nadam",
    "Adamax": "adamax",
    "SGD": "sgd",
    "RMSprop": "rmsprop",
    "Adagrad": "adagrad",
    "Adadelta": "adadelta",
    "Adafactor": "adafactor",
    "Ftrl": "ftrl",
    "Lamb": "lamb",
    "Lion": "lion",
    "Muon": "muon",
    "ScheduleFreeAdamW": "schedule_free_adamw",
}


def of_keras(class_name: str, config: Mapping[str, object]) -> Optimizer | None:
    """The optimizer that Keras makes of a class and its arguments; None for a class that is not known.

    >>> of_keras("SGD", {"momentum": 0.9}).slots, of_keras("Adam", {"amsgrad": True, "use_ema": True}).slots
    (1, 4)
    """
    name = _CLASSES.get(class_name)
    if name is None:
        return None
    found = OPTIMIZERS[name]
    slots = found.slots
    if class_name in ("SGD", "RMSprop"):
        slots += bool(config.get("momentum"))
    if class_name == "RMSprop":
        slots += bool(config.get("centered"))
    if class_name in ("Adam", "AdamW"):
        slots += bool(config.get("amsgrad"))
    # Moving averages of the weights, and sums of gradients.
    slots += bool(config.get("use_ema")) + bool(config.get("gradient_accumulation_steps"))
    # A learning rate that follows a schedule is not a variable.
    return found._replace(slots=slots, scalars=found.scalars - isinstance(config.get("learning_rate"), Mapping))


class Trained(NamedTuple):
    """A weight that is trained: its shape, its dtype, and whether Muon takes it for an embedding."""

    shape: Shape
    dtype: str
    is_embedding: bool = False


def variables(optimizer: Optimizer, weights: Iterable[Trained], backend: str) -> tuple[Dim, Dim]:
    """Elements and bytes of all variables of a built optimizer of Keras, as `Optimizer params` of a summary has them.

    These are the slots, the count of steps (an int64 on TensorFlow, an int32 on other backends), the scalars, and two
    numbers that Adafactor makes for every weight that it cannot factor.
    """
    elements: Dim = 1 + optimizer.scalars
    total: Dim = (8 if backend == "tensorflow" else 4) + 4 * optimizer.scalars
    for weight in weights:
        own = optimizer.elements(weight.shape, is_embedding=weight.is_embedding)
        elements, total = elements + own, total + bytes_of(own, weight.dtype)
        if optimizer.rule == "factored" and len(weight.shape) < 2:
            elements, total = elements + 2, total + 8
    return elements, total
