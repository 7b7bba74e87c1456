"""Readers: one per file format, each from a `Document` to a `Graph`. They infer nothing.

`read` chooses the reader by the content of the file.
"""

from __future__ import annotations

from cnnsum.diagnostics import Diagnostic, UnusableError, did_you_mean, unknown_choice
from cnnsum.graph.model import POLICIES, Graph
from cnnsum.graph.promotion import BACKENDS
from cnnsum.readers.how import AS_WRITTEN, How
from cnnsum.source import Document

#: The names of the formats, as `--from` and reports give them.
FORMATS = ("cnnsum", "keras", "torch")


def sniff(document: Document) -> str:
    """The format of a file by what it holds; raises UnusableError where it is not a model at all."""
    value = document.value
    if isinstance(value, dict):
        if isinstance(value.get("class_name"), str) or "modelTopology" in value or "model_config" in value:
            return "keras"
        if "graph_module" in value and "schema_version" in value:
            return "torch"
        if any(key in value for key in ("layers", "input", "inputs", "blocks")):
            return "cnnsum"
    kinds: dict[type, str] = {dict: "a mapping without `layers`", list: "a list", str: "a text"}
    what = kinds.get(type(value), "a single value")
    raise UnusableError(
        Diagnostic(
            "SPC060",
            f"this is not a model: the file holds {what}",
            document.span(()),
            help="a spec is a mapping with `input` and `layers`; a Keras file has `class_name` and `config`",
        )
    )


def read(document: Document, how: How = AS_WRITTEN) -> tuple[Graph, str]:
    """The graph in a document, and the name of its format; raises UnusableError where it holds none."""
    _check("dtype", how.dtype, POLICIES)
    check_backend(how.backend)
    chosen = sniff(document) if how.format is None else how.format
    if chosen == "keras":
        from cnnsum.readers.keras import read_keras

        return read_keras(document, how), chosen
    if chosen == "cnnsum":
        from cnnsum.readers.native import read_native

        return read_native(document, how), chosen
    if chosen == "torch":
        from cnnsum.readers.torch import read_torch

        return read_torch(document, how), chosen
    help = did_you_mean(chosen, FORMATS) or f"choose from {', '.join(FORMATS)}"
    raise UnusableError(Diagnostic("SPC053", f"unknown format `{chosen}`", help=help))


def check_backend(name: str) -> None:
    """Raise UnusableError where Keras has no such backend."""
    _check("Keras backend", name, BACKENDS)


def _check(what: str, name: str | None, known: tuple[str, ...]) -> None:
    if name is None or name in known:
        return
    raise UnusableError(unknown_choice("SPC052", what, name, known))


__all__ = ["AS_WRITTEN", "FORMATS", "How", "check_backend", "read", "sniff"]
