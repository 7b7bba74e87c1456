"""A model as the text of another format: `convert`. The formats are the writers'; nothing is known of them here."""

from __future__ import annotations

from cnnsum.answers.given import SPECS
from cnnsum.diagnostics import Diagnostic, UnusableError
from cnnsum.typed import TYPE_CHECKING, NamedTuple
from cnnsum.writers import write

if TYPE_CHECKING:
    from cnnsum.model import Model


class Converted(NamedTuple):
    """The text, and what its reader should know of it (warnings)."""

    text: str
    diagnostics: tuple[Diagnostic, ...]


def convert(model: Model, to: str, framework: str | None = None) -> Converted:
    """A model as Keras 3 writes it ("keras"), as a spec ("yaml", "json"), or as code ("torch", "keras-py").

    framework: in whose words a spec is written, "keras" or "torch"; None for those of the model. A spec that is a spec
    in the same words again is copied as it stands, with its blocks, vars and budgets, and what it uses of others by
    `include`.

    Raises UnusableError, with everything that the format has no words for, and for a model with errors.
    """
    if framework is not None and to not in SPECS:
        raise ValueError(
            f"convert(): leave `framework` out: it is of a spec, and {to} is in the words of one framework"
        )
    if model.wrong:
        raise UnusableError(*model.errors)
    if is_copied(model, to, framework):
        from cnnsum.writers.copying import copied

        text, warnings = copied(model.document, model.graph, set(model.how.types.values()), to)
        return Converted(text, tuple(warnings))
    text, warnings = write(model.graph, model.inference, to, framework)
    return Converted(text, tuple(warnings))


def is_copied(model: Model, to: str, framework: str | None) -> bool:
    """Whether it is a spec already, and stays as it stands."""
    same = framework is None or framework == model.graph.vocabulary.name
    return model.format == "cnnsum" and to in SPECS and same
