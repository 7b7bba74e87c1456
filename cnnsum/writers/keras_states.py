"""How Keras nests the states of recurrent layers and of cells: what they are given, and what they give.

The states of cells one upon the other are in a list for each cell that has several, and so are those of a cell that
is a layer by itself. All other layers have them side by side. Knows types and their fields, and nothing of how a call
is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cnnsum.graph.model import Node
from cnnsum.layers.base import LayerType
from cnnsum.layers.inner import Inner
from cnnsum.layers.keras.fields import CELLS
from cnnsum.typed import TypeAlias, TypeVar

T = TypeVar("T")
#: One tensor (None), or a list of such.
Nested: TypeAlias = "tuple[Nested, ...] | None"

#: The layers and cells with one state, and those with two; of RNN, StackedRNNCells and Bidirectional it depends on what
#: they hold.
_ONE = frozenset(("SimpleRNN", "GRU", "SimpleRNNCell", "GRUCell"))
_TWO = frozenset(("LSTM", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "LSTMCell"))
#: Layers whose states are one list under a name, after the input.
STATES = frozenset(("SimpleRNN", "LSTM", "GRU", "RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Bidirectional"))


def states(type: LayerType, fields: Mapping[str, object]) -> tuple[Nested, ...]:
    """The states of a layer, one after the other; () of a type that has none.

    >>> from cnnsum.layers.base import find
    >>> cells = tuple([Inner(find(name), {"units": 4}) for name in ("LSTMCell", "GRUCell")])
    >>> states(find("RNN"), {"cell": cells}), states(find("RNN"), {"cell": cells[0]})
    (((None, None), None), (None, None))
    """
    if type.name in _ONE:
        return (None,)
    if type.name in _TWO:
        return None, None
    held = next((fields[name] for name in ("cell", "cells", "layer") if name in fields), None)
    if type.name == "Bidirectional" and isinstance(held, Inner):
        return states(held.type, held.fields) * 2
    if type.name == "RNN" and isinstance(held, Inner):
        return states(held.type, held.fields)
    if type.name in ("RNN", "StackedRNNCells") and isinstance(held, tuple):
        return tuple([_of_cell(cell) for cell in held if isinstance(cell, Inner)])
    return ()


def _of_cell(cell: Inner) -> Nested:
    """The states of one cell of several: a list, unless it has one."""
    found = states(cell.type, cell.fields)
    return found if len(found) != 1 or cell.type.name == "StackedRNNCells" else found[0]


def given(type: LayerType, fields: Mapping[str, object]) -> tuple[Nested, ...]:
    """The outputs of a layer that gives its states, too: a cell by itself gives them as one."""
    found = states(type, fields)
    if type.name in CELLS and (len(found) != 1 or type.name == "StackedRNNCells"):
        return None, found
    return None, *found


def of_call(type: LayerType, fields: Mapping[str, object], items: Sequence[T], joined: Callable[[list[T]], T]) -> T:
    """The one argument that a layer takes all of its states as; a cell with one state takes that by itself."""
    nested = nest(items, states(type, fields), joined)
    alone = type.name in CELLS and type.name in _ONE and len(nested) == 1
    return nested[0] if alone else joined(nested)


def has_states(node: Node) -> bool:
    """Whether a cell is called on all of its states."""
    layer = node.layer
    return layer.type is not None and len(node.inputs) == 1 + _count(states(layer.type, layer.fields))


def on_states(type: LayerType) -> str:
    """What is wrong with the call of a cell that is not."""
    return f"Keras calls {type.name} on an input and all of its states"


def nest(items: Sequence[T], nested: Sequence[Nested], joined: Callable[[list[T]], T]) -> list[T]:
    """Items as they are nested, each list of them made one by `joined`; as they are where there are not as many.

    >>> nest(list("xhcs"), (None, (None, None), None), lambda one: f"({', '.join(one)})")
    ['x', '(h, c)', 's']
    """
    left = list(items)
    if len(left) != _count(tuple(nested)):
        return left

    def take(one: Nested) -> T:
        return left.pop(0) if one is None else joined([take(inner) for inner in one])

    return [take(one) for one in nested]


def takes_list(type: LayerType) -> bool:
    """Whether a layer of any number of inputs is called on a list of them, and not on the first with its states."""
    return type.schema.most is None and type.name not in STATES and type.name not in CELLS


def _count(nested: Nested) -> int:
    return 1 if nested is None else sum(map(_count, nested))
