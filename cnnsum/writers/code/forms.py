"""Units that are alike, as one form with parameters: what code writes as one class or function, and uses often.

Uses of a block are alike where they consist of the same parts that read one another in the same way. What differs
between them becomes a parameter, named as the block's own argument where it is one, or a multiple of one. Equal parts
in a row are one part, so many times. Knows no framework: a `Scribe` says what is to be said of a layer.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from cnnsum.dims import UNKNOWN, Dim, Expr, is_anonymous
from cnnsum.graph.model import Tensor
from cnnsum.layers.facts import Shape
from cnnsum.typed import NamedTuple, Protocol
from cnnsum.writers.code.layout import Bare, Code, literal
from cnnsum.writers.code.names import Taken, identifier
from cnnsum.writers.code.units import Part, Unit, Use

#: Numbers from here on are widths, of which others may be multiples; those of strides and kernels would be by chance.
_WIDE = 8
#: How many copies there are, among the slots of a step.
COPIES = "*"


class Told(NamedTuple):
    """What a scribe says of a layer: `key` is equal for layers that are written alike but for the values of `slots`.

    module: whether it is a thing that is made once and called, and not an expression.
    """

    key: Hashable
    slots: Mapping[str, object]
    module: bool


class Scribe(Protocol):
    """What a framework's writer knows of layers, for the making of forms. words: what no parameter may be called."""

    words: tuple[str, ...]

    def tell(self, use: Use) -> Told:
        """What is to be written of a call of a layer."""

    def shapes(self, use: Use) -> Sequence[Shape | None]:
        """The shapes that a call of a layer gives."""

    def input_shapes(self, unit: Unit) -> Sequence[Shape | None]:
        """The shapes of what a unit is called on."""

    def parameter(self, slot: str) -> str:
        """What a parameter for a slot is called."""

    def axes(self, rank: int) -> str:
        """A letter for each axis of a shape, the batch first."""


class Step:
    """Something that a unit does: a use, or copies of a part in a row. slots: what may differ between units."""

    __slots__ = ("copies", "slots", "told", "use")

    def __init__(self, use: Use, told: Told | None, slots: Mapping[str, object]) -> None:
        self.use = use
        self.copies = [use]
        self.told = told
        self.slots = dict(slots)

    @property
    def last(self) -> Use:
        """The use that makes the result."""
        return self.copies[-1]


class Parameter:
    """A parameter of a form, and its value in each unit."""

    __slots__ = ("name", "values")

    def __init__(self, name: str, values: tuple[object, ...]) -> None:
        self.name = name
        self.values = values


class Form:
    """Units that are alike. steps: of the first. parameters: in their order."""

    def __init__(self, units: list[Unit], steps: list[list[Step]]) -> None:
        self.units = units
        self.all_steps = steps
        self.steps = steps[0]
        self.title = units[0].title
        self.parameters: list[Parameter] = []
        self._codes: dict[tuple[int, str], Code] = {}
        self._axes = ""
        self._places = {id(unit): place for place, unit in enumerate(units)}

    @property
    def unit(self) -> Unit:
        """The first of the units."""
        return self.units[0]

    def values_of(self, unit: Unit) -> dict[str, object]:
        """The arguments of one unit."""
        place = self._places[id(unit)]
        return {one.name: one.values[place] for one in self.parameters}

    def vector(self, step: int, slot: str) -> tuple[object, ...]:
        """The values of a slot, in each unit."""
        return tuple([steps[step].slots[slot] for steps in self.all_steps])

    def constant(self, step: int, slot: str) -> bool:
        """Whether a slot is the same in all units."""
        return _same(self.vector(step, slot))

    def code(self, step: int, slot: str) -> Code:
        """The value of a slot as code: a literal, or a parameter, or what is made of one."""
        found = self._codes.get((step, slot))
        return literal(self.vector(step, slot)[0]) if found is None else found

    def parametrize(self, scribe: Scribe) -> None:
        """Find the parameters."""
        finder = _Finder(self.units, scribe.words)
        for number, step in enumerate(self.steps):
            for slot in step.slots:
                vector = self.vector(number, slot)
                if not _same(vector):
                    name = "copies" if slot == COPIES else scribe.parameter(slot)
                    self._codes[number, slot] = finder.code(vector, name, copies=slot == COPIES)
        self.parameters = finder.used()

    def dims(self, shapes: Sequence[Shape | None], letters: Mapping[str, tuple[Dim, ...]]) -> str:
        """A shape that each unit has, as a comment says it. letters: the sizes that letters stand for."""
        first = shapes[0]
        if first is None or any(shape is None or len(shape) != len(first) for shape in shapes):
            return ""
        said = []
        for axis in range(len(first)):
            vector = tuple([shape[axis] for shape in shapes if shape is not None])
            said.append(self._dim(vector, letters, axis))
        return f"({', '.join(said)}{',' if len(said) == 1 else ''})"

    def _dim(self, vector: tuple[Dim, ...], letters: Mapping[str, tuple[Dim, ...]], axis: int) -> str:
        if _same(vector):
            return _said(vector[0], first=axis == 0)
        known = {one.name: one.values for one in self.parameters}
        # The letter of the same axis first: height and width are mostly the same numbers.
        near = dict(sorted(letters.items(), key=lambda one: one[0] != self._axes[axis : axis + 1]))
        for name, values in {**known, **near}.items():
            code = _multiple(vector, values, name)
            if code is not None and "//" not in code:
                return code
        for name, values in near.items():
            parts = {str(part): (part,) * len(vector) for part in (2, 4, 8, 16, 32)}
            for part, divisors in {**known, **parts}.items():
                if _is_quotient(vector, values, divisors):
                    return f"{name}/{part}"
        return "..."

    def letters(self, shapes: Sequence[Sequence[Shape | None]], scribe: Scribe) -> dict[str, tuple[Dim, ...]]:
        """Letters for the sizes of the first input that differ between the units. shapes: its shapes, in each unit."""
        found: dict[str, tuple[Dim, ...]] = {}
        if not shapes or not all(shapes):
            return found
        first = [inputs[0] for inputs in shapes]
        rank = len(first[0] or ())
        if any(shape is None or len(shape) != rank for shape in first):
            return found
        self._axes = scribe.axes(rank)
        for axis, letter in enumerate(self._axes):
            vector = tuple([shape[axis] for shape in first if shape is not None])
            if axis:
                found[str(vector[0]) if _same(vector) else letter] = vector
        return found


