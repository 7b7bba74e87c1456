"""docs/cnnsum.1: as its script writes it today, and as roff that `man` has nothing to say of."""

from __future__ import annotations

import re
import shutil
import subprocess
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from cnnsum.cli.names import COMMANDS

DOCS = Path(__file__).resolve().parent.parent / "docs"


@pytest.fixture(scope="module")
def making() -> ModuleType:
    spec = spec_from_file_location("make_man_page", DOCS / "make_man_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_of_today(making: ModuleType) -> None:
    assert making.PAGE.read_text(encoding="utf-8") == making.page(), "run python docs/make_man_page.py"


def test_every_command_option_and_variable_is_there(making: ModuleType) -> None:
    text = making.page().replace("\\-", "-")
    for name in COMMANDS:
        assert f'.SS "cnnsum {name}' in text
    for told in ("--no-pager", "--watch", "--sweep", "--add-ignores", "savedmodel", "CNNSUM_PAGER", "FORCE_COLOR"):
        assert told in text
    assert text.count("--keras-backend") < 4  # options of many commands are told once


def test_the_variables_are_those_that_are_asked_for() -> None:
    """docs/terminal.md names each that the code reads."""
    reading = re.compile(r'environ(?:\.get\(|\[)"([A-Z_]+)"|"([A-Z_]+)" (?:not )?in os\.environ')
    code = "".join(path.read_text(encoding="utf-8") for path in (DOCS.parent / "cnnsum").rglob("*.py"))
    asked = {name for pair in reading.findall(code) for name in pair if name}
    page = (DOCS / "terminal.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE))
    assert {"NO_COLOR", "CNNSUM_TRACEBACK", "PAGER"} <= asked
    assert asked <= told


@pytest.mark.skipif(shutil.which("groff") is None, reason="needs groff")
def test_it_is_set_without_a_warning(making: ModuleType) -> None:
    command = ["groff", "-man", "-Tutf8", "-ww", "-z", str(making.PAGE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
