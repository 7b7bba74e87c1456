"""Our reader of HDF5 beside h5py: random files of all formats, and files of Keras with every byte changed."""

from __future__ import annotations

import contextlib
import io
import random
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

h5py = pytest.importorskip("h5py")
numpy = pytest.importorskip("numpy")

from cnnsum.diagnostics import UnusableError  # noqa: E402 - the imports above are what skips
from cnnsum.source import hdf5  # noqa: E402
from cnnsum.source.containers import contents_of  # noqa: E402
from tests.thorough import THOROUGH  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

DTYPES = (
    *("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?", ">f4", ">i2", "c8", "S5"),
    *("datetime64[s]", [("a", "f4"), ("b", "i2", (3,))]),
)


def opened(data: bytes) -> hdf5.File:
    return hdf5.File(io.BytesIO(data), 0, len(data))


def check(path: Path, start: int = 0) -> int:
    """Compare all that both readers say of a file; gives the number of objects."""
    data = path.read_bytes()[start:]
    ours = opened(data)
    seen = 0

    def walk(theirs: Any, found: hdf5.Object, where: str) -> None:
        nonlocal seen
        seen += 1
        attributes = found.attributes()
        assert set(attributes) == set(theirs.attrs), where
        for name, attribute in attributes.items():
            assert found.strings(attribute, 2**30) == texts(theirs.attrs[name]), (where, name)
        if isinstance(theirs, h5py.Dataset):
            assert (found.is_dataset, found.is_group) == (True, False)
            assert found.shape == theirs.shape
            if theirs.dtype.kind in "biuf":
                assert found.dtype.name == theirs.dtype.name
            if theirs.dtype.kind != "O":  # which h5py gives the size of a pointer
                assert found.dtype.size == theirs.id.get_type().get_size()
            return
        if isinstance(theirs, h5py.Datatype):
            assert (found.is_dataset, found.is_group) == (False, False)
            return
        assert (found.is_dataset, found.is_group) == (False, True)
        assert set(found.links) == set(theirs.keys()), where
        for name in theirs:
            link = theirs.get(name, getlink=True)
            led = ours.find(name, found)
            if isinstance(link, h5py.HardLink):
                assert led is not None
                walk(theirs[name], led, f"{where}/{name}")
            elif isinstance(link, h5py.SoftLink):
                target = theirs.get(name)
                assert (led is None) == (target is None)
                if led is not None:
                    assert ours.find(target.name) is led
            else:
                assert led is None

    with h5py.File(path, "r") as file:
        walk(file, ours.root, "")
    return seen


def texts(value: Any) -> list[bytes] | None:
    if isinstance(value, h5py.Empty):
        return None
    values = value.ravel().tolist() if isinstance(value, numpy.ndarray) else [value]
    if isinstance(value, numpy.ndarray) and value.dtype.kind not in "SO":
        return None
    if not all(isinstance(one, (str, bytes)) for one in values):
        return None
    return [one.encode("utf-8", "surrogateescape") if isinstance(one, str) else one for one in values]


