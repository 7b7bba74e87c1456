"""What the installed Keras has, and what of it the tests compare with ours: the facts of docs/keras.md.

`python tests/peers/keras_names.py` writes them to keras_names.json, for the page to be made without Keras.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import pkgutil
import sys
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")
FILE = Path(__file__).with_suffix(".json")


def found() -> dict[str, Any]:
    """Layers and operations of the installed Keras: why a layer is not drawn at random ("" where it is), and whether
    an operation stands in a model that is compared.
    """
    import keras
    import keras_strategies
    from keras import layers

    named = {made.__name__: name for name, made in sorted(vars(layers).items()) if inspect.isclass(made)}
    compared = _operations_of_models()
    return {
        "version": keras.__version__,
        "layers": {name: keras_strategies.NOT_DRAWN.get(name, "") for name in sorted(named)},
        "operations": {key: key in compared for key in _operations()},
    }


def _operations() -> list[str]:
    """The keys of all operations, as files have them."""
    from keras.src import ops
    from keras.src.ops.operation import Operation

    keys = set()
    for module in pkgutil.iter_modules(ops.__path__):
        if module.name.endswith("_test"):
            continue
        for made in vars(importlib.import_module(f"{ops.__name__}.{module.name}")).values():
            if inspect.isclass(made) and issubclass(made, Operation) and made is not Operation:
                keys.add(f"{made.__module__}.{made.__name__}")
    return sorted(key for key in keys if key.startswith("keras.src.ops."))


def _operations_of_models() -> set[str]:
    """The operations in the models that the tests compare."""
    import keras
    import keras_examples
    import keras_examples_graphs
    import keras_examples_nested  # noqa: F401 - adds models, as the one before
    import test_keras_operations as operations

    assert keras_examples_graphs
    keys: set[str] = set()
    for key in operations.OPERATIONS:
        found = operations.with_defaults(key)
        if found is not None:
            keys |= _keys(found[0])
    for make, shapes in operations.CASES.values():
        keras.backend.clear_session()
        inputs = [keras.Input(shape) for shape in shapes]
        made = make(*inputs)
        keys |= _keys(keras.Model(inputs, list(made) if isinstance(made, (list, tuple)) else made))
    for build in keras_examples.MODELS.values():
        try:
            keys |= _keys(build())
        except (TypeError, ValueError, NotImplementedError):
            continue  # a model that Keras cannot write
        finally:
            keras.config.set_dtype_policy("float32")
            keras.config.set_image_data_format("channels_last")
    return keys


def _keys(model: Any) -> set[str]:
    keys = set()

    def see(value: Any) -> None:
        if isinstance(value, dict):
            if str(value.get("module")).startswith("keras.src.ops."):
                keys.add(f"{value['module']}.{value['class_name']}")
            for item in value.values():
                see(item)
        elif isinstance(value, list):
            for item in value:
                see(item)

    see(json.loads(model.to_json()))
    return keys


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.path.insert(0, str(FILE.parent))
    FILE.write_text(json.dumps(found(), indent=1) + "\n", encoding="utf-8")
