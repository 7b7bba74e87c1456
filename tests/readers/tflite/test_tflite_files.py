"""TensorFlow Lite files, written here by a builder of the bench. Numbers are counted by hand; that the runtime has the
same shapes is seen to in tests/peers/test_tflite_runtime.py.
"""

from __future__ import annotations

import contextlib
import io
import struct
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

import cnnsum
from bench.fuzz.tflite_files import Builder, looped, model, written
from cnnsum.diagnostics import UnusableError
from cnnsum.source.flatbuffer import MAX_VALUES
from cnnsum.source.raw import MAX_BYTES
from tests.thorough import each, examples

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "cli"))
from calling import call


def load(builder: Builder | dict[str, Any], folder: Path, **how: Any) -> cnnsum.Model:
    path = folder / "m.tflite"
    path.write_bytes(written(builder.tree() if isinstance(builder, Builder) else builder))
    return cnnsum.load(path, **how)


def shapes(model: cnnsum.Model) -> list[str]:
    found = [model.inference.output_of(tensor.node)[tensor.index].shape for tensor in model.graph.outputs]
    return [str(shape) for shape in found]


def network(dtype: str = "float32", *sizes: int, **weight: Any) -> Builder:
    """A convolution of 4 filters, one of each channel, a mean, a matrix; 33 x 33 becomes 17 x 17, then 15 x 15."""
    made = Builder()
    bias = {"dtype": "int32"} if dtype != "float32" else {}
    x = made.input("x", *(sizes or (1, 33, 33, 3)), dtype=dtype)
    first = made.tensor("net/stem/Relu6;net/stem/BiasAdd", [1, 17, 17, 4], dtype)
    kernel = made.weight("net/stem/kernel", 4, 3, 3, 3, dtype=dtype, **weight)
    stride = {"stride_w": 2, "stride_h": 2, "fused_activation_function": 3}
    made.operator("CONV_2D", [x, kernel, made.weight("net/stem/bias", 4, **bias)], first, padding=0, **stride)
    second = made.tensor("net/deep", [1, 15, 15, 8], dtype)
    deep = made.weight("net/deep/kernel", 1, 3, 3, 8, dtype=dtype, **weight)
    made.operator("DEPTHWISE_CONV_2D", [first, deep, -1], second, padding=1, stride_w=1, stride_h=1, depth_multiplier=2)
    mean = made.tensor("net/mean", [1, 8], dtype)
    made.operator("MEAN", [second, made.numbers("axes", [1, 2])], mean)
    out = made.tensor("net/head", [1, 10], dtype)
    matrix = made.weight("net/head/kernel", 10, 8, dtype=dtype, **weight)
    made.operator("FULLY_CONNECTED", [mean, matrix, made.weight("net/head/bias", 10, **bias)], out)
    made.outputs = [out]
    return made


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_what_a_network_costs(tmp_path: Path) -> None:
    """4 kernels of 27 and 4 biases at 17 * 17 places, 8 of 9 at 15 * 15, a matrix of 8 * 10 and 10 biases."""
    report = cnnsum.summarize(load(network(), tmp_path))
    assert report.totals.params.total == 4 * 27 + 4 + 8 * 9 + 80 + 10
    assert report.totals.macs == 17 * 17 * 4 * 27 + 15 * 15 * 8 * 9 + 80
    # Bias and relu6 (2 operations) of the first, the sum of the mean, 10 biases; a MAC is 2 FLOPs.
    assert report.totals.flops == 2 * report.totals.macs + 3 * 17 * 17 * 4 + 15 * 15 * 8 + 10
    assert report.diagnostics == ()
    names = [(one.name, one.type) for one in report.rows]
    assert names[1:3] == [("net/stem/Relu6", "CONV_2D"), ("net/deep", "DEPTHWISE_CONV_2D")]
    assert [one.name for one in report.rows[1].weights] == ["net/stem/kernel", "net/stem/bias"]


