"""The parts import in one direction only."""

import ast
from pathlib import Path

import cnnsum

ROOT = Path(cnnsum.__file__).parent
FIRST = ["dims", "diagnostics", "source", "layers", "graph", "readers", "writers", "analyses", "rules", "report"]
ORDER = [*FIRST, "model", "lint", "cli"]


def part(module: str) -> str:
    return module.split(".")[1]


def test_each_part_imports_only_from_parts_before_it():
    for path in ROOT.rglob("*.py"):
        module = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
        if module in {"cnnsum.__init__", "cnnsum.__main__"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                if name and name.startswith("cnnsum."):
                    assert ORDER.index(part(name)) <= ORDER.index(part(module)), f"{module} imports {name}"


def test_every_part_is_in_the_order():
    parts = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert parts - {"__init__", "__main__"} == set(ORDER)


def test_every_module_says_what_it_is_for():
    for path in ROOT.rglob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path
