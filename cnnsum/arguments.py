"""What the arguments of the library's functions may be: declared here once, and checked at every call from outside.

A wrong argument is a TypeError or a ValueError that names it and says what is allowed; nothing is read or run before.
The command line checks its own options, and calls the functions themselves. Loaded when the library is first used.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import wraps
from math import isfinite

from cnnsum import readers
from cnnsum.answers.given import CHECKPOINTS, CONVERTED, EXPLAINED, FRAMEWORKS, FREED, MOST_LISTED, MOST_SAMPLES, whole
from cnnsum.answers.listing.records import COLUMNS, COSTLY
from cnnsum.answers.summary.records import Report
from cnnsum.diagnostics import AskedError, Diagnostic, did_you_mean
from cnnsum.dims import Expr
from cnnsum.model import Model
from cnnsum.readers.free import KINDS
from cnnsum.typed import Any, NamedTuple, TypeVar

T = TypeVar("T")


class _WrongError(Exception):
    """What is wrong with a value. kind: the built-in error that it is."""

    def __init__(self, text: str, kind: type[Exception] = TypeError, place: str = "") -> None:
        super().__init__(text)
        self.kind = kind
        self.place = place


class Kind(NamedTuple):
    """What an argument may be. allowed: completes "must be ..."; read: the value as the function takes it."""

    allowed: str
    read: Callable[[object], Any]


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _or_none(kind: Kind) -> Kind:
    return Kind(f"{kind.allowed}, or None", lambda value: None if value is None else kind.read(value))


def _text(value: object) -> str:
    if not isinstance(value, str):
        help = "; decode it" if isinstance(value, bytes) else ""
        raise _WrongError(f"got {_shown(value)}{help}")
    return value


def _path(value: object) -> str:
    if not isinstance(value, str | os.PathLike):
        raise _WrongError(f"got {_shown(value)}")
    found = os.fspath(value)
    if not isinstance(found, str):
        raise _WrongError(f"got {_shown(found)}; decode it")
    return found


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise _WrongError(f"got {_shown(value)}")
    return value


def _whole(value: object) -> int:
    number = whole(value)
    if number is None:
        raise _WrongError(f"got {_shown(value)}")
    return number


def _positive(value: object) -> int:
    number = _whole(value)
    if number < 1:
        raise _WrongError(f"got {number}", ValueError)
    return number


def _batch(value: object) -> int:
    number = _positive(value)
    if number > MOST_SAMPLES:
        raise _WrongError(f"got {number}", ValueError)
    return number


def _model(value: object) -> Model:
    if not isinstance(value, Model):
        help = ": cnnsum.load(path) gives one" if isinstance(value, str | os.PathLike) else ""
        raise _WrongError(f"got {_shown(value)}{help}")
    return value


def _is_array(value: object) -> bool:
    """Whether it is an array of NumPy or a library like it, with at least one axis: Python has no word for these."""
    return hasattr(type(value), "__array__") and getattr(value, "shape", ()) != ()


def _row(value: object, read: Callable[[object], T]) -> tuple[T, ...]:
    """Things in an order that means something, as those of a set are not: a sequence, or an array."""
    if isinstance(value, str | bytes) or not (isinstance(value, Sequence) or _is_array(value)):
        raise _WrongError(f"got {_shown(value)}")
    return _items(value, read)


def _items(value: object, read: Callable[[object], T]) -> tuple[T, ...]:
    """A list of things, read one by one. A single text is not a list, though Python would take its letters."""
    if isinstance(value, str | os.PathLike):
        raise _WrongError(f"got the single {_shown(value)}; write [{_shown(value)}]")
    is_number = hasattr(type(value), "__array__") and not _is_array(value)
    if is_number or isinstance(value, bytes | Mapping) or not isinstance(value, Iterable):
        raise _WrongError(f"got {_shown(value)}")
    found = []
    for number, item in enumerate(value):
        try:
            found.append(read(item))
        except _WrongError as wrong:
            wrong.place = f"[{number}]{wrong.place}"
            raise
    return tuple(found)


def _free(value: object) -> tuple[str, ...]:
    found = _items([value] if isinstance(value, str) and value not in KINDS else value, _text)
    for name in found:
        if name not in KINDS:
            help = did_you_mean(name, KINDS)
            raise _WrongError(f"got {_shown(name)}{f' ({help})' if help else ''}", ValueError)
    return found


def _checkpoint(value: object) -> Collection[str]:
    return (value,) if value == "auto" and isinstance(value, str) else _items(value, _text)


def _paths(value: object) -> object:
    return _path(value) if isinstance(value, str | os.PathLike) else _items(value, _path)


def _size(value: object) -> int | str | None:
    if value is None or (isinstance(value, str) and value.strip()):
        return value
    return _positive(value)


def _shape(value: object) -> tuple[object, ...]:
    return _row(value, _size)


def _inputs(value: object) -> object:
    return _by_name(value, _shape) if isinstance(value, Mapping) else _shape(value)


def _by_name(value: object, read: Callable[[object], object]) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise _WrongError(f"got {_shown(value)}")
    found = {}
    for name, item in value.items():
        if not isinstance(name, str):
            raise _WrongError(f"got the name {_shown(name)}")
        try:
            found[name] = read(item)
        except _WrongError as wrong:
            wrong.place = f"[{name!r}]{wrong.place}"
            raise
    return found


def _plain(value: object) -> object:
    """What a file could hold: numbers, texts, lists and mappings of such, each of Python's own type."""
    if value is None or isinstance(value, bool | Expr):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, float):
        return _finite(value)
    if isinstance(value, Mapping):
        return _by_name(value, _plain)
    if isinstance(value, list | tuple) or _is_array(value):
        return [*_items(value, _plain)]
    return _whole(value)


