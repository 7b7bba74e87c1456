"""`cnnsum layers [NAME]`: the reference of layer types, from their declarations."""

from __future__ import annotations

import click

from cnnsum.cli.options import no_pager


@click.command(name="layers")
@click.argument("name", required=False)
@click.option("--framework", metavar="NAME", help="Those of one alone: keras, torch; onnx, tflite, keras_hub.")
@no_pager
def command(name: str | None, framework: str | None, pager: bool) -> None:
    """Print the layer types, or the documentation and the fields of one."""
    from cnnsum.answers.layers.ask import layers
    from cnnsum.cli.asked import Asked
    from cnnsum.cli.output import room_of
    from cnnsum.layers.vocabulary import EVERY

    if framework is not None and framework not in EVERY:
        message = f"{framework!r} is not one of {', '.join(EVERY)}."
        raise click.BadParameter(message, param_hint="--framework")
    try:
        answer = layers(name, framework)
    except LookupError as error:
        raise click.UsageError(str(error.args[0])) from None
    Asked(color="never", pager=pager).answer("layers", "text", answer, room=room_of(None))
