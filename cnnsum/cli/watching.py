"""`--watch`: answering again whenever a file changes. Times and sizes of the files are asked for, again and again.

Knows no command: what an answer is, and which files count, its caller says.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import click

from cnnsum.source.raw import READ, stamp_of

#: Seconds between two looks.
PAUSE = 0.5

State = dict[str, "tuple[int, int] | None"]
"""Time and size of each file; None for one that is not there."""


def state_of(paths: Iterable[str]) -> State:
    """How the files stand now."""
    return {path: stamp_of(path) for path in paths}


def changes(before: State, after: State) -> list[str]:
    """The files that are new, changed, or gone, in the order of their names."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path, ()) != after.get(path, ()))


def watch(
    paths: Callable[[], Iterable[str]],
    check: Callable[[list[str]], None],
    *,
    read: Callable[[], Iterable[str]] = lambda: READ,
    pause: Callable[[], None] = lambda: time.sleep(PAUSE),
    goes_on: Callable[[], bool] = lambda: True,
) -> None:
    """Check once, and then after every change, until the user interrupts.

    paths: the files that count, asked for anew at each look. check: is given those that changed, at first all. read:
    what else was read so far, such as files that others include: it counts, too.
    """
    # The state is taken before each check, so that what changes during it is seen at the next look.
    state = state_of(paths())
    changed = sorted(state)
    while True:
        if changed:
            check(changed)
            state = {**state_of(read()), **state}
        if not goes_on():
            return
        pause()
        now = state_of({*paths(), *read()})
        changed = changes(state, now)
        if changed:
            state = now


def keep_answering(answer: Callable[[], object], paths: Callable[[], Iterable[str]], *, quiet: bool) -> None:
    """Answer on an empty screen, and again after every change, until the user interrupts.

    Raises what click has for a call that is wrong, of the first answer; later ones are said, and waited for to be right
    again.
    """
    from cnnsum.cli.commands import say_error
    from cnnsum.cli.output import say_on_terminal

    answered = False

    def again(_changed: list[str]) -> None:
        nonlocal answered
        click.clear()  # of a terminal alone
        try:
            answer()
        except click.ClickException as error:
            if not answered:
                raise
            say_error(error)
        answered = True
        if not quiet:
            say_on_terminal("\nwatching for changes; Ctrl-C ends it")

    watch(paths, again)
