"""Networks of Caffe as layers, written here from the papers that they come from, and their text."""

from __future__ import annotations

from typing import Any

from bench.fuzz.messages import Word


class Net:
    """Layers in their order; each call adds one and gives the blob that it makes."""

    def __init__(self, channels: int, size: int) -> None:
        self.value: dict[str, Any] = {
            "name": "net",
            "layer": [
                {
                    "name": "data",
                    "type": "Input",
                    "top": "data",
                    "input_param": {"shape": {"dim": [10, channels, size, size]}},
                }
            ],
        }

    def layer(self, type: str, bottom: str | list[str], name: str, top: str | None = None, **params: Any) -> str:
        self.value["layer"].append({"name": name, "type": type, "bottom": bottom, "top": top or name, **params})
        return top or name

    def conv(self, bottom: str, name: str, output: int, size: int, stride: int = 1, pad: int = 0, **more: Any) -> str:
        fields = {"num_output": output, "kernel_size": size, "stride": stride, "pad": pad, **more}
        return self.layer("Convolution", bottom, name, convolution_param=fields)

    def relu(self, blob: str) -> str:
        return self.layer("ReLU", blob, f"relu_{blob}", blob)

    def normed(self, blob: str) -> str:
        self.layer("BatchNorm", blob, f"bn_{blob}", blob, batch_norm_param={"use_global_stats": True})
        return self.layer("Scale", blob, f"scale_{blob}", blob, scale_param={"bias_term": True})

    def pool(self, bottom: str, name: str, size: int, stride: int, how: str = "MAX", pad: int = 0) -> str:
        fields = {"pool": Word(how), "kernel_size": size, "stride": stride, "pad": pad}
        return self.layer("Pooling", bottom, name, pooling_param=fields)

    def product(self, bottom: str, name: str, output: int) -> str:
        return self.layer("InnerProduct", bottom, name, inner_product_param={"num_output": output})


def vgg16() -> Net:
    """K. Simonyan and A. Zisserman, "Very Deep Convolutional Networks", 2015, configuration D."""
    net, blob = Net(3, 224), "data"
    for stage, (filters, count) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), 1):
        for number in range(1, count + 1):
            blob = net.relu(net.conv(blob, f"conv{stage}_{number}", filters, 3, pad=1))
        blob = net.pool(blob, f"pool{stage}", 2, 2)
    for name in ("fc6", "fc7"):
        blob = net.relu(net.product(blob, name, 4096))
        net.layer("Dropout", blob, f"drop_{name}", blob, dropout_param={"dropout_ratio": 0.5})
    net.layer("Softmax", net.product(blob, "fc8", 1000), "prob")
    return net


def googlenet() -> Net:
    """C. Szegedy et al., "Going deeper with convolutions", 2015, table 1, without the classifiers on its sides."""
    net = Net(3, 224)
    blob = net.pool(net.relu(net.conv("data", "conv1/7x7", 64, 7, 2, 3)), "pool1", 3, 2)
    blob = net.layer("LRN", blob, "norm1", lrn_param={"local_size": 5, "alpha": 0.0001, "beta": 0.75})
    blob = net.relu(net.conv(net.relu(net.conv(blob, "conv2/reduce", 64, 1)), "conv2/3x3", 192, 3, pad=1))
    blob = net.pool(net.layer("LRN", blob, "norm2", lrn_param={"local_size": 5}), "pool2", 3, 2)
    table = {
        "3a": (64, 96, 128, 16, 32, 32),
        "3b": (128, 128, 192, 32, 96, 64),
        "4a": (192, 96, 208, 16, 48, 64),
        "4b": (160, 112, 224, 24, 64, 64),
        "4c": (128, 128, 256, 24, 64, 64),
        "4d": (112, 144, 288, 32, 64, 64),
        "4e": (256, 160, 320, 32, 128, 128),
        "5a": (256, 160, 320, 32, 128, 128),
        "5b": (384, 192, 384, 48, 128, 128),
    }
    for name, (one, r3, three, r5, five, pool) in table.items():
        at = f"inception_{name}/"
        parts = [
            net.relu(net.conv(blob, f"{at}1x1", one, 1)),
            net.relu(net.conv(net.relu(net.conv(blob, f"{at}3x3_reduce", r3, 1)), f"{at}3x3", three, 3, pad=1)),
            net.relu(net.conv(net.relu(net.conv(blob, f"{at}5x5_reduce", r5, 1)), f"{at}5x5", five, 5, pad=2)),
            net.relu(net.conv(net.pool(blob, f"{at}pool", 3, 1, pad=1), f"{at}pool_proj", pool, 1)),
        ]
        blob = net.layer("Concat", parts, f"{at}output")
        if name in ("3b", "4e"):
            blob = net.pool(blob, f"pool_{name}", 3, 2)
    blob = net.pool(blob, "pool5", 7, 1, "AVE")
    net.layer("Dropout", blob, "drop", blob)
    net.layer("Softmax", net.product(blob, "classifier", 1000), "prob")
    return net


