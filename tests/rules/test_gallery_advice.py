"""What the rules say of the gallery: every finding is one that the network is known for, and all else is silent."""

from collections import Counter
from pathlib import Path

from advising import advice_on

from cnnsum.model import load
from tests.thorough import each

SPECS = Path(__file__).resolve().parent.parent.parent / "specs"
NETWORKS = [path for path in sorted(SPECS.glob("*.yaml")) if path.stem != "resnet_blocks"]  # which holds blocks only

FLATTENED = "the first Dense of the head holds most weights, which is why later networks pool"
BORDER = "sizes that the authors chose, at which a pooling leaves a row over"
UNEVEN = "TensorFlow's padding at stride 2, in which PyTorch's MobileNets differ from Keras's"
BIASED = "the authors' and Keras's ResNets have biases before the normalisation; torchvision's have none"
LEAPING = "both the projection and the 1x1 convolution of a block stride: 'ResNet v1.5' moves the stride for that"

EXPECTED = {
    "alexnet": {"ARC451": (1, FLATTENED)},
    "efficientnet_b0": {"ARC423": (2, UNEVEN)},
    "fcn": {"ARC452": (1, "fc6 is VGG's first Dense as a 7x7 convolution: 103 of 134 million")},
    "horses_or_humans": {"ARC422": (2, BORDER), "ARC451": (1, FLATTENED)},
    "m5_audio": {
        "ARC401": (1, "the tutorial's convolutions have biases before the normalisation"),
        "ARC422": (1, BORDER),
        "ARC445": (1, "one second of sound leaves one step: the pooling is there for longer sounds"),
        "ARC461": (1, "that step sees 6,848 of the 8,000 positions"),
    },
    "mobilenet_v1": {"ARC423": (2, UNEVEN)},
    "mobilenet_v2": {"ARC423": (2, UNEVEN)},
    "mobilenet_v3_large": {"ARC423": (2, UNEVEN)},
    "resnet50": {"ARC401": (1, BIASED), "ARC421": (1, LEAPING)},
    "resnet101": {"ARC401": (1, BIASED), "ARC421": (1, LEAPING)},
    "resnet152": {"ARC401": (1, BIASED), "ARC421": (1, LEAPING)},
    "siamese": {"ARC451": (1, FLATTENED)},
    "squeezenet": {
        "ARC422": (1, BORDER),
        "ARC461": (1, "a field of 207 positions: the price of few large kernels"),
    },
    "vgg16": {"ARC451": (1, FLATTENED)},
    "vgg19": {"ARC451": (1, FLATTENED)},
}


@each("path", NETWORKS, ids=lambda path: path.stem)
def test_gallery(path):
    found = advice_on(load(path))
    assert all(one.span is not None for one in found)
    expected = {code: count for code, (count, _) in EXPECTED.get(path.stem, {}).items()}
    assert Counter(one.code for one in found) == expected
