"""From when to when every storage lives in inference, and the most bytes that are alive at once.

Works on the flat program of an inference, the lifetimes in any order of its calls that is legal; the numbers are bytes
at one batch size. The definitions are in docs/measures.md.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

from cnnsum.analyses.counting import Counter
from cnnsum.dims import Dim, equal
from cnnsum.graph.infer import Call, Inference
from cnnsum.typed import NamedTuple, TypeAlias

#: Finds the largest of some formulas, and which it is where one of them always is.
Largest: TypeAlias = Callable[[Sequence[Dim]], tuple[Dim, "int | None"]]


def largest_formula(dims: Sequence[Dim]) -> tuple[Dim, int | None]:
    """The largest at all sizes that the symbols of the formulas may have."""
    from cnnsum.analyses.sizes.envelope import largest_of

    return largest_of(dims, {})


class Story(NamedTuple):
    """All that a peak is the largest of, where sizes are open: it is told again once they have numbers.

    storages: of each the call that made it ("input" for the model's), its bytes, and the first and last step that it
    is alive at; -1 is before the first call. inner: bytes of inner tensors at each step. layers: the layer of each.
    merges: pairs of storages (by their places): the second takes over the first where they are of one size.
    """

    storages: tuple[tuple[str, Dim, int, int], ...]
    inner: tuple[Dim, ...]
    layers: tuple[str, ...]
    merges: tuple[tuple[int, int], ...]


class Peak(NamedTuple):
    """The most bytes alive at once, the call that runs then, and the values alive (by the call that made them).

    The call and the values are those of one step, where one step is the largest at all sizes. less_where: pairs of
    formulas; at sizes where the two of a pair are equal a layer may write in place that cannot elsewhere, and the bytes
    are a bound. story: where sizes are open, what `told` tells of them once they have numbers.
    """

    bytes: Dim
    call: Call | None
    alive: tuple[tuple[str, Dim], ...]
    less_where: tuple[tuple[Dim, Dim], ...] = ()
    story: Story | None = None


class Lifetimes(NamedTuple):
    """Whose storage every value is in, and from when to when each storage lives, by the value that it was made for.

    storage: for every value the one whose storage it is in. made: the step that makes a storage, in order. inputs: the
    storages of the model's inputs, which are there before the first step. last: the last step that uses a storage; the
    number of steps for what lives to the end. undecided: pairs of storages of which the second would take over the
    first if they were of one size, which depends on symbols.
    """

    storage: list[int]
    made: dict[int, int]
    inputs: tuple[int, ...]
    last: list[int]
    undecided: tuple[tuple[int, int], ...]


def lifetimes(inference: Inference, sizes: Sequence[Dim], calls: Sequence[Call]) -> Lifetimes:
    """The lifetimes of all storages when `calls` run in this order; `sizes` are the bytes of every value.

    A value lives from its making to its last use. A view owns nothing; a layer that works in place takes over the
    storage of the first of its inputs that nothing else reads later and that is as its output is. The model's inputs
    are the caller's: they are never written over.
    """
    storage = _storages(inference)
    last = [-1] * len(storage)
    for step, call in enumerate(calls):
        for number in call.inputs:
            last[storage[number]] = step
        for number in call.outputs:
            last[storage[number]] = step
    end = len(calls)
    for number in inference.outputs:
        last[storage[number]] = end
    inputs = tuple(dict.fromkeys([storage[number] for number in inference.inputs]))
    for number in inputs:
        if last[number] < 0:
            last[number] = end  # nothing reads it, and it is not ours to free
    undecided = _write_in_place(inference, calls, storage, last, sizes, set(inputs))
    return Lifetimes(storage, _making(calls, storage), inputs, last, undecided)


def writable(inference: Inference, call: Call) -> list[int]:
    """The inputs that a call may write its output over, if they are of the same size and nothing else reads them.

    An input that is broadcast has fewer elements: of the same dtype, the same size is the same shape.
    """
    if call.facts.alias != "inplace" or len(call.outputs) != 1:
        return []
    values = inference.values
    dtype = values[call.outputs[0]].dtype
    return [number for number in call.inputs if values[number].dtype == dtype]


def peak(inference: Inference, sizes: list[Dim], counter: Counter, largest: Largest = largest_formula) -> Peak:
    """The largest number of live bytes, with the calls run in the order of an inference.

    largest: what finds the largest of formulas; the answer holds for the sizes that it holds for.
    """
    calls = inference.calls
    storage, made_at, inputs, last_use, undecided = lifetimes(inference, sizes, calls)
    less_where = tuple(dict.fromkeys([(sizes[origin], sizes[output]) for origin, output in undecided]))
    live: Dim = 0
    dying: list[list[int]] = [[] for _ in range(len(calls) + 1)]
    for number in inputs:
        live = live + sizes[number]
        dying[last_use[number]].append(number)
    for number in made_at:
        dying[last_use[number]].append(number)
    best = live if type(live) is int else 0
    best_step: int | None = -1
    formulas: dict[Dim, int] = {} if type(live) is int else {live: -1}
    inner: list[Dim] = []
    for step, call in enumerate(calls):
        for number in call.outputs:
            if storage[number] == number and made_at.get(number) == step:
                live = live + sizes[number]
        scratch = counter.inner(call.facts, call.layer.policy.compute) if call.facts.scratch else 0
        inner.append(scratch)
        now = live + scratch
        if type(now) is not int:
            formulas.setdefault(now, step)
        elif now > best:
            best, best_step = now, step
        for number in dying[step]:
            live = live - sizes[number]
    most: Dim = best
    there = [(number, -1) for number in inputs] + [*made_at.items()]

    def maker(made: int) -> str:
        return "input" if made < 0 else calls[made].layer.name

    story: Story | None = None
    if formulas:
        steps = [best_step, *formulas.values()] if best else [*formulas.values()]
        most, place = largest([best, *formulas] if best else [*formulas])
        best_step = None if place is None else steps[place]
        places = {number: place for place, (number, _) in enumerate(there)}
        story = Story(
            tuple([(maker(made), sizes[number], made, last_use[number]) for number, made in there]),
            tuple(inner),
            tuple([call.layer.name for call in calls]),
            tuple([(places[origin], places[output]) for origin, output in undecided]),
        )
    if best_step is None:
        return Peak(most, None, (), less_where, story)
    alive = tuple([(maker(made), sizes[number]) for number, made in there if made <= best_step <= last_use[number]])
    return Peak(most, calls[best_step] if best_step >= 0 else None, alive, less_where, story)


def told(story: Story) -> tuple[int, str | None, tuple[tuple[str, Dim], ...]] | None:
    """The peak of a story whose sizes are numbers: its bytes, its layer, and what is alive then, as `peak` finds it.

    None where some sizes are not numbers.
    """
    sizes = [size for _, size, _, _ in story.storages]
    last = [end for _, _, _, end in story.storages]
    moved: dict[int, int] = {}
    for former, output in story.merges:
        origin = moved.get(former, former)
        if sizes[origin] == sizes[output] and output not in moved:
            moved[output] = origin
            last[origin] = last[output]
    rises: list[Dim] = [0] * (len(story.layers) + 2)
    for place, (_, size, made, _) in enumerate(story.storages):
        if place not in moved:
            rises[made + 1] = rises[made + 1] + size
            if last[place] < len(story.layers):
                rises[last[place] + 2] = rises[last[place] + 2] - size
    live, best, best_step = rises[0], rises[0], -1
    for step, inner in enumerate(story.inner):
        live = live + rises[step + 1]
        now = live + inner
        if not (isinstance(now, int) and isinstance(best, int)):
            return None
        if now > best:
            best, best_step = now, step
    if not isinstance(best, int):
        return None
    alive = [
        (name, size)
        for place, (name, size, made, _) in enumerate(story.storages)
        if place not in moved and made <= best_step <= last[place]
    ]
    return best, story.layers[best_step] if best_step >= 0 else None, tuple(alive)


def _storages(inference: Inference) -> list[int]:
    """For every value the value whose storage it is: itself, or for a view an input's.

    The input of a nested model in another dtype is a copy that no call makes: what is seen through it is counted with
    the call that looks at it.
    """
    storage = list(range(len(inference.values)))
    there = set(inference.inputs)
    for call in inference.calls:
        if call.facts.alias in {"view", "bypass"}:
            for number, origin in call.views():
                if storage[origin] in there:
                    storage[number] = storage[origin]
        there.update(call.outputs)
    return storage


def _write_in_place(
    inference: Inference,
    calls: Sequence[Call],
    storage: list[int],
    last_use: list[int],
    sizes: Sequence[Dim],
    protected: Container[int],
) -> tuple[tuple[int, int], ...]:
    """Let calls that can work in place take over storage that dies with them.

    Returns the storages whose sizes would have to be equal for more of them to do so, where that depends on symbols.
    """
    moved: dict[int, int] = {}
    undecided: list[tuple[int, int]] = []
    made: set[int] = set()  # which a copy in another dtype, at the border of a nested model, is not (`_storages`)
    for step, call in enumerate(calls):
        made.update(call.outputs)
        if call.facts.alias != "inplace":
            continue
        open_here: list[tuple[int, int]] = []
        for number in writable(inference, call):
            output = call.outputs[0]
            origin = storage[number]
            origin = moved.get(origin, origin)
            if last_use[origin] != step or origin in protected or origin not in made:
                continue
            if sizes[origin] == sizes[output]:
                moved[output] = origin
                last_use[origin] = last_use[output]
                break
            if equal(sizes[origin], sizes[output]) is None:
                open_here.append((origin, output))
        else:
            undecided += open_here
    if moved:
        for number, origin in enumerate(storage):
            storage[number] = moved.get(origin, origin)
    return tuple(undecided)


def _making(calls: Sequence[Call], storage: list[int]) -> dict[int, int]:
    """The step at which each storage is made, in order."""
    made: dict[int, int] = {}
    for step, call in enumerate(calls):
        for number in call.outputs:
            if storage[number] == number:
                made[number] = step
    return made
