"""From the items of `layers` to layers and calls: repeats, blocks, conditions, sharing, names.

Plain layers of a long file take a short way: equal items are checked once. Knows the language and the graph, no shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import count

from cnnsum.diagnostics import Problem, Related
from cnnsum.graph.model import FLOAT32, BlockUse, Constant, Graph, Layer, Node, Place, Policy, Tensor
from cnnsum.graph.names import Names
from cnnsum.layers.base import LayerType
from cnnsum.layers.inner import Inner, freeze_held
from cnnsum.readers.native.entry import SPECIAL, Entry, Types, parse
from cnnsum.readers.native.faults import Findings, ReportedError, Site
from cnnsum.readers.native.fields import Binder, Defaults
from cnnsum.readers.native.keys import Frame, Keys, is_good_name
from cnnsum.readers.native.scope import Scope
from cnnsum.readers.native.wires import Items, Wires, failed
from cnnsum.source import Document
from cnnsum.typed import TypeAlias


def _name_and_rest(item: dict[str, object]) -> tuple[str | None, str]:
    """The name that an item is given, and the item without it as a text; "" for an item that takes the long way."""
    for type_name, fields in item.items():
        if type(fields) is dict and not SPECIAL.isdisjoint(fields):
            name = fields.get("name")
            if type(name) is str and name != "input" and is_good_name(name):
                rest = fields.copy()
                del rest["name"]
                if SPECIAL.isdisjoint(rest):
                    return name, repr({type_name: rest}) if len(item) == 1 else ""
            return None, ""
    return None, repr(item)


class Use:
    """A use of a block, for others to share: its entry, its names, and the layers that it made, in their order."""

    __slots__ = ("entry", "layers", "scope")

    def __init__(self, entry: Entry, scope: Scope, layers: list[Layer]) -> None:
        self.entry = entry
        self.scope = scope
        self.layers = layers


#: Reads the model that an entry holds; None where there is none that can be used, which is reported.
Nest: TypeAlias = "Callable[[Entry, Frame, str], Graph | None]"


class Expander:
    """Makes the layers and calls of one model. `nest` reads models within it."""

    def __init__(
        self,
        types: Types,
        findings: Findings,
        top: Scope,
        defaults: dict[Document, Defaults],
        names: Names,
        nest: Nest,
    ) -> None:
        self.types = types
        self.findings = findings
        self.top = top
        self.defaults = defaults
        self.names = names
        self.nest = nest
        self.wires = Wires(findings)
        self.results = self.wires.results
        self.binder = Binder(types, findings, top, defaults)
        self.binder.reader.model = self._inner_model
        #: The entry whose fields are being read, and its frame.
        self._at: tuple[Entry, Frame]
        self.layers: list[Layer] = []
        self.keys = Keys(findings, self.wires)
        #: Calls of layers made in blocks, in their order; names of uses of blocks with what they made.
        self._tape: list[Layer] = []
        self._uses: dict[str, list[Use]] = {}
        self._places: dict[str, Site] = {}
        self._left_out: set[str] = set()
        #: Names of the blocks that are used; their uses, by the path of each.
        self.used: set[str] = set()
        self.blocks: dict[tuple[str, ...], BlockUse] = {}

    def close(self) -> None:
        """Let go of what reads models within this one, which holds this in turn: a circle would keep all that was read
        of the file until a garbage collector finds it.
        """
        del self.nest
        self.binder.reader.model = None

    def top_level(self, items: list[object], site: Site, frame: Frame) -> None:
        """Make the layers of the model's list at `site`. An item that was met before, but for its name, is not checked
        again.
        """
        document, above = site.document, site.path
        known: dict[
            str, tuple[LayerType, Mapping[str, object], str | None, tuple[str, ...] | str | None, Policy, bool]
        ] = {}
        automatic = self.names.automatic
        results = self.results
        layers = self.layers
        path: tuple[str | int, ...]
        current = frame.current
        late = not current or any(type(item) is not Tensor for item in current)
        for index, item in enumerate(items):
            name, shown = _name_and_rest(item) if type(item) is dict else (None, repr(item))
            made = known.get(shown)
            if made is not None and not late and name not in results:
                layer_type, fields, written, positional, policy, trainable = made
                if name is None:
                    name = automatic(layer_type.name)
                path = (*above, index)
                place = Place(document, path, None if written is None else (*path, written), positional)
                layer = Layer(name, layer_type, fields, place=place, policy=policy, trainable=trainable)
                layers.append(layer)
                node = results[name] = Node(layer, current)  # type: ignore[arg-type]  # not late: all are tensors
                current = (Tensor(node),)
                continue
            entry = parse(item, document, (*above, index), self.types, self.findings)
            if entry is None:
                continue
            frame.current = current
            self.add(entry, frame)
            current = frame.current
            late = any(type(item) is not Tensor for item in current)
            if shown and entry.type is not None:
                layer = layers[-1]
                if layer.type is not None and not layer.type.takes_list:
                    written = None if entry.fields == entry.path else entry.type_name
                    known[shown] = layer.type, layer.fields, written, entry.positional, layer.policy, layer.trainable
        frame.current = current

    def add(self, entry: Entry, frame: Frame) -> None:
        """Make what one entry stands for, and let it be the layer before of what follows."""
        special = entry.special
        if not frame.current and (special is None or "from" not in special):
            self._no_source(entry, frame)
        if special is None:
            self._one(entry, frame, frame.scope, self._automatic(entry, frame), frame.current, ())
            return
        given = self.keys.name(entry, frame)
        copies = self.keys.copies(entry, frame)
        shared = self._shared(entry, frame, copies) if "share" in special else None
        items, keywords, first, constants = self.keys.source(entry, frame)
        if copies is None:
            if not self.keys.wanted(entry, frame.scope, frame):
                frame.current = first
                self._register(entry, frame, given, first, left_out=True)
                return
            twin = shared[0] if shared else None
            name = self._automatic(entry, frame) if given is None and twin is None else given
            self._one(entry, frame, frame.scope, name, items, keywords, twin, constants, given=given is not None)
            return
        base = self._automatic(entry, frame) if given is None else given
        frame.current = first if copies == 0 else items
        for index in range(copies):
            scope = frame.scope.with_index(index)
            name = f"{base}.{index}"
            if self.keys.wanted(entry, scope, frame):
                twin = shared[index % len(shared)] if shared else None
                self._one(entry, frame, scope, name, items, keywords, twin, constants, given=True, index=index)
            else:
                frame.current = first
                self._register(entry, frame, name, first, left_out=True)
            items, keywords, first, constants = frame.current, (), frame.current, ()
        if entry.block is not None:
            copied = [self._uses.get(f"{frame.prefix}{base}.{index}") for index in range(copies)]
            self._uses[frame.prefix + base] = [uses[0] for uses in copied if uses is not None]
        self._register(entry, frame, base, frame.current, left_out=copies == 0)

    def _no_source(self, entry: Entry, frame: Frame) -> None:
        """The first layer of a model with several inputs must say which it starts from."""
        inputs = [name for name, found in self.results.items() if isinstance(found, Node)]
        message = "this layer comes first and the model has several inputs: say with `from` what it starts from"
        self.findings.add("GRF303", message, entry.head, help=f"its inputs are {', '.join(inputs)}")
        frame.current = (failed(entry.site()),)

    # --- one layer or one use of a block ------------------------------------------------------------------------------

    def _one(
        self,
        entry: Entry,
        frame: Frame,
        scope: Scope,
        name: str | None,
        items: Items,
        keywords: tuple[str, ...],
        twin: Layer | Use | None = None,
        constants: tuple[Constant, ...] = (),
        *,
        given: bool = False,
        index: int = 0,
    ) -> None:
        """Make one copy of an entry under the name `name`, local to the frame; `given` by hand it may be taken."""
        if entry.block is not None and not entry.block.broken and not isinstance(twin, Layer):
            if keywords:
                message = f"block `{entry.block.name}` takes its inputs in their order: a list of names"
                self.findings.add("SPC036", message, entry.site("from"))
            self._use(entry, frame, scope, name, items, twin, given=given, index=index)
            return
        if isinstance(twin, Layer):
            layer = twin
        else:
            again = None if frame.replay is None else next(frame.replay, None)
            layer = self._layer(entry, frame, scope, name) if again is None else again
            if again is None:
                self.layers.append(layer)
            if frame.prefix:
                self._tape.append(layer)
        node = Node(layer, (), keywords)
        node.constants = constants
        self.wires.connect(node, items)
        if len(items) == 1 and type(items[0]) is Tensor and layer.type is not None and layer.type.takes_list:
            self._require_list(entry, frame, layer.type)
        frame.current = (Tensor(node),)
        if given:
            self._register(entry, frame, name, node)
        elif name is not None:
            self.results[frame.prefix + name] = node

    def _require_list(self, entry: Entry, frame: Frame, type: LayerType) -> None:
        """Refuse the layer before, or a name by itself, where a type takes a list."""
        if not self.keys.is_listed(entry, frame):
            help = "name what comes together: `from: [a, b]`"
            self.findings.add("GRF303", type.refusal_of_one(), entry.head, help=help)

    def _layer(self, entry: Entry, frame: Frame, scope: Scope, name: str | None) -> Layer:
        self._at = entry, frame
        self.binder.reader.says_dtype = frame.says_dtype
        layer_type, fields = self.binder.bind(entry, scope, frame.use)
        policy, trainable = frame.policy, frame.trainable
        if layer_type is not None:
            if not trainable:
                fields = dict(freeze_held(layer_type, fields))
            default = self.defaults[entry.document].special.get(layer_type)
            if default is not None:
                trainable = trainable and default[0] is not False
                if not frame.says_dtype:
                    policy = default[1] or policy
        special = entry.special
        if special is not None:
            if "trainable" in special:
                own = self.keys.trainable(entry, scope, frame)
                # A layer's own word counts more than `defaults`; nothing thaws what a block or the model froze.
                trainable = frame.trainable and own
            if "dtype" in special:
                policy = self.keys.policy(entry, scope, frame) or policy
        graph = None
        if entry.model is not None:
            inside = Frame(scope, "", (), policy, trainable=trainable)
            inside.use = frame.use
            inside.says_dtype = frame.says_dtype or "dtype" in (special or ())
            graph = self.nest(entry, inside, frame.prefix + (name or ""))
            policy = FLOAT32  # it computes nothing itself
        return Layer(
            frame.prefix + (name or ""),
            layer_type,
            fields,
            type_name=entry.type_name if layer_type is None else layer_type.name,
            place=Place(entry.document, entry.path, entry.fields, entry.positional),
            policy=policy,
            trainable=trainable,
            block=frame.block,
            graph=graph,
        )

    def _inner_model(self, raw: dict[str, object]) -> Inner:
        """The model in a field of the entry that is being read; raises Problem."""
        from cnnsum.graph.inside import InnerModel

        entry, frame = self._at
        path = next(((*entry.fields, name) for name, value in entry.raw.items() if value is raw), None)
        inner = None if path is None else parse(raw, entry.document, path, self.types, self.findings)
        if inner is None or inner.model is None:
            raise Problem("CFG102", "must be a layer: a model stands here as it is, not in a list or by a name")
        special = inner.special or {}
        for key in special:
            if key not in ("name", "trainable"):
                raise Problem("CFG102", f"({inner.type_name}): `{key}` cannot stand in a wrapped layer")
        trainable = "trainable" not in special or self.keys.trainable(inner, self.binder.reader.scope, frame)
        inside = Frame(self.binder.reader.scope, "", (), frame.policy, trainable=frame.trainable and trainable)
        inside.use = frame.use
        inside.says_dtype = frame.says_dtype
        name = special.get("name")
        at = self._at
        graph = self.nest(inner, inside, name if isinstance(name, str) else "")
        self._at = at
        if graph is None:
            raise ReportedError
        return InnerModel(graph, inner.type_name)

    def _use(
        self,
        entry: Entry,
        frame: Frame,
        scope: Scope,
        name: str | None,
        items: Items,
        twin: Use | None,
        *,
        given: bool,
        index: int,
    ) -> None:
        block = entry.block
        assert block is not None
        if name is None:
            # A use that shares and has no name of its own: its layers need a path all the same.
            name = self.names.automatic(block.name, frame.prefix)[len(frame.prefix) :]
        self.used.add(block.name)
        full = frame.prefix + name
        start = len(self._tape)
        if twin is None:
            if not frame.prefix:
                block.check_use(entry, self.findings)
            inner_scope = block.bind(entry, scope, self.top, full + ".", index)
        else:
            inner_scope = Scope(twin.scope.cells, twin.scope.parent, full + ".")
        policy, trainable = frame.policy, frame.trainable
        if entry.special is not None:
            if "trainable" in entry.special:
                trainable = trainable and self.keys.trainable(entry, scope, frame)
            if "dtype" in entry.special:
                policy = self.keys.policy(entry, scope, frame) or policy
        inner = Frame(inner_scope, full + ".", (*frame.block, *name.split(".")), policy, trainable=trainable)
        inner.use = entry
        inner.says_dtype = frame.says_dtype or "dtype" in (entry.special or ())
        if twin is None:
            self.blocks[inner.block] = BlockUse(block.name, partial(block.values, inner_scope))
        inner.current = items
        inner.replay = iter(twin.layers) if twin is not None else frame.replay
        self.results[full + ".input"] = items
        self.names.taken.update([f"{full}.{one}" for one in block.names])
        for one in block.entries:
            self.add(one, inner)
        result = inner.current
        if block.outputs is not None:
            found = [self.wires.find(one, full + ".", block.site(*path)) for one, path in block.outputs]
            result = tuple([item for items in found for item in items])
        frame.current = result
        if twin is None:
            place = Place(entry.document, entry.path, entry.fields, entry.positional)
            made = partial(self.wires.tensors, result)
            self.blocks[inner.block] = self.blocks[inner.block]._replace(place=place, result=made)
        if given:
            self._register(entry, frame, name, result)
        else:
            self.results[full] = result
            self._places[full] = entry.site()
        if twin is None:
            self._uses[full] = [Use(entry, inner_scope, self._tape[start:])]
        else:
            # The layers were another's: who shares what stands around this use finds them there.
            self._uses[full] = [Use(entry, inner_scope, twin.layers)]
            del self._tape[start:]

    def _automatic(self, entry: Entry, frame: Frame) -> str:
        kind = entry.block or entry.type
        prefix = frame.prefix
        stem = kind.name if kind is not None else "layer" if entry.type_name == "?" else entry.type_name
        name = self.names.automatic(stem, prefix)
        return name[len(prefix) :] if prefix else name

    def _shared(self, entry: Entry, frame: Frame, copies: int | None) -> list[Layer | Use] | None:
        """What an entry with `share` uses again: one thing, or one for each copy."""
        from cnnsum.readers.native.share import find_shared

        self.wires.bent = True
        found = find_shared(entry, frame, copies, self.results, self._uses, self.findings)
        if found is None:
            # Reported: what would share is a layer of its own of which nothing is known.
            entry.type = entry.block = entry.model = None
        return found

    def _register(
        self, entry: Entry, frame: Frame, name: str | None, result: Node | Items, *, left_out: bool = False
    ) -> None:
        """Let a name given by hand stand for a result.

        Of layers with one name all but one may be left out; then the one that is kept has it.
        """
        if not name:
            return
        full = frame.prefix + name
        if full in self.results:
            if left_out:
                return
            if full not in self._left_out:
                related = self._first_use(full, name)
                number = next(number for number in count(2) if f"{full}_{number}" not in self.results)
                help = f"call one of the two `{name}_{number}`, or nothing: layers get names by themselves"
                message = f"the name `{name}` is used twice"
                self.findings.add("GRF307", message, entry.site("name"), help=help, related=related)
                return
            self._left_out.discard(full)
        elif left_out:
            self._left_out.add(full)
        self.results[full] = result
        self._places[full] = entry.site("name") if "name" in (entry.special or ()) else entry.site()

    def _first_use(self, full: str, name: str) -> tuple[Related, ...]:
        """Where the name was given before."""
        site = self._places.get(full)
        span = None if site is None else site.span()
        made = self.results[full]
        if span is None and isinstance(made, Node) and made.layer.place is not None:
            span = made.layer.place.span(("name",)) if made.layer.spec is None else made.layer.place.span()
        return () if span is None else (Related(span, f"the first `{name}` is here"),)
