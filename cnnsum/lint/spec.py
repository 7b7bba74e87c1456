"""What a spec says of its own findings: `lint: {select: [...], ignore: [...]}`."""

from __future__ import annotations

from cnnsum.diagnostics import Diagnostic, DiagnosticList, did_you_mean
from cnnsum.lint.codes import fault
from cnnsum.lint.settings import Choice, Said
from cnnsum.source import Document

KEYS = ("select", "ignore")


def own_choice(document: Document) -> tuple[Choice, list[Diagnostic]]:
    """The choice that a spec makes, and what is wrong with it. Its reader reports a `lint` that is not a mapping."""
    table = document.value["lint"]
    faults = DiagnosticList()
    if not isinstance(table, dict):
        return Choice(), faults
    for key in table:
        if key not in KEYS:
            help = did_you_mean(key, KEYS, given=table) or f"`lint` has {' and '.join(f'`{known}`' for known in KEYS)}"
            span = document.span(("lint", key), key=True)
            faults.append(Diagnostic("SPC030", f"`lint` has no key `{key}`", span, help=help))
    select = _codes(document, "select", faults) if "select" in table else None
    return Choice(select, _codes(document, "ignore", faults) if "ignore" in table else ()), faults


def _codes(document: Document, key: str, faults: DiagnosticList) -> tuple[Said, ...]:
    value = document.value["lint"][key]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        help = f"write `{key}: [ARC402]`"
        span = document.span(("lint", key))
        faults.append(Diagnostic("SPC022", f"`{key}` is a list of codes", span, help=help))
        return ()
    found = []
    for index, text in enumerate(value):
        wrong = fault(text, suggest=faults.wants_help("SPC049"))
        if wrong is not None and not faults.has_room("SPC049"):
            continue  # and no place is looked for
        place = document.span(("lint", key, index))
        if wrong is not None:
            faults.append(Diagnostic("SPC049", wrong[0], place, help=wrong[1]))
        else:
            found.append(Said(text, f"{place.path}:{place.line}"))
    return tuple(found)
