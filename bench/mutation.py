"""Mutation testing: small faults are put into the code one at a time, and the default tests must notice each.

    CI=1 python bench/mutation.py [--files PATH ...] [--sample 400] [--seed 1] [--jobs 2] [--survey FILE]

What is mutated: operators, comparisons, constants, conditions and pairs of functions (`minimum` for `maximum`) inside
functions. The tests are collected once. A first pass runs each test in a child process of its own and notes which
functions it calls; then each mutant is a child process in which the code of one function is exchanged, and which runs
the tests that call that function, the quickest first, until one fails. So a mutant costs a fork and not a start of
pytest. Tests that start processes of their own do not see a mutant: the share that is killed is a lower bound.

A survivor is to be read: it is a missing test, or a change that no result depends on (of speed, of a bound that is
only there to be safe, of a message).
"""
# ruff: noqa: D102 - the methods are named as `ast` and pytest want them

from __future__ import annotations

import argparse
import ast
import copy
import gc
import json
import os
import pickle
import random
import signal
import sys
import time
from collections import defaultdict
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).resolve().parent.parent
USUAL = (
    "cnnsum/dims",
    "cnnsum/layers/arithmetic",
    "cnnsum/analyses/training",
    "cnnsum/analyses/memory/activations.py",
    "cnnsum/analyses/memory/liveness.py",
    "cnnsum/analyses/sizes",
)
OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
NAMES = {
    "min": "max",
    "max": "min",
    "minimum": "maximum",
    "maximum": "minimum",
    "any": "all",
    "all": "any",
    "ceil_div": "floor_div",
    "sum": "max",
    "at_least": "minimum",
}
Key = tuple[str, int, str]


class Mutant(NamedTuple):
    """One change. `function` is that of the innermost function around it: path, first line, name."""

    path: str
    line: int
    function: Key
    number: int
    what: str


class Change(ast.NodeTransformer):
    """Counts the places in functions where something can be exchanged, and exchanges number `wanted`."""

    def __init__(self, path: str, wanted: int = -1) -> None:
        self.path, self.wanted = path, wanted
        self.found: list[Mutant] = []
        self.inside: list[ast.AST] = []

    def offer(self, node: ast.AST, what: str) -> bool:
        if not self.inside:
            return False
        function = self.inside[-1]
        decorators = getattr(function, "decorator_list", [])
        line = min([function.lineno, *[decorator.lineno for decorator in decorators]])
        key = (self.path, line, getattr(function, "name", "<lambda>"))
        self.found.append(Mutant(self.path, node.lineno, key, len(self.found), what))
        return len(self.found) - 1 == self.wanted

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        # Defaults, annotations and decorators run when the module is imported.
        self.inside.append(node)
        node.body = [self.visit(one) for one in node.body]
        self.inside.pop()
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self.inside.append(node)
        node.body = self.visit(node.body)
        self.inside.pop()
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.value = self.visit(node.value) if node.value else None
        return node

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        return node  # words of messages

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        return self.exchange(node, "op")

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        return self.exchange(node, "op")

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        return self.exchange(node, "op")

    def exchange(self, node: Any, field: str) -> ast.AST:
        old = getattr(node, field)
        new = OPERATORS.get(type(old))
        if new and self.offer(node, f"{type(old).__name__} -> {new.__name__}"):
            setattr(node, field, new())
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        for index, old in enumerate(node.ops):
            new = OPERATORS[type(old)]
            if self.offer(node, f"{type(old).__name__} -> {new.__name__}"):
                node.ops[index] = new()
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        name = type(node.op).__name__
        return node.operand if name in {"Not", "USub"} and self.offer(node, f"{name} -> nothing") else node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if not isinstance(node.value, int):
            return node
        new: int = not node.value if isinstance(node.value, bool) else node.value + 1
        return ast.copy_location(ast.Constant(new), node) if self.offer(node, f"{node.value} -> {new}") else node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if isinstance(node.ctx, ast.Load) and node.id in {"min", "max", "any", "all"}:
            return self.rename(node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in {"minimum", "maximum"}:
            node.func = self.rename(node.func)
        return node

    def rename(self, node: ast.Name) -> ast.Name:
        new = NAMES[node.id]
        return ast.copy_location(ast.Name(new, node.ctx), node) if self.offer(node, f"{node.id} -> {new}") else node

    def visit_If(self, node: ast.If) -> ast.AST:
        return self.turned(node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        return self.turned(node)

    def turned(self, node: Any) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.test, (ast.Compare, ast.BoolOp, ast.UnaryOp)) and self.offer(node, "if -> if not"):
            node.test = ast.copy_location(ast.UnaryOp(ast.Not(), node.test), node.test)
        return node


def mutants(path: str) -> list[Mutant]:
    change = Change(path)
    change.visit(ast.parse((ROOT / path).read_text(encoding="utf-8")))
    return change.found


def codes(code: CodeType) -> list[CodeType]:
    inner = [one for const in code.co_consts if isinstance(const, CodeType) for one in codes(const)]
    return [code, *inner]


def put_in(mutant: Mutant) -> int:
    """Exchange the code of every live function that the mutant changes, and say how many there were."""
    file = str(ROOT / mutant.path)
    tree = ast.parse((ROOT / mutant.path).read_text(encoding="utf-8"))
    changed = Change(mutant.path, mutant.number).visit(copy.deepcopy(tree))
    ast.fix_missing_locations(changed)
    before, after = (codes(compile(one, file, "exec", dont_inherit=True)) for one in (tree, changed))
    pairs = {old: new for old, new in zip(before, after, strict=True) if old != new}
    done = 0
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__ in pairs:
            one.__code__ = pairs[one.__code__]
            done += 1
    return done


def silent() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)


