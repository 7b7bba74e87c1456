"""What an exported program records of its own sizes: ranges of its symbols, and guards -> conditions on them.

PyTorch checks both when it runs a program. They are what its exporter saw of one run, and no rule of any operation:
what the operations need is found by inference, and compared. A guard is a text of Python; it is taken apart here, and
its sides are formulas of the spec language, in which nothing is executed. Knows no operation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from cnnsum.dims import UNKNOWN, Dim, evaluate
from cnnsum.dims.expr import Expr, Unknown
from cnnsum.dims.tokens import ExpressionError
from cnnsum.graph.model import SizeClaim
from cnnsum.readers.torch.arguments import list_in, mapping_in
from cnnsum.typed import Any

#: The size of an axis of an input, however deep the input stands in what the caller gives: `L['x'][0].size()[2]`.
_SIZE = re.compile(r"L((?:\[(?:'\w+'|\d+)\])+)\.size\(\)\[(\d+)\]")
_STEP = re.compile(r"\w+")
_SIDES = re.compile(r"(==|!=|>=|<=|>|<)")
#: From this size on PyTorch holds programs to the least size of a range; sizes of 0 and 1 it has never seen.
_HELD_FROM = 3
MOST_GUARDS = 2_000
LONGEST_GUARD = 5_000


def claims_of(
    program: dict[str, Any], symbols: dict[str, Dim], size_of: Callable[[str, int], Dim | None]
) -> Iterator[SizeClaim]:
    """The conditions that a program records; one that cannot be read has UNKNOWN for its sides.

    symbols: by the names of the exporter. size_of: gives the size of an axis of the input of that name.
    """
    for name, found in mapping_in(program.get("range_constraints")).items():
        try:
            dim = _side(name, symbols)  # `s0`, or a formula of it: `2*s0`
        except (ExpressionError, ValueError):
            continue
        path = ("range_constraints", name)
        least, most = (mapping_in(found).get(key) for key in ("min_val", "max_val"))
        if type(least) is int and least > 1:
            yield SizeClaim(dim, ">=", least, path, is_held=least >= _HELD_FROM)
        if type(most) is int:
            yield SizeClaim(most, ">=", dim, path)
    for at, guard in enumerate(list_in(program.get("guards_code"))[:MOST_GUARDS]):
        for left, relation, right in _comparisons(guard, size_of):
            yield SizeClaim(left, relation, right, ("guards_code", at))


def _comparisons(guard: object, size_of: Callable[[str, int], Dim | None]) -> Iterator[tuple[Dim, str, Dim]]:
    """The comparisons of a guard, all of which must hold, as `left == right`, `left != right` or `left >= right`."""
    unread: tuple[Dim, str, Dim] = UNKNOWN, "==", UNKNOWN
    if not isinstance(guard, str) or len(guard) > LONGEST_GUARD or " or " in guard or "not " in guard:
        yield unread
        return
    names: dict[str, Dim] = {}

    def named(match: re.Match[str]) -> str:
        size = size_of("_".join(_STEP.findall(match[1])), int(match[2]))
        name = f"size{len(names)}"
        names[name] = UNKNOWN if size is None else size
        return name

    for part in _SIZE.sub(named, guard).split(" and "):
        sides = _SIDES.split(part)
        try:
            left, right = (_side(side, names) for side in sides[::2])
        except (ExpressionError, ValueError):
            yield unread
            continue
        relation = sides[1]
        if relation in ("==", "!=", ">="):
            yield left, relation, right
        elif relation == ">":
            yield left, ">=", right + 1
        else:
            yield right, ">=", left + (relation == "<")


def _side(text: str, names: Mapping[str, Dim]) -> Dim:
    found = evaluate(text.strip(), names)
    if isinstance(found, (int, Expr, Unknown)) and not isinstance(found, bool):
        return found
    raise ValueError(text)
