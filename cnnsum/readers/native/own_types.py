"""`layer_types`: reading the declarations of a file's own layer types.

    LayerScale:
      fields: {projection_dim: }
      input: [..., c]
      output: [..., c]
      weights: {gamma: [projection_dim]}
      elementwise: size(output)

What can be wrong whatever the sizes are is found here. Loaded for specs that declare some.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from cnnsum import dims
from cnnsum.diagnostics import Problem, did_you_mean
from cnnsum.dims import Expr, Symbol
from cnnsum.graph.model import MAX_RANK
from cnnsum.layers.base import REQUIRED, Field, LayerType
from cnnsum.layers.kinds import DTYPES, Kind, Reading, show
from cnnsum.layers.vocabulary import Vocabulary
from cnnsum.readers.native.entry import MODELS, SPECIAL, Types
from cnnsum.readers.native.faults import Fault, Findings, Site
from cnnsum.readers.native.patterns import (
    KEEPS,
    SIZE,
    Amount,
    Declaration,
    Given,
    Names,
    OwnType,
    Pattern,
    hidden,
    takes_any,
)
from cnnsum.readers.native.scope import Scope, plain
from cnnsum.source import Document
from cnnsum.typed import Any

_KEYS = ("fields", "input", "output", "weights", "macs", "elementwise", "keeps")
_WEIGHT_KEYS = ("shape", "trainable", "dtype")
_ANY_SIZE = re.compile(r"\bsize\s*(?=\()")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

#: Sizes that a formula is tried at: 2**w is a number at small ones, 64/(w - 8) has no value at 8.
_TRIED = (64, 8, 3, 1)


def declare(document: Document, types: Types, scope: Scope, findings: Findings) -> None:
    """Read `layer_types` of a document into `types.own`."""
    raw = document.value["layer_types"]
    site = Site(document, ("layer_types",))
    if not isinstance(raw, dict):
        findings.add("SPC022", f"`layer_types` is a mapping of names to declarations, not {show(raw)}", site)
        return
    for name, value in raw.items():
        here = site._replace(path=("layer_types", name))
        head = here._replace(key=True)
        if name in types.own:
            findings.add("SPC028", f"there is a layer type `{name}` already", head)
        elif name in MODELS or _is_shared(types.vocabulary.find(name)):
            findings.add(
                "SPC028", f"`{name}` is a layer type of {types.vocabulary.title}: give your own another name", head
            )
        elif not dims.is_name(name):
            findings.add("SPC029", f"`{name}` cannot be the name of a layer type", head)
        else:
            before = len(findings.diagnostics)
            made = _Reader(name, here, scope, findings, types.vocabulary).read(value)
            types.own[name] = made if len(findings.diagnostics) == before else None


def _is_shared(found: LayerType | None) -> bool:
    """Whether it is a type that every spec may use. Those of models in `keras.applications` are private to them."""
    return found is not None and not found.rule.__module__.endswith(".applications")


class _Reader:
    """Reads one declaration."""

    def __init__(self, name: str, site: Site, scope: Scope, findings: Findings, vocabulary: Vocabulary) -> None:
        self.name = name
        self.vocabulary = vocabulary
        self.base = site
        self.scope = scope
        self.findings = findings

    def site(self, *path: str | int, key: bool = False) -> Site:
        return Site(self.base.document, (*self.base.path, *path), key)

    def read(self, value: Any) -> LayerType | None:
        if value is None:
            value = {}
        if not isinstance(value, dict):
            message = f"a layer type is a mapping with `input`, `output` and `weights`, not {show(value)}"
            self.findings.add("SPC022", message, self.site())
            return None
        for key in value:
            if key not in _KEYS:
                help = did_you_mean(key, _KEYS, given=value) or f"a layer type has {', '.join(_KEYS)}"
                self.findings.add("SPC030", f"a layer type has no key `{key}`", self.site(key, key=True), help=help)
        given = self.base.document.value.get("vars")
        declaration = Declaration(self.name, self.scope, frozenset(given if isinstance(given, dict) else ()))
        fields = value.get("fields")
        if isinstance(fields, list) and all(isinstance(name, str) for name in fields):
            fields = dict.fromkeys(fields)
        if fields is not None and not isinstance(fields, dict):
            message = f"`fields` is a mapping of names to defaults, not {show(fields)}"
            self.findings.add("SPC022", message, self.site("fields"))
            fields = None
        fields = fields or {}
        for name in fields:
            if name in SPECIAL or not dims.is_name(name):
                self.findings.add("SPC029", f"a field cannot be called `{name}`", self.site("fields", name, key=True))
        declaration.inputs = self._patterns(value.get("input", ["..."]), "input")
        bound = {
            item.text
            for pattern in declaration.inputs
            for item in pattern
            if isinstance(item, Amount) and dims.is_name(item.text) and not takes_any(item)
        }
        known = {*fields, *bound}
        self._check_inputs(declaration, known)
        if "output" in value:
            declaration.outputs = self._patterns(value["output"], "output", known)
        self._check_rest(declaration)
        declaration.weights = self._weights(value.get("weights"), known)
        declaration.macs = self._amount(value.get("macs", 0), known, "macs", sizes=True)
        declaration.elementwise = self._amount(value.get("elementwise", 0), known, "elementwise", sizes=True)
        if "keeps" in value:
            declaration.keeps = self._keeps(value["keeps"])
        used = {*_words(declaration)}
        kinds = {name: self._field(name, default, numeric=name in used) for name, default in fields.items()}
        return OwnType(declaration, kinds, self.vocabulary)

    def _keeps(self, raw: object) -> str | None:
        """What backpropagation keeps."""
        if raw in KEEPS:
            return str(raw)
        help = (did_you_mean(raw, KEEPS) if isinstance(raw, str) else None) or f"choose from {', '.join(KEEPS)}"
        message = f"`keeps` must be one of {', '.join(KEEPS)}, got {show(raw)}"
        self.findings.add("CFG102", message, self.site("keeps"), help=help)
        return None

    def _patterns(self, raw: object, key: str, known: set[str] | None = None) -> tuple[Pattern, ...]:
        """One pattern, or a list of them."""
        if isinstance(raw, list) and raw and all(isinstance(item, list) for item in raw):
            return tuple([self._pattern(item, (key, index), known) for index, item in enumerate(raw)])
        return (self._pattern(raw, (key,), known),)

    def _pattern(self, raw: object, path: tuple[str | int, ...], known: set[str] | None) -> Pattern:
        if not isinstance(raw, list):
            message = f"a pattern is a list of sizes and names, like [..., c], not {show(raw)}"
            self.findings.add("SPC022", message, self.site(*path))
            return ("...",)
        if len(raw) > MAX_RANK:
            self.findings.add("CFG102", f"a pattern has at most {MAX_RANK} axes, got {len(raw):,}", self.site(*path))
            return ("...",)
        items: list[object] = []
        for index, item in enumerate(raw):
            here = (*path, index)
            if item == "...":
                if "..." in items:
                    self.findings.add("SPC065", "a pattern has one `...` at most", self.site(*here))
                    continue
                items.append("...")
            elif item is None and known is None:
                items.append(None)
            else:
                items.append(self._amount(item, known, *here))
        return tuple(items)

    def _amount(self, raw: Any, known: set[str] | None, *path: str | int, sizes: bool = False) -> Any:
        """An integer or an expression, whose names are checked against `known` and the names of the file."""
        if isinstance(raw, str):
            text = raw.removeprefix("$") if dims.is_name(raw[1:]) else raw
            amount = Amount(text, self.site(*path))
            if known is not None:
                self._check(amount, known, sizes=sizes)
            return amount
        if type(raw) is int and raw >= (0 if sizes else 1):
            return raw
        wanted = "an integer of at least 0 or an expression" if sizes else "a positive integer or an expression"
        subject = f"a size of weight `{path[1]}`" if path[0] == "weights" else f"a size of `{path[0]}`"
        message = f"{f'`{path[0]}`' if sizes else subject} must be {wanted}, got {show(raw)}"
        self.findings.add("CFG102", message, self.site(*path))
        return 1

    def _check(self, amount: Amount, known: set[str], *, sizes: bool) -> None:
        """Evaluate once with every name a symbol: what is wrong whatever the sizes are is known now."""
        text = SIZE.sub(hidden, amount.text) if sizes else amount.text
        other = _ANY_SIZE.search(text)
        if other is not None:
            message = (
                "`size` is `size(input)` or `size(output)`"
                if sizes
                else "`size(...)` stands in `macs` and `elementwise`"
            )
            fault = Fault("SPC025", message, text=text, start=other.start(), end=other.end())
            self.findings.problem(fault, amount.site)
            return
        stands_in = {hidden(match) for match in SIZE.finditer(amount.text)} if sizes else set()
        try:
            dims.evaluate_where(text, _Symbols({*known, *stands_in} if stands_in else known, self.scope))
        except dims.UnknownNameError as error:
            help = None
            if self.findings.diagnostics.wants_help("SPC026"):
                help = did_you_mean(error.name, (*sorted(known), *self.scope)) or (
                    f"the names here are {', '.join(sorted(known))}"
                    if known
                    else "names come from `fields` and `input`"
                )
            fault = Fault(
                "SPC026",
                f"the name `{error.name}` is not known here",
                help=help,
                text=text,
                start=error.start,
                end=error.end,
            )
            self.findings.problem(fault, amount.site)
        except dims.ExpressionError as error:
            if _cannot_be_decided(text, known | stands_in):
                return
            fault = Fault("SPC025", error.message, help=error.help, text=text, start=error.start, end=error.end)
            self.findings.problem(fault, amount.site)
        except Problem as problem:
            self.findings.problem(problem, amount.site)

    def _check_inputs(self, declaration: Declaration, known: set[str]) -> None:
        for pattern in declaration.inputs:
            for item in pattern:
                if isinstance(item, Amount) and not dims.is_name(item.text):
                    self._check(item, known, sizes=False)

    def _check_rest(self, declaration: Declaration) -> None:
        if not any("..." in pattern for pattern in declaration.inputs):
            for pattern in declaration.outputs or ():
                if "..." in pattern:
                    message = "`...` stands in the output but not in the input"
                    self.findings.add("SPC065", message, self.site("output"))

    def _weights(self, raw: object, known: set[str]) -> tuple[Given, ...]:
        if raw is None:
            return ()
        if not isinstance(raw, dict):
            message = f"`weights` is a mapping of names to shapes, not {show(raw)}"
            self.findings.add("SPC022", message, self.site("weights"))
            return ()
        return tuple([self._weight(name, value, known) for name, value in raw.items()])

    def _weight(self, name: str, value: object, known: set[str]) -> Given:
        path: tuple[str | int, ...] = ("weights", name)
        trainable, dtype = True, None
        if isinstance(value, dict):
            for key in value:
                if key not in _WEIGHT_KEYS:
                    help = did_you_mean(key, _WEIGHT_KEYS, given=value) or f"a weight has {', '.join(_WEIGHT_KEYS)}"
                    place = self.site(*path, key, key=True)
                    self.findings.add("SPC030", f"a weight has no key `{key}`", place, help=help)
            trainable = value.get("trainable", True)
            if not isinstance(trainable, bool):
                message = f"`trainable` must be true or false, got {show(trainable)}"
                self.findings.add("CFG102", message, self.site(*path, "trainable"))
            dtype = value.get("dtype")
            if dtype is not None and dtype not in DTYPES:
                near = did_you_mean(str(dtype), DTYPES)
                message = f"`dtype` must be the name of a dtype, got {show(dtype)}"
                self.findings.add("CFG102", message, self.site(*path, "dtype"), help=near)
            if "shape" not in value:
                self.findings.add("SPC031", f"weight `{name}` has no `shape`", self.site(*path, key=True))
            value = value.get("shape", [])
            path = (*path, "shape")
        if not isinstance(value, list):
            value = [value]
            if type(value[0]) is not int and not isinstance(value[0], str):
                self.findings.add(
                    "SPC022", f"the shape of a weight is a list of sizes, not {show(value[0])}", self.site(*path)
                )
                return Given(name, (), bool(trainable), dtype)
            return Given(name, (self._amount(value[0], known, *path),), bool(trainable), dtype)
        return Given(name, self._pattern(value, path, known), bool(trainable), dtype)

    def _field(self, name: str, default: object, *, numeric: bool) -> Field:
        """A field that a formula mentions is a number; any other may hold anything."""

        def number(value: Any, reading: Reading) -> Any:
            if isinstance(value, str):
                value = reading.number(value)
            if isinstance(value, bool) or not isinstance(value, (int, float, Expr)):
                raise Problem("CFG102", f"must be a number, got {show(value)}")
            return int(value) if isinstance(value, float) and value.is_integer() else value

        def anything(value: object, _reading: Reading) -> object:
            return _frozen(plain(value))

        kind = Kind("a number", number) if numeric else Kind("any value", anything)
        if default is None:
            return Field(name, kind, optional=False, default=REQUIRED)
        try:
            value = kind.read(default, _Defaults(self.scope))
        except Problem as problem:
            problem.message = f"`{name}` {problem.message}" if problem.code == "CFG102" else problem.message
            self.findings.problem(problem, self.site("fields", name))
            value = 1
        return Field(name, kind, optional=False, default=value)


class _Defaults:
    """Reads the defaults of fields, which may mention the names of the file."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def number(self, text: str) -> Any:
        return self.scope.number(text)

    def sublayer(self, raw: object) -> object:
        raise Problem("CFG102", f"must be a number, got {show(raw)}")


