"""Layers that normalise: shapes, weights, work, what is kept, and what is refused."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cnnsum.dims import Symbol
from cnnsum.layers.facts import EVERYTHING, NOT_FOLLOWED, Kept, Weight
from tests.layers.applying import NAMES, N, apply, count, put, refusal
from tests.thorough import each

H, C, T = NAMES["H"], NAMES["C"], NAMES["T"]
OPEN = Symbol("open", anonymous=True).dim


def test_batch_normalization():
    facts = apply("BatchNormalization", (N, 8, 8, 16))
    assert facts.outputs == ((N, 8, 8, 16),)
    assert facts.weights == (
        Weight("gamma", (16,), cast=False),
        Weight("beta", (16,), cast=False),
        Weight("moving_mean", (16,), trainable=False, cast=False),
        Weight("moving_variance", (16,), trainable=False, cast=False),
    )
    assert (facts.macs, facts.ops, facts.alias, facts.window) == (0, 2 * 8 * 8 * 16, "inplace", None)
    assert (facts.keeps_input, facts.keeps_output) == ("weights", False)
    assert facts.kept == (
        Kept("mean", (16,), "float32", batched=False, use="weights"),
        Kept("inverse deviation", (16,), "float32", batched=False, use="weights"),
    )


def test_batch_normalization_of_another_axis_with_less_and_with_more():
    facts = apply("BatchNormalization", (N, 3, 8, 8), axis=1, center=False, scale=False)
    assert [weight.name for weight in facts.weights] == ["moving_mean", "moving_variance"]
    assert count(facts) == 6
    facts = apply("BatchNormalization", (N, 8, C), axis=[-1], renorm=True)
    assert (count(facts), count(facts, trainable=True)) == (7 * C, 2 * C)


def test_layer_normalization():
    facts = apply("LayerNormalization", (N, T, 16))
    assert facts.weights == (Weight("gamma", (16,), cast=False), Weight("beta", (16,), cast=False))
    assert (facts.ops, facts.window, facts.alias) == (7 * 16 * T, None, "")
    assert facts.kept == (Kept("mean", (N, T), "float32"), Kept("inverse deviation", (N, T), "float32"))


def test_layer_normalization_over_several_axes():
    facts = apply("LayerNormalization", (N, 4, 5, 6), axis=[1, -1], center=False)
    # Keras sorts the axes as they are written.
    assert facts.weights == (Weight("gamma", (6, 4), cast=False),)
    assert (facts.ops, facts.window) == (6 * 120, NOT_FOLLOWED)
    assert facts.kept[0].shape == (N, 5)
    assert apply("LayerNormalization", (N, 4), rms_scaling=True, scale=False).weights == (
        Weight("gamma", (4,), cast=False),
    )
    assert apply("LayerNormalization", (N, OPEN), scale=False, center=False).weights == ()


def test_group_normalization():
    facts = apply("GroupNormalization", (N, 8, 8, 64))
    assert facts.weights == (Weight("gamma", (64,), cast=False), Weight("beta", (64,), cast=False))
    assert (facts.ops, facts.window) == (7 * 8 * 8 * 64, EVERYTHING)
    assert facts.kept[0] == Kept("mean", (N, 32), "float32")
    assert apply("GroupNormalization", (N, 8, 8, 64), groups=-1).kept[0].shape == (N, 64)
    (need,) = apply("GroupNormalization", (N, 8, 8, C), groups=4).needs
    assert need[:3] == ("%", C, 4)


def test_rms_and_unit_normalization():
    facts = apply("RMSNormalization", (N, T, 16))
    assert (facts.weights, facts.ops) == ((Weight("scale", (16,)),), 4 * 16 * T)
    assert (facts.keeps_input, facts.kept[0].shape) == (True, (N, T))
    facts = apply("UnitNormalization", (N, T, 16))
    assert (facts.weights, facts.ops, facts.keeps_output) == ((), 3 * 16 * T, True)
    assert facts.kept == (Kept("length", (N, T)),)


def test_normalization_learns_seven_numbers_of_an_image():
    facts = apply("Normalization", (N, H, H, 3))
    assert facts.weights == (
        Weight("mean", (3,), trainable=False),
        Weight("variance", (3,), trainable=False),
        Weight("count", (), trainable=False, dtype="int"),
    )
    assert (count(facts), count(facts, trainable=True)) == (7, 0)
    assert (facts.ops, facts.keeps_input, facts.kept, facts.alias) == (6 * H * H, False, (), "inplace")


def test_normalization_by_constants_has_no_weights():
    for fields in (
        {"mean": [1, 2, 3], "variance": [1, 2, 3]},
        {"mean": 0.5, "variance": 2.0},
        {"mean": 0.5, "variance": 2.0, "axis": None},
        {"mean": [0.5], "variance": [2.0], "invert": True},
    ):
        assert apply("Normalization", (N, 8, 8, 3), **fields).weights == ()
    assert count(apply("Normalization", (N, 8, 8, 3), axis=None)) == 3
    assert count(apply("Normalization", (N, 8, 4, 3), axis=[1, 3])) == 24 + 24 + 1


def test_rescaling():
    assert apply("Rescaling", (N, 8, 8, 3), scale=1 / 255).ops == 192
    assert apply("Rescaling", (N, 8, 8, 3), scale=1 / 255, offset=-1).ops == 384
    assert apply("Rescaling", (N, 8, 8, 3), scale=[1, 2, 3], offset=[1, 2, 3]).weights == ()


@each(
    ("name", "shape", "fields", "code", "field", "message"),
    [
        (
            "BatchNormalization",
            (N, 8, OPEN),
            {},
            "SHP206",
            (),
            "BatchNormalization needs to know the size of the axis that its weights span, got (N, 8, None)",
        ),
        ("BatchNormalization", (N, 8), {"axis": 2}, "SHP205", ("axis",), "BatchNormalization: (N, 8) has no axis 2"),
        (
            "BatchNormalization",
            (N, 8),
            {"axis": [1, 2]},
            "CFG102",
            ("axis",),
            "`axis` must be an axis, got [1, 2]",
        ),
        (
            "GroupNormalization",
            (N, 8, 10),
            {"groups": 4},
            "SHP203",
            ("groups",),
            "4 groups must divide the channels of (N, 8, 10), got 10",
        ),
        (
            "GroupNormalization",
            (N, 8, 10),
            {"groups": 0},
            "CFG106",
            ("groups",),
            "`groups` must be a positive integer, or -1 for one per channel, got 0",
        ),
        (
            "Normalization",
            (N, 3),
            {"mean": 1},
            "CFG107",
            ("mean",),
            "Normalization needs both `mean` and `variance`, or neither, got only `mean`",
        ),
        (
            "Normalization",
            (N, 3),
            {"mean": [1, 2, 3], "variance": 1},
            "CFG107",
            ("variance",),
            "`mean` and `variance` must have the same shape, got (3,) and ()",
        ),
        (
            "Normalization",
            (N, 3),
            {"mean": [1, 2], "variance": [1, 2]},
            "SHP208",
            (),
            "`mean` must fit the kept axes (3,), got the shape (2,)",
        ),
        (
            "Normalization",
            (N, 3),
            {"mean": [[1]], "variance": [[1]]},
            "CFG107",
            ("mean",),
            "`mean` must have at most as many axes as `axis` names, 1, got the shape (1, 1)",
        ),
        (
            "Rescaling",
            (N, 8, 3),
            {"scale": [1, 2]},
            "SHP208",
            (),
            "`scale` must have one number or one per channel of (N, 8, 3), got 2",
        ),
    ],
)
def test_what_is_refused(name, shape, fields, code, field, message):
    problem = refusal(name, shape, **fields)
    assert (problem.code, problem.field, str(problem)) == (code, field, message)


_NUMBERS = "must be a number, or a list of numbers, got"


@each(
    "name, fields, field, message",
    [
        ("Rescaling", {"scale": "H"}, ("scale",), "must be a number that does not depend on a symbol, got H"),
        ("Rescaling", {"scale": [1, "H"]}, ("scale", 1), "must be a number that does not depend on a symbol, got H"),
        ("Rescaling", {"scale": []}, ("scale",), f"{_NUMBERS} []"),
        ("Rescaling", {"scale": 1, "offset": True}, ("offset",), f"{_NUMBERS} true"),
        ("Rescaling", {"scale": [[1, 2], 3]}, ("scale",), f"{_NUMBERS} [[1, 2], 3]"),
        ("Normalization", {"mean": {}, "variance": 1}, ("mean",), f"{_NUMBERS} a mapping"),
        (
            "BatchNormalization",
            {"renorm_clipping": {"max": 3}},
            ("renorm_clipping",),
            "must be a mapping of rmin, rmax and dmax to numbers, got a mapping",
        ),
        (
            "BatchNormalization",
            {"renorm_clipping": {"rmax": []}},
            ("renorm_clipping", "rmax"),
            "must be a number, got []",
        ),
        ("IntegerLookup", {"mask_token": []}, ("mask_token",), "must be an integer, got []"),
        ("StringLookup", {"mask_token": 0}, ("mask_token",), "must be a text, got 0"),
    ],
)
def test_what_is_not_a_number(name, fields, field, message):
    problem = refusal(name, (N, 3), **fields)
    assert (problem.code, problem.field) == ("CFG102", field)
    assert str(problem).partition("` ")[2] == message


@given(
    st.sampled_from(
        ["BatchNormalization", "LayerNormalization", "RMSNormalization", "UnitNormalization", "Normalization"]
    ),
    st.integers(1, 9),
    st.integers(1, 9),
)
def test_formulas_give_the_numbers(name, height, channels):
    formula = apply(name, (N, H, H, C))
    assert put(formula, H=height, C=channels) == put(apply(name, (N, height, height, channels)))
