"""ONNX files: of PyTorch's two exporters and of onnxruntime's quantization, their weights cut out.

`unet.onnx` and `unet_dynamo.onnx` are one network with free sizes; PyTorch counts 2,048 * 400 / 2 ... MACs for it, and
onnxruntime runs both at multiples of 4 alone, of 1 to 96. Written by tests/peers/make_onnx_samples.py.
"""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import cnnsum
from bench.fuzz import onnx_files, wire
from bench.fuzz.onnx_files import attribute, node
from cnnsum.diagnostics import UnusableError
from cnnsum.dims import evaluate
from cnnsum.lint.checking import findings_of
from cnnsum.lint.run import run
from cnnsum.source.onnx import MAX_CONTENT, SCHEMA, read_onnx
from tests.cli.calling import call
from tests.thorough import each

HERE = Path(__file__).parent
UNETS = (HERE / "unet.onnx", HERE / "unet_dynamo.onnx")


def info(name: str, *sizes: int | str | None, dtype: int = 1) -> dict[str, Any]:
    dims = [{} if one is None else {"dim_param" if isinstance(one, str) else "dim_value": one} for one in sizes]
    return {"name": name, "type": {"tensor_type": {"elem_type": dtype, "shape": {"dim": dims}}}}


def numbers(name: str, *values: int) -> dict[str, Any]:
    return {"name": name, "dims": [len(values)], "data_type": 7, "int64_data": list(values)}


def weight(name: str, *dims: int) -> dict[str, Any]:
    return {"name": name, "dims": list(dims), "data_type": 1, "data_location": 1}


def model(nodes: list[Any], *sizes: int | str | None, held: tuple[Any, ...] = (), **more: Any) -> dict[str, Any]:
    outputs = more.pop("output", [{"name": nodes[-1]["output"][0]}])
    value_info = more.pop("value_info", [])
    graph = {
        "name": "net",
        "node": nodes,
        "initializer": list(held),
        "input": [info("x", *sizes, dtype=more.pop("dtype", 1))],
        "output": outputs,
        "value_info": value_info,
    }
    return {"ir_version": 10, "graph": graph, "opset_import": [{"version": more.pop("opset", 21)}], **more}


def load(tree: Any, folder: Path, **how: Any) -> cnnsum.Model:
    path = folder / "m.onnx"
    path.write_bytes(wire.encode(tree, SCHEMA, "Model"))
    return cnnsum.load(path, **how)


def given(found: cnnsum.Model) -> Any:
    return cnnsum.summarize(found).outputs[0].shape


# --- files of others --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", UNETS)
def test_a_network_of_both_exporters(path: Path) -> None:
    report = cnnsum.summarize(cnnsum.load(path, settings={"H": 32, "W": 32}))
    assert not report.diagnostics
    assert report.source.format == "onnx"
    assert report.totals.macs == 917_504  # half of what FlopCounterMode counts
    assert report.outputs[0].shape[1:] == (1, 32, 32)
    assert not any(row.type in ("Shape", "Gather", "Concat") and len(row.outputs[0].shape) < 2 for row in report.rows)


@pytest.mark.parametrize("path", UNETS)
def test_sizes_are_those_that_run(path: Path) -> None:
    report = cnnsum.summarize(cnnsum.load(path))
    conditions = [one.condition for one in report.sizes]
    accepted = [size for size in range(1, 97) if all(evaluate(one, {"H": size, "W": 32}) for one in conditions)]
    assert accepted == list(range(4, 97, 4))


def test_parameters_are_the_elements_of_the_files_tensors() -> None:
    """As `onnx.load` has them: PyTorch's 3,729, without the batch normalisations that its exporters fold."""
    assert cnnsum.summarize(cnnsum.load(UNETS[0])).totals.params.total == 3673
    plain = cnnsum.summarize(cnnsum.load(HERE / "plain.onnx"))
    assert (plain.totals.params.total, plain.totals.macs) == (3 * 8 * 9 + 8 + 512 * 5 + 5, 57_856)
    assert plain.rows[1].weights[0].name == "0.0.weight"


def test_blocks_are_the_modules_of_the_names() -> None:
    from cnnsum.answers.summary.fold import fold

    for path in UNETS:
        folded = fold(cnnsum.summarize(cnnsum.load(path)).rows, 1)
        assert [row.name for row in folded] == ["x", "0", "1"]


