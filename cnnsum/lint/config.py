"""Configuration: `[tool.cnnsum]` of the nearest pyproject.toml, or cnnsum.toml, above a file.

What is broken in it is a finding with a place; what is sound holds all the same. Knows files of configuration, and
of specs only that declarations of layer types are read by others.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping

from cnnsum.diagnostics import Diagnostic, DiagnosticList, Span, UnusableError, did_you_mean
from cnnsum.graph.promotion import BACKENDS
from cnnsum.lint.codes import fault
from cnnsum.lint.gitignore import Patterns
from cnnsum.lint.report.findings import SEVERITIES
from cnnsum.lint.settings import DEFAULT_FAIL_ON, Choice, Said, Settings
from cnnsum.lint.toml_places import TomlPlaces
from cnnsum.source.findings import MAX_DEPTH
from cnnsum.source.raw import open_file
from cnnsum.typed import NamedTuple

OWN = "cnnsum.toml"
SHARED = "pyproject.toml"
# A table or a key of that name, not a dependency or a program.
_OUR_TABLE = re.compile(rb"""cnnsum["']?\s*(?:[\].]|=(?!=))""")
# The reader of TOML takes memory with the square of the parts of a dotted key.
_PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
_DEEP_KEY = re.compile(rf"{_PART}(?:[ \t]*\.[ \t]*{_PART}){{{MAX_DEPTH}}}")
_LONG_NUMBER = re.compile(r"[0-9][0-9_]{4000,}")
#: Of a configuration, or of a pyproject.toml that holds one.
MAX_BYTES = 2 * 2**20
#: Files of `layer-types`.
MAX_TYPE_FILES = 100
KEYS = (
    *("select", "ignore", "fail-on", "exclude", "per-file-ignores", "budget", "layer-types", "models"),
    "keras-backend",
)


class Config(NamedTuple):
    """One file of configuration. `folder` is what its patterns are relative to; a `fail_on` of None says nothing.

    layer_types: files of declarations, as paths from the working directory. models: patterns of files that are models,
    each with its place.
    """

    path: str
    folder: str
    faults: tuple[Diagnostic, ...] = ()
    choice: Choice = Choice()
    fail_on: Said | None = None
    exclude: Patterns = Patterns(())
    per_file: tuple[tuple[Patterns, tuple[Said, ...]], ...] = ()
    budget: Mapping[str, object] | None = None
    budget_places: Mapping[str, Span] | None = None
    layer_types: tuple[Said, ...] = ()
    models: tuple[tuple[str, Span], ...] = ()
    keras_backend: Said | None = None

    def names(self, path: str) -> bool:
        """Whether `models` names a file."""
        relative = self.relative(path) if self.models else None
        return relative is not None and any(Patterns([pattern]).covers(relative) for pattern, _ in self.models)

    def relative(self, path: str) -> str | None:
        """A path, with `/` between its parts, as the patterns see it; None where it is not below the folder."""
        full = os.path.abspath(path)
        base = self.folder if self.folder.endswith(os.sep) else self.folder + os.sep
        return full[len(base) :].replace(os.sep, "/") if full.startswith(base) else None

    def excludes(self, path: str, *, folder: bool) -> bool:
        """Whether a file or a folder that was found is left out."""
        if not self.exclude:
            return False
        relative = self.relative(path)
        return relative is not None and bool(self.exclude.verdict(relative, folder=folder))

    def settings(self, path: str, called: Choice, fail_on: str | None) -> Settings:
        """What holds for a file below it, with what the call says."""
        relative = self.relative(path) if self.per_file else None
        silenced: tuple[Said, ...] = ()
        if relative is not None:
            for patterns, codes in self.per_file:
                if patterns.covers(relative):
                    silenced += codes
        origins = () if fail_on is not None or self.fail_on is None else (("fail-on", self.fail_on.origin),)
        chosen = fail_on or (DEFAULT_FAIL_ON if self.fail_on is None else self.fail_on.text)
        types = tuple([said.text for said in self.layer_types])
        found = Settings(
            self.choice, called, silenced, chosen, self.budget, self.budget_places, origins, layer_types=types
        )
        return found if self.keras_backend is None else found._replace(keras_backend=self.keras_backend.text)


