"""The graph as a flowchart of Mermaid, which GitHub, GitLab and many editors draw in Markdown. Knows no layout."""

from __future__ import annotations

from collections.abc import Iterator

from cnnsum.answers.picture.ask import picture
from cnnsum.answers.picture.drawn import COLOURS, Shown, Texts, shown
from cnnsum.answers.picture.records import Picture
from cnnsum.answers.summary.options import USUAL, Options
from cnnsum.answers.summary.records import Report
from cnnsum.ink import mermaid
from cnnsum.render.units import exact

#: Boxes, at most: what draws Mermaid gives up on much larger graphs, and nobody could read them.
MOST = 500


def chunks(report: Report, options: Options = USUAL) -> Iterator[str]:
    """Return an iterator over a flowchart: open groups are subgraphs, shapes stand along the edges.

    More than `MOST` boxes are folded further, which is said in a comment and in the chart. Raises OptionError for
    columns that there are not.
    """
    whole = picture(report, depth=options.depth)
    seen = shown(whole, MOST)
    return _written(whole, seen, Texts(report, options, seen))


def _written(whole: Picture, seen: Shown, texts: Texts) -> Iterator[str]:
    yield f"%% {mermaid(whole.name[:200])}: {exact(whole.layers)} layers\n"
    note = f"folded to {exact(len(seen.number))} boxes, as more than {MOST} cannot be read"
    if seen.folded:
        yield f"%% {note}\n"
    yield "flowchart TD\n"
    depth = 1
    groups = 0
    for step, box in seen.steps:
        if box is None:
            depth -= 1
            yield f"{'  ' * depth}end\n"
        elif step == "open":
            yield f'{_indent(depth)}subgraph g{groups}["{mermaid(texts.frame(box)) or " "}"]\n'
            groups += 1
            depth += 1
        else:
            name, lines = texts.lines(box)
            label = "<br>".join([*(() if name is None else (f"<b>{mermaid(name) or ' '}</b>",)), *map(mermaid, lines)])
            role = seen.roles[box.id]
            left, right = ("([", "])") if role == "input" else ("[[", "]]") if box.boxes else ("[", "]")
            yield f'{_indent(depth)}n{seen.number[box.id]}{left}"{label or " "}"{right}:::{role}\n'
    for source, target, tensor in seen.edges:
        text = mermaid(texts.tensor(tensor))
        arrow = f'-- "{text}" -->' if text else "-->"
        yield f"  n{seen.number[source]} {arrow} n{seen.number[target]}\n"
    if seen.folded:
        yield f'  note["{note}"]:::layer\n'
    used = {*seen.roles.values(), *(("layer",) if seen.folded else ())}
    for role, (border, inside) in COLOURS.items():
        if role in used:
            yield f"  classDef {role} stroke:{border},fill:{inside},color:#111827\n"


def _indent(depth: int) -> str:
    return "  " * min(depth, 20)
