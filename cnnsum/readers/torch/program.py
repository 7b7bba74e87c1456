"""The nodes of an exported program -> the layers and calls of a Graph.

A node is a layer with one call. Its tensors are inputs, in the order of the operation's schema; parameters among them
are inputs too, and the first layer that uses one owns it. The only operation of a module of `torch.nn` has the module's
name and class; others are named by the module they stand in. Numbers that the program computes from sizes become
`Computed` fields, at whose sizes inference works.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from cnnsum.diagnostics import Diagnostic, Related, Span, UnusableError
from cnnsum.dims import UNKNOWN, Dim, Symbol
from cnnsum.graph.model import (
    MAX_LAYERS,
    MAX_RANK,
    Claim,
    Computed,
    Constant,
    FieldsFromSizes,
    FromSizes,
    Graph,
    InputSpec,
    Layer,
    Node,
    Place,
    Policy,
    Recorded,
    SizeClaim,
    SizeOf,
    Tensor,
)
from cnnsum.graph.names import Names
from cnnsum.graph.promotion import PYTORCH
from cnnsum.layers.base import LayerType
from cnnsum.layers.facts import Shape, Weight
from cnnsum.layers.kinds import PlainReading
from cnnsum.layers.vocabulary import TORCH
from cnnsum.readers.declare import declare, fresh
from cnnsum.readers.free import name_for
from cnnsum.readers.how import How
from cnnsum.readers.override import replace_inputs
from cnnsum.readers.programs import malformed
from cnnsum.readers.samples import place_samples
from cnnsum.readers.torch.arguments import NO_NUMBER, Argument, arguments_of, dtype_of, list_in, mapping_in
from cnnsum.readers.torch.expressions import parse
from cnnsum.readers.torch.flows import FLOWS
from cnnsum.readers.torch.inlining import PlacedNode, inlined
from cnnsum.readers.torch.stored import stored_as, stored_by_size
from cnnsum.source import Document
from cnnsum.typed import Any, NamedTuple

Path = tuple[str | int, ...]

_GRAPH: Path = ("graph_module", "graph")
#: What an operation computes in that gives one of these; any other computes in float32.
_COMPUTE = {
    **{dtype: dtype for dtype in ("float64", "float32", "float16", "bfloat16")},
    "complex64": "float32",
    "complex128": "float64",
}
#: Modules that only hold others: operations never stand for them.
_CONTAINERS = frozenset(("Sequential", "ModuleList", "ModuleDict"))
_MODULES = "torch.nn.modules."
#: What the axes of an input are called that the program leaves open, by its rank.
_AXES = {2: ("N", "T"), 3: ("N", "T", "T"), 4: ("N", "C", "H", "W"), 5: ("N", "C", "D", "H", "W")}
#: The same where the first axis does not hold the samples.
_OTHER_AXES = {2: ("T", "T"), 3: ("T", "T", "C")}


class _Held(NamedTuple):
    """A tensor that is an input of the program and none of the caller's: a parameter, a buffer, or a constant.

    title: its name in the network. stored: what two of them have in common that are one tensor under two names.
    """

    shape: Shape
    weight: Weight | None
    dtype: str
    module: str
    title: str
    stored: object


class ProgramPlace(Place):
    """The place of a node in the program, which knows the line of the author's code that it comes from."""

    __slots__ = ("_trace",)

    def __init__(self, document: Document, path: Path, trace: object) -> None:
        super().__init__(document, path, (*path, "inputs"), ())
        self._trace = trace

    @property
    def written(self) -> tuple[Related, ...]:
        """The last frame of the stack trace that is not PyTorch's own. Nothing is read at the path that it names."""
        if not isinstance(self._trace, str):
            return ()
        frames = [one for one in _FRAME.finditer(self._trace[-_LONGEST_TRACE:]) if not _PYTORCHS.search(one[1])]
        if not frames:
            return ()
        path, line, function, code = frames[-1].groups()
        number = max(int(line), 1)
        return (Related(Span(path, number, 1, number, 1), f"in {function}: {code.strip()}", is_read=False),)


