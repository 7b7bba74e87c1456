"""Files that hold an architecture among other things: zip archives (.keras, .pt2) and HDF5 (.h5).

Gives the bytes of the one text that is an architecture, and the names and shapes of the weights beside it. Nothing is
extracted, the values of weights are not read, and sizes are bounded. Knows where Keras and PyTorch put each part, and
nothing of what is in it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import AbstractContextManager

from cnnsum.diagnostics import Diagnostic, UnusableError
from cnnsum.source import arrays, hdf5
from cnnsum.source.nested import sizes_within
from cnnsum.typed import TYPE_CHECKING, BinaryIO, NamedTuple, NoReturn

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

ZIP = b"PK\x03\x04"

#: Of a config; the largest of keras.applications (NASNetLarge) has 2 MB.
MAX_CONFIG = 32 * 2**20
#: Of the list of an archive's entries, which is read whole.
MAX_DIRECTORY = 16 * 2**20

#: Of weights that are compressed, which Keras's never are: they are unpacked, as they are read here and there.
MAX_UNPACKED = 128 * 2**20
_IN_MEMORY = 16 * 2**20
#: Where a .keras archive has its weights, beside the config.
_WEIGHTS = "model.weights.h5"

#: Where an exported program has its graph, and beside it what its archive says of each weight.
_PROGRAM = "models/model.json"
_STORED = "data/weights/model_weights_config.json"

#: The same of PyTorch 2.5 and 2.6.
_OLDER_PROGRAM = "serialized_exported_program.json"
_OLDER_WEIGHTS = "serialized_state_dict.pt"

#: Names of entries that hold an architecture: Keras's, and those of exported programs of PyTorch.
_MODELS = ("config.json", "model.json", _OLDER_PROGRAM)
_TAIL = 65_557  # the end record and the longest comment
_HELP = "write the architecture with `model.to_json()`, or the model with `model.save('model.keras')`"


class Weights(NamedTuple):
    """The arrays beside an architecture.

    root: the groups that they stand in; None where they cannot be read, and `problem` says why. by_layer: whether there
    is a group for each layer under its name, which lists its arrays, as Keras 2 has it. training: what an HDF5 file
    says of the optimizer whose variables are among them, as JSON; empty where it says nothing. stored: what an archive
    of PyTorch says of the files that weights are in, as JSON. sizes: bytes of the tensors in it, where it says no more.
    """

    root: arrays.Group | None
    by_layer: bool = False
    problem: str = ""
    training: bytes = b""
    stored: bytes = b""
    sizes: tuple[int, ...] = ()


class Contents(NamedTuple):
    """What a container holds: the text of the architecture, and what reads the weights, if there may be any.

    To read the names and shapes of many weights takes longer than all else, and few questions depend on them.
    """

    config: bytes
    weights: LaterWeights | None = None


#: Reads the arrays beside an architecture.
LaterWeights = Callable[[], "Weights | None"]
#: Opens a file again.
Opener = Callable[[], AbstractContextManager[BinaryIO]]


def contents_of(file: BinaryIO, head: bytes, path: str, *, again: Opener | None = None) -> Contents | None:
    """The architecture in a file that begins with `head`, and what reads the arrays beside it; None for no container.

    file: open for reading, and can be moved in. again: opens it once more, for the arrays; None where they are not
    wanted. Raises UnusableError where it holds no architecture, or cannot be read.
    """
    if head.startswith(ZIP):
        return _of_zip(file, path, again)
    start = hdf5.find_start(head)
    if start is not None:
        return _of_hdf5(file, start, path, again)
    return None


def _of_zip(file: BinaryIO, path: str, again: Opener | None) -> Contents:
    import zlib
    from zipfile import BadZipFile, ZipFile, is_zipfile

    try:
        if _directory_size(file) > MAX_DIRECTORY:
            _refuse("SPC067", f"the archive `{path}` has too many entries")
        if not is_zipfile(file):
            _refuse_damaged("archive", path, "it ends without the list of what is in it: it is cut off")
        with ZipFile(file) as archive:
            name = _member(archive.namelist(), path)
            info = archive.getinfo(name)
            if info.file_size > MAX_CONFIG:
                _refuse("SPC067", f"`{name}` in `{path}` is too large: more than {MAX_CONFIG // 2**20} MiB")
            with archive.open(info) as member:
                # What the entry says of its size need not be so.
                data = member.read(MAX_CONFIG + 1)
            if not data.strip():
                _refuse_damaged("archive", path, f"`{name}` in it is empty")
            found = None if again is None else _beside(name, file, archive, again)
    except (BadZipFile, EOFError, OSError, ValueError, struct.error, zlib.error) as error:
        _refuse_damaged("archive", path, _words(error))
    except RuntimeError as error:  # encrypted, or compressed in a way that Python does not know
        _refuse("SPC067", f"the archive `{path}` cannot be read: {_words(error)}")
    if len(data) > MAX_CONFIG:
        _refuse("SPC067", f"`{name}` in `{path}` is too large: more than {MAX_CONFIG // 2**20} MiB")
    return Contents(data, found)


def _beside(name: str, file: BinaryIO, archive: ZipFile, again: Opener) -> LaterWeights | None:
    """What reads the weights beside the architecture in the entry of this name."""
    beside = name.removesuffix("config.json") + _WEIGHTS
    if name.endswith("config.json") and beside in archive.NameToInfo:
        info = archive.NameToInfo[beside]
        return lambda: _archived(again, info)
    found: Weights | None = None
    beside = name.removesuffix(_PROGRAM) + _STORED
    if name.endswith(_PROGRAM) and beside in archive.NameToInfo:
        with archive.open(beside) as member:
            stored = member.read(MAX_CONFIG + 1)
        found = Weights(None, stored=stored if len(stored) <= MAX_CONFIG else b"")
    beside = name.removesuffix(_OLDER_PROGRAM) + _OLDER_WEIGHTS
    if name.endswith(_OLDER_PROGRAM) and beside in archive.NameToInfo:
        found = Weights(None, sizes=_sizes(file, archive.NameToInfo[beside]))
    return None if found is None else lambda: found


def _sizes(file: BinaryIO, info: ZipInfo) -> tuple[int, ...]:
    """Bytes of the tensors in an archive of weights; none where it is damaged: the program is sound all the same."""
    from zipfile import BadZipFile

    try:
        return sizes_within(file, info, "/data", MAX_DIRECTORY)
    except (BadZipFile, EOFError, OSError, ValueError, RuntimeError, struct.error):
        return ()


def _archived(again: Opener, info: ZipInfo) -> Weights | None:
    """The arrays in an archive's file of weights. Where that is damaged the architecture is sound all the same."""
    import zlib
    from zipfile import ZIP_STORED, BadZipFile, ZipFile

    try:
        if info.flag_bits & 1:
            return Weights(None, problem=f"`{info.filename}` is encrypted")
        if info.compress_type == ZIP_STORED:
            with again() as file:
                return _of_member(file, info)
        if info.file_size > MAX_UNPACKED:
            most = f"{MAX_UNPACKED // 2**20} MiB"
            return Weights(None, problem=f"`{info.filename}` is compressed and has more than {most}: it is not read")
        from shutil import copyfileobj
        from tempfile import SpooledTemporaryFile

        # No more comes out of a member than the archive says that it has.
        with (
            again() as file,
            ZipFile(file) as archive,
            archive.open(info) as member,
            SpooledTemporaryFile(_IN_MEMORY) as unpacked,
        ):
            copyfileobj(member, unpacked)
            return _arrays_of(hdf5.File(unpacked, 0, unpacked.tell()), "")  # type: ignore[arg-type]  # reads and seeks
    except hdf5.DamagedError as error:
        problem = f"at byte {error.offset}: {error.what}"
    except hdf5.TooLargeError:
        problem = "the names in it are too long"
    except (BadZipFile, EOFError, OSError, ValueError, RuntimeError, zlib.error) as error:
        problem = _words(error)
    return Weights(None, problem=f"`{info.filename}` is damaged: {problem}")


