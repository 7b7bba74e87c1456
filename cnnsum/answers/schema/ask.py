"""The spec language as a JSON Schema (2020-12), from the declarations of layer types: for editors and other tools.

It refuses nothing that cnnsum accepts in a layer that stands, and sees what one value can tell: types, fields, words,
what is missing. It cannot see names (whether a block, layer, var or argument of that name exists), what a formula comes
to, or shapes: `cnnsum check` does.
"""

from __future__ import annotations

import re

from cnnsum.answers.schema.layers import NULL, WHOLE, Layers, Schema, either, listed, number, ways
from cnnsum.dims.tokens import WORDS
from cnnsum.graph.model import POLICIES
from cnnsum.layers.kinds import DTYPES, INPUT_DTYPES
from cnnsum.layers.vocabulary import KERAS, VOCABULARIES, Vocabulary
from cnnsum.readers.native.entry import MODELS, SPECIAL
from cnnsum.readers.native.inputs import MOST_DECLARED
from cnnsum.typed import NamedTuple

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NAME = "^[A-Za-z_][A-Za-z0-9_]*$"
#: A name of a layer: see docs/language.md#names.
_LAYER_NAME = r"^[^:/$\s]([^:/$]*[^:/$\s])?$"
#: Keys that tie a layer into a graph, which a layer in a field of another and `defaults` cannot have.
_OF_GRAPH = ("from", "repeat", "share", "when")
#: Keys that may stand with `share`.
_WITH_SHARE = ("name", "from", "when", "repeat", "share")

_TEXT: Schema = {"type": "string", "minLength": 1}
_MAPPING: Schema = {"type": ["object", "null"]}
#: For yaml-language-server, which would offer names of keys a second time, without what follows them.
_NAMED_BELOW: Schema = {"doNotSuggest": True}
_DEFS = "#/$defs/"


class _Words(NamedTuple):
    """The layer types of a vocabulary.

    private: the names of those that a file may declare for itself. dotted: a pattern of the names with a dot.
    """

    vocabulary: Vocabulary
    layers: Layers
    private: list[str]
    dotted: str

    @property
    def prefix(self) -> str:
        """What stands before the names of its definitions."""
        return self.layers.prefix


def _words(vocabulary: Vocabulary) -> _Words:
    types = vocabulary.all_types().values()
    known = {type.key: type for type in types if "." not in type.key}
    # Those of models in keras.applications are found too, but a file may declare its own of the same name.
    private = [name for name, type in known.items() if type.rule.__module__.endswith(".applications")]
    prefix = "" if vocabulary is KERAS else f"{vocabulary.name}."
    layers = Layers((type for name, type in known.items() if name not in private), prefix)
    before = {*vocabulary.lists.prefixes, *(f"{type.key.partition('.')[0]}." for type in types if "." in type.key)}
    return _Words(vocabulary, layers, private, f"^({'|'.join(map(re.escape, sorted(before)))})")


def language_schema() -> dict[str, object]:
    """The schema, as plain data that `json.dumps` writes.

    >>> schema = language_schema()
    >>> schema["$defs"]["MaxPooling2D.fields"]["properties"]["pool_size"]["default"]
    2
    """
    keras, *others = map(_words, VOCABULARIES.values())
    layers: Schema = _in_words_of(keras)
    for words in others:
        named = {"properties": {"framework": {"const": words.vocabulary.name}}, "required": ["framework"]}
        layers = {"if": named, "then": _in_words_of(words), "else": layers}
    defs = _language()
    for words in (keras, *others):
        defs |= _defs(words) | words.layers.defs
    return {
        "$schema": _DIALECT,
        "title": "cnnsum spec",
        "description": "A neural network in the spec language of cnnsum.",
        "type": "object",
        "properties": _keys(),
        "additionalProperties": False,
        "anyOf": [
            {"required": ["layers"]},
            {"required": ["blocks"]},
            {"required": ["layer_types"]},
            {"required": ["vars"]},
        ],
        "allOf": [*_conditions(), layers],
        "$defs": defs,
    }