def _frozen(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return tuple([_frozen(item) for item in value])
    if isinstance(value, dict):
        return tuple([(key, _frozen(item)) for key, item in value.items()])
    return value


def _words(declaration: Declaration) -> set[str]:
    """All names in the formulas of a declaration."""
    amounts: list[object] = [declaration.macs, declaration.elementwise]
    patterns: Sequence[Pattern] = (
        *declaration.inputs,
        *(declaration.outputs or ()),
        *(w.shape for w in declaration.weights),
    )
    for pattern in patterns:
        amounts.extend(pattern)
    return {word for amount in amounts if isinstance(amount, Amount) for word in _NAME.findall(amount.text)}


def _cannot_be_decided(text: str, known: set[str]) -> bool:
    """Whether the formula has a value for some sizes: what cannot be decided for a symbol may be for a number."""
    for size in _TRIED:
        try:
            dims.evaluate(text, dict.fromkeys(known, size))
        except dims.ExpressionError:
            continue
        return True
    return False


class _Symbols(Names):
    """The names of a rule, each a symbol of its own, then those of the file."""

    def __init__(self, known: Collection[str], scope: Scope) -> None:
        super().__init__({}, scope)
        self._known = known

    def __missing__(self, name: str) -> object:
        return Symbol(name).dim if name in self._known else super().__missing__(name)
