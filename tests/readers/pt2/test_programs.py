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
from cnnsum.lint.checking import findings_of
from tests.thorough import each

HERE = Path(__file__).parent
STATIC, DYNAMIC = HERE / "static.pt2", HERE / "dynamic.pt2"


def program(path: Path = STATIC) -> Any:
    with zipfile.ZipFile(path) as archive:
        name = next(name for name in archive.namelist() if name.endswith(("model.json", "program.json")))
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


@pytest.mark.parametrize(
    "name", ["static", "dynamic", "attention_steps_first", "attention_batch_first", "gru_steps_first", "tagger"]
)
def test_recorded_shapes_without_axes_are_claims_too(name: str) -> None:
    value = program(HERE / f"{name}.pt2")
    given = {one["as_tensor"]["name"] for one in value["graph_module"]["graph"]["inputs"]}
    for tensor, said in value["graph_module"]["graph"]["tensor_values"].items():
        if tensor not in given:
            said["sizes"], said["strides"] = [], []
    found = cnnsum.loads(json.dumps(value)).diagnostics
    assert {"SHP220"} <= {one.code for one in found} <= {"SHP220", "SHP227", "SHP229"}


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


@each(
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


@each("path", [STATIC, DYNAMIC])
@each(("first", "last"), [(0, 3), (2, 9), (0, 20), (5, 1000)])
def test_a_program_under_a_mode_stands_among_the_others(path: Path, first: int, last: int) -> None:
    """`torch.no_grad()` and `torch.autocast` within `forward` put what is in them into a program of its own."""
    plain, value = program(path), program(path)
    wrap(value["graph_module"]["graph"], first, last, "wrap_with_set_grad_enabled")
    reports = [cnnsum.summarize(cnnsum.loads(json.dumps(one))) for one in (plain, value)]
    said, same = ([(one.code, one.message) for one in report.diagnostics] for report in reports)
    assert said == same
    assert {code for code, _ in said} <= {"SHP227"}
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
    assert head.gradients < whole.gradients
    assert head.optimizer == 2 * head.gradients
    assert head.weights == whole.weights


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


def test_numbers_of_a_range_are_not_those_of_what_is_made_of_it() -> None:
    """Rows picked by `arange(9).to(float) * 0.5` as whole numbers: all are there, of a table of 5 rows."""
    argument = {"as_tensor": {"name": "x"}}
    value = program()
    graph = value["graph_module"]["graph"]

    def node(operation: str, name: str, **fields: Any) -> Any:
        inputs = [{"name": one, "arg": arg, "kind": 1} for one, arg in fields.items()]
        outputs = [{"as_tensor": {"name": name}}]
        return {"target": f"torch.ops.aten.{operation}", "inputs": inputs, "outputs": outputs, "metadata": {}}

    def of(name: str) -> Any:
        return {"as_tensor": {"name": name}}

    nodes = [
        node("arange.default", "range", end={"as_int": 9}),
        node("_to_copy.default", "floats", self=of("range"), dtype={"as_scalar_type": 7}),
        node("mul.Tensor", "half", self=of("floats"), other={"as_float": 0.5}),
        node("_to_copy.default", "whole", self=of("half"), dtype={"as_scalar_type": 5}),
        node("index.Tensor", "picked", self=argument, indices={"as_optional_tensors": [of("whole")]}),
    ]
    metas = {"x": ((5, 4), 7), "range": ((9,), 5), "floats": ((9,), 7), "half": ((9,), 7), "whole": ((9,), 5)}
    metas["picked"] = ((9, 4), 7)
    graph["nodes"] = nodes
    graph["tensor_values"] = {
        name: {"dtype": dtype, "sizes": [{"as_int": size} for size in shape], "requires_grad": False}
        for name, (shape, dtype) in metas.items()
    }
    value["graph_module"]["signature"] = {
        "input_specs": [{"user_input": {"arg": argument}}],
        "output_specs": [{"user_output": {"arg": of("picked")}}],
    }
    assert [one.code for one in cnnsum.loads(json.dumps(value)).diagnostics if one.severity == "error"] == []


@pytest.mark.parametrize(
    ("ranges", "guards", "recorded", "codes"),
    [
        ((3, None), [], None, []),
        ((0, None), [], None, []),  # at 1 and 2 it was never said to run
        ((2, None), [], ("H >= 2", 2, None), ["SHP224"]),
        ((5, 64), [], ("H >= 5 and H <= 64", None, "H in {3, 4} or H >= 65"), ["SHP227"]),
        ((2, 8), [], ("H <= 8", 2, "H >= 9"), ["SHP224", "SHP227"]),
        (
            (0, None),
            ["(2*(L['x'].size()[2] // 2)) == L['x'].size()[2]"],
            ("H % 2 == 0 and H >= 2", 2, "H % 2 == 1 and H >= 3"),
            ["SHP224", "SHP227"],
        ),
        (
            (3, None),
            ["L['x'].size()[2] < 9 and L['x'].size()[2] != 4"],
            ("H == 3 or H >= 5 and H <= 8", None, "H == 4 or H >= 9"),
            ["SHP227"],
        ),
        # What cannot be read, or is about both, says no more than that other sizes are refused.
        ((2, None), ["L['x'].size()[2] == L['x'].size()[3]"], None, []),
        ((2, None), ["L['x'].ndim == 4"], None, []),
        ((2, None), ["not L['x'].size()[2] == 4"], None, []),
        ((2, None), [{}], None, []),
        (("2", [1]), ["L['x'].size()[9] == 4", "1 == 2 == 3", "(", "L['x'].size()[2] // 0 == 1"], None, []),
    ],
)
def test_sizes_that_the_program_records(ranges: Any, guards: Any, recorded: Any, codes: list[str]) -> None:
    value = program(DYNAMIC)
    value["range_constraints"]["s53"] = {"min_val": ranges[0], "max_val": ranges[1]}
    value["guards_code"] = guards
    model = cnnsum.loads(json.dumps(value))
    axis = cnnsum.sizes(model).axes[0]
    assert axis.record.condition == "H >= 3"
    assert axis.recorded == recorded
    assert [one.code for one in model.diagnostics] == codes
    if codes:
        text = json.dumps(value)
        span = model.diagnostics[0].span
        assert span is not None
        assert text[span.column - 1 :].startswith(json.dumps(guards[0]) if guards else '{"min_val"')


def test_a_quantized_program_has_its_weights_in_their_own_bytes() -> None:
    """Two convolutions and a head, quantized by PyTorch's pt2e for XNNPACK, exported with PyTorch 2.13.

    Its state has 898 parameters, and 924 elements of buffers (weights, scales, zero points) in 1,184 bytes;
    `FlopCounterMode` counts 83,600 MACs.
    """
    report = cnnsum.summarize(cnnsum.load(HERE / "quantized.pt2"))
    assert report.diagnostics == ()
    assert report.totals.params.total == 898
    assert report.totals.buffers == (924, 1184)
    assert report.totals.macs == 83_600
    assert report.totals.training is not None
    # What comes out of whole numbers has no gradient.
    assert (report.totals.training.gradients, report.totals.training.saved) == (0, 0)
    rows = {row.name: row for row in report.rows}
    assert rows["quantize_per_tensor"].outputs[0].dtype == "int8"
    assert rows["dequantize_per_channel"].outputs[0].shape == (8, 3, 3, 3)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ({"axis": 0}, {"axis": 4}, "SHP205"),
        ({"axis": 0}, {"axis": 1}, "SHP202"),
    ],
)
def test_scales_that_do_not_fit_their_channels(old: dict[str, int], new: dict[str, int], code: str) -> None:
    value = program(HERE / "quantized.pt2")
    node = next(one for one in value["graph_module"]["graph"]["nodes"] if "dequantize_per_channel" in one["target"])
    (argument,) = [one for one in node["inputs"] if one["name"] == "axis"]
    assert argument["arg"] == {"as_int": old["axis"]}
    argument["arg"] = {"as_int": new["axis"]}
    errors = cnnsum.loads(json.dumps(value)).errors
    assert [one.code for one in errors] == [code]
    assert "dequantize_per_channel" in errors[0].message


