"""What a million variants take: processor time, and memory beside that of ten thousand; and the same by hand in NumPy.

    python bench/sweeps.py

Each line is a process of its own. The figures are processor seconds, since on a busy machine the clock says nothing;
the ratio to the program by hand is of the same run. By hand is what one would write for ResNet-50: parameters, MACs,
and the bytes of a step of training, layer by layer over whole arrays. It fails where a case takes longer than it may.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOBILENET = (ROOT / "specs" / "mobilenet_v1.yaml").read_text(encoding="utf-8")
#: MobileNet with a depth, which its paper does not have.
DEEP = MOBILENET.replace("repeat: 5", "repeat: depth").replace("vars: {", "vars: {depth: 5, ")

#: The sweep, the values by name, and the most seconds that a million may take.
CASES = {
    "ResNet-50, H=W and batch": ("resnet50", {"H=W": (32, 1_000), "batch": (1, 1_000)}, 2.0),
    "ResNet-50, 10,000 of it": ("resnet50", {"H=W": (32, 100), "batch": (1, 100)}, None),
    "ResNet-50, a million heights": ("resnet50", {"H": (32, 1_000_000)}, None),
    "MobileNet, alpha, depth and H": ("deep", {"alpha": 100, "depth": (1, 10), "H": (32, 1_000)}, 60.0),
    "MobileNet, 100,000 alphas": ("mobilenet_v1", {"alpha": 100_000}, 5.0),
}


def swept(name: str) -> None:
    """Run one case in this process and print what it took."""
    import cnnsum

    spec, wanted, _ = CASES[name]
    model = cnnsum.loads(DEEP) if spec == "deep" else cnnsum.load(ROOT / "specs" / f"{spec}.yaml")
    values = {
        key: range(span[0], span[0] + span[1]) if isinstance(span, tuple) else widths(span)
        for key, span in wanted.items()
    }
    began = time.process_time()
    count = sum(len(part[0]) for part in cnnsum.sweep(model, values).parts())
    report(count, time.process_time() - began)


def widths(count: int) -> list[float]:
    """Width multipliers from 0.1 on, in steps as decimals have them."""
    return [round(0.1 + step / 10_000, 4) for step in range(count)]


def by_hand() -> None:
    """ResNet-50 over a million sizes and batches, as one would write it for once."""
    import numpy as np

    began = time.process_time()
    size, batch = (axis.ravel() for axis in np.meshgrid(np.arange(32, 1_032), np.arange(1, 1_001), indexing="ij"))
    params, macs, kept = 0, np.zeros_like(size), np.zeros_like(size)

    def convolution(size: np.ndarray, kernel: int, seen: int, made: int, stride: int = 1) -> np.ndarray:
        nonlocal params, macs, kept
        kept = kept + 4 * seen * size * size
        size = -(-size // stride)
        params += kernel * kernel * seen * made + 5 * made
        macs = macs + kernel * kernel * seen * made * size * size
        kept = kept + 4 * made * size * size
        return size

    size = convolution(size, 7, 3, 64, 2)
    size = -(-size // 2)
    channels = 64
    for width, blocks, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for block in range(blocks):
            first = stride if block == 0 else 1
            if block == 0:
                convolution(size, 1, channels, 4 * width, first)
            size = convolution(size, 1, channels, width, first)
            size = convolution(size, 3, width, width)
            size = convolution(size, 1, width, 4 * width)
            channels = 4 * width
    training = 16 * params + kept * batch
    report(len(training), time.process_time() - began)


def report(count: int, seconds: float) -> None:
    """Print what a case took, for the process that asked."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"count": count, "seconds": seconds, "peak": peak}))


def measured(name: str) -> dict[str, float]:
    """What a case takes, in a process of its own."""
    done = subprocess.run([sys.executable, __file__, name], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> int:
    if len(sys.argv) > 1:
        by_hand() if sys.argv[1] == "by hand" else swept(sys.argv[1])
        return 0
    hand = measured("by hand")
    print(f"{'':32}{'variants':>12}{'seconds':>10}{'a million':>12}{'MiB':>8}{'to NumPy by hand':>18}")
    failed = False
    for name, (_, _, goal) in (("NumPy by hand: three numbers", ("", {}, None)), *CASES.items()):
        found = hand if not name.startswith(("ResNet", "Mobile")) else measured(name)
        rate = found["seconds"] / found["count"] * 10**6
        late = goal is not None and found["seconds"] > goal
        failed = failed or late
        line = f"{name:32}{found['count']:12,}{found['seconds']:10.2f}{rate:12.2f}{found['peak']:8.0f}"
        print(f"{line}{rate / (hand['seconds'] / hand['count'] * 10**6):18.2f}{'  above the goal' if late else ''}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
