"""Recurrent layers and their cells, in PyTorch's words.

What is kept is what PyTorch's own kernels keep on a CPU, step by step; the fused ones of cuDNN and oneDNN keep a buffer
whose size they decide themselves.
"""

from __future__ import annotations

from cnnsum.dims import Dim
from cnnsum.layers.arithmetic.axes import require_outputs
from cnnsum.layers.arithmetic.functions import work
from cnnsum.layers.arithmetic.recurrence import Cell, recur_stacked, step
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Shape, Weight
from cnnsum.layers.kinds import Flag, Nat, PlainPos, Pos, Rate, choice
from cnnsum.layers.requiring import require_at_least, require_rank
from cnnsum.layers.torch.fields import BatchFirst, given_channels
from cnnsum.typed import Annotated, Literal

Nonlinearity = Annotated[Literal["tanh", "relu"], choice("tanh", "relu")]


def simple_cell(units: Dim, nonlinearity: Literal["tanh", "relu"], bias: bool) -> Cell:
    """The cell of RNN. The state itself is what its gradient is made of, that after the last step included."""
    return Cell(units, 1, units * (1 + 2 * bias) + work(nonlinearity, units), (), outputs=True)


def lstm_cell(units: Dim, bias: bool) -> Cell:
    """The cell of LSTM: a carry, four gates, and the tanh of the carry that the state is made of."""
    ops = units * (4 + 8 * bias + 4) + work("sigmoid", 3 * units) + work("tanh", 2 * units)
    return Cell(units, 4, ops, (("gates", 4), ("tanh of the carry", 1)), carry=True)


def gru_cell(units: Dim, bias: bool) -> Cell:
    """The cell of GRU: the reset is of the state's part of the candidate, after its product."""
    ops = units * (3 + 6 * bias + 1 + 4) + work("sigmoid", 2 * units) + work("tanh", units)
    kept = (("gates", 3), ("state's part, not reset", 1), ("candidates", 1), ("state less candidate", 1))
    return Cell(units, 3, ops, kept)


def weights_of(
    cell: Cell, depth: Dim, width: Dim, bias: bool, projected: Dim | None = None, suffix: str = ""
) -> tuple[Weight, ...]:
    """The weights of one layer in one direction, in the order in which PyTorch has them."""
    rows = cell.gates * cell.units
    found = [Weight(f"weight_ih{suffix}", (rows, depth)), Weight(f"weight_hh{suffix}", (rows, width))]
    if bias:
        found += [Weight(f"bias_ih{suffix}", (rows,)), Weight(f"bias_hh{suffix}", (rows,))]
    if projected is not None:
        found.append(Weight(f"weight_hr{suffix}", (projected, cell.units)))
    return tuple(found)


def _stacked(
    x: Shape,
    states: tuple[Shape | None, ...],
    what: str,
    cell: Cell,
    *,
    input_size: Dim | None,
    num_layers: int,
    bias: bool,
    dropout: float,
    bidirectional: bool,
    proj_size: Dim = 0,
) -> Facts:
    require_rank(x, 3, what)
    given_channels(x, -1, input_size, what, "input_size")
    require_outputs(num_layers, what, "num_layers")
    projected = None if proj_size == 0 else proj_size
    if projected is not None:
        reason = f"{what} takes a proj_size below its hidden_size, got {projected} and {cell.units}"
        require_at_least(cell.units, projected + 1, reason, code="CFG116", field="proj_size")
    width = cell.units if projected is None else projected

    def weights(number: int, backwards: bool, depth: Dim) -> tuple[Weight, ...]:
        suffix = f"_l{number}{'_reverse' if backwards else ''}"
        return weights_of(cell, depth, width, bias, projected, suffix)

    return recur_stacked(
        x,
        states,
        what,
        cell,
        layers=num_layers,
        both_ways=bidirectional,
        projected=projected,
        dropout=dropout,
        weights=weights,
    )


