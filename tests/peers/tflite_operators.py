"""Files of TensorFlow Lite with one operator each, and whole networks, in a form that both sides can be asked of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from bench.fuzz.tflite_files import Builder

FLOAT, INT, BOOL = "float32", "int32", "bool"


class Single(NamedTuple):
    """An operator on inputs of these shapes.

    constants: numbers of further inputs, by the place among the inputs. weights: shapes of further inputs without
    numbers. states: shapes of further inputs that are variables. rank: of the outputs, where the runtime asks for it.
    dtype, gives: of the inputs and of the outputs. sizes: other shapes of the inputs, which are tried too.
    """

    name: str
    inputs: tuple[list[int], ...]
    options: dict[str, Any] = {}  # noqa: RUF012 - a tuple is not changed
    constants: dict[int, Any] = {}  # noqa: RUF012
    weights: dict[int, list[int]] = {}  # noqa: RUF012
    rank: int = 1
    outputs: int = 1
    dtype: str = FLOAT
    gives: str = ""
    version: int = 1
    sizes: tuple[tuple[list[int], ...], ...] = ()
    states: dict[int, list[int]] = {}  # noqa: RUF012


IMAGE = [1, 8, 9, 6]
IMAGES: tuple[tuple[list[int], ...], ...] = (
    ([2, 8, 9, 6],),
    ([1, 5, 5, 6],),
    ([1, 17, 4, 6],),
    ([1, 3, 2, 6],),
    ([1, 1, 1, 6],),
)


def _slides() -> Iterator[Single]:
    for padding in (0, 1):
        for stride, dilation, kernel in ((1, 1, 3), (2, 1, 3), (1, 2, 3), (3, 1, 2), (2, 1, 5)):
            moved = {"padding": padding, "stride_w": stride, "stride_h": stride}
            spread = {"dilation_w_factor": dilation, "dilation_h_factor": dilation}
            kernels = [kernel, kernel]
            yield Single("CONV_2D", (IMAGE,), {**moved, **spread}, {}, {1: [4, *kernels, 6], 2: [4]}, 4, sizes=IMAGES)
            if stride == 1 or dilation == 1:
                deep = {**moved, **spread, "depth_multiplier": 2}
                yield Single(
                    "DEPTHWISE_CONV_2D", (IMAGE,), deep, {}, {1: [1, *kernels, 12], 2: [12]}, 4, sizes=IMAGES, version=2
                )
            if dilation == 1:
                pooled = {**moved, "filter_width": kernel, "filter_height": kernel}
                for name in ("MAX_POOL_2D", "AVERAGE_POOL_2D", "L2_POOL_2D"):
                    yield Single(name, (IMAGE,), pooled, rank=4, sizes=IMAGES)
    yield Single("CONV_2D", (IMAGE,), {"stride_w": 1, "stride_h": 1}, {}, {1: [4, 1, 1, 3], 2: [4]}, 4, sizes=IMAGES)
    for padding in (0, 1):
        for out in ([1, 16, 18, 4], [1, 17, 19, 4], [2, 16, 18, 4]):
            yield Single(
                "TRANSPOSE_CONV",
                (IMAGE,),
                {"padding": padding, "stride_w": 2, "stride_h": 2},
                {0: out},
                {1: [4, 3, 3, 6]},
                4,
                sizes=IMAGES,
            )
    volume = {"stride_d": 1, "stride_w": 2, "stride_h": 2, "padding": 1}
    yield Single("CONV_3D", ([1, 6, 6, 6, 3],), volume, {}, {1: [3, 3, 3, 3, 4], 2: [4]}, 5)


def _products() -> Iterator[Single]:
    for keep in (False, True):
        for shape in ([4, 6], [2, 3, 6], [1, 2, 2, 6]):
            options = {"keep_num_dims": keep}
            sizes = (([3, 12],), ([5, 1, 6],), ([4, 5],), ([2, 3, 4],))
            yield Single("FULLY_CONNECTED", (shape,), options, {}, {1: [5, 6], 2: [5]}, 2, version=5, sizes=sizes)
    for units, deep in ((6, 5), (4, 4)):
        gates = {1: [units, deep], 2: [units, units], 3: [units]}
        yield Single("RNN", ([1, deep],), {"fused_activation_function": 4}, {}, gates, 2, states={4: [1, units]})
        many = {1: [units, deep], 2: [units, units], 3: [units]}
        for major in (False, True):
            options = {"time_major": major, "fused_activation_function": 1}
            batch = 7 if major else 2
            name = "UNIDIRECTIONAL_SEQUENCE_RNN"
            yield Single(name, ([2, 7, deep],), options, {}, many, 3, states={4: [batch, units]})
        for rank in (1, 2):
            weights = {1: [units, deep], 2: [units, 10], 3: [units // rank]}
            yield Single("SVDF", ([2, deep],), {"rank": rank}, {}, weights, 2, states={4: [2, 10 * units]})
        basic = {"kernel_type": 1, "fused_activation_function": 4}
        joined = {2: [4 * units, deep + units], 3: [4 * units]}
        before = ([1, deep], [1, units], [1, units])
        yield Single("LSTM", before, basic, {}, joined, 2, outputs=4, version=2)
    for a, b, turn in (
        ([2, 3, 4], [2, 4, 5], {}),
        ([3, 4], [4, 5], {}),
        ([2, 1, 4, 3], [1, 3, 4, 5], {"adj_x": True}),
        ([2, 3, 4], [2, 5, 4], {"adj_y": True}),
    ):
        yield Single("BATCH_MATMUL", (a, b), turn, rank=len(a), sizes=(([2, 3, 5], [2, 4, 5]), ([1, 3, 4], [2, 4, 5])))


def _elementwise() -> Iterator[Single]:
    for name in (
        "ABS",
        "CEIL",
        "COS",
        "EXP",
        "FLOOR",
        "LOG",
        "NEG",
        "ROUND",
        "RSQRT",
        "SIN",
        "SQRT",
        "SQUARE",
        "RELU",
        "RELU6",
        "RELU_N1_TO_1",
        "LOGISTIC",
        "TANH",
        "HARD_SWISH",
        "ELU",
        "ZEROS_LIKE",
        "SOFTMAX",
        "LOG_SOFTMAX",
        "L2_NORMALIZATION",
        "GELU",
        "LEAKY_RELU",
        "SIGN",
        "RELU_0_TO_1",
    ):
        yield Single(name, ([2, 3, 4],), sizes=(([1, 5],),))
    yield Single("LOGICAL_NOT", ([2, 3],), dtype=BOOL)
    pairs = (
        ([2, 3, 4], [2, 3, 4]),
        ([2, 3, 4], [4]),
        ([2, 1, 4], [3, 1]),
        ([2, 3, 4], [1, 1, 1]),
        ([2, 3, 4], [2, 2, 4]),
        ([2, 3], [2]),
    )
    for name in (
        "ADD",
        "SUB",
        "MUL",
        "DIV",
        "MAXIMUM",
        "MINIMUM",
        "POW",
        "SQUARED_DIFFERENCE",
        "FLOOR_DIV",
        "FLOOR_MOD",
    ):
        yield Single(name, pairs[0], rank=3, sizes=pairs)
    for name in ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"):
        yield Single(name, pairs[0], gives=BOOL, sizes=pairs)
    for name in ("LOGICAL_AND", "LOGICAL_OR"):
        yield Single(name, pairs[0], dtype=BOOL, sizes=pairs)
    yield Single("ADD_N", ([2, 3], [2, 3], [2, 3]))
    yield Single("PRELU", ([1, 4, 4, 3],), {}, {}, {1: [1, 1, 3]})


def _shaping() -> Iterator[Single]:
    many = (([2, 12],), ([24],), ([3, 4, 4],), ([5, 5],))
    for target in ([2, 12], [-1, 4], [4, -1, 2], [24], [-1]):
        yield Single("RESHAPE", ([2, 3, 4],), {"new_shape": target}, {1: target}, sizes=many)
    yield Single("RESHAPE", ([2, 3, 4],), {"new_shape": [6, 4]}, sizes=many)
    yield Single("SQUEEZE", ([1, 3, 1, 4],), {"squeeze_dims": []}, sizes=(([1, 1, 1, 1],), ([2, 3, 1, 4],)))
    yield Single("SQUEEZE", ([1, 3, 1, 4],), {"squeeze_dims": [-2, 0]}, sizes=(([1, 3, 2, 4],), ([2, 3, 1, 4],)))
    for axis in (0, 1, -1, 2, 3):
        yield Single("EXPAND_DIMS", ([3, 4],), {}, {1: [axis]})
    for order in ([2, 0, 1], [0, 2, 1], [0, 1, 2], [-1, 0, 1]):
        yield Single("TRANSPOSE", ([2, 3, 4],), {}, {1: order}, sizes=(([5, 6, 7],),))
    pads = [[0, 0], [1, 2], [3, 0], [0, 0]]
    yield Single("PAD", (IMAGE,), {}, {1: pads}, rank=4, sizes=IMAGES)
    yield Single("PADV2", (IMAGE,), {}, {1: pads, 2: 1.5}, rank=4, sizes=IMAGES)
    for mode in (0, 1):
        yield Single(
            "MIRROR_PAD", (IMAGE,), {"mode": mode}, {1: [[0, 0], [1, 2], [2, 0], [0, 0]]}, rank=4, sizes=IMAGES
        )
    yield Single("TILE", ([2, 3],), {}, {1: [2, 3]}, sizes=(([4, 1],),))
    for axis in (0, 1, -1, 2):
        yield Single(
            "CONCATENATION",
            ([2, 3, 4], [2, 3, 4]),
            {"axis": axis},
            sizes=(([2, 3, 4], [2, 5, 4]), ([1, 1, 1], [1, 1, 1])),
        )
        yield Single(
            "PACK", ([2, 3], [2, 3], [2, 3]), {"axis": axis, "values_count": 3}, sizes=(([2, 3], [2, 4], [2, 3]),)
        )
    for axis in (0, 1, -1):
        yield Single("UNPACK", ([3, 3, 3],), {"axis": axis, "num": 3}, outputs=3, sizes=(([3, 4, 3],), ([3, 3, 3],)))
        yield Single("SPLIT", ([4, 6, 8],), {"num_splits": 2}, {0: axis}, outputs=2, sizes=(([4, 7, 8],), ([6, 2, 4],)))
        yield Single(
            "SPLIT_V",
            ([6, 6, 6],),
            {"num_splits": 3},
            {1: [1, -1, 2], 2: axis},
            outputs=3,
            sizes=(([3, 4, 5],), ([2, 2, 2],)),
        )
    yield Single("SHAPE", ([2, 3, 4],), {"out_type": 2}, gives=INT)
    yield Single("RANK", ([2, 3, 4],), gives=INT)
    yield Single("BROADCAST_TO", ([3, 1],), {}, {1: [2, 3, 4]}, sizes=(([1, 1],), ([2, 1],)), version=2)
    yield Single(
        "SPACE_TO_DEPTH", ([1, 8, 10, 3],), {"block_size": 2}, rank=4, sizes=(([1, 7, 8, 3],), ([2, 4, 4, 1],))
    )
    yield Single(
        "DEPTH_TO_SPACE", ([1, 4, 5, 12],), {"block_size": 2}, rank=4, sizes=(([1, 4, 5, 6],), ([2, 1, 1, 4],))
    )
    yield Single(
        "SPACE_TO_BATCH_ND",
        ([1, 8, 8, 3],),
        {},
        {1: [2, 2], 2: [[0, 0], [2, 0]]},
        rank=4,
        sizes=(([2, 4, 6, 3],), ([1, 5, 6, 3],)),
    )
    yield Single(
        "BATCH_TO_SPACE_ND",
        ([4, 4, 4, 3],),
        {},
        {1: [2, 2], 2: [[0, 0], [1, 0]]},
        rank=4,
        sizes=(([8, 2, 2, 3],), ([6, 2, 2, 3],)),
    )


def _picking() -> Iterator[Single]:
    for begin, size in (([0, 1, 0], [2, 2, 4]), ([0, 1, 2], [-1, -1, 1]), ([1, 0, 0], [1, 3, -1])):
        yield Single("SLICE", ([2, 3, 4],), {}, {1: begin, 2: size}, rank=3, sizes=(([5, 6, 7],), ([1, 2, 3],)))
    masks: tuple[dict[str, int], ...] = (
        {},
        {"begin_mask": 3},
        {"end_mask": 7},
        {"shrink_axis_mask": 1},
        {"shrink_axis_mask": 2, "end_mask": 5},
        {"ellipsis_mask": 2, "end_mask": 7},
        {"new_axis_mask": 1, "end_mask": 7},
        {"begin_mask": 7, "end_mask": 7},
    )
    for mask in masks:
        for begin, end, stride in (
            ([0, 1, 0], [2, 3, 4], [1, 1, 2]),
            ([1, -2, -3], [2, -1, 9], [1, 1, 1]),
            ([-1, 2, 3], [-9, 0, 0], [-1, -1, -2]),
        ):
            yield Single(
                "STRIDED_SLICE",
                ([2, 3, 4],),
                dict(mask),
                {1: begin, 2: end, 3: stride},
                sizes=(([5, 6, 7],), ([1, 2, 3],), ([3, 3, 3],)),
            )
    for axis, dims in ((0, 0), (1, 0), (-1, 0), (1, 1), (2, 1)):
        indices = [[0, 1, 0], [1, 0, 1]]
        yield Single(
            "GATHER", ([2, 3, 4],), {"axis": axis, "batch_dims": dims}, {1: indices}, sizes=(([5, 6, 7],), ([2, 2, 2],))
        )
    yield Single("GATHER_ND", ([2, 3, 4],), {}, {1: [[0, 1], [1, 0]]})
    yield Single("TOPK_V2", ([2, 9],), {}, {1: 3}, outputs=2)
    yield Single("REVERSE_V2", ([2, 3],), {}, {1: [1]})
    yield Single("CUMSUM", ([2, 3],), {}, {1: 1})
    yield Single("WHERE", ([2, 3],), dtype=BOOL, gives="int64")
    yield Single("SELECT_V2", ([2, 3], [2, 3], [2, 3]), sizes=(([2, 3], [1, 3], [3]),))


def _reducing() -> Iterator[Single]:
    for name in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"):
        for axes in ([1], [0, 2], [-1], [0, 1, 2], [1, 1], []):
            for keep in (False, True):
                yield Single(name, ([2, 3, 4],), {"keep_dims": keep}, {1: axes}, sizes=(([5, 6, 7],),))
    yield Single("REDUCE_ANY", ([2, 3],), {}, {1: [1]}, dtype=BOOL)
    for axis in (0, -1):
        yield Single("ARG_MAX", ([2, 3, 4],), {"output_type": 2}, {1: axis}, gives=INT)
        yield Single("ARG_MIN", ([2, 3, 4],), {"output_type": 4}, {1: axis}, gives="int64")
    for name in ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"):
        yield Single(name, (IMAGE,), {}, {1: [16, 5]}, rank=4, sizes=IMAGES)
    yield Single("LOCAL_RESPONSE_NORMALIZATION", (IMAGE,), {"radius": 2}, sizes=IMAGES)
    yield Single("CAST", ([2, 3],), gives=INT)


KINDS: dict[str, Callable[[], Iterator[Single]]] = {
    "slides": _slides,
    "products": _products,
    "elementwise": _elementwise,
    "shaping": _shaping,
    "picking": _picking,
    "reducing": _reducing,
}


def flat(value: Any) -> tuple[list[Any], list[int]]:
    """The numbers of nested lists, and the shape that they are."""
    if not isinstance(value, list):
        return [value], []
    parts = [flat(one) for one in value]
    return [number for part, _ in parts for number in part], [len(value), *(parts[0][1] if parts else [])]


def build(one: Single, shapes: Sequence[Sequence[int]] = ()) -> Builder:
    """The file of an operator. shapes: those that it records of the outputs; else they mean nothing."""
    builder = Builder()
    count = len(one.inputs) + len(one.constants) + len(one.weights) + len(one.states)
    inputs: list[int] = []
    waiting = iter(enumerate(one.inputs))
    for at in range(count):
        if at in one.constants:
            numbers, shape = flat(one.constants[at])
            dtype = FLOAT if any(isinstance(number, float) for number in numbers) else INT
            inputs.append(builder.numbers(f"c{at}", numbers, dtype=dtype, shape=shape))
        elif at in one.states:
            inputs.append(builder.tensor(f"s{at}", one.states[at], is_variable=True))
        elif at in one.weights:
            inputs.append(builder.weight(f"w{at}", *one.weights[at]))
        else:
            index, shape = next(waiting)
            dtype = BOOL if one.name.startswith("SELECT") and index == 0 else one.dtype
            inputs.append(builder.input(f"x{index}", *shape, dtype=dtype))
    gives = one.gives or one.dtype
    outputs = []
    for at in range(one.outputs):
        shape = list(shapes[at]) if shapes else [1] * one.rank
        outputs.append(builder.tensor(f"y{at}", shape, INT if one.name == "TOPK_V2" and at else gives))
    builder.operator(one.name, inputs, *outputs, version=one.version, **one.options)
    builder.outputs = outputs
    return builder
