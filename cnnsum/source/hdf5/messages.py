"""What the messages of an object's header say: its shape, its dtype, its links and attributes.

Versions are those of the file format specification, "HDF5 File Format Specification Version 3.0". Nothing here
follows an address; values that an attribute keeps elsewhere are looked up by `objects`.
"""

from __future__ import annotations

from cnnsum.source.hdf5.store import Cursor
from cnnsum.typed import NamedTuple

NIL = 0x00
DATASPACE = 0x01
LINK_INFO = 0x02
DATATYPE = 0x03
LINK = 0x06
LAYOUT = 0x08
ATTRIBUTE = 0x0C
CONTINUATION = 0x10
SYMBOL_TABLE = 0x11
ATTRIBUTE_INFO = 0x15

#: HDF5's own limit on the axes of an array.
_MOST_AXES = 32
#: Datatypes within datatypes: an array of variable-length strings has three.
_MOST_NESTED = 16
_FIXED, _FLOAT, _TIME, _STRING, _BITS, _OPAQUE, _COMPOUND, _REFERENCE, _ENUM, _VARIABLE, _ARRAY, _COMPLEX = range(12)
_NAMES = {
    _TIME: "time",
    _BITS: "bits",
    _OPAQUE: "opaque",
    _COMPOUND: "compound",
    _REFERENCE: "reference",
    _ARRAY: "array",
    _COMPLEX: "complex",
}
#: Names of floating-point formats by bytes and bits of the exponent.
_FLOATS = {
    (2, 5): "float16",
    (4, 8): "float32",
    (8, 11): "float64",
    (2, 8): "bfloat16",
    (1, 4): "float8_e4m3fn",
    (1, 5): "float8_e5m2",
}


class Datatype(NamedTuple):
    """The type of an array's elements.

    name: as NumPy has it ("float32", "bool"), "string", or what kind of type it is. size: bytes of an element.
    variable: of a string, whether the text stands elsewhere. padding: of a string of fixed length, how it is filled:
    0 by a NUL that ends it, 1 by NULs, 2 by spaces.
    """

    name: str
    size: int
    variable: bool = False
    padding: int = 1


class Link(NamedTuple):
    """Where a name in a group leads: to the address of an object, to a path, or (both None) to another file."""

    address: int | None
    path: str | None = None


class Attribute(NamedTuple):
    """An attribute whose value has not been read. shape: None where it holds nothing. value: at its bytes."""

    shape: tuple[int, ...] | None
    dtype: Datatype
    value: Cursor

    @property
    def elements(self) -> int:
        """Elements that it holds."""
        found = 0 if self.shape is None else 1
        for size in self.shape or ():
            found *= size
        return found


def dataspace(cursor: Cursor) -> tuple[int, ...] | None:
    """A shape; () of a single value, None of a dataspace without values."""
    version = cursor.version(1, 2)
    rank = cursor.number(1)
    if rank > _MOST_AXES:
        cursor.fail(f"has {rank} axes", 1)
    cursor.skip(1)
    if version == 1:
        cursor.skip(5)
    else:
        kind = cursor.number(1)
        if kind > 2 or (kind != 1 and rank):
            cursor.fail("is of no kind that there is", 1)
        if kind == 2:
            return None
    return tuple([cursor.length() for _ in range(rank)])


def datatype(cursor: Cursor, nested: int = 0) -> Datatype:
    """The type of elements."""
    start = cursor.place
    first = cursor.number(1)
    version, kind = first >> 4, first & 15
    if not 1 <= version <= 5:
        cursor.fail(f"has the version {version}, which is not known", 1)
    bits = cursor.number(3)
    size = cursor.number(4)
    if nested >= _MOST_NESTED:
        cursor.fail("is nested too deep", 8)
    if size == 0:
        cursor.fail("has no size", 4)
    if kind == _FIXED:
        name = f"{'int' if bits & 8 else 'uint'}{size * 8}"
        cursor.skip(4)
        return Datatype(name, size)
    if kind == _FLOAT:
        cursor.skip(5)
        exponent = cursor.number(1)
        cursor.skip(6)
        return Datatype(_FLOATS.get((size, exponent), f"float of {size * 8} bits"), size)
    if kind == _STRING:
        return Datatype("string", size, padding=bits & 15)
    if kind == _VARIABLE:
        if bits & 15 == 1:
            if size != 8 + cursor.store.offset_size:
                cursor.fail(f"gives {size} bytes to what refers to a string", 4)
            return Datatype("string", size, variable=True)
        return Datatype("variable", size)
    if kind == _ENUM:
        base = datatype(cursor, nested + 1)
        # h5py writes truth values as an enumeration of two.
        is_bool = base.size == 1 and bits & 0xFFFF == 2 and cursor.data.find(b"FALSE\0", cursor.at) == cursor.at
        return Datatype("bool" if is_bool else base.name, size)
    if kind not in _NAMES:
        cursor.fail(f"has the class {kind}, which is not known", cursor.place - start)
    return Datatype(_NAMES[kind], size)


def link(cursor: Cursor) -> tuple[str, Link]:
    """A name in a group, and where it leads."""
    cursor.version(1)
    flags = cursor.number(1)
    kind = cursor.number(1) if flags & 8 else 0
    if flags & 4:
        cursor.skip(8)
    if flags & 16:
        cursor.skip(1)
    name = text(cursor.take(cursor.number(1 << (flags & 3))))
    if kind == 0:
        return name, Link(cursor.some_address(f"`{shown(name)}`"))
    if kind == 1:
        return name, Link(None, text(cursor.take(cursor.number(2))))
    return name, Link(None)


def shared(cursor: Cursor) -> int:
    """The address of the object whose header holds a message in this one's place."""
    version = cursor.version(1, 2, 3)
    kind = cursor.number(1)
    if version == 3 and kind == 1:
        cursor.fail("is kept in a table of shared messages, which is not read", 2)
    if version == 1:
        cursor.skip(6 + cursor.store.length_size)
    return cursor.some_address("a shared message")


def text(data: bytes) -> str:
    """A name; bytes that are not UTF-8 are kept as surrogates."""
    return data.decode("utf-8", "surrogateescape")


def shown(name: str) -> str:
    """A name as a message shows it: printable, and cut when long."""
    name = name if len(name) <= 60 else f"{name[:60]}..."
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in name)
