"""Keras's automatic names: `Conv2D` becomes `conv2d`, then `conv2d_1`, `conv2d_2`."""

from __future__ import annotations

from functools import lru_cache

_CAPITALS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_SMALL = frozenset("abcdefghijklmnopqrstuvwxyz")


@lru_cache(1 << 10)
def snake_case(name: str) -> str:
    """The name in Keras's snake case, which keeps runs of capitals and digits together.

    >>> [snake_case(n) for n in ("MaxPooling2D", "ReLU", "LSTM", "Conv2DTranspose")]
    ['max_pooling2d', 're_lu', 'lstm', 'conv2d_transpose']
    """
    letters = [letter for letter in name if letter.isalnum() or letter == "_"]
    words = letters[:1]
    for before, letter, after in zip(letters, letters[1:], [*letters[2:], ""], strict=False):
        words += ["_"] * (letter in _CAPITALS and (before in _SMALL or after in _SMALL)) + [letter]
    return "".join(words).lower()


class Names:
    """Gives automatic names, each one once; names that were given by hand are never given again.

    >>> names = Names({"conv2d_1"})
    >>> [names.automatic("Conv2D") for _ in range(3)]
    ['conv2d', 'conv2d_2', 'conv2d_3']
    """

    __slots__ = ("_next", "taken")

    def __init__(self, taken: set[str] | None = None) -> None:
        self.taken: set[str] = set() if taken is None else taken
        self._next: dict[str, int] = {}

    def automatic(self, type_name: str, prefix: str = "") -> str:
        """The next free name for a layer of this type; `prefix` is the path of the block that it stands in."""
        stem = prefix + snake_case(type_name)
        while True:
            count = self._next.get(stem, 0)
            self._next[stem] = count + 1
            name = f"{stem}_{count}" if count else stem
            if name not in self.taken:
                self.taken.add(name)
                return name
