"""The answer of `cnnsum sizes` as text and as JSON, `cnnsum.sizes/1`. Sees the plain records and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence

from cnnsum.answers.sizes.ask import AxisReport, SizesReport, Tested
from cnnsum.answers.summary.records import Forcing
from cnnsum.render.style import NUMBER, printable
from cnnsum.render.wrap import Span

SCHEMA = "cnnsum.sizes/1"

_LABEL = 12
_HELD = "\x1f"  # stands for a space at which a line is not to be broken; `wrap` takes it for a letter
_COMPARISON = re.compile(r"\w+ % \w+ (?:[<>=!]+ \w+|(?:not )?in)|\w+ [<>=!]+ \w+")
_Line = list[Span]


def lines(answer: SizesReport, width: int) -> Iterator[_Line]:
    """The answer as lines of styled spans, no longer than `width` where words can be parted."""
    yield [(f'Model: "{printable(answer.model)}"', "bold")]
    if answer.faulty:
        yield [(" It has errors: what they hide is not counted, so all that follows is a bound.", "")]
    elif answer.unknown:
        first, *others = answer.unknown
        who = f"`{printable(first)}`" + (f" and {len(others):,} more are" if others else " is")
        blind = f" {who} not known: what that hides is not counted, so all that follows is a bound."
        yield from ([(part, "")] for part in _wrapped(blind, width))
    told: dict[object, str] = {}
    for axes in _same_symbol(answer.axes):
        yield []
        yield from _axis(axes, told, answer.range, width, blind=answer.blind, faulty=answer.faulty)
    if not answer.axes:
        yield []
        if answer.kept:
            yield [(" All sizes of the inputs are fixed; without --keep they are set free.", "")]
        else:
            yield [(" The inputs have no image size and no length; --free channels sets their channels free.", "")]
    if answer.batch is not None:
        yield []
        yield [(" The batch", "bold")]
        said = f"{answer.batch}: PyTorch refuses others when it runs the program"
        yield from _labelled("recorded", [(said, "")], width)
    if answer.tested:
        yield []
        yield [(" Tested", "bold")]
        names = max(len(one.name) for one in answer.tested)
        for one in answer.tested:
            yield from _tested(one, names, width)


def _same_symbol(axes: Iterable[AxisReport]) -> list[list[AxisReport]]:
    """The axes of each symbol."""
    result: dict[str, list[AxisReport]] = {}
    for axis in axes:
        result.setdefault(axis.record.symbol, []).append(axis)
    return list(result.values())


def _axis(
    axes: Sequence[AxisReport],
    told: dict[object, str],
    range: tuple[int, int] | None,
    width: int,
    *,
    blind: bool,
    faulty: bool,
) -> Iterator[_Line]:
    axis = axes[0]
    record = axis.record
    symbol = printable(record.symbol)
    size = "" if axis.size is None else f", {axis.size:,} in the file"
    places = " and ".join(map(_place, axes))
    yield [(f" {symbol}", "bold"), (f"  ({places}{size})", "")]
    hidden = _is_hidden(axis, faulty=faulty)
    accepts = ("not known: an error hides it", "") if hidden else (record.condition, NUMBER)
    yield from _labelled("accepts", [accepts], width)
    if not record.exact and not blind:
        yield from _labelled("", [("a bound: it is not solved, sizes are tried one by one", "")], width)
    if axis.related:
        settings = " ".join(f"--set {printable(name)}=..." for name in axis.related)
        yield from _labelled("", [(f"a relation: solved with {settings}", "")], width)
    if axis.given:
        text = " and ".join(f"{name} = {value:,}" for name, value in axis.given)
        yield from _labelled("with", [(text, "")], width)
    if axis.declared is not None:
        condition, refused = axis.declared
        verdict = "all accepted" if refused is None else f"{refused:,} is not accepted"
        yield from _labelled("declared", [(f"{condition}: {verdict}", "")], width)
    if axis.recorded is not None:
        yield from _labelled("recorded", [(_recorded(axis.recorded), "")], width)
    if axis.size is not None:
        yield from _labelled(f"{axis.size:,}", [(_verdict(axis), "")], width)
    # Axes of one image mostly have the same conditions by the same layers: they are told once.
    own = tuple((one.layer, one.condition.replace(record.symbol, "_"), one.layers) for one in record.forced_by)
    if own and own in told:
        yield from _labelled("forced by", [(f"the same layers as {told[own]}", "")], width)
    else:
        if own:
            told[own] = symbol
        for index, one in enumerate(record.forced_by):
            yield from _forcing(one, "" if index else "forced by", width)
    if axis.resized:
        yield from _labelled("weights", [(_resized(axis), "")], width)
    if axis.legal is not None and range is not None:
        listed = ", ".join(map(str, axis.legal)) or ("none" if axis.legal_to is None else "none found")
        if axis.legal_to is not None:
            listed += f"; not searched further than {axis.legal_to:,}"
        yield from _labelled(f"{range[0]}..{range[1]}", [(listed, "")], width)


def _is_hidden(axis: AxisReport, *, faulty: bool) -> bool:
    """Whether nothing is known of what an axis accepts, for an error hides what its layers need."""
    return faulty and not axis.record.forced_by


def _place(axis: AxisReport) -> str:
    """Where an axis is, and what it is of the symbol that the conditions are on."""
    of = "" if axis.formula is None else f" is {printable(axis.formula)}"
    return f"input `{printable(axis.record.input)}`, axis {axis.record.axis}{of}"


def _recorded(found: tuple[str, int | None, str | None]) -> str:
    """What is to be said of the sizes that the file records."""
    condition, wider, refused = found
    said = [] if wider is None else [f"{wider:,} is not accepted"]
    if refused is not None:
        said.append(f"PyTorch refuses {refused} when it runs the program")
    return f"{condition}: {'; '.join(said)}"


def _verdict(axis: AxisReport) -> str:
    """What is to be said of the size in the file."""
    near = [f"{size:,}" for size in (axis.below, axis.above) if size is not None]
    nearest = " and ".join(near)
    given_up = [f"{size:,}" for size in (axis.below_to, axis.above_to) if size is not None]
    if given_up:
        head = "accepted" if axis.accepted else "not accepted"
        if not near and axis.below_to == axis.above_to == axis.size:
            return f"{head}; no other was tried"
        found = f"the nearest that was found is {nearest}" if near else "no other was found"
        return f"{head}; {found}, not searched further than {' and '.join(given_up)}"
    if axis.accepted:
        if not near:
            return "accepted, and no other size"
        return f"accepted; the nearest {'others are' if len(near) > 1 else 'other is'} {nearest}"
    return (
        f"not accepted; the nearest {'is' if len(near) == 1 else 'are'} {nearest}"
        if near
        else "not accepted, nor is any other size"
    )


def _resized(axis: AxisReport) -> str:
    first, *others = axis.resized
    more = f" and {len(others):,} more" if others else ""
    fit = f"{axis.size:,}" if axis.size is not None else "the size that they were made for"
    return f"of `{printable(first)}`{more} have other shapes at another size: trained ones fit only {fit}"


def _forcing(one: Forcing, label: str, width: int) -> Iterator[_Line]:
    place = f" ({printable(one.path)}:{one.line}:{one.column})" if one.path is not None else ""
    more = (
        "" if one.layers == 1 else ", and another layer" if one.layers == 2 else f", and {one.layers - 1:,} more layers"
    )
    verb = "needs" if one.layers == 1 else "need"
    head = [(f"{printable(one.layer)}", "bold"), (f"{place}{more} {verb} ", ""), (one.condition, NUMBER)]
    yield from _labelled(label, head, width)
    makers = f"; made by {_and(one.makers)}" if len(one.makers) > 1 else ""
    yield from _labelled("", [(f"  {printable(one.reason)}{makers}", "")], width)


def _and(names: Sequence[str]) -> str:
    quoted = [f"`{printable(name)}`" for name in names]
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _tested(one: Tested, names: int, width: int) -> Iterator[_Line]:
    if one.refused_by is None:
        yield [(f"   {one.name:<{names}}  accepted", "")]
        return
    refused = one.refused_by
    place = f" ({printable(refused.path)}:{refused.line}:{refused.column})" if refused.path is not None else ""
    text = f"not accepted: `{printable(refused.layer)}`{place} needs {refused.condition}"
    if not refused.layer:
        text = f"not accepted: {printable(refused.reason)}{place}"
    for index, part in enumerate(_wrapped(text, width - names - 5)):
        yield [(f"   {'' if index else one.name:<{names}}  {part}", "")]


def _labelled(label: str, spans: list[Span], width: int) -> Iterator[_Line]:
    """A label and a text beside it, on as many lines as it takes."""
    text = "".join(part for part, _ in spans)
    room = width - _LABEL - 3
    if len(text) <= room:
        yield [(f"   {label:<{_LABEL}}", ""), *spans]
        return
    for index, part in enumerate(_wrapped(text, room)):
        yield [(f"   {'' if index else label:<{_LABEL}}", ""), (part, spans[0][1] if len(spans) == 1 else "")]


def _wrapped(text: str, width: int) -> list[str]:
    from textwrap import wrap

    indent = " " * (len(text) - len(text.lstrip()))
    # A comparison is not parted from its sides.
    held = _COMPARISON.sub(lambda match: match[0].replace(" ", _HELD), text)
    lines = wrap(held, max(width, 20), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return [line.replace(_HELD, " ") for line in lines]


def document(answer: SizesReport) -> dict[str, object]:
    """The answer as plain dictionaries and lists."""
    result: dict[str, object] = {
        "schema": SCHEMA,
        "model": answer.model,
        "axes": [_axis_object(axis, faulty=answer.faulty) for axis in answer.axes],
    }
    if answer.batch is not None:
        result["batch"] = answer.batch
    if answer.tested:
        result["tested"] = [
            {"size": one.name, "legal": one.refused_by is None, "refused_by": _forcing_object(one.refused_by)}
            for one in answer.tested
        ]
    return result


def json_chunks(answer: SizesReport) -> Iterator[str]:
    """The answer as JSON."""
    yield json.dumps(document(answer), indent=1, ensure_ascii=True) + "\n"


def _axis_object(axis: AxisReport, *, faulty: bool) -> dict[str, object]:
    record = axis.record
    nearest: dict[str, object] = {"below": axis.below, "above": axis.above}
    result: dict[str, object] = {
        "symbol": record.symbol,
        "input": record.input,
        "axis": record.axis,
        "condition": record.condition,
        "status": "exact" if record.exact else "unknown" if _is_hidden(axis, faulty=faulty) else "bound",
        "because": list(record.because),
        "forced_by": list(map(_forcing_object, record.forced_by)),
        "size": axis.size,
        "accepted": axis.accepted,
        "nearest": nearest,
        "declared": None
        if axis.declared is None
        else {"condition": axis.declared[0], "holds": axis.declared[1] is None, "refused": axis.declared[1]},
        "recorded": None
        if axis.recorded is None
        else dict(zip(("condition", "not_accepted", "refused"), axis.recorded, strict=True)),
        "given": dict(axis.given),
        "weights": list(axis.resized),
    }
    if axis.related:
        result["related"] = list(axis.related)
    if axis.formula is not None:
        result["formula"] = axis.formula
    searched = {"below": axis.below_to, "above": axis.above_to}
    if any(size is not None for size in searched.values()):
        nearest["searched_to"] = searched
    if axis.legal is not None:
        result["legal"] = list(axis.legal)
        if axis.legal_to is not None:
            result["legal_to"] = axis.legal_to
    return result


def _forcing_object(one: Forcing | None) -> dict[str, object] | None:
    if one is None:
        return None
    return {
        "layer": one.layer,
        "place": None if one.line is None else {"path": one.path, "line": one.line, "column": one.column},
        "condition": one.condition,
        "reason": one.reason,
        "makers": list(one.makers),
        "layers": one.layers,
    }
