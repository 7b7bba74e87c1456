"""Layers in PyTorch's words whose sizes are followed as far as it is easy: channels first, as `torch.nn` has them."""

from __future__ import annotations

from math import prod
from random import Random
from typing import Any

from bench.fuzz.nets import Net, Node, Shape, Step, Words
from cnnsum.layers.vocabulary import TORCH

_ACTIVATIONS = ("ReLU", "GELU", "SiLU", "Hardswish", "Sigmoid", "Tanh", "ELU", "LeakyReLU", "Mish", "PReLU")


def _window(size: int, kernel: int, stride: int, pad: int) -> int:
    return (size + 2 * pad - kernel) // stride + 1


def _convolution(shape: Shape, chance: Random) -> Step:
    rank = len(shape) - 1
    kernel, stride, pad = chance.choice((1, 1, 2, 3, 3, 5)), chance.choice((1, 1, 1, 2, 3)), chance.choice((0, 1, 1, 2))
    out = chance.choice((1, 2, 4, 8, 16))
    fields: dict[str, Any] = {"out_channels": out, "kernel_size": kernel, "stride": stride, "padding": pad}
    if chance.random() < 0.4:
        fields["in_channels"] = shape[0]
    if chance.random() < 0.3:
        fields["bias"] = chance.random() < 0.5
    if chance.random() < 0.2:
        fields["kernel_size"] = [kernel] * rank
    if chance.random() < 0.2:
        fields["groups"] = chance.choice((1, 2, shape[0]))
    if chance.random() < 0.2:
        sizes = [(size - 1) * stride - 2 * pad + kernel for size in shape[1:]]
        return f"ConvTranspose{rank}d", fields, (out, *sizes)
    if stride == 1 and chance.random() < 0.2:
        return f"Conv{rank}d", {**fields, "padding": "same"}, (out, *shape[1:])
    return f"Conv{rank}d", fields, (out, *[_window(size, kernel, stride, pad) for size in shape[1:]])


def _pooling(shape: Shape, chance: Random) -> Step:
    rank = len(shape) - 1
    size = chance.choice((1, 2, 2, 3))
    match chance.randrange(4):
        case 0:
            out = chance.choice((1, 1, 2, 7))
            name = f"Adaptive{chance.choice(('Avg', 'Max'))}Pool{rank}d"
            return name, {"output_size": out}, (shape[0], *[out] * rank)
        case 1:
            fields = {"kernel_size": size, "ceil_mode": True}
            return f"MaxPool{rank}d", fields, (shape[0], *[-(-(one - size) // size) + 1 for one in shape[1:]])
        case _:
            sizes = [_window(one, size, size, 0) for one in shape[1:]]
            return f"{chance.choice(('Max', 'Avg'))}Pool{rank}d", {"kernel_size": size}, (shape[0], *sizes)


def _same(shape: Shape, chance: Random) -> Step:
    rank = len(shape) - 1
    kinds: list[tuple[str, dict[str, Any]]] = [
        (chance.choice(_ACTIVATIONS), {}),
        ("ReLU", {"inplace": True}),
        ("Dropout", {"p": 0.25}),
        ("LayerNorm", {"normalized_shape": list(shape[chance.randrange(len(shape)) :])}),
        ("Identity", {}),
        ("Softmax", {"dim": chance.choice((-1, 1))}),
    ]
    if 1 <= rank <= 3:
        kinds += [
            (f"BatchNorm{rank}d", {"num_features": shape[0]} if chance.random() < 0.5 else {}),
            (f"InstanceNorm{rank}d", {}),
            ("GroupNorm", {"num_groups": chance.choice((1, 2, shape[0]))}),
            (f"Dropout{rank}d", {}),
        ]
    return *chance.choice(kinds), shape


def _linear(shape: Shape, chance: Random) -> Step:
    out = chance.choice((1, 2, 3, 8, 10))
    fields: dict[str, Any] = {"out_features": out}
    if chance.random() < 0.5:
        fields["in_features"] = shape[-1]
    return "Linear", fields, (*shape[:-1], out)


def _shaping(shape: Shape, chance: Random) -> Step:
    rank = len(shape) - 1
    amount = chance.choice((1, 2))
    match chance.randrange(4):
        case 0:
            return "Flatten", {}, (prod(shape),)
        case 1 if 1 <= rank <= 3:
            pad = f"{chance.choice(('Zero', 'Reflection', 'Replication', 'Constant', 'Circular'))}Pad{rank}d"
            fields = {"padding": amount, **({"value": 0} if pad.startswith("Constant") else {})}
            return pad, fields, (shape[0], *[size + 2 * amount for size in shape[1:]])
        case 2 if 1 <= rank <= 3:
            return "Upsample", {"scale_factor": amount}, (shape[0], *[size * amount for size in shape[1:]])
        case _:
            order = list(range(1, len(shape) + 1))
            chance.shuffle(order)
            return "permute", {"dims": [0, *order]}, tuple(shape[axis - 1] for axis in order)


def _sequence(shape: Shape, chance: Random) -> Step:
    size, both = chance.choice((1, 3, 8)), chance.random() < 0.3
    fields: dict[str, Any] = {"hidden_size": size, "batch_first": True, "bidirectional": both}
    if chance.random() < 0.4:
        fields["num_layers"] = 2
    return chance.choice(("LSTM", "GRU", "RNN")), fields, (shape[0], size * (1 + both))


def _merge(made: Net, last: str, shape: Shape, name: str, chance: Random) -> bool:
    """Join the last tensor with another, attend over it, or call an earlier layer again."""
    kind = chance.choice(("add", "mul", "cat", "share", "attention"))
    if kind in ("add", "mul"):
        equal = [other for other, one in made.shapes.items() if one == shape]
        made.nodes.append(Node(name, kind, {}, [last, chance.choice(equal)]))
        made.shapes[name] = shape
        return True
    if kind == "cat" and len(shape) > 1:
        others = [one for one, size in made.shapes.items() if size is not None and size[1:] == shape[1:]]
        reads = [last, *chance.choices(others, k=chance.randint(1, 2))]
        made.nodes.append(Node(name, kind, {"dim": 1}, reads))
        made.shapes[name] = (sum((made.shapes[one] or (0,))[0] for one in reads), *shape[1:])
        return True
    if kind == "attention" and len(shape) == 2:
        made.nodes.append(Node(name, "MultiheadAttention", {"num_heads": 1, "batch_first": True}, [last] * 3))
        made.shapes[name] = shape
        return True
    called = [node for node in made.nodes if node.share is None and made.shapes[node.reads[0]] == shape]
    called = [node for node in called if len(node.reads) == 1]
    if kind == "share" and called:
        node = chance.choice(called)
        made.nodes.append(Node(name, node.type, {}, [last], share=node.name))
        made.shapes[name] = made.shapes[node.name]
        return True
    return False


TORCH_WORDS = Words(
    TORCH,
    {
        1: (_linear, _linear, _same),
        2: (_convolution, _pooling, _sequence, _sequence, _linear, _same, _shaping),
        3: (_convolution, _convolution, _convolution, _pooling, _same, _same, _shaping, _linear),
        4: (_convolution, _pooling, _same, _shaping),
    },
    _same,
    _merge,
)
