"""Fields and ranks of operations that no writer of Keras makes, but that a damaged file may hold: each is refused."""

from __future__ import annotations

import math

from cnnsum.layers.keras.operations import CORE, NN, NUMPY
from tests.layers.applying import NAMES, N, apply, refusal
from tests.thorough import each

H = NAMES["H"]
LINALG = "keras.src.ops.linalg."


@each(
    ("key", "shapes", "fields", "code"),
    [
        *[
            (NUMPY + "Split", [(N, 4)], {"indices_or_sections": wrong, "axis": 1}, "CFG102")
            for wrong in (0, -1, None, math.inf, math.nan, {}, [1, [2]], [None])
        ],
        (NUMPY + "Split", [(N, H)], {"indices_or_sections": 10**9, "axis": 1}, "UNK704"),
        (NUMPY + "ArraySplit", [(N, 4)], {"indices_or_sections": 10**9, "axis": 1}, "UNK704"),
        (NUMPY + "ArraySplit", [(N, 4)], {"indices_or_sections": 0, "axis": 1}, "CFG102"),
        (CORE + "Unstack", [(N, 10**9)], {"axis": 1}, "UNK704"),
        (CORE + "Unstack", [(N, 21, 8)], {"axis": 1, "num": 2}, "SHP202"),
        (CORE + "Unstack", [(N, 0)], {"axis": 1}, "UNK704"),
        *[
            (NUMPY + "Pad", [(N, 4)], {"pad_width": [[0, 0], wrong]}, "CFG102")
            for wrong in ([0, None], [0, math.nan], [1.5, 1], [0, [1]], [0], 1)
        ],
        (NUMPY + "Pad", [(N, 4)], {"pad_width": []}, "CFG102"),
        *[
            ("keras.src.ops.image.ExtractPatches", [(N, H, H, 1)], {"size": 3, "dilation_rate": wrong}, "CFG102")
            for wrong in (0, -1, 1.5, None)
        ],
        (NUMPY + "Rot90", [(N, 4, 4)], {"axes": [1]}, "SHP205"),
        (NUMPY + "Rot90", [(N, 4, 4)], {"axes": [1, -2]}, "SHP205"),
        (NUMPY + "Rot90", [(N, 4, 4)], {"axes": [1, 1.5]}, "CFG102"),
        (NUMPY + "Tile", [(N, 4)], {"repeats": [1, -1]}, "CFG102"),
        (NUMPY + "Repeat", [(N, 4)], {"repeats": [1, 2], "axis": 1}, "SHP202"),
        (NUMPY + "Transpose", [()], {"axes": [0, 1]}, "SHP205"),
        (NUMPY + "Reshape", [()], {"newshape": [-1, 4]}, "SHP211"),
        (NUMPY + "ExpandDims", [(N, 4)], {"axis": [1, 1]}, "SHP205"),
        (NUMPY + "Cross", [(), ()], {}, "UNK704"),
        (NUMPY + "TakeAlongAxis", [(N, 4), (N, 4, 2)], {"axis": 1}, "SHP207"),
        (NUMPY + "Diagonal", [(N, 4, 4)], {"axis1": 1, "axis2": 1}, "SHP205"),
        (LINALG + "Norm", [()], {"axis": [1]}, "SHP205"),
        (NN + "OneHot", [(N, 4)], {"num_classes": 3, "axis": 2}, "SHP205"),
        (NN + "MultiHot", [(N, 4)], {"num_classes": 3, "axis": 2}, "SHP205"),
        (NN + "MaxPool", [(N, 8, 8, 3)], {"pool_size": [2, None]}, "CFG102"),
        (NN + "MaxPool", [(N, 8, 8, 3)], {"pool_size": 0}, "CFG102"),
    ],
)
def test_what_is_refused(key, shapes, fields, code):
    assert refusal(key, *shapes, **fields).code == code


def test_sizes_are_never_negative():
    assert apply(NUMPY + "Diagonal", (N, 3, 4), offset=5, axis1=1, axis2=2).outputs == ((N, 0),)
    assert apply(NUMPY + "Diff", (N, 1), n=2).outputs == ((N, 0),)
    assert apply(NUMPY + "Split", (N, 9), indices_or_sections=[2, 2, 9], axis=1).outputs == (
        *((N, 2), (N, 0), (N, 7)),
        (N, 0),
    )
    assert refusal(NUMPY + "Split", (N, 8), indices_or_sections=[2, 9], axis=1).code == "SHP201"
    # Keras counts from the start only, and makes sizes below 0 of anything else.
    assert refusal(NUMPY + "Split", (N, 9), indices_or_sections=[-7, 9], axis=1).code == "CFG102"


def test_sizes_beyond_any_index():
    key = [{"start": None, "stop": None, "step": None}, {"start": 1, "stop": None, "step": -1}]
    assert apply(NUMPY + "GetItem", (N, 2**70), key=key).outputs == ((N, 2),)
    key[1] = {"start": 1, "stop": None, "step": 2}
    assert apply(NUMPY + "GetItem", (N, 2**70), key=key).outputs == ((N, 2**69),)


def test_repeats_by_a_list_and_codes_along_an_axis():
    assert apply(NUMPY + "Repeat", (N, 3), repeats=[1, 0, 4], axis=1).outputs == ((N, 5),)
    assert apply(NUMPY + "Repeat", (N, 3), repeats=[2], axis=1).outputs == ((N, 6),)
    assert apply(NN + "MultiHot", (N, 2, 4), num_classes=7, axis=1).outputs == ((N, 2, 4),)
    assert apply(NN + "MultiHot", (N, 2, 4), num_classes=7, axis=2).outputs == ((N, 7, 4),)
