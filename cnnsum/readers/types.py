"""Layer types that are declared outside of a model's file: in files of declarations, and in Python modules (plugins).

A file of declarations is read like any spec, and nothing of it is run. A plugin is run: only the caller can name one,
never a file. Loaded when the caller declares types.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

from cnnsum.diagnostics import Diagnostic, Problem, Span, UnusableError, did_you_mean
from cnnsum.layers.base import LayerType
from cnnsum.layers.vocabulary import KERAS
from cnnsum.readers.guarded import Guarded, shown
from cnnsum.readers.how import AS_WRITTEN
from cnnsum.readers.native.spec import KEYS, Spec
from cnnsum.source import read
from cnnsum.source.raw import stamp_of
from cnnsum.typed import TypeAlias

#: A file as it was: its real path, and its stamp.
_Stamped: TypeAlias = "tuple[str, tuple[int, int] | None]"
#: What was read before, and of which files that it includes: every file of a run asks again.
_files: dict[_Stamped, tuple[dict[str, LayerType], tuple[_Stamped, ...]]] = {}
_plugins: dict[str, dict[str, LayerType]] = {}
_WANTED = "a plugin is a module of Python (`package.types`) or a file (`./types.py`)"
#: How the names of files end that declare types, and that nothing is run of.
_TEXTS = (".yaml", ".yml", ".json")


class _Types(dict[str, LayerType]):
    """Types by name. Another process is sent where they are declared, and reads it anew: a rule is code."""

    def __init__(self, files: tuple[str, ...], plugins: tuple[str, ...]) -> None:
        super().__init__()
        self._declared_in = files, plugins

    def __reduce__(self) -> tuple[object, ...]:
        return types_of, self._declared_in


def types_of(files: tuple[str, ...], plugins: tuple[str, ...]) -> Mapping[str, LayerType]:
    """The types of all of them by name.

    Raises UnusableError where one cannot be read or run, has nothing to declare, or where two declare the same name.
    """
    types = _Types(files, plugins)
    origins: dict[str, str] = {}
    for origin, found in (
        *((path, _of_file(path)) for path in files),
        *((module, _of_plugin(module)) for module in plugins),
    ):
        for name, type in found.items():
            if name in types and types[name] is not type:
                message = f"the layer type `{name}` is declared twice: in {origins[name]} and in {origin}"
                raise UnusableError(Diagnostic("SPC028", message))
            types[name] = type
            origins[name] = origin
    return types


# --- files ------------------------------------------------------------------------------------------------------------


def _of_file(path: str) -> dict[str, LayerType]:
    stamp = stamp_of(path)
    if stamp is None:
        return _read(path)[0]  # which says what is wrong
    here = os.path.realpath(path), stamp
    found = _files.get(here)
    if found is None or any(stamp_of(included) != before for included, before in found[1]):
        found = _files[here] = _read(path)
    return found[0]


def _read(path: str) -> tuple[dict[str, LayerType], tuple[_Stamped, ...]]:
    """The types that a file declares, and the files that it includes, as they are."""
    document = read(path)
    value: object = document.value
    if not isinstance(value, dict) or not isinstance(value.get("layer_types"), dict):
        help = None
        if isinstance(value, dict):
            help = next((near for near in (did_you_mean(key, ("layer_types",)) for key in value) if near), None)
            known = any(key in KEYS or key == "class_name" for key in value)
            help = help or (None if known else "put `layer_types:` above the declarations, and indent them")
        message = f"`{path}` declares no layer types: it has no mapping `layer_types`"
        raise UnusableError(Diagnostic("SPC064", message, document.span(()), "error", help), line=document.line)
    spec = Spec(document, AS_WRITTEN)
    types, included = spec.declared_types()
    diagnostics = spec.findings.diagnostics
    if any(one.severity == "error" for one in diagnostics):
        raise UnusableError(*diagnostics, line=document.line)
    return types, tuple((os.path.realpath(one.path), stamp_of(one.path)) for one in included)


# --- plugins ----------------------------------------------------------------------------------------------------------


def _of_plugin(name: str) -> dict[str, LayerType]:
    key = os.path.abspath(name) if _is_path(name) else name
    if key not in _plugins:
        _plugins[key] = _run(name)
    return _plugins[key]


def _is_path(name: str) -> bool:
    return name.endswith(".py") or os.sep in name


def _unusable(name: str) -> str | None:
    """Why a name cannot be that of a plugin, before anything is run."""
    if _is_path(name):
        if not os.path.exists(name):
            return f"there is no file `{name}`"
        return None if name.endswith(".py") and os.path.isfile(name) else f"`{name}` is not a file of Python"
    if os.path.isfile(name):
        return f"`{name}` is not a file of Python"
    return None if all(part.isidentifier() for part in name.split(".")) else f"`{name}` is not a name of a module"


def _meant(name: str) -> str:
    """What a plugin must be, for one that cannot be used."""
    if name.endswith(_TEXTS):
        return f"layer types that a file declares are taken with --layer-types {name}; {_WANTED}"
    file = name if _is_path(name) else f"./{name}.py"
    return f"for a file, give its path: --plugin {file}" if os.path.isfile(file) else _WANTED


def _run(name: str) -> dict[str, LayerType]:
    why = _unusable(name)
    if why is not None:
        raise UnusableError(Diagnostic("SPC070", f"this is not a plugin: {why}", None, "error", _meant(name)))
    try:
        declared = KERAS.declared_by(lambda: _module(name))
    except (Exception, SystemExit) as error:  # whatever a stranger's module may raise
        raise UnusableError(_cannot_run(name, error)) from error
    if not declared:
        help = "declare one with `@layer`, from `cnnsum.layers.base`"
        raise UnusableError(Diagnostic("SPC070", f"the plugin `{name}` declares no layer types", None, "error", help))
    types: dict[str, LayerType] = {}
    for key, type in declared.items():
        if KERAS.find(key) is not None:
            message = f"plugin `{name}`: `{key}` is a layer type of Keras: give your own another name"
            raise UnusableError(Diagnostic("SPC028", message, _place(type)))
        try:
            types[key] = Guarded(type)
        except Problem as problem:
            message = f"plugin `{name}`: `{type.name}` cannot be used: {problem}"
            raise UnusableError(Diagnostic(problem.code, message, _place(type))) from None
        except (KeyError, AttributeError, TypeError, ValueError) as error:
            message = f"plugin `{name}`: the signature of `{type.name}` cannot be read: {shown(error)}"
            help = "annotate each field with a kind of `cnnsum.layers.kinds`"
            raise UnusableError(Diagnostic("SPC070", message, _place(type), "error", help)) from None
    return types


def _place(type: LayerType) -> Span | None:
    code = getattr(type.rule, "__code__", None)
    if code is None:  # a class, or whatever else can be called
        return None
    return Span(code.co_filename, code.co_firstlineno, 1, code.co_firstlineno, 1)


def _module(name: str) -> ModuleType:
    """Run a module by its name, or a file by its path."""
    if not _is_path(name):
        return import_module(name)
    stem = os.path.splitext(os.path.basename(name))[0]
    spec = spec_from_file_location(f"cnnsum_plugin_{stem}", name)
    if spec is None or spec.loader is None:
        raise ImportError(f"{name} is not a Python file")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _cannot_run(name: str, error: BaseException) -> Diagnostic:
    """What to say of a module that cannot be run, at the line that it came to."""
    span = None
    trace = error.__traceback__
    while trace is not None:
        path = trace.tb_frame.f_code.co_filename
        module = os.path.splitext(os.path.basename(path))[0]
        if os.path.abspath(path) == os.path.abspath(name) if _is_path(name) else module in name.split("."):
            span = Span(path, trace.tb_lineno, 1, trace.tb_lineno, 1)
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename is not None and error.lineno is not None:
        span = Span(error.filename, error.lineno, error.offset or 1, error.lineno, (error.offset or 1) + 1)
    help = None
    if isinstance(error, ModuleNotFoundError) and error.name == name.partition(".")[0]:
        help = _meant(name)
    return Diagnostic("SPC070", f"the plugin `{name}` cannot be run: {shown(error)}", span, "error", help)
