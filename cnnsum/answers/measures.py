"""The numbers of a model that questions are about, under one name and one title each. Knows no report and no format."""

from __future__ import annotations

from cnnsum.dims import Dim
from cnnsum.render import units
from cnnsum.typed import NamedTuple


class Measure(NamedTuple):
    """A number of a model. title: what it is called in a sentence. head: above a column. What is neither bytes nor of
    each sample is of the model.
    """

    title: str
    head: str
    is_memory: bool = False
    per_sample: bool = False

    @property
    def full(self) -> str:
        """The title, and what it is counted for."""
        return f"{self.title} per sample" if self.per_sample else self.title

    @property
    def heading(self) -> str:
        """The same at the beginning of a line."""
        return self.full[:1].upper() + self.full[1:]

    def exact(self, number: Dim) -> str:
        """The exact number, with its unit.

        >>> MEASURES["params"].exact(25636712), MEASURES["peak"].exact(150157312)
        ('25,636,712', '150,157,312 B')
        """
        return units.exact(number) + (" B" if self.is_memory else "")

    def short(self, number: Dim) -> str:
        """The number in K, M, G, or in KiB, MiB, GiB.

        >>> MEASURES["params"].short(25636712), MEASURES["peak"].short(150157312)
        ('25.64 M', '143.20 MiB')
        """
        return units.memory(number) if self.is_memory else units.count(number)


MEASURES = {
    "params": Measure("parameters", "Params"),
    "trainable": Measure("trainable parameters", "Trainable"),
    "macs": Measure("MACs", "MACs", per_sample=True),
    "flops": Measure("FLOPs", "FLOPs", per_sample=True),
    "weights": Measure("weight memory", "Weights", is_memory=True),
    "peak": Measure("peak memory", "Peak", is_memory=True),
    "inference": Measure("inference memory", "Inference", is_memory=True),
    "training": Measure("training memory", "Training", is_memory=True),
}