def _is_quotient(vector: Sequence[object], values: Sequence[object], divisors: Sequence[object]) -> bool:
    """Whether it is another vector divided by a third, rounded up."""
    numbers, others, parts = map(_whole, (vector, values, divisors))
    if numbers is None or others is None or parts is None or any(one <= 0 for one in (*numbers, *others, *parts)):
        return False
    return all(one == -(-other // part) for one, other, part in zip(numbers, others, parts, strict=True))


def _whole(vector: Sequence[object]) -> list[int] | None:
    """The vector, if it is of whole numbers."""
    found = [one for one in vector if type(one) is int]
    return found if len(found) == len(vector) else None


def _said(dim: Dim, *, first: bool) -> str:
    if dim is UNKNOWN:
        return "?"
    if isinstance(dim, Expr) and is_anonymous(dim) and str(dim).isidentifier():
        return "N" if first else "?"
    text = str(dim)
    return text if text.isprintable() else "?"


def _typed(vector: Sequence[object]) -> tuple[object, ...]:
    """A vector that is equal to none of other types: true is not 1."""
    return tuple([(type(one).__name__, _typed(one) if isinstance(one, tuple) else one) for one in vector])


def _same(vector: Sequence[object]) -> bool:
    typed = _typed(vector)
    return all(one == typed[0] for one in typed)


def _multiple(vector: Sequence[object], values: Sequence[object], name: str) -> str | None:
    """The vector as a multiple of another, or as a part of it."""
    if _typed(vector) == _typed(values):
        return name
    numbers, others = _whole(vector), _whole(values)
    if numbers is None or others is None or any(one < _WIDE for one in others):
        return None
    pairs = list(zip(numbers, others, strict=True))
    factor, left = divmod(numbers[0], others[0])
    if not left and 1 < factor <= 64 and all(one == factor * other for one, other in pairs):
        return f"{factor} * {name}"
    part, left = divmod(others[0], numbers[0]) if numbers[0] > 0 else (0, 1)
    if not left and 1 < part <= 64 and all(one * part == other for one, other in pairs):
        return f"{name} // {part}"
    return None


def _less(vector: Sequence[object], known: Parameter) -> str | None:
    """The vector as a parameter less 1 or 2: of so many copies the first is mostly another."""
    numbers = _whole(known.values)
    if numbers is None:
        return None
    for less in (1, 2):
        if vector == tuple([one - less for one in numbers]):
            return f"{known.name} - {less}"
    return None


class _Finder:
    """Finds the parameters of units that are alike."""

    def __init__(self, units: list[Unit], words: Sequence[str]) -> None:
        self.taken = Taken((*words, "self", "x"))
        self.own: list[Parameter] = []
        self.made: list[Parameter] = []
        self.needed: set[str] = set()
        given = [{} if unit.use is None else unit.use.arguments() for unit in units]
        for name in given[0]:
            if all(name in one for one in given):
                values = tuple([one[name] for one in given])
                if not _same(values):
                    self.own.append(Parameter(self.taken.give(identifier(name, "argument")), values))

    def code(self, vector: tuple[object, ...], name: str, *, copies: bool) -> Code:
        """The expression that is this vector; a new parameter of this name where there is none."""
        everything = (*self.own, *self.made)
        for one in everything:
            if _typed(one.values) == _typed(vector):
                return self._use(one, one.name)
        for one in everything:
            text = _less(vector, one) if copies else _multiple(vector, one.values, one.name)
            if text is not None:
                return self._use(one, text)
        new = Parameter(self.taken.give(name), vector)
        self.made.append(new)
        return self._use(new, new.name)

    def _use(self, parameter: Parameter, text: str) -> Code:
        self.needed.add(parameter.name)
        return Bare(text)

    def used(self) -> list[Parameter]:
        """Those that are needed: what comes in first, then as the block has its arguments, then the others."""
        first = [one for one in self.made if one.name.startswith("in_")]
        others = [one for one in self.made if one not in first]
        return [*first, *[one for one in self.own if one.name in self.needed], *others]


class Forms:
    """The forms of a network, each after those that it uses; of each unit, its form."""

    def __init__(self, whole: Unit, scribe: Scribe) -> None:
        self.scribe = scribe
        self.listed: list[Form] = []
        self._of: dict[int, Form] = {}
        levels: dict[int, list[Unit]] = {}
        heights: dict[int, int] = {}
        for unit in whole.units():
            inner = [use.part.unit for use in unit.uses if use.part.unit is not None]
            height = heights[id(unit)] = 1 + max((heights[id(one)] for one in inner), default=0)
            levels.setdefault(height, []).append(unit)
        for height in sorted(levels):
            alike: dict[Hashable, list[tuple[Unit, list[Step]]]] = {}
            for unit in levels[height]:
                steps = self._steps(unit)
                alike.setdefault(self._signature(unit, steps), []).append((unit, steps))
            for group in alike.values():
                form = Form([unit for unit, _ in group], [steps for _, steps in group])
                form.parametrize(scribe)
                self.listed.append(form)
                self._of.update((id(unit), form) for unit in form.units)

    def of(self, unit: Unit) -> Form:
        """The form of a unit."""
        return self._of[id(unit)]

    def _step(self, use: Use) -> Step:
        if use.part.unit is not None:
            form = self.of(use.part.unit)
            return Step(use, None, form.values_of(use.part.unit))
        told = self.scribe.tell(use)
        return Step(use, told, told.slots)

    def _key(self, step: Step) -> Hashable:
        unit = step.use.part.unit
        return id(self.of(unit)) if unit is not None else step.told.key if step.told is not None else None

    def _steps(self, unit: Unit) -> list[Step]:
        """What a unit does, equal copies in a row as one step."""
        readers: dict[Tensor, int] = {}
        calls: dict[int, int] = {}
        for use in unit.uses:
            calls[id(use.part)] = calls.get(id(use.part), 0) + 1
            for tensor in use.inputs:
                readers[tensor] = readers.get(tensor, 0) + 1
        for tensor in unit.outputs:
            readers[tensor] = readers.get(tensor, 0) + 1
        found: list[Step] = []
        for use in unit.uses:
            step = self._step(use)
            before = found[-1] if found else None
            if (
                before is not None
                and use.part.copied
                and before.use.part.copied
                and use.part.name == before.use.part.name
                and calls[id(use.part)] == calls[id(before.use.part)] == 1
                and len(use.inputs) == len(use.outputs) == len(before.last.outputs) == 1
                and use.inputs[0] == before.last.outputs[0]
                and readers[use.inputs[0]] == 1
                and len(before.use.inputs) == 1
                and (step.told is None or step.told.module)
                and self._key(step) == self._key(before)
                and _typed([*step.slots.values()]) == _typed([*before.slots.values()])
            ):
                before.copies.append(use)
            else:
                found.append(step)
        for step in found:
            if step.use.part.copied and len(step.use.inputs) == len(step.use.outputs) == 1:
                step.slots[COPIES] = len(step.copies)
        return found

    def _signature(self, unit: Unit, steps: list[Step]) -> Hashable:
        made: dict[Tensor, Hashable] = {tensor: place for place, tensor in enumerate(unit.inputs)}
        parts: dict[int, int] = {}
        said: list[Hashable] = [unit.title, unit.use is None, len(unit.inputs)]
        for number, step in enumerate(steps):
            place = parts.setdefault(id(step.use.part), len(parts))
            said.append(
                (
                    place,
                    _group(step.use.part),
                    self._key(step),
                    tuple([made.get(tensor) for tensor in step.use.inputs]),
                    tuple(step.slots),
                )
            )
            for tensor in made_by(step.last):
                made[tensor] = (number, tensor.index)
            for index, tensor in enumerate(step.last.outputs):
                made[tensor] = (number, index)
        said.append(tuple([made.get(tensor) for tensor in unit.outputs]))
        return tuple(said)


def made_by(use: Use) -> list[Tensor]:
    """The tensors that a call of a layer may make, however many it says that it does."""
    return [] if use.node is None or use.part.unit is not None else [Tensor(use.node, index) for index in range(8)]


def _group(part: Part) -> Hashable:
    return part.name, part.copied
