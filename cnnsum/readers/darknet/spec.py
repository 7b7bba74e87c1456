"""A cfg as a spec: a block of PyTorch's layers, and of those in `types.yaml`, for each section.

Follows how many channels each layer gives, and how much smaller than the picture its maps are, since what a shortcut
adds depends on both. Knows nothing of graphs. The names
of methods are those of the sections.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from cnnsum.diagnostics import Diagnostic, did_you_mean
from cnnsum.readers.darknet.recurrent import Recurrent
from cnnsum.readers.darknet.sections import ALIASES, KEYS, Path, Section, Sections
from cnnsum.readers.translated import Row
from cnnsum.typed import Any

Item = dict[str, Any]
Layers = list[Item]

INPUT = "image"

#: activations.c: what stands for each of its functions; None for none.
ACTIVATIONS: dict[str, Item | None] = {
    "linear": None,
    "logistic": {"Sigmoid": {}},
    "relu": {"ReLU": {}},
    "relu6": {"ReLU6": {}},
    "leaky": {"LeakyReLU": {"negative_slope": 0.1}},
    "relie": {"LeakyReLU": {"negative_slope": 0.01}},
    "elu": {"ELU": {}},
    "selu": {"SELU": {}},
    "gelu": {"GELU": {}},
    "swish": {"SiLU": {}},
    "mish": {"Mish": {}},
    "tanh": {"Tanh": {}},
    "hardtan": {"Hardtanh": {}},
    **{
        name: {"Pointwise": {"function": name}}
        for name in (
            *("loggy", "ramp", "plse", "stair", "lhtan", "revleaky", "hard_mish"),
            *("normalize_channels", "normalize_channels_softmax", "normalize_channels_softmax_maxval"),
        )
    },
}
#: The smallest number of float32, which darknet's pooling begins with.
_SMALLEST = -3.4028234663852886e38
#: The keys that change what a section computes in a way that is not known here.
_CHANGING = ("antialiasing", "share_index", "assisted_excitation", "coordconv", "bottleneck")


class Written(Recurrent):
    """The spec: its value, and the rows with their places."""

    def __init__(self, sections: Sections, types: Mapping[str, object]) -> None:
        self._sections = sections
        self._types = types
        #: Of each layer: its channels, and by what its maps are smaller than the picture; None where it is not known.
        self._channels: list[int | None] = []
        self._reduced: list[Fraction | None] = []
        self._picture: int | None = None
        self._blocks: dict[str, Any] = {}
        self.rows: list[Row] = []
        #: What is to be said of sections that are not read.
        self.unread: list[Diagnostic] = []
        self._layers: Layers = []
        self._read: set[str] = set()

    def value(self, name: str) -> dict[str, Any]:
        """The spec as plain values."""
        net, *rest = self._sections.all
        self._sections.check_keys(net)
        shape = self._shape(net)
        self._picture = shape[0]
        for section in rest:
            self._section(section)
        spec: dict[str, object] = {
            "framework": "torch",
            "name": name,
            "inputs": {INPUT: shape},
            "blocks": self._blocks,
            "layers": self._layers,
        }
        # Every layer runs: what none reads is a result.
        spec["outputs"] = [row.name for row in self.rows if row.name not in self._read]
        return spec

    @property
    def picture(self) -> int:
        """The channels of the picture."""
        return self._picture or 1

    def _shape(self, net: Section) -> list[int]:
        read = self._sections
        sizes = [read.whole(net, key, 0, 1) for key in ("channels", "height", "width") if key in net.said]
        if len(sizes) == 3:
            return sizes
        if "inputs" in net.said:
            return [read.whole(net, "inputs", 1, 1), 1, 1]
        missing = [key for key in ("height", "width", "channels") if key not in net.said]
        message = f"[net] must say how large the picture is: {', '.join(missing)}"
        read.report(net, None, "CFG101", message, "`width = 416`, `height = 416`, `channels = 3`")
        return [3, 416, 416]

    # --- one section --------------------------------------------------------------------------------------------------

    def _section(self, section: Section) -> None:
        kind, name = section.kind, str(section.number)
        self._sections.check_keys(section)
        names: dict[str, Path] = {key: (*section.path, key) for key in section.said}
        source: Path = section.path
        # The section of the activations has the name of a key, which another method reads.
        writer = getattr(self, "_activation_" if kind == "activation" else f"_{kind}", None) if kind in KEYS else None
        before = self._before(section)
        changing = [
            key for key in _CHANGING if writer is not None and section.said.get(key, "0").strip("+-0.") not in ("", "0")
        ]
        if kind in self._types:
            item: Item = {kind: {"from": before, **{key: _plain(text) for key, text in section.said.items()}}}
            channels: int | None = None
        elif writer is None or changing:
            item, channels = {f"unknown {kind}": {"from": before}}, None
            self.unread.append(self._unknown(section, changing))
        else:
            layers, channels, reads = writer(section, names)
            kind = kind.lower()
            self._blocks[f"{kind}_{name}"] = {"layers": layers}
            item = {f"{kind}_{name}": {"from": before if reads is None else reads}}
            source = names.get("from", names.get("layers", source))
        (body,) = item.values()
        body["name"] = name
        self._read.update([body["from"]] if isinstance(body["from"], str) else body["from"])
        self._layers.append(item)
        self._channels.append(channels)
        self._reduced.append(self._reduction(section))
        self.rows.append(Row(name, kind, section.path, section.path, source, section.path, names))

    def _unknown(self, section: Section, changing: list[str]) -> Diagnostic:
        """What to say of a section that is not read: darknet's own is not wrong."""
        place = self._sections.document.span(section.path)
        if changing:
            message = (
                f"what [{section.kind}] computes with `{changing[0]}` is not known to cnnsum, nor what follows from it"
            )
            return Diagnostic("UNK701", message, place, "warning")
        known = (*KEYS, *ALIASES)
        message = f"darknet has no section [{section.kind}]"
        return Diagnostic("UNK701", message, place, "error", did_you_mean(section.kind, known))

    def _before(self, section: Section) -> str:
        return _name(section.number - 1)

    def _in(self, section: Section) -> int | None:
        """The channels that come in."""
        return self._of(section.number - 1)

    def _reduction(self, section: Section) -> Fraction | None:
        """By what the maps behind a section are smaller than the picture."""
        before = self._smaller(section.number - 1)
        kind = section.kind
        if kind in ("route", "scale_channels", "sam"):
            sources = self._sections.layers(section, "layers" if kind == "route" else "from", quiet=True)
            return self._smaller(sources[0]) if sources else None
        if before is None or kind in ("avgpool", "connected", "local", "crop") or kind not in KEYS:
            return None
        stride = self._sections.whole(section, "stride", 2 if kind == "upsample" else 1, 1, quiet=True)
        if kind in ("upsample", "deconvolutional") or (kind == "reorg" and "reverse" in section.said):
            return before / stride
        return before * stride

    def _smaller(self, layer: int) -> Fraction | None:
        return Fraction(1) if layer < 0 else self._reduced[layer]

    def _of(self, layer: int) -> int | None:
        return self._picture if layer < 0 else self._channels[layer]

    def _activation(self, section: Section, default: str, name: str = "act") -> Layers:
        """The function behind a section; the default is darknet's. name: of the layer."""
        function = section.said.get("activation", default)
        if function not in ACTIVATIONS:
            if name == "act":
                help = did_you_mean(function, list(ACTIVATIONS)) or f"choose from {', '.join(ACTIVATIONS)}"
                message = f"there is no activation `{function[:80]}`: darknet takes `relu` in its place"
                self._sections.report(section, "activation", "CFG102", message, help, severity="warning")
            function = "relu"
        found = ACTIVATIONS[function]
        return [] if found is None else [{type: {**fields, "name": name} for type, fields in found.items()}]

    def _both(self, section: Section, *, default: int = 1) -> object:
        """The stride: one number, or one for each axis where they differ."""
        both = self._sections.whole(section, "stride", default, 1)
        high = self._sections.whole(section, "stride_y", both, 1)
        wide = self._sections.whole(section, "stride_x", both, 1)
        return high if high == wide else [high, wide]

    def _padding(self, section: Section, size: int) -> int:
        padding = self._sections.whole(section, "padding", 0)
        return size // 2 if self._sections.switch(section, "pad") else padding

    # Each writes the layers of a section, and says how many channels it gives, and what it reads if that is not the
    # layer before.

    def _convolutional(self, section: Section, names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        read = self._sections
        filters = read.whole(section, "filters", 1, 1)
        size = read.whole(section, "size", 1, 1)
        dilation = 1 if size == 1 else read.whole(section, "dilation", 1, 1)
        normalized = read.switch(section, "batch_normalize") or read.switch(section, "cbn")
        conv = {
            "out_channels": filters,
            "kernel_size": size,
            "stride": self._both(section),
            "padding": self._padding(section, size) * dilation,
            "dilation": dilation,
            "groups": read.whole(section, "groups", 1, 1),
            "bias": not normalized,
            "name": "conv",
        }
        _placed(names, out_channels="filters", kernel_size="size", padding="pad")
        layers: Layers = [{"Conv2d": conv}]
        if normalized:
            layers.append({"BatchNorm2d": {"name": "bn"}})
        return layers + self._activation(section, "logistic"), filters, None

    def _deconvolutional(self, section: Section, names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        read = self._sections
        filters = read.whole(section, "filters", 1, 1)
        size = read.whole(section, "size", 1, 1)
        normalized = read.switch(section, "batch_normalize")
        conv = {
            "out_channels": filters,
            "kernel_size": size,
            "stride": self._both(section),
            "padding": self._padding(section, size),
            "bias": not normalized,
            "name": "conv",
        }
        _placed(names, out_channels="filters", kernel_size="size", padding="pad")
        layers: Layers = [{"ConvTranspose2d": conv}]
        if normalized:
            layers.append({"BatchNorm2d": {"name": "bn"}})
        return layers + self._activation(section, "logistic"), filters, None

    def _connected(self, section: Section, names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        output = self._sections.whole(section, "output", 1, 1)
        normalized = self._sections.switch(section, "batch_normalize")
        _placed(names, out_features="output", unflattened_size="output")
        layers: Layers = [
            {"Flatten": {"name": "flat"}},
            {"Linear": {"out_features": output, "bias": not normalized, "name": "linear"}},
        ]
        if normalized:
            layers.append({"BatchNorm1d": {"name": "bn"}})
        layers += self._activation(section, "logistic")
        # What follows reads it as a picture of one place.
        layers.append({"Unflatten": {"dim": 1, "unflattened_size": [output, 1, 1], "name": "map"}})
        return layers, output, None

    def _local(self, section: Section, names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        read = self._sections
        filters, size = read.whole(section, "filters", 1, 1), read.whole(section, "size", 1, 1)
        local = {
            "filters": filters,
            "size": size,
            "stride": read.whole(section, "stride", 1, 1),
            "less": 1 if read.switch(section, "pad") else size,
            "name": "local",
        }
        _placed(names, less="pad")
        return [{"Local": local}, *self._activation(section, "logistic")], filters, None

    def _pool(self, section: Section, names: dict[str, Path], type: str, border: float) -> Layers:
        """Windows of `size`, over `padding` more places than there are: the half of them, rounded down, before."""
        read = self._sections
        size = read.whole(section, "size", read.whole(section, "stride", 1, 1), 1)
        stride = self._both(section)
        padding = read.whole(section, "padding", size - 1)
        _placed(names, kernel_size="size")
        pool: Item = {"kernel_size": size, "stride": stride, "name": "pool"}
        if type == "AvgPool2d":
            pool["count_include_pad"] = False
        first = padding // 2
        if padding % 2 == 0 and first <= size // 2:
            return [{type: {**pool, "padding": first}}]
        if (size, stride, padding) == (2, 2, 1):
            # The same windows, without a copy: the last one is half outside.
            return [{type: {**pool, "ceil_mode": True}}]
        around = [first, padding - first, first, padding - first]
        return [{"ConstantPad2d": {"padding": around, "value": border, "name": "pad"}}, {type: pool}]

    def _maxpool(self, section: Section, names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        if self._sections.switch(section, "maxpool_depth"):
            out = self._sections.whole(section, "out_channels", 1, 1)
            _placed(names, out="out_channels")
            return [{"MaxDepth": {"out": out, "name": "pool"}}], out, None
        return self._pool(section, names, "MaxPool2d", _SMALLEST), self._in(section), None

    def _local_avgpool(self, section: Section, names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        return self._pool(section, names, "AvgPool2d", 0.0), self._in(section), None

    def _avgpool(self, section: Section, _names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        return [{"AdaptiveAvgPool2d": {"output_size": 1, "name": "pool"}}], self._in(section), None

    def _upsample(self, section: Section, names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        stride = self._sections.whole(section, "stride", 2, 1)
        _placed(names, scale_factor="stride")
        return [{"Upsample": {"scale_factor": stride, "name": "up"}}], self._in(section), None

    def _route(self, section: Section, names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        read = self._sections
        sources = read.layers(section, "layers")
        groups = read.whole(section, "groups", 1, 1)
        part = read.whole(section, "group_id", 0)
        names[""] = names.get("layers", section.path)
        if part >= groups:
            message = f"`group_id` must be below `groups`, {groups}, got {part}"
            read.report(section, "group_id", "CFG102", message)
            part = 0
        given = [self._of(source) for source in sources]
        for source, channels in zip(sources, given, strict=True):
            if channels is not None and channels % groups:
                message = f"the {channels} channels of layer {source} cannot be divided into {groups} groups"
                read.report(section, "groups", "SHP203", message)
                return [{"Identity": {"name": "route"}}], None, _names(sources)
        layers: Layers = []
        parts = [f"input:{at}" if len(sources) > 1 else "input" for at in range(len(sources))]
        if groups > 1:
            for at, one in enumerate(parts):
                layers.append({"chunk": {"chunks": groups, "dim": 1, "from": one, "name": f"parts_{at}"}})
            parts = [f"parts_{at}:{part}" for at in range(len(sources))]
        if len(parts) > 1:
            layers.append({"cat": {"dim": 1, "from": parts, "name": "route"}})
        else:
            layers.append({"Identity": {"from": parts[0] if parts else "input", "name": "route"}})
        total = None if not given or None in given else sum(one or 0 for one in given) // groups
        return layers, total, _names(sources)

    def _added(self, section: Section, names: dict[str, Path]) -> list[int]:
        names[""] = names.get("from", section.path)
        return self._sections.layers(section, "from")

    def _shortcut(self, section: Section, names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        sources = self._added(section, names)
        channels = self._in(section)
        layers: Layers = []
        weights = section.said.get("weights_type", "none")
        last = "input:0" if sources else "input"
        if weights not in ("none", "per_feature", "per_layer", "per_channel"):
            message = f"`weights_type` must be none, per_feature or per_channel, got {weights[:80]!r}"
            self._sections.report(section, "weights_type", "CFG102", message)
        elif weights != "none":
            type = "PerChannel" if weights == "per_channel" else "PerMap"
            layers.append({type: {"maps": len(sources) + 1, "from": last, "name": "weights"}})
            last = "weights"
        for at, source in enumerate(sources):
            other = self._of(source)
            here, there = self._smaller(section.number - 1), self._smaller(source)
            ratio = None if here is None or there is None else here / there
            add: Item = {"add": {}}
            if ratio is not None and ratio > 1 and ratio.denominator == 1:
                message = f"layer {source} is {ratio} times as large: of every {ratio} places one is added"
                help = "AlexeyAB's darknet refuses it"
                self._sections.report(section, "from", "SHP202", message, help, severity="warning")
                add = {"Partial": {"stride": int(ratio)}}
            elif None not in (other, channels) and other != channels:
                message = f"layer {source} has {other} channels and not {channels}: those that both have are added"
                self._sections.report(section, "from", "SHP202", message, severity="warning")
                add = {"Partial": {"stride": 1}}
            ((type, body),) = add.items()
            layers.append({type: {**body, "from": [last, f"input:{at + 1}"], "name": f"sum_{at}"}})
            last = f"sum_{at}"
        layers += self._activation(section, "linear") or ([] if layers else [{"Identity": {"name": "sum"}}])
        return layers, channels, [self._before(section), *map(_name, sources)] if sources else None

    def _scale_channels(self, section: Section, names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        sources = self._added(section, names)[:1]
        if not sources:
            return [{"Identity": {"name": "product"}}], None, None
        layers: Layers = [{"mul": {"from": ["input:1", "input:0"], "name": "product"}}]
        layers += self._activation(section, "linear")
        return layers, self._of(sources[0]), [self._before(section), _name(sources[0])]

    _sam = _scale_channels

    def _reorg(self, section: Section, _names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        stride = self._sections.whole(section, "stride", 1, 1)
        back = self._sections.switch(section, "reverse")
        channels = self._in(section)
        if channels is not None:
            channels = channels // stride**2 if back else channels * stride**2
        return [{"ReorgBack" if back else "Reorg": {"stride": stride, "name": "reorg"}}], channels, None

    def _batchnorm(self, section: Section, _names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        return [{"BatchNorm2d": {"name": "bn"}}], self._in(section), None

    def _normalization(self, section: Section, names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        read = self._sections
        fields = {
            "size": read.whole(section, "size", 5, 1),
            "alpha": read.real(section, "alpha", 0.0001),
            "beta": read.real(section, "beta", 0.75),
            "k": read.real(section, "kappa", 1.0),
        }
        _placed(names, k="kappa")
        return [{"LocalResponseNorm": {**fields, "name": "lrn"}}], self._in(section), None

    def _function(self, section: Section, layers: Layers) -> tuple[Layers, int | None, object]:
        return layers or [{"Identity": {"name": "same"}}], self._in(section), None

    def _activation_(self, section: Section, _names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        return self._function(section, self._activation(section, "linear"))

    def _logistic(self, section: Section, _names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        return self._function(section, [{"Sigmoid": {"name": "act"}}])

    def _l2norm(self, section: Section, _names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        return self._function(section, [{"Pointwise": {"function": "l2norm", "name": "act"}}])

    def _dropout(self, section: Section, names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        _placed(names, p="probability")
        return self._function(
            section, [{"Dropout": {"p": self._sections.real(section, "probability", 0.2), "name": "dropout"}}]
        )

    def _softmax(self, section: Section, _names: dict[str, Path]) -> tuple[Layers, int | None, Any]:
        return self._function(section, [{"Softmax": {"dim": 1, "name": "softmax"}}])

    def _cost(self, section: Section, _names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        return self._function(section, [])

    _empty = _contrastive = _cost

    def _crop(self, section: Section, names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        read = self._sections
        height, width = read.whole(section, "crop_height", 1, 1), read.whole(section, "crop_width", 1, 1)
        _placed(names, height="crop_height", width="crop_width")
        return [{"Cropped": {"height": height, "width": width, "name": "crop"}}], self._in(section), None

    # --- heads --------------------------------------------------------------------------------------------------------

    def _head(
        self, section: Section, names: dict[str, Path], layers: Layers, wanted: int
    ) -> tuple[Layers, int | None, Any]:
        """A head, whose numbers say how deep the map before it is."""
        given = self._in(section)
        _placed(names, boxes="mask")
        if given is not None and given != wanted:
            message = f"[{section.kind}] needs {wanted} channels, and the layer before it gives {given}"
            before = self._sections.all[section.number]
            self._sections.report(
                section, None, "SHP202", message, f"`filters = {wanted}` there" if "filters" in before.said else None
            )
            return [{"Identity": {"name": "head"}}], None, None
        return layers, wanted, None

    def _boxes(self, section: Section) -> tuple[int, int]:
        classes = self._sections.whole(section, "classes", 20, 1)
        total = self._sections.whole(section, "num", 1, 1)
        if "mask" in section.said:
            for _each in self._sections.listed(section, "mask"):
                pass
        return self._sections.count(section, "mask") or total, classes

    def _yolo(self, section: Section, names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        boxes, classes = self._boxes(section)
        layers = [{"Yolo": {"boxes": boxes, "classes": classes, "name": "head"}}]
        return self._head(section, names, layers, boxes * (classes + 5))

    def _Gaussian_yolo(self, section: Section, names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        boxes, classes = self._boxes(section)
        layers = [{"GaussianYolo": {"boxes": boxes, "classes": classes, "name": "head"}}]
        return self._head(section, names, layers, boxes * (classes + 9))

    def _region(self, section: Section, names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        read = self._sections
        num, classes = read.whole(section, "num", 1, 1), read.whole(section, "classes", 20, 1)
        coords = read.whole(section, "coords", 4, 1)
        layers = [{"Region": {"num": num, "classes": classes, "coords": coords, "name": "head"}}]
        return self._head(section, names, layers, num * (classes + coords + 1))

    def _iseg(self, section: Section, names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        read = self._sections
        classes, ids = read.whole(section, "classes", 20, 1), read.whole(section, "ids", 32, 1)
        layers = [{"Instances": {"classes": classes, "ids": ids, "name": "head"}}]
        return self._head(section, names, layers, classes + ids)

    def _detection(self, section: Section, _names: dict[str, Path]) -> tuple[Layers, int | None, object]:
        fields = {
            key: self._sections.whole(section, key, default, 1)
            for key, default in (("side", 7), ("num", 1), ("classes", 1), ("coords", 1))
        }
        layers: Layers = [{"Flatten": {"name": "flat"}}, {"Grid": {**fields, "name": "head"}}]
        return layers, None, None


def _placed(names: dict[str, Path], **fields: str) -> None:
    """Fields of layers that stand under another key of the section."""
    for field, key in fields.items():
        if key in names:
            names[field] = names[key]


def _name(layer: int) -> str:
    return INPUT if layer < 0 else str(layer)


def _names(layers: list[int]) -> Any:
    return [*map(_name, layers)] or None


def _plain(text: str) -> Any:
    """A value for a layer type that the user declared: a number where it is one."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
