"""Rows of architecture files that hold a network of torchvision: what it is made of, as a block.

Its children stand one behind the other, and a row may leave out the last of them, or give what each of them makes.
Knows the words of `modules.yaml`; nothing of rows and graphs.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnnsum.typed import Any

Item = dict[str, Any]

#: Of each residual network: the stage of its blocks, how many times as many channels they give as they hold, and how
#: many blocks its four stages have. K. He et al., "Deep Residual Learning", 2016, Table 1.
NETWORKS: dict[str, tuple[str, int, tuple[int, int, int, int]]] = {
    "resnet18": ("BasicStage", 1, (2, 2, 2, 2)),
    "resnet34": ("BasicStage", 1, (3, 4, 6, 3)),
    "resnet50": ("DeepStage", 4, (3, 4, 6, 3)),
    "resnet101": ("DeepStage", 4, (3, 4, 23, 3)),
    "resnet152": ("DeepStage", 4, (3, 8, 36, 3)),
}


def block_of(args: Sequence[object], channels: int) -> Item | None:
    """The block of a row; None where the network, or what the row asks of it, is not known.

    args: the network, the name of its weights, whether its children are taken apart, how many of the last of them are
    left out, and whether what each of them gives is a result.
    """
    model, _weights, apart, less, split = (*args, *(None, "DEFAULT", True, 2, False)[len(args) :])[:5]
    if model not in NETWORKS or not apart or type(less) is not int or not 0 < less < 10:
        return None
    children = _children(*NETWORKS[model], channels)[:-less]
    names = [str(at) for at in range(len(children))]
    layers = [
        {type: {**body, "name": f"m_{at}"}}
        for at, one in zip(names, children, strict=True)
        for type, body in one.items()
    ]
    return {"layers": layers, "output": ["input", *(f"m_{at}" for at in names)] if split else [f"m_{names[-1]}"]}


def _children(stage: str, times: int, blocks: Sequence[int], channels: int) -> list[Item]:
    conv = {"in_channels": channels, "out_channels": 64, "kernel_size": 7, "stride": 2, "padding": 3, "bias": False}
    children: list[Item] = [{"Conv2d": conv}, {"BatchNorm2d": {}}, {"ReLU": {}}]
    children.append({"MaxPool2d": {"kernel_size": 3, "stride": 2, "padding": 1}})
    c1 = 64
    for at, n in enumerate(blocks):
        children.append({stage: {"c1": c1, "c2": 64 << at, "s": 2 if at else 1, "n": n}})
        c1 = times * (64 << at)
    return [*children, {"AdaptiveAvgPool2d": {"output_size": 1}}, {"Linear": {"out_features": 1000}}]
