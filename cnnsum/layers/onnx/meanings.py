"""What the attributes of ONNX's operations mean (`cnnsum.layers.meanings`).

No type of this vocabulary has a role: advice is on the modules that a program is made into. What is told of a layer's
fields asks all the same, and so do rules about modules, of the operations behind them.
"""

from __future__ import annotations

from cnnsum.layers.meanings import Meaning, Meanings, axes_in

_FIELDS: dict[Meaning, tuple[str, ...]] = {
    "kernel": ("kernel_shape",),
    "stride": ("strides",),
    "dilation": ("dilations",),
    "groups": ("group",),
    "axes": ("axis",),
    "parts": ("num_groups",),
    "heads": ("num_heads", "q_num_heads"),
    "order": ("perm",),
    "result": ("output_shape",),
    "interpolation": ("mode",),
}

MEANINGS = Meanings(_FIELDS, {("", "axes"): axes_in}, {}, {}, {"strides": "stride"})
