"""Graphs that run again and again (`Loop`, `Scan`, `SequenceMap`), sequences that are split from tensors, and branches
that sizes choose. The shapes are those that onnxruntime gives (tests/peers/test_onnx_repeated.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cnnsum
from tests.readers.onnx.test_onnx_files import info, load, model, node, numbers, weight
from tests.thorough import each

GOES_ON = node("Identity", ["c"], ["d"])
PRODUCT = {
    "node": [GOES_ON, node("MatMul", ["s", "w"], ["t"]), node("Relu", ["t"], ["y"])],
    "input": [info("i", dtype=7), info("c", dtype=9), info("s", 2, 4)],
    "output": [{"name": "d"}, {"name": "t"}, {"name": "y"}],
}
GROWS = {**PRODUCT, "node": [GOES_ON, node("Concat", ["s", "s"], ["t"], axis=0), node("Relu", ["s"], ["y"])]}
ENDS = {**PRODUCT, "node": [node("Less", ["i", "i"], ["d"]), *PRODUCT["node"][1:]]}
OUTPUTS = [{"name": "o"}, {"name": "ys"}]


def scalar(name: str, value: int) -> dict[str, Any]:
    return {"name": name, "dims": [], "data_type": 7, "int64_data": [value]}


def looped(body: Any, held: tuple[Any, ...], *before: Any) -> dict[str, Any]:
    loop = node("Loop", ["m", "", "x"], ["o", "ys"], body=body)
    return model([*before, loop], 2, 4, held=(weight("w", 4, 4), *held), output=OUTPUTS)


def shapes(found: cnnsum.Model) -> list[Any]:
    return [one.shape for one in cnnsum.summarize(found).outputs]


@each("count", [5, 500])
def test_runs_of_a_known_count_are_all_counted(count: int, tmp_path: Path) -> None:
    found = load(looped(PRODUCT, (scalar("m", count),)), tmp_path)
    assert not found.diagnostics
    report = cnnsum.summarize(found)
    assert [one.shape for one in report.outputs] == [(2, 4), (count, 2, 4)]
    assert report.totals.macs == 16 * count  # of one sample of two
    assert report.totals.params.total == 16


def test_a_count_that_sizes_give(tmp_path: Path) -> None:
    sizes = (node("Shape", ["x"], ["n"]), node("Gather", ["n", "one"], ["m"], axis=0))
    found = load(looped(PRODUCT, (scalar("one", 1),), *sizes), tmp_path)
    assert shapes(found) == [(2, 4), (4, 2, 4)]
    assert cnnsum.summarize(found).totals.macs == 64
    # With another size there are as many runs.
    wide = {**PRODUCT, "node": [GOES_ON, node("Relu", ["s"], ["t"]), node("Tanh", ["t"], ["y"])]}
    again = load(looped(wide, (scalar("one", 1),), *sizes), tmp_path, inputs={"x": (7,)})
    assert shapes(again) == [(2, 7), (7, 2, 7)]


def test_a_count_that_nobody_knows(tmp_path: Path) -> None:
    count = (node("ReduceMax", ["x"], ["r"], keepdims=0), node("Cast", ["r"], ["m"], to=7))
    found = load(looped(PRODUCT, (), *count), tmp_path)
    assert not found.errors
    assert str(shapes(found)) == "[(2, 4), (?, 2, 4)]"
    assert str(cnnsum.summarize(found).totals.macs) == "?"
    early = load(looped(ENDS, (scalar("m", 5),)), tmp_path)
    assert str(shapes(early)) == "[(2, 4), (?, 2, 4)]"


def test_a_state_that_grows_is_followed_as_far_as_the_runs_are_known(tmp_path: Path) -> None:
    apart = {**GROWS, "output": GROWS["output"][:2]}
    loop = node("Loop", ["m", "", "x"], ["o"], body=apart)
    assert shapes(load(model([loop], 2, 4, held=(scalar("m", 3),), output=OUTPUTS[:1]), tmp_path)) == [(16, 4)]
    many = load(model([loop], 2, 4, held=(scalar("m", 3000),), output=OUTPUTS[:1]), tmp_path)
    assert not many.errors
    assert shapes(many) == [None]


def test_weights_within_are_those_of_all_runs(tmp_path: Path) -> None:
    held = {**PRODUCT, "initializer": [weight("w", 4, 4)]}
    for count in (3, 300):
        found = load(looped(held, (scalar("m", count),)), tmp_path)
        assert cnnsum.summarize(found).totals.params.total == 32  # with the one outside, which nothing reads


def test_a_scan_takes_a_tensor_apart(tmp_path: Path) -> None:
    body = {
        "node": [node("MatMul", ["e", "w"], ["y"]), node("Add", ["s", "y"], ["t"])],
        "input": [info("s", 4), info("e", 3)],
        "output": [{"name": "t"}, {"name": "y"}],
    }
    axes = {"scan_input_axes": [1], "scan_output_axes": [1]}
    for size, macs in ((9, 36), ("T", None)):
        scan = node("Scan", ["h", "x"], ["o", "ys"], body=body, num_scan_inputs=1, **axes)
        tree = model([scan], 3, size, held=(weight("w", 3, 4), weight("h", 4)), output=OUTPUTS)
        found = load(tree, tmp_path)
        assert not found.diagnostics
        assert str(shapes(found)) == f"[(4,), (4, {size})]"
        assert macs is None or cnnsum.summarize(found).totals.macs == macs
    wrong = {**body, "input": [info("s", 4), info("e", 3), info("f", 3)]}
    scan = node("Scan", ["h", "x", "z"], ["o", "ys"], body=wrong, num_scan_inputs=2)
    held = (weight("w", 3, 4), weight("h", 4), weight("z", 5, 3))
    assert load(model([scan], 6, 3, held=held, output=OUTPUTS), tmp_path).errors


def test_a_map_of_a_sequence(tmp_path: Path) -> None:
    body = {"node": [node("Relu", ["e"], ["t"])], "input": [info("e", 2, 4)], "output": [{"name": "t"}]}
    nodes = [
        node("Concat", ["x", "x"], ["b"], axis=0),
        node("SequenceConstruct", ["x", "b"], ["q"]),
        node("SequenceMap", ["q"], ["r"], body=body),
        node("ConcatFromSequence", ["r"], ["o"], axis=0),
    ]
    assert shapes(load(model(nodes, 2, 4), tmp_path)) == [(6, 4)]
    assert shapes(load(model(nodes[:3], 2, 4), tmp_path)) == [(2, 4), (4, 4)]  # a sequence that is given itself


def test_parts_of_a_tensor(tmp_path: Path) -> None:
    nodes = [
        node("SplitToSequence", ["x", "two"], ["q"], axis=0),
        node("SequenceAt", ["q", "one"], ["a"]),
        node("SplitToSequence", ["x", "parts"], ["r"], axis=0),
        node("SequenceAt", ["r", "one"], ["b"]),
        node("SplitToSequence", ["x"], ["e"], axis=0, keepdims=0),
        node("SequenceAt", ["e", "one"], ["f"]),
        node("ConcatFromSequence", ["e"], ["g"], axis=0, new_axis=1),
        node("SequenceLength", ["r"], ["n"]),
        node("ConstantOfShape", ["n"], ["h"]),
    ]
    held = (scalar("two", 2), scalar("one", 1), numbers("parts", 3, 4))
    outputs = [{"name": name} for name in "abfg"]
    found = load(model(nodes[:-1], 7, 4, held=held, output=outputs), tmp_path)
    assert not found.diagnostics
    assert shapes(found) == [(2, 4), (4, 4), (4,), (7, 4)]


@each(
    ("size", "place", "shape"),
    [(7, 3, (1, 4)), (6, 2, (2, 4)), (7, 4, None), (6, 3, None), ("n", 3, "(min(N, 8) - min(N, 6), 4)"), (0, 0, None)],
)
def test_a_part_that_there_may_not_be(size: Any, place: int, shape: Any, tmp_path: Path) -> None:
    """Parts of 2: of 7 rows there are four, and the last has one row. With open sizes it is a condition."""
    nodes = [node("SplitToSequence", ["x", "two"], ["q"], axis=0), node("SequenceAt", ["q", "at"], ["a"])]
    found = load(model(nodes, size, 4, held=(scalar("two", 2), scalar("at", place)), output=[{"name": "a"}]), tmp_path)
    if shape is None:
        assert [one.code for one in found.diagnostics] == ["SHP201"]
        assert "part" in found.diagnostics[0].message
        return
    assert not found.diagnostics
    if isinstance(shape, str):
        (needed,) = cnnsum.summarize(found).sizes
        assert needed.condition == "N >= 7"
        assert str(shapes(found)) == f"[{shape}]"
    else:
        assert shapes(found) == [shape]
    # Without the axis every part is one row.
    alone = [node("SplitToSequence", ["x"], ["q"], axis=0, keepdims=0), nodes[1]]
    found = load(model(alone, size, 4, held=(scalar("at", place),), output=[{"name": "a"}]), tmp_path)
    assert not found.diagnostics
    assert shapes(found) == [(4,)]


@each(
    ("then", "other", "shape"),
    [
        ((2, 6), (2, 6), (2, 6)),
        ((2, 6), (2, 5), "(2, ?)"),
        ((2, 6), (2, 6, 1), None),
        ((2, 6), None, None),
    ],
)
def test_a_branch_that_the_data_chooses(then: Any, other: Any, shape: Any, tmp_path: Path) -> None:
    """Which runs is in no file, and so the work is not known; a shape that both record is."""

    def branch(operation: str, sizes: Any) -> dict[str, Any]:
        output = {"name": "p"} if sizes is None else info("p", *sizes)
        return {"node": [node(operation, ["x", "x"], ["p"])], "output": [output]}

    nodes = [
        node("ReduceMax", ["x"], ["m"], keepdims=0),
        node("Cast", ["m"], ["c"], to=9),
        node("If", ["c"], ["y"], then_branch=branch("Own", then), else_branch=branch("Other", other)),
        node("Relu", ["y"], ["z"]),
    ]
    found = load(model(nodes, 2, 6, output=[{"name": "z"}]), tmp_path)
    assert [one.code for one in found.diagnostics] == ["UNK701"]
    report = cnnsum.summarize(found)
    assert str(report.totals.macs) == "?"
    given = report.outputs[0].shape
    assert given == shape or str(given) == str(shape), given
    # The file's word is of the sizes that it was made for.
    assert cnnsum.summarize(load(model(nodes, 2, 6), tmp_path, inputs={"x": (5, 6)})).outputs[0].shape is None


@each(("size", "shape"), [(1, (2, 4)), (3, (2, 3, 4))])
def test_a_branch_that_a_size_chooses(size: int, shape: Any, tmp_path: Path) -> None:
    nodes = [
        node("Shape", ["x"], ["n"]),
        node("Gather", ["n", "one"], ["m"], axis=0),
        node("Equal", ["m", "one"], ["c"]),
        node(
            "If",
            ["c"],
            ["y"],
            then_branch={"node": [node("Squeeze", ["x", "ones"], ["p"])], "output": [{"name": "p"}]},
            else_branch={"node": [node("Relu", ["x"], ["p"])], "output": [{"name": "p"}]},
        ),
    ]
    found = load(model(nodes, 2, size, 4, held=(scalar("one", 1), numbers("ones", 1))), tmp_path)
    assert not found.diagnostics
    assert shapes(found) == [shape]
    # With another size than the file's, which branch runs is not known.
    other = load(
        model(nodes, 2, size, 4, held=(scalar("one", 1), numbers("ones", 1))), tmp_path, inputs={"x": (4 - size, 4)}
    )
    assert [one.code for one in other.diagnostics] == ["UNK701"]


def test_loops_within_loops_are_bounded(tmp_path: Path) -> None:
    body: dict[str, Any] = PRODUCT
    for level in range(6):
        inner = node("Loop", ["m", "", "s"], ["t"] if level else ["t", "y"], body=body)
        body = {**PRODUCT, "node": [GOES_ON, inner], "output": [{"name": "d"}, {"name": "t"}]}
    loop = node("Loop", ["m", "", "x"], ["o"], body=body)
    found = load(model([loop], 2, 4, held=(weight("w", 4, 4), scalar("m", 60)), output=OUTPUTS[:1]), tmp_path)
    assert not found.errors
    report = cnnsum.summarize(found)
    assert shapes(found) == [(2, 4)]
    assert report.totals.macs == 16 * 60**7


def test_many_states_keep_their_dtypes(tmp_path: Path) -> None:
    count = 8
    names = [f"s{at}" for at in range(count)]
    body = {
        "node": [GOES_ON, *[node("Identity", [name], [f"t{name}"]) for name in names]],
        "input": [info("i", dtype=7), info("c", dtype=9), *[info(name, 2, 4) for name in names]],
        "output": [{"name": "d"}, *[{"name": f"t{name}"} for name in names]],
    }
    outs = [f"o{at}" for at in range(count)]
    loop = node("Loop", ["m", "", *["x"] * (count - 1), "n"], outs, body=body)
    held = (scalar("m", 300), numbers("n", 1, 2, 3))
    found = load(model([loop], 2, 4, held=held, output=[{"name": name} for name in outs]), tmp_path)
    values = [found.inference.values[number] for number in found.inference.outputs]
    assert [(one.shape, one.dtype) for one in values] == [((2, 4), "float32")] * (count - 1) + [((3,), "int64")]


def test_a_state_without_an_end_is_not_followed(tmp_path: Path) -> None:
    loop = node("Loop", ["m", "", "x"], ["o", "ys"], body={**PRODUCT, "output": [{"name": "d"}, {}, {"name": "y"}]})
    tree = model([loop], 2, 4, held=(weight("w", 4, 4), scalar("m", 500)), output=OUTPUTS)
    assert load(tree, tmp_path).graph.outputs


def test_nodes_on_sequences_that_give_nothing_are_said_to_be_wrong(tmp_path: Path) -> None:
    made = node("SequenceConstruct", ["x"], ["s"])
    zero = scalar("at", 0)
    for last in (node("SequenceLength", ["s"], ["z"]), node("SequenceAt", ["s", "at"], ["z"])):
        tree = model([made, last], 2, 4, held=(zero,), output=[{"name": "x"}])
        last["output"] = []
        found = load(tree, tmp_path)
        assert found.diagnostics
        assert shapes(found) == [(2, 4)]
