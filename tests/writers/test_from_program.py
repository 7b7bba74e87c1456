"""Exported programs of PyTorch as specs: the same network in modules and functions, or the reason and its place."""

from __future__ import annotations

import json
import math
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

import cnnsum
from bench.fuzz.programs import wrap
from cnnsum.diagnostics import UnusableError
from cnnsum.writers import write

HERE = Path(__file__).parent.parent / "readers" / "pt2"


def program(name: str) -> Any:
    with zipfile.ZipFile(HERE / name) as archive:
        entry = next(one for one in archive.namelist() if one.endswith(("model.json", "program.json")))
        return json.loads(archive.read(entry))


def nodes_of(value: Any, operation: str) -> list[Any]:
    return [one for one in value["graph_module"]["graph"]["nodes"] if f".{operation}." in one["target"]]


def written(value: Any, to: str = "yaml") -> str:
    model = cnnsum.loads(json.dumps(value))
    return write(model.graph, model.inference, to)[0]


def refusals(value: Any) -> list[str]:
    model = cnnsum.loads(json.dumps(value))
    with pytest.raises(UnusableError) as found:
        write(model.graph, model.inference, "yaml")
    assert all(one.code == "SPC072" and one.span is not None for one in found.value.diagnostics)
    return [one.message for one in found.value.diagnostics]


def test_recurrent_operations_are_modules_again() -> None:
    """The zeros that they begin with are left out, axes exchanged where steps come first."""
    model = cnnsum.load(HERE / "tagger.pt2")
    text, warnings = write(model.graph, model.inference, "yaml")
    assert warnings == []
    assert (
        text.partition("layers:\n")[2]
        == """\
  - Embedding: {num_embeddings: 50, embedding_dim: 8, name: words}
  - GRU: {hidden_size: 6, name: encoder}
  - transpose: {dim0: 0, dim1: 1, from: words}
  - transpose: {dim0: 0, dim1: 1, name: inner_batch_first}
  - LSTM: {hidden_size: 6, num_layers: 2, bidirectional: true, name: inner}
  - transpose: {dim0: 0, dim1: 1, name: inner_steps_first}
  - transpose: {dim0: 0, dim1: 1, name: transpose_1}
  - Linear: {out_features: 5, name: head}
outputs: [head, 'encoder:1']
"""
    )
    one, other = (cnnsum.summarize(each).totals for each in (cnnsum.loads(text), model))
    assert (one.params, one.macs, one.flops) == (other.params, other.macs, other.flops)
    code, _ = write(model.graph, model.inference, "torch")
    assert "self.inner = nn.LSTM(8, 6, num_layers=2, batch_first=True, bidirectional=True)" in code


def test_states_are_handed_to_modules_under_the_name_that_these_have() -> None:
    layers = [{"GRU": {"hidden_size": 6, "name": "a"}}, {"GRU": {"hidden_size": 6, "from": ["input", "a:1"]}}]
    model = cnnsum.loads(json.dumps({"framework": "torch", "input": [7, 5], "layers": layers}))
    assert "self.gru(x, hx=y)" in write(model.graph, model.inference, "torch")[0]


@pytest.mark.parametrize("name", ["resnet50", "static_2_6", "dynamic_2_6"])
def test_the_spec_is_the_same_network(name: str) -> None:
    model = cnnsum.load(HERE / f"{name}.pt2")
    text, warnings = write(model.graph, model.inference, "yaml")
    assert warnings == []
    again = cnnsum.loads(text)
    assert again.diagnostics == ()
    one, other = (cnnsum.summarize(each) for each in (again, model))
    for field in ("params", "buffers", "macs", "flops"):
        assert getattr(one.totals, field) == getattr(other.totals, field), field
    assert [size.condition for size in one.sizes] == [size.condition for size in other.sizes]

    def shapes(model: cnnsum.Model) -> dict[str, Any]:
        found = model.inference
        return {call.layer.name: [found.values[number].shape for number in call.outputs] for call in found.calls}

    assert shapes(again) == shapes(model)