def test_a_quantized_network_has_the_parameters_of_the_plain_one() -> None:
    report = cnnsum.summarize(cnnsum.load(HERE / "quantized.onnx"))
    assert report.totals.macs == 57_856
    assert report.totals.params.total == 2789 + 2  # and the scales of two biases
    assert report.totals.weights.total == 216 + 2560 + 4 * (8 + 5) + 8
    assert not report.diagnostics


def test_neither_weights_nor_files_beside_are_opened(tmp_path: Path) -> None:
    """The samples have none: they name `weights.bin`. Nor are those read that a file does hold."""
    assert b"weights.bin" in UNETS[0].read_bytes()
    tree = model([node("MatMul", ["x", "w"], ["y"])], 1, 1000)
    tree["graph"]["initializer"] = [{"name": "w", "dims": [1000, 1000], "data_type": 1, "raw_data": bytes(4_000_000)}]
    path = tmp_path / "m.onnx"
    path.write_bytes(wire.encode(tree, SCHEMA, "Model"))
    with _Counting(path, "rb") as file:
        read_onnx(file, "m.onnx")
    assert file.count < 200_000  # of four million: some blocks of the file
    assert cnnsum.summarize(cnnsum.load(path)).totals.params.total == 10**6


class _Counting(io.FileIO):
    """A file that counts how many of its bytes are read."""

    count = 0

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(-1 if size is None else size)
        self.count += len(found)
        return found


# --- shapes that are computed -----------------------------------------------------------------------------------------


def test_a_shape_is_followed_to_where_it_is_used(tmp_path: Path) -> None:
    nodes = [
        node("Shape", ["x"], ["s"]),
        node("Gather", ["s", "zero"], ["n"], axis=0),
        node("Gather", ["s", "two"], ["h"], axis=0),
        node("Mul", ["h", "three"], ["m"]),
        node("Div", ["m", "two"], ["d"]),
        node("Unsqueeze", ["d", "axes"], ["u"]),
        node("Squeeze", ["u", "axes"], ["q"]),
        node("Concat", ["n", "q", "rest"], ["t"], axis=0),
        node("Expand", ["one", "t"], ["y"]),
    ]
    held = (numbers("zero", 0), numbers("two", 2), numbers("three", 3), numbers("axes", 0), numbers("rest", 5))
    one = {"name": "one", "dims": [1, 1, 1], "data_type": 1, "float_data": [1.0]}
    found = load(model(nodes, "batch", 3, "H", 7, held=(*held, one)), tmp_path)
    assert not found.diagnostics
    assert str(given(found)[1:]) == "(3*H//2, 5)"
    report = cnnsum.summarize(found)
    assert [row.name for row in report.rows] == ["x", "/expand/y"]
    # What counts sizes has no row, and a report without it is one of this model all the same.
    assert cnnsum.plan(found, report).peak == report.totals.peak.bytes


def test_floats_are_exact_and_round_as_the_program_does(tmp_path: Path) -> None:
    nodes = [
        node("Shape", ["x"], ["s"]),
        node("Slice", ["s", "two", "end"], ["hw"]),
        node("Cast", ["hw"], ["f"], to=1),
        node("Mul", ["f", "scale"], ["m"]),
        node("Floor", ["m"], ["r"]),
        node("Cast", ["r"], ["i"], to=7),
        node("Slice", ["s", "zero", "two"], ["nc"]),
        node("Concat", ["nc", "i"], ["t"], axis=0),
        node("Resize", ["x", "", "", "t"], ["y"], mode="linear"),
    ]
    scale = {"name": "scale", "dims": [], "data_type": 1, "float_data": [0.7]}
    held = (numbers("zero", 0), numbers("two", 2), numbers("end", 2**63 - 1), scale)
    found = load(model(nodes, "N", 3, "H", "W", held=held), tmp_path)
    assert str(given(found)[2:]) == "(7*H//10, 7*W//10)"


def test_what_cannot_be_followed_is_taken_from_the_file_and_said(tmp_path: Path) -> None:
    nodes = [
        node("NonZero", ["x"], ["p"]),
        node("Cast", ["p"], ["f"], to=1),
        node("Relu", ["f"], ["y"]),
    ]
    recorded = [info("p", 2, 12, dtype=7)]
    found = load(model(nodes, 3, 4, value_info=recorded), tmp_path)
    rows = cnnsum.summarize(found).rows
    assert [row.status for row in rows] == ["exact", "bound", "bound", "bound"]
    assert given(found) == (2, 12)
    # At other sizes the file's word counts for nothing.
    resized = load(model(nodes, 3, 4, value_info=recorded), tmp_path, inputs=(5,))
    assert str(given(resized)) == "(2, ?)"


