"""What layers, inputs and models are called in a function of Keras, where they are. Knows no code."""

from __future__ import annotations

from cnnsum.graph.model import Layer
from cnnsum.graph.names import snake_case
from cnnsum.writers.code.forms import Form, Forms
from cnnsum.writers.code.units import Unit
from cnnsum.writers.keras import EXPORTED


class Names:
    """Which layers, inputs and models have a name in the code: in one model of Keras each name is there once.

    A name is left out, and Keras gives one, where two of a model have the same, where a model is built anew by each
    call of a block, and where Keras could give it to another layer by itself.
    """

    def __init__(self, whole: Unit, forms: Forms) -> None:
        self.stems = {"functional", "sequential", "input_layer", "keras_tensor"}
        counted: dict[int, dict[str, int]] = {}
        self.once: dict[int, str | None] = {id(forms.of(whole)): model_name(forms.of(whole))}
        inner: list[tuple[Form, Form]] = []
        for form in forms.listed:
            names = [input_name(one.node.layer) for one in form.unit.inputs if one.node.layer.spec is not None]
            seen: set[int] = set()
            for step in form.steps:
                part = step.use.part
                if id(part) in seen:
                    continue
                seen.add(id(part))
                if part.unit is not None and part.layer is not None:
                    inner.append((form, forms.of(part.unit)))
                    names.append(model_name(forms.of(part.unit)))
                elif part.layer is not None and part.layer.type is not None:
                    self.stems.add(snake_case(EXPORTED.get(part.layer.type.name, part.layer.type.name)))
                    if part.given and len(step.copies) == 1:
                        names.append(keras_name(part.layer.name))
            counted[id(form)] = {name: names.count(name) for name in names}
        self.counted = counted
        for around, form in inner:
            name = model_name(form)
            is_one = around.unit.use is None and id(form) not in self.once
            self.once[id(form)] = name if is_one and self.is_free(around, name) else None

    def is_free(self, form: Form, name: str) -> bool:
        """Whether a name is there once in what a function builds, and Keras gives it to no other."""
        stem, _, number = name.rpartition("_")
        return self.counted[id(form)].get(name) == 1 and not {name, stem if number.isdigit() else name} & self.stems


def input_name(layer: Layer) -> str:
    """What an input is called."""
    return keras_name(layer.name)


def model_name(form: Form) -> str:
    """What a model is called."""
    return keras_name(form.title, "model")


def keras_name(name: str, otherwise: str = "layer") -> str:
    """A name that Keras takes on every backend: `/` parts scopes, PyTorch has a `.` in no parameter's name, and
    TensorFlow's scopes have letters of ASCII alone, and begin with one or a digit.

    >>> keras_name("a.conv"), keras_name("conv1/bn"), keras_name("_été"), keras_name("层")
    ('a_conv', 'conv1_bn', 't_', 'layer')
    """
    signs = [sign if sign.isascii() and (sign.isalnum() or sign in "_-") else "_" for sign in name]
    return "".join(signs).lstrip("_-") or otherwise
