"""A sweep as plain records. Knows no format and no screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from cnnsum.answers.variants.costs import Variant


class Head(NamedTuple):
    """What is said of a sweep as a whole.

    columns: names that have one value stand in one column of a table; with the longest of their values.
    batch: samples that memory is for, None where the batch is swept.
    """

    model: str
    names: tuple[str, ...]
    columns: tuple[tuple[tuple[str, ...], Sequence[Any]], ...]
    variants: int
    batch: int | None
    optimizer: str


class Swept(NamedTuple):
    """A sweep: what is said of it as a whole, and its variants as they come, once."""

    head: Head
    variants: Iterable[Variant]
