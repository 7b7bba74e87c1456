"""RNN, LSTM, GRU and their cells against PyTorch: shapes, names and shapes of weights, products, what is kept; as
modules, and as exported programs.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch.utils._pytree import tree_leaves  # noqa: E402 - needs PyTorch
from torch_modules import elements, held, kept, ours, products, run, saved, shapes_of, weights  # noqa: E402 - as above

import cnnsum  # noqa: E402 - as above
from cnnsum.diagnostics import UnusableError  # noqa: E402 - as above
from cnnsum.layers.vocabulary import TORCH  # noqa: E402 - as above
from cnnsum.writers import write  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("ignore")

CASES = 60
LAYERS = ("RNN", "LSTM", "GRU")


def drawn(seed: int, name: str) -> dict[str, Any]:
    draw = random.Random(f"{name}{seed}")
    fields: dict[str, Any] = {
        "input_size": draw.randint(1, 6),
        "hidden_size": draw.randint(1, 7),
        "num_layers": draw.randint(1, 3),
        "bias": draw.random() < 0.6,
        "dropout": draw.choice((0.0, 0.0, 0.3)),
        "bidirectional": draw.random() < 0.5,
    }
    if name == "RNN":
        fields["nonlinearity"] = draw.choice(("tanh", "relu"))
    if name == "LSTM":
        fields["proj_size"] = draw.choice((0, 0, 1, 3, 6))
    return fields


def made(name: str, fields: dict[str, Any], **more: Any) -> Any:
    try:
        return getattr(torch.nn, name)(**fields, **more)
    except ValueError:
        return None


@pytest.mark.parametrize("name", LAYERS)
def test_fields_are_those_of_the_constructor(name: str) -> None:
    """Its signature hides behind `*args`: given by place, every value must be found in the attribute of that name."""
    found = TORCH.find(name)
    assert found is not None
    given = {"input_size": 3, "hidden_size": 4, "num_layers": 2, "nonlinearity": "relu", "bias": False}
    given |= {"batch_first": True, "dropout": 0.25, "bidirectional": True, "proj_size": 2}
    module = getattr(torch.nn, name)(*[given[field] for field in found.schema.fields])
    assert {field: getattr(module, field) for field in found.schema.fields} == {
        field: given[field] for field in found.schema.fields
    }
    usual = getattr(torch.nn, name)(3, 4)
    for field, default in found.schema.defaults.items():
        if field not in {"input_size", "hidden_size"}:
            assert (getattr(usual, field) or field == "batch_first") == default


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name: str) -> None:
    refused = 0
    for seed in range(CASES):
        fields = drawn(seed, name)
        draw = random.Random(seed)
        shape = (draw.randint(2, 3), draw.randint(2, 5), draw.choice((fields["input_size"], 4)))
        facts, module = ours(name, fields, shape), made(name, fields, batch_first=True)
        x = torch.zeros(shape)
        theirs = None if module is None else run(module, x)
        assert (facts is None) == (theirs is None), (name, fields, shape)
        if facts is None:
            refused += 1
            continue
        assert list(facts.outputs) == shapes_of(theirs), (name, fields, shape)
        assert weights(facts) == held(module)
        assert facts.macs * shape[0] == products(module, x), (name, fields, shape)
        assert kept(facts, shape) == saved(module, x), (name, fields, shape)
    assert 0 < refused < CASES * 2 // 3


@pytest.mark.parametrize("name", LAYERS)
def test_initial_states(name: str) -> None:
    refused = 0
    for seed in range(CASES):
        fields = drawn(seed, name)
        draw = random.Random(seed)
        width = fields.get("proj_size") or fields["hidden_size"]
        x = (2, 3, fields["input_size"])
        lead = fields["num_layers"] * (1 + fields["bidirectional"])
        states = [(lead, 2, width), (lead, 2, fields["hidden_size"])][: 1 + (name == "LSTM")]
        if draw.random() < 0.5:
            at = draw.randrange(len(states))
            wrong = list(states[at])
            wrong[draw.randrange(3)] += 1
            states[at] = tuple(wrong)
        module = made(name, fields, batch_first=True)
        given = tuple(torch.zeros(state) for state in states)
        theirs = None if module is None else run(module, torch.zeros(x), given if len(given) > 1 else given[0])
        facts = ours(name, fields, x, *states)
        assert (facts and list(facts.outputs)) == (theirs and shapes_of(theirs)), (name, fields, states)
        refused += facts is None
    assert 0 < refused < CASES * 3 // 4


@pytest.mark.parametrize("name", ["RNNCell", "LSTMCell", "GRUCell"])
def test_cells(name: str) -> None:
    for seed in range(CASES):
        draw = random.Random(seed)
        fields = {"input_size": draw.randint(1, 6), "hidden_size": draw.randint(1, 7), "bias": draw.random() < 0.6}
        if name == "RNNCell":
            fields["nonlinearity"] = draw.choice(("tanh", "relu"))
        batch = draw.randint(1, 3)
        shape = (batch, draw.choice((fields["input_size"], 3)))
        state = (batch, draw.choice((fields["hidden_size"], fields["hidden_size"], 4)))
        count = 2 if name == "LSTMCell" else 1
        states = (state,) * count if draw.random() < 0.5 else ()
        module = getattr(torch.nn, name)(**fields)
        given = tuple(torch.zeros(one) for one in states)
        inputs = (torch.zeros(shape), *([given if count == 2 else given[0]] if given else ()))
        theirs, facts = run(module, *inputs), ours(name, fields, shape, *states)
        assert (facts and list(facts.outputs)) == (None if theirs is None else shapes_of(theirs)), (fields, shape)
        if facts is None:
            continue
        assert weights(facts) == held(module)
        assert facts.macs * batch == products(module, *inputs)
        assert kept(facts, shape, *states) == saved(module, *inputs), (name, fields, states)


def test_the_mask_of_dropout_is_as_long_as_what_it_covers() -> None:
    fields = {"hidden_size": 3, "num_layers": 2, "dropout": 0.5, "bidirectional": True}
    facts = ours("GRU", fields, (2, 4, 5))
    assert facts is not None
    (mask,) = [one for one in facts.kept if one.dtype == "bool"]
    assert elements(mask.shape) == 2 * 4 * 6


class Alone(torch.nn.Module):  # type: ignore[misc]
    """A module with nothing around it."""

    def __init__(self, module: Any) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Any) -> Any:
        return self.module(x)


@pytest.mark.parametrize("name", [*LAYERS, "RNNCell", "LSTMCell", "GRUCell"])
def test_exported_programs_count_and_keep_what_a_spec_does(name: str, tmp_path: Path) -> None:
    """The same module as a program and as a spec; what either keeps is what PyTorch keeps."""
    is_cell = name.endswith("Cell")
    for seed in range(4):
        fields = drawn(seed, name.removesuffix("Cell"))
        shape = (3, 4, fields["input_size"])
        if is_cell:
            shape = (3, fields["input_size"])
            for one in ("num_layers", "dropout", "bidirectional", "proj_size"):
                fields.pop(one, None)
        fields["hidden_size"] += 1  # above the size of any projection that is drawn
        fields["proj_size"] = min(fields.get("proj_size", 0), 1)
        fields = {key: value for key, value in fields.items() if value or key == "bias"}
        steps_first = not is_cell and seed % 2 == 1
        module = made(name, fields, **({} if is_cell else {"batch_first": not steps_first}))
        x = torch.zeros((shape[1], shape[0], shape[2]) if steps_first else shape)
        torch.export.save(torch.export.export(Alone(module), (x,), strict=False), tmp_path / "program.pt2")
        program = cnnsum.load(tmp_path / "program.pt2")
        said = {"input": {"shape": list(shape[1:]), "batch": shape[0]}, "layers": [{name: fields}]}
        spec = cnnsum.loads(json.dumps({"framework": "torch", **said}))
        assert program.diagnostics == spec.diagnostics == ()
        one, other = (cnnsum.summarize(model).totals for model in (program, spec))
        counted = {call.facts.status for call in program.inference.calls}
        assert (counted, one.unknown, one.params.total) == ({"exact"}, (), other.params.total), (name, fields)
        # Work is told per sample, and a recurrence declares where a program's samples are.
        assert one.macs * shape[0] == other.macs * shape[0] == products(module, x), (name, fields)
        assert one.flops == other.flops, (name, fields)
        covered = 3 * sum(
            elements(kept.shape) for call in program.inference.calls for kept in call.facts.kept if kept.dtype == "bool"
        )  # a mask of dropout takes four bytes here, and one elsewhere
        assert one.saved == saved(module, x) - covered, (name, fields)
        if not steps_first:
            assert one.saved == other.saved, (name, fields)


class Tagger(torch.nn.Module):  # type: ignore[misc]
    """A recurrent layer in a network; its results and its last states are read."""

    def __init__(self, module: Any, width: int) -> None:
        super().__init__()
        self.before = torch.nn.Linear(4, module.input_size)
        self.inner = module
        self.head = torch.nn.Linear(width, 3)

    def forward(self, x: Any) -> Any:
        y, states = self.inner(torch.tanh(self.before(x)))
        return self.head(y), states[0] if isinstance(states, tuple) else states


class Translator(torch.nn.Module):  # type: ignore[misc]
    """What one layer ends with another begins with."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.encoder = made(name, {"input_size": 4, "hidden_size": 6}, batch_first=True)
        self.decoder = made(name, {"input_size": 4, "hidden_size": 6}, batch_first=True)

    def forward(self, x: Any) -> Any:
        _, states = self.encoder(x)
        return self.decoder(x, states)[0]


