"""Clusters for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from started import Started


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Started]]:
    """Starts a cluster with some workers, in an environment with more variables."""
    with ExitStack() as stack:

        def started(workers: int, **environment: str) -> Started:
            cluster = Started(tmp_path_factory.mktemp("cluster"), stack, **environment)
            for _ in range(workers):
                cluster.worker(**environment)
            return cluster

        yield started


@pytest.fixture(scope="session")
def cluster(start: Callable[..., Started]) -> Started:
    """A cluster of two workers, which are as good as new after each test."""
    return start(2)