class ProgramReader:
    """Reads one program."""

    def __init__(self, document: Document, how: How, samples: int = 0) -> None:
        """samples: the axis of the inputs that holds the samples, as far as names of sizes go."""
        self.document = document
        self.how = how
        self.samples = samples
        program = document.value["graph_module"]
        self.graph_value = mapping_in(program.get("graph") if isinstance(program, dict) else None)
        self.signature = mapping_in(program.get("signature") if isinstance(program, dict) else None)
        metas = mapping_in(self.graph_value.get("tensor_values"))
        found = inlined(list_in(self.graph_value.get("nodes")), metas, (*_GRAPH, "nodes"))
        self.nodes, self.metas, self.other_names = found
        self.graph = Graph("program", place=Place(document, ()), backend=PYTORCH, vocabulary=TORCH)
        self.graph.program = self.graph.exported = self.graph.modular = True
        self.names = Names()
        self.tensors: dict[str, Tensor] = {}
        self.held: dict[str, _Held] = {}
        self.sizes: dict[str, FromSizes] = {}
        self.symbols: dict[str, Dim] = {}
        self._sizes: dict[tuple[str, int], Dim] = {}
        self.owners: dict[object, Layer] = {}
        #: What has been read where gradients are asked for.
        self._asked: set[object] = set()
        self._stored: Mapping[str, object] = stored_as(document.weights) or self._by_size()
        self.unknown: Counter[str] = Counter()
        self.first_unknown: dict[str, Path] = {}

    def read(self) -> Graph:
        """The graph; raises UnusableError where the file has no program that can be followed."""
        if not self.nodes or not self.metas:
            raise malformed(self.document, "the program has no nodes", _GRAPH)
        if len(self.nodes) > MAX_LAYERS:
            message = f"the program has {len(self.nodes):,} operations; the limit is {MAX_LAYERS:,}"
            raise UnusableError(Diagnostic("SPC039", message, self.document.span((*_GRAPH, "nodes"))))
        self.graph.diagnostics.extend(self.document.diagnostics)
        self._read_inputs()
        if self.symbols:
            from cnnsum.readers.torch.guards import claims_of

            self.graph.claims = tuple(claims_of(self.document.value, self.symbols, self._size_of_input))
        stacks = [_stack(one.node) for one in self.nodes]
        made = [_tensors_of(one.node) for one in self.nodes]
        self._in_module = Counter(
            path for stack, tensors in zip(stacks, made, strict=True) if tensors for path, _ in stack
        )
        if root := next((stack[0][1] for stack in stacks if stack), ""):
            self.graph.name = root.rpartition(".")[2] or "program"
        for one, tensors, stack in zip(self.nodes, made, stacks, strict=True):
            self._read_node(one, tensors, stack)
        self._own_the_rest()
        self._read_outputs()
        self._say_unknown()
        axis = place_samples(self.graph, FLOWS, self.samples, has_names=bool(self.symbols))
        if axis is not None:
            return ProgramReader(self.document, self.how, axis).read()
        replace_inputs(self.graph, self.how)
        if self.how.inputs or self.how.settings or self.how.free:
            self.graph.resized = True
            self.graph.recorded.clear()
        self.graph.claims += tuple(self._fixed_sizes())
        return self.graph

    def _fixed_sizes(self) -> Iterator[SizeClaim]:
        """What PyTorch holds the program to of sizes that were set free: it runs it at those of the file alone."""
        for node in self.graph.inputs:
            for dim in node.layer.spec.shape if node.layer.spec is not None else ():
                freed = self.graph.freed.get(str(dim))
                if freed is not None and freed.size is not None and freed.kind != "batch" and node.layer.place:
                    yield SizeClaim(dim, "==", freed.size, node.layer.place.path)

    # --- tensors that come from outside -------------------------------------------------------------------------------

    def _read_inputs(self) -> None:
        for index, raw in enumerate(list_in(self.signature.get("input_specs"))):
            path = ("graph_module", "signature", "input_specs", index)
            if not isinstance(raw, dict) or len(raw) != 1:
                raise malformed(self.document, "an input of the program is not one", path)
            ((kind, spec),) = raw.items()
            argument = mapping_in(mapping_in(spec).get("arg"))
            if kind == "user_input":
                self._read_input(argument, path)
            elif kind in ("parameter", "buffer", "tensor_constant"):
                name = argument.get("name")
                title = mapping_in(spec).get(f"{kind}_name")
                self._hold(str(name), title if isinstance(title, str) else str(name), kind)
        if not self.graph.inputs:
            raise malformed(self.document, "the program has no tensor for an input", ("graph_module", "signature"))
        shape = self.graph.inputs[0].layer.spec
        if shape is not None and shape.shape:
            self.graph.batch = shape.shape[0]

    def _by_size(self) -> dict[str, str]:
        """The names that tensors are stored under, of an archive that gives no more than their sizes."""
        sizes = () if self.document.weights is None else self.document.weights.sizes
        tensors: dict[str, tuple[tuple[int, ...], str]] = {}
        for raw in list_in(self.signature.get("input_specs")) if sizes else ():
            for kind, title in (("parameter", "parameter_name"), ("buffer", "buffer_name")):
                spec = mapping_in(mapping_in(raw).get(kind))
                if spec.get("persistent") is False or not isinstance(spec.get(title), str):
                    continue
                shape, dtype = self._meta(str(mapping_in(spec.get("arg")).get("name")))
                numbers = tuple([size for size in shape or () if isinstance(size, int)])
                if shape is None or len(numbers) != len(shape):
                    return {}
                tensors[spec[title]] = numbers, dtype
        return stored_by_size(sizes, tensors)

    def _own_the_rest(self) -> None:
        """Give parameters that no operation reads to the layer that their module is, or to a row of their own; buffers
        to the last layer of their module, or to the last of all.

        These have no gradient, and neither have those that are read where no gradient is asked for.
        """
        last: dict[str, Layer] = {}
        modules: dict[str, Layer] = {}
        for layer in self.graph.layers:
            if layer.spec is None:
                for end in range(len(layer.block) + 1):
                    last[".".join(layer.block[:end])] = layer
                last[layer.name] = modules[layer.name] = layer
                if layer.module is not None:
                    modules[".".join(layer.module[0])] = layer
        twins = self._say_twins()
        unread: list[_Held] = []
        for held in self.held.values():
            if held.weight is None or held.stored in self._asked:
                continue
            owner = self.owners.get(held.stored)
            if owner is not None:
                owned = [one._replace(read=False) if one is held.weight else one for one in owner.owned or ()]
                owner.owned = tuple(owned)
                owner.key = (*owner.key, owner.owned)
                continue
            path = held.module
            if held.weight.buffer:
                while path and path not in last:
                    path = path.rpartition(".")[0]
                owner = last.get(path)
            else:
                if path not in modules:
                    modules[path] = self._unread(path, is_block=path in last)
                owner = modules[path]
                if owner.type is not None and owner.type.key == _UNREAD:
                    unread.append(held)
            if owner is not None:
                module = f"{held.module}." if held.module and held.module != owner.name else ""
                weight = held.weight._replace(name=module + held.weight.name, read=False)
                self.owners[held.stored] = owner
                owner.owned = (*(owner.owned or ()), weight)
                owner.key = (*owner.key, weight)
        if unread and not twins:
            self._say_unread(unread)

    def _unread(self, module: str, *, is_block: bool) -> Layer:
        """A row for parameters of a module that does nothing, or of a block that does not read them."""
        path = f"{module}.unread" if is_block and module else module or "unread"
        layer = Layer(
            self._free(path),
            TORCH.find(_UNREAD),
            type_name="unread",
            place=Place(self.document, ("graph_module", "signature")),
            block=tuple(path.split(".")[:-1]),
        )
        layer.key = (_UNREAD,)
        Node(layer)
        self.graph.layers.append(layer)
        return layer

    def _say_unread(self, unread: list[_Held]) -> None:
        """Remark on parameters that no operation reads, by the names that the program has for them."""
        from cnnsum.readers.programs import nothing_reads

        what = "they are parameters" if len(unread) > 1 else "it is a parameter"
        message = f"{nothing_reads([held.title for held in unread])}: {what} of the network all the same"
        span = self.document.span(("graph_module", "signature"))
        help = "leave out modules that `forward` does not call"
        self.graph.remarks.append(Diagnostic("GRF314", message, span, "warning", help))

    def _say_twins(self) -> bool:
        """Warn of parameters that may be others under a second name, where the archive does not say which are one; and
        tell whether there are any.
        """
        if self._stored:
            return False
        parameters = [one for one in self.held.values() if one.weight is not None and not one.weight.buffer]
        read = {(one.shape, one.dtype): one for one in parameters if one.stored in self.owners}
        twins = [one for one in parameters if one.stored not in self.owners and (one.shape, one.dtype) in read]
        twins = [one for one in twins if len(one.shape) > 1]  # vectors of one length are many
        if not twins:
            return False
        first = twins[0]
        more = "" if len(twins) == 1 else f", and {len(twins) - 1:,} more of the same kind"
        message = (
            f"nothing reads `{first.stored}`, which has the shape of `{read[first.shape, first.dtype].stored}`{more}: "
            "where two names stand for one tensor, it is counted twice"
        )
        help = "archives of newer PyTorch say which tensors are one, in `model_weights_config.json`"
        span = self.document.span(("graph_module", "signature"))
        self.graph.diagnostics.append(Diagnostic("SPC080", message, span, "warning", help))
        return True

    def _hold(self, name: str, title: str, kind: str) -> None:
        shape, dtype = self._meta(name)
        if shape is None:
            return
        trains = mapping_in(self.metas.get(name)).get("requires_grad") is True
        weight = None
        if kind != "tensor_constant":
            is_buffer = kind == "buffer"
            weight = Weight(title.rpartition(".")[2], shape, trains and not is_buffer, dtype, buffer=is_buffer)
        self.held[name] = _Held(shape, weight, dtype, title.rpartition(".")[0], title, self._stored.get(title, title))

    def _read_input(self, argument: dict[str, object], path: Path) -> None:
        tensor = argument.get("as_tensor")
        if not isinstance(tensor, dict):
            return  # a number, which the program was exported for
        name = str(tensor.get("name"))
        meta = mapping_in(self.metas.get(name))
        sizes = list_in(meta.get("sizes"))
        if len(sizes) > MAX_RANK:
            raise malformed(self.document, f"the input `{name}` has {len(sizes)} axes", path)
        shape = tuple([self._input_size(size, axis, len(sizes)) for axis, size in enumerate(sizes)])
        spec = InputSpec(shape, dtype_of(meta.get("dtype")) or "float32")
        self.names.taken.add(name)
        layer = Layer(name, None, type_name="InputLayer", spec=spec, place=Place(self.document, path))
        node = Node(layer)
        self.graph.inputs.append(node)
        self.graph.layers.append(layer)
        self.tensors[name] = Tensor(node)

    def _size_of_input(self, name: str, axis: int) -> Dim | None:
        """The size of an axis of the input that has this name; None where there is none."""
        tensor = self.tensors.get(name)
        spec = None if tensor is None else tensor.node.layer.spec
        return spec.shape[axis] if spec is not None and axis < len(spec.shape) else None

    def _input_size(self, size: object, axis: int, rank: int) -> Dim:
        """A size of an input: a number, or a symbol that gets its name here."""
        value = mapping_in(size)
        if type(value.get("as_int")) is int:
            return int(value["as_int"])
        text = mapping_in(value.get("as_expr")).get("expr_str")
        if not isinstance(text, str):
            return UNKNOWN

        def named(name: str) -> Dim:
            if name not in self.symbols:
                if axis == self.samples:
                    symbol = fresh("N", self.graph.symbols)
                else:
                    names = _AXES.get(rank, ()) if self.samples == 0 else _OTHER_AXES.get(rank, ())
                    stem = names[axis] if axis < len(names) else f"D{axis}"
                    own = stem if name[:1] in "su" and name[1:].isdigit() else name
                    symbol = Symbol(name_for(own, self.graph.symbols))
                    self.graph.symbols[symbol.name] = symbol
                self.symbols[name] = symbol.dim
            return self.symbols[name]

        return parse(text, named)

    def _meta(self, name: str) -> tuple[Shape | None, str]:
        """The shape and the dtype that the file records of a tensor."""
        meta = self.metas.get(name)
        if not isinstance(meta, dict):
            return None, "?"
        dims = []
        for size in list_in(meta.get("sizes")):
            value = mapping_in(size)
            if type(value.get("as_int")) is int:
                dims.append(value["as_int"])
            else:
                text = mapping_in(value.get("as_expr")).get("expr_str")
                dims.append(self._size(text) if isinstance(text, str) else UNKNOWN)
        dtype = dtype_of(meta.get("dtype")) or "?"
        return (tuple(dims) if len(dims) <= MAX_RANK else None), dtype

    def _size(self, text: str) -> Dim:
        """The value of an expression in the symbols that are known by now: most tensors have one of a few."""
        key = (text, len(self.symbols))
        if key not in self._sizes:
            self._sizes[key] = parse(text, self._known_symbol)
        return self._sizes[key]

    def _known_symbol(self, name: str) -> Dim:
        return self.symbols.get(name, UNKNOWN)

    # --- nodes --------------------------------------------------------------------------------------------------------

    def _read_node(self, placed: PlacedNode, made: list[str], stack: list[tuple[str, str]]) -> None:
        path = placed.path
        node = mapping_in(placed.node)
        target = node.get("target")
        if not isinstance(target, str):
            raise malformed(self.document, "a node has no target", path)
        sized = next((one for one in _outputs(node) if "as_sym_int" in one), None)
        if sized is not None:
            self._read_size(target, list_in(node.get("inputs")), mapping_in(sized["as_sym_int"]).get("as_name"))
            return
        if not made:
            return
        namespace, operation = _operation(target)
        arguments = arguments_of(list_in(node.get("inputs")))
        if f".{operation}_." in target:
            arguments.append(Argument("inplace", value=True))
        type = TORCH.find(f"{namespace}.{operation}")
        trace = mapping_in(node.get("metadata")).get("stack_trace")
        self._make(type, operation, arguments, made, stack, path, trace, placed)
        if type is None:
            self.unknown[f"{namespace}.{operation}"] += 1
            self.first_unknown.setdefault(f"{namespace}.{operation}", path)

    def _make(
        self,
        type: LayerType | None,
        operation: str,
        arguments: list[Argument],
        made: list[str],
        stack: list[tuple[str, str]],
        path: Path,
        trace: object,
        placed: PlacedNode,
    ) -> None:
        fields, computed = self._fields(type, arguments)
        if type is not None and "outputs" in type.schema.fields:
            fields["outputs"] = len(made)
        name, title, block, module = self._named(operation, stack)
        _, dtype = self._meta(made[0])
        casts = "" if placed.autocast is None else placed.autocast.casts(operation)
        compute = casts or _COMPUTE.get(dtype, "float32")
        place = ProgramPlace(self.document, path, trace)
        layer = declare(
            name,
            type,
            fields,
            PlainReading(),
            place,
            self.graph.diagnostics,
            type_name=title,
            policy=Policy(compute, compute),
            block=block,
        )
        layer.module = module
        layer.detached = placed.detached
        layer.autocast = bool(casts)
        inputs, constants, keywords = self._inputs(type, arguments, layer)
        layer.key = (*layer.key, layer.owned, compute, layer.detached)
        if casts:
            layer.key = (*layer.key, "autocast", *[weight for _, weight in layer.borrows])
        call = Node(layer, tuple(inputs), keywords)
        call.constants = tuple(constants)
        call.computed = computed
        recorded = [self._meta(one)[0] for one in made]
        call.claim = Claim(tuple(recorded), None if dtype == "?" else dtype)
        self.graph.layers.append(layer)
        for at, one in enumerate(made):
            self.tensors[one] = tensor = Tensor(call, at)
            claimed = recorded[at]
            sizes = tuple([size for size in claimed or () if isinstance(size, int)])
            if claimed is not None and len(sizes) == len(claimed):
                self.graph.recorded.append(Recorded(tensor, sizes, (*_GRAPH, "tensor_values", one)))

    def _fields(self, type: LayerType | None, arguments: list[Argument]) -> tuple[dict[str, Any], FieldsFromSizes]:
        """The fields that the type reads, with 1 for a number that is computed; and what computes it."""
        fields: dict[str, Any] = {}
        computed: dict[str, FromSizes | tuple[FromSizes, ...]] = {}
        known = {} if type is None else type.schema.fields
        for argument in arguments:
            name = argument.name
            if argument.places is not None and f"{name}_places" in known:
                fields[f"{name}_places"] = list(argument.places)
            if name not in known or argument.value is NO_NUMBER:
                continue
            value = argument.value
            if argument.is_computed:
                listed = isinstance(value, list)
                numbers = tuple([self._number(one) for one in (value if listed else [value])])
                if all(isinstance(one, int) for one in numbers):
                    fields[name] = list(numbers) if listed else numbers[0]
                else:
                    fields[name] = [1] * len(numbers) if listed else 1
                    computed[name] = numbers if listed else numbers[0]
            else:
                fields[name] = value
        return fields, computed

    def _number(self, raw: object) -> FromSizes:
        value = mapping_in(raw)
        if type(value.get("as_int")) is int:
            return int(value["as_int"])
        return self.sizes.get(str(value.get("as_name")), Computed("not known", ()))

    def _read_size(self, target: str, raw: list[object], name: object) -> None:
        """A node that computes a number from sizes."""
        operation = target.rpartition(".")[2]
        arguments = arguments_of(raw)
        numbers: list[FromSizes] = []
        for argument in arguments:
            if argument.is_computed and not isinstance(argument.value, list):
                numbers.append(self._number(argument.value))
            elif type(argument.value) is int:
                numbers.append(argument.value)
        found: Computed | SizeOf = Computed(_SIZES.get(operation, operation), tuple(numbers))
        if ".sym_size." in target and arguments and arguments[0].tensors:
            tensor = self.tensors.get(arguments[0].tensors[0])
            axis = arguments[1].value if len(arguments) > 1 else None
            if tensor is not None and type(axis) is int:
                found = SizeOf(tensor, axis)
        self.sizes[str(name)] = found

    def _inputs(
        self, type: LayerType | None, arguments: list[Argument], layer: Layer
    ) -> tuple[list[Tensor], list[Constant], tuple[str, ...]]:
        """The tensors of a call, those that are held among them as constants, and the keywords of the last ones.

        The layer gets the weights that nobody owns yet, and borrows the others.
        """
        known = () if type is None else type.schema.inputs
        many = type is None or type.schema.most is None
        placed: list[str | float] = []
        named: list[tuple[str, str]] = []
        gap = False
        for argument in arguments:
            number = argument.number
            if number is not None and argument.name in _NUMBERS and len(known) > max(len(placed), 1) and not gap:
                placed.append(number)
            elif not argument.tensors:
                gap = True
            elif gap and not many and argument.name in known:
                named.append((argument.name, argument.tensors[0]))
            else:
                placed.extend(argument.tensors)
        keywords = tuple([name for name, _ in named])
        inputs: list[Tensor] = []
        constants: list[Constant] = []
        owned: list[Weight] = []
        borrowed: list[tuple[Layer, Weight]] = []
        for at, (title, name) in enumerate([*[("", one) for one in placed], *named]):
            if not isinstance(name, str):
                constants.append(Constant(at, (), name))
                continue
            tensor = self.tensors.get(name)
            if tensor is not None:
                inputs.append(tensor)
                continue
            held = self.held.get(name)
            if held is None:
                raise malformed(self.document, f"the tensor `{name}` is used before anything makes it", _GRAPH)
            constants.append(Constant(at, held.shape, {"config": {"dtype": held.dtype}}))
            if held.weight is not None:
                if not layer.detached:
                    self._asked.add(held.stored)
                owner = self.owners.get(held.stored)
                weight = held.weight._replace(place=known.index(title) if title else at)
                if owner is None:
                    self.owners[held.stored] = layer
                    self.held[name] = held._replace(weight=weight)
                    owned.append(weight)
                elif owner is not layer:
                    borrowed.append((owner, weight))
        layer.owned = tuple(owned)
        layer.borrows = tuple(borrowed)
        return inputs, constants, keywords

    def _named(
        self, operation: str, stack: list[tuple[str, str]]
    ) -> tuple[str, str, tuple[str, ...], tuple[tuple[str, ...], str] | None]:
        """The name of a layer, what its type is called, the blocks that it stands in, and PyTorch's module around it
        that has more operations than this one.
        """
        if not stack:
            return self._free(operation), operation, (), None
        path, module = stack[-1]
        blocks = tuple(path.split(".")) if path else ()
        outermost = next((one for one in stack if _is_pytorchs(*one)), None)
        whole = None
        if outermost is not None and self._in_module[outermost[0]] > 1:
            whole = (tuple(outermost[0].split(".")), _class(outermost[1]))
        elif _is_pytorchs(path, module):
            return self._free(path), _class(module), blocks[:-1], None
        return self._free(f"{path}.{operation}" if path else operation), operation, blocks, whole

    def _free(self, name: str) -> str:
        """The name, or the name with the first number that makes it new."""
        if name in self.names.taken:
            return self.names.automatic(name.rpartition(".")[2], name[: name.rfind(".") + 1])
        self.names.taken.add(name)
        return name

    # --- the end ------------------------------------------------------------------------------------------------------

    def _read_outputs(self) -> None:
        for raw in list_in(self.signature.get("output_specs")):
            spec = mapping_in(mapping_in(raw).get("user_output"))
            tensor = mapping_in(mapping_in(spec.get("arg")).get("as_tensor"))
            name = str(tensor.get("name"))
            found = self.tensors.get(self.other_names.get(name, name))
            if found is not None:
                self.graph.outputs.append(found)
        if not self.graph.outputs:
            self.graph.outputs.append(next(reversed(self.tensors.values())))

    def _say_unknown(self) -> None:
        for operation, count in self.unknown.items():
            times = "" if count == 1 else f" ({count:,} times)"
            message = (
                f"unknown operation `{operation}`{times}; what it gives is taken from the file, its work is not known"
            )
            span = self.document.span(self.first_unknown[operation])
            self.graph.diagnostics.append(Diagnostic("UNK701", message, span, "warning"))


