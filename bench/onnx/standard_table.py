"""Makes `cnnsum/layers/onnx/standard.py`: what the standard says of its operations beside what they compute.

    python bench/onnx/standard_table.py

Needs `onnx`.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from textwrap import wrap
from typing import Any

import onnx.defs

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "cnnsum" / "layers" / "onnx" / "standard.py"
_BEGIN = "# --- made by bench/onnx/standard_table.py"


def _schemas() -> tuple[dict[str, Any], dict[str, int]]:
    """The newest schema of each operation of the standard's own domain, and the version that brought it: one that was
    taken back before it was replaced (`GroupNormalization` of version 18) brought nothing.
    """
    newest: dict[str, Any] = {}
    since: dict[str, int] = {}
    for one in onnx.defs.get_all_schemas_with_history():
        if one.domain:
            continue
        if not one.deprecated:
            since[one.name] = min(since.get(one.name, one.since_version), one.since_version)
        if one.name not in newest or newest[one.name].since_version < one.since_version:
            newest[one.name] = one
    return dict(sorted(newest.items())), since


def _family(type: str) -> str:
    """The letter for a type: f, i, b, s, c for tensors of floats, whole numbers, truth, texts, complex numbers; o for
    all that is not a tensor.
    """
    inner = type.removeprefix("tensor(").rstrip(")")
    if inner == type.rstrip(")"):
        return "o"
    return "f" if "float" in inner or inner == "double" else "i" if "int" in inner else inner[0]


def _inputs(schema: Any) -> str:
    """What each input may be, and which are of one dtype, as `INPUTS` has it."""
    allowed = {one.type_param_str: one.allowed_type_strs for one in schema.type_constraints}
    uses = Counter(one.type_str for one in schema.inputs)
    found = []
    for one in schema.inputs:
        is_variadic = one.option == onnx.defs.OpSchema.FormalParameterOption.Variadic
        if is_variadic and not one.is_homogeneous:
            break
        families = "".join(sorted({_family(type) for type in allowed.get(one.type_str, [one.type_str])}))
        is_shared = one.type_str in allowed and (uses[one.type_str] > 1 or is_variadic)
        found.append(families + (f":{one.type_str}" if is_shared else "") + ("+" if is_variadic else ""))
    return " ".join(found)


def table() -> str:
    """The part of the module that is made."""
    newest, since = _schemas()
    lines = [_BEGIN, "", f"NEWEST = {onnx.defs.onnx_opset_version()}", "", "_SINCE = {"]
    for version in sorted(set(since.values())):
        names = " ".join(name for name in newest if since[name] == version)
        parts = wrap(names, 100, break_long_words=False)
        if len(parts) == 1:
            lines.append(f'    {version}: "{parts[0]}",')
        else:
            lines += [
                f"    {version}: (",
                *[f'        "{part} "' for part in parts[:-1]],
                f'        "{parts[-1]}"',
                "    ),",
            ]
    gone = {name: one.since_version for name, one in newest.items() if one.deprecated}
    lines += ["}", "", f"_UNTIL = {gone}".replace("'", '"'), "", "_INPUTS = {"]
    lines += [f'    "{name}": "{_inputs(one)}",' for name, one in newest.items() if _inputs(one)]
    return "\n".join([*lines, "}", ""])


if __name__ == "__main__":
    text = TABLE.read_text(encoding="utf-8")
    TABLE.write_text(text[: text.index(_BEGIN)] + table(), encoding="utf-8")
    sys.exit(0)
