"""The dtype of what is made from tensors and numbers of several dtypes, and how Keras's backends and PyTorch differ.

The order of dtypes is JAX's type promotion lattice (JEP 9407), which Keras follows on every backend: a Python number
is weak, of the dtype "int" or "float", and gives way to the dtype of a tensor of its kind. The result is made 32
bits wide, except on TensorFlow, which keeps int64 and float64. PyTorch itself has the same order and keeps all 64 bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache

#: Keras's backends, the first its default.
BACKENDS = ("tensorflow", "jax", "torch", "numpy")

#: PyTorch itself, of which Keras's backend of that name differs.
PYTORCH = "pytorch"

#: Floating-point dtypes, the widest first.
FLOATS = ("float64", "float32", "bfloat16", "float16")

#: Dtypes of tensors that have a gradient: complex numbers have one, too.
DIFFERENTIABLE = frozenset((*FLOATS, "complex64", "complex128"))

#: The next wider dtypes of each. "int" and "float" are those of Python numbers.
_WIDER = {
    "bool": ("int",),
    "int": ("uint8", "int8"),
    "uint8": ("uint16", "int16"),
    "int8": ("int16",),
    "uint16": ("uint32", "int32"),
    "int16": ("int32",),
    "uint32": ("uint64", "int64"),
    "int32": ("int64",),
    "uint64": ("float",),
    "int64": ("float",),
    "float": ("bfloat16", "float16"),
    "bfloat16": ("float32",),
    "float16": ("float32",),
    "float32": ("float64", "complex64"),
    "float64": ("complex128",),
    "complex64": ("complex128",),
    "complex128": (),
}
#: What Keras makes of a Python number by itself, and of 64 bits: on TensorFlow, and on its other backends.
_TENSORFLOW = {"int": "int32", "float": "float32", "uint64": "uint32", "complex128": "complex64"}
_OTHERS = {**_TENSORFLOW, "int64": "int32", "float64": "float32"}
_MADE = {"tensorflow": _TENSORFLOW, PYTORCH: {"int": "int64", "float": "float32"}}
#: What sums and products of many small numbers are kept in.
_SUMS = {"bool": "int32", "int8": "int32", "int16": "int32", "uint8": "uint32", "uint16": "uint32"}


@cache
def _at_least(dtype: str) -> frozenset[str]:
    """The dtypes that hold all of this one, itself among them."""
    return frozenset((dtype,)).union(*map(_at_least, _WIDER[dtype]))


@lru_cache(maxsize=4096)
def _common(dtypes: frozenset[str], backend: str) -> str:
    unknown = sorted(dtypes.difference(_WIDER))
    if unknown:
        return unknown[0]
    common = frozenset.intersection(*map(_at_least, dtypes))
    least = next(dtype for dtype in common if common <= _at_least(dtype))
    return _MADE.get(backend, _OTHERS).get(least, least)


def made(dtype: str, backend: str) -> str:
    """The dtype of a variable that Keras makes as "int"; any other dtype is what it is.

    >>> made("int", "tensorflow"), made("int", "jax"), made("float16", "jax")
    ('int64', 'int32', 'float16')
    """
    if dtype != "int":
        return dtype
    return "int64" if backend == "tensorflow" else "int32"


def promote(dtypes: Iterable[str], backend: str = "tensorflow") -> str:
    """The dtype of an operation on tensors and numbers of these dtypes; "?" and other unknown ones stay themselves.

    >>> promote(["float32", "float16"]), promote(["float16", "bfloat16"]), promote(["int32", "float16"])
    ('float32', 'float32', 'float16')
    >>> promote(["bool", "int8"]), promote(["uint8", "int8"]), promote(["uint8", "int32"])
    ('int8', 'int16', 'int32')
    >>> promote(["float16", "float"]), promote(["int32", "float"]), promote(["uint8", "int"]), promote(["bool", "int"])
    ('float16', 'float32', 'uint8', 'int32')
    >>> promote(["int64"]), promote(["int64"], "jax"), promote(["int64", "float64"]), promote(["uint64"])
    ('int64', 'int32', 'float64', 'uint32')
    """
    return _common(frozenset(dtypes), backend)


def dtype_of_result(rule: str, dtypes: list[str], backend: str = "tensorflow") -> str:
    """What an operation gives that takes its dtype from its inputs, tensors and constants, in one of these ways.

    "input": that of a single input, the promoted one of several. "float": the same made floating-point. "first": the
    first input's. "of 2": that of the input with this number, from 0. "values": that of all but the first. "sum":
    promoted, and small integers widened. "complex": promoted, and made that; "real": no longer. "number": promoted,
    with "bool" made an integer. "product": promoted, with "int8" made "int32". "promoted": so is a single one. "own
    float", "own sum", "own number": the same of a single input, whose 64 bits stay on every backend.

    >>> dtype_of_result("sum", ["uint8"]), dtype_of_result("number", ["bool"]), dtype_of_result("float", ["int32"])
    ('uint32', 'int32', 'float32')
    >>> dtype_of_result("sum", ["bool"], "pytorch"), dtype_of_result("input", ["int64", "bool"], "pytorch")
    ('int64', 'int64')
    """
    if rule == "first" or (len(dtypes) == 1 and rule == "input") or (rule == "own float" and dtypes[0] in FLOATS):
        return dtypes[0]
    if rule.startswith("of "):
        number = int(rule[3:])
        return dtypes[number] if number < len(dtypes) else "?"
    if rule == "complex":
        return promote((*dtypes, "complex64"), backend)
    if rule == "real":
        found = promote(dtypes, backend)
        return {"complex64": "float32", "complex128": "float64"}.get(found, found)
    own, rule = rule.startswith("own "), rule.removeprefix("own ")
    if rule == "float":
        return promote((*dtypes, "float"), backend)
    found = dtypes[0] if own else promote(dtypes[1:] if rule == "values" and len(dtypes) > 1 else dtypes, backend)
    if rule == "sum" and backend == PYTORCH:
        return "int64" if found == "bool" or "int" in found else found
    if rule == "sum":
        found = _SUMS.get(found, found)
        return "int32" if found == "uint32" and backend == "torch" else found
    if (rule, found) in (("number", "bool"), ("product", "int8")):
        return "int32"
    return found


#: The rules that `dtype_of_result` knows.
OF_INPUTS = frozenset(
    (
        *("input", "promoted", "float", "first", "values", "sum", "number", "product"),
        *("own float", "own sum", "own number", "complex", "real"),
        *[f"of {number}" for number in range(10)],
    )
)
