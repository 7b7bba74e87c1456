"""Every rendering of a few reports, against the text in `golden/` (CNNSUM_OVERWRITE=1 writes it anew).

`horses_or_humans.keras.txt` is Keras's own output; a test among the peers holds it to the installed Keras.
"""

from __future__ import annotations

import os
from pathlib import Path

import report_sample as sample

from cnnsum.answers.summary.rendering import Options, Report, render
from tests.thorough import each

GOLDEN = Path(__file__).parent / "golden"

CASES: dict[str, tuple[Report, str, Options]] = {
    "horses_or_humans.keras.txt": (sample.horses_or_humans(), "table", Options(keras_only=True)),
    "horses_or_humans.txt": (sample.horses_or_humans(), "table", Options()),
    "horses_or_humans.columns.txt": (
        sample.horses_or_humans(),
        "table",
        Options(columns="+macs,receptive_field,share", terminal=120),
    ),
    "horses_or_humans.narrow.txt": (
        sample.horses_or_humans(),
        "table",
        Options(columns="layer,type,output,output_memory,saved_memory,dtype", terminal=72, keras_only=True),
    ),
    "horses_or_humans.json": (sample.horses_or_humans(), "json", Options()),
    "horses_or_humans.csv": (sample.horses_or_humans(), "csv", Options()),
    "horses_or_humans.md": (sample.horses_or_humans(), "markdown", Options()),
    "nested.txt": (sample.nested(), "table", Options(terminal=120, keras_only=True)),
    "nested.expanded.txt": (
        sample.nested(),
        "table",
        Options(terminal=130, expand_nested=True, show_trainable=True, keras_only=True),
    ),
    "nested.json": (sample.nested(), "json", Options()),
    "nested.md": (sample.nested(), "markdown", Options(expand_nested=True)),
    "blocks.folded.txt": (sample.blocks(), "table", Options(depth=2, terminal=112)),
    "blocks.depth1.txt": (sample.blocks(), "table", Options(depth=1, columns="layer,params,macs,connected")),
    "blocks.csv": (sample.blocks(), "csv", Options(depth=2, columns="layer,block,params,macs,share")),
    "symbolic.txt": (sample.symbolic(), "table", Options()),
    "symbolic.json": (sample.symbolic(), "json", Options()),
    "unnamed.txt": (sample.unnamed(), "table", Options()),
    "unnamed.symbolic.txt": (sample.unnamed(), "table", Options(symbolic=True)),
    "unknown.txt": (sample.unknown(), "table", Options()),
    "unknown.json": (sample.unknown(), "json", Options()),
    "unknown.csv": (sample.unknown(), "csv", Options()),
    "unknown.ascii.txt": (sample.unknown(), "table", Options(ascii=True, keras_only=True)),
}


@each("name", CASES)
def test_golden(name: str) -> None:
    report, format, options = CASES[name]
    found = "".join(render(report, format, options))
    path = GOLDEN / name
    if os.environ.get("CNNSUM_OVERWRITE"):
        path.write_bytes(found.encode())
    assert found == path.read_bytes().decode()


def test_every_golden_file_is_used() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(CASES)
