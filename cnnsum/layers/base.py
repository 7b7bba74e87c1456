"""How a layer type is declared, found, checked and applied.

A layer type is one function: its name is the type's, its positional parameters are the inputs, its keyword parameters
the fields (annotated with a kind), its docstring the documentation and its body the rule that gives `Facts`.
Signatures are read from the code object when a type is first used, which keeps the start-up free of `inspect`. Knows
no graph and no file format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple, TypeVar, overload

from cnnsum.diagnostics import Problem, did_you_mean
from cnnsum.dims import UNKNOWN, Dim, at_least, divides, equal, is_anonymous, maximum
from cnnsum.layers.facts import Facts, Need, Shape, unknown_facts
from cnnsum.layers.kinds import Kind, Reading, show

Rule = Callable[..., Facts]

#: The modules that declare layer types, the most used first: a type is looked for in this order, and modules that come
#: after the one that has it are not imported.
FAMILIES = (
    "core",
    "convolution",
    "depthwise",
    "pooling",
    "normalization",
    "activation",
    "reshaping",
    "merging",
    "regularization",
    "applications",
    "attention",
    "recurrent",
    "wrappers",
    "cells",
    "convolutional_recurrent",
    "preprocessing",
    "augmentation",
    "audio",
    "legacy",
    "operations",
    "tensors",
    "indexing",
    "networks",
    "arrays",
)

#: Those of operations: their keys are dotted (`keras.src.ops.numpy.Add`), and no others are.
OPERATIONS = ("operations", "tensors", "indexing", "networks", "arrays")

#: Fields that every layer has and no rule reads: readers see to the first three.
COMMON = frozenset(("name", "trainable", "dtype", "activity_regularizer", "autocast"))


class Field(NamedTuple):
    """A field of a layer type: `optional` allows null; `default` is REQUIRED where there is none."""

    name: str
    kind: Kind
    optional: bool
    default: Any


REQUIRED: Any = type("Required", (), {"__repr__": lambda _self: "required"})()


class LayerType:
    """A declared layer type: what it is called, what it takes, and its rule.

    key: the name it is found under; `name`: the name it is shown with (they differ for operations only).
    reads: whether the rule reads the numbers of constants among its inputs (indices), which then are `Constant` shapes.
    weights: the names of the weights that it may own; each brings `NAME_initializer`, `NAME_regularizer`,
        `NAME_constraint`, which are accepted and not read.
    """

    __slots__ = ("_schema", "aliases", "ignored", "key", "name", "reads", "rule", "weights")

    def __init__(
        self,
        rule: Rule,
        key: str,
        name: str,
        weights: tuple[str, ...],
        aliases: tuple[str, ...],
        ignored: tuple[str, ...],
        *,
        reads: bool = False,
    ) -> None:
        self.rule = rule
        self.reads = reads
        self.key = key
        self.name = name
        self.weights = weights
        self.aliases = aliases
        self.ignored = ignored
        self._schema: Schema | None = None

    @property
    def schema(self) -> Schema:
        """Fields and inputs, read from the rule's signature at the first use."""
        if self._schema is None:
            self._schema = _read_signature(self)
        return self._schema

    @property
    def doc(self) -> str:
        """The documentation: the rule's docstring."""
        return self.rule.__doc__ or ""

    def bind(self, raw: Mapping[str, Any], reading: Reading) -> tuple[dict[str, Any], list[Problem]]:
        """Check raw fields and give them their types.

        Returns every field of the type, in the order of its signature, with the defaults filled in, and all the
        problems found: unknown, missing and wrong fields. Where there are problems the fields must not be used.
        """
        schema = self.schema
        fields = dict(schema.defaults)
        problems: list[Problem] = []
        for name, value in raw.items():
            field = schema.fields.get(name)
            if field is None:
                if name not in schema.ignored:
                    problems.append(self._unknown_field(name))
            elif value is None and field.optional:
                fields[name] = None
            else:
                try:
                    fields[name] = field.kind.read(value, reading)
                except Problem as problem:
                    problem.field = (name, *problem.field)
                    problems.append(
                        Problem(problem.code, f"`{name}` {problem}", problem.field, help=problem.help)
                        if problem.code == "CFG102"
                        else problem
                    )
        problems.extend(
            Problem("CFG101", f"{self.name} needs `{name}`", help=f"`{name}` is {schema.fields[name].kind.expects}")
            for name, value in fields.items()
            if value is REQUIRED and name not in raw
        )
        return fields, problems

    def _unknown_field(self, name: str) -> Problem:
        schema = self.schema
        from cnnsum.layers.foreign import field

        help = did_you_mean(name, (*schema.fields, *schema.ignored), lambda word: field(word, schema.fields)) or (
            f"its fields are {', '.join(schema.fields)}" if schema.fields else "it has no fields"
        )
        return Problem("CFG103", f"{self.name} has no field `{name}`", (name,), help=help)

    def apply(self, shapes: Sequence[Shape | None], fields: Mapping[str, Any], keywords: Sequence[str] = ()) -> Facts:
        """The facts of one call. `keywords` name the last inputs, where they were given by name.

        Raises Problem where the layer cannot be applied to these shapes.
        """
        self.check_inputs(len(shapes), keywords)
        if any(shape is None for shape in shapes):
            return unknown_facts(weightless=not self.weights)
        _needs.clear()
        split = len(shapes) - len(keywords)
        try:
            facts = self.rule(*shapes[:split], **dict(zip(keywords, shapes[split:], strict=True)), **fields)
        except (IndexError, ZeroDivisionError):
            # Rules ask for axes as if there were some; a number has none, not even that of the batch.
            if all(shapes):
                raise
            raise Problem("SHP204", f"{self.name} needs inputs with axes, got ()") from None
        if _needs:
            facts.needs = tuple(_needs)
            _needs.clear()
        return facts

    def check_inputs(self, count: int, keywords: Sequence[str] = ()) -> None:
        """Raise Problem where the layer does not take `count` inputs, or inputs of these names."""
        schema = self.schema
        for keyword in keywords:
            if keyword not in schema.inputs:
                raise Problem(
                    "GRF304", f"{self.name} has no input `{keyword}`", help=did_you_mean(keyword, schema.inputs)
                )
        if count < schema.least or (schema.most is not None and count > schema.most):
            if schema.most is None:
                wanted = f"at least {schema.least}"
            elif schema.least == schema.most:
                wanted = str(schema.least)
            else:
                wanted = f"{schema.least} to {schema.most}"
            noun = "input" if wanted in {"1", "at least 1"} else "inputs"
            raise Problem("GRF303", f"{self.name} takes {wanted} {noun}, got {count}")
        if keywords:
            placed = count - len(keywords)
            for name in schema.inputs[:placed]:
                if name in keywords:
                    raise Problem("GRF303", f"{self.name} is given its input `{name}` twice, by place and by name")
            for name in schema.inputs[placed : schema.least]:
                if name not in keywords:
                    raise Problem("GRF303", f"{self.name} needs its input `{name}`")


