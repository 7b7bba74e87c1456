"""Products of matrices, and sums of products as an equation says. Names no type."""

from __future__ import annotations

from collections.abc import Sequence

from cnnsum.counted import counted
from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, prod
from cnnsum.layers.arithmetic.broadcast import broadcast
from cnnsum.layers.facts import Facts, Shape, show_shape, size
from cnnsum.layers.requiring import require_equal


def multiplied(what: str, x: Shape, other: Shape, added: bool = False) -> Facts:
    """A product of matrices, the axes before them broadcast: `(..., n, k)` and `(..., k, m)` become `(..., n, m)`.

    A vector is a row on the left and a column on the right, and leaves no axis. MACs: each output element is a sum of
    `k` products. added: whether something is added to each.
    """
    if not x or not other:
        raise Problem("SHP204", f"{what} needs tensors with axes, got {show_shape(x)} and {show_shape(other)}")
    inner = x[-1]
    reason = f"{what} needs as many columns as rows, got {show_shape(x)} and {show_shape(other)}"
    require_equal(inner, other[-2] if len(other) > 1 else other[-1], reason, inputs=(0, 1))
    before = broadcast((x[:-2], other[:-2]), what)
    out = (*before, *x[-2:-1], *(other[-1:] if len(other) > 1 else ()))
    total = prod(out) * inner
    whole = bool(before) or len(out) > 1
    macs = size(out) * inner if whole else total
    ops = (size(out) if whole else prod(out)) if added else 0
    return Facts(out, macs=macs, ops=ops, keeps_input="factors", dtype="input", rows=None if whole else 1)


def sums_of_products(operands: Sequence[Shape], equation: str, what: str) -> Facts:
    """Sums of products as an equation says, such as `bhqd,bhkd->bhqk`; `...` stands for axes that are broadcast.

    Where the equation has no arrow, the output has the letters that stand once, in alphabetical order, after the axes
    of `...`. MACs: the product of the sizes of all letters.
    """
    text = equation.replace(" ", "").replace("...", ".")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        raise Problem(
            "UNK702",
            f"{what} `{equation}` has {counted(len(terms), 'term')} for {counted(len(operands), 'input')}",
            "equation",
        )
    if not arrow:
        letters = left.replace(",", "").replace(".", "")
        right = ("." if "." in left else "") + "".join(sorted(one for one in letters if letters.count(one) == 1))
    sizes: dict[str, Dim] = {}
    rest: list[Shape] = []
    for term, shape in zip(terms, operands, strict=True):
        before, dots, after = term.partition(".")
        extra = len(shape) - len(before) - len(after)
        if "." in after or extra < 0 or (extra and not dots):
            raise Problem("SHP204", f"{what} `{equation}`: `{term}` does not fit {show_shape(shape)}", "equation")
        ends = len(shape) - len(after)
        if dots:
            rest.append(shape[len(before) : ends])
        for letter, dim in zip(before + after, (*shape[: len(before)], *shape[ends:]), strict=True):
            if letter in sizes and sizes[letter] != 1 and dim != 1:
                require_equal(sizes[letter], dim, f"{what} `{equation}`: `{letter}` has two sizes")
            if letter not in sizes or sizes[letter] == 1:
                sizes[letter] = dim
    if any(letter not in sizes for letter in right.replace(".", "")) or right.count(".") > 1:
        raise Problem("CFG115", f"{what} `{equation}`: the output has a letter that no input has", "equation")
    dotted = broadcast(rest, what) if rest else ()
    out: Shape = ()
    for letter in right:
        out += dotted if letter == "." else (sizes[letter],)
    total = [*dotted, *sizes.values()]
    if out:
        total.remove(out[0])
    macs = prod(total) if len(operands) > 1 else 0
    return Facts(out, macs=macs, keeps_input="factors", dtype="input", rows=None if out else 1)