class Configs:
    """Finds the configuration of each folder, and reads every file once."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str, Config | None] = {}

    def of(self, folder: str) -> Config | None:
        """The configuration for the files in a folder, given by its full path."""
        chain = []
        found: Config | None = None
        while folder not in self._known:
            chain.append(folder)
            found = _in_folder(folder)
            above = os.path.dirname(folder)
            if found is not None or above == folder:
                break
            folder = above
        else:
            found = self._known[folder]
        for one in chain:
            self._known[one] = found
        return found

    def used(self) -> list[Config]:
        """Every configuration that was found so far."""
        return list({id(config): config for config in self._known.values() if config is not None}.values())

    def settings(self, path: str, called: Choice, fail_on: str | None) -> Settings:
        """What holds for a file; of standard input, "-", what would hold for one in the working directory."""
        folder = os.getcwd() if path == "-" else os.path.dirname(os.path.abspath(path))
        config = self.of(folder)
        if config is None:
            return Settings(called=called, fail_on=fail_on or DEFAULT_FAIL_ON)
        return config.settings(path, called, fail_on)


def _in_folder(folder: str) -> Config | None:
    """The configuration that stands in a folder; None for a pyproject.toml that does not mention cnnsum."""
    for name in (OWN, SHARED):
        path = os.path.join(folder, name)
        try:
            with open_file(path) as file:
                data = file.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            continue
        except OSError as error:
            message = f"cannot read `{name}`: {error.strerror or error}"
            return Config(path, folder, (Diagnostic("SPC049", message, Span(shown(path), 1, 1, 1, 1)),))
        if name == SHARED and b"cnnsum" not in data.replace(b"\0", b""):
            continue  # which spares most projects the reading of TOML
        found = read(data, path)
        if found is not None:
            return found
    return None


def shown(path: str) -> str:
    """A path as messages call it: relative where the file is below the working directory."""
    base = os.path.join(os.getcwd(), "")
    return path.removeprefix(base)


def read(data: bytes, path: str) -> Config | None:
    """The configuration in the bytes of a file; None for a pyproject.toml without `[tool.cnnsum]`."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]

    name = shown(path)
    folder = os.path.dirname(path)
    text = data.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")
    deep = _DEEP_KEY.search(text)
    if len(data) > MAX_BYTES or deep is not None:
        if os.path.basename(path) == SHARED and _OUR_TABLE.search(data) is None:
            return None
        reason = f"more than {MAX_BYTES // 2**20} MiB" if deep is None else f"a key of more than {MAX_DEPTH} parts"
        line = 1 if deep is None else text.count("\n", 0, deep.start()) + 1
        place = Span(name, line, 1, line, 2)
        return Config(name, folder, (Diagnostic("SPC049", f"the configuration has {reason}", place),))
    places = TomlPlaces(text, name)
    try:
        data.decode()
        value = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Config(name, folder, (Diagnostic("SPC049", "the configuration is not UTF-8", places.span(line, 1, 1)),))
    except RecursionError:
        return Config(name, folder, (_syntax("nested too deep", text, places),))
    except ValueError as error:  # also of a number of thousands of digits, which Python refuses to read
        return Config(name, folder, (_syntax(str(error), text, places),))
    above: tuple[str, ...] = ()
    if os.path.basename(path) == SHARED:
        above = ("tool", "cnnsum")
        tools = value.get("tool")
        if not isinstance(tools, dict) or "cnnsum" not in tools:
            return None
        value = tools["cnnsum"]
    return _Reader(places, above, folder).read(value)


def _syntax(message: str, text: str, places: TomlPlaces) -> Diagnostic:
    """A finding for what is not TOML, at the line and column that its reader names."""
    at = re.search(r" \(at line (\d+), column (\d+)\)", message)
    line = int(at[1]) if at else text.count("\n") + 1
    column = int(at[2]) if at else 1
    reason = re.sub(r" \(at .*\)", "", message, flags=re.DOTALL)
    digits = _LONG_NUMBER.search(text) if at is None else None
    if digits is not None and "digits" in message:
        reason = f"a number of {len(digits[0])} digits is too long"
        line = text.count("\n", 0, digits.start()) + 1
        column = digits.start() - text.rfind("\n", 0, digits.start())
        return Diagnostic("SPC049", f"the configuration: {reason}", places.span(line, column, column + len(digits[0])))
    return Diagnostic("SPC049", f"the configuration is not TOML: {reason}", places.span(line, column, column + 1))


