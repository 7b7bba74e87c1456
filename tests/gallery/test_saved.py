"""What backpropagation keeps, held to PyTorch.

Bytes that `torch.autograd.graph.saved_tensors_hooks` counted on PyTorch 2.13 (CPU, training mode, batch 2, 224 x 224,
float32, storages once, parameters left out). The networks are torchvision's. Where a spec of the gallery follows
another implementation, the difference is written here and worked by hand.
"""

from pathlib import Path

import pytest

import cnnsum

FLOAT = 4


def saved(name, **settings):
    report = cnnsum.summarize(cnnsum.load(f"specs/{name}.yaml", **settings), batch=2, details=False)
    return report.totals.saved


@pytest.fixture(autouse=True)
def _at_the_root(request, monkeypatch):
    monkeypatch.chdir(request.config.rootpath)


def test_vgg16():
    adaptive_pool = 2 * 7 * 7 * 512 * FLOAT  # keeps its input, which nothing else keeps; Keras's has no such layer
    dropout = 2 * 2 * 4096 * (FLOAT + FLOAT)  # two layers: the output, and on a CPU the mask in the input's dtype
    softmax = 2 * 1000 * FLOAT  # torchvision leaves it to the loss
    assert saved("vgg16") + adaptive_pool + dropout - softmax == 146_710_528


def test_alexnet():
    adaptive_pool = 2 * 6 * 6 * 256 * FLOAT
    masks = 2 * (9216 + 4096) * (FLOAT - 1)  # a byte an element here
    padded = 2 * (228**2 - 224**2) * 3 * FLOAT  # the padding is a layer of its own here
    assert saved("alexnet") + adaptive_pool + masks - padded == 7_482_368


def test_resnet18(tmp_path):
    """With the padding inside the convolutions, as in torchvision; in the gallery it is a layer with an output to keep."""
    blocks = Path("specs/resnet_blocks.yaml").read_text(encoding="utf-8")
    inside = blocks.replace("      - ZeroPadding2D: {padding: kernel // 2, when: kernel > 1}\n", "")
    inside = inside.replace("      - ZeroPadding2D: 1\n", "")
    inside = inside.replace("use_bias: $bias}", "use_bias: $bias, padding: same}")
    inside = inside.replace("pool_size: 3, strides: 2}", "pool_size: 3, strides: 2, padding: same}")
    assert "ZeroPadding" not in inside
    (tmp_path / "resnet_blocks.yaml").write_text(inside, encoding="utf-8")
    spec = tmp_path / "resnet18.yaml"
    spec.write_text(Path("specs/resnet18.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    report = cnnsum.summarize(cnnsum.load(spec), batch=2, details=False)
    assert report.totals.params.trainable == 11_689_512
    assert report.totals.saved == 44_398_080
