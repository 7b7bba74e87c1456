"""`cnnsum schema [NAME]`: JSON Schemas of the spec language and of Ultralytics' files, for editors, and of answers."""

from __future__ import annotations

import click

from cnnsum.answers import SCHEMAS
from cnnsum.cli.options import no_pager

#: What a schema is of: what people write, then what is written.
_NAMES = ("spec", "ultralytics", *SCHEMAS)


@click.command(name="schema")
@click.argument("name", type=click.Choice(_NAMES), default="spec", metavar="[NAME]")
@click.option("-o", "--output", metavar="FILE", help="Write to a file instead of standard output.")
@no_pager
def command(name: str, output: str | None, pager: bool) -> None:
    """Print a JSON Schema (2020-12). Without NAME it is that of the spec language: with it, editors complete and check
    specs. NAME ultralytics is that of Ultralytics' architecture files, for the same.

    Any other NAME is of what cnnsum writes with --format json: report (the summary), sizes, fit, best (of fit
    --maximize), sweep, list, explain, convention (of explain --convention), diff, check, baseline (of check
    --write-baseline) or rules.
    """
    import json

    from cnnsum.answers import json_schema
    from cnnsum.answers.schema.ask import language_schema
    from cnnsum.cli.formats import require_name
    from cnnsum.cli.output import write_result

    require_name(output, "json")
    if name == "ultralytics":
        from cnnsum.answers.schema.architecture import architecture_schema

        schema = architecture_schema()
    else:
        schema = language_schema() if name == "spec" else json_schema(name)
    text = json.dumps(schema, indent=2) + "\n"
    write_result(output, "never", plain=lambda: (text,), format="json", pager=pager)
