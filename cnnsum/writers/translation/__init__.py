"""Networks from the words of one framework to those of another, where the other does exactly the same.

What has no counterpart is refused with its place and the reason; nothing is written that is nearly the same. The table
of types and fields that mean the same is `cnnsum.layers.pairs`, for both directions; each direction has the rules of
what differs.
"""

from __future__ import annotations

from cnnsum.graph.infer import Inference, infer
from cnnsum.graph.model import Graph, Layer
from cnnsum.layers.vocabulary import Vocabulary
from cnnsum.writers.refusals import Refusals
from cnnsum.writers.translation.base import CannotError, Notes


def translated(
    graph: Graph, inference: Inference, to: Vocabulary, refusals: Refusals
) -> tuple[Graph, Inference, Notes]:
    """The graph in the words of a vocabulary, what is inferred of it, and notes of some of its layers.

    Where something was refused, they are those of the old graph.
    """
    if to is graph.vocabulary:
        return graph, inference, {}
    if to.channels_first:
        from cnnsum.writers.translation.to_torch import translated as run
    else:
        from cnnsum.writers.translation.to_keras import translated as run
    model = Layer(graph.name, None, place=graph.place)
    try:
        found, notes = run(graph, inference, refusals)
    except CannotError as error:
        refusals.refuse(model, str(error), error.help)
        return graph, inference, {}
    if any(one.severity == "error" for one in refusals.diagnostics):
        return graph, inference, {}
    new = infer(found)
    wrong = [one for one in new.diagnostics if one.severity == "error"]
    for one in wrong:
        refusals.refuse(model, f"what it becomes has errors: {one.message}")
    return (graph, inference, {}) if wrong else (found, new, notes)
