"""Layer types that are declared outside of the model's file: by files of declarations and by plugins."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from keras_writing import functional, image, made, rows, shapes

import cnnsum
from cnnsum.diagnostics import UnusableError
from cnnsum.readers.types import types_of
from tests.cli.calling import call

PAGE = (Path(__file__).parents[2] / "docs" / "custom_layers.md").read_text(encoding="utf-8")


def block(start: str) -> str:
    """The example of the page that begins with that comment."""
    (found,) = re.findall(rf"```\w+\n(# {re.escape(start)}\n.*?)```", PAGE, re.DOTALL)
    return str(found)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the page's examples, and a Keras file that needs them."""
    monkeypatch.chdir(tmp_path)
    Path("types.yaml").write_text(block("types.yaml"), encoding="utf-8")
    Path("plugin.py").write_text(block("plugin.py"), encoding="utf-8")
    write("model.json", token={})
    return tmp_path


def write(path: str, *, token: dict[str, Any], module: str = "mine") -> None:
    """Tokens with a class token before them; and an image that a Lambda layer called `half` makes smaller."""
    net = functional(
        [
            image((196, 768), "tokens"),
            made("ClassToken", "classified", "tokens", module=module, units=3, **token),
            made("Dense", "score", "classified", units=10),
            image((32, 32, 3)),
            made("Lambda", "half", "image", function={"class_name": "__lambda__"}),
            made("Conv2D", "conv", "half", filters=8, kernel_size=[3, 3]),
        ],
        ["score", "conv"],
    )
    Path(path).write_text(json.dumps(net), encoding="utf-8")


def summary(**options: Any) -> tuple[list[str], dict[str, Any]]:
    """The findings about the model, and its rows."""
    model = cnnsum.load("model.json", **options)
    return [f"{one.code} {one.message}" for one in model.diagnostics], rows(cnnsum.summarize(model))


def test_declared_by_class_and_by_name(folder):
    findings, found = summary(layer_types=["types.yaml"])
    assert findings == []
    assert found["classified"].params.total == 768
    assert found["score"].outputs[0].shape[1:] == (197, 10)
    assert found["conv"].outputs[0].shape[1:] == (14, 14, 8)
    assert {row.status for row in found.values()} == {"exact"}


def test_a_plugin_with_a_field_of_the_file(folder):
    write("model.json", token={"count": 4})
    findings, found = summary(plugins=["./plugin.py"])
    assert [finding.split()[0] for finding in findings] == ["SAF603"]
    assert found["classified"].params.total == 4 * 768
    assert found["score"].outputs[0].shape[1:] == (200, 10)