def resnet50() -> Net:
    """K. He et al., "Deep Residual Learning", 2016; the first convolution has a bias, as the authors' has."""
    net = Net(3, 224)
    blob = net.pool(net.relu(net.normed(net.conv("data", "conv1", 64, 7, 2, 3))), "pool1", 3, 2)
    for stage, count in enumerate((3, 4, 6, 3)):
        for block in range(count):
            at, filters = f"res{stage + 2}{'abcdef'[block]}", 64 << stage
            stride = 2 if stage and not block else 1
            short = blob
            if not block:
                short = net.normed(net.conv(blob, f"{at}_branch1", 4 * filters, 1, stride, bias_term=False))
            inner = net.relu(net.normed(net.conv(blob, f"{at}_branch2a", filters, 1, stride, bias_term=False)))
            inner = net.relu(net.normed(net.conv(inner, f"{at}_branch2b", filters, 3, 1, 1, bias_term=False)))
            inner = net.normed(net.conv(inner, f"{at}_branch2c", 4 * filters, 1, bias_term=False))
            blob = net.relu(net.layer("Eltwise", [short, inner], at))
    net.layer("Softmax", net.product(net.pool(blob, "pool5", 7, 1, "AVE"), "fc1000", 1000), "prob")
    return net


def mobilenet() -> Net:
    """A. Howard et al., "MobileNets", 2017, table 1."""
    net = Net(3, 224)
    blob = net.relu(net.normed(net.conv("data", "conv1", 32, 3, 2, 1, bias_term=False)))
    before = 32
    plan = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]
    for number, (filters, stride) in enumerate(plan, 2):
        blob = net.conv(blob, f"conv{number}/dw", before, 3, stride, 1, group=before, bias_term=False)
        blob = net.conv(net.relu(net.normed(blob)), f"conv{number}/sep", filters, 1, bias_term=False)
        blob = net.relu(net.normed(blob))
        before = filters
    blob = net.layer("Pooling", blob, "pool6", pooling_param={"pool": Word("AVE"), "global_pooling": True})
    net.layer("Softmax", net.conv(blob, "fc7", 1000, 1), "prob")
    return net


def alexnet() -> Net:
    """A. Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural Networks", 2012."""
    net = Net(3, 227)
    blob = net.layer("LRN", net.relu(net.conv("data", "conv1", 96, 11, 4)), "norm1")
    blob = net.relu(net.conv(net.pool(blob, "pool1", 3, 2), "conv2", 256, 5, pad=2, group=2))
    blob = net.pool(net.layer("LRN", blob, "norm2"), "pool2", 3, 2)
    blob = net.relu(net.conv(blob, "conv3", 384, 3, pad=1))
    blob = net.relu(net.conv(blob, "conv4", 384, 3, pad=1, group=2))
    blob = net.pool(net.relu(net.conv(blob, "conv5", 256, 3, pad=1, group=2)), "pool5", 3, 2)
    for name in ("fc6", "fc7"):
        blob = net.relu(net.product(blob, name, 4096))
        net.layer("Dropout", blob, f"drop_{name}", blob)
    net.layer("Softmax", net.product(blob, "fc8", 1000), "prob")
    return net
