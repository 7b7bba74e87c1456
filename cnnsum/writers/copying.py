"""A spec copied as it stands, with its blocks, vars and budgets, in YAML or JSON; what it includes becomes its own.

Knows no graph but for the layers that are of types from elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence

from cnnsum.diagnostics import Diagnostic, UnusableError
from cnnsum.graph.model import Graph
from cnnsum.layers.base import LayerType
from cnnsum.source import Document
from cnnsum.writers.refusals import Refusals

#: What an included file offers by name.
_OFFERED = ("blocks", "layer_types")


def copied(document: Document, graph: Graph, types: Collection[LayerType], to: str) -> tuple[str, list[Diagnostic]]:
    """The text of a spec that was read as this graph, and what the reader of it should know (warnings).

    types: those that the caller declared, which the text does not have.

    Raises UnusableError where one file cannot say what the spec and the files that it includes do.
    """
    refusals = Refusals()
    told: set[LayerType] = set()
    for model in graph.models():
        for layer in model.layers:
            if layer.type is not None and layer.type in types and layer.type not in told:
                told.add(layer.type)
                refusals.warn_of_foreign(layer, layer.type)
    value = _whole(document, graph.included) if graph.included else document.value
    return text_of(value, to), refusals.diagnostics


def text_of(value: object, to: str) -> str:
    """The text of a spec's value, in YAML or JSON."""
    if to == "json":
        return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
    from cnnsum.writers.yaml_text import dump_as_it_is

    return dump_as_it_is(value)


def _whole(document: Document, files: Sequence[Document]) -> dict[str, object]:
    """The spec with what it uses of the files that it includes, whose paths hold where it stands alone."""
    offered: dict[str, dict[str, object]] = {key: {} for key in _OFFERED}
    given: dict[str, object] = {}
    for file in reversed(files):
        _refuse_defaults(document, file)
        for key in _OFFERED:
            offered[key].update(file.value.get(key) or {})
        given.update(file.value.get("vars") or {})
    own = {key: value for key, value in document.value.items() if key != "include"}
    found: dict[str, dict[str, object]] = {key: {} for key in _OFFERED}
    waiting: list[object] = [own]
    while waiting:
        for word in _words(waiting.pop()):
            for key, known in offered.items():
                if word in known and word not in found[key]:
                    found[key][word] = known[word]
                    waiting.append(known[word])
    # In the place of `include`, and what the spec says itself goes before.
    brought = {**({"vars": given} if given else {}), **{key: named for key, named in found.items() if named}}
    whole: dict[str, object] = {}
    for key, value in document.value.items():
        if key != "include":
            whole.setdefault(key, value)
            continue
        for name, named in brought.items():
            whole[name] = {**named, **(document.value.get(name) or {})}
    return whole


def _refuse_defaults(document: Document, file: Document) -> None:
    """Raise UnusableError for an included file with `defaults`: they hold for its own blocks alone."""
    if file.value.get("defaults") and file.value.get("blocks"):
        message = f"the `defaults` of `{file.path}` hold for its own blocks: one spec has no words for that"
        help = "write what they say into the blocks"
        raise UnusableError(Diagnostic("SPC072", message, document.span(("include",), key=True), "error", help))


def _words(value: object) -> Iterator[str]:
    """All texts of a value, keys among them: of these some are the names of blocks and layer types."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list):
            waiting += one