@each(
    ("dtype", "bits", "trained"),
    [("float32", 32, 274), ("int8", 8, 0), ("int16", 16, 0), ("float16", 16, 260), ("int4", 4, 0)],
)
def test_weights_have_their_own_bytes(dtype: str, bits: int, trained: int, tmp_path: Path) -> None:
    scale = {"quantization": {"scale": [0.5]}} if "int" in dtype else {}
    report = cnnsum.summarize(load(network(dtype, **scale), tmp_path))
    assert report.totals.params.total == 274
    assert report.totals.params.trainable == trained
    assert report.totals.weights.total == 260 * bits // 8 + 14 * 4  # biases have 32 bits


def test_a_constant_is_a_weight_if_it_is_of_floats_or_quantized(tmp_path: Path) -> None:
    """The 3 of a sum; not the sizes that a reshape is given, and not a number without axes."""
    made = Builder()
    x = made.input("x", 2, 6, 3)
    y, z, out = (made.tensor(name, shape) for name, shape in (("y", [2, 6, 3]), ("z", [2, 6, 3]), ("out", [36])))
    made.operator("ADD", [x, made.weight("b", 3)], y)
    made.operator("MUL", [y, made.numbers("two", [2.0], dtype="float32", shape=[])], z)
    made.operator("RESHAPE", [z, made.numbers("shape", [-1])], out, new_shape=[-1])
    made.outputs = [out]
    report = cnnsum.summarize(load(made, tmp_path))
    assert report.totals.params.total == 3
    assert report.totals.flops == 18 + 18  # of a sample


def test_a_weight_that_two_operators_read_is_counted_once(tmp_path: Path) -> None:
    made = Builder()
    x = made.input("x", 1, 8)
    kernel = made.weight("kernel", 8, 8)
    y, z = made.tensor("y", [1, 8]), made.tensor("z", [1, 8])
    made.operator("FULLY_CONNECTED", [x, kernel, -1], y)
    made.operator("FULLY_CONNECTED", [y, kernel, -1], z)
    made.outputs = [z]
    report = cnnsum.summarize(load(made, tmp_path))
    assert (report.totals.params.total, report.totals.macs) == (64, 128)


def test_weights_of_one_name_and_shape_are_as_many_as_there_are(tmp_path: Path) -> None:
    """A name is no more than a text in the file: converters leave it out."""
    made = Builder()
    x, out = made.input("x", 4, 4), made.tensor("y", [12, 4])
    made.operator("CONCATENATION", [x, made.weight("", 4, 4), made.weight("", 4, 4)], out)
    made.outputs = [out]
    assert cnnsum.summarize(load(made, tmp_path)).totals.params.total == 2 * 16


def test_weights_in_16_bits_are_made_32_before_they_are_used(tmp_path: Path) -> None:
    """So do converters write a network in half precision: `DEQUANTIZE` owns the weight."""
    made = Builder()
    x = made.input("x", 1, 8)
    kernel, y = made.tensor("kernel/f32", [4, 8]), made.tensor("y", [1, 4])
    made.operator("DEQUANTIZE", [made.weight("kernel", 4, 8, dtype="float16")], kernel)
    made.operator("FULLY_CONNECTED", [x, kernel, -1], y)
    made.outputs = [y]
    found = load(made, tmp_path)
    report = cnnsum.summarize(found)
    assert (report.totals.params.total, report.totals.weights.total, report.totals.macs) == (32, 64, 32)
    assert shapes(found) == ["(1, 4)"]


def test_a_layer_of_lstm(tmp_path: Path) -> None:
    """4 matrices of 6 x 5 and 4 of 6 x 6, and 4 biases; 7 steps; the states are not weights."""
    made = Builder()
    x, y = made.input("x", 1, 7, 5), made.tensor("y", [1, 7, 6])
    into = [made.weight(f"i{at}", 6, 5) for at in range(4)]
    again = [made.weight(f"r{at}", 6, 6) for at in range(4)]
    biases = [made.weight(f"b{at}", 6) for at in range(4)]
    states = [made.tensor(f"s{at}", [1, 6], is_variable=True) for at in range(2)]
    made.operator(
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        [x, *into, *again, -1, -1, -1, *biases, -1, -1, *states],
        y,
        fused_activation_function=4,
    )
    made.outputs = [y]
    found = load(made, tmp_path)
    report = cnnsum.summarize(found)
    assert report.totals.params.total == 4 * (30 + 36 + 6)
    assert report.totals.macs == 7 * 4 * (30 + 36)
    assert shapes(found) == ["(1, 7, 6)"]


