"""Checking again whenever a file changes: times and sizes of the files are asked for, again and again.

Knows no screen: what a check does, its caller says.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable

#: Seconds between two looks.
PAUSE = 0.5

State = dict[str, "tuple[int, int] | None"]
"""Time and size of each file; None for one that is not there."""


def state_of(paths: Iterable[str]) -> State:
    """How the files stand now."""
    found: State = {}
    for path in paths:
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            found[path] = None
        else:
            found[path] = (status.st_mtime_ns, status.st_size)
    return found


def changes(before: State, after: State) -> list[str]:
    """The files that are new, changed, or gone, in the order of their names."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path, ()) != after.get(path, ()))


def watch(
    paths: Callable[[], Iterable[str]],
    check: Callable[[list[str]], None],
    *,
    pause: Callable[[], None] = lambda: time.sleep(PAUSE),
    goes_on: Callable[[], bool] = lambda: True,
) -> None:
    """Check once, and then after every change, until the user interrupts.

    paths: the files that count, asked for anew at each look. check: is given those that changed, at first all.
    """
    # The state is taken before each check, so that what changes during it is seen at the next look.
    state = state_of(paths())
    check(sorted(state))
    while goes_on():
        pause()
        now = state_of(paths())
        changed = changes(state, now)
        if changed:
            state = now
            check(changed)
