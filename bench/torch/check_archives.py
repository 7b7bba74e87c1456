"""cnnsum on exported programs, held to what PyTorch says of them: parameters, buffers, MACs, shapes of outputs.

    python bench/torch/check_archives.py FOLDER [--operations | --table]

FOLDER is what `make_archives.py` has written; PyTorch is not needed. Each network is a line: what differs, or `equal`.
`--table` writes docs/pytorch_networks.md instead: what is counted, and what torchvision publishes.
`--operations` prints how many networks and nodes hold each operation instead, and whether cnnsum knows it.
"""

from __future__ import annotations

import argparse
import collections
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import cnnsum
from cnnsum.counted import counted
from cnnsum.dims import evaluate
from cnnsum.layers.vocabulary import TORCH


class Held(NamedTuple):
    """A network as PyTorch has it, and its archive."""

    said: dict[str, Any]
    archive: Path


def networks(folder: Path) -> list[Held]:
    """The networks that were exported, by name."""
    found = []
    for path in sorted(folder.glob("*.json")):
        said = json.loads(path.read_text(encoding="utf-8"))
        if "failed" not in said:
            found.append(Held(said, path.with_suffix(".pt2")))
    return found


def _compared(report: cnnsum.Report, said: dict[str, Any], samples: int) -> list[str]:
    """What cnnsum says otherwise, of what PyTorch says."""
    totals = report.totals
    ours = {
        "parameters": totals.params.total,
        "buffers": totals.buffers.total,
        "macs": totals.macs,
        "outputs": [list(one.shape) for one in report.outputs],
    }
    theirs = {**said, "macs": said["macs"] // samples}
    return [f"{name} {one} for {theirs[name]}" for name, one in ours.items() if name in theirs and one != theirs[name]]


def _at_other_sizes(network: Held) -> list[str]:
    """The same of a picture of other sizes, and which squares it runs on."""
    said = network.said
    found = []
    for other in said["elsewhere"]:
        shape = other["input"]
        report = cnnsum.summarize(cnnsum.load(network.archive, inputs=tuple(shape[1:])))
        found += [f"at {shape[2]}x{shape[3]}: {one}" for one in _compared(report, other, shape[0])]
    free = cnnsum.summarize(cnnsum.load(network.archive))
    height, width = (str(dim) for dim in free.inputs[0].shape[2:])
    accepted = [
        size
        for size in said["tried"]
        if all(evaluate(one.condition, {height: size, width: size}) for one in free.sizes)
    ]
    if accepted != said["runs"]:
        found.append(f"squares accepted {accepted} for {said['runs']}")
    return found


def differences(network: Held) -> list[str]:
    """What cnnsum says otherwise than PyTorch."""
    said = network.said
    is_free = "elsewhere" in said
    inputs = tuple(said["inputs"][0][1:]) if is_free else None
    report = cnnsum.summarize(cnnsum.load(network.archive, inputs=inputs))
    totals = report.totals
    found = _compared(report, said, said["inputs"][0][0])
    stated = said["stated"]
    if stated and stated["parameters"] != totals.params.total:
        found.append(f"stated parameters {stated['parameters']}")
    if "gmacs" in stated and isinstance(totals.macs, int) and abs(totals.macs / 1e9 - stated["gmacs"]) > 0.0006:
        found.append(f"stated GMACs {stated['gmacs']} for {totals.macs / 1e9:.3f}")
    if is_free:
        found += _at_other_sizes(network)
    messages = collections.Counter(f"{one.code} {one.message}" for one in report.diagnostics)
    return [*found, *(f"{message} (x{count})" for message, count in list(messages.items())[:6])]


def operations(held: list[Held]) -> None:
    """How many networks and nodes hold each operation, the most widespread first."""
    nodes: collections.Counter[str] = collections.Counter()
    holders: collections.Counter[str] = collections.Counter()
    for network in held:
        once = set()
        for target, count in network.said["operations"].items():
            name = ".".join(target.split(".")[:2])
            nodes[name] += count
            once.add(name)
        holders.update(once)
    for name, count in sorted(holders.items(), key=lambda one: (-one[1], -nodes[one[0]], one[0])):
        known = TORCH.find(name) or TORCH.find(name.removesuffix("_"))
        print(f"{name:<50} {count:>4} {nodes[name]:>7}  {'known' if known else 'NOT KNOWN'}")


_PAGE = """\
# Networks of torchvision

What cnnsum counts in the exported programs of torchvision's classifiers, networks for segmentation and video, and
detectors, beside what torchvision publishes of each: `num_params`, and `_ops`, in GMACs of three decimals. Made by
`python bench/torch/check_archives.py FOLDER --table`, from what `bench/torch/make_archives.py FOLDER 'torchvision-*'
'detection-*'` exports. Buffers, MACs by `FlopCounterMode` and shapes of outputs are compared, too.

{equal} of {all} are equal in all of this.

Of a detector the layers are counted: the backbone, and the heads on boxes that are given. Which boxes there are, and
how many, depends on what a picture shows, and no program tells it. Torchvision does not say, either, on which picture
it counted: the sizes and boxes here are those with which the work is the published one. The backbones are compared by
themselves, too: with sizes that are fixed, and with free ones, at five sizes, and in which of 117 squares from 1 to 320
they run on.

| network | parameters | published | MACs | published GMACs | equal |
|---|---:|---:|---:|---:|---|
"""


def _name(said: dict[str, Any]) -> str:
    """A network's name, and the inputs of a detector."""
    family, _, name = said["name"].partition("-")
    if family != "detection":
        return f"`{name}`"
    (_, _, height, width), *regions = said["inputs"]
    boxes = [f"{counted(shape[0], 'box', 'boxes')} of {shape[2]}x{shape[3]}" for shape in regions]
    return f"`{name.removesuffix('-layers')}`, {', '.join([f'{height}x{width}', *boxes])}"


def table(held: list[Held]) -> str:
    """The page of the networks of which torchvision publishes numbers."""
    lines = []
    differing = 0
    for network in held:
        said = network.said
        if not said["stated"]:
            continue
        totals = cnnsum.summarize(cnnsum.load(network.archive)).totals
        found = differences(network)
        differing += bool(found)
        stated = said["stated"]
        numbers = f"{totals.params.total:,} | {stated['parameters']:,} | {totals.macs:,} | {stated['gmacs']}"
        lines.append(f"| {_name(said)} | {numbers} | {'; '.join(found) or 'yes'} |")
    return _PAGE.format(equal=len(lines) - differing, all=len(lines)) + "\n".join(lines) + "\n"


def main() -> int:
    """Print a line for each network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--operations", action="store_true")
    parser.add_argument("--table", action="store_true", help="write docs/pytorch_networks.md")
    given = parser.parse_args()
    held = networks(given.folder)
    if given.table:
        page = Path(__file__).resolve().parents[2] / "docs" / "pytorch_networks.md"
        page.write_text(table(held), encoding="utf-8")
        return 0
    if given.operations:
        operations(held)
        return 0
    differing = 0
    for network in held:
        found = differences(network)
        differing += bool(found)
        print(f"{network.said['name']}: {'; '.join(found) or 'equal'}")
    print(f"{len(held) - differing} of {len(held)} equal")
    return int(bool(differing))


if __name__ == "__main__":
    sys.exit(main())