def _ref(name: str, description: str = "") -> Schema:
    found = {"$ref": f"{_DEFS}{name}"}
    return {**found, "description": description} if description else found


def _named(value: Schema, *, but: tuple[str, ...] = ()) -> Schema:
    """A mapping of names of vars and the like."""
    names = {"pattern": _NAME, "not": {"enum": sorted(WORDS.union(but))}}
    return {"type": "object", "propertyNames": names, "additionalProperties": value}


def _conditions() -> list[Schema]:
    """What holds of a file by which keys it has."""
    given = either({"required": ["input"]}, {"required": ["inputs"]})
    return [
        {"not": {"required": ["input", "inputs"]}},
        {"if": either({"required": ["layers"]}, given), "then": {"required": ["layers"], **given}},
    ]


def _in_words_of(words: _Words) -> Schema:
    """What holds of the layers of a file that is in the words of a framework."""
    layers, prefix = words.layers, words.prefix
    known, complete = ({"type": "array", "items": _ref(f"{prefix}{word}")} for word in ("known", "complete"))
    in_blocks = {**_MAPPING, "additionalProperties": {"properties": {"layers": complete}}}
    own_names = either(*({"required": [key]} for key in ("blocks", "layer_types", "include")))
    lacking = {name: {"properties": dict.fromkeys(needed, False)} for name, needed in layers.needed().items()}
    names = tuple(layers.names())
    # A model has no fields, and so no defaults of them.
    with_fields = {**_ref(f"{prefix}typeName"), "not": {"enum": list(MODELS)}, **_NAMED_BELOW}
    return {
        "properties": {
            "layers": _ref(f"{prefix}layers"),
            "blocks": {**_MAPPING, **either(_named(_ref(f"{prefix}block"), but=(*names, *words.private)), NULL)},
            "layer_types": {**_MAPPING, **either(_named(_ref("layerType"), but=names), NULL)},
            "defaults": {**_MAPPING, **either(_defaults(layers), NULL)},
        },
        "allOf": [
            # Without these keys, every layer is one of the framework's types.
            {
                "if": {"not": own_names},
                "then": {"properties": {"layers": known, "defaults": {**_MAPPING, "propertyNames": with_fields}}},
            },
            # Unless `defaults` give something that layers need, each says all of it.
            {
                "if": {"properties": {"defaults": {**_MAPPING, "properties": lacking}}},
                "then": {"properties": {"layers": complete, "blocks": in_blocks}},
            },
        ],
    }


def _keys() -> dict[str, Schema]:
    """The keys at the top of a spec. What layers are is said by the framework whose words they are in."""
    return {
        "name": {**either(_TEXT, NULL), "description": "The name of the network."},
        "framework": {
            "enum": [*VOCABULARIES, None],
            "default": KERAS.name,
            "description": "In whose words the layers are.",
        },
        "input": either(
            _ref("input", "The shape of its only input, without the batch axis: `[height, width, channels]`."),
            _input(name=either({"type": "string", "pattern": _LAYER_NAME}, NULL)),
        ),
        "inputs": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": _LAYER_NAME},
            "additionalProperties": _ref("input"),
            "description": "Names and shapes of several inputs.",
        },
        "outputs": {
            **either(_TEXT, {"type": "array", "minItems": 1, "items": _TEXT}, NULL),
            "description": "The names of the layers whose results are the network's; by default, the last layer.",
        },
        "layers": {"description": "The layers, in their order."},
        "symbols": {
            **either(_named(_ref("symbol"), but=("index",)), listed({"type": "string", "pattern": _NAME}), NULL),
            "description": "What is known of the names that stand for sizes.",
        },
        "vars": {**either(_named({}, but=("index",)), NULL), "description": "Names for values."},
        "blocks": {**_MAPPING, "description": "Pieces of a network with arguments, which are then used as layers."},
        "include": {
            **either(_ref("path"), listed(_ref("path")), NULL),
            "description": "A file, or several, whose blocks and layer types may be used.",
        },
        "layer_types": {**_MAPPING, "description": "Layer types of the file's own."},
        "defaults": {
            **_MAPPING,
            "description": "Fields for all layers of a type; what a layer says itself counts more.",
        },
        "data_format": {
            "enum": ["channels_last", "channels_first", None],
            "description": "The place of the channels, for every layer that has the field.",
        },
        "dtype": {**either(_ref("policy"), NULL), "description": "A dtype, or a policy such as mixed_float16."},
        "trainable": {"type": "boolean", "default": True, "description": "`false` freezes the network."},
        "budget": {**either(_budget(), NULL), "description": "Limits on the network, for `cnnsum check`."},
        "lint": {**either(_lint(), NULL), "description": "What `cnnsum check` reports of this file."},
    }


