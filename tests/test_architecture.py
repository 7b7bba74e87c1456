"""The parts import in one direction only."""

import ast
import functools
from pathlib import Path

import cnnsum

ROOT = Path(cnnsum.__file__).parent
FIRST = ["ink", "globs", "regular", "dims", "diagnostics", "source", "layers", "graph", "readers", "writers"]
FIRST += ["analyses", "render", "rules", "model", "answers"]
ORDER = [*FIRST, "lint", "arguments", "cli"]


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def part(module: str) -> str:
    return module.split(".")[1]


def test_each_part_imports_only_from_parts_before_it():
    for path in ROOT.rglob("*.py"):
        module = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
        if module in {"cnnsum.__init__", "cnnsum.__main__"}:
            continue
        for node in ast.walk(parsed(path)):
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
        assert ast.get_docstring(parsed(path)), path


def calls_of(path: Path) -> list[str]:
    """What a module calls, as it is written: `click.echo`, `sys.stderr.write`."""
    return [ast.unparse(node.func) for node in ast.walk(parsed(path)) if isinstance(node, ast.Call)]


def test_all_output_is_written_in_one_place():
    """So that all of it goes through `cnnsum.ink`, whoever adds a command."""
    echoes = []
    for path in ROOT.rglob("*.py"):
        module = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
        for called in calls_of(path):
            assert called not in {"print", "click.secho", "click.echo_via_pager"}, module
            if called == "click.echo":
                echoes.append(module)
            if called.endswith((".write", ".writelines")):
                assert module == "cnnsum.cli.output", f"{module} calls {called}"
            if called.endswith("write_back"):
                assert module in {"cnnsum.cli.output", "cnnsum.cli.check"}, module
    assert echoes == ["cnnsum.cli.__init__"]  # the version


def test_markup_and_cells_are_made_in_one_place():
    for path in ROOT.rglob("*.py"):
        module = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
        for node in ast.walk(parsed(path)):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if any(name.split(".")[0] in {"csv", "html", "xml"} for name in names):
                assert module == "cnnsum.ink", module
