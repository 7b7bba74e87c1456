"""What the network starts from: input shapes with their symbols, and what the caller sets on them.

The values given with `--set` and `-i` are known before anything else is read, so that a formula that mentions a symbol
sees its value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cnnsum import dims
from cnnsum.diagnostics import Diagnostic, Problem, UnusableError, did_you_mean
from cnnsum.dims import UNKNOWN, Dim, Expr, Symbol, symbols_of
from cnnsum.graph.model import Freed, InputSpec
from cnnsum.layers.kinds import INPUT_DTYPES, show
from cnnsum.readers.declare import fresh, open_axes, size_from_outside
from cnnsum.readers.how import How
from cnnsum.readers.native.faults import Findings, Outside, Site
from cnnsum.readers.native.scope import Cell, Scope
from cnnsum.source import Document
from cnnsum.typed import Any, NamedTuple

#: A name that is not a function.
_NAME = r"[A-Za-z_][A-Za-z0-9_]*\b(?!\s*\()"
_SYMBOL_KEYS = ("min", "multiple_of")
#: Nobody declares larger sizes, and sets of multiples of them would not be written down.
MOST_DECLARED = 1_000_000


class Declared(NamedTuple):
    """An input as it is written; `shape` None where there is none that could be used, `batch` where none is fixed.

    own: the name that `input` gives it, None where it gives none.
    """

    name: str
    shape: list[Any] | None
    dtype: Any
    site: Site
    dtype_site: Site
    batch: int | None = None
    own: str | None = None


#: The keys of an input that is a mapping.
INPUT_KEYS = ("shape", "dtype", "batch")


def declared_inputs(value: dict[str, object], site: Site, findings: Findings) -> list[Declared]:
    """The inputs that a model names, in its order; `site` is that of the model."""
    if "inputs" in value and "input" in value:
        message = "a spec has `input` for its only input, or `inputs` for several, not both"
        findings.add("SPC038", message, site.below("inputs", key=True))
    if "inputs" in value:
        raw = value["inputs"]
        if isinstance(raw, dict) and raw:
            for name in raw:
                _check_name(name, site.below("inputs", name, key=True), findings)
            return [_declared(name, item, site.below("inputs", name), findings) for name, item in raw.items()]
        help = "`input: [height, width, channels]` is for a single input" if isinstance(raw, list) else None
        what = "empty" if not raw and isinstance(raw, (dict, list)) else show(raw)
        message = f"`inputs` is a mapping of names to shapes, not {what}"
        findings.add("SPC022", message, site.below("inputs"), help=help)
        return []
    if "input" in value:
        return [_only(value["input"], site.below("input"), findings)]
    return []


def _only(raw: object, site: Site, findings: Findings) -> Declared:
    """The input below `input`, which may say what it is called."""
    if not isinstance(raw, dict) or "name" not in raw or "shape" not in raw:
        return _declared("input", raw, site, findings)
    rest = {key: item for key, item in raw.items() if key != "name"}
    declared = _declared("input", rest, site, findings)
    name = raw["name"]
    if name is None:
        return declared
    here = site._replace(path=(*site.path, "name"))
    if not isinstance(name, str):
        findings.add("CFG102", f"`name` must be a text, got {show(name)}", here)
        return declared
    _check_name(name, here, findings)
    return declared._replace(own=name)


def _check_name(name: str, site: Site, findings: Findings) -> None:
    if not name or any(sign in name for sign in ":/$") or name.strip() != name:
        findings.add("SPC029", f"`{name}` cannot be the name of an input", site)


def _declared(name: str, raw: object, site: Site, findings: Findings) -> Declared:
    dtype = batch = None
    dtype_site = site
    if isinstance(raw, dict):
        for key in raw:
            if key not in INPUT_KEYS:
                near = did_you_mean(key, INPUT_KEYS, given=raw) or "an input has `shape`, `dtype` and `batch`"
                if name == "input" and "shape" not in raw:
                    near = "several inputs, or one with a name, stand below `inputs:`"
                findings.add(
                    "SPC030", f"an input has no key `{key}`", site._replace(path=(*site.path, key), key=True), help=near
                )
        if "shape" not in raw and all(key in INPUT_KEYS for key in raw):
            findings.add("SPC031", f"input `{name}` has no `shape`", site._replace(key=True))
        dtype = raw.get("dtype")
        dtype_site = site._replace(path=(*site.path, "dtype"))
        batch = raw.get("batch")
        if batch is not None and (type(batch) is not int or batch < 1):
            place = site._replace(path=(*site.path, "batch"))
            findings.add("CFG102", f"`batch` must be a positive integer, got {show(batch)}", place)
            batch = None
        site = site._replace(path=(*site.path, "shape"))
        if "shape" not in raw:
            return Declared(name, None, dtype, site, dtype_site)
        raw = raw["shape"]
    if isinstance(raw, list):
        return Declared(name, raw, dtype, site, dtype_site, batch)
    help = _as_list(raw)
    message = f"a shape is a list of sizes, without the batch axis, not {show(raw)}"
    findings.add("SPC022", message, site, help=help)
    return Declared(name, None, dtype, site, dtype_site)


def _as_list(raw: object) -> str | None:
    """The list that was meant by 28, (28, 28, 1) or 28x28x1."""
    if not isinstance(raw, (int, str)):
        return None
    sizes = re.split(r"\s*[,x*]\s*", str(raw).strip("() ,"))
    plain = all(size.isdecimal() or dims.is_name(size) for size in sizes)
    return f"write `[{', '.join(sizes)}]`" if plain else "write it in square brackets: `[height, width, channels]`"


def _as_a_fact(name: str, value: object) -> str:
    """What to write for a symbol that was given a value, which symbols do not have."""
    if type(value) is int and 0 < value <= MOST_DECLARED:
        alone = f"for it alone, `vars: {{{name}: {value}}}`"
        return f"for any multiple of it, write `{name}: {{multiple_of: {value}}}`; {alone}"
    return f"write `{name}: {{min: 32, multiple_of: 8}}`, or leave out what is not known: `{name}: {{}}`"


def declared_symbols(
    raw: object, document: Document, taken: dict[str, object], findings: Findings
) -> dict[str, Symbol]:
    """The symbols below `symbols`, with what is known of them; `taken` are the names of vars."""
    symbols: dict[str, Symbol] = {}
    site = Site(document, ("symbols",))
    if raw is None:
        return symbols
    if isinstance(raw, list) and all(isinstance(name, str) for name in raw):
        raw = dict.fromkeys(raw)
    if not isinstance(raw, dict):
        help = (
            f"write `symbols: [{raw}]`"
            if isinstance(raw, str) and dims.is_name(raw)
            else "write `symbols: {H: {min: 32, multiple_of: 8}}`"
        )
        message = f"`symbols` is a mapping of names to what is known of them, not {show(raw)}"
        findings.add("SPC022", message, site, help=help)
        return symbols
    for name, known in raw.items():
        here = Site(document, ("symbols", name))
        if not dims.is_name(name) or name == "index":
            findings.add("SPC029", f"`{name}` cannot be the name of a symbol", here._replace(key=True))
            continue
        if name in taken:
            findings.add("SPC028", f"`{name}` is a var: it cannot be a symbol too", here._replace(key=True))
            continue
        facts = {"min": 1, "multiple_of": 1}
        if known is not None and not isinstance(known, dict):
            message = f"what is known of a symbol is a mapping with `min` and `multiple_of`, not {show(known)}"
            findings.add("SPC022", message, here, help=_as_a_fact(name, known))
        for key, number in known.items() if isinstance(known, dict) else ():
            place = Site(document, ("symbols", name, key))
            if key not in _SYMBOL_KEYS:
                help = did_you_mean(key, _SYMBOL_KEYS, given=known or ()) or "known are `min` and `multiple_of`"
                findings.add("SPC030", f"a symbol has no key `{key}`", place._replace(key=True), help=help)
            elif type(number) is not int or number < 1:
                findings.add("CFG102", f"`{key}` must be a positive integer, got {show(number)}", place)
            elif number > MOST_DECLARED:
                findings.add("CFG102", f"`{key}` must be at most {MOST_DECLARED:,}, got {number:,}", place)
            else:
                facts[key] = number
        symbols[name] = Symbol(name, minimum=facts["min"], multiple_of=facts["multiple_of"])
    return symbols


class Sizes:
    """Reads the shapes of the inputs: which symbols they have, and which of them the caller gave a value."""

    def __init__(
        self,
        declared: list[Declared],
        symbols: dict[str, Symbol],
        cells: dict[str, Any],
        how: How,
        findings: Findings,
    ) -> None:
        self.declared = declared
        self.symbols = symbols
        self.vars = dict(cells)
        self.how = how
        self.findings = findings
        self.replaced = self._replaced()
        self._declare_symbols()
        #: Values from outside, and where each comes from.
        self.values: dict[str, tuple[Any, str]] = {}
        #: Values for axes that the file leaves open without a name.
        self.of_open_axes: dict[str, object] = {}
        #: Sizes that were set free: what the file says of each symbol, and the symbols by input and axis.
        self.freed: dict[str, Freed] = {}
        self.opened: dict[tuple[str, int], Dim] = {}

    def settle(self) -> None:
        """Take the values from outside: once all names are known, and before anything is evaluated."""
        self._take_settings()
        self._take_replaced()

    def _replaced(self) -> dict[str, tuple[int | str | None, ...]]:
        """Shapes from outside, by the input's name."""
        if not self.how.inputs:
            return {}
        from cnnsum.readers.override import choose_input

        names = [one.name for one in self.declared]
        result = {}
        for wanted, shape in self.how.inputs.items():
            if names == ["input"] and wanted == (self.declared[0].own or "input_layer"):
                wanted = "input"  # noqa: PLW2901 - the summary's name for it
            result[choose_input(names, wanted)] = shape
        return result

    def _declare_symbols(self) -> None:
        """Every name in a shape that is not a var is a symbol."""
        texts = [item for one in self.declared for item in one.shape or () if isinstance(item, str)]
        texts += [item for shape in self.replaced.values() for item in shape if isinstance(item, str)]
        for text in texts:
            for name in re.findall(_NAME, text):
                if name not in self.symbols and name not in self.vars and dims.is_name(name) and name != "None":
                    self.symbols[name] = Symbol(name)

    def _take_settings(self) -> None:
        for name, value in self.how.settings.items():
            if name in self.freed and name not in self.vars and name not in self.symbols:
                continue
            if name not in self.vars and name not in self.symbols:
                shapes = [self.replaced.get(one.name, one.shape) or () for one in self.declared]
                if not any(None in shape for shape in shapes):
                    raise self._unknown(name, ())
                self.of_open_axes[name] = value  # which get their names when they are read
                continue
            self.values[name] = value, self.how.told(name)

    def _unknown(self, name: str, more: Iterable[str]) -> UnusableError:
        """The error for a name that the spec does not have."""
        known = [*self.vars, *self.symbols, *self.freed, *more]
        help = did_you_mean(name, known) or (
            f"it has {', '.join(known[:12])}" if known else "names that can be set stand in `vars` and in shapes"
        )
        return UnusableError(Diagnostic("SPC051", f"the model has no var or symbol `{name}`", help=help))

    def _close(self, spec: InputSpec, free: dict[str, Symbol], batch: Dim) -> InputSpec:
        """The input with the values that the caller gives to axes without a name."""
        values: dict[str, Dim] = {}
        for name, value in self.of_open_axes.items():
            symbol = free.get(name)
            if symbol is None or not symbol.anonymous or symbol.dim == batch:
                raise self._unknown(
                    name, [other.name for other in free.values() if other.anonymous and other.dim != batch]
                )
            values[name] = size_from_outside(name, value)
        return spec._replace(shape=tuple([dims.substitute(dim, values) for dim in spec.shape]))

    def _take_replaced(self) -> None:
        """A name that stands alone on an axis of a replaced shape takes the new size of that axis."""
        for one in self.declared:
            shape = self.replaced.get(one.name)
            if shape is None or one.shape is None or len(shape) != len(one.shape):
                continue
            for name, size in zip(one.shape, shape, strict=True):
                if not isinstance(name, str) or not dims.is_name(name) or size is None or size == name:
                    continue
                value: object = self.symbols[size].dim if isinstance(size, str) and size in self.symbols else size
                place = f"in the shape of `{one.name}`"
                known, source = self.values.get(name, (value, ""))
                if known != value:
                    message = f"`{name}` is {size} {place}, but {source}"
                    if source.endswith(place):
                        message = f"`{name}` is both {known} and {size} {place}"
                    raise UnusableError(Diagnostic("SPC052", message))
                self.values[name] = value, f"`{name}` is {size} {place}"

    def fill(self, cells: dict[str, Any], scope: Scope) -> None:
        """Put symbols, and values from outside, among the names of the file. Raises UnusableError for a bad value."""
        for name, symbol in self.symbols.items():
            cells.setdefault(name, symbol.dim)
        for name, (value, source) in self.values.items():
            if name in self.vars:
                cells[name] = Cell(value, scope, Outside(source))
        for name, (value, source) in self.values.items():
            if name in self.symbols:
                cells[name] = self._symbol_value(name, value, source, scope)

    def _symbol_value(self, name: str, value: Any, source: str, scope: Scope) -> Dim:
        symbol = self.symbols[name]
        if isinstance(value, str):
            try:
                value = scope.number(value)
            except Problem as problem:
                raise UnusableError(Diagnostic("SPC052", f"{source}: {problem}", help=problem.help)) from None
        size: Dim = size_from_outside(name, value, source)
        if not isinstance(size, int):
            return size
        if size < symbol.minimum:
            raise UnusableError(Diagnostic("SPC052", f"{source}: `{name}` must be at least {symbol.minimum}"))
        if size % symbol.multiple_of:
            message = f"{source}: `{name}` must be a multiple of {symbol.multiple_of}"
            raise UnusableError(Diagnostic("SPC052", message))
        return size

    def read(
        self, scope: Scope, dtype: str, taken: dict[str, Symbol] | None = None, batch: Dim | None = None
    ) -> tuple[list[tuple[Declared, InputSpec | None]], dict[str, Symbol]]:
        """The inputs with their sizes, batch axis first, and all symbols, that of the batch included.

        A shape with a wrong size is None. taken, batch: for a model in another one, the symbols and the batch of that.
        """
        free = taken
        if free is None:
            free = {name: symbol for name, symbol in self.symbols.items() if scope.find(name) == symbol.dim}
        # A symbol for the batch only where an input leaves it open: the file then fixes it for that one alone.
        is_open = batch is None and any(one.batch is None for one in self.declared)
        first = fresh("N", free).dim if is_open else batch if batch is not None else UNKNOWN
        result: list[tuple[Declared, InputSpec | None]] = []
        for one in self.declared:
            shape: Any = self.replaced.get(one.name, one.shape)
            own = one.name not in self.replaced
            read = (
                None
                if shape is None
                else [self._size(item, one, axis, scope, own=own) for axis, item in enumerate(shape)]
            )
            if read is not None and not own:
                self._check_formulas(one, read, scope)
            wanted = one.dtype if one.dtype is not None else dtype
            if not isinstance(wanted, str) or wanted not in INPUT_DTYPES:
                from cnnsum.layers.keras.foreign import dtype as meant

                help = did_you_mean(wanted, INPUT_DTYPES, meant) if isinstance(wanted, str) else None
                message = f"`dtype` must be the name of a dtype, got {show(wanted)}"
                self.findings.add("CFG102", message, one.dtype_site, help=help)
                wanted = dtype
            if read is None or any(size is False for size in read):
                result.append((one, None))
            else:
                own_batch = first if one.batch is None else one.batch
                result.append((one, InputSpec(open_axes((own_batch, *read), free), wanted)))
        if self.of_open_axes:
            result = [(one, None if spec is None else self._close(spec, free, first)) for one, spec in result]
            free = {name: symbol for name, symbol in free.items() if name not in self.of_open_axes}
        for _, spec in result:
            for size in () if spec is None else spec.shape:
                free.update((symbol.name, symbol) for symbol in symbols_of(size))
        return result, free

    def _check_formulas(self, one: Declared, sizes: list[Any], scope: Scope) -> None:
        """Refuse a replaced size that is not what the file's formula for its axis gives with the other sizes."""
        if one.shape is None or len(one.shape) != len(sizes):
            return
        taken = {item for item in one.shape if isinstance(item, str) and item in self.values}
        for text, size in zip(one.shape, sizes, strict=True):
            if (
                not isinstance(text, str)
                or dims.is_name(text)
                or size is None
                or taken.isdisjoint(re.findall(_NAME, text))
            ):
                continue
            try:
                value = scope.number(text)
            except Problem:
                continue
            if not isinstance(value, (int, Expr)) or dims.equal(value, size) is not False:
                continue
            given = " and ".join(f"`{name}` = {scope[name]}" for name in re.findall(_NAME, text) if name in taken)
            message = f"the shape of `{one.name}` has {size} where the file has `{text}`, which is {value} for {given}"
            raise UnusableError(Diagnostic("SPC052", message))

    def _size(self, item: Any, one: Declared, axis: int, scope: Scope, *, own: bool) -> Any:
        """The size of an axis, None for an open one; False where it is wrong, which is reported."""
        if item is None:
            return None
        if (one.name, axis) in self.opened:
            return self.opened[one.name, axis]
        site = one.site._replace(path=(*one.site.path, axis))
        try:
            size: object = item
            if item == "None":
                batch = "" if axis else "; the axis of the batch is left out"
                raise Problem("CFG102", "`None` is not a size", help=f"a size that is left open is `null`{batch}")  # noqa: TRY301 - as the others
            if isinstance(item, str):
                name = item.removeprefix("$")
                size = scope.number(name)
            if isinstance(size, float) and size.is_integer() and isinstance(item, str):
                size = int(size)
            if isinstance(size, Expr):
                _, high = dims.bounds(size)
                if high is None or high >= 1:
                    return size
            if type(size) is not int or size < 1:
                raise Problem("CFG102", f"a size must be a positive integer, a symbol or null, got {show(size)}")  # noqa: TRY301 - as the others
        except Problem as problem:
            if own:
                self.findings.problem(problem, site)
                return False
            raise UnusableError(
                Diagnostic("SPC052", f"the shape of `{one.name}`: {problem}", help=problem.help)
            ) from None
        return size