def _budget() -> Schema:
    quantity: Schema = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": "^ *[0-9]"}]}
    said = {
        "params": "Most parameters, with K, M, G or without.",
        "trainable": "Most parameters that are trained.",
        "macs": "Most multiply-accumulates per sample.",
        "flops": "Most floating-point operations per sample.",
        "weights": "Most memory of weights: 100MiB.",
        "peak": "Most memory of inference, beside the weights.",
        "training": "Most memory of a training step.",
    }
    sizes: Schema = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "array", "items": {"type": "integer"}}]}
    return {
        "type": "object",
        "properties": {
            **{key: {**quantity, "description": text} for key, text in said.items()},
            "depth": {"type": "integer", "minimum": 0, "description": "Most layers with weights on a path."},
            "stride": {**sizes, "description": "Largest step between neighbouring positions, in input positions."},
            "receptive_field": {**sizes, "description": "Least input positions that an output must see."},
            "batch": {"type": "integer", "minimum": 1, "description": "The batch that memory is estimated for."},
            "optimizer": {"type": "string", "description": "The optimizer that memory is estimated for."},
            "over": {"type": "object", "description": "The sizes that the limits hold for: `H: 128:512`."},
        },
        "additionalProperties": False,
    }


def _defaults(layers: Layers) -> Schema:
    of_one_layer = {"type": "object", "properties": dict.fromkeys((*_OF_GRAPH, "name"), False)}
    return {
        "type": "object",
        "properties": layers.fields(),
        "allOf": [{"additionalProperties": of_one_layer}],
    }


def _lint() -> Schema:
    codes = listed({"type": "string", "pattern": "^([A-Z]{3}[0-9]{0,3}|ALL)$"})
    return {
        "type": "object",
        "properties": {
            "select": {**codes, "description": "The codes to report, or what they begin with."},
            "ignore": {**codes, "description": "The codes to pass over, or what they begin with."},
        },
        "additionalProperties": False,
    }


def _language() -> dict[str, Schema]:
    """What the language itself defines, for layers in the words of any framework."""
    return {
        "formula": {**_TEXT, "description": "A formula of numbers and names, such as `2*width` or `H//32`."},
        "whole": {
            "type": "string",
            "pattern": r"^\$[A-Za-z_][A-Za-z0-9_]*$",
            "description": "The whole value of a name, of any type.",
        },
        "policy": either({"enum": list(POLICIES)}, WHOLE),
        "path": {
            "type": "string",
            "pattern": r"\S",
            "not": {"pattern": r"^[/\\~]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)"},
            "description": "A path in the folder of this file, relative to it.",
        },
        "shape": listed(either({"type": "integer", "minimum": 1}, _ref("formula"), NULL)),
        "input": either(_ref("shape"), _input()),
        "symbol": either(_symbol(), NULL),
        "use": {
            "description": "The use of a block, or a layer of the file's own type.",
            "properties": {key: _ref(f"layer.{key}") for key in sorted(SPECIAL)},
            "dependentSchemas": {"share": _ref("layer.shared")},
        },
        **_layer_keys(),
        **_layer_types(),
    }


