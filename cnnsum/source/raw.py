"""A path to bytes, and bytes to text: all that can go wrong before there is a text to point at."""

from __future__ import annotations

import os
import sys

from cnnsum.diagnostics import Diagnostic, Span, UnusableError, did_you_mean
from cnnsum.source.lines import Lines
from cnnsum.typed import TYPE_CHECKING, BinaryIO, NoReturn

if TYPE_CHECKING:
    from cnnsum.source.containers import LaterWeights, Opener
    from cnnsum.source.messages import Read

#: Of a text. The largest of keras.applications (NASNetLarge) has 1 to 2 MB; what is read stands in memory several times
#: over.
MAX_BYTES = 32 * 2**20

# UTF-32 before UTF-16, whose mark it starts with.
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_HEAD = 65_536
_CONTROL = bytes([*range(0x01, 0x09), *range(0x0E, 0x20)])
# As in `containers`, which most runs do not need. HDF5 may begin behind a block of the user's.
_ZIP = b"PK\x03\x04"
_HDF5 = b"\x89HDF\r\n\x1a\n"
# How an ONNX file begins: its version, which whoever writes one puts first.
_VERSION = b"\x08"
# How the files of a SavedModel begin: the program with its version and a graph, the layers with a list of nodes. The
# latter is a new line, as texts begin with, too: these do not name the classes of Keras's objects.
_PROGRAM = b"\x08\x01\x12"
_NODES, _KERAS = b"\x0a", b"_tf_keras_"
# What a TensorFlow Lite file has after the place of its root, which is near: a text has no such byte before it.
_TFLITE = b"TFL3"


class NotAFileError(OSError):
    """A path that cannot be read or written as a file; the message says what it is."""


def read_bytes(path: str) -> bytes:
    """All bytes of a file, or of standard input for "-"; of a container those of the text that is an architecture.

    Raises `UnusableError`.
    """
    return read_contents(path, weights=False)[0]


def read_contents(path: str, *, weights: bool = True) -> tuple[bytes, LaterWeights | None, Read | None]:
    """The bytes that `read_bytes` gives, and with `weights` what reads the arrays that a container holds beside them;
    of a file that is not text what was read of it.
    """
    try:
        if path == "-":
            from contextlib import nullcontext

            stream = _standard_input()
            return _read_limited(stream, "<stdin>", (lambda: nullcontext(stream)) if weights else None)
        place = _in_folder(path)
        with open_file(place) as file:
            return _read_limited(file, path, (lambda: open_file(place)) if weights else None)
    except IsADirectoryError:
        _refuse_folder(path)
    except (FileNotFoundError, NotADirectoryError):
        raise UnusableError(no_file(path)) from None
    except PermissionError:
        if os.path.isdir(path):
            _refuse_folder(path)
        _refuse("SPC003", f"no permission to read `{path}`")
    except OSError as error:
        if isinstance(error, NotAFileError):
            _refuse("SPC002", str(error), "name a file")
        _refuse("SPC003", f"cannot read `{path}`: {error.strerror or error}")
    except ValueError:
        # The path holds a NUL character.
        raise UnusableError(no_file(path)) from None


def _in_folder(path: str) -> str:
    """The file that is meant by a folder which a program writes as one thing; any other path as it is."""
    if os.path.isdir(path):
        from cnnsum.source.savedmodel import file_in

        return file_in(path) or path
    return path


#: The files that this process has read, or tried to: no result may take the place of one of them.
READ: set[str] = set()


def stamp_of(path: str) -> tuple[int, int] | None:
    """The time of a file's last change, in nanoseconds, and its size in bytes; None for one that is not there."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size


def open_file(path: str) -> BinaryIO:
    """Open a file that somebody named: every file is opened here. Pipes are waited for only if something writes to
    them, and devices are refused. Raises OSError, ValueError for a path with a NUL.
    """
    if os.path.isfile(path) or os.path.isdir(path) or not os.path.exists(path):
        READ.add(path)
        return open(path, "rb")
    from cnnsum.source.special import open_special

    return open_special(path)


def holds(path: str, data: bytes) -> bool:
    """Whether a file holds these bytes and no more. Raises OSError."""
    with open_file(path) as file:
        return file.read(len(data) + 1) == data


def decode(raw: bytes, path: str) -> tuple[str, bool]:
    """The text of a file's bytes, and whether it is plain UTF-8, that is, gives the same bytes back.

    A byte order mark of UTF-8, UTF-16 or UTF-32 is understood. Raises `UnusableError`.
    """
    raw, encoding = unmarked(raw)
    if not encoding:
        _refuse_binary(raw, path)
    try:
        return raw.decode(encoding or "utf-8"), not encoding
    except UnicodeDecodeError as error:
        _refuse_encoding(raw, error, path)


def unmarked(data: bytes) -> tuple[bytes, str]:
    """A file's bytes behind its byte order mark, and the encoding that this is the mark of; "" without one."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :], encoding
    return data, ""


def encode(text: str, like: bytes) -> bytes:
    """A text in the encoding of a file that begins so, behind its byte order mark: what `decode` undoes."""
    behind, encoding = unmarked(like)
    return like[: len(like) - len(behind)] + text.encode(encoding or "utf-8")


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise OSError("it is closed")
    return sys.stdin.buffer


