"""A spec as YAML that people read: a line for each layer, its fields in braces."""

from __future__ import annotations

import re

import yaml

from cnnsum.ink import harmless, inked
from cnnsum.source.yaml_scalars import resolve

_WIDTH = 120
_DIGITS = 100


class _Dumper(yaml.SafeDumper):
    """Quotes what our own reading of YAML 1.2 would not take for a text, too."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - PyYAML's signature
        """Indent lists below their key."""
        super().increase_indent(flow, indentless=False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    try:
        is_text = bool(value) and isinstance(resolve(value, _DIGITS), str)
    except OverflowError:
        is_text = False
    if harmless(value) != value or re.search(r"(?:^|\s)::", value):
        is_text = False  # in quotes an escape is read back as it was
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if is_text else '"')


_Dumper.add_representer(str, _text)


class _Braces(dict[str, object]):
    """A mapping on one line."""


class _Brackets(list[object]):
    """A list on one line."""


_Dumper.add_representer(_Braces, lambda dumper, value: dumper.represent_mapping("tag:yaml.org,2002:map", value, True))
_Dumper.add_representer(
    _Brackets, lambda dumper, value: dumper.represent_sequence("tag:yaml.org,2002:seq", value, True)
)


def dump(spec: dict[str, object]) -> str:
    """The text of a spec."""
    shown = {
        key: [*map(_item, value)] if key == "layers" and isinstance(value, list) else _flow(value, open=key == "inputs")
        for key, value in spec.items()
    }
    return _dumped(shown)


def _item(item: object) -> object:
    """An item of `layers` on one line; a model within the model as a spec is written, its name first."""
    ((type_name, fields),) = item.items() if isinstance(item, dict) else ((item, None),)
    if not isinstance(fields, dict) or "layers" not in fields:
        return _flow(item, open=True)
    names = [name for name in ("name", "from") if name in fields]
    shown = {name: _flow(fields[name]) for name in (*names, *(name for name in fields if name not in names))}
    return {type_name: {**shown, "layers": [_item(one) for one in fields["layers"]]}}


def dump_as_it_is(value: object) -> str:
    """The text of any value; what holds nothing but single values stands on one line."""
    return _dumped(value, flow=None)


def _dumped(value: object, *, flow: bool | None = False) -> str:
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=flow)
    return "".join(inked((text,), "yaml"))


def _flow(value: object, *, open: bool = False) -> object:
    """The value on one line; `open`: its own keys on lines of theirs."""
    if isinstance(value, dict):
        items = {key: _flow(item) for key, item in value.items()}
        return items if open else _Braces(items)
    return _Brackets(map(_flow, value)) if isinstance(value, list) else value
