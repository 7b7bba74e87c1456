"""Sizes: whole numbers, or exact formulas over named symbols.

A size (`Dim`) is an `int`, an `Expr` or `UNKNOWN`. All answer `+ - * // %`, so that a rule reads like its formula,
and known sizes stay plain integers. A formula is brought to one normal form when it is made:

>>> H = Symbol("H").dim
>>> size = H
>>> for _ in range(5):  # five convolutions 3x3 with stride 2, padding "same"
...     size = ceil_div(size, 2)
>>> size
ceil(H/32)
>>> 2 * (H // 2) + H % 2 == H
True

It is never asked for its truth or its order, which may depend on the symbols; there are three answers instead:

>>> equal(2 * (H // 2), H)  # for even H only: None, and the caller records a constraint
>>> at_least(H, 1), divides(4, 4 * H + 2)
(True, False)
>>> substitute(size, {"H": 225})
8

The language of formulas (`evaluate`, `parse_dim` and their errors) is loaded when it is first asked for: a model
without formulas does not pay for it. This package must know no layer, no file format and no screen.
"""

from __future__ import annotations

from cnnsum.dims.expr import UNKNOWN, Dim, Expr, Symbol, Unknown, symbols_of
from cnnsum.dims.making import ceil_div, maximum, minimum, prod, substitute
from cnnsum.dims.questions import at_least, bounds, divides, equal, is_anonymous
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.dims.language import evaluate, evaluate_where, is_name, parse_dim
    from cnnsum.dims.tokens import ExpressionError, UnknownNameError
    from cnnsum.dims.values import Ratio, Value

__all__ = [
    "UNKNOWN",
    "Dim",
    "Expr",
    "ExpressionError",
    "Ratio",
    "Symbol",
    "Unknown",
    "UnknownNameError",
    "Value",
    "at_least",
    "bounds",
    "ceil_div",
    "divides",
    "equal",
    "evaluate",
    "evaluate_where",
    "is_anonymous",
    "is_name",
    "maximum",
    "minimum",
    "parse_dim",
    "prod",
    "substitute",
    "symbols_of",
]

_LANGUAGE = (
    *("ExpressionError", "Ratio", "UnknownNameError", "Value"),
    *("evaluate", "evaluate_where", "is_name", "parse_dim"),
)


def __getattr__(name: str) -> object:
    if name not in _LANGUAGE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from cnnsum.dims import language

    value = globals()[name] = getattr(language, name)
    return value
