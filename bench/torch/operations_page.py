"""Makes docs/pytorch_operations.md: operations of exported programs, how many networks hold each, and what checks each.

    python bench/torch/operations_page.py FOLDER

FOLDER is what `make_archives.py` has written. Needs PyTorch, of which the programs of `tests/peers/torch_operations.py`
are made.
"""

from __future__ import annotations

import collections
import sys
from pathlib import Path

from check_archives import differences, networks

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "pytorch_operations.md"
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "peers")]

import torch_operations  # noqa: E402 - found by the line before

from cnnsum.layers.vocabulary import TORCH  # noqa: E402 - as above

_TEXT = """\
# Operations of exported programs of PyTorch

What `torch.export` leaves of a network is operations of ATen. Those that cnnsum knows are below: {known} names. Made by
`python bench/torch/operations_page.py FOLDER`, from what `bench/torch/make_archives.py` exports.

- **programs**: small programs that are there for the operation (`tests/peers/torch_operations.py`). Each is exported as
  it is, in its decomposed form (`run_decompositions()`), and with free sizes, which are then set to others. Shapes,
  dtypes and MACs are PyTorch's (`tests/peers/test_torch_operations.py`, with the peers' tests).
- **networks**, **nodes**: of {networks} networks, which are from {families}. Parameters, buffers, MACs
  (by `FlopCounterMode`) and shapes of outputs of {equal} of them are PyTorch's{but}; so are torchvision's
  `num_params` and `_ops`, where it states them.
- An operation that is not here is never zero and never fatal: what it gives is taken from the file, its work is not
  known, and totals are lower bounds. `_assert_tensor_metadata` gives no tensor and is left out. What runs under
  `torch.no_grad()` or `torch.autocast(...)` is read where it stands.
- A name stands for all its overloads, and for the one with `_` that works in place.

| operation | networks | nodes | programs |
|---|---:|---:|---:|
"""


def _plain(target: str) -> str | None:
    """The name of an operation of ATen, without its overload and the mark of one that works in place."""
    parts = target.split(".")
    if parts[0] != "aten":
        return None
    return parts[1] if parts[1].endswith("__") else parts[1].removesuffix("_")


def page(folder: Path) -> str:
    """The whole page."""
    held = networks(folder)
    nodes: collections.Counter[str] = collections.Counter()
    holders: collections.Counter[str] = collections.Counter()
    for network in held:
        once = set()
        for target, count in network.said["operations"].items():
            name = _plain(target)
            if name is not None:
                nodes[name] += count
                once.add(name)
        holders.update(once)
    programs = collections.Counter(name for one in torch_operations.PROGRAMS for name in one.names)
    known = {name.removeprefix("aten.") for name in TORCH.all_types() if name.startswith("aten.")}
    lines = [
        f"| `{name}` | {holders[name] or ''} | {nodes[name] or ''} | {programs[name] or ''} |".replace("  ", " ")
        for name in sorted(known, key=lambda name: (-holders[name], -nodes[name], name))
    ]
    differing = [network.said["name"] for network in held if differences(network)]
    families = collections.Counter(network.said["name"].partition("-")[0] for network in held)
    text = _TEXT.format(
        known=len(known),
        networks=len(held),
        families=", ".join(f"{name} ({count})" for name, count in families.most_common()),
        equal=len(held) - len(differing),
        but=f" (not of {', '.join(differing)})" if differing else "",
    )
    return text + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(Path(sys.argv[1])), encoding="utf-8")
