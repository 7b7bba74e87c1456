"""How large pages are, how soon they can be used, and how long a keystroke and a frame take, in Chromium.

    python bench/page.py [--rounds 5] [MODEL ...]

Needs Node.js, `npm ci` in page/, and Chromium; NASNetLarge is a model too where Keras is installed. Of each page:

  bytes      of the file
  opens      milliseconds from navigation until it was drawn and can be used (two frames later), median of the rounds;
             and how many of them the thread of the page worked, which is what counts where other programs run beside it
  keystroke  milliseconds of script, and of the whole main thread (with style and layout), until every number followed a
             size typed into a field, with each tab open; `refused` where the size is one that the network refuses
  pan        milliseconds of script, and of the main thread, per frame while the graph is dragged, all groups open

What is to hold: ResNet-50 below 1 MB, opening below 1 s, a keystroke below 50 ms of script and a frame below 16 ms;
NASNetLarge, of 1,041 rows, opening below 2 s.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from tests.browser.chromium import Browser  # noqa: E402 - of this checkout, by the path that the line above puts first

NASNET = "import sys, keras; open(sys.argv[1], 'w').write(keras.applications.NASNetLarge(weights=None).to_json())"
TABS = ("Layer", "Table", "Memory", "Shares", "Source")


def page_of(model: str, folder: Path) -> Path:
    file = folder / f"{Path(model).stem}.html"
    command = [sys.executable, "-m", "cnnsum", model, "--format", "html", "-o", str(file), "-q"]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    return file


def median(taken: list[dict[str, float]]) -> tuple[float, float]:
    """Script, and all of the main thread."""
    return (
        statistics.median(one["ScriptDuration"] for one in taken),
        statistics.median(one["TaskDuration"] for one in taken),
    )


def measure(browser: Browser, file: Path, rounds: int) -> None:
    print(f"{file.stem}: {file.stat().st_size:,} bytes")
    browser.open(file)
    taken = [browser.open(file) for _ in range(rounds)]
    opened, thread = ([one[name] for one in taken] for name in ("opened", "thread"))
    print(f"  {'opens':<22} {statistics.median(opened):8.1f} ms  (at most {max(opened):.1f})")
    print(f"  {'opens, its thread':<22} {statistics.median(thread):8.1f} ms  (at most {max(thread):.1f})")
    names: dict[str, Any] = browser.evaluate(
        "const fields = [...document.querySelectorAll('.fields input')];"
        "return Object.fromEntries(fields.map((one) => [one.name, one.value]));"
    )
    field = next((name for name in names if name != "batch"), "batch")
    sizes = [str(int(names[field]) + 32 * step) for step in range(1, 2 * rounds + 1)]
    tabs = browser.evaluate("return [...document.querySelectorAll('[role=tab]')].map((one) => one.textContent);")
    browser("click", selector="#tab-Table")
    browser("click", selector=".rows tbody tr:nth-child(2) .link")
    for tab in (one for one in TABS if one in tabs):
        browser("click", selector=f"#tab-{tab}")
        script, whole = median(browser.typed(field, sizes))
        print(f"  {'keystroke, ' + tab:<22} {script:8.1f} ms of script, {whole:8.1f} in all")
    script, whole = median(browser.typed(field, ["1", "2", "3", "4", "5", "6"]))
    state = "refused" if browser.state()["refusal"] else "small"
    print(f"  {'keystroke, ' + state:<22} {script:8.1f} ms of script, {whole:8.1f} in all")
    browser.typed(field, [names[field]])
    browser.evaluate(
        "[...document.querySelectorAll('.tools button')].find((one) => one.textContent === 'Open all')?.click();"
        "await new Promise((done) => setTimeout(done, 300));"
    )
    pan = browser("drag", **{"from": [300, 400], "to": [420, 200], "steps": 40})
    print(f"  {'pan':<22} {pan['ScriptDuration']:8.2f} ms of script, {pan['TaskDuration']:8.2f} in all")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, Browser() as browser:
        folder = Path(name)
        models = given.models or [str(ROOT / "specs/resnet50.yaml")]
        if not given.models and importlib.util.find_spec("keras"):
            nasnet = folder / "nasnet_large.json"
            environment = {**os.environ, "KERAS_BACKEND": "numpy"}
            subprocess.run([sys.executable, "-c", NASNET, str(nasnet)], check=True, env=environment)
            models.append(str(nasnet))
        for model in models:
            measure(browser, page_of(model, folder), given.rounds)


if __name__ == "__main__":
    main()
