"""Every kind of model that is read is drawn in every format: whole, folded, with chosen columns, and with mistakes.

The models are those that the fuzzer writes (bench/fuzz): it has a writer for every format that there is.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

import cnnsum
from bench.fuzz.readers import READERS, files
from cnnsum.answers import renderer
from cnnsum.answers.page.ask import page
from cnnsum.answers.page.data import document
from cnnsum.answers.picture.ask import picture
from cnnsum.answers.picture.drawn import shown
from cnnsum.answers.summary.options import Options
from cnnsum.answers.summary.records import Report
from cnnsum.readers import FORMATS, sniff
from tests.thorough import each, examples, some

KINDS = [reader.name for reader in READERS]
#: Options, with whether what a box says has a line for the MACs.
ASKED = ((Options(), False), (Options(depth=1), False), (Options(columns="layer,macs", depth=0, symbolic=True), True))
SAMPLES = examples(8)


def models(kind: str, folder: Path, count: int, sound: float) -> list[cnnsum.Model]:
    """Models of a kind, as many as can be read of so many files: a program may use what nothing makes."""
    found = []
    for seed in range(count):
        drawn = files(Random(seed), sound=sound, only=(kind,))
        where = folder / f"{kind} {seed} {sound}"
        where.mkdir(parents=True)
        for name, data in drawn.contents.items():
            (where / name).write_bytes(data)
        with suppress(cnnsum.UnusableError):
            found.append(cnnsum.load(where / drawn.name))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kinds")


def assert_drawn(report: Report, options: Options, *, macs: bool) -> None:
    """Mermaid and DOT have a box for each that there is to draw, with what was asked for, and every edge."""
    whole = picture(report, depth=options.depth)
    seen = shown(whole)
    for format, box, arrow in (("mermaid", r"^ *n(\d+)[\[(]", "-->"), ("dot", r"^ *n(\d+) \[", " -> ")):
        text = "".join(renderer("summary", format)(report, options))
        assert {int(number) for number in re.findall(box, text, re.MULTILINE)} == {*seen.number.values()}
        edges = [line for line in text.splitlines() if re.match(r" *n\d+ -", line)]
        assert len(edges) == len(seen.edges), (format, whole.name)
        assert all(arrow in line for line in edges)
        if macs and seen.number:
            assert "MACs: " in text


@each("kind", KINDS)
def test_text_formats_and_the_page(kind: str, folder: Path) -> None:
    for sound in (1, 0):
        found = models(kind, folder, SAMPLES, sound)
        assert found or not sound
        for model in found:
            report = cnnsum.summarize(model)
            for options, macs in ASKED:
                assert_drawn(report, options, macs=macs)
            data = document(page(model, report))
            # Every layer of the summary is on the page, also where there are mistakes.
            rows = {row["name"] for row in data["rows"]}
            assert rows >= {row.name for row in report.rows if not row.rows}
            if model.wrong:
                assert any(one["severity"] == "error" for one in data["findings"])


def test_no_format_is_missing(folder: Path) -> None:
    read = {sniff(model.document) for kind in KINDS for model in models(kind, folder / "all", 2, 1)}
    assert read == {*FORMATS}


@each("kind", some(KINDS, 9))
def test_svg(kind: str, folder: Path) -> None:
    model = models(kind, folder / "svg", 2, 1)[0]
    report = cnnsum.summarize(model)
    options, _ = ASKED[2]
    text = "".join(renderer("summary", "svg")(report, options))
    root = ET.fromstring(text)
    boxes = [one for one in root.iter("{http://www.w3.org/2000/svg}g") if "closed" in (one.get("class") or "").split()]
    assert len(boxes) == len(shown(picture(report, depth=0)).number)
    assert "MACs: " in text
