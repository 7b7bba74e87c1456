"""Boxes and edges: nothing is lost or made up, groups are where they belong, and folding is contraction."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from time import process_time

import report_sample as sample
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_writing import Json, called, functional, image, load, made, operation, sequential
from keras_writing import report as kept

import cnnsum
from cnnsum.answers.picture.ask import lifted, picture
from cnnsum.answers.picture.records import Box, Edge, Picture
from cnnsum.answers.summary.alike import beginnings
from cnnsum.answers.summary.records import Report, Row
from tests.thorough import THOROUGH, each, examples

ROOT = Path(__file__).parents[3]
SPECS = [path for path in sorted((ROOT / "specs").rglob("*.yaml")) if path.stem != "resnet_blocks"]
PROGRAMS = sorted((ROOT / "tests" / "readers" / "pt2").glob("*.pt2"))


def report(text: str, name: str = "model.yaml") -> Report:
    return cnnsum.summarize(cnnsum.loads(text, name))


def boxes(within: tuple[Box, ...]) -> Iterator[Box]:
    waiting = [*reversed(within)]
    while waiting:
        box = waiting.pop()
        yield box
        waiting += reversed(box.boxes)


def layers(found: Picture) -> list[Box]:
    return [box for box in boxes(found.boxes) if not box.boxes]


def groups(found: Picture) -> list[Box]:
    return [box for box in boxes(found.boxes) if box.boxes]


def pairs(found: Picture) -> list[tuple[str, str]]:
    return [(edge.source, edge.target) for edge in found.edges]


def assert_sound(found: Picture) -> None:
    """Every box has an id of its own, edges are between layers, groups hold something and add up."""
    every = [*boxes(found.boxes)]
    assert len({box.id for box in every}) == len(every)
    ids = {box.id for box in layers(found)}
    assert found.layers == len(ids)
    assert {end for pair in pairs(found) for end in pair} <= ids
    for group in groups(found):
        if group.kind != "model":
            assert group.row.params.total == sum(box.row.params.total for box in group.boxes)
            assert group.row.outputs == group.boxes[-1].row.outputs


def is_acyclic(edges: tuple[Edge, ...]) -> bool:
    following: dict[str, list[str]] = {}
    open_: dict[str, int] = {}
    for source, target, _ in edges:
        following.setdefault(source, []).append(target)
        open_[target] = open_.get(target, 0) + 1
    ready = [name for name in following if name not in open_]
    while ready:
        for target in following.get(ready.pop(), ()):
            open_[target] -= 1
            if not open_[target]:
                ready.append(target)
                del open_[target]
    return not open_


# --- any graph --------------------------------------------------------------------------------------------------------


@st.composite
def graphs(draw: st.DrawFn) -> Report:
    """Layers that read one to three before them, mostly near ones; some in blocks."""
    count = draw(st.integers(1, 130))
    words = draw(st.sampled_from((("a",), ("stem", "head"), ("b1_c", "b1_d", "b2_c"))))
    in_blocks = draw(st.booleans())
    rows: list[Row] = []
    for number in range(count):
        near = st.integers(max(0, number - draw(st.sampled_from((1, 1, 1, 3, 20)))), number - 1)
        reads = draw(st.lists(near, min_size=1, max_size=draw(st.sampled_from((1, 1, 2, 3))))) if number else []
        block = tuple(f"k{number * 6 // count}{deep}" for deep in range(draw(st.integers(0, 2)))) if in_blocks else ()
        name = f"{words[number * len(words) // count]}_{number}"
        inputs = tuple(rows[at].name for at in reads)
        rows.append(
            sample.row(
                name, draw(st.sampled_from(("Dense", "ReLU", "Add"))), (4,), inputs=inputs, block=block, params=number
            )
        )
    return sample.report("drawn", tuple(rows), connected=True, inputs=())


def shown(within: tuple[Box, ...], open: set[str], closed: str | None = None) -> dict[str, str]:
    """For every layer the box that is seen of it."""
    found: dict[str, str] = {}
    for box in within:
        here = closed if closed is not None or not box.boxes or box.id in open else box.id
        if box.boxes:
            found |= shown(box.boxes, open, here)
        else:
            found[box.id] = box.id if here is None else here
    return found


@settings(max_examples=examples(200))
@given(graphs(), st.integers(0, 4) | st.none(), st.randoms(use_true_random=False))
def test_nothing_is_lost_and_folding_is_contraction(found: Report, depth: int | None, chance: Random) -> None:
    seen = picture(found, depth=depth)
    assert_sound(seen)
    assert sorted(box.row.name for box in layers(seen)) == sorted(row.name for row in found.rows)
    assert sorted(pairs(seen)) == sorted({(one.layer, row.name) for row in found.rows for one in row.connections})
    as_it_is = {box.id for box in groups(seen) if not box.folded}
    for open in (as_it_is, {box.id for box in groups(seen) if chance.random() < 0.5}):
        of = shown(seen.boxes, open)
        edges = lifted(seen, open)
        assert sorted((one.source, one.target) for one in edges) == sorted(
            {(of[a], of[b]) for a, b in pairs(seen) if of[a] != of[b]}
        )
        assert open is not as_it_is or edges == lifted(seen)
        if all(not row.block for row in found.rows):
            assert is_acyclic(edges)  # groups that were found never tie what they group into a circle


@settings(max_examples=examples(200))
@given(graphs(), st.integers(1, 4))
def test_what_is_deeper_than_asked_for_is_closed(found: Report, depth: int) -> None:
    level = list(picture(found, depth=depth).boxes)
    for deep in range(1, 9):
        assert all(box.folded == (deep >= depth) for box in level if box.boxes)
        level = [inner for box in level for inner in box.boxes]
    assert not any(box.folded for box in boxes(picture(found, depth=0).boxes))


# --- networks ---------------------------------------------------------------------------------------------------------


@each("path", [*SPECS, *PROGRAMS], ids=lambda path: path.stem)
def test_networks_can_be_seen_at_once(path: Path) -> None:
    found = cnnsum.summarize(cnnsum.load(path))
    seen = picture(found)
    assert_sound(seen)
    count = len(set(shown(seen.boxes, {box.id for box in groups(seen) if not box.folded}).values()))
    assert (5 if seen.layers > 5 else 1) <= count <= 43  # dynamic.pt2 has 43 layers, in modules
    assert seen.left_out == 0
    assert not seen.wrong
    assert is_acyclic(lifted(seen))
    if seen.layers <= 40:
        assert count == seen.layers
        assert not [box for box in groups(seen) if box.kind in ("run", "stage")]


def test_names_that_begin_alike_are_a_stage() -> None:
    """Names as Keras's applications have them: by stage, block and place in it."""
    rows = [sample.row("image", "InputLayer", (4,))]
    expected: list[str] = []
    for stage in (2, 3, 4):
        for block in (1, 2, 3):
            expected.append(f"conv{stage}_block{block}")
            before = rows[-1].name
            for place in ("1_conv", "1_bn", "1_relu", "2_conv", "2_bn"):
                rows.append(sample.row(f"{expected[-1]}_{place}", "Conv2D", (4,), inputs=(rows[-1].name,)))
            rows.append(sample.row(f"{expected[-1]}_add", "Add", (4,), inputs=(before, rows[-1].name)))
            rows.append(sample.row(f"{expected[-1]}_out", "Activation", (4,), inputs=(rows[-1].name,)))
    seen = picture(sample.report("named", tuple(rows), connected=True, inputs=()))
    assert [box.name for box in seen.boxes] == ["image", *expected]
    assert {(box.title, box.kind, box.folded) for box in seen.boxes[1:]} == {("7 layers", "stage", True)}
    assert [box.name for box in seen.boxes[1].boxes[-2:]] == ["conv2_block1_add", "conv2_block1_out"]


