"""How every number of a model comes about: `explain`, and the record that it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.answers.explain.explaining import Explained
    from cnnsum.model import Model


def explain(model: Model, layer: str | None = None, *, batch: int | None = None) -> Explanation:
    """How every number of a model's layers comes about: general formula, the numbers put in, and why.

    layer: the name of one, or a pattern such as "conv*"; None for all. Of those the first 2,000 are explained.
    batch: as for `summarize`.

    Raises LookupError where no layer has that name, UnusableError for a batch that contradicts the file's.
    """
    from cnnsum.answers.explain.explaining import explain as explained

    samples = model.samples(batch)
    return Explanation(model.graph.name, samples, *explained(model.graph, model.inference, layer, samples))


class Explanation:
    """A model explained layer by layer; memory is for `batch` samples. `str` gives the text that the command prints.

    Each layer has `steps`, and each step a `measure`, the `formula`, the same `with_numbers`, its `value` and `why`.
    more: the number of layers that were asked for too and are left out, past the first 2,000.
    """

    __slots__ = ("batch", "layers", "model", "more")

    def __init__(self, model: str, batch: int, layers: tuple[Explained, ...], more: int = 0) -> None:
        self.model = model
        self.batch = batch
        self.layers = layers
        self.more = more

    def __repr__(self) -> str:
        return f"Explanation({self.model!r}, {len(self.layers)} layers)"

    def __str__(self) -> str:
        from cnnsum.answers import renderer
        from cnnsum.ink import inked

        lines = renderer("explain", "text")(self, 80)
        written = ("".join([text for text, _ in line]) + "\n" for line in lines)
        return "".join(inked(written)).removesuffix("\n")
