"""The reader of HDF5: sound files of the old and the new format, and what damage and malice make of them.

The samples are written by tests/peers/make_hdf5_samples.py; tests/peers/test_hdf5.py compares with h5py.
"""

from __future__ import annotations

import io
import json
import random
from collections import Counter
from pathlib import Path

import pytest

import cnnsum
from cnnsum.diagnostics import UnusableError
from cnnsum.source import hdf5
from cnnsum.source.hdf5.store import checksum
from tests.thorough import each, examples

SAMPLES = Path(__file__).parent / "hdf5"
KERAS = (SAMPLES / "keras.h5").read_bytes()
LATEST = (SAMPLES / "latest.h5").read_bytes()


def opened(data: bytes) -> hdf5.File:
    return hdf5.File(io.BytesIO(data), 0, len(data))


def texts(file: hdf5.File, path: str, name: str) -> list[bytes] | None:
    found = file.find(path)
    assert found is not None
    return found.strings(found.attributes()[name], 2**20)


def shape(file: hdf5.File, path: str) -> tuple[tuple[int, ...] | None, str]:
    found = file.find(path)
    assert found is not None
    assert found.is_dataset
    return found.shape, found.dtype.name


def walk(file: hdf5.File) -> int:
    """Read all that there is; gives the number of objects."""
    seen: set[int] = set()

    def visit(found: hdf5.Object, depth: int) -> None:
        if found.address in seen or depth > 100:
            return
        seen.add(found.address)
        for one in found.attributes().values():
            found.strings(one, 2**20)
        if found.is_dataset:
            assert found.shape is None or isinstance(found.shape, tuple)
            assert found.dtype.name
        if found.is_group:
            for name in found.links:
                led = file.find(name, found)
                if led is not None:
                    visit(led, depth + 1)

    visit(file.root, 0)
    return len(seen)


def test_the_checksum_is_lookup3():
    # The values of its author's own tests.
    assert checksum(b"") == 0xDEADBEEF
    assert checksum(b"Four score and seven years ago") == 0x17770551


def test_what_keras_writes():
    file = opened(KERAS)
    assert texts(file, "/", "backend") == [b"numpy"]
    assert texts(file, "model_weights", "layer_names") == [b"d"]
    assert texts(file, "model_weights/d", "weight_names") == [b"s/d/kernel", b"s/d/bias"]
    assert shape(file, "model_weights/d/s/d/kernel") == ((4, 2), "float32")
    assert shape(file, "/model_weights/d/s/d/bias") == ((2,), "float32")
    assert file.find("model_weights/e") is None
    assert file.find("model_weights/d/s/d/bias/x") is None
    assert cnnsum.summarize(cnnsum.load(SAMPLES / "keras.h5")).totals.params.total == 10


def test_what_the_newest_format_has():
    file = opened(LATEST)
    many = file.find("many")
    assert many is not None
    attributes = many.attributes()
    assert set(attributes) == {*(f"attribute {number}" for number in range(60)), "large"}
    assert set(many.links) == {f"link {number}" for number in range(60)}
    for number in range(60):
        assert many.strings(attributes[f"attribute {number}"], 99) == [b"value %d" % number]
        assert file.find(f"many/link {number}") is file.find("array")
    assert many.strings(attributes["large"], 5000) == [b"x" * 5000]
    assert shape(file, "array") == ((3, 2, 5), "float16")
    assert texts(file, "array", "names") == [b"a", b"bcd"]
    assert texts(file, "array", "texts") == [b"", "ä".encode(), b"three"]
    assert texts(file, "array", "of a named type") is None
    assert shape(file, "scalar") == ((), "bool")
    assert shape(file, "nothing") == (None, "int16")
    assert file.find("elsewhere") is None
    assert file.find("circle") is None
    assert cnnsum.summarize(cnnsum.load(SAMPLES / "latest.h5")).totals.params.total == 10


def test_a_file_behind_a_block_of_the_users(tmp_path: Path):
    data = (SAMPLES / "user_block.h5").read_bytes()
    assert cnnsum.summarize(cnnsum.load(SAMPLES / "user_block.h5")).totals.params.total == 10
    path = tmp_path / "x.h5"
    path.write_bytes(b"#!/bin/sh\n".ljust(512) + data[512:-9])
    assert f"SPC067 the HDF5 file `{path}` is damaged: at byte 552: the superblock says that the file has" in refusal(
        path
    )


def test_values_that_are_too_large():
    file = opened(LATEST)
    many = file.find("many")
    assert many is not None
    for name, size in (("large", 5000), ("attribute 7", 7)):
        with pytest.raises(hdf5.TooLargeError):
            many.strings(many.attributes()[name], size - 1)


# Damage.


def refusal(path: Path) -> str:
    with pytest.raises(UnusableError) as error:
        cnnsum.load(path)
    (found,) = error.value.diagnostics
    return str(found)


def damaged(data: bytes, *changes: tuple[int, bytes]) -> hdf5.DamagedError:
    changed = bytearray(data)
    for at, new in changes:
        changed[at : at + len(new)] = new
    with pytest.raises(hdf5.DamagedError) as error:
        walk(opened(bytes(changed)))
    return error.value