@layer(role="simple recurrence", weights="weight_ih weight_hh bias_ih bias_hh")
def RNN(
    input: Shape,
    h_0: Shape | None = None,
    *,
    input_size: Pos | None = None,
    hidden_size: Pos,
    num_layers: PlainPos = 1,
    nonlinearity: Nonlinearity = "tanh",
    bias: Flag = True,
    batch_first: BatchFirst = True,
    dropout: Rate = 0.0,
    bidirectional: Flag = False,
) -> Facts:
    """At every step the new state is `tanh(x @ W_ih + state @ W_hh + biases)`: `(T, D)` becomes `(T, hidden_size)`.

    A layer of `num_layers` reads the states of the one before. With `bidirectional` each also runs backwards, and both
    states stand side by side: `2 * hidden_size`. The last states are further outputs, layers first. `batch_first` is
    true, as inputs of a spec are, where PyTorch's default is false.

    Weights: for each layer and direction weight_ih `hidden_size x D`, weight_hh `hidden_size x hidden_size`, and two
    biases of `hidden_size`. MACs: `T * (D + hidden_size) * hidden_size` for each layer and direction.
    Operations: per step and unit 1, the biases (2), and the nonlinearity.
    Backpropagation keeps a copy of the input with the steps first, and all states; between layers also what `dropout`
    has left, and its mask. PyTorch's kernel of a CPU is meant: cuDNN's keeps what it likes.
    """
    cell = simple_cell(hidden_size, nonlinearity, bias)
    return _stacked(
        input,
        (h_0,),
        "RNN",
        cell,
        input_size=input_size,
        num_layers=num_layers,
        bias=bias,
        dropout=dropout,
        bidirectional=bidirectional,
    )


@layer(role="lstm", weights="weight_ih weight_hh bias_ih bias_hh weight_hr")
def LSTM(
    input: Shape,
    h_0: Shape | None = None,
    c_0: Shape | None = None,
    *,
    input_size: Pos | None = None,
    hidden_size: Pos,
    num_layers: PlainPos = 1,
    bias: Flag = True,
    batch_first: BatchFirst = True,
    dropout: Rate = 0.0,
    bidirectional: Flag = False,
    proj_size: Nat = 0,
) -> Facts:
    """Long short-term memory, with a carry that gates write, forget and read: `(T, D)` becomes `(T, hidden_size)`.

    `c = f * c + i * tanh(g)`, `h = o * tanh(c)`, where i, f, o (through sigmoid) and g are each a product of input and
    state with matrices, plus biases. With a `proj_size` each state h is multiplied by a matrix, and is as long as that.
    A layer of `num_layers` reads the states of the one before. With `bidirectional` each also runs backwards, and both
    states stand side by side. The last h and c are further outputs, layers first. `batch_first` is true, as inputs
    of a spec are, where PyTorch's default is false.

    Weights: for each layer and direction weight_ih `4*hidden_size x D`, weight_hh `4*hidden_size x hidden_size`, two
    biases of `4*hidden_size`, and with `proj_size` weight_hr `proj_size x hidden_size`; weight_hh is then as deep as
    that. MACs: `4 * T * (D + hidden_size) * hidden_size` for each layer and direction, and `T * hidden_size *
    proj_size`. Operations: per step and unit 4, the biases (8), 3 sigmoids, 2 tanh, and 4 for carry and state.
    Backpropagation keeps a copy of the input with the steps first, and per step the four gates, the carry, its tanh,
    and the state; between layers also what `dropout` has left, and its mask. PyTorch's kernel of a CPU without oneDNN
    is meant: the others keep what they like.
    """
    return _stacked(
        input,
        (h_0, c_0),
        "LSTM",
        lstm_cell(hidden_size, bias),
        input_size=input_size,
        num_layers=num_layers,
        bias=bias,
        dropout=dropout,
        bidirectional=bidirectional,
        proj_size=proj_size,
    )


