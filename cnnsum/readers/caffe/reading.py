"""From a network of Caffe to a graph: the layers, the spec that they make, and the places of both."""

from __future__ import annotations

import os

from cnnsum.diagnostics import Diagnostic, UnusableError
from cnnsum.graph.model import MAX_LAYERS, Graph
from cnnsum.readers.caffe.layers import Messages
from cnnsum.readers.caffe.spec import Written
from cnnsum.readers.how import How
from cnnsum.readers.override import choose_input
from cnnsum.readers.translated import beside, graph_of, retell
from cnnsum.source import Document


def read(document: Document, how: How) -> Graph:
    """The graph of a network."""
    if document.format != "prototxt":
        message = "this is not a network of Caffe: it has no message `layer { ... }`"
        raise UnusableError(Diagnostic("SPC040", message, document.span(())))
    messages = Messages(document, MAX_LAYERS)
    written = Written(messages, how)
    name = document.value.get("name", [None])[-1]
    if not isinstance(name, str) or not name:
        name = os.path.splitext(os.path.basename(document.path))[0] or "model"
    value = written.value(name)
    if not written.rows or not written.inputs:
        found = messages.found or [Diagnostic("SPC031", "the file has no layers that run", document.span(()))]
        raise UnusableError(*found, line=document.line)
    names = [*written.inputs]
    inputs = {choose_input(names, key): written.complete(shape) for key, shape in how.inputs.items()}
    own = beside(__file__, "types.yaml")
    graph = graph_of(document, value, written.rows, own, how._replace(inputs=inputs), inputs=written.input_place)
    retell(graph, written.unread)
    graph.diagnostics[:0] = [*document.diagnostics, *messages.found, *written.remarks]
    return graph
