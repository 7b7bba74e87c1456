"""`cnnsum check PATH...`: what is wrong with many files, for people, editors and CI."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial

import click

from cnnsum.cli import progress
from cnnsum.cli.formats import format_for, format_option
from cnnsum.cli.mending import ignore_all, mend, print_changes
from cnnsum.cli.options import color_option, spreading_options, type_options
from cnnsum.typed import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from cnnsum.lint.budget.baseline import Baseline, Increase
    from cnnsum.lint.mending import Mended
    from cnnsum.lint.report.findings import CheckReport

_MOST_DIGITS = 20


def _codes(_ctx: click.Context, _param: click.Parameter, texts: tuple[str, ...]) -> tuple[str, ...]:
    """The codes in lists with commas."""
    return tuple([word for text in texts for word in map(str.strip, text.split(",")) if word])


@click.command(name="check")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--select",
    multiple=True,
    metavar="CODES",
    callback=_codes,
    help="Report these codes only: SHP,GRF301; ALL.",
)
@click.option("--ignore", multiple=True, metavar="CODES", callback=_codes, help="Leave these codes out.")
@click.option(
    "--fail-on",
    type=click.Choice(("error", "warning", "note")),
    help="The least severity that makes the exit code 1.  [default: error]",
)
@click.option("--exit-zero", is_flag=True, help="Make the exit code 0 whatever is found.")
@click.option("--statistics", is_flag=True, help="Print how often each code was found, not the findings.")
@click.option(
    "--budget",
    "limits",
    multiple=True,
    metavar="MEASURE=LIMIT",
    help="Hold every model to a limit: params=5M, peak=1MiB.",
)
@click.option(
    "--baseline",
    metavar="FILE",
    help="Report what costs more than in FILE: a JSON report, or a baseline.",
)
@click.option(
    "--max-increase",
    "increases",
    multiple=True,
    metavar="MEASURE=MORE",
    help="With --baseline, compare these measures only, and allow this growth: params=2%, peak=1MiB.",
)
@click.option("--write-baseline", metavar="FILE", help="Write what the models cost now, for --baseline.")
@click.option("--fix", is_flag=True, help="Mend what can be mended safely, in the files.")
@click.option("--diff", is_flag=True, help="Print what --fix would change, and change nothing.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff, also mend what may change the network.")
@click.option("--add-ignores", is_flag=True, help="Write a comment behind each finding that silences it, in the files.")
@click.option("--explain", is_flag=True, help="Say below the first finding of each code what it means.")
@click.option("--watch", is_flag=True, help="Check again whenever a file changes.")
@click.option("--force-exclude", is_flag=True, help="Leave out what `exclude` names, even if it is named here.")
@click.option("--models-only", is_flag=True, help="Pass over files that hold no model, even if they are named here.")
@spreading_options()
@click.option("--show-settings", is_flag=True, help="Print the settings of each PATH, and where each was set.")
@format_option("check", "What to print.  [default: text; github on GitHub Actions]")
@click.option(
    "--keras-backend",
    metavar="NAME",
    help="The backend whose dtypes count.  [default: tensorflow]",
)
@type_options
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Write the findings to a file, whole or not at all, without colours.",
)
@color_option
@click.option("-q", "--quiet", is_flag=True, help="Leave out the summary line.")
@click.option("-v", "--verbose", is_flag=True, help="List the files that were passed over, and why.")
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Check files, and the models in folders, and print all that is wrong with them.

    PATH is a file, a folder, a glob, or - for standard input; without one, the working directory. In folders, files
    in YAML, JSON, HDF5, .pt2 and .onnx that hold no model are passed over, as is what .gitignore names. The exit code
    is 1 where something at or above --fail-on was found, and 2 where there is nothing at a PATH, or no model in a
    folder that is named.
    """
    from cnnsum.cli.output import report_diagnostics
    from cnnsum.diagnostics import UnusableError

    try:
        code = _check(_Asked(**given))
    except UnusableError as error:
        report_diagnostics(error.diagnostics, lambda _path, _line: None, color=given["color"])
        ctx.exit(2)
    finally:
        progress.end()
    ctx.exit(0 if code == 1 and given["exit_zero"] else code)


class _Asked(NamedTuple):
    """The options of a call, as click gives them."""

    paths: tuple[str, ...]
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    fail_on: str | None
    statistics: bool
    limits: tuple[str, ...]
    baseline: str | None
    increases: tuple[str, ...]
    write_baseline: str | None
    fix: bool
    diff: bool
    unsafe_fixes: bool
    add_ignores: bool
    explain: bool
    watch: bool
    force_exclude: bool
    models_only: bool
    jobs: int | None
    dask: str | None
    show_settings: bool
    layer_types: tuple[str, ...]
    plugins: tuple[str, ...]
    keras_backend: str | None
    format: str | None
    output: str | None
    color: str
    quiet: bool
    verbose: bool
    exit_zero: bool

    @property
    def wanted(self) -> tuple[str, ...]:
        """The paths, or the folder that the caller stands in."""
        return self.paths or (os.curdir,)