def test_an_archive_of_pytorch_2_6() -> None:
    """Its entries stand at the root of the archive; PyTorch 2.6 has 1,450 parameters and 69 elements of buffers for it,
    and counts 158,800 MACs.
    """
    report = cnnsum.summarize(cnnsum.load(HERE / "static_2_6.pt2"))
    assert report.diagnostics == ()
    assert report.name == "Net"
    assert (report.totals.params.total, report.totals.buffers.total, report.totals.macs) == (1450, 69, 158_800)
    rows = {row.name: row for row in report.rows}
    assert rows["layers.1.down.0"].type == "Conv2d"
    assert rows["fc"].outputs[0].shape == (2, 10)


@pytest.mark.parametrize("name", ["dynamic_2_5", "dynamic_2_6"])
def test_sizes_of_older_archives(name: str) -> None:
    """A U-Net of one level with 346 parameters, exported with `2 * Dim("H", min=2, max=64)`, which is all that PyTorch
    runs it at. PyTorch 2.5 has another schema, and writes sizes as formulas.
    """
    model = cnnsum.load(HERE / f"{name}.pt2")
    report = cnnsum.summarize(model)
    assert report.totals.params.total == 346
    assert str(report.totals.macs) != "?"
    for axis in cnnsum.sizes(model).axes:
        symbol = axis.record.symbol
        assert axis.record.condition == f"{symbol} >= 1"
        assert axis.recorded == (f"{symbol} >= 2 and {symbol} <= 64", None, f"{symbol} == 1 or {symbol} >= 65")


