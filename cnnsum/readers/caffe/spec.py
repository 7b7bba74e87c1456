"""A network of Caffe as a spec: a block of PyTorch's layers, and of those in `types.yaml`, for each layer.

Follows which layer each blob comes from last, as layers may write where they read, and how many axes it has. Knows
nothing of graphs. The names of methods are those of the layers.
"""

from __future__ import annotations

import contextlib
import re

from cnnsum.counted import counted
from cnnsum.diagnostics import Diagnostic, Span, UnusableError, did_you_mean
from cnnsum.readers.caffe.added import ADDED, Added, Unread
from cnnsum.readers.caffe.layers import DATA, JUDGES, OF_OTHER_SAMPLES, UNREAD, Entry, Messages, Path
from cnnsum.readers.how import How
from cnnsum.readers.translated import Row, with_channels
from cnnsum.typed import Any

Item = dict[str, Any]
Layers = list[Item]

_OF_PICTURES = 3
_FUNCTIONS = ("AbsVal", "BNLL", "Power", "Exp", "Log", "Threshold", "Clip", "MVN", "HardSigmoid")
_LAYERS_OF_CAFFE = (
    *(
        "AbsVal",
        "BNLL",
        "BatchNorm",
        "Bias",
        "Clip",
        "Concat",
        "Convolution",
        "Crop",
        "Deconvolution",
        "Dropout",
        "ELU",
    ),
    *("Eltwise", "Exp", "Flatten", "InnerProduct", "Input", "LRN", "Log", "MVN", "Normalize", "PReLU", "Permute"),
    *(
        "Pooling",
        "Power",
        "ReLU",
        "Reshape",
        "Scale",
        "ShuffleChannel",
        "Sigmoid",
        "Slice",
        "Softmax",
        "Split",
        "Swish",
    ),
    *("TanH", "Threshold"),
    *ADDED,
)


