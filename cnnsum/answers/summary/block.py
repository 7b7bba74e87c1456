"""cnnsum's own lines below Keras's summary: work, memory, and which input sizes are legal.

Reads the totals of a report and nothing else of it but names. What is not known is said, never left out as zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from cnnsum.answers.summary.cells import known_sum
from cnnsum.answers.summary.records import Checkpoint, Peak, Report, Row
from cnnsum.counted import counted
from cnnsum.dims import UNKNOWN, Dim, symbols_of
from cnnsum.render import units
from cnnsum.render.style import NUMBER, printable
from cnnsum.render.wrap import Span, cell_length
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.answers.conventions.ask import ConventionReport
    from cnnsum.answers.plan.ask import Plan

_WIDTH = 76  # as wide as Keras's table in a pipe
_LABEL = 16
_NUMBER = 10  # right-aligned: up to "999,999.99"
_UNIT = 3
_NOTE = 1 + _LABEL + _NUMBER + 1 + _UNIT + 2
_WORDS = 1 + _LABEL + 2

_Line = tuple[Span, ...]


def block(report: Report, *, symbolic: bool = False, train: bool = False, verbose: bool = False) -> Iterator[_Line]:
    """Yield the lines as spans: headings bold, numbers in the colour of Keras's.

    `symbolic` shows formulas of sizes without a name, too; `train` itemises the memory of training.
    `verbose` names everything in the plan of inference memory.
    """
    totals = report.totals
    lines = _Lines(symbolic=symbolic)
    yield _heading("Work per sample")
    yield from lines.work("  MACs", totals.macs, report.rows, lambda row: row.macs)
    if report.convention is not None and report.convention.unit == "MACs":
        yield from _by_another(report.convention, lines)
    yield from lines.work("  FLOPs", totals.flops, report.rows, lambda row: row.flops)
    if report.convention is not None and report.convention.unit == "FLOPs":
        yield from _by_another(report.convention, lines)
    yield _heading(f"Memory for a batch of {units.exact(report.batch)}")
    yield from lines.memory("  weights", totals.weights.total, "", report.rows, lambda row: row.memory.weights)
    yield from lines.memory("  outputs", totals.outputs, "of all layers", report.rows, lambda row: row.memory.output)
    yield from lines.memory("  peak", totals.peak.bytes, _peak_note(totals.peak))
    training = totals.training
    itemised = train and (training.total is not UNKNOWN or not totals.unknown)
    note = f"of a step with {printable(totals.optimizer)}"
    yield from lines.memory("  training", training.total, f"{note}, which is:" if itemised else note)
    if itemised:
        for name, (label, remark) in _TRAINING_NOTES.items():
            value = getattr(training, name)
            if value != 0 or name != "master_weights":
                yield from lines.memory(f"    {label}", value, remark)
        if training.peak_step is not None and training.peak_step is not UNKNOWN:
            yield from lines.memory("  at any moment", training.peak_step, "at most, as not all of it is held at once")
    if training.checkpoint is not None:
        yield from _checkpoint(training.checkpoint, lines)
    if report.plan is not None:
        yield from _plan(report.plan, verbose=verbose)
    yield from _sizes(report)
    stored = frozenset(totals.stored)
    for title, names in (
        ("Not known, and in no sum", tuple(name for name in totals.unknown if name not in stored)),
        ("Only weights known, and taken to train", totals.stored),
    ):
        if names:
            yield from _listed(f"{title}: {counted(len(names), 'layer')}", names)


_TRAINING_NOTES = {
    "weights": ("weights", ""),
    "master_weights": ("master", "weights behind those of the compute dtype"),
    "gradients": ("gradients", ""),
    "optimizer": ("optimizer", ""),
    "saved": ("saved", "from the forward pass for the backward pass"),
    "transient": ("transient", "at most at a time, beside all these"),
}


def _checkpoint(found: Checkpoint, lines: _Lines) -> Iterator[_Line]:
    """What activation checkpoints cost, and where they are."""
    names = ", ".join(map(printable, found.layers))
    yield _words("  checkpoints", names or "none: nothing would be saved")
    if found.layers:
        yield from lines.work("  run again", found.extra_macs, (), _nothing)


def _plan(plan: Plan, *, verbose: bool) -> Iterator[_Line]:
    """The plan of inference memory, and where `verbose` asks for it the best order."""
    from cnnsum.answers.plan.formats import order_lines, sections

    yield _heading("Inference memory plan")
    for label, size, note in sections(plan, verbose=verbose):
        yield _words(label, note) if size is None else _number(label, units.memory(size), note)
    if verbose:
        yield from map(tuple, order_lines(plan, _WIDTH))


def _nothing(_row: Row) -> Dim:
    return 0


def _by_another(found: ConventionReport, lines: _Lines) -> Iterator[_Line]:
    """The number of another tool, below cnnsum's of the same unit."""
    label = f"  as {found.name}"
    if found.theirs is UNKNOWN:
        known = _at_least(units.count, found.known)
        why = f"; why: `cnnsum explain --convention {found.name}`" if found.known == 0 else ""
        yield _words(label, known + why)
    else:
        yield from lines.work(label, found.theirs, (), _nothing)


def _heading(text: str) -> _Line:
    return ((f" {text}", "bold"),)


