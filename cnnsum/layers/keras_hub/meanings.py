"""What the fields of KerasHub's layers mean (`cnnsum.layers.meanings`). None of them has a role: no advice is given."""

from __future__ import annotations

from cnnsum.layers.meanings import Meaning, Meanings

_FIELDS: dict[Meaning, tuple[str, ...]] = {
    "activation": ("activation", "intermediate_activation"),
    "layout": ("data_format",),
    "stride": ("strides",),
}

MEANINGS = Meanings(_FIELDS, {}, {}, {}, {"kernel_size": "kernel", "strides": "stride"})
