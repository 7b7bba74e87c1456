"""Networks of Caffe at random: layers that mostly fit, of every kind that has a meaning, and their text."""

from __future__ import annotations

import json
from random import Random
from typing import Any


class Word(str):
    """A text without quotes."""

    __slots__ = ()


_OF_TWO: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Concat", {}),
    ("Concat", {}),
    ("Eltwise", {}),
    ("Eltwise", {}),
    ("Crop", {}),
    ("Proposal", {}),
    ("ROIPooling", {"roi_pooling_param": {"pooled_h": 2, "pooled_w": 3}}),
    ("ROIAlign", {"roi_align_param": {"pooled_h": 2, "pooled_w": 3}}),
    ("PSROIPooling", {"psroi_pooling_param": {"output_dim": 2, "group_size": 2}}),
    ("LSTM", {"recurrent_param": {"num_output": 4}}),
    ("RNN", {"recurrent_param": {"num_output": 4}}),
)
_SAME: tuple[tuple[str, dict[str, Any]], ...] = (
    ("ReLU", {}),
    ("ReLU", {"relu_param": {"negative_slope": 0.1}}),
    ("PReLU", {}),
    ("ELU", {}),
    ("TanH", {}),
    ("Power", {"power_param": {"scale": 0.5}}),
    ("LRN", {"lrn_param": {"local_size": 5}}),
    ("LRN", {"lrn_param": {"norm_region": Word("WITHIN_CHANNEL")}}),
    ("BatchNorm", {"param": [{"lr_mult": 0}, {"lr_mult": 0}, {"lr_mult": 0}]}),
    ("Scale", {"scale_param": {"bias_term": True}}),
    ("Bias", {}),
    ("Dropout", {"dropout_param": {"dropout_ratio": 0.3}}),
    ("Normalize", {"norm_param": {"channel_shared": False}}),
    ("Softmax", {}),
    ("Flatten", {}),
    ("Reshape", {"reshape_param": {"shape": {"dim": [0, -1, 4]}}}),
    ("Reshape", {"reshape_param": {"shape": {"dim": [0, 0, -1]}}}),
    ("Permute", {"permute_param": {"order": [0, 2, 3, 1]}}),
    ("InnerProduct", {"inner_product_param": {"num_output": 10}}),
    ("PriorBox", {"prior_box_param": {"min_size": 30.0, "aspect_ratio": [2, 3]}}),
    ("Interp", {"interp_param": {"zoom_factor": 2}}),
    ("Upsample", {"upsample_param": {"scale": 2}}),
    ("ConvolutionDepthwise", {"convolution_param": {"num_output": 8, "kernel_size": 3, "pad": 1}}),
    ("Tile", {"tile_param": {"tiles": 2}}),
    ("ArgMax", {"argmax_param": {"axis": 1}}),
    ("ROIPooling", {}),
    ("Deconvolution", {"convolution_param": {"num_output": 8, "kernel_size": 4, "stride": 2, "pad": 1}}),
    ("Pooling", {"pooling_param": {"pool": Word("AVE"), "global_pooling": True}}),
    ("Pooling", {"pooling_param": {"kernel_size": 1, "stride": 3}}),
)
_OLDER = {"ReLU": "RELU", "Convolution": "CONVOLUTION", "Pooling": "POOLING", "InnerProduct": "INNER_PRODUCT"}


def network(chance: Random) -> dict[str, Any]:
    """The value of a file."""
    size = chance.choice((28, 32, 224))
    value: dict[str, Any] = {"name": "net"}
    dims = [1, chance.choice((1, 3)), size, size]
    layers: list[Any] = []
    roll = chance.random()
    if roll < 0.3:
        value |= {"input": ["data"], "input_dim": dims}
    elif roll < 0.6:
        value |= {"input": ["data"], "input_shape": [{"dim": dims}]}
    else:
        layers.append({"name": "data", "type": "Input", "top": "data", "input_param": {"shape": {"dim": dims}}})
    blobs = ["data"]
    for number in range(chance.randint(1, 14)):
        top = blobs[-1] if chance.random() < 0.3 and len(blobs) > 1 else f"b{number}"
        layer: dict[str, Any] = {"name": f"l/{number}", "bottom": blobs[-1], "top": top}
        kind = chance.random()
        if kind < 0.4:
            fields: dict[str, Any] = {
                "num_output": chance.choice((8, 16)),
                "kernel_size": chance.choice((1, 3)),
                "pad": 1,
            }
            for key, values in (("stride", (2,)), ("group", (2,)), ("bias_term", (False,)), ("dilation", (2,))):
                if chance.random() < 0.15:
                    fields[key] = chance.choice(values)
            layer |= {"type": "Convolution", "convolution_param": fields}
            if chance.random() < 0.1:
                layer["param"] = [{"name": "shared"}]
        elif kind < 0.55:
            pool = {"pool": Word(chance.choice(("MAX", "AVE"))), "kernel_size": chance.choice((2, 3)), "stride": 2}
            layer |= {"type": "Pooling", "pooling_param": pool}
        elif kind < 0.7:
            merge, more = chance.choice(_OF_TWO)
            layer |= {"type": merge, "bottom": [blobs[-1], chance.choice(blobs)], **more}
        elif kind < 0.75:
            layer |= {"type": "Slice", "top": [f"s{number}", top], "slice_param": {"slice_point": 3}}
        else:
            name, more = chance.choice(_SAME)
            layer |= {"type": name, **more}
        if chance.random() < 0.05 and number:
            layer["include"] = {"phase": Word(chance.choice(("TRAIN", "TEST")))}
        layers.append(layer)
        if top not in blobs:
            blobs.append(top)
    if chance.random() < 0.15 and all(one.get("type") in _OLDER for one in layers):
        value["layers"] = [{**one, "type": Word(_OLDER[one["type"]])} for one in layers]
    else:
        value["layer"] = layers
    return value


def text(value: Any, chance: Random) -> str:
    """The text of a value, whatever it is."""
    lines: list[str] = []
    _write(value if isinstance(value, dict) else {"layer": value}, "", lines, chance)
    return "\n".join(lines) + "\n"


def _write(value: dict[Any, Any], indent: str, lines: list[str], chance: Random) -> None:
    for key, one in value.items():
        for item in one if isinstance(one, list) else [one]:
            if isinstance(item, dict):
                lines.append(f"{indent}{key} {{")
                _write(item, f"{indent}  ", lines, chance)
                lines.append(f"{indent}}}")
            else:
                lines.append(f"{indent}{key}: {_scalar(item)}{' # c' if chance.random() < 0.02 else ''}")


def _scalar(value: Any) -> str:
    if isinstance(value, Word) or not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return json.dumps(value)
