"""The arrays that a file of weights holds, by the groups that they stand in: names, shapes and dtypes, no values.

Reads the tree of an HDF5 file whole, once; knows how Keras marks what it writes there; knows no layer.
"""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.source import hdf5
from cnnsum.typed import NamedTuple

#: Groups within groups. A model within a model takes two levels, and so does a layer within a layer.
_MOST_DEEP = 100
#: Bytes of the names that a group lists.
_MOST_NAMES = 16 * 2**20


class Array(NamedTuple):
    """An array: its sizes, and the dtype of its elements as NumPy calls it."""

    shape: tuple[int, ...]
    dtype: str


class Group:
    """A group: the arrays and the groups in it, by name.

    name: what Keras 3 writes beside the weights of an object: the object's name, "" where it writes none.
    listed: the paths of arrays that Keras 2 lists, in its order; None where it lists none.
    """

    __slots__ = ("arrays", "groups", "listed", "name")

    def __init__(self) -> None:
        self.arrays: dict[str, Array] = {}
        self.groups: dict[str, Group] = {}
        self.name = ""
        self.listed: list[str] | None = None

    def walk(self, path: str = "") -> Iterator[tuple[str, Group]]:
        """This group and all within it, each with the path that leads to it from here."""
        yield path, self
        for name, group in self.groups.items():
            yield from group.walk(f"{path}/{name}" if path else name)

    def find(self, path: str) -> Array | None:
        """The array at a path."""
        group, parts = self, path.split("/")
        for part in parts[:-1]:
            found = group.groups.get(part)
            if found is None:
                return None
            group = found
        return group.arrays.get(parts[-1])


def tree(file: hdf5.File, path: str) -> Group | None:
    """All groups and arrays below a path; None where there is no group. Raises hdf5.DamagedError."""
    root = file.find(path)
    return None if root is None or not root.is_group else _group(file, root, set(), 0)


def _group(file: hdf5.File, object: hdf5.Object, seen: set[int], depth: int) -> Group:
    if depth > _MOST_DEEP:
        raise hdf5.DamagedError(f"groups are nested deeper than {_MOST_DEEP}", object.address)
    seen.add(object.address)
    found = Group()
    _read_marks(object, found)
    for name, link in object.links.items():
        # Keras writes neither links to paths nor two links to one object, and follows none.
        if link.address is None or link.address in seen:
            continue
        inner = file.at(link.address)
        # On Windows, Keras up to 3.0 wrote whole paths as names.
        *path, last = name.split("\\")
        owner = found
        for part in path:
            owner = owner.groups.setdefault(part, Group())
        if inner.is_group:
            owner.groups[last] = _group(file, inner, seen, depth + 1)
        elif inner.is_dataset:
            seen.add(link.address)
            array = _array(inner)
            if array is not None:
                owner.arrays[last] = array
    return found


def _read_marks(object: hdf5.Object, found: Group) -> None:
    attributes = object.attributes()
    if not attributes:
        return
    name = object.texts(attributes, "name", _MOST_NAMES)
    if name:
        found.name = name[0]
    listed = object.texts(attributes, "weight_names", _MOST_NAMES)
    if listed is None and "weight_names0" in attributes:
        listed = []
        for number in range(len(attributes)):
            listed += object.texts(attributes, f"weight_names{number}", _MOST_NAMES) or []
    elif listed is None and "weight_names" in attributes:
        listed = []  # an empty list has no type of its own, and is written as one of numbers
    found.listed = listed


def _array(object: hdf5.Object) -> Array | None:
    shape = object.shape
    if shape is None:
        return None
    dtype = object.dtype
    if dtype.name != "opaque":
        return Array(shape, dtype.name)
    # What NumPy has no type for is written as bytes, with its name beside it in Keras 3.
    named = object.texts(object.attributes(), "dtype", 100)
    return Array(shape, named[0] if named else "bfloat16" if dtype.size == 2 else "opaque")