def test_modules_are_written_as_such_and_functions_too() -> None:
    text = written(program("static_2_6.pt2"))
    assert "framework: torch\n" in text
    assert "  - Conv2d: {out_channels: 4, kernel_size: 3, padding: 1, name: stem}\n" in text
    assert "  - relu: {name: layers.0.relu}\n" in text
    assert "  - add: {from: [layers.0.bn2, stem], name: layers.0.add}\n" in text
    code = written(program("static_2_6.pt2"), "torch")
    assert "self.stem = nn.Conv2d(3, 4, 3, padding=1)" in code


def test_numbers_that_no_shape_depends_on_are_those_of_the_node() -> None:
    value = program("static_2_6.pt2")
    for argument in nodes_of(value, "batch_norm")[0]["inputs"]:
        if argument["name"] == "eps":
            argument["arg"] = {"as_float": 0.001}
        if argument["name"] == "momentum":
            argument["arg"] = {"as_float": 0.3}
    assert "- BatchNorm2d: {eps: 0.001, momentum: 0.3, name: layers.0.bn1}" in written(value)


def test_a_frozen_module_stays_frozen() -> None:
    value = program("static_2_6.pt2")
    tensors = value["graph_module"]["graph"]["tensor_values"]
    for name in ("p_fc_weight", "p_fc_bias"):
        tensors[name]["requires_grad"] = False
    assert "trainable: false" in written(value)
    tensors["p_fc_bias"]["requires_grad"] = True
    assert refusals(value) == ["`fc`: some of its weights are trained and others are not"]


def test_what_has_no_words() -> None:
    (message, *_) = refusals(program("quantized.pt2"))
    assert message == ("`dequantize_per_channel`: `quantized_decomposed.dequantize_per_channel` has no words in a spec")


def test_what_runs_without_a_gradient() -> None:
    value = program("static_2_6.pt2")
    wrap(value["graph_module"]["graph"], 0, 1, "wrap_with_set_grad_enabled")
    assert refusals(value) == ["`stem`: it runs under `torch.no_grad()`, which a network of layers cannot say"]


def test_a_parameter_that_is_no_modules() -> None:
    """The weights of a normalisation added to what it gives: a spec has no layer that adds a parameter."""
    value = program("static_2_6.pt2")
    (add, *_) = nodes_of(value, "add")
    other = next(one for one in add["inputs"] if one["name"] == "other")
    tensors = value["graph_module"]["graph"]["tensor_values"]
    (known,) = [
        one
        for one in value["graph_module"]["signature"]["input_specs"]
        if one.get("parameter", {}).get("parameter_name") == "fc.bias"
    ]
    new = json.loads(json.dumps(known).replace("fc.bias", "shift").replace("p_fc_bias", "p_shift"))
    value["graph_module"]["signature"]["input_specs"].insert(0, new)
    tensors["p_shift"] = {**tensors["p_fc_bias"], "sizes": [{"as_int": 16}]}
    other["arg"] = {"as_tensor": {"name": "p_shift"}}
    assert refusals(value) == ["`layers.0.add`: it reads (16,) that the program holds (`other`), which no layer has"]


def test_a_module_that_is_called_twice() -> None:
    value = program("static_2_6.pt2")
    first, second = nodes_of(value, "conv2d")[1:3]
    weight = next(one for one in first["inputs"] if one["name"] == "weight")
    next(one for one in second["inputs"] if one["name"] == "weight")["arg"] = weight["arg"]
    messages = refusals(value)
    assert (
        "`layers.0.conv2`: it uses `weight` of `layers.0.conv1`, and is not a second call of the same module"
        in messages
    )


def with_spare(value: Any, like: str, title: str, shape: tuple[int, ...], *, buffer: bool = False) -> Any:
    """The program with one more parameter or buffer, which nothing reads."""
    specs = value["graph_module"]["signature"]["input_specs"]
    (known,) = [one for one in specs if one.get("parameter", {}).get("parameter_name") == like]
    old, new = (f"p_{one.replace('.', '_')}" for one in (like, title))
    added = json.loads(json.dumps(known).replace(like, title).replace(old, new))
    if buffer:
        added = {"buffer": {"arg": added["parameter"]["arg"], "buffer_name": title, "persistent": True}}
    specs.insert(0, added)
    tensors = value["graph_module"]["graph"]["tensor_values"]
    tensors[new] = {**tensors[old], "sizes": [{"as_int": one} for one in shape]}
    return value


