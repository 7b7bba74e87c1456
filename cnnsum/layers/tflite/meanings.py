"""What the options of TensorFlow Lite's operators mean (`cnnsum.layers.meanings`).

No type of this vocabulary has a role: advice is on the modules that a program is made into. What is told of a layer's
fields asks all the same, and so do rules about modules, of the operators behind them.
"""

from __future__ import annotations

from cnnsum.layers.meanings import Meaning, Meanings, axes_in

_FIELDS: dict[Meaning, tuple[str, ...]] = {
    "padding": ("padding",),
    "activation": ("fused_activation_function",),
    "axes": ("axis",),
    "multiplier": ("depth_multiplier",),
}

MEANINGS = Meanings(_FIELDS, {("", "axes"): axes_in}, {}, {})
