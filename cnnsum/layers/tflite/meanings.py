"""What the options of TensorFlow Lite's operators mean (`cnnsum.layers.meanings`).

No type of this vocabulary has a role, as no advice is given on programs; what is told of a layer's fields asks all the
same.
"""

from __future__ import annotations

from cnnsum.layers.meanings import Meaning, Meanings

_FIELDS: dict[Meaning, tuple[str, ...]] = {
    "padding": ("padding",),
    "activation": ("fused_activation_function",),
    "axes": ("axis",),
}

MEANINGS = Meanings(_FIELDS, {}, {}, {})