class _Reader:
    """Reads one table, and notes what is wrong with it."""

    def __init__(self, places: TomlPlaces, above: tuple[str, ...], folder: str) -> None:
        self.places = places
        self.above = above
        self.folder = folder
        self.faults = DiagnosticList()

    def read(self, table: object) -> Config:
        name = self.places.path
        if not isinstance(table, dict):
            self._refuse("`cnnsum` must be a table", self.places.key(self.above))
            return Config(name, self.folder, tuple(self.faults))
        for key in table:
            if key not in KEYS:
                help = did_you_mean(key, KEYS, given=table) or f"the keys are {', '.join(KEYS)}"
                self._refuse(f"unknown key `{key}`", self._key(key), help)
        budget = table.get("budget")
        if budget is not None and not isinstance(budget, dict):
            self._refuse("`budget` must be a table", self._key("budget"))
            budget = None
        return Config(
            name,
            self.folder,
            choice=Choice(self._codes(table, "select") if "select" in table else None, self._codes(table, "ignore")),
            fail_on=self._one_of(table, "fail-on", SEVERITIES),
            exclude=Patterns(self._texts(table, "exclude")),
            per_file=tuple(self._per_file(table)),
            budget=budget,
            budget_places=self._places("budget", budget),
            layer_types=self._layer_types(table),
            models=tuple(
                [(text, self.places.text((*self.above, "models"), text)) for text in self._texts(table, "models")]
            ),
            keras_backend=self._one_of(table, "keras-backend", BACKENDS),
            faults=tuple(self.faults),
        )

    def _one_of(self, table: dict[str, object], key: str, known: tuple[str, ...]) -> Said | None:
        value = table.get(key)
        if value is None:
            return None
        place = self._key(key)
        if value not in known:
            near = did_you_mean(value, known) if isinstance(value, str) else None
            self._refuse(f"`{key}` must be one of {', '.join(known)}", place, near)
            return None
        return Said(value, f"{place.path}:{place.line}")

    def _per_file(self, table: dict[str, object]) -> list[tuple[Patterns, tuple[Said, ...]]]:
        value = table.get("per-file-ignores", {})
        if not isinstance(value, dict):
            help = 'write `per-file-ignores = { "old/*.yaml" = ["ARC402"] }`'
            self._refuse("`per-file-ignores` must be a table", self._key("per-file-ignores"), help)
            return []
        return [(Patterns([pattern]), self._codes(value, pattern, "per-file-ignores")) for pattern in value]

    def _layer_types(self, table: dict[str, object]) -> tuple[Said, ...]:
        """The files of declarations that can be used, with those before them."""
        found: list[Said] = []
        texts = list(dict.fromkeys(self._texts(table, "layer-types")))
        if len(texts) > MAX_TYPE_FILES:
            self._refuse(f"`layer-types` has more than {MAX_TYPE_FILES} files", self._key("layer-types"))
        for text in texts[:MAX_TYPE_FILES]:
            from cnnsum.model import read_types

            place = self.places.text((*self.above, "layer-types"), text)
            path = shown(os.path.normpath(os.path.join(self.folder, text)))
            try:
                read_types([*(said.text for said in found), path], ())
            except UnusableError as error:
                wrong = error.diagnostics[0]
                self._refuse(f"`layer-types`: {wrong}", place, wrong.help if isinstance(wrong.help, str) else None)
            else:
                found.append(Said(path, f"{place.path}:{place.line}"))
        return tuple(found)

    def _texts(self, table: dict[str, object], *path: str) -> list[str]:
        value = table.get(path[-1], [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._refuse(f"`{path[-1]}` must be a list of texts", self._key(*path))
            return []
        return value

    def _codes(self, table: dict[str, object], key: str, *above: str) -> tuple[Said, ...]:
        found = []
        for text in self._texts(table, *above, key):
            wrong = fault(text, suggest=self.faults.wants_help("SPC049"))
            if wrong is not None and not self.faults.has_room("SPC049"):
                continue  # and no place is looked for
            place = self.places.text((*self.above, *above, key), text)
            if wrong is not None:
                self._refuse(wrong[0], place, wrong[1])
            else:
                found.append(Said(text, f"{place.path}:{place.line}"))
        return tuple(found)

    def _places(self, key: str, table: dict[str, object] | None) -> dict[str, Span] | None:
        if table is None:
            return None
        return {"": self._key(key), **{name: self._key(key, name) for name in table}}

    def _key(self, *path: str) -> Span:
        return self.places.key((*self.above, *path))

    def _refuse(self, message: str, span: Span, help: str | None = None) -> None:
        self.faults.append(Diagnostic("SPC049", message, span, help=help))
