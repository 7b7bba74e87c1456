"""Layer types as JSON Schema, each from its declaration: its fields with kinds and defaults, and what must be given.

What a kind of field allows is said in a table here; the tests hold it to what the kind's own reading accepts. Knows
nothing of a spec around the layers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from inspect import cleandoc

from cnnsum.diagnostics import Problem
from cnnsum.layers import kinds
from cnnsum.layers.base import REQUIRED, Field, LayerType
from cnnsum.layers.keras import attention, core, normalization, reshaping
from cnnsum.layers.keras.fields import CellOrCells, Cells
from cnnsum.layers.kinds import Kind, kind_in
from cnnsum.layers.torch import fields as torch_fields
from cnnsum.layers.torch import functions as torch_functions
from cnnsum.layers.torch import pooling as torch_pooling
from cnnsum.layers.torch import shaping as torch_shaping
from cnnsum.layers.torch import windows as torch_windows
from cnnsum.readers.native.entry import SPECIAL
from cnnsum.typed import NoReturn

Schema = Mapping[str, object]

#: Text that comes to a number or a truth value, and `$name`, which stands for a whole value of any type.
FORMULA: Schema = {"$ref": "#/$defs/formula"}
WHOLE: Schema = {"$ref": "#/$defs/whole"}
NULL: Schema = {"type": "null"}
_SCALARS = ["string", "number", "boolean"]
#: Anything; of several types, editors begin what is first.
_BELOW = ["object", "array", "string", "number", "boolean", "null"]
_LISTED = ["object", "array"]
_INNER_REF = "#/$defs/inner"
_INNER: Schema = {"$ref": _INNER_REF}


def either(*schemas: Schema) -> Schema:
    """What satisfies any of the schemas.

    >>> either({"type": "null"}, {"type": "string"})
    {'anyOf': [{'type': 'null'}, {'type': 'string'}]}
    """
    return {"anyOf": list(schemas)}


def ways(schema: Schema) -> list[Schema]:
    """The schemas of which any is satisfied: one by itself, where there are not several."""
    found = schema.get("anyOf")
    return found if isinstance(found, list) else [schema]


def number(type: str = "integer", **bounds: float) -> Schema:
    """A number within `minimum` and `maximum`, or a formula for one."""
    return either({"type": type, **bounds}, FORMULA)


def listed(item: Schema, count: int | None = None) -> Schema:
    """A list of `count` items, or of any number."""
    return {"type": "array", "items": item, **({} if count is None else {"minItems": count, "maxItems": count})}


def _sizes(count: int, minimum: int) -> Schema:
    one = number(minimum=minimum)
    return either(*ways(one), listed(one, count))


def _pads(count: int) -> Schema:
    one = number(minimum=0)
    if count == 1:
        return either(*ways(one), listed(one, 2))
    return either(*ways(one), listed(either(*ways(one), listed(one, 2)), count))


def _padding(count: int) -> Schema:
    """Pads of PyTorch's convolutions: numbers, or a word for them."""
    one = number(minimum=0)
    return either({"enum": ["valid", "same"]}, *ways(one), listed(one, count))


def _one_or_listed(one: Schema, count: int | None = None) -> Schema:
    return either(*ways(one), listed(one, count))


_INTEGER = number()
_SIZE = number(minimum=1)
_SIZE_OR_NULL = either(*ways(_SIZE), NULL)
_TARGET = either({"const": -1}, *ways(_SIZE_OR_NULL))

_RATIO = number("number", minimum=0, maximum=1)
#: Kinds of PyTorch's fields, for one, two and three axes.
_PADDINGS = (torch_fields.Padding1, torch_fields.Padding2, torch_fields.Padding3)
_PADS = (torch_fields.Pads1, torch_fields.Pads2, torch_fields.Pads3)
_AROUND = (torch_shaping.Around1, torch_shaping.Around2, torch_shaping.Around3)
_WANTED = (torch_pooling.Wanted1, torch_pooling.Wanted2, torch_pooling.Wanted3)
_RATIOS = (torch_windows.Ratio2, torch_windows.Ratio3)

