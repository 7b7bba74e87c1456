"""Advice on the architecture: what is legal, and most likely not what its author wants.

Each rule is one function (`base`), in the module of its theme. A model's plain summary loads none of this.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cnnsum.diagnostics import Diagnostic, Mend, Span
from cnnsum.graph.model import Graph, Layer
from cnnsum.rules.base import Finding, Subject


def advise(subject: Subject) -> list[Diagnostic]:
    """What the rules that are wanted say of a model, by code and in the order of its layers.

    One rule speaks once of one place: copies of a block are one finding. It can be mended there if all copies need it.
    """
    from cnnsum.rules.base import all_rules, diagnose
    from cnnsum.rules.network import Network

    wanted = [rule for code, rule in all_rules().items() if subject.wanted(code)]
    if not wanted or not subject.inference.calls:
        return []
    network = Network(subject)
    found: list[Diagnostic] = []
    for rule in wanted:
        said = [diagnose(rule, finding) for finding in rule.check(network) if _is_for_author(subject, finding)]
        if not said:
            continue
        places: set[Span | None] = set()
        for one in said:
            if one.span is None or one.span not in places:
                places.add(one.span)
                found.append(one)
        mended = Counter([one.mend for one in said if one.mend is not None])
        if mended:
            _leave_out_partial(found, mended, subject)
    return found


def _is_for_author(subject: Subject, finding: Finding) -> bool:
    """Whether it is the author's to change: what is inside of a library's module is not."""
    return subject.graph.exported or finding.layer is None or finding.layer.module is None


def _leave_out_partial(found: list[Diagnostic], mended: Counter[Mend], subject: Subject) -> None:
    """Take away mends of a place that stands for layers which do not need them."""
    copies = Counter(layer.place.fields for layer in _layers(subject.graph) if layer.place is not None)
    for at, one in enumerate(found):
        if one.mend is not None and mended[one.mend] and mended[one.mend] != copies[one.mend.fields]:
            found[at] = one._replace(mend=None)


def _layers(graph: Graph) -> Iterator[Layer]:
    for layer in graph.layers:
        yield layer
        if layer.graph is not None:
            yield from _layers(layer.graph)
