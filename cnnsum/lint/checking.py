"""One file to its findings: reading, inference, advice and budgets; then selection and suppressions.

Every fault of a file is a finding of it, whether or not the file can be read. Knows no other file but those that are
included, and no screen.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from cnnsum.diagnostics import Diagnostic, DiagnosticList, Span, Suggestion, UnusableError
from cnnsum.lint.comments import Suppression, suppressions
from cnnsum.lint.files import CONTAINERS
from cnnsum.lint.report.findings import CheckedFile
from cnnsum.lint.settings import Settings, Wanted
from cnnsum.render.diagnose import in_order
from cnnsum.source import Document, read
from cnnsum.source.raw import READ, open_file
from cnnsum.typed import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnnsum.model import Model

#: Findings that are not looked for where a model has errors, which they would be built on.
_AFTER_ERRORS = ("ARC", "BUD")
#: Advice on what nothing uses, of which a file that is not read to its end says nothing: the rest may use it.
_OF_EVERY_USE = ("ARC493",)
STDIN = "<stdin>"
#: The finding that says that a file was not checked to its end: whatever else was found, the run is spoilt.
UNFINISHED = "SPC075"


class Outcome(NamedTuple):
    """A file that was checked. line: gives its lines by number, where the text is at hand."""

    file: CheckedFile
    line: Callable[[int], str] | None


def check_file(path: str, settings: Settings = Settings(), *, sought: bool = False) -> CheckedFile | None:  # noqa: B008
    """What is wrong with a file; "-" is standard input.

    sought: whether it was found in a folder; then None where it is not a model. Raises nothing for any content: a fault
    of cnnsum itself is a finding of the file, so that the other files are still checked.
    """
    try:
        outcome = check(path, settings, sought=sought)
    except Exception as error:
        if "CNNSUM_TRACEBACK" in os.environ:
            raise
        return faulty(path, error, settings)
    return None if outcome is None else outcome.file


def unfinished(path: str, why: str, settings: Settings) -> CheckedFile:
    """A file whose check ended without an answer, with the process that it ran in."""
    return _checked(path, [ended(path, why)], 0, settings)


def faulty(path: str, error: Exception, settings: Settings) -> CheckedFile:
    """A file of which a fault of cnnsum itself came."""
    name = STDIN if path == "-" else path
    return _checked(name, [fault_of(name, error)], 0, settings)


def ended(path: str, why: str) -> Diagnostic:
    """What is said of a file whose process ended without an answer."""
    help = "check the file alone: what it asks for may take more memory than there is"
    message = f"the process that checked it ended without an answer: {why}"
    return Diagnostic(UNFINISHED, message, Span(path, 1, 1, 1, 1), "error", help)


def fault_of(name: str, error: Exception) -> Diagnostic:
    """What is said of a file at which an error came up that nobody foresaw."""
    help = "please report it with the file at hand; CNNSUM_TRACEBACK=1 shows where it came from"
    code, message = "SPC069", f"a fault in cnnsum itself: {type(error).__name__}: {error}"
    if isinstance(error, RecursionError):
        code, message, help = "SPC010", "the model is nested too deep", "fewer nested models or blocks"
    if isinstance(error, MemoryError):
        code, message = UNFINISHED, "this takes more memory than there is"
        help = "check fewer files at a time: --jobs 1"
    return Diagnostic(code, message, Span(name, 1, 1, 1, 1), "error", help)


def check(path: str, settings: Settings, *, sought: bool = False) -> Outcome | None:
    """The same, with the lines of the text."""
    outcome = _outcome(path, settings, sought=sought)
    if outcome is None:
        READ.discard(path)  # what was looked at and left aside may be written over
    return outcome


def _outcome(path: str, settings: Settings, *, sought: bool) -> Outcome | None:
    try:
        document = opened(path, sought=sought)
    except UnusableError as error:
        name = STDIN if path == "-" else path
        wanted = Wanted(settings.choice(), settings.silenced)
        wanted.insist(one.code for one in error.diagnostics)
        found = [one for one in in_order(error.diagnostics) if wanted(one.code)]
        if not found:
            own = Span(name, 1, 1, 1, 1) if _seems_budgeted(path) else None
            _insist_on_limits(wanted)
            found = [one for one in _unheld(name, own, error, settings) if wanted(one.code)]
        return Outcome(_checked(name, found, 0, settings), error.line)
    return None if document is None else Outcome(check_document(document, settings), document.line)


def opened(path: str, *, sought: bool) -> Document | None:
    """The text of a file; None where it was found in a folder (sought) and is not a model.

    Raises UnusableError where a file that is named, or that was meant as a model, cannot be read.
    """
    if sought and not _may_be_model(path):
        return None
    try:
        document = read(path)
    except UnusableError as error:
        if sought and not _seems_model(path, error):
            return None
        raise
    if sought:
        from cnnsum.lint.looking import is_model

        if not path.lower().endswith(CONTAINERS) and not is_model(document):
            return None
    return document


def _may_be_model(path: str) -> bool:
    """Whether a file that was found may be a model; of one that cannot be read, its reader says why."""
    from cnnsum.lint.looking import may_be_model

    if path.lower().endswith(CONTAINERS):
        return True
    try:
        with open_file(path) as file:
            return may_be_model(file.read())
    except OSError:
        return True


def _seems_model(path: str, error: UnusableError) -> bool:
    from cnnsum.lint.looking import seems_model

    code = error.diagnostics[0].code
    if code in ("SPC001", "SPC003"):  # nobody can say that it is not a model
        return True
    if path.lower().endswith(CONTAINERS):
        # What is sound and holds weights or data is not a model; an archive of Keras says by its name that it is one.
        return code != "SPC068" or path.lower().endswith(".keras")
    try:
        with open_file(path) as file:
            return seems_model(file.read())
    except OSError:
        return False


def _seems_budgeted(path: str) -> bool:
    """Whether a file that cannot be read has a budget."""
    from cnnsum.lint.looking import seems_budgeted

    try:
        with open_file(path) as file:
            return seems_budgeted(file.read())
    except OSError:
        return False


def check_document(document: Document, settings: Settings) -> CheckedFile:
    """What is wrong with a text that was read."""
    model = read_model(document, settings)
    try:
        return check_model(document, model, settings)
    finally:
        if not isinstance(model, UnusableError):
            model.graph.take_apart()


def read_model(document: Document, settings: Settings, *, compared: bool = True) -> Model | UnusableError:
    """The model in a text, or why there is none. compared: as in `How`."""
    from cnnsum.model import Model, read_types
    from cnnsum.readers.how import How

    try:
        types = read_types(settings.layer_types, settings.plugins)
        return Model(document, How(types=types, backend=settings.keras_backend, compared=compared))
    except UnusableError as error:
        return error


def check_model(
    document: Document, model: Model | UnusableError, settings: Settings, *, advice: bool = True
) -> CheckedFile:
    """What is wrong with a text whose model was read, if there is one.

    advice: whether to look for what is not wrong for certain, too; that takes longer than all the rest.
    """
    wanted, faults = _wanted(document, settings)
    found, stands = _found(document, model, wanted, advice=advice)
    if advice:
        _insist_on_limits(wanted)
        limits = _limits(document, model, settings)
        # What is not known because of errors is not told beside these: they fail the run, and have to go first.
        found += [one for one in limits if one.code != "BUD502"] if stands else limits
    kept = in_order((*[one for one in found if wanted(one.code)], *[one for one in faults if wanted(one.code)]))
    suppressed = 0
    if document.format == "yaml" or any(one.span is not None and one.span.path != document.path for one in kept):
        complete = advice and not isinstance(model, UnusableError) and not model.wrong
        kept, suppressed = _suppress(document, kept, wanted, complete=complete)
    checked = _checked(document.path, kept, suppressed, settings)
    if any(one.mend is not None or isinstance(one.help, Suggestion) for one in kept):
        from cnnsum.lint.fix import replacements

        checked = checked._replace(mends=replacements(document, kept))
    return checked


def findings_of(model: Model) -> list[Diagnostic]:
    """What `check` says of a model that was read: its faults, and advice, but for what comments in its text silence."""
    wanted, _ = _wanted(model.document, Settings())
    found, _ = _found(model.document, model, wanted, advice=True)
    kept = in_order([one for one in found if wanted(one.code)])
    return _suppress(model.document, kept, wanted, complete=not model.wrong)[0]


def _wanted(document: Document, settings: Settings) -> tuple[Wanted, list[Diagnostic]]:
    """Which findings of a text are reported, and what is wrong with what it says of that itself."""
    faults: list[Diagnostic] = []
    choice = settings.choice()
    if isinstance(document.value, dict) and "lint" in document.value and "class_name" not in document.value:
        from cnnsum.lint.spec import own_choice

        own, faults = own_choice(document)
        choice = settings.choice(own)
    return Wanted(choice, settings.silenced), faults


def _found(
    document: Document, model: Model | UnusableError, wanted: Wanted, *, advice: bool
) -> tuple[list[Diagnostic], bool]:
    """What is found in a model, and whether errors of it are reported.

    Advice is given where no error is: it would be built on what is about to change. An error that is silenced is not
    about to change, and takes no advice on the rest away.
    """
    from cnnsum.answers.summary.ask import with_layout

    found = DiagnosticList(model.diagnostics)
    errors = [one for one in found if one.severity == "error"]
    if errors and (isinstance(model, UnusableError) or not model.inference.calls):
        wanted.insist(one.code for one in errors)
    reported = [one for one in errors if wanted(one.code)]
    stands = bool(reported) and bool(_suppress(document, reported, wanted, complete=False)[0])
    if isinstance(model, UnusableError):
        return found, stands
    if stands or (errors and not advice):
        return with_layout(model, found), stands
    return DiagnosticList((*found, *_advice(model, wanted))) if advice else found, stands


def _checked(path: str, found: list[Diagnostic], suppressed: int, settings: Settings) -> CheckedFile:
    # What is wrong with a file as a whole stands at its beginning: every tool that reads findings wants a place.
    start = Span(path, 1, 1, 1, 1)
    found = [one if one.span is not None else one._replace(span=start) for one in found]
    failing = sum(settings.fails(one.severity) for one in found)
    return CheckedFile(path, tuple(found), suppressed, failing, fail_on=settings.fail_on)


# --- what is looked for beyond errors ---------------------------------------------------------------------------------


def _advice(model: Model, wanted: Wanted) -> list[Diagnostic]:
    from cnnsum.rules import advise
    from cnnsum.rules.base import Subject

    if not (model.graph.program and model.graph.exported):
        asked = _but(_OF_EVERY_USE, wanted) if model.wrong else wanted
        return advise(Subject(model.graph, model.inference, lambda: model.sizes, model.document, asked))
    from cnnsum.writers.translation.partly import partly_in_modules

    # Rules know layers, and no operations. No archive is mended: its author writes another program.
    graph, inference = partly_in_modules(model.graph, model.inference)
    found = advise(Subject(graph, inference, lambda: model.sizes, model.document, wanted))
    return [*model.graph.remarks, *[one._replace(mend=None) for one in found]]


def _but(codes: tuple[str, ...], wanted: Wanted) -> Callable[[str], bool]:
    """The same without these codes."""
    return lambda code: code not in codes and wanted(code)


def _limits(document: Document, model: Model | UnusableError, settings: Settings) -> list[Diagnostic]:
    """What exceeds budgets and baselines, or cannot be held to them."""
    if isinstance(model, UnusableError):
        has_own = isinstance(document.value, dict) and document.value.get("budget")
        return _unheld(document.path, document.span(("budget",), key=True) if has_own else None, model, settings)
    found: list[Diagnostic] = []
    value = document.value
    if settings.budget is not None or (isinstance(value, dict) and value.get("budget")):
        from cnnsum.lint.budget.judging import findings

        found += findings(model, settings.budget, settings.budget_places)
    if settings.baseline is not None and settings.increases is not None:
        from cnnsum.lint.budget.baseline import findings as grown

        found += grown(model, settings.baseline, settings.increases)
    return found


def _insist_on_limits(wanted: Wanted) -> None:
    """Report what cannot be held to a limit wherever it is reported that something exceeds one."""
    if wanted("BUD501") or wanted("BUD504"):
        wanted.insist(("BUD502",))


def _unheld(path: str, own: Span | None, error: UnusableError, settings: Settings) -> list[Diagnostic]:
    """The budgets and baselines that a file is not held to, since no model could be read of it.

    own: where the budget of the file itself stands, None where it has none.
    """
    found: list[Diagnostic] = []
    if own is not None or settings.budget is not None:
        from cnnsum.lint.budget.judging import unheld

        found += unheld(path, own, error.diagnostics, settings.budget, settings.budget_places)
    if settings.baseline is not None:
        from cnnsum.lint.budget.baseline import unheld as not_compared

        found += not_compared(path, error.diagnostics, settings.baseline)
    return found


# --- comments ---------------------------------------------------------------------------------------------------------


def _suppress(
    document: Document, found: list[Diagnostic], wanted: Wanted, *, complete: bool
) -> tuple[list[Diagnostic], int]:
    """The findings that no comment silences, those about comments that silence nothing, and how many are silenced."""
    own = suppressions(document.text) if document.format == "yaml" else []
    texts = {document.path: _by_line(own)}
    used: set[tuple[str, int, str]] = set()
    kept: list[Diagnostic] = []
    for one in found:
        if one.span is not None and not one.is_of_more:
            path, line = one.span.path, one.span.line
            if path not in texts:
                texts[path] = _by_line(_elsewhere(path))
            if one.code in texts[path].get(line, ()):
                used.add((path, line, one.code))
                continue
        kept.append(one)
    about = DiagnosticList()
    if own and wanted("SPC048"):
        for comment in own:
            about += _about(comment, document.path, used, wanted, complete=complete)
    return (in_order((*kept, *about)) if about else kept), len(found) - len(kept)


def _by_line(comments: list[Suppression]) -> dict[int, set[str]]:
    """The codes that are silenced, by line."""
    found: dict[int, set[str]] = {}
    for comment in comments:
        found.setdefault(comment.line, set()).update(code.text for code in comment.codes)
    return found


def _elsewhere(path: str) -> list[Suppression]:
    """The suppressions of an included file."""
    if path.endswith(".toml"):
        return []
    try:
        document = read(path)
    except UnusableError:
        return []
    return suppressions(document.text) if document.format == "yaml" else []


def _about(
    comment: Suppression, path: str, used: set[tuple[str, int, str]], wanted: Wanted, *, complete: bool
) -> list[Diagnostic]:
    line = comment.line
    if any(code.text == "SPC048" for code in comment.codes):
        return []
    found = [
        Diagnostic("SPC048", fault.message, Span(path, line, fault.column, line, fault.end), "warning", fault.help)
        for fault in comment.faults
    ]
    for code in comment.codes:
        # What was not looked for may well be there.
        looked_for = wanted(code.text) and (complete or not code.text.startswith(_AFTER_ERRORS))
        if looked_for and (path, line, code.text) not in used:
            place = Span(path, line, code.column, line, code.column + len(code.text))
            help = "take it out"
            if comment.alone:
                help = "a suppression stands at the end of the line that it is for"
            message = f"there is no {code.text} on this line to suppress"
            found.append(Diagnostic("SPC048", message, place, "warning", help))
    return found
