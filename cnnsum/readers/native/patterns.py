"""Layer types of a file's own: the rule that a declaration of patterns stands for.

Matches input shapes, binds the names in them, and fills in outputs and weights; nothing of the file is run. Knows no
file: `own_types` reads the declarations.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from cnnsum import dims
from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim, Expr
from cnnsum.layers.base import Field, LayerType, Schema
from cnnsum.layers.facts import NOT_FOLLOWED, Facts, Shape, Weight, show_shape, size
from cnnsum.layers.kinds import show
from cnnsum.layers.requiring import require_at_least, require_equal, require_multiple, require_nonzero
from cnnsum.layers.vocabulary import Vocabulary
from cnnsum.readers.native.faults import Site
from cnnsum.readers.native.scope import Scope
from cnnsum.typed import Any, NamedTuple

_KEYS = ("fields", "input", "output", "weights", "macs", "elementwise")
_WEIGHT_KEYS = ("shape", "trainable", "dtype")
SIZE = re.compile(r"\bsize\s*\(\s*(input|output)\s*\)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Pattern = tuple[Any, ...]


class Given(NamedTuple):
    """A declared weight."""

    name: str
    shape: Pattern
    trainable: bool
    dtype: str | None


class Amount(NamedTuple):
    """An expression of the declaration; `size(output)` in it is a name of the same length."""

    text: str
    site: Site


#: What a declaration may say that backpropagation keeps.
KEEPS = ("inputs", "outputs", "both", "nothing")


class Declaration:
    """What was declared: patterns of inputs and outputs (without the batch axis), weights, and work per sample."""

    __slots__ = ("elementwise", "inputs", "keeps", "macs", "name", "outputs", "scope", "values", "weights")

    def __init__(self, name: str, scope: Scope, values: Collection[str] = ()) -> None:
        self.name = name
        self.scope = scope
        #: The vars of the file that declares it: in a pattern of an input such a name is a value that must be met.
        #: No other name of a file is known there, since who uses a type need not know how its patterns call an axis.
        self.values = values
        self.inputs: tuple[Pattern, ...] = (("...",),)
        #: None where the file declares none: the output has the shape of the first input.
        self.outputs: tuple[Pattern, ...] | None = None
        self.weights: tuple[Given, ...] = ()
        self.macs: Amount | int = 0
        self.elementwise: Amount | int = 0
        #: What backpropagation keeps, one of `KEEPS`; None where the spec does not say.
        self.keeps: str | None = None

    def apply(self, *shapes: Shape, **fields: object) -> Facts:
        """The rule: match the inputs, then fill in the outputs and weights."""
        names: dict[str, object] = dict(fields)
        rest: Shape = ()
        for pattern, shape in zip(self.inputs, shapes, strict=True):
            rest = self._match(pattern, shape, names, rest)
        batch = shapes[0][0]
        if self.outputs is None:
            outputs: tuple[Shape, ...] = ((batch, *self._same(self.inputs[0], shapes[0][1:], names)),)
        else:
            outputs = tuple([(batch, *self._fill(pattern, names, rest)) for pattern in self.outputs])
        sizes: dict[str, object] = {}
        for word, total in (("input", shapes), ("output", outputs)):
            count: Dim = 0
            for shape in total:
                count = count + size(shape)
            sizes[word] = count
        weights = tuple([Weight(w.name, self._fill(w.shape, names, rest), w.trainable, w.dtype) for w in self.weights])
        works = self.macs != 0 or self.elementwise != 0 or bool(weights)
        spatial = tuple(pattern[:-1] for pattern in (*self.inputs, *(self.outputs or ())))
        return Facts(
            *outputs,
            weights=weights,
            macs=self._amount(self.macs, names, sizes),
            ops=self._amount(self.elementwise, names, sizes),
            # Where it is not declared, a layer that computes something keeps its inputs.
            keeps_input=works if self.keeps is None else self.keeps in ("inputs", "both"),
            keeps_output=self.keeps in ("outputs", "both"),
            window=None if len(set(spatial)) == 1 else NOT_FOLLOWED,
        )

    def _match(self, pattern: Pattern, shape: Shape, names: dict[str, object], rest: Shape) -> Shape:
        """Bind the names of the pattern; returns what `...` stands for."""
        own = shape[1:]
        if "..." in pattern:
            before = pattern.index("...")
            after = len(pattern) - before - 1
            if len(own) < before + after:
                raise self._mismatch(pattern, shape)
            middle = own[before : len(own) - after]
            if rest and len(rest) == len(middle):
                for left, right in zip(rest, middle, strict=True):
                    require_equal(left, right, f"{self.name}: `...` stands for different sizes, {left} and {right}")
            rest = middle
            sizes = (*own[:before], *own[len(own) - after :])
            items = (*pattern[:before], *pattern[before + 1 :])
        else:
            if len(own) != len(pattern):
                raise self._mismatch(pattern, shape)
            sizes, items = own, pattern
        later = []
        for item, dim in zip(items, sizes, strict=True):
            if takes_any(item):
                continue
            if (
                isinstance(item, Amount)
                and dims.is_name(item.text)
                and item.text not in names
                and item.text not in self.values
            ):
                names[item.text] = dim
            else:
                later.append((item, dim))
        for item, dim in later:
            wanted = self._size(item, names)
            shown = item.text if isinstance(item, Amount) else item
            message = f"{self.name} needs an input of shape {show_pattern(pattern)}, got {show_shape(shape)}"
            if isinstance(item, Amount):
                message += f", where {shown} is {wanted}"
            require_equal(wanted, dim, message)
        return rest

    def _mismatch(self, pattern: Pattern, shape: Shape) -> Problem:
        message = f"{self.name} needs an input of shape {show_pattern(pattern)}, got {show_shape(shape)}"
        return Problem("SHP204", message)

    def _same(self, pattern: Pattern, sizes: Shape, names: Mapping[str, object]) -> Shape:
        """What an input was found to be: as its pattern says, and as the axis is where that says nothing."""
        if "..." in pattern:
            before = pattern.index("...")
            middle = (None,) * (len(sizes) - len(pattern) + 1)
            pattern = (*pattern[:before], *middle, *pattern[before + 1 :])
        both = zip(pattern, sizes, strict=True)
        return tuple([dim if takes_any(item) else self._size(item, names) for item, dim in both])

    def _fill(self, pattern: Pattern, names: Mapping[str, object], rest: Shape) -> Shape:
        filled: list[Dim] = []
        for item in pattern:
            if item == "...":
                filled.extend(rest)
            else:
                filled.append(self._size(item, names))
        return tuple(filled)

    def _size(self, item: Any, names: Mapping[str, Any]) -> Dim:
        return self._value(item, names, 1, "a size is 1 or more")

    def _amount(self, amount: Amount | int, names: Mapping[str, Any], sizes: Mapping[str, Any]) -> Dim:
        if not isinstance(amount, Amount):
            return amount
        for match in SIZE.finditer(amount.text):
            names = {**names, hidden(match): sizes[match[1]]}
        return self._value(amount, names, 0, "an amount of work is 0 or more")

    def _value(self, amount: Amount | int, names: Mapping[str, Any], least: int, why: str) -> Dim:
        """The whole number of `least` or more, or the formula for one: what makes it one is a condition where that
        depends on symbols. Raises Problem where it is not one.
        """
        if not isinstance(amount, Amount):
            return amount
        known = Names(names, self.scope)
        said = f"{self.name}: `{amount.text}`"
        try:
            value, divisors = dims.evaluate_where(SIZE.sub(hidden, amount.text), known)
        except dims.ExpressionError as error:
            if any(value is UNKNOWN for value in names.values()):
                return UNKNOWN
            # With numbers there may well be a value.
            code = "UNK704" if any(isinstance(one, Expr) for one in known.read) else "SHP214"
            raise Problem(code, f"{said}: {error.message}", help=error.help) from None
        for divisor in divisors:
            require_nonzero(divisor, f"{said} divides by {divisor}", code="SHP214")
        if isinstance(value, dims.Ratio):
            message = f"{said} is {value}, and must be a whole number"
            require_multiple(value.above, value.below, message, code="SHP214")
            if isinstance(value.below, int):  # a multiple of it that is 1 or more is no less than it
                require_at_least(value.above, least, f"{said} is {value}, and {why}", code="SHP214")
                return value.above // value.below
            value = value.above // value.below
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, (bool, float, str)):
            raise Problem("SHP214", f"{said} is {show(value)}, no integer")
        whole: Dim = value  # type: ignore[assignment]  # a whole number, a formula or UNKNOWN: all else was refused
        require_at_least(whole, least, f"{said} is {whole}, and {why}", code="SHP214")
        return whole


def takes_any(item: object) -> bool:
    """Whether an axis of an input's pattern may have any size, which then has no name: `null` or `_`."""
    return item is None or (isinstance(item, Amount) and item.text == "_")


