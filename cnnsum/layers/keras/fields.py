"""Kinds of fields that hold Keras's words: layouts, paddings, activations. Others are in `cnnsum.layers.kinds`."""

from __future__ import annotations

from cnnsum.diagnostics import Problem, did_you_mean
from cnnsum.layers.arithmetic.functions import FUNCTIONS
from cnnsum.layers.arithmetic.slide import Words
from cnnsum.layers.facts import Layout
from cnnsum.layers.kinds import Kind, Reading, choice, items, wrong
from cnnsum.layers.vocabulary import KERAS
from cnnsum.typed import TYPE_CHECKING, Annotated, Literal

if TYPE_CHECKING:
    from cnnsum.layers.inner import Inner


def _of_samples(value: object) -> str:
    """What to say of a number of positions for a padding, as PyTorch has it."""
    if value in (0, [0], [0, 0], [0, 0, 0]):
        return "no padding is `valid`"
    layer = "a layer `ZeroPadding1D`, `ZeroPadding2D` or `ZeroPadding3D` before it, and `padding: valid`"
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return f"with a kernel of {2 * value + 1} and a stride of 1 it is `padding: same`; with others {layer}"
    return f"half of an odd kernel, at stride 1, is `padding: same`; any other number of positions takes {layer}"


Padding = Annotated[Literal["valid", "same"], choice("valid", "same", instead=_of_samples)]
CausalPadding = Annotated[Literal["valid", "same", "causal"], choice("valid", "same", "causal", instead=_of_samples)]
DataFormat = Annotated[Layout, choice("channels_last", "channels_first", null="channels_last")]

#: What messages of sliding layers say: of those with a kernel, and of pooling.
KERNEL = Words("kernel_size", "dilation_rate", "`padding: same` accepts any size")
POOL = KERNEL._replace(kernel="pool_size")


def _read(value: object, reading: Reading) -> str:
    """A name, or what Keras files hold: `{"class_name": "function", "config": "relu"}`, or a layer as a function.

    A name in a mapping may be a function of the file's author; it is then one that costs an unknown amount.
    """
    if isinstance(value, str):
        if value not in FUNCTIONS:
            from cnnsum.layers.keras.foreign import activation

            raise wrong("the name of an activation", value, help=did_you_mean(value, FUNCTIONS, activation))
        return value
    if isinstance(value, dict):
        config = value.get("config")
        if isinstance(config, str):
            return config
        name = value.get("class_name")
        if isinstance(name, str):
            return _layer_as_function(name, config if isinstance(config, dict) else {}, reading)
    raise wrong("the name of an activation", value)


def _layer_as_function(name: str, config: dict[str, object], reading: Reading) -> str:
    if name == "ReLU":
        if config.get("negative_slope"):
            return "leaky_relu"
        return "relu" if config.get("max_value") is None else "relu6"
    if name == "Activation":
        return _read(config.get("activation"), reading)
    if name == "PReLU":
        raise Problem("UNK702", "PReLU has weights of its own: it must be a layer, not an activation")
    if name not in _LAYERS:
        own = name.rpartition(">")[2]
        raise Problem("UNK702", f"its activation is a layer, `{own}`, whose weights are not known")
    return _LAYERS[name]


#: Layers without weights that may stand for a function; `ReLU` and `Activation` are what their fields say.
_LAYERS = {"LeakyReLU": "leaky_relu", "ELU": "elu", "Softmax": "softmax", "ThresholdedReLU": "threshold"}


Activation = Annotated[str, Kind("the name of an activation", _read, tuple(FUNCTIONS), null="linear")]


#: The cells that RNN runs.
CELLS = ("SimpleRNNCell", "GRUCell", "LSTMCell", "StackedRNNCells")
_CELLS = "`SimpleRNNCell`, `GRUCell`, `LSTMCell`, and `StackedRNNCells` of these"


def no_cell(name: str) -> Problem:
    """The Problem of a layer where a cell is wanted."""
    own = f"{name}Cell"
    help = f"did you mean `{own}`? A cell is one step of the layer" if own in CELLS else f"cells are {_CELLS}"
    return Problem("CFG102", f"must be a cell, got {name}", help=help)


def _cell(value: object, reading: Reading) -> object:
    """A layer in a field, of which a name that is not a cell's is refused before its fields are."""
    name = value
    if isinstance(value, dict):
        name = value.get("class_name") or (next(iter(value)) if len(value) == 1 else None)
    if isinstance(name, str) and name not in CELLS and KERAS.find(name) is not None:
        raise no_cell(name)
    return reading.sublayer(value)


def _cells(value: object, reading: Reading) -> tuple[object, ...]:
    return items(value, reading, _cell, "a list of cells")


def _cell_or_cells(value: object, reading: Reading) -> object:
    return _cells(value, reading) if isinstance(value, list) else _cell(value, reading)


Cells = Annotated["tuple[Inner, ...]", Kind("a list of cells", _cells)]
CellOrCells = Annotated["Inner | tuple[Inner, ...]", Kind("a cell, or a list of cells", _cell_or_cells)]