class Schema(NamedTuple):
    """What a rule's signature says: fields with their defaults, names that are accepted and not read, and inputs.

    least, most: how many inputs it takes; most is None for any number.
    """

    fields: dict[str, Field]
    defaults: dict[str, Any]
    ignored: frozenset[str]
    inputs: tuple[str, ...]
    least: int
    most: int | None


def _read_signature(layer_type: LayerType) -> Schema:
    rule = layer_type.rule
    code = rule.__code__
    names = code.co_varnames
    count = code.co_argcount
    defaults: Mapping[str, Any] = rule.__kwdefaults__ or {}
    annotations: Mapping[str, str] = rule.__annotations__
    fields: dict[str, Field] = {}
    for name in names[count : count + code.co_kwonlyargcount]:
        kind, optional = _kind(annotations[name], rule.__globals__)
        fields[name] = Field(name, kind, optional, defaults.get(name, REQUIRED))
    ignored = {
        f"{weight}_{what}" for weight in layer_type.weights for what in ("initializer", "regularizer", "constraint")
    }
    return Schema(
        fields,
        {name: field.default for name, field in fields.items()},
        frozenset(ignored).union(COMMON, layer_type.ignored),
        names[:count],
        count - len(rule.__defaults__ or ()) or int(bool(code.co_flags & 0x04)),
        None if code.co_flags & 0x04 else count,
    )