def test_recorded_shapes_are_compared(tmp_path: Path) -> None:
    nodes = [node("Relu", ["x"], ["y"]), node("Flatten", ["y"], ["z"])]
    found = load(model(nodes, 2, 3, 4, value_info=[info("y", 2, 3, 5)], output=[info("z", 2, 12)]), tmp_path)
    (only,) = found.diagnostics
    assert (only.code, only.severity) == ("SHP220", "warning")
    assert "records (2, 3, 5) for the output of `/relu/y`, but it is (2, 3, 4)" in only.message
    assert only.span is not None
    data = (tmp_path / "m.onnx").read_bytes()
    part = data[only.span.column - 1 : only.span.end_column - 1]
    assert part == wire.encode(info("y", 2, 3, 5), SCHEMA, "ValueInfo")


# --- functions, branches, what is not known ---------------------------------------------------------------------------


def test_functions_of_the_file_are_put_in_place(tmp_path: Path) -> None:
    inner = {
        "name": "Twice",
        "domain": "own",
        "input": ["a", "w"],
        "output": ["b"],
        "attribute": ["ax"],
        "opset_import": [{"version": 21}],
        "node": [
            node("MatMul", ["a", "w"], ["t"]),
            {
                **node("Concat", ["t", "t"], ["b"]),
                "attribute": [{"name": "axis", "ref_attr_name": "ax", "type": 2}],
            },
        ],
    }
    calls = [
        {**node("Twice", ["x", "w"], ["y"], ax=0), "domain": "own"},
        {**node("Twice", ["y", "w"], ["z"], ax=1), "domain": "own"},
    ]
    found = load(model(calls, 3, 4, held=(weight("w", 4, 4),), functions=[inner]), tmp_path)
    assert not found.diagnostics
    assert given(found) == (6, 8)
    assert cnnsum.summarize(found).totals.params.total == 16  # both calls have one weight


@each(("condition", "shape"), [(1, (2, 6)), (0, (2, 3))])
def test_a_branch_that_is_known_to_run_is_put_in_place(condition: int, shape: Any, tmp_path: Path) -> None:
    then = {"node": [node("Concat", ["x", "x"], ["b"], axis=1)], "output": [{"name": "b"}]}
    other = {"node": [node("Relu", ["x"], ["b"])], "output": [{"name": "b"}]}
    choice = node("If", ["c"], ["y"], then_branch=then, else_branch=other)
    known = {"name": "c", "dims": [], "data_type": 9, "raw_data": bytes([condition])}
    assert given(load(model([choice, node("Tanh", ["y"], ["z"])], 2, 3, held=(known,)), tmp_path)) == shape


def test_weights_of_a_branch_that_is_not_known_to_run_are_counted(tmp_path: Path) -> None:
    branch = {
        "initializer": [weight("w", 3, 3)],
        "node": [node("MatMul", ["x", "w"], ["b"])],
        "output": [{"name": "b"}],
    }
    other = {"node": [node("Relu", ["x"], ["b"])], "output": [{"name": "b"}]}
    nodes = [node("ReduceMax", ["x"], ["m"], keepdims=0), node("Cast", ["m"], ["c"], to=9)]
    choice = node("If", ["c"], ["y"], then_branch=branch, else_branch=other)
    found = load(model([*nodes, choice], 2, 3), tmp_path)
    assert [one.code for one in found.diagnostics] == ["UNK701"]
    assert cnnsum.summarize(found).totals.params.total == 9


def test_a_file_without_a_version_is_warned_of(tmp_path: Path) -> None:
    tree = model([node("Relu", ["x"], ["y"])], 2, 3)
    del tree["opset_import"]
    assert [(one.code, one.severity) for one in load(tree, tmp_path).diagnostics] == [("SPC081", "warning")]


def test_a_size_below_0_is_none(tmp_path: Path) -> None:
    found = load(model([node("Pad", ["x"], ["y"], pads=[0, -4, 0, 0])], 2, 3, opset=2), tmp_path)
    assert [one.code for one in found.errors] == ["SHP210"]
    made = load(model([node("RandomNormal", [], ["y"], shape=[2, -4])], 2, 3), tmp_path)
    assert [one.code for one in made.errors] == ["SHP226"]


