"""Recurrence: a cell that is applied at every time step to the step's input and to its own last state.

All read `(T, D)` and give `(units)`, the state after the last step, or `(T, units)`, that of every step. The products
of a step are `(D + units) * units` MACs for each of the cell's gates. Backpropagation keeps the input, and for every
step what the products and gates of that step were computed from. `recur` is one layer; `recur_stacked` several, one on
the other, each in one direction or in both. Names no layer type.
"""

from __future__ import annotations

from collections.abc import Callable

from cnnsum.counted import counted
from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim
from cnnsum.layers.arithmetic.functions import function
from cnnsum.layers.facts import EVERYTHING, Facts, Kept, Shape, Weight, show_shape
from cnnsum.layers.requiring import require_equal, require_known, require_rank
from cnnsum.typed import Literal, NamedTuple


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
        raise Problem("GRF303", f"{what} needs {counted(len(states), 'initial state')} or none, got 1")
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


class Cell(NamedTuple):
    """A cell of `units`: what a step costs and keeps besides its products and its states.

    ops: operations per step. kept: (name, how many times `units`) of what every step keeps. carry: whether it has a
    second state, which is not read by the products. outputs: whether the state after the last step is kept, too.
    """

    units: Dim
    gates: int
    ops: Dim
    kept: tuple[tuple[str, int], ...]
    carry: bool = False
    outputs: bool = False


#: The weights of one layer in one direction: of which layer, whether backwards, and how deep its input is.
Weights = Callable[[int, bool, Dim], tuple[Weight, ...]]


def recur_stacked(
    x: Shape,
    states: tuple[Shape | None, ...],
    what: str,
    cell: Cell,
    *,
    layers: int,
    both_ways: bool,
    projected: Dim | None,
    dropout: float,
    weights: Weights,
    copies: bool = True,
) -> Facts:
    """Layers one on the other, in one direction or both: `(T, D)` to `(T, directions * width)`, then the last states.

    The width is that of a state: `units`, or what each state is `projected` to by a matrix. Last states have an axis
    for layers and directions before the batch, and so have the initial `states`, None where not given.
    copies: whether the first layer reads its own copy of the input for each direction, since the batch comes first
    outside, and steps come first inside; else who calls this says that the input itself is kept.
    """
    batch, steps, depth = x
    units = cell.units
    width = units if projected is None else projected
    directions = 2 if both_ways else 1
    last = ((layers * directions, batch, width), *(((layers * directions, batch, units),) if cell.carry else ()))
    _check_states(states, last, what)
    found: list[Weight] = []
    kept: list[Kept] = []
    macs: Dim = 0
    for number in range(layers):
        given = (batch, steps, depth)
        if number == 0:
            kept += [Kept("input, steps first", given, use="weights")] * (directions if copies else 0)
        else:
            if dropout > 0:
                kept.append(Kept("mask of outputs", given, "bool"))
            kept.append(Kept("outputs of a layer", given, use="weights"))
        for backwards in (False, True)[:directions]:
            found += weights(number, backwards, depth)
            kept += [Kept(name, (batch, steps, times * units)) for name, times in cell.kept]
            kept.append(Kept("states", (batch, steps + 1 if cell.outputs else steps, width), use="weights"))
            if cell.carry:
                kept.append(Kept("carries", (batch, steps, units)))
            if projected is not None:
                kept.append(Kept("states before projection", (batch, steps, units), use="weights"))
                macs = macs + steps * units * projected
            macs = macs + steps * (cell.gates * units * (depth + width))
        depth = directions * width
    return Facts(
        (batch, steps, depth),
        *last,
        weights=tuple(found),
        macs=macs,
        ops=layers * directions * steps * cell.ops,
        kept=tuple(kept),
        scratch=((batch, cell.gates * units),),
        window=EVERYTHING,
    )


def _check_states(states: tuple[Shape | None, ...], wanted: tuple[Shape, ...], what: str) -> None:
    given = [state is not None for state in states]
    if any(given) and not all(given):
        raise Problem("GRF303", f"{what} needs {counted(len(states), 'initial state')} or none, got {sum(given)}")
    for state, shape in zip(states, wanted, strict=True):
        if state is not None:
            require_rank(state, len(shape), f"the initial state of {what}")
            for own, needed in zip(state, shape, strict=True):
                reason = f"{what} needs an initial state of {show_shape(shape)}, got {show_shape(state)}"
                require_equal(own, needed, reason)


def step(
    x: Shape, states: tuple[Shape | None, ...], what: str, cell: Cell, weights: tuple[Weight, ...], depth: Dim
) -> Facts:
    """One step of a cell: `(D)` to the new state, and the new carry of a cell that has one."""
    batch = x[0]
    last = (batch, cell.units)
    _check_states(states, (last,) * len(states), what)
    given = states[0] is not None
    kept = [Kept(name, (batch, times * cell.units)) for name, times in cell.kept]
    if not given:
        kept.append(Kept("zeros", last, use="weights"))  # the initial states, one tensor for both
    return Facts(
        *(last,) * len(states),
        weights=weights,
        macs=cell.gates * cell.units * (depth + cell.units),
        ops=cell.ops,
        keeps_input=True if given and cell.carry else "weights",
        keeps_output=cell.outputs,
        kept=tuple(kept),
        scratch=((batch, cell.gates * cell.units),),
        window=EVERYTHING,
    )
