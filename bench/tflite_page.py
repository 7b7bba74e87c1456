"""Makes the table of docs/tflite.md: the operators of TensorFlow Lite that have a rule.

python -m bench.tflite_page
"""

from __future__ import annotations

from pathlib import Path

from cnnsum.layers.vocabulary import TFLITE

PAGE = Path(__file__).resolve().parent.parent / "docs" / "tflite.md"
HEAD = "| operator | rule |\n|---|---|\n"


def table() -> str:
    """The rows, in the order of the names."""
    rows = []
    for key, type in sorted(TFLITE.all_types().items()):
        says = " ".join(type.doc.split("\n\n")[0].split()).rstrip(".")
        rows.append(f"| `{key.partition('.')[2]}` | {says} |\n")
    return "".join(rows)


def main() -> None:
    """Write the table again."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(text[: text.index(HEAD) + len(HEAD)] + table(), encoding="utf-8")


if __name__ == "__main__":
    main()
