"""From a network of Caffe to a graph: the layers, the spec that they make, and the places of both."""

from __future__ import annotations

import os
from functools import partial

from cnnsum.diagnostics import Diagnostic, UnusableError
from cnnsum.graph.model import FLOAT32, MAX_LAYERS, Graph
from cnnsum.layers.base import Rule
from cnnsum.layers.facts import Facts, Shape
from cnnsum.layers.requiring import require_at_least
from cnnsum.readers.caffe.layers import Messages
from cnnsum.readers.caffe.spec import Written
from cnnsum.readers.how import How
from cnnsum.readers.override import choose_input
from cnnsum.readers.translated import beside, graph_of, retell
from cnnsum.source import Document

#: Types of `types.yaml` that a condition belongs to which no declaration says, with their first axis.
_CROPS = {"Crop1": 1, "Crop2": 2, "Crop3": 3}


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
    for type in {layer.type for layer in graph.layers if layer.type is not None and layer.type_name in _CROPS}:
        type.rule = partial(_cropped, type.rule, _CROPS[type.name])
    # What both statistics of a normalisation are divided by is a blob of its own, of one number.
    graph.counts = FLOAT32.variable
    graph.diagnostics[:] = [one for one in graph.diagnostics if not _is_told(one, written)]
    retell(graph, written.unread)
    graph.diagnostics[:0] = [*document.diagnostics, *messages.found, *written.remarks]
    return graph


def _is_told(found: Diagnostic, written: Written) -> bool:
    """Whether a finding about the spec follows from what is reported of the file."""
    if found.code == "UNK701":
        return found.span in written.wrong
    return found.code == "SPC031" and not all(written.inputs.values())


def _cropped(rule: Rule, axis: int, x: Shape, like: Shape, *, offset: int | tuple[int, ...]) -> Facts:
    """The facts of a crop, which must not reach beyond the edge, as Caffe's CHECK says."""
    facts: Facts = rule(x, like, offset=offset)
    for place in range(axis, len(x)):
        start = offset if isinstance(offset, int) else offset[place - axis]
        what = f"Crop reaches beyond the edge: {like[place]} from {start} on, along axis {place} of {x[place]}"
        require_at_least(x[place], like[place] + start, what, field="offset")
    return facts
