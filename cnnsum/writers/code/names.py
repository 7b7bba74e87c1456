"""Names in code: identifiers of what files call things, each given once.

A name in a file may hold anything, as may a text that is quoted in a comment: nothing of it may end a line, a text or a
comment, or be a word of Python. Knows no framework and no graph.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Container, Iterable

from cnnsum.graph.names import snake_case
from cnnsum.ink import harmless

_NOT_WORD = re.compile(r"[^A-Za-z0-9]+")
#: An identifier of more letters helps nobody, and leaves no room for what is done with it.
_LONGEST = 32
_PARTS = re.compile(r"[A-Za-z][a-z]*|\d+")


def identifier(name: str, otherwise: str = "layer") -> str:
    """A name as one of variables and attributes: of ASCII letters, digits and `_`, and no word of Python.

    >>> [identifier(name) for name in ("conv2d", "left.conv 1", "1x1", "class", "import os", "Größe", "?")]
    ['conv2d', 'left_conv_1', 'layer_1x1', 'class_', 'import_os', 'gr_e', 'layer']
    """
    found = _NOT_WORD.sub("_", name).strip("_").lower()[:_LONGEST].strip("_")
    if not found:
        found = otherwise
    elif found[0].isdigit():
        found = f"{otherwise}_{found}"
    return f"{found}_" if keyword.iskeyword(found) or keyword.issoftkeyword(found) else found


def class_name(name: str, otherwise: str = "Network") -> str:
    """A name as one of classes.

    >>> [class_name(name) for name in ("double_conv", "resnet50", "SE-block", "3x3", "none", "")]
    ['DoubleConv', 'Resnet50', 'SEBlock', 'Network3x3', 'None_', 'Network']
    """
    words = [word for word in _NOT_WORD.split(name) if word]
    found = "".join([word[0].upper() + word[1:] for word in words])[:_LONGEST]
    if not found or found[0].isdigit():
        found = otherwise + found
    return f"{found}_" if keyword.iskeyword(found) else found


def is_automatic(name: str, type_name: str) -> bool:
    """Whether a layer's name says nothing but its type and a number.

    >>> is_automatic("conv2d_1", "Conv2D"), is_automatic("stem", "Conv2D")
    (True, False)
    """
    stem = snake_case(type_name)
    return name == stem or (name.startswith(f"{stem}_") and name[len(stem) + 1 :].isdigit())


def said(text: str) -> str:
    r"""A text of a file as a comment or a docstring may quote it: on one line, and without what would end either.

    >>> said('a "b"'), said("\n\\"), said("x" * 100)[-3:]
    ("a 'b'", '/n/', '...')
    """
    text = harmless(text).replace("\\", "/").replace('"', "'")
    return text if len(text) <= 60 else text[:57] + "..."


class Taken:
    """Gives names, each one once.

    >>> taken = Taken(["self"])
    >>> [taken.give(name) for name in ("conv", "conv", "self", "conv_2")]
    ['conv', 'conv_2', 'self_2', 'conv_2_2']
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names = set(names)
        self._next: dict[str, int] = {}

    def give(self, name: str, joint: str = "_", busy: Container[str] = ()) -> str:
        """The name, or one like it that is free. busy: names that are in use just now, and may be given later."""
        found, number = name, self._next.get(name, 1)
        while found in self.names or found in busy:
            number += 1
            found = f"{name}{joint}{number}"
        self._next[name] = number
        self.names.add(found)
        return found
