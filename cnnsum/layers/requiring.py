"""What a rule asks of its inputs: equal, at least, a multiple of, of this rank. Each answers a question about dims.

What is false raises Problem; what cannot be decided for symbols is recorded as a Need of the call that is being
applied, so that the sizes at which the network is legal follow from it; whether it holds at given sizes is asked here,
too. Knows no layer type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim, Expr, at_least, divides, equal, is_anonymous, maximum, substitute
from cnnsum.layers.facts import Constant, Need, Sentence, Shape, show_shape

_needs: list[Need] = []


def set_aside() -> list[Need]:
    """Take the conditions that the running rule has met so far, so that rules within it collect their own."""
    found = _needs.copy()
    _needs.clear()
    return found


def put_back(needs: Iterable[Need]) -> None:
    """Let these be the conditions that the running rule has met."""
    _needs[:] = needs


def holds(need: Need, values: Mapping[str, int]) -> bool | None:
    """Whether a condition holds at these sizes; None where it depends on more.

    Raises ValueError for a size that its symbol cannot have.
    """
    try:
        left, right = substitute(need.left, values), substitute(need.right, values)
    except ZeroDivisionError:  # a formula that has no value there
        return False
    if need.relation == "==":
        return equal(left, right)
    if need.relation == ">=":
        return at_least(left, right)
    if need.relation == "%":
        return divides(right, left)
    answers = equal(left, right), equal(left, 1), equal(right, 1)
    return True if True in answers else None if None in answers else False


def require_equal(
    left: Dim,
    right: Dim,
    reason: str | Sentence,
    *,
    code: str = "SHP202",
    help: str | None = None,
    field: str = "",
    inputs: tuple[int, ...] = (),
) -> Dim:
    """Both dims must be equal; gives the simpler side (a plain number before a formula).

    field: the one that asks for it. inputs: those of the call that the two dims belong to.
    """
    if left is UNKNOWN:
        return right
    if right is UNKNOWN or left == right:
        return left
    answer = equal(left, right)
    if answer is False:
        raise Problem(code, str(reason), help=help)
    if answer is None:
        _needs.append(Need("==", left, right, reason, field, inputs))
    return _simpler(left, right)


def require_broadcast(left: Dim, right: Dim, reason: str | Sentence, *, inputs: tuple[int, ...] = ()) -> Dim:
    """The dims must be equal, or one of them 1, which is stretched; gives the size of the result.

    Where a dim may turn out as 1, the result is the larger side and not the simpler one: so it is right also at the
    sizes at which the other is stretched.
    """
    if left is UNKNOWN or right == 1:
        return left
    if right is UNKNOWN or left in (1, right):
        return right
    answer = equal(left, right)
    if answer:
        return _simpler(left, right)
    if equal(left, 1) is False and equal(right, 1) is False:
        return require_equal(left, right, reason, inputs=inputs)
    _needs.append(Need("broadcast", left, right, reason, "", inputs))
    return left if isinstance(left, int) else right if isinstance(right, int) else maximum(left, right)


def _simpler(left: Dim, right: Dim) -> Dim:
    """The number, or the formula with fewer parts; of two with as many, the one that is printed shorter."""
    if not isinstance(left, Expr) or not isinstance(right, Expr):
        return left if isinstance(left, int) and not isinstance(right, int) else right
    if left.size != right.size:
        return left if left.size < right.size else right
    return left if len(str(left)) <= len(str(right)) else right


def require_at_least(
    dim: Dim,
    least: Dim,
    reason: str | Sentence,
    *,
    code: str = "SHP201",
    help: str | None = None,
    field: str = "",
) -> None:
    """The dim must be `least` or more."""
    if isinstance(dim, int) and isinstance(least, int):
        if dim < least:
            raise Problem(code, str(reason), help=help)
    elif dim is not UNKNOWN and least is not UNKNOWN:
        answer = at_least(dim, least)
        if answer is False:
            raise Problem(code, str(reason), help=help)
        if answer is None:
            _needs.append(Need(">=", dim, least, reason, field))


def require_places(
    lengths: Sequence[Dim], axis: int, least: Dim, most: Dim, what: str, x: Shape, *, field: str = ""
) -> None:
    """The axis must have elements `least` and `most`, as Python counts them: below 0 from the end."""
    for place in (most,) if least == most else (most, least):
        reason = Sentence("{}: {} has no element {} on axis {}", (what, x, place, axis))
        for needed in (place + 1, 0 - place):  # one of them always holds, whichever side of 0 the place is
            require_at_least(lengths[axis], needed, reason, code="SHP205", field=field)


def require_indices(indices: Shape, x: Shape, axis: int, what: str) -> None:
    """Indices whose numbers are known must be those of elements of an axis."""
    given = indices.numbers if isinstance(indices, Constant) else ()
    if isinstance(indices, Constant) and indices.within is not None:
        require_places(x, axis, *indices.within, what, x)
    numbers = [one for one in given if type(one) is int]
    if numbers:
        require_places(x, axis, min(numbers), max(numbers), what, x)
    for place in dict.fromkeys(one for one in given if isinstance(one, Expr)):
        require_places(x, axis, place, place, what, x)


def require_rows(indices: Shape, count: int, x: Shape, what: str) -> None:
    """Rows of so many indices whose numbers are known must be those of elements of the first axes."""
    if not isinstance(indices, Constant):
        return
    for axis in range(min(count, len(x))):
        column = Constant(())
        column.numbers = indices.numbers[axis::count]
        require_indices(column, x, axis, what)


def require_multiple(dim: Dim, of: Dim, reason: str | Sentence, *, field: str = "", code: str = "SHP203") -> None:
    """The dim must be a multiple of `of`."""
    if dim is UNKNOWN or of is UNKNOWN:
        return
    answer = divides(of, dim)
    if answer is False:
        raise Problem(code, str(reason), field or ())
    if answer is None:
        _needs.append(Need("%", dim, of, reason, field))


def require_nonzero(dim: Dim, reason: str | Sentence, *, code: str, field: str = "") -> None:
    """The dim, which something is divided by, must not be 0: as a condition, its square is 1 or more."""
    answer = equal(dim, 0)
    if answer is True:
        raise Problem(code, str(reason), field or ())
    if answer is None and dim is not UNKNOWN:
        _needs.append(Need(">=", dim if at_least(dim, 0) else dim * dim, 1, reason, field))


def require_known(dim: Dim, x: Shape, what: str) -> None:
    """A weight takes a size from this dim of `x`, so it must not be anonymous (None in a Keras file)."""
    if not isinstance(dim, int) and is_anonymous(dim):
        raise Problem("SHP206", f"{what} needs to know the size of the axis that its weights span, got {show_shape(x)}")


def require_axes(x: Shape, least: int, what: str) -> None:
    """The input must have so many axes or more, batch axis included."""
    if len(x) < least:
        raise Problem(
            "SHP204", f"{what} needs an input of rank {least} or more (batch axis included), got {show_shape(x)}"
        )


def require_rank(x: Shape, rank: int | Iterable[int], what: str) -> None:
    """The input must have one of these ranks, batch axis included."""
    ranks = (rank,) if isinstance(rank, int) else tuple(rank)
    if len(x) not in ranks:
        wanted = " or ".join(map(str, ranks))
        problem = Problem(
            "SHP204", f"{what} needs an input of rank {wanted} (batch axis included), got {show_shape(x)}"
        )
        problem.rank = ranks[0] if len(ranks) == 1 else None
        raise problem


def axis_of(x: Shape, axis: int, what: str, field: str = "axis") -> int:
    """An axis of `x` counted from 0; raises Problem where `x` has no such axis. field: the one that names it."""
    if not -len(x) <= axis < len(x):
        raise Problem("SHP205", f"{what}: {show_shape(x)} has no axis {axis}", field)
    return axis % len(x)
