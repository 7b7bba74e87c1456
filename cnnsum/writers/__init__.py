"""Writers: a graph to the text of a file, in the spec language, as Keras 3 writes it, or as code. They infer nothing.

What a format has no words for is a finding, and then nothing is written. `write` chooses the writer by name.
"""

from __future__ import annotations

import json
from typing import Any

from cnnsum.diagnostics import Diagnostic, UnusableError, did_you_mean
from cnnsum.graph.infer import Inference
from cnnsum.graph.model import Graph
from cnnsum.writers.refusals import Refusals

#: The names of the formats, as `--to` gives them.
FORMATS = ("keras", "yaml", "json", "torch")


def write(graph: Graph, inference: Inference, to: str) -> tuple[str, list[Diagnostic]]:
    """The text of a graph in a format, and what the reader of it should know (warnings).

    Raises UnusableError, with all that the format has no words for.
    """
    refusals = Refusals()
    if to == "keras":
        from cnnsum.writers.keras import KerasWriter

        text = KerasWriter(inference, refusals).text(graph)
    elif to == "torch":
        from cnnsum.writers.torch import text_of as module_of

        text = module_of(graph, inference, refusals)
    elif to in FORMATS:
        from cnnsum.writers.native import text_of

        text = text_of(graph, to, refusals)
    else:
        help = did_you_mean(to, FORMATS) or f"choose from {', '.join(FORMATS)}"
        raise UnusableError(Diagnostic("SPC053", f"unknown format `{to}`", help=help))
    errors = [one for one in refusals.diagnostics if one.severity == "error"]
    if errors:
        raise UnusableError(*errors)
    return text, refusals.diagnostics


def copied(value: Any, to: str) -> str:
    """The text of a spec that was read, its structure kept (blocks, vars, budgets), in YAML or JSON."""
    if to == "json":
        return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
    from cnnsum.writers.yaml_text import dump_as_it_is

    return dump_as_it_is(value)


__all__ = ["FORMATS", "copied", "write"]
