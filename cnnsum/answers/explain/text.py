"""An explanation as text for a terminal or a pipe: measures on the left, arithmetic and reasons on the right.

Reads the records of `explaining` and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from textwrap import wrap

from cnnsum.answers.explain.ask import Explanation
from cnnsum.answers.explain.explaining import MAX_EXPLAINED, Explained
from cnnsum.answers.explain.steps import Step
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.layers.facts import Shape, show_shape
from cnnsum.render import units
from cnnsum.render.style import NUMBER, TYPE, printable

Line = list[tuple[str, str]]

_LABEL = 26  # cells of the left column, indent included
_INDENT = 2
_DIM = "dim"
# What is not broken at its spaces: short formulas of the documentation, names with their value, shapes.
_WHOLE = re.compile(r"`[^`]{1,36}`|\w+(?: = \w+)+|\((?:\w+, )*\w+,?\)")
# A reason that adds nothing to "no parameters".
_SAYS_NO_MORE = re.compile(r"|(No weights[^:.]*|Nothing kept|Backpropagation keeps nothing)\.")
_SENTENCE = re.compile(r"\.(?= |$)")
_JOINED = "\N{NO-BREAK SPACE}"

#: Measures that are said in one line together where all of them are 0.
_TOGETHER = ("parameters", "MACs", "operations", "weight memory")


def lines(explanation: Explanation, width: int) -> Iterator[Line]:
    """Yield the lines as spans (text, style) that are at most `width` cells wide, where no word is longer."""
    count = len(explanation.layers)
    yield [
        (printable(explanation.model), "bold"),
        (f": {count:,} layer{'s' * (count != 1)} explained; memory for a batch of {explanation.batch:,}", ""),
    ]
    if count > 1:
        yield [("A reason is given where it is first needed.", _DIM)]
    yield from _Page().layers(explanation.layers, max(width, 60), 0)
    if explanation.more:
        yield []
        yield from _words(left_out(explanation), max(width, 60), 0)


def left_out(explanation: Explanation) -> str:
    """What is said of layers that were asked for, but are too many."""
    few = explanation.more == 1
    return (
        f"{explanation.more:,} more layer{'' if few else 's'} {'is' if few else 'are'} not explained here: at most "
        f"{MAX_EXPLAINED:,} are at once. A name or a pattern chooses which: `cnnsum explain MODEL LAYER`."
    )


class _Page:
    """Writes layers one below the other, and says nothing twice."""

    def __init__(self) -> None:
        self._said: dict[str, set[str]] = {}  # texts, and their first sentences

    def layers(self, layers: Iterable[Explained], width: int, level: int) -> Iterator[Line]:
        """Layers one below the other, and below each those of a nested model."""
        indent = " " * (_INDENT * level)
        short = False
        for layer in layers:
            # Mere references stand close together.
            if not (short and _is_reference(layer)):
                yield []
            short = _is_reference(layer)
            for line in self._own(layer, width - len(indent)):
                yield [(indent, ""), *line] if indent and line else line
            yield from self.layers(layer.layers, width, level + 1)

    def _own(self, layer: Explained, width: int) -> Iterator[Line]:
        heading: Line = [(printable(layer.name), "bold"), (" (", ""), (printable(layer.type), TYPE), (")", "")]
        if layer.place is not None and layer.place[0] > 1:
            heading.append((f", line {layer.place[0]:,}", ""))
        reference = f"as {printable(layer.like)}{', but for:' if layer.own_steps else ''}" if layer.like else ""
        if reference and sum(len(text) for text, _ in heading) + len(reference) + 2 <= width:
            yield [*heading, (f": {reference}", "")]
        else:
            yield heading
            yield from _words(reference, width, _INDENT)
        if reference:
            yield from self._steps(layer.own_steps, width)
            return
        yield from _words(self._new("", layer.what), width, _INDENT)
        settings = "".join(f"; {name}: {value}" for name, value in layer.settings)
        for text in (flow(layer) + settings, symbols(layer), layer.note):
            yield from _words(text, width, _INDENT)
        yield from self._steps(layer.steps, width)

    def _new(self, about: str, text: str) -> str:
        """A text without what has been said about the same thing before."""
        said = self._said.setdefault(about, set())
        if text in said:
            return ""
        # Sentences at the beginning that an earlier text had at its own.
        ends = [match.end() for match in _SENTENCE.finditer(text)]
        known = max((end for end in ends if text[:end] in said), default=-1)
        said.update([text, *(text[:end] for end in ends)])
        return text[known + 1 :]

    def _steps(self, steps: Iterable[Step], width: int) -> Iterator[Line]:
        listed = list(steps)
        nothing = [step for step in listed if _is_nothing(step)]
        before: Step | None = None
        for step in listed:
            if step in nothing:
                if step is nothing[0]:
                    yield from self._nothing(nothing, width)
            elif before is not None and _alike(before, step):
                yield from _row(step.measure, [[("likewise ", ""), (_value(step), NUMBER)]])
            else:
                yield from _row(step.measure, _arithmetic(step, width))
                yield from _words(self._new(_about(step.measure), step.why), width, _LABEL, _DIM)
            before = step

    def _nothing(self, steps: list[Step], width: int) -> Iterator[Line]:
        names = [step.measure for step in steps if step.measure in _TOGETHER]
        text = ", ".join(f"no {name}" for name in names) + (
            ", nothing saved for backward" if len(names) < len(steps) else ""
        )
        whys = [self._new(_about(step.measure), step.why) for step in steps if not _SAYS_NO_MORE.fullmatch(step.why)]
        yield from _words(f"{text[:1].upper()}{text[1:]}. {' '.join(filter(None, whys))}", width, _INDENT)


def _is_nothing(step: Step) -> bool:
    """Whether a step is said together with others: it is 0, and there is no arithmetic to it."""
    if not _is_zero(step.value) or step.formula is not None:
        return False
    return step.measure in _TOGETHER or (
        step.measure == "saved for backward" and _SAYS_NO_MORE.fullmatch(step.why) is not None
    )


def _is_reference(layer: Explained) -> bool:
    return bool(layer.like) and not layer.own_steps


def _about(measure: str) -> str:
    """What reasons of several measures have in common: the axes of an output, of a receptive field."""
    first, _, rest = measure.partition(" ")
    return f"{first} {rest.split()[0]}" if first == "receptive" else first if first == "output" else measure


def flow(layer: Explained) -> str:
    """The shapes that go in and come out."""
    outputs = ", ".join(map(shape_text, layer.outputs))
    return f"{', '.join(map(shape_text, layer.inputs))} -> {outputs}" if layer.inputs else outputs


def shape_text(shape: Shape | None) -> str:
    """A shape as the summary writes it."""
    return "?" if shape is None else show_shape(shape)


def symbols(layer: Explained) -> str:
    """What the names stand for; neighbours of the same kind and size share their number.

    >>> layer = Explained("a", "A", None, "", (), (), (), (("H", 8), ("W", 8), ("stride_h", 1)), (), "exact")
    >>> symbols(layer)
    'H = W = 8, stride_h = 1'
    """
    groups: list[tuple[list[str], Dim]] = []
    for name, value in layer.symbols:
        last = groups[-1] if groups else None
        if last is not None and value == last[1] and _family(name) == _family(last[0][-1]):
            last[0].append(name)
        else:
            groups.append(([name], value))
    # A symbol of the model stands for itself.
    return ", ".join(f"{' = '.join(names)} = {value}" for names, value in groups if names != [str(value)])


def _family(name: str) -> str:
    """The same for the axes of an image, and for a field's sizes along them."""
    stem, _, suffix = name.partition("_")
    if stem in {"D", "H", "W"}:
        return f"axes {suffix}"
    return "sides" if name in _SIDES else name.rpartition("_")[0] or name


