"""A path to bytes, and bytes to text: all that can go wrong before there is a text to point at."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from cnnsum.diagnostics import Diagnostic, Span, UnusableError, did_you_mean
from cnnsum.source.lines import Lines

if TYPE_CHECKING:
    from cnnsum.source.containers import Weights

#: Of a text. The largest of keras.applications (NASNetLarge) has 1 to 2 MB; what is read stands in memory several times
#: over.
MAX_BYTES = 32 * 2**20

_JSON_HELP = "cnnsum reads architectures: write one with `model.to_json()`"
_MAGIC = (
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", _JSON_HELP),
    (b"PK\x03\x04", "a zip archive", _JSON_HELP),
    (b"\x89PNG\r\n\x1a\n", "a PNG image", None),
    (b"\xff\xd8\xff", "a JPEG image", None),
    (b"GIF8", "a GIF image", None),
    (b"%PDF-", "a PDF document", None),
    (b"\x1f\x8b", "a gzip archive", "unpack it first: `gzip -dc FILE | cnnsum -`"),
    (b"BZh", "a bzip2 archive", "unpack it first: `bzip2 -dc FILE | cnnsum -`"),
    (b"\xfd7zXZ\x00", "an xz archive", "unpack it first: `xz -dc FILE | cnnsum -`"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", "unpack it first: `zstd -dc FILE | cnnsum -`"),
    (b"\x93NUMPY", "a NumPy array", None),
    (b"\x7fELF", "a program", None),
    (b"GGUF", "a GGUF model", None),
    *(
        (bytes((0x80, version)), "a Python pickle", "a pickle is a program; cnnsum runs none")
        for version in range(2, 6)
    ),
)
# UTF-32 before UTF-16, whose mark it starts with.
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_HEAD = 65_536
# As in `containers`, which most runs do not need. HDF5 may begin behind a block of the user's.
_ZIP = b"PK\x03\x04"
_HDF5 = b"\x89HDF\r\n\x1a\n"


class NotAFileError(OSError):
    """A path that cannot be read or written as a file; the message says what it is."""


def read_bytes(path: str) -> bytes:
    """All bytes of a file, or of standard input for "-"; of a container those of the architecture in it.

    Raises `UnusableError`.
    """
    return read_contents(path, weights=False)[0]


def read_contents(path: str, *, weights: bool = True) -> tuple[bytes, Weights | None]:
    """The bytes that `read_bytes` gives, and with `weights` the arrays that a container holds beside them."""
    try:
        if path == "-":
            return _read_limited(_standard_input(), "<stdin>", weights=weights)
        with open_file(path) as file:
            return _read_limited(file, path, weights=weights)
    except IsADirectoryError:
        _refuse("SPC002", f"`{path}` is a directory", "name a file in it")
    except (FileNotFoundError, NotADirectoryError):
        _refuse("SPC001", f"there is no file `{path}`", _near(path))
    except PermissionError:
        if os.path.isdir(path):
            _refuse("SPC002", f"`{path}` is a directory", "name a file in it")
        _refuse("SPC003", f"no permission to read `{path}`")
    except OSError as error:
        if isinstance(error, NotAFileError):
            _refuse("SPC002", str(error), "name a file")
        _refuse("SPC003", f"cannot read `{path}`: {error.strerror or error}")
    except ValueError:
        # The path holds a NUL character.
        _refuse("SPC001", f"there is no file `{path}`")


#: The files that this process has read: no result may take the place of one of them.
READ: set[str] = set()


def open_file(path: str) -> BinaryIO:
    """Open a file that somebody named: every file is opened here. Pipes are waited for only if something writes to
    them, and devices are refused. Raises OSError, ValueError for a path with a NUL.
    """
    if os.path.isfile(path) or os.path.isdir(path) or not os.path.exists(path):
        file = open(path, "rb")  # noqa: SIM115 - the caller closes it
        READ.add(path)
        return file
    from cnnsum.source.special import open_special

    return open_special(path)


def decode(raw: bytes, path: str) -> tuple[str, bool]:
    """The text of a file's bytes, and whether it is plain UTF-8, that is, gives the same bytes back.

    A byte order mark of UTF-8, UTF-16 or UTF-32 is understood. Raises `UnusableError`.
    """
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            try:
                return raw[len(mark) :].decode(encoding), False
            except UnicodeDecodeError as error:
                _refuse_encoding(raw[len(mark) :], error, path)
    _refuse_binary(raw, path)
    try:
        return raw.decode(), True
    except UnicodeDecodeError as error:
        _refuse_encoding(raw, error, path)


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise OSError("it is closed")
    return sys.stdin.buffer


def _read_limited(file: BinaryIO, path: str, *, weights: bool) -> tuple[bytes, Weights | None]:
    # The head first: an endless device or a large file of weights is known by it.
    head = file.read(_HEAD)
    if head.startswith(_ZIP) or _HDF5 in head:
        from cnnsum.source.containers import contents_of

        found = contents_of(file if file.seekable() else _whole(file, head, path), head, path, weights=weights)
        if found is not None:
            return found
    if not head.startswith(tuple(mark for mark, _ in _MARKS)):
        _refuse_binary(head, path)
    if len(head) < _HEAD:
        # Pipes and terminals may give less than was asked for.
        head += file.read(_HEAD)
    return _rest(file, head, path), None


def _rest(file: BinaryIO, head: bytes, path: str) -> bytes:
    rest = file.read(MAX_BYTES + 1 - len(head))
    if len(head) + len(rest) > MAX_BYTES:
        _refuse("SPC007", f"`{path}` is too large: more than {MAX_BYTES // 2**20} MiB")
    return head + rest


def _whole(file: BinaryIO, head: bytes, path: str) -> BinaryIO:
    """What comes through a pipe, as a file that can be moved in."""
    from io import BytesIO

    return BytesIO(_rest(file, head, path))


def _refuse_binary(raw: bytes, path: str) -> None:
    for magic, what, advice in _MAGIC:
        if raw.startswith(magic):
            _refuse("SPC005", f"`{path}` is {what}, not text", advice)
    if b"\0" in raw:
        what = "a TensorFlow Lite model, not text" if raw[4:8] == b"TFL3" else "binary, not text"
        _refuse("SPC005", f"`{path}` is {what}", _JSON_HELP)


def _refuse_encoding(raw: bytes, error: UnicodeDecodeError, path: str) -> NoReturn:
    before = raw[: error.start].decode(error.encoding)
    line, column = Lines(before).position(len(before))
    name = error.encoding.upper()
    message = f"not {name}: the byte 0x{raw[error.start]:02x} cannot stand here"
    span = Span(path, line, column, line, column + 1)
    raise UnusableError(Diagnostic("SPC006", message, span, help="save the file as UTF-8")) from None


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
