"""Where results and diagnostics go: standard output or a file, written whole or not at all; standard error for the
rest. All that the process writes is written here, and goes through `cnnsum.ink`: a test holds the commands to it.

Whatever cannot be written raises OSError; a reader that went away raises BrokenPipeError, which is not an error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from cnnsum.cli import progress
from cnnsum.cli.terminal import columns_of, terminal_columns
from cnnsum.ink import inked, inked_line
from cnnsum.typed import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from cnnsum.diagnostics import Diagnostic

_Line = list[tuple[str, str]]

# What the table draws with besides its box, for a stream that has none of it.
_PLAINER = str.maketrans({"…": "~", "└": "'"})
_LINES_PER_CHUNK = 500
#: Columns that lines are written for on a terminal that has more.
_WIDEST = 100


def standard_output() -> TextIO:
    """Standard output; raises OSError where the caller closed it."""
    if sys.stdout is None:
        raise OSError("standard output is closed")
    return sys.stdout


def wants_color(choice: str, stream: TextIO) -> bool:
    """Whether to use colours on a stream: as chosen; else not with NO_COLOR, and with FORCE_COLOR or on a terminal that
    has them.
    """
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return os.environ.get("FORCE_COLOR", "0") not in ("", "0", "false") or _has_color(stream)


def can_draw(stream: TextIO) -> bool:
    """Whether a stream's encoding has the lines of a box."""
    try:
        "┏".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def room_of(output: str | None) -> int | None:
    """Columns that there are for a result: of the terminal, None where it goes elsewhere."""
    return terminal_columns() if output in (None, "-") and standard_output().isatty() else None


def _colored(lines: Iterable[_Line], stream: TextIO) -> Iterator[str]:
    """Styled lines as text with the colours that the terminal has; anything else gets 256."""
    from io import StringIO

    from rich.console import Console
    from rich.text import Text

    # rich writes to a text, not to the stream: it would end the program itself when a pipe breaks.
    drawn = StringIO()
    console = Console(
        file=drawn,
        force_terminal=True,
        color_system="auto" if _has_color(stream) else "256",
        no_color=False,
        legacy_windows=False,
        highlight=False,
        markup=False,
    )
    remaining = iter(lines)
    while chunk := list(islice(remaining, _LINES_PER_CHUNK)):
        for line in chunk:
            console.print(Text.assemble(*inked_line(line)), soft_wrap=True)
        yield drawn.getvalue()
        drawn.seek(0)
        drawn.truncate()


def _write(chunks: Iterable[str], stream: TextIO) -> None:
    """Write text as it is; what the stream's encoding cannot write is replaced."""
    terminal = stream.isatty()
    for chunk in chunks:
        if terminal:
            progress.end()
        try:
            stream.write(chunk)
        except UnicodeEncodeError:
            encoding = stream.encoding or "ascii"
            plainer = chunk if can_draw(stream) else chunk.translate(_PLAINER)
            stream.write(plainer.encode(encoding, "replace").decode(encoding))


def write_standard(
    color: str,
    plain: Callable[[], Iterable[str]],
    styled: Callable[[], Iterable[_Line]] | None = None,
    *,
    format: str = "text",
    pager: bool = False,
) -> None:
    """Write to standard output: lines of styled spans where there are colours, else text, made harmless for its format.

    pager: whether a terminal gets what is longer than its screen from a pager.
    """
    stream = standard_output()
    lines = styled if wants_color(color, stream) else None
    chunks: Iterable[str] = inked(plain(), format) if lines is None else _colored(lines(), stream)
    if pager and _has_color(stream):
        from cnnsum.cli.pager import page

        chunks = page(chunks, stream)
    _write(chunks, stream)
    stream.flush()