class Mutations:
    """A plugin of pytest that does this in place of running the tests."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.reached: dict[Key, list[int]] = defaultdict(list)
        self.seconds: dict[int, float] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = session.items
        with session.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            files = sorted(
                str(path.relative_to(ROOT))
                for name in self.options.files
                for path in ([ROOT / name] if name.endswith(".py") else (ROOT / name).rglob("*.py"))
            )
            gc.collect()
            gc.freeze()
            self.survey(items, {str(ROOT / file) for file in files})
            self.judge(items, files)
        return True

    def survey(self, items: list[Any], files: set[str]) -> None:
        stored = Path(self.options.survey) if self.options.survey else None
        if stored and stored.exists():
            found = json.loads(stored.read_text(encoding="utf-8"))
        else:
            found = {}
            start = time.monotonic()

            def child(index: int) -> bytes:
                calls: set[Key] = set()

                def note(frame: Any, event: str, _: Any) -> None:
                    code = frame.f_code
                    if event == "call" and code.co_filename in files:
                        path = os.path.relpath(code.co_filename, ROOT)
                        calls.add((path, code.co_firstlineno, code.co_name))

                begun = time.process_time()
                sys.setprofile(note)
                reports = runtestprotocol(items[index], log=False, nextitem=None)
                sys.setprofile(None)
                passed = not any(report.failed for report in reports)
                return pickle.dumps((time.process_time() - begun, passed, calls))

            for index, answer in self.children(range(len(items)), child, lambda _: 300.0):
                if answer is None:
                    continue
                seconds, passed, calls = pickle.loads(answer)  # noqa: S301 - our own child's
                if passed:
                    found[items[index].nodeid] = [seconds, sorted(calls)]
                elif calls:
                    print(f"fails without a mutant: {items[index].nodeid}", flush=True)
            print(f"surveyed {len(found)} tests in {time.monotonic() - start:.0f} s", flush=True)
            if stored:
                stored.write_text(json.dumps(found), encoding="utf-8")
        for index, item in enumerate(items):
            if item.nodeid in found:
                self.seconds[index], calls = found[item.nodeid]
                for call in calls:
                    self.reached[tuple(call)].append(index)

    def judge(self, items: list[Any], files: list[str]) -> None:
        every = [mutant for file in files for mutant in mutants(file)]
        chosen = every
        if 0 < self.options.sample < len(every):
            chosen = random.Random(self.options.seed).sample(every, self.options.sample)
        chosen.sort()
        print(f"{len(every)} mutants, {len(chosen)} chosen (seed {self.options.seed})", flush=True)

        def tests(mutant: Mutant) -> list[int]:
            return sorted(self.reached.get(mutant.function, []), key=self.seconds.__getitem__)

        def child(number: int) -> bytes:
            mutant = chosen[number]
            silent()
            if not put_in(mutant):
                return b"no function"
            for index in tests(mutant):
                if any(report.failed for report in runtestprotocol(items[index], log=False, nextitem=None)):
                    return items[index].nodeid.encode()
            return b""

        def patience(number: int) -> float:
            return 60 + 8 * sum(self.seconds[index] for index in tests(chosen[number]))

        counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        alive: list[Mutant] = []
        for number, answer in self.children(range(len(chosen)), child, patience):
            mutant = chosen[number]
            row = counts[mutant.path]
            if answer == b"no function" or not tests(mutant):
                row[2] += 1
                print(f"not run  {mutant.path}:{mutant.line}: {mutant.what} in {mutant.function[2]}", flush=True)
            elif answer == b"":
                row[1] += 1
                alive.append(mutant)
                print(f"SURVIVED {mutant.path}:{mutant.line}: {mutant.what} in {mutant.function[2]}", flush=True)
            else:
                row[0] += 1
        print("\nkilled  survived  not run  file")
        for path, row in sorted(counts.items()):
            print(f"{row[0]:6} {row[1]:9} {row[2]:8}  {path}")
        killed, survived, unrun = (sum(row[column] for row in counts.values()) for column in range(3))
        share = 100 * killed / max(killed + survived + unrun, 1)
        print(f"{killed:6} {survived:9} {unrun:8}  in all: {share:.1f} % killed")

    def children(self, numbers: Any, work: Any, patience: Any) -> Any:
        """Run `work` of each number in a process of its own, some at a time; None for what died or took too long."""
        waiting = iter(numbers)
        running: dict[int, tuple[int, int, float]] = {}
        while True:
            for number in waiting:
                reading, writing = os.pipe()
                pid = os.fork()
                if not pid:
                    os.close(reading)
                    status = 1
                    try:
                        answer = work(number)
                        with os.fdopen(writing, "wb") as stream:
                            stream.write(answer)
                        status = 0
                    finally:
                        os._exit(status)
                os.close(writing)
                running[pid] = (number, reading, time.monotonic() + patience(number))
                if len(running) >= self.options.jobs:
                    break
            if not running:
                return
            yield from self.ended(running)

    @staticmethod
    def ended(running: dict[int, tuple[int, int, float]]) -> Any:
        import select

        ready, _, _ = select.select([reading for _, reading, _ in running.values()], [], [], 1.0)
        for pid, (number, reading, until) in list(running.items()):
            late = time.monotonic() > until
            if reading not in ready and not late:
                continue
            if late:
                os.kill(pid, signal.SIGKILL)
            with os.fdopen(reading, "rb") as stream:
                answer = stream.read()
            _, status = os.waitpid(pid, 0)
            del running[pid]
            yield number, None if late or status else answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", nargs="+", default=list(USUAL), help="files and folders below the root")
    parser.add_argument("--sample", type=int, default=400, help="how many mutants; 0 for all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--survey", help="a file that keeps which test calls what, so that it is found out once")
    options = parser.parse_args()
    os.environ.setdefault("CI", "1")  # the same examples each time
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    pytest.main(["-q", "-p", "no:cacheprovider", "--disable-warnings"], plugins=[Mutations(options)])


if __name__ == "__main__":
    main()
