"""Recurrence in TensorFlow Lite: every gate has a matrix, and a bias, of its own among the inputs."""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim, prod
from cnnsum.layers.arithmetic.functions import work
from cnnsum.layers.base import layer
from cnnsum.layers.facts import EVERYTHING, Facts, Kept, Shape, show_shape
from cnnsum.layers.kinds import PlainPos
from cnnsum.layers.requiring import require_equal, require_multiple, require_rank
from cnnsum.layers.tflite.fields import PREFIX, Fused, LstmKernel, Switch, fused

_WEIGHTS = (
    "input_to_input input_to_forget input_to_cell input_to_output "
    "recurrent_to_input recurrent_to_forget recurrent_to_cell recurrent_to_output "
    "cell_to_input cell_to_forget cell_to_output input_bias forget_bias cell_bias output_bias "
    "projection projection_bias input_norm forget_norm cell_norm output_norm"
)


@layer(key=f"{PREFIX}.UNIDIRECTIONAL_SEQUENCE_LSTM", name="UNIDIRECTIONAL_SEQUENCE_LSTM", weights=_WEIGHTS)
def sequence_lstm(
    x: Shape,
    input_to_input: Shape | None = None,
    input_to_forget: Shape | None = None,
    input_to_cell: Shape | None = None,
    input_to_output: Shape | None = None,
    recurrent_to_input: Shape | None = None,
    recurrent_to_forget: Shape | None = None,
    recurrent_to_cell: Shape | None = None,
    recurrent_to_output: Shape | None = None,
    cell_to_input: Shape | None = None,
    cell_to_forget: Shape | None = None,
    cell_to_output: Shape | None = None,
    input_bias: Shape | None = None,
    forget_bias: Shape | None = None,
    cell_bias: Shape | None = None,
    output_bias: Shape | None = None,
    projection: Shape | None = None,
    projection_bias: Shape | None = None,
    output_state: Shape | None = None,
    cell_state: Shape | None = None,
    input_norm: Shape | None = None,
    forget_norm: Shape | None = None,
    cell_norm: Shape | None = None,
    output_norm: Shape | None = None,
    *,
    fused_activation_function: Fused = "linear",
    time_major: Switch = False,
) -> Facts:
    """An LSTM over a sequence: `(N, steps, D)` becomes `(N, steps, units)`, or the first two axes exchanged.

    MACs: the products of every step with all matrices there are; the operations of the gates are not counted.
    """
    what = "UNIDIRECTIONAL_SEQUENCE_LSTM"
    require_rank(x, 3, what)
    steps, batch = x[:2] if time_major else x[1::-1]
    into = [input_to_input, input_to_forget, input_to_cell, input_to_output]
    again = [recurrent_to_input, recurrent_to_forget, recurrent_to_cell, recurrent_to_output]
    return _lstm(what, x, steps, batch, into, again, projection)


def _lstm(
    what: str,
    x: Shape,
    steps: Dim,
    batch: Dim,
    into: list[Shape | None],
    again: list[Shape | None],
    projection: Shape | None,
) -> Facts:
    """What an LSTM with a matrix for each gate gives for each step, all steps together."""
    matrices = [one for one in (*into, *again, projection) if one is not None]
    for matrix in matrices:
        require_rank(matrix, 2, f"a weight of {what}")
    for kernel in into:
        if kernel is not None:
            _require_row(x, kernel, what)
    outs = [one[1] for one in again if one is not None]
    units = projection[0] if projection is not None else outs[0] if outs else UNKNOWN
    gates = sum(one is not None for one in into)
    cells = into[3][0] if into[3] is not None else UNKNOWN
    return Facts(
        (*x[:-1], units),
        macs=steps * sum(map(prod, matrices), start=0),
        ops=UNKNOWN,
        keeps_input=True,
        keeps_output=True,
        kept=(Kept("gates", (batch, steps, gates * cells)),),
        window=EVERYTHING,
        rows=batch,
        dtype="first",
    )


def _require_row(x: Shape, kernel: Shape, what: str) -> None:
    reason = f"{what} with a weight of {show_shape(kernel)} needs rows of {kernel[1]}, got {show_shape(x)}"
    require_equal(x[-1], kernel[1], reason)