def _check(asked: _Asked) -> int:
    """Check and print; the exit code: 1 where something fails the run, 2 where a file was not checked to its end.

    Raises UnusableError where a path that was named holds no model.
    """
    format = _format(asked)
    _refuse_conflicts(asked, format)
    if not asked.watch:
        from cnnsum.lint.searching import require_there

        require_there(asked.wanted)
    if asked.show_settings:
        from cnnsum.lint.origins import lines

        settings = lines(asked.wanted, asked.select or None, asked.ignore, asked.fail_on)
        _write((f"{line}\n" for line in settings), asked.output)
        return 0
    unwritten = False
    if asked.fix or asked.diff:
        changes = _changes(asked)
        if asked.diff:
            return int(print_changes(changes, asked.output, quiet=asked.quiet))
        unwritten = not mend(changes, quiet=asked.quiet)
    known, allowed = _baseline(asked.baseline, asked.increases)
    budget = _budget(asked.limits)

    def once() -> int:
        return _once(asked, format, known, allowed, budget, unwritten=unwritten)

    if not asked.watch:
        return once()
    from cnnsum.cli.watching import keep_answering
    from cnnsum.lint.run import watched

    if "-" in asked.wanted:
        raise click.UsageError("--watch needs files: standard input does not change")
    keep_answering(once, lambda: watched(asked.wanted), quiet=asked.quiet)
    return 0


def _format(asked: _Asked) -> str:
    """The format of the findings: GitHub's where its runners ask."""
    if asked.format is None:
        usual = "github" if os.environ.get("GITHUB_ACTIONS") == "true" and not asked.statistics else "text"
        format = format_for("check", asked.output, None, usual)
    else:
        format = format_for("check", asked.output, asked.format)
    return "statistics" if asked.statistics else format


def _refuse_conflicts(asked: _Asked, format: str) -> None:
    """Raise UsageError for options that exclude each other, ClickException for results without a place."""
    output, baseline = asked.output, asked.write_baseline
    if output is not None and output == baseline != "-":
        raise click.UsageError("--output and --write-baseline are one file: give one of them another name")
    if baseline == "-" and output in (None, "-") and format in ("json", "sarif", "gitlab", "junit"):
        raise click.UsageError(f"--format {format} and --write-baseline - would be one text: give one of them a file")
    for path in (output, baseline):
        _refuse_own_sources(asked.wanted, path, force_exclude=asked.force_exclude)
        _refuse_without_place(path)
    writes = asked.fix or asked.diff or asked.add_ignores
    if writes and not asked.show_settings and ("-" in asked.wanted or asked.watch):
        other = "--watch" if asked.watch else "standard input"
        names = "--add-ignores is" if asked.add_ignores else "--fix and --diff are"
        raise click.UsageError(f"{names} for files, and not with {other}")


def _changes(asked: _Asked) -> Iterator[Mended]:
    """What --fix and --diff would change."""
    from cnnsum.lint.run import mended

    return mended(
        asked.wanted,
        select=asked.select or None,
        ignore=asked.ignore,
        unsafe=asked.unsafe_fixes,
        force_exclude=asked.force_exclude,
        layer_types=asked.layer_types,
        plugins=asked.plugins,
        named=bool(asked.paths),
    )


def _once(
    asked: _Asked,
    format: str,
    known: Baseline | None,
    allowed: dict[str, Increase] | None,
    budget: dict[str, object],
    *,
    unwritten: bool,
) -> int:
    """Check all files once and print what was found; the exit code. unwritten: whether a mend could not be written."""
    from cnnsum.diagnostics import UnusableError
    from cnnsum.lint.checking import UNFINISHED
    from cnnsum.lint.run import run

    progress.begin("looking for models", quiet=asked.quiet)
    report = run(
        asked.wanted,
        select=asked.select or None,
        ignore=asked.ignore,
        fail_on=asked.fail_on,
        jobs=asked.jobs,
        dask=asked.dask,
        force_exclude=asked.force_exclude,
        models_only=asked.models_only,
        baseline=known,
        increases=allowed,
        budget=budget,
        layer_types=asked.layer_types,
        plugins=asked.plugins,
        keras_backend=asked.keras_backend,
        progress=partial(progress.count, what="files"),
    )
    if report.missing and asked.paths and not asked.watch:
        # A call that cannot be meant: nothing is written of it.
        if asked.verbose:
            _list_passed(report)
        raise UnusableError(*report.missing)
    if asked.write_baseline is not None:
        from cnnsum.lint.run import baseline_of

        before = _baseline_before(asked.write_baseline)
        text = baseline_of(report, asked.layer_types, asked.plugins, asked.keras_backend, before)
        _write(iter([text]), asked.write_baseline, "json", over=() if before is None else (asked.write_baseline,))
    if asked.add_ignores:
        return 0 if ignore_all(report, quiet=asked.quiet) else 2
    report.explain = asked.explain
    _print(report, format, asked.output, asked.color, quiet=asked.quiet, verbose=asked.verbose)
    if unwritten or any(found.code == UNFINISHED for found in report.findings()):
        return 2
    return int(any(file.failing for file in report.files))


