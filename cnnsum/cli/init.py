"""`cnnsum init [FILE]`: a spec to start from, with comments that say what else there is."""

from __future__ import annotations

import os
from functools import partial

import click

_SPEC = """\
# A network as cnnsum reads it. `cnnsum {name}` summarises it, `cnnsum check {name}` says what is wrong,
# `cnnsum explain {name} conv2d` how its numbers come about; `cnnsum layers` lists what may stand below.
name: first

# Height, width and channels, without the batch. Names in place of numbers are symbols: [H, W, 3] makes formulas,
# and `cnnsum sizes {name}` says which sizes the network accepts.
input: [28, 28, 1]

# Values to use below; `cnnsum {name} --set width=64` gives one another value.
vars: {{width: 32, classes: 10}}

# Layers that belong together, to be used several times; an argument with a value after it has that for its default.
blocks:
  conv_bn:
    args: {{filters: , kernel_size: 3}}
    layers:
      - Conv2D: {{filters: filters, kernel_size: kernel_size, padding: same, use_bias: false}}
      - BatchNormalization
      - ReLU

# Each layer reads the one before; `from: NAME` reads another, and a list of names several.
layers:
  - conv_bn: {{filters: width, kernel_size: 5}}
  - MaxPooling2D: 2
  - conv_bn: {{filters: 2*width}}
  - MaxPooling2D: 2
  - conv_bn: {{filters: 2*width, name: body}}
  - Conv2D: {{filters: 2*width, kernel_size: 3, padding: same}}
  - Add: {{from: [body, conv2d]}}
  - GlobalAveragePooling2D
  - Dense: {{units: classes, activation: softmax}}
"""


@click.command(name="init")
@click.argument("file", required=False, default="model.yaml")
@click.option(
    "--from-gallery",
    "name",
    metavar="NAME",
    help="A known network to start from: `cnnsum gallery` lists them.",
)
def command(file: str, name: str | None) -> None:
    """Write a spec to start from into FILE, or to standard output with -. A file that is there stays as it is.

    Without FILE it is model.yaml.
    """
    from cnnsum.cli.formats import require_name
    from cnnsum.cli.output import say, write_result

    require_name(file, "yaml")
    if file != "-" and os.path.lexists(file):
        raise click.UsageError(f"'{file}' is there already: give another name")
    if name is None:
        text = _SPEC.format(name="model.yaml" if file == "-" else os.path.basename(file))
    else:
        from cnnsum.cli.gallery import chosen
        from cnnsum.cli.specs import included

        path, text = chosen(name)
        beside = {os.path.join(os.path.dirname(file), one): text for one, text in included(path, text)}
        there = [one for one in beside if os.path.lexists(one) or file == "-"]
        if there:
            why = "standard output is one file" if file == "-" else f"'{there[0]}' is there already"
            raise click.UsageError(f"{name} is made of several files, and {why}")
        for other, more in beside.items():
            write_result(other, "never", plain=partial(_whole, more))
    write_result(file, "never", plain=partial(_whole, text))
    if file != "-":
        say(f"wrote {file}: `cnnsum {file}` summarises it")


def _whole(text: str) -> tuple[str]:
    return (text,)
