"""What the graph looks like: `picture`, and `lifted`, which says what flows between the boxes that are shown.

Knows no format: how a box is drawn is not known here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from cnnsum.answers.picture.grouping import MOST, group
from cnnsum.answers.picture.records import Box, Edge, Picture
from cnnsum.answers.picture.tree import Knot, Tree, tree
from cnnsum.answers.summary.fold import together
from cnnsum.answers.summary.records import Report, Row


def picture(report: Report, *, depth: int | None = None) -> Picture:
    """The graph of a report: its layers in boxes, and the tensors between them.

    Blocks, modules and nested models are groups of boxes; where there are many layers and no groups, groups are found
    (`cnnsum.answers.picture.grouping`). Nothing has to be known of the network: where shapes or inputs are not known,
    or there are errors, what is known is there.

    depth: groups that have this many names of groups in their path are folded, as those of a table; 0 folds nothing.
        By default as many levels are open as make no more than 40 boxes.
    """
    made = tree(report)
    levels = _levels(made)
    if len(levels) > 1 or made.root.layers > MOST:
        group(made)
        levels = _levels(made)
    _fold(levels, depth)
    _name(levels)
    edges = tuple([Edge(flow.source.id, flow.target.id, flow.tensor) for flow in made.flows])
    boxes = _boxes(levels)
    return Picture(report.name, boxes, edges, made.root.layers, made.left_out, _wrong(report, levels))


def lifted(picture: Picture, open: Collection[str] | None = None) -> tuple[Edge, ...]:
    """What flows between the boxes that are visible where these groups are open, by default those not `folded`.

    Each pair of boxes once, with the first tensor between them; nothing from a box to itself.
    """
    shown: dict[str, str] = {}
    waiting: list[tuple[Box, str | None]] = [(box, None) for box in reversed(picture.boxes)]
    while waiting:
        box, closed = waiting.pop()
        if closed is None and box.boxes and (box.folded if open is None else box.id not in open):
            closed = box.id
        if box.boxes:
            waiting += [(inner, closed) for inner in reversed(box.boxes)]
        else:
            shown[box.id] = box.id if closed is None else closed
    found: dict[tuple[str, str], Edge] = {}
    for edge in picture.edges:
        source, target = shown[edge.source], shown[edge.target]
        if source != target or edge.source == edge.target:
            found.setdefault((source, target), Edge(source, target, edge.tensor))
    return tuple(found.values())


def _levels(made: Tree) -> list[list[Knot]]:
    """All boxes by how deep they are, the nameless one alone in the first; counts the layers in each."""
    levels = [[made.root]]
    while levels[-1]:
        levels.append([inner for knot in levels[-1] for inner in knot.boxes or ()])
    levels.pop()
    for level in reversed(levels):
        for knot in level:
            knot.layers = 1 if knot.boxes is None else sum(inner.layers for inner in knot.boxes)
    return levels


def _fold(levels: list[list[Knot]], depth: int | None) -> None:
    """Decide which groups are closed: those at a depth and below, or those that would make too many boxes."""
    runs = depth is None
    if depth is None:
        # Open level by level, as long as it all can be seen.
        depth = 1
        shown = len(levels[1]) if len(levels) > 1 else 0
        while depth < len(levels):
            shown += sum(len(knot.boxes) - 1 for knot in levels[depth] if knot.boxes and knot.kind != "run")
            if shown > MOST:
                break
            depth += 1
    for number, level in enumerate(levels):
        for knot in level:
            knot.folded = knot.boxes is not None and (0 < depth <= number or (runs and knot.kind == "run"))


def _name(levels: list[list[Knot]]) -> None:
    """Give every box an id that no other has: first layers, then groups, from the outermost."""
    taken: dict[str, int] = {}
    for groups in (False, True):
        for level in levels[1:]:
            for knot in level:
                if (knot.boxes is not None) == groups:
                    knot.id = _free(knot.wanted, taken)


def _free(wanted: str, taken: dict[str, int]) -> str:
    found = wanted
    while found in taken:
        taken[wanted] += 1
        found = f"{wanted} ({taken[wanted]})"
    taken[found] = 1
    return found


def _boxes(levels: list[list[Knot]]) -> tuple[Box, ...]:
    """The boxes themselves, from within."""
    made: dict[int, Box] = {}
    for level in reversed(levels[1:]):
        for knot in level:
            boxes = tuple([made.pop(id(inner)) for inner in knot.boxes or ()])
            row = knot.row if knot.row is not None else _sum(knot, boxes)
            made[id(knot)] = Box(knot.id, knot.name, knot.title, knot.kind, row, boxes, knot.folded)
    return tuple([made[id(knot)] for knot in levels[0][0].boxes or ()])


def _sum(knot: Knot, boxes: Iterable[Box]) -> Row:
    return together(knot.id, knot.title, [box.row for box in boxes])


def _wrong(report: Report, levels: list[list[Knot]]) -> tuple[str, ...]:
    """The layers at which there are errors: those that an error stands in, innermost; of the uses of a block, which are
    at the same place, the one that the error names, if it does.
    """
    errors = [
        (found.span.line, found.span.column, found.message)
        for found in report.diagnostics
        if found.severity == "error" and found.span is not None and found.span.path == report.source.path
    ]
    if not errors:
        return ()
    at: dict[tuple[tuple[int, int], tuple[int, int]], list[Knot]] = {}
    for level in levels:
        for knot in level:
            row = knot.row
            if row is not None and row.place is not None and row.end is not None:
                at.setdefault((row.place, row.end), []).append(knot)
    spans = sorted(at, key=lambda span: (span[0], (-span[1][0], -span[1][1])), reverse=True)
    around: list[tuple[tuple[int, int], tuple[int, int]]] = []
    found: dict[str, None] = {}
    for line, column, message in sorted(errors):
        while spans and spans[-1][0] <= (line, column):
            around.append(spans.pop())
        while around and around[-1][1] <= (line, column):
            around.pop()
        if around:
            here = at[around[-1]]
            named = [knot for knot in here if knot.row is not None and _names(message, knot.row.name)]
            found.update(dict.fromkeys(knot.id for knot in named or here))
    return tuple(found)


def _names(message: str, name: str) -> bool:
    return message.startswith(f"{name}: ") or f"`{name}`" in message
