"""Paths, folders and globs to the files that are checked.

A file that is named is checked whatever it is; in a folder, files with the names of YAML, JSON, cfg, prototxt and of
files of Keras, PyTorch, ONNX and TensorFlow Lite are looked at, without those that .gitignore or the configuration
leave out. Reads no file but .gitignore.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

from cnnsum.lint import gitignore
from cnnsum.lint.gitignore import Patterns
from cnnsum.source.raw import open_file
from cnnsum.typed import NamedTuple

#: Files that are not texts, by their name: of Keras, PyTorch, ONNX and TensorFlow Lite; they are not looked into before
#: they are read.
CONTAINERS = (".keras", ".h5", ".hdf5", ".pt2", ".onnx", ".tflite", "keras_metadata.pb")
SUFFIXES = (".yaml", ".yml", ".json", ".cfg", ".prototxt", *CONTAINERS)
#: Folders that are never entered, unless they are named.
SKIPPED = frozenset(
    (
        *(".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".nox"),
        *(".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"),
    )
)

Excluded = Callable[[str, bool], bool]
"""Whether the configuration leaves out a path; the second says whether it is a folder."""


class Target(NamedTuple):
    """A file to check. sought: whether it was found in a folder, where what is not a model is passed over."""

    path: str
    sought: bool = False


class Trouble(NamedTuple):
    """What a search could not look into: folders that may not be read, and links that lead nowhere."""

    folders: list[str]
    links: list[str]


def targets(
    paths: Iterable[str],
    excluded: Excluded,
    *,
    force_exclude: bool = False,
    named: Callable[[str], bool] = lambda _path: False,
    trouble: Trouble | None = None,
) -> list[Target]:
    """The files that the paths stand for, each once.

    excluded: asked of what is found in folders, and with `force_exclude` of what is named too. named: whether the
    configuration names a file that was found, by its full path: then it is one that is named, whatever it is called.
    trouble: where to note what could not be looked into.
    """
    found: dict[str, Target] = {}
    for path in paths:
        for one in expanded(path):
            if one != "-" and os.path.isdir(one):
                for inner, by_name in _walk(one, excluded, named, trouble):
                    found.setdefault(inner, Target(inner, sought=not by_name))
            elif not (force_exclude and one != "-" and _covered(one, excluded)):
                # What is named is checked as such, whether or not it stands in a folder that is named too.
                found[one if one == "-" else os.path.normpath(one)] = Target(one)
    return list(found.values())


def expanded(path: str) -> list[str]:
    """The paths that a glob stands for; what is there by that very name is not a glob, nor is what matches nothing."""
    if not any(char in path for char in "*?[") or os.path.lexists(path):
        return [path]
    from glob import glob

    return sorted(glob(path, recursive=True)) or [path]


def _covered(path: str, excluded: Excluded) -> bool:
    """Whether a file or one of the folders that it is in is left out."""
    full = os.path.abspath(path)
    if excluded(full, False):
        return True
    folder = os.path.dirname(full)
    while folder != os.path.dirname(folder):
        if excluded(folder, True):
            return True
        folder = os.path.dirname(folder)
    return False


def _walk(
    folder: str, excluded: Excluded, named: Callable[[str], bool], trouble: Trouble | None
) -> Iterator[tuple[str, bool]]:
    """The files below a folder that may be models, folder by folder, each with whether it is named to be one."""
    root = os.path.abspath(folder)
    waiting = [(os.path.normpath(folder), root, _above(root))]
    while waiting:
        name, full, ignored = waiting.pop()
        patterns = _patterns(os.path.join(full, ".gitignore"))
        if patterns is not None:
            ignored = [(full, patterns), *ignored]
        folders = []
        try:
            with os.scandir(full) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError:
            if trouble is not None:
                trouble.folders.append(name)
            continue
        for entry in entries:
            is_folder, by_name, kind = False, False, "other"
            try:
                is_folder = entry.is_dir(follow_symlinks=False)
                by_name = not is_folder and named(entry.path)
                kind = _kind(entry)
            except OSError:  # a link to itself
                kind = "nowhere"
            if is_folder:
                if entry.name in SKIPPED:
                    continue
            elif not by_name and (kind == "other" or not entry.name.lower().endswith(SUFFIXES)):
                continue
            if _ignored(entry.path, ignored, folder=is_folder) or excluded(entry.path, is_folder):
                continue
            path = entry.name if name == os.curdir else os.path.join(name, entry.name)
            if is_folder:
                folders.append((path, entry.path, ignored))
            elif by_name or kind == "file":
                yield path, by_name
            elif trouble is not None:
                trouble.links.append(path)
        waiting.extend(reversed(folders))


def _kind(entry: os.DirEntry[str]) -> str:
    """What an entry is: "file", also for a link to one; "nowhere" for a link to nothing; else "other"."""
    if entry.is_file():
        return "file"
    return "nowhere" if entry.is_symlink() and not os.path.exists(entry.path) else "other"


def _above(root: str) -> list[tuple[str, Patterns]]:
    """The patterns of the repository that a folder is in, from the folders above it; the nearest first."""
    found: list[tuple[str, Patterns]] = []
    folder = root
    while not os.path.lexists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return []
        folder = above
        patterns = _patterns(os.path.join(folder, ".gitignore"))
        if patterns is not None:
            found.append((folder, patterns))
    patterns = _patterns(os.path.join(folder, ".git", "info", "exclude"))
    if patterns is not None:
        found.append((folder, patterns))
    return found


def _patterns(path: str) -> Patterns | None:
    try:
        with open_file(path) as file:
            return gitignore.read(file.read().decode("utf-8", "surrogateescape")) or None
    except (OSError, ValueError):
        return None


def _ignored(path: str, ignored: list[tuple[str, Patterns]], *, folder: bool) -> bool:
    for base, patterns in ignored:
        relative = path[len(base.rstrip(os.sep)) + 1 :].replace(os.sep, "/")
        verdict = patterns.verdict(relative, folder=folder)
        if verdict is not None:
            return verdict
    return False
