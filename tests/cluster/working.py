"""What the workers of a cluster are given to do; they import it by its name."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import NamedTuple


class Item(NamedTuple):
    """Something to do: `what`, and a folder in which each doing leaves a file."""

    number: int
    what: str = ""
    folder: str = ""


def work(item: Item) -> tuple[int, int]:
    """Do what an item says; its number, and the process that did it."""
    if item.folder:
        Path(item.folder, f"{item.number}-{os.getpid()}-{time.monotonic_ns()}").touch()
    if item.what == "hog":
        hog()
    if item.what == "slow":
        time.sleep(0.1)
    return item.number, os.getpid()


def hog() -> None:
    """Take memory until somebody ends it."""
    taken = []
    for _ in range(10_000):
        taken.append(bytearray(20 * 2**20))
        time.sleep(0.02)
