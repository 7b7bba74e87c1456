"""The numbers of the gallery as a table, `gallery.csv`, which the peers' tests hold against PyTorch.

    python tests/gallery/gallery_table.py        # writes the table anew: look at every line that changed

A network stands there with its own sizes and one sample, and with the sizes and samples that it is measured with where
its own take PyTorch too long. Memory is for that many samples, in bytes; MACs and FLOPs are those of one sample.
Training is with Adam.
"""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
TABLE = Path(__file__).with_name("gallery.csv")
SPECS = ROOT / "specs"

#: Samples of the second line of a network.
SAMPLES = 2

#: Sizes of the second line; a network that is not here has its own. `fcn` has none of its own.
SMALLER = {
    "alexnet": (96, 96, 3),
    "c3d": (16, 32, 32, 3),
    "convnext_tiny": (96, 96, 3),
    "densenet121": (64, 64, 3),
    "efficientnet_b0": (96, 96, 3),
    "fcn": (64, 64, 3),
    "inception_v3": (139, 139, 3),
    "mobilenet_v1": (96, 96, 3),
    "mobilenet_v2": (96, 96, 3),
    "mobilenet_v3_large": (96, 96, 3),
    "resnet101": (64, 64, 3),
    "resnet152": (64, 64, 3),
    "resnet18": (96, 96, 3),
    "resnet34": (96, 96, 3),
    "resnet50": (96, 96, 3),
    "squeezenet": (96, 96, 3),
    "unet": (64, 64, 3),
    "vgg16": (64, 64, 3),
    "vgg19": (64, 64, 3),
    "xception": (96, 96, 3),
}

#: A file that lends its blocks to others and is not a network.
NETWORKS = sorted(path.stem for path in SPECS.glob("*.yaml") if path.stem != "resnet_blocks")


class Line(NamedTuple):
    """One network at one size. outputs: all layers' outputs; peak: of inference; the rest is one step of training."""

    network: str
    sizes: str
    samples: int
    parameters: int
    trainable: int
    macs: int
    flops: int
    outputs: int
    peak: int
    weights: int
    gradients: int
    optimizer: int
    saved: int
    transient: int
    total: int
    peak_step: int

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The input's shape, None where it is the network's own."""
        return None if self.sizes == "own" else tuple(map(int, self.sizes.split("x")))


def read() -> list[Line]:
    """The table as it is stored."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [Line(row["network"], row["sizes"], *(int(row[name]) for name in Line._fields[2:])) for row in rows]


def measured(network: str, shape: tuple[int, ...] | None, samples: int) -> Line:
    """A line as cnnsum has it now."""
    import cnnsum

    model = cnnsum.load(SPECS / f"{network}.yaml", inputs=shape, keras_backend="numpy")
    totals = cnnsum.summarize(model, batch=samples, optimizer="adam", step=True).totals
    training = totals.training
    numbers = (
        *(totals.params.total, totals.params.trainable, totals.macs, totals.flops, totals.outputs, totals.peak.bytes),
        *(training.weights, training.gradients, training.optimizer, training.saved, training.transient),
        *(training.total, training.peak_step),
    )
    if not all(type(number) is int for number in numbers):
        raise TypeError(f"{network}: a number that is not known: {numbers}")
    return Line(network, "own" if shape is None else "x".join(map(str, shape)), samples, *numbers)


def present() -> list[Line]:
    """The whole table as cnnsum has it now."""
    lines = []
    for network in NETWORKS:
        if network != "fcn":  # whose sizes are symbols
            lines.append(measured(network, None, 1))
        lines.append(measured(network, SMALLER.get(network), SAMPLES))
    return lines


def text(lines: list[Line]) -> str:
    """The file of a table."""
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\n")
    writer.writerow(Line._fields)
    writer.writerows(lines)
    return made.getvalue()


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    TABLE.write_text(text(present()), encoding="utf-8")
