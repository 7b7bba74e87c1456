"""The summary of a model, read and written: what `cnnsum MODEL` does once its options are known.

Knows neither click nor how options are written: loading click takes as long as all else.
"""

from __future__ import annotations

from cnnsum.cli.asked import Asked
from cnnsum.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnnsum.answers.page.records import Page
    from cnnsum.answers.summary.rendering import Options, Report
    from cnnsum.model import Model
    from cnnsum.readers.how import How

#: The options of `show` where none is given; a test holds them to what click makes of such a call.
UNASKED: Mapping[str, Any] = {
    "batch": None,
    "optimizer": "adam",
    "precision": None,
    "checkpoint": None,
    "convention": None,
    "plan": False,
    "format": "table",
    "keras": False,
    "columns": None,
    "width": None,
    "style": None,
    "depth": None,
    "expand_nested": False,
    "show_trainable": False,
    "layer_range": None,
    "train": False,
    "chart": None,
    "symbolic": False,
}


def summary_of(model: str) -> int:
    """The exit code of `cnnsum MODEL` without an option."""
    from cnnsum.answers import OptionError
    from cnnsum.readers.how import AS_WRITTEN

    asked = Asked()
    try:
        return asked.code(lambda: summary(asked, model=model, how=AS_WRITTEN, **UNASKED))
    except OptionError as error:  # the terminal may be too narrow
        from cnnsum.cli.commands import refuse

        return refuse("show", model, error.sentence)


def summary(
    asked: Asked,
    *,
    model: str,
    how: How,
    batch: int | None,
    optimizer: str,
    precision: str | None,
    checkpoint: str | None,
    convention: str | None,
    plan: bool,
    format: str,
    **looks: Any,
) -> bool:
    """Read, infer, render; returns whether the model has errors. Raises OptionError for options that cannot be met."""
    from cnnsum.answers import DETAILED
    from cnnsum.answers.summary.ask import policy_of, summarize, with_layout
    from cnnsum.model import Model

    found = Model(asked.read(model), how._replace(dtype=policy_of(precision, how.dtype)))
    details = (format in DETAILED and looks["chart"] is None) or looks["columns"] is not None
    report = summarize(
        found,
        batch=batch,
        symbolic=looks["symbolic"],
        optimizer=optimizer,
        checkpoint=_names(checkpoint),
        details=details,
        step=looks["train"],
    )
    report.diagnostics = tuple(with_layout(found, report.diagnostics))
    if plan or looks["chart"] == "memory":
        from cnnsum.answers.plan.ask import plan as plan_of

        report.plan = plan_of(found, report, order=plan)
    if format == "html":
        report.page = _page(found, report, optimizer, _names(checkpoint), looks["depth"])
    if convention is not None:
        from cnnsum.answers.conventions.ask import reconcile

        report.convention = reconcile(found, convention, batch=report.batch)
    try:
        _write(asked, report, format, verbose=asked.verbose, **looks)
    finally:
        asked.report(report.diagnostics)  # below the summary, which may be longer than the screen
    return found.wrong


def _page(found: Model, report: Report, optimizer: str, checkpoint: list[str] | None, depth: int | None) -> Page:
    """The page of the model, with what `check` says of it."""
    from cnnsum.answers.page.ask import page
    from cnnsum.lint.checking import findings_of

    return page(found, report, optimizer=optimizer, checkpoint=checkpoint, depth=depth, findings=findings_of(found))


def _names(text: str | None) -> list[str] | None:
    """The names in a list with commas, None for no list."""
    return None if text is None else [name for name in map(str.strip, text.split(",")) if name]


def _write(asked: Asked, report: Report, format: str, **looks: Any) -> None:
    """Render the report and write it where it is wanted. A reader who has seen enough ends it early."""
    from cnnsum.answers.summary.rendering import render, styled_lines
    from cnnsum.cli.output import can_draw, delivering, standard_output, write_file, write_standard

    with delivering(asked.output):
        if asked.output is not None:
            write_file(asked.output, render(report, format, _options(ascii=False, **looks)), format)
            return
        options = _options(ascii=not can_draw(standard_output()), **looks)
        styled = (lambda: styled_lines(report, options)) if format == "table" else None
        write_standard(asked.color, lambda: render(report, format, options), styled, format=format, pager=asked.pager)


def _options(*, keras: bool, ascii: bool, **looks: Any) -> Options:
    from cnnsum.answers.summary.rendering import Options
    from cnnsum.cli.terminal import terminal_columns

    return Options(terminal=terminal_columns(), keras_only=keras, ascii=ascii, **looks)
