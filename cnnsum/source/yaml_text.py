"""YAML text to plain values and the place of every value, in one pass over the parser's events.

PyYAML's own composer recurses in C and dies on deep nesting, expands aliases without limit and keeps the last of
two equal keys in silence. So only its parser is used. No tag ever makes anything but plain values.
"""

from __future__ import annotations

import re
from math import isfinite

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from cnnsum.source.findings import (
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_EXPANDED,
    MAX_FINDINGS,
    BadTextError,
    Finding,
    duplicate_key,
    empty,
    long_number,
    not_finite,
    shown,
    too_deep,
)
from cnnsum.source.kept_places import KeptPlaces, Member, Place
from cnnsum.source.yaml_scalars import resolve
from cnnsum.typed import Any, NamedTuple

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_CORE = "tag:yaml.org,2002:"
_PROGRAMS = (_CORE + "python/", _CORE + "ruby/", "!python/", "!ruby/")
_SCALAR_TAGS: dict[str, type] = {"int": int, "float": float, "bool": bool, "null": type(None)}
_NEW = object()


def load(text: str) -> tuple[Any, KeptPlaces, list[Finding]]:
    """The value of a YAML text, the places of its parts, and what is odd about it.

    Raises `BadTextError`; its `offset` is set when the text is not YAML, and None when it is YAML beyond a limit.
    """
    return _Builder(text).build()


class _Anchored(NamedTuple):
    """What an alias stands for. `size` counts its values and `height` its levels, behind its own aliases too."""

    value: Any
    children: dict[str, Member] | list[Place] | None
    size: int = 1
    height: int = 0


class _Open:
    """A list or mapping whose end has not come yet."""

    __slots__ = (
        "anchor",
        "count",
        "end",
        "height",
        "is_list",
        "key",
        "key_place",
        "keyed",
        "merge_place",
        "merged",
        "merging",
        "places",
        "start",
        "value",
    )

    def __init__(self, is_list: bool, start: int, end: int, anchor: str | None, count: int) -> None:
        self.is_list = is_list
        self.value: Any = [] if is_list else {}
        self.places: Any = [] if is_list else {}
        self.start = start
        self.end = end
        self.anchor = anchor
        self.count = count
        self.height = 1
        # Of a mapping: whether a key waits for its value, the key (None: leave the pair out), and where it stands.
        self.keyed = False
        self.key: str | None = None
        self.key_place = (0, 0)
        # Whether that key is `<<`, and what `<<` has brought in.
        self.merging = False
        self.merge_place = (0, 0)
        self.merged: list[tuple[dict[str, object], dict[str, Member]]] | None = None


