"""Quantized programs: each operation exported by itself, and networks as pt2e leaves them, compared with PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cnnsum
from cnnsum.layers.vocabulary import TORCH

torch = pytest.importorskip("torch")

pytest.importorskip("torch.ao.quantization.fx._decomposed")  # defines the operations
from torch import nn  # noqa: E402 - needs PyTorch

pytestmark = pytest.mark.filterwarnings("ignore")

Q = torch.ops.quantized_decomposed
INT8 = torch.int8


def zeros(*shape: int) -> Any:
    return torch.zeros(*shape, dtype=torch.int32)


OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "choose_qparams": lambda x: Q.choose_qparams(x, -128, 127, 1e-5, INT8),
    "choose_qparams_symmetric": lambda x: Q.choose_qparams_symmetric(x, -128, 127, 1e-5, INT8),
    "choose_qparams_per_token": lambda x: Q.choose_qparams_per_token(x, INT8),
    "choose_qparams_per_token_asymmetric": lambda x: Q.choose_qparams_per_token_asymmetric(x, INT8),
    "quantize_per_tensor": lambda x: Q.quantize_per_tensor(x, 0.1, 3, 0, 255, torch.uint8),
    "dequantize_per_tensor": lambda x: Q.dequantize_per_tensor(x.to(INT8), 0.1, 3, -128, 127, INT8),
    "dequantize_per_tensor to half": lambda x: Q.dequantize_per_tensor(
        x.to(INT8), 0.1, 3, -128, 127, INT8, out_dtype=torch.float16
    ),
    "quantize_per_tensor by a tensor": lambda x: Q.quantize_per_tensor(x, x[0, 0, 0], zeros(1), -128, 127, INT8),
    "quantize_per_channel": lambda x: Q.quantize_per_channel(x, torch.ones(6), zeros(6), 1, -8, 7, INT8),
    "dequantize_per_channel": lambda x: Q.dequantize_per_channel(x.to(INT8), torch.ones(6), zeros(6), -2, -8, 7, INT8),
    "quantize_per_token": lambda x: Q.quantize_per_token(x, torch.ones(4, 6, 1), zeros(4, 6, 1), -8, 7, INT8),
    "dequantize_per_token": lambda x: Q.dequantize_per_token(
        x.to(INT8), torch.ones(4, 6, 1), zeros(4, 6, 1), -8, 7, INT8, torch.float32
    ),
    "quantize_per_channel_group": lambda x: Q.quantize_per_channel_group(
        x[0], torch.ones(6, 2), zeros(6, 2), -8, 7, INT8, 4
    ),
    "dequantize_per_channel_group": lambda x: Q.dequantize_per_channel_group(
        x[0].to(INT8), torch.ones(6, 2), zeros(6, 2), -8, 7, INT8, 4, torch.float32
    ),
    "fake_quant_per_channel": lambda x: Q.fake_quant_per_channel(x, torch.ones(6), zeros(6), 1, -8, 7),
    "convert_element_type": lambda x: Q.convert_element_type(x, torch.float16),
}


class Only(nn.Module):
    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x)


def of_nodes(program: Any) -> list[tuple[tuple[int, ...], str]]:
    """Shape and dtype of each tensor that the program makes, in its order."""
    found: list[tuple[tuple[int, ...], str]] = []
    for node in program.graph.nodes:
        made = node.meta.get("val")
        if node.op == "call_function" and made is not None and "getitem" not in str(node.target):
            listed = made if isinstance(made, (tuple, list)) else [made]
            found += [(tuple(one.shape), str(one.dtype).removeprefix("torch.")) for one in listed]
    return found


def compare(program: Any, path: Path) -> cnnsum.Report:
    torch.export.save(program, path)
    model = cnnsum.load(path)
    assert model.diagnostics == ()
    values = [model.inference.values[number] for call in model.inference.calls for number in call.outputs]
    assert [(one.shape, one.dtype) for one in values] == of_nodes(program)
    return cnnsum.summarize(model)


def test_every_operation_is_exported() -> None:
    known = {name for name in TORCH.all_types() if name.startswith("quantized_decomposed.")}
    assert {name.partition(".")[2] for name in known} == {name.partition(" ")[0] for name in OPERATIONS}


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation(name: str, tmp_path: Path) -> None:
    program = torch.export.export(Only(OPERATIONS[name]), (torch.randn(4, 6, 8),))
    operation = name.partition(" ")[0]
    assert f"quantized_decomposed.{operation}" in str(program.graph)
    report = compare(program, tmp_path / "program.pt2")
    assert operation in {row.type for row in report.rows}


class Quantized(nn.Module):
    """A convolution and a head with weights in bytes, as pt2e leaves them."""

    def __init__(self, *, dynamic: bool) -> None:
        super().__init__()
        self.dynamic = dynamic
        self.conv = nn.Conv2d(3, 8, 3)
        self.head = nn.Linear(8, 5)
        for module in (self.conv, self.head):
            stored = torch.zeros_like(module.weight, dtype=INT8)
            del module.weight
            module.register_buffer("weight", stored)
            module.register_buffer("scale", torch.ones(len(stored)))
            module.register_buffer("zero_point", torch.zeros(len(stored), dtype=torch.int64))

    def around(self, x: Any) -> Any:
        if self.dynamic:
            scale, zero_point = Q.choose_qparams(x, -128, 127, 1e-5, INT8)
            x = Q.quantize_per_tensor(x, scale, zero_point, -128, 127, INT8)
            return Q.dequantize_per_tensor(x, scale, zero_point, -128, 127, INT8)
        x = Q.quantize_per_tensor(x, 0.1, 3, -128, 127, INT8)
        return Q.dequantize_per_tensor(x, 0.1, 3, -128, 127, INT8)

    def forward(self, x: Any) -> Any:
        conv, head = (
            Q.dequantize_per_channel(one.weight, one.scale, one.zero_point, 0, -127, 127, INT8)
            for one in (self.conv, self.head)
        )
        y = torch.relu(nn.functional.conv2d(self.around(x), conv, self.conv.bias))
        return nn.functional.linear(self.around(y.mean((2, 3))), head, self.head.bias)


@pytest.mark.parametrize("dynamic", [False, True])
def test_a_network(tmp_path: Path, *, dynamic: bool) -> None:
    made, x = Quantized(dynamic=dynamic), torch.randn(2, 3, 16, 16)
    report = compare(torch.export.export(made, (x,)), tmp_path / "program.pt2")
    totals = report.totals
    assert totals.params.total == sum(one.numel() for one in made.parameters())
    assert totals.buffers == (sum(one.numel() for one in made.buffers()), sum(one.nbytes for one in made.buffers()))
    assert totals.macs == 14 * 14 * 8 * 27 + 8 * 5
    y = made(x)
    y.sum().backward()
    assert totals.training is not None
    assert totals.training.gradients == sum(one.grad.nbytes for one in made.parameters() if one.grad is not None)


def test_a_network_of_pt2e(tmp_path: Path) -> None:
    pt2e = pytest.importorskip("torchao.quantization.pt2e.quantize_pt2e")
    quantizing = pytest.importorskip("torchao.testing.pt2e._xnnpack_quantizer")
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(1568, 5)).eval()
    given = (torch.randn(1, 3, 16, 16),)
    config = quantizing.get_symmetric_quantization_config(is_per_channel=True)
    prepared = pt2e.prepare_pt2e(
        torch.export.export(net, given).module(), quantizing.XNNPACKQuantizer().set_global(config)
    )
    prepared(*given)
    program = torch.export.export(pt2e.convert_pt2e(prepared), given)
    report = compare(program, tmp_path / "program.pt2")
    assert report.totals.macs == 14 * 14 * 8 * 27 + 1568 * 5
    held = [program.state_dict[one] for one in program.graph_signature.buffers]
    assert report.totals.buffers == (sum(one.numel() for one in held), sum(one.nbytes for one in held))


def test_operations_of_torchao(tmp_path: Path) -> None:
    pytest.importorskip("torchao.quantization.quant_primitives")
    ao = torch.ops.torchao
    functions: list[Callable[[Any], Any]] = [
        lambda x: ao.choose_qparams_affine(x, "SYMMETRIC", [1, 6, 8], INT8),
        lambda x: ao.choose_qparams_affine(x, "ASYMMETRIC", [1, 1, 4], INT8, keepdim=True),
        lambda x: ao.choose_qparams_affine(x, "ASYMMETRIC", [1, 1, 8], INT8),
        lambda x: ao.choose_qparams_affine(
            x, "ASYMMETRIC", [2, 1, 8], INT8, -128, 127, 1e-5, torch.float64, torch.int64
        ),
        lambda x: ao.quantize_affine(x, [1, 1, 8], torch.ones(4, 6), zeros(4, 6), torch.uint8),
        lambda x: ao.dequantize_affine(
            x.to(INT8), [1, 1, 8], torch.ones(4, 6), zeros(4, 6), INT8, output_dtype=torch.float16
        ),
    ]
    for function in functions:
        compare(torch.export.export(Only(function), (torch.randn(4, 6, 8),)), tmp_path / "program.pt2")
