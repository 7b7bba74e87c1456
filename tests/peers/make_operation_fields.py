"""Writes `tests/layers/operation_fields.json`: what Keras says of operations with odd fields, on two backends.

    python tests/peers/make_operation_fields.py          writes the table
    KERAS_BACKEND=torch python ... --print [EVERY]       prints what one backend says of every so-manieth value, as JSON

A file is good where Keras builds the operation with its config, finds a shape for it, and some backend then runs it on
real arrays: what it gives there is what counts. Nothing is run whose output is too large; then the shape that
Keras found is taken.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import warnings
from math import prod
from pathlib import Path
from typing import Any, TypeAlias

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.layers import operation_fields as tried  # noqa: E402 - the line above is what makes it possible

BACKENDS = ("numpy", "torch")
#: Elements of an output that are still computed.
LARGEST = 10**8


def tuples(value: Any) -> Any:
    """The same with tuples for lists: a file can hold either."""
    return tuple([tuples(item) for item in value]) if isinstance(value, list) else value


def _inputs(key: str) -> tuple[list[Any], list[Any]]:
    """The inputs of an operation, as symbols and as numbers."""
    import keras
    import numpy as np

    dtype = "int32" if key.endswith("Hot") else "float32"
    symbols, numbers = [], []
    for given in tried.case_of(key).inputs:
        if isinstance(given, tuple):
            symbols.append(keras.KerasTensor(given, dtype=dtype))
            numbers.append(
                keras.ops.convert_to_tensor(np.zeros(given, dtype) if dtype == "int32" else np.ones(given, dtype))
            )
        else:
            for inputs in (symbols, numbers):
                inputs.append(np.array(given) if isinstance(given, list) else given)
    name = key.rpartition(".")[2]
    if name in ("Concatenate", "Stack"):
        return [symbols], [numbers]
    return ([tuple(symbols)], [tuple(numbers)]) if name == "IRFFT" else (symbols, numbers)


def _shapes(result: Any) -> list[tuple[int, ...]]:
    return [tuple(one.shape) for one in (result if isinstance(result, (list, tuple)) else [result])]


def _tried(key: str, fields: dict[str, Any]) -> str:
    module, _, name = key.rpartition(".")
    made = getattr(importlib.import_module(module), name)
    symbols, numbers = _inputs(key)
    try:
        found = _shapes(made(**fields)(*symbols))
    except Exception:  # noqa: BLE001 - whatever Keras says of it
        return tried.REFUSED
    if sum(prod(dim or 1 for dim in shape) for shape in found) > LARGEST:
        return tried.written(found)
    try:
        return tried.written(_shapes(made(**fields)(*numbers)))
    except MemoryError:
        return tried.written(found)
    except Exception:  # noqa: BLE001 - as above
        return tried.REFUSED


def theirs(key: str, name: str, value: Any) -> str:
    """What Keras says on the backend of this process: the shapes of the outputs, or that it refuses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = _tried(key, tried.fields_of(key, name, value))
        if found == tried.REFUSED and isinstance(value, list):
            found = _tried(key, {one: tuples(item) for one, item in tried.fields_of(key, name, value).items()})
    return found


#: What Keras says by operation, field, and name of the value.
Said: TypeAlias = dict[str, dict[str, dict[str, str]]]


def on_this_backend(every: int = 1) -> Said:
    """What Keras says of all that is tried, or of every so-manieth value of each field, of one field another than of
    the next.
    """
    values = [*tried.VALUES.items()]
    fields = [(key, name) for key, known in tried.types().items() for name in known.schema.fields]
    found: Said = {}
    for number, (key, name) in enumerate(fields):
        said = {label: theirs(key, name, value) for label, value in values[number % every :: every]}
        found.setdefault(key, {})[name] = said
    return found


def on_all_backends(every: int = 1) -> list[Said]:
    """What each backend says."""
    command = [sys.executable, __file__, "--print", str(every)]
    found = []
    for backend in BACKENDS:
        run = subprocess.run(command, capture_output=True, check=True, env=os.environ | {"KERAS_BACKEND": backend})
        found.append(json.loads(run.stdout))
    return found


def _kind_of_difference(known: Any, name: str, value: Any, own: str, said: list[str]) -> str:
    """The key of the reason for a difference; fails where there is none."""
    expects, key = known.schema.fields[name].kind.expects, known.name
    if expects == "true or false":
        return "flag"
    if isinstance(value, bool) or (isinstance(value, list) and any(isinstance(one, bool) for one in value)):
        return "number"
    if value in ("", {}, [None], None) and own == "CFG102" and key not in ("OneHot", "TopK", "Moments", "RMSNorm"):
        return "empty"
    if (key, name) == ("Slice", "shape"):
        return "tensorflow"
    if tried.REFUSED in said and own[0] in "CSU":
        return "backend"
    found = {"ReLU": "array", "LayerNorm": "gamma", "ArraySplit": "harm", "Unfold": "sense", "Unstack": "length"}
    assert key in found, (known.key, name, value, own, said)
    return found[key]


def table(backends: list[Said]) -> dict[str, dict[str, dict[str, list[str]]]]:
    """By operation and field: what cnnsum says, what Keras says instead and why, and of which values."""
    found: dict[str, dict[str, dict[str, list[str]]]] = {}
    for known, name, label, value in tried.entries():
        if label not in backends[0][known.key][name]:
            continue
        said = [backend[known.key][name][label] for backend in backends]
        accepted = [one for one in said if one != tried.REFUSED]
        theirs, own = (accepted or [tried.REFUSED])[0], tried.ours(known, name, value)
        refused = own.startswith(("CFG", "SHP", "UNK"))
        if own == "CFG102" and not accepted:
            continue
        if own != theirs and (accepted or not refused):
            own += f" not {theirs}: {_kind_of_difference(known, name, value, own, said)}"
        found.setdefault(known.key, {}).setdefault(name, {}).setdefault(own, []).append(label)
    return found


if __name__ == "__main__":
    if sys.argv[1:2] == ["--print"]:
        out, sys.stdout = sys.stdout, sys.stderr
        json.dump(on_this_backend(*map(int, sys.argv[2:])), out)
    else:
        lines = [
            f"  {json.dumps(key)}: {{\n"
            + ",\n".join(f"    {json.dumps(name)}: {json.dumps(said)}" for name, said in fields.items())
            + "\n  }"
            for key, fields in table(on_all_backends()).items()
        ]
        tried.TABLE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
