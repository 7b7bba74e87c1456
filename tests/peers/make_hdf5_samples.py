"""Writes the small HDF5 files of tests/source/hdf5, and files of a model with a layer of its author's own.

With h5py and Keras: `python tests/peers/make_hdf5_samples.py`.
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "numpy")

import h5py
import keras
import keras_custom
import numpy as np
from keras.src.legacy.saving import legacy_h5_format

ARCHIVES = Path(__file__).resolve().parent.parent / "readers" / "keras_json" / "archives"
SAMPLES = Path(__file__).resolve().parent.parent / "source" / "hdf5"


def write() -> None:
    """All of them."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="d")], name="s")
    with h5py.File(SAMPLES / "keras.h5", "w") as file:
        legacy_h5_format.save_model_to_hdf5(model, file)
    # All that files of the newest format have: dense links and attributes, in trees of two levels; large attributes.
    with h5py.File(SAMPLES / "latest.h5", "w", libver="latest", track_order=True) as file:
        file.attrs["model_config"] = np.bytes_(model.to_json().encode().ljust(5000))
        many = file.create_group("many")
        for number in range(60):
            many.attrs[f"attribute {number}"] = f"value {number}"
            many[f"link {number}"] = h5py.SoftLink("/array")
        many.attrs["large"] = np.bytes_(b"x" * 5000)
        file["type"] = np.dtype("f2")
        made = file.create_dataset("array", (3, 2, 5), dtype=file["type"], maxshape=(None, 2, 5))
        made.attrs.create("of a named type", [1.0, 2.0], dtype=file["type"])
        made.attrs["names"] = [b"a", b"bcd"]
        made.attrs["texts"] = ["", "ä", "three"]
        file["scalar"] = True
        file.create_dataset("nothing", dtype="i2", data=h5py.Empty("i2"))
        file["elsewhere"] = h5py.ExternalLink("other.h5", "/x")
        file["circle"] = h5py.SoftLink("/circle")
    with h5py.File(SAMPLES / "user_block.h5", "w", userblock_size=512) as file:
        file.attrs["model_config"] = model.to_json()
    with h5py.File(SAMPLES / "soft.h5", "w") as file:
        group = file.create_group("g")
        group["l0"] = h5py.SoftLink("/g")
        for number in range(1, 8):
            group[f"l{number}"] = h5py.SoftLink("/".join([f"l{number - 1}"] * 40))
    for suffix in ("keras", "h5"):
        keras.backend.clear_session()
        keras_custom.MODELS["containers"]().save(ARCHIVES / f"containers.{suffix}")


if __name__ == "__main__":
    write()
