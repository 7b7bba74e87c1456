"""What items leave behind is taken away where Python's own collector is off, as it is on the command line."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from cnnsum.executors import Here, garbage


class Circle:
    """An object that only a walk for garbage takes away."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture
def _no_collector() -> Iterator[None]:
    gc.disable()
    gc.freeze()  # a walk is not to go through what other tests have left
    yield
    gc.unfreeze()
    gc.enable()


@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize("many", [100, 1 << 40])
def test_circles_are_taken_away_item_by_item_once_there_are_many(monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    monkeypatch.setattr(garbage, "_MANY", many)
    monkeypatch.setattr(gc, "freeze", lambda: None)  # what is looked for is not to be frozen

    def work(_item: int) -> weakref.ref[Circle]:
        return weakref.ref(next(iter([Circle() for _ in range(150)])))

    found: list[Any] = [*Here().map(work, range(20))]
    assert sum(ref() is not None for ref in found) == (0 if many == 100 else 20)
