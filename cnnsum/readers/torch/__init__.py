"""PyTorch's exported programs (`torch.export.save`, `.pt2`) -> Graph.

The archive's JSON holds the nodes of the program, the sizes of every tensor, and which inputs are parameters. Weights
and the pickled samples are never read, and nothing in the file is executed: expressions are parsed by `expressions`.
Recorded shapes are claims, as everywhere: every operation's shape is inferred.
"""

from __future__ import annotations

from cnnsum.diagnostics import Diagnostic, UnusableError
from cnnsum.graph.model import Graph
from cnnsum.layers.kinds import show
from cnnsum.readers.how import AS_WRITTEN, How
from cnnsum.source import Document

#: Major versions of the schema that can be read: 7 is PyTorch 2.5's, 8 that of 2.6 to 2.14.
_MAJORS = (7, 8)


def is_program(value: object) -> bool:
    """Whether the value of a file is an exported program."""
    return isinstance(value, dict) and "graph_module" in value and "schema_version" in value


def read_torch(document: Document, how: How = AS_WRITTEN) -> Graph:
    """The graph of an exported program; raises UnusableError where the file holds none, or one of another schema."""
    value = document.value
    if not is_program(value):
        help = "write one with `torch.export.save(torch.export.export(model, inputs), 'model.pt2')`"
        message = "this is not an exported program of PyTorch: it has no `graph_module`"
        raise UnusableError(Diagnostic("SPC040", message, document.span(()), help=help))
    version = value["schema_version"]
    major = version.get("major") if isinstance(version, dict) else None
    if major not in _MAJORS:
        message = f"the program has the schema {show(major)}, and cnnsum reads {' and '.join(map(str, _MAJORS))}"
        help = "export it with PyTorch 2.5 to 2.14"
        raise UnusableError(Diagnostic("SPC078", message, document.span(("schema_version",)), help=help))
    from cnnsum.readers.torch.program import ProgramReader

    return ProgramReader(document, how).read()
