"""A page in a real browser: what `page/browser.mjs` does when it is told to, as functions. Knows no test."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).parents[2]
FRONT_END = ROOT / "page"

#: Types into a field what a person would, and waits until the page has drawn it.
_TYPED = """
const type = async (name, text) => {
  const field = [...document.querySelectorAll('.fields input')].find((one) => one.name === name);
  if (field.value === text) return;
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, text);
  field.dispatchEvent(new Event('input', { bubbles: true }));
  await new Promise((done) => setTimeout(done));
};
const totals = () =>
  Object.fromEntries([...document.querySelectorAll('[data-total]')].map(({ dataset: d }) => [d.total, d.value]));
const state = () => ({
  totals: totals(),
  refusal: document.querySelector('#refusal').textContent,
  near: [...document.querySelectorAll('#refusal > button')].map((one) => Number(one.textContent)),
});
"""


class Missing(Exception):
    """There is no browser here, or no Node.js, or the front end's packages are not installed."""


class Browser:
    """Chromium with one page open at a time."""

    def __init__(self) -> None:
        node = shutil.which("node")
        if node is None or not (FRONT_END / "node_modules" / "playwright-core").exists():
            raise Missing("needs Node.js, and `npm ci` in page/")
        self._process = subprocess.Popen(
            [node, str(FRONT_END / "browser.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Browser:  # noqa: PYI034 - Python 3.10 has no Self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def __call__(self, command: str, **given: Any) -> Any:
        """Do something; raises RuntimeError with the browser's own words where that fails."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"command": command, **given}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise Missing("Chromium did not start; CHROMIUM is the path of its program")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["value"]

    def open(self, file: Path, **given: Any) -> dict[str, float]:
        """Open a page; the milliseconds until it was drawn and could be used (`opened`), and those of processor time
        that its thread took for it (`thread`), which other programs change less.
        """
        taken: dict[str, float] = self("open", file=str(file.absolute()), **given)
        return taken

    def evaluate(self, body: str, given: Any = None) -> Any:
        return self("evaluate", body=_TYPED + body, given=given)

    def state(self) -> Any:
        """The totals by their names, what is refused, and the nearest sizes that are offered."""
        return self.evaluate("return state();")

    def at(self, points: Sequence[Mapping[str, int | str]]) -> Any:
        """The states of the page with the fields filled in as each point says."""
        texts = [{name: str(value) for name, value in point.items()} for point in points]
        return self.evaluate(
            "const found = []; for (const point of given) {"
            " for (const [name, text] of Object.entries(point)) await type(name, text);"
            " found.push(state()); } return found;",
            texts,
        )

    def typed(self, name: str, texts: Sequence[str]) -> list[dict[str, float]]:
        """The milliseconds that each text took that was written into a field, until the page was drawn."""
        given = [[name, text] for text in texts]
        taken: list[dict[str, float]] = self("measure", body=_TYPED + "await type(...given);", given=given)
        return taken