def test_paths_of_modules_that_are_written_as_code() -> None:
    """PyTorch 2.6 has such where `forward` does not call its module `self`."""
    value = program(STATIC)
    for node in value["graph_module"]["graph"]["nodes"]:
        stack = node["metadata"]["nn_module_stack"]
        node["metadata"]["nn_module_stack"] = stack.replace(",layer1.0.conv,", ",getattr(L['m'].layer1, '0').conv,")
    names = [row.name for row in cnnsum.summarize(cnnsum.loads(json.dumps(value))).rows]
    assert names == [row.name for row in cnnsum.summarize(cnnsum.load(STATIC)).rows]
    assert "getattr" in json.dumps(value)


def test_parameters_that_nothing_reads_have_a_row_of_their_own() -> None:
    """That of a module which is not called, of a block, and of the whole network; that of a layer stands with it."""
    value = program(STATIC)
    specs = value["graph_module"]["signature"]["input_specs"]
    tensors = value["graph_module"]["graph"]["tensor_values"]
    (known,) = [one for one in specs if one.get("parameter", {}).get("parameter_name") == "head.weight"]
    for title in ("spare.weight", "spare.bias", "layer1.0.extra", "token", "head.scale"):
        name = f"p_{title.replace('.', '_')}"
        specs.insert(0, json.loads(json.dumps(known).replace("head.weight", title).replace("p_head_weight", name)))
        tensors[name] = {**tensors["p_head_weight"], "sizes": [{"as_int": 7}]}
    model = cnnsum.loads(json.dumps(value))
    report = cnnsum.summarize(model)
    assert report.totals.params.total == 1741 + 5 * 7
    assert sum(row.params.total for row in report.rows) == report.totals.params.total
    found = {(row.name, row.type, row.params.total) for row in report.rows if row.type == "unread"}
    assert found == {("spare", "unread", 14), ("layer1.0.unread", "unread", 7), ("unread", "unread", 7)}
    (head,) = [row for row in report.rows if row.name == "head"]
    assert [one.name for one in head.weights] == ["weight", "bias", "scale"]
    assert report.totals.training is not None
    assert report.totals.training.gradients == 4 * 1741
    (said,) = [one for one in findings_of(model) if one.code == "GRF314"]
    assert "nothing reads `token`, `layer1.0.extra`, `spare.bias` and 1 more" in said.message


def test_a_parameter_that_may_be_another_under_a_second_name() -> None:
    """Nothing in an archive without its list of weights says which names stand for one tensor."""
    value = program(HERE / "static_2_6.pt2")
    specs = value["graph_module"]["signature"]["input_specs"]
    tensors = value["graph_module"]["graph"]["tensor_values"]
    (known,) = [one for one in specs if one.get("parameter", {}).get("parameter_name") == "fc.weight"]
    other = json.loads(json.dumps(known).replace("fc.weight", "fd.weight").replace("p_fc_weight", "p_fd_weight"))
    tensors["p_fd_weight"] = tensors["p_fc_weight"]
    specs.insert(0, other)
    report = cnnsum.summarize(cnnsum.loads(json.dumps(value)))
    (found,) = report.diagnostics
    assert (found.code, found.severity) == ("SPC080", "warning")
    assert "nothing reads `fd.weight`, which has the shape of `fc.weight`" in found.message
    assert report.totals.params.total == 1450 + 80
    # One name is one tensor, whatever the program calls it.
    other["parameter"]["parameter_name"] = "fc.weight"
    report = cnnsum.summarize(cnnsum.loads(json.dumps(value)))
    assert report.diagnostics == ()
    assert report.totals.params.total == 1450


