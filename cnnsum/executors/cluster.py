"""Items worked on by a cluster of dask.distributed, which sends them to its workers and goes on where one is lost.

Nothing of scheduling is decided here but what is blamed when workers die: an item alone, and never its neighbours.
"""

from __future__ import annotations

import logging
import os
import pickle
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from importlib import import_module
from time import monotonic
from types import ModuleType
from uuid import uuid4

from cnnsum.diagnostics import Diagnostic, UnusableError
from cnnsum.executors import Died, J, R
from cnnsum.executors.worker import UnfitError, call_of
from cnnsum.typed import Generic, Protocol

#: What a worker does, as a text: a function that it could not import would end it, and nothing would be said.
_ANSWERS = "__import__('cnnsum.executors.worker', fromlist=['answers']).answers(call, sent)"
#: What stands for an address where a cluster is to be started on this machine.
LOCAL = "local"
#: Pieces that are given to the cluster before the first of them must be answered, for each of its threads.
_AHEAD = 4
_DIED = Died("every worker that was given it died")
_START = "start one with `dask scheduler`, and workers with `dask worker ADDRESS`; or --dask local"
_SECONDS_TO_CONNECT = 10
#: How long a cluster may be without a worker: one that died is started again, one that is asked for takes its time.
_SECONDS_WITHOUT_WORKERS = 60
_SECONDS_BETWEEN_LOOKS = 2


class Cluster:
    """The workers of a cluster. What is wrong with the cluster as a whole is an UnusableError.

    address: of its scheduler, as dask writes it (`tcp://host:8786`), or the file that a scheduler writes for those who
    look for it; "local" starts one here, with `count` workers. piece: items that a worker is given at a time. files:
    some that the workers must see as this process does.
    """

    def __init__(self, address: str, *, count: int | None = None, piece: int = 1, files: Sequence[str] = ()) -> None:
        self.address = address
        self.count = count
        self.piece = piece
        self.files = files

    def map(self, work: Callable[[J], R], items: Sequence[J], /) -> Iterator[R | Died]:
        """The outcome of every item, in the order of the items, as they come.

        What a worker was at when it died goes to another. What several die of is handed out again item by item, and
        an item that they die of even so is `Died`.
        """
        with _connected(self.address, self.count) as client:
            call = pickle.dumps(call_of(uuid4().hex, self.files))
            yield from _Run(client, self.address, work, call).outcomes(items, self.piece)


class _Future(Protocol):
    """What is asked of dask's futures."""

    def done(self) -> bool: ...
    def exception(self, *, timeout: float) -> object: ...
    def result(self) -> bytes: ...


class _Client(Protocol):
    """What is asked of dask's clients."""

    def nthreads(self) -> Mapping[str, int]: ...
    def submit(self, work: Callable[..., object], /, *given: object, key: str, pure: bool) -> _Future: ...


class _Run(Generic[J, R]):
    """Items on their way through a cluster."""

    def __init__(self, client: _Client, address: str, work: Callable[[J], R], call: bytes) -> None:
        self.client = client
        self.address = address
        self.work = work
        self.call = call
        self.told = 0

    def outcomes(self, items: Sequence[J], piece: int) -> Iterator[R | Died]:
        """The outcomes in order; no more is held than what the workers are about to need."""
        waiting: deque[tuple[Sequence[J], _Future]] = deque()
        try:
            for at in range(0, len(items), piece):
                part = items[at : at + piece]
                waiting.append((part, self._sent(part)))
                if len(waiting) >= _AHEAD * max(1, sum(self.client.nthreads().values())):
                    yield from self._answered(waiting)
            while waiting:
                yield from self._answered(waiting)
        except (CancelledError, OSError) as error:
            why = f"the scheduler at {self.address} went away: {self.told:,} of {len(items):,} were answered"
            raise _unusable(f"{why} ({_in_short(error)})", "call again when it is back: nothing was kept") from None

    def _answered(self, waiting: deque[tuple[Sequence[J], _Future]]) -> Iterator[R | Died]:
        """The outcomes of the first piece that waits."""
        part, future = waiting.popleft()
        found = self._answer(future)
        if found is None:
            # All that a worker has when it dies is under suspicion. From here on each item is at work alone.
            for _, other in waiting:
                self._wait(other)
            found = [outcome for item in part for outcome in self._answer(self._sent([item])) or [_DIED]]
        self.told += len(found)
        yield from found

    def _sent(self, part: Sequence[J]) -> _Future:
        """A piece on its way to a worker."""
        sent = pickle.dumps((self.work, part), pickle.HIGHEST_PROTOCOL)
        known = {"call": self.call, "sent": sent}
        return self.client.submit(eval, _ANSWERS, known, key=f"cnnsum-{uuid4().hex}", pure=False)

    def _answer(self, future: _Future) -> list[R | Died] | None:
        """The outcomes of a piece; None where the workers that it was given to died."""
        self._wait(future)
        try:
            found: list[R | Died] = pickle.loads(future.result())  # noqa: S301 - of the workers that the caller named
        except (CancelledError, OSError):
            raise
        except UnfitError as error:
            message = f"a worker of {self.address} does not see what this process sees: {error}"
            raise _unusable(message, "files are read by the workers, under the same paths") from None
        except Exception as error:  # noqa: BLE001 - whatever a stranger's program makes of what it was sent
            if type(error).__name__ == "KilledWorker":
                return None
            message = f"a worker of {self.address} cannot run cnnsum: {_in_short(error)}"
            raise _unusable(message, "install the same cnnsum where the scheduler and its workers run") from None
        return found

    def _wait(self, future: _Future) -> None:
        """Wait until a piece is done, or given up, for as long as there are workers."""
        last = monotonic()
        while not future.done():
            try:
                future.exception(timeout=_SECONDS_BETWEEN_LOOKS)
            except _distributed().TimeoutError:
                if self.client.nthreads():
                    last = monotonic()
                elif monotonic() - last > _SECONDS_WITHOUT_WORKERS:
                    raise _unusable(f"the cluster at {self.address} has no workers", _START) from None


@contextmanager
def _connected(address: str, count: int | None) -> Iterator[_Client]:
    """A client of the cluster, and the cluster itself where it is to be started here."""
    distributed = _distributed()
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)  # what there is to be said is said here, once
    cluster = client = None
    try:
        try:
            if address == LOCAL:
                # Workers come when they come: one that does not start must not be waited for without end.
                cluster = distributed.LocalCluster(
                    n_workers=0,
                    threads_per_worker=1,
                    dashboard_address="127.0.0.1:0",
                    silence_logs=logging.CRITICAL + 1,
                    scheduler_kwargs={"allowed_failures": 1},
                )
                cluster.scale(count or os.cpu_count() or 1)
            where = {"scheduler_file": address} if os.path.isfile(address) else {"address": cluster or address}
            client = distributed.Client(**where, timeout=_SECONDS_TO_CONNECT, set_as_default=False)
        except (OSError, ValueError, TypeError, ImportError) as error:
            message = f"the cluster at {address} cannot be reached: {_in_short(error)}"
            raise _unusable(message, _START) from None
        yield client
    finally:
        for one in (client, cluster):
            if one is not None:
                one.close()
        logger.setLevel(level)


def _distributed() -> ModuleType:
    try:
        return import_module("distributed")
    except ModuleNotFoundError:
        raise _unusable("--dask needs dask.distributed", "pip install 'cnnsum[dask]'") from None


def _unusable(message: str, help: str) -> UnusableError:
    return UnusableError(Diagnostic("SPC085", message, None, "error", help))


def _in_short(error: BaseException) -> str:
    """The first line of what an error says, or its name."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
