"""Formats and options: what goes together is followed, and what does not is one usage error, from one table."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from calling import call

from cnnsum.cli.formats import FOLLOWED, FORMATS

MODEL = "model.yaml"
SPEC = """\
input: [8]
blocks:
  two:
    layers: [Dense: 4, ReLU]
layers:
  - two: {name: block, repeat: 2}
  - Sequential: {name: inner, layers: [Dense: 3]}
  - Dense: {units: 2, trainable: false}
"""
#: Options of `show` with what they are given, so that the text of any format that follows them is another.
OPTIONS = {
    "--keras": [],
    "--width": ["60"],
    "--show-trainable": [],
    "--columns": ["layer,macs"],
    "--depth": ["1"],
    "--expand-nested": [],
    "--layer-range": ["inner", "inner"],
    "--plan": [],
    "--convention": ["fvcore"],
}


@pytest.fixture(autouse=True)
def _model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(MODEL).write_text(SPEC, encoding="utf-8")


@pytest.mark.parametrize("format", FORMATS["show"][""])
def test_an_option_is_followed_or_refused(format: str) -> None:
    plain = call(MODEL, "--format", format).out
    assert FOLLOWED["show"].keys() == OPTIONS.keys()
    for option, values in OPTIONS.items():
        code, out, err = call(MODEL, "--format", format, option, *values)
        if format in FOLLOWED["show"][option]:
            assert (code, out != plain) == (0, True), option
        else:
            assert (code, out) == (2, ""), option
            assert f"Error: {option} goes with --format " in err
            assert f", not with {format}" in err


#: What a command is given beside its options.
GIVEN = {
    "show": [MODEL],
    "check": [MODEL],
    "explain": [MODEL],
    "diff": [MODEL, MODEL],
    "sizes": [MODEL],
    "fit": [MODEL, "--params", "9G"],
    "rule": ["ARC401"],
}
MODES = {
    "": [],
    "--chart": ["--chart", "params"],
    "--sweep": ["--sweep", "batch=1:2"],
    "--statistics": ["--statistics"],
    "--convention": ["--convention", "fvcore"],
}


@pytest.mark.parametrize("command", FORMATS)
def test_what_a_command_prints(command: str) -> None:
    choices = {format for formats in FORMATS[command].values() for format in formats}
    for (option, formats), format in product(FORMATS[command].items(), choices):
        code, out, err = call(command, *GIVEN[command], *MODES[option], "--format", format)
        if format in formats:
            assert code in (0, 1), (option, format, err)
            assert out or command == "check", (option, format)
        else:
            assert (code, out) == (2, ""), (option, format)
            assert "Error: " in err
            assert "goes with" in err
