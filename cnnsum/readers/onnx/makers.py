"""Why a tensor that a node of an ONNX file reads is not there: nothing makes it, a later node does, or one that waits
for this very node.

Looks at names alone; knows no operation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnnsum.diagnostics import did_you_mean
from cnnsum.typed import Any, NamedTuple

#: Nodes of a circle that a message names.
_MOST_SHOWN = 5


class Missing(NamedTuple):
    """What is said of a tensor that is not there."""

    code: str
    message: str
    help: str | None = None


class Makers:
    """Who makes which tensor, among the nodes of one graph in their order."""

    def __init__(self, nodes: Sequence[Mapping[str, Any]]) -> None:
        self._nodes = nodes
        self._maker = {name: at for at, node in enumerate(nodes) for name in node.get("output") or [] if name}

    def why_missing(self, name: str, reader: str, at: int) -> Missing:
        """What is wrong with a tensor that the node at this place reads, and that nothing has made by then."""
        maker = self._maker.get(name)
        if maker is None:
            message = f"`{reader}` reads the tensor `{name}`, which nothing makes"
            return Missing("GRF302", message, did_you_mean(name, self._maker))
        circle = self._circle(at, maker)
        if circle:
            shown = [*circle[:_MOST_SHOWN], *(["..."] if len(circle) > _MOST_SHOWN else [])]
            ring = " -> ".join(f"`{one}`" if one != "..." else one for one in (*shown, circle[0]))
            return Missing("GRF301", f"`{reader}` reads the tensor `{name}` of a node that waits for it: {ring}")
        message = f"`{reader}` reads the tensor `{name}`, which only a later node makes, `{_shown(self._nodes[maker])}`"
        return Missing("GRF302", message, "nodes stand in the order in which they run: sort them")

    def _circle(self, reader: int, maker: int) -> list[str]:
        """The nodes of the way from the reader to the maker of what it reads; none where there is no such way."""
        before: dict[int, int] = {maker: -1}
        waiting = [maker]
        for at in waiting:
            for name in self._nodes[at].get("input") or []:
                source = self._maker.get(name)
                if source is not None and source not in before:
                    before[source] = at
                    waiting.append(source)
        if reader not in before:
            return []
        found = []
        at = reader
        while at != -1:
            found.append(_shown(self._nodes[at]))
            at = before[at]
        return found


def _shown(node: Mapping[str, Any]) -> str:
    """The name of a node, or of its operation."""
    return str(node.get("name") or node.get("op_type") or "?")
