"""The JSON report, `cnnsum.report/1`: one object, a layer to a line. Its JSON Schema is `schema/report.json`.

A number or a dim that depends on a symbol is a string in the spec language; an anonymous dim (Keras's None) is null
unless formulas are asked for, and what is not known is null.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import isfinite

from cnnsum.answers.summary.cells import known_sum
from cnnsum.answers.summary.options import USUAL, Options
from cnnsum.answers.summary.records import (
    Fields,
    InputRecord,
    OptimizerRecord,
    Params,
    ReceptiveField,
    Report,
    Row,
    Shape,
    SizeRecord,
    Totals,
    TrainingMemory,
)
from cnnsum.diagnostics import Diagnostic, Span
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.render.units import plain_number, plain_shape
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.answers.conventions.ask import ConventionReport
    from cnnsum.answers.plan.ask import Plan

SCHEMA = "cnnsum.report/1"

#: How shapes are written: with null for anonymous dims, or with their names.
_Shapes = Callable[["Shape | None"], Sequence["int | str | None"] | None]

_encode = json.JSONEncoder(check_circular=False).encode
_LAYERS_PER_CHUNK = 500


def chunks(report: Report, options: Options = USUAL) -> Iterator[str]:
    """Yield the report as JSON text. `options.symbolic` writes the name of an anonymous dim in place of null."""
    shape = _named_shape if options.symbolic else plain_shape
    yield "{\n"
    for name, value in _head(report, shape).items():
        yield f' "{name}": {_encode(value)},\n'
    configs: dict[int, object] = {}
    yield from _list("layers", (layer(row, shape, configs) for row in report.rows))
    yield f',\n "totals": {_encode(totals(report.totals, report.plan, report.rows))},\n'
    if report.convention is not None:
        yield f' "convention": {_encode(_convention(report.convention))},\n'
    yield from _list("sizes", map(size, report.sizes))
    yield ",\n"
    yield from _list("diagnostics", map(diagnostic, report.diagnostics))
    yield "\n}\n"


def document(report: Report, *, symbolic: bool = False) -> dict[str, object]:
    """Return the same report as plain dictionaries and lists."""
    shape = _named_shape if symbolic else plain_shape
    return {
        **_head(report, shape),
        # No object stands there twice: whoever gets them may change them.
        "layers": [layer(row, shape, {}) for row in report.rows],
        "totals": totals(report.totals, report.plan, report.rows),
        **({} if report.convention is None else {"convention": _convention(report.convention)}),
        "sizes": [size(record) for record in report.sizes],
        "diagnostics": [diagnostic(found) for found in report.diagnostics],
    }


def layer(row: Row, shape: _Shapes, configs: dict[int, object]) -> dict[str, object]:
    """Return one layer's object; a nested model has its own `layers`.

    configs: objects of the fields of layers by their identity, since layers that repeat each other share them.
    """
    config = None
    if row.config is not None:
        config = configs.get(id(row.config))
        if config is None:
            config = configs[id(row.config)] = _config(row.config)
    record: dict[str, object] = {
        "name": row.name,
        "type": row.type,
        "block": list(row.block),
        "place": None if row.place is None else {"line": row.place[0], "column": row.place[1]},
        "inputs": [
            f"{connection.layer}:{connection.tensor_index}" if connection.tensor_index else connection.layer
            for connection in row.connections
        ],
        "outputs": [{"shape": shape(output.shape), "dtype": output.dtype} for output in row.outputs],
        "weights": [
            {"name": name, "shape": shape(weight_shape), "dtype": dtype, "trainable": trainable}
            for name, weight_shape, dtype, trainable in row.weights
        ],
        "params": _params(row.params),
        "macs": plain_number(row.macs),
        "flops": plain_number(row.flops),
        "memory": {
            "weights": plain_number(row.memory.weights),
            "output": plain_number(row.memory.output),
            "saved": plain_number(row.memory.saved),
        },
        "receptive_field": _receptive_field(row.receptive_field),
        "config": config,
        "status": row.status,
    }
    if row.rows:
        record["layers"] = [layer(inner, shape, configs) for inner in row.rows]
    return record


def _config(value: object) -> object:
    """A field's value, or all fields of a layer, as JSON has them."""
    if isinstance(value, Fields):
        return {name: _config(item) for name, item in value.pairs}
    if isinstance(value, tuple):
        return [_config(item) for item in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    return None if value is UNKNOWN else str(value)


def totals(record: Totals, plan: Plan | None = None, rows: Sequence[Row] = ()) -> dict[str, object]:
    """Return the object of the model's totals, with the plan of inference memory where there is one.

    rows: all of the report's, which tell what is known of a total that is not.
    """
    known = _at_least(record, rows)
    return {
        **({"at_least": known} if known else {}),
        "params": _params(record.params),
        **({} if record.buffers.total == 0 else {"buffers": plain_number(record.buffers.total)}),
        **({} if record.compiled is None else {"optimizer": _optimizer(record.compiled)}),
        "macs": plain_number(record.macs),
        "flops": plain_number(record.flops),
        "memory": {
            "weights": plain_number(record.weights.total),
            "outputs": plain_number(record.outputs),
            "peak": plain_number(record.peak.bytes),
            "saved": plain_number(record.saved),
            "training": _training(record.training),
            **({} if plan is None else {"plan": _plan(plan)}),
        },
    }


def _at_least(record: Totals, rows: Sequence[Row]) -> dict[str, object]:
    """What is known of totals that are not: the sums over the layers of which the number is known."""
    sums: dict[str, tuple[Dim, Callable[[Row], Dim]]] = {
        "params": (record.params.total, lambda row: row.params.total),
        "trainable": (record.params.trainable, lambda row: row.params.trainable),
        "non_trainable": (record.params.non_trainable, lambda row: row.params.non_trainable),
        "macs": (record.macs, lambda row: row.macs),
        "flops": (record.flops, lambda row: row.flops),
        "weights": (record.weights.total, lambda row: row.memory.weights),
    }
    found = {name: known_sum(rows, of) for name, (total, of) in sums.items() if total is UNKNOWN}
    return {name: plain_number(known) for name, known in found.items() if known != 0}


def _optimizer(found: OptimizerRecord) -> dict[str, object]:
    return {"name": found.name, "params": plain_number(found.params), "bytes": plain_number(found.bytes)}


def _plan(plan: Plan) -> dict[str, object]:
    from cnnsum.answers.plan.formats import document

    return document(plan)


def _training(record: TrainingMemory) -> dict[str, object]:
    found = record.checkpoint
    return {
        "total": plain_number(record.total),
        "weights": plain_number(record.weights),
        "gradients": plain_number(record.gradients),
        "optimizer": plain_number(record.optimizer),
        "saved": plain_number(record.saved),
        "transient": plain_number(record.transient),
        "master_weights": plain_number(record.master_weights),
        "peak_step": None if record.peak_step is None else plain_number(record.peak_step),
        "checkpoint": None
        if found is None
        else {
            "layers": list(found.layers),
            "kept": list(found.kept),
            "segments": found.segments,
            "extra_macs": plain_number(found.extra_macs),
        },
    }


def size(record: SizeRecord) -> dict[str, object]:
    """Return what one axis of an input must fulfil."""
    return {
        "symbol": record.symbol,
        "input": record.input,
        "axis": record.axis,
        "condition": record.condition,
        "because": list(record.because),
    }


def diagnostic(found: Diagnostic) -> dict[str, object]:
    """Return a finding with its place, null where it has none."""
    return {
        "code": found.code,
        "severity": found.severity,
        "message": found.message,
        **_place(found.span),
        "help": found.help,
        "related": [{"message": related.message, **_place(related.span)} for related in found.related],
    }


def _convention(found: ConventionReport) -> dict[str, object]:
    from cnnsum.answers.conventions.formats import total

    return total(found)


def _head(report: Report, shape: _Shapes) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "version": report.version,
        "source": report.source._asdict(),
        "model": {"name": report.name, "batch": plain_number(report.batch), "dtype": report.dtype},
        "inputs": [_tensor(record, shape) for record in report.inputs],
        "outputs": [_tensor(record, shape) for record in report.outputs],
    }


