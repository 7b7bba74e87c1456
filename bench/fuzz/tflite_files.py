"""TensorFlow Lite files: a builder of one operator after another, and chains of layers of vision networks with
operators of any kind put in.
"""

from __future__ import annotations

import struct
from functools import cache
from math import prod
from random import Random
from typing import Any

from bench.fuzz.flat import encode
from cnnsum.layers.base import REQUIRED, Field, LayerType
from cnnsum.layers.tflite.dtypes import DTYPES
from cnnsum.layers.vocabulary import TFLITE
from cnnsum.readers.tflite.operators import CUSTOM, OPERATORS
from cnnsum.source.flatbuffer import Slot
from cnnsum.source.tflite import OPTIONS, TABLES, UNIONS

Json = dict[str, Any]
_CODES = {"float32": "f", "float16": "e", "int32": "i", "uint8": "B", "int64": "q", "bool": "?", "int16": "h"}
_CODES.update({"int8": "b", "float64": "d", "int4": "b"})
_TYPES = {name: number for number, name in DTYPES.items()}
#: Options that cnnsum does not read, and the runtime asks for.
_UNREAD: dict[str, tuple[int, dict[int, Slot]]] = {
    "ArgMaxOptions": (40, {0: Slot("output_type", "int8")}),
    "ShapeOptions": (55, {0: Slot("out_type", "int8")}),
    "ArgMinOptions": (57, {0: Slot("output_type", "int8")}),
}
_OPTIONS = {**OPTIONS, **_UNREAD}
_TABLES = {**TABLES, **{name: fields for name, (_, fields) in _UNREAD.items()}}
_UNIONS = {**UNIONS, **{number: name for name, (number, _) in _UNREAD.items()}}
#: The options of operators, by the name of the operator; of others they are called as it is.
_OPTIONS_OF = {
    "CONV_2D": "Conv2D",
    "CONV_3D": "Conv3D",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2D",
    "AVERAGE_POOL_2D": "Pool2D",
    "MAX_POOL_2D": "Pool2D",
    "L2_POOL_2D": "Pool2D",
    "L2_NORMALIZATION": "L2Norm",
    "BATCH_MATMUL": "BatchMatMul",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTM",
    "UNIDIRECTIONAL_SEQUENCE_RNN": "SequenceRNN",
    "LSTM": "LSTM",
    "RNN": "RNN",
    "SVDF": "SVDF",
    **dict.fromkeys(("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "REDUCE_ANY", "REDUCE_ALL"), "Reducer"),
}


def options_of(operator: str) -> str | None:
    """The table of an operator's options, None where nothing in it is read."""
    words = "".join(word.capitalize() for word in operator.split("_"))
    name = f"{_OPTIONS_OF.get(operator, words)}Options"
    return name if name in _OPTIONS else None


class Builder:
    """Makes a file, a tensor and an operator after another. Sizes of -1 are open ones."""

    def __init__(self) -> None:
        self.tensors: list[Json] = []
        self.buffers: list[Json] = [{}]
        self.operators: list[Json] = []
        self.codes: list[Json] = []
        self.inputs: list[int] = []
        self.outputs: list[int] = []

    def tensor(self, name: str, shape: list[int], dtype: str = "float32", **more: Any) -> int:
        """A tensor without content; gives its number."""
        one: Json = {"name": name, "shape": [max(size, 1) if size < 0 else size for size in shape]}
        if min(shape, default=0) < 0:
            one["shape_signature"] = shape
        self.tensors.append({**one, "type": _TYPES[dtype], "buffer": 0, **more})
        return len(self.tensors) - 1

    def input(self, name: str, *shape: int, dtype: str = "float32", **more: Any) -> int:
        """An input of the graph."""
        self.inputs.append(self.tensor(name, list(shape), dtype, **more))
        return self.inputs[-1]

    def weight(self, name: str, *shape: int, dtype: str = "float32", **more: Any) -> int:
        """A constant of zeros."""
        width = struct.calcsize(_CODES[dtype])
        count = (prod(shape) + 1) // 2 if dtype == "int4" else prod(shape) * width
        return self._held(name, list(shape), dtype, bytes(max(count, 0)), **more)

    def numbers(self, name: str, values: list[Any], *, dtype: str = "int32", shape: list[int] | None = None) -> int:
        """A constant of these numbers."""
        data = struct.pack(f"<{len(values)}{_CODES[dtype]}", *values)
        return self._held(name, [len(values)] if shape is None else shape, dtype, data)

    def _held(self, name: str, shape: list[int], dtype: str, data: bytes, **more: Any) -> int:
        self.buffers.append({"data": data})
        return self.tensor(name, shape, dtype, **{"buffer": len(self.buffers) - 1, **more})

    def operator(self, name: str, inputs: list[int], *outputs: int, version: int = 1, **options: Any) -> int:
        """An operator; gives the number of its first output."""
        if name in OPERATORS and name != CUSTOM:
            number = OPERATORS.index(name)
            code: Json = {"deprecated_builtin_code": min(number, 127), "builtin_code": number, "version": version}
        else:
            number = OPERATORS.index(CUSTOM)
            code = {"deprecated_builtin_code": number, "builtin_code": number, "custom_code": name}
        if code not in self.codes:
            self.codes.append(code)
        one: Json = {"opcode_index": self.codes.index(code), "inputs": inputs, "outputs": list(outputs)}
        table = options_of(name)
        if table is not None:
            one["builtin_options_type"] = _OPTIONS[table][0]
            one["builtin_options"] = options
        self.operators.append(one)
        return outputs[0] if outputs else -1

    def tree(self) -> Json:
        """The values of the file."""
        graph = {
            "tensors": self.tensors,
            "inputs": self.inputs,
            "outputs": self.outputs,
            "operators": self.operators,
            "name": "main",
        }
        return {"version": 3, "operator_codes": self.codes, "subgraphs": [graph], "buffers": self.buffers}


def written(value: Any, _chance: Random | None = None) -> bytes:
    """The bytes of a model."""
    return encode(value, _TABLES, "Model", _UNIONS, b"TFL3")


def looped(*, start: int | None = 0, most: int = 10, step: int = 1, more: bool = False) -> Json:
    """A `WHILE` over a counter and a row of 5 features, which each run multiplies with a matrix; start None: it is an
    input. more: whether each run makes the row longer.
    """
    made = Builder()
    x = made.input("x", 1, 5)
    counter = made.input("i", dtype="int32") if start is None else made.numbers("i", [start], shape=[])
    after, y, z = made.tensor("after", [], "int32"), made.tensor("y", [1, 5]), made.tensor("z", [1, 7])
    made.operator("WHILE", [counter, x], after, y, cond_subgraph_index=1, body_subgraph_index=2)
    made.operator("FULLY_CONNECTED", [y, made.weight("head", 7, 5), -1], z)
    made.outputs = [z]
    condition = Builder()
    condition.codes, condition.buffers = made.codes, made.buffers
    counter, _ = condition.input("i", dtype="int32"), condition.input("x", 1, 5)
    less = condition.tensor("less", [], "bool")
    condition.operator("LESS", [counter, condition.numbers("most", [most], shape=[])], less)
    condition.outputs = [less]
    body = Builder()
    body.codes, body.buffers = made.codes, made.buffers
    counter, x = body.input("i", dtype="int32"), body.input("x", 1, 5)
    count, row = body.tensor("next", [], "int32"), body.tensor("row", [1, 5])
    body.operator("ADD", [counter, body.numbers("step", [step], shape=[])], count)
    body.operator("FULLY_CONNECTED", [x, body.weight("again", 5, 5), -1], row)
    if more:
        longer = body.tensor("longer", [2, 5])
        body.operator("CONCATENATION", [row, x], longer, axis=0)
        row = longer
    body.outputs = [count, row]
    tree = made.tree()
    tree["subgraphs"] += [*condition.tree()["subgraphs"], *body.tree()["subgraphs"]]
    return tree


# --- random files -----------------------------------------------------------------------------------------------------


@cache
def operations() -> tuple[LayerType, ...]:
    """Every operator with a rule, in an order that does not depend on what was loaded before."""
    found = {type.key: type for type in TFLITE.all_types().values()}
    return tuple(found[key] for key in sorted(found))


class _Maker(Builder):
    """Makes one model; `at` is the tensor that the next operator reads, of `channels` channels and `rank` axes."""

    def __init__(self, chance: Random) -> None:
        super().__init__()
        self.chance = chance
        sizes = [-1, 32, chance.choice((32, 33, 48)), 3]
        if chance.random() < 0.5:
            sizes = [chance.choice((1, 1, -1)), *[chance.choice((-1, 16, 33)) for _ in range(2)], 3]
        if chance.random() < 0.05:
            sizes = [chance.choice((-1, 0, 1, 2, 2**31 - 1)) for _ in range(chance.choice((0, 1, 2, 3, 5)))]
        self.dtype = chance.choice(("float32", "float32", "float32", "int8", "float16"))
        self.at = self.input("x", *sizes, dtype=self.dtype)
        self.made = [self.at]
        self.channels = 3
        self.count = 0

    def put(self, name: str, inputs: list[int], *, outputs: int = 1, **options: Any) -> int:
        """An operator whose outputs have shapes that say nothing."""
        found = []
        for _ in range(outputs):
            self.count += 1
            found.append(self.tensor(f"net/{name.lower()}/{self.count}", [-1, -1, -1, -1], self.dtype))
        self.made += found
        self.operator(name, inputs, *found, **options)
        return found[0]

    def held(self, *shape: int) -> int:
        """A weight."""
        more = {"quantization": {"scale": [1.0]}} if self.dtype == "int8" else {}
        return self.weight(f"w{len(self.buffers)}", *shape, dtype=self.dtype, **more)

    def layer(self) -> None:
        """One more layer."""
        chance, at = self.chance, self.at
        moved = {"padding": chance.randrange(2), "stride_w": chance.choice((1, 1, 2)), "stride_h": 1}
        match chance.randrange(9):
            case 0 | 1:
                width, kernel = chance.choice((4, 8, 16)), chance.choice((1, 3, 3))
                weights = [self.held(width, kernel, kernel, self.channels), self.held(width)]
                act = chance.randrange(5)
                self.at = self.put("CONV_2D", [at, *weights], **moved, fused_activation_function=act)
                self.channels = width
            case 2:
                weights = [self.held(1, 3, 3, self.channels), self.held(self.channels)]
                self.at = self.put("DEPTHWISE_CONV_2D", [at, *weights], **moved, depth_multiplier=1)
            case 3:
                self.at = self.put(chance.choice(("RELU", "LOGISTIC", "HARD_SWISH", "TANH", "DEQUANTIZE")), [at])
            case 4:
                self.at = self.put("MAX_POOL_2D", [at], **moved, filter_width=2, filter_height=2)
            case 5:
                self.at = self.put("ADD", [at, self.put("RELU", [at])])
            case 6:
                self.at = self.put("CONCATENATION", [at, self.put("TANH", [at])], axis=3)
                self.channels *= 2
            case 7:
                pads = [0, 0, *[chance.randrange(3) for _ in range(4)], 0, 0]
                self.at = self.put("PAD", [at, self.numbers(f"c{len(self.buffers)}", pads, shape=[4, 2])])
            case _:
                self.shape_of()

    def shape_of(self) -> None:
        """A shape that is computed: a tensor made flat by its own sizes."""
        shape = self.put("SHAPE", [self.at])
        begin, end = self.numbers("b", [0]), self.numbers("e", [1])
        batch = self.put("STRIDED_SLICE", [shape, begin, end, self.numbers("s", [1])], shrink_axis_mask=1)
        rest = self.put("PACK", [batch, self.numbers("n", [-1], shape=[])], values_count=2)
        flat = self.put("RESHAPE", [self.at, rest])
        self.at = self.put("RESHAPE", [flat, shape]) if self.chance.random() < 0.8 else flat

    def any_operator(self) -> None:
        """An operator of any kind, whose output may be what comes next."""
        chance = self.chance
        type = chance.choice(operations())
        schema = type.schema
        most = 4 if schema.most is None else schema.most
        inputs = []
        for _ in range(chance.randint(min(schema.least, most), most) if most else 0):
            roll = chance.random()
            if roll < 0.5:
                inputs.append(chance.choice(self.made[-4:]))
            elif roll < 0.75:
                values = [chance.choice((0, 1, 1, 2, 3, -1, 8)) for _ in range(chance.randrange(5))]
                inputs.append(self.numbers(f"c{len(self.buffers)}", values))
            elif roll < 0.95:
                inputs.append(self.held(*[chance.choice((1, 3, 4, 8)) for _ in range(chance.choice((1, 2, 4)))]))
            else:
                inputs.append(-1)
        options = {
            name: _value(spec, chance)
            for name, spec in schema.fields.items()
            if name != "dtype" and (spec.default is REQUIRED or chance.random() < 0.4)
        }
        name = type.name if chance.random() < 0.9 else chance.choice((*OPERATORS, "Mine"))
        found = self.put(name, inputs, outputs=chance.choice((1, 1, 1, 2, 3)), **options)
        if chance.random() < 0.3:
            self.at = found


def _value(spec: Field, chance: Random) -> Any:
    """A value that a field takes for good, for the most part."""
    expects = spec.kind.expects
    if expects == "true or false":
        return chance.random() < 0.5
    if "list" in expects:
        return [chance.choice((0, 1, 1, 2, 3, -1)) for _ in range(chance.choice((0, 1, 2, 2, 4)))]
    if expects.startswith("the number of"):
        return chance.choice((0, 1, 1, 2, 9))
    return chance.choice((0, 1, 1, 2, 3, -1, 8, 2**31 - 1))


def model(chance: Random) -> Json:
    """The values of a model; sound for the most part."""
    if chance.random() < 0.05:
        start = chance.choice((None, 0, 0, 3, -(2**31)))
        found = looped(start=start, most=chance.choice((0, 4, 2**31 - 1)), step=chance.choice((0, 1, 1, 2, -1)))
        if chance.random() < 0.3:
            wrong = chance.choice((0, 1, 2, 3, -1))
            options = found["subgraphs"][0]["operators"][0]["builtin_options"]
            options[chance.choice(("cond_subgraph_index", "body_subgraph_index"))] = wrong
        return found
    maker = _Maker(chance)
    for _ in range(chance.randint(1, 8)):
        maker.layer()
    if chance.random() < 0.4:
        for _ in range(chance.choice((1, 1, 2, 4))):
            maker.any_operator()
    maker.outputs = [maker.at]
    found = maker.tree()
    if chance.random() < 0.1:
        found["subgraphs"] *= 2
    return found