def _kind(annotation: Any, names: Mapping[str, Any]) -> tuple[Kind, bool]:
    """The kind in an annotation, and whether it allows null. It is a text in modules that defer annotations."""
    if isinstance(annotation, str):
        optional = annotation.endswith(" | None")
        annotated = names[annotation.removesuffix(" | None")]
    else:
        parts = [annotation] if hasattr(annotation, "__metadata__") else annotation.__args__
        annotated = parts[0]
        optional = len(parts) > 1
    (kind,) = annotated.__metadata__
    return kind, optional


_TYPES: dict[str, LayerType] = {}
_unread = [family for family in reversed(FAMILIES) if family not in OPERATIONS]
_unread_operations = list(reversed(OPERATIONS))
_needs: list[Need] = []


def is_mask(keyword: str) -> bool:
    """Whether an input of this name says which of the others count: it changes no shape and no number."""
    return keyword == "mask" or keyword.endswith("_mask")


def set_aside() -> list[Need]:
    """Take the conditions that the running rule has met so far, so that rules within it collect their own."""
    found = _needs.copy()
    _needs.clear()
    return found


def put_back(needs: Iterable[Need]) -> None:
    """Let these be the conditions that the running rule has met."""
    _needs[:] = needs


def declared_by(run: Callable[[], object]) -> dict[str, LayerType]:
    """The types that are declared while something runs, other than those of this package. They are not registered."""
    before = dict(_TYPES)
    declared: dict[str, LayerType] = {}
    try:
        run()
    finally:
        for key, type in [*_TYPES.items()]:
            if before.get(key) is not type and not type.rule.__module__.startswith("cnnsum.layers."):
                declared[key] = type
                if key in before:
                    _TYPES[key] = before[key]  # at its old place: the order is that of tables and schemas
                else:
                    del _TYPES[key]
    return declared


R = TypeVar("R", bound=Rule)


@overload
def layer(rule: R) -> R: ...


@overload
def layer(
    *, key: str = "", name: str = "", weights: str = "", aliases: str = "", ignored: str = "", reads: bool = False
) -> Callable[[R], R]: ...


def layer(
    rule: R | None = None,
    *,
    key: str = "",
    name: str = "",
    weights: str = "",
    aliases: str = "",
    ignored: str = "",
    reads: bool = False,
) -> R | Callable[[R], R]:
    """Declare a layer type by its rule.

    weights: the names of its weights, for their initializers and the like, separated by spaces.
    aliases: further names of the type; ignored: fields that Keras has and no number depends on.
    reads: as of `LayerType`. key, name: where the rule's own name is not the key to find it under or the name to show.
    """

    def declare(rule: R) -> R:
        own = rule.__name__
        declared = LayerType(
            rule,
            key or own,
            name or own,
            tuple(weights.split()),
            tuple(aliases.split()),
            tuple(ignored.split()),
            reads=reads,
        )
        _TYPES[declared.key] = declared
        for alias in declared.aliases:
            _TYPES[alias] = declared
        return rule

    return declare if rule is None else declare(rule)


def find(key: str) -> LayerType | None:
    """The layer type of that name, or None."""
    found = _TYPES.get(key)
    unread = _unread_operations if "." in key else _unread
    while found is None and unread:
        import_module(f"cnnsum.layers.{unread.pop()}")
        found = _TYPES.get(key)
    return found


def all_types() -> dict[str, LayerType]:
    """Every declared type, by key and by alias."""
    for unread in (_unread, _unread_operations):
        while unread:
            import_module(f"cnnsum.layers.{unread.pop()}")
    return _TYPES


# What rules ask. Each answers a question about dims; what is false raises Problem, and what cannot be decided is
# recorded as a Need of the call that is being applied.


