"""Exported programs of PyTorch: two archives of one network, of which nothing but the program is left.

The network is a stem, two residual blocks, a pooling, an attention and a head. PyTorch has 1,741 parameters and 34
elements of buffers for it, counts 432,168 MACs (`FlopCounterMode`) at 32x32, and runs it at every size from 3 on.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

import cnnsum
from bench.fuzz.programs import wrap
from cnnsum.diagnostics import UnusableError

HERE = Path(__file__).parent
STATIC, DYNAMIC = HERE / "static.pt2", HERE / "dynamic.pt2"


def program(path: Path = STATIC) -> Any:
    with zipfile.ZipFile(path) as archive:
        name = next(name for name in archive.namelist() if name.endswith("model.json"))
        return json.loads(archive.read(name))


def test_rows_are_modules_and_operations_between_them() -> None:
    report = cnnsum.summarize(cnnsum.load(STATIC))
    assert not report.diagnostics
    assert report.name == "Net"
    rows = {row.name: row for row in report.rows}
    assert rows["layer1.0.conv"].type == "Conv2d"
    assert rows["layer1.0.add"].type == "add"
    assert (rows["att"].type, rows["att"].params.total, len(rows["att"].rows)) == ("MultiheadAttention", 288, 28)
    assert [one.layer for one in rows["mean"].connections] == ["att"]
    assert rows["head"].outputs[0].shape == (1, 5)


@pytest.mark.parametrize("path", [STATIC, DYNAMIC])
def test_counts_are_those_of_pytorch(path: Path) -> None:
    settings = {"H": 32, "W": 32} if path == DYNAMIC else None
    totals = cnnsum.summarize(cnnsum.load(path, settings=settings)).totals
    assert totals.params == (1741, 1741, 0)
    assert totals.buffers == (34, 2 * 2 * 8 * 4 + 2 * 8)  # running statistics, and two counters of 64 bits
    assert totals.macs == 432_168


def test_sizes_are_those_that_pytorch_runs() -> None:
    assert [(one.symbol, one.condition) for one in cnnsum.summarize(cnnsum.load(DYNAMIC)).sizes] == [
        ("H", "H >= 3"),
        ("W", "W >= 3"),
    ]


def test_a_constant_that_forbids_another_size_is_named() -> None:
    found = cnnsum.load(STATIC, inputs=(3, 64, 64)).diagnostics
    assert {one.code for one in found} == {"SHP211"}
    assert "att.view" in found[0].message
    assert not cnnsum.load(STATIC, inputs=(3, 31, 32)).wrong  # gives the same 8x8 places


def test_a_shape_that_the_file_records_is_a_claim() -> None:
    value = program()
    value["graph_module"]["graph"]["tensor_values"]["conv2d"]["sizes"][1]["as_int"] = 9
    (found,) = cnnsum.loads(json.dumps(value)).diagnostics
    assert (found.code, found.severity) == ("SHP220", "warning")


def test_an_unknown_operation_is_said_once_and_followed_by_its_claim() -> None:
    value = program()
    for node in value["graph_module"]["graph"]["nodes"]:
        if "relu" in node["target"]:
            node["target"] = "torch.ops.mine.relu.default"
    report = cnnsum.summarize(cnnsum.loads(json.dumps(value)))
    (found,) = report.diagnostics
    assert (found.code, found.severity) == ("UNK701", "warning")
    assert "`mine.relu` (2 times)" in found.message
    assert report.totals.params.total == 1741
    assert len(report.totals.unknown) == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda value: value.update(schema_version={"major": 9, "minor": 0}), "SPC078"),
        (lambda value: value["graph_module"]["graph"].update(nodes=[]), "SPC079"),
        (lambda value: value["graph_module"]["graph"]["nodes"].pop(0), "SPC079"),
        (lambda value: value["graph_module"]["signature"].update(input_specs=[]), "SPC079"),
    ],
)
def test_what_cannot_be_followed_is_refused(change: Any, code: str) -> None:
    value = program()
    change(value)
    with pytest.raises(UnusableError) as caught:
        cnnsum.loads(json.dumps(value))
    assert caught.value.diagnostics[0].code == code


def test_the_authors_own_line_is_named_and_never_opened(tmp_path: Path) -> None:
    """A file that names a path must not make cnnsum print what stands there."""
    from cnnsum.render.diagnose import render

    secret = tmp_path / "net.py"
    secret.write_text("first line\npassword = 'hunter2'\n")
    value = program()
    for node in value["graph_module"]["graph"]["nodes"]:
        node["metadata"]["stack_trace"] = (
            f'  File "{secret}", line 2, in forward\n    x = self.att(x)\n'
            '  File "/lib/site-packages/torch/nn/modules/activation.py", line 9, in forward\n    return f(x)\n'
        )
    (found, *_) = cnnsum.loads(json.dumps(value), inputs=(3, 64, 64)).diagnostics
    ((span, message, _),) = found.related
    assert (span.path, span.line, message) == (str(secret), 2, "in forward: x = self.att(x)")
    opened: list[str] = []
    lines = list(render([found], lambda path, _line: opened.append(path)))
    assert any(f"{secret}:2:1: in forward" in line for line in lines)
    assert str(secret) not in opened


def test_a_network_of_a_script_has_its_name() -> None:
    value = program()
    for node in value["graph_module"]["graph"]["nodes"]:
        metadata = node["metadata"]
        metadata["nn_module_stack"] = metadata["nn_module_stack"].replace("net.Net", "__main__.Net")
    assert cnnsum.loads(json.dumps(value)).graph.name == "Net"


@pytest.mark.parametrize("path", [STATIC, DYNAMIC])
@pytest.mark.parametrize(("first", "last"), [(0, 3), (2, 9), (0, 20), (5, 1000)])
def test_a_program_under_a_mode_stands_among_the_others(path: Path, first: int, last: int) -> None:
    """`torch.no_grad()` and `torch.autocast` within `forward` put what is in them into a program of its own."""
    plain, value = program(path), program(path)
    wrap(value["graph_module"]["graph"], first, last, "wrap_with_set_grad_enabled")
    reports = [cnnsum.summarize(cnnsum.loads(json.dumps(one))) for one in (plain, value)]
    assert not reports[1].diagnostics
    one, other = ([(row.name, row.type, row.params, row.outputs) for row in report.rows] for report in reports)
    assert one == other
    assert reports[0].totals.macs == reports[1].totals.macs
    assert [size.condition for size in reports[0].sizes] == [size.condition for size in reports[1].sizes]


def test_modes_within_modes() -> None:
    value = program()
    graph = value["graph_module"]["graph"]
    wrap(graph, 3, 12, "wrap_with_autocast")
    wrap(graph, 1, 8, "wrap_with_set_grad_enabled")
    assert cnnsum.summarize(cnnsum.loads(json.dumps(value))).totals.macs == 432_168
    assert not cnnsum.loads(json.dumps(value)).diagnostics


def test_what_runs_without_a_gradient_keeps_nothing() -> None:
    value = program()
    nodes = value["graph_module"]["graph"]["nodes"]
    whole = cnnsum.summarize(cnnsum.loads(json.dumps(value))).totals.training
    wrap(value["graph_module"]["graph"], 0, len(nodes) - 1, "wrap_with_set_grad_enabled")
    head = cnnsum.summarize(cnnsum.loads(json.dumps(value))).totals.training
    assert whole is not None
    assert head is not None
    assert head.saved < whole.saved / 10


def test_a_choice_is_unknown() -> None:
    value = program()
    wrap(value["graph_module"]["graph"], 3, 4, "cond")
    (found,) = cnnsum.loads(json.dumps(value)).diagnostics
    assert found.code == "UNK701"
    assert "`higher_order.cond`" in found.message


def test_a_number_beside_a_tensor_decides_about_the_dtype() -> None:
    """`x + 2` of whole numbers gives whole numbers, `x + 2.5` does not."""
    for number, dtype in ((2, "int64"), (2.5, "float32")):
        value = program()
        graph = value["graph_module"]["graph"]
        graph["tensor_values"]["x"]["dtype"] = 5
        node = {"target": "torch.ops.aten.add.Tensor", "metadata": {}, "outputs": [{"as_tensor": {"name": "made"}}]}
        other = {"as_int": number} if isinstance(number, int) else {"as_float": number}
        inputs = [("self", graph["nodes"][0]["inputs"][0]["arg"]), ("other", other)]
        node["inputs"] = [{"name": name, "arg": arg, "kind": 1} for name, arg in inputs]
        graph["nodes"][:0] = [node]
        rows = {row.name: row for row in cnnsum.summarize(cnnsum.loads(json.dumps(value))).rows}
        assert rows["add"].outputs[0].dtype == dtype