@layer(key=f"{PREFIX}.LSTM", name="LSTM", weights=_WEIGHTS)
def lstm(
    x: Shape,
    input_to_input: Shape | None = None,
    input_to_forget: Shape | None = None,
    input_to_cell: Shape | None = None,
    input_to_output: Shape | None = None,
    recurrent_to_input: Shape | None = None,
    recurrent_to_forget: Shape | None = None,
    recurrent_to_cell: Shape | None = None,
    recurrent_to_output: Shape | None = None,
    cell_to_input: Shape | None = None,
    cell_to_forget: Shape | None = None,
    cell_to_output: Shape | None = None,
    input_bias: Shape | None = None,
    forget_bias: Shape | None = None,
    cell_bias: Shape | None = None,
    output_bias: Shape | None = None,
    projection: Shape | None = None,
    projection_bias: Shape | None = None,
    output_state: Shape | None = None,
    cell_state: Shape | None = None,
    input_norm: Shape | None = None,
    forget_norm: Shape | None = None,
    cell_norm: Shape | None = None,
    output_norm: Shape | None = None,
    *,
    fused_activation_function: Fused = "linear",
    kernel_type: LstmKernel = "full",
) -> Facts:
    """One step of an LSTM: `(N, D)` becomes `(N, units)`, the state in variables.

    The basic kernel is given the output and the state before, has one matrix of `(4 * units, D + units)`, and gives
    both anew, with its inputs side by side and its gates. MACs: the products with all matrices there are; the
    operations of the gates are not counted.
    """
    what = "LSTM"
    require_rank(x, 2, what)
    if kernel_type == "full":
        into = [input_to_input, input_to_forget, input_to_cell, input_to_output]
        again = [recurrent_to_input, recurrent_to_forget, recurrent_to_cell, recurrent_to_output]
        return _lstm(what, x, 1, x[0], into, again, projection)
    before, matrix = input_to_input, input_to_forget
    if before is None or matrix is None:
        raise Problem("GRF303", f"{what} needs the output before and a matrix")
    require_rank(before, 2, f"the output before of {what}")
    require_rank(matrix, 2, f"the weight of {what}")
    joined = (x[0], x[1] + before[1])
    _require_row(joined, matrix, what)
    gates = (x[0], matrix[0])
    return Facts(
        before,
        before,
        joined,
        gates,
        macs=prod(matrix),
        ops=UNKNOWN,
        keeps_input=True,
        keeps_output=True,
        window=EVERYTHING,
        dtype="first",
    )


def _rnn(what: str, x: Shape, steps: Dim, batch: Dim, kernel: Shape, again: Shape, activation: str) -> Facts:
    for one in (kernel, again):
        require_rank(one, 2, f"a weight of {what}")
    _require_row(x, kernel, what)
    out = (*x[:-1], kernel[0])
    facts = Facts(
        out,
        macs=steps * (prod(kernel) + prod(again)),
        ops=2 * steps * kernel[0],
        keeps_input=True,
        keeps_output=True,
        window=EVERYTHING,
        rows=batch,
    )
    ops = facts.ops
    fused(facts, activation)
    # An activation is counted for all elements, as is a sample by itself where its axis is the first.
    facts.ops = ops + work(activation, steps * kernel[0])
    return facts


@layer(key=f"{PREFIX}.RNN", name="RNN", weights="kernel recurrent bias")
def rnn(
    x: Shape,
    kernel: Shape,
    recurrent: Shape,
    bias: Shape | None = None,
    state: Shape | None = None,
    *,
    fused_activation_function: Fused = "linear",
) -> Facts:
    """One step of a recurrence: `(N, D)` becomes `(N, units)`, the state in a variable.

    MACs: the products with both matrices. Operations: the bias and the sum, 2 per unit, and the activation's.
    """
    require_rank(x, 2, "RNN")
    return _rnn("RNN", x, 1, x[0], kernel, recurrent, fused_activation_function)


@layer(key=f"{PREFIX}.UNIDIRECTIONAL_SEQUENCE_RNN", name="UNIDIRECTIONAL_SEQUENCE_RNN", weights="kernel recurrent bias")
def sequence_rnn(
    x: Shape,
    kernel: Shape,
    recurrent: Shape,
    bias: Shape | None = None,
    state: Shape | None = None,
    *,
    time_major: Switch = False,
    fused_activation_function: Fused = "linear",
) -> Facts:
    """A recurrence over a sequence: `(N, steps, D)` becomes `(N, steps, units)`, or the first two axes exchanged.

    MACs: the products of every step with both matrices. Operations: the bias and the sum, 2 per unit and step, and the
    activation's.
    """
    what = "UNIDIRECTIONAL_SEQUENCE_RNN"
    require_rank(x, 3, what)
    steps, batch = x[:2] if time_major else x[1::-1]
    return _rnn(what, x, steps, batch, kernel, recurrent, fused_activation_function)


@layer(key=f"{PREFIX}.SVDF", name="SVDF", weights="features times bias")
def svdf(
    x: Shape,
    features: Shape,
    times: Shape,
    bias: Shape | None = None,
    state: Shape | None = None,
    *,
    rank: PlainPos,
    fused_activation_function: Fused = "linear",
) -> Facts:
    """Filters over features, then over what they gave in so many steps: `(N, D)` becomes `(N, filters / rank)`, the
    steps before in a variable (R. Nakkiran et al., "Compressing Deep Neural Networks using a Rank-Constrained
    Topology", 2015).

    MACs: the products with both matrices, `filters * D` and `filters * steps`. Operations: the sums over the rank, 1
    per filter, the bias, and the activation's.
    """
    what = "SVDF"
    require_rank(x, 2, what)
    for one in (features, times):
        require_rank(one, 2, f"a weight of {what}")
    _require_row(x, features, what)
    require_equal(features[0], times[0], f"{what} needs as many filters in time, got {show_shape(times)}")
    require_multiple(features[0], rank, f"`rank` must divide the filters, got {rank} and {features[0]}", field="rank")
    units = features[0] // rank
    ops = features[0] + (units if bias is not None else 0)
    facts = Facts((x[0], units), macs=prod(features) + prod(times), ops=ops, keeps_input=True, window=EVERYTHING)
    return fused(facts, fused_activation_function)
