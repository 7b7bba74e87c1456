"""The walk of a value through the code is the one that docs/architecture.md tells."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path
from types import FrameType

import cnnsum
from cnnsum.cli.summary import summary_of

ROOT = Path(cnnsum.__file__).parent
FILTERS = 12_347
SPEC = f"input: [8, 8, 3]\nlayers:\n  - Conv2D: {{filters: {FILTERS}, kernel_size: 3}}\n"
_DEPTH = 2  # of what carries the value
#: Whoever follows a value through the code learns so many names for it. One more is one too many: call it as it is
#: called already.
MOST_NAMES = 8


def _holds(value: object, depth: int = 0) -> bool:
    if type(value) is int:
        return value == FILTERS
    if isinstance(value, str):
        return value in (str(FILTERS), f"{FILTERS:,}")
    if depth == _DEPTH or not isinstance(value, tuple | list | dict):
        return False
    return any(_holds(one, depth + 1) for one in (value.values() if isinstance(value, dict) else value))


def _walked(model: str) -> tuple[dict[str, set[str]], set[str]]:
    """The files in which the value is held while a model is summarized, and the names of what holds it; and the names
    of the value itself. How tuples are made is not a stop on its way: it depends on how many there were before.
    """
    found: dict[str, set[str]] = defaultdict(set)
    own: set[str] = set()
    summary_of(model)  # what it imports is not followed

    def follow(frame: FrameType, _event: str, _argument: object) -> object:
        path = Path(frame.f_code.co_filename)
        if not path.is_relative_to(ROOT) or path.name == "typed.py":
            return None
        names = found[path.relative_to(ROOT).as_posix()]

        def look(frame: FrameType, _event: str, _argument: object) -> object:
            for name, value in frame.f_locals.items():
                if name not in names and _holds(value):
                    names.add(name)
                if name not in own and _holds(value, _DEPTH):
                    own.add(name)
            return look

        return look

    before = sys.gettrace()
    sys.settrace(follow)
    try:
        summary_of(model)
    finally:
        sys.settrace(before)
    return {file: names for file, names in found.items() if names}, own


def test_the_walk_is_the_one_of_the_page(tmp_path: Path) -> None:
    page = (ROOT.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = page.partition("## One value on its way")[2].partition("\n## ")[0]
    told = {
        file: set(re.findall(r"`(\w+)`", names))
        for file, names in re.findall(r"^\| `cnnsum/(\S+\.py)` \| (.*?) \|", section, re.MULTILINE)
    }
    assert len(told) > 10
    model = tmp_path / "model.yaml"
    model.write_text(SPEC, encoding="utf-8")
    walked, own = _walked(str(model))
    # Both ways: nothing is told that is not so, and no name is kept quiet.
    assert walked == told
    assert own == set(re.findall(r"`(\w+)`", section.partition("names of its own (")[2].partition(")")[0]))
    assert len(own) <= MOST_NAMES