def _defs(words: _Words) -> dict[str, Schema]:
    """What the language defines of layers in the words of one framework."""
    layers, prefix = words.layers, words.prefix
    names = layers.names()
    needs = layers.needed()
    type_name = either({"enum": [*names, *MODELS, *words.private]}, {"type": "string", "pattern": words.dotted})
    other_name = {"type": "string", "pattern": f"{words.dotted}|{_NAME}"}
    any_name = either({"enum": [*names, *MODELS]}, other_name)
    # What editors may write as it is: with nothing below it, a layer is complete or is not offered.
    alone = {"enum": [name for name in names if name not in needs]}
    with_more = {"pattern": f"^({'|'.join([*needs, *MODELS, *words.private])})$"}
    found = {
        "layers": {"type": "array", "minItems": 1, "items": _ref(f"{prefix}layer")},
        "typeName": type_name,
        # Any other name may be a block or a type of the file's own, or of one that it includes.
        "layer": {
            "defaultSnippets": _snippets(layers),
            **either(
                alone,
                other_name,
                {
                    "type": "object",
                    "propertyNames": {**any_name, **_NAMED_BELOW},
                    "properties": {**layers.values(), **dict.fromkeys(MODELS, _ref(f"{prefix}model"))},
                    "additionalProperties": _ref("use"),
                    "minProperties": 1,
                    "maxProperties": 1,
                },
            ),
        },
        "known": either(
            {"type": "string", **either(alone, with_more, {"pattern": words.dotted})},
            {"type": "object", "propertyNames": {**type_name, **_NAMED_BELOW}},
        ),
        "complete": either(
            {"type": "string", "not": {"pattern": f"^({'|'.join(needs)})$"}},
            {"type": "object", "properties": layers.complete()},
        ),
        "inner": {
            "description": "A layer, written as an item of `layers` would be.",
            **either(
                WHOLE,
                {
                    "allOf": [
                        _ref(f"{prefix}layer"),
                        {"additionalProperties": {"properties": dict.fromkeys((*_OF_GRAPH, "dtype"), False)}},
                    ]
                },
            ),
        },
        "model": _model(prefix),
        "block": _block(prefix),
    }
    return {f"{prefix}{name}": schema for name, schema in found.items()}


def _snippets(layers: Layers) -> list[Schema]:
    """For editors: each layer that needs fields, with these to be filled in."""
    return [
        {"label": name, "body": {name: {field: f"${at}" for at, field in enumerate(fields, 1)}}}
        for name, fields in layers.needed().items()
    ]


def _input(**more: Schema) -> Schema:
    """An input that is a mapping."""
    return {
        "type": "object",
        "properties": {
            "shape": _ref("shape"),
            "dtype": {"enum": [*INPUT_DTYPES, None]},
            "batch": {
                **either({"type": "integer", "minimum": 1}, NULL),
                "description": "Samples at a time, where the network is for that many only.",
            },
            **more,
        },
        "required": ["shape"],
        "additionalProperties": False,
    }


def _layer_keys() -> dict[str, Schema]:
    """The keys that every layer may have."""
    constant = {"type": ["number", "array"]}
    names = either(_TEXT, {"type": "array", "minItems": 1, "items": either(_TEXT, constant), "contains": _TEXT})
    by_name = {"type": "object", "minProperties": 1, "additionalProperties": _TEXT}
    return {
        "layer.name": {
            **either({"type": "string", "pattern": _LAYER_NAME, "not": {"const": "input"}}, WHOLE, NULL),
            "description": "The layer's name.",
        },
        "layer.from": {
            **either(*ways(names), by_name),
            "description": "What it reads, if that is not the layer before: a layer, a list of them, or a mapping of "
            "the names of its inputs to layers. `lstm:1` is the second output of `lstm`; a number is a constant of an "
            "operation.",
        },
        "layer.share": {"type": "string", "description": "Another layer, whose weights it uses."},
        "layer.when": {
            **either({"type": "boolean"}, _ref("formula")),
            "description": "Whether it is there at all; a layer that is left out stands for its input.",
        },
        "layer.repeat": {**number(minimum=0), "description": "How many copies of it follow each other."},
        "layer.trainable": {
            **either({"type": "boolean"}, _ref("formula")),
            "description": "`false` freezes its weights.",
            "default": True,
        },
        "layer.dtype": {**_ref("policy"), "description": "A dtype (`float16`) or a policy (`mixed_float16`)."},
        "layer.shared": {"propertyNames": {"enum": list(_WITH_SHARE)}},
    }


