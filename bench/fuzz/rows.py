"""Architecture files of Ultralytics, YOLOv5 and YOLOv7 at random: rows that mostly fit, of all modules with a block."""

from __future__ import annotations

from random import Random
from typing import Any

#: Modules of a backbone, and what may follow their channels.
_MODULES: dict[str, tuple[tuple[Any, ...], ...]] = {
    "Conv": ((), (3, 2), (1, 1), (3, 1, None, 4)),
    "C2f": ((), (True,), (True, 1, 0.25)),
    "C3": ((), (False,)),
    "C3k2": ((), (True,), (False, 0.25), (True, 0.5, True)),
    "A2C2f": ((), (True, 4), (False, 1)),
    "C2fCIB": ((), (True, True)),
    "C3Ghost": ((),),
    "C3TR": ((),),
    "C3x": ((),),
    "RepC3": ((),),
    "BottleneckCSP": ((),),
    "C1": ((),),
    "C2": ((), (True, 1, 0.5)),
    "GhostConv": ((), (3, 2)),
    "Focus": ((), (3,)),
    "DWConv": ((), (3, 2)),
    "SPP": ((), ([5, 9, 13],)),
    "SPPF": ((), (5,), (5, 3, True)),
    "SPPELAN": ((64,),),
    "RepNCSPELAN4": ((64, 32, 1),),
    "ELAN1": ((64, 32),),
    "ADown": ((),),
    "AConv": ((),),
    "SCDown": ((3, 2),),
    "ConvTranspose": ((), (2, 2)),
    "nn.ConvTranspose2d": ((2, 2, 0),),
}
_HEADS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("Detect", ("nc",)),
    ("v10Detect", ("nc",)),
    ("Segment", ("nc", 32, 256)),
    ("Segment26", ("nc", 32, 256)),
    ("Pose", ("nc", "kpt_shape")),
    ("Pose26", ("nc", "kpt_shape")),
    ("OBB", ("nc", 1)),
    ("WorldDetect", ("nc", 512, False)),
    ("YOLOEDetect", ("nc", 512, True)),
    ("YOLOESegment", ("nc", 32, 256, 512, True)),
    ("RTDETRDecoder", ("nc",)),
    ("Depth", (64,)),
    ("SemanticSegment", ("nc",)),
    ("Classify", ("nc",)),
)

#: Modules and heads of files with anchors, YOLOv5's and YOLOv7's.
_ANCHORED: dict[str, tuple[tuple[Any, ...], ...]] = {
    "Conv": ((), (3, 2), (6, 2, 2), (3, 1, None, 1, "nn.LeakyReLU(0.1)"), ([1, 1],)),
    "Bottleneck": ((), (False,)),
    "BottleneckCSP": ((), (False,)),
    "C3": ((), (False,)),
    "SPP": (([5, 9, 13],),),
    "SPPF": ((5,),),
    "SPPCSPC": ((),),
    "RepConv": ((3, 1), ()),
    "DownC": ((),),
    "Stem": ((3, 2),),
    "BottleneckCSPA": ((),),
    "BottleneckCSPB": ((),),
    "BottleneckCSPC": ((False,),),
    "ResCSPA": ((),),
    "ResCSPB": ((),),
    "ResXCSPC": ((),),
    "MP": ((),),
    "SP": ((9,),),
    "ReOrg": ((),),
}
_ANCHORED_HEADS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("Detect", ("nc", "anchors")),
    ("IDetect", ("nc", "anchors")),
    ("IAuxDetect", ("nc", "anchors")),
    ("Segment", ("nc", "anchors", 32, 256)),
)


def rows(chance: Random) -> dict[str, Any]:
    """The value of a file."""
    count = chance.randint(2, 14)
    anchored = chance.random() < 0.3
    modules = _ANCHORED if anchored else _MODULES
    found: list[list[Any]] = [[-1, 1, "Conv", [chance.choice((16, 32, 64)), 3, 2]]]
    for number in range(1, count):
        roll = chance.random()
        if roll < 0.12:
            found.append([-1, 1, "nn.Upsample", [None, 2, "nearest"]])
        elif roll < 0.3:
            found.append([[-1, chance.randrange(number)], 1, "Concat", [1]])
        else:
            module = chance.choice([*modules])
            source = -1 if chance.random() < 0.85 else chance.randrange(number)
            args = chance.choice(modules[module])
            if module not in ("MP", "SP", "ReOrg"):
                args = (chance.choice((32, 64, 128, 256)), *args)
            found.append([source, chance.choice((1, 1, 2, 3)), module, [*args]])
    head, args = chance.choice(_ANCHORED_HEADS if anchored else _HEADS)
    levels = 1 if head == "Classify" else chance.randint(1, 3)
    found.append([[chance.randrange(count) for _ in range(levels)] if levels > 1 else [count - 1], 1, head, [*args]])
    cut = chance.randrange(1, len(found))
    value: dict[str, Any] = {"nc": chance.choice((1, 80)), "backbone": found[:cut], "head": found[cut:]}
    if anchored:
        pairs = [chance.randint(4, 400) for _ in range(2 * chance.randint(1, 4))]
        value["anchors"] = chance.choice((3, [pairs] * levels))
        value.update(depth_multiple=chance.choice((0.33, 1.0)), width_multiple=chance.choice((0.25, 1.0)))
    elif chance.random() < 0.6:
        value["scales"] = {"n": [0.33, 0.25, 1024], "x": [1.0, 1.5, 512]}
    if "kpt_shape" in args or chance.random() < 0.1:
        value["kpt_shape"] = [17, 3]
    for key, choices in (
        ("reg_max", (1, 16)),
        ("end2end", (True, False)),
        ("activation", ("nn.ReLU()", "torch.nn.LeakyReLU(0.1)")),
    ):
        if chance.random() < 0.2:
            value[key] = chance.choice(choices)
    return value
