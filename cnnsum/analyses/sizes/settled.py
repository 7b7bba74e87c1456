"""Shapes as they are at the sizes that a network accepts: two formulas that agree at all of those are one.

`2*((H - 1)//2) + 1` is `H` for odd `H`; where a merge makes `H` odd, both are the same size, and a layer may write the
one tensor over the other. Analyses that compare sizes of tensors (what is written in place, what shares a gradient)
read the inference that comes out of here. Loaded where a network has conditions on its sizes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, product

from cnnsum.analyses.sizes.conditions import Sizes
from cnnsum.dims import Dim, Expr, Symbol, equal, substitute, symbols_of
from cnnsum.dims.sets import SizeSet
from cnnsum.graph.infer import Inference, Value
from cnnsum.layers.facts import Shape

#: Cases that formulas are compared in: combinations of residues of their symbols.
_MOST_CASES = 256

#: Sizes that a network accepts below those that repeat, each a case.
_MOST_SINGLE = 16


def settled(inference: Inference, sizes: Sizes) -> Inference:
    """The same program over values whose shapes are equal formulas where they are equal at all accepted sizes.

    What the shapes are at any other size means nothing. The facts of the calls are left as they are.
    """
    found: dict[Dim, None] = {}
    for shape, _ in inference.values:
        for dim in shape or ():
            if isinstance(dim, Expr):
                found[dim] = None
    simpler = _Classes(sizes).simplest(list(found))
    if not simpler:
        return inference
    result = _copied(inference)
    changed: dict[Shape, Shape] = {}
    values: list[Value] = []
    for value in inference.values:
        shape = value.shape
        if shape is not None:
            new = changed.get(shape)
            if new is None:
                new = changed[shape] = tuple([simpler.get(dim, dim) for dim in shape])
            values.append(value if new == shape else Value(new, value.dtype))
        else:
            values.append(value)
    result.values = values
    return result


def doubtful(inference: Inference, bytes_of: list[Dim]) -> tuple[tuple[Dim, Dim], ...]:
    """Pairs of sizes in bytes, of an input and an output of a call, that are equal at some accepted sizes only.

    Where a pair is equal an analysis may find otherwise than its formulas say.
    """
    found: dict[tuple[Dim, Dim], None] = {}
    for call in inference.calls:
        facts = call.facts
        if len(call.inputs) < 2 or len(call.outputs) != 1:
            continue
        if facts.alias != "inplace" and facts.gradient != "same" and facts.keeps_input != "factors":
            continue
        own = bytes_of[call.outputs[0]]
        for number in call.inputs:
            other = bytes_of[number]
            if isinstance(own, (int, Expr)) and isinstance(other, (int, Expr)) and own != other:
                pair = other, own
                if pair not in found and equal(*pair) is None:
                    found[pair] = None
    return tuple(found)


def without_broadcasts(inference: Inference) -> Inference | None:
    """The same program with each condition "equal, or one of the two is 1" narrowed to "equal"; None if it has none.

    A merge accepts a map of one row beside any other. That is hardly ever what sizes are chosen for, but holds shapes
    apart that are equal at all others.
    """
    if not any(one.need.relation == "broadcast" for one in inference.needs):
        return None
    result = _copied(inference)
    result.needs = [
        one._replace(need=one.need._replace(relation="==")) if one.need.relation == "broadcast" else one
        for one in inference.needs
    ]
    return result


def _copied(inference: Inference) -> Inference:
    result = Inference(inference.order)
    for name in Inference.__slots__:
        setattr(result, name, getattr(inference, name))
    return result


class _Classes:
    """What is known of the symbols, and which formulas it makes equal."""

    def __init__(self, sizes: Sizes) -> None:
        legal: dict[Symbol, SizeSet] = {}
        for axis in sizes.axes:
            legal.setdefault(axis.symbol, axis.legal)
        self._cases: dict[Symbol, list[Dim]] = {}
        for symbol, allowed in legal.items():
            self._cases[symbol] = list(_cases(symbol, allowed))
        #: Symbols that are equal to others, or to formulas of others.
        self._same: dict[str, Dim] = {}
        #: Formulas that a relation says to be equal.
        self._pairs: list[tuple[Dim, Dim]] = []
        for one in sizes.requirements:
            need = one.need
            if need.relation != "==" or len(one.symbols) < 2:
                continue
            left, right = substitute(need.left, self._same), substitute(need.right, self._same)
            self._pairs.append((left, right))
            for side, other in ((left, right), (right, left)):
                alone = _alone(side)
                if alone is not None and alone not in symbols_of(other) and not isinstance(other, int):
                    self._same = {name: substitute(dim, {alone.name: other}) for name, dim in self._same.items()}
                    self._same[alone.name] = other
                    break

    def simplest(self, dims: list[Dim]) -> dict[Dim, Dim]:
        """For each formula that is equal to a simpler one, that one."""
        groups: dict[object, list[Dim]] = {}
        for dim in dims:
            groups.setdefault(self._signature(dim), []).append(dim)
        result: dict[Dim, Dim] = {}
        for alike in groups.values():
            if len(alike) > 1:
                best = min(alike, key=lambda dim: (len(str(dim)), str(dim)))
                result.update((dim, best) for dim in alike if dim != best)
        return result

    def _signature(self, dim: Dim) -> object:
        """What is equal for formulas that are equal at all accepted sizes."""
        for left, right in self._pairs:
            # A relation that no symbol could be freed of: one of its sides stands for both.
            if dim == right:
                dim = left
        dim = self._put(dim, self._same)
        symbols = sorted((one for one in symbols_of(dim) if self._cases.get(one)), key=lambda one: one.name)
        count = 1
        for symbol in symbols:
            count *= len(self._cases[symbol])
        if not symbols or count > _MOST_CASES:
            return dim
        names = [symbol.name for symbol in symbols]
        made = [
            self._put(dim, dict(zip(names, case, strict=True)))
            for case in product(*(self._cases[symbol] for symbol in symbols))
        ]
        return tuple(names), tuple(made)

    @staticmethod
    def _put(dim: Dim, values: Mapping[str, Dim]) -> Dim:
        try:
            return substitute(dim, values)
        except ValueError:  # a size that a symbol cannot have, though no other condition says so
            return dim


def _cases(symbol: Symbol, legal: SizeSet) -> Iterator[Dim]:
    """The accepted sizes of a symbol, as numbers and as formulas `period * k + residue` that say all; or nothing."""
    if len(legal.residues) > _MOST_CASES:
        return
    single: list[int] = []
    for first, last, _ in legal.finite:
        single += islice(legal.within(first, last), _MOST_SINGLE + 1)
        if len(single) > _MOST_SINGLE:
            return
    yield from single
    for residue in legal.residues:
        first = legal.start + (residue - legal.start) % legal.period
        step = Symbol(f"{symbol.name} ", anonymous=symbol.anonymous, minimum=0).dim
        yield legal.period * step + first


def _alone(dim: Dim) -> Symbol | None:
    """The symbol, where a formula is nothing but one."""
    symbols = symbols_of(dim)
    if len(symbols) == 1:
        (symbol,) = symbols
        if dim == symbol.dim:
            return symbol
    return None
