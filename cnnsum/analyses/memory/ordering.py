"""The order of execution that needs the least memory.

A search over the sets of calls that can have run (the down-sets of the graph): how many bytes are live once a set has
run does not depend on the order in which it ran, so that the best order is a way from the empty set to the full one
whose most expensive step is the cheapest. The dynamic programming over such sets is that of Ahn et al., "Ordering
Chaos: Memory-Aware Scheduling of Irregularly Wired Neural Networks for Edge Devices" (arXiv 2003.02369). What keeps
the sets few is proved where it is done. Works on numbers only, not on formulas; knows no names.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush

from cnnsum.analyses.counting import Counter
from cnnsum.analyses.memory.ordering_pieces import Program, pieces_of
from cnnsum.dims import Dim
from cnnsum.graph.infer import Inference
from cnnsum.typed import Literal, NamedTuple

#: Sets of calls that a search looks at before it gives up: some seconds.
MOST_STATES = 50_000
#: Calls of a graph that is searched at all.
MOST_CALLS = 10_000
_BOUNDED = 1_000  # calls that are looked at for a lower bound, those that need most


class BestOrder(NamedTuple):
    """An order of the calls, by their places in the order of execution, and the peak of memory that it has.

    status: "exact" where no other order has a smaller peak, "bound" where the search was given up. lower_bound: no
    order has a smaller peak than this. states: sets of calls that the search looked at.
    """

    order: tuple[int, ...]
    bytes: int
    status: Literal["exact", "bound"]
    lower_bound: int
    states: int


def best_order(
    inference: Inference, sizes: Sequence[Dim], counter: Counter, *, most_states: int = MOST_STATES
) -> BestOrder | None:
    """The order of an inference's calls with the smallest peak; None where the sizes are not numbers.

    sizes: the bytes of every value, from `value_bytes`.
    """
    if not all(isinstance(size, int) for size in sizes):
        return None
    program = Program(inference, [size for size in sizes if isinstance(size, int)], counter)
    if not all(isinstance(one, int) for one in program.scratch):
        return None
    listed = range(len(inference.calls))
    during = [*program.during(listed)]
    most = max([program.at_first, *during])
    if len(listed) > MOST_CALLS:
        return BestOrder(tuple(listed), most, "bound", program.at_first, 0)
    # Where the peak is, most of it is needed in every order.
    highest = sorted(listed, key=lambda step: -during[step])[:_BOUNDED]
    least = program.lower_bound(highest, most)
    if least == most:
        return BestOrder(tuple(listed), most, "exact", least, 0)
    return _Search(program, most, least, most_states).run()


class _Move(NamedTuple):
    """A run of calls that the search takes as one step.

    made, scratch, targets: of the first call. reads: the groups that the first call reads and that can die, each with
    its size and the moves that read it. rest: the most bytes that the other calls need beside what is live after the
    first call has freed what it frees. left: bytes that the last one leaves.
    """

    calls: tuple[int, ...]
    made: int
    scratch: int
    targets: tuple[int, ...]
    reads: tuple[tuple[int, int, int], ...]
    rest: int
    left: int


class _State:
    """A set of moves that have run: what is live after them, and which moves can be next."""

    __slots__ = ("done", "live", "ready")

    def __init__(self, done: int, live: int, ready: int) -> None:
        self.done = done
        self.live = live
        self.ready = ready


class _Search:
    """The cheapest way from nothing run to everything run.

    The sets are visited by the highest point on the way to them, `level`, which only rises; a set that has been visited
    has been reached as cheaply as can be. A move that needs no more than the level and leaves no more bytes than there
    were is made at once, and no other beside it: live bytes are a submodular function of the set (a value is alive
    where its maker has run and not all of its readers have), so that whatever way leads on from a set is not dearer
    with that move made first.
    """

    def __init__(self, program: Program, listed: int, least: int, most_states: int) -> None:
        self._program = program
        self._listed = listed
        self._least = least
        self._most_states = most_states
        pieces = pieces_of(program)
        owner = {step: number for number, piece in enumerate(pieces) for step in piece.calls}
        readers = {group: sum({1 << owner[step] for step in found}) for group, found in program.readers.items()}
        self._moves = [
            _Move(
                piece.calls,
                program.made(piece.calls[0]),
                program.scratch[piece.calls[0]],
                program.targets[piece.calls[0]],
                tuple((group, program.sizes[group], readers[group]) for group in program.read(piece.calls[0])),
                piece.rest,
                piece.after,
            )
            for piece in pieces
        ]
        self._before = [0] * len(pieces)
        after: list[set[int]] = [set() for _ in pieces]
        for number, piece in enumerate(pieces):
            for step in piece.calls:
                for earlier in program.before[step]:
                    if owner[earlier] != number:
                        self._before[number] |= 1 << owner[earlier]
                        after[owner[earlier]].add(number)
        self._after = [tuple(sorted(found)) for found in after]
        ready = sum(1 << number for number, before in enumerate(self._before) if not before)
        self._start = _State(0, program.at_first, ready)

    def run(self) -> BestOrder:
        """The best order, or, where the search is given up, the best that was found."""
        listed = tuple(range(len(self._program.makes)))
        best, found = self._listed, listed
        quick = self._calls(self._quick())
        if self._program.peak(quick) < best:
            best, found = self._program.peak(quick), quick
        level = self._least
        full = (1 << len(self._moves)) - 1
        #: For every set that was reached: the one that it was reached from, and the moves between.
        came: dict[int, tuple[int, tuple[int, ...]]] = {0: (0, ())}
        cost = {0: level}
        visited: set[int] = set()
        number = 0
        waiting: list[tuple[int, int, int, _State]] = [(level, 0, 0, self._start)]
        while waiting:
            reached, _, _, state = waiting[0]
            if reached >= best:
                level = best  # nothing that is left is better than what was found
                break
            if len(visited) >= self._most_states:
                return BestOrder(found, best, "bound", max(level, reached), len(visited))
            heappop(waiting)
            level = max(level, reached)
            if state.done in visited:
                continue
            visited.add(state.done)
            start = state.done
            state, forced = self._settle(state, level)
            if forced:
                if state.done in visited:
                    continue
                visited.add(state.done)
                came[state.done] = (start, tuple(forced))
                cost[state.done] = level
            if state.done == full:
                order = self._calls(self._way(came, full))
                return BestOrder(order, level, "exact", level, len(visited))
            for move in _bits(state.ready):
                high, live = self._try(state, move)
                key = max(level, high)
                done = state.done | 1 << move
                if key < best and key < cost.get(done, best):
                    cost[done] = key
                    came[done] = (state.done, (move,))
                    number += 1
                    heappush(waiting, (key, -done.bit_count(), number, self._made(state, move, live)))
        return BestOrder(found, best, "exact", best, len(visited))

    def _try(self, state: _State, move: int) -> tuple[int, int]:
        """The most bytes that are live while a move is made, and those that are live after it."""
        _, made, scratch, targets, reads, rest, left = self._moves[move]
        missing = ~(state.done | 1 << move)
        freed = 0
        for group, size, readers in reads:
            if not readers & missing:
                freed += size
                if group in targets:
                    made = 0
        live = state.live
        return live + max(made + scratch, rest - freed), live - freed + left

    def _made(self, state: _State, move: int, live: int) -> _State:
        done = state.done | 1 << move
        ready = state.ready & ~(1 << move)
        for later in self._after[move]:
            if not self._before[later] & ~done:
                ready |= 1 << later
        return _State(done, live, ready)

    def _settle(self, state: _State, level: int) -> tuple[_State, list[int]]:
        """The state after all moves that cost nothing, and those moves."""
        forced: list[int] = []
        again = True
        while again:
            again = False
            for move in _bits(state.ready):
                high, live = self._try(state, move)
                if high <= level and live <= state.live:
                    state = self._made(state, move, live)
                    forced.append(move)
                    again = True
        return state, forced

    def _quick(self) -> list[int]:
        """A good order: always the move with the lowest highest point, of those the one that leaves the least."""
        state, way = self._start, []
        level = self._least
        while state.ready:
            state, forced = self._settle(state, level)
            way += forced
            if not state.ready:
                break
            (high, live), move = min((self._costs(state, move, level), move) for move in _bits(state.ready))
            level = max(level, high)
            state = self._made(state, move, live)
            way.append(move)
        return way

    def _costs(self, state: _State, move: int, level: int) -> tuple[int, int]:
        high, live = self._try(state, move)
        return max(high, level), live

    def _way(self, came: dict[int, tuple[int, tuple[int, ...]]], done: int) -> list[int]:
        """The moves that lead to a set."""
        parts = []
        while done:
            done, moves = came[done]
            parts.append(moves)
        return [move for moves in reversed(parts) for move in moves]

    def _calls(self, way: list[int]) -> tuple[int, ...]:
        return tuple(step for move in way for step in self._moves[move].calls)


def _bits(number: int) -> list[int]:
    """The places of the ones of a number."""
    found = []
    while number:
        lowest = number & -number
        found.append(lowest.bit_length() - 1)
        number ^= lowest
    return found
