"""How every number of a model comes about: `explain`, and the record that it gives."""

from __future__ import annotations

from cnnsum.answers import as_text
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cnnsum.answers.explain.explaining import Explained
    from cnnsum.model import Model


def explain(
    model: Model,
    layer: str | Sequence[str] | None = None,
    *,
    batch: int | None = None,
    only: Collection[str] = (),
) -> Explanation:
    """How every number of a model's layers comes about: general formula, the numbers put in, and why.

    layer: the name of one, a pattern such as "conv*", a type such as "Conv2D", or a number such as "18496", which is
    looked for among all; or several of them; None for all. Of those the first 2,000 are explained.
    batch: as for `summarize`. only: "shapes", "parameters", "macs", "memory" or "field": what is to be explained.

    Raises LookupError where there is no such layer, UnusableError for a batch that contradicts the file's.
    """
    from cnnsum.answers.explain.explaining import explain as explained

    samples = model.samples(batch)
    layers = () if layer is None else (layer,) if isinstance(layer, str) else tuple(layer)
    return Explanation(model.graph.name, samples, *explained(model.graph, model.inference, layers, samples, only))


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
        return as_text("explain", self)

    def _repr_html_(self) -> str:
        """The text, as a notebook shows it."""
        from cnnsum.render.notebook import framed

        return framed(as_text("explain", self, 100))
