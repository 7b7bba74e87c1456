"""A page as HTML: one file that needs nothing else, and that runs no script but its own.

The style, the script and the data stand in it. A policy allows the script by its hash and forbids every request, so
that nothing that stands in a model's file can run or call, whatever it is. Knows no number and no layer.
"""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.answers.summary.options import USUAL, Options
from cnnsum.ink import xml
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.answers.page.records import Page
    from cnnsum.answers.summary.records import Report


def chunks(report: Report, _options: Options = USUAL) -> Iterator[str]:
    """Yield the page of a report, which must have been asked for."""
    from cnnsum.answers import OptionError

    if report.page is None:
        raise OptionError(
            "a page holds more than a report", "report.page = cnnsum.page(model, report); cnnsum MODEL --format html"
        )
    yield from document(report.page, report.version)


def document(page: Page, version: str) -> Iterator[str]:
    """Yield the HTML document of a page."""
    from cnnsum.answers.page.data import MOST_OF_A_NAME, encoded

    name = page.report.name if page.changes is None else " → ".join(page.changes.names)
    script, style = asset("page.js"), asset("page.css")
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
    title = xml(name[:MOST_OF_A_NAME])
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f'<meta name="generator" content="cnnsum {xml(version)}">\n<title>{title}</title>\n'
    yield f"<style>{style}</style>\n</head>\n<body>\n"
    yield f'<div id="page"><noscript>{title}: this page needs JavaScript. `cnnsum MODEL` prints the same as text.'
    yield "</noscript></div>\n"
    yield f'<script type="application/json" id="data">{encoded(page)}</script>\n<script>{script}</script>\n'
    yield "</body>\n</html>\n"


def asset(name: str) -> str:
    """The text of a built file of the front end."""
    from importlib.resources import files

    return files("cnnsum.answers.page").joinpath("assets").joinpath(name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    from base64 import b64encode
    from hashlib import sha256

    return f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}"