#: The type of what stands for parameters that no operation reads.
_UNREAD = "program.unread"

#: Arguments that may be a number where they are a tensor of another overload.
_NUMBERS = frozenset(("self", "other", "exponent"))

#: What operations on sizes are called in `Computed`.
_SIZES = {"sym_max": "max", "sym_min": "min", "truediv": "floordiv", "sym_not": "not"}


#: A frame of a stack trace: file, line, function, the line's text. Those of PyTorch itself are not the author's.
_FRAME = re.compile(r'File "([^"\n]{1,400})", line (\d{1,9}), in ([^\n]{1,200})\n[ \t]*([^\n]{0,200})')
_PYTORCHS = re.compile(r"[/\\]torch[/\\](?:nn|functional|_|utils|ao)")
_LONGEST_TRACE = 10_000


def _stack(raw: object) -> list[tuple[str, str]]:
    """The modules that a node stands in, outermost first: path and class of each."""
    text = mapping_in(mapping_in(raw).get("metadata")).get("nn_module_stack")
    if not isinstance(text, str):
        return []
    found = []
    for entry in text.split(";"):
        parts = entry.split(",")
        if len(parts) >= 3 and not parts[-1].startswith("_empty_"):
            path = ",".join(parts[1:-1]).partition("@")[0]
            found.append((_plain(path) if "[" in path else path, parts[-1]))
    return found


