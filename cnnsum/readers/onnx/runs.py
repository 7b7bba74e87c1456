"""The nodes of a graph that runs again and again (`Loop`, `Scan`, `SequenceMap`) in place of the node that holds it.

Where it is known how often, and that is seldom, each run stands there, one after another. Else one run stands for all:
its states come from operations that say that their shape is theirs at the start and their numbers are not known, and
what is given at the end has a shape where all states keep theirs. What such a run costs counts as often as it runs
(`Layer.times`). Knows no shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from cnnsum.readers.onnx.loops import MOST_NODES, Body, each_member, loop_of, scan_of
from cnnsum.readers.onnx.messages import all_numbers, number, true, whole_number
from cnnsum.readers.onnx.parts import Around, Held, Known, Step, Times, hand_on
from cnnsum.readers.onnx.values import attribute_of
from cnnsum.typed import Any

#: Puts the nodes of a graph, an attribute of a node, with tensors for its inputs, and names for its outputs.
Put = Callable[[Step, Mapping[str, Any], str, Around, Mapping[str, str], "tuple[str, ...]"], "Iterator[Step | Held]"]


class Runs:
    """Opens graphs that run again and again. times: how often what is given just now runs."""

    def __init__(self, put: Put, known: Known) -> None:
        self.times: Times = ()
        self._put = put
        self._known = known
        self._calls = 0
        self._nodes = 0

    def of(self, step: Step, around: Around) -> Iterator[Step | Held] | None:
        """All runs of a graph, or one that stands for all; None where neither can be."""
        graph = attribute_of(step.attributes["body"]) if "body" in step.attributes else None
        if not isinstance(graph, Mapping) or not all(graph.get(part) for part in ("node", "input", "output")):
            return None
        if step.type == "SequenceMap":
            return self._each(step, graph, around)
        body = self._body(step, graph)
        if body is None or not all(step.inputs[2 if step.type == "Loop" else 0 :]):
            return None
        if body.is_opened and self._nodes + body.nodes <= MOST_NODES:
            self._nodes += body.nodes
            return self._one_by_one(step, body, around)
        return self._once(step, body, around) if body.is_plain else None

    def _body(self, step: Step, graph: Mapping[str, Any]) -> Body | None:
        if step.type == "Scan":
            return scan_of(step.inputs, len(step.outputs), step.attributes, graph, step.opset)
        if len(step.inputs) < 2:
            return None
        count, starts = step.inputs[:2]
        known = self._known
        return loop_of(
            step.inputs,
            len(step.outputs),
            graph,
            known.number(count) if count else None,
            known.condition(starts) if starts else True,
        )

    def _fresh(self, name: str) -> str:
        self._calls += 1
        return f"{name}\0run {self._calls}"

    def _one_by_one(self, step: Step, body: Body, around: Around) -> Iterator[Step | Held]:
        """Each run of a `Loop` by itself."""
        counter, goes_on, *given = body.inputs
        states = step.inputs[2:]
        condition = self._fresh(goes_on)
        yield Held(condition, true(), step.path)
        parts: list[list[str]] = []
        for run in range(body.runs or 0):
            count = self._fresh(counter)
            yield Held(count, whole_number(run), step.path)
            formal = {counter: count, goes_on: condition, **dict(zip(given, states, strict=True))}
            outs = [self._fresh(one) for one in body.outputs]
            inner = around._replace(prefix=f"{step.name}/{run}/" if step.name else around.prefix)
            yield from self._put(step, body.graph, "body", inner, formal, tuple(outs))
            states = tuple(outs[1 : body.states + 1])
            parts.append(outs[body.states + 1 :])
        for state, outer in zip(states, step.outputs, strict=False):
            if outer:
                yield hand_on(step, state, outer, self.times)
        for at, outer in enumerate(step.outputs[body.states :]):
            if outer:
                yield from self._stacked(step, [one[at] for one in parts], outer)

    def _stacked(self, step: Step, parts: list[str], outer: str) -> Iterator[Step]:
        """Tensors put together along a new first axis."""
        along = []
        for part in parts:
            along.append(self._fresh(outer))
            axes = {"axes": all_numbers("axes", [0])}
            yield Step("Unsqueeze", "ai.onnx", "", (part,), (along[-1],), axes, 11, step.path, "", self.times)
        axis = {"axis": number("axis", 0)}
        yield Step("Concat", "ai.onnx", "", tuple(along), (outer,), axis, 11, step.path, "", self.times)

    def _once(self, step: Step, body: Body, around: Around) -> Iterator[Step | Held]:
        """One run of a `Loop` or a `Scan`, that stands for all."""
        is_loop = step.type == "Loop"
        given, outs = body.inputs, body.outputs
        formal: dict[str, str] = {}
        if is_loop:
            for name, tensor in zip(given[:2], (None, true()), strict=True):
                formal[name] = self._fresh(name)
                if tensor is None:
                    yield self._inner(step, "Loop.number", (), formal[name])
                else:
                    yield Held(formal[name], tensor, step.path)
        first = 2 if is_loop else 0
        states = step.inputs[first : first + body.states]
        for name, state in zip(given[first:], states, strict=False):
            formal[name] = self._fresh(name)
            yield self._inner(step, "Loop.state", (state,), formal[name])
        parts = step.inputs[first + body.states :]
        for name, part, axis in zip(given[first + body.states :], parts, body.slices, strict=True):
            formal[name] = self._fresh(name)
            fields = {"axis": axis, "first_axis": body.slices[0]}
            yield self._inner(step, "Scan.slice", (part, parts[0]), formal[name], fields)
        ends = tuple([self._fresh(one) for one in outs])
        times, self.times = self.times, (*self.times, body.counted_by)
        inner = around._replace(prefix=f"{step.name}/" if step.name else around.prefix)
        yield from self._put(step, body.graph, "body", inner, formal, ends)
        self.times = times
        ends = ends[1:] if is_loop else ends
        pairs = tuple([one for pair in zip(states, ends, strict=False) for one in pair])
        for at, outer in enumerate(step.outputs):
            if not outer:
                continue
            if at < body.states:
                yield self._inner(step, "Loop.result", pairs[2 * at :] + pairs[: 2 * at], outer)
                continue
            fields = {"axis": body.joins[at - body.states] if body.joins else 0}
            counted: tuple[str, ...] = ()
            if body.counted_by is not None:
                source, along = body.counted_by
                counted = (source,)
                fields |= {"counted": 1} if along is None else {"along": along}
            yield self._inner(step, "Loop.stack", (ends[at], *counted, *pairs), outer, fields)

    def _inner(
        self, step: Step, type: str, inputs: tuple[str, ...], output: str, fields: Mapping[str, int] | None = None
    ) -> Step:
        """What stands at the border of a graph that runs again and again."""
        attributes = {name: number(name, value) for name, value in (fields or {}).items()}
        return Step(type, "ai.onnx", "", inputs, (output,), attributes, step.opset, step.path, "", self.times)

    def _each(self, step: Step, graph: Mapping[str, Any], around: Around) -> Iterator[Step | Held] | None:
        """The runs of a `SequenceMap`, one for each member of a sequence."""
        members = [self._known.members(name) for name in step.inputs]
        given = [one.get("name") or "" for one in graph["input"]]
        runs = each_member(members, len(given), graph)
        return None if runs is None else self._mapped(step, graph, around, given, members, runs)

    def _mapped(
        self,
        step: Step,
        graph: Mapping[str, Any],
        around: Around,
        given: list[str],
        members: list[tuple[str, ...] | None],
        runs: int,
    ) -> Iterator[Step | Held]:
        found: list[tuple[str, ...]] = []
        for run in range(runs):
            formal = {
                name: one if parts is None else parts[run]
                for name, one, parts in zip(given, step.inputs, members, strict=True)
            }
            found.append(tuple([self._fresh(one.get("name") or "") for one in graph["output"]]))
            inner = around._replace(prefix=f"{step.name}/{run}/" if step.name else around.prefix)
            yield from self._put(step, graph, "body", inner, formal, found[-1])
        for at, outer in enumerate(step.outputs):
            kind = "SequenceConstruct" if found else "SequenceEmpty"
            yield step._replace(
                type=kind, inputs=tuple([one[at] for one in found]), outputs=(outer,), attributes={}, name=""
            )
