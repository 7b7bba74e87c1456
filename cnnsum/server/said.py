"""What the language says of a place in a spec: keys, words, defaults, documentation, from its JSON Schema.

The schema is made from the declarations of layer types, so that nothing is said here a second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from cnnsum.answers.schema.ask import language_schema
from cnnsum.typed import Any, NamedTuple

Schema = dict[str, Any]
Path = tuple["str | int", ...]


class Key(NamedTuple):
    """A key that a mapping may have. default: None where there is none, else in a list of its own."""

    name: str
    description: str
    default: list[object] | None
    schemas: tuple[Schema, ...]


@cache
def _schema() -> Schema:
    return language_schema()


def said(path: Path, framework: str) -> list[Schema]:
    """What may stand at a path in a spec, in the words of a framework."""
    found = [_schema()]
    for step in path:
        found = [inner for schema in found for one in _flat(schema, framework) for inner in _below(one, step)]
        # Many ways lead to the same.
        found = list({id(one): one for one in found}.values())
    return found


def keys(schemas: Iterable[Schema], framework: str) -> dict[str, Key]:
    """The keys that a value may have, by name."""
    found: dict[str, Key] = {}
    for schema in schemas:
        for one in _flat(schema, framework):
            for name, inner in one.get("properties", {}).items():
                if isinstance(inner, dict):
                    known = found.get(name)
                    default = [inner["default"]] if "default" in inner else known.default if known else None
                    text = description([inner], framework) or (known.description if known else "")
                    found[name] = Key(name, text, default, (*(known.schemas if known else ()), inner))
    return found


def words(schemas: Iterable[Schema], framework: str) -> list[str]:
    """The words that a value may be, as the language writes them."""
    found: dict[str, None] = {}
    for schema in schemas:
        for one in _flat(schema, framework, scalar=True):
            given = [*one.get("enum", ()), *([one["const"]] if "const" in one else ())]
            if one.get("type") == "boolean":
                given += [True, False]
            for value in given:
                if isinstance(value, str):
                    found[value] = None
                elif isinstance(value, bool):
                    found[str(value).lower()] = None
    return list(found)


def takes(schemas: Iterable[Schema], name: str, framework: str) -> bool:
    """Whether a value may be what a definition of the schema says: "formula", "whole"."""
    wanted = _schema()["$defs"][name]
    return any(one is wanted for schema in schemas for one in _flat(schema, framework, scalar=True))


def is_list(schemas: Iterable[Schema], framework: str) -> bool:
    """Whether a value must be a list."""
    return any(one.get("type") == "array" for schema in schemas for one in _flat(schema, framework))


def description(schemas: Iterable[Schema], framework: str) -> str:
    """What is said of a value."""
    for schema in schemas:
        for one in _flat(schema, framework):
            if one.get("description"):
                return str(one["description"])
    return ""


def _flat(schema: Schema, framework: str, *, scalar: bool = False) -> Iterator[Schema]:
    """A schema and all that it is made of, without what holds only where something else does.

    scalar: whether it is asked of a single value, not of a mapping or a list.
    """
    waiting = [schema]
    while waiting:
        one = waiting.pop(0)
        yield one
        inner = [_found(one["$ref"])] if "$ref" in one else []
        inner += [*one.get("anyOf", ()), *one.get("allOf", ())]
        condition = one.get("if")
        if condition is not None:
            named = condition.get("properties", {}).get("framework", {}).get("const")
            if named is not None:
                inner.append(one["then" if named == framework else "else"])
            elif scalar and isinstance(condition.get("type"), list) and "else" in one:
                inner.append(one["else"])
        waiting = [*inner, *waiting]


def _below(schema: Schema, step: str | int) -> Iterator[Schema]:
    if isinstance(step, int):
        listed = schema.get("prefixItems")
        if listed is not None and step < len(listed):
            yield listed[step]
        elif isinstance(schema.get("items"), dict):
            yield schema["items"]
        return
    found = schema.get("properties", {}).get(step)
    if isinstance(found, dict):
        yield found
    elif isinstance(schema.get("additionalProperties"), dict):
        yield schema["additionalProperties"]


def _found(reference: str) -> Schema:
    value = _schema()
    for step in reference.removeprefix("#/").split("/"):
        value = value[step]
    found: Schema = value
    return found