def _of_member(file: BinaryIO, info: ZipInfo) -> Weights | None:
    """The arrays in an entry that stands in the archive as it is."""
    file.seek(info.header_offset)
    head = file.read(30)
    if len(head) < 30 or not head.startswith(ZIP):
        return Weights(None, problem=f"`{info.filename}` is damaged: it does not begin where the archive says")
    name, extra = struct.unpack_from("<HH", head, 26)
    return _arrays_of(hdf5.File(file, info.header_offset + 30 + name + extra, info.file_size), "")


def _arrays_of(file: hdf5.File, path: str, *, by_layer: bool = False) -> Weights | None:
    root = arrays.tree(file, path)
    return None if root is None else Weights(root, by_layer)


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
    found = [name for name in names if name.rsplit("/", 1)[-1] in _MODELS]
    if not found:
        _refuse_archive(names, path)
    if len(found) > 1:
        _refuse("SPC068", f"`{path}` holds several models: {', '.join(found[:4])}", "take one of them out")
    return found[0]


def _refuse_archive(names: list[str], path: str) -> NoReturn:
    """Say what an archive without an architecture is."""
    from cnnsum.source.others import of_entries

    other = of_entries(names)
    if other is None:
        _refuse("SPC068", f"`{path}` is an archive without `config.json`", _HELP)
    _refuse("SPC068", f"`{path}` is {other.what}", other.way)


