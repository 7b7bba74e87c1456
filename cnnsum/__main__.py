"""The command line as a process of its own: what `cnnsum` and `python -m cnnsum` start."""

from __future__ import annotations

import gc
import os
from typing import NoReturn


def process() -> NoReturn:
    """Run the command line, and end the process at once.

    Python would take every module and object apart first, which costs a small run a sixth of its time. The garbage
    collector is off for the same reason: a run makes little garbage, but many objects to be walked again and again.
    """
    gc.disable()
    code: object = 1
    try:
        from cnnsum.cli import main

        main()
    except SystemExit as end:
        code = end.code
    except KeyboardInterrupt:
        code = 130
    os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    process()
