"""A network in Keras's words as a Python function, `build_model()`, as one would write it by hand: the functional API.

Blocks are functions that take a tensor and what differs between their uses; a model within the model is a function that
builds it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from cnnsum.graph.infer import Inference
from cnnsum.graph.model import FLOAT32, Graph, Layer, Policy, Tensor
from cnnsum.layers.base import REQUIRED, Field, LayerType
from cnnsum.layers.facts import Shape
from cnnsum.layers.inner import Inner
from cnnsum.layers.keras import NOT_POLICIES
from cnnsum.layers.keras.fields import CELLS
from cnnsum.layers.vocabulary import KERAS
from cnnsum.writers.code.forms import COPIES, Form, Forms, Step, Told
from cnnsum.writers.code.layout import WIDTH, Bare, Code, Listed, call, flat, lines, literal
from cnnsum.writers.code.names import Taken, identifier, said
from cnnsum.writers.code.units import Part, Shaped, Use, unit_of
from cnnsum.writers.code.variables import Variables
from cnnsum.writers.keras import EXPORTED, OF_CALLS, ON_LISTS
from cnnsum.writers.keras_names import Names, input_name, keras_name
from cnnsum.writers.keras_states import STATES, given, has_states, nest, of_call, on_states, states, takes_list
from cnnsum.writers.refusals import Refusals
from cnnsum.writers.values import has_formula, held_policy, policy_name, shortest

_OPERATORS = {"Add": "+", "Subtract": "-", "Multiply": "*", "Divide": "/", "TrueDivide": "/"}
_NUMPY = "keras.src.ops.numpy."
#: Names of variables that code means something else by.
_WORDS = ("keras", "layers", "inputs", "outputs", "build_model", "range", "float")
#: Fields that Keras's constructors have no word for.
_OURS = ("quantization",)


def text_of(graph: Graph, inference: Inference, refusals: Refusals, notes: Mapping[Layer, str] | None = None) -> str:
    """The text of a module with `build_model`. notes: what is to be said of a layer, in a comment above it."""
    return _Writer(graph, inference, refusals, {} if notes is None else notes).text()


class _Writer(Shaped):
    """Writes one network: a `Scribe` of forms, which then become functions."""

    words: tuple[str, ...] = _WORDS

    def __init__(self, graph: Graph, inference: Inference, refusals: Refusals, notes: Mapping[Layer, str]) -> None:
        self.graph = graph
        self.refusals = refusals
        super().__init__(inference)
        self.notes = notes
        self.functions: dict[int, str] = {}
        self.names: Names
        #: What layers and models are called in the code, where they have another name; "" of one that has none there.
        self.renamed: dict[Layer, str] = {}

    def text(self) -> str:
        """The text; what cannot be written is refused."""
        self.refusals.warn_of_unused(self.graph)
        whole = unit_of(self.graph, shared=False)
        forms = Forms(whole, self)
        # Where a function has a variable or a parameter of a name, no function of that name can be called.
        taken = Taken((*_WORDS, "x", "y", "z", *[one.name for form in forms.listed for one in form.parameters]))
        self.functions[id(forms.of(whole))] = "build_model"
        for form in forms.listed:
            if id(form) not in self.functions:
                name = identifier(form.title, "block")
                self.functions[id(form)] = taken.give(f"build_{name}" if form.unit.use is None else name, "")
        self.names = Names(whole, forms)
        body: list[str] = []
        for form in forms.listed:
            body += ["", "", *_Function(self, forms, form, is_whole=form is forms.of(whole)).lines()]
        self.refusals.warn_of_names(self.renamed)
        head = [f'"""{said(self.graph.name)} in Keras, written by cnnsum."""', "", "import keras"]
        if any("layers." in line for line in body):
            head.append("from keras import layers")
        return "\n".join([*head, *body]) + "\n"

    # --- what forms ask -----------------------------------------------------------------------------------------------

    def tell(self, use: Use) -> Told:
        """What is to be written of a call of a layer; refuses what cannot be."""
        node, layer = use.node, use.part.layer
        assert node is not None
        assert layer is not None
        type = layer.type
        if type is None or KERAS.find(type.key) is not type or type.rule.__module__.endswith(".applications"):
            what = "of an unknown type" if type is None else "not a layer of Keras"
            self.refusals.refuse(layer, f"`{layer.name}` is {what}, `{layer.type_name}`")
            return Told(None, {}, module=False)
        if type.is_operation and type.key not in [_NUMPY + one for one in _OPERATORS]:
            self.refusals.refuse(layer, f"`{layer.name}` is an operation, `{type.key}`, which is not written in code")
            return Told(None, {}, module=False)
        if node.options:
            listed = ", ".join(node.options)
            self.refusals.refuse(layer, f"one call of `{layer.name}` has {listed} of its own")
        for constant in node.constants:
            if not isinstance(constant.value, (int, float)):
                self.refusals.refuse(layer, f"`{layer.name}` has a constant that is not a number")
        formulas = [name for name, value in layer.fields.items() if has_formula(value)]
        if formulas:
            message = f"`{layer.name}`: formulas have no place in code ({', '.join(formulas)})"
            self.refusals.refuse(layer, message, "give the symbol a value with --set")
        kinds = type.schema.fields
        slots = {name: self._value(layer, kinds[name], value, layer.policy) for name, value in layer.fields.items()}
        for name in _OURS:
            if slots.pop(name, None) is not None:
                self.refusals.refuse(
                    layer, f"`{layer.name}`: its `{name}` is a dtype policy, which is not written in code"
                )
        if type.name in CELLS and not has_states(node):
            self.refusals.refuse(layer, f"`{layer.name}`: {on_states(type)}")
        self.refusals.warn_of_switch(layer, type)
        found = self.known.call(node)
        outputs = 1 if found is None else len(found.outputs)
        constants = tuple([(one.index, repr(one.value)) for one in node.constants])
        policy = policy_name(layer.policy)
        if policy in NOT_POLICIES:
            self.refusals.refuse(layer, f"`{layer.name}`: Keras has no dtype policy `{policy}`")
        nested = states(type, layer.fields) if outputs > 1 else ()
        key = (type.key, node.keywords, constants, layer.trainable, policy, outputs, nested, self.notes.get(layer, ""))
        return Told(key, slots, len(node.inputs) == 1 and outputs == 1 and not type.is_operation)

    def _value(self, layer: Layer, field: Field, value: object, policy: Policy) -> object:
        if isinstance(value, Inner):
            return self._inner(layer, value, held_policy(value, policy))
        if isinstance(value, tuple) and any(isinstance(one, Inner) for one in value):
            return [self._value(layer, field, one, policy) for one in value]
        if has_formula(value):
            return None  # it was refused
        found = _lists(shortest(value, field))
        if not _is_plain(found):
            self.refusals.refuse(layer, f"`{layer.name}`: its `{field.name}` is not written in code")
            return None
        return found

    def _inner(self, layer: Layer, inner: Inner, policy: Policy) -> object:
        if getattr(inner, "graph", None) is not None or KERAS.find(inner.type.key) is not inner.type:
            self.refusals.refuse(layer, f"`{layer.name}` holds a model, which is not written in code")
            return None
        if any(map(has_formula, inner.fields.values())):
            self.refusals.refuse(layer, f"`{layer.name}`: formulas have no place in code", "--set gives symbols values")
            return None
        kinds = inner.type.schema.fields
        slots = {name: self._value(layer, kinds[name], one, policy) for name, one in inner.fields.items()}
        return _Made(inner.type, slots, inner.trainable, policy)

    def parameter(self, slot: str) -> str:
        """What a parameter for a slot is called."""
        return slot

    def axes(self, rank: int) -> str:
        """A letter for each axis."""
        return {1: "N", 2: "NC", 3: "NLC", 4: "NHWC", 5: "NDHWC"}.get(rank, "NABDEFGHIJ"[:rank])


class _Made:
    """A layer within the arguments of another, as it is to be made."""

    __slots__ = ("policy", "slots", "trainable", "type")

    def __init__(self, type: LayerType, slots: Mapping[str, object], trainable: bool, policy: Policy) -> None:
        self.type = type
        self.slots = slots
        self.trainable = trainable
        self.policy = policy

    def _all(self) -> tuple[object, ...]:
        return self.type.key, self.trainable, self.policy, repr(dict(self.slots))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Made) and self._all() == other._all()

    def __hash__(self) -> int:
        return hash(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

    def code(self) -> Code:
        """The call that makes it."""
        items = [
            (name, _code(value))
            for name, value in self.slots.items()
            if name not in _OURS and not _is_default(value, self.type.schema.fields[name])
        ]
        more: list[tuple[str, Code]] = [] if self.trainable else [("trainable", Bare("False"))]
        if self.policy != FLOAT32:
            more.append(("dtype", literal(policy_name(self.policy))))
        return Listed(f"layers.{EXPORTED.get(self.type.name, self.type.name)}(", [*items, *more])


def _targets(layer: Layer | None, names: list[str]) -> list[str]:
    """Variables for what a layer gives, as Keras nests it."""
    if layer is None or layer.type is None or len(names) == 1:
        return names

    def joined(one: list[str]) -> str:
        return "_" if set(one) == {"_"} else f"({', '.join(one)}{',' if len(one) == 1 else ''})"

    return nest(names, given(layer.type, layer.fields), joined)


def _code(value: object) -> Code:
    if isinstance(value, _Made):
        return value.code()
    if isinstance(value, list):
        return Listed("[", [("", _code(one)) for one in value], "]")
    return literal(value)


def _is_plain(value: object) -> bool:
    if isinstance(value, (tuple, list)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str))


def _lists(value: object) -> object:
    """Sizes as tuples, as people write them."""
    return tuple(map(_lists, value)) if isinstance(value, (list, tuple)) else value


def _is_default(value: object, field: Field) -> bool:
    if field.default is REQUIRED:
        return False
    default = None if field.default is None else _lists(shortest(field.default, field))
    return type(value) is type(default) and bool(value == default)


class _Function:
    """Writes one form as a function."""

    def __init__(self, writer: _Writer, forms: Forms, form: Form, *, is_whole: bool) -> None:
        self.writer = writer
        self.forms = forms
        self.form = form
        self.is_whole = is_whole
        #: Whether it builds a model, and is not a block.
        self.builds = form.unit.use is None
        self.letters = form.letters([writer.input_shapes(unit) for unit in form.units], writer)
        self.made: dict[int, str] = {}
        self.body: list[str] = []
        #: The shape that was shown last.
        self.before = ""

    def lines(self) -> list[str]:
        """The lines of the function."""
        form = self.form
        steps = [[number] for number in range(len(form.steps))]
        taken = (*_WORDS, *self.writer.functions.values(), *[one.name for one in form.parameters])
        self.variables = Variables(form, steps, taken, keep_inputs=self.builds)
        self.calls: dict[int, int] = {}
        for step in form.steps:
            self.calls[id(step.use.part)] = self.calls.get(id(step.use.part), 0) + 1
        name = self.writer.functions[id(form)]
        if self.builds:
            head = f"def {name}() -> keras.Model:"
            self._inputs()
        else:
            arguments = [*self.variables.inputs, *[one.name for one in form.parameters]]
            head = "\n".join(lines(Listed(f"def {name}(", [("", Bare(one)) for one in arguments]), 0, "", ":"))
        given = list(self.variables.inputs)
        for number, step in enumerate(form.steps):
            self._step(number, step)
        outputs = [self.variables.of(tensor) for tensor in form.unit.outputs]
        listed = outputs[0] if len(outputs) == 1 else f"[{', '.join(outputs)}]"
        if self.builds:
            inputs = given[0] if len(given) == 1 else f"[{', '.join(given)}]"
            title = self.writer.names.once[id(form)]
            if title is not None and title != form.title:
                self.writer.renamed[Layer(form.title, None, place=self.writer.graph.place)] = title
            items = {} if title is None else {"name": literal(title)}
            end = lines(call("keras.Model", Bare(inputs), Bare(listed), **items), 1, "return ")
        elif len(outputs) == 1 and self.body and self.body[-1].startswith(f"    {outputs[0]} = "):
            *before, last = self.body
            self.body, end = before, [f"    return {last[len(f'    {outputs[0]} = ') :]}"]
        else:
            end = [f"    return {', '.join(outputs)}"]
        return [head, self._doc(), *self.body, *end]

    def _doc(self) -> str:
        form, writer = self.form, self.writer
        what = "network" if self.is_whole else "model" if self.builds else "block"
        title = f"The {what} {said(form.title)}"
        inputs = [writer.input_shapes(unit) for unit in form.units]
        outputs = [[writer.shape_of(one) for one in unit.outputs] for unit in form.units]
        if len(inputs[0]) == len(outputs[0]) == 1:
            before = self._shown(form.dims([one[0] for one in inputs], self.letters))
            after = self._shown(form.dims([one[0] for one in outputs], self.letters))
            text = f'    """{title}: {before} becomes {after}."""'
            if before and after and len(text) <= WIDTH:
                return text
        return f'    """{title}."""'

    @staticmethod
    def _shown(shape: str) -> str:
        """A shape as Keras has it."""
        return shape.replace("(N,", "(None,", 1)

    def _inputs(self) -> None:
        for tensor, variable in zip(self.form.unit.inputs, self.variables.inputs, strict=True):
            layer = tensor.node.layer
            shape = self.writer.shape_of(tensor)
            if layer.spec is None or shape is None:
                shape = self._first_read(tensor)
            sizes = tuple([one if isinstance(one, int) else None for one in (shape or ())[1:]])
            items: dict[str, Code] = {}
            if layer.spec is not None:
                if layer.spec.dtype != "float32":
                    items["dtype"] = literal(layer.spec.dtype)
                if isinstance(layer.spec.shape[0], int):
                    items["batch_size"] = literal(layer.spec.shape[0])
                name = input_name(layer)
                if layer.name not in ("input_layer", "input") and self._names(layer, name):
                    items["name"] = literal(name)
            self.body += lines(call("keras.Input", literal(sizes), **items), 1, f"{variable} = ")

    def _names(self, layer: Layer, name: str) -> bool:
        """Whether a layer has this name in the code; one that is not its own is kept to be told."""
        is_free = self.writer.names.is_free(self.form, name)
        if name != layer.name:
            self.writer.renamed[layer] = name if is_free else ""
        return is_free

    def _first_read(self, tensor: Tensor) -> Shape | None:
        for use in self.form.unit.uses:
            if tensor in use.inputs and use.node is not None:
                found = self.writer.known.call(use.node)
                if found is not None:
                    return self.writer.known.shapes(found.inputs)[use.inputs.index(tensor)]
        return None

    # --- statements ---------------------------------------------------------------------------------------------------

    def _step(self, number: int, step: Step) -> None:
        names = [self.variables.of(tensor) for tensor in step.use.inputs]
        layer = step.use.part.layer
        node = step.last.node
        if step.use.part.unit is not None:
            tensors = step.last.outputs
        else:
            assert node is not None
            found = self.writer.known.call(node)
            tensors = [Tensor(node, index) for index in range(1 if found is None else len(found.outputs))]
        copies = flat(self.form.code(number, COPIES)) if COPIES in step.slots else "1"
        code = self._call(number, step, names)
        targets = self.variables.give(step, tensors)
        remark = "" if layer is None else self.writer.notes.get(layer, "")
        self.body += [f"    # {line}" for line in textwrap.wrap(remark, WIDTH - 6)]
        shapes = []
        for steps in self.form.all_steps:
            given = self.writer.shapes(steps[number].last)
            shapes.append(given[0] if given else None)
        note = self._shown(self.form.dims(shapes, self.letters))
        note, self.before = (note if note != self.before else ""), note
        if copies == "1":
            self.body += lines(code, 1, f"{', '.join(_targets(layer, targets))} = ", "", note)
            return
        if targets[0] != names[0]:
            self.body.append(f"    {targets[0]} = {names[0]}")
        self.body.append(f"    for _ in range({copies}):")
        self.body += lines(self._call(number, step, targets), 2, f"{targets[0]} = ", "", note)

    def _call(self, number: int, step: Step, names: list[str]) -> Code:
        part = step.use.part
        unit, layer = part.unit, part.layer
        if unit is not None:
            inner = self.forms.of(unit)
            function = self.writer.functions[id(inner)]
            if layer is None:
                values = [("", self.form.code(number, one.name)) for one in inner.parameters]
                return Listed(f"{function}(", [*[("", Bare(one)) for one in names], *values])
            argument = names[0] if len(names) == 1 else f"[{', '.join(names)}]"
            return self._called(part, call(function), [("", Bare(argument))])
        assert layer is not None
        type = layer.type
        if type is None or step.told is None or step.told.key is None:
            return Bare("None")
        node = step.use.node
        assert node is not None
        names = list(names)
        for constant in node.constants:
            value = constant.value
            names.insert(constant.index, repr(value) if isinstance(value, (int, float)) else "0")
        if type.is_operation:
            return Bare(f" {_OPERATORS[type.key.rpartition('.')[2]]} ".join(names))
        return self._called(
            part, self._layer(number, step, type, layer), self._arguments(number, layer, type, names, node.keywords)
        )

    def _called(self, part: Part, made: Code, arguments: list[tuple[str, Code]]) -> Code:
        """A layer, made where it is called, or before its first call where there are several."""
        if self.calls[id(part)] == 1:
            if isinstance(made, Listed):
                return Listed(made.opening, made.items, f"){flat(Listed('(', arguments))}")
            return made
        name = self.made.get(id(part))
        if name is None:
            name = self.made[id(part)] = self.variables.taken.give(identifier(part.name) + "_layer")
            self.body += lines(made, 1, f"{name} = ")
        return Listed(f"{name}(", arguments)

    def _layer(self, number: int, step: Step, type: LayerType, layer: Layer) -> Listed:
        form = self.form
        items: list[tuple[str, Code]] = []
        placed = True
        for name, field in type.schema.fields.items():
            if name in OF_CALLS or name not in step.slots:
                continue
            is_constant = form.constant(number, name)
            value = step.slots[name]
            if is_constant and _is_default(value, field):
                placed = False
                continue
            placed = placed and field.default is REQUIRED
            code = _code(value) if is_constant else form.code(number, name)
            items.append(("" if placed else name, code))
        if not layer.trainable and type.weights:
            items.append(("trainable", Bare("False")))
        if layer.policy != FLOAT32:
            items.append(("dtype", literal(policy_name(layer.policy))))
        if self.builds and step.use.part.given and len(step.copies) == 1:
            name = keras_name(layer.name)
            if self._names(layer, name):
                items.append(("name", literal(name)))
        return Listed(f"layers.{EXPORTED.get(type.name, type.name)}(", items)

    def _arguments(
        self, number: int, layer: Layer, type: LayerType, names: list[str], keywords: tuple[str, ...]
    ) -> list[tuple[str, Code]]:
        form, step = self.form, self.form.steps[number]
        placed = len(names) - len(keywords)
        more: list[tuple[str, Code]] = [
            (name, form.code(number, name))
            for name in OF_CALLS
            if name in step.slots and not (form.constant(number, name) and not step.slots[name])
        ]
        if type.name in ON_LISTS or takes_list(type):
            order = dict(zip((*type.schema.inputs[:placed], *keywords), names, strict=False)) if keywords else {}
            listed = [order[one] for one in type.schema.inputs if one in order] if order else names
            return [("", Bare(f"[{', '.join(listed)}]")), *more]
        if type.name in CELLS and keywords:
            order = dict(zip((*type.schema.inputs[:placed], *keywords), names, strict=True))
            names = [order[one] for one in type.schema.inputs if one in order]
        if type.name in (*STATES, *CELLS) and len(names) > 1:
            held = of_call(type, layer.fields, names[1:], lambda one: f"[{', '.join(one)}]")
            return [("", Bare(names[0])), ("" if type.name in CELLS else "initial_state", Bare(held)), *more]
        items: list[tuple[str, Code]] = [("", Bare(one)) for one in names[:placed]]
        return [*items, *[(name, Bare(one)) for name, one in zip(keywords, names[placed:], strict=True)], *more]