def test_recurrent_operators_of_one_step(tmp_path: Path) -> None:
    """By hand: matrices of 6 x 5 and 6 x 6, or one of 24 x 11; filters over 5 features, and over 10 steps."""
    made = Builder()
    x, before, state = made.input("x", 1, 5), made.input("h", 1, 6), made.input("c", 1, 6)
    outs = [made.tensor(f"y{at}", [1, 1]) for at in range(7)]
    kernels = [made.weight("k", 6, 5), made.weight("r", 6, 6), made.weight("b", 6)]
    made.operator(
        "RNN", [x, *kernels, made.tensor("s", [1, 6], is_variable=True)], outs[0], fused_activation_function=4
    )
    joined = [made.weight("j", 24, 11), made.weight("jb", 24)]
    made.operator("LSTM", [x, before, *joined, state], *outs[1:5], kernel_type=1, fused_activation_function=4)
    filters = [made.weight("f", 6, 5), made.weight("t", 6, 10), made.weight("fb", 3)]
    made.operator("SVDF", [x, *filters, made.tensor("m", [1, 60], is_variable=True)], outs[5], rank=2)
    full = [*(made.weight(f"i{at}", 6, 5) for at in range(4)), *(made.weight(f"r{at}", 6, 6) for at in range(4))]
    biases = [made.weight(f"b{at}", 6) for at in range(4)]
    states = [made.tensor(f"v{at}", [1, 6], is_variable=True) for at in range(2)]
    made.operator("LSTM", [x, *full, -1, -1, -1, *biases, -1, -1, *states], outs[6], fused_activation_function=4)
    made.outputs = outs
    found = load(made, tmp_path)
    assert shapes(found) == ["(1, 6)", "(1, 6)", "(1, 6)", "(1, 11)", "(1, 24)", "(1, 3)", "(1, 6)"]
    rows = {row.type: [] for row in cnnsum.summarize(found).rows}
    for row in cnnsum.summarize(found).rows:
        rows[row.type].append((row.params.total, row.macs))
    assert rows["RNN"] == [(30 + 36 + 6, 30 + 36)]
    assert rows["LSTM"] == [(24 * 11 + 24, 24 * 11), (4 * (30 + 36 + 6), 4 * (30 + 36))]
    assert rows["SVDF"] == [(30 + 60 + 3, 30 + 60)]


def test_weights_of_graphs_that_an_operator_runs_are_its_own(tmp_path: Path) -> None:
    made = Builder()
    x = made.input("x", 1, 5)
    weight, shared = made.weight("w", 3, 5), made.weight("shared", 7, 5)
    y, z = made.tensor("y", [1, 5]), made.tensor("z", [1, 7])
    made.operator("WHILE", [x], y, cond_subgraph_index=1, body_subgraph_index=2)
    made.operator("FULLY_CONNECTED", [y, shared, -1], z)
    made.outputs = [z]
    tree = made.tree()
    graph = tree["subgraphs"][0]
    held = [graph["tensors"][weight], graph["tensors"][shared]]
    graph["tensors"][weight] = {**held[0], "buffer": 0}
    tree["subgraphs"] += [{"tensors": [held[0]]}, {"tensors": [*held, held[0]]}]
    (tmp_path / "m.tflite").write_bytes(written(tree))
    found = cnnsum.load(tmp_path / "m.tflite")
    report = cnnsum.summarize(found)
    assert {row.type: row.params.total for row in report.rows if row.type != "InputLayer"} == {
        "WHILE": 15,
        "FULLY_CONNECTED": 35,
    }
    assert [one.code for one in found.diagnostics] == ["UNK707", "UNK701"]


