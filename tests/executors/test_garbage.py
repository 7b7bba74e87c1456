"""What items leave behind is taken away where Python's own collector is off, as it is on the command line."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest

import cnnsum
from cnnsum.answers.sweep import pieces
from cnnsum.answers.variants import reading
from cnnsum.executors import Here, garbage
from cnnsum.graph.model import Layer


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


@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize("sizes", [{}, {"H": [8, 9, 10]}])
def test_variants_leave_no_models_behind(monkeypatch: pytest.MonkeyPatch, sizes: dict[str, list[int]]) -> None:
    text = "{vars: {width: 4}, input: [H, 8, 3], layers: [Conv2D: [width, 3], Flatten, Dense: width]}"
    model = cnnsum.loads(text, settings={} if sizes else {"H": 8})
    frozen = mock.Mock()
    monkeypatch.setattr(garbage, "_MANY", 1_000)
    monkeypatch.setattr(gc, "freeze", frozen)  # what is frozen while it is in use would stay
    with (
        mock.patch.object(pieces, "has_arrays", return_value=False),
        mock.patch.object(reading, "Model", side_effect=reading.Model) as read,
    ):
        sweep = cnnsum.sweep(model, {"width": range(1, 201), **sizes})
        assert sum(1 for _ in sweep) == 200 * len(sizes.get("H", [8]))
        assert read.call_count > 200
    assert sum(type(one) is Layer for one in gc.get_objects()) < 160
    assert not frozen.called