def residual(count: int) -> str:
    """A residual network of blocks, whose layers nobody named."""
    items: list[object] = []
    for block in range(count):
        start = f"s{block}"
        items += [{"ReLU": {"name": start}}, {"Conv2D": [4, 3, 1, "same"]}, "BatchNormalization", "ReLU"]
        items += [
            {"Conv2D": [4, 3, 1, "same"]},
            {"BatchNormalization": {"name": f"n{block}"}},
            {"Add": {"from": [start, f"n{block}"]}},
        ]
    return json.dumps({"input": [8, 8, 4], "layers": items})


def test_what_lies_between_narrow_places_is_a_stage() -> None:
    """And what is only done to the end of one, here before the next, stands with it."""
    seen = picture(report(residual(8)))
    assert [box.kind for box in seen.boxes] == ["input", "layer", *["stage"] * 8]
    assert [[inner.title for inner in box.boxes[-2:]] for box in seen.boxes[2:]] == [
        *[["Add", "ReLU"]] * 7, ["BatchNormalization", "Add"]
    ]  # fmt: skip
    assert len(lifted(seen)) == 9
    assert all(box.folded for box in seen.boxes[2:])


def test_chains_are_runs_that_begin_where_weights_are() -> None:
    items = [part for _ in range(20) for part in ({"Conv2D": [4, 1]}, "BatchNormalization", "ReLU")]
    seen = picture(report(json.dumps({"input": [8, 8, 4], "layers": items})))
    assert [box.title for box in seen.boxes] == ["InputLayer", *["Conv2D, BatchNormalization, ReLU"] * 20]
    assert all(box.kind == "run" and box.folded for box in seen.boxes[1:])