def require_equal(
    left: Dim,
    right: Dim,
    reason: str,
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
        raise Problem(code, reason, help=help)
    if answer is None:
        _needs.append(Need("==", left, right, reason, field, inputs))
    return _simpler(left, right)


def require_broadcast(left: Dim, right: Dim, reason: str, *, inputs: tuple[int, ...] = ()) -> Dim:
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
    if isinstance(right, int):
        return right
    return left if isinstance(left, int) or len(str(left)) <= len(str(right)) else right


def require_at_least(
    dim: Dim,
    least: Dim,
    reason: str,
    *,
    code: str = "SHP201",
    help: str | None = None,
    field: str = "",
    got: Shape | None = None,
) -> None:
    """The dim must be `least` or more. got: a shape that the reason ends with, written only where it is shown."""
    if isinstance(dim, int) and isinstance(least, int):
        if dim < least:
            raise Problem(code, with_shape(reason, got), help=help)
    elif dim is not UNKNOWN and least is not UNKNOWN:
        answer = at_least(dim, least)
        if answer is False:
            raise Problem(code, with_shape(reason, got), help=help)
        if answer is None:
            _needs.append(Need(">=", dim, least, reason, field, (), got))


def require_places(
    lengths: Sequence[Dim], axis: int, least: int, most: int, what: str, x: Shape, *, field: str = ""
) -> None:
    """The axis must have elements `least` and `most`, as Python counts them: below 0 from the end."""
    for place in (most, least):
        needed = place + 1 if place >= 0 else -place
        reason = f"{what}: {show_shape(x)} has no element {place} on axis {axis}"
        require_at_least(lengths[axis], needed, reason, code="SHP205", field=field)


def require_multiple(dim: Dim, of: Dim, reason: str, *, field: str = "", code: str = "SHP203") -> None:
    """The dim must be a multiple of `of`."""
    if dim is UNKNOWN or of is UNKNOWN:
        return
    answer = divides(of, dim)
    if answer is False:
        raise Problem(code, reason, field or ())
    if answer is None:
        _needs.append(Need("%", dim, of, reason, field))


def require_known(dim: Dim, x: Shape, what: str) -> None:
    """A weight takes a size from this dim of `x`, so it must not be anonymous (None in a Keras file)."""
    if not isinstance(dim, int) and is_anonymous(dim):
        raise Problem("SHP206", f"{what} needs to know the size of the axis that its weights span, got {show_shape(x)}")


def require_rank(x: Shape, rank: int | Iterable[int], what: str) -> None:
    """The input must have one of these ranks, batch axis included."""
    ranks = (rank,) if isinstance(rank, int) else tuple(rank)
    if len(x) not in ranks:
        wanted = " or ".join(map(str, ranks))
        raise Problem("SHP204", f"{what} needs an input of rank {wanted} (batch axis included), got {show_shape(x)}")


def axis_of(x: Shape, axis: int, what: str) -> int:
    """An axis of `x` counted from 0; raises Problem where `x` has no such axis."""
    if not -len(x) <= axis < len(x):
        raise Problem("SHP205", f"{what}: {show_shape(x)} has no axis {axis}", ("axis",))
    return axis % len(x)


def show_shape(x: Shape) -> str:
    """A shape as messages write it: `(None, 32, 32, 3)`.

    >>> show_shape((2, 3))
    '(2, 3)'
    """
    return "(" + ", ".join(map(_show_dim, x)) + ("," if len(x) == 1 else "") + ")"


def with_shape(text: str, got: Shape | None) -> str:
    """What is needed, and the shape that there is instead."""
    return text if got is None else f"{text}, got {show_shape(got)}"


def _show_dim(dim: Dim) -> str:
    """A size as messages write it: an open axis is None, what follows from one is its formula."""
    text = str(dim)
    return "None" if text.isidentifier() and is_anonymous(dim) else text


__all__ = [
    "FAMILIES",
    "Field",
    "LayerType",
    "all_types",
    "axis_of",
    "find",
    "layer",
    "require_at_least",
    "require_broadcast",
    "require_equal",
    "require_known",
    "require_multiple",
    "require_rank",
    "show",
    "show_shape",
]