@pytest.mark.parametrize(("start", "most", "step", "runs"), [(0, 10, 1, 10), (3, 10, 2, 4), (0, 0, 1, 0), (9, 3, 1, 0)])
def test_a_loop_that_counts_runs_as_often_as_the_file_says(
    tmp_path: Path, start: int, most: int, step: int, runs: int
) -> None:
    found = load(looped(start=start, most=most, step=step), tmp_path)
    report = cnnsum.summarize(found)
    assert not found.diagnostics
    assert report.totals.macs == runs * 25 + 35
    assert report.totals.params.total == 25 + 35
    assert shapes(found) == ["(1, 7)"]


def test_of_a_loop_that_nobody_counts_the_shapes_are_told(tmp_path: Path) -> None:
    for tree in (looped(start=None), looped(step=0)):
        found = load(tree, tmp_path)
        report = cnnsum.summarize(found)
        assert not found.diagnostics
        assert shapes(found) == ["(1, 7)"]
        assert report.totals.params.total == 25 + 35
        assert str(report.totals.macs) == "?"


def test_of_a_loop_whose_states_grow_no_end_is_known(tmp_path: Path) -> None:
    found = load(looped(more=True), tmp_path)
    report = cnnsum.summarize(found)
    rows = {row.name: row for row in report.rows}
    assert rows["y"].outputs[0].shape is None
    assert report.totals.params.total == 25 + 35
    assert str(report.totals.macs) == "?"


def test_a_weight_of_two_graphs_counts_once(tmp_path: Path) -> None:
    tree = looped()
    (again,) = (one for one in tree["subgraphs"][2]["tensors"] if one["name"] == "again")
    main = tree["subgraphs"][0]
    # The matrix behind the loop is that in it.
    (head,) = (one for one in main["tensors"] if one["name"] == "head")
    head |= {"shape": [5, 5], "buffer": again["buffer"]}
    report = cnnsum.summarize(load(tree, tmp_path))
    assert report.totals.params.total == 25
    assert report.totals.macs == 10 * 25 + 25


# --- sizes ------------------------------------------------------------------------------------------------------------


