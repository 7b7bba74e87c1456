"""`cnnsum MODEL`: what is printed, where, and the exit code."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import click
import pytest
from calling import call

import cnnsum
from cnnsum.answers.summary.rendering import FORMATS
from cnnsum.cli import COMMANDS
from cnnsum.cli.formats import FORMATS as PRINTED
from cnnsum.readers import FORMATS as READ
from tests.thorough import each

SPECS = Path(__file__).resolve().parent.parent.parent / "specs"
SEED = "horses_or_humans.yaml"


@pytest.fixture(autouse=True)
def _in_gallery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SPECS)
    for name in ("COLUMNS", "NO_COLOR", "CNNSUM_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)


def usage_error(*arguments: str) -> str:
    """The sentence after the usage; nothing goes to standard output."""
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    head, _, message = err.partition("Error: ")
    assert not message or not head or head.startswith("Usage: cnnsum")
    return (message or err).rstrip("\n")


# --- commands ---------------------------------------------------------------------------------------------------------


def test_a_model_is_shown_and_nothing_else_is_said() -> None:
    code, out, err = call(SEED)
    assert (code, err) == (0, "")
    assert out.startswith('Model: "sequential"\n┏━')
    assert " Total params: 2,617,665 (9.99 MB)\n" in out
    assert out.endswith("  of a step with Adam\n")
    assert call("show", SEED) == (0, out, "")
    assert call("-", stdin=Path(SEED).read_bytes()) == (0, out, "")


def test_options_may_come_before_the_model() -> None:
    keras = call("--keras", SEED).out
    assert keras.endswith(" Non-trainable params: 0 (0.00 B)\n")
    assert call(SEED).out.startswith(keras + "\n Work per sample\n")
    assert call("show", SEED, "--keras").out == keras
    assert call("--format", "json", "--", SEED).out.startswith("{\n")


@each("arguments", [(), ("-h",), ("--help",)])
def test_the_help(arguments: tuple[str, ...]) -> None:
    code, out, err = call(*arguments)
    assert code == (0 if arguments else 2)
    text = out + err
    assert text.startswith(
        "Usage: cnnsum [OPTIONS] MODEL | COMMAND [ARGS]...\n\n  Know a neural network from its file."
    )
    assert (not out) == (not arguments)
    for name in COMMANDS:
        assert re.search(rf"^  {name} +\w", text, re.MULTILINE)
    assert max(map(len, text.split("\n"))) <= 80


@each("name", COMMANDS)
def test_every_option_of_every_command_is_documented(name: str) -> None:
    from cnnsum.cli.commands import cli

    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
    code, out, err = call(name, "--help")
    assert (code, err) == (0, "")
    assert max(map(len, out.split("\n"))) <= 80


def test_the_version() -> None:
    from cnnsum import __version__

    assert call("--version") == call("-V") == (0, f"cnnsum {__version__}\n", "")


def test_a_mistyped_command_is_no_file() -> None:
    assert usage_error("shwo", SEED) == "there is no command and no file `shwo` (did you mean `show`?)"
    assert usage_error("Layers") == "there is no command and no file `Layers` (did you mean `layers`?)"
    known = ", ".join(COMMANDS)
    assert usage_error("frob", SEED) == f"there is no command and no file `frob` (the commands are {known})"


def test_what_looks_like_a_file_is_one() -> None:
    near = "  help: did you mean `lenet5.yaml`?"
    assert usage_error("lenet5.yml") == f"SPC001 there is no file `lenet5.yml`\n{near}"
    assert usage_error("nowhere") == "SPC001 there is no file `nowhere`"
    assert usage_error("./shwo") == "SPC001 there is no file `./shwo`"


def test_a_file_named_like_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = Path(SEED).read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in ("shwo", "show"):
        Path(name).write_text(text, encoding="utf-8")
    assert call("shwo").code == call("./show").code == call("show", "show").code == 0


def test_usage_errors() -> None:
    assert usage_error("--keras") == "Missing argument 'MODEL'."
    both = f"`cnnsum diff {SEED} {SEED}` compares two, and `cnnsum check` takes any number"
    assert usage_error(SEED, SEED) == f"show takes one model, got {SEED}, {SEED}: {both}"
    for command in ("sizes", "fit"):
        assert usage_error(command, SEED, "a", "b") == (
            f"{command} takes one model, got {SEED}, a, b: `cnnsum check` takes any number"
        )
    assert usage_error("--colour", "never", SEED).startswith("No such option")
    assert "'table', 'json', 'csv', 'markdown'" in usage_error(SEED, "--format", "jsn")


def test_the_formats_are_those_that_are_rendered() -> None:
    assert PRINTED["show"][""] == FORMATS


# --- what the caller sets ---------------------------------------------------------------------------------------------


@each("shape", ["64,64,3", "(64, 64, 3)", "[64,64,3]", "input=64,64,3", "64,64,3,"])
def test_input(shape: str) -> None:
    code, out, err = call(SEED, "--keras", "-i", shape)
    assert (code, err) == (0, "")
    assert "(None, 62, 62, 32)" in out


def test_input_with_open_axes_and_symbols() -> None:
    spec = b"input: [8, 8, 3]\nlayers: [{Conv2D: [4, 3]}, GlobalAveragePooling2D]\n"
    assert "(None, None, None, 4)" in call("-", "-i", "none,?,3", stdin=spec).out
    out = call("-", "--width", "99", "-i", "H,W,3", stdin=spec).out
    assert "(None, H - 2, W - 2, 4)" in out
    out = call("-", "--width", "99", "-i", "H,W,3", "--set", "H=12", stdin=spec).out
    assert "(None, 10, W - 2, 4)" in out


def test_inputs_by_name() -> None:
    out = call("siamese.yaml", "--format", "json", "-i", "left=99,99,1", "--input", "right=99,99,1").out
    assert [one["shape"] for one in json.loads(out)["inputs"]] == [[None, 99, 99, 1]] * 2
    assert usage_error("siamese.yaml", "-i", "99,99,1") == (
        "SPC050 the model has 2 inputs: say which with NAME=SHAPE (it has left, right)"
    )
    assert usage_error("siamese.yaml", "-i", "lft=99,99,1") == (
        "SPC050 the model has no input `lft`\n  help: did you mean `left`?"
    )


@each(
    ("shape", "said"),
    [
        ("224x224x3", "`224x224x3` is not a size"),
        ("", "`` is not a size"),
        ("8,,3", "`8,,3` is not a size"),
        ("0,8,3", "`0` is not a size"),
        ("-8,8,3", "`-8` is not a size"),
        ("8.5,8,3", "`8.5` is not a size"),
        ("9" * 5000, "is not a size"),
        ("=8,8,3", "a name must stand before the ="),
    ],
)
def test_input_that_is_none(shape: str, said: str) -> None:
    message = usage_error(SEED, "-i", shape)
    assert message.startswith("Invalid value for '-i' / '--input': ")
    assert said in message


def test_one_value_of_several_names() -> None:
    spec = b"{vars: {w: 1, v: 1}, input: [H, W, 3], layers: [Conv2D: {filters: w + v, kernel_size: 3}]}"
    each_alone = call("-", "--set", "H=12", "--set", "W=12", "--set", "w=4", "--set", "v=4", stdin=spec)
    assert call("-", "--set", "H=W=12", "--set", "w=v=4", stdin=spec) == each_alone
    model = cnnsum.loads(spec.decode(), settings={"H=W": 12, "v=w": 4})
    assert cnnsum.summarize(model).totals.params.total == 8 * (27 + 1)
    assert "`H` is given twice" in usage_error(SEED, "--set", "H=W=12", "--set", "H=8")
    assert "`H` is given twice" in usage_error(SEED, "--set", "H=H=12")
    assert "`=3` is not NAME=VALUE" in usage_error(SEED, "--set", "=3")
    with pytest.raises(ValueError, match="got 'H' twice"):
        cnnsum.loads(spec.decode(), settings={"H=W": 12, "H": 4})
    # A value may compare.
    when = b"{vars: {a: 2, b: 2, deep: false}, input: [4], layers: [Dense: {units: 2, when: deep}, Dense: 1]}"
    assert "dense_1" in call("-", "--set", "deep=a==b", stdin=when).out


def test_what_is_given_twice() -> None:
    assert "two shapes without a name" in usage_error(SEED, "-i", "8,8,3", "-i", "9,9,3")
    assert "`left` is given twice" in usage_error("siamese.yaml", "-i", "left=9", "-i", "left=8")
    assert "`width` is given twice" in usage_error(SEED, "--set", "width=2", "--set", "width=3")


def test_set() -> None:
    spec = b"vars: {width: 4, act: relu}\ninput: [8]\nlayers: [{Dense: {units: width, activation: $act}}]\n"
    assert " Total params: 63 " in call("-", "--set", "width=7", "--set", "act=tanh", stdin=spec).out
    code, out, err = call("-", "--set", "wdith=7", stdin=spec)
    assert (code, out, err) == (2, "", "SPC051 the model has no var or symbol `wdith`\n  help: did you mean `width`?\n")
    code, _, err = call("-", "--set", "width=-7", stdin=spec)
    assert code == 1
    assert "CFG102 `units` must be a positive integer, got -7" in err
    assert usage_error(SEED, "--set", "width") == "Invalid value for '--set': `width` is not NAME=VALUE"


def test_batch() -> None:
    assert " Memory for a batch of 32\n" in call(SEED, "-b", "32").out
    fixed = json.dumps(
        {
            "module": "keras",
            "class_name": "Sequential",
            "config": {
                "name": "m",
                "layers": [
                    {"class_name": "InputLayer", "config": {"name": "i", "batch_shape": [4, 8]}},
                    {"class_name": "Dense", "config": {"name": "d", "units": 2}},
                ],
            },
        }
    ).encode()
    assert " Memory for a batch of 4\n" in call("-", stdin=fixed).out
    assert call("-", "-b", "4", stdin=fixed).code == 0
    assert call("-", "-b", "8", stdin=fixed) == (2, "", "SPC055 the file fixes the batch at 4, got 8\n")
    for wrong in ("0", "-1", "many", "1.5", "1" + "0" * 30, "1" + "0" * 5000):
        assert "is not a whole number from 1 to 1,000,000,000" in usage_error(SEED, "-b", wrong)


@pytest.mark.parametrize("arguments", [(SEED,), ("-",)])
def test_dtype(arguments: tuple[str, ...]) -> None:
    keras = b"""{"module": "keras", "class_name": "Sequential", "config": {"name": "m", "layers": []}}"""
    code, out, err = call(*arguments, "--dtype", "flaot16", stdin=keras)
    assert (code, out) == (2, "")
    assert err.startswith(
        "SPC052 unknown dtype `flaot16`\n  help: did you mean `float16`? Or choose from mixed_float16, "
    )
    assert "help: choose from mixed_float16" in call(*arguments, "--dtype", "qqq", stdin=keras).err
    assert call(*arguments, "--dtype", "mixed_bfloat16", stdin=keras).code == 0


def test_from() -> None:
    assert call(SEED, "--from", "cnnsum").code == 0
    assert usage_error(SEED, "--from", "kears") == "SPC053 unknown format `kears`\n  help: did you mean `keras`?"
    formats = ", ".join(READ)
    assert usage_error(SEED, "--from", "zzzz") == f"SPC053 unknown format `zzzz`\n  help: choose from {formats}"
    assert "SPC040 this is not a Keras model" in usage_error(SEED, "--from", "keras")


def test_any_reader_refuses_what_is_no_model_of_its_own() -> None:
    for name in READ:
        for text in ("[1]", "a", "{}", "3", "null", "{layers: [Flatten]}", "{backbone: [[-1, 1, Conv, [8]]]}"):
            found = call("-", "--from", name, stdin=text.encode())
            assert found.code in (1, 2) or name in ("ultralytics", "cnnsum"), (name, text)
            assert "a fault in cnnsum" not in found.err, (name, text)


def test_optimizer() -> None:
    assert "  of a step with SGD\n" in call(SEED, "--optimizer", "sgd").out
    found = usage_error(SEED, "--optimizer", "adm")
    assert found.startswith("SPC054 unknown optimizer `adm`\n  help: did you mean `adam`? Or choose from adam, adamw, ")
    assert "help: choose from adam" in usage_error(SEED, "--optimizer", "qqq")


# --- how it looks -----------------------------------------------------------------------------------------------------


def test_formats() -> None:
    report = json.loads(call(SEED, "--format", "json").out)
    assert report["schema"] == "cnnsum.report/1"
    assert report["source"]["path"] == SEED
    assert report["totals"]["params"]["total"] == 2617665
    rows = call(SEED, "--format", "csv").out.split("\r\n")
    assert rows[0].startswith("layer,type,output,")
    assert len(rows) == 12 + 2
    assert call(SEED, "--format", "markdown").out.startswith("# sequential\n\n| Layer |")


def test_columns() -> None:
    out = call(SEED, "--columns", "layer,macs,share").out
    assert re.search(r"^┃ Layer \(type\) +┃ +MACs ┃ Params % ┃$", out, re.MULTILINE)
    assert re.search(r"Param # ┃ +FLOPs ┃$", call(SEED, "--columns", "+flops").out, re.MULTILINE)
    assert usage_error(SEED, "--columns", "layer,mcas").endswith("trainable (did you mean `macs`?)")


@each("width", [40, 76, 200, 10_000])
def test_width(width: int) -> None:
    lines = call(SEED, "--keras", "--width", str(width)).out.split("\n")
    assert {len(line) for line in lines[1:-4]} == {width}


def test_width_that_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = "Insufficient console width to print summary. (choose one with --width, as 88)"
    assert usage_error(SEED, "--width", "10") == narrow
    for wrong in ("0", "-3", "10001", "wide"):
        assert f"'{wrong}' is not a whole number from 1 to 10,000" in usage_error(SEED, "--width", wrong)
    monkeypatch.setenv("COLUMNS", "12")
    assert usage_error(SEED) == narrow
    assert call(SEED, "--width", "88").code == call(SEED, "--format", "json").code == 0


@each(("columns", "width"), [("100", 88), ("60", 56), ("0", 76), ("-5", 76), ("x", 76), ("9" * 30, 88)])
def test_columns_of_the_terminal(columns: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert len(call(SEED).out.split("\n")[1]) == width


def test_rows() -> None:
    assert "(Block, " in call("resnet18.yaml", "--depth", "1").out
    assert len(call("resnet18.yaml", "--keras", "--depth", "1").out) < len(call("resnet18.yaml", "--keras").out) / 2
    out = call(SEED, "--keras", "--layer-range", "conv2d_1", "conv2d_2").out
    assert re.findall(r"^│ (\S+)", out, re.MULTILINE) == ["conv2d_1", "max_pooling2d_1", "conv2d_2"]
    assert usage_error(SEED, "--layer-range", "conv", "densse").endswith("(did you mean `dense`?)")
    assert usage_error(SEED, "--layer-range", "(", "dense").startswith("layer range: '(' is not a regular expression")
    assert " Trainable ┃" in call(SEED, "--show-trainable", "--width", "120").out


def test_nested_models() -> None:
    layer = {"module": "keras.layers", "class_name": "Dense", "config": {"name": "inner_dense", "units": 2}}
    source = {"class_name": "InputLayer", "config": {"name": "i", "batch_shape": [None, 8]}}
    inner = {"class_name": "Sequential", "config": {"name": "inner", "layers": [source, layer]}}
    model = {"module": "keras", "class_name": "Sequential", "config": {"name": "m", "layers": [source, inner]}}
    text = json.dumps(model).encode()
    assert "inner_dense" not in call("-", "--keras", stdin=text).out
    assert "└ inner_dense (Dense)" in call("-", "--keras", "--expand-nested", stdin=text).out
    assert "' inner_dense (Dense)" in call("-", "--expand-nested", stdin=text, encoding="ascii").out


def test_training_and_symbols() -> None:
    assert "\n     gradients" in call(SEED, "--train").out
    spec = b"input: [null, null, 3]\nlayers: [{Conv2D: [4, 3]}]\n"
    assert "(N, H - 2, W - 2, 4)" in call("-", "--symbolic", "--width", "99", stdin=spec).out


# --- colours and encodings --------------------------------------------------------------------------------------------


def test_colors(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = call(SEED).out
    assert "\x1b" not in plain
    colored = call(SEED, "--color", "always").out
    assert "\x1b[38;5;33mConv2D\x1b[0m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        monkeypatch.setenv(name, value)
        assert call(SEED, "--color", "always").out == colored
        monkeypatch.delenv(name)
    assert call(SEED, "--color", "never").out == plain
    code, _, err = call("nowhere.yaml", "--color", "always")
    assert (code, err) == (2, "\x1b[1;38;5;196mSPC001\x1b[0m \x1b[1mthere is no file `nowhere.yaml`\x1b[0m\n")


@each("color", ["never", "always"])
@each("encoding", ["ascii", "latin-1", "cp437", "cp1252", "utf-16"])
def test_what_an_encoding_cannot_write_is_drawn_otherwise(encoding: str, color: str) -> None:
    code, out, err = call("resnet18.yaml", "--width", "60", "--color", color, encoding=encoding)
    assert (code, err) == (0, "")
    if encoding == "utf-16":
        assert "┏━" in out
    else:
        assert "+-----" in out
        assert "?" not in out
        assert out.isascii() == (encoding != "cp1252")
        assert ("…" if encoding == "cp1252" else "~") in out


def test_diagnostics_and_help_in_ascii() -> None:
    spec = "input: [4]\nlayers: [{Dense: {units: 3, activation: 整流}}]\n".encode()
    code, _, err = call("-", stdin=spec, encoding="ascii")
    assert code == 1
    assert "`activation` must be the name of an activation, got '??'\n" in err
    assert call("layers", encoding="ascii").code == call("--help", encoding="ascii").code == 0


# --- diagnostics ------------------------------------------------------------------------------------------------------

WRONG = b"""\
input: [28, 28, 1]
layers:
  - Conv2D: {filters: 32, kernel_size: 3, activation: rleu}
  - MaxPooling2d: 2
  - Dense: {unit: 10}
