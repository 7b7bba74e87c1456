"""How answers look in a notebook, and in what is exported of it: text in one width, pictures below.

Everything is in the elements themselves: what a notebook shows of others must not change, nor theirs this. Knows texts
and pictures, no answer.
"""

from __future__ import annotations

from cnnsum.ink import xml

#: Exported pages have styles of their own for `pre`, some without a font in which all characters are equally wide.
_TEXT = (
    "margin:0;padding:0;border:0;background:none;line-height:1.25;white-space:pre;"
    "font-family:ui-monospace,'SFMono-Regular','DejaVu Sans Mono',Menlo,Consolas,monospace;font-size:12px"
)


def framed(text: str, *pictures: tuple[str, str]) -> str:
    """HTML of a text, and of pictures behind a line that opens them: each a title and an SVG document."""
    shown = "".join(
        f"<details><summary>{xml(title)}</summary>"
        f'<img alt="{xml(title)}" style="max-width:100%" src="data:image/svg+xml;base64,{_base64(svg)}"/></details>'
        for title, svg in pictures
    )
    return f'<div style="overflow-x:auto"><pre style="{xml(_TEXT)}">{xml(text)}</pre>{shown}</div>'


def _base64(text: str) -> str:
    from base64 import b64encode

    return b64encode(text.encode()).decode()
