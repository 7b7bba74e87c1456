"""The limits that docs/limits.md states are those that hold."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from importlib import import_module
from pathlib import Path

import pytest

import cnnsum
from cnnsum import UnusableError
from cnnsum.diagnostics import MAX_MESSAGE, MAX_OF_CODE, Diagnostic, DiagnosticList, Span
from cnnsum.graph.model import MAX_LAYERS
from cnnsum.source.findings import MAX_VALUES
from tests.thorough import each

PAGE = (Path(__file__).parent.parent / "docs" / "limits.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([\d,]+)( MiB)? \| (.*?) \| `([\w.]+)` \| (.*?) \|$", PAGE, re.MULTILINE)


def test_every_row_of_the_page_is_read():
    assert len(ROWS) == len(re.findall(r"^\| [\d]", PAGE, re.MULTILINE)) >= 20


@each(("value", "unit", "what", "name", "past"), ROWS, ids=[row[3] for row in ROWS])
def test_a_limit_is_what_the_page_says(value, unit, what, name, past):
    module, _, constant = name.rpartition(".")
    assert getattr(import_module(module), constant) == int(value.replace(",", "")) * (2**20 if unit else 1)


# --- findings ---------------------------------------------------------------------------------------------------------


def test_findings_of_a_code_are_bounded_and_the_bound_is_said():
    found = DiagnosticList()
    found.extend(Diagnostic("UNK701", f"number {number}", None, "warning") for number in range(MAX_OF_CODE))
    assert len(found) == MAX_OF_CODE
    assert found.has_room("UNK701", "warning")
    place = Span("m.yaml", 7, 1, 7, 2)
    found += [Diagnostic("UNK701", "one more", place, "warning")] * 10_000
    found.append(Diagnostic("SPC041", "an error is not lost behind warnings"))
    assert len(found) == MAX_OF_CODE + 2
    assert not found.has_room("UNK701", "warning")
    assert (
        found[MAX_OF_CODE].message
        == f"there are more findings of UNK701, which are not listed: at most {MAX_OF_CODE} of a code are"
    )
    assert (found[MAX_OF_CODE].severity, found[MAX_OF_CODE].span) == ("warning", place)
    assert found[-1].code == "SPC041"


def test_messages_are_bounded():
    found = DiagnosticList([Diagnostic("SPC041", "x" * 10**6, help="y" * 10**6)])
    assert len(found[0].message) == len(found[0].help or "") == MAX_MESSAGE + 3


LAYERS = {
    "nameless": {"class_name": "Dense", "config": {}},
    "of unknown types": {"class_name": "Foo", "config": {"name": "a"}},
    "empty": {},
}


@each("kind", LAYERS)
def test_many_broken_layers_of_a_keras_file(kind):
    model = {"class_name": "Sequential", "config": {"name": "m", "layers": [LAYERS[kind]] * 5_000}}
    found = cnnsum.loads(json.dumps(model)).diagnostics
    assert MAX_OF_CODE < len(found) <= 2 * MAX_OF_CODE + 5
    assert any("there are more findings of" in one.message for one in found)


def test_many_broken_layers_of_a_spec():
    found = cnnsum.loads("input: [4]\nlayers:\n" + "".join(f"  - Nothing{n}: 3\n" for n in range(3_000))).diagnostics
    assert len([one for one in found if one.code == "UNK701"]) == MAX_OF_CODE + 1


# --- values and layers ------------------------------------------------------------------------------------------------


def archive(text: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("config.json", text)
    return file.getvalue()


def listed(items: str) -> str:
    return f'{{"class_name":"Sequential","config":{{"name":"m","layers":[{items}]}}}}'


BOMBS = {
    "layers": (listed(",".join(["{}"] * 400_000)), "SPC039", f"more than {MAX_LAYERS:,} layers"),
    "values": (listed(",".join(["0"] * (MAX_VALUES + 1))), "SPC007", f"more than {MAX_VALUES:,} values"),
    "keys": ("{" + ",".join(['"a":0'] * (MAX_VALUES + 1)) + "}", "SPC007", f"more than {MAX_VALUES:,} values"),
    "lists": ("[" + ",".join(["[]"] * MAX_VALUES) + "]", "SPC007", f"more than {MAX_VALUES:,} values"),
}


@each("kind", BOMBS)
def test_bombs(kind, tmp_path):
    text, code, message = BOMBS[kind]
    path = tmp_path / "bomb.keras"
    path.write_bytes(archive(text))
    assert path.stat().st_size < 20_000
    with pytest.raises(UnusableError) as caught:
        cnnsum.load(path)
    (found,) = caught.value.diagnostics
    assert (found.code, message in found.message) == (code, True)


def test_commas_in_texts_are_no_values():
    found = cnnsum.loads(json.dumps({"input": [4], "layers": ["ReLU"], "name": "," * (MAX_VALUES + 1)}))
    assert not found.diagnostics


@each("repeat", [MAX_LAYERS, 10**6, 10**18, 10**30])
def test_layers_of_a_spec(repeat):
    text = f"input: [4]\nlayers: [ReLU, {{Dense: {{units: 4, repeat: {repeat}}}}}]"
    with pytest.raises(UnusableError) as caught:
        cnnsum.loads(text)
    (found,) = caught.value.diagnostics
    assert (found.code, found.message) == ("SPC039", f"this makes the network larger than {MAX_LAYERS:,} layers")


# --- sizes, formulas, configuration -----------------------------------------------------------------------------------


@each(
    ("text", "message"),
    [
        (f"input: [{', '.join(['2'] * 64)}]\nlayers: [Flatten]", "a tensor of 65 axes: no framework has more than 64"),
        (f"input: [{2**63}]\nlayers: [ReLU]", "a size of 2**63 or more"),
        ("input: [4]\nlayers: [{Reshape: {target_shape: [" + ", ".join(["1"] * 70) + ", 4]}}]", "a tensor of 72 axes"),
        ("input: [4]\nlayers:\n" + f"  - RepeatVector: {2**40}\n  - Flatten\n" * 2, "a size of 2**63 or more"),
    ],
)
def test_tensors_that_nothing_can_hold(text, message):
    model = cnnsum.loads(text)
    assert [message in one.message for one in model.diagnostics if one.code == "SHP226"] == [True]
    assert str(cnnsum.summarize(model))


def test_63_axes_are_sizes_that_can_be_printed():
    model = cnnsum.loads(f"input: [{', '.join([str(2**63 - 1)] * 63)}]\nlayers: [ReLU]")
    assert not model.diagnostics
    assert str(cnnsum.summarize(model))


def test_formulas_that_grow(tmp_path, monkeypatch):
    """Each took 5 to 40 seconds: a limit of time is a safety net here, the bounds are on the formulas."""
    monkeypatch.chdir(tmp_path)
    extremes = "H"
    for n in range(2, 42):
        extremes = f"{('max', 'min')[n % 2]}({extremes}, W//{n} + H//{n + 1})"
    texts = {
        "pow": "input: [H, W, N]\nlayers: [{Dense: (H + W + N)**30}]\n",
        "extremes": f"input: [H, W]\nlayers: [{{Dense: '{extremes}'}}]\n",
        "valid": "input: [H, W, 3]\nlayers: [{Conv2D: {filters: 4, kernel_size: 3, repeat: 800}}]\n",
        "pools": "input: [H, W, 3]\nlayers: [{MaxPooling2D: {pool_size: 2, repeat: 800}}]\n",
        "kernels": "input: [H, 3]\nlayers:\n"
        + "".join(f"  - Conv1D: {{filters: 3, kernel_size: {n + 2}}}\n" for n in range(400)),
    }
    for name, text in texts.items():
        Path(f"{name}.yaml").write_text(text, encoding="utf-8")
    assert shown_in_time([f"{name}.yaml" for name in texts]) == [1, 1, 0, 0, 0]


SHOWN = """
import resource, sys
from cnnsum.cli import main
resource.setrlimit(resource.RLIMIT_CPU, (20, 21))
for name in sys.argv[1:]:
    sys.argv = ["cnnsum", name]
    try:
        main()
    except SystemExit as end:
        print(end.code, file=sys.stderr)
