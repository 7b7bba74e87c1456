"""What a writer cannot say in its format: findings with the place of the layer that they are about."""

from __future__ import annotations

from collections.abc import Mapping

from cnnsum.counted import counted
from cnnsum.diagnostics import Diagnostic, Severity
from cnnsum.graph.model import Graph, Layer
from cnnsum.layers.base import LayerType


class Refusals:
    """Collects them. Each is said once of a layer."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []

    def refuse(self, layer: Layer, message: str, help: str | None = None) -> None:
        """The layer cannot be written."""
        self._add(layer, message, help, "error")

    def warn(self, layer: Layer, message: str, help: str | None = None) -> None:
        """The layer can be written, but something of it is lost."""
        self._add(layer, message, help, "warning")

    def warn_of_foreign(self, layer: Layer, type: LayerType) -> None:
        """A spec does not declare the type of a layer."""
        message = f"`{layer.name}` is of a layer type that is declared elsewhere, `{type.name}`"
        self.warn(layer, message, "read the spec with the same declarations, or put them into it")

    def warn_of_switch(self, layer: Layer, type: LayerType) -> None:
        """A layer that does not train, where Keras makes layers in it that its switch does not reach."""
        if layer.is_off and type.parts:
            reaches = f"`trainable=False` does not reach the layers that Keras makes in {type.name}"
            self.warn(layer, f"`{layer.name}`: {reaches}: set it again on what is made")

    def warn_of_names(self, names: Mapping[Layer, str]) -> None:
        """Names are written otherwise, or left out where there is no other: said once, of the first."""
        if not names:
            return
        (first, name), *others = names.items()
        what = f"written as `{name}`" if name else "left out"
        more = f", and {counted(len(others), 'other layer')} likewise" if others else ""
        said = f"`{first.name}`" if first.name else "an empty text"
        self.warn(first, f"not every backend of Keras takes such a name: {said} is {what}{more}")

    def warn_of_unused(self, graph: Graph) -> None:
        """The layers that no output depends on are left out."""
        for layer in graph.order().unused:
            self.warn(layer, f"`{layer.name}` is left out: no output depends on it")

    def warn_of_optimizer(self, graph: Graph, where: str) -> None:
        """The optimizer of a compiled model is left out; where: the reason why the format does not have it."""
        optimizer = graph.compile_config.get("optimizer")
        named = optimizer.get("class_name") if isinstance(optimizer, Mapping) else optimizer
        name = f", {named}," if isinstance(named, str) else ""
        message = f"the optimizer that the model was compiled with{name} is left out: {where}"
        self.warn(
            Layer(graph.name, None, place=graph.place),
            message,
            "--optimizer says which one the memory of training is for",
        )

    def _add(self, layer: Layer, message: str, help: str | None, severity: Severity) -> None:
        span = None if layer.place is None else layer.place.span()
        found = Diagnostic("SPC072", message, span, severity, help)
        if found not in self.diagnostics:
            self.diagnostics.append(found)
