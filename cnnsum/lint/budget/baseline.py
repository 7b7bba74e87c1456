"""Baselines: what models cost at some time, and whether they cost more now. A ratchet for CI.

A baseline is a report in JSON, or a file with the numbers of several models by path. Knows reports, and no screen.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from cnnsum.analyses.sizes.envelope import known_of
from cnnsum.analyses.sizes.largest import UnsolvedError
from cnnsum.analyses.sizes.worst import broken
from cnnsum.answers.summary.ask import summarize
from cnnsum.answers.summary.measured import MEASURES, percent
from cnnsum.diagnostics import Diagnostic, Span, UnusableError, did_you_mean
from cnnsum.dims import UNKNOWN, Dim, Expr, ExpressionError, Unknown, at_least, parse_dim, substitute
from cnnsum.lint.budget.known import because_of, least_of, numbers_of
from cnnsum.model import Model
from cnnsum.render.quantities import QuantityError, count, memory
from cnnsum.render.units import plain_number
from cnnsum.typed import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnnsum.source import Document

SCHEMA = "cnnsum.baseline/1"

_MOST_DIGITS = 12


class Increase(NamedTuple):
    """How much more a measure may be than in the baseline: a part of it, and a number. `text` is as it was written, ""
    where the measure is held because all are.
    """

    rate: Fraction
    number: int
    text: str


NO_INCREASE = Increase(Fraction(0), 0, "0")
_NOT_NAMED = Increase(Fraction(0), 0, "")


class Entry(NamedTuple):
    """The numbers of one model, by measure: a number, a formula as text, or None. batch: what memory is for."""

    batch: int | None
    numbers: Mapping[str, int | str | None]


class Baseline(NamedTuple):
    """The models of a baseline by path. single: whether it is the report of one model, whatever its path."""

    path: str
    entries: Mapping[str, Entry]
    single: bool

    def only(self, path: str) -> Baseline | None:
        """The same with the model of one file alone, None where it has none: small enough for every process."""
        entry = self.of(path)
        return None if entry is None else Baseline(self.path, {path: entry}, single=True)

    def of(self, path: str) -> Entry | None:
        """The numbers of the model in a file; None where the baseline has none."""
        if self.single:
            return next(iter(self.entries.values()))
        return self.entries.get(_key(path)) or self.entries.get(_key(os.path.relpath(path)))


def increase(text: str) -> tuple[str, Increase]:
    """The measure and what it may grow by: `params=2%`, `peak=1MiB`, `macs=0`, or `macs`, which is the same.

    Raises ValueError with a message for people.

    >>> increase("params=2.5%")
    ('params', Increase(rate=Fraction(1, 40), number=0, text='2.5%'))
    >>> increase("peak=1MiB")[1].number
    1048576
    """
    name, _, amount = (part.strip() for part in text.partition("="))
    if name not in MEASURES:
        near = did_you_mean(name, MEASURES) or f"they are {', '.join(MEASURES)}"
        raise ValueError(f"there is no measure `{name}` ({near})")
    if amount in ("", "0"):
        return name, NO_INCREASE
    if amount.endswith("%"):
        whole, _, decimals = amount[:-1].strip().partition(".")
        digits = whole + decimals
        if not digits.isdecimal() or not digits.isascii() or len(digits) > _MOST_DIGITS:
            raise ValueError(f"`{amount}` is not a percentage: write 2% or 0.5%")
        return name, Increase(Fraction(int(digits), 100 * 10 ** len(decimals)), 0, amount)
    try:
        number = memory(amount) if MEASURES[name].is_memory else count(amount)
    except QuantityError as error:
        raise ValueError(str(error)) from None
    return name, Increase(Fraction(0), number, amount)


def increases(texts: Iterable[str]) -> dict[str, Increase]:
    """What each measure may grow by; raises ValueError. Without any text, all measures are held, and none may grow."""
    found = dict(map(increase, texts))
    return found or dict.fromkeys(MEASURES, _NOT_NAMED)


def read(path: str) -> Baseline:
    """Read a baseline; raises UnusableError (SPC001 and the like, SPC049 for what is not a baseline)."""
    from cnnsum.source import read as read_document

    document = read_document(path)
    wrong = [one for one in document.diagnostics if one.severity == "error"]
    if wrong:  # of two numbers of one model nobody knows which it is held to
        raise UnusableError(*wrong, line=document.line)
    value = document.value
    if isinstance(value, dict):
        if value.get("schema") == SCHEMA and isinstance(value.get("models"), dict):
            folder = os.path.dirname(path)
            entries = {_key(_from_here(str(name), folder)): _entry(one) for name, one in value["models"].items()}
            if all(entry is not None for entry in entries.values()):
                return Baseline(path, {name: entry for name, entry in entries.items() if entry is not None}, False)
        entry = _of_report(document)
        if entry is not None:
            return Baseline(path, {path: entry}, single=True)
    help = "a baseline is written by `cnnsum MODEL --format json` or by `cnnsum check --write-baseline FILE`"
    raise UnusableError(Diagnostic("SPC049", "this file is not a baseline", document.span(), help=help))


def _entry(value: object) -> Entry | None:
    if not isinstance(value, dict) or any(not isinstance(value.get(key), int | str | None) for key in MEASURES):
        return None
    batch = value.get("batch")
    return Entry(batch if type(batch) is int else None, {key: value[key] for key in MEASURES if key in value})


def _of_report(document: Document) -> Entry | None:
    """The numbers in a report of one model."""
    places = {
        "params": ("params", "total"),
        "trainable": ("params", "trainable"),
        "macs": ("macs",),
        "flops": ("flops",),
        "weights": ("memory", "weights"),
        "peak": ("memory", "peak"),
        "training": ("memory", "training", "total"),
    }
    try:
        numbers = {name: document.at(("totals", *place)) for name, place in places.items()}
        return _entry({"batch": document.at(("model", "batch")), **numbers})
    except (KeyError, TypeError):
        return None


def entry_of(model: Model, *, batch: int | None = None, optimizer: str = "adam") -> Entry:
    """The numbers of a model as they are now."""
    report = summarize(model, batch=batch, optimizer=optimizer, details=False)
    numbers = {key: plain_number(number) for key, number in numbers_of(model, report).items()}
    return Entry(report.batch if isinstance(report.batch, int) else None, numbers)


def text(entries: Mapping[str, Entry]) -> str:
    """The baseline of some models by path, as the file that `read` reads: a model to a line, in the order of paths."""
    lines = [
        f"  {json.dumps(name)}: {json.dumps({'batch': entry.batch, **entry.numbers})}"
        for name, entry in sorted((_key(name), entry) for name, entry in entries.items())
    ]
    return f'{{\n "schema": "{SCHEMA}",\n "models": {{\n' + ",\n".join(lines) + "\n }\n}\n"


def findings(
    model: Model, baseline: Baseline, allowed: Mapping[str, Increase], *, optimizer: str = "adam"
) -> list[Diagnostic]:
    """Measures that have grown by more than is allowed: BUD504, or BUD502 where that cannot be said.

    What is not known now and was not known then is a warning, unless the measure was named: nothing that was held is
    held no more.

    A model that the baseline does not have is new, and has no findings. The batch is that of the baseline.
    """
    entry = baseline.of(model.document.path)
    if entry is None:
        return []
    fixed = isinstance(model.graph.batch, int)
    report = summarize(model, batch=None if fixed else entry.batch, optimizer=optimizer, details=False)
    now = numbers_of(model, report)
    span = model.document.span()
    result = []
    for key, grown in allowed.items():
        if key not in entry.numbers:
            continue
        written = plain_number(now[key])
        if written is not None and written == entry.numbers[key]:
            continue
        if written is None and entry.numbers[key] is None and not grown.text:
            message = f"{key}: not known, as in {baseline.path}: whether it has grown cannot be said"
            result.append(Diagnostic("BUD502", message, span, "warning"))
            continue
        before = _dim(entry.numbers[key], model)
        is_known = not isinstance(now[key], Unknown)
        number = now[key] if is_known else least_of(report, key)
        sizes = _more_at(before, number, grown, model)
        if is_known and sizes == "":
            continue
        measure = MEASURES[key]
        if not sizes:
            message = f"{key}: {_told(now[key])} cannot be compared with {_told(before)} in {baseline.path}"
            result.append(Diagnostic("BUD502", message, span, help=None if is_known else because_of(model.errors)))
            continue
        may = f", and may grow by {grown.text}" if grown.rate or grown.number else ""
        least = "" if is_known else "at least "
        message = (
            f"{key}: {least}{measure.exact(number)} is more than {measure.exact(before)} in {baseline.path}{sizes}{may}"
        )
        if isinstance(before, int) and isinstance(number, int):
            over = number - before
            rate = percent(over, before) if is_known else ""
            message = (
                f"{key}: {least}{measure.exact(number)} is {measure.exact(over)}{f' ({rate})' if rate else ''} more "
                f"than in {baseline.path}, which has {measure.exact(before)}{may}"
            )
        result.append(Diagnostic("BUD504", message, span, help="`cnnsum diff OLD NEW` shows which layers have changed"))
    return result


def unheld(path: str, errors: Sequence[Diagnostic], baseline: Baseline) -> list[Diagnostic]:
    """BUD502 for a file of which no model could be read, where the baseline has one of it."""
    if baseline.of(path) is None:
        return []
    message = f"the file cannot be read, and so whether it has grown since {baseline.path} cannot be said"
    return [Diagnostic("BUD502", message, Span(path, 1, 1, 1, 1), help=because_of(errors))]


def _told(dim: Dim) -> str:
    return "what is not known" if isinstance(dim, Unknown) else f"{dim:,}" if isinstance(dim, int) else str(dim)


def _dim(value: int | str | None, model: Model) -> Dim:
    """A number of the baseline."""
    if not isinstance(value, str):
        return UNKNOWN if value is None else value
    try:
        return parse_dim(value, model.graph.symbols)
    except ExpressionError:
        return UNKNOWN


def _more_at(before: Dim, now: Dim, grown: Increase, model: Model) -> str | None:
    """The same as `_more`; None where it cannot be said."""
    try:
        return _more(before, now, grown, model)
    except UnsolvedError:
        return None


def _more(before: Dim, now: Dim, grown: Increase, model: Model) -> str:
    """At which sizes a number has grown by more than is allowed: "" for none, else words that follow a sentence.

    Raises UnsolvedError where that cannot be said.
    """
    if isinstance(before, Unknown) or isinstance(now, Unknown):
        raise UnsolvedError
    if before == now:
        return ""
    most = before * (grown.rate.denominator + grown.rate.numerator) + grown.number * grown.rate.denominator
    over = now * grown.rate.denominator - most
    if isinstance(over, int):
        return " at all sizes" if over > 0 else ""
    assert isinstance(over, Expr)
    known = {name: symbol.dim for name, symbol in known_of(model.sizes).items()}
    if at_least(0, substitute(over, known)) is True:
        return ""
    found = broken(over, 0, model.sizes.requirements, {})
    if found is None:
        return ""
    first = " and ".join(f"{name} = {size:,}" for name, size in found.point.items())
    return f" from {first} on" if found.onward else f" at {first}"


def _from_here(name: str, folder: str) -> str:
    """The path of a model of a baseline from where the caller stands: it is told from where the baseline was written,
    which is here, or the baseline's folder.
    """
    if folder and not os.path.isabs(name) and not os.path.lexists(name):
        beside = os.path.join(folder, name)
        if os.path.lexists(beside):
            return os.path.relpath(beside)
    return name


def _key(path: str) -> str:
    """A path as it is compared: with `/`, without `.` parts."""
    return os.path.normpath(path).replace(os.sep, "/")
