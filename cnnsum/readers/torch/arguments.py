"""The arguments of a node of an exported program, as plain values, names of tensors, and numbers that are computed.

The schema tags every value with its kind (`as_tensor`, `as_ints`, `as_sym_ints`). Knows no operation and no graph.
"""

from __future__ import annotations

from cnnsum.typed import Any, NamedTuple

#: Dtypes by the number that the schema has for them (`ScalarType` of `torch._export.serde.schema`).
DTYPES: dict[int, str] = {
    1: "uint8",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    6: "float16",
    7: "float32",
    8: "float64",
    10: "complex64",
    11: "complex128",
    12: "bool",
    13: "bfloat16",
    28: "uint16",
    29: "float8_e4m3fn",
    30: "float8_e5m2",
}

#: Orders of axes in memory by the number that the schema has for them (`MemoryFormat`), as PyTorch names them.
MEMORY_FORMATS = {1: "contiguous_format", 2: "channels_last", 3: "channels_last_3d", 4: "preserve_format"}

#: `Argument.value` where there is none.
NO_NUMBER: object = object()
_PLAIN = frozenset(("as_int", "as_ints", "as_float", "as_floats", "as_bool", "as_bools", "as_string", "as_strings"))


class Argument(NamedTuple):
    """One argument: its name, the tensors in it, and its value.

    is_computed: whether the value is as the schema has numbers that are computed, `{"as_int": 2}` or `{"as_name": n}`,
    or a list of these. places: of a list of tensors with gaps, the places that have one.
    """

    name: str
    tensors: tuple[str, ...] = ()
    value: Any = NO_NUMBER
    is_computed: bool = False
    places: tuple[int, ...] | None = None

    @property
    def number(self) -> float | None:
        """The single number that the argument is, 1 for one that the program computes; None of anything else."""
        if self.is_computed:
            return None if isinstance(self.value, list) else 1
        return self.value if isinstance(self.value, (int, float)) else None


def mapping_in(value: object) -> dict[str, Any]:
    """The value where it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def list_in(value: object) -> list[Any]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def dtype_of(number: object) -> str | None:
    """The dtype that a number of the schema stands for; None for one that is not known."""
    return DTYPES.get(number) if isinstance(number, int) else None


def arguments_of(raw: list[object]) -> list[Argument]:
    """The arguments of a node; what is malformed has no value and no tensors."""
    return [_argument(one) for one in raw if isinstance(one, dict)]


def _argument(raw: dict[str, object]) -> Argument:
    name = str(raw.get("name"))
    held = raw.get("arg")
    if not isinstance(held, dict) or len(held) != 1:
        return Argument(name)
    ((tag, value),) = held.items()
    if tag == "as_tensor":
        return Argument(name, _names([value]))
    if tag == "as_optional_tensor":
        return Argument(name, _names([value.get("as_tensor")] if isinstance(value, dict) else []))
    if tag == "as_tensors" and isinstance(value, list):
        return Argument(name, _names(value))
    if tag == "as_optional_tensors" and isinstance(value, list):
        inner = [one.get("as_tensor") if isinstance(one, dict) else None for one in value]
        places = tuple([at for at, one in enumerate(inner) if isinstance(one, dict)])
        return Argument(name, _names([one for one in inner if one is not None]), places=places)
    if tag in _PLAIN:
        return Argument(name, value=value)
    if tag in ("as_sym_int", "as_sym_ints"):
        return Argument(name, value=value, is_computed=True)
    if tag == "as_scalar_type":
        return Argument(name, value=dtype_of(value) or NO_NUMBER)
    if tag == "as_memory_format":
        return Argument(name, value=MEMORY_FORMATS.get(value, NO_NUMBER) if isinstance(value, int) else NO_NUMBER)
    return Argument(name)


def _names(values: list[Any]) -> tuple[str, ...]:
    return tuple([value["name"] for value in values if isinstance(value, dict) and isinstance(value.get("name"), str)])
