"""Fold the layers of a block into one row. Knows rows, not how they are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnnsum.answers.summary.cells import Block
from cnnsum.answers.summary.records import Connection, LayerMemory, Params, Row
from cnnsum.dims import Dim

_WORST_FIRST = ("unknown", "bound", "exact")


def fold(rows: Sequence[Row], depth: int) -> list[Row]:
    """Return the rows with every block at `depth` names below the model folded into one `Block` row.

    Rows with the same first `depth` names of their block become one row: named by the block's path, in the place of
    the block's first layer, with the output of its last, and sums of everything that adds up. A block's inputs are
    those of its layers that come from elsewhere. Rows outside of such blocks stay; depth 0 folds nothing.
    """
    if depth < 1:
        return list(rows)
    return _folded(rows, [row.block[:depth] if len(row.block) >= depth else () for row in rows], {})


def fold_modules(rows: Sequence[Row]) -> list[Row]:
    """Return the rows with the operations of each module that a framework brings as one row of the module's class."""
    titles = {row.module[0]: row.module[1] for row in rows if row.module is not None}
    if not titles:
        return list(rows)
    return _folded(rows, [row.module[0] if row.module is not None else () for row in rows], titles)


def _folded(rows: Sequence[Row], paths: list[tuple[str, ...]], titles: Mapping[tuple[str, ...], str]) -> list[Row]:
    members: dict[tuple[str, ...], list[Row]] = {}
    owner: dict[str, str] = {}
    for row, path in zip(rows, paths, strict=True):
        if path:
            members.setdefault(path, []).append(row)
            owner[row.name] = ".".join(path)
    folded: list[Row] = []
    for row, path in zip(rows, paths, strict=True):
        if not path:
            folded.append(_reconnected(row, owner))
        elif members[path][0] is row:
            folded.append(_block(path, members[path], owner, titles.get(path)))
    return folded


def _block(path: tuple[str, ...], rows: list[Row], owner: dict[str, str], title: str | None) -> Row:
    name = ".".join(path)
    row = together(name, "Block" if title is None else title, rows, of=Block if title is None else Row)
    row.weights = tuple([weight for one in rows for weight in one.weights])
    row.connections = _inputs(rows, owner, name)
    row.block = path if title is None else path[:-1]
    row.rows = tuple(rows)
    return row


def together(name: str, type: str, rows: Sequence[Row], *, of: type[Row] = Row) -> Row:
    """One row for several: the sums of everything that adds up, the outputs of the last, the place of the first.

    It has none of their weights and connections, nor the rows themselves.
    """
    last = rows[-1]
    params = [row.params for row in rows]
    memory = [row.memory for row in rows]
    return of(
        name,
        type,
        outputs=last.outputs,
        params=Params(*[_sum(values) for values in zip(*params, strict=True)]),
        macs=_sum([row.macs for row in rows]),
        flops=_sum([row.flops for row in rows]),
        memory=LayerMemory(*[_sum(values) for values in zip(*memory, strict=True)]),
        place=rows[0].place,
        receptive_field=last.receptive_field,
        status=min((row.status for row in rows), key=_WORST_FIRST.index),
        built=all(row.built for row in rows),
        trainable=any(row.trainable for row in rows),
    )


def _reconnected(row: Row, owner: dict[str, str]) -> Row:
    """The row itself, or a copy whose inputs name the blocks that they now come from."""
    if not any(connection.layer in owner for connection in row.connections):
        return row
    copy = Row.__new__(Row)
    for slot in Row.__slots__:
        setattr(copy, slot, getattr(row, slot))
    copy.connections = _inputs([row], owner, None)
    return copy


def _inputs(rows: Sequence[Row], owner: dict[str, str], own: str | None) -> tuple[Connection, ...]:
    """The inputs from outside, each once; one out of a block is named by the block."""
    inputs: dict[Connection, None] = {}
    for row in rows:
        for connection in row.connections:
            block = owner.get(connection.layer)
            if block is None:
                inputs[connection] = None
            elif block != own:
                inputs[Connection(block, 0, 0)] = None
    return tuple(inputs)


def _sum(values: Sequence[Dim]) -> Dim:
    total: Dim = 0
    for value in values:
        total = total + value
    return total
