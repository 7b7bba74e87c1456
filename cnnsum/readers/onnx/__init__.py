"""ONNX files (`.onnx`) -> Graph.

The file is a program: nodes in the order in which they run, tensors by their names, weights among them. Weights are
never read, and those that stand in files beside it are not opened. Recorded shapes are claims, as everywhere: every
operation's shape is inferred.
"""

from __future__ import annotations

from cnnsum.diagnostics import Diagnostic, UnusableError
from cnnsum.graph.model import Graph
from cnnsum.readers.how import AS_WRITTEN, How
from cnnsum.source import Document


def read_onnx(document: Document, how: How = AS_WRITTEN) -> Graph:
    """The graph of an ONNX file; raises UnusableError where the file is not one, or nothing in it can be followed."""
    if document.format != "onnx":
        message = "this is not an ONNX file: it is a text"
        help = "write one with `torch.onnx.export(model, inputs, 'model.onnx')`, or with a converter of your framework"
        raise UnusableError(Diagnostic("SPC040", message, document.span(()), help=help))
    from cnnsum.readers.onnx.program import ProgramReader

    return ProgramReader(document, how).read()
