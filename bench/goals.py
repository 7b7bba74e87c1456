"""Every goal of speed and scale, beside those who do a part of the same, in one run: the table of docs/scale.md.

    KERAS_BACKEND=numpy python -m bench.goals FOLDER [--files 10000] [--rounds 15] [--only WORD ...]

FOLDER is one that bench/keras_files.py wrote. Beside cnnsum stand Keras, NumPy by hand, yamllint and onnxsim; whoever
is not installed is left out, and the row says so. Figures are CPU seconds of a process with its children, which a busy
machine changes less than time; medians where the commands of a row run in turn. U is `python -c "import click, yaml"`
in the same rounds. It fails where a goal is missed.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from bench import list_many, scaling, sweeps, symbolic
from bench.check_many import program
from bench.check_many import write as write_specs
from bench.run_time import BASE, KERAS, MAKE, environment, measure

ROOT = Path(__file__).resolve().parent.parent
PYTHON = [sys.executable, "-c"]
CNNSUM = [sys.executable, "-m", "cnnsum"]
LOADS = "import json, sys; json.load(open(sys.argv[1]))"
#: MiB that a command on 100,000 layers, or on a folder, may take.
MOST_OF_LAYERS, MOST_OF_FILES = 500, 300
LAYERS = 100_000


class Row(NamedTuple):
    """A line of the table: what is done, the goal, what was measured beside others, and whether that is within it."""

    work: str
    goal: str
    measured: str
    reached: bool | None


def in_turn(commands: dict[str, list[str]], rounds: int, folder: Path) -> dict[str, float]:
    """Median CPU seconds of commands that run in turn; one more round before warms the caches."""
    return measure(commands, rounds, folder, lambda command, folder: list_many.run(command, folder).processor)


def start(folder: Path, rounds: int) -> Iterator[Row]:
    """A small spec, help, and the largest network of keras.applications."""
    commands = {
        "U": [*PYTHON, BASE],
        "seed": [*CNNSUM, str(ROOT / "specs" / "horses_or_humans.yaml")],
        "help": [*CNNSUM, "--help"],
    }
    nasnet = str(folder / "nasnet.json")
    keras = find_spec("keras") is not None
    if keras:
        subprocess.run([*PYTHON, MAKE, "NASNetLarge", nasnet], check=True, env=environment(), cwd=folder)
        commands["nasnet"] = [*CNNSUM, nasnet]
    medians = in_turn(commands, rounds, folder)
    unit = medians.pop("U")
    units = {name: seconds / unit for name, seconds in medians.items()}
    yield Row("a small spec", "0.9 U", f"{units['seed']:.2f} U", units["seed"] <= 0.9)
    yield Row("`--help`", "0.7 U", f"{units['help']:.2f} U", units["help"] <= 0.7)
    if not keras:
        yield Row("NASNetLarge's JSON, 1,041 rows", "1.6 U", "Keras is not installed", None)
        return
    peer = in_turn({"keras": [*PYTHON, KERAS, nasnet]}, 1, folder)["keras"] / unit
    text = f"{units['nasnet']:.2f} U; Keras {peer:.0f} U"
    yield Row("NASNetLarge's JSON, 1,041 rows", "1.6 U", text, units["nasnet"] <= 1.6)


def checked(folder: Path, rounds: int) -> Iterator[Row]:
    """Many small files, in one process each."""
    write_specs(folder, 300, 44)
    paths = sorted(path.name for path in folder.glob("net_*.yaml"))
    commands = {"cnnsum": [*CNNSUM, "check", *paths, "--jobs", "1", "-q"]}
    yamllint = program("yamllint")
    if yamllint is not None:
        commands["yamllint"] = [yamllint, "-d", "relaxed", *paths]
    medians = in_turn(commands, max(3, rounds // 3), folder)
    work, goal, text = "`check`, 300 files of 44 layers", "0.22 of yamllint", f"{medians['cnnsum']:.2f} s"
    if yamllint is None:
        yield Row(work, goal, f"{text}; yamllint is not installed", None)
        return
    ratio = medians["cnnsum"] / medians["yamllint"]
    yield Row(work, goal, f"{ratio:.3f}: {text}; yamllint {medians['yamllint']:.2f} s", ratio <= 0.22)


def many_layers(folder: Path) -> Iterator[Row]:
    """100,000 layers, and what grows with them."""
    for size in (scaling.TINY, 1_000, 10_000, LAYERS):
        scaling.write(folder / f"m{size}.json", size, 8)
    large = f"m{LAYERS}.json"
    base = list_many.run([*PYTHON, LOADS, large], folder)
    summary = list_many.run([*CNNSUM, large], folder)
    text = f"{summary.processor:.1f} s, {summary.memory:.0f} MiB; json.loads {base.processor:.1f} s"
    yield Row("100,000 layers: summary", "", text, None)
    for name, words in (("JSON", [large, "--format", "json"]), ("`check`", ["check", large, "-q"])):
        one = list_many.run([*CNNSUM, *words], folder)
        times = one.processor / summary.processor
        text = f"{one.processor:.1f} s ({times:.2f} summaries), {one.memory:.0f} MiB"
        yield Row(f"100,000 layers: {name}", "2 summaries, 500 MiB", text, times <= 2 and one.memory <= MOST_OF_LAYERS)
    for name in ("explain", "checkpoint", "convert yaml"):
        words = scaling.COMMANDS[name]
        found = [
            scaling.run([f"m{size}.json" if word == "M" else word for word in words], folder, 300)
            for size in (scaling.TINY, 1_000, 10_000)
        ]
        power, last = math.inf, found[-1]
        if all(isinstance(one, scaling.Taken) for one in found):
            power = scaling.exponents(*found, 10)[0]  # type: ignore[arg-type]  # all were taken
        text = last if isinstance(last, str) else f"{last.seconds:.2f} s; power of {power:.2f}"
        shown = " ".join(word for word in words if word != "M")
        yield Row(f"`{shown}`, 1,000 to 10,000 layers", "linear", text, power <= scaling.MOST)


def free_sizes(files: Path, rounds: int) -> Iterator[Row]:
    """Free sizes against fixed ones, of the gallery and of every application of Keras in the folder."""
    symbolic.load_modules()
    ratios = {
        path.stem: ratio
        for path in [*sorted((ROOT / "specs").glob("*.yaml")), *sorted((files / "written").glob("*_224.json"))]
        if (ratio := symbolic.of_model(path, max(3, rounds // 3)))
    }
    median, worst = statistics.median(ratios.values()), max(ratios, key=ratios.__getitem__)
    text = f"median {median:.2f}, worst {ratios[worst]:.2f} ({worst}), of {len(ratios)} networks"
    reached = median <= symbolic.MEDIAN and ratios[worst] <= symbolic.WORST
    yield Row("free sizes against fixed, cold", "median 2, worst 4", text, reached)


def variants() -> Iterator[Row]:
    """A million variants, beside three of their measures by hand in NumPy."""
    if find_spec("numpy") is None:
        yield Row("sweeps", "", "NumPy is not installed", None)
        return
    hand = sweeps.measured("by hand")
    yield Row("ResNet-50 by hand in NumPy, three measures", "", f"1 M in {hand['seconds']:.2f} s", None)
    for name, (_, _, goal) in sweeps.CASES.items():
        if goal is None:
            continue
        found = sweeps.measured(name)
        text = f"{found['count']:,.0f} in {found['seconds']:.2f} s, {found['peak']:.0f} MiB"
        yield Row(f"sweep: {name}", f"{goal:g} s", text, found["seconds"] <= goal)


def folders(folder: Path, files: Path, count: int) -> Iterator[Row]:
    """A folder of Keras's own files, on all processors."""
    names = list_many.chosen(files, count, folder)
    base = list_many.run([*PYTHON, list_many.LOADS], folder, "\n".join(names))
    took = list_many.run([*CNNSUM, "list", ".", "-q", *list_many.FORMAT["list"]], folder)
    most = 120 * len(names) / 10_000
    text = f"{took.processor:.0f} CPU s, {took.clock:.0f} s, {took.memory:.0f} MiB; json.loads {base.processor:.1f} s"
    reached = took.processor <= most and took.memory <= MOST_OF_FILES
    work = f"`list`, {len(names):,} Keras files, {os.cpu_count()} processors"
    yield Row(work, f"{most:g} CPU s, {MOST_OF_FILES} MiB", text, reached)


