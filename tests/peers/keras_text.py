"""Keras's summary of a model beside ours of its file."""

from __future__ import annotations

import re
from typing import Any

import pytest
from keras_loading import loads

import cnnsum
from cnnsum.answers.summary import keras_table as ours
from cnnsum.answers.summary.records import Report, Row
from cnnsum.answers.summary.rendering import OptionError, Options

#: What stands for those of Keras's colours that can hardly be read on white, or are a theme's own (test_colors.py): of
#: 256 colours, of 16, and of its bold red.
_DARKER = {
    "38;5;34": "38;5;28",
    "38;5;45": "38;5;31",
    "\x1b[96m": "\x1b[36m",
    "\x1b[1;91m": "\x1b[1;38;5;196m",
}


def darker(text: str) -> str:
    """What Keras writes to a terminal, in the colours that we write it in."""
    return re.sub("|".join(map(re.escape, _DARKER)), lambda one: _DARKER[one[0]], text)


def theirs(model: Any, terminal: int = 80, **options: Any) -> list[str] | str:
    """The lines of `model.summary()` on a screen of that width, or the message of the error that it raises."""
    captured: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(max(terminal, options.get("line_length") or 0)))
        try:
            model.summary(print_fn=lambda text, **_: captured.append(text), **options)
        except ValueError as error:
            return str(error)
    return captured[0].removesuffix("\n").split("\n")


def report_of(model: Any, **overrides: Any) -> Report:
    """Our report of the file that Keras writes."""
    return cnnsum.summarize(loads(model.to_json(), **overrides))


def lines_of(report: Report, terminal: int = 80, **options: Any) -> list[str] | str:
    """The lines that `cnnsum --keras` prints, or the message of the error."""
    width = options.pop("line_length", None)
    try:
        return list(ours.summary(report, Options(width=width, terminal=terminal, keras_only=True, **options)))
    except OptionError as error:
        return error.message


#: Choices of `model.summary()`; every one changes another part of the text.
CHOICES: tuple[dict[str, Any], ...] = (
    {},
    {"line_length": 120},
    {"line_length": 61, "show_trainable": True},
    {"expand_nested": True, "line_length": 140},
    {"expand_nested": True, "show_trainable": True, "line_length": 200},
)


def check_text(model: Any, report: Report, *choices: dict[str, Any]) -> None:
    """The text is Keras's, byte for byte, for every choice of options."""
    for choice in choices or CHOICES:
        assert lines_of(report, **dict(choice)) == theirs(model, **choice), choice


def check_numbers(model: Any, report: Report) -> None:
    """What the text rounds or leaves out: exact bytes, dtypes, the split of every row, weights by name and dtype."""
    from keras.src.utils.summary_utils import count_params, weight_memory_size

    totals = report.totals
    assert totals.params == (
        count_params(model.weights),
        count_params(model.trainable_weights),
        count_params(model.non_trainable_weights),
    )
    assert totals.weights == (
        weight_memory_size(model.weights),
        weight_memory_size(model.trainable_weights),
        weight_memory_size(model.non_trainable_weights),
    )
    layers = model._operations if hasattr(model, "_operations") and not is_sequential(model) else model.layers
    assert [row.name for row in report.rows] == [layer.name for layer in layers]
    for row, layer in zip(report.rows, layers, strict=True):
        check_row(row, layer)


def is_sequential(model: Any) -> bool:
    import keras

    return isinstance(model, keras.Sequential)


def check_row(row: Row, layer: Any) -> None:
    """One row: type, shapes and dtypes of the outputs, counts, weights."""
    from keras import tree
    from keras.src.utils.summary_utils import count_params

    assert row.type == type(layer).__name__, row.name
    if layer._inbound_nodes:
        tensors = tree.flatten(layer._inbound_nodes[-1].output_tensors)
        assert [output.dtype for output in row.outputs] == [tensor.dtype for tensor in tensors], row.name
        assert [len(output.shape or ()) for output in row.outputs] == [len(tensor.shape) for tensor in tensors]
        for output, tensor in zip(row.outputs, tensors, strict=True):
            for dim, size in zip(output.shape or (), tensor.shape, strict=True):
                assert dim == size if size is not None else not isinstance(dim, int), row.name
    if not hasattr(layer, "weights") or not getattr(layer, "built", True):
        return
    assert row.params.total == count_params(layer.weights), row.name
    if not hasattr(layer, "layers"):
        found = sorted((tuple(weight.shape), weight.dtype) for weight in row.weights)
        # The state of a random seed generator is a weight to nobody.
        expected = sorted((tuple(weight.shape), str(weight.dtype)) for weight in layer.weights)
        assert found == expected, row.name


def forgotten(value: Any) -> Any:
    """A file without the shapes that Keras recorded; those that declare an input stay."""
    if isinstance(value, dict):
        kept = {key: forgotten(item) for key, item in value.items() if key != "build_config"}
        if kept.get("class_name") == "__keras_tensor__":
            del kept["config"]["shape"]
        return kept
    return [forgotten(item) for item in value] if isinstance(value, list) else value
