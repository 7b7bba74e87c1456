"""The places of a text's values, kept beside the values while they are read: of YAML, of cfg, of prototxt."""

from __future__ import annotations

from cnnsum.typed import TypeAlias

# Plain tuples, because one is made for every value of a file, and a named one takes five times as long.
Place: TypeAlias = "tuple[int, int, dict[str, Member] | list[Place] | None]"
"""Start and end of a value; of a mapping also its members, of a list its items' places."""

Member: TypeAlias = "tuple[int, int, Place]"
"""Start and end of a key, and the place of its value."""


class KeptPlaces:
    """Finds places in the structure that was made while reading."""

    __slots__ = ("_root",)

    def __init__(self, root: Place) -> None:
        self._root = root

    def find(self, path: tuple[str | int, ...], *, key: bool = False) -> tuple[int, int]:
        """Start and end of the value at `path`, of its key, or of the nearest ancestor that exists."""
        start, end, children = self._root
        last = len(path) - 1
        for depth, step in enumerate(path):
            if isinstance(children, dict):
                member = children.get(step) if isinstance(step, str) else None
                if member is None:
                    break
                if key and depth == last:
                    return member[0], member[1]
                start, end, children = member[2]
            elif isinstance(children, list) and isinstance(step, int) and 0 <= step < len(children):
                start, end, children = children[step]
            else:
                break
        return start, end

    def path_at(self, offset: int) -> tuple[tuple[str | int, ...], bool]:
        """The path of the innermost value, or key, that takes the character at `offset`, and whether it is the key.

        What an alias stands for is written elsewhere: the path ends at the alias.
        """
        path: list[str | int] = []
        children = self._root[2]
        while children:
            if isinstance(children, dict):
                for name, (start, end, place) in children.items():
                    if start <= offset <= end:
                        return (*path, name), True
                    if place[0] <= offset <= place[1] and end <= place[0]:
                        step: str | int = name
                        break
                else:
                    break
            else:
                for step, place in enumerate(children):  # noqa: B007 - what the loop ends at is used
                    if place[0] <= offset <= place[1]:
                        break
                else:
                    break
            path.append(step)
            children = place[2]
        return tuple(path), False
