"""What an exported program records of what is varied: PyTorch refuses to run it at other values. Knows no format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnnsum.dims.sets import SizeSet
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.model import Model

#: By name the only values that PyTorch runs the program at, and as text.
Recorded = Mapping[str, tuple[SizeSet, str]]


def recorded(model: Model, names: Sequence[str]) -> Recorded:
    """What is recorded of sizes, or of the batch; names of which nothing is are left out."""
    found = {name: model.recorded(name) for name in names}
    return {name: held for name, held in found.items() if held is not None}


def as_text(found: Recorded) -> str | None:
    """All of it; None for nothing."""
    return "; ".join(text for _, text in found.values()) or None
