"""A Keras archive with models in a model, one of them called twice, written by hand."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from tests.readers.keras_writing import functional, image, made, sequential


def nested_archive(file: Path) -> Path:
    block = functional(
        [
            image((None, None, 8), "inner"),
            made("Conv2D", "conv", "inner", filters=8, kernel_size=[3, 3], padding="same"),
            made("ReLU", "relu", "conv"),
            made("Add", "add", ["inner", "relu"]),
        ],
        "add",
        name="block",
        calls=["stem", "pool"],
    )
    tower = sequential(
        made("Conv2D", "a", filters=4, kernel_size=[3, 3], strides=[2, 2]),
        made("BatchNormalization", "b"),
        made("ReLU", "c"),
        name="tower",
        calls=["block:1"],
    )
    network = functional(
        [
            image((32, 48, 3)),
            made("Conv2D", "stem", "image", filters=8, kernel_size=[3, 3], padding="same"),
            block,
            made("MaxPooling2D", "pool", "block", pool_size=[2, 2]),
            tower,
            made("Flatten", "flat", "tower"),
            made("Dense", "head", "flat", units=5),
        ],
        "head",
        name="nested",
    )
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("config.json", json.dumps(network))
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
    return file
