"""Fuzz every reader, command and format of cnnsum.

From the root of a clone:

    python -m bench.fuzz [--seed 13] [--seconds 600 | --runs 200000] [--jobs 2]
    python -m bench.fuzz --seed 13 --only 4711          # one run again, with all that is known of it
    python -m bench.fuzz --reader ONNX                  # files of one format alone

What ends otherwise than it may is an escape: it is tried again in a fresh process, made smaller, and written to a
folder with the call that shows it; the exit code is then 1. docs/fuzzing.md says what counts as an escape.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench.fuzz.cases import Case, case
from bench.fuzz.pool import Child
from bench.fuzz.readers import READERS, WANTED
from bench.fuzz.shrink import Shrinker, kind

#: Runs after which a child is replaced. What it holds by then is printed at the end.
RUNS_PER_CHILD = 2000
#: One of so many runs is repeated in a fresh process with another order of sets, and must say the same.
REPEATED = 1000
#: Escapes of one kind that are made smaller and written; the rest are counted.
WRITTEN = 2
#: Bytes by which a child may grow over its runs: caches have bounds.
GROWTH = 600 * 2**20


class Session:
    """One fuzzing run: what was done, and what escaped."""

    def __init__(self, seed: int, runs: int | None, seconds: float | None, folder: Path, *, shrink: float) -> None:
        self.seed = seed
        self.runs = runs
        self.end = None if seconds is None else time.monotonic() + seconds
        self.folder = folder
        self.shrink = shrink
        self.lock = threading.Lock()
        self.next = 0
        self.done = 0
        self.counts: dict[str, Counter[str]] = {"command": Counter(), "reader": Counter(), "exit code": Counter()}
        self.slowest: list[tuple[float, int, str]] = []
        self.layers = 0
        self.grown = 0
        self.escapes: Counter[str] = Counter()
        self.written: Counter[str] = Counter()
        self.slow_once = 0

    def take(self) -> int | None:
        """The number of the next run; None when there is none."""
        with self.lock:
            over = self.end is not None and time.monotonic() > self.end
            if over or (self.runs is not None and self.next >= self.runs):
                return None
            self.next += 1
            return self.next - 1

    def work(self) -> None:
        """Run cases in a child until there are no more."""
        child = Child()
        first = 0
        since: list[int] = []
        while (number := self.take()) is not None:
            answer = child.ask({"seed": self.seed, "number": number})
            since.append(number)
            if answer["faults"]:
                self._escaped(number, answer, since)
            elif number % REPEATED == REPEATED // 2:
                self._repeat(number, answer)
            self._count(number, answer)
            if not answer.get("ended"):
                first = first or answer["resident"]
                self.grown = max(self.grown, answer["resident"] - first)
            if answer.get("ended") or child.count >= RUNS_PER_CHILD:
                if not answer.get("ended"):
                    child.finish()
                    if answer["resident"] - first > GROWTH:
                        self._note(
                            "grows", f"a child grew by {(answer['resident'] - first) >> 20} MB in {child.count} runs"
                        )
                child, first, since = Child(), 0, []
        child.finish()

    def _count(self, number: int, answer: dict[str, Any]) -> None:
        with self.lock:
            self.done += 1
            if "command" not in answer:
                return
            self.counts["command"][answer["command"]] += 1
            self.counts["reader"][answer["reader"]] += 1
            self.counts["exit code"].update(str(code) for code in answer["codes"])
            self.layers = max(self.layers, answer["layers"])
            self.slowest = sorted([*self.slowest, (answer["seconds"], number, answer["command"])], reverse=True)[:5]

    def _repeat(self, number: int, answer: dict[str, Any]) -> None:
        """Hold a run against the same one in a process of its own, in which sets have another order."""
        fresh = Child(hash_seed=str(number % 1000 + 1))
        again = fresh.ask({"seed": self.seed, "number": number})
        fresh.finish()
        if again["faults"]:
            self._escaped(number, again, [number])
        elif again["digest"] != answer["digest"]:
            self._note("differs", f"run {number} says something else in a fresh process")

    def _escaped(self, number: int, answer: dict[str, Any], since: list[int]) -> None:
        """Try a fault again in a fresh process; then write down what shows it."""
        try:
            one = case(self.seed, number)
        except Exception as error:  # noqa: BLE001 - a fault of the bench, which must not end it
            self._note("bench", f"case {number} cannot be made: {type(error).__name__}: {error}")
            return
        fresh = Child()
        again = fresh.ask({"seed": self.seed, "number": number})
        if not again.get("ended"):
            fresh.finish()
        faults = again["faults"]
        if not faults:
            if all(kind(fault) in ("time", "hangs") for fault in answer["faults"]):
                with self.lock:
                    self.slow_once += 1  # another program had the processor
                return
            self._note(
                "only after other runs",
                f"run {number}: {answer['faults'][0]} (the process had run {len(since)}: {since[-20:]})",
            )
            return
        for fault in dict.fromkeys(map(kind, faults)):
            text = next(one for one in faults if kind(one) == fault)
            with self.lock:
                self.escapes[fault] += 1
                self.written[fault] += 1
                wanted = self.written[fault] <= WRITTEN
            if wanted:
                small = Shrinker(fault, self.shrink).shrink(one) if self.shrink else one
                folder = write(self.folder / f"{self.seed}-{number}", small, text, self.seed, number)
                print(f"ESCAPE in run {number}: {text}\n  {folder}/run.sh", flush=True)

    def _note(self, what: str, text: str) -> None:
        with self.lock:
            self.escapes[what] += 1
        print(f"ESCAPE: {text}", flush=True)

    def summary(self, seconds: float) -> str:
        """What was done, in a few lines."""
        escapes = sum(self.escapes.values())
        each = 1000 * seconds / max(1, self.done)
        lines = [
            f"{self.done:,} runs with seed {self.seed} in {seconds:,.0f} s ({each:.1f} ms each): {escapes:,} escapes"
        ]
        for what, counts in self.counts.items():
            lines.append(f"  {what}: " + ", ".join(f"{name} {count:,}" for name, count in counts.most_common()))
        slowest = ", ".join(f"{took:.2f} s run {number} ({command})" for took, number, command in self.slowest)
        lines.append(f"  slowest: {slowest}; slow once: {self.slow_once}")
        lines.append(f"  largest network {self.layers:,} layers; a child grew by {self.grown >> 20} MB")
        lines += [f"  {count:,} x {name}" for name, count in self.escapes.most_common()]
        return "\n".join(lines)


def write(folder: Path, one: Case, fault: str, seed: int, number: int) -> Path:
    """Write a case's files, and a script that shows the fault."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["#!/bin/sh", 'cd "$(dirname "$0")/files" || exit', f"# {fault}".replace("\n", " "),
             f"# again: python -m bench.fuzz --seed {seed} --only {number}"]  # fmt: skip
    for name, data in one.files.items():
        path = folder / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (folder / "files").mkdir(exist_ok=True)
    if one.stdin:
        (folder / "files" / "stdin").write_bytes(one.stdin)
    for argv in one.steps:
        source = " < stdin" if one.stdin else ""
        lines.append("python -m cnnsum " + " ".join(map(shlex.quote, argv)) + source)
    script = folder / "run.sh"
    script.write_text("\n".join([*lines, ""]), encoding="utf-8", errors="backslashreplace")
    script.chmod(0o755)
    return folder


