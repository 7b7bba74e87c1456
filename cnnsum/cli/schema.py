"""`cnnsum schema`: the JSON Schema of the spec language, for editors."""

from __future__ import annotations

import click


@click.command(name="schema", short_help="JSON Schema of the spec language, for editors.")
@click.option("-o", "--output", metavar="FILE", help="Write to a file instead of standard output.")
def command(output: str | None) -> None:
    """Print the JSON Schema (2020-12) of the spec language; with it, editors complete and check specs."""
    import json

    from cnnsum.answers.schema.ask import language_schema
    from cnnsum.cli.output import write_result

    text = json.dumps(language_schema(), indent=2) + "\n"
    write_result(output, "never", plain=lambda: (text,), format="json")
