"""The keys that every layer may have, whatever its type: `name`, `from`, `repeat`, `when`, `trainable`, `dtype`.

Each is read with the names in sight where the layer stands. A value that is wrong is reported and counts as not given.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem, did_you_mean
from cnnsum.dims import Expr, symbols_of
from cnnsum.graph.model import Constant, Policy
from cnnsum.layers.base import is_mask
from cnnsum.layers.kinds import show
from cnnsum.readers.native.entry import Entry, used_here
from cnnsum.readers.native.faults import Findings, Site
from cnnsum.readers.native.fields import policy_of, truth
from cnnsum.readers.native.scope import Scope, Written, plain, resolve, whole
from cnnsum.readers.native.wires import Items, Wires, names_in
from cnnsum.typed import Any

#: What no name of a layer has: `:` picks an output, Keras keeps `/` for paths of weights, `$` stands before values.
_KEPT = frozenset(":/$")


def is_good_name(name: str) -> bool:
    """Whether a layer can have that name.

    >>> [is_good_name(name) for name in ("conv 1", "", " conv", "a/b")]
    [True, False, False, False]
    """
    return name.strip() == name != "" and _KEPT.isdisjoint(name)


def _constant_shape(value: object) -> tuple[int, ...] | None:
    """The shape of a number, or of nested lists of numbers; None of anything else."""
    shape: list[int] = []
    while isinstance(value, list) and value:
        shape.append(len(value))
        value = value[0]
    return tuple(shape) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _to_decide(value: object) -> str | None:
    """How to give a formula a value, where a number is needed."""
    names = sorted({symbol.name for symbol in symbols_of(value)}) if isinstance(value, Expr) else ()
    if not names:
        return None
    settings = " ".join(f"--set {name}=..." for name in names)
    return f"give {'it a value' if len(names) == 1 else 'them values'} with {settings}"


class Frame:
    """Where layers are made: the file itself, or one use of a block.

    prefix: the path of the names in it ("" or "stage1."). block: the same as segments. current: the output of the layer
    before. replay: where the use shares another's layers, those layers in their order. use: the item that uses the
    block. says_dtype: whether the policy is one that a block or a model around the layers says, before `defaults`.
    """

    __slots__ = ("block", "current", "policy", "prefix", "replay", "says_dtype", "scope", "trainable", "use")

    def __init__(self, scope: Scope, prefix: str, block: tuple[str, ...], policy: Policy, *, trainable: bool) -> None:
        self.scope = scope
        self.prefix = prefix
        self.block = block
        self.policy = policy
        self.trainable = trainable
        self.current: Items = ()
        self.replay: Any = None
        self.use: Entry | None = None
        self.says_dtype = False


class Keys:
    """Reads the keys of entries."""

    __slots__ = ("findings", "wires")

    def __init__(self, findings: Findings, wires: Wires) -> None:
        self.findings = findings
        self.wires = wires

    def name(self, entry: Entry, frame: Frame) -> str | None:
        """The name given by hand, or None."""
        assert entry.special is not None
        name = entry.special.get("name")
        if name is None:
            return None
        site = entry.site("name")
        try:
            name = plain(whole(name, frame.scope))
        except Problem as problem:
            self.findings.problem(problem, site, used_here(frame.use))
            return None
        if not isinstance(name, str):
            self.findings.add("CFG102", f"`name` must be a text, got {show(name)}", site)
        elif not is_good_name(name):
            what = f"`{name}` cannot be a name" if name else "a name cannot be empty"
            help = "`:` picks an output, `/` and `$` have no place in a name" if name else None
            self.findings.add("SPC029", what, site, help=help)
        elif name == "input":
            message = "no layer can be called `input`: it is the name of what the layers start from"
            self.findings.add("SPC029", message, site)
        else:
            return name
        return None

    def copies(self, entry: Entry, frame: Frame) -> int | None:
        """How many copies `repeat` asks for; None without `repeat`."""
        assert entry.special is not None
        if "repeat" not in entry.special:
            return None
        try:
            copies = resolve(entry.special["repeat"], frame.scope)
            if isinstance(copies, bool) or not isinstance(copies, int) or copies < 0:
                message = f"`repeat` must be an integer of at least 0, got {show(copies)}"
                raise Problem("CFG102", message, help=_to_decide(copies))  # noqa: TRY301 - reported as any other
        except Problem as problem:
            self.findings.problem(problem, entry.site("repeat"), used_here(frame.use))
            return None
        return copies

    def wanted(self, entry: Entry, scope: Scope, frame: Frame) -> bool:
        """Whether `when` lets the layer stand."""
        assert entry.special is not None
        if "when" not in entry.special:
            return True
        try:
            return truth(entry.special["when"], scope, "when")
        except Problem as problem:
            self.findings.problem(problem, entry.site("when"), used_here(frame.use))
            return True

    def trainable(self, entry: Entry, scope: Scope, frame: Frame) -> bool:
        """The entry's own `trainable`."""
        assert entry.special is not None
        try:
            return truth(entry.special["trainable"], scope, "trainable")
        except Problem as problem:
            self.findings.problem(problem, entry.site("trainable"), used_here(frame.use))
            return True

    def policy(self, entry: Entry, scope: Scope, frame: Frame) -> Policy | None:
        """The entry's own `dtype`; None where it names none."""
        assert entry.special is not None
        try:
            return policy_of(entry.special["dtype"], scope)
        except Problem as problem:
            self.findings.problem(problem, entry.site("dtype"), used_here(frame.use))
            return None

    def _named(self, listed: list[tuple[Any, Site]], frame: Frame) -> str:
        """What to write for layers that are counted: -1 for the one before, 0 for the first of the list."""
        known = [name.removeprefix(frame.prefix) for name in self.wires.results if name.startswith(frame.prefix)]
        names = [name for name in known if "." not in name and name not in ("input", "input_layer")]
        if "input" in known:
            names.insert(0, "input")
        first = int("input" in known)
        meant = []
        for number, _ in listed:
            if type(number) is not int:
                meant.append(str(number))
                continue
            at = len(names) + number if number < 0 else first + number
            if not 0 <= at < len(names):
                return "layers have names, also automatic ones, and are not counted: `from: conv2d_1`"
            meant.append(names[at])
        shown = meant[0] if len(meant) == 1 else f"[{', '.join(meant)}]"
        return f"layers have names, also automatic ones, and are not counted: `from: {shown}`"

    def is_listed(self, entry: Entry, frame: Frame) -> bool:
        """Whether `from` gives a list, be it of one name."""
        given = (entry.special or {}).get("from")
        try:
            return isinstance(whole(given, frame.scope), list)
        except Problem:
            return True  # which is said elsewhere

    def source(self, entry: Entry, frame: Frame) -> tuple[Items, tuple[str, ...], Items, tuple[Constant, ...]]:
        """The inputs, the names of those that are given by name, the first of them, and the constants among them."""
        special = entry.special
        nothing = frame.current, (), frame.current, ()
        if special is None or "from" not in special:
            return nothing
        self.wires.bent = True
        site = entry.site("from")
        try:
            value = whole(special["from"], frame.scope)
        except Problem as problem:
            self.findings.problem(problem, site, used_here(frame.use))
            return nothing
        keywords: tuple[str, ...] = ()
        listed = names_in(value, site)
        if isinstance(value, dict) and value:
            keywords = self._keywords(entry, value)
            listed = [(name, site._replace(path=(*site.path, key))) for key, name in value.items() if key in keywords]
        constants: tuple[Constant, ...] = ()
        if listed and entry.type is not None and entry.type.key != entry.type.name:
            constants = tuple(
                [
                    Constant(index, shape, given)
                    for index, (given, _) in enumerate(listed)
                    if (shape := _constant_shape(given)) is not None
                ]
            )
            listed = [one for index, one in enumerate(listed) if all(index != known.index for known in constants)]
        if not listed or not all(isinstance(name, str) and name for name, _ in listed):
            message = f"`from` must be the name of a layer, or a list of names, got {show(value)}"
            listed = [(value, site)] if type(value) is int else listed or []
            help = self._named(listed, frame) if any(type(name) is int for name, _ in listed) else None
            self.findings.add("CFG102", message, site, help=help)
            return nothing
        found = []
        for name, where in listed:
            prefix, here = frame.prefix, where
            if type(name) is Written:
                prefix = name.scope.prefix
                here = name.site if isinstance(name.site, Site) else where
            found.append(self.wires.find(str(name), prefix, here))
        return tuple([item for items in found for item in items]), keywords, found[0], constants

    def _keywords(self, entry: Entry, value: dict[str, object]) -> tuple[str, ...]:
        """The inputs given by name, those that the type has."""
        if entry.type is None:
            return tuple(value)
        inputs = entry.type.schema.inputs
        known = {*inputs, *filter(is_mask, value)} if "." not in entry.type.key else inputs
        for name in value:
            if name not in known:
                listed = f"its input{'s are' if len(inputs) > 1 else ' is'} {', '.join(f'`{one}`' for one in inputs)}"
                help = did_you_mean(name, inputs) or (listed if inputs else "its inputs have no names: list them")
                self.findings.add(
                    "GRF304", f"{entry.type.name} has no input `{name}`", entry.site("from", name, key=True), help=help
                )
        return tuple([name for name in value if name in known])
