"""Recurrent layers: a cell that is applied at every time step to the step's input and to its own last state.

All read `(T, D)` and give `(units)`, the state after the last step, or with `return_sequences` `(T, units)`, that of
every step; with `return_state` also the last states, as further outputs. `go_backwards`, `stateful`, `unroll` change no
number. Further inputs, in this order: the initial states, then a mask `(T)`.

The products of a step are `(D + units) * units` MACs for each of the cell's gates. Backpropagation keeps the input, and
for every step what the products and gates of that step were computed from.
"""

from __future__ import annotations

from typing import Literal

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim
from cnnsum.layers.arithmetic.functions import function, work
from cnnsum.layers.base import layer
from cnnsum.layers.facts import EVERYTHING, Facts, Kept, Shape, Weight, show_shape
from cnnsum.layers.keras.fields import Activation
from cnnsum.layers.kinds import Flag, Pos, Real
from cnnsum.layers.requiring import require_equal, require_known, require_rank

#: Fields of the three layers that change no number.
_IGNORED = "seed zero_output_for_mask use_cudnn implementation time_major"


def _recur(
    x: Shape,
    states: tuple[Shape | None, ...],
    mask: Shape | None,
    what: str,
    *,
    units: Dim,
    gates: int,
    bias: Shape | None,
    ops: Dim,
    kept: tuple[tuple[str, int], ...],
    states_for: Literal["", "weights"] = "",
    dropout: float,
    recurrent_dropout: float,
    return_sequences: bool,
    return_state: bool,
) -> Facts:
    """A recurrent layer.

    states: the initial states, None where not given. bias: the shape of the bias, None without.
    ops: operations of the cell per step. kept: what backpropagation keeps per step: (name, how many times `units`).
    states_for: "weights" where only the gradient of the recurrent kernel is made of the states.
    """
    require_rank(x, 3, what)
    batch, steps, depth = x
    require_known(depth, x, what)
    for state in states:
        if state is not None:
            reason = f"{what} of {units} units needs initial states of as many, got {show_shape(state)}"
            require_rank(state, 2, f"the initial state of {what}")
            require_equal(state[-1], units, reason)
    if any(state is None for state in states) and states[0] is not None:
        raise Problem("GRF303", f"{what} needs {len(states)} initial states or none, got 1")
    if mask is not None:
        require_equal(
            mask[-1], steps, f"{what} needs a mask with one element per step of {show_shape(x)}, got {show_shape(mask)}"
        )
    weights: tuple[Weight, ...] = (
        Weight("kernel", (depth, gates * units)),
        Weight("recurrent_kernel", (units, gates * units)),
    )
    if bias is not None:
        weights += (Weight("bias", bias),)
    sequence = (batch, steps, units)
    last = (batch, units)
    tensors = [Kept(name, sequence if times == 1 else (batch, steps, times * units)) for name, times in kept]
    if not return_sequences:
        tensors.append(Kept("states", sequence, use=states_for))
    if dropout > 0:
        tensors += [Kept("mask of inputs", (batch, depth), "bool"), Kept("inputs after dropout", x, use="weights")]
    if recurrent_dropout > 0:
        tensors += [Kept("mask of states", last, "bool"), Kept("states after dropout", sequence, use="weights")]
    return Facts(
        sequence if return_sequences else last,
        *((last,) * len(states) if return_state else ()),
        weights=weights,
        macs=steps * (gates * units * (depth + units)),
        ops=steps * ops,
        keeps_input="weights" if dropout <= 0 else False,
        keeps_output=(states_for or True) if return_sequences else False,
        kept=tuple(tensors),
        scratch=((batch, gates * units),),
        window=EVERYTHING,
    )


def _pre(name: str | None, what: str, times: int) -> tuple[tuple[str, int], ...]:
    """What is kept besides the results of a function whose gradient needs its input."""
    return ((what, times),) if function(name).keeps == "input" else ()


@layer(role="simple recurrence", weights="kernel recurrent bias", ignored=_IGNORED)
def SimpleRNN(
    x: Shape,
    initial_state: Shape | None = None,
    mask: Shape | None = None,
    *,
    units: Pos,
    activation: Activation | None = "tanh",
    use_bias: Flag = True,
    dropout: Real = 0.0,
    recurrent_dropout: Real = 0.0,
    return_sequences: Flag = False,
    return_state: Flag = False,
    go_backwards: Flag = False,
    stateful: Flag = False,
    unroll: Flag = False,
) -> Facts:
    """At every step the new state is `activation(x @ kernel + state @ recurrent_kernel + bias)`: `(T, D)` to `(units)`.

    Weights: kernel `D x units`, recurrent_kernel `units x units`, bias `units`. MACs: `T * (D + units) * units`.
    Operations per step and unit: 1, the bias, and the activation. Backpropagation keeps the input and all states.
    """
    return _recur(
        x,
        (initial_state,),
        mask,
        "SimpleRNN",
        units=units,
        gates=1,
        bias=(units,) if use_bias else None,
        ops=units * (1 + use_bias) + work(activation, units),
        kept=_pre(activation, "pre-activations", 1),
        dropout=dropout,
        recurrent_dropout=recurrent_dropout,
        return_sequences=return_sequences,
        return_state=return_state,
    )


