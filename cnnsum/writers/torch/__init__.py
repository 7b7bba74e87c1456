"""A network in PyTorch's words as a Python module, as one would write it by hand: `torch.nn` classes with `forward`.

Blocks are classes, chains are `nn.Sequential`, and what is not a module (a sum, a view) is an expression in `forward`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnnsum.dims import Dim
from cnnsum.graph.infer import Inference
from cnnsum.graph.model import FLOAT32, Graph, Layer
from cnnsum.layers.base import LayerType
from cnnsum.layers.facts import Shape
from cnnsum.layers.inner import Inner
from cnnsum.layers.vocabulary import TORCH
from cnnsum.writers.code.forms import Forms, Told
from cnnsum.writers.code.names import Taken, class_name, said
from cnnsum.writers.code.units import Shaped, Use, unit_of
from cnnsum.writers.refusals import Refusals
from cnnsum.writers.torch.classes import Class
from cnnsum.writers.torch.words import (
    FOLLOWS,
    PARAMETERS,
    UNNAMED,
    WORDS,
    Made,
    arguments,
    gives_more,
    is_plain,
    tuples,
)
from cnnsum.writers.values import has_formula, policy_name, shortest


def text_of(graph: Graph, inference: Inference, refusals: Refusals, notes: Mapping[Layer, str] | None = None) -> str:
    """The text of a module. notes: what is to be said of a layer, in a comment above it."""
    return _Writer(graph, inference, refusals, {} if notes is None else notes).text()


class _Writer(Shaped):
    """Writes one network: a `Scribe` of forms, which then become classes."""

    words: tuple[str, ...] = WORDS

    def __init__(self, graph: Graph, inference: Inference, refusals: Refusals, notes: Mapping[Layer, str]) -> None:
        self.graph = graph
        self.refusals = refusals
        super().__init__(inference)
        self.notes = notes
        self.classes: dict[int, str] = {}

    def text(self) -> str:
        """The text; what cannot be written is refused."""
        self.refusals.warn_of_unused(self.graph)
        whole = unit_of(self.graph)
        forms = Forms(whole, self)
        taken = Taken(("Tensor", "Network_"))
        name = "" if self.graph.name in UNNAMED else self.graph.name
        names = {id(forms.of(whole)): taken.give(class_name(name), "")}
        for form in forms.listed:
            if id(form) not in names:
                names[id(form)] = taken.give(class_name(form.title, "Block"), "")
        self.classes = names
        body: list[str] = []
        for form in forms.listed:
            body += ["", "", *Class(self, forms, form, is_whole=form is forms.of(whole)).lines()]
        text = "\n".join(body)
        head = [f'"""{said(name) or "A network"} in PyTorch, written by cnnsum."""', ""]
        if "torch." in text:
            head += ["import torch"]
        head += ["from torch import Tensor, nn"]
        if "functional." in text:
            head += ["from torch.nn import functional"]
        return "\n".join(head) + "\n" + text + "\n"

    # --- what forms ask -----------------------------------------------------------------------------------------------

    def tell(self, use: Use) -> Told:
        """What is to be written of a call of a layer; refuses what cannot be."""
        node, layer = use.node, use.part.layer
        assert node is not None
        assert layer is not None
        type = layer.type
        if type is None or TORCH.find(type.key) is not type or "." in type.key:
            self._refuse_type(layer, type)
            return Told(None, {}, module=False)
        found = self.known.call(node)
        inputs = () if found is None else self.known.shapes(found.inputs)
        outputs = 1 if found is None else len(found.outputs)
        if node.options or node.computed:
            listed = ", ".join((*node.options, *node.computed))
            self.refusals.refuse(layer, f"one call of `{layer.name}` has {listed} of its own, which no module has")
        if layer.policy != FLOAT32:
            self.refusals.refuse(
                layer,
                f"`{layer.name}` computes in {policy_name(layer.policy)}, and modules are written in float32",
                "leave `dtype` out, and call `.to(dtype)` of the module",
            )
        for constant in node.constants:
            if not isinstance(constant.value, (int, float)):
                self.refusals.refuse(layer, f"`{layer.name}` has a constant that is not a number")
        for keyword in node.keywords:
            if keyword not in type.schema.inputs:
                message = f"`{layer.name}` is given a `{keyword}`, which {type.name} of PyTorch does not take"
                self.refusals.refuse(layer, message)
        fields = [name for name, value in layer.fields.items() if has_formula(value)]
        if fields:
            message = f"`{layer.name}`: formulas have no place in a module ({', '.join(fields)})"
            self.refusals.refuse(layer, message, "give the symbol a value with --set")
        slots = self._slots(layer, type, layer.fields, inputs)
        module = type.key[0].isupper()
        note = self.notes.get(layer, "")
        constants = tuple([(one.index, repr(one.value)) for one in node.constants])
        key = (type.key, node.keywords, constants, layer.is_off, len(node.inputs), outputs, note)
        chains = module and len(node.inputs) == 1 and outputs == 1 and not gives_more(type)
        return Told(key, slots, chains)

    def _refuse_type(self, layer: Layer, type: LayerType | None) -> None:
        if type is not None and "." in type.key and type.vocabulary is TORCH:
            message = f"`{layer.name}` is an operation of an exported program, `{type.key}`, and no module"
        elif type is not None and type.vocabulary is not TORCH:
            message = f"`{layer.name}`: {type.name} is a layer of {type.vocabulary.title}"
        elif type is not None:
            message = f"`{type.name}` is a layer type of the spec's own: its shapes are known, not what it computes"
        else:
            message = f"`{layer.name}` is of an unknown type, `{layer.type_name}`"
        self.refusals.refuse(layer, message)

    def _slots(
        self, layer: Layer, type: LayerType, fields: Mapping[str, object], inputs: Sequence[Shape | None]
    ) -> dict[str, object]:
        slots: dict[str, object] = {}
        for name, field in type.schema.fields.items():
            value = fields[name]
            if name in FOLLOWS and value is None and type.key != "Transformer":
                value = self._following(layer, type, name, inputs)
            if isinstance(value, Inner):
                value = self._inner(layer, value, inputs)
            elif has_formula(value):
                value = None  # it was refused
            else:
                value = tuples(shortest(value, field))
                if name == "unflattened_size" and isinstance(value, int):
                    value = (value,)
                if name == "split_size_or_sections" and isinstance(value, tuple):
                    value = [*value]
            slots[name] = value
        for name, value in slots.items():
            if not is_plain(value):
                self.refusals.refuse(layer, f"`{layer.name}`: its `{name}` is not written in code")
                slots[name] = None
        return slots

    def _following(self, layer: Layer, type: LayerType, name: str, inputs: Sequence[Shape | None]) -> object:
        number, axis = FOLLOWS[name]
        shape = inputs[number] if number < len(inputs) else None
        size: Dim | None = None if shape is None or not -len(shape) <= axis < len(shape) else shape[axis]
        if not isinstance(size, int):
            self.refusals.refuse(
                layer,
                f"`{layer.name}`: a size of its weights is not known, and {type.name} asks for it ({name})",
                "give the symbol a value with --set, or the input a size with -i",
            )
            return None
        return size

    def _inner(self, layer: Layer, inner: Inner, inputs: Sequence[Shape | None]) -> object:
        if getattr(inner, "graph", None) is not None or TORCH.find(inner.type.key) is not inner.type:
            self.refusals.refuse(layer, f"`{layer.name}` holds a model, which is not written in code")
            return None
        if any(map(has_formula, inner.fields.values())):
            message = f"`{layer.name}`: formulas have no place in a module"
            self.refusals.refuse(layer, message, "give the symbol a value with --set")
            return None
        slots = self._slots(layer, inner.type, inner.fields, inputs)
        return Made(inner.type.key, tuple(arguments(inner.type, slots, slots.__getitem__)), inner.trainable)

    def parameter(self, slot: str) -> str:
        """What a parameter for a slot is called."""
        return PARAMETERS.get(slot, slot)

    def axes(self, rank: int) -> str:
        """A letter for each axis."""
        return {1: "N", 2: "NC", 3: "NCL", 4: "NCHW", 5: "NCDHW"}.get(rank, "NCDEFGHIJK"[:rank])