@layer(role="gru", weights="weight_ih weight_hh bias_ih bias_hh")
def GRU(
    input: Shape,
    h_0: Shape | None = None,
    *,
    input_size: Pos | None = None,
    hidden_size: Pos,
    num_layers: PlainPos = 1,
    bias: Flag = True,
    batch_first: BatchFirst = True,
    dropout: Rate = 0.0,
    bidirectional: Flag = False,
) -> Facts:
    """Gated recurrent unit, a state that gates update and reset: `(T, D)` becomes `(T, hidden_size)`.

    `h = z * h + (1 - z) * n`, where z, r (through sigmoid) and the candidate n (through tanh) are each a product of
    input and state with matrices, plus biases; for n the state's part is reset by r after its product. A layer of
    `num_layers` reads the states of the one before. With `bidirectional` each also runs backwards, and both states
    stand side by side. The last states are further outputs, layers first. `batch_first` is true, as inputs of a spec
    are, where PyTorch's default is false.

    Weights: for each layer and direction weight_ih `3*hidden_size x D`, weight_hh `3*hidden_size x hidden_size`, and
    two biases of `3*hidden_size`. MACs: `3 * T * (D + hidden_size) * hidden_size` for each layer and direction.
    Operations: per step and unit 3, the biases (6), 1 for the reset, 2 sigmoids, a tanh, and 4 for the new state.
    Backpropagation keeps a copy of the input with the steps first, and per step the gates (3), the state's part that
    is not reset, the candidate, what it differs by from the state, and the state; between layers also what `dropout`
    has left, and its mask. PyTorch's kernel of a CPU is meant: cuDNN's keeps what it likes.
    """
    return _stacked(
        input,
        (h_0,),
        "GRU",
        gru_cell(hidden_size, bias),
        input_size=input_size,
        num_layers=num_layers,
        bias=bias,
        dropout=dropout,
        bidirectional=bidirectional,
    )


def _step(
    x: Shape, states: tuple[Shape | None, ...], what: str, cell: Cell, input_size: Dim | None, bias: bool
) -> Facts:
    require_rank(x, 2, what)
    depth = given_channels(x, -1, input_size, what, "input_size")
    return step(x, states, what, cell, weights_of(cell, depth, cell.units, bias), depth)


@layer(weights="weight_ih weight_hh bias_ih bias_hh")
def RNNCell(
    input: Shape,
    hidden: Shape | None = None,
    *,
    input_size: Pos | None = None,
    hidden_size: Pos,
    bias: Flag = True,
    nonlinearity: Nonlinearity = "tanh",
) -> Facts:
    """One step of RNN, from an input and a state (zeros if not given) to the new state: `(D)` becomes `(hidden_size)`.

    Weights: weight_ih `hidden_size x D`, weight_hh `hidden_size x hidden_size`, two biases of `hidden_size`.
    MACs: `(D + hidden_size) * hidden_size`. Operations: per unit 1, the biases (2), and the nonlinearity.
    Backpropagation keeps the input, the state and the new state.
    """
    return _step(input, (hidden,), "RNNCell", simple_cell(hidden_size, nonlinearity, bias), input_size, bias)


@layer(weights="weight_ih weight_hh bias_ih bias_hh")
def LSTMCell(
    input: Shape,
    h_0: Shape | None = None,
    c_0: Shape | None = None,
    *,
    input_size: Pos | None = None,
    hidden_size: Pos,
    bias: Flag = True,
) -> Facts:
    """One step of LSTM, from an input and two states (zeros if not given) to both new ones: `(D)` becomes
    `(hidden_size)`, twice.

    Weights: weight_ih `4*hidden_size x D`, weight_hh `4*hidden_size x hidden_size`, two biases of `4*hidden_size`.
    MACs: `4 * (D + hidden_size) * hidden_size`.
    Operations: per unit 4, the biases (8), 3 sigmoids, 2 tanh, and 4 for carry and state.
    Backpropagation keeps the input, the states, the four gates and the tanh of the new carry.
    """
    return _step(input, (h_0, c_0), "LSTMCell", lstm_cell(hidden_size, bias), input_size, bias)


@layer(weights="weight_ih weight_hh bias_ih bias_hh")
def GRUCell(
    input: Shape,
    hidden: Shape | None = None,
    *,
    input_size: Pos | None = None,
    hidden_size: Pos,
    bias: Flag = True,
) -> Facts:
    """One step of GRU, from an input and a state (zeros if not given) to the new state: `(D)` becomes `(hidden_size)`.

    Weights: weight_ih `3*hidden_size x D`, weight_hh `3*hidden_size x hidden_size`, two biases of `3*hidden_size`.
    MACs: `3 * (D + hidden_size) * hidden_size`.
    Operations: per unit 3, the biases (6), 1 for the reset, 2 sigmoids, a tanh, and 4 for the new state.
    Backpropagation keeps the input, the state, the gates (3), the state's part that is not reset, the candidate, and
    what it differs by from the state.
    """
    return _step(input, (hidden,), "GRUCell", gru_cell(hidden_size, bias), input_size, bias)
