"""Mending files: round after round until nothing is left that can be mended, and only if it did good.

Gives texts; the caller writes them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from cnnsum.diagnostics import Diagnostic, UnusableError
from cnnsum.lint.checking import check_document
from cnnsum.lint.fix import Fix, applied, fixes
from cnnsum.lint.settings import Settings
from cnnsum.source import Document, read, read_text
from cnnsum.typed import NamedTuple

#: What is found of types, fields and values by place that the framework of a spec has not.
_WORDS = ("UNK701", "CFG103", "CFG104")
#: Mending a name may bring to light what the wrong one hid; more rounds than this nobody needs.
_MOST_ROUNDS = 20
#: Fixes of a round that are tried one by one where all of them together do no good.
_MOST_ALONE = 50


class Mended(NamedTuple):
    """A file that was mended: its text before and after, and what was done. left: fixes that are not safe.

    was, data: both texts as the file has them, in its encoding. why: why nothing can be mended in it, if that is so.
    """

    path: str
    before: str
    after: str
    was: bytes
    data: bytes
    done: tuple[Fix, ...]
    left: int
    why: str = ""


def mend(path: str, settings: Settings, *, unsafe: bool = False) -> Mended | None:
    """Mend a file; None where nothing can be mended, or the file cannot be read.

    unsafe: also what may change the network. A round after which there are more errors than before, or after which
    something that it mended is still there, is taken back. Of a spec in the words of another framework all names are
    mended or none: half of each is worse than either.
    """
    if not os.path.isfile(path):
        return None  # what comes through a pipe cannot be read twice
    try:
        document = read(path)
    except UnusableError:
        return _alone(path, "cannot be read")
    found = _Rounds(document, check_document(document, settings).findings, (), 0)
    mended = _mended(found, settings, unsafe=unsafe)
    if _is_half(found, mended):
        whole = not unsafe and not _is_half(found, _mended(found, settings, unsafe=True))
        mended = _mended(found, settings, unsafe=unsafe, names=False)
        mended = mended._replace(left=mended.left if whole else 0)
    if not mended.done and not mended.left:
        return None
    if not document.is_all_of_its_file:
        return _alone(path, "is more than a text, or has changed")
    before, after = document.text, mended.document.text
    return Mended(path, before, after, document.encoded(before), document.encoded(after), mended.done, mended.left)


def _alone(path: str, why: str) -> Mended:
    """A file that is left alone."""
    return Mended(path, "", "", b"", b"", (), 0, why)


class _Rounds(NamedTuple):
    """A document with what is wrong in it, what was mended before it was so, and how many fixes were left out."""

    document: Document
    findings: tuple[Diagnostic, ...]
    done: tuple[Fix, ...]
    left: int


def _mended(start: _Rounds, settings: Settings, *, unsafe: bool, names: bool = True) -> _Rounds:
    """Round after round until nothing can be mended. names: whether names are, and not only fields given values."""
    document, found = start.document, start.findings
    done: list[Fix] = []
    left = 0
    for _ in range(_MOST_ROUNDS):
        possible = fixes(document, found)
        chosen = [fix for fix in possible if (fix.safe or unsafe) and (names or fix.finding.mend is not None)]
        left = len(possible) - len(chosen)
        if not chosen:
            break
        good = _best(document, found, chosen, settings)
        if good is None:
            break
        fixed, document, found = good
        done += fixed
    return _Rounds(document, found, tuple(done), left)


def _best(
    document: Document, found: tuple[Diagnostic, ...], chosen: list[Fix], settings: Settings
) -> tuple[list[Fix], Document, tuple[Diagnostic, ...]] | None:
    """The fixes of a round that do good, with the text after them and what is found in it: all at once; where one of
    them does none, those together that do by themselves, as far as patience goes.
    """
    after = _after(document, found, chosen, settings)
    if after is not None:
        return chosen, *after
    if len(chosen) > 1:
        good = [fix for fix in chosen[:_MOST_ALONE] if _after(document, found, [fix], settings) is not None]
        for some in filter(None, (good, good[:1])):
            after = _after(document, found, some, settings)
            if after is not None:
                return some, *after
    return None


def _after(
    document: Document, found: tuple[Diagnostic, ...], chosen: list[Fix], settings: Settings
) -> tuple[Document, tuple[Diagnostic, ...]] | None:
    """The text with some fixes, and what is found in it; None where they did no good."""
    mended = _read_again(document, applied(document.text, (fix.edit for fix in chosen)))
    if mended is None:
        return None
    again = check_document(mended, settings).findings
    # What is right now may bring advice; but no new error, and what was mended must be gone. The same may come to
    # light elsewhere: in a layer whose type was not known before.
    gone = _moved(document, chosen)
    if _errors(again) > _errors(found) or any(_placed(mended, one) in gone for one in again):
        return None
    return mended, again


def _is_half(before: _Rounds, after: _Rounds) -> bool:
    """Whether names were mended in a spec in the words of another framework, and some are still that framework's."""
    named = any(fix.finding.mend is None for fix in after.done)
    left = any(one.code in _WORDS for one in after.findings)
    return named and left and _is_in_foreign_words(before.document.value)


def _is_in_foreign_words(spec: object) -> bool:
    """Whether types of a spec are those of another framework alone, and none is of its own alone."""
    from cnnsum.layers.vocabulary import VOCABULARIES
    from cnnsum.readers.native.spec import vocabulary_of

    own = vocabulary_of(spec).name if isinstance(spec, dict) else ""
    known = [{one.name for one in VOCABULARIES.values() if one.find(name) is not None} for name in _types_in(spec)]
    return any(names and own not in names for names in known) and {own} not in known


def _types_in(value: object, *, are_layers: bool = False) -> Iterator[str]:
    """What stands for types in the lists of layers of a spec."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if are_layers and len(value) == 1 and isinstance(key, str):
                yield key
            yield from _types_in(inner, are_layers=key == "layers")
    elif isinstance(value, list):
        for item in value:
            if are_layers and isinstance(item, str):
                yield item
            yield from _types_in(item, are_layers=are_layers)


def _read_again(document: Document, text: str) -> Document | None:
    try:
        return read_text(text, document.path)
    except UnusableError:
        return None


_Placed = tuple[str, str, int]


def _placed(document: Document, finding: Diagnostic) -> _Placed:
    """A finding with its place in the text."""
    span = finding.span
    at = document.offset(span.line, span.column) if span is not None and span.path == document.path else -1
    return finding.code, finding.message, at


def _moved(document: Document, chosen: list[Fix]) -> set[_Placed]:
    """The mended findings, where they would stand in the mended text."""
    moved = set()
    for fix in chosen:
        code, message, at = _placed(document, fix.finding)
        edits = [other.edit for other in chosen if other.edit.end <= at and other.edit.start < at]
        moved.add((code, message, at + sum(len(edit.text) - (edit.end - edit.start) for edit in edits)))
    return moved


def _errors(found: tuple[Diagnostic, ...]) -> int:
    return sum(one.severity == "error" for one in found)