#: How PyTorch 2.5 and 2.6 write the path of a module whose class does not call itself `self`.
_ITEM = re.compile(r"getattr\((?P<of>[\w.\[\]']+), '(?P<name>\w+)'\)")
_ROOT = re.compile(r"^L\['\w+'\]\.?")
_DEEPEST_PATH = 50


def _plain(path: str) -> str:
    """The path of a module, of one that is written as code.

    >>> _plain("getattr(getattr(L['m'].layers, '0').parts, '12').conv")
    'layers.0.parts.12.conv'
    """
    for _ in range(_DEEPEST_PATH):
        path, count = _ITEM.subn(r"\g<of>.\g<name>", path)
        if not count:
            break
    return _ROOT.sub("", path)


def _class(module: str) -> str:
    return module.rpartition(".")[2]


def _is_pytorchs(path: str, module: str) -> bool:
    """Whether a module that a node stands in is a layer of `torch.nn`, and neither a container nor the whole model."""
    return bool(path) and module.startswith(_MODULES) and _class(module) not in _CONTAINERS


def _operation(target: str) -> tuple[str, str]:
    """The namespace and the name of an operation, without its overload and the mark of one that works in place."""
    parts = target.removeprefix("torch.ops.").split(".")
    namespace, name = (parts[0], parts[1]) if len(parts) > 1 else ("", parts[0])
    if name.endswith("_") and not name.endswith("__"):
        name = name[:-1]
    return namespace, name


def _outputs(raw: object) -> list[dict[str, Any]]:
    return [mapping_in(one) for one in list_in(mapping_in(raw).get("outputs"))]


def _tensors_of(raw: object) -> list[str]:
    """The names of the tensors that a node gives, in their order."""
    found: list[str] = []
    for output in _outputs(raw):
        single = mapping_in(output.get("as_tensor") or mapping_in(output.get("as_optional_tensor")).get("as_tensor"))
        if isinstance(single.get("name"), str):
            found.append(single["name"])
        listed = [mapping_in(one).get("name") for one in list_in(output.get("as_tensors"))]
        found.extend(name for name in listed if isinstance(name, str))
    return found
