"""What is said of words of an architecture file that stand for nothing: modules, and arguments in the place of numbers.

Knows the names of modules; nothing of what they compute.
"""

from __future__ import annotations

from cnnsum.diagnostics import Diagnostic, Suggestion, did_you_mean
from cnnsum.layers.vocabulary import TORCH
from cnnsum.readers.ultralytics.rows import ANCHORED, HEADS, SCALED, SCALED_ANCHORED, UNSCALED, Path, Row, Rows
from cnnsum.readers.ultralytics.torchvision import NETWORKS
from cnnsum.source import Document

_WORDS = ("True", "False", "None", "nc")


def unknown_module(row: Row, rows: Rows) -> Diagnostic:
    """What to say of a module that is not read."""
    place = rows.document.span((*row.path, 2))
    if row.module == "TorchVision":
        message = "what this network of torchvision is made of is not known to cnnsum"
        return Diagnostic("UNK701", message, place, "warning", f"those that are: {', '.join(NETWORKS)}")
    help: str | None
    if is_of_torch(row.module):
        meant = f"nn.{row.module}"
        help = Suggestion(f"did you mean `{meant}`?", row.module, meant)
    elif row.module.startswith("nn."):
        help = did_you_mean(row.module, [f"nn.{name}" for name in TORCH.all_types() if name[:1].isupper()])
    else:
        help = did_you_mean(row.module, modules_of_files(anchored=rows.anchored))
        help = help or "one of your own is declared with `--layer-types`"
    return Diagnostic("UNK701", f"unknown module `{row.module[:80]}`", place, "error", help)


def is_module(path: Path) -> bool:
    """Whether a module of a row stands at a path of a file.

    >>> is_module(("backbone", 3, 2)), is_module(("backbone", 3, 1))
    (True, False)
    """
    return len(path) == len(("backbone", 0, 2)) and path[0] in ("backbone", "head") and path[2] == 2


def modules_of_files(*, anchored: bool) -> list[str]:
    """The names of the modules of files, without those of torch.nn. anchored: of YOLOv5's and YOLOv7's, too."""
    own = {*SCALED, *HEADS, *UNSCALED, *((*SCALED_ANCHORED, *ANCHORED) if anchored else ())}
    return sorted(name for name in own if not name.startswith("nn."))


def modules() -> list[str]:
    """The names of all modules that are known, those of torch.nn behind those of architecture files."""
    return [*modules_of_files(anchored=True), *modules_of_torch()]


def modules_of_torch() -> list[str]:
    """The names of the classes of torch.nn, as rows have them.

    >>> modules_of_torch()[0]
    'nn.AdaptiveAvgPool1d'
    """
    types = TORCH.all_types().items()
    return [f"nn.{name}" for name in sorted(name for name, type in types if name[:1].isupper() and type.name == name)]


def is_of_torch(name: str) -> bool:
    """Whether a name is that of a class of torch.nn, without the `nn.` that stands before it in such files."""
    return name[:1].isupper() and TORCH.find(name) is not None


def in_words_of_rows(found: Diagnostic, document: Document) -> Diagnostic:
    """What the reader of specs says of a word that is not a number: a row has no `vars`."""
    if found.code != "SPC026" or found.span is None:
        return found
    span = found.span
    word = document.text[document.offset(span.line, span.column) : document.offset(span.end_line, span.end_column)]
    help = did_you_mean(word.strip("'\""), _WORDS) or "a number, `True`, `False` or `None`"
    return Diagnostic("CFG102", f"`{word[:80]}` is not a number, and no other argument", span, found.severity, help)
