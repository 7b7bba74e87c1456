"""Which neighbours among many rows belong together: those whose names begin alike, or those between two narrow places
of the graph.

Knows names and connections; what becomes of a group, a bar of a chart or a box of a picture, is that of who asks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

#: The parts of a name.
WORDS = re.compile(r"[_./]")
_STAGE = re.compile(r"[A-Za-z]+\d*")


def beginnings(name: str) -> tuple[str, ...]:
    """What a name begins with, from the finest to the coarsest: its first four words, three, two and one, of which the
    last of all is left out, which says what the layer does; and its letters with the number behind them.

    >>> beginnings("conv2_block1_1_conv")
    ('conv2_block1_1', 'conv2_block1_1', 'conv2_block1', 'conv2', 'conv2')
    >>> beginnings("dense"), beginnings("block2a_expand_conv")[-1]
    (('dense', 'dense', 'dense', 'dense', 'dense'), 'block2')
    """
    ends = [found.start() for found in WORDS.finditer(name)] or [len(name)]
    stage = _STAGE.match(name)
    return (*[name[: ends[min(count, len(ends)) - 1]] for count in (4, 3, 2, 1)], name if stage is None else stage[0])


def keys(
    names: Sequence[str], reads: Sequence[Sequence[int]], begins: Callable[[str], tuple[str, ...]] = beginnings
) -> Iterator[Sequence[str]]:
    """Ways to tell what belongs together, the finest first: for every row a text, the same for neighbours that do.

    names: of the rows, each of which comes after those that it reads. reads: the numbers of these. begins: what gives
    the beginnings of a name.
    """
    yield from zip(*map(begins, names), strict=True)
    for width in (1, 2):
        yield [names[end] for end in up_to_narrow(reads, width)]


def up_to_narrow(reads: Sequence[Sequence[int]], width: int) -> list[int]:
    """For every row the next at which no more than `width` tensors lead on, itself included.

    >>> up_to_narrow([[], [0], [1], [0, 2], [3]], 1)  # 3 adds what 0 and 2 give
    [0, 3, 3, 3, 4]
    """
    last = list(range(len(reads)))
    for number, sources in enumerate(reads):
        for source in sources:
            last[source] = max(last[source], number)
    closing = [0] * len(reads)
    for number, reader in enumerate(last):
        closing[reader] += reader > number
    leading = 0
    narrow: list[bool] = []
    for number, reader in enumerate(last):
        leading += (reader > number) - closing[number]
        narrow.append(leading <= width)
    ends = list(range(len(reads)))
    for number in range(len(reads) - 2, -1, -1):
        if not narrow[number]:
            ends[number] = ends[number + 1]
    return ends
