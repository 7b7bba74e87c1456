"""A page of every kind of model that is read, sound and with mistakes, in Chromium: all is there, and nothing is said.

The models are those that the fuzzer writes (bench/fuzz): it has a writer for every format that there is.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

import cnnsum
from bench.fuzz.readers import READERS, files
from tests.browser.chromium import Browser
from tests.browser.page_files import Written

pytestmark = pytest.mark.browser

#: Of so many files those that can be read are opened.
TRIED = 3


@pytest.mark.parametrize("kind", [reader.name for reader in READERS])
def test_every_kind_of_model_has_a_page(kind: str, tmp_path: Path, browser: Browser) -> None:
    opened = 0
    for sound in (1, 0):
        for seed in range(TRIED):
            drawn = files(Random(seed), sound=sound, only=(kind,))
            where = tmp_path / f"{seed} {sound}"
            where.mkdir()
            for name, data in drawn.contents.items():
                (where / name).write_bytes(data)
            with suppress(cnnsum.UnusableError):
                assert_opens(Written(cnnsum.load(where / drawn.name), where / "page.html"), browser)
                opened += 1
    assert opened


def assert_opens(page: Written, browser: Browser) -> None:
    browser.open(page.file)
    browser.evaluate(
        "[...document.querySelectorAll('.tools button')].find((one) => one.textContent === 'Open all')?.click();"
        "await new Promise((done) => setTimeout(done));"
    )
    layers = sum(row["type"] != "InputLayer" for row in page.data["rows"])
    boxes = browser.evaluate("return document.querySelectorAll('.canvas .box.layer').length;")
    assert boxes == layers, page.file
    for tab in browser.evaluate("return [...document.querySelectorAll('[role=tab]')].map((one) => one.id);"):
        browser("click", selector=f"#{tab}")
    assert browser("noise") == [], page.file