def test_a_plugin_by_the_name_of_its_module(folder, monkeypatch):
    Path("tokens_of_mine.py").write_text(block("plugin.py"), encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    assert summary(plugins=["tokens_of_mine"])[1]["classified"].params.total == 768


def test_a_class_of_the_users_is_none_of_keras(folder):
    Path("types.yaml").write_text("layer_types: {half: {output: [h, h, 3], input: [h, h, 3]}}", encoding="utf-8")
    write("model.json", token={}, module="mine")
    assert [finding.split()[0] for finding in summary(layer_types=["types.yaml"])[0]] == ["UNK701"]


def test_inside_of_a_wrapper(folder):
    Path("types.yaml").write_text(
        "layer_types: {Twice: {input: [..., c], output: [..., 2*c], fields: {gain: 1}}}", encoding="utf-8"
    )
    inner = {"module": "mine", "class_name": "Twice", "config": {"name": "t", "gain": 2, "more": "words"}}
    net = functional([image((5, 8)), made("TimeDistributed", "all", "image", layer=inner)], "all")
    model = cnnsum.loads(json.dumps(net), layer_types=["types.yaml"])
    assert model.diagnostics == ()
    assert shapes(cnnsum.summarize(model))["all"] == ["? 5 16"]


def test_for_a_spec(folder):
    model = cnnsum.loads("{input: [10, 8], layers: [ClassToken]}", layer_types=["types.yaml"])
    assert model.diagnostics == ()
    assert cnnsum.summarize(model).totals.params.total == 8


def test_conditions_on_sizes_come_from_the_pattern(folder):
    text = "{input: [H, 32, 3], layers: [half, half]}"
    model = cnnsum.loads(text, layer_types=["types.yaml"])
    assert [axis.condition for axis in model.sizes.axes] == ["H >= 4"]


@pytest.mark.parametrize("command", ["show", "sizes", "explain", "check", "fit", "diff"])
def test_every_command_has_both_options(folder, command):
    write("model.json", token={})
    Path("types.yaml").write_text(block("types.yaml").replace("  ClassToken:", "  Other:"), encoding="utf-8")
    more = {"fit": ["--params", "99M", "--vary", "batch"], "diff": ["model.json"]}.get(command, [])
    result = call(command, "model.json", *more, "--layer-types", "types.yaml", "--plugin", "./plugin.py")
    assert "UNK701" not in result.out + result.err
    assert "SAF603" not in result.out + result.err


def test_checks_in_several_processes(folder):
    for number in range(4):
        write(f"model{number}.json", token={})
    result = call("check", ".", "--layer-types", "types.yaml", "--jobs", "2", "--format", "concise")
    assert (result.code, result.out) == (0, "")


PLUGIN = "from cnnsum.layers.base import layer\nfrom cnnsum.layers.facts import Facts\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import nothing_of_that_name\n", "bad.py:1:1: SPC070 the plugin `bad.py` cannot be run: ModuleNotFoundError"),
        ("\nx = 1 / 0\n", "bad.py:2:1: SPC070 the plugin `bad.py` cannot be run: ZeroDivisionError: division by zero"),
        ("x = = 1\n", "bad.py:1:5: SPC070 the plugin `bad.py` cannot be run: SyntaxError"),
        ("x = 1\n", "SPC070 the plugin `bad.py` declares no layer types"),
        (
            f"{PLUGIN}@layer\ndef Odd(x, *, size: int = 1) -> Facts:\n    return Facts(x)\n",
            "bad.py:3:1: SPC070 plugin `bad.py`: the signature of `Odd` cannot be read",
        ),
        (
            f"{PLUGIN}@layer\ndef Dense(x) -> Facts:\n    return Facts(x)\n",
            "bad.py:3:1: SPC028 plugin `bad.py`: `Dense` is a layer type of Keras: give your own another name",
        ),
        (
            f"{PLUGIN}@layer\nclass Own:\n    pass\n",
            "SPC070 plugin `bad.py`: the signature of `Own` cannot be read: AttributeError",
        ),
        ("import sys\nsys.exit(0)\n", "bad.py:2:1: SPC070 the plugin `bad.py` cannot be run: SystemExit: 0"),
        (
            f"{PLUGIN}@layer(function='rleu')\ndef Own(x) -> Facts:\n    return Facts(x)\n",
            "bad.py:3:1: SPC070 plugin `bad.py`: `Own` cannot be used: `function` is one of linear, relu, relu6",
        ),
        (
            f"{PLUGIN}@layer(settle=5)\ndef Own(x) -> Facts:\n    return Facts(x)\n",
            "bad.py:3:1: SPC070 plugin `bad.py`: `Own` cannot be used: `settle` is a function of the fields, got 5",
        ),
        (
            f'{PLUGIN}@layer\ndef Own(x) -> Facts:\n    """Do it. Wieghts: kernel."""\n    return Facts(x)\n',
            "`Own` cannot be used: its documentation has `Wieghts` at the start of a sentence: did you mean `Weights`?",
        ),
    ],
)
def test_plugins_that_cannot_be_used(folder, text, expected):
    Path("bad.py").write_text(text, encoding="utf-8")
    result = call("model.json", "--plugin", "bad.py")
    assert result.code == 2
    assert expected in result.err.replace(f"{folder}/", "")
    assert result.out == ""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return x[99]", "the plugin's rule for ClassToken failed: IndexError: tuple index out of range"),
        ("return x", "the plugin's rule for ClassToken gives no Facts, but tuple"),
        (
            "return Facts(x, alias='in_place')",
            "the plugin's rule for ClassToken: `alias` is one of view, bypass, inplace, got 'in_place'",
        ),
        (
            "return Facts(x, keeps_input='weigths')",
            "the plugin's rule for ClassToken: `keeps_input` is one of weights, factors, rest, got 'weigths'",
        ),
        (
            "return Facts(x, gradient='sane')",
            "the plugin's rule for ClassToken: `gradient` is one of same, parts, none, got 'sane'",
        ),
        (
            "return Facts(x, window='all')",
            "the plugin's rule for ClassToken: `window` is one of everything, not followed, got 'all'",
        ),
        (
            "return Facts(x, dtype='flaot32')",
            "the plugin's rule for ClassToken: `dtype` is one of float32, float16, bfloat16",
        ),
        ("return Facts(x, macs='a')", "the plugin's rule for ClassToken: `macs` is a size, and not below 0, got 'a'"),
        ("return Facts(x, macs=True)", "the plugin's rule for ClassToken: `macs` is a size, and not below 0, got True"),
        ("return Facts(x, ops=-5)", "the plugin's rule for ClassToken: `ops` is a size, and not below 0, got -5"),
        ("return Facts(x, macs=-3 * x[0])", "the plugin's rule for ClassToken: `macs` is a size, and not below 0"),
        ("raise SystemExit(0)", "the plugin's rule for ClassToken failed: SystemExit: 0"),
        ("return Facts(x, rows='a')", "the plugin's rule for ClassToken: `rows` is None or a size, got 'a'"),
        (
            "return Facts(x, scratch=('a',))",
            "the plugin's rule for ClassToken: `scratch` is a tuple of shapes, got ('a',)",
        ),
        ("return Facts(x, kept=('a',))", "the plugin's rule for ClassToken: `kept` is a tuple of Kepts, got ('a',)"),
        (
            "return Facts(x, activated='yes')",
            "the plugin's rule for ClassToken: `activated` is true or false, got 'yes'",
        ),
        ("return Facts()", "the plugin's rule for ClassToken: `outputs` is a shape, or None, for each output, got ()"),
        (
            "return Facts(x, keeps_input=((5,),))",
            "the plugin's rule for ClassToken: `keeps_input` is of a call with 1 input, got ((5,),)",
        ),
        (
            "return Facts(x, window=((3, 1),))",
            "the plugin's rule for ClassToken: `window` is None, a Turn, a tuple of Windows or one of everything",
        ),
        (
            "from cnnsum.layers.facts import Window; return Facts(x, window=(Window(3, stride='2'),))",
            "the plugin's rule for ClassToken: `Window.stride` is a size, got '2'",
        ),
        (
            "from cnnsum.layers.facts import Weight; return Facts(x, weights=(Weight('a', x, dtype='half'),))",
            "the plugin's rule for ClassToken: `Weight.dtype` is one of float32, float16, bfloat16",
        ),
        (
            "from cnnsum.layers.facts import Kept; return Facts(x, kept=(Kept('a', x, use='weight'),))",
            "the plugin's rule for ClassToken: `Kept.use` is one of weights, inputs, activation, got 'weight'",
        ),
    ],
)
def test_rules_of_plugins_that_fail(folder, body, expected):
    Path("bad.py").write_text(f"{PLUGIN}@layer\ndef ClassToken(x) -> Facts:\n    {body}\n", encoding="utf-8")
    result = call("model.json", "--plugin", f"{folder}/bad.py", "--layer-types", "types.yaml")
    assert result.code == 2  # declared by both
    Path("types.yaml").write_text("layer_types: {half: {}}", encoding="utf-8")
    result = call("model.json", "--plugin", f"{folder}/bad.py", "--layer-types", "types.yaml")
    assert result.code == 1
    assert f"SPC071 classified: {expected}" in result.err


