"""How every command grows with the layers of a model: CPU seconds and peak memory, and the exponents of both.

    python bench/scaling.py [--sizes 1000,10000,100000] [--only NAME ...] [--limit 300]

Every question is asked in every format that is registered, each in a process of its own, of a network of residual
blocks (a spec in JSON, in which layers read layers that lie behind them). The time of the same command on a tiny
network is taken off; what is left is compared from size to size. Fails where the last exponent of time or of memory is
above 1.1: where ten times the layers take more than 12.6 times as much. A time is CPU time, which a busy machine
changes little.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from cnnsum.answers import FORMATS
from cnnsum.writers import FORMATS as WRITERS

ROOT = Path(__file__).resolve().parent.parent
CNNSUM = [sys.executable, "-m", "cnnsum"]
MOST = 1.1
TINY = 8
#: Seconds below which an exponent says nothing.
SHORT = 0.3
#: MiB likewise.
SMALL = 20.0

#: How each question is asked that has formats, by its name in `cnnsum.answers`; M is the model, N another one like it.
QUESTIONS: dict[str, list[str]] = {
    "summary": ["M"],
    "chart": ["M", "--chart", "memory"],
    "sizes": ["sizes", "M"],
    "fit": ["fit", "M", "--memory", "8TiB"],
    "best": ["fit", "M", "--vary", "batch=1:64", "--vary", "H=W=8:64:8", "--maximize", "macs", "--memory", "8TiB"],
    "sweep": ["M", "--sweep", "batch=1:64"],
    "sweep chart": ["M", "--sweep", "batch=1:64", "--chart", "peak"],
    "list": ["list", "M"],
    "explain": ["explain", "M"],
    "conventions": ["explain", "M", "--convention", "fvcore"],
    "diff": ["diff", "M", "N"],
    "check": ["check", "M"],
}
#: Questions about cnnsum itself, which take as long for any model.
OF_NO_MODEL = ("layers", "rules")
#: What is called beside each question in each of its formats, by name.
OTHERS: dict[str, list[str]] = {
    "train": ["M", "--train"],
    "checkpoint": ["M", "--checkpoint", "auto"],
    "plan": ["M", "--plan"],
    "convention": ["M", "--convention", "fvcore"],
    "symbolic": ["M", "-i", "H,W,8"],
    "check all": ["check", "M", "--select", "ALL"],
    **{f"convert {writer}": ["convert", "M", "--to", writer] for writer in WRITERS},
}


def commands() -> dict[str, list[str]]:
    """Every question in every format that is registered, so that a new one is measured too, and `OTHERS`.

    The name of a question alone is that of its first format, which is the default.
    """
    found: dict[str, list[str]] = {}
    for question, formats in FORMATS.items():
        if question in OF_NO_MODEL:
            continue
        for at, format in enumerate(formats):
            if format == "statistics":
                found["check statistics"] = [*QUESTIONS[question], "--statistics"]
            elif format == "parquet":  # which no screen takes, and another package writes
                if find_spec("pyarrow") is not None:
                    found[f"{question} {format}"] = [
                        *QUESTIONS[question],
                        "--format",
                        format,
                        "--output",
                        "table.parquet",
                    ]
            elif at:
                found[f"{question} {format}"] = [*QUESTIONS[question], "--format", format]
            else:
                found["show" if question == "summary" else question] = QUESTIONS[question]
    return found | OTHERS


COMMANDS = commands()


class Taken(NamedTuple):
    """CPU seconds and peak MiB of a call."""

    seconds: float
    memory: float


def write(path: Path, layers: int, width: int) -> None:
    """Residual blocks of a convolution, a normalisation, an activation and a sum."""
    found: list[object] = []
    last = "input"
    for number in range(layers // 4):
        conv = {"filters": width, "kernel_size": 3, "padding": "same", "name": f"c{number}"}
        found += [
            {"Conv2D": conv},
            {"BatchNormalization": {"name": f"b{number}"}},
            {"ReLU": {"name": f"r{number}"}},
            {"Add": {"name": f"a{number}", "from": [f"r{number}", last]}},
        ]
        last = f"a{number}"
    path.write_text(json.dumps({"input": [32, 32, width], "layers": found}), encoding="utf-8")


def run(arguments: list[str], folder: Path, limit: int) -> Taken | str:
    """What a call takes, or why that is not known."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(ROOT)

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))

    with subprocess.Popen(
        [*CNNSUM, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=limited,  # noqa: PLW1509 - safe, as this process starts no threads that could hold a lock
    ) as process:
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode < 0:
        return f"> {limit} s" if usage.ru_utime + usage.ru_stime > limit - 2 else "killed"
    if process.returncode:
        return f"exit code {process.returncode}: {said.decode('utf-8', 'replace').strip()[:60]}"
    scale = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Taken(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / scale)


def exponents(base: Taken, before: Taken, after: Taken, factor: float) -> tuple[float, float]:
    """By which power of the layers time and memory grow; 0 where there is too little of them to tell."""

    def power(small: float, large: float, least: float) -> float:
        return math.log(large / max(small, least / factor)) / math.log(factor) if large > least else 0.0

    return (
        power(before.seconds - base.seconds, after.seconds - base.seconds, SHORT),
        power(before.memory - base.memory, after.memory - base.memory, SMALL),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--only", nargs="*", choices=list(COMMANDS), default=list(COMMANDS))
    parser.add_argument("--limit", type=int, default=300, help="CPU seconds of a call")
    given = parser.parse_args()
    sizes = [int(size) for size in given.sizes.split(",")]
    wrong = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in [TINY, *sizes]:
            write(folder / f"m{size}.json", size, 8)
            write(folder / f"n{size}.json", size, 16)
        print(f"{'':<20}" + "".join(f"{f'{size:,} layers':>24}" for size in sizes) + f"{'exponents':>16}")
        for command in given.only:
            taken: list[Taken] = []
            for size in [TINY, *sizes]:
                words = {"M": f"m{size}.json", "N": f"n{size}.json"}
                found = run([words.get(word, word) for word in COMMANDS[command]], folder, given.limit)
                if isinstance(found, str):
                    wrong.append(f"{command}, {size:,} layers: {found}")
                    break
                taken.append(found)
            line = "".join(f"{one.seconds:>12.2f} s {one.memory:>6.0f} MiB" for one in taken[1:])
            line = f"{command:<20}{line}"
            if len(taken) == len(sizes) + 1:
                powers = exponents(taken[0], taken[-2], taken[-1], sizes[-1] / sizes[-2])
                line += f"{powers[0]:>9.2f}{powers[1]:>7.2f}"
                wrong += [
                    f"{command}: {what} grows by the power of {power:.2f}"
                    for what, power in zip(("time", "memory"), powers, strict=True)
                    if power > MOST
                ]
            print(line, flush=True)
    for one in wrong:
        print(one)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