def test_a_batch_and_a_size_that_the_file_records_as_limited() -> None:
    """Exported with `Dim("batch", max=8)` and with four times `Dim("h", min=2, max=64)` for the height."""
    from cnnsum.answers import as_text

    path = HERE / "limited.pt2"
    answer = cnnsum.sizes(cnnsum.load(path))
    assert answer.batch == "batch <= 8"
    assert [axis.formula for axis in answer.axes] == ["4*H", None]
    text = as_text("sizes", answer, 100)
    assert "axis 2 is 4*H" in text
    assert "batch <= 8: PyTorch refuses others" in text

    def said(batch: int) -> list[str]:
        found = cnnsum.summarize(cnnsum.load(path), batch=batch).diagnostics
        return [one.message for one in found if one.severity == "warning"]

    assert said(8) == []
    (message,) = said(9)
    assert message.startswith("the file records batch <= 8, and not a batch of 9")


def test_the_largest_that_fits_is_one_that_the_file_records() -> None:
    """PyTorch refuses other sizes, and batches of more than 8, whatever the memory is."""
    path = HERE / "limited.pt2"
    found = cnnsum.fit(cnnsum.load(path), memory=10**9, vary="H", batch=1)
    assert (found.value, found.next, found.unlimited, found.recorded) == (64, None, True, "H >= 2 and H <= 64")
    assert 2 <= cnnsum.fit(cnnsum.load(path), memory=10**5, vary="H", batch=1).value < 64
    fixed = cnnsum.load(path, inputs=(3, 128, 32))
    found = cnnsum.fit(fixed, memory=10**9)
    assert (found.value, found.next, found.recorded) == (8, None, "batch <= 8")
    assert cnnsum.fit(fixed, memory=10**9, least=9, most=20).value is None
    several = cnnsum.fit(fixed, memory=10**9, vary=["batch=1:20"], maximize="batch")
    assert (several.values, several.variants, several.accepted, several.recorded) == ((8,), 20, 8, "batch <= 8")


def test_a_batch_that_the_file_does_not_say_is_not_sought() -> None:
    value = program()
    value["graph_module"]["graph"]["tensor_values"]["x"]["sizes"][0] = "a/b"
    model = cnnsum.loads(json.dumps(value))
    with pytest.raises(UnusableError, match="there is no formula in batch for this network"):
        cnnsum.fit(model, memory=10**6)


def test_batch_normalisation_that_trains_and_gives_its_new_statistics() -> None:
    report = cnnsum.summarize(cnnsum.load(HERE / "trained.pt2"))
    assert not report.diagnostics
    row = report.rows[2]
    # Scale and shift; mean, variance and the count of batches.
    assert (row.type, row.params.total, report.totals.buffers.total) == ("BatchNorm2d", 16, 17)
    assert report.totals.macs == 8 * 27 * 30 * 30


def test_one_tensor_under_two_names_in_an_archive_of_pytorch_2_5() -> None:
    """Of an embedding whose table is that of the head, exported with `strict=False`, its program has two parameters and
    reads both; PyTorch 2.5.1 counts 108. Sizes of the files of weights tell that there are three tensors.
    """
    path = HERE / "tied_2_5.pt2"
    report = cnnsum.summarize(cnnsum.load(path))
    assert report.diagnostics == ()
    assert report.totals.params.total == 108
    assert [row.params.total for row in report.rows[1:]] == [66, 42, 0]
    assert report.totals.training is not None
    assert report.totals.training.gradients == 4 * 108
    value = program(path)
    assert cnnsum.summarize(cnnsum.loads(json.dumps(value))).totals.params.total == 108 + 66  # without the weights


@pytest.mark.parametrize("cut", [0, 1, 100, 1000, 1500])
def test_weights_of_an_older_archive_that_are_damaged(cut: int, tmp_path: Path) -> None:
    """The program is sound all the same."""
    path = tmp_path / "damaged.pt2"
    with zipfile.ZipFile(HERE / "tied_2_5.pt2") as archive, zipfile.ZipFile(path, "w") as other:
        for name in archive.namelist():
            data = archive.read(name)
            other.writestr(name, data[:cut] if name == "serialized_state_dict.pt" else data)
    assert cnnsum.summarize(cnnsum.load(path)).totals.params.total == 108 + 66


