"""`cnnsum convert MODEL --to keras|yaml|json|torch|keras-py`: the same network in another format."""

from __future__ import annotations

import click

from cnnsum.answers.given import CONVERTED, FRAMEWORKS, SPECS
from cnnsum.cli.asked import Asked
from cnnsum.cli.frame import question
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.readers.how import How


@click.command(name="convert")
@click.argument("model")
@click.option(
    "--to",
    type=click.Choice(CONVERTED),
    required=True,
    help="keras: JSON for keras.models.model_from_json; yaml, json: cnnsum's own language; torch, keras-py: "
    "Python code, a module of PyTorch or a function that builds a model of Keras.",
)
@click.option(
    "--framework",
    type=click.Choice(FRAMEWORKS),
    help="In whose words to write a spec, where both do exactly the same [default: those of MODEL].",
)
@question
def command(
    asked: Asked,
    *,
    model: str,
    to: str,
    framework: str | None,
    how: How,
) -> bool:
    """Print MODEL as Keras 3 writes it, as a spec, or as code.

    A spec says what shapes and numbers depend on: initializers and the like are left out. Reading it back gives the
    same report. What the format has no words for is an error (exit code 1), and then nothing is written.
    """
    from cnnsum.answers.convert.ask import convert, is_copied
    from cnnsum.cli.formats import options_given, refuse_others, require_name
    from cnnsum.cli.output import write_result
    from cnnsum.diagnostics import UnusableError
    from cnnsum.model import Model

    refuse_others("convert", to, options_given(click.get_current_context()))
    require_name(asked.output, to)
    found = Model(asked.read(model), how)
    diagnostics = list(found.diagnostics)
    wrong = found.wrong
    if not wrong:
        if framework is not None and to not in SPECS:
            raise click.UsageError(f"--framework is of a spec: --to {to} is in the words of one framework")
        if is_copied(found, to, framework) and (how.inputs or how.settings or how.dtype is not None):
            raise click.UsageError("a spec is copied as it stands: -i, --set and --dtype have no place here")
        try:
            written = convert(found, to, framework)
        except UnusableError as error:
            wrong = True
            diagnostics += error.diagnostics
        else:
            diagnostics += written.diagnostics
            write_result(asked.output, asked.color, plain=lambda: (written.text,), format=to, pager=asked.pager)
    asked.report(diagnostics, after_result=asked.output is None and not wrong)
    return wrong
