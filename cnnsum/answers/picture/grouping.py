"""Groups in what is too much to be seen at once: nothing but the graph and the names of its layers tells of them.

A *run* is a chain of layers, each of which feeds only the next. A *stage* is a stretch of the graph that can be told
from others: its names begin alike, or it lies between two narrow places, through which everything goes in one or two
tensors (a residual block, a dense layer, a cell). Neighbouring stages of one structure may be one larger stage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise

from cnnsum.answers.picture.tree import Knot, Tree
from cnnsum.answers.summary.alike import WORDS, beginnings, keys, up_to_narrow
from cnnsum.counted import counted

#: So many boxes can be seen at once.
MOST = 40
#: Fewer groups than that say too little.
_LEAST = 4
#: Of a run, so many types are named.
_NAMED = 3

_Links = dict[tuple[int, int], None]


def group(made: Tree) -> None:
    """Put groups between a box and what is in it, wherever that is more than `MOST` boxes."""
    links = _links(made)
    begins = cache(beginnings)  # a box is asked again in every group that is put around it
    waiting = [made.root]
    while waiting:
        knot = waiting.pop()
        boxes = knot.boxes or []
        own = links.pop(id(knot), {})
        if len(boxes) > MOST:
            _Level(boxes, own, begins).divide(knot, links)
        waiting += [inner for inner in knot.boxes or () if inner.boxes]


def _links(made: Tree) -> dict[int, _Links]:
    """Which boxes of a group feed which others of it, by the ids of objects: the group's, and theirs."""
    level: dict[int, int] = {id(made.root): 0}
    waiting = [made.root]
    for knot in waiting:
        for inner in knot.boxes or ():
            level[id(inner)] = level[id(knot)] + 1
            inner.around = knot
            waiting.append(inner)
    links: dict[int, _Links] = {}
    for source, target, _ in made.flows:
        one, other = source, target
        while one.around is not other.around and one.around is not None and other.around is not None:
            if level[id(one)] >= level[id(other)]:
                one = one.around
            else:
                other = other.around
            if one is other:
                break
        if one is not other:
            links.setdefault(id(one.around), {})[id(one), id(other)] = None
    return links