_QUANTIZATION = r"^(int8|(int4|float8)(/[1-9][0-9]*)?|int4/-1|(gptq/[2348]|awq/4)/(-1|[1-9][0-9]*))$"

#: What the kinds of fields allow, each with the name of its definition. `$name` is allowed for all of them.
_SAID: tuple[tuple[object, str, Schema], ...] = (
    (kinds.Pos, "positive", _SIZE),
    (kinds.Nat, "natural", number(minimum=0)),
    (kinds.Int, "integer", _INTEGER),
    (kinds.PlainInt, "integer", _INTEGER),
    (kinds.Real, "real", number("number")),
    (kinds.Rate, "rate", number("number", minimum=0, maximum=1)),
    (kinds.Flag, "flag", either({"type": "boolean"}, FORMULA)),
    (kinds.Text, "text", {"type": "string"}),
    (kinds.One, "one", _sizes(1, 1)),
    (kinds.Pair, "pair", _sizes(2, 1)),
    (kinds.Triple, "triple", _sizes(3, 1)),
    (kinds.NatOne, "naturalOne", _sizes(1, 0)),
    (kinds.NatPair, "naturalPair", _sizes(2, 0)),
    (kinds.NatTriple, "naturalTriple", _sizes(3, 0)),
    (kinds.Pads1, "pads1", _pads(1)),
    (kinds.Pads2, "pads2", _pads(2)),
    (kinds.Pads3, "pads3", _pads(3)),
    (kinds.Axes, "axes", either(*ways(_INTEGER), listed(_INTEGER))),
    (kinds.AxisOrAxes, "axes", either(*ways(_INTEGER), listed(_INTEGER))),
    (kinds.Ints, "integers", either(listed(_INTEGER), WHOLE)),
    (kinds.Extent, "extent", either(listed(_SIZE_OR_NULL), WHOLE)),
    (kinds.Sublayer, "inner", {}),
    (kinds.Sublayers, "inners", either(listed(_INNER), WHOLE)),
    (CellOrCells, "innerOrList", either(_INNER, listed(_INNER))),
    (Cells, "inners", either(listed(_INNER), WHOLE)),
    (core.Quantization, "quantization", either({"type": "string", "pattern": _QUANTIZATION}, WHOLE)),
    (core.OutputSizes, "sizesOrNull", either(*ways(_SIZE), listed(_SIZE_OR_NULL))),
    (attention.OutputSizes, "sizes", either(*ways(_SIZE), listed(_SIZE))),
    (normalization.Axis, "axis", either(*ways(_INTEGER), listed(_INTEGER, 1))),
    (reshaping.Target, "target", either(*ways(_TARGET), listed(_TARGET))),
    (kinds.PlainPos, "positive", _SIZE),
    (kinds.Counts, "counts", _one_or_listed(number(minimum=0))),
    *[(kind, f"padding{axes}", _padding(axes)) for axes, kind in enumerate(_PADDINGS, 1)],
    *[
        (kind, ("natural", "naturalPair", "naturalTriple")[axes], _sizes(axes + 1, 0))
        for axes, kind in enumerate(_PADS)
    ],
    *[(kind, f"around{axes}", _one_or_listed(_INTEGER, 2 * axes)) for axes, kind in enumerate(_AROUND, 1)],
    *[(kind, f"wanted{axes}", _one_or_listed(_SIZE_OR_NULL, axes)) for axes, kind in enumerate(_WANTED, 1)],
    *[(kind, f"ratio{axes}", _one_or_listed(_RATIO, axes)) for axes, kind in enumerate(_RATIOS, 2)],
    (torch_shaping.Wanted, "sizes", _one_or_listed(_SIZE)),
    (torch_shaping.Factors, "factors", _one_or_listed(number("number"))),
    (kinds.NumberOrNumbers, "numbers", either(*ways(number("number")), listed({"$ref": "#/$defs/numbers"}))),
    (torch_shaping.Target, "target", _one_or_listed(_TARGET)),
    (torch_functions.Sizes, "axes", _one_or_listed(_INTEGER)),
    (torch_fields.Lengths, "sizes", _one_or_listed(_SIZE)),
    (torch_fields.BatchFirst, "batchFirst", either({"const": True}, FORMULA)),
)
_KINDS: dict[Kind, tuple[str, Schema]] = {kind_in(said): (name, schema) for said, name, schema in _SAID}
#: The kinds of fields that hold layers.
_HOLDING = frozenset(kind for kind, (name, _) in _KINDS.items() if name.startswith("inner"))


