"""Networks of darknet as lists of layers, written here from what is published of them, and the text of their cfg."""

from __future__ import annotations

from typing import Any

Section = tuple[str, dict[str, Any]]


def text(size: int, sections: list[Section], channels: int = 3) -> str:
    """The cfg of a network for pictures of a size."""
    net: Section = ("net", {"batch": 1, "height": size, "width": size, "channels": channels})
    parts = [
        "\n".join([f"[{name}]", *(f"{key}={value}" for key, value in said.items())]) for name, said in [net, *sections]
    ]
    return "\n\n".join(parts) + "\n"


def conv(filters: int, size: int = 1, stride: int = 1, activation: str = "leaky", **more: Any) -> Section:
    said = {"batch_normalize": 1, "filters": filters, "size": size, "stride": stride, "pad": 1}
    return "convolutional", {**said, "activation": activation, **more}


def last(filters: int) -> Section:
    return "convolutional", {"size": 1, "stride": 1, "pad": 1, "filters": filters, "activation": "linear"}


def pool(size: int = 2, stride: int = 2) -> Section:
    return "maxpool", {"size": size, "stride": stride}


def route(*layers: int, **more: int) -> Section:
    return "route", {"layers": ", ".join(map(str, layers)), **more}


def add(layer: int = -3, activation: str = "linear") -> Section:
    return "shortcut", {"from": layer, "activation": activation}


def yolo(*mask: int, classes: int = 80) -> Section:
    return "yolo", {"mask": ",".join(map(str, mask)), "classes": classes, "num": 9}


UP: Section = ("upsample", {"stride": 2})
END: list[Section] = [("avgpool", {}), ("softmax", {"groups": 1})]


def pairs(wide: int, narrow: int, count: int, first: int = 3) -> list[Section]:
    """Convolutions of 3 and 1 in turn, beginning and ending with 3."""
    found = [conv(wide, first)]
    for _ in range(count):
        found += [conv(narrow), conv(wide, 3)]
    return found


def darknet19() -> list[Section]:
    """J. Redmon and A. Farhadi, "YOLO9000", 2017, table 6."""
    layers = [conv(32, 3), pool(), conv(64, 3), pool(), *pairs(128, 64, 1), pool(), *pairs(256, 128, 1), pool()]
    layers += [*pairs(512, 256, 2), pool(), *pairs(1024, 512, 2), last(1000)]
    return layers + END


