"""Many records of the same columns as CSV, JSON lines and Parquet, part by part: a million take no more memory than ten
thousand. The same for every question whose answer is a table of numbers and texts.

Knows columns and values; no question and no stream.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice

from cnnsum.answers import OptionError
from cnnsum.ink import csv_columns, csv_lines
from cnnsum.typed import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import pyarrow as pa

    from cnnsum.dims.vector import Array

#: Some records column by column, all columns equally long: lists, or arrays that have `tolist`. None: not known.
Part: TypeAlias = "Sequence[Sequence[object] | Array]"
#: A record: the values of the columns, each of the type that its table says.
Row: TypeAlias = tuple[object, ...]

#: Records of a part, where they come one by one.
PART = 1_000
#: Records that a row group of a Parquet file has at least, but for the last.
_GROUP = 1 << 16

#: Digits of whole numbers that have more than 64 bits, in a column of Parquet.
_DIGITS = 38


class Table(NamedTuple):
    """Records of the same columns, as they come, once.

    columns: by name the type of the values: int (of 64 bits, in Parquet), Decimal (whole numbers of any size), float,
    bool, str, or object where a column has values of several types.
    """

    columns: Mapping[str, type]
    parts: Iterable[Part]


def parts_of(rows: Iterable[Sequence[object]], width: int) -> Iterator[Part]:
    """Rows with `width` values as parts of a table: the first row by itself, as a reader may wait for it."""
    remaining, count = iter(rows), 1
    while chunk := list(islice(remaining, count)):
        yield [*zip(*chunk, strict=True)] if width else []
        count = PART


def csv_chunks(table: Table) -> Iterator[str]:
    """CSV (RFC 4180) with the names of the columns: exact numbers, empty where they are not known."""
    yield csv_lines([[*table.columns]])
    numbers = [type in (int, Decimal, float) for type in table.columns.values()]
    for part in table.parts:
        columns = [
            [*_plain(column)] if number else [*map(_flag, _plain(column))]
            for number, column in zip(numbers, part, strict=True)
        ]
        yield csv_columns(zip(columns, numbers, strict=True))


def jsonl_chunks(table: Table) -> Iterator[str]:
    """An object a line; null where a value is not known."""
    encode = json.JSONEncoder(check_circular=False).encode
    names = ", ".join([f"{encode(name).replace('%', '%%')}: %s" for name in table.columns])
    line = f"{{{names}}}\n"
    texts = [_json_text(type) for type in table.columns.values()]
    for part in table.parts:
        columns = [[*map(text, _plain(column))] for text, column in zip(texts, part, strict=True)]
        yield "".join([line % row for row in zip(*columns, strict=True)])


def parquet_chunks(table: Table) -> Iterator[bytes]:
    """A file of Parquet (version 2.6, Snappy). Raises OptionError without pyarrow, and for a number that its column
    cannot hold.
    """
    try:
        import pyarrow as pa
    except ImportError:
        raise OptionError("parquet is written by pyarrow, which is not here", "pip install 'cnnsum[parquet]'") from None
    return _parquet(table, pa.schema([pa.field(name, _arrow_type(type)) for name, type in table.columns.items()]))


def plain_columns(part: Part) -> list[Sequence[object]]:
    """The columns of a part as Python has their values, also where they are arrays."""
    return [_plain(column) for column in part]


def numbers_of(values: Iterable[object]) -> list[float]:
    """The numbers among the values of a column: all but what is not known."""
    return [value for value in values if isinstance(value, (int, float))]


# --- values -----------------------------------------------------------------------------------------------------------


def _plain(column: Sequence[object] | Array) -> Sequence[object]:
    """The values as Python has them, also of an array."""
    return column if isinstance(column, Sequence) else column.tolist()


def _flag(value: object) -> object:
    """True and false as JSON, YAML and most databases write them."""
    return ("true" if value else "false") if isinstance(value, bool) else value


def _json_text(type: type) -> Callable[[object], str]:
    """What writes the values of a column in JSON."""
    if type in (int, Decimal):
        return lambda value: "null" if value is None else str(value)
    kept: dict[object, str] = {}
    encode = json.JSONEncoder(check_circular=False).encode

    def text(value: object) -> str:
        key = value, value.__class__  # 1, 1.0 and true are equal
        found = kept.get(key)
        if found is None:
            if len(kept) >= PART:
                kept.clear()
            found = kept[key] = encode(value)
        return found

    return text


# --- Parquet ----------------------------------------------------------------------------------------------------------


def _arrow_type(type: type) -> pa.DataType:
    import pyarrow as pa

    known = {int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    return pa.decimal128(_DIGITS, 0) if type is Decimal else known.get(type, pa.string())


class _Sink:
    """A file that is only written, and taken away as far as it is."""

    closed = False

    def __init__(self) -> None:
        self._there = bytearray()
        self._taken = 0

    def write(self, data: bytes) -> int:
        """Take bytes from the writer."""
        self._there += data
        return len(data)

    def tell(self) -> int:
        """How far the file is."""
        return self._taken + len(self._there)

    def flush(self) -> None:
        """Nothing waits for it."""

    def close(self) -> None:
        """The file is complete."""

    def taken(self) -> bytes:
        """What was written since the last call."""
        found = bytes(self._there)
        self._taken += len(found)
        self._there.clear()
        return found


def _parquet(table: Table, schema: pa.Schema) -> Iterator[bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = _Sink()
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema) as file:
        for group in _groups(table.parts, lambda part: _batch(part, table.columns, schema)):
            file.write_table(pa.Table.from_batches(group, schema))
            yield sink.taken()
    yield sink.taken()


def _groups(parts: Iterable[Part], batch: Callable[[Part], pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    group: list[pa.RecordBatch] = []
    for part in parts:
        group.append(batch(part))
        if sum(one.num_rows for one in group) >= _GROUP:
            yield group
            group = []
    if group:
        yield group


def _batch(part: Part, columns: Mapping[str, type], schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    arrays = []
    for field, type, column in zip(schema, columns.values(), part, strict=True):
        values: object = column
        if type is Decimal:
            values = [Decimal(value) if isinstance(value, int) else None for value in _plain(column)]
        elif type in (str, object):
            values = [value if value is None or isinstance(value, str) else str(_flag(value)) for value in column]
        try:
            arrays.append(pa.array(values, type=field.type))
        except (pa.ArrowInvalid, OverflowError):
            message = f"a number of `{field.name}` is larger than a column of Parquet holds"
            raise OptionError(message, "--format csv and jsonl hold it") from None
    return pa.record_batch(arrays, schema=schema)
