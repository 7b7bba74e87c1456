"""Variables for the tensors of a unit: who has a name of its own, and where `x` is enough. Knows no framework."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

from cnnsum.graph.model import Tensor
from cnnsum.writers.code.forms import Form, Step
from cnnsum.writers.code.names import Taken, identifier


class Variables:
    """Gives variables to tensors: `x` as long as one is enough; who is read again later has a name.

    Whatever names a file has, no variable is given anew while its tensor is still read (`held`), and none is called as
    what the code means something else by: its words, functions and parameters (`taken`).
    """

    def __init__(self, form: Form, chains: list[list[int]], taken: Sequence[str], *, keep_inputs: bool = False) -> None:
        self.left: dict[Tensor, int] = {}
        self.next_reader: dict[Tensor, list[int]] = {}
        for place, chain in enumerate(chains):
            for tensor in form.steps[chain[0]].use.inputs:
                self.left[tensor] = self.left.get(tensor, 0) + 1
                self.next_reader.setdefault(tensor, []).append(place)
        for tensor in form.unit.outputs:
            self.left[tensor] = self.left.get(tensor, 0) + 1
            self.next_reader.setdefault(tensor, []).append(len(chains))
        self.places = {id(form.steps[chain[-1]]): place for place, chain in enumerate(chains)}
        self.names: dict[Tensor, str] = {}
        self.held: dict[str, Tensor] = {}
        self.reserved = frozenset(taken)
        self.taken = Taken(taken)
        inputs = form.unit.inputs
        if len(inputs) == 1:
            self.inputs = ["inputs" if keep_inputs else "x"]
        else:
            names = [
                identifier(one.node.layer.name.rpartition(".")[2], "x") if one.node.layer.spec is not None else "x"
                for one in inputs
            ]
            self.inputs = [self.taken.give(name, "") for name in names]
        for tensor, name in zip(inputs, self.inputs, strict=True):
            self._hold(name, tensor)
            if keep_inputs:
                self.left[tensor] = self.left.get(tensor, 0) + 1
        self.given = {*self.inputs} - {"x"}

    def _hold(self, name: str, tensor: Tensor) -> None:
        self.names[tensor] = name
        self.held[name] = tensor

    def of(self, tensor: Tensor) -> str:
        """The variable of a tensor that is read, which is free when it is read for the last time."""
        name = self.names.get(tensor)
        if name is None:
            return "_"  # of a layer how many of whose outputs there are is not known: it is refused
        self.left[tensor] -= 1
        if not self.left[tensor]:
            self.held.pop(name, None)
        return name

    def give(self, step: Step, tensors: Sequence[Tensor]) -> list[str]:
        """Variables for what a step gives."""
        place = self.places[id(step)]
        found = []
        for number, tensor in enumerate(tensors):
            if not self.left.get(tensor):
                found.append("_")
                continue
            readers = self.next_reader[tensor]
            part = step.use.part
            if part.given and not number and (len(readers) > 1 or readers[0] > place + 1):
                name = self.taken.give(identifier(part.name), busy=self.held)
            else:
                name = next(one for one in _registers() if self._is_free(one))
            self._hold(name, tensor)
            found.append(name)
        return found

    def _is_free(self, name: str) -> bool:
        return name not in self.held and name not in self.reserved and name not in self.given


def _registers() -> Iterator[str]:
    yield from "xyz"
    for number in count(1):
        yield f"x{number}"
