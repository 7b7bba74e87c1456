"""Networks of PyTorch as ONNX files, by both exporters, and what onnxruntime says of them."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn
from torch_dynamic import NETWORKS, Resized


class Detector(nn.Module):
    """A head that makes boxes at every place of two maps, whose places it counts from their sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.SiLU(), nn.Conv2d(8, 8, 3, 2, 1))
        self.down = nn.Conv2d(8, 8, 3, 2, 1)
        self.boxes, self.classes = nn.Conv2d(8, 16, 1), nn.Conv2d(8, 5, 1)
        self.mean = nn.Conv2d(4, 1, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        maps, places, strides = [], [], []
        fine = self.stem(x)
        for found, stride in ((fine, 4), (self.down(nnf.silu(fine)), 8)):
            maps.append(torch.cat([self.boxes(found), self.classes(found)], 1).flatten(2))
            height, width = found.shape[-2:]
            rows, columns = (torch.arange(length, dtype=found.dtype) + 0.5 for length in (height, width))
            grid = torch.meshgrid(rows, columns, indexing="ij")
            places.append(torch.stack(grid[::-1], -1).view(-1, 2))
            strides.append(torch.full((height * width, 1), stride, dtype=found.dtype))
        boxes, classes = torch.cat(maps, 2).split((16, 5), 1)
        batch, _, count = boxes.shape
        sides = self.mean(boxes.view(batch, 4, 4, count).transpose(2, 1).softmax(1)).view(batch, 4, count)
        before, after = sides.chunk(2, 1)
        centers = torch.cat(places).transpose(0, 1).unsqueeze(0)
        found = torch.cat((centers + (after - before) / 2, after + before), 1) * torch.cat(strides).transpose(0, 1)
        return torch.cat((found, classes.sigmoid()), 1)


#: Networks with free sizes, and a size that they are exported with.
FREE = {**NETWORKS, "detector": Resized(Detector, (3, 64, 64))}


def dynamic_axes(shape: tuple[int, ...]) -> dict[int, str]:
    """Names for the batch and every axis after the channels, of an input with channels first."""
    names = {2: ("T",), 3: ("H", "W"), 4: ("D", "H", "W")}[len(shape)]
    return {0: "batch", **dict(enumerate(names, 2))}


#: Inputs that only say what an operation does, by place; none of them is a parameter.
_SETTINGS = {
    "Resize": (1, 2, 3),
    "Clip": (1, 2),
    "Pad": (1, 2, 3),
    "Range": (0, 1, 2),
    "OneHot": (1, 2),
    "Upsample": (1,),
}


def is_setting(type: str, at: int) -> bool:
    """Whether the input of an operation at that place only says what it does."""
    return at in _SETTINGS.get(type, ())


def exported(
    module: nn.Module,
    shape: tuple[int, ...],
    path: Path,
    *,
    free: dict[int, str] | None = None,
    dynamo: bool = False,
    sample: Tensor | None = None,
) -> None:
    """Write a network that takes one picture `x`; free: the names of axes that are left open; sample: what it takes
    where that is not a picture.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not dynamo:
            axes = {"x": free} if free else None
            torch.onnx.export(
                module,
                (torch.zeros(1, *shape) if sample is None else sample,),
                path,
                dynamo=False,
                input_names=["x"],
                dynamic_axes=axes,
            )
            return
        sizes = None if free is None else (dict.fromkeys(free, torch.export.Dim.DYNAMIC),)
        batch = 1 if free is None else 2
        torch.onnx.export(
            module,
            (torch.zeros(batch, *shape) if sample is None else sample,),
            path,
            dynamo=True,
            input_names=["x"],
            dynamic_shapes=sizes,
            external_data=False,
            verbose=False,
        )
