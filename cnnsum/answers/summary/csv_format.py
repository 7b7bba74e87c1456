"""The layers as CSV (RFC 4180): a row each, numbers exact, bytes and elements; what is not known is left empty.

A text that a spreadsheet would take for a formula has an apostrophe before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from cnnsum.answers.summary.cells import TextCells
from cnnsum.answers.summary.columns import COLUMNS, parse_columns
from cnnsum.answers.summary.options import USUAL, Options
from cnnsum.answers.summary.records import Report, Row
from cnnsum.answers.summary.rows import shown_rows
from cnnsum.ink import csv_lines

_ROWS_PER_CHUNK = 1_000
_DEFAULT = "layer,type,output,dtype,params,macs,flops,output_memory,weights_memory,saved_memory,connected,trainable"


def chunks(report: Report, options: Options = USUAL) -> Iterator[str]:
    """Return an iterator over CSV text: a header of column names, then a line per layer; lines end in CRLF.

    `+share` adds to the usual columns, a list of names replaces them. Raises OptionError for columns or layers that
    there are not.
    """
    text = _DEFAULT if options.columns is None else options.columns
    names = parse_columns(f"{_DEFAULT},{text}" if text.strip().startswith("+") else text, report)
    return _written(
        report, names, shown_rows(report, options), TextCells(symbolic=options.symbolic, format=report.source.format)
    )


def _written(report: Report, names: list[str], rows: Iterator[tuple[Row, int]], cells: TextCells) -> Iterator[str]:
    values = [COLUMNS[name].value for name in names]
    lines: list[list[object]] = [list(names)]
    while lines:
        yield csv_lines(lines)
        lines = [[value(cells, row, report) for value in values] for row, _ in islice(rows, _ROWS_PER_CHUNK)]