class _Lines:
    """What is said of one number: what it is, or what it depends on, or what is known of it."""

    def __init__(self, *, symbolic: bool) -> None:
        self._symbolic = symbolic

    def work(self, label: str, value: Dim, rows: Iterable[Row], measure: Callable[[Row], Dim]) -> Iterator[_Line]:
        if value is UNKNOWN:
            yield _words(label, _at_least(units.count, known_sum(rows, measure)))
        elif not isinstance(value, int):
            yield from self._formula(label, value, units.count(value))
        else:
            yield _number(label, units.count(value), f"{value:,}" if value >= 1000 else "")

    def memory(
        self, label: str, value: Dim, note: str, rows: Iterable[Row] = (), measure: Callable[[Row], Dim] | None = None
    ) -> Iterator[_Line]:
        if value is UNKNOWN and measure is None:
            yield _words(label, "not known")
        elif value is UNKNOWN and measure is not None:
            yield _words(label, _at_least(units.memory, known_sum(rows, measure)))
        elif not isinstance(value, int):
            yield from self._formula(label, value, units.memory(value))
        else:
            yield _number(label, units.memory(value), note)

    def _formula(self, label: str, value: Dim, text: str) -> Iterator[_Line]:
        """A formula, or, where it is too long to be read, what it depends on and how to settle that.

        One that was asked for is written whole, on as many lines as it takes.
        """
        symbols = symbols_of(value)
        named = sorted(printable(symbol.name) for symbol in symbols if not symbol.anonymous)
        if self._symbolic or (len(named) == len(symbols) and len(text) <= _WIDTH - _WORDS):
            for index, line in enumerate(_broken(text, _WIDTH - _WORDS)):
                yield _label("" if index else label), (line, NUMBER)
        elif len(named) < len(symbols):
            yield _words(label, "depends on the size of the input: give it with --input")
        else:
            yield _words(label, f"depends on {', '.join(named)}: give values with --set")


def _broken(text: str, width: int) -> list[str]:
    """A formula on several lines, parted where it is least deep in parentheses."""
    depth = 0
    deep: list[int] = []  # of each space
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        if sign == " ":
            deep.append(depth)
    words = text.split(" ")
    for most in sorted({0, *deep}):
        parts = words[:1]
        for level, word in zip(deep, words[1:], strict=True):
            if level > most or word == "B":
                parts[-1] += f" {word}"
            else:
                parts.append(word)
        if max(map(len, parts)) <= width:
            break
    lines = parts[:1]
    for part in parts[1:]:
        if len(lines[-1]) + 1 + len(part) <= width:
            lines[-1] += f" {part}"
        else:
            lines.append(part)
    return lines


def _number(label: str, text: str, note: str) -> _Line:
    number, _, unit = text.partition(" ")
    line = f" {label:<{_LABEL}}{number:>{_NUMBER}}"
    spans = [(line[: len(line) - len(number)], ""), (number, NUMBER), (f" {unit:<{_UNIT}}" if note else f" {unit}", "")]
    if note:
        spans.append((f"  {_shortened(note, _WIDTH - _NOTE)}", ""))
    text_end, style = spans[-1]
    return (*spans[:-1], (text_end.rstrip(), style))


def _words(label: str, text: str) -> _Line:
    return _label(label), (_shortened(text, _WIDTH - _WORDS), "")


def _label(label: str) -> Span:
    label = _shortened(label, _LABEL)
    return f" {label}{' ' * (_LABEL - cell_length(label))}  ", ""


def _peak_note(peak: Peak) -> str:
    """Where the peak is, and as many of the tensors alive there as there is room for."""
    if peak.layer is None:
        return ""
    note = f"at {printable(peak.layer)}"
    for index, (name, size) in enumerate(peak.alive):
        more = len(peak.alive) - index
        longer = f"{note}{' + ' if index else ': '}{printable(name)} {units.memory(size)}"
        if cell_length(longer) + (len(f" + {more - 1} more") if more > 1 else 0) > _WIDTH - _NOTE:
            return f"{note} + {more} more" if index else note
        note = longer
    return note


def _sizes(report: Report) -> Iterator[_Line]:
    """One line per free axis of an input: the sizes that the network accepts."""
    if report.sizes:
        yield _heading("Input sizes")
    for size in report.sizes:
        yield _words(f"  {printable(size.symbol)}", size.condition or "any")


def _listed(title: str, names: tuple[str, ...]) -> Iterator[_Line]:
    """A heading and names in as many lines as three, the rest as a number."""
    yield _heading(title)
    line = ""
    lines = 0
    for index, name in enumerate(names):
        text = _shortened(printable(name), _WIDTH // 2)
        if line and cell_length(line) + cell_length(text) + 2 > _WIDTH - 5:
            yield ((f"   {line},", ""),)
            line, lines = "", lines + 1
            if lines == 3:
                yield ((f"   and {len(names) - index:,} more", ""),)
                return
        line = f"{line}, {text}" if line else text
    yield ((f"   {line}", ""),)


def _shortened(text: str, width: int) -> str:
    """Cut a text to `width` cells, with an ellipsis in place of what is left out."""
    if cell_length(text) <= width:
        return text
    text = text[: 4 * width]  # what takes no cell is not taken away one by one
    while cell_length(text) >= width:
        text = text[:-1]
    return f"{text}…"


def _at_least(text: Callable[[Dim], str], known: Dim) -> str:
    """The part of a sum that is known; nothing known is not a bound worth a number."""
    return "not known" if isinstance(known, int) and known == 0 else f"at least {text(known)}"
