"""A model as the text of another format: `convert`. The formats are the writers'; nothing is known of them here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cnnsum.diagnostics import Diagnostic, UnusableError
from cnnsum.writers import copied, write

if TYPE_CHECKING:
    from cnnsum.model import Model


class Converted(NamedTuple):
    """The text, and what its reader should know of it (warnings)."""

    text: str
    diagnostics: tuple[Diagnostic, ...]


def convert(model: Model, to: str) -> Converted:
    """A model as Keras 3 writes it ("keras"), as a spec ("yaml", "json"), or as a module of PyTorch ("torch").

    A spec that is a spec again is copied as it stands, with its blocks, vars and budgets.

    Raises UnusableError, with everything that the format has no words for, and for a model with errors.
    """
    if model.wrong:
        raise UnusableError(*model.errors)
    if model.format == "cnnsum" and to in ("yaml", "json"):
        return Converted(copied(model.document.value, to), ())
    text, warnings = write(model.graph, model.inference, to)
    return Converted(text, tuple(warnings))
