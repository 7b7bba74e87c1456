"""Claims in comments: what is read as one, and how many digits of it count."""

from advising import advice_on
from keras_writing import called, functional, image, load, made

from cnnsum.model import loads
from tests.thorough import each

# 32 * 32 * (27 + 1) weights: kernel 3 * 3 * 3 * 32 = 864, bias 32; work 30 * 30 * 864 = 777,600 products.
SPEC = "input: [32, 32, 3]\nlayers:\n  - Conv2D: [32, 3]{}\n"
PARAMS, MACS = 896, 777_600


def claims(head="", tail=""):
    return [found.message for found in advice_on(loads(head + SPEC.format(tail), "net.yaml"), "ARC491")]


@each(
    "comment",
    [
        "# params: 896",
        "# Parameters: 896 (by hand)",
        "# params = 0.9k",
        "# params: 0.89K",  # cut
        "# params: 0.90k",  # rounded
        "# 1 layer, params: 896, macs: 777,600",
        "# MACs: 777_600",
        "# macs: 0.8M",
        "# FLOPs: 1.6M",  # 2 * 777,600 and 28,800 for the bias
        "# FLOPs: 1,584,000",
        "# params: 896 trainable",
        "# params: 0 non-trainable",
        "# params: ~1000",
        "# params: about 1000",
        "# params of the paper: 5",
        "# hyperparams: 5",
        "# params:",
        "# the params: see 12",
    ],
)
def test_true_or_no_claim(comment):
    assert claims(comment + "\n") == []


@each(
    ("comment", "said", "truth"),
    [
        ("# params: 895", "895", "896 parameters"),
        ("# params: 1k", "1k", None),
        ("# params: 0.7k", "0.7k", "896 parameters"),
        ("# params: 0.88k", "0.88k", "896 parameters"),
        ("# parameters: 25.6M", "25.6M", "896 parameters"),
        ("# parameters: 1 million", "1 million", None),
        ("# params: 3 million", "3 million", "896 parameters"),
        ("# params: 896 non-trainable", "896", "0 non-trainable parameters"),
        ("# macs: 4.1G", "4.1G", "777,600 MACs"),
        ("# flops: 777,600", "777,600", None),  # many papers call a MAC a FLOP
        ("# flops: 777,601", "777,601", "1,584,000 FLOPs"),
    ],
)
def test_claims_of_the_model(comment, said, truth):
    expected = [] if truth is None else [f"the comment says {said}, but the model has {truth}"]
    assert claims(comment + "\n") == expected


def test_a_claim_behind_a_layer_is_of_the_layer():
    assert claims(tail="  # params: 896") == []
    assert claims(tail="  # params: 897") == ["the comment says 897, but `conv2d` has 896 parameters"]
    assert claims(tail="  # macs: 777,600") == []


def test_the_place_is_that_of_the_claim():
    (found,) = advice_on(loads("# a net, params: 5 or so\n" + SPEC.format(""), "net.yaml"), "ARC491")
    assert found.span == ("net.yaml", 1, 10, 1, 19)


def test_a_line_of_its_own_further_down_is_no_claim():
    text = "input: [32, 32, 3]\nlayers:\n  # params: 5\n  - Conv2D: [32, 3]\n"
    assert advice_on(loads(text), "ARC491") == []


def test_formulas_are_not_compared():
    text = "# params: 5\ninput: [32, 32, C]\nlayers:\n  - Conv2D: [32, 3]\n"
    assert advice_on(loads(text), "ARC491") == []


def test_a_merge_with_an_array_does_something() -> None:
    array = {"class_name": "__tensor__", "config": {"value": [[1.0, 2.0]], "dtype": "float32"}}
    for among, codes in (["image", array], []), (["image"], ["ARC442"]):
        model = load(functional([image((2,)), made("Add", "sum", called(among))], "sum"))
        assert [found.code for found in advice_on(model, "ARC442")] == codes