@layer(role="lstm", weights="kernel recurrent bias", ignored=_IGNORED)
def LSTM(
    x: Shape,
    initial_state: Shape | None = None,
    initial_carry: Shape | None = None,
    mask: Shape | None = None,
    *,
    units: Pos,
    activation: Activation | None = "tanh",
    recurrent_activation: Activation | None = "sigmoid",
    use_bias: Flag = True,
    unit_forget_bias: Flag = True,
    dropout: Real = 0.0,
    recurrent_dropout: Real = 0.0,
    return_sequences: Flag = False,
    return_state: Flag = False,
    go_backwards: Flag = False,
    stateful: Flag = False,
    unroll: Flag = False,
) -> Facts:
    """Long short-term memory, `(T, D)` to `(units)`: a carry that gates write (i), forget (f) and read (o).

    `carry = f * carry + i * activation(c)`, `state = o * activation(carry)`, where i, f, o (through
    `recurrent_activation`) and c are each a product of input and state with matrices, plus a bias. `return_state`
    gives the state and the carry.

    Weights: kernel `D x 4*units`, recurrent_kernel `units x 4*units`, bias `4*units`. MACs:
    `4 * T * (D + units) * units`. Operations per step and unit: 4, the biases (4), 3 recurrent activations, 2
    activations, and 4 for carry and state. Backpropagation keeps the input, and per step the four gates, the carry, its
    activation, and the state.
    """
    return _recur(
        x,
        (initial_state, initial_carry),
        mask,
        "LSTM",
        units=units,
        gates=4,
        bias=(4 * units,) if use_bias else None,
        ops=units * (4 + 4 * use_bias + 4) + work(recurrent_activation, 3 * units) + work(activation, 2 * units),
        kept=(
            ("gates", 4),
            *_pre(recurrent_activation, "pre-activations of i, f, o", 3),
            *_pre(activation, "pre-activations of c", 1),
            ("carries", 1),
            ("activated carries", 1),
        ),
        states_for="weights",
        dropout=dropout,
        recurrent_dropout=recurrent_dropout,
        return_sequences=return_sequences,
        return_state=return_state,
    )


@layer(role="gru", weights="kernel recurrent bias", ignored=_IGNORED)
def GRU(
    x: Shape,
    initial_state: Shape | None = None,
    mask: Shape | None = None,
    *,
    units: Pos,
    activation: Activation | None = "tanh",
    recurrent_activation: Activation | None = "sigmoid",
    use_bias: Flag = True,
    dropout: Real = 0.0,
    recurrent_dropout: Real = 0.0,
    return_sequences: Flag = False,
    return_state: Flag = False,
    go_backwards: Flag = False,
    stateful: Flag = False,
    unroll: Flag = False,
    reset_after: Flag = True,
) -> Facts:
    """Gated recurrent unit, `(T, D)` to `(units)`: a state that gates update (z) and reset (r).

    `state = z * state + (1 - z) * h`, where z, r (through `recurrent_activation`) and the candidate h (through
    `activation`) are each a product of input and state with matrices, plus a bias; for h the state's part is reset by r
    after its product, or before it with `reset_after: false`.

    Weights: kernel `D x 3*units`, recurrent_kernel `units x 3*units`, bias `2 x 3*units` (for input and state), or
    `3*units` with `reset_after: false`. MACs: `3 * T * (D + units) * units`. Operations per step and unit: 3, the
    biases (6 or 3), 1 for the reset, 2 recurrent activations, 1 activation, and 4 for the new state. Backpropagation
    keeps the input, and per step z, r and h, what r resets or has reset, and the state.
    """
    biases = (6 if reset_after else 3) if use_bias else 0
    shape: Shape = (2, 3 * units) if reset_after else (3 * units,)
    return _recur(
        x,
        (initial_state,),
        mask,
        "GRU",
        units=units,
        gates=3,
        bias=shape if use_bias else None,
        ops=units * (3 + biases + 1 + 4) + work(recurrent_activation, 2 * units) + work(activation, units),
        kept=(
            ("z, r and h", 3),
            *_pre(recurrent_activation, "pre-activations of z, r", 2),
            *_pre(activation, "pre-activations of h", 1),
            ("reset states", 1),
        ),
        dropout=dropout,
        recurrent_dropout=recurrent_dropout,
        return_sequences=return_sequences,
        return_state=return_state,
    )