class Layers:
    """The layer types of a list, and the definitions (`defs`) that name them, with `prefix` before each of them."""

    def __init__(self, types: Iterable[LayerType], prefix: str = "") -> None:
        self.types = list(types)
        self.prefix = prefix
        self.defs: dict[str, Schema] = {}
        self._by_name = {name: type for type in self.types for name in (type.name, *type.aliases)}
        for type in self.types:
            for name in filter(None, (type.name, type.lazy)):
                self.defs[f"{prefix}{name}"] = self._value(type, name)
            self.defs[f"{prefix}{type.name}.fields"] = self._fields(type)

    def names(self) -> list[str]:
        """The names of all types, also their further ones."""
        return list(self._by_name)

    def values(self) -> dict[str, Schema]:
        """By name: what may stand below it in an item of `layers`."""
        return {
            name: {"type": _BELOW, **_ref(f"{self.prefix}{name if name == type.lazy else type.name}")}
            for name, type in self._by_name.items()
        }

    def fields(self) -> dict[str, Schema]:
        """By name: a mapping of its fields, as in `defaults`."""
        return {name: _ref(f"{self.prefix}{type.name}.fields") for name, type in self._by_name.items()}

    def needed(self) -> dict[str, list[str]]:
        """By name, for types that have such: the fields without a default."""
        found = {}
        for name, type in self._by_name.items():
            fields = [field.name for field in type.schema.fields.values() if field.default is REQUIRED]
            if fields:
                found[name] = fields
        return found

    def complete(self) -> dict[str, Schema]:
        """By name, for the same types: a value with all of these fields; and of types that hold layers, with such."""
        needed = self.needed()
        found = {}
        for name, type in self._by_name.items():
            holding = {
                field.name: either(_ref(f"{self.prefix}complete"), listed(_ref(f"{self.prefix}complete")), NULL)
                for field in type.schema.fields.values()
                if field.kind in _HOLDING
            }
            if name in needed or holding:
                found[name] = _with_all(needed.get(name, []), type.by_position(name), holding)
        return found

    def allows(self, kind: Kind) -> Schema:
        """What a field of that kind may hold; anything, for a kind that is not known here."""
        if kind.choices:
            name, schema = f"choice.{'.'.join(kind.choices[:3])}", _choice(kind)
        else:
            name, schema = _KINDS.get(kind, ("", {}))
        if not name:
            return {}
        if name.startswith("inner"):
            # A layer in a field is one of the same vocabulary.
            name = f"{self.prefix}{name}"
            schema = _renamed(schema, _INNER_REF, f"#/$defs/{self.prefix}inner")
        if schema:
            self.defs.setdefault(name, schema)
        return _ref(name)

    def _fields(self, type: LayerType) -> Schema:
        """The mapping of fields, with the keys that every layer may have."""
        schema = type.schema
        unread = "|".join(sorted(schema.ignored - SPECIAL - schema.fields.keys()))
        return {
            "properties": {
                **{field.name: self._field(type, field) for field in schema.fields.values()},
                **{name: _ref(f"layer.{name}") for name in sorted(SPECIAL - schema.fields.keys())},
            },
            # Nothing is read of these: they are allowed, and no editor proposes them.
            "patternProperties": {f"^({unread})$": {}},
            "additionalProperties": False,
            "dependentSchemas": {"share": _ref("layer.shared")},
        }

    def _field(self, type: LayerType, field: Field) -> Schema:
        allowed = self.allows(field.kind)
        if field.optional and allowed:
            allowed = either(allowed, NULL)
        expects = field.kind.expects[0].upper() + field.kind.expects[1:] + (" or null" if field.optional else "")
        if field.default is REQUIRED:
            return {**allowed, "description": " ".join((f"{expects}; required.", *_sentences(type.doc, field.name)))}
        said = " ".join((f"{expects}.", *_sentences(type.doc, field.name)))
        return {**allowed, "description": said, "default": default_of(field)}

    def _value(self, type: LayerType, name: str) -> Schema:
        """What stands below that name of the type: fields by name, by position, the first alone, or nothing.

        One schema that says all of it, rather than one for each way: editors then name the fault itself.
        """
        own = f"{self.prefix}{type.name}.fields"
        fields = [_ref(f"{own}/properties/{name}") for name in type.by_position(name)]
        found: dict[str, object] = {
            "title": name,
            "description": cleandoc(type.doc),
            "$ref": f"#/$defs/{own}",
            "maxItems": len(fields),
        }
        if fields:
            found |= {"prefixItems": fields, "if": {"type": _LISTED}, "else": either(fields[0], NULL)}
        return found if fields else {**found, "type": [*_LISTED, "null"]}