def _finite(value: float) -> float:
    if not isfinite(value):
        raise _WrongError(f"got {value}", ValueError)
    return float(value)


def _settings(value: object) -> dict[str, object]:
    """Values by name; one of several names ("H=W") is given to each."""
    found: dict[str, object] = {}
    for names, one in _by_name(value, _plain).items():
        for name in names.split("="):
            if name in found:
                raise _WrongError(f"got {_shown(name)} twice", ValueError)
            found[name] = one
    return found


def _choice(*choices: str) -> Kind:
    def read(value: object) -> str:
        found = _text(value)
        if found not in choices:
            help = did_you_mean(found, choices)
            raise _WrongError(f"got {_shown(found)}{f' ({help})' if help else ''}", ValueError)
        return found

    return Kind(f"one of {', '.join(choices)}", read)


def _choices(*choices: str) -> Kind:
    one = _choice(*choices)
    return Kind(f"a list of {', '.join(choices)}", lambda value: _items(value, one.read))


def _accepted(allowed: str, check: Callable[[str], object]) -> Kind:
    """A text that `check` accepts; it raises AskedError for all others."""

    def read(value: object) -> str:
        found = _text(value)
        try:
            check(found)
        except AskedError as error:
            raise _WrongError(f"got {_shown(found)} ({error.diagnostics[0].help})", ValueError) from None
        return found

    return Kind(allowed, read)


def _number(value: object) -> int | float:
    number = _finite(value) if isinstance(value, float) else _whole(value)
    if number < 0:
        raise _WrongError(f"got {number}", ValueError)
    return number


def _range(value: object) -> tuple[int, int]:
    found = _row(value, _positive)
    if len(found) != 2 or not found[0] <= found[1] < found[0] + MOST_LISTED:
        raise _WrongError(f"got {_shown(value)}", ValueError)
    return found[0], found[1]


def _test(value: object) -> object:
    return _by_name(value, _positive) if isinstance(value, Mapping) else _positive(value)


def _values(value: object) -> dict[str, object]:
    """Values to sweep over, by name. A range stays one: it may be long."""

    def read(found: object) -> object:
        known = found if isinstance(found, range) else _items(found, _plain)
        if not known:
            raise _WrongError("got no values", ValueError)
        return known

    found = _by_name(value, read)
    for names in found:
        for name in names.split("="):
            if not name.isidentifier():
                raise _WrongError(f"got the name {_shown(names)}", ValueError)
    if not found:
        raise _WrongError("got no names", ValueError)
    return found


def _varied(value: object) -> str | tuple[str, ...]:
    if not isinstance(value, str | bytes):
        found = _items(value, _varied_once)
        if not found:
            raise _WrongError("got an empty list", ValueError)
        return found
    return _varied_once(value)