def number(value: int, size: int = 8) -> bytes:
    return value.to_bytes(size, "little")


def test_files_that_are_cut_off(tmp_path: Path):
    path = tmp_path / "cut.h5"
    for data in (KERAS, LATEST):
        for length in range(8, len(data), 211):
            path.write_bytes(data[:length])
            assert refusal(path).startswith(f"SPC067 the HDF5 file `{path}` is damaged: at byte ")
    path.write_bytes(KERAS[:-1])
    assert refusal(path).endswith(
        f"says that the file has {len(KERAS)} bytes, and it has {len(KERAS) - 1}: it is cut off"
    )


def test_a_text_that_became_something_else(tmp_path: Path):
    # One bit of the datatype: libhdf5 2.0 itself reads memory that is not its own here.
    at = KERAS.index(b"model_config\0") + 16
    path = tmp_path / "x.h5"
    path.write_bytes(KERAS[: at + 1] + bytes([KERAS[at + 1] ^ 1]) + KERAS[at + 2 :])
    assert "SPC067 `model_config` in" in refusal(path)
    assert refusal(path).endswith("is not text")


def test_a_tree_that_contains_itself():
    at = KERAS.index(b"TREE")
    child = at + 32
    found = damaged(KERAS, (at + 5, b"\1"), (child, number(at)))
    assert (found.what, found.offset) == ("a node of a B-tree is reached twice", at)
    found = damaged(KERAS, (child, number(at)))
    assert found.what == "a node of a B-tree is reached twice"
    other = KERAS.index(b"HEAP")
    found = damaged(KERAS, (child, number(other)))
    assert (found.what, found.offset) == ("a list of symbols does not begin with SNOD", other)
    found = damaged(KERAS, (at + 5, b"\xff"))
    assert found.what == "a node of a B-tree is of level 255, which cannot be here"


def test_a_header_that_leads_back():
    file = opened(KERAS)
    (address,) = {message.body.start for message in file.root._messages if message.type == 0x10} or {0}
    assert address, "the sample's outermost group has a continuation"
    own = file.root.address + 16
    length = int.from_bytes(KERAS[file.root.address + 8 : file.root.address + 12], "little")
    found = damaged(KERAS, (address, number(own) + number(length)))
    assert found.what == "a header's continuation leads back to a block that was read"


def test_lengths_beyond_the_file():
    at = KERAS.index(b"model_config\0") - 8  # an attribute of version 1
    assert damaged(KERAS, (at + 2, number(60_000, 2))).what == "an attribute ends too early"
    heap = KERAS.index(b"HEAP")
    assert "is beyond the end of the file" in damaged(KERAS, (heap + 8, number(2**40))).what
    strings = KERAS.index(b"GCOL")
    assert "goes beyond the end of the file" in damaged(KERAS, (strings + 8, number(2**62))).what
    assert "goes beyond its collection" in damaged(KERAS, (strings + 24, number(2**62))).what


def test_checksums_are_compared():
    for signature in (b"OHDR", b"FRHP", b"FHDB", b"BTHD", b"BTLF", b"BTIN"):
        at = LATEST.index(signature)
        found = damaged(LATEST, (at + 12, bytes([LATEST[at + 12] ^ 1])))
        assert found.what.startswith("the checksum of ")
        assert found.offset == at


def test_links_that_lead_around_and_around():
    """Eight links, each of which leads forty times through the one before."""
    data = (SAMPLES / "soft.h5").read_bytes()
    file = opened(data)
    assert file.find("g/l1") is file.find("g")
    with pytest.raises(hdf5.DamagedError, match="more structures than a file of this size can hold"):
        file.find("g/l7")


@each("name", ["keras", "latest", "user_block"])
def test_changed_bytes(name: str):
    """What is damaged is refused with a place, and takes no more steps than a sound file may."""
    sound = (SAMPLES / f"{name}.h5").read_bytes()
    start = hdf5.find_start(sound)
    assert start is not None
    drawn = random.Random(name)
    found: Counter[bool] = Counter()
    for at in drawn.sample(range(start, len(sound)), examples(500)):
        data = bytearray(sound)
        data[at] ^= drawn.choice((1, 2, 4, 8, 16, 32, 64, 128, 255))
        try:
            walk(hdf5.File(io.BytesIO(bytes(data)), start, len(data) - start))
        except hdf5.DamagedError as error:
            assert error.what  # noqa: PT017 - most are read all the same
            found[False] += 1
        else:
            found[True] += 1
    assert found[False] > 3
    assert found[True] > 10


def test_changed_bytes_of_a_model(tmp_path: Path):
    config = json.loads(texts(opened(KERAS), "/", "model_config")[0])  # type: ignore[index]
    assert config["class_name"] == "Sequential"
    path = tmp_path / "x.h5"
    drawn = random.Random(1)
    for at in drawn.sample(range(8, len(KERAS)), examples(400)):
        path.write_bytes(KERAS[:at] + bytes([KERAS[at] ^ drawn.choice((1, 8, 128, 255))]) + KERAS[at + 1 :])
        try:
            cnnsum.summarize(cnnsum.load(path))
        except UnusableError as error:
            assert error.diagnostics  # noqa: PT017 - most can be used all the same
