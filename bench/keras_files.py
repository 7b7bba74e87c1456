"""A folder of many Keras files, for benches: the applications that Keras has, as `.json` and `.keras`.

    KERAS_BACKEND=numpy python bench/keras_files.py FOLDER [--files 10000] [--sizes 3]

Every application is built by Keras at several sizes, and written by Keras. Of the JSON of each there are as many copies
as are wanted, every one with a name and a number of classes of its own; archives, which hold weights, are linked under
several names. One file in ten is an archive.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")
#: The applications by their names in `keras.applications`, with arguments that vary them, and the least size of images.
APPLICATIONS: dict[str, tuple[list[dict[str, Any]], int]] = {
    "MobileNet": ([{"alpha": 0.25}, {"alpha": 0.5}, {"alpha": 1.0}], 32),
    "MobileNetV2": ([{"alpha": 0.35}, {"alpha": 1.0}], 32),
    "MobileNetV3Small": ([{"minimalistic": True}, {}], 32),
    "MobileNetV3Large": ([{}], 32),
    "EfficientNetB0": ([{}], 32),
    "EfficientNetB2": ([{}], 32),
    "EfficientNetV2B0": ([{}], 32),
    "NASNetMobile": ([{}], 32),
    "DenseNet121": ([{}], 32),
    "DenseNet169": ([{}], 32),
    "ResNet50": ([{}], 32),
    "ResNet50V2": ([{}], 32),
    "ResNet101": ([{}], 32),
    "InceptionV3": ([{}], 75),
    "Xception": ([{}], 71),
    "ConvNeXtTiny": ([{}], 32),
    "VGG16": ([{"include_top": False, "pooling": "avg"}], 32),
}
SIZES = (96, 160, 224)
#: Applications that are small enough to be saved with their weights.
ARCHIVES = ("MobileNet", "MobileNetV2", "MobileNetV3Small", "EfficientNetB0", "NASNetMobile")
ONE_ARCHIVE_IN = 10


def built(sizes: int) -> Iterator[tuple[str, Any]]:
    """Models of Keras, each under a name. Their weights are zeros, which nobody here looks at."""
    import keras
    import numpy as np

    for initializer in (keras.initializers.VarianceScaling, keras.initializers.TruncatedNormal):
        initializer.__call__ = lambda _self, shape, dtype=None: np.zeros(shape, dtype)
    for name, (variations, least) in APPLICATIONS.items():
        for number, variation in enumerate(variations):
            for size in SIZES[:sizes]:
                if size < least:
                    continue
                options = dict(variation)
                if name == "NASNetMobile" and size != 224:  # its classifier is for one size
                    options |= {"include_top": False, "pooling": "avg"}
                keras.utils.clear_session()
                shape = (size, size, 3)
                yield (
                    f"{name}_{number}_{size}",
                    getattr(keras.applications, name)(weights=None, input_shape=shape, **options),
                )


def varied(text: str, number: int) -> str:
    """The JSON of a model with another name, and another number of classes where it has a classifier."""
    value = json.loads(text)
    config = value["config"]
    config["name"] = f"{config['name']}_{number}"
    last = config["layers"][-1]
    if last["class_name"] == "Dense":
        last["config"]["units"] = 10 + number % 990
    return json.dumps(value)


def write(folder: Path, files: int, sizes: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "written"
    kept.mkdir(exist_ok=True)
    (folder / ".gitignore").write_text("written/\n", encoding="utf-8")
    for name, model in built(sizes):
        (kept / f"{name}.json").write_text(model.to_json(), encoding="utf-8")
        if name.startswith(tuple(f"{one}_" for one in ARCHIVES)):
            model.save(kept / f"{name}.keras")
    texts = [path.read_text(encoding="utf-8") for path in sorted(kept.glob("*.json"))]
    archives = sorted(kept.glob("*.keras"))
    for number in range(files):
        parent = folder / f"{number // 1000:03}"
        parent.mkdir(exist_ok=True)
        if number % ONE_ARCHIVE_IN == 0:
            os.link(archives[number // ONE_ARCHIVE_IN % len(archives)], parent / f"model_{number:06}.keras")
        else:
            text = varied(texts[number % len(texts)], number)
            (parent / f"model_{number:06}.json").write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--sizes", type=int, default=len(SIZES), choices=range(1, len(SIZES) + 1))
    given = parser.parse_args()
    write(given.folder, given.files, given.sizes)


if __name__ == "__main__":
    main()
