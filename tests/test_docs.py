"""Every example of the README and of docs/ does what it shows.

A `console` block holds commands behind `$ ` and, below each, exactly what it prints. `CNNSUM_OVERWRITE=1` writes the
present output into the pages.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELL = 'cnnsum() { "$PYTHON" -m cnnsum "$@"; }\npython3() { "$PYTHON" "$@"; }\n'


def run(command):
    environment = {**os.environ, "PYTHON": sys.executable, "COLUMNS": "80", "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    done = subprocess.run(
        [shutil.which("bash"), "-c", SHELL + command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout if done.stdout.endswith("\n") or not done.stdout else done.stdout + "\n"


def performed(block):
    """The block with the present output below each command."""
    commands = [line for line in block.splitlines() if line.startswith("$ ")]
    return "".join(f"{command}\n{run(command[2:])}" for command in commands)


@pytest.mark.skipif(shutil.which("bash") is None, reason="the examples are bash's")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_consoles_show_what_is_printed(page):
    text = page.read_text(encoding="utf-8")
    present = BLOCK.sub(lambda match: f"```console\n{performed(match[1])}```", text)
    if os.environ.get("CNNSUM_OVERWRITE"):
        page.write_text(present, encoding="utf-8")
    assert present == text or os.environ.get("CNNSUM_OVERWRITE")


def test_the_python_of_the_readme_runs(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    (code,) = PYTHON.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    for expected in re.findall(r"^print\(.*\)  # (\d+)$", code, re.MULTILINE):
        assert expected in printed.splitlines()
    assert "Total params: 138,357,544 (527.79 MB)" in printed


def test_links_lead_somewhere():
    for page in PAGES:
        prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        for link in re.findall(r"\]\(([^)#]+)\)", prose):
            if not link.startswith("http"):
                assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_picture_shows_the_present_output():
    """The text in docs/summary.svg, tags and spaces aside, is the output of the seed spec."""
    import html

    picture = (ROOT / "docs" / "summary.svg").read_text(encoding="utf-8")
    words = html.unescape(re.sub(r"<[^>]*>", " ", picture.split("</style>")[-1])).replace("\xa0", " ").split()
    shown = "".join(words)
    for line in run("cnnsum specs/horses_or_humans.yaml").splitlines():
        assert "".join(line.split()) in shown, line


def test_the_layer_of_the_page_works_in_a_spec_and_in_a_keras_file():
    """The page's promise: one function in one file, and nothing else."""
    import cnnsum
    from cnnsum.layers import base

    page = (ROOT / "docs" / "adding_a_layer.md").read_text(encoding="utf-8")
    (code,) = PYTHON.findall(page)
    exec(compile(code, "adding_a_layer.md", "exec"), {"__name__": "cnnsum.layers.example"})
    try:
        report = cnnsum.summarize(cnnsum.loads("{input: [8, 8, 4], layers: [ChannelScale, ChannelScale: false]}"))
        assert not report.diagnostics
        assert [row.params.total for row in report.rows] == [8, 4]
        assert [row.flops for row in report.rows] == [2 * 256, 256]
        keras = (
            '{"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": ['
            '{"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "i"}},'
            '{"module": "keras.layers", "class_name": "ChannelScale", "config": {"name": "c", "gamma_constraint": 1}}'
            "]}}"
        )
        assert cnnsum.summarize(cnnsum.loads(keras)).totals.params.total == 8
    finally:
        del base._TYPES["ChannelScale"]


def test_the_spec_of_the_readme_is_sound():
    import cnnsum

    page = (ROOT / "README.md").read_text(encoding="utf-8")
    (spec,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    report = cnnsum.summarize(cnnsum.loads(spec))
    assert not report.diagnostics
    assert [row.type for row in report.rows] == ["Conv2D", "MaxPooling2D", "Conv2D", "Flatten", "Dense"]


def test_the_python_of_the_page_runs(monkeypatch):
    """Every example of docs/python.md, each after those before it."""
    import doctest

    monkeypatch.chdir(ROOT)
    page = ROOT / "docs" / "python.md"
    found = doctest.DocTestParser().get_doctest(page.read_text(encoding="utf-8"), {}, page.name, str(page), 0)
    assert len(found.examples) > 20
    told = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(found, out=told.append)
    assert not told, "".join(told)


def test_every_function_has_a_place_on_the_page():
    import inspect

    import cnnsum

    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    functions = [name for name in cnnsum.__all__ if inspect.isfunction(getattr(cnnsum, name))]
    assert len(functions) >= 11
    assert not [name for name in functions if f"cnnsum.{name}(" not in page]
