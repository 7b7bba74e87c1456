"""Exported programs of a few operations, written down as PyTorch does: what tests of single operations read."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import cnnsum

T = "Symbol('s0', positive=True, integer=True)"


class Size(NamedTuple):
    """A number that the program computes, by its name."""

    name: str


def argument(raw: Any) -> dict[str, Any]:
    """A value as the schema tags it: a text names a tensor."""
    if isinstance(raw, Size):
        return {"as_sym_int": {"as_name": raw.name}}
    if isinstance(raw, str):
        return {"as_tensor": {"name": raw}}
    if isinstance(raw, bool):
        return {"as_bool": raw}
    if isinstance(raw, int):
        return {"as_int": raw}
    if isinstance(raw, float):
        return {"as_float": raw}
    if all(isinstance(one, str) for one in raw):
        return {"as_tensors": [{"name": one} for one in raw]}
    if any(isinstance(one, Size) for one in raw):
        return {"as_sym_ints": [{"as_name": one.name} if isinstance(one, Size) else {"as_int": one} for one in raw]}
    kind = "as_floats" if any(isinstance(one, float) for one in raw) else "as_ints"
    return {kind: list(raw)}


def call(target: str, *made: str, **inputs: Any) -> dict[str, Any]:
    """A call of `torch.ops.aten.TARGET` that makes these tensors, listed where they are several."""
    outputs = [{"as_tensor": {"name": made[0]}} if len(made) == 1 else {"as_tensors": [{"name": one} for one in made]}]
    listed = [{"name": name, "arg": argument(one), "kind": 1} for name, one in inputs.items()]
    return {"target": f"torch.ops.aten.{target}", "inputs": listed, "outputs": outputs}


def number(target: str, made: str, *inputs: Any) -> dict[str, Any]:
    """A call that computes a number: `number("_operator.neg", "n", Size("t"))`."""
    listed = [{"name": name, "arg": argument(one), "kind": 1} for name, one in zip("ab", inputs, strict=False)]
    return {"target": target, "inputs": listed, "outputs": [{"as_sym_int": {"as_name": made}}]}


#: The size of axis 1 of the input, as `Size("t")`.
LENGTH = number("torch.ops.aten.sym_size.int", "t", "x", 1)


def program(
    *nodes: dict[str, Any], sizes: tuple[int | str, ...] = (2, T, 4), held: Any = (), recorded: Any = (), **how: Any
) -> cnnsum.Model:
    """The program that makes these calls of an input `x`; its outputs are those of the last one.

    held: names and shapes of parameters. recorded: names of tensors that are made, and their shapes in the file.
    """
    metas = {"x": sizes, **dict(held), **dict(recorded)}
    graph = {
        "inputs": [{"as_tensor": {"name": name}} for name in (*dict(held), "x")],
        "outputs": nodes[-1]["outputs"],
        "nodes": list(nodes),
        "tensor_values": {
            name: {
                "dtype": 7,
                "requires_grad": name != "x",
                "sizes": [{"as_int": one} if isinstance(one, int) else {"as_expr": {"expr_str": one}} for one in shape],
            }
            for name, shape in metas.items()
        },
    }
    parameters = [{"parameter": {"arg": {"name": name}, "parameter_name": name}} for name in dict(held)]
    made = nodes[-1]["outputs"][0]
    outputs = [{"as_tensor": one} for one in made["as_tensors"]] if "as_tensors" in made else [made]
    signature = {
        "input_specs": [*parameters, {"user_input": {"arg": {"as_tensor": {"name": "x"}}}}],
        "output_specs": [{"user_output": {"arg": one}} for one in outputs],
    }
    value = {
        "graph_module": {"graph": graph, "signature": signature},
        "schema_version": {"major": 8, "minor": 8},
        "range_constraints": {},
        "opset_version": {"aten": 10},
    }
    return cnnsum.loads(json.dumps(value), **how)
