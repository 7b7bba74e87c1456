"""TensorFlow's SavedModel that Keras 2 wrote: a folder, or one of the two files in it that hold the layers as JSON.

Keras from 2.5 on writes `keras_metadata.pb` (saved_metadata.proto of Keras); before that the same JSON stands in
`saved_model.pb`, at the first object of its graph (saved_object_graph.proto of TensorFlow). Gives that JSON, and of a
folder the names and shapes of the variables of each layer; functions and values are not read. Of the JSON it knows
where a layer's name stands.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from functools import partial

from cnnsum.source.arrays import Array, Group
from cnnsum.source.containers import MAX_CONFIG, Contents, Weights
from cnnsum.source.messages import BadMessageError, Blocks, Message, refuse
from cnnsum.source.protobuf import Field, decode
from cnnsum.typed import Any, BinaryIO

METADATA = "keras_metadata.pb"
PROGRAM = "saved_model.pb"
#: The files of a folder that hold layers, the first that is there is read.
FILES = (METADATA, PROGRAM)

_MODELS = (b"_tf_keras_model", b"_tf_keras_network", b"_tf_keras_sequential")

_TEXT = Field("", "bytes", most=MAX_CONFIG)
SCHEMA = {
    "Metadata": {1: Field("nodes", "Node", many=True)},
    "Node": {
        2: Field("id", "int"),
        3: _TEXT._replace(name="path"),
        4: _TEXT._replace(name="identifier"),
        5: _TEXT._replace(name="metadata"),
    },
    "Program": {2: Field("graphs", "MetaGraph", many=True)},
    "MetaGraph": {7: Field("objects", "ObjectGraph")},
    "ObjectGraph": {1: Field("nodes", "Object", many=True)},
    "Object": {1: Field("children", "Child", many=True), 4: Field("user", "User"), 7: Field("variable", "Variable")},
    "Child": {1: Field("id", "int"), 2: Field("name", "text")},
    "Variable": {1: Field("dtype", "int"), 2: Field("shape", "Shape"), 6: Field("name", "text")},
    "Shape": {2: Field("dims", "Dim", many=True), 3: Field("unknown", "int")},
    "Dim": {1: Field("size", "int")},
    "User": {1: _TEXT._replace(name="identifier"), 3: _TEXT._replace(name="metadata")},
}

#: The dtypes of variables, by their numbers in types.proto of TensorFlow.
_DTYPES = {
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    9: "int64",
    10: "bool",
    14: "bfloat16",
    17: "uint16",
    19: "float16",
    22: "uint32",
    23: "uint64",
}

# A list of nodes, of which the first has, behind its number, a path and the name of a class of Keras.
_IS_METADATA = re.compile(
    rb"\A\x0a[\x80-\xff]{0,4}[\x00-\x7f](?:\x10[\x80-\xff]{0,4}[\x00-\x7f])?\x1a.{1,4096}?\x22.{1,2}_tf_keras_",
    re.DOTALL,
)


def is_metadata(head: bytes) -> bool:
    """Whether a file that begins so is the `keras_metadata.pb` of a SavedModel."""
    return _IS_METADATA.match(head) is not None


def file_in(folder: str) -> str | None:
    """The file in a folder that holds the layers of a SavedModel; None where there is none."""
    for name in FILES:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    return None


def contents_of(
    file: BinaryIO, path: str, *, program: bool, open_file: Callable[[str], BinaryIO] | None = None
) -> Contents | None:
    """The JSON of the model in one of the files; None where it holds none of Keras.

    file: can be moved in. program: whether it is `saved_model.pb`. open_file: opens the other file of the folder
    `path`, whose variables are then given, too; what is damaged there is said in the weights alone. Raises
    UnusableError for a file that is damaged or passes a limit, at the byte, counted from 1 as a column of line 1.
    """
    try:
        message, left = decode(Blocks(file), SCHEMA, "Program" if program else "Metadata")
    except BadMessageError as error:
        refuse(error, path, "SavedModel")
    nodes = message.get("nodes", [])
    models = [node for node in nodes if node.get("path") == b"root"]
    if program:
        models = [node["user"] for node in _objects(message)[:1] if "user" in node]
    for node in models:
        if node.get("identifier") in _MODELS and "metadata" in node:
            config: bytes | None = node["metadata"]
            if config is None:
                most = f"its config has more than {MAX_CONFIG // 2**20} MiB"
                refuse(BadMessageError(most, left[0][0], too_large=True), path, "SavedModel")
            if program or open_file is None:
                return Contents(config)
            return Contents(config, partial(_weights, nodes, path, open_file))
    return None


def _objects(program: Message) -> list[Message]:
    """The objects of the first graph of a program."""
    graphs = program.get("graphs", [])
    found: list[Message] = graphs[0].get("objects", {}).get("nodes", []) if graphs else []
    return found


def _weights(nodes: list[Message], folder: str, open_file: Callable[[str], BinaryIO]) -> Weights | None:
    """The variables of each layer, by the layer's name, in the order in which it has them.

    nodes: of the metadata. None where the folder has no variables.
    """
    path = os.path.join(folder, PROGRAM)
    if not os.path.isfile(path):
        return None
    try:
        with open_file(path) as file:
            objects = _objects(decode(Blocks(file), SCHEMA, "Program")[0])
    except BadMessageError as error:
        return Weights(None, problem=f"`{PROGRAM}` is damaged: at byte {error.offset:,}, {error.what}")
    except (OSError, ValueError):
        return Weights(None, problem=f"`{PROGRAM}` cannot be read")
    root = Group()
    for node in nodes:
        # The layers of the model itself: a model among them has the variables of all its own.
        if _LAYER.fullmatch(node.get("path") or b"") is None:
            continue
        name, found = _name(node.get("metadata")), _variables(objects, node.get("id", 0))
        if name and found is not None:
            _list(_group(root, name.split("/")), found)
    if not root.groups:
        # A model that is a class of its own has its layers under names of its own: only all of them are known.
        for node in nodes:
            if node.get("path") == b"root":
                _list(root, _variables(objects, node.get("id", 0)) or [])
    return Weights(root, by_layer=True)


def _group(group: Group, path: list[str]) -> Group:
    """The group at a path, which is made where there is none."""
    for part in path:
        group = group.groups.setdefault(part, Group())
    return group


_LAYER = re.compile(rb"root\.layer[\w-]*")


def _name(text: bytes | None) -> str:
    try:
        found = json.loads(text or b"null")
    except (ValueError, RecursionError):
        return ""
    name = found.get("name") if isinstance(found, dict) else None
    return name if isinstance(name, str) else ""


def _variables(objects: list[Message], number: int) -> list[tuple[str, Array]] | None:
    """The names, shapes and dtypes of the variables of an object; None where one of them is not known."""

    def children(at: int) -> list[Any]:
        return objects[at].get("children", []) if 0 <= at < len(objects) else []

    listed = next((child.get("id", 0) for child in children(number) if child.get("name") == "variables"), None)
    if listed is None:
        return None
    found: list[tuple[str, Array]] = []
    for child in children(listed):
        at = child.get("id", 0)
        variable = objects[at].get("variable") if 0 <= at < len(objects) else None
        if variable is None or not variable.get("name"):
            return None
        shape = variable.get("shape", {})
        sizes = tuple([dim.get("size", 0) for dim in shape.get("dims", [])])
        dtype = _DTYPES.get(variable.get("dtype", 0))
        if dtype is None or shape.get("unknown") or min(sizes, default=0) < 0:
            return None
        found.append((variable["name"], Array(sizes, dtype)))
    return found


def _list(group: Group, found: list[tuple[str, Array]]) -> None:
    """Put arrays into a group, and list them; two of one name are two that cannot be told apart: none are listed."""
    if len({name for name, _ in found}) < len(found):
        return
    for name, array in found:
        *path, last = name.split("/")
        _group(group, path).arrays[last] = array
    group.listed = [name for name, _ in found]