WANTED = "a plugin is a module of Python (`package.types`) or a file (`./types.py`)"


@pytest.mark.parametrize(
    ("name", "message", "help"),
    [
        ("nobody", "the plugin `nobody` cannot be run: ModuleNotFoundError: No module named 'nobody'", WANTED),
        (
            "there",
            "the plugin `there` cannot be run: ModuleNotFoundError: No module named 'there'",
            "--plugin ./there.py",
        ),
        (
            "model.json",
            "this is not a plugin: `model.json` is not a file of Python",
            "with --layer-types model.json; a plugin is",
        ),
        ("./types.yaml", "this is not a plugin: `./types.yaml` is not a file of Python", "--layer-types ./types.yaml"),
        ("nobody.yaml", "the plugin `nobody.yaml` cannot be run", "with --layer-types nobody.yaml"),
        ("./nobody.py", "this is not a plugin: there is no file `./nobody.py`", WANTED),
        (".", "this is not a plugin: `.` is not a name of a module", WANTED),
        ("./", "this is not a plugin: `./` is not a file of Python", WANTED),
        ("", "this is not a plugin: `` is not a name of a module", WANTED),
        ("a b", "this is not a plugin: `a b` is not a name of a module", WANTED),
        (".relative", "this is not a plugin: `.relative` is not a name of a module", WANTED),
    ],
)
def test_what_is_no_plugin_is_told_what_one_is(folder, name, message, help):
    Path("there.py").write_text(PLUGIN, encoding="utf-8")
    for command in ([], ["check"]):
        result = call(*command, "model.json", "--plugin", name)
        assert result.code == 2
        assert f"SPC070 {message}" in result.err
        assert help in result.err


