"""The graph in the language of Graphviz: `cnnsum MODEL --format dot | dot -Tsvg`. Knows no layout."""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.answers.picture.ask import picture
from cnnsum.answers.picture.drawn import COLOURS, Shown, Texts, shown
from cnnsum.answers.picture.records import Picture
from cnnsum.answers.summary.options import USUAL, Options
from cnnsum.answers.summary.records import Report
from cnnsum.ink import dot, dot_html

_HEAD = """\
  graph [rankdir=TB, nodesep=0.25, ranksep=0.35, fontname="Helvetica", fontsize=10, fontcolor="#374151"]
  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=10, fontcolor="#111827", margin="0.12,0.06"]
  edge [fontname="Helvetica", fontsize=8, fontcolor="#6b7280", color="#6b7280", arrowsize=0.6]
"""


def chunks(report: Report, options: Options = USUAL) -> Iterator[str]:
    """Return an iterator over a directed graph: open groups are clusters, shapes stand along the edges.

    Raises OptionError for columns that there are not.
    """
    whole = picture(report, depth=options.depth)
    seen = shown(whole)
    return _written(whole, seen, Texts(report, options, seen))


def _written(whole: Picture, seen: Shown, texts: Texts) -> Iterator[str]:
    yield f"digraph {dot(whole.name[:200])} {{\n{_HEAD}"
    depth = 1
    groups = 0
    for step, box in seen.steps:
        if box is None:
            depth -= 1
            yield f"{_indent(depth)}}}\n"
        elif step == "open":
            yield f"{_indent(depth)}subgraph cluster_{groups} {{\n"
            groups += 1
            depth += 1
            style = 'style="rounded,filled", color="#9ca3af", fillcolor="#f9fafb"'
            yield f"{_indent(depth)}graph [label={dot(texts.frame(box))}, {style}, margin=10]\n"
        else:
            name, lines = texts.lines(box)
            label = "<br/>".join([*(() if name is None else (f"<b>{dot_html(name)}</b>",)), *map(dot_html, lines)])
            border, inside = COLOURS[seen.roles[box.id]]
            more = ", peripheries=2" if box.boxes else ""
            yield (
                f"{_indent(depth)}n{seen.number[box.id]} "
                f'[label=<{label or "&#160;"}>, color="{border}", fillcolor="{inside}"{more}]\n'
            )
    for source, target, tensor in seen.edges:
        text = texts.tensor(tensor)
        label = f" [label={dot(text)}]" if text else ""
        yield f"  n{seen.number[source]} -> n{seen.number[target]}{label}\n"
    yield "}\n"


def _indent(depth: int) -> str:
    return "  " * min(depth, 20)
