"""`cnnsum completion SHELL`: the script that lets a shell complete commands, options, files and names."""

from __future__ import annotations

import click

_HOW = {
    "bash": 'in ~/.bashrc:  eval "$(cnnsum completion bash)"',
    "zsh": 'in ~/.zshrc, behind compinit:  eval "$(cnnsum completion zsh)"',
    "fish": "once:  cnnsum completion fish > ~/.config/fish/completions/cnnsum.fish",
}


@click.command(name="completion")
@click.argument("shell", type=click.Choice(tuple(_HOW)))
def command(shell: str) -> None:
    """Print the script for a shell, which completes commands, options, files, layer types, columns, optimizers, codes
    and the layers of a model. Its first line says where the shell wants it.
    """
    from click.shell_completion import get_completion_class

    from cnnsum.cli.commands import cli
    from cnnsum.cli.names import COMPLETE
    from cnnsum.cli.output import write_result

    made = get_completion_class(shell)
    assert made is not None
    script = made(cli, {}, "cnnsum", COMPLETE)
    # click's script for fish takes what is offered only up to its first comma.
    text = (script.source_template % script.source_vars()).replace('string split "," ', 'string split --max 1 "," ')
    write_result(None, "never", plain=lambda: (f"# {_HOW[shell]}\n", text))
