"""Checking of many files: which are read, what is reported, and what comments and configuration say of it."""

from __future__ import annotations

import os
from collections.abc import Iterable

from cnnsum.diagnostics import Diagnostic


class Findings(list[Diagnostic]):
    """What was found, in the order of files and places; a notebook shows it as the command line does."""

    def _repr_html_(self) -> str:
        from cnnsum.render.diagnose import render
        from cnnsum.render.notebook import framed

        return framed("\n".join(render(self, lambda _path, _number: None, 100)) or "No findings.")


def check(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    select: Iterable[str] | None = None,
    ignore: Iterable[str] = (),
    jobs: int | None = 1,
    dask: str | None = None,
) -> Findings:
    """Everything that is wrong with some files and folders, as `cnnsum check` finds it; see docs/ci.md.

    paths: files, folders, globs, or "-"; a file that cannot be read is a finding. select, ignore: codes or their
    beginnings, nearer than the configuration of the files. jobs: processes, None for as many as pay. dask: the address
    of a dask cluster that checks them, "local" for one on this machine. A folder in which there is no model is a
    finding, too.

    Raises UnusableError for an unknown code, and for a cluster that cannot be used.
    """
    from cnnsum.lint.run import run

    given = [paths] if isinstance(paths, (str, os.PathLike)) else paths
    report = run([os.fspath(path) for path in given], select=select, ignore=ignore, jobs=jobs, dask=dask)
    return Findings([*report.missing, *report.findings()])
