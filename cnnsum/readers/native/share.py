"""`share`: a layer, or a block with all its layers, that is called again with the same weights.

Loaded for specs that share.
"""

from __future__ import annotations

from cnnsum.diagnostics import did_you_mean
from cnnsum.graph.model import Layer, Node
from cnnsum.layers.kinds import show
from cnnsum.readers.native.entry import Entry
from cnnsum.readers.native.faults import Findings
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.readers.native.expand import Use
    from cnnsum.readers.native.keys import Frame
    from cnnsum.readers.native.wires import Items

_ALLOWED = ("name", "from", "when", "repeat", "share")


def find_shared(
    entry: Entry,
    frame: Frame,
    copies: int | None,
    results: dict[str, Node | Items],
    uses: dict[str, list[Use]],
    findings: Findings,
) -> list[Layer | Use] | None:
    """What `share` names: one thing, or as many as there are copies. None where something is wrong (reported)."""
    special = entry.special or {}
    name = special["share"]
    site = entry.site("share")
    if not isinstance(name, str):
        findings.add("CFG102", f"`share` must be the name of a layer, got {show(name)}", site)
        return None
    full = frame.prefix + name
    for key in (*entry.raw, *special):
        if key in entry.raw or key not in _ALLOWED:
            message = f"`{key}` stands with `share`: what is shared is as `{name}` says"
            findings.add("SPC037", message, entry.site(key, key=True), help=f"remove `{key}`")
            return None
    if full in uses and entry.block is not None:
        return _of_block(entry, name, uses[full], copies, findings)
    if full in results or f"{full}.0" in results:
        return _of_layer(entry, name, full, copies, results, uses, findings)
    help = None
    if findings.diagnostics.wants_help("GRF302"):
        help = did_you_mean(name, [one[len(frame.prefix) :] for one in results if one.startswith(frame.prefix)])
    help = help or "what is shared stands before what shares it"
    findings.add("GRF302", f"there is no layer `{name}` above this one", site, help=help)
    return None


def _of_layer(
    entry: Entry,
    name: str,
    full: str,
    copies: int | None,
    results: dict[str, Node | Items],
    uses: dict[str, list[Use]],
    findings: Findings,
) -> list[Layer | Use] | None:
    wanted = entry.block or entry.type
    if wanted is None and entry.model is None:
        return None
    called = entry.type_name if wanted is None else wanted.name
    site = entry.site("share")
    count = 0
    while f"{full}.{count}" in results:
        count += 1
    if count and count != copies:
        _wrong_count(name, count, entry, findings)
        return None
    names = [f"{full}.{index}" for index in range(count)] or [full]
    layers: list[Layer | Use] = []
    for one in names:
        found = results.get(one)
        layer = found.layer if isinstance(found, Node) else None
        if one in uses:
            what = f"a use of block `{uses[one][0].entry.type_name}`"
        elif layer is None or layer.spec is not None:
            what = "not a layer of the network"
        elif layer.type is not entry.type and (layer.type is not None or layer.graph is not None):
            what = f"{'an' if layer.type_name[0] in 'AEIOU' else 'a'} {layer.type_name}"
        elif layer.graph is not None and layer.type_name != called:
            what = f"a {layer.type_name}"
        else:
            layers.append(layer)
            continue
        kind = f"block `{called}`" if entry.block is not None else called
        findings.add("SPC037", f"`{name}` is {what}, and cannot be shared as {kind}", site)
        return None
    return layers


def _wrong_count(name: str, count: int, entry: Entry, findings: Findings) -> None:
    message = f"`{name}` has {count} copies: share one of them (`{name}.0`), or all with `repeat: {count}`"
    findings.add("SPC037", message, entry.site("share"))


def _of_block(
    entry: Entry, name: str, uses: list[Use], copies: int | None, findings: Findings
) -> list[Layer | Use] | None:
    site = entry.site("share")
    block = uses[0].entry.block
    if block is not entry.block:
        what = block.name if block is not None else "?"
        findings.add("SPC037", f"`{name}` is a use of block `{what}`, not of `{entry.type_name}`", site)
        return None
    if len(uses) > 1 and len(uses) != copies:
        _wrong_count(name, len(uses), entry, findings)
        return None
    return list(uses)
