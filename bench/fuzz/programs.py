"""Exported programs of PyTorch (`.pt2`): stored ones, cut short, with calls of any operation put in; their archives.

Knows the schema of `torch.export` as far as the calls that it writes need it.
"""

from __future__ import annotations

import io
import json
import zipfile
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from cnnsum.layers.base import REQUIRED, Field, LayerType
from cnnsum.layers.vocabulary import TORCH

Json = dict[str, Any]
STORED = Path(__file__).resolve().parent.parent.parent / "tests" / "readers" / "pt2"
#: The numbers that the schema has for dtypes, float32 for the most part.
_DTYPES = (7, 7, 7, 7, 7, 4, 5, 6, 8, 12, 13, 0, 99)
_MODES = ("wrap_with_set_grad_enabled", "wrap_with_autocast", "cond")
_TEXTS = ("nearest", "bilinear", "sum", "reflect", "tanh", "floor", "i,j->ij", "bi,bj->bij", "x")


@cache
def _stored() -> tuple[bytes, ...]:
    """The programs of the tests."""
    found = []
    for name in ("static.pt2", "dynamic.pt2"):
        with zipfile.ZipFile(STORED / name) as archive:
            found += [archive.read(one) for one in archive.namelist() if one.endswith("models/model.json")]
    return tuple(found)


@cache
def operations() -> tuple[LayerType, ...]:
    """Every operation of programs, in an order that does not depend on what was loaded before."""
    found = {type.key: type for type in TORCH.all_types().values() if "." in type.key}
    return tuple(found[key] for key in sorted(found))


def program(chance: Random) -> Json:
    """The JSON of an exported program; sound for the most part."""
    tree: Json = json.loads(chance.choice(_stored()))
    module = tree["graph_module"]
    graph, signature = module["graph"], module["signature"]
    nodes = graph["nodes"]
    if chance.random() < 0.6:
        del nodes[chance.randint(1, len(nodes)) :]
    for number in range(chance.choice((0, 0, 1, 1, 2, 4))):
        _put_call(graph, number, chance)
    if chance.random() < 0.15 and nodes:
        first = chance.randrange(len(nodes))
        wrap(graph, first, chance.randint(first + 1, len(nodes)), chance.choice(_MODES))
    made = _made(nodes)
    output = {"arg": {"as_tensor": {"name": made[-1] if made else "x"}}}
    if all(name not in made for name in _names(graph["outputs"])):
        graph["outputs"] = [output["arg"]]
        signature["output_specs"] = [{"user_output": output}]
    if chance.random() < 0.5:
        used = {*made, *_names(graph["inputs"])}
        graph["tensor_values"] = {name: one for name, one in graph["tensor_values"].items() if name in used}
    if chance.random() < 0.1:
        tree["schema_version"] = {"major": chance.choice((7, 8, 8, 9)), "minor": chance.randrange(30)}
    return tree


def wrap(graph: Json, first: int, last: int, mode: str) -> None:
    """Put the nodes from a first one to before a last one into a program of their own, called under a mode."""
    nodes = graph["nodes"]
    inner = nodes[first:last]
    made = _made(inner)
    read: dict[str, None] = {}
    for node in inner:
        for argument in node["inputs"]:
            read.update(dict.fromkeys(name for name in _names([argument["arg"]]) if name not in made))
    outputs = [output for node in inner for output in node["outputs"]]
    values = graph["tensor_values"]
    program = {
        "inputs": [_tagged(name, values) for name in read],
        "outputs": outputs,
        "nodes": inner,
        "tensor_values": {name: values[name] for name in (*read, *made) if name in values},
    }
    arguments = [{"as_bool": False}, {"as_graph": {"name": "submod", "graph": program}}]
    arguments += [_tagged(name, values) for name in read]
    nodes[first:last] = [
        {
            "target": f"torch.ops.higher_order.{mode}",
            "inputs": [{"name": "", "arg": one, "kind": 1} for one in arguments],
            "outputs": outputs,
            "metadata": {},
            "is_hop_single_tensor_return": False,
            "name": "mode",
        }
    ]


def _tagged(name: str, values: Json) -> Json:
    return {"as_tensor": {"name": name}} if name in values else {"as_sym_int": {"as_name": name}}


def _names(arguments: list[Json]) -> list[str]:
    """The tensors and numbers that tagged values name."""
    found: list[str] = []
    for one in arguments:
        for value in one.values():
            for held in value if isinstance(value, list) else [value]:
                if isinstance(held, dict):
                    found += [str(held[key]) for key in ("name", "as_name") if isinstance(held.get(key), str)]
    return found


def _made(nodes: list[Json]) -> list[str]:
    return [name for node in nodes for name in _names(node["outputs"])]


