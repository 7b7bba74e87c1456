"""Which axis of a program's inputs holds the samples: the first, unless an operation of the program proves otherwise.

A program does not say it. Each axis of an input is followed through operations that keep it apart from the others; a
recurrence declares which axis its steps run along and which is the batch, and what multiplies, attends or normalises
over an axis mixes what stands along it. What is not followed proves nothing. Knows no format: each reader says by
`Flows` what its operations do with axes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from cnnsum.diagnostics import Diagnostic
from cnnsum.dims import UNKNOWN, Dim, prod
from cnnsum.graph.model import Graph, Layer, Node
from cnnsum.layers.facts import Shape
from cnnsum.typed import Any, NamedTuple

#: An axis of an input of the graph: the number of the input, and the axis.
Origin = tuple[int, int]


class Factor(NamedTuple):
    """A part of an axis, outermost first, and the axis of an input that it is; None where it is not one, or unknown."""

    size: Dim
    origin: Origin | None = None


Axis = tuple[Factor, ...]
#: The axes of a tensor, and what each of them is.
Axes = tuple[Axis, ...]


class Seen:
    """A call, as a flow sees it: the axes of its inputs, None where nothing is known, and the shapes of its outputs."""

    __slots__ = ("channels", "fields", "given", "layer", "mixed", "outputs", "recurrences")

    def __init__(
        self, layer: Layer, fields: Mapping[str, Any], given: list[Axes | None], outputs: tuple[Shape | None, ...]
    ) -> None:
        self.layer = layer
        self.fields = fields
        self.given = given
        self.outputs = outputs
        #: What the call mixes, the channels among it, and the steps and the batch of a recurrence.
        self.channels: list[Axis] = []
        self.mixed: list[Axis] = []
        self.recurrences: list[tuple[Axis, Axis]] = []

    def axes(self, at: int, least: int = 0) -> Axes | None:
        """The axes of an input; None where these are not known, or fewer than `least`."""
        found = self.given[at] if at < len(self.given) else None
        return found if found is not None and len(found) >= least else None

    def sum(self, axes: Axes | None, place: int) -> None:
        """Note that the call multiplies channels, which stand along this axis, and adds them up."""
        self.mix(axes, place)
        if axes is not None and -len(axes) <= place < len(axes):
            self.channels.append(axes[place])

    def mix(self, axes: Axes | None, *places: int) -> None:
        """Note that the call mixes what stands along these axes."""
        self.mixed += [axes[place] for place in places if axes is not None and -len(axes) <= place < len(axes)]


#: What a type does with axes: those of its outputs, None for one of which nothing is known.
Flow = Callable[[Seen], tuple[Axes | None, ...]]
#: By the key of a type.
Flows = Mapping[str, Flow]


class Found(NamedTuple):
    """Where the samples are: the input and its axis; None where no axis holds any, with the layer that proves it.

    channels: the axis that holds the channels, by the number of the input, where an operation says so.
    """

    samples: Origin | None
    proof: Layer | None
    channels: Mapping[int, int] = {}


def samples_of(graph: Graph, flows: Flows) -> Found:
    """Follow the axes of the inputs through the graph, which its reader has read."""
    inputs = [node.layer.spec.shape if node.layer.spec is not None else () for node in graph.inputs]
    firsts = [number for number, shape in enumerate(inputs) if shape and shape[0] == graph.batch]
    first = (firsts[0] if firsts else 0, 0)
    mixed: list[tuple[Origin, Layer]] = []
    recurrences: list[tuple[Axis, Axis, Layer]] = []
    channels: dict[int, int] = {}
    for seen in _followed(graph, flows):
        mixed += [(part.origin, seen.layer) for axis in seen.mixed for part in axis if part.origin is not None]
        recurrences += [(steps, batch, seen.layer) for steps, batch in seen.recurrences]
        for axis in seen.channels:
            if len(axis) == 1 and axis[0].origin is not None:
                channels.setdefault(*axis[0].origin)
    return _judged(first, inputs, mixed, recurrences)._replace(channels=channels)


def _judged(
    first: Origin,
    inputs: list[Shape],
    mixed: list[tuple[Origin, Layer]],
    recurrences: list[tuple[Axis, Axis, Layer]],
) -> Found:
    """Where the samples are, if they are on the first axis, unless what was seen proves otherwise."""
    samples: Origin = first
    proof: Layer | None = None
    for steps, batch, layer in recurrences:
        if first in [part.origin for part in steps]:
            of = [part.origin for part in batch if part.origin is not None or part.size != 1]
            if len(of) != 1 or of[0] is None or of[0][0] != first[0]:
                return Found(None, layer)
            samples, proof = of[0], layer
            break
    number, axis = samples
    if number < len(inputs) and axis < len(inputs[number]) and inputs[number][axis] == 1:
        return Found(samples, proof)  # there is one sample, whatever is done with it
    steps_of = [(part.origin, layer) for steps, _, layer in recurrences for part in steps if part.origin is not None]
    guilty = next((layer for origin, layer in (*mixed, *steps_of) if origin == samples), None)
    return Found(samples, proof) if guilty is None else Found(None, guilty)


def place_samples(graph: Graph, flows: Flows, taken: int, *, has_names: bool) -> int | None:
    """Say in the graph where its samples are, if that is not on the first axis; warn where they are nowhere.

    taken: the axis that was taken for theirs when sizes were named. Gives another one, with which the file is to be
    read again, where sizes have names; else None.
    """
    found = samples_of(graph, flows)
    axis = -1 if found.samples is None else found.samples[1]
    if axis != taken == 0 and has_names:
        return axis
    _place(graph, found)
    return None


def _place(graph: Graph, found: Found) -> None:
    graph.channels = found.channels
    if found.samples is not None and found.samples[1] == 0:
        return
    graph.samples = found.samples
    if found.samples is not None:
        number, axis = found.samples
        spec = graph.inputs[number].layer.spec
        assert spec is not None, "the inputs of a graph are calls of input layers"
        graph.batch = spec.shape[axis]
        return
    graph.batch = 1
    place = None if found.proof is None or found.proof.place is None else found.proof.place.span()
    name = "an operation" if found.proof is None else f"`{found.proof.name}`"
    message = f"{name} mixes what stands along the first axis of the input: it holds no samples, and numbers are those \
of the whole call"
    graph.diagnostics.append(Diagnostic("SHP229", message, place, "warning", "export it with the batch first"))


def _followed(graph: Graph, flows: Flows) -> Iterator[Seen]:
    """Every call with what is known of its axes, in the order of the file."""
    known: dict[tuple[Node, int], Axes | None] = {}
    for number, node in enumerate(graph.inputs):
        if node.layer.spec is not None:
            sizes = enumerate(node.layer.spec.shape)
            known[node, 0] = tuple([(Factor(size, (number, axis)),) for axis, size in sizes])
    for layer in graph.layers:
        for node in layer.nodes:
            if layer.spec is not None or layer.type is None:
                continue
            given = [known.get((source, index)) or _plain(_recorded(source, index)) for source, index in node.inputs]
            if not any(part.origin for axes in given for axis in axes or () for part in axis):
                continue
            for constant in node.constants:
                given.insert(constant.index, _plain(constant.shape))
            outputs = () if node.claim is None else node.claim.outputs
            fields = {**layer.fields, **node.options, **node.computed}
            seen = Seen(layer, fields, given, outputs)
            made = flows.get(layer.type.key, stays)(seen)
            for index, axes in enumerate(made):
                known[node, index] = axes
            yield seen


def _recorded(node: Node, index: int) -> Shape | None:
    """What the file records of an output of a call."""
    if node.layer.spec is not None:
        return node.layer.spec.shape
    said = () if node.claim is None else node.claim.outputs
    return said[index] if index < len(said) else None


def _plain(shape: Shape | None) -> Axes | None:
    """The axes of a tensor that come from no input."""
    return None if shape is None else tuple([(Factor(size),) for size in shape])


def size_of(axis: Axis) -> Dim:
    """The size of an axis."""
    return prod([part.size for part in axis])


# --- what operations do with axes -------------------------------------------------------------------------------------


def stays(seen: Seen) -> tuple[Axes | None, ...]:
    """An operation that leaves axes where they are: those of an input of as many axes and of the size that it gives."""
    first = seen.axes(0)
    outputs = seen.outputs
    if not outputs or outputs[0] is None:
        # Not recorded: what is given alone stays as it is.
        return (first,) if first is not None and sum(map(_is_followed, seen.given)) == 1 else ()
    made: list[Axes | None] = []
    for shape in outputs:
        axes = list(_plain(shape) or ())
        for given in seen.given:
            if given is not None and len(given) == len(axes):
                for at, axis in enumerate(given):
                    if size_of(axis) == size_of(axes[at]) and not _has_origin(axes[at]):
                        axes[at] = axis
        made.append(tuple(axes) if shape is not None else None)
    return tuple(made)


def _has_origin(axis: Axis) -> bool:
    return any(part.origin is not None for part in axis)


def _is_followed(axes: Axes | None) -> bool:
    return axes is not None and any(map(_has_origin, axes))


def lost(_seen: Seen) -> tuple[Axes | None, ...]:
    """An operation of which nothing is said."""
    return ()


def turned(order: Callable[[Mapping[str, Any], int], tuple[int, ...] | None]) -> Flow:
    """Axes in another order, which the fields and the rank give."""

    def flow(seen: Seen) -> tuple[Axes | None, ...]:
        x = seen.axes(0)
        places = None if x is None else order(seen.fields, len(x))
        rank = 0 if x is None else len(x)
        if x is None or places is None or not all(-rank <= one < rank for one in places):
            return ()
        if sorted(one % rank for one in places) != list(range(rank)):
            return ()
        return (tuple([x[place] for place in places]),)

    return flow


def reshaped(seen: Seen) -> tuple[Axes | None, ...]:
    """The same elements in another shape."""
    x, shape = seen.axes(0), seen.outputs[0] if seen.outputs else None
    return () if x is None or shape is None or UNKNOWN in shape else (regrouped(x, shape),)


def regrouped(x: Axes, shape: Shape) -> Axes:
    """The axes of the same elements in another shape: parts are put together; what is cut is not followed.

    >>> two = ((Factor(6, (0, 0)),), (Factor(4, (0, 1)),))
    >>> regrouped(two, (1, 24)) == ((Factor(1),), (Factor(6, (0, 0)), Factor(4, (0, 1))))
    True
    """
    parts = [part for axis in x for part in axis if part.size != 1 or part.origin is not None]
    before, after = _products([part.size for part in parts]), _products(shape)
    places = {size: at for at, size in reversed(list(enumerate(before)))}
    result: list[Axis] = []
    at = made = 0
    while made < len(shape):
        if at < len(parts) and parts[at].size == shape[made]:
            result.append((parts[at],))
            at, made = at + 1, made + 1
        elif shape[made] == 1:
            result.append((Factor(1),))
            made += 1
        elif at < len(parts) and parts[at].size == 1:
            at += 1
        else:
            end = next((one for one in range(made + 1, len(shape) + 1) if places.get(after[one], 0) > at), None)
            if end is None:
                return (*result, *[(Factor(size),) for size in shape[made:]])
            upto = places[after[end]]
            block = tuple(parts[at:upto])
            result += [block] if end == made + 1 else [(Factor(size),) for size in shape[made:end]]
            at, made = upto, end
    return tuple(result)


def _products(sizes: Any) -> list[Dim]:
    found: list[Dim] = [1]
    for size in sizes:
        found.append(found[-1] * size)
    return found


def multiplied(a: Axes | None, b: Axes | None, seen: Seen) -> tuple[Axes | None, ...]:
    """A product of matrices, the axes before them broadcast: it mixes the last axis of the one, the last but one of
    the other.
    """
    if a is None or b is None or min(len(a), len(b)) < 2:
        return ()
    if _is_followed(b):
        seen.mix(a, -1)
    else:
        seen.sum(a, -1)
    seen.mix(b, -2)
    longer, other = (a, b) if len(a) >= len(b) else (b, a)
    front = list(longer[:-2])
    for at in range(1, len(other) - 1):
        if not _has_origin(front[-at]) and (_has_origin(other[-2 - at]) or size_of(front[-at]) == 1):
            front[-at] = other[-2 - at]
    return ((*front, a[-2], b[-1]),)


def product(first: int = 0) -> Flow:
    """`multiplied`, of the inputs from `first` on."""
    return lambda seen: multiplied(seen.axes(first), seen.axes(first + 1), seen)


def dense(seen: Seen) -> tuple[Axes | None, ...]:
    """The last axis multiplied by a matrix."""
    x = seen.axes(0, 1)
    if x is None:
        return ()
    seen.sum(x, -1)
    return ((*x[:-1], width_of(seen)),)


def width_of(seen: Seen) -> Axis:
    """The last axis of the first output, of the size that the file records, if it records any."""
    shape = seen.outputs[0] if seen.outputs else None
    return (Factor(shape[-1] if shape else UNKNOWN),)


def convolved(seen: Seen) -> tuple[Axes | None, ...]:
    """A convolution, of as many axes as its weight has but two: it mixes the channels and all behind them."""
    x, weight, shape = seen.axes(0, 1), seen.axes(1, 3), seen.outputs[0] if seen.outputs else None
    if x is None or weight is None:
        return ()
    seen.sum(x, 1 - len(weight))
    seen.mix(x, *range(2 - len(weight), 0))
    sizes = (UNKNOWN,) * len(x) if shape is None or len(shape) != len(x) else shape
    return ((*x[: 1 - len(weight)], *[(Factor(size),) for size in sizes[1 - len(weight) :]]),)


def along(*names: str, default: int | None = None) -> Flow:
    """What makes each element of all those along the axis of this field, and leaves axes where they are."""

    def flow(seen: Seen) -> tuple[Axes | None, ...]:
        axis = next((seen.fields[name] for name in names if name in seen.fields), default)
        if type(axis) is int:
            seen.mix(seen.axes(0), axis)
        return stays(seen)

    return flow


def looked_up(table: int, indices: int) -> Flow:
    """Rows of a table, for each index one."""

    def flow(seen: Seen) -> tuple[Axes | None, ...]:
        rows, x = seen.axes(table, 1), seen.axes(indices)
        return () if rows is None or x is None or _is_followed(rows) else ((*x, *rows[1:]),)

    return flow


def picked(seen: Seen) -> tuple[Axes | None, ...]:
    """An element of an axis, which is no more."""
    x, axis = seen.axes(0, 1), seen.fields.get("dim", seen.fields.get("axis", 0))
    if x is None or type(axis) is not int or not -len(x) <= axis < len(x):
        return ()
    rest = (*x[: axis % len(x)], *x[axis % len(x) + 1 :])
    return (rest,) * max(len(seen.outputs), 1)


def attended(seen: Seen) -> tuple[Axes | None, ...]:
    """Attention of queries to keys and values, `(..., T, D)`: it mixes what stands along the axis before the last."""
    query, key, value = seen.axes(0, 2), seen.axes(1, 2), seen.axes(2, 2)
    for one in (query, key, value):
        seen.mix(one, -1)
    for one in (key, value):
        seen.mix(one, -2)
    return () if query is None or value is None else ((*query[:-1], value[-1]),)


def recurrent(seen: Seen, steps: int, batch: int, states: Mapping[int, tuple[int, int]]) -> tuple[Axis, Axis] | None:
    """Note the steps and the batch of a recurrence, by their axes in its input; those of the axes of layers and of the
    batch in its initial states, by the place of each.
    """
    x = seen.axes(0, 3)
    for place, (layers, own) in states.items():
        state = seen.axes(place, 3)
        if state is not None:
            seen.recurrences.append((state[layers], state[own]))
    if x is None:
        return None
    seen.recurrences.append((x[steps], x[batch]))
    seen.sum(x, -1)
    return x[steps], x[batch]
