"""Recurrent operations of exported programs: what `torch.nn.RNN`, LSTM, GRU and their cells call.

They count and keep what the modules do, over the same cells. Initial states are always given, and so are the weights,
layer by layer; a program has no other word for how wide a cell is than their shapes. Keys as in `aten_elementwise`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cnnsum.counted import counted
from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim
from cnnsum.layers.arithmetic.recurrence import Cell, recur_stacked, step
from cnnsum.layers.base import layer, named
from cnnsum.layers.facts import Facts, Sentence, Shape, Weight, with_shape
from cnnsum.layers.kinds import Flag, PlainPos, Real
from cnnsum.layers.requiring import require_axes, require_equal, require_rank
from cnnsum.layers.strides import UNFOLLOWED
from cnnsum.layers.torch.recurrent import gru_cell, lstm_cell, simple_cell, weights_of

#: How a cell is made: of its units, and whether it has biases.
_Made = Callable[[Dim, bool], Cell]


def _tanh_cell(units: Dim, bias: bool) -> Cell:
    return simple_cell(units, "tanh", bias)


def _relu_cell(units: Dim, bias: bool) -> Cell:
    return simple_cell(units, "relu", bias)


def _features(what: str, x: Shape, kernel: Shape, place: int) -> None:
    """Require as many features as the first kernel has; place: which input of the call that is."""
    require_rank(kernel, 2, f"the weight_ih of {what}")
    asks = with_shape(f"{what} with this weight needs {kernel[1]} features", x)
    require_equal(x[-1], kernel[1], asks, inputs=(0, place))


def _hold(what: str, given: Sequence[Shape], wanted: Sequence[Weight]) -> None:
    """Require the shapes of weights that the cell needs."""
    for own, needed in zip(given, wanted, strict=True):
        require_rank(own, len(needed.shape), f"the {needed.name} of {what}")
        for one, other in zip(own, needed.shape, strict=True):
            asks = Sentence("{} needs a {} of {}, got {}", (what, needed.name, needed.shape, own))
            require_equal(one, other, asks)


def _recurrent(
    what: str,
    tensors: tuple[Shape, ...],
    made: _Made,
    *,
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> Facts:
    """A stack of layers. tensors: the input, a state (two of a cell with a carry), and all weights."""
    count = 1 + made(1, False).carry
    x, states, weights = tensors[0], tensors[1 : 1 + count], tensors[1 + count :]
    require_rank(x, 3, what)
    for state in states:
        require_rank(state, 3, f"the initial state of {what}")
    directions = 2 if bidirectional else 1
    each, odd = divmod(len(weights), num_layers * directions)
    plain = 4 if has_biases else 2
    if len(states) < count or odd or each not in ((plain, plain + 1) if count == 2 else (plain,)):
        message = f"{what} needs {counted(count, 'initial state')} and {plain} weights for each layer and direction"
        raise Problem("SHP204", f"{message}, got {counted(len(tensors) - 1, 'tensor')} beside its input")
    _features(what, x, weights[0], 1 + count)
    # The carry is as wide as the cell, also where the state is projected to something smaller.
    cell = made(states[-1][-1], has_biases)
    projected = states[0][-1] if each > plain else None
    width = cell.units if projected is None else projected

    def held(number: int, backwards: bool, depth: Dim) -> tuple[Weight, ...]:
        at = (number * directions + backwards) * each
        suffix = f"_l{number}{'_reverse' if backwards else ''}"
        _hold(what, weights[at : at + each], weights_of(cell, depth, width, has_biases, projected, suffix))
        return ()  # the reader knows which of them are parameters

    facts = recur_stacked(
        x if batch_first else (x[1], x[0], x[2]),
        states,
        what,
        cell,
        layers=num_layers,
        both_ways=bidirectional,
        projected=projected,
        dropout=dropout if train else 0.0,
        weights=held,
        copies=batch_first,
    )
    if not batch_first:
        batch, steps, depth = facts.outputs[0] or ()
        facts.outputs = ((steps, batch, depth), *facts.outputs[1:])
        facts.rows = batch
        # As it is, it is kept for the gradients of the first layer's weights that multiply it.
        facts.keeps_input = (tuple([1 + count + each * direction for direction in range(directions)]),)
    facts.dtype = "first"
    facts.strides = UNFOLLOWED  # the axes are exchanged where the batch comes first
    return facts


def _recurrence(what: str, made: _Made, doc: str) -> None:
    """Declare a stack of layers of one kind of cell."""

    def rule(
        *tensors: Shape,
        has_biases: Flag = True,
        num_layers: PlainPos = 1,
        dropout: Real = 0.0,
        train: Flag = False,
        bidirectional: Flag = False,
        batch_first: Flag = False,
    ) -> Facts:
        return _recurrent(
            what,
            tensors,
            made,
            has_biases=has_biases,
            num_layers=num_layers,
            dropout=dropout,
            train=train,
            bidirectional=bidirectional,
            batch_first=batch_first,
        )

    layer(key=f"aten.{what}")(named(rule, what, doc))


_recurrence(
    "lstm",
    lstm_cell,
    """An LSTM over a sequence: its outputs, and its last states. It counts and keeps what `LSTM` does, but for the
    input: where steps come first that is kept itself, and no copy of it.
    """,
)
_recurrence(
    "gru",
    gru_cell,
    """Gated recurrent units over a sequence: their outputs, and their last states. It counts and keeps what `GRU` does,
    but for the input: where steps come first that is kept itself, and no copy of it.
    """,
)
_recurrence(
    "rnn_tanh",
    _tanh_cell,
    """A simple recurrent network over a sequence: its outputs, and its last states. It counts and keeps what `RNN`
    does, but for the input: where steps come first that is kept itself, and no copy of it.
    """,
)
_recurrence("rnn_relu", _relu_cell, "As `rnn_tanh`, with a ReLU.")


def _stepped(what: str, x: Shape, tensors: tuple[Shape, ...], made: _Made) -> Facts:
    """One step. tensors: a state (two of a cell with a carry), and its weights, with biases or without."""
    require_axes(x, 1, what)
    count = 1 + made(1, False).carry
    states, weights = tensors[:count], tensors[count:]
    if len(states) < count or len(weights) not in (2, 4):
        raise Problem("SHP204", f"{what} needs {counted(count, 'state')} and 2 weights, or 4 with biases")
    require_axes(states[0], 1, f"the state of {what}")
    batch = x[0] if len(x) > 1 else 1
    cell = made(states[0][-1], len(weights) == 4)
    _features(what, x, weights[0], 1 + count)
    _hold(what, weights, weights_of(cell, x[-1], cell.units, len(weights) == 4))
    whole = tuple([(batch, one[-1]) if len(one) == 1 else one for one in states])  # without a batch it is one row
    facts = step((batch, x[-1]), whole, what, cell, (), x[-1])
    facts.outputs = states
    facts.rows = batch
    facts.dtype = "first"
    return facts


@layer(key="aten.lstm_cell")
def lstm_step(x: Shape, *tensors: Shape) -> Facts:
    """A step of an LSTM: its new states. It counts and keeps what `LSTMCell` does."""
    return _stepped("lstm_cell", x, tensors, lstm_cell)


@layer(key="aten.gru_cell")
def gru_step(x: Shape, *tensors: Shape) -> Facts:
    """A step of a gated recurrent unit: its new state. It counts and keeps what `GRUCell` does."""
    return _stepped("gru_cell", x, tensors, gru_cell)


@layer(key="aten.rnn_tanh_cell")
def tanh_step(x: Shape, *tensors: Shape) -> Facts:
    """A step of a simple recurrent network: its new state. It counts and keeps what `RNNCell` does."""
    return _stepped("rnn_tanh_cell", x, tensors, _tanh_cell)


@layer(key="aten.rnn_relu_cell")
def relu_step(x: Shape, *tensors: Shape) -> Facts:
    """As `rnn_tanh_cell`, with a ReLU."""
    return _stepped("rnn_relu_cell", x, tensors, _relu_cell)