class Drawn:
    """A random tree of groups, datasets, links and attributes."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.left = 150
        self.types: list[Any] = []

    def name(self) -> str:
        length = self.random.choice((1, 3, 8, 30, 200))
        return "".join(self.random.choice("abcdefghij_:äß0123456789 ") for _ in range(length)).strip() or "x"

    def text(self) -> str:
        length = self.random.choice((0, 1, 7, 40, 300, 3000, 5000, 70_000))
        return "".join(self.random.choice("abcßd{}\"'") for _ in range(length))

    def attributes(self, owner: Any) -> None:
        for _ in range(self.random.choice((0, 0, 1, 3, 9, 40))):
            kind = self.random.randrange(9)
            text = self.text()
            value: Any = text
            if kind == 1:
                value = numpy.bytes_(text.encode())
            elif kind == 2:
                value = numpy.array([self.name().encode() for _ in range(self.random.choice((1, 5, 60)))])
            elif kind == 3:
                value = numpy.array([self.name() for _ in range(7)], dtype=h5py.string_dtype())
            elif kind == 4:
                value = self.random.choice((3, 2.5, True, 1 + 2j, numpy.float16(1), numpy.arange(6).reshape(2, 3)))
            elif kind == 5:
                value = h5py.Empty(self.random.choice(("f4", "S3")))
            elif kind == 6:
                value = numpy.array([[b"a", b"bcd"], [b"", b"xy"]])
            elif kind == 7 and self.types:
                owner.attrs.create(self.name(), numpy.zeros(3), dtype=self.random.choice(self.types))
                continue
            # Some are too large for the format, or texts that it cannot hold.
            with contextlib.suppress(OSError, RuntimeError, ValueError):
                owner.attrs[self.name()] = value

    def fill(self, group: Any, depth: int = 0) -> None:
        self.attributes(group)
        for _ in range(self.random.choice((0, 2, 5, 12, 80)) if depth else 30):
            if self.left <= 0:
                return
            self.left -= 1
            name, kind = self.name(), self.random.randrange(10)
            if name in group:
                continue
            if kind < 3 and depth < 6:
                self.fill(group.create_group(name, track_order=self.random.choice((None, True))), depth + 1)
            elif kind == 3:
                group[name] = h5py.SoftLink(self.random.choice(("/", "nowhere", "/nowhere/at all", ".")))
            elif kind == 4:
                group[name] = h5py.ExternalLink("other.h5", "/x")
            elif kind == 5 and len(self.types) < 3:
                group[name] = numpy.dtype("f8")
                self.types.append(group[name])
            elif kind == 6:
                group[name] = group.file["/"] if not depth else self.text()
                if not depth:
                    del group[name]
            else:
                self.dataset(group, name)

    def dataset(self, group: Any, name: str) -> None:
        shape = tuple(self.random.randrange(5) for _ in range(self.random.randrange(5)))
        dtype = self.random.choice((*DTYPES, *self.types))
        options: dict[str, Any] = {}
        if shape and all(shape) and self.random.random() < 0.4:
            options = {"chunks": True, "compression": self.random.choice((None, "gzip"))}
            options["maxshape"] = tuple(self.random.choice((None, size)) for size in shape)
        if dtype == "datetime64[s]":
            dtype = h5py.opaque_dtype(numpy.dtype(dtype))
        made = group.create_dataset(name, shape, dtype=dtype, **options)
        if self.random.random() < 0.3:
            self.attributes(made)


@pytest.mark.parametrize("seed", range(30))
def test_random_files(seed: int, tmp_path: Path) -> None:
    drawn = Drawn(seed)
    block = drawn.random.choice((0, 0, 512, 2048))
    options: dict[str, Any] = {
        "libver": drawn.random.choice((None, "earliest", "latest", ("earliest", "v110"), ("v108", "v108"))),
        "track_order": drawn.random.choice((None, True)),
        "userblock_size": block,
    }
    if drawn.random.random() < 0.2 and options["libver"] is not None:
        block = 0
        options.update(fs_strategy="page", fs_page_size=4096, userblock_size=0)
    path = tmp_path / "random.h5"
    with h5py.File(path, "w", **options) as file:
        drawn.fill(file)
    assert check(path, block) > 1


def test_a_group_of_many_thousands(tmp_path: Path) -> None:
    for libver in ("earliest", "latest"):
        path = tmp_path / f"{libver}.h5"
        with h5py.File(path, "w", libver=libver) as file:
            many = file.create_group("many")
            for number in range(5000):
                many.create_group(f"group {number}")
        assert check(path) == 5002


# Damage.


def keras_file(path: Path, **options: Any) -> bytes:
    keras = pytest.importorskip("keras")
    from keras.src.legacy.saving import legacy_h5_format

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="d")], name="s")
    with h5py.File(path, "w", **options) as file:
        legacy_h5_format.save_model_to_hdf5(model, file)
    return path.read_bytes()


ORACLE = """
import io, sys, h5py
print("ready", flush=True)
for line in sys.stdin:
    data = bytearray(open(sys.argv[1], "rb").read())
    at, value = map(int, line.split())
    data[at] = value
    try:
        with h5py.File(io.BytesIO(bytes(data)), "r") as file:
            found = file.attrs["model_config"]
        print(repr(found), flush=True)
    except Exception as error:
        print("-", type(error).__name__, flush=True)
"""


#: In seconds.
PATIENCE = 10.0 if THOROUGH else 1.0


class Oracle:
    """h5py in a process of its own, which may die or hang."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.process: subprocess.Popen[str] | None = None
        self.deaths = 0

    def ask(self, at: int, value: int) -> str:
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, "-c", ORACLE, str(self.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            assert self.process.stdout is not None
            assert self.process.stdout.readline() == "ready\n"
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{at} {value}\n")
        self.process.stdin.flush()
        # Some damage makes libhdf5 look for ever; what has not answered by then, a thousand times later than most
        # do, has no answer.
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        found = self.process.stdout.readline() if ready else ""
        if not found:
            self.deaths += 1
            self.process.kill()
            self.process.wait()
            self.process = None
        return found.strip()


def ours(data: bytes, path: str = "x.h5") -> bytes | None:
    """The config that is found, or None after a refusal. The weights are read, too."""
    try:
        found = contents_of(io.BytesIO(data), data[:65536], path, again=lambda: io.BytesIO(data))
        if found is not None and found.weights is not None:
            found.weights()
    except UnusableError as error:
        (said,) = error.diagnostics
        assert said.code in ("SPC067", "SPC068")
        return None
    return None if found is None else found.config


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_every_byte_changed(libver: str, tmp_path: Path) -> None:
    path = tmp_path / "net.h5"
    sound = keras_file(path, libver=libver)
    config = ours(sound)
    assert config is not None
    oracle = Oracle(path)
    drawn = random.Random(libver)
    read = same = 0
    for at in range(len(sound)):
        # What stands in the text of the config is the config's; the weights are not looked at by either.
        value = sound[at] ^ drawn.choice((1, 2, 4, 8, 16, 32, 64, 128, 255))
        changed = bytearray(sound)
        changed[at] = value
        found = ours(bytes(changed)) if changed.startswith(hdf5.SIGNATURE) else None
        if found == config and at % 16:
            continue  # asked of h5py now and then
        theirs = oracle.ask(at, value)
        if theirs.startswith(("-", "")) and not theirs.startswith(("'", "b'", '"', 'b"')):
            continue
        read += 1
        if found is not None:
            same += 1
            assert repr(found.decode("utf-8", "surrogateescape")) in theirs or repr(found) in theirs, at
    assert read > 100
    assert same > read * 0.5
