"""The smallest case that still fails in the same way, as far as it is found in the time given."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from bench.fuzz.cases import Case
from bench.fuzz.pool import Child


def kind(fault: str) -> str:
    """What faults are counted by."""
    return fault.partition(":")[0]


class Shrinker:
    """Tries smaller cases in a child process until time is over."""

    def __init__(self, wanted: str, seconds: float) -> None:
        self.wanted = wanted
        self.end = time.monotonic() + seconds
        self.child = Child()

    def fails(self, one: Case) -> bool:
        """Whether a case fails in the way that is wanted."""
        answer = self.child.ask({"case": one.as_json()})
        if answer.get("ended"):
            self.child = Child()
        return any(kind(fault) == self.wanted for fault in answer["faults"])

    @property
    def over(self) -> bool:
        """Whether time is over."""
        return time.monotonic() > self.end

    def shrink(self, one: Case) -> Case:
        """The smallest case found."""
        try:
            for name in list(one.files):
                fewer = replace(one, files={key: data for key, data in one.files.items() if key != name})
                if not self.over and self.fails(fewer):
                    one = fewer
            one = self._options(one)
            for name in list(one.files):
                one = self._file(one, name)
            return self._options(one)
        finally:
            self.child.finish()

    def _options(self, one: Case) -> Case:
        if one.judge:
            return one  # the calls belong together: with other options they say other things, and fail otherwise
        for step in range(len(one.steps)):
            for length in (2, 1):
                at = 0
                while at < len(one.steps[step]) and not self.over:
                    argv = one.steps[step][:at] + one.steps[step][at + length :]
                    fewer = replace(one, steps=[*one.steps[:step], argv, *one.steps[step + 1 :]])
                    if argv and self.fails(fewer):
                        one = fewer
                    else:
                        at += 1
        return one

    def _file(self, one: Case, name: str) -> Case:
        def with_data(data: bytes) -> Case:
            return replace(one, files={**one.files, name: data})

        data = one.files[name]
        tree = _tree(data)
        if tree is not None and self.fails(with_data(json.dumps(tree).encode())):
            tree = self._smaller_tree(tree, lambda value: with_data(json.dumps(value).encode()))
            return with_data(json.dumps(tree).encode())
        for separator in (b"\n", b""):
            pieces = data.splitlines(keepends=True) if separator else [data[at : at + 1] for at in range(len(data))]
            if separator or len(pieces) <= 4000:
                data = b"".join(self._fewer(pieces, lambda kept: with_data(b"".join(kept))))
        return with_data(data)

    def _fewer(self, pieces: list[Any], made: Callable[[list[Any]], Case]) -> list[Any]:
        """The pieces less those that are not needed: halves first, then smaller parts."""
        size = max(1, len(pieces) // 2)
        while not self.over:
            at = 0
            while at < len(pieces) and not self.over:
                kept = pieces[:at] + pieces[at + size :]
                if self.fails(made(kept)):
                    pieces = kept
                else:
                    at += size
            if size == 1:
                break
            size //= 2
        return pieces

    def _smaller_tree(self, tree: Any, made: Callable[[Any], Case]) -> Any:
        """The tree less what is not needed."""
        changed = True
        while changed and not self.over:
            changed = False
            for path in sorted(_paths(tree), key=len):
                if self.over:
                    break
                fewer = _without(tree, path)
                if fewer is not None and self.fails(made(fewer)):
                    tree, changed = fewer, True
                    break
        return tree


def _tree(data: bytes) -> Any:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, (dict, list)) else None


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    steps = range(len(value)) if isinstance(value, list) else list(value) if isinstance(value, dict) else ()
    for step in steps:
        yield (*path, step)
        yield from _paths(value[step], (*path, step))


def _without(tree: Any, path: tuple[Any, ...]) -> Any:
    fewer = json.loads(json.dumps(tree))
    at = fewer
    for step in path[:-1]:
        at = at[step]
    del at[path[-1]]
    return fewer
