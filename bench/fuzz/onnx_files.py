"""ONNX files: chains of layers of vision networks, with nodes of any operation put in, functions, branches, shapes that
are computed.
"""

from __future__ import annotations

import struct
from functools import cache
from random import Random
from typing import Any

from bench.fuzz.wire import encode
from cnnsum.layers.base import REQUIRED, Field, LayerType
from cnnsum.layers.vocabulary import ONNX
from cnnsum.source.onnx import SCHEMA

Json = dict[str, Any]
_SIZES = (None, None, "batch", "H", "W", "s0", "floor(H/2)", 1, 2, 8, 16, 32, 33, 0, -1)
_TEXTS = (
    "nearest",
    "linear",
    "cubic",
    "SAME_UPPER",
    "SAME_LOWER",
    "VALID",
    "NOTSET",
    "reflect",
    "x",
    "ij,jk->ik",
    "...i->i",
)


@cache
def operations() -> tuple[LayerType, ...]:
    """Every operation, in an order that does not depend on what was loaded before."""
    found = {type.key: type for type in ONNX.all_types().values()}
    return tuple(found[key] for key in sorted(found))


def written(value: Any, _chance: Random) -> bytes:
    """The bytes of a model."""
    return encode(value, SCHEMA, "Model")


def tensor(name: str, dims: list[int], chance: Random, numbers: list[int] | None = None) -> Json:
    """A weight without its numbers, or a list of whole numbers."""
    if numbers is None:
        return {"name": name, "dims": dims, "data_type": chance.choice((1, 1, 1, 1, 10, 3)), "data_location": 1}
    if chance.random() < 0.5:
        return {"name": name, "dims": dims, "data_type": 7, "int64_data": numbers}
    return {"name": name, "dims": dims, "data_type": 7, "raw_data": struct.pack(f"<{len(numbers)}q", *numbers)}


def node(type: str, inputs: list[str], outputs: list[str], **attributes: Any) -> Json:
    """A node of the standard's domain."""
    return {
        "op_type": type,
        "name": f"/{type.lower()}/{outputs[0]}",
        "input": inputs,
        "output": outputs,
        "attribute": [attribute(name, value) for name, value in attributes.items()],
    }


def attribute(name: str, value: Any) -> Json:
    """An attribute with a value of any kind."""
    if isinstance(value, float):
        return {"name": name, "f": value, "type": 1}
    if isinstance(value, int):
        return {"name": name, "i": value, "type": 2}
    if isinstance(value, str):
        return {"name": name, "s": value, "type": 3}
    if isinstance(value, list):
        floats = any(isinstance(one, float) for one in value)
        return {"name": name, "floats" if floats else "ints": value, "type": 6 if floats else 7}
    return {"name": name, "g" if "node" in value else "t": value, "type": 5 if "node" in value else 4}


