"""What an output sees, position by position, against the definition of a window written out over sets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cnnsum.analyses.field import seen
from cnnsum.analyses.field.seen import ITSELF, Seen
from cnnsum.dims import Dim, Symbol
from cnnsum.layers.facts import Window

WINDOWS = st.builds(
    Window, st.integers(1, 4), st.integers(1, 3), st.integers(1, 4), st.integers(-2, 4), st.sampled_from([1, 1, 2, 3])
)


def by_definition(windows: list[Window], output: int) -> set[int]:
    """Output `i` reads `i * stride - before + dilation * j`, where its input stands at every `up`th place."""
    places = {output}
    for size, stride, dilation, before, up in reversed(windows):
        read = {place * stride - before + dilation * tap for place in places for tap in range(size)}
        places = {place // up for place in read if place % up == 0}
    return places


def listed(found: Seen, output: int) -> set[int]:
    turn, place = divmod(output, len(found.outputs))
    one = found.outputs[place]
    first, bits = one.first, one.bits
    assert isinstance(first, int)
    assert isinstance(found.step, int)
    return {first + turn * found.step + n for n in range(bits.bit_length()) if bits >> n & 1}


def follow(windows: list[Window]) -> Seen:
    found: Seen | None = ITSELF
    for window in windows:
        found = seen.through(found, window)
    assert found is not None
    return found


@given(st.lists(WINDOWS, max_size=4), st.integers(-20, 20))
def test_chains(windows: list[Window], output: int) -> None:
    found = follow(windows)
    assert listed(found, output) == by_definition(windows, output)
    sets = [by_definition(windows, output + n) for n in range(len(found.outputs))]
    assert found.most == max(map(len, sets))
    assert found.size == max(max(one) - min(one) + 1 if one else 0 for one in sets)


@given(st.lists(WINDOWS, max_size=3), st.lists(WINDOWS, max_size=3), st.integers(-20, 20))
def test_merges(left: list[Window], right: list[Window], output: int) -> None:
    arms = [follow(left), follow(right)]
    if arms[0].step * len(arms[1].outputs) != arms[1].step * len(arms[0].outputs):
        return  # of different strides: no one period
    found = seen.merge([*arms])
    assert found is not None
    assert listed(found, output) == by_definition(left, output) | by_definition(right, output)


def test_a_symbol_moves_the_whole() -> None:
    pad: Dim = Symbol("P").dim
    found = seen.through(ITSELF, Window(3, before=pad))
    assert found is not None
    assert (found.size, found.outputs[0].first) == (3, -pad)
    # How a moved set lies to one that is not is open; to itself, it is not.
    assert seen.merge([found, found]) == found
    assert seen.merge([found, ITSELF]) is None
    # Behind a layer that enlarges, it decides which outputs see which inputs.
    assert seen.through(follow([Window(2, before=1, up=2)]), Window(3, before=pad)) is None


def test_what_is_too_much_is_not_followed() -> None:
    assert seen.through(ITSELF, Window(2, dilation=1 << 40)) is None
    assert seen.through(ITSELF, Window(1 << 40)) is None
    assert seen.through(ITSELF, Window(1 << 20, up=1 << 20)) is None
    assert seen.through(follow([Window(1, up=2)]), Window(1 << 40)) is None
    assert seen.through(follow([Window(1, up=2), Window(2, stride=1 << 30)]), Window(2)) is None
    far = follow([Window(1, before=1 << 40)])
    assert seen.merge([far, ITSELF]) is None
    assert seen.merge([follow([Window(1, up=509), Window(1, 509)]), None]) is None
    assert seen.merge([follow([Window(1, 7, up=509)]), follow([Window(1, 7, up=11)])]) is None
