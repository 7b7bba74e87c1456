"""What a shell may complete: files, commands, layer types, columns, optimizers, codes, layers of a model.

One table says what completes which parameter. All of this is loaded for a shell alone, which asks through click; each
function loads what it needs. A list with commas is completed at its last item.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem


def files(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Files, which the shell itself knows."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def _items(words: Iterable[tuple[str, str]], incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(word, help=help) for word, help in words if word.lower().startswith(incomplete.lower())]


def _listed(words: Iterable[tuple[str, str]], incomplete: str) -> list[CompletionItem]:
    """The words for the last item of a list with commas, each with the items before it."""
    before, comma, last = incomplete.rpartition(",")
    there = set(before.split(","))
    plus = "+" if last.startswith("+") else ""
    return _items(
        [(f"{before}{comma}{plus}{word}", help) for word, help in words if word not in there], f"{before}{comma}{last}"
    )


def commands(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The commands."""
    from cnnsum.cli.names import COMMANDS

    return _items([(name, "") for name in COMMANDS], incomplete)


def layer_types(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The layer types of all frameworks; those with a dot once one is begun."""
    from cnnsum.layers.vocabulary import VOCABULARIES

    names = dict.fromkeys(key for one in VOCABULARIES.values() for key in one.all_types())
    return _items([(name, "") for name in names if "." not in name or "." in incomplete], incomplete)


def columns(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The columns of a table."""
    from cnnsum.answers.summary.columns import COLUMNS

    return _listed([(name, kind.header) for name, kind in COLUMNS.items()], incomplete)


def optimizers(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The optimizers of training memory."""
    from cnnsum.answers.summary.ask import optimizer_names

    return _items([(name, title) for name, title in optimizer_names()], incomplete)


def codes(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Codes of findings and their families, also in a list."""
    from cnnsum.diagnostics import CODES

    families = dict.fromkeys(code[:3] for code in CODES)
    return _listed([*((family, "all of them") for family in families), *CODES.items()], incomplete.upper())


def specs(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The networks of the gallery."""
    from cnnsum.cli.specs import gallery

    return _items([(one.name, one.title) for one in gallery()], incomplete)


def layers_of_model(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The layers of the model that is named before, and their types; none where it cannot be read."""
    from cnnsum.diagnostics import UnusableError
    from cnnsum.model import load

    path: object = ctx.params.get("model")
    if not isinstance(path, str) or path == "-":
        return []
    try:
        layers = load(path).graph.layers
    except (UnusableError, OSError):
        return []
    types = dict.fromkeys(layer.type_name for layer in layers)
    return _items(
        [*((one.name, one.type_name) for one in layers), *((name, "all of them") for name in types)], incomplete
    )


#: What completes a parameter, by its name, or by its command and its name.
COMPLETED: dict[str | tuple[str, str], Callable[[click.Context, click.Parameter, str], list[CompletionItem]]] = {
    **dict.fromkeys(("model", "old", "new", "paths", "file", "output", "baseline", "write_baseline"), files),
    **dict.fromkeys(("layer_types", "plugins"), files),
    **dict.fromkeys(("select", "ignore", "codes"), codes),
    "columns": columns,
    "optimizer": optimizers,
    "layers": layers_of_model,
    ("layers", "name"): layer_types,
    ("help", "name"): commands,
    **dict.fromkeys((("gallery", "name"), ("init", "name")), specs),
}


def attach(command: click.Command) -> None:
    """Let a command's parameters be completed."""
    for parameter in command.params:
        found = COMPLETED.get((str(command.name), str(parameter.name)), COMPLETED.get(str(parameter.name)))
        if found is not None:
            complete = partial(_complete, found, parameter)
            setattr(parameter, "shell_complete", complete)  # noqa: B010 - in place of the method


def _complete(
    found: Callable[[click.Context, click.Parameter, str], list[CompletionItem]],
    parameter: click.Parameter,
    ctx: click.Context,
    incomplete: str,
) -> list[CompletionItem]:
    return found(ctx, parameter, incomplete)
