"""`cnnsum layers [NAME]`: the reference of layer types, from their declarations.

Words of specs are listed where nothing is asked for; operations and layers of files alone (`onnx`, `tflite`,
`keras_hub`) where these are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

import click

from cnnsum.cli.options import no_pager
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.layers.base import LayerType
    from cnnsum.layers.vocabulary import Vocabulary


#: Fields of operations of files that stand for no attribute: which version it is of, how many outputs it has.
_BY_READER = ("opset", "outputs")


@click.command(name="layers")
@click.argument("name", required=False)
@click.option("--framework", metavar="NAME", help="Those of one alone: keras, torch; onnx, tflite, keras_hub.")
@no_pager
def command(name: str | None, framework: str | None, pager: bool) -> None:
    """Print the layer types, or the documentation and the fields of one."""
    from cnnsum.cli.output import standard_output, write_standard
    from cnnsum.cli.terminal import terminal_columns
    from cnnsum.diagnostics import did_you_mean
    from cnnsum.layers.vocabulary import EVERY, VOCABULARIES

    if framework is not None and framework not in EVERY:
        message = f"{framework!r} is not one of {', '.join(EVERY)}."
        raise click.BadParameter(message, param_hint="--framework")
    asked = [one for one in EVERY.values() if framework == one.name] or [*VOCABULARIES.values()]
    lines: Iterable[str]
    if name is None:
        lines = chain.from_iterable(map(_listing, asked))
    elif found := [known for one in asked if (known := one.find_word(name)) is not None]:
        lines = chain(_reference(found), _of_others(name, [one for one in asked if one.find_word(name) is None]))
    elif of_files := [known for one in EVERY.values() if "." in name and (known := one.find_word(name)) is not None]:
        lines = _reference(of_files)
    elif meant := _of_others(name, asked):
        lines = meant[1:]
    else:
        of = f" of {asked[0].title}" if framework else ""
        help = did_you_mean(name, [key.removeprefix(f"{one.domain}.") for one in asked for key in one.all_types()])
        raise click.UsageError(f"there is no layer type `{name}`{of}" + (f" ({help})" if help else ""))
    if standard_output().isatty():
        lines = _fitted(lines, terminal_columns(), name is None)
    write_standard("never", lambda: ("\n".join(lines) + "\n",), pager=pager)


def _of_others(name: str, asked: list[Vocabulary]) -> list[str]:
    """What a word of another library is in the frameworks that have no type of that name, and the type itself."""
    from cnnsum.diagnostics import folded
    from cnnsum.layers.foreign import bare

    lines: list[str] = []
    for vocabulary in asked:
        if vocabulary.domain:
            continue  # a file's operations have no foreign words
        types = {folded(key): key for key in vocabulary.all_types() if "." not in key}
        own = types.get(folded(bare(name)))
        meant = None if own is not None else vocabulary.meant(name, lambda _: None)
        own = own or (None if meant is None else meant.only)
        known = None if own is None else vocabulary.find(own)
        if known is None and meant is None:
            continue
        says = f"`{own}`" if meant is None else str(meant).replace(" here", "", 1)
        lines += ["", f"`{name}` in the words of {vocabulary.title}: {says}"]
        if known is not None:
            lines += ["", *_of_type(known)]
    return lines


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
    for family in vocabulary.lists.families:
        module = vocabulary.module(family)
        members = [known for known in unique.values() if known.rule.__module__ == module]
        if members:
            yield f"{family}{named}:"
            for known in members:
                summary = " ".join(known.doc.split("\n\n")[0].split())
                yield f"  {_shown(known):<24} {summary if len(summary) <= 92 else summary[:91] + '…'}"


def _shown(known: LayerType) -> str:
    """The name of a type, with its domain where that is not what most of its vocabulary have."""
    domain = known.vocabulary.domain
    return known.key if domain and known.key != f"{domain}.{known.name}" else known.name


def _reference(found: list[LayerType]) -> Iterator[str]:
    """The signature, the documentation and every field of a type, in each framework that has one of that name."""
    from cnnsum.layers.vocabulary import KERAS

    for index, known in enumerate(found):
        if index:
            yield ""
        if len(found) > 1 or known.vocabulary is not KERAS:
            is_of_files = bool(known.vocabulary.domain)
            yield known.vocabulary.title + ("" if is_of_files else f" (`framework: {known.vocabulary.name}`)")
            yield ""
        yield from _of_type(known)


def _of_type(known: LayerType) -> Iterator[str]:
    from inspect import cleandoc

    from cnnsum.layers.base import REQUIRED
    from cnnsum.layers.kinds import show

    yield _shown(known) + (f"  (also {', '.join(known.aliases)})" if known.aliases else "")
    yield ""
    yield from cleandoc(known.doc).split("\n")
    # What a reader says of a node beside its attributes is not one of these.
    fields = [one for one in known.schema.fields.values() if not (known.vocabulary.domain and one.name in _BY_READER)]
    if known.vocabulary.domain:
        yield ""
        yield f"Inputs: {', '.join(known.schema.inputs) or 'none'}"
    if fields:
        yield ""
        yield "Attributes:" if known.vocabulary.domain else "Fields, in their order:"
        width = max(len(field.name) for field in fields)
        for field in fields:
            is_required = field.default is REQUIRED
            default = "required" if is_required else f"default {show(field.kind.spelled(field.default))}"
            null = " or null" if field.optional else ""
            yield f"  {field.name:<{width}}  {field.kind.expects}{null}; {default}"
