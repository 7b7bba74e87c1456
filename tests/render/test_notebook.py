"""What notebooks show of answers: whole elements with their own look, texts unchanged, nothing in them that acts."""

from __future__ import annotations

import base64
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import cnnsum
from cnnsum.render.notebook import framed

SPEC = "{name: n, input: [8, 8, 3], layers: [{Conv2D: {filters: 2, kernel_size: 3, name: a}}]}"


def shown(answer: object) -> ET.Element:
    """The element that a notebook is given, as XML."""
    return ET.fromstring(answer._repr_html_())  # type: ignore[attr-defined]


def text(root: ET.Element) -> str:
    (found,) = root.iter("pre")
    return found.text or ""


def test_every_answer_is_its_text_in_one_width():
    model = cnnsum.loads(SPEC)
    report = cnnsum.summarize(model)
    assert text(shown(report)) == str(report)
    explained = cnnsum.explain(model, "a")
    assert text(shown(explained)).startswith("n: 1 layer explained")
    assert "H must" in text(shown(cnnsum.sizes(model))) or "H >= 3" in text(shown(cnnsum.sizes(model)))
    other = cnnsum.loads(SPEC.replace("filters: 2", "filters: 4"))
    assert "filters 2 -> 4" in text(shown(cnnsum.diff(model, other)))
    for answer in (report, explained, cnnsum.sizes(model)):
        (pre,) = shown(answer).iter("pre")
        assert "monospace" in (pre.get("style") or "")
        assert "white-space:pre" in (pre.get("style") or "")


def test_findings_of_a_check(tmp_path: Path):
    path = tmp_path / "m.yaml"
    path.write_text("input: [4]\nlayers: [{Dens: 3}]\n", encoding="utf-8")
    found = cnnsum.check([path])
    assert [one.code for one in found] == [one.code for one in list(found)]
    assert f"{path}:2:11: " in text(shown(found))
    path.write_text("input: [4]\nlayers: [{Dense: 3}]\n", encoding="utf-8")
    assert text(shown(cnnsum.check([path]))) == "No findings."


def test_charts_are_pictures_that_bring_no_styles_along():
    root = shown(cnnsum.summarize(cnnsum.load("specs/lenet5.yaml")))
    images = [*root.iter("img")]
    assert [one.get("alt") for one in images] == ["Parameters by layer", "MACs by layer"]
    for one in images:
        head, _, data = (one.get("src") or "").partition(",")
        assert head == "data:image/svg+xml;base64"
        assert ET.fromstring(base64.b64decode(data)).tag.endswith("svg")
    assert {one.tag for one in root.iter()} == {"div", "pre", "details", "summary", "img"}
    # Where sizes are open, there is nothing to draw.
    assert [*shown(cnnsum.summarize(cnnsum.load("specs/fcn.yaml"))).iter("img")][1:] == []


@pytest.mark.parametrize("bad", ["</pre><script>alert(1)</script>", "\x1b[31m\u202e\x00", "&amp;<b>"])
def test_nothing_in_a_text_is_markup(bad: str):
    root = ET.fromstring(framed(bad, (bad, "<svg/>")))
    assert {one.tag for one in root.iter()} == {"div", "pre", "details", "summary", "img"}
    assert "\x1b" not in ET.tostring(root, encoding="unicode")
