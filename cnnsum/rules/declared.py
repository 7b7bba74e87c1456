"""Advice on what a spec declares: vars, blocks, arguments, defaults, symbols, layer types, includes that nothing uses.

Names are looked for in the text of the spec, and of the files that it includes, not in what came out: a var that only a
layer behind `when: false` reads is used. Knows the keys of the spec language, and asks nothing of the network.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from cnnsum.layers.base import find
from cnnsum.rules.base import Finding, rule
from cnnsum.rules.network import Network
from cnnsum.source import Document

_WORD = re.compile(r"[^\W\d]\w*")
#: Keys that declare something.
_DECLARES = frozenset(("vars", "blocks", "symbols", "defaults", "layer_types", "include"))
#: Keys whose values use names; what the others hold declares them, or describes the whole.
_USES = ("input", "inputs", "outputs", "layers", "symbols", "vars", "blocks", "defaults", "layer_types")


@rule("ARC493", "warning")
def declared_and_not_used(network: Network) -> Iterator[Finding]:
    """A var, block, argument of a block, entry of `defaults`, symbol, layer type or include that nothing uses.

    Why: Whoever reads the spec takes it for a part of the network, and whoever changes it wonders why nothing changes.
    Most often a name was mistyped where it was to be used, or a number was written in its place. A name counts as used
    wherever it stands, also in a layer that `when` leaves out; files that hold blocks and no network are not looked at.

    Fails:

        input: [32, 32, 3]
        vars: {width: 32}
        layers:
          - Conv2D: {filters: 64, kernel_size: 3}

    Passes:

        input: [32, 32, 3]
        vars: {width: 32}
        layers:
          - Conv2D: {filters: width, kernel_size: 3}
    """
    document = network.document
    spec = document.value
    if not isinstance(spec, dict) or "class_name" in spec or not isinstance(spec.get("layers"), list):
        return
    if _DECLARES.isdisjoint(spec):
        return
    texts: list[Mapping[str, object]] = [
        spec,
        *(other.value for other in network.graph.included if isinstance(other.value, dict)),
    ]
    for path, what, instead in _unused(spec, texts):
        yield Finding(None, f"the {what} is not used", instead, span=document.span(path, key=True))
    for index, text in _unused_includes(document, network.graph.included):
        span = document.span(("include",) if index is None else ("include", index))
        yield Finding(None, f"nothing of `{text}` is used", "leave it out", span=span)


def _key(name: str) -> str:
    """What a type is found under, by any of its names."""
    known = find(name)
    return name if known is None else known.key


def _unused(
    spec: Mapping[str, object], texts: list[Mapping[str, object]]
) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Where each thing is declared that nothing uses, what it is, and what to do."""
    elsewhere = set().union(*[_words(text.get(key)) for text in texts[1:] for key in _USES], set())
    blocks = _table(spec, "blocks")
    # A block that only an unused one uses is not used either.
    reached = set(elsewhere).union(*[_names(spec.get(key)) for key in ("layers", "outputs", "layer_types", "defaults")])
    waiting = [name for name in blocks if name in reached]
    seen = set(waiting)
    while waiting:
        found = _names(blocks[waiting.pop()])
        reached |= found
        more = [name for name in blocks if name in found and name not in seen]
        seen.update(more)
        waiting += more
    for name in blocks:
        if name not in seen:
            yield ("blocks", name), f"block `{name}`", "leave it out, or use it"
    values = {key: _words(spec.get(key)) for key in _USES if key != "vars"}
    given = _table(spec, "vars")
    for name in given:
        others = [_words(value) for other, value in given.items() if other != name]
        if name not in elsewhere.union(*values.values(), *others):
            yield ("vars", name), f"var `{name}`", f"leave it out, or use it by its name: `filters: {name}`"
    for name in _table(spec, "symbols"):
        if name not in elsewhere.union(*(found for key, found in values.items() if key != "symbols"), _words(given)):
            yield ("symbols", name), f"symbol `{name}`", "leave it out, or use it in an input shape"
    for block, value in blocks.items():
        args = value.get("args") if isinstance(value, dict) else None
        if isinstance(value, dict) and isinstance(args, dict):
            for name in args:
                rest = {key: inner for key, inner in value.items() if key != "args"}
                defaults = [_words(inner) for other, inner in args.items() if other != name]
                if name not in _words(rest).union(*defaults):
                    yield (
                        ("blocks", block, "args", name),
                        f"argument `{name}` of block `{block}`",
                        "leave it out, or use it",
                    )
    used_types = {_key(name) for name in _names(spec.get("layers")) | _names(blocks)}
    # A layer that another holds may stand in a var, or in the defaults of that other one.
    held = used_types | {_key(name) for name in _names(given)}
    unused = dict(_table(spec, "defaults"))
    while reached_now := [name for name in unused if _key(name) in held]:
        for name in reached_now:
            held |= {_key(one) for one in _names(unused.pop(name))}
    for name in unused:
        yield ("defaults", name), f"default of `{name}`", f"no layer of this file is a `{name}`"
    for name in _table(spec, "layer_types"):
        if name not in used_types | elsewhere | _names(spec.get("defaults")):
            yield ("layer_types", name), f"layer type `{name}`", "leave it out, or use it"


def _unused_includes(document: Document, included: tuple[Document, ...]) -> Iterator[tuple[int | None, str]]:
    """The files that are included and declare nothing that is used; those that include others are not looked into."""
    given = document.value.get("include")
    names = given if isinstance(given, list) else [given]
    known = {os.path.normpath(other.path): other for other in included}
    folder = os.path.dirname(document.path)
    for index, text in enumerate(names):
        other = known.get(os.path.normpath(os.path.join(folder, text))) if isinstance(text, str) else None
        if other is None or not isinstance(other.value, dict) or "include" in other.value:
            continue
        offered = {name for key in ("vars", "blocks", "layer_types") for name in _table(other.value, key)}
        rest = [document.value, *(one.value for one in included if one is not other and isinstance(one.value, dict))]
        used = set().union(*[_words(text.get(key)) | _names(text.get(key)) for text in rest for key in _USES])
        # A var of the file itself may give one of the included file another value.
        if not offered & used and not offered & set(_table(document.value, "vars")):
            yield (index if isinstance(given, list) else None), str(text)


def _table(spec: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = spec.get(key)
    return {name: inner for name, inner in value.items() if isinstance(name, str)} if isinstance(value, dict) else {}


def _words(value: object) -> set[str]:
    """All words in the texts of a value, its keys left out: those that may be names of values."""
    found: set[str] = set()
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            found.update(_WORD.findall(one))
        elif isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return found


def _names(value: object) -> set[str]:
    """All keys and texts in a value, whole: those that may be names of types and blocks."""
    found: set[str] = set()
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            found.add(one)
        elif isinstance(one, dict):
            found.update(name for name in one if isinstance(name, str))
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return found
