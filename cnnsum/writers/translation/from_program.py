"""From the operations of an exported program to modules of `torch.nn` and functions, where these say exactly the same.

An operation with weights of its own becomes the module that has them; the others become a module or a function, as the
program's author wrote them. Numbers that no shape depends on (`eps`, a slope) are read from the node again. What has no
word (a parameter that is added, an index) is refused. What a layer becomes is held to what it was: the same shapes, and
weights of the same shapes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from cnnsum.dims import Unknown, prod
from cnnsum.graph.infer import Inference, infer
from cnnsum.graph.model import Computed, Constant, FromSizes, Graph, Layer, Node, SizeOf, Tensor
from cnnsum.graph.promotion import FLOATS
from cnnsum.layers.facts import Shape, Weight, show_shape
from cnnsum.layers.vocabulary import TORCH
from cnnsum.readers.torch.arguments import NO_NUMBER, arguments_of, list_in, mapping_in
from cnnsum.writers.code.units import Known
from cnnsum.writers.refusals import Refusals
from cnnsum.writers.translation.base import Call, CannotError, Moved, Rule, Standing, Translator

RULES: dict[str, Rule] = {}


def in_modules(graph: Graph, inference: Inference, refusals: Refusals) -> tuple[Graph, Inference]:
    """The program in modules and functions, and what is inferred of it.

    What has no words is refused with its place; then the graph must not be used.
    """
    for node in graph.inputs:
        spec = node.layer.spec
        if spec is not None and any(isinstance(dim, Unknown) for dim in spec.shape):
            refusals.refuse(node.layer, f"`{node.layer.name}`: a size of it is not known", "give one with -i")
    translator = FromProgram(graph, inference, refusals, RULES)
    try:
        found = translator.translated()
    except CannotError as error:
        refusals.refuse(Layer(graph.name, None, place=graph.place), str(error), error.help)
        return graph, inference
    if any(one.severity == "error" for one in refusals.diagnostics):
        return graph, inference
    new = infer(found)
    for one in new.diagnostics:
        if one.severity == "error":
            refusals.refuse(Layer(graph.name, None, place=graph.place), f"what it becomes has errors: {one.message}")
    translator.hold(new)
    return found, new


class FromProgram(Translator):
    """Translates one program. partly: whether what has no words stays as it is. made_of: for each call its results, to
    be held to what they were. differs: whether any of them was found to be another.
    """

    def __init__(
        self,
        graph: Graph,
        inference: Inference,
        refusals: Refusals,
        rules: Mapping[str, Rule],
        *,
        partly: bool = False,
    ) -> None:
        super().__init__(graph, inference, refusals, TORCH, rules)
        self.partly = partly
        self.differs = False
        self.made_of: list[tuple[Node, list[Moved]]] = []
        #: What each layer became.
        self.parts: dict[Layer, dict[Layer, None]] = {}

    def moves_input(self, node: Node) -> bool:  # noqa: ARG002 - as all translators have it
        """No axis moves."""
        return False

    def _rule(self, node: Node) -> Rule:
        layer = node.layer
        if layer.detached:
            raise CannotError("it runs under `torch.no_grad()`, which a network of layers cannot say")
        if layer.borrows:
            owner, weight = layer.borrows[0]
            raise CannotError(f"it uses `{weight.name}` of `{owner.name}`, and is not a second call of the same module")
        if self._is_initial_state(node) or (_is_unread(layer) and not self.partly):
            return _nothing
        if node.computed:
            raise CannotError("it has numbers that the program computes from sizes")
        other = next((one.dtype for one in layer.owned or () if not one.buffer and _is_other(one.dtype, layer)), None)
        if other is not None and not self.partly:
            under = " under `torch.autocast`" if layer.autocast else ""
            compute = layer.policy.compute
            raise CannotError(f"it has weights in {other} and computes in {compute}{under}, which no module says")
        if layer.type is not None and layer.type.key not in self.rules:
            raise CannotError(f"`{layer.type.key}` has no words in a spec")
        return super()._rule(node)

    def _is_initial_state(self, node: Node) -> bool:
        """Whether it is zeros that nothing reads but recurrent layers, which begin with zeros where none are given."""
        readers = self.readers_of(Tensor(node))
        return is_zeros(node) and not self.partly and bool(readers) and all(begins_with_zeros(one) for one in readers)

    def _call(self, node: Node, inputs: list[Moved], place: Standing) -> list[Moved]:
        if self.partly and self._is_followed(node):
            return self._as_it_is(node, inputs, place)
        found = super()._call(node, inputs, place)
        if not found and self.partly:
            return self._as_it_is(node, inputs, place)
        self.made_of.append((node, found))
        return found

    def _is_followed(self, node: Node) -> bool:
        """Whether inference knows numbers that the call gives: functions of modules compute no sizes."""
        known = self.known.call(node)
        return known is not None and any(number in self.inference.contents for number in known.outputs)

    def _as_it_is(self, node: Node, inputs: list[Moved], place: Standing) -> list[Moved]:
        """A call of the same operation."""
        old = node.layer
        new = Layer(
            old.name,
            old.type,
            old.fields,
            type_name=old.type_name,
            place=old.place,
            policy=old.policy,
            trainable=old.trainable,
            block=old.block,
        )
        new.key, new.owned, new.module = old.key, old.owned, old.module
        new.detached, new.autocast = old.detached, old.autocast
        self.layers.append(new)
        call = Node(new, tuple([one.tensor for one in inputs]), node.keywords)
        call.constants, call.options, call.claim = node.constants, node.options, node.claim
        call.computed = {name: _moved_sizes(value, place.made) for name, value in node.computed.items()}
        known = self.known.call(node)
        return [Moved(Tensor(call, at)) for at in range(1 if known is None else len(known.outputs))]

    def made(
        self,
        call: Call,
        place: Standing,
        key: str,
        fields: Mapping[str, object],
        inputs: Sequence[Tensor],
        suffix: str,
        keywords: tuple[str, ...],
        *,
        last: bool,
    ) -> Tensor:
        """As its base."""
        found = super().made(call, place, key, fields, inputs, suffix, keywords, last=last)
        self.parts.setdefault(call.layer, {})[found.node.layer] = None
        return found

    def _name(self, old: Layer, place: Standing, type_name: str, *, last: bool) -> str:  # noqa: ARG002 - as its base
        return old.name

    def another_name(self, name: str) -> str:
        """The name, or one with a number where another layer has that."""
        taken = {layer.name for layer in (*self.graph.layers, *self.layers)}
        return next(
            one for one in (name, *[f"{name}_{number}" for number in range(1, len(taken) + 2)]) if one not in taken
        )

    def as_its_module(self, old: Layer, new: Layer) -> None:
        """Give a layer the place of its module, if that is nothing else."""
        path = None if old.module is None else old.module[0]
        if path and all(one is old or one.module != old.module or is_zeros(one.nodes[0]) for one in self.graph.layers):
            new.name, new.block = self.another_name(".".join(path)), path[:-1]

    def hold(self, inference: Inference) -> None:
        """Refuse what became of a call where it has other shapes or weights than the call had; warn of weights that
        nothing reads, and that nothing has any more.
        """
        known = Known(inference)
        for node, results in self.made_of:
            before = self.known.call(node)
            shapes = () if before is None else self.known.shapes(before.outputs)
            for result, shape in zip(results, shapes, strict=False):
                call = known.call(result.tensor.node)
                if call is None:
                    continue  # an input of the network, handed on
                outputs = known.shapes(call.outputs)
                # One that failed gives what it can tell of, which may be less.
                found = outputs[result.tensor.index] if result.tensor.index < len(outputs) else None
                if found != shape:
                    message = f"`{node.layer.name}` would give {_shown(found)} in place of {_shown(shape)}"
                    self.differs = True
                    self.refusals.refuse(node.layer, message)
            if not self.partly and results:
                # A call that only hands its input on has become none, but may be the last of a module with weights.
                calls = [known.call(part.nodes[0]) for part in self.parts.get(node.layer, ())]
                self._hold_weights(
                    node.layer, [one for call in calls if call is not None for one in call.facts.weights]
                )

    def _hold_weights(self, layer: Layer, found: Sequence[Weight]) -> None:
        """Weights that the program's operations read must be there. The others stand with a layer only because each
        stands somewhere: they may be state of its module (counters of batches), else no layer has them.
        """
        owned = layer.owned or ()
        unread = Counter(_kind(one) for one in owned if not one.read)
        before, after = Counter(map(_kind, owned)), Counter(map(_kind, found))
        lost = before - after
        if after - before or lost - unread:
            listed = [_listed(some) or "none" for some in (owned, found)]
            self.refusals.refuse(layer, f"`{layer.name}` has the weights {listed[0]}, and would have {listed[1]}")
        elif lost:
            left = []
            for one in owned:
                if not one.read and lost[_kind(one)]:
                    lost[_kind(one)] -= 1
                    left.append(one)
            is_left, it = ("is left", "it") if len(left) == 1 else ("are left", "them")
            self.refusals.warn(layer, f"`{layer.name}`: {_listed(left)} {is_left} out: no operation reads {it}")


def _moved_sizes(
    value: FromSizes | tuple[FromSizes, ...], made: Mapping[Tensor, Moved]
) -> FromSizes | tuple[FromSizes, ...]:
    """Numbers that are computed from sizes of tensors, from those of the tensors that these became."""
    if isinstance(value, (SizeOf, Computed, int)):
        return _moved_size(value, made)
    return tuple([_moved_size(one, made) for one in value])


def _moved_size(value: FromSizes, made: Mapping[Tensor, Moved]) -> FromSizes:
    if isinstance(value, SizeOf):
        return SizeOf(made[value.tensor].tensor, value.axis)
    if isinstance(value, Computed):
        return Computed(value.operation, tuple([_moved_size(one, made) for one in value.numbers]))
    return value


def _kind(weight: Weight) -> tuple[Shape, bool, str | None]:
    return weight.shape, weight.buffer, None if weight.dtype == "float32" else weight.dtype


def _listed(weights: Sequence[Weight]) -> str:
    return ", ".join(f"{one.name} {show_shape(one.shape)}" for one in weights)


def _shown(shape: Shape | None) -> str:
    return "an unknown shape" if shape is None else show_shape(shape)


# --- what a node says -------------------------------------------------------------------------------------------------


def _said(call: Call) -> dict[str, object]:
    """The arguments of the node that are plain values, by name, of those that the file does not leave out."""
    place = call.layer.place
    node = None if place is None else place.document.at(place.path)
    arguments = arguments_of(list_in(mapping_in(node).get("inputs")))
    return {one.name: one.value for one in arguments if one.value is not NO_NUMBER and not one.is_computed}


def held_by(call: Call) -> dict[str, Constant]:
    """The weights and other constants that the call reads, by the names that the operation has for its inputs."""
    node, type = call.node, call.layer.type
    assert type is not None
    count = len(node.inputs) + len(node.constants) - len(node.keywords)
    names = (*type.schema.inputs[:count], *node.keywords)
    return {names[one.index]: one for one in node.constants if one.index < len(names)}


def weights_of(call: Call, count: int = 1) -> dict[str, Shape]:
    """The shapes of the weights of a call that reads so many tensors beside them."""
    if len(call.node.inputs) != count:
        raise CannotError("its weights are computed by the program, and no module's")
    if len({one.trainable for one in _parameters(call)}) > 1:
        raise CannotError("some of its weights are trained and others are not")
    return {name: one.shape for name, one in held_by(call).items()}


def _weight(held: dict[str, Shape]) -> Shape:
    """The shape of the weight that a module has; raises CannotError where the program computes it."""
    if "weight" not in held:
        raise CannotError("its weight is computed by the program, and no module's")
    return held["weight"]


def _parameters(call: Call) -> list[Weight]:
    return [one for one in call.layer.owned or () if not one.buffer]


def weightless(call: Call) -> None:
    """Raise for a call that reads a tensor which is not a result of another."""
    for name, one in held_by(call).items():
        if one.shape or not isinstance(one.value, (int, float)):
            raise CannotError(f"it reads {show_shape(one.shape)} that the program holds (`{name}`), which no layer has")


def _each(value: object, axes: int) -> object:
    """A list for all axes, of which one number stands for all."""
    listed = list(value) if isinstance(value, (list, tuple)) else value
    return listed * axes if isinstance(listed, list) and len(listed) == 1 else listed


def rule(*keys: str) -> Callable[[Rule], Rule]:
    """Declare who translates calls of these operations."""

    def declare(function: Rule) -> Rule:
        RULES.update({f"aten.{key}": function for key in keys})
        return function

    return declare


def of_rank(call: Call, stem: str, ranks: range = range(1, 4)) -> str:
    """The module of that stem for the axes of space that a call's input has."""
    axes = len(call.shape()) - 2
    if axes not in ranks:
        raise CannotError(f"no {stem} of `torch.nn` reads {show_shape(call.shape())} with its batch")
    return f"{stem}{axes}d"


