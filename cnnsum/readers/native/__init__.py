"""The reader of the spec language: from a document of plain values to a `Graph`.

`read_native` is all that others need. Parts that few specs use (blocks, `include`, `layer_types`, sharing) are loaded
when a spec uses them. Infers no shapes.
"""

from __future__ import annotations

from cnnsum.readers.how import AS_WRITTEN, How
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.graph.model import Graph
    from cnnsum.source import Document

_MARKS = ("layers", "input", "inputs", "blocks")


def is_native(value: object) -> bool:
    """Whether a value read from a file is a spec, or clearly meant as one."""
    return isinstance(value, dict) and "class_name" not in value and any(mark in value for mark in _MARKS)


def read_native(document: Document, how: How = AS_WRITTEN) -> Graph:
    """The graph of a spec; `Graph.diagnostics` holds all that is wrong with it.

    Raises UnusableError where the file declares no layers, or none that can be made, or where
    `how` name what it does not have.
    """
    from cnnsum.readers.native.spec import Spec

    if not isinstance(document.value, dict):
        from cnnsum.diagnostics import Diagnostic, UnusableError

        message = "a spec is a mapping with `input` and `layers`"
        raise UnusableError(Diagnostic("SPC031", message, document.span(())))
    return Spec(document, how).read()


__all__ = ["is_native", "read_native"]
