"""What PyTorch keeps for the backward pass of an operation, whichever of its tensors have a gradient, to the byte.

What an operation keeps depends on which of its inputs and parameters are trained: a linear layer of which only the bias
is keeps nothing, a convolution keeps its input even where it is frozen. Each program is exported once, and its file is
changed for every subset of what can be trained. The inputs of an operation are sums with parameters, so that they can
have a gradient.
"""

from __future__ import annotations

import itertools
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cnnsum

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402 - needs PyTorch
from torch.nn import functional as nnf  # noqa: E402 - as above
from torch_modules import saved  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

Shape = tuple[int, ...]
IMAGE = (2, 3, 8, 8)


def cast(called: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A function under autocast to bfloat16."""

    def run(*given: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            made = called(*given)
        return made.float()

    return run


#: What is called, on inputs of these shapes, with parameters of these shapes as its last arguments.
OPERATIONS: dict[str, tuple[Callable[..., Tensor] | nn.Module, tuple[Shape, ...], tuple[Shape, ...]]] = {
    "linear": (nn.Linear(4, 5), ((2, 3, 4),), ()),
    "linear without bias": (nn.Linear(4, 5, bias=False), ((2, 4),), ()),
    "linear by a tensor": (nnf.linear, ((2, 4), (3, 4)), ((3,),)),
    "conv1d": (nn.Conv1d(3, 5, 3), ((2, 3, 8),), ()),
    "conv2d": (nn.Conv2d(3, 5, 3, stride=2, padding=1), (IMAGE,), ()),
    "conv2d, even span": (nn.Conv2d(3, 5, (4, 3), padding="same"), (IMAGE,), ()),
    "conv2d, mirrored border": (nn.Conv2d(3, 5, 3, padding=1, padding_mode="reflect"), (IMAGE,), ()),
    "conv2d by a tensor": (nnf.conv2d, (IMAGE, (5, 3, 3, 3)), ()),
    "conv_transpose2d": (nn.ConvTranspose2d(3, 5, 3), (IMAGE,), ()),
    "batch_norm": (nn.BatchNorm2d(3), (IMAGE,), ()),
    "batch_norm, running": (nn.BatchNorm2d(3).eval(), (IMAGE,), ()),
    "layer_norm": (nn.LayerNorm(8), ((2, 3, 8),), ()),
    "group_norm": (nn.GroupNorm(3, 6), ((2, 6, 4, 4),), ()),
    "instance_norm": (nn.InstanceNorm2d(3, affine=True), (IMAGE,), ()),
    "bilinear": (nn.Bilinear(4, 5, 6), ((2, 4), (2, 5)), ()),
    "prelu": (nn.PReLU(3), (IMAGE,), ()),
    "matmul": (torch.matmul, ((2, 3, 4),), ((4, 5),)),
    "matmul from the left": (lambda x, w: w @ x, ((2, 3, 4),), ((4, 3),)),
    "matmul of tensors": (torch.matmul, ((2, 3, 4), (2, 4, 5)), ()),
    "bmm": (torch.bmm, ((2, 3, 4),), ((2, 4, 5),)),
    "einsum": (lambda x, w: torch.einsum("nij,jk->nik", x, w), ((2, 3, 4),), ((4, 5),)),
    "addmm": (lambda x, w, b: torch.addmm(b, x, w), ((2, 4),), ((4, 5), (5,))),
    "baddbmm": (lambda x, w, b: torch.baddbmm(b, x, w), ((2, 3, 4),), ((2, 4, 5), (2, 3, 5))),
    "mul": (lambda x, w: x * w, ((2, 4),), ((4,),)),
    "mul of tensors": (lambda x, y: x * y, ((2, 4), (2, 4)), ()),
    "mul and add": (lambda x, w, b: x * w + b, ((2, 4),), ((4,), (4,))),
    "mul by a number": (lambda x: x * 2, ((2, 4),), ()),
    "div": (lambda x, w: x / w, ((2, 4),), ((4,),)),
    "div by": (lambda x, w: w / x, ((2, 4),), ((4,),)),
    "div of tensors": (lambda x, y: x / y, ((2, 4), (2, 4)), ()),
    "div by a number": (lambda x: x / 2, ((2, 4),), ()),
    "pow": (lambda x, w: x.abs() ** w, ((2, 4),), ((4,),)),
    "maximum": (torch.maximum, ((2, 4),), ((4,),)),
    "addcmul": (lambda x, w, b: torch.addcmul(b, x, w), ((2, 4),), ((4,), (4,))),
    "lerp": (torch.lerp, ((2, 4), (2, 4)), ((4,),)),
    "where": (lambda x, y, w: torch.where(x > 0, y, w), ((2, 4), (2, 4)), ((4,),)),
    "pad": (lambda x: nnf.pad(x, (1, 1), mode="replicate"), ((2, 3, 8),), ()),
    "cat": (lambda x, w: torch.cat([w.expand(2, 1, 4), x], 1), ((2, 3, 4),), ((1, 1, 4),)),
    "index": (lambda x, w: w[torch.zeros(3, dtype=torch.int64)] + x, ((3, 4),), ((5, 4),)),
    "softmax": (lambda x, w: (x + w).softmax(-1), ((3, 4),), ((3, 4),)),
    "normalize": (lambda x, w: nnf.normalize(x, dim=-1) * w, ((3, 4),), ((3, 4),)),
    # complex numbers
    "rfft2 and abs": (lambda x: torch.fft.rfft2(x).abs(), (IMAGE,), ()),
    "rfft of a part": (lambda x: torch.fft.rfft(x, n=5).angle(), (IMAGE,), ()),
    "rfft of more": (lambda x: torch.fft.rfft2(x, s=(9, 12)).angle(), (IMAGE,), ()),
    "fft2": (lambda x: torch.fft.fft2(x).abs(), (IMAGE,), ()),
    "irfft2 of a product": (lambda x, w: torch.fft.irfft2(torch.fft.rfft2(x) * w, s=(8, 8)), (IMAGE,), ((3, 8, 5),)),
    "turned pairs": (
        lambda x, w: torch.view_as_real(torch.view_as_complex(x) * torch.polar(torch.ones_like(w), w)),
        ((2, 4, 2),),
        ((4,),),
    ),
    "polar": (lambda x, y: torch.polar(x, y).abs(), ((2, 4), (2, 4)), ()),
    "complex": (lambda x, y: torch.complex(x, y).abs(), ((2, 4), (2, 4)), ()),
    "stft": (lambda x: torch.stft(x, 16, return_complex=True, center=False).abs(), ((2, 64),), ()),
    "sgn": (lambda x: x.sgn(), ((2, 4),), ()),
    "renorm": (lambda x: x.renorm(2, 1, 1.0), ((2, 4),), ()),
    "cumprod": (lambda x: x.cumprod(1), ((2, 4),), ()),
    "logcumsumexp": (lambda x: x.logcumsumexp(1), ((2, 4),), ()),
    # what keeps its output, too, or more
    "hypot": (torch.hypot, ((2, 4), (2, 4)), ()),
    "logaddexp": (torch.logaddexp, ((2, 4), (2, 4)), ()),
    "cummax": (lambda x: x.cummax(1)[0], ((2, 4),), ()),
    "prod": (lambda x: x.prod(1), ((2, 4),), ()),
    "std": (lambda x: x.std(1), ((2, 4),), ()),
    "std_mean": (lambda x: torch.stack(torch.std_mean(x, 1)), ((2, 4),), ()),
    "nan_to_num": (lambda x: x.nan_to_num(), ((2, 4),), ()),
    "rrelu": (nnf.rrelu, ((2, 4),), ()),
    "noise of the same shape": (lambda x: torch.rand_like(x) * x, ((2, 4),), ()),
    "gumbel_softmax": (lambda x: nnf.gumbel_softmax(x, dim=1), ((2, 4),), ()),
    "cosine_similarity": (lambda x: nnf.cosine_similarity(x, x * 2, dim=1), ((2, 4),), ()),
    "dist": (lambda x: torch.dist(x, x * 2), ((2, 4),), ()),
    "mse_loss": (nnf.mse_loss, ((2, 4), (2, 4)), ()),
    "smooth_l1_loss": (nnf.smooth_l1_loss, ((2, 4), (2, 4)), ()),
    "l1_loss": (nnf.l1_loss, ((2, 4), (2, 4)), ()),
    "poisson_nll_loss": (lambda x: nnf.poisson_nll_loss(x, x * 2), ((2, 4),), ()),
    "cross_entropy": (lambda x: nnf.cross_entropy(x, torch.zeros(2, dtype=torch.int64)), ((2, 4),), ()),
    "cross_entropy of shares": (lambda x: nnf.cross_entropy(x, torch.ones(2, 4)), ((2, 4),), ()),
    "nll_loss": (lambda x: nnf.nll_loss(x, torch.zeros(2, dtype=torch.int64)), ((2, 4),), ()),
    # matrices
    "det": (torch.linalg.det, ((2, 4, 4),), ()),
    "logdet": (lambda x: torch.logdet(x @ x.mT + torch.eye(4)), ((2, 4, 4),), ()),
    "solve": (torch.linalg.solve, ((2, 4, 4), (2, 4, 3)), ()),
    "pinv": (torch.linalg.pinv, ((2, 4, 3),), ()),
    "matrix_exp": (torch.linalg.matrix_exp, ((2, 4, 4),), ()),
    # indices that the forward pass makes
    "gather": (lambda x: x.gather(1, x.argsort(1)), ((2, 4),), ()),
    "gather by a view": (lambda x: x.gather(1, x.argmax(1, keepdim=True).expand(2, 3)), ((2, 4),), ()),
    "take": (lambda x: x.take(x.argmax()), ((2, 4),), ()),
    "scatter": (lambda x, y: x.scatter(1, x.argsort(1), y).exp(), ((2, 4), (2, 4)), ()),
    "scatter_add": (lambda x, y: x.scatter_add(1, x.argsort(1), y).exp(), ((2, 4), (2, 4)), ()),
    "scatter_reduce": (lambda x: torch.zeros(2, 4).scatter_reduce(1, x.argsort(1), x, "sum"), ((2, 4),), ()),
    "index_add": (lambda x, y: x.index_add(1, torch.arange(4), y).exp(), ((2, 4), (2, 4)), ()),
    "index_copy": (lambda x, y: x.index_copy(1, torch.arange(4), y).exp(), ((2, 4), (2, 4)), ()),
    "index_put": (lambda x, y: x.index_put((torch.arange(2),), y).exp(), ((2, 4), (2, 4)), ()),
    # under autocast
    "linear under autocast": (cast(nnf.linear), ((2, 3, 4),), ((5, 4), (5,))),
    "conv2d under autocast": (cast(lambda x, w: nnf.conv2d(x, w).relu()), (IMAGE,), ((5, 3, 3, 3),)),
    "matmul under autocast": (cast(lambda x: (x @ x.mT).softmax(-1) @ x), ((2, 3, 4),), ()),
    "einsum under autocast": (cast(lambda x: torch.einsum("nij,nkj->nik", x, x)), ((2, 3, 4),), ()),
    "mse_loss under autocast": (cast(lambda x, w: nnf.mse_loss(x @ w, x @ w)), ((2, 4),), ((4, 5),)),
    "gelu and layer_norm under autocast": (
        cast(lambda x, w, v: nnf.layer_norm(nnf.gelu(nnf.linear(x, w)), (5,), v)),
        ((2, 4),),
        ((5, 4), (5,)),
    ),
    # dropout of more than elements
    "dropout2d": (nnf.dropout2d, (IMAGE,), ()),
    "alpha_dropout": (lambda x: nnf.alpha_dropout(x, training=True), (IMAGE,), ()),
    "affine_grid": (lambda x: nnf.affine_grid(x, [2, 3, 8, 8]), ((2, 2, 3),), ()),
}


class Of(nn.Module):
    """An operation on sums of what is given and parameters."""

    def __init__(self, called: Any, inputs: tuple[Shape, ...], weights: tuple[Shape, ...]) -> None:
        super().__init__()
        self.called = called
        self.moves = nn.ParameterList([torch.zeros(shape) for shape in inputs])
        self.own = nn.ParameterList([torch.rand(shape) for shape in weights])

    def forward(self, *given: Tensor) -> Tensor:
        moved = [one + move for one, move in zip(given, self.moves, strict=True)]
        return self.called(*moved, *self.own)  # type: ignore[no-any-return]


def program(module: nn.Module, given: tuple[Tensor, ...], folder: Path) -> dict[str, Any]:
    """The program of the archive that PyTorch writes."""
    path = folder / "program.pt2"
    torch.export.save(torch.export.export(module, given, strict=False), path)
    with zipfile.ZipFile(path) as archive:
        (name,) = [one for one in archive.namelist() if one.endswith("models/model.json")]
        return json.loads(archive.read(name))  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_subset(name: str, tmp_path: Path) -> None:
    called, inputs, weights = OPERATIONS[name]
    module = Of(called, inputs, weights)
    given = tuple(torch.rand(shape) for shape in inputs)
    value = program(module, given, tmp_path)
    specs = [one["parameter"] for one in value["graph_module"]["signature"]["input_specs"] if "parameter" in one]
    metas = {
        one["parameter_name"]: value["graph_module"]["graph"]["tensor_values"][one["arg"]["name"]] for one in specs
    }
    parameters = dict(module.named_parameters())
    assert set(metas) == set(parameters)
    tried = 0
    for trained in itertools.product((False, True), repeat=len(parameters)):
        for (key, one), trains in zip(parameters.items(), trained, strict=True):
            one.requires_grad_(trains)
            metas[key]["requires_grad"] = trains
        report = cnnsum.summarize(cnnsum.loads(json.dumps(value)))
        assert report.totals.training is not None
        assert report.totals.training.saved == saved(module, *given), [*zip(parameters, trained, strict=True)]
        tried += 1
    assert tried == 2 ** len(parameters)