def _read_limited(file: BinaryIO, path: str, again: Opener | None) -> tuple[bytes, LaterWeights | None, Read | None]:
    # The head first: an endless device or a large file of weights is known by it.
    head = file.read(_HEAD)
    if head.startswith(_ZIP) or (_HDF5 in head and head[4:8] != _TFLITE):
        from cnnsum.source.containers import contents_of

        movable = _movable(file, head, path)
        if again is not None and movable is not file:
            from contextlib import nullcontext

            again = lambda: nullcontext(movable)  # noqa: E731
        found = contents_of(movable, head, path, again=again)
        if found is not None:
            return (*found, None)
    if head[4:8] == _TFLITE and head[3] == 0:
        from cnnsum.source.tflite import read_tflite

        return b"", None, read_tflite(_movable(file, head, path), path)
    if head.startswith(_VERSION):
        from cnnsum.source.onnx import is_onnx, read_onnx

        if is_onnx(head):
            return b"", None, read_onnx(_movable(file, head, path), path)
    is_program = head.startswith(_PROGRAM)
    if is_program or (head.startswith(_NODES) and _KERAS in head):
        from cnnsum.source import savedmodel

        if is_program or savedmodel.is_metadata(head):
            is_folder = os.path.isdir(path)
            beside = open_file if again is not None and is_folder else None
            found = savedmodel.contents_of(_movable(file, head, path), path, program=is_program, open_file=beside)
            if found is not None:
                return (*found, None)
            if is_folder:
                raise IsADirectoryError
    if not unmarked(head)[1]:
        _refuse_binary(head, path, file)
    if len(head) < _HEAD:
        # Pipes and terminals may give less than was asked for.
        more = file.read(_HEAD)
        if not more:
            return head, None, None  # most files end here: asking for the rest takes room for all that may come
        head += more
    return _rest(file, head, path), None, None


def _rest(file: BinaryIO, head: bytes, path: str) -> bytes:
    """All bytes of a file of which the first are read already."""
    if len(head) == _HEAD and file.seekable():
        # Reading these again takes less than putting the two together, which is a copy of the whole.
        file.seek(-len(head), os.SEEK_CUR)
        head = b""
    rest = file.read(MAX_BYTES + 1 - len(head))
    if len(head) + len(rest) > MAX_BYTES:
        _refuse("SPC007", f"`{path}` is too large: more than {MAX_BYTES // 2**20} MiB")
    return head + rest


def _movable(file: BinaryIO, head: bytes, path: str) -> BinaryIO:
    """The file as one that can be moved in: what comes through a pipe is read whole."""
    from io import BytesIO

    return file if file.seekable() else BytesIO(_rest(file, head, path))


def _refuse_folder(path: str) -> NoReturn:
    """Refuse a folder, saying what it is where programs write models as folders."""
    from cnnsum.source.others import of_folder

    try:
        other = of_folder(os.listdir(path))
    except OSError:
        other = None
    if other is not None:
        _refuse("SPC002", f"`{path}` is {other.what}", other.way)
    _refuse("SPC002", f"`{path}` is a directory", "name a file in it")


def _refuse_binary(raw: bytes, path: str, file: BinaryIO | None = None) -> None:
    """Refuse what is not text, saying what it is. Most files are letters of ASCII, and nothing is looked up for them.

    file: what follows the bytes, for kinds of files that say at their beginning what is in them.
    """
    head = raw[:_HEAD]
    is_zero = b"\0" in raw
    if not is_zero and head.isascii() and len(head.translate(None, _CONTROL)) == len(head):
        return
    from cnnsum.source.others import of_bytes

    other = of_bytes(head)
    if other is not None:
        if other.header and file is not None:
            from cnnsum.source.safetensors import told

            other = told(file, raw, other)
        _refuse("SPC005", f"`{path}` is {other.what}, not text", other.way)
    if is_zero:
        from cnnsum.source.broken_off import of_zeros

        found = of_zeros(head, path)
        if found is not None:
            raise UnusableError(found)
        _refuse(
            "SPC005", f"`{path}` is binary, not text", "cnnsum reads architectures: write one with `model.to_json()`"
        )


def _refuse_encoding(raw: bytes, error: UnicodeDecodeError, path: str) -> NoReturn:
    before = raw[: error.start].decode(error.encoding)
    line, column = Lines(before).position(len(before))
    name = error.encoding.upper()
    message = f"not {name}: the byte 0x{raw[error.start]:02x} cannot stand here"
    span = Span(path, line, column, line, column + 1)
    raise UnusableError(Diagnostic("SPC006", message, span, help="save the file as UTF-8")) from None


def no_file(path: str) -> Diagnostic:
    """That there is nothing at a path, with the nearest name in its folder."""
    return Diagnostic("SPC001", f"there is no file `{path}`", help=_near(path))


def _near(path: str) -> str | None:
    folder, name = os.path.split(path)
    try:
        with os.scandir(folder or ".") as entries:
            names = [entry.name for entry, _ in zip(entries, range(1000), strict=False) if entry.is_file()]
    except (OSError, ValueError):
        return None
    return did_you_mean(path, [os.path.join(folder, other) for other in names]) if name else None


def _refuse(code: str, message: str, advice: str | None = None) -> NoReturn:
    raise UnusableError(Diagnostic(code, message, help=advice)) from None
