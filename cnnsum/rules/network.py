"""A network as rules look at it: who makes a value, who reads it, and what kind of layer somebody is.

Everything is found once, when a rule first asks for it, in a time linear in the calls.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import chain

from cnnsum.analyses.field.fields import Field, receptive_fields
from cnnsum.analyses.params import Params
from cnnsum.dims import Dim
from cnnsum.graph.infer import Call, Inference, Value
from cnnsum.graph.model import Graph, Layer
from cnnsum.layers.base import Role
from cnnsum.layers.facts import Shape
from cnnsum.rules.base import Subject
from cnnsum.rules.kinds import SHAPING, function_of, is_channels_first, layout_of, role_of
from cnnsum.rules.steps import Axis, axes_between
from cnnsum.source import Document


class Network:
    """The flat program of a model, with the way from every value to its maker and its readers."""

    __slots__ = (
        "_axes",
        "_calls",
        "_channels_first",
        "_fields",
        "_functions",
        "_nearest",
        "_params",
        "_places",
        "_roles",
        "calls",
        "document",
        "graph",
        "inference",
        "makers",
        "outputs",
        "readers",
        "values",
    )

    def __init__(self, subject: Subject) -> None:
        self.graph: Graph = subject.graph
        self.inference: Inference = subject.inference
        self.document: Document = subject.document
        #: Those that are understood: of a layer that failed there is nothing to be said but why.
        self.calls: list[Call] = [call for call in subject.inference.calls if call.facts.status != "unknown"]
        self.values: list[Value] = subject.inference.values
        #: By the number of a value: the call that makes it, and all the calls that read it.
        self.makers: list[Call | None] = [None] * len(self.values)
        self.readers: list[list[Call]] = [[] for _ in self.values]
        for call in self.calls:
            for number in call.outputs:
                self.makers[number] = call
        for call in subject.inference.calls:
            for number in call.inputs if len(call.inputs) < 2 else dict.fromkeys(call.inputs):
                self.readers[number].append(call)
        self.outputs: frozenset[int] = frozenset(subject.inference.outputs)
        self._calls: dict[Layer, list[Call]] | None = None
        self._roles: dict[Role, list[Call]] | None = None
        self._places: dict[Call, int] = {}
        self._functions: dict[Call, str] | None = None
        self._axes: dict[Call, tuple[Axis, ...]] = {}
        self._channels_first: frozenset[Call] | None = None
        self._nearest: list[bool] | None = None
        self._params: Params | None = None
        self._fields: list[Field] | None = None

    @property
    def params(self) -> Params:
        """The weights of every layer."""
        if self._params is None:
            self._params = Params(self.inference.calls, trainable=self.graph.trainable)
        return self._params

    @property
    def fields(self) -> list[Field]:
        """The receptive field of every value."""
        if self._fields is None:
            self._fields = receptive_fields(self.inference)
        return self._fields

    @property
    def functions(self) -> dict[Call, str]:
        """The activation that is the last step of a call, of all that have one, in their order."""
        if self._functions is None:
            found = [(call, function_of(call)) for call in self.calls]
            self._functions = {call: function for call, function in found if function is not None}
        return self._functions

    @property
    def channels_first(self) -> frozenset[Call]:
        """The calls of layers that take the axis after the batch for their channels."""
        if self._channels_first is None:
            self._channels_first = frozenset([call for call in self.inference.calls if is_channels_first(call)])
        return self._channels_first

    def of(self, roles: Collection[Role]) -> Sequence[Call]:
        """The calls of layers with one of these roles, in their order."""
        if self._roles is None:
            self._roles = {}
            for at, call in enumerate(self.calls):
                self._roles.setdefault(role_of(call.layer), []).append(call)
                self._places[call] = at
        found = [calls for role, calls in self._roles.items() if role in roles]
        if len(found) < 2:
            return found[0] if found else ()
        return sorted(chain(*found), key=self._places.__getitem__)

    def ending_in(self, functions: Collection[str]) -> list[tuple[Call, str]]:
        """The calls whose last step is one of these activations, in their order, each with its own."""
        return [(call, function) for call, function in self.functions.items() if function in functions]

    def before(self, call: Call) -> Call | None:
        """The call that makes the only input of this one."""
        return self.makers[call.inputs[0]] if len(call.inputs) == 1 else None

    def after(self, call: Call) -> Call | None:
        """The only call that reads the only output of this one; None also where the output is one of the model's."""
        if len(call.outputs) != 1 or call.outputs[0] in self.outputs:
            return None
        readers = self.readers[call.outputs[0]]
        return readers[0] if len(readers) == 1 and readers[0].facts.status != "unknown" else None

    def depends_on_input(self, number: int) -> bool:
        """Whether a value is made of an input of the network, and not of its sizes and of constants alone."""
        seen = {number}
        waiting = [number]
        while waiting:
            one = waiting.pop()
            maker = self.makers[one]
            if maker is None:
                return True
            if not maker.layer.counts_sizes:
                waiting += set(maker.inputs) - seen
                seen.update(maker.inputs)
        return False

    def calls_of(self, layer: Layer) -> list[Call]:
        """All calls of a layer."""
        if self._calls is None:
            self._calls = {}
            for call in self.calls:
                self._calls.setdefault(call.layer, []).append(call)
        return self._calls[layer]

    def is_channels_first(self, number: int) -> bool:
        """Whether the channels of a value are its axis 1, as the nearest layer with a `data_format` has them.

        The nearest of those that make and read it, and so on through all that keeps its axes; False where none says.
        """
        if self._nearest is None:
            self._nearest = self._nearest_formats() if self.channels_first else [False] * len(self.values)
        return self._nearest[number]

    def _nearest_formats(self) -> list[bool]:
        """For every value whether its channels are its axis 1: spread from all layers that say so at once, each call
        passed once.
        """
        found: list[bool | None] = [None] * len(self.values)
        waiting: list[int] = []
        around = [
            self.readers[number] if maker is None else [*self.readers[number], maker]
            for number, maker in enumerate(self.makers)
        ]
        for number, calls in enumerate(around):
            for call in calls:
                shaped = call is self.makers[number] and role_of(call.layer) in SHAPING
                if layout_of(call) is not None and not shaped:
                    found[number] = call in self.channels_first
                    waiting.append(number)
                    break
        passed: set[int] = set()
        for at in waiting:
            for call in around[at]:
                if id(call) in passed or role_of(call.layer) in SHAPING:
                    continue
                passed.add(id(call))
                for one in (*call.inputs, *call.outputs):
                    if found[one] is None:
                        found[one] = found[at]
                        waiting.append(one)
        return [first is True for first in found]

    def space(self, number: int) -> Shape:
        """The sizes of the axes of space of a value; none where it has none, or its shape is not known."""
        shape = self.values[number].shape
        if shape is None or len(shape) < 3:
            return ()
        return shape[2:] if self.is_channels_first(number) else shape[1:-1]

    def axes_of_space(self, call: Call, rank: int) -> range:
        """The axes of an input of that rank that a sliding or pooling layer takes for space."""
        return range(2, rank) if call in self.channels_first else range(1, rank - 1)

    def axes(self, call: Call) -> tuple[Axis, ...]:
        """The spatial axes of a call along which its kernel moves, and whose sizes are known."""
        if call not in self._axes:
            before, after = self.input_shape(call), self.output_shape(call)
            space = self.axes_of_space(call, len(before or ()))
            self._axes[call] = axes_between(before, after, space, call.facts.window)
        return self._axes[call]

    def input_shape(self, call: Call) -> Shape | None:
        """The shape of the first input."""
        return self.values[call.inputs[0]].shape if call.inputs else None

    def output_shape(self, call: Call) -> Shape | None:
        """The shape of the first output."""
        return self.values[call.outputs[0]].shape if call.outputs else None


def known(*dims: Dim) -> bool:
    """Whether all dims are plain numbers."""
    return all(isinstance(dim, int) for dim in dims)
