"""Sizes near those of the file at which shapes go together that do not: the mend of a merge that cannot be.

Knows no file and no answer: it is given the conditions of the same network with its sizes free.
"""

from __future__ import annotations

from cnnsum.analyses.sizes.conditions import Sizes

#: What does not fit for its size: arms of a sum, a product or a join of other lengths, a size by a declared pattern.
OF_SIZES = frozenset(("SHP202", "SHP207", "SHP214"))


def sizes_that_fit(sizes: Sizes) -> str | None:
    """The nearest sizes that the network accepts, as a mend says them; None where its own are, or no larger one.

    Each axis is looked at with the others at the sizes of the file.
    """
    said = {axis.symbol.name: axis.said.size for axis in sizes.axes if axis.said is not None and axis.said.size}
    found: dict[tuple[str, str], list[int]] = {}
    for axis in sizes.axes:
        size = said.get(axis.symbol.name)
        if size is None:
            continue
        near = sizes.nearest(axis, said if axis.relations else {}, size)
        if near.accepted:
            continue
        if near.above is None:
            return None  # what fits at a few small sizes alone was meant otherwise
        fits = str(near.above) if near.below is None else f"{near.below} or {near.above}"
        found.setdefault((f"{fits} in place of {size}", axis.input), []).append(axis.axis)
    if not found:
        return None
    parts = [
        f"{words} on {'axis' if len(axes) == 1 else 'axes'} {' and '.join(map(str, axes))} of `{input}`"
        for (words, input), axes in found.items()
    ]
    return f"it fits with {'; '.join(parts)}: `cnnsum sizes` says why"