def onnx_files(folder: Path) -> Iterator[Row]:
    """A dynamic U-Net and a chain of convolutions in ONNX, beside onnxsim."""
    if find_spec("onnxsim") is None or find_spec("onnx") is None:
        yield Row("ONNX", "", "onnxsim is not installed", None)
        return
    from bench.onnx import files, peers

    for make in (files.chain, files.unet):
        path = make(folder / f"{make.__name__}.onnx")
        ours, theirs = (peers.run(tool, path, 6 * 2**30, 120) for tool in ("cnnsum", "onnxsim simplify"))
        text = f"{ours['cpu']:.2f} s, {ours['mib']:.0f} MiB; onnxsim "
        text += theirs["failed"] if "failed" in theirs else f"{theirs['cpu']:.2f} s, {theirs['mib']:.0f} MiB"
        yield Row(f"ONNX, `{path.name}`", "", text, None)


def rows(files: Path, count: int, rounds: int, only: Sequence[str]) -> Iterator[Row]:
    """All of the table, or the parts whose names are given."""
    with tempfile.TemporaryDirectory() as name:
        parts = {
            "start": lambda folder: start(folder, rounds),
            "check": lambda folder: checked(folder, rounds),
            "layers": many_layers,
            "free": lambda _: free_sizes(files, rounds),
            "sweeps": lambda _: variants(),
            "list": lambda folder: folders(folder, files, count),
            "onnx": onnx_files,
        }
        for part, rows_of in parts.items():
            if not only or part in only:
                folder = Path(name) / part
                folder.mkdir()
                yield from rows_of(folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", nargs="*", default=[], help="start, check, layers, free, sweeps, list, onnx")
    given = parser.parse_args()
    print("| work | goal | measured | reached |\n|---|---|---|---|")
    missed = 0
    for row in rows(given.folder, given.files, given.rounds, given.only):
        reached = {None: "", True: "yes", False: "no"}[row.reached]
        print(f"| {row.work} | {row.goal} | {row.measured} | {reached} |", flush=True)
        missed += row.reached is False
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