"""


def test_diagnostics_go_to_standard_error_in_the_order_of_the_file() -> None:
    code, out, err = call("-", "--format", "json", stdin=WRONG)
    assert code == 1
    found = json.loads(out)["diagnostics"]
    assert sorted((one["line"], one["code"]) for one in found) == [(3, "CFG102"), (4, "UNK701"), (5, "CFG103")]
    assert re.findall(r"^<stdin>:(\d+):\d+: (\w+)", err, re.MULTILINE) == [
        ("3", "CFG102"),
        ("4", "UNK701"),
        ("5", "CFG103"),
    ]
    assert "    4 |   - MaxPooling2d: 2\n" in err


def test_a_text_from_standard_input_that_is_no_yaml_is_shown() -> None:
    code, out, err = call("-", stdin=b"input: [4\n")
    assert (code, out) == (2, "")
    assert "    1 | input: [4\n      |        ^\n" in err


def test_quiet_leaves_out_warnings() -> None:
    unused = b"input: [4]\nlayers: [{Dense: {units: 2, name: a}}, {Dense: {units: 2, from: input}}]\n"
    assert "GRF305" in call("-", stdin=unused).err
    assert call("-", "-q", stdin=unused).err == ""
    assert "CFG102" in call("-", "-q", stdin=WRONG).err
    assert "GRF305" in call("-", "-v", stdin=unused).err


def test_a_fault_of_cnnsum_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr("cnnsum.answers.summary.ask.summarize", fail)
    code, out, err = call(SEED)
    assert (code, out) == (2, "")
    assert err.startswith("Error: a fault in cnnsum itself: ZeroDivisionError: of all things (test_show.py:")
    monkeypatch.setenv("CNNSUM_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        call(SEED)


@each(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, ""),
        (MemoryError(), 2, "Error: this takes more memory than there is\n"),
        (RecursionError(), 2, "Error: the model is nested too deep\n"),
    ],
)
def test_what_ends_a_run_early(error: BaseException, code: int, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("cnnsum.answers.summary.ask.summarize", fail)
    assert call(SEED) == (code, "", said)


# --- files ------------------------------------------------------------------------------------------------------------


@each("format", FORMATS)
def test_output(format: str, tmp_path: Path) -> None:
    target = tmp_path / "result"
    printed = call(SEED, "--format", format).out
    assert call(SEED, "--format", format, "-o", str(target), encoding="ascii", stdin=b"") == (0, "", "")
    assert target.read_bytes().decode() == printed
    assert os.listdir(tmp_path) == ["result"]
    assert call(SEED, "--format", format, "-o", "-").out == printed


def test_output_replaces_a_file_and_keeps_its_permissions(tmp_path: Path) -> None:
    target, link = tmp_path / "result", tmp_path / "link"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o640)
    link.symlink_to("result")
    assert call(SEED, "-o", str(link)).code == 0
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8").startswith("Model: ")
    assert target.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["link", "result"]


def test_output_to_a_link_without_a_file_makes_the_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("result")
    assert call(SEED, "-o", str(tmp_path / "link")).code == 0
    assert (tmp_path / "result").read_text(encoding="utf-8").startswith("Model: ")


def test_output_that_cannot_be_written(tmp_path: Path) -> None:
    assert usage_error(SEED, "-o", str(tmp_path)) == f"cannot write '{tmp_path}': Is a directory"
    missing = str(tmp_path / "missing" / "result")
    assert usage_error(SEED, "-o", missing) == f"cannot write '{missing}': No such file or directory"
    for name in ("x.d/", "x/."):
        path = os.path.join(str(tmp_path), name)
        assert usage_error(SEED, "-o", path) == f"cannot write '{path}': No such file or directory"
    assert usage_error(SEED, "-o", f"{tmp_path}/") == f"cannot write '{tmp_path}/': Is a directory"
    assert os.listdir(tmp_path) == []
    assert usage_error(SEED, "-o", "/dev/full") == "cannot write '/dev/full': No space left on device"
    assert call(SEED, "-o", "/dev/null") == (0, "", "")
    assert os.listdir(tmp_path) == []


def test_a_failure_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "result"
    target.write_text("old", encoding="utf-8")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    assert usage_error(SEED, "-o", str(target)) == f"cannot write '{target}': No space left on device"
    assert target.read_text(encoding="utf-8") == "old"
    assert os.listdir(tmp_path) == ["result"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_may_not_be_written_is_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "result"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o444)
    assert usage_error(SEED, "-o", str(target)) == f"cannot write '{target}': Permission denied"


def test_the_model_is_not_overwritten(tmp_path: Path) -> None:
    model = tmp_path / "model.yaml"
    model.write_bytes(Path(SEED).read_bytes())
    (tmp_path / "link").symlink_to("model.yaml")
    for name in ("model.yaml", "link", "./model.yaml"):
        assert usage_error(str(model), "-o", f"{tmp_path}/{name}").endswith(
            "is the model itself: give the result another name"
        )
    assert model.read_bytes() == Path(SEED).read_bytes()


def test_a_file_whose_name_is_no_text(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff.yaml"
    with open(path, "wb") as file:
        file.write(Path(SEED).read_bytes())
    name = os.fsdecode(path)
    for format in FORMATS:
        assert call(name, "--format", format, "-o", str(tmp_path / "result")).code == 0
        assert call(name, "--format", format).code == 0
    assert call(name + "x").code == 2


@each(
    "options",
    [
        ["--train"],
        ["--plan"],
        ["--columns", "layer,params_bar,share,memory_bar"],
        ["--chart", "memory"],
        ["--chart", "memory", "--format", "svg"],
        ["--chart", "macs"],
        ["--format", "markdown"],
    ],
)
def test_numbers_that_no_float_holds(options):
    """1e450 elements of 4 bytes: integers have no largest number, floats do."""
    spec = json.dumps({"input": [10**18] * 25, "layers": ["ReLU", {"Dense": 4}]})
    done = call("-", *options, stdin=spec.encode())
    assert (done.code, done.err) == (0, "")
    assert "00e450" in done.out
    assert not re.search(r"\binf\b", done.out)


def test_a_call_without_options_is_what_click_makes_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such a call is answered without click, from a table of what the options are where none is given."""
    from cnnsum.cli import show, summary

    seen: list[dict[str, Any]] = []

    def note(asked: object, **given: Any) -> bool:
        seen.append({**vars(asked), **given})
        del seen[-1]["sources"]
        return False

    monkeypatch.setattr(summary, "summary", note)
    monkeypatch.setattr(show, "summary", note)
    assert call(SEED)[0] == call("show", SEED)[0] == 0
    plain, parsed = seen
    assert plain == parsed


