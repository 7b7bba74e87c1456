"""Names and the values that they stand for: arguments of a block, then `vars`, then symbols.

A value is kept as it is written, with the scope that it was written in, and evaluated when a number is asked for: what
is an expression in one field is a plain word in another. Knows no layer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from cnnsum import dims  # its language is loaded by the first expression only
from cnnsum.diagnostics import did_you_mean
from cnnsum.dims.expr import Varying
from cnnsum.readers.native.faults import Fault, Outside, ReportedError, Site
from cnnsum.source.findings import MAX_FINDINGS
from cnnsum.typed import Any

_MISSING: object = object()
_NOT_YET: object = object()
_BUSY: object = object()

#: Words of Python and of older YAML for what is written otherwise here.
_MEANT = {
    **dict.fromkeys(("yes", "Yes", "YES", "on", "On", "ON"), "true"),
    **dict.fromkeys(("no", "No", "NO", "off", "Off", "OFF"), "false"),
    "None": "null",
}

#: Stands for an argument that has no usable value; its problem has been reported.
FAILED: object = object()


class Written(str):
    """A text together with the scope and the place that it was written in."""

    __slots__ = ("scope", "site")

    scope: Scope
    site: Site | Outside | None

    @classmethod
    def of(cls, text: str, scope: Scope, site: Site | Outside | None) -> Written:
        """The text `text`, written in `scope` at `site`."""
        written = cls(text)
        written.scope = scope
        written.site = site
        return written


class WrittenMapping(dict[str, Any]):
    """A mapping together with the place that it was written at: a layer in it has the defaults of that file."""

    __slots__ = ("site",)

    def __init__(self, items: Iterable[tuple[str, Any]], site: Site | Outside | None) -> None:
        super().__init__(items)
        self.site = site


def written(value: Any, scope: Scope, site: Site | Outside | None) -> Any:
    """A value of any type, whose texts and mappings remember where they come from."""
    if type(value) is str:
        return Written.of(value, scope, site)
    if isinstance(value, list):
        return [written(item, scope, _below(site, index)) for index, item in enumerate(value)]
    if isinstance(value, dict):
        items = [(key, written(item, scope, _below(site, key))) for key, item in value.items()]
        return WrittenMapping(items, site)
    return value


def _below(site: Site | Outside | None, step: str | int) -> Site | Outside | None:
    return site._replace(path=(*site.path, step)) if isinstance(site, Site) else site


def plain(value: Any) -> Any:
    """The value without that memory."""
    if type(value) is Written:
        return str(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, tuple):
        return tuple([plain(item) for item in value])
    return value


class Cell:
    """A value as it is written, and the number that it is, once that was asked for."""

    __slots__ = ("_number", "raw", "scope", "site")

    def __init__(self, raw: Any, scope: Scope, site: Site | Outside | None) -> None:
        self.raw = raw
        self.scope = scope
        self.site = site
        self._number: Any = _NOT_YET

    def number(self, name: str) -> Any:
        """The number, or truth value, or bare word, that this stands for; raises Problem."""
        raw = self.raw
        if raw is FAILED:
            raise ReportedError
        if isinstance(raw, (list, dict)) or raw is None:
            what = "a list" if isinstance(raw, list) else "a mapping" if isinstance(raw, dict) else "null"
            help = None if raw is None else f"write `${name}` where the whole value is meant"
            raise Fault("SPC023", f"`{name}` is {what}, no number", help=help)
        if not isinstance(raw, str):
            return raw
        if self._number is _BUSY:
            raise Fault("SPC024", f"`{name}` depends on itself", site=self.site)
        if self._number is _NOT_YET:
            self._number = _BUSY
            try:
                self._number = self._evaluate(raw)
            except Fault as fault:
                if fault.site is None:
                    fault.site = self.site
                self._number = fault
            except ReportedError as reported:
                self._number = reported
        if isinstance(self._number, Fault):
            raise self._number.copy()
        if isinstance(self._number, ReportedError):
            raise ReportedError
        return self._number

    def _evaluate(self, raw: str) -> Any:
        if raw.startswith("$"):
            raw = whole(raw, self.scope)
            if not isinstance(raw, str):
                return raw
        scope = raw.scope if type(raw) is Written else self.scope
        try:
            return scope.value(raw)
        except Fault:
            # A word on its own is a text. Where a number is needed, `Scope.number` says that the word is not a name.
            if dims.is_name(raw) and raw not in scope:
                return Written.of(raw, scope, self.site)
            raise


class Scope(Mapping[str, Any]):
    """Names in sight. `prefix` is the path of the block in whose text they stand ("stage1.").

    As a mapping it gives numbers, for expressions; raises KeyError for an unknown name.
    """

    __slots__ = ("_known", "_words", "cells", "missed", "parent", "prefix")

    def __init__(self, cells: dict[str, Any], parent: Scope | None = None, prefix: str = "") -> None:
        self.cells = cells
        self.parent = parent
        self.prefix = prefix
        self._known: dict[str, object] = {}
        self._words: list[Written] = []
        #: At the top: how many names were looked for in vain.
        self.missed = 0

    def find(self, name: str) -> Any:
        """What the name stands for: a `Cell`, a plain number, or None."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.cells.get(name, _MISSING)
            if found is not _MISSING:
                return found
            scope = scope.parent
        return None

    def __getitem__(self, name: str) -> Any:
        found = self.find(name)
        if found is None:
            raise KeyError(name)
        if type(found) is not Cell:
            return found
        value = found.number(name)
        if type(value) is Written:
            self._words.append(value)
        return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.find(name) is not None

    def __iter__(self) -> Iterator[str]:
        seen: dict[str, None] = {}
        scope: Scope | None = self
        while scope is not None:
            seen.update(dict.fromkeys(scope.cells))
            scope = scope.parent
        return iter(seen)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def with_index(self, index: int) -> Scope:
        """The same names and `index`, the number of a copy."""
        return Scope({"index": index}, self, self.prefix)

    def evaluate(self, text: str) -> Any:
        """The value of an expression: a number, a truth value or a text; raises Problem."""
        value = self.value(text)
        return value.one() if isinstance(value, Varying) else value

    def value(self, text: str) -> Any:
        """The same, for an expression that others are made of: it may differ between variants."""
        found = self.find(text)
        if found is not None:
            return found.number(text) if type(found) is Cell else found
        value = self._known.get(text, _MISSING)
        if value is _MISSING:
            try:
                value = self._known[text] = self._evaluate(text)
            except Fault as fault:
                self._known[text] = fault
                raise fault.copy() from None
        elif isinstance(value, Fault):
            raise value.copy()
        return value

    def _evaluate(self, text: str) -> object:
        outer = self._words
        words = self._words = []
        try:
            return dims.evaluate(text, self)
        except dims.UnknownNameError as error:
            raise self.unknown(error.name, text, error.start, error.end) from None
        except dims.ExpressionError as error:
            if words:
                raise _unknown_word(words[0]) from None
            help = error.help
            percent = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text)
            if percent:
                help = f"write {float(percent[1]) / 100:g}"
            elif text[:1] == "(" and "," in text:
                help = f"a list stands in square brackets: [{text.strip('() ,')}]"
            elif text.count("(") > text.count(")") and text[:1] != "(":
                help = f'an expression with a comma stands in quotes: "{text}, ...)"'
            raise Fault("SPC025", error.message, help=help, text=text, start=error.start, end=error.end) from None
        except RecursionError:
            raise Fault("SPC025", "this expression depends on too long a chain of others", text=text) from None
        finally:
            self._words = outer

    def number(self, text: str) -> Any:
        """The value of an expression where a number or truth value is needed; raises Problem."""
        value = self.evaluate(text)
        if type(value) is Written:
            raise _unknown_word(value)
        return value

    def unknown(self, name: str, text: str, start: int, end: int, site: Site | Outside | None = None) -> Fault:
        """The fault of a name that stands for nothing here."""
        top = self
        while top.parent is not None:
            top = top.parent
        top.missed += 1
        # Nobody reads the hundredth suggestion, and each takes a look at all names.
        few = top.missed <= MAX_FINDINGS
        help = did_you_mean(name, self) if few else None
        if name in _MEANT and text.strip() == name:
            help = f"write `{_MEANT[name]}`"
        elif help is None and name == "index":
            help = "`index` counts the copies of a layer or block with `repeat`"
        elif help is None and few:
            known = list(self)[:12]
            help = f"the names here are {', '.join(known)}" if known else "declare it in `vars`"
        return Fault(
            "SPC026", f"the name `{name}` is not known here", help=help, site=site, text=text, start=start, end=end
        )


