"""Options that every command which reads a model has, and how their texts become values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

COLORS = ("auto", "always", "never")


class ShapeOption(click.ParamType):
    """`SHAPE` or `NAME=SHAPE`: sizes separated by commas; a name is a symbol, `none` an open axis."""

    name = "[NAME=]SHAPE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The name ("" where there is none) and the shape."""
        if not isinstance(value, str):
            return value
        name, separator, text = value.rpartition("=")
        if separator and not name:
            self.fail("a name must stand before the =", param, ctx)
        shape: list[int | str | None] = []
        for item in text.strip("()[] ").split(","):
            word = item.strip()
            if word.isdecimal() and len(word) < 19 and int(word) > 0:
                shape.append(int(word))
            elif word.lower() in {"none", "null", "?"}:
                shape.append(None)
            elif word.isidentifier():
                shape.append(word)
            elif word or not shape:
                self.fail(
                    f"`{word or value}` is no size: write a positive integer or a name, as in 224,224,3", param, ctx
                )
        return name, tuple(shape)


class SettingOption(click.ParamType):
    """`NAME=VALUE`: a number, true, false, or a text."""

    name = "NAME=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The name and the value."""
        if not isinstance(value, str):
            return value
        name, separator, text = value.partition("=")
        if not separator or not name.isidentifier():
            self.fail(f"`{value}` is no NAME=VALUE", param, ctx)
        return name, setting(text)


def setting(text: str) -> int | float | bool | str:
    """The value that a text stands for.

    >>> setting("3"), setting("0.5"), setting("true"), setting("relu")
    (3, 0.5, True, 'relu')
    """
    if text in {"true", "false"}:
        return text == "true"
    digits = text.removeprefix("-")
    if digits.isdecimal() and digits.isascii() and len(digits) < 19:
        return int(text)
    try:
        number = float(text) if text.isascii() and "_" not in text else None
    except ValueError:
        number = None
    return text if number is None or number != number or abs(number) == float("inf") else number  # noqa: PLR0124 - NaN


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how a model is read, and where its result goes."""
    for option in reversed(
        (
            click.option(
                "-i",
                "--input",
                "inputs",
                type=ShapeOption(),
                multiple=True,
                help="Give an input another shape, without the batch axis: 224,224,3 or H,W,3.",
            ),
            click.option(
                "--set", "settings", type=SettingOption(), multiple=True, help="Give a var or a symbol a value."
            ),
            click.option(
                "-b",
                "--batch",
                type=click.IntRange(min=1),
                metavar="N",
                help="Samples that memory is estimated for.  [default: 1]",
            ),
            click.option(
                "--dtype", metavar="NAME", help="The dtype policy of layers that name none, as mixed_float16."
            ),
            click.option(
                "--from",
                "source_format",
                metavar="FORMAT",
                help="Read the file as cnnsum or keras.  [default: by its content]",
            ),
            click.option("-o", "--output", metavar="FILE", help="Write the result to a file, whole or not at all."),
            click.option(
                "--color", type=click.Choice(COLORS), default="auto", help="When to use colours.  [default: auto]"
            ),
            click.option("-q", "--quiet", is_flag=True, help="Report errors only."),
            click.option("-v", "--verbose", is_flag=True, help="Report notes too."),
        )
    ):
        command = option(command)
    return command