def test_a_file_that_is_no_plugin_runs_no_module_of_its_name(folder):
    Path("model.py").write_text("raise SystemExit('it was run')\n", encoding="utf-8")
    assert "it was run" not in call("model.json", "--plugin", "model.json").err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("layer_type: {A: {}}\n", "SPC064 `bad.yaml` declares no layer types: it has no mapping `layer_types`"),
        ("layer_types: {A: {input: [h], output: [g]}}\n", "bad.yaml:1:40: SPC026 the name `g` is not known here"),
        ("layer_types: {Dense: {}}\n", "bad.yaml:1:15: SPC028 `Dense` is a layer type of Keras"),
        ("layer_types: {A: {}}\n", "SPC028 the layer type `ClassToken` is declared twice"),
        ("{", "bad.yaml:"),
    ],
)
def test_declarations_that_cannot_be_used(folder, text, expected):
    Path("bad.yaml").write_text(text, encoding="utf-8")
    extra = ["--layer-types", "types.yaml", "--plugin", "./plugin.py"] if "twice" in expected else []
    for command in ([], ["check"]):
        result = call(*command, "model.json", "--layer-types", "bad.yaml", *extra)
        assert result.code == 2
        assert expected in result.err


def test_a_file_that_is_not_there(folder):
    result = call("model.json", "--layer-types", "none.yaml")
    assert result.code == 2
    assert "none.yaml" in result.err


def test_declarations_are_read_again_after_a_change(folder):
    assert summary(layer_types=["types.yaml"])[1]["classified"].params.total == 768
    Path("types.yaml").write_text(block("types.yaml").replace("[1, d]", "[1, d, d]"), encoding="utf-8")
    assert summary(layer_types=["types.yaml"])[1]["classified"].params.total == 768 * 768


def test_plugins_leave_no_types_behind(folder):
    summary(plugins=["./plugin.py"])
    found = cnnsum.loads("{input: [10, 8], layers: [ClassToken, {Dense: 1}]}").diagnostics
    assert [one.message for one in found] == ["unknown layer type `ClassToken`"]


def test_a_plugin_that_is_not_there_is_named_as_it_was_given():
    with pytest.raises(UnusableError) as caught:
        cnnsum.loads("{input: [4], layers: [{Dense: 2}]}", plugins=["./nosuch.py"])
    assert "this is not a plugin: there is no file `./nosuch.py`" in str(caught.value)


def test_types_are_read_again_when_a_file_that_theirs_includes_has_changed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("types.yaml").write_text("include: more.yaml\nlayer_types: {}\n", encoding="utf-8")
    Path("more.yaml").write_text("layer_types: {Wide: {fields: {n: 1}, output: [..., n]}}\n", encoding="utf-8")

    def shape() -> object:
        model = cnnsum.loads("{input: [3], layers: [{Wide: {n: 5}}]}", layer_types=["types.yaml"])
        return cnnsum.summarize(model).rows[-1].outputs[0].shape[-1]

    assert shape() == shape()
    before = shape()
    Path("more.yaml").write_text("layer_types: {Wide: {fields: {n: 1}, output: [..., 2*n]}}\n", encoding="utf-8")
    assert (before, shape()) == (5, 10)
    Path("more.yaml").unlink()
    with pytest.raises(UnusableError, match=r"more\.yaml"):
        shape()


HALF = 'Half: {fields: {by: 2}, input: [H, T, C], output: [H//by, "T//by", C], weights: {k: [H, C]}, macs: H*T}'


