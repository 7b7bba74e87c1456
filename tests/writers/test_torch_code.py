"""`cnnsum convert --to torch`: the text of small modules, what is refused and where, and names that do no harm."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import cnnsum
from cnnsum.diagnostics import UnusableError
from cnnsum.writers import write
from tests.cli.calling import call
from tests.thorough import each
from tests.writers.networks import NETWORKS

ROOT = Path(__file__).parents[2]


def written(text: str, **settings: int) -> str:
    model = cnnsum.loads(f"framework: torch\n{text}", settings=settings or None)
    assert not model.wrong, model.errors
    return write(model.graph, model.inference, "torch")[0]


def refused(text: str, header: str = "framework: torch\n") -> list[tuple[str, str]]:
    """Line, column and message of each refusal."""
    model = cnnsum.loads(header + text)
    assert not model.wrong, model.errors
    with pytest.raises(UnusableError) as error:
        write(model.graph, model.inference, "torch")
    assert {one.code for one in error.value.diagnostics} == {"SPC072"}
    return [(f"{one.span.line}:{one.span.column}" if one.span else "", one.message) for one in error.value.diagnostics]


def test_a_chain_is_a_sequential() -> None:
    text = """
name: small-net
input: [1, 28, 28]
layers:
  - Conv2d: {out_channels: 8, kernel_size: [3, 5], padding: 1}
  - ReLU
  - MaxPool2d: 2
  - Flatten
  - Linear: {out_features: 10, name: score}
