"""Writes tests/readers/onnx/networks: networks as both exporters of PyTorch write them, without weights, and the counts
that they must have.

    python bench/onnx/make_networks.py [--folder FOLDER] [NAME ...]

Needs torch, onnx, onnxscript and onnxruntime. Each file is run by onnxruntime first, and must give what the network
gives; the counts are PyTorch's (`FlopCounterMode`) and `onnx`'s (elements of the floating-point tensors with axes, but
for those that only say what an operation does).
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from torch.utils.flop_counter import FlopCounterMode

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "peers")]

import onnx_zoo  # noqa: E402 - a module of tests/peers, which the line before put on the path
from make_onnx_samples import without_weights  # noqa: E402 - as above
from onnx_networks import exported, is_setting  # noqa: E402 - as above

FOLDER = ROOT / "tests" / "readers" / "onnx" / "networks"
#: How far apart the outputs may be, by what they are at most.
_TOLERANCE = 2e-4


def held(model: onnx.ModelProto) -> int:
    """Elements of the floating-point tensors with axes that a file holds and that are data of some node."""
    graph = model.graph
    settings = {name for node in graph.node for at, name in enumerate(node.input) if is_setting(node.op_type, at)}
    tensors = [*graph.initializer, *[node.attribute[0].t for node in graph.node if node.op_type == "Constant"]]
    names = [
        *[one.name for one in graph.initializer],
        *[one.output[0] for one in graph.node if one.op_type == "Constant"],
    ]
    return sum(
        prod(one.dims)
        for name, one in zip(names, tensors, strict=True)
        if one.data_type == onnx.TensorProto.FLOAT and one.dims and name not in settings
    )


def write(name: str, *, dynamo: bool, folder: Path) -> dict[str, Any]:
    """Export a network, run it, and write it without its weights; the counts."""
    torch.manual_seed(0)
    module, shape = getattr(onnx_zoo, name)().eval(), onnx_zoo.ZOO[name]
    is_words = name in onnx_zoo.WORDS
    given = torch.randint(0, 100, (1, *shape)) if is_words else torch.rand(1, *shape)
    with tempfile.TemporaryDirectory() as there:
        path = Path(there) / "m.onnx"
        exported(module, shape, path, dynamo=dynamo, sample=given)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        (found,) = session.run(None, {session.get_inputs()[0].name: given.numpy()})
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            wanted = module(given).numpy()
        worst = float(np.abs(found - wanted).max() / max(np.abs(wanted).max(), 1e-6))
        if worst > _TOLERANCE:
            raise SystemExit(f"{name}: the file gives something else than the network, by {worst:.1e}")
        model = onnx.load(path)
        params = held(model)
        data = without_weights(model).SerializeToString()
    file = f"{name}_{'new' if dynamo else 'old'}.onnx.gz"
    (folder / file).write_bytes(gzip.compress(data, mtime=0))
    # Counted on the meta device: on a CPU fused kernels take the place of operations that have a formula.
    with torch.device("meta"):
        again = getattr(onnx_zoo, name)().eval()
        sample = torch.zeros(1, *shape, dtype=given.dtype)
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            again(sample)
    return {"file": file, "nodes": len(model.graph.node), "params": params, "macs": counter.get_total_flops() // 2,
            "outputs": [list(found.shape)]}  # fmt: skip


def main() -> None:
    """Write the networks that are named, or all; counts of others stay as they are."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    asked = parser.parse_args()
    folder = asked.folder
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "counts.json"
    counts = {one["file"]: one for one in json.loads(path.read_text(encoding="utf-8"))} if path.exists() else {}
    for name in asked.names or onnx_zoo.ZOO:
        for dynamo in (False, True):
            found = write(name, dynamo=dynamo, folder=folder)
            counts[found["file"]] = found
            print(found, flush=True)
            text = json.dumps([counts[file] for file in sorted(counts)], indent=1) + "\n"
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