"""


def shown_in_time(names):
    """The exit codes of summaries, one after the other in a process with a limit on its time."""
    command = [sys.executable, "-c", SHOWN, *names]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    return [int(line) for line in done.stderr.splitlines() if line.isdecimal()]


def test_numbers_of_512_bits_stand_in_formulas_and_larger_ones_make_them_unknown():
    from cnnsum.dims import UNKNOWN, Symbol, substitute

    height = Symbol("H").dim
    most = 2**512 - 1
    assert substitute(height * most, {"H": 3}) == 3 * most
    assert [substitute(height // most, {"H": size}) for size in (most - 1, most, 2 * most)] == [0, 1, 2]
    assert height * (most + 1) is UNKNOWN
    assert height // (most + 1) is UNKNOWN


def test_chains_are_undone_and_not_searched():
    from cnnsum.dims import Symbol
    from cnnsum.dims.solving import _inverse

    height = Symbol("H").dim
    chain = height
    for kernel in range(3, 300):
        chain = (chain - kernel) // 2 + 1 if kernel % 50 == 0 else chain - kernel + 1
    first = _inverse(chain, 1)
    assert first is not None
    at = [cnnsum.dims.substitute(chain, {"H": size}) for size in (first - 1, first)]
    assert (at[0] < 1, at[1] >= 1) == (True, True)


CONFIGURATIONS = {
    "digits": ("a = " + "9" * 5_000, "cnnsum.toml:1:5: SPC049 the configuration: a number of 5000 digits is too long"),
    "dotted": ("\na" + ".a" * 40_000 + " = 1", "cnnsum.toml:2:1: SPC049 the configuration has a key of more than 100"),
    "header": ("[" + '"a".' * 20_000 + "a]", "cnnsum.toml:1:1: SPC049 the configuration has a key of more than 100"),
    "nested": ("a = " + "[" * 20_000, "cnnsum.toml:1:1: SPC049 the configuration is not TOML: "),
    "codes": ("select = [" + ", ".join(f'"X{n}"' for n in range(9_000)) + "]", "there are more findings of SPC049"),
    "types": ("layer-types = [" + ", ".join(f'"{n}.yaml"' for n in range(9_000)) + "]", "has more than 100 files"),
    "keys": ("".join(f"key{n} = 1\n" for n in range(9_000)), "there are more findings of SPC049"),
}


@each("kind", CONFIGURATIONS)
def test_configurations(kind, tmp_path, monkeypatch):
    from cnnsum.lint.config import read

    monkeypatch.chdir(tmp_path)
    text, message = CONFIGURATIONS[kind]
    config = read(text.encode(), str(tmp_path / "cnnsum.toml"))
    assert config is not None
    assert any(message in str(fault) for fault in config.faults)
    assert len(config.faults) <= MAX_OF_CODE + 1


def test_suppressions():
    from cnnsum.lint.comments import suppressions

    many = ",".join(f"X{n}" for n in range(9_000))
    lines = "".join(f"  - Dense: 3 # cnnsum: ignore[ARC{n % 1000:03}]\n" for n in range(2_000))
    assert len(suppressions(f"input: [4] # cnnsum: ignore[{many}]\n")[0].faults) == 9_000
    assert len(suppressions(f"layers:\n{lines}")) == 2_000
