"""What other tools say of the same ONNX files, side by side: time, memory, MACs, how many sizes of tensors are decided,
and which of these onnxruntime gives.

    python bench/onnx/peers.py [FILE.onnx ...] [--limit 6] [--seconds 120] [--json OUT.json]

Without files it makes some (`bench/onnx/files.py`): chains of convolutions, a dynamic U-Net, a strided axis, shapes
that are computed. Each tool runs in a process of its own, with a limit on its address space (`--limit`, in GiB: onnxsim
once took 22 for 100 convolutions of 4,096 channels) and on its time. Needs onnx, onnxruntime with sympy, onnxsim and
onnx-tool; what is not installed is said to be missing. The judge of sizes is onnxruntime, which runs the file.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

#: The sizes at which files are run: none that happens to be another's.
SIZES = {"N": 2, "batch": 2, "H": 32, "W": 64, "T": 40}

Sizes = dict[str, list[Any]]
Tool = Callable[[str], dict[str, Any]]


# --- the tools: each runs in a child, and imports what it needs -------------------------------------------------------


def cnnsum(path: str) -> dict[str, Any]:
    """This package."""
    import cnnsum

    model = cnnsum.load(path)
    report = cnnsum.summarize(model)
    made: Sizes = {}
    for layer in model.graph.layers:
        for node in layer.nodes:
            for one, value in zip(_names(layer), model.inference.output_of(node), strict=False):
                if one and value.shape is not None:
                    made[one] = list(map(str, value.shape))
    macs = report.totals.macs
    return {"sizes": made, "macs": str(macs), "legal": [one.condition for one in report.sizes]}


def _names(layer: Any) -> list[str]:
    """The names that the file has for what a node gives; an input has its own."""
    if layer.place is None or not layer.place.path:
        return []
    found = layer.place.document.at(layer.place.path)
    return [found["name"]] if layer.spec is not None else list(found.get("output") or [])


def shape_inference(path: str) -> dict[str, Any]:
    """`onnx.shape_inference`, strict and with data propagation."""
    import onnx

    found = onnx.shape_inference.infer_shapes(onnx.load(path), check_type=True, strict_mode=True, data_prop=True)
    return {"sizes": _recorded(found)}


def symbolic_shape_infer(path: str) -> dict[str, Any]:
    """The symbolic inference that comes with onnxruntime."""
    import onnx
    from onnxruntime.tools.symbolic_shape_infer import SymbolicShapeInference

    found = SymbolicShapeInference.infer_shapes(onnx.load(path), auto_merge=True)
    return {"sizes": _recorded(found)}


def onnxsim_simplify(path: str) -> dict[str, Any]:
    """The simplification of onnxsim, and the shapes that the file has then."""
    import onnx
    import onnxsim

    found, right = onnxsim.simplify(onnx.load(path))
    return {"sizes": _recorded(onnx.shape_inference.infer_shapes(found, data_prop=True)), "note": f"check {right}"}


def onnxsim_cost(path: str) -> dict[str, Any]:
    """`shape_cost` of onnxsim: bounds for open axes from 1 to 96, and whether it calls its analysis complete."""
    import onnx
    from onnxsim.shape_cost import bounds

    shapes = [one.type.tensor_type.shape.dim for one in onnx.load(path, load_external_data=False).graph.input]
    names = {dim.dim_param for shape in shapes for dim in shape if dim.dim_param}
    found = bounds(path, dim_ranges=dict.fromkeys(names, (1, 96)))
    least, most = found.macs.lo, found.macs.hi
    exact = {
        name: [str(dim.lo) if dim.lo == dim.hi else "?" for dim in one.shape]
        for name, one in found.tensors.items()
        if one.shape is not None
    }
    said = f"complete: {found.complete}, {len(found.notes)} notes"
    return {"sizes": exact, "macs": str(least) if least == most else f"{least}..{most}", "note": said}


def onnx_tool(path: str) -> dict[str, Any]:
    """onnx-tool's graph: shapes by running the operations on NumPy, and its MACs."""
    import numpy as np
    import onnx
    import onnx_tool

    inputs = {one.name: one.type.tensor_type.shape.dim for one in onnx.load(path).graph.input}
    model = onnx_tool.Model(path)
    given = {
        name: np.zeros([SIZES.get(dim.dim_param, dim.dim_value) for dim in inputs[name]], np.float32)
        for name in model.graph.input
    }
    model.graph.shape_infer(given)
    model.graph.profile()
    made = {name: [str(one) for one in tensor.get_shape()] for name, tensor in model.graph.tensormap.items()}
    return {
        "sizes": made,
        "macs": str(int(sum(model.graph.macs)) if hasattr(model.graph.macs, "__iter__") else model.graph.macs),
    }


def _recorded(model: Any) -> Sizes:
    """The sizes that a model records, by tensor."""
    graph = model.graph
    return {
        one.name: [dim.dim_param or (str(dim.dim_value) if dim.HasField("dim_value") else "?") for dim in shape.dim]
        for one in (*graph.value_info, *graph.output)
        for shape in [one.type.tensor_type.shape]
        if one.type.tensor_type.HasField("shape")
    }


TOOLS: dict[str, Tool] = {
    "cnnsum": cnnsum,
    "onnx.shape_inference": shape_inference,
    "symbolic_shape_infer": symbolic_shape_infer,
    "onnxsim simplify": onnxsim_simplify,
    "onnxsim shape_cost": onnxsim_cost,
    "onnx-tool": onnx_tool,
}


