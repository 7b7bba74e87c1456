"""TensorFlow Lite files (`.tflite`) -> Graph.

The file is a program: operators in the order in which they run, tensors by their numbers, weights among them. Weights
are never read. Recorded shapes are claims, as everywhere: every operator's shape is inferred.
"""

from __future__ import annotations

from cnnsum.diagnostics import Diagnostic, UnusableError
from cnnsum.graph.model import Graph
from cnnsum.readers.how import AS_WRITTEN, How
from cnnsum.source import Document


def read_tflite(document: Document, how: How = AS_WRITTEN) -> Graph:
    """The graph of a TensorFlow Lite file; raises UnusableError where the file is not one, or holds no graph."""
    if document.format != "tflite":
        message = "this is not TensorFlow Lite file: its bytes do not say that it is one"
        help = "`tf.lite.TFLiteConverter` writes one; `TFL3` stands behind its first four bytes"
        raise UnusableError(Diagnostic("SPC040", message, document.span(()), help=help))
    from cnnsum.readers.tflite.program import ProgramReader

    return ProgramReader(document, how).read()
