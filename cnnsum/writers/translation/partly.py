"""A program as far as it can be told in modules of `torch.nn`, for those who look for layers."""

from __future__ import annotations

from cnnsum.graph.infer import Inference, infer
from cnnsum.graph.model import Graph
from cnnsum.layers.vocabulary import ONNX
from cnnsum.writers.refusals import Refusals
from cnnsum.writers.translation.base import CannotError
from cnnsum.writers.translation.from_program import RULES, FromProgram


def partly_in_modules(graph: Graph, inference: Inference) -> tuple[Graph, Inference]:
    """The program with those of its operations in modules and functions that have such, and the others as they are.

    The graph as it is where it has errors, or this one would have some.
    """
    if any(one.severity == "error" for one in inference.diagnostics):
        return graph, inference  # rules of translation take layers that have been found sound
    rules = RULES
    if graph.vocabulary is ONNX:
        from cnnsum.writers.translation import from_onnx

        rules = from_onnx.RULES
    translator = FromProgram(graph, inference, Refusals(), rules, partly=True)
    try:
        found = translator.translated()
    except CannotError:
        return graph, inference
    new = infer(found)
    translator.hold(new)
    if translator.differs or any(one.severity == "error" for one in new.diagnostics):
        return graph, inference
    return found, new
