"""How a layer type is declared, found, checked and applied.

A layer type is one function: its name is the type's, its positional parameters are the inputs, its keyword parameters
the fields (annotated with a kind), its docstring the documentation and its body the rule that gives `Facts`.
Signatures are read from the code object when a type is first used, which keeps the start-up free of `inspect`. Knows
no graph and no file format.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from cnnsum.diagnostics import Problem, did_you_mean
from cnnsum.dims import Expr
from cnnsum.layers.facts import Facts, Sentence, Shape, show_shape, unknown_facts
from cnnsum.layers.kinds import Kind, Reading, kind_in, show
from cnnsum.layers.requiring import (
    axis_of,
    require_at_least,
    require_broadcast,
    require_equal,
    require_known,
    require_multiple,
    require_rank,
    set_aside,
)
from cnnsum.layers.vocabulary import KERAS, Vocabulary, vocabulary_of
from cnnsum.typed import Any, Literal, NamedTuple, TypeVar, get_args, overload

Rule = Callable[..., Facts]
#: Brings fields that were read, all of them without problems, into the one form that says the same.
Settle = Callable[[dict[str, object]], None]

#: What a type is to those who look at a network (advice, conventions of other tools, memory as another framework has
#: it), in words that no framework owns; "" for what nobody asks for. One, two and three axes are one role.
Role = Literal[
    "",
    "convolution",
    "transposed convolution",
    "depthwise convolution",
    "separable convolution",
    "dense",
    "einsum",
    "embedding",
    "max pooling",
    "mean pooling",
    "global max pooling",
    "global mean pooling",
    "adaptive max pooling",
    "adaptive mean pooling",
    "norm pooling",
    "padding",
    "cropping",
    "upsampling",
    "resizing",
    "dropout",
    "alpha dropout",
    "gaussian dropout",
    "channel dropout",
    "noise",
    "flatten",
    "reshape",
    "permute",
    "repeat",
    "activation",
    "add",
    "subtract",
    "multiply",
    "divide",
    "average",
    "maximum",
    "minimum",
    "concatenate",
    "dot",
    "product",
    "batch normalization",
    "instance normalization",
    "layer normalization",
    "group normalization",
    "rms normalization",
    "unit normalization",
    "simple recurrence",
    "lstm",
    "gru",
    "attention",
    "additive attention",
    "multi-head attention",
    "grouped attention",
    "rescaling",
    "standardization",
    "scale",
    "identity",
    "time distributed",
    "bidirectional",
]

#: Fields that every layer of Keras has and no rule reads: readers see to the first three.
COMMON = frozenset(("name", "trainable", "dtype", "activity_regularizer", "autocast"))
#: Those of them that readers see to, in the words of any framework.
_OF_EVERY_FRAMEWORK = ("name", "trainable", "dtype")


class Field(NamedTuple):
    """A field of a layer type: `optional` allows null; `default` is REQUIRED where there is none."""

    name: str
    kind: Kind
    optional: bool
    default: object


REQUIRED: object = type("Required", (), {"__repr__": lambda _self: "required"})()


class LayerType:
    """A declared layer type: what it is called, what it takes, and its rule.

    key: the name it is found under; `name`: the name it is shown with (they differ for operations only).
    reads: whether the rule reads the numbers of constants among its inputs (indices), which then are `Constant` shapes.
    settings: the inputs that are not data of a program's operation, but say what it does (scales, bounds): what is
        given there is not a weight.
    role: what it is to others. function: the activation that it is, where its fields do not name it ("prelu" for one
        with weights). built: whether Keras takes it for built as soon as it is made.
    vocabulary: the framework's that it is of.
    parts: whether its weights are those of layers that Keras makes in it, which its switch does not reach where a file
        is loaded.
    lazy: the alias that means the same without the first field, which then follows from the input; "" for none.
    settle: what brings its fields into one form where several say the same; None for most.
    weights: the names of the weights that it may own; in Keras each brings `NAME_initializer`, `NAME_regularizer`,
        `NAME_constraint`, which are accepted and not read.
    """

    __slots__ = (
        "_schema",
        "_takes_list",
        "aliases",
        "built",
        "function",
        "ignored",
        "is_operation",
        "key",
        "lazy",
        "name",
        "parts",
        "reads",
        "role",
        "rule",
        "settings",
        "settle",
        "vocabulary",
        "weights",
    )

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
        role: Role = "",
        function: str = "",
        built: bool = False,
        parts: bool = False,
        lazy: str = "",
        settings: tuple[str, ...] = (),
        settle: Settle | None = None,
        vocabulary: Vocabulary = KERAS,
    ) -> None:
        self.rule = rule
        self.settle = settle
        self.settings = settings
        self.vocabulary = vocabulary
        self.reads = reads
        self.role: Role = role
        self.function = function
        self.built = built
        self.parts = parts
        self.lazy = lazy
        self.key = key
        self.name = name
        self.weights = weights
        self.aliases = aliases
        self.ignored = ignored
        #: Whether this is an operation on tensors (`x + y`), which a file names by its module, and not a layer.
        self.is_operation = key != name
        self._schema: Schema | None = None
        self._takes_list: bool | None = None

    @property
    def takes_list(self) -> bool:
        """Whether its framework calls it on a list of tensors, be it of one, and refuses a tensor by itself."""
        if self._takes_list is None:
            open_ended = self.schema.most is None and not self.schema.inputs
            is_own = open_ended and self.vocabulary.find(self.key) is self  # no plugin's
            self._takes_list = is_own and not self.is_operation
        return self._takes_list

    def refusal_of_one(self) -> str:
        """What is wrong with a call on a tensor by itself, of a type that takes a list."""
        return f"{self.name} takes a list of tensors, got one that is in none"

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

    def by_position(self, name: str) -> list[str]:
        """The fields in the order of values that stand without names, where a file calls the type `name`.

        >>> from cnnsum.layers.vocabulary import TORCH
        >>> linear = TORCH.find("Linear")
        >>> linear.by_position("Linear"), linear.by_position("nn.LazyLinear")
        (['in_features', 'out_features', 'bias'], ['out_features', 'bias'])
        """
        fields = list(self.schema.fields)
        return fields[1:] if self.lazy and name.rpartition(".")[2] == self.lazy else fields

    def bind(self, raw: Mapping[str, object], reading: Reading) -> tuple[dict[str, object], list[Problem]]:
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
                    problems.append(self._unknown_field(name, raw))
            elif value is None and field.optional:
                fields[name] = None
            else:
                try:
                    fields[name] = self.read_field(name, value, reading)
                except Problem as problem:
                    problems.append(problem)
        problems.extend(
            Problem("CFG101", f"{self.name} needs `{name}`", help=f"`{name}` is {schema.fields[name].kind.expects}")
            for name, value in fields.items()
            if value is REQUIRED and name not in raw
        )
        if self.settle is not None and not problems:
            self.settle(fields)
        return fields, problems

    def read_field(self, name: str, value: object, reading: Reading) -> object:
        """A value of one field with the type that the field has; raises Problem, which names the field."""
        try:
            return self.schema.fields[name].kind.read(value, reading)
        except Problem as problem:
            problem.field = (name, *problem.field)
            if problem.code != "CFG102":
                raise
            help, words = problem.help, problem.words
            if words and isinstance(value, str):
                foreign = self.vocabulary.foreign().value
                help = did_you_mean(value, words, lambda word: foreign(word, words))
            raise Problem(problem.code, f"`{name}` {problem}", problem.field, help=help) from None

    def _unknown_field(self, name: str, given: Collection[str]) -> Problem:
        schema = self.schema
        foreign = self.vocabulary.foreign().field
        choices = *schema.fields, *sorted(schema.ignored)
        help = did_you_mean(name, choices, lambda word: foreign(word, schema.fields), given) or (
            f"its fields are {', '.join(schema.fields)}" if schema.fields else "it has no fields"
        )
        return Problem("CFG103", f"{self.name} has no field `{name}`", (name,), help=help)

    def apply(
        self,
        shapes: Sequence[Shape | None],
        fields: Mapping[str, object],
        keywords: Sequence[str] = (),
    ) -> Facts:
        """The facts of one call. `keywords` name the last inputs, where they were given by name.

        Raises Problem where the layer cannot be applied to these shapes.
        """
        self.check_inputs(len(shapes), keywords)
        if any(shape is None for shape in shapes):
            return unknown_facts(weightless=not self.weights)
        set_aside()
        for name, value in fields.items():
            if isinstance(value, (Expr, tuple)):
                self._require_least(name, value)
        split = len(shapes) - len(keywords)
        try:
            facts = self.rule(*shapes[:split], **dict(zip(keywords, shapes[split:], strict=True)), **fields)
        except (IndexError, ZeroDivisionError):
            # Rules ask for axes as if there were some; a number has none, not even that of the batch.
            if all(shapes):
                raise
            raise Problem("SHP204", f"{self.name} needs inputs with axes, got ()") from None
        facts.needs = tuple(set_aside())
        return facts

    def _require_least(self, name: str, value: object) -> None:
        """The integers in a field must be as large as its kind asks, which of formulas is a condition."""
        kind = self.schema.fields[name].kind
        for one in value if isinstance(value, tuple) else (value,):
            if kind.least is not None and isinstance(one, Expr):
                reason = Sentence("`{}` of {} must be {}, got {}", (name, self.name, kind.expects, one))
                require_at_least(one, kind.least, reason, code="CFG102", field=name)

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
    defaults: dict[str, object]
    ignored: frozenset[str]
    inputs: tuple[str, ...]
    least: int
    most: int | None


def _read_signature(layer_type: LayerType) -> Schema:
    rule = layer_type.rule
    code = rule.__code__
    names = code.co_varnames
    count = code.co_argcount
    defaults: Mapping[str, object] = rule.__kwdefaults__ or {}
    annotations: Mapping[str, str] = rule.__annotations__
    fields: dict[str, Field] = {}
    for name in names[count : count + code.co_kwonlyargcount]:
        kind, optional = _kind(annotations[name], rule.__globals__)
        fields[name] = Field(name, kind, optional, defaults.get(name, REQUIRED))
    ignored = set(_OF_EVERY_FRAMEWORK)
    if layer_type.vocabulary is KERAS:
        kinds = ("initializer", "regularizer", "constraint")
        ignored.update(COMMON, (f"{weight}_{what}" for weight in layer_type.weights for what in kinds))
    return Schema(
        fields,
        {name: field.default for name, field in fields.items()},
        frozenset(ignored.union(layer_type.ignored)),
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
    return kind_in(annotated), optional


_ROLES = frozenset(get_args(Role))


def is_mask(keyword: str) -> bool:
    """Whether an input of this name says which of the others count: it changes no shape and no number."""
    return keyword == "mask" or keyword.endswith("_mask")


R = TypeVar("R", bound=Rule)


def named(rule: Rule, name: str, doc: str) -> Rule:
    """A rule that a table makes, with the name and the documentation of the operation that it is."""
    rule.__name__ = name
    rule.__doc__ = doc
    return rule


@overload
def layer(rule: R) -> R: ...


@overload
def layer(
    *,
    key: str = "",
    name: str = "",
    weights: str = "",
    aliases: str = "",
    ignored: str = "",
    reads: bool = False,
    role: Role = "",
    function: str = "",
    built: bool = False,
    parts: bool = False,
    lazy: str = "",
    settings: str = "",
    settle: Settle | None = None,
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
    role: Role = "",
    function: str = "",
    built: bool = False,
    parts: bool = False,
    lazy: str = "",
    settings: str = "",
    settle: Settle | None = None,
) -> R | Callable[[R], R]:
    """Declare a layer type by its rule.

    weights: the names of its weights, for their initializers and the like, separated by spaces.
    aliases: further names of the type; ignored: fields that Keras has and no number depends on.
    settings: names of inputs, separated by spaces. reads, role, function, built, parts, lazy, settle: as of
        `LayerType`.
    key, name: where the rule's own name is not the key to find it under or the name to show.
    """
    if role not in _ROLES:
        raise ValueError(f"role must be one of {', '.join(sorted(filter(None, _ROLES)))}, got {role!r}")

    def declare(rule: R) -> R:
        own = rule.__name__
        vocabulary = vocabulary_of(rule.__module__)
        declared = LayerType(
            rule,
            key or own,
            name or own,
            tuple(weights.split()),
            (*aliases.split(), *lazy.split()),
            tuple(ignored.split()),
            reads=reads,
            role=role,
            function=function,
            built=built,
            parts=parts,
            lazy=lazy,
            settings=tuple(settings.split()),
            settle=settle,
            vocabulary=vocabulary,
        )
        vocabulary.types[declared.key] = declared
        for alias in declared.aliases:
            vocabulary.types[alias] = declared
        return rule

    return declare if rule is None else declare(rule)


def find(key: str) -> LayerType | None:
    """The layer type of Keras of that name, or None."""
    return KERAS.find(key)


def all_types() -> dict[str, LayerType]:
    """Every type of Keras, by key and by alias."""
    return KERAS.all_types()


__all__ = [
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
