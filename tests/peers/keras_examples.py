"""The models by hand that the reader of Keras files is held to, by name; other modules add to them.

By name, because a module may be imported twice: by the tests, and where its doctests are looked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Builder = Callable[[], Any]
MODELS: dict[str, Builder] = {}
#: Models of which the file does not hold everything: they are compared with what Keras makes of their file.
FORGETTING: set[str] = set()


def example(build: Builder) -> Builder:
    """Add a model."""
    MODELS[build.__name__] = build
    return build


def forgetting(build: Builder) -> Builder:
    """Say that a model's file forgets something."""
    FORGETTING.add(build.__name__)
    return build
