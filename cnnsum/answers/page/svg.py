"""The graph as SVG, drawn by the code that draws it on the page. Knows no number and no layer."""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.answers.summary.options import USUAL, Options
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.answers.picture.records import Picture
    from cnnsum.answers.summary.records import Report


def chunks(report: Report, options: Options = USUAL) -> Iterator[str]:
    """Yield the picture of a report.

    Raises OptionError where nothing can lay it out, and for columns that there are not.
    """
    from cnnsum.answers.page.data import encoded
    from cnnsum.answers.page.engine import picture as drawn
    from cnnsum.answers.page.records import Page
    from cnnsum.answers.picture.ask import picture

    whole = picture(report, depth=options.depth)
    lines = None if options.columns is None else _lines(report, options, whole)
    page = Page(report, whole, findings=report.diagnostics, lines=lines, batches=options.symbolic)
    yield drawn(encoded(page))


def _lines(report: Report, options: Options, whole: Picture) -> dict[str, tuple[str, ...]]:
    """What the boxes that are drawn say, as those of Mermaid and DOT do."""
    from cnnsum.answers.picture.drawn import Texts, shown

    seen = shown(whole)
    texts = Texts(report, options, seen)
    found = {}
    for step, box in seen.steps:
        if step == "box" and box is not None:
            name, more = texts.lines(box)
            found[box.id] = (name or "", *more)
    return found