"""
    assert (
        written(text)
        == '''\
"""small-net in PyTorch, written by cnnsum."""

from torch import Tensor, nn


class SmallNet(nn.Module):
    """The network small-net: (N, 1, 28, 28) becomes (N, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.score = nn.Sequential(
            nn.Conv2d(1, 8, (3, 5), padding=1),  # (N, 8, 28, 26)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (N, 8, 14, 13)
            nn.Flatten(),  # (N, 1456)
            nn.Linear(1456, 10),  # (N, 10)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.score(x)  # (N, 10)
'''
    )


def test_blocks_are_classes_with_what_differs_as_parameters() -> None:
    text = """
name: net
input: [16, 32, 32]
blocks:
  basic:
    args: {width: , stride: 1}
    layers:
      - Conv2d: {out_channels: width, kernel_size: 3, stride: stride, padding: 1, bias: false}
      - BatchNorm2d
      - ReLU
      - Conv2d: {out_channels: 2 * width, kernel_size: 1, name: wide}
      - AvgPool2d: {kernel_size: stride, from: input, name: pooled}
      - cat: {from: [wide, pooled], dim: 1}
layers:
  - basic: {width: 8, name: first}
  - basic: {width: 24, stride: 2, name: second}
  - relu
  - Linear: {out_features: 2, repeat: 2}
"""
    assert (
        written(text)
        == '''\
"""net in PyTorch, written by cnnsum."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class Basic(nn.Module):
    """The block basic: (N, in_channels, 32, 32) becomes (N, ..., 32/stride, 32/stride)."""

    def __init__(self, in_channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.wide = nn.Sequential(
            # (N, width, 32/stride, 32/stride)
            nn.Conv2d(in_channels, width, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 1),  # (N, 2 * width, 32/stride, 32/stride)
        )
        self.pooled = nn.AvgPool2d(stride)

    def forward(self, x: Tensor) -> Tensor:
        wide = self.wide(x)  # (N, 2 * width, 32/stride, 32/stride)
        x = self.pooled(x)  # (N, in_channels, 32/stride, 32/stride)
        return torch.cat([wide, x], dim=1)  # (N, ..., 32/stride, 32/stride)


class Net(nn.Module):
    """The network net: (N, 16, 32, 32) becomes (N, 80, 16, 2)."""

    def __init__(self) -> None:
        super().__init__()
        self.first = Basic(16, 8, 1)
        self.second = Basic(32, 24, 2)
        self.layers = nn.Sequential(
            nn.Linear(16, 2),  # (N, 80, 16, 2)
            nn.Linear(2, 2),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)  # (N, 32, 32, 32)
        x = self.second(x)  # (N, 80, 16, 16)
        x = functional.relu(x)  # (N, 80, 16, 16)
        return self.layers(x)  # (N, 80, 16, 2)
'''
    )


def test_a_shared_block_is_one_module_called_twice() -> None:
    text = written(NETWORKS["shared"])
    assert "self.one = Tower()" in text
    assert "one = self.one(left)" in text
    assert "x = self.one(right)" in text
    assert "self.same = nn.Linear(10, 1, bias=False).requires_grad_(False)" in text


def test_calls_of_modules_that_give_more_than_a_tensor() -> None:
    text = written(NETWORKS["recurrent"])
    assert "reader, _ = self.reader(x)" in text
    assert "x, y = self.cell(x, (h, c))" in text
    assert "y, _ = self.attention(norm, norm, norm, need_weights=False)" in written(NETWORKS["attention"])


def test_activations_by_themselves_have_names_of_one_word() -> None:
    text = written(
        "input: [8]\nlayers:\n  - Linear: {out_features: 8, name: a}\n  - add: {from: [a, a]}\n"
        "  - LeakyReLU: {}\n  - add: {from: [a, leaky_re_lu]}\n  - PReLU\n  - sub: {from: [a, p_re_lu]}\n  - ReLU\n"
        "  - mul: {from: [a, re_lu]}\n  - ReLU: {name: re_lu_own}\n"
    )
    made = [line.split(" = ")[0].strip() for line in text.splitlines() if " = nn." in line]
    assert made == ["self.a", "self.leaky_relu", "self.prelu", "self.relu", "self.re_lu_own"]


def test_what_is_refused_and_where() -> None:
    assert refused("input: [k, 8, 8]\nlayers:\n  - Conv2d: {out_channels: 2*k, kernel_size: 3}\n") == [
        ("4:5", "`conv2d`: formulas have no place in a module (out_channels)"),
        ("4:5", "`conv2d`: a size of its weights is not known, and Conv2d asks for it (in_channels)"),
    ]
    assert refused("input: [4]\ndtype: float16\nlayers:\n  - ReLU\n") == [
        ("5:5", "`re_lu` computes in float16, and modules are written in float32")
    ]
    assert refused("input: [4]\nlayer_types: {Twice: {}}\nlayers:\n  - Twice\n  - Twice\n") == [
        ("5:5", "`Twice` is a layer type of the spec's own: its shapes are known, not what it computes"),
        ("6:5", "`Twice` is a layer type of the spec's own: its shapes are known, not what it computes"),
    ]


def test_an_open_size_is_given_a_value() -> None:
    text = "input: [k, H, W]\nlayers:\n  - Conv2d: {out_channels: 2*k, kernel_size: 3}\n  - MaxPool2d: 2\n"
    found = written(text, k=3)
    assert "nn.Conv2d(3, 6, 3),  # (N, 6, H - 2, W - 2)" in found
    assert "nn.MaxPool2d(2),  # (N, 6, H//2 - 1, W//2 - 1)" in found


def test_the_example_of_the_page() -> None:
    page = (ROOT / "docs" / "pytorch.md").read_text(encoding="utf-8")
    _, spec, _, shown, *_ = page.partition("## From a spec to code")[2].split("```")
    assert shown.removeprefix("text\n") in written(spec.removeprefix("yaml\nframework: torch"))


@each("name", NETWORKS)
def test_it_is_python(name: str) -> None:
    """Names that end texts, comments and lines, or are words of Python, are names of variables and nothing else."""
    text = written(NETWORKS[name])
    tree = ast.parse(text)
    assert all(len(line) <= 100 and line == line.rstrip() for line in text.splitlines())
    assert {type(one) for one in tree.body} <= {ast.Expr, ast.ImportFrom, ast.Import, ast.ClassDef}
    for one in ast.walk(tree):
        assert not isinstance(one, ast.Raise)
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute):
            assert one.func.attr != "system"
        if isinstance(one, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in one.names]
            assert (getattr(one, "module", None) or names[0]) in ("torch", "torch.nn")


def test_as_ruff_would_have_it(tmp_path: Path) -> None:
    """The text stands as a formatter and a linter leave it."""
    for name in NETWORKS:
        (tmp_path / f"{name}.py").write_text(written(NETWORKS[name]), encoding="utf-8")
    for words in (["format", "--diff"], ["check", "--select", "E,F,W,I,UP,B,N", "--ignore", "N999"]):
        argv = [sys.executable, "-m", "ruff", *words, "--isolated", "--line-length", "100", str(tmp_path)]
        found = subprocess.run(argv, capture_output=True, text=True, check=False)
        if "No module named ruff" in found.stderr:
            pytest.skip("ruff is not installed")
        assert found.returncode == 0, found.stdout


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model.yaml").write_text(f"framework: torch\n{NETWORKS['stages']}", encoding="utf-8")
    assert call("convert", "model.yaml", "--to", "torch", "-o", "model.py") == (0, "", "")
    text = Path("model.py").read_text(encoding="utf-8")
    assert (
        text
        == call("convert", "model.yaml", "--to", "torch").out
        == cnnsum.convert(cnnsum.load("model.yaml"), "torch").text
    )
    Path("own.json").write_text(
        json.dumps({"framework": "torch", "input": [4], "layer_types": {"Odd": {}}, "layers": ["Odd"]}),
        encoding="utf-8",
    )
    result = call("convert", "own.json", "--to", "torch", "-o", "model.py")
    assert (result.code, result.out) == (1, "")
    assert "own.json:1:" in result.err
    assert "SPC072 `Odd` is a layer type of the spec's own" in result.err
    assert Path("model.py").read_text(encoding="utf-8") == text


def test_layers_without_use_are_left_out_and_said() -> None:
    spec = "framework: torch\ninput: [4]\nlayers:\n  - ReLU: {name: a}\n  - Tanh: {name: b, from: a}\noutputs: a\n"
    model = cnnsum.loads(spec)
    text, findings = write(model.graph, model.inference, "torch")
    assert "Tanh" not in text
    assert [one.message for one in findings] == ["`b` is left out: no output depends on it"]


@each("path", sorted((ROOT / "specs").glob("torch/*.yaml")), ids=lambda path: path.stem)
def test_the_gallery_is_python(path: Path) -> None:
    model = cnnsum.load(str(path))
    if model.graph.place is not None and "layer_types" in model.graph.place.document.value:
        assert all("layer type of the spec's own" in message for _, message in refused(path.read_text(), ""))
    else:
        compile(write(model.graph, model.inference, "torch")[0], "written.py", "exec")