class _Level:
    """The boxes of one group by their numbers, in an order in which each comes after what it reads, where there is
    one.
    """

    def __init__(self, boxes: Sequence[Knot], links: _Links, begins: Callable[[str], tuple[str, ...]]) -> None:
        self.boxes, self.reads, self.feeds = _sorted(boxes, links)
        self._begins = begins

    def divide(self, around: Knot, links: dict[int, _Links]) -> None:
        """Put the boxes of a group into fewer."""
        parts = self._parts()
        made = [self._made(part, around) for part in parts]
        number = {at: index for index, part in enumerate(parts) for at in part}
        for at, sources in enumerate(self.reads):
            for source in sources:
                one, other = number[source], number[at]
                own = around if one != other else made[one]
                pair = (made[one], made[other]) if one != other else (self.boxes[source], self.boxes[at])
                links.setdefault(id(own), {})[id(pair[0]), id(pair[1])] = None
        around.boxes = made

    def _made(self, part: list[int], around: Knot) -> Knot:
        boxes = [self.boxes[at] for at in part]
        if len(boxes) == 1:
            boxes[0].around = around
            return boxes[0]
        run = all(self.feeds[one] == [other] and self.reads[other] == [one] for one, other in pairwise(part))
        run = run and all(box.boxes is None for box in boxes)
        name = _common([box.name for box in boxes])
        wanted = name if name not in (boxes[0].name, boxes[-1].name) else f"{boxes[0].name}:{boxes[-1].name}"
        if around.around is not None:
            wanted = f"{around.wanted}.{wanted}"
        knot = Knot(name, _title(boxes, run=run), "run" if run else "stage", around, None, wanted)
        knot.boxes = boxes
        for box in boxes:
            box.around = knot
        return knot

    def _parts(self) -> list[list[int]]:
        """The numbers of boxes that belong together, in order: between `_LEAST` and `MOST` parts, none of them more
        than half of all, if there is any way; else fewer than there are boxes. Of several ways it is the one that
        leaves the fewest ways around, and of those the first.
        """
        runs = self._runs()
        stretches = [_neighbours(key) for key in keys([box.name for box in self.boxes], self.reads, self._begins)]
        # Those alone are joined by runs, which is a way of its own; those of several stay at least.
        stretches = [parts for parts in stretches if 0 < sum(len(part) > 1 for part in parts) <= MOST]
        ways = [self._joined(parts, runs) for parts in stretches]
        ways += [self._joined(_absorbed(parts), runs) for parts in stretches]
        ways += [_by(runs), self._chains()]
        serving = [parts for parts in ways if self._serves(parts)]
        if serving:
            return min(serving, key=self._tangle)
        return self._alike()

    def _serves(self, parts: list[list[int]]) -> bool:
        return _LEAST <= len(parts) <= MOST and max(map(len, parts)) <= len(self.boxes) // 2

    def _tangle(self, parts: list[list[int]]) -> int:
        """How many links there are between the parts beyond those of a chain."""
        number = [0] * len(self.boxes)
        for index, part in enumerate(parts):
            for at in part:
                number[at] = index
        pairs = {(number[one], number[at]) for at, sources in enumerate(self.reads) for one in sources}
        return sum(one != other for one, other in pairs) - len(parts)

    def _runs(self) -> list[int]:
        """For every box the number of the run that it is in; a new one begins at a layer that computes with weights,
        or, where a chain begins with others, behind such a layer.
        """
        run = [-1] * len(self.boxes)
        count = 0
        for start in range(len(self.boxes)):
            if run[start] >= 0:
                continue
            chain = [start]
            while (after := self._after(chain[-1])) is not None and run[after] < 0:
                chain.append(after)
            works = [self._works(at) for at in chain]
            before = works[0] or not any(works[:_NAMED])
            for index, at in enumerate(chain):
                cut = works[index] if before else index > 0 and works[index - 1]
                count += index > 0 and cut
                run[at] = count
            count += 1
        return run

    def _after(self, at: int) -> int | None:
        """The one that this alone feeds, and nothing else."""
        if len(self.feeds[at]) != 1 or self.boxes[at].boxes is not None:
            return None
        after = self.feeds[at][0]
        alone = self.reads[after] == [at] and self.boxes[after].boxes is None
        return after if alone and self.boxes[at].kind != "input" else None

    def _works(self, at: int) -> bool:
        row = self.boxes[at].row
        return row is not None and len(row.weights) > 0 and not (type(row.macs) is int and row.macs == 0)

    def _chains(self) -> list[list[int]]:
        """Whole chains, of as many runs as they are."""
        chain = [-1] * len(self.boxes)
        for start in range(len(self.boxes)):
            at: int | None = start
            while at is not None and chain[at] < 0:
                chain[at] = start
                at = self._after(at)
        return _by(chain)

    def _joined(self, parts: list[list[int]], runs: list[int]) -> list[list[int]]:
        """The parts, with those of one box alone joined by their runs, or with the part before them if they change
        nothing of what it gives.
        """
        found: list[list[int]] = []
        alone: dict[int, list[int]] = {}
        for part in parts:
            if len(part) > 1:
                found.append([*part])
                continue
            (at,) = part
            if found and len(found[-1]) > 1 and self._trails(at, found[-1]):
                found[-1].append(at)
            elif runs[at] in alone and self.reads[at] == alone[runs[at]][-1:]:
                alone[runs[at]].append(at)
            else:
                alone[runs[at]] = [at]
                found.append(alone[runs[at]])
        return found

    def _trails(self, at: int, part: list[int]) -> bool:
        """Whether a layer only changes what the last of a part gives, to the same shape, without weights."""
        if self.reads[at] != [part[-1]] or self.feeds[part[-1]] != [at] or self.boxes[at].boxes is not None:
            return False
        row, before = self.boxes[at].row, self.boxes[part[-1]].row
        if row is None or before is None or row.weights:
            return False
        return [one.shape for one in row.outputs] == [one.shape for one in before.outputs]

    def _alike(self) -> list[list[int]]:
        """Stretches between narrow places; neighbours of the same types together; and where that is still too many,
        so many neighbours to a part that it is not.
        """
        ends = up_to_narrow(self.reads, 1)
        parts = _by(ends)
        if len(parts) < _LEAST:
            parts = _by(self._runs())
            parts.sort()
        if len(parts) < _LEAST or max(map(len, parts)) > len(self.boxes) // 2:
            parts = [[at] for at in range(len(self.boxes))]
        joined: list[list[int]] = []
        last: tuple[str, ...] = ()
        for part in parts:
            types = tuple([self.boxes[at].title for at in part])
            if types == last and len(joined[-1]) + len(part) <= len(self.boxes) // 2:
                joined[-1] += part
            else:
                joined.append([*part])
            last = types
        if self._serves(joined):
            return joined
        size = -(-len(parts) // MOST)
        if size == 1:
            size = -(-len(self.boxes) // MOST)
            parts = [[at] for at in range(len(self.boxes))]
        return [[at for part in parts[start : start + size] for at in part] for start in range(0, len(parts), size)]


def _by(keys: Sequence[int]) -> list[list[int]]:
    """Numbers with the same key together, in the order of their firsts."""
    found: dict[int, list[int]] = {}
    for at, key in enumerate(keys):
        found.setdefault(key, []).append(at)
    return [*found.values()]


def _neighbours(keys: Sequence[str]) -> list[list[int]]:
    """Neighbours with the same key together."""
    starts = [0, *[at for at in range(1, len(keys)) if keys[at] != keys[at - 1]], len(keys)]
    return [[*range(start, end)] for start, end in pairwise(starts)]


def _absorbed(parts: list[list[int]]) -> list[list[int]]:
    """Neighbours, those alone before several with them: what is done first to that which comes into a stage."""
    found: list[list[int]] = []
    for part in parts:
        if found and len(found[-1]) == 1 and len(part) > 1:
            found[-1] += part
        else:
            found.append([*part])
    return found


def _sorted(boxes: Sequence[Knot], links: _Links) -> tuple[list[Knot], list[list[int]], list[list[int]]]:
    """The boxes so that each comes after what it reads, otherwise as they are, with what they read and feed.

    Where groups read one another in a circle their order stays.
    """
    place = {id(box): at for at, box in enumerate(boxes)}
    pairs = [(place[one], place[other]) for one, other in links]
    order = [*range(len(boxes))]
    if any(one > other for one, other in pairs):
        from heapq import heapify, heappop, heappush

        open_ = [0] * len(boxes)
        following: list[list[int]] = [[] for _ in boxes]
        for one, other in pairs:
            open_[other] += 1
            following[one].append(other)
        ready = [at for at in order if not open_[at]]
        heapify(ready)
        found: list[int] = []
        while ready:
            found.append(heappop(ready))
            for other in following[found[-1]]:
                open_[other] -= 1
                if not open_[other]:
                    heappush(ready, other)
        if len(found) == len(order):
            order = found
    number = [0] * len(boxes)
    for at, old in enumerate(order):
        number[old] = at
    reads: list[list[int]] = [[] for _ in boxes]
    feeds: list[list[int]] = [[] for _ in boxes]
    for one, other in pairs:
        reads[number[other]].append(number[one])
        feeds[number[one]].append(number[other])
    return [boxes[at] for at in order], reads, feeds


def _common(names: Sequence[str]) -> str:
    """What more than half of the names have in common at the beginning, by words; else the last of them."""
    words: dict[str, list[str]] = {}
    for name in names:
        words.setdefault(WORDS.split(name, 1)[0], []).append(name)
    alike = max(words.values(), key=len)
    if 2 * len(alike) <= len(names):
        return names[-1]
    first, last = (WORDS.split(name) for name in (min(alike), max(alike)))
    length = 0
    for one, other in zip(first, last, strict=False):
        if one != other:
            break
        length += len(one) + 1
    return alike[0][: length - 1] if length > 1 else names[-1]


def _title(boxes: Sequence[Knot], *, run: bool) -> str:
    """In a few words, what is in a group."""
    if run and len(boxes) <= _NAMED:
        return ", ".join([box.title for box in boxes])
    layers = sum(box.layers for box in boxes)
    return counted(layers, "layer")
