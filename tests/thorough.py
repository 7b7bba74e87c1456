"""Whether a run of the tests may take its time: with `CNNSUM_THOROUGH=1` in the environment, and not by default.

What is tried by default is spread over all that is claimed; the thorough form tries every case of it (docs/testing.md).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pytest

THOROUGH = os.environ.get("CNNSUM_THOROUGH", "") not in ("", "0")

T = TypeVar("T")


def examples(count: int) -> int:
    """How many examples to draw: as many, or by default a quarter."""
    return count if THOROUGH else -(-count // 4)


def some(cases: Sequence[T], every: int, first: int = 0) -> list[T]:
    """Every so-manieth of the cases, from a first one on; all of them in a thorough run."""
    return list(cases if THOROUGH else cases[first % every :: every])


def in_batches(
    cases: Sequence[T], name: Callable[[T], object] = str, batches: int = 12
) -> Callable[[Callable[[T], None]], Any]:
    """A test of many cases that are each over at once: a dozen tests, where to tell of hundreds would take longer.

    name: what a failure calls the case.
    """

    def decorate(check: Callable[[T], None]) -> Any:
        @pytest.mark.parametrize("batch", range(batches))
        def test(batch: int) -> None:
            for case in cases[batch::batches]:
                try:
                    check(case)
                except Exception as error:
                    raise AssertionError(f"{name(case)}: {error}") from error

        test.__name__, test.__doc__ = check.__name__, check.__doc__
        return test

    return decorate
