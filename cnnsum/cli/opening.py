"""`--open`: a page is written to a temporary file, and the browser is asked to show it. Knows no page."""

from __future__ import annotations

import os
import re

#: Of a model's name as a file's: what every system takes.
_USUAL = re.compile(r"[^A-Za-z0-9_.-]+")


def page_file(model: str) -> str:
    """A new file for the page of a model, in a folder of its own that only its owner may read. It stays there: the
    browser reads it when it likes.
    """
    import tempfile

    stem = _USUAL.sub("-", os.path.splitext(os.path.basename(model))[0])[:60].strip("-.") or "model"
    return os.path.join(tempfile.mkdtemp(prefix="cnnsum-"), f"{stem}.html")


def show(path: str) -> None:
    """Show a page in the browser, or say where it is if there is none that can be started."""
    import webbrowser
    from pathlib import Path

    from cnnsum.cli.output import say

    try:
        shown = webbrowser.open(Path(path).absolute().as_uri())
    except webbrowser.Error:
        shown = False
    say(path if shown else f"no browser could be started: the page is {path}")