class Names(dict[str, Any]):
    """The names of a rule, then those of the file."""

    def __init__(self, names: Mapping[str, object], scope: Scope) -> None:
        super().__init__(names)
        self.scope = scope
        #: What was asked for.
        self.read: list[object] = []

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        self.read.append(value)
        return value

    def __missing__(self, name: str) -> object:
        return self.scope[name]


class OwnType(LayerType):
    """A layer type that a file declares; its fields and inputs are those of the declaration."""

    __slots__ = ("own_schema",)

    def __init__(self, declaration: Declaration, fields: dict[str, Field], vocabulary: Vocabulary) -> None:
        weights = tuple([weight.name for weight in declaration.weights])
        super().__init__(declaration.apply, declaration.name, declaration.name, weights, (), (), vocabulary=vocabulary)
        defaults = {name: field.default for name, field in fields.items()}
        count = len(declaration.inputs)
        inputs = ("x",) if count == 1 else tuple(f"x{index}" for index in range(1, count + 1))
        self.own_schema = Schema(fields, defaults, frozenset(), inputs, count, count)

    @property
    def schema(self) -> Schema:
        """Fields and inputs."""
        return self.own_schema


def show_pattern(pattern: Pattern) -> str:
    """A pattern as it is written, with the batch axis: `(None, ..., c)`."""
    items = ["_" if item is None else item.text if isinstance(item, Amount) else str(item) for item in pattern]
    return f"({', '.join(['None', *items])})"


def hidden(match: re.Match[str]) -> str:
    """A name as long as the text that it stands for, so that the place of an error is right."""
    name = f"size_{match[1]}"
    return name + "_" * (len(match[0]) - len(name))