def residual(filters: int, count: int, *, strided: bool = True) -> list[Section]:
    found = [conv(filters, 3, 2)] if strided else []
    for _ in range(count):
        found += [conv(filters // 2), conv(filters, 3), add()]
    return found


def backbone53() -> list[Section]:
    """J. Redmon and A. Farhadi, "YOLOv3", 2018, table 1."""
    found = [conv(32, 3)]
    for filters, count in ((64, 1), (128, 2), (256, 8), (512, 8), (1024, 4)):
        found += residual(filters, count)
    return found


def darknet53() -> list[Section]:
    return [*backbone53(), ("avgpool", {}), last(1000), ("softmax", {"groups": 1})]


def yolov3() -> list[Section]:
    layers = backbone53()
    for at, (filters, skip) in enumerate(((512, None), (256, 61), (128, 36))):
        if skip is not None:
            layers += [route(-4), conv(filters), UP, route(-1, skip)]
        layers += [conv(filters), conv(2 * filters, 3)] * 3
        layers += [last(255), yolo(*range(6 - 3 * at, 9 - 3 * at))]
    return layers


def yolov3_tiny() -> list[Section]:
    layers: list[Section] = []
    for filters in (16, 32, 64, 128, 256):
        layers += [conv(filters, 3), pool()]
    layers += [conv(512, 3), pool(2, 1), conv(1024, 3), conv(256), conv(512, 3), last(255), yolo(3, 4, 5)]
    return [*layers, route(-4), conv(128), UP, route(-1, 8), conv(256, 3), last(255), yolo(0, 1, 2)]


def partial(filters: int, count: int, *, first: bool = False) -> list[Section]:
    """A stage of CSPDarknet53: C.-Y. Wang et al., "CSPNet", 2020; half of the channels pass by."""
    half, inner = (filters, filters // 2) if first else (filters // 2, filters // 2)

    def mish(filters: int, size: int = 1, stride: int = 1) -> Section:
        return conv(filters, size, stride, "mish")

    layers = [mish(filters, 3, 2), mish(half), route(-2), mish(half)]
    for _ in range(count):
        layers += [mish(inner), mish(half, 3), add()]
    return [*layers, mish(half), route(-1, -(3 * count + 4)), mish(filters)]


def yolov4() -> list[Section]:
    """A. Bochkovskiy et al., "YOLOv4", 2020."""
    layers = [conv(32, 3, 1, "mish"), *partial(64, 1, first=True)]
    ends = []
    for filters, count in ((128, 2), (256, 8), (512, 8), (1024, 4)):
        layers += partial(filters, count)
        ends.append(len(layers) - 1)
    layers += [conv(512), conv(1024, 3), conv(512)]
    layers += [pool(5, 1), route(-2), pool(9, 1), route(-4), pool(13, 1), route(-1, -3, -5, -6)]
    layers += [conv(512), conv(1024, 3), conv(512)]
    held = [len(layers) - 1]
    for filters, end in ((256, ends[2]), (128, ends[1])):
        layers += [conv(filters), UP, route(end), conv(filters), route(-1, -3)]
        layers += [conv(filters), conv(2 * filters, 3), conv(filters), conv(2 * filters, 3), conv(filters)]
        held.append(len(layers) - 1)
    layers += [conv(256, 3), last(255), yolo(0, 1, 2)]
    for filters, skip, at in ((256, held[1], 3), (512, held[0], 6)):
        layers += [route(-4), conv(filters, 3, 2), route(-1, skip)]
        layers += [conv(filters), conv(2 * filters, 3), conv(filters), conv(2 * filters, 3), conv(filters)]
        layers += [conv(2 * filters, 3), last(255), yolo(at, at + 1, at + 2)]
    return layers


def yolov2() -> list[Section]:
    """J. Redmon and A. Farhadi, "YOLO9000", 2017: Darknet-19, and a map from before with squares as channels."""
    layers = [*darknet19()[:23], conv(1024, 3), conv(1024, 3), route(-9), conv(64), ("reorg", {"stride": 2})]
    layers += [route(-1, -4), conv(1024, 3), last(425)]
    return [*layers, ("region", {"classes": 80, "coords": 4, "num": 5})]


def resnet(counts: tuple[int, ...]) -> list[Section]:
    """K. He et al., "Deep Residual Learning", 2016, as darknet has it: shortcuts without weights."""
    layers = [conv(64, 7, 2), pool()]
    for stage, count in enumerate(counts):
        for block in range(count):
            filters = 64 << stage
            layers += [conv(filters), conv(filters, 3, 2 if stage and not block else 1)]
            layers += [conv(4 * filters, 1, 1, "linear"), add(-4, "leaky")]
    return [*layers, ("avgpool", {}), last(1000), ("softmax", {"groups": 1})]


def vgg16() -> list[Section]:
    """K. Simonyan and A. Zisserman, "Very Deep Convolutional Networks", 2015, configuration D."""
    layers: list[Section] = []
    for filters, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        plain = {"filters": filters, "size": 3, "stride": 1, "pad": 1, "activation": "relu"}
        layers += [("convolutional", plain)] * count + [pool()]
    dense: list[Section] = [("connected", {"output": 4096, "activation": "relu"}), ("dropout", {"probability": 0.5})]
    return [
        *layers,
        *dense,
        *dense,
        ("connected", {"output": 1000, "activation": "linear"}),
        ("softmax", {"groups": 1}),
    ]
