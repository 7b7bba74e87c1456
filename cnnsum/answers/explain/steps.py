"""The arithmetic of one call, step by step: each measure as a formula, with the numbers put in, and its value.

The formulas are what the layer's rule did on named numbers (`symbols`), the values are the engine's; a formula
that would give another value is not shown. Knows no file and no screen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnnsum.analyses.counting import BITS, bytes_of
from cnnsum.analyses.field.fields import Axis, Misaligned, through
from cnnsum.answers.explain import arithmetic
from cnnsum.answers.explain.symbols import Retold
from cnnsum.answers.explain.tracing import TracedNumber, named, plain, term_of
from cnnsum.dims import UNKNOWN, Dim, Expr, divides, prod
from cnnsum.layers.facts import Facts, Shape, Turn, Weight, Window, size
from cnnsum.typed import NamedTuple

WORDS = {"H": "height", "W": "width", "D": "depth", "T": "length", "C": "channels", "features": "features"}


class Step(NamedTuple):
    """One number and how it comes about.

    formula: with names, None where there is none to show. with_numbers: the same with their values, not worked out.
    value: None for a field that spans all of the input. unit: of the value. why: a sentence, or nothing. symbols: the
    names in the formula, with their values.
    """

    measure: str
    formula: str | None
    with_numbers: str | None
    value: Dim | None
    unit: str
    why: str = ""
    symbols: tuple[tuple[str, Dim], ...] = ()


class Writer:
    """Makes steps of traced numbers, and notes which names they use."""

    def __init__(self, names: arithmetic.Names) -> None:
        self._names = names
        self.symbols: dict[str, Dim] = {}

    def step(self, measure: str, dim: Dim, value: Dim, unit: str, why: str = "") -> Step:
        """A step of a traced number; one that is not the engine's value is left out."""
        if value is UNKNOWN or not isinstance(dim, (int, Expr)) or plain(dim) != value:
            return Step(measure, None, None, value, unit, why)
        term = term_of(dim)
        # The length that is being explained is not explained by its own name.
        names = {key: known for key, known in self._names.items() if key != term}
        used = {text: number for text, number in arithmetic.names_in(term).items() if not text.isdecimal()}
        if not used:
            return Step(measure, None, None, value, unit, why)
        for text, number in used.items():
            self.symbols.setdefault(text, number)
        formula = arithmetic.written(term, names)
        for known in names.values():
            used.update(arithmetic.names_in(known))
        inside = set(re.findall(r"[^\W\d]\w*", formula))
        symbols = tuple([(text, plain(number)) for text, number in used.items() if text in inside])
        return Step(measure, formula, arithmetic.written(term, names, numbers=True), plain(value), unit, why, symbols)


def output_steps(writer: Writer, run: Retold, facts: Facts, why: str) -> Iterator[Step]:
    """The axes of the outputs that are not an input's own."""
    for index, shape in enumerate(run.facts.outputs):
        engine = facts.outputs[index]
        axes = run.axes[1] if index == 0 else run.axes[1] if shape and len(shape) == len(run.axes[1]) + 1 else ()
        ordinal = f" {index + 1}" if index else ""
        for at, (dim, value) in enumerate(zip((shape or ())[1:], (engine or ())[1:], strict=True)):
            axis = axes[at] if at < len(axes) else f"axis{at + 1}"
            if not _unchanged(dim, axis, run.axes[0]):
                word = WORDS.get(axis, f"axis {axis.removeprefix('axis')}")
                reason = "" if axis in ("C", "features") else why  # what is said of lengths is not said of channels
                yield writer.step(f"output{ordinal} {word}", dim, value, "", reason)


def _unchanged(dim: Dim, axis: str, inputs: tuple[str, ...]) -> bool:
    """Whether an axis of the output is the same axis of an input."""
    if axis not in inputs or not isinstance(dim, (int, Expr)):
        return False
    kind, parts = term_of(dim)
    return kind == "name" and str(parts[0]).partition("_")[0] == axis