def test_what_is_not_known_is_named_once(tmp_path: Path) -> None:
    unknown = [{**node("Own", ["x"], [f"y{at}"]), "domain": "their"} for at in range(3)]
    found = load(model([*unknown, node("Sum", ["y0", "y1"], ["z"])], 2, 3), tmp_path)
    (only,) = found.diagnostics
    assert only.message.startswith("unknown operation `their.Own` (3 times)")
    assert str(cnnsum.summarize(found).totals.macs) == "?"


@each(
    ("domain", "name"),
    [("ai.onnx.ml", "ai.onnx.ml.Own"), ("ai.onnx", "Own"), ("", "Own"), ("ai.onnx.its", "ai.onnx.its.Own")],
)
def test_what_is_not_known_has_its_whole_name(domain: str, name: str, tmp_path: Path) -> None:
    found = load(model([{**node("Own", ["x"], ["y"]), "domain": domain}], 2, 3), tmp_path)
    assert found.diagnostics[0].message.startswith(f"unknown operation `{name}`;")


def test_an_attribute_that_is_not_known_makes_the_node_unknown(tmp_path: Path) -> None:
    found = load(model([node("Relu", ["x"], ["y"], turned=1), node("Tanh", ["y"], ["z"])], 2, 3), tmp_path)
    (only,) = found.diagnostics
    assert only.message.startswith("unknown operation `Relu` with `turned`;")
    assert given(found) is None


def test_sequences_are_taken_apart(tmp_path: Path) -> None:
    nodes = [
        node("Relu", ["x"], ["a"]),
        node("SequenceConstruct", ["x", "a"], ["s"]),
        node("SequenceInsert", ["s", "a"], ["t"]),
        node("SequenceAt", ["t", "last"], ["b"]),
        node("ConcatFromSequence", ["t"], ["c"], axis=1),
        node("ConcatFromSequence", ["t"], ["d"], axis=0, new_axis=1),
        node("MatMul", ["b", "w"], ["e"]),
    ]
    last = {"name": "last", "dims": [], "data_type": 7, "int64_data": [-1]}
    outputs = [{"name": name} for name in ("c", "d", "e")]
    found = load(model(nodes, 2, 3, held=(last, weight("w", 3, 5)), output=outputs), tmp_path)
    assert not found.diagnostics
    assert [one.shape for one in cnnsum.summarize(found).outputs] == [(2, 9), (3, 2, 3), (2, 5)]
    # What reads one as a whole is not known, and neither is then what made it.
    whole = load(model([*nodes[:2], node("Whole", ["s"], ["y"])], 2, 3), tmp_path)
    assert {one.code for one in whole.diagnostics} == {"UNK701"}


def test_versions_of_operations_count(tmp_path: Path) -> None:
    """Before version 13 Softmax took all axes from the first on; its shape is the same, and what an output sees is not.
    Before version 7 a second input stood at an axis.
    """
    added = node("Add", ["x", "w"], ["y"], broadcast=1, axis=1)
    assert given(load(model([added], 2, 3, 4, held=(weight("w", 3),), opset=6), tmp_path)) == (2, 3, 4)
    newer = load(model([added], 2, 3, 4, held=(weight("w", 3),), opset=13), tmp_path)
    assert [one.code for one in newer.errors] == ["SHP202"]


# --- files that are damaged, or are none ------------------------------------------------------------------------------


@each(
    ("tree", "code", "part"),
    [
        ({"ir_version": 8, "graph": {"name": "n"}}, "SPC079", "the graph has no nodes"),
        (model([node("Relu", ["x"], ["y" * 5000])], 1, 2), "SPC067", "a name has more than 4,096 bytes"),
    ],
)
def test_what_holds_no_graph_is_refused(tree: Any, code: str, part: str, tmp_path: Path) -> None:
    with pytest.raises(UnusableError) as raised:
        load(tree, tmp_path)
    found = raised.value.diagnostics[0]
    assert found.code == code
    assert part in found.message
    assert found.span is not None
    assert found.span.line == 1


