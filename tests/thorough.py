"""Whether a run of the tests may take its time: with `CNNSUM_THOROUGH=1` in the environment, and not by default.

What is tried by default is spread over all that is claimed; the thorough form tries every case of it (docs/testing.md).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

THOROUGH = os.environ.get("CNNSUM_THOROUGH", "") not in ("", "0")

T = TypeVar("T")


def examples(count: int) -> int:
    """How many examples to draw: as many, or by default a quarter."""
    return count if THOROUGH else -(-count // 4)


def some(cases: Sequence[T], every: int, first: int = 0) -> list[T]:
    """Every so-manieth of the cases, from a first one on; all of them in a thorough run."""
    return list(cases if THOROUGH else cases[first % every :: every])
