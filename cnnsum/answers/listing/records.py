"""One line for each of many models, as plain records. Knows no format and no screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cnnsum.typed import Literal, NamedTuple


class Listed(NamedTuple):
    """A model in a list. Numbers are None where they are not known; weights, peak and training are bytes.

    inputs, outputs: shapes, with names where there are several. sizes: which sizes the inputs may have; findings: how
    many `check` has; both only where they are asked for. status: "ok"; "open" (a number depends on sizes that
    the file leaves open); "partial" (a layer is not known); "error" (the first error is in `why`).
    why: what a status other than "ok" comes of.
    """

    path: str
    format: str = ""
    name: str = ""
    params: int | None = None
    trainable: int | None = None
    macs: int | None = None
    weights: int | None = None
    peak: int | None = None
    training: int | None = None
    inputs: str = ""
    outputs: str = ""
    sizes: str = ""
    findings: int | None = None
    status: Literal["ok", "open", "partial", "error"] = "ok"
    why: str = ""

    def values(self) -> dict[str, int | str | None]:
        """The values by the names of the columns."""
        return self._asdict()


#: The columns, each with the type of its values, in their order.
COLUMNS: dict[str, type] = {
    name: int if name in ("params", "trainable", "macs", "weights", "peak", "training", "findings") else str
    for name in Listed._fields
}


#: Columns that take longer than all others together, and are left empty unless they are asked for.
COSTLY = ("sizes", "findings")
#: Those of a format that shows all.
USUAL = tuple(name for name in COLUMNS if name not in COSTLY)


class Listing:
    """A list of models, as its formats are given it: the models as they come, and what is said of all of them.

    columns: None for those that a format has by default. batch: of memory, None for what each file says. optimizer: its
    title.
    """

    def __init__(
        self, columns: tuple[str, ...] | None, batch: int | None, optimizer: str, models: Iterable[Listed] = ()
    ) -> None:
        self.columns = columns
        self.batch = batch
        self.optimizer = optimizer
        self._models = models

    def __iter__(self) -> Iterator[Listed]:
        return iter(self._models)