def left_out(value: Any, to: str = "yaml") -> list[str]:
    """What is said of a program that is written; what is written has as many parameters less as that says."""
    model = cnnsum.loads(json.dumps(value))
    text, warnings = write(model.graph, model.inference, to)
    assert all((one.code, one.severity) == ("SPC072", "warning") and one.span is not None for one in warnings)
    if to == "yaml":
        before, after = (cnnsum.summarize(one).totals for one in (model, cnnsum.loads(text)))
        lost = before.params.total - after.params.total + before.buffers.total - after.buffers.total
        shapes = [one for warning in warnings for one in re.findall(r"\(([\d, ]+)\)", warning.message)]
        assert lost == sum(math.prod(int(size) for size in one.split(",") if size.strip()) for one in shapes)
    return [one.message for one in warnings]


def test_weights_in_another_dtype_than_the_layer_computes_in() -> None:
    """As under autocast: a spec has one dtype for both."""
    value = program("static_2_6.pt2")
    (linear,) = nodes_of(value, "linear")
    value["graph_module"]["graph"]["tensor_values"][linear["outputs"][0]["as_tensor"]["name"]]["dtype"] = 13
    assert refusals(value) == ["`fc`: it has weights in float32 and computes in bfloat16, which no module says"]


def test_weights_that_nothing_reads_are_left_out_and_named() -> None:
    value = program("static_2_6.pt2")
    assert left_out(value) == []
    with_spare(value, "fc.bias", "fc.spare", (10,))
    assert left_out(value) == ["`fc`: spare (10,) is left out: no operation reads it"]
    with_spare(value, "fc.weight", "unused.weight", (13, 9))
    with_spare(value, "fc.bias", "counts", (7,), buffer=True)
    wanted = [
        "`fc`: counts (7,), spare (10,) are left out: no operation reads them",
        "`unused`: weight (13, 9) is left out: no operation reads it",
    ]
    assert left_out(value) == left_out(value, "torch") == wanted


def test_weights_that_nothing_reads_of_a_call_that_only_hands_on() -> None:
    """A dropout that is off is none in a spec, and neither are weights that its module has."""
    value = program("static_2_6.pt2")
    graph = value["graph_module"]["graph"]
    (linear,) = nodes_of(value, "linear")
    (given,) = linear["outputs"]
    graph["tensor_values"]["dropped"] = graph["tensor_values"][given["as_tensor"]["name"]]
    dropout = json.loads(json.dumps(linear))
    dropout["target"] = "torch.ops.aten.dropout.default"
    dropout["metadata"]["nn_module_stack"] = "L__self__,,m.Net;L__self___drop,drop,torch.nn.modules.dropout.Dropout"
    dropout["inputs"] = [
        {"name": "input", "arg": given, "kind": 1},
        {"name": "p", "arg": {"as_float": 0.5}, "kind": 1},
        {"name": "train", "arg": {"as_bool": False}, "kind": 1},
    ]
    dropout["outputs"] = [{"as_tensor": {"name": "dropped"}}]
    graph["nodes"].append(dropout)
    (output,) = value["graph_module"]["signature"]["output_specs"]
    output["user_output"]["arg"]["as_tensor"]["name"] = "dropped"
    with_spare(value, "fc.weight", "drop.weight", (13, 9))
    assert left_out(value) == ["`drop`: weight (13, 9) is left out: no operation reads it"]


def test_sizes_that_are_not_known() -> None:
    value = program("dynamic_2_5.pt2")
    sizes = value["graph_module"]["graph"]["tensor_values"]["x"]["sizes"]
    sizes[3] = {"as_expr": {"expr_str": "Mod(s0, 2)"}}
    assert "`x`: a size of it is not known" in refusals(value)
    sizes[3] = {"as_int": 16}
    value["graph_module"]["graph"]["tensor_values"]["p_a_weight"]["sizes"][3] = {}
    assert "`a`: its `kernel_size` is not known" in refusals(value)
