"""Items worked on in several processes. One that dies takes nothing with it but the item that it was at.

An item is anything that can be sent, its outcome too. Loaded where processes pay.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from cnnsum.executors import Died, J, R
from cnnsum.executors.garbage import collect
from cnnsum.typed import Generic


class _Worker(Generic[J, R]):
    """A process, and the numbers of the items that it has not answered yet, in their order."""

    def __init__(self, process: BaseProcess, pipe: Connection) -> None:
        self.process = process
        self.pipe = pipe
        self.given: deque[int] = deque()


class Processes:
    """Several processes of this machine. Where the system can, they start as copies of this one.

    count: of processes. piece: items that a process is given at a time. prepare: loads what every item needs, before
    the processes start, so that it is not loaded in each.
    """

    def __init__(self, count: int, piece: int = 1, prepare: Callable[[], object] = lambda: None) -> None:
        self.count = count
        self.piece = piece
        self.prepare = prepare

    def map(self, work: Callable[[J], R], items: Sequence[J], /) -> Iterator[R | Died]:
        """The outcome of every item, in the order of the items, as they come.

        Whatever ends a process, its other items go to another.
        """
        self.prepare()
        outcomes: dict[int, R | Died] = {}  # of items whose turn has not come
        told = 0
        waiting = deque(range(len(items)))
        workers: list[_Worker[J, R]] = []
        try:
            while told < len(items):
                while waiting and len(workers) < self.count:
                    workers.append(_start(work, [worker.pipe for worker in workers]))
                    _give(workers[-1], items, waiting, self.piece)
                for worker in _ready(workers):
                    try:
                        outcome: R = worker.pipe.recv()
                    except (EOFError, OSError):
                        workers.remove(worker)
                        worker.process.join()  # what it used is told of this process only then
                        if worker.given:
                            outcomes[worker.given.popleft()] = Died(_why(worker.process))
                        waiting.extendleft(reversed(worker.given))
                        worker.pipe.close()
                        continue
                    outcomes[worker.given.popleft()] = outcome
                    if not worker.given:
                        _give(worker, items, waiting, self.piece)
                while told in outcomes:
                    yield outcomes.pop(told)
                    told += 1
        finally:
            for worker in workers:
                worker.pipe.close()  # which ends one that waits for work
                if worker.given:
                    worker.process.kill()
            for worker in workers:
                worker.process.join()


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


def _give(worker: _Worker[J, R], items: Sequence[J], waiting: deque[int], piece: int) -> None:
    """Give a process its next items; with none, it ends."""
    numbers = [waiting.popleft() for _ in range(min(piece, len(waiting)))]
    worker.given.extend(numbers)
    with suppress(OSError):  # it ended meanwhile, which is seen where it is read from
        worker.pipe.send([items[number] for number in numbers])


def _why(process: BaseProcess) -> str:
    """Why a process ended, which it has."""
    code = process.exitcode or 0
    if code >= 0:
        return f"it ended with {code}"
    try:
        return f"it was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was killed by signal {-code}"


def _serve(work: Callable[[J], R], pipe: Connection, inherited: list[Connection]) -> None:
    """What a process does: answer each item as it comes, until there are none."""
    # Interrupts are for the process that waits for the others; an end that was asked for is one at once.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for one in inherited:
        one.close()  # or no process would see that the first one is gone
    with suppress(EOFError, OSError):
        while items := pipe.recv():
            for item in items:
                pipe.send(work(item))
                collect()
