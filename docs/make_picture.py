"""Draws the pictures of the documentation: docs/summary.svg, a terminal, and docs/pictures, what cnnsum draws itself.

python docs/make_picture.py
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console
from rich.text import Text

import cnnsum
from cnnsum.answers import renderer
from cnnsum.answers.summary.options import Options
from cnnsum.answers.summary.rendering import render, styled_lines
from cnnsum.ink import inked

DOCS = Path(__file__).resolve().parent
SPECS = DOCS.parent / "specs"
SPEC = "specs/horses_or_humans.yaml"
#: What `cnnsum MODEL --format svg` draws, by the name of the picture.
GRAPHS = {"unet": "torch/unet.yaml", "resnet50": "resnet50.yaml"}


def main() -> None:
    """Write the pictures."""
    (DOCS / "summary.svg").write_text(terminal() + "\n", encoding="utf-8")
    for name, text in drawings().items():
        (DOCS / "pictures" / f"{name}.svg").write_text(text, encoding="utf-8")


def terminal() -> str:
    """The real output of the seed spec on a colour terminal, through rich."""
    report = cnnsum.summarize(cnnsum.load(DOCS.parent / SPEC), details=False)
    console = Console(record=True, width=80, file=io.StringIO(), force_terminal=True, color_system="256")
    console.print(Text(f"$ cnnsum {SPEC}"))
    for line in styled_lines(report, Options(terminal=80)):
        console.print(Text.assemble(*line), soft_wrap=True, highlight=False)
    picture = console.export_svg(title="cnnsum", unique_id="summary")
    # rich asks for a font from the network; the reader's own monospaced font serves as well.
    return re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)


def drawings() -> dict[str, str]:
    """The pictures of docs/pictures, by name."""
    found = {}
    for name, spec in GRAPHS.items():
        report = cnnsum.summarize(cnnsum.load(SPECS / spec), details=False)
        found[name] = "".join(inked(render(report, "svg", Options()), "svg"))
    before, after = (cnnsum.load(SPECS / f"{name}.yaml") for name in ("resnet18", "resnet34"))
    found["diff"] = "".join(inked(renderer("diff", "svg")(cnnsum.diff(before, after)), "svg"))
    return found


if __name__ == "__main__":
    main()
