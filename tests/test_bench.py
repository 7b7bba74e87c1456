"""The benchmarks can be started: what they call of cnnsum is there. What they measure is looked at by people."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

import cnnsum
from tests.thorough import each

ROOT = Path(cnnsum.__file__).parents[1]
SCRIPTS = sorted((ROOT / "bench").rglob("*.py"))


@each("path", SCRIPTS, ids=lambda path: path.name)
def test_what_a_benchmark_imports_is_there(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or node.module is None or not node.module.startswith("cnnsum"):
            continue
        try:
            module = __import__(node.module, fromlist=[alias.name for alias in node.names])
        except ModuleNotFoundError as error:
            if str(error.name).partition(".")[0] == "cnnsum":
                raise
            continue  # it needs a package of an extra that is not installed
        for alias in node.names:
            assert hasattr(module, alias.name) or find_spec(f"{node.module}.{alias.name}"), (node.lineno, alias.name)


def test_every_question_about_a_model_is_measured() -> None:
    from bench.scaling import COMMANDS, OF_NO_MODEL
    from cnnsum.answers import FORMATS

    asked = {"show" if question == "summary" else question for question in FORMATS} - {*OF_NO_MODEL}
    assert asked <= {*COMMANDS}
