"""Budgets: whether a network stays within the limits that its spec or the configuration sets, at all declared sizes.

What is not known cannot be held against a limit, and fails. Knows reports and formulas; no format and no screen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnnsum.analyses.depth import depth
from cnnsum.analyses.field.fields import receptive_fields
from cnnsum.analyses.sizes.largest import UnsolvedError
from cnnsum.analyses.sizes.worst import Break, NoSizesError, Range, broken
from cnnsum.answers.summary.ask import summarize
from cnnsum.answers.summary.measured import MEASURES, largest, measured, percent
from cnnsum.answers.summary.records import Report
from cnnsum.counted import counted
from cnnsum.diagnostics import Diagnostic, Span, UnusableError, did_you_mean
from cnnsum.dims import UNKNOWN, Dim, Expr, Unknown, substitute, symbols_of
from cnnsum.lint.budget.entries import KEYS, SHAPES, Budget, Limit, Places, no_limit, read
from cnnsum.lint.budget.known import because_of, is_whole, least_of, numbers_of
from cnnsum.model import Model
from cnnsum.typed import NamedTuple

__all__ = ["KEYS", "findings"]

_MOST_NAMED = 3  # layers in a help line

#: Where a budget of the configuration stands: the place of each key, and of the whole table under "".
Where = Mapping[str, Span] | None


def findings(
    model: Model,
    budget: Mapping[str, object] | None = None,
    where: Where = None,
    *,
    batch: int | None = None,
    optimizer: str | None = None,
) -> list[Diagnostic]:
    """What of a model is over budget: BUD501, or BUD502 for what is not known, and BUD503 for malformed entries of the
    spec's own budget; of those in a configuration `config_faults` speaks.

    Both the budget of the spec and `budget`, a table of the configuration, hold. where: its places. batch,
    optimizer: that memory is estimated for where a budget names none (default: 1, or the batch of the file; Adam).

    >>> import cnnsum
    >>> model = cnnsum.loads("{budget: {params: 100}, input: [8], layers: [Dense: 16]}")
    >>> [str(found) for found in findings(model)]
    ['<text>:1:11: BUD501 params: 144 is over the budget of 100 by 44 (44.0%)']
    """
    result: list[Diagnostic] = []
    value = model.document.value
    own = value.get("budget") if model.format == "cnnsum" and isinstance(value, dict) else None
    if isinstance(own, dict):
        document = model.document

        def place(path: tuple[str | int, ...], *, key: bool = False) -> Span | None:
            return document.span(("budget", *path), key=key)

        found, faults = read(own, place)
        result += faults or no_limit(own, document.span(("budget",), key=True))
        result += _held(model, found, batch, optimizer, is_own=True)
    elif own:
        span = model.document.span(("budget",), key=True)
        result.append(Diagnostic("BUD502", "this budget is not a mapping, and so nothing is held to it", span))
    if budget:
        found, _ = read(budget, _configured(where))  # whose faults are told once, not of every model
        for one in _held(model, found, batch, optimizer, is_own=False):
            elsewhere = one.span is None or one.span.path != model.document.path
            result.append(one._replace(message=f"{model.document.path}: {one.message}") if elsewhere else one)
    return result


def unheld(
    path: str,
    own: Span | None,
    errors: Sequence[Diagnostic],
    budget: Mapping[str, object] | None,
    where: Where,
) -> list[Diagnostic]:
    """BUD502 for every budget of a file of which no model could be read, so that nothing of it is known.

    own: where the budget of the file itself stands, None where it has none.
    """
    spans = [] if own is None else [own]
    if budget:
        spans.append(_configured(where)(("",)) or Span(path, 1, 1, 1, 1))
    message = f"{path}: the file cannot be read, and so is not within its budget"
    return [Diagnostic("BUD502", message, span, help=because_of(errors)) for span in spans]


def config_faults(budget: Mapping[str, object], where: Where, *, alone: bool = False) -> list[Diagnostic]:
    """What is malformed in a budget of the configuration, whatever the models are; alone: whether nothing can add
    limits to it.
    """
    places = _configured(where)
    faults = read(budget, places)[1]
    return faults or [*(no_limit(budget, places(("",))) if alone else ())]


def _configured(where: Where) -> Places:
    """The places of a table of configuration; what is inside a key stands where the key does."""
    known = {} if where is None else where

    def place(path: tuple[object, ...], *, key: bool = False) -> Span | None:
        del key
        return known.get(str(path[0]), known.get(""))

    return place


# --- holding a model to it --------------------------------------------------------------------------------------------


class _Held(NamedTuple):
    """A model whose numbers are at hand, and how it is read to have the sizes open that a budget is about."""

    model: Model
    report: Report
    ranges: Mapping[str, Range]
    settings: Mapping[str, int]
    free: tuple[str, ...]
    optimizer: str


def _held(model: Model, budget: Budget, batch: int | None, optimizer: str | None, *, is_own: bool) -> list[Diagnostic]:
    """The findings of one budget."""
    result: list[Diagnostic] = []
    if not budget.limits:
        return result
    ranges = {name: sizes for name, (sizes, _) in budget.over.items()}
    opened, settings, free = _opened(model, ranges)
    if is_own:
        batches = symbols_of(opened.graph.batch) if opened.graph.batch is not None else ()
        known = [name for name, symbol in opened.graph.symbols.items() if symbol not in batches]
        for name, (_, span) in budget.over.items():
            if name not in known:
                help = did_you_mean(name, known) or f"its symbols are {', '.join(known) or 'none'}"
                result.append(Diagnostic("BUD503", f"the model has no symbol `{name}`", span, help=help))
    samples = budget.batch or batch
    fixed = isinstance(model.graph.batch, int)
    optimizer = budget.optimizer or optimizer or "adam"
    report = summarize(opened, batch=None if fixed else samples, optimizer=optimizer, details=False)
    held = _Held(opened, report, ranges, settings, free, optimizer)
    numbers = numbers_of(opened, report)
    shapes = _shapes(opened) if any(limit.key in SHAPES for limit in budget.limits) else {}
    for limit in budget.limits:
        if limit.key in SHAPES:
            result += _shape(held, limit, shapes[limit.key])
        else:
            found = _one(held, limit, numbers[limit.key], limit.numbers[0])
            if found is not None:
                result.append(found)
    return result


def _opened(model: Model, ranges: Mapping[str, Range]) -> tuple[Model, Mapping[str, int], tuple[str, ...]]:
    """The model with those sizes open that a budget names and the file fixes, and how it was read."""
    unchanged: tuple[Model, Mapping[str, int], tuple[str, ...]] = model, {}, ()
    if all(name in model.graph.symbols for name in ranges):
        return unchanged
    try:
        how = model.how.of_the_file().freeing("spatial")
        found = model.again(how)
        fixed = {name: one.size for name, one in found.graph.freed.items() if one.size is not None}
        if not any(name in fixed for name in ranges):
            return unchanged
        settings = {name: size for name, size in fixed.items() if name not in ranges}
        if settings:
            found = model.again(how.setting(settings))
    except UnusableError:
        return unchanged
    return found, settings, ("spatial",)


def _one(held: _Held, limit: Limit, number: Dim, most: int, of: str = "") -> Diagnostic | None:
    """One number against one limit; `of` says of which axis."""
    if isinstance(number, Unknown):
        return _of_what_is_known(held, limit, most) or _unknown(held, limit)
    if not isinstance(number, Expr):
        over = most - number if limit.least else number - most
        return _exceeded(held.report, limit, number, over, most, of) if over > 0 else None
    formula, bound = (0 - number, -most) if limit.least else (number, most)
    assert isinstance(formula, Expr)
    try:
        found = broken(formula, bound, held.model.sizes.requirements, held.ranges)
    except NoSizesError:
        names = [name for name in held.ranges if any(symbol.name == name for symbol in symbols_of(number))]
        message = f"{limit.key}: the network accepts no size of {' and '.join(names) or 'its inputs'} in the range"
        return Diagnostic("BUD502", message, limit.span, help="`cnnsum sizes` says which sizes it accepts, and why")
    except UnsolvedError:
        return _unsolved(limit, number)
    if found is None:
        return None
    return _over_sizes(held, limit, number, most, found, of)


def _of_what_is_known(held: _Held, limit: Limit, most: int) -> Diagnostic | None:
    """What is over a limit already by what is known of it."""
    known = least_of(held.report, limit.key)
    if isinstance(known, Expr):
        try:
            found = broken(known, most, held.model.sizes.requirements, held.ranges)
        except (NoSizesError, UnsolvedError):
            return None
        point = {} if found is None else found.point
        value = None if found is None else substitute(known, point)
        if not isinstance(value, int):
            return None
        return _exceeded(held.report, limit, value, value - most, most, "", at=_sizes_text(point), bound=True)
    if not isinstance(known, int) or known <= most:
        return None
    return _exceeded(held.report, limit, known, known - most, most, "", bound=True)


def _over_sizes(held: _Held, limit: Limit, number: Dim, most: int, found: Break, of: str) -> Diagnostic:
    """A formula that breaks its limit at some sizes."""
    at = _sizes_text(found.point)
    try:
        there = held.report.evaluate(**found.point)
    except ValueError:
        return _unsolved(limit, number)
    if limit.key == "peak" and there.totals.peak.layer is None:
        there = _inferred(held, found.point) or there  # formulas do not tell which layer it is at
    value = measured(there.totals)[limit.key] if limit.key in MEASURES else substitute(number, found.point)
    if not isinstance(value, int):
        return _unsolved(limit, number)
    names = sorted(symbol.name for symbol in symbols_of(number))
    since = ""
    if found.start is not None and found.onward:
        tied = " = ".join(name for name in names if held.ranges.get(name, Range()).low <= found.start)
        since = f"exceeded from {tied or ' = '.join(names)} = {found.start:,} on"
    over = most - value if limit.least else value - most
    alone = all(size == found.start for size in found.point.values())
    return _exceeded(there, limit, value, over, most, of, at="" if since and alone else at, since=since)


def _inferred(held: _Held, point: Mapping[str, int]) -> Report | None:
    """The report at some sizes by inference; None where the file alone does not give it."""
    report = held.report
    try:
        how = held.model.how.of_the_file().freeing(*held.free)
        model = held.model.again(how.setting({**held.settings, **point}))
        there = summarize(
            model, batch=report.batch if isinstance(report.batch, int) else None, optimizer=held.optimizer
        )
    except UnusableError:
        return None
    # The model may have been read with other settings than the file's.
    same = there.totals.params == report.evaluate(**point).totals.params
    return there if same and isinstance(there.totals.peak.bytes, int) else None


def _exceeded(
    report: Report,
    limit: Limit,
    number: int,
    over: int,
    most: int,
    of: str,
    *,
    at: str = "",
    since: str = "",
    bound: bool = False,
) -> Diagnostic:
    """The finding that a number exceeds a limit; bound: whether it may be more than that."""
    if limit.key in MEASURES:
        measure = MEASURES[limit.key]
        short = measure.short(number)
        value = measure.exact(number)
        if measure.is_memory and short != value:
            value = f"{short} ({value})"
        excess = measure.exact(over)
    else:
        value, excess = f"{number:,}", f"{over:,}"
    if bound:
        value, excess = f"at least {value}", f"at least {excess}"
    rate = "" if bound else percent(over, most)
    relation = f"below the least of {limit.written}" if limit.least else f"over the budget of {limit.written}"
    where = f" at {at}" if at else ""
    if since and not at:
        message = f"{limit.key}{of}: {since}, where {value} is {relation} by {excess}"
    else:
        message = f"{limit.key}{of}: {value}{where} is {relation} by {excess}"
    message += f" ({rate})" if rate else ""
    if since and at:
        message += f"; {since}"
    return Diagnostic("BUD501", message, limit.span, help=_help(report, limit.key, number))


def _sizes_text(point: Mapping[str, int]) -> str:
    """Sizes of symbols: "H = W = 1,024 and k = 3"."""
    by_size: dict[int, list[str]] = {}
    for name, size in point.items():
        by_size.setdefault(size, []).append(name)
    return " and ".join(f"{' = '.join(names)} = {size:,}" for size, names in by_size.items())


def _help(report: Report, key: str, total: int) -> str | None:
    """Which layers hold most."""
    measure = MEASURES.get(key)
    if measure is None:
        return None
    if key == "peak":
        peak = report.totals.peak
        alive = sorted([(name, size) for name, size in peak.alive if isinstance(size, int)], key=lambda pair: -pair[1])
        if peak.layer is None or not alive:
            return None
        return f"it is at `{peak.layer}`, with {_named(alive[:_MOST_NAMED], total, key)} alive"
    largest_rows = largest(report.rows, key)
    if key == "training":
        parts = report.totals.training
        items = [
            (name.replace("_", " "), size)
            for name in ("weights", "gradients", "optimizer", "saved", "transient", "master_weights")
            if isinstance(size := getattr(parts, name), int) and size
        ]
        listed = ", ".join(f"{name} {measure.short(size)}" for name, size in sorted(items, key=lambda pair: -pair[1]))
        kept = f"; most is saved for {_named(largest_rows, 0, key)}" if largest_rows else ""
        return f"{listed}{kept}; with {report.totals.optimizer} and a batch of {report.batch}"
    return f"most are in {_named(largest_rows, total, key)}" if largest_rows else None


def _named(pairs: list[tuple[str, int]], total: int, key: str) -> str:
    """Layers with their numbers and their parts of a total."""
    words = []
    for name, number in pairs:
        part = f", {percent(number, total)}" if total else ""
        words.append(f"`{name}` ({MEASURES[key].short(number)}{part})")
    return ", ".join(words)


def _unknown(held: _Held, limit: Limit) -> Diagnostic:
    names = held.report.totals.unknown
    listed = ", ".join(f"`{name}`" for name in names[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED:,} more layers" if len(names) > _MOST_NAMED else ""
    because = f": nothing is known of {listed}{more}" if names else ""
    message = f"{limit.key}: not known, and so not within the budget of {limit.written}{because}"
    return Diagnostic("BUD502", message, limit.span, help=because_of(held.model.errors))


def _unsolved(limit: Limit, number: Dim) -> Diagnostic:
    names = ", ".join(sorted(symbol.name for symbol in symbols_of(number)))
    message = f"{limit.key}: a formula in {names} that cannot be held against {limit.written} at all sizes"
    help = f"say in the budget for which sizes it is: `over: {{{names.split(', ')[0]}: 32:512}}`"
    return Diagnostic("BUD502", message, limit.span, help=help)


# --- measures of the network's shape ----------------------------------------------------------------------------------


class _Axes(NamedTuple):
    """A measure of the network's shape: a number per spatial axis, or one. axes: whether the numbers are of axes."""

    numbers: tuple[Dim, ...]
    axes: bool = True


