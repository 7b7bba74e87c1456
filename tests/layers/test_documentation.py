"""The sentences of documentation that `explain` takes apart: each type has those that it needs, under a known head."""

from __future__ import annotations

import re

from cnnsum.answers.explain.reasons import HEADS, WHAT, reasons
from cnnsum.layers.base import LayerType
from cnnsum.layers.vocabulary import TORCH, VOCABULARIES
from tests.thorough import in_batches

TYPES = [
    known
    for vocabulary in VOCABULARIES.values()
    for key, known in vocabulary.all_types().items()
    if key == known.key and known.rule.__module__ != "__main__"
]
#: What reads like a head: a word or two, and a colon, at the beginning of a sentence that is not the first.
_LIKE_A_HEAD = re.compile(r"(?<=[.)] )([A-Z][A-Za-z]*(?: [a-z]+)?):")


@in_batches(TYPES, lambda known: f"{known.vocabulary.name} {known.key}", 4)
def test_heads(known: LayerType) -> None:
    """A misspelt head ("MAC:") would make its sentence a part of the one before."""
    text = " ".join(known.doc.split())
    assert set(_LIKE_A_HEAD.findall(text)) <= HEADS.keys()
    found = reasons(known)
    assert found[WHAT]
    if known.vocabulary is TORCH and known.is_operation:
        return  # the weights of an operation of a program are inputs, and hundreds of them are lines of a table
    assert "weights" in found, "every type says which weights it has, or that it has none"
    assert "nothing kept" in text or "kept" in found or "no work" in text, "and what backpropagation keeps"