def show(seed: int, number: int, folder: Path) -> int:
    """Run one case alone and print all of it."""
    one = case(seed, number)
    child = Child()
    answer = child.ask({"seed": seed, "number": number})
    if not answer.get("ended"):
        child.finish()
    print(json.dumps({key: value for key, value in answer.items() if key != "digest"}, indent=1))
    where = write(folder / f"{seed}-{number}", one, (answer["faults"] or ["no fault"])[0], seed, number)
    print(f"{where}/run.sh")
    return 1 if answer["faults"] else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz", description="Fuzz cnnsum.")
    parser.add_argument("--seed", type=int, default=13, help="what the cases are made of [default: %(default)s]")
    parser.add_argument("--runs", type=int, help="how many cases [default: 2000, or as many as --seconds allow]")
    parser.add_argument("--seconds", type=float, help="when to stop")
    parser.add_argument(
        "--jobs", type=int, default=max(1, os.cpu_count() or 1), help="child processes [default: one per processor]"
    )
    parser.add_argument("--only", type=int, metavar="N", help="run case N alone and print all of it")
    parser.add_argument("--start", type=int, default=0, metavar="N", help="begin with case N")
    parser.add_argument(
        "--found",
        type=Path,
        default=Path("fuzz-found"),
        metavar="DIR",
        help="where escapes are written [default: %(default)s]",
    )
    parser.add_argument(
        "--shrink", type=float, default=20, metavar="SECONDS", help="time to make one smaller [default: %(default)s]"
    )
    names = [one.name for one in READERS]
    parser.add_argument("--reader", action="append", choices=names, default=[], help="draw files of this format alone")
    given = parser.parse_args()
    if given.reader:
        os.environ[WANTED] = ",".join(given.reader)
    if given.only is not None:
        return show(given.seed, given.only, given.found)
    runs = given.runs if given.runs is not None or given.seconds is not None else 2000
    session = Session(
        given.seed, None if runs is None else runs + given.start, given.seconds, given.found, shrink=given.shrink
    )
    session.next = given.start
    start = time.monotonic()
    threads = [threading.Thread(target=session.work) for _ in range(given.jobs)]
    for thread in threads:
        thread.start()
    try:
        while any(thread.is_alive() for thread in threads):
            threads[0].join(timeout=1)
            time.sleep(0.2)
    except KeyboardInterrupt:
        session.runs = 0  # the runs at hand end, and no others begin
        for thread in threads:
            thread.join()
    print(session.summary(time.monotonic() - start))
    return 1 if session.escapes else 0


if __name__ == "__main__":
    sys.exit(main())