def _of_hdf5(file: BinaryIO, start: int, path: str, again: Opener | None) -> Contents:
    try:
        opened = _hdf5(file, start)
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
        _refuse_damaged("HDF5 file", path, f"at byte {start + error.offset}: {error.what}")
    if found is None or config.shape != ():
        place = start + config.value.start
        _refuse("SPC067", f"`model_config` in `{path}`, at byte {place}, is not text", _HELP)
    return Contents(found[0], None if again is None else lambda: _listed(again, start))


def _hdf5(file: BinaryIO, start: int) -> hdf5.File:
    return hdf5.File(file, start, file.seek(0, 2) - start)


def _training(opened: hdf5.File) -> bytes:
    """What an HDF5 file says of the model's training, where it also holds an optimizer's variables."""
    try:
        attribute = opened.root.attributes().get("training_config")
        if attribute is None or "optimizer_weights" not in opened.root.links or attribute.shape != ():
            return b""
        found = opened.root.strings(attribute, MAX_CONFIG)
    except (hdf5.DamagedError, hdf5.TooLargeError):
        return b""  # no number of the layers depends on it
    return found[0] if found else b""


def _listed(again: Opener, start: int) -> Weights | None:
    """The arrays of a file of Keras 2, which stand beside the architecture."""
    training = b""
    try:
        with again() as file:
            opened = _hdf5(file, start)
            training = _training(opened)
            found = _arrays_of(opened, "model_weights", by_layer=True)
            return None if found is None else found._replace(training=training)
    except hdf5.DamagedError as error:
        problem = f"at byte {start + error.offset}: {error.what}"
    except hdf5.TooLargeError:
        problem = "the names in them are too long"
    except (OSError, ValueError) as error:
        problem = _words(error)
    return Weights(None, by_layer=True, problem=f"the weights are damaged: {problem}", training=training)


def _refuse_damaged(what: str, path: str, why: str) -> NoReturn:
    from cnnsum.source.broken_off import again

    _refuse("SPC067", f"the {what} `{path}` is damaged: {why}", again(path))


def _words(error: BaseException) -> str:
    text = (str(error).splitlines() or [""])[0]
    return text[:200] or "it ends too early"


def _refuse(code: str, message: str, advice: str | None = None) -> NoReturn:
    raise UnusableError(Diagnostic(code, message, help=advice)) from None
