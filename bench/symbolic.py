"""What free sizes cost: the same chain of convolutions with known and with free height and width.

    python bench/symbolic.py [--rounds 15] [--layers 100]
    python bench/symbolic.py --models [FILE ...]

The second asks it of every network of the gallery and of the files (those that keras.applications writes, say), and
fails where the median of the ratios is above 2, or the worst above 4.

No two layers are equal, so that none is inferred once for several. Both chains run in turn, so that a busy machine
slows both alike; the figure is the ratio of the medians. Cold is the first run of a new process, which is what a
person waits for; warm is with everything in the caches that earlier runs left there.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import multiprocessing
import pkgutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cnnsum.dims
import cnnsum.layers.keras
import cnnsum.readers.keras
import cnnsum.readers.native
from cnnsum.diagnostics import UnusableError
from cnnsum.graph.infer import infer
from cnnsum.readers import AS_WRITTEN, How, read
from cnnsum.source import read as read_document
from cnnsum.source import read_text

sys.path.insert(0, str(Path(__file__).resolve().parent))
from run_time import ROOT, environment, measure, show

CHAINS = {"static": [4096, 4096, 3], "symbolic": ["H", "W", 3]}
#: What the ratios of models may be.
MEDIAN, WORST = 2.0, 4.0
STRIDED = 20  # every so many layers one has stride 2


def chain(size: list[object], layers: int) -> str:
    """A chain of 3x3 convolutions, valid and same by turns, with as many filters as no other has."""
    convolutions = [
        f"Conv2D: {{filters: {8 + i}, kernel_size: 3, padding: {'same' if i % 2 else 'valid'}, "
        f"strides: {2 if i % STRIDED == STRIDED - 1 else 1}}}"
        for i in range(layers)
    ]
    return f"{{input: [{', '.join(map(str, size))}], layers: [{', '.join(convolutions)}]}}"


def once(task: str, kind: str, layers: int) -> float:
    """Seconds of one run of a task; reading the text is not part of `infer`, and is of `summarize`."""
    text = chain(CHAINS[kind], layers)
    if task == "summarize":
        return timed(lambda: cnnsum.summarize(cnnsum.loads(text)))
    graph, _ = read(read_text(text, kind))
    return timed(lambda: infer(graph))


def timed(run: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def in_new_process(task: str, kind: str, layers: int) -> float:
    command = [sys.executable, __file__, "--once", task, kind, "--layers", str(layers)]
    found = subprocess.run(command, check=True, env=environment(), capture_output=True, text=True)
    return float(found.stdout)


def compare(ask: Callable[[str, str, int], float], task: str, layers: int, rounds: int) -> None:
    """Medians of both chains, in turn; one more round before warms the caches of the machine or of the process."""
    times: dict[str, list[float]] = {kind: [] for kind in CHAINS}
    for turn in range(rounds + 1):
        for kind in CHAINS:
            taken = ask(task, kind, layers)
            if turn:
                times[kind].append(taken)
    show({f"{task}, {kind}": statistics.median(taken) for kind, taken in times.items()}, f"{task}, static")


def of_model(path: Path, rounds: int) -> float | None:
    """The CPU time of inference with free sizes of space as a multiple of that with fixed ones; None where the file has
    no such sizes. The least of some rounds each, each in a process that has loaded all modules and inferred nothing.
    """
    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
        least = [
            min(pool.apply(_inferred, (path, free)) for _ in range(rounds))
            for free in (AS_WRITTEN, AS_WRITTEN.freeing("spatial"))
        ]
    return least[1] / least[0] if least[0] else None


def _inferred(path: Path, how: How) -> float:
    """CPU seconds of inference; 0 where the model takes no input of fixed sizes, or is none."""
    gc.disable()
    try:
        graph, _ = read(read_document(str(path)), how)
    except UnusableError:
        return 0.0
    if how.free and not graph.freed:
        return 0.0
    start = time.process_time()
    infer(graph)
    return time.process_time() - start


def load_modules() -> None:
    """Load what inference needs, so that no process that is measured does."""
    for package in (cnnsum.dims, cnnsum.layers.keras, cnnsum.readers.keras, cnnsum.readers.native):
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")


def models(paths: list[Path], rounds: int) -> int:
    """The ratios of many models, and whether they are above what they may be."""
    load_modules()
    found = {}
    for path in paths:
        ratio = of_model(path, rounds)
        if ratio:
            found[path.stem] = ratio
            print(f"  {path.stem:<44} {ratio:>7.2f} x", flush=True)
    median, worst = statistics.median(found.values()), max(found.values())
    print(f"median {median:.2f} x, worst {worst:.2f} x")
    return int(median > MEDIAN or worst > WORST)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--layers", type=int, default=100)
    parser.add_argument("--once", nargs=2, metavar=("TASK", "CHAIN"), help=argparse.SUPPRESS)
    parser.add_argument("--models", nargs="*", type=Path, metavar="FILE", help="the gallery and these files")
    given = parser.parse_args()
    if given.once:
        print(once(*given.once, given.layers))
        return 0
    if given.models is not None:
        return models([*sorted((ROOT / "specs").glob("*.yaml")), *given.models], given.rounds)
    for label, ask in (("first run of a process", in_new_process), ("in a process that ran it before", once)):
        print(f"{given.layers} convolutions, {label}, medians of {given.rounds} rounds:")
        for task in ("infer", "summarize"):
            compare(ask, task, given.layers, given.rounds)

    spec = str(ROOT / "specs" / "resnet50.yaml")
    command = [sys.executable, "-m", "cnnsum", spec]
    static = "cnnsum resnet50.yaml"
    print(f"Whole runs, medians of {given.rounds} rounds:")
    with tempfile.TemporaryDirectory() as folder:
        commands = {static: command, f"{static} -i H,W,3": [*command, "-i", "H,W,3"]}
        show(measure(commands, given.rounds, Path(folder)), static)
    return 0


if __name__ == "__main__":
    sys.exit(main())