def drawn(seed: int) -> Report:
    """A long graph with some ways around, near or far, and with names that tell something of it or nothing."""
    chance = Random(seed)
    count, far, share = (
        chance.choice((45, 100, 300, 900)),
        chance.choice((1, 1, 2, 3, 10, 50)),
        chance.choice((0, 0.1, 0.3, 0.6)),
    )
    rows: list[Row] = []
    for number in range(count):
        reads = [number - 1] if number else []
        while number and chance.random() < share:
            reads.append(chance.randrange(max(0, number - far), number))
        if number and chance.random() < 0.03:
            reads = [chance.randrange(number)]
        name = chance.choice(
            (f"x_{number}", f"s{number * 9 // count}_x_{number}", f"s{number * 30 // count}b{number % 3}_x_{number}")
        )
        kind = chance.choice(("Dense", "ReLU"))
        weights = {"kernel": (2,)} if chance.random() < 0.4 else None
        inputs = tuple(rows[at].name for at in dict.fromkeys(reads))
        rows.append(sample.row(name, kind, (4,), weights, macs=5, inputs=inputs))
    return sample.report("drawn", tuple(rows), connected=True, inputs=())


@each("seed", [1523, *range(40 if not THOROUGH else 2_000)])
def test_groups_that_are_found_tie_no_knots(seed: int) -> None:
    """In 1523 the ends of a chain were one run, though the middle was a group of its own, by its names."""
    seen = picture(drawn(seed))
    assert_sound(seen)
    assert 4 <= len(seen.boxes) <= 40
    for open in ([box.id for box in groups(seen) if not box.folded], [], [box.id for box in groups(seen)[::2]]):
        assert is_acyclic(lifted(seen, open))


def test_small_networks_are_shown_as_they_are() -> None:
    items = [part for _ in range(13) for part in ({"Conv2D": [4, 1]}, "BatchNormalization", "ReLU")]
    seen = picture(report(json.dumps({"input": [8, 8, 4], "layers": items})))
    assert len(seen.boxes) == seen.layers == 40
    assert not groups(seen)


@each(("count", "expected"), [(4, 1 + 4 * 3), (9, 1 + 9 * 3), (14, 1 + 14)])
def test_a_level_is_open_where_all_of_it_can_be_seen(count: int, expected: int) -> None:
    """Blocks of three blocks of five layers: those within are shown where they are 40 or fewer."""
    inner = {"layers": [{"Dense": 4}, "ReLU", {"Dense": 4}, "ReLU", {"Dense": 4}]}
    blocks = {"a": {"layers": ["b", "b", "b"]}, "b": inner}
    seen = picture(report(json.dumps({"input": [4], "blocks": blocks, "layers": ["a"] * count})))
    assert len(set(shown(seen.boxes, {box.id for box in groups(seen) if not box.folded}).values())) == expected