def made_as(call: Call, key: str, fields: dict[str, object]) -> Moved:
    """What a call becomes, of that type and with these fields; frozen where all that it owned was."""
    for name, value in fields.items():
        if any(isinstance(one, Unknown) for one in (value if isinstance(value, list) else [value])):
            raise CannotError(f"its `{name}` is not known")
    made = call.made(key, fields, *[one.tensor for one in call.inputs])
    parameters = _parameters(call)
    if parameters and not any(one.trainable for one in parameters):
        made.node.layer.trainable = False
    return Moved(made)


# --- modules with weights ---------------------------------------------------------------------------------------------


@rule("conv1d", "conv_transpose1d", "convolution")
def _convolution(call: Call) -> Moved:
    said, held = _said(call), weights_of(call)
    weight = _weight(held)
    axes = len(weight) - 2
    transposed = "transpose" in (call.layer.type.key if call.layer.type else "") or said.get("transposed") is True
    groups = call.size("groups")
    fields = {
        "out_channels": weight[1] * groups if transposed else weight[0],
        "kernel_size": list(weight[2:]),
        "stride": _each(call.fields["stride"], axes),
        "padding": _each(call.fields["padding"], axes),
        "dilation": _each(call.fields["dilation"], axes),
        "groups": groups,
        "bias": "bias" in held,
    }
    if transposed:
        fields["output_padding"] = _each(call.fields["output_padding"], axes)
    return made_as(call, of_rank(call, "ConvTranspose" if transposed else "Conv"), fields)


