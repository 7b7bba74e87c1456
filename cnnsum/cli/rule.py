"""`cnnsum rule [CODE]`: the reference of the rules of `cnnsum check`, from their docstrings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from cnnsum.cli.formats import format_option


@click.command(name="rule", short_help="The reference of the rules of check.")
@click.argument("code", required=False)
@format_option("rule")
@click.option("-o", "--output", metavar="FILE", help="Write to FILE instead of standard output.")
def command(code: str | None, format: str, output: str | None) -> None:
    """Print the rules of advice, or what one checks, why, and an example that fails and one that passes."""
    from cnnsum.cli.output import write_result
    from cnnsum.rules.base import all_rules

    rules = all_rules()
    if code is not None and code.upper() not in rules:
        raise click.UsageError(_unknown(code, rules))
    chosen = list(rules.values()) if code is None else [rules[code.upper()]]

    def plain() -> Iterator[str]:
        from cnnsum.rules import reference

        lines: Iterable[str]
        if format == "json":
            import json

            records = [reference.record(rule) for rule in chosen]
            lines = [json.dumps({"schema": "cnnsum.rules/1", "rules": records}, indent=2, ensure_ascii=False)]
        elif format == "markdown":
            lines = reference.markdown(chosen)
        else:
            lines = reference.listing(chosen) if code is None else reference.text(chosen[0])
        for line in lines:
            yield line + "\n"

    write_result(output, "never", plain=plain, format=format)


def _unknown(code: str, rules: Iterable[str]) -> str:
    """What to say of a code that no rule has."""
    from cnnsum.diagnostics import CODES, did_you_mean

    title = CODES.get(code.upper())
    if title is not None:
        return f"`{code.upper()}` ({title}) is no rule of advice: docs/diagnostics.md lists it"
    help = did_you_mean(code, rules)
    return f"there is no rule `{code}`" + (f" ({help})" if help else "")
