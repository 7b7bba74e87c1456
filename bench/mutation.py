"""Mutation testing: small faults are put into the code one at a time, and the default tests must notice each.

    CI=1 python bench/mutation.py [--files PATTERN ...] [--sample 400] [--seed 1] [--jobs 2] [--survey FILE]
    CI=1 python bench/mutation.py --survey FILE --sample 0 --at cnnsum/dims/printer.py:80

What is mutated: operators, comparisons, constants, conditions and pairs of functions (`minimum` for `maximum`) inside
functions. The tests are collected once. A first pass runs each test in a child process of its own and notes which
functions it calls (`--survey` keeps that: the pass then runs only tests that are new, and all when a mutated file
changed). Then each mutant is a child process in which the code of one function is exchanged, and which runs tests that
call that function until one fails: those that stand near the mutated file first, the quickest first. So a mutant costs
a fork and not a start of pytest.

The share that is killed is a lower bound: tests that start processes of their own do not see a mutant and are left
out, and one mutant gets `--seconds` of tests and no more. A mutant that no test reaches counts against the share. One
that uses up its processor time or memory counts as killed.

A survivor is to be read: it is a missing test, or a change that no result depends on (of speed, of a bound that is
only there to be safe, of a message).
"""
# ruff: noqa: D102 - the methods are named as `ast` and pytest want them

from __future__ import annotations

import argparse
import ast
import copy
import gc
import hashlib
import importlib
import json
import os
import pickle
import random
import resource
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).resolve().parent.parent
USUAL = (
    "cnnsum/dims",
    "cnnsum/layers/arithmetic",
    "cnnsum/layers/keras/convolution.py",
    "cnnsum/analyses/training",
    "cnnsum/analyses/memory",
    "cnnsum/analyses/sizes",
)
SLOWEST = 300  # seconds of processor time for one test of the survey
MEMORY = 3 << 30  # address space of a child, in bytes
PROCESSES = {"os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system", "subprocess.Popen"}
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


def put_in(mutant: Mutant, functions: Iterable[FunctionType]) -> bool:
    """Exchange the code of every function that the mutant changes, and say whether there was one."""
    file = str(ROOT / mutant.path)
    tree = ast.parse((ROOT / mutant.path).read_text(encoding="utf-8"))
    changed = Change(mutant.path, mutant.number).visit(copy.deepcopy(tree))
    ast.fix_missing_locations(changed)
    before, after = (codes(compile(one, file, "exec", dont_inherit=True)) for one in (tree, changed))
    pairs = {old: new for old, new in zip(before, after, strict=True) if old != new}
    found = [one for one in functions if one.__code__ in pairs]
    for one in found:
        one.__code__ = pairs[one.__code__]
    return bool(found)


def nearness(test: Path, path: str) -> int:
    """How many names `tests/analyses/test_envelope.py` shares with `cnnsum/analyses/sizes/envelope.py`."""
    ours, theirs = (set(one.with_suffix("").parts) for one in (test.relative_to(ROOT), Path(path)))
    return len({name.removeprefix("test_") for name in ours} & theirs)


def silent() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)


class Child:
    """A process that does `work` within limits, in a session of its own, so that it ends with all that it started.

    It answers through a file without a name: a pipe would stay open for as long as a process that it started lives.
    """

    def __init__(self, work: Callable[[], bytes], seconds: int) -> None:
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the child has ended
        self.until = time.monotonic() + 4 * seconds  # for a child that waits; one that works reaches its limit
        self.pid = os.fork()
        if not self.pid:
            try:
                os.setsid()
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
                resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
                self.file.write(work())
                self.file.flush()
            except BaseException:  # noqa: BLE001 - it may be the mutant's
                traceback.print_exc()
            finally:
                os._exit(0)

    def over(self) -> bool:
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.pid, flags) is not None or time.monotonic() > self.until

    def end(self) -> bytes | None:
        """Kill what is left of the group; the answer, empty where `work` failed, None where it came to no end."""
        for kill in (os.killpg, os.kill):  # the child itself, too: it may not yet have a group
            try:
                kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        _, status = os.waitpid(self.pid, 0)
        with self.file:
            self.file.seek(0)
            return None if os.WIFSIGNALED(status) else self.file.read()


def children(works: Iterable[tuple[Any, Callable[[], bytes], int]], jobs: int) -> Iterator[tuple[Any, bytes | None]]:
    """Do each (key, work, seconds) in a process of its own, `jobs` at a time: the keys with their answers."""
    waiting = iter(works)
    running: dict[Any, Child] = {}
    try:
        while True:
            while len(running) < jobs and (one := next(waiting, None)):
                key, work, seconds = one
                running[key] = Child(work, seconds)
            if not running:
                return
            over = [key for key, child in running.items() if child.over()]
            for key in over:
                yield key, running.pop(key).end()
            if not over:
                time.sleep(0.005)
    finally:
        for child in running.values():
            child.end()


