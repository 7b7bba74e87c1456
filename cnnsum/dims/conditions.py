"""A set of sizes as a condition in the spec language: the shortest of the forms that are tried.

Loaded when a condition is written. Every form says exactly the same; which numbers are members is `sets`' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from cnnsum.dims import patterns
from cnnsum.dims.patterns import ALL, Pattern, Run
from cnnsum.typed import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnnsum.dims.sets import SizeSet

_MOST_LISTED = 12  # members that are excluded one by one
_LONG = 36  # characters of a condition on residues, above which it is tried as two conditions
_MANY = 1_000  # runs of residues, of which that is tried first
_MOST_CYCLE = 16  # runs in a period that is looked for
_LEAST_RUNS = 5  # that are told as a period


def text_of(sizes: SizeSet, name: str) -> str:
    """The condition that a positive whole number called `name` fulfils where it is a member.

    >>> from cnnsum.dims.sets import SizeSet
    >>> text_of(SizeSet.multiples(32), "H"), text_of(SizeSet.of([5, 7]), "H"), text_of(SizeSet.between(3, 9), "H")
    ('H % 32 == 0 and H >= 32', 'H in {5, 7}', 'H >= 3 and H <= 9')
    """
    least = sizes.least
    if least is None:
        return "false"
    return min((one.text for one in _forms(sizes, least, name)), key=len)


class _Text(NamedTuple):
    """A condition, and whether it must stand in parentheses beside an `and`."""

    text: str
    loose: bool = False


def _all(conditions: Iterable[_Text]) -> _Text:
    parts = list(conditions)
    if len(parts) == 1:
        return parts[0]
    return _Text(" and ".join(f"({text})" if loose else text for text, loose in parts))


def _any(conditions: Iterable[_Text]) -> _Text:
    parts = list(conditions)
    return parts[0] if len(parts) == 1 else _Text(" or ".join(text for text, _ in parts), loose=True)


def _forms(sizes: SizeSet, least: int, name: str) -> Iterator[_Text]:
    make = type(sizes)
    repeats = sizes.pattern
    finite = _stretches(sizes.finite)
    tail: list[_Text] = []
    if repeats.bits:
        first = sizes.nearest_above(sizes.start)
        assert first is not None
        whole = first > least and make.from_stretches([(1, repeats)]) <= sizes  # then nobody needs to know where from
        tail.append(_bounded(repeats, 1 if whole else first, None, name))
    yield _any([*_parts(finite, name), *tail])
    # Or one stretch, out of which something is taken.
    last = sizes.greatest
    if last is None:
        base = make.from_stretches([(1, patterns.NONE), (least, repeats)])
        holes = base - sizes if sizes <= base else None
        pattern = repeats
    else:
        longest = max(finite, key=lambda stretch: stretch[1] - stretch[0])
        pattern = longest[2]
        base = make.from_stretches([(1, patterns.NONE), (least, pattern), (last + 1, patterns.NONE)])
        holes = base - sizes if sizes <= base else None
        if holes is None:
            pattern = ALL
            holes = make.between(least, last) - sizes
    if holes is not None and not holes.is_empty:
        excluded = _excluded(holes.finite, name)
        if excluded is not None:
            yield _all([_bounded(pattern, least, last, name), *excluded])


def _bounded(pattern: Pattern, first: int, last: int | None, name: str) -> _Text:
    """The members of a pattern from the first to the last."""
    if first == last:
        return _Text(f"{name} == {first}")
    parts = [] if pattern == ALL else [_residues(pattern, name)]
    if first > 1 or (pattern == ALL and last is None):
        parts.append(_Text(f"{name} >= {first}"))
    if last is not None:
        parts.append(_Text(f"{name} <= {last}"))
    return _all(parts)


def _parts(stretches: list[tuple[int, int, Pattern]], name: str) -> list[_Text]:
    """Conditions of which one holds for the members of the stretches."""
    singles: list[int] = []
    parts: list[tuple[int, _Text]] = []
    for low, high, pattern in stretches:
        if high - low < 2 and not (low == 1 and high == 2):
            singles += range(low, high + 1)
        else:
            parts.append((low, _bounded(pattern, low, high, name)))
    if singles:
        text = f"{name} == {singles[0]}" if len(singles) == 1 else f"{name} in {_braces(singles)}"
        parts.append((singles[0], _Text(text)))
    return [text for _, text in sorted(parts)]


def _excluded(stretches: list[tuple[int, int, Pattern]], name: str) -> list[_Text] | None:
    """Conditions that hold for all but the members of the stretches; None where these are too many."""
    singles: list[int] = []
    parts: list[_Text] = []
    for low, high, pattern in stretches:
        if pattern != ALL or len(singles) > _MOST_LISTED or len(parts) > _MOST_LISTED:
            return None
        if high - low < 2:
            singles += range(low, high + 1)
        else:
            parts.append(_Text(f"{name} < {low} or {name} > {high}", loose=True))
    if len(singles) == 1:
        parts.insert(0, _Text(f"{name} != {singles[0]}"))
    elif singles:
        parts.insert(0, _Text(f"{name} not in {_braces(singles)}"))
    return parts


def _braces(numbers: Iterable[int]) -> str:
    return "{" + ", ".join(map(str, numbers)) + "}"


# --- residues ---------------------------------------------------------------------------------------------------------


@lru_cache(1 << 8)
def _residues(pattern: Pattern, name: str) -> _Text:
    """The condition that the residue is one of these."""
    # Of a great many residues the text is long to make, and what splits them is certainly shorter.
    many = patterns.beginnings(pattern, 0, pattern.period - 1) > _MANY
    best = min(_split_forms(pattern, name), key=_length, default=None) if many else None
    if best is None:
        best = _plain(pattern, name)
        if not many and _length(best) > _LONG:
            best = min([best, *_split_forms(pattern, name)], key=_length)
    return best


def _length(text: _Text) -> int:
    return len(text.text) + 2 * text.loose


@lru_cache(1 << 8)
def _plain(pattern: Pattern, name: str) -> _Text:
    """The shortest condition on the residue by the period alone."""
    return min(_plain_forms(pattern, name), key=_length)


def _plain_forms(pattern: Pattern, name: str) -> Iterator[_Text]:
    """Conditions on the residue by the period alone."""
    period, bits = pattern
    value = f"{name} % {period}"
    runs = list(patterns.runs(bits))
    others = patterns.inverted(pattern).bits
    gaps = list(patterns.runs(others))
    if bits.bit_count() == 1:
        yield _Text(f"{value} == {runs[0][0]}")
        return
    if others.bit_count() == 1:
        yield _Text(f"{value} != {gaps[0][0]}")
    yield _any(_residue_ranges(runs, value, period))
    if len(runs) == 2 and runs[0][0] == 0 and runs[1][1] == period - 1:
        shift = period - runs[1][0]
        yield _Text(f"({name} + {shift}) % {period} < {shift + runs[0][1] + 1}")
    if bits.bit_count() <= 4 * len(runs):
        yield _Text(f"{value} in {_braces(patterns.positions(bits))}")
    if others.bit_count() <= 4 * len(gaps):
        yield _Text(f"{value} not in {_braces(patterns.positions(others))}")


def _residue_ranges(runs: list[Run], value: str, period: int) -> Iterator[_Text]:
    singles = [number for first, last in runs if last - first < 2 for number in range(first, last + 1)]
    for first, last in runs:
        if last - first < 2 and len(runs) > 1:
            if first == singles[0]:
                yield _Text(f"{value} == {first}" if len(singles) == 1 else f"{value} in {_braces(singles)}")
        elif first == 0:
            yield _Text(f"{value} < {last + 1}")
        elif last == period - 1:
            yield _Text(f"{value} >= {first}")
        else:
            yield _Text(f"{value} >= {first} and {value} <= {last}")


def _split_forms(pattern: Pattern, name: str) -> Iterator[_Text]:
    """Two conditions, the first of which is about a shorter period."""
    period, bits = pattern
    divisors = patterns.divisors(period)[1:-1]
    folds = {divisor: patterns.pattern(divisor, patterns.folded(pattern, divisor)) for divisor in divisors}
    spread = {divisor: patterns.repeated(fold, period) for divisor, fold in folds.items() if fold != ALL}
    for divisor, all_bits in spread.items():
        fold = folds[divisor]
        if fold.period != divisor:
            continue  # the same as for a smaller divisor
        seconds: list[_Text] = []
        for other, other_bits in spread.items():
            if divisor < other and folds[other].period == other and all_bits & other_bits == bits:
                seconds.append(_plain(folds[other], name))
        # Where the first is false the second may say anything.
        wrong = all_bits & ~bits
        first, last = patterns.lowest(bits), bits.bit_length() - 1
        value = f"{name} % {period}"
        if not wrong & (((1 << (last + 1)) - 1) >> first << first):
            bounds = [_Text(f"{value} >= {first}")] if wrong & ((1 << first) - 1) else []
            bounds += [_Text(f"{value} <= {last}")] if wrong >> last else []
            seconds.append(_all(bounds))
        if wrong.bit_count() <= _MOST_LISTED:
            numbers = list(patterns.positions(wrong))
            seconds.append(
                _Text(f"{value} != {numbers[0]}" if len(numbers) == 1 else f"{value} not in {_braces(numbers)}")
            )
        if seconds:
            yield _all([_plain(fold, name), min(seconds, key=_length)])


# --- what comes before the part that repeats --------------------------------------------------------------------------


def _stretches(stretches: list[tuple[int, int, Pattern]]) -> list[tuple[int, int, Pattern]]:
    """The stretches, of which runs at regular distances are made one; each begins and ends with a member."""
    result: list[tuple[int, int, Pattern]] = []
    runs: list[Run] = []
    for low, high, pattern in stretches:
        if pattern == ALL:
            runs.append((low, high))
            continue
        result += _regular(runs)
        runs = []
        first, last = patterns.at_least(pattern, low), patterns.at_most(pattern, high)
        assert first is not None
        assert last is not None
        if first <= last:
            result.append((first, last, pattern))
    return [*result, *_regular(runs)]


def _regular(runs: list[Run]) -> Iterator[tuple[int, int, Pattern]]:
    at = 0
    while at < len(runs):
        reach, cycle = max((_reach(runs, at, cycle), -cycle) for cycle in range(1, _MOST_CYCLE + 1))
        cycle = -cycle
        if reach - at < max(_LEAST_RUNS, 2 * cycle + 1):
            yield *runs[at], ALL
            at += 1
            continue
        period = runs[at + cycle][0] - runs[at][0]
        bits = 0
        for first, last in runs[at : at + cycle]:
            bits |= ((1 << (last - first + 1)) - 1) << (first - runs[at][0])
        yield runs[at][0], runs[reach - 1][1], patterns.turned(Pattern(period, bits), runs[at][0])
        at = reach


def _reach(runs: list[Run], at: int, cycle: int) -> int:
    """Up to which run (exclusive) each is like the one `cycle` runs before it."""
    if at + cycle >= len(runs):
        return at
    period = runs[at + cycle][0] - runs[at][0]
    if period > patterns.LONGEST_PERIOD:
        return at
    index = at + cycle
    while index < len(runs) and runs[index][0] == runs[index - cycle][0] + period:
        if runs[index][1] != runs[index - cycle][1] + period:
            # Cut off by the end of the stretch.
            return index + 1 if runs[index][1] < runs[index - cycle][1] + period else index
        index += 1
    return index
