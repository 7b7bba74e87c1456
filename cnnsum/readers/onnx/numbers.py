"""Numbers that a program computes from what is fixed, where they decide how it is read: which branch runs, how often.

Inference of what a tensor needs tells them. Knows no operation.
"""

from __future__ import annotations

from cnnsum.graph.infer import infer
from cnnsum.graph.model import Graph, Node, Tensor
from cnnsum.readers.how import How

#: Tensors that are asked for, and calls that all of them need: each is inferred anew.
_MOST_ASKED, _MOST_CALLS = 100, 20_000


class Numbers:
    """Tells the numbers in tensors of a graph that is being read. With other sizes than the file's nothing is told."""

    def __init__(self, graph: Graph, how: How) -> None:
        self._graph = graph
        self._is_fixed = not (how.inputs or how.settings or how.free)
        self._asked = self._calls = 0
        self._found: dict[Tensor, tuple[int | float, ...] | None] = {}

    def of(self, tensor: Tensor) -> tuple[int | float, ...] | None:
        """The numbers in a tensor, row by row; None where they are not known, or no plain numbers."""
        if not self._is_fixed:
            return None
        if tensor not in self._found:
            self._found[tensor] = self._inferred(tensor)
        return self._found[tensor]

    def _inferred(self, tensor: Tensor) -> tuple[int | float, ...] | None:
        nodes: dict[Node, None] = {tensor.node: None}
        waiting = [tensor.node]
        while waiting:
            for source in waiting.pop().inputs:
                if source.node not in nodes:
                    nodes[source.node] = None
                    waiting.append(source.node)
        self._asked += 1
        self._calls += len(nodes)
        if self._asked > _MOST_ASKED or self._calls > _MOST_CALLS:
            return None
        part = Graph(self._graph.name, backend=self._graph.backend, vocabulary=self._graph.vocabulary)
        part.program = part.exported = part.dtyped = True
        layers = {node.layer for node in nodes}
        part.layers = [layer for layer in self._graph.layers if layer in layers]
        part.inputs = [node for node in self._graph.inputs if node in nodes]
        part.outputs = [tensor]
        found = infer(part)
        content = found.contents.get(found.outputs[0]) if found.outputs else None
        if content is None or any(call.facts.claimed for call in found.calls):
            return None  # what only the file says may be otherwise
        numbers = tuple([one for one in content if isinstance(one, (int, float))])
        return numbers if len(numbers) == len(content) else None
