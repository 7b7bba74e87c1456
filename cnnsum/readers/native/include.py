"""`include`: other files, whose blocks and layer types a spec may use.

A path is relative to the file that names it and stays inside that file's folder, links resolved: a spec from elsewhere
can read nothing that does not lie beside it. Loaded for specs that include.
"""

from __future__ import annotations

import os.path
import re

from cnnsum.diagnostics import Diagnostic, Related, UnusableError, did_you_mean
from cnnsum.layers.kinds import show
from cnnsum.readers.native.faults import Findings, Site
from cnnsum.source import Document, read
from cnnsum.source.raw import READ

#: Files that include files.
MAX_DEPTH = 20
_OFFERED = ("blocks", "layer_types", "vars")


def included(document: Document, findings: Findings) -> tuple[list[Document], bool]:
    """All files that the document includes, and those that they include, each once; and whether none is missing."""
    # Names the file by its real path, so that a link does not make two of one.
    start = os.path.realpath(document.path)
    found: dict[str, Document] = {start: document}
    complete = _include(document, findings, [start], found)
    return list(found.values())[1:], complete


def _include(document: Document, findings: Findings, chain: list[str], found: dict[str, Document]) -> bool:
    """Add what the document includes to `found`; False, with a report, where any of it cannot be had."""
    raw = document.value.get("include")
    site = Site(document, ("include",))
    if raw is None:
        return True
    paths = [(raw, site)] if isinstance(raw, str) else None
    if isinstance(raw, list):
        paths = [(path, site._replace(path=("include", index))) for index, path in enumerate(raw)]
    if paths is None:
        findings.add("SPC022", f"`include` is a path, or a list of paths, not {show(raw)}", site)
        return False
    complete = True
    for path, where in paths:
        if not isinstance(path, str) or not path.strip():
            findings.add("SPC022", f"`include` is a path, or a list of paths, not {show(path)}", where)
            complete = False
            continue
        target = _inside(path, document, where, findings)
        if target is None:
            complete = False
        elif target in chain:
            complete = False
            names = [os.path.basename(one) for one in (*chain[chain.index(target) :], target)]
            findings.add("SPC061", f"`{path}` includes itself: {' -> '.join(names)}", where)
        elif len(chain) > MAX_DEPTH:
            complete = False
            findings.add("SPC061", f"files include files more than {MAX_DEPTH} deep", where)
        elif target not in found:
            other = _read(path, document, where, findings)
            if other is None:
                complete = False
            else:
                found[target] = other
                complete = _include(other, findings, [*chain, target], found) and complete
    return complete


def _inside(path: str, document: Document, site: Site, findings: Findings) -> str | None:
    """The real path of an included file; None, with a report, where it may not be read."""
    if document.path.startswith("<"):
        message = f"`include` needs a spec in a file, and this one is {document.path}"
        findings.add("SPC062", message, site, help="write it to a file beside the one that it includes, and name that")
        return None
    help = "name a file in the folder of this one, or below it"
    if "\0" in path or os.path.isabs(path) or re.match(r"[/\\~]|[A-Za-z]:", path):
        findings.add("SAF602", f"`{path}` is not a relative path", site, help=help)
        return None
    if ".." in re.split(r"[/\\]", path):
        findings.add("SAF602", f"`{path}` leaves the folder of this file", site, help=help)
        return None
    folder = os.path.realpath(os.path.dirname(document.path) or ".")
    target = os.path.realpath(os.path.join(folder, path))
    if os.path.commonpath([folder, target]) != folder:
        findings.add("SAF602", f"`{path}` is a link that leaves the folder of this file", site, help=help)
        return None
    if not os.path.isfile(target):
        READ.add(target)  # it was looked for
        if os.path.isdir(target):
            what, help = "is a folder", "name a file in it"
        elif os.path.exists(target):
            what, help = "is not a file", "name a file of declarations"
        else:
            what, help = "does not exist", _near(path, folder) or "it is looked for from the folder of this file"
        findings.add("SPC063", f"`{path}` {what}", site, help=help)
        return None
    return target


def _near(path: str, folder: str) -> str | None:
    try:
        names = [name for name in os.listdir(os.path.join(folder, os.path.dirname(path))) if name.endswith(_ENDINGS)]
    except OSError:
        return None
    return did_you_mean(os.path.basename(path), names[:1000])


_ENDINGS = (".yaml", ".yml", ".json")


def _read(path: str, document: Document, site: Site, findings: Findings) -> Document | None:
    try:
        other = read(os.path.join(os.path.dirname(document.path), path))
    except UnusableError as error:
        here = Related(site.span(), "it is included here")
        for one in error.diagnostics:
            related = (*one.related, here) if one.span is not None else one.related
            findings.diagnostics.append(
                Diagnostic(one.code, one.message, one.span or site.span(), one.severity, one.help, related)
            )
        return None
    findings.diagnostics.extend(other.diagnostics)
    value: object = other.value
    from cnnsum.readers.native.spec import KEYS

    if not isinstance(value, dict) or not any(key in value for key in (*_OFFERED, "include")):
        message = f"`{path}` has no `blocks` and no `layer_types` to bring in"
        keys = [key for key in value if key not in KEYS] if isinstance(value, dict) else []
        help = next((near for near in (did_you_mean(key, _OFFERED) for key in keys) if near is not None), None)
        findings.add("SPC064", message, site, help=help)
        return None
    for key in value:
        if key not in KEYS:
            help = did_you_mean(key, KEYS)
            findings.add("SPC030", f"a spec has no key `{key}`", Site(other, (key,), key=True), help=help)
    return other
