"""Operations that pick and rearrange elements, with open sizes too; real Keras is asked in tests/peers."""

from __future__ import annotations

from typing import Any

import pytest
from applying import NAMES, N, apply, refusal

from cnnsum.diagnostics import Problem
from cnnsum.dims import substitute
from tests.thorough import each

H = NAMES["H"]


def cut(start: int | None = None, stop: int | None = None, step: int | None = None) -> dict[str, Any]:
    return {"class_name": "__slice__", "config": {"start": start, "stop": stop, "step": step}}


def picked(x: Any, *key: Any) -> Any:
    (out,) = apply("keras.src.ops.numpy.GetItem", x, key=[cut(), *key]).outputs
    return out


@each("length", [1, 2, 3, 7, 20])
def test_slices_of_a_symbol_are_those_of_python(length: int) -> None:
    for start in (None, 0, 1, 5, -1, -4):
        for stop in (None, 0, 2, 6, -2, -7):
            for step in (None, 1, 2, 3):
                found = picked((N, H, 3), cut(start, stop, step))[1]
                expected = len(range(length)[slice(start, stop, step)])
                assert (substitute(found, {"H": length}) if not isinstance(found, int) else found) == expected


def test_numbers_new_axes_and_dots() -> None:
    x = (N, 7, 5, 3)
    assert picked(x, 2) == (N, 5, 3)
    assert picked(x, None, cut(1)) == (N, 1, 6, 5, 3)
    assert picked(x, {"class_name": "__ellipsis__", "config": {}}, -1) == (N, 7, 5)


def test_what_cannot_be_picked() -> None:
    key = "keras.src.ops.numpy.GetItem"
    assert refusal(key, (N, 7), key=[cut(), 7]).code == "SHP205"
    assert refusal(key, (N, 7), key=[cut(), cut(), cut()]).code == "SHP205"
    assert refusal(key, (N, 7), key=[cut(), {"a": 1}]).code == "CFG102"
    assert refusal(key, (N, H), key=[cut(), cut(5, None, -1)]).code == "UNK704"


def test_einsum() -> None:
    facts = apply("keras.src.ops.numpy.Einsum", (N, 3, 4), (N, 4, 5), subscripts="bij,bjk->bik")
    assert (facts.outputs, facts.macs) == (((N, 3, 5),), 3 * 4 * 5)
    key = "keras.src.ops.numpy.Einsum"
    assert apply(key, (N, 3, 4), subscripts="bij->bi").ops == 12 - 3
    assert refusal(key, (N, 3, 4), (N, 5, 5), subscripts="bij,bjk->bik").code == "SHP202"
    assert refusal(key, (N, 3), (N, 4, 5), subscripts="bij,bjk->bik").code == "SHP212"
    assert refusal(key, (N, 3, 4), subscripts="bij,bjk").code == "CFG115"


@each(
    ("subscripts", "shapes", "out"),
    [
        ("bij", [(N, 3, 4)], (N, 3, 4)),
        ("bj, jk", [(N, 3), (3, 5)], (N, 5)),
        ("kj,bj->bk", [(5, 3), (N, 3)], (N, 5)),
        ("...ij,...jk->...ik", [(N, 2, 3, 4), (N, 2, 4, 5)], (N, 2, 3, 5)),
        ("...ij,jk", [(N, 2, 3, 4), (4, 5)], (N, 2, 3, 5)),
        ("b...j,bj->b...", [(N, 2, 3, 4), (N, 4)], (N, 2, 3)),
        ("bij->ij", [(N, 3, 4)], (3, 4)),
        ("bij,cij->bc", [(N, 3, 4), (N, 3, 4)], (N, N)),
        ("btc->tbc", [(N, 3, 4)], (3, N, 4)),
    ],
)
def test_equations(subscripts, shapes, out) -> None:
    assert apply("keras.src.ops.numpy.Einsum", *shapes, subscripts=subscripts).outputs == (out,)


def test_attention() -> None:
    facts = apply("keras.src.ops.nn.DotProductAttention", (N, 7, 2, 4), (N, 9, 2, 4), (N, 9, 2, 4))
    assert (facts.outputs, facts.macs) == (((N, 7, 2, 4),), 2 * 2 * 7 * 9 * 4)


def test_blocks_of_an_image() -> None:
    assert apply("keras.src.ops.nn.DepthToSpace", (N, H, 4, 8), block_size=2).outputs == ((N, 2 * H, 8, 2),)
    assert refusal("keras.src.ops.nn.DepthToSpace", (N, 4, 4, 6), block_size=2).code.startswith("SHP")
    assert apply("keras.src.ops.nn.SpaceToDepth", (N, 4, 6, 8), block_size=2).outputs == ((N, 2, 3, 32),)


@each(
    ("text", "shape"),
    [
        (":, 1:4", (N, 3, 4)),
        ("[:, 1:4]", (N, 3, 4)),
        (":, ::2, -1", (N, 5)),
        ("..., None, 0", (N, 10, 1)),
        (":, newaxis", (N, 1, 10, 4)),
        (":, ::-1", (N, 10, 4)),
        (":, 5:1:-2", (N, 2, 4)),
        (":, -3:-1,", (N, 2, 4)),
        ("0", (10, 4)),
        ([":", "1:4", 0], (N, 3)),
    ],
)
def test_a_key_as_python_writes_it(text: Any, shape: tuple) -> None:
    assert apply("keras.src.ops.numpy.GetItem", (N, 10, 4), key=text).outputs == (shape,)


@each("text", ["", "x", ":, a:4", "1:2:3:4", "::0", "1.5", ",", "[", ":: ::", "0x1", "True"])
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(Problem, match=r'must be indices and slices .*, as ":, 1:4"') as error:
        apply("keras.src.ops.numpy.GetItem", (N, 10, 4), key=text)
    assert error.value.code == "CFG102"
