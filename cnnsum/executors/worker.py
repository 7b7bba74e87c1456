"""What runs on a worker of a cluster: a piece of the items, as if the worker stood where the call was made.

A worker reads files under the same paths as the caller, on a disk that both see. It looks once a run whether it does,
and whether its cnnsum is the caller's: outcomes must not depend on who made them.
"""

from __future__ import annotations

import gc
import os
import pickle
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Lock

from cnnsum import __version__
from cnnsum.typed import NamedTuple

#: One piece at a time: the working directory is the process's, whatever the number of its threads.
_alone = Lock()
#: The runs for which this worker was found fit.
_fit: set[str] = set()


class Call(NamedTuple):
    """Where a call was made, and by which program. seen: sizes of some of its files, by path from the folder."""

    run: str
    folder: str
    search: tuple[str, ...]
    seen: tuple[tuple[str, int], ...]
    version: str = __version__


class UnfitError(Exception):
    """This worker would not answer as the caller would; the text says why, and what to do."""


def answers(where: bytes, sent: bytes) -> bytes:
    """The outcomes of a piece. where: the Call; sent: what to do, and the items; all of them pickled.

    Raises UnfitError, and whatever cannot be understood of what was sent.
    """
    call: Call = pickle.loads(where)  # noqa: S301 - from whom the worker takes all its tasks
    with _alone, _standing_in(call), _without_collector():
        if call.run not in _fit:
            _require_fit(call)
            _fit.add(call.run)
        work, items = pickle.loads(sent)  # noqa: S301 - likewise
        return pickle.dumps([work(item) for item in items], pickle.HIGHEST_PROTOCOL)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Work as the command line does, which has the collector off: models are many objects, and little garbage."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def _standing_in(call: Call) -> Iterator[None]:
    """Be in the caller's folder, and find the modules that it finds, as Python's own child processes do."""
    folder, search = os.getcwd(), sys.path[:]
    try:
        os.chdir(call.folder)
    except OSError as error:
        raise UnfitError(f"it has no folder {call.folder} ({error.strerror})") from None
    sys.path += [path for path in call.search if path not in search]
    try:
        yield
    finally:
        sys.path[:] = search
        os.chdir(folder)


def _require_fit(call: Call) -> None:
    if call.version != __version__:
        raise UnfitError(f"it has cnnsum {__version__}, and the call is of cnnsum {call.version}")
    for path, size in call.seen:
        found = _size(path)
        if found != size:
            what = "is not there" if found is None else f"has {found:,} bytes there, and {size:,} here"
            raise UnfitError(f"{os.path.join(call.folder, path)} {what}")


def _size(path: str) -> int | None:
    try:
        return os.path.getsize(path)
    except OSError:
        return None


def call_of(run: str, files: Iterable[str]) -> Call:
    """This process as the caller of a run; what is not a file of these is left out."""
    seen = [(path, size) for path in files if (size := _size(path)) is not None]
    return Call(run, os.getcwd(), tuple([os.path.abspath(path) for path in sys.path]), tuple(seen))