@rule("linear")
def _linear(call: Call) -> Moved:
    held = weights_of(call)
    return made_as(call, "Linear", {"out_features": _weight(held)[0], "bias": "bias" in held})


@rule("embedding")
def _embedding(call: Call) -> Moved:
    rows, columns = _weight(weights_of(call))
    padding = _said(call).get("padding_idx", -1)
    fields: dict[str, object] = {"num_embeddings": rows, "embedding_dim": columns}
    return made_as(call, "Embedding", fields if padding == -1 else {**fields, "padding_idx": padding})


@rule("batch_norm", "instance_norm")
def _normalized(call: Call) -> Moved:
    said, held = _said(call), weights_of(call)
    is_batch = call.layer.type is not None and call.layer.type.key == "aten.batch_norm"
    stem = "BatchNorm" if is_batch else "InstanceNorm"
    key = "BatchNorm1d" if is_batch and len(call.shape()) == 2 else of_rank(call, stem)
    fields = {
        "eps": said.get("eps", 1e-5),
        # None, the mean of all batches, is 0 in the operation.
        "momentum": said.get("momentum", 0.1) or None,
        "affine": "weight" in held,
        "track_running_stats": "running_mean" in held,
        "bias": "weight" not in held or "bias" in held,
    }
    return made_as(call, key, fields)


