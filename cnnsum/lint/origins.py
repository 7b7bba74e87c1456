"""The settings of files, and where each was set, as lines of text: `cnnsum check --show-settings`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from cnnsum.diagnostics import UnusableError
from cnnsum.ink import harmless
from cnnsum.lint.config import Config, Configs
from cnnsum.lint.files import targets
from cnnsum.lint.run import CALL, called_choice
from cnnsum.lint.settings import Choice, Said, Settings
from cnnsum.source import read

_LABEL = 18
_DEFAULT = "by default"


def lines(
    paths: Iterable[str], select: Iterable[str] | None, ignore: Iterable[str], fail_on: str | None
) -> Iterator[str]:
    """For each file its settings, one a line, each value with where it was said; an empty line between files."""
    called = called_choice(select, ignore)
    configs = Configs()
    for number, target in enumerate(targets(paths, lambda _path, _folder: False)):
        if number:
            yield ""
        yield harmless(target.path)
        folder = os.getcwd() if target.path == "-" else os.path.dirname(os.path.abspath(target.path))
        config = configs.of(folder)
        settings = configs.settings(target.path, called, fail_on)
        for name, value in _rows(target.path, config, settings, fail_on):
            yield f"  {name:<{_LABEL}}{harmless(value)}"


def _rows(path: str, config: Config | None, settings: Settings, fail_on: str | None) -> Iterator[tuple[str, str]]:
    yield "configuration", "none" if config is None else config.path
    choice = settings.choice(_own(path))
    yield "select", f"ALL ({_DEFAULT})" if choice.select is None else _said(choice.select)
    yield "ignore", _said(choice.ignore)
    yield "per-file-ignores", _said(settings.silenced)
    origin = CALL if fail_on is not None else dict(settings.origins).get("fail-on", _DEFAULT)
    yield "fail-on", f"{settings.fail_on} ({origin})"
    if config is not None and path != "-" and config.excludes(os.path.abspath(path), folder=False):
        yield "exclude", f"it is left out in folders ({config.path})"
    if settings.budget is not None and settings.budget_places is not None:
        place = settings.budget_places[""]
        yield "budget", f"{', '.join(settings.budget) or 'none'} ({place.path}:{place.line})"
    if config is not None and config.layer_types:
        yield "layer-types", _said(config.layer_types)
    if config is not None and config.keras_backend is not None:
        yield "keras-backend", _said((config.keras_backend,))
    for fault in () if config is None else config.faults:
        yield "broken", str(fault)


def _own(path: str) -> Choice:
    """What the file says of itself."""
    from cnnsum.lint.spec import own_choice

    try:
        document = read(path)
    except UnusableError:
        return Choice()
    value = document.value
    return own_choice(document)[0] if isinstance(value, dict) and "lint" in value else Choice()


def _said(codes: Iterable[Said]) -> str:
    return ", ".join(f"{said.text} ({said.origin})" for said in codes) or "none"
