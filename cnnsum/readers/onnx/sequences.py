"""Sequences of tensors whose members are known when a file is read: taken apart, so that only tensors are left.

One that is made of tensors by name (`SequenceConstruct`, `SequenceInsert`), or of a tensor by lengths that the file
holds (`SplitToSequence`), and asked for a member, for their number, or for all of them end to end. Where how many parts
a tensor gives is in no file (parts of one length), a member that is counted from the first is known all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cnnsum.readers.onnx.messages import all_numbers, whole_number
from cnnsum.readers.onnx.messages import number as named_number
from cnnsum.readers.onnx.parts import Held, Step
from cnnsum.readers.onnx.values import TensorValue, attribute_of
from cnnsum.typed import Any, NamedTuple

#: The number that a tensor is, and what the file holds of that name; None for what is not known.
NumberOf = Callable[[str], "int | None"]
ValueOf = Callable[[str], "TensorValue | None"]
#: Members of all sequences of a file, together: each insertion makes a new one.
_MOST_MEMBERS = 200_000


class _Parts(NamedTuple):
    """A tensor in parts of one length along an axis, the last of them perhaps shorter; is_kept: whether parts have the
    axis.
    """

    source: str
    axis: int
    length: int
    is_kept: bool


class Sequences:
    """The sequences of a file so far, by name."""

    def __init__(self, number_of: NumberOf, value_of: ValueOf) -> None:
        self.number_of = number_of
        self.value_of = value_of
        self._held: dict[str, tuple[str, ...]] = {}
        #: The nodes that made them, until something reads one as a whole.
        self._makers: dict[str, Step] = {}
        self._members = 0
        #: Tensors in parts of one length, of which nobody knows how many there are.
        self._parts: dict[str, _Parts] = {}

    def members(self, name: str) -> tuple[str, ...] | None:
        """The names of the members of a sequence; None for what is not a sequence, or not known."""
        return self._held.get(name)

    def of(self, step: Step) -> Iterator[Step | Held] | None:
        """What stands for a node on a sequence: nodes on tensors, or none; None where it is a node of another kind."""
        if step.domain != "ai.onnx" or not step.outputs:
            return None
        if step.type == "SplitToSequence":
            return self._split(step)
        if len(step.outputs) == 1 and self._members < _MOST_MEMBERS:
            made = self._made(step)
            if made is not None:
                self._held[step.outputs[0]] = made
                self._makers[step.outputs[0]] = step
                self._members += len(made)
                return iter(())
        members = self._held.get(step.inputs[0]) if step.inputs else None
        if members is None:
            parts = self._parts.get(step.inputs[0]) if step.inputs else None
            return None if parts is None else self._of_parts(step, parts)
        if step.type == "SequenceLength":
            return iter((Held(step.outputs[0], whole_number(len(members)), step.path),))
        if step.type == "SequenceAt" and len(step.inputs) == 2:
            at = self.number_of(step.inputs[1])
            if at is not None and -len(members) <= at < len(members):
                return iter((_node(step, "Identity", (members[at],)),))
        if step.type == "ConcatFromSequence" and members:
            return self._joined(step, members)
        return None

    def _split(self, step: Step) -> Iterator[Step | Held] | None:
        """A tensor in parts: of lengths that are known, or of one length."""
        if not step.inputs or len(step.outputs) != 1:
            return None
        axis = step.attributes.get("axis")
        given = {"axis": axis} if axis is not None else {}
        keeps = attribute_of(step.attributes["keepdims"]) if "keepdims" in step.attributes else 1
        lengths = step.inputs[1] if len(step.inputs) > 1 else ""
        value = self.value_of(lengths) if lengths else TensorValue((), "int64", (1,))
        numbers = [] if value is None else [int(one) for one in value.numbers or () if type(one) is int]
        if value is None or not numbers:
            return None
        place = attribute_of(axis) if axis is not None else 0
        name, source = step.outputs[0], step.inputs[0]
        if not value.shape:
            is_kept = bool(keeps) or bool(lengths)
            self._parts[name] = _Parts(source, int(place), numbers[0], is_kept)
            self._makers[name] = step
            return iter(())
        parts = tuple([f"{name}\0{at}" for at in range(len(numbers))])
        self._held[name] = parts
        self._makers[name] = step
        self._members += len(parts)
        return iter((step._replace(type="Split", outputs=parts, attributes=given, opset=max(step.opset, 13)),))

    def _of_parts(self, step: Step, parts: _Parts) -> Iterator[Step | Held] | None:
        """A part that is counted from the first, or all of them end to end."""
        if step.type == "SequenceAt" and len(step.inputs) == 2:
            at = self.number_of(step.inputs[1])
            return None if at is None or at < 0 or parts.length < 1 else self._part(step, parts, at)
        new = attribute_of(step.attributes["new_axis"]) if "new_axis" in step.attributes else 0
        axis = attribute_of(step.attributes["axis"]) if "axis" in step.attributes else 0
        if step.type == "ConcatFromSequence" and axis == parts.axis and parts.is_kept != bool(new):
            return iter((_node(step, "Identity", (parts.source,)),))
        return None

    def _part(self, step: Step, parts: _Parts, at: int) -> Iterator[Step | Held]:
        """Whether there is one of that number is a question to the shape."""
        given = {"axis": parts.axis, "length": parts.length, "place": at}
        fields = {name: named_number(name, value) for name, value in given.items()}
        whole = step.outputs[0] if parts.is_kept else f"{step.outputs[0]}\0part"
        yield _node(step, "SequenceAt.part", (parts.source,), fields)._replace(outputs=(whole,))
        if not parts.is_kept:
            axes = {"axes": all_numbers("axes", [parts.axis])}
            yield _node(step, "Squeeze", (whole,), axes)._replace(name="", opset=11)

    def _joined(self, step: Step, members: tuple[str, ...]) -> Iterator[Step | Held]:
        axis = step.attributes.get("axis")
        new = step.attributes.get("new_axis")
        given = {"axis": axis} if axis is not None else {}
        names = list(members)
        if new is not None and attribute_of(new) == 1:
            place = attribute_of(axis) if axis is not None else 0
            for at, name in enumerate(members):
                names[at] = f"{step.outputs[0]}\0{at}"
                more = {"axes": all_numbers("axes", [place])}
                yield _node(step, "Unsqueeze", (name,), more)._replace(outputs=(names[at],), name="", opset=11)
        yield _node(step, "Concat", tuple(names), given)

    def opened(self, step: Step) -> list[Step]:
        """The nodes that made the sequences which a node reads as a whole, where these have not been given yet."""
        found: list[Step] = []
        waiting = [self._makers.pop(name) for name in step.inputs if name in self._makers]
        while waiting:
            found.append(waiting.pop())
            waiting += [self._makers.pop(name) for name in found[-1].inputs if name in self._makers]
        return found[::-1]

    # --- what makes a sequence ----------------------------------------------------------------------------------------

    def _made(self, step: Step) -> tuple[str, ...] | None:
        """The members of a sequence that a node makes; None where it makes none, or none that is known."""
        match step.type:
            case "SequenceEmpty":
                return ()
            case "SequenceConstruct":
                return self._construct(step)
            case "SequenceInsert":
                return self._insert(step)
            case "SequenceErase":
                return self._erase(step)
            case "Identity" | "Optional" | "OptionalGetElement":
                return self._same(step)
        return None

    def _construct(self, step: Step) -> tuple[str, ...] | None:
        return step.inputs if all(step.inputs) and step.inputs else None

    def _insert(self, step: Step) -> tuple[str, ...] | None:
        members = self._held.get(step.inputs[0]) if len(step.inputs) > 1 else None
        if members is None or not step.inputs[1]:
            return None
        at = len(members) if len(step.inputs) < 3 or not step.inputs[2] else self.number_of(step.inputs[2])
        if at is None or not -len(members) <= at <= len(members):
            return None
        at = at + len(members) if at < 0 else at
        return (*members[:at], step.inputs[1], *members[at:])

    def _erase(self, step: Step) -> tuple[str, ...] | None:
        members = self._held.get(step.inputs[0]) if step.inputs else None
        if not members:
            return None
        at = len(members) - 1 if len(step.inputs) < 2 or not step.inputs[1] else self.number_of(step.inputs[1])
        if at is None or not -len(members) <= at < len(members):
            return None
        at %= len(members)
        return (*members[:at], *members[at + 1 :])

    def _same(self, step: Step) -> tuple[str, ...] | None:
        return self._held.get(step.inputs[0]) if len(step.inputs) == 1 else None


def _node(step: Step, type: str, inputs: tuple[str, ...], attributes: dict[str, Any] | None = None) -> Step:
    return step._replace(type=type, inputs=inputs, attributes=attributes or {})
