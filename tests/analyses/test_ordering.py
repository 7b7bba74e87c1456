"""The best order against every order there is, and on networks where it is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from memory_simulation import load, orders, programs, simulate, sizes_of

import cnnsum
from cnnsum.analyses.counting import Counter
from cnnsum.analyses.memory.activations import value_bytes
from cnnsum.analyses.memory.ordering import BestOrder, best_order
from cnnsum.model import Model
from tests.thorough import each, examples

SPECS = Path(__file__).resolve().parent.parent.parent / "specs"


def best_of(model: Model, most_states: int = 10_000) -> BestOrder:
    sizes, counter = sizes_of(model)
    found = best_order(model.inference, sizes, counter, most_states=most_states)
    assert found is not None
    return found


def peak_of(model: Model, order: tuple[int, ...] | None = None) -> int:
    sizes, counter = sizes_of(model)
    first = sum(sizes[number] for number in model.inference.inputs)
    return max([first, *simulate(model.inference, sizes, counter, order)[1]])


@given(programs(7))
@settings(max_examples=examples(200))
def test_no_order_is_better(program: dict[str, Any]) -> None:
    model = load(program)
    if len(model.inference.calls) > 8:
        return
    found = best_of(model)
    every = {order: peak_of(model, order) for order in orders(model.inference)}
    assert found.bytes == every[found.order] == min(every.values())
    assert (found.status, found.lower_bound) == ("exact", found.bytes)


@given(programs(12))
@settings(max_examples=60)
def test_a_search_that_is_given_up_says_so(program: dict[str, Any]) -> None:
    model = load(program)
    exact, given_up = best_of(model), best_of(model, most_states=1)
    assert given_up.bytes == peak_of(model, given_up.order)
    assert given_up.lower_bound <= exact.bytes <= given_up.bytes <= peak_of(model)
    assert given_up.status == ("exact" if given_up.lower_bound == given_up.bytes else "bound")


def test_a_search_that_is_given_up_knows_what_every_way_left_needs() -> None:
    """8 and 12 numbers in, 16 and 24 out, which stay. As it runs, the 16 are made first: 20 + 16, then 12 + 16 + 24.

    The other way round the 8 of the input are there in place of the 16: 20 + 24 and 8 + 24 + 16.
    """
    layers = [{"Concatenate": {"name": f"l{n}", "from": [name] * 2}} for n, name in enumerate(("other", "input"))]
    model = load({"inputs": {"input": [8], "other": [12]}, "layers": layers, "outputs": ["l0", "l1"]})
    assert sorted(peak_of(model, order) for order in orders(model.inference)) == [4 * 48, 4 * 52]
    assert best_of(model).bytes == 4 * 48
    assert best_of(model, most_states=3)[1:] == (4 * 52, "bound", 4 * 48, 3)


def test_what_is_written_in_place_takes_no_bytes_of_its_own() -> None:
    layers: list[Any] = [
        {"Subtract": {"name": "a", "from": ["input", "input"], "dtype": "float16"}},
        {"Dropout": {"name": "b", "from": "other", "rate": 0.5}},
        {"Add": {"name": "c", "from": ["input", "a"], "dtype": "float16"}},
        {"Multiply": {"name": "d", "from": ["b", "b"]}},
        {"Reshape": {"name": "e", "from": "d", "target_shape": [-1]}},
    ]
    model = load({"inputs": {"input": [8], "other": [12]}, "layers": layers, "outputs": ["c", "d"]})
    least = min(peak_of(model, order) for order in orders(model.inference))
    assert best_of(model, most_states=3)[1:4] == (least, "exact", least)


def branches(*widths: int) -> Model:
    """Branches from one input, each wide in the middle and one value at its end, and their sum."""
    layers: list[Any] = []
    for number, width in enumerate(widths):
        layers.append({"Dense": {"name": f"wide{number}", "from": "x", "units": width}})
        layers.append({"Dense": {"name": f"end{number}", "from": f"wide{number}", "units": 1}})
    layers.append({"Add": {"name": "sum", "from": [f"end{number}" for number in range(len(widths))]}})
    return load({"inputs": {"x": [2]}, "layers": layers})


def test_one_branch_after_the_other() -> None:
    """Keras lists calls by depth: all wide layers first. One branch at a time needs one of them."""
    model = branches(100, 100, 100)
    assert peak_of(model) == (2 + 300) * 4
    found = best_of(model)
    # Two ends are there already, and the input dies with the last wide layer: x, two ends, the wide layer.
    assert (found.bytes, found.status) == ((2 + 2 + 100) * 4, "exact")
    names = [model.inference.calls[number].layer.name for number in found.order]
    assert all(names.index(f"end{n}") == names.index(f"wide{n}") + 1 for n in range(3))


def test_the_widest_branch_goes_first() -> None:
    found = best_of(branches(50, 100, 10))
    # x, the widest layer and its end.
    assert found.bytes == (2 + 100 + 1) * 4
    assert found.order[0] == 1


def test_a_chain_has_one_order() -> None:
    found = best_of(load({"input": [8], "layers": [{"Dense": 100}, "ReLU", {"Dense": 4}]}))
    assert found == BestOrder((0, 1, 2), 108 * 4, "exact", 108 * 4, 0)


def test_formulas_have_no_best_order() -> None:
    model = load({"input": ["H", 8, 3], "layers": [{"Conv2D": [2, 1]}]})
    counter = Counter(model.graph.batch, 1)
    assert best_order(model.inference, value_bytes(model.inference, counter), counter) is None


@each("name", ["xception", "siamese", "unet", "densenet121", "resnet50", "inception_v3", "vit_b16"])
def test_real_networks_are_solved(name: str) -> None:
    model = cnnsum.load(SPECS / f"{name}.yaml")
    found = best_of(model)
    assert found.status == "exact"
    assert found.bytes == peak_of(model, found.order) <= peak_of(model)
