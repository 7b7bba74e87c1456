"""Blocks: named pieces of a network with arguments, how they are declared and how many layers a use of one makes.

Loaded for specs that have blocks or repeat a layer. Declarations are checked once, whether they are used or not;
nothing is expanded before it is known that the whole network stays within the limit of layers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from cnnsum import dims
from cnnsum.diagnostics import Problem, Related, did_you_mean
from cnnsum.graph.model import MAX_LAYERS
from cnnsum.layers.kinds import show
from cnnsum.readers.native.entry import MODELS, SPECIAL, Entry, Types, parse
from cnnsum.readers.native.faults import Findings, Path, ReportedError, Site
from cnnsum.readers.native.fields import without_space
from cnnsum.readers.native.scope import FAILED, Cell, Scope, plain, resolve
from cnnsum.source import Document
from cnnsum.typed import Any

#: Blocks within blocks.
MAX_DEPTH = 50

_KEYS = ("args", "layers", "output")
_NAME = re.compile(r"[A-Za-z_]\w*")


class Block:
    """A declared block. args: the default of each argument, None where it must be given.

    uses: the names of the blocks in it, with the place of the first use of each. broken: it cannot be part of a
    network. sized_by: the arguments that the number of its layers may depend on. names: those given to layers by hand.
    """

    __slots__ = (
        "args",
        "broken",
        "document",
        "entries",
        "items",
        "name",
        "names",
        "outputs",
        "path",
        "sized_by",
        "uses",
    )

    def __init__(self, name: str, document: Document, path: Path) -> None:
        self.name = name
        self.document = document
        self.path = path
        self.args: dict[str, Any] = {}
        self.items: list[Any] = []
        self.entries: list[Entry] = []
        #: The names that `output` gives, each with its path in the block; None where the last layer is the result.
        self.outputs: tuple[tuple[str, Path], ...] | None = None
        self.broken = False
        self.uses: dict[str, Path] = {}
        self.sized_by: frozenset[str] = frozenset()
        self.names: list[str] = []

    def site(self, *path: str | int, key: bool = False) -> Site:
        """Where the block stands, or a value in it."""
        return Site(self.document, (*self.path, *path), key)

    def bind(self, entry: Entry, outer: Scope, top: Scope, prefix: str, index: int) -> Scope:
        """The names inside one use of the block: its arguments, `index`, then those of the file."""
        cells: dict[str, object] = {}
        scope = Scope(cells, top, prefix)
        raw = entry.raw
        for name, default in self.args.items():
            if name in raw:
                value = raw[name]
                plain = isinstance(value, (bool, int, float))
                cells[name] = value if plain else Cell(value, outer, entry.site(name))
            elif default is None:
                cells[name] = Cell(FAILED, outer, None)
            elif isinstance(default, str):
                cells[name] = Cell(default, scope, self.site("args", name))
            else:
                cells[name] = (
                    Cell(default, scope, self.site("args", name)) if isinstance(default, (list, dict)) else default
                )
        cells["index"] = index
        return scope

    def values(self, scope: Scope) -> dict[str, Any]:
        """What the arguments are inside of a use, but for those that are not plain value there."""
        found: dict[str, object] = {}
        for name in self.args:
            value = scope.cells.get(name)
            if isinstance(value, Cell):
                try:
                    value = value.number(name)
                except (Problem, ReportedError):
                    continue
            if isinstance(value, (bool, int, float, str)):
                found[name] = plain(value)
        return found

    def check_use(self, entry: Entry, findings: Findings) -> None:
        """Report arguments that the block does not have, and those that are missing."""
        if "share" in (entry.special or ()):
            return
        for name in entry.raw:
            if name not in self.args:
                colon = without_space(name, self.args)
                if colon is not None:
                    findings.problem(colon, entry.site(name, key=True))
                    continue
                help = did_you_mean(name, (*self.args, *sorted(SPECIAL)), given=entry.raw) or (
                    f"its arguments are {', '.join(self.args)}"
                    if self.args
                    else f"it has no arguments: declare it there, `args: {{{name}: }}`"
                )
                findings.add(
                    "CFG103", f"block `{self.name}` has no argument `{name}`", entry.site(name, key=True), help=help
                )
        for name, default in self.args.items():
            if default is None and name not in entry.raw and not any(one.startswith(name + ":") for one in entry.raw):
                declared = Related(self.site("args", name, key=True).span(), "it has no default")
                findings.add("CFG101", f"block `{self.name}` needs `{name}`", entry.head, related=(declared,))


def declare(document: Document, path: Path, types: Types, findings: Findings) -> list[Block]:
    """Read the mapping of blocks at `path` into `types`; their layers are parsed by `link`."""
    raw = document.at(path)
    if not isinstance(raw, dict):
        findings.add("SPC022", f"`blocks` is a mapping of names to blocks, not {show(raw)}", Site(document, path))
        return []
    made = []
    for name, value in raw.items():
        block = Block(name, document, (*path, name))
        if name in types.blocks:
            first = types.blocks[name].site(key=True)
            related = (Related(first.span(), "it is declared here first"),)
            findings.add("SPC028", f"there is a block `{name}` already", block.site(key=True), related=related)
            continue
        if name in MODELS or (name[:1].isupper() and types.vocabulary.find(name) is not None):
            findings.add(
                "SPC028",
                f"`{name}` is a layer type of {types.vocabulary.title}: give the block another name",
                block.site(key=True),
            )
            continue
        if not dims.is_name(name):
            message = f"`{name}` cannot be the name of a block: letters, digits and `_` can"
            findings.add("SPC029", message, block.site(key=True))
        types.blocks[name] = block
        made.append(block)
        _read(block, value, findings)
    return made


def _read(block: Block, value: object, findings: Findings) -> None:
    if not isinstance(value, dict):
        help = "`layers:` below the name of the block" if isinstance(value, list) else None
        findings.add("SPC022", f"a block is a mapping with `layers`, not {show(value)}", block.site(), help=help)
        block.broken = True
        return
    for key in value:
        if key not in _KEYS:
            help = did_you_mean(key, _KEYS, given=value) or "a block has `args`, `layers` and `output`"
            findings.add("SPC030", f"a block has no key `{key}`", block.site(key, key=True), help=help)
    args = value.get("args")
    if isinstance(args, list) and all(isinstance(name, str) for name in args):
        args = dict.fromkeys(args)
    if isinstance(args, dict):
        for name in args:
            _check_argument(block, name, findings)
        block.args = args
    elif args is not None:
        findings.add("SPC022", f"`args` is a mapping of names to defaults, not {show(args)}", block.site("args"))
        block.broken = True
    layers = value.get("layers")
    if isinstance(layers, list) and layers:
        block.items = layers
    else:
        if layers is None and "layers" not in value:
            findings.add("SPC031", f"block `{block.name}` has no `layers`", block.site(key=True))
        else:
            what = "empty" if layers in ([], None) else f"{show(layers)}, no list"
            findings.add("SPC022", f"the `layers` of block `{block.name}` are {what}", block.site("layers"))
        block.broken = True
    output = value.get("output")
    if isinstance(output, str):
        block.outputs = ((output, ("output",)),)
    elif isinstance(output, list) and output and all(isinstance(name, str) for name in output):
        block.outputs = tuple([(name, ("output", index)) for index, name in enumerate(output)])
    elif output is not None:
        message = f"`output` is the name of a layer of the block, or a list of such names, not {show(output)}"
        findings.add("SPC022", message, block.site("output"))


def _check_argument(block: Block, name: str, findings: Findings) -> None:
    if name in SPECIAL or name == "index":
        what = "counts the copies of a `repeat`" if name == "index" else "is a key of every layer"
        message = f"an argument cannot be called `{name}`, which {what}"
    elif not dims.is_name(name):
        message = f"an argument cannot be called `{name}`: letters, digits and `_` make a name"
    else:
        return
    findings.add("SPC029", message, block.site("args", name, key=True))


def link(blocks: Sequence[Block], types: Types, findings: Findings) -> None:
    """Parse the layers of all blocks, refuse those that contain themselves, and see what their sizes depend on."""
    for block in blocks:
        for index, item in enumerate(block.items):
            entry = parse(item, block.document, (*block.path, "layers", index), types, findings)
            if entry is None:
                continue
            block.entries.append(entry)
            name = (entry.special or {}).get("name")
            if isinstance(name, str):
                block.names.append(name)
            if entry.block is not None:
                entry.block.check_use(entry, findings)
                block.uses.setdefault(entry.block.name, entry.path)
            elif entry.model is not None:
                for used in _used_in(entry.model, types.blocks):
                    block.uses.setdefault(used, entry.path)
    for block in _inside_out(blocks, types, findings):
        block.sized_by = frozenset(_size_names(block))


def _used_in(model: object, blocks: Mapping[str, Block]) -> Iterator[str]:
    """The names of the blocks that a model within a block uses, also in models of its own."""
    items = model.get("layers") if isinstance(model, dict) else None
    for item in items if isinstance(items, list) else ():
        for name, value in item.items() if isinstance(item, dict) else ((item, None),):
            if isinstance(name, str) and name in blocks:
                yield name
            else:
                yield from _used_in(value, blocks)


def _inside_out(blocks: Sequence[Block], types: Types, findings: Findings) -> list[Block]:
    """The blocks, each after those that it uses. A block that contains itself is reported, and broken."""
    depth: dict[str, int] = {}
    result: list[Block] = []
    for first in blocks:
        if first.name in depth:
            continue
        path = [first]
        waiting = [iter(first.uses)]
        depth[first.name] = 0
        while path:
            block = path[-1]
            for name in waiting[-1]:
                used = types.blocks[name]
                if used in path:
                    cycle = " -> ".join(b.name for b in path[path.index(used) :])
                    message = f"block `{name}` contains itself: {cycle} -> {name}"
                    findings.add("SPC032", message, Site(block.document, block.uses[name]))
                    used.broken = True
                elif name not in depth:
                    depth[name] = 0
                    path.append(used)
                    waiting.append(iter(used.uses))
                    break
            else:
                path.pop()
                waiting.pop()
                depth[block.name] = 1 + max((depth[name] for name in block.uses), default=0)
                if depth[block.name] == MAX_DEPTH + 1:
                    message = f"block `{block.name}` holds blocks within blocks more than {MAX_DEPTH} deep"
                    findings.add("SPC033", message, block.site(key=True))
                if depth[block.name] > MAX_DEPTH:
                    block.broken = True
                result.append(block)
    return result


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _NAME.findall(value)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)


def _size_names(block: Block) -> set[str]:
    """The names that the number of layers may depend on, by what is written (more than needed does no harm)."""
    names: set[str] = set()
    for entry in block.entries:
        special = entry.special or {}
        names.update(_texts(special.get("repeat")))
        if entry.block is not None:
            names.update(_texts(special.get("when")))
            if entry.block.sized_by:
                names.update(_texts(dict(entry.raw)))
    for name in reversed(block.args):
        if name in names:
            names.update(_texts(block.args[name]))
    return names & {*block.args, "index"}


class Counter:
    """Counts the layers that entries will make, without making any."""

    def __init__(self, top: Scope) -> None:
        self.top = top
        self._counted: dict[object, int] = {}

    def count(self, entries: Sequence[Entry], scope: Scope, named: dict[str, tuple[int, int]] | None = None) -> int:
        """The layers of these entries; a use of a block counts as one at least. Stops soon above `MAX_LAYERS`.

        `named` has what entries with names that stand before these count, and their copies, for those that share them.
        """
        total = 0
        named = {} if named is None else named
        for entry in entries:
            special = entry.special
            if special is None and entry.block is None:
                total += 1
                continue
            special = special or {}
            copies = _number(special["repeat"], scope) if "repeat" in special else 1
            shared = special.get("share")
            if entry.block is None or copies > MAX_LAYERS:
                size = copies
            elif isinstance(shared, str):
                before, each = named.get(shared, (1, 1))
                # As many copies share a copy each; any other number is an error.
                size = before * copies if each == 1 else before
            elif "index" in {*_texts(dict(entry.raw)), *_texts(special.get("when"))} or "index" in entry.block.sized_by:
                size = 0
                for index in range(copies):
                    one = self._use(entry, scope.with_index(index), index)
                    if isinstance(special.get("name"), str):
                        named[f"{special['name']}.{index}"] = one, 1
                    size += one
                    if size > MAX_LAYERS:
                        break
            elif copies:
                one = self._use(entry, scope, 0)
                if isinstance(special.get("name"), str) and copies > 1:
                    named.update((f"{special['name']}.{index}", (one, 1)) for index in range(copies))
                size = one * copies
            else:
                size = 0
            if isinstance(special.get("name"), str):
                named[special["name"]] = size, copies
            total += size
            if total > MAX_LAYERS:
                break
        return total

    def _use(self, entry: Entry, scope: Scope, index: int) -> int:
        block = entry.block
        assert block is not None
        if block.broken or len(self._counted) > MAX_LAYERS // 10:
            return 1 if block.broken else MAX_LAYERS + 1
        when = (entry.special or {}).get("when", True)
        if when is not True and _quiet(when, scope) is False:
            return 1
        inner = block.bind(entry, scope, self.top, "", index)
        key = (block.name, *[_shown(inner, name) for name in sorted(block.sized_by)])
        size = self._counted.get(key)
        if size is None:
            size = self._counted[key] = max(1, self.count(block.entries, inner))
        return size


def _shown(scope: Scope, name: str) -> str:
    try:
        return repr(scope[name])
    except Problem:
        found = scope.find(name)
        return repr(found.raw) if isinstance(found, Cell) else "?"


def _number(value: Any, scope: Scope) -> int:
    value = _quiet(value, scope)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 1


def _quiet(value: object, scope: Scope) -> object:
    """The value of an expression; None where it has none, which is reported when the layer is made."""
    try:
        return resolve(value, scope)
    except Problem:
        return None


class _AnyNumber:
    """Stands for the values of a block's arguments, where no use of the block gives them."""

    def number(self, _text: str) -> Any:
        return 1

    def sublayer(self, _raw: object) -> object:
        raise ReportedError


def check_unused(block: Block, findings: Findings) -> None:
    """Report what is wrong with the layers of a block that is not used, whatever its arguments are."""
    for entry in block.entries:
        if entry.type is None:
            continue
        _, problems = entry.type.bind(entry.raw, _AnyNumber())
        for problem in problems:
            if problem.code == "CFG103":
                findings.problem(problem, entry.site(*problem.field, key=True))
            elif problem.code == "CFG102" and not any(_texts(entry.raw.get(str(problem.field[0])))):
                findings.problem(problem, entry.site(*problem.field))
