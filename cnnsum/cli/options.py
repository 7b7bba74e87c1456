"""Options that every command which reads a model has, and how their texts become values."""

from __future__ import annotations

from collections.abc import Callable

import click

from cnnsum.answers.given import MOST_SAMPLES, integer, is_not_finite, named, setting
from cnnsum.typed import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from cnnsum.readers.how import How

    _Type = click.ParamType[object]
else:
    _Type = click.ParamType  # which is not generic in click 8.1

F = TypeVar("F", bound=Callable[..., object])

#: Processes that a call may ask for.
MOST_JOBS = 256


class NumberOption(_Type):
    """An integer within bounds."""

    name = "N"

    def __init__(self, least: int, most: int) -> None:
        self.least = least
        self.most = most

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:
        """The integer."""
        if not isinstance(value, str):
            return value
        number = integer(value)
        if number is None or not self.least <= number <= self.most:
            self.fail(f"'{value}' is not a whole number from {self.least} to {self.most:,}", param, ctx)
        return number


class ShapeOption(_Type):
    """`SHAPE` or `NAME=SHAPE`: sizes separated by commas; a name is a symbol, `none` an open axis."""

    name = "[NAME=]SHAPE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:
        """The name ("" where there is none) and the shape."""
        if not isinstance(value, str):
            return value
        name, separator, text = value.rpartition("=")
        if separator and not name:
            self.fail("a name must stand before the =", param, ctx)
        sizes = text.strip("()[] ").split(",")
        if len(sizes) > 1 and not sizes[-1].strip():
            sizes.pop()  # (100,) is Python's way
        return name, tuple([self._size(size.strip(), text, param, ctx) for size in sizes])

    def _size(self, word: str, text: str, param: click.Parameter | None, ctx: click.Context | None) -> int | str | None:
        number = integer(word)
        if number is not None and number > 0:
            return number
        if word.lower() in {"none", "null", "?"}:
            return None
        if not word.isascii() or not word.isidentifier():
            wanted = "write positive integers and names with commas between, as in 224,224,3"
            self.fail(f"`{word or text}` is not a size: {wanted}", param, ctx)
        return word


class SettingOption(_Type):
    """`NAME=VALUE`, or `NAME=NAME=VALUE` for several: a number, true, false, or a text."""

    name = "NAME=VALUE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:
        """The names and the value."""
        if not isinstance(value, str):
            return value
        names, text = named(value)
        if not names:
            self.fail(f"`{value}` is not NAME=VALUE", param, ctx)
        if is_not_finite(text):
            self.fail(f"`{value}`: `{text}` is not a finite number", param, ctx)
        return names, setting(text)


def _by_name(_ctx: click.Context, _param: click.Parameter, pairs: tuple[tuple[str, object], ...]) -> dict[str, object]:
    """The values by their names; a name that is given twice is refused, for one of the two would be lost."""
    values: dict[str, object] = {}
    for name, value in pairs:
        if name in values:
            raise click.BadParameter(
                f"`{name}` is given twice" if name else "two shapes without a name: say which input each is for"
            )
        values[name] = value
    return values


def _by_names(
    ctx: click.Context, param: click.Parameter, given: tuple[tuple[tuple[str, ...], object], ...]
) -> dict[str, object]:
    """The values by their names, of which several may have one."""
    return _by_name(ctx, param, tuple([(name, value) for names, value in given for name in names]))


def how_of(given: dict[str, Any]) -> How:
    """How a model is read, taken out of the options of a command; raises UnusableError for wrong layer types."""
    from cnnsum.model import read_types
    from cnnsum.readers.how import How

    return How(
        given.pop("inputs"),
        given.pop("settings"),
        given.pop("dtype"),
        frozenset(),
        read_types(given.pop("layer_types"), given.pop("plugins")),
        given.pop("keras_backend"),
        given.pop("source_format"),
    )


def type_options(command: F) -> F:
    """Add the options that declare layer types from outside of the model's file."""
    for option in (
        click.option(
            "--plugin",
            "plugins",
            multiple=True,
            metavar="MODULE",
            help="Take layer types from a Python module or file, which is run: only what you trust.",
        ),
        click.option(
            "--layer-types",
            multiple=True,
            metavar="FILE",
            help="Take layer types from the `layer_types` of a YAML or JSON file.",
        ),
    ):
        command = option(command)
    return command


