"""Advice on exported programs is that on the specs that they were written from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import cnnsum
from cnnsum.lint.checking import findings_of
from cnnsum.writers import write
from tests.rules.test_torch import FAULTS

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.filterwarnings("ignore")

#: What is not in a program: dropout is gone in `eval()`, and whole numbers have 64 bits.
GONE = {"dropout before batch norm", "a dropout of everything", "a rate to keep", "rows out of reach"}


def exported(text: str, path: Path) -> None:
    model = cnnsum.loads(text)
    space: dict[str, Any] = {}
    code = write(model.graph, model.inference, "torch")[0]
    exec(compile(code, "written.py", "exec"), space)
    name = [line for line in code.splitlines() if line.startswith("class ")][-1].split()[1].split("(")[0]
    drawn = [(node.layer.spec.dtype, (2, *node.layer.spec.shape[1:])) for node in model.graph.inputs]
    given = tuple(torch.zeros(shape, dtype=torch.int64 if "int" in dtype else None) for dtype, shape in drawn)
    torch.export.save(torch.export.export(space[name]().eval(), given), path)


@pytest.mark.parametrize("name", sorted(FAULTS.keys() - GONE))
def test_a_fault_is_found_in_the_program(name: str, tmp_path: Path) -> None:
    code, bad, _, good = FAULTS[name]
    for text, is_found in ((bad, True), (good, False)):
        if cnnsum.loads(text).wrong:
            continue  # a fault in place of the other
        path = tmp_path / "program.pt2"
        exported(text, path)
        assert (code in {one.code for one in findings_of(cnnsum.load(path))}) is is_found, text
