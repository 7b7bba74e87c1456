"""What charts as pictures have in common: SVG that stands alone, light or dark as the reader's screen is.

Written by hand and without scripts; a browser shows the title of what the pointer is on. Knows texts and numbers only.
"""

from __future__ import annotations

from collections.abc import Iterable

from cnnsum.ink import xml
from cnnsum.render.style import printable

WIDTH = 960
_STYLE = """\
text { font: 13px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #24292f; }
.title { font-size: 17px; font-weight: 600; }
.small { font-size: 12px; fill: #656d76; }
.right { text-anchor: end; }
.middle { text-anchor: middle; }
.page { fill: #ffffff; }
.grid { stroke: #d8dee4; fill: none; }
.axis { stroke: #8c959f; fill: none; }
.used { fill: #3b82c4; }
.waiting { fill: #a9c7e3; }
.scratch { fill: #e8a33d; }
.peak { fill: #d1373f; }
.mark { stroke: #d1373f; fill: none; stroke-dasharray: 3 3; }
.part { fill: transparent; }
.part:hover { fill: #24292f; fill-opacity: .12; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.small { fill: #9198a1; }
.page { fill: #0d1117; }
.grid { stroke: #262c36; }
.axis { stroke: #656c76; }
.waiting { fill: #24476b; }
.part:hover { fill: #ffffff; fill-opacity: .15; }
}
"""


def document(width: int, height: int, title: str, parts: Iterable[str]) -> str:
    """A picture with a title and these elements."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{text(title)}">\n<style>\n{_STYLE}</style>\n'
        f'<rect class="page" width="{width}" height="{height}" rx="8"/>\n'
        f'<text class="title" x="24" y="36">{text(title)}</text>\n'
    )
    return head + "".join(f"{part}\n" for part in parts) + "</svg>\n"


def text(written: str) -> str:
    """A text as an element has it."""
    return xml(printable(written))


def name(written: str, length: int) -> str:
    """A name of so many letters: of a longer one both ends."""
    shown = printable(written)
    if len(shown) > length:
        tail = (length - 1) // 2
        shown = f"{shown[: length - 1 - tail]}…{shown[len(shown) - tail :]}"
    return xml(shown)


def spot(value: float) -> str:
    """A place in a picture, as short as it can be written."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
