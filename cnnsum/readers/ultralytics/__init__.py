"""The reader of Ultralytics' architecture files: `backbone` and `head`, a row for each module.

A row becomes a use of a block that says what its module computes (`modules.yaml`), the file a spec in PyTorch's words,
and the reader of specs reads it. `read_ultralytics` is all that others need. Infers no shapes.
"""

from __future__ import annotations

from cnnsum.readers.how import AS_WRITTEN, How
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.graph.model import Graph
    from cnnsum.source import Document


def is_ultralytics(value: object) -> bool:
    """Whether a value read from a file is such an architecture: rows under `backbone` or `head`."""
    return (
        isinstance(value, dict)
        and "layers" not in value
        and any(_has_rows(value.get(key)) for key in ("backbone", "head"))
    )


def _has_rows(value: object) -> bool:
    """Whether a row among them names a module."""
    return isinstance(value, list) and any(
        isinstance(row, list) and len(row) > 2 and isinstance(row[2], str) for row in value
    )


def read_ultralytics(document: Document, how: How = AS_WRITTEN) -> Graph:
    """The graph of an architecture file; `Graph.diagnostics` holds all that is wrong with it.

    Raises UnusableError where no rows can be read, or where `how` names what it does not have.
    """
    from cnnsum.readers.ultralytics.reading import read

    return read(document, how)


__all__ = ["is_ultralytics", "read_ultralytics"]
