"""Architecture files of Ultralytics as a JSON Schema (2020-12), from the words that the reader knows: for editors.

It sees what a row or a key tells by itself: forms, names of modules, how many arguments. It cannot see which rows there
are, channels, or shapes: `cnnsum check` does. A module of one's own, which a file of declarations may name, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from cnnsum.answers.schema.layers import Schema, listed
from cnnsum.readers.translated import beside
from cnnsum.readers.ultralytics import rows, top
from cnnsum.readers.ultralytics.unknown import modules_of_files, modules_of_torch
from cnnsum.typed import TypeAlias

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_WHOLE: Schema = {"type": "integer", "minimum": 1, "exclusiveMaximum": top.MOST_CHANNELS}
_FACTOR: Schema = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": top.MOST_CHANNELS}
#: The channels that a module gives, before they are scaled; or a word for them, such as `nc`.
_CHANNELS: Schema = {"if": {"type": "number"}, "then": _FACTOR}
#: The kernels of a module with two of them.
_KERNELS: Schema = {"type": "array", "minItems": 2, "maxItems": 2}
#: What stands in a row after the channels: numbers, and words that stand for values of Python.
_WORDS = ("True", "False", "None", *sorted(rows.NAMED))
#: Blocks by name, each with its arguments and other mappings.
_Blocks: TypeAlias = Mapping[str, Mapping[str, Mapping[str, object]]]
_ARGUMENT = rf"^({'|'.join(_WORDS)}|[-+.\d\[(].*|(torch\.)?nn\..*)$"
#: Modules of which the reader says itself what their arguments are: their number is not that of a block's.
_OTHERWISE = frozenset(
    ["C2fAttn", "C3SPP", "CBFuse", "CBLinear", "Concat", "HGBlock", "Index", "MixConv2d", "ResNetLayer", "SPP", "SPPF"]
)
_OTHERWISE_MOST = {"SPPF": 4}


def architecture_schema() -> dict[str, object]:
    """The schema, as plain data that `json.dumps` writes.

    >>> schema = architecture_schema()
    >>> "Detect" in schema["$defs"]["module"]["enum"]
    True
    """
    blocks: _Blocks = beside(rows.__file__, "modules.yaml").value["blocks"]
    of_torch = modules_of_torch()
    plain, anchored = ([*modules_of_files(anchored=one), *of_torch] for one in (False, True))
    return {
        "$schema": _DIALECT,
        "title": "Ultralytics architecture",
        "description": "The rows of a network, in the form of Ultralytics, YOLOv5 and YOLOv7.",
        "type": "object",
        "properties": _keys([name.removeprefix("nn.") for name in of_torch]),
        "additionalProperties": False,
        "anyOf": [{"required": ["backbone"]}, {"required": ["head"]}],
        "if": {"required": ["anchors"]},
        "then": _parts("anchoredRow"),
        "else": _parts("row"),
        "$defs": {
            "row": _row("module", plain, blocks, rows.MOST_ARGUMENTS, anchored=False),
            "anchoredRow": _row("anchoredModule", anchored, blocks, rows.MOST_ARGUMENTS_ANCHORED, anchored=True),
            "module": _modules(plain, blocks, anchored=False),
            "anchoredModule": _modules(anchored, blocks, anchored=True),
            "arguments": {
                "type": "array",
                "description": "What the module is given, in its order; the channels that come in are left out.",
            },
        },
    }


def _parts(row: str) -> Schema:
    parts = {
        "backbone": "The rows that look at the picture.",
        "head": "The rows behind them, numbered on; the last one says what the network says.",
    }
    rows_of = {"type": ["array", "null"], "items": {"$ref": f"#/$defs/{row}"}}
    found = {name: {**rows_of, "description": text} for name, text in parts.items()}
    return {"properties": found}


def _keys(of_torch: list[str]) -> dict[str, Schema]:
    """The keys at the top of a file."""
    scale = {"type": "array", "prefixItems": [_FACTOR] * 3, "minItems": 3, "maxItems": 3}
    said: dict[str, Schema] = {
        "nc": {**_WHOLE, "description": "The number of classes."},
        "scales": {
            "type": ["object", "null"],
            "additionalProperties": scale,
            "description": "By its name (`n`, `s`, ...) the depth, the width and the most channels of a scale.",
        },
        "backbone": {},
        "head": {},
        "activation": {
            "type": "string",
            "pattern": rf"^\s*(torch\.)?nn\.({'|'.join(map(re.escape, of_torch))})(\([\s\S]*\))?\s*$",
            "description": "What stands behind each convolution: `nn.ReLU()`, `nn.LeakyReLU(0.1)`.",
        },
        "depth_multiple": {**_FACTOR, "description": "What repeats are multiplied with, in a file without scales."},
        "width_multiple": {**_FACTOR, "description": "What channels are multiplied with, in a file without scales."},
        "anchors": {
            "type": ["integer", "array"],
            "description": "The anchors of each place: of YOLOv5 and YOLOv7, whose modules are meant then.",
        },
        "kpt_shape": {
            **listed({"type": "integer", "minimum": 1}, 2),
            "description": "The points of a pose, and the numbers of each.",
        },
        "ch": {**_WHOLE, "description": "The channels of the picture."},
        "channels": {**_WHOLE, "description": "The channels of the picture."},
        "channel_multiple": {"type": "integer", "description": "What numbers of channels are a multiple of."},
        "reg_max": {**_WHOLE, "description": "The bins that a distance is told in."},
        "end2end": {"type": "boolean", "description": "Whether boxes come without a suppression of others."},
        "heads": {"type": ["string", "number", "boolean", "null"]},
        "scale": {"type": ["string", "number", "boolean", "null"], "description": "The scale that is meant."},
        "names": {"type": ["object", "array"], "description": "The names of the classes."},
        "task": {"type": "string", "description": "What it is for: detect, segment, pose, obb, classify."},
        "text_model": {"type": "string", "description": "What makes numbers of texts."},
    }
    return {key: said.get(key, {}) for key in (*top.KEYS, *top.OTHERS)}


def _modules(names: list[str], blocks: _Blocks, *, anchored: bool) -> Schema:
    said = [_said(name, blocks, anchored=anchored) for name in names]
    return {
        "enum": names,
        "enumDescriptions": said,
        "description": "The module: a class of Ultralytics, or of torch.nn.",
    }


def _given(name: str, blocks: _Blocks, *, anchored: bool) -> dict[str, object] | None:
    """The arguments that a row may give a module, with their defaults; None where they are not those of its block."""
    block = blocks.get(f"{name}5" if anchored and f"{name}5" in blocks else name)
    if block is None or name in _OTHERWISE or name in rows.HEADS:
        return None
    # What a block works out of the others is not an argument of a row, nor are the channels that come in.
    args = {key: one for key, one in block["args"].items() if not isinstance(one, str)}
    rest = [*args][1:]
    repeats = name in rows.REPEATING or (anchored and name in rows.REPEATING_ANCHORED)
    if repeats:
        del rest[1]
    given = {key: args[key] for key in rest}
    kernels = [key for key in given if key[0] == "k" and key[1:].isdigit()]
    if kernels:  # a row has them in one list
        given = {"k" if key == kernels[0] else key: one for key, one in given.items() if key not in kernels[1:]}
        given["k"] = [args[key] for key in kernels]
    return given


def _said(name: str, blocks: _Blocks, *, anchored: bool) -> str:
    given = _given(name, blocks, anchored=anchored)
    if given is None:
        return "A module of torch.nn." if name.startswith("nn.") else "A head." if name in rows.HEADS else ""
    return f"[{', '.join(key if one is None else f'{key} = {one}' for key, one in given.items())}]"


def _row(module: str, names: list[str], blocks: _Blocks, of_heads: Mapping[str, int], *, anchored: bool) -> Schema:
    known = {name: given for name in names if (given := _given(name, blocks, anchored=anchored)) is not None}
    scaled = sorted(rows.SCALED | rows.SCALED_ANCHORED if anchored else rows.SCALED)
    most = {name: len(given) for name, given in known.items()} | dict(of_heads) | _OTHERWISE_MOST
    return {
        "type": "array",
        "description": "[from, repeats, module, args]",
        "prefixItems": [
            {
                "type": ["integer", "array"],
                "items": {"type": "integer"},
                "description": "The row that it reads, or a list of them: by number, or counted back from here.",
            },
            {"type": "integer", "minimum": 1, "maximum": rows.MOST_LAYERS, "description": "How often it is repeated."},
            {"$ref": f"#/$defs/{module}"},
            {"$ref": "#/$defs/arguments"},
        ],
        "minItems": 3,
        "maxItems": 4,
        "allOf": [
            _where(scaled, {"minItems": 4, **_args({"minItems": 1, "prefixItems": [_CHANNELS]})}),
            _where(sorted(rows.JOINING), {"prefixItems": [{"type": "array"}]}),
            *(
                _where(sorted(name for name, one in most.items() if one == count), _args({"maxItems": count}))
                for count in sorted({*most.values()})
            ),
            _where(sorted(known), _args({"items": {"if": {"type": "string"}, "then": {"pattern": _ARGUMENT}}})),
            _where(sorted(of_heads), _args({"prefixItems": [{"if": {"type": "string"}, "then": {"const": "nc"}}]})),
            _where(["Concat"], _args({"prefixItems": [{"const": 1}]})),
            *([] if anchored else [_where(["Bottleneck"], _args({"prefixItems": [True, True, True, _KERNELS]}))]),
        ],
    }


def _where(names: Iterable[str], then: Schema) -> Schema:
    """What holds of the rows of some modules."""
    named = {"prefixItems": [True, True, {"enum": list(names)}], "minItems": 3}
    return {"if": named, "then": then}


def _args(schema: Schema) -> Schema:
    return {"prefixItems": [True, True, True, schema]}
