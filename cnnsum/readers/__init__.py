"""Readers: one per file format, each from a `Document` to a `Graph`. They infer nothing.

`read` chooses the reader by the content of the file.
"""

from __future__ import annotations

from cnnsum.diagnostics import SMALLEST_SPEC, AskedError, Diagnostic, UnusableError, did_you_mean, unknown_choice
from cnnsum.graph.model import POLICIES, Graph
from cnnsum.graph.promotion import BACKENDS
from cnnsum.readers.how import AS_WRITTEN, How
from cnnsum.source import Document

#: The formats, and where each is read: a package here, and the function in it. It is imported for a file of its own.
_READERS = {
    "cnnsum": ("native", "read_native"),
    "keras": ("keras", "read_keras"),
    "savedmodel": ("keras", "read_keras"),
    "torch": ("torch", "read_torch"),
    "ultralytics": ("ultralytics", "read_ultralytics"),
    "onnx": ("onnx", "read_onnx"),
    "tflite": ("tflite", "read_tflite"),
    "darknet": ("darknet", "read_darknet"),
    "caffe": ("caffe", "read_caffe"),
}
#: The names of the formats, as `--from` and reports give them.
FORMATS = tuple(_READERS)
#: The formats whose files are of a kind that nothing else is, by the kind of the document.
_OF_TEXTS = {"onnx": "onnx", "tflite": "tflite", "cfg": "darknet", "prototxt": "caffe"}


def sniff(document: Document) -> str:
    """The format of a file by what it holds; raises UnusableError where it is not a model at all."""
    value = document.value
    if document.format in _OF_TEXTS:
        return _OF_TEXTS[document.format]
    if isinstance(value, dict):
        if isinstance(value.get("class_name"), str) or "modelTopology" in value or "model_config" in value:
            return "savedmodel" if "must_restore_from_config" in value and "config" in value else "keras"
        if "config" in value and _is_nameless(value):
            return "keras"
        if "graph_module" in value and "schema_version" in value:
            return "torch"
        if "layers" not in value and ("backbone" in value or "head" in value):
            from cnnsum.readers.ultralytics import is_ultralytics

            if is_ultralytics(value):
                return "ultralytics"
        if any(key in value for key in ("layers", "input", "inputs", "blocks")) and not _is_ours(value):
            return "cnnsum"
    raise UnusableError(_no_model(document))


def _is_nameless(value: dict[object, object]) -> bool:
    """Whether a mapping is a Keras model but for its `class_name`."""
    from cnnsum.readers.keras import locate_nameless

    return locate_nameless(value) is not None


def _is_ours(value: dict[object, object]) -> bool:
    """Whether a mapping is what cnnsum itself wrote about a model."""
    return str(value.get("schema")).startswith("cnnsum.")


def _no_model(document: Document) -> Diagnostic:
    """What to say of a file that is not a model: what it is, where that is known, or where a model in it stands."""
    from cnnsum.source.others import of_text, of_value

    value = document.value
    span = document.span(())
    other = of_value(value) or (of_text(document.text) if document.format == "yaml" else None)
    if other is not None:
        return Diagnostic("SPC060", f"this is {other.what}", span, help=other.way)
    kinds: dict[type, str] = {dict: "a mapping without `layers`", list: "a list", str: "a text"}
    help = f"{SMALLEST_SPEC}; a Keras file has `class_name` and `config`"
    if isinstance(value, dict):
        around = next((key for key, inner in value.items() if isinstance(inner, dict) and "layers" in inner), None)
        if around is not None:
            help = f"`input` and `layers` stand at the top of the file: leave out `{around}:`, and indent them less"
            span = document.span((around,), key=True)
    what = kinds.get(type(value), "a single value")
    return Diagnostic("SPC060", f"this is not a model: the file holds {what}", span, help=help)


def read(document: Document, how: How = AS_WRITTEN) -> tuple[Graph, str]:
    """The graph in a document, and the name of its format; raises UnusableError where it holds none."""
    check_dtype(how.dtype)
    check_backend(how.backend)
    chosen = sniff(document) if how.format is None else how.format
    check_format(chosen)
    module, function = _READERS[chosen]
    # Not by importlib, which a small model would load for this alone.
    graph: Graph = getattr(__import__(f"cnnsum.readers.{module}", fromlist=(function,)), function)(document, how)
    return graph, chosen


def check_dtype(name: str | None) -> None:
    """Raise AskedError where there is no such dtype or policy."""
    if name is not None and name not in POLICIES:
        raise AskedError("dtype", unknown_choice("SPC052", "dtype", name, POLICIES))


def check_format(name: str) -> None:
    """Raise AskedError where nothing reads such a format."""
    if name not in _READERS:
        help = did_you_mean(name, FORMATS) or f"choose from {', '.join(FORMATS)}"
        raise AskedError("format", Diagnostic("SPC053", f"unknown format `{name}`", help=help))


def check_backend(name: str) -> None:
    """Raise AskedError where Keras has no such backend."""
    if name not in BACKENDS:
        raise AskedError("keras_backend", unknown_choice("SPC052", "Keras backend", name, BACKENDS))


__all__ = ["AS_WRITTEN", "FORMATS", "How", "check_backend", "read", "sniff"]
