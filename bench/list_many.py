"""`cnnsum list` and `check` over many model files, against json.loads and yamllint over the same, in one run.

    python bench/list_many.py FOLDER [--files 1000] [--lint 50] [--processes 1,2] [--dask 1,2]

FOLDER is one that bench/keras_files.py wrote; some of its files are taken, evenly. json.loads parses the JSON files and
does nothing with them; yamllint (left out where it is not installed) is slow, and reads `--lint` of them only. The
figures are CPU seconds of all processes together, which a busy machine changes less than time, for 1,000 files; the
largest memory of one process; ratios to json.loads; and seconds by the clock. With --dask, on local clusters of so many
workers, too.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
CNNSUM = [sys.executable, "-m", "cnnsum"]
LOADS = """
import json, sys
for path in sys.stdin.read().split():
    if path.endswith(".json"):
        with open(path, encoding="utf-8") as file:
            json.loads(file.read())
"""


class Taken(NamedTuple):
    """What a command took: CPU seconds with all its processes, seconds by the clock, MiB of its largest process."""

    processor: float
    clock: float
    memory: float


def run(command: Sequence[str], folder: Path, text: str = "") -> Taken:
    """Run a command to its end; exits where it could not be used."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as given:
        given.write(text)
        given.seek(0)
        process = subprocess.Popen(command, cwd=folder, env=environment, stdin=given, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        sys.exit(f"{' '.join(command[:4])} ended with {process.returncode}")
    return Taken(usage.ru_utime + usage.ru_stime, time.perf_counter() - start, usage.ru_maxrss / 1024)


def chosen(folder: Path, count: int, into: Path) -> list[str]:
    """Links to so many files of a folder, evenly taken of each kind: an archive is other work than a JSON."""
    paths = [path for path in folder.rglob("model_*") if path.is_file()]
    paths.sort(key=lambda path: (path.suffix, path.name))
    paths = paths[:: max(1, len(paths) // count)][:count]
    for path in paths:
        (into / path.name).symlink_to(path.resolve())
    return [path.name for path in paths]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--lint", type=int, default=50)
    parser.add_argument("--processes", default="1,2")
    parser.add_argument("--dask", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        names = chosen(given.folder, given.files, folder)
        bytes_ = sum((folder / one).stat().st_size for one in names if one.endswith(".json"))
        print(f"{len(names):,} files, {bytes_ / 1e6:,.0f} MB of JSON, {os.cpu_count()} processors")
        commands = {
            f"{' '.join(command)} --jobs {count}": [*CNNSUM, *command, "--jobs", count, "-q", *FORMAT[command[0]]]
            for count in filter(None, given.processes.split(","))
            for command in (["list", "."], ["list", ".", "--columns", "path,findings,sizes"], ["check", "."])
        }
        for count in filter(None, given.dask.split(",")):
            command = ["list", ".", "--dask", "local", "--jobs", count]
            commands[" ".join(command)] = [*CNNSUM, *command, "-q", *FORMAT["list"]]
        print(f"{'':<48}{'CPU s/1,000':>12}{'MiB':>7}{'x json.loads':>14}{'clock s':>9}")
        base = run([sys.executable, "-c", LOADS], folder, "\n".join(names))
        tell("json.loads", base, len(names), base.processor / len(names))
        for label, words in commands.items():
            tell(label, run(words, folder), len(names), base.processor / len(names))
        lint = Path(sys.executable).with_name("yamllint")
        some = [one for one in names if one.endswith(".json")][: given.lint]
        if lint.exists() and some:
            tell("yamllint", run([str(lint), "-d", "relaxed", *some], folder), len(some), base.processor / len(names))


def tell(label: str, taken: Taken, files: int, base: float) -> None:
    each = taken.processor / files
    print(f"{label:<48}{1000 * each:>12.1f}{taken.memory:>7.0f}{each / base:>14.1f}{taken.clock:>9.1f}", flush=True)


FORMAT = {"list": ("--format", "csv"), "check": ("--format", "concise")}

if __name__ == "__main__":
    main()
