"""The texts that an editor has open, the configuration that holds for each, and the files that belong to one another.

Each text is analysed when something is asked of it, and anew when it, a file that it includes or a configuration has
changed.
"""

from __future__ import annotations

import os
from functools import cached_property

from cnnsum.lint.config import Configs
from cnnsum.lint.settings import Choice, Settings
from cnnsum.server.analysis import Analysis
from cnnsum.server.hints import Hint, hints
from cnnsum.server.index import Index, Key, Occurrence
from cnnsum.server.keras_index import KerasIndex
from cnnsum.server.language import shared_path
from cnnsum.server.rename import Place, places
from cnnsum.server.text import Text, Units
from cnnsum.source.document import UNSAVED

#: Files of a folder that are looked into for who includes what, and bytes of each.
_MOST_FILES = 3_000
_MOST_BYTES = 1 << 20


class Open:
    """One text that is open: its state, and what is known of it."""

    def __init__(self, path: str, text: Text, settings: Settings, *, named: bool) -> None:
        self.path = path
        self.text = text
        self.settings = settings
        self.named = named

    @cached_property
    def analysis(self) -> Analysis:
        """What is known of the text."""
        return Analysis(self.text.text, self.path, self.settings, named=self.named)

    @cached_property
    def hints(self) -> list[Hint]:
        """The hints of the whole text: an editor asks for those of a few lines whenever it scrolls."""
        return hints(self.analysis, self.text)

    @cached_property
    def index(self) -> Index | None:
        """The names in it, and in what it includes; None for what is not a spec."""
        language = self.analysis.language
        return None if language is None else Index(language)

    @cached_property
    def keras_index(self) -> KerasIndex | None:
        """The names in a file of Keras."""
        document = self.analysis.document
        value = None if document is None else document.value
        if document is None or self.index is not None or not isinstance(value, dict) or "class_name" not in value:
            return None
        return KerasIndex(document)


class Workspace:
    """All that is open. folders: those that the editor works in."""

    def __init__(self, units: Units = "utf-16", folders: tuple[str, ...] = ()) -> None:
        self.units: Units = units
        self.folders = folders
        self.open: dict[str, Open] = {}
        self._configs = Configs()

    def set(self, path: str, text: Text) -> Open:
        """Take a text, new or changed; others that include it are read again when they are asked for."""
        config = None if path.startswith("<") else self._configs.of(os.path.dirname(os.path.abspath(path)))
        settings = Settings() if path.startswith("<") else self._configs.settings(path, Choice(), None)
        named = config is not None and config.names(path)
        if path not in self.open or self.open[path].text.text != text.text:
            self.open[path] = Open(path, text, settings, named=named)
            if not path.startswith("<"):
                UNSAVED[os.path.realpath(path)] = text.text
            for other in self.including(path):
                self._forget(other)
        return self.open[path]

    def close(self, path: str) -> None:
        """Forget a text: its file holds again."""
        if self.open.pop(path, None) is not None and not path.startswith("<"):
            UNSAVED.pop(os.path.realpath(path), None)
            for other in self.including(path):
                self._forget(other)

    def reload(self) -> None:
        """Read files and configurations again: something on disk has changed."""
        self._configs = Configs()
        for path, one in list(self.open.items()):
            del self.open[path]
            self.set(path, one.text)

    def including(self, path: str) -> list[str]:
        """The open texts that include a file, or try to, directly or through others."""
        wanted = shared_path(path)
        found = []
        for other, one in self.open.items():
            if other == path or "include" not in one.text.text:
                continue
            language = one.analysis.language
            if language is None or "include" not in language.value:
                continue
            name = os.path.basename(path)
            if name in one.text.text or any(shared_path(file.path) == wanted for file in language.files):
                found.append(other)
        return found

    def _forget(self, path: str) -> None:
        one = self.open[path]
        self.open[path] = Open(path, one.text, one.settings, named=one.named)

    # --- names --------------------------------------------------------------------------------------------------------

    def indexes(self, one: Open, key: Key) -> list[Index]:
        """The indexes of all specs in which a name of one of them may stand, that one's first.

        A spec includes from its own folder and from below it, so that it stands beside or above what it includes.
        """
        assert one.index is not None
        found = [one.index]
        files = {place.path for place, _ in places(found, key)}
        seen = {shared_path(one.path)}
        waiting = [path for path in self.open if shared_path(path) not in seen]
        looked: set[str] = set()
        while True:
            for folder in [folder for path in sorted(files) for folder in self._above(path) if folder not in looked]:
                looked.add(folder)
                waiting += _files_that_include(folder)
            others = []
            for path in waiting:
                if shared_path(path) not in seen:
                    seen.add(shared_path(path))
                    others.append(self._index_of(path))
            more = [index for index in others if index is not None]
            waiting = []
            known = set(files)
            for index in more:
                theirs = {place.path for place, _ in places([index], key)}
                if theirs & known:
                    found.append(index)
                    files |= theirs
            if files == known:
                return found

    def _above(self, path: str) -> list[str]:
        """The folder of a file, and those above it, up to one that the editor works in."""
        if path.startswith("<"):
            return []
        folder = os.path.dirname(path)
        tops = [os.path.realpath(top) for top in self.folders]
        top = next((top for top in tops if os.path.commonpath([top, folder]) == top), folder)
        found = [folder]
        while folder != top:
            folder = os.path.dirname(folder)
            found.append(folder)
        return found

    def _index_of(self, path: str) -> Index | None:
        """The index of a spec that includes something, open or not."""
        if path in self.open:
            return self.open[path].index if "include" in self.open[path].text.text else None
        text = self.text_of(path)
        if text is None:
            return None
        language = Analysis(text.text, path, self._configs.settings(path, Choice(), None)).language
        return Index(language) if language is not None and "include" in language.value else None

    def occurrence(self, one: Open, offset: int) -> Occurrence | None:
        """The name at a place."""
        document = one.analysis.whole
        if document is None or offset > len(document.text):
            return None
        if one.index is not None:
            return one.index.at(document, offset)
        return None if one.keras_index is None else one.keras_index.at(document, offset)

    def places(self, one: Open, name: Occurrence) -> list[tuple[Place, Occurrence]]:
        """All places where a name stands, in this file and in others."""
        if one.index is not None:
            return places(self.indexes(one, name.key), name.key)
        assert one.keras_index is not None
        return places([one.keras_index], name.key)

    def text_of(self, path: str) -> Text | None:
        """The text of a file, as it is open, or as it is saved."""
        wanted = shared_path(path)
        for other, one in self.open.items():
            if shared_path(other) == wanted:
                return one.text
        try:
            with open(path, encoding="utf-8", newline="") as file:
                return Text(file.read(), self.units)
        except (OSError, UnicodeDecodeError):
            return None


def _files_that_include(folder: str) -> list[str]:
    """The files of a folder that may include something: they have that word."""
    found: list[str] = []
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    for name in [name for name in names if name.endswith((".yaml", ".yml", ".json"))][:_MOST_FILES]:
        path = os.path.join(folder, name)
        try:
            if os.path.isfile(path) and os.path.getsize(path) <= _MOST_BYTES:
                with open(path, "rb") as file:
                    if b"include" in file.read():
                        found.append(path)
        except OSError:
            continue
    return found
