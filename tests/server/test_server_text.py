"""Places in a text as an editor counts them, and paths in a text as it stands."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cnnsum.server.text import Text
from cnnsum.source import read_text
from tests.thorough import each, some

ROOT = Path(__file__).parent.parent.parent
SPECS = sorted(ROOT.glob("specs/**/*.yaml"))
SIGNS = st.text(st.sampled_from("ab\u00e9\u4e2d\U0001f600\r\n\t\u2028\x85"), max_size=40)
UNITS = {"utf-8": 1, "utf-16": 2, "utf-32": 4}


def lines_of(text):
    """The lines as the protocol has them, each with its end."""
    found, line = [], ""
    for at, sign in enumerate(text):
        line += sign
        if sign == "\n" or (sign == "\r" and text[at + 1 : at + 2] != "\n"):
            found.append(line)
            line = ""
    return [*found, line]


def width(text, units):
    return len(text.encode({"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[units])) // UNITS[units]


@given(SIGNS, st.sampled_from(sorted(UNITS)), st.data())
def test_positions_count_as_the_encoding_does(text, units, data):
    state = Text(text, units)
    lines = lines_of(text)
    assert state.lines == len(lines)
    offset = data.draw(st.integers(0, len(text)))
    before = "".join(lines_of(text[:offset])[:-1])
    line, character = state.position(offset)
    if text[offset - 1 : offset + 1] != "\r\n":
        assert character == width(text[len(before) : offset], units)
        assert line == len(lines_of(text[:offset])) - 1
        assert state.offset(line, character) == offset


@given(SIGNS, st.sampled_from(sorted(UNITS)), st.integers(0, 50), st.integers(0, 200))
def test_every_position_is_a_place(text, units, line, character):
    state = Text(text, units)
    offset = state.offset(line, character)
    assert 0 <= offset <= len(text)
    if line < state.lines:
        assert state.start_of(line) <= offset <= state.end_of(line)
        assert state.position(offset) <= (line, character)


@given(SIGNS, SIGNS, st.data())
def test_a_change_is_what_it_says(text, new, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    assert Text(text).changed(start, end, new).text == text[:start] + new + text[end:]


def paths_of(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        yield from paths_of(item, (*path, step))


@each("path", [*some(SPECS, 4), *sorted((ROOT / "tests/corpus/ok").iterdir())])
def test_a_path_is_found_at_its_place(path):
    """`path_at` is the other way of `offsets`."""
    document = read_text(path.read_text(encoding="utf-8"), str(path))
    for steps in some(list(paths_of(document.value)), 7):
        if not steps:
            continue
        start, end = document.offsets(steps)
        if isinstance(document.at(steps), (dict, list)) or start == end:
            assert document.path_at(start)[0][: len(steps)] == steps or "<<" in document.text
        else:
            assert document.path_at(start) == (steps, False)
            assert document.path_at((start + end) // 2) == (steps, False)
        if isinstance(steps[-1], str):
            assert document.path_at(document.offsets(steps, key=True)[0]) == (steps, True)