def test_all_that_is_wrong_is_said_in_one_run(tmp_path: Path) -> None:
    """With the nodes' names, and at the places where these stand, one after another in the file."""
    nodes = [
        node("Relu", ["b"], ["a"]),
        node("Relu", ["a"], ["b"]),
        node("Relu", ["later"], ["c"]),
        node("Sigmoid", ["x"], ["later"]),
        node("Relu", ["latr"], ["d"]),
        node("Relu", ["x"], ["d"]),
        node("Conv", ["x", "w"], ["e"]),
        node("Conv", ["x", "v"], ["f"]),
        node("Add", ["x", "one"], ["g"]),
        node("Unsqueeze", ["x", "half"], ["h"]),
    ]
    held = (weight("w", 8, 3, 3, -3), weight("v", 8, 5, 3, 3), numbers("one", 1), weight("half", 1), numbers("one", 2))
    tree = model(nodes, 1, 3, 8, 8, held=held, output=[{"name": "g"}, {"name": "gone"}])
    found = load(tree, tmp_path)
    said = sorted((one.code, one.message) for one in found.diagnostics)
    assert said == [
        ("GRF301", "`/relu/a` reads the tensor `b` of a node that waits for it: `/relu/a` -> `/relu/b` -> `/relu/a`"),
        ("GRF302", "`/relu/c` reads the tensor `later`, which only a later node makes, `/sigmoid/later`"),
        ("GRF302", "`/relu/d` reads the tensor `latr`, which nothing makes"),
        ("GRF302", "nothing makes the output `gone`"),
        ("GRF307", "the tensor `d` is defined twice"),
        ("GRF307", "the tensor `one` is defined twice"),
        ("GRF313", "/add/g: Add: inputs 0 and 1 must be of one dtype, and are float32 and int64"),
        ("GRF313", "/unsqueeze/h: Unsqueeze: input 1 is float32 and must be of whole numbers"),
        ("SHP202", "/conv/f: Conv with this weight needs 5 channels, got (1, 3, 8, 8)"),
        ("SPC079", "`w`: a tensor has sizes that none can have"),
    ]
    assert next(one.help for one in found.diagnostics if "latr" in one.message) == "did you mean `later`?"
    places = [one.span.column for one in found.diagnostics if one.span is not None]
    assert len(set(places)) == len(said)


def test_an_output_may_be_a_tensor_of_the_file_or_an_input(tmp_path: Path) -> None:
    tree = model([node("Relu", ["x"], ["y"])], 1, 4, held=(weight("w", 7, 2),))
    tree["graph"]["output"] = [{"name": "y"}, {"name": "w"}, {"name": "x"}]
    found = load(tree, tmp_path)
    assert not found.diagnostics
    assert [one.shape for one in cnnsum.summarize(found).outputs] == [(1, 4), (7, 2), (1, 4)]


