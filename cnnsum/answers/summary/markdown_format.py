"""The layers as a Markdown table (GitHub's), numbers on the right, then the totals as a list."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from cnnsum.answers.summary.cells import TextCells
from cnnsum.answers.summary.columns import COLUMNS, parse_columns, scale_bars
from cnnsum.answers.summary.options import USUAL, Options
from cnnsum.answers.summary.records import Report, Row
from cnnsum.answers.summary.rows import shown_rows
from cnnsum.ink import markdown
from cnnsum.render import units
from cnnsum.render.style import printable
from cnnsum.render.wrap import join

_LINES_PER_CHUNK = 1_000


def chunks(report: Report, options: Options = USUAL) -> Iterator[str]:
    """Return an iterator over Markdown text. Raises OptionError for columns or layers that there are not."""
    default = "layer,type,output,params" + (",connected" if report.connected else "")
    text = default if options.columns is None else options.columns
    names = parse_columns(f"{default},{text}" if text.strip().startswith("+") else text, report)
    return _written(
        report, names, shown_rows(report, options), TextCells(symbolic=options.symbolic, format=report.source.format)
    )


def _written(report: Report, names: list[str], rows: Iterator[tuple[Row, int]], cells: TextCells) -> Iterator[str]:
    kinds = [COLUMNS[name] for name in names]
    headers = ["Layer" if name == "layer" else kind.header for name, kind in zip(names, kinds, strict=True)]
    rules = ["---:" if kind.is_number else "---" for kind in kinds]
    yield f"# {markdown(printable(report.name))}\n\n{_line(headers)}{_line(rules)}"
    draw = [
        (lambda cells, row, level, _report: cells.name(row, level)) if name == "layer" else kind.cell
        for name, kind in zip(names, kinds, strict=True)
    ]
    shown = [*rows]
    scale_bars(names, draw, [row for row, _ in shown], ascii=False)
    rows = iter(shown)
    while lines := [
        _line([markdown(join(cell(cells, row, level, report))) for cell in draw])
        for row, level in islice(rows, _LINES_PER_CHUNK)
    ]:
        yield "".join(lines)
    yield "\n" + "".join([f"- {title}: {text}\n" for title, text in _totals(report)])


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _totals(report: Report) -> Iterator[tuple[str, str]]:
    totals = report.totals
    yield "Total params", units.exact(totals.params.total)
    yield "Trainable params", units.exact(totals.params.trainable)
    yield "Non-trainable params", units.exact(totals.params.non_trainable)
    if totals.buffers.total != 0:
        yield "Buffers", units.exact(totals.buffers.total)
    yield "MACs per sample", units.exact(totals.macs)
    yield "FLOPs per sample", units.exact(totals.flops)
    yield "Weights", units.memory(totals.weights.total)
    batch = f"batch {units.exact(report.batch)}"
    yield f"Outputs ({batch})", units.memory(totals.outputs)
    yield f"Peak of inference ({batch})", units.memory(totals.peak.bytes)
    yield f"Training ({batch}, {markdown(totals.optimizer)})", units.memory(totals.training.total)
    if totals.unknown:
        yield "Not known, and in no sum", ", ".join(markdown(printable(name)) for name in totals.unknown)
