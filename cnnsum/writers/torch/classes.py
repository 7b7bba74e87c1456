"""One form as a class of PyTorch: `__init__`, where what it calls is made, and `forward`."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from cnnsum.graph.model import Layer, Tensor
from cnnsum.graph.names import snake_case
from cnnsum.layers.base import REQUIRED, LayerType
from cnnsum.layers.facts import Shape
from cnnsum.typed import Protocol
from cnnsum.writers.code.forms import COPIES, Form, Forms, Scribe, Step
from cnnsum.writers.code.layout import WIDTH, Bare, Code, Listed, Repeated, call, flat, lines, literal
from cnnsum.writers.code.names import Taken, identifier, said
from cnnsum.writers.code.units import Known, Part
from cnnsum.writers.code.variables import Variables
from cnnsum.writers.refusals import Refusals
from cnnsum.writers.torch.words import (
    CALLED,
    METHODS,
    OF_CALLS,
    OF_TORCH,
    ON_LISTS,
    OPERATORS,
    PAIRS,
    RECURRENT,
    RESERVED,
    SPREAD,
    UNNAMED,
    WORDS,
    arguments,
    code_of,
    frozen,
    is_default,
)


class Writer(Scribe, Protocol):
    """What a class is told by who writes the whole module."""

    refusals: Refusals
    known: Known
    notes: Mapping[Layer, str]
    classes: dict[int, str]

    def shape_of(self, tensor: Tensor) -> Shape | None:
        """The shape of a tensor."""


class Class:
    """Writes one form as a class."""

    def __init__(self, writer: Writer, forms: Forms, form: Form, *, is_whole: bool) -> None:
        self.writer = writer
        self.forms = forms
        self.form = form
        self.is_whole = is_whole
        self.letters = form.letters([writer.input_shapes(unit) for unit in form.units], writer)
        self.attributes = Taken((*RESERVED, *[one.name for one in form.parameters]))
        self.names: dict[int, str] = {}
        self.init: list[str] = []

    def lines(self) -> list[str]:
        """The lines of the class."""
        form = self.form
        chains = self._chains()
        forward = self._forward(chains)
        parameters = "".join([f", {one.name}: {_annotation(one.values)}" for one in form.parameters])
        found = [f"class {self.writer.classes[id(form)]}(nn.Module):", *self._doc(), ""]
        if self.init:
            arguments = [("", Bare(one)) for one in f"self{parameters}".split(", ")] if parameters else []
            head = Listed("def __init__(", arguments or [("", Bare("self"))], ")")
            found += [*lines(head, 1, "", " -> None:"), "        super().__init__()", *self.init, ""]
        return [*found, *forward]

    def _doc(self) -> list[str]:
        form, writer = self.form, self.writer
        inputs = [writer.input_shapes(unit) for unit in form.units]
        shown = [form.dims([one[place] for one in inputs], self.letters) for place in range(len(inputs[0]))]
        outputs = [[writer.shape_of(one) for one in unit.outputs] for unit in form.units]
        given = [form.dims([one[place] for one in outputs], self.letters) for place in range(len(outputs[0]))]
        what = "network" if self.is_whole else "model" if form.unit.use is None else "block"
        title = f"The {what} {said(form.title)}" if form.title not in UNNAMED or not self.is_whole else "The network"
        if all(shown) and all(given) and shown and given:
            shapes = (
                f"{_and(shown)} becomes {_and(given)}" if len(shown) == 1 else f"{_and(shown)} become {_and(given)}"
            )
            if len(title) + len(shapes) + 14 <= WIDTH:
                return [f'    """{title}: {shapes}."""']
            if len(shapes) + 5 <= WIDTH:
                return [f'    """{title}.', "", f"    {shapes}.", '    """']
        return [f'    """{title}."""']

    # --- chains -------------------------------------------------------------------------------------------------------

    def _chains(self) -> list[list[int]]:
        """The steps, those that stand in one `nn.Sequential` together. A name given by hand ends one."""
        form = self.form
        readers: dict[Tensor, int] = {}
        calls: dict[int, int] = {}
        for step in form.steps:
            calls[id(step.use.part)] = calls.get(id(step.use.part), 0) + 1
            for tensor in step.use.inputs:
                readers[tensor] = readers.get(tensor, 0) + 1
        for tensor in form.unit.outputs:
            readers[tensor] = readers.get(tensor, 0) + 1
        found: list[list[int]] = []
        for number, step in enumerate(form.steps):
            before = form.steps[found[-1][-1]] if found else None
            if (
                before is not None
                and _is_link(before)
                and _is_link(step)
                and not before.use.part.given
                and calls[id(step.use.part)] == calls[id(before.use.part)] == 1
                and step.use.inputs == before.last.outputs
                and readers[step.use.inputs[0]] == 1
            ):
                found[-1].append(number)
            else:
                found.append([number])
        return found

    # --- __init__ -----------------------------------------------------------------------------------------------------

    def _made(self, number: int) -> Code:
        """How one of what a step calls is made."""
        form, step = self.form, self.form.steps[number]
        unit = step.use.part.unit
        if unit is not None:
            inner = self.forms.of(unit)
            made = Listed(
                f"{self.writer.classes[id(inner)]}(", [("", form.code(number, one.name)) for one in inner.parameters]
            )
            is_frozen = step.use.part.layer is not None and step.use.part.layer.is_off
            return frozen(made) if is_frozen else made
        layer = step.use.part.layer
        assert layer is not None
        type = layer.type
        if type is None or step.told is None or step.told.key is None:
            return Bare("None")
        slots = {
            name: value if form.constant(number, name) else _VARIES
            for name, value in step.slots.items()
            if name != COPIES
        }
        items = arguments(type, slots, lambda name: self._value(number, name, slots[name]))
        made = Listed(f"nn.{type.key}(", items)
        return frozen(made) if layer.is_off else made

    def _value(self, number: int, name: str, value: object) -> Code:
        return self.form.code(number, name) if value is _VARIES else code_of(value)

    def _copies(self, number: int) -> str:
        step = self.form.steps[number]
        if COPIES not in step.slots:
            return "1"
        return flat(self.form.code(number, COPIES))

    def _note(self, number: int) -> str:
        """The shape of what a step gives."""
        shapes = []
        for steps in self.form.all_steps:
            found = self.writer.shapes(steps[number].last)
            shapes.append(found[0] if found else None)
        return self.form.dims(shapes, self.letters)

    def _remark(self, number: int) -> str:
        layer = self.form.steps[number].use.part.layer
        return "" if layer is None else self.writer.notes.get(layer, "")

    def _make_chain(self, chain: list[int]) -> str:
        """Write how a chain is made; its attribute."""
        form = self.form
        last = form.steps[chain[-1]].use.part
        if len(chain) == 1:
            name = self.attributes.give(_attribute(last))
            made, copies = self._made(chain[0]), self._copies(chain[0])
            if copies != "1":
                made = Listed("nn.Sequential(", [("", Repeated(made, copies))])
            self.init += [f"        # {one}" for one in _wrapped(self._remark(chain[0]))]
            self.init += lines(made, 2, f"self.{name} = ")
            return name
        name = self.attributes.give(identifier(last.name) if last.given else "layers", "" if not last.given else "_")
        items: list[tuple[str, Code]] = []
        notes: list[str] = []
        remarks: list[list[str]] = []
        before = ""
        for number in chain:
            made, copies = self._made(number), self._copies(number)
            remarks.append(_wrapped(self._remark(number)))
            items.append(("", made if copies == "1" else Repeated(made, copies)))
            note = self._note(number)
            notes.append(note if note != before else "")
            before = note
        self.init += lines(
            Listed("nn.Sequential(", items, broken=True, notes=notes, remarks=remarks), 2, f"self.{name} = "
        )
        return name

    # --- forward ------------------------------------------------------------------------------------------------------

    def _forward(self, chains: list[list[int]]) -> list[str]:
        form = self.form
        variables = Variables(form, chains, WORDS)
        single = len(form.unit.outputs) == 1
        result = "Tensor" if single else f"tuple[{', '.join(['Tensor'] * len(form.unit.outputs)) or '()'}]"
        inputs = [("", Bare("self")), *[("", Bare(f"{name}: Tensor")) for name in variables.inputs]]
        found = lines(Listed("def forward(", inputs), 1, "", f" -> {result}:")
        for place, chain in enumerate(chains):
            use = form.steps[chain[0]].use
            names = [variables.of(tensor) for tensor in use.inputs]
            step = form.steps[chain[-1]]
            code = self._call(chain, names)
            targets, structure = self._targets(step, variables)
            note = self._note(chain[-1])
            is_last = place == len(chains) - 1 and single and not structure
            if is_last and form.unit.outputs[0] in _results(step):
                return [*found, *lines(code, 2, "return ", "", note)]
            # A part of a network that gives nothing runs all the same.
            target = structure or next(iter(targets), "")
            found += lines(code, 2, f"{target} = " if target else "", "", note)
        listed = ", ".join([variables.of(tensor) for tensor in form.unit.outputs])
        return [*found, f"        return {listed or '()'}"]

    def _call(self, chain: list[int], names: list[str]) -> Code:
        """The expression of a chain, or of a step."""
        form = self.form
        number = chain[0]
        step = form.steps[number]
        part = step.use.part
        layer = part.layer
        type = None if layer is None else layer.type
        if step.told is not None and step.told.key is None:
            return Bare("None")  # it was refused
        if part.unit is None and type is not None and not type.key[0].isupper():
            return self._function(number, type.key, names)
        name = self.names.get(id(part))
        if name is None:
            name = self.names[id(part)] = self._make_chain(chain)
        if part.unit is not None or type is None or len(chain) > 1:
            return call(f"self.{name}", *[Bare(one) for one in names])
        return Listed(f"self.{name}(", self._arguments(number, type, names))

    def _arguments(self, number: int, type: LayerType, names: list[str]) -> list[tuple[str, Code]]:
        """The arguments of a call of a module."""
        step = self.form.steps[number]
        node = step.use.node
        assert node is not None
        placed = len(names) - len(node.keywords)
        items: list[tuple[str, Code]] = [("", Bare(one)) for one in names[:placed]]
        given = dict(zip(node.keywords, names[placed:], strict=True))
        if type.key in PAIRS:
            states = [*names[1:placed], *[given[one] for one in type.schema.inputs if one in given and one != "input"]]
            first = names[0] if placed else given["input"]
            pair = [("", Bare(f"({', '.join(states)})"))] if states else []
            return [("", Bare(first)), *pair]
        # PyTorch's order of the arguments is another one than that of a spec's inputs, behind the first three.
        if type.key == "Transformer" or type.key in OF_CALLS or placed > type.schema.least:
            items = items[: type.schema.least]
            further = type.schema.inputs[type.schema.least : placed]
            given = {**dict(zip(further, names[type.schema.least : placed], strict=False)), **given}
        items += [(CALLED.get(name, name), Bare(one)) for name, one in given.items()]
        for name in OF_CALLS.get(type.key, ()):
            default = type.schema.fields[name].default
            value = step.slots[name]
            if not (self.form.constant(number, name) and value == default):
                if not self.form.constant(number, name):
                    self.init.append(f"        self.{name} = {flat(self.form.code(number, name))}")
                    items.append((name, Bare(f"self.{name}")))
                elif name == "output_size":
                    sizes = value if isinstance(value, tuple) else (value,) * int(type.key[-2])
                    items.append((name, literal([*sizes])))
                else:
                    items.append((name, literal(value)))
        return items

    def _function(self, number: int, key: str, names: list[str]) -> Code:
        """The expression of what is not a module."""
        form, step = self.form, self.form.steps[number]
        node, layer = step.use.node, step.use.part.layer
        assert node is not None
        assert layer is not None
        assert layer.type is not None
        self.init += [f"        # {one}" for one in _wrapped(self._remark(number))]
        names = list(names)
        for constant in node.constants:
            names.insert(constant.index, repr(constant.value) if isinstance(constant.value, (int, float)) else "0")
        fields: dict[str, Code] = {}
        placed: list[Code] = []
        for name, field in layer.type.schema.fields.items():
            constant_value = form.constant(number, name)
            if constant_value and is_default(step.slots[name], field):
                continue
            if field.default is REQUIRED and key not in SPREAD:
                placed.append(self._slot(number, name))
            else:
                fields[name] = self._slot(number, name)
        if key in OPERATORS:
            other = fields.pop("other", None)
            if other is not None:
                names.append(flat(other))
            if not fields:
                return Bare(f"{names[0]} {OPERATORS[key]} {names[1]}")
            return call(f"torch.{key}", *map(Bare, names), **fields)
        if key in ON_LISTS:
            return call(f"torch.{key}", Listed("[", [("", Bare(one)) for one in names], "]"), *placed, **fields)
        if key in SPREAD:
            sizes = fields.pop(SPREAD[key])
            items: list[Code] = [item for _, item in sizes.items] if isinstance(sizes, Listed) else [sizes]
            if isinstance(sizes, Bare) and sizes.startswith("("):
                items = [Bare(sizes.strip("(),"))]
            return call(f"{names[0]}.{key}", *items)
        if key in METHODS:
            return call(f"{names[0]}.{key}", *map(Bare, names[1:]), *placed, **fields)
        home = "torch" if key in OF_TORCH else "functional"
        return call(f"{home}.{key}", *map(Bare, names), *placed, **fields)

    def _slot(self, number: int, name: str) -> Code:
        """The value of a field in `forward`: a parameter of the class is an attribute there."""
        code = self.form.code(number, name)
        if self.form.constant(number, name):
            return code
        attribute = self.attributes.give(identifier(name))
        self.init.append(f"        self.{attribute} = {flat(code)}")
        return Bare(f"self.{attribute}")

    def _targets(self, step: Step, variables: Variables) -> tuple[list[str], str]:
        """The variables of the results, and how they are unpacked where the call gives a tuple."""
        node, layer = step.last.node, step.use.part.layer
        unit = step.use.part.unit
        if unit is not None:
            names = variables.give(step, step.last.outputs)
            return names, "" if len(names) == 1 else ", ".join(names)
        assert node is not None
        assert layer is not None
        type = layer.type
        found = self.writer.known.call(node)
        outputs = 1 if found is None else len(found.outputs)
        tensors = [Tensor(node, index) for index in range(outputs)]
        names = variables.give(step, tensors)
        key = "" if type is None else type.key
        if key in RECURRENT:
            states = f"({names[1]}, {names[2]})" if key == "LSTM" else names[1]
            if all(one == "_" for one in names[1:]):
                states = "_"
            return names, f"{names[0]}, {states}"
        if key == "MultiheadAttention":
            return names, f"{names[0]}, {names[1] if len(names) > 1 else '_'}"
        if len(names) > 1 or key in ("chunk", "split"):
            return names, ", ".join(names) + ("," if len(names) == 1 else "")
        return names, ""


_VARIES: object = type("_Varies", (), {"__repr__": lambda _self: "varies"})()


def _is_link(step: Step) -> bool:
    """Whether a step can stand in an `nn.Sequential`."""
    use = step.use
    if len(use.inputs) != 1 or len(use.outputs) != 1:
        return False
    return use.part.unit is not None or (step.told is not None and step.told.module)


#: Classes whose names are words to those who write PyTorch, of which the snake case of layer names makes two.
_ONE_WORD = (("PReLU", "Prelu"), ("RReLU", "Rrelu"), ("ReLU", "Relu"), ("SiLU", "Silu"))


def _attribute(part: Part) -> str:
    """What a module by itself is called: as in the file, and `relu` where that is not a name given by hand."""
    name, type = part.name, None if part.layer is None else part.layer.type
    if type is not None and not part.given:
        written = type.name
        for word, one in _ONE_WORD:
            written = written.replace(word, one)
        name = name.replace(snake_case(type.name), snake_case(written), 1)
    return identifier(name)


def _results(step: Step) -> list[Tensor]:
    return step.last.outputs


def _and(shapes: Sequence[str]) -> str:
    return shapes[0] if len(shapes) == 1 else f"{', '.join(shapes[:-1])} and {shapes[-1]}"


def _annotation(values: Sequence[object]) -> str:
    kinds = {type(one) for one in values}
    if kinds == {bool}:
        return "bool"
    if kinds == {int}:
        return "int"
    if kinds <= {int, float}:
        return "float"
    if kinds == {str}:
        return "str"
    if kinds <= {tuple, int} and tuple in kinds:
        return "tuple[int, ...] | int" if int in kinds else "tuple[int, ...]"
    return "object"


def _wrapped(text: str, width: int = 84) -> list[str]:
    return textwrap.wrap(text, width) if text else []
