"""What is shown of the word at a place: the arithmetic of a layer, the documentation of a field, what a name is.

Texts are Markdown.
"""

from __future__ import annotations

from cnnsum.answers import as_text
from cnnsum.answers.explain.ask import explain
from cnnsum.answers.explain.scope import NoLayerError
from cnnsum.diagnostics import UnusableError
from cnnsum.graph.model import Layer
from cnnsum.ink import markdown_code
from cnnsum.layers.base import REQUIRED
from cnnsum.layers.facts import show_shape
from cnnsum.layers.kinds import show
from cnnsum.render import units
from cnnsum.server import said
from cnnsum.server.analysis import Analysis
from cnnsum.server.index import Index, Occurrence
from cnnsum.server.language import Language, Path
from cnnsum.server.layers import Made, made_by
from cnnsum.typed import NamedTuple

_WIDTH = 84
#: Uses of a block that are listed.
_MOST_USES = 12


class Hover(NamedTuple):
    """A text, and what it is about: from `start` to `end`."""

    start: int
    end: int
    text: str


def hover(analysis: Analysis, offset: int, index: Index | None) -> Hover | None:
    """What there is to say of the word at a place; None where that is nothing."""
    whole = analysis.around
    document = whole.document
    if document is None or offset > len(document.text):
        return None
    path, is_key = document.path_at(offset)
    if not path:
        return None
    start, end = document.offsets(path, key=is_key)
    language = whole.language
    made = _layer_at(whole, path, is_key=is_key)
    if made is not None:
        text = _of_layer(whole, made)
        if language is not None and not any(shape is not None for shape in made[0].outputs):
            text = "\n\n".join(filter(None, (text, _of_type(language, path, is_key=is_key))))
        return Hover(start, end, text)
    if language is None:
        return None
    one = None if index is None else index.at(document, offset)
    if one is not None:
        text = _of_name(whole, language, one, index)
        if text:
            return Hover(*one.place(), text)
    if is_key:
        text = _of_key(language, path)
        return Hover(start, end, text) if text else None
    text = _of_type(language, path, is_key=False)
    return Hover(start, end, text) if text else None


def _layer_at(analysis: Analysis, path: Path, *, is_key: bool) -> list[Made] | None:
    """The layers whose type is written at a path, or whose place it is in a file of Keras."""
    model, document = analysis.model, analysis.document
    if model is None or document is None:
        return None
    found = made_by(model)
    if analysis.language is None:
        near = next((path[:length] for length in range(len(path), 0, -1) if path[:length] in found), None)
        return None if near is None else found[near]
    item = path[:-1] if is_key else path
    return found.get(item) if isinstance(item[-1:] and item[-1], int) else None


def _of_layer(analysis: Analysis, made: list[Made]) -> str:
    """The arithmetic of the first, and all that the item stands for."""
    first = made[0]
    parts: list[str] = []
    if first.layer is not None:
        parts.append(_explained(analysis, first.layer))
    else:
        parts.append(f"{markdown_code(first.name)}, a use of the block {markdown_code(first.type)}: {_line(first)}")
    if len(made) > 1:
        listed = [f"- {markdown_code(one.name)}: {_line(one)}" for one in made[:_MOST_USES]]
        if len(made) > _MOST_USES:
            listed.append(f"- and {len(made) - _MOST_USES:,} more")
        parts.append(f"It stands here for {len(made):,} layers:\n\n" + "\n".join(listed))
    return "\n\n".join(parts)


def _explained(analysis: Analysis, layer: Layer) -> str:
    model = analysis.model
    assert model is not None
    try:
        answer = explain(model, layer.name)
    except (NoLayerError, UnusableError):
        return f"**{markdown_code(layer.name)}** ({markdown_code(layer.type_name)})"
    answer.layers = tuple([one for one in answer.layers if one.name == layer.name][:1])
    lines = as_text("explain", answer, _WIDTH).split("\n")[1:]
    text = "\n".join(lines).strip("\n").replace("```", "'''")
    return f"```text\n{text}\n```"