def _renamed(schema: Schema, old: str, new: str) -> Schema:
    """The schema with another text in the place of one, wherever it stands."""

    def inside(value: object) -> object:
        if isinstance(value, list):
            return [*map(inside, value)]
        return _renamed(value, old, new) if isinstance(value, dict) else new if value == old else value

    return {key: inside(value) for key, value in schema.items()}


def _choice(kind: Kind) -> Schema:
    """The words, in any case where the kind reads them so."""
    ways: list[Schema] = [{"enum": list(kind.choices)}, WHOLE]
    try:
        kind.read(kind.choices[0].upper(), _NoText())
    except Problem:
        return either(*ways)
    any_case = "|".join(
        "".join(f"[{sign.upper()}{sign}]" if sign.isalpha() else sign for sign in word) for word in kind.choices
    )
    return either(*ways, {"type": "string", "pattern": f"^({any_case})$"})


def _with_all(needed: list[str], fields: list[str], holding: dict[str, Schema]) -> Schema:
    """A value with the fields that are needed, by name or by position; what shares another's has that layer's.

    holding: what is said of the fields that hold layers.
    """
    found: dict[str, object] = {}
    if needed:
        found = {
            "type": ["object", "array", *(_SCALARS if needed == fields[:1] else ())],
            "minItems": 1 + max(map(fields.index, needed)),
            "if": {"type": "object", "not": {"required": ["share"]}},
            "then": {"required": needed},
        }
    if holding:
        found |= {"properties": holding, "prefixItems": [holding.get(name, {}) for name in fields]}
        if fields[0] in holding:
            found["allOf"] = [{"if": {"type": "string"}, "then": holding[fields[0]]}]
    return found


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _sentences(doc: str, name: str) -> list[str]:
    """The sentences of a documentation that mention a field.

    >>> _sentences("Drop some. With `rate` 0 nothing happens. No weights.", "rate")
    ['With `rate` 0 nothing happens.']
    """
    sentences = re.split(r"(?<=\.) (?=[A-Z`])", " ".join(doc.split()))
    return [sentence for sentence in sentences if f"`{name}`" in sentence]


def default_of(field: Field) -> object:
    """The default of a field as a spec would have it: 1 for `(1, 1)` where that is read as the same.

    >>> from cnnsum.layers.base import find
    >>> fields = find("Conv2D").schema.fields
    >>> default_of(fields["strides"]), default_of(fields["padding"]), default_of(fields["activation"])
    (1, 'valid', None)
    """
    short = field.default
    while isinstance(short, tuple) and short:
        short = short[0]
    try:
        if field.kind.read(short, _NoText()) == field.default:
            return short
    except Problem:
        pass
    return _as_lists(field.default)


def _as_lists(value: object) -> object:
    return [_as_lists(item) for item in value] if isinstance(value, tuple) else value


class _NoText:
    """A reading without formulas and layers."""

    def number(self, text: str) -> NoReturn:
        raise Problem("SPC025", text)

    def sublayer(self, _raw: object) -> object:
        raise Problem("CFG102", "no layer is read here")
