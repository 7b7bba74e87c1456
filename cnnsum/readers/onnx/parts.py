"""What the nodes of an ONNX file become on the way to layers, and what is known around them. Knows no operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cnnsum.typed import Any, NamedTuple

Path = tuple[str | int, ...]

#: How often a node runs: once for each of these, a tensor that holds the number, or one with an axis of that size, and
#: the axis; None where that is not known.
Times = tuple["tuple[str, int | None] | None", ...]


class Step(NamedTuple):
    """A node. attributes: the messages, by name. opset: the version of its domain; 0 where the file imports none."""

    type: str
    domain: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]
    opset: int
    path: Path
    scopes: str = ""
    times: Times = ()


class Held(NamedTuple):
    """A tensor that a branch holds, under the name that it has there, and where it stands."""

    name: str
    tensor: Any
    path: Path


class Around(NamedTuple):
    """What a node stands in: the names of tensors, the attributes that a function was given, the versions of the
    operations, what names begin with, how deep that is.
    """

    names: Mapping[str, str]
    given: Mapping[str, Any]
    versions: Mapping[str, int]
    prefix: str
    depth: int


class Known(NamedTuple):
    """What is known of tensors when it is asked; None for what is not.

    condition: whether one is true. number: the whole number that one is. members: the names of those in a sequence.
    """

    condition: Callable[[str], bool | None]
    number: Callable[[str], int | None]
    members: Callable[[str], tuple[str, ...] | None]


def hand_on(step: Step, inner: str, outer: str, times: Times) -> Step:
    """What gives a tensor of a graph within a node the name that it has outside."""
    return Step("Identity", "ai.onnx", "", (inner,), (outer,), {}, step.opset, step.path, "", times)
