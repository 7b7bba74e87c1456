"""Files of Parquet, read by pyarrow: the same numbers as in JSON lines, with types, and nothing is cut."""

from __future__ import annotations

import io
import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cnnsum.answers import OptionError
from cnnsum.answers.rows import Table, jsonl_chunks, parquet_chunks, parts_of
from tests.cli.calling import call

pytestmark = pytest.mark.peers

SWEEP = ("specs/mobilenet_v1.yaml", "--sweep", "alpha=0.5,1", "--sweep", "H=W=64:128:32", "--sweep", "batch=1,2")


def test_a_sweep_has_the_same_values_as_json_lines(tmp_path):
    path = tmp_path / "sweep.parquet"
    assert call(*SWEEP, "-o", str(path)).code == 0
    table = pq.read_table(path)
    lines = [json.loads(line) for line in call(*SWEEP, "--format", "jsonl").out.splitlines()]
    assert table.to_pylist() == lines
    assert (table.schema.field("alpha").type, table.schema.field("macs").type) == (pa.float64(), pa.int64())
    assert table.schema.field("why").type == pa.string()


def test_numbers_beyond_64_bits_are_exact_or_refused():
    rows = [(1 << 100, "a"), (None, None), (-3, "b")]

    def written(type):
        return b"".join(parquet_chunks(Table({"n": type, "t": str}, parts_of(iter(rows), 2))))

    found = pq.read_table(io.BytesIO(written(Decimal)))
    assert found.column("n").to_pylist() == [Decimal(1 << 100), None, Decimal(-3)]
    assert "".join(jsonl_chunks(Table({"n": Decimal, "t": str}, parts_of(iter(rows), 2)))).startswith(
        f'{{"n": {1 << 100}'
    )
    with pytest.raises(OptionError, match="larger than a column"):
        written(int)


def test_a_file_is_written_group_by_group():
    count = 300_000
    parts = [[list(range(first, first + 10_000))] for first in range(0, count, 10_000)]
    chunks = [*parquet_chunks(Table({"n": int}, parts))]
    file = pq.ParquetFile(io.BytesIO(b"".join(chunks)))
    assert file.metadata.num_rows == count
    assert 3 < file.metadata.num_row_groups == len([chunk for chunk in chunks if chunk]) - 1
    assert max(map(len, chunks)) < 2**20


def test_a_list_is_read_by_duckdb_and_pandas(tmp_path):
    import duckdb
    import pandas as pd

    path = tmp_path / "list.parquet"
    assert call("list", "specs", "-o", str(path)).code == 0
    lines = [json.loads(line) for line in call("list", "specs", "--format", "jsonl").out.splitlines()]
    assert pq.read_table(path).to_pylist() == lines
    wanted = sorted((one["params"], one["path"]) for one in lines if one["params"] and one["params"] < 5_000_000)
    found = duckdb.sql(f"select params, path from '{path}' where params < 5000000 order by params, path").fetchall()
    assert found == wanted
    assert pd.read_parquet(path)["macs"].sum() == sum(one["macs"] or 0 for one in lines)
    text = tmp_path / "list.csv"
    assert call("list", "specs", "-o", str(text)).code == 0
    total = sum(one["params"] or 0 for one in lines)
    assert duckdb.sql(f"select count(*), sum(params) from '{text}'").fetchall() == [(len(lines), total)]
