"""Reports made by hand, with the numbers that the design defines, for the tests of the renderers."""

from __future__ import annotations

from math import prod

from cnnsum.answers.summary.records import (
    Connection,
    InputRecord,
    LayerMemory,
    Params,
    Peak,
    ReceptiveField,
    Report,
    Row,
    SizeRecord,
    Source,
    TensorRecord,
    Totals,
    TrainingMemory,
    WeightRecord,
    WeightsMemory,
)
from cnnsum.diagnostics import Diagnostic, Related, Span
from cnnsum.dims import UNKNOWN, Dim, Symbol

BATCH = Symbol("batch", anonymous=True).dim


def row(
    name: str,
    type: str,
    shape: tuple[Dim, ...] | None,
    weights: dict[str, tuple[int, ...]] | None = None,
    *,
    macs: Dim = 0,
    flops: Dim = 0,
    inputs: tuple[str, ...] = (),
    block: tuple[str, ...] = (),
    params: Dim | None = None,
    rows: tuple[Row, ...] = (),
    trainable: bool = True,
    built: bool = True,
    place: tuple[int, int] | None = None,
    receptive_field: ReceptiveField | None = None,
    status: str = "exact",
) -> Row:
    """A row of float32 tensors; `shape` is without the batch axis."""
    records = tuple(WeightRecord(key, value, "float32", trainable) for key, value in (weights or {}).items())
    count = sum(prod(record.shape) for record in records) if params is None else params
    elements: Dim = 1
    for dim in shape or ():
        elements = elements * dim
    outputs = TensorRecord(None if shape is None else (BATCH, *shape), "float32")
    memory = LayerMemory(4 * count, UNKNOWN if shape is None else 4 * elements, 0)
    return Row(
        name,
        type,
        outputs=(outputs,),
        weights=records,
        params=Params(count, count if trainable else 0, 0 if trainable else count),
        macs=macs,
        flops=flops,
        memory=memory,
        connections=tuple(Connection(layer, 0, 0) for layer in inputs),
        block=block,
        place=place,
        receptive_field=receptive_field,
        status=status,
        built=built,
        trainable=trainable,
        rows=rows,
    )


def report(name: str, rows: tuple[Row, ...], *, connected: bool = False, **changes: object) -> Report:
    """A report whose totals are the sums of its rows."""
    total = _sum([each.params.total for each in rows])
    trainable = _sum([each.params.trainable for each in rows])
    frozen = _sum([each.params.non_trainable for each in rows])
    outputs = _sum([each.memory.output for each in rows])
    values = {
        "params": Params(total, trainable, frozen),
        "macs": _sum([each.macs for each in rows]),
        "flops": _sum([each.flops for each in rows]),
        "weights": WeightsMemory(4 * total, 4 * trainable, 4 * frozen),
        "outputs": outputs,
        "saved": outputs,
        "peak": Peak(
            outputs, rows[0].name if rows else None, tuple((each.name, each.memory.output) for each in rows[:2])
        ),
        "training": TrainingMemory(
            4 * total + 12 * trainable + outputs, 4 * total, 4 * trainable, 8 * trainable, outputs, 0
        ),
        "optimizer": "adam",
        "unknown": (),
    }
    outside = {
        "inputs": (InputRecord("input", (BATCH, 100, 100, 3), "float32"),),
        "outputs": (InputRecord(rows[-1].name, rows[-1].outputs[0].shape, "float32"),) if rows else (),
        "batch": 1,
    }
    for key, value in changes.items():
        (values if key in values else outside)[key] = value
    return Report(
        name=name,
        version="0.1.0",
        source=Source("model.yaml", "cnnsum", "0" * 64),
        dtype="float32",
        connected=connected,
        rows=rows,
        totals=Totals(**values),
        **outside,
    )


def horses_or_humans() -> Report:
    """Four convolutions with pooling on 100 x 100 x 3, then three dense layers."""
    rows: list[Row] = []
    size, channels = 100, 3
    jump = field = 1
    for index, filters in enumerate((32, 64, 128, 128)):
        suffix = f"_{index}" if index else ""
        field += 2 * jump
        size -= 2
        macs = size * size * filters * 9 * channels
        rows.append(
            row(
                f"conv2d{suffix}",
                "Conv2D",
                (size, size, filters),
                {"kernel": (3, 3, channels, filters), "bias": (filters,)},
                macs=macs,
                flops=2 * macs + 2 * size * size * filters,
                place=(4 + 2 * index, 5),
                receptive_field=ReceptiveField((field, field), (jump, jump), (0, 0), True, True),
            )
        )
        field += jump
        jump *= 2
        size //= 2
        channels = filters
        rows.append(
            row(
                f"max_pooling2d{suffix}",
                "MaxPooling2D",
                (size, size, filters),
                flops=4 * size * size * filters,
                place=(5 + 2 * index, 5),
                receptive_field=ReceptiveField((field, field), (jump, jump), (0, 0), True, True),
            )
        )
    units = size * size * channels
    rows.append(row("flatten", "Flatten", (units,), place=(12, 5), receptive_field=ReceptiveField((None,), (1,), (0,))))
    for index, wide in enumerate((512, 256, 1)):
        weights = {"kernel": (units, wide), "bias": (wide,)}
        name = f"dense_{index}" if index else "dense"
        rows.append(
            row(
                name,
                "Dense",
                (wide,),
                weights,
                macs=units * wide,
                flops=2 * units * wide + 2 * wide,
                place=(13 + index, 5),
            )
        )
        units = wide
    return report("horses_or_humans", tuple(rows))