def spreading_options(of: str = "", usual: str = "as many as save time") -> Callable[[F], F]:
    """The options that say who works: processes of this machine, or the machines of a cluster.

    of: what they go with, as the help begins. usual: how many processes there are by default.
    """
    options = (
        click.option(
            "--dask",
            metavar="ADDRESS",
            callback=_cluster,
            help=f"{of}Work on a dask cluster, whose machines see the same files; `local` starts one.",
        ),
        click.option(
            "--jobs",
            type=NumberOption(1, MOST_JOBS),
            is_eager=True,  # what --dask is held against
            help=f"{of}Number of processes.  [default: {usual}]",
        ),
    )

    def add(command: F) -> F:
        for option in options:
            command = option(command)
        return command

    return add


def _cluster(ctx: click.Context, _param: click.Parameter, address: str | None) -> str | None:
    """The address as it is: a cluster has as many processes as it has."""
    if address not in (None, "local") and ctx.params.get("jobs") is not None:
        raise click.UsageError("--jobs is for processes of this machine, and does not go with a cluster elsewhere")
    return address


class OneModel(click.Command):
    """A command about one model, which says what answers for several."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; raises UsageError for a second model."""
        ctx.allow_extra_args = True
        more = super().parse_args(ctx, args)
        if more and not ctx.resilient_parsing:
            first = ctx.params.get("model")
            both = f"`cnnsum diff {first} {more[0]}` compares two, and " if len(more) == 1 else ""
            message = f"{self.name} takes one model, got {', '.join(map(str, [first, *more]))}"
            raise click.UsageError(f"{message}: {both}`cnnsum check` takes any number", ctx)
        return more


def color_option(command: F) -> F:
    """Add the option `--color`."""
    return click.option(
        "--color",
        type=click.Choice(("auto", "always", "never")),
        default="auto",
        help="When to use colours, in tables and findings.  [default: auto]",
    )(command)


def no_pager(command: F) -> F:
    """Add the option `--no-pager`, which is `pager`."""
    return click.option(
        "--no-pager",
        "pager",
        is_flag=True,
        flag_value=False,
        default=True,
        help="Print also what is longer than the screen.",
    )(command)


#: The options of `model_options` that say where an answer goes, as `Asked` takes them.
ASKED = ("output", "color", "pager", "quiet", "verbose")


def batch_option(command: F) -> F:
    """Add the option that says for how many samples something is counted."""
    return click.option(
        "-b",
        "--batch",
        type=NumberOption(1, MOST_SAMPLES),
        help="Samples that memory is estimated for.  [default: the file's, else 1]",
    )(command)


def model_options(command: F) -> F:
    """Add the options that say how a model is read, and where the result goes."""
    for option in reversed(
        (
            click.option(
                "-i",
                "--input",
                "inputs",
                type=ShapeOption(),
                multiple=True,
                callback=_by_name,
                help="Give an input another shape, without the batch axis: 224,224,3 or H,W,3.",
            ),
            click.option(
                "--set",
                "settings",
                type=SettingOption(),
                multiple=True,
                callback=_by_names,
                help="Give a var or a symbol a value; H=W=224 gives it to both.",
            ),
            click.option(
                "--dtype", metavar="NAME", help="The dtype policy of layers that name none, such as mixed_float16."
            ),
            click.option(
                "--from",
                "source_format",
                metavar="FORMAT",
                help="Read the file as cnnsum, keras, savedmodel, torch, ultralytics, onnx, tflite, darknet, caffe.  "
                "[default: by content]",
            ),
            click.option(
                "--keras-backend",
                default="tensorflow",
                metavar="NAME",
                help="The backend whose dtypes count: tensorflow, jax, torch, numpy.  [default: tensorflow]",
            ),
            type_options,
            click.option(
                "-o",
                "--output",
                metavar="FILE",
                help="Write the result to a file, whole or not at all, without colours.",
            ),
            color_option,
            no_pager,
            click.option("--watch", is_flag=True, help="Answer again whenever a file that was read changes."),
            click.option("-q", "--quiet", is_flag=True, help="Report errors only."),
            click.option("-v", "--verbose", is_flag=True, help="Report notes, too."),
        )
    ):
        command = option(command)
    return command
