"""Draws docs/summary.svg: the real output of the seed spec on a colour terminal, through rich.

python docs/make_picture.py
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console
from rich.text import Text

import cnnsum
from cnnsum.answers.summary.rendering import Options, styled_lines

DOCS = Path(__file__).resolve().parent
SPEC = "specs/horses_or_humans.yaml"


def main() -> None:
    """Write the picture."""
    report = cnnsum.summarize(cnnsum.load(DOCS.parent / SPEC), details=False)
    console = Console(record=True, width=80, file=io.StringIO(), force_terminal=True, color_system="256")
    console.print(Text(f"$ cnnsum {SPEC}"))
    for line in styled_lines(report, Options(terminal=80)):
        console.print(Text.assemble(*line), soft_wrap=True, highlight=False)
    picture = console.export_svg(title="cnnsum", unique_id="summary")
    # rich asks for a font from the network; the reader's own monospaced font serves as well.
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    (DOCS / "summary.svg").write_text(picture + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