def converted(module: Any, x: Any, folder: Path, **more: Any) -> None:
    """A program of the module, as a spec and as code, is the module: parameters, shapes, and what it computes."""
    module.eval()
    torch.export.save(torch.export.export(module, (x,), strict=False, **more), folder / "program.pt2")
    program = cnnsum.load(folder / "program.pt2")
    if program.graph.samples == (0, 0):
        text, warnings = write(program.graph, program.inference, "yaml")
        assert warnings == []
        spec = cnnsum.loads(text)
        assert spec.diagnostics == ()
        one, other = (cnnsum.summarize(model) for model in (program, spec))
        for field in ("params", "buffers", "macs", "flops"):
            assert getattr(one.totals, field) == getattr(other.totals, field), (field, text)
        assert [each.shape for each in one.outputs] == [each.shape for each in other.outputs]
    else:
        with pytest.raises(UnusableError, match="the first axis of an input of a spec is the batch"):
            write(program.graph, program.inference, "yaml")
    code, warnings = write(program.graph, program.inference, "torch")
    assert warnings == []
    names: dict[str, Any] = {}
    exec(code, names)  # what was written is to be run
    again = next(value for key, value in names.items() if key.lower() == type(module).__name__.lower())().eval()
    assert [(key, value.shape) for key, value in again.state_dict().items()] == [
        (key, value.shape) for key, value in module.state_dict().items()
    ]
    again.load_state_dict(module.state_dict())
    with torch.no_grad():
        found, expected = (tree_leaves(net(x)) for net in (again, module))
    assert len(found) == len(expected)
    assert all(torch.equal(each, same) for each, same in zip(found, expected, strict=True))


