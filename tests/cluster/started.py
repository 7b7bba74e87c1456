"""A cluster of real processes: a scheduler and workers, as dask's own commands start them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(ROOT),
    # Deaths of workers after which a task is given up: not 3, for each worker takes its time to come back.
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
}
#: What a worker may take, and what a process of Python with cnnsum and dask takes a small part of.
MEMORY = "600MB"
SECONDS_TO_START = 60


class Started:
    """A scheduler and its workers. `address` is what `--dask` takes."""

    def __init__(self, folder: Path, stack: ExitStack, **environment: str) -> None:
        self._folder, self._stack = folder, stack
        self.scheduler_file = folder / "scheduler.json"
        self._log = stack.enter_context((folder / "log").open("ab"))
        self.scheduler = self._start(
            "scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", self.scheduler_file, **environment
        )
        end = time.monotonic() + SECONDS_TO_START
        while not self.scheduler_file.exists() and time.monotonic() < end:
            time.sleep(0.05)
        self.address = str(self.scheduler_file)

    def worker(self, *more: str, **environment: str) -> subprocess.Popen[bytes]:
        """Another worker with one thread, and what starts it again when it dies."""
        return self._start(
            "worker",
            *("--scheduler-file", self.scheduler_file, "--nthreads", "1", "--memory-limit", MEMORY, "--no-dashboard"),
            *("--local-directory", self._folder, *more),
            **environment,
        )

    def processes(self) -> list[int]:
        """The processes that work, of which each has another that starts it again."""
        from distributed import Client

        with Client(scheduler_file=self.address, set_as_default=False) as client:
            return [*client.run(os.getpid).values()]

    def _start(self, *words: str | Path, **environment: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *map(str, words)]
        process = subprocess.Popen(
            command,
            cwd=self._folder,
            env={**ENVIRONMENT, **environment},
            stdout=subprocess.DEVNULL,
            stderr=self._log,
            start_new_session=True,
        )
        self._stack.callback(_end, process)
        return process


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and those that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