class _Maker:
    """Makes one model, a node after another; `at` is the tensor that the next one reads, `channels` how many it has."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.nodes: list[Json] = []
        self.held: list[Json] = []
        self.tensors = ["x"]
        self.at = "x"
        self.channels = 3
        self.count = 0

    def name(self) -> str:
        self.count += 1
        return f"t{self.count}"

    def put(self, type: str, inputs: list[str], **attributes: Any) -> str:
        out = self.name()
        self.nodes.append(node(type, inputs, [out], **attributes))
        self.tensors.append(out)
        return out

    def weight(self, *dims: int) -> str:
        self.held.append(tensor(f"w{len(self.held)}", list(dims), self.chance))
        return str(self.held[-1]["name"])

    def numbers(self, *numbers: int) -> str:
        self.held.append(tensor(f"c{len(self.held)}", [len(numbers)], self.chance, list(numbers)))
        return str(self.held[-1]["name"])

    def layer(self) -> None:
        chance = self.chance
        match chance.randrange(9):
            case 0 | 1 | 2:
                width, kernel = chance.choice((4, 8, 16)), chance.choice((1, 3, 3))
                inputs = [self.at, self.weight(width, self.channels, kernel, kernel), self.weight(width)]
                pads, stride = kernel // 2, chance.choice((1, 1, 2))
                self.at = self.put("Conv", inputs, pads=[pads] * 4, strides=[stride] * 2, kernel_shape=[kernel] * 2)
                self.channels = width
            case 3:
                self.at = self.put(chance.choice(("Relu", "Sigmoid", "HardSwish", "Identity", "Erf")), [self.at])
            case 4:
                inputs = [self.at, *[self.weight(self.channels) for _ in range(4)]]
                self.at = self.put("BatchNormalization", inputs)
            case 5:
                self.at = self.put(
                    "MaxPool", [self.at], kernel_shape=[2, 2], strides=[2, 2], ceil_mode=chance.randrange(2)
                )
            case 6:
                self.at = self.put("Add", [self.at, self.put("Relu", [self.at])])
            case 7:
                self.at = self.put("Concat", [self.at, self.put("Tanh", [self.at])], axis=1)
                self.channels *= 2
            case _:
                self.shape_of()

    def shape_of(self) -> None:
        """A shape that is computed: a tensor made flat by its own sizes."""
        shape = self.put("Shape", [self.at])
        batch = self.put("Gather", [shape, self.numbers(0)], axis=0)
        rest = self.put("Concat", [batch, self.numbers(self.channels, -1)], axis=0)
        flat = self.put("Reshape", [self.at, rest])
        self.at = self.put("Reshape", [flat, shape]) if self.chance.random() < 0.8 else flat

    def sequence(self) -> None:
        """A sequence of tensors, of which something is asked."""
        chance = self.chance
        made = self.put("SequenceConstruct", [chance.choice(self.tensors[-3:]) for _ in range(chance.randint(1, 3))])
        for _ in range(chance.choice((0, 0, 1, 2))):
            what = chance.choice(("SequenceInsert", "SequenceErase", "Identity"))
            inputs = [made, self.at] if what == "SequenceInsert" else [made]
            made = self.put(what, inputs)
        what = chance.choice(("SequenceAt", "SequenceAt", "ConcatFromSequence", "SequenceLength", "Relu"))
        inputs = [made, self.numbers(chance.choice((0, -1, 3)))] if what == "SequenceAt" else [made]
        found = self.put(what, inputs, axis=chance.choice((0, 1)), new_axis=chance.randrange(2))
        if chance.random() < 0.5:
            self.at = found

    def operation(self) -> None:
        """A node of any operation, whose output may be what comes next; now and then a sequence."""
        chance = self.chance
        if chance.random() < 0.1:
            self.sequence()
            return
        type = chance.choice(operations())
        schema = type.schema
        most = 4 if schema.most is None else schema.most
        count = chance.randint(min(schema.least, most), most) if most else 0
        inputs = []
        for _ in range(count):
            roll = chance.random()
            if roll < 0.5:
                inputs.append(chance.choice(self.tensors[-4:]))
            elif roll < 0.75:
                inputs.append(
                    self.numbers(*[chance.choice((0, 1, 1, 2, 3, -1, 8)) for _ in range(chance.randrange(5))])
                )
            elif roll < 0.95:
                inputs.append(self.weight(*[chance.choice((1, 3, 4, 8)) for _ in range(chance.choice((1, 2, 4)))]))
            else:
                inputs.append("")
        attributes = {
            name: _value(spec, chance)
            for name, spec in schema.fields.items()
            if name not in ("opset", "outputs", "dtype") and (spec.default is REQUIRED or chance.random() < 0.4)
        }
        domain, _, name = type.key.rpartition(".")
        made = node(name, inputs, [self.name() for _ in range(chance.choice((1, 1, 1, 2, 3)))], **attributes)
        if domain != "ai.onnx" or chance.random() < 0.1:
            made["domain"] = domain
        self.nodes.append(made)
        self.tensors += made["output"]
        if chance.random() < 0.3:
            self.at = made["output"][0]


def _value(spec: Field, chance: Random) -> Any:
    """A value that a field takes for good, for the most part."""
    expects = spec.kind.expects
    if expects == "a text":
        return chance.choice(_TEXTS)
    if expects == "a number":
        return chance.choice((0.0, 1.0, 0.5, -1.5, 1e-5))
    if expects == "a list of numbers":
        return [chance.choice((0.5, 1.0, 2.0)) for _ in range(chance.randint(1, 4))]
    if "list" in expects:
        return [chance.choice((0, 1, 1, 2, 3, -1)) for _ in range(chance.choice((0, 1, 2, 2, 4)))]
    return chance.choice((0, 1, 1, 2, 3, -1, 8, 2**40))


def _info(name: str, sizes: list[Any], dtype: int) -> Json:
    dims = [
        {} if size is None else {"dim_param": size} if isinstance(size, str) else {"dim_value": size} for size in sizes
    ]
    return {"name": name, "type": {"tensor_type": {"elem_type": dtype, "shape": {"dim": dims}}}}


def model(chance: Random) -> Json:
    """The message of a model; sound for the most part."""
    maker = _Maker(chance)
    for _ in range(chance.randint(1, 8)):
        maker.layer()
    if chance.random() < 0.4:
        for _ in range(chance.choice((1, 1, 2, 4))):
            maker.operation()
    sizes = ["batch", 3, "H", "W"] if chance.random() < 0.5 else [1, 3, 32, chance.choice((32, 33, 48))]
    if chance.random() < 0.1:
        sizes = [chance.choice(_SIZES) for _ in range(chance.choice((1, 2, 3, 4)))]
    graph: Json = {
        "name": "net",
        "node": maker.nodes,
        "initializer": maker.held,
        "input": [_info("x", sizes, chance.choice((1, 1, 1, 10, 7)))],
        "output": [{"name": maker.at}],
    }
    if chance.random() < 0.3:
        name = chance.choice(maker.tensors)
        graph["value_info"] = [_info(name, [chance.choice(_SIZES) for _ in range(4)], 1)]
    version = chance.choice((7, 9, 11, 13, 17, 18, 21, 24))
    found: Json = {"ir_version": chance.choice((3, 8, 10)), "graph": graph, "opset_import": [{"version": version}]}
    if chance.random() < 0.15:
        _into_function(found, chance)
    if chance.random() < 0.1:
        _into_branch(graph, chance)
    return found


def _into_function(found: Json, chance: Random) -> None:
    """The last node in a function of the file, called in its place."""
    last = found["graph"]["node"][-1]
    inputs = [name for name in dict.fromkeys(last["input"]) if name]
    names = {name: f"in{at}" for at, name in enumerate(inputs)}
    inner = {**last, "input": [names.get(name, "") for name in last["input"]], "output": ["out"]}
    found["functions"] = [
        {
            "name": "Own",
            "domain": "own",
            "input": list(names.values()),
            "output": ["out"],
            "node": [inner] * chance.choice((1, 1, 1, 2)),
            "opset_import": found["opset_import"],
        }
    ]
    found["graph"]["node"][-1] = {
        **node("Own", inputs, last["output"][:1]),
        "domain": "own",
    }


def _into_branch(graph: Json, chance: Random) -> None:
    """The last node in a branch whose condition may be known, and which may record what it gives."""
    last = graph["node"][-1]
    given = _info("b", [chance.choice(_SIZES) for _ in range(4)], 1) if chance.random() < 0.3 else {"name": "b"}
    branch = {"node": [{**last, "output": ["b"]}], "output": [given]}
    graph["initializer"].append({"name": "cond", "dims": [], "data_type": 9, "raw_data": bytes([chance.randrange(2)])})
    other = {"node": [node("Identity", ["x"], ["b"])], "output": [given if chance.random() < 0.8 else {"name": "b"}]}
    graph["node"][-1] = node(
        "If", [chance.choice(("cond", "cond", "x"))], last["output"][:1], then_branch=branch, else_branch=other
    )
