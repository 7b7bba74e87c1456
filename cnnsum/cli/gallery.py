"""`cnnsum gallery [NAME]`: the specs of known networks that come with cnnsum."""

from __future__ import annotations

import click

from cnnsum.cli.options import no_pager


@click.command(name="gallery")
@click.argument("name", required=False)
@click.option("--path", "show_path", is_flag=True, help="Print where the spec is, as for cnnsum $(cnnsum gallery ...).")
@click.option("-o", "--output", metavar="FILE", help="Write to FILE instead of standard output.")
@no_pager
def command(name: str | None, show_path: bool, output: str | None, pager: bool) -> None:
    """List the networks of the gallery, or print the spec of one.

    `cnnsum init net.yaml --from-gallery NAME` copies one to start from; `cnnsum $(cnnsum gallery NAME --path)` is its
    summary.
    """
    from cnnsum.cli.formats import require_name
    from cnnsum.cli.output import write_result
    from cnnsum.cli.specs import gallery

    if name is None and show_path:
        raise click.UsageError("--path is of one network: give its NAME")
    if name is not None and not show_path:
        require_name(output, "yaml")
    if name is None:
        width = max([len(one.name) for one in gallery()], default=0)
        lines = [f"{one.name:<{width}}  {one.title}".rstrip() + "\n" for one in gallery()]
    elif show_path:
        lines = [f"{chosen(name)[0]}\n"]
    else:
        lines = [chosen(name)[1]]
    write_result(output, "never", plain=lambda: lines, pager=pager)


def chosen(name: str) -> tuple[str, str]:
    """The path and the text of a spec of the gallery; raises UsageError where there is none of that name."""
    from cnnsum.cli.specs import entry, gallery

    found = entry(name)
    if found is None:
        from cnnsum.diagnostics import did_you_mean

        help = did_you_mean(name, [one.name for one in gallery()]) or "`cnnsum gallery` lists them"
        raise click.UsageError(f"there is no network `{name}` in the gallery ({help})")
    with open(found.path, encoding="utf-8") as file:
        return found.path, file.read()
