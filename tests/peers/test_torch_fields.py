"""Receptive fields against the gradient of one output position: where it is not zero is what the position sees.

A network is run by PyTorch along one spatial axis at a time, with one channel. All kernels are means, so that no two
paths cancel; maxima are taken for means, and products and concatenations for sums: they depend on the same positions.
How "same" pads is written down here once more, as TensorFlow documents it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import cnnsum
from cnnsum.analyses.field.fields import Axis, is_known, receptive_fields

torch = pytest.importorskip("torch")

import torch_zoo  # noqa: E402 - needs PyTorch
from torch import nn  # noqa: E402 - as above
from torch.nn import functional as F  # noqa: E402, N812 - as everybody calls it

EXAMPLES = int(os.environ.get("CNNSUM_EXAMPLES", "100"))
SPECS = Path(__file__).resolve().parent.parent.parent / "specs"


def padded(x: Any, kernel: int, stride: int, dilation: int, padding: str) -> Any:
    """With zeros for "same", the odd one behind, or for "causal"."""
    span = (kernel - 1) * dilation + 1
    length = x.shape[-1]
    if padding == "causal":
        return F.pad(x, (span - 1, 0))
    if padding == "same":
        total = max((-(-length // stride) - 1) * stride + span - length, 0)
        return F.pad(x, (total // 2, total - total // 2))
    return x


def convolved(x: Any, kernel: int, stride: int, dilation: int, padding: str) -> Any:
    means = torch.full((1, 1, kernel), 1 / kernel, dtype=x.dtype)
    return F.conv1d(padded(x, kernel, stride, dilation, padding), means, stride=stride, dilation=dilation)


def transposed(x: Any, kernel: int, stride: int, dilation: int, padding: str) -> Any:
    """What the convolution with these fields, run backwards, makes of `x`."""
    means = torch.full((1, 1, kernel), 1 / kernel, dtype=x.dtype)
    y = F.conv_transpose1d(x, means, stride=stride, dilation=dilation)
    span = (kernel - 1) * dilation + 1
    if padding == "valid":
        return F.pad(y, (0, max(stride - span, 0)))
    wanted = x.shape[-1] * stride
    before = max(span - stride, 0) // 2
    return F.pad(y, (-before, wanted - y.shape[-1] + before))


def run(call: Any, xs: list[Any], axis: int) -> Any:
    """One call along one axis; None where all of the input is seen, or it is not followed what."""
    kind = call.layer.type_name
    fields = call.layer.fields

    def field(name: str, default: Any = 1) -> Any:
        value = fields.get(name)
        return default if value is None else value[axis] if isinstance(value, tuple) else value

    padding = fields.get("padding", "valid")
    if any(x is None for x in xs) or kind.startswith(("Global", "Flatten", "Reshape")):
        return None
    if kind.endswith("Transpose") and kind.startswith("Conv"):
        return transposed(xs[0], field("kernel_size"), field("strides"), field("dilation_rate"), padding)
    if kind.startswith(("Conv", "DepthwiseConv", "SeparableConv")) and kind[-2:] in ("1D", "2D", "3D"):
        return convolved(xs[0], field("kernel_size"), field("strides"), field("dilation_rate"), padding)
    if kind.startswith(("MaxPooling", "AveragePooling")):
        size = field("pool_size", 2)
        return convolved(xs[0], size, field("strides", size), 1, padding)
    if kind.startswith("ZeroPadding"):
        return F.pad(xs[0], fields["padding"][axis])
    if kind.startswith("Cropping"):
        return F.pad(xs[0], tuple(-amount for amount in fields["cropping"][axis]))
    if kind.startswith("UpSampling"):
        mode = {"nearest": "nearest", "bilinear": "linear"}[fields.get("interpolation", "nearest")]
        return F.interpolate(xs[0], scale_factor=field("size", 2), mode=mode)
    assert call.facts.window is None, kind
    return torch.stack(xs).sum(0)


class Run:
    """A model run along one axis: PyTorch's tensor of each value, in the order of `Inference.values`."""

    def __init__(self, model: Any, axis: int) -> None:
        assert not [found for found in model.diagnostics if found.severity == "error"]
        self.inference = model.inference
        self.axis = axis
        self.fields = receptive_fields(self.inference)
        ((number,)) = self.inference.inputs
        length = self.inference.values[number].shape[1 + axis]
        self.x = torch.ones(1, 1, length, dtype=torch.float64, requires_grad=True)
        self.tensors: list[Any] = [None] * len(self.inference.values)
        self.tensors[number] = self.x
        for call in self.inference.calls:
            (made,) = call.outputs
            y = self.tensors[made] = run(call, [self.tensors[number] for number in call.inputs], axis)
            if y is not None:
                assert y.shape[-1] == self.inference.values[made].shape[1 + axis], call.layer.name

    def seen(self, number: int, output: int) -> set[int]:
        """The input positions that one output position depends on."""
        (gradient,) = torch.autograd.grad(self.tensors[number][0, 0, output], self.x, retain_graph=True)
        return set(gradient[0, 0].nonzero().flatten().tolist())

    def check(self, number: int, name: str) -> None:
        """Hold the field of a value against what outputs in the middle see, one of each kind."""
        field = self.fields[number]
        assert (field is None or not is_known(field)) == (self.tensors[number] is None), name
        if field is None or not is_known(field):
            return
        axis = field[self.axis]
        assert axis.seen is not None, name
        middle = self.tensors[number].shape[-1] // 2
        period = len(axis.seen.outputs)
        found = {output: self.seen(number, output) for output in range(middle, middle + period)}
        for output, seen in found.items():
            turn, place = divmod(output, period)
            positions = axis.seen.outputs[place]
            start = positions.first + turn * axis.seen.step
            assert seen == {start + n for n in range(positions.span) if positions.bits >> n & 1}, (name, output)
            if seen:
                inside(axis, output, seen)
        spans = [max(seen) - min(seen) + 1 for seen in found.values() if seen]
        assert axis.size == max(spans), name
        assert axis.exact == (max(map(len, found.values())) == axis.size), name
        if period == 1:
            (seen,) = found.values()
            assert axis.offset == min(seen) - middle * axis.jump
        middles = [(min(seen) + max(seen)) / 2 - output * axis.jump for output, seen in found.items() if seen]
        assert axis.centre == pytest.approx(sum(middles) / len(middles))

    def check_all(self, most: int = 1000) -> None:
        """Hold the fields of at most so many of the values against their gradients, and always the last."""
        made = [(call.outputs[0], call.layer.name) for call in self.inference.calls]
        made = [pair for pair in made if self.fields[pair[0]]]
        assert made
        for number, name in made[:: -max(1, len(made) // most)]:
            self.check(number, name)


def inside(axis: Axis, output: int, seen: set[int]) -> None:
    """The span for all outputs alike holds what this one sees."""
    assert axis.first + output * axis.stride <= min(seen) * axis.parts
    assert max(seen) * axis.parts <= axis.last + output * axis.stride


def spec(layers: list[Any], length: int = 192) -> Any:
    return cnnsum.loads(json.dumps({"input": [length, 1], "layers": layers}))


def conv(kernel: int, **fields: Any) -> dict[str, Any]:
    return {"Conv1D": {"filters": 1, "kernel_size": kernel, **fields}}


def up(kernel: int, stride: int, **fields: Any) -> dict[str, Any]:
    return {"Conv1DTranspose": {"filters": 1, "kernel_size": kernel, "strides": stride, **fields}}


NETS = {
    "valid": [conv(3), conv(5, strides=2), conv(4), conv(3, strides=3)],
    "same": [conv(3, padding="same"), conv(4, strides=2, padding="same"), conv(2, padding="same")],
    "causal": [conv(2, padding="causal"), conv(2, dilation_rate=2, padding="causal"), conv(2, dilation_rate=4)],
    "dilated without gaps": [conv(3, dilation_rate=d, padding="same") for d in (1, 2, 4)],
    "dilated with gaps": [conv(3, dilation_rate=d, padding="same") for d in (2, 2, 2)],
    "gaps that are filled": [conv(3, dilation_rate=2), conv(2)],
    "stride above the kernel": [conv(1, strides=3), conv(2)],
    "pooling": [conv(3), {"MaxPooling1D": 2}, {"AveragePooling1D": {"pool_size": 3, "strides": 2, "padding": "same"}}],
    "transposed": [conv(3, strides=2), up(4, 2, padding="same"), conv(3)],
    "transposed with gaps": [up(2, 4), conv(2), conv(3, strides=2)],
    "transposed and dilated": [conv(2), up(3, 1, dilation_rate=3), conv(2)],
    "repeated": [conv(3, strides=2), {"UpSampling1D": 2}, conv(3), {"UpSampling1D": 3}, conv(2, strides=2)],
    "padded and cropped": [
        {"ZeroPadding1D": {"padding": [2, 1]}},
        conv(4, strides=2),
        {"Cropping1D": {"cropping": [1, 3]}},
    ],
    "residual": [
        conv(3, padding="same", name="a"),
        conv(5, padding="same"),
        {"Add": {"from": ["a", "conv1d"]}},
        conv(1, strides=2, name="shortcut"),
    ],
    "concatenated": [
        conv(3, strides=2, padding="same", name="x"),
        conv(1, name="a", **{"from": "x"}),
        conv(5, padding="same", name="b", **{"from": "x"}),
        conv(3, padding="same", dilation_rate=6, name="c", **{"from": "x"}),
        {"Concatenate": {"from": ["a", "b", "c"]}},
        conv(2),
    ],
    "misaligned": [
        conv(1, strides=2, name="a"),
        conv(3, strides=2, padding="same", name="b", **{"from": "input"}),
        {"Add": {"from": ["a", "b"]}},
        conv(3),
    ],
    "enlarged and reduced": [
        conv(3, strides=3, name="a"),
        {"UpSampling1D": {"size": 2}},
        conv(2, strides=2, name="b"),
        {"Add": {"from": ["a", "b"]}},
        {"UpSampling1D": {"size": 2, "name": "c"}},
        up(3, 2, padding="same", name="d", **{"from": "b"}),
        {"Add": {"from": ["c", "d"]}},
    ],
    "there and back": [
        conv(3, padding="same", name="x"),
        {"MaxPooling1D": 2},
        conv(3, padding="same", name="y"),
        {"MaxPooling1D": 2},
        conv(3, padding="same"),
        up(2, 2, name="up1"),
        {"Concatenate": {"from": ["y", "up1"]}},
        conv(3, padding="same"),
        up(2, 2, name="up2"),
        {"Concatenate": {"from": ["x", "up2"]}},
        conv(3, padding="same"),
    ],
}


@pytest.mark.parametrize("layers", NETS.values(), ids=list(NETS))
def test_small_networks(layers: list[Any]) -> None:
    Run(spec(layers), 0).check_all()


def test_what_a_transposed_convolution_leaves_out() -> None:
    """With a stride above the kernel, outputs between two kernels see nothing but the bias."""
    run = Run(spec([up(2, 4)]), 0)
    assert [len(run.seen(1, 40 + n)) for n in range(4)] == [1, 1, 0, 0]
    run.check_all()


#: By name: an input in which the middle of the last map is away from the borders. A number is height and width.
GALLERY: dict[str, int | tuple[int, ...]] = {
    "alexnet": 448,
    "c3d": (96, 256, 320, 3),
    "convnext_tiny": 4096,
    "densenet121": 4096,
    "efficientnet_b0": 256,
    "fcn": 1024,
    "horses_or_humans": 128,
    "inception_v3": 3001,
    "lenet5": (64, 72, 1),
    "m5_audio": (32000, 1),
    "mobilenet_v1": 640,
    "mobilenet_v2": 1024,
    "mobilenet_v3_large": 256,
    "resnet18": 961,
    "resnet34": 1601,
    "resnet50": 992,
    "resnet101": 2049,
    "resnet152": 3201,
    "squeezenet": 448,
    "unet": 512,
    "vgg16": 448,
    "vgg19": 640,
    "vit_b16": (224, 224, 3),
    "xception": 2209,
}
#: Blocks alone, and a network of two inputs.
OTHERS = {"resnet_blocks", "siamese"}


def test_the_gallery_is_all_here() -> None:
    assert {path.stem for path in SPECS.glob("*.yaml")} - OTHERS == set(GALLERY)


@pytest.mark.parametrize("name", GALLERY)
def test_gallery(name: str) -> None:
    size = GALLERY[name]
    shape = (size, size + 32, 3) if isinstance(size, int) else size
    model = cnnsum.load(str(SPECS / f"{name}.yaml"), inputs=shape)
    for axis in range(len(shape) - 1):
        Run(model, axis).check_all(20)


@pytest.mark.parametrize(
    ("name", "size", "layer"),
    [
        ("vgg16", 224, "stage_4.max_pooling2d"),
        ("squeezenet", 224, "conv2d_1"),
        ("resnet18", 480, "conv5.basic_block.1.add"),
    ],
)
def test_modules(name: str, size: int, layer: str) -> None:
    """Modules of torch.nn, up to their last map and in two dimensions, against the report on the spec of that name."""
    network = []
    for module in getattr(torch_zoo, name)():
        if isinstance(module, (nn.Flatten, nn.AdaptiveAvgPool2d)):
            break
        network.append(module)
    net = with_means(nn.Sequential(*network)).eval()
    x = torch.ones(1, 3, size, size, requires_grad=True)
    y = net(x)
    middle = y.shape[-1] // 2
    (gradient,) = torch.autograd.grad(y[0, 0, middle, middle], x)
    report = cnnsum.summarize(cnnsum.load(str(SPECS / f"{name}.yaml"), inputs=(size, size, 3)))
    (field,) = [row.receptive_field for row in report.rows if row.name == layer]
    assert field is not None
    assert (field.aligned, field.exact) == (True, True)
    for axis, seen in enumerate((gradient[0].sum((0, 2)), gradient[0].sum((0, 1)))):
        first = field.offset[axis] + middle * field.stride[axis]
        assert seen.nonzero().flatten().tolist() == list(range(first, first + field.size[axis]))


def with_means(module: nn.Module) -> nn.Module:
    """The module with means for kernels and maxima, and without activations, normalisation and biases."""
    for name, part in module.named_children():
        if isinstance(part, nn.MaxPool2d):
            setattr(module, name, nn.AvgPool2d(part.kernel_size, part.stride, part.padding))
        elif isinstance(part, (nn.ReLU, nn.BatchNorm2d, nn.Dropout)):
            setattr(module, name, nn.Identity())
        elif isinstance(part, nn.Conv2d):
            part.weight.data.fill_(1 / part.weight[0].numel())
            part.weight.requires_grad_(requires_grad=False)
            part.bias = None
        else:
            with_means(part)
    return module


@st.composite
def layers(draw: Callable[..., Any]) -> list[Any]:
    """Chains of all layers with windows, now and then with a path around some of them that fits."""
    made: list[Any] = [{"ReLU": {"name": "x0"}}]
    enlarged = 1
    for _ in range(draw(st.integers(1, 5))):
        kernel, stride = draw(st.integers(1, 5)), draw(st.integers(1, 3))
        padding = draw(st.sampled_from(["valid", "same", "causal"]))
        kind = draw(st.sampled_from(["conv", "dilated", "pool", "up", "transposed", "pad", "crop", "branches"]))
        last = f"x{len(made)}"
        if kind == "conv":
            made.append(conv(kernel, strides=stride, padding=padding, name=last))
        elif kind == "dilated":
            made.append(conv(kernel, dilation_rate=stride, padding=padding, name=last))
        elif kind == "pool":
            fields = {"pool_size": kernel, "strides": stride, "padding": padding.replace("causal", "same")}
            made.append({"AveragePooling1D": {**fields, "name": last}})
        elif kind in {"up", "transposed"} and enlarged * stride <= 12:
            enlarged *= stride
            padding = padding.replace("causal", "valid")
            entry = {"UpSampling1D": {"size": stride}} if kind == "up" else up(kernel, stride, padding=padding)
            next(iter(entry.values()))["name"] = last
            made.append(entry)
        elif kind == "pad":
            made.append({"ZeroPadding1D": {"padding": [kernel, stride], "name": last}})
        elif kind == "crop":
            made.append({"Cropping1D": {"cropping": [kernel, stride], "name": last}})
        elif kind == "branches":
            arms = [f"arm{len(made)}", f"other{len(made)}"]
            before = f"x{len(made) - 1}"
            for arm in arms:
                size, gaps = draw(st.integers(1, 4)), draw(st.integers(1, 3))
                made.append(conv(size, padding="same", dilation_rate=gaps, name=arm, **{"from": before}))
            made.append({"Add": {"from": arms, "name": f"x{len(made)}"}})
    return made


@given(layers())
@settings(max_examples=EXAMPLES)
def test_random_networks(layers: list[Any]) -> None:
    model = spec(layers, 600)
    assume(not model.diagnostics)
    Run(model, 0).check_all()
