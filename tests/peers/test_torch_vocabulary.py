"""The vocabulary of PyTorch against torch.nn, class by class: fields, shapes, weights, work, and what is kept.

What is drawn is given to the module and to the declaration. `torch_rows` has a row for each class.
"""

from __future__ import annotations

import inspect
import json
from math import prod
from pathlib import Path
from random import Random
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - needs PyTorch
from torch.nn import functional  # noqa: E402 - as above
from torch_modules import REFUSALS, Reading, ours, products, saved, shapes_of, weights  # noqa: E402 - as above
from torch_modules import kept as kept_by  # noqa: E402 - as above
from torch_rows import FUNCTIONS, ROWS, Case  # noqa: E402 - as above

import cnnsum  # noqa: E402 - as above
from cnnsum.layers.base import REQUIRED  # noqa: E402 - as above
from cnnsum.layers.facts import Facts  # noqa: E402 - as above
from cnnsum.layers.vocabulary import TORCH  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

CASES = 50

#: Fields that follow from the input, so that a spec may leave out what torch.nn asks for.
FOLLOWS = {
    *("in_channels", "in_features", "num_features", "num_channels", "input_size", "embed_dim", "in1_features"),
    *("in2_features", "d_model"),
}
#: Arguments of constructors that no spec has: where, and in which dtype, the weights are made.
ELSEWHERE = {"self", "device", "dtype", "args", "kwargs", "_weight", "_freeze", "_random_samples"}

#: Classes that are drawn elsewhere, each with the arguments of its call that a spec has as fields.
ELSEWHERE_DRAWN: dict[str, tuple[str, ...]] = {
    "MultiheadAttention": ("need_weights", "average_attn_weights"),
    **dict.fromkeys(("MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"), ("output_size",)),
    **dict.fromkeys(("RNNCell", "LSTMCell", "GRUCell", "Embedding", "EmbeddingBag", "Bilinear"), ()),
    **dict.fromkeys(("CosineSimilarity", "PairwiseDistance", "Fold", "Unfold", "LPPool1d", "LPPool2d", "LPPool3d"), ()),
    **dict.fromkeys(("FractionalMaxPool2d", "FractionalMaxPool3d", "Transformer", "TransformerEncoder"), ()),
    **dict.fromkeys(("TransformerDecoder", "TransformerEncoderLayer", "TransformerDecoderLayer"), ()),
}


def more_on_a_cpu(name: str, facts: Facts, case: Case) -> int:
    """Bytes that only PyTorch's kernels for a CPU keep, beyond those of a GPU, which are counted."""
    elements = prod(case.inputs[0])
    if name == "LogSigmoid":
        return 4 * elements
    if name == "RMSNorm" and facts.weights:
        return 4 * elements  # made of several operations: the last, the product with the weight, keeps its other factor
    return 0


def made(name: str, case: Case) -> nn.Module | None:
    fields = {key: tuple(value) if isinstance(value, list) else value for key, value in case.fields.items()}
    try:
        return getattr(nn, name)(**fields)
    except (*REFUSALS, TypeError, ZeroDivisionError):
        return None


class Function(nn.Module):
    """A function as a module: of `torch.nn.functional` if it is there, of `torch`, or a method of tensors."""

    def __init__(self, name: str, fields: dict[str, Any]) -> None:
        super().__init__()
        self.name = name
        self.fields = fields

    def forward(self, *inputs: torch.Tensor) -> Any:
        name, fields = self.name, self.fields
        if name in ("cat", "stack"):
            return getattr(torch, name)(inputs, **fields)
        if name in ("expand", "repeat", "view"):
            return getattr(inputs[0], name)(*fields.values())
        where = functional if hasattr(functional, name) else torch
        result = getattr(where, name)(*inputs, **fields)
        return tuple(result) if isinstance(result, tuple) else result


def given(case: Case) -> list[torch.Tensor]:
    """Inputs that are results of others, as inside a network: a module may write over them."""
    if case.below:
        return [torch.randint(0, case.below, shape) for shape in case.inputs]
    return [torch.randn(shape, requires_grad=True) * 1.0 for shape in case.inputs]


def run(module: nn.Module, case: Case) -> list[tuple[int, ...]] | None:
    """The shapes of the outputs; None where it is refused.

    A result without elements counts as refused: no later layer can take it.
    """
    try:
        shapes = shapes_of(module(*given(case)))
    except REFUSALS:
        return None
    return None if any(0 in shape for shape in shapes) else shapes


