"""One word, one meaning: what the same thing is called in code, messages and documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
#: A word that means something else here, and what is to be said.
WORDS = {
    # A sample is an element of the batch.
    r"(?i)(?:in|out)put samples?\b": "positions, or pixels, along an axis",
    r"\bsamples? (?:on|along|of) (?:each |every )?axis": "positions, or pixels, along an axis",
    r"\b(?:sample by sample|sample after sample|half a sample|second sample)\b": "positions along an axis",
    r"\b(?:must leave|needs at least \d+|pooling of one|windows of one|kernel of one) samples?\b": "positions",
    r"(?<!there )\b(?:is|are) none of (?:[ai]|the|their|ours|these|Keras)\b": "is not one of",
    r"(?:what|it|they|text|file|these) (?:is|are) none\b": "is not one",
    r"(?<!here )\b(?:is|are) no (?:part|text|texts|error|value|type|answer|use|guess|help)\b": "is not a",
    # A measure has its title in one place.
    r"[\"'`](?:[mM]emory of (?:weights|training|inference)|[tT]raining memory)[\"'`]": "Measure.title",
    r"\bcounted\([^()]*(?:\([^()]*\))?[^()]*, .sample.\)": "counted(…, 'position')",
}


def texts() -> Iterator[Path]:
    for folder, pattern in ((".", "README.md"), ("docs", "*.md"), ("cnnsum", "**/*.py"), ("cnnsum", "**/*.json")):
        yield from (ROOT / folder).glob(pattern)


@pytest.mark.parametrize("said", WORDS)
def test_a_word_has_one_meaning(said: str) -> None:
    pattern = re.compile(said)
    found = [
        f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}"
        for path in texts()
        if path.name != "measures.py"
        for text in (path.read_text(encoding="utf-8"),)
        for match in pattern.finditer(text)
    ]
    assert not found, f"say: {WORDS[said]}"
