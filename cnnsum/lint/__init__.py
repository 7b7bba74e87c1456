"""Checking of many files: which are read, what is reported, and what comments and configuration say of it."""

from __future__ import annotations

import os
from collections.abc import Iterable

from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.lint.report.findings import CheckReport


def check(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    select: Iterable[str] | None = None,
    ignore: Iterable[str] = (),
    jobs: int | None = 1,
    dask: str | None = None,
) -> CheckReport:
    """Everything that is wrong with some files and folders, as `cnnsum check` finds it; see docs/ci.md.

    paths: files, folders, globs, or "-"; a file that cannot be read is a finding. select, ignore: codes or their
    beginnings, nearer than the configuration of the files. jobs: processes, None for as many as pay. dask: the address
    of a dask cluster that checks them, "local" for one on this machine. A folder in which there is no model is a
    finding, too.

    Raises UnusableError for an unknown code, and for a cluster that cannot be used.
    """
    from cnnsum.lint.run import run

    given = [paths] if isinstance(paths, (str, os.PathLike)) else paths
    return run([os.fspath(path) for path in given], select=select, ignore=ignore, jobs=jobs, dask=dask)
