"""What PyTorch's constructors and calls are given for what a spec says: which arguments, in which order.

Knows PyTorch's types by name, and how values become code; no graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cnnsum.layers.base import REQUIRED, Field, LayerType
from cnnsum.typed import TypeVar
from cnnsum.writers.code.layout import Code, Listed, literal
from cnnsum.writers.values import shortest

T = TypeVar("T")

#: Sizes that follow from an input, which constructors ask for: which input, and which of its axes.
FOLLOWS = {
    "in_channels": (0, 1),
    "num_features": (0, 1),
    "num_channels": (0, 1),
    "in_features": (0, -1),
    "input_size": (0, -1),
    "embed_dim": (0, -1),
    "d_model": (0, -1),
    "in1_features": (0, -1),
    "in2_features": (1, -1),
}
#: What they are called as parameters of a class.
PARAMETERS = {"num_features": "in_channels", "num_channels": "in_channels"}
#: Fields of a spec that are arguments of the call.
OF_CALLS = {
    "MultiheadAttention": ("need_weights", "average_attn_weights"),
    **dict.fromkeys(("MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"), ("output_size",)),
}
#: Modules whose states are one argument and one result, a pair.
PAIRS = frozenset(("LSTM", "LSTMCell"))
#: Arguments of calls that PyTorch has other names for than a spec.
CALLED = {"h_0": "hx", "hidden": "hx"}
#: Modules that give their result and its states.
RECURRENT = frozenset(("RNN", "LSTM", "GRU"))

OPERATORS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "matmul": "@"}
#: Methods of tensors that take a list of sizes as so many arguments.
SPREAD = {"reshape": "shape", "view": "size", "permute": "dims", "expand": "size", "repeat": "repeats"}
METHODS = frozenset(
    (
        *SPREAD,
        *("mean", "sum", "amax", "amin", "max", "min", "flatten", "transpose", "squeeze", "unsqueeze", "roll"),
        *("chunk", "split", "narrow", "select", "bmm"),
    )
)
OF_TORCH = frozenset(("maximum", "minimum", "tanh", "sigmoid"))
ON_LISTS = frozenset(("cat", "stack"))

#: Names of variables that code means something else by.
WORDS = ("self", "torch", "nn", "functional", "super", "range", "int", "float", "bool", "str", "tuple")
#: What a network is called that has no name.
UNNAMED = ("sequential", "functional")
#: Names that modules have already.
RESERVED = (
    *("T_destination", "add_module", "apply", "bfloat16", "buffers", "call_super_init", "children", "compile", "cpu"),
    *("cuda", "double", "dump_patches", "eval", "extra_repr", "float", "forward", "get_buffer", "get_extra_state"),
    *("get_parameter", "get_submodule", "half", "ipu", "load_state_dict", "modules", "mtia", "named_buffers"),
    *("named_children", "named_modules", "named_parameters", "parameters", "register_backward_hook"),
    *("register_buffer", "register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook"),
    *("register_full_backward_pre_hook", "register_load_state_dict_post_hook", "register_load_state_dict_pre_hook"),
    *("register_module", "register_parameter", "register_state_dict_post_hook", "register_state_dict_pre_hook"),
    *("requires_grad_", "set_extra_state", "set_submodule", "share_memory", "state_dict", "t_destination", "to"),
    *("to_empty", "train", "training", "type", "xpu", "zero_grad"),
)


class Made:
    """A module within the arguments of another, as it is to be made: its type, and arguments with their names."""

    __slots__ = ("arguments", "key", "trainable")

    def __init__(self, key: str, arguments: tuple[tuple[str, object], ...], trainable: bool) -> None:
        self.key = key
        self.arguments = arguments
        self.trainable = trainable

    def _all(self) -> tuple[object, ...]:
        return (self.key, self.trainable, repr([(name, value) for name, value in self.arguments]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Made) and self._all() == other._all()

    def __hash__(self) -> int:
        return hash(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

    def code(self) -> Code:
        """The call that makes it."""
        items = [(name, code_of(value)) for name, value in self.arguments]
        made = Listed(f"nn.{self.key}(", items)
        return made if self.trainable else frozen(made)


def frozen(made: Listed) -> Listed:
    """The same module, whose parameters are not trained."""
    return Listed(made.opening, made.items, f"{made.closing}.requires_grad_(False)")


def code_of(value: object) -> Code:
    """A plain value as code, or a module."""
    return value.code() if isinstance(value, Made) else literal(value)


def is_plain(value: object) -> bool:
    """Whether a value can become code."""
    if isinstance(value, (tuple, list)):
        return all(map(is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str, Made))


def tuples(value: object) -> object:
    """The value with tuples for lists."""
    return tuple(map(tuples, value)) if isinstance(value, (list, tuple)) else value


def gives_more(type: LayerType) -> bool:
    """Whether a call gives a tuple, whatever is used of it."""
    return type.key in RECURRENT or type.key in ("MultiheadAttention", "LSTMCell")


def arguments(type: LayerType, slots: Mapping[str, object], value: Callable[[str], T]) -> list[tuple[str, T]]:
    """The arguments that are written, each with its name, or "" for those by place: those without a default, first."""
    found: list[tuple[str, T]] = []
    placed = True
    for name, field in type.schema.fields.items():
        if name not in slots or name in OF_CALLS.get(type.key, ()):
            continue
        needed = field.default is REQUIRED or (name in FOLLOWS and type.key != "Transformer")
        placed = placed and needed
        if not needed and is_default(slots[name], field) and name != "batch_first":
            continue
        found.append(("" if placed else name, value(name)))
    return found


def is_default(value: object, field: Field) -> bool:
    """Whether a value is what the field has without being said."""
    default = tuples(shortest(field.default, field)) if field.default is not None else None
    return type(value) is type(default) and bool(value == default)
