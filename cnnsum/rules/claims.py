"""Advice on what a file says of its model: numbers in comments, and names.

A comment is read as a claim only where it is written like one: `Parameters: 25.6M`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from cnnsum.analyses.conventions.tools import total
from cnnsum.analyses.counting import cost_of
from cnnsum.analyses.params import Weights
from cnnsum.diagnostics import Span
from cnnsum.dims import Dim
from cnnsum.graph.infer import Call
from cnnsum.graph.model import Layer, SaidTotal
from cnnsum.rules.base import Finding, rule
from cnnsum.rules.kinds import spelled
from cnnsum.rules.network import Network

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "b": 10**9, "t": 10**12}
_WORDS = {"thousand": "k", "million": "m", "billion": "b", "trillion": "t"}
_CLAIM = re.compile(
    r"\b(?P<what>params|parameters|macs|flops)[ \t]*[:=][ \t]*(?P<about>~|about[ \t]|ca\.[ \t])?[ \t]*"
    r"(?P<number>\d[\d,_]*(?:\.\d+)?)(?:[ \t]*(?P<unit>[kmgbt]|thousand|million|billion|trillion))?\b"
    r"(?:[ \t]+(?P<which>trainable|non-trainable|not[ \t]trainable)\b)?",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"(?:^|(?<=\s))#(.*)$")
#: Names that Keras refuses hold one of these.
_REFUSED = "/"


@rule("ARC491", "warning")
def claim_that_is_not_true(network: Network) -> Iterator[Finding]:
    """A comment with a number of parameters, MACs or FLOPs that is not that of the model, or of the layer on its line.

    Why: Comments are believed. A claim is `params:` (or `parameters:`, `macs:`, `flops:`) and a number, exact
    (`2,617,665`) or rounded (`25.6M`, `4.1 G`, `134 million`), which then has to agree in the digits that it has;
    `trainable` or `non-trainable` after it says which are counted. It is one of the whole model in the comments above
    the first key, and of a layer behind the layer, on its line. A number with `~` or `about` before it is not a claim.
    FLOPs that are the MACs are let pass: many papers count so. In an architecture file of Ultralytics, the parameters
    and the GFLOPs that stand behind the scale that is read, or above the rows of a file without scales (`2624080
    parameters, 6.6 GFLOPs`), are claims, too. GFLOPs are right as Ultralytics counts them today, as the tool counts
    that it used before (thop), and as twice the MACs, of the picture that the file is meant for.

    Fails:

        # params: 1,000
        input: [10]
        layers:
          - Dense: 10

    Passes:

        # params: 110
        input: [10]
        layers:
          - Dense: 10  # params: 0.11k
    """
    if network.document.format != "yaml":
        return
    for said in network.graph.said_totals:
        message = _of_all(network, said)
        if message:
            yield Finding(None, message, "mend the comment, or the model", span=said.place)
    if "#" not in network.document.text:
        return
    layers: dict[int, list[Layer]] | None = None
    leading = True
    for number, line in enumerate(network.document.text.splitlines(), 1):
        comment = _COMMENT.search(line) if "#" in line else None
        if line.strip() and not line.lstrip().startswith("#"):
            leading = False
        claim = _CLAIM.search(comment[1]) if comment is not None else None
        if comment is None or claim is None or claim["about"]:
            continue
        if leading:
            weights, calls, whose = network.params.total, network.inference.calls, "the model"
        else:
            layers = _by_line(network) if layers is None else layers
            here = layers.get(number, [])
            if line.lstrip().startswith("#") or len(here) != 1:
                continue
            weights, calls = network.params.by_layer[here[0]], network.calls_of(here[0])
            whose = f"`{here[0].name}`"
        right, noun = _measured(claim, weights, calls)
        if all(isinstance(found, int) and not _agrees(found, claim) for found in right):
            start, end = comment.start(1) + claim.start(), comment.start(1) + claim.end()
            yield Finding(
                None,
                f"the comment says {claim['number']}{_unit(claim)}, but {whose} has {spelled(right[0])} {noun}",
                "mend the comment, or the model",
                span=Span(network.document.path, number, start + 1, number, end + 1),
            )


def _of_all(network: Network, said: SaidTotal) -> str:
    """What is wrong with a total that a comment says; "" where it is right, or where the right one is not known."""
    if not said.counters:
        parameters = network.params.total.parameters
        if isinstance(parameters, int) and parameters != int(said.number):
            return f"the comment says {int(said.number):,} parameters, but the model has {parameters:,}"
        return ""
    found: list[Decimal] = []
    for name in said.counters:
        work = total(network.inference, name, network.graph.own_types)
        if not isinstance(work, int):
            return ""
        found.append(Decimal(2 * work).scaleb(-9))
    if any(_is_near(one, Decimal(said.number), said.number) for one in found):
        return ""
    return f"the comment says {said.number} GFLOPs, but the model has {found[0]:.{max(_places(said.number), 1)}f}"


def _places(digits: str) -> int:
    return len(digits.partition(".")[2])


def _is_near(found: Decimal, said: Decimal, digits: str) -> bool:
    """Whether a number is what is said, in the digits that are: rounded or cut, as both are written."""
    unit = Decimal(1).scaleb(-_places(digits))
    return -unit / 2 <= found - said < unit


def _measured(claim: re.Match[str], weights: Weights, calls: list[Call]) -> tuple[list[Dim], str]:
    """The numbers that a claim may mean, ours first, and what it is a number of."""
    what, which = claim["what"].lower(), (claim["which"] or "").lower()
    if not what.startswith("param"):
        cost = cost_of(calls)
        return ([cost.macs], "MACs") if what == "macs" else ([cost.flops, cost.macs], "FLOPs")
    if not which:
        return [weights.parameters], "parameters"
    return [weights.trainable if which == "trainable" else weights.non_trainable], f"{which} parameters"


def _unit(claim: re.Match[str]) -> str:
    unit = claim["unit"] or ""
    return f" {unit}" if len(unit) > 1 else unit


def _agrees(found: int, claim: re.Match[str]) -> bool:
    """Whether a number is what the claim says, in the digits that it has."""
    unit = (claim["unit"] or "").lower()
    factor = _UNITS[_WORDS.get(unit, unit)]
    digits = claim["number"].replace(",", "").replace("_", "")
    places = len(digits.partition(".")[2])
    claimed = Decimal(digits) * factor
    # Rounded and cut numbers are both written: 25,557,032 is 25.6M to some and 25.5M to others.
    tolerance = Decimal(factor).scaleb(-places) if factor > 1 or places else Decimal(0)
    return claimed == found if not tolerance else abs(claimed - found) < tolerance


def _by_line(network: Network) -> dict[int, list[Layer]]:
    """The layers that stand on each line of the file."""
    lines: dict[int, list[Layer]] = {}
    for layer in dict.fromkeys(call.layer for call in network.calls):
        if layer.place is not None and layer.place.document is network.document:
            lines.setdefault(layer.place.span().end_line, []).append(layer)
    return lines


@rule("ARC492", "warning")
def name_that_keras_refuses(network: Network) -> Iterator[Finding]:
    """A layer with `/` in its name, in a Keras file.

    Why: Keras 2 wrote such names (of TensorFlow's scopes), and Keras 3 refuses to load them: in Keras 3 the `/` parts
    the names of layers from those of their weights.

    Fails:

        {"class_name": "Sequential", "config": {"name": "net", "layers": [
          {"class_name": "InputLayer", "config": {"batch_shape": [null, 8], "name": "in"}},
          {"class_name": "Dense", "config": {"name": "head/score", "units": 2}}]}}

    Passes:

        {"class_name": "Sequential", "config": {"name": "net", "layers": [
          {"class_name": "InputLayer", "config": {"batch_shape": [null, 8], "name": "in"}},
          {"class_name": "Dense", "config": {"name": "head_score", "units": 2}}]}}
    """
    if network.document.format != "json":
        return
    for layer in dict.fromkeys(call.layer for call in network.calls):
        if _REFUSED in layer.name:
            yield Finding(layer, f"Keras 3 refuses the name `{layer.name}`", "`_` in place of `/`", "name")
