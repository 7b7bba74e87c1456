"""What operations of exported programs keep for the backward pass: the bytes that PyTorch 2.13 keeps on a CPU.

`tests/peers/test_torch_kept_subsets.py` asks PyTorch itself; these are its answers, for where it is not installed.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

import cnnsum
from tests.readers.pt2.programs import argument
from tests.readers.pt2.test_programs import program

FLOAT32, COMPLEX64, BFLOAT16 = 7, 10, 13
IMAGE = (2, 4, 9, 9)
ELEMENTS = 2 * 4 * 9 * 9


def tensor(shape: tuple[int, ...], dtype: int = FLOAT32, *, trains: bool = False) -> Any:
    return {"dtype": dtype, "sizes": [{"as_int": size} for size in shape], "requires_grad": trains}


def node(operation: str, made: str, **fields: Any) -> Any:
    """A call that gives one tensor; a field that is a text is a tensor."""
    return {
        "target": f"torch.ops.aten.{operation}",
        "inputs": [{"name": name, "arg": argument(value), "kind": 1} for name, value in fields.items()],
        "outputs": [{"as_tensor": {"name": name}} for name in made.split()],
        "metadata": {},
    }


def of(nodes: list[Any], metas: dict[str, Any], parameters: dict[str, tuple[int, ...]] | None = None) -> cnnsum.Report:
    """The report of a program whose first operation adds a trained parameter to its input: `given`, a tensor of IMAGE.

    parameters: further ones, by the names of their tensors. The last tensor that is made is the output.
    """
    trained = {"p_moves": IMAGE, **(parameters or {})}
    value: Any = program()
    graph = value["graph_module"]["graph"]
    first = node("add.Tensor", "given", self="x", other="p_moves")
    metas = {"x": tensor(IMAGE), "given": tensor(IMAGE), **metas}
    metas |= {name: tensor(shape, trains=True) for name, shape in trained.items()}
    graph.update(nodes=[first, *nodes], tensor_values=metas)
    last = nodes[-1]["outputs"][0]["as_tensor"]["name"]
    value["graph_module"]["signature"] = {
        "input_specs": [
            *[{"parameter": {"arg": {"name": name}, "parameter_name": name[2:]}} for name in trained],
            {"user_input": {"arg": argument("x")}},
        ],
        "output_specs": [{"user_output": {"arg": argument(last)}}],
    }
    return cnnsum.summarize(cnnsum.loads(json.dumps(value)))


def kept(report: cnnsum.Report) -> Any:
    assert not report.diagnostics
    assert report.totals.training is not None
    return report.totals.training.saved


def test_complex_numbers_have_a_gradient() -> None:
    """`torch.fft.rfft2(x).abs()` keeps `x`, for its size, and what the transform gives."""
    half = (2, 4, 9, 5)
    nodes = [node("fft_rfft2.default", "f", self="given"), node("abs.default", "a", self="f")]
    report = of(nodes, {"f": tensor(half, COMPLEX64), "a": tensor(half)})
    assert kept(report) == 4 * ELEMENTS + 8 * 2 * 4 * 9 * 5
    assert report.totals.training is not None
    assert report.totals.training.gradients == 4 * ELEMENTS


@pytest.mark.parametrize(
    ("operation", "fields", "shape", "expected"),
    [
        ("fft_fft.default", {}, IMAGE, 8 * ELEMENTS),
        ("fft_rfft.default", {"n": 5}, (2, 4, 9, 3), 4 * ELEMENTS + 8 * 72 * 3),
        ("fft_rfft.default", {"n": 12}, (2, 4, 9, 7), 4 * 72 * 12 + 8 * 72 * 7),
        ("polar.default", {"angle": "given"}, IMAGE, 8 * ELEMENTS),
    ],
)
def test_what_operations_on_complex_numbers_keep(
    operation: str, fields: dict[str, Any], shape: tuple[int, ...], expected: int
) -> None:
    name = "abs" if operation.startswith("polar") else "self"
    nodes = [node(operation, "f", **{name: "given"}, **fields), node("abs.default", "a", self="f")]
    assert kept(of(nodes, {"f": tensor(shape, COMPLEX64), "a": tensor(shape)})) == expected


INT64 = 5
FLOAT = 4 * ELEMENTS
SUM = (2, 9, 9)

#: Operations on `given`, by their names: fields, the shapes of what they give, the bytes that are kept. `other`
#: is twice `given`, `index` the places of its elements in order.
OPERATIONS: dict[str, tuple[str, dict[str, Any], list[tuple[int, ...]], int]] = {
    "hypot": ("hypot.default", {"self": "given", "other": "other"}, [IMAGE], 3 * FLOAT),
    "logaddexp": ("logaddexp.default", {"self": "given", "other": "other"}, [IMAGE], 2 * FLOAT),
    "cumprod": ("cumprod.default", {"self": "given", "dim": 1}, [IMAGE], 2 * FLOAT),
    "logcumsumexp": ("logcumsumexp.default", {"self": "given", "dim": 1}, [IMAGE], 2 * FLOAT),
    "cummax": ("cummax.default", {"self": "given", "dim": 1}, [IMAGE, IMAGE], 3 * FLOAT),
    "prod": ("prod.dim_int", {"self": "given", "dim": 1}, [SUM], FLOAT + 4 * 162),
    "std": ("std.correction", {"self": "given", "dim": [1]}, [SUM], FLOAT + 4 * 162),
    "var": ("var.correction", {"self": "given", "dim": [1]}, [SUM], FLOAT),
    "std_mean": ("std_mean.correction", {"self": "given", "dim": [1]}, [SUM, SUM], FLOAT + 4 * 162),
    "renorm": ("renorm.default", {"self": "given", "p": 2, "dim": 1, "maxnorm": 1}, [IMAGE], FLOAT),
    "sgn": ("sgn.default", {"self": "given"}, [IMAGE], 2 * FLOAT),
    "nan_to_num": ("nan_to_num.default", {"self": "given"}, [IMAGE], FLOAT),
    "rand_like": ("rand_like.default", {"self": "given"}, [IMAGE], 0),
    "rrelu": ("rrelu.default", {"self": "given"}, [IMAGE], 2 * FLOAT),
    "cosine_similarity": (
        "cosine_similarity.default",
        {"x1": "given", "x2": "other", "dim": 1},
        [SUM],
        4 * FLOAT + 4 * 4 * 162,
    ),
    "dist": ("dist.default", {"self": "given", "other": "other"}, [()], 2 * FLOAT + 4),
    "l1_loss": ("l1_loss.default", {"self": "given", "target": "other"}, [()], FLOAT),
    "poisson_nll_loss": (
        "poisson_nll_loss.default",
        {"input": "given", "target": "other", "log_input": True},
        [()],
        3 * FLOAT,
    ),
    "cross_entropy_loss of shares": (
        "cross_entropy_loss.default",
        {"self": "given", "target": "other"},
        [()],
        2 * FLOAT,
    ),
    "linalg_det": ("linalg_det.default", {"A": "given"}, [(2, 4)], 2 * FLOAT + 4 * 72 + 4 * 8),
    "linalg_solve": ("linalg_solve.default", {"A": "given", "B": "other"}, [IMAGE], 3 * FLOAT + 4 * 72),
    "linalg_pinv": ("linalg_pinv.default", {"self": "given"}, [IMAGE], 2 * FLOAT),
    "gather": ("gather.default", {"self": "given", "dim": 1, "index": "index"}, [IMAGE], 3 * FLOAT),
    "scatter": ("scatter.src", {"self": "given", "dim": 1, "index": "index", "src": "other"}, [IMAGE], 2 * FLOAT),
    "scatter_add": (
        "scatter_add.default",
        {"self": "given", "dim": 1, "index": "index", "src": "other"},
        [IMAGE],
        2 * FLOAT,
    ),
    "scatter_reduce": (
        "scatter_reduce.two",
        {"self": "given", "dim": 1, "index": "index", "src": "other"},
        [IMAGE],
        5 * FLOAT,
    ),
    "feature_dropout": ("feature_dropout.default", {"input": "given", "p": 0.5, "train": True}, [IMAGE], 4 * 8),
    "alpha_dropout": ("alpha_dropout.default", {"input": "given", "p": 0.5, "train": True}, [IMAGE], FLOAT),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_operations_keep(name: str) -> None:
    operation, fields, shapes, expected = OPERATIONS[name]
    nodes = []
    metas = {}
    if "other" in fields.values():
        nodes.append(node("mul.Tensor", "other", self="given", other=2))
        metas["other"] = tensor(IMAGE)
    if "index" in fields.values():
        nodes.append(node("argsort.default", "index", self="given", dim=1))
        metas["index"] = tensor(IMAGE, INT64)
    made = ["made", "more"][: len(shapes)]
    metas |= {one: tensor(shape) for one, shape in zip(made, shapes, strict=True)}
    assert kept(of([*nodes, node(operation, " ".join(made), **fields)], metas)) == expected


def test_tensors_that_are_broadcast_together_are_views_each_of_its_own() -> None:
    """`mse_loss` of two tensors keeps both: what `broadcast_tensors` gives was taken for twice the first."""
    shared: Any = node("broadcast_tensors.default", "first second")
    shared["inputs"] = [
        {"name": "tensors", "arg": {"as_tensors": [{"name": "given"}, {"name": "other"}]}, "kind": 1},
    ]
    shared["outputs"] = [{"as_tensors": [{"name": "first"}, {"name": "second"}]}]
    nodes = [
        node("mul.Tensor", "other", self="given", other=2),
        shared,
        node("mse_loss.default", "loss", self="first", target="second"),
    ]
    metas = {**{name: tensor(IMAGE) for name in ("other", "first", "second")}, "loss": tensor(())}
    assert kept(of(nodes, metas)) == 2 * FLOAT


def under_autocast(nodes: list[Any], metas: dict[str, Any], given: list[str], device: str = "cpu") -> Any:
    """A node that runs others under `torch.autocast(device, torch.bfloat16)`; the last of them gives what it gives."""
    outputs = nodes[-1]["outputs"]
    inner = {"inputs": [argument(one) for one in given], "outputs": outputs, "nodes": nodes, "tensor_values": metas}
    held = [
        *({"as_string": device}, {"as_scalar_type": BFLOAT16}, {"as_bool": True}, {"as_bool": True}),
        {"as_graph": {"name": "submod_1", "graph": inner}},
        *[argument(one) for one in given],
    ]
    return {
        "target": "torch.ops.higher_order.wrap_with_autocast",
        "inputs": [{"name": "", "arg": one, "kind": 1} for one in held],
        "outputs": [{"as_tensor": {"name": "given_back"}}],
        "metadata": {},
    }


def test_what_casts_under_autocast() -> None:
    """A linear layer computes in bfloat16 and keeps its input and its weight in that; GELU takes what it is given."""
    metas = {"inner": tensor(IMAGE, BFLOAT16), "bent": tensor(IMAGE, BFLOAT16), "p_weight": tensor((9, 9))}
    nodes = [
        node("linear.default", "inner", input="given", weight="p_weight"),
        node("gelu.default", "bent", self="inner"),
    ]
    call = under_autocast(nodes, metas, ["given", "p_weight"])
    report = of([call], {"given_back": tensor(IMAGE, BFLOAT16)}, {"p_weight": (9, 9)})
    assert [row.outputs[0].dtype for row in report.rows[-2:]] == ["bfloat16", "bfloat16"]
    assert report.totals.weights.total == 4 * (ELEMENTS + 81)
    assert kept(report) == 2 * ELEMENTS + 2 * 81 + 2 * ELEMENTS


def test_each_call_casts_its_input_anew_under_autocast() -> None:
    metas = {"turned": tensor(IMAGE), "product": tensor(IMAGE, BFLOAT16)}
    nodes = [
        node("mT.default", "turned", self="given"),
        node("matmul.default", "product", self="given", other="turned"),
    ]
    report = of([under_autocast(nodes, metas, ["given"])], {"given_back": tensor(IMAGE, BFLOAT16)})
    assert kept(report) == 2 * 2 * ELEMENTS


@pytest.mark.parametrize(("device", "dtype", "other"), [("cpu", BFLOAT16, "bfloat16"), ("cuda", FLOAT32, "float32")])
def test_devices_have_lists_of_their_own(device: str, dtype: int, other: str) -> None:
    metas = {"inner": tensor(IMAGE, BFLOAT16), "p_weight": tensor((9, 9)), "soft": tensor(IMAGE, dtype)}
    nodes = [
        node("linear.default", "inner", input="given", weight="p_weight"),
        node("softmax.int", "soft", self="inner", dim=1),
    ]
    call = under_autocast(nodes, metas, ["given", "p_weight"], device)
    report = of([call], {"given_back": tensor(IMAGE, dtype)}, {"p_weight": (9, 9)})
    assert [row.outputs[0].dtype for row in report.rows[-2:]] == ["bfloat16", other]


@pytest.mark.parametrize(
    ("operation", "fields", "shape"),
    [
        ("layer_norm.default", {"normalized_shape": [9]}, (9,)),
        ("group_norm.default", {"num_groups": 2}, (4,)),
        ("batch_norm.default", {"training": True}, (4,)),
        ("rms_norm.default", {"normalized_shape": [9]}, (9,)),
    ],
)
def test_normalisations_give_the_dtype_of_their_input(
    operation: str, fields: dict[str, Any], shape: tuple[int, ...]
) -> None:
    cast: Any = node("to.dtype", "half", self="given")
    cast["inputs"].append({"name": "dtype", "arg": {"as_scalar_type": BFLOAT16}, "kind": 1})
    nodes = [cast, node(operation, "made", input="half", weight="p_weight", **fields)]
    metas = {"half": tensor(IMAGE, BFLOAT16), "made": tensor(IMAGE, BFLOAT16)}
    report = of(nodes, metas, {"p_weight": shape})
    assert report.diagnostics == ()
    assert report.outputs[0].dtype == "bfloat16"