@rule("layer_norm")
def _layer_norm(call: Call) -> Moved:
    held = weights_of(call)
    fields = {
        "normalized_shape": list(call.sizes("normalized_shape")),
        "eps": _said(call).get("eps", 1e-5),
        "elementwise_affine": "weight" in held,
        "bias": "weight" not in held or "bias" in held,
    }
    return made_as(call, "LayerNorm", fields)


@rule("group_norm")
def _group_norm(call: Call) -> Moved:
    held = weights_of(call)
    fields = {
        "num_groups": call.fields["num_groups"],
        "eps": _said(call).get("eps", 1e-5),
        "affine": "weight" in held,
        "bias": "weight" not in held or "bias" in held,
    }
    return made_as(call, "GroupNorm", fields)


@rule("prelu")
def _prelu(call: Call) -> Moved:
    slopes = prod(_weight(weights_of(call)))
    return made_as(call, "PReLU", {"num_parameters": slopes})


# --- recurrent modules ------------------------------------------------------------------------------------------------

#: The module of a recurrent operation, and how many states it begins with.
_RECURRENT = {
    "aten.lstm": ("LSTM", 2),
    "aten.gru": ("GRU", 1),
    "aten.rnn_tanh": ("RNN", 1),
    "aten.rnn_relu": ("RNN", 1),
}


