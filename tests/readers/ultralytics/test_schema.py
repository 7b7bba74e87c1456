"""`cnnsum schema ultralytics`: it accepts what is read, and marks mistakes at the row where cnnsum finds them."""

from __future__ import annotations

import random
from typing import Any

import jsonschema
import pytest
import yaml

import cnnsum
from bench.fuzz.rows import rows
from cnnsum.answers.schema.architecture import architecture_schema
from cnnsum.readers.ultralytics.unknown import modules
from cnnsum.source import read_text
from tests.readers.ultralytics.test_rows import FAULTS, FILE, LABELLED, edited
from tests.thorough import each, examples, some

SCHEMA: Any = architecture_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

#: Mistakes that no row tells by itself: which rows there are, the file's classes, sizes, what a module refuses.
UNSEEN = ("[[-1, 22]", "[[-1, 6]", "[[-1, 0]", "[[-1, -20]", "[[7, 8]", "[64, 3, 0]", "nearst", "None, two", "None, 3")
UNSEEN += ("[256, 3, 1]", "1000", "None, 7", "[256, 4]", "slope", "PSA", "[3, 3], 0]")


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("text", [FILE, LABELLED])
def test_files_are_accepted(text: str) -> None:
    assert not [*VALIDATOR.iter_errors(yaml.safe_load(text))]


def test_what_is_read_without_an_error_is_accepted() -> None:
    draw = random.Random(7)
    seen = 0
    for _ in range(examples(40)):
        value = rows(draw)
        text = yaml.safe_dump(value)
        try:
            wrong = cnnsum.loads(text, "own.yaml").errors
        except cnnsum.UnusableError:
            continue
        if not wrong:
            seen += 1
            assert not [*VALIDATOR.iter_errors(yaml.safe_load(text))], text
    assert seen


@each("fault", [one for one in FAULTS if one[3] is not None])
def test_mistakes_are_marked_at_their_row(fault: tuple[str, str, int, str | None, str]) -> None:
    old, new, line, _, _ = fault
    text = edited(old, new)
    try:
        document = read_text(text, "own.yaml")
    except cnnsum.UnusableError:
        return  # it is not YAML, which every editor marks
    paths = [(*error.absolute_path,) for error in VALIDATOR.iter_errors(document.value)]
    found = {document.span(path, key=len(path) == 1).line for path in paths}
    if not new or any(word in new for word in UNSEEN):
        assert not found
    elif "spine" in new or "bakcbone" in new:
        assert found  # of a key that there is not, a schema marks what holds it
    else:
        assert line in found, (found, text)


def test_every_module_that_it_names_is_known() -> None:
    names = SCHEMA["$defs"]["anchoredModule"]["enum"]
    assert names == modules()
    assert len({*names}) == len(names)
    listed = SCHEMA["$defs"]["module"]["enum"]
    own = [name for name in listed if not name.startswith("nn.")]
    for name in (*own, *some([name for name in listed if name not in own], 12)):
        text = f"nc: 3\nbackbone:\n  - [-1, 1, {name}, [64]]\n"
        try:
            found = cnnsum.loads(text, "own.yaml").diagnostics
        except cnnsum.UnusableError as error:
            found = [*error.diagnostics]
        assert not [one for one in found if "unknown module" in one.message], name


def test_arguments_are_told_in_their_order() -> None:
    defined = SCHEMA["$defs"]["module"]
    said = dict(zip(defined["enum"], defined["enumDescriptions"], strict=True))
    assert said["Conv"] == "[c2, k = 1, s = 1, p = -1, g = 1, d = 1, act = True]"
    assert said["C2f"].startswith("[c2, ")
    assert said["Bottleneck"] == "[c2, shortcut = True, g = 1, k = [3, 3], e = 0.5]"
    assert said["Detect"] == "A head."
