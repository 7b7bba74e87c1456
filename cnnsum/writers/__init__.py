"""Writers: a graph to the text of a file, in the spec language, as Keras 3 writes it, or as code. They infer nothing.

What a format has no words for is a finding, and then nothing is written. `write` chooses the writer by name.
"""

from __future__ import annotations

from cnnsum.diagnostics import Diagnostic, UnusableError, did_you_mean
from cnnsum.graph.infer import Inference
from cnnsum.graph.model import Graph, Layer
from cnnsum.layers.vocabulary import KERAS, TORCH, VOCABULARIES
from cnnsum.typed import TYPE_CHECKING, NoReturn
from cnnsum.writers.refusals import Refusals

if TYPE_CHECKING:
    from cnnsum.writers.translation.base import Notes

#: The names of the formats, as `--to` gives them.
FORMATS = ("keras", "yaml", "json", "torch", "keras-py")
#: In whose words each is that is of one framework.
_VOCABULARIES = {"keras": KERAS, "keras-py": KERAS, "torch": TORCH}


def write(graph: Graph, inference: Inference, to: str, framework: str | None = None) -> tuple[str, list[Diagnostic]]:
    """The text of a graph in a format, and what the reader of it should know (warnings).

    framework: in whose words a spec is written; None for those of the graph.

    Raises UnusableError, with all that the format has no words for.
    """
    refusals = Refusals()
    if to not in FORMATS:
        help = did_you_mean(to, FORMATS) or f"choose from {', '.join(FORMATS)}"
        raise UnusableError(Diagnostic("SPC053", f"unknown format `{to}`", help=help))
    if graph.vocabulary.domain:
        _refuse_operations(graph)
    for layer in inference.stored:
        if layer.stored is not None:
            message = f"`{layer.name}`: its weights are known from the archive alone, and are left out with it"
            refusals.warn(layer, message)
    for layer in graph.shared:
        refusals.warn(layer, f"`{layer.name}` shares weights with a layer of another model: it is written with its own")
    wanted = _VOCABULARIES.get(to) or (graph.vocabulary if framework is None else VOCABULARIES[framework])
    notes: Notes = {}
    if graph.program and graph.exported:
        from cnnsum.writers.translation.from_program import in_modules

        graph, inference = in_modules(graph, inference, refusals)
        if refusals.diagnostics:
            errors = [one for one in refusals.diagnostics if one.severity == "error"]
            if errors:
                raise UnusableError(*errors)
    if wanted is not graph.vocabulary:
        from cnnsum.writers.translation import translated

        graph, inference, notes = translated(graph, inference, wanted, refusals)
    text = _text(graph, inference, to, refusals, notes) if graph.vocabulary is wanted else ""
    errors = [one for one in refusals.diagnostics if one.severity == "error"]
    if errors:
        raise UnusableError(*errors)
    return text, refusals.diagnostics


def _refuse_operations(graph: Graph) -> NoReturn:
    """Raise the error of a file whose operations no other format has."""
    refusals = Refusals()
    title = graph.vocabulary.title
    refusals.refuse(
        Layer(graph.name, None, place=graph.place),
        f"operations of {title} have no words in another format: no {title} file is converted",
        "convert the model that it was made from: the file of Keras, or the exported program of PyTorch (.pt2)",
    )
    raise UnusableError(*refusals.diagnostics)


def _text(graph: Graph, inference: Inference, to: str, refusals: Refusals, notes: Notes) -> str:
    if to == "keras":
        from cnnsum.writers.keras import KerasWriter

        return KerasWriter(inference, refusals).text(graph)
    if to == "keras-py":
        from cnnsum.writers.keras_code import text_of as function_of

        return function_of(graph, inference, refusals, notes)
    if to == "torch":
        from cnnsum.writers.torch import text_of as module_of

        return module_of(graph, inference, refusals, notes)
    from cnnsum.writers.native import text_of

    return text_of(graph, to, refusals)


__all__ = ["FORMATS", "write"]
