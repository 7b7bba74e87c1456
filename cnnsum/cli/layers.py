"""`cnnsum layers [NAME]`: the reference of layer types, from their declarations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cnnsum.layers.base import LayerType


@click.command(name="layers", short_help="The reference of layer types.")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """Print the layer types, or the documentation and the fields of one."""
    from cnnsum.cli.output import standard_output, terminal_columns, write_plain
    from cnnsum.diagnostics import did_you_mean
    from cnnsum.layers.base import all_types

    types = all_types()
    lines: Iterable[str]
    if name is None:
        lines = _listing(types)
    elif name in types:
        lines = _reference(types[name])
    else:
        help = did_you_mean(name, types)
        raise click.UsageError(f"there is no layer type `{name}`" + (f" ({help})" if help else ""))
    stream = standard_output()
    if stream.isatty():
        lines = _fitted(lines, terminal_columns(), name is None)
    write_plain(("\n".join(lines) + "\n",), stream)


def _fitted(lines: Iterable[str], columns: int, cut: bool) -> Iterator[str]:
    """Lines for a terminal: the listing keeps to one line each, the reference breaks between words."""
    from textwrap import wrap

    for line in lines:
        if len(line) <= columns:
            yield line
        elif cut:
            yield line.rstrip("…")[: columns - 1] + "…"
        else:
            indent = " " * (len(line) - len(line.lstrip()))
            yield from wrap(line, max(columns, 20), subsequent_indent=indent, break_on_hyphens=False)


def _listing(types: dict[str, LayerType]) -> Iterator[str]:
    """The types by family, each with the first sentence of its documentation."""
    from cnnsum.layers.base import FAMILIES

    unique = {known.key: known for known in types.values()}
    for family in FAMILIES:
        module = f"cnnsum.layers.keras.{family}"
        members = [known for known in unique.values() if known.rule.__module__ == module]
        if members:
            yield f"{family}:"
            for known in members:
                summary = " ".join(known.doc.split("\n\n")[0].split())
                yield f"  {known.name:<24} {summary if len(summary) <= 92 else summary[:91] + '…'}"


def _reference(known: LayerType) -> Iterator[str]:
    """The signature, the documentation and every field of one type."""
    from inspect import cleandoc

    from cnnsum.layers.base import REQUIRED
    from cnnsum.layers.kinds import show

    yield known.name + (f"  (also {', '.join(known.aliases)})" if known.aliases else "")
    yield ""
    yield from cleandoc(known.doc).split("\n")
    fields = known.schema.fields.values()
    if fields:
        yield ""
        yield "Fields, in their order:"
        width = max(len(field.name) for field in fields)
        for field in fields:
            is_required = field.default is REQUIRED
            default = "required" if is_required else f"default {show(field.kind.spelled(field.default))}"
            null = " or null" if field.optional else ""
            yield f"  {field.name:<{width}}  {field.kind.expects}{null}; {default}"