@pytest.mark.parametrize("name", [*ROWS, *FUNCTIONS])
def test_type(name: str) -> None:
    refused = 0
    for seed in range(CASES):
        case = (ROWS.get(name) or FUNCTIONS[name])(Random(f"{name} {seed}"))
        module = made(name, case) if name in ROWS else Function(name, case.fields)
        found = None if module is None else run(module, case)
        facts = ours(name, case.fields, *case.inputs)
        assert (facts is None) == (found is None), (case, facts and facts.outputs, found)
        if facts is None or module is None:
            refused += 1
            continue
        assert list(facts.outputs) == found, case
        assert weights(facts) == [(key, tuple(one.shape)) for key, one in module.state_dict().items()], case
        buffers = {key for key, _ in module.named_buffers()}
        for one in facts.weights:
            assert one.buffer is (one.name in buffers), case
            assert one.trainable is not one.buffer, case
            assert str(module.state_dict()[one.name].dtype) == f"torch.{one.dtype or 'float32'}", case
        assert saved(module, *given(case)) == kept_by(facts, *case.inputs) + more_on_a_cpu(name, facts, case), case
        rows = found[0][0] if facts.rows is None and found[0] else 1
        assert products(module, *given(case)) == rows * facts.macs, case
    assert refused < CASES * 2 // 3


@pytest.mark.parametrize("affine", [True, False])
def test_rms_norm_is_the_same_as_a_program_and_in_a_spec(affine: bool, tmp_path: Path) -> None:
    """What a GPU keeps is told of both; the normalised input, which a CPU keeps for the gradient of the weight, of
    neither. The operations of a CPU are told of a program in which they stand.
    """
    norm = nn.RMSNorm(6, elementwise_affine=affine)
    module, x = nn.Sequential(nn.Linear(6, 6), norm, nn.Linear(6, 3)), torch.zeros(2, 5, 6)
    normalised = 4 * 2 * 5 * 6 if affine else 0
    program = torch.export.export(module, (x,))
    torch.export.save(program, tmp_path / "program.pt2")
    fields = {"normalized_shape": 6, "elementwise_affine": affine}
    layers = [{"Linear": [6, 6]}, {"RMSNorm": fields}, {"Linear": [6, 3]}]
    spec = cnnsum.loads(json.dumps({"framework": "torch", "input": [5, 6], "layers": layers}))
    one, other = (cnnsum.summarize(each, batch=2).totals for each in (cnnsum.load(tmp_path / "program.pt2"), spec))
    assert one.saved == other.saved == saved(module, x) - normalised
    assert (one.params, one.macs, one.flops) == (other.params, other.macs, other.flops)
    torch.export.save(torch.export.export(norm, (x,)).run_decompositions(), tmp_path / "chain.pt2")
    chain = cnnsum.summarize(cnnsum.load(tmp_path / "chain.pt2"), batch=2).totals
    if affine:
        assert chain.saved == saved(norm, x)
    else:
        assert chain.saved == 0


@pytest.mark.parametrize("name", [*ROWS, *ELSEWHERE_DRAWN])
def test_fields_are_those_of_the_constructor(name: str) -> None:
    """Their names, order and defaults."""
    known = TORCH.find(name)
    assert known is not None
    signature = inspect.signature(getattr(nn, name).__init__)
    wanted = {
        key: parameter.default
        for key, parameter in signature.parameters.items()
        if key not in ELSEWHERE | known.schema.ignored
    }
    fields = known.schema.fields
    assert list(fields) == [*wanted, *ELSEWHERE_DRAWN.get(name, ())]
    for key, default in wanted.items():
        if key in FOLLOWS and name != "Transformer":
            assert fields[key].default is None
        elif key == "batch_first":
            assert fields[key].default is True  # inputs of a spec are so
        elif default is inspect.Parameter.empty:
            assert fields[key].default is REQUIRED
        elif callable(default):
            assert fields[key].default == default.__name__  # a function, by its name
        else:
            read = fields[key].kind.read
            assert fields[key].default == (None if default is None else read(default, Reading())), key


LAZY = [name for name in vars(nn) if name.startswith("Lazy")]


def test_there_are_lazy_classes() -> None:
    assert len(LAZY) == 13


@pytest.mark.parametrize("name", LAZY)
def test_values_without_names_stand_in_the_order_of_lazy_classes(name: str) -> None:
    """Which leave out what the class itself has first."""
    known = TORCH.find(name)
    assert known is not None
    assert known.name == name.removeprefix("Lazy")
    order = [key for key in inspect.signature(getattr(nn, name)).parameters if key not in ELSEWHERE]
    assert known.by_position(name) == order
    assert known.by_position(f"torch.nn.{name}") == order
    assert known.by_position(known.name) == list(known.schema.fields) != order
