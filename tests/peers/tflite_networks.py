"""Networks of the kinds that TensorFlow Lite files hold, as files with sizes that the runtime may change."""

from __future__ import annotations

from bench.fuzz.tflite_files import Builder

RELU6 = 3


class _Net(Builder):
    """One operator after another on images; shapes that are recorded mean nothing."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.image = self.input("image", 1, size, size, 3)
        self.count = 0

    def put(self, name: str, inputs: list[int], rank: int = 4, version: int = 1, **options: object) -> int:
        self.count += 1
        out = self.tensor(f"{name.lower()}_{self.count}", [1] * rank)
        return self.operator(name, inputs, out, version=version, **options)

    def conv(self, x: int, depth: int, width: int, kernel: int = 3, stride: int = 1, act: int = RELU6) -> int:
        weights = [self.weight(f"w{self.count}", width, kernel, kernel, depth), self.weight(f"b{self.count}", width)]
        moved = {"padding": 0, "stride_w": stride, "stride_h": stride, "fused_activation_function": act}
        return self.put("CONV_2D", [x, *weights], **moved)

    def deep(self, x: int, depth: int, kernel: int = 3, stride: int = 1, act: int = RELU6, dilation: int = 1) -> int:
        weights = [self.weight(f"d{self.count}", 1, kernel, kernel, depth), self.weight(f"e{self.count}", depth)]
        moved = {"padding": 0, "stride_w": stride, "stride_h": stride, "fused_activation_function": act}
        spread = {"dilation_w_factor": dilation, "dilation_h_factor": dilation}
        return self.put("DEPTHWISE_CONV_2D", [x, *weights], version=2, depth_multiplier=1, **moved, **spread)

    def ints(self, *values: int, shape: list[int] | None = None) -> int:
        return self.numbers(f"c{len(self.buffers)}", list(values), shape=shape)

    def dense(self, x: int, depth: int, width: int) -> int:
        return self.put("FULLY_CONNECTED", [x, self.weight("dense", width, depth), self.weight("dense_b", width)], 2)


def mobilenet_v1(size: int = 64) -> Builder:
    """A stem, convolutions of each channel and of all, a mean and a classifier."""
    net = _Net(size)
    x, depth = net.conv(net.image, 3, 8, stride=2), 8
    for width, stride in ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1)):
        x, depth = net.conv(net.deep(x, depth, stride=stride), depth, width, 1), width
    x = net.put("MEAN", [x, net.ints(1, 2)], keep_dims=True)
    x = net.conv(x, depth, 10, 1, act=0)
    x = net.put("SQUEEZE", [x], 2, squeeze_dims=[1, 2])
    net.outputs = [net.put("SOFTMAX", [x], 2)]
    return net


def mobilenet_v3(size: int = 64) -> Builder:
    """Inverted residuals with hard swish, and gates of the whole channels."""
    net = _Net(size)
    x = net.put("HARD_SWISH", [net.conv(net.image, 3, 8, stride=2, act=0)])
    for stride in (1, 2, 1):
        inner = net.put("HARD_SWISH", [net.conv(x, 8, 24, 1, act=0)])
        inner = net.put("HARD_SWISH", [net.deep(inner, 24, 5, stride, act=0)])
        gate = net.conv(net.put("MEAN", [inner, net.ints(1, 2)], keep_dims=True), 24, 8, 1, act=1)
        gate = net.put(
            "ADD", [net.conv(gate, 8, 24, 1, act=0), net.weight("three", 1)], fused_activation_function=RELU6
        )
        inner = net.put("MUL", [inner, net.put("MUL", [gate, net.weight("sixth", 1)])])
        inner = net.conv(inner, 24, 8, 1, act=0)
        x = net.put("ADD", [x, inner]) if stride == 1 else inner
    x = net.put("MEAN", [x, net.ints(1, 2)], 2)
    net.outputs = [net.dense(x, 8, 10)]
    return net


def deeplab(size: int = 65) -> Builder:
    """Atrous convolutions, one of the whole image, joined and resized to what the file fixes."""
    net = _Net(size)
    x = net.conv(net.conv(net.image, 3, 8, stride=2), 8, 16, stride=2)
    block = net.put("SPACE_TO_BATCH_ND", [x, net.ints(2, 2), net.ints(2, 3, 2, 3, shape=[2, 2])])
    block = net.put("BATCH_TO_SPACE_ND", [net.deep(block, 16), net.ints(2, 2), net.ints(2, 3, 2, 3, shape=[2, 2])])
    wide = net.deep(x, 16, dilation=4)
    whole = net.conv(net.put("MEAN", [x, net.ints(1, 2)], keep_dims=True), 16, 8, 1)
    whole = net.put("RESIZE_BILINEAR", [whole, net.ints(17, 17)], version=3)
    x = net.put("CONCATENATION", [block, wide, whole], axis=3)
    x = net.put("RESIZE_BILINEAR", [net.conv(x, 40, 5, 1, act=0), net.ints(size, size)], version=3)
    out = net.tensor("classes", [1, 1, 1], "int64")
    net.outputs = [net.operator("ARG_MAX", [x, net.ints(3, shape=[])], out, output_type=4)]
    return net


def unet(size: int = 32) -> Builder:
    """Two levels down and up, where what comes up is joined with what went down."""
    net = _Net(size)
    first = net.conv(net.image, 3, 8)
    pooled = {"padding": 1, "stride_w": 2, "stride_h": 2, "filter_width": 2, "filter_height": 2}
    second = net.conv(net.put("MAX_POOL_2D", [first], **pooled), 8, 16)
    x = net.conv(net.put("MAX_POOL_2D", [second], **pooled), 16, 16)
    for level, across in ((4, second), (8, first)):
        shape, ends = net.tensor(f"shape{level}", [4], "int32"), [net.ints(1), net.ints(3), net.ints(1)]
        net.operator("SHAPE", [x], shape, out_type=2)
        lengths, twice = net.tensor(f"l{level}", [2], "int32"), net.tensor(f"m{level}", [2], "int32")
        net.operator("STRIDED_SLICE", [shape, *ends], lengths)
        net.operator("MUL", [lengths, net.ints(2)], twice)
        x = net.put("RESIZE_NEAREST_NEIGHBOR", [x, twice], version=3)
        x = net.put("CONCATENATION", [across, x], axis=3)
        x = net.conv(x, 32 if level == 4 else 24, 16, 3)
    net.outputs = [net.put("LOGISTIC", [net.conv(x, 16, 1, 1, act=0)])]
    return net


def ssd(size: int = 64) -> Builder:
    """Two maps, each with boxes and classes, put end to end."""
    net = _Net(size)
    x = net.conv(net.image, 3, 16, stride=2)
    boxes, classes = [], []
    for _ in range(2):
        x = net.conv(net.deep(x, 16, stride=2), 16, 16, 1)
        box, seen = net.conv(x, 16, 12, 1, act=0), net.conv(x, 16, 15, 1, act=0)
        boxes.append(net.put("RESHAPE", [box, net.ints(1, -1, 1, 4)], new_shape=[1, -1, 1, 4]))
        classes.append(net.put("RESHAPE", [seen, net.ints(1, -1, 5)], 3, new_shape=[1, -1, 5]))
    joined = net.put("SQUEEZE", [net.put("CONCATENATION", boxes, axis=1)], 3, squeeze_dims=[2])
    seen = net.put("LOGISTIC", [net.put("CONCATENATION", classes, 3, axis=1)], 3)
    net.outputs = [joined, seen]
    return net


NETWORKS = {one.__name__: one for one in (mobilenet_v1, mobilenet_v3, deeplab, unet, ssd)}
