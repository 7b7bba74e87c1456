"""Every option of every command with values that are no use: a usage error or a finding, never a fault of ours."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest
from calling import call

from tests.thorough import THOROUGH, each, some

MODELS = {
    "fixed.yaml": "input: [8, 8, 3]\nlayers: [{Conv2D: [4, 3]}, Flatten, {Dense: 2}]\n",
    "open.yaml": "vars: {k: 3, w: 0.5, deep: true}\ninput: [H, W, 3]\nlayers: [{Conv2D: [4, $k]}, {Dropout: $w}]\n",
    "list.yaml": "input: [T]\nlayers: [{Dense: q}]\n",
    "foreign.json": '{"class_name": "Foo", "config": []}',
    "keras.json": (
        '{"class_name": "Sequential", "config": {"name": "m", "layers": ['
        '{"class_name": "InputLayer", "config": {"name": "i", "batch_shape": [null, null, 4]}}, '
        '{"class_name": "Dense", "config": {"name": "d", "units": 3}}]}}'
    ),
}
PLAIN = [
    "",
    " ",
    "0",
    "-1",
    "0.5",
    "1e999",
    "nan",
    "inf",
    "9" * 30,
    "x",
    "a,b",
    ",",
    "None",
    "true",
    "\0",
    "é",
    "x" * 5000,
]
NAMED = [
    f"{name}={value}" for name in ("H", "W", "T", "k", "w", "deep", "batch", "N", "") for value in ("0", "0.5", "x")
]
MORE = [
    "H=-1",
    "H=",
    "=",
    "H=true",
    "k=1:3",
    "k=0.1:0.5:0.1",
    "batch=1:101",
    "H=1:2000",
    "H=W=1:3",
    "H=3:1",
    "H=1:9:0",
]
RANGES = [
    "1:9",
    "9:1",
    "0:3",
    "1:",
    ":",
    "1:99999999999",
    "3,H",
    "3,3,0",
    "-1,2,3",
    "(8,8,3)",
    "i=3",
    "1GiB",
    "0GiB",
    "5M%",
]
VALUES = [*PLAIN, *NAMED, *MORE, *RANGES, "params=1%", "params=-1", "peak=", "nope=1", "SHP", "Z9", ".", "/dev/null"]
COMMANDS = ("show", "check", "diff", "sizes", "explain", "fit", "convert", "layers", "rule", "schema")
#: These would run what they name, write where they say, or look for ever.
LEFT_OUT = {"plugins", "output", "write_baseline", "watch"}
#: Options whose values speak of names in the model.
NAMES = {"--set", "--sweep", "--vary", "--test", "--input"}
NEEDED = {"fit": ["--params", "1k"], "convert": ["--to", "keras"]}


def options(name: str) -> Iterator[tuple[str, int]]:
    """The options of a command that take values, and how many."""
    command: click.Command = import_module(f"cnnsum.cli.{name}").command
    for option in command.params:
        if isinstance(option, click.Option) and not option.is_flag and option.name not in LEFT_OUT:
            yield option.opts[-1], option.nargs


@pytest.mark.parametrize("name", COMMANDS)
def test_no_value_of_an_option_is_a_fault_of_ours(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CNNSUM_TRACEBACK", "1")
    for model, text in MODELS.items():
        Path(model).write_text(text, encoding="utf-8")
    count = 0
    for at, (option, arity) in enumerate(options(name)):
        for number, value in enumerate(some(VALUES, 2 if option in NAMES else 8, at)):
            models = {[*MODELS][number % len(MODELS)]}
            if "=" in value and option in NAMES:
                models.add("open.yaml")  # which has most of these names
            for model in sorted(models) if name not in ("layers", "rule", "schema") else [""]:
                arguments = [name, *([model] if model else []), *([model] if name == "diff" else [])]
                arguments += [*NEEDED.get(name, []), option, *[value] * arity]
                done = call(*arguments)
                count += 1
                assert done.code in (0, 1, 2), (arguments, done)
                assert done.code != 2 or done.err, arguments
    assert count == 0 or count > (60 if THOROUGH else 8)


@each(
    ("model", "arguments", "code", "said"),
    [
        ("fixed.yaml", ["sizes", "--set", "H=0.5"], 2, "SPC052 H=0.5: a size must be a positive integer, got 0.5"),
        ("fixed.yaml", ["sizes", "--set", "H=true"], 2, "SPC052 H=true: a size must be a positive integer, got true"),
        ("fixed.yaml", ["fit", "--memory", "8GiB", "--set", "H=0.5"], 2, "SPC052 H=0.5: a size must be a positive"),
        ("fixed.yaml", ["fit", "--memory", "8GiB", "--set", "W=-1"], 2, "SPC052 W=-1: a size must be a positive"),
        ("foreign.json", ["fit", "--flops", "1G"], 2, "SPC057 the batch cannot be varied: the model has no input"),
        ("foreign.json", ["show", "--sweep", "batch=1:3"], 2, "SPC057 the batch cannot be varied: the model has no"),
        ("list.yaml", ["show", "--sweep", "T=1:100000"], 1, "list.yaml:2:18: SPC026 the name `q` is not known here"),
        ("fixed.yaml", ["show", "--sweep", "batch=1:101"], 0, ""),
        ("fixed.yaml", ["show", "--sweep", "H=1:300"], 0, ""),
    ],
)
def test_what_is_said(
    model: str, arguments: list[str], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(model).write_text(MODELS[model], encoding="utf-8")
    done = call(arguments[0], model, *arguments[1:])
    assert done.code == code
    assert done.err.startswith(said)
    if not code:
        assert done.out.count("\n") > 100
