"""Whose class an object of a Keras file is: Keras's own, or one of the file's author that may have the same name.

Follows `keras.saving.deserialize_keras_object`: a module of Keras's names a class of Keras's; any other module, none
(`"module": null`), or a name that the class was registered under (`"Package>Name"`), one of somebody else's. Files
without modules (up to TensorFlow 2.12, and HDF5) tell the two apart by the registered name alone.
"""

from __future__ import annotations

from functools import lru_cache

from cnnsum.typed import Any

#: Packages whose classes are Keras's own. Those of KerasHub and its like are not: their layers have rules of their own.
_OWN = ("keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras")

#: Classes of Keras 2 that go by another name here, which TensorFlow 2.13 to 2.15 write with their module.
_OF_KERAS_2 = frozenset(("TFOpLambda", "SlicingOpLambda", "SyncBatchNormalization"))

#: Packages whose layers KerasHub has under the same names; KerasNLP is what it was called.
_HUB = ("keras_hub", "keras_nlp")
#: Their functions, as Keras calls what each computes.
_FUNCTIONS_OF_HUB = {"gelu_approximate": "gelu"}


@lru_cache(256)
def is_own_module(module: str) -> bool:
    """Whether Keras looks the classes and functions of a module up among its own.

    >>> is_own_module("keras.src.models.functional"), is_own_module("keras_hub.layers")
    (True, False)
    """
    return any(module == package or module.startswith(f"{package}.") for package in _OWN)


def key_of(raw: dict[str, Any]) -> str:
    """What a layer's type is found by: the class's name, with the module for Keras's operations; a class that is not
    Keras's has a key that no type of Keras's has.

    >>> key_of({"module": "keras.layers", "class_name": "Dense", "registered_name": None})
    'Dense'
    >>> key_of({"module": None, "class_name": "Dense", "registered_name": "Dense"})
    'Custom>Dense'
    """
    name: str = raw["class_name"]
    module = raw.get("module")
    registered = raw.get("registered_name")
    if not isinstance(registered, str):
        registered = name
    is_registered = registered != name
    if "module" not in raw:
        if is_registered:
            return _foreign(registered)
        from cnnsum.readers.keras.legacy import key_of as legacy_key_of

        return legacy_key_of(name, raw.get("config"))
    if not isinstance(module, str):
        return _foreign(registered)
    if not is_own_module(module):
        return f"{module}.{name}"
    if is_registered and ">" in registered:
        return registered
    if module.startswith(("keras.src.ops.", "keras.src.activations.")):
        return f"{module}.{name}"
    if name in _OF_KERAS_2:
        from cnnsum.readers.keras.legacy import key_of as legacy_key_of

        return legacy_key_of(name, raw.get("config"))
    return name


def hub_name(key: str) -> str | None:
    """What KerasHub calls the class that is found by this key; None for a class that is not its own.

    >>> hub_name("keras_nlp>TransformerEncoder"), hub_name("keras_hub.src.layers.modeling.TransformerEncoder")
    ('TransformerEncoder', 'TransformerEncoder')
    >>> hub_name("Custom>TransformerEncoder")
    """
    if not key.startswith(_HUB):
        return None
    package, _, name = key.rpartition(">") if ">" in key else key.rpartition(".")
    return name if package.partition(".")[0] in _HUB else None


def hub_function(name: str) -> str | None:
    """What Keras calls a function of KerasHub's; None for any other.

    >>> hub_function("keras_hub>gelu_approximate")
    'gelu'
    """
    return _FUNCTIONS_OF_HUB.get(hub_name(name) or "")


def shown(class_name: str) -> str:
    """What Keras's summary calls a class, which older files name with its package.

    >>> shown("Custom>Patches")
    'Patches'
    """
    return class_name.rpartition(">")[2] or class_name


def function_of(value: dict[str, object]) -> str | None:
    """What a function that a field holds is called, where it is the author's own; None where it is Keras's, or no
    function at all.
    """
    class_name, config = value.get("class_name"), value.get("config")
    if class_name == "__lambda__":
        return "lambda"
    if class_name != "function" or not isinstance(config, str):
        return None
    module, registered = value.get("module", "builtins"), value.get("registered_name")
    if ">" in config:
        return config
    if isinstance(registered, str) and ">" in registered:
        return registered
    if isinstance(module, str) and (module == "builtins" or is_own_module(module)):
        return None
    return config


def _foreign(name: str) -> str:
    """A key for a class of somebody else's; "Custom" is the package that Keras registers classes in by default."""
    return name if ">" in name else f"Custom>{name}"