def test_a_group_of_one_is_no_group() -> None:
    blocks = {
        "a": {"layers": [{"b": {"repeat": 2}}]},
        "b": {"layers": [{"Dense": 4}, "ReLU"]},
        "c": {"layers": ["ReLU"]},
    }
    seen = picture(report(json.dumps({"input": [4], "blocks": blocks, "layers": ["a", "c"]})))
    assert [(box.name, box.kind) for box in seen.boxes] == [
        ("input_layer", "input"), ("a.b", "block"), ("c.re_lu", "layer")
    ]  # fmt: skip
    assert [box.name for box in seen.boxes[1].boxes] == ["0", "1"]


# --- what tables do not say -------------------------------------------------------------------------------------------


def dense(name: str, *calls: object, units: int = 4) -> Json:
    return made("Dense", name, *calls, units=units)


def test_edges_of_nested_models_go_through() -> None:
    """From what enters a nested model to its inside, through an operation that Keras does not list, and out again."""
    inner = functional(
        [image((8,), "x"), dense("d", "x", units=8), operation("Add", "plus", "d", "x"), made("ReLU", "r", "plus")],
        ["r", "d"],
        name="inner",
        calls=["image", "more"],
    )
    found = kept(
        functional(
            [image((8,)), dense("more", "image", units=8), inner, made("Add", "sum", ["inner:0", "inner:1:1"])], "sum"
        )
    )
    assert [row.name for row in found.rows[2].rows] == ["x", "d", "r"]
    seen = picture(found)
    assert_sound(seen)
    assert [(box.id, box.kind) for box in seen.boxes] == [
        ("image", "input"), ("more", "layer"), ("inner", "model"), ("sum", "layer")
    ]  # fmt: skip
    assert [box.id for box in seen.boxes[2].boxes] == ["inner/x", "inner/d", "inner/plus", "inner/r"]
    assert sorted(pairs(seen)) == sorted(
        [
            *[("image", "more"), ("image", "inner/x"), ("more", "inner/x"), ("inner/x", "inner/d")],
            *[("inner/d", "inner/plus"), ("inner/x", "inner/plus"), ("inner/plus", "inner/r")],
            *[("inner/r", "sum"), ("inner/d", "sum")],
        ]
    )
    closed = lifted(seen, ())
    assert [(edge.source, edge.target) for edge in closed] == [
        ("image", "more"), ("inner", "sum"), ("image", "inner"), ("more", "inner")
    ]  # fmt: skip


def test_edges_go_through_chains_within_chains() -> None:
    """Sequential models list no inputs: what enters them enters their first layer, however deep that is."""
    model = sequential(dense("deep", units=8), name="m0")
    for number in range(1, 4):
        model = sequential(model, dense(f"d{number}", units=8), name=f"m{number}")
    model["inbound_nodes"] = [called("image"), called("m3:0")]
    seen = picture(kept(functional([image((8,)), model, dense("last", "m3:1")], "last")))
    first, end = "m3/m2/m1/m0/deep", "m3/d3"
    assert sorted(pairs(seen)) == sorted(
        [
            ("image", first),
            (first, "m3/m2/m1/d1"),
            ("m3/m2/m1/d1", "m3/m2/d2"),
            ("m3/m2/d2", end),
            (end, first),
            (end, "last"),
        ]
    )


def test_the_input_of_a_chain_is_a_box_of_its_own() -> None:
    seen = picture(kept(sequential(image((8,), "i"), dense("a"), dense("b"))))
    assert [(box.id, box.kind, box.title) for box in seen.boxes[:2]] == [
        ("i", "input", "InputLayer"), ("a", "layer", "Dense")
    ]  # fmt: skip
    assert pairs(seen) == [("i", "a"), ("a", "b")]
    assert [str(edge.tensor.shape[1]) for edge in seen.edges if edge.tensor and edge.tensor.shape] == ["8", "4"]


def test_a_chain_without_an_input_is_a_chain() -> None:
    found = cnnsum.summarize(load(sequential(dense("a"), made("ReLU", "r"), dense("b"))))
    seen = picture(found)
    assert pairs(seen) == [("a", "r"), ("r", "b")]
    assert [edge.tensor for edge in seen.edges] == [None, None]


