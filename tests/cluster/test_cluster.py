"""Work on a cluster: every item once and in order, whatever becomes of workers; and what is said where it cannot be."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from started import Started
from working import Item, work

from cnnsum.diagnostics import UnusableError
from cnnsum.executors import Died
from cnnsum.executors import cluster as clusters
from cnnsum.executors.cluster import Cluster


def numbers(outcomes: list[Any]) -> list[Any]:
    return [outcome if isinstance(outcome, Died) else outcome[0] for outcome in outcomes]


def test_every_item_once_and_in_order(cluster: Started, tmp_path: Path) -> None:
    items = [Item(number, "slow" if number % 7 == 0 else "", str(tmp_path)) for number in range(100)]
    found = [*Cluster(cluster.address, piece=3).map(work, items)]
    assert numbers(found) == [*range(100)]
    assert os.getpid() not in {process for _, process in found}
    assert sorted(int(path.name.split("-")[0]) for path in tmp_path.iterdir()) == [*range(100)]
    assert [*Cluster(cluster.address).map(work, [])] == []


def test_a_worker_that_is_killed_in_the_middle(cluster: Started, tmp_path: Path) -> None:
    items = [Item(number, "slow", str(tmp_path)) for number in range(60)]
    killed = []

    def kill() -> None:
        while len(done := [path.name.split("-")[:2] for path in tmp_path.iterdir()]) < 10:
            time.sleep(0.02)
        killed.append(int(done[-1][1]))
        os.kill(killed[0], signal.SIGKILL)

    killer = Thread(target=kill)
    killer.start()
    found = [*Cluster(cluster.address, piece=3).map(work, items)]
    killer.join()
    assert numbers(found) == [*range(60)]
    # What the worker had done and nobody had fetched was done again, and told once.
    assert killed


def test_an_item_that_takes_more_memory_than_there_is(cluster: Started) -> None:
    items = [Item(number, "hog" if number == 5 else "") for number in range(20)]
    found = numbers([*Cluster(cluster.address, piece=4).map(work, items)])
    died = Died("every worker that was given it died")
    assert found == [died if number == 5 else number for number in range(20)]


def test_a_scheduler_that_goes_away(start: Callable[[int], Started], tmp_path: Path) -> None:
    cluster = start(1)
    outcomes = Cluster(cluster.address).map(work, [Item(number, "slow") for number in range(500)])
    assert next(outcomes)[0] == 0  # type: ignore[index]
    cluster.scheduler.kill()
    with pytest.raises(UnusableError, match=r"SPC085 the scheduler at .* went away: \d+ of 500 were answered"):
        list(outcomes)


def test_a_cluster_without_workers(start: Callable[[int], Started], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "_SECONDS_WITHOUT_WORKERS", 1)
    with pytest.raises(UnusableError, match=r"SPC085 the cluster at .* has no workers"):
        list(Cluster(start(0).address).map(work, [Item(1)]))


def test_workers_that_are_not_as_the_caller(cluster: Started, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("here", encoding="utf-8")
    made = clusters.call_of
    monkeypatch.chdir(tmp_path)
    for change, told in (
        ({"version": "0.0.1"}, r"it has cnnsum \S+, and the call is of cnnsum 0.0.1"),
        ({"folder": "/no/such/folder"}, "it has no folder /no/such/folder"),
        ({"seen": (("file", 9),)}, "file has 4 bytes there, and 9 here"),
        ({"seen": (("other", 9),)}, "other is not there"),
    ):
        monkeypatch.setattr(clusters, "call_of", lambda *given, change=change: made(*given)._replace(**change))
        with pytest.raises(UnusableError, match=told):
            list(Cluster(cluster.address, files=["file"]).map(work, [Item(1)]))


def test_workers_without_cnnsum(start: Callable[[int], Started], tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['cnnsum'] = None\n", encoding="utf-8")
    cluster = start(0)
    cluster.worker(PYTHONPATH=str(tmp_path))
    with pytest.raises(UnusableError, match=r"SPC085 a worker of .* cannot run cnnsum: .*cnnsum"):
        list(Cluster(cluster.address).map(work, [Item(1)]))


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("tcp://127.0.0.1:9", "Timed out"),
        ("no-port", "missing port"),
        ("nosuch://127.0.0.1:8786", "unknown address scheme"),
    ],
)
def test_what_cannot_be_reached(address: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "_SECONDS_TO_CONNECT", 1)
    with pytest.raises(UnusableError, match=f"SPC085 the cluster at {address} cannot be reached: .*{told}"):
        list(Cluster(address).map(work, [Item(1)]))
