"""Arguments and ranks of operations that PyTorch never writes, but that a damaged program may hold: each is refused."""

from __future__ import annotations

import pytest
from applying import NAMES
from torch_applying import TORCH, refusal

from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN
from cnnsum.layers.kinds import PlainReading
from tests.thorough import each

H, N = NAMES["H"], NAMES["W"]


@each(
    ("name", "shapes", "fields", "code"),
    [
        ("aten.im2col", [(N, 2)], {"kernel_size": [3], "dilation": [1], "padding": [0], "stride": [1]}, "SHP204"),
        (
            "aten.im2col",
            [(N, 2, 8, 8)],
            {"kernel_size": [3, 3, 3], "dilation": [1], "padding": [0], "stride": [1]},
            "CFG102",
        ),
        ("aten.col2im", [(N, 2)], {"output_size": [4, 4], "kernel_size": [2]}, "SHP204"),
        ("aten.col2im", [(N, 2, 9)], {"output_size": [4, 4], "kernel_size": [0]}, "CFG102"),
        ("aten.pixel_shuffle", [(4,)], {"upscale_factor": 2}, "SHP204"),
        ("aten.pixel_unshuffle", [(4,)], {"downscale_factor": 2}, "SHP204"),
        ("aten.channel_shuffle", [(4,)], {"groups": 2}, "SHP204"),
        ("aten.batch_norm", [(4,), (4,)], {}, "SHP204"),
        ("quantized_decomposed.choose_qparams_per_token", [()], {}, "SHP204"),
        ("quantized_decomposed.quantize_per_channel_group", [()], {"group_size": 4}, "SHP204"),
        ("quantized_decomposed.quantize_per_channel_group", [(6, 8)], {"group_size": 3}, "SHP203"),
        ("torchao.choose_qparams_affine", [(6, 8)], {"mapping_type": "SYMMETRIC", "block_size": [8]}, "CFG102"),
        ("torchao.choose_qparams_affine", [(6, 8)], {"mapping_type": "SYMMETRIC", "block_size": [1, 3]}, "SHP203"),
        ("aten.group_norm", [(4,)], {"num_groups": 0}, "CFG102"),
        ("aten.rms_norm", [(4,)], {"normalized_shape": [2, 4]}, "SHP204"),
        ("aten.bilinear", [(), (4,), (2, 4, 4)], {}, "SHP204"),
        ("aten.bilinear", [(2, 4), (2, 4), (4,)], {}, "SHP204"),
        ("aten.unfold", [(8,)], {"dimension": 0, "size": 2, "step": 0}, "CFG102"),
        ("aten.arange", [], {"end": 4, "step": 0}, "CFG102"),
        ("aten.conv2d", [(N, 3, 8, 8), (4, 3, 3, 3)], {"padding": 1}, "CFG102"),
        ("aten.conv2d", [(N, 3, 8, 8), (4, 3, 3, 3)], {"stride": [0]}, "CFG102"),
        ("aten.reshape", [(N, H, 2)], {"shape": [0, -1]}, "SHP211"),
        ("aten.split", [(N, 4)], {"split_size": 0}, "CFG102"),
        ("aten.rot90", [(N, 4)], {"dims": [1]}, "CFG116"),
        ("aten.affine_grid_generator", [(N, 2, 3)], {"size": [2]}, "CFG102"),
        ("split", [(N, 4)], {"split_size_or_sections": 0}, "CFG102"),
        ("repeat", [(N, 4)], {"repeats": [1, -1]}, "CFG102"),
    ],
)
def test_it_is_refused(name, shapes, fields, code):
    assert refusal(name, *shapes, **fields).code == code


def test_a_number_that_is_computed_must_be_what_the_field_takes():
    """A program computes numbers from sizes, so that what a field takes is known only when the sizes are."""
    chunk = TORCH.find("aten.chunk")
    assert chunk.read_field("chunks", 3, PlainReading()) == 3
    for wrong in (N, UNKNOWN, 0):
        with pytest.raises(Problem, match="`chunks` must be") as caught:
            chunk.read_field("chunks", wrong, PlainReading())
        assert caught.value.field == ("chunks",)
    view = TORCH.find("aten.view")
    assert view.read_field("size", (N, UNKNOWN, -1), PlainReading()) == (N, UNKNOWN, -1)