def _varied_once(value: object) -> str:
    from cnnsum.answers.variants.ranges import RangeError, varied

    try:
        varied(_text(value))
    except RangeError as error:
        raise _WrongError(f"got {_shown(value)}: {error}", ValueError) from None
    return str(value)


def _report(value: object) -> Report:
    if not isinstance(value, Report):
        raise _WrongError(f"got {_shown(value)}: cnnsum.summarize(model) gives one")
    return value


def _finding(value: object) -> Diagnostic:
    if not isinstance(value, Diagnostic):
        raise _WrongError(f"got {_shown(value)}")
    return value


TEXT = Kind("a text", _text)
LAYERS = Kind("a text, or a list of texts", lambda value: value if isinstance(value, str) else _items(value, _text))
PATH = Kind("a path: a text or an os.PathLike", _path)
FLAG = Kind("True or False", _flag)
POSITIVE = Kind("a whole number of at least 1", _positive)
BATCH = Kind(f"a whole number from 1 to {MOST_SAMPLES:,}", _batch)
MODEL = Kind("a cnnsum.Model", _model)
CODES = Kind("a list of codes or their beginnings", lambda value: _items(value, _text))
FILES = Kind("a list of paths", lambda value: _items(value, _path))
MODULES = Kind("a list of names of modules, or paths", lambda value: _items(value, _path))
PATHS = Kind("a path, or a list of paths", _paths)
FREE = Kind(f"a list of {', '.join(KINDS)}", _free)
CHECKPOINT = Kind('a list of names of layers, or "auto"', _checkpoint)
INPUTS = Kind(
    "a shape (positive whole numbers, names, and None for open axes), or a mapping of names of inputs to shapes",
    _inputs,
)
VARIED = Kind(
    '"batch", a size ("H", "H=W") or a var, also with a range ("width=0.1:4:0.05"), or a list of these', _varied
)
NUMBER = Kind("a number from 0 on", _number)
RANGE = Kind(f"two sizes, the least and the largest, less than {MOST_LISTED:,} apart", _range)
TEST = Kind("a size, or a mapping of names to sizes", _test)
VALUES = Kind('a mapping of names ("batch", "H", "H=W", a var) to ranges or lists of plain values', _values)
REPORT = Kind("a cnnsum.Report", _report)
MORE = _choices(*FREED)
MORE_COLUMNS = _choices(*COSTLY)
SHOWN_COLUMNS = _choices(*COLUMNS)
DEPTH = Kind("a whole number from 0 on", lambda value: int(_number(_whole(value))))
FINDINGS = Kind("a list of cnnsum.Diagnostic", lambda value: _items(value, _finding))
ONLY = _choices(*EXPLAINED)
TO = _choice(*CONVERTED)
FRAMEWORK = _choice(*FRAMEWORKS)
WEIGHTS = _choice(*CHECKPOINTS)
# What these may be the functions know, and say by an AskedError.
OPTIMIZER = Kind("the name of an optimizer", _text)
CONVENTION = Kind("the name of a convention", _text)
WHERE = Kind("a condition on what is answered", _text)
SORT = Kind("what to sort by", _text)
PARETO = Kind("names of measures", _text)
MEASURE = Kind("the name of a measure", _text)
DTYPE = _accepted("the name of a dtype or of a policy", readers.check_dtype)
FORMAT = _accepted("the name of a format", readers.check_format)
BACKEND = _accepted("the name of a backend of Keras", readers.check_backend)
SETTINGS = Kind("a mapping of names to plain values", _settings)