class Mutations:
    """A plugin of pytest that does this in place of running the tests."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.reached: dict[Key, list[int]] = defaultdict(list)
        self.seconds: dict[int, float] = {}
        self.files: list[str] = []
        self.functions: list[FunctionType] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for pattern in self.options.files:
            found = list(ROOT.glob(pattern))
            if not found:
                raise pytest.UsageError(f"no file is {pattern}")
            inside = [file for one in found for file in ([one] if one.is_file() else one.rglob("*.py"))]
            self.files += sorted(str(file.relative_to(ROOT)) for file in inside)
        for file in self.files:  # some are imported by the functions that use them
            importlib.import_module(".".join(Path(file).with_suffix("").parts).removesuffix(".__init__"))
        gc.collect()
        full = {str(ROOT / file) for file in self.files}
        every = [one for one in gc.get_objects() if isinstance(one, FunctionType)]
        self.functions = [one for one in every if one.__code__.co_filename in full]
        gc.freeze()  # so that the children share the memory of what is there
        with session.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            self.survey(session.items, full)
            self.judge(session.items)
        return True

    def survey(self, items: list[Any], full: set[str]) -> None:
        stored = Path(self.options.survey) if self.options.survey else None
        state = hashlib.sha256(b"".join((ROOT / file).read_bytes() for file in self.files)).hexdigest()
        found: dict[str, Any] = {}
        if stored and stored.exists():
            text = json.loads(stored.read_text(encoding="utf-8"))
            found = text["tests"] if text["state"] == state else {}
        start = time.monotonic()
        works = [
            (item.nodeid, lambda item=item: self.look(item, full), SLOWEST)
            for item in items
            if item.nodeid not in found
        ]
        for done, (name, answer) in enumerate(children(works, self.options.jobs), start=1):
            # What fails without a mutant, or starts processes, says nothing.
            found[name] = pickle.loads(answer) if answer else None  # noqa: S301 - our own child's
            if not answer:
                print(f"left out: {name}", flush=True)
            if not done % 200 or done == len(works):
                print(f"surveyed {done} of {len(works)} tests in {time.monotonic() - start:.0f} s", flush=True)
                if stored:
                    stored.write_text(json.dumps({"state": state, "tests": found}), encoding="utf-8")
        for index, item in enumerate(items):
            if found[item.nodeid]:
                self.seconds[index], calls = found[item.nodeid]
                for call in calls:
                    self.reached[tuple(call)].append(index)

    @staticmethod
    def look(item: Any, full: set[str]) -> bytes:
        """Run one test; its seconds and the functions that it calls, nothing where it fails or starts a process."""
        calls: dict[int, CodeType] = {}
        events: set[str] = set()

        def note(frame: Any, *_: Any) -> None:
            code = frame.f_code
            calls[id(code)] = code

        silent()
        sys.addaudithook(lambda event, _: events.add(event))
        begun = time.process_time()
        threading.settrace(note)
        sys.settrace(note)
        reports = runtestprotocol(item, log=False, nextitem=None)
        sys.settrace(None)
        if events & PROCESSES or any(report.failed for report in reports):
            return b""
        seconds = time.process_time() - begun
        ours = [one for one in calls.values() if one.co_filename in full]
        keys = {(os.path.relpath(one.co_filename, ROOT), one.co_firstlineno, one.co_name) for one in ours}
        return pickle.dumps((seconds, sorted(keys)))

    def judge(self, items: list[Any]) -> None:
        every = [mutant for file in self.files for mutant in mutants(file)]
        chosen = every
        if 0 < self.options.sample < len(every):
            chosen = sorted(random.Random(self.options.seed).sample(every, self.options.sample))
        if self.options.at:
            chosen = [one for one in chosen if f"{one.path}:{one.line}" in self.options.at]
        print(f"{len(every)} mutants, {len(chosen)} chosen (seed {self.options.seed})", flush=True)
        # A test without the survey is quicker, so that only what does not end reaches the limit.
        works = [(one, lambda one=one: self.run(one, items), 2 * self.options.seconds + 10) for one in chosen]
        counts: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(("killed", "survived", "not run"), 0))
        start = time.monotonic()
        for mutant, answer in children(works, self.options.jobs):
            fate = "no end" if answer is None else answer.decode() or "not run"
            counts[mutant.path]["killed" if answer is None else fate] += 1
            if fate != "killed" or self.options.at:
                print(f"{fate:8} {mutant.path}:{mutant.line}: {mutant.what} in {mutant.function[2]}", flush=True)
        print(f"\n{time.monotonic() - start:.0f} s\nkilled  survived  not run  file")
        for path, row in sorted(counts.items()):
            print(f"{row['killed']:6} {row['survived']:9} {row['not run']:8}  {path}")
        killed, survived, unrun = (
            sum(row[fate] for row in counts.values()) for fate in ("killed", "survived", "not run")
        )
        print(f"{killed:6} {survived:9} {unrun:8}  in all: {100 * killed / max(len(chosen), 1):.1f} % killed")

    def run(self, mutant: Mutant, items: list[Any]) -> bytes:
        left = self.options.seconds
        tests = [
            (-nearness(items[one].path, mutant.path), self.seconds[one], one) for one in self.reached[mutant.function]
        ]
        if not tests or not put_in(mutant, self.functions):
            return b"not run"
        silent()
        for _, seconds, index in sorted(tests):
            if seconds > left:
                continue
            left -= seconds
            if any(report.failed for report in runtestprotocol(items[index], log=False, nextitem=None)):
                return b"killed"
        return b"survived"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", nargs="+", default=list(USUAL), help="files and folders, as patterns below the root")
    parser.add_argument("--sample", type=int, default=400, help="how many mutants; 0 for all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--at", nargs="+", help="of the sample only the mutants of these lines, each as PATH:LINE")
    parser.add_argument("--seconds", type=int, default=60, help="processor time of tests for one mutant, at the most")
    parser.add_argument("--survey", help="a file that keeps which test calls what, so that it is found out once")
    options = parser.parse_args()
    os.environ.setdefault("CI", "1")  # the same examples each time
    os.chdir(ROOT)
    # In place of the folder of this file, whose `torch` would be taken for PyTorch.
    sys.path[0] = str(ROOT)
    pytest.main(["-q", "-p", "no:cacheprovider", "--disable-warnings"], plugins=[Mutations(options)])


if __name__ == "__main__":
    main()
