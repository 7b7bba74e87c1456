"""What backpropagation keeps of the forward pass: what cnnsum predicts, and what autograd of PyTorch keeps on a CPU.

    pip install torch
    python bench/memory/saved_bytes.py [NAME ...] [--batch 2] [-i 64,64,3]

The networks are those of `specs/`, built from cnnsum's graph by `torch_graph.py`. A mask of dropout has a byte an
element in cnnsum and on a GPU, and four on a CPU: the three that are too many are taken off what was measured, and
stand in a column of their own.
"""

from __future__ import annotations

from networks import arguments, heading, line, runs
from torch_measures import kept

import cnnsum


def main() -> None:
    given = arguments(__doc__).parse_args()
    heading("predicted", "measured", "ratio", "masks")
    for run in runs(given):
        predicted = cnnsum.summarize(run.model, batch=run.batch).totals.saved
        measured = kept(run.net, run.batch)
        masks = 3 * run.net.masks
        line(run.name, predicted, measured - masks, predicted / (measured - masks), masks)


if __name__ == "__main__":
    main()
