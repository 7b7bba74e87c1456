"""The most bytes at any moment of a training step: what cnnsum predicts, and what PyTorch holds.

    pip install torch
    python bench/memory/training_peak.py [NAME ...] [--batch 2] [-i 64,64,3] [--cpu] [--allocator]

On a GPU: `torch.cuda.max_memory_allocated` over a forward and a backward pass, weights and the slots of Adam included.
Without a GPU it says so, and ends.

With --cpu the storages of all tensors are followed instead, weights left out (they are the same). With --allocator
stands beside it what the CPU's allocator hands out, the kernels' own memory included.
"""

from __future__ import annotations

import torch
from networks import Run, arguments, heading, line, runs
from torch_measures import allocated, on_gpu, peak

import cnnsum


def predicted(run: Run, optimizer: str) -> tuple[int, int]:
    """The bytes at the worst moment of a step, and those of the weights among them."""
    training = cnnsum.summarize(run.model, batch=run.batch, optimizer=optimizer, step=True).totals.training
    assert isinstance(training.peak_step, int)
    assert isinstance(training.weights, int)
    return training.peak_step, training.weights


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--allocator", action="store_true")
    given = parser.parse_args()
    if not given.cpu:
        if not torch.cuda.is_available():
            print("PyTorch finds no GPU here: nothing is measured. --cpu follows the tensors of a step on the CPU.")
            return
        print(torch.cuda.get_device_name())
        heading("predicted", "measured", "ratio")
        for run in runs(given):
            expected, _ = predicted(run, "adam")
            measured = on_gpu(run.net, run.batch)
            line(run.name, expected, measured, expected / measured)
            # The next one starts on an empty GPU.
            run.net.to("cpu")
            torch.cuda.empty_cache()
        return
    heading("predicted", "measured", "ratio", *(("allocator", "ratio") if given.allocator else ()))
    for run in runs(given):
        total, weights = predicted(run, "sgd")
        expected = total - weights
        measured = peak(run.net, run.batch)
        more = (allocated(run.net, run.batch),) if given.allocator else ()
        line(run.name, expected, measured, expected / measured, *more, *(expected / most for most in more))


if __name__ == "__main__":
    main()