def _shape(held: _Held, limit: Limit, found: _Axes) -> list[Diagnostic]:
    wanted = limit.numbers
    if len(wanted) > 1 and found.numbers and len(wanted) != len(found.numbers):
        axes = counted(len(wanted), "axis", "axes")
        message = f"`{limit.key}` is given for {axes}, and the network has {len(found.numbers)}"
        return [Diagnostic("BUD503", message, limit.span)]
    result = []
    seen: set[Dim] = set()
    for axis, number in enumerate(found.numbers):
        if len(wanted) == 1 and number in seen:
            continue  # the axes of an image are mostly alike
        seen.add(number)
        several = found.axes and len(set(found.numbers)) > 1
        of = f" along axis {axis + 1}" if several else ""
        diagnostic = _one(held, limit, number, wanted[axis] if len(wanted) > 1 else wanted[0], of)
        if diagnostic is not None:
            result.append(diagnostic)
    return result


def _shapes(model: Model) -> dict[str, _Axes]:
    """What is measured of the shape of a network.

    receptive_field: input positions that an output sees, of the output that sees least; nothing where all see all.
    stride: the largest step between neighbouring positions of any layer's output. depth: see `cnnsum.analyses.depth`.
    """
    inference = model.inference
    found = {"depth": _Axes((depth(inference),), axes=False)}
    if not is_whole(model):
        return dict.fromkeys(SHAPES, _Axes((UNKNOWN,), axes=False))
    if any(call.facts.status == "unknown" for call in inference.calls):
        return {**found, "receptive_field": _Axes((UNKNOWN,)), "stride": _Axes((UNKNOWN,))}
    fields = receptive_fields(inference)
    at_outputs = [tuple([axis.size for axis in field]) for n in inference.outputs if (field := fields[n]) is not None]
    found["receptive_field"] = _Axes(_extreme(at_outputs, least=True))
    made = [field for call in inference.calls for n in call.outputs if (field := fields[n]) is not None]
    strides = {tuple([_whole(axis.jump) for axis in field]) for field in dict.fromkeys(made)}
    found["stride"] = _Axes(_extreme([*strides], least=False))
    return found


def _whole(jump: Dim | float) -> Dim:
    """A step in whole positions; behind a layer that enlarges it may be less than one."""
    return -int(-jump // 1) if isinstance(jump, float) else jump


def _extreme(rows: list[tuple[Dim, ...]], *, least: bool) -> tuple[Dim, ...]:
    """The least or the largest of some numbers for each axis; UNKNOWN where they cannot be compared."""
    rows = [row for row in rows if row]
    count = max(map(len, rows), default=0)
    result: list[Dim] = []
    for axis in range(count):
        column = {row[axis] for row in rows if len(row) > axis}
        if len(column) == 1:
            result.append(column.pop())
        elif all(isinstance(number, int) for number in column):
            result.append((min if least else max)(number for number in column if isinstance(number, int)))
        else:
            result.append(UNKNOWN)
    return tuple(result)