def _put_call(graph: Json, number: int, chance: Random) -> None:
    """A call of a random operation somewhere; what came after reads it in the place of a tensor that it read."""
    nodes = graph["nodes"]
    at = chance.randint(0, len(nodes))
    before = [*_names(graph["inputs"]), *_made(nodes[:at])]
    recent = _made(nodes[:at])[-3:] or ["x"]
    sizes = [node["outputs"][0]["as_sym_int"]["as_name"] for node in nodes[:at] if "as_sym_int" in node["outputs"][0]]
    type = chance.choice(operations())
    schema = type.schema
    name = f"fuzzed_{number}"
    inputs: list[Json] = []
    names = [*schema.inputs] or ["self"]
    most = len(names) if schema.most is None else min(schema.most, 4)
    count = chance.randint(min(schema.least, most), most) if most else 0
    reads = [chance.choice(before if chance.random() < 0.3 else recent) for _ in range(count)]
    if schema.most is None:
        inputs.append({"name": "tensors", "arg": {"as_tensors": [{"name": one} for one in reads or recent]}, "kind": 1})
    else:
        for position, one in enumerate(reads):
            title = names[position] if position < len(names) else f"other{position}"
            inputs.append({"name": title, "arg": {"as_tensor": {"name": one}}, "kind": 1})
    for title, spec in schema.fields.items():
        if spec.default is REQUIRED or chance.random() < 0.4:
            inputs.append({"name": title, "arg": _argument(spec, sizes, chance), "kind": chance.choice((1, 1, 2))})
    overload = chance.choice((".default", ".default", ".int", ".Tensor", ""))
    nodes.insert(
        at,
        {
            "target": f"torch.ops.{type.key}{overload}",
            "inputs": inputs,
            "outputs": [{"as_tensor": {"name": name}}],
            "metadata": chance.choice(nodes)["metadata"] if nodes else {},
            "is_hop_single_tensor_return": None,
            "name": name,
        },
    )
    values = graph["tensor_values"]
    like = values.get(reads[0] if reads else "x", values["x"])
    values[name] = {**like, "dtype": chance.choice(_DTYPES)}
    replaced = chance.choice(reads) if reads else "x"
    for node in nodes[at + 1 :]:
        for argument in node["inputs"]:
            tensor = argument["arg"].get("as_tensor")
            if tensor == {"name": replaced}:
                argument["arg"] = {"as_tensor": {"name": name}}


def _argument(spec: Field, sizes: list[str], chance: Random) -> Json:
    """A tagged value that a field takes for good, for the most part."""
    expects = spec.kind.expects
    if (spec.optional and chance.random() < 0.2) or chance.random() < 0.02:
        return {"as_none": True}
    if expects == "true or false":
        return {"as_bool": chance.random() < 0.5}
    if expects == "a text":
        return {"as_string": chance.choice(_TEXTS)}
    if "dtype" in expects:
        return {"as_scalar_type": chance.choice(_DTYPES)}
    if "same" in expects and chance.random() < 0.2:
        return {"as_string": chance.choice(("same", "valid", "x"))}
    if expects == "a number":
        return {"as_float": chance.choice((0.0, 1.0, 0.5, -1.5, 1e-5))}
    if expects == "a list of numbers":
        return {"as_floats": [chance.choice((0.5, 1.0, 2.0)) for _ in range(chance.randint(1, 3))]}
    if "list" in expects and (expects.startswith("a list") or chance.random() < 0.5):
        numbers = [chance.choice((0, 1, 1, 2, 3, -1, 8)) for _ in range(chance.choice((0, 1, 2, 2, 3, 4)))]
        if sizes and chance.random() < 0.3:
            return {"as_sym_ints": [_computed(number, sizes, chance) for number in numbers]}
        return {"as_ints": numbers}
    number = chance.choice((0, 0, 1, 1, 2, 3, -1, -2, 8))
    if sizes and chance.random() < 0.2:
        return {"as_sym_int": _computed(number, sizes, chance)}
    return {"as_int": number}


def _computed(number: int, sizes: list[str], chance: Random) -> Json:
    return {"as_name": chance.choice(sizes)} if chance.random() < 0.5 else {"as_int": number}


def archive(text: bytes, chance: Random) -> bytes:
    """An archive around a program, as `torch.export.save` writes it from PyTorch 2.7 on, or as before."""
    made = io.BytesIO()
    old = chance.random() < 0.2
    members = {
        "serialized_exported_program.json" if old else "net/models/model.json": text,
        "version" if old else "net/archive_version": b"8.1" if old else b"0",
        "serialized_state_dict.pt" if old else "net/archive_format": _weights(chance) if old else b"pt2",
        "net/data/sample_inputs/model.pt": b"\x80\x02}q\x00.",
    }
    method = chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(made, "w", method) as file:
        for name, data in members.items():
            # The moment is fixed, so that a run gives the same bytes every time.
            file.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data, method)
    return made.getvalue()


def _weights(chance: Random) -> bytes:
    """An archive of weights within the archive, as PyTorch wrote them: a file for each tensor; or a damaged one."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for at in range(chance.randint(0, 6)):
            file.writestr(
                zipfile.ZipInfo(f"archive/data/{at}", (2026, 1, 1, 0, 0, 0)), bytes(4 * chance.randint(0, 64))
            )
    data = made.getvalue()
    return data if chance.random() < 0.7 else data[: chance.randint(0, len(data))]