def _line(made: Made) -> str:
    shapes = ", ".join("?" if shape is None else show_shape(shape) for shape in made.outputs)
    parameters = "" if made.parameters == 0 else f", {units.exact(made.parameters)} params"
    return f"{markdown_code(shapes)}{parameters}" if shapes else "not known"


# --- names ------------------------------------------------------------------------------------------------------------


def _of_name(analysis: Analysis, language: Language, one: Occurrence, index: Index | None) -> str:
    kind, name = one.key[0], one.key[-1]
    if kind == "file":
        return f"Includes {markdown_code(str(name))}."
    if kind == "block":
        return _of_block(language, name)
    if kind == "type":
        return f"{markdown_code(name)}, a layer type of this file."
    if kind == "argument":
        default = language.args(one.key[1]).get(name)
        owner = f"block {markdown_code(one.key[1])}"
        given = "must be given" if default is None else f"by default {markdown_code(_shown(default))}"
        return f"{markdown_code(name)}, an argument of the {owner}: {given}."
    if kind == "name":
        return _of_value(analysis, language, name)
    return _of_wire(analysis, one, index)


def _of_block(language: Language, name: str) -> str:
    args = language.blocks[name].member("args")
    listed = [
        f"- {markdown_code(arg)}" + ("" if default is None else f" = {markdown_code(_shown(default))}")
        for arg, default in args.items()
    ]
    return "\n".join((f"Block {markdown_code(name)}" + (" with" if listed else ", without arguments"), "", *listed))


def _of_value(analysis: Analysis, language: Language, name: str) -> str:
    if name in language.vars:
        return f"{markdown_code(name)} = {markdown_code(_shown(language.vars[name].value))}, a var."
    symbol = None if analysis.model is None else analysis.model.graph.symbols.get(name)
    known = []
    if symbol is not None and symbol.minimum > 1:
        known.append(f"at least {symbol.minimum}")
    if symbol is not None and symbol.multiple_of > 1:
        known.append(f"a multiple of {symbol.multiple_of}")
    return f"{markdown_code(name)}, a size that is open" + (f": {', '.join(known)}." if known else ".")


def _of_wire(analysis: Analysis, one: Occurrence, index: Index | None) -> str:
    """What a name of a layer stands for."""
    if index is None or analysis.model is None:
        return ""
    found = made_by(analysis.model)
    for other in index.of(one.key):
        if other.defines and other.document is analysis.document:
            item = next((other.path[: at + 1] for at in range(len(other.path)) if other.path[: at + 1] in found), None)
            if item is not None:
                first = found[item][0]
                return f"{markdown_code(one.key[-1])} ({markdown_code(first.type)}): {_line(first)}"
    return f"{markdown_code(one.key[-1])}: what the layers start from." if one.key[-1] == "input" else ""


# --- keys -------------------------------------------------------------------------------------------------------------


def _of_key(language: Language, path: Path) -> str:
    """The documentation of a field, or of a key of the language."""
    framework = language.framework
    name = str(path[-1])
    owner = path[-2] if len(path) > 1 else ""
    found = language.type(owner) if isinstance(owner, str) else None
    known = said.keys(said.said(path[:-1], framework), framework).get(name)
    if known is None or not known.description:
        return ""
    text = f"{markdown_code(name)}: {known.description}"
    field = None if found is None else found.schema.fields.get(name)
    if field is not None and field.default is not REQUIRED:
        text += f" By default {markdown_code(_shown(known.default[0] if known.default else None))}."
    words = said.words(known.schemas, framework)
    if len(words) > 2:
        text += "\n\n" + ", ".join(map(markdown_code, words))
    return text


def _of_type(language: Language, path: Path, *, is_key: bool) -> str:
    """The documentation of a layer type."""
    name = path[-1] if is_key else language.document.at(path)
    if not isinstance(name, str) or language.type(name) is None or (not is_key and not isinstance(path[-1], int)):
        return ""
    known = said.keys(said.said(("layers", 0), language.framework), language.framework).get(name)
    return "" if known is None else known.description


def _shown(value: object) -> str:
    return value if isinstance(value, str) else show(value)
