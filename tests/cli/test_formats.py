"""Formats and options: what goes together is followed, and what does not is one usage error, from one table."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from calling import call

from cnnsum.answers import BINARY
from cnnsum.cli.formats import FOLLOWED, FORMATS, OF, WITHOUT
from tests.thorough import each

MODEL = "model.yaml"
SPEC = """\
input: [8]
blocks:
  two:
    layers: [Dense: 4, ReLU]
layers:
  - two: {name: block, repeat: 2}
  - Sequential: {name: inner, layers: [Dense: 3]}
  - Dense: {units: 64, activation: relu}
  - Dense: {units: 64, activation: relu}
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
    "--open": [],
    "--style": ["compact"],
    "--batch": ["3"],
    "--symbolic": [],
    "--train": [],
    "--optimizer": ["sgd"],
    "--checkpoint": ["dense"],
}
#: What else a format must be asked for before it shows what an option changes.
BESIDE = {("--batch", format): ["--columns", "output_memory"] for format in ("svg", "mermaid", "dot")}
#: Formats that have what the option asks for in any case.
ALWAYS = {("--train", "json"), ("--train", "html")}


@pytest.fixture(autouse=True)
def _model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("webbrowser.open", lambda _: True)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    Path(MODEL).write_text(SPEC, encoding="utf-8")


@each("format", FORMATS["show"][""])
def test_an_option_is_followed_or_refused(format: str) -> None:
    assert FOLLOWED["show"].keys() == OPTIONS.keys() - {"--batch", "--symbolic"}  # which every format follows
    for option, values in OPTIONS.items():
        beside = BESIDE.get((option, format), [])
        plain = call(MODEL, "--format", format, *beside).out
        code, out, err = call(MODEL, "--format", format, *beside, option, *values)
        if (option, format) in ALWAYS:
            assert (code, "gradients" in plain) == (0, True), option
        elif format in FOLLOWED["show"].get(option, (format,)):
            assert (code, out != plain) == (0, True), option
        else:
            assert (code, out) == (2, ""), option
            assert f"Error: {option} goes with --format " in err
            assert f", not with {format}" in err


#: What a command is given beside its options.
GIVEN = {
    "show": [MODEL],
    "check": [MODEL],
    "list": [MODEL],
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
    "--sweep with --chart": ["--sweep", "batch=1:2", "--chart", "peak"],
    "--statistics": ["--statistics"],
    "--convention": ["--convention", "fvcore"],
}


@each("command", FORMATS)
def test_what_a_command_prints(command: str) -> None:
    # What is not text is written with an extra: tests/peers/test_parquet.py.
    choices = {format for formats in FORMATS[command].values() for format in formats if format not in BINARY}
    for (option, formats), format in product(FORMATS[command].items(), choices):
        code, out, err = call(command, *GIVEN[command], *MODES[option], "--format", format)
        if format in formats:
            assert code in (0, 1), (option, format, err)
            assert out or command == "check", (option, format)
        else:
            assert (code, out) == (2, ""), (option, format)
            assert "Error: " in err
            assert "goes with" in err


#: Values for the options that the tables of `cnnsum.cli.formats` name, of all commands.
VALUES = {
    **OPTIONS,
    "--layer-types": ["types.yaml"],
    "--plugin": ["./types.py"],
    "--format": ["json"],
    "--budget": ["params=1M"],
    "--baseline": ["base.json"],
    "--max-increase": ["params=1%"],
    "--write-baseline": ["-"],
    "--jobs": ["1"],
    "--fail-on": ["note"],
    "--keras-backend": ["jax"],
    "--output": ["out.txt"],
    "--only": ["macs"],
    "--free": ["batch"],
    "--sweep": ["batch=1:2"],
    "--chart": ["memory"],
    "--memory": ["8GiB"],
    "--dask": ["local"],
    "--where": ["macs > 0"],
    "--pareto": ["params,macs"],
    "--sort": ["macs"],
    "--top": ["3"],
}
NEEDED = {**GIVEN, "convert": [MODEL, "--to", "yaml"], "fit": [MODEL, "--memory", "8GiB"]}


@each(("command", "mode"), [(command, mode) for command, modes in WITHOUT.items() for mode in modes])
def test_what_has_no_effect_beside_another_is_refused(command: str, mode: str) -> None:
    """Of each pair of the table there is a usage error, and each option alone can be given."""
    given = NEEDED[command]
    chosen = mode.split() if " " in mode else [mode, *VALUES.get(mode, [])]
    for option in WITHOUT[command][mode]:
        needed = [word for other in OF.get(command, {}).get(option, ())[:1] for word in (other, *VALUES.get(other, []))]
        code, out, err = call(command, *given, *chosen, option, *VALUES.get(option, []), *needed)
        assert (code, out) == (2, ""), option
        assert "does not go with" in err or "goes with" in err, option


@each(("command", "option"), [(command, option) for command, options in OF.items() for option in options])
def test_what_says_more_of_another_is_refused_without_it(command: str, option: str) -> None:
    given = [MODEL, "--params", "9G"] if command == "fit" else NEEDED[command]
    code, out, err = call(command, *given, option, *VALUES.get(option, []))
    assert (code, out) == (2, "")
    assert f"Error: {option} goes with {' or '.join(OF[command][option])}" in err


@each("command", ["sizes", "convert"])
def test_a_command_that_counts_no_samples_has_no_batch(command: str) -> None:
    code, _, err = call(command, *NEEDED[command], "--batch", "3")
    assert (code, "No such option" in err) == (2, True)
