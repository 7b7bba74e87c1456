"""The paths of a call to the files that they stand for, with what configurations leave out and what they name.

Knows files and configurations, not what is done with a file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from cnnsum.diagnostics import Diagnostic, Span, UnusableError
from cnnsum.lint.config import Configs, shown
from cnnsum.lint.files import Target, Trouble, expanded, targets


class Search:
    """The folders and patterns of a call, and what lies in them: what could be found there, and is not."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.globs = [os.path.normpath(path) for path in paths if any(char in path for char in "*?[")]
        self.folders = [one for path in paths for one in expanded(path) if one != "-" and os.path.isdir(one)]

    def covers(self, path: str) -> bool:
        """Whether a file, or a folder, is in a folder that is searched, or matches a pattern of the call."""
        from fnmatch import fnmatch

        return any(is_below(path, folder) for folder in self.folders) or any(
            fnmatch(os.path.normpath(path), glob) for glob in self.globs
        )

    def missing(self, checked: Iterable[str]) -> Iterator[Diagnostic]:
        """What to say of each folder in which no file was checked."""
        found = list(checked)
        for folder in self.folders:
            if not any(is_below(path, folder) for path in found):
                help = "`--verbose` lists the files that were passed over; `models` of the configuration names models"
                yield Diagnostic("SPC077", f"no model in `{folder}`", Span(folder, 1, 1, 1, 1), "error", help)


def require_there(paths: Iterable[str]) -> None:
    """Raise UnusableError for paths of a call at which there is nothing, and patterns that match nothing: such a call
    cannot be meant, and of a misspelt name among many a gate would say that all is well.
    """
    from cnnsum.source.raw import no_file

    gone = [one for path in paths for one in expanded(path) if one != "-" and not os.path.exists(one)]
    if gone:
        raise UnusableError(*map(no_file, dict.fromkeys(gone)))


def is_below(path: str, folder: str) -> bool:
    """Whether a path is a folder, or something below it."""
    root = os.path.abspath(folder)
    full = os.path.abspath(path)
    return full == root or full.startswith(root if root.endswith(os.sep) else root + os.sep)


def searched(
    configs: Configs, paths: Iterable[str], *, force_exclude: bool = False, trouble: Trouble | None = None
) -> list[Target]:
    """The files that paths stand for, with those that a configuration names."""
    paths = list(paths)
    found = targets(
        paths,
        lambda path, folder: excluded(configs, path, folder=folder),
        force_exclude=force_exclude,
        named=lambda path: (config := configs.of(os.path.dirname(path))) is not None and config.names(path),
        trouble=trouble,
    )
    search = Search(paths)
    for folder in search.folders:
        configs.of(os.path.abspath(folder))
    known = {os.path.abspath(target.path) for target in found}
    for config in configs.used():
        for text, _ in config.models:
            # A name without `*` stands for one file, also where .gitignore leaves it out.
            full = os.path.normpath(os.path.join(config.folder, text.lstrip("/")))
            if full not in known and os.path.isfile(full) and search.covers(full):
                known.add(full)
                found.append(Target(shown(full)))
    return found


def excluded(configs: Configs, path: str, *, folder: bool) -> bool:
    """Whether the configuration of a path leaves it out; folder: whether it is one."""
    config = configs.of(os.path.dirname(path))
    return config is not None and config.excludes(path, folder=folder)
