"""Recurrence: a cell that is applied at every time step to the step's input and to its own last state.

All read `(T, D)` and give `(units)`, the state after the last step, or `(T, units)`, that of every step. The products
of a step are `(D + units) * units` MACs for each of the cell's gates. Backpropagation keeps the input, and for every
step what the products and gates of that step were computed from. Names no layer type.
"""

from __future__ import annotations

from typing import Literal

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim
from cnnsum.layers.arithmetic.functions import function
from cnnsum.layers.facts import EVERYTHING, Facts, Kept, Shape, Weight, show_shape
from cnnsum.layers.requiring import require_equal, require_known, require_rank


def recur(
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


def kept_before(name: str | None, what: str, times: int) -> tuple[tuple[str, int], ...]:
    """What is kept besides the results of a function whose gradient needs its input."""
    return ((what, times),) if function(name).keeps == "input" else ()