class Written(Added):
    """The spec: its value, and the rows with their places."""

    def __init__(self, messages: Messages, how: How) -> None:
        self._messages = messages
        self._types = how.types
        self._wanted = how.inputs
        self.rows: list[Row] = []
        self.unread: list[Diagnostic] = []
        #: Where the types of layers stand of which something is wrong, and reported: what they give is not known.
        self.wrong: set[Span] = set()
        #: Their shapes; one that is not known is a mapping without one.
        self.inputs: dict[str, list[int] | dict[str, int]] = {}
        self.input_place: Path = ()
        self._blocks: dict[str, Any] = {}
        self._own: dict[str, Any] = {}
        self._layers: Layers = []
        #: Of each blob: the tensor that it is now, as `from` names it, and its axes without the batch.
        self._blobs: dict[str, tuple[str, int | None]] = {}
        #: What is read of no layer that runs: what judges leave out, such as labels.
        self._idle: set[str] = set()
        self._shared: dict[object, tuple[str, str]] = {}
        self._said: set[str] = set()
        #: What is to be known of layers that are read.
        self.remarks: list[Diagnostic] = []

    def value(self, name: str) -> Item:
        """The spec as plain values."""
        self._read_inputs()
        read: set[str] = set()
        made: dict[str, str] = {}
        for entry in self._messages.all:
            if entry.kind == "Input":
                self._input_layer(entry)
            elif entry.kind in DATA and "bottom" not in entry.value:
                self._data_layer(entry)
            elif entry.kind not in JUDGES:
                self._layer(entry, read, made)
        outputs = [tensor for tensor in made if tensor not in read]
        return {
            "framework": "torch",
            "name": name,
            "inputs": self.inputs,
            "layer_types": self._own,
            "blocks": self._blocks,
            "layers": self._layers,
            "outputs": outputs,
        }

    def complete(self, shape: object) -> Any:
        """The shape of an input that the caller gives; without channels, those of the file are put in."""
        first = next(iter(self.inputs.values()))
        return with_channels(shape, first[0]) if isinstance(first, list) and len(first) == _OF_PICTURES else shape

    # --- inputs -------------------------------------------------------------------------------------------------------

    def _add_input(self, name: Any, dims: list[Any], path: Path) -> None:
        if not isinstance(name, str) or not name.strip() or name in self._blobs:
            self._messages.report(path, "SPC029", f"an input cannot be called {str(name)[:80]!r}")
            return
        # Signs that no name of a spec has.
        spoken = re.sub(r"[:/$]", "_", name.strip())
        if len(dims) < 2 or not all(type(one) is int and 0 < one < 1_000_000_000 for one in dims):
            message = f"the shape of `{name}` must be positive whole numbers, the batch first"
            self._messages.report(path, "SPC042", message, "`shape { dim: 1 dim: 3 dim: 224 dim: 224 }`")
            self.inputs[spoken] = {}
            self._blobs[name] = (spoken, _OF_PICTURES)
        else:
            self.inputs[spoken] = dims[1:]
            self._blobs[name] = (spoken, len(dims) - 1)
        self.input_place = self.input_place or path

    def _read_inputs(self) -> None:
        value = self._messages.value
        shapes = value.get("input_shape", [])
        dims = value.get("input_dim", [])
        for place, name in enumerate(value.get("input", [])):
            path: Path = ("input", place)
            if place < len(shapes):
                path = ("input_shape", place)
                given = shapes[place].get("dim", []) if isinstance(shapes[place], dict) else []
            else:
                first = 4 * (place - len(shapes))
                given = dims[first : first + 4] if len(dims) >= first + 4 else []
                path = ("input_dim", min(first, len(dims) - 1)) if dims else path
            self._add_input(name, given, path)

    def _input_layer(self, entry: Entry) -> None:
        tops = entry.value.get("top", [])
        shapes = [*self._messages.given(entry, "input_param", "shape")]
        for place, top in enumerate(tops):
            shape, path = shapes[min(place, len(shapes) - 1)] if shapes else ({}, entry.path)
            self._add_input(top, shape.get("dim", []) if isinstance(shape, dict) else [], path)

    def _data_layer(self, entry: Entry) -> None:
        """Pictures from files: how large they are the caller has to say. Labels and the like are for judges."""
        tops = [top for top in entry.value.get("top", []) if isinstance(top, str)]
        if not tops:
            return
        wanted = self._wanted.get(tops[0], self._wanted.get(""))
        self._messages.exclude(
            entry, "transform_param", "mean_value", ("mean_file",), "`mean_value` or `mean_file`, not both"
        )
        if wanted is None:
            crop = next((value for value, _path in self._messages.given(entry, "transform_param", "crop_size")), 227)
            size = crop if type(crop) is int and 0 < crop < 100_000 else 227
            message = f"how large the pictures of `{tops[0]}` are stands in the data, not in the network"
            help = f"say it: `-i 3,{size},{size}`"
            raise UnusableError(Diagnostic("SPC031", message, self._messages.document.span(entry.path), "error", help))
        sizes = [one if type(one) is int else 1 for one in wanted]
        self._add_input(tops[0], [1, *(sizes if len(sizes) != 2 else (3, *sizes))], entry.path)
        self._idle.update(tops[1:])

    # --- one layer ----------------------------------------------------------------------------------------------------

    def _layer(self, entry: Entry, read: set[str], made: dict[str, str]) -> None:
        messages = self._messages
        messages.check_fields(entry)
        number = _row(len(self.rows))
        messages.guessed = False
        bottoms, ranks = self._bottoms(entry)
        tops = [top if isinstance(top, str) else "?" for top in entry.value.get("top", [])] or [entry.label]
        names = self._places(entry)
        writer = getattr(self, f"_{entry.kind}", None) if entry.kind in _LAYERS_OF_CAFFE else None
        writer = self._function if entry.kind in _FUNCTIONS else writer
        kind = entry.kind
        rank: int | None = None
        results: list[str] = []
        made_of: tuple[Layers, int | None, list[str]] | None = None
        if writer is not None and kind not in self._types:
            with contextlib.suppress(Unread):
                made_of = writer(entry, ranks, names)
            if messages.guessed:
                made_of = None
                self.wrong.add(messages.document.span((*entry.path, "type")))
        if made_of is not None:
            if kind in OF_OTHER_SAMPLES and OF_OTHER_SAMPLES[kind] not in self._said:
                self._said.add(OF_OTHER_SAMPLES[kind])
                self.remarks.append(self._other_samples(entry))
            layers, rank, results = made_of
            block: Item = {"layers": layers}
            if results:
                block["output"] = results
            item = self._use(entry, f"{kind}_{len(self.rows)}", block)
        elif kind in self._types:
            item = {kind: {key: value[-1] for one in _params(entry) for key, value in one.items()}}
        else:
            item = {f"unknown {kind}": {}}
            self.unread.append(self._unknown(entry, known=writer is not None))
        (body,) = item.values()
        body.update({"from": bottoms if len(bottoms) != 1 else bottoms[0], "name": number})
        read.update(bottoms)
        self._layers.append(item)
        for place, top in enumerate(tops):
            tensor = f"{number}:{place}" if len(results) > 1 else number
            self._blobs[top] = (tensor, rank)
            made[tensor] = top
        source: Path = (*entry.path, "bottom") if "bottom" in entry.value else entry.path
        names[""] = (
            source if kind in ("Concat", "Eltwise") else (*entry.path, "name" if "name" in entry.value else "type")
        )
        row = Row(number, kind, names[""], (*entry.path, "type"), source, entry.path, names, entry.label)
        self.rows.append(row)

    def _use(self, entry: Entry, name: str, block: Item) -> Item:
        """A use of the block; of that of an earlier layer, where both name the same weights."""
        params = [one for one in entry.value.get("param", []) if isinstance(one, dict)]
        weights = tuple([one.get("name", [None])[-1] for one in params])
        frozen = bool(params) and all(one.get("lr_mult", [1])[-1] == 0 for one in params)
        if weights and all(isinstance(one, str) and one for one in weights):
            key = (entry.kind, weights, str(block))
            if key in self._shared:
                block_name, first = self._shared[key]
                return {block_name: {"share": first}}
            self._shared[key] = (name, _row(len(self.rows)))
        self._blocks[name] = block
        return {name: {"trainable": False} if frozen else {}}

    def _bottoms(self, entry: Entry) -> tuple[list[str], list[int | None]]:
        """The tensors that a layer reads, and their axes; reports blobs that no layer before it gives."""
        found: list[tuple[str, int | None]] = []
        given = entry.value.get("bottom", [])
        for place, bottom in enumerate(given):
            if not isinstance(bottom, str):
                self._messages.report((*entry.path, "bottom", place), "CFG102", "`bottom` must be a text")
                continue
            if bottom in self._idle:
                continue
            if bottom in self._blobs:
                found.append(self._blobs[bottom])
                continue
            message = f"`{entry.label}` reads `{bottom[:80]}`, which no layer before it gives"
            help = did_you_mean(bottom, [*self._blobs])
            self._messages.report((*entry.path, "bottom", place), "GRF302", message, help)
        if not given:
            message = f"`{entry.label}` reads nothing: it has no `bottom`"
            self._messages.report(entry.path, "CFG101", message, '`bottom: "..."`')
        if not found:
            # Only a layer before it, or the input, keeps what follows from being reported for nothing.
            return [_row(len(self.rows) - 1) if self.rows else next(iter(self.inputs), "?")], [None]
        return [tensor for tensor, _rank in found], [rank for _tensor, rank in found]

    def _places(self, entry: Entry) -> dict[str, Path]:
        """Where each field of a layer stands, by its name."""
        names: dict[str, Path] = {}
        for key, values in entry.value.items():
            if key.endswith("_param") and isinstance(values[-1], dict):
                for field in values[-1]:
                    names[field] = (*entry.path, key, len(values) - 1, field)
        for field, others in {
            "out_channels": ("num_output",),
            "out_features": ("num_output",),
            "groups": ("group",),
            "kernel_size": ("kernel_h", "kernel_w"),
            "padding": ("pad", "pad_h", "pad_w"),
            "stride": ("stride_h", "stride_w"),
            "p": ("dropout_ratio",),
            "size": ("local_size",),
            "dim": ("axis",),
        }.items():
            found = next((names[one] for one in others if one in names), None)
            if found is not None:
                names.setdefault(field, found)
        return names

    def _other_samples(self, entry: Entry) -> Diagnostic:
        """That work and memory from here on are those of something else than a picture."""
        sample = OF_OTHER_SAMPLES[entry.kind]
        message = f"how many there are is not in the file: from {entry.kind} on, work is that of one {sample}"
        return Diagnostic("UNK708", message, self._messages.document.span((*entry.path, "type")), "warning")

    def _unknown(self, entry: Entry, *, known: bool) -> Diagnostic:
        """What to say of a layer that is not read. A name that is nearly one of Caffe's is a slip."""
        place = self._messages.document.span((*entry.path, "type"))
        if entry.kind == "?":
            return Diagnostic("CFG101", f"`{entry.label}` has no `type`", place, "error", '`type: "Convolution"`')
        if known or entry.kind in UNREAD:
            how = " with these fields" if known else ""
            message = f"what {entry.kind} computes{how} is not known to cnnsum, nor what follows from it"
            return Diagnostic("UNK701", message, place, "warning", None if known else "declare it with `--layer-types`")
        near = did_you_mean(entry.kind, (*_LAYERS_OF_CAFFE, *UNREAD, *JUDGES))
        message = f"Caffe has no layer type `{entry.kind[:80]}`"
        if near is not None:
            return Diagnostic("UNK701", message, place, "error", near)
        return Diagnostic("UNK701", message, place, "warning", "if it is your own, declare it with `--layer-types`")

    # Each writes the layers of a layer, and says how many axes it gives, and which of its layers are its results if
    # that is not the last one.

    def _pair(self, entry: Entry, param: str, field: str, default: int, least: int, short: str = "") -> list[int]:
        """A size for each axis of a map: one number for both, one each, or a field each."""
        read, stem = self._messages, short or field
        both = read.numbers(entry, param, field, least)
        if len(both) > 2:
            raise Unread
        first, last = (both[0], both[-1]) if both else (default, default)
        said = [read.place(entry, param, f"{stem}_{axis}") is not None for axis in "hw"]
        pools = param == "pooling_param"
        if pools and stem == "kernel" and both and not all(said):
            return [first, last]  # as Caffe, which then looks at no other
        message = f"`{field}`, or `{stem}_h` and `{stem}_w`, not both"
        read.exclude(entry, param, field, (f"{stem}_h", f"{stem}_w"), message)
        # For a convolution, a padding that is not said is none; a window or a stride of 0 is an error.
        if any(said) and not all(said) and not both and (pools or stem != "pad"):
            there, lacks = (f"{stem}_h", f"{stem}_w") if said[0] else (f"{stem}_w", f"{stem}_h")
            path = read.place(entry, param, there) or entry.path
            read.report(path, "CFG101", f"`{there}` needs `{lacks}` beside it", f"`{lacks}: {default or 1}`")
        return [read.whole(entry, param, f"{stem}_h", first, least), read.whole(entry, param, f"{stem}_w", last, least)]

    def _window(self, entry: Entry, param: str) -> Item:
        kernel = self._pair(entry, param, "kernel_size", 0, 1, "kernel")
        if 0 in kernel:
            message = f"`{entry.label}` has no `kernel_size`"
            self._messages.misses(entry, param, "kernel_size", message, "`kernel_size: 3`")
            kernel = [1, 1]
        return {
            "kernel_size": kernel,
            "stride": self._pair(entry, param, "stride", 1, 1),
            "padding": self._pair(entry, param, "pad", 0, 0),
        }

    def _outputs(self, entry: Entry, param: str) -> int:
        number = self._messages.whole(entry, param, "num_output", 0, 1)
        if not number:
            message = f"`{entry.label}` does not say how many channels it gives"
            self._messages.misses(entry, param, "num_output", message, "`num_output: 64`")
            return 1
        return number

    def _convolved(self, entry: Entry, type: str, groups: int | None = None) -> tuple[Layers, int | None, list[str]]:
        read, param = self._messages, "convolution_param"
        if read.whole(entry, param, "axis", 1) != 1:
            raise Unread
        fields = {
            "out_channels": self._outputs(entry, param),
            **self._window(entry, param),
            "dilation": self._pair(entry, param, "dilation", 1, 1),
            "groups": groups or read.whole(entry, param, "group", 1, 1),
            "bias": read.switch(entry, param, "bias_term", default=True),
            "name": "conv",
        }
        return [{type: fields}], 3, []

    def _Convolution(self, entry: Entry, _ranks: object, _names: object) -> tuple[Layers, int | None, list[str]]:
        return self._convolved(entry, "Conv2d")

    def _Deconvolution(self, entry: Entry, _ranks: object, _names: object) -> tuple[Layers, int | None, list[str]]:
        return self._convolved(entry, "ConvTranspose2d")

    def _Pooling(self, entry: Entry, _ranks: object, _names: object) -> tuple[Layers, int | None, list[str]]:
        read, param = self._messages, "pooling_param"
        how = read.word(entry, param, "pool", ("MAX", "AVE", "STOCHASTIC"))
        mean = how == "AVE"
        if read.switch(entry, param, "global_pooling", default=False):
            for size in ("kernel_size", "kernel_h", "kernel_w"):
                read.exclude(entry, param, size, ("global_pooling",), f"`global_pooling` or `{size}`, not both")
            for field, default in (("stride", 1), ("pad", 0)):
                if self._pair(entry, param, field, default, default) != [default, default]:
                    path = next(
                        path
                        for name in (field, f"{field}_h", f"{field}_w")
                        if (path := read.place(entry, param, name)) is not None
                    )
                    read.report(path, "CFG116", f"with `global_pooling`, `{field}` can only be {default}")
            type = "AdaptiveAvgPool2d" if mean else "AdaptiveMaxPool2d"
            return [{type: {"output_size": 1, "name": "pool"}}], 3, []
        window = self._window(entry, param)
        upwards = read.word(entry, param, "round_mode", ("CEIL", "FLOOR")) == "CEIL"
        upwards = upwards and read.switch(entry, param, "ceil_mode", default=True)
        kernel, stride, padding = window["kernel_size"], window["stride"], window["padding"]
        if upwards and padding == [0, 0] and any(one > size for one, size in zip(stride, kernel, strict=True)):
            # Where nothing is padded, Caffe keeps windows that begin behind the map.
            sizes = dict(zip(("kh", "kw", "sh", "sw"), (*kernel, *stride), strict=True))
            return [{"Apart": {**sizes, "name": "pool"}}], 3, []
        return [{"AvgPool2d" if mean else "MaxPool2d": {**window, "ceil_mode": upwards, "name": "pool"}}], 3, []

    def _InnerProduct(self, entry: Entry, _ranks: object, _names: object) -> tuple[Layers, int | None, list[str]]:
        read, param = self._messages, "inner_product_param"
        axis = read.whole(entry, param, "axis", 1, -10)
        if axis < 1:
            raise Unread
        fields = {
            "out_features": self._outputs(entry, param),
            "bias": read.switch(entry, param, "bias_term", default=True),
            "name": "product",
        }
        return [{"Flatten": {"start_dim": axis, "name": "flat"}}, {"Linear": fields}], axis, []

    def _BatchNorm(
        self, _entry: Entry, ranks: list[int | None], _names: object
    ) -> tuple[Layers, int | None, list[str]]:
        type = "BatchNorm1d" if ranks[0] in (1, 2) else "BatchNorm2d"
        return [{type: {"affine": False, "name": "norm"}}], ranks[0], []

    def _Scale(self, entry: Entry, ranks: list[int | None], _names: object) -> tuple[Layers, int | None, list[str]]:
        bias = self._messages.switch(entry, "scale_param", "bias_term", default=False)
        if len(ranks) > 1:
            layers: Layers = [{"ScaleBy": {"from": ["input:0", "input:1"], "name": "scale"}}]
            return layers + ([{"Bias": {"name": "bias"}}] if bias else []), ranks[0], []
        self._first_axis(entry, "scale_param")
        return [{"ScaleBias" if bias else "Scale": {"name": "scale"}}], ranks[0], []

    def _Bias(self, entry: Entry, ranks: list[int | None], _names: object) -> tuple[Layers, int | None, list[str]]:
        if len(ranks) > 1:
            raise Unread
        self._first_axis(entry, "bias_param")
        return [{"Bias": {"name": "bias"}}], ranks[0], []

    def _first_axis(self, entry: Entry, param: str) -> None:
        """Whether a number stands for each channel, which is what is known."""
        read = self._messages
        if read.whole(entry, param, "axis", 1, -10) != 1 or read.whole(entry, param, "num_axes", 1, -1) != 1:
            raise Unread

    def _same(self, ranks: list[int | None], type: str, **fields: object) -> tuple[Layers, int | None, list[str]]:
        """One layer that keeps the shape."""
        return [{type: {**fields, "name": "same"}}], ranks[0], []

    def _function(self, entry: Entry, ranks: list[int | None], _names: object) -> tuple[Layers, int | None, list[str]]:
        return self._same(ranks, "Pointwise", function=entry.kind)

    def _ReLU(self, entry: Entry, ranks: list[int | None], names: object) -> tuple[Layers, int | None, list[str]]:
        slope = self._messages.real(entry, "relu_param", "negative_slope", 0.0)
        del names
        return self._same(ranks, "LeakyReLU", negative_slope=slope) if slope else self._same(ranks, "ReLU")

    def _PReLU(self, entry: Entry, ranks: list[int | None], _names: object) -> tuple[Layers, int | None, list[str]]:
        if self._messages.switch(entry, "prelu_param", "channel_shared", default=False):
            return self._same(ranks, "PReLU")
        return self._same(ranks, "Slopes")

    def _ELU(self, entry: Entry, ranks: list[int | None], _names: object) -> tuple[Layers, int | None, list[str]]:
        return self._same(ranks, "ELU", alpha=self._messages.real(entry, "elu_param", "alpha", 1.0))

    def _Sigmoid(self, _entry: Entry, ranks: list[int | None], _names: object) -> tuple[Layers, int | None, list[str]]:
        return self._same(ranks, "Sigmoid")

    def _TanH(self, _entry: Entry, ranks: list[int | None], _names: object) -> tuple[Layers, int | None, list[str]]:
        return self._same(ranks, "Tanh")

    def _Swish(self, _entry: Entry, ranks: list[int | None], _names: object) -> tuple[Layers, int | None, list[str]]:
        return self._same(ranks, "SiLU")

    def _Dropout(self, entry: Entry, ranks: list[int | None], _names: object) -> tuple[Layers, int | None, list[str]]:
        return self._same(ranks, "Dropout", p=self._messages.real(entry, "dropout_param", "dropout_ratio", 0.5))

    def _Softmax(self, entry: Entry, ranks: list[int | None], _names: object) -> tuple[Layers, int | None, list[str]]:
        return self._same(ranks, "Softmax", dim=self._messages.whole(entry, "softmax_param", "axis", 1, -10))

    def _LRN(self, entry: Entry, ranks: list[int | None], _names: object) -> tuple[Layers, int | None, list[str]]:
        read, param = self._messages, "lrn_param"
        if read.word(entry, param, "norm_region", ("ACROSS_CHANNELS", "WITHIN_CHANNEL")) == "WITHIN_CHANNEL":
            return self._same(ranks, "Pointwise", function="lrn")
        fields = {
            "size": read.whole(entry, param, "local_size", 5, 1),
            "alpha": read.real(entry, param, "alpha", 1.0),
            "beta": read.real(entry, param, "beta", 0.75),
            "k": read.real(entry, param, "k", 1.0),
        }
        return self._same(ranks, "LocalResponseNorm", **fields)

    def _Eltwise(self, entry: Entry, ranks: list[int | None], _names: object) -> tuple[Layers, int | None, list[str]]:
        choices = ("PROD", "SUM", "MAX")
        how = self._messages.word(entry, "eltwise_param", "operation", choices, default="SUM")
        type_ = {"SUM": "add", "PROD": "mul", "MAX": "maximum"}[how]
        layers: Layers = []
        for at in range(1, len(ranks)):
            before = "input:0" if at == 1 else f"part_{at - 1}"
            layers.append({type_: {"from": [before, f"input:{at}"], "name": f"part_{at}"}})
        return layers or [{"Identity": {"name": "same"}}], ranks[0], []

    def _axis(self, entry: Entry, param: str, older: str) -> int:
        read = self._messages
        read.exclude(entry, param, older, ("axis",), f"`axis` or `{older}`, not both")
        return read.whole(entry, param, "axis", read.whole(entry, param, older, 1), -10)

    def _Concat(self, entry: Entry, ranks: list[int | None], _names: object) -> tuple[Layers, int | None, list[str]]:
        axis = self._axis(entry, "concat_param", "concat_dim")
        if len(ranks) == 1:
            return self._same(ranks, "Identity")
        parts = [f"input:{at}" for at in range(len(ranks))]
        return [{"cat": {"dim": axis, "from": parts, "name": "cat"}}], ranks[0], []

    def _Slice(self, entry: Entry, ranks: list[int | None], _names: object) -> tuple[Layers, int | None, list[str]]:
        if self._axis(entry, "slice_param", "slice_dim") != 1:
            raise Unread
        count = len(entry.value.get("top", [])) or 1
        points = self._messages.numbers(entry, "slice_param", "slice_point", 1)
        if points and (len(points) != count - 1 or sorted(set(points)) != points):
            message = f"`slice_point` must be {count - 1} growing numbers, for {count} tops"
            path = self._messages.place(entry, "slice_param", "slice_point") or entry.path
            self._messages.report(path, "CFG102", message)
            raise Unread
        sizes: list[object] = [last - first for first, last in zip((0, *points), points, strict=False)]
        sizes = [*sizes, f"c - {points[-1]}"] if points else [f"c//{count}"] * count
        name = f"Slice{len(self.rows)}"
        self._own[name] = {"input": ["c", "..."], "output": [[one, "..."] for one in sizes], "keeps": "nothing"}
        return [{name: {"name": "parts"}}], ranks[0], [f"parts:{at}" for at in range(count)]

    def _Split(self, entry: Entry, ranks: list[int | None], _names: object) -> tuple[Layers, int | None, list[str]]:
        count = len(entry.value.get("top", [])) or 1
        layers: Layers = [{"Identity": {"from": "input", "name": f"same_{at}"}} for at in range(count)]
        return layers, ranks[0], [f"same_{at}" for at in range(count)] if count > 1 else []

    def _Flatten(self, entry: Entry, ranks: list[int | None], _names: object) -> tuple[Layers, int | None, list[str]]:
        first = self._messages.whole(entry, "flatten_param", "axis", 1, -10)
        last = self._messages.whole(entry, "flatten_param", "end_axis", -1, -10)
        rank = ranks[0]
        if rank is not None:
            begin, end = (one if one >= 0 else one + rank + 1 for one in (first, last))
            rank = rank - (end - begin)
        return [{"Flatten": {"start_dim": first, "end_dim": last, "name": "flat"}}], rank, []

    def _Reshape(self, entry: Entry, ranks: list[int | None], _names: object) -> tuple[Layers, int | None, list[str]]:
        read, param = self._messages, "reshape_param"
        if read.whole(entry, param, "axis", 0, -10) != 0 or read.whole(entry, param, "num_axes", -1, -1) != -1:
            raise Unread
        shape = next((value for value, _path in read.given(entry, param, "shape")), None)
        dims = shape.get("dim", []) if isinstance(shape, dict) else []
        rank = ranks[0]
        if not dims or not all(type(one) is int and -1 <= one < 1_000_000_000 for one in dims):
            path = read.place(entry, param, "shape") or entry.path
            read.report(path, "CFG102", "the shape must be whole numbers, -1 for what is left over")
            raise Unread
        if (
            rank is None
            or dims[0] != 0
            or dims.count(-1) > 1
            or any(not one and at > rank for at, one in enumerate(dims))
        ):
            raise Unread
        axes = [f"a{at}" for at in range(1, rank + 1)]
        said = [axes[at - 1] if one == 0 else one for at, one in enumerate(dims) if at]
        rest = "*".join([str(one) for one in said if one != -1]) or "1"
        output = [f"{'*'.join(axes) or 1}//({rest})" if one == -1 else one for one in said]
        name = f"Reshape{len(self.rows)}"
        self._own[name] = {"input": axes, "output": output, "keeps": "nothing"}
        return [{name: {"name": "shape"}}], len(output), []

    def _Permute(self, entry: Entry, ranks: list[int | None], _names: object) -> tuple[Layers, int | None, list[str]]:
        order = self._messages.numbers(entry, "permute_param", "order")
        rank = ranks[0]
        if rank is None or order[:1] != [0] or len(set(order)) != len(order) or max(order) > rank:
            raise Unread
        order += [at for at in range(rank + 1) if at not in order]
        name = f"Permute{len(self.rows)}"
        axes = [f"a{at}" for at in range(1, rank + 1)]
        self._own[name] = {"input": axes, "output": [axes[at - 1] for at in order[1:]], "keeps": "nothing"}
        return [{name: {"name": "order"}}], rank, []

    def _Crop(self, entry: Entry, ranks: list[int | None], _names: object) -> tuple[Layers, int | None, list[str]]:
        read = self._messages
        axis = read.whole(entry, "crop_param", "axis", 2, -10)
        axis += 1 + _OF_PICTURES if axis < 0 else 0
        if axis not in (1, 2, 3) or len(ranks) != 2:
            raise Unread
        offset = read.numbers(entry, "crop_param", "offset")
        count = 1 + _OF_PICTURES - axis
        if len(offset) not in (0, 1, count):
            *_, (_, path) = read.given(entry, "crop_param", "offset")
            wanted = counted(count, "number") if count == 1 else f"one number or {count}"
            read.report(path, "CFG102", f"`offset` is {wanted} from axis {axis} on, got {len(offset)}")
            offset = []
        fields: Item = {"offset": offset[0] if len(offset) == 1 else offset} if offset else {}
        return [{f"Crop{axis}": {"from": ["input:0", "input:1"], "name": "crop", **fields}}], ranks[0], []

    def _Normalize(self, entry: Entry, ranks: list[int | None], _names: object) -> tuple[Layers, int | None, list[str]]:
        shared = self._messages.switch(entry, "norm_param", "channel_shared", default=True)
        return self._same(ranks, "NormShared" if shared else "Norm")

    def _ShuffleChannel(
        self, entry: Entry, ranks: list[int | None], _names: object
    ) -> tuple[Layers, int | None, list[str]]:
        return self._same(
            ranks, "ChannelShuffle", groups=self._messages.whole(entry, "shuffle_channel_param", "group", 1, 1)
        )


def _row(number: int) -> str:
    """What a layer is called in the spec, where no input is called so."""
    return f"layer {number}"


def _params(entry: Entry) -> list[dict[str, Any]]:
    """The messages that say what a layer does."""
    return [
        one for key, values in entry.value.items() if key.endswith("_param") for one in values if isinstance(one, dict)
    ]