def weight_steps(writer: Writer, run: Retold, facts: Facts, total: Dim, why: str) -> Iterator[Step]:
    """Parameters in all, and of each weight where there are several."""
    if not facts.weights:
        yield Step("parameters", None, None, total, "parameters", why)
        return
    counts = [prod(weight.shape) for weight in run.facts.weights]
    everything: Dim = counts[0]
    for count in counts[1:]:
        everything = everything + count
    step = writer.step("parameters", everything, total, "parameters", why)
    parts = [
        writer.step(f"parameters of {weight.name}", count, prod(engine.shape), "parameters")
        for weight, engine, count in zip(run.facts.weights, facts.weights, counts, strict=True)
    ]
    if step.formula is not None and len(counts) > 3 and len(step.formula) > _LONG:
        step = summed(step, parts, " + ".join(weight.name for weight in facts.weights))
    yield step
    if len(parts) > 1:
        yield from parts


#: Beyond this a sum of many weights is easier to follow as the sum of their counts.
_LONG = 60


def summed(step: Step, parts: list[Step], formula: str | None) -> Step:
    """The step as the sum of others."""
    return step._replace(formula=formula, with_numbers=" + ".join(str(part.value) for part in parts))


def weight_bytes(facts: Facts, variable: str) -> tuple[str, str] | None:
    """Bytes of the weights as parameters times bytes each: the formula and the numbers, by dtype."""
    counts: dict[str, Dim] = {}
    for weight in facts.weights:
        dtype = weight.dtype or variable
        counts[dtype] = counts.get(dtype, 0) + prod(weight.shape)
    if not counts or any(BITS.get(dtype, 1) % 8 for dtype in counts):
        return None
    each = {dtype: BITS[dtype] // 8 for dtype in counts}
    if len(counts) == 1:
        ((dtype, count),) = counts.items()
        return f"parameters * {each[dtype]}", f"{_operand(count)} * {each[dtype]}"
    return (
        " + ".join(f"{dtype} parameters * {each[dtype]}" for dtype in counts),
        " + ".join(f"{_operand(count)} * {each[dtype]}" for dtype, count in counts.items()),
    )


def _operand(value: Dim) -> str:
    return str(value) if isinstance(value, int) else f"({value})"


def work_steps(writer: Writer, run: Retold, facts: Facts, why: dict[str, str]) -> Iterator[Step]:
    """MACs, elementwise operations, and FLOPs, per sample."""
    yield writer.step("MACs", run.facts.macs, facts.macs, "MACs", why.get("macs", ""))
    yield writer.step("operations", run.facts.ops, facts.ops, "operations", why.get("operations", ""))


def flops_step(macs: Dim, ops: Dim) -> Step:
    """FLOPs of MACs and operations."""
    why = "A multiply-accumulate is two floating-point operations, a product and a sum."
    value = 2 * macs + ops
    if value is UNKNOWN:
        return Step("FLOPs", "2 * MACs + operations", None, UNKNOWN, "FLOPs", why)
    numbers = f"2 * {_operand(macs)} + {_operand(ops)}"
    symbols = (("MACs", macs), ("operations", ops))
    return Step("FLOPs", "2 * MACs + operations", numbers, value, "FLOPs", why, symbols)


def tensor_bytes(shape: Shape, dtype: str, batch: Dim, symbol: Dim | None) -> Dim:
    """Bytes of a tensor of traced dims, the batch put in by its name; a batch of 1 is left out, and one row for each
    sample.
    """
    if not shape or isinstance(shape[0], int) or symbol is None or not divides(symbol, shape[0]):
        elements = prod(shape)
    else:
        rows = shape[0] // symbol
        elements = size(shape) if rows == 1 else size(shape) * named("rows", rows)
        if batch != 1:
            elements = named("batch", batch) * elements
    bits = BITS.get(dtype, 1)
    # A number by its own name stands where it is put, at the end.
    return bytes_of(elements, dtype) if bits % 8 else elements * named(str(bits // 8), bits // 8)


_REACH = (
    "Seen along this axis from the first input position to the last. What its input saw was `size_before`; each tap "
    "after the first reaches `stride_before` input positions further: neighbours there are that far apart."
)
_SPAN = "Seen along this axis from the first input position to the last."
_PACE = "Neighbouring outputs look at places that many input positions apart: the strides so far, multiplied."


def field_steps(
    run: Retold | None,
    window: tuple[Window, ...] | Turn | str,
    seen: tuple[Axis, ...],
    result: tuple[Axis, ...] | None,
) -> Iterator[Step]:
    """Receptive field per spatial axis: what the field engine does with this window, on named numbers."""
    if result is None:
        yield Step("receptive field", None, None, None, "positions", "Every output may depend on all of the input.")
        return
    if all(axis.size is UNKNOWN for axis in result):
        why = "Which positions an output depends on is not followed through this layer."
        yield Step("receptive field", None, None, UNKNOWN, "positions", why)
        return
    writer = Writer({})
    axes = [axis for axis in (run.axes[0] if run else ()) if axis != "C"]
    own = run.facts.window if run is not None else window
    strides: list[Step] = []
    for at, (axis, after) in enumerate(zip(seen, result, strict=True)):
        word = WORDS.get(axes[at], axes[at]) if at < len(axes) else f"axis {at + 1}"
        step = own[at] if isinstance(own, tuple) else None
        made: Axis | None = None
        if step is not None and step._replace(before=0) == Window(1) and not isinstance(step.size, TracedNumber):
            continue  # nothing is seen beyond what the input saw
        if isinstance(step, Window) and axis.steady and step.up == 1:
            before = Axis(named("stride_before", axis.stride), 0, named("size_before", axis.size) - 1)
            made = through(before, Window(step.size, step.stride, step.dilation))
            if plain(step.stride) != 1:
                strides.append(writer.step(f"receptive stride {word}", made.stride, after.stride, "positions", _PACE))
        reach: Dim = UNKNOWN if made is None else made.size
        yield writer.step(f"receptive field {word}", reach, after.size, "positions", _REACH if made else _SPAN)
    yield from strides


def merge_steps(run: Retold | None, merge: Misaligned, result: tuple[Axis, ...]) -> Iterator[Step]:
    """Receptive field per spatial axis of a merge whose inputs do not line up, and how far they are apart."""
    axes = [axis for axis in (run.axes[0] if run else ()) if axis != "C"]
    for at, (axis, shift) in enumerate(zip(result, merge.shifts, strict=True)):
        word = WORDS.get(axes[at], axes[at]) if at < len(axes) else f"axis {at + 1}"
        why = _ALIGNED if isinstance(shift, (int, float)) and shift == 0 else _APART.format(shift)
        if axis.size is UNKNOWN:
            why = _STRIDES
        yield Step(f"receptive field {word}", None, None, axis.size, "positions", why)


_ALIGNED = "Seen along this axis by any of its inputs."
_APART = (
    "Seen by any of its inputs, which do not line up: the centres of what they see are {} apart, in input positions."
)
_STRIDES = "Its inputs do not line up: along this axis their strides differ, so that they drift apart."


def trainable_steps(weights: tuple[Weight, ...], trained: Dim, fixed: Dim, *, frozen: bool) -> Iterator[Step]:
    """The split of the parameters, where some are not trained."""
    if isinstance(fixed, int) and fixed == 0:
        return
    moving = [weight for weight in weights if weight.trainable]
    still = [weight for weight in weights if not weight.trainable]
    if frozen or not moving:
        why = "The layer is frozen: training changes none of its weights." if frozen else "None of them is trained."
        yield Step("non-trainable parameters", None, None, fixed, "parameters", why)
        return
    for measure, group, value, why in (
        ("trainable parameters", moving, trained, "What the optimizer changes."),
        ("non-trainable parameters", still, fixed, "Held by the layer, but not changed by gradients."),
    ):
        formula = " + ".join(weight.name for weight in group)
        numbers = " + ".join(_operand(prod(weight.shape)) for weight in group)
        yield Step(measure, formula, numbers, value, "parameters", why)
