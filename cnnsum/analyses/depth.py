"""Depth: how many layers that compute with weights lie one behind the other.

Knows calls and facts; no file and no screen.
"""

from __future__ import annotations

from cnnsum.dims import UNKNOWN, Dim, Unknown
from cnnsum.graph.infer import Call, Inference


def depth(inference: Inference) -> Dim:
    """Layers with weights and multiply-accumulates on the path from an input to an output that has the most of them.

    That is how networks are named after their depth: VGG-16, ResNet-50 and DenseNet-121 have 16, 50 and 121.
    Convolutions, dense and recurrent layers and attention count once per call on the path; normalisations and
    embeddings multiply nothing and do not count. UNKNOWN where a layer is not known, for it may be on the path.
    """
    if not inference.inputs or any(call.facts.status == "unknown" for call in inference.calls):
        return UNKNOWN
    depths = [0] * len(inference.values)
    for call in inference.calls:
        here = max([depths[number] for number in call.inputs], default=0) + _counts(call)
        for number in call.outputs:
            depths[number] = here
    return max([depths[number] for number in inference.outputs], default=0)


def _counts(call: Call) -> bool:
    macs = call.facts.macs
    return bool(call.facts.weights) and not isinstance(macs, Unknown) and macs != 0
