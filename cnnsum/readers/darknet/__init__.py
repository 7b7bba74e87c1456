"""The reader of darknet's cfg files: `[net]`, then a section for each layer.

A section becomes a block of PyTorch's layers and of those in `types.yaml`, the file a spec, and the reader of specs
reads it. `read_darknet` is all that others need. Infers no shapes.
"""

from __future__ import annotations

from cnnsum.readers.how import AS_WRITTEN, How
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.graph.model import Graph
    from cnnsum.source import Document


def read_darknet(document: Document, how: How = AS_WRITTEN) -> Graph:
    """The graph of a cfg; `Graph.diagnostics` holds all that is wrong with it.

    Raises UnusableError where there is no network in it, or where `how` names what it does not have.
    """
    from cnnsum.readers.darknet.reading import read

    return read(document, how)


__all__ = ["read_darknet"]
