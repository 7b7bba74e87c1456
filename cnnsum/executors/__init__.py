"""A function done to many items, in their order: in this process, in several, or on the machines of a cluster.

Knows functions and items that can be sent; neither what they are, nor who asks. What more than this process needs is
loaded where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cnnsum.typed import NamedTuple, Protocol, TypeVar

J = TypeVar("J")
R = TypeVar("R")


class Died(NamedTuple):
    """What became of an item whose process ended before it had an answer. why: "it was killed by SIGKILL"."""

    why: str


class Executor(Protocol):
    """Where work is done."""

    def map(self, work: Callable[[J], R], items: Sequence[J], /) -> Iterator[R | Died]:
        """The outcome of every item, in the order of the items, as they come."""


class Here:
    """This process. What ends it ends everything, so that nothing is ever `Died`."""

    def map(self, work: Callable[[J], R], items: Sequence[J], /) -> Iterator[R | Died]:
        """The outcome of every item, in the order of the items, each when it is asked for."""
        from cnnsum.executors.garbage import collect

        for item in items:
            yield work(item)
            collect()
