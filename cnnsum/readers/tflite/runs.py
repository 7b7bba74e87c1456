"""How often the graphs of a `WHILE` run, where a file says so: it counts up to a number. Knows no shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cnnsum.typed import Any, NamedTuple

Json = Mapping[str, Any]


class Graphs(NamedTuple):
    """The graphs of a file. name: of an operator; number: that a graph holds in a tensor, None where it holds none."""

    graphs: list[dict[str, Any]]
    name: Callable[[Json], str]
    number: Callable[[int, int], float | None]

    def made_by(self, graph: int, tensor: int) -> Json | None:
        """The operator that makes a tensor of a graph."""
        for one in self.graphs[graph].get("operators") or []:
            if tensor in (one.get("outputs") or []):
                found: Json = one
                return found
        return None

    def names(self, graph: int) -> set[str]:
        """The kinds of operators of a graph."""
        return {self.name(one) for one in self.graphs[graph].get("operators") or []}


def runs_of(graphs: Graphs, condition: int, body: int, starts: list[float | None]) -> int | None:
    """How often the body of a `WHILE` runs; None where the file does not say. starts: the states, as far as they are
    single numbers that the file holds.

    It does if the condition is that a state, or each of several, is less than a number, and each run adds one to it.
    """
    outputs = graphs.graphs[condition].get("outputs") or []
    return None if len(outputs) != 1 else _until(graphs, condition, outputs[0], body, starts, 8)


def _until(graphs: Graphs, condition: int, tensor: int, body: int, starts: list[float | None], deep: int) -> int | None:
    made = graphs.made_by(condition, tensor)
    if made is None or not deep:
        return None
    given = made.get("inputs") or []
    name = graphs.name(made)
    if name == "LOGICAL_AND" and len(given) == 2:
        both = [_until(graphs, condition, one, body, starts, deep - 1) for one in given]
        return None if None in both else min(one for one in both if one is not None)
    if name != "LESS" or len(given) != 2:
        return None
    inputs = graphs.graphs[condition].get("inputs") or []
    if given[0] not in inputs:
        return None
    at = inputs.index(given[0])
    most = _constant(graphs, condition, given[1], body, starts)
    step = _step(graphs, body, at)
    start = starts[at] if at < len(starts) else None
    if most is None or step is None or start is None or step <= 0:
        return None
    return max(int(-((start - most) // step)), 0)


def _constant(graphs: Graphs, condition: int, tensor: int, body: int, starts: list[float | None]) -> float | None:
    """A number that the condition holds, or a state that every run hands on as it is."""
    inputs = graphs.graphs[condition].get("inputs") or []
    if tensor not in inputs:
        return graphs.number(condition, tensor)
    at = inputs.index(tensor)
    given, made = (graphs.graphs[body].get(one) or [] for one in ("inputs", "outputs"))
    is_kept = at < len(given) and at < len(made) and given[at] == made[at]
    return starts[at] if is_kept and at < len(starts) else None


def _step(graphs: Graphs, body: int, at: int) -> float | None:
    """What each run adds to a state."""
    given, made = (graphs.graphs[body].get(one) or [] for one in ("inputs", "outputs"))
    if at >= len(given) or at >= len(made):
        return None
    adds = graphs.made_by(body, made[at])
    if adds is None or graphs.name(adds) != "ADD":
        return None
    inputs = adds.get("inputs") or []
    if len(inputs) != 2 or given[at] not in inputs:
        return None
    other = inputs[1] if inputs[0] == given[at] else inputs[0]
    return graphs.number(body, other)