@each("text", ["input: [8, 8, 3]\nlayers: [Conv2D: 4]", "no: model", ""])
def test_a_call_without_options_ends_as_any_other(text: str, tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_text(text, encoding="utf-8")
    assert call(str(file)) == call("show", str(file)) == call(str(file), "--color", "auto")


@each("columns", [30, 36, 40, 60, 75])
def test_lines_below_the_table_are_as_narrow_as_the_screen(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("unet.yaml", "--train", "--plan", "-v", "--columns", "params")
    wide = call(*arguments).out.partition(" Work per sample")[2]
    monkeypatch.setenv("COLUMNS", str(columns))
    narrow = call(*arguments).out.partition(" Work per sample")[2]
    assert max(map(len, narrow.splitlines())) <= columns < max(map(len, wide.splitlines()))
    assert narrow.split() == wide.split()
    assert all(line == line.rstrip() for line in narrow.splitlines())


def test_numbers_of_very_many_digits_take_little_room_in_a_table() -> None:
    spec = json.dumps({"input": [10**12, 10**12, 3], "layers": [{"Conv2D": [2, 1]}]}).encode()
    table = call("-", "--columns", "layer,output,macs,flops", "--width", "90", stdin=spec).out
    assert "│       6.00e24 │       1.40e25 │" in table or " 6.00e24 │ 1.40e25 │" in table
    assert "(None, 1000000000000, 1000000000000, 2)" in table
    rows = json.loads(call("-", "--format", "json", stdin=spec).out)["layers"]
    assert rows[-1]["macs"] == 6 * 10**24
