"""Recurrent layers: a cell that is applied at every time step to the step's input and to its own last state.

All read `(T, D)` and give `(units)`, the state after the last step, or with `return_sequences` `(T, units)`, that of
every step; with `return_state` also the last states, as further outputs. `go_backwards`, `stateful`, `unroll`,
`zero_output_for_mask`, `use_cudnn` and `seed` change no number. Further inputs, in this order: the initial states, then
a mask `(T)`.

The products of a step are `(D + units) * units` MACs for each of the cell's gates. Backpropagation keeps the input, and
for every step what the products and gates of that step were computed from.
"""

from __future__ import annotations

from cnnsum.layers.arithmetic.functions import work
from cnnsum.layers.arithmetic.recurrence import kept_before, recur
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Shape
from cnnsum.layers.keras.fields import Activation
from cnnsum.layers.kinds import Flag, Kind, PlainInt, Pos, Reading, Real, wrong
from cnnsum.typed import Annotated

#: Fields that the three layers had in Keras 2.
_IGNORED = "implementation time_major"


def _read_fused(value: object, reading: Reading) -> str | bool:
    if value == "auto":
        return "auto"
    if isinstance(value, str) or not isinstance(value, bool):
        raise wrong(_FUSED, value)
    return value


_FUSED = "true, false or auto"
Fused = Annotated[str | bool, Kind(_FUSED, _read_fused)]


@layer(role="simple recurrence", weights="kernel recurrent bias", ignored=f"{_IGNORED} use_cudnn")
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
    seed: PlainInt | None = None,
    zero_output_for_mask: Flag = False,
) -> Facts:
    """At every step the new state is `activation(x @ kernel + state @ recurrent_kernel + bias)`: `(T, D)` to `(units)`.

    Weights: kernel `D x units`, recurrent_kernel `units x units`, bias `units`. MACs: `T * (D + units) * units`.
    Operations per step and unit: 1, the bias, and the activation. Backpropagation keeps the input and all states.
    """
    return recur(
        x,
        (initial_state,),
        mask,
        "SimpleRNN",
        units=units,
        gates=1,
        bias=(units,) if use_bias else None,
        ops=units * (1 + use_bias) + work(activation, units),
        kept=kept_before(activation, "pre-activations", 1),
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
    seed: PlainInt | None = None,
    use_cudnn: Fused = "auto",
    zero_output_for_mask: Flag = False,
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
    return recur(
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
            *kept_before(recurrent_activation, "pre-activations of i, f, o", 3),
            *kept_before(activation, "pre-activations of c", 1),
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
    seed: PlainInt | None = None,
    use_cudnn: Fused = "auto",
    zero_output_for_mask: Flag = False,
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
    return recur(
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
            *kept_before(recurrent_activation, "pre-activations of z, r", 2),
            *kept_before(activation, "pre-activations of h", 1),
            ("reset states", 1),
        ),
        dropout=dropout,
        recurrent_dropout=recurrent_dropout,
        return_sequences=return_sequences,
        return_state=return_state,
    )