def is_zeros(node: Node) -> bool:
    """Whether a call makes zeros, of whatever sizes."""
    return node.layer.type is not None and node.layer.type.key == "aten.zeros" and _target(node.layer) == "zeros"


def begins_with_zeros(node: Node) -> bool:
    """Whether a call is a recurrent layer, all whose initial states are zeros, and whose input is not."""
    type = node.layer.type
    _, states = _RECURRENT.get("" if type is None else type.key, ("", 0))
    zeros = [is_zeros(one.node) for one in node.inputs[: 1 + states]]
    return zeros == [False, *[True] * states] and states > 0


def _target(layer: Layer) -> str:
    """The operation that the file names, of several that are one type here."""
    place = layer.place
    node = mapping_in(None if place is None else place.document.at(place.path))
    return str(node.get("target")).removeprefix("torch.ops.aten.").partition(".")[0]


def _is_other(dtype: str | None, layer: Layer) -> bool:
    """Whether a dtype of weights is another floating-point one than the layer computes in."""
    return dtype in FLOATS and dtype != layer.policy.compute


def _is_unread(layer: Layer) -> bool:
    """Whether it stands for parameters that no operation reads."""
    return layer.type is not None and layer.type.key == "program.unread"


def _nothing(_call: Call) -> Moved:
    """Nothing is made of it: whoever reads it is not given one."""
    return Moved(Tensor(Node(Layer("zeros", None))))


@rule("lstm", "gru", "rnn_tanh", "rnn_relu")
def _recurrent(call: Call) -> list[Moved]:
    assert isinstance(call.translator, FromProgram)
    assert call.layer.type is not None
    key, fields = call.layer.type.key, call.fields
    module, states = _RECURRENT[key]
    if call.translator.partly:
        raise CannotError("its initial states are layers of their own")
    if len(call.node.inputs) != 1 + states:
        raise CannotError("its weights are computed by the program, and no module's")
    if len({one.trainable for one in _parameters(call)}) > 1:
        raise CannotError("some of its weights are trained and others are not")
    given = [] if begins_with_zeros(call.node) else [one.tensor for one in call.inputs[1:]]
    width = call.shape(states)[-1]  # of the carry, where there is one: a state may be projected
    said: dict[str, object] = {
        "hidden_size": width,
        "num_layers": fields["num_layers"],
        "bias": fields["has_biases"],
        "dropout": fields["dropout"] if fields["train"] else 0.0,
        "bidirectional": fields["bidirectional"],
    }
    if module == "RNN":
        said["nonlinearity"] = key.removeprefix("aten.rnn_")
    if module == "LSTM" and call.shape(1)[-1] != width:
        said["proj_size"] = call.shape(1)[-1]
    x = call.inputs[0].tensor
    turned = not fields["batch_first"]
    if turned:
        x = call.made("transpose", {"dim0": 0, "dim1": 1}, x, suffix="batch first")
    call.inputs = [Moved(one) for one in (x, *given)]
    made = made_as(call, module, said).tensor
    call.translator.as_its_module(call.layer, made.node.layer)
    name, block = made.node.layer.name, made.node.layer.block
    found = [Tensor(made.node, at) for at in range(1 + states)]
    if turned:
        found[0] = call.made("transpose", {"dim0": 0, "dim1": 1}, made, suffix="steps first")
        for tensor, title in ((x, "batch_first"), (found[0], "steps_first")):
            tensor.node.layer.name = call.translator.another_name(f"{name}_{title}")
            tensor.node.layer.block = block
    return [Moved(one) for one in found]


# --- modules without weights, and functions ---------------------------------------------------------------------------