def test_sizes_are_conditions(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(written(network().tree()))
    out = call("sizes", str(tmp_path / "m.tflite")).out
    assert "accepts     H >= 5" in out


def test_another_size(tmp_path: Path) -> None:
    found = load(network(), tmp_path, inputs={"": (65, 64, 3)})
    layers = [str(call.facts.outputs[0]) for call in found.inference.calls]
    assert "(1, 33, 32, 4)" in layers
    assert not found.diagnostics


def test_an_open_batch_and_open_sizes(tmp_path: Path) -> None:
    found = load(network("float32", -1, -1, -1, 3), tmp_path)
    assert [str(dim) for dim in found.graph.inputs[0].layer.spec.shape] == ["N", "H", "W", "3"]
    assert shapes(found) == ["(N, 10)"]
    assert str(found.graph.batch) == "N"


def test_a_shape_that_the_program_computes(tmp_path: Path) -> None:
    """Flat by its own first size, as Keras's Flatten is converted. Operators on sizes have no row."""
    made = Builder()
    x = made.input("x", -1, 4, 5, 3)
    shape, batch = made.tensor("shape", [4], "int32"), made.tensor("batch", [], "int32")
    packed, out = made.tensor("packed", [2], "int32"), made.tensor("flat", [-1, 60])
    made.operator("SHAPE", [x], shape)
    ends = [made.numbers(name, [number]) for name, number in (("b", 0), ("e", 1), ("s", 1))]
    made.operator("STRIDED_SLICE", [shape, *ends], batch, shrink_axis_mask=1)
    made.operator("PACK", [batch, made.numbers("rest", [60], shape=[])], packed, values_count=2)
    made.operator("RESHAPE", [x, packed], out)
    made.outputs = [out]
    found = load(made, tmp_path)
    assert shapes(found) == ["(N, 60)"]
    assert [one.name for one in cnnsum.summarize(found).rows] == ["x", "flat"]


def test_recorded_shapes_are_compared(tmp_path: Path) -> None:
    made = network()
    made.tensors[1]["shape"] = [1, 16, 16, 4]
    found = load(made, tmp_path)
    (warning,) = found.diagnostics
    assert warning.code == "SHP220"
    assert "records (1, 16, 16, 4) for the output of `net/stem/Relu6`, but it is (1, 17, 17, 4)" in warning.message
    assert found.diagnostics[0].span.line == 1


# --- what is not known ------------------------------------------------------------------------------------------------


def test_an_operator_of_its_own_is_unknown_and_its_shapes_are_taken_from_the_file(tmp_path: Path) -> None:
    made = network()
    boxes, scores = made.tensor("boxes", [1, 10, 4]), made.tensor("scores", [1, 10])
    made.operator("TFLite_Detection_PostProcess", [made.outputs[0]], boxes, scores)
    after = made.tensor("after", [1, 10, 4])
    made.operator("RELU", [boxes], after)
    made.outputs = [after, scores]
    found = load(made, tmp_path)
    assert shapes(found) == ["(1, 10, 4)", "(1, 10)"]
    (warning,) = found.diagnostics
    assert (warning.code, warning.severity) == ("UNK701", "warning")
    assert "unknown operation `TFLite_Detection_PostProcess`" in warning.message
    report = cnnsum.summarize(found)
    assert report.rows[-2].status == "unknown"
    assert report.totals.unknown == ("boxes",)


def test_an_operator_of_its_own_may_have_tensors_to_work_in(tmp_path: Path) -> None:
    """As the one of Arm's compiler for its processors, which nothing makes before."""
    made = Builder()
    x, scratch, y = made.input("x", 1, 8), made.tensor("scratch", [4096], "uint8"), made.tensor("y", [1, 2])
    made.operator("ethos-u", [x, made.weight("commands", 900, dtype="uint8"), scratch], y)
    made.outputs = [y]
    found = load(made, tmp_path)
    assert [one.code for one in found.diagnostics] == ["UNK701"]
    assert shapes(found) == ["(1, 2)"]
    assert cnnsum.summarize(found).totals.params.total == 0


def test_operators_of_later_schemas(tmp_path: Path) -> None:
    made = network()
    made.codes[0].update(deprecated_builtin_code=127, builtin_code=999)
    found = load(made, tmp_path)
    assert "unknown operation `operator 999`" in found.diagnostics[0].message


def test_further_graphs_are_said(tmp_path: Path) -> None:
    tree = network().tree()
    tree["subgraphs"] *= 3
    found = load(tree, tmp_path)
    assert [one.code for one in found.diagnostics] == ["UNK707"]
    assert "2 more graphs" in found.diagnostics[0].message


def test_options_that_do_not_fit(tmp_path: Path) -> None:
    made = network()
    del made.operators[0]["builtin_options"]["stride_w"]
    found = load(made, tmp_path)
    assert [(one.code, one.message) for one in found.diagnostics] == [("CFG101", "CONV_2D needs `stride_w`")]
    assert call(str(tmp_path / "m.tflite")).code == 1


@each(("numbers", "dtype"), [([0.5, 1.0, 2.0, 0.0], "float32"), ([True, False, True, True], "bool")])
def test_numbers_that_are_no_amounts(numbers: list[Any], dtype: str, tmp_path: Path) -> None:
    """What follows is not known, and neither taken for a size nor a traceback."""
    made = Builder()
    x, y = made.input("x", 5, 4), made.tensor("y", [9, 9])
    made.operator("PAD", [x, made.numbers("pads", numbers, dtype=dtype, shape=[2, 2])], y)
    made.outputs = [y]
    found = load(made, tmp_path)
    assert all(call.facts.status != "exact" for call in found.inference.calls if call.layer.spec is None)


@each(("numbers", "says"), [([-1, 4], "makes no axis shorter than 0"), ([2**31 - 1] * 2, "")])
def test_lengths_that_are_none(numbers: list[int], says: str, tmp_path: Path) -> None:
    made = Builder()
    made.input("x", 1)
    y = made.tensor("y", [1, 1])
    value = made.numbers("one", [1.0], dtype="float32", shape=[])
    made.operator("FILL", [made.numbers("shape", numbers), value], y)
    made.outputs = [y]
    found = load(made, tmp_path)
    assert says in "".join(one.message for one in found.diagnostics if one.severity == "error")


# --- files that are none ----------------------------------------------------------------------------------------------


def refused(data: bytes, folder: Path) -> str:
    """What is said of a file that cannot be read: with its place, and nothing else."""
    path = folder / "bad.tflite"
    path.write_bytes(data)
    with pytest.raises(UnusableError) as caught:
        cnnsum.load(path)
    (found,) = caught.value.diagnostics
    assert found.span is not None
    assert (found.span.line, found.span.path) == (1, str(path))
    assert found.code in ("SPC067", "SPC079", "SPC039")
    assert call(str(path)).code == 2
    return found.message


def broken(change: Any) -> bytes:
    tree = network().tree()
    change(tree, tree["subgraphs"][0])
    return written(tree)


@each(
    ("change", "says"),
    [
        (lambda tree, _: tree.update(version=2), "of version 2 of the schema"),
        (lambda tree, _: tree.update(subgraphs=[]), "no operators"),
        (lambda _, main: main.update(operators=[]), "no operators"),
        (lambda _, main: main["operators"][0].update(opcode_index=9), "no kind of operator 9"),
        (lambda _, main: main["operators"][0].update(inputs=[0, 99]), "no tensor 99"),
        (lambda _, main: main["operators"][0].update(inputs=[-2]), "no tensor -2"),
        (lambda _, main: main.update(outputs=[99]), "no tensor 99"),
        (lambda _, main: main.update(inputs=[]), "used before anything makes it"),
        (lambda _, main: main["tensors"][0].update(shape=[1] * 65), "65 axes"),
        (lambda _, main: main["tensors"][0].update(name="x" * 5_000), "a name has more than 4,096 bytes"),
    ],
)
def test_parts_that_are_not_there(change: Any, says: str, tmp_path: Path) -> None:
    assert says in refused(broken(change), tmp_path)


def test_files_that_end_too_early(tmp_path: Path) -> None:
    data = written(network().tree())
    path = tmp_path / "short.tflite"
    codes = set()
    for end in range(8, len(data), 97):
        path.write_bytes(data[:end])
        with contextlib.suppress(UnusableError):
            codes.update(one.code for one in cnnsum.load(path).diagnostics)  # the last bytes are weights
    assert codes <= {"SHP220"}
    path.write_bytes(data[: len(data) // 2])
    assert call(str(path)).code == 2


def test_bytes_of_any_kind(tmp_path: Path) -> None:
    """Bytes written over at random: read or refused, and nothing else."""
    path = tmp_path / "any.tflite"
    for number in range(examples(100)):
        chance = Random(number)
        data = bytearray(written(model(chance), chance))
        for _ in range(chance.choice((1, 2, 8, 64))):
            at = chance.randrange(len(data))
            data[at : at + 4] = struct.pack("<I", chance.choice((0, 1, at, 2**31, 2**32 - 1, chance.randrange(2**16))))
        data[4:8] = b"TFL3"
        data[3] = 0
        path.write_bytes(data)
        try:
            found = cnnsum.load(path)
        except UnusableError:
            continue
        cnnsum.summarize(found)


def test_parts_that_are_shared_do_not_multiply(tmp_path: Path) -> None:
    """200 kB whose lists name one table again and again, which itself has such a list: 400 million tables."""
    table = struct.Struct("<I")
    data = bytearray(8)
    data[4:8] = b"TFL3"

    def put(fields: dict[int, int | None]) -> tuple[int, dict[int, int]]:
        """A table with a place for each field; gives its place, and those of the fields."""
        while len(data) % 4:
            data.append(0)
        vtable, count = len(data), max(fields) + 1
        data.extend(bytes(4 + 2 * count + 2))
        while len(data) % 4:
            data.append(0)
        start = len(data)
        data.extend(struct.pack("<i", start - vtable) + bytes(4 * len(fields)))
        struct.pack_into("<HH", data, vtable, 4 + 2 * count, 4 + 4 * len(fields))
        places = {}
        for at, number in enumerate(sorted(fields)):
            places[number] = start + 4 + 4 * at
            struct.pack_into("<H", data, vtable + 4 + 2 * number, 4 + 4 * at)
            struct.pack_into("<I", data, places[number], fields[number] or 0)
        return start, places

    def listed(place: int, count: int) -> list[int]:
        """A list of that many offsets, that a field names."""
        at = len(data)
        table.pack_into(data, place, at - place)
        data.extend(table.pack(count) + bytes(4 * count))
        return [at + 4 + 4 * index for index in range(count)]

    root, places = put({0: 3, 2: None})
    table.pack_into(data, 0, root)
    graphs = listed(places[2], 20_000)
    graph, inner = put({0: None})
    for place in graphs:
        table.pack_into(data, place, graph - place)
    tensors = listed(inner[0], 20_000)
    tensor, _ = put({2: 1})
    for place in tensors:
        table.pack_into(data, place, tensor - place)
    assert f"more than {MAX_VALUES:,} values" in refused(bytes(data), tmp_path)


def test_what_is_no_such_file(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("input: [4]\nlayers: [Flatten]\n")
    with pytest.raises(UnusableError, match="this is not TensorFlow Lite file"):
        cnnsum.load(path, format="tflite")
    path.write_text("# a TFL3 comment\ninput: [4]\nlayers: [Flatten]\n")
    assert cnnsum.load(path).format == "cnnsum"


# --- outside ----------------------------------------------------------------------------------------------------------


def test_through_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = written(network().tree())

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def fileno(self) -> int:
            raise io.UnsupportedOperation

    monkeypatch.setattr(sys, "stdin", type("", (), {"buffer": Pipe(data)}))
    assert cnnsum.load("-").format == "tflite"
    assert len(data) < MAX_BYTES


def test_weights_are_not_read(tmp_path: Path) -> None:
    """Numbers in a large weight change nothing, the sum of the file included; those in a small one change the sum."""
    made = Builder()
    x, y = made.input("x", 1, 100), made.tensor("y", [1, 100])
    made.operator("FULLY_CONNECTED", [x, made.weight("kernel", 100, 100), made.weight("bias", 100)], y)
    made.outputs = [y]
    first = load(made, tmp_path).document.sha256
    made.buffers[1]["data"] = b"\1" * 40_000
    assert load(made, tmp_path).document.sha256 == first
    made.buffers[2]["data"] = b"\1" * 400
    assert load(made, tmp_path).document.sha256 != first


def test_found_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(written(network().tree()))
    (tmp_path / "bad.tflite").write_bytes(b"\x1c\0\0\0TFL3")
    found = call("check", str(tmp_path))
    assert "bad.tflite:1:1" in found.out + found.err
    assert "SPC067" in found.out + found.err


@pytest.mark.parametrize(("operator", "places", "fields"), [("GATHER", [0, 5], {"axis": 1}), ("GATHER_ND", [1, 5], {})])
def test_indices_are_those_of_elements(operator: str, places: list[int], fields: Any, tmp_path: Path) -> None:
    for length in (5, 6):
        made = Builder()
        x = made.input("x", 2, length, 4)
        out = made.tensor("y", [2, 2, 4] if fields else [4])
        made.operator(operator, [x, made.numbers("at", places)], out, **fields)
        made.outputs = [out]
        assert [one.code for one in load(made, tmp_path).diagnostics] == ["SHP205"] * (6 - length)
