"""A notebook that was run, exported by nbconvert and opened in Chromium: what answers look like there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import ROOT, Browser

pytestmark = pytest.mark.browser

HOSTILE = (
    "{name: a<b>&'\"</pre><script>alert(1)</script>, input: [8, 8, 3], "
    "layers: [{Conv2D: {filters: 2, kernel_size: 3}}]}"
)

#: The source of each cell, and a line of what it shows.
CELLS = [
    ("cnnsum.summarize(cnnsum.load('specs/horses_or_humans.yaml'))", "Total params: 2,617,665 (9.99 MB)"),
    ("cnnsum.explain(cnnsum.load('specs/horses_or_humans.yaml'), 'conv2d_1')", "18,496"),
    ("cnnsum.sizes(cnnsum.load('specs/torch/unet.yaml'))", "H"),
    ("cnnsum.diff(cnnsum.load('specs/resnet18.yaml'), cnnsum.load('specs/resnet34.yaml'))", "resnet34"),
    ("cnnsum.check(['tests/readers/ultralytics/wrong.yaml'])", "UNK701"),
    (f"cnnsum.summarize(cnnsum.loads({HOSTILE!r}))", "Total params: 56"),
]

#: The look `classic` asks for a library of its own, which is not to be had here.
_OF_NBCONVERT = ("/mermaid.esm.min.mjs", "Failed to load resource: ")

#: What a reader sees of each output: text, whether its letters are equally wide and its lines unbroken, pictures.
_LOOK = """
const width = (pre, text) => {
  const probe = document.createElement('span');
  probe.textContent = text;
  pre.append(probe);
  const found = probe.getBoundingClientRect().width;
  probe.remove();
  return found;
};
for (const one of document.querySelectorAll('details')) one.open = true;
const shown = [...document.querySelectorAll('pre')].filter((pre) => pre.parentElement.style.overflowX === 'auto');
await Promise.all([...document.images].map((one) => one.decode()));
return shown.map((pre) => {
  const lines = pre.textContent.replace(/\\n$/, '').split('\\n').length;
  const style = getComputedStyle(pre);
  return {
    text: pre.textContent,
    even: Math.abs(width(pre, 'iiiiiiiiii') - width(pre, 'MMMMMMMMMM')) < 0.1,
    lines,
    drawn: pre.getBoundingClientRect().height / parseFloat(style.lineHeight),
    border: style.borderTopWidth,
    wide: pre.parentElement.getBoundingClientRect().right <= document.documentElement.clientWidth,
    pictures: [...pre.parentElement.querySelectorAll('img')].map((one) => [one.alt, one.naturalWidth > 0]),
  };
});
"""


@pytest.fixture(scope="module")
def exported(folder: Path) -> dict[str, Path]:
    """The notebook, run by a kernel of its own, in two of nbconvert's looks."""
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    nbconvert = pytest.importorskip("nbconvert")
    pytest.importorskip("ipykernel")
    cells = [nbformat.v4.new_code_cell(source) for source in ("import cnnsum", *(source for source, _ in CELLS))]
    notebook = nbformat.v4.new_notebook(cells=cells)
    place = {"metadata": {"path": str(ROOT)}}
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3", resources=place).execute()
    found = {}
    for look in ("lab", "classic"):
        # The exported page's own scripts come from elsewhere, and nothing of cnnsum's needs them.
        exporter = nbconvert.HTMLExporter(template_name=look, mathjax_url="", require_js_url="", jquery_url="")
        html, _ = exporter.from_notebook_node(notebook)
        found[look] = folder / f"{look}.html"
        found[look].write_text(html, encoding="utf-8")
    return found


@pytest.mark.parametrize("look", ["lab", "classic"])
@pytest.mark.parametrize("width", [500, 1400])
def test_what_is_exported_keeps_its_look(browser: Browser, exported: dict[str, Path], look: str, width: int):
    browser.open(exported[look], width=width, drawn="pre")
    shown: list[dict[str, Any]] = browser.evaluate(_LOOK)
    assert len(shown) == len(CELLS)
    for (source, line), one in zip(CELLS, shown, strict=True):
        assert line in one["text"], source
        assert one["even"], source
        assert abs(one["drawn"] - one["lines"]) < 0.5, (source, one["drawn"], one["lines"])
        assert (one["border"], one["wide"]) == ("0px", True), source
    assert shown[0]["pictures"] == [["Parameters by layer", True], ["MACs by layer", True]]
    # The letters of a hostile name are letters: nothing ran, nothing was asked for.
    assert "</pre><script>" in shown[-1]["text"]
    assert [one for one in browser("noise") if not any(own in one for own in _OF_NBCONVERT)] == []