def _budget(texts: tuple[str, ...]) -> dict[str, object]:
    """The limits of a call; raises UsageError for what is not a limit."""
    if not texts:
        return {}
    from cnnsum.diagnostics import Span
    from cnnsum.lint.budget.judging import config_faults

    found: dict[str, object] = {}
    for text in texts:
        name, equals, limit = (part.strip() for part in text.partition("="))
        if not equals or not limit:
            raise click.UsageError(f"--budget: `{text}` is not a limit: write params=5M")
        found[name] = int(limit) if limit.isdecimal() and limit.isascii() and len(limit) < _MOST_DIGITS else limit
    for fault in config_faults(found, {"": Span("", 1, 1, 1, 1)}):
        raise click.UsageError(f"--budget: {fault.message}" + (f" ({fault.help})" if fault.help else ""))
    return found


def _baseline(path: str | None, texts: tuple[str, ...]) -> tuple[Baseline | None, dict[str, Increase] | None]:
    """The baseline of a call, and what measures may grow by; raises UsageError for what is not a baseline."""
    if path is None:
        return None, None
    from cnnsum.lint.budget.baseline import increases, read

    try:
        allowed = increases(texts)
    except ValueError as error:
        raise click.UsageError(f"--max-increase: {error}") from None
    return read(path), allowed


def _refuse_without_place(path: str | None) -> None:
    """Raise ClickException for a result that has nowhere to go, before another one is written."""
    from cnnsum.cli.output import delivering, require_place

    if path is not None and path != "-":
        with delivering(path):
            require_place(path)


def _refuse_own_sources(paths: tuple[str, ...], output: str | None, *, force_exclude: bool) -> None:
    """Raise UsageError where the findings would take the place of a model, named or found, or of a configuration."""
    from cnnsum.cli.output import refuse_own_source
    from cnnsum.lint.run import reads

    if output is not None and output != "-" and os.path.isfile(output):
        for path in paths:
            if os.path.isfile(path):
                refuse_own_source(path, output)
        if reads(paths, output, force_exclude=force_exclude):
            raise click.UsageError(f"'{output}' is one of the files that are read: give the result another name")


def _print(report: CheckReport, format: str, output: str | None, color: str, *, quiet: bool, verbose: bool) -> None:
    from cnnsum.answers import renderer, renderer_of_lines
    from cnnsum.cli.output import delivering, standard_output, write_standard
    from cnnsum.cli.terminal import terminal_columns

    def plain() -> Iterator[str]:
        return renderer("check", format)(report)

    try:
        if format == "text" and output in (None, "-"):
            lines = renderer_of_lines("check", format)
            room = terminal_columns() if standard_output().isatty() else None
            with delivering(None):
                write_standard(color, plain, lambda: lines(report, 80, room))
        else:
            _write(plain(), output, format)
    finally:
        if verbose:
            _list_passed(report)
        if not quiet:
            _summarize(report)


def _baseline_before(path: str) -> Baseline | None:
    """The baseline that a new one takes the place of, if there is one."""
    from cnnsum.diagnostics import UnusableError
    from cnnsum.lint.budget.baseline import read
    from cnnsum.source.raw import READ

    if not os.path.isfile(path):
        return None
    known = path in READ
    try:
        return read(path)
    except UnusableError:
        if not known:
            READ.discard(path)  # it was looked at, and nothing is made of it
        return None


def _write(chunks: Iterator[str], output: str | None, format: str = "text", over: tuple[str, ...] = ()) -> None:
    """Write text to a file or to standard output, whose reader may have seen enough."""
    from cnnsum.cli.output import write_result

    write_result(output, "never", plain=lambda: chunks, format=format, over=over)


def _list_passed(report: CheckReport) -> None:
    """Write which files were passed over, and why, to standard error."""
    from cnnsum.cli.output import say
    from cnnsum.lint.looking import why_not
    from cnnsum.render.style import printable

    for path in report.passed:
        say(f"{printable(path)}: passed over: {printable(why_not(path))}")


def _summarize(report: CheckReport) -> None:
    """Write the summary line to standard error."""
    from cnnsum.cli.output import say

    line = report.summary()
    if not report.files:
        passed = f", {len(report.passed):,} passed over" if report.passed else ""
        line = f"warning: no files: there is no model here{passed}"
    say(line)