#: The module and the function of activations, and the fields that they take from the node, with PyTorch's defaults.
_ACTIVATIONS: dict[str, tuple[str, dict[str, object]]] = {
    "relu": ("ReLU", {}),
    "relu6": ("ReLU6", {}),
    "gelu": ("GELU", {"approximate": "none"}),
    "silu": ("SiLU", {}),
    "mish": ("Mish", {}),
    "selu": ("SELU", {}),
    "sigmoid": ("Sigmoid", {}),
    "tanh": ("Tanh", {}),
    "hardswish": ("Hardswish", {}),
    "hardsigmoid": ("Hardsigmoid", {}),
    "leaky_relu": ("LeakyReLU", {"negative_slope": 0.01}),
    "elu": ("ELU", {"alpha": 1.0}),
    "softplus": ("Softplus", {"beta": 1.0, "threshold": 20.0}),
}


def _activation(name: str) -> Rule:
    module, wanted = _ACTIVATIONS[name]

    def translate(call: Call) -> Moved:
        weightless(call)
        said = _said(call)
        fields = {field: said.get(field, default) for field, default in wanted.items()}
        # A function where the author has one: the class of the module is recorded otherwise.
        written = call.layer.type_name
        return made_as(call, name if written == name and TORCH.find(name) else module, fields)

    return translate


for _name in _ACTIVATIONS:
    rule(_name)(_activation(_name))


@rule("hardtanh")
def _hardtanh(call: Call) -> Moved:
    said = _said(call)
    least, most = said.get("min_val", -1.0), said.get("max_val", 1.0)
    if (least, most) == (0.0, 6.0):
        return made_as(call, "ReLU6", {})
    return made_as(call, "Hardtanh", {"min_val": least, "max_val": most})


@rule("max_pool2d", "avg_pool2d")
def _pooled(call: Call) -> Moved:
    said = _said(call)
    key = call.layer.type.key if call.layer.type else ""
    is_mean = "avg" in key
    name = of_rank(call, "AvgPool" if is_mean else "MaxPool")
    axes = len(call.shape()) - 2
    fields = {
        "kernel_size": _each(call.fields["kernel_size"], axes),
        "stride": _each(call.fields["stride"] or call.fields["kernel_size"], axes),
        "padding": _each(call.fields["padding"], axes),
        "ceil_mode": call.fields["ceil_mode"],
    }
    if not is_mean:
        fields["dilation"] = _each(call.fields["dilation"], axes)
    else:
        fields["count_include_pad"] = said.get("count_include_pad", True)
        if axes > 1 and isinstance(said.get("divisor_override"), int):
            fields["divisor_override"] = said["divisor_override"]
    return made_as(call, name, fields)


@rule("adaptive_avg_pool2d", "adaptive_max_pool2d")
def _adaptive(call: Call) -> Moved:
    key = call.layer.type.key if call.layer.type else ""
    name = of_rank(call, "AdaptiveAvgPool" if "avg" in key else "AdaptiveMaxPool")
    return made_as(call, name, {"output_size": list(call.sizes("output_size"))})


@rule("flatten")
def _flattened(call: Call) -> Moved:
    weightless(call)
    name = "Flatten" if call.layer.type_name == "Flatten" else "flatten"
    return made_as(call, name, {"start_dim": call.fields["start_dim"], "end_dim": call.fields["end_dim"]})


@rule("dropout")
def _dropped(call: Call) -> Moved:
    if call.fields["train"] is False:
        return call.inputs[0]
    return made_as(call, "Dropout", {"p": call.fields["p"]})


@rule("clone", "contiguous", "alias")
def _same(call: Call) -> Moved:
    """What gives its input gives it to whoever reads this one."""
    weightless(call)
    return call.inputs[0]


@rule("view", "reshape")
def _reshaped(call: Call) -> Moved:
    weightless(call)
    wanted = [*call.sizes("size" if "size" in call.fields else "shape")]
    if any(not isinstance(one, int) for one in wanted):
        raise CannotError("it has numbers that the program computes from sizes")
    return made_as(call, "reshape", {"shape": wanted})


