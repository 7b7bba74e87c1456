"""Of every format that is read, files at random: what a spec has words for is written, and is the same network."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import cnnsum
from bench.fuzz.readers import READERS, Reader
from cnnsum.diagnostics import Diagnostic, UnusableError
from tests.thorough import each, examples

#: Formats whose operations no spec has words for; programs of PyTorch are written where they hold modules, as those in
#: tests/writers/test_from_program.py do, and few at random.
_WORDLESS = {"ONNX", "TensorFlow Lite", "KerasHub"}
_SELDOM = {"exported program"}
_TRIES = 25
_WRITTEN = examples(12) // 4


def _numbers(model: cnnsum.Model) -> tuple[Any, ...]:
    """What a network is: the shapes of its inputs and outputs, its weights, its work."""
    report = cnnsum.summarize(model, details=False)
    totals = report.totals
    shapes = [str(one.shape) for one in (*report.inputs, *report.outputs)]
    return sorted(shapes), totals.params.total, totals.weights.total, totals.macs


@each("reader", READERS)
def test_what_is_read_is_written_as_the_same_network(reader: Reader, tmp_path: Path) -> None:
    chance = Random(reader.name)
    written = 0
    refusals: list[Diagnostic] = []
    for number in range(_TRIES):
        value, beside = reader.tree(chance)
        path = tmp_path / f"{number}{reader.suffix}"
        path.write_bytes(reader.written(value, chance))
        if beside:
            continue
        try:
            model = cnnsum.load(path)
        except UnusableError:
            continue
        if model.wrong:
            continue
        try:
            converted = cnnsum.convert(model, to="yaml")
            again = cnnsum.loads(converted.text)
        except UnusableError as refused:
            refusals += refused.diagnostics
            continue
        if any(one.code == "GRF305" for one in again.diagnostics):
            continue  # rows that nothing reads have weights, and are no part of a spec's network
        if any("no operation reads" in one.message for one in converted.diagnostics):
            less = [_numbers(one) for one in (again, model)]
            assert (less[0][0], less[0][3]) == (less[1][0], less[1][3]), path
            assert less[0][2] < less[1][2], path  # bytes of weights, which a warning names
            continue
        assert _numbers(again) == _numbers(model), path
        written += 1
        if written == _WRITTEN:
            break
    # Each thing that a spec has no words for has its place in the file.
    assert all(one.code == "SPC072" and one.span is not None for one in refusals), refusals
    assert bool(written) is not (reader.name in _WORDLESS) or reader.name in _SELDOM, reader.name
    if reader.name in ("ONNX", "TensorFlow Lite"):
        said = f"operations of {reader.name} have no words in another format: no {reader.name} file is converted"
        assert {(one.message, bool(one.help)) for one in refusals} == {(said, True)}