_READING = {
    "inputs": _or_none(INPUTS),
    "settings": _or_none(SETTINGS),
    "dtype": _or_none(DTYPE),
    "format": _or_none(FORMAT),
    "free": FREE,
    "layer_types": FILES,
    "plugins": MODULES,
    "keras_backend": BACKEND,
}
#: The functions of the library, and what each of their arguments may be.
ARGUMENTS: dict[str, dict[str, Kind]] = {
    "load": {"path": PATH, **_READING},
    "loads": {"text": TEXT, "path": TEXT, **_READING},
    "summarize": {
        "model": MODEL,
        "batch": _or_none(BATCH),
        "symbolic": FLAG,
        "optimizer": OPTIMIZER,
        "checkpoint": _or_none(CHECKPOINT),
        "details": FLAG,
        "step": FLAG,
    },
    "sizes": {
        "model": MODEL,
        "range": _or_none(RANGE),
        "test": _or_none(TEST),
        "free": MORE,
        "keep": FLAG,
    },
    "fit": {
        "model": MODEL,
        "memory": _or_none(POSITIVE),
        "inference": FLAG,
        "params": _or_none(POSITIVE),
        "macs": _or_none(POSITIVE),
        "flops": _or_none(POSITIVE),
        "vary": VARIED,
        "maximize": _or_none(MEASURE),
        "least": _or_none(NUMBER),
        "most": _or_none(NUMBER),
        "batch": _or_none(BATCH),
        "optimizer": OPTIMIZER,
    },
    "sweep": {
        "model": MODEL,
        "values": VALUES,
        "batch": _or_none(BATCH),
        "optimizer": OPTIMIZER,
        "where": _or_none(WHERE),
        "pareto": _or_none(PARETO),
        "sort": _or_none(SORT),
        "top": _or_none(POSITIVE),
        "jobs": _or_none(POSITIVE),
        "dask": _or_none(TEXT),
    },
    "plan": {"model": MODEL, "report": _or_none(REPORT), "batch": _or_none(BATCH), "order": FLAG},
    "reconcile": {"model": MODEL, "convention": CONVENTION, "batch": _or_none(BATCH)},
    "page": {
        "model": MODEL,
        "report": REPORT,
        "optimizer": OPTIMIZER,
        "checkpoint": _or_none(CHECKPOINT),
        "depth": _or_none(DEPTH),
        "findings": _or_none(FINDINGS),
    },
    "diff": {
        "old": MODEL,
        "new": MODEL,
        "batch": _or_none(BATCH),
        "optimizer": OPTIMIZER,
        "weights_format": WEIGHTS,
    },
    "convert": {"model": MODEL, "to": TO, "framework": _or_none(FRAMEWORK)},
    "explain": {"model": MODEL, "layer": _or_none(LAYERS), "batch": _or_none(BATCH), "only": ONLY},
    "list_models": {
        "paths": PATHS,
        "where": _or_none(WHERE),
        "sort": _or_none(SORT),
        "top": _or_none(POSITIVE),
        "more": MORE_COLUMNS,
        "columns": _or_none(SHOWN_COLUMNS),
        "batch": _or_none(BATCH),
        "optimizer": OPTIMIZER,
        "jobs": _or_none(POSITIVE),
        "dask": _or_none(TEXT),
        "layer_types": FILES,
        "plugins": MODULES,
        "keras_backend": _or_none(BACKEND),
    },
    "check": {
        "paths": PATHS,
        "select": _or_none(CODES),
        "ignore": CODES,
        "jobs": _or_none(POSITIVE),
        "dask": _or_none(TEXT),
    },
}


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the library with its arguments checked, and given to it as it takes them."""
    name = function.__name__
    kinds = ARGUMENTS[name]
    places = function.__code__.co_varnames[: function.__code__.co_argcount]

    @wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        for unknown in named.keys() - kinds.keys():
            near = did_you_mean(unknown, kinds) or f"its arguments are {', '.join(kinds)}"
            raise TypeError(f"{name}() got an unexpected keyword argument {unknown!r} ({near})")
        if len(args) > len(places):
            return function(*args, **named)  # which says what is wrong
        given = [_read(name, place, kinds[place], value) for place, value in zip(places, args, strict=False)]
        others = {key: _read(name, key, kinds[key], value) for key, value in named.items()}
        try:
            return function(*given, **others)
        except AskedError as error:
            argument = error.argument
            said = "; ".join(f"{one.message} ({one.help})" if one.help else one.message for one in error.diagnostics)
        raise ValueError(f"{name}(): `{argument}` must be {kinds[argument].allowed}; {said}")

    return call


def _read(function: str, name: str, kind: Kind, value: object) -> Any:
    try:
        return kind.read(value)
    except _WrongError as wrong:
        place = f" at {name}{wrong.place}" if wrong.place else ""
        error = wrong.kind(f"{function}(): `{name}` must be {kind.allowed}; {wrong}{place}")
    raise error