def _symbol() -> Schema:
    whole = {"type": "integer", "minimum": 1, "maximum": MOST_DECLARED, "default": 1}
    return {
        "type": "object",
        "properties": {
            "min": {**whole, "description": "The least value that it takes."},
            "multiple_of": {**whole, "description": "What every value is a multiple of."},
        },
        "additionalProperties": False,
    }


def _block(prefix: str) -> Schema:
    special = (*sorted(SPECIAL), "index")
    arguments = either(
        _named({}, but=special), listed({"type": "string", "pattern": _NAME, "not": {"enum": list(special)}}), NULL
    )
    return {
        "type": "object",
        "properties": {
            "args": {**arguments, "description": "Arguments with their defaults; one without must be given."},
            "layers": _ref(f"{prefix}layers", "Its layers; `input` is what the use of the block reads."),
            "output": {
                **either({"type": "string"}, {"type": "array", "minItems": 1, "items": _TEXT}, NULL),
                "description": "The layer that is the result, or a list of layers; by default, the last.",
            },
        },
        "required": ["layers"],
        "additionalProperties": False,
    }


def _model(prefix: str) -> Schema:
    """A model within the model."""
    keys: dict[str, Schema] = {key: {"$ref": f"#/properties/{key}"} for key in ("input", "inputs", "outputs")}
    keys["layers"] = _ref(f"{prefix}layers", "The layers, in their order.")
    return {
        "type": "object",
        "properties": {**keys, **{key: _ref(f"layer.{key}") for key in sorted(SPECIAL)}},
        "not": {"required": ["input", "inputs"]},
        **either({"required": ["layers"]}, {"required": ["share"]}),
        "dependentSchemas": {"share": _ref("layer.shared")},
        "additionalProperties": False,
        "description": "A model within the model.",
    }


def _layer_types() -> dict[str, Schema]:
    """The declaration of a layer type of the file's own."""
    size = number(minimum=1)
    one_rest = {"contains": {"const": "..."}, "minContains": 0, "maxContains": 1}
    taken = {**listed(either(*ways(size), NULL)), **one_rest}
    given = {**listed(size), **one_rest}
    weight = {
        "type": "object",
        "properties": {
            "shape": either(given, *ways(size)),
            "trainable": {"type": "boolean", "default": True},
            "dtype": {"enum": [*DTYPES, None]},
        },
        "required": ["shape"],
        "additionalProperties": False,
    }
    fields = either(
        _named({}, but=tuple(sorted(SPECIAL))),
        listed({"type": "string", "pattern": _NAME, "not": {"enum": sorted(SPECIAL)}}),
        NULL,
    )
    work = number(minimum=0)
    declared = {
        "type": "object",
        "properties": {
            "fields": {**fields, "description": "Names with defaults; a field without one must be given."},
            "input": {
                **either(taken, {"type": "array", "minItems": 1, "items": taken}),
                "description": "The pattern of the input, without the batch axis, or a list of several: names and "
                "sizes, `null` for any size, `...` for any number of axes.",
            },
            "output": {
                **either(given, {"type": "array", "minItems": 1, "items": given}),
                "description": "The pattern of the output, or of several; as the input by default.",
            },
            "weights": {
                **either({"type": "object", "additionalProperties": either(given, *ways(size), weight)}, NULL),
                "description": "The shape of each weight, or a mapping with `shape`, `trainable`, `dtype`.",
            },
            "macs": {**work, "default": 0, "description": "Multiply-accumulates per sample."},
            "elementwise": {**work, "default": 0, "description": "Operations per sample."},
            "keeps": {"enum": ["inputs", "outputs", "both", "nothing"], "description": "What backpropagation keeps."},
        },
        "additionalProperties": False,
    }
    return {"layerType": either(declared, NULL)}
