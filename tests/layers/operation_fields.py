"""Every field of every operation with values that a damaged file may hold: what is tried, and what cnnsum says.

What Keras says of the same is in `operation_fields.json`, which `tests/peers/make_operation_fields.py` writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from cnnsum.diagnostics import Problem
from cnnsum.layers.base import LayerType, all_types
from cnnsum.layers.facts import Constant
from cnnsum.layers.keras import OPERATIONS
from cnnsum.readers.keras import values

REFUSED = "refused"
TABLE = Path(__file__).with_suffix(".json")

#: The values, by the text that names each in the table.
VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "false": False,
    "0": 0,
    "1": 1,
    "2": 2,
    "5": 5,
    "-1": -1,
    "-3": -3,
    "-100": -100,
    "1000000": 10**6,
    "1.0": 1.0,
    "1.5": 1.5,
    "'x'": "x",
    "''": "",
    "'1'": "1",
    "'int8'": "int8",
    "[]": [],
    "[1]": [1],
    "[-7]": [-7],
    "[7]": [7],
    "[0, 0]": [0, 0],
    "[1, 1]": [1, 1],
    "[1, 2]": [1, 2],
    "[3, 1]": [3, 1],
    "[2, 0, 1]": [2, 0, 1],
    "[-1, 2, 2]": [-1, 2, 2],
    "[1.5]": [1.5],
    "[null]": [None],
    "[true, 1]": [True, 1],
    "['x']": ["x"],
    "[[]]": [[]],
    "[[1]]": [[1]],
    "[[1, 2]]": [[1, 2]],
    "[[0], [1], [0]]": [[0], [1], [0]],
    "[[0, 0], [1, 2], [0, -1]]": [[0, 0], [1, 2], [0, -1]],
    "[[0, 0], [1, 2], [0, 1]]": [[0, 0], [1, 2], [0, 1]],
    "{}": {},
}

X = (2, 6, 4)
IMAGE = (2, 6, 4, 3)
NUMPY, NN, MATH, CORE = "keras.src.ops.numpy.", "keras.src.ops.nn.", "keras.src.ops.math.", "keras.src.ops.core."


class Case(NamedTuple):
    """An operation with fields and inputs that are right. An input is a shape, or the numbers of a constant."""

    inputs: tuple[Any, ...] = (X,)
    fields: dict[str, Any] = {}  # noqa: RUF012 - never written to


#: Those that need fields, or other inputs.
CASES = {
    CORE + "Cast": Case(fields={"dtype": "float16"}),
    CORE + "Slice": Case((X, [0, 1, 1]), {"shape": [2, 3, 2]}),
    NUMPY + "Reshape": Case(fields={"newshape": [2, 24]}),
    NUMPY + "Swapaxes": Case(fields={"axis1": 1, "axis2": 2}),
    NUMPY + "ExpandDims": Case(fields={"axis": 1}),
    NUMPY + "Squeeze": Case(((2, 1, 4),)),
    NUMPY + "Concatenate": Case((X, X)),
    NUMPY + "Stack": Case((X, X)),
    NUMPY + "Split": Case(fields={"indices_or_sections": 2, "axis": 1}),
    NUMPY + "ArraySplit": Case(fields={"indices_or_sections": 2, "axis": 1}),
    NUMPY + "Hsplit": Case(fields={"indices_or_sections": 2}),
    NUMPY + "Dsplit": Case(fields={"indices_or_sections": 2}),
    NUMPY + "Pad": Case(fields={"pad_width": [[0, 0], [1, 2], [0, 1]]}),
    NUMPY + "Repeat": Case(fields={"repeats": 2, "axis": 1}),
    NUMPY + "Roll": Case(fields={"shift": 1, "axis": 1}),
    NUMPY + "TakeAlongAxis": Case((X, [[[0, 1, 0, 1]]]), {"axis": 1}),
    NUMPY + "Take": Case((X, [0, 1]), {"axis": 1}),
    NUMPY + "Tile": Case(fields={"repeats": 2}),
    NUMPY + "Moveaxis": Case(fields={"source": 1, "destination": 2}),
    CORE + "Unstack": Case(fields={"axis": 1}),
    NN + "OneHot": Case(fields={"num_classes": 3}),
    NN + "MultiHot": Case(fields={"num_classes": 3}),
    MATH + "TopK": Case(fields={"k": 2}),
    NN + "LayerNorm": Case((X, (4,), (4,))),
    NN + "RMSNorm": Case((X, (4,))),
    NN + "DepthToSpace": Case(((2, 6, 4, 8),), {"block_size": 2}),
    NN + "SpaceToDepth": Case((IMAGE,), {"block_size": 2}),
    NUMPY + "Einsum": Case((X,), {"subscripts": "abc->ab"}),
    NN + "MaxPool": Case((IMAGE,), {"pool_size": 2}),
    NN + "AveragePool": Case((IMAGE,), {"pool_size": 2}),
    "keras.src.ops.image.Resize": Case((IMAGE,), {"size": [3, 5]}),
    "keras.src.ops.image.ExtractPatches": Case((IMAGE,), {"size": 2}),
    "keras.src.ops.image.RGBToGrayscale": Case((IMAGE,)),
    "keras.src.ops.image.PadImages": Case(
        (IMAGE,),
        dict.fromkeys(("top_padding", "left_padding", "target_height", "target_width"), 9)
        | {"top_padding": 1, "left_padding": 1},
    ),
    "keras.src.ops.image.CropImages": Case(
        (IMAGE,), {"top_cropping": 1, "left_cropping": 1, "target_height": 2, "target_width": 2}
    ),
    "keras.src.ops.image.GaussianBlur": Case((IMAGE,)),
    NN + "Moments": Case(fields={"axes": [1]}),
    NN + "DotProductAttention": Case(((2, 6, 2, 4), (2, 6, 2, 4), (2, 6, 2, 4))),
    **{NUMPY + name: Case((X, 0.5)) for name in ("Quantile", "Nanquantile", "Percentile", "Nanpercentile")},
    NUMPY + "FullLike": Case((X, 1.0)),
    NUMPY + "Append": Case((X, X)),
    NUMPY + "Cross": Case(((2, 6, 3), (2, 6, 3))),
    MATH + "IRFFT": Case((X, X)),
    MATH + "ExtractSequences": Case(fields={"sequence_length": 2, "sequence_stride": 1}),
    NN + "CategoricalCrossentropy": Case((X, X)),
    NN + "Unfold": Case(((2, 3, 6, 6),), {"kernel_size": 2}),
}


class Reading:
    """What the reader of Keras's files lends to the kinds: numbers are never texts."""

    def number(self, _text: str) -> Any:
        raise Problem("CFG102", "must be a number")

    def sublayer(self, _raw: object) -> Any:
        raise Problem("CFG102", "must be a layer")


