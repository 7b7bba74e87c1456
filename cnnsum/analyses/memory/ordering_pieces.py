"""What the search for an order of execution works on: which calls wait for which, what each makes and reads, and which
of them can be run without a pause.

Works on numbers only, not on formulas; knows no names and no order but that of execution.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cnnsum.analyses.counting import Counter
from cnnsum.analyses.memory.liveness import writable
from cnnsum.graph.infer import Inference
from cnnsum.typed import NamedTuple


class Program:
    """What the search needs of the calls: which wait for which, and what each makes, reads and writes over.

    A group is a value with all views of it. Sets of calls are bits of an integer.
    """

    def __init__(self, inference: Inference, sizes: Sequence[int], counter: Counter) -> None:
        calls = inference.calls
        count = len(calls)
        group = list(range(len(sizes)))
        maker: dict[int, int] = {}
        self.sizes = sizes
        self.makes: list[tuple[int, ...]] = []
        self.reads: list[tuple[int, ...]] = []
        self.before: list[set[int]] = []
        self.after: list[set[int]] = [set() for _ in calls]
        self.readers: dict[int, set[int]] = {}
        self.scratch: list[int] = []
        for step, call in enumerate(calls):
            view = call.facts.alias in {"view", "bypass"} and bool(call.inputs)
            self.before.append({maker[number] for number in call.inputs if number in maker})
            for earlier in self.before[step]:
                self.after[earlier].add(step)
            self.reads.append(tuple(dict.fromkeys(group[number] for number in call.inputs)))
            for number in self.reads[step]:
                self.readers.setdefault(number, set()).add(step)
            for number in call.outputs:
                maker[number] = step
                if view:
                    group[number] = group[call.inputs[0]]
            self.makes.append(() if view else call.outputs)
            inner = counter.inner(call.facts, call.layer.policy.compute)
            self.scratch.append(inner)  # type: ignore[arg-type]  # the caller looks
        self.inputs = tuple(dict.fromkeys(inference.inputs))
        #: Groups that live to the end: outputs, and inputs that nothing reads.
        self.lasting = {group[number] for number in inference.outputs}
        self.lasting.update(number for number in self.inputs if number not in self.readers)
        #: For every call the groups that it may write its only output over.
        self.targets: list[tuple[int, ...]] = []
        for call in calls:
            targets = [
                number
                for number in dict.fromkeys(group[number] for number in writable(inference, call))
                if sizes[number] == sizes[call.outputs[0]] and number not in self.inputs and number not in self.lasting
            ]
            self.targets.append(tuple(targets))
        self.made_by = {number: step for step in range(count) for number in self.makes[step]}
        self.at_first = sum(sizes[number] for number in self.inputs)

    def made(self, step: int) -> int:
        """Bytes that a call makes."""
        return sum(self.sizes[number] for number in self.makes[step])

    def left(self, step: int) -> int:
        """Bytes that a call makes and something needs later."""
        return sum(self.sizes[number] for number in self.makes[step] if self.needed(number))

    def needed(self, number: int) -> bool:
        """Whether a group is read at all, or lives to the end."""
        return number in self.readers or number in self.lasting

    def read(self, step: int) -> tuple[int, ...]:
        """The groups that a call reads and that can die."""
        return tuple(number for number in self.reads[step] if number not in self.lasting)

    def peak(self, order: Sequence[int]) -> int:
        """The peak of memory when the calls run in this order."""
        return max([self.at_first, *self.during(order)])

    def during(self, order: Sequence[int]) -> Iterator[int]:
        """The bytes that are live during each call when they run in this order."""
        waiting = {number: len(readers) for number, readers in self.readers.items()}
        live = self.at_first
        for step in order:
            dying = []
            for number in self.reads[step]:
                waiting[number] -= 1
                if not waiting[number] and number not in self.lasting:
                    dying.append(number)
            written = any(number in dying for number in self.targets[step])
            yield live + self.scratch[step] + (0 if written else self.made(step))
            live += self.left(step) - sum(self.sizes[number] for number in dying)

    def lower_bound(self, steps: Iterable[int], enough: int) -> int:
        """Bytes that one of some calls needs in every order: what it reads and makes, and what must be there beside it.

        That is what was made before it, in every order, for something that comes after it in every order, and the
        outputs made before it. Stops where the bound has reached `enough`.
        """
        count = len(self.makes)
        ancestors = [0] * count
        for step in range(count):
            for earlier in self.before[step]:
                ancestors[step] |= ancestors[earlier] | 1 << earlier
        descendants = [0] * count
        for step in range(count - 1, -1, -1):
            for later in self.after[step]:
                descendants[step] |= descendants[later] | 1 << later
        readers = {number: sum(1 << step for step in found) for number, found in self.readers.items()}
        groups = [
            (
                self.sizes[number],
                1 << self.made_by[number] if number in self.made_by else 0,
                readers.get(number, 0),
                number,
            )
            for number in (*self.inputs, *self.made_by)
            if self.sizes[number]
        ]
        most = self.at_first
        for step in steps:
            done, later = ancestors[step], descendants[step] | 1 << step
            live = self.scratch[step] + (0 if self.targets[step] else self.made(step))
            for size, made, read, number in groups:
                if made & ~done == 0 and (read & later or number in self.lasting):
                    live += size
            most = max(most, live)
            if most >= enough:
                return enough
        return most


class Piece(NamedTuple):
    """Calls of a chain that are run without a pause: `calls`, and bytes of the chain before, during and after them.

    least, most: between what the highest point of the piece can be, which for the head of a chain depends on who else
    reads what it reads. rest: the most bytes of the chain while a call other than the first runs.
    """

    calls: tuple[int, ...]
    before: int
    least: int
    most: int
    after: int
    rest: int


def pieces_of(program: Program) -> list[Piece]:
    """All calls, those that can be run without a pause in one piece each.

    A chain is a run of calls each of which reads only what the one before it left, which nobody else reads. Two
    neighbouring pieces of a chain may be run without a pause where one of them, the hill, is the higher one and the
    chain's bytes between the two are not less than at the far end of the other: take any order, and move the other
    piece next to the hill. Meanwhile the chain has no more bytes than it had, and at the hill's time the other piece
    needs no more than the hill. So there is a best order in which they stand together. (For trees: Liu, "An Application
    of Generalized Tree Pebbling to Sparse Matrix Factorization", 1987.)

    The head of a chain reads what others may read, too. Before it runs that counts in full, so that to delay it is
    never thought cheaper than it is; while it runs, its bytes lie between two bounds.
    """
    chain_of: dict[int, dict[int, None]] = {}
    chains: list[dict[int, None]] = []
    for step in range(len(program.makes)):
        chain = chain_of.get(next(iter(program.before[step]))) if len(program.before[step]) == 1 else None
        if chain is None or not _follows(program, chain, step):
            chain = {}
            chains.append(chain)
        chain[step] = None
        chain_of[step] = chain
    return [piece for chain in chains for piece in _glued(program, [*chain])]


def _follows(program: Program, chain: dict[int, None], step: int) -> bool:
    """Whether a call reads nothing but what the end of a chain left, and nobody else reads that."""
    end = next(reversed(chain))
    if program.after[end] != {step} or len(program.reads[step]) != 1:
        return False
    (number,) = program.reads[step]
    return (
        number not in program.lasting
        and program.made_by.get(number) in chain
        and not any(other != number and program.needed(other) for other in program.makes[end])
    )


def _glued(program: Program, chain: list[int]) -> list[Piece]:
    """The pieces of a chain."""
    sizes = program.sizes
    own: set[int] = set()
    pieces: list[Piece] = []
    carried = sum(sizes[number] for number in program.read(chain[0]))
    for place, step in enumerate(chain):
        own.add(step)
        made, scratch, targets = program.made(step), program.scratch[step], program.targets[step]
        if place == 0:
            alone = carried - sum(sizes[number] for number in targets)
            most = scratch + max(carried if targets else carried + made, alone + made)
            piece = Piece((step,), carried, made + scratch, most, program.left(step), 0)
        else:
            high = carried + scratch + (0 if targets else made)
            left = program.left(step)
            if not program.makes[step] and not program.readers[program.reads[step][0]] <= own:
                left = carried  # a view, and something reads it
            piece = Piece((step,), carried, high, high, left, 0)
        carried = piece.after
        pieces.append(piece)
        while len(pieces) > 1 and (joined := _joined(*pieces[-2:])) is not None:
            pieces[-2:] = [joined]
    return pieces


def _joined(first: Piece, second: Piece) -> Piece | None:
    """Both as one piece, where a best order has them without a pause."""
    if second.most <= first.least and second.after <= first.after:
        least = first.least
    elif first.most <= second.least and first.before <= first.after:
        least = second.least
    else:
        return None
    return Piece(
        first.calls + second.calls,
        first.before,
        least,
        max(first.most, second.most),
        second.after,
        max(first.rest, second.most),
    )