def _list(name: str, objects: Iterable[dict[str, object]]) -> Iterator[str]:
    """A list with every object on a line of its own; encoding line by line keeps to the quick encoder in C."""
    yield f' "{name}": ['
    lines: list[str] = []
    separator = "\n"
    for record in objects:
        lines.append(f"{separator}  {_encode(record)}")
        separator = ",\n"
        if len(lines) == _LAYERS_PER_CHUNK:
            yield "".join(lines)
            lines.clear()
    yield "".join(lines)
    yield "]" if separator == "\n" else "\n ]"


def _tensor(record: InputRecord, shape: _Shapes) -> dict[str, object]:
    return {"name": record.name, "shape": shape(record.shape), "dtype": record.dtype}


def _params(params: Params) -> dict[str, int | str | None]:
    return {
        "total": plain_number(params.total),
        "trainable": plain_number(params.trainable),
        "non_trainable": plain_number(params.non_trainable),
    }


def _receptive_field(field: ReceptiveField | None) -> dict[str, object] | None:
    if field is None:
        return None
    return {
        "size": [_sample(extent) for extent in field.size],
        "stride": [_sample(stride) for stride in field.stride],
        "offset": [_sample(offset) for offset in field.offset],
        "aligned": field.aligned,
        "exact": field.exact,
        "all": _sees_all(field),
    }


def _sees_all(field: ReceptiveField) -> bool | None:
    """Whether all of the input is seen; None where it is not known what."""
    if None in field.size:
        return True
    return None if UNKNOWN in field.size else False


def _sample(value: Dim | float | None) -> int | float | str | None:
    """A number of input positions, which may be a fraction (a transposed convolution divides the stride)."""
    return value if value is None or isinstance(value, (int, float)) else plain_number(value)


def _named_shape(shape: Shape | None) -> Sequence[int | str | None] | None:
    return None if shape is None else [plain_number(dim) for dim in shape]


def _place(span: Span | None) -> dict[str, object]:
    if span is None:
        return {"path": None, "line": None, "column": None}
    return {"path": span.path, "line": span.line, "column": span.column}
