"""Layers of Caffe's widespread additions, and of Caffe itself those that are rare: detection, resizing, reductions.

As in `spec.py`, each method writes the layers of a layer, and says how many axes it gives, and which of its layers are
its results if that is not the last one. Knows nothing of graphs.
"""

from __future__ import annotations

from cnnsum.readers.caffe.layers import Entry, Messages
from cnnsum.typed import Any

Item = dict[str, Any]
Layers = list[Item]
Made = tuple[Layers, "int | None", list[str]]

#: The layers that are written here.
ADDED = (
    *("ArgMax", "ConvolutionDepthwise", "DepthwiseConvolution", "DetectionOutput", "Embed", "Im2col", "Interp"),
    *("LSTM", "PriorBox", "PSROIPooling", "Proposal", "ROIAlign", "ROIPooling", "RNN", "Reduction", "SPP", "Tile"),
    "Upsample",
)

#: What is read of a layer that looks at regions: a map, and the regions.
_WITH_REGIONS = 2


class Unread(Exception):
    """A layer does something that is not known here."""


class Added:
    """Writes these layers; what it has of the file is the business of `Written`."""

    _messages: Messages
    _own: dict[str, Any]
    rows: list[Any]

    # What `Written` has, and these need.
    def _convolved(self, entry: Entry, type: str, groups: int | None = None) -> Made:
        raise NotImplementedError

    def _window(self, entry: Entry, param: str) -> Item:
        raise NotImplementedError

    def _declared(self, entry: Entry, rank: int | None, **declaration: object) -> Made:
        """A type of its own, for this layer alone."""
        name = f"{entry.kind}{len(self.rows)}"
        self._own[name] = declaration
        return [{name: {"name": "made"}}], rank, []

    def _axes(self, ranks: list[int | None]) -> list[str]:
        """Names for the axes behind the batch."""
        rank = ranks[0]
        if rank is None:
            raise Unread
        return [f"a{at}" for at in range(1, rank + 1)]

    def _axis_of(self, entry: Entry, param: str, default: int, rank: int) -> int:
        """An axis behind the batch, counted from the front."""
        axis = self._messages.whole(entry, param, "axis", default, -10)
        axis = axis + rank + 1 if axis < 0 else axis
        if not 0 < axis <= rank:
            raise Unread
        return axis

    # --- detection: W. Liu et al., "SSD", 2016 ------------------------------------------------------------------------

    def _PriorBox(self, entry: Entry, _ranks: list[int | None], _names: object) -> Made:
        """Boxes at every place: one for each ratio of its sides and smallest size, and one for each largest size."""
        read, param = self._messages, "prior_box_param"
        ratios = {1.0}
        flip = read.switch(entry, param, "flip", default=True)
        for value, path in read.given(entry, param, "aspect_ratio"):
            if not isinstance(value, (int, float)) or isinstance(value, bool) or value <= 0:
                read.report(path, "CFG102", f"`aspect_ratio` must be a positive number, got {str(value)[:80]!r}")
                continue
            ratios |= {round(value, 6), round(1 / value, 6)} if flip else {round(value, 6)}
        smallest = len([*read.given(entry, param, "min_size")])
        if not smallest:
            read.misses(entry, param, "min_size", f"`{entry.label}` has no `min_size`", "`min_size: 30`")
            raise Unread
        boxes = smallest * len(ratios) + len([*read.given(entry, param, "max_size")])
        declaration = {"input": [["c", "h", "w"], ["..."]], "output": [2, f"{4 * boxes}*h*w"], "keeps": "nothing"}
        return self._declared(entry, 2, **declaration)

    def _DetectionOutput(self, entry: Entry, ranks: list[int | None], _names: object) -> Made:
        """Rows of a picture, a class, how sure it is and four sides: as many as are kept at most."""
        read, param = self._messages, "detection_output_param"
        most = read.whole(entry, param, "keep_top_k", -1, -1)
        if most < 1 or len(ranks) < 3:
            raise Unread
        inputs = [["..."] for _ in ranks]
        return self._declared(entry, 3, input=inputs, output=[1, most, 7], keeps="nothing")

    # --- regions: S. Ren et al., "Faster R-CNN", 2015; J. Dai et al., "R-FCN", 2016 -----------------------------------

    def _Proposal(self, entry: Entry, ranks: list[int | None], _names: object) -> Made:
        """Regions: the number of a picture and four sides each; a second result says how sure each is."""
        inputs = [["..."] for _ in ranks]
        both = len(entry.value.get("top", [])) > 1
        made, _, _ = self._declared(entry, 1, input=inputs, output=[[5], [1]] if both else [5], keeps="nothing")
        return made, 1, ["made:0", "made:1"] if both else []

    def _ROIPooling(self, entry: Entry, ranks: list[int | None], _names: object) -> Made:
        """The largest of each of so many parts of a region, per channel."""
        return self._of_region(entry, ranks, "roi_pooling_param")

    def _ROIAlign(self, entry: Entry, ranks: list[int | None], _names: object) -> Made:
        """The mean of values interpolated in each of so many parts of a region, per channel: K. He et al., "Mask
        R-CNN", 2017.
        """
        return self._of_region(entry, ranks, "roi_align_param")

    def _of_region(self, entry: Entry, ranks: list[int | None], param: str) -> Made:
        if len(ranks) != _WITH_REGIONS:
            raise Unread
        high, wide = (self._messages.whole(entry, param, f"pooled_{axis}", 0, 1) for axis in "hw")
        if not high or not wide:
            raise Unread
        inputs = [["c", "h", "w"], ["..."]]
        return self._declared(entry, 3, input=inputs, output=["c", high, wide], keeps="nothing")

    def _PSROIPooling(self, entry: Entry, ranks: list[int | None], _names: object) -> Made:
        """The mean of each of so many parts of a region, each part from channels of its own."""
        if len(ranks) != _WITH_REGIONS:
            raise Unread
        depth, parts = (
            self._messages.whole(entry, "psroi_pooling_param", name, 0, 1) for name in ("output_dim", "group_size")
        )
        if not depth or not parts:
            raise Unread
        inputs = [[depth * parts * parts, "h", "w"], ["..."]]
        return self._declared(entry, 3, input=inputs, output=[depth, parts, parts], keeps="nothing")

    # --- recurrence: the first axis is time, the second the batch -----------------------------------------------------

    def _LSTM(self, entry: Entry, ranks: list[int | None], _names: object) -> Made:
        """One matrix for the input of all gates, one for what was given before, a bias: J. Donahue et al., 2015."""
        return self._recurrent(entry, ranks, 4, {})

    def _RNN(self, entry: Entry, ranks: list[int | None], _names: object) -> Made:
        """A hidden state, and what is given made of it by another matrix."""
        units = self._messages.whole(entry, "recurrent_param", "num_output", 0, 1)
        return self._recurrent(entry, ranks, 1, {"W_ho": [units, units], "b_o": [units]})

    def _recurrent(self, entry: Entry, ranks: list[int | None], gates: int, more: dict[str, Any]) -> Made:
        read, param = self._messages, "recurrent_param"
        units = read.whole(entry, param, "num_output", 0, 1)
        if not units or read.switch(entry, param, "expose_hidden", default=False) or not 1 < len(ranks) < 4:
            raise Unread
        depths = [f"a{at}" for at in range(1, ranks[0] or 0)]
        if not depths:
            raise Unread
        wide = gates * units
        depth = "*".join(depths)
        inputs: list[Any] = [["n", *depths], ["n"]]
        weights = {"W_xc": [wide, depth], "b_c": [wide], "W_hc": [wide, units], **more}
        work = f"{wide}*({depth}) + {wide * units}"
        if len(ranks) > 2:
            inputs.append(["s"] if ranks[2] == 1 else ["n", "s"])
            weights["W_xc_static"] = [wide, "s"]
            work += f" + {wide}*s"
        if more:
            work += f" + {units * units}"
        return self._declared(entry, 2, input=inputs, output=["n", units], weights=weights, macs=f"n*({work})")

    # --- sizes --------------------------------------------------------------------------------------------------------

    def _Interp(self, entry: Entry, ranks: list[int | None], _names: object) -> Made:
        """Bilinear, to a size, by a factor, or to the size of another map."""
        if len(ranks) > 1:
            inputs: list[object] = [["c", "h", "w"], ["d", "y", "x"]]
            return self._declared(
                entry, 3, input=inputs, output=["c", "y", "x"], elementwise="7*c*y*x", keeps="nothing"
            )
        read, param = self._messages, "interp_param"
        pads = read.whole(entry, param, "pad_beg", 0, -10_000) + read.whole(entry, param, "pad_end", 0, -10_000)
        shrink, zoom = (read.whole(entry, param, f"{how}_factor", 1, 1) for how in ("shrink", "zoom"))
        said = {key: [*read.given(entry, param, key)] for key in ("height", "width", "shrink_factor", "zoom_factor")}
        if said["height"] and said["width"]:
            output: list[object] = [read.whole(entry, param, key, 1, 1) for key in ("height", "width")]
        elif said["shrink_factor"] or said["zoom_factor"]:
            output = []
            for axis in "hw":
                length = f"(({axis} + {pads} - 1)//{shrink} + 1)"
                output.append(f"{length} + ({length} - 1)*({zoom} - 1)")
        else:
            raise Unread
        return self._declared(
            entry, 3, input=["c", "h", "w"], output=["c", *output], elementwise="7*size(output)", keeps="nothing"
        )

    def _Upsample(self, entry: Entry, ranks: list[int | None], _names: object) -> Made:
        """Every place made several, or put where a mask says."""
        read, param = self._messages, "upsample_param"
        scale = read.whole(entry, param, "scale", 2, 1)
        output: list[object] = []
        for axis in "hw":
            length = read.whole(entry, param, f"upsample_{axis}", 0, 0)
            less = int(read.switch(entry, param, f"pad_out_{axis}", default=False))
            output.append(length or f"{axis}*{read.whole(entry, param, f'scale_{axis}', scale, 1)} - {less}")
        inputs: list[object] = [["c", "h", "w"], ["..."]] if len(ranks) > 1 else ["c", "h", "w"]
        return self._declared(entry, 3, input=inputs, output=["c", *output], keeps="nothing")

    def _SPP(self, entry: Entry, _ranks: list[int | None], _names: object) -> Made:
        """K. He et al., "Spatial Pyramid Pooling", 2015: a map in 1, 4, 16, ... parts, the largest of each."""
        levels = self._messages.whole(entry, "spp_param", "pyramid_height", 1, 1)
        if levels > 10:
            raise Unread
        parts = sum(4**level for level in range(levels))
        return self._declared(entry, 1, input=["c", "h", "w"], output=[f"c*{parts}"], elementwise=f"{levels}*c*h*w")

    # --- others -------------------------------------------------------------------------------------------------------

    def _depthwise(self, entry: Entry, _ranks: list[int | None], _names: object) -> Made:
        """A convolution of each channel by itself, whatever `group` says."""
        groups = self._messages.whole(entry, "convolution_param", "num_output", 1, 1)
        return self._convolved(entry, "Conv2d", groups)

    _ConvolutionDepthwise = _DepthwiseConvolution = _depthwise

    def _Im2col(self, entry: Entry, _ranks: list[int | None], _names: object) -> Made:
        window = self._window(entry, "convolution_param")
        output: list[object] = ["c*{}*{}".format(*window["kernel_size"])]
        for axis, size, stride, pad in zip("hw", *window.values(), strict=True):
            output.append(f"({axis} + {2 * pad} - {size})//{stride} + 1")
        return self._declared(entry, 3, input=["c", "h", "w"], output=output, keeps="nothing")

    def _Embed(self, entry: Entry, ranks: list[int | None], _names: object) -> Made:
        """A row of a table for each number."""
        read, param = self._messages, "embed_param"
        axes = self._axes(ranks)
        rows, width = read.whole(entry, param, "input_dim", 0, 1), read.whole(entry, param, "num_output", 0, 1)
        if not rows or not width:
            message = f"`{entry.label}` needs `input_dim` and `num_output`"
            read.misses(entry, param, "num_output", message, "`input_dim: 1000 num_output: 64`")
            raise Unread
        weights: Item = {"weights": [rows, width]}
        if read.switch(entry, param, "bias_term", default=True):
            weights["bias"] = [width]
        return self._declared(entry, len(axes) + 1, input=axes, output=[*axes, width], weights=weights)

    def _ArgMax(self, entry: Entry, ranks: list[int | None], _names: object) -> Made:
        read, param = self._messages, "argmax_param"
        axes = self._axes(ranks)
        count = read.whole(entry, param, "top_k", 1, 1)
        both = 1 + read.switch(entry, param, "out_max_val", default=False)
        if not [*read.given(entry, param, "axis")]:
            return self._declared(
                entry, 2, input=axes, output=[both, count], elementwise="size(input)", keeps="nothing"
            )
        output: list[object] = [*axes]
        output[self._axis_of(entry, param, 1, len(axes)) - 1] = count
        return self._declared(entry, len(axes), input=axes, output=output, elementwise="size(input)", keeps="nothing")

    def _Reduction(self, entry: Entry, ranks: list[int | None], _names: object) -> Made:
        """All axes from one on made a single number."""
        axes = self._axes(ranks)
        axis = self._axis_of(entry, "reduction_param", 0, len(axes))
        return self._declared(entry, axis - 1, input=axes, output=axes[: axis - 1], elementwise="size(input)")

    def _Tile(self, entry: Entry, ranks: list[int | None], _names: object) -> Made:
        axes = self._axes(ranks)
        axis = self._axis_of(entry, "tile_param", 1, len(axes))
        tiles = self._messages.whole(entry, "tile_param", "tiles", 1, 1)
        output = [f"{one}*{tiles}" if at == axis else one for at, one in enumerate(axes, 1)]
        return self._declared(entry, len(axes), input=axes, output=output, keeps="nothing")