# --- which axis holds the samples -------------------------------------------------------------------------------------


def test_the_batch_is_the_axis_that_a_recurrence_declares() -> None:
    model = cnnsum.load(HERE / "steps_first.pt2")  # words (30, B), embedded, an LSTM, and a head on the last step
    report = cnnsum.summarize(model)
    assert not report.diagnostics
    assert report.inputs[0].shape == (30, cnnsum.summarize(model, symbolic=True).batch)
    assert str(report.inputs[0].shape[1]) == "N"
    assert report.totals.macs == 30 * 4 * 20 * (12 + 20) + 20 * 5
    assert cnnsum.summarize(model, batch=4).batch == 4
    (found,) = cnnsum.sizes(model).axes
    assert (found.record.symbol, found.record.axis, found.size) == ("T", 0, 30)


def test_work_behind_a_recurrence_is_that_of_its_batch() -> None:
    report = cnnsum.summarize(cnnsum.load(HERE / "gru_steps_first.pt2"))  # half of what FlopCounterMode counts
    assert (report.batch, report.totals.macs) == (2, 115_456 // 2)
    longer = cnnsum.summarize(cnnsum.load(HERE / "gru_steps_first.pt2", inputs=(19, 20)))
    assert longer.inputs[0].shape == (19, 2, 20)
    assert longer.totals.macs == 19 * 3 * 32 * (20 + 32) + 10 * 16 * 32 * 5


def test_attention_along_the_first_axis_leaves_no_samples() -> None:
    model = cnnsum.load(HERE / "attention_steps_first.pt2")
    report = cnnsum.summarize(model)
    assert (report.batch, report.totals.macs) == (1, 983_040 + 2 * 4 * 4 * 30 * 30 * 8)  # the rest, and the attention
    (found,) = report.diagnostics
    assert (found.code, found.severity) == ("SHP229", "warning")
    assert "`layer.self_attn.scaled_dot_product_attention`" in found.message
    assert cnnsum.load(HERE / "attention_steps_first.pt2", inputs=(30, 4, 32)).graph.inputs[0].layer.spec is not None


def test_of_three_axes_the_length_is_asked_about() -> None:
    model = cnnsum.load(HERE / "attention_batch_first.pt2")
    report = cnnsum.summarize(model)
    assert not report.diagnostics
    assert report.batch == 2
    (found,) = cnnsum.sizes(model).axes
    assert (found.record.symbol, found.record.axis, found.size) == ("T", 1, 50)


def test_a_program_with_its_steps_first_is_no_spec() -> None:
    with pytest.raises(UnusableError) as caught:
        cnnsum.convert(cnnsum.load(HERE / "gru_steps_first.pt2"), "yaml")
    assert "the first axis of an input of a spec is the batch" in caught.value.diagnostics[0].message
    assert "GRU" in cnnsum.convert(cnnsum.load(HERE / "gru_steps_first.pt2"), "torch").text


def test_a_size_that_the_program_fixes_is_recorded(tmp_path: Path) -> None:
    """PyTorch runs it at no other, whatever the operations accept."""
    model = cnnsum.load(HERE / "gru_steps_first.pt2")
    (axis,) = cnnsum.sizes(model).axes
    assert axis.record.condition == "T >= 1"
    assert axis.recorded == ("T == 9", None, "T <= 8 or T >= 10")
    assert not model.diagnostics  # nobody asked


def test_a_normalized_weight_is_known() -> None:
    from cnnsum.layers.vocabulary import TORCH

    (rule,) = [type for key, type in TORCH.all_types().items() if key == "aten._weight_norm"]
    facts = rule.apply(((24, 12, 7), (24, 1, 1)), {"dim": 0}, ())
    assert (facts.outputs, facts.ops, [one.shape for one in facts.kept]) == (((24, 12, 7),), 3 * 12 * 7, [(24, 1, 1)])


def test_a_table_of_angles_may_have_each_of_them_twice() -> None:
    """Rotary positions, `torch.cat([angles, angles], -1)`: they depend on no input, and are meant so."""
    model = cnnsum.load(HERE / "rotary.pt2")
    rows = {row.name: row for row in cnnsum.summarize(model).rows}
    assert [one.layer for one in rows["cat"].connections] == ["outer", "outer"]
    assert not [one for one in findings_of(model) if one.code == "ARC466"]
