"""`cnnsum layers [NAME]`: the reference of layer types, from their declarations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cnnsum.layers.base import LayerType
    from cnnsum.layers.vocabulary import Vocabulary


@click.command(name="layers", short_help="The reference of layer types.")
@click.argument("name", required=False)
@click.option("--framework", metavar="NAME", help="Those of one framework alone, keras or torch.")
def command(name: str | None, framework: str | None) -> None:
    """Print the layer types, or the documentation and the fields of one."""
    from cnnsum.cli.output import standard_output, terminal_columns, write_plain
    from cnnsum.diagnostics import did_you_mean
    from cnnsum.layers.vocabulary import VOCABULARIES

    if framework is not None and framework not in VOCABULARIES:
        message = f"{framework!r} is not one of {', '.join(VOCABULARIES)}."
        raise click.BadParameter(message, param_hint="--framework")
    asked = [one for one in VOCABULARIES.values() if framework in (None, one.name)]
    lines: Iterable[str]
    if name is None:
        lines = chain.from_iterable(map(_listing, asked))
    elif found := [known for one in asked if (known := one.find(name)) is not None]:
        lines = _reference(found)
    else:
        of = f" of {asked[0].title}" if framework else ""
        help = did_you_mean(name, [key for one in asked for key in one.all_types()])
        raise click.UsageError(f"there is no layer type `{name}`{of}" + (f" ({help})" if help else ""))
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


def _listing(vocabulary: Vocabulary) -> Iterator[str]:
    """The types of a framework by family, each with the first sentence of its documentation."""
    unique = {known.key: known for known in vocabulary.all_types().values()}
    from cnnsum.layers.vocabulary import KERAS

    named = f", {vocabulary.title}" if vocabulary is not KERAS else ""
    for family in vocabulary.families:
        module = vocabulary.module(family)
        members = [known for known in unique.values() if known.rule.__module__ == module]
        if members:
            yield f"{family}{named}:"
            for known in members:
                summary = " ".join(known.doc.split("\n\n")[0].split())
                yield f"  {known.name:<24} {summary if len(summary) <= 92 else summary[:91] + '…'}"


def _reference(found: list[LayerType]) -> Iterator[str]:
    """The signature, the documentation and every field of a type, in each framework that has one of that name."""
    from cnnsum.layers.vocabulary import KERAS

    for index, known in enumerate(found):
        if index:
            yield ""
        if len(found) > 1 or known.vocabulary is not KERAS:
            yield f"{known.vocabulary.title} (`framework: {known.vocabulary.name}`)"
            yield ""
        yield from _of_type(known)


def _of_type(known: LayerType) -> Iterator[str]:
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