@pytest.mark.parametrize("name", LAYERS)
def test_programs_become_modules_again(name: str, tmp_path: Path) -> None:
    for seed in range(8):
        fields = drawn(seed, name)
        fields["hidden_size"] += 1  # above the size of any projection that is drawn
        fields["proj_size"] = min(fields.get("proj_size", 0), 1)
        fields = {key: value for key, value in fields.items() if value or key == "bias"}
        width = fields.get("proj_size") or fields["hidden_size"]
        module = made(name, fields, batch_first=seed % 2 == 0)
        net = Tagger(module, width * (2 if fields.get("bidirectional") else 1))
        free = {0: torch.export.Dim.AUTO, 1: torch.export.Dim.AUTO}
        more = {"dynamic_shapes": (free,)} if seed % 4 > 1 else {}
        converted(net, torch.randn(3, 5, 4), tmp_path, **more)


@pytest.mark.parametrize("name", LAYERS)
def test_states_are_handed_on(name: str, tmp_path: Path) -> None:
    converted(Translator(name), torch.randn(2, 3, 4), tmp_path)


class Begun(torch.nn.Module):  # type: ignore[misc]
    """Begins with what the program makes: `zeros` is what a module begins with anyway."""

    def __init__(self, begin: Any) -> None:
        super().__init__()
        self.begin = begin
        self.inner = torch.nn.GRU(4, 6, batch_first=True)

    def forward(self, x: Any) -> Any:
        return self.inner(x, self.begin(1, 2, 6))[0]


def test_only_zeros_need_no_words(tmp_path: Path) -> None:
    converted(Begun(torch.zeros), torch.randn(2, 3, 4), tmp_path)
    for begin in (torch.ones, torch.randn):
        torch.export.save(torch.export.export(Begun(begin), (torch.zeros(2, 3, 4),)), tmp_path / "program.pt2")
        program = cnnsum.load(tmp_path / "program.pt2")
        with pytest.raises(UnusableError) as found:
            write(program.graph, program.inference, "yaml")
        assert all("has no words" in one.message for one in found.value.diagnostics)
