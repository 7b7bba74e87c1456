"""Cells of recurrent layers, and RNN, which runs one or several of them over a sequence.

A cell that RNN runs is one of those that the recurrent layers have inside, and is counted as the layer of that cell;
any other cell is not known.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.layers.base import Rule, layer
from cnnsum.layers.facts import EVERYTHING, Facts, Kept, Shape, Weight
from cnnsum.layers.inner import Inner, within
from cnnsum.layers.keras import recurrent
from cnnsum.layers.keras.fields import Activation, CellOrCells, Cells, no_cell
from cnnsum.layers.kinds import Flag, PlainInt, Pos, Real
from cnnsum.layers.requiring import require_rank

#: The recurrent layer of each cell, and how many states it has.
_LAYERS: dict[str, tuple[Rule, int]] = {
    "SimpleRNNCell": (recurrent.SimpleRNN, 1),
    "GRUCell": (recurrent.GRU, 1),
    "LSTMCell": (recurrent.LSTM, 2),
}
_IGNORED = "implementation"


def _step(name: str, x: Shape, states: tuple[Shape | None, ...], fields: dict[str, object]) -> Facts:
    """One step of a cell: the layer on a sequence of one step."""
    require_rank(x, 2, name)
    rule, count = _LAYERS[name]
    facts: Facts = rule((x[0], 1, x[1]), *states, **fields, return_state=True)
    kept = [Kept(one.name, (one.shape[0], *one.shape[2:]), *one[2:]) for one in facts.kept if len(one.shape) > 2]
    return Facts(
        *facts.outputs[: 1 + count],
        weights=facts.weights,
        macs=facts.macs,
        ops=facts.ops,
        keeps_input=facts.keeps_input,
        kept=tuple(kept),
        scratch=facts.scratch,
        window=EVERYTHING,
    )


@layer(weights="kernel recurrent bias", ignored=_IGNORED)
def SimpleRNNCell(
    x: Shape,
    state: Shape | None = None,
    *,
    units: Pos,
    activation: Activation | None = "tanh",
    use_bias: Flag = True,
    dropout: Real = 0.0,
    recurrent_dropout: Real = 0.0,
    seed: PlainInt | None = None,
) -> Facts:
    """One step of SimpleRNN: input `(D)` and state `(units)` to the new state, given twice.

    Weights: those of SimpleRNN. MACs: those of one step. Operations: those of one step. Backpropagation keeps what
    SimpleRNN keeps for a step.
    """
    fields = {"units": units, "activation": activation, "use_bias": use_bias}
    return _step("SimpleRNNCell", x, (state,), {**fields, "dropout": dropout, "recurrent_dropout": recurrent_dropout})


@layer(weights="kernel recurrent bias", ignored=_IGNORED)
def GRUCell(
    x: Shape,
    state: Shape | None = None,
    *,
    units: Pos,
    activation: Activation | None = "tanh",
    recurrent_activation: Activation | None = "sigmoid",
    use_bias: Flag = True,
    dropout: Real = 0.0,
    recurrent_dropout: Real = 0.0,
    reset_after: Flag = True,
    seed: PlainInt | None = None,
) -> Facts:
    """One step of GRU: input `(D)` and state `(units)` to the new state, given twice.

    Weights: those of GRU. MACs: those of one step. Operations: those of one step. Backpropagation keeps what GRU keeps
    for a step.
    """
    fields = {"units": units, "activation": activation, "recurrent_activation": recurrent_activation}
    fields |= {"use_bias": use_bias, "reset_after": reset_after}
    return _step("GRUCell", x, (state,), {**fields, "dropout": dropout, "recurrent_dropout": recurrent_dropout})


@layer(weights="kernel recurrent bias", ignored=_IGNORED)
def LSTMCell(
    x: Shape,
    state: Shape | None = None,
    carry: Shape | None = None,
    *,
    units: Pos,
    activation: Activation | None = "tanh",
    recurrent_activation: Activation | None = "sigmoid",
    use_bias: Flag = True,
    unit_forget_bias: Flag = True,
    dropout: Real = 0.0,
    recurrent_dropout: Real = 0.0,
    seed: PlainInt | None = None,
) -> Facts:
    """One step of LSTM: input `(D)`, state and carry `(units)` to the new state, given twice, and the new carry.

    Weights: those of LSTM. MACs: those of one step. Operations: those of one step. Backpropagation keeps what LSTM
    keeps for a step.
    """
    fields = {"units": units, "activation": activation, "recurrent_activation": recurrent_activation}
    fields |= {"use_bias": use_bias, "unit_forget_bias": unit_forget_bias}
    return _step("LSTMCell", x, (state, carry), {**fields, "dropout": dropout, "recurrent_dropout": recurrent_dropout})


@layer(weights="layer")
def StackedRNNCells(x: Shape, *states: Shape, cells: Cells) -> Facts:
    """One step of several cells, each on what the one before gives. Stands in RNN.

    Weights: those of all cells. MACs: those of one step of all cells. Operations: those of one step of all cells.
    Backpropagation keeps what the cells keep.
    """
    require_rank(x, 2, "StackedRNNCells")
    facts = _over((x[0], 1, x[1]), _cells(cells, "cells"), states, sequences=False)
    facts.keeps_output = False
    return facts


@layer(weights="layer", ignored="input_dim input_length")
def RNN(
    x: Shape,
    *states: Shape,
    cell: CellOrCells,
    return_sequences: Flag = False,
    return_state: Flag = False,
    go_backwards: Flag = False,
    stateful: Flag = False,
    unroll: Flag = False,
    zero_output_for_mask: Flag = False,
) -> Facts:
    """Run a cell, or a list of them one upon the other, over a sequence: `(T, D)` to `(units)` of the last cell.

    With `return_sequences` `(T, units)`; with `return_state` also the last states of all cells. SimpleRNNCell, GRUCell,
    LSTMCell and StackedRNNCells of them are known. `go_backwards`, `stateful`, `unroll` and `zero_output_for_mask`
    change no number.

    Weights: those of the cells. MACs: those of the recurrent layers of these cells. Operations: those of these layers.
    Backpropagation keeps what these layers keep.
    """
    require_rank(x, 3, "RNN")
    cells = _cells(cell if isinstance(cell, tuple) else (cell,), "cell")
    facts = _over(x, cells, states, sequences=return_sequences)
    if not return_state:
        facts.outputs = facts.outputs[:1]
    return facts


def _cells(given: tuple[Inner, ...], field: str) -> list[Inner]:
    """The cells one after another, those of StackedRNNCells among them."""
    found: list[Inner] = []
    for one in given:
        held = one.fields.get("cells")
        if one.type.name == "StackedRNNCells" and isinstance(held, tuple):
            found += _cells(held, field)
        elif one.type.name in _LAYERS:
            found.append(one)
        else:
            problem = no_cell(one.type.name)
            raise Problem(problem.code, f"`{field}` {problem}", field, help=problem.help)
    if not found:
        raise Problem("CFG102", "`cells` must be a list of at least one cell", field)
    return found


def _over(x: Shape, cells: list[Inner], states: tuple[Shape, ...], *, sequences: bool) -> Facts:
    counts = [_LAYERS[one.type.name][1] for one in cells]
    if states and len(states) != sum(counts):
        raise Problem("GRF303", f"RNN needs {sum(counts)} initial states or none, got {len(states)}")
    found: list[Facts] = []
    first: Shape = x
    last: list[Shape | None] = []
    for number, one in enumerate(cells):
        given = states[sum(counts[:number]) : sum(counts[: number + 1])] if states else ()
        rule = _LAYERS[one.type.name][0]
        inner = number + 1 < len(cells)
        try:
            facts: Facts = rule(first, *given, **one.fields, return_sequences=sequences or inner, return_state=True)
        except Problem as problem:
            raise within(problem, "cell") from None
        found.append(facts)
        assert facts.outputs[0] is not None
        first = facts.outputs[0]
        last += facts.outputs[1:]
    weights: list[Weight] = []
    kept: list[Kept] = []
    for one, facts in zip(cells, found, strict=True):
        name = one.name or one.type.name.lower()
        weights += [own._replace(name=f"{name}/{own.name}") for own in one.own(facts.weights)]
        kept += facts.kept
        if facts is not found[-1]:
            assert facts.outputs[0] is not None
            kept.append(Kept("states", facts.outputs[0]))
    return Facts(
        first,
        *last,
        weights=tuple(weights),
        macs=sum((facts.macs for facts in found[1:]), found[0].macs),
        ops=sum((facts.ops for facts in found[1:]), found[0].ops),
        keeps_input=found[0].keeps_input,
        keeps_output=found[-1].keeps_output,
        kept=tuple(kept),
        scratch=found[0].scratch,
        window=EVERYTHING,
    )
