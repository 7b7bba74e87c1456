"""Files that `cnnsum check` changes: mended (`--fix`), shown as they would be (`--diff`), silenced (`--add-ignores`).

Knows nothing of what is checked, and of options only their names.
"""

from __future__ import annotations

from collections.abc import Iterable

from cnnsum.counted import counted
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.lint.mending import Mended
    from cnnsum.lint.report.findings import CheckReport


def print_changes(changes: Iterable[Mended], output: str | None, *, quiet: bool) -> bool:
    """Write what would change as a unified diff; whether anything would."""
    from difflib import unified_diff

    from cnnsum.cli.output import say, write_result

    changes = list(changes)
    found = [change for change in changes if change.done]
    lines = [
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for change in found
        for line in unified_diff(
            change.before.splitlines(keepends=True), change.after.splitlines(keepends=True), change.path, change.path
        )
    ]
    write_result(output, "never", plain=lambda: iter(lines), format="text")
    if not quiet:
        say(_mending(found, "would mend", "to mend"))
    alone = [change for change in changes if change.why]
    for change in alone:
        say(f"'{change.path}' {change.why}: nothing in it would be mended")
    return bool(found or alone)


def mend(changes: Iterable[Mended], *, quiet: bool) -> bool:
    """Write mended files, each whole or not at all; whether all could be written."""
    from cnnsum.cli.output import say

    found: list[Mended] = []
    left, failed = 0, False
    for change in changes:
        left += change.left
        if not change.done:
            continue
        if _write_back(change.path, change.was, change.data):
            found.append(change)
        else:
            failed = True
    if not quiet:
        more = f"; {left} more with --unsafe-fixes" if left else ""
        say(f"{_mending(found, 'mended', 'mended')}{more}")
    return not failed


def ignore_all(report: CheckReport, *, quiet: bool) -> bool:
    """Write comments that silence the findings, into each file whole or not at all; whether all could be written."""
    from cnnsum.cli.output import say
    from cnnsum.lint.ignoring import ignored

    files = [found for found in map(ignored, report.files) if found is not None]
    failed = [one for one in files if one.done and not _write_back(one.path, one.was, one.data)]
    if not quiet:
        done = sum(one.done for one in files if one not in failed)
        left = sum(one.left for one in files)
        more = f"; {counted(left, 'stands', 'stand')} where no comment can" if left else ""
        say(f"silenced {counted(done, 'finding')} in comments{more}")
    return not failed


def _mending(changes: list[Mended], verb: str, nothing: str) -> str:
    count = sum(len(change.done) for change in changes)
    if not count:
        return f"nothing {nothing}"
    return f"{verb} {counted(count, 'finding')} in {counted(len(changes), 'file')}"


def _write_back(path: str, was: bytes, data: bytes) -> bool:
    """Write a file whole or not at all, and say so where it cannot be written; whether it was."""
    from cnnsum.cli.output import say, write_back

    try:
        write_back(path, [data], was)
    except OSError as error:
        say(f"Error: cannot write '{path}': {error.strerror or error}")
        return False
    return True
