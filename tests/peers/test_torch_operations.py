"""Operations of exported programs against PyTorch: a small program for each, exported, decomposed, and with free sizes.

Shapes and dtypes of outputs are those that PyTorch gives, MACs those that it counts; with free sizes the formulas are
evaluated at sizes that the program was not exported for, and hold where it runs.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch.export import Dim, ExportedProgram, export  # noqa: E402 - needs PyTorch
from torch.utils._pytree import tree_leaves  # noqa: E402 - as above
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402 - as above
from torch_modules import REFUSALS, plain  # noqa: E402 - as above
from torch_operations import PROGRAMS, Program  # noqa: E402 - as above

import cnnsum  # noqa: E402 - as above
from cnnsum.layers.vocabulary import TORCH  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

NAMED = [(f"{index}-{program.names[0]}", program) for index, program in enumerate(PROGRAMS)]
each = pytest.mark.parametrize("program", [one for _, one in NAMED], ids=[name for name, _ in NAMED])


class Module(torch.nn.Module):
    """A function as a module."""

    def __init__(self, run: Callable[..., Any]) -> None:
        super().__init__()
        self.run = run

    def forward(self, *inputs: torch.Tensor) -> Any:
        return tuple(tree_leaves(self.run(*inputs)))


def exported(program: Program, *, dynamic: bool = False) -> ExportedProgram:
    inputs = tuple(one.tensor() for one in program.inputs)
    sizes = (tuple({axis: Dim.AUTO for axis, size in enumerate(x.shape) if size > 1} for x in inputs),)
    return export(Module(program.run), inputs, dynamic_shapes=sizes if dynamic else None, strict=False)


def saved(program: ExportedProgram, folder: Path) -> Path:
    """The program as a file."""
    made = io.BytesIO()
    torch.export.save(program, made)
    path = folder / "program.pt2"
    path.write_bytes(made.getvalue())
    return path


def operations(program: ExportedProgram) -> set[str]:
    """The names of the operations of a program, without namespaces and overloads."""
    targets = [str(node.target) for node in program.graph.nodes if node.op == "call_function"]
    return {target.split(".")[1] for target in targets if target.startswith("aten.")}


def described(given: Any) -> list[tuple[tuple[int, ...], str]]:
    """Shape and dtype of each tensor that a function gives."""
    tensors = [one for one in tree_leaves(given) if isinstance(one, torch.Tensor)]
    return [(tuple(one.shape), str(one.dtype).removeprefix("torch.")) for one in tensors]


def ours(report: cnnsum.Report) -> list[tuple[tuple[Any, ...], str]]:
    return [(tuple(one.shape), one.dtype) for one in report.outputs]


def compare(report: cnnsum.Report, program: Program, shapes: list[tuple[int, ...]]) -> None:
    """A report with numbers for sizes against a run of the function."""
    inputs = [one.tensor(shape) for one, shape in zip(program.inputs, shapes, strict=True)]
    with plain(), FlopCounterMode(display=False) as counter:
        expected = described(program.run(*inputs))
    # A vector that is multiplied has no axis of samples, which is told.
    whole = [one for one in report.diagnostics if one.code == "SHP229"]
    assert [str(one) for one in report.diagnostics if one not in whole] == []
    assert ours(report) == expected
    assert report.totals.unknown == ()
    if not program.counted:
        return
    # Of a matrix or more the first axis is the batch.
    first = expected[0][0]
    samples = first[0] if len(first) > 1 and not whole else 1
    assert report.totals.macs * samples == counter.get_total_flops() // 2


@each
def test_a_program(program: Program, tmp_path: Path) -> None:
    found = exported(program)
    shapes = [one.shape for one in program.inputs]
    compare(cnnsum.summarize(cnnsum.load(saved(found, tmp_path))), program, shapes)
    decomposed = found.run_decompositions()
    if program.core:
        compare(cnnsum.summarize(cnnsum.load(saved(decomposed, tmp_path))), program, shapes)
    seen = operations(found) | operations(decomposed)
    assert seen >= {name.rstrip("_") for name in program.names if f"aten.{name}" in TORCH.all_types()} or seen & {
        *program.names
    }


@each
def test_free_sizes(program: Program, tmp_path: Path) -> None:
    try:
        found = exported(program, dynamic=True)
    except (ValueError, *REFUSALS) as error:
        pytest.skip(f"PyTorch exports it at one size only: {str(error)[:60]}")
    path = saved(found, tmp_path)
    inputs = [one.shape for one in cnnsum.summarize(cnnsum.load(path)).inputs]
    own: dict[str, int] = {}
    for shape, given in zip(inputs, program.inputs, strict=True):
        own |= {str(dim): size for dim, size in zip(shape, given.shape, strict=True) if not isinstance(dim, int)}
    if not all(name.isidentifier() for name in own):
        pytest.skip("a size depends on another")
    for change in (lambda size: size, lambda size: 2 * size, lambda size: size + 3):
        values = {name: change(size) for name, size in own.items()}
        shapes = [tuple(dim if isinstance(dim, int) else values[str(dim)] for dim in shape) for shape in inputs]
        try:
            with plain():
                program.run(*[one.tensor(shape) for one, shape in zip(program.inputs, shapes, strict=True)])
        except REFUSALS:
            continue
        compare(cnnsum.summarize(cnnsum.load(path, settings=values)), program, shapes)