@rule("add", "sub", "mul", "div")
def _summed(call: Call) -> Moved:
    weightless(call)
    said = _said(call)
    name = call.layer.type.key.removeprefix("aten.") if call.layer.type else ""
    fields: dict[str, object] = {}
    if call.node.constants:
        if len(call.inputs) != 1 or call.node.constants[0].index != 1:
            raise CannotError("a number stands before the tensor")
        fields["other"] = call.node.constants[0].value
    if said.get("alpha", 1) != 1:
        fields["alpha"] = said["alpha"]
    if said.get("rounding_mode") is not None:
        raise CannotError("it rounds what it divides")
    return made_as(call, name, fields)


def _plainly(name: str, *fields: str) -> Rule:
    """A function that has the operation's own fields."""

    def translate(call: Call) -> Moved | list[Moved]:
        weightless(call)
        given = {field: call.fields[field] for field in fields}
        made = made_as(
            call, name, {field: list(one) if isinstance(one, tuple) else one for field, one in given.items()}
        )
        return [Moved(Tensor(made.tensor.node, at)) for at in range(len(call.outputs))]

    return translate


for _name, _fields in (
    ("permute", ("dims",)),
    ("transpose", ("dim0", "dim1")),
    ("squeeze", ("dim",)),
    ("unsqueeze", ("dim",)),
    ("mean", ("dim", "keepdim")),
    ("sum", ("dim", "keepdim")),
    ("amax", ("dim", "keepdim")),
    ("cat", ("dim",)),
    ("stack", ("dim",)),
    ("chunk", ("chunks", "dim")),
    ("select", ("dim", "index")),
    ("expand", ("size",)),
    ("matmul", ()),
):
    rule(_name)(_plainly(_name, *_fields))


@rule("softmax")
def _softmax(call: Call) -> Moved:
    weightless(call)
    place = call.layer.place
    node = mapping_in(None if place is None else place.document.at(place.path))
    is_log = "log" in str(node.get("target"))
    module, function = ("LogSoftmax", "log_softmax") if is_log else ("Softmax", "softmax")
    name = module if call.layer.type_name == module else function
    return made_as(call, name, {"dim": call.fields["dim"]})


@rule("unflatten")
def _unflattened(call: Call) -> Moved:
    weightless(call)
    return made_as(call, "Unflatten", {"dim": call.fields["dim"], "unflattened_size": list(call.sizes("sizes"))})


@rule("pad")
def _padded(call: Call) -> Moved:
    weightless(call)
    said = _said(call)
    pads, value = said.get("pad"), said.get("value")
    fields = {"pad": list(pads) if isinstance(pads, (list, tuple)) else [], "mode": said.get("mode", "constant")}
    return made_as(call, "pad", fields if not value else {**fields, "value": value})


@rule("split", "split_with_sizes")
def _split(call: Call) -> list[Moved]:
    weightless(call)
    sizes = call.fields["split_size"] if "split_size" in call.fields else list(call.sizes("split_sizes"))
    made = made_as(call, "split", {"split_size_or_sections": sizes, "dim": call.fields["dim"]})
    return [Moved(Tensor(made.tensor.node, at)) for at in range(len(call.outputs))]


@rule("pixel_shuffle")
def _pixel_shuffle(call: Call) -> Moved:
    return made_as(call, "PixelShuffle", {"upscale_factor": call.fields["upscale_factor"]})


_MODES = {
    "upsample_nearest1d": "nearest",
    "upsample_nearest2d": "nearest",
    "upsample_nearest3d": "nearest",
    "upsample_linear1d": "linear",
    "upsample_bilinear2d": "bilinear",
    "upsample_bicubic2d": "bicubic",
    "upsample_trilinear3d": "trilinear",
}


@rule(*_MODES)
def _resized(call: Call) -> Moved:
    said = _said(call)
    place = call.layer.place
    node = mapping_in(None if place is None else place.document.at(place.path))
    operation = str(node.get("target")).removeprefix("torch.ops.aten.").partition(".")[0]
    fields: dict[str, object] = {"mode": _MODES.get(operation)}
    factors = said.get("scale_factors")
    if isinstance(factors, (list, tuple)) and factors:
        fields["scale_factor"] = [int(one) if float(one).is_integer() else one for one in factors]
    else:
        fields["size"] = list(call.outputs[0] or ())[2:]
    if said.get("align_corners") is True:
        fields["align_corners"] = True
    return made_as(call, "Upsample" if call.layer.type_name == "Upsample" else "interpolate", fields)