# --- running them -----------------------------------------------------------------------------------------------------


def child(tool: str, path: str, limit: int) -> None:
    """Run one tool in this process and print what it says, with its time and its memory, as JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    start = time.perf_counter()
    found = TOOLS[tool](path)
    found["seconds"] = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_SELF)
    found["cpu"] = used.ru_utime + used.ru_stime
    found["mib"] = _most_memory()
    sys.stdout.write("\n" + json.dumps(found) + "\n")


def _most_memory() -> float:
    """The most that this process held, in MiB; what it has of its parent does not count."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def run(tool: str, path: Path, limit: int, seconds: float) -> dict[str, Any]:
    """What a tool says of a file; what it failed of is under "failed"."""
    argv = [sys.executable, __file__, "--child", tool, str(path), "--limit", str(limit / 2**30)]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return {"failed": f"more than {seconds:g} s"}
    if done.returncode:
        lines = [line for line in done.stderr.strip().splitlines() if line.strip()]
        return {"failed": (lines[-1] if lines else f"exit {done.returncode}")[:160]}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def ran(path: Path, values: dict[str, int]) -> dict[str, tuple[int, ...]]:
    """The shapes of all tensors of a file as onnxruntime makes them at these sizes of its named axes."""
    import numpy as np
    import onnx
    import onnxruntime

    model = onnx.load(path)
    held = {one.name for one in model.graph.initializer}
    outputs = {one.name for one in model.graph.output}
    # Tensors are asked for by name; their types are found when they are made.
    for node in model.graph.node:
        for name in node.output:
            if name and name not in outputs and name not in held:
                model.graph.output.append(onnx.ValueInfoProto(name=name))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    given = {
        one.name: np.zeros([size if isinstance(size, int) else values[size] for size in one.shape], np.float32)
        for one in session.get_inputs()
    }
    names = [one.name for one in session.get_outputs()]
    found = session.run(None, given)
    return {name: value.shape for name, value in zip(names, found, strict=True) if hasattr(value, "shape")}


def judged(sizes: Sizes, made: dict[str, tuple[int, ...]], values: dict[str, int]) -> tuple[int, int, int]:
    """Of all sizes of all tensors: how many are decided and right, decided and wrong, and not decided."""
    right = wrong = 0
    total = sum(map(len, made.values()))
    for name, shape in made.items():
        said = sizes.get(name)
        if said is None or len(said) != len(shape):
            wrong += 0 if said is None else len(shape)
            continue
        for text, size in zip(said, shape, strict=True):
            found = _size(str(text), values)
            right += found == size
            wrong += found not in (None, size)
    return right, wrong, total - right - wrong


def _size(text: str, values: dict[str, int]) -> int | None:
    """The size that a tool's word stands for; None where it is a name of its own, which says nothing."""
    import sympy

    words: dict[str, Any] = {name: sympy.Integer(size) for name, size in values.items()}
    try:
        found = sympy.sympify(text, locals={"ceil": sympy.ceiling, **words})
    except Exception:  # noqa: BLE001 - no formula
        return None
    return int(found) if found.is_Integer else None


def rows(path: Path, limit: int, seconds: float, values: dict[str, int]) -> Iterator[dict[str, Any]]:
    """A record for each tool."""
    try:
        made = ran(path, values)
    except Exception as error:  # noqa: BLE001 - onnxruntime has a class for each reason
        made = {}
        print(f"  onnxruntime does not run it: {str(error)[:100]}")
    for tool in TOOLS:
        found = run(tool, path, limit, seconds)
        record = {
            "file": path.name,
            "tool": tool,
            **{key: found.get(key) for key in ("failed", "cpu", "seconds", "mib")},
        }
        record.update({key: found[key] for key in ("macs", "legal", "note") if key in found})
        if "sizes" in found and made:
            record["right"], record["wrong"], record["open"] = judged(found["sizes"], made, values)
        yield record


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument(
        "--limit", type=float, default=6, help="GiB of address space of each tool [default: %(default)s]"
    )
    parser.add_argument("--seconds", type=float, default=120, help="time of each tool [default: %(default)s]")
    parser.add_argument("--json", type=Path, help="where the records are written")
    given = parser.parse_args()
    limit = int(given.limit * 2**30)
    if given.child:
        child(given.child, str(given.files[0]), limit)
        return 0
    found = []
    with tempfile.TemporaryDirectory() as folder:
        files = given.files
        if not files:
            from bench.onnx.files import make

            files = make(Path(folder))
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        print(f"`python -c pass`: {used:.3f} s; {os.cpu_count()} processors; seconds are those of the processor")
        for path in files:
            print(f"{path.name}, {path.stat().st_size / 2**20:,.1f} MiB")
            for one in rows(path, limit, given.seconds, SIZES):
                found.append(one)
                if one["failed"]:
                    print(f"  {one['tool']:<22} failed: {one['failed']}")
                    continue
                sizes = (
                    ""
                    if "right" not in one
                    else f"{one['right']:>6} right {one['wrong']:>4} wrong {one['open']:>5} open"
                )
                note = " ".join(str(one[key])[:60] for key in ("macs", "note", "legal") if one.get(key))
                print(f"  {one['tool']:<22} {one['cpu']:>7.2f} s {one['mib']:>7.0f} MiB {sizes}  {note}", flush=True)
    if given.json:
        given.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