def test_tensors_are_those_of_the_call() -> None:
    """A layer that is called on two sizes gives two, though its row has the last alone."""
    shared = made("ReLU", "r", "a", "b")
    seen = picture(
        kept(functional([image((8,), "a"), image((3,), "b"), shared, dense("c", "r:0"), dense("d", "r:1")], ["c", "d"]))
    )
    sizes = {edge.target: edge.tensor.shape[1] for edge in seen.edges if edge.tensor and edge.tensor.shape}
    assert (sizes["c"], sizes["d"]) == (8, 3)


def test_a_module_that_is_called_again_is_where_it_is_called() -> None:
    """In torchvision's ResNet one ReLU stands three times in a block: in one box it would tie a knot."""
    seen = picture(cnnsum.summarize(cnnsum.load(ROOT / "tests/readers/pt2/resnet50.pt2")))
    block = next(box for box in boxes(seen.boxes) if box.id == "layer1.0")
    assert [box.name for box in block.boxes if "relu" in box.name] == ["relu.relu", "relu.relu_1", "relu.relu_2"]
    assert ("layer1.0.bn1", "layer1.0.relu.relu") in pairs(seen)


def test_ids_are_unique_whatever_is_called_alike() -> None:
    inner = functional([image((8,), "x"), dense("d", "x")], "d", name="m", calls=["image"])
    seen = picture(kept(functional([image((8,)), inner, dense("m/d", "m"), dense("m/x", "m/d")], "m/x")))
    assert_sound(seen)
    assert sorted(pairs(seen)) == [
        ("image", "m/x (2)"), ("m/d", "m/x"), ("m/d (2)", "m/d"), ("m/x (2)", "m/d (2)")
    ]  # fmt: skip


def test_symbols_get_their_values() -> None:
    found = cnnsum.summarize(cnnsum.loads("{input: [H, 3], layers: [{Dense: 4}, ReLU]}"))
    seen = picture(found.evaluate(H=7))
    assert [edge.tensor.shape[1] for edge in seen.edges if edge.tensor and edge.tensor.shape] == [7, 7]


# --- errors, and much -------------------------------------------------------------------------------------------------


def test_the_layer_that_is_wrong_is_told() -> None:
    layers = "  - Conv2D: [4, 3]\n  - MaxPooling2D: 9\n  - Flatten\n  - Dense: 2\n"
    seen = picture(report(f"input: [8, 8, 3]\nlayers:\n{layers}outputs: [nothing]\n"))
    assert seen.wrong == ("max_pooling2d",)
    assert [edge.tensor is None for edge in seen.edges] == [False, False, True, True]


def test_of_the_uses_of_a_block_it_is_the_one_that_is_wrong() -> None:
    seen = picture(cnnsum.summarize(cnnsum.load(ROOT / "tests/corpus/err/block_shape.yaml")))
    assert seen.wrong == ("stage.0.add",)


def test_a_report_without_layers_or_details() -> None:
    assert picture(sample.report("empty", (), inputs=())) == Picture("empty", (), (), 0, 0)
    bare = cnnsum.summarize(cnnsum.load(ROOT / "specs/unet.yaml"), details=False)
    assert sorted(pairs(picture(bare))) == sorted(
        pairs(picture(cnnsum.summarize(cnnsum.load(ROOT / "specs/unet.yaml"))))
    )


@each("shape", ["chain", "blocks", "deep"])
def test_large_networks_take_time_by_their_layers(shape: str) -> None:
    """20,000 layers in a chain, in half as many blocks, or 4,000 up to 600 blocks deep; none of it may recurse."""
    count = 4_000 if shape == "deep" else 20_000
    rows = [
        sample.row(
            f"d{number}",
            "Dense",
            (8,),
            inputs=(f"d{number - 1}",) if number else (),
            block={"chain": (), "blocks": (f"b{number // 2}",), "deep": ("b",) * (number * 600 // count)}[shape],
        )
        for number in range(count)
    ]
    found = sample.report("large", tuple(rows), inputs=())
    start = process_time()
    seen = picture(found)
    assert process_time() - start < 10  # takes about 1 s
    assert seen.layers == len(rows)
    assert len(seen.edges) == len(rows) - 1
    assert len(seen.boxes) <= 40
    assert len(lifted(seen)) < 41


def test_beginnings() -> None:
    assert beginnings("a.b_c/d") == ("a.b_c", "a.b_c", "a.b", "a", "a")
