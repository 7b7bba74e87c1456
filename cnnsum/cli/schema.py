"""`cnnsum schema [NAME]`: the JSON Schema of the spec language, for editors, and of what cnnsum writes as JSON."""

from __future__ import annotations

import click

from cnnsum.answers import SCHEMAS
from cnnsum.cli.options import no_pager

#: What a schema is of: the language, then what is written.
_NAMES = ("spec", *SCHEMAS)


@click.command(name="schema")
@click.argument("name", type=click.Choice(_NAMES), default="spec", metavar="[NAME]")
@click.option("-o", "--output", metavar="FILE", help="Write to a file instead of standard output.")
@no_pager
def command(name: str, output: str | None, pager: bool) -> None:
    """Print a JSON Schema (2020-12). Without NAME it is that of the spec language: with it, editors complete and check
    specs.

    NAME is of what cnnsum writes with --format json: report (the summary), sizes, fit, best (of fit --maximize), sweep,
    list, explain, convention (of explain --convention), diff, check, baseline (of check --write-baseline) or rules.
    """
    import json

    from cnnsum.answers import json_schema
    from cnnsum.answers.schema.ask import language_schema
    from cnnsum.cli.formats import require_name
    from cnnsum.cli.output import write_result

    require_name(output, "json")
    schema = language_schema() if name == "spec" else json_schema(name)
    text = json.dumps(schema, indent=2) + "\n"
    write_result(output, "never", plain=lambda: (text,), format="json", pager=pager)
