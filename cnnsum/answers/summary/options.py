"""What a reader of a report may choose about its rendering. Knows no format."""

from __future__ import annotations

from collections.abc import Sequence


class Options:
    """Choices for rendering; every format reads those that concern it and ignores the others.

    width: cells of the table; None is Keras's own width (88, with connections 108, 12 more for "Trainable"), at most
        the terminal's less 4. The terminal is then taken to be at least that wide.
    terminal: columns of the terminal, 80 where there is none.
    positions: Keras's relative ends of its columns, as `model.summary(positions=...)` takes them.
    keras_only: Keras's summary without cnnsum's estimates.
    expand_nested, show_trainable, layer_range: as in `model.summary`.
    columns: names of columns in place of Keras's, as `parse_columns` reads them ("layer,output,macs", "+macs").
    depth: one row for the layers of a block whose path has this many names; None folds nothing.
    symbolic: print formulas in place of None.
    ascii: draw with `+-|` only.
    train: itemise the memory of training.
    verbose: name everything in the plan of inference memory, the best order of execution included.
    chart: draw "memory", "params" or "macs" in place of the summary.
    style: "compact" is one line a layer, as wide as the terminal at most; None or "keras" is Keras's box.
    """

    __slots__ = (
        "ascii",
        "chart",
        "columns",
        "depth",
        "expand_nested",
        "keras_only",
        "layer_range",
        "positions",
        "show_trainable",
        "style",
        "symbolic",
        "terminal",
        "train",
        "verbose",
        "width",
    )

    def __init__(
        self,
        *,
        width: int | None = None,
        terminal: int = 80,
        positions: Sequence[float] | None = None,
        keras_only: bool = False,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: tuple[str, str] | None = None,
        columns: str | None = None,
        depth: int | None = None,
        symbolic: bool = False,
        ascii: bool = False,
        train: bool = False,
        verbose: bool = False,
        chart: str | None = None,
        style: str | None = None,
    ) -> None:
        self.width = width
        self.terminal = terminal
        self.positions = positions
        self.keras_only = keras_only
        self.expand_nested = expand_nested
        self.show_trainable = show_trainable
        self.layer_range = layer_range
        self.columns = columns
        self.depth = depth
        self.symbolic = symbolic
        self.ascii = ascii
        self.train = train
        self.verbose = verbose
        self.chart = chart
        self.style = style


#: What nobody chose otherwise.
USUAL = Options()