@each(
    ("claim", "says"),
    [
        (("batch", 3, "H", "W"), "the file records (N, 3, H, W) for the output of `/maxpool/y`, but it is "),
        (("batch", 3, "W//2", "H//2"), "the file records (N, 3, W//2, H//2) for the output of "),
        (("batch", 3, "H//2", "W//2"), ""),
        (("batch", 3, "h_out", None), ""),
    ],
)
def test_a_size_that_is_claimed_by_a_name_is_compared(claim: tuple[Any, ...], says: str, tmp_path: Path) -> None:
    pool = node("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], strides=[2, 2])
    found = load(model([pool], "batch", 3, "H", "W", output=[info("y", *claim)]), tmp_path)
    assert [one.message[: len(says)] for one in found.diagnostics] == ([says] if says else [])


def test_a_claim_need_be_true_only_where_the_network_runs(tmp_path: Path) -> None:
    """A half of the size, twice, is the size of even ones, and others are not accepted."""
    held = ({"name": "s", "dims": [4], "data_type": 1, "float_data": [1.0, 1.0, 2.0, 2.0]},)
    nodes = [
        node("MaxPool", ["x"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Resize", ["p", "", "s"], ["r"], mode="nearest"),
    ]
    joined = [*nodes, node("Concat", ["x", "r"], ["y"], axis=1)]
    for made, wrong in ((joined, False), (nodes, True)):
        claim = [info(made[-1]["output"][0], 1, None, "H", 8)]
        found = load(model(made, 1, 3, "H", 8, held=held, output=claim), tmp_path)
        assert [one.code for one in found.diagnostics] == ["SHP220"] * wrong


def test_a_dtype_that_is_claimed_is_compared(tmp_path: Path) -> None:
    found = load(model([node("Relu", ["x"], ["y"])], 1, 4, output=[info("y", 1, 4, dtype=7)]), tmp_path)
    (one,) = found.diagnostics
    assert one.message == "the file records int64 for the output of `/relu/y`, but it is float32"


@each(
    ("nodes", "version", "says"),
    [
        ([node("Gelu", ["x"], ["y"])], 13, "version 13 of the operations has no `Gelu`: it came with version 20"),
        ([node("Upsample", ["x", "s"], ["y"])], 11, "no `Upsample`: version 10 took it out"),
        ([{**node("Gelu", ["x"], ["y"]), "domain": "com.microsoft"}], 17, "`com.microsoft`, of which the file imports"),
        ([node("Relu", ["x"], ["y"])], 5, "version 5 of the operations is older than"),
        ([node("Relu", ["x"], ["y"])], 99, "version 99 of the operations is newer than"),
        ([node("Relu", ["x"], ["a"]), node("Exp", ["a"], ["y"])], 13, ""),
    ],
)
def test_check_tells_of_versions_that_runtimes_refuse(nodes: Any, version: int, says: str, tmp_path: Path) -> None:
    held = ({"name": "s", "dims": [4], "data_type": 1, "float_data": [1.0, 1.0, 2.0, 2.0]},)
    used = held if nodes[0]["op_type"] == "Upsample" else ()
    found = load(model(nodes, 1, 3, 8, 8, held=used, opset=version), tmp_path)
    assert not found.diagnostics
    assert [one.code for one in findings_of(found)] == (["SPC082"] if says else [])
    assert all(says in one.message for one in findings_of(found))


def test_check_tells_of_tensors_that_nothing_reads(tmp_path: Path) -> None:
    found = load(model([node("Relu", ["x"], ["y"])], 1, 3, held=(weight("w", 8, 3), numbers("n", 1))), tmp_path)
    (one,) = findings_of(found)
    assert (one.code, one.message) == ("GRF314", "nothing reads `w`, `n`: they are stored for nothing")
    assert cnnsum.summarize(found).totals.params.total == 24  # they are in the file all the same


def floats(name: str, *values: float) -> dict[str, Any]:
    return {"name": name, "dims": [len(values)], "data_type": 1, "float_data": list(values)}


def test_what_only_says_what_an_operation_does_is_no_parameter(tmp_path: Path) -> None:
    """Scales, bounds and what is padded with are none, though they are floats with axes; a factor is one."""
    nodes = [
        node("Resize", ["x", "", "scales"], ["a"]),
        node("Clip", ["a", "low", "high"], ["b"]),
        node("Pad", ["b", "pads", "low"], ["c"]),
        node("Mul", ["c", "factor"], ["y"]),
    ]
    held = (
        floats("scales", 1.0, 1.0, 2.0, 2.0),
        *(floats("low", 0.0), floats("high", 6.0), floats("factor", 0.5)),
        numbers("pads", 0, 0, 1, 1, 0, 0, 1, 1),
    )
    report = cnnsum.summarize(load(model(nodes, 1, 3, 8, 8, held=held), tmp_path))
    assert report.outputs[0].shape == (1, 3, 18, 18)
    assert (report.totals.params.total, report.totals.params.trainable) == (1, 1)


def test_numbers_that_end_in_what_an_operation_does_are_no_parameters(tmp_path: Path) -> None:
    """Scales that the program puts together; a tensor that is read as data elsewhere is a parameter there."""
    nodes = [
        node("Concat", ["one", "two"], ["s"], axis=0),
        node("Resize", ["x", "", "s"], ["a"]),
        node("Mul", ["a", "two"], ["b"]),
        node("Add", ["b", "two"], ["y"]),
    ]
    held = (floats("one", 1.0, 1.0), floats("two", 2.0, 2.0))
    report = cnnsum.summarize(load(model(nodes, 1, 3, 8, 1, held=held), tmp_path))
    assert report.outputs[0].shape == (1, 3, 16, 2)
    assert {row.name: row.params.total for row in report.rows if row.params.total} == {"/mul/b": 2}


def test_graphs_within_graphs_are_bounded(tmp_path: Path) -> None:
    inner: Any = {"node": [node("Relu", ["x"], ["y"])]}
    for _ in range(60):
        inner = {"node": [{"op_type": "If", "input": ["c"], "output": ["y"], "attribute": [attribute("g", inner)]}]}
    with pytest.raises(UnusableError, match="nested deeper than 100"):
        load({"ir_version": 8, "graph": inner}, tmp_path)


def test_functions_that_grow_without_end_are_refused(tmp_path: Path) -> None:
    def calling(level: int) -> dict[str, Any]:
        call = {**node(f"F{level + 1}", ["a"], ["b"]), "domain": "own"}
        nodes = [{**call, "output": [f"b{at}"]} for at in range(10)] if level < 8 else [node("Relu", ["a"], ["b0"])]
        return {"name": f"F{level}", "domain": "own", "input": ["a"], "output": ["b0"], "node": nodes}

    first = {**node("F0", ["x"], ["y"]), "domain": "own"}
    with pytest.raises(UnusableError, match="more than 100,000 nodes"):
        load(model([first], 1, 2, functions=[calling(level) for level in range(9)]), tmp_path)


def test_every_beginning_of_a_file_ends_in_a_finding(tmp_path: Path) -> None:
    data = UNETS[0].read_bytes()
    path = tmp_path / "m.onnx"
    for length in range(50, len(data), 97):
        path.write_bytes(data[:length])
        with pytest.raises(UnusableError) as raised:
            cnnsum.load(path)
        assert raised.value.diagnostics[0].code in ("SPC005", "SPC067"), length


def test_it_is_known_by_its_content(tmp_path: Path) -> None:
    data = UNETS[0].read_bytes()
    for name in ("model.yaml", "model"):
        (tmp_path / name).write_bytes(data)
        assert cnnsum.load(tmp_path / name).format == "onnx"
    done = subprocess.run(
        [sys.executable, "-m", "cnnsum", "-", "--format", "csv"], input=data, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with pytest.raises(UnusableError, match="this is not an ONNX file"):
        cnnsum.loads("input: [2]\nlayers: [Flatten]", format="onnx")


def test_a_text_is_never_taken_for_one() -> None:
    from cnnsum.source.onnx import is_onnx

    assert not any(is_onnx(text) for text in (b"layers: []", b":::::", b"B" * 60, b"", b"{}", b"\n: a", "é".encode()))


def test_contents_are_read_up_to_the_limit_that_is_said() -> None:
    assert MAX_CONTENT == 512


def test_random_files_end_in_a_result_or_a_finding() -> None:
    from random import Random

    for number in range(60):
        chance = Random(number)
        data = bytearray(onnx_files.written(onnx_files.model(chance), chance))
        for _ in range(3):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            read_onnx(io.BytesIO(bytes(data)), "m.onnx")
        except UnusableError as error:
            assert error.diagnostics[0].code == "SPC067"  # noqa: PT017 - either will do


# --- which axis holds the samples -------------------------------------------------------------------------------------


RECURRENCE = (weight("w", 1, 80, 12), weight("r", 1, 80, 20))


def test_the_batch_is_the_axis_that_a_recurrence_declares(tmp_path: Path) -> None:
    lstm = node("LSTM", ["x", "w", "r"], ["y"], hidden_size=20)
    found = cnnsum.summarize(load(model([lstm], "T", "N", 12, held=RECURRENCE), tmp_path))
    assert not found.diagnostics
    assert str(found.totals.macs) == "2560*T"  # 4 * 20 * (12 + 20), for each step
    assert str(cnnsum.summarize(load(model([lstm], 30, None, 12, held=RECURRENCE), tmp_path)).inputs[0].shape[1]) == "N"
    turned = [node("Transpose", ["x"], ["t"], perm=[1, 0, 2]), node("LSTM", ["t", "w", "r"], ["y"], hidden_size=20)]
    first = cnnsum.summarize(load(model(turned, "N", 30, 12, held=RECURRENCE), tmp_path))
    assert (first.totals.macs, first.diagnostics) == (30 * 2560, ())
    declared = node("LSTM", ["x", "w", "r"], ["y"], hidden_size=20, layout=1)
    assert cnnsum.summarize(load(model([declared], 4, 30, 12, held=RECURRENCE), tmp_path)).totals.macs == 30 * 2560


def test_initial_states_tell_the_batch_too(tmp_path: Path) -> None:
    lstm = node("LSTM", ["x", "w", "r", "", "", "h", "h"], ["y"], hidden_size=20)
    tree = model([lstm], 30, 4, 12, held=RECURRENCE)
    tree["graph"]["input"].insert(0, info("h", 1, 4, 20))
    report = cnnsum.summarize(load(tree, tmp_path))
    assert (report.batch, report.totals.macs, report.diagnostics) == (4, 30 * 2560, ())


def test_the_symbol_of_the_batch_says_where_it_is_in_each_input(tmp_path: Path) -> None:
    """It is the first axis of one and the second of the other: a shape that is given leaves it where it is."""
    tree = model([node("Add", ["x", "h"], ["y"])], "T", "N", 12)
    tree["graph"]["input"].insert(0, info("h", "N", 12))
    found = cnnsum.summarize(load(tree, tmp_path, inputs={"x": (8, 12)}))
    assert [str(one.shape) for one in found.inputs] == ["(N, 12)", "(8, N, 12)"]


_TURN = node("Transpose", ["x"], ["t"], perm=[1, 0, 2])


@pytest.mark.parametrize(
    ("nodes", "macs"),
    [
        ([_TURN, node("Attention", ["t", "t", "t"], ["y"], q_num_heads=1, kv_num_heads=1)], 2 * 4 * 30 * 30 * 12),
        (
            [
                *(_TURN, node("Transpose", ["x"], ["k"], perm=[1, 2, 0]), node("MatMul", ["t", "k"], ["s"])),
                *(node("Softmax", ["s"], ["p"], axis=-1), node("MatMul", ["p", "t"], ["y"])),
            ],
            2 * 4 * 30 * 30 * 12,
        ),
        ([node("Softmax", ["x"], ["y"], axis=0)], 0),
    ],
)
def test_what_mixes_the_first_axis_leaves_no_samples(nodes: list[Any], macs: int, tmp_path: Path) -> None:
    recorded = [info("t", 4, 30, 12), info("k", 4, 12, 30), info("s", 4, 30, 30), info("p", 4, 30, 30)]
    report = cnnsum.summarize(load(model(nodes, 30, 4, 12, value_info=recorded, opset=23), tmp_path))
    assert [one.code for one in report.diagnostics] == ["SHP229"]
    assert (report.batch, report.totals.macs) == (1, macs)


@pytest.mark.parametrize(
    "one",
    [
        node("Transpose", ["x"], ["y"], perm=[5, 1, 0]),
        node("LayerNormalization", ["x", "w"], ["y"], axis=-(2**40)),
        node("Softmax", ["x"], ["y"], axis=2**40),
        node("Gather", ["x", "i"], ["y"], axis=9),
        node("LSTM", ["x", "w", "r"], ["y"], layout=7),
    ],
)
def test_axes_that_are_not_there_are_not_followed(one: Any, tmp_path: Path) -> None:
    found = load(model([one], 30, 4, 12, held=(*RECURRENCE, {**numbers("i", 0), "dims": []})), tmp_path)
    assert "SHP229" not in {diagnostic.code for diagnostic in found.diagnostics}


def test_an_input_without_axes_has_no_batch(tmp_path: Path) -> None:
    found = load(model([node("Relu", ["x"], ["y"])]), tmp_path)
    assert cnnsum.sizes(found).axes == ()
    assert load(model([node("Relu", ["x"], ["y"])]), tmp_path, free=("batch",)).graph.inputs


def test_a_table_is_picked_from_by_indices_that_the_file_holds(tmp_path: Path) -> None:
    nodes = [node("Gather", ["table", "places"], ["rows"], axis=0), node("Add", ["x", "rows"], ["y"])]
    found = load(model(nodes, "N", 3, 4, held=(weight("table", 7, 4), numbers("places", 0, 5, 2))), tmp_path)
    assert cnnsum.summarize(found).outputs[0].shape[1:] == (3, 4)
    assert not findings_of(found)


@each(("attributes", "vectors"), [({"n_supports": 5}, 5), ({"n_supports": 0}, 1), ({}, 1), ({"n_supports": -1}, 1)])
def test_a_regressor_without_vectors_is_linear(attributes: dict[str, int], vectors: int, tmp_path: Path) -> None:
    """As ONNX Runtime has it: one product with the coefficients."""
    one = {**node("SVMRegressor", ["x"], ["y"], **attributes), "domain": "ai.onnx.ml"}
    found = load(model([one], 2, 6, opset_import=[{"version": 21}, {"domain": "ai.onnx.ml", "version": 3}]), tmp_path)
    assert cnnsum.summarize(found).totals.macs == 6 * vectors


def test_advice_on_a_file_whose_errors_are_silenced_takes_no_wrong_layer_apart(tmp_path: Path) -> None:
    load(model([node("Conv", ["x", "w"], ["y"])], 2, 6, 5, 5, held=(weight("w"),)), tmp_path)
    path = str(tmp_path / "m.onnx")
    assert [one.code for one in run([path]).findings()] == ["SHP204"]
    assert run([path], ignore=["SHP"]).findings() == []


def test_a_batch_that_cannot_be_set_free_cannot_be_varied(tmp_path: Path) -> None:
    load(model([node("Conv", ["x", "w"], ["y"])], 0, None, 0, held=(weight("w", 4, 4, 1, 1),)), tmp_path)
    done = call("show", str(tmp_path / "m.onnx"), "--sweep", "batch=1:200")
    assert done.code == 2
    assert done.err == "SPC057 the batch cannot be varied: no axis of this file can be set free for it\n"
