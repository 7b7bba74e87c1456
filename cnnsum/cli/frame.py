"""The frame of a command that asks a question about a model: options that all have, and the exit code.

Knows how options are written; what is asked and where it goes is `asked`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import click

from cnnsum.cli.asked import Asked
from cnnsum.cli.options import ASKED, how_of, model_options
from cnnsum.typed import Any

#: The arguments of commands that are models.
MODELS = ("model", "old", "new")


def question(command: Callable[..., bool]) -> Callable[..., None]:
    """Make what click calls of a function that answers: it gets `asked`, `how` the model is read, and its own options.

    The function returns whether something is wrong, which is exit code 1. What cannot be used at all ends in 2.
    """

    @click.pass_context
    @wraps(command)
    def outer(ctx: click.Context, /, **given: Any) -> None:
        watch = given.pop("watch")
        where = {name: given.pop(name) for name in ASKED}

        def answer() -> int:
            asked, options = Asked(**where), dict(given)
            return asked.code(lambda: command(asked, how=how_of(options), **options))

        if not watch:
            ctx.exit(answer())
        models = [given[name] for name in MODELS if name in given]
        if "-" in models:
            raise click.UsageError("--watch needs files: standard input does not change")
        where["pager"] = False
        from cnnsum.cli.watching import keep_answering

        keep_answering(answer, lambda: models, quiet=where["quiet"])

    return model_options(outer)
