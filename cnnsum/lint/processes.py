"""Files checked in several processes. One that dies takes nothing with it but the file that it was at.

Knows jobs, not what is checked: a job is anything that can be sent, its outcome too. Loaded where processes pay.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic, NamedTuple, TypeVar

J = TypeVar("J")
R = TypeVar("R")


class Died(NamedTuple):
    """What became of a job whose process ended before it had an answer. why: "it was killed by SIGKILL"."""

    why: str


class _Worker(Generic[J, R]):
    """A process, and the numbers of the jobs that it has not answered yet, in their order."""

    def __init__(self, process: BaseProcess, pipe: Connection) -> None:
        self.process = process
        self.pipe = pipe
        self.given: deque[int] = deque()


def spread(jobs: Sequence[J], work: Callable[[J], R], processes: int, piece: int) -> list[R | Died]:
    """The outcome of every job, in the order of the jobs. piece: jobs that a process is given at a time.

    Where the system can, processes start as copies of this one. Whatever ends a process, its other jobs go to another.
    """
    outcomes: dict[int, R | Died] = {}
    waiting = deque(range(len(jobs)))
    workers: list[_Worker[J, R]] = []
    try:
        while len(outcomes) < len(jobs):
            while waiting and len(workers) < processes:
                workers.append(_start(work, [worker.pipe for worker in workers]))
                _give(workers[-1], jobs, waiting, piece)
            for worker in _ready(workers):
                try:
                    outcome: R = worker.pipe.recv()
                except (EOFError, OSError):
                    workers.remove(worker)
                    if worker.given:
                        outcomes[worker.given.popleft()] = Died(_why(worker.process))
                    waiting.extendleft(reversed(worker.given))
                    worker.pipe.close()
                    continue
                outcomes[worker.given.popleft()] = outcome
                if not worker.given:
                    _give(worker, jobs, waiting, piece)
    finally:
        for worker in workers:
            worker.pipe.close()  # which ends one that waits for work
            if worker.given:
                worker.process.kill()
        for worker in workers:
            worker.process.join()
    return [outcomes[number] for number in range(len(jobs))]


def _ready(workers: Sequence[_Worker[J, R]]) -> Iterator[_Worker[J, R]]:
    found = wait([worker.pipe for worker in workers])
    return iter([worker for worker in workers if worker.pipe in found])


def _start(work: Callable[[J], R], others: list[Connection]) -> _Worker[J, R]:
    kind = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(kind)
    ours, theirs = context.Pipe()
    inherited = [*others, ours] if kind == "fork" else []
    process = context.Process(target=_serve, args=(work, theirs, inherited), daemon=True)  # type: ignore[attr-defined]  # of both contexts
    process.start()
    theirs.close()  # so that its end is seen when the process ends
    return _Worker(process, ours)


def _give(worker: _Worker[J, R], jobs: Sequence[J], waiting: deque[int], piece: int) -> None:
    """Give a process its next jobs; with none, it ends."""
    numbers = [waiting.popleft() for _ in range(min(piece, len(waiting)))]
    worker.given.extend(numbers)
    with suppress(OSError):  # it ended meanwhile, which is seen where it is read from
        worker.pipe.send([jobs[number] for number in numbers])


def _why(process: BaseProcess) -> str:
    process.join()
    code = process.exitcode or 0
    if code >= 0:
        return f"it ended with {code}"
    try:
        return f"it was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was killed by signal {-code}"


def _serve(work: Callable[[J], R], pipe: Connection, inherited: list[Connection]) -> None:
    """What a process does: answer each job as it comes, until there are none."""
    # Interrupts are for the process that waits for the others; an end that was asked for is one at once.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for one in inherited:
        one.close()  # or no process would see that the first one is gone
    with suppress(EOFError, OSError):
        while jobs := pipe.recv():
            for job in jobs:
                pipe.send(work(job))
