"""What a writer cannot say in its format: findings with the place of the layer that they are about."""

from __future__ import annotations

from cnnsum.diagnostics import Diagnostic, Severity
from cnnsum.graph.model import Layer


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

    def _add(self, layer: Layer, message: str, help: str | None, severity: Severity) -> None:
        span = None if layer.place is None else layer.place.span()
        found = Diagnostic("SPC072", message, span, severity, help)
        if found not in self.diagnostics:
            self.diagnostics.append(found)
