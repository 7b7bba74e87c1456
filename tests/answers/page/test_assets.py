"""The built files of the front end: current, harmless as they are, and drawn alike by both engines."""

from __future__ import annotations

import hashlib
import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import cnnsum
from cnnsum.answers import OptionError
from cnnsum.answers.page import engine
from cnnsum.answers.page.data import encoded
from cnnsum.answers.page.html import asset
from cnnsum.answers.page.records import Page
from cnnsum.answers.picture.ask import picture
from cnnsum.ink import inked

FRONT_END = Path(__file__).parents[3] / "page"
ASSETS = ("page.js", "page.css", "picture.js")


def test_what_is_built_is_what_the_sources_say():
    """The hash as `page/build.mjs` makes it; `npm run build` in `page/` brings the built files up to date."""
    files = ["package.json", "package-lock.json", "build.mjs", *(f"src/{one.name}" for one in FRONT_END.glob("src/*"))]
    found = hashlib.sha256()
    for name in sorted(files):
        found.update(f"{name}\n".encode() + (FRONT_END / name).read_bytes())
    for name in ASSETS:
        first = asset(name).partition("\n")[0]
        assert found.hexdigest()[:16] in first, f"{name} is not current: npm run build in page/"


def test_nothing_in_the_built_files_is_changed_on_its_way_out():
    """The page allows its script by a hash, and a text that `inked` changed would have another."""
    for name in ASSETS:
        text = asset(name)
        assert "".join(inked([text], "html")) == text
        assert "</script" not in text.lower()
        assert "<!--" not in text


def test_the_script_asks_nobody_for_anything():
    for name in ASSETS:
        # The namespaces of SVG and MathML are names, and Preact's links to its own errors are never followed.
        addresses = set(re.findall(r"https?://[\w./-]+", asset(name)))
        assert {one for one in addresses if "www.w3.org" not in one} == set()
        assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts)\b", asset(name))


def data_of(name: str) -> str:
    report = cnnsum.summarize(cnnsum.load(f"specs/{name}.yaml"))
    return encoded(Page(report, picture(report)))


def test_both_engines_draw_the_same():
    script = asset("picture.js")
    for name in ("unet", "resnet50"):
        drawn = engine._by_v8(script, data_of(name))
        assert drawn is not None
        ET.fromstring(drawn)
        if shutil.which("node") is not None:
            assert engine._by_node(script, data_of(name)) == drawn


def test_without_an_engine_the_mend_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(engine, "_by_v8", lambda *_: None)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(OptionError, match="neither") as refused:
        engine.picture("{}")
    assert refused.value.help is not None
    assert "cnnsum[pictures]" in refused.value.help


def test_what_an_engine_cannot_draw_is_told_in_a_line():
    for engine_of in (engine._by_v8, engine._by_node):
        if engine_of is engine._by_node and shutil.which("node") is None:
            continue
        with pytest.raises(OptionError, match=r"could not draw the picture: .*Error: ") as refused:
            engine_of(asset("picture.js"), "{")
        assert len(refused.value.message) < 300
