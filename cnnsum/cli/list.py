"""`cnnsum list PATH...`: what many models are, one line each."""

from __future__ import annotations

import os
from functools import partial

import click

from cnnsum.answers import OptionError
from cnnsum.answers.given import MOST_SAMPLES
from cnnsum.cli import progress
from cnnsum.cli.formats import format_for, format_option
from cnnsum.cli.options import NumberOption, color_option, no_pager, spreading_options, type_options
from cnnsum.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnsum.cli.asked import Asked

_MOST_SHOWN = 10**9


@click.command(name="list")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--columns", metavar="NAMES", help="Choose columns: path,params,macs; --format csv shows all there are.")
@click.option("--where", metavar="CONDITION", help='List these only: "params < 5000000 and macs > 1000000".')
@click.option("--sort", metavar="NAME", help="Sort by a column, the least first; -macs the largest first.")
@click.option("--top", type=NumberOption(1, _MOST_SHOWN), metavar="N", help="List the first N only.")
@click.option(
    "-b", "--batch", type=NumberOption(1, MOST_SAMPLES), help="Samples that memory is for.  [default: each file's]"
)
@click.option("--optimizer", default="adam", metavar="NAME", help="Optimizer of training memory.  [default: adam]")
@spreading_options()
@format_option("list")
@click.option("--keras-backend", metavar="NAME", help="The backend whose dtypes count.  [default: tensorflow]")
@type_options
@click.option("-o", "--output", metavar="FILE", help="Write the list to a file, whole or not at all, without colours.")
@color_option
@no_pager
@click.option("-q", "--quiet", is_flag=True, help="Leave out progress and the summary line.")
@click.pass_context
def command(ctx: click.Context, /, *, output: str | None, color: str, pager: bool, quiet: bool, **given: Any) -> None:
    """Print one line for each model: files, and the models in folders, as check finds them.

    PATH is a file, a folder, a glob, or - for standard input; without one, the working directory. A file that cannot
    be read is a line that says why, and makes the exit code 1; a PATH that is not there makes it 2.
    """
    from cnnsum.cli.asked import Asked

    asked = Asked(output=output, color=color, pager=pager, quiet=quiet)
    try:
        ctx.exit(asked.code(lambda: _list(asked, **given)))
    except OptionError as error:
        raise click.UsageError(error.sentence) from None


def _list(
    asked: Asked,
    *,
    paths: tuple[str, ...],
    columns: str | None,
    where: str | None,
    sort: str | None,
    top: int | None,
    batch: int | None,
    optimizer: str,
    jobs: int | None,
    dask: str | None,
    layer_types: tuple[str, ...],
    plugins: tuple[str, ...],
    keras_backend: str | None,
    format: str,
) -> bool:
    """Read and print; whether a file failed."""
    from cnnsum.answers.listing.ask import list_models
    from cnnsum.cli.output import room_of, say
    from cnnsum.lint.searching import require_there

    require_there(paths)
    format = format_for("list", asked.output, format)
    shown = _columns(columns)
    progress.begin("looking for models", quiet=asked.quiet)
    models = list_models(
        paths or (os.curdir,),
        where=where,
        sort=sort,
        top=top,
        columns=shown,
        batch=batch,
        optimizer=optimizer,
        jobs=jobs,
        dask=dask,
        layer_types=layer_types,
        plugins=plugins,
        keras_backend=keras_backend,
    )
    if asked.output is not None:
        from cnnsum.cli.output import refuse_own_source

        for path in models.paths:
            refuse_own_source(path, asked.output)
    models.progress = partial(progress.count, what="files")
    looks = {"room": room_of(asked.output)} if format == "table" else {}
    asked.answer("list", format, models, **looks)
    if not asked.quiet:
        if models.unsure:
            say(f"{models.unsure:,} left out: it is not known whether --where holds of them")
        if models.failed:
            say(f"{models.failed:,} file{'s' * (models.failed != 1)} with errors")
    return models.failed > 0


def _columns(text: str | None) -> tuple[str, ...] | None:
    """The columns of a list with commas; raises OptionError for one that there is not."""
    from cnnsum.answers.listing.records import COLUMNS
    from cnnsum.diagnostics import did_you_mean

    if text is None:
        return None
    names = tuple(dict.fromkeys(name for name in map(str.strip, text.split(",")) if name))
    for name in names:
        if name not in COLUMNS:
            help = did_you_mean(name, COLUMNS) or f"the columns are {', '.join(COLUMNS)}"
            raise OptionError(f"there is no column `{name}`", help)
    if not names:
        raise OptionError("--columns names no column", f"the columns are {', '.join(COLUMNS)}")
    return names