@pytest.mark.parametrize(
    "head",
    [
        "input: [64, 48, 3]",
        "input: [H, T, 3]",
        "input: [C, by, 3]",
        "input: [S, S, 3]\nsymbols: {H: {}, T: {}, C: {multiple_of: 2}}",
        "input: [H, T, 3]\nsymbols: {H: {multiple_of: 4}}\nvars: {z: 2}",
    ],
)
def test_names_of_a_pattern_are_its_own_wherever_it_is_declared(folder, head):
    layers = "layers: [Half, Half, {Half: 3}]"
    Path("half.yaml").write_text(f"layer_types:\n  {HALF}\n", encoding="utf-8")
    here = cnnsum.loads(f"{head}\nlayer_types:\n  {HALF}\n{layers}\n")
    outside = cnnsum.loads(f"{head}\n{layers}\n", layer_types=["half.yaml"])
    Path("main.yaml").write_text(f"include: half.yaml\n{head}\n{layers}\n", encoding="utf-8")
    included = cnnsum.load("main.yaml")
    said = []
    for model in (here, outside, included):
        assert not model.errors
        facts = [call.facts for call in model.inference.calls]
        said.append([(one.outputs, [weight.shape for weight in one.weights], one.macs) for one in facts])
        closed = cnnsum.Model(model.document, model.how._replace(inputs={"": (64, 64, 3)}))
        assert not closed.errors
        assert str(closed.inference.calls[-1].facts.outputs[0][1:]) == "(5, 5, 3)"
    assert said[0] == said[1] == said[2]


def test_a_var_of_an_including_file_is_no_name_of_a_pattern_and_one_of_its_own_file_is_a_value(folder):
    Path("half.yaml").write_text("layer_types: {Half: {input: [n, c], output: [n//2, c]}}\n", encoding="utf-8")
    Path("main.yaml").write_text("include: half.yaml\nvars: {c: 99}\ninput: [8, 3]\nlayers: [Half, {Dense: c}]\n")
    assert not cnnsum.load("main.yaml").errors
    Path("half.yaml").write_text("vars: {c: 5}\nlayer_types: {Half: {input: [n, c]}}\n", encoding="utf-8")
    for text, options in (
        ("input: [8, 3]\nlayers: [Half]\n", {"layer_types": ["half.yaml"]}),
        ("include: half.yaml\ninput: [8, 3]\nlayers: [Half]\n", {}),
        ("vars: {c: 5}\nlayer_types: {Half: {input: [n, c]}}\ninput: [8, 3]\nlayers: [Half]\n", {}),
    ):
        Path("main.yaml").write_text(text, encoding="utf-8")
        (found,) = cnnsum.load("main.yaml", **options).errors
        assert found.code == "SHP202"
        assert found.message == "half: Half needs an input of shape (None, n, c), got (None, 8, 3), where c is 5"


def test_what_a_plugin_declares_of_a_type_beside_its_rule_holds(folder):
    declared = "role='identity', reads=True, built=True, function='relu', settings='x'"
    text = f"{PLUGIN}@layer({declared})\ndef Own(x) -> Facts:\n    return Facts(x)\n"
    Path("own.py").write_text(text, encoding="utf-8")
    (found,) = types_of((), (f"{folder}/own.py",)).values()
    assert (found.reads, found.built, found.function, found.settings) == (True, True, "relu", ("x",))
    assert found.role == ""  # who asks for a role reads the fields of cnnsum's own types


def test_a_settle_that_fails_is_a_finding_of_the_layer(folder):
    text = f"{PLUGIN}@layer(settle=lambda fields: fields['none'])\ndef ClassToken(x) -> Facts:\n    return Facts(x)\n"
    Path("bad.py").write_text(text, encoding="utf-8")
    Path("types.yaml").write_text("layer_types: {half: {}}", encoding="utf-8")
    result = call("model.json", "--plugin", f"{folder}/bad.py", "--layer-types", "types.yaml")
    assert result.code == 1
    assert "SPC071 the plugin's `settle` for ClassToken failed: KeyError: 'none'" in result.err


@pytest.mark.parametrize("word", ["MAC", "Operation", "weights", "Length"])
def test_words_by_which_sentences_are_known_are_checked(folder, word):
    text = f'{PLUGIN}@layer\ndef Own(x) -> Facts:\n    """Do it.\n\n    {word}: some.\n    """\n    return Facts(x)\n'
    Path("bad.py").write_text(text, encoding="utf-8")
    result = call("model.json", "--plugin", "bad.py")
    assert result.code == 2
    assert f"has `{word}` at the start of a sentence: did you mean" in result.err


def test_other_words_at_the_start_of_sentences_are_free(folder):
    text = f'{PLUGIN}@layer\ndef Own(x) -> Facts:\n    """Do it. Note: at night. See: there. Weights: none.\n    """\n'
    Path("fine.py").write_text(f"{text}    return Facts(x)\n", encoding="utf-8")
    assert call("model.json", "--plugin", "fine.py").code != 2
