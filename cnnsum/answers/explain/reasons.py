"""Why a number is what it is, in the words of the layer's own documentation.

The docstring of a rule begins with what the layer does. Then come sentences that each begin with their subject:
"Lengths:", "Weights:", "MACs:", "Operations:", "Bias:", "Backpropagation keeps"; what follows one, up to the next,
belongs to it. "With `lora_rank`" and its like begin what holds of layers alone that have set that field, of the subject
before it. `Lengths as in Conv2D.` stands for the sentence of that type.
"""

from __future__ import annotations

import re
from functools import lru_cache

from cnnsum.layers.base import LayerType, find
from cnnsum.layers.headings import HEADS

_HEAD = re.compile(rf"(?:^|(?<=[.)] ))(?:({'|'.join(sorted(HEADS, key=len, reverse=True))})\b|With `(\w+)`)")
_ELSEWHERE = re.compile(r"^Lengths as in (\w+)")

WHAT = "what"


@lru_cache(512)
def reasons(layer_type: LayerType, used: frozenset[str] | None = None) -> dict[str, str]:
    """Sentences by their subject: "what" (the layer does), "lengths", "weights", "macs", "operations", "kept".

    used: the fields that a layer has set; what others do is left out.

    >>> from cnnsum.layers.base import find
    >>> reasons(find("Identity"))["what"]
    'Give the input as it is.'
    """
    if layer_type.rule.__module__.startswith("cnnsum.readers."):
        return {WHAT: "A layer type that the file declares for itself, or another file for it."}
    if not layer_type.doc:
        return {WHAT: "A layer type of a plugin."}
    text = " ".join(layer_type.doc.split())
    matches = list(_HEAD.finditer(text))
    paragraph = " ".join(layer_type.doc.split("\n\n")[0].split())
    found = {WHAT: text[: matches[0].start()].strip() if matches and matches[0].start() < len(paragraph) else paragraph}
    ends = [*(match.start() for match in matches[1:]), len(text)]
    about = WHAT
    for match, end in zip(matches, ends, strict=False):
        about = about if match[1] is None else HEADS[match[1]]
        if match[1] is None and (about == WHAT or (used is not None and match[2] not in used)):
            continue
        sentence = text[match.start() : end].strip()
        elsewhere = _ELSEWHERE.match(sentence)
        other = find(elsewhere[1]) if elsewhere else None
        if other is not None:
            sentence = reasons(other, used).get(about, sentence)
        found[about] = f"{found[about]} {_plain(sentence)}" if about in found else _plain(sentence)
    return found


def _plain(sentence: str) -> str:
    """The sentence without its label; "Bias: one addition" keeps it, for it says whose addition that is."""
    label, colon, rest = sentence.partition(": ")
    if colon and label in HEADS and label != "Bias":
        return rest[:1].upper() + rest[1:]
    return sentence
