"""Files that hold an architecture among other things: zip archives (.keras) and HDF5 (.h5).

Gives the bytes of the one text that is an architecture. Nothing is extracted, weights are not read, and sizes are
bounded. Knows where Keras puts its config, and nothing of what is in it.
"""

from __future__ import annotations

import struct
from typing import BinaryIO, NoReturn

from cnnsum.diagnostics import Diagnostic, UnusableError
from cnnsum.source import hdf5

ZIP = b"PK\x03\x04"

#: Of a config; the largest of keras.applications (NASNetLarge) has 2 MB.
MAX_CONFIG = 32 * 2**20
#: Of the list of an archive's entries, which is read whole.
MAX_DIRECTORY = 16 * 2**20

_TAIL = 65_557  # the end record and the longest comment
_HELP = "write the architecture with `model.to_json()`, or the model with `model.save('model.keras')`"


def config_of(file: BinaryIO, head: bytes, path: str) -> bytes | None:
    """The text of the architecture in a file that begins with `head`; None where it is no container.

    file: open for reading, and can be moved in. Raises UnusableError where it holds none, or cannot be read.
    """
    if head.startswith(ZIP):
        return _of_zip(file, path)
    start = hdf5.find_start(head)
    if start is not None:
        return _of_hdf5(file, start, path)
    return None


def _of_zip(file: BinaryIO, path: str) -> bytes:
    import zlib
    from zipfile import BadZipFile, ZipFile

    try:
        if _directory_size(file) > MAX_DIRECTORY:
            _refuse("SPC067", f"the archive `{path}` has too many entries")
        with ZipFile(file) as archive:
            name = _member(archive.namelist(), path)
            info = archive.getinfo(name)
            if info.file_size > MAX_CONFIG:
                _refuse("SPC067", f"`{name}` in `{path}` is too large: more than {MAX_CONFIG // 2**20} MiB")
            with archive.open(info) as member:
                # What the entry says of its size need not be so.
                data = member.read(MAX_CONFIG + 1)
    except (BadZipFile, EOFError, OSError, ValueError, struct.error, zlib.error) as error:
        _refuse("SPC067", f"the archive `{path}` is damaged: {_words(error)}")
    except RuntimeError as error:  # encrypted, or compressed in a way that Python does not know
        _refuse("SPC067", f"the archive `{path}` cannot be read: {_words(error)}")
    if len(data) > MAX_CONFIG:
        _refuse("SPC067", f"`{name}` in `{path}` is too large: more than {MAX_CONFIG // 2**20} MiB")
    return data


def _directory_size(file: BinaryIO) -> int:
    """Bytes of an archive's list of entries, as its end record gives them."""
    end = file.seek(0, 2)
    start = file.seek(max(0, end - _TAIL))
    tail = file.read(_TAIL)
    file.seek(0)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        return 0  # the archive's reader says what is wrong
    size: int = struct.unpack_from("<L", tail, at + 12)[0]
    if size == 0xFFFFFFFF and tail[max(0, at - 20) : at].startswith(b"PK\x06\x07"):
        where: int = struct.unpack_from("<Q", tail, at - 20 + 8)[0]
        if start <= where <= end - 56:
            size = struct.unpack_from("<Q", tail, where - start + 40)[0]
    return size


def _member(names: list[str], path: str) -> str:
    """The entry that holds the architecture: `config.json`, at the top or in the only folder that has one."""
    if "config.json" in names:
        return "config.json"
    found = [name for name in names if name.rsplit("/", 1)[-1] in ("config.json", "model.json")]
    if not found:
        _refuse_archive(names, path)
    if len(found) > 1:
        _refuse("SPC068", f"`{path}` holds several models: {', '.join(found[:4])}", "take one of them out")
    return found[0]


def _refuse_archive(names: list[str], path: str) -> NoReturn:
    """Say what an archive without an architecture is."""
    kind, help = "an archive without `config.json`", _HELP
    if any(name.endswith("data.pkl") for name in names):
        kind, help = "a PyTorch file: pickled objects and weights", "a pickle is a program; cnnsum runs none"
    elif any(name.endswith(("saved_model.pb", "keras_metadata.pb")) for name in names):
        kind = "a TensorFlow SavedModel, whose graph is not one of layers"
    elif any(name.endswith((".npy", ".weights.h5")) for name in names):
        kind = "an archive of weights without an architecture"
    _refuse("SPC068", f"`{path}` is {kind}", help)


def _of_hdf5(file: BinaryIO, start: int, path: str) -> bytes:
    try:
        opened = hdf5.File(file, start, file.seek(0, 2) - start)
        attributes = opened.root.attributes()
        config = attributes.get("model_config")
        if config is None:
            is_weights = "layer_names" in attributes or opened.root.links
            what = "weights without an architecture" if is_weights else "no model"
            _refuse("SPC068", f"`{path}` holds {what}: it has no `model_config`", _HELP)
        found = opened.root.strings(config, MAX_CONFIG)
    except hdf5.TooLargeError:
        _refuse("SPC067", f"`model_config` in `{path}` is too large: more than {MAX_CONFIG // 2**20} MiB")
    except hdf5.DamagedError as error:
        _refuse("SPC067", f"the HDF5 file `{path}` is damaged: at byte {start + error.offset}: {error.what}")
    if found is None or config.shape != ():
        place = start + config.value.start
        _refuse("SPC068", f"`model_config` in `{path}`, at byte {place}, is not text", _HELP)
    return found[0]


def _words(error: BaseException) -> str:
    text = (str(error).splitlines() or [""])[0]
    return text[:200] or "it ends too early"


def _refuse(code: str, message: str, advice: str | None = None) -> NoReturn:
    raise UnusableError(Diagnostic(code, message, help=advice)) from None