def nested() -> Report:
    """Two inputs, a shared nested model, a frozen layer, several outputs of one layer, a layer that is not called."""
    inner = (
        row("inner_input", "InputLayer", (8, 8, 3)),
        row(
            "inner_conv", "Conv2D", (6, 6, 4), {"kernel": (3, 3, 3, 4)}, macs=3888, flops=7776, inputs=("inner_input",)
        ),
    )
    states = row("lstm", "LSTM", (4,), {"kernel": (6, 16)}, inputs=("joined",))
    states.outputs = (TensorRecord((BATCH, 4), "float32"),) * 3
    rows = (
        row("left", "InputLayer", (8, 8, 3)),
        row("right", "InputLayer", (8, 8, 3)),
        row("encoder", "Functional", (6, 6, 4), params=108, inputs=("left", "right"), rows=inner, macs=7776),
        row("joined", "Concatenate", (12, 6), inputs=("encoder", "encoder")),
        states,
        row("never_called", "Dense", None, built=False, params=0),
        row("frozen", "Dense", (2,), {"kernel": (4, 2), "bias": (2,)}, inputs=("lstm",), trainable=False, macs=8),
    )
    return report("two_inputs", rows, connected=True)


def blocks() -> Report:
    """A stem, two residual blocks with arms, a head."""
    rows = [row("stem", "Conv2D", (8, 8, 4), {"kernel": (3, 3, 3, 4)}, macs=6912, inputs=("input",))]
    before = "stem"
    for stage in ("0", "1"):
        path = ("stage1", stage)
        name = f"stage1.{stage}"
        rows += [
            row(f"{name}.conv", "Conv2D", (8, 8, 4), {"kernel": (3, 3, 4, 4)}, macs=9216, inputs=(before,), block=path),
            row(f"{name}.relu", "ReLU", (8, 8, 4), flops=256, inputs=(f"{name}.conv",), block=path),
            row(f"{name}.add", "Add", (8, 8, 4), flops=256, inputs=(f"{name}.relu", before), block=path),
        ]
        before = f"{name}.add"
    rows.append(row("score", "Dense", (1,), {"kernel": (256, 1), "bias": (1,)}, macs=256, inputs=(before,)))
    return report("residual", tuple(rows), connected=True)


def symbolic() -> Report:
    """Shapes, parameters and work that depend on named symbols."""
    height, width = Symbol("H").dim, Symbol("W").dim
    filters = Symbol("k").dim
    rows = (
        row("image", "InputLayer", (height, width, 3)),
        row(
            "conv",
            "Conv2D",
            (height - 2, width - 2, filters),
            params=28 * filters,
            macs=27 * filters * (height - 2) * (width - 2),
            flops=(filters + 1) * (height - 2) ** 3 * (width - 2) ** 3,
        ),
    )
    return report(
        "formulas",
        rows,
        sizes=(
            SizeRecord("H", "image", 1, "H % 32 == 0 and H >= 32", ("add_3",)),
            SizeRecord("W", "image", 2, "W >= 3", ("conv",)),
        ),
    )


def unnamed() -> Report:
    """A fully convolutional model: two dims that the file leaves open, a third that it derives from them."""
    height, width = Symbol("height", anonymous=True).dim, Symbol("width", anonymous=True).dim
    rows = (
        row("image", "InputLayer", (height, width, 3)),
        row("conv", "Conv2D", (height // 2, width // 2, 8), {"kernel": (3, 3, 3, 8)}, macs=54 * height * width),
    )
    return report("open", rows)


def unknown() -> Report:
    """A model with a layer that cnnsum does not know."""
    rows = (
        row("conv", "Conv2D", (98, 98, 32), {"kernel": (3, 3, 3, 32)}, macs=8_297_856, flops=16_595_712),
        row("odd", "Mystery>Layer", None, params=UNKNOWN, macs=UNKNOWN, flops=UNKNOWN, status="unknown"),
    )
    return report(
        "mystery",
        rows,
        unknown=("odd",),
        training=TrainingMemory(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
        peak=Peak(UNKNOWN, None, ()),
        diagnostics=(
            Diagnostic(
                "UNK701",
                "layer type `Mystery>Layer` is not known",
                Span("model.yaml", 5, 5, 5, 10),
                "warning",
                "declare it under layer_types",
                (Related(Span("model.yaml", 4, 5, 4, 9), "its input"),),
            ),
            Diagnostic("GRF301", "no place"),
        ),
    )


def _sum(values: list[Dim]) -> Dim:
    total: Dim = 0
    for value in values:
        total = total + value
    return total
