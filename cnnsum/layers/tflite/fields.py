"""Kinds of options of TensorFlow Lite's operators, and what many declarations ask alike. Others are in `layers.kinds`.

Fields have the names and the defaults of schema.fbs. One is not an option of an operator: in `dtype` the reader puts
that of the first output, where the operator's own word does not tell it.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim, Expr
from cnnsum.layers.arithmetic.contents import content_of, known
from cnnsum.layers.arithmetic.functions import function, work
from cnnsum.layers.facts import Facts, Kept, Shape, size
from cnnsum.layers.kinds import Kind, Reading, wrong
from cnnsum.typed import Annotated

PREFIX = "tflite"

#: `ActivationFunctionType`. The bit of the sign is an operation per element like others.
_ACTIVATIONS = ("linear", "relu", "hard_tanh", "relu6", "tanh", "sign_bit")
#: `Padding`.
_PADDINGS = ("same", "valid")


def _one_of(words: tuple[str, ...], expects: str) -> Kind:
    def read(value: object, _reading: Reading) -> str:
        if type(value) is not int or not 0 <= value < len(words):
            raise wrong(expects, value)
        return words[value]

    return Kind(expects, read)


def _read_switch(value: object, _reading: Reading) -> bool:
    if type(value) is not bool:
        raise wrong("true or false", value)
    return value


#: An activation that is applied to what the operator gives, which the file has as a number.
Fused = Annotated[str, _one_of(_ACTIVATIONS, "the number of an activation")]
#: How the border is filled, which the file has as a number.
Border = Annotated[str, _one_of(_PADDINGS, "the number of a padding")]
#: How a border is mirrored: without the position at the border, or with it.
Mirror = Annotated[str, _one_of(("reflect", "symmetric"), "the number of a way to mirror")]
#: How an LSTM has its matrices: each gate its own, or one for all.
LstmKernel = Annotated[str, _one_of(("full", "basic"), "the number of a kind of LSTM")]
Switch = Annotated[bool, Kind("true or false", _read_switch)]


def whole_numbers(x: Shape | None) -> tuple[Dim, ...] | None:
    """The whole numbers in a tensor, row by row: sizes, places, amounts. What is not one, or not known, is UNKNOWN;
    None where not even their count is known.
    """
    found = content_of(x) if x is not None and len(x) > 1 else known(x)
    if found is None:
        return None
    return tuple([one if type(one) is int or isinstance(one, Expr) else UNKNOWN for one in found])


def lengths_in(x: Shape | None, what: str) -> tuple[Dim, ...] | None:
    """The whole numbers in a tensor that are lengths of axes, so that none may be below 0."""
    found = whole_numbers(x)
    if found is not None and any(isinstance(one, int) and one < 0 for one in found):
        raise Problem("CFG102", f"{what} makes no axis shorter than 0, got {list(found)}")
    return found


def fused(facts: Facts, activation: str) -> Facts:
    """The facts of an operator whose last step is an activation: its work, and what its gradient is made of.

    That an operator has the dtype of its first input holds where nothing else is said of it.
    """
    if facts.dtype in (None, "input"):
        facts.dtype = "first"
    if activation == "linear" or not facts.outputs or facts.outputs[0] is None:
        return facts
    out = facts.outputs[0]
    facts.activated = True
    facts.alias = ""
    if activation == "sign_bit":
        facts.ops = facts.ops + size(out)
        return facts
    facts.ops = facts.ops + work(activation, size(out))
    keeps = function(activation).keeps
    if keeps == "output":
        facts.keeps_output = True
    elif keeps == "input":
        facts.kept = (*facts.kept, Kept("pre-activation", out, use="activation"))
    return facts
