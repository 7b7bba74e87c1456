"""From a cfg to a graph: the sections, the spec that they make, and the places of both."""

from __future__ import annotations

import os

from cnnsum.diagnostics import Diagnostic, UnusableError
from cnnsum.graph.model import MAX_LAYERS, Graph
from cnnsum.readers.darknet.sections import Sections
from cnnsum.readers.darknet.spec import INPUT, Written
from cnnsum.readers.how import How
from cnnsum.readers.translated import beside, graph_of, retell, with_channels
from cnnsum.source import Document


def read(document: Document, how: How) -> Graph:
    """The graph of a cfg."""
    if document.format != "cfg":
        message = "this is not a cfg of darknet: it has no section `[net]`"
        raise UnusableError(Diagnostic("SPC040", message, document.span(())))
    sections = Sections(document)
    first = sections.all[0]
    if first.kind != "net":
        message = f"the first section is [{first.kind}] and not [net], which says how large the picture is"
        raise UnusableError(Diagnostic("SPC031", message, document.span(first.path)), line=document.line)
    if len(sections.all) < 2:
        message = "the file has no layers: no section stands behind [net]"
        raise UnusableError(Diagnostic("SPC031", message, document.span(first.path)), line=document.line)
    if len(sections.all) > MAX_LAYERS:
        message = f"the file has {len(sections.all):,} sections; the limit is {MAX_LAYERS:,}"
        raise UnusableError(Diagnostic("SPC039", message, document.span(first.path)))
    written = Written(sections, how.types)
    value = written.value(os.path.splitext(os.path.basename(document.path))[0] or "model")
    inputs = {key or INPUT: with_channels(shape, written.picture) for key, shape in how.inputs.items()}
    own = beside(__file__, "types.yaml")
    graph = graph_of(document, value, written.rows, own, how._replace(inputs=inputs), inputs=first.path)
    retell(graph, written.unread)
    graph.diagnostics[:0] = [*document.diagnostics, *sections.found]
    return graph
