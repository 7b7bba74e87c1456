"""The frame of a command that asks a question about a model: options that all have, and the exit code.

Knows how options are written; what is asked and where it goes is `asked`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from cnnsum.cli.asked import Asked
from cnnsum.cli.options import how_of, model_options


def question(command: Callable[..., bool]) -> Callable[..., None]:
    """Make what click calls of a function that answers: it gets `asked`, `how` the model is read, and its own options.

    The function returns whether something is wrong, which is exit code 1. What cannot be used at all ends in 2.
    """

    @click.pass_context
    @wraps(command)
    def outer(ctx: click.Context, /, **given: Any) -> None:
        asked = Asked(**{name: given.pop(name) for name in ("output", "color", "quiet", "verbose")})
        ctx.exit(asked.code(lambda: command(asked, how=how_of(given), **given)))

    return model_options(outer)
