"""Advice on a spec in a few lines."""

from cnnsum.diagnostics import Diagnostic
from cnnsum.model import Model, loads
from cnnsum.rules import advise
from cnnsum.rules.base import Subject


def advice_on(model: Model, *codes: str) -> list[Diagnostic]:
    """What the rules say of a model: all of them, or those of some codes."""
    subject = Subject(
        model.graph,
        model.inference,
        lambda: model.sizes,
        model.document,
        lambda code: not codes or code in codes,
    )
    return advise(subject)


def codes_of(text: str, *codes: str) -> list[str]:
    """The codes of what the rules say of a spec."""
    return [found.code for found in advice_on(loads(text), *codes)]