def _unknown_word(word: Written) -> Fault:
    return word.scope.unknown(word, word, 0, len(word), word.site)


def whole(value: Any, scope: Scope, depth: int = 0) -> Any:
    """The value with `$name` in it, at any depth, replaced by what the names stand for; raises Problem."""
    if isinstance(value, str):
        name = value[1:]
        if value[:1] != "$" or not dims.is_name(name):
            return value
        if type(value) is Written:
            scope = value.scope
        found = scope.find(name)
        if found is None:
            raise scope.unknown(name, value, 1, len(value))
        raw = found.raw if type(found) is Cell else found
        if isinstance(raw, Varying):
            return raw.one()
        if type(found) is not Cell:
            return found
        if raw is FAILED:
            raise ReportedError
        if depth > 50:
            raise Fault("SPC024", f"`{name}` depends on itself", site=found.site)
        return whole(written(raw, found.scope, found.site), found.scope, depth + 1)
    if isinstance(value, list):
        return [whole(item, scope, depth + 1) for item in value]
    if isinstance(value, dict):
        items = [(key, whole(item, scope, depth + 1)) for key, item in value.items()]
        return WrittenMapping(items, value.site) if type(value) is WrittenMapping else dict(items)
    return value


def resolve(value: object, scope: Scope) -> object:
    """The value of a key of the language: `$name` replaced, then the number if it is a text; raises Problem."""
    value = whole(value, scope)
    if isinstance(value, str):
        return (value.scope if type(value) is Written else scope).number(value)
    return value
