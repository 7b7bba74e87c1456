"""A run over many files: which are checked, with which settings, in how many processes; and the report of it all.

Knows no screen and no format.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from cnnsum import __version__
from cnnsum.diagnostics import AskedError, Diagnostic, DiagnosticList, Span, UnusableError
from cnnsum.executors import Died
from cnnsum.lint.checking import STDIN, check, check_file, unfinished
from cnnsum.lint.codes import Selection, fault
from cnnsum.lint.config import Config, Configs
from cnnsum.lint.files import Target, Trouble
from cnnsum.lint.gitignore import Patterns
from cnnsum.lint.report.findings import CheckedFile, CheckReport
from cnnsum.lint.searching import Search, excluded, is_below, searched
from cnnsum.lint.settings import Choice, Said, Settings
from cnnsum.lint.worth import spread
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.lint.budget.baseline import Baseline, Increase
    from cnnsum.lint.mending import Mended

CALL = "the command line"

_Job = tuple[Target, Settings]


def run(
    paths: Iterable[str],
    *,
    select: Iterable[str] | None = None,
    ignore: Iterable[str] = (),
    fail_on: str | None = None,
    jobs: int | None = 1,
    dask: str | None = None,
    force_exclude: bool = False,
    models_only: bool = False,
    baseline: Baseline | None = None,
    increases: Mapping[str, Increase] | None = None,
    budget: Mapping[str, object] | None = None,
    layer_types: tuple[str, ...] = (),
    plugins: tuple[str, ...] = (),
    keras_backend: str | None = None,
    progress: Callable[[int, int], None] = lambda _done, _every: None,
) -> CheckReport:
    """Check files, and the models that are found in folders.

    paths: files, folders, globs, or "-". select, ignore: codes or their beginnings, nearer than any configuration.
    fail_on: the least severity that fails the run. jobs: processes; None for as many as pay. dask: the address of a
    dask cluster to run on in their place, or "local". force_exclude: whether the `exclude` of a configuration holds for
    files that are named, too. models_only: whether named files that hold no model are passed over, as those in folders
    are. baseline, increases: what models may cost, by `budget.baseline`. budget: limits that hold for all files, nearer
    than those of a configuration. layer_types, plugins: files and modules that declare layer types. keras_backend:
    whose dtypes count, nearer than any configuration.
    progress: is told how many of how many files were checked.

    Raises UnusableError for an unknown code, for declarations of types that are wrong, and for a cluster that cannot be
    used; whatever is wrong with a
    file that is checked is a finding.
    """
    called = called_choice(select, ignore)
    if budget:
        called = _asking_for(called, "BUD501", "BUD503")
    if baseline is not None:
        called = _asking_for(called, "BUD504")
    configs = Configs()
    paths = list(paths)
    trouble = Trouble([], [])
    found = searched(configs, paths, force_exclude=force_exclude, trouble=trouble)
    search = Search(paths)
    vanished: list[Diagnostic] = []
    if baseline is not None and not baseline.single:
        found, vanished = _with_baseline(found, baseline, search, configs)
    if models_only:
        # A pipe can be read once only, and not looked into before.
        found = [Target(target.path, target.path != "-" and not _is_pipe(target.path)) for target in found]
    # The configurations are read here and once, whatever the number of processes.
    work = [(target, configs.settings(target.path, called, fail_on)) for target in found]
    if baseline is not None:
        work = [
            (
                target,
                one._replace(baseline=baseline.only(STDIN if target.path == "-" else target.path), increases=increases),
            )
            for target, one in work
        ]
    if budget:
        work = [(target, _with_budget(settings, budget, _name(target.path))) for target, settings in work]
        _require_limits([settings.budget or {} for _, settings in work])
    if layer_types or plugins:
        from cnnsum.model import read_types

        read_types(layer_types, plugins)
        work = [(target, one.with_types(layer_types, plugins)) for target, one in work]
    if keras_backend is not None:
        from cnnsum.readers import check_backend

        check_backend(keras_backend)
        work = [(target, one._replace(keras_backend=keras_backend)) for target, one in work]
    lines = _LinesOf()
    done = _all_checked(work, jobs, dask, lines, progress)
    checked = {file.path for file in done}
    passed = [*trouble.links, *(target.path for target, _ in work if _name(target.path) not in checked)]
    missing = tuple(search.missing(file.path for file in done))
    done += [_unreadable(folder) for folder in trouble.folders]
    if vanished:
        assert baseline is not None
        done.append(CheckedFile(baseline.path, tuple(vanished), failing=len(vanished)))
    for config in configs.used():
        faults = (*_faults(config, budget or {}), *_unmatched(config, search, found))
        if faults:
            done.append(CheckedFile(config.path, faults, failing=len(faults)))
    done.sort(key=lambda file: file.path.split(os.sep))
    return CheckReport(__version__, tuple(_advice_once(done, work)), lines, tuple(sorted(passed)), missing)


def _unmatched(config: Config, search: Search, found: list[Target]) -> Iterator[Diagnostic]:
    """Patterns of `models` that no file of a run matches, though all files that they could match were looked for."""
    if not any(is_below(config.folder, folder) for folder in search.folders):
        return
    relative = [name for target in found if (name := config.relative(target.path)) is not None]
    for text, span in config.models:
        if not any(Patterns([text]).covers(name) for name in relative):
            help = "what .gitignore or `exclude` leaves out is not found by a pattern, but by its name"
            yield Diagnostic("SPC049", f"`models`: there is no file `{text}`", span, "error", help)


def _with_baseline(
    found: list[Target], baseline: Baseline, search: Search, configs: Configs
) -> tuple[list[Target], list[Diagnostic]]:
    """The files with those that a baseline has models of, whatever they hold now; and what is said of those gone."""
    known = {os.path.abspath(target.path): target for target in found if target.path != "-"}
    gone: list[Diagnostic] = []
    for path in baseline.entries:
        name = os.path.normpath(path)
        whole = os.path.abspath(name)
        if whole in known:
            known[whole] = Target(known[whole].path)
        elif search.covers(name):
            if not os.path.lexists(name):
                message = f"the baseline has a model `{path}`, and there is no such file"
                help = "a model that was renamed or taken out needs a new baseline: --write-baseline"
                gone.append(Diagnostic("BUD505", message, Span(baseline.path, 1, 1, 1, 1), "error", help))
            elif not excluded(configs, whole, folder=False):
                known[whole] = Target(name)
    return [*(target for target in found if target.path == "-"), *known.values()], gone


def _unreadable(folder: str) -> CheckedFile:
    found = Diagnostic("SPC003", f"no permission to read the folder `{folder}`", Span(folder, 1, 1, 1, 1))
    return CheckedFile(folder, (found,), failing=1)


def _advice_once(files: Iterable[CheckedFile], work: Iterable[_Job]) -> Iterator[CheckedFile]:
    """The files without advice on an included file that was given before, for another file that includes it."""
    given: set[tuple[str, Span]] = set()
    settings = {_name(target.path): one for target, one in work}
    for file in files:
        elsewhere = {
            number: (one.code, one.span)
            for number, one in enumerate(file.findings)
            if one.code.startswith("ARC") and one.span is not None and one.span.path != file.path
        }
        kept = [number for number in range(len(file.findings)) if elsewhere.get(number) not in given]
        given.update(elsewhere.values())
        if len(kept) == len(file.findings):
            yield file
            continue
        findings = tuple([file.findings[number] for number in kept])
        mends = {at: file.mends[number] for at, number in enumerate(kept) if number in file.mends}
        failing = sum(settings[file.path].fails(one.severity) for one in findings)
        yield file._replace(findings=findings, mends=mends, failing=failing)


def baseline_of(
    report: CheckReport,
    layer_types: tuple[str, ...] = (),
    plugins: tuple[str, ...] = (),
    keras_backend: str | None = None,
    before: Baseline | None = None,
) -> str:
    """The baseline of the models of a run, as a text. A model with errors keeps the line that it had `before`."""
    from cnnsum.lint.budget.baseline import Entry, entry_of, text
    from cnnsum.model import load

    entries: dict[str, Entry] = {}
    configs = Configs()
    for file in report.files:
        kept = None if before is None or before.single else before.of(file.path)
        if kept is not None:
            entries[file.path] = kept
        if any(found.severity == "error" and not found.code.startswith("BUD") for found in file.findings):
            continue
        try:
            types = configs.settings(file.path, Choice(), None).with_types(layer_types, plugins)
            backend = keras_backend or types.keras_backend
            model = load(file.path, layer_types=types.layer_types, plugins=types.plugins, keras_backend=backend)
            entries[file.path] = entry_of(model)
        except UnusableError:  # a broken configuration is among the files, too
            continue
    return text(entries)


def mended(
    paths: Iterable[str],
    *,
    select: Iterable[str] | None = None,
    ignore: Iterable[str] = (),
    unsafe: bool = False,
    force_exclude: bool = False,
    layer_types: tuple[str, ...] = (),
    plugins: tuple[str, ...] = (),
    named: bool = True,
) -> Iterator[Mended]:
    """The files in which something can be mended, with their new texts, one by one; the caller writes them.

    The arguments are those of `run`; unsafe: also mend what may change the network; named: whether somebody named the
    paths. Raises UnusableError, in the end, for a folder that was named and holds no model.
    """
    from cnnsum.lint.mending import mend

    called = called_choice(select, ignore)
    configs = Configs()
    paths = list(paths)
    models: list[str] = []
    for target in searched(configs, paths, force_exclude=force_exclude):
        if target.path == "-" or (target.sought and check_file(target.path, sought=True) is None):
            continue
        models.append(target.path)
        settings = configs.settings(target.path, called, None)
        text = mend(target.path, settings.with_types(layer_types, plugins), unsafe=unsafe)
        if text is not None:
            yield text
    missing = [*Search(paths).missing(models)] if named else []
    if missing:
        raise UnusableError(*missing)


def _with_budget(settings: Settings, budget: Mapping[str, object], path: str) -> Settings:
    """The settings of a file with limits from the call, whose place is the file itself."""
    here = Span(path, 1, 1, 1, 1)
    places = {"": here, **(settings.budget_places or {}), **dict.fromkeys(budget, here)}
    return settings._replace(budget={**(settings.budget or {}), **budget}, budget_places=places)


def _require_limits(budgets: Sequence[Mapping[str, object]]) -> None:
    """Raise UnusableError where a call says what limits hold for, and nothing sets one."""
    from cnnsum.lint.budget.entries import no_limit

    found = [no_limit(budget, None) for budget in budgets]
    if found and all(found):
        raise UnusableError(found[0][0]._replace(message="--budget has no limit", help="add one, as in params=5M"))


def _name(path: str) -> str:
    return STDIN if path == "-" else path


def _is_pipe(path: str) -> bool:
    return os.path.exists(path) and not os.path.isfile(path)


def watched(paths: Iterable[str]) -> list[str]:
    """The files that a run over some paths depends on: those that are checked, their configuration, its layer types."""
    configs = Configs()
    found = [target.path for target in searched(configs, paths)]
    for path in found:
        configs.of(os.path.dirname(os.path.abspath(path)))
    types = [said.text for config in configs.used() for said in config.layer_types]
    return [*dict.fromkeys([*found, *(config.path for config in configs.used()), *types])]


def reads(paths: Iterable[str], file: str, *, force_exclude: bool = False) -> bool:
    """Whether a run over some paths reads that file, as a model or as its configuration."""
    configs = Configs()
    for target in searched(configs, paths, force_exclude=force_exclude):
        if target.path == "-":
            continue
        if os.path.exists(target.path) and os.path.samefile(target.path, file):
            return not target.sought or check_file(target.path, sought=True) is not None
        configs.of(os.path.dirname(os.path.abspath(target.path)))
    return any(os.path.exists(config.path) and os.path.samefile(config.path, file) for config in configs.used())


def called_choice(select: Iterable[str] | None, ignore: Iterable[str]) -> Choice:
    """What a call chooses; raises AskedError for codes that do not exist."""
    chosen = None if select is None else tuple([Said(text, CALL) for text in select])
    unwanted = tuple([Said(text, CALL) for text in ignore])
    wrong = DiagnosticList()
    for said in (*(chosen or ()), *unwanted):
        found = fault(said.text, suggest=wrong.wants_help("SPC052"))
        if found is not None:
            wrong.append(Diagnostic("SPC052", found[0], help=found[1]))
    if wrong:
        raise AskedError("select" if any(fault(said.text) for said in chosen or ()) else "ignore", *wrong)
    return Choice(chosen, unwanted)


def _asking_for(called: Choice, *codes: str) -> Choice:
    """A choice with the codes of a limit that the call sets: whoever sets one asks for it, whatever is selected."""
    if called.select is None:
        return called
    chosen = Selection(tuple([said.text for said in called.select]), tuple([said.text for said in called.ignore]))
    more = tuple([Said(code, CALL) for code in codes if not chosen.reports(code) and not chosen.ignores(code)])
    return called._replace(select=(*called.select, *more))


def _faults(config: Config, called: Mapping[str, object]) -> tuple[Diagnostic, ...]:
    """What is broken in a configuration, its budget included; called: the budget of the call."""
    if config.budget is None:
        return config.faults
    from cnnsum.lint.budget.judging import config_faults

    return (*config.faults, *config_faults(config.budget, config.budget_places, alone=not called))


# --- processes --------------------------------------------------------------------------------------------------------


def _all_checked(
    work: list[_Job], jobs: int | None, dask: str | None, lines: _LinesOf, progress: Callable[[int, int], None]
) -> list[CheckedFile]:
    """All files that are models, in no order."""
    here = [job for job in work if job[0].path == "-"]
    files = [job for job in work if job[0].path != "-"] if here else work
    done: list[CheckedFile | None] = []
    for target, settings in here:
        outcome = check(target.path, settings)
        if outcome is not None:
            if outcome.line is not None:
                lines.add(STDIN, outcome.line)
            done.append(outcome.file)
    outcomes = spread(_check, files, lambda job: (job[0].path, job[1]), processes=jobs, dask=dask, prepare=_warm_up)
    for number, ((target, settings), one) in enumerate(zip(files, outcomes, strict=True), 1):
        done.append(unfinished(target.path, one.why, settings) if isinstance(one, Died) else one)
        progress(number, len(files))
    return [file for file in done if file is not None]


def _warm_up() -> None:
    from cnnsum.rules.base import all_rules

    all_rules()


def _check(job: _Job) -> CheckedFile | None:
    target, settings = job
    return check_file(target.path, settings, sought=target.sought)


# --- lines ------------------------------------------------------------------------------------------------------------


class _LinesOf:
    """The lines of files, read again when a message shows them: few files have findings."""

    def __init__(self) -> None:
        self._line: dict[str, Callable[[int], str] | None] = {}

    def add(self, path: str, line: Callable[[int], str]) -> None:
        """Take the lines of a text that cannot be read again."""
        self._line[path] = line

    def __call__(self, path: str, number: int) -> str | None:
        """The text of a line; None where there is none at hand."""
        if path not in self._line:
            self._line[path] = _reader(path)
        line = self._line[path]
        return None if line is None else line(number)


def _reader(path: str) -> Callable[[int], str] | None:
    from cnnsum.source.lines import Lines
    from cnnsum.source.raw import decode, read_bytes

    if not os.path.isfile(path):  # a pipe has nothing more to give, and would be waited for
        return None
    try:
        raw = read_bytes(path)
    except UnusableError:
        return None
    try:
        return Lines(decode(raw, path)[0]).line
    except UnusableError:
        return Lines(raw.decode("utf-8", "replace")).line
