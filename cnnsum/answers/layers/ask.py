"""Which layer types there are, and what each is: `layers`, from their declarations, and the records that it gives.

Words of specs are listed where nothing is asked for; operations and layers of files alone where these are. Knows no
format and no screen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from inspect import cleandoc

from cnnsum.diagnostics import did_you_mean, folded
from cnnsum.layers.base import REQUIRED, LayerType
from cnnsum.layers.foreign import bare
from cnnsum.layers.kinds import show
from cnnsum.layers.vocabulary import EVERY, KERAS, VOCABULARIES, Vocabulary
from cnnsum.typed import NamedTuple

#: Fields of operations of files that stand for no attribute: which version it is of, how many outputs it has.
_BY_READER = ("opset", "outputs")


class Field(NamedTuple):
    """A field of a type. expects: what it may be, null included. default: as a file has it, None where it has none."""

    name: str
    expects: str
    default: str | None


class Described(NamedTuple):
    """A type. framework: whose it is, "" where that need not be said. inputs: their names, of an operation of files;
    None of a word of specs.
    """

    framework: str
    name: str
    aliases: tuple[str, ...]
    doc: str
    inputs: tuple[str, ...] | None
    fields: tuple[Field, ...]


class Family(NamedTuple):
    """Types of a module. framework: as of `Described`. types: names, each with the first words of its documentation."""

    name: str
    framework: str
    types: tuple[tuple[str, str], ...]


class Meant(NamedTuple):
    """What a word of another library is in a framework: what is to be said of it, and the type, where it is one."""

    framework: str
    says: str
    type: Described | None


class Reference(NamedTuple):
    """What is known of a word: the types of that name, and what it means elsewhere. Without a word, the families."""

    word: str | None
    families: tuple[Family, ...] = ()
    found: tuple[Described, ...] = ()
    meant: tuple[Meant, ...] = ()


def layers(word: str | None = None, framework: str | None = None) -> Reference:
    """The types by family, or all that a word stands for: types of that name, and what it means in each framework that
    has none. framework: one of `EVERY`, for those of one alone.

    Raises LookupError for a word that nothing is known of.
    """
    asked = [one for one in EVERY.values() if framework == one.name] or [*VOCABULARIES.values()]
    if word is None:
        return Reference(None, tuple(family for one in asked for family in _families(one)))
    found = [known for one in asked if (known := one.find_word(word)) is not None]
    if found:
        meant = _meant(word, [one for one in asked if one.find_word(word) is None])
        return Reference(word, found=_described(found), meant=meant)
    of_files = [known for one in EVERY.values() if "." in word and (known := one.find_word(word)) is not None]
    if of_files:
        return Reference(word, found=_described(of_files))
    meant = _meant(word, asked)
    if not meant:
        of = f" of {asked[0].title}" if framework else ""
        help = did_you_mean(word, [key.removeprefix(f"{one.domain}.") for one in asked for key in one.all_types()])
        raise LookupError(f"there is no layer type `{word}`{of}" + (f" ({help})" if help else ""))
    return Reference(word, meant=meant)


def _families(vocabulary: Vocabulary) -> Iterator[Family]:
    unique = {known.key: known for known in vocabulary.all_types().values()}
    for family in vocabulary.lists.families:
        module = vocabulary.module(family)
        members = [known for known in unique.values() if known.rule.__module__ == module]
        if members:
            types = tuple([(_shown(known), " ".join(known.doc.split("\n\n")[0].split())) for known in members])
            yield Family(family, "" if vocabulary is KERAS else vocabulary.title, types)


def _meant(word: str, asked: Sequence[Vocabulary]) -> tuple[Meant, ...]:
    """What a word of another library is in frameworks that have no type of that name, where anything is known of it."""
    told = []
    for vocabulary in asked:
        if vocabulary.domain:
            continue  # a file's operations have no foreign words
        types = {folded(key): key for key in vocabulary.all_types() if "." not in key}
        own = types.get(folded(bare(word)))
        meant = None if own is not None else vocabulary.meant(word, lambda _: None)
        own = own or (None if meant is None else meant.only)
        known = None if own is None else vocabulary.find(own)
        if known is not None or meant is not None:
            says = f"`{own}`" if meant is None else str(meant).replace(" here", "", 1)
            told.append(Meant(vocabulary.title, says, None if known is None else _of_type(known)))
    return tuple(told)


def _described(found: Sequence[LayerType]) -> tuple[Described, ...]:
    """The types of a name, each with its framework, unless it is a word of Keras's alone."""
    if len(found) == 1 and found[0].vocabulary is KERAS:
        return (_of_type(found[0]),)
    told = []
    for known in found:
        vocabulary = known.vocabulary
        framework = vocabulary.title + ("" if vocabulary.domain else f" (`framework: {vocabulary.name}`)")
        told.append(_of_type(known)._replace(framework=framework))
    return tuple(told)


def _of_type(known: LayerType) -> Described:
    is_of_files = bool(known.vocabulary.domain)
    # What a reader says of a node beside its attributes is not one of these.
    fields = [one for one in known.schema.fields.values() if not (is_of_files and one.name in _BY_READER)]
    return Described(
        "",
        _shown(known),
        tuple(known.aliases),
        cleandoc(known.doc),
        tuple(known.schema.inputs) if is_of_files else None,
        tuple(
            [
                Field(
                    field.name,
                    f"{field.kind.expects}{' or null' if field.optional else ''}",
                    None if field.default is REQUIRED else show(field.kind.spelled(field.default)),
                )
                for field in fields
            ]
        ),
    )


def _shown(known: LayerType) -> str:
    """The name of a type, with its domain where that is not what most of its vocabulary have."""
    domain = known.vocabulary.domain
    return known.key if domain and known.key != f"{domain}.{known.name}" else known.name
