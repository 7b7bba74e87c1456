"""What stands at the top of an architecture file: its scales, and the numbers and keys of the whole file.

Knows no rows, and nothing of graphs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cnnsum.diagnostics import Diagnostic, did_you_mean
from cnnsum.source import Document
from cnnsum.typed import Any, NamedTuple

#: More channels than these are a slip, and no network.
MOST_CHANNELS = 1 << 24

#: What a file may say of itself, beside its rows. A slip in one of the first leaves out what it says, in silence.
KEYS = ("nc", "scales", "backbone", "head", "activation", "depth_multiple", "width_multiple", "anchors", "kpt_shape")
OTHERS = ("ch", "channel_multiple", "channels", "end2end", "heads", "names", "reg_max", "scale", "task", "text_model")


class Scale(NamedTuple):
    """How a file is scaled: by depth and width, with a limit on channels before that."""

    name: str
    depth: float
    width: float
    most: float


def scale_of(value: Mapping[str, Any], wanted: str | None) -> Scale:
    """The scale that is wanted, else the first; depth and width of the file where it has no scales."""
    scales = value.get("scales")
    if isinstance(scales, dict) and scales:
        name = wanted if wanted in scales else next(iter(scales))
        found = scales[name]
        if isinstance(found, list) and len(found) > 1 and all(map(is_number, found)):
            most = float(found[2]) if len(found) > 2 else float("inf")
            return Scale(str(name), float(found[0]), float(found[1]), most)
        return Scale(str(name), 1.0, 1.0, float("inf"))
    depth, width = value.get("depth_multiple", 1.0), value.get("width_multiple", 1.0)
    return Scale("", float(depth) if is_number(depth) else 1.0, float(width) if is_number(width) else 1.0, float("inf"))


def is_whole(value: object) -> bool:
    """Whether a value is a count of classes or the like."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < MOST_CHANNELS


def is_number(value: object) -> bool:
    """Whether a value may scale a network: no sizes come of anything larger, or of what is not a number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < MOST_CHANNELS


def wrong_at_top(document: Document, scale: str) -> Iterator[Diagnostic]:
    """Numbers of the whole file that are not numbers, and keys that are a slip: another network is not to be guessed.

    scale: the name of the scale that is read; empty where there is none.
    """
    value: Mapping[str, Any] = document.value
    scales = value.get("scales")
    if isinstance(scales, dict) and scale:
        name = next(one for one in scales if str(one) == scale)
        found = scales[name]
        if not (isinstance(found, list) and len(found) == 3 and all(map(is_number, found))):
            message = f"the scale `{str(name)[:40]}` must be three numbers"
            help = "its depth, its width and its most channels: [0.5, 0.25, 1024]"
            yield Diagnostic("CFG102", message, document.span(("scales", name)), "error", help)
    for key in ("depth_multiple", "width_multiple"):
        if key in value and not is_number(value[key]):
            yield Diagnostic("CFG102", f"`{key}` must be a positive number", document.span((key,)))
    for key in ("nc", "ch", "channels", "reg_max"):
        if key in value and not is_whole(value[key]):
            yield Diagnostic("CFG102", f"`{key}` must be a positive integer", document.span((key,)))
    for key in value:
        if key not in (*KEYS, *OTHERS) or (key in ("heads", "scale") and isinstance(value[key], (list, dict))):
            near = did_you_mean(str(key), KEYS)
            if near is not None:
                message = f"an architecture file has no key `{str(key)[:40]}`"
                yield Diagnostic("SPC030", message, document.span((key,), key=True), "error", near)
