"""Every code that the package uses has a title, and every title is of a code that is used."""

import re
from pathlib import Path

import cnnsum
from cnnsum.diagnostics import CODES

CODE = re.compile(r'"((?:SPC|CFG|SHP|GRF|ARC|BUD|SAF|UNK)\d{3})"')


def test_codes_are_those_in_use():
    used = set()
    for path in Path(cnnsum.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.name == "diagnostics.py":
            text = text[text.index("class Span") :]
        used.update(CODE.findall(text))
    assert used == set(CODES)


def test_titles_tell_codes_apart():
    assert len(set(CODES.values())) == len(CODES)


def test_the_page_lists_every_code():
    page = (Path(__file__).parent.parent / "docs" / "diagnostics.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", page, re.MULTILINE))
    assert listed == CODES
