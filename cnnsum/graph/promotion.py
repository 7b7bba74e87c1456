"""The dtype of what is made from tensors of several dtypes."""

from __future__ import annotations

#: Floating-point dtypes, the widest first.
FLOATS = ("float64", "float32", "bfloat16", "float16")


def promote(dtypes: list[str]) -> str:
    """The dtype of an operation on tensors of these dtypes, by the rules of JAX that Keras follows for the common ones.

    >>> promote(["float32", "float16"]), promote(["float16", "bfloat16"]), promote(["int32", "float16"])
    ('float32', 'float32', 'float16')
    >>> promote(["bool", "int8"]), promote(["uint8", "int8"]), promote(["uint8", "int32"])
    ('int8', 'int16', 'int32')
    """
    kinds = list(dict.fromkeys(dtypes))
    if len(kinds) == 1:
        return kinds[0]
    floats = [dtype for dtype in FLOATS if dtype in kinds]
    if "float16" in floats and "bfloat16" in floats:
        return "float32" if "float64" not in floats else "float64"
    if floats:
        return floats[0]
    return _integers(kinds)


def _integers(kinds: list[str]) -> str:
    """The widest of several dtypes without floating-point numbers; a signed one that holds all if some are signed."""
    bits = {kind: int("".join(filter(str.isdigit, kind)) or 0) for kind in kinds}
    signed = max((bits[kind] for kind in kinds if not kind.startswith("u")), default=0)
    unsigned = max((bits[kind] for kind in kinds if kind.startswith("u")), default=0)
    if not signed or not unsigned:
        return max(kinds, key=lambda kind: bits[kind])
    return f"int{max(signed, min(2 * unsigned, 64))}"