class _Builder:
    """Builds values and places from events, without recursion."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.findings: list[Finding] = []
        self.fatal: list[Finding] = []
        self.anchors: dict[str, _Anchored | None] = {}
        self.expanded = 0
        # Plain scalars that were met before: most of a file's keys and values come again and again.
        self.known: dict[str, Any] = {}

    def build(self) -> tuple[Any, KeptPlaces, list[Finding]]:
        parser = None
        try:
            parser = _Loader(self.text)
            value, place = self._read(parser.get_event)
        except yaml.YAMLError as error:
            from cnnsum.source.yaml_errors import explain

            finding, offset = explain(error, self.text)
            raise BadTextError(finding, *self.fatal, *self.findings, offset=offset) from None
        except BadTextError as error:
            raise BadTextError(*error.findings, *self.fatal, *self.findings) from None
        finally:
            if parser is not None:
                parser.dispose()
        if self.fatal:
            raise BadTextError(*self.fatal, *self.findings)
        return value, KeptPlaces(place), self.findings

    def _read(self, next_event: Any) -> tuple[Any, Place]:
        """Run through the events of one document. The loop is long because it runs once per value."""
        known = self.known
        open_: list[_Open] = []
        top: _Open | None = None
        root: tuple[Any, Place] | None = None
        count = 0
        value: Any
        children: Any
        while True:
            event = next_event()
            kind = type(event)
            start = event.start_mark.index
            if kind is ScalarEvent:
                end = event.end_mark.index
                count += 1
                text = event.value
                if top is not None and not top.keyed and not top.is_list:
                    top.keyed = True
                    top.end = end
                    top.key = text
                    top.key_place = start, end
                    if event.anchor is not None:
                        self.anchors[event.anchor] = _Anchored(text, None)
                    # A plain text that is a key here for the first time, and was seen to be a text before.
                    if known.get(text) != text or text in top.places or not event.implicit[0]:
                        self._key(top, event)
                    continue
                if event.implicit[0]:
                    value = known.get(text, _NEW)
                    if value is _NEW:
                        value = self._plain(text, start, end)
                else:
                    value = self._styled(event, start, end)
                    if event.style in ("|", ">"):
                        # The parser also counts the empty lines after a block scalar to it.
                        end = start + len(self.text[start:end].rstrip(" \t\r\n"))
                children = None
                if event.anchor is not None:
                    self.anchors[event.anchor] = _Anchored(value, None)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                if len(open_) >= MAX_DEPTH:
                    raise BadTextError(too_deep(start))
                if event.tag is not None:
                    self._collection_tag(event.tag, "map" if kind is MappingStartEvent else "seq", start)
                if event.anchor is not None:
                    self.anchors[event.anchor] = None
                top = _Open(kind is SequenceStartEvent, start, event.end_mark.index, event.anchor, count)
                open_.append(top)
                count += 1
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                closed = open_.pop()
                top = None
                if open_:
                    top = open_[-1]
                    top.height = max(top.height, closed.height + 1)
                if closed.merged is not None:
                    _merge(closed)
                if self.findings and not closed.is_list:
                    self._list_in_braces(closed)
                value, children, start = closed.value, closed.places, closed.start
                # A closing bracket has a length; a block ends where its last value does.
                end = event.end_mark.index
                if end == event.start_mark.index:
                    end = closed.end
                if closed.anchor is not None:
                    self.anchors[closed.anchor] = _Anchored(value, children, count - closed.count, closed.height)
            elif kind is AliasEvent:
                end = event.end_mark.index
                target = self._target(event.anchor, start, end)
                if len(open_) + target.height > MAX_DEPTH:
                    raise BadTextError(too_deep(start))
                if top is not None:
                    top.height = max(top.height, target.height + 1)
                count += target.size
                self.expanded += target.size
                if self.expanded > MAX_EXPANDED:
                    message = f"the aliases of this file stand for more than {MAX_EXPANDED:,} values"
                    raise BadTextError(Finding("SPC011", message, start, end))
                value, children = target.value, target.children
            elif kind is DocumentStartEvent:
                if root is not None:
                    message = "a second document starts here; a file holds one model"
                    raise BadTextError(Finding("SPC014", message, start, event.end_mark.index))
                continue
            elif kind is StreamEndEvent:
                if root is None or (root[0] is None and root[1][0] == root[1][1]):
                    raise BadTextError(empty())
                return root
            else:
                continue

            # A value is complete: it goes into the container that is open, or is the document's.
            if top is None:
                root = value, (start, end, children)
                continue
            top.end = end
            if top.is_list:
                top.value.append(value)
                top.places.append((start, end, children))
            elif not top.keyed:
                self._other_key(top, (start, end), value)
            else:
                top.keyed = False
                if top.merging:
                    top.merging = False
                    self._merge_value(top, value, (start, end, children))
                elif top.key is not None:
                    top.value[top.key] = value
                    top.places[top.key] = (*top.key_place, (start, end, children))

    def _key(self, top: _Open, event: ScalarEvent) -> None:
        """Look at a scalar that is a key: it may be `<<`, no text, or there already."""
        text: str = event.value
        start, end = place = top.key_place
        if event.implicit[0] and text == "<<":
            top.merging = True
            if top.merged is None:
                top.merged = []
                top.merge_place = place
                return
            message = "the key `<<` stands here for the second time"
            advice = "merge several mappings with one list: `<<: [*a, *b]`"
            related = (*top.merge_place, "it stands here first")
            self._note(Finding("SPC015", message, start, end, help=advice, related=related))
            return
        value = self._plain(text, start, end) if event.implicit[0] else self._styled(event, start, end)
        if not isinstance(value, str):
            message = f"a key must be text, and {shown(text) if text else 'nothing'} is not"
            help = "write it in quotes, or as `name: value` if it is the value of a field" if text else None
            self._note(Finding("SPC016", message, start, end, help=help))
        self._again(top, text)

    def _list_in_braces(self, closed: _Open) -> None:
        """Where `{8, 3}` was written for `[8, 3]`, read it so, and say it once."""
        from cnnsum.source.yaml_braces import list_in_braces

        meant = list_in_braces(self.text, closed.start, self.findings)
        if meant is not None:
            closed.value, (_, _, closed.places), self.findings = meant

    def _other_key(self, top: _Open, place: tuple[int, int], value: object) -> None:
        """Take what is not a scalar as a key: an alias of a text is that text; another pair is left out."""
        top.keyed = True
        top.key_place = place
        top.key = None
        if isinstance(value, str):
            top.key = value
            self._again(top, value)
            return
        what = "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else "this value"
        advice = None
        if self.text.startswith("{{", place[0] - 1):
            advice = "`{{` opens two mappings; write a text with braces in quotes"
        self._note(Finding("SPC016", f"a key must be text, and {what} is not", *place, help=advice))

    def _again(self, top: _Open, key: str) -> None:
        if key in top.places:
            self._note(duplicate_key(key, *top.key_place, top.places[key][:2]))

    def _merge_value(self, top: _Open, value: Any, place: Place) -> None:
        """Keep what `<<` brings in until the mapping's own keys are known."""
        assert top.merged is not None
        # Any: which of its kinds the places are of, the value beside them says.
        places: Any = place[2]
        pairs: Any = zip(value, places, strict=True) if isinstance(value, list) else [(value, place)]
        for one, (start, end, members) in pairs:
            if isinstance(one, dict):
                top.merged.append((one, members))
            else:
                self._note(Finding("SPC020", "`<<` takes a mapping or a list of mappings", start, end))

    def _target(self, name: str, start: int, end: int) -> _Anchored:
        """What the alias `name` stands for."""
        if name not in self.anchors:
            from cnnsum.diagnostics import did_you_mean

            advice = did_you_mean(name, self.anchors)
            message = f"the alias {shown('*' + name)} has no anchor {shown('&' + name)} above it"
            raise BadTextError(Finding("SPC013", message, start, end, help=advice))
        target = self.anchors[name]
        if target is None:
            message = f"the alias {shown('*' + name)} stands within the value that it stands for"
            raise BadTextError(Finding("SPC012", message, start, end))
        return target

    def _plain(self, text: str, start: int, end: int) -> Any:
        """The value of a plain scalar, which is kept unless there is something to report each time."""
        try:
            value = resolve(text, MAX_DIGITS)
        except OverflowError:
            self._note(long_number(start, end), fatal=True)
            return 0
        if isinstance(value, float) and not isfinite(value):
            self._note(not_finite(text, start, end))
        elif text != "<<":
            self.known[text] = value
        return value

    def _styled(self, event: ScalarEvent, start: int, end: int) -> object:
        """The value of a scalar in quotes, in a block, or with a tag."""
        tag = event.tag
        text: str = event.value
        if not text.isascii() and re.search("[\ud800-\udfff]", text):
            # Only the parser written in Python lets such an escape through.
            self._note(Finding("SPC021", "half of a character, without its other half", start, end), fatal=True)
        if tag is None or tag in ("!", _CORE + "str"):
            return text
        name = tag.removeprefix(_CORE)
        kind = _SCALAR_TAGS.get(name) if name != tag else None
        if kind is None:
            self._refuse_tag(tag, start)
            return text
        value = self._plain(text, start, end)
        if kind is float and type(value) is int:
            return float(value)
        if type(value) is not kind:
            message = f"{shown(text)} is not what its tag `!!{name}` says"
            self._note(Finding("SPC019", message, start, end), fatal=True)
        return value

    def _collection_tag(self, tag: str, kind: str, start: int) -> None:
        # A tuple of Python, which Keras's `to_yaml()` wrote, is as plain as a list.
        if tag not in ("!", _CORE + kind) and (kind != "seq" or tag != _CORE + "python/tuple"):
            self._refuse_tag(tag, start)

    def _refuse_tag(self, tag: str, start: int) -> None:
        name = "!!" + tag.removeprefix(_CORE) if tag.startswith(_CORE) else tag
        # The place begins with the tag or the anchor; the value is not part of it.
        written = re.compile(r"(?:&[^\s,\[\]{}]+\s+)?[^\s,\[\]{}]+").match(self.text, start)
        end = written.end() if written else start + 1
        if tag.startswith(_PROGRAMS):
            message = f"the tag {shown(name)} asks for a program to be run; cnnsum runs none"
            self._note(Finding("SAF601", message, start, end, help="write plain values"), fatal=True)
        else:
            advice = "leave the tag out: texts, numbers, lists and mappings need none"
            self._note(Finding("SPC019", f"unknown tag {shown(name)}", start, end, help=advice), fatal=True)

    def _note(self, finding: Finding, *, fatal: bool = False) -> None:
        findings = self.fatal if fatal else self.findings
        if len(findings) < MAX_FINDINGS:
            findings.append(finding)


def _merge(closed: _Open) -> None:
    """Put what `<<` brings in before a mapping's own keys, which win; of several mappings the first wins."""
    assert closed.merged is not None
    value: dict[str, Any] = {}
    places: dict[str, Member] = {}
    for one, where in closed.merged:
        for key, item in one.items():
            if key not in value:
                value[key] = item
                places[key] = where[key]
    value.update(closed.value)
    places.update(closed.places)
    closed.value = value
    closed.places = places
