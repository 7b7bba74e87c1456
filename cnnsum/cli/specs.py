"""The gallery of specs: part of the package in a wheel, beside it in a clone. Knows their names and places."""

from __future__ import annotations

import os
import re

from cnnsum.typed import NamedTuple

#: Files of blocks for others, which are not networks.
_BLOCKS = "_blocks.yaml"
#: Of those in PyTorch's words.
_TORCH = "torch"


class Entry(NamedTuple):
    """A spec of the gallery: its name ("resnet50", "torch/unet"), its file, and its first sentence."""

    name: str
    path: str
    title: str


def gallery() -> list[Entry]:
    """All specs of the gallery by name; none where they are not installed."""
    folder = _folder()
    return [] if folder is None else [*_entries(folder, ""), *_entries(os.path.join(folder, _TORCH), f"{_TORCH}/")]


def entry(name: str) -> Entry | None:
    """The spec of a name, with or without its ending."""
    wanted = name.removesuffix(".yaml").removeprefix("specs/")
    return next((one for one in gallery() if one.name == wanted), None)


def included(path: str, text: str) -> list[tuple[str, str]]:
    """The files that a spec of the gallery includes, with their texts: those of others' blocks."""
    found = []
    for name in re.findall(r"^include:\s*(\S+)\s*$", text, re.MULTILINE):
        with open(os.path.join(os.path.dirname(path), name), encoding="utf-8") as file:
            found.append((name, file.read()))
    return found


def _folder() -> str | None:
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for folder in (os.path.join(package, "specs"), os.path.join(os.path.dirname(package), "specs")):
        if os.path.isfile(os.path.join(folder, "resnet50.yaml")):
            return folder
    return None


def _entries(folder: str, prefix: str) -> list[Entry]:
    found = []
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if name.endswith(".yaml") and not name.endswith(_BLOCKS):
            found.append(Entry(f"{prefix}{name.removesuffix('.yaml')}", path, _title(path)))
    return found


def _title(path: str) -> str:
    """The first sentence of the comment at the top, without who wrote about it: "U-Net"."""
    with open(path, encoding="utf-8") as file:
        first = file.readline()
    text = re.sub(r"^#\s*", "", first).strip()
    return re.split(r"[:,](?:\s|$)|(?<![A-Z])\.(?:\s|$)", text, maxsplit=1)[0]
