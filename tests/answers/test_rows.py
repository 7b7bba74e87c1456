"""Tables as CSV and JSON lines: exact, and the same whether they come as rows or as arrays."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

import numpy as np

from cnnsum.answers.rows import PART, Table, csv_chunks, jsonl_chunks, parts_of

COLUMNS = {"alpha": float, "deep": bool, "act": object, "50%": int, "macs": Decimal, "why": str}
ROWS = [
    (0.25, True, "=relu", 3, 1 << 70, ""),
    (1, False, 7, None, -5, 'said "no", twice\n'),
    (1.0, True, True, 2**63 - 1, None, "ü"),
]


def test_values_come_back_as_they_were():
    table = Table(COLUMNS, parts_of(iter(ROWS), len(COLUMNS)))
    lines = [json.loads(line) for line in "".join(jsonl_chunks(table)).splitlines()]
    assert [tuple(line.values()) for line in lines] == ROWS
    assert [[type(value) for value in line.values()] for line in lines] == [[type(one) for one in row] for row in ROWS]
    assert [*lines[0]] == [*COLUMNS]


def test_csv_is_exact_and_no_spreadsheet_calculates_it():
    text = "".join(csv_chunks(Table(COLUMNS, parts_of(iter(ROWS), len(COLUMNS)))))
    head, first, second, third = csv.reader(io.StringIO(text, newline=""))
    assert head == [*COLUMNS]
    assert first == ["0.25", "true", "'=relu", "3", str(1 << 70), ""]
    assert second == ["1", "false", "7", "", "-5", 'said "no", twice\\n']
    assert third[2:5] == ["true", str(2**63 - 1), ""]


def test_arrays_are_rows():
    columns = {"H": int, "macs": Decimal}
    arrays = [np.arange(3), np.array([1 << 80, 2, 3], dtype=object)]
    rows = [(0, 1 << 80), (1, 2), (2, 3)]
    for written in (csv_chunks, jsonl_chunks):
        made = ["".join(written(Table(columns, parts))) for parts in ([arrays], parts_of(iter(rows), 2))]
        assert made[0] == made[1]


def test_the_first_row_does_not_wait_for_others():
    seen = []

    def rows():
        for number in range(3 * PART):
            seen.append(number)
            yield (number,)

    chunks = jsonl_chunks(Table({"n": int}, parts_of(rows(), 1)))
    assert next(chunks) == '{"n": 0}\n'
    assert len(seen) == 1
    next(chunks)
    assert len(seen) == 1 + PART
