"""Numbers that remember how they were made: a rule that is run on them tells its own formula.

A traced number is equal to the plain one, and takes every branch of a rule that the plain one takes; what comes out has
the engine's value by construction, and a `Term` that says what was done to which named number. Where a size is a
formula over symbols, a traced formula does the same.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

from cnnsum.answers.explain import arithmetic
from cnnsum.answers.explain.arithmetic import Term
from cnnsum.dims import UNKNOWN, Dim, Expr


class TracedNumber(int):
    """A number, and the term that it is the value of."""

    term: Term


class TracedStride(TracedNumber):
    """A number that does not admit to be 1, so that a rule divides by it all the same, as a teacher does."""

    def __eq__(self, other: object) -> bool:
        if type(other) is int:
            return other != 1 and other == int(self)
        return isinstance(other, int) and int(other) == int(self)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(int(self))


class TracedFormula(Expr):
    """A formula over symbols, and the term that it is the value of."""

    __slots__ = ("term",)
    term: Term


def traced(value: Dim, term: Term, kind: type[TracedNumber] = TracedNumber) -> Dim:
    """The value with the term that it is the value of."""
    if isinstance(value, int):
        made = kind(value)
        made.term = term
        return made
    if isinstance(value, Expr):
        formula = TracedFormula(value.terms)
        formula.term = term
        return formula
    return UNKNOWN


def named(text: str, value: Dim) -> Dim:
    """The value under a name."""
    return traced(value, arithmetic.name(text, plain(value)))


def term_of(value: int | Expr) -> Term:
    """How the value was made: a plain number is itself, a plain formula stands as it is."""
    if isinstance(value, (TracedNumber, TracedFormula)):
        return value.term
    return arithmetic.number(value) if isinstance(value, int) else arithmetic.name(str(value), value)


def plain(value: Dim) -> Dim:
    """The value without its history."""
    if isinstance(value, int):
        return int(value)
    return Expr(value.terms) if isinstance(value, Expr) else value


def _operation(work: Callable[[object, object], Dim], make: Callable[[Term, Term], Term], *, turned: bool) -> object:
    def operation(self: int | Expr, other: object) -> object:
        if not isinstance(other, (int, Expr)):
            return NotImplemented
        left, right = (other, self) if turned else (self, other)
        return traced(work(plain(left), plain(right)), make(term_of(left), term_of(right)))

    return operation


for _name, _work, _make in (
    ("add", operator.add, arithmetic.add),
    ("sub", operator.sub, arithmetic.subtract),
    ("mul", operator.mul, arithmetic.multiply),
    ("floordiv", operator.floordiv, arithmetic.floor_divide),
    ("mod", operator.mod, arithmetic.remainder),
):
    for _class in (TracedNumber, TracedFormula):
        setattr(_class, f"__{_name}__", _operation(_work, _make, turned=False))
        setattr(_class, f"__r{_name}__", _operation(_work, _make, turned=True))


def _negative(self: int | Expr) -> Dim:
    return traced(-plain(self), arithmetic.multiply(arithmetic.number(-1), term_of(self)))


for _class in (TracedNumber, TracedFormula):
    setattr(_class, "__neg__", _negative)  # noqa: B010 - beside the others
