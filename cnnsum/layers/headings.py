"""The words with which the sentences of a rule's docstring begin, and what each sentence is about.

`cnnsum explain` reads them; a plugin's are looked at when it is loaded, and cnnsum's own by a test.
"""

from __future__ import annotations

#: The subject of a sentence, by its first words.
HEADS = {
    "Lengths": "lengths",
    "Weights": "weights",
    "No weights": "weights",
    "MACs": "macs",
    "Operations": "operations",
    "Bias": "operations",
    "Backpropagation": "kept",
    "Nothing kept": "kept",
    "Has no gradient": "kept",
}
