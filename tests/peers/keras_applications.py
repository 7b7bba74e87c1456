"""The networks of keras.applications, with zeros for weights: nobody looks at them, and to draw them takes longest."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import pytest

NAMES = [
    name
    for name in sorted(dir(keras.applications))
    if name[0].isupper() and callable(getattr(keras.applications, name))
]


@contextmanager
def cheap_weights() -> Iterator[None]:
    """Weights of zeros where Keras draws random ones."""

    def zeros(_self: Any, shape: tuple[int, ...], dtype: str | None = None) -> Any:
        return np.zeros(shape, dtype or "float32")

    with pytest.MonkeyPatch.context() as patch:
        for initializer in ("VarianceScaling", "TruncatedNormal", "RandomNormal"):
            patch.setattr(getattr(keras.initializers, initializer), "__call__", zeros)
        yield


def made(application: str, **fields: Any) -> Any:
    """A network of that name, with the names of layers as in a new session."""
    keras.backend.clear_session()
    with cheap_weights():
        return getattr(keras.applications, application)(weights=None, **fields)


@functools.cache
def text_of(name: str) -> str:
    """The file of the network as Keras makes it by default."""
    return str(made(name).to_json())
