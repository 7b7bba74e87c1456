"""The command line: `cnnsum MODEL` and its commands. One file per command; each imports what it needs when it runs.

What most calls are, a model's path and nothing else, needs no parser of options: click, which takes as long to load as
all of cnnsum, is loaded for every other call, in `commands`.
"""

from __future__ import annotations

import os
import sys

from cnnsum.cli.names import COMMANDS, COMPLETE


def main() -> None:
    """Run the command line and exit.

    Exit codes: 0 done, 1 the model has errors, 2 the call or the file cannot be used, 130 interrupted.
    """
    try:
        if COMPLETE in os.environ:  # a shell asks for completions, which only this call of click's answers
            from cnnsum.cli.commands import cli

            cli.main(prog_name="cnnsum")
        code = _run(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        code = 0
    except OSError as error:
        code = _fail(f"the output cannot be written: {error.strerror or error}")
    except MemoryError:
        code = _fail("this takes more memory than there is")
    except Exception as error:  # noqa: BLE001 - whatever the fault in cnnsum, its user gets a sentence
        code = _fail(_fault(error))
    _give_up_broken_streams()
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    """Run the command that the arguments name; its exit code."""
    if len(arguments) == 1 and _is_model(arguments[0]):
        from cnnsum.cli.summary import summary_of

        code = summary_of(arguments[0])
    else:
        from cnnsum.cli.commands import run

        code = run(arguments)
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        pass  # the code says what the command found, whether or not all of it was read
    return code


def _is_model(word: str) -> bool:
    """Whether an only argument is a model without doubt: standard input, or a file that has no command's name."""
    return word == "-" or (not word.startswith("-") and word not in COMMANDS and os.path.lexists(word))


def _fail(message: str) -> int:
    """Say why nothing came of the call, where that can be said; the exit code."""
    from cnnsum.cli.output import say

    say(f"Error: {message}")
    return 2


def _fault(error: Exception) -> str:
    """What to say of an error that no part foresaw."""
    if isinstance(error, RecursionError):
        return "the model is nested too deep"
    from traceback import extract_tb

    if "CNNSUM_TRACEBACK" in os.environ:
        raise error
    frame = extract_tb(error.__traceback__)[-1]
    place = f"{os.path.basename(frame.filename)}:{frame.lineno}"
    return (
        f"a fault in cnnsum itself: {type(error).__name__}: {error} ({place}). Please report it with the file at hand; "
        f"CNNSUM_TRACEBACK=1 shows where it came from"
    )


def _give_up_broken_streams() -> None:
    """Send to nowhere what is left for a stream that cannot be written, or Python complains of it when it ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
