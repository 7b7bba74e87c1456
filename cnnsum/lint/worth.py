"""Where files are worked on: in this process, in as many as they are worth, or on a cluster.

Knows paths and sizes, not what is done with a file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module

from cnnsum.executors import Died, Executor, Here
from cnnsum.typed import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from cnnsum.lint.settings import Settings

J = TypeVar("J")
R = TypeVar("R")

# Bytes of files from which on further processes pay. Measured with specs of 60 layers, 1.8 kB each, on two processors:
# 20 of them take one process 198 ms and two 208 ms, 30 take 229 and 219, 60 take 318 and 270.
_WORTH_PROCESSES = 50_000
_MOST_PROCESSES = 32
_FILES_PER_PIECE = 16
#: Files by which the workers of a cluster tell whether they see what this process sees.
_MOST_LOOKED_AT = 8


def spread(
    work: Callable[[J], R],
    jobs: Sequence[J],
    about: Callable[[J], tuple[str, Settings]],
    *,
    processes: int | None,
    dask: str | None,
    prepare: Callable[[], object],
) -> Iterator[R | Died]:
    """The outcome of each job, in their order: a job is something to do with a file, and with its settings.

    processes: how many to use; None for as many as save time. dask: the cluster to use, where one is. prepare: loads
    what the work needs of cnnsum beside the reading of files. Standard input is read in this process, which alone has
    it.
    """
    elsewhere = [job for job in jobs if about(job)[0] != "-"]
    paths = [about(job)[0] for job in elsewhere]
    executor: Executor = Here()
    if dask is not None:
        from cnnsum.executors.cluster import Cluster

        types = {path for _, one in map(about, elsewhere) for path in (*one.layer_types, *one.plugins)}
        some = paths[:: -(-len(paths) // _MOST_LOOKED_AT) or 1]
        executor = Cluster(dask, count=processes, piece=_FILES_PER_PIECE, files=[*sorted(types), *some])
    elif (count := _processes_for(paths, processes)) > 1:
        from cnnsum.executors.processes import Processes

        def load() -> None:
            import_module("cnnsum.model")
            import_module("cnnsum.source.yaml_text")
            prepare()

        executor = Processes(count, max(1, min(_FILES_PER_PIECE, len(paths) // (count * 2))), load)
    outcomes = executor.map(work, elsewhere)
    if len(elsewhere) == len(jobs):
        return outcomes
    return (work(job) if about(job)[0] == "-" else next(outcomes) for job in jobs)


def _processes_for(paths: Sequence[str], jobs: int | None) -> int:
    """How many processes to use: those that were asked for, else as many as the files are worth."""
    most = min(len(paths), _MOST_PROCESSES)
    if jobs is not None:
        return min(jobs, most)
    if most < 2:
        return 1
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if processors < 2:
        return 1
    total = 0
    for path in paths:
        try:
            total += os.path.getsize(path)
        except (OSError, ValueError):
            continue
        if total >= _WORTH_PROCESSES:
            return min(processors, most)
    return 1