def types() -> dict[str, LayerType]:
    """The operations that have fields, by key; what stands between brackets is an argument of Keras's `GetItem`."""
    found = {known.key: known for known in all_types().values()}
    return {
        key: known
        for key, known in sorted(found.items())
        if known.rule.__module__.rpartition(".")[2] in OPERATIONS and known.schema.fields and known.name != "GetItem"
    }


def case_of(key: str) -> Case:
    """What is right for an operation."""
    return CASES.get(key, Case())


def fields_of(key: str, name: str, value: Any) -> dict[str, Any]:
    """The fields of an operation, of which one has another value."""
    return deepcopy(case_of(key).fields | {name: value})


def _shape(given: Any) -> Any:
    """The shape of an input as `apply` takes it."""
    if isinstance(given, tuple):
        return given
    flat, shape, rest = [given], [], given
    while isinstance(rest, list):
        shape.append(len(rest))
        flat, rest = [one for part in flat for one in part], rest[0]
    constant = Constant(shape)
    constant.numbers = tuple(flat)
    return constant


def ours(known: LayerType, name: str, value: Any) -> str:
    """What cnnsum says of it: the shapes of the outputs, or a code."""
    fields, problems = known.bind(values.fields_of(known, fields_of(known.key, name, value)), Reading())
    if problems:
        return problems[0].code
    try:
        facts = known.apply([_shape(one) for one in case_of(known.key).inputs], fields)
    except Problem as problem:
        return problem.code
    return written(facts.outputs)


def written(shapes: Iterable[Sequence[Any]]) -> str:
    """Shapes as the table has them; equal ones after one another with their count."""
    texts = ["x".join(map(str, shape)) or "-" for shape in shapes]
    runs = [(text, len([*same])) for text, same in groupby(texts)]
    return " ".join(text if count == 1 else f"{count}*{text}" for text, count in runs)


#: Why cnnsum says something else than Keras of some values.
REASONS = {
    "number": "true and false are not numbers, though Python takes them for 1 and 0",
    "flag": "a text, a list or a mapping is not a truth value, though Python takes it for one",
    "empty": "a text, a mapping or a null is not a number in a list, though Python can go through it",
    "array": "an array where a number is wanted is taken as one that fits",
    "gamma": "whether the scale that is given fits these axes is not asked",
    "harm": "no more than 10,000 outputs are made",
    "sense": "Keras finds a shape for a window that no image can hold, and cannot make it",
    "tensorflow": "the others read -1 as Python does; TensorFlow takes all that is left",
    "length": "TensorFlow refuses a number of parts that an axis has not; the others do not read it",
    "backend": "only one of Keras's backends takes it",
}


def entries() -> Iterator[tuple[LayerType, str, str, Any]]:
    """All that is tried: the operation, the field, the value's name, and the value."""
    for known in types().values():
        for name in known.schema.fields:
            for label, value in VALUES.items():
                yield known, name, label, value


def read_table() -> dict[tuple[str, str, str], tuple[str, str, str]]:
    """By operation, field and value: what cnnsum must say, what Keras says, and why they differ ("" if they do not).

    What is not in the file is refused by both: CFG102.
    """
    found: dict[tuple[str, str, str], tuple[str, str, str]] = {}
    for key, fields in json.loads(TABLE.read_text(encoding="utf-8")).items():
        for name, said in fields.items():
            for verdict, labels in said.items():
                own, _, rest = verdict.partition(" not ")
                keras, _, why = rest.partition(": ")
                for label in labels:
                    found[key, name, label] = own, keras or (own if own[0] not in "CSU" else REFUSED), why
    return found
