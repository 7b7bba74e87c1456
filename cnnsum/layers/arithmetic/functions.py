"""Activation functions: one table of what each costs and what backpropagation keeps for it.

Operations are counted per element, in the costliest branch of the function's formula as Keras documents it, with
products of constants folded: an addition, a multiplication, a division, a comparison, an absolute value, and one
evaluation of exp, log, tanh, erf or a square root are one operation each; a change of sign is not one. Softmax is
counted as every library computes it, with the row's maximum subtracted first.
"""

from __future__ import annotations

from cnnsum.dims import UNKNOWN, Dim
from cnnsum.layers.facts import Alias, Facts, KeepsInput, Kept, Reach, Shape, Weight, size
from cnnsum.typed import NamedTuple


class Function(NamedTuple):
    """An elementwise function. `keeps` is what its gradient is computed from: "input", "output" or "" (nothing).

    `ops` is None for a function that is not known here, or whose work depends on the values.
    """

    ops: int | None
    keeps: str


FUNCTIONS: dict[str, Function] = {
    "linear": Function(0, ""),
    "relu": Function(1, "output"),  # max(x, 0)
    "relu6": Function(2, "input"),  # min(max(x, 0), 6)
    "leaky_relu": Function(2, "output"),  # x if x > 0 else slope * x
    "elu": Function(4, "output"),  # x if x > 0 else alpha * (exp(x) - 1)
    "selu": Function(4, "output"),  # scale * elu(x)
    "celu": Function(5, "output"),  # x if x > 0 else alpha * (exp(x / alpha) - 1)
    "sigmoid": Function(3, "output"),  # 1 / (1 + exp(-x))
    "tanh": Function(1, "output"),
    "exponential": Function(1, "output"),
    "softmax": Function(5, "output"),  # maximum, difference, exp, sum, quotient
    "log_softmax": Function(5, "output"),  # maximum, difference, exp, sum, difference
    "hard_sigmoid": Function(4, "input"),  # min(max(x / 6 + 0.5, 0), 1)
    "hard_tanh": Function(2, "input"),  # min(max(x, -1), 1)
    "threshold": Function(1, "input"),  # x if x > threshold else value
    "silu": Function(4, "input"),  # x * sigmoid(x)
    "gelu": Function(5, "input"),  # 0.5 * x * (1 + erf(x / sqrt(2)))
    "hard_silu": Function(5, "input"),  # x * hard_sigmoid(x)
    "mish": Function(5, "input"),  # x * tanh(softplus(x))
    "softplus": Function(3, "input"),  # log(exp(x) + 1)
    "softsign": Function(3, "input"),  # x / (abs(x) + 1)
    "squareplus": Function(5, "input"),  # (x + sqrt(x * x + b)) / 2
    "log_sigmoid": Function(3, "input"),  # -softplus(-x)
    "soft_shrink": Function(3, "input"),  # 0 inside -t..t, else x moved by t towards 0
    "hard_shrink": Function(2, "input"),  # 0 inside -t..t, else x
    "tanh_shrink": Function(2, "input"),  # x - tanh(x)
    "glu": Function(4, "input"),  # the first half of the axis, times sigmoid of the second
    "sparse_plus": Function(5, "input"),  # 0, then (x + 1)**2 / 4, then x
    "sparse_sigmoid": Function(4, "output"),  # min(max((x + 1) / 2, 0), 1)
    "sparsemax": Function(None, "output"),  # sorts every row
}
FUNCTIONS["swish"] = FUNCTIONS["silu"]
FUNCTIONS["hard_swish"] = FUNCTIONS["hard_silu"]
UNKNOWN_FUNCTION = Function(None, "input")

#: Functions of a whole row: an output element is not made from one input element alone.
BY_ROW = frozenset(("softmax", "log_softmax", "sparsemax", "glu"))

_LINEAR = FUNCTIONS["linear"]


def function(name: str | None) -> Function:
    """The function of that name; None is the identity; a name that the table lacks costs an unknown amount."""
    return _LINEAR if name is None else FUNCTIONS.get(name, UNKNOWN_FUNCTION)


def work(name: str | None, elements: Dim) -> Dim:
    """Operations of the function on that many elements."""
    ops = function(name).ops
    if ops == 0:
        return 0
    return UNKNOWN if ops is None else ops * elements


def elementwise(x: Shape, name: str | None, keeps: str | None = None) -> Facts:
    """The facts of applying the function of that name to every element (softmax and its like: to a whole row).

    "linear" gives what it is given. keeps: what the gradient is computed from, where a framework has it otherwise than
    the table does: it may be written with the input or with the output.
    """
    if keeps is None:
        keeps = function(name).keeps
    by_element: Alias = "view" if name in (None, "linear") else "inplace"
    return Facts(
        x,
        ops=work(name, size(x)),
        keeps_input=keeps == "input",
        keeps_output=keeps == "output",
        alias="" if name in BY_ROW else by_element,
    )


def activated(
    *outputs: Shape,
    activation: str | None,
    weights: tuple[Weight, ...] = (),
    macs: Dim = 0,
    ops: Dim = 0,
    keeps_input: KeepsInput = False,
    kept: tuple[Kept, ...] = (),
    scratch: tuple[Shape, ...] = (),
    window: Reach = None,
) -> Facts:
    """The facts of a layer whose last step applies an activation to its (first) output.

    Takes arguments of `Facts` for the layer without the activation, and adds what the activation costs and keeps:
    a function that needs its output shares it with the outside, one that needs its input keeps a tensor of its own.
    """
    step = _LINEAR if activation is None else FUNCTIONS.get(activation, UNKNOWN_FUNCTION)
    if step.keeps == "input":
        kept = (*kept, Kept("pre-activation", outputs[0], use="activation"))
    if step.ops is None:
        ops = UNKNOWN
    elif step.ops:
        ops = ops + step.ops * size(outputs[0])
    activated = step is not _LINEAR
    return Facts(
        *outputs,
        weights=weights,
        macs=macs,
        ops=ops,
        keeps_input=keeps_input,
        keeps_output=step.keeps == "output",
        kept=kept,
        activated=activated,
        scratch=scratch,
        window=window,
    )
