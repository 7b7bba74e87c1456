"""The command line as a process of its own: what `cnnsum` and `python -m cnnsum` start."""

from __future__ import annotations

import gc
import os

TYPE_CHECKING = False  # what mypy takes for typing's, which is not worth its loading here
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

#: What a shell says of a program that a signal ended: 128 and the signal's number.
INTERRUPTED, TERMINATED = 130, 143


def process() -> NoReturn:
    """Run the command line, and end the process at once.

    Python would take every module and object apart first, which costs a small run a sixth of its time. The garbage
    collector is off for the same reason: a run makes little garbage, but many objects to be walked again and again.
    """
    gc.disable()
    code: object = 1
    try:
        at_interrupt = _end_at_signals()
        from cnnsum.cli import main

        at_interrupt()
        main()
    except SystemExit as end:
        code = end.code
    except KeyboardInterrupt:
        code = INTERRUPTED
    os._exit(code if isinstance(code, int) else 1)


def _end_at_signals() -> Callable[[], None]:
    """End quietly at an interrupt while modules are loaded, when an exception could come up anywhere; gives what makes
    it one again, for the command to clean up. An end that is asked for (SIGTERM) is an exit from here on.
    """
    import _signal as signals  # type: ignore[import-not-found]  # `signal` would be loaded first, and takes its time

    def terminate(_number: int, _frame: object) -> None:
        raise SystemExit(TERMINATED)

    def restore() -> None:
        if signals.getsignal(signals.SIGINT) is interrupt:
            signals.signal(signals.SIGINT, signals.default_int_handler)

    def interrupt(_number: int, _frame: object) -> None:
        os._exit(INTERRUPTED)

    try:
        # What the caller has us ignore is ignored: nohup, and jobs in the background.
        if signals.getsignal(signals.SIGINT) is signals.default_int_handler:
            signals.signal(signals.SIGINT, interrupt)
        if signals.getsignal(signals.SIGTERM) == signals.SIG_DFL:
            signals.signal(signals.SIGTERM, terminate)
    except ValueError:
        pass  # not in the main thread, which alone is interrupted
    return restore


if __name__ == "__main__":
    process()