class delivering:  # noqa: N801 - it is called as a function is; contextlib takes a hundredth of a small run to load
    """What writing a result may end with: a reader who has seen enough ends it early, and no error comes of that.

    Raises ClickException for a file, `output`, that cannot be written.
    """

    def __init__(self, output: str | None) -> None:
        self.output = output

    def __enter__(self) -> None:
        """Nothing is to be done before."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        """Whether the error is passed over."""
        if isinstance(error, BrokenPipeError):
            return True
        if self.output is not None and isinstance(error, OSError):
            import click

            raise click.ClickException(f"cannot write '{self.output}': {error.strerror or error}") from None
        return False


def write_result(
    output: str | None,
    color: str,
    *,
    plain: Callable[[], Iterable[str]] | None = None,
    styled: Callable[[int], Iterable[_Line]] | None = None,
    format: str = "text",
    over: tuple[str, ...] = (),
    pager: bool = False,
) -> None:
    """Write a command's result to the file that was asked for, or to standard output.

    plain: makes text of a format; or styled: makes lines of styled spans for a width. A reader who has seen enough
    ends it early. over: files that were read, and that may be written over all the same. pager: as in `write_standard`.
    Raises ClickException for a file that cannot be written.
    """
    if output == "-":
        output = None
    with delivering(output):
        if output is not None:
            write_file(output, _chunks(plain, styled, 80), format, over)
            return
        width, columns = 80, room_of(output)
        if columns is not None:
            width = min(columns, _WIDEST)
            styled = styled and _fitting(styled, columns)
        write_standard(
            color,
            lambda: _chunks(plain, styled, width),
            None if styled is None else lambda: styled(width),
            format=format,
            pager=pager,
        )


def _fitting(styled: Callable[[int], Iterable[_Line]], columns: int) -> Callable[[int], Iterable[_Line]]:
    """The same lines for a terminal: those that it has no room for on as many as they take."""
    from cnnsum.render.wrap import fitted

    return lambda width: (part for line in styled(width) for part in fitted(line, columns))


def write_bytes(output: str | None, chunks: Iterable[bytes]) -> None:
    """Write a result that is not text to the file that was asked for, or to a pipe.

    Raises UsageError for a terminal, ClickException for a file that cannot be written.
    """
    with delivering(output):
        if output is not None:
            _refuse_read(output)
            write_back(output, chunks)
            return
        stream = standard_output()
        if stream.isatty():
            import click

            raise click.UsageError("the result is not text: write it to a file, -o FILE")
        stream.flush()
        for chunk in chunks:
            stream.buffer.write(chunk)
        stream.buffer.flush()


def _chunks(
    plain: Callable[[], Iterable[str]] | None,
    styled: Callable[[int], Iterable[_Line]] | None,
    width: int,
) -> Iterator[str]:
    if plain is not None:
        yield from plain()
    elif styled is not None:
        yield from _in_lines("".join(text for text, _ in line) for line in styled(width))


def refuse_own_source(model: str, output: str) -> None:
    """Raise UsageError where the result would take the place of the model that it is made from."""
    if os.path.isfile(output) and os.path.exists(model) and os.path.samefile(model, output):
        import click

        raise click.UsageError(f"'{output}' is the model itself: give the result another name")


def write_file(path: str, chunks: Iterable[str], format: str = "text", over: tuple[str, ...] = ()) -> None:
    """Write a text, made harmless for its format, to a file as `write_back` does.

    Raises UsageError for a file that was read: what is made of it would take its place.
    """
    if path not in over:
        _refuse_read(path)
    write_back(path, inked(chunks, format))


def _refuse_read(path: str) -> None:
    from cnnsum.source.raw import READ

    if os.path.isfile(path):
        for read in READ:
            if os.path.exists(read) and os.path.samefile(read, path):
                import click

                raise click.UsageError(f"'{path}' is one of the files that are read: give the result another name")


def require_place(path: str) -> None:
    """Raise OSError where no file can come to be: a folder is named, or there is none for the file to be in."""
    import errno

    # A name without an end is a folder's, whose file would be called otherwise.
    is_folder = os.path.basename(path) in ("", ".", "..") or os.path.isdir(path)
    if is_folder or not os.path.isdir(os.path.dirname(path) or os.curdir):
        number = errno.EISDIR if os.path.isdir(path) else errno.ENOENT
        raise OSError(number, os.strerror(number), path)


def write_back(path: str, chunks: Iterable[str] | Iterable[bytes], was: bytes | None = None) -> None:
    """Write a file, whole or not at all: beside it first, then in its place. Text, a file's own, is written as it is.

    A link is followed, and an existing file keeps its permissions. What is not a plain file (a pipe, /dev/null) is
    written to directly. was: what the file must still hold by then. Raises OSError.
    """
    require_place(path)
    target = os.path.realpath(path)
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        from cnnsum.source.special import open_special_to_write

        with open_special_to_write(path) as special:
            special.writelines(map(_encoded, chunks))
        return
    mode = None
    if os.path.exists(target):
        with open(target, "ab"):
            mode = os.stat(target).st_mode & 0o7777  # a file that may not be written is not replaced either
    draft = os.path.join(os.path.dirname(target), f".cnnsum-{os.urandom(6).hex()}.tmp")
    stream = open(draft, "xb")  # noqa: SIM115 - closed below
    try:
        with stream:
            stream.writelines(map(_encoded, chunks))
        if mode is not None:
            os.chmod(draft, mode)
        if was is not None:
            _require_unchanged(target, was)
        os.replace(draft, target)
    except BaseException:
        os.unlink(draft)
        raise


def _require_unchanged(path: str, was: bytes) -> None:
    """Raise OSError for a file that no longer holds what was read: somebody is at work on it."""
    from cnnsum.source.raw import holds

    if not holds(path, was):
        import errno

        raise OSError(errno.EBUSY, "it changed meanwhile", path)


def _encoded(chunk: str | bytes) -> bytes:
    return chunk.encode("utf-8", "replace") if isinstance(chunk, str) else chunk


def report_diagnostics(
    found: Iterable[Diagnostic],
    line_of: Callable[[str, int], str | None],
    *,
    color: str = "auto",
    quiet: bool = False,
    verbose: bool = False,
    after_result: bool = False,
) -> None:
    """Write diagnostics to standard error: errors and warnings, or only errors, or notes too.

    On a terminal an empty line sets them apart from a result that stands above them. Where standard error cannot be
    written there is nobody to tell; the result is written all the same.
    """
    from cnnsum.diagnostics import RANK  # which a help needs nothing of

    limit = 0 if quiet else 2 if verbose else 1
    shown = [diagnostic for diagnostic in found if RANK[diagnostic.severity] <= limit]
    if not shown or sys.stderr is None:
        return
    from cnnsum.render import diagnose

    columns = columns_of(sys.stderr) if sys.stderr.isatty() else None
    progress.end()
    try:
        if columns is not None and after_result and sys.stdout is not None and sys.stdout.isatty():
            sys.stderr.write("\n")
        if wants_color(color, sys.stderr):
            _write(_colored(diagnose.segments(shown, line_of, columns), sys.stderr), sys.stderr)
        else:
            _write(inked(_in_lines(diagnose.render(shown, line_of, columns))), sys.stderr)
        if len(shown) > 1 or shown[0].severity != "error":
            sys.stderr.write(f"\n{_counted(shown, RANK)}\n")
        sys.stderr.flush()
    except OSError:
        pass


def say(message: str) -> None:
    """Write a line to standard error, where there is one that can be written."""
    if sys.stderr is None:
        return
    try:
        _write(inked((f"{message}\n",)), sys.stderr)
        sys.stderr.flush()
    except (OSError, ValueError):  # full, or closed
        pass


def say_on_terminal(message: str) -> None:
    """Write a line to standard error where that is a terminal: what nobody needs to keep."""
    if sys.stderr is not None and sys.stderr.isatty():
        say(message)


def _counted(shown: list[Diagnostic], severities: Iterable[str]) -> str:
    """How many there are of each severity, which the lines themselves do not say: "1 error, 2 warnings"."""
    counts = [(sum(found.severity == severity for found in shown), severity) for severity in severities]
    return ", ".join(f"{count:,} {severity}{'s' * (count != 1)}" for count, severity in counts if count)


def _in_lines(lines: Iterable[str]) -> Iterator[str]:
    """Lines with their ends, many to a piece: standard error writes every piece at once."""
    remaining = iter(lines)
    while chunk := list(islice(remaining, _LINES_PER_CHUNK)):
        yield "\n".join(chunk) + "\n"


def _has_color(stream: TextIO) -> bool:
    return os.environ.get("TERM") != "dumb" and stream.isatty()


class Sources:
    """Lines of the files that diagnostics point at: those already read, others read again when they are needed."""

    def __init__(self) -> None:
        self._line: dict[str, Callable[[int], str]] = {}

    def add(self, path: str, line: Callable[[int], str]) -> None:
        """Take the lines of a text that is at hand, as standard input cannot be read again."""
        self._line[path] = line

    def __call__(self, path: str, number: int) -> str | None:
        """The text of a line, or None where the file cannot be read."""
        line = self._line.get(path)
        if line is None:
            line = self._line[path] = _reader(path)
        return line(number)


def _reader(path: str) -> Callable[[int], str]:
    from cnnsum.source.lines import Lines

    try:
        if os.path.isfile(path):  # a pipe has nothing more to give, and would be waited for
            with open(path, encoding="utf-8", errors="replace", newline="") as stream:
                return Lines(stream.read(16 * 2**20)).line
    except (OSError, ValueError):
        pass
    return lambda _number: ""
