"""`cnnsum server`: a language server for editors, on standard streams."""

from __future__ import annotations

import click


@click.command(name="server")
def command() -> None:
    """Answer an editor on standard input and output, in the language server protocol.

    Shapes and parameters behind every layer, findings while one types, mends, completion, documentation, definitions,
    references, renaming. An editor starts it (docs/editors.md). Needs the extra `server`.
    """
    try:
        from cnnsum.server.protocol import serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("pygls", "lsprotocol", "cattrs", "attrs"):
            raise
        raise click.ClickException("the language server needs pygls: pip install 'cnnsum[server]'") from None
    serve()