_SIDES = frozenset(("before", "after", "front", "back", "top", "bottom", "left", "right"))


# --- steps ------------------------------------------------------------------------------------------------------------


def _alike(before: Step, step: Step) -> bool:
    """Whether a step says of another axis what the step before says of its own."""
    return (
        step.with_numbers is not None
        and (step.with_numbers, step.value, step.unit) == (before.with_numbers, before.value, before.unit)
        and step.measure.rpartition(" ")[0] == before.measure.rpartition(" ")[0] != "parameters of"
    )


def _row(measure: str, right: list[Line]) -> Iterator[Line]:
    part = measure.removeprefix("parameters of ")
    label = " " * _INDENT + (f"  of {printable(part)}" if part != measure else measure)
    if len(label) >= _LABEL:
        yield [(label, "")]
        label = ""
    for line in right:
        yield [(label.ljust(_LABEL), ""), *line]
        label = ""


def _arithmetic(step: Step, width: int) -> list[Line]:
    """The formula, the numbers put in, and the value: on one line where there is room."""
    value = _value(step)
    parts = [part for part in (step.formula, step.with_numbers) if part is not None and part != value.replace(",", "")]
    if not parts:
        return [[(value, NUMBER)]]
    room = width - _LABEL
    whole = " = ".join(parts)
    if len(whole) + 3 + len(value) <= room:
        return [[(f"{whole} = ", ""), (value, NUMBER)]]
    found: list[Line] = []
    for index, part in enumerate(parts):
        broken = wrap(
            part,
            room - 2,
            subsequent_indent="  " if index == 0 else "    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        if index:
            broken[0] = f"= {broken[0]}"
        found += [[(line, "")] for line in broken]
    last = found[-1][0][0]
    if len(last) + 3 + len(value) <= room and len(parts) > 1:
        found[-1] = [(f"{last} = ", ""), (value, NUMBER)]
    else:
        found.append([("= ", ""), (value, NUMBER)])
    return found


def _value(step: Step) -> str:
    if step.value is None:
        return "all of the input"
    if step.value is UNKNOWN:
        return "not known"
    text = units.exact(step.value)
    if step.unit != "bytes":
        return text
    large = isinstance(step.value, int) and step.value >= 1024
    return f"{text} bytes ({units.memory(step.value)})" if large else f"{text} bytes"


def _is_zero(value: Dim | None) -> bool:
    return isinstance(value, int) and value == 0


def _words(text: str, width: int, indent: int, style: str = "") -> Iterator[Line]:
    kept = _WHOLE.sub(lambda match: match[0].replace(" ", _JOINED), printable(text))
    for line in wrap(kept, width - indent, break_long_words=False, break_on_hyphens=False):
        yield [(" " * indent, ""), (line.replace(_JOINED, " "), style)]
